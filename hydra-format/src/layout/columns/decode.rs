//! Reading the streams of a block: each is checked against the streams above it, and decoded to one value a
//! slot, so that no other code knows encodings.

use super::directory::{Directory, StreamEntry};
use super::encoding::{self, Flaw, Offsets};
use super::shape::{ColumnPart, ColumnShape, Presence, Shape, StreamKind};
use super::zstd;
use crate::layout::rows::At;
use crate::memory::{AlignedBuf, Text};
use crate::schema::{Kind, Schema, TypeRef};
use crate::store::block::BlockAt;
use crate::store::bytes::{LINE, get, is_zero, line_up};
use crate::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::ops::{Deref, Range};

/// The bytes of a stream: those of the payload, or decoded ones.
pub(super) enum StreamBytes<'a> {
    Lent(&'a [u8]),
    Made(AlignedBuf),
}

impl Deref for StreamBytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            StreamBytes::Lent(bytes) => bytes,
            StreamBytes::Made(bytes) => bytes,
        }
    }
}

/// A decoded stream, with something for every slot.
pub(super) enum Stream<'a> {
    /// The stream was not read.
    Unread,
    /// Bits, or values: zeros for absent slots.
    Bytes(StreamBytes<'a>),
    /// One offset more than slots.
    Offsets(Cow<'a, [u32]>),
    /// The offsets of distinct strings, of which the last is empty, and the number of one for each slot.
    Dictionary { offsets: Vec<u32>, numbers: Vec<u32> },
    /// The payload of rows: the bytes, and where heap and text are in them.
    Rows(StreamBytes<'a>, Range<usize>, Range<usize>),
}

impl<'a> Stream<'a> {
    /// Creates a stream of rows with these bytes of records; `None` if its regions do not fit, or if bytes between
    /// records and heap are not zero.
    pub(super) fn of_rows(bytes: StreamBytes<'a>, record_bytes: u64) -> Option<Stream<'a>> {
        let text = u64::from(get::<u32>(&bytes, 0));
        let payload = (bytes.len() as u64).checked_sub(LINE)?;
        let heap = line_up(record_bytes);
        let fits = heap <= text && text <= payload && text.is_multiple_of(LINE);
        let at = |place: u64| place.saturating_add(LINE) as usize;
        let gap = at(record_bytes)..at(heap);
        let (heap, text) = (at(heap)..at(text), at(text)..bytes.len());
        let is_tidy = fits && is_zero(bytes.get(gap)?);
        (is_tidy && Text::of(bytes.get(text.clone())?).is_some()).then_some(Stream::Rows(bytes, heap, text))
    }

    /// Returns the bytes of bits, values, or a run.
    pub(super) fn bytes(&self) -> &[u8] {
        if let Stream::Bytes(bytes) = self { bytes } else { &[] }
    }

    /// Returns the range of a slot in the run, or of its elements.
    #[inline]
    pub(super) fn range(&self, slot: usize) -> Option<Range<usize>> {
        let (offsets, number) = match self {
            Stream::Offsets(offsets) => (&offsets[..], slot),
            Stream::Dictionary { offsets, numbers } => (&offsets[..], *numbers.get(slot)? as usize),
            _ => return None,
        };
        Some(*offsets.get(number)? as usize..*offsets.get(number.checked_add(1)?)? as usize)
    }
}

/// Says what it means that a stream breaks a rule of FORMAT.md.
fn summary(rule: &str) -> &'static str {
    match rule {
        "M7.2-2" => "the offsets of a column are impossible",
        "M7.2-3" => "the text of a column is not UTF-8, or cut within a character",
        "M7.2-4" => "the numbers of a stream are not those that follow from the streams above it",
        "M7.2-5" => "an absent value of a column is not zero",
        "M7.2-6" => "the rows of a column are impossible",
        "M7.5-1" => "a compressed column cannot be decompressed",
        _ => "a column contradicts its encoding",
    }
}

/// Returns a bit.
#[inline]
pub(super) fn bit(bits: &[u8], index: usize) -> bool {
    bits.get(index >> 3).is_some_and(|byte| byte >> (index & 7) & 1 == 1)
}

/// The decoded streams of a block.
pub(super) struct Decoded<'a>(pub(super) Vec<Stream<'a>>);

impl Decoded<'_> {
    /// Returns the bytes of bits, values, or a run.
    pub(super) fn bytes(&self, stream: usize) -> &[u8] {
        self.0.get(stream).map_or(&[], Stream::bytes)
    }

    /// Returns whether a slot has a value.
    #[inline]
    pub(super) fn is_present(&self, under: Option<Presence>, slot: usize) -> bool {
        self.mask(under).has(slot)
    }

    /// Returns which slots have a value.
    #[inline]
    pub(super) fn mask(&self, under: Option<Presence>) -> Mask<'_> {
        match under {
            Some(presence) => Mask { bits: Some(self.bytes(presence.stream)), times: presence.times },
            None => Mask { bits: None, times: 1 },
        }
    }

    /// Returns the tag of a slot as unsigned bits.
    #[inline]
    pub(super) fn tag(&self, stream: usize, kind: Kind, slot: usize) -> Option<u128> {
        let size = kind.fixed_size() as usize;
        let start = slot.checked_mul(size)?;
        let tag = self.bytes(stream).get(start..start.checked_add(size)?)?;
        Some(At::new(tag, &[], "").uint(size))
    }
}

