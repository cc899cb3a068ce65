//! Tables: records by index, and blocks in order. [`Snapshot`] finds and verifies blocks, and `block` reads
//! their records.

use super::block::Block;
use super::columns::NearWindows;
use super::places::{Place, Places};
use super::snapshot::{Loaded, Snapshot};
use crate::evolve::{Evolution, Resolution};
use crate::layout::rows::At;
use crate::store::catalog::{EntryCursor, TableInfo};
use crate::store::index::Entry;
use crate::{Describe, Dynamic, Hydra, Result, Schema, Value};
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The type as which records are read: a type of the program gives its views, [`Dynamic`] gives [`Value`]s.
pub trait Row: 'static {
    /// A record that is read in place.
    type Read<'a>;

    /// The stored size in bytes, or 0 if only the file determines it.
    #[doc(hidden)]
    const STRIDE: usize;

    /// Whether a record has references into heap or text.
    #[doc(hidden)]
    const REFS: bool;

    /// Reads the record at `at`.
    #[doc(hidden)]
    fn read<'a>(at: At<'a>, schema: &'a Schema) -> Self::Read<'a>;

    /// Returns the record at `at` as data: of the program's type, or of the file's.
    #[doc(hidden)]
    fn value<'a>(at: At<'a>, schema: &'a Schema) -> Value<'a>;
}

impl<T: Hydra> Row for T {
    type Read<'a> = T::View<'a>;
    const STRIDE: usize = T::SIZE;
    const REFS: bool = <T as Describe>::REFS;

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
    const REFS: bool = true;

    fn read<'a>(at: At<'a>, schema: &'a Schema) -> Value<'a> {
        <Self as Row>::value(at, schema)
    }

    fn value<'a>(at: At<'a>, schema: &'a Schema) -> Value<'a> {
        Value::stored(at, schema.root(), Some(schema))
    }
}

/// The records of one table of a file, as one type. Cloning is cheap, and tables can be sent to other
/// threads.
///
/// A table shows the state of the file when it was taken from the reader.
pub struct Table<T = Dynamic> {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) number: usize,
    pub(crate) schema: Arc<Schema>,
    /// The verified blocks of a map from which a record was requested, and what was converted to rows.
    places: Arc<(AtomicBool, OnceLock<Places>, OnceLock<NearWindows>)>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Table {
            snapshot: self.snapshot.clone(),
            schema: self.schema.clone(),
            places: self.places.clone(),
            ..*self
        }
    }
}

impl<T: Row> Table<T> {
    pub(crate) fn new(snapshot: Arc<Snapshot>, number: usize, schema: Arc<Schema>) -> Table<T> {
        Table { snapshot, number, schema, places: Arc::default(), of: PhantomData }
    }

    /// Returns the name: that of the type, in canonical spelling, or the one that the writer chose.
    pub fn name(&self) -> &str {
        self.snapshot.opened.catalog.table_name(self.number)
    }

    /// Returns the schema as which its records are read: the program's, or the newest in the file.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Returns how its records are read, and at which cost: the most expensive of [`Table::evolutions`].
    ///
    /// # Errors
    /// As [`Evolution::between`], for a table of data; a table of a type of the program has no such schemas.
    pub fn resolution(&self) -> Result<Resolution> {
        self.evolutions()
            .try_fold(Resolution::Identical, |worst, evolution| Ok(evolution?.1.resolution().max(worst)))
    }

    /// Returns how the records of each of its schemas are read, with the id of the schema.
    pub fn evolutions(&self) -> impl Iterator<Item = Result<(u32, Evolution)>> {
        let ids = self.snapshot.table(self.number).map(TableInfo::schemas).unwrap_or_default();
        ids.iter().map(|id| Ok((*id, self.snapshot.mapping(*id, &self.schema)?.evolution.clone())))
    }

    /// Returns the number of records.
    pub fn len(&self) -> u64 {
        self.snapshot.table(self.number).map_or(0, TableInfo::record_count)
    }

    /// Returns whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns every block in the order of the records. Each is verified when it is first read.
    ///
    /// An error replaces the records of a damaged block, or one record that has no counterpart in this type
    /// (for example a variant that the type does not have); the iteration continues after it.
    pub fn blocks(&self) -> Blocks<T> {
        self.range(0..self.len())
    }

    /// Returns the blocks with these records, trimmed to them; records beyond the table are ignored.
    pub fn range(&self, records: Range<u64>) -> Blocks<T> {
        let cursor = self.snapshot.cursor(self.number, records.start);
        let records = records.start..records.end.min(self.len());
        Blocks { table: self.clone(), cursor, held: None, records }
    }

    /// Returns the places of its blocks in the order of the records, without reading them. An error replaces
    /// records whose place is unknown.
    pub fn entries(&self) -> impl Iterator<Item = Result<Entry>> + use<T> {
        let snapshot = self.snapshot.clone();
        let mut cursor = snapshot.cursor(self.number, 0);
        std::iter::from_fn(move || Some(snapshot.next(&mut cursor)?.map_err(|(error, _)| error)))
    }

