//! Typed reading and writing: the conversion of records to blocks and of verified blocks to records. It
//! contains [`Reader`](reader::Reader), tables, blocks and records, the writer, and metadata.
//!
//! The store handles the bytes of a file, and a layout the bytes of a payload. Start reading at `reader.rs`
//! for reading and at `writer/mod.rs` for writing.

pub(crate) mod block;
mod cache;
pub(crate) mod columns;
#[expect(clippy::arithmetic_side_effects, reason = "sizes in memory, and offsets within a block")]
pub(crate) mod metadata;
mod places;
pub(crate) mod reader;
pub(crate) mod snapshot;
#[expect(clippy::module_inception, reason = "the parent module is named after this one")]
pub(crate) mod table;
pub(crate) mod writer;
