//! The payload of META blocks: the user's key-value pairs (FORMAT.md, section 8). It does not know what they mean.
#![forbid(unsafe_code)]

use super::block::{self, BlockKind};
use super::layout::{LINE, line_up, meta, put, u32_at};
use super::open::Opened;
use super::storage::Source;
use crate::codec::{At, Measure, Parts, Sink, Validator};
use crate::reflect::Reflect;
use crate::{Describe, Error, ErrorKind, Hydra, Result, Schema};
use std::collections::BTreeMap;

/// The user's key-value pairs.
pub(crate) type Metadata = BTreeMap<String, Vec<u8>>;

/// Where the heap starts in the payload of the pairs: after one record.
const HEAP: usize = line_up(Metadata::SIZE as u64) as usize;
const _: () = assert!(Metadata::SIZE <= LINE as usize);

/// The payload of a META block; the offset of the one before is 0.
pub(crate) fn encode(pairs: &Metadata) -> Result<Vec<u8>> {
    let mut measure = Measure::from(0, 0);
    pairs.measure(&mut measure);
    let (heap_bytes, text_bytes) = measure.finish()?;
    let text = HEAP + line_up(heap_bytes as u64) as usize;
    let mut payload = vec![0; meta::BYTES + text + text_bytes];
    put(&mut payload, meta::TEXT, &(text as u32).to_le_bytes());
    let (head, text) = payload.split_at_mut(meta::BYTES + text);
    let (head, heap) = head.split_at_mut(meta::BYTES + HEAP);
    let record = head.get_mut(meta::BYTES..meta::BYTES + Metadata::SIZE).unwrap_or_default();
    let mut sink = Sink::new(heap.get_mut(..heap_bytes).unwrap_or_default(), 0, text, 0);
    pairs.encode(record, &mut sink);
    Ok(payload)
}

/// The pairs of the commit in force.
pub(crate) fn read(source: &dyn Source, opened: &Opened) -> Result<Metadata> {
    read_at(source, opened.header.sync_key(), opened.commit.meta, opened.catalog.limit())
}

/// The pairs in the META block at `offset`, in a file whose blocks end at `limit`; none for the offset 0.
pub(crate) fn read_at(source: &dyn Source, key: u64, offset: u64, limit: u64) -> Result<Metadata> {
    if offset == 0 {
        return Ok(Metadata::new());
    }
    let (header, payload) = block::read_block(source, key, offset, limit)?;
    if !header.is(BlockKind::Meta) {
        return Err(Error::new(ErrorKind::Chain)
            .at(offset)
            .what("the commit record names another block as META")
            .found(header.place()));
    }
    decode(&payload, offset.saturating_add(LINE)).map_err(|error| error.at(offset).place("metadata"))
}

/// The pairs in a META payload that starts at the file offset `start`.
fn decode(payload: &[u8], start: u64) -> Result<Metadata> {
    let bad = |what: &str| Error::new(ErrorKind::BadReference).what(what);
    let (head, data) =
        payload.split_at_checked(meta::BYTES).ok_or_else(|| bad("the payload is too short"))?;
    let text_at = u32_at(head, meta::TEXT) as usize;
    let split = data.split_at_checked(text_at).filter(|_| text_at.is_multiple_of(LINE as usize));
    let (data, text) = split.ok_or_else(|| bad("the text starts outside of the payload"))?;
    let (records, heap) = data.split_at_checked(HEAP).ok_or_else(|| bad("the payload is too short"))?;
    let text = simdutf8::basic::from_utf8(text).map_err(|_| Error::new(ErrorKind::BadUtf8))?;
    let (count, stride) = (1, Metadata::SIZE);
    let parts = Parts { records, count, stride, heap, text, heap_start: HEAP, text_start: text_at };
    Validator::new(&Schema::of::<Metadata>()).validate(&parts).map_err(|mut fault| {
        fault.offset = fault.offset.saturating_add(start).saturating_add(meta::BYTES as u64);
        Error::from(*fault)
    })?;
    Metadata::decode(At::new(records.get(..stride).unwrap_or_default(), heap, text))
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
        assert_eq!(decode(&payload, 0).unwrap(), pairs);
        assert_eq!(decode(&encode(&Metadata::new()).unwrap(), 0).unwrap(), Metadata::new());
        assert!(decode(&payload[..100], 0).is_err());
        let mut swapped = payload;
        let heap = meta::BYTES + HEAP;
        let entries = swapped[heap..heap + 32].to_vec();
        swapped[heap..heap + 16].copy_from_slice(&entries[16..]);
        swapped[heap + 16..heap + 32].copy_from_slice(&entries[..16]);
        assert!(decode(&swapped, 0).is_err(), "keys out of order");
    }
}
