//! Blocks: their headers, bound to their place (FORMAT.md, section 4), reading one whole, and finding the next one
//! after damage. It does not know what payloads mean.

use super::bytes::{BLOCK_MAGIC, FieldLayout, LINE, MAX_BLOCK_LINES, REPLACES, get, line_up, put, record};
use super::storage::Source;
use crate::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// What a block carries. A block of another kind is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum BlockKind {
    /// The type of a table's records.
    Schema = 1,
    /// Records.
    Data = 2,
    /// Where blocks are.
    Index = 3,
    /// The user's key-value pairs.
    Meta = 4,
    /// Bytes that were in the file before, without meaning.
    Pad = 5,
}

impl BlockKind {
    /// The kind with this code on disk.
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
    /// The first line of a block.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct BlockHeader in line, 64 {
        MAGIC: u32,
        /// Code of the kind: see [`BlockKind`].
        kind = KIND: u8,
        /// Flags; bit 0: the block replaces another.
        flags = FLAGS: u8,
        /// 0: rows.
        layout = LAYOUT: u8,
        /// 0: as it is.
        encoding = ENCODING: u8,
        /// Length of the whole block in lines.
        line_count = LINES: u32,
        /// DATA: id of the schema.
        schema = SCHEMA: u32,
        SYNC: u64,
        /// DATA: index of the first record in its table.
        first = FIRST: u64,
        /// DATA: number of records.
        count = COUNT: u32,
        /// DATA: bytes from one record to the next.
        stride = STRIDE: u32,
        /// Lines back to the block before this one; 0: there is none.
        distance_lines = DISTANCE: u32,
        /// Length of the payload in bytes.
        payload_bytes = PAYLOAD: u32,
        /// Epoch of the commit record under which the block was written.
        epoch = EPOCH: u32,
        /// DATA: where the text starts in the payload.
        text = TEXT: u32,
        /// Checksum of the payload.
        payload_crc = PAYLOAD_CRC: u32,
        CRC: u32,
    }
}

/// Lines of a block with so large a payload.
fn lines(payload_bytes: u32) -> u64 {
    u64::from(payload_bytes).div_ceil(LINE).saturating_add(1)
}

impl BlockHeader {
    /// The stored fields, in their order, with those that have no meaning for users.
    pub fn fields() -> &'static [FieldLayout] {
        line::NAMED
    }

    /// A header with these lengths and nothing else.
    pub(crate) fn new(kind: BlockKind, payload_bytes: u32) -> BlockHeader {
        BlockHeader {
            kind: kind as u8,
            line_count: lines(payload_bytes) as u32,
            payload_bytes,
            ..BlockHeader::default()
        }
    }

    /// What the block carries, if this library knows it.
    pub fn block_kind(&self) -> Option<BlockKind> {
        BlockKind::from_code(self.kind)
    }

    /// True for a block of this kind.
    pub fn is(&self, kind: BlockKind) -> bool {
        self.kind == kind as u8
    }

    /// True if the block replaces another.
    pub fn is_replacement(&self) -> bool {
        self.flags & REPLACES != 0
    }

    /// Bytes back to the block before this one; 0: there is none.
    pub(crate) fn distance(&self) -> u64 {
        u64::from(self.distance_lines) * LINE
    }

    /// Length of the whole block in bytes.
    pub fn bytes(&self) -> u64 {
        u64::from(self.line_count) * LINE
    }

    /// The file offset after a block that starts at `offset`.
    pub fn end(&self, offset: u64) -> u64 {
        offset.saturating_add(self.bytes())
    }

    /// The index after that of the last record.
    pub fn end_record(&self) -> u64 {
        self.first.saturating_add(u64::from(self.count))
    }

    /// The line for a block at `offset` of the file with this key.
    pub(crate) fn encode(&self, key: u64, offset: u64) -> [u8; line::BYTES] {
        let mut bytes = self.to_rows();
        put(&mut bytes, line::MAGIC, &BLOCK_MAGIC);
        put(&mut bytes, line::SYNC, &(key ^ offset).to_le_bytes());
        let crc = crc32fast::hash(&bytes[..line::CRC]);
        put(&mut bytes, line::CRC, &crc.to_le_bytes());
        bytes
    }

    /// The header in the line at `offset` of the file with this key, if it is valid there; else what is wrong with it.
    pub(crate) fn decode(bytes: &[u8], key: u64, offset: u64) -> Result<BlockHeader, &'static str> {
        let Some(bytes) = bytes.first_chunk::<{ line::BYTES }>() else {
            return Err("the file ends within it");
        };
        if !bytes.starts_with(&BLOCK_MAGIC) {
            return Err("it does not begin with HBLK");
        }
        if crc32fast::hash(&bytes[..line::CRC]) != get::<u32>(bytes, line::CRC) {
            return Err("its checksum does not match");
        }
        if get::<u64>(bytes, line::SYNC) != key ^ offset {
            return Err("it belongs to another place or another file");
        }
        let header = BlockHeader::from_rows(bytes);
        if header.is_possible() { Ok(header) } else { Err("its length and its payload's do not agree") }
    }

    fn is_possible(&self) -> bool {
        if self.is(BlockKind::Pad) {
            return self.line_count >= 1 && self.payload_bytes == 0;
        }
        u64::from(self.line_count) == lines(self.payload_bytes) && self.line_count <= MAX_BLOCK_LINES
    }

    /// What block this is, in words.
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

