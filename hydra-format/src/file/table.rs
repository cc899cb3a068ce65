//! Reading records: tables, blocks and records as views, values and owned values. It does not know how
//! blocks are found or verified; [`Reader`](super::Reader) does.
#![forbid(unsafe_code)]

use super::catalog::{Cursor, TableInfo};
use super::follow::Follow;
use super::index::Entry;
use super::reader::Shared;
use crate::codec::At;
use crate::describe::Schema;
use crate::raw::{self, Payload};
use crate::{Dynamic, Hydra, Plain, Result, Value};
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// What records are read as: a type of the program gives its views, [`Dynamic`] gives [`Value`]s.
pub trait Row: 'static {
    /// A record read in place.
    type Read<'a>;

    /// Stored size in bytes where the type decides it; 0 where the file does.
    #[doc(hidden)]
    const STRIDE: usize;

    /// Reads the record at `at`.
    #[doc(hidden)]
    fn read<'a>(at: At<'a>, schema: &'a Schema) -> Self::Read<'a>;
}

impl<T: Hydra> Row for T {
    type Read<'a> = T::View<'a>;
    const STRIDE: usize = T::SIZE;

    #[inline]
    fn read<'a>(at: At<'a>, _: &'a Schema) -> T::View<'a> {
        T::view(at)
    }
}

impl Row for Dynamic {
    type Read<'a> = Value<'a>;
    const STRIDE: usize = 0;

    fn read<'a>(at: At<'a>, schema: &'a Schema) -> Value<'a> {
        Value::stored(at, schema.root(), Some(schema))
    }
}

/// The records of one type in a file. Cheap to clone, and to send to other threads.
///
/// It shows the state that the file had when it was opened.
pub struct Table<T = Dynamic> {
    shared: Arc<Shared>,
    number: usize,
    schema: Arc<Schema>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        let (shared, schema) = (self.shared.clone(), self.schema.clone());
        Table { shared, number: self.number, schema, of: PhantomData }
    }
}

impl<T: Row> Table<T> {
    pub(super) fn new(shared: Arc<Shared>, number: usize, schema: Arc<Schema>) -> Table<T> {
        Table { shared, number, schema, of: PhantomData }
    }

    /// Name: the type's, in canonical spelling.
    pub fn name(&self) -> &str {
        self.shared.table(self.number).map_or("", TableInfo::name)
    }

    /// The newest schema of its records.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Number of records.
    pub fn len(&self) -> u64 {
        self.shared.table(self.number).map_or(0, TableInfo::record_count)
    }

    /// True if there is no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every block, in the order of the records. Each is verified when it is first touched: an error
    /// stands for the records of one damaged block, and the iteration goes on after it.
    pub fn blocks(&self) -> Blocks<T> {
        self.range(0..self.len())
    }

    /// The blocks that hold these records, trimmed to them; what lies beyond the table is left out.
    pub fn range(&self, records: Range<u64>) -> Blocks<T> {
        let cursor = self.shared.cursor(self.number, records.start);
        let records = records.start..records.end.min(self.len());
        Blocks { table: self.clone(), cursor, held: None, records }
    }

