//! Frames of reference and deltas, as a reader sees them: groups of 1,024 values with a width and a minimum
//! each.

use super::bits::{GroupBits, number_at, packed_size, unpack};
use super::exceptions::Exceptions;
use super::unsigned::{Unsigned, value_at};
use super::{Flaw, GROUP, StreamRest};
use std::cell::Cell;

/// Memory for the numbers of one group, which is not cleared for each.
pub(in crate::layout::columns) struct Scratch {
    pub(super) bits: GroupBits,
    pub(super) numbers: GroupBits,
    pub(super) indices: [u16; GROUP],
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch { bits: [0; GROUP], numbers: [0; GROUP], indices: [0; GROUP] }
    }
}

/// The groups of a frame or a delta, and the values that are not in them.
pub(super) struct Groups<'a, T> {
    widths: &'a [u8],
    minima: &'a [u8],
    /// The first value of each group of a delta; `None` for a frame.
    firsts: Option<&'a [u8]>,
    /// The bits of all groups and what follows them in the stream.
    bits: StreamRest<'a>,
    count: usize,
    exceptions: Exceptions<'a, T>,
    /// The group that was read last, and where its bits start, so that parts of a stream take no longer than all of it.
    last: Cell<(usize, usize)>,
}

impl<'a, T: Unsigned> Groups<'a, T> {
    /// Takes the groups of `count` values, and their exceptions.
    pub(super) fn open(rest: &mut StreamRest<'a>, count: usize, delta: bool) -> Result<Self, Flaw> {
        let groups = Groups::open_alone(rest, count, delta)?;
        Ok(Groups { exceptions: Exceptions::open(rest, count)?, ..groups })
    }

    /// Takes the groups of `count` values that have no exceptions here.
    pub(super) fn open_alone(rest: &mut StreamRest<'a>, count: usize, delta: bool) -> Result<Self, Flaw> {
        let groups = count.div_ceil(GROUP);
        let start = rest.at;
        let widths = rest.take(groups, 1)?;
        if let Some(i) = widths.iter().position(|&width| width > T::MAX_WIDTH) {
            let (at, found) = (start.saturating_add(i), widths.get(i).copied().unwrap_or_default());
            return Err(Flaw::new("M7.3-3", at, format!("a width of at most {}", T::MAX_WIDTH), found));
        }
        let minima = rest.take(groups, T::SIZE)?;
        let firsts = if delta { Some(rest.take(groups, T::SIZE)?) } else { None };
        let (exceptions, last) = (Exceptions::none(), Cell::default());
        let opened = Groups { widths, minima, firsts, bits: *rest, count, exceptions, last };
        rest.take(opened.start_of(groups), 1)?;
        Ok(opened)
    }

    /// Returns how many numbers a group of `values` values has.
    fn numbers(&self, values: usize) -> usize {
        values.saturating_sub(usize::from(self.firsts.is_some()))
    }

    /// Returns how many values a group has.
    fn values_of(&self, group: usize) -> usize {
        self.count.saturating_sub(group.saturating_mul(GROUP)).min(GROUP)
    }

    /// Returns where the bits of a group start.
    fn start_of(&self, group: usize) -> usize {
        let (from, start) = Some(self.last.get()).filter(|(last, _)| *last <= group).unwrap_or_default();
        let between = self.widths.iter().enumerate().take(group).skip(from);
        let sizes = between.map(|(i, &width)| packed_size(width, self.numbers(self.values_of(i))));
        sizes.fold(start, usize::saturating_add)
    }

    /// Reads the values from the start of a group on: whole groups, or up to the end of the stream.
    pub(super) fn read(&self, first_group: usize, out: &mut [T], scratch: &mut Scratch) {
        let mut reader = self.reader(first_group, &mut scratch.bits);
        out.chunks_mut(GROUP).for_each(|values| reader.read(values));
    }

    /// Returns a reader of one group after the other.
    pub(super) fn reader<'s>(&'s self, first_group: usize, bits: &'s mut GroupBits) -> GroupReader<'s, T> {
        let start = self.start_of(first_group);
        self.last.set((first_group, start));
        GroupReader { groups: self, group: first_group, start, bits }
    }

