//! What was found out about ranges of a file, remembered without locks: what is committed does not change, so it stays true.

use super::Describe;
use std::any::TypeId;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Remembers u64 keys without locks, up to a fixed number; beyond it, keys displace one another.
/// Forgetting costs time, never correctness. The key 0 is never known.
#[derive(Debug)]
pub(crate) struct Known {
    /// The slots, made a part at a time: who looks at one block of a large file needs but one.
    parts: Box<[OnceLock<Box<[AtomicU64]>>]>,
    /// Slots of a part.
    width: usize,
}

impl Known {
    /// Slots of the largest table: 1 MiB, enough for files of 16 GiB in blocks of the usual size.
    const MOST_SLOTS: u64 = 1 << 17;
    /// Slots of a part, at most.
    const PART: usize = 512;
    /// How far from its own slot a key may be.
    const PROBES: usize = 8;

    /// Room for `count` keys, within bounds.
    pub(crate) fn new(count: u64) -> Known {
        let slots = count.saturating_mul(2).clamp(64, Known::MOST_SLOTS).next_power_of_two() as usize;
        let parts = slots.div_ceil(Known::PART);
        Known { parts: (0..parts).map(|_| OnceLock::new()).collect(), width: slots.min(Known::PART) }
    }

    /// The part of a key.
    fn part(&self, key: u64) -> Option<&OnceLock<Box<[AtomicU64]>>> {
        self.parts.get((hash(key) >> 48) as usize & self.parts.len().saturating_sub(1))
    }

    /// The slots of its part in which a key may be, its own first.
    fn slots(part: &[AtomicU64], key: u64) -> impl Iterator<Item = &AtomicU64> {
        let (own, mask) = ((hash(key) >> 32) as usize, part.len().saturating_sub(1));
        (0..Known::PROBES).filter_map(move |probe| part.get(own.wrapping_add(probe) & mask))
    }

    /// True if the key was inserted and not displaced since.
    #[inline]
    pub(crate) fn contains(&self, key: u64) -> bool {
        let Some(part) = self.part(key).and_then(OnceLock::get) else { return false };
        let found =
            |slot: &AtomicU64| Some(slot.load(Ordering::Relaxed)).filter(|&held| held == key || held == 0);
        Known::slots(part, key).find_map(found).is_some_and(|held| held == key && key != 0)
    }

    /// Remembers the key, in the first free slot, or in its own.
    pub(crate) fn insert(&self, key: u64) {
        let Some(part) = self.part(key) else { return };
        let part = part.get_or_init(|| bytemuck::allocation::zeroed_slice_box(self.width));
        let free = Known::slots(part, key).find(|slot| [0, key].contains(&slot.load(Ordering::Relaxed)));
        if let Some(slot) = free.or_else(|| Known::slots(part, key).next()) {
            slot.store(key, Ordering::Relaxed);
        }
    }
}

/// Fibonacci hashing: keys are multiples of large powers of two.
fn hash(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// For each of a few types of the program, the keys of ranges that are valid values of it.
#[derive(Debug, Default)]
pub(super) struct KnownValues {
    types: [OnceLock<(TypeId, Known)>; 8],
}

impl KnownValues {
    /// Those of a type, made with room for `count` keys when they are first asked for; none if there are too many types.
    pub(super) fn of<T: Describe>(&self, count: u64) -> Option<&Known> {
        let id = TypeId::of::<T>();
        let mut known = self.types.iter().map(|slot| slot.get_or_init(|| (id, Known::new(count))));
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
        let values = KnownValues::default();
        values.of::<bool>(1).unwrap().insert(64);
        values.of::<char>(1).unwrap().insert(128);
        let known = |key| [values.of::<bool>(1), values.of::<char>(1)].map(|known| known.unwrap().contains(key));
        assert_eq!([64, 128].map(known), [[true, false], [false, true]]);
        fn fill<T: Describe>(values: &KnownValues) -> bool {
            values.of::<T>(1).is_some()
        }
        let more = [fill::<u8>, fill::<u16>, fill::<u32>, fill::<u64>, fill::<i8>, fill::<i16>, fill::<i32>];
        assert_eq!(more.map(|fill| fill(&values)), [true, true, true, true, true, true, false]);
        assert_eq!(known(64), [true, false]);
    }
}
