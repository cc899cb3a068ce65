//! The layouts of the blocks of a table: which one a block has, and which one a new block gets.

use super::BlockLayout;
use super::columns::{self, ColumnLayout};
use super::rows::{Auditor, RowLayout, StagedRows};
use crate::store::block::{BlockAt, BlockKind, SealedBlock};
use crate::{Error, ErrorKind, Result, Schema};
use std::sync::{Arc, OnceLock};

/// The number of records of columns that are read together, at most, for one of them.
pub(crate) const WINDOW_RECORDS: u64 = columns::WINDOW_RECORDS as u64;

/// The largest growth of a block of columns that is read as rows, unless it is small.
pub(crate) const MOST_GROWTH: u64 = columns::directory::GROWTH;

/// How a table is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layout {
    /// Records one after the other: fast to append, and read in place.
    #[default]
    Rows,
    /// Fields one after the other, compressed: small, and fast where few fields are read.
    Columns,
}

impl Layout {
    /// Returns the size of blocks as rows, where blocks of rows have this size.
    pub(crate) fn block_bytes(self, row_bytes: usize) -> usize {
        match self {
            Layout::Rows => row_bytes,
            Layout::Columns => row_bytes.saturating_mul(4),
        }
    }
}

/// The layouts of the blocks of one schema.
#[derive(Debug)]
pub(crate) struct Layouts {
    schema: Arc<Schema>,
    columns: OnceLock<Option<ColumnLayout>>,
}

impl Layouts {
    pub(crate) fn new(schema: Arc<Schema>) -> Layouts {
        Layouts { schema, columns: OnceLock::new() }
    }

    pub(super) fn columns(&self) -> Option<&ColumnLayout> {
        self.columns.get_or_init(|| ColumnLayout::new(&self.schema)).as_ref()
    }

    /// Returns the layout of a DATA block, or an error if this library does not support it.
    pub(crate) fn of(&self, block: &BlockAt) -> Result<&dyn BlockLayout> {
        check_supported(block)?;
        if block.layout == 0 { Ok(&RowLayout) } else { Ok(self.of_columns(block)?) }
    }

    /// Returns the layout of a block of columns.
    pub(crate) fn of_columns(&self, block: &BlockAt) -> Result<&ColumnLayout> {
        self.columns().ok_or_else(|| {
            block.error(ErrorKind::BadColumns).what("the schema has too many streams for columns")
        })
    }

    /// Returns how blocks of columns are read with only some fields of their root; `None` if that cannot be.
    pub(crate) fn with_fields(&self, keep: &[usize]) -> Option<Layouts> {
        let columns = self.columns()?.with_fields(keep)?;
        let schema = Arc::new(columns.schema().clone());
        Some(Layouts { schema, columns: OnceLock::from(Some(columns)) })
    }

    pub(crate) fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Builds a block of these records. A layout that does not suit them is replaced by rows.
    pub(crate) fn seal(&self, rows: StagedRows, layout: Layout) -> Result<SealedBlock> {
        match (layout == Layout::Columns).then(|| self.columns()).flatten() {
            Some(columns) => columns.seal(rows),
            None => RowLayout.seal(rows),
        }
    }
}

/// Returns an error if this library does not support the layout of a DATA block.
pub(crate) fn check_supported(block: &BlockAt) -> Result<()> {
    match (block.layout, block.encoding) {
        (0 | 1, 0) => block.check_flags(),
        _ => Err(block.unknown_layout()),
    }
}

/// Finds everything that is wrong with blocks of a schema.
pub(crate) struct BlockAuditor {
    layouts: Layouts,
    auditor: Auditor,
}

impl BlockAuditor {
    pub(crate) fn new(schema: &Arc<Schema>) -> BlockAuditor {
        BlockAuditor { layouts: Layouts::new(schema.clone()), auditor: Auditor::new(schema) }
    }

    /// Checks the header of a block, and reports what is wrong with its payload.
    pub(crate) fn audit(&self, block: &BlockAt, payload: &[u8], report: &mut dyn FnMut(Error)) -> Result<()> {
        let layout = self.layouts.of(block)?;
        layout.check_header(block, self.layouts.schema())?;
        layout.audit(block, payload, &self.auditor, report);
        Ok(())
    }
}

/// Adds the damaged streams to an error about the payload of a block, if it is one of columns of a known schema.
pub(crate) fn in_streams(
    error: Error,
    block: &BlockAt,
    schema: Option<&Arc<Schema>>,
    payload: &[u8],
) -> Error {
    match schema.filter(|_| block.is(BlockKind::Data)) {
        Some(schema) => Layouts::new(schema.clone()).in_streams(error, block, payload),
        None => error,
    }
}
