//! The interface between the store, which handles checked bytes, and the payloads of DATA blocks. A layout
//! builds payloads of records, checks them against header and schema, and shows their records.
//!
//! Each call is about a whole block, so dynamic dispatch costs nothing. Records are staged as rows before
//! their block is sealed, and read as rows after it is viewed: a layout that stores them in another form
//! converts them in `seal` and `view`, and no other code changes. A layout handles one block at a time, and
//! uses its file offset only for errors. Start reading at [`BlockLayout`].

pub(crate) mod columns;
mod layouts;
pub(crate) mod rows;

pub use layouts::Layout;
pub(crate) use layouts::{BlockAuditor, Layouts, MOST_GROWTH, WINDOW_RECORDS, check_supported, in_streams};

use crate::layout::rows::{Auditor, StagedRows, Validator};
use crate::memory::{Backing, Payload};
use crate::store::block::{BlockAt, SealedBlock};
use crate::{Error, Result, Schema};

/// The layout of the records of a block in its payload.
pub(crate) trait BlockLayout: Sync {
    /// Builds a block of these records, without its place in a file.
    fn seal(&self, rows: StagedRows) -> Result<SealedBlock>;

    /// Returns an error if the payload cannot be what the header says, or if its records are not of this
    /// schema.
    fn check_header(&self, block: &BlockAt, schema: &Schema) -> Result<()>;

    /// Returns the records of the payload that starts at `start` of its backing. They are in bounds and their
    /// text is UTF-8, but their values are not checked.
    fn view(&self, block: &BlockAt, backing: Backing, start: usize) -> Result<Payload>;

    /// Returns an error if a viewed payload breaks a rule on which values depend.
    fn verify(&self, block: &BlockAt, payload: &Payload, validator: &Validator) -> Result<()>;

    /// Reports everything that is wrong with a payload whose header was checked, including bytes that readers
    /// ignore.
    fn audit(&self, block: &BlockAt, payload: &[u8], auditor: &Auditor, report: &mut dyn FnMut(Error));
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
