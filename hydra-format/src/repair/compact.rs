//! Copying records block by block into a new file, which is checked before it gets its name. Recovery and
//! compaction use this; they select the blocks to copy.

use super::check::check_source;
use crate::store::bytes::{LINE, TARGET_BLOCK_BYTES};
use crate::store::catalog::Catalog;
use crate::store::open::{self, Opened};
use crate::store::report::Verdict;
use crate::store::scan::{Progress, callback};
use crate::store::storage::{Disk, FileDisk, FileStorage, Source};
use crate::table::block::Block;
use crate::table::metadata::Metadata;
use crate::table::reader::Reader;
use crate::table::snapshot::Loaded;
use crate::table::writer::{TableId, Writer};
use crate::{Dynamic, Error, ErrorKind, Layout, Result};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

/// How blocks are copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CopyMode {
    /// One to one.
    Whole,
    /// Blocks below half of the usual size are merged.
    Merged,
    /// Every record is encoded again, in the layout of its block or in this one.
    Encoded(Option<Layout>),
}

/// A new file that is being filled.
pub(super) struct Copy {
    writer: Writer,
    /// Tables by the ids of schemas in the old file.
    tables: HashMap<u32, TableId<Dynamic>>,
    /// The schema of the last records.
    last: Option<u32>,
    mode: CopyMode,
}

impl Copy {
    /// Starts a new file with all schemas of the old one, in their order.
    pub(super) fn new(mut writer: Writer, catalog: &Catalog, mode: CopyMode) -> Result<Copy> {
        let mut tables = HashMap::new();
        for (id, info) in &catalog.schemas {
            let name = catalog.tables.get(info.table()).map_or("", |table| table.name());
            tables.insert(*id, writer.adopt(name, info.schema().clone())?);
        }
        if mode != CopyMode::Whole {
            tables.values().try_for_each(|table| writer.limit_blocks(*table))?;
        }
        Ok(Copy { writer, tables, last: None, mode })
    }

    /// Appends the records of a verified block.
    pub(super) fn add(&mut self, schema: u32, loaded: Loaded) -> Result<()> {
        let table = |id: &u32| self.tables.get(id).copied().ok_or_else(|| Error::new(ErrorKind::BadSchema));
        let to = table(&schema)?;
        if let Some(last) = self.last.replace(schema).filter(|last| *last != schema) {
            let last = table(&last)?;
            self.writer.seal_table(last)?;
        }
        let payload = &loaded.payload;
        let parts =
            [payload.records().len(), payload.heap().len(), payload.text().all().len(), LINE as usize];
        let bytes: usize = parts.into_iter().sum();
        let layout = loaded.layout();
        let (whole, layout) = match self.mode {
            CopyMode::Whole => (true, layout),
            CopyMode::Merged => (bytes >= layout.block_bytes(TARGET_BLOCK_BYTES) / 2, layout),
            CopyMode::Encoded(wanted) => (false, wanted.unwrap_or(layout)),
        };
        if whole {
            return self.writer.append_block(to, loaded.seal());
        }
        self.writer.set_layout(to, layout)?;
        let block = Block::<Dynamic>::whole(loaded);
        block.values().try_for_each(|value| self.writer.append_value(to, value))
    }

    /// Closes the file.
    fn finish(mut self, metadata: &Metadata) -> Result<()> {
        for (key, value) in metadata {
            self.writer.set_metadata(key, value)?;
        }
        self.writer.finish()
    }
}

/// Writes a new file with the schemas of `catalog` and the records that `fill` adds. The file gets its name
/// if a full check finds no damage in it. Returns the result of `fill` and the size of the file.
pub(super) fn write_checked<R>(
    (disk, path): (&dyn Disk, &Path),
    catalog: &Catalog,
    mode: CopyMode,
    fill: impl FnOnce(&mut Copy) -> Result<(R, Metadata)>,
    progress: Progress<'_>,
) -> Result<(R, Size)> {
    let output = Writer::options().output(disk, path, false)?;
    let mut copy = Copy::new(output.writer(Writer::options())?, catalog, mode)?;
    let (result, metadata) = fill(&mut copy)?;
    copy.finish(&metadata)?;
    let mut first = None;
    // Schemas are copied unchanged, so an irregular schema must not prevent records from being saved.
    let mut keep = |finding: Error| {
        if Verdict::of(finding.kind()) > Verdict::Irregular {
            first.get_or_insert(finding);
        }
    };
    let summary = check_source(output.source(), &mut keep, progress).map_err(|error| error.in_file(path))?;
    if let Some(finding) = first {
        return Err(finding.in_file(path).help("the new file failed the check and was discarded"));
    }
    output.publish()?;
    Ok((result, Size { bytes: summary.file_bytes, block_count: summary.block_count }))
}

