//! Reading records: tables, blocks and records as views, values and owned values. It does not know how
//! blocks are found or verified; [`Reader`](super::Reader) does.
#![forbid(unsafe_code)]

use super::catalog::{Cursor, TableInfo};
use super::follow::Follow;
use super::index::Entry;
use super::layout::LINE;
use super::reader::{Shared, invalid};
use crate::codec::{self, At, Fault, Regions, Validator};
use crate::describe::Schema;
use crate::evolve::{Evolution, Plan, Resolution, Transcoded};
use crate::raw::{self, AlignedBuf, Backing, Payload};
use crate::{Dynamic, Error, ErrorKind, Hydra, Plain, Result, Value};
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
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

    /// The record at `at` as data: of the program's type, or of the file's.
    #[doc(hidden)]
    fn value<'a>(at: At<'a>, schema: &'a Schema) -> Value<'a>;
}

impl<T: Hydra> Row for T {
    type Read<'a> = T::View<'a>;
    const STRIDE: usize = T::SIZE;

    #[inline]
    fn read<'a>(at: At<'a>, _: &'a Schema) -> T::View<'a> {
        T::view(at)
    }

    #[inline]
    fn value<'a>(at: At<'a>, _: &'a Schema) -> Value<'a> {
        Value::stored(at, T::TYPE, None)
    }
}

impl Row for Dynamic {
    type Read<'a> = Value<'a>;
    const STRIDE: usize = 0;

    fn read<'a>(at: At<'a>, schema: &'a Schema) -> Value<'a> {
        <Self as Row>::value(at, schema)
    }

    fn value<'a>(at: At<'a>, schema: &'a Schema) -> Value<'a> {
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

    /// The schema that its records are read as: the program's, or the newest in the file.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// How its records are read, and what that costs: the costliest of [`Table::evolutions`].
    ///
    /// # Errors
    /// As [`Evolution::between`], for data; a table of a type of the program has no such schema.
    pub fn resolution(&self) -> Result<Resolution> {
        self.evolutions()
            .try_fold(Resolution::Identical, |worst, evolution| Ok(evolution?.1.resolution().max(worst)))
    }

    /// How the records of each of its schemas are read, by the id of the schema.
    pub fn evolutions(&self) -> impl Iterator<Item = Result<(u32, Evolution)>> {
        let ids = self.shared.table(self.number).map(TableInfo::schemas).unwrap_or_default();
        ids.iter().map(|id| Ok((*id, self.shared.way(*id, &self.schema)?.evolution.clone())))
    }

    /// Number of records.
    pub fn len(&self) -> u64 {
        self.shared.table(self.number).map_or(0, TableInfo::record_count)
    }

    /// True if there is no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every block, in the order of the records. Each is verified when it is first touched: an error stands for the records of
    /// one damaged block, or for one record that has no counterpart in this type (a variant that it lacks), and the iteration
    /// goes on after it.
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
    /// Records are read as the type of this table for as long as it is followed, also if newer types are appended.
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
    /// let follow = table.follow(table.len(), Duration::from_millis(20));
    /// let stop = follow.stopper();
    ///
    /// let writing = std::thread::spawn(move || {
    ///     writer.append_slice(primes, &[2, 3, 5])?;
    ///     writer.finish()?;
    ///     stop.stop();
    ///     Ok::<(), hydra::Error>(())
    /// });
    /// let mut count = 0;
    /// for block in follow {
    ///     count += block?.len();
    /// }
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
        let entry = self.shared.find(self.number, index)?;
        let loaded = self.shared.load_as(self.number, &entry, &self.schema)?;
        let position = index.saturating_sub(loaded.first) as usize;
        match loaded.bad_from(position) {
            Some(bad) if bad == position => {
                Err(self.shared.in_block(loaded.bad_value(bad, &entry), self.number, &entry))
            }
            _ => Ok(Record { block: Block::whole(loaded), position }),
        }
    }
}

