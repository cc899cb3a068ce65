//! Which types have values that may not be changed to any other: read-only fields and invariants. It knows types, no values.

use super::types::Type;
use crate::error::Why;
use crate::schema::{Kind, Note, Variant};
use crate::{Error, ErrorKind};
use std::collections::{HashSet, VecDeque};

/// What went wrong with a new value, as a reason for not setting it.
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

/// True for the note that a field, or the field of a newtype, is never to be changed.
pub(super) fn is_read_only(notes: &[Note]) -> bool {
    notes.iter().any(|note| matches!(note, Note::ReadOnly))
}

/// The type and those in it, each once, from the outside to the inside.
pub(super) fn within<'a>(ty: Type<'a>) -> impl Iterator<Item = Type<'a>> {
    let (mut open, mut seen) = (VecDeque::from([ty]), HashSet::new());
    std::iter::from_fn(move || {
        loop {
            let ty = open.pop_front()?;
            // Scalars hold nothing.
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

/// True if all of a value of the type stands in its own bytes.
pub(super) fn is_in_place(ty: Type<'_>) -> bool {
    let refers = |ty: Type<'_>| ty.kind().is_reference();
    !refers(ty) && within(ty).all(|ty| !ty.ty.children().any(|child| refers(ty.resolve(child))))
}

/// True if the type, or one in it, has an invariant or a read-only field: only then is a new value looked through.
pub(super) fn is_guarded(ty: Type<'_>) -> bool {
    within(ty).any(|ty| {
        let mut fields = ty.ty.fields().iter().chain(ty.ty.variants().iter().flat_map(Variant::fields));
        has_invariant(ty) || is_read_only(ty.notes()) || fields.any(|field| is_read_only(field.notes()))
    })
}
