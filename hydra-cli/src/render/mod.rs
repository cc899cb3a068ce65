//! Values, schemas and tables as text: pure functions to strings and writers. They know nothing about files,
//! terminals or the command line.

pub(crate) mod annotate;
pub(crate) mod columns;
pub(crate) mod csv;
pub(crate) mod dump;
pub(crate) mod escape;
pub(crate) mod fields;
pub(crate) mod notes;
pub(crate) mod numpy;
pub(crate) mod paint;
pub(crate) mod plain;
pub(crate) mod rust;
pub(crate) mod schema;
pub(crate) mod size;
pub(crate) mod table;
