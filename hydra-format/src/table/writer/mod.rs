//! Writing files: records go into the open block of their table, blocks into the log, and commits make them
//! visible. It never changes a committed byte.

pub(crate) mod newest;
mod options;
mod tables;
#[cfg(test)]
mod tests;

pub use options::WriterOptions;

use crate::layout;
use crate::layout::rows::{EncodedRecord, Pushed, Stage, StagedRows, TwoPasses};
use crate::memory;
use crate::reflect::Data;
use crate::reflect::dynamic::{self, Depth};
use crate::reflect::encode::reshape;
use crate::reflect::types::Type;
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

/// A table that is being appended to.
struct OpenTable {
    /// Its number in the file.
    number: usize,
    schema_id: u32,
    schema: Arc<Schema>,
    stage: Stage,
    /// Records of another schema are appended to the same table.
    shared: bool,
    /// How the newest type reads its records, where it could refuse some.
    newest: Option<Arc<Newest>>,
    /// Its records are those of another file, and stay what they are.
    copies: bool,
}

impl OpenTable {
    /// A table without records.
    fn new(
        number: usize,
        schema_id: u32,
        schema: Arc<Schema>,
        block_bytes: usize,
        newest: Option<Arc<Newest>>,
    ) -> OpenTable {
        let stage = Stage::new(schema.root().size(), block_bytes);
        let mut table =
            OpenTable { number, schema_id, schema, stage, shared: false, newest: None, copies: false };
        table.read_as(newest, block_bytes);
        table
    }

    /// From now on, what is appended has to be readable in this way.
    fn read_as(&mut self, newest: Option<Arc<Newest>>, block_bytes: usize) {
        let safe = newest.as_ref().map_or(u64::MAX, |newest| newest.safe_bytes);
        self.stage.set_target(usize::try_from(safe).unwrap_or(usize::MAX).min(block_bytes));
        if newest.as_ref().is_some_and(|newest| newest.may_refuse) {
            self.stage.stop();
        }
        self.newest = newest;
    }

    /// Hands the open block to the log: how many bytes of records it had.
    fn seal(&mut self, log: &mut Log) -> Result<u64> {
        let bytes = self.stage.bytes();
        if let Some(rows) = self.stage.take(log.spare()) {
            log.add_data(layout::WRITTEN.seal(rows)?, self.number, self.schema_id)?;
        }
        Ok(bytes)
    }
}

/// A table of one writer: where to append values of type `T`.
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

/// Appends records to a file. Nothing is visible to readers before [`Writer::commit`] or [`Writer::finish`].
///
/// Dropping a writer without `finish` leaves the file with its last commit, marked as not closed; records that
/// were appended after it are lost. After a failed write or sync a writer does nothing more
/// ([`ErrorKind::Poisoned`]): open the file again.
///
/// A writer holds an exclusive lock on the file. Before a commit returns, it looks whether the path still names the file: if somebody moved,
/// removed or replaced it, that is the error `Replaced`, and if somebody made it shorter, `CutShort`. Where the process forks, the
/// writer and its lock stay the parent's: the child's copy writes nothing (`Locked`), and releases nothing when it is dropped.
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

