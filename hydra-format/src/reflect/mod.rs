//! Values as data. The same API serves a live Rust value, a record in a file whose type the program does not
//! have, and a [`Dynamic`]. This module does not depend on files.

#[cfg(feature = "serde")]
mod deserialize;
#[cfg(all(test, feature = "serde"))]
mod deserialize_tests;
mod diff;
pub(crate) mod dynamic;
#[expect(clippy::arithmetic_side_effects, reason = "sizes of measured values")]
pub(crate) mod encode;
mod entries;
mod equal;
mod fit;
mod format;
mod get;
mod handle;
mod parse;
mod path;
#[cfg(feature = "serde")]
mod serialize;
mod settable;
#[cfg(all(test, feature = "serde"))]
mod tests;
pub(crate) mod types;
pub(crate) mod value;
pub(crate) mod value_mut;
#[cfg(feature = "serde")]
mod visit;
mod walk;

pub use crate::error::Why;
pub use crate::layout::rows::reflect::{Part, PartMut, Reflect, ReflectMut, Scalar, Typed};
#[cfg(feature = "serde")]
pub use deserialize::Seed;
pub use diff::Difference;
pub use dynamic::Data;
pub(crate) use dynamic::Dynamic;
pub use entries::{Entries, Parts};
pub(crate) use equal::compare_keys;
pub use get::Get;
pub use handle::{Handle, Slot};
pub use path::{Locator, Path, Records, Step};
#[cfg(feature = "serde")]
pub use serialize::{Spelled, Spelling};
pub(crate) use value::{MAX_NESTING, Value};
pub(crate) use value_mut::ValueMut;
