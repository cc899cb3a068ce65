//! Dictionaries: the distinct values of a stream, and the number of its value for each place.

use super::groups::{Groups, Scratch};
use super::plan::Packing;
use super::unsigned::{Unsigned, value_at};
use super::{Flaw, GROUP, StreamRest};
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
    pub(super) numbers: Groups<'a, u16>,
    at: usize,
}

impl<'a> Dictionary<'a> {
    /// Takes the dictionary of `count` values.
    pub(super) fn open<T: Unsigned>(rest: &mut StreamRest<'a>, count: usize) -> Result<Self, Flaw> {
        let distinct = take_count(rest)?;
        let values = rest.take(distinct, T::SIZE)?;
        let at = rest.at;
        Ok(Dictionary { values, count: distinct, numbers: Groups::open(rest, count, false)?, at })
    }

    /// Reads the values from the start of a group on: whole groups, or up to the end of the stream.
    pub(super) fn read<T: Unsigned>(
        &self,
        first_group: usize,
        out: &mut [T],
        scratch: &mut Scratch,
    ) -> Result<(), Flaw> {
        let Scratch { bits, indices: numbers, .. } = scratch;
        let mut reader = self.numbers.reader(first_group, bits);
        for values in out.chunks_mut(GROUP) {
            let numbers = numbers.get_mut(..values.len()).unwrap_or_default();
            reader.read(numbers);
            for (value, &number) in values.iter_mut().zip(&*numbers) {
                let found = value_at(self.values, usize::from(number));
                *value = found.ok_or_else(|| no_such_value(self.at, self.count, number))?;
            }
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
    pub(super) numbers: Groups<'a, u16>,
    at: usize,
}

impl<'a> StringDictionary<'a> {
    /// Takes the dictionary of `count` strings.
    pub(super) fn open(rest: &mut StreamRest<'a>, count: usize) -> Result<Self, Flaw> {
        let distinct = take_count(rest)?;
        let offsets_at = rest.at;
        let offsets = rest.take(distinct + 1, 4)?;
        let at = rest.at;
        Ok(StringDictionary { offsets, offsets_at, numbers: Groups::open(rest, count, false)?, at })
    }

    /// Reads the numbers from the start of a group on: whole groups, or up to the end of the stream.
    pub(super) fn read_numbers(
        &self,
        first_group: usize,
        out: &mut [u16],
        scratch: &mut Scratch,
    ) -> Result<(), Flaw> {
        self.numbers.read(first_group, out, scratch);
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
        // Values that ascend are distinct, so that they need not be counted.
        if values.len() * T::SIZE > most && values.is_sorted_by(|value, next| value < next) {
            return None;
        }
        let mut index = DistinctIndex::new();
        for group in values.chunks(GROUP) {
            for &value in group {
                let distinct = &mut plan.values;
                let number = index.number(
                    index.hash(value),
                    |number| distinct.get(number) == Some(&value),
                    |index, number| distinct.get(number).map_or(0, |value| index.hash(*value)),
                );
                if number == distinct.len() {
                    distinct.push(value);
                }
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
        4 + self.values.len() * T::SIZE + self.packing.whole_size()
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        self.put_values(self.values.len(), out);
    }

    fn put_values(&self, count: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(bytemuck::cast_slice(&self.values));
        self.packing.put_whole(&self.numbers, out);
    }
}

impl DictionaryPlan<u32> {
    /// Plans the dictionary of the strings that these offsets cut a run into, and returns the run of its
    /// strings; `None` if there are more than `most`, or if offsets are out of bounds.
    pub(super) fn of_strings(offsets: &[u32], run: &[u8], most: usize) -> Option<(Self, Vec<u8>)> {
        let mut plan = DictionaryPlan::empty(offsets.len());
        let (mut index, mut distinct): (_, Vec<&[u8]>) = (DistinctIndex::new(), Vec::new());
        plan.values.push(0);
        let starts = offsets.get(..offsets.len().checked_sub(1)?)?;
        let mut ends = offsets.iter().skip(1);
        for group in starts.chunks(GROUP) {
            for (&start, &end) in group.iter().zip(ends.by_ref()) {
                let string = run.get(start as usize..end as usize)?;
                let number = index.number(
                    index.hash_bytes(string),
                    |number| distinct.get(number) == Some(&string),
                    |index, number| distinct.get(number).map_or(0, |string| index.hash_bytes(string)),
                );
                if number == distinct.len() {
                    distinct.push(string);
                    let end = plan.values.last().map_or(0, |end| *end as usize) + string.len();
                    plan.values.push(u32::try_from(end).ok()?);
                    if distinct.len() > most {
                        return None;
                    }
                }
                plan.numbers.push(u16::try_from(number).ok()?);
            }
            plan.close_group(group.len(), usize::MAX)?;
        }
        Some((plan, distinct.concat()))
    }

    pub(super) fn put_strings(&self, out: &mut Vec<u8>) {
        self.put_values(self.values.len().saturating_sub(1), out);
    }
}

/// The numbers of distinct values or strings: a hash table with open addressing. Its hash has random factors,
/// so that no values are slow by intent; what is written does not depend on it.
struct DistinctIndex {
    /// One more than a number, or 0.
    table: Vec<u32>,
    count: usize,
    factors: [u64; 2],
    shift: u32,
}

impl DistinctIndex {
    fn new() -> DistinctIndex {
        let random = RandomState::new();
        let factors = [random.hash_one(0) | 1, random.hash_one(1) | 1];
        DistinctIndex { table: vec![0; 512], count: 0, factors, shift: 64 - 9 }
    }

    /// Returns the number of a value with this hash, which is the number of values so far if it is new. `is`
    /// says whether the value is that with a number, and `hash` returns the hash of a number.
    #[inline(always)]
    fn number(
        &mut self,
        hash_of_value: u64,
        is: impl Fn(usize) -> bool,
        hash: impl Fn(&DistinctIndex, usize) -> u64,
    ) -> usize {
        let mask = self.table.len() - 1;
        let mut slot = (hash_of_value >> self.shift) as usize;
        while let Some(&entry @ 1..) = self.table.get(slot) {
            let number = entry as usize - 1;
            if is(number) {
                return number;
            }
            slot = (slot + 1) & mask;
        }
        let number = self.count;
        self.count += 1;
        if let Some(entry) = self.table.get_mut(slot) {
            *entry = u32::try_from(self.count).unwrap_or(u32::MAX);
        }
        if self.count * 2 > self.table.len() {
            // The new value has no number yet that `hash` knows.
            self.grow(|index, other| if other == number { hash_of_value } else { hash(index, other) });
        }
        number
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, hash: impl Fn(&DistinctIndex, usize) -> u64) {
        self.shift -= 2;
        self.table = vec![0; self.table.len() * 4];
        let mask = self.table.len() - 1;
        for (number, entry) in (0..self.count).zip(1..) {
            let mut slot = (hash(self, number) >> self.shift) as usize;
            while self.table.get(slot).is_some_and(|&entry| entry != 0) {
                slot = (slot + 1) & mask;
            }
            if let Some(free) = self.table.get_mut(slot) {
                *free = entry;
            }
        }
    }

    #[inline(always)]
    fn hash<T: Unsigned>(&self, value: T) -> u64 {
        let mut hash = value.low().wrapping_mul(self.factors[0]);
        if T::SIZE > 8 {
            hash = hash.wrapping_add(value.high().wrapping_mul(self.factors[1]));
        }
        hash
    }

    #[inline]
    fn hash_bytes(&self, bytes: &[u8]) -> u64 {
        let fold = |hash: u64, word: u64| {
            let product = u128::from(hash ^ word) * u128::from(self.factors[1]);
            product.low() ^ product.high()
        };
        let words = bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
        let hash = words.fold(self.factors[0].wrapping_add(bytes.len() as u64), fold);
        // The last word overlaps the one before it.
        match bytes.last_chunk() {
            Some(last) => fold(hash, u64::from_le_bytes(*last)),
            None => fold(hash, bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))),
        }
    }
}