    /// Returns the record at `index`. Its block is verified when it is first read; after that, a record of a
    /// map costs little more than an access to its memory.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("primes.hydra");
    /// # let mut writer = hydra::Writer::create(&path)?;
    /// # let primes = writer.table::<u64>()?;
    /// # writer.append_slice(primes, &[2, 3, 5, 7, 11])?;
    /// # writer.finish()?;
    /// // SAFETY: no other program changes or truncates the file while the map lives.
    /// let map = unsafe { hydra::Map::open(&path)? };
    /// let primes = hydra::Reader::map(map)?.table::<u64>()?;
    /// let mut sum = 0;
    /// for index in [4, 0, 3] {
    ///     sum += primes.get(index)?.view();
    /// }
    /// assert_eq!(sum, 11 + 2 + 7);
    /// # Ok::<(), hydra::Error>(())
    /// ```
    ///
    /// # Errors
    /// `NoSuchPath` if there is no such record; the error of its block if that is damaged; `UnknownVariant`
    /// if the record has no counterpart in this type.
    #[inline(always)]
    pub fn get(&self, index: u64) -> Result<Record<'_, T>> {
        self.get_at(index, self.places.1.get().and_then(|places| places.place(index)))
    }

    /// Returns the record at `index`, at its place if that is known.
    #[inline(always)]
    fn get_at<'t>(&'t self, index: u64, place: Option<Place<'t>>) -> Result<Record<'t, T>> {
        let size = if T::STRIDE > 0 { T::STRIDE } else { self.schema.root().size() };
        let held = match place.and_then(|place| place.read(size, T::REFS)) {
            Some(at) => Held::Lent(at),
            None => Held::Owned(Box::new(self.loaded_of(index)?)),
        };
        Ok(Record { index, held, schema: &self.schema, of: PhantomData })
    }

    /// Returns the records at these indices, in this order, each as [`get`](Table::get) returns it. If the
    /// blocks of a map were verified before, the memory of the next records is prefetched, which halves the
    /// time of reads at random indices.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("squares.hydra");
    /// # let mut file = hydra::Writer::create(&path)?;
    /// # let squares = file.table::<u64>()?;
    /// # (0..100).try_for_each(|number| file.append(squares, &(number * number)))?;
    /// # file.finish()?;
    /// let squares = hydra::Reader::open(&path)?.table::<u64>()?;
    /// let sum = squares.get_many(&[7, 90, 3]).map(|square| Ok(square?.view())).sum::<hydra::Result<u64>>()?;
    /// assert_eq!(sum, 49 + 8100 + 9);
    /// # Ok::<(), hydra::Error>(())
    /// ```
    #[inline(always)]
    pub fn get_many<'t>(
        &'t self,
        indices: &'t [u64],
    ) -> impl ExactSizeIterator<Item = Result<Record<'t, T>>> {
        const AHEAD: usize = 16;
        let find = move |number: usize| {
            let place = self.places.1.get()?.place(*indices.get(number)?);
            place.inspect(|place| place.prefetch())
        };
        // The places of the next records, each in the slot of its number modulo the length.
        let mut next: [Option<Place<'t>>; AHEAD] = std::array::from_fn(find);
        indices.iter().enumerate().map(move |(number, &index)| {
            let place = next
                .get_mut(number % AHEAD)
                .and_then(|slot| std::mem::replace(slot, find(number.wrapping_add(AHEAD))));
            let soon = next.get(number.wrapping_add(AHEAD / 2) % AHEAD).and_then(Option::as_ref);
            if let Some((soon, first)) = soon.zip(self.places.1.get().and_then(|places| places.first_text)) {
                soon.prefetch_text(first);
            }
            // A block that was not known ahead may be by now.
            if place.is_some() { self.get_at(index, place) } else { self.get(index) }
        })
    }

    /// Finds the block of a record, among those of columns that were read, or through the index. It is added to
    /// the places if it is in a map.
    #[cold]
    #[inline(never)]
    fn loaded_of(&self, index: u64) -> Result<Arc<Loaded>> {
        let (snapshot, number) = (&self.snapshot, self.number);
        let (asked, places, near) = &*self.places;
        if let Some(loaded) = near.get().and_then(|near| near.find(index)) {
            return Ok(loaded);
        }
        let Some(info) = snapshot.table(number).filter(|info| index < info.record_count()) else {
            return Err(snapshot.no_record(number, &index.to_string()));
        };
        let entry = snapshot.find(number, index)?;
        if let Some(loaded) = snapshot.load_near(number, &entry, index, &self.schema)? {
            near.get_or_init(NearWindows::default).insert(index, &loaded);
            return Ok(loaded);
        }
        let loaded = snapshot.load_as(number, &entry, &self.schema)?;
        let position = loaded.position(index);
        if loaded.bad_from(position) == Some(position) {
            return Err(snapshot.in_block(loaded.bad_value(position, &entry), number, &entry));
        }
        if let Some(map) = &snapshot.map
            && asked.swap(true, Ordering::Relaxed)
        {
            places.get_or_init(|| Places::new(map.clone(), info, &loaded)).insert(index, &loaded);
        }
        Ok(Arc::new(loaded))
    }
}

