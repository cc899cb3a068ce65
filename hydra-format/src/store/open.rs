//! Opening for reading: chooses the commit, loads the catalog, and assesses the file (FORMAT.md, section
//! 10.2). It reads O(log n) blocks of a file that was closed cleanly, and writes nothing.

use super::block::{BlockFile, BlockKind};
use super::bytes::{HEADER_AT, REGION, SKIP, SLOT_AT, is_zero, line_down};
use super::catalog::Catalog;
use super::commit::{Commit, slot};
use super::header::FileHeader;
use super::index::Index;
use super::report::{Report, State};
use super::scan::{Scan, split_io_error};
use super::storage::Source;
use crate::{Error, ErrorKind, Result};
use std::time::Duration;

/// How many times an invalid commit record is read again, and at which interval: a writer may be writing it.
const PATIENCE: (usize, Duration) = (10, Duration::from_millis(1));

/// The result of opening a file.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) header: FileHeader,
    /// The commit that is shown.
    pub(crate) commit: Commit,
    /// The slot of its record.
    pub(crate) slot: usize,
    /// Blocks that may be torn were checked below this offset; it is 0 after falling back to the older
    /// commit.
    pub(crate) checked_bytes: u64,
    pub(crate) slots: Slots,
    /// The length of the file in bytes when it was opened.
    pub(crate) file_bytes: u64,
    pub(crate) catalog: Catalog,
    /// The number of details of the report that are about headers and commit records; the rest are about
    /// blocks.
    pub(crate) commit_details: usize,
    pub(crate) report: Report,
}

impl Opened {
    /// Returns whether both commit records are valid.
    pub(crate) fn has_both_records(&self) -> bool {
        self.slots.iter().all(Result::is_ok)
    }

    /// Returns the largest sequence and epoch of a valid record; if the other record is invalid, both are
    /// increased by a margin. The values of the lost record are unknown: a new record with the same sequence
    /// could complete it if it is torn as well, and blocks with the same epoch may exist.
    pub(crate) fn top(&self) -> (u64, u32) {
        let skip = if self.has_both_records() { 0 } else { SKIP - 1 };
        let valid = || self.slots.iter().flatten();
        let sequence = valid().map(|commit| commit.sequence).max().unwrap_or(0);
        let epoch = valid().map(|commit| commit.epoch).max().unwrap_or(0);
        (sequence.saturating_add(skip.into()), epoch.saturating_add(skip))
    }

    /// Returns where the next block goes. No record refers to bytes from here on, and no map shows them. It
    /// is the end of everything that a record refers to, as far as it exists; for an invalid record, that may
    /// be the whole file.
    pub(crate) fn floor(&self) -> u64 {
        let named = self.slots.iter().map(|slot| slot.map_or(u64::MAX, |commit| commit.committed_bytes));
        named.fold(0, u64::max).min(line_down(self.file_bytes)).max(self.commit.committed_bytes)
    }

    /// Scans all committed blocks.
    pub(crate) fn scan<'a>(&self, source: &'a dyn Source) -> Scan<'a> {
        Scan::new(self.catalog.blocks(source), &self.commit)
    }

    /// Returns whether a later state only adds blocks to this one: the file is intact, and there is no newer
    /// directory.
    fn goes_on_to(&self, commit: &Commit) -> bool {
        let grown = commit.committed_bytes >= self.commit.committed_bytes;
        grown && commit.directory == self.commit.directory && self.report.is_whole()
    }
}

/// Opens a file for reading.
pub(crate) fn open(source: &dyn Source) -> Result<Opened> {
    open_after(source, None)
}

/// Returns the state of the file now, unless it is the one that was opened before. Only the bytes after that
/// state are read.
pub(crate) fn refresh(source: &dyn Source, before: &Opened) -> Result<Option<Opened>> {
    let seen = before.commit.committed_bytes.min(before.file_bytes);
    let file_bytes = source.len()?;
    if file_bytes < seen {
        let error = Error::new(ErrorKind::CutShort).at(file_bytes).what("the file became shorter");
        return Err(error.expected(format!("{seen} bytes")).found(format!("{file_bytes} bytes")));
    }
    let slots = read_slots(source, &before.header.file_id)?;
    let newest = slots.iter().flatten().max_by_key(|commit| commit.sequence);
    if newest == Some(&before.commit) {
        return Ok(None);
    }
    let now = open_after(source, Some(before))?;
    if now.commit == before.commit {
        return Ok(None);
    }
    check_continues(source, &before.commit, &now)?;
    Ok(Some(now))
}

