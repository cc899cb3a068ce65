//! Tests of `schema --as rust` and `--as numpy`. The generated sources are compiled here and have the same
//! fingerprint.

use super::{Place, event_file, tick_file, writer};
use hydra::schema::{Form, TypeRef};
use hydra::{Descriptor, Hydra, Kind, Reader, Schema};
use snapbox::{file, str};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::marker::PhantomData;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::Stdio;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/v0").join(name)
}

/// Includes generated sources and tests each of them.
macro_rules! generated {
    ($($module:ident: $file:literal, $table:literal, $root:ident;)*) => {
        $(#[allow(warnings, clippy::all)]
        mod $module {
            include!(concat!("generated/", stringify!($module), ".rs"));
        })*

        #[test]
        fn golden_files_as_rust() {
            let place = Place::new();
            $({
                let path = golden($file);
                let args = ["schema", "--as", "rust", "--table", $table, path.to_str().unwrap()];
                let kept = snapbox::Data::read_from(
                    &Path::new(env!("CARGO_MANIFEST_DIR"))
                        .join(concat!("../tests/cli/generated/", stringify!($module), ".rs")),
                    None,
                );
                place.run(&args).code(0).stderr_eq(str![[""]]).stdout_eq(kept);
                let stored = Reader::open(&path).unwrap().dynamic_table($table).unwrap();
                let own = Schema::of::<$module::$root>();
                assert_eq!(own.fingerprint(), stored.schema().fingerprint(), "{}\n{own}", stored.schema());
                assert!(own.is_identical(stored.schema()));
            })*
        }
    };
}

generated! {
    tick: "plain.hydra", "Tick", Tick;
    flagged: "plain.hydra", "Flagged", Flagged;
    scalars: "scalars.hydra", "Scalars", Scalars;
    containers: "containers.hydra", "Containers", Containers;
    shape: "shapes.hydra", "Shape", Shape;
    log: "tables.hydra", "Log", Log;
    order: "tables.hydra", "Order", Order;
    trade: "ecosystem.hydra", "Trade", Trade;
    constants: "constants.hydra", "Constants", Constants;
}

mod other {
    /// Another type of the same name.
    #[derive(hydra::Hydra, Clone, Copy)]
    #[repr(i64)]
    pub(super) enum Level {
        Low = -5,
        High = i64::MAX,
        #[hydra(other)]
        Unknown = 0,
    }
}

#[derive(Hydra, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    #[hydra(rename = "Self")]
    One,
    #[hydra(rename = "two words", alias = "2")]
    Two,
}

#[derive(Hydra, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u16, Level);

#[derive(Hydra)]
struct Two<A, B> {
    first: A,
    second: B,
}

#[derive(Hydra)]
struct Wrapper<T>(Vec<T>);

#[derive(Hydra)]
struct Marked<T: Hydra> {
    id: u32,
    #[hydra(skip)]
    marker: PhantomData<T>,
}

