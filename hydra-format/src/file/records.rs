//! Verified blocks and their records: as views, values, slices and owned values. It does not know where blocks come from.
#![forbid(unsafe_code)]

use super::index::Entry;
use super::layout::LINE;
use super::reader::invalid;
use super::table::Row;
use crate::codec::{self, At, Fault, Regions, Validator};
use crate::describe::Schema;
use crate::evolve::{Plan, Transcoded};
use crate::raw::{self, AlignedBuf, Backing, Payload};
use crate::{Dynamic, Error, ErrorKind, Hydra, Plain, Result, Value};
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

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
    pub(super) fn bad_from(&self, position: usize) -> Option<usize> {
        let bad = self.bad.as_deref()?;
        let index = |fault: &Fault| fault.record.unwrap_or(0) as usize;
        bad.get(bad.partition_point(|fault| index(fault) < position)).map(index)
    }

    /// Why a record cannot be read.
    #[cold]
    pub(super) fn bad_value(&self, position: usize, entry: &Entry) -> Error {
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
        let count = loaded.count;
        Block::part(loaded, 0, count)
    }

    pub(super) fn part(loaded: Loaded, from: usize, until: usize) -> Block<T> {
        Block { from, count: until.saturating_sub(from), loaded, of: PhantomData }
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
    /// more than the type ([`Wider`](crate::evolve::Resolution::Wider)), the first call copies.
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

impl<T: Row> std::fmt::Debug for Rows<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rows({} records)", self.len())
    }
}

/// A record of a table, which keeps alive what it is read from.
pub struct Record<'a, T = Dynamic> {
    index: u64,
    held: Held<'a, T>,
    schema: &'a Schema,
}

enum Held<'a, T> {
    /// In the table's map.
    Lent(At<'a>),
    Owned(Box<Block<T>>),
}

impl<'a, T: Row> Record<'a, T> {
    #[inline]
    pub(super) fn lent(index: u64, at: At<'a>, schema: &'a Schema) -> Record<'a, T> {
        Record { index, held: Held::Lent(at), schema }
    }

    #[inline]
    pub(super) fn owned(index: u64, block: Box<Block<T>>, schema: &'a Schema) -> Record<'a, T> {
        Record { index, held: Held::Owned(block), schema }
    }

    /// Index in the table.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The stored bytes; empty only for a record outside of its block, which the table never makes.
    #[inline]
    fn at(&self) -> At<'_> {
        match &self.held {
            Held::Lent(at) => *at,
            Held::Owned(block) => {
                block.record(self.index.saturating_sub(block.first()) as usize).unwrap_or_default()
            }
        }
    }

    /// The record read in place.
    #[inline]
    pub fn view(&self) -> T::Read<'_> {
        T::read(self.at(), self.schema)
    }

    /// The record as data.
    pub fn value(&self) -> Value<'_> {
        T::value(self.at(), self.schema)
    }

    /// The record as an owned value.
    pub fn decode(&self) -> Result<T>
    where
        T: Hydra,
    {
        self.at().owned()
    }
}

impl<T: Row> std::fmt::Debug for Record<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Record").field(&self.index).field(&self.value()).finish()
    }
}

impl<T: Hydra> Block<T> {
    /// The records as owned values, in order.
    pub fn decode(&self) -> impl Iterator<Item = Result<T>> {
        let at = self.at(&[]);
        let records = self.records().chunks_exact(self.loaded.stride.max(1));
        records.map(move |record| at.with(record.get(..T::SIZE).unwrap_or_default()).owned())
    }
}
