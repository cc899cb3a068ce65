//! Reads CSV as a stream of rows: RFC 4180, and what real files contain (a byte order mark, CRLF, quotes
//! inside an unquoted cell). Each cell has its line and column, and whether it was quoted. It does not depend
//! on types.

use super::job::{TextPosition, bad, not_utf8};
use crate::failure::{Failure, Result};
use std::io::{ErrorKind, Read};
use std::path::Path;

const BUFFER_BYTES: usize = 256 << 10;
/// The largest row in bytes; a larger one means a quote that is never closed. It bounds memory.
const ROW_BYTES: usize = 16 << 20;

/// One cell of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CsvCell<'a> {
    pub(crate) text: &'a str,
    /// The cell was in quotes.
    pub(crate) quoted: bool,
    pub(crate) place: TextPosition,
}

#[derive(Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    quoted: bool,
    place: TextPosition,
}

/// A row, whose memory is reused for the next row.
#[derive(Default)]
pub(crate) struct CsvRow {
    /// The text of the cells with a comma or line feed after each, so that a broken character cannot span two
    /// cells.
    data: Vec<u8>,
    text: String,
    spans: Vec<Span>,
}

impl CsvRow {
    /// Returns the number of cells.
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Returns the cells in order.
    pub(crate) fn cells(&self) -> impl ExactSizeIterator<Item = CsvCell<'_>> {
        self.spans.iter().map(|span| CsvCell {
            text: self.text.get(span.start..span.end).unwrap_or(""),
            quoted: span.quoted,
            place: span.place,
        })
    }

    /// Returns true for an empty line.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self.spans.as_slice(), [only] if only.start == only.end && !only.quoted)
    }

    fn clear(&mut self) {
        self.spans.clear();
        self.data = std::mem::take(&mut self.text).into_bytes();
        self.data.clear();
    }

    fn end_cell(&mut self, start: usize, quoted: bool, place: TextPosition) {
        self.spans.push(Span { start, end: self.data.len(), quoted, place });
        self.data.push(b'\n');
    }

    /// Checks that the text of the row is UTF-8. An error has the first invalid byte and its place.
    fn seal(&mut self) -> Result<(), (TextPosition, u8)> {
        self.text = String::from_utf8(std::mem::take(&mut self.data)).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let bytes = error.as_bytes();
            let span = self.spans.iter().rev().find(|span| span.start <= at);
            let place = span.map_or(TextPosition::START, |span| {
                let column = span.place.column + u64::from(span.quoted);
                let before = bytes.get(span.start..at).unwrap_or_default();
                TextPosition { column, ..span.place }.after(before)
            });
            (place, bytes.get(at).copied().unwrap_or(0))
        })?;
        Ok(())
    }
}

/// Reads rows from bytes in bounded memory.
pub(crate) struct CsvReader<'n, R> {
    input: R,
    /// The name of the input in messages.
    name: &'n str,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    line: u64,
    /// The number of bytes of the current line before `buffer[0]`, minus those of earlier lines in the
    /// buffer.
    line_start: i64,
}

