//! CSV to Hydra, in two passes over the input: the first finds the type of every column over all of its cells, the
//! second writes the records. Memory is bounded by the longest row, not by the input.
#![forbid(unsafe_code)]

mod csv;
mod fixed;
mod infer;

use crate::console::Console;
use crate::failure::{Failure, Result};
use crate::progress::Progress;
use crate::source::Input;
use csv::{Cell, Malformed, Place, Reader, Row};
pub(crate) use fixed::Columns;
use hydra::describe::{Descriptor, Kind, TypeRef};
use hydra::file::Writer;
use hydra::reflect::Data;
use hydra::{Dynamic, Schema};
use infer::{Guess, Type};
use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// A CSV file whose columns are known.
pub(crate) struct Survey<'a> {
    input: &'a Input,
    nulls: &'a [String],
    names: Vec<String>,
    columns: Vec<(Type, bool)>,
    rows: u64,
    pub(crate) schema: Schema,
}

/// Finds the type of every column, and says where one stays text for a reason that is worth knowing.
pub(crate) fn survey<'a>(
    input: &'a Input,
    table: &str,
    nulls: &'a [String],
    console: &mut Console,
) -> Result<Survey<'a>> {
    let mut guesses: Vec<Guess> = Vec::new();
    let mut rows = 0;
    let names = scan(input, "reading", &mut |names, row| {
        rows += 1;
        guesses.resize_with(names.len(), Guess::default);
        for (guess, cell) in guesses.iter_mut().zip(row.cells()) {
            if is_null(&cell, nulls) { guess.add_null() } else { guess.add(cell.text, cell.place.line) }
        }
        Ok(())
    })?;
    guesses.resize_with(names.len(), Guess::default);
    let mut columns = Vec::new();
    for (name, guess) in names.iter().zip(&guesses) {
        let (ty, word) = guess.decide();
        if let Some(word) = word {
            console.note(&format!("{}: column {name} stays text: {word}", input.name));
        }
        columns.push((ty, guess.is_optional()));
    }
    let schema = schema(table, &names, &columns).map_err(|error| input.failure(error))?;
    Ok(Survey { input, nulls, names, columns, rows, schema })
}

impl Survey<'_> {
    /// Writes the records. Returns how many.
    pub(crate) fn write(&self, writer: &mut Writer) -> Result<u64> {
        let fail = |error| self.input.failure(error);
        let table = writer.dynamic_table(&self.schema)?;
        let schema = Arc::new(self.schema.clone());
        let mut rows = 0;
        let names = scan(self.input, "writing", &mut |_, row| {
            rows += 1;
            let cells = self.columns.iter().zip(row.cells());
            let data = cells.map(|(column, cell)| self.data(*column, &cell)).collect::<Option<Vec<Data>>>();
            let record = Dynamic::new(Arc::clone(&schema), Data::Parts(data.ok_or_else(|| self.changed())?));
            Ok(writer.append_value(table, record.map_err(fail)?.value())?)
        })?;
        if rows != self.rows || names != self.names {
            return Err(self.changed());
        }
        Ok(rows)
    }

    fn data(&self, (ty, optional): (Type, bool), cell: &Cell<'_>) -> Option<Data> {
        if is_null(cell, self.nulls) {
            return optional.then_some(Data::None);
        }
        let data = match ty {
            Type::I64 => Data::Int(cell.text.parse().ok()?),
            Type::U64 => Data::Uint(cell.text.parse().ok()?),
            Type::F64 => Data::F64(cell.text.parse().ok()?),
            Type::Bool => Data::Bool(cell.text == "true"),
            Type::Text => Data::Str(cell.text.to_string()),
        };
        Some(if optional { Data::Some(Box::new(data)) } else { data })
    }

    fn changed(&self) -> Failure {
        Failure::new("HY0614", "the input changed while it was read").place(self.input.name.as_str())
    }
}

/// An unquoted cell that means null: the empty one, or those that were named instead.
fn is_null(cell: &Cell<'_>, nulls: &[String]) -> bool {
    let named = || nulls.iter().any(|null| null == cell.text);
    !cell.quoted && if nulls.is_empty() { cell.text.is_empty() } else { named() }
}

fn schema(table: &str, names: &[String], columns: &[(Type, bool)]) -> hydra::Result<Schema> {
    const TYPES: [(Type, Kind); 5] = [
        (Type::I64, Kind::I64),
        (Type::U64, Kind::U64),
        (Type::F64, Kind::F64),
        (Type::Bool, Kind::Bool),
        (Type::Text, Kind::String),
    ];
    // Types of the schema: the record, the five types, and an option of each.
    let place = |ty| TYPES.iter().position(|(known, _)| *known == ty).unwrap_or(0) as u32 + 1;
    let reference = |&(ty, optional): &(Type, bool)| TypeRef::Index(place(ty) + if optional { 5 } else { 0 });
    let fields = names.iter().cloned().zip(columns.iter().map(reference)).collect();
    let mut types = vec![Descriptor::structure(table, fields)];
    types.extend(TYPES.iter().map(|&(_, kind)| Descriptor::scalar(kind)));
    types.extend((1..=5).map(|index| Descriptor::option(TypeRef::Index(index))));
    Schema::new(types)
}

