//! Where the bytes of a block of columns are, for tools: its streams by the fields of the schema. No stream is
//! read.

use super::directory::{Directory, StreamEntry, entry, head};
use super::shape::Shape;
use crate::layout::rows::block_bytes;
use crate::layout::{Layouts, check_supported};
use crate::store::block::BlockAt;
use crate::store::bytes::FieldLayout;
use crate::store::storage::Source;
use crate::{Error, ErrorKind, Result};

/// How the records of a block of columns are stored.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BlockStreams {
    /// The length of the same block as rows, header included, in bytes.
    pub row_bytes: u64,
    /// The streams, in the order of the schema and of the payload.
    pub streams: Vec<BlockStream>,
}

/// A stream of a block of columns: one part of a field.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BlockStream {
    /// The path of the field in a record, such as `items[].price`. It is empty if the record is no struct, and
    /// long ones are cut.
    pub path: String,
    /// What the stream has of the field: `bits`, `presence`, `values`, `tags`, `offsets`, `run` or `rows`
    /// (FORMAT.md, section 7.2).
    pub part: &'static str,
    /// The entry of the stream in the directory.
    pub entry: StreamEntry,
}

impl BlockStreams {
    /// Returns the stored fields of the head of a directory in order. The head is the first 64 bytes of the
    /// payload, and the entries of the streams follow it.
    pub fn head_fields() -> &'static [FieldLayout] {
        head::NAMED
    }
}

impl StreamEntry {
    /// Returns the stored fields in order, including those that have no meaning for users.
    pub fn fields() -> &'static [FieldLayout] {
        entry::NAMED
    }

    /// Returns the name of the encoding, if this library knows it.
    pub fn encoding_name(&self) -> Option<&'static str> {
        let names = ["plain", "constant", "frame", "delta", "dictionary", "decimal frame", "decimal delta"];
        names.get(usize::from(self.encoding)).copied()
    }
}

/// The largest number of fields that an error names.
const MOST_NAMED: usize = 8;

impl Layouts {
    /// Reads the directory of a block; `None` if the block stores rows.
    pub(crate) fn streams(&self, block: &BlockAt, source: &dyn Source) -> Result<Option<BlockStreams>> {
        let Some(shape) = self.shape_of(block)? else { return Ok(None) };
        let count = shape.streams.len().saturating_add(1).saturating_mul(entry::BYTES);
        let bytes = source.bytes(block.payload(), count.min(block.payload_bytes as usize))?;
        let directory = Directory::read(block, &bytes, shape.streams.len())?;
        let records = (block.count as usize).saturating_mul(block.stride as usize);
        let row_bytes = block_bytes([records, directory.heap as usize, directory.text as usize]);
        let stream = |(number, entry)| {
            let path = shape.path(number).to_string();
            BlockStream { path, part: shape.part(number), entry }
        };
        let streams = directory.streams.into_iter().enumerate().map(stream).collect();
        Ok(Some(BlockStreams { row_bytes, streams }))
    }

    /// Adds the paths of the damaged streams to an error about the payload of a block of columns.
    pub(crate) fn in_streams(&self, error: Error, block: &BlockAt, payload: &[u8]) -> Error {
        let shape = match self.shape_of(block) {
            Ok(Some(shape)) if error.kind() == ErrorKind::Checksum => shape,
            _ => return error,
        };
        let directory = match Directory::read(block, payload, shape.streams.len()) {
            Ok(directory) => directory,
            Err(directory) if directory.kind() == ErrorKind::Checksum => return directory,
            Err(_) => return error,
        };
        let sum = |entry: &StreamEntry| entry.stored(payload).map(crc32fast::hash);
        let streams = directory.streams.iter().enumerate();
        let damaged = streams.filter(|(_, entry)| sum(entry) != Some(entry.crc));
        let mut paths: Vec<&str> = damaged.map(|(number, _)| shape.path(number)).collect();
        paths.dedup();
        let more = paths.len().saturating_sub(MOST_NAMED);
        paths.truncate(MOST_NAMED);
        let and_more = if more > 0 { format!(", {more} more") } else { String::new() };
        match paths[..] {
            [] => error,
            _ => error
                .what("these are the checksums of the block, and the path names its damaged fields")
                .path(paths.join(", ") + &and_more)
                .help("a type without these fields reads the others; so does Table::column"),
        }
    }

    /// Returns the shape of a block of columns; `None` if the block stores rows.
    fn shape_of(&self, block: &BlockAt) -> Result<Option<&Shape>> {
        check_supported(block)?;
        if block.layout == 0 {
            return Ok(None);
        }
        self.columns().map(|columns| Some(&columns.shape)).ok_or_else(|| block.unknown_layout())
    }
}
