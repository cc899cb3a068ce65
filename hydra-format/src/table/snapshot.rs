//! One state of a file, and the caches of its blocks. It finds a block through the index, reads it, and
//! verifies it when it is first read: header, checksum, then the checks of its layout.

use super::cache::{Caches, SchemaMapping};
use super::columns::{self, SchemaRecords, StoredBlock, Want};
use super::metadata::{self, Metadata};
use crate::evolve::{Plan, Resolution, Transcoded};
use crate::layout;
use crate::layout::BlockLayout;
use crate::layout::rows::{At, Fault, RowLayout, StagedRows, invalid, is_valid};
use crate::memory::{AlignedBuf, Backing, Payload, TextMap};
use crate::store::block;
use crate::store::bytes::LINE;
use crate::store::catalog::{Catalog, EntryCursor, TableInfo};
use crate::store::index::Entry;
use crate::store::open::{self, Opened};
use crate::store::storage::Source;
use crate::{Error, ErrorKind, Result, Schema};
use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Returns the number of blocks in the commit record, limited by the length of the file.
pub(super) fn blocks_at_most(opened: &Opened) -> u64 {
    opened.commit.block_count.min(opened.catalog.limit / LINE)
}

/// One state of a file, which a reader and its tables share.
pub(crate) struct Snapshot {
    file: Arc<dyn Source>,
    /// The map through which blocks of records are read, if there is one.
    pub(super) map: Option<Arc<TextMap>>,
    path: PathBuf,
    /// The result of opening the file.
    pub(crate) opened: Opened,
    pub(super) caches: Arc<Caches>,
    metadata: OnceLock<Metadata>,
    /// The same tables from the headers of all blocks, if an index node is damaged.
    rebuilt: OnceLock<Catalog>,
}

impl Snapshot {
    pub(super) fn new(
        file: Arc<dyn Source>,
        map: Option<Arc<TextMap>>,
        path: PathBuf,
        opened: Opened,
        caches: Arc<Caches>,
    ) -> Snapshot {
        Snapshot { file, map, path, opened, caches, metadata: OnceLock::new(), rebuilt: OnceLock::new() }
    }

