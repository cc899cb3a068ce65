//! Blocks of columns: sealed from rows, and viewed as rows.

use super::decode::{Decoded, Stream, StreamBytes, Streams, Unpacked};
use super::directory::{Directory, StreamEntry, ZSTD, most_memory};
use super::encoding::{self, EncodedStream, GROUP};
use super::shape::{ColumnPart, ColumnShape, Shape, StreamKind};
use super::split::{Gathered, split};
use super::target::RowTarget;
use super::{forced, join, zstd};
use crate::layout::BlockLayout;
use crate::layout::rows::{
    Auditor, Regions, RowLayout, StagedRows, Validator, block_bytes, check_stride, invalid,
};
use crate::memory::{AlignedBuf, Backing, Payload, Ranges};
use crate::store::block::{BlockAt, BlockHeader, BlockKind, SealedBlock};
use crate::store::bytes::line_up;
use crate::{Error, ErrorKind, Kind, Result, Schema};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Records of more bytes are not read by themselves.
const MOST_WINDOW: usize = 256 << 10;
/// The number of streams and levels for each group of records that is read at once.
const MANY_STREAMS: usize = 64;

/// Layout 1 with encoding 0, for blocks of one schema.
#[derive(Debug)]
pub(crate) struct ColumnLayout {
    schema: Schema,
    pub(super) shape: Shape,
    /// The number of streams of the blocks, and those of the shape, if it has only some fields of their type.
    part: Option<(usize, Vec<usize>)>,
}

impl ColumnLayout {
    /// Creates the layout of a schema; `None` if it cannot be stored in columns.
    pub(in crate::layout) fn new(schema: &Schema) -> Option<ColumnLayout> {
        Some(ColumnLayout { schema: schema.clone(), shape: Shape::new(schema)?, part: None })
    }

    /// Returns the layout as which only some fields of a struct are read, with their schema.
    pub(in crate::layout) fn with_fields(&self, keep: &[usize]) -> Option<ColumnLayout> {
        let schema = self.schema.with_fields(keep).ok()?;
        let (all, fields) = (self.shape.streams.len(), &self.shape.fields);
        let end = |field: usize| fields.get(field.saturating_add(1)).copied().unwrap_or(all);
        let streams = keep.iter().map(|field| Some(*fields.get(*field)?..end(*field)));
        let streams: Vec<usize> = streams.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
        let shape = Shape::new(&schema).filter(|shape| shape.streams.len() == streams.len())?;
        Some(ColumnLayout { schema, shape, part: Some((all, streams)) })
    }

    pub(in crate::layout) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Builds a block of columns; `None` if these would take too much memory to read, or are not what was to be
    /// stored, which would be a bug: its records are then stored as rows.
    pub(super) fn seal_columns(&self, rows: &StagedRows) -> Result<Option<SealedBlock>> {
        let gathered = split(rows, &self.shape, &self.schema)?;
        let (entries, stored) = self.encode(&gathered);
        let measured = self.measure(&gathered, rows.count);
        debug_assert!(measured.is_ok(), "columns of verified records can be read");
        let Ok([heap, text]) = measured else { return Ok(None) };
        let directory = Directory { heap: heap as u32, text: text as u32, streams: entries };
        let (payload, crc) = directory.assemble(&stored);
        let records = (rows.count as u64).saturating_mul(rows.stride as u64);
        if directory.memory(records) > most_memory(payload.len()) {
            return Ok(None);
        }
        let mut sealed = SealedBlock::of(BlockKind::Data, payload)?;
        sealed.header.layout = 1;
        sealed.header.count = rows.count as u32;
        sealed.header.stride = rows.stride as u32;
        sealed.header.text = crc;
        Ok(Some(sealed))
    }

