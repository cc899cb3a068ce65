//! Whether a live value, or one that exists only as data, may replace another: invariants, read-only fields,
//! and the types that contain any.

use super::encode::too_deep;
use super::path::{PathSegment, PathStack};
use super::types::Type;
use super::value::{MAX_NESTING, Repr};
use super::{Parts, Value, Why};
use crate::schema::{Kind, Note, Variant};
use crate::{Error, ErrorKind, Result};
use std::collections::{HashSet, VecDeque};

/// Turns an error of a new value into the reason for refusing it.
#[cold]
pub(super) fn refused(error: Error) -> Error {
    let why = match error.kind() {
        ErrorKind::WrongKind | ErrorKind::TypeMismatch => Why::WrongKind,
        ErrorKind::OutOfRange | ErrorKind::BadValue => Why::OutOfRange,
        ErrorKind::BadUtf8 => Why::BadUtf8,
        _ => return error,
    };
    error.because(why).or_help(why.hint())
}

/// Returns true for a note that a field, or the field of a newtype, may never change.
pub(super) fn is_read_only(notes: &[Note]) -> bool {
    notes.iter().any(|note| matches!(note, Note::ReadOnly))
}

/// Returns the type and all types in it, each once, from the outside to the inside.
pub(super) fn within<'a>(ty: Type<'a>) -> impl Iterator<Item = Type<'a>> {
    let mut open = VecDeque::from([ty]);
    let mut seen = HashSet::new();
    std::iter::from_fn(move || {
        loop {
            let ty = open.pop_front()?;
            // Scalars contain no other types.
            if ty.kind() > Kind::Bytes && seen.insert(std::ptr::from_ref(ty.ty).addr()) {
                open.extend(ty.ty.children().map(|reference| ty.resolve(reference)));
                return Some(ty);
            }
        }
    })
}

pub(super) fn has_invariant(ty: Type<'_>) -> bool {
    ty.notes().iter().any(|note| matches!(note, Note::Invariant))
}

/// Returns true if values of the type are stored without references.
pub(super) fn is_in_place(ty: Type<'_>) -> bool {
    let refers = |ty: Type<'_>| ty.kind().is_reference();
    !refers(ty) && within(ty).all(|ty| !ty.ty.children().any(|child| refers(ty.resolve(child))))
}

/// Returns true if the type, or one in it, has an invariant or a read-only field. Only then is a new value
/// checked.
pub(super) fn is_guarded(ty: Type<'_>) -> bool {
    within(ty).any(|ty| {
        let mut fields = ty.ty.fields().iter().chain(ty.ty.variants().iter().flat_map(Variant::fields));
        has_invariant(ty) || is_read_only(ty.notes()) || fields.any(|field| is_read_only(field.notes()))
    })
}

/// Returns an error if the new value breaks an invariant or changes a read-only field of the old one.
#[inline]
pub(super) fn accept(old: Value<'_>, new: Value<'_>) -> Result<()> {
    if new.kind() <= Kind::Bytes || !is_guarded(new.typed()) {
        return Ok(());
    }
    keeps_read_only(old, new, &PathStack::ROOT)?;
    check_all(new, 0)
}

/// Returns an error if the value is live and its type has an invariant that refuses it.
pub(super) fn check_one(value: Value<'_>) -> Result<()> {
    let Repr::Live(live, _) = value.0 else { return Ok(()) };
    let refused = |why: String| {
        let what = format!("{}: {why}", value.type_text());
        Error::new(ErrorKind::NotSettable).what(what).because(Why::Invariant).help(Why::Invariant.hint())
    };
    live.invariant().map_err(refused)
}

fn check_all(value: Value<'_>, depth: usize) -> Result<()> {
    if !is_guarded(value.typed()) {
        return Ok(());
    }
    if depth > MAX_NESTING {
        return Err(too_deep());
    }
    check_one(value)?;
    let depth = depth.saturating_add(1);
    if value.kind() == Kind::Map {
        let mut entries = value.entries().into_iter().flatten();
        entries.try_for_each(|(key, _)| check_all(key, depth))?;
    }
    Parts::new(value).try_for_each(|(_, part)| check_all(part, depth))
}

/// Returns an error if a read-only field that both values have differs between them.
fn keeps_read_only(old: Value<'_>, new: Value<'_>, stack: &PathStack<'_>) -> Result<()> {
    let same_place = matches!(
        old.kind(),
        Kind::Struct | Kind::Tuple | Kind::Enum | Kind::Newtype | Kind::Box | Kind::Option | Kind::Array
    );
    if !same_place || old.variant_index() != new.variant_index() {
        return Ok(());
    }
    stack.within_limit()?;
    let newtype = old.kind() == Kind::Newtype && is_read_only(old.ty().notes());
    let variant = old.own_variant().map(|variant| stack.to(PathSegment::Variant(variant.name())));
    let stack = variant.as_ref().unwrap_or(stack);
    for (index, (field, part)) in Parts::new(old).enumerate() {
        let Some(twin) = new.part(index) else { continue };
        let stack = stack.to(old.segment(index));
        let fixed = newtype || field.is_some_and(|field| is_read_only(field.notes()));
        if fixed && part != twin {
            let error = Error::from(Why::ReadOnlyField).expected(part.to_string()).found(twin.to_string());
            return Err(error.path(stack.path()));
        }
        keeps_read_only(part, twin, &stack)?;
    }
    Ok(())
}
