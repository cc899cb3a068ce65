//! Reading some records of a block, for random access: of each stream, only the groups that have their values.
//! Types whose parts are all in the records themselves, or are text or bytes, can be read like this.

use super::decode::{Mask, Stream, StreamBytes, Streams};
use super::encoding::{self, GROUP, Offsets};
use super::shape::{ColumnPart, ColumnShape, Presence, Shape};
use crate::memory::AlignedBuf;
use crate::schema::Kind;
use crate::{Error, Result};
use std::ops::Range;

/// The number of records that are read together.
pub(crate) const RECORDS: usize = GROUP;

/// Returns whether records of a shape can be read by themselves.
pub(super) fn is_flat(shape: &Shape) -> bool {
    let flat = |column: &ColumnShape| match &column.part {
        ColumnPart::Bit | ColumnPart::Values { .. } | ColumnPart::Text | ColumnPart::Bytes => true,
        ColumnPart::Enum { variants, .. } => variants.is_empty(),
        _ => false,
    };
    shape.levels.first().is_some_and(|level| level.columns.iter().all(flat))
}

impl<'a> Streams<'a> {
    /// Reads the streams for these records of a flat shape. The streams then have only their slots; runs are
    /// whole.
    pub(super) fn read_window(&mut self, records: Range<usize>) -> Result<()> {
        let shape: &'a Shape = self.shape;
        let columns = shape.levels.first().map_or(&[][..], |level| &level.columns);
        let slots = u64::from(self.block.count);
        for column in columns {
            let (stream, under) = (column.stream, column.under);
            match &column.part {
                ColumnPart::Bit => self.bits(stream, slots, under)?,
                ColumnPart::Values { kind, count } => {
                    self.some_values(stream, (*kind, *count), &records, under)?
                }
                ColumnPart::Enum { kind, .. } => self.some_values(stream, (*kind, 1), &records, under)?,
                ColumnPart::Text | ColumnPart::Bytes => self.some_strings(stream, &records, under)?,
                _ => {}
            }
        }
        for column in columns.iter().filter(|column| matches!(column.part, ColumnPart::Bit)) {
            let bits = Mask::of(self.decoded.bytes(column.stream)).part(&records);
            self.keep(column.stream, Stream::Bytes(StreamBytes::Made(bits)));
        }
        Ok(())
    }

    /// Reads the values of some records, of each `times`.
    fn some_values(
        &mut self,
        stream: usize,
        (kind, times): (Kind, usize),
        records: &Range<usize>,
        under: Option<Presence>,
    ) -> Result<()> {
        let size = kind.fixed_size() as usize;
        let slots = u64::from(self.block.count).saturating_mul(times as u64);
        let absent = self.absent(under, slots);
        let (entry, stored) = self.entry(stream, slots, absent, slots.saturating_mul(size as u64))?;
        let range = records.start.saturating_mul(times)..records.end.saturating_mul(times);
        let (count, dense) = self.dense(entry.encoding, slots as usize, &range, under);
        let start = dense.start.saturating_sub(dense.start % GROUP);
        let mut values = AlignedBuf::zeroed(dense.end.saturating_sub(start).saturating_mul(size));
        let encoding = (entry.encoding, entry.parameter);
        encoding::read_values_range(kind, encoding, &stored, count, start..dense.end, &mut values)
            .map_err(|flaw| self.error(stream, flaw))?;
        let skipped = dense.start.saturating_sub(start).saturating_mul(size);
        let values = values.get(skipped..).unwrap_or_default();
        let made = if entry.encoding == 0 || under.is_none() {
            AlignedBuf::copy_of(values)
        } else {
            self.mask(under).spread(values, size, &range)
        };
        self.keep(stream, Stream::Bytes(StreamBytes::Made(made)));
        Ok(())
    }

    /// Reads the offsets of some records, and their whole run.
    fn some_strings(&mut self, stream: usize, records: &Range<usize>, under: Option<Presence>) -> Result<()> {
        let slots = u64::from(self.block.count);
        let absent = self.absent(under, slots);
        let plain = slots.saturating_add(1).saturating_mul(4);
        let (entry, stored) = self.entry(stream, slots, absent, plain)?;
        let (count, dense) = self.dense(entry.encoding, slots as usize, records, under);
        let start = dense.start.saturating_sub(dense.start % GROUP);
        let read =
            encoding::read_offsets_range(entry.encoding, &stored, count.saturating_add(1), start..dense.end);
        let skipped = dense.start.saturating_sub(start);
        let is_dense = entry.encoding != 0 && under.is_some();
        let present = |slot: usize| !is_dense || self.mask(under).has(records.start.saturating_add(slot));
        let slots = 0..records.len();
        let decoded = match read.map_err(|flaw| self.error(stream, flaw))? {
            Offsets::Plain(offsets) => {
                let mut next = skipped;
                let mut all = Vec::with_capacity(records.len().saturating_add(1));
                for slot in slots {
                    all.push(offsets.get(next).copied().unwrap_or(0));
                    next = next.saturating_add(usize::from(present(slot)));
                }
                all.push(offsets.get(next).copied().unwrap_or(0));
                Stream::Offsets(all.into())
            }
            Offsets::Dictionary { mut offsets, numbers } => {
                let empty = offsets.len().saturating_sub(1) as u32;
                offsets.extend(offsets.last().copied());
                let mut next = numbers.into_iter().skip(skipped).map(u32::from);
                let number = |slot| if present(slot) { next.next().unwrap_or(empty) } else { empty };
                Stream::Dictionary { numbers: slots.map(number).collect(), offsets }
            }
        };
        self.keep(stream, decoded);
        let number = stream.saturating_add(1);
        let run = self.unpacked(number, u64::from(self.block.count), absent, None)?;
        self.keep(number, Stream::Bytes(run));
        Ok(())
    }

    /// Returns the number of values that a stream of these slots stores, and which of them are those of a range
    /// of slots.
    fn dense(
        &self,
        encoding: u8,
        slots: usize,
        range: &Range<usize>,
        under: Option<Presence>,
    ) -> (usize, Range<usize>) {
        if encoding == 0 || under.is_none() {
            return (slots, range.clone());
        }
        let mask = self.mask(under);
        let start = mask.count(0..range.start);
        let end = start.saturating_add(mask.count(range.clone()));
        (end.saturating_add(mask.count(range.end..slots)), start..end)
    }

    /// Returns whether no stream is compressed, so that a run costs nothing.
    pub(super) fn is_plain(&self) -> bool {
        self.directory.streams.iter().all(|stream| !stream.is_compressed())
    }

    /// Checks the whole payload once, so that streams need no check later.
    pub(super) fn trust(&mut self, verify: bool) -> Result<(), Error> {
        if verify {
            self.block.check_payload(self.payload)?;
        }
        self.trusted = true;
        Ok(())
    }
}
