//! Writing files: records are added to the open block of their table, blocks to the log, and commits make
//! them visible. Committed bytes are never changed.

mod layout;
pub(crate) mod newest;
mod options;
mod tables;
#[cfg(test)]
mod tests;

pub use options::WriterOptions;

use crate::layout::rows::{EncodedRecord, Pushed, Stage, TwoPasses};
use crate::layout::{Layout, Layouts};
use crate::memory;
use crate::reflect::Data;
use crate::reflect::dynamic::{self, Depth};
use crate::reflect::encode::reshape;
use crate::reflect::types::Type;
use crate::store::block::SealedBlock;
use crate::store::log::{Durability, Log};
use crate::table::metadata::{self, StagedPairs};
use crate::{Dynamic, Error, ErrorKind, Hydra, Result, Schema, Value};
use newest::Newest;
use std::any::{TypeId, type_name};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tables::Tables;

/// A table to which records are appended.
struct OpenTable {
    /// The number of the table in the file.
    number: usize,
    schema_id: u32,
    schema: Arc<Schema>,
    layouts: Layouts,
    layout: Layout,
    stage: Stage,
    /// Whether records of another schema are appended to the same table.
    shared: bool,
    /// How the newest type reads the records, if it could refuse some.
    newest: Option<Arc<Newest>>,
    /// Whether the records are copied from another file and must not change.
    copies: bool,
}

impl OpenTable {
    /// Creates a table without records.
    fn new(
        number: usize,
        schema_id: u32,
        schema: Arc<Schema>,
        (block_bytes, layout): (usize, Layout),
        newest: Option<Arc<Newest>>,
    ) -> OpenTable {
        let (stage, layouts) = (Stage::new(schema.root().size(), block_bytes), Layouts::new(schema.clone()));
        let (shared, copies) = (false, false);
        let mut table =
            OpenTable { number, schema_id, schema, layouts, layout, stage, shared, newest: None, copies };
        table.read_as(newest, block_bytes);
        table
    }

    /// Sets how records that are appended from now on must be readable.
    fn read_as(&mut self, newest: Option<Arc<Newest>>, block_bytes: usize) {
        let block_bytes = self.layout.block_bytes(block_bytes);
        let safe = newest.as_ref().map_or(u64::MAX, |newest| newest.safe_bytes);
        self.stage.set_target(usize::try_from(safe).unwrap_or(usize::MAX).min(block_bytes));
        if newest.as_ref().is_some_and(|newest| newest.may_refuse) {
            self.stage.stop();
        }
        self.newest = newest;
    }

    /// Passes the open block to the log, and returns the bytes of its records.
    fn seal(&mut self, log: &mut Log) -> Result<u64> {
        let bytes = self.stage.bytes();
        if let Some(rows) = self.stage.take(log.spare()) {
            log.add_data(self.layouts.seal(rows, self.layout)?, self.number, self.schema_id)?;
        }
        Ok(bytes)
    }
}

/// A table of one writer, to which values of type `T` can be appended.
pub struct TableId<T> {
    writer: u64,
    index: usize,
    of: PhantomData<fn(T)>,
}

impl<T> Clone for TableId<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for TableId<T> {}

impl<T> std::fmt::Debug for TableId<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TableId({})", self.index)
    }
}

/// Appends records to a file. Readers see nothing before [`Writer::commit`] or [`Writer::finish`].
///
/// Dropping a writer without `finish` leaves the file with its last commit, marked as not closed; records
/// that were appended later are lost. After a failed write or sync every call fails
/// ([`ErrorKind::Poisoned`]): open the file again.
///
/// A writer holds an exclusive lock on the file. Before a commit returns, it checks that the path still
/// refers to the file: the commit fails with `Replaced` if the file was moved, removed or replaced, and with
/// `CutShort` if it became shorter. After a fork, the writer and its lock belong to the parent: the copy in
/// the child writes nothing (`Locked`), and does not release the lock when it is dropped.
///
/// ```
/// use hydra::Writer;
///
/// # let folder = std::env::temp_dir().join(format!("hydra-writer-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("primes.hydra");
/// # let _ = std::fs::remove_file(&path);
/// let mut file = Writer::create(&path)?;
/// let primes = file.table::<u64>()?;
/// file.append(primes, &2)?;
/// file.append_slice(primes, &[3, 5, 7])?;
/// file.set_metadata("source", "by hand")?;
/// file.finish()?;
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), hydra::Error>(())
/// ```
pub struct Writer {
    id: u64,
    path: PathBuf,
    durability: Durability,
    log: Log,
    tables: Tables,
    metadata: Option<StagedPairs>,
    auto: Option<Auto>,
}

