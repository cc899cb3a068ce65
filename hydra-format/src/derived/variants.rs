//! The variants of an enum and their tags.

use super::fields::{Fields, sizes};
use crate::layout::rows::reflect::Reflect;
use crate::layout::rows::{At, Cursor, put};
use crate::schema::{Descriptor, FieldPlaces, Kind};
use crate::{Error, ErrorKind, Result};
use std::cmp::Ordering;

/// The variants of an enum.
pub trait Variants: Fields + Reflect {
    const TAG: Kind;
    const TAGS: &'static [i128];
    /// For each variant, the number of fields up to and including it.
    const ENDS: &'static [usize];
}

/// Computes the stored offsets of the `N` fields of an enum's variants.
pub const fn placed_variants<S: Variants, const N: usize>() -> FieldPlaces<N> {
    let tag = S::TAG.fixed_size() as usize;
    FieldPlaces::of(tag, tag, sizes::<S, N>(), S::ENDS)
}

/// Returns true if an enum without fields, with its discriminants under an integer `repr` as tags, consists
/// of its tag alone.
pub const fn flat_enum<S: Variants>() -> bool {
    size_of::<S>() == S::SIZE && S::TAG.fixed_size() as usize == S::SIZE
}

/// Implements `Hydra::check` of an enum.
pub fn check_variant<S: Variants>(bytes: &[u8], cursor: &mut Cursor<'_>, depth: u32) -> bool {
    let Some(index) = position::<S>(At::new(bytes, &[], "").integer(S::TAG)) else { return false };
    let end = S::ENDS.get(index).copied().unwrap_or(0);
    let start = index.checked_sub(1).and_then(|before| S::ENDS.get(before)).copied().unwrap_or(0);
    let (facts, offsets) = (S::FACTS.get(start..end), S::OFFSETS.get(start..end));
    facts.unwrap_or_default().iter().zip(offsets.unwrap_or_default()).all(|(facts, &offset)| {
        let field = bytes.get(offset as usize..).and_then(|rest| rest.get(..facts.size));
        field.is_some_and(|field| (facts.check)(field, cursor, depth))
    })
}

/// Returns true if the bytes are a valid tag.
pub fn valid_tag<S: Variants>(bytes: &[u8]) -> bool {
    position::<S>(At::new(bytes, &[], "").integer(S::TAG)).is_some()
}

/// Returns the smallest unsigned kind that holds all tags, or the smallest signed one if a tag is negative.
pub const fn smallest_tag(tags: &[i128]) -> Kind {
    let mut kinds = [Kind::U8, Kind::U16, Kind::U32, Kind::U64, Kind::U128];
    let mut kind = 0;
    let mut i = 0;
    while i < tags.len() {
        if tags[i] < 0 {
            kinds = [Kind::I8, Kind::I16, Kind::I32, Kind::I64, Kind::I128];
        }
        i += 1;
    }
    i = 0;
    while i < tags.len() {
        // The last kind holds every tag, so there is always a next kind.
        if kinds[kind].holds(tags[i]) { i += 1 } else { kind += 1 }
    }
    kinds[kind]
}

/// Fails to compile if two tags are equal, or if one does not fit into the kind.
#[track_caller]
pub const fn check_tags(kind: Kind, tags: &[i128]) {
    let mut i = 0;
    while i < tags.len() {
        assert!(kind.holds(tags[i]), "a tag of this enum does not fit into its `repr`");
        let mut j = i + 1;
        while j < tags.len() {
            assert!(tags[i] != tags[j], "two variants of this enum have the same tag");
            j += 1;
        }
        i += 1;
    }
}

#[inline]
fn position<S: Variants>(tag: i128) -> Option<usize> {
    if const { is_dense(S::TAGS) } {
        usize::try_from(tag).ok().filter(|&index| index < S::TAGS.len())
    } else {
        S::TAGS.iter().position(|&known| known == tag)
    }
}

const fn is_dense(tags: &[i128]) -> bool {
    let mut i = 0;
    while i < tags.len() {
        if tags[i] != i as i128 {
            return false;
        }
        i += 1;
    }
    true
}

/// Makes a variant in its own stack frame, unless the compiler inlines it.
#[inline]
pub fn apart<S>(make: impl FnOnce() -> Result<S>) -> Result<S> {
    make()
}

/// Returns the position of the stored variant, or 0 for an unknown tag.
#[inline]
pub fn variant_seen<S: Variants>(at: At<'_>) -> usize {
    position::<S>(at.integer(S::TAG)).unwrap_or(0)
}

/// Returns the position of the stored variant.
pub fn variant<S: Variants>(at: At<'_>) -> Result<usize> {
    let tag = at.integer(S::TAG);
    position::<S>(tag).ok_or_else(|| bad_tag(S::TYPE, tag))
}

#[cold]
fn bad_tag(ty: &Descriptor, tag: i128) -> Error {
    let name = ty.name();
    Error::new(ErrorKind::BadValue).expected(format!("the tag of a variant of {name}")).found(tag.to_string())
}

#[inline]
fn live_tag<S: Variants>(value: &S) -> i128 {
    S::TAGS.get(value.variant()).copied().unwrap_or(0)
}

/// Writes the tag of a variant.
#[inline]
pub fn put_tag<S: Variants>(value: &S, slot: &mut [u8]) {
    let bytes = live_tag(value).to_le_bytes();
    put(slot, bytes.get(..S::TAG.fixed_size() as usize).unwrap_or_default());
}

/// Returns the number of fields of the present variant.
pub fn count<S: Variants>(value: &S) -> usize {
    S::TYPE.variants().get(value.variant()).map_or(0, |variant| variant.fields().len())
}

/// Maps tags of any kind to unsigned numbers in the same order.
fn rank<S: Variants>(tag: i128) -> u128 {
    if S::TAG.is_signed() { (tag as u128) ^ (1 << 127) } else { tag as u128 }
}

/// Compares a stored enum without fields with a live one.
pub fn compare_tag<S: Variants>(at: At<'_>, key: &S) -> Ordering {
    rank::<S>(at.integer(S::TAG)).cmp(&rank::<S>(live_tag(key)))
}

/// Compares two live enums without fields.
pub fn order_tags<S: Variants>(left: &S, right: &S) -> Ordering {
    rank::<S>(live_tag(left)).cmp(&rank::<S>(live_tag(right)))
}