impl<'n, R: Read> CsvReader<'n, R> {
    pub(crate) fn new(input: R, name: &'n str) -> Result<CsvReader<'n, R>> {
        let buffer = vec![0; BUFFER_BYTES];
        let mut reader = CsvReader { input, name, buffer, at: 0, filled: 0, line: 1, line_start: 0 };
        while reader.filled < 3 {
            if reader.fill_more()? == 0 {
                break;
            }
        }
        if reader.rest().starts_with(b"\xEF\xBB\xBF") {
            reader.at = 3;
            reader.line_start = 3;
        }
        Ok(reader)
    }

    /// Reads the next row. Returns false at the end.
    pub(crate) fn read_row(&mut self, row: &mut CsvRow) -> Result<bool> {
        row.clear();
        if self.peek()?.is_none() {
            return Ok(false);
        }
        if !self.read_plain(row) {
            while !self.read_cell(row)? {}
        }
        row.seal().map_err(|(place, byte)| not_utf8("CSV", self.name, place, byte))?;
        Ok(true)
    }

    /// Reads a row without quotes that is completely in the buffer, as most are: it looks at each byte once
    /// and copies once.
    fn read_plain(&mut self, row: &mut CsvRow) -> bool {
        let TextPosition { line, column } = self.place();
        let rest = self.rest();
        let Some((text, end)) = memchr::memchr(b'\n', rest).map(|end| (&rest[..end], end + 1)) else {
            return false;
        };
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if memchr::memchr2(b'"', b'\r', text).is_some() {
            return false;
        }
        let mut start = 0;
        for end in memchr::memchr_iter(b',', text).chain([text.len()]) {
            let place = TextPosition { line, column: column + start as u64 };
            row.spans.push(Span { start, end, quoted: false, place });
            start = end + 1;
        }
        row.data.extend_from_slice(&rest[..end]);
        self.at += end;
        self.next_line();
        true
    }

    /// Reads one cell and the separator after it. Returns true at the end of the row.
    fn read_cell(&mut self, row: &mut CsvRow) -> Result<bool> {
        let start = row.data.len();
        let place = self.place();
        let quoted = self.peek()? == Some(b'"');
        if quoted {
            self.at += 1;
            self.read_quoted(row, place)?;
        } else {
            self.copy_until(row, place, |byte| matches!(byte, b',' | b'\n' | b'\r'))?;
        }
        row.end_cell(start, quoted, place);
        let after = self.place();
        match self.peek()? {
            None => Ok(true),
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            Some(end @ (b'\r' | b'\n')) => {
                self.at += 1;
                if end == b'\r' && self.peek()? == Some(b'\n') {
                    self.at += 1;
                }
                self.next_line();
                Ok(true)
            }
            Some(byte) => {
                let found = format!("{:?}", byte as char);
                let expected = "a comma or the end of the line";
                Err(self
                    .malformed("text after a closing quote", after, expected, &found)
                    .help("a quote inside a quoted cell is written twice"))
            }
        }
    }

    /// Reads the inside of a quoted cell, including the closing quote.
    fn read_quoted(&mut self, row: &mut CsvRow, open: TextPosition) -> Result<()> {
        loop {
            self.copy_until(row, open, |byte| matches!(byte, b'"' | b'\n'))?;
            match self.peek()? {
                None => {
                    let found = "the end of the file";
                    return Err(self.malformed("an unterminated quote", open, "a closing quote", found));
                }
                Some(b'\n') => {
                    row.data.push(b'\n');
                    self.at += 1;
                    self.next_line();
                }
                Some(_) => {
                    self.at += 1;
                    if self.peek()? != Some(b'"') {
                        return Ok(());
                    }
                    row.data.push(b'"');
                    self.at += 1;
                }
            }
        }
    }

    /// Copies up to a byte that ends the run, or to the end of the input.
    fn copy_until(&mut self, row: &mut CsvRow, place: TextPosition, ends: impl Fn(u8) -> bool) -> Result<()> {
        while self.peek()?.is_some() {
            let rest = &self.buffer[self.at..self.filled];
            let stop = rest.iter().position(|&byte| ends(byte));
            let run = &rest[..stop.unwrap_or(rest.len())];
            row.data.extend_from_slice(run);
            self.at += run.len();
            if row.data.len() > ROW_BYTES {
                return Err(self
                    .malformed("a line above 16 MiB", place, "a shorter one", "more")
                    .help("look for a quote that is never closed"));
            }
            if stop.is_some() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.at..self.filled]
    }

    fn peek(&mut self) -> Result<Option<u8>> {
        if self.at == self.filled {
            self.line_start -= self.filled as i64;
            (self.at, self.filled) = (0, 0);
            self.fill_more()?;
        }
        Ok(self.rest().first().copied())
    }

    fn fill_more(&mut self) -> Result<usize> {
        loop {
            match self.input.read(&mut self.buffer[self.filled..]) {
                Ok(count) => {
                    self.filled += count;
                    return Ok(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Failure::io(error, Path::new(self.name))),
            }
        }
    }

    fn malformed(&self, what: &str, place: TextPosition, expected: &str, found: &str) -> Failure {
        bad(self.name, "HY0611", &format!("malformed CSV: {what}"), Some(place), expected, found)
    }

    fn place(&self) -> TextPosition {
        TextPosition { line: self.line, column: (self.at as i64 - self.line_start + 1).max(1) as u64 }
    }

    fn next_line(&mut self) {
        self.line += 1;
        self.line_start = self.at as i64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that returns one byte at a time, to test all boundaries of the buffer.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            to[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn rows_of(input: impl Read) -> Result<Vec<Vec<(String, bool)>>> {
        let (mut reader, mut row, mut rows) =
            (CsvReader::new(input, "in.csv")?, CsvRow::default(), Vec::new());
        while reader.read_row(&mut row)? {
            rows.push(row.cells().map(|cell| (cell.text.to_string(), cell.quoted)).collect());
        }
        Ok(rows)
    }

    fn rows(text: &[u8]) -> Vec<Vec<(String, bool)>> {
        let whole = rows_of(text).unwrap();
        assert_eq!(whole, rows_of(Drip(text)).unwrap());
        whole
    }

    fn plain(cells: &[&str]) -> Vec<(String, bool)> {
        cells.iter().map(|cell| (cell.to_string(), false)).collect()
    }

    #[test]
    fn rows_and_cells_are_told_apart() {
        assert_eq!(rows(b"a,b\n1,2\n"), [plain(&["a", "b"]), plain(&["1", "2"])]);
        assert_eq!(rows(b"a,b\r\n1,\r\n"), [plain(&["a", "b"]), plain(&["1", ""])]);
        assert_eq!(rows(b"\xEF\xBB\xBFa\n\nb"), [plain(&["a"]), plain(&[""]), plain(&["b"])]);
        assert_eq!(rows(b""), Vec::<Vec<(String, bool)>>::new());
        assert_eq!(rows(b"a\rb\r"), [plain(&["a"]), plain(&["b"])]);
        assert_eq!(rows(b"5\" pipe,x"), [plain(&["5\" pipe", "x"])]);
    }

    #[test]
    fn quotes_keep_separators_and_are_remembered() {
        let row = &rows(b"\"a,\"\"b\"\"\r\nc\",\"\",\n")[0];
        assert_eq!(row, &[("a,\"b\"\r\nc".into(), true), (String::new(), true), (String::new(), false)]);
    }

    #[test]
    fn malformed_input_names_its_place() {
        let fails = |text: &[u8], said: &str| {
            let error = format!("{:?}", rows_of(text).unwrap_err());
            assert_eq!(error, format!("{:?}", rows_of(Drip(text)).unwrap_err()));
            assert!(error.contains(said), "{error}");
        };
        fails(b"a,b\n1,\"x\n2,3\n", "in.csv, line 2, column 3: expected a closing quote");
        fails(b"a\n\"x\"y\n", "in.csv, line 2, column 4: expected a comma or the end of the line, found 'y'");
        fails(b"a,b\nxy,z\xFF\n", "in.csv, line 2, column 5: expected UTF-8, found byte 0xff");
        fails(b"\"a\nb\xC3\",\xA9\n", "in.csv, line 2, column 2: expected UTF-8, found byte 0xc3");
        fails(b"\xC3,\xA9\n", "in.csv, line 1, column 1: expected UTF-8, found byte 0xc3");
    }

    #[test]
    fn a_quote_that_never_closes_does_not_eat_the_memory() {
        let input = std::io::Read::chain(&b"a\n\""[..], std::io::repeat(b'x'));
        let error = format!("{:?}", rows_of(input).unwrap_err());
        assert!(error.contains("a line above 16 MiB") && error.contains("line 2, column 1"), "{error}");
    }
}
