//! Maintenance of files: checking every byte, recovering the intact part of a damaged file, and compacting a
//! sound one. All of these scan the headers of all blocks (`store::scan`), and write only new files.
//!
//! Opening a damaged file for reading is in `store::open`. Start reading at `check/mod.rs` and `recover.rs`.

pub(crate) mod check;
pub(crate) mod compact;
pub(crate) mod recover;
mod survey;
