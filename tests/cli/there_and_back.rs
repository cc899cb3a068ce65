//! Converts generated tables of text to Hydra and back and checks that every cell has the same value.

use super::made_up::same;
use super::{Place, event_file};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use snapbox::str;

/// Returns a cell as it is in a file; most cells of a column are of one sort.
fn cell(sort: usize) -> BoxedStrategy<String> {
    let number = || prop_oneof![any::<i64>().prop_map(|n| n.to_string()), "-?(0|[1-9][0-9]{0,20})"];
    let decimal = || {
        prop_oneof![
            "-?[0-9]{0,3}\\.[0-9]{1,20}",
            any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| format!("{n:e}")),
            any::<f32>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| format!("{}", f64::from(n))),
            any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| format!("{n:.17e}"))
        ]
    };
    let fraction = || prop_oneof![Just(String::new()), "\\.[0-9]{1,10}"];
    let time =
        (1000..9999u32, 1..12u32, 1..28u32, 0..24u32, fraction(), select(vec!["Z", "", "+00:00", "+01:00"]))
            .prop_map(|(y, m, d, h, f, zone)| format!("{y:04}-{m:02}-{d:02}T{h:02}:00:59{f}{zone}"));
    let date = (0..9999u32, 1..13u32, 1..32u32).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}"));
    let words = select(vec![
        "true",
        "false",
        "NaN",
        "inf",
        "-Infinity",
        "null",
        "007",
        "+1",
        " 1",
        "1 ",
        "0E0",
        "1e400",
        "é",
        "\"\"",
        "\"a,\"\"b\"\"\r\nc\"",
        "5\" pipe",
        "",
    ]);
    let any_sort = move |sort: usize| match sort {
        0 => number().boxed(),
        1 => decimal().boxed(),
        2 => time.clone().boxed(),
        3 => date.clone().boxed(),
        4 => select(vec!["true".to_string(), "false".into()]).boxed(),
        _ => words.clone().prop_map(str::to_string).boxed(),
    };
    let other = any_sort(5);
    prop_oneof![20 => any_sort(sort), 1 => other, 1 => Just(String::new())].boxed()
}

fn table() -> impl Strategy<Value = (Vec<usize>, Vec<Vec<String>>)> {
    vec(0..6usize, 2..6).prop_flat_map(|sorts| {
        let row = sorts.iter().map(|&sort| cell(sort)).collect::<Vec<_>>();
        (Just(sorts), vec(row, 0..12))
    })
}

/// Returns the cells of a CSV text that the command wrote, with quotes only where needed.
fn cells(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                cell.push(c);
            }
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    rows
}

/// Returns a cell with the quotes that it needs.
fn canonical(cell: &str) -> String {
    if cell.contains('"') && !cell.starts_with('"') {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_string()
    }
}

/// Returns a JSON value of a shape; fields may be null or missing.
fn shaped(depth: u32) -> BoxedStrategy<Shape> {
    let leaf = select(vec![Shape::Int, Shape::Float, Shape::Text, Shape::Bool]);
    leaf.prop_recursive(depth, 12, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|of| Shape::List(Box::new(of))),
            proptest::collection::btree_map("[a-c .\"é]{1,3}", inner, 1..4)
                .prop_map(|fields| Shape::Object(fields.into_iter().collect())),
        ]
    })
    .boxed()
}

#[derive(Clone, Debug)]
enum Shape {
    Int,
    Float,
    Text,
    Bool,
    List(Box<Shape>),
    Object(Vec<(String, Shape)>),
}

fn value(shape: &Shape) -> BoxedStrategy<Value> {
    match shape {
        Shape::Int => any::<i64>().prop_map(|n| json!(n)).boxed(),
        Shape::Float => prop_oneof![
            any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| json!(n)),
            any::<i32>().prop_map(|n| json!(n))
        ]
        .boxed(),
        Shape::Text => any::<String>().prop_map(|text| json!(text)).boxed(),
        Shape::Bool => any::<bool>().prop_map(|it| json!(it)).boxed(),
        Shape::List(element) => vec(nullable(element), 0..4).prop_map(Value::from).boxed(),
        Shape::Object(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, of)| (Just(name.clone()), proptest::option::weighted(0.9, nullable(of))))
                .collect();
            fields
                .prop_map(|fields| {
                    fields
                        .into_iter()
                        .filter_map(|(name, value)| Some((name, value?)))
                        .collect::<Map<_, _>>()
                        .into()
                })
                .boxed()
        }
    }
}

