//! What `#[derive(Hydra)]` is made of: turns the fields and variants that the derive lists, with their attributes, into a
//! descriptor, offsets, and the methods of [`Hydra`](crate::Hydra). Fields that are stored as another type are in `with.rs`.
//!
//! It does not know Rust's syntax (the crate `hydra-derive` does) or what a payload is. Start reading at `fields.rs`.

mod field;
mod fields;
mod show;
mod slim;
#[cfg(test)]
mod tests;
mod types;
mod variants;
mod with;

pub use field::*;
pub use fields::*;
pub use show::*;
pub use slim::*;
pub use types::*;
pub use variants::*;
pub use with::{As, With};

/// What an invariant says, refusals in words.
pub type InvariantResult = Result<(), String>;

/// What an invariant says of a value, in words.
pub fn refused<E: std::fmt::Display>(verdict: Result<(), E>) -> InvariantResult {
    verdict.map_err(|error| error.to_string())
}
