//! A lock-free cache of facts about ranges of a file. Committed bytes do not change, so the facts stay true.

use std::any::TypeId;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A lock-free set of u64 keys with a fixed capacity; beyond it, keys displace one another. A displaced key
/// costs time, never correctness. The key 0 is never in the set.
#[derive(Debug)]
pub(crate) struct Known {
    /// A power of two of parts, each of which is allocated when a key is first inserted: a program that opens a
    /// large file for one record does not clear memory for all of its blocks.
    parts: Box<[OnceLock<Box<[AtomicU64]>>]>,
}

impl Known {
    /// The number of slots of the largest set: 1 MiB, enough for files of 16 GiB in blocks of the usual size.
    const MOST_SLOTS: u64 = 1 << 17;
    /// The slots of a part.
    const PART: usize = 512;
    /// The largest distance of a key from its own slot.
    const PROBES: usize = 8;

    /// Creates a set for about `count` keys, within bounds.
    pub(crate) fn new(count: u64) -> Known {
        let slots = count.saturating_mul(2).clamp(1, Known::MOST_SLOTS) as usize;
        let parts = slots.div_ceil(Known::PART).next_power_of_two();
        Known { parts: (0..parts).map(|_| OnceLock::new()).collect() }
    }

    /// Returns the part of a key.
    fn part(&self, key: u64) -> Option<&OnceLock<Box<[AtomicU64]>>> {
        self.parts.get((hash(key) >> 48) as usize & self.parts.len().saturating_sub(1))
    }

    /// Returns whether the key was inserted and not displaced since.
    #[inline]
    pub(crate) fn contains(&self, key: u64) -> bool {
        let Some(part) = self.part(key).and_then(OnceLock::get) else { return false };
        let mut held = slots(part, key).map(|slot| slot.load(Ordering::Relaxed));
        held.find(|held| [0, key].contains(held)) == Some(key) && key != 0
    }

    /// Inserts the key into the first free slot, or into its own.
    pub(crate) fn insert(&self, key: u64) {
        let Some(part) = self.part(key) else { return };
        let part = part.get_or_init(|| bytemuck::allocation::zeroed_slice_box(Known::PART));
        let free = slots(part, key).find(|slot| [0, key].contains(&slot.load(Ordering::Relaxed)));
        free.or_else(|| slots(part, key).next()).inspect(|slot| slot.store(key, Ordering::Relaxed));
    }
}

/// Returns the slots of its part in which a key may be, its own first.
fn slots(part: &[AtomicU64], key: u64) -> impl Iterator<Item = &AtomicU64> {
    let own = (hash(key) >> 32) as usize;
    (0..Known::PROBES).filter_map(move |probe| part.get(own.wrapping_add(probe) % Known::PART))
}

/// Computes the slot by Fibonacci hashing, because keys are multiples of large powers of two.
fn hash(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The keys of ranges that are valid values of a type, for each of a few types of the program.
#[derive(Debug)]
pub(super) struct KnownRanges {
    /// The expected number of ranges of one type.
    pub(super) count: u64,
    pub(super) types: [OnceLock<(TypeId, Known)>; 12],
}

impl KnownRanges {
    /// Returns the keys of a type; `None` if there are too many types.
    pub(super) fn of<T: ?Sized + 'static>(&self) -> Option<&Known> {
        let id = TypeId::of::<T>();
        let mut known = self.types.iter().map(|slot| slot.get_or_init(|| (id, Known::new(self.count))));
        known.find_map(|(own, known)| (*own == id).then_some(known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_keys_are_exact() {
        let known = Known::new(1);
        for key in 1..1000 {
            known.insert(key << 29);
            assert!(known.contains(key << 29) && !known.contains((key << 29) | 1));
        }
        assert!(!known.contains(0));
    }

    #[test]
    fn what_is_known_of_a_type_is_not_known_of_another() {
        let ranges = KnownRanges { count: 1, types: Default::default() };
        ranges.of::<bool>().unwrap().insert(64);
        ranges.of::<str>().unwrap().insert(128);
        let known = |key| [ranges.of::<bool>(), ranges.of::<str>()].map(|known| known.unwrap().contains(key));
        assert_eq!([64, 128].map(known), [[true, false], [false, true]]);
        fn is_kept<T: 'static>(ranges: &KnownRanges) -> bool {
            ranges.of::<T>().is_some()
        }
        let few = [is_kept::<i8>, is_kept::<i16>, is_kept::<i32>, is_kept::<i64>, is_kept::<i128>];
        let more = [is_kept::<u8>, is_kept::<u16>, is_kept::<u32>, is_kept::<u64>, is_kept::<u128>];
        assert!(few.iter().chain(&more).all(|is_kept| is_kept(&ranges)));
        assert!(!is_kept::<char>(&ranges) && is_kept::<u128>(&ranges));
        assert_eq!(known(64), [true, false]);
    }
}
