//! Recovery of a damaged file into a new one. `survey` finds what is left; this module verifies it block by
//! block and copies it. Nothing is written to the input, and nothing that fails a check is copied.

use super::compact::{Copy, CopyMode, Phases, Size, write_checked};
use super::survey::{Group, Survey};
use crate::store::commit::Commit;
use crate::store::scan::{Progress, callback, split_io_error};
use crate::store::storage::{Disk, FileDisk, FileStorage, Source};
use crate::table::metadata::{self, Metadata};
use crate::table::reader::Reader;
use crate::{Error, ErrorKind, Result};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// What recovery keeps beyond the committed state. The default is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoverOptions {
    /// Keep intact blocks after the last commit, which were never acknowledged.
    pub uncommitted: bool,
    /// If an edited block is damaged, keep its records as they were before the edit. Otherwise they count as
    /// lost, since an outdated value could be taken for a current one.
    pub older: bool,
}

impl RecoverOptions {
    /// Sets whether intact blocks after the last commit are kept.
    pub fn uncommitted(mut self, keep: bool) -> RecoverOptions {
        self.uncommitted = keep;
        self
    }

    /// Sets whether records of a damaged edited block are kept as they were before the edit.
    pub fn older(mut self, keep: bool) -> RecoverOptions {
        self.older = keep;
        self
    }
}

/// The result of a recovery: what was kept and what is lost.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Recovery {
    /// The recovered commit; `None` if both commit records are damaged, in which case all intact blocks were
    /// recovered.
    pub commit: Option<Commit>,
    /// The tables, in the order of the old file.
    pub tables: Vec<RecoveredTable>,
    /// The number of committed records that are lost and whose table is unknown.
    pub unplaced: u64,
    /// File offsets of committed bytes whose content is unknown. If they held an edit, the records before the
    /// edit were kept.
    pub unknown: Vec<Range<u64>>,
    /// The reason why the metadata is lost, if it is.
    pub metadata_lost: Option<Error>,
    /// The numbers of intact blocks and of their records after the last commit that were not requested.
    pub left_out: (u64, u64),
    /// One commit record is invalid, and intact blocks follow the other commit: they may have been committed.
    pub in_doubt: bool,
    /// The size of the input in bytes.
    pub input_bytes: u64,
    /// The size of the new file, if one was written.
    pub output: Option<Size>,
}

/// The recovered and the lost records of a table.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct RecoveredTable {
    /// The name of the table.
    pub name: String,
    /// Kept records by their old and their new index. Records after lost ones move up.
    pub kept: Vec<(Range<u64>, Range<u64>)>,
    /// Lost records by their old index, and the reason.
    pub lost: Vec<(Range<u64>, Error)>,
    /// Kept records, by their old index, that were never committed.
    pub uncommitted: Vec<Range<u64>>,
    /// Kept records, by their old index, that predate a damaged edit.
    pub older: Vec<Range<u64>>,
}

impl RecoveredTable {
    fn named(name: &str) -> RecoveredTable {
        RecoveredTable { name: name.to_string(), ..RecoveredTable::default() }
    }

    /// Returns the number of kept records.
    pub fn kept_count(&self) -> u64 {
        self.kept.last().map_or(0, |(_, new)| new.end)
    }

    /// Returns the number of committed records that are lost.
    pub fn lost_count(&self) -> u64 {
        self.lost
            .iter()
            .fold(0, |sum, (records, _)| sum.saturating_add(records.end.saturating_sub(records.start)))
    }

    fn keep(&mut self, old: Range<u64>) {
        let new = self.kept_count();
        let end = old.end.saturating_sub(old.start).saturating_add(new);
        match self.kept.last_mut() {
            Some((before, to)) if before.end == old.start => (before.end, to.end) = (old.end, end),
            _ => self.kept.push((old, new..end)),
        }
    }
}

/// Appends a range to a list, merging it with the last one if they are adjacent.
fn add_range(ranges: &mut Vec<Range<u64>>, range: Range<u64>) {
    match ranges.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ => ranges.push(range),
    }
}

