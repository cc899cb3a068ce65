//! Values among bytes that are borrowed mutably as a whole. They are in bounds, so reading and writing them
//! needs no check.

/// `size` bytes among others.
#[derive(Debug)]
pub(crate) struct Spot<'a> {
    bytes: &'a mut [u8],
    /// The start of `size` bytes within `bytes`. Only `Spots` constructs spots.
    start: usize,
    size: usize,
}

/// Consecutive values of equal size among other bytes.
#[derive(Debug)]
pub(crate) struct Spots<'a> {
    bytes: &'a mut [u8],
    /// The start of `count` times `size` bytes within `bytes`. Only `at` constructs it.
    start: usize,
    size: usize,
    count: usize,
}

impl<'a> Spots<'a> {
    /// Returns `count` times `size` bytes from `start`; no spots if they are out of bounds.
    #[inline]
    pub(crate) fn at(bytes: &'a mut [u8], start: usize, size: usize, count: usize) -> Spots<'a> {
        let end = size.checked_mul(count).and_then(|all| start.checked_add(all));
        let count = if end.is_some_and(|end| end <= bytes.len()) { count } else { 0 };
        Spots { bytes, start, size, count }
    }

    /// Returns the number of spots.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Returns the spot at `index`.
    #[inline]
    pub(crate) fn get(&mut self, index: usize) -> Option<Spot<'_>> {
        // This does not wrap, because the result is in bounds.
        let start = self.start.wrapping_add(index.wrapping_mul(self.size));
        (index < self.count).then_some(Spot { bytes: self.bytes, start, size: self.size })
    }

    /// Returns the first spot.
    #[inline]
    pub(crate) fn into_first(self) -> Option<Spot<'a>> {
        (self.count > 0).then_some(Spot { bytes: self.bytes, start: self.start, size: self.size })
    }
}

impl Spot<'_> {
    /// Returns the start of the value among all bytes.
    #[inline]
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Returns all bytes.
    #[inline]
    pub(crate) fn all(&self) -> &[u8] {
        self.bytes
    }

    /// Returns all bytes, to find other spots in them.
    #[inline]
    pub(crate) fn all_mut(&mut self) -> &mut [u8] {
        self.bytes
    }

    /// Returns the bytes of the value.
    #[inline]
    pub(crate) fn value(&self) -> &[u8] {
        // SAFETY: the bytes are in bounds (invariant of the fields) and borrowed as `self` is. Test
        // `spots_are_in_bounds`.
        unsafe { std::slice::from_raw_parts(self.bytes.as_ptr().add(self.start), self.size) }
    }

    /// Returns the bytes of the value for changing them.
    #[inline]
    pub(crate) fn value_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `value`; the bytes are borrowed mutably, as `self` is. Test `spots_are_in_bounds`.
        unsafe { std::slice::from_raw_parts_mut(self.bytes.as_mut_ptr().add(self.start), self.size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spots_are_in_bounds() {
        let mut bytes = [1, 2, 3, 4, 5];
        let mut spots = Spots::at(&mut bytes, 1, 2, 2);
        assert_eq!((spots.count(), spots.get(2).is_none(), spots.get(usize::MAX).is_none()), (2, true, true));
        let mut second = spots.get(1).unwrap();
        assert_eq!((second.start(), second.value(), second.all()), (3, &[4, 5][..], &[1, 2, 3, 4, 5][..]));
        second.value_mut().fill(9);
        second.all_mut()[3] = 8;
        assert_eq!(second.value(), [8, 9]);
        assert_eq!(spots.into_first().unwrap().value(), [2, 3]);
        for (start, size, count) in [(0, 0, 7), (5, 0, 1), (0, 5, 1), (2, 3, 1)] {
            let mut spots = Spots::at(&mut bytes, start, size, count);
            let lengths = |spot: Spot<'_>| (spot.value().len(), spot.all().len());
            assert_eq!(spots.get(count - 1).map(lengths), Some((size, 5)));
        }
        let beyond = [(0, 6, 1), (0, 2, 3), (6, 0, 1), (2, 2, 2), (usize::MAX, 1, 1), (1, usize::MAX, 1)];
        for (start, size, count) in beyond.into_iter().chain([(0, usize::MAX, 2), (0, 1, 0)]) {
            let mut spots = Spots::at(&mut bytes, start, size, count);
            assert!(spots.count() == 0 && spots.get(0).is_none() && spots.into_first().is_none());
        }
    }
}
