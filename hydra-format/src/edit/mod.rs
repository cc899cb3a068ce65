//! Changing records: turns records that were read and changed as data into replacements of the blocks that
//! hold them, which a commit appends (FORMAT.md, section 4.1).
//!
//! Values are changed by `reflect`; blocks are placed and committed by `store`. Start reading at [`Editor`].

#[cfg(test)]
mod tests;

use crate::layout::rows::{Measure, StagedRows, TwoPasses, block_bytes};
use crate::reflect::encode::image;
use crate::store::block::check_size;
use crate::store::index::Entry;
use crate::store::log::{Durability, Log};
use crate::store::storage::{Disk, FileDisk, Storage};
use crate::table::block::Block;
use crate::table::reader::Reader;
use crate::table::writer::WriterOptions;
use crate::table::writer::newest::Newest;
use crate::{Dynamic, Error, Result, Value, ValueMut};
use std::collections::{BTreeMap, HashMap, btree_map};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// The table number and the index of a record.
type RecordKey = (usize, u64);

/// Changes records of a file, all together or not at all. Nothing in the file changes before
/// [`Editor::commit`] or [`Editor::finish`]; dropping an editor leaves the file unchanged.
///
/// A record keeps its index, table and schema; its strings and lists may get any length. Open readers keep
/// their snapshot. Records in a damaged block cannot be changed. After a failed write or sync every call
/// fails with [`ErrorKind::Poisoned`](crate::ErrorKind::Poisoned): open the file again.
///
/// An editor holds the lock of the file's only writer (see [`Writer`](crate::Writer)), and needs memory for
/// the staged records and a few blocks.
///
/// ```
/// use hydra::{Editor, Hydra, Reader, Writer};
///
/// #[derive(Hydra)]
/// pub struct Log {
///     pub len: u32,
///     pub text: String,
/// }
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("primes.hydra");
/// # let mut file = Writer::create(&path)?;
/// # let logs = file.table::<Log>()?;
/// # (0..9).try_for_each(|len| file.append(logs, &Log { len, text: "short".into() }))?;
/// # file.finish()?;
///
/// let mut editor = Editor::open(&path)?;
/// editor.record("Log", 7)?.path("len")?.set_str("9")?;
/// editor.record("Log", -1)?.path("text")?.set("as long as you like".to_string())?;
/// editor.finish()?;
///
/// let logs = Reader::open(&path)?.table::<Log>()?;
/// assert_eq!((logs.get(7)?.view().len(), logs.get(8)?.view().text()), (9, "as long as you like"));
/// # Ok::<(), hydra::Error>(())
/// ```
pub struct Editor {
    durability: Durability,
    pub(super) log: Log,
    /// The committed state.
    reader: Reader,
    staged: BTreeMap<RecordKey, Dynamic>,
    /// For each schema, by its id, how the newest type of its table reads its records.
    newest: HashMap<u32, Option<Arc<Newest>>>,
}

impl std::fmt::Debug for Editor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Editor({}, {} records staged)", self.path().display(), self.staged.len())
    }
}