/// When commits come by themselves.
#[derive(Clone, Copy, Debug, Default)]
struct Auto {
    every_bytes: Option<u64>,
    after: Option<Duration>,
    /// When the oldest record that waits was appended.
    since: Option<Instant>,
    /// Bytes of records that wait for a block.
    waiting: u64,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Writer({})", self.path.display())
    }
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl Writer {
    /// Makes a new file, with the options' defaults. A file that exists is never replaced: `Exists`. The file counts as
    /// not closed until [`Writer::finish`].
    pub fn create(path: impl AsRef<Path>) -> Result<Writer> {
        Writer::options().create(path)
    }

    /// Opens an existing file to append to it. Another writer has it: `Locked`. The file is damaged: the error says
    /// where. Nothing is written before the first records are.
    pub fn resume(path: impl AsRef<Path>) -> Result<Writer> {
        Writer::options().resume(path)
    }

    /// Settings for a writer.
    pub fn options() -> WriterOptions {
        WriterOptions::default()
    }

    /// Without a path, which only errors show.
    fn new(log: Log, options: &WriterOptions) -> Writer {
        Writer {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            path: PathBuf::new(),
            durability: options.durability,
            log,
            tables: Tables::new(options.block_bytes),
            metadata: None,
            auto: options.auto,
        }
    }

    fn at(self, path: &Path) -> Writer {
        Writer { path: path.to_path_buf(), ..self }
    }

    /// From now on, a commit looks whether the path still names the file.
    fn watching(mut self, path: &Path) -> Result<Writer> {
        self.log.watch(path)?;
        Ok(self.at(path))
    }

    /// The path under which the file was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The table of records of type `T`, which is made if the file has none. Its name is the type's, in canonical
    /// spelling. The type may be newer than those of the table's records, which it must be able to read; or older, if the newest
    /// of them can read it.
    ///
    /// # Errors
    /// `TypeMismatch`, with every path that cannot be read, or because this writer has a table of that name for another type of the
    /// program: [`table_named`](Writer::table_named) is for those.
    pub fn table<T: Hydra>(&mut self) -> Result<TableId<T>> {
        let schema = Schema::try_from_descriptor(T::TYPE)?;
        let program = (TypeId::of::<T>(), type_name::<T>());
        let found = self.tables.plain(&mut self.log, &schema, Some(program));
        self.id_of(found)
    }

    /// The table with this name, of records of type `T`: a file may have several tables of one type, and two types of one name.
    /// With the same name, it is the same table, to which two generations of a type may be appended. A name has 1 to 255 bytes and
    /// no control characters.
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

    /// The table of records of a type that exists only as a schema: see [`Writer::append_value`]. Its name is the type's.
    pub fn dynamic_table(&mut self, schema: &Schema) -> Result<TableId<Dynamic>> {
        let found = self.tables.plain(&mut self.log, schema, None);
        self.id_of(found)
    }

    /// The table with this name, of records of a type that exists only as a schema: see [`Writer::table_named`].
    pub fn dynamic_table_named(&mut self, name: &str, schema: &Schema) -> Result<TableId<Dynamic>> {
        let found = self.tables.find_or_add(&mut self.log, name, schema);
        self.id_of(found)
    }

    /// The table that was found at a position.
    fn id_of<T>(&mut self, found: Result<usize>) -> Result<TableId<T>> {
        let index = self.settle(found)?;
        Ok(TableId { writer: self.id, index, of: PhantomData })
    }

    /// Takes over a schema as it is, under the next id: blocks of a table may have several. Before records of another schema of a
    /// table, its block is to be sealed.
    pub(crate) fn adopt(&mut self, name: &str, schema: Arc<Schema>) -> Result<TableId<Dynamic>> {
        let (number, schema_id) = self.log.add_schema(name, schema.clone())?;
        let table = OpenTable::new(number, schema_id, schema, self.tables.block_bytes, None);
        let index = self.tables.open.len();
        self.tables.open.push(OpenTable { copies: true, ..table });
        self.id_of(Ok(index))
    }

    /// Has the blocks that grow together in an adopted table stay small enough to be read as the newest type of its table.
    pub(crate) fn limit_blocks(&mut self, table: TableId<Dynamic>) -> Result<()> {
        let OpenTable { number, ref schema, .. } = *self.open(table)?;
        let schema = schema.clone();
        let newest = Newest::of(&self.log.catalog, number, &schema);
        let block_bytes = self.tables.block_bytes;
        self.open(table)?.read_as(newest, block_bytes);
        Ok(())
    }

    /// Appends a block of rows that were verified, after what was appended to its table before.
    pub(crate) fn append_block(&mut self, table: TableId<Dynamic>, rows: StagedRows) -> Result<()> {
        self.seal_table(table)?;
        let OpenTable { number, schema_id, .. } = *self.open(table)?;
        let sealed = layout::WRITTEN.seal(rows);
        let outcome = sealed.and_then(|sealed| self.log.add_data(sealed, number, schema_id));
        self.settle(outcome)
    }

    /// Ends the block to which records are appended.
    pub(crate) fn seal_table(&mut self, table: TableId<Dynamic>) -> Result<()> {
        self.open(table)?;
        self.seal(table.index)
    }

    /// Appends a record. On an error it is not appended.
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

    /// After so many more bytes of records: commits if enough waits, or has waited long enough.
    #[inline(never)]
    fn commit_if_due(&mut self, bytes: u64) -> Result<()> {
        let Some(auto) = &mut self.auto else { return Ok(()) };
        auto.waiting = auto.waiting.saturating_add(bytes);
        let waited = |time| auto.since.get_or_insert_with(Instant::now).elapsed() >= time;
        let due = auto.after.is_some_and(waited);
        let bytes = auto.waiting.saturating_add(self.log.uncommitted_bytes());
        if due || auto.every_bytes.is_some_and(|most| bytes >= most) { self.commit() } else { Ok(()) }
    }

    /// Appends records: one copy for types whose bytes in memory are those in the file. On an error, those before the
    /// one that failed are appended.
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

    /// Appends a record from a live or stored value, or from data. It is stored as the table's type, which must have the same
    /// shape: the same kinds and forms, fields and variants by name.
    pub fn append_value<T>(&mut self, table: TableId<T>, value: Value<'_>) -> Result<()> {
        let schema = self.open(table)?.schema.clone();
        let reshaped = reshape(value, &schema)?;
        self.append_measured(table, &reshaped.as_ref().map_or(value, Dynamic::value))
    }

    /// Appends a record from data, which is brought into the form that the table's type has, as [`Dynamic::new`] does.
    /// It stays the caller's, so that its memory can serve for the next record.
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

    /// The open table, if it is one of this writer's.
    #[inline]
    fn open<T>(&mut self, table: TableId<T>) -> Result<&mut OpenTable> {
        self.log.check().map_err(|error| error.in_file(&self.path))?;
        let open = self.tables.get_mut(table.index).filter(|_| table.writer == self.id);
        open.ok_or_else(|| Error::new(ErrorKind::Usage).what("the table belongs to another writer"))
    }

    /// Appends a record of exactly the table's type, in two passes; seals the block before it where it is full. By itself,
    /// so that [`Writer::append`] of a plain record stays small.
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
        // What was looked at is what is stored, even if the value changes meanwhile.
        let value = Value::stored(record.at(), schema.root(), Some(&schema));
        self.push(table, &value)
    }

    /// Adds a record to the open block, or to the next where that is full.
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
        // Only a record alone in its block can be so large.
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

    /// The error of a record that the newest type of its table could not read.
    #[cold]
    fn refused<T>(&self, table: TableId<T>, error: Error) -> Error {
        let name = self.tables.open.get(table.index).map(|open| self.log.catalog.table_name(open.number));
        error.in_file(&self.path).place(format!("table {}", name.unwrap_or("?")))
    }

    /// Hands the open block of a table to the log.
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

    /// Passes on an outcome with the file's name. After a failure of the log, no record takes the fast path.
    fn settle<R>(&mut self, outcome: Result<R>) -> Result<R> {
        if self.log.is_stopped() {
            self.tables.open.iter_mut().for_each(|open| open.stage.stop());
        }
        outcome.map_err(|error| error.in_file(&self.path))
    }

    /// Sets a pair of the file's metadata; it becomes visible with the next commit.
    ///
    /// # Errors
    /// `TooLarge` if all pairs together would not fit a block of 256 MiB; they stay as they were.
    pub fn set_metadata(&mut self, key: &str, value: impl AsRef<[u8]>) -> Result<()> {
        let outcome = self.metadata()?.set(key, value.as_ref());
        outcome.map_err(|error| error.in_file(&self.path))
    }

    /// Removes a pair of the file's metadata, which is visible with the next commit: false if there is none with this key.
    pub fn remove_metadata(&mut self, key: &str) -> Result<bool> {
        Ok(self.metadata()?.remove(key))
    }

    /// The pairs, read at the first use.
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

    /// Makes everything that was appended visible to readers that open the file from now on, and safe at the writer's
    /// [`Durability`].
    pub fn commit(&mut self) -> Result<()> {
        if let Some(auto) = &mut self.auto {
            auto.since = None;
        }
        let outcome = self.flush().and_then(|()| self.log.commit(self.durability));
        self.settle(outcome)
    }

    /// Commits, and closes the file cleanly: it will open fast, and say that nothing is missing. What an interrupted writer left
    /// behind the last commit is cut off, if that can be done. A file that was resumed, and
    /// to which nothing was appended, stays as it was byte for byte, closed or not.
    pub fn finish(mut self) -> Result<()> {
        let outcome = self.flush().and_then(|()| self.log.close());
        self.settle(outcome)
    }

    /// Hands everything to the log.
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
