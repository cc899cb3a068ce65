//! Blocks of columns among the blocks of a table: they are converted to rows when they are read, as a whole or
//! in part, and copied as they are stored. Also the fields of a table as tables of their own.

use super::block::Block;
use super::cache::{BLOCKS, Caches, Recent, SchemaMapping, lock};
use super::reader::Reader;
use super::snapshot::{Loaded, Snapshot, read};
use super::table::{Row, Table};
use crate::evolve::{Evolution, Resolution, Rule};
use crate::layout::BlockLayout;
use crate::layout::columns::Unpacked;
use crate::layout::columns::listing::BlockStreams;
use crate::layout::rows::{Regions, RowLayout, StagedRows, Validator, invalid};
use crate::layout::{Layout, Layouts, WINDOW_RECORDS};
use crate::memory::{AlignedBuf, Backing};
use crate::store::block::{BlockAt, BlockHeader, BlockKind, SealedBlock, decode_header};
use crate::store::bytes::LINE;
use crate::store::catalog::Catalog;
use crate::store::index::Entry;
use crate::store::storage::Source;
use crate::{Dynamic, Error, ErrorKind, Hydra, Kind, Result, Schema};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

/// What is computed once to read the records of a schema.
pub(crate) struct SchemaRecords {
    pub(super) layouts: Layouts,
    pub(super) validator: Arc<Validator>,
}

impl SchemaRecords {
    /// Creates the checks of records with a schema. The validator of a type of the program is faster than that
    /// of its schema.
    pub(crate) fn new(schema: &Arc<Schema>, validator: Option<Arc<Validator>>) -> SchemaRecords {
        let validator = validator.unwrap_or_else(|| Arc::new(Validator::new(schema)));
        SchemaRecords { layouts: Layouts::new(schema.clone()), validator }
    }

    /// Returns the checks of records of the schema with this id, which are computed once if there are caches.
    pub(super) fn cached(caches: Option<&Caches>, id: u32, schema: &Arc<Schema>) -> Arc<SchemaRecords> {
        let new = || SchemaRecords::new(schema, None);
        caches.map_or_else(|| Arc::new(new()), |caches| caches.records(id, new))
    }
}

