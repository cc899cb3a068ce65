//! Tests of `inspect`, `schema`, `cat` and `check` with undamaged files.

use super::{Place, event_file, tick_file, two_tables};
use hydra::Hydra;
use snapbox::str;

#[test]
fn inspect_as_text() {
    event_file().run(&["inspect", "events.hydra"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[r#"
events.hydra  ✓ closed cleanly
  11.3 KiB (11584), 1 table, 2 records
  file id 30313233343536373839616263646566, commit 2, 5 blocks

table Event  2 records, 1 block, 144 bytes a record, schema 842db07d0e5b0eac
  offset  field   type
       0  time    timestamp<i128>        When.
      16  took    duration<u128>         [s]
      32  level   Level
      40  shape   Shape
      56  pos     Position
      64  tags    Vec<String>
      72  counts  BTreeMap<u32, String>
      80  scores  BTreeMap<String, f32>
      96  big     u128
     112  blob    Vec<u8>
     120  note    Option<String>
     132  letter  char
  … 3 types below: hydra schema

metadata  1 key
  source  a test\u{1b}[31m

not verified: checksums and contents of 1 data block; hydra check events.hydra reads every byte

"#]]);
    two_tables().run(&["inspect", "ticks.hydra", "two.hydra"]).code(0).stdout_eq(str![[r#"
ticks.hydra  ✓ closed cleanly
  8.9 KiB (9088), 1 table, 1 record
  file id 30313233343536373839616263646566, commit 2, 4 blocks

table Tick  1 record, 1 block, 16 bytes a record, schema d215025e023b6604
  offset  field  type
       0  time   u64
       8  price  f64

not verified: checksums and contents of 1 data block; hydra check ticks.hydra reads every byte

two.hydra  ✓ closed cleanly
  9.6 KiB (9792), 2 tables, 2 records
  file id 30313233343536373839616263646566, commit 2, 7 blocks

table Tick  1 record, 1 block, 16 bytes a record, schema d215025e023b6604
  offset  field  type
       0  time   u64
       8  price  f64

table Position  1 record, 1 block, 8 bytes a record, schema 660b44cc09d14840
  offset  field  type
       0  x      f32
       4  y      f32

not verified: checksums and contents of 2 data blocks; hydra check two.hydra reads every byte

"#]]);
}

#[test]
fn inspect_as_json() {
    event_file().run(&["inspect", "-f", "json", "events.hydra"]).code(0).stdout_eq(str![[r#"
{
  "files": [
    {
      "commit": {
        "blocks": 5,
        "committed_bytes": 11584,
        "epoch": 1,
        "records": 2,
        "sequence": 2,
        "synced_bytes": 11584
      },
      "details": [],
      "file": "events.hydra",
      "file_id": "30313233343536373839616263646566",
      "metadata": {
        "source": "a test\u001b[31m"
      },
      "size_bytes": 11584,
      "state": "clean",
      "tables": [
        {
          "align_bytes": 16,
          "blocks": 1,
          "fingerprint": "0x842db07d0e5b0eac",
          "layout_fingerprint": "0xc2b3c164be26f195",
          "layouts": [
            "rows"
          ],
          "name": "Event",
          "records": 2,
          "size_bytes": 144,
          "type": "Event"
        }
      ],
      "verified": null
    }
  ],
  "version": 1
}

"#]]);
}

#[test]
fn inspect_deep() {
    tick_file(1000).run(&["inspect", "--deep", "ticks.hydra"]).code(0).stdout_eq(str![[r#"
ticks.hydra  ✓ closed cleanly
  24.8 KiB (25344), 1 table, 1,000 records
  file id 30313233343536373839616263646566, commit 2, 7 blocks

table Tick  1,000 records, 4 blocks, 16 bytes a record, schema d215025e023b6604
  offset  field  type
       0  time   u64
       8  price  f64

1,000 records in 7 blocks, 24.8 KiB (25344) verified, nothing found

"#]]);
}

#[test]
fn an_empty_file() {
    let place = Place::new();
    super::writer(&place.path("empty.hydra")).finish().unwrap();
    place.run(&["inspect", "empty.hydra"]).code(0).stdout_eq(str![[r#"
empty.hydra  ✓ closed cleanly
  8.0 KiB (8192), 0 tables, 0 records
  file id 30313233343536373839616263646566, commit 2, 0 blocks

not verified: checksums and contents of 0 data blocks; hydra check empty.hydra reads every byte

"#]]);
    place.run(&["cat", "empty.hydra"]).code(1).stdout_eq(str![[""]]).stderr_eq(str![[r#"
error[HY0403]: no such table
  --> empty.hydra: found a file without tables

"#]]);
    place.run(&["check", "empty.hydra"]).code(0).stdout_eq(str![[r#"
✓ empty.hydra  0 records in 0 blocks, 8.0 KiB (8192) verified, nothing found

"#]]);
}

#[test]
fn schema() {
    event_file().run(&["schema", "events.hydra"]).code(0).stdout_eq(str![[r#"
/// Something that happened.
struct Event {
    /// When.
    time: timestamp<i128>,
    // unit = "s"
    took: duration<u128>,
    level: Level,
    shape: Shape,
    pos: Position,
    tags: Vec<String>,
    counts: BTreeMap<u32, String>,
    scores: BTreeMap<String, f32>,
    big: u128,
    blob: Vec<u8>,
    note: Option<String>,
    letter: char,
}

/// How bad it is.
enum Level: u8 {
    Info = 0,
    Error = 1,
}

enum Shape: u8 {
    Empty = 0,
    Circle {
        r: f64,
    } = 1,
    Line(u8, u8) = 2,
}

struct Position {
    x: f32,
    y: f32,
}

"#]]);
    tick_file(1).run(&["schema", "--as", "json", "ticks.hydra"]).code(0).stdout_eq(str![[r#"
{
  "align_bytes": 8,
  "core": "AQAAAAMAAAAzAAAAFgAAABAAAAAIAAAABABUaWNrAAACAAQAdGltZQEAAAAAAAAABQBwcmljZQIAAAAIAAAADAAAAAwAAAAIAAAACAAAAAwAAAAPAAAACAAAAAgAAAA=",
  "fingerprint": "0xd215025e023b6604",
  "layout_fingerprint": "0x1f81e1f1dc627825",
  "notes": "AwAAABwAAAAAAAAAAAAAAAEPAAAAQSBwbGFpbiByZWNvcmQuCQAAAAAAAAAAAAEACQkAAAAAAAAAAAACAAk=",
  "size_bytes": 16,
  "table": "Tick",
  "type": "Tick",
  "types": [
    {
      "align_bytes": 8,
      "doc": "A plain record.",
      "fields": [
        {
          "name": "time",
          "offset_bytes": 0,
          "private": true,
          "type": 1
        },
        {
          "name": "price",
          "offset_bytes": 8,
          "private": true,
          "type": 2
        }
      ],
      "kind": "struct",
      "size_bytes": 16,
      "type": "Tick"
    },
    {
      "align_bytes": 8,
      "kind": "u64",
      "size_bytes": 8,
      "type": "u64"
    },
    {
      "align_bytes": 8,
      "kind": "f64",
      "size_bytes": 8,
      "type": "f64"
    }
  ],
  "version": 1
}

"#]]);
}

#[test]
fn cat_in_every_format() {
    let place = event_file();
    place.run(&["cat", "events.hydra"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[r#"
time                            took  level  shape                 pos.x  pos.y  tags               counts                  scores                                           big  blob      note  letter
2024-01-02T03:04:05.123456789Z  1.5s  Error  {"Circle":{"r":0.1}}    0.1   -0.0  ["a,b","\"q\"\n"]  [[2,"two"],[10,"ten"]]  {"µ":"NaN"}  340282366920938463463374607431768211455  AAEC/w==  ""    é
1970-01-01T00:00:00Z              0s  Info   {"Line":[1,2]}          inf  1e+20  []                 []                      {}                                                 0  ""        null  "\u001b"

"#]]);
    place.run(&["cat", "-f", "ndjson", "events.hydra"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[r#"
{"time":"2024-01-02T03:04:05.123456789Z","took":"1.5s","level":"Error","shape":{"Circle":{"r":0.1}},"pos":{"x":0.1,"y":-0.0},"tags":["a,b","\"q\"\n"],"counts":[[2,"two"],[10,"ten"]],"scores":{"µ":"NaN"},"big":"340282366920938463463374607431768211455","blob":"AAEC/w==","note":"","letter":"é"}
{"time":"1970-01-01T00:00:00Z","took":"0s","level":"Info","shape":{"Line":[1,2]},"pos":{"x":"inf","y":1e+20},"tags":[],"counts":[],"scores":{},"big":"0","blob":"","note":null,"letter":"\u001b"}

"#]]);
    place.run(&["cat", "-f", "json", "-n", "1", "events.hydra"]).code(0).stdout_eq(str![[r#"
{"version":1,"table":"Event","records":[
{"time":"2024-01-02T03:04:05.123456789Z","took":"1.5s","level":"Error","shape":{"Circle":{"r":0.1}},"pos":{"x":0.1,"y":-0.0},"tags":["a,b","\"q\"\n"],"counts":[[2,"two"],[10,"ten"]],"scores":{"µ":"NaN"},"big":"340282366920938463463374607431768211455","blob":"AAEC/w==","note":"","letter":"é"}
]}

"#]]);
    place.run(&["cat", "-f", "csv", "events.hydra"]).code(3).stdout_eq(str![[r#"
time,took,level,shape,pos.x,pos.y,tags,counts,scores,big,blob,note,letter
2024-01-02T03:04:05.123456789Z,1.5s,Error,"{""Circle"":{""r"":0.1}}",0.1,-0.0,"[""a,b"",""\""q\""\n""]","[[2,""two""],[10,""ten""]]","{""µ"":""NaN""}",340282366920938463463374607431768211455,AAEC/w==,"",é
1970-01-01T00:00:00Z,0s,Info,"{""Line"":[1,2]}",inf,1e+20,[],[],{},0,"",,

"#]]).stderr_eq(str![[r#"
warning: events.hydra: counts: lists and maps are JSON text in one cell (2 values)
warning: events.hydra: scores: lists and maps are JSON text in one cell (2 values)
warning: events.hydra: shape: enums with data are JSON text in one cell (2 values)
warning: events.hydra: tags: lists and maps are JSON text in one cell (2 values)

"#]]);
}

#[test]
fn cat_with_other_spellings() {
    let place = tick_file(2);
    let args = ["cat", "-f", "ndjson", "--int64", "string", "ticks.hydra"];
    place.run(&args).code(0).stdout_eq(str![[r#"
{"time":"0","price":0.0}
{"time":"1","price":0.25}

"#]]);
    let args = ["cat", "-f", "ndjson", "--bytes", "hex", "--fields", "blob,pos.x,pos", "events.hydra"];
    event_file().run(&args).code(0).stdout_eq(str![[r#"
{"blob":"000102ff","pos.x":0.1,"pos":{"x":0.1,"y":-0.0}}
{"blob":"","pos.x":"inf","pos":{"x":"inf","y":1e+20}}

"#]]);
}

#[test]
fn cat_picks_records_and_fields() {
    let place = tick_file(1000);
    let times = |args: &[&str]| {
        let args = [&["cat", "-f", "csv", "--fields", "time"], args, &["ticks.hydra"]].concat();
        let text = place.result(&args);
        text.lines().skip(1).map(|line| line.parse().unwrap()).collect::<Vec<u64>>()
    };
    assert_eq!(times(&[]), (0..1000).collect::<Vec<u64>>());
    assert_eq!(times(&["-n", "3"]), [0, 1, 2]);
    assert_eq!(times(&["-n", "3", "--skip", "700"]), [700, 701, 702]);
    assert_eq!(times(&["-n", "3", "--skip", "999"]), [999]);
    assert_eq!(times(&["--skip", "5000"]), Vec::<u64>::new());
    assert_eq!(times(&["--tail", "2"]), [998, 999]);
    assert_eq!(times(&["--tail", "5000"]).len(), 1000);
    place.run(&["cat", "--tail", "1", "-n", "1", "ticks.hydra"]).code(2);
    place.run(&["cat", "--fields", "prize", "ticks.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0501]: no such value
  --> ticks.hydra, type Tick: expected one of time, price, found prize
  = help: hydra schema lists the fields; only fields of structs and tuples are columns

"#]]);
}

#[test]
fn several_files() {
    let place = tick_file(1);
    place.put("more.hydra", place.read("ticks.hydra"));
    place.run(&["cat", "ticks.hydra", "more.hydra"]).code(0).stdout_eq(str![[r#"
==> ticks.hydra <==
time  price
   0    0.0

==> more.hydra <==
time  price
   0    0.0

"#]]);
    assert_eq!(
        place.result(&["cat", "-f", "csv", "ticks.hydra", "more.hydra"]),
        "time,price\n0,0.0\n0,0.0\n",
        "one header"
    );
}

#[test]
fn several_tables_want_a_name() {
    let place = two_tables();
    for command in ["cat", "schema"] {
        place.run(&[command, "two.hydra"]).code(2).stdout_eq(str![[""]]).stderr_eq(str![[r#"
error[HY0403]: no such table: the file has 2 tables; choose one
  --> two.hydra: expected one of Tick, Position
  = help: --table NAME selects one of them

"#]]);
    }
    assert_eq!(place.result(&["cat", "--table", "Position", "-f", "csv", "two.hydra"]), "x,y\n1.0,2.0\n");
    place.run(&["cat", "--table", "Nope", "two.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0403]: no such table
  --> two.hydra: expected one of Tick, Position, found Nope
  = help: --table NAME selects one of them

"#]]);
}

#[test]
fn check_as_text_and_json() {
    let place = tick_file(1000);
    place.run(&["check", "ticks.hydra"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[r#"
✓ ticks.hydra  1,000 records in 7 blocks, 24.8 KiB (25344) verified, nothing found

"#]]);
    place.run(&["check", "-f", "json", "ticks.hydra"]).code(0).stdout_eq(str![[r#"
{
  "files": [
    {
      "blocks": 7,
      "covered_bytes": 0,
      "file": "ticks.hydra",
      "finding_count": 0,
      "findings": [],
      "records": 1000,
      "size_bytes": 25344,
      "uncommitted_bytes": 0,
      "verdict": "good",
      "verified_bytes": 25344
    }
  ],
  "version": 1
}

"#]]);
}

#[test]
fn colour_is_only_where_it_is_wanted() {
    let place = tick_file(1);
    let escapes = |args: &[&str]| place.result(args).contains('\x1b');
    assert!(!escapes(&["inspect", "ticks.hydra"]), "not in a pipe");
    assert!(!escapes(&["--color", "never", "inspect", "ticks.hydra"]));
    assert!(escapes(&["--color", "always", "inspect", "ticks.hydra"]));
    assert!(escapes(&["inspect", "--color=always", "ticks.hydra"]));
    let forced = |name: &str| {
        let command = place.command(&["inspect", "ticks.hydra"]).env("CLICOLOR_FORCE", "1").env(name, "1");
        let output = command.output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(forced("SOMETHING"));
    assert!(!forced("NO_COLOR"));
}

#[test]
fn text_from_a_file_cannot_reach_the_terminal_as_it_is() {
    let place = event_file();
    for args in [&["inspect", "events.hydra"][..], &["cat", "events.hydra"]] {
        assert!(!place.result(args).contains('\x1b'), "{args:?}");
    }
}

#[test]
fn a_file_that_was_not_closed_is_shown_as_it_is() {
    let place = tick_file(3);
    // A process that another test starts holds a copy of the lock for a moment, between fork and exec.
    let resumed = (0..1000).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(1));
        hydra::Writer::resume(place.path("ticks.hydra")).ok()
    });
    let mut file = resumed.unwrap();
    let table = file.table::<super::Tick>().unwrap();
    file.append(table, &super::Tick { time: 3, price: 1.0 }).unwrap();
    file.commit().unwrap();
    drop(file);
    place.run(&["inspect", "ticks.hydra"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[r#"
ticks.hydra  ! not closed: a writer is active or was interrupted
  9.0 KiB (9216), 1 table, 4 records
  file id 30313233343536373839616263646566, commit 4, 5 blocks

table Tick  4 records, 2 blocks, 16 bytes a record, schema d215025e023b6604
  offset  field  type
       0  time   u64
       8  price  f64

not verified: checksums and contents of 2 data blocks; hydra check ticks.hydra reads every byte

"#]]);
    assert_eq!(
        place.result(&["cat", "-f", "csv", "--fields", "time", "--tail", "2", "ticks.hydra"]),
        "time\n2\n3\n"
    );
    place.change("ticks.hydra", |bytes| bytes.extend([7; 100]));
    place.run(&["inspect", "ticks.hydra"]).code(0).stdout_eq(str![[r#"
ticks.hydra  ! 100 uncommitted bytes at the end: a writer is active or was interrupted
  9.1 KiB (9316), 1 table, 4 records
  file id 30313233343536373839616263646566, commit 4, 5 blocks

table Tick  4 records, 2 blocks, 16 bytes a record, schema d215025e023b6604
  offset  field  type
       0  time   u64
       8  price  f64

not verified: checksums and contents of 2 data blocks; hydra check ticks.hydra reads every byte

"#]]);
    place.run(&["cat", "-f", "csv", "ticks.hydra"]).code(0).stderr_eq(str![[""]]);
    // The newest commit record may be in either slot.
    place.change("ticks.hydra", |bytes| [512 + 20, 4608 + 20].into_iter().for_each(|at| bytes[at] ^= 1));
    place.run(&["cat", "ticks.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0105]: damaged commit record: both commit records are invalid
  --> ticks.hydra @ 0x200
  = help: hydra recover

"#]]);
}

type Four<T> = Option<Option<Option<Option<T>>>>;
type Twelve<T> = Four<Four<Four<T>>>;

#[derive(Hydra)]
struct Node {
    next: Vec<Twelve<Twelve<Option<Node>>>>,
}

#[test]
fn values_nested_to_the_limit_are_printed() {
    // There are 64 nested lists of 25 nested options each, the largest depth by references that the format
    // allows.
    fn four<T>(value: T) -> Four<T> {
        Some(Some(Some(Some(value))))
    }
    let wrap = |node: Option<Node>| four(four(four(four(four(four(node))))));
    let deeper = |node| Node { next: vec![wrap(Some(node))] };
    let node = (0..64).fold(Node { next: Vec::new() }, |node, _| deeper(node));
    let place = Place::new();
    let mut file = super::writer(&place.path("deep.hydra"));
    let table = file.table::<Node>().unwrap();
    file.append(table, &node).unwrap();
    file.finish().unwrap();
    let text = format!("{}[]{}", "[{\"next\":".repeat(64), "}]".repeat(64));
    assert_eq!(place.result(&["cat", "-f", "ndjson", "deep.hydra"]), format!("{{\"next\":{text}}}\n"));
    assert_eq!(place.result(&["cat", "deep.hydra"]), format!("next\n{text}\n"));
    for args in
        [&["schema", "deep.hydra"][..], &["schema", "--as", "json", "deep.hydra"], &["inspect", "deep.hydra"]]
    {
        place.run(args).code(0);
    }
}

/// `generations.hydra` has three types of `Trade`: fields that older ones lack are filled in, their other
/// fields are left out.
#[test]
fn records_of_older_types_are_shown_as_the_newest() {
    let golden = format!("{}/../tests/golden/v0/generations.hydra", env!("CARGO_MANIFEST_DIR"));
    let place = Place::new();
    let records = place.result(&["cat", "-f", "ndjson", &golden]);
    assert_eq!(
        records.lines().collect::<Vec<_>>(),
        [
            r#"{"at":0,"size":0.5,"venue":"Lse","tags":[],"currency":"EUR"}"#,
            r#"{"at":1,"size":0.5,"venue":"Other","tags":[],"currency":"EUR"}"#,
            r#"{"at":2,"size":0.5,"venue":"Lse","tags":[],"currency":"EUR"}"#,
            r#"{"at":3,"size":1.5,"venue":"Lse","tags":["a","b"],"currency":"EUR"}"#,
            r#"{"at":4,"size":null,"venue":"Other","tags":["a","b"],"currency":"GBP"}"#,
        ]
    );
    assert_eq!(place.result(&["get", "-f", "ndjson", &golden, "[1].venue"]), "\"Other\"\n");
    place.run(&["convert", &golden, "out.ndjson"]).code(0);
    assert_eq!(place.text("out.ndjson"), records);
    assert!(place.result(&["schema", &golden]).contains("currency"));
}
