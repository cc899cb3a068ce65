//! Opening files to read, and verifying blocks when they are first touched: checksum, then text, then
//! structure, while the block is in the cache. It does not know how records are shown; `table` does.
#![forbid(unsafe_code)]

use super::block::{self, BlockHeader};
use super::catalog::{Catalog, Cursor, SchemaInfo, TableInfo};
use super::commit::Commit;
use super::index::Entry;
use super::layout::LINE;
use super::open::{self, Opened, Walk};
use super::records::Loaded;
use super::report::Report;
use super::storage::{FileStorage, Source};
use super::table::Table;
use crate::codec::{Fault, Regions, Validator, facts_of};
use crate::describe::Schema;
use crate::evolve::{Evolution, Resolution};
use crate::raw::{AlignedBuf, Backing, Known, Map, Payload, PayloadFault, Ranges, TextMap};
use crate::{Dynamic, Error, ErrorKind, Hydra, Result};
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Blocks that [`Reader::open`] keeps: with the default block size, 2 MiB.
const CACHED_BLOCKS: usize = 8;

/// Index nodes that a reader keeps, of at most 256 entries: at most 640 KiB.
const CACHED_NODES: usize = 64;

/// Ways to read schemas as other types that a reader keeps.
const MOST_WAYS: usize = 64;

/// Tables that an error names, or is looked for among.
const MOST_MEANT: usize = 16;

/// A file, open to read, in the state that its newest commit gave it. Cheap to clone.
///
/// [`Reader::open`] reads blocks into its own buffers and needs no promise; [`Reader::map`] reads through a [`Map`].
/// They are the same type, and verify the same: every block on its first touch.
///
/// ```no_run
/// let file = hydra::Reader::open("day.hydra")?;
/// println!("{}", file.report());
/// for table in file.tables() {
///     println!("{}: {} records", table.name(), table.record_count());
/// }
/// # Ok::<(), hydra::Error>(())
/// ```
#[derive(Clone)]
pub struct Reader {
    pub(super) shared: Arc<Shared>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reader({}, {})", self.shared.path.display(), self.report())
    }
}

impl Reader {
    /// Opens a file through ordinary reads into aligned buffers.
    pub fn open(path: impl AsRef<Path>) -> Result<Reader> {
        let path = path.as_ref();
        Reader::over(Box::new(FileStorage::open(path)?), path)
    }

    /// Reads through buffers from wherever the bytes come; the path is for errors.
    pub(crate) fn over(source: Box<dyn Source>, path: &Path) -> Result<Reader> {
        let opened = open::open(&*source).map_err(|error| error.in_file(path))?;
        Ok(Reader::new(source.into(), None, path, opened))
    }

    /// Reads through a map. Safe: the promise was made to [`Map::open`].
    pub fn map(map: Map) -> Result<Reader> {
        let path = map.path().to_path_buf();
        let in_file = |error: Error| error.in_file(&path);
        let storage = FileStorage::over(map.file()).map_err(|error| in_file(error.into()))?;
        // The commit records are read by ordinary reads: a writer may be rewriting them.
        let opened = open::open(&storage).map_err(in_file)?;
        let map = TextMap::new(map, blocks_at_most(&opened)).covering(opened.commit.committed_bytes);
        let map = map.map_err(in_file)?;
        Ok(Reader::new(Arc::new(storage), Some(map), &path, opened))
    }

    pub(super) fn new(
        file: Arc<dyn Source>,
        map: Option<Arc<TextMap>>,
        path: &Path,
        opened: Opened,
    ) -> Reader {
        let caches = Caches {
            place: std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
            good: Known::new(blocks_at_most(&opened)),
            validators: Mutex::default(),
            blocks: Mutex::default(),
            nodes: Mutex::default(),
            ways: Mutex::default(),
        };
        Reader::with(file, map, path.to_path_buf(), opened, Arc::new(caches))
    }

    fn with(
        file: Arc<dyn Source>,
        map: Option<Arc<TextMap>>,
        path: PathBuf,
        opened: Opened,
        caches: Arc<Caches>,
    ) -> Reader {
        let (metadata, rebuilt) = (OnceLock::new(), OnceLock::new());
        Reader { shared: Arc::new(Shared { file, map, path, opened, caches, metadata, rebuilt }) }
    }

