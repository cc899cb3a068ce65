//! Encodings that the tests of this project ask for, so that streams are read in every encoding and not only in
//! the smallest one. Without the feature `testing`, nothing is asked for.

#[cfg(feature = "testing")]
thread_local! {
    static DICE: std::cell::Cell<Option<u64>> = const { std::cell::Cell::new(None) };
}

/// Picks the encodings of what this thread stores by the numbers that follow from a seed, and keeps columns
/// where rows are smaller; with `None`, both are as FORMAT.md, section 7.4, says.
#[cfg(feature = "testing")]
pub(crate) fn force(seed: Option<u64>) {
    DICE.set(seed);
}

/// Returns whether encodings are picked.
pub(super) fn is_on() -> bool {
    #[cfg(feature = "testing")]
    return DICE.get().is_some();
    #[cfg(not(feature = "testing"))]
    false
}

/// Returns the encoding to try for the next stream, from 0 to 6; `None` for the smallest.
pub(super) fn pick() -> Option<u8> {
    #[cfg(feature = "testing")]
    {
        let next =
            DICE.get()?.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        DICE.set(Some(next));
        Some((next >> 61) as u8).filter(|encoding| *encoding < 7)
    }
    #[cfg(not(feature = "testing"))]
    None
}

/// Stores a stream in the encoding to try, or in the smallest.
pub(super) fn store<T>(store: impl Fn(Option<u8>) -> Option<T>) -> Option<T> {
    pick().and_then(|encoding| store(Some(encoding))).or_else(|| store(None))
}
