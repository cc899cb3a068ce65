//! A survey of a damaged file, from the headers of its blocks and from what indexes and commit records
//! contain about missing blocks: which blocks hold which records, and which bytes are unexplained. It does
//! not read the payloads of records.

use crate::store::block::{self, BlockAt, BlockFile, BlockHeader, BlockKind};
use crate::store::bytes::{HEADER_AT, REGION, get, line_down};
use crate::store::catalog::Catalog;
use crate::store::commit::Commit;
use crate::store::header::{self, FileHeader};
use crate::store::index::{Entry, Index};
use crate::store::open::{self, Opened};
use crate::store::report::{Report, State};
use crate::store::scan::{Progress, Scan, split_io_error};
use crate::store::storage::Source;
use crate::{ErrorKind, Result};
use std::collections::HashMap;
use std::ops::Range;

/// Why a block is believed to exist. Of blocks that exclude each other, the one with the later reason counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Evidence {
    /// An index names it, and the scan did not find it.
    Named,
    /// The scan found its header.
    Found,
    /// It is where a reader looks for its records.
    Shown,
}

/// A block of records: the original block, or a replacement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Version {
    /// The number of the table; greater than all numbers if the schema is lost.
    table: usize,
    pub(crate) entry: Entry,
    replaces: bool,
    pub(crate) uncommitted: bool,
    evidence: Evidence,
}

impl Version {
    /// Creates a committed block that may be a replacement, under no table yet.
    fn of(entry: Entry, evidence: Evidence) -> Version {
        Version { table: 0, entry, replaces: true, uncommitted: false, evidence }
    }

    /// Returns whether this block and a later one claim the same records, and the later one is no replacement
    /// of this one.
    fn excludes(&self, later: &Version) -> bool {
        let replaced = self.entry.is_version_of(&later.entry) && later.replaces;
        self.table == later.table && self.entry.end() > later.entry.first && !replaced
    }
}

/// All versions of the records of a block, the current one last; empty if no version is left.
#[derive(Clone, Debug)]
pub(crate) struct Group<'a> {
    pub(crate) table: usize,
    pub(crate) records: Range<u64>,
    pub(crate) versions: &'a [Version],
}

/// Bytes that are not a block.
#[derive(Clone, Debug)]
struct Gap {
    bytes: Range<u64>,
    /// The gap held exactly one block.
    single: bool,
    /// It is known which records the gap held, or that it held none.
    explained: bool,
}

/// The content of a damaged file.
pub(crate) struct Survey<'a> {
    pub(crate) header: FileHeader,
    pub(crate) commit: Option<Commit>,
    /// The blocks that may be kept.
    pub(crate) blocks: BlockFile<'a>,
    /// The schemas that a reader or the scan found, under their tables.
    pub(crate) catalog: Catalog,
    /// In the order of the file; in the end by table and record, the current version last.
    versions: Vec<Version>,
    gaps: Vec<Gap>,
    /// Versions that the scan did not find, by offset.
    named: HashMap<u64, Version>,
    /// META blocks in file order, and whether each was never committed.
    pub(crate) metas: Vec<(u64, bool)>,
    /// A node is damaged, so a directory that names it no longer names all blocks.
    blind: bool,
    /// The ends of the committed records of the tables, as far as blocks or indexes name them.
    ends: HashMap<usize, u64>,
    /// Records at the end of a table of which nothing is left.
    tail: Option<(usize, Range<u64>)>,
    pub(crate) unplaced: u64,
    pub(crate) unknown: Vec<Range<u64>>,
    pub(crate) left_out: (u64, u64),
    pub(crate) in_doubt: bool,
}

