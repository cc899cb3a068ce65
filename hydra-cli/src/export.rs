//! Writes records in other formats, for `cat` and `convert`.

use crate::args::Format;
use crate::columns::{self, Column};
use crate::console::Console;
use crate::failure::{Failure, Result};
use crate::records::TableRecords;
use crate::render::csv;
use crate::render::plain::{inside, plain};
use crate::text::plural;
use hydra::reflect::{Path, Scalar, Spelling, Step};
use hydra::{Kind, Value};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::ops::Range;

/// The largest number of places of losses that are listed; the rest are counted as one.
const TOLD: usize = 100;

/// Writes records in a format.
pub(crate) struct Exporter {
    format: Format,
    columns: Vec<Column>,
    /// For each column of CSV, what its cells that are not null do not keep.
    nested: Vec<Option<&'static str>>,
    spelling: Spelling,
    /// The text of null in CSV.
    pub(crate) null: String,
    line: Vec<u8>,
    buffer: Vec<u8>,
    count: u64,
    lossy: Cell<bool>,
    /// The place and kind of each loss, and how often it occurred.
    losses: BTreeMap<(String, &'static str), u64>,
}

impl Exporter {
    /// Returns an error if two columns have the same name, or if the format is binary and the output a
    /// terminal.
    pub(crate) fn new(format: Format, records: &TableRecords, terminal: bool) -> Result<Exporter> {
        if terminal && format.is_binary() {
            return Err(Console::refuse_binary());
        }
        let schema = records.table.schema();
        let csv = format == Format::Csv;
        let columns = if csv { columns::flatten(schema, &records.picked) } else { records.picked.clone() };
        let mut seen = HashSet::new();
        if let Some(twice) = columns.iter().find(|column| !seen.insert(column.title())) {
            return Err(Failure::new("HY0612", "two columns have the same name")
                .place(format!("{}: found {} for two columns", records.input.name, twice.title()))
                .help("--fields selects columns; ndjson keeps nested fields"));
        }
        Ok(Exporter {
            format,
            nested: columns.iter().map(|column| column.csv_loss(schema).filter(|_| csv)).collect(),
            columns,
            spelling: records.spelling,
            null: String::new(),
            line: Vec::new(),
            buffer: Vec::new(),
            count: 0,
            lossy: Cell::new(false),
            losses: BTreeMap::new(),
        })
    }

    /// Returns the titles of the columns.
    pub(crate) fn titles(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.title().to_string()).collect()
    }

    /// Returns what cannot be read back from the output, place by place.
    pub(crate) fn losses(&self) -> Vec<String> {
        let said = |((place, what), count): (&(String, &str), &u64)| {
            let place = if place.is_empty() { "value" } else { place };
            format!("{place}: {what} ({})", plural(*count, "value"))
        };
        self.losses.iter().map(said).collect()
    }

