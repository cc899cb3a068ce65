//! Prints records to stdout as a table, whose column widths come from the first records, or in another
//! format.

use crate::args::Format;
use crate::columns::{self, Column};
use crate::console::Console;
use crate::export::Exporter;
use crate::failure::Result;
use crate::records::TableRecords;
use crate::render::plain;
use crate::text::table::TableLayout;
use crate::text::{TableCell, escape, plural};
use hydra::Value;
use hydra::reflect::Spelling;
use std::io::Write;
use std::ops::Range;

/// The number of records that determine the widths of the columns.
const FIRST_RECORDS: usize = 200;

/// Prints records as a table or in another format.
pub(crate) enum Printer {
    Page(TablePrinter),
    Export(Exporter),
}

impl Printer {
    pub(crate) fn new(format: Format, records: &TableRecords, console: &Console) -> Result<Printer> {
        match format {
            Format::Text => Ok(Printer::Page(TablePrinter::new(records))),
            format => Exporter::new(format, records, console.width.is_some()).map(Printer::Export),
        }
    }

    /// Returns the column titles that are printed before the records.
    pub(crate) fn titles(&self) -> Vec<String> {
        match self {
            Printer::Page(_) => Vec::new(),
            Printer::Export(exporter) => exporter.titles(),
        }
    }

    /// Prints the text before the records.
    pub(crate) fn start(&mut self, records: &TableRecords, console: &mut Console) -> Result<()> {
        match self {
            Printer::Page(_) => Ok(()),
            Printer::Export(exporter) => exporter.start(records.table.name(), console),
        }
    }

    pub(crate) fn record(&mut self, value: Value<'_>, console: &mut Console) -> Result<()> {
        match self {
            Printer::Page(page) => page.record(value, console),
            Printer::Export(exporter) => exporter.record(value, console),
        }
    }

    /// Prints records that are held back, if there are any.
    pub(crate) fn flush(&mut self, console: &mut Console) -> Result<()> {
        match self {
            Printer::Page(page) => page.flush(console),
            Printer::Export(_) => Ok(console.flush()?),
        }
    }

    /// Prints the text after the records. Returns what the format does not keep.
    pub(crate) fn finish(&mut self, console: &mut Console) -> Result<Vec<String>> {
        match self {
            Printer::Page(page) => page.finish(console).map(|()| Vec::new()),
            Printer::Export(exporter) => exporter.finish(console).map(|()| exporter.losses()),
        }
    }

    /// Prints these records and the text after them.
    pub(crate) fn print(
        &mut self,
        records: &mut TableRecords,
        range: Range<u64>,
        console: &mut Console,
    ) -> Result<Vec<String>> {
        let done = records.each(range, &mut |value| self.record(value, console));
        if let (Printer::Page(page), Err(_)) = (&mut *self, &done) {
            // Records that were read before an error are printed.
            page.finish(console)?;
        }
        done?;
        self.finish(console)
    }
}

/// A table that is being printed.
#[derive(Default)]
pub(crate) struct TablePrinter {
    columns: Vec<Column>,
    right: Vec<bool>,
    spelling: Spelling,
    first: Vec<Vec<TableCell>>,
    plan: Option<TableLayout>,
    line: String,
    shortened: u64,
}

impl TablePrinter {
    fn new(records: &TableRecords) -> TablePrinter {
        let schema = records.table.schema();
        let columns = columns::flatten(schema, &records.picked);
        let right = columns.iter().map(|column| column.is_number(schema)).collect();
        TablePrinter { columns, right, spelling: records.spelling, ..TablePrinter::default() }
    }

    fn record(&mut self, record: Value<'_>, console: &mut Console) -> Result<()> {
        let shown = self.plan.as_ref().map_or(self.columns.len(), |plan| plan.shown);
        let cell = |column: &Column| cell(column.value(record), self.spelling);
        let cells: Vec<TableCell> = self.columns.iter().take(shown).map(cell).collect();
        if self.plan.is_some() {
            return self.print(&cells, console);
        }
        self.first.push(cells);
        if self.first.len() == FIRST_RECORDS { self.begin(console) } else { Ok(()) }
    }

    /// Chooses the widths of the columns and prints the records that were held back.
    fn begin(&mut self, console: &mut Console) -> Result<()> {
        let first = std::mem::take(&mut self.first);
        let titles = self.columns.iter().map(|column| escape::line(&column.label()).into_owned()).collect();
        let plan = TableLayout::new(titles, self.right.clone(), &first, console.width, console.color);
        console.write_all(plan.header().as_bytes())?;
        self.plan = Some(plan);
        first.iter().try_for_each(|cells| self.print(cells, console))
    }

    fn print(&mut self, cells: &[TableCell], console: &mut Console) -> Result<()> {
        let Some(plan) = &self.plan else { return Ok(()) };
        self.line.clear();
        self.shortened += u64::from(plan.row(&mut self.line, cells));
        Ok(console.write_all(self.line.as_bytes())?)
    }

    /// Prints records that are held back, if there are any.
    fn flush(&mut self, console: &mut Console) -> Result<()> {
        if self.plan.is_none() && !self.first.is_empty() {
            self.begin(console)?;
        }
        Ok(console.flush()?)
    }

    /// Prints the remaining records and says what was left out.
    fn finish(&mut self, console: &mut Console) -> Result<()> {
        if self.plan.is_none() {
            self.begin(console)?;
        }
        console.flush()?;
        let left_out = self.plan.as_ref().map(TableLayout::left_out).unwrap_or_default();
        if !left_out.is_empty() {
            let columns = plural(left_out.len() as u64, "column");
            console.note(&format!("{columns} did not fit: {}; --fields picks columns", left_out.join(", ")));
        }
        if self.shortened > 0 {
            let records = plural(self.shortened, "record");
            let whole = "-f ndjson or csv prints them in full";
            console.note(&format!("cells of {records} are shortened (…); {whole}"));
        }
        Ok(())
    }
}

/// Returns the cell of a value; null is dim.
fn cell(value: Value<'_>, spelling: Spelling) -> TableCell {
    plain::shown(value, spelling).map_or_else(|| TableCell::dim("null"), TableCell::new)
}
