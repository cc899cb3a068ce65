//! Floats that are decimal fractions: whole numbers, which are divided by a power of ten.

use super::exceptions::{Exceptions, exceptions_size, put_exceptions};
use super::groups::{Groups, Scratch};
use super::plan::Packing;
use super::unsigned::Unsigned;
use super::{Flaw, GROUP, StreamRest};

/// The powers of ten that a float of 64 bits has exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// The furthest that a number is from zero.
const LIMIT: u64 = 1 << 50;

/// 1.5 x 2^52. The sum of it and a float within 2^51 of zero has no bits below the point, so adding rounds to
/// the nearest integer, ties to even. The bits of the sum are then those of this float and the integer.
const SHIFT: f64 = 6_755_399_441_055_744.0;

/// Returns the float that is this number, if the number is in the limit.
#[inline(always)]
fn whole(number: u64) -> f64 {
    f64::from_bits(SHIFT.to_bits().wrapping_add(number)) - SHIFT
}

/// Returns a word whose sign bit is 1 if the number is not in the limit.
#[inline(always)]
fn outside(number: u64) -> u64 {
    LIMIT.wrapping_add(number) | LIMIT.wrapping_sub(number)
}

/// Returns the number for a value, and a word that is not zero if the number does not give the value back.
#[inline(always)]
fn number_of<T: Unsigned>(value: T, power: f64) -> (u64, u64) {
    let number = (value.float() * power + SHIFT).to_bits().wrapping_sub(SHIFT.to_bits());
    let found = T::of_float(whole(number) / power);
    (number, (found ^ value).low() | (outside(number) & u64::SIGN))
}

/// The decimals of a stream, as a reader sees them.
pub(super) struct Decimals<'a, T> {
    power: f64,
    numbers: Groups<'a, u64>,
    exceptions: Exceptions<'a, T>,
    at: usize,
}

impl<'a, T: Unsigned> Decimals<'a, T> {
    /// Takes the decimals of `count` values.
    pub(super) fn open(
        rest: &mut StreamRest<'a>,
        count: usize,
        power: u8,
        delta: bool,
    ) -> Result<Self, Flaw> {
        let Some(&power) = POWERS.get(usize::from(power)) else {
            return Err(Flaw::new("M7.3-6", rest.at, "a power of ten of at most 22", power));
        };
        let at = rest.at;
        let numbers = Groups::open_alone(rest, count, delta)?;
        Ok(Decimals { power, numbers, exceptions: Exceptions::open(rest, count)?, at })
    }

    /// Reads the values from the start of a group on: whole groups, or up to the end of the stream.
    pub(super) fn read(&self, first_group: usize, out: &mut [T], scratch: &mut Scratch) -> Result<(), Flaw> {
        let Scratch { bits, numbers, .. } = scratch;
        let mut reader = self.numbers.reader(first_group, bits);
        for values in out.chunks_mut(GROUP) {
            let numbers = numbers.get_mut(..values.len()).unwrap_or_default();
            reader.read(numbers);
            let mut found = 0;
            for (value, &number) in values.iter_mut().zip(&*numbers) {
                found |= outside(number);
                *value = T::of_float(whole(number) / self.power);
            }
            if found & u64::SIGN != 0 {
                let number = numbers.iter().find(|&&number| outside(number) & u64::SIGN != 0);
                let found = number.map_or(0, |number| number.cast_signed());
                return Err(Flaw::new("M7.3-6", self.at, "numbers within 2^50 of zero", found));
            }
        }
        for (index, exception) in self.exceptions.among(first_group.saturating_mul(GROUP), out.len()) {
            out.get_mut(index).into_iter().for_each(|value| *value = exception);
        }
        Ok(())
    }

    /// Returns a flaw if spare bits are not zero.
    pub(super) fn audit(&self) -> Result<(), Flaw> {
        self.numbers.audit()
    }
}

/// The decimals of values, as a writer sees them.
pub(super) struct DecimalPlan {
    pub(super) power: u8,
    numbers: Vec<u64>,
    /// The positions of values that their numbers do not give back.
    exceptions: Vec<u32>,
    packing: Packing<u64>,
}

impl DecimalPlan {
    /// Plans decimals as a frame, as a delta, or as the smaller of the two; `None` if none of the values that
    /// are looked at has a power, or if the plan has more than `most` bytes.
    pub(super) fn new<T: Unsigned>(values: &[T], frame: bool, delta: bool, most: usize) -> Option<Self> {
        let power = power_of(values)?;
        let factor = *POWERS.get(usize::from(power))?;
        let (mut numbers, mut exceptions) = (Vec::with_capacity(values.len()), Vec::new());
        let mut last = 0;
        for group in values.chunks(GROUP) {
            let start = numbers.len();
            numbers.resize(start + group.len(), 0);
            let mut wrong = 0;
            for (number, &value) in numbers.iter_mut().skip(start).zip(group) {
                let differs;
                (*number, differs) = number_of(value, factor);
                wrong |= differs;
            }
            if wrong != 0 {
                for (i, number) in numbers.iter_mut().enumerate().skip(start) {
                    let value = group.get(i - start).copied().unwrap_or(T::zeroed());
                    if number_of(value, factor).1 == 0 {
                        last = *number;
                    } else {
                        *number = last;
                        exceptions.push(u32::try_from(i).unwrap_or(u32::MAX));
                    }
                }
                if exceptions_size::<T>(exceptions.len()) > most {
                    return None;
                }
            }
            last = numbers.last().copied().unwrap_or(last);
        }
        let framed = frame.then(|| Packing::frame(&numbers, u64::SIGN, false));
        let deltas = delta.then(|| Packing::delta(&numbers, false));
        let packing = framed.into_iter().chain(deltas).min_by_key(|packing| packing.size)?;
        let plan = DecimalPlan { power, numbers, exceptions, packing };
        (plan.size::<T>() <= most).then_some(plan)
    }

    pub(super) fn size<T: Unsigned>(&self) -> usize {
        self.packing.size + exceptions_size::<T>(self.exceptions.len())
    }

    pub(super) fn is_delta(&self) -> bool {
        self.packing.is_delta()
    }

    pub(super) fn put<T: Unsigned>(&self, values: &[T], out: &mut Vec<u8>) {
        self.packing.put(&self.numbers, out);
        put_exceptions(&self.exceptions, values, out);
    }
}

/// Returns the power of ten that most of 64 values have, of equal ones the highest.
fn power_of<T: Unsigned>(values: &[T]) -> Option<u8> {
    let mut counts = [0u8; POWERS.len()];
    for i in 0..64 {
        let Some(&value) = values.get(i * values.len() / 64) else { continue };
        let found = POWERS.iter().position(|&power| number_of(value, power).1 == 0);
        if let Some(count) = found.and_then(|power| counts.get_mut(power)) {
            *count += 1;
        }
    }
    let best = (0..).zip(counts).max_by_key(|&(_, count)| count);
    best.filter(|&(_, count)| count > 0).map(|(power, _)| power)
}