/// Which slots have a value: one bit for `times` slots, or all.
#[derive(Clone, Copy)]
pub(super) struct Mask<'a> {
    bits: Option<&'a [u8]>,
    times: usize,
}

impl<'a> Mask<'a> {
    pub(super) fn of(bits: &'a [u8]) -> Mask<'a> {
        Mask { bits: Some(bits), times: 1 }
    }

    #[inline]
    pub(super) fn has(self, slot: usize) -> bool {
        let index = if self.times == 1 { slot } else { slot.checked_div(self.times).unwrap_or(0) };
        self.bits.is_none_or(|bits| bit(bits, index))
    }

    /// Returns the number of slots of a range that have a value.
    pub(super) fn count(self, range: Range<usize>) -> usize {
        range.filter(|slot| self.has(*slot)).count()
    }

    /// Returns the bits of a range.
    pub(super) fn part(self, range: &Range<usize>) -> AlignedBuf {
        let mut part = AlignedBuf::zeroed(range.len().div_ceil(8));
        for (index, slot) in range.clone().enumerate() {
            if let Some(byte) = part.get_mut(index >> 3) {
                *byte |= u8::from(self.has(slot)) << (index & 7);
            }
        }
        part
    }

    /// Returns values of `size` bytes at the slots of a range that have one, and zeros at the others.
    pub(super) fn spread(self, values: &[u8], size: usize, range: &Range<usize>) -> AlignedBuf {
        let mut spread = AlignedBuf::zeroed(range.len().saturating_mul(size));
        let slots = range.clone().zip(spread.chunks_exact_mut(size.max(1)));
        let present = slots.filter(|(slot, _)| self.has(*slot));
        present
            .zip(values.chunks_exact(size.max(1)))
            .for_each(|((_, slot), value)| slot.copy_from_slice(value));
        spread
    }
}

/// The streams of a block.
pub(super) struct Streams<'a> {
    pub(super) block: &'a BlockAt,
    schema: &'a Schema,
    pub(super) shape: &'a Shape,
    pub(super) payload: &'a [u8],
    pub(super) directory: Directory,
    pub(super) decoded: Decoded<'a>,
    /// Whether all bytes were checked, so that streams are not.
    pub(super) trusted: bool,
}

