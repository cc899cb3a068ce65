//! Columns to rows. First, record by record, every reference is written, because heap and text are in the
//! order of records. This also finds the place of each slot of the other levels. Then, column by column, the
//! values are written to their places.

use super::decode::{Decoded, Stream, bit};
use super::places::{NOWHERE, SlotPlaces, SlotRun, push, slots};
use super::relocate::Relocation;
use super::shape::{ColumnPart, ColumnShape, Level, Shape};
use super::target::RowTarget;
use crate::layout::rows::{At, put};
use crate::schema::{Kind, Schema, TypeRef};
use crate::store::bytes::LINE;
use std::ops::Range;

/// The bytes of records that pass all columns together, so that they stay in the first-level cache.
const GROUP: usize = 16 << 10;

/// The number of slots whose arrays or variants are written together, so that their places take little memory.
const SOME: usize = 1024;

/// Returns the place of a column in a slot.
fn at(slot: usize, column: &ColumnShape) -> usize {
    if slot == NOWHERE { slot } else { slot.saturating_add(column.offset) }
}

/// Writes a part of the records of a block as rows.
struct Join<'s, 'a> {
    decoded: &'s Decoded<'a>,
    shape: &'s Shape,
    schema: &'s Schema,
    to: &'s mut RowTarget,
    /// The places of elements and of the values of boxes, for each level.
    places: Vec<SlotPlaces>,
    /// The next slot of each level of a variant, of references and then of values.
    next: Vec<usize>,
    /// The values in rows of each stream, and the position of the next.
    rows: Vec<Option<(Relocation<'s>, usize)>>,
}

/// A column with references, and its streams: offsets, the number of its string in a dictionary for each slot,
/// and the run.
struct RefColumn<'s> {
    column: &'s ColumnShape,
    offsets: &'s [u32],
    numbers: Option<&'s [u32]>,
    run: &'s [u8],
}

impl<'s> RefColumn<'s> {
    /// Returns the columns of a level with references.
    fn all(level: &'s Level, decoded: &'s Decoded<'_>) -> Vec<RefColumn<'s>> {
        let column = |column: &'s ColumnShape| {
            let (offsets, numbers) = match decoded.0.get(column.stream) {
                Some(Stream::Offsets(offsets)) => (&offsets[..], None),
                Some(Stream::Dictionary { offsets, numbers }) => (&offsets[..], Some(&numbers[..])),
                _ => (&[][..], None),
            };
            RefColumn { column, offsets, numbers, run: decoded.bytes(column.stream.saturating_add(1)) }
        };
        level.columns.iter().filter(|column| column.refers).map(column).collect()
    }

    /// Returns the range of a slot in the run, or of its elements.
    #[inline]
    fn range(&self, slot: usize) -> Option<Range<usize>> {
        let number = match self.numbers {
            Some(numbers) => *numbers.get(slot)? as usize,
            None => slot,
        };
        let [start, end] = self.offsets.get(number..)?.first_chunk()?;
        Some(*start as usize..*end as usize)
    }
}

/// Writes decoded records to their place among `to`. An error is the number of a stream that breaks a rule, or the
/// number of streams if there is no room.
pub(super) fn join(
    decoded: &Decoded<'_>,
    shape: &Shape,
    schema: &Schema,
    records: Range<usize>,
    to: &mut RowTarget,
) -> Result<(), usize> {
    let stride = schema.root().size();
    let place = records.start.saturating_mul(stride);
    let (bytes, count) = (records.len().saturating_mul(stride), records.len());
    if shape.levels.first().is_none_or(|level| written(level) < stride) {
        to.buffer.get_mut(place..place.saturating_add(bytes)).unwrap_or_default().fill(0);
    }
    let mut join = Join::new(decoded, shape, schema, to);
    join.references(count, place)?;
    join.values(count, place, stride);
    Ok(())
}

/// Returns how many bytes of each slot are written without a look at what was there.
fn written(level: &Level) -> usize {
    let bytes = level.columns.iter().map(|column| match &column.part {
        ColumnPart::Bit => 1,
        ColumnPart::Values { kind, count } => (kind.fixed_size() as usize).saturating_mul(*count),
        _ => 0,
    });
    bytes.fold(0, usize::saturating_add)
}

