//! Files as checked bytes: block headers, commits, the file header, the index, and the catalog of tables and
//! schemas. It contains the log that appends and commits, opening a file, the scan of all headers, and
//! storage.
//!
//! Schemas are kept as data, by their ids. Payloads of records are interpreted in `layout`; this module does
//! not depend on how values are shown or how types evolve. Start reading at `block.rs`, then `open.rs` for
//! reading and `log.rs` for writing.

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
