//! Typed reading and writing: turns records into blocks that the store appends, and verified blocks into records.
//! [`Reader`](reader::Reader), tables, blocks and records; the writer; following a file that grows; metadata.
//!
//! It does not know where the bytes of a file are (`store` does) or how records lie in a payload (`layout` does). Start
//! reading at `reader.rs` for the way in, and at `writer/mod.rs` for the way out.

pub(crate) mod block;
mod cache;
#[expect(clippy::arithmetic_side_effects, reason = "bytes that are in memory, and an offset of one block")]
pub(crate) mod metadata;
mod places;
pub(crate) mod reader;
pub(crate) mod snapshot;
#[expect(clippy::module_inception, reason = "the table itself, of the wing that is named after it")]
pub(crate) mod table;
pub(crate) mod writer;
