//! The scan of all block headers, which continues after damage. Opening, checking and recovering files use
//! it. It does not read payloads.

use super::block::{BlockAt, BlockFile};
use super::bytes::{LINE, REGION};
use super::commit::Commit;
use crate::{Error, ErrorKind, Result};
use std::ops::Range;

/// Callback `(done, total)` in bytes: how far [`check`](crate::file::check), [`survey`](crate::file::survey),
/// [`recover`](crate::file::recover()) or [`compact`](crate::file::compact()) is.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Returns the callback, or one that does nothing.
pub(crate) fn callback(mut progress: Option<Progress<'_>>) -> impl FnMut(u64, u64) {
    move |done, total| {
        if let Some(progress) = &mut progress {
            progress(done, total);
        }
    }
}

/// Separates damage, which a caller handles, from errors of the operating system, which end the operation.
pub(crate) fn split_io_error<T>(outcome: Result<T>) -> Result<Result<T>> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::Io => Err(error),
        outcome => Ok(outcome),
    }
}

/// A scan from block to block, and past damage to the next block.
pub(crate) struct Scan<'a> {
    pub(super) blocks: BlockFile<'a>,
    offset: u64,
    /// The start of the previous block; `None` after damage, 0 at the start.
    previous: Option<u64>,
    epoch: u32,
    top_epoch: u32,
    /// The start and end of the last block, if known.
    last: (u64, u64),
    /// Ranges that contain no blocks of the file, although valid headers may be found in them. Set after the
    /// first damage.
    stale: Option<Vec<Range<u64>>>,
}

/// One block, or a damaged range.
pub(crate) struct Scanned {
    /// The range in the file.
    pub(crate) bytes: Range<u64>,
    pub(crate) block: Option<BlockAt>,
    pub(crate) problem: Option<Error>,
}

impl<'a> Scan<'a> {
    /// Scans from the first block to the last one of `commit`, or to the end of the blocks.
    pub(crate) fn new(blocks: BlockFile<'a>, commit: &Commit) -> Scan<'a> {
        let last = (commit.last_block, commit.committed_bytes);
        Scan {
            blocks,
            offset: REGION,
            previous: Some(0),
            epoch: 1,
            top_epoch: commit.epoch,
            last,
            stale: None,
        }
    }

    /// Continues after a block.
    pub(crate) fn skip_block(&mut self, block: &BlockAt) {
        self.offset = block.end();
        self.previous = Some(block.offset);
        self.epoch = block.epoch;
    }

    /// Continues after all blocks of a commit.
    pub(crate) fn skip_commit(&mut self, commit: &Commit) {
        self.offset = commit.committed_bytes;
        self.previous = Some(commit.last_block);
        self.epoch = commit.epoch;
    }

    /// Ends the scan.
    pub(crate) fn end(&mut self) {
        self.offset = self.blocks.limit;
    }

    /// Returns the next block or damaged range; `None` at the end. Errors are those of the operating system.
    pub(crate) fn step(&mut self) -> Result<Option<Scanned>> {
        if self.offset >= self.blocks.limit {
            return Ok(None);
        }
        let offset = self.offset;
        let block = match split_io_error(self.blocks.header(offset))? {
            Ok(block) if (self.epoch..=self.top_epoch).contains(&block.epoch) => block,
            Ok(block) => {
                let error = block.error(ErrorKind::Chain).what("a block of an epoch that cannot be here");
                let epochs = format!("{} to {}", self.epoch, self.top_epoch);
                return self.skip(error.expected(epochs).found(block.epoch.to_string())).map(Some);
            }
            Err(error) => return self.skip(error).map(Some),
        };
        let distance = block.distance();
        let expected = match self.previous {
            Some(0) => 0,
            Some(previous) => offset.saturating_sub(previous),
            None => distance,
        };
        let problem = (distance != expected).then(|| {
            let error = block.error(ErrorKind::Chain).what("the distance to the block before is wrong");
            error.expected(expected.to_string()).found(distance.to_string())
        });
        self.skip_block(&block);
        Ok(Some(Scanned { bytes: offset..self.offset, block: Some(block), problem }))
    }

    /// Returns the ranges that contain no blocks of the file. Each block refers to the previous one; headers
    /// between the two that are found after damage lie under a PAD block whose header is damaged, so they
    /// were never committed.
    fn find_stale(&self) -> Result<Vec<Range<u64>>> {
        let mut stale: Vec<Range<u64>> = Vec::new();
        let (damage, mut last) = (self.offset, self.offset);
        let mut follow = |offset: u64, previous: u64| {
            if (damage..last).contains(&previous) {
                while stale.pop_if(|range| range.end > previous).is_some() {}
                stale.push(previous..offset);
            }
            last = offset;
        };
        let mut scan = Scan { stale: Some(Vec::new()), ..*self };
        while let Some(step) = scan.step()? {
            if let Some(block) = step.block {
                follow(block.offset, block.previous());
            }
        }
        if self.last.1 == self.blocks.limit {
            follow(self.blocks.limit, self.last.0);
        }
        Ok(stale)
    }

    /// Returns the end of the stale range at `offset`, if there is one.
    fn after_stale(&self, offset: u64) -> Option<u64> {
        let ranges = self.stale.as_deref().unwrap_or_default();
        let at = ranges.partition_point(|range| range.end <= offset);
        ranges.get(at).filter(|range| range.start < offset).map(|range| range.end)
    }

    /// Skips damage to the next block.
    fn skip(&mut self, error: Error) -> Result<Scanned> {
        if self.stale.is_none() {
            self.stale = Some(self.find_stale()?);
        }
        let from = self.offset.saturating_add(LINE);
        let next = self.blocks.find_next(from, self.epoch..=self.top_epoch)?;
        let next = next.map_or(self.blocks.limit, |next| self.after_stale(next).unwrap_or(next));
        let skipped = format!("{} bytes up to {next:#x} are lost", next.saturating_sub(self.offset));
        let bytes = self.offset..next;
        (self.offset, self.previous) = (next, None);
        Ok(Scanned { bytes, block: None, problem: Some(error.place(skipped)) })
    }
}
