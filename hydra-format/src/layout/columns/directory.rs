//! The directory of a block of columns (FORMAT.md, section 7.1): the lengths of the rows, and where each
//! stream is.

use crate::store::block::BlockAt;
use crate::store::bytes::{LINE, line_up, record};
use crate::{ErrorKind, Result};

record! {
    /// The start of a directory.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct Head in head, 64 {
        /// The length of the directory in bytes.
        bytes = LENGTH: u32,
        /// The number of streams.
        streams = STREAMS: u32,
        /// The number of bytes of heap of the records as rows.
        heap = HEAP: u32,
        /// The number of bytes of text of the records as rows.
        text = TEXT: u32,
        ZERO: [u8; 48],
    }
}

record! {
    /// The entry of a stream in the directory of a block of columns.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct StreamEntry in entry, 64 {
        /// The code of the encoding; see [`StreamEntry::encoding_name`].
        encoding = ENCODING: u8,
        /// The power of ten of a decimal.
        parameter = PARAMETER: u8,
        /// The flags; bit 0: compressed by zstd.
        flags = FLAGS: u8,
        ZERO: u8,
        /// The offset of the stream in the payload.
        offset = OFFSET: u32,
        /// The number of stored bytes.
        stored = STORED: u32,
        /// The number of bytes in encoding 0, without compression.
        plain = PLAIN: u32,
        /// The number of slots.
        slots = SLOTS: u32,
        /// The number of absent slots.
        absent = ABSENT: u32,
        /// The checksum of the stored bytes.
        crc = CRC: u32,
        ZERO_TOO: u32,
        STATISTICS: [u8; 32],
    }
}

/// The flag of a compressed stream.
pub(super) const ZSTD: u8 = 1;
/// The flags that readers of this version ignore.
const STATISTICS: u8 = 0b1_1110;
/// The largest number of bytes of all streams in encoding 0, or of the records as rows, for any block, and
/// for each byte of its payload.
const MOST: u64 = 256 << 20;
const MOST_OF_SMALL: u64 = 16 << 20;
pub(in crate::layout) const GROWTH: u64 = 1024;

/// Returns the most memory that columns in a payload of this size may take.
pub(super) fn most_memory(payload_bytes: usize) -> u64 {
    (payload_bytes as u64).saturating_mul(GROWTH).clamp(MOST_OF_SMALL, MOST)
}

impl StreamEntry {
    /// Returns the stored bytes of the stream.
    pub(super) fn stored<'a>(&self, payload: &'a [u8]) -> Option<&'a [u8]> {
        payload.get(self.offset as usize..)?.get(..self.stored as usize)
    }

    /// Returns the flags that this library does not know.
    pub(super) fn unknown_flags(&self) -> u8 {
        self.flags & !(ZSTD | STATISTICS)
    }

    /// Returns whether the stored bytes are compressed with zstd.
    pub fn is_compressed(&self) -> bool {
        self.flags & ZSTD != 0
    }
}

/// A checked directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    pub(crate) heap: u32,
    pub(crate) text: u32,
    pub(crate) streams: Vec<StreamEntry>,
}

impl Directory {
    /// Reads the directory of a block with this number of streams, and checks where the streams are and how
    /// much memory they need (M7.1-1, M7.1-2, M7.1-4). The bytes are the payload, or its start with the whole
    /// directory.
    pub(super) fn read(block: &BlockAt, payload: &[u8], streams: usize) -> Result<Directory> {
        let payload_bytes = block.payload_bytes as usize;
        let broken = |what| block.error(ErrorKind::BadColumns).what(what);
        let head = Head::from_rows(payload);
        let bytes = (head.streams as usize).saturating_add(1).saturating_mul(head::BYTES);
        let all =
            payload.get(..bytes).filter(|_| head.bytes as usize == bytes && payload.len() >= head::BYTES);
        let all = all.ok_or_else(|| {
            let found = format!("{} bytes for {} streams", head.bytes, head.streams);
            broken("the directory of the columns does not fit the payload").found(found)
        })?;
        let crc = crc32fast::hash(all);
        if crc != block.text {
            let error = block.error(ErrorKind::Checksum).what("the directory of the columns is damaged");
            return Err(error.expected(format!("{:#010x}", block.text)).found(format!("{crc:#010x}")));
        }
        if head.streams as usize != streams {
            let error = broken("the columns are not those of the schema");
            return Err(error.expected(format!("{streams} streams")).found(head.streams.to_string()));
        }
        let entries = all.chunks_exact(entry::BYTES).skip(1).map(StreamEntry::from_rows);
        let directory = Directory { heap: head.heap, text: head.text, streams: entries.collect() };
        directory.check_places(bytes as u64, payload_bytes as u64).map_err(|number| {
            broken("the streams do not lie one after the other").found(format!("stream {number}"))
        })?;
        let memory = directory.memory(u64::from(block.count).saturating_mul(block.stride.into()));
        let most = most_memory(payload_bytes);
        if memory > most {
            let error = broken("the columns take too much memory").expected(format!("at most {most} bytes"));
            return Err(error.found(format!("{memory} bytes")));
        }
        Ok(directory)
    }

