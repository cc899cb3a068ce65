//! Tests of rules for all commands: exit codes, streams, colour, machine output, width.

use super::Place;
use super::pages::{commands, shop};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};

/// Each command on `shop.hydra`, with each of its output formats. All print something on stdout.
const EVERY: &[&str] = &[
    "inspect shop.hydra",
    "inspect --deep shop.hydra",
    "inspect -f json shop.hydra",
    "schema shop.hydra",
    "schema --as json shop.hydra",
    "schema --as rust shop.hydra",
    "schema --as numpy shop.hydra",
    "cat shop.hydra",
    "tail shop.hydra",
    "tail -f ndjson shop.hydra",
    "cat -f json shop.hydra",
    "cat -f ndjson shop.hydra",
    "cat -f csv shop.hydra",
    "get shop.hydra [0]",
    "get shop.hydra [:].price",
    "get -f json shop.hydra [0]",
    "set --dry-run shop.hydra [0].price=1",
    "set --dry-run -f json shop.hydra [0].price=1",
    "hex shop.hydra",
    "hex shop.hydra [0]",
    "hex -f json shop.hydra [0]",
    "layout shop.hydra",
    "layout -f json shop.hydra",
    "check shop.hydra",
    "check -f json shop.hydra",
    "diff shop.hydra new.hydra",
    "diff -f json shop.hydra new.hydra",
    "compat shop.hydra new.hydra",
    "compat -f json shop.hydra new.hydra",
    "convert shop.hydra - --to csv",
    "convert shop.hydra - --to json",
    "completions bash",
];

fn hydra(place: &Place, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hydra"));
    command.args(line.split(' ')).current_dir(place.path("")).env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

/// Returns exit code, stdout and stderr.
fn run(place: &Place, line: &str) -> (i32, String, String) {
    let output = hydra(place, line).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Runs a command on a terminal with this number of columns. Returns the text on the terminal. `stdout` says
/// whether stdout is a terminal, too.
fn in_terminal(mut command: Command, columns: u16) -> (ExitStatus, String) {
    let mut near = File::from(openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap());
    grantpt(&near).and_then(|()| unlockpt(&near)).unwrap();
    tcsetwinsize(&near, Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let name = ptsname(&near, Vec::new()).unwrap();
    let far = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    command.stdout(far.try_clone().unwrap()).stderr(far);
    let reader = std::thread::spawn(move || {
        let mut shown = Vec::new();
        // When the last process closes the terminal, reading fails.
        let _ = near.read_to_end(&mut shown);
        String::from_utf8(shown).unwrap()
    });
    let mut child = command.spawn().unwrap();
    // The `Command` value keeps its copies of the terminal open.
    drop(command);
    (child.wait().unwrap(), reader.join().unwrap())
}

#[test]
fn every_command_is_here() {
    // They write files.
    let apart = ["man", "recover", "compact"];
    for command in commands().iter().filter(|name| !apart.contains(&name.as_str())) {
        assert!(EVERY.iter().any(|line| line.split(' ').next() == Some(command)), "{command}");
    }
    let place = shop();
    for line in EVERY {
        let (code, stdout, stderr) = run(&place, line);
        let expected = match line {
            line if line.starts_with("diff") => 4,
            line if line.ends_with("csv") || line.contains("-f csv") => 3,
            _ => 0,
        };
        assert_eq!(code, expected, "{line}: {stderr}");
        assert!(stdout.ends_with('\n') || line.starts_with("completions"), "{line}");
        assert!(!stdout.starts_with("warning: ") && !stdout.contains("\nwarning: "), "{line}: {stdout}");
    }
}

#[test]
fn a_closed_pipe_is_quiet_and_a_full_device_is_an_error() {
    let place = shop();
    for line in EVERY {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = hydra(&place, line).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = output.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(0) && !said.contains("error"), "{line}: {said}");

        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = hydra(&place, line).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let output = output.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{line}: {said}");
        assert!(said.contains("error[HY0001]") && said.contains("No space left"), "{line}: {said}");
    }
}

#[test]
fn documents_carry_their_version() {
    let place = shop();
    let mut documents = 0;
    for line in EVERY
        .iter()
        .filter(|line| line.contains("json") && !line.contains("ndjson") || line.contains("numpy"))
    {
        let (_, stdout, _) = run(&place, line);
        let document: serde_json::Value =
            serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(document["version"], 1, "{line}");
        documents += 1;
    }
    assert!(documents >= 10);
}

#[test]
fn what_is_not_there_is_exit_code_1() {
    let place = shop();
    for line in EVERY.iter().filter(|line| line.contains("shop.hydra")) {
        let line = line.replace("shop.hydra", "absent.hydra");
        let (code, stdout, stderr) = run(&place, &line);
        assert!(
            code == 1 && stderr.starts_with("error[HY0002]: no such file\n  --> absent.hydra"),
            "{line}: {stderr}"
        );
        assert!(stdout.is_empty() || line.contains("-f json"), "{line}: {stdout}");
    }
    assert_eq!(place.files(), shop().files(), "nothing was made");
}

#[test]
fn a_terminal_gets_colours_and_nothing_wider_than_itself() {
    let place = shop();
    let mut coloured = 0;
    for line in EVERY {
        let (status, shown) = in_terminal(hydra(&place, line), 80);
        assert_eq!(status.code(), Some(run(&place, line).0), "{line}");
        coloured += usize::from(shown.contains("\x1b["));
        assert!(!shown.contains("\x1b[2K"), "{line}: progress within a second");
        for never in [format!("--color never {line}"), line.to_string()] {
            let mut command = hydra(&place, &never);
            if never == *line {
                command.env("NO_COLOR", "1");
            }
            let (_, shown) = in_terminal(command, 80);
            assert!(!shown.contains('\x1b'), "{never}");
        }
        let (_, stdout, stderr) = run(&place, line);
        assert!(!stdout.contains('\x1b') && !stderr.contains('\x1b'), "{line}: colour in a pipe");
    }
    assert!(coloured >= 8, "{coloured}");

    let tables = ["cat shop.hydra", "get shop.hydra [0]", "inspect shop.hydra", "layout shop.hydra"];
    for (columns, lines) in [(40, &tables[..2]), (80, &tables), (120, &tables)] {
        for line in lines {
            let (_, shown) = in_terminal(hydra(&place, &format!("--color never {line}")), columns);
            let sentence = |row: &&str| {
                ["note: ", "not verified: ", "table ", "  the order "]
                    .iter()
                    .any(|word| row.starts_with(word))
            };
            for row in shown.split("\r\n").filter(|row| !sentence(row)) {
                assert!(row.chars().count() <= columns.into(), "{line} in {columns}: {row}");
            }
        }
    }
    let (_, narrow) = in_terminal(hydra(&place, "cat shop.hydra"), 40);
    assert!(narrow.contains("did not fit") && narrow.contains("--fields"), "{narrow}");
}

#[test]
fn bytes_do_not_get_into_a_terminal() {
    let place = shop();
    let (status, shown) = in_terminal(hydra(&place, "convert penguins.csv - --to hydra"), 80);
    assert_eq!(status.code(), Some(2));
    assert!(shown.contains("not written to a terminal") && !shown.contains("HYD\r"), "{shown}");
    // The error comes before the input is read, which may take long.
    place.put("bad.csv", "a\n\"");
    let (status, shown) = in_terminal(hydra(&place, "convert bad.csv - --to hydra"), 80);
    assert_eq!(status.code(), Some(2), "{shown}");
}