    /// Looks for newer commits, and shows the newest: true if there was one. Tables, blocks and records that were taken
    /// before stay as they are, and so do clones of this reader. A commit shows whole or not at all, and an edited
    /// record in its new version.
    ///
    /// Without news it costs two reads of 128 bytes; with news, a line for every new block, or, as long as the same writer goes on,
    /// the new directory.
    ///
    /// Another file took the place of this one, or it went back to an older state: `Replaced`; it became shorter:
    /// `CutShort`. The reader then goes on showing what it showed.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("primes.hydra");
    /// let mut writer = hydra::Writer::create(&path)?;
    /// let mut reader = hydra::Reader::open(&path)?;
    /// let primes = writer.table::<u64>()?;
    /// writer.append_slice(primes, &[2, 3, 5])?;
    /// assert!(!reader.refresh()?, "nothing is committed");
    /// writer.commit()?;
    /// assert!(reader.refresh()?);
    /// assert_eq!(reader.table::<u64>()?.len(), 3);
    /// # Ok::<(), hydra::Error>(())
    /// ```
    pub fn refresh(&mut self) -> Result<bool> {
        let newer = self.shared.newer().map_err(|error| self.shared.in_file(error))?;
        let found = newer.is_some();
        self.shared = newer.map_or_else(|| self.shared.clone(), |newer| newer.shared);
        Ok(found)
    }

    /// The path that was opened.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// What opening found: whether the file was closed cleanly, and what is wrong.
    pub fn report(&self) -> &Report {
        &self.shared.opened.report
    }

    /// The commit whose state is shown.
    pub fn commit(&self) -> &Commit {
        &self.shared.opened.commit
    }

    /// The 16 bytes that identify the file.
    pub fn file_id(&self) -> [u8; 16] {
        self.shared.opened.header.file_id
    }

    /// Length of the file in bytes when it was opened, with what lies beyond the committed length.
    pub fn file_bytes(&self) -> u64 {
        self.shared.opened.file_bytes
    }

    /// The tables, in the order of their appearance.
    pub fn tables(&self) -> &[TableInfo] {
        &self.shared.opened.catalog.tables
    }

    /// The schemas by their ids.
    pub fn schemas(&self) -> impl Iterator<Item = (u32, &SchemaInfo)> {
        self.shared.opened.catalog.schemas.iter().map(|(id, info)| (*id, info))
    }

    /// The user's key-value pairs.
    pub fn metadata(&self) -> Result<&BTreeMap<String, Vec<u8>>> {
        if let Some(pairs) = self.shared.metadata.get() {
            return Ok(pairs);
        }
        let pairs = super::meta::read(self.shared.source(), &self.shared.opened)
            .map_err(|e| self.shared.in_file(e))?;
        Ok(self.shared.metadata.get_or_init(|| pairs))
    }

    /// The header of the block at a file offset.
    pub fn block_header(&self, offset: u64) -> Result<BlockHeader> {
        let catalog = &self.shared.opened.catalog;
        block::read_header(self.shared.source(), catalog.key(), offset, catalog.limit())
            .map_err(|error| self.shared.in_file(error))
    }

