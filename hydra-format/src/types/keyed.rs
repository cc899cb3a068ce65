//! Maps and sets, which are written in the order of their keys, whatever their order in memory.

use super::{listed, shown};
use crate::layout::rows::reflect::{Part, PartMut, Reflect};
use crate::layout::rows::{
    At, DebugView, EncodedRecord, Hydra, MapView, Measure, Run, SetView, Sink, apart_times, part,
};
use crate::memory::pair_layout;
use crate::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

/// Returns entries or members in the order of their keys.
fn sorted<E, K: Hydra>(entries: impl Iterator<Item = E>, key: impl Fn(&E) -> &K) -> Vec<E> {
    let mut entries: Vec<E> = entries.collect();
    entries.sort_by(|left, right| key(left).order(key(right)));
    entries
}

/// Returns a map's entries in the order of their keys. Maps and sets share the sorting code.
fn entries<'a, K: Hydra, V>(entries: impl Iterator<Item = (&'a K, &'a V)>) -> Vec<(&'a K, &'a V)> {
    sorted(entries, |entry| entry.0)
}

fn members<'a, T: Hydra>(members: impl Iterator<Item = &'a T>) -> Vec<&'a T> {
    sorted(members, |member| *member)
}

/// Reports keys that differ in the program but are equal on disk: such a map cannot be written.
fn refuse_equal<'a, K: Hydra>(mut keys: impl Iterator<Item = &'a K>, measure: &mut Measure) {
    let Some(mut last) = keys.next() else { return };
    for key in keys {
        if last.order(key).is_ge() {
            return measure.fail(|| {
                Error::new(ErrorKind::CannotEncode)
                    .what("two keys of a map or set are equal on disk")
                    .found(format!("{} twice", key_text(key)))
                    .help("keys are compared by their stored value, not by the type's own Eq")
            });
        }
        last = key;
    }
}

/// Returns the text of a key as it is read back.
fn key_text<K: Hydra>(key: &K) -> String {
    match EncodedRecord::of(key) {
        Ok(stored) => format!("{:?}", DebugView::<K>(K::view(stored.at()))),
        Err(_) => "a key".to_string(),
    }
}

fn measure_map<'a, K: Hydra, V: Hydra>(entries: impl Iterator<Item = (&'a K, &'a V)>, measure: &mut Measure) {
    let entries = self::entries(entries);
    refuse_equal(entries.iter().map(|entry| entry.0), measure);
    let layout = pair_layout::<K, V>();
    measure.array(layout.align, layout.size, entries.len());
    if !entries.is_empty() {
        measure.nested(|measure| {
            for (key, value) in entries {
                key.measure(measure);
                value.measure(measure);
            }
        });
    }
}

fn encode_map<'a, K: Hydra, V: Hydra>(
    entries: impl Iterator<Item = (&'a K, &'a V)>,
    slot: &mut [u8],
    sink: &mut Sink<'_>,
) {
    let entries = self::entries(entries);
    let layout = pair_layout::<K, V>();
    let target = sink.array(slot, layout.align, layout.size, entries.len());
    for (slot, (key, value)) in target.chunks_exact_mut(layout.size).zip(entries) {
        key.encode(part(slot, 0, K::SIZE), sink);
        value.encode(part(slot, layout.offsets[1] as usize, V::SIZE), sink);
    }
}

fn measure_set<'a, T: Hydra>(members: impl Iterator<Item = &'a T>, measure: &mut Measure) {
    let members = self::members(members);
    refuse_equal(members.iter().copied(), measure);
    measure.array(T::ALIGN, T::SIZE, members.len());
    if !members.is_empty() {
        measure.nested(|measure| members.iter().for_each(|member| member.measure(measure)));
    }
}

fn encode_set<'a, T: Hydra>(members: impl Iterator<Item = &'a T>, slot: &mut [u8], sink: &mut Sink<'_>) {
    let members = self::members(members);
    let target = sink.array(slot, T::ALIGN, T::SIZE, members.len());
    for (slot, member) in target.chunks_exact_mut(T::SIZE).zip(members) {
        member.encode(slot, sink);
    }
}

fn decode_entries<K: Hydra, V: Hydra>(run: Run<'_>) -> impl Iterator<Item = Result<(K, V)>> {
    let layout = pair_layout::<K, V>();
    let entry = move |at: At<'_>| Ok((at.decode(0)?, at.decode(layout.offsets[1] as usize)?));
    run.elements(layout.size).map(entry)
}

macro_rules! map {
    ($($ty:ty, [$($generics:tt)*];)*) => {$(
        impl<$($generics)*> Reflect for $ty {
            fn count(&self) -> usize {
                self.len()
            }

            fn entries(&self) -> Vec<(Part<'_>, Part<'_>)> {
                entries(self.iter()).into_iter().map(|(key, value)| (Part::of(key), Part::of(value))).collect()
            }

            fn part_mut(&mut self, index: usize) -> Option<PartMut<'_>> {
                let entries = sorted(self.iter_mut(), |entry| entry.0);
                entries.into_iter().nth(index).map(|(_, value)| PartMut::of(value))
            }

            fn measure(&self, measure: &mut Measure) {
                measure_map(self.iter(), measure);
            }

            fn encode(&self, slot: &mut [u8], sink: &mut Sink<'_>) {
                encode_map(self.iter(), slot, sink);
            }
        }

        impl<$($generics)*> Hydra for $ty {
            type View<'a> = MapView<'a, K, V>;
            listed!();
            shown!();

            #[inline]
            fn view(at: At<'_>) -> MapView<'_, K, V> {
                MapView::new(at.referenced(pair_layout::<K, V>().size))
            }

            fn decode(at: At<'_>) -> Result<Self> {
                let run = at.referenced(pair_layout::<K, V>().size);
                if run.count() == 0 {
                    return Ok(Self::default());
                }
                let larger = if size_of::<K>() > size_of::<V>() { K::TYPE } else { V::TYPE };
                apart_times::<(K, V), _>(4, larger, || decode_entries(run).collect())
            }
        }
    )*};
}
map! {
    BTreeMap<K, V>, [K: Hydra + Ord, V: Hydra];
    HashMap<K, V, S>, [K: Hydra + Eq + Hash, V: Hydra, S: BuildHasher + Default + 'static];
}

macro_rules! set {
    ($($ty:ty, [$($generics:tt)*];)*) => {$(
        impl<$($generics)*> Reflect for $ty {
            fn count(&self) -> usize {
                self.len()
            }

            fn entries(&self) -> Vec<(Part<'_>, Part<'_>)> {
                members(self.iter()).into_iter().map(|member| (Part::of(member), Part::of(member))).collect()
            }

            fn measure(&self, measure: &mut Measure) {
                measure_set(self.iter(), measure);
            }

            fn encode(&self, slot: &mut [u8], sink: &mut Sink<'_>) {
                encode_set(self.iter(), slot, sink);
            }
        }

        impl<$($generics)*> Hydra for $ty {
            type View<'a> = SetView<'a, T>;
            listed!();
            shown!();

            #[inline]
            fn view(at: At<'_>) -> SetView<'_, T> {
                SetView::new(at.run::<T>())
            }

            fn decode(at: At<'_>) -> Result<Self> {
                let run = at.run::<T>();
                if run.count() == 0 {
                    return Ok(Self::default());
                }
                apart_times::<T, _>(4, T::TYPE, || run.elements(T::SIZE).map(T::decode).collect())
            }
        }
    )*};
}
set! {
    BTreeSet<T>, [T: Hydra + Ord];
    HashSet<T, S>, [T: Hydra + Eq + Hash, S: BuildHasher + Default + 'static];
}
