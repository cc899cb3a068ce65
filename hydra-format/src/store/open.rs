//! Opening to read: which commit is in force, what it holds, and how healthy the file is (FORMAT.md, section 10.2).
//! It reads O(log) blocks of a file that was closed cleanly, and writes nothing.

use super::block::{self, BlockKind};
use super::bytes::{HEADER_AT, LINE, REGION, SKIP, SLOT_AT, is_zero, line_down};
use super::catalog::Catalog;
use super::commit::{Commit, slot};
use super::header::FileHeader;
use super::index::Index;
use super::report::{Report, State};
use super::scan::{Scan, split_io_error};
use super::storage::Source;
use crate::{Error, ErrorKind, Result};
use std::time::Duration;

/// How often an invalid commit record is read again, and after what time: a writer may be in the middle of it.
const PATIENCE: (usize, Duration) = (10, Duration::from_millis(1));

/// What opening found.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) header: FileHeader,
    /// The commit record in force.
    pub(crate) commit: Commit,
    /// Its slot.
    pub(crate) slot: usize,
    /// What may be torn was looked at below this offset: 0 after falling back to the older commit.
    pub(crate) checked_bytes: u64,
    /// A commit record is invalid.
    pub(crate) invalid: bool,
    /// The largest sequence and epoch that any record may have.
    pub(crate) top: (u64, u32),
    /// Where the next block goes: no record names, and no map serves, what is from here on.
    pub(crate) floor: u64,
    /// Length of the file in bytes when it was opened.
    pub(crate) file_bytes: u64,
    pub(crate) catalog: Catalog,
    /// How many details of the report are about headers and commit records; the rest is about blocks.
    pub(crate) commit_details: usize,
    /// Number of blocks after the newest directory, without PAD blocks.
    pub(crate) unindexed_blocks: u64,
    pub(crate) report: Report,
}

impl Opened {
    /// True if the blocks after this state are all that a later one adds: nothing is wrong, and there is no newer directory.
    fn goes_on_to(&self, commit: &Commit) -> bool {
        let grown = commit.committed_bytes >= self.commit.committed_bytes;
        grown && commit.directory == self.commit.directory && self.report.is_whole()
    }
}

/// Opens a file to read.
pub(crate) fn open(source: &dyn Source) -> Result<Opened> {
    open_after(source, None)
}

/// The state of the file now, if it is another than the one that was opened before. It is read from where that one ends.
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

/// What was visible stays visible: a state that goes on from another one has its blocks, and more.
fn check_continues(source: &dyn Source, before: &Commit, now: &Opened) -> Result<()> {
    let gone = |what: &str| {
        let state = |commit: &Commit| {
            format!("commit {}, epoch {}, {} bytes", commit.sequence, commit.epoch, commit.committed_bytes)
        };
        let at = SLOT_AT.get(now.slot).copied().unwrap_or_default();
        let error = Error::new(ErrorKind::Replaced).at(at).what(what);
        Err(error.expected(format!("a state after {}", state(before))).found(state(&now.commit)))
    };
    let (commit, limit) = (&now.commit, now.catalog.limit());
    if commit.sequence <= before.sequence || commit.committed_bytes < before.committed_bytes {
        return gone("the file went back to an older state");
    }
    let (last, key) = (before.last_block, now.header.sync_key());
    if last == 0 {
        return Ok(());
    }
    let is_there = split_io_error(block::read_header(source, key, last, limit))?
        .is_ok_and(|header| header.epoch <= before.epoch);
    let mut scan = Scan::new(source, &now.header, commit, limit);
    scan.jump(before.committed_bytes, last, before.epoch);
    let (mut newest, mut joins) = (last, is_there);
    while joins && let Some(step) = scan.step()? {
        joins = step.problem.is_none();
        newest = step.bytes.start;
        if commit.epoch == before.epoch {
            // The same writer's: it never goes back.
            newest = commit.last_block;
            break;
        }
    }
    if joins && newest == commit.last_block {
        return Ok(());
    }
    gone("the file went back to an older state, and on from there")
}