/// What is read of a block. A block of rows is always read as a whole.
#[derive(Clone, Copy)]
pub(super) enum Want<'a> {
    /// All records, in the buffer that a cache can spare.
    Whole(Option<&'a Recent<Entry, Loaded>>),
    /// All records with some of their fields.
    Part(&'a SchemaRecords, &'a Recent<Entry, Loaded>),
    /// The records around one, if they can be read without the others.
    Near(u64, &'a KeptColumns),
}

/// Returns the fields of the root of `from` that are read, if it is a struct of which some are not.
fn kept_fields(evolution: &Evolution, from: &Schema) -> Option<Vec<usize>> {
    let removed = evolution.changes().iter().filter(|change| change.rule == Rule::Removed);
    let removed: HashSet<&str> = removed.map(|change| change.path.as_str()).collect();
    let fields = from.root().fields().iter().enumerate();
    let kept = fields.filter(|(_, field)| !removed.contains(field.name())).map(|(index, _)| index);
    let kept: Vec<usize> = kept.collect();
    (from.root().kind() == Kind::Struct && kept.len() < from.root().fields().len()).then_some(kept)
}

/// A block with the bytes of its payload.
#[derive(Clone, Debug)]
pub(crate) struct StoredBlock {
    block: BlockAt,
    backing: Backing,
    start: usize,
}

impl StoredBlock {
    pub(super) fn new(block: BlockAt, backing: Backing, start: usize) -> StoredBlock {
        StoredBlock { block, backing, start }
    }

    fn payload(&self) -> &[u8] {
        let end = self.start.saturating_add(self.block.payload_bytes as usize);
        self.backing.get(self.start..end).unwrap_or_default()
    }

    /// Returns the same block without a place.
    fn seal(&self) -> Result<SealedBlock> {
        let mut sealed = SealedBlock::of(BlockKind::Data, self.payload().to_vec())?;
        let BlockHeader { layout, count, stride, text, .. } = self.block.header;
        sealed.header = BlockHeader { layout, count, stride, text, ..sealed.header };
        Ok(sealed)
    }
}

/// Returns the records of a block of columns, as rows.
pub(super) fn unpack(
    entry: &Entry,
    schema: &Arc<Schema>,
    stored: StoredBlock,
    verify: bool,
    records: &SchemaRecords,
    want: Want<'_>,
) -> Result<Loaded> {
    let block = stored.block;
    let layout = records.layouts.of_columns(&block)?;
    layout.check_header(&block, schema)?;
    let mut buffer = AlignedBuf::default();
    let (records, layout) = match want {
        Want::Near(index, kept) => {
            let position = index.saturating_sub(entry.first) as usize;
            let unpacked = kept.unpacked.get(*entry, || Ok(layout.unpacked().into()))?;
            let window = layout.view_window(&block, stored.payload(), &unpacked, position, verify)?;
            if let Some((payload, range)) = window {
                let first = entry.first.saturating_add(range.start as u64);
                return Loaded::new(payload, schema, first, range.len()).verified(&records.validator, entry);
            }
            (records, layout)
        }
        Want::Part(part, blocks) => {
            buffer = blocks.spare();
            (part, part.layouts.of_columns(&block)?)
        }
        Want::Whole(blocks) => {
            buffer = blocks.map(Recent::spare).unwrap_or_default();
            (records, layout)
        }
    };
    let payload = layout.view_in(&block, &stored.backing, stored.start, buffer)?;
    layout.verify(&block, &payload, &records.validator)?;
    let loaded = Loaded::new(payload, records.layouts.schema(), entry.first, block.count as usize);
    Ok(Loaded { stored: Some(Arc::new(stored)), ..loaded })
}

/// Reads the block of an entry without any cache.
pub(crate) fn read_alone(source: &dyn Source, catalog: &Catalog, entry: &Entry) -> Result<Loaded> {
    read(source, catalog, entry, None, Want::Whole(None))
}

/// What is kept of blocks of columns, besides those that are cached as a whole.
pub(super) struct KeptColumns {
    /// Groups of records, by the entry of their block and their number in it, or [`WHOLE`] of a block.
    windows: Recent<(Entry, u64), Arc<Loaded>>,
    /// What was decompressed of blocks to read groups.
    unpacked: Recent<Entry, Arc<Unpacked>>,
    /// Whether there was a block of columns.
    any: AtomicBool,
}

impl Recent<Entry, Loaded> {
    /// Creates a cache of blocks.
    pub(super) fn of_blocks() -> Recent<Entry, Loaded> {
        Recent::new(BLOCKS, Loaded::bytes)
    }

    /// Returns a buffer: that of the block that would be evicted next, unless it is shared.
    pub(super) fn spare(&self) -> AlignedBuf {
        let mut held = lock(&self.held);
        let last = held.back().map_or(0, |(_, loaded)| loaded.bytes());
        let is_full = self.is_over(&held, held.len().saturating_add(1), last);
        let oldest = if is_full { held.pop_back() } else { None };
        oldest.and_then(|(_, loaded)| loaded.payload.into_buffer()).unwrap_or_default()
    }
}

/// The number of a group that is its whole block.
const WHOLE: u64 = u64::MAX;

impl Default for KeptColumns {
    fn default() -> KeptColumns {
        let windows = Recent::new(64, |loaded: &Arc<Loaded>| loaded.bytes());
        let unpacked = Recent::new(BLOCKS, |block: &Arc<Unpacked>| {
            block.iter().map(|stream| stream.get().map_or(0, Vec::len)).sum()
        });
        KeptColumns { windows, unpacked, any: AtomicBool::new(false) }
    }
}

/// The number of groups that a table remembers.
const SLOTS: u64 = 32;

/// Some records by their indices, as long as a cache keeps them.
type NearWindow = (Range<u64>, Weak<Loaded>);

/// The groups of a table from which records were requested last: each in the slot of its first record, or a whole
/// block in that of a record. They are found here without the index, and belong to the cache that keeps them.
#[derive(Default)]
pub(super) struct NearWindows([Mutex<NearWindow>; SLOTS as usize]);

impl NearWindows {
    fn slot(&self, number: u64) -> Option<MutexGuard<'_, NearWindow>> {
        let slot = self.0.get((number % SLOTS) as usize)?;
        Some(lock(slot))
    }

    /// Returns the group with a record, if it is known.
    pub(super) fn find(&self, index: u64) -> Option<Arc<Loaded>> {
        let number = index / WINDOW_RECORDS;
        [number, number.wrapping_sub(1)].into_iter().find_map(|number| {
            let slot = self.slot(number)?;
            if slot.0.contains(&index) { slot.1.upgrade() } else { None }
        })
    }

    /// Adds the group with a record.
    pub(super) fn insert(&self, index: u64, loaded: &Arc<Loaded>) {
        let records = loaded.first..loaded.first.saturating_add(loaded.count as u64);
        let is_whole = loaded.count as u64 > WINDOW_RECORDS;
        if let Some(mut slot) = self.slot(if is_whole { index } else { records.start } / WINDOW_RECORDS) {
            *slot = (records, Arc::downgrade(loaded));
        }
    }
}

