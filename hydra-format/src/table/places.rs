//! Where the verified blocks of a mapped table are, by the index of a record: read without a lock, so that the cache misses
//! of one random read overlap with those of the next. It verifies nothing; what it has no room for is found through the index.

use super::snapshot::Loaded;
use crate::layout::rows::At;
use crate::memory::{BlockSlot, BlockSlots, TextMap};
use crate::schema::{Field, Kind};
use crate::store::catalog::TableInfo;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Slots of the largest table, which with what is beside them take 1.5 MiB: enough for 8 GiB in blocks of the usual size.
const MOST_SLOTS: u64 = 1 << 15;

/// One block: index of its first record, and where its payload starts in the map; its count, its stride, and where in the
/// payload heap and text start. It is written once, the count last; until then that is 0.
type PlacedBlock = ([AtomicU64; 2], [AtomicU32; 4]);

/// Verified blocks, in slots of equally many records each. A slot keeps the block that holds its first record, so that
/// a record is in the block of its own slot or of the next one; blocks that hold the first record of no slot are not kept.
pub(super) struct Places {
    /// Records of a slot, and 2^64 divided by them.
    width: u64,
    factor: u64,
    slots: BlockSlots<PlacedBlock>,
    /// Where the payload of a slot's block starts, if the block has just the records of the slot, with this stride: all that
    /// a read of most plain records has to look up.
    regular: Box<[AtomicU64]>,
    stride: u64,
    /// Where in a record the reference to its first string is, if it has one at a fixed place.
    first_text: Option<usize>,
    filling: Mutex<()>,
}

impl Places {
    /// Room for a table, in pages that are touched when they are used.
    pub(super) fn new(map: Arc<TextMap>, table: &TableInfo, loaded: &Loaded) -> Places {
        let schema = &loaded.schema;
        let mut fields = schema.root().fields().iter();
        let first_text = fields.find(|field| schema.resolve(field.ty()).kind() == Kind::String);
        let mean = |records: u64, blocks: u64| records.div_ceil(blocks.max(1));
        let usual = mean(table.record_count(), table.block_count());
        // Where blocks are full but for a few, a slot is a full block.
        let full = table.entries.iter().map(|entry| mean(entry.count, entry.block_count.into())).max();
        let width = full.filter(|full| *full / 2 <= usual).unwrap_or(usual);
        let width = width.max(table.record_count() / MOST_SLOTS).max(2);
        let per_slot = |count: u64| count.checked_div(width).unwrap_or(0);
        let slots = per_slot(table.record_count()).min(2 * MOST_SLOTS).saturating_add(2);
        let factor = per_slot(u64::MAX).saturating_add(1);
        let regular = bytemuck::allocation::zeroed_slice_box(slots as usize);
        let slots = BlockSlots::new(map, slots as usize);
        Places {
            width,
            factor,
            slots,
            regular,
            stride: loaded.stride as u64,
            first_text: first_text.map(Field::offset),
            filling: Mutex::default(),
        }
    }

    /// The slot of a record; of very large indices it may be another, in which they are not found.
    #[inline(always)]
    fn slot_of(&self, index: u64) -> usize {
        (u128::from(index).wrapping_mul(u128::from(self.factor)) >> 64) as usize
    }

