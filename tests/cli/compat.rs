//! Tests of `compat`, which compares two versions of a type, and of `convert --schema`, which converts a file
//! to another version.

use super::{Place, two_tables, writer};
use hydra::Hydra;
use snapbox::str;

mod first {
    #[derive(hydra::Hydra)]
    pub(super) struct Trade {
        pub(super) time: u32,
        pub(super) venue: String,
        pub(super) lot: Option<u16>,
    }
}

mod second {
    use super::Venue;

    #[derive(hydra::Hydra)]
    #[hydra(version = 2)]
    pub(super) struct Trade {
        venue: Venue,
        #[hydra(alias = "time")]
        at: u64,
        #[hydra(default = 1.5)]
        price: f64,
        #[deprecated(note = "nobody fills it in")]
        note: Option<String>,
    }
}

#[derive(Hydra, Clone, Copy)]
enum Venue {
    Lse,
    #[hydra(other)]
    Other,
}

/// Makes files of two versions of a type.
fn generations() -> Place {
    let place = Place::new();
    let mut file = writer(&place.path("old.hydra"));
    let table = file.table::<first::Trade>().unwrap();
    for (time, venue) in [(7, "Lse"), (8, "NYSE")] {
        file.append(table, &first::Trade { time, venue: venue.into(), lot: Some(3) }).unwrap();
    }
    file.set_metadata("source", "a test").unwrap();
    file.finish().unwrap();
    let mut file = writer(&place.path("new.hydra"));
    file.table::<second::Trade>().unwrap();
    file.finish().unwrap();
    place
}

