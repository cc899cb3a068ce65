//! Reads JSON documents, MessagePack and CBOR as records of a schema, one after the other. Memory is bounded
//! by the largest record.

use super::job::{FileReader, ImportJob, RECORD_BYTES, TextPosition, unread};
use crate::args::Format;
use crate::failure::{Failure, Result};
use crate::source::Input;
use cbor4ii::core::utils::IoReader;
use cbor4ii::serde::DecodeError;
use hydra::reflect::Seed;
use hydra::{Dynamic, Kind, Schema, TableId, Writer};
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read};
use std::path::Path;

/// Writes the records. Returns their number.
pub(super) fn write(job: &ImportJob<'_>, from: Format, schema: &Schema, writer: &mut Writer) -> Result<u64> {
    let table = job.table(schema, writer)?;
    let seed = Seed::new(schema).spelling(job.spelling);
    let mut records = RecordImporter { seed, writer, table, count: 0, failure: None };
    let named = is_named(schema);
    job.each("writing", |input, file| {
        let before = records.count;
        read(from, file, named, &mut records).map_err(|why| {
            records.failure.take().unwrap_or_else(|| why.failure(input, records.count - before))
        })
    })?;
    Ok(records.count)
}

/// Reads a file. With `named`, no record is an array, so an array at the start holds records.
fn read(
    from: Format,
    mut bytes: FileReader<'_>,
    named: bool,
    records: &mut RecordImporter<'_>,
) -> Result<(), Unread> {
    let first = bytes.fill_buf()?.first().copied().unwrap_or_default();
    match from {
        Format::Msgpack => msgpack(bytes, named && matches!(first, 0x90..=0x9f | 0xdc | 0xdd), records),
        Format::Cbor => cbor(bytes, named && matches!(first, 0x80..=0x9f), records),
        _ => json(bytes, |bytes| bytes, records),
    }
}

/// Calls `take` for each record of JSON documents, as text with the place where it starts.
pub(super) fn texts(
    job: &ImportJob<'_>,
    mut take: impl FnMut(&Input, TextPosition, &str) -> Result<()>,
) -> Result<()> {
    job.each("reading", |input, file| {
        let reading = ReadPosition { next: Cell::new(TextPosition::START), since: Cell::new(0) };
        let mut failure = None;
        let mut count = 0;
        let mut each = JsonTexts(|json: &str| {
            reading.since.set(0);
            count += 1;
            take(input, reading.start_of(json), json).map_err(|why| failure = Some(why)).is_ok()
        });
        json(file, |bytes| PositionReader { bytes, reading: &reading }, &mut each)
            .map_err(|why| failure.take().unwrap_or_else(|| why.failure(input, count)))
    })
}

/// The position in a document.
struct ReadPosition {
    next: Cell<TextPosition>,
    /// Bytes since the last record.
    since: Cell<u64>,
}

impl ReadPosition {
    /// Returns the start of the text that was just read.
    fn start_of(&self, json: &str) -> TextPosition {
        let next = self.next.get();
        match json.bytes().filter(|&byte| byte == b'\n').count() as u64 {
            0 => TextPosition { column: next.column.saturating_sub(json.len() as u64).max(1), ..next },
            lines => TextPosition { line: next.line - lines, column: 1 },
        }
    }
}

/// A reader that counts its bytes.
struct PositionReader<'p, R> {
    bytes: R,
    reading: &'p ReadPosition,
}

impl<R: Read> Read for PositionReader<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(into)?;
        let ReadPosition { next, since } = self.reading;
        next.set(next.get().after(into.get(..count).unwrap_or_default()));
        since.set(since.get() + count as u64);
        if since.get() > RECORD_BYTES {
            return Err(io::Error::new(ErrorKind::InvalidData, "a record larger than 16 MiB"));
        }
        Ok(count)
    }
}

/// Takes records as text until the function returns false.
struct JsonTexts<F>(F);

