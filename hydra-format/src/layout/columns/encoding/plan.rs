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

    /// Plans a frame. `order` inverts the sign bit of signed values; `exceptions` says whether the stream has
    /// exceptions for these numbers.
    pub(super) fn frame(values: &[T], order: T, exceptions: bool) -> Packing<T> {
        let mut packing = Packing::new(false);
        values.chunks(GROUP).for_each(|group| packing.add_frame(group, order, exceptions));
        packing
    }

    /// Plans a delta. Without exceptions, its values have at most 64 bits.
    pub(super) fn delta(values: &[T], exceptions: bool) -> Packing<T> {
        let (mut packing, mut steps) = (Packing::new(true), [T::zeroed(); GROUP]);
        for group in values.chunks(GROUP) {
            let planned = Width::of(steps_of(group, &mut steps), T::SIGN, exceptions);
            packing.add(planned, T::SIZE + packed_size(planned.width, group.len() - 1));
        }
        packing
    }

    pub(super) fn is_delta(&self) -> bool {
        self.delta
    }

    /// Returns the bytes with those of the exceptions.
    pub(super) fn whole_size(&self) -> usize {
        self.size + exceptions_size::<T>(self.exceptions)
    }

    /// Plans the next group of a frame.
    pub(super) fn add_frame(&mut self, values: &[T], order: T, exceptions: bool) {
        let planned = Width::of(values, order, exceptions);
        self.add(planned, packed_size(planned.width, values.len()));
    }

    fn add(&mut self, planned: Width<T>, bytes: usize) {
        self.groups.push((planned.width, planned.minimum));
        self.exceptions += planned.exceptions;
        self.size += 1 + T::SIZE + bytes;
    }

    /// Appends the groups, and returns the positions of the exceptions.
    pub(super) fn put(&self, values: &[T], out: &mut Vec<u8>) -> Vec<u32> {
        let firsts = values.iter().step_by(GROUP).take(if self.delta { usize::MAX } else { 0 });
        out.extend(self.groups.iter().map(|(width, _)| *width));
        out.extend(self.groups.iter().flat_map(|(_, minimum)| bytemuck::bytes_of(minimum)));
        out.extend(firsts.flat_map(bytemuck::bytes_of));
        let mut exceptions = Vec::with_capacity(self.exceptions);
        let (mut numbers, mut steps) = ([0; GROUP], [T::zeroed(); GROUP]);
        for (i, (group, &(width, minimum))) in values.chunks(GROUP).zip(&self.groups).enumerate() {
            let integers = if self.delta { steps_of(group, &mut steps) } else { group };
            let mut all = T::zeroed();
            for (number, integer) in numbers.iter_mut().zip(integers) {
                let distance = integer.minus(minimum);
                all = all.max(distance);
                *number = distance.low();
            }
            if all.length() > u32::from(width) {
                let start = i * GROUP + usize::from(self.delta);
                take_out(integers, minimum, width, start, &mut numbers, &mut exceptions);
            }
            pack(width, &mut numbers, integers.len(), out);
        }
        exceptions
    }

    /// Appends the groups and the exceptions.
    pub(super) fn put_whole(&self, values: &[T], out: &mut Vec<u8>) {
        let exceptions = self.put(values, out);
        put_exceptions(&exceptions, values, out);
    }
}

/// Returns the differences of values that follow each other.
fn steps_of<'a, T: Unsigned>(values: &[T], steps: &'a mut [T; GROUP]) -> &'a [T] {
    for (step, pair) in steps.iter_mut().zip(values.windows(2)) {
        *step = pair[1].minus(pair[0]);
    }
    &steps[..values.len() - 1]
}

/// How a group of integers is packed.
#[derive(Clone, Copy)]
struct Width<T> {
    width: u8,
    minimum: T,
    exceptions: usize,
}

