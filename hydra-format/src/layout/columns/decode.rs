//! Reading the streams of a block: each is checked against the streams above it, and decoded to one value a
//! slot, so that no other code knows encodings. Streams are opened once, and decoded for a part of the records
//! after the other, so that what is decoded stays in the cache of the processor.

use super::directory::{Directory, StreamEntry};
use super::encoding::{self, Flaw, Offsets, Scratch};
use super::reading::{Mask, Reading, StreamSource, Tags};
use super::shape::{ColumnPart, ColumnShape, Presence, Shape, StreamKind};
use super::zstd;
use crate::layout::rows::At;
use crate::memory::{AlignedBuf, Text};
use crate::schema::{Kind, Schema, TypeRef};
use crate::store::block::BlockAt;
use crate::store::bytes::{LINE, get, is_zero, line_up};
use crate::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::{Deref, Range};
use std::sync::OnceLock;

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

/// A decoded stream, with something for every slot of a part of the records.
#[derive(Default)]
pub(super) enum Stream<'a> {
    /// The stream was not read.
    #[default]
    Unread,
    /// Bits, or values: zeros for absent slots. Or a run, which is always whole.
    Bytes(StreamBytes<'a>),
    /// One offset more than slots.
    Offsets(Cow<'a, [u32]>),
    /// The offsets of distinct strings, of which the last is empty, and the number of one for each slot.
    Dictionary { offsets: Vec<u32>, numbers: Vec<u32> },
    /// The payload of rows: the bytes, and where heap and text are in them.
    Rows(&'a [u8], Range<usize>, Range<usize>),
}

impl<'a> Stream<'a> {
    /// Creates a stream of rows with these bytes of records; `None` if its regions do not fit, or if bytes between
    /// records and heap are not zero.
    pub(super) fn of_rows(bytes: &'a [u8], record_bytes: u64) -> Option<Stream<'a>> {
        let text = u64::from(get::<u32>(bytes, 0));
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

    /// Returns the buffer of what was decoded before, for what is decoded next.
    fn into_buffer(self) -> AlignedBuf {
        if let Stream::Bytes(StreamBytes::Made(buffer)) = self { buffer } else { AlignedBuf::default() }
    }

    /// Returns the elements of all slots.
    fn all(&self) -> Option<Range<usize>> {
        let Stream::Offsets(offsets) = self else { return None };
        Some(*offsets.first()? as usize..*offsets.last()? as usize)
    }
}

/// Returns the range of so many values for each slot of a range.
fn times(range: &Range<usize>, count: usize) -> Range<usize> {
    range.start.saturating_mul(count)..range.end.saturating_mul(count)
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
        Mask::new(under, |stream| self.bytes(stream)).has(slot)
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

/// The streams of a block that were decompressed, by their numbers.
pub(crate) type Unpacked = [OnceLock<Vec<u8>>];

/// The streams of a block.
pub(super) struct Streams<'a> {
    pub(super) block: &'a BlockAt,
    schema: &'a Schema,
    shape: &'a Shape,
    payload: &'a [u8],
    pub(super) directory: Directory,
    unpacked: &'a Unpacked,
    sources: Vec<StreamSource<'a>>,
    /// The streams for the part of the records that was read last.
    pub(super) decoded: Decoded<'a>,
    /// Whether all bytes were checked.
    trusted: bool,
    /// Whether only some records are read, of which the text is checked later.
    is_window: bool,
    scratch: RefCell<Box<Scratch>>,
}

/// What is read of a stream: some of its slots, which are so many in all records, and the option it is in.
#[derive(Clone, Copy)]
struct Wanted<'r> {
    stream: usize,
    under: Option<Presence>,
    slots: u64,
    range: &'r Range<usize>,
}

impl<'a> Streams<'a> {
    /// Starts to read the streams of a shape, of which the directory has the entries.
    pub(super) fn new(
        block: &'a BlockAt,
        schema: &'a Schema,
        shape: &'a Shape,
        directory: Directory,
        (payload, unpacked): (&'a [u8], &'a Unpacked),
        is_window: bool,
    ) -> Streams<'a> {
        let sources = shape.streams.iter().map(|_| StreamSource::Closed).collect();
        let decoded = Decoded(shape.streams.iter().map(|_| Stream::Unread).collect());
        let (trusted, scratch) = (is_window, RefCell::default());
        Streams {
            block,
            schema,
            shape,
            payload,
            directory,
            unpacked,
            sources,
            decoded,
            trusted,
            is_window,
            scratch,
        }
    }

    /// Reads all streams of the shape's levels for these records.
    pub(super) fn read(&mut self, records: Range<usize>) -> Result<()> {
        self.level(0, u64::from(self.block.count), &records)
    }

    /// Reads all records of the streams that can be read, and reports what is wrong with each of the others. Returns
    /// whether all were read. Without a presence stream, what is in its option is not looked at.
    pub(super) fn read_each(&mut self, report: &mut dyn FnMut(Error)) -> bool {
        let shape: &'a Shape = self.shape;
        let damaged = (0..self.directory.streams.len()).filter_map(|stream| self.checksum(stream).err());
        let mut all = damaged.map(&mut *report).count() == 0;
        self.trusted = all;
        let count = self.block.count;
        for column in shape.levels.first().map_or(&[][..], |level| &level.columns) {
            let presence = column.under.and_then(|presence| self.decoded.0.get(presence.stream));
            let read = match presence {
                Some(Stream::Unread) => continue,
                _ => self.column(column, count.into(), &(0..count as usize)),
            };
            if let Err(error) = read {
                all = false;
                // Checksums were reported before.
                (error.kind() != ErrorKind::Checksum).then(|| report(error));
            }
        }
        all
    }

    /// Reads the streams of a level for a range of its slots.
    fn level(&mut self, level: usize, slots: u64, range: &Range<usize>) -> Result<()> {
        let shape: &'a Shape = self.shape;
        let columns = shape.levels.get(level).map_or(&[][..], |level| &level.columns);
        columns.iter().try_for_each(|column| self.column(column, slots, range))
    }

    /// Reads the streams of a column for a range of its slots.
    fn column(&mut self, column: &'a ColumnShape, slots: u64, range: &Range<usize>) -> Result<()> {
        let wanted = Wanted { stream: column.stream, under: column.under, slots, range };
        match &column.part {
            ColumnPart::Bit => self.bits(wanted),
            ColumnPart::Values { kind, count } => {
                let (slots, range) = (slots.saturating_mul(*count as u64), &times(range, *count));
                self.values(Wanted { slots, range, ..wanted }, *kind)
            }
            ColumnPart::Text => self.text(wanted),
            ColumnPart::Bytes => self.run(wanted),
            ColumnPart::List(inner) => {
                let elements = self.offsets(wanted)?;
                let inside = self.decoded.0.get(wanted.stream).and_then(Stream::all).unwrap_or(0..0);
                self.level(*inner, elements, &inside)
            }
            ColumnPart::Box(inner) => self.level(*inner, slots, range),
            ColumnPart::Array(count, inner) => {
                self.level(*inner, slots.saturating_mul(*count as u64), &times(range, *count))
            }
            ColumnPart::Enum { kind, variants } if variants.is_empty() => self.values(wanted, *kind),
            ColumnPart::Enum { kind, variants } => {
                let inside = self.tags(wanted, *kind, variants)?;
                let mut levels = inside.into_iter().zip(variants);
                levels.try_for_each(|((slots, range), (_, inner))| self.level(*inner, slots, &range))
            }
            ColumnPart::Rows(ty) => self.rows(wanted, *ty),
        }
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

    /// Returns which slots of all records have a value.
    fn mask(&self, under: Option<Presence>) -> Mask<'_> {
        Mask::new(under, |stream| self.sources.get(stream).map_or(&[], StreamSource::bits))
    }

    /// Returns the number of absent slots.
    fn absent(&self, Wanted { under, slots, .. }: Wanted<'_>) -> u64 {
        let present = under.map(|under| self.mask(Some(under)).count(0..slots as usize) as u64);
        slots.saturating_sub(present.unwrap_or(slots))
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
    fn entry(&self, wanted: Wanted<'_>, absent: u64, plain: u64) -> Result<(StreamEntry, &'a [u8])> {
        let Wanted { stream, slots, .. } = wanted;
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
    fn content(&self, stream: usize, entry: &StreamEntry) -> Result<&'a [u8]> {
        let stored = entry.stored(self.payload).unwrap_or_default();
        let Some(kept) = self.unpacked.get(stream).filter(|_| entry.is_compressed()) else {
            return Ok(stored);
        };
        if let Some(plain) = kept.get() {
            return Ok(plain);
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
        let plain = zstd::decompress(stored, size as usize).map_err(refused)?;
        Ok(kept.get_or_init(|| plain))
    }

    fn keep(&mut self, stream: usize, source: StreamSource<'a>, decoded: Stream<'a>) {
        if let (Some(own), Some(slot)) = (self.sources.get_mut(stream), self.decoded.0.get_mut(stream)) {
            (*own, *slot) = (source, decoded);
        }
    }

    /// Takes a stream out to read more of it.
    fn take(&mut self, stream: usize) -> (StreamSource<'a>, Stream<'a>) {
        let source = self.sources.get_mut(stream).map(std::mem::take).unwrap_or_default();
        let decoded = self.decoded.0.get_mut(stream).map(std::mem::take).unwrap_or_default();
        (source, decoded)
    }

    /// Reads bits.
    fn bits(&mut self, wanted: Wanted<'_>) -> Result<()> {
        let (source, decoded) = self.take(wanted.stream);
        let bits = match source {
            StreamSource::Bits(bits) => bits,
            _ => self.all_bits(wanted)?,
        };
        let mut part = decoded.into_buffer();
        Mask::of(&bits).part(wanted.range, &mut part);
        self.keep(wanted.stream, StreamSource::Bits(bits), Stream::Bytes(StreamBytes::Made(part)));
        Ok(())
    }

    /// Opens a stream of bits, and reads all of them.
    fn all_bits(&self, wanted: Wanted<'_>) -> Result<AlignedBuf> {
        let (Wanted { stream, under, slots, .. }, absent) = (wanted, self.absent(wanted));
        let (entry, stored) = self.entry(wanted, absent, slots.div_ceil(8))?;
        let (slots, absent) = (slots as usize, absent as usize);
        let count = if entry.encoding == 0 { slots } else { slots.saturating_sub(absent) };
        let mut bits = AlignedBuf::zeroed(count.div_ceil(8));
        encoding::read_bits(entry.encoding, stored, count, &mut bits)
            .map_err(|flaw| self.error(stream, flaw))?;
        if absent == 0 {
            return Ok(bits);
        }
        let mask = self.mask(under);
        if entry.encoding == 0 {
            let set = (0..slots).find(|slot| bit(&bits, *slot) && !mask.has(*slot));
            return self.check_absent(stream, set).map(|()| bits);
        }
        let mut spread = AlignedBuf::zeroed(slots.div_ceil(8));
        for (next, slot) in (0..slots).filter(|slot| mask.has(*slot)).enumerate() {
            if let Some(byte) = spread.get_mut(slot >> 3) {
                *byte |= u8::from(bit(&bits, next)) << (slot & 7);
            }
        }
        Ok(spread)
    }

    /// Returns an error if there is an absent slot with a value.
    fn check_absent(&self, stream: usize, slot: Option<usize>) -> Result<()> {
        match slot {
            None => Ok(()),
            Some(slot) => self.flaw(stream, "M7.2-5", "zero", format!("slot {slot}")),
        }
    }

    /// Reads values of one kind.
    fn values(&mut self, wanted: Wanted<'_>, kind: Kind) -> Result<()> {
        let (source, decoded) = self.take(wanted.stream);
        let mut reading = match source {
            StreamSource::Values(reading) => reading,
            _ => self.open_values(wanted, kind)?,
        };
        let decoded = self.some_values(wanted, &mut reading, decoded)?;
        self.keep(wanted.stream, StreamSource::Values(reading), decoded);
        Ok(())
    }

    fn open_values(&self, wanted: Wanted<'_>, kind: Kind) -> Result<Reading<'a>> {
        let (slots, absent, size) = (wanted.slots, self.absent(wanted), kind.fixed_size() as usize);
        let (entry, stored) = self.entry(wanted, absent, slots.saturating_mul(size as u64))?;
        let present = slots.saturating_sub(if entry.encoding == 0 { 0 } else { absent }) as usize;
        let values = encoding::open_values(kind, (entry.encoding, entry.parameter), stored, present);
        let values = values.map_err(|flaw| self.error(wanted.stream, flaw))?;
        let plain = (entry.encoding == 0).then_some(stored);
        Ok(Reading::new(values, size, present, plain, absent > 0))
    }

    fn some_values(
        &self,
        Wanted { stream, under, range, .. }: Wanted<'_>,
        reading: &mut Reading<'a>,
        before: Stream<'a>,
    ) -> Result<Stream<'a>> {
        let mask = self.mask(under);
        if let Some(plain) = reading.plain {
            let bytes = times(range, reading.size);
            let values = plain.get(bytes).unwrap_or_default();
            if reading.has_absent {
                let mut slots = range.clone().zip(values.chunks_exact(reading.size.max(1)));
                let set = slots.find(|(slot, value)| !is_zero(value) && !mask.has(*slot));
                self.check_absent(stream, set.map(|(slot, _)| slot))?;
            }
            return Ok(Stream::Bytes(StreamBytes::Lent(values)));
        }
        let mut out = before.into_buffer();
        out.resize(range.len().saturating_mul(reading.size));
        let scratch = &mut self.scratch.borrow_mut();
        reading.fill(range, mask, &mut out, scratch).map_err(|flaw| self.error(stream, flaw))?;
        Ok(Stream::Bytes(StreamBytes::Made(out)))
    }

    /// Returns the values of the only stream of a shape: those of the payload, if it has them as they are.
    /// Otherwise they are read to `out`.
    pub(super) fn only_values(
        &mut self,
        kind: Kind,
        times: usize,
        out: &mut AlignedBuf,
    ) -> Result<Option<&'a [u8]>> {
        let slots = u64::from(self.block.count).saturating_mul(times as u64);
        let all = Wanted { stream: 0, under: None, slots, range: &(0..slots as usize) };
        let reading = self.open_values(all, kind)?;
        let compressed = self.directory.streams.first().is_some_and(StreamEntry::is_compressed);
        if let Some(plain) = reading.plain.filter(|_| !compressed) {
            return Ok(Some(plain));
        }
        out.resize((slots as usize).saturating_mul(reading.size));
        let scratch = &mut self.scratch.borrow_mut();
        reading.values.read(0..slots as usize, out, scratch).map_err(|flaw| self.error(0, flaw))?;
        Ok(None)
    }

    /// Reads tags of variants with fields, and returns for each the number of its slots, and those of the range.
    fn tags(
        &mut self,
        wanted: Wanted<'_>,
        kind: Kind,
        variants: &[(u128, usize)],
    ) -> Result<Vec<(u64, Range<usize>)>> {
        let Wanted { stream, under, slots, range } = wanted;
        if !matches!(self.sources.get(stream), Some(StreamSource::Tags(_))) {
            self.values(Wanted { range: &(0..slots as usize), ..wanted }, kind)?;
            let (_, all) = self.take(stream);
            let count = variants.len();
            let mut tags = Tags { all, totals: vec![0; count], before: vec![0; count], at: 0 };
            tags.totals = tags.count(kind, variants, self.mask(under), 0..slots as usize);
            self.keep(stream, StreamSource::Tags(tags), Stream::Unread);
        }
        let (source, before) = self.take(stream);
        let StreamSource::Tags(mut tags) = source else { return Ok(Vec::new()) };
        if tags.at != range.start {
            tags.before = tags.count(kind, variants, self.mask(under), 0..range.start);
        }
        let own = tags.count(kind, variants, self.mask(under), range.clone());
        let mut inside = Vec::with_capacity(variants.len());
        for ((own, before), total) in own.into_iter().zip(&mut tags.before).zip(&tags.totals) {
            let start = *before;
            *before = start.saturating_add(own);
            inside.push((*total as u64, start..*before));
        }
        tags.at = range.end;
        let mut out = before.into_buffer();
        let part = tags.all.bytes().get(times(range, kind.fixed_size() as usize)).unwrap_or_default();
        out.resize(part.len());
        out.copy_from_slice(part);
        self.keep(stream, StreamSource::Tags(tags), Stream::Bytes(StreamBytes::Made(out)));
        Ok(inside)
    }

    /// Reads offsets, and returns the last one of all.
    fn offsets(&mut self, wanted: Wanted<'_>) -> Result<u64> {
        let (source, decoded) = self.take(wanted.stream);
        let (mut reading, last, decoded) = match source {
            StreamSource::Offsets(reading, last) => (reading, last, decoded),
            _ => self.open_offsets(wanted)?,
        };
        let decoded = self.some_offsets(wanted, (&mut reading, last), decoded)?;
        self.keep(wanted.stream, StreamSource::Offsets(reading, last), decoded);
        Ok(last.into())
    }

    fn open_offsets(&self, wanted: Wanted<'_>) -> Result<(Reading<'a>, u32, Stream<'a>)> {
        let (Wanted { stream, slots, .. }, absent) = (wanted, self.absent(wanted));
        let (entry, stored) = self.entry(wanted, absent, slots.saturating_add(1).saturating_mul(4))?;
        let is_plain = entry.encoding == 0;
        let count = slots.saturating_sub(if is_plain { 0 } else { absent }) as usize;
        let opened = encoding::open_offsets(entry.encoding, stored, count.saturating_add(1));
        match opened.map_err(|flaw| self.error(stream, flaw))? {
            Offsets::Plain(values) => {
                let mut reading =
                    Reading::new(values, 4, count.saturating_add(1), is_plain.then_some(stored), absent > 0);
                let scratch = &mut self.scratch.borrow_mut();
                let last = reading.read(count..count.saturating_add(1), scratch);
                let last = last.map_err(|flaw| self.error(stream, flaw))?;
                let last = get::<u32>(last, 0);
                Ok((reading, last, Stream::Offsets(Cow::default())))
            }
            Offsets::Dictionary { mut offsets, numbers } => {
                let last = offsets.last().copied().unwrap_or(0);
                offsets.push(last);
                let decoded = Stream::Dictionary { offsets, numbers: Vec::new() };
                Ok((Reading::new(numbers, 2, count, None, absent > 0), last, decoded))
            }
        }
    }

    fn some_offsets(
        &self,
        Wanted { stream, under, range, .. }: Wanted<'_>,
        (reading, last): (&mut Reading<'a>, u32),
        before: Stream<'a>,
    ) -> Result<Stream<'a>> {
        let mask = self.mask(under);
        let dense = reading.dense(range, mask);
        let is_dense = reading.is_dense();
        let scratch = &mut self.scratch.borrow_mut();
        let has = |index: usize| !is_dense || mask.has(range.start.saturating_add(index));
        if let Stream::Dictionary { offsets, mut numbers } = before {
            let read = reading.read(dense, scratch).map_err(|flaw| self.error(stream, flaw))?;
            let empty = offsets.len().saturating_sub(2) as u32;
            let mut next = read.as_chunks().0.iter().map(|number| u32::from(u16::from_le_bytes(*number)));
            numbers.clear();
            let number = |index| if has(index) { next.next().unwrap_or(empty) } else { empty };
            numbers.extend((0..range.len()).map(number));
            return Ok(Stream::Dictionary { offsets, numbers });
        }
        let is_first = dense.start == 0;
        let read = reading.read(dense.start..dense.end.saturating_add(1), scratch);
        let read = read.map_err(|flaw| self.error(stream, flaw))?;
        let mut all = if let Stream::Offsets(Cow::Owned(all)) = before { all } else { Vec::new() };
        all.clear();
        all.extend(read.as_chunks().0.iter().map(|offset| u32::from_le_bytes(*offset)));
        encoding::check_offsets(0, is_first, &all).map_err(|flaw| self.error(stream, flaw))?;
        if all.last().is_none_or(|end| *end > last) {
            return self.flaw(stream, "M7.2-2", format!("offsets up to {last}"), "others");
        }
        if reading.has_absent && !is_dense {
            let filled =
                all.iter().zip(all.iter().skip(1)).enumerate().filter(|(_, (start, end))| start != end);
            let slots = filled.map(|(index, _)| range.start.saturating_add(index));
            self.check_absent(stream, { slots }.find(|slot| !mask.has(*slot)))?;
        } else if is_dense {
            let mut next = 0usize;
            let spread = (0..range.len()).map(|index| {
                let own = all.get(next).copied().unwrap_or(0);
                next = next.saturating_add(usize::from(has(index)));
                own
            });
            all = spread.chain(all.last().copied()).collect();
        }
        Ok(Stream::Offsets(all.into()))
    }

    /// Opens a run or rows.
    fn whole(&self, wanted: Wanted<'_>, plain: Option<u64>) -> Result<&'a [u8]> {
        let own = self.directory.streams.get(wanted.stream).map_or(0, |entry| entry.plain);
        let plain = plain.unwrap_or(own.into());
        let (_, stored) = self.entry(wanted, self.absent(wanted), plain)?;
        if stored.len() as u64 != plain {
            return self.flaw(wanted.stream, "M7.3-1", plain, stored.len());
        }
        Ok(stored)
    }

    /// Reads offsets, and opens their run.
    fn run(&mut self, wanted: Wanted<'_>) -> Result<()> {
        let bytes = self.offsets(wanted)?;
        let number = wanted.stream.saturating_add(1);
        if matches!(self.sources.get(number), Some(StreamSource::Closed)) {
            let run = self.whole(Wanted { stream: number, ..wanted }, Some(bytes))?;
            self.keep(number, StreamSource::Run(Text::default()), Stream::Bytes(StreamBytes::Lent(run)));
        }
        Ok(())
    }

    /// Reads offsets, and opens their run of text. Of records that are read alone, only their own text is
    /// checked, as that of the rows that they become.
    fn text(&mut self, wanted: Wanted<'_>) -> Result<()> {
        let number = wanted.stream.saturating_add(1);
        let is_new = matches!(self.sources.get(number), Some(StreamSource::Closed));
        self.run(wanted)?;
        if self.is_window {
            return Ok(());
        }
        let (Some(StreamSource::Run(text)), Some(Stream::Bytes(StreamBytes::Lent(run)))) =
            (self.sources.get_mut(number), self.decoded.0.get(number))
        else {
            return Ok(());
        };
        if is_new {
            let Some(found) = Text::of(run) else {
                return self.flaw(number, "M7.2-3", "UTF-8", "other bytes");
            };
            *text = found;
        }
        let text = *text;
        let offsets = match self.decoded.0.get(wanted.stream) {
            Some(Stream::Offsets(offsets)) => &offsets[..],
            Some(Stream::Dictionary { offsets, .. }) if is_new => offsets,
            _ => return Ok(()),
        };
        match offsets.iter().find(|offset| !text.is_boundary(**offset as usize)) {
            None => Ok(()),
            Some(at) => self.flaw(wanted.stream, "M7.2-3", "a character boundary", at),
        }
    }

    /// Reads values in rows, and checks where their regions are. They are read as a whole.
    fn rows(&mut self, wanted: Wanted<'_>, ty: u32) -> Result<()> {
        let (Wanted { stream, slots, .. }, bytes) = (wanted, self.whole(wanted, None)?);
        let size = self.schema.resolve(TypeRef::Index(ty)).size() as u64;
        let records = slots.saturating_sub(self.absent(wanted)).saturating_mul(size);
        let found = bytes.len();
        match Stream::of_rows(bytes, records) {
            Some(rows) => self.keep(stream, StreamSource::Closed, rows),
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
                StreamKind::Bits => encoding::audit_bits(entry.encoding, stored, count),
                StreamKind::Values(kind) => {
                    encoding::audit_values(*kind, (entry.encoding, entry.parameter), stored, count)
                }
                StreamKind::Offsets(_) => {
                    encoding::audit_offsets(entry.encoding, stored, count.saturating_add(1))
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
