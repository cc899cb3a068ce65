//! Blocks: headers, which are bound to their place (FORMAT.md, section 4), reading a whole block, and finding
//! the next block after damage. Payloads are not interpreted.

use super::bytes::{BLOCK_MAGIC, FieldLayout, LINE, MAX_BLOCK_LINES, REPLACES, get, line_up, put, record};
use super::storage::Source;
use crate::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// The kind of a block. Blocks of unknown kinds are skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum BlockKind {
    /// The type of a table's records.
    Schema = 1,
    /// Records.
    Data = 2,
    /// References to blocks.
    Index = 3,
    /// Key-value pairs of the user.
    Meta = 4,
    /// Bytes without meaning that were in the file before.
    Pad = 5,
}

impl BlockKind {
    /// Returns the kind with this stored code.
    pub const fn from_code(code: u8) -> Option<BlockKind> {
        match code {
            1 => Some(BlockKind::Schema),
            2 => Some(BlockKind::Data),
            3 => Some(BlockKind::Index),
            4 => Some(BlockKind::Meta),
            5 => Some(BlockKind::Pad),
            _ => None,
        }
    }
}

record! {
    /// The header of a block: its first line.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct BlockHeader in line, 64 {
        MAGIC: u32,
        /// The code of the kind; see [`BlockKind`].
        kind = KIND: u8,
        /// The flags; bit 0: the block replaces another.
        flags = FLAGS: u8,
        /// The layout; 0: rows, 1: columns.
        layout = LAYOUT: u8,
        /// The encoding; 0: none.
        encoding = ENCODING: u8,
        /// The length of the whole block in lines.
        line_count = LINES: u32,
        /// DATA: the id of the schema.
        schema = SCHEMA: u32,
        SYNC: u64,
        /// DATA: the index of the first record in its table.
        first = FIRST: u64,
        /// DATA: the number of records.
        count = COUNT: u32,
        /// DATA: the number of bytes from one record to the next.
        stride = STRIDE: u32,
        /// The distance to the previous block in lines; 0 if there is none.
        distance_lines = DISTANCE: u32,
        /// The length of the payload in bytes.
        payload_bytes = PAYLOAD: u32,
        /// The epoch of the writer that wrote the block.
        epoch = EPOCH: u32,
        /// DATA of rows: the offset of the text in the payload; of columns: the checksum of the directory.
        text = TEXT: u32,
        /// The checksum of the payload.
        payload_crc = PAYLOAD_CRC: u32,
        CRC: u32,
    }
}

/// Returns the number of lines of a block with a payload of this size.
fn lines(payload_bytes: u32) -> u64 {
    u64::from(payload_bytes).div_ceil(LINE).saturating_add(1)
}

impl BlockHeader {
    /// Returns the stored fields in order, including those that have no meaning for users.
    pub fn fields() -> &'static [FieldLayout] {
        line::NAMED
    }

    /// Creates a header with only these lengths.
    pub(crate) fn new(kind: BlockKind, payload_bytes: u32) -> BlockHeader {
        BlockHeader {
            kind: kind as u8,
            line_count: lines(payload_bytes) as u32,
            payload_bytes,
            ..BlockHeader::default()
        }
    }

    /// Returns the kind of the block, if this library supports it.
    pub fn block_kind(&self) -> Option<BlockKind> {
        BlockKind::from_code(self.kind)
    }

    /// Returns whether the block is of this kind.
    pub fn is(&self, kind: BlockKind) -> bool {
        self.kind == kind as u8
    }

    /// Returns whether the block replaces another.
    pub fn is_replacement(&self) -> bool {
        self.flags & REPLACES != 0
    }

    /// Returns the distance to the previous block in bytes; 0 if there is none.
    pub(crate) fn distance(&self) -> u64 {
        u64::from(self.distance_lines) * LINE
    }

    /// Returns the length of the whole block in bytes.
    pub fn bytes(&self) -> u64 {
        u64::from(self.line_count) * LINE
    }

    /// Returns the end of a block that starts at `offset`.
    pub fn end(&self, offset: u64) -> u64 {
        offset.saturating_add(self.bytes())
    }

    /// Returns the index after the last record.
    pub fn end_record(&self) -> u64 {
        self.first.saturating_add(u64::from(self.count))
    }

    /// Encodes the header of a block at `offset` of the file with this key.
    pub(crate) fn encode(&self, key: u64, offset: u64) -> [u8; line::BYTES] {
        let mut bytes = self.to_rows();
        put(&mut bytes, line::MAGIC, &BLOCK_MAGIC);
        put(&mut bytes, line::SYNC, &(key ^ offset).to_le_bytes());
        let crc = crc32fast::hash(&bytes[..line::CRC]);
        put(&mut bytes, line::CRC, &crc.to_le_bytes());
        bytes
    }

    /// Decodes the header of a block at `offset` of the file with this key, or returns what is wrong with it.
    pub(crate) fn decode(bytes: &[u8], key: u64, offset: u64) -> Result<BlockHeader, &'static str> {
        let Some(bytes) = bytes.first_chunk::<{ line::BYTES }>() else {
            return Err("the file ends within it");
        };
        if !bytes.starts_with(&BLOCK_MAGIC) {
            return Err("it does not start with HBLK");
        }
        if crc32fast::hash(&bytes[..line::CRC]) != get::<u32>(bytes, line::CRC) {
            return Err("its checksum does not match");
        }
        if get::<u64>(bytes, line::SYNC) != key ^ offset {
            return Err("it belongs to another place or another file");
        }
        let header = BlockHeader::from_rows(bytes);
        if header.is_possible() { Ok(header) } else { Err("its length does not match its payload") }
    }

    fn is_possible(&self) -> bool {
        if self.is(BlockKind::Pad) {
            return self.line_count >= 1 && self.payload_bytes == 0;
        }
        u64::from(self.line_count) == lines(self.payload_bytes) && self.line_count <= MAX_BLOCK_LINES
    }

    /// Describes the block in words.
    pub(crate) fn place(&self) -> String {
        match self.block_kind() {
            Some(BlockKind::Schema) => "a SCHEMA block".into(),
            Some(BlockKind::Data) => {
                let last = self.end_record().saturating_sub(1);
                format!("a DATA block, schema {}, records {}..={last}", self.schema, self.first)
            }
            Some(BlockKind::Index) => "an INDEX block".into(),
            Some(BlockKind::Meta) => "a META block".into(),
            Some(BlockKind::Pad) => "a PAD block".into(),
            None => format!("a block of kind {}", self.kind),
        }
    }
}

