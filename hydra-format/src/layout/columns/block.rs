//! Blocks of columns: sealed from rows, and viewed as rows.

use super::decode::{Decoded, Stream, StreamBytes, Streams};
use super::directory::{Directory, StreamEntry, ZSTD, most_memory};
use super::encoding::{self, EncodedStream};
use super::shape::{ColumnPart, ColumnShape, Shape, StreamKind};
use super::split::{Gathered, split};
use super::{forced, join, window, zstd};
use crate::layout::BlockLayout;
use crate::layout::rows::{
    Auditor, Regions, RowLayout, StagedRows, Validator, block_bytes, check_stride, invalid,
};
use crate::memory::{AlignedBuf, Backing, Payload, Ranges};
use crate::store::block::{BlockAt, BlockHeader, BlockKind, SealedBlock};
use crate::store::bytes::line_up;
use crate::{Error, ErrorKind, Result, Schema};
use std::ops::Range;
use std::sync::Arc;

/// Records of more bytes are not read by themselves.
const MOST_WINDOW: usize = 256 << 10;

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

    /// Builds a block of columns; `None` if it would take too much memory to read.
    pub(super) fn seal_columns(&self, rows: &StagedRows) -> Result<Option<SealedBlock>> {
        let gathered = split(rows, &self.shape, &self.schema)?;
        let (entries, stored) = self.encode(&gathered);
        let [heap, text] = self.measure(&gathered, rows.count)?;
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

    /// Returns the bytes of heap and text that the records take as rows without gaps.
    fn measure(&self, gathered: &[Gathered], count: usize) -> Result<[usize; 2]> {
        let streams = gathered.iter().zip(&self.shape.streams).map(|(stream, kind)| match kind {
            StreamKind::Offsets(_) => Stream::Offsets((&stream.offsets).into()),
            StreamKind::Rows => {
                let bytes = StreamBytes::Lent(&stream.bytes);
                Stream::of_rows(bytes, stream.record_bytes as u64).unwrap_or(Stream::Unread)
            }
            _ => Stream::Bytes(StreamBytes::Lent(&stream.bytes)),
        });
        let measured = join::measure(&Decoded(streams.collect()), &self.shape, &self.schema, count);
        measured
            .map_err(|_| Error::new(ErrorKind::CannotEncode).what("the records cannot be stored in columns"))
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

    /// Returns the streams of a payload, of which none was read.
    fn streams<'a>(&'a self, block: &'a BlockAt, payload: &'a [u8]) -> Result<Streams<'a>> {
        let all = self.part.as_ref().map_or(self.shape.streams.len(), |(all, _)| *all);
        let mut directory = Directory::read(block, payload, all)?;
        if let Some((_, streams)) = &self.part {
            let entry = |stream: &usize| directory.streams.get(*stream).copied().unwrap_or_default();
            directory.streams = streams.iter().map(entry).collect();
        }
        Ok(Streams::new(block, &self.schema, &self.shape, directory, payload))
    }

    /// Returns the records around one as rows, and which they are, if they can be read without all others. The
    /// payload is checked unless it was before.
    pub(crate) fn view_window(
        &self,
        block: &BlockAt,
        payload: &[u8],
        record: usize,
        verify: bool,
    ) -> Result<Option<(Payload, Range<usize>)>> {
        let start = record.checked_div(window::RECORDS).unwrap_or(0).saturating_mul(window::RECORDS);
        let records = start..start.saturating_add(window::RECORDS).min(block.count as usize);
        let bytes = self.schema.root().size().saturating_mul(window::RECORDS);
        if bytes > MOST_WINDOW || !window::is_flat(&self.shape) {
            return Ok(None);
        }
        let directory = Directory::read(block, payload, self.shape.streams.len())?;
        let mut streams = Streams::new(block, &self.schema, &self.shape, directory, payload);
        if !streams.is_plain() {
            return Ok(None);
        }
        streams.trust(verify)?;
        streams.read_window(records.clone())?;
        let count = records.len();
        let broken = |stream| self.broken(block, &streams.directory, stream);
        let sizes = join::measure(&streams.decoded, &self.shape, &self.schema, count).map_err(broken)?;
        let rows = join::join(&streams.decoded, &self.shape, &self.schema, count, sizes).map_err(broken)?;
        Ok(Some((payload_of(block, rows)?, records)))
    }

    /// Takes the values of the only stream, if the records are nothing else.
    fn only_values<'a>(&self, streams: &mut Streams<'a>) -> Option<StreamBytes<'a>> {
        let [level] = &self.shape.levels[..] else { return None };
        let [ColumnShape { part: ColumnPart::Values { kind, count }, under: None, .. }] = &level.columns[..]
        else {
            return None;
        };
        let stream = streams.decoded.0.first_mut()?;
        let is_all = (kind.fixed_size() as usize).checked_mul(*count) == Some(level.size);
        match std::mem::replace(stream, Stream::Unread) {
            Stream::Bytes(values) if is_all => Some(values),
            other => {
                *stream = other;
                None
            }
        }
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

    /// Returns the records of decoded streams as rows.
    fn rows(&self, block: &BlockAt, streams: &Streams<'_>) -> Result<(AlignedBuf, Ranges)> {
        let broken = |stream| self.broken(block, &streams.directory, stream);
        let (count, Directory { heap, text, .. }) = (block.count as usize, &streams.directory);
        let mut sizes = [*heap as usize, *text as usize];
        if self.part.is_some() {
            let part = join::measure(&streams.decoded, &self.shape, &self.schema, count).map_err(broken)?;
            if part.iter().zip(sizes).any(|(part, all)| *part > all) {
                return Err(broken(self.shape.streams.len()));
            }
            sizes = part;
        }
        join::join(&streams.decoded, &self.shape, &self.schema, count, sizes).map_err(broken)
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
        let end = start.saturating_add(block.payload_bytes as usize);
        let payload = backing.get(start..end).ok_or_else(|| block.error(ErrorKind::CutShort))?;
        let mut streams = self.streams(block, payload)?;
        streams.read()?;
        match self.only_values(&mut streams) {
            Some(StreamBytes::Made(mut values)) => {
                let (count, end) = (values.len(), line_up(values.len() as u64) as usize);
                values.resize(end);
                payload_of(block, (values, Ranges { records: 0..count, heap: end..end, text: end..end }))
            }
            Some(StreamBytes::Lent(values)) => {
                let offset = streams.directory.streams.first().map_or(0, |stream| stream.offset as usize);
                let at = start.saturating_add(offset);
                // Blocks, and so the bytes behind their last stream, end with a line.
                let (count, end) = (values.len(), at.saturating_add(line_up(values.len() as u64) as usize));
                let ranges = Ranges { records: at..at.saturating_add(count), heap: end..end, text: end..end };
                Payload::new(backing.clone(), ranges).map_err(|_| block.error(ErrorKind::BadUtf8))
            }
            None => payload_of(block, self.rows(block, &streams)?),
        }
    }

    fn verify(&self, block: &BlockAt, payload: &Payload, validator: &Validator) -> Result<()> {
        // The offsets of findings would be those of rows, which the file does not have.
        let stride = self.schema.root().size() as u32;
        let rows = BlockAt { header: BlockHeader { stride, ..block.header }, ..*block };
        RowLayout.verify(&rows, payload, validator).map_err(|error| error.moved_to(block.offset))
    }

    fn audit(&self, block: &BlockAt, payload: &[u8], auditor: &Auditor, report: &mut dyn FnMut(Error)) {
        let rows = self.streams(block, payload).and_then(|mut streams| {
            let is_whole = streams.read_each(report);
            streams.audit(report);
            is_whole.then(|| self.rows(block, &streams)).transpose()
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