impl Table<Dynamic> {
    /// The same records, read as another type that exists only as a schema: see [`evolve`](crate::evolve).
    ///
    /// # Errors
    /// `TypeMismatch` with every path of the table's types that cannot be read as this one.
    pub fn read_as(&self, schema: &Schema) -> Result<Table<Dynamic>> {
        let table = Table { schema: Arc::new(schema.clone()), ..self.clone() };
        table.resolution()?;
        Ok(table)
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
        let loaded = match shared.load_as(number, &entry, &self.table.schema) {
            Ok(loaded) => loaded,
            Err(error) => return Some(Err(error)),
        };
        let from = start.saturating_sub(loaded.first) as usize;
        let mut until = end.saturating_sub(loaded.first).min(loaded.count as u64) as usize;
        // A record that cannot be read as this type is an error of its own, between the others of its block.
        if let Some(bad) = loaded.bad_from(from).filter(|bad| *bad < until) {
            self.held = Some(entry);
            self.records.start = loaded.first.saturating_add(bad.max(from) as u64);
            if bad == from {
                self.records.start = self.records.start.saturating_add(1);
                self.held = self.held.filter(|entry| entry.end() > self.records.start);
                return Some(Err(shared.in_block(loaded.bad_value(bad, &entry), number, &entry)));
            }
            until = bad;
        }
        Some(Ok(Block { from, count: until.saturating_sub(from), loaded, of: PhantomData }))
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
    /// What the records are read as.
    pub(super) schema: Arc<Schema>,
    pub(super) first: u64,
    pub(super) count: usize,
    /// Bytes from one record to the next: more than the schema says if the stored records hold more.
    pub(super) stride: usize,
    /// Records that cannot be read as this type, in their order.
    pub(super) bad: Option<Arc<[Fault]>>,
    /// For wider records: them without what the type does not have, once they were asked for as a slice.
    pub(super) dense: Option<Arc<OnceLock<AlignedBuf>>>,
}

impl Loaded {
    /// The same bytes under other names.
    pub(super) fn shown_as(self, schema: Arc<Schema>, wider: bool) -> Loaded {
        Loaded { schema, dense: wider.then(Arc::default), ..self }
    }

    /// The same records, written anew.
    pub(super) fn transcoded(&self, plan: &Plan, schema: &Arc<Schema>) -> Result<Loaded> {
        let records = At::new(self.payload.records(), self.payload.heap(), self.payload.text());
        let Transcoded { buffer, ranges, bad } = plan.transcode(records, self.count)?;
        let payload = Payload::new(Backing::Buffer(Arc::new(buffer)), ranges);
        let payload = payload.map_err(|_| Error::new(ErrorKind::BadReference))?;
        debug_assert!(
            !bad.is_empty() || is_valid(&payload, schema, self.count),
            "a plan wrote what is not valid"
        );
        let (schema, stride) = (schema.clone(), schema.root().size());
        let bad = (!bad.is_empty()).then(|| bad.into());
        Ok(Loaded { payload, schema, stride, bad, dense: None, ..*self })
    }

    /// The first record at or after a position that cannot be read.
    fn bad_from(&self, position: usize) -> Option<usize> {
        let bad = self.bad.as_deref()?;
        let index = |fault: &Fault| fault.record.unwrap_or(0) as usize;
        bad.get(bad.partition_point(|fault| index(fault) < position)).map(index)
    }

