//! The commands, one file each.
#![forbid(unsafe_code)]

pub mod cat;
pub mod check;
pub mod convert;
pub mod inspect;
pub mod schema;