    /// Returns the key-value pairs of the user, which are read at the first use.
    pub(super) fn metadata(&self) -> Result<&Metadata> {
        if let Some(pairs) = self.metadata.get() {
            return Ok(pairs);
        }
        let pairs = metadata::read(self.source(), &self.opened).map_err(|error| self.in_file(error))?;
        Ok(self.metadata.get_or_init(|| pairs))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the file, through which everything but blocks of records is read.
    pub(crate) fn source(&self) -> &dyn Source {
        &*self.file
    }

    /// Returns the newest state of the file, if it is another one.
    pub(super) fn newer(&self) -> Result<Option<Snapshot>> {
        let Some(opened) = open::refresh(&*self.file, &self.opened)? else {
            if self.file.is_at(&self.caches.path)? {
                return Ok(None);
            }
            return Err(Error::new(ErrorKind::Replaced).help("open the path again to read the current file"));
        };
        let grown = |map: &Arc<TextMap>| map.covering(opened.commit.committed_bytes);
        let map = self.map.as_ref().map(grown).transpose()?;
        Ok(Some(Snapshot::new(self.file.clone(), map, self.path.clone(), opened, self.caches.clone())))
    }

    /// Returns the tables from the headers of all blocks, if this one is among them and only nodes are lost:
    /// a lost block could have been an edit of a block under a node.
    fn rebuilt(&self, table: usize, node: Option<u64>) -> Result<&Catalog> {
        if self.rebuilt.get().is_none() {
            let Opened { commit, catalog, .. } = &self.opened;
            let mut problems = Vec::new();
            let found = open::rebuild(catalog.blocks(self.source()), commit, &mut problems)?;
            let entries = catalog.tables.iter().flat_map(|table| &table.entries);
            let nodes = entries.filter(|entry| entry.level > 0).map(|entry| entry.offset);
            let nodes: HashSet<u64> = nodes.chain(node).collect();
            if problems.iter().any(|problem| problem.offset().is_none_or(|at| !nodes.contains(&at))) {
                let error = Error::new(ErrorKind::Index).at(node.unwrap_or_default());
                return Err(error.what("this node is lost, and so is a block that may be under it"));
            }
            let _ = self.rebuilt.set(found);
        }
        let name = |catalog: &Catalog| catalog.tables.get(table).map(|table| table.name.clone());
        let rebuilt = self.rebuilt.get().filter(|rebuilt| name(rebuilt) == name(&self.opened.catalog));
        rebuilt.ok_or_else(|| Error::new(ErrorKind::Index).what("the index refers to a missing table"))
    }

    pub(super) fn in_file(&self, error: Error) -> Error {
        error.in_file(&self.path)
    }

    pub(crate) fn table(&self, number: usize) -> Option<&TableInfo> {
        self.opened.catalog.tables.get(number)
    }

    pub(crate) fn cursor(&self, table: usize, first: u64) -> EntryCursor {
        self.opened.catalog.cursor(table, first)
    }

    /// Returns the next DATA block of a cursor; an error comes with the record at which the cursor continues.
    pub(crate) fn next(&self, cursor: &mut EntryCursor) -> Option<Result<Entry, (Error, u64)>> {
        let catalog = self.rebuilt.get().filter(|_| cursor.is_flat()).unwrap_or(&self.opened.catalog);
        let (mut error, behind) = match cursor.next(catalog, self.source())? {
            Ok(entry) => return Some(Ok(entry)),
            Err(found) => found,
        };
        if error.kind() == ErrorKind::Index {
            match self.rebuilt(cursor.table(), error.offset()) {
                Ok(rebuilt) => {
                    cursor.flatten(rebuilt);
                    return self.next(cursor);
                }
                Err(why) => error = why,
            }
        }
        Some(Err((self.in_file(error), behind)))
    }

    /// Creates the error about records that are missing between others.
    pub(crate) fn missing(&self, table: usize, records: Range<u64>) -> Error {
        self.in_file(self.opened.catalog.missing(table, records))
    }

    /// Creates the error about a record that a table does not have.
    #[cold]
    pub(crate) fn no_record(&self, table: usize, index: &str) -> Error {
        let (name, count) = self.table(table).map_or(("?", 0), |table| (table.name(), table.record_count()));
        let error = Error::new(ErrorKind::NoSuchPath).place(format!("table {name}"));
        self.in_file(match count {
            0 => error.what("the table has no record").found(format!("the index {index}")),
            _ => error.expected(format!("an index below {count}")).found(index),
        })
    }

    /// Returns the index entry of the block that contains a record.
    pub(crate) fn find(&self, table: usize, record: u64) -> Result<Entry> {
        let catalog = &self.opened.catalog;
        let mut node = |entry: &Entry| {
            let read = || catalog.children(self.source(), table, entry).map(Into::into);
            self.caches.nodes.get((table, *entry), read)
        };
        let found = match catalog.find(table, record, &mut node) {
            Err(error) if error.kind() == ErrorKind::Index => {
                let flat = |_: &Entry| Err(Error::new(ErrorKind::Index));
                self.rebuilt(table, error.offset())
                    .and_then(|rebuilt| rebuilt.find(table, record, &mut { flat }))
            }
            found => found,
        };
        found.map_err(|error| self.in_file(error))
    }

    /// Returns the block of an entry, verified now or earlier.
    pub(crate) fn load(&self, table: usize, entry: &Entry) -> Result<Loaded> {
        let blocks = &self.caches.blocks;
        let loaded = match self.map {
            Some(_) => self.read_mapped(entry),
            None => blocks.get(*entry, || self.read(entry, Want::Whole(Some(blocks)))),
        };
        loaded.map_err(|error| self.in_block(error, table, entry))
    }

    /// Returns the block of an entry, to be read as `target`.
    pub(crate) fn load_as(&self, table: usize, entry: &Entry, target: &Arc<Schema>) -> Result<Loaded> {
        let info = self.opened.catalog.schemas.get(&entry.schema);
        let Some(info) = info.filter(|info| !info.schema().is_identical(target)) else {
            return self.load(table, entry);
        };
        let mapping =
            self.mapping(entry.schema, target).map_err(|error| self.in_block(error, table, entry))?;
        if let Some(loaded) = mapping.blocks.find(entry) {
            return Ok(loaded);
        }
        if let Some(loaded) = self.load_part(table, entry, &mapping, info.schema(), target)? {
            return Ok(loaded);
        }
        let loaded = self.load(table, entry)?;
        match mapping.evolution.resolution() {
            Resolution::Transcoded => mapping
                .blocks
                .get(*entry, || loaded.transcoded(mapping.evolution.plan(), target))
                .map_err(|error| self.in_block(error, table, entry)),
            resolution => Ok(loaded.shown_as(target.clone(), resolution == Resolution::Wider)),
        }
    }

    /// Returns how records of a schema are read as `target`. It is computed once, and cached together with
    /// some blocks.
    pub(crate) fn mapping(&self, id: u32, target: &Schema) -> Result<Arc<SchemaMapping>> {
        let info = self.opened.catalog.schemas.get(&id).ok_or_else(|| Error::new(ErrorKind::BadSchema))?;
        let name = || self.opened.catalog.table_name(info.table());
        let named = |error: Error| self.in_file(error.place(format!("table {}", name())));
        self.caches.mapping(id, info.schema(), target).map_err(named)
    }

    /// Reads and verifies the block of an entry again, without caching it.
    pub(crate) fn load_once(&self, table: usize, entry: &Entry) -> Result<Loaded> {
        self.read_into_buffer(entry, Want::Whole(None)).map_err(|error| self.in_block(error, table, entry))
    }

    /// Adds the block to an error.
    pub(crate) fn in_block(&self, error: Error, table: usize, entry: &Entry) -> Error {
        let name = self.opened.catalog.table_name(table);
        let records = format!("table {name}, records {}..{}", entry.first, entry.end());
        self.in_file(error.at(entry.offset).place(records))
    }

    /// Verifies the block of an entry, unless it is in a map and known to be good.
    pub(super) fn read(&self, entry: &Entry, want: Want<'_>) -> Result<Loaded> {
        let Some(map) = &self.map else { return self.read_into_buffer(entry, want) };
        let start = usize::try_from(entry.offset.saturating_add(LINE)).unwrap_or(usize::MAX);
        let backing = (Backing::Map(map.clone()), start);
        let is_good = self.caches.good.contains(entry.offset);
        let loaded = unpack(&self.opened.catalog, entry, backing, !is_good, Some(&self.caches), want)?;
        if !is_good && !matches!(want, Want::Part(..)) {
            self.caches.good.insert(entry.offset);
        }
        Ok(loaded)
    }

    fn read_into_buffer(&self, entry: &Entry, want: Want<'_>) -> Result<Loaded> {
        read(self.source(), &self.opened.catalog, entry, Some(&self.caches), want)
    }
}

/// Reads the block of an entry into a buffer and verifies it.
pub(super) fn read(
    source: &dyn Source,
    catalog: &Catalog,
    entry: &Entry,
    caches: Option<&Caches>,
    want: Want<'_>,
) -> Result<Loaded> {
    // The header is checked first, because a directory can refer to one large block many times.
    let block = catalog.blocks(source).header(entry.offset)?;
    catalog.check_named(&block, entry)?;
    let mut buffer = caches.map(|caches| caches.blocks.spare()).unwrap_or_default();
    buffer.resize(usize::try_from(block.bytes()).unwrap_or(0));
    let count = source.read_at(entry.offset, &mut buffer)?;
    buffer.resize(count);
    unpack(catalog, entry, (Backing::Buffer(Arc::new(buffer)), LINE as usize), true, caches, want)
}

/// Returns the block of an entry, whose payload starts at a place of the backing. It is verified, or was
/// before.
fn unpack(
    catalog: &Catalog,
    entry: &Entry,
    (backing, start): (Backing, usize),
    verify: bool,
    caches: Option<&Caches>,
    want: Want<'_>,
) -> Result<Loaded> {
    let line = start.checked_sub(LINE as usize).and_then(|at| backing.get(at..start)).unwrap_or_default();
    let block = block::decode_header(line, catalog.key(), entry.offset, catalog.limit)?;
    catalog.check_named(&block, entry)?;
    layout::check_supported(&block)?;
    let schema = catalog.schema_of(&block)?;
    let records = || SchemaRecords::cached(caches, block.schema, schema);
    if block.layout != 0 {
        let stored = StoredBlock::new(block, backing, start);
        return columns::unpack(entry, schema, stored, verify, &records(), want);
    }
    RowLayout.check_header(&block, schema)?;
    if verify {
        let end = start.saturating_add(block.payload_bytes as usize);
        block.check_payload(backing.get(start..end).unwrap_or_default())?;
    }
    let payload = RowLayout.view(&block, backing, start)?;
    if verify {
        RowLayout.verify(&block, &payload, &records().validator)?;
    }
    let count = block.count as usize;
    Ok(Loaded::new(payload, schema, entry.first, count))
}

/// A verified payload, with what is needed to read it.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) payload: Payload,
    /// The schema as which the records are read.
    pub(crate) schema: Arc<Schema>,
    pub(crate) first: u64,
    pub(crate) count: usize,
    /// The number of bytes from one record to the next. It is more than the schema's size if the stored
    /// records are larger.
    pub(crate) stride: usize,
    /// The records that cannot be read as this type, in order.
    pub(crate) bad: Arc<[Fault]>,
    /// For wider records: their bytes without the parts that the type does not have, made when a slice is
    /// first requested.
    pub(crate) dense: Option<Arc<OnceLock<AlignedBuf>>>,
    /// The block as it is stored, if its records were converted to rows.
    pub(crate) stored: Option<Arc<StoredBlock>>,
}

