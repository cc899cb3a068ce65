//! Converts every kind of value to every format and back. The result is equal, or the exit code is 3 and the
//! losses are named.

use super::made_up::Dice;
use super::{Place, event_file, tick_file, writer};
use hydra::reflect::Data;
use hydra::schema::TypeRef;
use hydra::{Descriptor, Dynamic, Hydra, Kind, Reader, Schema};
use snapbox::str;
use std::path::Path;
use std::sync::Arc;

const FORMATS: [&str; 5] = ["ndjson", "json", "msgpack", "cbor", "csv"];

/// Makes a file with a generated table.
fn made_up(place: &Place, seed: u64) -> Option<Vec<Dynamic>> {
    let mut dice = Dice::new(seed);
    let schema = dice.schema()?;
    let records: Vec<Dynamic> = (0..dice.below(12)).map(|_| dice.record(&schema)).collect();
    let mut file = writer(&place.path("in.hydra"));
    let table = file.dynamic_table(&schema).unwrap();
    records.iter().for_each(|record| file.append_value(table, record.value()).unwrap());
    file.finish().unwrap();
    Some(records)
}

fn records(path: &Path) -> Vec<Dynamic> {
    let reader = Reader::open(path).unwrap();
    let name = reader.tables()[0].name().to_string();
    let table = reader.dynamic_table(&name).unwrap();
    (0..table.len()).map(|index| table.get(index).unwrap().value().to_dynamic().unwrap()).collect()
}