impl Recovery {
    /// Returns true if everything committed was kept, as far as can be determined.
    pub fn is_complete(&self) -> bool {
        let whole = |table: &RecoveredTable| table.lost.is_empty() && table.older.is_empty();
        let known = self.unplaced == 0 && self.unknown.is_empty() && !self.in_doubt;
        known && self.metadata_lost.is_none() && self.tables.iter().all(whole)
    }

    /// Returns the number of kept records of all tables.
    pub fn kept_count(&self) -> u64 {
        self.tables.iter().fold(0, |sum, table| sum.saturating_add(table.kept_count()))
    }

    /// Returns the number of committed records that are known to be lost.
    pub fn lost_count(&self) -> u64 {
        self.tables.iter().fold(self.unplaced, |sum, table| sum.saturating_add(table.lost_count()))
    }
}

/// Copies the intact part of the committed state of `input` to a new file `output` with a new file id. The
/// input is only read.
///
/// Every kept block was verified as for reading (header, checksum, text, structure). After a damaged block
/// the next one is found by its header. The new file gets its name if a full check finds no damage in it.
///
/// Record indexes are contiguous, so records after lost ones move up; [`RecoveredTable::kept`] lists old and
/// new indexes. Recovery needs memory for one block, and a few dozen bytes for each block of records.
///
/// # Errors
/// Fails if nothing at all can be saved, or if the output exists. Lost records are not an error: see
/// [`Recovery::is_complete`].
///
/// ```no_run
/// use hydra::file::{RecoverOptions, recover};
///
/// let done = recover("day.hydra", "saved.hydra", RecoverOptions::default(), None)?;
/// println!("{} records saved, {} lost", done.kept_count(), done.lost_count());
/// # Ok::<(), hydra::Error>(())
/// ```
pub fn recover(
    input: impl AsRef<Path>,
    output: impl AsRef<Path>,
    options: RecoverOptions,
    progress: Option<Progress<'_>>,
) -> Result<Recovery> {
    recover_file(input.as_ref(), Some(output.as_ref()), options, progress)
}

/// Returns what [`recover`] would do, without writing anything.
pub fn survey(
    input: impl AsRef<Path>,
    options: RecoverOptions,
    progress: Option<Progress<'_>>,
) -> Result<Recovery> {
    recover_file(input.as_ref(), None, options, progress)
}

fn recover_file(
    input: &Path,
    output: Option<&Path>,
    options: RecoverOptions,
    progress: Option<Progress<'_>>,
) -> Result<Recovery> {
    let output = output.map(|path| (&FileDisk as &dyn Disk, path));
    recover_on(Box::new(FileStorage::open(input)?), input, output, options, &mut callback(progress))
}

/// Does the same from any source to any disk; the path of the input is for errors.
pub(crate) fn recover_on(
    source: Box<dyn Source>,
    input: &Path,
    output: Option<(&dyn Disk, &Path)>,
    options: RecoverOptions,
    progress: Progress<'_>,
) -> Result<Recovery> {
    let source: Arc<dyn Source> = source.into();
    let input_bytes = source.len()?;
    let phases = Phases { progress: RefCell::new(progress), bytes: input_bytes.saturating_add(1), count: 3 };
    let scanned = &mut |done, _| phases.tell(0, done, phases.bytes);
    let survey = Survey::of(&*source, options.uncommitted, scanned).map_err(|error| error.in_file(input))?;
    let reader = Reader::new(source.clone(), None, input, survey.opened());
    let rescue = Rescue { survey, reader, options };
    let copied = &mut |done| phases.tell(1, done, phases.bytes);
    let mut recovery = match output {
        None => rescue.run(None, copied)?.0,
        Some(output) => {
            let checked = &mut |done, of| phases.tell(2, done, of);
            let mut write = |mode| {
                let fill = |copy: &mut Copy| {
                    let (recovery, metadata) = rescue.run(Some(copy), copied)?;
                    rescue.refuse_nothing(&recovery)?;
                    Ok((recovery, metadata))
                };
                write_checked(output, &rescue.survey.catalog, mode, fill, checked)
            };
            let (recovery, size) = match write(CopyMode::Whole) {
                // Bytes that readers ignore were not zero in a block of another implementation: encode its
                // records again.
                Err(error) if error.kind() == ErrorKind::NotCanonical => write(CopyMode::Encoded(None))?,
                written => written?,
            };
            Recovery { output: Some(size), ..recovery }
        }
    };
    recovery.input_bytes = input_bytes;
    Ok(recovery)
}

