//! The payload of META blocks: the user's key-value pairs (FORMAT.md, section 8). It does not know what they mean.

use crate::layout::rows::{encode_after, facts_of, open_payload};
use crate::store::block::{BlockFile, BlockKind};
use crate::store::bytes::{LINE, MAX_BLOCK_LINES, line_up, put, record};
use crate::store::open::Opened;
use crate::store::storage::Source;
use crate::{AlignedBuf, Error, ErrorKind, Hydra, Result};
use std::collections::BTreeMap;

/// The user's key-value pairs.
pub(crate) type Metadata = BTreeMap<String, Vec<u8>>;

record! {
    /// The fixed part of a META payload.
    #[derive(Clone, Copy)]
    pub(crate) struct MetaHead in head, 64 {
        /// File offset of the META block before this one; 0: none.
        previous = PREVIOUS: u64,
        /// Where the text starts behind this part.
        text = TEXT: u32,
        ZERO: [u8; 52],
    }
}
const _: () = assert!(head::BYTES.is_multiple_of(LINE as usize));

/// The largest payload of a META block.
const MOST_BYTES: u64 = (MAX_BLOCK_LINES as u64 - 1) * LINE;

/// How large the payload is: a line, that of the record, the entries and values, and the keys.
pub(crate) fn payload_bytes(pairs: &Metadata) -> PairSizes {
    pairs.iter().fold(PairSizes::default(), |sizes, (key, value)| sizes.with(key, value))
}

/// Bytes of all keys, and of all values with their entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PairSizes {
    keys: u64,
    values: u64,
}

impl PairSizes {
    fn pair(key: &str, value: &[u8]) -> (u64, u64) {
        (key.len() as u64, (value.len() as u64).saturating_add(16))
    }

    pub(crate) fn with(self, key: &str, value: &[u8]) -> PairSizes {
        let (more, bytes) = PairSizes::pair(key, value);
        PairSizes { keys: self.keys.saturating_add(more), values: self.values.saturating_add(bytes) }
    }

    pub(crate) fn without(self, key: &str, value: &[u8]) -> PairSizes {
        let (less, bytes) = PairSizes::pair(key, value);
        PairSizes { keys: self.keys.saturating_sub(less), values: self.values.saturating_sub(bytes) }
    }

    /// An error if with the pair under this key there are more than one block holds.
    pub(crate) fn check(self, key: &str) -> Result<()> {
        let bytes = (head::BYTES as u64).saturating_add(LINE);
        let bytes = bytes.saturating_add(line_up(self.values)).saturating_add(self.keys);
        if bytes <= MOST_BYTES {
            return Ok(());
        }
        let shown: String = key.chars().take(100).collect();
        Err(Error::new(ErrorKind::TooLarge)
            .what("the metadata does not fit a block")
            .place(format!("metadata key {shown:?}"))
            .expected(format!("at most {MOST_BYTES} bytes for all pairs"))
            .found(format!("{bytes} bytes"))
            .help("keep large values in records, or in files of their own"))
    }
}

/// The payload of a META block; the offset of the one before is 0.
pub(crate) fn encode(pairs: &Metadata) -> Result<Vec<u8>> {
    let mut payload = AlignedBuf::default();
    let text_offset = encode_after(head::BYTES, pairs, &mut payload)?;
    put(&mut payload, head::TEXT, &text_offset.to_le_bytes());
    Ok(payload.to_vec())
}

/// The pairs of the commit in force.
pub(crate) fn read(source: &dyn Source, opened: &Opened) -> Result<Metadata> {
    read_at(opened.catalog.blocks(source), opened.commit.meta)
}

/// The pairs in the META block at `offset`; none for the offset 0.
pub(crate) fn read_at(blocks: BlockFile<'_>, offset: u64) -> Result<Metadata> {
    if offset == 0 {
        return Ok(Metadata::new());
    }
    let (block, payload) = blocks.read(offset)?;
    if !block.is(BlockKind::Meta) {
        return Err(Error::new(ErrorKind::Chain)
            .at(offset)
            .what("the commit record names another block as META")
            .found(block.place()));
    }
    decode(&payload, block.payload()).map_err(|error| error.at(offset).place("metadata"))
}

/// The pairs in a META payload that starts at the file offset `start`.
fn decode(payload: &[u8], start: u64) -> Result<Metadata> {
    let (bytes, data) = payload
        .split_at_checked(head::BYTES)
        .ok_or_else(|| Error::new(ErrorKind::BadReference).what("the payload is too short"))?;
    let pairs = open_payload::<Metadata>(data, MetaHead::from_rows(bytes).text, facts_of::<Metadata>());
    Metadata::decode(pairs.map_err(|error| error.shifted(start.saturating_add(head::BYTES as u64)))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_back() {
        let pairs: Metadata = [("a", &b"1"[..]), ("empty", b""), ("z", &[0xff; 100])]
            .map(|(key, value)| (key.to_string(), value.to_vec()))
            .into();
        let payload = encode(&pairs).unwrap();
        let sizes = payload_bytes(&pairs);
        assert_eq!(payload.len() as u64, 2 * LINE + line_up(sizes.values) + sizes.keys);
        assert_eq!(sizes.with("k", b"v").without("k", b"v"), sizes);
        assert_eq!(decode(&payload, 0).unwrap(), pairs);
        assert_eq!(decode(&encode(&Metadata::new()).unwrap(), 0).unwrap(), Metadata::new());
        assert!(decode(&payload[..100], 0).is_err());
        let mut swapped = payload;
        let heap = head::BYTES + 64;
        let entries = swapped[heap..heap + 32].to_vec();
        swapped[heap..heap + 16].copy_from_slice(&entries[16..]);
        swapped[heap + 16..heap + 32].copy_from_slice(&entries[..16]);
        assert!(decode(&swapped, 0).is_err(), "keys out of order");
    }
}
