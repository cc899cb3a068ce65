//! Hydra: typed records in files that describe themselves.
// The root denies unsafe code; `raw` alone allows it, and every other module forbids it.
#![deny(unsafe_code)]

#[cfg(not(all(target_endian = "little", target_pointer_width = "64")))]
compile_error!("Hydra files are little-endian with 64-bit offsets: this host is not supported");

// The derive names this crate as `::hydra`; here, that is itself.
extern crate self as hydra;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod codec;
pub mod describe;
mod error;
pub mod file;
#[allow(unsafe_code)]
mod raw;
pub mod reflect;

pub use codec::{As, Hydra, View, With};
pub use describe::{Descriptor, Kind, Schema};
pub use error::{Error, ErrorKind, Result};
pub use hydra_derive::Hydra;
pub use raw::{AlignedBuf, Describe, Map, Plain};
pub use reflect::{Dynamic, Value};

/// The type as data: what Go calls `reflect.TypeOf`.
pub fn type_of<T: Describe>() -> &'static Descriptor {
    T::TYPE
}