/// Returns the bytes of heap and text that decoded records take as rows, or the number of a stream that breaks
/// a rule.
pub(super) fn measure(
    decoded: &Decoded<'_>,
    shape: &Shape,
    schema: &Schema,
    count: usize,
) -> Result<[usize; 2], usize> {
    let mut to = RowTarget::measuring();
    Join::new(decoded, shape, schema, &mut to).references(count, 0)?;
    Ok(to.used())
}

impl<'s, 'a> Join<'s, 'a> {
    fn new(
        decoded: &'s Decoded<'a>,
        shape: &'s Shape,
        schema: &'s Schema,
        to: &'s mut RowTarget,
    ) -> Join<'s, 'a> {
        let places = shape.levels.iter().map(|_| SlotPlaces::new()).collect();
        let next = vec![0; shape.levels.len()];
        let rows = decoded.0.iter().map(|stream| match stream {
            Stream::Rows(bytes, heap, text) => {
                let text = std::str::from_utf8(bytes.get(text.clone())?).ok()?;
                let rows = At::new(&[], bytes.get(heap.clone())?, text);
                Some((Relocation::unverified(schema, shape, rows), LINE as usize))
            }
            _ => None,
        });
        let rows = rows.collect();
        Join { decoded, shape, schema, to, places, next, rows }
    }

