//! The stored fields of a type: their offsets, and the properties that follow from all of them.

use crate::layout::rows::{At, Checked, Hydra};
use crate::memory::Describe;
use crate::schema::{FieldPlaces, struct_layout};
use crate::{Error, ErrorKind, Result};
use std::fmt::{self, Formatter};

/// The facts about a stored field that determine the layout and flatness of its type.
#[derive(Clone, Copy)]
pub struct Facts {
    pub(super) size: usize,
    pub(super) align: usize,
    /// The offset in live memory, if the field is there in its stored type.
    pub(super) live_offset: Option<usize>,
    /// The described type is the field's type in memory.
    pub(super) own: bool,
    pub(super) flat: bool,
    pub(super) any_bits: bool,
    pub(super) refs: bool,
    pub(super) key: bool,
    pub(super) valid: fn(&[u8]) -> bool,
    pub(super) check: Checked,
    pub(super) show: fn(At<'_>, &mut Formatter<'_>) -> fmt::Result,
}

impl Facts {
    /// Returns the facts of a field stored as its own type.
    pub(crate) const fn of<T: Hydra>() -> Facts {
        Facts {
            size: T::SIZE,
            align: T::ALIGN,
            live_offset: None,
            own: !T::TRANSPARENT,
            flat: T::FLAT,
            any_bits: T::ANY_BITS,
            refs: T::REFS,
            key: T::KEY,
            valid: T::valid,
            check: T::check,
            show: |at, f| T::show(&T::view(at), f),
        }
    }

    /// Marks the field as converted: it is never copied as it is, and always measured, since the conversion
    /// may fail.
    pub(crate) const fn converted(self) -> Facts {
        Facts { own: false, flat: false, refs: true, key: false, ..self }
    }

    /// Sets the offset in live memory.
    pub const fn at(self, live_offset: usize) -> Facts {
        Facts { live_offset: Some(live_offset), ..self }
    }
}

/// The stored fields of a type; for an enum, those of all variants in order.
pub trait Fields: Describe {
    const FACTS: &'static [Facts];
    /// The stored offsets.
    const OFFSETS: &'static [u32];
}

pub(super) const fn sizes<S: Fields, const N: usize>() -> [(usize, usize); N] {
    let mut sizes = [(0, 1); N];
    let mut i = 0;
    while i < N {
        sizes[i] = (S::FACTS[i].size, S::FACTS[i].align);
        i += 1;
    }
    sizes
}

/// Computes the stored offsets of the `N` fields of a struct.
pub const fn placed<S: Fields, const N: usize>(min_align: usize) -> FieldPlaces<N> {
    struct_layout(sizes::<S, N>(), min_align)
}

/// Returns true if the fields are laid out in memory as stored, without padding.
pub const fn flat<S: Fields>() -> bool {
    let mut sum = 0;
    let mut i = 0;
    while i < S::FACTS.len() {
        let facts = S::FACTS[i];
        match facts.live_offset {
            Some(offset) if facts.flat && offset == S::OFFSETS[i] as usize => sum += facts.size,
            _ => return false,
        }
        i += 1;
    }
    sum == S::SIZE && size_of::<S>() == S::SIZE
}

/// Combines the facts of all fields: any bits are valid in each, one has references, each is a key.
const fn together<S: Fields>() -> (bool, bool, bool) {
    let mut any_bits = !S::FACTS.is_empty();
    let mut refs = false;
    let mut key = true;
    let mut i = 0;
    while i < S::FACTS.len() {
        any_bits &= S::FACTS[i].any_bits;
        refs |= S::FACTS[i].refs;
        key &= S::FACTS[i].key;
        i += 1;
    }
    (any_bits, refs, key)
}

/// Returns true if any bits are valid in every field.
pub const fn any_bits<S: Fields>() -> bool {
    together::<S>().0
}

/// Returns true if a field has references.
pub const fn refs<S: Fields>() -> bool {
    together::<S>().1
}

/// Returns true if every field is a key.
pub const fn key<S: Fields>() -> bool {
    together::<S>().2
}

/// Returns true if the bytes of every field are valid.
pub fn valid<S: Fields>(bytes: &[u8]) -> bool {
    S::FACTS.iter().zip(S::OFFSETS).all(|(facts, &offset)| {
        let field = bytes.get(offset as usize..).and_then(|rest| rest.get(..facts.size));
        facts.any_bits || field.is_some_and(facts.valid)
    })
}

/// Returns the stored offset of field `I` of `S`.
#[inline]
pub fn offset<S: Fields, const I: usize>() -> usize {
    const { S::OFFSETS[I] as usize }
}

/// Returns true if a slot is too short for an `S`. Checking this first lets the compiler omit a check for
/// each field.
#[inline]
pub fn is_short<S: Describe>(slot: &[u8]) -> bool {
    slot.len() < S::SIZE
}

/// Returns an error if the bytes are too short for an `S`.
#[inline]
pub fn whole<S: Describe>(at: At<'_>) -> Result<()> {
    if is_short::<S>(at.bytes()) { Err(Error::new(ErrorKind::BadReference)) } else { Ok(()) }
}

/// Fails to compile if field `index` of a plain type is not in memory as it is stored. `why` has the
/// messages: its type is not plain, it is not at its stored offset, there is padding before it.
#[track_caller]
pub const fn plain_field<S: Fields>(index: usize, why: [&str; 3]) {
    let facts = S::FACTS[index];
    if !facts.flat {
        panic!("{}", why[0]);
    }
    let Some(offset) = facts.live_offset else { panic!("{}", why[0]) };
    let end = if index == 0 { 0 } else { S::OFFSETS[index - 1] as usize + S::FACTS[index - 1].size };
    if S::OFFSETS[index] as usize != end {
        panic!("{}", why[2]);
    }
    if offset != S::OFFSETS[index] as usize {
        panic!("{}", why[1]);
    }
}

/// Fails to compile if a plain type as a whole is not in memory as it is stored.
#[track_caller]
pub const fn plain_type<S: Fields>(why: &str) {
    let mut end = 0;
    let mut i = 0;
    while i < S::FACTS.len() {
        end = S::OFFSETS[i] as usize + S::FACTS[i].size;
        i += 1;
    }
    if i > 0 && end != S::SIZE {
        panic!("{}", why);
    }
    assert!(
        size_of::<S>() >= S::SIZE && align_of::<S>() <= S::ALIGN,
        "a plain type is laid out as it is stored"
    );
}