    /// Returns a flaw if spare bits, or those of exceptions, are not zero.
    pub(super) fn audit(&self) -> Result<(), Flaw> {
        let mut start = 0usize;
        for (group, &width) in self.widths.iter().enumerate() {
            let numbers = self.numbers(self.values_of(group));
            let end = start.saturating_add(packed_size(width, numbers));
            let used = numbers.saturating_mul(usize::from(width)) % 8;
            let bits = self.bits.bytes.get(start..end).unwrap_or_default();
            let last = bits.last().copied().unwrap_or_default();
            if used != 0 && last >> used != 0 {
                let at = self.bits.at.saturating_add(end).saturating_sub(1);
                return Err(Flaw::new("M7.2-1", at, "spare bits of zero", format!("{last:#04x}")));
            }
            let first = group.saturating_mul(GROUP);
            for (position, _) in self.exceptions.among(first, GROUP) {
                // The first value of a delta has no number.
                let number = position.checked_sub(usize::from(self.firsts.is_some()));
                let number = number.map_or(0, |number| number_at(width, bits, number));
                if number != 0 {
                    let at = self.bits.at.saturating_add(start);
                    let found = format!("{number} for the exception at {}", first.saturating_add(position));
                    return Err(Flaw::new("M7.2-1", at, "zero for an exception", found));
                }
            }
            start = end;
        }
        Ok(())
    }
}

/// Reads groups in order.
pub(super) struct GroupReader<'a, T> {
    groups: &'a Groups<'a, T>,
    group: usize,
    /// Where the bits of the group start.
    start: usize,
    bits: &'a mut GroupBits,
}

impl<T: Unsigned> GroupReader<'_, T> {
    /// Reads the values of the next group.
    pub(super) fn read(&mut self, values: &mut [T]) {
        let Groups { widths, minima, firsts, bits, .. } = self.groups;
        let width = widths.get(self.group).copied().unwrap_or_default();
        let minimum = value_at(minima, self.group).unwrap_or(T::zeroed());
        let first = firsts.map(|firsts| value_at(firsts, self.group).unwrap_or(T::zeroed()));
        let numbers = self.groups.numbers(values.len());
        unpack(width, bits.bytes.get(self.start..).unwrap_or_default(), numbers, self.bits);
        let exceptions = self.groups.exceptions.among(self.group.saturating_mul(GROUP), values.len());
        match first {
            None => {
                add(minimum, self.bits, values);
                for (index, exception) in exceptions {
                    values.get_mut(index).into_iter().for_each(|value| *value = exception);
                }
            }
            Some(first) => add_up(first, minimum, exceptions, self.bits, values),
        }
        self.start = self.start.saturating_add(packed_size(width, numbers));
        self.group = self.group.saturating_add(1);
    }
}

#[inline(always)]
fn add<T: Unsigned>(minimum: T, bits: &GroupBits, values: &mut [T]) {
    for (value, &bits) in values.iter_mut().zip(bits) {
        *value = minimum.plus(T::of_low(bits));
    }
}

/// Adds up the differences from the first value on, and anew from each exception.
#[inline(always)]
fn add_up<T: Unsigned>(
    first: T,
    minimum: T,
    exceptions: impl Iterator<Item = (usize, T)>,
    bits: &GroupBits,
    values: &mut [T],
) {
    let (mut start, mut sum) = (0, first);
    for (next, exception) in exceptions {
        add_up_some(sum, minimum, bits.get(start..), values.get_mut(start..next));
        (start, sum) = (next, exception);
    }
    add_up_some(sum, minimum, bits.get(start..), values.get_mut(start..));
}

#[inline(always)]
fn add_up_some<T: Unsigned>(first: T, minimum: T, bits: Option<&[u64]>, values: Option<&mut [T]>) {
    let Some((head, values)) = values.and_then(<[T]>::split_first_mut) else { return };
    *head = first;
    let mut sum = first;
    for (value, &bits) in values.iter_mut().zip(bits.unwrap_or_default()) {
        sum = sum.plus(minimum.plus(T::of_low(bits)));
        *value = sum;
    }
}