/// A payload in pieces that follow one another, so that nobody has to copy them together.
pub(crate) type PayloadParts = [Vec<u8>; 3];

/// A block without its place: kind, lengths and checksum are set.
#[derive(Debug)]
pub(crate) struct SealedBlock {
    pub(crate) header: BlockHeader,
    /// The payload, and the zeros after it up to a whole line.
    pub(crate) parts: PayloadParts,
}

impl SealedBlock {
    /// A block of a payload in one part.
    pub(crate) fn of(kind: BlockKind, payload: Vec<u8>) -> Result<SealedBlock> {
        SealedBlock::new(kind, [payload, Vec::new(), Vec::new()])
    }

    /// A block with this payload.
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

/// An error if a block with a record would be larger than blocks are.
pub(crate) fn check_size(block_bytes: u64) -> Result<()> {
    if block_bytes <= u64::from(MAX_BLOCK_LINES) * LINE {
        return Ok(());
    }
    Err(Error::new(ErrorKind::TooLarge)
        .what("the record does not fit a block")
        .expected("at most 256 MiB")
        .found(format!("{block_bytes} bytes"))
        .help("split the value into several records"))
}

/// A block's header, and where it is. What is in the payload was not looked at.
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
    /// File offset of the payload.
    pub(crate) fn payload(&self) -> u64 {
        self.offset.saturating_add(LINE)
    }

    /// The file offset after the block.
    pub(crate) fn end(&self) -> u64 {
        self.header.end(self.offset)
    }

    /// File offset of the block before this one; that of this one if there is none.
    pub(crate) fn previous(&self) -> u64 {
        self.offset.saturating_sub(self.distance())
    }

    /// An error that names the block.
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind).at(self.offset).place(self.place())
    }

    /// Refuses a block of any kind but DATA that this library cannot read although it is not damaged.
    pub(crate) fn check_supported(&self) -> Result<()> {
        match (self.layout, self.encoding) {
            (0, 0) => self.check_flags(),
            _ => Err(self.unknown_layout()),
        }
    }

    /// Refuses flags that this library does not know.
    pub(crate) fn check_flags(&self) -> Result<()> {
        match self.flags & !REPLACES {
            0 => Ok(()),
            flags => Err(self.unsupported(format!("flags {flags:#04x}"))),
        }
    }

    /// The error of a layout or encoding that this library does not know.
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

    /// An error if the checksum of the payload, none of one that is cut off, is another than the header says.
    pub(crate) fn check_crc(&self, computed: Option<u32>) -> Result<()> {
        if computed == Some(self.payload_crc) {
            return Ok(());
        }
        let error = self.error(ErrorKind::Checksum).expected(format!("{:#010x}", self.payload_crc));
        Err(error.found(format!("{:#010x}", computed.unwrap_or(0))))
    }
}

/// The blocks of a file: its bytes, what binds blocks to their places in it, and where they end.
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

    /// Reads the block at `offset`, of any kind but DATA, whole, and checks its header and its checksum: the payload.
    pub(crate) fn read(&self, offset: u64) -> Result<(BlockAt, Cow<'a, [u8]>)> {
        let block = self.header(offset)?;
        block.check_supported()?;
        let payload = self.source.bytes(block.payload(), block.payload_bytes as usize)?;
        block.check_payload(&payload)?;
        Ok((block, payload))
    }

    /// The next line from `offset` on that is a valid header for its place and of an epoch in `epochs`.
    pub(crate) fn find_next(&self, offset: u64, epochs: RangeInclusive<u32>) -> Result<Option<u64>> {
        find_line(self.source, offset, self.limit, |line, offset| {
            let found = BlockHeader::decode(line, self.key, offset);
            let fits =
                |header: BlockHeader| header.end(offset) <= self.limit && epochs.contains(&header.epoch);
            Ok(found.is_ok_and(fits).then_some(offset))
        })
    }
}

/// Checks the header in the line at `offset`, in a file whose blocks end at `limit`.
pub(crate) fn decode_header(line: &[u8], key: u64, offset: u64, limit: u64) -> Result<BlockAt> {
    let damaged = |what: &str| Error::new(ErrorKind::BlockHeader).at(offset).what(what);
    let block = BlockAt { offset, header: BlockHeader::decode(line, key, offset).map_err(damaged)? };
    if block.end() > limit {
        return Err(block.error(ErrorKind::BlockHeader).what("it ends after the committed length"));
    }
    Ok(block)
}

/// Shows lines one after the other, from `offset` to `limit` or the end of the file, until one is what is looked for.
pub(crate) fn find_line<T>(
    source: &dyn Source,
    mut offset: u64,
    limit: u64,
    mut look: impl FnMut(&[u8], u64) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let mut buffer = Vec::new();
    while offset < limit {
        // Most damage is short, and there may be no end of it: a little first, then ever more.
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
                Err("its length and its payload's do not agree"),
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