/// Runs a command. Returns its exit code and its output.
fn run(place: &Place, args: &[&str]) -> (i32, String) {
    let output = place.command(args).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Tests the command with a few tables; tests/oracle.rs tests many.
#[test]
fn every_kind_there_and_back() {
    let (mut exact, mut lossy) = (0, 0);
    for seed in 0..12 {
        let place = Place::new();
        let Some(before) = made_up(&place, seed) else { continue };
        for format in FORMATS {
            let [out, again] = ["out", "again"].map(|name| format!("{name}.{format}"));
            let hydra = format!("back-{format}.hydra");
            let (code, said) = run(&place, &["convert", "in.hydra", &out]);
            if code == 1 {
                assert!(said.contains("for two columns"), "{format} of seed {seed}: {said}");
                continue;
            }
            let (read, why) = run(&place, &["convert", "--schema", "in.hydra", &out, &hydra]);
            assert_eq!((read, why.as_str()), (0, ""), "{format} of seed {seed}");
            let after = records(&place.path(&hydra));
            assert_eq!(after.len(), before.len());
            let same = after == before;
            match code {
                0 => {
                    assert!(same && said.is_empty(), "{format} of seed {seed}: {said}\n{before:?}\n{after:?}")
                }
                // If only the schema distinguishes text from JSON, there is a warning.
                3 => {
                    let named = said.contains("JSON text in one cell") && format == "csv";
                    assert!((!same || named) && said.contains(" value"), "{format} of seed {seed}: {said}");
                }
                code => panic!("{format} of seed {seed}: {code}, {said}"),
            }
            if same {
                exact += 1
            } else {
                lossy += 1
            };
            run(&place, &["convert", &hydra, &again]);
            assert_eq!(place.read(&again), place.read(&out), "{format} of seed {seed}, the second time");
        }
    }
    assert!(exact > 20 && lossy > 2, "{exact} {lossy}");
}

#[test]
fn what_is_not_text_goes_to_files_and_pipes() {
    let place = tick_file(2);
    let packed = place.command(&["cat", "-f", "msgpack", "-n", "1", "ticks.hydra"]).output().unwrap();
    assert_eq!(packed.stdout, b"\x82\xa4time\x00\xa5price\xcb\0\0\0\0\0\0\0\0");
    let cbor = place.command(&["cat", "-f", "cbor", "--fields", "time", "ticks.hydra"]).output().unwrap();
    assert_eq!(cbor.stdout, b"\xa1dtime\x00\xa1dtime\x01");
    // The output of other programs: all records in one array, integers as floats, half floats.
    place
        .put("list.msgpack", b"\x92\x82\xa4time\x05\xa5price\x01\x82\xa5price\xca\x3f\0\0\0\xa4time\xcc\xff");
    place
        .run(&["convert", "--schema", "ticks.hydra", "list.msgpack", "list.hydra"])
        .code(0)
        .stderr_eq(str![[""]]);
    assert_eq!(place.result(&["cat", "-f", "csv", "list.hydra"]), "time,price\n5,1.0\n255,0.5\n");
    place.put("list.cbor", b"\x9f\xa2dtime\x05eprice\xf9\x3c\x00\xff\xa2dtime\x06eprice\xfa\x3f\0\0\0");
    place.run(&["convert", "--force", "--schema", "ticks.hydra", "list.cbor", "list.hydra"]).code(0);
    assert_eq!(place.result(&["cat", "-f", "csv", "list.hydra"]), "time,price\n5,1.0\n6,0.5\n");
}

#[test]
fn spellings_are_chosen_and_read_back() {
    let place = event_file();
    let spell = ["--int64", "string", "--bytes", "hex"];
    for format in FORMATS {
        let (out, hydra) = (format!("out.{format}"), format!("{format}.hydra"));
        run(&place, &[&["convert"][..], &spell, &["events.hydra", &out]].concat());
        let back = [&["convert"][..], &spell, &["--schema", "events.hydra", &out, &hydra]].concat();
        assert_eq!(run(&place, &back), (0, String::new()), "{format}");
        assert!(records(&place.path(&hydra)) == records(&place.path("events.hydra")), "{format}");
    }
    assert!(place.text("out.ndjson").contains(r#""blob":"000102ff""#), "{}", place.text("out.ndjson"));
}

#[derive(Hydra)]
struct Order {
    id: u64,
    at: Position,
    lines: Vec<(String, f32)>,
    state: State,
    raw: Vec<u8>,
    size: Option<[u8; 2]>,
}

#[derive(Hydra)]
struct Position {
    x: f64,
    cell: (Option<i16>, bool),
}

#[derive(Hydra)]
enum State {
    Open,
    Sent { day: u32 },
}

#[test]
fn cells_are_read_by_their_columns() {
    let place = Place::new();
    let mut file = writer(&place.path("types.hydra"));
    file.table::<Order>().unwrap();
    file.finish().unwrap();
    let header = "at.cell.1,id,at.x,at.cell.0,lines,state,raw,size\n";
    let good = concat!(
        "true,7,0.5,,\"[[\"\"a\"\",0.1],[\"\"\"\",\"\"inf\"\"]]\",Open,AQI=,\n",
        "false,8,-0.0,-3,[],\"{\"\"Sent\"\":{\"\"day\"\":5}}\",\"\",\"[1,2]\"\n",
    );
    place.put("good.csv", format!("{header}{good}"));
    place
        .run(&["convert", "--schema", "types.hydra", "good.csv", "good.hydra"])
        .code(0)
        .stderr_eq(str![[""]]);
    assert_eq!(
        place.result(&["cat", "-f", "ndjson", "good.hydra"]),
        concat!(
            r#"{"id":7,"at":{"x":0.5,"cell":[null,true]},"lines":[["a",0.1],["","inf"]],"state":"Open","raw":"AQI=","size":null}"#,
            "\n",
            r#"{"id":8,"at":{"x":-0.0,"cell":[-3,false]},"lines":[],"state":{"Sent":{"day":5}},"raw":"","size":[1,2]}"#,
            "\n"
        )
    );
    let mut said = String::new();
    for row in [
        "yes,7,0.5,,[],Open,,",
        "true,7,1e999,,[],Open,AA==,",
        "true,7,0,40000,[],Open,AA==,",
        "true,7,0,,\"[[\"\"a\"\",true]]\",Open,AA==,",
        "true,7,0,,[],Shut,AA==,",
        "true,7,0,,[],\"{\"\"Open\"\":1}\",AA==,",
        "true,7,0,,[,Open,AA==,",
        "true,7,0,,[] [],Open,AA==,",
        "true,7,0,,[],Open,A,",
        "true,7,0,,[],Open,AA==,[1]",
        "true,7,0,,,Open,AA==,",
    ] {
        place.put("bad.csv", format!("{header}{row}\n"));
        let (code, text) = run(&place, &["convert", "--schema", "types.hydra", "bad.csv", "bad.hydra"]);
        assert_eq!(code, 1, "{row}: {text}");
        said.push_str(&text);
    }
    snapbox::Assert::new().action_env("SNAPSHOTS").normalize_paths(false).eq(
        said,
        str![[r#"
error[HY0615]: column at.cell.1: invalid type: string "yes", expected bool
  --> bad.csv, line 2, column 1
error[HY0615]: column at.x: invalid type: string "1e999", expected f64
  --> bad.csv, line 2, column 8
error[HY0615]: column at.cell.0: invalid value: string "40000", expected i16
  --> bad.csv, line 2, column 10
error[HY0615]: column lines: [0].1: invalid type: boolean `true`, expected f32
  --> bad.csv, line 2, column 11
error[HY0615]: column state: invalid value: string "Shut", expected enum State
  --> bad.csv, line 2, column 14
error[HY0615]: column state: :Open: invalid type: integer `1`, expected the name of the variant alone
  --> bad.csv, line 2, column 14
error[HY0615]: column lines: EOF while parsing a list
  --> bad.csv, line 2, column 11
error[HY0615]: column lines: trailing characters
  --> bad.csv, line 2, column 11
error[HY0615]: column raw: invalid value: string "A", expected bytes in base64
  --> bad.csv, line 2, column 19
error[HY0615]: column size: invalid length 1, expected array of 2 elements
  --> bad.csv, line 2, column 24
error[HY0615]: column lines: invalid type: null, expected list
  --> bad.csv, line 2, column 11

"#]],
    );
}

#[test]
fn wide_integers_are_read_as_numbers_too() {
    let place = Place::new();
    let mut file = writer(&place.path("types.hydra"));
    file.table::<Wide>().unwrap();
    file.finish().unwrap();
    let (most, least) = (u128::MAX, i128::MIN);
    let record = format!(r#"{{"a":{most},"b":[{least},"{least}",-1,1e3,null],"c":{{"{most}":7}}}}"#);
    let cell = format!("a,b,c\n{most},\"[{least},\"\"{least}\"\",-1,1e3,null]\",\"{{\"\"{most}\"\":7}}\"\n");
    for (name, text) in
        [("in.ndjson", format!("{record}\n")), ("in.json", format!("[\n{record} ]")), ("in.csv", cell)]
    {
        place.put(name, text);
        place.run(&["convert", "--force", "--schema", "types.hydra", name, "out.hydra"]).code(0);
        assert_eq!(
            place.result(&["cat", "-f", "ndjson", "out.hydra"]),
            format!(
                "{{\"a\":\"{most}\",\"b\":[\"{least}\",\"{least}\",\"-1\",\"1000\",null],\"c\":[[\"{most}\",7]]}}\n"
            )
        );
    }
    place.put("bad.ndjson", format!("{record}\n{{\"a\":{least}}}\n"));
    place.run(&["convert", "--schema", "types.hydra", "bad.ndjson", "bad.hydra"]).code(1).stderr_eq(str![[
        r#"
error[HY0615]: a: invalid value: -170141183460469231731687303715884105728, expected u128
  --> bad.ndjson, line 2, column 46

"#
    ]]);
}

#[derive(Hydra)]
struct Wide {
    a: u128,
    b: Vec<Option<i128>>,
    c: std::collections::BTreeMap<u128, u8>,
}

#[derive(Hydra)]
struct Lossy {
    x: Vec<f64>,
    y: Option<Option<u8>>,
    z: Option<()>,
}

#[test]
fn losses_are_named_once_a_place() {
    let place = Place::new();
    let mut file = writer(&place.path("lossy.hydra"));
    let table = file.table::<Lossy>().unwrap();
    let odd = f64::from_bits(f64::NAN.to_bits() | 5);
    for y in [None, Some(None), Some(Some(1)), Some(None)] {
        file.append(table, &Lossy { x: vec![odd, -f64::NAN, 0.5, odd], y, z: Some(()) }).unwrap();
    }
    file.finish().unwrap();
    place.run(&["convert", "lossy.hydra", "x.ndjson"]).code(3).stderr_eq(str![[r#"
warning: lossy.hydra: x[]: the sign and payload of NaN are not kept (12 values)
warning: lossy.hydra: y: an option that holds null looks like none (2 values)
warning: lossy.hydra: z: an option that holds null looks like none (4 values)

"#]]);
    place.run(&["convert", "lossy.hydra", "x.cbor"]).code(3).stderr_eq(str![[r#"
warning: lossy.hydra: y: an option that holds null looks like none (2 values)
warning: lossy.hydra: z: an option that holds null looks like none (4 values)

"#]]);
    place.run(&["convert", "lossy.hydra", "x.csv"]).code(3).stderr_eq(str![[r#"
warning: lossy.hydra: x: lists and maps are JSON text in one cell (4 values)
warning: lossy.hydra: x[]: the sign and payload of NaN are not kept (12 values)
warning: lossy.hydra: y: an option that holds null looks like none (2 values)

"#]]);
    place.run(&["cat", "-n", "1", "-f", "csv", "--fields", "y,z", "lossy.hydra"]).code(0).stdout_eq(str![[
        r#"
y,z
,null

"#
    ]]);
}

#[test]
fn columns_of_one_name_are_refused_before_the_first_row() {
    let place = Place::new();
    let inner = TypeRef::Index(1);
    let fields = vec![("a".to_string(), inner), ("a.b".to_string(), TypeRef::Index(2))];
    let types = vec![
        Descriptor::structure("Outer", fields),
        Descriptor::structure("Inner", vec![("b".to_string(), TypeRef::Index(2))]),
        Descriptor::scalar(Kind::U8),
    ];
    let schema = Arc::new(Schema::new(types).unwrap());
    let data = Data::Parts(vec![Data::parts([1u8]), Data::from(2u8)]);
    let mut file = writer(&place.path("in.hydra"));
    let table = file.dynamic_table(&schema).unwrap();
    file.append_value(table, Dynamic::new(schema, data).unwrap().value()).unwrap();
    file.finish().unwrap();
    place.run(&["convert", "in.hydra", "out.csv"]).code(1).stderr_eq(str![[r#"
error[HY0612]: two columns have the same name
  --> in.hydra: found a.b for two columns
  = help: --fields selects columns; ndjson keeps nested fields

"#]]);
    assert!(!place.path("out.csv").exists());
    place.put("in.csv", "a.b,a.b\n1,2\n");
    place.run(&["convert", "--schema", "in.hydra", "in.csv", "out.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0612]: two columns have the same name
  --> --schema: the type Outer has two columns a.b

"#]]);
    place.run(&["cat", "-f", "csv", "in.hydra"]).code(1).stdout_eq("");
    place.run(&["cat", "-f", "ndjson", "in.hydra"]).code(0).stdout_eq("{\"a\":{\"b\":1},\"a.b\":2}\n");
}

#[test]
fn what_cannot_be_read_names_its_place() {
    let place = tick_file(1);
    let cases: &[(&str, &[u8])] = &[
        ("a.json", br#"{"version":1,"table":"Tick","records":[{"time":1,"price":2},{"time":-1,"price":2}]}"#),
        ("b.json", br#"{"records":[],"time":1}"#),
        ("c.json", br#"{"version":2,"records":[]}"#),
        ("d.json", b"[{\"time\":1,\n\"price\":"),
        ("e.json", b"{\"version\":1}"),
        ("f.msgpack", b"\x82\xa4time\x00\xa5price\xcb\0\0\0\0\0\0\0\0\x81\xa4time\xa1x"),
        ("g.msgpack", b"\x82\xa4time\x00\xa5pri"),
        ("h.msgpack", b"\x82\xa4time\xd6\xff\0\0\0\0\xa5price\x01"),
        ("i.cbor", b"\xa2dtime\x00eprice\xc1\x00"),
        ("j.cbor", b"\xa2dtime\x00epri"),
        ("k.cbor", b"\xa2dtime\x00dtime\x01"),
        ("l.cbor", b"\xa1dtime\xf8\x20"),
    ];
    let mut said = String::new();
    for (name, bytes) in cases {
        place.put(name, bytes);
        let (code, text) = run(&place, &["convert", "--schema", "ticks.hydra", name, "out.hydra"]);
        assert_eq!(code, 1, "{name}: {text}");
        said.push_str(&text);
        assert!(!place.path("out.hydra").exists());
    }
    snapbox::Assert::new().action_env("SNAPSHOTS").normalize_paths(false).eq(
        said,
        str![[r#"
error[HY0615]: time: invalid value: integer `-1`, expected u64
  --> a.json, line 1, column 71
error[HY0615]: `time` is not allowed here: a document has version, table and records; for a record a line, use --from ndjson
  --> b.json, line 1, column 21
error[HY0615]: version 2: only 1 is supported
  --> c.json, line 1, column 13
error[HY0611]: malformed JSON: EOF while parsing a value
  --> d.json, line 2, column 8
error[HY0615]: version: no such name, expected one of time, price
  --> e.json, line 1, column 11
error[HY0615]: time: invalid value: string "x", expected u64
  --> f.msgpack, record 1
error[HY0611]: the file ends within a record
  --> g.msgpack, record 0
error[HY0615]: time: invalid type: an extension type, expected u64
  --> h.msgpack, record 0
error[HY0611]: malformed CBOR: unexpected byte 0xc1
  --> i.cbor, record 0
error[HY0611]: the file ends within a record
  --> j.cbor, record 0
error[HY0615]: time: the field is given twice
  --> k.cbor, record 0
error[HY0611]: malformed CBOR: unexpected byte 0xf8
  --> l.cbor, record 0

"#]],
    );
    place.run(&["convert", "f.msgpack", "out.hydra"]).code(2).stderr_eq(str![[r#"
error[HY0601]: MessagePack files do not contain the types of their records
  = help: --schema FILE takes them from a Hydra file

"#]]);
}
