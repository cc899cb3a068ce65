//! Tests one file from start to end: an example program writes it; then the command lists, queries, dumps and
//! edits it and turns its schema back into Rust.

use super::Place;
use hydra::{Reader, Schema};
use snapbox::str;
use std::path::Path;
use std::process::Command;

#[allow(warnings, clippy::all)]
mod penguin {
    include!("generated/penguin.rs");
}

/// Runs an example of the library in a place.
fn example(place: &Place, name: &str) {
    let target = Path::new(env!("CARGO_BIN_EXE_hydra")).ancestors().nth(2).unwrap();
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hydra-format/Cargo.toml");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--example", name, "--manifest-path"]).arg(manifest);
    let run = cargo.arg("--target-dir").arg(target).current_dir(place.path("")).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn listed_queried_dumped_edited_and_turned_back_into_rust() {
    let place = Place::new();
    example(&place, "penguins");
    place.run(&["inspect", "penguins.hydra"]).code(0).stdout_eq(str![[r#"
penguins.hydra  ✓ closed cleanly
  34.0 KiB (34816), 1 table, 344 records
  file id [..], commit 2, 5 blocks

table Penguin  344 records, 1 block, 64 bytes a record, schema e940fefba919ccb7
  offset  field           type
       0  species         Species
       4  island          String
      16  bill_length     Option<f64>  [mm]
      32  bill_depth      Option<f64>  [mm]
      48  flipper_length  Option<u16>  [mm]
      52  body_mass       Option<u16>  [g]
      56  sex             Option<Sex>
      58  year            u16
  … 2 types below: hydra schema

metadata  1 key
  source  https://allisonhorst.github.io/palmerpenguins/ (CC0)

not verified: checksums and contents of 1 data block; hydra check penguins.hydra reads every byte

"#]]);
    place.run(&["get", "penguins.hydra", "[3:6].body_mass"]).code(0).stdout_eq(str![[r#"
null
3450
3650

"#]]);
    place
        .run(&["cat", "-n", "3", "--skip", "2", "--fields", "species,body_mass,sex", "penguins.hydra"])
        .code(0)
        .stdout_eq(str![[r#"
species  body_mass  sex
Adelie        3250  Female
Adelie        null  null
Adelie        3450  Female

"#]]);
    place.run(&["hex", "penguins.hydra", "[3].species"]).code(0).stdout_eq(str![[r#"
penguins.hydra  table Penguin, record 3 of 344: 64 bytes at 0x2480
record 3 of 344 in its DATA block at 0x2380; block header ✓, payload checksum 0x4c4fd533 ✓
  ── line 0x2480 ────────────────────────────────────────────────────────────────
            s… ········ island────────────────── ···········
    0x2480  00 00 00 00 1b 00 00 00  09 00 00 00 00 00 00 00  │................│
            b… ·············································
    0x2490  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  │................│
            b… ·············································
    0x24a0  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  │................│
            f… ········ b… ········  s… ·· year─ ···········
    0x24b0  00 00 00 00 00 00 00 00  00 00 d7 07 00 00 00 00  │................│
      +0  species  Species  Adelie


"#]]);
    place
        .run(&["set", "penguins.hydra", "[3].body_mass=3475", "[3].sex=Female", "[3].island=Biscoe Point"])
        .code(0)
        .stdout_eq(str![[r#"
[3].body_mass: null -> 3475
[3].sex: null -> Female
[3].island: Torgersen -> Biscoe Point

"#]]);
    place.run(&["set", "penguins.hydra", "[3].year=1234567"]).code(1).stderr_eq(str![[r#"
error[HY0509]: cannot be set: the new value does not fit
  --> penguins.hydra, table Penguin, record 3, at year: expected u16, found 1234567
  = help: numbers are not rounded or wrapped: give one in range

"#]]);
    place.run(&["get", "penguins.hydra", "[3]"]).code(0).stdout_eq(str![[r#"
species  island        bill_length  bill_depth  flipper_length  body_mass  sex     year
Adelie   Biscoe Point         null        null            null       3475  Female  2007

"#]]);
    place.run(&["check", "penguins.hydra"]).code(0).stdout_eq(str![[r#"
✓ penguins.hydra  344 records in 8 blocks, 58.8 KiB (60160) verified, nothing found

"#]]);
    place
        .run(&["schema", "--as", "rust", "penguins.hydra"])
        .code(0)
        .stdout_eq(snapbox::file!["generated/penguin.rs"]);

    let file = Reader::open(place.path("penguins.hydra")).unwrap();
    assert!(Schema::of::<penguin::Penguin>().is_identical(file.dynamic_table("Penguin").unwrap().schema()));
    let edited: penguin::Penguin = file.table().unwrap().get(3).unwrap().decode().unwrap();
    let edited = hydra::Value::of(&edited).to_string();
    let shown = r#"island: "Biscoe Point", bill_length: None, bill_depth: None, flipper_length: None"#;
    assert!(
        edited.contains(shown) && edited.ends_with("Some(3475), sex: Some(Female), year: 2007 }"),
        "{edited}"
    );
}