impl Editor {
    /// Opens an existing file to change its records, with [`Durability::Durable`]. For another durability use
    /// `Writer::options().durability(durability).edit(path)`.
    ///
    /// # Errors
    /// `Locked` if another writer has the file open, and an error with the place if the file is damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Editor> {
        WriterOptions::default().edit(path)
    }

    /// Returns the path under which the file was opened.
    pub fn path(&self) -> &Path {
        self.reader.path()
    }

    /// Returns a reader of the committed state, without staged changes. A clone keeps showing this state
    /// after a commit.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Iterates over the touched records with table name and index, in the order of the tables.
    pub fn staged(&self) -> impl Iterator<Item = (&str, u64, &Dynamic)> {
        let catalog = &self.reader.snapshot.opened.catalog;
        self.staged.iter().map(|(&(table, index), record)| (catalog.table_name(table), index, record))
    }

    /// Discards all staged changes.
    pub fn discard(&mut self) {
        self.staged.clear();
    }

    /// Returns the record at `index`, counted from the end if negative, for changing it. The first access
    /// copies it from the file. A record that does not differ from the file at the commit is not written.
    pub fn record(&mut self, table: &str, index: i64) -> Result<ValueMut<'_>> {
        let key = self.locate(table, index)?;
        let Editor { reader, staged, .. } = self;
        let record = match staged.entry(key) {
            btree_map::Entry::Occupied(staged) => staged.into_mut(),
            btree_map::Entry::Vacant(place) => place.insert(copy(reader, key)?),
        };
        Ok(record.value_mut())
    }

    /// Returns the key of an existing record.
    fn locate(&self, table: &str, index: i64) -> Result<RecordKey> {
        self.log.check().map_err(|error| error.in_file(self.path()))?;
        let number = self.reader.table_number(table)?;
        let count = self.reader.tables().get(number).map_or(0, |table| table.record_count());
        let from_end = count.checked_sub(index.unsigned_abs());
        let position = if index < 0 { from_end } else { Some(index.unsigned_abs()) };
        let position = position.filter(|position| *position < count);
        let missing = || self.reader.snapshot.no_record(number, &index.to_string());
        position.map(|position| (number, position)).ok_or_else(missing)
    }

    /// Makes all staged records visible in one step, to readers that open the file from now on, and safe at
    /// the editor's [`Durability`]. If an error occurs before the first write (a block would be too large or
    /// is damaged), the records stay staged.
    pub fn commit(&mut self) -> Result<()> {
        let edits = self.plan()?;
        if edits.is_empty() {
            return Ok(());
        }
        let outcome = self.write(edits).and_then(|()| self.log.commit(self.durability));
        self.settle(outcome)?;
        let source = self.log.another_source().map_err(Error::io);
        let reader = source.and_then(|source| Reader::over(source, self.path()));
        self.reader = self.settle(reader)?;
        Ok(())
    }

    /// Commits and closes the file cleanly. If nothing was ever changed, the file is left as it is.
    pub fn finish(mut self) -> Result<()> {
        let edits = self.plan()?;
        let outcome = self.write(edits).and_then(|()| self.log.close());
        self.settle(outcome)
    }

    /// Returns the blocks to replace, after checking that each replacement can be written. Nothing is written
    /// yet. Staged records without a change are dropped.
    fn plan(&mut self) -> Result<Vec<(usize, Entry)>> {
        let whole = if self.staged.is_empty() { self.log.check() } else { self.log.verify() };
        whole.map_err(|error| error.in_file(self.path()))?;
        let snapshot = self.reader.snapshot.clone();
        let mut edits = Vec::new();
        let mut next = (0, 0);
        while let Some((&key, _)) = self.staged.range(next..).next() {
            let table = key.0;
            let entry = snapshot.find(table, key.1)?;
            let block = self.load(table, &entry)?;
            next = (table, entry.end());
            let same = |key: &RecordKey, record: &Dynamic| {
                let stored = block.value(key.1.saturating_sub(entry.first) as usize);
                stored.is_some_and(|stored| stored == record.value())
            };
            self.staged.extract_if(key..next, |key, record| same(key, record)).for_each(drop);
            if self.staged.range(key..next).next().is_some() {
                let in_block = |error| snapshot.in_block(error, table, &entry);
                self.measure(table, &block).map_err(in_block)?;
                if let Some(newest) = self.newest(table, entry.schema) {
                    self.check(&newest, key..next)?;
                    let rows = self.stage(table, &block);
                    let fits = rows.and_then(|rows| newest.check_size(rows.at()?, rows.count));
                    fits.map_err(in_block)?;
                }
                edits.push((table, entry));
            }
        }
        Ok(edits)
    }

    fn newest(&mut self, table: usize, schema: u32) -> Option<Arc<Newest>> {
        let catalog = &self.log.catalog;
        let find = || Newest::of(catalog, table, &catalog.schemas.get(&schema)?.schema);
        self.newest.entry(schema).or_insert_with(find).clone()
    }

    /// Returns an error if the newest type could not read a staged record. Records that it could not read
    /// before are exempt.
    fn check(&self, newest: &Newest, keys: Range<RecordKey>) -> Result<()> {
        for (key, record) in self.staged.range(keys).filter(|_| newest.may_refuse) {
            let readable = image(record.value()).and_then(|encoded| newest.check(encoded.at(), 1));
            readable.map_err(|error| in_record(&self.reader, error, *key))?;
        }
        Ok(())
    }

    /// Passes the replacements to the log.
    fn write(&mut self, edits: Vec<(usize, Entry)>) -> Result<()> {
        for (table, entry) in edits {
            let block = self.load(table, &entry)?;
            let sealed = self.stage(table, &block);
            let sealed = sealed.and_then(|rows| self.reader.snapshot.seal(entry.schema, &block, rows));
            let sealed = sealed.map_err(|error| self.reader.snapshot.in_block(error, table, &entry))?;
            self.log.add_replacement(sealed, table, &entry)?;
        }
        self.staged.clear();
        Ok(())
    }

    /// Loads the verified block of an entry; only one is held at a time.
    fn load(&self, table: usize, entry: &Entry) -> Result<Block<Dynamic>> {
        self.reader.snapshot.load_once(table, entry).map(Block::whole)
    }

    /// Returns the values of a block, with staged ones in place of those in the file.
    fn values<'a>(&'a self, table: usize, block: &'a Block<Dynamic>) -> impl Iterator<Item = Value<'a>> {
        // A range that comes first is asked for one number more than there are values, which may not exist.
        let stored = block.values().zip(block.first()..);
        stored.map(move |(stored, index)| self.staged.get(&(table, index)).map_or(stored, Dynamic::value))
    }

    /// Measures the heap and text of a block's values.
    fn measure(&self, table: usize, block: &Block<Dynamic>) -> Result<[usize; 2]> {
        let mut measure = Measure::default();
        self.values(table, block).for_each(|value| value.first_pass(&mut measure));
        let (heap, text) = measure.finish()?;
        let records = block.len().saturating_mul(block.schema().root().size());
        check_size(block_bytes([records, heap, text]))?;
        Ok([heap, text])
    }

    /// Encodes the values of a block as one block.
    fn stage(&self, table: usize, block: &Block<Dynamic>) -> Result<StagedRows> {
        let room = self.measure(table, block)?;
        let mut values = self.values(table, block);
        StagedRows::encode(block.len(), block.schema().root().size(), room, |slot, sink| {
            if let Some(value) = values.next() {
                value.second_pass(slot, sink);
            }
        })
    }

    /// Adds the file's name to an error. After blocks were passed to the log, an error is final: part of an
    /// edit must not become visible with the next commit.
    fn settle<R>(&mut self, outcome: Result<R>) -> Result<R> {
        outcome.map_err(|error| {
            self.log.stop(error.message());
            error.in_file(self.path())
        })
    }
}

