//! Tests of files that store columns: every command shows the same of them as of rows, and `inspect`, `layout`,
//! `hex` and `check` show how they are stored.

use super::{Event, Place, Tick, events, writer};
use hydra::{Hydra, Layout, Writer};
use serde_json::{Value, json};
use snapbox::str;

/// Makes a file of these records in a place of its own.
fn file<T: Hydra>(layout: Layout, records: impl IntoIterator<Item = T>) -> Place {
    let place = Place::new();
    let options = Writer::options().file_id(*b"0123456789abcdef").layout(layout);
    let mut file = options.create(place.path("a.hydra")).unwrap();
    let table = file.table::<T>().unwrap();
    records.into_iter().for_each(|record| file.append(table, &record).unwrap());
    file.finish().unwrap();
    place
}

/// Makes two files of the same events: rows and columns.
fn twins() -> [Place; 2] {
    let all = |index: u32| {
        let [first, second] = events();
        let event = if index.is_multiple_of(3) { first } else { second };
        Event { big: u128::from(index), pos: super::Position { x: index as f32, y: 0.5 }, ..event }
    };
    [Layout::Rows, Layout::Columns].map(|layout| file(layout, (0..300).map(all)))
}

fn tick(time: u64) -> Tick {
    Tick { time, price: time as f64 / 4.0 }
}

/// Returns the layouts that `inspect` lists.
fn layouts(place: &Place, name: &str) -> Value {
    let document: Value = serde_json::from_str(&place.result(&["inspect", "-f", "json", name])).unwrap();
    document["files"][0]["tables"][0]["layouts"].clone()
}

