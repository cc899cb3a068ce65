//! Tests of numbers in text without a schema: their types, and that they are printed back unchanged.

use super::{Place, writer};
use hydra::Hydra;
use snapbox::str;

/// Converts a text without types. Returns the type of its only field and the messages.
fn typed(format: &str, text: &str, code: i32) -> (Place, String, String) {
    let name = format!("in.{format}");
    let place = Place::with(&name, text);
    let output = place.command(&["convert", &name, "out.hydra"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}: {said}");
    let schema = place.result(&["schema", "out.hydra"]);
    let ty = schema.split_once("x: ").map(|(_, ty)| ty.lines().next().unwrap().trim_end_matches(','));
    let ty = ty.unwrap_or_default().to_string();
    (place, ty, said)
}

fn column(cells: &[&str]) -> String {
    format!("x\n{}\n", cells.join("\n"))
}

#[derive(Hydra)]
struct Number {
    x: f64,
}

/// One in eight of them lies in the middle between two shortest decimals.
#[test]
fn widened_floats_come_back_from_every_text() {
    let place = Place::new();
    let mut file = writer(&place.path("in.hydra"));
    let table = file.table::<Number>().unwrap();
    let mut bits = 1u32;
    for _ in 0..2000 {
        bits = bits.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        let x = f64::from(f32::from_bits(bits & 0x8fff_ffff | 0x4000_0000));
        file.append(table, &Number { x: if x.is_finite() { x } else { -97.23049926757812 } }).unwrap();
    }
    file.finish().unwrap();
    for format in ["csv", "ndjson", "json"] {
        let (text, again) = (format!("out.{format}"), format!("{format}.hydra"));
        place.run(&["convert", "in.hydra", &text]).code(0).stderr_eq("");
        place.run(&["convert", &text, &again]).code(0).stderr_eq("");
        let packed = |file: &str| place.command(&["cat", "-f", "msgpack", file]).output().unwrap().stdout;
        let [left, right] = ["in.hydra", &again].map(packed);
        assert!(left == right, "{format}");
    }
}

#[test]
fn a_decimal_that_names_a_float_is_one() {
    for cells in [
        ["-97.23049926757812", "-97.23049926757813"],
        ["0.10000000000000001", "1.000000000000000056e-01"],
        ["0.1000000000000000055511151231257827", "1"],
        ["1.5", "9223372036854776000"],
    ] {
        assert_eq!(typed("csv", &column(&cells), 0).1, "f64", "{cells:?}");
        let json: String = cells.iter().map(|cell| format!("{{\"x\":{cell}}}\n")).collect();
        assert_eq!(typed("ndjson", &json, 0).1, "f64", "{cells:?}");
    }
    let (_, ty, said) = typed("csv", &column(&["1.5", "0.12345678901234567891"]), 0);
    assert_eq!(ty, "String");
    assert!(said.contains("\"0.12345678901234567891\" in line 3 has more digits or range than f64 keeps"));
    let (_, ty, said) = typed("ndjson", "{\"x\":1.5}\n{\"x\":9007199254740993}\n", 3);
    assert_eq!(ty, "f64");
    snapbox::assert_data_eq!(
        said,
        str![[r#"
warning: in.ndjson: x: "9007199254740993" in line 2 has more digits than f64 keeps

"#]]
    );
}

#[test]
fn integers_beyond_64_bits() {
    let long = "1234567890123456789012";
    for (numbers, ty) in [
        (["1", long], "i128"),
        (["-1", long], "i128"),
        (["-1", "18446744073709551615"], "i128"),
        (["-170141183460469231731687303715884105728", "0"], "i128"),
        (["170141183460469231731687303715884105728", "0"], "u128"),
    ] {
        let (place, found, said) = typed("csv", &column(&numbers), 0);
        assert_eq!((found.as_str(), said.as_str()), (ty, ""), "{numbers:?}");
        assert_eq!(place.result(&["cat", "-f", "csv", "out.hydra"]), column(&numbers));
        let values = numbers.map(|number| format!("{{\"x\":{number}}}"));
        for (format, text) in [("ndjson", values.join("\n")), ("json", format!("[{}]", values.join(",")))] {
            let (place, found, said) = typed(format, &text, 0);
            assert_eq!(found, ty, "{numbers:?}");
            assert!(said.starts_with(&format!("note: in.{format}: x becomes {ty}, ")), "{said}");
            assert_eq!(place.result(&["cat", "-f", "csv", "out.hydra"]), column(&numbers));
        }
    }
    let beyond = "340282366920938463463374607431768211457";
    assert_eq!(typed("csv", &column(&["1", beyond]), 0).1, "String");
    let (_, ty, said) = typed("ndjson", &format!("{{\"x\":{beyond}}}\n"), 3);
    assert_eq!(ty, "f64");
    assert!(said.starts_with(&format!("warning: in.ndjson: x: \"{beyond}\" in line 1 has more digits")));
    // Text among the numbers is not a number, even if it looks like one.
    let tricky = format!("{{\"t\":\"1e5 \\\" 2.5\",\"2.5\":-0,\"x\":[1.5,{long},\"7.25\\\\\"]}}");
    let place = Place::with("in.ndjson", tricky.replace(",\"7.25\\\\\"", ""));
    place.run(&["convert", "in.ndjson", "out.hydra"]).code(3).stderr_eq(str![[r#"
warning: in.ndjson: x[]: "1234567890123456789012" in line 1 has more digits than f64 keeps

"#]]);
}

#[test]
fn nan_and_infinities_are_floats_among_numbers() {
    for special in ["NaN", "nan", "inf", "-inf", "Inf", "+Inf", "Infinity", "-Infinity", "-nan", "INF"] {
        let (place, ty, said) = typed("csv", &column(&["1.5", special, "2"]), 0);
        assert_eq!((ty.as_str(), said.as_str()), ("f64", ""), "{special}");
        let text = place.result(&["cat", "-f", "ndjson", "out.hydra"]);
        let (place, ty, _) = typed("ndjson", &text, 0);
        assert_eq!(ty, "f64", "{text}");
        assert_eq!(place.result(&["cat", "-f", "ndjson", "out.hydra"]), text);
        // The word alone is text, and it is text among other texts.
        assert_eq!(typed("csv", &column(&[special]), 0).1, "String");
        assert_eq!(typed("csv", &column(&[special, "Ada"]), 0).1, "String");
        assert_eq!(typed("ndjson", &format!("{{\"x\":\"{special}\"}}\n{{\"x\":\"a\"}}\n"), 0).1, "String");
        // The word comes before the number, and after it.
        for text in [["\"\"", "1"], ["1", "\"\""]] {
            let lines = text.map(|value| value.replace("\"\"", &format!("\"{special}\"")));
            let lines = lines.map(|value| format!("{{\"x\":{value}}}\n")).concat();
            assert_eq!(typed("ndjson", &lines, 0).1, "f64", "{lines}");
        }
    }
    assert_eq!(typed("csv", &column(&["1", "Nan"]), 0).1, "String", "a name");
}

#[test]
fn one_hint_names_all_nulls_and_is_true() {
    let csv = "a,b,c,d\n1,,x,NA\n2,5,y,1\nNA,7,z,2\n3,none,,3\n4,8,x,4\n";
    let place = Place::with("in.csv", csv);
    place.run(&["convert", "in.csv", "out.hydra"]).code(0).stderr_eq(str![[r#"
note: in.csv: column a stays text: 1 of 5 cells are "NA", the first in line 4
note: in.csv: column b stays text: 1 of 5 cells are "none", the first in line 5
note: in.csv: column d stays text: 1 of 5 cells are "NA", the first in line 2
note: in.csv: --null '' --null 'NA' --null 'none' reads exactly these cells as null

"#]]);
    let hinted = ["convert", "--null", "", "--null", "NA", "--null", "none", "in.csv", "hinted.hydra"];
    place.run(&hinted).code(0).stderr_eq("");
    assert_eq!(
        place.result(&["cat", "-f", "ndjson", "hinted.hydra"]).lines().next().unwrap(),
        r#"{"a":1,"b":null,"c":"x","d":null}"#
    );
    // A token that is text in another column or in quotes is not suggested.
    for csv in ["a,b\n1,NA\n2,DE\nNA,FR\n", "a,b\n1,x\n2,y\n\"NA\",z\n"] {
        let (_, _, said) = typed("csv", csv, 0);
        assert!(said.contains("column a stays text: ") && !said.contains("--null"), "{said}");
    }
    // If no cell is empty, the empty token is not suggested.
    let (_, _, said) = typed("csv", "a\n1\n2\nit's\n", 0);
    assert!(said.contains(r"in.csv: --null 'it'\''s' reads"), "{said}");
}

#[test]
fn nulls_are_written_as_they_are_asked_for() {
    let csv = "a,b\n,NA\n1,\n,\"\"\n";
    let place = Place::with("in.csv", csv);
    place.run(&["convert", "in.csv", "in.hydra"]).code(0);
    place.run(&["convert", "--null", "NA", "in.hydra", "out.csv"]).code(0).stderr_eq("");
    assert_eq!(place.text("out.csv"), "a,b\nNA,\"NA\"\n1,NA\nNA,\"\"\n");
    place.run(&["convert", "--null", "NA", "out.csv", "back.hydra"]).code(0).stderr_eq("");
    assert_eq!(place.result(&["cat", "-f", "csv", "back.hydra"]), csv);
    // A number with the same text as the null token is quoted.
    assert_eq!(
        place.result(&["convert", "--null", "1", "in.hydra", "-", "--to", "csv"]),
        "a,b\n1,NA\n\"1\",1\n1,\"\"\n"
    );
    for args in [["--null", "a,b", "x.csv"], ["--null", "NA", "x.ndjson"]] {
        place.run(&["convert", args[0], args[1], "in.hydra", args[2]]).code(2);
    }
    place.run(&["convert", "--null", "NA", "--null", "-", "in.hydra", "x.csv"]).code(2);
}
