//! What all input formats share: the files to read and the messages of errors in them. It does not depend on
//! any format.

use crate::failure::{Exit, Failure, Result};
use crate::progress::ProgressBar;
use crate::source::Input;
use hydra::reflect::Spelling;
use hydra::{Dynamic, Error, Schema, TableId, Writer};
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// The largest record that is read, in bytes, so that memory is bounded.
pub(super) const RECORD_BYTES: u64 = 16 << 20;

/// A place in the text: the line and the column in bytes, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextPosition {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl fmt::Display for TextPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl TextPosition {
    pub(crate) const START: TextPosition = TextPosition { line: 1, column: 1 };

    /// Returns the place right after some text that starts here.
    pub(crate) fn after(self, text: &[u8]) -> TextPosition {
        text.iter().fold(self, |place, byte| match byte {
            b'\n' => TextPosition { line: place.line + 1, column: 1 },
            _ => TextPosition { column: place.column + 1, ..place },
        })
    }
}

/// The inferred type of the records, their number, and the exit code.
pub(super) type Surveyed = (Schema, Option<u64>, Exit);

/// The inputs of a conversion and its options.
pub(super) struct ImportJob<'a> {
    pub(super) inputs: Vec<Input>,
    pub(super) nulls: &'a [String],
    pub(super) spelling: Spelling,
    /// The name of the new table; none for the name of the type.
    pub(super) table: Option<String>,
}

impl ImportJob<'_> {
    /// Returns the name of the input in messages: its first file.
    pub(super) fn name(&self) -> &str {
        self.inputs.first().map_or("", |input| &input.name)
    }

    /// Adds the table for the records.
    pub(super) fn table(&self, schema: &Schema, writer: &mut Writer) -> Result<TableId<Dynamic>> {
        Ok(match &self.table {
            Some(name) => writer.dynamic_table_named(name, schema)?,
            None => writer.dynamic_table(schema)?,
        })
    }

    pub(super) fn failure(&self, error: Error) -> Failure {
        match self.inputs.first() {
            Some(input) => input.failure(error),
            None => error.into(),
        }
    }

    /// Reads the files one after the other and shows the progress.
    pub(super) fn each(
        &self,
        what: &'static str,
        mut read: impl FnMut(&Input, FileReader<'_>) -> Result<()>,
    ) -> Result<()> {
        let progress = ProgressBar::start(what, self.inputs.iter().map(Input::len_bytes).sum());
        self.inputs.iter().try_for_each(|input| {
            let file = File::open(&input.path).map_err(|error| Failure::io(error, Path::new(&input.name)))?;
            let file = WatchedFile { file, progress: &progress };
            read(input, BufReader::with_capacity(256 << 10, file))
        })
    }
}

/// A buffered input file.
pub(super) type FileReader<'p> = BufReader<WatchedFile<'p>>;

/// A file that reports its progress.
pub(super) struct WatchedFile<'p> {
    file: File,
    progress: &'p ProgressBar,
}

impl Read for WatchedFile<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        self.progress.add(count as u64);
        Ok(count)
    }
}

/// Returns the message of serde_json without the place.
pub(super) fn unplaced(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text).to_string()
}

/// Returns the code and the message of an error in JSON or a format made of JSON.
pub(super) fn unread(format: &str, error: &serde_json::Error) -> (&'static str, String) {
    let what = unplaced(error);
    match error.is_data() {
        true => ("HY0615", what),
        // The text is JSON, but the number does not fit.
        false if what == "number out of range" => ("HY0615", "a number exceeds the range of f64".into()),
        false => ("HY0611", format!("malformed {format}: {what}")),
    }
}

pub(super) fn not_utf8(format: &str, name: &str, place: TextPosition, byte: u8) -> Failure {
    let help = match byte {
        0xFE | 0xFF => "it may be UTF-16: iconv -f UTF-16 -t UTF-8",
        _ => "if it is Latin-1: iconv -f LATIN1 -t UTF-8",
    };
    let what = format!("malformed {format}: invalid UTF-8");
    bad(name, "HY0611", &what, Some(place), "UTF-8", format_args!("byte 0x{byte:02x}")).help(help)
}

pub(super) fn bad(
    name: &str,
    code: &'static str,
    what: &str,
    at: Option<TextPosition>,
    expected: &str,
    found: impl fmt::Display,
) -> Failure {
    let at = at.map(|place| format!(", {place}")).unwrap_or_default();
    Failure::new(code, what).place(format!("{name}{at}: expected {expected}, found {found}"))
}

/// Returns the name of a table for a file: `daily-weather.csv` gives `DailyWeather`.
pub(super) fn type_name(path: Option<&Path>) -> String {
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
