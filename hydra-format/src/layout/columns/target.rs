//! The payload of rows that is being written, in canonical order and without gaps that alignment does not
//! need. Places are bytes from the start of the payload.

use crate::layout::rows::put;
use crate::memory::{AlignedBuf, Ranges};
use crate::schema::round_up;
use crate::store::bytes::line_up;
use std::ops::Range;

/// The length of strings that are copied in one piece.
const SHORT: usize = 48;

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
    /// Creates a payload with at most this many bytes of records, heap and text, in a buffer whose records are not
    /// zero yet.
    pub(super) fn new(mut buffer: AlignedBuf, [records, heap, text]: [usize; 3]) -> RowTarget {
        let line = |end: usize| line_up(end as u64) as usize;
        let heap_at = line(records);
        let text_at = line(heap_at.saturating_add(heap));
        let ranges = Ranges {
            records: 0..records,
            heap: heap_at..heap_at.saturating_add(heap),
            text: text_at..text_at.saturating_add(text),
        };
        buffer.reuse(ranges.text.end);
        buffer.get_mut(records..text_at).unwrap_or_default().fill(0);
        RowTarget { buffer, ranges, heap_at, text_at, has_overflowed: false }
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

    /// Returns the payload, without the bytes that were not used.
    pub(super) fn into_parts(mut self) -> (AlignedBuf, Ranges) {
        let Ranges { records, heap, text } = self.ranges;
        let start = line_up(self.heap_at as u64) as usize;
        let end = start.saturating_add(self.text_at.saturating_sub(text.start));
        if start < text.start {
            self.buffer.copy_within(text.start..self.text_at, start);
        }
        self.buffer.resize(end);
        (self.buffer, Ranges { records, heap: heap.start..self.heap_at, text: start..end })
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

    /// Writes a reference at `slot` to a new string, a part of a run; `None` if there is no room.
    #[inline]
    pub(super) fn text(&mut self, slot: usize, run: &[u8], range: Range<usize>) -> Option<()> {
        let start = self.text_at.checked_sub(self.ranges.text.start)?;
        let end = self.within(self.text_at.checked_add(range.len()), self.ranges.text.end)?;
        let place = std::mem::replace(&mut self.text_at, end);
        let count = range.len();
        // A copy of a fixed size is faster. The bytes after the string are those of the next one, which is not
        // written yet, or none of the payload.
        let from = run.get(range.start..).and_then(<[u8]>::first_chunk::<SHORT>);
        let to = self.buffer.get_mut(place..).and_then(<[u8]>::first_chunk_mut::<SHORT>);
        match (from, to) {
            (Some(from), Some(to)) if count <= SHORT && range.end <= run.len() => *to = *from,
            _ => self.write(place, run.get(range)?),
        }
        self.reference(slot, start, count);
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