impl Loaded {
    /// Creates verified records from the index `first` on.
    pub(super) fn new(payload: Payload, schema: &Arc<Schema>, first: u64, count: usize) -> Loaded {
        let (schema, stride, bad) = (schema.clone(), schema.root().size(), Arc::default());
        Loaded { payload, schema, first, count, stride, bad, dense: None, stored: None }
    }

    /// Returns the records as rows.
    #[inline]
    pub(crate) fn rows(&self) -> At<'_> {
        At::new(self.payload.records(), self.payload.heap(), self.payload.text())
    }

    /// Returns a copy of the records, to be sealed again.
    pub(crate) fn to_staged(&self) -> StagedRows {
        let payload = &self.payload;
        let regions =
            [payload.records(), payload.heap(), payload.text().all().as_bytes()].map(<[u8]>::to_vec);
        StagedRows { regions, count: self.count, stride: self.stride }
    }

    /// Returns the same bytes as records of another schema.
    pub(crate) fn shown_as(self, schema: Arc<Schema>, wider: bool) -> Loaded {
        Loaded { schema, dense: wider.then(Arc::default), ..self }
    }

    /// Returns the records converted by a plan.
    pub(crate) fn transcoded(&self, plan: &Plan, schema: &Arc<Schema>) -> Result<Loaded> {
        let Transcoded { buffer, ranges, bad } = plan.transcode(self.rows(), self.count)?;
        let payload = Payload::new(Backing::Buffer(Arc::new(buffer)), ranges);
        let payload = payload.map_err(|_| Error::new(ErrorKind::BadReference))?;
        debug_assert!(
            !bad.is_empty() || is_valid(&payload, schema, self.count),
            "a plan wrote invalid values"
        );
        Ok(Loaded { bad: bad.into(), ..Loaded::new(payload, schema, self.first, self.count) })
    }

    /// Returns the first `size` bytes of the record at an index of the table, with heap and text.
    #[inline]
    pub(super) fn record(&self, index: u64, size: usize) -> Option<At<'_>> {
        let start = usize::try_from(index.checked_sub(self.first)?).ok()?.checked_mul(self.stride)?;
        let rows = self.rows();
        Some(rows.with(rows.bytes().get(start..)?.get(..size)?))
    }

    /// Returns the position of a record in the block; the number of records if it comes after the block.
    pub(crate) fn position(&self, record: u64) -> usize {
        record.saturating_sub(self.first).min(self.count as u64) as usize
    }

    /// Returns the first record at or after a position that cannot be read.
    pub(crate) fn bad_from(&self, position: usize) -> Option<usize> {
        let index = |fault: &Fault| fault.record.unwrap_or(0) as usize;
        self.bad.get(self.bad.partition_point(|fault| index(fault) < position)).map(index)
    }

    /// Returns why a record cannot be read.
    #[cold]
    pub(crate) fn bad_value(&self, position: usize, entry: &Entry) -> Error {
        let fault = self.bad.iter().find(|fault| fault.record == Some(position as u64)).cloned();
        let error = fault.map_or(Error::new(ErrorKind::BadValue), |fault| {
            invalid(fault, entry.offset.saturating_add(LINE), self.first)
        });
        error.help("add a variant with #[hydra(other)] to the enum: unknown variants are read as that one")
    }
}
