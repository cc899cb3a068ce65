//! Payloads on disk: header, commits, blocks, index, writer and reader.
#![forbid(unsafe_code)]

pub(crate) mod block;
pub(crate) mod catalog;
pub(crate) mod check;
mod commit;
mod follow;
mod header;
pub(crate) mod index;
pub(crate) mod layout;
pub(crate) mod meta;
pub(crate) mod open;
pub(crate) mod reader;
pub(crate) mod recover;
mod report;
pub(crate) mod rewrite;
mod schema_block;
pub(crate) mod single;
pub(crate) mod storage;
mod survey;
mod table;
#[cfg(test)]
pub(crate) mod testing;
mod writer;
pub use block::{BlockHeader, BlockKind};
pub use catalog::{SchemaInfo, TableInfo};
pub use check::{CheckSummary, Finding, Progress, check, check_with_progress};
pub use commit::Commit;
pub use follow::{Follow, Stop};
pub use header::FileHeader;
pub use index::Entry;
pub use reader::Reader;
pub use recover::{RecoverOptions, RecoveredTable, Recovery, recover, survey};
pub use report::{Report, State};
pub use rewrite::{Compaction, Size, compact};
pub use single::{load, save};
pub use table::{Block, Blocks, Record, Row, Rows, Table};
pub use writer::{Editor, Level, TableId, Writer, WriterOptions};
