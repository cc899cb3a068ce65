//! Checked bytes: turns the bytes of a file into block headers and commits, the file header, the index, and the catalog of
//! tables and schemas; has the log that appends and commits, opening a file, the scan of all of its headers, and storage.
//!
//! It keeps schemas as data, by their ids. It does not know what a payload of records means (`layout` does), how values are
//! shown, or how types evolve. Start reading at `block.rs`, then `open.rs` for the way in and `log.rs` for the way out.

pub(crate) mod block;
pub(crate) mod bytes;
pub(crate) mod catalog;
pub(crate) mod commit;
pub(crate) mod header;
pub(crate) mod index;
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "offsets below 2^63, checked")]
pub(crate) mod log;
pub(crate) mod open;
pub(crate) mod report;
pub(crate) mod scan;
pub(crate) mod schema_block;
pub(crate) mod storage;
#[cfg(test)]
pub(crate) mod testing;