/// How some fields of a schema are read as another type.
pub(super) struct PartMapping {
    pub(super) records: SchemaRecords,
    pub(super) evolution: Evolution,
}

impl SchemaMapping {
    /// Returns how blocks of columns are read in part, if the other type lacks fields of the records.
    pub(super) fn part(&self, records: &SchemaRecords, target: &Schema) -> Option<&PartMapping> {
        let part = || {
            let layouts =
                records.layouts.with_fields(&kept_fields(&self.evolution, records.layouts.schema())?)?;
            let evolution = Evolution::between(layouts.schema(), target).ok()?;
            let validator = Arc::new(Validator::new(layouts.schema()));
            Some(PartMapping { records: SchemaRecords { layouts, validator }, evolution })
        };
        self.part.get_or_init(part).as_ref()
    }
}

impl Snapshot {
    /// Returns a block of a map, verified now or earlier. It is cached if it is one of columns.
    pub(super) fn read_mapped(&self, entry: &Entry) -> Result<Loaded> {
        let (blocks, any) = (&self.caches.blocks, &self.caches.columns.any);
        if any.load(Ordering::Relaxed)
            && let Some(loaded) = blocks.find(entry)
        {
            return Ok(loaded);
        }
        let loaded = self.read(entry, Want::Whole(Some(blocks)))?;
        if loaded.stored.is_none() {
            return Ok(loaded);
        }
        any.store(true, Ordering::Relaxed);
        blocks.get(*entry, || Ok(loaded))
    }

    /// Returns records of a block of columns that is read as it was written: those around the record `index`, or
    /// all. `None` if the block stores rows, or is read as another type.
    pub(super) fn load_near(
        &self,
        table: usize,
        entry: &Entry,
        index: u64,
        target: &Arc<Schema>,
    ) -> Result<Option<Arc<Loaded>>> {
        let windows = &self.caches.columns.windows;
        let number = index.saturating_sub(entry.first).checked_div(WINDOW_RECORDS).unwrap_or_default();
        let info = self.opened.catalog.schemas.get(&entry.schema);
        if !info.is_some_and(|info| info.schema().is_identical(target)) {
            return Ok(None);
        }
        let kept = [number, WHOLE].into_iter().find_map(|number| windows.find(&(*entry, number)));
        if kept.is_some() || !self.is_columns(entry) {
            return Ok(kept);
        }
        let near = || self.read(entry, Want::Near(index, &self.caches.columns));
        let loaded = self.caches.blocks.find(entry).map_or_else(near, Ok);
        let loaded = Arc::new(loaded.map_err(|error| self.in_block(error, table, entry))?);
        let number = if loaded.stored.is_some() { WHOLE } else { number };
        windows.get((*entry, number), || Ok(loaded)).map(Some)
    }

