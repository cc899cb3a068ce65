//! Payloads on disk: header, commits, blocks, index, writer and reader.
#![forbid(unsafe_code)]

pub(crate) mod block;
pub(crate) mod catalog;
mod commit;
mod header;
pub(crate) mod index;
pub(crate) mod layout;
pub(crate) mod open;
mod report;
mod schema_block;
pub(crate) mod storage;

pub use block::{BlockHeader, BlockKind};
pub use catalog::{SchemaInfo, TableInfo};
pub use commit::Commit;
pub use header::FileHeader;
pub use index::Entry;
pub use report::{Report, State};