/// When commits happen automatically.
#[derive(Clone, Copy, Debug, Default)]
struct Auto {
    every_bytes: Option<u64>,
    after: Option<Duration>,
    /// The time at which the oldest uncommitted record was appended.
    since: Option<Instant>,
    /// The bytes of records that are not in a block yet.
    waiting: u64,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Writer({})", self.path.display())
    }
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl Writer {
    /// Creates a file with the default options. It counts as not closed until [`Writer::finish`].
    ///
    /// # Errors
    /// `Exists` if the file exists: it is never replaced.
    pub fn create(path: impl AsRef<Path>) -> Result<Writer> {
        Writer::options().create(path)
    }

    /// Opens an existing file to append to it. Nothing is written before the first records are.
    ///
    /// # Errors
    /// `Locked` if another writer has the file open. A damaged file is refused, with the place of the damage.
    pub fn resume(path: impl AsRef<Path>) -> Result<Writer> {
        Writer::options().resume(path)
    }

    /// Returns the default options.
    pub fn options() -> WriterOptions {
        WriterOptions::default()
    }

    /// Creates a writer without a path, which is used only for errors.
    fn new(log: Log, options: &WriterOptions) -> Writer {
        Writer {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            path: PathBuf::new(),
            durability: options.durability,
            log,
            tables: Tables::new((options.block_bytes, options.layout)),
            metadata: None,
            auto: options.auto,
        }
    }

    fn at(self, path: &Path) -> Writer {
        Writer { path: path.to_path_buf(), ..self }
    }

    /// Makes commits fail from now on unless the path still refers to the file.
    fn watching(mut self, path: &Path) -> Result<Writer> {
        self.log.watch(path)?;
        Ok(self.at(path))
    }

    /// Returns the path with which the file was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the table of records of type `T`, and creates it if the file has none. Its name is that of the
    /// type, in canonical spelling. The type may be newer than those of the table's records, if it can read
    /// them, or older, if the newest of them can read it.
    ///
    /// # Errors
    /// `TypeMismatch`, with every path that cannot be read, or if this writer already uses the table for
    /// another type of the program with the same name: use [`table_named`](Writer::table_named) for one of
    /// them.
    pub fn table<T: Hydra>(&mut self) -> Result<TableId<T>> {
        let schema = Schema::try_from_descriptor(T::TYPE)?;
        let program = (TypeId::of::<T>(), type_name::<T>());
        let found = self.tables.plain(&mut self.log, &schema, Some(program));
        self.id_of(found)
    }

    /// Returns the table with this name, of records of type `T`. A file can have several tables of one type.
    /// Calls with the same name return the same table, to which two generations of a type can be appended. A
    /// name has 1 to 255 bytes and no control characters.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("day.hydra");
    /// let mut file = hydra::Writer::create(&path)?;
    /// let (bids, asks) = (file.table_named::<f64>("bids")?, file.table_named::<f64>("asks")?);
    /// file.append(bids, &9.5)?;
    /// file.append(asks, &9.75)?;
    /// file.finish()?;
    /// let asks = hydra::Reader::open(&path)?.table_named::<f64>("asks")?;
    /// assert_eq!(asks.get(0)?.view(), 9.75);
    /// # Ok::<(), hydra::Error>(())
    /// ```
    pub fn table_named<T: Hydra>(&mut self, name: &str) -> Result<TableId<T>> {
        let schema = Schema::try_from_descriptor(T::TYPE)?;
        let found = self.tables.find_or_add(&mut self.log, name, &schema);
        self.id_of(found)
    }

    /// Returns the table of records of a type that exists only as a schema: see [`Writer::append_value`]. Its
    /// name is that of the type.
    pub fn dynamic_table(&mut self, schema: &Schema) -> Result<TableId<Dynamic>> {
        let found = self.tables.plain(&mut self.log, schema, None);
        self.id_of(found)
    }

    /// Returns the table with this name, of records of a type that exists only as a schema: see
    /// [`Writer::table_named`].
    pub fn dynamic_table_named(&mut self, name: &str, schema: &Schema) -> Result<TableId<Dynamic>> {
        let found = self.tables.find_or_add(&mut self.log, name, schema);
        self.id_of(found)
    }

    /// Returns the id of the table at a position.
    fn id_of<T>(&mut self, found: Result<usize>) -> Result<TableId<T>> {
        let index = self.settle(found)?;
        Ok(TableId { writer: self.id, index, of: PhantomData })
    }

    /// Adds a schema as it is, under the next id: blocks of a table may have several. Before records of
    /// another schema are added to a table, its block has to be sealed.
    pub(crate) fn adopt(&mut self, name: &str, schema: Arc<Schema>) -> Result<TableId<Dynamic>> {
        let (number, schema_id) = self.log.add_schema(name, schema.clone())?;
        let table = OpenTable::new(number, schema_id, schema, self.tables.blocks, None);
        let index = self.tables.open.len();
        self.tables.open.push(OpenTable { copies: true, ..table });
        self.id_of(Ok(index))
    }

    /// Limits the size of the open blocks of an adopted table, so that they can be read as the newest type of
    /// the table.
    pub(crate) fn limit_blocks(&mut self, table: TableId<Dynamic>) -> Result<()> {
        let OpenTable { number, ref schema, .. } = *self.open(table)?;
        let schema = schema.clone();
        let newest = Newest::of(&self.log.catalog, number, &schema);
        let block_bytes = self.tables.blocks.0;
        self.open(table)?.read_as(newest, block_bytes);
        Ok(())
    }

    /// Appends a block of verified records, after everything that was appended to its table before.
    pub(crate) fn append_block(&mut self, to: TableId<Dynamic>, block: Result<SealedBlock>) -> Result<()> {
        self.seal_table(to)?;
        let OpenTable { number, schema_id, .. } = *self.open(to)?;
        let outcome = block.and_then(|block| self.log.add_data(block, number, schema_id));
        self.settle(outcome)
    }

    /// Ends the block to which records are appended.
    pub(crate) fn seal_table(&mut self, table: TableId<Dynamic>) -> Result<()> {
        self.open(table)?;
        self.seal(table.index)
    }

    /// Appends a record.
    ///
    /// # Errors
    /// On an error the record is not appended.
    #[inline]
    pub fn append<T: Hydra>(&mut self, table: TableId<T>, value: &T) -> Result<()> {
        if let Some(bytes) = memory::bytes_of(std::slice::from_ref(value))
            && table.writer == self.id
            && let Some(open) = self.tables.get_mut(table.index)
            && open.stage.push_flat(bytes)
        {
            return if self.auto.is_none() { Ok(()) } else { self.commit_if_due(bytes.len() as u64) };
        }
        self.append_measured(table, value)
    }

    /// Commits if enough bytes are uncommitted, or for long enough; called after `bytes` more bytes of
    /// records.
    #[inline(never)]
    fn commit_if_due(&mut self, bytes: u64) -> Result<()> {
        let Some(auto) = &mut self.auto else { return Ok(()) };
        auto.waiting = auto.waiting.saturating_add(bytes);
        let waited = |time| auto.since.get_or_insert_with(Instant::now).elapsed() >= time;
        let due = auto.after.is_some_and(waited);
        let bytes = auto.waiting.saturating_add(self.log.uncommitted_bytes());
        if due || auto.every_bytes.is_some_and(|most| bytes >= most) { self.commit() } else { Ok(()) }
    }

    /// Appends records, with one copy if the bytes in memory are the stored ones.
    ///
    /// # Errors
    /// On an error, the records before the one that failed are appended.
    pub fn append_slice<T: Hydra>(&mut self, table: TableId<T>, values: &[T]) -> Result<()> {
        if !T::FLAT {
            return values.iter().try_for_each(|value| self.append(table, value));
        }
        let mut rest = values;
        while let [first, ..] = rest {
            let open = self.open(table)?;
            let (now, later) = rest.split_at(open.stage.flat_room().min(rest.len()));
            if memory::bytes_of(now).is_some_and(|bytes| !now.is_empty() && open.stage.push_flat(bytes)) {
                rest = later;
                self.commit_if_due(size_of_val(now) as u64)?;
            } else {
                self.append(table, first)?;
                rest = rest.get(1..).unwrap_or_default();
            }
        }
        Ok(())
    }

    /// Appends a record from a live or stored value, or from data. It is stored as the type of the table,
    /// which must have the same shape: the same kinds and forms, and fields and variants with the same names.
    pub fn append_value<T>(&mut self, table: TableId<T>, value: Value<'_>) -> Result<()> {
        let schema = self.open(table)?.schema.clone();
        let reshaped = reshape(value, &schema)?;
        self.append_measured(table, &reshaped.as_ref().map_or(value, Dynamic::value))
    }

    /// Appends a record from data, which is converted to the type of the table as [`Dynamic::new`] does. The
    /// caller keeps `data`, so that its memory can be reused for the next record.
    ///
    /// ```
    /// # use hydra::{Schema, Writer, reflect::Data};
    /// # let folder = std::env::temp_dir().join(format!("hydra-data-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("data.hydra");
    /// # let _ = std::fs::remove_file(&path);
    /// let mut file = Writer::create(&path)?;
    /// let table = file.dynamic_table(&Schema::of::<(u8, String)>())?;
    /// let mut record = Data::parts([Data::from(7u8), Data::from("seven")]);
    /// file.append_data(table, &mut record)?;
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), hydra::Error>(())
    /// ```
    pub fn append_data(&mut self, table: TableId<Dynamic>, data: &mut Data) -> Result<()> {
        let schema = self.open(table)?.schema.clone();
        let ty = Type::root(&schema);
        dynamic::check(data, ty, Depth::default())?;
        self.append_measured(table, &Value::data(data, ty))
    }

    /// Returns the open table, if it belongs to this writer.
    #[inline]
    fn open<T>(&mut self, table: TableId<T>) -> Result<&mut OpenTable> {
        self.log.check().map_err(|error| error.in_file(&self.path))?;
        let open = self.tables.get_mut(table.index).filter(|_| table.writer == self.id);
        open.ok_or_else(|| Error::new(ErrorKind::Usage).what("the table belongs to another writer"))
    }

    /// Appends a record of exactly the type of the table in two passes, and seals the block if it is full. It
    /// is a function of its own, so that [`Writer::append`] of a plain record stays small.
    #[inline(never)]
    fn append_measured<T>(&mut self, table: TableId<T>, value: &impl TwoPasses) -> Result<()> {
        let open = self.open(table)?;
        let newest = open.newest.as_ref().filter(|newest| newest.may_refuse && !open.copies).cloned();
        if open.shared
            && let Some(other) = self.tables.switch(table.index)
        {
            self.seal(other)?;
        }
        let Some(newest) = newest else { return self.push(table, value) };
        let schema = self.open(table)?.schema.clone();
        let record = EncodedRecord::new(schema.root().size(), value)?;
        newest.check(record.at(), 1).map_err(|error| self.refused(table, error))?;
        // The value that is checked is the one that is stored, even if the live value changes meanwhile.
        let value = Value::stored(record.at(), schema.root(), Some(&schema));
        self.push(table, &value)
    }

    /// Adds a record to the open block, or to the next if that is full.
    fn push<T>(&mut self, table: TableId<T>, value: &impl TwoPasses) -> Result<()> {
        let mut open = self.open(table)?;
        let mut before = open.stage.bytes();
        if open.stage.push(value)? == Pushed::Full {
            self.seal(table.index)?;
            before = 0;
            open = self.open(table)?;
            open.stage.push(value)?;
        }
        let bytes = open.stage.bytes();
        // Only a record that is alone in its block can be that large.
        let exceeds = |newest: &&Arc<Newest>| open.stage.block_bytes() > newest.safe_bytes && !open.copies;
        if let Some(newest) = open.newest.as_ref().filter(exceeds) {
            let fits = open.stage.records().and_then(|records| newest.check(records, 1));
            if let Err(error) = fits {
                open.stage.clear();
                return Err(self.refused(table, error));
            }
        }
        if before == 0 {
            self.tables.waiting.insert(table.index);
        }
        self.commit_if_due(bytes.saturating_sub(before))
    }

    /// Creates the error about a record that the newest type of its table could not read.
    #[cold]
    fn refused<T>(&self, table: TableId<T>, error: Error) -> Error {
        let name = self.tables.open.get(table.index).map(|open| self.log.catalog.table_name(open.number));
        error.in_file(&self.path).place(format!("table {}", name.unwrap_or("?")))
    }

    /// Passes the open block of a table to the log.
    fn seal(&mut self, index: usize) -> Result<()> {
        #[cfg(test)]
        crate::schema::LOOKS.set(crate::schema::LOOKS.get().saturating_add(1));
        let Some(open) = self.tables.get_mut(index) else { return Ok(()) };
        let outcome = open.seal(&mut self.log);
        let bytes = self.settle(outcome)?;
        if let Some(auto) = &mut self.auto {
            auto.waiting = auto.waiting.saturating_sub(bytes);
        }
        Ok(())
    }

    /// Adds the file to an error. After a failure of the log, no record takes the fast path.
    fn settle<R>(&mut self, outcome: Result<R>) -> Result<R> {
        if self.log.is_stopped() {
            self.tables.open.iter_mut().for_each(|open| open.stage.stop());
        }
        outcome.map_err(|error| error.in_file(&self.path))
    }

    /// Sets a pair of the file's metadata. It becomes visible with the next commit.
    ///
    /// # Errors
    /// `TooLarge`, and nothing changes, if all pairs together would not fit into a block of 256 MiB.
    pub fn set_metadata(&mut self, key: &str, value: impl AsRef<[u8]>) -> Result<()> {
        let outcome = self.metadata()?.set(key, value.as_ref());
        outcome.map_err(|error| error.in_file(&self.path))
    }

    /// Removes a pair of the file's metadata with the next commit, and returns whether there was one with
    /// this key.
    pub fn remove_metadata(&mut self, key: &str) -> Result<bool> {
        Ok(self.metadata()?.remove(key))
    }

    /// Returns the pairs, which are read at the first use.
    fn metadata(&mut self) -> Result<&mut StagedPairs> {
        let outcome = self.log.check().and_then(|()| match self.metadata.take() {
            Some(known) => Ok(known),
            None => {
                let blocks = self.log.catalog.blocks(self.log.source());
                metadata::read_at(blocks, self.log.meta()).map(StagedPairs::new)
            }
        });
        let known = self.settle(outcome)?;
        Ok(self.metadata.insert(known))
    }

    /// Makes everything that was appended visible to readers that open or refresh the file from now on, with
    /// the writer's [`Durability`].
    ///
    /// # Errors
    /// `Replaced` or `CutShort` if another program moved, replaced or cut the file; `Poisoned` after an
    /// earlier failure. The commit is not acknowledged then.
    pub fn commit(&mut self) -> Result<()> {
        if let Some(auto) = &mut self.auto {
            auto.since = None;
        }
        let outcome = self.flush().and_then(|()| self.log.commit(self.durability));
        self.settle(outcome)
    }

    /// Commits and closes the file cleanly, so that it opens fast and is known to be complete. Bytes that an
    /// interrupted writer left after the last commit are cut off, if possible. A file that was resumed
    /// without appending anything stays the same byte for byte, closed or not.
    ///
    /// # Errors
    /// As [`Writer::commit`].
    pub fn finish(mut self) -> Result<()> {
        let outcome = self.flush().and_then(|()| self.log.close());
        self.settle(outcome)
    }

    /// Passes everything to the log.
    fn flush(&mut self) -> Result<()> {
        self.log.check()?;
        while let Some(index) = self.tables.waiting.pop_first() {
            self.seal(index)?;
        }
        if let Some(staged) = self.metadata.as_mut().filter(|staged| staged.changed) {
            self.log.add_meta(metadata::encode(&staged.pairs)?)?;
            staged.changed = false;
        }
        Ok(())
    }
}