    /// Returns the bytes of heap and text that the records take as rows without gaps, or the number of a stream that
    /// breaks a rule.
    fn measure(&self, gathered: &[Gathered], count: usize) -> Result<[usize; 2], usize> {
        let streams = gathered.iter().zip(&self.shape.streams).map(|(stream, kind)| match kind {
            StreamKind::Offsets(_) => Stream::Offsets((&stream.offsets).into()),
            StreamKind::Rows => {
                Stream::of_rows(&stream.bytes, stream.record_bytes as u64).unwrap_or_default()
            }
            _ => Stream::Bytes(StreamBytes::Lent(&stream.bytes)),
        });
        join::measure(&Decoded(streams.collect()), &self.shape, &self.schema, count)
    }

    /// Encodes streams.
    fn encode(&self, gathered: &[Gathered]) -> (Vec<StreamEntry>, Vec<Vec<u8>>) {
        let mut all: Vec<EncodedStream> = Vec::with_capacity(gathered.len());
        for (number, (stream, kind)) in gathered.iter().zip(&self.shape.streams).enumerate() {
            let present = stream.present.as_ref();
            let bytes = present.map_or(&stream.bytes, |(bytes, _)| bytes);
            let offsets = present.map_or(&stream.offsets, |(_, offsets)| offsets);
            match kind {
                StreamKind::Bits => {
                    let some = stream.slot_count.saturating_sub(stream.absent_count);
                    all.push(encoding::store_bits(&stream.bytes, stream.slot_count, some));
                }
                StreamKind::Values(kind) => all.push(encoding::store_values(*kind, &stream.bytes, bytes)),
                StreamKind::Offsets(false) => all.push(encoding::store_offsets(&stream.offsets, offsets)),
                StreamKind::Offsets(true) => {
                    let run = gathered.get(number.saturating_add(1)).map_or(&[][..], |run| &run.bytes);
                    let (offsets, run) = encoding::store_run(&stream.offsets, offsets, run, &zstd::compress);
                    all.extend([offsets, run]);
                }
                StreamKind::Run(_) => {}
                StreamKind::Rows => all.push(encoding::store_run_bytes(&stream.bytes, &zstd::compress)),
            }
        }
        let entry = |(stored, (stream, kind)): (&mut EncodedStream, (&Gathered, &StreamKind))| {
            let plain = match kind {
                StreamKind::Offsets(_) => stream.offsets.len().saturating_mul(4),
                StreamKind::Run(_) => stored.plain,
                _ => stream.bytes.len(),
            };
            if !matches!(kind, StreamKind::Run(_) | StreamKind::Rows) {
                stored.compress_packed(plain, &zstd::compress);
            }
            StreamEntry {
                encoding: stored.encoding,
                parameter: stored.parameter,
                flags: if stored.zstd { ZSTD } else { 0 },
                plain: plain as u32,
                slots: stream.slot_count as u32,
                absent: stream.absent_count as u32,
                ..StreamEntry::default()
            }
        };
        let entries = all.iter_mut().zip(gathered.iter().zip(&self.shape.streams)).map(entry).collect();
        (entries, all.into_iter().map(|stored| stored.bytes).collect())
    }

    /// Returns the place of what is decompressed of the streams of a block.
    pub(crate) fn unpacked(&self) -> Box<Unpacked> {
        self.shape.streams.iter().map(|_| OnceLock::new()).collect()
    }