impl<'a> Streams<'a> {
    /// Starts to read the streams of a shape, of which the directory has the entries.
    pub(super) fn new(
        block: &'a BlockAt,
        schema: &'a Schema,
        shape: &'a Shape,
        directory: Directory,
        payload: &'a [u8],
    ) -> Streams<'a> {
        let decoded = Decoded(shape.streams.iter().map(|_| Stream::Unread).collect());
        Streams { block, schema, shape, payload, directory, decoded, trusted: false }
    }

    /// Reads all streams of the shape's levels.
    pub(super) fn read(&mut self) -> Result<()> {
        self.level(0, u64::from(self.block.count))
    }

    /// Reads the streams that can be read, and reports what is wrong with each of the others. Returns whether all
    /// were read. Without a presence stream, what is in its option is not looked at.
    pub(super) fn read_each(&mut self, report: &mut dyn FnMut(Error)) -> bool {
        let shape: &'a Shape = self.shape;
        let damaged = (0..self.directory.streams.len()).filter_map(|stream| self.checksum(stream).err());
        let mut all = damaged.map(&mut *report).count() == 0;
        self.trusted = all;
        for column in shape.levels.first().map_or(&[][..], |level| &level.columns) {
            let presence = column.under.and_then(|presence| self.decoded.0.get(presence.stream));
            let read = match presence {
                Some(Stream::Unread) => continue,
                _ => self.column(column, u64::from(self.block.count)),
            };
            if let Err(error) = read {
                all = false;
                // Checksums were reported before.
                (error.kind() != ErrorKind::Checksum).then(|| report(error));
            }
        }
        all
    }

    /// Reads the streams of a level.
    fn level(&mut self, level: usize, slots: u64) -> Result<()> {
        let shape: &'a Shape = self.shape;
        let columns = shape.levels.get(level).map_or(&[][..], |level| &level.columns);
        columns.iter().try_for_each(|column| self.column(column, slots))
    }

    /// Reads the streams of a column.
    fn column(&mut self, column: &'a ColumnShape, slots: u64) -> Result<()> {
        let (stream, under) = (column.stream, column.under);
        match &column.part {
            ColumnPart::Bit => self.bits(stream, slots, under)?,
            ColumnPart::Values { kind, count } => {
                self.values(stream, *kind, slots.saturating_mul(*count as u64), under)?;
            }
            ColumnPart::Text => self.text(stream, slots, under)?,
            ColumnPart::Bytes => self.run(stream, slots, under)?,
            ColumnPart::List(inner) => {
                let elements = self.offsets(stream, slots, under)?;
                self.level(*inner, elements)?;
            }
            ColumnPart::Box(inner) => self.level(*inner, slots)?,
            ColumnPart::Array(count, inner) => self.level(*inner, slots.saturating_mul(*count as u64))?,
            ColumnPart::Enum { kind, variants } => {
                self.values(stream, *kind, slots, under)?;
                for (slots, inner) in self.tagged(stream, *kind, variants, under) {
                    self.level(inner, slots)?;
                }
            }
            ColumnPart::Rows(ty) => self.rows(stream, *ty, slots, under)?,
        }
        Ok(())
    }

    /// Returns the error about a stream.
    #[cold]
    pub(super) fn error(&self, stream: usize, flaw: Flaw) -> Error {
        let offset = self.directory.streams.get(stream).map_or(0, |stream| stream.offset);
        let at = self.block.payload().saturating_add(offset.into());
        let error = self.block.error(ErrorKind::BadColumns).moved_to(at).what(summary(flaw.rule));
        error.path(self.shape.path(stream)).expected(flaw.expected).found(flaw.found)
    }

    /// Returns the error about a stream that this library cannot read.
    #[cold]
    fn unsupported(&self, stream: usize, entry: &StreamEntry, found: String) -> Error {
        let at = self.block.payload().saturating_add(entry.offset.into());
        let error = self.block.error(ErrorKind::Unsupported).moved_to(at).path(self.shape.path(stream));
        error.found(found).help("update this program, or build it with the feature `zstd`")
    }

    fn flaw<T>(
        &self,
        stream: usize,
        rule: &'static str,
        expected: impl ToString,
        found: impl ToString,
    ) -> Result<T> {
        Err(self.error(stream, Flaw::new(rule, 0, expected, found)))
    }

    fn is_present(&self, under: Option<Presence>, slot: usize) -> bool {
        self.decoded.is_present(under, slot)
    }

    pub(super) fn mask(&self, under: Option<Presence>) -> Mask<'_> {
        self.decoded.mask(under)
    }

    /// Returns the number of absent slots.
    pub(super) fn absent(&self, under: Option<Presence>, slots: u64) -> u64 {
        let Some(presence) = under else { return 0 };
        let bits = self.decoded.bytes(presence.stream);
        let ones: u64 = bits.iter().map(|byte| u64::from(byte.count_ones())).sum();
        slots.saturating_sub(ones.saturating_mul(presence.times as u64))
    }

    /// Returns an error if the bytes of a stream do not match their checksum.
    fn checksum(&self, stream: usize) -> Result<()> {
        let entry = self.directory.streams.get(stream).copied().unwrap_or_default();
        let crc = crc32fast::hash(entry.stored(self.payload).unwrap_or_default());
        if crc == entry.crc {
            return Ok(());
        }
        let at = self.block.payload().saturating_add(entry.offset.into());
        let error = self.block.error(ErrorKind::Checksum).moved_to(at).path(self.shape.path(stream));
        Err(error.expected(format!("{:#010x}", entry.crc)).found(format!("{crc:#010x}")))
    }

    /// Returns the entry of a stream and its stored bytes, if the entry is what follows from the streams above
    /// and the bytes match their checksum.
    pub(super) fn entry(
        &self,
        stream: usize,
        slots: u64,
        absent: u64,
        plain: u64,
    ) -> Result<(StreamEntry, StreamBytes<'a>)> {
        let entry = self.directory.streams.get(stream).copied().unwrap_or_default();
        let kind = self.shape.streams.get(stream).copied().unwrap_or(StreamKind::Rows);
        if !self.trusted {
            self.checksum(stream)?;
        }
        if entry.unknown_flags() != 0 || !encoding::is_known(entry.encoding, kind.content()) {
            let found = format!("encoding {}, flags {:#04x}", entry.encoding, entry.flags);
            return Err(self.unsupported(stream, &entry, found));
        }
        let found = [entry.slots.into(), entry.absent.into(), entry.plain.into()];
        if found != [slots, absent, plain] {
            let words =
                |[slots, absent, plain]: [u64; 3]| format!("{slots} slots, {absent} absent, {plain} bytes");
            return self.flaw(stream, "M7.2-4", words([slots, absent, plain]), words(found));
        }
        Ok((entry, self.content(stream, &entry)?))
    }

    /// Returns the bytes of a stream in its encoding, without compression.
    fn content(&self, stream: usize, entry: &StreamEntry) -> Result<StreamBytes<'a>> {
        let stored = entry.stored(self.payload).unwrap_or_default();
        if !entry.is_compressed() {
            return Ok(StreamBytes::Lent(stored));
        }
        let least = if entry.encoding == 0 { entry.plain } else { 0 };
        let sizes = u64::from(least)..=u64::from(entry.plain);
        let expected = || match least {
            0 => format!("one frame of at most {} bytes", entry.plain),
            _ => format!("one frame of {least} bytes"),
        };
        let refused = |why: Error| match why.kind() {
            ErrorKind::Unsupported => self.unsupported(stream, entry, why.message()),
            _ => self.error(stream, Flaw::new("M7.5-1", 0, expected(), why.what_text())),
        };
        let size = zstd::content_size(stored).map_err(refused)?;
        if !sizes.contains(&size) {
            return self.flaw(stream, "M7.5-1", expected(), format!("{size} bytes"));
        }
        let mut made = AlignedBuf::zeroed(size as usize);
        zstd::decompress(stored, &mut made).map_err(refused)?;
        Ok(StreamBytes::Made(made))
    }

    pub(super) fn keep(&mut self, stream: usize, decoded: Stream<'a>) {
        if let Some(slot) = self.decoded.0.get_mut(stream) {
            *slot = decoded;
        }
    }

    /// Reads bits.
    pub(super) fn bits(&mut self, stream: usize, slots: u64, under: Option<Presence>) -> Result<()> {
        let absent = self.absent(under, slots);
        let (entry, stored) = self.entry(stream, slots, absent, slots.div_ceil(8))?;
        let (slots, absent) = (slots as usize, absent as usize);
        let count = if entry.encoding == 0 { slots } else { slots.saturating_sub(absent) };
        let mut bits = AlignedBuf::zeroed(count.div_ceil(8));
        encoding::read_bits(entry.encoding, &stored, count, &mut bits)
            .map_err(|flaw| self.error(stream, flaw))?;
        if absent > 0 && entry.encoding == 0 {
            let set = (0..slots).find(|slot| bit(&bits, *slot) && !self.is_present(under, *slot));
            self.check_absent(stream, set)?;
        } else if absent > 0 {
            let mut spread = AlignedBuf::zeroed(slots.div_ceil(8));
            let mut next = 0usize;
            for slot in (0..slots).filter(|slot| self.is_present(under, *slot)) {
                if let Some(byte) = spread.get_mut(slot >> 3) {
                    *byte |= u8::from(bit(&bits, next)) << (slot & 7);
                }
                next = next.saturating_add(1);
            }
            bits = spread;
        }
        self.keep(stream, Stream::Bytes(StreamBytes::Made(bits)));
        Ok(())
    }

    /// Returns an error if there is an absent slot with a value.
    fn check_absent(&self, stream: usize, slot: Option<usize>) -> Result<()> {
        match slot {
            None => Ok(()),
            Some(slot) => self.flaw(stream, "M7.2-5", "zero", format!("slot {slot}")),
        }
    }

    /// Reads values of one kind.
    fn values(&mut self, stream: usize, kind: Kind, slots: u64, under: Option<Presence>) -> Result<()> {
        let size = kind.fixed_size() as usize;
        let absent = self.absent(under, slots);
        let (entry, stored) = self.entry(stream, slots, absent, slots.saturating_mul(size as u64))?;
        let (slots, absent) = (slots as usize, absent as usize);
        if entry.encoding == 0 {
            if stored.len() != entry.plain as usize {
                return self.flaw(stream, "M7.3-1", entry.plain, stored.len());
            }
            let values = stored.chunks_exact(size).enumerate();
            let mut set = values.filter(|(slot, value)| !is_zero(value) && !self.is_present(under, *slot));
            let set = if absent > 0 { set.next() } else { None };
            self.check_absent(stream, set.map(|(slot, _)| slot))?;
            self.keep(stream, Stream::Bytes(stored));
            return Ok(());
        }
        let count = slots.saturating_sub(absent);
        let mut values = AlignedBuf::zeroed(count.saturating_mul(size));
        let encoding = (entry.encoding, entry.parameter);
        encoding::read_values(kind, encoding, &stored, count, &mut values)
            .map_err(|flaw| self.error(stream, flaw))?;
        if absent > 0 {
            values = self.mask(under).spread(&values, size, &(0..slots));
        }
        self.keep(stream, Stream::Bytes(StreamBytes::Made(values)));
        Ok(())
    }

    /// Reads offsets, and returns the last one.
    fn offsets(&mut self, stream: usize, slots: u64, under: Option<Presence>) -> Result<u64> {
        let absent = self.absent(under, slots);
        let plain = slots.saturating_add(1).saturating_mul(4);
        let (entry, stored) = self.entry(stream, slots, absent, plain)?;
        let (slots, absent) = (slots as usize, absent as usize);
        let present = slots.saturating_sub(absent);
        let count = if entry.encoding == 0 { slots } else { present };
        let read = encoding::read_offsets(entry.encoding, &stored, count.saturating_add(1));
        let read = read.map_err(|flaw| self.error(stream, flaw))?;
        let is_dense = entry.encoding != 0 && absent > 0;
        let (decoded, last) = match read {
            Offsets::Plain(offsets) => {
                let last = self.check_offsets(stream, &offsets)?;
                let filled = |slot: &usize| offsets.get(*slot) != offsets.get(slot.saturating_add(1));
                let mut set = (0..if is_dense { 0 } else { slots }).filter(filled);
                let set = if absent > 0 { set.find(|slot| !self.is_present(under, *slot)) } else { None };
                self.check_absent(stream, set)?;
                let offsets = if is_dense { self.spread_offsets(&offsets, slots, under) } else { offsets };
                (Stream::Offsets(offsets.into()), last)
            }
            Offsets::Dictionary { mut offsets, numbers } => {
                let last = self.check_offsets(stream, &offsets)?;
                let empty = offsets.len().saturating_sub(1) as u32;
                offsets.push(last);
                let mut next = numbers.into_iter().map(u32::from);
                let number =
                    |slot| if self.is_present(under, slot) { next.next().unwrap_or(empty) } else { empty };
                (Stream::Dictionary { numbers: (0..slots).map(number).collect(), offsets }, last)
            }
        };
        self.keep(stream, decoded);
        Ok(last.into())
    }

    /// Checks that offsets begin with 0 and do not fall, and returns the last one.
    fn check_offsets(&self, stream: usize, offsets: &[u32]) -> Result<u32> {
        match offsets {
            [0, ..] if offsets.is_sorted() => Ok(offsets.last().copied().unwrap_or(0)),
            _ => self.flaw(stream, "M7.2-2", "offsets that begin with 0 and do not fall", "others"),
        }
    }

    /// Gives an offset to absent slots as well.
    fn spread_offsets(&self, offsets: &[u32], slots: usize, under: Option<Presence>) -> Vec<u32> {
        let mut next = 0usize;
        let offset = |next: usize| offsets.get(next).copied().unwrap_or(0);
        let spread = (0..slots).map(|slot| {
            let own = offset(next);
            next = next.saturating_add(usize::from(self.is_present(under, slot)));
            own
        });
        let mut spread: Vec<u32> = spread.collect();
        spread.push(offset(offsets.len().saturating_sub(1)));
        spread
    }

    /// Reads the bytes of a run or of rows.
    pub(super) fn unpacked(
        &self,
        stream: usize,
        slots: u64,
        absent: u64,
        plain: Option<u64>,
    ) -> Result<StreamBytes<'a>> {
        let own = self.directory.streams.get(stream).map_or(0, |entry| entry.plain);
        let (entry, stored) = self.entry(stream, slots, absent, plain.unwrap_or(own.into()))?;
        if stored.len() != entry.plain as usize {
            return self.flaw(stream, "M7.3-1", entry.plain, stored.len());
        }
        Ok(stored)
    }

    /// Reads offsets and their run.
    fn run(&mut self, stream: usize, slots: u64, under: Option<Presence>) -> Result<()> {
        let bytes = self.offsets(stream, slots, under)?;
        let number = stream.saturating_add(1);
        let run = self.unpacked(number, slots, self.absent(under, slots), Some(bytes))?;
        self.keep(number, Stream::Bytes(run));
        Ok(())
    }

    /// Reads offsets and their run of text.
    fn text(&mut self, stream: usize, slots: u64, under: Option<Presence>) -> Result<()> {
        self.run(stream, slots, under)?;
        let number = stream.saturating_add(1);
        let (Some(offsets), Some(run)) = (self.decoded.0.get(stream), self.decoded.0.get(number)) else {
            return Ok(());
        };
        let Some(text) = Text::of(run.bytes()) else {
            return self.flaw(number, "M7.2-3", "UTF-8", "other bytes");
        };
        let offsets = match offsets {
            Stream::Offsets(offsets) => &offsets[..],
            Stream::Dictionary { offsets, .. } => offsets,
            _ => return Ok(()),
        };
        match offsets.iter().find(|offset| !text.is_boundary(**offset as usize)) {
            None => Ok(()),
            Some(at) => self.flaw(stream, "M7.2-3", "a character boundary", at),
        }
    }

    /// Returns the number of slots of each variant that has fields, with its level.
    fn tagged(
        &self,
        stream: usize,
        kind: Kind,
        variants: &[(u128, usize)],
        under: Option<Presence>,
    ) -> Vec<(u64, usize)> {
        let mut counts = vec![0u64; variants.len()];
        if variants.is_empty() {
            return Vec::new();
        }
        for slot in 0.. {
            let Some(tag) = self.decoded.tag(stream, kind, slot) else { break };
            let variant = variants.binary_search_by_key(&tag, |(tag, _)| *tag);
            if let Ok(variant) = variant
                && self.is_present(under, slot)
                && let Some(count) = counts.get_mut(variant)
            {
                *count = count.saturating_add(1);
            }
        }
        counts.into_iter().zip(variants.iter().map(|(_, level)| *level)).collect()
    }

    /// Reads values in rows, and checks where their regions are.
    fn rows(&mut self, stream: usize, ty: u32, slots: u64, under: Option<Presence>) -> Result<()> {
        let absent = self.absent(under, slots);
        let bytes = self.unpacked(stream, slots, absent, None)?;
        let size = self.schema.resolve(TypeRef::Index(ty)).size() as u64;
        let records = slots.saturating_sub(absent).saturating_mul(size);
        let found = bytes.len();
        match Stream::of_rows(bytes, records) {
            Some(rows) => self.keep(stream, rows),
            None => {
                let found = format!("{found} bytes");
                return self.flaw(stream, "M7.2-6", format!("rows with {records} bytes of records"), found);
            }
        }
        Ok(())
    }

    /// Returns a flaw if bytes in the line before rows are not zero.
    fn audit_rows(&self, stream: usize) -> std::result::Result<(), Flaw> {
        match self.decoded.0.get(stream) {
            Some(Stream::Rows(bytes, ..)) if !is_zero(bytes.get(4..LINE as usize).unwrap_or_default()) => {
                Err(Flaw::new("M1-2", 4, "60 bytes of zero", "others"))
            }
            _ => Ok(()),
        }
    }

    /// Reports bytes and bits that readers ignore and that are not zero, of streams that were read.
    pub(super) fn audit(&self, report: &mut dyn FnMut(Error)) {
        let irregular = |at: u64| self.block.error(ErrorKind::NotCanonical).moved_to(at);
        self.directory
            .audit(self.payload, &mut |at| report(irregular(self.block.payload().saturating_add(at))));
        for (number, (entry, kind)) in self.directory.streams.iter().zip(&self.shape.streams).enumerate() {
            if matches!(self.decoded.0.get(number), Some(Stream::Unread)) {
                continue;
            }
            let Ok(stored) = self.content(number, entry) else { continue };
            let absent = if entry.encoding == 0 { 0 } else { entry.absent };
            let count = entry.slots.saturating_sub(absent) as usize;
            let outcome = match kind {
                StreamKind::Bits => encoding::audit_bits(entry.encoding, &stored, count),
                StreamKind::Values(kind) => {
                    encoding::audit_values(*kind, (entry.encoding, entry.parameter), &stored, count)
                }
                StreamKind::Offsets(_) => {
                    encoding::audit_offsets(entry.encoding, &stored, count.saturating_add(1))
                }
                StreamKind::Run(_) => Ok(()),
                StreamKind::Rows => self.audit_rows(number),
            };
            if let Err(flaw) = outcome {
                let at = self.block.payload().saturating_add(entry.offset.into());
                let error = irregular(at).path(self.shape.path(number)).expected(flaw.expected);
                report(error.found(flaw.found));
            }
        }
    }
}