/// A payload in consecutive pieces, so that they need not be copied together.
pub(crate) type PayloadParts = [Vec<u8>; 3];

/// A block without a place: kind, lengths and checksum are set.
#[derive(Debug)]
pub(crate) struct SealedBlock {
    pub(crate) header: BlockHeader,
    /// The payload, and zeros up to a whole line.
    pub(crate) parts: PayloadParts,
}

impl SealedBlock {
    /// Creates a block with a payload in one part.
    pub(crate) fn of(kind: BlockKind, payload: Vec<u8>) -> Result<SealedBlock> {
        SealedBlock::new(kind, [payload, Vec::new(), Vec::new()])
    }

    /// Creates a block with this payload.
    pub(crate) fn new(kind: BlockKind, mut parts: PayloadParts) -> Result<SealedBlock> {
        let bytes = parts.iter().map(Vec::len).sum::<usize>() as u64;
        check_size(line_up(bytes).saturating_add(LINE))?;
        let mut header = BlockHeader::new(kind, bytes as u32);
        let mut hasher = crc32fast::Hasher::new();
        parts.iter().for_each(|part| hasher.update(part));
        header.payload_crc = hasher.finalize();
        let padding = line_up(bytes).saturating_sub(bytes) as usize;
        if let Some(last) = parts.iter_mut().rfind(|part| !part.is_empty()) {
            last.extend(std::iter::repeat_n(0, padding));
        }
        Ok(SealedBlock { header, parts })
    }
}

/// Returns an error if a record is too large for a block.
pub(crate) fn check_size(block_bytes: u64) -> Result<()> {
    if block_bytes <= u64::from(MAX_BLOCK_LINES) * LINE {
        return Ok(());
    }
    Err(Error::new(ErrorKind::TooLarge)
        .what("the record does not fit into a block")
        .expected("at most 256 MiB")
        .found(format!("{block_bytes} bytes"))
        .help("split the value into several records"))
}

/// The header and the place of a block. The payload is not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockAt {
    pub(crate) offset: u64,
    pub(crate) header: BlockHeader,
}

impl std::ops::Deref for BlockAt {
    type Target = BlockHeader;

    fn deref(&self) -> &BlockHeader {
        &self.header
    }
}

impl BlockAt {
    /// Returns the file offset of the payload.
    pub(crate) fn payload(&self) -> u64 {
        self.offset.saturating_add(LINE)
    }

    /// Returns the file offset of the end of the block.
    pub(crate) fn end(&self) -> u64 {
        self.header.end(self.offset)
    }

    /// Returns the file offset of the previous block, or of this one if there is none.
    pub(crate) fn previous(&self) -> u64 {
        self.offset.saturating_sub(self.distance())
    }

