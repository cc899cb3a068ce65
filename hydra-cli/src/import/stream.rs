//! JSON documents, MessagePack and CBOR as records of a schema, one after the other. Memory is bounded by the largest
//! record.

use super::csv::TextPosition;
use super::job::{ImportJob, RECORD_BYTES, unplaced};
use crate::args::Format;
use crate::failure::{Failure, Result};
use crate::progress::ProgressBar;
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
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

/// Writes the records. Returns how many.
pub(super) fn write(job: &ImportJob<'_>, from: Format, schema: &Schema, writer: &mut Writer) -> Result<u64> {
    let (table, seed) = (job.table(schema, writer)?, Seed::new(schema).spelling(job.spelling));
    let mut records = RecordImporter { seed, writer, table, count: 0, failure: None };
    let (progress, mut done, named) = (job.progress("writing"), 0, is_named(schema));
    for input in &job.inputs {
        let before = records.count;
        let read = open(input, &progress, &mut done).and_then(|mut bytes| {
            let first = bytes.fill_buf()?.first().copied().unwrap_or_default();
            match from {
                Format::Msgpack => {
                    msgpack(bytes, named && matches!(first, 0x90..=0x9f | 0xdc | 0xdd), &mut records)
                }
                Format::Cbor => cbor(bytes, named && matches!(first, 0x80..=0x9f), &mut records),
                _ => json(bytes, |bytes| bytes, &mut records),
            }
        });
        if let Err(why) = read {
            let failure = records.failure.take();
            return Err(failure.unwrap_or_else(|| why.failure(input, records.count - before)));
        }
    }
    Ok(records.count)
}

/// One pass over the records of JSON documents, as text and with the places where they start.
pub(super) fn texts(
    job: &ImportJob<'_>,
    mut take: impl FnMut(&Input, TextPosition, &str) -> Result<()>,
) -> Result<()> {
    let (progress, mut done) = (job.progress("reading"), 0);
    for input in &job.inputs {
        let reading = ReadPosition { line: Cell::new(1), column: Cell::new(1), since: Cell::new(0) };
        let (mut failure, mut count) = (None, 0);
        let mut each = JsonTexts(|json: &str| {
            reading.since.set(0);
            count += 1;
            take(input, reading.start_of(json), json).map_err(|why| failure = Some(why)).is_ok()
        });
        let read = open(input, &progress, &mut done)
            .and_then(|bytes| json(bytes, |bytes| PositionReader { bytes, reading: &reading }, &mut each));
        if let Err(why) = read {
            return Err(failure.unwrap_or_else(|| why.failure(input, count)));
        }
    }
    Ok(())
}

/// How far a document was read.
struct ReadPosition {
    line: Cell<u64>,
    column: Cell<u64>,
    /// Bytes since the last record.
    since: Cell<u64>,
}

impl ReadPosition {
    /// Where the text starts that was just read.
    fn start_of(&self, json: &str) -> TextPosition {
        let lines = json.bytes().filter(|&byte| byte == b'\n').count() as u64;
        let column = self.column.get().saturating_sub(json.len() as u64).max(1);
        TextPosition { line: self.line.get() - lines, column: if lines == 0 { column } else { 1 } }
    }
}

/// Bytes that are counted as they are read.
struct PositionReader<'p, R> {
    bytes: R,
    reading: &'p ReadPosition,
}

impl<R: Read> Read for PositionReader<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (count, at) = (self.bytes.read(into)?, self.reading);
        for byte in into.iter().take(count) {
            if *byte == b'\n' {
                at.line.set(at.line.get() + 1);
                at.column.set(1);
            } else {
                at.column.set(at.column.get() + 1);
            }
        }
        at.since.set(at.since.get() + count as u64);
        if at.since.get() > RECORD_BYTES {
            return Err(io::Error::new(ErrorKind::InvalidData, "a record above 16 MiB"));
        }
        Ok(count)
    }
}

/// Takes records as text, until it is false.
struct JsonTexts<F>(F);

impl<'de, F: FnMut(&str) -> bool> DeserializeSeed<'de> for &mut JsonTexts<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let json = Box::<RawValue>::deserialize(from)?;
        if (self.0)(json.get()) { Ok(()) } else { Err(D::Error::custom("")) }
    }
}

/// True if a record is never an array, so that an array holds records.
fn is_named(schema: &Schema) -> bool {
    let mut root = schema.root();
    while let (Kind::Newtype, Some(inner)) = (root.kind(), root.element()) {
        root = schema.resolve(inner);
    }
    root.kind() == Kind::Enum || root.kind() == Kind::Struct && root.field_index("0").is_none()
}