#[test]
fn what_breaks_and_for_whom() {
    let place = generations();
    place.run(&["compat", "old.hydra", "new.hydra"]).code(4).stdout_eq(str![[r#"
table Trade  transcoded: each block is copied once
  names in JSON and CSV
    warning  at: was time [field-renamed]
  new readers of old files
    note     price: reads as its default [field-added]
    note     note: reads as none [field-added]
    note     the record: fields are in another order [fields-reordered]
    warning  lot: is not read [field-removed]
    note     venue: text to Venue, by name [text-to-enum]
    warning  venue: other names read as Other [name-removed]
    note     at: u32 to u64 [widened]
  old readers of new files
    break    time: u64 cannot be read as u32; numbers are not narrowed: keep the wider type, or #[hydra(alias)] a new field and convert [incompatible]
    break    venue: Venue cannot be read as String; give the field another name, with #[hydra(default)] or as an Option [incompatible]
  reading in place
    warning  the record: transcoded: each block is copied once [zero-copy-lost]
  people
    note     the record: 0 to 2 [version]
    note     Trade.note: nobody fills it in [deprecated]
✗ 2 findings denied

"#]]);
    place.run(&["compat", "-f", "json", "old.hydra", "new.hydra"]).code(4).stdout_eq(str![[r#"
{
  "compatible": false,
  "tables": [
    {
      "findings": [
        {
          "path": "at",
          "rule": "field-renamed",
          "severity": "warning",
          "text": "was time",
          "who": "names in JSON and CSV"
        },
        {
          "path": "price",
          "rule": "field-added",
          "severity": "note",
          "text": "reads as its default",
          "who": "new readers of old files"
        },
        {
          "path": "note",
          "rule": "field-added",
          "severity": "note",
          "text": "reads as none",
          "who": "new readers of old files"
        },
        {
          "path": "",
          "rule": "fields-reordered",
          "severity": "note",
          "text": "fields are in another order",
          "who": "new readers of old files"
        },
        {
          "path": "lot",
          "rule": "field-removed",
          "severity": "warning",
          "text": "is not read",
          "who": "new readers of old files"
        },
        {
          "path": "venue",
          "rule": "text-to-enum",
          "severity": "note",
          "text": "text to Venue, by name",
          "who": "new readers of old files"
        },
        {
          "path": "venue",
          "rule": "name-removed",
          "severity": "warning",
          "text": "other names read as Other",
          "who": "new readers of old files"
        },
        {
          "path": "at",
          "rule": "widened",
          "severity": "note",
          "text": "u32 to u64",
          "who": "new readers of old files"
        },
        {
          "path": "time",
          "rule": "incompatible",
          "severity": "break",
          "text": "u64 cannot be read as u32; numbers are not narrowed: keep the wider type, or #[hydra(alias)] a new field and convert",
          "who": "old readers of new files"
        },
        {
          "path": "venue",
          "rule": "incompatible",
          "severity": "break",
          "text": "Venue cannot be read as String; give the field another name, with #[hydra(default)] or as an Option",
          "who": "old readers of new files"
        },
        {
          "path": "",
          "rule": "zero-copy-lost",
          "severity": "warning",
          "text": "transcoded: each block is copied once",
          "who": "reading in place"
        },
        {
          "path": "",
          "rule": "version",
          "severity": "note",
          "text": "0 to 2",
          "who": "people"
        },
        {
          "path": "Trade.note",
          "rule": "deprecated",
          "severity": "note",
          "text": "nobody fills it in",
          "who": "people"
        }
      ],
      "resolution": "transcoded",
      "table": "Trade"
    }
  ],
  "tables_added": [],
  "tables_removed": [],
  "version": 1
}

"#]]);
    place.run(&["compat", "new.hydra", "new.hydra"]).code(0).stdout_eq(str![[r#"
table Trade  identical: read in place
  people
    note     Trade.note: nobody fills it in [deprecated]
✓ compatible

"#]]);
    place.run(&["compat", "--deny", "note", "new.hydra", "new.hydra"]).code(4).stdout_eq(str![[r#"
table Trade  identical: read in place
  people
    note     Trade.note: nobody fills it in [deprecated]
✗ 1 finding denied

"#]]);
}

#[test]
fn saved_schemas_and_several_tables() {
    let place = generations();
    for name in ["old", "new"] {
        let schema = place.result(&["schema", "--as", "json", &format!("{name}.hydra")]);
        place.put(&format!("{name}.json"), schema);
    }
    let text = |args: &[&str]| place.run(args).get_output().stdout.clone();
    let files = text(&["compat", "old.hydra", "new.hydra"]);
    assert!(
        text(&["compat", "old.json", "new.json"]) == files
            && text(&["compat", "old.json", "new.hydra"]) == files
    );
    let two = two_tables();
    place.put("two.hydra", two.read("two.hydra"));
    place.put("one.hydra", two.read("ticks.hydra"));
    place.run(&["compat", "two.hydra", "one.hydra"]).code(4).stdout_eq(str![[r#"
table Tick  identical: read in place
table Position  was removed
✗ a table was removed

"#]]);
    place.run(&["compat", "one.hydra", "two.hydra"]).code(0).stdout_eq(str![[r#"
table Tick  identical: read in place
table Position  was added
✓ compatible

"#]]);
    place.run(&["compat", "--table", "Tick", "two.hydra", "one.hydra"]).code(0);
    place.run(&["compat", "--table", "Tock", "two.hydra", "one.hydra"]).code(1);
    place.put("bad.json", "{}");
    place.run(&["compat", "bad.json", "one.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0617]: not a schema: it has no `core`
  --> bad.json
  = help: hydra schema --as json FILE prints one

"#]]);
}

#[test]
fn a_file_is_given_another_type() {
    let place = generations();
    place
        .run(&["convert", "--schema", "new.hydra", "old.hydra", "out.hydra"])
        .code(3)
        .stdout_eq(str![[""]])
        .stderr_eq(str![[r#"
warning: old.hydra: lot: is not read
warning: old.hydra: venue: other names read as Other

"#]]);
    place.run(&["check", "out.hydra"]).code(0);
    place.run(&["cat", "out.hydra"]).code(0).stdout_eq(str![[r#"
venue  at  price  note
Lse     7    1.5  null
Other   8    1.5  null

"#]]);
    place.run(&["compat", "--deny", "note", "--table", "Trade", "new.hydra", "out.hydra"]).code(4);
    assert!(place.result(&["inspect", "out.hydra"]).contains("a test"), "metadata is kept");
    place.run(&["convert", "--schema", "new.hydra", "old.hydra", "out.hydra"]).code(1);
    place
        .run(&["convert", "--force", "--schema", "old.hydra", "out.hydra", "back.hydra"])
        .code(1)
        .stderr_eq(str![[r#"
error[HY0402]: the type is not the table's
  --> out.hydra, table Trade, at time
  = help: time: u64 cannot be read as u32; numbers are not narrowed: keep the wider type, or #[hydra(alias)] a new field and convert
          venue: Venue cannot be read as String; give the field another name, with #[hydra(default)] or as an Option

"#]]);
    place.run(&["convert", "old.hydra", "copy.hydra"]).code(2).stderr_eq(str![[r#"
error[HY0601]: Hydra cannot be converted to Hydra
  = help: one of IN and OUT must be a Hydra file; --schema gives a Hydra file another schema

"#]]);
    let line = "cat old.hydra | hydra convert --from hydra --to hydra --schema new.hydra - - > piped.hydra";
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_hydra")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut shell = std::process::Command::new("sh");
    let piped = shell.args(["-c", line]).env("PATH", path).current_dir(place.path("")).output().unwrap();
    assert_eq!(piped.status.code(), Some(3), "{}", String::from_utf8_lossy(&piped.stderr));
    place.run(&["diff", "out.hydra", "piped.hydra"]).code(0);
    assert!(!place.path("back.hydra").exists() && !place.path("copy.hydra").exists());
}

#[test]
fn the_other_tables_stay() {
    let place = two_tables();
    place.run(&["schema", "--table", "Tick", "--as", "json", "two.hydra"]).code(0);
    let schema = place.result(&["schema", "--table", "Tick", "--as", "json", "two.hydra"]);
    place.put("tick.json", schema);
    place.run(&["convert", "--schema", "tick.json", "two.hydra", "out.hydra"]).code(0).stderr_eq(str![[""]]);
    place.run(&["diff", "two.hydra", "out.hydra"]).code(0);
}
