//! Renders values and schemas as text, JSON and source code: pure functions that do not depend on terminals
//! or the command line.

pub(crate) mod annotate;
pub(crate) mod csv;
pub(crate) mod dump;
pub(crate) mod fields;
pub(crate) mod notes;
pub(crate) mod numpy;
pub(crate) mod plain;
pub(crate) mod rust;
pub(crate) mod schema;
pub(crate) mod section;
pub(crate) mod streams;