    /// Every committed block of any kind in the order of the file, with its offset; an error stands for bytes that are no
    /// block. It reads one line of each.
    pub fn blocks(&self) -> impl Iterator<Item = Result<(u64, BlockHeader)>> + '_ {
        let (shared, opened) = (&*self.shared, &self.shared.opened);
        let mut walk = Walk::new(shared.source(), &opened.header, &opened.commit, opened.catalog.limit());
        std::iter::from_fn(move || match walk.step() {
            Ok(step) => step.map(|step| match (step.block, step.problem) {
                (Some(block), _) => Ok(block),
                (None, problem) => {
                    Err(shared.in_file(problem.unwrap_or_else(|| Error::new(ErrorKind::BlockHeader))))
                }
            }),
            Err(error) => {
                walk.end();
                Some(Err(shared.in_file(error)))
            }
        })
    }

    /// The records of a type of the program, which may be older or newer than the types that wrote them: see
    /// [`evolve`](crate::evolve). The table has the name of the type. [`Table::resolution`] says what that costs.
    ///
    /// # Errors
    /// `NoTable`, with the tables whose records could be meant; `TypeMismatch` with every path of the table's types that cannot be
    /// read as this one.
    pub fn table<T: Hydra>(&self) -> Result<Table<T>> {
        let schema = &facts_of::<T>().schema;
        let named = self.table_named(&schema.name());
        named.map_err(
            |error| if error.kind() == ErrorKind::NoTable { self.meant(error, schema) } else { error },
        )
    }

    /// The records of the table with this name, as a type of the program: see [`Reader::table`].
    pub fn table_named<T: Hydra>(&self, name: &str) -> Result<Table<T>> {
        let facts = facts_of::<T>();
        let wanted = facts.schema.clone();
        let number = self.table_number(name)?;
        for id in self.tables().get(number).map(TableInfo::schemas).unwrap_or_default() {
            let way = self.shared.way(*id, &wanted)?;
            // What the program knows as a type of its own checks itself, which is quicker than by its schema.
            if matches!(way.evolution.resolution(), Resolution::Identical) {
                let mut validators = self.shared.validators();
                validators.entry(*id).or_insert_with(|| facts.validator.clone());
            }
        }
        Ok(Table::new(self.shared.clone(), number, Arc::new(wanted)))
    }

    /// The error of a table that is not there, with the table that could be meant.
    #[cold]
    fn meant(&self, error: Error, wanted: &Schema) -> Error {
        let catalog = &self.shared.opened.catalog;
        let newest = |number| catalog.schemas.get(&catalog.newest_schema(number)?);
        let tables = || self.tables().iter().enumerate().take(MOST_MEANT);
        let find = |is: &dyn Fn(&Schema) -> bool| {
            tables().find(|(number, _)| newest(*number).is_some_and(|info| is(&info.schema)))
        };
        let same = find(&|schema| schema.is_identical(wanted) || schema.name() == wanted.name());
        let readable = || find(&|schema| Evolution::between(schema, wanted).is_ok());
        let Some((number, table)) = same.or_else(readable) else { return error };
        let name = table.name();
        let renamed = newest(number).is_some_and(|info| info.schema.name() == name);
        let attribute = if renamed {
            format!(", or #[hydra(name = {name:?})] on a type that was renamed")
        } else {
            String::new()
        };
        error.help(format!(
            "table {name} has records that can be read as {}: `table_named({name:?})`{attribute}",
            wanted.name()
        ))
    }

    /// The records of the table with this name, as data of its newest type. Blocks that cannot be read as that are errors.
    pub fn dynamic_table(&self, name: &str) -> Result<Table<Dynamic>> {
        let number = self.table_number(name)?;
        let catalog = &self.shared.opened.catalog;
        let info = catalog.newest_schema(number).and_then(|id| catalog.schemas.get(&id));
        let info = info.ok_or_else(|| {
            self.shared.in_file(Error::new(ErrorKind::BadSchema).place(format!("table {name}")))
        })?;
        Ok(Table::new(self.shared.clone(), number, info.schema().clone()))
    }

    pub(super) fn table_number(&self, name: &str) -> Result<usize> {
        self.shared.opened.catalog.table_number(name).ok_or_else(|| {
            let names = self.tables().iter().map(TableInfo::name);
            let mut listed: Vec<&str> = names.take(MOST_MEANT).collect();
            if self.tables().len() > MOST_MEANT {
                listed.push("..");
            }
            let found = if listed.is_empty() { "no table".to_string() } else { listed.join(", ") };
            self.shared.in_file(Error::new(ErrorKind::NoTable).expected(name).found(found))
        })
    }
}

/// How many blocks the commit record says, as far as the file has lines for them.
fn blocks_at_most(opened: &Opened) -> u64 {
    opened.commit.block_count.min(opened.catalog.limit() / LINE)
}

/// What a reader and its tables share: one state of a file.
pub(super) struct Shared {
    file: Arc<dyn Source>,
    /// Blocks of records are read through it, if there is one.
    map: Option<Arc<TextMap>>,
    path: PathBuf,
    opened: Opened,
    caches: Arc<Caches>,
    metadata: OnceLock<BTreeMap<String, Vec<u8>>>,
    /// The same tables from the headers of all blocks, if a node turned out to be damaged.
    rebuilt: OnceLock<Catalog>,
}

/// What is known of blocks. It holds for every later state, too: what is committed does not change.
struct Caches {
    /// The path from the root: the working directory may change.
    place: PathBuf,
    /// Offsets of blocks that were verified, for a map.
    good: Known,
    validators: Mutex<BTreeMap<u32, Arc<Validator>>>,
    /// Verified blocks by offset, the newest first, for buffers.
    blocks: Mutex<VecDeque<(u64, Loaded)>>,
    nodes: Mutex<VecDeque<(u64, Arc<[Entry]>)>>,
    /// How records are read as other types than their own.
    ways: Mutex<VecDeque<Arc<Way>>>,
}

