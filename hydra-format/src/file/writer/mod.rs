//! Writing files: records go into the open block of their table, blocks into the log, and commits make them
//! visible. It never changes a committed byte.
#![forbid(unsafe_code)]

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "values measured before")]
mod builder;
mod editor;
#[cfg(test)]
mod editor_tests;
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "offsets below 2^63, checked")]
mod log;
mod options;
#[cfg(test)]
mod tests;

pub use editor::Editor;
pub use options::{Level, WriterOptions};

use super::layout::MAX_NAME;
use super::meta::{self, Metadata};
use crate::codec::{Measure, Sink};
use crate::evolve::{Evolution, is_older, version};
use crate::raw;
use crate::reflect::Data;
use crate::reflect::dynamic::{self, Place};
use crate::reflect::encode::{encode_data, encode_value, measure_data, measure_value, own_data};
use crate::reflect::types::Type;
use crate::{Dynamic, Error, ErrorKind, Hydra, Result, Schema, Value};
use builder::{Builder, Pushed};
use log::Log;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

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

/// A table that is being appended to.
struct OpenTable {
    /// Its number in the file.
    number: usize,
    schema_id: u32,
    schema: Arc<Schema>,
    builder: Builder,
    /// Records of another schema are appended to the same table.
    shared: bool,
}

/// Appends records to a file. Nothing is visible to readers before [`Writer::commit`] or [`Writer::finish`].
///
/// Dropping a writer without `finish` leaves the file with its last commit, marked as not closed; records that
/// were appended after it are lost. After a failed write or sync a writer does nothing more
/// ([`ErrorKind::Poisoned`]): open the file again.
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
    level: Level,
    block_bytes: usize,
    log: Log,
    tables: Vec<OpenTable>,
    metadata: Option<Metadata>,
    metadata_changed: bool,
    auto: Option<Auto>,
}

/// When commits come by themselves.
#[derive(Clone, Copy)]
struct Auto {
    every_bytes: u64,
    after: Option<Duration>,
    /// When the oldest record that waits was appended.
    since: Option<Instant>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Writer({})", self.path.display())
    }
}

/// True if a table may take on another type: a newer one reads all its records; an older one is read by its newest type.
fn grow<'a>(schema: &Schema, newest: &Schema, mut known: impl Iterator<Item = &'a Schema>) -> Result<()> {
    if is_older(schema, newest) {
        return Evolution::between(schema, newest).map(drop).map_err(older);
    }
    known.try_for_each(|known| Evolution::between(known, schema).map(drop))?;
    let removes = Evolution::between(newest, schema)?.loses();
    match removes && version(schema) == version(newest) {
        true => Evolution::between(schema, newest).map(drop).map_err(older),
        false => Ok(()),
    }
}

