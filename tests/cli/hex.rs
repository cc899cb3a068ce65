//! Tests of `hex`.

use super::{Place, event_file, tick_file, two_tables};
use snapbox::str;

#[test]
fn a_record_and_what_it_refers_to() {
    let place = event_file();
    place.run(&["hex", "events.hydra", "[0]"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[r#"
events.hydra  table Event, record 0 of 2: 144 bytes at 0x24c0
record 0 of 2 in its DATA block at 0x2480; block header ✓, payload checksum 0x8eccb099 ✓
  ── line 0x24c0 ────────────────────────────────────────────────────────────────
            time────────────────────────────────────────────
    0x24c0  15 ff 5c 37 b7 68 a6 17  00 00 00 00 00 00 00 00  │..\7.h..........│
            took────────────────────────────────────────────
    0x24d0  00 2f 68 59 00 00 00 00  00 00 00 00 00 00 00 00  │./hY............│
            l… ····················  s… ····················
    0x24e0  01 00 00 00 00 00 00 00  01 00 00 00 00 00 00 00  │................│
            shape:Circle.r─────────  pos.x────── pos.y──────
    0x24f0  9a 99 99 99 99 99 b9 3f  cd cc cc 3d 00 00 00 80  │.......?...=....│
  ── line 0x2500 ────────────────────────────────────────────────────────────────
            tags───────────────────  counts─────────────────
    0x2500  00 00 00 00 02 00 00 00  10 00 00 00 02 00 00 00  │................│
            scores─────────────────  ·······················
    0x2510  28 00 00 00 01 00 00 00  00 00 00 00 00 00 00 00  │(...............│
            big─────────────────────────────────────────────
    0x2520  ff ff ff ff ff ff ff ff  ff ff ff ff ff ff ff ff  │................│
            blob───────────────────  n… ········ note?──────
    0x2530  34 00 00 00 04 00 00 00  01 00 00 00 00 00 00 00  │4...............│
  ── line 0x2540 ────────────────────────────────────────────────────────────────
            ╌╌╌╌╌╌╌╌╌╌╌ letter─────  ·······················
    0x2540  00 00 00 00 e9 00 00 00  00 00 00 00 00 00 00 00  │................│
      +0  time            timestamp<i128>        2024-01-02T03:04:05.123456789Z
     +16  took            duration<u128>         1.5s
     +32  level           Level                  Error
     +40  shape           Shape                  Circle
     +48  shape:Circle.r  f64                    0.1
     +56  pos.x           f32                    0.1
     +60  pos.y           f32                    -0.0
     +64  tags            Vec<String>            → heap 0x2600, 2 elements
     +72  counts          BTreeMap<u32, String>  → heap 0x2610, 2 elements
     +80  scores          BTreeMap<String, f32>  → heap 0x2628, 1 element
     +96  big             u128                   340282366920938463463374607431768211455
    +112  blob            Vec<u8>                → heap 0x2634, 4 bytes
    +120  note?           Option<String>         some
    +124  note?           String                 empty
    +132  letter          char                   é

in the heap
  ── line 0x2600 ────────────────────────────────────────────────────────────────
            tags[0]────────────────  tags[1]────────────────
    0x2600  00 00 00 00 03 00 00 00  03 00 00 00 04 00 00 00  │................│
            [2]──────── counts[2]─────────────── [10]───────
    0x2610  02 00 00 00 07 00 00 00  03 00 00 00 0a 00 00 00  │................│
            counts[10]─────────────  key scores["µ"]────────
    0x2620  0a 00 00 00 03 00 00 00  0d 00 00 00 02 00 00 00  │................│
            scores["µ"] blob───────
    0x2630  00 00 c0 7f 00 01 02 ff                           │........│
      +0  tags[0]          String   → text 0x2640, 3 bytes
      +8  tags[1]          String   → text 0x2643, 4 bytes
     +16  key counts[2]    u32      2
     +20  counts[2]        String   → text 0x2647, 3 bytes
     +28  key counts[10]   u32      10
     +32  counts[10]       String   → text 0x264a, 3 bytes
     +40  key scores["µ"]  String   → text 0x264d, 2 bytes
     +48  scores["µ"]      f32      NaN
     +52  blob             Vec<u8>  000102ff

in the text
  ── line 0x2640 ────────────────────────────────────────────────────────────────
            tags[0]─ tags[1]──── counts[2] [10]──── ["µ"]
    0x2640  61 2c 62 22 71 22 0a 74  77 6f 74 65 6e c2 b5     │a,b"q".twoten..│
      +0  tags[0]          String  "a,b"
      +3  tags[1]          String  "\"q\"\n"
      +7  counts[2]        String  "two"
     +10  counts[10]       String  "ten"
     +13  key scores["µ"]  String  "µ"


"#]]);
    place.run(&["hex", "events.hydra", "[0].counts[10]"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[
        r#"
events.hydra  table Event, record 0 of 2: 144 bytes at 0x24c0
record 0 of 2 in its DATA block at 0x2480; block header ✓, payload checksum 0x8eccb099 ✓
in the heap
  ── line 0x2600 +16 ────────────────────────────────────────────────────────────
                                                 [10]───────
    0x2610                                       0a 00 00 00  │            ....│
            counts[10]─────────────
    0x2620  0a 00 00 00 03 00 00 00                           │........│
      +0  key counts[10]  u32     10
      +4  counts[10]      String  → text 0x264a, 3 bytes

in the text
  ── line 0x2640 ────────────────────────────────────────────────────────────────
                                           [10]────
    0x2640                                 74 65 6e           │          ten│
      +0  counts[10]  String  "ten"


"#
    ]]);
    two_tables().run(&["hex", "two.hydra", "[Position].x"]).code(0).stdout_eq(str![[r#"
two.hydra  table Position, record 0 of 1: 8 bytes at 0x22c0
record 0 of 1 in its DATA block at 0x2280; block header ✓, payload checksum 0xc0091917 ✓
  ── line 0x22c0 ────────────────────────────────────────────────────────────────
            x────────── y──────────
    0x22c0  00 00 80 3f 00 00 00 40                           │...?...@│
      +0  x  f32  1.0


"#]]);
    place.run(&["hex", "events.hydra", "[0].pas"]).code(1).stdout_eq(str![[""]]).stderr_eq(str![[r#"
error[HY0501]: no such value: no field `pas` in struct Event (at byte 0)
      pas
      ^^^
  --> events.hydra, table Event, at pas
  = help: did you mean `pos`?

"#]]);
}

#[test]
fn colours() {
    let args = ["hex", "--color", "always", "ticks.hydra", "[7]"];
    tick_file(9).run(&args).code(0).stdout_eq(str![[r#"
[1mticks.hydra  table Tick, record 7 of 9: 16 bytes at 0x21b0[0m
[2mrecord 7 of 9 in its DATA block at 0x2100; block header ✓, payload checksum 0x8b914799 ✓[0m
[2m  ── line 0x2180 +48 ────────────────────────────────────────────────────────────[0m
            [36mtime───────────────────[0m  [33mprice──────────────────[0m
[2m    0x21b0[0m  [36m07[0m [36m00[0m [36m00[0m [36m00[0m [36m00[0m [36m00[0m [36m00[0m [36m00[0m  [33m00[0m [33m00[0m [33m00[0m [33m00[0m [33m00[0m [33m00[0m [33mfc[0m [33m3f[0m  │[36m.[0m[36m.[0m[36m.[0m[36m.[0m[36m.[0m[36m.[0m[36m.[0m[36m.[0m[33m.[0m[33m.[0m[33m.[0m[33m.[0m[33m.[0m[33m.[0m[33m.[0m[33m?[0m│
[2m      +0  [0m[36mtime[0m   [2mu64[0m  7
[2m      +8  [0m[33mprice[0m  [2mf64[0m  1.75


"#]]);
}

#[test]
fn headers() {
    let place = tick_file(9);
    place.run(&["hex", "ticks.hydra"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![[r#"
ticks.hydra  file header, both copies are the same
  ── line 0x0 ───────────────────────────────────────────────────────────────────
            magic──────────────────  major minor ···········
       0x0  89 48 59 44 0d 0a 1a 0a  00 00 01 00 00 00 00 00  │.HYD............│
            incompat───────────────  read only──────────────
      0x10  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  │................│
            compat─────────────────  file id────────────────
      0x20  00 00 00 00 00 00 00 00  30 31 32 33 34 35 36 37  │........01234567│
            ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  ··········· crc────────
      0x30  38 39 61 62 63 64 65 66  00 00 00 00 b7 f2 b6 cc  │89abcdef........│
      +0  magic      u64       ✓
      +8  major      u16       0
     +10  minor      u16       1
     +16  incompat   u64       0
     +24  read only  u64       0
     +32  compat     u64       0
     +40  file id    16 bytes  30313233343536373839616263646566
     +60  crc        u32       0xccb6f2b7 ✓

ticks.hydra  commit record, slot 0
  ── line 0x200 ─────────────────────────────────────────────────────────────────
            sequence───────────────  committed──────────────
     0x200  02 00 00 00 00 00 00 00  00 24 00 00 00 00 00 00  │.........$......│
            synced─────────────────  last block─────────────
     0x210  00 24 00 00 00 00 00 00  00 23 00 00 00 00 00 00  │.$.......#......│
            directory──────────────  schema─────────────────
     0x220  00 23 00 00 00 00 00 00  00 22 00 00 00 00 00 00  │.#......."......│
            meta───────────────────  records────────────────
     0x230  00 00 00 00 00 00 00 00  09 00 00 00 00 00 00 00  │................│
  ── line 0x240 ─────────────────────────────────────────────────────────────────
            blocks─────────────────  epoch────── flags──────
     0x240  04 00 00 00 00 00 00 00  01 00 00 00 01 00 00 00  │................│
            ················································
     0x250  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  │................│
            ················································
     0x260  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  │................│
            ···································· crc────────
     0x270  00 00 00 00 00 00 00 00  00 00 00 00 fe 9a 9e ba  │................│
      +0  sequence    u64  2
      +8  committed   u64  0x2400
     +16  synced      u64  0x2400
     +24  last block  u64  0x2300
     +32  directory   u64  0x2300
     +40  schema      u64  0x2200
     +48  meta        u64  none
     +56  records     u64  9
     +64  blocks      u64  4
     +72  epoch       u32  1
     +76  flags       u32  1: closed cleanly
    +124  crc         u32  0xba9e9afe ✓

ticks.hydra  commit record, slot 1
  ── line 0x1200 ────────────────────────────────────────────────────────────────
            sequence───────────────  committed──────────────
    0x1200  02 00 00 00 00 00 00 00  00 24 00 00 00 00 00 00  │.........$......│
            synced─────────────────  last block─────────────
    0x1210  00 24 00 00 00 00 00 00  00 23 00 00 00 00 00 00  │.$.......#......│
            directory──────────────  schema─────────────────
    0x1220  00 23 00 00 00 00 00 00  00 22 00 00 00 00 00 00  │.#......."......│
            meta───────────────────  records────────────────
    0x1230  00 00 00 00 00 00 00 00  09 00 00 00 00 00 00 00  │................│
  ── line 0x1240 ────────────────────────────────────────────────────────────────
            blocks─────────────────  epoch────── flags──────
    0x1240  04 00 00 00 00 00 00 00  01 00 00 00 01 00 00 00  │................│
            ················································
    0x1250  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  │................│
            ················································
    0x1260  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  │................│
            ···································· crc────────
    0x1270  00 00 00 00 00 00 00 00  00 00 00 00 fe 9a 9e ba  │................│
      +0  sequence    u64  2
      +8  committed   u64  0x2400
     +16  synced      u64  0x2400
     +24  last block  u64  0x2300
     +32  directory   u64  0x2300
     +40  schema      u64  0x2200
     +48  meta        u64  none
     +56  records     u64  9
     +64  blocks      u64  4
     +72  epoch       u32  1
     +76  flags       u32  1: closed cleanly
    +124  crc         u32  0xba9e9afe ✓

next: hydra hex ticks.hydra 0x2000 shows the first block, '[0]' the first record

"#]]);
    let block = place.result(&["hex", "ticks.hydra", "0x2100"]);
    snapbox::assert_data_eq!(
        block.as_str(),
        str![[r#"
ticks.hydra  DATA block at 0x2100
  ── line 0x2100 ────────────────────────────────────────────────────────────────
            magic────── k… f… l… e…  lines────── schema─────
    0x2100  48 42 4c 4b 02 00 00 00  04 00 00 00 01 00 00 00  │HBLK............│
            sync───────────────────  first──────────────────
    0x2110  30 10 32 33 34 35 36 37  00 00 00 00 00 00 00 00  │0.234567........│
            count────── stride─────  distance─── payload────
    0x2120  09 00 00 00 10 00 00 00  04 00 00 00 c0 00 00 00  │................│
            epoch────── text───────  payload crc crc────────
    0x2130  01 00 00 00 c0 00 00 00  99 47 91 8b 0c e7 50 7c  │.........G....P|│
      +0  magic        u32  "HBLK" ✓
      +4  kind         u8   2: DATA
      +5  flags        u8   0
      +6  layout       u8   0: rows
      +7  encoding     u8   0: none
      +8  lines        u32  4 lines, 256 bytes
     +12  schema       u32  1
     +16  sync         u64  ✓ this place in this file
     +24  first        u64  0
     +32  count        u32  9
     +36  stride       u32  16
     +40  distance     u32  4: the block at 0x2000
     +44  payload      u32  192 bytes
     +48  epoch        u32  1
     +52  text         u32  192: 0x2200
     +56  payload crc  u32  0x8b914799 ✓
     +60  crc          u32  0x7c50e70c ✓

  records   0x2140..0x21d0  144 bytes

"#]]
    );
    assert_eq!(block, place.result(&["hex", "ticks.hydra", "8448"]));
}

#[test]
fn any_offset_finds_its_block() {
    let place = tick_file(600);
    let hex = |place: &Place, offset: &str| place.result(&["hex", "ticks.hydra", offset]);
    assert_eq!(hex(&place, "0x2143"), place.result(&["hex", "ticks.hydra", "[0]"]), "in a record");
    assert_eq!(hex(&place, "700"), place.result(&["hex", "ticks.hydra"]), "in the header region");
    assert!(hex(&place, "0x2050").contains("SCHEMA block at 0x2000"));
    assert!(hex(&place, "0x2050").contains("the line of 0x2050, in its payload"));
    place.run(&["hex", "ticks.hydra", "99999999"]).code(1).stderr_eq(str![[r#"
error[HY0501]: no such value
  --> ticks.hydra: expected a file offset below 18816, found 99999999

"#]]);
    place.run(&["set", "ticks.hydra", "[0].price=1"]).code(0);
    assert!(hex(&place, "0x2143").contains("DATA block at 0x2100"), "in a block that was replaced");
    assert!(hex(&place, "0x2143").contains("the line of 0x2143, in its payload"));
}

#[test]
fn damage_is_shown() {
    let place = tick_file(600);
    place.change("ticks.hydra", |bytes| {
        bytes[60] ^= 1;
        bytes[0x2140 + 5] ^= 1;
        bytes[0x3100] ^= 1;
    });
    place
        .run(&["hex", "ticks.hydra", "[0]"])
        .code(0)
        .stdout_eq(str![[r#"
ticks.hydra  table Tick, record 0 of 600: 16 bytes at 0x2140
record 0 of 252 in its DATA block at 0x2100; block header ✓, payload checksum 0x1810c445 ✗ computed 0x9a936424
  ── line 0x2140 ────────────────────────────────────────────────────────────────
            time───────────────────  price──────────────────
    0x2140  00 00 00 00 00 01 00 00  00 00 00 00 00 00 00 00  │................│
      +0  time   u64
      +8  price  f64


"#]])
        .stderr_eq(str![[r#"
warning: ticks.hydra: damaged (header); hydra check ticks.hydra shows details
error[HY0202]: payload checksum mismatch
  --> ticks.hydra @ 0x2100, a DATA block, schema 1, records 0..=251: expected 0x1810c445, found 0x9a936424
  = help: hydra check ticks.hydra

"#]]);
    place
        .run(&["hex", "ticks.hydra", "0x3100"])
        .code(0)
        .stdout_eq(str![[r#"
ticks.hydra  DATA block at 0x3100
the index has a DATA block here, and its header is damaged
  ── line 0x3100 ────────────────────────────────────────────────────────────────
            magic────── k… f… l… e…  lines────── schema─────
    0x3100  49 42 4c 4b 02 00 00 00  40 00 00 00 01 00 00 00  │IBLK....@.......│
            sync───────────────────  first──────────────────
    0x3110  30 00 32 33 34 35 36 37  fc 00 00 00 00 00 00 00  │0.234567........│
            count────── stride─────  distance─── payload────
    0x3120  fc 00 00 00 10 00 00 00  40 00 00 00 c0 0f 00 00  │........@.......│
            epoch────── text───────  payload crc crc────────
    0x3130  01 00 00 00 c0 0f 00 00  60 bb a0 24 a1 f2 d8 64  │........`..$...d│
      +0  magic        u32  "IBLK" ✗ not HBLK
      +4  kind         u8   2: DATA
      +5  flags        u8   0
      +6  layout       u8   0: rows
      +7  encoding     u8   0: none
      +8  lines        u32  64 lines, 4.0 KiB (4096)
     +12  schema       u32  1
     +16  sync         u64  ✓ this place in this file
     +24  first        u64  252
     +32  count        u32  252
     +36  stride       u32  16
     +40  distance     u32  64: the block at 0x2100
     +44  payload      u32  3.9 KiB (4032)
     +48  epoch        u32  1
     +52  text         u32  4,032: 0x4100
     +56  payload crc  u32  0x24a0bb60 ✓
     +60  crc          u32  0x64d8f2a1 ✗ computed 0xae0b7c2e

  records   0x3140..0x4100  3.9 KiB (4032)

"#]])
        .stderr_eq(str![[""]]);
    let header = place.result(&["hex", "ticks.hydra"]);
    assert!(header.contains("file header, copy 1") && header.contains("✗ computed 0x"), "{header}");
    let place = Place::with("text", "no Hydra file");
    assert!(place.result(&["hex", "text"]).contains("✗ not that of a Hydra file"));
    place.run(&["hex", "text", "[0]"]).code(1);
}

#[test]
fn the_same_for_machines() {
    let place = event_file();
    let output =
        place.run(&["hex", "-f", "json", "events.hydra", "[0].tags"]).code(0).get_output().stdout.clone();
    let document: serde_json::Value = serde_json::from_slice(&output).unwrap();
    assert_eq!(document["version"], 1);
    let regions = document["sections"][0]["regions"].as_array().unwrap();
    let parts: Vec<&serde_json::Value> =
        regions.iter().flat_map(|region| region["parts"].as_array().unwrap()).collect();
    let paths: Vec<&str> = parts.iter().map(|part| part["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["tags", "tags[0]", "tags[1]", "tags[0]", "tags[1]"]);
    // Every offset leads to bytes of the file, and these bytes are shown.
    let file = std::fs::read(place.path("events.hydra")).unwrap();
    for region in regions {
        let (from, hex) = (region["offset"].as_u64().unwrap() as usize, region["hex"].as_str().unwrap());
        let own: String = file[from..][..hex.len() / 2].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, own);
    }
}

#[test]
fn a_block_of_unknown_layout_is_not_taken_for_rows() {
    let golden =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/invalid/layout.hydra");
    let place = Place::with("x.hydra", std::fs::read(golden).unwrap());
    place.change("x.hydra", |bytes| {
        bytes[0x2246] = 9;
        let crc = crc32fast::hash(&bytes[0x2240..0x227c]);
        bytes[0x227c..0x2280].copy_from_slice(&crc.to_le_bytes());
    });
    let unsupported = str![[r#"
error[HY0203]: unsupported block
  --> x.hydra @ 0x2240, a DATA block, schema 1, records 0..=1: found layout 9
  = help: update this program

"#]];
    let said = place.run(&["hex", "x.hydra", "[1]"]).code(0).stderr_eq(unsupported);
    let text = String::from_utf8(said.get_output().stdout.clone()).unwrap();
    assert!(text.contains("table Row, record 1 of 2: somewhere in this block"), "{text}");
    for text in
        [text, place.result(&["hex", "x.hydra", "0x2240"]), place.result(&["hex", "x.hydra", "0x2290"])]
    {
        assert!(text.contains("layout       u8   9: unknown"), "{text}");
        assert!(text.contains("layout 9 of a block is unknown: the regions"), "{text}");
        assert!(!text.contains("Option<u16>") && !text.contains("\n  records "), "{text}");
    }
    let layout = place.result(&["layout", "x.hydra"]);
    assert!(layout.contains("\n  unknown layout ") && !layout.contains("\n  records "), "{layout}");
    let numpy = place.run(&["schema", "--as", "numpy", "x.hydra"]).code(3).stderr_eq(str![[r#"
warning: x.hydra: 2 records of table Row left out: layout 9 of a block is unknown

"#]]);
    let document: serde_json::Value = serde_json::from_slice(&numpy.get_output().stdout).unwrap();
    assert_eq!(document["tables"][0]["blocks"], serde_json::json!([]));
}
