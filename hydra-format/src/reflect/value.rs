//! A reflected value: live, stored, or data.
#![forbid(unsafe_code)]

use super::{Data, Reflect};
use crate::codec::At;
use crate::describe::{Descriptor, Schema};
use std::any::Any;

/// A value as data: what Go calls a `reflect.Value`.
#[derive(Clone, Copy)]
pub struct Value<'a>(Repr<'a>);

#[derive(Clone, Copy)]
enum Repr<'a> {
    /// A Rust value in memory.
    Live(&'a dyn Reflect),
    /// A Rust value in memory whose stored form is another type.
    Encoded { live: &'a dyn Any, stored: &'static Descriptor },
    /// A value in a payload that was validated. Without a schema, its type is one of the program.
    Stored { at: At<'a>, ty: &'a Descriptor, schema: Option<&'a Schema> },
    /// A value that exists only as data.
    Data { data: &'a Data, ty: &'a Descriptor, schema: &'a Schema },
}

impl<'a> Value<'a> {
    /// The reflection of a live value.
    pub fn of<T: Reflect>(value: &'a T) -> Value<'a> {
        Value(Repr::Live(value))
    }

    /// The part of a live value that is stored under another type.
    #[doc(hidden)]
    pub fn encoded<T: 'static>(live: &'a T, stored: &'static Descriptor) -> Value<'a> {
        Value(Repr::Encoded { live, stored })
    }

    /// A value in a validated payload.
    pub(crate) fn stored(at: At<'a>, ty: &'a Descriptor, schema: Option<&'a Schema>) -> Value<'a> {
        Value(Repr::Stored { at, ty, schema })
    }

    /// A value that exists only as data.
    pub(crate) fn data(data: &'a Data, ty: &'a Descriptor, schema: &'a Schema) -> Value<'a> {
        Value(Repr::Data { data, ty, schema })
    }

    /// Its type.
    pub fn ty(self) -> &'a Descriptor {
        match self.0 {
            Repr::Live(value) => value.descriptor(),
            Repr::Encoded { stored, .. } => stored,
            Repr::Stored { ty, .. } | Repr::Data { ty, .. } => ty,
        }
    }
}

impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.ty().name())
    }
}