/// How records of a schema of the file are read as another type.
pub(super) struct Way {
    id: u32,
    target: Schema,
    pub(super) evolution: Evolution,
    /// Blocks that were written anew, by offset, the newest first.
    blocks: Mutex<VecDeque<(u64, Loaded)>>,
}

impl Shared {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What blocks are read through, if it is a map.
    pub(super) fn map(&self) -> Option<&Arc<TextMap>> {
        self.map.as_ref()
    }

    /// What everything else is read through, by ordinary reads.
    pub(super) fn source(&self) -> &dyn Source {
        &*self.file
    }

    /// A reader of the newest state, if that is another one.
    fn newer(&self) -> Result<Option<Reader>> {
        let Some(opened) = open::refresh(&*self.file, &self.opened)? else {
            if self.file.is_at(&self.caches.place)? {
                return Ok(None);
            }
            return Err(Error::new(ErrorKind::Replaced).help("open it again to see what is there now"));
        };
        let grown = |map: &Arc<TextMap>| map.covering(opened.commit.committed_bytes);
        let map = self.map.as_ref().map(grown).transpose()?;
        let (file, path, caches) = (self.file.clone(), self.path.clone(), self.caches.clone());
        Ok(Some(Reader::with(file, map, path, opened, caches)))
    }

    /// The tables from the headers of all blocks, if this one is among them, and nothing but nodes is lost: another block
    /// may have been an edit of what is under a node.
    fn rebuilt(&self, table: usize, node: Option<u64>) -> Result<&Catalog> {
        if self.rebuilt.get().is_none() {
            let Opened { header, commit, catalog, .. } = &self.opened;
            let mut problems = Vec::new();
            let found = open::rebuild(self.source(), header, commit, catalog.limit(), &mut problems)?;
            let entries = catalog.tables.iter().flat_map(|table| &table.entries);
            let nodes = entries.filter(|entry| entry.level > 0).map(|entry| entry.offset);
            let nodes: HashSet<u64> = nodes.chain(node).collect();
            if problems.iter().any(|problem| problem.offset().is_none_or(|at| !nodes.contains(&at))) {
                let error = Error::new(ErrorKind::Index).at(node.unwrap_or_default());
                return Err(error.what("this node is lost, and a block that may be under it"));
            }
            let _ = self.rebuilt.set(found);
        }
        let name = |catalog: &Catalog| catalog.tables.get(table).map(|table| table.name.clone());
        let rebuilt = self.rebuilt.get().filter(|rebuilt| name(rebuilt) == name(&self.opened.catalog));
        rebuilt.ok_or_else(|| Error::new(ErrorKind::Index).what("no table is where the index names one"))
    }

    fn in_file(&self, error: Error) -> Error {
        error.in_file(&self.path)
    }

    pub(super) fn table(&self, number: usize) -> Option<&TableInfo> {
        self.opened.catalog.tables.get(number)
    }

    pub(super) fn cursor(&self, table: usize, first: u64) -> Cursor {
        self.opened.catalog.cursor(table, first)
    }

    /// The next DATA block of a cursor; an error comes with the record at which it goes on.
    pub(super) fn next(&self, cursor: &mut Cursor) -> Option<Result<Entry, (Error, u64)>> {
        let catalog = self.rebuilt.get().filter(|_| cursor.is_flat()).unwrap_or(&self.opened.catalog);
        match cursor.next(catalog, self.source())? {
            Ok(entry) => Some(Ok(entry)),
            Err((error, behind)) if error.kind() == ErrorKind::Index => {
                match self.rebuilt(cursor.table(), error.offset()) {
                    Ok(rebuilt) => {
                        cursor.flatten(rebuilt);
                        self.next(cursor)
                    }
                    Err(error) => Some(Err((self.in_file(error), behind))),
                }
            }
            Err((error, behind)) => Some(Err((self.in_file(error), behind))),
        }
    }

    /// The error of records that are missing between others.
    pub(super) fn missing(&self, table: usize, records: Range<u64>) -> Error {
        self.in_file(self.opened.catalog.missing(table, records))
    }

    /// The error of a record that a table does not have.
    #[cold]
    pub(super) fn no_record(&self, table: usize, index: &str) -> Error {
        let (name, count) = self.table(table).map_or(("?", 0), |table| (table.name(), table.record_count()));
        let error = Error::new(ErrorKind::NoSuchPath).place(format!("table {name}"));
        self.in_file(match count {
            0 => error.what("the table has no record").found(format!("the index {index}")),
            _ => error.expected(format!("an index below {count}")).found(index),
        })
    }

