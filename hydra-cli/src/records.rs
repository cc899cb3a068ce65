//! The records that a command was asked for: of which table, which fields, and what of them is lost to damage.

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

/// Damaged blocks beyond these are counted, not told one by one.
const TOLD: usize = 10;

/// A table of a file, open to be printed.
pub(crate) struct TableRecords {
    pub(crate) input: Input,
    pub(crate) reader: Reader,
    pub(crate) table: Table<Dynamic>,
    /// The fields that were asked for, or the whole record.
    pub(crate) picked: Vec<Column>,
    pub(crate) spelling: Spelling,
    skip_damaged: bool,
    lost: Lost,
}

/// What of a table is lost.
#[derive(Default)]
struct Lost {
    /// Opening the file found that records are missing.
    incomplete: bool,
    records: u64,
    /// Of those, the ones whose variants the type does not have.
    unknown: u64,
    failures: Vec<Failure>,
}

impl TableRecords {
    /// Opens a table: `named`, the one that the source names, or the only one.
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

    /// The same of a file that is open.
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

    /// Shows the newest state of the file; true if that is another one.
    pub(crate) fn refresh(&mut self) -> Result<bool> {
        let newer = self.reader.refresh().map_err(|error| self.input.failure(error))?;
        if newer {
            let table = self.reader.dynamic_table(self.table.name());
            let table = table.map_err(|error| self.input.failure(error))?;
            if !table.schema().is_identical(self.table.schema()) {
                let error = Error::new(ErrorKind::TypeMismatch).place(format!("table {}", table.name()));
                let error = error.what("its records have a newer type from here on");
                return Err(self.input.failure(error.help("start again to see it")));
            }
            self.table = table;
        }
        Ok(newer)
    }

    /// Goes through records in order; blocks that are damaged are left out where that is allowed.
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

    /// Leaves out a block that cannot be read, where that is allowed.
    fn skip(&mut self, error: Error) -> Result<()> {
        let help = match error.kind() {
            ErrorKind::Io => return Err(self.input.failure(error)),
            kind if self.skip_damaged => {
                self.lost.unknown += u64::from(kind == ErrorKind::UnknownVariant);
                self.lost.failures.push(self.input.failure(error));
                return Ok(());
            }
            // It says how each path could be read.
            ErrorKind::TypeMismatch => return Err(self.input.failure(error)),
            ErrorKind::UnknownVariant => {
                "it is not damaged: a program with the type that wrote it reads it; --skip-damaged goes on without this record"
            }
            _ => "--skip-damaged goes on without these records",
        };
        Err(self.input.failure(error).help(help))
    }

    /// The metadata: none, and a loss, where it is damaged and that is allowed.
    pub(crate) fn metadata(&mut self) -> Result<BTreeMap<String, Vec<u8>>> {
        match self.reader.metadata() {
            Ok(pairs) => Ok(pairs.clone()),
            Err(error) if self.skip_damaged && error.kind() != ErrorKind::Io => {
                self.lost.failures.push(self.input.failure(error));
                self.lost.incomplete = true;
                Ok(BTreeMap::new())
            }
            Err(error) => Err(self.input.failure(error).help("--skip-damaged goes on without the metadata")),
        }
    }

    /// Says what is lost; the exit code that follows.
    pub(crate) fn conclude(&self, losses: &[String], console: &mut Console) -> Exit {
        let Lost { incomplete, records, unknown, failures } = &self.lost;
        failures.iter().take(TOLD).for_each(|failure| console.complain(failure));
        if failures.len() > TOLD {
            console.note(&format!("and {} more", failures.len() - TOLD));
        }
        let name = &self.input.name;
        if *unknown > 0 {
            let left_out = plural(*unknown, "record");
            console.warn(&format!("{name}: {left_out} left out for variants that the newest type lacks"));
        }
        let damaged = records.saturating_sub(*unknown);
        if damaged > 0 {
            console.warn(&format!("{name}: {damaged} records are left out, their blocks are damaged"));
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

/// A path of a command line, which may begin with a dot; or the place of a value in a file.
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

/// The first index of a path that has more than 64 bits.
fn large_index(path: &str) -> Option<&str> {
    let is_large =
        |error: ParseIntError| matches!(error.kind(), IntErrorKind::PosOverflow | IntErrorKind::NegOverflow);
    path.split(['[', ':', ']']).find(|part| part.parse::<i64>().is_err_and(is_large))
}

/// Paths with commas between them.
fn paths(mut text: &str) -> Result<Vec<hydra::reflect::Path>> {
    let mut paths = Vec::new();
    while let Some((first, rest)) = split(text, ',') {
        paths.push(field(first)?);
        text = rest;
    }
    paths.push(field(text)?);
    Ok(paths)
}

/// One of them: that none names the whole record is true in a path, but in a list it is a slip.
fn field(text: &str) -> Result<hydra::reflect::Path> {
    if text.is_empty() {
        let error = Error::new(ErrorKind::BadPath).place("--fields").found("nothing for a field");
        return Err(Failure::from(error.help("without --fields, all fields are shown")).exit(Exit::Usage));
    }
    parse(text)
}

/// The text before and after the first of these characters that is not in quotes.
pub(crate) fn split(text: &str, at: char) -> Option<(&str, &str)> {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.find(|c| {
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && quoted && !escaped;
        c == at && !quoted
    })?;
    Some((text.get(..end)?, text.get(end + at.len_utf8()..)?))
}