/// Checks that a newer state continues an older one: it must contain its blocks.
fn check_continues(source: &dyn Source, before: &Commit, now: &Opened) -> Result<()> {
    let gone = |what: &str| {
        let state = |commit: &Commit| {
            format!("commit {}, epoch {}, {} bytes", commit.sequence, commit.epoch, commit.committed_bytes)
        };
        let at = SLOT_AT.get(now.slot).copied().unwrap_or_default();
        let error = Error::new(ErrorKind::Replaced).at(at).what(what);
        Err(error.expected(format!("a state after {}", state(before))).found(state(&now.commit)))
    };
    let commit = &now.commit;
    if commit.sequence <= before.sequence || commit.committed_bytes < before.committed_bytes {
        return gone("the file went back to an older state");
    }
    let mut newest = before.last_block;
    if newest == 0 {
        return Ok(());
    }
    let last = split_io_error(now.catalog.blocks(source).header(newest))?;
    let mut joins = last.is_ok_and(|block| block.epoch <= before.epoch);
    let mut scan = now.scan(source);
    scan.skip_commit(before);
    while joins && let Some(step) = scan.step()? {
        joins = step.problem.is_none();
        newest = step.bytes.start;
        if commit.epoch == before.epoch {
            // The same writer never goes back.
            newest = commit.last_block;
            break;
        }
    }
    if joins && newest == commit.last_block {
        return Ok(());
    }
    gone("the file went back to an older state and continued from there")
}

/// Opens a file, of which an earlier state may be known.
fn open_after(source: &dyn Source, before: Option<&Opened>) -> Result<Opened> {
    let region = source.bytes(0, REGION as usize)?;
    let (header, bad_lines) = FileHeader::of_region(&region)?;
    if before.is_some_and(|before| before.header.file_id != header.file_id) {
        return Err(Error::new(ErrorKind::Replaced).at(0).found("another file id"));
    }
    let mut report = Report { state: State::Clean, details: Vec::new() };
    for ((line, what), at) in bad_lines.into_iter().enumerate().zip(HEADER_AT) {
        if let Some(what) = what {
            let error = Error::new(ErrorKind::Header).at(at);
            report.damage(error.what(format!("header line {line}: {what}")));
        }
    }
    let slots = read_slots(source, &header.file_id)?;
    let file_bytes = source.len()?;
    let choice = choose(source, &header, &slots, before, &mut report)?;
    let commit = choice.commit;
    if file_bytes < commit.committed_bytes {
        report.damage(cut_short(&commit, file_bytes));
    }
    let tail = file_bytes.saturating_sub(commit.committed_bytes);
    if report.state != State::Damaged {
        report.state = match (choice.lost, tail, commit.is_closed()) {
            (true, bytes, _) => State::LastCommitLost { bytes },
            (false, 1.., _) => State::UncommittedTail { bytes: tail },
            (false, 0, false) => State::Unclosed,
            (false, 0, true) => State::Clean,
        };
    }
    let commit_details = report.details.len();
    let blocks = header.blocks(source, commit.committed_bytes.min(file_bytes));
    let catalog = read_catalog(blocks, &commit, before, &mut report)?;
    Ok(Opened {
        header,
        commit,
        slot: choice.slot,
        checked_bytes: choice.checked_bytes,
        slots,
        file_bytes,
        catalog,
        commit_details,
        report,
    })
}

fn cut_short(commit: &Commit, file_bytes: u64) -> Error {
    Error::new(ErrorKind::CutShort)
        .at(file_bytes)
        .expected(format!("{} committed bytes", commit.committed_bytes))
        .found(format!("{file_bytes} bytes"))
}

