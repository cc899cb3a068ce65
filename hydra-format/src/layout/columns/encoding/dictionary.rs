//! Dictionaries: the distinct values of a stream, and the number of its value for each place.

use super::groups::Frame;
use super::plan::Packing;
use super::unsigned::{Unsigned, value_at};
use super::{Flaw, GROUP, StreamRest};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// The most values that a dictionary can have.
const MAX: usize = 1 << 16;

/// Takes the number of values of a dictionary.
fn take_count(rest: &mut StreamRest) -> Result<usize, Flaw> {
    let at = rest.at;
    match rest.take_u32()? {
        count if count > MAX => Err(Flaw::new("M7.3-5", at, "a dictionary of at most 65,536 values", count)),
        count => Ok(count),
    }
}

fn no_such_value(at: usize, count: usize, found: u16) -> Flaw {
    Flaw::new("M7.3-5", at, format!("numbers below {count}"), found)
}

/// A dictionary of values, as a reader sees it.
pub(super) struct Dictionary<'a> {
    values: &'a [u8],
    count: usize,
    pub(super) numbers: Frame<'a, u16>,
    at: usize,
}

impl<'a> Dictionary<'a> {
    /// Takes the dictionary of `count` values.
    pub(super) fn open<T: Unsigned>(rest: &mut StreamRest<'a>, count: usize) -> Result<Self, Flaw> {
        let distinct = take_count(rest)?;
        let values = rest.take(distinct, T::SIZE)?;
        let at = rest.at;
        Ok(Dictionary { values, count: distinct, numbers: Frame::open(rest, count)?, at })
    }

    /// Reads the values from the start of a group on: whole groups, or up to the end of the stream.
    pub(super) fn read<T: Unsigned>(&self, first_group: usize, out: &mut [T]) -> Result<(), Flaw> {
        let (mut reader, mut numbers) = (self.numbers.groups.reader(first_group), [0; GROUP]);
        let mut first = first_group.saturating_mul(GROUP);
        for values in out.chunks_mut(GROUP) {
            let numbers = numbers.get_mut(..values.len()).unwrap_or_default();
            reader.read(numbers);
            self.numbers.exceptions.apply(first, numbers);
            for (value, &number) in values.iter_mut().zip(&*numbers) {
                let found = value_at(self.values, usize::from(number));
                *value = found.ok_or_else(|| no_such_value(self.at, self.count, number))?;
            }
            first = first.saturating_add(GROUP);
        }
        Ok(())
    }
}

/// A dictionary of strings, as a reader sees it.
pub(super) struct StringDictionary<'a> {
    /// The offsets of the strings in the run, one more than there are strings.
    pub(super) offsets: &'a [u8],
    /// The position of the offsets in the stream.
    pub(super) offsets_at: usize,
    pub(super) numbers: Frame<'a, u16>,
    at: usize,
}

impl<'a> StringDictionary<'a> {
    /// Takes the dictionary of `count` strings.
    pub(super) fn open(rest: &mut StreamRest<'a>, count: usize) -> Result<Self, Flaw> {
        let distinct = take_count(rest)?;
        let offsets_at = rest.at;
        let offsets = rest.take(distinct + 1, 4)?;
        let at = rest.at;
        Ok(StringDictionary { offsets, offsets_at, numbers: Frame::open(rest, count)?, at })
    }

    /// Reads the numbers from the start of a group on: whole groups, or up to the end of the stream.
    pub(super) fn read(&self, first_group: usize, out: &mut [u16]) -> Result<(), Flaw> {
        self.numbers.read(first_group, out);
        let count = self.offsets.len() / 4 - 1;
        match out.iter().max() {
            Some(&most) if usize::from(most) >= count => Err(no_such_value(self.at, count, most)),
            _ => Ok(()),
        }
    }
}

/// A dictionary as a writer sees it. Of strings, the values are their offsets.
pub(super) struct DictionaryPlan<T> {
    values: Vec<T>,
    numbers: Vec<u16>,
    packing: Packing<u16>,
}

impl<T: Unsigned> DictionaryPlan<T> {
    /// Plans the dictionary of these values; `None` if there are too many, or if it has more than `most`
    /// bytes.
    pub(super) fn new(values: &[T], most: usize) -> Option<DictionaryPlan<T>> {
        let mut plan = DictionaryPlan::empty(values.len());
        let mut index = ValueIndex::new();
        for group in values.chunks(GROUP) {
            for &value in group {
                let number = index.number(value, &mut plan.values);
                plan.numbers.push(u16::try_from(number).ok()?);
            }
            plan.close_group(group.len(), most)?;
        }
        (plan.size() <= most).then_some(plan)
    }

