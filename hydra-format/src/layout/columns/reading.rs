//! Reading a part of a stream after the other: what is kept of a stream between them, and which slots have
//! values.

use super::decode::{Stream, bit};
use super::encoding::{Flaw, GROUP, Scratch, Values};
use super::shape::Presence;
use crate::layout::rows::At;
use crate::memory::{AlignedBuf, Text};
use crate::schema::Kind;
use std::ops::Range;

/// What is kept of a stream that was opened.
#[derive(Default)]
pub(super) enum StreamSource<'a> {
    #[default]
    Closed,
    /// All bits; those of absent slots are zero.
    Bits(AlignedBuf),
    Values(Reading<'a>),
    Tags(Tags<'a>),
    /// Offsets, or the numbers of a dictionary, and the last offset.
    Offsets(Reading<'a>, u32),
    /// A run, as text if it is checked as a whole.
    Run(Text<'a>),
}

impl StreamSource<'_> {
    pub(super) fn bits(&self) -> &[u8] {
        if let StreamSource::Bits(bits) = self { bits } else { &[] }
    }
}

/// All tags of an enum with fields.
pub(super) struct Tags<'a> {
    pub(super) all: Stream<'a>,
    /// The number of slots of each variant: all, and those before the slot `at`.
    pub(super) totals: Vec<usize>,
    pub(super) before: Vec<usize>,
    pub(super) at: usize,
}

impl Tags<'_> {
    /// Returns how many slots of a range have each variant.
    pub(super) fn count(
        &self,
        kind: Kind,
        variants: &[(u128, usize)],
        mask: Mask<'_>,
        range: Range<usize>,
    ) -> Vec<usize> {
        let mut counts = vec![0usize; variants.len()];
        let size = (kind.fixed_size() as usize).max(1);
        let tags = self.all.bytes().chunks_exact(size).enumerate().skip(range.start).take(range.len());
        for (slot, tag) in tags {
            let tag = At::new(tag, &[], "").uint(size);
            if let Ok(variant) = variants.binary_search_by_key(&tag, |(tag, _)| *tag)
                && mask.has(slot)
                && let Some(count) = counts.get_mut(variant)
            {
                *count = count.saturating_add(1);
            }
        }
        counts
    }
}

/// A stream of values that is read in parts.
pub(super) struct Reading<'a> {
    pub(super) values: Values<'a>,
    /// The size of a value in bytes, and the number of values.
    pub(super) size: usize,
    count: usize,
    /// The values, if they are stored as they are; then there is one for each slot.
    pub(super) plain: Option<&'a [u8]>,
    pub(super) has_absent: bool,
    /// Decoded values from the position `held_from` on, up to the end of a group or of the stream.
    held: AlignedBuf,
    held_from: usize,
    held_count: usize,
    /// A slot, and the number of values before it.
    at: (usize, usize),
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        values: Values<'a>,
        size: usize,
        count: usize,
        plain: Option<&'a [u8]>,
        has_absent: bool,
    ) -> Reading<'a> {
        let held = AlignedBuf::default();
        Reading { values, size, count, plain, has_absent, held, held_from: 0, held_count: 0, at: (0, 0) }
    }

    /// Returns whether there is no value for absent slots, of which there are some.
    pub(super) fn is_dense(&self) -> bool {
        self.has_absent && self.plain.is_none()
    }

    /// Returns the positions of the values of a range of slots.
    pub(super) fn dense(&mut self, range: &Range<usize>, mask: Mask<'_>) -> Range<usize> {
        if !self.is_dense() {
            return range.clone();
        }
        let (slot, before) = if self.at.0 <= range.start { self.at } else { (0, 0) };
        let start = before.saturating_add(mask.count(slot..range.start));
        let end = start.saturating_add(mask.count(range.clone()));
        self.at = (range.end, end);
        start..end
    }

    /// Reads the values of a range of slots; those of absent ones are zeros.
    pub(super) fn fill(
        &mut self,
        range: &Range<usize>,
        mask: Mask<'_>,
        out: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<(), Flaw> {
        let is_dense = self.is_dense();
        let ends = range.end == self.count || range.end.is_multiple_of(GROUP);
        if !is_dense && ends && range.start.is_multiple_of(GROUP) {
            return self.values.read(range.clone(), out, scratch);
        }
        let (size, dense) = (self.size, self.dense(range, mask));
        let values = self.read(dense, scratch)?;
        if !is_dense {
            out.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
            return Ok(());
        }
        match size {
            1 => mask.spread::<1>(values, range, out),
            2 => mask.spread::<2>(values, range, out),
            4 => mask.spread::<4>(values, range, out),
            8 => mask.spread::<8>(values, range, out),
            _ => mask.spread::<16>(values, range, out),
        }
        Ok(())
    }

    /// Decodes the groups of a range of positions behind what is held of it, and forgets what is before it.
    fn hold(&mut self, range: &Range<usize>, scratch: &mut Scratch) -> Result<(), Flaw> {
        let size = self.size;
        let bytes = |count: usize| count.saturating_mul(size);
        let skipped = range.start.checked_sub(self.held_from).filter(|skipped| *skipped <= self.held_count);
        match skipped {
            Some(skipped) => {
                self.held.copy_within(bytes(skipped)..bytes(self.held_count), 0);
                self.held_count = self.held_count.saturating_sub(skipped);
                self.held_from = range.start;
            }
            None => (self.held_from, self.held_count) = (range.start.saturating_sub(range.start % GROUP), 0),
        }
        let (start, until) =
            (self.held_from.saturating_add(self.held_count), range.end.next_multiple_of(GROUP));
        let until = until.min(self.count);
        if start < until {
            let count = until.saturating_sub(self.held_from);
            if self.held.len() < bytes(count) {
                self.held.resize(bytes(count));
            }
            let out = self.held.get_mut(bytes(self.held_count)..bytes(count)).unwrap_or_default();
            self.values.read(start..until, out, scratch)?;
            self.held_count = count;
        }
        Ok(())
    }

    /// Returns the values at a range of positions. If it starts where the one before it ended, no group is decoded
    /// twice.
    pub(super) fn read(&mut self, range: Range<usize>, scratch: &mut Scratch) -> Result<&[u8], Flaw> {
        let size = self.size;
        let bytes = |count: usize| count.saturating_mul(size);
        let held = self.held_from..self.held_from.saturating_add(self.held_count);
        if range.start < held.start || range.end > held.end {
            self.hold(&range, scratch)?;
        }
        let from = range.start.saturating_sub(self.held_from);
        let until = from.saturating_add(range.len()).min(self.held_count);
        Ok(self.held.get(bytes(from)..bytes(until)).unwrap_or_default())
    }
}

