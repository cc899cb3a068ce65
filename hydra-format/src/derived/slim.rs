//! What the view of a struct holds: as little of an [`At`] as its type needs.

use crate::layout::rows::At;
use crate::memory::{Describe, Text};

/// The most bytes of a value that are known by their place alone.
const MOST: usize = 4096;

/// What a value is read as whose bytes are not all there.
static ZEROS: [u8; MOST] = [0; MOST];

/// A stored value of a type that is known: its bytes, and what its references point into. A type of at most 4,096 bytes
/// has `OWN` bytes, whose number nobody has to hold; any other has its bytes in `long`. A type without references has no
/// `regions`.
#[derive(Clone, Copy)]
pub struct Slim<'a, const OWN: usize, const LONG: usize, const REFS: usize> {
    own: &'a [u8; OWN],
    long: [&'a [u8]; LONG],
    regions: [(&'a [u8], Text<'a>); REFS],
}

/// How many bytes of a `T` are known by their place alone.
pub const fn own<T: Describe>() -> usize {
    if T::SIZE > MOST { 0 } else { T::SIZE }
}

/// One if a `T` has more than that.
pub const fn long<T: Describe>() -> usize {
    (T::SIZE > MOST) as usize
}

/// One if a `T` has references.
pub const fn regions<T: Describe>() -> usize {
    T::REFS as usize
}

#[cold]
fn absent<'a, const OWN: usize>() -> &'a [u8; OWN] {
    const { ZEROS.first_chunk().expect("`own` gives no more") }
}

impl<'a, const OWN: usize, const LONG: usize, const REFS: usize> Slim<'a, OWN, LONG, REFS> {
    /// The value at `at`.
    #[inline(always)]
    pub fn new(at: At<'a>) -> Self {
        let own = at.bytes().first_chunk().unwrap_or_else(absent);
        Slim { own, long: [at.bytes(); LONG], regions: [at.regions(); REFS] }
    }

    /// The value as everything else reads it.
    #[inline(always)]
    pub fn at(self) -> At<'a> {
        let (heap, text) = self.regions.first().copied().unwrap_or_default();
        At::new(self.long.first().copied().unwrap_or(self.own), heap, text)
    }
}