impl<'a> Survey<'a> {
    /// Scans the headers of all blocks. Blocks after the last commit are included or only counted.
    ///
    /// Blocks that contradict each other are judged as a reader does, so that recovery saves what it shows.
    pub(crate) fn of(
        source: &'a dyn Source,
        uncommitted: bool,
        progress: Progress<'_>,
    ) -> Result<Survey<'a>> {
        let file_bytes = source.len()?;
        let lines = line_down(file_bytes);
        let (header, is_whole) = identify(source)?;
        let (commit, lost) = if is_whole { open::commit_to_recover(source, &header)? } else { (None, true) };
        let committed = commit.map_or(lines, |commit| commit.committed_bytes);
        let limit = if uncommitted { lines } else { committed.min(lines) };
        let readable = header.blocks(source, committed.min(lines));
        let mut report = Report { state: State::Damaged, details: Vec::new() };
        let catalog = commit.map(|commit| open::read_catalog(readable, &commit, None, &mut report));
        let mut survey = Survey {
            catalog: catalog.transpose()?.unwrap_or_default(),
            blocks: header.blocks(source, limit),
            in_doubt: commit.is_some() && lost && file_bytes > committed && !uncommitted,
            versions: Vec::new(),
            gaps: Vec::new(),
            named: HashMap::new(),
            metas: Vec::new(),
            blind: false,
            ends: HashMap::new(),
            tail: None,
            unplaced: 0,
            unknown: Vec::new(),
            left_out: (0, 0),
            header,
            commit,
        };
        let everything = Commit { epoch: u32::MAX, ..Commit::first() };
        let under = commit.unwrap_or(everything);
        survey.scan(Scan::new(readable, &under), Some(progress))?;
        survey.close_gaps(committed, lines);
        if let Some(commit) = commit {
            let mut scan = Scan::new(header.blocks(source, lines), &everything);
            scan.skip_commit(&commit);
            if uncommitted { survey.scan(scan, None)? } else { survey.count(scan)? }
        }
        survey.take_shown()?;
        survey.resolve();
        Ok(survey)
    }

    /// Returns the state for reading the blocks.
    pub(crate) fn opened(&self) -> Opened {
        let commit = self.commit.unwrap_or(Commit::first());
        Opened {
            header: self.header,
            commit,
            slot: 0,
            checked_bytes: 0,
            slots: [Ok(commit); 2],
            file_bytes: self.blocks.limit,
            catalog: self.catalog.clone(),
            commit_details: 0,
            report: Report { state: State::Damaged, details: Vec::new() },
        }
    }

    /// Takes in the blocks of a scan. Without `progress` they are uncommitted.
    fn scan(&mut self, mut scan: Scan<'_>, mut progress: Option<Progress<'_>>) -> Result<()> {
        let uncommitted = progress.is_none();
        while let Some(step) = scan.step()? {
            if let Some(progress) = &mut progress {
                progress(step.bytes.start, self.blocks.limit);
            }
            match step.block {
                Some(block) => self.take(&block, uncommitted)?,
                None if uncommitted => {}
                None => self.gaps.push(Gap { bytes: step.bytes, single: false, explained: false }),
            }
        }
        Ok(())
    }

    fn take(&mut self, block: &BlockAt, uncommitted: bool) -> Result<()> {
        // A block stores the distance from its predecessor, so a gap of this length is one block.
        if let Some(gap) = self.gaps.last_mut().filter(|gap| gap.bytes.end == block.offset) {
            gap.single = gap.bytes.start == block.previous();
        }
        match block.block_kind() {
            Some(BlockKind::Data) => {
                let replaces = block.is_replacement();
                let version = Version::of(Entry::of(block), Evidence::Found);
                self.versions.push(Version { replaces, uncommitted, ..version });
            }
            // A damaged schema, or one that differs from another with the same id, is ignored; its records are
            // reported when their blocks are read.
            Some(BlockKind::Schema) => {
                let read = split_io_error(self.blocks.read(block.offset))?.ok();
                let _ = read.map(|(block, payload)| self.catalog.add_schema(&block, &payload));
            }
            Some(BlockKind::Meta) => self.metas.push((block.offset, uncommitted)),
            Some(BlockKind::Index) if !self.gaps.is_empty() && !uncommitted => {
                let read = split_io_error(self.blocks.read(block.offset))?;
                match read.as_ref().map(|(_, payload)| Index::parse(payload)) {
                    Ok(Ok(index)) => self.take_index(&index),
                    _ => self.blind = true,
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Notes blocks in gaps that an index names. A directory names all current blocks before it.
    fn take_index(&mut self, index: &Index<'_>) {
        for entry in index.entries() {
            let at = self.gaps.partition_point(|gap| gap.bytes.end <= entry.offset);
            if let Some(gap) = self.gaps.get_mut(at).filter(|gap| gap.bytes.contains(&entry.offset)) {
                if entry.level > 0 {
                    self.blind = true;
                    let end = entry.offset.saturating_add(entry.bytes());
                    gap.explained |= gap.bytes == (entry.offset..end);
                    continue;
                }
                self.named.insert(entry.offset, Version::of(entry, Evidence::Named));
            }
        }
        if index.is_directory() && !self.blind {
            self.gaps.iter_mut().rev().take_while(|gap| !gap.explained).for_each(|gap| gap.explained = true);
        }
    }

    /// Marks the blocks where a reader looks for records. With an index it also finds blocks that do not join
    /// with their neighbours.
    fn take_shown(&mut self) -> Result<()> {
        for table in 0..self.catalog.tables.len() {
            let mut cursor = self.catalog.cursor(table, 0);
            while let Some(entry) = cursor.next(&self.catalog, self.blocks.source) {
                let Ok(entry) = split_io_error(entry.map_err(|(error, _)| error))? else { continue };
                let found = self.versions.binary_search_by_key(&entry.offset, |version| version.entry.offset);
                let found = found.ok().and_then(|at| self.versions.get_mut(at));
                if let Some(version) = found.filter(|version| version.entry == entry) {
                    version.evidence = Evidence::Shown;
                } else if split_io_error(self.blocks.header(entry.offset))?.is_ok_and(|at| entry.names(&at)) {
                    self.named.insert(entry.offset, Version::of(entry, Evidence::Shown));
                }
            }
        }
        Ok(())
    }

    /// Explains gaps and the end of the file from the commit record.
    fn close_gaps(&mut self, committed: u64, lines: u64) {
        let end = committed.max(REGION);
        if end > lines {
            self.gaps.push(Gap { bytes: lines..end, single: false, explained: false });
        }
        let Some(commit) = self.commit else { return };
        if commit.meta != 0 && self.metas.last() != Some(&(commit.meta, false)) {
            self.metas.push((commit.meta, false));
        }
        for gap in &mut self.gaps {
            let start = gap.bytes.start;
            let single = gap.single || start == commit.last_block;
            let named = single && [commit.directory, commit.schema, commit.meta].contains(&start);
            // After the copies of schemas, a writer that closes a file writes only indexes.
            gap.explained |= named || (commit.is_closed() && start >= commit.schema);
        }
    }

    /// Counts the blocks of a scan and their records.
    fn count(&mut self, mut scan: Scan<'_>) -> Result<()> {
        while let Some(step) = scan.step()? {
            if let Some(block) = step.block.filter(|block| block.is(BlockKind::Data)) {
                self.left_out.0 = self.left_out.0.saturating_add(1);
                let records = if block.is_replacement() { 0 } else { u64::from(block.count) };
                self.left_out.1 = self.left_out.1.saturating_add(records);
            }
        }
        Ok(())
    }

    /// Groups the versions of the same records, and determines which records are missing.
    fn resolve(&mut self) {
        // Tables are numbered by the ids of their schemas, even if the first copy of one is lost.
        let found = std::mem::replace(&mut self.catalog, Catalog::new(self.blocks.key, self.blocks.limit));
        for info in found.schemas.into_values() {
            let name = found.tables.get(info.table()).map_or("", |table| table.name());
            self.catalog.insert_schema(name, info.row, info.schema);
        }
        self.versions.extend(std::mem::take(&mut self.named).into_values());
        self.versions.retain(|version| version.entry.is_possible(u64::MAX));
        for version in &mut self.versions {
            let info = self.catalog.schemas.get(&version.entry.schema);
            version.table = info.map_or(!(version.entry.schema as usize), |info| info.table());
        }
        self.versions.sort_unstable_by_key(|version| {
            let Version { table, entry, uncommitted, evidence, .. } = *version;
            (table, entry.first, uncommitted, evidence == Evidence::Shown, entry.offset)
        });
        // Only files that no writer made have blocks that exclude each other.
        let mut kept = Vec::<Version>::new();
        for version in std::mem::take(&mut self.versions) {
            let weaker =
                |before: &mut Version| before.excludes(&version) && before.evidence < version.evidence;
            while kept.pop_if(weaker).is_some() {}
            if kept.last().is_none_or(|before| !before.excludes(&version)) {
                kept.push(version);
            }
        }
        self.versions = kept;
        for version in self.versions.iter().filter(|version| !version.uncommitted) {
            let end = self.ends.entry(version.table).or_default();
            *end = version.entry.end().max(*end);
        }
        let named = self.ends.values().fold(0, |sum: u64, end| end.saturating_add(sum));
        let short = self.commit.map_or(0, |commit| commit.record_count.saturating_sub(named));
        match self.catalog.tables.len() {
            1 if short > 0 => {
                let end = self.ends.get(&0).copied().unwrap_or(0);
                self.tail = Some((0, end..end.saturating_add(short)));
            }
            _ => self.unplaced = short,
        }
        self.explain();
    }

    /// Explains a gap of one block: between the neighbours of missing records, it held these records.
    fn explain(&mut self) {
        let origin = |group: &Group<'_>| group.versions.first().map(|version| version.entry.offset);
        let mut missing = Vec::new();
        let mut after = (usize::MAX, 0);
        let mut groups = self.groups().peekable();
        while let Some(group) = groups.next() {
            match origin(&group) {
                Some(offset) => after = (group.table, offset),
                None => {
                    let from = if after.0 == group.table { after.1 } else { 0 };
                    let next = groups.peek().filter(|next| next.table == group.table);
                    missing.push((from, next.and_then(origin).unwrap_or(u64::MAX)));
                }
            }
        }
        drop(groups);
        missing.extend((self.unplaced > 0).then_some((0, u64::MAX)));
        for (from, to) in missing {
            let start = self.gaps.partition_point(|gap| gap.bytes.start < from);
            let mut near = self.gaps.iter_mut().skip(start).take(1000).take_while(|gap| gap.bytes.start < to);
            if let Some(gap) = near.find(|gap| gap.single && !gap.explained) {
                gap.explained = true;
            }
        }
        let unknown = self.gaps.iter().filter(|gap| !gap.explained);
        self.unknown = unknown.map(|gap| gap.bytes.clone()).collect();
    }

    /// Iterates over the records of all tables in order, with the blocks that hold them, or none for missing
    /// records.
    pub(crate) fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        let mut next = (usize::MAX, 0);
        let same = |a: &Version, b: &Version| (a.table, a.entry.first) == (b.table, b.entry.first);
        let groups = self.versions.chunk_by(same).flat_map(move |versions| {
            let Some(head) = versions.first() else { return [None, None] };
            let start = if next.0 == head.table { next.1 } else { 0 };
            let committed = self.ends.get(&head.table).copied().unwrap_or(0);
            let missing = start..head.entry.first.min(committed);
            let missing = Group { table: head.table, records: missing, versions: &[] };
            next = (head.table, head.entry.end());
            let group = Group { table: head.table, records: head.entry.first..head.entry.end(), versions };
            [Some(missing).filter(|missing| !missing.records.is_empty()), Some(group)]
        });
        let tail = self.tail.clone().map(|(table, records)| Group { table, records, versions: &[] });
        groups.flatten().chain(tail)
    }
}

/// Returns the header of a file, even if both of its lines are damaged: the file id is then the one with
/// which a commit record is valid. Failing that, returns half of the id, taken from the blocks, and `false`.
fn identify(source: &dyn Source) -> Result<(FileHeader, bool)> {
    let region = source.bytes(0, REGION as usize)?;
    let error = match FileHeader::of_region(&region) {
        Ok((header, _)) => return Ok((header, true)),
        Err(error) if error.kind() == ErrorKind::UnknownFeature => return Err(error),
        Err(error) => error,
    };
    for at in HEADER_AT {
        let line = region.get(at as usize..).and_then(|rest| rest.get(header::line::FILE_ID..));
        let id = line.and_then(|rest| rest.first_chunk());
        let header = FileHeader::new(id.copied().unwrap_or_default());
        if open::read_slots(source, &header.file_id)?.iter().any(Result::is_ok) {
            return Ok((header, true));
        }
    }
    let Some(key) = find_key(source)? else { return Err(error) };
    let mut id = [0; 16];
    id[..8].copy_from_slice(&key.to_le_bytes());
    Ok((FileHeader::new(id), false))
}

/// Returns the key that the blocks of a file are bound to: that of the first two blocks that join, or of the
/// only block.
fn find_key(source: &dyn Source) -> Result<Option<u64>> {
    let mut only = None;
    let joins = block::find_line(source, REGION, u64::MAX, |line, offset| {
        let key = get::<u64>(line, block::line::SYNC) ^ offset;
        let Ok(header) = BlockHeader::decode(line, key, offset) else { return Ok(None) };
        only.get_or_insert(key);
        let next = BlockFile { source, key, limit: u64::MAX }.header(header.end(offset));
        Ok(split_io_error(next)?.is_ok().then_some(key))
    })?;
    Ok(joins.or(only))
}