/// Goes through the rows after the header, each with as many cells as that. Returns the header.
fn scan(
    input: &Input,
    what: &'static str,
    take: &mut dyn FnMut(&[String], &Row) -> Result<()>,
) -> Result<Vec<String>> {
    let fail = |error: Malformed| malformed(error, input);
    let file = File::open(&input.path).map_err(|error| Failure::io(error, Path::new(&input.name)))?;
    let progress = Progress::start(what, input.len_bytes());
    let mut reader = Reader::new(file).map_err(fail)?;
    let mut row = Row::default();
    let names = loop {
        if !reader.read_row(&mut row).map_err(fail)? {
            return Err(bad(
                input,
                "HY0612",
                "the file has no header",
                None,
                "a line of column names",
                "no line",
            ));
        }
        if !row.is_blank() {
            break header(&row, input)?;
        }
    };
    while reader.read_row(&mut row).map_err(fail)? {
        // With one column, an empty line is a null; with more it is nothing.
        if row.is_blank() && names.len() > 1 {
            continue;
        }
        if row.len() != names.len() {
            let place = row.cells().last().map(|cell| cell.place);
            let (expected, found) =
                (format!("{} cells, as in the header", names.len()), row.len().to_string());
            return Err(bad(input, "HY0611", "malformed CSV: a ragged line", place, &expected, &found));
        }
        take(&names, &row)?;
        progress.set(reader.read_bytes());
    }
    Ok(names)
}

/// The names of the columns: not empty, and each only once.
fn header(row: &Row, input: &Input) -> Result<Vec<String>> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (i, cell) in row.cells().enumerate() {
        let refuse = |what: &str, expected: &str, found: &str| {
            Err(bad(input, "HY0612", &format!("column names: {what}"), Some(cell.place), expected, found)
                .help("edit the first line: every column needs a name of its own"))
        };
        if cell.text.is_empty() {
            return refuse("one is empty", "a name", &format!("nothing, for column {}", i + 1));
        }
        if cell.text.len() > 255 {
            return refuse("one is too long", "at most 255 bytes", &cell.text.len().to_string());
        }
        if let Some(first) = seen.insert(cell.text, i) {
            let found = format!("{:?} for columns {} and {}", cell.text, first + 1, i + 1);
            return refuse("one is there twice", "distinct names", &found);
        }
    }
    Ok(row.cells().map(|cell| cell.text.to_string()).collect())
}

fn bad(
    input: &Input,
    code: &'static str,
    what: &str,
    at: Option<Place>,
    expected: &str,
    found: &str,
) -> Failure {
    let at = at.map(|place| format!(", {place}")).unwrap_or_default();
    Failure::new(code, what).place(format!("{}{at}: expected {expected}, found {found}", input.name))
}

fn malformed(error: Malformed, input: &Input) -> Failure {
    let bad = |what: &str, place, expected: &str, found: &str| {
        bad(input, "HY0611", &format!("malformed CSV: {what}"), Some(place), expected, found)
    };
    match error {
        Malformed::Io(error) => Failure::io(error, Path::new(&input.name)),
        Malformed::OpenQuote(place) => {
            bad("an unterminated quote", place, "a closing quote", "the end of the file")
        }
        Malformed::AfterQuote(place, found) => {
            bad("text after a closing quote", place, "a comma or the end of the line", &format!("{found:?}"))
                .help("a quote inside a quoted cell is written twice")
        }
        Malformed::NotUtf8(place, byte) => {
            let help = match byte {
                0xFE | 0xFF => "it may be UTF-16: iconv -f UTF-16 -t UTF-8",
                _ => "if it is Latin-1: iconv -f LATIN1 -t UTF-8",
            };
            bad("invalid UTF-8", place, "UTF-8", &format!("byte 0x{byte:02x}")).help(help)
        }
        Malformed::TooLong(place) => bad("a line above 16 MiB", place, "a shorter one", "more")
            .help("look for a quote that is never closed"),
    }
}

/// The name of a table for a file: `daily-weather.csv` gives `DailyWeather`.
pub(crate) fn type_name(path: Option<&Path>) -> String {
    let stem = path.and_then(Path::file_stem).map(|stem| stem.to_string_lossy()).unwrap_or_default();
    let stem = stem.split('.').find(|part| !part.is_empty()).unwrap_or("");
    let words = stem.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut name: String = words
        .flat_map(|word| {
            let mut chars = word.chars();
            let first = chars.next().into_iter().flat_map(char::to_uppercase);
            first.chain(chars).collect::<Vec<char>>()
        })
        .collect();
    if name.chars().next().is_none_or(|first| !first.is_alphabetic()) {
        name.insert_str(0, "Record");
    }
    while name.len() > 200 {
        name.pop();
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types() {
        let name = |path: &str| type_name(Some(Path::new(path)));
        assert_eq!(name("data/penguins.csv"), "Penguins");
        assert_eq!(name("daily-weather_2024.csv"), "DailyWeather2024");
        assert_eq!(name("2024.csv"), "Record2024");
        assert_eq!(name("x.tar.csv"), "X");
        assert_eq!(name("---.csv"), "Record");
        assert_eq!(type_name(None), "Record");
    }
}