/// Both commit records, or what is wrong with them.
pub(crate) type Slots = [Result<Commit, &'static str>; 2];

/// Reads both commit records; invalid ones are read again several times.
pub(crate) fn read_slots(source: &dyn Source, file_id: &[u8; 16]) -> Result<Slots> {
    let mut tries = 0..PATIENCE.0;
    loop {
        let mut slots: Slots = [Err(""); 2];
        for (slot, at) in slots.iter_mut().zip(SLOT_AT) {
            let mut bytes = [0; slot::BYTES];
            *slot = Commit::decode(source.read(at, &mut bytes)?, file_id);
        }
        if slots.iter().all(Result::is_ok) || tries.next().is_none() {
            return Ok(slots);
        }
        source.pause(PATIENCE.1);
    }
}

struct Accepted {
    commit: Commit,
    slot: usize,
    /// [`Opened::checked_bytes`].
    checked_bytes: u64,
    /// Whether another record is invalid, or is newer and does not check out.
    lost: bool,
}

/// Chooses the commit to show. Blocks that were checked in the earlier state are not checked again.
fn choose(
    source: &dyn Source,
    header: &FileHeader,
    slots: &Slots,
    before: Option<&Opened>,
    report: &mut Report,
) -> Result<Accepted> {
    for ((slot, commit), at) in slots.iter().enumerate().zip(SLOT_AT) {
        if let Err(what) = commit {
            let error = Error::new(ErrorKind::NoCommit).at(at);
            report.add(error.what(format!("commit record {slot}: {what}")));
        }
    }
    let none = |what: &str| Error::new(ErrorKind::NoCommit).at(SLOT_AT[0]).what(what);
    let (slot, newest, other) = match slots {
        [Ok(first), Ok(second)] if first.sequence == second.sequence && first != second => {
            return Err(none("two commit records have the same sequence and differ"));
        }
        [Ok(first), Ok(second)] if first.sequence < second.sequence => (1, second, Some(first)),
        [Ok(first), second] => (0, first, second.as_ref().ok()),
        [Err(_), Ok(second)] => (1, second, None),
        [Err(_), Err(_)] => return Err(none("both commit records are invalid")),
    };
    // Another writer may have overwritten the blocks that were checked.
    let before = before.filter(|before| before.commit.epoch == newest.epoch);
    let accepted = before.map_or(0, |before| before.checked_bytes);
    let blocks = header.blocks(source, newest.committed_bytes);
    let Err(why) = split_io_error(check_unsynced(blocks, newest, accepted))? else {
        let checked_bytes = newest.committed_bytes;
        return Ok(Accepted { commit: *newest, slot, checked_bytes, lost: other.is_none() });
    };
    match other.filter(|other| *other != newest) {
        Some(other) => {
            report.add(why);
            Ok(Accepted { commit: *other, slot: slot ^ 1, checked_bytes: 0, lost: true })
        }
        None => Err(none(&format!("what the only valid one names is damaged: {}", why.message()))),
    }
}

/// Chooses the commit to recover, and returns whether another record is invalid or newer. For a file that
/// cannot be opened, it is the newest valid record, whatever the state of its blocks.
pub(crate) fn commit_to_recover(source: &dyn Source, header: &FileHeader) -> Result<(Option<Commit>, bool)> {
    let slots = read_slots(source, &header.file_id)?;
    let mut report = Report { state: State::Clean, details: Vec::new() };
    if let Ok(choice) = split_io_error(choose(source, header, &slots, None, &mut report))? {
        return Ok((Some(choice.commit), choice.lost));
    }
    match slots {
        [Ok(first), Ok(second)] if first != second && first.sequence == second.sequence => Ok((None, true)),
        slots => Ok((slots.into_iter().flatten().max_by_key(|commit| commit.sequence), true)),
    }
}

/// Checks blocks that may be torn although the record is valid: those in [synced, committed) that were not
/// checked before, up to the last byte.
pub(crate) fn check_unsynced(blocks: BlockFile<'_>, commit: &Commit, accepted: u64) -> Result<()> {
    let mut offset = commit.synced_bytes.max(accepted);
    if offset >= blocks.limit {
        return Ok(());
    }
    while offset < blocks.limit {
        let block = blocks.header(offset)?;
        if block.epoch != commit.epoch {
            return Err(Error::new(ErrorKind::Chain).at(offset).what("a block of another epoch"));
        }
        block.check_crc(checksum(blocks.source, block.payload(), block.payload_bytes.into())?)?;
        let rest = block.payload().saturating_add(block.payload_bytes.into());
        offset = block.end();
        if !block.is(BlockKind::Pad)
            && !is_zero(&blocks.source.bytes(rest, offset.saturating_sub(rest) as usize)?)
        {
            let error = Error::new(ErrorKind::NotCanonical).at(rest).place(block.place());
            return Err(error.what("bytes after the payload are not zero"));
        }
    }
    match blocks.source.len()? {
        length if length < commit.committed_bytes => Err(cut_short(commit, length)),
        _ => Ok(()),
    }
}

/// Computes the checksum of a range of the file in pieces; `None` if the file ends before it.
fn checksum(source: &dyn Source, mut offset: u64, mut count: u64) -> Result<Option<u32>> {
    let mut hasher = crc32fast::Hasher::new();
    let mut piece = vec![0; usize::try_from(count.min(256 << 10)).unwrap_or(0)];
    while count > 0 {
        piece.truncate(count as usize);
        let read = source.read(offset, &mut piece)?;
        hasher.update(read);
        (offset, count) = (offset.saturating_add(read.len() as u64), count.saturating_sub(read.len() as u64));
        if read.len() < piece.len() {
            return Ok(None);
        }
    }
    Ok(Some(hasher.finalize()))
}

/// Loads tables and schemas from the newest directory and the blocks after it. Without an intact directory
/// and schemas, they are loaded from the headers of all blocks.
pub(crate) fn read_catalog(
    blocks: BlockFile<'_>,
    commit: &Commit,
    before: Option<&Opened>,
    report: &mut Report,
) -> Result<Catalog> {
    let mut catalog = Catalog::new(blocks.key, blocks.limit);
    let mut problems = Vec::new();
    let scan = match before.filter(|before| before.goes_on_to(commit)) {
        Some(before) => {
            catalog = before.catalog.clone();
            catalog.limit = blocks.limit;
            let mut scan = Scan::new(blocks, commit);
            scan.skip_commit(&before.commit);
            Ok(scan)
        }
        None => load_directory(blocks, commit, before, &mut catalog),
    };
    let whole = match split_io_error(scan)? {
        Ok(scan) => {
            take_in(scan, &mut catalog, &[BlockKind::Schema, BlockKind::Data], &mut problems)?;
            !problems.iter().any(|problem| problem.kind() == ErrorKind::BadSchema)
        }
        Err(error) => {
            problems.push(error);
            false
        }
    };
    if !whole {
        catalog = rebuild(blocks, commit, &mut problems)?;
    }
    problems.into_iter().for_each(|problem| report.damage(problem));
    let found = catalog.record_count();
    if found != commit.record_count && report.is_whole() {
        let error = Error::new(ErrorKind::Chain).at(blocks.limit);
        let error = error.what("the number of records in the blocks differs from that in the commit record");
        report.damage(error.expected(commit.record_count.to_string()).found(found.to_string()));
    }
    Ok(catalog)
}

/// Rebuilds the catalog from the headers of all blocks. Schemas are loaded first, because the first intact
/// copy of one may come after its records.
pub(crate) fn rebuild(blocks: BlockFile<'_>, commit: &Commit, problems: &mut Vec<Error>) -> Result<Catalog> {
    let mut catalog = Catalog::new(blocks.key, blocks.limit);
    take_in(Scan::new(blocks, commit), &mut catalog, &[BlockKind::Schema], &mut Vec::new())?;
    take_in(Scan::new(blocks, commit), &mut catalog, &[BlockKind::Data, BlockKind::Index], problems)?;
    Ok(catalog)
}

/// Loads the newest directory, if there is one, and returns the scan of the blocks after it.
fn load_directory<'a>(
    blocks: BlockFile<'a>,
    commit: &Commit,
    before: Option<&Opened>,
    catalog: &mut Catalog,
) -> Result<Scan<'a>> {
    let mut scan = Scan::new(blocks, commit);
    if commit.directory != 0 {
        let (block, payload) = blocks.read(commit.directory)?;
        if !block.is(BlockKind::Index) {
            let error = Error::new(ErrorKind::Index).at(block.offset);
            return Err(error.what("the newest directory is not an INDEX block"));
        }
        let index = Index::parse(&payload).map_err(|error| error.at(block.offset))?;
        let known = before.map(|before| &before.catalog);
        catalog.load(BlockFile { limit: block.offset, ..blocks }, &index, known)?;
        scan.skip_block(&block);
    }
    Ok(scan)
}