#[derive(Hydra)]
enum Tree<T> {
    Leaf(T),
    Node { left: Box<Tree<T>>, r#type: u8, right: Option<Box<Tree<T>>> },
}

/// What is hard to write.
///
/// # A heading, "quotes" and a \ backslash
#[derive(Hydra)]
#[hydra(name = "my type", version = 2)]
#[repr(align(32))]
struct Awkward {
    #[hydra(rename = "self")]
    pub a: u8,
    /// Two fields that look the same.
    #[hydra(rename = "unit price", default = -0.5)]
    pub b: f32,
    #[hydra(rename = "unit_price", readonly, attr(unit = "µs", low = -5, ratio = 0.5, on = true))]
    pub c: i16,
    #[hydra(rename = "größe", default = "a \"b\"\n".to_string())]
    pub d: String,
    #[hydra(default = -7)]
    r#match: i64,
    #[hydra(default = vec![1])]
    list: Vec<u32>,
    #[hydra(default, settable)]
    map: BTreeMap<Level, NonZeroU16>,
    keys: BTreeSet<(i8, Level)>,
    levels: (Level, other::Level),
    same: Two<u8, u8>,
    different: Two<u8, String>,
    wrappers: (Wrapper<u8>, Wrapper<Wrapper<String>>),
    marked: Marked<Level>,
    tree: Tree<char>,
    pair: Key,
    wide: u128,
}

#[allow(warnings, clippy::all)]
mod awkward {
    include!("generated/awkward.rs");
}

#[test]
fn awkward_types_as_rust() {
    let place = Place::new();
    let mut file = writer(&place.path("a.hydra"));
    file.table::<Awkward>().unwrap();
    file.finish().unwrap();
    place
        .run(&["schema", "--as", "rust", "a.hydra"])
        .code(0)
        .stderr_eq(str![[""]])
        .stdout_eq(file!["generated/awkward.rs"].raw());
    let (own, back) = (Schema::of::<Awkward>(), Schema::of::<awkward::my_type>());
    assert!(own.is_identical(&back), "{own}\n{back}");
}

#[test]
fn what_rust_has_no_type_for() {
    let place = Place::new();
    let mut file = writer(&place.path("days.hydra"));
    let fields = vec![("day".to_string(), TypeRef::Index(1)), ("time".to_string(), TypeRef::Index(2))];
    let day = Descriptor::formed(Kind::I32, Form::Date);
    let time = Descriptor::formed(Kind::I64, Form::Timestamp { exponent: -3 });
    let schema = Schema::new(vec![Descriptor::structure("Day", fields), day, time]).unwrap();
    file.dynamic_table(&schema).unwrap();
    file.finish().unwrap();
    place
        .run(&["schema", "--as", "rust", "days.hydra"])
        .code(3)
        .stdout_eq(str![[r#"
// Table Day, schema fingerprint 0x9ecf07c5e9310c73; made by `hydra schema --as rust`.
// Differs from the file: timestamp of exponent -3 over i64 is the bare i64.
// Needs these features of hydra-format: jiff.

use hydra::Hydra;

#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Day {
    pub day: jiff::civil::Date,
    pub time: i64,
}

"#]])
        .stderr_eq(str![[r#"
warning: days.hydra: timestamp of exponent -3 over i64 is the bare i64

"#]]);
    let mut file = writer(&place.path("words.hydra"));
    file.table::<(u8, Vec<String>)>().unwrap();
    file.finish().unwrap();
    place.run(&["schema", "--as", "rust", "words.hydra"]).code(0).stdout_eq(str![[r#"
// Table (u8,list<string>), schema fingerprint 0x5bf407364f9fc827; made by `hydra schema --as rust`.

use hydra::Hydra;

pub type Root = (u8, Vec<String>);

"#]]);
}

/// Reads every scalar field of every record as the document says, by the standard library alone.
const READ: &str = r#"
import json, struct, sys
doc = json.load(sys.stdin)
data = open(doc["file"], "rb").read()
codes = dict(zip("|b1 |u1 |i1 <u2 <i2 <u4 <i4 <u8 <i8 <f4 <f8".split(), "?BbHhIiQqfd"))
for table in doc["tables"]:
    dtype = table["dtype"]
    for block in table["blocks"]:
        for record in range(block["count"]):
            for name, form, offset in zip(dtype["names"], dtype["formats"], dtype["offsets"]):
                count = 1
                if form[0] == "(":
                    shape, form = form[1:].split(")")
                    for size in filter(None, shape.split(",")):
                        count *= int(size)
                at = block["offset"] + record * dtype["itemsize"] + offset
                print(block["first"] + record, name, *struct.unpack_from("<%d%s" % (count, codes[form]), data, at))
"#;

#[test]
fn as_numpy() {
    let place = event_file();
    place.run(&["schema", "--as", "numpy", "events.hydra"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[
        r#"
{
  "file": "events.hydra",
  "tables": [
    {
      "blocks": [
        {
          "count": 2,
          "first": 0,
          "heap_offset": 9728,
          "offset": 9408,
          "text_offset": 9792
        }
      ],
      "dtype": {
        "formats": [
          "(2,)<u8",
          "(2,)<u8",
          "|u1",
          "|u1",
          "<f8",
          "|u1",
          "|u1",
          "<f4",
          "<f4",
          "(2,)<u4",
          "(2,)<u4",
          "(2,)<u4",
          "(2,)<u8",
          "(2,)<u4",
          "|u1",
          "(2,)<u4",
          "<u4"
        ],
        "itemsize": 144,
        "names": [
          "time",
          "took",
          "level",
          "shape",
          "shape:Circle.r",
          "shape:Line.0",
          "shape:Line.1",
          "pos.x",
          "pos.y",
          "tags",
          "counts",
          "scores",
          "big",
          "blob",
          "note?",
          "note",
          "letter"
        ],
        "offsets": [
          0,
          16,
          32,
          40,
          48,
          48,
          49,
          56,
          60,
          64,
          72,
          80,
          96,
          112,
          120,
          124,
          132
        ]
      },
      "fingerprint": "0x842db07d0e5b0eac",
      "notes": {
        "big": "u128: the low and the high 64 bits",
        "blob": "Vec<u8>: offset in the heap of the block, length in bytes",
        "counts": "BTreeMap<u32, String>: offset in the heap of the block, length in elements",
        "level": "0 Info, 1 Error",
        "note": "String: offset in the text of the block, length in bytes",
        "note?": "1 where there is a value of String",
        "scores": "BTreeMap<String, f32>: offset in the heap of the block, length in elements",
        "shape": "0 Empty, 1 Circle, 2 Line",
        "tags": "Vec<String>: offset in the heap of the block, length in elements",
        "time": "i128: the low and the high 64 bits; 10^-9 seconds since 1970-01-01 UTC",
        "took": "u128: the low and the high 64 bits; 10^-9 seconds"
      },
      "table": "Event"
    }
  ],
  "version": 1
}

"#
    ]]);
    let place = tick_file(600);
    let document = place.result(&["schema", "--as", "numpy", "ticks.hydra"]);
    let read: serde_json::Value = serde_json::from_str(&document).unwrap();
    let (table, bytes) = (&read["tables"][0], place.read("ticks.hydra"));
    let number = |value: &serde_json::Value| value.as_u64().unwrap() as usize;
    let mut records = 0;
    for block in table["blocks"].as_array().unwrap() {
        assert_eq!(number(&block["first"]), records);
        for at in 0..number(&block["count"]) {
            let start = number(&block["offset"]) + at * number(&table["dtype"]["itemsize"]);
            let price = start + number(&table["dtype"]["offsets"][1]);
            assert_eq!(bytes[start..][..8], (records as u64).to_le_bytes());
            assert_eq!(bytes[price..][..8], (records as f64 / 4.0).to_le_bytes());
            records += 1;
        }
    }
    assert_eq!(records, 600);
}

#[test]
fn python_reads_the_same_numbers() {
    let path = golden("containers.hydra");
    let document = Place::new().result(&["schema", "--as", "numpy", path.to_str().unwrap()]);
    let mut python = std::process::Command::new("python3");
    let child = python.args(["-c", READ]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else { return eprintln!("skipped: there is no python3") };
    child.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    snapbox::assert_data_eq!(
        String::from_utf8(output.stdout).unwrap(),
        str![[r#"
0 text.0 0 0
0 text.1 0 0
0 bytes 0 0
0 numbers 0 0
0 bools 0 0
0 nested 0 0
0 array[0]? 0
0 array[0] 0
0 array[1]? 0
0 array[1] 0
0 array[2]? 0
0 array[2] 0
0 option? 0
0 option?? 0
0 option 0 0
0 map 0 0
0 hash_map 0 0
0 set 0 0
0 hash_set 0 0
0 boxed 0 1
0 shared.0 8 1
0 shared.1 16 1
0 pair.first 0
0 pair.second 0 0
1 text.0 0 13
1 text.1 13 4
1 bytes 17 3
1 numbers 20 3
1 bools 32 3
1 nested 36 3
1 array[0]? 1
1 array[0] 1
1 array[1]? 0
1 array[1] 0
1 array[2]? 1
1 array[2] 65535
1 option? 1
1 option?? 1
1 option 23 5
1 map 84 3
1 hash_map 148 2
1 set 180 3
1 hash_set 192 3
1 boxed 216 1
1 shared.0 224 1
1 shared.1 232 1
1 pair.first 1
1 pair.second 240 1

"#]]
    );
}
