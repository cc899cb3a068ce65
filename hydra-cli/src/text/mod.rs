//! Text for people: styles, sizes, tables, and what makes text from outside safe for a terminal. It knows strings only.
#![forbid(unsafe_code)]

pub(crate) mod escape;
pub(crate) mod paint;
pub(crate) mod size;
pub(crate) mod table;
