//! The representation of the view of a struct: the parts of an [`At`] that its type needs.

use crate::layout::rows::At;
use crate::memory::{Describe, Text};

/// The maximum size of a value whose length is part of its type.
const MOST: usize = 4096;

/// The bytes that a truncated value reads as.
static ZEROS: [u8; MOST] = [0; MOST];

/// A stored value of a known type: its bytes, and the regions that its references point into. A type of at
/// most 4,096 bytes has `OWN` bytes, and the length is not stored. A larger type has its bytes in `long`. A
/// type without references has no `regions`.
#[derive(Clone, Copy)]
pub struct Slim<'a, const OWN: usize, const LONG: usize, const REFS: usize> {
    own: &'a [u8; OWN],
    long: [&'a [u8]; LONG],
    regions: [(&'a [u8], Text<'a>); REFS],
}

/// Returns the size of a `T` if it is at most 4,096 bytes; otherwise 0.
pub const fn own<T: Describe>() -> usize {
    if T::SIZE > MOST { 0 } else { T::SIZE }
}

/// Returns 1 if a `T` is larger than 4,096 bytes.
pub const fn long<T: Describe>() -> usize {
    (T::SIZE > MOST) as usize
}

/// Returns 1 if a `T` has references.
pub const fn regions<T: Describe>() -> usize {
    T::REFS as usize
}

#[cold]
fn absent<'a, const OWN: usize>() -> &'a [u8; OWN] {
    const { ZEROS.first_chunk().expect("`own` returns at most this") }
}

impl<'a, const OWN: usize, const LONG: usize, const REFS: usize> Slim<'a, OWN, LONG, REFS> {
    /// Makes the representation of the value at `at`.
    #[inline(always)]
    pub fn new(at: At<'a>) -> Self {
        let own = at.bytes().first_chunk().unwrap_or_else(absent);
        Slim { own, long: [at.bytes(); LONG], regions: [at.regions(); REFS] }
    }

    /// Returns the value as an [`At`].
    #[inline(always)]
    pub fn at(self) -> At<'a> {
        let (heap, text) = self.regions.first().copied().unwrap_or_default();
        At::new(self.long.first().copied().unwrap_or(self.own), heap, text)
    }
}
