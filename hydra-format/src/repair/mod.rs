//! Looking after files: checking every byte of one, saving what is whole in a damaged one, and compacting a sound one. All
//! go through the headers of all blocks in one scan (`store::scan`), and write only new files.
//!
//! It does not know how a damaged file is opened to read; `store::open` does. Start reading at `check/mod.rs` and
//! `recover.rs`.

pub(crate) mod check;
pub(crate) mod compact;
pub(crate) mod recover;
mod survey;
