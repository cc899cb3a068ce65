//! Values to payload bytes and back: layout, encoding, views and validation. It knows nothing about files.
#![forbid(unsafe_code)]

mod at;
mod facts;
mod image;
mod impls;
mod sink;
mod validate;
mod views;
mod with;

pub use at::{At, Run};
pub use image::{from_bytes, to_bytes, to_bytes_checked, view};
pub(crate) use sink::{MAX_DEPTH, part, put};
pub use sink::{Measure, Sink};
pub use validate::{Fault, Parts, Validator};
pub use views::{Boxed, ListView, MapView, SetView};
pub use with::{As, With};

pub(crate) use facts::{TypeFacts, facts_of};
pub(crate) use image::{encode_after, encode_payload, open_payload};

use crate::__private::{Facts, Fields};
use crate::describe::TypeRef;
use crate::raw::Describe;
use crate::reflect::Reflect;
use crate::{Result, Value};
use std::cmp::Ordering;

/// A type that can be written to and read from Hydra files. Derive it:
///
/// ```
/// #[derive(hydra::Hydra)]
/// struct Log {
///     time: u64,
///     text: String,
/// }
/// ```
///
/// The methods are what the derive writes and the library calls; programs use
/// [`Writer`](crate::Writer), [`Reader`](crate::Reader) and the functions of the crate root.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in a Hydra file",
    label = "`Hydra` is not implemented for `{Self}`",
    note = "if `{Self}` is a type of this crate, add `#[derive(Hydra)]` to it",
    note = "for a field of another type: `#[hydra(skip)]` leaves it out, `#[hydra(with = ..)]` converts it, and \
            `#[hydra(as = u64)]` stores it as another type by `TryFrom`; usize and isize need this"
)]
pub trait Hydra: Describe + Reflect {
    /// How a stored value is read in place: numbers by value, text as `&str`, structs as views.
    type View<'a>;

    /// How a run of stored values is read in place: `&[Self]` for plain types, else a [`ListView`].
    type List<'a>;

    /// The view of the value at `at`. Total: any bytes give some view, never a panic.
    fn view<'a>(at: At<'a>) -> Self::View<'a>;

    /// The view of a run of values.
    fn list<'a>(run: Run<'a>) -> Self::List<'a>;

    /// The owned value at `at`. An error if the value has no counterpart in this program.
    fn decode(at: At<'_>) -> Result<Self>;

    /// Keys: compares the stored value at `at` with a live one, in the order of FORMAT.md, section 5.4.
    fn compare(at: At<'_>, key: &Self) -> Ordering {
        let _ = (at, key);
        Ordering::Equal
    }

    /// Keys: compares two live values in that order.
    fn order(&self, other: &Self) -> Ordering {
        let _ = other;
        Ordering::Equal
    }

    // What the derive asks of a field's type: all of it through this trait, by path, so that a type that
    // cannot be stored is reported once. `S` is the type that has the field, `I` the field's position.

    #[doc(hidden)]
    const __FACTS: Facts = Facts::of::<Self>();

    #[doc(hidden)]
    const __TYPE: TypeRef = TypeRef::Live(crate::type_of::<Self>);

    #[doc(hidden)]
    fn __image(value: Self) -> Result<(u32, Vec<u8>)> {
        crate::__private::image(&value)
    }

    #[doc(hidden)]
    fn __value(value: &Self) -> Option<Value<'_>> {
        Some(Value::of(value))
    }

    #[doc(hidden)]
    #[inline]
    fn __view<S: Fields, const I: usize>(at: At<'_>) -> Self::View<'_> {
        at.get::<Self>(const { S::OFFSETS[I] as usize })
    }

    #[doc(hidden)]
    #[inline]
    fn __decode<S: Fields, const I: usize>(at: At<'_>) -> Result<Self> {
        at.decode::<Self>(const { S::OFFSETS[I] as usize })
    }

    #[doc(hidden)]
    #[inline]
    fn __measure(value: &Self, measure: &mut Measure) {
        if Self::REFS {
            value.measure(measure);
        }
    }

    #[doc(hidden)]
    #[inline]
    fn __encode<S: Fields, const I: usize>(value: &Self, slot: &mut [u8], sink: &mut Sink<'_>) {
        value.encode(sink::part(slot, const { S::OFFSETS[I] as usize }, Self::SIZE), sink);
    }
}

/// How a stored `T` is read in place. `View::<Shape>::Circle { r }` works as a pattern.
pub type View<'a, T> = <T as Hydra>::View<'a>;