    /// Writes all references of the records from a place on, and checks that they took all rows in streams.
    fn references(&mut self, count: usize, place: usize) -> Result<(), usize> {
        let levels = self.shape.levels.iter();
        let all: Vec<_> = levels.map(|level| RefColumn::all(level, self.decoded)).collect();
        let done = self.slots(&all, 0, 0..count, place);
        if self.to.has_overflowed {
            return Err(self.shape.streams.len());
        }
        done?;
        let complete = |(relocation, _): &(Relocation<'_>, usize)| relocation.is_complete();
        let broken = self.rows.iter().position(|rows| !rows.as_ref().is_none_or(complete));
        broken.map_or(Ok(()), Err)
    }

    /// Writes the references of consecutive slots. An error is the number of a stream.
    fn slots(
        &mut self,
        all: &[Vec<RefColumn<'s>>],
        level: usize,
        slots: Range<usize>,
        mut place: usize,
    ) -> Result<(), usize> {
        let columns = all.get(level).map_or(&[][..], Vec::as_slice);
        if columns.is_empty() {
            return Ok(());
        }
        let size = self.shape.levels.get(level).map_or(0, |level| level.size);
        for slot in slots {
            for own in columns {
                self.column(all, own, slot, place.saturating_add(own.column.offset))
                    .ok_or(own.column.stream)?;
            }
            place = place.saturating_add(size);
        }
        Ok(())
    }

    /// Writes the reference of a column.
    #[inline]
    fn column(
        &mut self,
        all: &[Vec<RefColumn<'s>>],
        own: &RefColumn<'s>,
        slot: usize,
        place: usize,
    ) -> Option<()> {
        let column = own.column;
        match &column.part {
            ColumnPart::Text => {
                let range = own.range(slot)?;
                if !range.is_empty() {
                    self.to.text(place, own.run, range)?;
                }
            }
            ColumnPart::Bytes => {
                let range = own.range(slot)?;
                if !range.is_empty() {
                    self.to.bytes(place, own.run.get(range)?)?;
                }
            }
            ColumnPart::List(inner) => {
                let range = own.range(slot)?;
                if !range.is_empty() {
                    let first = *own.offsets.first()? as usize;
                    self.array(all, *inner, range.start.checked_sub(first)?, range.len(), place)?;
                }
            }
            ColumnPart::Box(inner) if self.decoded.is_present(column.under, slot) => {
                self.array(all, *inner, slot, 1, place)?
            }
            ColumnPart::Box(inner) => self.nowhere(*inner, 1)?,
            ColumnPart::Array(count, inner) => {
                let first = slot.checked_mul(*count)?;
                self.slots(all, *inner, first..first.checked_add(*count)?, place).ok()?;
            }
            ColumnPart::Enum { kind, variants } if self.decoded.is_present(column.under, slot) => {
                let tag = self.decoded.tag(column.stream, *kind, slot)?;
                if let Ok(variant) = variants.binary_search_by_key(&tag, |(tag, _)| *tag) {
                    let (_, inner) = variants.get(variant)?;
                    let next = self.next.get_mut(*inner)?;
                    let slot = std::mem::replace(next, next.checked_add(1)?);
                    self.slots(all, *inner, slot..slot.checked_add(1)?, place).ok()?;
                }
            }
            ColumnPart::Rows(ty) if self.decoded.is_present(column.under, slot) => {
                let Some(Stream::Rows(bytes, ..)) = self.decoded.0.get(column.stream) else { return None };
                let size = self.schema.resolve(TypeRef::Index(*ty)).size();
                let (relocation, at) = self.rows.get_mut(column.stream)?.as_mut()?;
                let start = std::mem::replace(at, at.checked_add(size)?);
                relocation.copy(*ty, bytes.get(start..*at)?, place, self.to)?;
            }
            _ => {}
        }
        Some(())
    }

    /// Writes a reference to slots of a level, and their references.
    fn array(
        &mut self,
        all: &[Vec<RefColumn<'s>>],
        level: usize,
        first: usize,
        count: usize,
        place: usize,
    ) -> Option<()> {
        let Level { size, align, .. } = *self.shape.levels.get(level)?;
        let place = self.to.array(place, align, size, count)?;
        push(self.places.get_mut(level)?, SlotRun { place, count }, size);
        self.slots(all, level, first..first.checked_add(count)?, place).ok()
    }

    /// Notes that slots of a level, and of the boxes in them, have no place.
    fn nowhere(&mut self, level: usize, count: usize) -> Option<()> {
        push(self.places.get_mut(level)?, SlotRun { place: NOWHERE, count }, 0);
        let boxes = &self.shape.levels.get(level)?.boxes;
        boxes.iter().try_for_each(|(inner, times)| self.nowhere(*inner, count.checked_mul(*times)?))
    }

    /// Writes the values of all records, from a place on.
    fn values(&mut self, count: usize, place: usize, stride: usize) {
        let shape = self.shape;
        let group = GROUP.checked_div(stride).unwrap_or(0).max(1);
        for start in (0..count).step_by(group) {
            let run = SlotRun {
                place: place.saturating_add(start.saturating_mul(stride)),
                count: group.min(count.saturating_sub(start)),
            };
            for column in shape.levels.first().map_or(&[][..], |level| &level.columns) {
                self.flat(column, start, stride, &[run]);
            }
        }
        self.next.fill(0);
        self.deep(0, 0, &[SlotRun { place, count }]);
    }

    /// Writes the values of a level, from the slot `first` on.
    fn level(&mut self, level: usize, first: usize, places: &[SlotRun]) {
        let Some(Level { columns, size, .. }) = self.shape.levels.get(level) else { return };
        columns.iter().for_each(|column| self.flat(column, first, *size, places));
        self.deep(level, first, places);
    }

    /// Writes the levels in a level.
    fn deep(&mut self, level: usize, first: usize, places: &[SlotRun]) {
        let Some(Level { columns, size, .. }) = self.shape.levels.get(level) else { return };
        for column in columns {
            match &column.part {
                ColumnPart::List(inner) | ColumnPart::Box(inner) => {
                    let inside = self.places.get_mut(*inner).map(std::mem::take).unwrap_or_default();
                    self.level(*inner, 0, &inside);
                }
                ColumnPart::Array(count, inner) => {
                    let mut rest = slots(places, *size);
                    let mut next = first.saturating_mul(*count);
                    loop {
                        let some = rest.by_ref().take(SOME);
                        let inside = some.map(|place| SlotRun { place: at(place, column), count: *count });
                        let inside = inside.collect::<SlotPlaces>();
                        if inside.is_empty() {
                            break;
                        }
                        self.level(*inner, next, &inside);
                        next = next.saturating_add(inside.len().saturating_mul(*count));
                    }
                }
                ColumnPart::Enum { kind, variants } if !variants.is_empty() => {
                    let mut rest = slots(places, *size).zip(first..).peekable();
                    while rest.peek().is_some() {
                        self.variants(column, *kind, variants, rest.by_ref().take(SOME));
                    }
                }
                _ => {}
            }
        }
    }

    /// Writes the levels of variants for some slots, of which there are the places and numbers.
    fn variants(
        &mut self,
        column: &ColumnShape,
        kind: Kind,
        variants: &[(u128, usize)],
        slots: impl Iterator<Item = (usize, usize)>,
    ) {
        let mut inside = vec![SlotPlaces::new(); variants.len()];
        for (place, slot) in slots {
            let tag = self.decoded.tag(column.stream, kind, slot);
            let variant = variants.binary_search_by_key(&tag, |(tag, _)| Some(*tag));
            if let Ok(variant) = variant
                && self.decoded.is_present(column.under, slot)
                && let Some(inside) = inside.get_mut(variant)
            {
                inside.push(SlotRun { place: at(place, column), count: 1 });
            }
        }
        for ((_, inner), inside) in variants.iter().zip(inside).filter(|(_, inside)| !inside.is_empty()) {
            let Some(next) = self.next.get_mut(*inner) else { return };
            let first = std::mem::replace(next, next.saturating_add(inside.len()));
            self.level(*inner, first, &inside);
        }
    }

    /// Writes the bits, values or tags of a column from the slot `first` on.
    fn flat(&mut self, column: &ColumnShape, mut first: usize, stride: usize, places: &[SlotRun]) {
        let size = match &column.part {
            ColumnPart::Bit => return self.bits(column, first, stride, places),
            ColumnPart::Values { kind, count } => (kind.fixed_size() as usize).saturating_mul(*count),
            ColumnPart::Enum { kind, .. } => kind.fixed_size() as usize,
            _ => return,
        };
        let values = self.decoded.bytes(column.stream);
        for SlotRun { place, count } in places {
            let own = values.get(first.saturating_mul(size)..).unwrap_or_default();
            first = first.saturating_add(*count);
            let rows = self.to.buffer.get_mut(place.saturating_add(column.offset)..);
            let Some(rows) = rows.filter(|_| *place != NOWHERE) else { continue };
            match size {
                1 => spread::<1>(rows, stride, own, *count),
                2 => spread::<2>(rows, stride, own, *count),
                4 => spread::<4>(rows, stride, own, *count),
                8 => spread::<8>(rows, stride, own, *count),
                16 => spread::<16>(rows, stride, own, *count),
                _ => {
                    let values = own.chunks_exact(size.max(1)).take(*count);
                    rows.chunks_mut(stride.max(1)).zip(values).for_each(|(row, value)| put(row, value));
                }
            }
        }
    }

    fn bits(&mut self, column: &ColumnShape, first: usize, stride: usize, places: &[SlotRun]) {
        let bits = self.decoded.bytes(column.stream);
        for (index, place) in slots(places, stride).enumerate() {
            let value = u8::from(bit(bits, first.saturating_add(index)));
            if let Some(byte) = self.to.buffer.get_mut(place.saturating_add(column.offset)) {
                *byte = value;
            }
        }
    }
}

/// Writes values of `N` bytes to the starts of rows, of which the last may be cut short.
#[inline]
fn spread<const N: usize>(rows: &mut [u8], stride: usize, values: &[u8], count: usize) {
    let values = values.as_chunks::<N>().0;
    let values = values.get(..count).unwrap_or(values);
    let put =
        |row: &mut [u8], value: &[u8; N]| row.first_chunk_mut().into_iter().for_each(|row| *row = *value);
    let whole = rows.len().checked_div(stride).unwrap_or(0);
    let (rows, last) = rows.split_at_mut_checked(whole.saturating_mul(stride)).unwrap_or_default();
    rows.chunks_exact_mut(stride.max(1)).zip(values).for_each(|(row, value)| put(row, value));
    values.get(whole).into_iter().for_each(|value| put(last, value));
}