/// Which slots have a value: one bit for `times` slots, or all.
#[derive(Clone, Copy)]
pub(super) struct Mask<'a> {
    bits: Option<&'a [u8]>,
    times: usize,
}

impl<'a> Mask<'a> {
    /// Returns the slots in an option, of which `bits` returns the bits of a stream.
    #[inline]
    pub(super) fn new(under: Option<Presence>, bits: impl Fn(usize) -> &'a [u8]) -> Mask<'a> {
        match under {
            Some(presence) => Mask { bits: Some(bits(presence.stream)), times: presence.times },
            None => Mask { bits: None, times: 1 },
        }
    }

    pub(super) fn of(bits: &'a [u8]) -> Mask<'a> {
        Mask { bits: Some(bits), times: 1 }
    }

    #[inline]
    pub(super) fn has(self, slot: usize) -> bool {
        let index = if self.times == 1 { slot } else { slot.checked_div(self.times).unwrap_or(0) };
        self.bits.is_none_or(|bits| bit(bits, index))
    }

    /// Returns the number of slots of a range that have a value.
    pub(super) fn count(self, range: Range<usize>) -> usize {
        let Some(bits) = self.bits else { return range.len() };
        let whole = |slot: usize| {
            slot.checked_div(self.times.saturating_mul(8))
                .filter(|_| slot.is_multiple_of(self.times.saturating_mul(8)))
        };
        match (whole(range.start), range.end.checked_div(self.times.saturating_mul(8))) {
            (Some(first), Some(last)) if first <= last => {
                let bytes = bits.get(first..last.min(bits.len())).unwrap_or_default();
                let ones = bytes.iter().map(|byte| byte.count_ones() as usize).sum::<usize>();
                let rest = last.saturating_mul(self.times.saturating_mul(8))..range.end;
                ones.saturating_mul(self.times).saturating_add(rest.filter(|slot| self.has(*slot)).count())
            }
            _ => range.filter(|slot| self.has(*slot)).count(),
        }
    }

    /// Writes the bits of a range.
    pub(super) fn part(self, range: &Range<usize>, out: &mut AlignedBuf) {
        out.resize(0);
        out.resize(range.len().div_ceil(8));
        if range.start.is_multiple_of(8)
            && let Some(bits) = self.bits.and_then(|bits| bits.get(range.start / 8..)?.get(..out.len()))
        {
            return out.copy_from_slice(bits);
        }
        for (index, slot) in range.clone().enumerate() {
            if let Some(byte) = out.get_mut(index >> 3) {
                *byte |= u8::from(self.has(slot)) << (index & 7);
            }
        }
    }

    /// Writes values of `N` bytes for the slots of a range that have one, and zeros for the others.
    fn spread<const N: usize>(self, values: &[u8], range: &Range<usize>, out: &mut [u8]) {
        let (values, _) = values.as_chunks::<N>();
        let mut next = 0usize;
        for (slot, out) in range.clone().zip(out.as_chunks_mut::<N>().0) {
            let has = self.has(slot);
            let value = values.get(next).copied().unwrap_or([0; N]);
            *out = if has { value } else { [0; N] };
            next = next.saturating_add(usize::from(has));
        }
    }
}