    /// Creates an error that describes the block.
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind).at(self.offset).place(self.place())
    }

    /// Returns an error for a block other than DATA that is intact but that this library cannot read.
    pub(crate) fn check_supported(&self) -> Result<()> {
        match (self.layout, self.encoding) {
            (0, 0) => self.check_flags(),
            _ => Err(self.unknown_layout()),
        }
    }

    /// Returns an error for flags that this library does not support.
    pub(crate) fn check_flags(&self) -> Result<()> {
        match self.flags & !REPLACES {
            0 => Ok(()),
            flags => Err(self.unsupported(format!("flags {flags:#04x}"))),
        }
    }

    /// Creates the error about a layout or encoding that this library does not support.
    pub(crate) fn unknown_layout(&self) -> Error {
        let encoding = (self.layout == 0).then(|| format!("encoding {}", self.encoding));
        self.unsupported(encoding.unwrap_or_else(|| format!("layout {}", self.layout)))
    }

    fn unsupported(&self, found: String) -> Error {
        self.error(ErrorKind::Unsupported).found(found).help("update this program")
    }

    /// Checks the payload against the checksum in the header.
    pub(crate) fn check_payload(&self, payload: &[u8]) -> Result<()> {
        if payload.len() != self.payload_bytes as usize {
            let error = self.error(ErrorKind::CutShort).found(format!("{} bytes", payload.len()));
            return Err(error.expected(format!("a payload of {} bytes", self.payload_bytes)));
        }
        self.check_crc(Some(crc32fast::hash(payload)))
    }

    /// Returns an error if the checksum of the payload differs from that in the header; `None` is a truncated
    /// payload.
    pub(crate) fn check_crc(&self, computed: Option<u32>) -> Result<()> {
        if computed == Some(self.payload_crc) {
            return Ok(());
        }
        let error = self.error(ErrorKind::Checksum).expected(format!("{:#010x}", self.payload_crc));
        Err(error.found(format!("{:#010x}", computed.unwrap_or(0))))
    }
}

/// The blocks of a file: its bytes, the key that binds blocks to their places, and the end of the blocks.
#[derive(Clone, Copy)]
pub(crate) struct BlockFile<'a> {
    pub(crate) source: &'a dyn Source,
    /// See [`FileHeader::sync_key`](super::header::FileHeader::sync_key).
    pub(crate) key: u64,
    pub(crate) limit: u64,
}

impl<'a> BlockFile<'a> {
    /// Reads and checks the header of the block at `offset`.
    pub(crate) fn header(&self, offset: u64) -> Result<BlockAt> {
        let mut line = [0; line::BYTES];
        decode_header(self.source.read(offset, &mut line)?, self.key, offset, self.limit)
    }

    /// Reads the block at `offset`, of any kind but DATA, checks header and checksum, and returns it with its
    /// payload.
    pub(crate) fn read(&self, offset: u64) -> Result<(BlockAt, Cow<'a, [u8]>)> {
        let block = self.header(offset)?;
        block.check_supported()?;
        let payload = self.source.bytes(block.payload(), block.payload_bytes as usize)?;
        block.check_payload(&payload)?;
        Ok((block, payload))
    }

    /// Finds the next line from `offset` on that is a valid header for its place and has an epoch in
    /// `epochs`.
    pub(crate) fn find_next(&self, offset: u64, epochs: RangeInclusive<u32>) -> Result<Option<u64>> {
        find_line(self.source, offset, self.limit, |line, offset| {
            let found = BlockHeader::decode(line, self.key, offset);
            let fits =
                |header: BlockHeader| header.end(offset) <= self.limit && epochs.contains(&header.epoch);
            Ok(found.is_ok_and(fits).then_some(offset))
        })
    }
}

/// Decodes and checks the header in the line at `offset` of a file whose blocks end at `limit`.
pub(crate) fn decode_header(line: &[u8], key: u64, offset: u64, limit: u64) -> Result<BlockAt> {
    let damaged = |what: &str| Error::new(ErrorKind::BlockHeader).at(offset).what(what);
    let block = BlockAt { offset, header: BlockHeader::decode(line, key, offset).map_err(damaged)? };
    if block.end() > limit {
        return Err(block.error(ErrorKind::BlockHeader).what("it ends after the committed length"));
    }
    Ok(block)
}

