//! Encoding in two passes: the first measures how much heap and text a value needs, the second gives every
//! array its own slice. Values that cannot be encoded are found while measuring, so the second pass cannot
//! fail in the middle.

use crate::memory::copy;
use crate::schema::round_up;
use crate::{Error, ErrorKind};
use std::hint::select_unpredictable;

/// The deepest chain of references from a record to a value (FORMAT.md, section 12).
pub(crate) const MAX_DEPTH: u32 = 64;

/// The largest number of bytes of heap or of text.
const LIMIT: u64 = 256 << 20;

/// The number of heap bytes that are zeroed at once before an array of at most this alignment.
const MOST_GAP: usize = 16;

/// The first pass: computes where heap and text of a payload end after a value.
#[derive(Debug, Default)]
pub struct Measure {
    heap: u64,
    text: u64,
    depth: u32,
    /// Set without a call, so that loops keep all fields in registers.
    is_too_deep: bool,
    error: Option<Error>,
}

impl Measure {
    /// Starts at the current ends of heap and text of the payload, in bytes.
    pub fn from(heap: usize, text: usize) -> Measure {
        Measure { heap: heap as u64, text: text as u64, ..Measure::default() }
    }

    /// Adds an array of `count` elements of `size` bytes at `align`; nothing if it is empty.
    #[inline]
    pub fn array(&mut self, align: usize, size: usize, count: usize) {
        let bytes = (size as u64).saturating_mul(count as u64);
        let end = round_up(self.heap, align as u64).saturating_add(bytes);
        // This has no branch, because whether a list is empty is unpredictable.
        self.heap = select_unpredictable(count > 0, end, self.heap);
    }

    /// Adds a string of `count` bytes.
    #[inline]
    pub fn text(&mut self, count: usize) {
        self.text = self.text.saturating_add(count as u64);
    }

    /// Visits the children of an array; `visit` is not called if they would be nested too deep.
    #[inline]
    pub fn nested(&mut self, visit: impl FnOnce(&mut Measure)) {
        if self.enter() {
            visit(self);
            self.leave();
        }
    }

    /// Enters a reference; returns false, and records an error, if it is nested too deep. [`Measure::leave`]
    /// leaves it.
    #[inline]
    pub(crate) fn enter(&mut self) -> bool {
        let is_deepest = self.depth >= MAX_DEPTH;
        self.is_too_deep |= is_deepest;
        self.depth += u32::from(!is_deepest);
        !is_deepest
    }

    /// Enters and leaves a reference to `count` elements without references. This has no branch, as above.
    #[inline]
    pub(crate) fn leaves(&mut self, count: usize) {
        self.is_too_deep |= (count > 0) & (self.depth >= MAX_DEPTH);
    }

    #[inline]
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Returns the bytes of heap and text so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.heap.saturating_add(self.text)
    }

    /// Records that the value cannot be encoded; the first error is kept.
    #[cold]
    pub fn fail(&mut self, error: impl FnOnce() -> Error) {
        if !self.is_too_deep {
            self.error.get_or_insert_with(error);
        }
    }

    /// Returns where heap and text end, in bytes, or why the value cannot be encoded.
    #[inline]
    pub fn finish(self) -> crate::Result<(usize, usize)> {
        if self.error.is_none() && !self.is_too_deep && self.heap <= LIMIT && self.text <= LIMIT {
            return Ok((self.heap as usize, self.text as usize));
        }
        Err(self.refused())
    }

    #[cold]
    fn refused(self) -> Error {
        if let Some(error) = self.error {
            return error;
        }
        if self.is_too_deep {
            return Error::new(ErrorKind::TooDeep)
                .expected(format!("at most {MAX_DEPTH} lists, maps or boxes inside one another"))
                .help("flatten the value, or keep its nodes in one list and refer to them by index");
        }
        Error::new(ErrorKind::TooLarge)
            .expected("at most 256 MiB in a block")
            .found(format!("{} heap bytes and {} text bytes", self.heap, self.text))
            .help("split the value into several records")
    }
}