    /// Returns the larger of the bytes of all streams in encoding 0, and of the rows with these bytes of records.
    pub(super) fn memory(&self, records: u64) -> u64 {
        let rows = records.saturating_add(self.heap.into()).saturating_add(self.text.into());
        rows.max(self.streams.iter().map(|stream| u64::from(stream.plain)).sum())
    }

    /// Checks that the streams lie one after the other in a payload of this size; an error is the number of
    /// the first that does not.
    fn check_places(&self, directory_bytes: u64, payload_bytes: u64) -> Result<(), usize> {
        let mut end = directory_bytes;
        for (number, stream) in self.streams.iter().enumerate() {
            let start = u64::from(stream.offset);
            if start != line_up(end) {
                return Err(number);
            }
            end = start.saturating_add(stream.stored.into());
        }
        if end == payload_bytes { Ok(()) } else { Err(self.streams.len()) }
    }

    /// Reports bytes that must be zero and are not; offsets count from the start of the payload.
    pub(super) fn audit(&self, payload: &[u8], report: &mut dyn FnMut(u64)) {
        let directory_bytes = self.streams.len().saturating_add(1).saturating_mul(entry::BYTES);
        let mut zero = |start: usize, end: usize| {
            let first = payload.get(start..end).and_then(|bytes| bytes.iter().position(|byte| *byte != 0));
            if let Some(first) = first {
                report(start.saturating_add(first) as u64);
            }
        };
        zero(head::ZERO, head::BYTES);
        let mut end = directory_bytes;
        for (number, stream) in self.streams.iter().enumerate() {
            let start = number.saturating_add(1).saturating_mul(entry::BYTES);
            let at = |place: usize| start.saturating_add(place);
            zero(at(entry::ZERO), at(entry::OFFSET));
            let has_statistics = stream.flags & STATISTICS != 0;
            zero(at(entry::ZERO_TOO), at(if has_statistics { entry::STATISTICS } else { entry::BYTES }));
            if !matches!(stream.encoding, 5 | 6) {
                zero(at(entry::PARAMETER), at(entry::FLAGS));
            }
            zero(end, stream.offset as usize);
            end = (stream.offset as usize).saturating_add(stream.stored as usize);
        }
    }

    /// Makes the payload of these streams, each with its stored bytes, and the checksum of its directory.
    pub(super) fn assemble(&self, stored: &[Vec<u8>]) -> (Vec<u8>, u32) {
        let directory_bytes = self.streams.len().saturating_add(1).saturating_mul(entry::BYTES);
        let mut payload = vec![0; directory_bytes];
        let mut directory = Vec::with_capacity(directory_bytes);
        let streams = self.streams.len() as u32;
        let head = Head { bytes: directory_bytes as u32, streams, heap: self.heap, text: self.text };
        directory.extend(head.to_rows());
        for (stream, bytes) in self.streams.iter().zip(stored) {
            payload.resize(line_up(payload.len() as u64) as usize, 0);
            let (offset, crc) = (payload.len() as u32, crc32fast::hash(bytes));
            directory.extend(StreamEntry { offset, stored: bytes.len() as u32, crc, ..*stream }.to_rows());
            payload.extend(bytes);
        }
        payload.get_mut(..directory_bytes).unwrap_or_default().copy_from_slice(&directory);
        (payload, crc32fast::hash(&directory))
    }
}

const _: () = assert!(head::BYTES == LINE as usize && entry::BYTES == LINE as usize);
