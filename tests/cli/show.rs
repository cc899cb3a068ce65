//! `inspect`, `schema`, `cat` and `check` on good files.

use super::{Place, event_file, tick_file, two_tables};
use snapbox::str;

#[test]
fn inspect_as_text() {
    event_file().run(&["inspect", "events.hydra"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![]);
    two_tables().run(&["inspect", "ticks.hydra", "two.hydra"]).code(0).stdout_eq(str![]);
}

#[test]
fn inspect_as_json() {
    event_file().run(&["inspect", "-f", "json", "events.hydra"]).code(0).stdout_eq(str![]);
}

#[test]
fn inspect_deep() {
    tick_file(1000).run(&["inspect", "--deep", "ticks.hydra"]).code(0).stdout_eq(str![]);
}

#[test]
fn an_empty_file() {
    let place = Place::new();
    super::writer(&place.path("empty.hydra")).finish().unwrap();
    place.run(&["inspect", "empty.hydra"]).code(0).stdout_eq(str![]);
    place.run(&["cat", "empty.hydra"]).code(1).stdout_eq(str![[""]]).stderr_eq(str![]);
    place.run(&["check", "empty.hydra"]).code(0).stdout_eq(str![]);
}

#[test]
fn schema() {
    event_file().run(&["schema", "events.hydra"]).code(0).stdout_eq(str![]);
    tick_file(1).run(&["schema", "--as", "json", "ticks.hydra"]).code(0).stdout_eq(str![]);
}

#[test]
fn cat_in_every_format() {
    let place = event_file();
    place.run(&["cat", "events.hydra"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![]);
    place.run(&["cat", "-f", "ndjson", "events.hydra"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![]);
    place.run(&["cat", "-f", "json", "-n", "1", "events.hydra"]).code(0).stdout_eq(str![]);
    place.run(&["cat", "-f", "csv", "events.hydra"]).code(3).stdout_eq(str![]).stderr_eq(str![]);
}

#[test]
fn cat_with_other_spellings() {
    let place = tick_file(2);
    let args = ["cat", "-f", "ndjson", "--int64", "string", "ticks.hydra"];
    place.run(&args).code(0).stdout_eq(str![]);
    let args = ["cat", "-f", "ndjson", "--bytes", "hex", "--fields", "blob,pos.x,pos", "events.hydra"];
    event_file().run(&args).code(0).stdout_eq(str![]);
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
    assert_eq!(times(&["--skip", "5000"]), []);
    assert_eq!(times(&["--tail", "2"]), [998, 999]);
    assert_eq!(times(&["--tail", "5000"]).len(), 1000);
    place.run(&["cat", "--tail", "1", "-n", "1", "ticks.hydra"]).code(2);
    place.run(&["cat", "--fields", "prize", "ticks.hydra"]).code(1).stderr_eq(str![]);
}

#[test]
fn several_files() {
    let place = tick_file(1);
    place.put("more.hydra", place.read("ticks.hydra"));
    place.run(&["cat", "ticks.hydra", "more.hydra"]).code(0).stdout_eq(str![]);
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
error[HY0403]: no such table: the file has 2, and none was named
  --> two.hydra: expected one of Tick, Position
  = help: --table NAME picks one of them

"#]]);
    }
    assert_eq!(place.result(&["cat", "--table", "Position", "-f", "csv", "two.hydra"]), "x,y\n1.0,2.0\n");
    place.run(&["cat", "--table", "Nope", "two.hydra"]).code(1).stderr_eq(str![]);
}

#[test]
fn check_as_text_and_json() {
    let place = tick_file(1000);
    place.run(&["check", "ticks.hydra"]).code(0).stderr_eq(str![[""]]).stdout_eq(str![]);
    place.run(&["check", "-f", "json", "ticks.hydra"]).code(0).stdout_eq(str![]);
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
