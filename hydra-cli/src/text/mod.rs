//! Text for people: styles, sizes, tables, and what makes text from outside safe for a terminal. It knows strings only.

pub(crate) mod escape;
mod json;
mod paint;
mod size;
mod table;

pub(crate) use json::present;
pub(crate) use paint::{Style, paint};
pub(crate) use size::{bytes, count, plural, rough};
pub(crate) use table::{Cell, Plan, draw_table, shorten};