impl<'de, F: FnMut(&str) -> bool> DeserializeSeed<'de> for &mut JsonTexts<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let json = Box::<RawValue>::deserialize(from)?;
        if (self.0)(json.get()) { Ok(()) } else { Err(D::Error::custom("")) }
    }
}

/// Returns true if a record is never an array, so that an array holds records.
fn is_named(schema: &Schema) -> bool {
    let mut root = schema.root();
    while let (Kind::Newtype, Some(inner)) = (root.kind(), root.element()) {
        root = schema.resolve(inner);
    }
    root.kind() == Kind::Enum || root.kind() == Kind::Struct && root.field_index("0").is_none()
}

/// Why reading a file failed.
enum Unread {
    Io(io::Error),
    Json(serde_json::Error),
    /// A value that does not fit the schema.
    Value(String),
    /// Bytes that are not valid in the format.
    Format(String),
}

impl Unread {
    /// Returns the failure after this number of records of a file.
    fn failure(self, input: &Input, records: u64) -> Failure {
        let record = format!("{}, record {records}", input.name);
        match self {
            Unread::Io(error) => Failure::io(error, Path::new(&input.name)),
            Unread::Value(what) => Failure::new("HY0615", what).place(record),
            Unread::Format(what) => Failure::new("HY0611", what).place(record),
            Unread::Json(error) if error.is_io() => match io::Error::from(error) {
                large if large.kind() == ErrorKind::InvalidData => {
                    Failure::new("HY0611", format!("malformed JSON: {large}")).place(record)
                }
                error => Failure::io(error, Path::new(&input.name)),
            },
            Unread::Json(error) => {
                let (code, what) = unread("JSON", &error);
                let place = TextPosition { line: error.line() as u64, column: error.column().max(1) as u64 };
                let failure = Failure::new(code, &what).place(format!("{}, {place}", input.name));
                match what.starts_with("malformed JSON: trailing") {
                    true => failure.help("if each line is a record, use --from ndjson"),
                    false => failure,
                }
            }
        }
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Unread {
        match error.kind() {
            ErrorKind::UnexpectedEof => Unread::Format("the file ends within a record".into()),
            _ => Unread::Io(error),
        }
    }
}

impl From<serde_json::Error> for Unread {
    fn from(error: serde_json::Error) -> Unread {
        Unread::Json(error)
    }
}

impl From<rmp_serde::decode::Error> for Unread {
    fn from(error: rmp_serde::decode::Error) -> Unread {
        use rmp_serde::decode::Error::{InvalidDataRead, InvalidMarkerRead, Syntax};
        match error {
            Syntax(what) => Unread::Value(what),
            InvalidMarkerRead(error) | InvalidDataRead(error) => error.into(),
            other => Unread::Format(format!("malformed MessagePack: {other}")),
        }
    }
}

impl From<DecodeError<io::Error>> for Unread {
    fn from(error: DecodeError<io::Error>) -> Unread {
        use cbor4ii::core::error::DecodeError::{Eof, Mismatch, Read, Unsupported};
        match error {
            DecodeError::Custom(what) => Unread::Value(what.into()),
            DecodeError::Core(Read(error)) => error.into(),
            DecodeError::Core(Eof { .. }) => io::Error::from(ErrorKind::UnexpectedEof).into(),
            DecodeError::Core(Mismatch { found, .. } | Unsupported { found, .. }) => {
                Unread::Format(format!("malformed CBOR: unexpected byte {found:#04x}"))
            }
            DecodeError::Core(other) => Unread::Format(format!("malformed CBOR: {other}")),
        }
    }
}

/// Reads a document as `hydra convert` writes it, an array of records, or one record.
fn json<'p, P: Read, R>(
    mut bytes: FileReader<'p>,
    place: impl FnOnce(FileReader<'p>) -> P,
    records: &mut R,
) -> Result<(), Unread>
where
    for<'r, 'de> &'r mut R: DeserializeSeed<'de, Value = ()>,
{
    if bytes.fill_buf()?.starts_with(b"\xEF\xBB\xBF") {
        bytes.consume(3);
    }
    let one = is_record(bytes.fill_buf()?);
    let mut from = serde_json::Deserializer::from_reader(place(bytes));
    from.disable_recursion_limit();
    match one {
        true => records.deserialize(&mut from)?,
        false => All { records, inside: false }.deserialize(&mut from)?,
    }
    Ok(from.end()?)
}

/// True for an object that is not a document: those begin with `records`, or with `version` and one of the
/// others. Blanks do not count, as long as the start (256 KiB) has more than them.
fn is_record(start: &[u8]) -> bool {
    let start: Vec<u8> = start.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let Some(names) = start.strip_prefix(b"{") else { return false };
    let digits = |rest: &[u8]| rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let version = names.strip_prefix(b"\"version\":").and_then(|rest| rest.get(digits(rest)..));
    let second = version.and_then(|rest| rest.strip_prefix(b",")).unwrap_or_default();
    let is_records = |names: &[u8]| names.starts_with(b"\"records\":[");
    !is_records(names) && !is_records(second) && !second.starts_with(b"\"table\":\"")
}

/// Reads records one after the other, or an array of them.
fn msgpack(bytes: FileReader<'_>, array: bool, records: &mut RecordImporter<'_>) -> Result<(), Unread> {
    let mut from = rmp_serde::Deserializer::new(bytes);
    if array {
        All { records: &mut *records, inside: true }.deserialize(&mut from)?;
    }
    while !from.get_mut().fill_buf()?.is_empty() {
        records.deserialize(&mut from)?;
    }
    Ok(())
}

/// Reads records one after the other, or an array of them.
fn cbor(mut bytes: FileReader<'_>, array: bool, records: &mut RecordImporter<'_>) -> Result<(), Unread> {
    if array {
        let mut from = cbor4ii::serde::Deserializer::new(IoReader::new(&mut bytes));
        All { records: &mut *records, inside: true }.deserialize(&mut from)?;
    }
    while !bytes.fill_buf()?.is_empty() {
        records.deserialize(&mut cbor4ii::serde::Deserializer::new(IoReader::new(&mut bytes)))?;
    }
    Ok(())
}

/// Writes records to a table.
struct RecordImporter<'w> {
    seed: Seed,
    writer: &'w mut Writer,
    table: TableId<Dynamic>,
    count: u64,
    /// Why a record could not be written.
    failure: Option<Failure>,
}

