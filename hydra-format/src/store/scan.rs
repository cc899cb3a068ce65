//! The one scan over the headers of all blocks, which goes on after damage: opening, checking and recovering files are made
//! of it. Payloads are not looked at.

use super::block::{self, BlockHeader};
use super::bytes::{LINE, REGION};
use super::commit::Commit;
use super::header::FileHeader;
use super::storage::Source;
use crate::{Error, ErrorKind, Result};
use std::ops::Range;

/// Callback `(done, total)` in bytes: how far [`check`](crate::file::check), [`survey`](crate::file::survey),
/// [`recover`](crate::file::recover()) or [`compact`](crate::file::compact()) is.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// The callback, or one that does nothing.
pub(crate) fn callback(mut progress: Option<Progress<'_>>) -> impl FnMut(u64, u64) {
    move |done, total| {
        if let Some(progress) = &mut progress {
            progress(done, total);
        }
    }
}

/// Damage as a value to go on with; what the operating system could not do ends everything.
pub(crate) fn split_io_error<T>(outcome: Result<T>) -> Result<Result<T>> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::Io => Err(error),
        outcome => Ok(outcome),
    }
}

/// Goes from block to block, and over damage to the next block.
pub(crate) struct Scan<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) key: u64,
    /// Where blocks end.
    pub(super) limit: u64,
    offset: u64,
    /// Where the block before starts; none after damage, 0 at the start.
    previous: Option<u64>,
    epoch: u32,
    top_epoch: u32,
    /// Where the last block starts and ends, if that is known.
    last: (u64, u64),
    /// Once there was damage: after it, what is between the start of one of these ranges and its end is no block of the file.
    stale: Option<Vec<Range<u64>>>,
}

/// One block, or damage where none is.
pub(crate) struct Scanned {
    /// From where to where in the file.
    pub(crate) bytes: Range<u64>,
    pub(crate) block: Option<(u64, BlockHeader)>,
    pub(crate) problem: Option<Error>,
}

impl<'a> Scan<'a> {
    /// From the first block to the last one under `commit`, or to where the file ends.
    pub(crate) fn new(source: &'a dyn Source, header: &FileHeader, commit: &Commit, limit: u64) -> Scan<'a> {
        let key = header.sync_key();
        let last = (commit.last_block, commit.committed_bytes);
        let (previous, top_epoch) = (Some(0), commit.epoch);
        Scan { source, key, limit, offset: REGION, previous, epoch: 1, top_epoch, last, stale: None }
    }

    /// Goes on at `offset`, after the block at `previous`.
    pub(crate) fn jump(&mut self, offset: u64, previous: u64, epoch: u32) {
        (self.offset, self.previous, self.epoch) = (offset, Some(previous), epoch);
    }

    /// Goes no further.
    pub(crate) fn end(&mut self) {
        self.offset = self.limit;
    }

    /// The next block or damage; none at the end. An error is the system's.
    pub(crate) fn step(&mut self) -> Result<Option<Scanned>> {
        if self.offset >= self.limit {
            return Ok(None);
        }
        let offset = self.offset;
        let header = match split_io_error(block::read_header(self.source, self.key, offset, self.limit))? {
            Ok(header) if (self.epoch..=self.top_epoch).contains(&header.epoch) => header,
            Ok(header) => {
                let error = Error::new(ErrorKind::Chain).at(offset).place(header.place());
                let error = error.what("a block of an epoch that cannot be here");
                let epochs = format!("{} to {}", self.epoch, self.top_epoch);
                return self.skip(error.expected(epochs).found(header.epoch.to_string())).map(Some);
            }
            Err(error) => return self.skip(error).map(Some),
        };
        let distance = u64::from(header.distance_lines) * LINE;
        let expected = match self.previous {
            Some(0) => 0,
            Some(previous) => offset.saturating_sub(previous),
            None => distance,
        };
        let problem = (distance != expected).then(|| {
            Error::new(ErrorKind::Chain)
                .at(offset)
                .place(header.place())
                .what("the distance to the block before is wrong")
                .expected(expected.to_string())
                .found(distance.to_string())
        });
        self.jump(header.end(offset), offset, header.epoch);
        let bytes = offset..self.offset;
        Ok(Some(Scanned { bytes, block: Some((offset, header)), problem }))
    }

    /// Each block names the one before it. What is found after damage between the two lies under a PAD block whose header is
    /// damaged: it was never committed.
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
            if let Some((offset, header)) = step.block {
                follow(offset, offset.saturating_sub(u64::from(header.distance_lines) * LINE));
            }
        }
        if self.last.1 == self.limit {
            follow(self.limit, self.last.0);
        }
        Ok(stale)
    }

    /// Where what is stale ends, if it is so at `offset`.
    fn after_stale(&self, offset: u64) -> Option<u64> {
        let ranges = self.stale.as_deref().unwrap_or_default();
        let at = ranges.partition_point(|range| range.end <= offset);
        ranges.get(at).filter(|range| range.start < offset).map(|range| range.end)
    }

    /// Goes over damage to the next block.
    fn skip(&mut self, error: Error) -> Result<Scanned> {
        if self.stale.is_none() {
            self.stale = Some(self.find_stale()?);
        }
        let epochs = self.epoch..=self.top_epoch;
        let next =
            block::find_next(self.source, self.key, self.offset.saturating_add(LINE), self.limit, epochs)?;
        let next = next.map_or(self.limit, |next| self.after_stale(next).unwrap_or(next));
        let skipped = format!("{} bytes up to {next:#x} are lost", next.saturating_sub(self.offset));
        let bytes = self.offset..next;
        (self.offset, self.previous) = (next, None);
        Ok(Scanned { bytes, block: None, problem: Some(error.place(skipped)) })
    }
}
