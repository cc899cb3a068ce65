//! Payloads on disk: header, commits, blocks, index, writer and reader.
#![forbid(unsafe_code)]

pub(crate) mod block;
pub(crate) mod catalog;
pub(crate) mod check;
mod commit;
mod follow;
pub(crate) mod generations;
mod header;
pub(crate) mod index;
pub(crate) mod layout;
pub(crate) mod meta;
pub(crate) mod open;
#[cfg(feature = "rayon")]
mod parallel;
mod places;
pub(crate) mod publish;
pub(crate) mod reader;
mod records;
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
pub use publish::{Output, OutputOptions};
pub use reader::Reader;
pub use records::{Block, Record, Rows};
pub use recover::{RecoverOptions, RecoveredTable, Recovery, recover, survey};
pub use report::{Report, State, Verdict};
pub use rewrite::{Compaction, Size, compact};
pub use single::{load, load_named, save};
pub use table::{Blocks, Row, Table};
pub use writer::{Editor, Level, TableId, Writer, WriterOptions};