    /// Writes the text before the records.
    pub(crate) fn start(&mut self, table: &str, out: &mut dyn Write) -> Result<()> {
        match self.format {
            Format::Csv => {
                self.line.clear();
                for (i, column) in self.columns.iter().enumerate() {
                    self.line.extend_from_slice(if i > 0 { b"," } else { b"" });
                    csv::write_cell(&mut self.line, Some(column.title()), "");
                }
                self.line.push(b'\n');
                out.write_all(&self.line)?;
            }
            Format::Json => {
                writeln!(out, "{{\"version\":1,\"table\":{},\"records\":[", serde_json::to_string(table)?)?;
            }
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn record(&mut self, record: Value<'_>, out: &mut dyn Write) -> Result<()> {
        self.line.clear();
        let row = ExportRow { columns: &self.columns, record, spelling: self.spelling, lossy: &self.lossy };
        let unfit = |error: &dyn std::fmt::Display| Failure::new("HY0602", error.to_string());
        match self.format {
            Format::Csv => self.cells(record),
            Format::Json => {
                self.line.extend_from_slice(if self.count > 0 { b",\n" } else { b"" });
                serde_json::to_writer(&mut self.line, &row)?;
            }
            Format::Msgpack => {
                rmp_serde::encode::write(&mut self.line, &row).map_err(|error| unfit(&error))?;
            }
            Format::Cbor => {
                let line = std::mem::take(&mut self.line);
                self.line = cbor4ii::serde::to_vec(line, &row).map_err(|error| unfit(&error))?;
            }
            _ => {
                serde_json::to_writer(&mut self.line, &row)?;
                self.line.push(b'\n');
            }
        }
        out.write_all(&self.line)?;
        self.count += 1;
        if self.lossy.replace(false) {
            self.find_losses(record);
        }
        Ok(())
    }

    fn cells(&mut self, record: Value<'_>) {
        for (i, (column, nested)) in self.columns.iter().zip(&self.nested).enumerate() {
            self.line.extend_from_slice(if i > 0 { b"," } else { b"" });
            let value = column.value(record);
            let text = plain(value, self.spelling, &self.lossy, &mut self.buffer);
            csv::write_cell(&mut self.line, text, &self.null);
            if let (Some(what), Some(_)) = (nested, text) {
                note(&mut self.losses, column.label(), what);
            }
        }
        self.line.push(b'\n');
    }

    /// Records the losses of a record whose text is ambiguous.
    #[cold]
    fn find_losses(&mut self, record: Value<'_>) {
        for column in &self.columns {
            column.value(record).walk(usize::MAX, &mut |path, value| {
                // In a cell of its own, unit is not empty, unlike none.
                let cell = self.format == Format::Csv && path.steps().is_empty();
                if let Some(what) = lost(value, !self.format.is_binary(), cell) {
                    note(&mut self.losses, place(&column.path, path), what);
                }
                true
            });
        }
    }

    /// Writes the text after the records.
    pub(crate) fn finish(&mut self, out: &mut dyn Write) -> Result<()> {
        if self.format == Format::Json {
            out.write_all(if self.count > 0 { b"\n]}\n" } else { b"]}\n" })?;
        }
        Ok(())
    }
}

fn note(losses: &mut BTreeMap<(String, &'static str), u64>, place: String, what: &'static str) {
    let full = losses.len() >= TOLD;
    let key = (place, what);
    let key = if full && !losses.contains_key(&key) { ("elsewhere".to_string(), what) } else { key };
    *losses.entry(key).or_default() += 1;
}

/// Returns why another value has the same text as this one, its parts aside.
fn lost(value: Value<'_>, text: bool, cell: bool) -> Option<&'static str> {
    let value = inside(value, &[Kind::Newtype, Kind::Box]);
    let is_odd = match value.scalar() {
        Scalar::F32(number) => number.is_nan() && number.to_bits() != f32::NAN.to_bits(),
        Scalar::F64(number) => number.is_nan() && number.to_bits() != f64::NAN.to_bits(),
        _ => false,
    };
    if is_odd && text {
        return Some("the sign and payload of NaN are not kept");
    }
    let inner = value.inner().ok().filter(|_| value.kind() == Kind::Option)?;
    let inner = inside(inner, &[Kind::Newtype, Kind::Box]);
    (inner.is_none() || inner.kind() == Kind::Unit && !cell)
        .then_some("an option that holds null looks like none")
}

/// Returns a path without positions and keys, so that all elements of a list are one place.
pub(crate) fn place(column: &Path, path: &Path) -> String {
    let mut text = String::new();
    for step in column.steps().iter().chain(path.steps()) {
        match step {
            Step::Index(_) | Step::Key(_) => text.push_str("[]"),
            step => {
                let dot = matches!(step, Step::Field(_)) && !text.is_empty();
                text.extend([if dot { "." } else { "" }, &Path::from_iter([step.clone()]).to_string()]);
            }
        }
    }
    text
}

/// Serializes a whole record, or the selected fields under their names.
struct ExportRow<'a> {
    columns: &'a [Column],
    record: Value<'a>,
    spelling: Spelling,
    lossy: &'a Cell<bool>,
}

impl Serialize for ExportRow<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.columns {
            [whole] if whole.steps().is_empty() => {
                self.record.spelled(self.spelling).track_loss(self.lossy).serialize(to)
            }
            columns => {
                let mut map = to.serialize_map(Some(columns.len()))?;
                for column in columns {
                    let value = column.value(self.record).spelled(self.spelling).track_loss(self.lossy);
                    map.serialize_entry(column.title(), &value)?;
                }
                map.end()
            }
        }
    }
}

/// Returns the range of records to print.
pub(crate) fn range(count: Option<u64>, skip: u64, tail: Option<u64>, len: u64) -> Range<u64> {
    match tail {
        Some(tail) => len.saturating_sub(tail)..len,
        None => {
            let start = skip.min(len);
            start..start.saturating_add(count.unwrap_or(u64::MAX)).min(len)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn ranges_stay_inside() {
        assert_eq!(range(None, 0, None, 10), 0..10);
        assert_eq!(range(Some(3), 8, None, 10), 8..10);
        assert_eq!(range(Some(3), 80, None, 10), 10..10);
        assert_eq!(range(None, 0, Some(3), 10), 7..10);
        assert_eq!(range(None, 0, Some(30), 10), 0..10);
        assert_eq!(range(Some(u64::MAX), 1, None, 10), 1..10);
    }
}