    /// Returns whether the block of an entry stores columns.
    fn is_columns(&self, entry: &Entry) -> bool {
        let catalog = &self.opened.catalog;
        let start = usize::try_from(entry.offset).unwrap_or(usize::MAX);
        let header = match self.map.as_ref().and_then(|map| map.get_at(start, LINE as usize)) {
            Some(line) => decode_header(line, catalog.key(), entry.offset, catalog.limit),
            None => catalog.blocks(self.source()).header(entry.offset),
        };
        header.is_ok_and(|block| block.layout != 0)
    }

    /// Returns a block of columns as another type that has only some of the fields: only these are read. `None`
    /// if the block stores rows, or the type has all fields.
    pub(super) fn load_part(
        &self,
        table: usize,
        entry: &Entry,
        mapping: &SchemaMapping,
        from: &Arc<Schema>,
        target: &Arc<Schema>,
    ) -> Result<Option<Loaded>> {
        if !mapping.evolution.removes() || !self.is_columns(entry) {
            return Ok(None);
        }
        let Some(part) = mapping.part(&self.records(entry.schema, from), target) else { return Ok(None) };
        let load = || {
            let want = Want::Part(&part.records, &mapping.blocks);
            let loaded = self.read(entry, want)?;
            match part.evolution.resolution() {
                Resolution::Transcoded => loaded.transcoded(part.evolution.plan(), target),
                resolution => Ok(loaded.shown_as(target.clone(), resolution == Resolution::Wider)),
            }
        };
        let loaded = mapping.blocks.get(*entry, load);
        loaded.map(Some).map_err(|error| self.in_block(error, table, entry))
    }

    fn records(&self, id: u32, schema: &Arc<Schema>) -> Arc<SchemaRecords> {
        SchemaRecords::cached(Some(&self.caches), id, schema)
    }

    /// Builds a block of records that replaces another, in its layout.
    pub(crate) fn seal(&self, id: u32, block: &Block<Dynamic>, rows: StagedRows) -> Result<SealedBlock> {
        let Loaded { schema, .. } = &block.loaded;
        self.records(id, schema).layouts.seal(rows, block.loaded.layout())
    }
}

impl Loaded {
    /// Returns the number of bytes that a cache keeps with it.
    pub(super) fn bytes(&self) -> usize {
        self.payload.front().len().saturating_add(self.payload.text().all().len())
    }

    /// Verifies records that were read without the others of their block.
    fn verified(self, validator: &Validator, entry: &Entry) -> Result<Loaded> {
        let Loaded { payload, first, count, stride, .. } = &self;
        let regions =
            Regions { front: payload.front(), text: payload.text(), count: *count, stride: *stride };
        validator.verify(payload, &regions).map_err(|fault| invalid(*fault, 0, *first).at(entry.offset))?;
        Ok(self)
    }

    /// Returns the block as it is stored, without a place.
    pub(crate) fn seal(&self) -> Result<SealedBlock> {
        match &self.stored {
            Some(stored) => stored.seal(),
            None => RowLayout.seal(self.to_staged()),
        }
    }

    /// Returns the layout of the block in the file.
    pub(crate) fn layout(&self) -> Layout {
        if self.stored.is_some() { Layout::Columns } else { Layout::Rows }
    }
}

