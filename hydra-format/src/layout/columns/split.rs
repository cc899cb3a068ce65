//! Rows to columns: every stream in encoding 0, and what the other encodings store of it.

use super::decode::bit;
use super::places::{NOWHERE, SlotPlaces, SlotRun, push, slots};
use super::relocate::Relocation;
use super::shape::{ColumnPart, ColumnShape, Level, Presence, Shape, StreamKind};
use super::target::RowTarget;
use crate::layout::rows::{At, StagedRows, put};
use crate::memory::AlignedBuf;
use crate::schema::{Kind, Schema, TypeRef};
use crate::store::bytes::LINE;
use crate::{Error, ErrorKind, Result};

/// The bytes of records of which all columns are gathered together, while they are in the first-level cache.
const TILE: usize = 8 << 10;

/// A stream before it is encoded.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) slot_count: usize,
    pub(super) absent_count: usize,
    /// The bits or values of all slots, a run, or rows.
    pub(super) bytes: Vec<u8>,
    /// The bytes of the records of rows.
    pub(super) record_bytes: usize,
    /// The offsets of all slots.
    pub(super) offsets: Vec<u32>,
    /// The bits or values, and the offsets, of slots that are not absent, if some are absent.
    pub(super) present: Option<(Vec<u8>, Vec<u32>)>,
}

/// Returns the streams of a block.
pub(super) fn split(rows: &StagedRows, shape: &Shape, schema: &Schema) -> Result<Vec<Gathered>> {
    let [records, heap, _] = &rows.regions;
    let streams = shape.streams.iter().map(|kind| Gathered {
        offsets: if matches!(kind, StreamKind::Offsets(_)) { vec![0] } else { Vec::new() },
        ..Gathered::default()
    });
    let mut split = Split { shape, schema, rows: rows.at()?, heap, streams: streams.collect() };
    split.level(0, &[SlotRun { place: 0, count: rows.count }], records);
    if split.streams.iter().any(|stream| stream.bytes.len() > u32::MAX as usize) {
        return Err(Error::new(ErrorKind::TooLarge).what("the columns of a block"));
    }
    Ok(split.streams)
}

/// The slots of a level, at places of a region.
struct LevelSlots<'p, 's> {
    places: &'p [SlotRun],
    size: usize,
    region: &'s [u8],
}

impl LevelSlots<'_, '_> {
    fn count(&self) -> usize {
        self.places.iter().map(|run| run.count).sum()
    }
}

fn reference(bytes: &[u8]) -> (usize, usize) {
    At::new(bytes, &[], "").reference()
}

struct Split<'s> {
    shape: &'s Shape,
    schema: &'s Schema,
    rows: At<'s>,
    heap: &'s [u8],
    streams: Vec<Gathered>,
}

impl<'s> Split<'s> {
    /// Gathers the columns of slots at these places of a region.
    fn level(&mut self, level: usize, places: &[SlotRun], region: &'s [u8]) {
        let shape: &'s Shape = self.shape;
        let Some(Level { columns, size, .. }) = shape.levels.get(level) else { return };
        let here = LevelSlots { places, size: *size, region };
        self.flat(columns, &here);
        for column in columns {
            match &column.part {
                ColumnPart::Bit => self.bits(column, &here),
                ColumnPart::Values { kind, count } => {
                    let bytes = (kind.fixed_size() as usize).saturating_mul(*count);
                    self.values(column, (bytes, *count), &here);
                }
                ColumnPart::Text | ColumnPart::Bytes => self.run(column, &here),
                ColumnPart::List(inner) => self.list(column, *inner, &here),
                ColumnPart::Box(inner) => {
                    let mut inside = SlotPlaces::new();
                    for (_, part) in self.parts(column, &here) {
                        let (offset, _) = part.map_or((NOWHERE, 0), reference);
                        push(&mut inside, SlotRun { place: offset, count: 1 }, self.size(*inner));
                    }
                    self.level(*inner, &inside, self.heap);
                }
                ColumnPart::Array(count, inner) => {
                    let part = |place: usize| {
                        if place == NOWHERE { place } else { place.saturating_add(column.offset) }
                    };
                    let inside =
                        slots(places, *size).map(|place| SlotRun { place: part(place), count: *count });
                    self.level(*inner, &inside.collect::<SlotPlaces>(), region);
                }
                ColumnPart::Enum { kind, variants } => {
                    self.values(column, (kind.fixed_size() as usize, 1), &here);
                    self.variants(column, *kind, variants, &here);
                }
                ColumnPart::Rows(ty) => self.in_rows(column, *ty, &here),
            }
        }
    }