    fn empty(count: usize) -> DictionaryPlan<T> {
        let numbers = Vec::with_capacity(count);
        DictionaryPlan { values: Vec::new(), numbers, packing: Packing::new(false) }
    }

    /// Plans the frame of the last `count` numbers; `None` if the dictionary has more than `most` bytes.
    fn close_group(&mut self, count: usize, most: usize) -> Option<()> {
        let start = self.numbers.len().saturating_sub(count);
        self.packing.add_frame(self.numbers.get(start..)?, 0, true);
        (self.size() <= most).then_some(())
    }

    pub(super) fn size(&self) -> usize {
        4 + self.values.len() * T::SIZE + self.packing.frame_size()
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        self.put_values(self.values.len(), out);
    }

    fn put_values(&self, count: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(bytemuck::cast_slice(&self.values));
        self.packing.put_frame(&self.numbers, out);
    }
}

impl DictionaryPlan<u32> {
    /// Plans the dictionary of the strings that these offsets cut a run into, and returns the run of its
    /// strings; `None` as above, or if offsets are out of bounds.
    pub(super) fn of_strings(offsets: &[u32], run: &[u8], most: usize) -> Option<(Self, Vec<u8>)> {
        let mut plan = DictionaryPlan::empty(offsets.len());
        let (mut index, mut strings) = (HashMap::new(), Vec::new());
        plan.values.push(0);
        let starts = offsets.get(..offsets.len().checked_sub(1)?)?;
        let mut ends = offsets.iter().skip(1);
        for group in starts.chunks(GROUP) {
            for (&start, &end) in group.iter().zip(ends.by_ref()) {
                let string = run.get(start as usize..end as usize)?;
                let next = index.len();
                let number = *index.entry(string).or_insert(next);
                if number == next {
                    strings.extend_from_slice(string);
                    plan.values.push(u32::try_from(strings.len()).ok()?);
                }
                plan.numbers.push(u16::try_from(number).ok()?);
            }
            plan.close_group(group.len(), most)?;
        }
        (plan.size() <= most).then_some((plan, strings))
    }

    pub(super) fn put_strings(&self, out: &mut Vec<u8>) {
        self.put_values(self.values.len().saturating_sub(1), out);
    }
}

/// The numbers of distinct values: a hash table with open addressing. Its hash has random factors, so that no
/// values are slow by intent; what is written does not depend on it.
struct ValueIndex {
    /// One more than the number of a value, or 0.
    table: Vec<u32>,
    factors: [u64; 2],
    shift: u32,
}

impl ValueIndex {
    fn new() -> ValueIndex {
        let random = RandomState::new();
        let factors = [random.hash_one(0) | 1, random.hash_one(1) | 1];
        ValueIndex { table: vec![0; 512], factors, shift: 64 - 9 }
    }

    /// Returns the number of a value, which is appended to the values if it is new.
    #[inline(always)]
    fn number<T: Unsigned>(&mut self, value: T, values: &mut Vec<T>) -> usize {
        let mask = self.table.len() - 1;
        let mut slot = self.slot(value);
        while let Some(&entry @ 1..) = self.table.get(slot) {
            let number = entry as usize - 1;
            if values.get(number) == Some(&value) {
                return number;
            }
            slot = (slot + 1) & mask;
        }
        values.push(value);
        if let Some(entry) = self.table.get_mut(slot) {
            *entry = u32::try_from(values.len()).unwrap_or(u32::MAX);
        }
        if values.len() * 2 > self.table.len() {
            self.grow(values);
        }
        values.len() - 1
    }

    #[cold]
    #[inline(never)]
    fn grow<T: Unsigned>(&mut self, values: &[T]) {
        self.shift -= 2;
        self.table = vec![0; self.table.len() * 4];
        let mask = self.table.len() - 1;
        for (value, entry) in values.iter().zip(1..) {
            let mut slot = self.slot(*value);
            while self.table.get(slot).is_some_and(|&entry| entry != 0) {
                slot = (slot + 1) & mask;
            }
            if let Some(free) = self.table.get_mut(slot) {
                *free = entry;
            }
        }
    }

    #[inline(always)]
    fn slot<T: Unsigned>(&self, value: T) -> usize {
        let mut hash = value.low().wrapping_mul(self.factors[0]);
        if T::SIZE > 8 {
            hash = hash.wrapping_add(value.high().wrapping_mul(self.factors[1]));
        }
        (hash >> self.shift) as usize
    }
}