/// Why a file is not read to its end.
enum Unread {
    Io(io::Error),
    Json(serde_json::Error),
    /// A value that the schema does not have.
    Value(String),
    /// Bytes that are not of the format.
    Format(String),
}

impl Unread {
    /// After so many records of a file.
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
                let what = unplaced(&error);
                let place = TextPosition { line: error.line() as u64, column: error.column().max(1) as u64 };
                let failure = match error.is_data() {
                    true => Failure::new("HY0615", &what),
                    false => Failure::new("HY0611", format!("malformed JSON: {what}")),
                };
                let failure = failure.place(format!("{}, {place}", input.name));
                match !error.is_data() && what.starts_with("trailing") {
                    true => failure.help("a record a line is NDJSON: --from ndjson"),
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

type WatchedReader<'p> = BufReader<Watched<'p>>;

fn open<'p>(
    input: &Input,
    progress: &'p ProgressBar,
    done: &'p mut u64,
) -> Result<WatchedReader<'p>, Unread> {
    let file = File::open(&input.path).map_err(Unread::Io)?;
    Ok(BufReader::with_capacity(256 << 10, Watched { file, progress, done }))
}

/// A document as `hydra convert` writes it, an array of records, or one record.
fn json<'p, P: Read, R>(
    mut bytes: WatchedReader<'p>,
    place: impl FnOnce(WatchedReader<'p>) -> P,
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

/// True for an object that is not a document: those begin with `records`, or with `version` and one of the others.
fn is_record(start: &[u8]) -> bool {
    let start: Vec<u8> =
        start.iter().take(4096).copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let Some(names) = start.strip_prefix(b"{") else { return false };
    let digits = |rest: &[u8]| rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let version = names.strip_prefix(b"\"version\":").and_then(|rest| rest.get(digits(rest)..));
    let second = version.and_then(|rest| rest.strip_prefix(b",")).unwrap_or_default();
    let is_records = |names: &[u8]| names.starts_with(b"\"records\":[");
    !is_records(names) && !is_records(second) && !second.starts_with(b"\"table\":\"")
}

/// Records one after the other, or an array of them.
fn msgpack(bytes: WatchedReader<'_>, array: bool, records: &mut RecordImporter<'_>) -> Result<(), Unread> {
    let mut from = rmp_serde::Deserializer::new(bytes);
    if array {
        All { records: &mut *records, inside: true }.deserialize(&mut from)?;
    }
    while !from.get_mut().fill_buf()?.is_empty() {
        records.deserialize(&mut from)?;
    }
    Ok(())
}

/// Records one after the other, or an array of them.
fn cbor(mut bytes: WatchedReader<'_>, array: bool, records: &mut RecordImporter<'_>) -> Result<(), Unread> {
    if array {
        let mut from = cbor4ii::serde::Deserializer::new(IoReader::new(&mut bytes));
        All { records: &mut *records, inside: true }.deserialize(&mut from)?;
    }
    while !bytes.fill_buf()?.is_empty() {
        records.deserialize(&mut cbor4ii::serde::Deserializer::new(IoReader::new(&mut bytes)))?;
    }
    Ok(())
}

/// Where records go.
struct RecordImporter<'w> {
    seed: Seed,
    writer: &'w mut Writer,
    table: TableId<Dynamic>,
    count: u64,
    /// Why one could not be written.
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

/// An array of records, or the document around it.
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
        let (mut found, records) = (self.inside, self.records);
        while let Some(key) = from.next_key::<String>()? {
            match key.as_str() {
                "version" if !self.inside => match from.next_value::<u64>()? {
                    1 => {}
                    version => {
                        return Err(A::Error::custom(format_args!("version {version}: only 1 is known")));
                    }
                },
                "table" if !self.inside => drop(from.next_value::<String>()?),
                "records" if !found => {
                    from.next_value_seed(All { records: &mut *records, inside: true })?;
                    found = true;
                }
                _ => {
                    let what = "is not of a document of records: version, table and records; a record a line is NDJSON";
                    return Err(A::Error::custom(format_args!("`{key}` {what}")));
                }
            }
        }
        if found { Ok(()) } else { Err(A::Error::missing_field("records")) }
    }
}

/// A file that tells how far it was read.
struct Watched<'p> {
    file: File,
    progress: &'p ProgressBar,
    done: &'p mut u64,
}

impl Read for Watched<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        *self.done += count as u64;
        self.progress.set(*self.done);
        Ok(count)
    }
}
