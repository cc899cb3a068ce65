//! Records of a table to text: which ones, in which format. Used by `cat` and `convert`.
#![forbid(unsafe_code)]

use crate::args::{Bytes, Int64, Select};
use crate::console::Console;
use crate::failure::Result;
use crate::render::columns::{self, Column};
use crate::render::json::{Json, Picked};
use crate::render::leaf::Spelling;
use crate::render::{csv, escape};
use crate::source::Input;
use hydra::describe::Schema;
use hydra::file::Table;
use hydra::{Dynamic, Error, ErrorKind, Value};
use std::io::Write;
use std::ops::Range;

/// A machine-readable format of records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Ndjson,
    Json,
}

impl Select {
    pub(crate) fn spelling(&self) -> Spelling {
        Spelling { int64_strings: self.int64 == Int64::String, hex: self.bytes == Bytes::Hex }
    }

    /// The fields that were asked for, or the whole record.
    pub(crate) fn pick(&self, schema: &Schema, input: &Input) -> Result<Vec<Column>> {
        columns::pick(schema, &self.fields).map_err(|missing| {
            let names = missing.names.iter().map(|name| escape::line(name)).collect::<Vec<_>>().join(", ");
            let names =
                if names.is_empty() { "no further field".to_string() } else { format!("one of {names}") };
            input.failure(
                Error::new(ErrorKind::NoSuchPath)
                    .place(format!("type {}", schema.name()))
                    .expected(names)
                    .found(missing.path)
                    .help("hydra schema lists the fields"),
            )
        })
    }
}

/// Goes through records in order. Returns how many were left out because their block is damaged.
pub(crate) fn each_record(
    input: &Input,
    table: &Table<Dynamic>,
    range: Range<u64>,
    skip_damaged: bool,
    console: &mut Console,
    take: &mut dyn FnMut(Value<'_>, &mut Console) -> Result<()>,
) -> Result<u64> {
    let (mut next, mut lost) = (range.start, 0);
    let (end, mut said) = (range.end.min(table.len()), 0);
    for block in table.range(range) {
        match block {
            Ok(block) => {
                lost += block.first().saturating_sub(next);
                next = block.first().saturating_add(block.len() as u64);
                if !block.schema().is_identical(table.schema()) {
                    let records = format!("table {}, records {}..{next}", table.name(), block.first());
                    let error = Error::new(ErrorKind::TypeMismatch).place(records);
                    return Err(input.failure(error.what("older records of this table have another schema")));
                }
                for value in block.values() {
                    take(value, console)?;
                }
            }
            Err(error) if skip_damaged && is_damage(&error) => {
                if said < 10 {
                    console.complain(&input.failure(error));
                }
                said += 1;
            }
            Err(error) if is_damage(&error) => {
                return Err(input.failure(error.help("--skip-damaged goes on without these records")));
            }
            Err(error) => return Err(input.failure(error)),
        }
    }
    lost += end.saturating_sub(next);
    if said > 10 {
        console.note(&format!("and {} more damaged blocks", said - 10));
    }
    if lost > 0 {
        console.warn(&format!("{}: {lost} records are left out, their blocks are damaged", input.name));
    }
    Ok(lost)
}

fn is_damage(error: &Error) -> bool {
    !matches!(error.kind(), ErrorKind::Io | ErrorKind::NotFound)
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
    pub(crate) fn new(format: Format, schema: &Schema, picked: Vec<Column>, spelling: Spelling) -> Exporter {
        let columns = if format == Format::Csv { columns::flatten(schema, &picked) } else { picked };
        Exporter { format, columns, spelling, line: String::new(), json: Vec::new(), count: 0 }
    }

    /// The titles of the columns.
    pub(crate) fn titles(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.title().to_string()).collect()
    }

    /// What cannot be read back from the output, column by column.
    pub(crate) fn losses(&self, schema: &Schema) -> Vec<String> {
        let of = |column: &Column| match self.format {
            Format::Csv => column.csv_loss(schema),
            Format::Ndjson | Format::Json => None,
        };
        let said = |column| of(column).map(|why| format!("column {}: {why}", column.title()));
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
