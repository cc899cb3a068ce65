//! Payloads on disk: header, commits, blocks, index, writer and reader.
#![forbid(unsafe_code)]

pub(crate) mod block;
pub(crate) mod catalog;
mod check;
mod commit;
mod follow;
mod header;
pub(crate) mod index;
pub(crate) mod layout;
pub(crate) mod meta;
pub(crate) mod open;
mod reader;
mod report;
mod schema_block;
mod single;
pub(crate) mod storage;
mod table;
#[cfg(test)]
pub(crate) mod testing;
mod writer;

pub use block::{BlockHeader, BlockKind};
pub use catalog::{SchemaInfo, TableInfo};
pub use check::{CheckSummary, Finding, check};
pub use commit::Commit;
pub use follow::{Follow, Stop};
pub use header::FileHeader;
pub use index::Entry;
pub use reader::Reader;
pub use report::{Report, State};
pub use single::{load, save};
pub use table::{Block, Blocks, Record, Row, Rows, Table};
pub use writer::{Editor, Level, TableId, Writer, WriterOptions};