    /// Starts to read the streams of a payload.
    fn streams<'a>(
        &'a self,
        block: &'a BlockAt,
        payload: &'a [u8],
        unpacked: &'a Unpacked,
        is_window: bool,
    ) -> Result<Streams<'a>> {
        let all = self.part.as_ref().map_or(self.shape.streams.len(), |(all, _)| *all);
        let mut directory = Directory::read(block, payload, all)?;
        if let Some((_, streams)) = &self.part {
            let entry = |stream: &usize| directory.streams.get(*stream).copied().unwrap_or_default();
            directory.streams = streams.iter().map(entry).collect();
        }
        Ok(Streams::new(block, &self.schema, &self.shape, directory, (payload, unpacked), is_window))
    }

    /// Returns the records around one as rows, and which they are, if they can be read without all others: no
    /// values are stored as rows in a stream. The payload is checked unless it was before.
    pub(crate) fn view_window(
        &self,
        block: &BlockAt,
        payload: &[u8],
        unpacked: &Unpacked,
        record: usize,
        verify: bool,
    ) -> Result<Option<(Payload, Range<usize>)>> {
        let start = record.saturating_sub(record % GROUP);
        let records = start..start.saturating_add(GROUP).min(block.count as usize);
        let (stride, count) = (self.schema.root().size(), records.len());
        if stride.saturating_mul(count) > MOST_WINDOW || self.shape.streams.contains(&StreamKind::Rows) {
            return Ok(None);
        }
        if verify {
            block.check_payload(payload)?;
        }
        let mut streams = self.streams(block, payload, unpacked, true)?;
        streams.read(records.clone())?;
        let Streams { decoded, directory, .. } = &streams;
        let broken = |stream| self.broken(block, directory, stream);
        let [heap, text] = join::measure(decoded, &self.shape, &self.schema, count).map_err(broken)?;
        if heap > directory.heap as usize || text > directory.text as usize {
            return Err(broken(self.shape.streams.len()));
        }
        let mut to = RowTarget::new(AlignedBuf::default(), [stride.saturating_mul(count), heap, text]);
        join::join(decoded, &self.shape, &self.schema, 0..count, &mut to).map_err(broken)?;
        Ok(Some((payload_of(block, to.into_parts())?, records)))
    }

    /// Returns the kind and the number of the values that are all there is of a record.
    fn only_values(&self) -> Option<(Kind, usize)> {
        let [level] = &self.shape.levels[..] else { return None };
        let [ColumnShape { part: ColumnPart::Values { kind, count }, under: None, .. }] = &level.columns[..]
        else {
            return None;
        };
        ((kind.fixed_size() as usize).checked_mul(*count) == Some(level.size)).then_some((*kind, *count))
    }

    /// Creates the error about a stream of rows that does not fit, or about the lengths of the records as rows.
    #[cold]
    fn broken(&self, block: &BlockAt, directory: &Directory, stream: usize) -> Error {
        let error = block.error(ErrorKind::BadColumns);
        let Some(entry) = directory.streams.get(stream) else {
            return error.what("heap and text of the records have other lengths than the directory says");
        };
        let at = block.payload().saturating_add(entry.offset.into());
        error.moved_to(at).what("the rows of a column are impossible").path(self.shape.path(stream))
    }

    /// Reads all records as rows, into a buffer.
    fn rows(
        &self,
        block: &BlockAt,
        streams: &mut Streams<'_>,
        buffer: AlignedBuf,
    ) -> Result<(AlignedBuf, Ranges)> {
        let (count, stride) = (block.count as usize, self.schema.root().size());
        let Directory { heap, text, .. } = streams.directory;
        let mut to = RowTarget::new(buffer, [count.saturating_mul(stride), heap as usize, text as usize]);
        // So that streams and levels take no longer than values.
        let many = self.shape.streams.len().saturating_add(self.shape.levels.len());
        let part = many.div_ceil(MANY_STREAMS).saturating_mul(GROUP);
        let part = if self.shape.streams.contains(&StreamKind::Rows) { count } else { part };
        for start in (0..count.max(1)).step_by(part.max(1)) {
            let records = start..start.saturating_add(part).min(count);
            streams.read(records.clone())?;
            join::join(&streams.decoded, &self.shape, &self.schema, records, &mut to)
                .map_err(|stream| self.broken(block, &streams.directory, stream))?;
        }
        if self.part.is_none() && !to.is_full() {
            return Err(self.broken(block, &streams.directory, self.shape.streams.len()));
        }
        Ok(to.into_parts())
    }

    /// Returns the records as rows, in this buffer if they are not lent from the backing.
    pub(crate) fn view_in(
        &self,
        block: &BlockAt,
        backing: &Backing,
        start: usize,
        mut buffer: AlignedBuf,
    ) -> Result<Payload> {
        let end = start.saturating_add(block.payload_bytes as usize);
        let payload = backing.get(start..end).ok_or_else(|| block.error(ErrorKind::CutShort))?;
        let unpacked = self.unpacked();
        let mut streams = self.streams(block, payload, &unpacked, false)?;
        // Records that are nothing but values have no heap and no text.
        let is_tidy = self.part.is_some() || streams.directory.heap | streams.directory.text == 0;
        let Some((kind, count)) = self.only_values().filter(|_| is_tidy) else {
            return payload_of(block, self.rows(block, &mut streams, buffer)?);
        };
        let ranges = |at: usize, count: usize| {
            // Blocks, and so the bytes behind their last stream, end with a line.
            let end = at.saturating_add(line_up(count as u64) as usize);
            Ranges { records: at..at.saturating_add(count), heap: end..end, text: end..end }
        };
        if let Some(values) = streams.only_values(kind, count, &mut buffer)? {
            let offset = streams.directory.streams.first().map_or(0, |stream| stream.offset as usize);
            let ranges = ranges(start.saturating_add(offset), values.len());
            return Payload::new(backing.clone(), ranges).map_err(|_| block.error(ErrorKind::BadUtf8));
        }
        let ranges = ranges(0, buffer.len());
        buffer.resize(ranges.text.end);
        payload_of(block, (buffer, ranges))
    }
}