    fn size(&self, level: usize) -> usize {
        self.shape.levels.get(level).map_or(0, |level| level.size)
    }

    /// Returns whether a slot has a value.
    #[inline]
    fn is_present(&self, under: Option<Presence>, slot: usize) -> bool {
        under.is_none_or(|presence| {
            let bits = self.streams.get(presence.stream).map_or(&[][..], |stream| &stream.bytes);
            // A division takes longer than all else.
            let times = presence.times;
            bit(bits, if times == 1 { slot } else { slot.checked_div(times).unwrap_or_default() })
        })
    }

    /// Returns the place of each slot and the bytes of a column in it; `None` if the slot is absent.
    fn parts<'a>(
        &'a self,
        column: &'a ColumnShape,
        here: &'a LevelSlots<'_, 's>,
    ) -> impl Iterator<Item = (usize, Option<&'s [u8]>)> + 'a {
        slots(here.places, here.size).enumerate().map(|(slot, place)| {
            let bytes = place.checked_add(column.offset).and_then(|start| here.region.get(start..));
            (place, bytes.filter(|_| self.is_present(column.under, slot)))
        })
    }

    fn bits(&mut self, column: &ColumnShape, here: &LevelSlots<'_, 's>) {
        let (mut all, mut present) = (BitWriter::default(), BitWriter::default());
        for (_, part) in self.parts(column, here) {
            let set = part.and_then(<[u8]>::first) == Some(&1);
            all.push(set);
            if part.is_some() {
                present.push(set);
            }
        }
        let absent_count = all.count.saturating_sub(present.count);
        let present = (absent_count > 0).then(|| (present.bytes, Vec::new()));
        self.keep(
            column.stream,
            Gathered { absent_count, bytes: all.bytes, present, ..Gathered::of(all.count) },
        );
    }

    fn keep(&mut self, stream: usize, gathered: Gathered) {
        if let Some(stream) = self.streams.get_mut(stream) {
            *stream = gathered;
        }
    }

    /// Gathers the values and tags of columns that are in no option.
    fn flat(&mut self, columns: &[ColumnShape], here: &LevelSlots<'_, 's>) {
        let count = here.count();
        let columns = columns.iter().filter(|column| column.under.is_none());
        let flat = columns.filter_map(|column| {
            let (kind, times) = match &column.part {
                ColumnPart::Values { kind, count } => (kind, *count),
                ColumnPart::Enum { kind, .. } => (kind, 1),
                _ => return None,
            };
            let bytes = (kind.fixed_size() as usize).saturating_mul(times);
            let gathered = Gathered::of(count.saturating_mul(times));
            let all = Vec::with_capacity(count.saturating_mul(bytes));
            Some((column, bytes, Gathered { bytes: all, ..gathered }))
        });
        let mut flat: Vec<_> = flat.collect();
        let tile = TILE.checked_div(here.size).unwrap_or(0).max(1);
        for run in if flat.is_empty() { &[][..] } else { here.places } {
            for start in (0..run.count).step_by(tile) {
                let place = run.place.saturating_add(start.saturating_mul(here.size));
                let count = run.count.saturating_sub(start).min(tile);
                for (column, bytes, gathered) in &mut flat {
                    let rows = here.region.get(place.saturating_add(column.offset)..).unwrap_or_default();
                    gather(&mut gathered.bytes, rows, here.size, *bytes, count);
                }
            }
        }
        flat.into_iter().for_each(|(column, _, gathered)| self.keep(column.stream, gathered));
    }

    /// Gathers the values of a column in an option: `bytes` of `times` values a slot.
    fn values(&mut self, column: &ColumnShape, (bytes, times): (usize, usize), here: &LevelSlots<'_, 's>) {
        let Some(under) = column.under else { return };
        // Presence has a bit for `times` values.
        let under = Some(Presence { times: under.times.checked_div(times).unwrap_or(0), ..under });
        let column = ColumnShape { under, part: ColumnPart::Bit, ..*column };
        let count = here.count();
        let [mut all, mut present] = [(); 2].map(|()| Vec::with_capacity(count.saturating_mul(bytes)));
        let parts = self.parts(&column, here).map(|(_, part)| part);
        match bytes {
            1 => gather_present::<1>(&mut all, &mut present, parts),
            2 => gather_present::<2>(&mut all, &mut present, parts),
            4 => gather_present::<4>(&mut all, &mut present, parts),
            8 => gather_present::<8>(&mut all, &mut present, parts),
            _ => parts.for_each(|part| match part.and_then(|part| part.get(..bytes)) {
                Some(part) => {
                    all.extend_from_slice(part);
                    present.extend_from_slice(part);
                }
                None => all.resize(all.len().saturating_add(bytes), 0),
            }),
        }
        let absent = all.len().saturating_sub(present.len()).checked_div(bytes).unwrap_or(0);
        let present = (absent > 0).then_some((present, Vec::new()));
        let gathered = Gathered {
            absent_count: absent.saturating_mul(times),
            bytes: all,
            present,
            ..Gathered::default()
        };
        self.keep(column.stream, Gathered { slot_count: count.saturating_mul(times), ..gathered });
    }

    /// Gathers offsets and calls `each` with the reference of each slot that has a value.
    fn offsets(
        &mut self,
        column: &ColumnShape,
        here: &LevelSlots<'_, 's>,
        mut each: impl FnMut(usize, usize) -> usize,
    ) {
        let (mut all, mut present, mut end) = (vec![0u32], vec![0u32], 0usize);
        for (_, part) in self.parts(column, here) {
            if let Some((offset, count)) = part.map(reference) {
                end = end.saturating_add(each(offset, count));
                present.push(end as u32);
            }
            all.push(end as u32);
        }
        let (slot_count, some) = (all.len().saturating_sub(1), present.len().saturating_sub(1));
        let absent_count = slot_count.saturating_sub(some);
        let present = (absent_count > 0).then_some((Vec::new(), present));
        self.keep(
            column.stream,
            Gathered { slot_count, absent_count, offsets: all, present, ..Gathered::default() },
        );
    }

    fn run(&mut self, column: &ColumnShape, here: &LevelSlots<'_, 's>) {
        let is_text = matches!(column.part, ColumnPart::Text);
        let from = if is_text { self.rows.regions().1.all().as_bytes() } else { self.heap };
        let mut run = Vec::new();
        self.offsets(column, here, |offset, count| {
            let bytes = from.get(offset..offset.saturating_add(count)).unwrap_or_default();
            run.extend_from_slice(bytes);
            bytes.len()
        });
        let Some(Gathered { slot_count, absent_count, .. }) = self.streams.get(column.stream) else { return };
        let gathered = Gathered { absent_count: *absent_count, bytes: run, ..Gathered::of(*slot_count) };
        self.keep(column.stream.saturating_add(1), gathered);
    }

    fn list(&mut self, column: &ColumnShape, inner: usize, here: &LevelSlots<'_, 's>) {
        let (element, mut inside) = (self.size(inner), SlotPlaces::new());
        self.offsets(column, here, |place, count| {
            if count > 0 {
                push(&mut inside, SlotRun { place, count }, element);
            }
            count
        });
        self.level(inner, &inside, self.heap);
    }

    fn variants(
        &mut self,
        column: &ColumnShape,
        kind: Kind,
        variants: &[(u128, usize)],
        here: &LevelSlots<'_, 's>,
    ) {
        let mut inside = vec![SlotPlaces::new(); variants.len()];
        for (place, tag) in self.parts(column, here) {
            let tag = tag.map(|tag| At::new(tag, &[], "").uint(kind.fixed_size() as usize));
            let Ok(variant) = variants.binary_search_by_key(&tag, |(tag, _)| Some(*tag)) else { continue };
            if let Some(inside) = inside.get_mut(variant) {
                inside.push(SlotRun { place: place.saturating_add(column.offset), count: 1 });
            }
        }
        variants.iter().zip(inside).for_each(|((_, inner), inside)| self.level(*inner, &inside, here.region));
    }

    /// Gathers values in rows: the line with the text offset, and the payload.
    fn in_rows(&mut self, column: &ColumnShape, ty: u32, here: &LevelSlots<'_, 's>) {
        let bytes = self.schema.resolve(TypeRef::Index(ty)).size();
        let present = self.parts(column, here).filter_map(|(_, part)| part?.get(..bytes));
        let present: Vec<&[u8]> = present.collect();
        let copy = |to: &mut RowTarget| {
            let mut relocation = Relocation::verified(self.schema, self.shape, self.rows);
            let places = (0..present.len()).map(|index| index.saturating_mul(bytes));
            places.zip(&present).try_for_each(|(place, value)| relocation.copy(ty, value, place, to))
        };
        let mut measured = RowTarget::measuring();
        let done = copy(&mut measured);
        let [heap, text] = measured.used();
        let sizes = [present.len().saturating_mul(bytes), heap, text];
        let mut to = RowTarget::new(AlignedBuf::default(), sizes);
        let done = done.and_then(|()| copy(&mut to));
        debug_assert!(done.is_some(), "verified values can be copied");
        let (payload, ranges) = to.into_parts();
        let mut stored = vec![0; LINE as usize];
        stored.splice(..4, (ranges.text.start as u32).to_le_bytes());
        stored.extend_from_slice(&payload);
        let slot_count = here.count();
        let absent_count = slot_count.saturating_sub(present.len());
        let gathered =
            Gathered { absent_count, record_bytes: ranges.records.len(), ..Gathered::of(slot_count) };
        self.keep(column.stream, Gathered { bytes: stored, ..gathered });
    }
}

