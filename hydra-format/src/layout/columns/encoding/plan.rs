//! Frames of reference and deltas, as a writer sees them: the widths and minima are chosen, and so the size
//! is known, before anything is written.

use super::GROUP;
use super::bits::{pack, packed_size};
use super::exceptions::{exceptions_size, put_exceptions};
use super::unsigned::Unsigned;

/// The widths and minima of the groups of a frame or a delta.
pub(super) struct Packing<T> {
    groups: Vec<(u8, T)>,
    delta: bool,
    exceptions: usize,
    /// The bytes of everything but the exceptions.
    pub(super) size: usize,
}

impl<T: Unsigned> Packing<T> {
    pub(super) fn new(delta: bool) -> Packing<T> {
        Packing { groups: Vec::new(), delta, exceptions: 0, size: 0 }
    }

    /// Plans a frame whose exceptions are stored with it, if it has any. `order` inverts the sign bit of
    /// signed values.
    pub(super) fn frame(values: &[T], order: T, exceptions: bool) -> Packing<T> {
        let mut packing = Packing::new(false);
        values.chunks(GROUP).for_each(|group| packing.add_frame(group, order, exceptions));
        packing
    }

    /// Plans a delta; `None` if differences are too far apart.
    pub(super) fn delta(values: &[T]) -> Option<Packing<T>> {
        let mut packing = Packing::new(true);
        values.chunks(GROUP).all(|group| packing.add_delta(group)).then_some(packing)
    }

    pub(super) fn is_delta(&self) -> bool {
        self.delta
    }

    /// Returns the bytes of a frame with its exceptions.
    pub(super) fn frame_size(&self) -> usize {
        self.size + exceptions_size::<T>(self.exceptions)
    }

    /// Plans the next group of a frame.
    pub(super) fn add_frame(&mut self, values: &[T], order: T, exceptions: bool) {
        let Some(&first) = values.first() else { return };
        let range = |(low, high): (T, T), &value: &T| {
            let key = value ^ order;
            (low.min(key), high.max(key))
        };
        let (low, high) = values.iter().fold((first ^ order, first ^ order), range);
        let (minimum, most) = (low ^ order, high.minus(low).length() as usize);
        let mut width = most;
        let mut outside = 0;
        if exceptions && most > 0 {
            (width, outside) = narrowest(values, minimum, most);
        }
        let width = width as u8;
        self.groups.push((width, minimum));
        self.exceptions += outside;
        self.size += 1 + T::SIZE + packed_size(width, values.len());
    }

    /// Plans the next group of a delta; false if its width would be above 64.
    fn add_delta(&mut self, values: &[T]) -> bool {
        let (mut low, mut high) = (T::zeroed(), T::zeroed());
        if let [first, second, ..] = values {
            low = second.minus(*first) ^ T::SIGN;
            high = low;
        }
        for (value, next) in values.iter().zip(values.iter().skip(1)) {
            let key = next.minus(*value) ^ T::SIGN;
            (low, high) = (low.min(key), high.max(key));
        }
        let width = high.minus(low).length();
        // The minimum of a group without differences is zero.
        let minimum = if values.len() < 2 { T::zeroed() } else { low ^ T::SIGN };
        self.groups.push((width as u8, minimum));
        self.size += 1 + 2 * T::SIZE + packed_size(width as u8, values.len().saturating_sub(1));
        width <= 64
    }

    /// Appends the groups, and returns the positions of the exceptions.
    pub(super) fn put(&self, values: &[T], out: &mut Vec<u8>) -> Vec<u32> {
        let firsts = values.iter().step_by(GROUP).take(if self.delta { usize::MAX } else { 0 });
        out.extend(self.groups.iter().map(|(width, _)| *width));
        out.extend(self.groups.iter().flat_map(|(_, minimum)| bytemuck::bytes_of(minimum)));
        out.extend(firsts.flat_map(bytemuck::bytes_of));
        let mut exceptions = Vec::with_capacity(self.exceptions);
        let mut numbers = [0; GROUP];
        for (i, (group, &(width, minimum))) in values.chunks(GROUP).zip(&self.groups).enumerate() {
            let mut count = group.len();
            if self.delta {
                count -= 1;
                for (number, pair) in numbers.iter_mut().zip(group.windows(2)) {
                    *number = pair[1].minus(pair[0]).minus(minimum).low();
                }
            } else {
                let mut all = T::zeroed();
                for (number, value) in numbers.iter_mut().zip(group) {
                    let distance = value.minus(minimum);
                    all = all.max(distance);
                    *number = distance.low();
                }
                if all.length() > u32::from(width) {
                    take_out(group, minimum, width, i * GROUP, &mut numbers, &mut exceptions);
                }
            }
            pack(width, &mut numbers, count, out);
        }
        exceptions
    }

    /// Appends the groups and the exceptions of a frame.
    pub(super) fn put_frame(&self, values: &[T], out: &mut Vec<u8>) {
        let exceptions = self.put(values, out);
        put_exceptions(&exceptions, values, out);
    }
}

/// Returns the width with which a group takes the fewest bytes, and how many exceptions it has then.
fn narrowest<T: Unsigned>(values: &[T], minimum: T, most: usize) -> (usize, usize) {
    // Each narrower width has at least these exceptions. In most groups they alone are too large.
    if most <= usize::from(T::MAX_WIDTH) {
        let half = T::of_low(1).up(most - 1);
        let longest = values.iter().fold(0, |count, value| count + usize::from(value.minus(minimum) >= half));
        if longest * (4 + T::SIZE) > packed_size(most as u8, values.len()) {
            return (most, 0);
        }
    }
    // Two counts, so that equal lengths one after the other do not wait for each other.
    let mut counts = [[0u32; 129]; 2];
    let (pairs, rest) = values.as_chunks::<2>();
    for [even, odd] in pairs {
        counts[0][even.minus(minimum).length() as usize] += 1;
        counts[1][odd.minus(minimum).length() as usize] += 1;
    }
    for value in rest {
        counts[0][value.minus(minimum).length() as usize] += 1;
    }
    let (mut best, mut fewest) = ((0, 0), usize::MAX);
    let mut outside = values.len();
    let widths = counts[0].iter().zip(&counts[1]).take(most.min(usize::from(T::MAX_WIDTH)) + 1);
    for (width, (even, odd)) in widths.enumerate() {
        outside -= (even + odd) as usize;
        let size = packed_size(width as u8, values.len()) + outside * (4 + T::SIZE);
        if size < fewest {
            (best, fewest) = ((width, outside), size);
        }
    }
    best
}

/// Replaces the numbers that do not have the width by zero, and notes their positions.
fn take_out<T: Unsigned>(
    group: &[T],
    minimum: T,
    width: u8,
    start: usize,
    numbers: &mut [u64],
    exceptions: &mut Vec<u32>,
) {
    for (i, (number, value)) in numbers.iter_mut().zip(group).enumerate() {
        if value.minus(minimum).length() > u32::from(width) {
            *number = 0;
            exceptions.push((start + i) as u32);
        }
    }
}