fn nullable(shape: &Shape) -> BoxedStrategy<Value> {
    prop_oneof![9 => value(shape), 1 => Just(Value::Null)].boxed()
}

/// Returns true if the values are equal; a missing field is null, and an integer may have become a float.
fn agree(given: &Value, back: &Value) -> bool {
    match (given, back) {
        (Value::Object(given), Value::Object(back)) => {
            given.keys().all(|name| back.contains_key(name))
                && back.iter().all(|(name, back)| agree(given.get(name).unwrap_or(&Value::Null), back))
        }
        (Value::Array(given), Value::Array(back)) => {
            given.len() == back.len() && given.iter().zip(back).all(|(given, back)| agree(given, back))
        }
        (Value::Number(given), Value::Number(back)) => {
            given == back || (back.is_f64() && given.as_f64() == back.as_f64())
        }
        _ => given == back,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn csv_cells((sorts, rows) in table()) {
        let names: Vec<String> = (0..sorts.len()).map(|i| format!("c{i}")).collect();
        let lines = std::iter::once(names.join(",")).chain(rows.iter().map(|row| row.join(",")));
        let text: String = lines.map(|line| line + "\n").collect();
        let place = Place::with("in.csv", &text);
        place.run(&["convert", "in.csv", "out.hydra"]).code(0);
        place.run(&["convert", "out.hydra", "out.csv"]).code(0).stderr_eq("");
        let back = cells(&place.text("out.csv"));
        prop_assert_eq!(back.len(), rows.len() + 1);
        for (row, back) in rows.iter().zip(&back[1..]) {
            for (cell, back) in row.iter().zip(back) {
                prop_assert!(same(&canonical(cell), back), "{:?} came back as {:?} from\n{}", cell, back, text);
            }
        }
    }

    #[test]
    fn ndjson_values(values in shaped(3).prop_flat_map(|shape| vec(value(&shape), 0..8))) {
        let text: String = values.iter().map(|value| format!("{value}\n")).collect();
        let place = Place::with("in.ndjson", &text);
        let exit = place.command(&["convert", "in.ndjson", "out.hydra"]).output().unwrap();
        let said = String::from_utf8(exit.stderr).unwrap();
        // An integer beside floats may not fit a float; then, there is a warning.
        prop_assert!(exit.status.code() == Some(0) || (exit.status.code() == Some(3) && said.contains("f64")), "{}{}", said, text);
        if exit.status.code() == Some(0) {
            let back = place.result(&["cat", "-f", "ndjson", "out.hydra"]);
            prop_assert_eq!(back.lines().count(), values.len());
            for (given, back) in values.iter().zip(back.lines()) {
                let back: Value = serde_json::from_str(back).unwrap();
                prop_assert!(agree(given, &back), "{} came back as {}", given, back);
            }
        }
    }
}

#[test]
fn every_kind_of_value_with_a_schema() {
    let place = event_file();
    place.run(&["convert", "events.hydra", "events.ndjson"]).code(3);
    place.put("events.json", place.result(&["schema", "--as", "json", "events.hydra"]));
    for schema in ["events.hydra", "events.json"] {
        place
            .run(&["convert", "--force", "--schema", schema, "events.ndjson", "again.hydra"])
            .code(0)
            .stderr_eq("");
        // NDJSON cannot hold metadata.
        place.run(&["diff", "events.hydra", "again.hydra"]).code(4).stdout_eq(str![[r#"
metadata source: a test\u{1b}[31m -> (none)
0 of 2 records changed

"#]]);
    }
    // Without the schema, enums and maps are not inferred.
    place.run(&["convert", "events.ndjson", "guessed.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0616]: counts[][]: values have different kinds
  --> events.ndjson, line 1, column 168: expected a number, as in line 1, found text
  = help: --schema FILE gives the types; maps and enums are not inferred

"#]]);
    let line = place.text("events.ndjson").lines().next().unwrap().to_string();
    for (name, wrong) in [
        ("kind", line.replace("\"level\":\"Error\"", "\"level\":7")),
        ("variant", line.replace("\"Error\"", "\"Fatal\"")),
        ("extra", line.replace("\"level\"", "\"rank\"")),
        ("missing", line.replace("\"took\":\"1.5s\",", "")),
    ] {
        place.put("bad.ndjson", format!("{line}\n{wrong}\n"));
        let run = place.run(&["convert", "--schema", "events.json", "bad.ndjson", "bad.hydra"]).code(1);
        run.stderr_eq(match name {
            "kind" => str![[r#"
error[HY0615]: level: invalid type: integer `7`, expected enum Level
  --> bad.ndjson, line 2, column 64

"#]],
            "variant" => str![[r#"
error[HY0615]: level: invalid value: string "Fatal", expected enum Level
  --> bad.ndjson, line 2, column 70

"#]],
            "extra" => str![[r#"
error[HY0615]: rank: no such name, expected one of time, took, level, shape, pos, tags, counts, scores, ..
  --> bad.ndjson, line 2, column 61

"#]],
            _ => str![[r#"
error[HY0615]: took: the field is missing
  --> bad.ndjson, line 2, column 280

"#]],
        });
        assert!(!place.path("bad.hydra").exists());
    }
}

#[test]
fn a_schema_in_json_that_is_none() {
    let place = event_file();
    let schema = place.result(&["schema", "--as", "json", "events.hydra"]);
    place.put("in.csv", "a\n1\n");
    for (name, text) in [
        ("half", schema[..schema.len() / 2].to_string()),
        ("edited", schema.replace("\"took\"", "\"lasted\"")),
        ("core", schema.replace("\"core\": \"", "\"core\": \"AAAA")),
        ("other", "{\"version\":1}".to_string()),
    ] {
        place.put("bad.json", text);
        let run = place.run(&["convert", "--schema", "bad.json", "in.csv", "out.hydra"]).code(1);
        run.stderr_eq(match name {
            "half" => str![[r#"
error[HY0617]: not a schema: EOF while parsing a string at line 97 column 16
  --> bad.json
  = help: hydra schema --as json FILE prints one

"#]],
            "edited" => str![[r#"
error[HY0617]: not a schema: `types` and `core` differ: the document was edited
  --> bad.json
  = help: hydra schema --as json FILE prints one

"#]],
            "core" => str![[r#"
error[HY0617]: not a schema: made by a newer version
  --> bad.json
  = help: hydra schema --as json FILE prints one

"#]],
            _ => str![[r#"
error[HY0617]: not a schema: it has no `core`
  --> bad.json
  = help: hydra schema --as json FILE prints one

"#]],
        });
    }
}

#[test]
fn stdin_and_several_files() {
    let place = Place::with("one.csv", "a,b\n1,x\n");
    let from_stdin = ["convert", "-v", "--from", "csv", "one.csv", "-", "out.hydra"];
    let done = place.command(&from_stdin).stdin("b,a\ny,2.5\n").assert().code(0);
    let said = String::from_utf8(done.get_output().stderr.clone()).unwrap();
    assert!(
        said.starts_with("note: <stdin> is copied to ") && said.ends_with("note: 2 records written\n"),
        "{said}"
    );
    assert_eq!(place.result(&["cat", "-f", "csv", "out.hydra"]), "a,b\n1.0,x\n2.5,y\n");
    place.put("two.ndjson", "{}");
    place.run(&["convert", "one.csv", "two.ndjson", "no.hydra"]).code(2).stderr_eq(str![[r#"
error[HY0601]: the input files have different formats

"#]]);
    place.run(&["convert", "out.hydra", "out.hydra", "no.csv"]).code(2).stderr_eq(str![[r#"
error[HY0601]: only one Hydra file can be converted at a time

"#]]);
    assert_eq!(place.files(), ["one.csv", "out.hydra", "two.ndjson"]);
}

#[test]
fn the_first_value_may_come_after_a_million_nulls() {
    let place = Place::new();
    let nulls = "{\"a\":null}\n".repeat(500_000) + &"{}\n".repeat(500_000);
    place.put("in.ndjson", nulls + "{\"a\":{\"b\":[1.5]}}\n");
    place.put("in.csv", "a,b\n".to_string() + &",1\n".repeat(1_000_000) + "2024-01-02,1\n");
    for (name, schema, last) in [
        ("in.ndjson", "struct In { a: Option<A>, } struct A { b: Vec<f64>, }", r#"{"b":[1.5]}"#),
        ("in.csv", "struct In { a: Option<date<i32>>, b: i64, }", "\"2024-01-02\""),
    ] {
        place.run(&["convert", "--force", name, "out.hydra"]).code(0);
        let found = place.result(&["schema", "out.hydra"]);
        assert_eq!(found.split_whitespace().collect::<Vec<_>>().join(" "), schema);
        for (path, value) in [("[1000000].a", last), ("[999999].a", "null")] {
            let got: Value =
                serde_json::from_str(&place.result(&["get", "-f", "json", "out.hydra", path])).unwrap();
            assert_eq!(got["value"].to_string(), value, "{got}");
        }
    }
}