/// The error of an older type.
#[cold]
fn older(error: Error) -> Error {
    error.what(
        "records of this type could not be read as the newest type of the table; if this one is newer, give it a higher \
         #[hydra(version = ..)]",
    )
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
            level: options.level,
            block_bytes: options.block_bytes,
            log,
            tables: Vec::new(),
            metadata: None,
            metadata_changed: false,
            auto: (options.every_bytes.is_some() || options.after.is_some()).then(|| Auto {
                every_bytes: options.every_bytes.unwrap_or(u64::MAX),
                after: options.after,
                since: None,
            }),
        }
    }

    fn at(self, path: &Path) -> Writer {
        Writer { path: path.to_path_buf(), ..self }
    }

    /// The path under which the file was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The table of records of type `T`, which is made if the file has none. Its name is the type's, in canonical
    /// spelling. The type may be newer than those of the table's records, which it must be able to read; or older, if the newest
    /// of them can read it. Otherwise: `TypeMismatch`, with every path.
    pub fn table<T: Hydra>(&mut self) -> Result<TableId<T>> {
        let schema = Schema::try_from_descriptor(T::TYPE)?;
        self.open_table(&schema)
    }

    /// The table of records of a type that exists only as a schema: see [`Writer::append_value`].
    pub fn dynamic_table(&mut self, schema: &Schema) -> Result<TableId<Dynamic>> {
        self.open_table(schema)
    }

    fn open_table<T>(&mut self, schema: &Schema) -> Result<TableId<T>> {
        let outcome = self.find_or_add(schema);
        let index = self.settle(outcome)?;
        Ok(TableId { writer: self.id, index, of: PhantomData })
    }

    /// The position of the open table with this schema.
    fn find_or_add(&mut self, schema: &Schema) -> Result<usize> {
        self.log.check()?;
        if let Some(open) = self.tables.iter().position(|open| open.schema.is_identical(schema)) {
            return Ok(open);
        }
        let name = schema.name();
        if name.len() > MAX_NAME {
            return Err(Error::new(ErrorKind::TooLarge)
                .what("the name of the type is too long for a table")
                .expected(format!("at most {MAX_NAME} bytes"))
                .found(format!("{} bytes: {name}", name.len()))
                .help("wrap it in a struct with a shorter name"));
        }
        let catalog = &self.log.catalog;
        let known =
            catalog.table_number(&name).and_then(|number| Some((number, catalog.tables.get(number)?)));
        let (number, schema_id, schema) = match known {
            None => {
                let schema = Arc::new(schema.clone());
                let (number, id) = self.log.add_schema(&name, schema.clone())?;
                (number, id, schema)
            }
            Some((number, table)) => {
                let known =
                    table.schemas.iter().filter_map(|id| Some((*id, &catalog.schemas.get(id)?.schema)));
                let newest = catalog.newest_schema(number).and_then(|id| catalog.schemas.get(&id));
                let newest = &newest.ok_or_else(|| Error::new(ErrorKind::BadSchema))?.schema;
                match known.clone().find(|(_, stored)| stored.is_identical(schema)) {
                    Some((id, stored)) => {
                        Evolution::between(stored, newest).map_err(older)?;
                        (number, id, stored.clone())
                    }
                    None => {
                        grow(schema, newest, known.map(|(_, stored)| &**stored))?;
                        let schema = Arc::new(schema.clone());
                        let (number, id) = self.log.add_schema(&name, schema.clone())?;
                        (number, id, schema)
                    }
                }
            }
        };
        let mut builder = Builder::new(schema.root().size(), self.block_bytes);
        let shared = self.tables.iter().any(|open| open.number == number);
        if shared {
            // Records of all types of a table keep the order in which they are appended.
            builder.stop();
            let others = self.tables.iter_mut().filter(|open| open.number == number);
            others.for_each(|open| {
                open.shared = true;
                open.builder.stop();
            });
        }
        let index = self.tables.len();
        self.tables.push(OpenTable { number, schema_id, schema, builder, shared });
        Ok(index)
    }

    /// Takes over a schema as it is, under the next id: blocks of a table may have several. Before records of another schema of a
    /// table, its block is to be sealed.
    pub(crate) fn adopt(&mut self, name: &str, schema: Arc<Schema>) -> Result<TableId<Dynamic>> {
        let (number, schema_id) = self.log.add_schema(name, schema.clone())?;
        let builder = Builder::new(schema.root().size(), self.block_bytes);
        let index = self.tables.len();
        self.tables.push(OpenTable { number, schema_id, schema, builder, shared: false });
        Ok(TableId { writer: self.id, index, of: PhantomData })
    }

    /// Appends a block whose regions were verified, after what was appended to its table before.
    pub(crate) fn append_block(
        &mut self,
        table: TableId<Dynamic>,
        regions: [Vec<u8>; 3],
        count: usize,
    ) -> Result<()> {
        self.seal_table(table)?;
        let open = self.open(table)?;
        let sealed = builder::seal_data(regions, count, open.schema.root().size());
        let (number, schema_id) = (open.number, open.schema_id);
        self.log.add_data(sealed, number, schema_id)
    }

    /// Ends the block to which records are appended.
    pub(crate) fn seal_table(&mut self, table: TableId<Dynamic>) -> Result<()> {
        self.open(table)?;
        self.seal(table.index)
    }

    /// Appends a record. On an error it is not appended.
    #[inline]
    pub fn append<T: Hydra>(&mut self, table: TableId<T>, value: &T) -> Result<()> {
        if let Some(bytes) = raw::bytes_of(std::slice::from_ref(value))
            && table.writer == self.id
            && let Some(open) = self.tables.get_mut(table.index)
            && open.builder.push_flat(bytes)
        {
            return if self.auto.is_none() { Ok(()) } else { self.commit_if_due() };
        }
        self.append_measured(table, |measure| value.measure(measure), |slot, sink| value.encode(slot, sink))
    }

    /// Commits if enough waits, or has waited long enough.
    fn commit_if_due(&mut self) -> Result<()> {
        let Some(auto) = &mut self.auto else { return Ok(()) };
        let waited = |time| auto.since.get_or_insert_with(Instant::now).elapsed() >= time;
        let due = auto.after.is_some_and(waited);
        let open: u64 = self.tables.iter().map(|open| open.builder.bytes()).sum();
        if due || open.saturating_add(self.log.uncommitted_bytes()) >= auto.every_bytes {
            self.commit()
        } else {
            Ok(())
        }
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
            let (now, later) = rest.split_at(open.builder.flat_room().min(rest.len()));
            if raw::bytes_of(now).is_some_and(|bytes| !now.is_empty() && open.builder.push_flat(bytes)) {
                rest = later;
                self.commit_if_due()?;
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
        let root = schema.root();
        if let Some(data) = own_data(value, &schema) {
            return self.append_checked(table, data, Type::new(root, Some(&schema)));
        }
        self.append_measured(
            table,
            |measure| measure_value(value, root, &schema, measure),
            |slot, sink| encode_value(value, root, &schema, slot, sink),
        )
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
        let ty = Type::new(schema.root(), Some(&schema));
        dynamic::check(data, ty, Place::default())?;
        self.append_checked(table, data, ty)
    }

    fn append_checked<T>(&mut self, table: TableId<T>, data: &Data, ty: Type<'_>) -> Result<()> {
        self.append_measured(
            table,
            |measure| measure_data(data, ty, measure),
            |slot, sink| encode_data(data, ty, slot, sink),
        )
    }

    /// The open table, if it is one of this writer's.
    fn open<T>(&mut self, table: TableId<T>) -> Result<&mut OpenTable> {
        self.log.check().map_err(|error| error.in_file(&self.path))?;
        let open = self.tables.get_mut(table.index).filter(|_| table.writer == self.id);
        open.ok_or_else(|| Error::new(ErrorKind::Usage).what("the table belongs to another writer"))
    }

    /// Appends a record in two passes; seals the block before it where it is full.
    fn append_measured<T>(
        &mut self,
        table: TableId<T>,
        measure: impl Fn(&mut Measure),
        encode: impl Fn(&mut [u8], &mut Sink<'_>),
    ) -> Result<()> {
        let open = self.open(table)?;
        if open.shared {
            let number = open.number;
            for other in (0..self.tables.len()).filter(|other| *other != table.index) {
                if self.tables.get(other).is_some_and(|open| open.number == number) {
                    let outcome = self.seal(other);
                    self.settle(outcome)?;
                }
            }
        }
        if self.open(table)?.builder.push(&measure, &encode)? == Pushed::Full {
            let outcome = self.seal(table.index);
            self.settle(outcome)?;
            self.open(table)?.builder.push(&measure, &encode)?;
        }
        self.commit_if_due()
    }

    /// Hands the open block of a table to the log.
    fn seal(&mut self, index: usize) -> Result<()> {
        let Some(open) = self.tables.get_mut(index).filter(|open| !open.builder.is_empty()) else {
            return Ok(());
        };
        match open.builder.seal(self.log.spare()) {
            Some(sealed) => self.log.add_data(sealed, open.number, open.schema_id),
            None => Ok(()),
        }
    }

    /// Passes on an outcome with the file's name. After a failure of the log, no record takes the fast path.
    fn settle<R>(&mut self, outcome: Result<R>) -> Result<R> {
        if self.log.is_stopped() {
            self.tables.iter_mut().for_each(|open| open.builder.stop());
        }
        outcome.map_err(|error| error.in_file(&self.path))
    }

    /// Sets a pair of the file's metadata; it becomes visible with the next commit.
    pub fn set_metadata(&mut self, key: &str, value: impl AsRef<[u8]>) -> Result<()> {
        let outcome = self.log.check().and_then(|()| match self.metadata.take() {
            Some(pairs) => Ok(pairs),
            None => {
                meta::read_at(self.log.source(), self.log.key(), self.log.meta(), self.log.catalog.limit())
            }
        });
        let mut pairs = self.settle(outcome)?;
        let before = pairs.insert(key.to_string(), value.as_ref().to_vec());
        self.metadata_changed |= before.as_deref() != Some(value.as_ref());
        self.metadata = Some(pairs);
        Ok(())
    }

    /// Makes everything that was appended visible to readers that open the file from now on, and safe at the writer's
    /// [`Level`].
    pub fn commit(&mut self) -> Result<()> {
        if let Some(auto) = &mut self.auto {
            auto.since = None;
        }
        let outcome = self.flush().and_then(|()| self.log.commit(self.level));
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
        for index in 0..self.tables.len() {
            self.seal(index)?;
        }
        if let Some(pairs) = self.metadata.as_ref().filter(|_| self.metadata_changed) {
            self.log.add_meta(meta::encode(pairs)?)?;
            self.metadata_changed = false;
        }
        Ok(())
    }
}
