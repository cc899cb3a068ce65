//! Tests of replacing files, which follows the same rules for all formats: links, modes, locks, names,
//! limits.

use super::{Place, tick_file};
use hydra::Writer;
use snapbox::str;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Output};

/// Runs the command in a shell, after other commands.
fn shell(place: &Place, script: &str) -> Output {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).current_dir(place.0.path()).env("hydra", env!("CARGO_BIN_EXE_hydra"));
    shell.output().unwrap()
}

fn mode(place: &Place, name: &str) -> u32 {
    fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777
}

/// The arguments for every format that is written to a file.
const OUTPUTS: [&str; 6] = ["csv", "ndjson", "json", "msgpack", "cbor", "hydra"];

/// Converts the file of ticks, or text, to `output`.
fn convert<'a>(format: &'a str, output: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let input = if format == "hydra" { "ticks.csv" } else { "ticks.hydra" };
    [&["convert", input, output, "--to", format], more].concat()
}

fn ticks() -> Place {
    let place = tick_file(1000);
    place.put("ticks.csv", "a\n1\n");
    place
}

#[test]
fn links_and_modes_stay() {
    for format in OUTPUTS {
        let place = ticks();
        place.put("old", "old");
        fs::set_permissions(place.path("old"), fs::Permissions::from_mode(0o600)).unwrap();
        symlink("old", place.path("link")).unwrap();
        place.result(&convert(format, "link", &["--force"]));
        assert!(place.path("link").is_symlink(), "{format}");
        assert_ne!(place.read("old"), b"old", "{format}");
        assert_eq!(mode(&place, "old"), 0o600, "{format}");
        assert_eq!(place.files(), ["link", "old", "ticks.csv", "ticks.hydra"], "{format}");
    }
}

