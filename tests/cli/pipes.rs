//! Tests of streams: a closed pipe, stdin, stdout.

use super::{Place, tick_file};
use snapbox::str;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// Runs a command, reads one line of its output, and closes the pipe.
fn head(place: &Place, args: &[&str]) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hydra"))
        .args(args)
        .current_dir(place.0.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::with_capacity(1, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), line, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_reader_that_goes_away_ends_every_command_quietly() {
    let place = tick_file(100_000);
    let commands: &[&[&str]] = &[
        &["--help"],
        &["cat", "ticks.hydra"],
        &["cat", "-f", "csv", "ticks.hydra"],
        &["cat", "-f", "json", "ticks.hydra"],
        &["cat", "-f", "ndjson", "ticks.hydra"],
        &["convert", "ticks.hydra", "-", "--to", "csv"],
        &["convert", "ticks.hydra", "-", "--to", "ndjson"],
        &["inspect", "ticks.hydra"],
        &["inspect", "--deep", "ticks.hydra"],
        &["schema", "ticks.hydra"],
        &["schema", "--as", "json", "ticks.hydra"],
        &["check", "ticks.hydra"],
        &["check", "-f", "json", "ticks.hydra"],
    ];
    for args in commands {
        let (code, line, stderr) = head(&place, args);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{args:?}");
        assert!(line.ends_with('\n'), "{args:?}");
    }
}

#[test]
fn a_hydra_file_comes_through_stdin() {
    let place = tick_file(3);
    let file = place.read("ticks.hydra");
    for args in [&["inspect", "-"][..], &["schema", "-"], &["cat", "-"], &["check", "-"]] {
        place.command(args).stdin(file.clone()).assert().code(0).stderr_eq(str![[""]]);
    }
    let command = place.command(&["cat", "-v", "-f", "csv", "-n", "1", "-"]).stdin(file.clone());
    command.assert().code(0).stdout_eq("time,price\n0,0.0\n").stderr_eq(str![[r#"
note: <stdin> is copied to [..]

"#]]);
    place.command(&["cat", "-"]).stdin("not hydra").assert().code(1).stderr_eq(str![[r#"
error[HY0101]: not a Hydra file
  --> <stdin> @ 0x0: found text
  = help: hydra convert makes Hydra files from CSV and JSON

"#]]);
}

#[test]
fn csv_goes_through_stdin_and_stdout() {
    let place = Place::new();
    let command = place.command(&["convert", "--from", "csv", "-", "out.hydra"]).stdin("a,b\n1,x\n");
    command.assert().code(0).stderr_eq(str![[""]]);
    assert_eq!(place.result(&["cat", "-f", "csv", "out.hydra"]), "a,b\n1,x\n");
    assert_eq!(place.result(&["convert", "out.hydra", "-", "--to", "ndjson"]), "{\"a\":1,\"b\":\"x\"}\n");
    let command = place.command(&["convert", "--from", "csv", "--to", "hydra", "-", "-"]).stdin("a\n1\n");
    let output = command.output().unwrap();
    place.put("piped.hydra", &output.stdout);
    assert_eq!(place.result(&["cat", "-f", "csv", "piped.hydra"]), "a\n1\n");
}

#[cfg(unix)]
#[test]
fn an_interrupted_command_leaves_nothing_behind() {
    use std::io::Write;
    let place = Place::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_hydra"))
        .args(["convert", "--from", "csv", "-", "out.hydra"])
        .current_dir(place.0.path())
        .env("TMPDIR", place.0.path())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"a\n1\n").unwrap();
    // The temporary copy of stdin exists and grows until the command is interrupted.
    while place.files().is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    while child.try_wait().unwrap().is_none() {
        let pid = child.id().to_string();
        Command::new("kill").args(["-INT", &pid]).status().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(place.files(), Vec::<String>::new());
}

#[test]
fn what_is_no_hydra_file_is_not_copied_to_its_end() {
    let place = Place::new();
    for (what, args) in [(0u8, ["inspect", "-"]), (b'x', ["cat", "-"]), (0, ["check", "-"])] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hydra"))
            .args(args)
            .current_dir(place.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let refused = (0..32).any(|_| pipe.write_all(&[what; 1 << 20]).is_err());
        drop(pipe);
        let done = child.wait_with_output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(
            refused && said.contains("[HY0101]") && said.contains("not a Hydra file"),
            "{args:?}: {said}"
        );
    }
}