impl Reader {
    /// Returns the streams of the block at a file offset; `None` if the block does not store columns. It reads
    /// the directory of the block, and no stream.
    ///
    /// # Errors
    /// Fails if there is no valid header at the offset, or if the directory is damaged or not supported.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("squares.hydra");
    /// let mut writer = hydra::Writer::options().layout(hydra::Layout::Columns).create(&path)?;
    /// let squares = writer.table::<u64>()?;
    /// (0..5000).try_for_each(|number| writer.append(squares, &(number * number)))?;
    /// writer.finish()?;
    /// let reader = hydra::Reader::open(&path)?;
    /// let table = reader.table::<u64>()?;
    /// let block = table.entries().next().unwrap()?;
    /// let streams = reader.block_streams(block.offset)?.unwrap().streams;
    /// assert_eq!(streams[0].part, "values");
    /// assert_eq!(streams[0].entry.encoding_name(), Some("delta"));
    /// assert!(streams[0].entry.stored < streams[0].entry.plain / 5);
    /// # Ok::<(), hydra::Error>(())
    /// ```
    pub fn block_streams(&self, offset: u64) -> Result<Option<BlockStreams>> {
        let snapshot = &*self.snapshot;
        let catalog = &snapshot.opened.catalog;
        let read = || {
            let block = catalog.blocks(snapshot.source()).header(offset)?;
            if !block.is(BlockKind::Data) {
                return Ok(None);
            }
            let schema = catalog.schema_of(&block)?;
            let records = snapshot.records(block.schema, schema);
            records.layouts.streams(&block, snapshot.source())
        };
        read().map_err(|error| snapshot.in_file(error))
    }
}

impl<T: Row> Table<T> {
    /// Returns one field of the records, as a table of its own. Of blocks of columns, only this field is read;
    /// a number that is stored as it is in memory is lent without copying.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("day.hydra");
    /// #[derive(hydra::Hydra)]
    /// struct Tick {
    ///     time: u64,
    ///     price: f64,
    /// }
    ///
    /// let mut file = hydra::Writer::options().layout(hydra::Layout::Columns).create(&path)?;
    /// let ticks = file.table::<Tick>()?;
    /// (0..1000).try_for_each(|time| file.append(ticks, &Tick { time, price: 0.5 }))?;
    /// file.finish()?;
    ///
    /// let prices = hydra::Reader::open(&path)?.table::<Tick>()?.column::<f64>("price")?;
    /// let mut sum = 0.0;
    /// for block in prices.blocks() {
    ///     sum += block?.as_slice().iter().sum::<f64>();
    /// }
    /// assert_eq!((sum, prices.get(7)?.view()), (500.0, 0.5));
    /// # Ok::<(), hydra::Error>(())
    /// ```
    ///
    /// # Errors
    /// `NoSuchPath` if a struct has no such field; `a.b` is the field `b` of the struct in the field `a`. A path
    /// does not lead through options, boxes, tuples, arrays and lists: read the field before them. `TypeMismatch`
    /// if the field has another type than `C`; a struct with this field alone converts it, as
    /// [`evolve`](crate::evolve) says.
    pub fn column<C: Hydra>(&self, path: &str) -> Result<Table<C>> {
        let place = |error: Error| error.place(format!("table {}", self.name())).path(path);
        let Some((schema, field)) = self.schema.column(path)? else {
            let fields: Vec<&str> = self.schema.root().fields().iter().map(|field| field.name()).collect();
            let error = Error::new(ErrorKind::NoSuchPath).expected("a field of a struct in the records");
            let help = format!("the fields are {}; paths lead through structs only", fields.join(", "));
            return Err(place(error.help(help)));
        };
        let wanted = Schema::try_from_descriptor(C::TYPE)?;
        if !field.is_identical(&wanted) {
            let error = Error::new(ErrorKind::TypeMismatch).what("the type is not that of the field");
            let (own, other) = (field.spell_rust(field.root()), wanted.spell_rust(wanted.root()));
            let other = if own == other { format!("another type {other}") } else { other };
            let error = error.expected(own).found(other);
            return Err(place(
                error.help("a struct with this field, read as a table, says what differs, or converts it"),
            ));
        }
        Ok(Table::new(self.snapshot.clone(), self.number, Arc::new(schema)))
    }
}