    /// The blocks that hold the records from `first` on, and then those that are still to come: it looks for new commits
    /// `every` so often, and ends when it is stopped. Records of one commit come together, in one or more blocks;
    /// an edit of a record that was given is not given again.
    ///
    /// A block that is damaged is an error, and the iteration goes on after it. If the file was replaced or cannot be
    /// read, the error is the last that it gives.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("primes.hydra");
    /// # let mut writer = hydra::Writer::create(&path)?;
    /// # let primes = writer.table::<u64>()?;
    /// # writer.commit()?;
    /// let table = hydra::Reader::open(&path)?.table::<u64>()?;
    /// let mut follow = table.follow(table.len(), Duration::from_millis(20));
    /// let stop = follow.stopper();
    ///
    /// let writing = std::thread::spawn(move || {
    ///     writer.append_slice(primes, &[2, 3, 5])?;
    ///     writer.finish()?;
    ///     stop.stop();
    ///     hydra::Result::Ok(())
    /// });
    /// let count: usize = follow.try_fold(0, |count, block| hydra::Result::Ok(count + block?.len()))?;
    /// assert_eq!(count, 3);
    /// # writing.join().expect("a thread")?;
    /// # Ok::<(), hydra::Error>(())
    /// ```
    pub fn follow(&self, first: u64, every: Duration) -> Follow<T> {
        Follow::new(self, first, every)
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The same table in a later state of the file.
    pub(super) fn newer(&self, shared: Arc<Shared>) -> Table<T> {
        Table { shared, ..self.clone() }
    }

    /// Where its blocks are, in the order of the records, without reading them; an error stands for records whose place is
    /// not known.
    pub fn entries(&self) -> impl Iterator<Item = Result<Entry>> + use<T> {
        let (shared, mut cursor) = (self.shared.clone(), self.shared.cursor(self.number, 0));
        std::iter::from_fn(move || Some(shared.next(&mut cursor)?.map_err(|(error, _)| error)))
    }

    /// The record at `index`, with the block that holds it.
    pub fn get(&self, index: u64) -> Result<Record<T>> {
        if index >= self.len() {
            return Err(self.shared.no_record(self.number, &index.to_string()));
        }
        let block = Block::whole(self.shared.block_at(self.number, index)?);
        let position = index.saturating_sub(block.first()) as usize;
        Ok(Record { block, position })
    }
}

impl<T: Row> std::fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Table({}, {} records)", self.name(), self.len())
    }
}

/// The blocks of a table, or of a range of it, in order.
pub struct Blocks<T> {
    table: Table<T>,
    cursor: Cursor,
    /// Found behind missing records, which were reported first.
    held: Option<Entry>,
    /// What is still to come.
    records: Range<u64>,
}

impl<T: Row> Iterator for Blocks<T> {
    type Item = Result<Block<T>>;

    fn next(&mut self) -> Option<Result<Block<T>>> {
        let Range { start, end } = self.records;
        if start >= end {
            return None;
        }
        let (shared, number) = (&self.table.shared, self.table.number);
        let entry = match self.held.take().map(Ok).or_else(|| shared.next(&mut self.cursor)) {
            Some(Ok(entry)) => entry,
            Some(Err((error, behind))) => {
                self.records.start = behind;
                return Some(Err(error));
            }
            None => {
                self.records.start = end;
                return Some(Err(shared.missing(number, start..end)));
            }
        };
        if entry.first > start {
            self.held = Some(entry);
            self.records.start = entry.first.min(end);
            return Some(Err(shared.missing(number, start..self.records.start)));
        }
        self.records.start = entry.end();
        Some(shared.load(number, &entry).map(|loaded| {
            let from = start.saturating_sub(loaded.first) as usize;
            let until = end.saturating_sub(loaded.first).min(loaded.count as u64) as usize;
            Block { from, count: until.saturating_sub(from), loaded, of: PhantomData }
        }))
    }
}

impl<T> Blocks<T> {
    pub(super) fn table(&self) -> &Table<T> {
        &self.table
    }

    /// Index of the record that comes next.
    pub(super) fn next_record(&self) -> u64 {
        self.records.start
    }
}

/// A verified payload with what is needed to read it.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    pub(super) payload: Payload,
    pub(super) schema: Arc<Schema>,
    pub(super) first: u64,
    pub(super) count: usize,
    pub(super) stride: usize,
}

/// A verified block of records: the unit of verification, of lifetime and of errors. What is read from it
/// is infallible and borrows from it.
pub struct Block<T = Dynamic> {
    loaded: Loaded,
    /// The first record shown, counted from the block's own first.
    from: usize,
    count: usize,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Block<T> {
    fn clone(&self) -> Self {
        Block { loaded: self.loaded.clone(), from: self.from, count: self.count, of: PhantomData }
    }
}

impl<T: Row> Block<T> {
    pub(super) fn whole(loaded: Loaded) -> Block<T> {
        Block { from: 0, count: loaded.count, loaded, of: PhantomData }
    }

    /// Index of its first record in the table.
    pub fn first(&self) -> u64 {
        self.loaded.first.saturating_add(self.from as u64)
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.count
    }

    /// True if there is no record.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The schema of its records.
    pub fn schema(&self) -> &Schema {
        &self.loaded.schema
    }

    /// The stored bytes of its records.
    fn records(&self) -> &[u8] {
        let stride = self.loaded.stride;
        let bytes = self.from.checked_mul(stride).zip(self.count.checked_mul(stride));
        let records = self.loaded.payload.records();
        bytes.and_then(|(from, count)| records.get(from..)?.get(..count)).unwrap_or_default()
    }

