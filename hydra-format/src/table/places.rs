//! A cache of the places of verified blocks of a mapped table, by record index. It is read without a lock, so
//! that the cache misses of one random read overlap with those of the next. Blocks that are not in it are
//! found through the index.

use super::snapshot::Loaded;
use crate::layout::rows::At;
use crate::memory::{BlockSlot, BlockSlots, TextMap};
use crate::schema::{Field, Kind};
use crate::store::catalog::TableInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// The number of slots of the largest cache, which take 1.25 MiB: enough for 8 GiB in blocks of the usual
/// size.
const MOST_SLOTS: u64 = 1 << 15;

/// One block: the index of its first record and the offset of its payload in the map; its record count, its
/// stride, and the offsets of heap and text in the payload. It is written once; the count is written last and
/// is 0 until then.
type PlacedBlock = ([AtomicU64; 2], [AtomicU32; 4]);

/// Verified blocks, in slots of equally many records each. A slot contains the block with its first record,
/// so a record is in the block of its own slot or of the next one. Blocks that contain the first record of no
/// slot are not cached.
pub(super) struct Places {
    /// The number of records of a slot, and 2^64 divided by it.
    width: u64,
    factor: u64,
    slots: BlockSlots<PlacedBlock>,
    /// The offset in a record of the reference to its first string, if it has one at a fixed offset.
    pub(super) first_text: Option<usize>,
}

/// The place of a record in the map: its block and its offset.
pub(super) struct Place<'a> {
    slot: BlockSlot<'a, PlacedBlock>,
    record: usize,
}

impl<'a> Place<'a> {
    /// Returns the first `size` bytes of the record, with heap and text if its type has references.
    #[inline(always)]
    pub(super) fn read(&self, size: usize, refs: bool) -> Option<At<'a>> {
        let map = self.slot.map();
        let record = map.get_at(self.record, size)?;
        if !refs {
            return Some(At::new(record, &[], ""));
        }
        let ([_, start], [.., heap, text]) = self.slot.block;
        let (heap, text) = (heap.load(Ordering::Relaxed), text.load(Ordering::Relaxed));
        let heap_start = start.load(Ordering::Relaxed).wrapping_add(heap.into()) as usize;
        let heap = map.get_at(heap_start, text.wrapping_sub(heap) as usize)?;
        Some(At::new(record, heap, self.slot.text()?))
    }

    /// Prefetches the memory of the record.
    #[inline(always)]
    pub(super) fn prefetch(&self) {
        self.slot.map().prefetch(self.record);
    }

    /// Prefetches the memory of the record's first string. The record itself should be in the CPU cache by
    /// now.
    #[inline(always)]
    pub(super) fn prefetch_text(&self, reference: usize) {
        let map = self.slot.map();
        if let Some(reference) = map.get_at(self.record.wrapping_add(reference), 8) {
            let ([_, start], [.., text]) = self.slot.block;
            let (offset, _) = At::new(reference, &[], "").reference();
            let text = start.load(Ordering::Relaxed).wrapping_add(text.load(Ordering::Relaxed).into());
            map.prefetch((text as usize).wrapping_add(offset));
        }
    }
}

impl Places {
    /// Creates an empty cache for a table; its pages are allocated when they are first used.
    pub(super) fn new(map: Arc<TextMap>, table: &TableInfo, loaded: &Loaded) -> Places {
        let schema = &loaded.schema;
        let mut fields = schema.root().fields().iter();
        let first_text = fields.find(|field| schema.resolve(field.ty()).kind() == Kind::String);
        let mean = |records: u64, blocks: u64| records.div_ceil(blocks.max(1));
        let usual = mean(table.record_count(), table.block_count());
        // If almost all blocks are full, a slot is a full block.
        let full = table.entries.iter().map(|entry| mean(entry.count, entry.block_count.into())).max();
        let width = full.filter(|full| *full / 2 <= usual).unwrap_or(usual);
        let width = width.max(table.record_count() / MOST_SLOTS).max(2);
        let per_slot = |count: u64| count.checked_div(width).unwrap_or(0);
        let slots = per_slot(table.record_count()).min(2 * MOST_SLOTS).saturating_add(2);
        let factor = per_slot(u64::MAX).saturating_add(1);
        Places {
            width,
            factor,
            slots: BlockSlots::new(map, slots as usize),
            first_text: first_text.map(Field::offset),
        }
    }

    /// Returns the slot of a record. For very large indices it may be a wrong one, in which the record is not
    /// found.
    #[inline(always)]
    fn slot_of(&self, index: u64) -> usize {
        (u128::from(index).wrapping_mul(u128::from(self.factor)) >> 64) as usize
    }

    /// Returns the place of a record; `None` if its block is not cached.
    #[inline(always)]
    pub(super) fn place(&self, index: u64) -> Option<Place<'_>> {
        let number = self.slot_of(index);
        let mut slot = self.slots.get(number)?;
        let mut position = holds(slot.block, index);
        if position.is_none() {
            slot = self.slots.get(number.wrapping_add(1))?;
            position = holds(slot.block, index);
        }
        let ([_, start], [_, stride, ..]) = slot.block;
        let distance = position?.wrapping_mul(stride.load(Ordering::Relaxed).into());
        Some(Place { slot, record: start.load(Ordering::Relaxed).wrapping_add(distance) as usize })
    }

    /// Adds the verified block of a record, if it is read from the map as it is and has a slot.
    pub(super) fn insert(&self, index: u64, loaded: &Loaded) {
        let Some(ranges) = loaded.payload.mapped() else { return };
        let own = (self.slot_of(index) as u64).max(loaded.first.div_ceil(self.width));
        let held = own.saturating_mul(self.width).checked_sub(loaded.first);
        let slot = held.filter(|held| *held < loaded.count as u64).and_then(|_| self.slots.get(own as usize));
        let Some(slot) = slot else { return };
        let ([first, start], [count, stride, heap, text]) = slot.block;
        let at = ranges.records.start;
        // If several threads do this, the one that sets `start` writes the rest.
        if start.compare_exchange(0, at as u64, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            let from_start = |at_byte: usize| at_byte.saturating_sub(at) as u32;
            first.store(loaded.first, Ordering::Relaxed);
            stride.store(loaded.stride as u32, Ordering::Relaxed);
            heap.store(from_start(ranges.heap.start), Ordering::Relaxed);
            text.store(from_start(ranges.heap.end), Ordering::Relaxed);
            slot.keep_text(&ranges.text);
            count.store(loaded.count as u32, Ordering::Release);
        }
    }
}

/// Returns the record's position in the block of the slot, if the block contains it.
#[inline(always)]
fn holds(([first, _], [count, ..]): &PlacedBlock, index: u64) -> Option<u64> {
    let count = count.load(Ordering::Acquire);
    let position = index.wrapping_sub(first.load(Ordering::Relaxed));
    (position < count.into()).then_some(position)
}