/// Adds what blocks of some kinds say to the catalog, and what is wrong with them to the problems.
fn take_in(
    mut scan: Scan<'_>,
    catalog: &mut Catalog,
    kinds: &[BlockKind],
    problems: &mut Vec<Error>,
) -> Result<()> {
    let blocks = scan.blocks;
    while let Some(step) = scan.step()? {
        problems.extend(step.problem);
        let Some(block) = step.block else {
            continue;
        };
        catalog.count_unindexed(&block);
        let taken = match block.block_kind().filter(|kind| kinds.contains(kind)) {
            Some(BlockKind::Schema) => {
                blocks.read(block.offset).and_then(|(block, payload)| catalog.add_schema(&block, &payload))
            }
            Some(BlockKind::Data) => catalog.add_data(blocks.source, &block),
            // Headers alone do not show which blocks are lost; the index does.
            Some(BlockKind::Index) => {
                let read = split_io_error(blocks.read(block.offset))?;
                if let Some(index) = read.as_ref().ok().and_then(|(_, payload)| Index::parse(payload).ok()) {
                    catalog.name_lost(&index);
                }
                Ok(())
            }
            _ => Ok(()),
        };
        let taken = split_io_error(taken)?;
        if block.is(BlockKind::Schema) {
            catalog.note_unsupported(&taken);
        }
        problems.extend(taken.err());
        problems.truncate(MAX_PROBLEMS);
    }
    Ok(())
}

/// Bounds the number of problems in a hostile file.
const MAX_PROBLEMS: usize = 1000;

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
