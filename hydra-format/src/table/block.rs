//! Verified blocks of records, read as views, values, slices and owned values. Finding and verifying blocks
//! is done elsewhere.

use super::snapshot::Loaded;
use super::table::Row;
use crate::layout::rows::{self, At};
use crate::memory::{self, AlignedBuf};
use crate::{Dynamic, Hydra, Plain, Result, Schema, Value};
use std::marker::PhantomData;

/// A verified block of records. It is the unit of verification, of lifetime and of errors: reading from it
/// cannot fail, and what is read borrows from it.
pub struct Block<T = Dynamic> {
    pub(super) loaded: Loaded,
    /// The position of the first record that is shown, counted from the first of the block.
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
    pub(crate) fn whole(loaded: Loaded) -> Block<T> {
        let count = loaded.count;
        Block::part(loaded, 0, count)
    }

    pub(super) fn part(loaded: Loaded, from: usize, until: usize) -> Block<T> {
        Block { from, count: until.saturating_sub(from), loaded, of: PhantomData }
    }

    /// Returns the index of its first record in the table.
    pub fn first(&self) -> u64 {
        self.loaded.first.saturating_add(self.from as u64)
    }

    /// Returns the number of records.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Returns whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the schema as which its records are read.
    pub fn schema(&self) -> &Schema {
        &self.loaded.schema
    }

    /// Returns the bytes of its records.
    fn records(&self) -> &[u8] {
        self.shown(self.loaded.payload.records(), self.loaded.stride)
    }

    /// Returns the shown part of records that are `stride` bytes apart.
    fn shown<'a>(&self, records: &'a [u8], stride: usize) -> &'a [u8] {
        let bytes = self.from.checked_mul(stride).zip(self.count.checked_mul(stride));
        bytes.and_then(|(from, count)| records.get(from..)?.get(..count)).unwrap_or_default()
    }

    fn at<'a>(&'a self, bytes: &'a [u8]) -> At<'a> {
        At::new(bytes, self.loaded.payload.heap(), self.loaded.payload.text())
    }

    pub(super) fn record(&self, index: usize) -> Option<At<'_>> {
        let start = index.checked_mul(self.loaded.stride)?;
        Some(self.at(self.records().get(start..)?.get(..self.size())?))
    }

    /// Returns the number of bytes of a record as it is read.
    fn size(&self) -> usize {
        if T::STRIDE > 0 { T::STRIDE } else { self.loaded.schema.root().size() }
    }

    /// Returns the record at `index`, counted from the first of this block.
    #[inline]
    pub fn get(&self, index: usize) -> Option<T::Read<'_>> {
        self.record(index).map(|at| T::read(at, &self.loaded.schema))
    }

    /// Returns the records in order.
    #[inline]
    pub fn iter(&self) -> Rows<'_, T> {
        Rows {
            records: self.records(),
            size: self.size(),
            stride: self.loaded.stride,
            at: self.at(&[]),
            schema: &self.loaded.schema,
            of: PhantomData,
        }
    }

    /// Returns the record at `index`, counted from the first of this block, as data.
    pub fn value(&self, index: usize) -> Option<Value<'_>> {
        self.record(index).map(|at| T::value(at, &self.loaded.schema))
    }

    /// Returns the records in order, as data.
    pub fn values(&self) -> impl Iterator<Item = Value<'_>> {
        (0..self.count).filter_map(|index| self.value(index))
    }

    /// Returns the records as a slice.
    ///
    /// Types with invalid bit patterns (bool, enums) are checked at the first call, unless that was done when
    /// the block was verified. If the stored records are larger than the type
    /// ([`Wider`](crate::evolve::Resolution::Wider)), the first call copies them, and each call checks them.
    #[inline]
    pub fn as_slice(&self) -> &[T]
    where
        T: Plain,
    {
        let values = match self.loaded.dense {
            None => self.loaded.payload.values(self.from, self.count),
            Some(_) => memory::slice_of(self.dense()),
        };
        values.unwrap_or_default()
    }

    /// Returns the bytes of wider records without the parts that the type does not have.
    #[cold]
    fn dense(&self) -> &[u8] {
        let size = self.size();
        let Some(dense) = &self.loaded.dense else { return &[] };
        let bytes = dense.get_or_init(|| {
            let mut bytes = AlignedBuf::zeroed(self.loaded.count.saturating_mul(size));
            let records = self.loaded.payload.records().chunks_exact(self.loaded.stride);
            for (target, record) in bytes.chunks_exact_mut(size).zip(records) {
                rows::put(target, record.get(..size).unwrap_or_default());
            }
            bytes
        });
        self.shown(bytes, size)
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

/// An iterator over the records of a block, in order.
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

impl<T: Hydra> Block<T> {
    /// Decodes the records in order.
    pub fn decode(&self) -> impl Iterator<Item = Result<T>> {
        let at = self.at(&[]);
        let records = self.records().chunks_exact(self.loaded.stride.max(1));
        records.map(move |record| at.with(record.get(..T::SIZE).unwrap_or_default()).owned())
    }
}
