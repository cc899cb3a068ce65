//! Blocks of columns: sealed from rows, and viewed as rows.

use super::decode::{Decoded, Stream, StreamBytes, Streams};
use super::directory::{Directory, StreamEntry, ZSTD, most_memory};
use super::encoding::{self, EncodedStream};
use super::shape::{Shape, StreamKind};
use super::split::{Gathered, split};
use super::{join, zstd};
use crate::layout::BlockLayout;
use crate::layout::rows::{
    Auditor, Regions, RowLayout, StagedRows, Validator, block_bytes, check_stride, invalid,
};
use crate::memory::{AlignedBuf, Backing, Payload, Ranges};
use crate::store::block::{BlockAt, BlockKind, SealedBlock};
use crate::{Error, ErrorKind, Result, Schema};
use std::sync::Arc;

/// Layout 1 with encoding 0, for blocks of one schema.
#[derive(Debug)]
pub(crate) struct ColumnLayout {
    schema: Schema,
    pub(super) shape: Shape,
}

impl ColumnLayout {
    /// Creates the layout of a schema; `None` if it cannot be stored in columns.
    pub(in crate::layout) fn new(schema: &Schema) -> Option<ColumnLayout> {
        Some(ColumnLayout { schema: schema.clone(), shape: Shape::new(schema)? })
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
        let entry = |(stored, (stream, kind)): (&EncodedStream, (&Gathered, &StreamKind))| {
            let plain = match kind {
                StreamKind::Offsets(_) => stream.offsets.len().saturating_mul(4),
                StreamKind::Run(_) => stored.plain,
                _ => stream.bytes.len(),
            };
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
        let entries = all.iter().zip(gathered.iter().zip(&self.shape.streams)).map(entry).collect();
        (entries, all.into_iter().map(|stored| stored.bytes).collect())
    }

    /// Returns the decoded streams of a payload.
    fn streams<'a>(&'a self, block: &'a BlockAt, payload: &'a [u8]) -> Result<Streams<'a>> {
        let mut streams = Streams::new(block, &self.schema, &self.shape, payload)?;
        streams.read()?;
        Ok(streams)
    }

    /// Returns the records of decoded streams as rows.
    fn rows(&self, block: &BlockAt, streams: &Streams<'_>) -> Result<(AlignedBuf, Ranges)> {
        let sizes = [streams.directory.heap as usize, streams.directory.text as usize];
        join::join(&streams.decoded, &self.shape, &self.schema, block.count as usize, sizes).map_err(
            |stream| {
                let what = match self.shape.streams.get(stream) {
                    Some(_) => "what a stream refers to does not fit",
                    None => "heap and text of the records have other lengths than the directory says",
                };
                block.error(ErrorKind::BadColumns).what(what).path(self.shape.path(stream))
            },
        )
    }
}

impl BlockLayout for ColumnLayout {
    fn seal(&self, rows: StagedRows) -> Result<SealedBlock> {
        let bytes = block_bytes([&rows.regions[0], &rows.regions[1], &rows.regions[2]].map(Vec::len));
        match self.seal_columns(&rows)? {
            Some(sealed) if sealed.header.bytes() < bytes => Ok(sealed),
            _ => RowLayout.seal(rows),
        }
    }

    fn check_header(&self, block: &BlockAt, schema: &Schema) -> Result<()> {
        check_stride(block, schema)
    }

    fn check_payload(&self, _: &BlockAt, _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn converts(&self) -> bool {
        true
    }

    fn view(&self, block: &BlockAt, backing: Backing, start: usize) -> Result<Payload> {
        let end = start.saturating_add(block.payload_bytes as usize);
        let payload = backing.get(start..end).ok_or_else(|| block.error(ErrorKind::CutShort))?;
        let (buffer, ranges) = self.rows(block, &self.streams(block, payload)?)?;
        Payload::new(Backing::Buffer(Arc::new(buffer)), ranges).map_err(|_| block.error(ErrorKind::BadUtf8))
    }

    fn verify(&self, block: &BlockAt, payload: &Payload, validator: &Validator) -> Result<()> {
        // The offsets of findings would be those of rows, which the file does not have.
        RowLayout.verify(block, payload, validator).map_err(|error| error.at(block.offset))
    }

    fn audit(&self, block: &BlockAt, payload: &[u8], auditor: &Auditor, report: &mut dyn FnMut(Error)) {
        let rows = self.streams(block, payload).and_then(|streams| {
            streams.audit(report);
            self.rows(block, &streams)
        });
        let (buffer, ranges) = match rows {
            Err(error) => return report(error),
            Ok(rows) => rows,
        };
        let Ok(rows) = Payload::new(Backing::Buffer(Arc::new(buffer)), ranges) else {
            return report(block.error(ErrorKind::BadUtf8));
        };
        let (count, stride) = (block.count as usize, block.stride as usize);
        let regions = Regions { front: rows.front(), text: rows.text(), count, stride };
        auditor.audit(&regions, &mut |fault| {
            report(invalid(fault, block.payload(), block.first).at(block.offset));
        });
    }
}
