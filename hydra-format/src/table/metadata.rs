//! The payload of META blocks: key-value pairs of the user (FORMAT.md, section 8).

use crate::layout::rows::{encode_after, facts_of, open_payload};
use crate::store::block::{BlockFile, BlockKind};
use crate::store::bytes::{LINE, MAX_BLOCK_LINES, line_up, put, record};
use crate::store::open::Opened;
use crate::store::storage::Source;
use crate::{AlignedBuf, Error, ErrorKind, Hydra, Result};
use std::collections::BTreeMap;

/// The key-value pairs of the user.
pub(crate) type Metadata = BTreeMap<String, Vec<u8>>;

record! {
    /// The fixed part of a META payload.
    #[derive(Clone, Copy)]
    pub(crate) struct MetaHead in head, 64 {
        /// The file offset of the previous META block; 0 if there is none.
        previous = PREVIOUS: u64,
        /// The offset of the text after this part.
        text = TEXT: u32,
        ZERO: [u8; 52],
    }
}
const _: () = assert!(head::BYTES.is_multiple_of(LINE as usize));

/// The largest payload of a META block.
const MOST_BYTES: u64 = (MAX_BLOCK_LINES as u64 - 1) * LINE;

/// The pairs of a file that is being written, with the size of all keys, and of all values with their
/// entries.
pub(crate) struct StagedPairs {
    pub(crate) pairs: Metadata,
    keys: u64,
    values: u64,
    /// Whether they differ from those in the file.
    pub(crate) changed: bool,
}

impl StagedPairs {
    pub(crate) fn new(pairs: Metadata) -> StagedPairs {
        let keys = pairs.keys().map(|key| key.len() as u64).sum();
        let values = pairs.values().map(|value| entry_bytes(value)).sum();
        StagedPairs { pairs, keys, values, changed: false }
    }

    /// Sets a pair. Returns an error, and changes nothing, if one block could not contain all pairs.
    pub(crate) fn set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        let before = self.pairs.get(key);
        if before.is_some_and(|before| before == value) {
            return Ok(());
        }
        let keys = if before.is_some() { self.keys } else { self.keys + key.len() as u64 };
        let values = self.values - before.map_or(0, |before| entry_bytes(before)) + entry_bytes(value);
        check(keys, values, key)?;
        self.pairs.insert(key.to_string(), value.to_vec());
        self.keys = keys;
        self.values = values;
        self.changed = true;
        Ok(())
    }

    /// Removes a pair; returns false if there is none with this key.
    pub(crate) fn remove(&mut self, key: &str) -> bool {
        let Some(before) = self.pairs.remove(key) else { return false };
        self.keys -= key.len() as u64;
        self.values -= entry_bytes(&before);
        self.changed = true;
        true
    }
}

/// Returns the size of a value with its entry.
fn entry_bytes(value: &[u8]) -> u64 {
    value.len() as u64 + 16
}

/// Returns the size of the payload: the lines of record and entries, the values, and the keys.
fn payload_bytes(keys: u64, values: u64) -> u64 {
    head::BYTES as u64 + LINE + line_up(values) + keys
}

/// Returns an error if one block cannot contain all pairs, including the one with this key.
fn check(keys: u64, values: u64, key: &str) -> Result<()> {
    let bytes = payload_bytes(keys, values);
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    let shown: String = key.chars().take(100).collect();
    Err(Error::new(ErrorKind::TooLarge)
        .what("the metadata does not fit into a block")
        .place(format!("metadata key {shown:?}"))
        .expected(format!("at most {MOST_BYTES} bytes for all pairs"))
        .found(format!("{bytes} bytes"))
        .help("keep large values in records, or in files of their own"))
}

/// Encodes the payload of a META block; the offset of the previous one is 0.
pub(crate) fn encode(pairs: &Metadata) -> Result<Vec<u8>> {
    let mut payload = AlignedBuf::default();
    let text_offset = encode_after(head::BYTES, pairs, &mut payload)?;
    put(&mut payload, head::TEXT, &text_offset.to_le_bytes());
    Ok(payload.to_vec())
}

/// Reads the pairs of the commit that is shown.
pub(crate) fn read(source: &dyn Source, opened: &Opened) -> Result<Metadata> {
    read_at(opened.catalog.blocks(source), opened.commit.meta)
}

/// Reads the pairs in the META block at `offset`; there are none at offset 0.
pub(crate) fn read_at(blocks: BlockFile<'_>, offset: u64) -> Result<Metadata> {
    if offset == 0 {
        return Ok(Metadata::new());
    }
    let (block, payload) = blocks.read(offset)?;
    if !block.is(BlockKind::Meta) {
        return Err(Error::new(ErrorKind::Chain)
            .at(offset)
            .what("the commit record refers to a block that is not META")
            .found(block.place()));
    }
    decode(&payload, block.payload()).map_err(|error| error.at(offset).place("metadata"))
}

/// Decodes the pairs in a META payload that starts at the file offset `start`.
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
        let mut staged = StagedPairs::new(pairs.clone());
        let sizes = (staged.keys, staged.values);
        assert_eq!(payload.len() as u64, payload_bytes(sizes.0, sizes.1));
        staged.set("k", b"long").unwrap();
        staged.set("k", b"v").unwrap();
        assert_eq!((staged.keys, staged.values), (sizes.0 + 1, sizes.1 + 17));
        assert!(staged.remove("k") && !staged.remove("k") && staged.changed);
        assert_eq!((staged.keys, staged.values, &staged.pairs), (sizes.0, sizes.1, &pairs));
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
