//! The oracle of the command's formats: whatever it writes, it reads back. With the types, equal values; without them, equal
//! text; or else a loss that is named with its place. Held for made-up types and values, in this process.
#![forbid(unsafe_code)]

use crate::args::{Cli, Command};
use crate::commands::convert;
use crate::console::Console;
use crate::export::place;
use crate::failure::Exit;
use crate::made_up::{Dice, same};
use clap::Parser;
use hydra::reflect::Path;
use hydra::{Dynamic, Reader, Writer};
use serde_json::Value as Json;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const FORMATS: [&str; 5] = ["csv", "ndjson", "json", "msgpack", "cbor"];

/// A folder, and what the command says in it.
struct Bench {
    folder: TempDir,
    console: Console,
    /// What was held: values that came back, texts that did, texts that have no types together.
    counts: [u64; 3],
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let Cli { color, .. } = Cli::try_parse_from(["hydra", "convert", "a", "b"]).expect("a command");
        Bench { folder, console: Console::new(color, false), counts: [0; 3] }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Converts; the exit code, and what is said.
    fn convert(&mut self, options: &[&str], from: &str, to: &str) -> (Exit, String) {
        let files = [from, to].map(|name| self.path(name).display().to_string());
        let words = ["hydra", "convert", "--force"].into_iter().chain(options.iter().copied());
        let cli = Cli::try_parse_from(words.chain(files.iter().map(String::as_str))).expect("a command");
        let Command::Convert(args) = &cli.command else { panic!("another command") };
        let done = convert::run(args, &mut self.console);
        let exit = done.unwrap_or_else(|failure| {
            self.console.complain(&failure);
            failure.code()
        });
        let folder = format!("{}/", self.folder.path().display());
        (exit, std::mem::take(&mut self.console.said).replace(&folder, ""))
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect("a file")
    }

    fn records(&self, name: &str) -> Vec<Dynamic> {
        let reader = Reader::open(self.path(name)).expect("a file");
        let table = reader.dynamic_table(reader.tables()[0].name()).expect("a table");
        (0..table.len())
            .map(|index| table.get(index).expect("a record").value().to_dynamic().expect("data"))
            .collect()
    }

    /// Everything that must hold for the types and values that a number makes.
    fn hold(&mut self, seed: u64) {
        let mut dice = Dice::new(seed);
        let Some(schema) = dice.schema() else { return };
        let records: Vec<Dynamic> = (0..dice.below(7)).map(|_| dice.record(&schema)).collect();
        _ = std::fs::remove_file(self.path("in.hydra"));
        let mut file = Writer::create(self.path("in.hydra")).expect("a file");
        let table = file.dynamic_table(&schema).expect("a table");
        records.iter().for_each(|record| file.append_value(table, record.value()).expect("a record"));
        file.finish().expect("a file");
        let spelled = dice.pick(&[&[][..], &[], &["--int64", "string", "--bytes", "hex"]]);
        let null = dice.pick(&[&[][..], &[], &["--null", "NA"], &["--null", "1"], &["--null", "null"]]);
        for format in FORMATS {
            let options = [spelled, if format == "csv" { null } else { &[] }].concat();
            let what = format!("seed {seed}, {format}, {options:?}, {}", self.path("in.hydra").display());
            let text = format!("out.{format}");
            let (exit, losses) = self.convert(&options, "in.hydra", &text);
            if exit == Exit::CouldNot {
                assert!(format == "csv" && losses.contains("for two columns"), "{what}: {losses}");
                continue;
            }
            assert_eq!(exit == Exit::Lossy, !losses.is_empty(), "{what}: {losses}");
            self.with_types(&records, &text, &options, &losses, &what);
            if !matches!(format, "msgpack" | "cbor") {
                self.without_types(&text, &options, &what);
            }
        }
    }

    /// Equal values, or a loss where they differ.
    fn with_types(&mut self, records: &[Dynamic], text: &str, options: &[&str], losses: &str, what: &str) {
        let schema = self.path("in.hydra").display().to_string();
        let (exit, said) = self.convert(&[options, &["--schema", &schema]].concat(), text, "back.hydra");
        assert!(exit == Exit::Done && said.is_empty(), "{what}, read with its types: {said}");
        let back = self.records("back.hydra");
        assert_eq!(back.len(), records.len(), "{what}");
        let lost: Vec<&str> = losses.lines().filter_map(|line| line.split(": ").nth(2)).collect();
        let mut equal = true;
        for (before, after) in records.iter().zip(&back) {
            for difference in before.value().diff(after.value()) {
                equal = false;
                let at = place(&Path::default(), &difference.path);
                let at = if at.is_empty() { "value" } else { &at };
                // Sets that differ are one difference.
                let is_named = |lost: &&str| lost.strip_prefix(at).is_some_and(|rest| !rest.starts_with('.'));
                assert!(
                    lost.iter().any(is_named),
                    "{what}: {at} is another value, and not named in {losses:?}"
                );
            }
        }
        let only_types = losses.lines().all(|line| line.contains("JSON text in one cell"));
        assert!(!equal || only_types, "{what}: nothing is lost, but {losses}");
        let (_, again) = self.convert(options, "back.hydra", &format!("again-{text}"));
        assert_eq!(self.read(&format!("again-{text}")), self.read(text), "{what}, written again: {again}");
        self.counts[0] += 1;
    }