    /// Why a record cannot be read.
    #[cold]
    fn bad_value(&self, position: usize, entry: &Entry) -> Error {
        let faults = self.bad.as_deref().unwrap_or_default();
        let fault = faults.iter().find(|fault| fault.record == Some(position as u64)).cloned();
        let error = fault.map_or(Error::new(ErrorKind::BadValue), |fault| {
            invalid(fault, entry.offset.saturating_add(LINE), self.first)
        });
        error.help("an enum reads what it does not know as its variant with #[hydra(other)]")
    }
}

/// True if a payload keeps the rules of a schema: what a plan promises.
fn is_valid(payload: &Payload, schema: &Schema, count: usize) -> bool {
    let (records, heap, text) = (payload.records(), payload.heap(), payload.text());
    let stride = schema.root().size();
    let regions = Regions { records, count, stride, heap, text: text.into(), heap_start: 0, text_start: 0 };
    Validator::new(schema).validate(&regions).is_ok()
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

    /// The schema that its records are read as.
    pub fn schema(&self) -> &Schema {
        &self.loaded.schema
    }

    /// The bytes of its records.
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
        let start = index.checked_mul(self.loaded.stride)?;
        Some(self.at(self.records().get(start..)?.get(..self.size())?))
    }

    /// Bytes of a record as it is read.
    fn size(&self) -> usize {
        if T::STRIDE > 0 { T::STRIDE } else { self.loaded.schema.root().size() }
    }

    /// The record at `index`, counted from this block's first.
    #[inline]
    pub fn get(&self, index: usize) -> Option<T::Read<'_>> {
        self.record(index).map(|at| T::read(at, &self.loaded.schema))
    }

    /// The records in order.
    #[inline]
    pub fn iter(&self) -> Rows<'_, T> {
        let (size, stride) = (self.size(), self.loaded.stride);
        Rows {
            records: self.records(),
            size,
            stride,
            at: self.at(&[]),
            schema: &self.loaded.schema,
            of: PhantomData,
        }
    }

    /// The record at `index`, counted from this block's first, as data.
    pub fn value(&self, index: usize) -> Option<Value<'_>> {
        self.record(index).map(|at| T::value(at, &self.loaded.schema))
    }

    /// The records in order, as data.
    pub fn values(&self) -> impl Iterator<Item = Value<'_>> {
        (0..self.count).filter_map(|index| self.value(index))
    }

    /// The records as a slice. Types with invalid bit patterns (bool, enums) are checked again. Where the stored records hold
    /// more than the type ([`Resolution::Wider`]), the first call copies.
    #[inline]
    pub fn as_slice(&self) -> &[T]
    where
        T: Plain,
    {
        raw::slice_of(if self.loaded.dense.is_some() { self.dense() } else { self.records() })
            .unwrap_or_default()
    }

    /// The bytes of wider records, without what the type does not have.
    #[cold]
    fn dense(&self) -> &[u8] {
        let (size, stride) = (self.size(), self.loaded.stride);
        let Some(dense) = &self.loaded.dense else { return &[] };
        let bytes = dense.get_or_init(|| {
            let mut bytes = AlignedBuf::zeroed(self.loaded.count.saturating_mul(size));
            let records = self.loaded.payload.records().chunks_exact(stride);
            for (target, record) in bytes.chunks_exact_mut(size).zip(records) {
                codec::put(target, record.get(..size).unwrap_or_default());
            }
            bytes
        });
        bytes
            .get(self.from.saturating_mul(size)..)
            .unwrap_or_default()
            .get(..self.count.saturating_mul(size))
            .unwrap_or_default()
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
    size: usize,
    stride: usize,
    at: At<'a>,
    schema: &'a Schema,
    of: PhantomData<fn() -> T>,
}

impl<'a, T: Row> Iterator for Rows<'a, T> {
    type Item = T::Read<'a>;

    #[inline]
    fn next(&mut self) -> Option<T::Read<'a>> {
        let size = if T::STRIDE > 0 { T::STRIDE } else { self.size };
        let stride = if self.stride == size { size } else { self.stride };
        let (record, rest) =
            self.records.split_at_checked(stride).filter(|(record, _)| !record.is_empty())?;
        self.records = rest;
        Some(T::read(self.at.with(record.get(..size)?), self.schema))
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
        T::value(self.at(), &self.block.loaded.schema)
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
        let records = self.records().chunks_exact(self.loaded.stride.max(1));
        records.map(move |record| T::decode(at.with(record.get(..T::SIZE).unwrap_or_default())))
    }
}