/// The size of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Size {
    /// The number of bytes.
    pub bytes: u64,
    /// The number of blocks of every kind.
    pub block_count: u64,
}

/// The result of a compaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compaction {
    /// The size of the old file's committed state.
    pub before: Size,
    /// The size of the new file.
    pub after: Size,
    /// The number of records of all tables, the same in both files.
    pub record_count: u64,
}

/// Writes the newest state of `input` to a new file, without replaced blocks, old indexes and padding. Small
/// blocks are merged, and all are converted if another layout is asked for. Records, schemas and metadata are the
/// same; the file id is new. The new file gets its
/// name if a full check finds no damage in it. A damaged file is refused: use
/// [`recover()`](crate::file::recover()).
///
/// ```no_run
/// let done = hydra::file::compact("day.hydra", "small.hydra", Some(hydra::Layout::Columns), None)?;
/// println!("{} -> {} bytes", done.before.bytes, done.after.bytes);
/// # Ok::<(), hydra::Error>(())
/// ```
pub fn compact(
    input: impl AsRef<Path>,
    output: impl AsRef<Path>,
    layout: Option<Layout>,
    progress: Option<Progress<'_>>,
) -> Result<Compaction> {
    let input = input.as_ref();
    let source = Box::new(FileStorage::open(input)?);
    compact_on(source, input, (&FileDisk, output.as_ref()), layout, &mut callback(progress))
}

/// Does the same from any source to any disk; the path of the input is for errors.
pub(crate) fn compact_on(
    source: Box<dyn Source>,
    input: &Path,
    output: (&dyn Disk, &Path),
    layout: Option<Layout>,
    progress: Progress<'_>,
) -> Result<Compaction> {
    let mut opened = open::open(&*source).map_err(|error| error.in_file(input))?;
    if let Some(found) = opened.report.refusal("a damaged file is not compacted: recover it") {
        return Err(found.in_file(input));
    }
    let Opened { commit, catalog, .. } = &opened;
    let before = Size { bytes: commit.committed_bytes, block_count: commit.block_count };
    let record_count = commit.record_count;
    let catalog = catalog.clone();
    let reader = Reader::new(source.into(), None, input, opened);
    let phases = Phases { progress: RefCell::new(progress), bytes: before.bytes, count: 2 };
    let mut done = 0u64;
    let fill = |copy: &mut Copy| {
        for number in 0..catalog.tables.len() {
            let mut cursor = reader.snapshot.cursor(number, 0);
            while let Some(entry) = reader.snapshot.next(&mut cursor) {
                let entry = entry.map_err(|(error, _)| error)?;
                copy.add(entry.schema, reader.snapshot.load_once(number, &entry)?)?;
                done = done.saturating_add(entry.bytes());
                phases.tell(0, done, before.bytes);
            }
        }
        Ok(((), reader.metadata()?.clone()))
    };
    let check = &mut |done, of| phases.tell(1, done, of);
    let mode = layout.map_or(CopyMode::Merged, |_| CopyMode::Encoded(layout));
    let ((), after) = write_checked(output, &catalog, mode, fill, check)?;
    Ok(Compaction { before, after, record_count })
}

/// The progress of an operation with several passes over a file.
pub(super) struct Phases<'a> {
    pub(super) progress: RefCell<Progress<'a>>,
    /// The number of bytes that each phase counts for.
    pub(super) bytes: u64,
    pub(super) count: u64,
}

impl Phases<'_> {
    /// Reports that phase number `phase`, counted from 0, has processed `done` of `of`.
    pub(super) fn tell(&self, phase: u64, done: u64, of: u64) {
        let part = u128::from(done.min(of)).saturating_mul(self.bytes.into()).checked_div(of.into());
        let done = self.bytes.saturating_mul(phase).saturating_add(part.unwrap_or_default() as u64);
        self.progress.borrow_mut()(done, self.bytes.saturating_mul(self.count));
    }
}
