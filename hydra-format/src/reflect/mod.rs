//! ValueOf: values as data, the same for a live Rust value, for a record in a file whose type the program
//! has never seen, and for a [`Dynamic`] that exists only as data. It knows nothing about files.
#![forbid(unsafe_code)]

mod dynamic;
pub(crate) mod encode;
mod entries;
mod equal;
mod format;
mod get;
mod live;
mod path;
mod serialize;
#[cfg(test)]
mod tests;
mod text;
mod types;
mod value;
mod walk;

pub use dynamic::{Data, Dynamic};
pub use entries::{Entries, Parts};
pub(crate) use equal::compare_keys;
pub use get::Get;
pub use live::{Reflect, Scalar, Typed};
pub use path::{Locator, Path, Records, Step};
pub use value::Value;
