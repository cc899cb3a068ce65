//! Tests of `layout`.

use super::{Place, event_file, tick_file, two_tables, writer};
use hydra::Hydra;
use snapbox::str;

#[derive(Hydra)]
struct Loose {
    live: bool,
    time: u64,
    grade: u8,
    inner: Inner,
    count: u32,
}

#[derive(Hydra)]
struct Inner {
    a: u8,
    b: u16,
    c: u8,
}

fn loose() -> Place {
    let place = Place::new();
    let mut file = writer(&place.path("loose.hydra"));
    let table = file.table::<Loose>().unwrap();
    for time in 0..100 {
        let inner = Inner { a: 1, b: 2, c: 3 };
        file.append(table, &Loose { live: true, time, grade: 7, inner, count: 9 }).unwrap();
    }
    file.finish().unwrap();
    place
}

#[test]
fn a_better_order() {
    loose().run(&["layout", "loose.hydra"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[r#"
loose.hydra  12.4 KiB (12736)
  region                   size   share        in
  header region  8.0 KiB (8192)  64.3 %            ███████████████████
  block headers       256 bytes   2.0 %  4 blocks  █
  records        3.1 KiB (3200)  25.1 %   1 block  ████████
  schemas             774 bytes   6.1 %  2 blocks  ██
  index               160 bytes   1.3 %   1 block
  padding             154 bytes   1.2 %

table Loose  100 records, 32 bytes each, aligned to 8, 12 bytes of padding between fields
     0 │a·······bbbbbbbbc·ddddddeeee····│
    offset  bytes  field    type
 a       0      1  live     bool
 ·       1      7  padding
 b       8      8  time     u64
 c      16      1  grade    u8
 ·      17      1  padding
 d      18      6  inner    Inner
 e      24      4  count    u32
 ·      28      4  padding
  the order time, count, inner, live, grade saves 8 of 32 bytes, 800 bytes in all
  in Inner, the order b, a, c saves 2 of 6 bytes


"#]]);
    loose().run(&["layout", "-f", "json", "loose.hydra"]).code(0).stdout_eq(str![[r#"
{
  "file": "loose.hydra",
  "regions": [
    {
      "blocks": 0,
      "bytes": 8192,
      "region": "header region"
    },
    {
      "blocks": 4,
      "bytes": 256,
      "region": "block headers"
    },
    {
      "blocks": 1,
      "bytes": 3200,
      "region": "records"
    },
    {
      "blocks": 0,
      "bytes": 0,
      "region": "heap"
    },
    {
      "blocks": 0,
      "bytes": 0,
      "region": "text"
    },
    {
      "blocks": 0,
      "bytes": 0,
      "region": "column directories"
    },
    {
      "blocks": 0,
      "bytes": 0,
      "region": "column streams"
    },
    {
      "blocks": 2,
      "bytes": 774,
      "region": "schemas"
    },
    {
      "blocks": 1,
      "bytes": 160,
      "region": "index"
    },
    {
      "blocks": 0,
      "bytes": 0,
      "region": "metadata"
    },
    {
      "blocks": 0,
      "bytes": 0,
      "region": "unknown layout"
    },
    {
      "blocks": 0,
      "bytes": 154,
      "region": "padding"
    },
    {
      "blocks": 0,
      "bytes": 0,
      "region": "dead blocks"
    },
    {
      "blocks": 0,
      "bytes": 0,
      "region": "damaged"
    },
    {
      "blocks": 0,
      "bytes": 0,
      "region": "after the last commit"
    }
  ],
  "size_bytes": 12736,
  "tables": [
    {
      "align_bytes": 8,
      "better": {
        "order": [
          "time",
          "count",
          "inner",
          "live",
          "grade"
        ],
        "saved_bytes": 800,
        "size_bytes": 24
      },
      "columns": null,
      "crosses_line": {
        "of": 1,
        "records": 0
      },
      "records": 100,
      "size_bytes": 32,
      "slots": [
        {
          "crosses_line": {
            "of": 1,
            "records": 0
          },
          "field": "live",
          "offset_bytes": 0,
          "size_bytes": 1
        },
        {
          "crosses_line": {
            "of": 1,
            "records": 0
          },
          "field": null,
          "offset_bytes": 1,
          "size_bytes": 7
        },
        {
          "crosses_line": {
            "of": 1,
            "records": 0
          },
          "field": "time",
          "offset_bytes": 8,
          "size_bytes": 8
        },
        {
          "crosses_line": {
            "of": 1,
            "records": 0
          },
          "field": "grade",
          "offset_bytes": 16,
          "size_bytes": 1
        },
        {
          "crosses_line": {
            "of": 1,
            "records": 0
          },
          "field": null,
          "offset_bytes": 17,
          "size_bytes": 1
        },
        {
          "crosses_line": {
            "of": 1,
            "records": 0
          },
          "field": "inner",
          "offset_bytes": 18,
          "size_bytes": 6
        },
        {
          "crosses_line": {
            "of": 1,
            "records": 0
          },
          "field": "count",
          "offset_bytes": 24,
          "size_bytes": 4
        },
        {
          "crosses_line": {
            "of": 1,
            "records": 0
          },
          "field": null,
          "offset_bytes": 28,
          "size_bytes": 4
        }
      ],
      "table": "Loose"
    }
  ],
  "version": 1
}

"#]]);
}

#[test]
fn large_records_and_several_tables() {
    event_file().run(&["layout", "events.hydra"]).code(0).stdout_eq(str![[r#"
events.hydra  11.3 KiB (11584)
  region                   size   share        in
  header region  8.0 KiB (8192)  70.7 %            █████████████████████
  block headers       320 bytes   2.8 %  5 blocks  █
  records             288 bytes   2.5 %   1 block  █
  heap                 64 bytes   0.6 %   1 block
  text                 15 bytes   0.1 %   1 block
  schemas        2.1 KiB (2126)  18.4 %  2 blocks  ██████
  index               160 bytes   1.4 %   1 block
  metadata            198 bytes   1.7 %   1 block  █
  padding             221 bytes   1.9 %            █

table Event  2 records, 144 bytes each, aligned to 16, 23 bytes of padding between fields
     0 │aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbc·······ddddddddddddddddeeeeeeee│
    64 │ffffffffgggggggghhhhhhhh········iiiiiiiiiiiiiiiijjjjjjjjkkkkkkkk│
   128 │kkkkllll········│
    offset  bytes  field    type
 a       0     16  time     timestamp<i128>
 b      16     16  took     duration<u128>
 c      32      1  level    Level
 ·      33      7  padding
 d      40     16  shape    Shape                  crosses a line in 1 of 4
 e      56      8  pos      Position
 f      64      8  tags     Vec<String>
 g      72      8  counts   BTreeMap<u32, String>
 h      80      8  scores   BTreeMap<String, f32>
 ·      88      8  padding
 i      96     16  big      u128
 j     112      8  blob     Vec<u8>
 k     120     12  note     Option<String>         crosses a line in 1 of 4
 l     132      4  letter   char
 ·     136      8  padding
  the order time, took, big, shape, pos, tags, counts, scores, blob, note, letter, level saves 16 of 144 bytes, 32 bytes in all


"#]]);
    two_tables().run(&["layout", "two.hydra"]).code(0).stdout_eq(str![[r#"
two.hydra  9.6 KiB (9792)
  region                   size   share        in
  header region  8.0 KiB (8192)  83.7 %            █████████████████████████
  block headers       448 bytes   4.6 %  7 blocks  █
  records              24 bytes   0.2 %  2 blocks
  schemas             654 bytes   6.7 %  4 blocks  ██
  index               256 bytes   2.6 %   1 block  █
  padding             218 bytes   2.2 %            █

table Tick  1 record, 16 bytes each, aligned to 8, no padding between fields
     0 │aaaaaaaabbbbbbbb│
    offset  bytes  field  type
 a       0      8  time   u64
 b       8      8  price  f64

table Position  1 record, 8 bytes each, aligned to 4, no padding between fields
     0 │aaaabbbb│
    offset  bytes  field  type
 a       0      4  x      f32
 b       4      4  y      f32


"#]]);
    two_tables().run(&["layout", "--table", "Tock", "two.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0403]: no such table
  --> two.hydra: expected one of Tick, Position, found Tock
  = help: --table NAME selects one of them

"#]]);
}

#[test]
fn colours() {
    let args = ["layout", "--color", "always", "ticks.hydra"];
    tick_file(9).run(&args).code(0).stdout_eq(str![[r#"
[1mticks.hydra[0m  9.0 KiB (9216)
  [1mregion[0m                   [1msize[0m   [1mshare[0m        [1min[0m
  header region  8.0 KiB (8192)  88.9 %            ███████████████████████████
  block headers       256 bytes   2.8 %  4 blocks  █
  records             144 bytes   1.6 %   1 block
  schemas             374 bytes   4.1 %  2 blocks  █
  index               160 bytes   1.7 %   1 block  █
  padding              90 bytes   1.0 %

[1mtable Tick[0m  9 records, 16 bytes each, aligned to 8, no padding between fields
  [2m   0[0m │[36maaaaaaaa[0m[33mbbbbbbbb[0m│
    [1moffset[0m  [1mbytes[0m  [1mfield[0m  [1mtype[0m
 a       [2m0[0m      8  time   u64
 b       [2m8[0m      8  price  f64


"#]]);
}

/// Checks that every byte is counted once, also in files that are damaged, cut, or hold uncommitted bytes.
#[test]
fn the_regions_are_the_file() {
    let total = |place: &Place, name: &str| {
        let text = place.command(&["layout", "-f", "json", name]).output().unwrap();
        let document: serde_json::Value = serde_json::from_slice(&text.stdout).unwrap();
        let regions = document["regions"].as_array().unwrap().iter();
        let sum: u64 = regions.map(|region| region["bytes"].as_u64().unwrap()).sum();
        assert_eq!(document["size_bytes"].as_u64().unwrap(), sum, "{document:#}");
        document["regions"].clone()
    };
    let place = tick_file(2000);
    let bytes = |regions: &serde_json::Value, name: &str| {
        regions.as_array().unwrap().iter().find(|region| region["region"] == name).unwrap()["bytes"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(bytes(&total(&place, "ticks.hydra"), "records"), 2000 * 16);
    place.change("ticks.hydra", |bytes| bytes.extend([0xff; 100]));
    assert_eq!(bytes(&total(&place, "ticks.hydra"), "after the last commit"), 100);
    place.change("ticks.hydra", |bytes| bytes[0x3100] ^= 1);
    assert_eq!(bytes(&total(&place, "ticks.hydra"), "damaged"), 4096);
    place.change("ticks.hydra", |bytes| bytes.truncate(0x5000));
    total(&place, "ticks.hydra");
}