impl Gathered {
    /// Creates a stream of this many slots without content.
    fn of(slot_count: usize) -> Gathered {
        Gathered { slot_count, ..Gathered::default() }
    }
}

/// Bits, from the lowest of each byte up.
#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    count: usize,
}

impl BitWriter {
    fn push(&mut self, set: bool) {
        let at = self.count & 7;
        if at == 0 {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(set) << at;
        }
        self.count = self.count.saturating_add(1);
    }
}

/// Appends the first `bytes` of each of `count` rows.
fn gather(all: &mut Vec<u8>, rows: &[u8], stride: usize, bytes: usize, count: usize) {
    if bytes == stride {
        return all.extend_from_slice(rows.get(..bytes.saturating_mul(count)).unwrap_or_default());
    }
    let end = all.len();
    all.resize(end.saturating_add(bytes.saturating_mul(count)), 0);
    let to = all.get_mut(end..).unwrap_or_default();
    let rows = rows.chunks(stride.max(1));
    match bytes {
        1 => gather_as::<1>(to, rows),
        2 => gather_as::<2>(to, rows),
        4 => gather_as::<4>(to, rows),
        8 => gather_as::<8>(to, rows),
        _ => to.chunks_exact_mut(bytes.max(1)).zip(rows).for_each(|(to, row)| {
            put(to, row.get(..bytes).unwrap_or_default());
        }),
    }
}

fn gather_as<'a, const BYTES: usize>(to: &mut [u8], rows: impl Iterator<Item = &'a [u8]>) {
    for (to, row) in to.as_chunks_mut::<BYTES>().0.iter_mut().zip(rows) {
        *to = row.first_chunk().copied().unwrap_or([0; BYTES]);
    }
}

/// Appends the first bytes of each part, and zeros for absent ones; those of the others to `present`, too.
fn gather_present<'a, const BYTES: usize>(
    all: &mut Vec<u8>,
    present: &mut Vec<u8>,
    parts: impl Iterator<Item = Option<&'a [u8]>>,
) {
    parts.for_each(|part| {
        let value = part.and_then(<[u8]>::first_chunk::<BYTES>);
        all.extend_from_slice(value.unwrap_or(&[0; BYTES]));
        if let Some(value) = value {
            present.extend_from_slice(value);
        }
    });
}
