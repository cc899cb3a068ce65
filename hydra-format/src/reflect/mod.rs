//! ValueOf: values as data, the same for a live Rust value, for a record in a file whose type the program
//! has never seen, and for a [`Dynamic`] that exists only as data. It knows nothing about files.
#![forbid(unsafe_code)]

mod dynamic;
mod live;
mod value;

pub use dynamic::{Data, Dynamic};
pub use live::{Reflect, Scalar};
pub use value::Value;
