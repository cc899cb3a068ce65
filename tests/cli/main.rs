//! Tests of the `hydra` command: output, exit codes, streams. Files have a fixed id, so that all shown bytes
//! are known.
#![forbid(unsafe_code)]

mod awkward;
mod bad_input;
mod columns;
mod compat;
mod contract;
mod convert;
mod csv;
mod damage;
mod diff;
mod formats;
mod generate;
mod get;
mod guide;
mod help;
mod hex;
mod layout;
#[path = "../made_up.rs"]
mod made_up;
mod named;
mod numbers;
mod pages;
mod pipes;
#[cfg(unix)]
mod publish;
mod rescue;
mod set;
mod show;
mod story;
mod there_and_back;
mod verdicts;

use hydra::{Hydra, Writer};
use snapbox::Assert;
use snapbox::cmd::{Command, OutputAssert};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// A temporary directory for a test, in which the command runs.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(TempDir::new().unwrap())
    }

    /// Returns a place with a file in it.
    fn with(name: &str, content: impl AsRef<[u8]>) -> Place {
        let place = Place::new();
        place.put(name, content);
        place
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// Changes the bytes of a file.
    fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.read(name);
        change(&mut bytes);
        self.put(name, bytes);
    }

    /// Returns the sorted names of all files, to check that none is left behind.
    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn command(&self, args: &[&str]) -> Command {
        // Backslashes are part of the output, not path separators.
        let assert = Assert::new().action_env("SNAPSHOTS").normalize_paths(false);
        let command = Command::new(env!("CARGO_BIN_EXE_hydra")).with_assert(assert);
        command.args(args).current_dir(self.0.path()).env_remove("NO_COLOR")
    }

    fn run(&self, args: &[&str]) -> OutputAssert {
        self.command(args).assert()
    }

    /// Runs a command that succeeds and prints nothing on stderr. Returns stdout.
    fn result(&self, args: &[&str]) -> String {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_hydra"))
            .args(args)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// How bad it is.
#[derive(Hydra, Clone, Copy)]
enum Level {
    Info,
    Error,
}

#[derive(Hydra)]
enum Shape {
    Empty,
    Circle { r: f64 },
    Line(u8, u8),
}

#[derive(Hydra)]
struct Position {
    x: f32,
    y: f32,
}

/// Something that happened.
#[derive(Hydra)]
struct Event {
    /// When.
    time: SystemTime,
    #[hydra(attr(unit = "s"))]
    took: Duration,
    level: Level,
    shape: Shape,
    pos: Position,
    tags: Vec<String>,
    counts: BTreeMap<u32, String>,
    scores: BTreeMap<String, f32>,
    big: u128,
    blob: Vec<u8>,
    note: Option<String>,
    letter: char,
}

/// Returns two events that use every kind of value.
fn events() -> [Event; 2] {
    let first = Event {
        time: SystemTime::UNIX_EPOCH + Duration::new(1_704_164_645, 123_456_789),
        took: Duration::from_millis(1500),
        level: Level::Error,
        shape: Shape::Circle { r: 0.1 },
        pos: Position { x: 0.1, y: -0.0 },
        tags: vec!["a,b".into(), "\"q\"\n".into()],
        counts: BTreeMap::from([(2, "two".into()), (10, "ten".into())]),
        scores: BTreeMap::from([("µ".into(), f32::NAN)]),
        big: u128::MAX,
        blob: vec![0, 1, 2, 255],
        note: Some(String::new()),
        letter: 'é',
    };
    let second = Event {
        time: SystemTime::UNIX_EPOCH,
        took: Duration::ZERO,
        level: Level::Info,
        shape: Shape::Line(1, 2),
        pos: Position { x: f32::INFINITY, y: 1e20 },
        tags: Vec::new(),
        counts: BTreeMap::new(),
        scores: BTreeMap::new(),
        big: 0,
        blob: Vec::new(),
        note: None,
        letter: '\u{1b}',
    };
    [first, second]
}

/// A plain record.
#[derive(Hydra, Clone, Copy)]
struct Tick {
    time: u64,
    price: f64,
}

fn writer(path: &Path) -> Writer {
    Writer::options().file_id(*b"0123456789abcdef").create(path).unwrap()
}

/// Makes a file with a table of events and metadata.
fn event_file() -> Place {
    let place = Place::new();
    let mut file = writer(&place.path("events.hydra"));
    let table = file.table::<Event>().unwrap();
    events().iter().for_each(|event| file.append(table, event).unwrap());
    file.set_metadata("source", "a test\x1b[31m").unwrap();
    file.finish().unwrap();
    place
}

/// Makes a file with this number of ticks, in blocks of 4 KiB.
fn tick_file(count: u64) -> Place {
    let place = Place::new();
    let path = place.path("ticks.hydra");
    let options = Writer::options().file_id(*b"0123456789abcdef").block_bytes(4096);
    let mut file = options.create(path).unwrap();
    let table = file.table::<Tick>().unwrap();
    for time in 0..count {
        file.append(table, &Tick { time, price: time as f64 / 4.0 }).unwrap();
    }
    file.finish().unwrap();
    place
}

/// Makes a file with two tables.
fn two_tables() -> Place {
    let place = tick_file(1);
    let mut file = writer(&place.path("two.hydra"));
    let (ticks, positions) = (file.table::<Tick>().unwrap(), file.table::<Position>().unwrap());
    file.append(ticks, &Tick { time: 1, price: 2.0 }).unwrap();
    file.append(positions, &Position { x: 1.0, y: 2.0 }).unwrap();
    file.finish().unwrap();
    place
}
