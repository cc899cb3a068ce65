//! Compares file formats: ticks and log lines in all formats; trades and events, which have enums and more
//! strings, with the floor and rkyv.
#![forbid(unsafe_code)]

use crate::report::Section;
use crate::{AnyResult, Scratch, events, logs, ticks, trades};

const PEERS: [&str; 10] = [
    "rkyv",
    "arrow-ipc",
    "parquet",
    "bincode",
    "bitcode",
    "mcap",
    "apache-avro",
    "rusqlite",
    "libsqlite3-sys",
    "zstd-sys",
];

/// Measures each format `rounds` times with these numbers of ticks and log lines. A full run is written to
/// the documentation.
pub fn run(ticks: usize, logs: usize, rounds: usize, keep: bool) -> AnyResult<()> {
    let scratch = Scratch::new("files")?;
    let mut section = Section::new("files", &PEERS)?;
    section.say(&format!(
        "Nanoseconds a record (a read, where records are read at random), medians of {rounds} rounds; in parentheses against raw in the \
         same column. They are processor time of the one thread, but for *write and sync*, which is time on the clock. `*`: of a tenth of the records. *Again*: over the same open file, whose pages are mapped in and \
         whose blocks are known good; blank where nothing is remembered. *Told at once*: all places are given before the first read, as to `get_many`. *Owned*: each record as an owned value, blank where the \
         scan is of such already. Every sum was compared with that of the records in memory."
    ));
    section.table(
        &format!("Ticks: {ticks} plain records of 48 bytes"),
        &ticks::run(scratch.path(), ticks, rounds)?,
    );
    scratch.clear()?;
    section.table(
        &format!("Log lines: {logs} with strings, an option and a list"),
        &logs::run(scratch.path(), logs, rounds)?,
    );
    scratch.clear()?;
    section.table(
        &format!("Trades: {ticks} plain records of 48 bytes with two enums"),
        &trades::run(scratch.path(), ticks, rounds)?,
    );
    scratch.clear()?;
    section.table(
        &format!("Events: {logs} with two strings, an option of one, a list of them and an enum"),
        &events::run(scratch.path(), logs, rounds)?,
    );
    section.finish(keep)
}