impl Table<Dynamic> {
    /// Returns the same records, read as another type that exists only as a schema: see
    /// [`evolve`](crate::evolve).
    ///
    /// # Errors
    /// `TypeMismatch`, with every path of the table's types that cannot be read as this type.
    pub fn read_as(&self, schema: &Schema) -> Result<Table<Dynamic>> {
        let table = Table::new(self.snapshot.clone(), self.number, Arc::new(schema.clone()));
        table.resolution()?;
        Ok(table)
    }
}

impl<T: Row> std::fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Table({}, {} records)", self.name(), self.len())
    }
}

/// A record of a table, which keeps the memory that it is read from alive.
pub struct Record<'a, T = Dynamic> {
    index: u64,
    held: Held<'a>,
    schema: &'a Schema,
    of: PhantomData<fn() -> T>,
}

enum Held<'a> {
    /// A record in the map of the table.
    Lent(At<'a>),
    /// Records with this one. An `Arc` that is dropped in place would keep lent records in memory, too.
    #[expect(clippy::redundant_allocation, reason = "a lent record is read in fewer instructions")]
    Owned(Box<Arc<Loaded>>),
}

impl<T: Row> std::fmt::Debug for Record<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Record").field(&self.index).field(&self.value()).finish()
    }
}

impl<T: Row> Record<'_, T> {
    /// Returns the index in the table.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Returns the stored bytes; empty only for a record outside of its block, which tables never make.
    #[inline(always)]
    fn at(&self) -> At<'_> {
        match &self.held {
            Held::Lent(at) => *at,
            Held::Owned(loaded) => loaded.record(self.index, self.schema.root().size()).unwrap_or_default(),
        }
    }

    /// Returns the record, read in place.
    #[inline(always)]
    pub fn view(&self) -> T::Read<'_> {
        T::read(self.at(), self.schema)
    }

    /// Returns the record as data.
    pub fn value(&self) -> Value<'_> {
        T::value(self.at(), self.schema)
    }

    /// Decodes the record.
    ///
    /// # Errors
    /// Fails if the record has no counterpart in this program, or is too large for the stack.
    pub fn decode(&self) -> Result<T>
    where
        T: Hydra,
    {
        self.at().owned()
    }
}

/// An iterator over the blocks of a table, or of a range of it, in order.
pub struct Blocks<T> {
    pub(crate) table: Table<T>,
    cursor: EntryCursor,
    /// An entry that was found after missing records, which are reported first.
    held: Option<Entry>,
    /// The records that are still to come.
    pub(crate) records: Range<u64>,
}

impl<T: Row> std::fmt::Debug for Blocks<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Blocks({}, records {:?})", self.table.name(), self.records)
    }
}

impl<T: Row> Iterator for Blocks<T> {
    type Item = Result<Block<T>>;

    fn next(&mut self) -> Option<Result<Block<T>>> {
        let Range { start, end } = self.records;
        if start >= end {
            return None;
        }
        let snapshot = &self.table.snapshot;
        let number = self.table.number;
        let entry = match self.held.take().map(Ok).or_else(|| snapshot.next(&mut self.cursor)) {
            Some(Ok(entry)) => entry,
            Some(Err((error, behind))) => {
                self.records.start = behind;
                return Some(Err(error));
            }
            None => {
                self.records.start = end;
                return Some(Err(snapshot.missing(number, start..end)));
            }
        };
        if entry.first > start {
            self.held = Some(entry);
            self.records.start = entry.first.min(end);
            return Some(Err(snapshot.missing(number, start..self.records.start)));
        }
        self.records.start = entry.end();
        let loaded = match snapshot.load_as(number, &entry, &self.table.schema) {
            Ok(loaded) => loaded,
            Err(error) => return Some(Err(error)),
        };
        let from = loaded.position(start);
        let mut until = loaded.position(end);
        // A record that cannot be read as this type is an error of its own, between the others of its block.
        if let Some(bad) = loaded.bad_from(from).filter(|bad| *bad < until) {
            self.held = Some(entry);
            self.records.start = loaded.first.saturating_add(bad.max(from) as u64);
            if bad == from {
                self.records.start = self.records.start.saturating_add(1);
                self.held = self.held.filter(|entry| entry.end() > self.records.start);
                return Some(Err(snapshot.in_block(loaded.bad_value(bad, &entry), number, &entry)));
            }
            until = bad;
        }
        Some(Ok(Block::part(loaded, from, until)))
    }
}
