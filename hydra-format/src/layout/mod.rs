//! The seam between the store, which moves checked bytes, and what the payload of a DATA block means: a layout builds
//! payloads of records, says whether one is what its header and its schema promise, and shows its records.
//!
//! A call is about a whole block, so that it costs nothing which way it is dispatched. Records are staged as rows before
//! their block is sealed, and read as rows once it is viewed: a layout that stores them otherwise turns them in `seal` and
//! in `view`, and everything above stays what it is. Of a file it knows one block, and its offset for errors. Start reading at [`BlockLayout`].

pub(crate) mod rows;

use crate::layout::rows::{Auditor, RowLayout, StagedRows, Validator};
use crate::memory::{Backing, Payload};
use crate::store::block::{BlockAt, SealedBlock};
use crate::{Error, Result, Schema};

/// How the records of a block are stored in its payload.
pub(crate) trait BlockLayout: Sync {
    /// A block of these records, without its place in a file.
    fn seal(&self, rows: StagedRows) -> Result<SealedBlock>;

    /// An error if a payload cannot be what the header says, or not of this schema, which is that of the records.
    fn check_header(&self, block: &BlockAt, schema: &Schema) -> Result<()>;

    /// The records of the payload that starts at `start` of its backing: within bounds, and with text that is UTF-8.
    /// Their values may be anything.
    fn view(&self, block: &BlockAt, backing: Backing, start: usize) -> Result<Payload>;

    /// An error if a viewed payload breaks a rule on which values depend.
    fn verify(&self, block: &BlockAt, payload: &Payload, validator: &Validator) -> Result<()>;

    /// Reports everything that is wrong with a payload whose header was checked, also bytes that nobody reads.
    fn audit(&self, block: &BlockAt, payload: &[u8], auditor: &Auditor, report: &mut dyn FnMut(Error));
}

/// The layout that writers use.
pub(crate) const WRITTEN: &dyn BlockLayout = &RowLayout;

/// The layout of a DATA block. `Unsupported` if this library does not know it.
pub(crate) fn of(block: &BlockAt) -> Result<&'static dyn BlockLayout> {
    let layout = match (block.layout, block.encoding) {
        (0, 0) => &RowLayout,
        _ => return Err(block.unknown_layout()),
    };
    block.check_flags().map(|()| layout as _)
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
        let of = |header| of(&BlockAt { offset: 0, header });
        assert!(of(header).is_ok() && of(BlockHeader { flags: REPLACES, ..header }).is_ok());
        for other in [
            BlockHeader { flags: 2, ..header },
            BlockHeader { layout: 1, ..header },
            BlockHeader { encoding: 1, ..header },
        ] {
            assert_eq!(of(other).err().map(|error| error.kind()), Some(ErrorKind::Unsupported));
        }
    }
}
