//! The interface between the store, which handles checked bytes, and the payloads of DATA blocks. A layout
//! builds payloads of records, checks them against header and schema, and shows their records.
//!
//! Each call is about a whole block, so dynamic dispatch costs nothing. Records are staged as rows before
//! their block is sealed, and read as rows after it is viewed: a layout that stores them in another form
//! converts them in `seal` and `view`, and no other code changes. A layout handles one block at a time, and
//! uses its file offset only for errors. Start reading at [`BlockLayout`].

pub(crate) mod columns;
pub(crate) mod rows;

use crate::layout::columns::ColumnLayout;
use crate::layout::rows::{Auditor, RowLayout, StagedRows, Validator};
use crate::memory::{Backing, Payload};
use crate::store::block::{BlockAt, SealedBlock};
use crate::{Error, Result, Schema};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// The layout of the records of a block in its payload.
pub(crate) trait BlockLayout: Sync {
    /// Builds a block of these records, without its place in a file.
    fn seal(&self, rows: StagedRows) -> Result<SealedBlock>;

    /// Returns an error if the payload cannot be what the header says, or if its records are not of this
    /// schema.
    fn check_header(&self, block: &BlockAt, schema: &Schema) -> Result<()>;

    /// Checks the payload against its checksums, unless [`BlockLayout::view`] does that.
    fn check_payload(&self, block: &BlockAt, payload: &[u8]) -> Result<()> {
        block.check_payload(payload)
    }

    /// Returns the records of the payload that starts at `start` of its backing. They are in bounds and their
    /// text is UTF-8, but their values are not checked.
    fn view(&self, block: &BlockAt, backing: Backing, start: usize) -> Result<Payload>;

    /// Returns an error if a viewed payload breaks a rule on which values depend.
    fn verify(&self, block: &BlockAt, payload: &Payload, validator: &Validator) -> Result<()>;

    /// Reports everything that is wrong with a payload whose header was checked, including bytes that readers
    /// ignore.
    fn audit(&self, block: &BlockAt, payload: &[u8], auditor: &Auditor, report: &mut dyn FnMut(Error));
}

/// The number of records of columns that are read together, at most, for one of them.
pub(crate) const WINDOW_RECORDS: u64 = columns::WINDOW_RECORDS as u64;

/// Returns an error if this library does not support the layout of a DATA block.
pub(crate) fn check_supported(block: &BlockAt) -> Result<()> {
    match (block.layout, block.encoding) {
        (0 | 1, 0) => block.check_flags(),
        _ => Err(block.unknown_layout()),
    }
}

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

    fn columns(&self) -> Option<&ColumnLayout> {
        self.columns.get_or_init(|| ColumnLayout::new(&self.schema)).as_ref()
    }

    /// Returns the layout of a DATA block, or an error if this library does not support it.
    pub(crate) fn of(&self, block: &BlockAt) -> Result<&dyn BlockLayout> {
        check_supported(block)?;
        match block.layout {
            0 => Ok(&RowLayout),
            _ => self.columns().map(|columns| columns as _).ok_or_else(|| block.unknown_layout()),
        }
    }

    /// Returns the records of columns around one as rows, and which they are, if these can be read without the
    /// others. Unless the payload was verified before, its checksum is checked.
    pub(crate) fn window(
        &self,
        block: &BlockAt,
        payload: &[u8],
        record: usize,
        verify: bool,
    ) -> Result<Option<(Payload, Range<usize>)>> {
        let columns = self.columns().filter(|_| block.layout == 1);
        columns.map_or(Ok(None), |columns| columns.view_window(block, payload, record, verify))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::store::block::{BlockHeader, BlockKind};
    use crate::store::bytes::REPLACES;

    #[test]
    fn a_layout_that_is_unknown_is_unsupported() {
        let header = BlockHeader::new(BlockKind::Data, 64);
        let of = |header| check_supported(&BlockAt { offset: 0, header });
        assert!(of(header).is_ok() && of(BlockHeader { flags: REPLACES, ..header }).is_ok());
        for other in [
            BlockHeader { flags: 2, ..header },
            BlockHeader { layout: 2, ..header },
            BlockHeader { encoding: 1, ..header },
        ] {
            assert_eq!(of(other).err().map(|error| error.kind()), Some(ErrorKind::Unsupported));
        }
    }
}
