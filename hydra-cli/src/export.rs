//! Records to machine-readable text. Used by `cat` and `convert`.
#![forbid(unsafe_code)]

use crate::failure::Result;
use crate::records::Records;
use crate::render::columns::{self, Column};
use crate::render::csv;
use crate::render::json::{Json, Picked};
use crate::render::leaf::Spelling;
use hydra::Value;
use hydra::describe::Schema;
use std::io::Write;
use std::ops::Range;

/// A machine-readable format of records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Ndjson,
    Json,
}

/// Writes records in a format.
pub(crate) struct Exporter {
    format: Format,
    columns: Vec<Column>,
    spelling: Spelling,
    line: String,
    json: Vec<u8>,
    count: u64,
}

impl Exporter {
    pub(crate) fn new(format: Format, records: &Records) -> Exporter {
        let picked = records.picked.clone();
        let csv = format == Format::Csv;
        let columns = if csv { columns::flatten(records.table.schema(), &picked) } else { picked };
        let spelling = records.spelling;
        Exporter { format, columns, spelling, line: String::new(), json: Vec::new(), count: 0 }
    }

    /// The titles of the columns.
    pub(crate) fn titles(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.title().to_string()).collect()
    }

    /// What cannot be read back from the output, column by column; nothing if nothing was written.
    pub(crate) fn losses(&self, schema: &Schema) -> Vec<String> {
        if self.format != Format::Csv || self.count == 0 {
            return Vec::new();
        }
        let said = |column: &Column| Some(format!("column {}: {}", column.title(), column.csv_loss(schema)?));
        self.columns.iter().filter_map(said).collect()
    }

    /// What stands before the records.
    pub(crate) fn start(&mut self, table: &str, out: &mut dyn Write) -> Result<()> {
        match self.format {
            Format::Csv => {
                self.line.clear();
                for (i, column) in self.columns.iter().enumerate() {
                    self.line.push_str(if i > 0 { "," } else { "" });
                    csv::write_text(&mut self.line, column.title());
                }
                writeln!(out, "{}", self.line)?;
            }
            Format::Json => {
                writeln!(out, "{{\"version\":1,\"table\":{},\"records\":[", serde_json::to_string(table)?)?;
            }
            Format::Ndjson => {}
        }
        Ok(())
    }

    pub(crate) fn record(&mut self, record: Value<'_>, out: &mut dyn Write) -> Result<()> {
        match self.format {
            Format::Csv => {
                self.line.clear();
                for (i, column) in self.columns.iter().enumerate() {
                    self.line.push_str(if i > 0 { "," } else { "" });
                    csv::write_cell(&mut self.line, column.value(record).unwrap_or(record), self.spelling);
                }
                self.line.push('\n');
                out.write_all(self.line.as_bytes())?;
            }
            Format::Ndjson => {
                self.json(record, out)?;
                out.write_all(b"\n")?;
            }
            Format::Json => {
                out.write_all(if self.count > 0 { b",\n" } else { b"" })?;
                self.json(record, out)?;
            }
        }
        self.count += 1;
        Ok(())
    }

    fn json(&mut self, record: Value<'_>, out: &mut dyn Write) -> Result<()> {
        self.json.clear();
        match self.columns.as_slice() {
            [whole] if whole.name.is_empty() => {
                serde_json::to_writer(&mut self.json, &Json(record, self.spelling))?
            }
            columns => {
                let named = |column| (Column::title(column), column.value(record).unwrap_or(record));
                let picked: Vec<_> = columns.iter().map(named).collect();
                serde_json::to_writer(&mut self.json, &Picked(&picked, self.spelling))?;
            }
        }
        Ok(out.write_all(&self.json)?)
    }

    /// What stands after the records.
    pub(crate) fn finish(&mut self, out: &mut dyn Write) -> Result<()> {
        if self.format == Format::Json {
            out.write_all(if self.count > 0 { b"\n]}\n" } else { b"]}\n" })?;
        }
        Ok(())
    }
}

/// The records that were asked for.
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