/// Returns exit code, stdout and stderr of a command.
fn output(place: &Place, args: &[&str]) -> (Option<i32>, String, String) {
    let output = place.command(args).output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn rows_and_columns_look_the_same() {
    let [rows, columns] = twins();
    assert_eq!(
        [layouts(&rows, "a.hydra"), layouts(&columns, "a.hydra")],
        [json!(["rows"]), json!(["columns"])]
    );
    assert!(columns.read("a.hydra").len() < rows.read("a.hydra").len() / 2);
    let commands = [
        "cat a.hydra",
        "cat -f json a.hydra",
        "cat -f ndjson --int64 string --bytes hex a.hydra",
        "cat -f csv --skip 3 -n 200 a.hydra",
        "cat --tail 3 --fields pos.x,tags,note a.hydra",
        "tail -n 2 a.hydra",
        "get a.hydra [7]",
        "get a.hydra [-1].tags",
        "get -f json a.hydra [10:20].counts",
        "get a.hydra [300]",
        "get a.hydra [0].nothing",
        "schema a.hydra",
        "schema --as json a.hydra",
        "schema --as rust a.hydra",
        "convert a.hydra a.csv",
        "convert a.hydra a.ndjson",
        "convert a.hydra a.json",
        "convert a.hydra a.msgpack",
        "convert a.hydra a.cbor",
        "convert a.hydra - --to cbor --bytes hex",
        "set a.hydra [4].note=changed [299].tags=[\"x\",\"y\"] [0].pos.x=-1",
        "set --expect 1 a.hydra [4].big=2",
        "diff a.hydra a.hydra",
        "compat a.hydra a.hydra",
        "cat a.hydra",
        "recover a.hydra -o saved.hydra -f json --report report.json",
        "compact a.hydra -o small.hydra",
        "convert --schema a.hydra a.hydra again.hydra",
        "cat -f ndjson small.hydra",
        "cat -f ndjson again.hydra",
    ];
    for command in commands {
        let args: Vec<&str> = command.split(' ').collect();
        let [mut one, mut other] = [&rows, &columns].map(|place| output(place, &args));
        assert!(matches!(one.0, Some(0..=3)) || command.contains("--expect"), "{command}: {one:?}");
        if ["recover", "compact"].contains(&args[0]) {
            // The sizes of the files differ.
            [&mut one, &mut other].into_iter().for_each(|shown| shown.1.clear());
        }
        assert_eq!(one, other, "{command}");
    }
    for file in ["a.csv", "a.ndjson", "a.json", "a.msgpack", "a.cbor"] {
        assert!(rows.read(file) == columns.read(file) && !rows.read(file).is_empty(), "{file}");
    }
    for (file, layout) in [("a", "columns"), ("saved", "columns"), ("small", "columns"), ("again", "rows")] {
        assert_eq!(layouts(&columns, &format!("{file}.hydra")), json!([layout]), "{file}");
    }
    std::fs::copy(rows.path("a.hydra"), columns.path("rows.hydra")).unwrap();
    columns.run(&["diff", "rows.hydra", "a.hydra"]).code(0).stdout_eq(str![[r#"
✓ no difference in 300 records

"#]]);
    columns.run(&["check", "a.hydra", "saved.hydra", "small.hydra"]).code(0);
}

#[test]
fn the_layout_of_a_file_can_be_changed_and_changed_back() {
    let place = file(Layout::Rows, (0..2000).map(tick));
    let compact = |layout, from, to| {
        let said = place.result(&["compact", "--layout", layout, "-f", "json", from, "-o", to]);
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((&said["layout"], &said["records"]), (&json!(layout), &json!(2000)));
        assert_eq!(said["after"]["size_bytes"], place.read(to).len());
        place.read(to).len()
    };
    let rows = place.read("a.hydra").len();
    assert!(compact("columns", "a.hydra", "b.hydra") < rows / 2);
    assert_eq!(layouts(&place, "b.hydra"), json!(["columns"]));
    compact("rows", "b.hydra", "c.hydra");
    assert_eq!(layouts(&place, "c.hydra"), json!(["rows"]));
    assert_eq!(place.result(&["cat", "c.hydra"]), place.result(&["cat", "a.hydra"]));

    place.result(&["convert", "a.hydra", "a.csv"]);
    place.result(&["convert", "--layout", "columns", "a.csv", "d.hydra"]);
    let piped =
        place.command(&["convert", "--layout", "columns", "--from", "csv", "--to", "hydra", "-", "-"]);
    let piped = piped.stdin(place.read("a.csv")).output().unwrap();
    place.put("e.hydra", piped.stdout);
    for file in ["d.hydra", "e.hydra"] {
        assert_eq!(layouts(&place, file), json!(["columns"]), "{file}");
        assert_eq!(place.result(&["cat", file]), place.result(&["cat", "a.hydra"]), "{file}");
    }
    place.result(&["convert", "--layout", "columns", "--schema", "a.hydra", "a.hydra", "f.hydra"]);
    assert_eq!(layouts(&place, "f.hydra"), json!(["columns"]));
}

#[test]
fn a_layout_is_for_hydra_files() {
    let place = file(Layout::Rows, (0..2).map(tick));
    let convert = |args: &[&str]| place.run(&[&["convert", "--layout", "columns"], args].concat()).code(2);
    convert(&["a.hydra", "a.csv"]).stderr_eq(str![[r#"
error[HY0601]: --schema and --layout work only when OUT is a Hydra file

"#]]);
    convert(&["a.hydra", "b.hydra"]).stderr_eq(str![[r#"
error[HY0601]: Hydra cannot be converted to Hydra
  = help: hydra compact --layout gives a Hydra file another layout

"#]]);
    assert_eq!(place.files(), ["a.hydra"]);
}

#[test]
fn inspect_names_the_layouts_of_a_table() {
    let place = file(Layout::Columns, (0..2000).map(tick));
    let text = place.result(&["inspect", "a.hydra"]);
    assert!(text.contains("\ntable Tick  2,000 records, 1 block of columns, 16 bytes a record"), "{text}");
    let mut file = writer(&place.path("b.hydra"));
    let table = file.table::<Tick>().unwrap();
    for layout in [Layout::Rows, Layout::Columns] {
        file.set_layout(table, layout).unwrap();
        (0..500).for_each(|time| file.append(table, &tick(time)).unwrap());
    }
    file.finish().unwrap();
    let text = place.result(&["inspect", "b.hydra"]);
    assert!(text.contains(" 2 blocks of rows and columns, "), "{text}");
    assert_eq!(layouts(&place, "b.hydra"), json!(["columns", "rows"]));
}

#[test]
fn layout_shows_the_sizes_of_streams() {
    let place = file(Layout::Columns, (0..2000).map(tick));
    place.run(&["layout", "a.hydra"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[r#"
a.hydra  9.1 KiB (9344)
  region                        size   share        in
  header region       8.0 KiB (8192)  87.7 %            ██████████████████████████
  block headers            256 bytes   2.7 %  4 blocks  █
  column directories       192 bytes   2.1 %   1 block  █
  column streams            76 bytes   0.8 %   1 block
  schemas                  374 bytes   4.0 %  2 blocks  █
  index                    160 bytes   1.7 %   1 block  █
  padding                   94 bytes   1.0 %

table Tick  2,000 records, 16 bytes each, aligned to 8, no padding between fields
     0 │aaaaaaaabbbbbbbb│
    offset  bytes  field  type
 a       0      8  time   u64
 b       8      8  price  f64
  columns: 1 block, 2,000 records, 384 bytes, 1.2 % of 31.3 KiB as rows
  field  part    encoding        plain  stored  ratio   share
  time   values  delta          16,000      38  0.2 %  50.0 %
  price  values  decimal delta  16,000      38  0.2 %  50.0 %


"#]]);
    let [rows, columns] = twins();
    let table = |place: &Place| {
        let document: Value =
            serde_json::from_str(&place.result(&["layout", "-f", "json", "a.hydra"])).unwrap();
        let sum: u64 = document["regions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|region| region["bytes"].as_u64().unwrap())
            .sum();
        assert_eq!(document["size_bytes"], sum);
        document["tables"][0]["columns"].clone()
    };
    assert_eq!(table(&rows), Value::Null);
    let table = table(&columns);
    assert_eq!((&table["records"], &table["damaged_blocks"]), (&json!(300), &json!(0)));
    let streams = table["streams"].as_array().unwrap();
    let names: Vec<String> = streams
        .iter()
        .map(|stream| format!("{} {}", stream["path"].as_str().unwrap(), stream["part"].as_str().unwrap()))
        .collect();
    assert_eq!(
        names,
        [
            "time values",
            "took values",
            "level tags",
            "shape tags",
            "shape:Circle.r values",
            "shape:Line.0 values",
            "shape:Line.1 values",
            "pos.x values",
            "pos.y values",
            "tags offsets",
            "tags[] offsets",
            "tags[] run",
            "counts offsets",
            "counts{key} values",
            "counts{} offsets",
            "counts{} run",
            "scores offsets",
            "scores{key} offsets",
            "scores{key} run",
            "scores{} values",
            "big values",
            "blob offsets",
            "blob run",
            "note presence",
            "note offsets",
            "note run",
            "letter values",
        ]
    );
    let blocks = table["blocks"].as_u64().unwrap();
    for stream in streams {
        let encodings = stream["encodings"].as_object().unwrap();
        assert_eq!(encodings.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), blocks, "{stream}");
    }
    assert_eq!(streams[8]["encodings"], json!({ "constant": blocks }));
    assert_eq!(streams[8]["plain_bytes"], 1200);
}

#[test]
fn hex_shows_directory_and_streams() {
    let place = file(Layout::Columns, (0..2000).map(tick));
    place.run(&["hex", "a.hydra", "[3]"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[r#"
a.hydra  DATA block at 0x2100
table Tick, record 3 of 2,000: its fields are in the streams below
  ── line 0x2100 ────────────────────────────────────────────────────────────────
            magic────── k… f… l… e…  lines────── schema─────
    0x2100  48 42 4c 4b 02 00 01 00  06 00 00 00 01 00 00 00  │HBLK............│
            sync───────────────────  first──────────────────
    0x2110  30 10 32 33 34 35 36 37  00 00 00 00 00 00 00 00  │0.234567........│
            count────── stride─────  distance─── payload────
    0x2120  d0 07 00 00 10 00 00 00  04 00 00 00 26 01 00 00  │............&...│
            epoch────── directory──  payload crc crc────────
    0x2130  01 00 00 00 0c 61 2a a6  91 68 2d 51 bf 85 e0 d2  │.....a*..h-Q....│
      +0  magic        u32  "HBLK" ✓
      +4  kind         u8   2: DATA
      +5  flags        u8   0
      +6  layout       u8   1: columns
      +7  encoding     u8   0: none
      +8  lines        u32  6 lines, 384 bytes
     +12  schema       u32  1
     +16  sync         u64  ✓ this place in this file
     +24  first        u64  0
     +32  count        u32  2,000
     +36  stride       u32  16
     +40  distance     u32  4: the block at 0x2000
     +44  payload      u32  294 bytes
     +48  epoch        u32  1
     +52  directory    u32  0xa62a610c ✓, of the directory
     +56  payload crc  u32  0x512d6891 ✓
     +60  crc          u32  0xd2e085bf ✓

  at              bytes  field  part       encoding
  0x2140..0x2200    192         directory
  0x2200..0x2226     38  time   values     delta
  0x2240..0x2266     38  price  values     decimal delta

"#]]);
    place.run(&["hex", "a.hydra", "0x2210"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[r#"
a.hydra  DATA block at 0x2100
  ── line 0x2100 ────────────────────────────────────────────────────────────────
            magic────── k… f… l… e…  lines────── schema─────
    0x2100  48 42 4c 4b 02 00 01 00  06 00 00 00 01 00 00 00  │HBLK............│
            sync───────────────────  first──────────────────
    0x2110  30 10 32 33 34 35 36 37  00 00 00 00 00 00 00 00  │0.234567........│
            count────── stride─────  distance─── payload────
    0x2120  d0 07 00 00 10 00 00 00  04 00 00 00 26 01 00 00  │............&...│
            epoch────── directory──  payload crc crc────────
    0x2130  01 00 00 00 0c 61 2a a6  91 68 2d 51 bf 85 e0 d2  │.....a*..h-Q....│
      +0  magic        u32  "HBLK" ✓
      +4  kind         u8   2: DATA
      +5  flags        u8   0
      +6  layout       u8   1: columns
      +7  encoding     u8   0: none
      +8  lines        u32  6 lines, 384 bytes
     +12  schema       u32  1
     +16  sync         u64  ✓ this place in this file
     +24  first        u64  0
     +32  count        u32  2,000
     +36  stride       u32  16
     +40  distance     u32  4: the block at 0x2000
     +44  payload      u32  294 bytes
     +48  epoch        u32  1
     +52  directory    u32  0xa62a610c ✓, of the directory
     +56  payload crc  u32  0x512d6891 ✓
     +60  crc          u32  0xd2e085bf ✓

  at              bytes  field  part       encoding
  0x2140..0x2200    192         directory
  0x2200..0x2226     38  time   values     delta
  0x2240..0x2266     38  price  values     decimal delta

a.hydra  stream 0 of 2: values of time
delta, 2,000 slots, 38 bytes; checksum 0xbce5c1b9 ✓
in the directory
  ── line 0x2180 ────────────────────────────────────────────────────────────────
            e… p… f… ·· offset─────  stored───── plain──────
    0x2180  03 00 00 00 c0 00 00 00  26 00 00 00 80 3e 00 00  │........&....>..│
            slots────── absent─────  crc──────── ···········
    0x2190  d0 07 00 00 00 00 00 00  b9 c1 e5 bc 00 00 00 00  │................│
            statistics──────────────────────────────────────
    0x21a0  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  │................│
            ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
    0x21b0  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  │................│
      +0  encoding    u8        3: delta
      +1  parameter   u8        0
      +2  flags       u8        0
      +4  offset      u32       192: 0x2200
      +8  stored      u32       38
     +12  plain       u32       16,000
     +16  slots       u32       2,000
     +20  absent      u32       0
     +24  crc         u32       0xbce5c1b9
     +32  statistics  32 bytes  none

in the stream
  ── line 0x2200 ────────────────────────────────────────────────────────────────
            widt… minima────────────────────────────────────
    0x2200  00 00 01 00 00 00 00 00  00 00 01 00 00 00 00 00  │................│
            ╌╌╌╌╌ firsts────────────────────────────────────
    0x2210  00 00 00 00 00 00 00 00  00 00 00 04 00 00 00 00  │................│
            ╌╌╌╌╌ exceptions─
    0x2220  00 00 00 00 00 00                                 │......│
      +0  widths      bytes  2 bytes
      +2  minima      u64    2 values
     +18  firsts      u64    2 values
     +34  exceptions  u32    0


"#]]);
    let head = place.result(&["hex", "a.hydra", "0x2140"]);
    assert!(head.contains("+4  streams  u32  2\n"), "{head}");
}

#[test]
fn a_check_names_the_fields_that_are_damaged() {
    let place = file(Layout::Columns, (0..2000).map(tick));
    let good = place.read("a.hydra");
    place.change("a.hydra", |bytes| bytes[0x2210] ^= 1);
    place.run(&["check", "a.hydra"]).code(4).stdout_eq(str![[r#"
✗ a.hydra  damaged: 1 finding; 0 records in 4 blocks, 9.1 KiB (9344) verified
  [HY0202] payload checksum mismatch: these are the checksums of the block, and the path names its damaged fields
    --> a.hydra @ 0x2100, a DATA block, schema 1, records 0..=1999, at time: expected 0x512d6891, found 0xcb995afb
    = help: a type without these fields reads the others; so does Table::column
table Tick  0 of 2,000 committed records intact, 2,000 lost
  lost    0..2000: payload checksum mismatch @ 0x2200
nothing can be saved

"#]]);
    let hex = place.result(&["hex", "a.hydra", "0x2210"]);
    assert!(hex.contains("✗ computed 0x"), "{hex}");
    place.run(&["cat", "a.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0202]: payload checksum mismatch
  --> a.hydra @ 0x2200, a DATA block, schema 1, records 0..=1999, at time: expected 0xbce5c1b9, found 0xabcda579
  = help: --skip-damaged continues without these records

"#]]);

    place.put("a.hydra", good);
    place.change("a.hydra", |bytes| bytes[0x2148] ^= 1);
    place.run(&["check", "a.hydra"]).code(4).stdout_eq(str![[r#"
✗ a.hydra  damaged: 1 finding; 0 records in 4 blocks, 9.1 KiB (9344) verified
  [HY0202] payload checksum mismatch: the directory of the columns is damaged
    --> a.hydra @ 0x2100, a DATA block, schema 1, records 0..=1999: expected 0xa62a610c, found 0x53ceed89
table Tick  0 of 2,000 committed records intact, 2,000 lost
  lost    0..2000: payload checksum mismatch: the directory of the columns is damaged @ 0x2100
nothing can be saved

"#]]);
    let layout = place.result(&["layout", "a.hydra"]);
    assert!(layout.contains("\n  1 block of columns with a damaged directory\n"), "{layout}");
    let hex = place.result(&["hex", "a.hydra", "0x2144"]);
    assert!(hex.contains("the streams cannot be shown: payload checksum mismatch"), "{hex}");
}
