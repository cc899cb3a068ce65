//! Values, schemas and tables as text: pure functions to strings and writers. They know nothing about files,
//! terminals or the command line.
#![forbid(unsafe_code)]

pub mod columns;
pub mod csv;
pub mod escape;
pub mod fields;
pub mod json;
pub mod leaf;
pub mod paint;
pub mod schema;
pub mod size;
pub mod table;
pub mod time;
