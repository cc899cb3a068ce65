//! `hydra cat`: records to stdout, streaming. As text, the columns are sized from the first records.
#![forbid(unsafe_code)]

use crate::args::{Cat, Print};
use crate::console::Console;
use crate::export::{self, Exporter, Format, each_record};
use crate::failure::{Exit, Failure, Result};
use crate::render::columns::{self, Column};
use crate::render::escape;
use crate::render::json::Json;
use crate::render::leaf::{Leaf, Spelling, leaf, write_leaf};
use crate::render::size::plural;
use crate::render::table::{Cell, Plan};
use crate::source::Input;
use hydra::describe::Schema;
use hydra::file::Table;
use hydra::{Dynamic, Value};
use std::io::Write;

/// The records that decide how wide columns are.
const FIRST_RECORDS: usize = 200;

pub(crate) fn run(args: &Cat, console: &mut Console) -> Result<Exit> {
    let mut exit = Exit::Done;
    let mut titles: Option<Vec<String>> = None;
    for (i, file) in args.files.iter().enumerate() {
        let input = Input::new(file, console)?;
        let reader = input.open()?;
        if input.admit(&reader, args.select.skip_damaged, console)? {
            exit = Exit::Lossy;
        }
        let table = input.table(&reader, args.select.table.as_deref())?;
        let range = export::range(args.count, args.skip, args.tail, table.len());
        let picked = args.select.pick(table.schema(), &input)?;
        let format = match args.format {
            Print::Text => {
                if args.files.len() > 1 {
                    let gap = if i > 0 { "\n" } else { "" };
                    writeln!(console, "{gap}==> {} <==", escape::line(&input.name))?;
                }
                let lost = print_table(args, &input, &table, &picked, range, console)?;
                exit = exit.worst(if lost > 0 { Exit::Lossy } else { Exit::Done });
                continue;
            }
            Print::Json => Format::Json,
            Print::Ndjson => Format::Ndjson,
            Print::Csv => Format::Csv,
        };
        let mut exporter = Exporter::new(format, table.schema(), picked, args.select.spelling());
        if format != Format::Csv || titles.is_none() {
            exporter.start(table.name(), console)?;
        }
        let own = exporter.titles();
        let first = titles.get_or_insert_with(|| own.clone());
        if format == Format::Csv && *first != own {
            return Err(Failure::new("HY0621", "the files have different columns")
                .place(format!("{}: expected {}, found {}", input.name, first.join(","), own.join(",")))
                .help("--fields picks the ones that both have"));
        }
        let lost = each_record(
            &input,
            &table,
            range.clone(),
            args.select.skip_damaged,
            console,
            &mut |value, out| exporter.record(value, out),
        )?;
        exporter.finish(console)?;
        let losses = if range.is_empty() { Vec::new() } else { exporter.losses(table.schema()) };
        losses.iter().for_each(|loss| console.warn(&format!("{}: {loss}", input.name)));
        exit = exit.worst(if lost > 0 || !losses.is_empty() { Exit::Lossy } else { Exit::Done });
    }
    Ok(exit)
}

/// Prints records as a table. Returns how many were lost to damage.
fn print_table(
    args: &Cat,
    input: &Input,
    table: &Table<Dynamic>,
    picked: &[Column],
    range: std::ops::Range<u64>,
    console: &mut Console,
) -> Result<u64> {
    let mut page = Page::new(table.schema(), picked, args.select.spelling());
    let done = each_record(input, table, range, args.select.skip_damaged, console, &mut |value, console| {
        page.record(value, console)
    });
    // What was read before an error is shown.
    page.finish(console)?;
    done
}

/// A table that is being printed.
struct Page {
    columns: Vec<Column>,
    right: Vec<bool>,
    spelling: Spelling,
    first: Vec<Vec<Cell>>,
    plan: Option<Plan>,
    line: String,
    shortened: u64,
}

impl Page {
    fn new(schema: &Schema, picked: &[Column], spelling: Spelling) -> Page {
        let columns = columns::flatten(schema, picked);
        let right = columns.iter().map(|column| column.is_number(schema)).collect();
        Page { columns, right, spelling, first: Vec::new(), plan: None, line: String::new(), shortened: 0 }
    }

    fn record(&mut self, record: Value<'_>, console: &mut Console) -> Result<()> {
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
        let titles = self.columns.iter().map(|column| escape::line(column.title()).into_owned()).collect();
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

    /// Prints what is left, and says what was left out.
    fn finish(&mut self, console: &mut Console) -> Result<()> {
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

/// A value in one line: null stands out less, the empty string is `""`.
fn cell(value: Value<'_>, spelling: Spelling) -> Cell {
    let mut text = String::new();
    match leaf(value, spelling) {
        Some(Leaf::Str("")) => text.push_str("\"\""),
        Some(leaf) => {
            write_leaf(&mut text, &leaf);
            return Cell { text: escape::line(&text).into_owned(), dim: leaf == Leaf::Null };
        }
        None => text = serde_json::to_string(&Json(value, spelling)).unwrap_or_default(),
    }
    Cell { text: escape::line(&text).into_owned(), dim: false }
}
