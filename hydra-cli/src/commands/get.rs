//! `hydra get` prints one value of a file, or the values of a range of records. It prints whole records as
//! `cat` does.

use crate::args::{Format, GetArgs};
use crate::console::Console;
use crate::failure::{Exit, Failure, Result};
use crate::print::Printer;
use crate::records::{TableRecords, parse};
use crate::render::plain;
use crate::source::Input;
use hydra::reflect::{Locator, Records as Which};
use hydra::{Dynamic, Error, ErrorKind, Table, Value};
use serde_json::json;
use std::io::Write;
use std::ops::Range;
use std::path::PathBuf;

pub(crate) fn run(args: &GetArgs, console: &mut Console) -> Result<Exit> {
    let locator: Locator = parse(&args.path)?;
    if locator.table.is_some() && args.source.table.is_some() {
        return Err(
            Failure::usage("the path names a table, and so does --table").help("leave one of them out")
        );
    }
    let mut records = TableRecords::open(&args.file, &args.source, locator.table.as_deref(), &[], console)?;
    let (range, one) = which(&records.input, &records.table, &locator)?;
    match args.format {
        Format::Text if locator.path.steps().is_empty() => {
            Printer::new(Format::Text, &records, console)?.print(&mut records, range, console)?;
        }
        format => {
            print(&mut records, range, &locator, one, format, console)?;
        }
    }
    Ok(records.conclude(&[], console))
}

/// Returns the records of a path, and whether the path names a single record.
pub(crate) fn which(input: &Input, table: &Table<Dynamic>, locator: &Locator) -> Result<(Range<u64>, bool)> {
    let len = table.len();
    let from_end = |index: i64| match u64::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => len.checked_sub(index.unsigned_abs()),
    };
    let none = || Error::new(ErrorKind::NoSuchPath).place(format!("table {}", table.name()));
    match locator.records {
        Some(Which::One(index)) => match from_end(index).filter(|&index| index < len) {
            Some(index) => Ok((index..index + 1, true)),
            None => {
                let expected = format!("an index from -{len} to {}", len.saturating_sub(1));
                let expected = if len == 0 { "nothing: the table is empty".to_string() } else { expected };
                Err(input.failure(none().expected(expected).found(index.to_string())))
            }
        },
        Some(Which::Range(from, to)) => {
            let bound =
                |bound: Option<i64>, open| bound.map_or(open, |at| from_end(at).unwrap_or(0).min(len));
            let start = bound(from, 0);
            Ok((start..bound(to, len).max(start), false))
        }
        _ if locator.path.steps().is_empty() => Ok((0..len, false)),
        _ if len == 1 => Ok((0..1, true)),
        _ => {
            let (mut one, mut all) = (locator.clone(), locator.clone());
            one.records = Some(Which::One(0));
            all.records = Some(Which::Range(None, None));
            let error = none().expected("the index of a record").found(format!("a table of {len} records"));
            let help = format!("{one} is the value of the first record, {all} of all");
            Err(input.failure(error.help(help)).exit(Exit::Usage))
        }
    }
}

fn print(
    records: &mut TableRecords,
    range: Range<u64>,
    locator: &Locator,
    one: bool,
    format: Format,
    console: &mut Console,
) -> Result<()> {
    let name = records.table.name().to_string();
    let spelling = records.spelling;
    let file = PathBuf::from(&records.input.name);
    let mut count = 0u64;
    if format == Format::Json {
        let table = json!(name);
        let path = json!(locator.to_string());
        let key = if one { "\"value\":" } else { "\"values\":[" };
        write!(console, "{{\"version\":1,\"table\":{table},\"path\":{path},{key}")?;
    }
    records.each(range, &mut |record: Value<'_>| {
        let found = record
            .follow(&locator.path)
            .map_err(|error| error.in_file(&file).place(format!("table {name}")))?;
        match format {
            Format::Text => writeln!(console, "{}", plain::line(found, spelling))?,
            format => {
                let json = serde_json::to_string(&found.spelled(spelling))?;
                let comma = if one { "" } else { ["\n", ",\n"][usize::from(count > 0)] };
                match format {
                    Format::Json => write!(console, "{comma}{json}")?,
                    _ => writeln!(console, "{json}")?,
                }
            }
        }
        count += 1;
        Ok(())
    })?;
    if format == Format::Json {
        let null = if one && count == 0 { "null" } else { "" };
        writeln!(console, "{null}{}", if one { "}" } else { "\n]}" })?;
    }
    Ok(())
}
