//! The check of a whole file: every byte that has a meaning, and every byte that must be zero. It reads one block at
//! a time, goes on after damage, and changes nothing.

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

/// What a check went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckSummary {
    /// Length of the file in bytes.
    pub file_bytes: u64,
    /// How far the commit in force reaches; everything below was looked at. 0 if the file could not be opened at all.
    pub committed_bytes: u64,
    /// Bytes under PAD blocks, which have no meaning: they were not looked at.
    pub covered_bytes: u64,
    /// Blocks of every kind whose header is good.
    pub block_count: u64,
    /// Records of blocks whose header and checksum are good.
    pub record_count: u64,
    /// How many findings were reported.
    pub finding_count: u64,
    /// What the worst of them makes of the file.
    pub verdict: Verdict,
}

impl CheckSummary {
    /// True if nothing was found.
    pub fn is_sound(&self) -> bool {
        self.finding_count == 0
    }

    /// How many bytes were looked at, if the file could be opened.
    pub fn verified_bytes(&self) -> u64 {
        self.committed_bytes.min(self.file_bytes).saturating_sub(self.covered_bytes)
    }

    /// How many bytes after the last commit were not looked at.
    pub fn uncommitted_bytes(&self) -> u64 {
        if self.committed_bytes == 0 { 0 } else { self.file_bytes.saturating_sub(self.committed_bytes) }
    }
}

/// Checks the file at `path`: header lines, commit records, and of every block header, checksum, structure, order,
/// text, padding, and agreement with schemas and index. Every finding goes to `report`, in the order of the file: an error
/// with its kind, the file offset, the place in words, the path of the value, what was expected and what was found.
/// `progress` is called before each block.
///
/// The error of this function is one of the system's; damage is a finding, and so is that it is not a Hydra file.
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

/// Where findings go, and what they make of the file.
struct FileFindings<'a> {
    sink: &'a mut dyn FnMut(Error),
    summary: CheckSummary,
    /// The block that is being checked: a finding that does not say where it is, is there.
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

    /// Bytes at `offset` that must be zero: one finding, at the first that is not.
    fn check_zero(&mut self, bytes: &[u8], offset: u64, place: &str) {
        if let Some((found, at)) = bytes.iter().zip(offset..).find(|&(&byte, _)| byte != 0) {
            let finding = Error::new(ErrorKind::NotCanonical).at(at).place(place);
            self.report(finding.expected("zero").found(format!("{found:#04x}")));
        }
    }
}

/// Checks a file from wherever its bytes come.
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
    // What cannot be opened, and is not of a newer version.
    let summary = findings.summary;
    let refused = summary.committed_bytes == 0 && summary.verdict != Verdict::Unsupported;
    Ok(CheckSummary { verdict: if refused { Verdict::Refused } else { summary.verdict }, ..summary })
}

/// The commit in force, and where its record is. What opening found out about headers and commit records is reported; what it found in blocks,
/// the check will find again.
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

/// The zeros of the header region, and those within header lines and commit records that are valid.
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

/// Every block, and the totals.
fn check_blocks(
    source: &dyn Source,
    header: &FileHeader,
    commit: Option<(Commit, u64)>,
    findings: &mut FileFindings<'_>,
    progress: Progress<'_>,
) -> Result<()> {
    // Without a commit record, all that looks like a block is looked at.
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
