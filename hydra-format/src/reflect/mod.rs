//! ValueOf: values as data, the same for a live Rust value, for a record in a file whose type the program
//! has never seen, and for a [`Dynamic`] that exists only as data. It knows nothing about files.
#![forbid(unsafe_code)]

mod accept;
mod deserialize;
#[cfg(test)]
mod deserialize_tests;
mod diff;
pub(crate) mod dynamic;
#[expect(clippy::arithmetic_side_effects, reason = "sizes of values that were measured")]
pub(crate) mod encode;
mod entries;
mod equal;
mod fit;
mod format;
mod get;
mod handle;
mod parse;
mod path;
mod serialize;
mod settable;
#[cfg(test)]
mod tests;
#[expect(clippy::arithmetic_side_effects, reason = "digits of bytes")]
mod text;
pub(crate) mod types;
mod value;
mod value_mut;
mod view_mut;
mod visit;
mod walk;

/// The chapter's examples, as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/REFLECTION.md")]
struct Chapter;

pub use crate::codec::reflect::{Accept, Part, PartMut, Reflect, ReflectMut, Scalar, Typed};
pub use crate::error::Why;
pub use deserialize::Seed;
pub use diff::Difference;
pub use dynamic::{Data, Dynamic};
pub use entries::{Entries, Parts};
pub(crate) use equal::compare_keys;
pub use get::Get;
pub use handle::{Handle, Slot};
pub use path::{Locator, Path, Records, Step};
pub use serialize::{Spelled, Spelling};
pub(crate) use value::MAX_NESTING;
pub use value::Value;
pub use value_mut::ValueMut;
pub use view_mut::{ListMut, ViewMut, view_mut};
