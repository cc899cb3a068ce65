//! Reads NDJSON as records in two passes: the first infers the type of all values (also for JSON documents),
//! the second writes the records. Memory is bounded by the longest record, not by the input.

use super::job::{ImportJob, RECORD_BYTES, Surveyed, TextPosition, bad, not_utf8, unread};
use super::json::Tokens;
use super::shape::{Build, ImportShape, ShapeConflict, Walk};
use super::stream;
use super::witness::CellSource;
use crate::args::Format;
use crate::console::Console;
use crate::failure::{Exit, Failure, Result};
use crate::source::Input;
use hydra::reflect::Seed;
use hydra::{Schema, Writer};
use serde::de::{DeserializeSeed, IgnoredAny};
use serde_json::Deserializer;
use std::io::{BufRead, Read};
use std::path::Path;
use std::rc::Rc;

/// Infers the type of the records, counts them, and reports what the type cannot hold.
pub(super) fn survey(
    job: &ImportJob<'_>,
    from: Format,
    table: &str,
    console: &mut Console,
) -> Result<Surveyed> {
    let mut shape = ImportShape::default();
    let mut fields = 0;
    let mut records = 0;
    let mut source = CellSource { line: 0, file: None };
    let add = |input: &Input, start: TextPosition, text: &str| {
        records += 1;
        source.line = start.line;
        if job.inputs.len() > 1 && source.file.as_deref() != Some(&input.name) {
            source.file = Some(Rc::from(input.name.as_str()));
        }
        // The records of a JSON document are already known to be valid JSON.
        if from != Format::Json {
            serde_json::from_str::<IgnoredAny>(text).map_err(|error| malformed(&error, start, input))?;
        }
        let mut walk = Walk { json: Tokens::new(text), source: &source, fields: &mut fields, depth: 0 };
        match shape.add(&mut walk) {
            Ok(_) => Ok(()),
            Err(conflict) => Err(unfit(conflict, walk.json.place(start), input)),
        }
    };
    match from {
        Format::Json => stream::texts(job, add)?,
        _ => lines(job, "reading", add)?,
    }
    let mut build = Build::default();
    build.root(&shape, table);
    let Build { types, notes, losses, .. } = build;
    if records == 0 {
        console.note(&format!("{}: there are no records, so there are no fields", job.name()));
    }
    notes.iter().for_each(|note| console.note(&format!("{}: {note}", job.name())));
    losses.iter().for_each(|loss| console.warn(&format!("{}: {loss}", job.name())));
    let schema = Schema::new(types).map_err(|error| job.failure(error))?;
    Ok((schema, Some(records), if losses.is_empty() { Exit::Done } else { Exit::Lossy }))
}

/// Writes the records. Returns their number.
pub(super) fn write(job: &ImportJob<'_>, schema: &Schema, writer: &mut Writer) -> Result<u64> {
    let table = job.table(schema, writer)?;
    let mut seed = Seed::new(schema).spelling(job.spelling);
    let mut records = 0;
    lines(job, "writing", |input, start, line| {
        records += 1;
        let mut json = Deserializer::from_str(line);
        // The seed has its own recursion limit.
        json.disable_recursion_limit();
        let value = seed.deserialize(&mut json).map_err(|error| malformed(&error, start, input))?;
        json.end().map_err(|error| malformed(&error, start, input))?;
        Ok(writer.append_value(table, value)?)
    })?;
    Ok(records)
}

/// Calls `take` for each line that is not blank, with its place.
fn lines(
    job: &ImportJob<'_>,
    what: &'static str,
    mut take: impl FnMut(&Input, TextPosition, &str) -> Result<()>,
) -> Result<()> {
    let mut line = Vec::new();
    job.each(what, |input, mut reader| {
        for number in 1.. {
            line.clear();
            let read = reader.by_ref().take(RECORD_BYTES).read_until(b'\n', &mut line);
            let count = read.map_err(|error| Failure::io(error, Path::new(&input.name)))?;
            if count == 0 {
                break;
            }
            if count as u64 == RECORD_BYTES {
                let place = TextPosition { line: number, column: 1 };
                let what = "malformed NDJSON: a line above 16 MiB";
                return Err(bad(&input.name, "HY0611", what, Some(place), "one value a line", "more"));
            }
            let json =
                line.strip_prefix(b"\xEF\xBB\xBF").filter(|_| number == 1).unwrap_or(&line).trim_ascii_end();
            let json = std::str::from_utf8(json).map_err(|error| {
                let at = error.valid_up_to();
                let place = TextPosition { line: number, column: at as u64 + 1 };
                not_utf8("NDJSON", &input.name, place, json.get(at).copied().unwrap_or(0))
            })?;
            if !json.is_empty() {
                take(input, TextPosition { line: number, column: 1 }, json)?;
            }
        }
        Ok(())
    })
}

/// Returns the place of an error in a text that starts at `start`.
fn place(error: &serde_json::Error, start: TextPosition) -> TextPosition {
    let (line, column) = (error.line() as u64, error.column().max(1) as u64);
    let before = if line <= 1 { start.column - 1 } else { 0 };
    TextPosition { line: start.line + line.max(1) - 1, column: before + column }
}

fn unfit(conflict: ShapeConflict, place: TextPosition, input: &Input) -> Failure {
    let ShapeConflict { path, what, expected, found, help } = conflict;
    let colon = if path.is_empty() { "" } else { ": " };
    let what = format!("{path}{colon}{what}");
    let failure = bad(&input.name, "HY0616", &what, Some(place), &expected, found);
    if help.is_empty() { failure } else { failure.help(help) }
}

fn malformed(error: &serde_json::Error, start: TextPosition, input: &Input) -> Failure {
    let (code, what) = unread("NDJSON", error);
    Failure::new(code, what).place(format!("{}, {}", input.name, place(error, start)))
}
