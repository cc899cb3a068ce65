//! Tests of tables with their own names, among them two of one type, and of records with a variant that the
//! newest type lacks.

use super::{Place, writer};
use hydra::Hydra;
use snapbox::str;

#[derive(Hydra)]
struct Quote {
    price: f64,
    size: u32,
}

/// Makes two tables of one type, one with a name that is quoted in paths.
fn quotes() -> Place {
    let place = Place::new();
    let mut file = writer(&place.path("quotes.hydra"));
    for (name, price) in [("bids", 9.5), ("asks, late", 9.75)] {
        let table = file.table_named::<Quote>(name).unwrap();
        for size in 1..=2 {
            file.append(table, &Quote { price, size }).unwrap();
        }
    }
    file.finish().unwrap();
    place
}

#[test]
fn tables_are_shown_and_taken_by_their_names() {
    let place = quotes();
    place.run(&["inspect", "quotes.hydra"]).code(0).stdout_eq(str![[r#"
quotes.hydra  ✓ closed cleanly
  9.6 KiB (9792), 2 tables, 4 records
  file id 30313233343536373839616263646566, commit 2, 7 blocks

table bids  of Quote, 2 records, 1 block, 16 bytes a record, schema ca5ca0701f895e0e
  offset  field  type
       0  price  f64
       8  size   u32

table asks, late  of Quote, 2 records, 1 block, 16 bytes a record, schema ca5ca0701f895e0e
  offset  field  type
       0  price  f64
       8  size   u32

not verified: checksums and contents of 2 data blocks; hydra check quotes.hydra reads every byte

"#]]);
    place.run(&["cat", "--table", "asks, late", "quotes.hydra"]).code(0).stdout_eq(str![[r#"
price  size
 9.75     1
 9.75     2

"#]]);
    place.run(&["get", "quotes.hydra", "[bids][1].size"]).code(0).stdout_eq(str![[r#"
2

"#]]);
    place.run(&["get", "quotes.hydra", "[asks, late][-1]"]).code(0).stdout_eq(str![[r#"
price  size
 9.75     2

"#]]);
    place.run(&["set", "quotes.hydra", "[bids][0].size=7"]).code(0).stdout_eq(str![[r#"
[bids][0].size: 1 -> 7

"#]]);
    place.run(&["schema", "--table", "bids", "quotes.hydra"]).code(0).stdout_eq(str![[r#"
struct Quote {
    price: f64,
    size: u32,
}

"#]]);
    place.run(&["layout", "--table", "bids", "quotes.hydra"]).code(0);
    place.run(&["check", "quotes.hydra"]).code(0);
    place.run(&["cat", "quotes.hydra"]).code(2).stderr_eq(str![[r#"
error[HY0403]: no such table: the file has 2 tables; choose one
  --> quotes.hydra: expected one of bids, asks, late
  = help: --table NAME selects one of them

"#]]);
    place.run(&["cat", "--table", "Quote", "quotes.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0403]: no such table
  --> quotes.hydra: expected one of bids, asks, late, found Quote
  = help: --table NAME selects one of them

"#]]);
}

#[test]
fn conversion_keeps_and_gives_names() {
    let place = quotes();
    place.run(&["convert", "--table", "bids", "quotes.hydra", "bids.csv"]).code(0);
    place.run(&["convert", "--table", "offers", "bids.csv", "offers.hydra"]).code(0);
    place.run(&["cat", "--table", "offers", "offers.hydra"]).code(0).stdout_eq(str![[r#"
price  size
  9.5     1
  9.5     2

"#]]);
    place.run(&["convert", "--table", "bad\nname", "bids.csv", "bad.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0508]: invalid argument: a table cannot have this name
  --> bad.hydra: expected 1 to 255 bytes without control characters, found "bad\nname"

"#]]);
    // The schema of a table contains the name of the table.
    let args = ["convert", "--schema", "quotes.hydra", "--table", "bids", "bids.csv", "again.hydra"];
    place.run(&args).code(0);
    place.run(&["diff", "--table", "bids", "quotes.hydra", "again.hydra"]).code(0);
    place.run(&["compat", "--deny", "note", "--table", "bids", "quotes.hydra", "again.hydra"]).code(0);
    // The only table of a schema file gives its type to a table of another name.
    let args = ["convert", "--schema", "again.hydra", "--table", "new", "bids.csv", "new.hydra"];
    place.run(&args).code(0);
    place.run(&["get", "new.hydra", "[new][0].size"]).code(0).stdout_eq("1\n");
    // One of several tables gets another type; both keep their names.
    let args = ["convert", "--schema", "quotes.hydra", "--table", "bids", "quotes.hydra", "same.hydra"];
    place.run(&args).code(0);
    place.run(&["diff", "quotes.hydra", "same.hydra"]).code(0);
    place.run(&["compact", "quotes.hydra", "-o", "small.hydra"]).code(0);
    place.run(&["recover", "quotes.hydra", "-o", "whole.hydra"]).code(0);
    place.run(&["diff", "small.hydra", "whole.hydra"]).code(0);
    place.run(&["compat", "quotes.hydra", "offers.hydra"]).code(4).stdout_eq(str![[r#"
table bids  was removed
table asks, late  was removed
table offers  was added
✗ a table was removed

"#]]);
}

mod before {
    #[derive(hydra::Hydra)]
    #[hydra(name = "Event")]
    pub(super) struct Event {
        pub(super) kind: Kind,
    }
    #[derive(hydra::Hydra, Clone, Copy)]
    pub(super) enum Kind {
        Start,
        Stop,
    }
}
mod after {
    #[derive(hydra::Hydra)]
    #[hydra(name = "Event", version = 1)]
    pub(super) struct Event {
        pub(super) kind: Kind,
    }
    #[derive(hydra::Hydra, Clone, Copy)]
    pub(super) enum Kind {
        Start,
    }
}

#[test]
fn a_variant_that_is_not_there_any_more_is_not_damage() {
    let place = Place::new();
    let mut file = writer(&place.path("events.hydra"));
    let table = file.table::<before::Event>().unwrap();
    for kind in [before::Kind::Start, before::Kind::Stop, before::Kind::Start] {
        file.append(table, &before::Event { kind }).unwrap();
    }
    let table = file.table_named::<after::Event>("Event").unwrap();
    file.append(table, &after::Event { kind: after::Kind::Start }).unwrap();
    file.finish().unwrap();
    place.run(&["check", "events.hydra"]).code(0);
    place.run(&["cat", "events.hydra"]).code(1).stderr_eq(str![[r#"
error[HY0404]: the type does not have this variant
  --> events.hydra @ 0x2241, table Event, records 0..3, at [1].kind: expected a variant of Kind, found Stop
  = help: the record is intact, but the newest schema lacks its enum variant; --skip-damaged continues without it

"#]]);
    place
        .run(&["cat", "--skip-damaged", "events.hydra"])
        .code(3)
        .stdout_eq(str![[r#"
kind
Start
Start
Start

"#]])
        .stderr_eq(str![[r#"
error[HY0404]: the type does not have this variant
  --> events.hydra @ 0x2241, table Event, records 0..3, at [1].kind: expected a variant of Kind, found Stop
  = help: add a variant with #[hydra(other)] to the enum: unknown variants are read as that one
warning: events.hydra: 1 record skipped (the newest schema lacks the variant)

"#]]);
    // Both kinds of loss are counted separately.
    let file = hydra::Reader::open(place.path("events.hydra")).unwrap();
    let entries = file.dynamic_table("Event").unwrap().entries().collect::<hydra::Result<Vec<_>>>().unwrap();
    place.change("events.hydra", |bytes| bytes[entries[1].offset as usize + 64] ^= 1);
    place
        .run(&["cat", "--skip-damaged", "events.hydra"])
        .code(3)
        .stdout_eq(str![[r#"
kind
Start
Start

"#]])
        .stderr_eq(str![[r#"
error[HY0404]: the type does not have this variant
  --> events.hydra @ 0x2241, table Event, records 0..3, at [1].kind: expected a variant of Kind, found Stop
  = help: add a variant with #[hydra(other)] to the enum: unknown variants are read as that one
error[HY0202]: payload checksum mismatch
  --> events.hydra @ 0x2280, a DATA block, schema 2, records 3..=3: expected 0x758d6336, found 0xfab84ea3
  = help: hydra check events.hydra
warning: events.hydra: 1 record skipped (the newest schema lacks the variant)
warning: events.hydra: 1 record skipped (damaged blocks)

"#]]);
    place.run(&["cat", "--skip-damaged", "-f", "csv", "events.hydra"]).code(3);
}
