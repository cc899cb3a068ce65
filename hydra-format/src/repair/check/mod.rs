//! The check of a whole file: every byte with a meaning, and every byte that must be zero. It reads one block
//! at a time, continues after damage, and changes nothing.

mod blocks;
#[cfg(test)]
mod tests;

use crate::store::block::BlockAt;
use crate::store::bytes::{self, CLOSED, HEADER_AT, REGION, SLOT_AT};
use crate::store::catalog::Catalog;
use crate::store::commit::{Commit, slot as record};
use crate::store::header::{FileHeader, line};
use crate::store::open::{self, Opened};
use crate::store::report::Verdict;
use crate::store::scan::{Progress, Scan, callback, split_io_error};
use crate::store::storage::{FileStorage, Source};
use crate::{Error, ErrorKind, Result};
use blocks::BlockCheck;
use std::path::Path;

/// The result of a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckSummary {
    /// The length of the file in bytes.
    pub file_bytes: u64,
    /// The length of the committed state in bytes, which is what was checked; 0 if the file could not be
    /// opened at all.
    pub committed_bytes: u64,
    /// Bytes in PAD blocks. They have no meaning and were not checked.
    pub covered_bytes: u64,
    /// The number of blocks of every kind with a valid header.
    pub block_count: u64,
    /// The number of records in blocks with a valid header and checksum.
    pub record_count: u64,
    /// The number of findings.
    pub finding_count: u64,
    /// The verdict of the worst finding.
    pub verdict: Verdict,
}

impl CheckSummary {
    /// Returns true if nothing was found.
    pub fn is_sound(&self) -> bool {
        self.finding_count == 0
    }

    /// Returns the number of bytes that were checked, if the file could be opened.
    pub fn verified_bytes(&self) -> u64 {
        self.committed_bytes.min(self.file_bytes).saturating_sub(self.covered_bytes)
    }

    /// Returns the number of bytes after the last commit, which were not checked.
    pub fn uncommitted_bytes(&self) -> u64 {
        if self.committed_bytes == 0 { 0 } else { self.file_bytes.saturating_sub(self.committed_bytes) }
    }
}

/// Checks the file at `path`: header lines, commit records, and the header, checksum, structure, order, text,
/// padding, and agreement with schemas and index of every block.
///
/// Each finding is passed to `report`, in the order of the file: an error with its kind, the file offset, the
/// place in words, the path of the value, and the expected and found values. `progress` is called before each
/// block.
///
/// # Errors
/// Only errors of the system. Damage is a finding, and so is a file that is not a Hydra file.
///
/// ```no_run
/// let summary = hydra::file::check("day.hydra", &mut |finding| eprintln!("{finding}"), None)?;
/// println!("{} findings in {} blocks", summary.finding_count, summary.block_count);
/// # Ok::<(), hydra::Error>(())
/// ```
pub fn check(
    path: impl AsRef<Path>,
    report: &mut dyn FnMut(Error),
    progress: Option<Progress<'_>>,
) -> Result<CheckSummary> {
    let path = path.as_ref();
    let storage = FileStorage::open(path)?;
    let mut report = |finding: Error| report(finding.in_file(path));
    check_source(&storage, &mut report, &mut callback(progress)).map_err(|error| error.in_file(path))
}

/// Collects findings and the verdict.
struct FileFindings<'a> {
    sink: &'a mut dyn FnMut(Error),
    summary: CheckSummary,
    /// The block under check, added to findings without a place.
    block: Option<BlockAt>,
}

impl FileFindings<'_> {
    fn report(&mut self, finding: Error) {
        self.summary.finding_count = self.summary.finding_count.saturating_add(1);
        self.summary.verdict = self.summary.verdict.max(Verdict::of(finding.kind()));
        (self.sink)(match &self.block {
            Some(block) => finding.at(block.offset).place(block.place()),
            None => finding,
        });
    }

    /// Checks bytes at `offset` that must be zero, and reports the first that is not.
    fn check_zero(&mut self, bytes: &[u8], offset: u64, place: &str) {
        if let Some((found, at)) = bytes.iter().zip(offset..).find(|&(&byte, _)| byte != 0) {
            let finding = Error::new(ErrorKind::NotCanonical).at(at).place(place);
            self.report(finding.expected("zero").found(format!("{found:#04x}")));
        }
    }
}