#[test]
fn what_is_no_regular_file_stays() {
    for format in OUTPUTS {
        let place = ticks();
        assert!(Command::new("mkfifo").arg(place.path("pipe")).status().unwrap().success());
        place.run(&convert(format, "pipe", &["--force"])).code(1).stderr_eq(str![[r#"
error[HY0005]: not a regular file
  --> pipe: found a pipe or device
  = help: only a regular file is replaced; - as the output writes to stdout

"#]]);
        assert_eq!(place.files(), ["pipe", "ticks.csv", "ticks.hydra"], "{format}");
    }
}

#[test]
fn a_file_that_a_writer_has_open_stays() {
    for format in OUTPUTS {
        let place = ticks();
        let mut writer = Writer::create(place.path("open")).unwrap();
        place.run(&convert(format, "open", &["--force"])).code(1).stderr_eq(str![[r#"
error[HY0004]: another writer has the file open
  --> open
  = help: wait until the other program has finished writing; readers are never locked out

"#]]);
        let table = writer.table::<u8>().unwrap();
        writer.append(table, &1).unwrap();
        writer.finish().unwrap();
        assert_eq!(place.files(), ["open", "ticks.csv", "ticks.hydra"], "{format}");
    }
}

#[test]
fn names_may_be_as_long_as_the_system_allows() {
    let place = ticks();
    let name = |first: &str| first.repeat(255);
    for (format, name) in OUTPUTS.iter().zip(["a", "b", "c", "d", "e", "f"].map(name)) {
        place.result(&convert(format, &name, &[]));
        place.result(&convert(format, &name, &["--force"]));
    }
    place.result(&["compact", "ticks.hydra", "-o", &name("g")]);
    place.result(&["recover", "ticks.hydra", "-o", &name("h"), "--report", &name("i")]);
    assert_eq!(place.files().len(), 11);
    place.run(&convert("csv", "new/", &[])).code(1).stderr_eq(str![[r#"
error[HY0508]: invalid argument: the path does not name a file
  --> new/
  = help: a path that ends with a separator or with dots names a directory: add the name of the file

"#]]);
}

/// Checks that the limit of file sizes is an error and not a signal: no new file is left behind, and the old
/// file stays.
#[test]
fn a_limit_of_file_sizes_is_an_error() {
    let place = tick_file(10_000);
    place.result(&["convert", "ticks.hydra", "ticks.csv"]);
    let before = place.files();
    for command in [
        "convert ticks.hydra new.csv",
        "convert ticks.hydra new.ndjson",
        "convert ticks.csv new.hydra",
        "compact ticks.hydra -o new.hydra",
        "recover ticks.hydra -o new.hydra",
        "convert --force ticks.csv ticks.hydra",
        "set ticks.hydra [0].price=1.5",
    ] {
        let ticks = place.read("ticks.hydra");
        let output = shell(&place, &format!("ulimit -f 16; $hydra {command}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command}: {said}");
        assert!(
            said.contains("File too large")
                && said.contains(if command.contains(" new.") { "--> new." } else { "--> ticks.hydra" }),
            "{command}: {said}"
        );
        assert_eq!(place.files(), before, "{command}");
        assert!(command.starts_with("set") || place.read("ticks.hydra") == ticks, "{command}");
        place.result(&["check", "ticks.hydra"]);
    }
}

/// Checks that text that the shell writes to the same file stays there.
#[test]
fn stdout_has_its_names() {
    let place = ticks();
    symlink("/dev/stdout", place.path("link")).unwrap();
    let csv = place.result(&["convert", "ticks.hydra", "-", "--to", "csv"]);
    for name in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"] {
        let convert = format!("$hydra convert --force ticks.hydra {name} --to csv");
        let output = shell(&place, &format!("(echo before; {convert}; echo after) > out.csv"));
        assert_eq!(output.status.code(), Some(0), "{name}");
        assert_eq!(place.text("out.csv"), format!("before\n{csv}after\n"), "{name}");
        let output = shell(&place, &format!("{convert} | cat"));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), csv, "{name}");
    }
}

/// Checks that other open files of a process are refused: the command has only their name, which may belong
/// to another file.
#[test]
fn other_open_files_are_not_replaced() {
    let place = ticks();
    for name in ["/dev/stderr", "/dev/fd/2", "/dev/fd/3", "/proc/$$/fd/3"] {
        place.put("out.csv", "before\n");
        let command = format!("$hydra convert --force ticks.hydra {name} --to csv");
        let output = shell(&place, &format!("exec 3>>out.csv 4>&2; {command} 2>&4; exit $?"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(
            said.contains("HY0005") && said.contains("- as the output writes to stdout"),
            "{name}: {said}"
        );
        assert_eq!(place.text("out.csv"), "before\n", "{name}");
    }
}

/// Checks that a missing lock is an error, and that an option ignores it. The test needs strace.
#[test]
fn a_file_system_without_locks_needs_a_word() {
    if !Command::new("strace").args(["-o", "/dev/null", "true"]).status().is_ok_and(|status| status.success())
    {
        println!("skipped: strace may not trace here");
        return;
    }
    let place = ticks();
    let without = |command: &str| {
        let output = shell(
            &place,
            &format!("strace -f -o /dev/null -e trace=flock -e inject=flock:error=ENOLCK $hydra {command}"),
        );
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = without("set ticks.hydra [0].price=1.5");
    assert_eq!(code, Some(1));
    snapbox::assert_data_eq!(
        said,
        str![[r#"
error[HY0008]: the file cannot be locked
  --> ticks.hydra: expected an exclusive lock on the whole file (flock), found No locks available (os error 37)
  = help: if no other program writes to the file, --no-lock skips the lock

"#]]
    );
    let done = (Some(0), String::new());
    assert_eq!(without("set --no-lock ticks.hydra [0].price=1.5"), done);
    assert_eq!(place.result(&["get", "ticks.hydra", "[0].price"]), "1.5\n");
    for command in
        ["convert ticks.csv new.hydra", "convert ticks.hydra new.csv", "compact ticks.hydra -o small.hydra"]
    {
        assert_eq!((without(command).0, command), (Some(0), command));
    }
    for command in ["convert --force ticks.csv new.hydra", "convert --force ticks.hydra new.csv"] {
        let (code, said) = without(command);
        assert!(code == Some(1) && said.contains("HY0008"), "{said}");
        assert_eq!(without(&format!("{command} --no-lock")), done);
    }
    assert_eq!(place.files(), ["new.csv", "new.hydra", "small.hydra", "ticks.csv", "ticks.hydra"]);
}

#[test]
fn pages_of_the_manual_take_the_place_of_older_ones() {
    let place = Place::new();
    place.result(&["man", "pages"]);
    let page = place.text("pages/hydra-cat.1");
    place.put("pages/hydra-cat.1", "old");
    place.result(&["man", "pages"]);
    assert_eq!(place.text("pages/hydra-cat.1"), page);
    assert!(place.text("pages/hydra.1").contains("hydra\\-cat"));
}