    /// The first `size` bytes of a record, with heap and text if its type refers to any; none if its block is not known.
    #[inline(always)]
    pub(super) fn find(&self, index: u64, size: usize, refs: bool) -> Option<At<'_>> {
        let map = self.slots.map();
        if !refs {
            return Some(At::new(map.get_at(self.start(index)?, size)?, &[], ""));
        }
        let (slot, position) = self.slot(index)?;
        let (_, [.., heap, text]) = slot.block;
        let (start, record) = starts(slot.block, position);
        let (heap, text) = (heap.load(Ordering::Relaxed), text.load(Ordering::Relaxed));
        let heap_start = start.wrapping_add(heap.into()) as usize;
        let heap = map.get_at(heap_start, text.wrapping_sub(heap) as usize)?;
        Some(At::new(map.get_at(record, size)?, heap, slot.text()?))
    }

    /// Has the memory of a record fetched.
    #[inline(always)]
    pub(super) fn prefetch(&self, index: u64) {
        if let Some(start) = self.start(index) {
            self.slots.map().prefetch(start);
        }
    }

    /// Has the memory of a record's first string fetched. The record should be there by now.
    #[inline(always)]
    pub(super) fn prefetch_text(&self, index: u64) {
        let Some((place, (slot, position))) = self.first_text.zip(self.slot(index)) else { return };
        let (_, [.., text]) = slot.block;
        let (start, record) = starts(slot.block, position);
        if let Some(reference) = self.slots.map().get_at(record.wrapping_add(place), 8) {
            let (offset, _) = At::new(reference, &[], "").reference();
            let text = start.wrapping_add(text.load(Ordering::Relaxed).into());
            self.slots.map().prefetch((text as usize).wrapping_add(offset));
        }
    }

    /// Where a record of a regular block starts in the map.
    #[inline(always)]
    fn regular(&self, index: u64) -> Option<usize> {
        let number = self.slot_of(index);
        let start = self.regular.get(number)?.load(Ordering::Relaxed);
        // Of very large blocks, the slot may be the next one.
        let position = index.wrapping_sub((number as u64).wrapping_mul(self.width));
        let at = start.wrapping_add(position.wrapping_mul(self.stride));
        (start != 0 && position < self.width).then_some(at as usize)
    }

    /// Where a record starts in the map.
    #[inline(always)]
    fn start(&self, index: u64) -> Option<usize> {
        if let Some(start) = self.regular(index) {
            return Some(start);
        }
        let (slot, position) = self.slot(index)?;
        Some(starts(slot.block, position).1)
    }

    /// The slot of the block that holds a record, and the record's position in the block.
    #[inline(always)]
    fn slot(&self, index: u64) -> Option<(BlockSlot<'_, PlacedBlock>, u64)> {
        let number = self.slot_of(index);
        let own = self.slots.get(number)?;
        if let Some(position) = holds(own.block, index) {
            return Some((own, position));
        }
        let next = self.slots.get(number.wrapping_add(1))?;
        let position = holds(next.block, index)?;
        Some((next, position))
    }

    /// Keeps the verified block that holds a record, if it is in the map as it is read and has a slot.
    pub(super) fn insert(&self, index: u64, loaded: &Loaded) {
        let Some(ranges) = loaded.payload.mapped() else { return };
        let own = (self.slot_of(index) as u64).max(loaded.first.div_ceil(self.width));
        let held = own.saturating_mul(self.width).checked_sub(loaded.first);
        let slot = held.filter(|held| *held < loaded.count as u64).and_then(|_| self.slots.get(own as usize));
        let Some(slot) = slot else { return };
        let ([first, start], [count, stride, heap, text]) = slot.block;
        let _one = self.filling.lock().unwrap_or_else(PoisonError::into_inner);
        if count.load(Ordering::Relaxed) == 0 {
            let at = ranges.records.start;
            let from_start = |at_byte: usize| at_byte.saturating_sub(at) as u32;
            first.store(loaded.first, Ordering::Relaxed);
            start.store(at as u64, Ordering::Relaxed);
            stride.store(loaded.stride as u32, Ordering::Relaxed);
            heap.store(from_start(ranges.heap.start), Ordering::Relaxed);
            text.store(from_start(ranges.heap.end), Ordering::Relaxed);
            slot.keep_text(&ranges.text);
            count.store(loaded.count as u32, Ordering::Release);
            let whole = held == Some(0) && loaded.count as u64 == self.width;
            if whole && loaded.stride as u64 == self.stride {
                self.regular.get(own as usize).inspect(|slot| slot.store(at as u64, Ordering::Release));
            }
        }
    }
}

/// Where the payload of the slot's block starts in the map, and where the record at a position does.
#[inline(always)]
fn starts(([_, start], [_, stride, ..]): &PlacedBlock, position: u64) -> (u64, usize) {
    let start = start.load(Ordering::Relaxed);
    let distance = position.wrapping_mul(stride.load(Ordering::Relaxed).into());
    (start, start.wrapping_add(distance) as usize)
}

/// The record's position in the slot's block, if that holds it.
#[inline(always)]
fn holds(([first, _], [count, ..]): &PlacedBlock, index: u64) -> Option<u64> {
    let count = count.load(Ordering::Acquire);
    let position = index.wrapping_sub(first.load(Ordering::Relaxed));
    (position < count.into()).then_some(position)
}
