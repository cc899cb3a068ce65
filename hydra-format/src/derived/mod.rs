//! The runtime support of `#[derive(Hydra)]`: turns the fields, variants and attributes that the derive lists
//! into a descriptor, offsets, and the methods of [`Hydra`](crate::Hydra). Fields that are stored as another
//! type are in `with.rs`.
//!
//! This module does not parse Rust (the crate `hydra-derive` does) and does not encode payloads. Start
//! reading at `fields.rs`.

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

/// The result of an invariant, with the reason for a refusal as text.
pub type InvariantResult = Result<(), String>;

/// Converts the result of an invariant to text.
pub fn refused<E: std::fmt::Display>(verdict: Result<(), E>) -> InvariantResult {
    verdict.map_err(|error| error.to_string())
}
