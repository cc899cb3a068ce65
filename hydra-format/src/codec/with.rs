//! Fields that are stored as another type than they have in the program.
#![forbid(unsafe_code)]

use super::sink::part;
use super::{At, Measure, Sink};
use crate::__private::{Facts, Fields};
use crate::describe::TypeRef;
use crate::reflect::Reflect;
use crate::{Describe, Error, ErrorKind, Hydra, Result, Value};
use std::fmt::Display;
use std::marker::PhantomData;

/// How a `T` is stored as another type: `#[hydra(with = Celsius)]` on a field names the type that says so.
///
/// ```
/// use hydra::{Error, ErrorKind, Hydra, Result, With};
///
/// /// Stores an address as text.
/// struct Text;
/// impl With<std::net::IpAddr> for Text {
///     type Stored = String;
///     fn to_stored(value: &std::net::IpAddr) -> Result<String> {
///         Ok(value.to_string())
///     }
///     fn from_stored(stored: String) -> Result<std::net::IpAddr> {
///         stored.parse().map_err(|_| Error::new(ErrorKind::BadValue).expected("an address").found(stored))
///     }
/// }
///
/// #[derive(Hydra)]
/// struct Peer {
///     #[hydra(with = Text)]
///     address: std::net::IpAddr,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how a `{T}` is stored",
    label = "`With<{T}>` is not implemented for `{Self}`",
    note = "implement `hydra::With<{T}>` for it: a stored type, and the conversions both ways"
)]
pub trait With<T: 'static>: Sized + 'static {
    /// The type on disk.
    type Stored: Hydra;

    /// What is stored for a value. It is called twice for each value that is written, and must give the same.
    fn to_stored(value: &T) -> Result<Self::Stored>;

    /// The value for what is stored.
    fn from_stored(stored: Self::Stored) -> Result<T>;

    // What the derive asks of such a field, as of other fields of `Hydra`.

    #[doc(hidden)]
    const __FACTS: Facts = Facts::of::<Self::Stored>().converted();

    #[doc(hidden)]
    const __TYPE: TypeRef = TypeRef::Live(crate::type_of::<Self::Stored>);

    #[doc(hidden)]
    fn __image(value: T) -> Result<(u32, Vec<u8>)> {
        crate::__private::image(&Self::to_stored(&value)?)
    }

    #[doc(hidden)]
    fn __value(value: &T) -> Option<Value<'_>> {
        Some(Value::encoded(value, Self::Stored::TYPE))
    }

    #[doc(hidden)]
    #[inline]
    fn __view<S: Fields, const I: usize>(at: At<'_>) -> <Self::Stored as Hydra>::View<'_> {
        at.get::<Self::Stored>(const { S::OFFSETS[I] as usize })
    }

    #[doc(hidden)]
    fn __decode<S: Fields, const I: usize>(at: At<'_>, name: &str) -> Result<T> {
        let stored = at.decode::<Self::Stored>(const { S::OFFSETS[I] as usize })?;
        Self::from_stored(stored).map_err(|error| error.path(name))
    }

    #[doc(hidden)]
    fn __measure(value: &T, measure: &mut Measure, name: &str) {
        match Self::to_stored(value) {
            Ok(stored) => stored.measure(measure),
            Err(error) => measure.fail(|| error.path(name)),
        }
    }

    #[doc(hidden)]
    fn __encode<S: Fields, const I: usize>(value: &T, slot: &mut [u8], sink: &mut Sink<'_>) {
        if let Ok(stored) = Self::to_stored(value) {
            stored.encode(part(slot, const { S::OFFSETS[I] as usize }, Self::Stored::SIZE), sink);
        }
    }
}

/// Stores a value as a `U`, by `TryFrom` both ways: `#[hydra(as = u64)]`.
pub struct As<U>(PhantomData<U>);

impl<T, U> With<T> for As<U>
where
    T: Clone + TryFrom<U, Error: Display> + 'static,
    U: Hydra + TryFrom<T, Error: Display>,
{
    type Stored = U;

    fn to_stored(value: &T) -> Result<U> {
        U::try_from(value.clone()).map_err(out_of_range)
    }

    fn from_stored(stored: U) -> Result<T> {
        T::try_from(stored).map_err(out_of_range)
    }
}

fn out_of_range(error: impl Display) -> Error {
    Error::new(ErrorKind::OutOfRange).what(error.to_string())
}
