//! Descriptors of derived types with their arguments and notes.

use super::field::FieldOf;
use super::fields::Fields;
use crate::Result;
use crate::layout::rows::{Hydra, MAX_BYTES};
use crate::memory::Describe;
use crate::schema::{Arg, AttrValue, Constant, DefaultImage, Descriptor, Field, Kind, Live, Note, TypeRef};
use std::borrow::Cow;

/// A type of a constant parameter, and the kind of its values in a schema.
pub trait ConstParam {
    const KIND: Kind;
}

macro_rules! const_params {
    ($($ty:ident $kind:ident),*) => {$(
        impl ConstParam for $ty {
            const KIND: Kind = Kind::$kind;
        }
    )*};
}
const_params!(bool Bool, char Char, i8 I8, i16 I16, i32 I32, i64 I64, i128 I128, isize I64);
const_params!(u8 U8, u16 U16, u32 U32, u64 U64, u128 U128, usize U64);

/// Makes a constant argument of type `T`.
pub const fn constant<T: ConstParam>(value: i128) -> Arg {
    match Constant::new(T::KIND, value) {
        Some(constant) => Arg::Const(constant),
        None => panic!("a value of its own kind"),
    }
}

/// Makes a type argument.
pub const fn argument<T: Hydra>() -> Arg {
    Arg::Type(FieldOf::<T>::TYPE)
}

/// Makes the descriptor of a type with a name, to which its parts are added.
pub const fn named<T: Describe>(
    kind: Kind,
    name: &'static str,
    args: &'static [Arg],
    notes: &'static [Note],
) -> Descriptor {
    let mut ty = Descriptor::new(kind, T::SIZE, T::ALIGN).of_name(name, args, notes);
    ty.live = Some(Live::of::<T>());
    ty
}

pub const fn doc(text: &'static str) -> Note {
    Note::Doc(Cow::Borrowed(text))
}

pub const fn alias(name: &'static str) -> Note {
    Note::Alias(Cow::Borrowed(name))
}

pub const fn deprecated(text: &'static str) -> Note {
    Note::Deprecated(Cow::Borrowed(text))
}

pub const fn attribute(name: &'static str, value: AttrValue) -> Note {
    Note::Attribute { name: Cow::Borrowed(name), value }
}

pub const fn text(text: &'static str) -> AttrValue {
    AttrValue::Str(Cow::Borrowed(text))
}

/// Makes the default of a field of type `T`.
pub const fn default<T>(make: fn() -> Result<(u32, Vec<u8>)>) -> Note {
    assert!(
        size_of::<T>() <= MAX_BYTES,
        "a default is made on the stack: put a field of more than 128 KiB behind a Box"
    );
    Note::Default(DefaultImage::Live(make))
}

/// Makes the descriptor of field `index` of `S`.
pub const fn field<S: Fields>(
    ty: TypeRef,
    index: usize,
    name: &'static str,
    notes: &'static [Note],
) -> Field {
    let facts = S::FACTS[index];
    Field::new(name, ty, S::OFFSETS[index], if facts.own { facts.live_offset } else { None }, notes)
}
