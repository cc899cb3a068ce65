//! Exceptions: values that an encoding does not give back, with their positions in the stream.

use super::unsigned::{Unsigned, value_at};
use super::{Flaw, StreamRest};
use std::marker::PhantomData;

/// The exceptions of a stream. Their positions ascend, and are below the number of its values.
#[derive(Clone, Copy)]
pub(super) struct Exceptions<'a, T> {
    pub(super) positions: &'a [[u8; 4]],
    values: &'a [u8],
    of: PhantomData<T>,
}

/// Returns the size of so many exceptions.
pub(super) fn exceptions_size<T: Unsigned>(count: usize) -> usize {
    count.saturating_mul(T::SIZE.saturating_add(4)).saturating_add(4)
}

impl<'a, T: Unsigned> Exceptions<'a, T> {
    /// Takes the exceptions of a stream of `count` values.
    pub(super) fn open(rest: &mut StreamRest<'a>, count: usize) -> Result<Self, Flaw> {
        let number = rest.take_u32()?;
        let start = rest.at;
        let positions = rest.take(number, 4)?.as_chunks().0;
        let values = rest.take(number, T::SIZE)?;
        let mut least = 0;
        for (i, position) in positions.iter().enumerate() {
            let position = u32::from_le_bytes(*position) as usize;
            if !(least..count).contains(&position) {
                let at = start.saturating_add(i.saturating_mul(4));
                let expected = format!("a position from {least}, below {count}");
                return Err(Flaw::new("M7.3-4", at, expected, position));
            }
            least = position.saturating_add(1);
        }
        Ok(Exceptions { positions, values, of: PhantomData })
    }

    /// Returns no exceptions, of an encoding that has none here.
    pub(super) fn none() -> Exceptions<'a, T> {
        Exceptions { positions: &[], values: &[], of: PhantomData }
    }

    /// Returns the exceptions among the `count` values from position `first` on, each with its distance from
    /// `first`.
    pub(super) fn among(&self, first: usize, count: usize) -> impl Iterator<Item = (usize, T)> {
        let start = self.positions.partition_point(|&at| (u32::from_le_bytes(at) as usize) < first);
        let positions = self.positions.iter().enumerate().skip(start);
        let distances = positions.map(move |(i, position)| {
            (u32::from_le_bytes(*position) as usize).checked_sub(first).zip(value_at(self.values, i))
        });
        distances.map_while(move |found| found.filter(|(distance, _)| *distance < count))
    }
}

/// Appends the values at these positions as exceptions.
pub(super) fn put_exceptions<T: Unsigned>(positions: &[u32], values: &[T], out: &mut Vec<u8>) {
    let count = u32::try_from(positions.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(bytemuck::cast_slice(positions));
    for value in positions.iter().filter_map(|&position| values.get(position as usize)) {
        out.extend_from_slice(bytemuck::bytes_of(value));
    }
}
