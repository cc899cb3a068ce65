//! What the derive names and programs do not: constants that follow from the fields of a type, and what its methods call.

mod field;
mod fields;
mod show;
#[cfg(test)]
mod tests;
mod types;
mod variants;

pub use field::*;
pub use fields::*;
pub use show::*;
pub use types::*;
pub use variants::*;

/// What an invariant says, refusals in words.
pub type InvariantResult = Result<(), String>;

/// What an invariant says of a value, in words.
pub fn refused<E: std::fmt::Display>(verdict: Result<(), E>) -> InvariantResult {
    verdict.map_err(|error| error.to_string())
}