/// Checks a file from any source.
pub(crate) fn check_source(
    source: &dyn Source,
    report: &mut dyn FnMut(Error),
    progress: Progress<'_>,
) -> Result<CheckSummary> {
    let summary = CheckSummary { file_bytes: source.len()?, ..CheckSummary::default() };
    let mut findings = FileFindings { sink: report, summary, block: None };
    let region = source.bytes(0, REGION as usize)?;
    match FileHeader::of_region(&region) {
        Err(error) => findings.report(error),
        Ok((header, _)) => {
            let commit = settle(open::open(source), &mut findings)?;
            check_region(&region, &header, &mut findings);
            findings.summary.committed_bytes = commit.map_or(0, |(commit, _)| commit.committed_bytes);
            check_blocks(source, &header, commit, &mut findings, progress)?;
        }
    }
    // The file cannot be opened, and this is not because of a newer version.
    let summary = findings.summary;
    let refused = summary.committed_bytes == 0 && summary.verdict != Verdict::Unsupported;
    Ok(CheckSummary { verdict: if refused { Verdict::Refused } else { summary.verdict }, ..summary })
}

/// Returns the commit in force and the offset of its record. Reports problems with headers and commit
/// records; the check finds problems in blocks again.
fn settle(opened: Result<Opened>, findings: &mut FileFindings<'_>) -> Result<Option<(Commit, u64)>> {
    match split_io_error(opened)? {
        Ok(opened) => {
            let details = opened.report.details.into_iter().take(opened.commit_details);
            details.for_each(|finding| findings.report(finding));
            Ok(SLOT_AT.get(opened.slot).map(|&at| (opened.commit, at)))
        }
        Err(error) => {
            findings.report(error);
            Ok(None)
        }
    }
}

/// Checks the zeros of the header region, and those within valid header lines and commit records.
fn check_region(region: &[u8], header: &FileHeader, findings: &mut FileFindings<'_>) {
    let bytes = |from: u64, to: u64| {
        let (from, to) = (from as usize, (to as usize).min(region.len()));
        region.get(from..to).unwrap_or_default()
    };
    for ((at, slot), end) in HEADER_AT.into_iter().zip(SLOT_AT).zip([bytes::PAGE, REGION]) {
        let in_line = |place: usize| at.saturating_add(place as u64);
        let in_slot = |place: usize| slot.saturating_add(place as u64);
        let line_end = in_line(line::BYTES);
        let slot_end = in_slot(record::BYTES);
        let mut zeros = vec![(line_end, slot, "header region"), (slot_end, end, "header region")];
        if FileHeader::decode(bytes(at, line_end)).is_ok() {
            zeros.push((in_line(line::ZERO), in_line(line::INCOMPAT), "header line"));
            zeros.push((in_line(line::ZERO_TOO), in_line(line::CRC), "header line"));
        }
        if let Ok(commit) = Commit::decode(bytes(slot, slot_end), &header.file_id) {
            zeros.push((in_slot(record::ZERO), in_slot(record::CRC), "commit record"));
            let unknown = (commit.flags & !CLOSED).to_le_bytes();
            findings.check_zero(&unknown, in_slot(record::FLAGS), "flags of a commit record");
        }
        for (from, to, place) in zeros {
            findings.check_zero(bytes(from, to), from, place);
        }
    }
}

/// Checks every block, and the totals.
fn check_blocks(
    source: &dyn Source,
    header: &FileHeader,
    commit: Option<(Commit, u64)>,
    findings: &mut FileFindings<'_>,
    progress: Progress<'_>,
) -> Result<()> {
    // Without a commit record, everything that looks like a block is checked.
    let file_bytes = findings.summary.file_bytes;
    let assumed =
        Commit { committed_bytes: bytes::line_down(file_bytes), epoch: u32::MAX, ..Commit::first() };
    let under = commit.map_or(assumed, |(commit, _)| commit);
    let limit = under.committed_bytes.min(file_bytes);
    let mut scan = Scan::new(header.blocks(source, limit), &under);
    let mut blocks = BlockCheck::new(source, Catalog::new(header.sync_key(), limit), findings);
    while let Some(step) = scan.step()? {
        progress(step.bytes.start, limit);
        blocks.findings.block = step.block;
        if let Some(problem) = step.problem {
            blocks.lost |= step.block.is_none();
            blocks.findings.report(problem);
        }
        if let Some(block) = step.block {
            blocks.check(&block)?;
        }
    }
    blocks.findings.block = None;
    let is_whole = !blocks.lost && limit == under.committed_bytes;
    if let Some((commit, slot)) = commit.filter(|_| is_whole) {
        blocks.check_totals(&commit, slot);
        if commit.is_closed() {
            blocks.check_closed();
        }
    }
    Ok(())
}