/// Calls a function with consecutive lines, from `offset` to `limit` or the end of the file, until it returns
/// a result.
pub(crate) fn find_line<T>(
    source: &dyn Source,
    mut offset: u64,
    limit: u64,
    mut look: impl FnMut(&[u8], u64) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let mut buffer = Vec::new();
    while offset < limit {
        // Most damage is short, but it can be long: reads grow from 1 KiB to 64 KiB.
        let more = buffer.len().saturating_mul(2).clamp(1 << 10, 64 << 10);
        buffer.resize(more.min(usize::try_from(limit.saturating_sub(offset)).unwrap_or(more)), 0);
        let chunk = source.read(offset, &mut buffer)?;
        for line in chunk.chunks_exact(LINE as usize) {
            if let Some(found) = look(line, offset)? {
                return Ok(Some(found));
            }
            offset = offset.saturating_add(LINE);
        }
        if chunk.len() < LINE as usize {
            break;
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> BlockHeader {
        BlockHeader {
            schema: 3,
            first: 1 << 40,
            count: 7,
            stride: 24,
            distance_lines: 9,
            epoch: 4,
            text: 192,
            payload_crc: 0xdead_beef,
            ..BlockHeader::new(BlockKind::Data, 200)
        }
    }

    #[test]
    fn a_header_comes_back_at_its_place_only() {
        let header = sample();
        let bytes = header.encode(11, 8192);
        assert_eq!(header.line_count, 5);
        assert_eq!(BlockHeader::decode(&bytes, 11, 8192), Ok(header));
        assert_eq!(BlockHeader::decode(&bytes, 11, 8256), Err("it belongs to another place or another file"));
        assert_eq!(BlockHeader::decode(&bytes, 12, 8192), Err("it belongs to another place or another file"));
        assert_eq!(BlockHeader::decode(&bytes[..63], 11, 8192), Err("the file ends within it"));
        let bytes = header.encode(0xffff, 8192);
        assert_eq!(BlockHeader::decode(&bytes, 0xffff, 8192), Ok(header));
        assert_eq!(
            BlockHeader::decode(&bytes, 0xdfff, 8192),
            Err("it belongs to another place or another file"),
            "bits that both have"
        );
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(BlockHeader::decode(&flipped, 11, 8192).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn lengths_that_do_not_agree_are_no_header() {
        for bad in [
            BlockHeader { line_count: 0, ..sample() },
            BlockHeader { line_count: 6, ..sample() },
            BlockHeader { payload_bytes: 257, ..sample() },
            BlockHeader { line_count: u32::MAX, payload_bytes: u32::MAX, ..sample() },
            BlockHeader { payload_bytes: 1, ..BlockHeader::new(BlockKind::Pad, 0) },
            BlockHeader { line_count: 0, ..BlockHeader::new(BlockKind::Pad, 0) },
            BlockHeader::new(BlockKind::Data, 256 << 20),
        ] {
            assert_eq!(
                BlockHeader::decode(&bad.encode(1, 64), 1, 64),
                Err("its length does not match its payload"),
                "{bad:?}"
            );
        }
        let pad = BlockHeader { line_count: u32::MAX, ..BlockHeader::new(BlockKind::Pad, 0) };
        let largest = BlockHeader::new(BlockKind::Data, (256 << 20) - 64);
        for good in [pad, BlockHeader::new(BlockKind::Pad, 0), largest, BlockHeader::new(BlockKind::Meta, 0)]
        {
            assert_eq!(BlockHeader::decode(&good.encode(1, 64), 1, 64), Ok(good));
        }
    }

    #[test]
    fn a_block_ends_within_the_file_and_has_its_payload() {
        let payload = [7; 200];
        let header = BlockHeader { payload_crc: crc32fast::hash(&payload), ..sample() };
        let line = header.encode(11, 8192);
        let end = 8192 + 5 * 64;
        for (limit, valid) in [(0, false), (8192, false), (end - 64, false), (end, true), (end + 64, true)] {
            assert_eq!(decode_header(&line, 11, 8192, limit).is_ok(), valid, "{limit}");
        }
        let block = BlockAt { offset: 8192, header };
        let other = |payload: &[u8]| block.check_payload(payload).map_err(|error| error.kind());
        assert_eq!(other(&payload), Ok(()));
        assert_eq!(other(&payload[..199]), Err(ErrorKind::CutShort));
        assert_eq!(other(&[7; 201]), Err(ErrorKind::CutShort));
        assert_eq!(other(&[8; 200]), Err(ErrorKind::Checksum));
        let empty = BlockHeader { payload_crc: 1, ..BlockHeader::new(BlockKind::Meta, 0) };
        let empty = BlockAt { offset: 8192, header: empty };
        assert_eq!(empty.check_payload(&[]).unwrap_err().kind(), ErrorKind::Checksum);
    }

    #[test]
    fn unsupported_is_not_damaged() {
        let check = |header| BlockAt { offset: 0, header }.check_supported();
        assert!(check(sample()).is_ok() && check(BlockHeader { flags: REPLACES, ..sample() }).is_ok());
        for other in [
            BlockHeader { flags: 2, ..sample() },
            BlockHeader { layout: 1, ..sample() },
            BlockHeader { encoding: 1, ..sample() },
        ] {
            assert_eq!(check(other).unwrap_err().kind(), ErrorKind::Unsupported);
        }
    }
}