    /// Equal text, or a loss that is named; or a refusal of what has no type together.
    fn without_types(&mut self, text: &str, options: &[&str], what: &str) {
        let (exit, said) = self.convert(options, text, "guessed.hydra");
        if exit == Exit::CouldNot {
            let mixed = ["HY0616", "HY0312", "the file has no header"];
            assert!(mixed.iter().any(|code| said.contains(code)), "{what}, read without types: {said}");
            return self.counts[2] += 1;
        }
        let named = exit == Exit::Lossy && (said.contains("f64 keeps") || said.contains("written as arrays"));
        assert!(exit == Exit::Done || named, "{what}, read without types: {exit:?}, {said}");
        let (_, losses) = self.convert(options, "guessed.hydra", &format!("guessed-{text}"));
        let [before, after] =
            [text, &format!("guessed-{text}")].map(|name| String::from_utf8(self.read(name)).expect("text"));
        let same = match text {
            "out.csv" => rows_agree(&before, &after),
            "out.json" => agree(&json(&before)["records"], &json(&after)["records"]),
            _ => before.lines().map(json).eq_by_agreement(after.lines().map(json)),
        };
        assert!(same || named, "{what}: {before}\ncame back as\n{after}\n{said}{losses}");
        self.counts[1] += 1;
    }
}

trait Agree: Iterator<Item = Json> + Sized {
    fn eq_by_agreement(self, other: impl Iterator<Item = Json>) -> bool {
        let [left, right] = [self.collect::<Vec<_>>(), other.collect()];
        agree(&Json::from(left), &Json::from(right))
    }
}

impl<I: Iterator<Item = Json>> Agree for I {}

fn json(text: &str) -> Json {
    let mut from = serde_json::Deserializer::from_str(text);
    from.disable_recursion_limit();
    serde::Deserialize::deserialize(&mut from).expect("JSON")
}

/// True if they are equal: a field that is missing is null, and numbers are what they are, however they are spelled.
fn agree(given: &Json, back: &Json) -> bool {
    match (given, back) {
        (Json::Object(given), Json::Object(back)) => {
            given.keys().all(|name| back.contains_key(name))
                && back.iter().all(|(name, back)| agree(given.get(name).unwrap_or(&Json::Null), back))
        }
        (Json::Array(given), Json::Array(back)) => {
            given.len() == back.len() && given.iter().zip(back).all(|(given, back)| agree(given, back))
        }
        (Json::Number(given), Json::Number(back)) => same(&given.to_string(), &back.to_string()),
        // Among numbers it is a float, which has one spelling.
        (Json::String(given), Json::String(back)) => {
            let special = given.parse().is_ok_and(|given: f64| !given.is_finite());
            given == back || special && same(given, back)
        }
        // What is beyond 64 bits is text when it is written again.
        (Json::Number(given), Json::String(back)) => given.to_string() == *back,
        _ => given == back,
    }
}

/// True if all cells are the same text, number or time.
fn rows_agree(given: &str, back: &str) -> bool {
    let [given, back] = [given, back].map(rows);
    let alike = |given: &Vec<String>, back: &Vec<String>| {
        given.len() == back.len() && given.iter().zip(back).all(|(given, back)| same(given, back))
    };
    given.len() == back.len() && given.iter().zip(&back).all(|(given, back)| alike(given, back))
}

/// The cells of CSV.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = crate::import::csv::CsvReader::new(text.as_bytes(), "the text").expect("CSV");
    let (mut row, mut rows) = (crate::import::csv::CsvRow::default(), Vec::new());
    while reader.read_row(&mut row).expect("CSV") {
        rows.push(row.cells().map(|cell| cell.text.to_string()).collect());
    }
    rows
}

fn seed() -> u64 {
    std::env::var("HYDRA_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0)
}

/// HYDRA_SEED says where to begin.
#[test]
fn what_is_written_is_read_back() {
    let mut bench = Bench::new();
    (seed()..seed() + 150).for_each(|seed| bench.hold(seed));
    assert!(bench.counts.iter().all(|&count| count > 20), "{:?}", bench.counts);
}

/// The same for as many seconds as HYDRA_SECONDS says, or ten minutes.
#[test]
#[ignore = "as long as one likes"]
fn what_is_written_is_read_back_for_long() {
    let seconds = std::env::var("HYDRA_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let (mut bench, start) = (Bench::new(), Instant::now());
    let mut seed = seed();
    while start.elapsed() < Duration::from_secs(seconds.unwrap_or(600)) {
        bench.hold(seed);
        seed += 1;
    }
    eprintln!("up to seed {seed}: {:?}", bench.counts);
}
