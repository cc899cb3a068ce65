//! Reads the records that a command needs: the table, the selected fields, and the losses from damage.

use crate::args::SourceArgs;
use crate::columns::{self, Column};
use crate::console::Console;
use crate::failure::{Exit, Failure, Result};
use crate::source::Input;
use crate::text::plural;
use hydra::reflect::Spelling;
use hydra::{Dynamic, Error, ErrorKind, Reader, Schema, Table, Value};
use std::collections::BTreeMap;
use std::num::{IntErrorKind, ParseIntError};
use std::ops::Range;
use std::path::Path;
use std::str::FromStr;

/// The largest number of damaged blocks that are listed; the rest are counted.
const TOLD: usize = 10;

/// An open table of a file.
pub(crate) struct TableRecords {
    pub(crate) input: Input,
    pub(crate) reader: Reader,
    pub(crate) table: Table<Dynamic>,
    /// The selected fields, or the whole record.
    pub(crate) picked: Vec<Column>,
    pub(crate) spelling: Spelling,
    skip_damaged: bool,
    lost: Lost,
}

/// What is lost of a table.
#[derive(Default)]
struct Lost {
    /// Opening the file found that records are missing.
    incomplete: bool,
    records: u64,
    /// The number of these whose variants the type does not have.
    unknown: u64,
    failures: Vec<Failure>,
}

impl TableRecords {
    /// Opens the table `named`, the table of the source arguments, or the only table.
    pub(crate) fn open(
        file: &Path,
        source: &SourceArgs,
        named: Option<&str>,
        fields: &[String],
        console: &mut Console,
    ) -> Result<TableRecords> {
        let input = Input::new(file, console)?;
        let reader = input.open()?;
        TableRecords::of(input, reader, source, named, fields, console)
    }

    /// Opens a table of an open file, like [`TableRecords::open`].
    pub(crate) fn of(
        input: Input,
        reader: Reader,
        source: &SourceArgs,
        named: Option<&str>,
        fields: &[String],
        console: &mut Console,
    ) -> Result<TableRecords> {
        let incomplete = input.admit(&reader, source.skip_damaged, console)?;
        let table = input.table(&reader, named.or(source.table.as_deref()))?;
        let picked = pick(table.schema(), fields, &input)?;
        let (spelling, skip_damaged) = (source.spelling(), source.skip_damaged);
        let lost = Lost { incomplete, ..Lost::default() };
        Ok(TableRecords { input, reader, table, picked, spelling, skip_damaged, lost })
    }

    /// Updates to the newest state of the file. Returns true if it changed.
    pub(crate) fn refresh(&mut self) -> Result<bool> {
        let newer = self.reader.refresh().map_err(|error| self.input.failure(error))?;
        if newer {
            let table = self.reader.dynamic_table(self.table.name());
            let table = table.map_err(|error| self.input.failure(error))?;
            if !table.schema().is_identical(self.table.schema()) {
                let error = Error::new(ErrorKind::TypeMismatch).place(format!("table {}", table.name()));
                let error = error.what("its new records have a newer schema");
                return Err(self.input.failure(error.help("start the command again to print them")));
            }
            self.table = table;
        }
        Ok(newer)
    }