/// Opens a file, of which a state before may be known.
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
    // Another writer's blocks may be where those were that were looked at.
    let accepted = before.map_or((0, 0), |before| (before.commit.epoch, before.checked_bytes));
    let choice = choose(source, &header, &slots, accepted, &mut report)?;
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
    let (catalog, unindexed_blocks) =
        read_catalog(source, &header, &commit, file_bytes, before, &mut report)?;
    Ok(Opened {
        header,
        commit,
        slot: choice.slot,
        checked_bytes: choice.checked_bytes,
        invalid: !slots.iter().all(Result::is_ok),
        top: top(&slots),
        floor: floor(&slots, &commit, file_bytes),
        file_bytes,
        catalog,
        commit_details,
        unindexed_blocks,
        report,
    })
}

fn cut_short(commit: &Commit, file_bytes: u64) -> Error {
    Error::new(ErrorKind::CutShort)
        .at(file_bytes)
        .expected(format!("{} committed bytes", commit.committed_bytes))
        .found(format!("{file_bytes} bytes"))
}

type Slots = [Result<Commit, &'static str>; 2];

/// Both commit records; invalid ones are read again for a while.
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

/// The largest sequence and epoch of a valid record, or a good deal more if one is invalid: what it was before it was lost is
/// not known. A new record with its sequence could, torn in turn, make it whole; blocks with its epoch may be there.
fn top(slots: &Slots) -> (u64, u32) {
    let skip = if slots.iter().all(Result::is_ok) { 0 } else { SKIP - 1 };
    let top = |number: fn(&Commit) -> u64| slots.iter().flatten().map(number).max().unwrap_or(0);
    let (sequence, epoch) = (top(|commit| commit.sequence), top(|commit| commit.epoch.into()));
    let epoch = u32::try_from(epoch.saturating_add(skip.into())).unwrap_or(u32::MAX);
    (sequence.saturating_add(skip.into()), epoch)
}

/// The end of everything that a record names, as far as it is there; of a record that is invalid, that may be the whole file.
fn floor(slots: &Slots, commit: &Commit, file_bytes: u64) -> u64 {
    let named = slots.iter().map(|slot| slot.map_or(u64::MAX, |commit| commit.committed_bytes));
    let named = named.fold(0, u64::max);
    named.min(line_down(file_bytes)).max(commit.committed_bytes)
}

struct Accepted {
    commit: Commit,
    slot: usize,
    /// [`Opened::checked_bytes`].
    checked_bytes: u64,
    /// Another record is invalid, or newer and does not check.
    lost: bool,
}

/// Chooses the record in force; blocks of an epoch below `accepted` were looked at before.
fn choose(
    source: &dyn Source,
    header: &FileHeader,
    slots: &Slots,
    (epoch, accepted): (u32, u64),
    report: &mut Report,
) -> Result<Accepted> {
    let none = |what: &str| Error::new(ErrorKind::NoCommit).at(SLOT_AT[0]).what(what);
    let mut valid: Vec<(usize, Commit)> = Vec::new();
    for ((slot, commit), at) in slots.iter().enumerate().zip(SLOT_AT) {
        match commit {
            Ok(commit) => valid.push((slot, *commit)),
            Err(what) => {
                let error = Error::new(ErrorKind::NoCommit).at(at);
                report.add(error.what(format!("commit record {slot}: {what}")));
            }
        }
    }
    if let [(_, first), (_, second)] = valid[..] {
        if first.sequence == second.sequence && first != second {
            return Err(none("two commit records have the same sequence and differ"));
        }
        if second.sequence > first.sequence {
            valid.reverse();
        }
    }
    let lost = valid.len() < 2;
    let [(slot, newest), others @ ..] = &valid[..] else {
        return Err(none("both commit records are invalid"));
    };
    let accepted = if newest.epoch == epoch { accepted } else { 0 };
    let Err(why) = split_io_error(check_unsynced(source, header, newest, accepted))? else {
        return Ok(Accepted { commit: *newest, slot: *slot, checked_bytes: newest.committed_bytes, lost });
    };
    match others.first().filter(|(_, other)| other != newest) {
        Some((slot, commit)) => {
            report.add(why);
            Ok(Accepted { commit: *commit, slot: *slot, checked_bytes: 0, lost: true })
        }
        None => Err(none(&format!("what the only valid one names is damaged: {}", why.message()))),
    }
}

/// The commit record in force, and whether another one is invalid or newer; for a file that cannot be opened, the newest
/// valid record, whatever became of its blocks.
pub(crate) fn commit_to_recover(source: &dyn Source, header: &FileHeader) -> Result<(Option<Commit>, bool)> {
    let slots = read_slots(source, &header.file_id)?;
    let mut report = Report { state: State::Clean, details: Vec::new() };
    if let Ok(choice) = split_io_error(choose(source, header, &slots, (0, 0), &mut report))? {
        return Ok((Some(choice.commit), choice.lost));
    }
    match slots {
        [Ok(first), Ok(second)] if first != second && first.sequence == second.sequence => Ok((None, true)),
        slots => Ok((slots.into_iter().flatten().max_by_key(|commit| commit.sequence), true)),
    }
}

/// Checks what may be torn although the record is whole: the blocks in [synced, committed) that were not accepted before, to the
/// last byte.
pub(crate) fn check_unsynced(
    source: &dyn Source,
    header: &FileHeader,
    commit: &Commit,
    accepted: u64,
) -> Result<()> {
    let mut offset = commit.synced_bytes.max(accepted);
    if offset >= commit.committed_bytes {
        return Ok(());
    }
    while offset < commit.committed_bytes {
        let found = block::read_header(source, header.sync_key(), offset, commit.committed_bytes)?;
        if found.epoch != commit.epoch {
            return Err(Error::new(ErrorKind::Chain).at(offset).what("a block of another epoch"));
        }
        let (start, payload_bytes) = (offset.saturating_add(LINE), u64::from(found.payload_bytes));
        let computed = checksum(source, start, payload_bytes)?;
        if computed != Some(found.payload_crc) {
            return Err(block::checksum_error(&found, offset, computed.unwrap_or(0)));
        }
        let (rest, end) = (start.saturating_add(payload_bytes), found.end(offset));
        if !found.is(BlockKind::Pad) && !is_zero(&source.bytes(rest, end.saturating_sub(rest) as usize)?) {
            let error = Error::new(ErrorKind::NotCanonical).at(rest).place(found.place());
            return Err(error.what("bytes after the payload are not zero"));
        }
        offset = end;
    }
    match source.len()? {
        length if length < commit.committed_bytes => Err(cut_short(commit, length)),
        _ => Ok(()),
    }
}

/// The checksum of a range of the file, read in pieces; none if the file ends before it.
pub(crate) fn checksum(source: &dyn Source, mut offset: u64, mut count: u64) -> Result<Option<u32>> {
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

/// Reads tables and schemas from the newest directory and the blocks after it. Where there is none, or it or a schema
/// is damaged, from the headers of all blocks.
fn read_catalog(
    source: &dyn Source,
    header: &FileHeader,
    commit: &Commit,
    file_bytes: u64,
    before: Option<&Opened>,
    report: &mut Report,
) -> Result<(Catalog, u64)> {
    let limit = commit.committed_bytes.min(file_bytes);
    let mut catalog = Catalog::new(header.sync_key(), limit);
    let mut problems = Vec::new();
    let mut unindexed_blocks = 0;
    let from = before.filter(|before| before.goes_on_to(commit));
    let scan = match from {
        Some(before) => {
            (catalog, unindexed_blocks) = (before.catalog.clone(), before.unindexed_blocks);
            catalog.set_limit(limit);
            let mut scan = Scan::new(source, header, commit, limit);
            scan.jump(before.commit.committed_bytes, before.commit.last_block, before.commit.epoch);
            Ok(scan)
        }
        None => load_directory(source, header, commit, limit, before, &mut catalog),
    };
    let walked = match split_io_error(scan)? {
        Ok(scan) => take_in(scan, &mut catalog, true, true, &mut problems)
            .map(|count| unindexed_blocks = count.saturating_add(unindexed_blocks))
            .map(|()| !problems.iter().any(|problem| problem.kind() == ErrorKind::BadSchema)),
        Err(error) => {
            problems.push(error);
            Ok(false)
        }
    };
    if !walked? {
        catalog = rebuild(source, header, commit, limit, &mut problems)?;
    }
    for problem in problems {
        report.damage(problem);
    }
    let found = catalog.record_count();
    if found != commit.record_count && report.is_whole() {
        report.damage(
            Error::new(ErrorKind::Chain)
                .at(limit)
                .what("the blocks hold another number of records than the commit record says")
                .expected(commit.record_count.to_string())
                .found(found.to_string()),
        );
    }
    Ok((catalog, unindexed_blocks))
}

/// The catalog from the headers of all blocks: first the schemas, for the first good copy of one may come after the
/// records.
pub(crate) fn rebuild(
    source: &dyn Source,
    header: &FileHeader,
    commit: &Commit,
    limit: u64,
    problems: &mut Vec<Error>,
) -> Result<Catalog> {
    let mut catalog = Catalog::new(header.sync_key(), limit);
    take_in(Scan::new(source, header, commit, limit), &mut catalog, true, false, &mut Vec::new())?;
    take_in(Scan::new(source, header, commit, limit), &mut catalog, false, true, problems)?;
    Ok(catalog)
}

/// Loads the newest directory, if there is one; the scan of the blocks after it.
fn load_directory<'a>(
    source: &'a dyn Source,
    header: &FileHeader,
    commit: &Commit,
    limit: u64,
    before: Option<&Opened>,
    catalog: &mut Catalog,
) -> Result<Scan<'a>> {
    let mut scan = Scan::new(source, header, commit, limit);
    if commit.directory == 0 {
        return Ok(scan);
    }
    let offset = commit.directory;
    let bad = |what: &str| Error::new(ErrorKind::Index).at(offset).what(what);
    let (block, payload) = block::read_block(source, header.sync_key(), offset, limit)?;
    if !block.is(BlockKind::Index) {
        return Err(bad("the newest directory is not an INDEX block"));
    }
    catalog.load(
        source,
        offset,
        &Index::parse(&payload).map_err(|error| error.at(offset))?,
        before.map(|before| &before.catalog),
    )?;
    scan.jump(block.end(offset), offset, block.epoch);
    Ok(scan)
}