/// A surveyed file.
struct Rescue<'a> {
    survey: Survey<'a>,
    reader: Reader,
    options: RecoverOptions,
}

impl Rescue<'_> {
    /// Verifies the records, and copies them if there is an output.
    fn run(
        &self,
        mut copy: Option<&mut Copy>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(Recovery, Metadata)> {
        let survey = &self.survey;
        let known = self.reader.tables().iter().map(|table| RecoveredTable::named(table.name()));
        let mut tables: BTreeMap<usize, RecoveredTable> = known.enumerate().collect();
        let mut done = 0u64;
        for group in survey.groups() {
            let lost = || RecoveredTable::named("(its schema is lost)");
            let table = tables.entry(group.table).or_insert_with(lost);
            self.settle(&group, table, copy.as_deref_mut())?;
            let bytes = group.versions.iter().map(|version| version.entry.bytes());
            done = bytes.fold(done, u64::saturating_add);
            progress(done);
        }
        let (metadata, metadata_lost) = self.metadata()?;
        let recovery = Recovery {
            commit: survey.commit,
            tables: tables.into_values().collect(),
            metadata_lost,
            unplaced: survey.unplaced,
            unknown: survey.unknown.clone(),
            left_out: survey.left_out,
            in_doubt: survey.in_doubt,
            ..Recovery::default()
        };
        Ok((recovery, metadata))
    }

    /// Keeps the newest usable version of a block, or records why there is none.
    fn settle(
        &self,
        group: &Group<'_>,
        table: &mut RecoveredTable,
        mut copy: Option<&mut Copy>,
    ) -> Result<()> {
        let records = group.records.clone();
        let mut why = None;
        for version in group.versions.iter().rev() {
            match split_io_error(self.reader.snapshot.load_once(group.table, &version.entry))? {
                Ok(loaded) => {
                    if let Some(copy) = &mut copy {
                        copy.add(version.entry.schema, loaded)?;
                    }
                    if version.uncommitted {
                        add_range(&mut table.uncommitted, records.clone());
                    } else if why.is_some() {
                        add_range(&mut table.older, records.clone());
                    }
                    table.keep(records);
                    return Ok(());
                }
                // Records that were never committed are not lost.
                Err(_) if version.uncommitted => {}
                Err(error) => {
                    why.get_or_insert(error);
                    if !self.options.older {
                        break;
                    }
                }
            }
        }
        let never = !group.versions.is_empty() && group.versions.iter().all(|version| version.uncommitted);
        if !never {
            let why = why.unwrap_or_else(|| self.reader.snapshot.missing(group.table, records.clone()));
            table.lost.push((records, why));
        }
        Ok(())
    }

    /// Returns the newest usable metadata, and the reason why newer metadata cannot be used.
    fn metadata(&self) -> Result<(Metadata, Option<Error>)> {
        let mut why = None;
        for (offset, uncommitted) in self.survey.metas.iter().rev() {
            match split_io_error(metadata::read_at(self.survey.blocks, *offset))? {
                Ok(pairs) => return Ok((pairs, why)),
                Err(_) if *uncommitted => {}
                Err(error) => {
                    why.get_or_insert(error.in_file(self.reader.path()));
                    if !self.options.older {
                        break;
                    }
                }
            }
        }
        Ok((Metadata::new(), why))
    }

    /// Returns an error if nothing could be saved, unless there was nothing to save.
    fn refuse_nothing(&self, recovery: &Recovery) -> Result<()> {
        if recovery.kept_count() > 0 || recovery.is_complete() {
            return Ok(());
        }
        let first = recovery.tables.iter().flat_map(|table| &table.lost).next();
        let at = first.and_then(|(_, error)| error.offset());
        let (kind, found) = first
            .map_or((ErrorKind::CutShort, "no whole block of records".to_string()), |(_, error)| {
                (error.kind(), format!("{} lost records", recovery.lost_count()))
            });
        let error = Error::new(kind).in_file(self.reader.path()).what("nothing can be saved").found(found);
        Err(at.into_iter().fold(error, Error::at).help("restore a copy of the file"))
    }
}

#[cfg(test)]
#[path = "recover_tests.rs"]
mod tests;