impl<T: Unsigned> Width<T> {
    /// Chooses the minimum and the width that take the fewest bytes.
    fn of(integers: &[T], order: T, exceptions: bool) -> Width<T> {
        let none = Width { width: 0, minimum: T::zeroed(), exceptions: 0 };
        let Some(&first) = integers.first() else { return none };
        let range = |(low, high): (T, T), &integer: &T| {
            let key = integer ^ order;
            (low.min(key), high.max(key))
        };
        let (low, high) = integers.iter().fold((first ^ order, first ^ order), range);
        let most = high.minus(low).length() as u8;
        let all = Width { width: most, minimum: low ^ order, exceptions: 0 };
        if exceptions && most > 0 { all.narrowed(integers, high ^ order) } else { all }
    }

    /// Returns what takes fewer bytes with exceptions above a range from the minimum on, or below one that ends
    /// with the maximum.
    fn narrowed(self, integers: &[T], maximum: T) -> Width<T> {
        let Width { width: most, minimum, .. } = self;
        let (mut above, mut below) = (0, 0);
        let mut best = (self, usize::MAX);
        if most <= T::MAX_WIDTH {
            best.1 = self.size(integers.len());
            // Every narrower range leaves out at least these. In most groups they alone are too large.
            let half = T::of_low(1).up(usize::from(most) - 1);
            for integer in integers {
                above += usize::from(integer.minus(minimum) >= half);
                below += usize::from(maximum.minus(*integer) >= half);
            }
        }
        let room = packed_size(most, integers.len()) / (4 + T::SIZE);
        let mut offer = |planned: Width<T>| {
            let size = planned.size(integers.len());
            if size < best.1 {
                best = (planned, size);
            }
        };
        if above <= room {
            let (width, exceptions) = narrowest(integers, |integer| integer.minus(minimum), most);
            offer(Width { width, minimum, exceptions });
        }
        if below <= room {
            let (width, exceptions) = narrowest(integers, |integer| maximum.minus(integer), most);
            let minimum = maximum.minus(T::of_low(u64::MAX.unbounded_shr(64 - u32::from(width))));
            offer(Width { width, minimum, exceptions });
        }
        best.0
    }

    fn size(&self, count: usize) -> usize {
        packed_size(self.width, count) + self.exceptions * (4 + T::SIZE)
    }
}

/// Returns the width, of at most `most`, with which distances take the fewest bytes, and how many of them are
/// exceptions then.
fn narrowest<T: Unsigned>(integers: &[T], distance: impl Fn(T) -> T, most: u8) -> (u8, usize) {
    // Two counts, so that equal lengths one after the other do not wait for each other.
    let mut counts = [[0u32; 129]; 2];
    let (pairs, rest) = integers.as_chunks::<2>();
    for [even, odd] in pairs {
        counts[0][distance(*even).length() as usize] += 1;
        counts[1][distance(*odd).length() as usize] += 1;
    }
    for integer in rest {
        counts[0][distance(*integer).length() as usize] += 1;
    }
    let (mut best, mut fewest) = ((0, 0), usize::MAX);
    let mut outside = integers.len();
    let lengths = counts[0].iter().zip(&counts[1]);
    for (width, (even, odd)) in (0..=most.min(T::MAX_WIDTH)).zip(lengths) {
        outside -= (even + odd) as usize;
        let size = packed_size(width, integers.len()) + outside * (4 + T::SIZE);
        if size < fewest {
            (best, fewest) = ((width, outside), size);
        }
    }
    best
}

/// Replaces the numbers that do not have the width by zero, and notes their positions.
fn take_out<T: Unsigned>(
    integers: &[T],
    minimum: T,
    width: u8,
    start: usize,
    numbers: &mut [u64],
    exceptions: &mut Vec<u32>,
) {
    for (i, (number, integer)) in numbers.iter_mut().zip(integers).enumerate() {
        if integer.minus(minimum).length() > u32::from(width) {
            *number = 0;
            exceptions.push((start + i) as u32);
        }
    }
}
