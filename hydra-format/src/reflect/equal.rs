//! Equality of values in any representation, and the order of keys (FORMAT.md, section 5.4).

use super::value::MAX_NESTING;
use super::{Scalar, Value};
use crate::schema::{Kind, Variant};
use std::cmp::Ordering;

/// Compares live, stored and dynamic values. They are equal if their types have the same shape (the same
/// kinds and forms, and fields and variants with the same names) and all parts are equal. Floats are compared
/// by their bits. A part of a live value that is stored in another form is equal to nothing.
impl<'b> PartialEq<Value<'b>> for Value<'_> {
    fn eq(&self, other: &Value<'b>) -> bool {
        // Pairs that are nested too deep for the stack.
        let mut later = Vec::new();
        let mut next = Some((*self, *other));
        while let Some((left, right)) = next {
            if !equal(left, right, 0, &mut later) {
                return false;
            }
            next = later.pop();
        }
        true
    }
}

/// Pairs of values that remain to be compared.
type Later<'l, 'r> = Vec<(Value<'l>, Value<'r>)>;

// These functions are recursive, and everything inlined into them costs stack at every level. Therefore they
// use loops instead of iterators, open values with one part without recursion, and keep parts in separate
// functions.
fn equal<'l, 'r>(
    mut left: Value<'l>,
    mut right: Value<'r>,
    mut depth: usize,
    later: &mut Later<'l, 'r>,
) -> bool {
    loop {
        if let Some(equal) = alike_in_count(left, right) {
            return equal;
        }
        if depth > MAX_NESTING {
            later.push((left, right));
            return true;
        }
        match left.kind() {
            Kind::Map => return equal_entries(left, right, depth, later),
            Kind::Newtype | Kind::Box | Kind::Option if left.count() > 0 => match left.twins(0, right) {
                Some(inside) => (left, right) = inside,
                None => return false,
            },
            _ => return equal_parts(left, right, depth, later),
        }
        depth = depth.saturating_add(1);
    }
}

/// Returns whether two values are equal, as far as their number of parts decides it.
#[inline(never)]
fn alike_in_count(left: Value<'_>, right: Value<'_>) -> Option<bool> {
    alike(left, right).or_else(|| (left.count() != right.count()).then_some(false))
}

/// Returns whether two values are equal, as far as that can be decided without their parts.
pub(super) fn alike(left: Value<'_>, right: Value<'_>) -> Option<bool> {
    let same_type = left.kind() == right.kind() && left.ty().form() == right.ty().form();
    if !same_type || left.is_encoded() || right.is_encoded() {
        return Some(false);
    }
    Some(match (left.scalar(), right.scalar()) {
        // A live number that cannot be stored, such as a Decimal with too many places.
        (Scalar::None, Scalar::None) if left.kind().is_integer() => false,
        (Scalar::None, Scalar::None) => {
            let same_variant = left.variant().map(Variant::name) == right.variant().map(Variant::name);
            return if same_variant { None } else { Some(false) };
        }
        (Scalar::F32(left), Scalar::F32(right)) => left.to_bits() == right.to_bits(),
        (Scalar::F64(left), Scalar::F64(right)) => left.to_bits() == right.to_bits(),
        (left, right) => left == right,
    })
}

fn equal_entries<'l, 'r>(left: Value<'l>, right: Value<'r>, depth: usize, later: &mut Later<'l, 'r>) -> bool {
    let (Ok(left), Ok(right)) = (left.entries(), right.entries()) else { return false };
    let depth = depth.saturating_add(1);
    let mut pairs = left.zip(right);
    pairs.all(|(left, right)| equal(left.0, right.0, depth, later) && equal(left.1, right.1, depth, later))
}

fn equal_parts<'l, 'r>(left: Value<'l>, right: Value<'r>, depth: usize, later: &mut Later<'l, 'r>) -> bool {
    if left.kind() == Kind::Set {
        // Access by index would search a live set again for each part.
        return equal_entries(left, right, depth, later);
    }
    for index in 0..left.count() {
        match left.twins(index, right) {
            Some((left, right)) if equal(left, right, depth.saturating_add(1), later) => {}
            _ => return false,
        }
    }
    true
}

impl<'a> Value<'a> {
    /// Returns the part of another value that corresponds to the part at `index`: the field with its name, or
    /// the element with its index.
    pub(super) fn twin<'b>(self, index: usize, other: Value<'b>) -> Option<Value<'b>> {
        match self.own_fields().get(index) {
            Some(field) => other.field_near(index, field.name()),
            None => other.part(index),
        }
    }

    #[inline(never)]
    fn twins<'b>(self, index: usize, other: Value<'b>) -> Option<(Value<'a>, Value<'b>)> {
        Some((self.part(index)?, self.twin(index, other)?))
    }
}

/// Compares two keys of a map or members of a set, in any representation.
pub(crate) fn compare_keys(left: Value<'_>, right: Value<'_>) -> Ordering {
    let (left, right) = (left.through(), right.through());
    if let (Some(one), Some(other)) = (left.variant(), right.variant()) {
        // Tags of kind u128 are stored as their bits.
        let unsigned = left.ty().tag() == Some(Kind::U128);
        return if unsigned {
            (one.tag() as u128).cmp(&(other.tag() as u128))
        } else {
            one.tag().cmp(&other.tag())
        };
    }
    match (left.scalar(), right.scalar()) {
        (Scalar::Bool(left), Scalar::Bool(right)) => left.cmp(&right),
        (Scalar::Char(left), Scalar::Char(right)) => left.cmp(&right),
        (Scalar::Int(left), Scalar::Int(right)) => left.cmp(&right),
        (Scalar::Uint(left), Scalar::Uint(right)) => left.cmp(&right),
        (Scalar::Str(left), Scalar::Str(right)) => left.cmp(right),
        (Scalar::Bytes(left), Scalar::Bytes(right)) => left.cmp(right),
        _ => {
            let mut pairs = left.parts().zip(right.parts());
            let unequal =
                pairs.find_map(|(left, right)| Some(compare_keys(left.1, right.1)).filter(|o| o.is_ne()));
            unequal.unwrap_or_else(|| left.count().cmp(&right.count()))
        }
    }
}

/// Compares a key with a key given as text.
pub(super) fn compare_text(key: Value<'_>, text: &str) -> Ordering {
    let parsed = |ordering: Option<Ordering>| ordering.unwrap_or(Ordering::Less);
    match key.scalar() {
        Scalar::Str(key) => key.cmp(text),
        Scalar::Bytes(key) => key.cmp(text.as_bytes()),
        Scalar::Char(key) => (*key.encode_utf8(&mut [0; 4])).cmp(text),
        Scalar::Bool(key) => parsed(text.parse().ok().map(|text| key.cmp(&text))),
        Scalar::Int(key) => parsed(text.parse().ok().map(|text| key.cmp(&text))),
        Scalar::Uint(key) => parsed(text.parse().ok().map(|text| key.cmp(&text))),
        _ => Ordering::Less,
    }
}