impl WriterOptions {
    /// Opens an existing file to change its records: see [`Editor::open`].
    pub fn edit(self, path: impl AsRef<Path>) -> Result<Editor> {
        self.edit_on(&FileDisk, path.as_ref())
    }

    pub(crate) fn edit_on(self, disk: &dyn Disk, path: &Path) -> Result<Editor> {
        self.check()?;
        let storage = disk.open_locked(path, self.lock)?;
        let mut editor = self.edit_in(storage, path).map_err(|error| error.in_file(path))?;
        editor.log.ensure_named(disk, path)?;
        editor.log.watch(path)?;
        Ok(editor)
    }

    /// Opens this locked storage to change its records; the path is for errors.
    pub(crate) fn edit_in(self, storage: Box<dyn Storage>, path: &Path) -> Result<Editor> {
        let log = WriterOptions::go_on(storage)?;
        let reader = Reader::over(log.another_source()?, path)?;
        let durability = self.durability;
        Ok(Editor { durability, log, reader, staged: BTreeMap::new(), newest: HashMap::new() })
    }
}

/// Copies a record as data.
fn copy(reader: &Reader, key: RecordKey) -> Result<Dynamic> {
    let (table, index) = key;
    let snapshot = &reader.snapshot;
    let loaded = snapshot.load(table, &snapshot.find(table, index)?)?;
    let schema = loaded.schema.clone();
    let position = loaded.position(index);
    let block = Block::<Dynamic>::whole(loaded);
    let value = block.value(position);
    let value = value.ok_or_else(|| snapshot.missing(table, index..index.saturating_add(1)))?;
    Dynamic::of_record(value, schema).map_err(|error| in_record(reader, error, key))
}

#[cold]
fn in_record(reader: &Reader, error: Error, (table, index): RecordKey) -> Error {
    let name = reader.snapshot.opened.catalog.table_name(table);
    error.in_file(reader.path()).place(format!("table {name}, record {index}"))
}
