//! `hydra cat`: records to stdout, streaming. As text, the columns are sized from the first records.
#![forbid(unsafe_code)]

use crate::args::{Cat, Format, Print};
use crate::columns::{self, Column};
use crate::console::Console;
use crate::export::{self, Exporter};
use crate::failure::{Exit, Failure, Result};
use crate::records::Records;
use crate::render::plain;
use crate::text::escape;
use crate::text::size::plural;
use crate::text::table::{Cell, Plan};
use hydra::Value;
use hydra::describe::Schema;
use hydra::reflect::Spelling;
use std::io::Write;
use std::ops::Range;

/// The records that decide how wide columns are.
const FIRST_RECORDS: usize = 200;

pub(crate) fn run(args: &Cat, console: &mut Console) -> Result<Exit> {
    let mut exit = Exit::Done;
    let mut titles: Option<Vec<String>> = None;
    for (i, file) in args.files.iter().enumerate() {
        let mut records = Records::open(file, &args.select.source, None, &args.select.fields, console)?;
        let range = export::range(args.count, args.skip, args.tail, records.table.len());
        let losses = match args.format {
            Print::Text => {
                if args.files.len() > 1 {
                    let gap = if i > 0 { "\n" } else { "" };
                    writeln!(console, "{gap}==> {} <==", escape::line(&records.input.name))?;
                }
                print_table(&mut records, range, console)?;
                Vec::new()
            }
            Print::Json => print(Format::Json, &mut records, range, &mut None, console)?,
            Print::Ndjson => print(Format::Ndjson, &mut records, range, &mut None, console)?,
            Print::Csv => print(Format::Csv, &mut records, range, &mut titles, console)?,
            Print::Msgpack => print(Format::Msgpack, &mut records, range, &mut None, console)?,
            Print::Cbor => print(Format::Cbor, &mut records, range, &mut None, console)?,
        };
        exit = exit.worst(records.conclude(&losses, console));
    }
    Ok(exit)
}

/// Prints records in a format. `titles` are those of the files before, whose columns must be the same. Returns
/// what the format does not keep.
fn print(
    format: Format,
    records: &mut Records,
    range: Range<u64>,
    titles: &mut Option<Vec<String>>,
    console: &mut Console,
) -> Result<Vec<String>> {
    let mut exporter = Exporter::new(format, records, console.width.is_some())?;
    let own = exporter.titles();
    match titles {
        Some(first) if *first != own => {
            return Err(Failure::new("HY0621", "the files have different columns")
                .place(format!(
                    "{}: expected {}, found {}",
                    records.input.name,
                    first.join(","),
                    own.join(",")
                ))
                .help("--fields picks the ones that both have"));
        }
        Some(_) => {}
        None => exporter.start(records.table.name(), console)?,
    }
    *titles = Some(own);
    records.each(range, &mut |value| exporter.record(value, console))?;
    exporter.finish(console)?;
    Ok(exporter.losses())
}

/// Prints records as a table.
pub(crate) fn print_table(records: &mut Records, range: Range<u64>, console: &mut Console) -> Result<()> {
    let mut page = Page::new(records.table.schema(), &records.picked, records.spelling);
    let done = records.each(range, &mut |value| page.record(value, console));
    // What was read before an error is shown.
    page.finish(console)?;
    done
}

/// A table that is being printed.
pub(crate) struct Page {
    columns: Vec<Column>,
    right: Vec<bool>,
    spelling: Spelling,
    first: Vec<Vec<Cell>>,
    plan: Option<Plan>,
    line: String,
    shortened: u64,
}

impl Page {
    pub(crate) fn new(schema: &Schema, picked: &[Column], spelling: Spelling) -> Page {
        let columns = columns::flatten(schema, picked);
        let right = columns.iter().map(|column| column.is_number(schema)).collect();
        Page { columns, right, spelling, first: Vec::new(), plan: None, line: String::new(), shortened: 0 }
    }

    pub(crate) fn record(&mut self, record: Value<'_>, console: &mut Console) -> Result<()> {
        let shown = self.plan.as_ref().map_or(self.columns.len(), |plan| plan.shown);
        let cells = self.columns.iter().take(shown);
        let cells = cells.map(|column| cell(column.value(record).unwrap_or(record), self.spelling));
        let cells: Vec<Cell> = cells.collect();
        if self.plan.is_some() {
            return self.print(&cells, console);
        }
        self.first.push(cells);
        if self.first.len() == FIRST_RECORDS { self.begin(console) } else { Ok(()) }
    }

    /// Sizes the columns and prints what was held back.
    fn begin(&mut self, console: &mut Console) -> Result<()> {
        let first = std::mem::take(&mut self.first);
        let titles = self.columns.iter().map(|column| escape::line(&column.label()).into_owned()).collect();
        let plan = Plan::new(titles, self.right.clone(), &first, console.width, console.color);
        console.write_all(plan.header().as_bytes())?;
        self.plan = Some(plan);
        first.iter().try_for_each(|cells| self.print(cells, console))
    }

    fn print(&mut self, cells: &[Cell], console: &mut Console) -> Result<()> {
        let Some(plan) = &self.plan else { return Ok(()) };
        self.line.clear();
        self.shortened += u64::from(plan.row(&mut self.line, cells));
        Ok(console.write_all(self.line.as_bytes())?)
    }

    /// Prints what was held back, if anything was.
    pub(crate) fn flush(&mut self, console: &mut Console) -> Result<()> {
        if self.plan.is_none() && !self.first.is_empty() {
            self.begin(console)?;
        }
        Ok(console.flush()?)
    }

    /// Prints what is left, and says what was left out.
    pub(crate) fn finish(&mut self, console: &mut Console) -> Result<()> {
        if self.plan.is_none() {
            self.begin(console)?;
        }
        console.flush()?;
        let left_out = self.plan.as_ref().map(Plan::left_out).unwrap_or_default();
        if !left_out.is_empty() {
            let columns = plural(left_out.len() as u64, "column");
            console.note(&format!("{columns} did not fit: {}; --fields picks columns", left_out.join(", ")));
        }
        if self.shortened > 0 {
            let records = plural(self.shortened, "record");
            console
                .note(&format!("cells of {records} are shortened (…); -f ndjson or csv prints them whole"));
        }
        Ok(())
    }
}

/// A value in one line: null stands out less.
pub(crate) fn cell(value: Value<'_>, spelling: Spelling) -> Cell {
    let text = plain::shown(value, spelling);
    Cell { dim: text.is_none(), text: text.unwrap_or_else(|| "null".to_string()) }
}
