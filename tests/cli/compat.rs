//! `compat`: what breaks between two generations of a type; and `convert --schema`, which takes a file from one to the other.

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

/// Files of two generations, and what they have in common.
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
    place.run(&["compat", "old.hydra", "new.hydra"]).code(4).stdout_eq(str![[""]]);
    place.run(&["compat", "-f", "json", "old.hydra", "new.hydra"]).code(4).stdout_eq(str![[""]]);
    place.run(&["compat", "new.hydra", "new.hydra"]).code(0).stdout_eq(str![[""]]);
    place.run(&["compat", "--deny", "note", "new.hydra", "new.hydra"]).code(4).stdout_eq(str![[""]]);
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
    place.run(&["compat", "two.hydra", "one.hydra"]).code(4).stdout_eq(str![[""]]);
    place.run(&["compat", "one.hydra", "two.hydra"]).code(0).stdout_eq(str![[""]]);
    place.run(&["compat", "--table", "Tick", "two.hydra", "one.hydra"]).code(0);
    place.run(&["compat", "--table", "Tock", "two.hydra", "one.hydra"]).code(1);
    place.put("bad.json", "{}");
    place.run(&["compat", "bad.json", "one.hydra"]).code(1).stderr_eq(str![[""]]);
}

#[test]
fn a_file_is_given_another_type() {
    let place = generations();
    place
        .run(&["convert", "--schema", "new.hydra", "old.hydra", "out.hydra"])
        .code(3)
        .stdout_eq(str![[""]])
        .stderr_eq(str![[""]]);
    place.run(&["check", "out.hydra"]).code(0);
    place.run(&["cat", "out.hydra"]).code(0).stdout_eq(str![[""]]);
    place.run(&["compat", "--deny", "note", "--table", "Trade", "new.hydra", "out.hydra"]).code(4);
    assert!(place.result(&["inspect", "out.hydra"]).contains("a test"), "metadata is kept");
    place.run(&["convert", "--schema", "new.hydra", "old.hydra", "out.hydra"]).code(1);
    place
        .run(&["convert", "--force", "--schema", "old.hydra", "out.hydra", "back.hydra"])
        .code(1)
        .stderr_eq(str![[""]]);
    place.run(&["convert", "old.hydra", "copy.hydra"]).code(2).stderr_eq(str![[""]]);
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