    /// Calls `take` for the records in order; damaged blocks are skipped if that is allowed.
    pub(crate) fn each(
        &mut self,
        range: Range<u64>,
        take: &mut dyn FnMut(Value<'_>) -> Result<()>,
    ) -> Result<()> {
        let (mut next, end) = (range.start, range.end.min(self.table.len()));
        for block in self.table.range(range) {
            let block = match block {
                Ok(block) => block,
                Err(error) => {
                    self.skip(error)?;
                    continue;
                }
            };
            self.lost.records += block.first().saturating_sub(next);
            next = block.first().saturating_add(block.len() as u64);
            block.values().try_for_each(&mut *take)?;
        }
        self.lost.records += end.saturating_sub(next);
        Ok(())
    }

    /// Skips a block that cannot be read, if that is allowed.
    fn skip(&mut self, error: Error) -> Result<()> {
        let help = match error.kind() {
            ErrorKind::Io => return Err(self.input.failure(error)),
            kind if self.skip_damaged => {
                self.lost.unknown += u64::from(kind == ErrorKind::UnknownVariant);
                self.lost.failures.push(self.input.failure(error));
                return Ok(());
            }
            // This error already has its own help.
            ErrorKind::TypeMismatch => return Err(self.input.failure(error)),
            ErrorKind::UnknownVariant => {
                "the record is intact, but the newest schema lacks its enum variant; --skip-damaged continues without it"
            }
            _ => "--skip-damaged continues without these records",
        };
        Err(self.input.failure(error).help(help))
    }

    /// Returns the metadata; if it is damaged and that is allowed, it is empty and counts as a loss.
    pub(crate) fn metadata(&mut self) -> Result<BTreeMap<String, Vec<u8>>> {
        match self.reader.metadata() {
            Ok(pairs) => Ok(pairs.clone()),
            Err(error) if self.skip_damaged && error.kind() != ErrorKind::Io => {
                self.lost.failures.push(self.input.failure(error));
                self.lost.incomplete = true;
                Ok(BTreeMap::new())
            }
            Err(error) => Err(self.input.failure(error).help("--skip-damaged continues without metadata")),
        }
    }

    /// Prints what is lost. Returns the exit code.
    pub(crate) fn conclude(&self, losses: &[String], console: &mut Console) -> Exit {
        let Lost { incomplete, records, unknown, failures } = &self.lost;
        failures.iter().take(TOLD).for_each(|failure| console.complain(failure));
        if failures.len() > TOLD {
            console.note(&format!("and {} more errors", failures.len() - TOLD));
        }
        let name = &self.input.name;
        if *unknown > 0 {
            let left_out = plural(*unknown, "record");
            console.warn(&format!("{name}: {left_out} skipped (the newest schema lacks the variant)"));
        }
        let damaged = records.saturating_sub(*unknown);
        if damaged > 0 {
            console.warn(&format!("{name}: {} skipped (damaged blocks)", plural(damaged, "record")));
        }
        losses.iter().for_each(|loss| console.warn(&format!("{name}: {loss}")));
        let lossy = *incomplete || *records > 0 || !losses.is_empty();
        if lossy { Exit::Lossy } else { Exit::Done }
    }
}

fn pick(schema: &Schema, fields: &[String], input: &Input) -> Result<Vec<Column>> {
    let paths: Vec<_> = fields.iter().map(|text| paths(text)).collect::<Result<_>>()?;
    columns::pick(schema, &paths.concat())
        .map_err(|error| input.failure(error.place(format!("type {}", schema.name()))))
}

/// Parses a path from the command line, which may start with a dot, or the place of a value in a file.
pub(crate) fn parse<P: FromStr<Err = Error>>(text: &str) -> Result<P> {
    let bare = text.strip_prefix('.').unwrap_or(text);
    let failure = |error: Error| match large_index(bare) {
        Some(index) if error.kind() == ErrorKind::BadPath => {
            let error = Error::new(ErrorKind::BadPath).what("an index is too large").path(bare);
            error.expected(format!("{} to {}, or a key in quotes", i64::MIN, i64::MAX)).found(index)
        }
        _ => error,
    };
    bare.parse().map_err(|error| Failure::from(failure(error)).exit(Exit::Usage))
}

/// Returns the first index of a path that has more than 64 bits.
fn large_index(path: &str) -> Option<&str> {
    let is_large =
        |error: ParseIntError| matches!(error.kind(), IntErrorKind::PosOverflow | IntErrorKind::NegOverflow);
    path.split(['[', ':', ']']).find(|part| part.parse::<i64>().is_err_and(is_large))
}

/// Parses paths that are separated by commas.
fn paths(mut text: &str) -> Result<Vec<hydra::reflect::Path>> {
    let mut paths = Vec::new();
    while let Some((first, rest)) = split(text, ',') {
        paths.push(field(first)?);
        text = rest;
    }
    paths.push(field(text)?);
    Ok(paths)
}

/// Parses one path of a list. Elsewhere, an empty path means the whole record, but in a list it is a mistake.
fn field(text: &str) -> Result<hydra::reflect::Path> {
    if text.is_empty() {
        let error = Error::new(ErrorKind::BadPath).place("--fields").found("an empty field");
        return Err(Failure::from(error.help("without --fields, all fields are printed")).exit(Exit::Usage));
    }
    parse(text)
}

/// Splits text at the first such character outside quotes.
pub(crate) fn split(text: &str, at: char) -> Option<(&str, &str)> {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.find(|c| {
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && quoted && !escaped;
        c == at && !quoted
    })?;
    Some((text.get(..end)?, text.get(end + at.len_utf8()..)?))
}
