//! The seam between the store, which moves checked bytes, and what the payload of a DATA block means: a layout builds
//! payloads of records, says whether one is what its header and its schema promise, and shows its records.
//!
//! A call is about a whole block, so that it costs nothing which way it is dispatched. Records are staged as rows before
//! their block is sealed, and read as rows once it is viewed: a layout that stores them otherwise turns them in `seal` and
//! in `view`, and everything above stays what it is. It does not know where blocks are. Start reading at [`BlockLayout`].

pub(crate) mod rows;

use crate::layout::rows::{Auditor, RowLayout, StagedRows, Validator};
use crate::memory::{Backing, Payload};
use crate::store::block::{BlockHeader, SealedBlock};
use crate::{Error, Result, Schema};

/// A DATA block, as its header and its schema describe it.
#[derive(Clone, Copy)]
pub(crate) struct DataBlock<'a> {
    pub(crate) header: &'a BlockHeader,
    /// File offset of the header.
    pub(crate) offset: u64,
    /// The type of its records.
    pub(crate) schema: &'a Schema,
}

/// How the records of a block are stored in its payload.
pub(crate) trait BlockLayout: Sync {
    /// A block of these records, without its place in a file.
    fn seal(&self, rows: StagedRows) -> Result<SealedBlock>;

    /// An error if a payload cannot be what the header says, or not of this schema.
    fn check_header(&self, block: &DataBlock<'_>) -> Result<()>;

    /// The records of the payload that starts at `start` of its backing: within bounds, and with text that is UTF-8.
    /// Their values may be anything.
    fn view(&self, block: &DataBlock<'_>, backing: Backing, start: usize) -> Result<Payload>;

    /// An error if a viewed payload breaks a rule on which values depend.
    fn verify(&self, block: &DataBlock<'_>, payload: &Payload, validator: &Validator) -> Result<()>;

    /// Reports everything that is wrong with a payload whose header was checked, also bytes that nobody reads.
    fn audit(&self, block: &DataBlock<'_>, payload: &[u8], auditor: &Auditor, report: &mut dyn FnMut(Error));
}

/// The layout that writers use.
pub(crate) const WRITTEN: &dyn BlockLayout = &RowLayout;

/// The layout of the DATA block at `offset` with this header. `Unsupported` if this library does not know it.
pub(crate) fn of(header: &BlockHeader, offset: u64) -> Result<&'static dyn BlockLayout> {
    let layout = match (header.layout, header.encoding) {
        (0, 0) => &RowLayout,
        _ => return Err(header.unknown_layout(offset)),
    };
    header.check_flags(offset).map(|()| layout as _)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::store::block::BlockKind;
    use crate::store::bytes::REPLACES;

    #[test]
    fn a_layout_that_is_unknown_is_unsupported() {
        let header = BlockHeader::new(BlockKind::Data, 64);
        assert!(of(&header, 0).is_ok() && of(&BlockHeader { flags: REPLACES, ..header }, 0).is_ok());
        for other in [
            BlockHeader { flags: 2, ..header },
            BlockHeader { layout: 1, ..header },
            BlockHeader { encoding: 1, ..header },
        ] {
            assert_eq!(of(&other, 0).err().map(|error| error.kind()), Some(ErrorKind::Unsupported));
        }
    }
}