/// The second pass: the remaining heap and text that were measured.
#[derive(Debug)]
pub struct Sink<'a> {
    heap: &'a mut [u8],
    heap_at: usize,
    text: &'a mut [u8],
    /// The offset of its end in its region.
    text_end: usize,
    overrun: bool,
}

impl<'a> Sink<'a> {
    /// Creates a sink over the measured bytes, which may have any content; `heap_at` and `text_start` are
    /// their offsets in the regions.
    pub fn new(heap: &'a mut [u8], heap_at: usize, text: &'a mut [u8], text_start: usize) -> Sink<'a> {
        let text_end = text_start + text.len();
        Sink { heap, heap_at, text, text_end, overrun: false }
    }

    /// Takes the measured array, zeroed, and writes the reference to it into `slot`. The result is empty for
    /// an empty array, and for one that was not measured (then ending the pass fails).
    pub fn array(&mut self, slot: &mut [u8], align: usize, size: usize, count: usize) -> &'a mut [u8] {
        let array = self.room(slot, align, size, count);
        array.fill(0);
        array
    }

    /// Takes an array as [`Sink::array`] does, for callers that write every byte of it.
    #[inline]
    pub(crate) fn room(&mut self, slot: &mut [u8], align: usize, size: usize, count: usize) -> &'a mut [u8] {
        let start = round_up(self.heap_at as u64, align as u64) as usize;
        let gap = if count > 0 { start - self.heap_at } else { 0 };
        let taken = size.checked_mul(count).and_then(|bytes| gap.checked_add(bytes));
        let heap = std::mem::take(&mut self.heap);
        // This zeroes more than the gap, but without a call; the bytes after the gap are written later.
        match heap.first_chunk_mut::<MOST_GAP>() {
            Some(first) if align <= MOST_GAP => *first = [0; MOST_GAP],
            _ => heap.get_mut(..gap).unwrap_or_default().fill(0),
        }
        let Some((mine, rest)) = taken.and_then(|taken| heap.split_at_mut_checked(taken)) else {
            self.overrun = true;
            return &mut [];
        };
        self.heap = rest;
        self.heap_at += mine.len();
        put_reference(slot, if count > 0 { start } else { 0 }, count);
        mine.get_mut(gap..).unwrap_or_default()
    }

    /// Copies a string into the text, and writes the reference to it into `slot`.
    #[inline]
    pub fn text(&mut self, slot: &mut [u8], string: &str) {
        if string.is_empty() {
            return;
        }
        let start = self.text_end - self.text.len();
        let Some((target, rest)) = std::mem::take(&mut self.text).split_at_mut_checked(string.len()) else {
            self.overrun = true;
            return;
        };
        self.text = rest;
        copy(target, string.as_bytes());
        put_reference(slot, start, string.len());
    }

    /// Records that the value changed between the passes.
    #[cold]
    pub(crate) fn changed(&mut self) {
        self.overrun = true;
    }

    /// Ends the second pass; an error unless exactly the measured bytes were taken, because the value changed
    /// between the passes.
    pub(crate) fn finish(self) -> crate::Result<()> {
        if !self.overrun && self.heap.is_empty() && self.text.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::CannotEncode).what("the value changed while it was being encoded"))
    }
}

/// Writes bytes at the start of `slot`; does nothing if it is too small.
#[inline]
pub(crate) fn put(slot: &mut [u8], bytes: &[u8]) {
    if let Some(target) = slot.get_mut(..bytes.len()) {
        target.copy_from_slice(bytes);
    }
}

/// Returns `size` bytes of `slot` from `offset`; empty if they are out of bounds.
#[inline]
pub(crate) fn part(slot: &mut [u8], offset: usize, size: usize) -> &mut [u8] {
    offset.checked_add(size).and_then(|end| slot.get_mut(offset..end)).unwrap_or_default()
}

#[inline]
fn put_reference(slot: &mut [u8], offset: usize, count: usize) {
    put(slot, &(offset as u32).to_le_bytes());
    put(slot.get_mut(4..).unwrap_or_default(), &(count as u32).to_le_bytes());
}
