//! The encoding of opaque serde values (FORMAT.md, section 5.7), by bincode. No other module depends on
//! bincode. The encoding is specified with test vectors, so another crate can replace it.

use super::guard::Guard;
use crate::derived::With;
use crate::memory::Opaque;
use crate::{Error, ErrorKind, Result};
use bincode::Options;
use serde_core::Serialize;
use serde_core::de::{DeserializeOwned, DeserializeSeed, Deserializer};
use std::any::type_name;
use std::cell::Cell;
use std::marker::PhantomData;

/// The maximum size of a value, which is that of a block.
const MAX_BYTES: u64 = 256 << 20;

/// Sets every option of bincode explicitly.
fn options() -> impl Options {
    bincode::DefaultOptions::new()
        .with_limit(MAX_BYTES)
        .with_little_endian()
        .with_fixint_encoding()
        .reject_trailing_bytes()
}

impl Opaque {
    /// Encodes a serde value.
    ///
    /// # Errors
    /// `CannotEncode` if serde or the encoding refuses the value: a sequence of unknown length, more than 256
    /// MiB.
    pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Opaque> {
        options().serialize(value).map(Opaque).map_err(|error| {
            Error::new(ErrorKind::CannotEncode).what(format!("{}: {error}", type_name::<T>()))
        })
    }
}

impl<B: AsRef<[u8]>> Opaque<B> {
    /// Decodes the serde value.
    ///
    /// # Errors
    /// `BadValue` if the bytes are not exactly one value of this type, or are nested more than 128 levels
    /// deep.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        let bytes = self.0.as_ref();
        options().deserialize_seed(Whole::<T>(PhantomData, bytes.len()), bytes).map_err(|error| {
            Error::new(ErrorKind::BadValue).expected(type_name::<T>()).found(error.to_string())
        })
    }
}

/// A whole value within the limits.
struct Whole<T>(PhantomData<T>, usize);

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Whole<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<T, D::Error> {
        T::deserialize(Guard::new(deserializer, &Cell::new(self.1)))
    }
}

impl<T: Serialize + DeserializeOwned + 'static> With<T> for Opaque {
    type Stored = Opaque;

    fn to_stored(value: &T) -> Result<Opaque> {
        Opaque::encode(value)
    }

    fn from_stored(stored: Opaque) -> Result<T> {
        stored.decode()
    }

    fn verify(stored: &Opaque) -> Result<()> {
        match stored.decode::<T>() {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::new(ErrorKind::CannotEncode)
                .what("the value can be encoded as an opaque value but not read back")
                .expected(type_name::<T>())
                .found(error.found_text().unwrap_or_default().to_string())
                .help("do not use serde's untagged, tag, flatten or skip_serializing_if here: they need self-describing formats")),
        }
    }
}
