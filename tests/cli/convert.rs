//! Tests of `convert`: conversions in both directions, existing outputs, losses.

use super::{Place, event_file, tick_file};
use snapbox::str;
use std::path::Path;

fn penguins() -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/penguins.csv");
    std::fs::read_to_string(path).ok()
}

#[test]
fn the_penguins_come_back_cell_by_cell() {
    let csv = penguins().expect("data/penguins.csv");
    let place = Place::with("penguins.csv", &csv);
    let place_of = ["convert", "--null", "NA", "penguins.csv", "penguins.hydra"];
    place.run(&place_of).code(0).stdout_eq(str![[""]]).stderr_eq(str![[""]]);
    place.run(&["schema", "penguins.hydra"]).code(0).stdout_eq(str![[r#"
struct Penguins {
    species: String,
    island: String,
    bill_length_mm: Option<f64>,
    bill_depth_mm: Option<f64>,
    flipper_length_mm: Option<i64>,
    body_mass_g: Option<i64>,
    sex: Option<String>,
    year: i64,
}

"#]]);
    place.run(&["convert", "penguins.hydra", "back.csv"]).code(0).stdout_eq(str![[""]]).stderr_eq(str![[""]]);
    let back = place.text("back.csv");
    assert_eq!(back.lines().count(), 345);
    for (line, (old, new)) in csv.lines().zip(back.lines()).enumerate() {
        assert_eq!(old.split(',').count(), new.split(',').count());
        for (old, new) in old.split(',').zip(new.split(',')) {
            let same = match (old.parse::<f64>(), new.parse::<f64>()) {
                (Ok(old), Ok(new)) => old == new,
                _ => old == new || (old == "NA" && new.is_empty()),
            };
            assert!(same, "line {}: {old:?} came back as {new:?}", line + 1);
        }
    }
    place.run(&["convert", "back.csv", "again.hydra"]).code(0);
    assert_eq!(place.result(&["cat", "-f", "csv", "again.hydra"]), back, "the second time, byte for byte");
}

#[test]
fn what_is_there_is_not_overwritten() {
    let place = tick_file(2);
    place.put("out.csv", "precious");
    place.run(&["convert", "ticks.hydra", "out.csv"]).code(1).stdout_eq(str![[""]]).stderr_eq(str![[r#"
error[HY0003]: the file exists
  --> out.csv
  = help: --force overwrites it

"#]]);
    assert_eq!(place.text("out.csv"), "precious");
    place.run(&["convert", "--force", "ticks.hydra", "out.csv"]).code(0).stderr_eq(str![[""]]);
    assert_eq!(place.text("out.csv"), "time,price\n0,0.0\n1,0.25\n");
    place.put("in.csv", "a\n\"1\n");
    place.put("out.hydra", "precious");
    place.run(&["convert", "in.csv", "out.hydra"]).code(1);
    place.run(&["convert", "--force", "in.csv", "out.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0611]: malformed CSV: an unterminated quote
  --> in.csv, line 2, column 1: expected a closing quote, found the end of the file

"#]]);
    assert_eq!(place.text("out.hydra"), "precious", "a conversion that fails leaves it alone");
    assert_eq!(place.files(), ["in.csv", "out.csv", "out.hydra", "ticks.hydra"]);
    place.run(&["convert", "ticks.hydra", "nowhere/out.csv"]).code(1).stderr_eq(str![[r#"
error[HY0002]: no such file
  --> nowhere/out.csv: found no such directory: nowhere

"#]]);
    std::fs::create_dir(place.path("dir.csv")).unwrap();
    place.run(&["convert", "--force", "ticks.hydra", "dir.csv"]).code(1).stderr_eq(str![[r#"
error[HY0005]: not a regular file
  --> dir.csv: found a directory
  = help: only a regular file is replaced; - as the output writes to stdout

"#]]);
}

#[test]
fn the_same_input_gives_the_same_records() {
    let place = Place::with("in.csv", "a,b\n1,x\n2,\n");
    place.run(&["convert", "in.csv", "one.hydra"]).code(0);
    place.run(&["convert", "one.hydra", "one.ndjson"]).code(0);
    assert_eq!(place.text("one.ndjson"), "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":null}\n");
    place.run(&["convert", "one.hydra", "one.json"]).code(0);
    assert!(place.text("one.json").starts_with("{\"version\":1,\"table\":\"In\",\"records\":[\n"));
}

#[test]
fn losses_are_said_and_are_exit_code_3() {
    let place = event_file();
    place.run(&["convert", "events.hydra", "events.csv"]).code(3).stdout_eq(str![[""]]).stderr_eq(str![[
        r#"
warning: events.hydra: counts: lists and maps are JSON text in one cell (2 values)
warning: events.hydra: scores: lists and maps are JSON text in one cell (2 values)
warning: events.hydra: shape: enums with data are JSON text in one cell (2 values)
warning: events.hydra: tags: lists and maps are JSON text in one cell (2 values)
warning: events.hydra: metadata is not kept (1 key)

"#
    ]]);
    place.run(&["convert", "events.hydra", "events.ndjson"]).code(3).stderr_eq(str![[r#"
warning: events.hydra: metadata is not kept (1 key)

"#]]);
    let fields = ["convert", "--fields", "time,pos.x", "events.hydra", "-", "--to", "csv"];
    place.run(&fields).code(3).stdout_eq(str![[r#"
time,pos.x
2024-01-02T03:04:05.123456789Z,0.1
1970-01-01T00:00:00Z,inf

"#]]);
}

#[test]
fn formats_that_nobody_named() {
    let place = tick_file(1);
    place.run(&["convert", "ticks.hydra", "out.xml"]).code(2).stderr_eq(str![[r#"
error[HY0601]: the format of OUT is not clear from "out.xml"
  = help: --to hydra, csv, ndjson, json, msgpack or cbor

"#]]);
    place.run(&["convert", "ticks.hydra", "out.hydra"]).code(2).stderr_eq(str![[r#"
error[HY0601]: Hydra cannot be converted to Hydra
  = help: one of IN and OUT must be a Hydra file; --schema gives a Hydra file another schema

"#]]);
    place.run(&["convert", "--null", "x", "ticks.hydra", "out.ndjson"]).code(2);
    place.run(&["convert", "--fields", "x", "--from", "csv", "ticks.hydra", "out.hydra"]).code(2);
    assert_eq!(place.files(), ["ticks.hydra"]);
}

#[test]
fn another_file_gives_the_types() {
    let place = Place::with("first.csv", "id,name,score\n1,a,0.5\n2,,\n");
    place.run(&["convert", "first.csv", "first.hydra"]).code(0);
    // The columns have another order; text that looks like a number or null stays text; whole numbers become
    // floats.
    place.put("more.csv", "score,name,id\n3,007,5\n,null,6\n");
    place
        .run(&["convert", "--schema", "first.hydra", "more.csv", "more.hydra"])
        .code(0)
        .stderr_eq(str![[""]]);
    place.run(&["cat", "-f", "ndjson", "more.hydra"]).code(0).stdout_eq(str![[r#"
{"id":5,"name":"007","score":3.0}
{"id":6,"name":"null","score":null}

"#]]);
    let schemas = ["first.hydra", "more.hydra"].map(|file| place.result(&["schema", file]));
    assert_eq!(schemas[0], schemas[1]);
    for (name, csv) in [
        ("value", "id,name,score\n1,a,0.5\n2.5,b,1\n"),
        ("null", "id,name,score\n,a,0.5\n"),
        ("no-null", "id,name,score\n1,a,null\n"),
        ("columns", "id,score,nick\n1,2,x\n"),
    ] {
        place.put("bad.csv", csv);
        let run = place.run(&["convert", "--schema", "first.hydra", "bad.csv", "bad.hydra"]);
        let expected = match name {
            "value" => str![[r#"
error[HY0615]: column id: invalid value: string "2.5", expected i64
  --> bad.csv, line 3, column 1

"#]],
            "null" => str![[r#"
error[HY0615]: column id: invalid type: null, expected i64
  --> bad.csv, line 2, column 1

"#]],
            "no-null" => str![[r#"
error[HY0615]: column score: invalid type: string "null", expected f64
  --> bad.csv, line 2, column 5

"#]],
            _ => str![[r#"
error[HY0612]: the columns differ from those of --schema
  --> bad.csv: expected the columns of First, found no name, but nick

"#]],
        };
        run.code(1).stdout_eq(str![[""]]).stderr_eq(expected);
        assert!(!place.path("bad.hydra").exists());
    }
}