    /// The verified block that holds a record, as it is stored.
    pub(super) fn block_at(&self, table: usize, record: u64) -> Result<Loaded> {
        self.load(table, &self.find(table, record)?)
    }

    /// What the index says of the block that holds a record.
    pub(super) fn find(&self, table: usize, record: u64) -> Result<Entry> {
        let catalog = &self.opened.catalog;
        let mut node = |entry: &Entry| {
            let read = || catalog.children(self.source(), table, entry).map(Into::into);
            cached(&self.caches.nodes, CACHED_NODES, entry.offset, read)
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

    /// The block that an entry names, verified now or before.
    pub(super) fn load(&self, table: usize, entry: &Entry) -> Result<Loaded> {
        let loaded = match &self.map {
            Some(map) => self.load_mapped(map, entry),
            None => cached(&self.caches.blocks, CACHED_BLOCKS, entry.offset, || self.load_buffered(entry)),
        };
        loaded.map_err(|error| self.in_block(error, table, entry))
    }

    /// The block that an entry names, to be read as `target`.
    pub(super) fn load_as(&self, table: usize, entry: &Entry, target: &Arc<Schema>) -> Result<Loaded> {
        let loaded = self.load(table, entry)?;
        if loaded.schema.is_identical(target) {
            return Ok(loaded);
        }
        let shown = self.way(entry.schema, target).and_then(|way| match way.evolution.resolution() {
            Resolution::Identical | Resolution::SameLayout => Ok(loaded.shown_as(target.clone(), false)),
            Resolution::Wider => Ok(loaded.shown_as(target.clone(), true)),
            Resolution::Transcoded => {
                let anew = || loaded.transcoded(way.evolution.plan(), target);
                cached(&way.blocks, CACHED_BLOCKS, entry.offset, anew)
            }
        });
        shown.map_err(|error| self.in_block(error, table, entry))
    }

    /// How records of a schema are read as `target`: worked out once, and kept with some blocks.
    pub(super) fn way(&self, id: u32, target: &Schema) -> Result<Arc<Way>> {
        let lock = || self.caches.ways.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(way) = lock().iter().find(|way| way.id == id && way.target.is_same(target)) {
            return Ok(way.clone());
        }
        let info = self.opened.catalog.schemas.get(&id).ok_or_else(|| Error::new(ErrorKind::BadSchema))?;
        let evolution = Evolution::between(info.schema(), target).map_err(|error| self.in_file(error))?;
        let way = Arc::new(Way { id, target: target.clone(), evolution, blocks: Mutex::default() });
        let mut held = lock();
        held.truncate(MOST_WAYS);
        held.push_front(way.clone());
        Ok(way)
    }

    /// The same, read and verified anew, and not kept.
    pub(super) fn load_once(&self, table: usize, entry: &Entry) -> Result<Loaded> {
        self.load_buffered(entry).map_err(|error| self.in_block(error, table, entry))
    }

    /// Names the block in an error.
    pub(super) fn in_block(&self, error: Error, table: usize, entry: &Entry) -> Error {
        let name = self.table(table).map_or("?", TableInfo::name);
        let records = format!("table {name}, records {}..{}", entry.first, entry.end());
        self.in_file(error.at(entry.offset).place(records))
    }

    fn load_mapped(&self, map: &Arc<TextMap>, entry: &Entry) -> Result<Loaded> {
        let start = usize::try_from(entry.offset.saturating_add(LINE)).unwrap_or(usize::MAX);
        let backing = Backing::Map(map.clone());
        if self.caches.good.contains(entry.offset) {
            return self.unpack(backing, start, entry, false);
        }
        let loaded = self.unpack(backing, start, entry, true)?;
        self.caches.good.insert(entry.offset);
        Ok(loaded)
    }

    fn load_buffered(&self, entry: &Entry) -> Result<Loaded> {
        // A directory can name one large block many times: its header comes first.
        let (source, catalog) = (self.source(), &self.opened.catalog);
        let header = block::read_header(source, catalog.key(), entry.offset, catalog.limit())?;
        catalog.check_data_header(&header, entry)?;
        let mut buffer = self.spare();
        buffer.resize(usize::try_from(header.bytes()).unwrap_or(0));
        let read = source.read_at(entry.offset, &mut buffer)?;
        buffer.resize(read);
        self.unpack(Backing::Buffer(Arc::new(buffer)), LINE as usize, entry, true)
    }

    /// A buffer: that of the block which would leave the cache next, if nobody else has it.
    fn spare(&self) -> AlignedBuf {
        let mut held = self.caches.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = if held.len() < CACHED_BLOCKS { None } else { held.pop_back() };
        oldest.and_then(|(_, loaded)| loaded.payload.into_buffer()).unwrap_or_default()
    }

    /// The regions of the block whose payload starts at `start` of the backing; verified unless it was before.
    fn unpack(&self, backing: Backing, start: usize, entry: &Entry, verify: bool) -> Result<Loaded> {
        let catalog = &self.opened.catalog;
        let line = start.checked_sub(LINE as usize).and_then(|at| backing.get(at..start));
        let header =
            block::decode_header(line.unwrap_or_default(), catalog.key(), entry.offset, catalog.limit())?;
        let found = catalog.check_data_header(&header, entry)?;
        let end = start.saturating_add(header.payload_bytes as usize);
        if verify {
            let payload = backing.get(start..end).unwrap_or_default();
            block::check_payload(&header, entry.offset, payload)?;
        }
        let ranges = Ranges {
            records: start..start.saturating_add(found.record_bytes),
            heap: start.saturating_add(found.heap)..start.saturating_add(found.text),
            text: start.saturating_add(found.text)..end,
        };
        let text_at = entry.offset.saturating_add(LINE).saturating_add(u64::from(header.text));
        let payload = Payload::new(backing, ranges).map_err(|fault| match fault {
            PayloadFault::Utf8(at) => Error::new(ErrorKind::BadUtf8).at(text_at.saturating_add(at as u64)),
            PayloadFault::Bounds => Error::new(ErrorKind::CutShort).at(entry.offset),
        })?;
        let info = self.opened.catalog.schemas.get(&header.schema);
        let schema = info.ok_or_else(|| Error::new(ErrorKind::BadSchema))?.schema().clone();
        let (count, stride) = (header.count as usize, header.stride as usize);
        if verify {
            let regions = Regions {
                records: payload.records(),
                count,
                stride,
                heap: payload.heap(),
                text: payload.text().into(),
                heap_start: found.heap,
                text_start: found.text,
            };
            self.validator(header.schema, &schema)
                .validate(&regions)
                .map_err(|fault| invalid(*fault, entry.offset.saturating_add(LINE), entry.first))?;
        }
        Ok(Loaded { payload, schema, first: entry.first, count, stride, bad: None, dense: None })
    }

    fn validator(&self, id: u32, schema: &Schema) -> Arc<Validator> {
        self.validators().entry(id).or_insert_with(|| Arc::new(Validator::new(schema))).clone()
    }

    fn validators(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<Validator>>> {
        self.caches.validators.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error of a payload that breaks a rule; it starts at the file offset `start`. The path begins with the record.
#[cold]
pub(super) fn invalid(mut fault: Fault, start: u64, first: u64) -> Error {
    fault.offset = start.saturating_add(fault.offset);
    if let Some(record) = fault.record {
        let dot = if fault.path.is_empty() || fault.path.starts_with('[') { "" } else { "." };
        fault.path = format!("[{}]{dot}{}", first.saturating_add(record), fault.path);
    }
    fault.into()
}

/// The value under `key`, made if it is not among the `most` that were used last.
fn cached<V: Clone>(
    cache: &Mutex<VecDeque<(u64, V)>>,
    most: usize,
    key: u64,
    make: impl FnOnce() -> Result<V>,
) -> Result<V> {
    let lock = || cache.lock().unwrap_or_else(PoisonError::into_inner);
    let mut held = lock();
    let at = held.iter().position(|(own, _)| *own == key);
    if let Some((key, value)) = at.and_then(|at| held.remove(at)) {
        held.push_front((key, value.clone()));
        return Ok(value);
    }
    drop(held);
    let value = make()?;
    let mut held = lock();
    held.truncate(most.saturating_sub(1));
    held.push_front((key, value.clone()));
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_keeps_what_was_used_last() {
        let cache = Mutex::default();
        let made = |key: u64| {
            let mut made = false;
            let value = cached(&cache, 3, key, || {
                made = true;
                Ok(key * 10)
            });
            assert_eq!(value.unwrap(), key * 10);
            made
        };
        assert!(made(1) && made(2) && made(3));
        // Used in the order 1, 3: then 2 is the one to go.
        assert!(!made(1) && !made(3) && made(4));
        assert!(!made(1) && !made(3) && !made(4) && made(2));
    }
}