    fn at<'a>(&'a self, bytes: &'a [u8]) -> At<'a> {
        At::new(bytes, self.loaded.payload.heap(), self.loaded.payload.text())
    }

    fn record(&self, index: usize) -> Option<At<'_>> {
        let stride = self.loaded.stride;
        let start = index.checked_mul(stride)?;
        Some(self.at(self.records().get(start..)?.get(..stride)?))
    }

    /// The record at `index`, counted from this block's first.
    #[inline]
    pub fn get(&self, index: usize) -> Option<T::Read<'_>> {
        self.record(index).map(|at| T::read(at, &self.loaded.schema))
    }

    /// The records in order.
    #[inline]
    pub fn iter(&self) -> Rows<'_, T> {
        let stride = if T::STRIDE > 0 { T::STRIDE } else { self.loaded.stride };
        Rows {
            records: self.records(),
            stride,
            at: self.at(&[]),
            schema: &self.loaded.schema,
            of: PhantomData,
        }
    }

    /// The record at `index`, counted from this block's first, as data.
    pub fn value(&self, index: usize) -> Option<Value<'_>> {
        self.record(index).map(|at| Dynamic::read(at, &self.loaded.schema))
    }

    /// The records in order, as data.
    pub fn values(&self) -> impl Iterator<Item = Value<'_>> {
        (0..self.count).filter_map(|index| self.value(index))
    }

    /// The records as a slice. Types with invalid bit patterns (bool, enums) are checked again.
    #[inline]
    pub fn as_slice(&self) -> &[T]
    where
        T: Plain,
    {
        raw::slice_of(self.records()).unwrap_or_default()
    }
}

impl<'a, T: Row> IntoIterator for &'a Block<T> {
    type Item = T::Read<'a>;
    type IntoIter = Rows<'a, T>;

    #[inline]
    fn into_iter(self) -> Rows<'a, T> {
        self.iter()
    }
}

impl<T: Row> std::fmt::Debug for Block<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block({} records from {})", self.count, self.first())
    }
}

/// The records of a block, in order.
pub struct Rows<'a, T> {
    records: &'a [u8],
    stride: usize,
    at: At<'a>,
    schema: &'a Schema,
    of: PhantomData<fn() -> T>,
}

impl<'a, T: Row> Iterator for Rows<'a, T> {
    type Item = T::Read<'a>;

    #[inline]
    fn next(&mut self) -> Option<T::Read<'a>> {
        let stride = if T::STRIDE > 0 { T::STRIDE } else { self.stride };
        let (record, rest) =
            self.records.split_at_checked(stride).filter(|(record, _)| !record.is_empty())?;
        self.records = rest;
        Some(T::read(self.at.with(record), self.schema))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.records.len().checked_div(self.stride).unwrap_or(0);
        (left, Some(left))
    }
}

impl<T: Row> ExactSizeIterator for Rows<'_, T> {}

/// A record with the block that keeps it alive.
pub struct Record<T = Dynamic> {
    block: Block<T>,
    position: usize,
}

impl<T: Row> Record<T> {
    /// Index in the table.
    pub fn index(&self) -> u64 {
        self.block.first().saturating_add(self.position as u64)
    }

    /// The stored bytes; empty only for a position outside of the block, which the table never makes.
    fn at(&self) -> At<'_> {
        self.block.record(self.position).unwrap_or_default()
    }

    /// The record read in place.
    #[inline]
    pub fn view(&self) -> T::Read<'_> {
        T::read(self.at(), &self.block.loaded.schema)
    }

    /// The record as data.
    pub fn value(&self) -> Value<'_> {
        Dynamic::read(self.at(), &self.block.loaded.schema)
    }

    /// The record as an owned value.
    pub fn decode(&self) -> Result<T>
    where
        T: Hydra,
    {
        T::decode(self.at())
    }
}

impl<T: Hydra> Block<T> {
    /// The records as owned values, in order.
    pub fn decode(&self) -> impl Iterator<Item = Result<T>> {
        let at = self.at(&[]);
        self.records().chunks_exact(T::SIZE).map(move |record| T::decode(at.with(record)))
    }
}
