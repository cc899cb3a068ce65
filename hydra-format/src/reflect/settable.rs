//! Why a value cannot be changed: one reason a variant, each with the way out. It knows types, no values.
#![forbid(unsafe_code)]

use super::types::Type;
use crate::describe::{Kind, Note, Variant};
use crate::{Error, ErrorKind};
use std::collections::{HashSet, VecDeque};
use std::fmt;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $name:ident = $what:literal, $hint:literal;)*) => {
        /// Why a value cannot be changed through reflection, or not to this value.
        ///
        /// | reason | where |
        /// | --- | --- |
        /// | `Private`, `Skipped`, `Encoded`, `Shared`, `Invariant` | live values only |
        /// | `ReadOnlySource` | values that are lent to be looked at |
        /// | `Locked` | files that another writer has: there is no value yet |
        /// | all others | everywhere |
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Why { $($(#[doc = $doc])* $name,)* }

        impl Why {
            /// The reason in words.
            pub const fn summary(self) -> &'static str {
                match self { $(Why::$name => $what,)* }
            }

            /// The way out.
            pub const fn hint(self) -> &'static str {
                match self { $(Why::$name => $hint,)* }
            }
        }
    };
}
reasons! {
    /// The value was only lent to be looked at.
    ReadOnlySource = "it is only lent for reading",
        "change a live value with ValueMut::of, a copy with to_dynamic(), a record in a file with an Editor";
    /// The field, or one that holds it, is `#[hydra(readonly)]`.
    ReadOnlyField = "it is in a field marked readonly",
        "only the program that owns the type may change it";
    /// The field, or one that holds it, is not `pub`.
    Private = "it is in a private field of a live value",
        "add #[hydra(settable)] to the field or the type, or change a copy: to_dynamic()";
    /// The field is not stored, so that reflection does not see it.
    Skipped = "the field is skipped and no part of the value", "set it in the program, by its own name";
    /// The field is stored as another type than it has in memory.
    Encoded = "the field is stored as another type than it has in memory",
        "set the value that holds it with set_value(), or change a copy: to_dynamic()";
    /// Others hold the same value, behind Rc or Arc.
    Shared = "it is behind Rc or Arc", "set the pointer as a whole: those that share the old value keep it";
    /// A key of a map, a member of a set, or a part of one: their order depends on it.
    MapKey = "it is a key of a map or a member of a set", "set the whole map or set";
    /// The new value has another kind, or another shape.
    WrongKind = "the new value has another kind", "give a value of the kind that was expected";
    /// The new number is not one of the type.
    OutOfRange = "the new value does not fit", "nothing is rounded or wrapped: give a value of the type's range";
    /// The new bytes are not UTF-8.
    BadUtf8 = "the new text is not UTF-8", "strings hold UTF-8 only";
    /// The enum has no such variant, or the variant has fields.
    BadVariant = "the enum has no such variant", "give the name of a variant, or a whole value with its fields";
    /// The type's own check refuses the changed value.
    Invariant = "the invariant of its type refuses it", "set all that belongs together at once, as one value";
    /// Another writer has the file.
    Locked = "another writer has the file", "wait until it is done";
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.summary())
    }
}

impl From<Why> for Error {
    #[cold]
    fn from(why: Why) -> Error {
        Error::new(ErrorKind::NotSettable).because(why).help(why.hint())
    }
}

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