/// Takes schemas and blocks of records into the catalog; what is wrong is added to the problems. The number of
/// blocks that are not PAD.
fn take_in(
    mut scan: Scan<'_>,
    catalog: &mut Catalog,
    schemas: bool,
    data: bool,
    problems: &mut Vec<Error>,
) -> Result<u64> {
    let source = scan.source;
    let mut count = 0u64;
    while let Some(step) = scan.step()? {
        problems.extend(step.problem);
        let Some((offset, header)) = step.block else {
            continue;
        };
        count = count.saturating_add(u64::from(!header.is(BlockKind::Pad)));
        let taken = match header.block_kind() {
            Some(BlockKind::Schema) if schemas => block::read_block(source, scan.key, offset, scan.limit)
                .and_then(|(header, payload)| catalog.add_schema(offset, &header, &payload)),
            Some(BlockKind::Data) if data => catalog.add_data(source, offset, &header),
            // The catalog is made from headers alone: they do not tell what is lost.
            Some(BlockKind::Index) if !schemas => {
                let read = split_io_error(block::read_block(source, scan.key, offset, scan.limit))?;
                if let Some(index) = read.as_ref().ok().and_then(|(_, payload)| Index::parse(payload).ok()) {
                    catalog.name_lost(&index);
                }
                Ok(())
            }
            _ => Ok(()),
        };
        let taken = split_io_error(taken)?;
        if header.is(BlockKind::Schema) {
            catalog.note_unsupported(&taken);
        }
        problems.extend(taken.err());
        problems.truncate(MAX_PROBLEMS);
    }
    Ok(count)
}

/// Hostile files have no end of problems.
const MAX_PROBLEMS: usize = 1000;

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
