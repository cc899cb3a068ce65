//! Where the verified blocks of a mapped table are, by the index of a record: read without a lock, so that the cache misses
//! of one random read overlap with those of the next. It verifies nothing; what it has no room for is found through the index.
#![forbid(unsafe_code)]

use super::catalog::TableInfo;
use super::layout::line_up;
use super::records::Loaded;
use crate::codec::At;
use crate::raw::TextMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Slots of the largest table: 1 MiB, enough for 8 GiB in blocks of the usual size.
const MOST_SLOTS: u64 = 1 << 15;

/// The first of two numbers in a word.
const LOW: u64 = u32::MAX as u64;

/// One block: count and stride, index of its first record, where its payload starts in the map, and where in the payload
/// the text starts and ends. It is written once, the counts last; until then they are 0.
type Slot = [AtomicU64; 4];

/// Verified blocks, in slots of equally many records each. A slot keeps the block that holds its first record, so that
/// a record is in the block of its own slot or of the next one; blocks that hold the first record of no slot are not kept.
pub(super) struct Places {
    map: Arc<TextMap>,
    /// Records of a slot, and 2^64 divided by them.
    width: u64,
    factor: u64,
    slots: Box<[Slot]>,
    filling: Mutex<()>,
}

impl Places {
    /// Room for a table, in pages that are touched when they are used.
    pub(super) fn new(map: Arc<TextMap>, table: &TableInfo) -> Places {
        let mean = |records: u64, blocks: u64| records.div_ceil(blocks.max(1));
        let usual = mean(table.record_count, table.block_count);
        // Where blocks are full but for a few, a slot is a full block.
        let full = table.entries.iter().map(|entry| mean(entry.count, entry.block_count.into())).max();
        let width = full.filter(|full| *full / 2 <= usual).unwrap_or(usual);
        let width = width.max(table.record_count / MOST_SLOTS).max(2);
        let per_slot = |count: u64| count.checked_div(width).unwrap_or(0);
        let slots = per_slot(table.record_count).min(2 * MOST_SLOTS).saturating_add(2);
        let slots = bytemuck::allocation::zeroed_slice_box(slots as usize);
        let factor = per_slot(u64::MAX).saturating_add(1);
        Places { map, width, factor, slots, filling: Mutex::default() }
    }

    /// The slot of a record; of very large indices it may be another, in which they are not found.
    #[inline]
    fn slot_of(&self, index: u64) -> usize {
        (u128::from(index).wrapping_mul(u128::from(self.factor)) >> 64) as usize
    }

    /// The first `size` bytes of a record, with heap and text if its type refers to any; none if its block is not known.
    #[inline]
    pub(super) fn find(&self, index: u64, size: usize, refs: bool) -> Option<At<'_>> {
        let [own, next] = self.slots.get(self.slot_of(index)..)?.first_chunk()?;
        let (slot, counts, position) = holds(own, index).or_else(|| holds(next, index))?;
        let (start, stride) = (slot[2].load(Ordering::Relaxed), counts >> 32);
        let at = start.wrapping_add(position.wrapping_mul(stride)) as usize;
        let record = self.map.get(at..at.saturating_add(size))?;
        if !refs {
            return Some(At::new(record, &[], ""));
        }
        let ends = slot[3].load(Ordering::Relaxed);
        let heap = start.wrapping_add(line_up((counts & LOW).wrapping_mul(stride))) as usize;
        let (text, end) = (start.wrapping_add(ends & LOW) as usize, start.wrapping_add(ends >> 32) as usize);
        Some(At::new(record, self.map.get(heap..text)?, self.map.text(text..end)?))
    }

    /// Keeps the verified block that holds a record, if it is in the map as it is read and has a slot.
    pub(super) fn insert(&self, index: u64, loaded: &Loaded) {
        let Some(ranges) = loaded.payload.mapped() else { return };
        let own = (self.slot_of(index) as u64).max(loaded.first.div_ceil(self.width));
        let held = own.saturating_mul(self.width).checked_sub(loaded.first);
        let slot = held.filter(|held| *held < loaded.count as u64).and_then(|_| self.slots.get(own as usize));
        let Some([counts, first, start, ends]) = slot else { return };
        let _one = self.filling.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.load(Ordering::Relaxed) == 0 {
            let at = ranges.records.start;
            let [text, end] = [ranges.text.start, ranges.text.end].map(|end| end.saturating_sub(at));
            let pair = |low: usize, high: usize| low as u64 | (high as u64) << 32;
            first.store(loaded.first, Ordering::Relaxed);
            start.store(at as u64, Ordering::Relaxed);
            ends.store(pair(text, end), Ordering::Relaxed);
            counts.store(pair(loaded.count, loaded.stride), Ordering::Release);
        }
    }
}

/// The slot with its counts, and the record's position in its block, if that holds it.
#[inline]
fn holds(slot: &Slot, index: u64) -> Option<(&Slot, u64, u64)> {
    let counts = slot[0].load(Ordering::Acquire);
    let position = index.wrapping_sub(slot[1].load(Ordering::Relaxed));
    (position < counts & LOW).then_some((slot, counts, position))
}
