//! The payload of rows that is being written, in canonical order and without gaps that alignment does not
//! need. Places are bytes from the start of the payload.

use crate::layout::rows::put;
use crate::memory::{AlignedBuf, Ranges};
use crate::schema::round_up;
use crate::store::bytes::line_up;

/// A payload of rows of known size, or only its size.
pub(super) struct RowTarget {
    pub(super) buffer: AlignedBuf,
    ranges: Ranges,
    /// Where the next array and the next string go.
    heap_at: usize,
    text_at: usize,
    /// Whether there was no room for something.
    pub(super) has_overflowed: bool,
}

impl RowTarget {
    /// Creates a payload with this many bytes of records, heap and text.
    pub(super) fn new([records, heap, text]: [usize; 3]) -> RowTarget {
        let line = |end: usize| line_up(end as u64) as usize;
        let heap_at = line(records);
        let text_at = line(heap_at.saturating_add(heap));
        let ranges = Ranges {
            records: 0..records,
            heap: heap_at..heap_at.saturating_add(heap),
            text: text_at..text_at.saturating_add(text),
        };
        RowTarget {
            buffer: AlignedBuf::zeroed(ranges.text.end),
            ranges,
            heap_at,
            text_at,
            has_overflowed: false,
        }
    }

    /// Measures a payload: what is written to it has no effect but on [`RowTarget::used`].
    pub(super) fn measuring() -> RowTarget {
        let ranges = Ranges { records: 0..0, heap: 0..u32::MAX as usize, text: 0..u32::MAX as usize };
        let buffer = AlignedBuf::default();
        RowTarget { buffer, ranges, heap_at: 0, text_at: 0, has_overflowed: false }
    }

    /// Returns the bytes of heap and text so far.
    pub(super) fn used(&self) -> [usize; 2] {
        [
            self.heap_at.saturating_sub(self.ranges.heap.start),
            self.text_at.saturating_sub(self.ranges.text.start),
        ]
    }

    /// Returns whether exactly the bytes of heap and text were used.
    pub(super) fn is_full(&self) -> bool {
        self.heap_at == self.ranges.heap.end && self.text_at == self.ranges.text.end
    }

    pub(super) fn into_parts(self) -> (AlignedBuf, Ranges) {
        (self.buffer, self.ranges)
    }

    /// Writes bytes at a place.
    #[inline]
    pub(super) fn write(&mut self, place: usize, bytes: &[u8]) {
        put(self.buffer.get_mut(place..).unwrap_or_default(), bytes);
    }

    /// Writes a reference at `slot` to a new array of elements of `size` bytes, and returns its place; `None`
    /// if there is no room.
    #[inline]
    pub(super) fn array(&mut self, slot: usize, align: usize, size: usize, count: usize) -> Option<usize> {
        let before = self.heap_at.checked_sub(self.ranges.heap.start)?;
        let start = round_up(before as u64, align as u64) as usize;
        let place = self.ranges.heap.start.checked_add(start)?;
        let end = size.checked_mul(count).and_then(|bytes| bytes.checked_add(place));
        self.heap_at = self.within(end, self.ranges.heap.end)?;
        self.reference(slot, start, count);
        Some(place)
    }

    /// Writes a reference at `slot` to a new array of these bytes; `None` if there is no room.
    #[inline]
    pub(super) fn bytes(&mut self, slot: usize, bytes: &[u8]) -> Option<()> {
        let place = self.array(slot, 1, 1, bytes.len())?;
        self.write(place, bytes);
        Some(())
    }

    /// Writes a reference at `slot` to a new string of these bytes; `None` if there is no room.
    #[inline]
    pub(super) fn text(&mut self, slot: usize, bytes: &[u8]) -> Option<()> {
        let start = self.text_at.checked_sub(self.ranges.text.start)?;
        let end = self.within(self.text_at.checked_add(bytes.len()), self.ranges.text.end)?;
        let place = std::mem::replace(&mut self.text_at, end);
        self.write(place, bytes);
        self.reference(slot, start, bytes.len());
        Some(())
    }

    /// Returns an end that is within a region, or notes that it is not.
    #[inline]
    fn within(&mut self, end: Option<usize>, most: usize) -> Option<usize> {
        let end = end.filter(|end| *end <= most);
        self.has_overflowed |= end.is_none();
        end
    }

    #[inline]
    fn reference(&mut self, slot: usize, start: usize, count: usize) {
        let reference = (start as u64) | (count as u64) << 32;
        self.write(slot, &reference.to_le_bytes());
    }
}
