//! Tests of `get`: one value, or a range.

use super::{event_file, tick_file, two_tables};
use snapbox::str;

#[test]
fn one_value() {
    let place = event_file();
    let get = |path: &str| place.result(&["get", "events.hydra", path]);
    assert_eq!(get("[0].shape:Circle.r"), "0.1\n");
    assert_eq!(get("[0].counts[10]"), "ten\n");
    assert_eq!(get("[-1].time"), "1970-01-01T00:00:00Z\n");
    assert_eq!(get("[0].took"), "1.5s\n");
    assert_eq!(get("[0].tags[-1]"), "\"\\\"q\\\"\\n\"\n", "as JSON, since it begins with a quote");
    assert_eq!(get("[1].note"), "null\n");
    assert_eq!(get("[0].pos"), "{\"x\":0.1,\"y\":-0.0}\n");
    assert_eq!(place.result(&["get", "--bytes", "hex", "events.hydra", "[0].blob"]), "000102ff\n");
    assert_eq!(place.result(&["get", "-f", "ndjson", "events.hydra", "[0].tags[-1]"]), "\"\\\"q\\\"\\n\"\n");
    place.run(&["get", "-f", "json", "events.hydra", "[0].pos"]).code(0).stdout_eq(str![[r#"
{"version":1,"table":"Event","path":"[0].pos","value":{"x":0.1,"y":-0.0}}

"#]]);
}

#[test]
fn slices_and_records() {
    let place = tick_file(1000);
    let get = |path: &str| place.result(&["get", "ticks.hydra", path]);
    assert_eq!(get("[998:].price"), "249.5\n249.75\n");
    assert_eq!(get("[:-998].time"), "0\n1\n");
    assert_eq!(get("[5:2].time"), "");
    assert_eq!(get("[:].price").lines().count(), 1000);
    place.run(&["get", "ticks.hydra", "[-2:]"]).code(0).stdout_eq(str![[r#"
time   price
 998   249.5
 999  249.75

"#]]);
    place.run(&["get", "-f", "json", "ticks.hydra", "[1:3]"]).code(0).stdout_eq(str![[r#"
{"version":1,"table":"Tick","path":"[1:3]","values":[
{"time":1,"price":0.25},
{"time":2,"price":0.5}
]}

"#]]);
    place.run(&["get", "-f", "json", "ticks.hydra", "[9:9]"]).code(0).stdout_eq(str![[r#"
{"version":1,"table":"Tick","path":"[9:9]","values":[
]}

"#]]);
    let place = two_tables();
    assert_eq!(place.result(&["get", "two.hydra", "[Position][0].y"]), "2.0\n");
    assert_eq!(place.result(&["get", "two.hydra", "[Position].y"]), "2.0\n");
    assert_eq!(place.result(&["get", "--table", "Position", "two.hydra", ".y"]), "2.0\n");
    assert_eq!(place.result(&["get", "ticks.hydra", ".time"]), "0\n", "the only record of the only table");
}

#[test]
fn paths_that_lead_nowhere() {
    let place = event_file();
    place.run(&["get", "events.hydra", "[0].pos.z"]).code(1).stderr_eq(str![[r#"
error[HY0501]: no such value: no field `z` in struct Position (at byte 3)
      pos.z
         ^^
  --> events.hydra, table Event, at pos.z
  = help: its fields: x, y

"#]]);
    place.run(&["get", "events.hydra", "[0].tagz[0]"]).code(1).stderr_eq(str![[r#"
error[HY0501]: no such value: no field `tagz` in struct Event (at byte 0)
      tagz[0]
      ^^^^
  --> events.hydra, table Event, at tagz[0]
  = help: did you mean `tags`?

"#]]);
    place.run(&["get", "events.hydra", "[0].shape:Line"]).code(1).stderr_eq(str![[r#"
error[HY0501]: no such value: another variant is present (at byte 5)
      shape:Line
           ^^^^^
  --> events.hydra, table Event, at shape:Line: expected Line, found Circle
  = help: look at variant() first

"#]]);
    place.run(&["get", "events.hydra", "[2].pos"]).code(1).stderr_eq(str![[r#"
error[HY0501]: no such value
  --> events.hydra, table Event: expected an index from -2 to 1, found 2

"#]]);
    place.run(&["get", "events.hydra", "[0"]).code(2).stderr_eq(str![[r#"
error[HY0502]: invalid path: expected `]`, found the end (at byte 2)
      [0
        ^
  --> at [0
  = help: a path consists of names, [0], ["key"], :Variant and ?; quote names with characters other than letters, digits and _: ."unit price"

"#]]);
    place.run(&["get", "events.hydra", ".pos"]).code(2).stderr_eq(str![[r#"
error[HY0501]: no such value
  --> events.hydra, table Event: expected the index of a record, found a table of 2 records
  = help: [0].pos is the value of the first record, [:].pos of all

"#]]);
    place.run(&["get", "events.hydra", "[Tick][0]"]).code(1).stderr_eq(str![[r#"
error[HY0403]: no such table
  --> events.hydra: expected one of Event, found Tick
  = help: --table NAME selects one of them

"#]]);
    place.run(&["get", "--table", "Event", "events.hydra", "[Event][0]"]).code(2).stderr_eq(str![[r#"
error[HY0601]: the path names a table, and so does --table
  = help: leave one of them out

"#]]);
}

#[test]
fn damage_is_said_and_can_be_left_out() {
    let place = tick_file(1000);
    place.change("ticks.hydra", |bytes| bytes[0x2140 + 5] ^= 1);
    assert_eq!(place.result(&["get", "ticks.hydra", "[-1].time"]), "999\n", "another block");
    place.run(&["get", "ticks.hydra", "[0].time"]).code(1).stdout_eq(str![[""]]).stderr_eq(str![[r#"
error[HY0202]: payload checksum mismatch
  --> ticks.hydra @ 0x2100, a DATA block, schema 1, records 0..=251: expected 0x1810c445, found 0x9a936424
  = help: --skip-damaged continues without these records

"#]]);
    let args = ["get", "--skip-damaged", "-f", "json", "ticks.hydra", "[0].time"];
    place
        .run(&args)
        .code(3)
        .stdout_eq(str![[r#"
{"version":1,"table":"Tick","path":"[0].time","value":null}

"#]])
        .stderr_eq(str![[r#"
error[HY0202]: payload checksum mismatch
  --> ticks.hydra @ 0x2100, a DATA block, schema 1, records 0..=251: expected 0x1810c445, found 0x9a936424
  = help: hydra check ticks.hydra
warning: ticks.hydra: 1 record skipped (damaged blocks)

"#]]);
}

#[derive(hydra::Hydra)]
#[hydra(rename_all = "lowercase")]
struct Odd {
    #[hydra(rename = "a b")]
    blank: u8,
    #[hydra(rename = "x,y")]
    comma: u8,
    #[hydra(rename = "p.q")]
    dot: (u8, Inner),
    #[hydra(rename = "\"=\\")]
    quote: u8,
    p: Inner,
}

#[derive(hydra::Hydra)]
struct Inner {
    #[hydra(rename = "q r")]
    q: u8,
}

/// Checks that all commands accept the paths that commands print.
#[test]
fn every_name_has_one_spelling() {
    let place = super::Place::new();
    let inner = |q| Inner { q };
    let odd = Odd { blank: 1, comma: 2, dot: (3, inner(4)), quote: 5, p: inner(6) };
    hydra::save(place.path("odd.hydra"), &odd).unwrap();
    let titles = r#""a b"  "x,y"  "p.q".0  "p.q".1."q r"  "\"=\\"  p."q r""#;
    let shown = place.result(&["cat", "odd.hydra"]);
    assert_eq!(shown.lines().next().unwrap(), titles);
    for (path, value) in titles.split("  ").zip(1..) {
        let get = |path: &str| place.result(&["get", "odd.hydra", path]);
        assert_eq!(get(&format!("[0].{path}")), format!("{value}\n"));
        assert_eq!(place.result(&["cat", "--fields", path, "odd.hydra"]).lines().next(), Some(path));
        let both = format!("{path},.p,{path}");
        let twice = place.result(&["cat", "--fields", &both, "odd.hydra"]);
        assert_eq!(twice.lines().next().unwrap(), format!("{path}  p.\"q r\"  {path}"));
        place.run(&["diff", "--key", path, "odd.hydra", "odd.hydra"]).code(0).stderr_eq("");
        let set = format!("[0].{path}={value}");
        assert_eq!(place.result(&["set", "odd.hydra", &set]), format!("[0].{path}: {value} -> {value}\n"));
        let hex = place.result(&["hex", "odd.hydra", &format!("[0].{path}")]);
        assert!(hex.contains(&format!(" {path} ")) && !hex.contains(" p.\"x"), "{path}: {hex}");
    }
    let schema = place.result(&["schema", "odd.hydra"]);
    assert!(schema.contains("    \"a b\": u8,\n    \"x,y\": u8,\n"), "{schema}");
    let csv = place.result(&["cat", "-f", "csv", "--fields", "\"a b\",\"p.q\".1", "odd.hydra"]);
    assert_eq!(csv, "a b,p.q.1.q r\n1,4\n", "formats have the names themselves");
    place.run(&["get", "odd.hydra", "[0][\"a b\"]"]).code(1).stderr_eq(str![[r#"
error[HY0503]: the value has another kind (at byte 0)
      ["a b"]
      ^^^^^^^
  --> odd.hydra, table Odd, at ["a b"]: expected a map, found struct Odd
  = help: the field of this name is ."a b"

"#]]);
    for fields in ["", "x,", ",x", "x,,y"] {
        let said = place.run(&["cat", "--fields", fields, "odd.hydra"]).code(2);
        said.stderr_eq(str![[r#"
error[HY0502]: invalid path
  --> --fields: found an empty field
  = help: without --fields, all fields are printed

"#]]);
    }
    place.run(&["cat", "--fields", "a b", "odd.hydra"]).code(2).stderr_eq(str![[r#"
error[HY0502]: invalid path: expected `.`, `[`, `:` or `?`, found ` ` (at byte 1)
      a b
       ^
  --> at a b
  = help: a path consists of names, [0], ["key"], :Variant and ?; quote names with characters other than letters, digits and _: ."unit price"

"#]]);
    place.run(&["cat", "--fields", "p.q", "odd.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0501]: no such value
  --> odd.hydra, type Odd: expected one of p."q r", found p.q
  = help: hydra schema lists the fields; only fields of structs and tuples are columns

"#]]);
}

#[test]
fn an_index_that_is_too_large() {
    let place = tick_file(3);
    for path in ["[99999999999999999999]", "[0:99999999999999999999].time", "[0].time[99999999999999999999]"]
    {
        let said = place.run(&["get", "ticks.hydra", path]).code(2);
        let text = String::from_utf8_lossy(&said.get_output().stderr).into_owned();
        assert!(text.starts_with("error[HY0502]: invalid path: an index is too large\n"), "{text}");
        assert!(
            text.contains("9223372036854775807, or a key in quotes, found 99999999999999999999\n"),
            "{text}"
        );
    }
}
