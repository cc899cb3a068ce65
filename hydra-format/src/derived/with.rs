//! Fields that are stored as a type other than their own.

use crate::{Error, ErrorKind, Hydra, Result};
use std::fmt::Display;
use std::marker::PhantomData;

/// A conversion that stores a `T` as another type. The attribute `#[hydra(with = Celsius)]` on a field names
/// the type that implements it.
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
    message = "`{Self}` does not define how a `{T}` is stored",
    label = "`With<{T}>` is not implemented for `{Self}`",
    note = "implement `hydra::With<{T}>` for it: the stored type and the conversions both ways"
)]
pub trait With<T: 'static>: Sized + 'static {
    /// The type on disk.
    type Stored: Hydra;

    /// Converts a value to its stored form. It is called twice for each written value and must return the
    /// same both times.
    fn to_stored(value: &T) -> Result<Self::Stored>;

    /// Converts a stored value back.
    fn from_stored(stored: Self::Stored) -> Result<T>;

    /// Returns an error for a value that could not be read back. It is called once for each written value.
    #[doc(hidden)]
    fn verify(stored: &Self::Stored) -> Result<()> {
        let _ = stored;
        Ok(())
    }
}

/// Stores a value as a `U`, with `TryFrom` in both directions: `#[hydra(as = u64)]`.
#[derive(Debug)]
pub struct As<U>(PhantomData<U>);

/// The requirements of `as = U` on a type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored as `{U}`",
    label = "there is no conversion of `{Self}` to `{U}` and back",
    note = "`as` takes the field's whole type: it must be Clone and TryFrom<{U}>, and `{U}` TryFrom<{Self}>, with errors \
            that implement Display; in a generic type, add these to `bound`",
    note = "for the content of a list or an option, and for other conversions: `#[hydra(with = ..)]`"
)]
pub trait Convert<U>: Sized + 'static {
    fn to_stored(&self) -> Result<U>;
    fn from_stored(stored: U) -> Result<Self>;
}

// Report the missing conversions as a whole, at the attribute, and not one by one.
#[diagnostic::do_not_recommend]
impl<T, U> Convert<U> for T
where
    T: Clone + TryFrom<U, Error: Display> + 'static,
    U: TryFrom<T, Error: Display>,
{
    fn to_stored(&self) -> Result<U> {
        U::try_from(self.clone()).map_err(out_of_range)
    }

    fn from_stored(stored: U) -> Result<T> {
        T::try_from(stored).map_err(out_of_range)
    }
}

impl<T: Convert<U>, U: Hydra> With<T> for As<U> {
    type Stored = U;

    fn to_stored(value: &T) -> Result<U> {
        value.to_stored()
    }

    fn from_stored(stored: U) -> Result<T> {
        T::from_stored(stored)
    }
}

fn out_of_range(error: impl Display) -> Error {
    Error::new(ErrorKind::OutOfRange).what(error.to_string())
}