impl<'de> DeserializeSeed<'de> for &mut RecordImporter<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let value = self.seed.deserialize(from)?;
        self.writer.append_value(self.table, value).map_err(|error| {
            self.failure = Some(error.into());
            D::Error::custom("")
        })?;
        self.count += 1;
        Ok(())
    }
}

/// Reads an array of records, or the document around it.
struct All<'r, R> {
    records: &'r mut R,
    inside: bool,
}

impl<'de, R> DeserializeSeed<'de> for All<'_, R>
where
    for<'r> &'r mut R: DeserializeSeed<'de, Value = ()>,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, R> Visitor<'de> for All<'_, R>
where
    for<'r> &'r mut R: DeserializeSeed<'de, Value = ()>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.inside { "an array of records" } else { "a document or an array of records" })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        while from.next_element_seed(&mut *self.records)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let mut found = self.inside;
        while let Some(key) = from.next_key::<String>()? {
            match key.as_str() {
                "version" if !self.inside => match from.next_value::<u64>()? {
                    1 => {}
                    version => {
                        return Err(A::Error::custom(format_args!("version {version}: only 1 is supported")));
                    }
                },
                "table" if !self.inside => drop(from.next_value::<String>()?),
                "records" if !found => {
                    from.next_value_seed(All { records: &mut *self.records, inside: true })?;
                    found = true;
                }
                "records" if !self.inside => return Err(A::Error::custom("`records` occurs twice")),
                _ => {
                    let what = "is not allowed here: a document has version, table and records; for a record a line, use --from ndjson";
                    return Err(A::Error::custom(format_args!("`{key}` {what}")));
                }
            }
        }
        if found { Ok(()) } else { Err(A::Error::missing_field("records")) }
    }
}