fn payload_of(block: &BlockAt, (buffer, ranges): (AlignedBuf, Ranges)) -> Result<Payload> {
    Payload::new(Backing::Buffer(Arc::new(buffer)), ranges).map_err(|_| block.error(ErrorKind::BadUtf8))
}

impl BlockLayout for ColumnLayout {
    fn seal(&self, rows: StagedRows) -> Result<SealedBlock> {
        let bytes = block_bytes([&rows.regions[0], &rows.regions[1], &rows.regions[2]].map(Vec::len));
        match self.seal_columns(&rows)? {
            Some(sealed) if sealed.header.bytes() < bytes || forced::is_on() => Ok(sealed),
            _ => RowLayout.seal(rows),
        }
    }

    fn check_header(&self, block: &BlockAt, schema: &Schema) -> Result<()> {
        check_stride(block, schema)
    }

    fn view(&self, block: &BlockAt, backing: Backing, start: usize) -> Result<Payload> {
        self.view_in(block, &backing, start, AlignedBuf::default())
    }

    fn verify(&self, block: &BlockAt, payload: &Payload, validator: &Validator) -> Result<()> {
        // The offsets of findings would be those of rows, which the file does not have.
        let stride = self.schema.root().size() as u32;
        let rows = BlockAt { header: BlockHeader { stride, ..block.header }, ..*block };
        RowLayout.verify(&rows, payload, validator).map_err(|error| error.moved_to(block.offset))
    }

    fn audit(&self, block: &BlockAt, payload: &[u8], auditor: &Auditor, report: &mut dyn FnMut(Error)) {
        let unpacked = self.unpacked();
        let rows = self.streams(block, payload, &unpacked, false).and_then(|mut streams| {
            let is_whole = streams.read_each(report);
            streams.audit(report);
            is_whole.then(|| self.rows(block, &mut streams, AlignedBuf::default())).transpose()
        });
        let (buffer, ranges) = match rows {
            Err(error) => return report(error),
            Ok(None) => return,
            Ok(Some(rows)) => rows,
        };
        let Ok(rows) = Payload::new(Backing::Buffer(Arc::new(buffer)), ranges) else {
            return report(block.error(ErrorKind::BadUtf8));
        };
        let (count, stride) = (block.count as usize, block.stride as usize);
        let regions = Regions { front: rows.front(), text: rows.text(), count, stride };
        auditor.audit(&regions, &mut |fault| {
            report(invalid(fault, block.payload(), block.first).moved_to(block.offset));
        });
    }
}
