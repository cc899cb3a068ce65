//! Arrow IPC in a map, and Parquet: columns in batches of 65,536 records. Only the needed columns are read.

use super::{Run, map, synced};
use crate::AnyResult;
use crate::compare::{Format, Opened, Record, Sync};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::writer::FileWriter;
use arrow_ipc::{Block, MetadataVersion, convert, root_as_footer};
use arrow_schema::{Field, Schema, SchemaRef};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
    RowSelection, RowSelector,
};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;

/// The number of records in a batch.
pub const BATCH: usize = 1 << 16;

/// The index of the field in a scan of one field.
const TIME: &[usize] = &[0];

/// A record as columns.
pub trait Arrays: Sized {
    fn fields() -> Vec<Field>;

    fn arrays(records: &[Self]) -> Vec<ArrayRef>;
}

/// A record with a column for the time, which is the first.
pub trait Columns: Record + Arrays {
    /// The columns that a scan and a random read use, by ascending index.
    const SCAN: &'static [usize];
    const LOOK: &'static [usize];

    /// Adds a batch of the columns of a scan.
    fn add(batch: &RecordBatch, sums: &mut Self::Sums);

    /// Returns the value of a random read, in a batch of its columns.
    fn look(batch: &RecordBatch, row: usize) -> u64;
}

fn schema<R: Arrays>() -> SchemaRef {
    Arc::new(Schema::new(R::fields()))
}

fn batches<R: Arrays>(records: &[R]) -> impl Iterator<Item = AnyResult<RecordBatch>> {
    let schema = schema::<R>();
    records.chunks(BATCH).map(move |records| Ok(RecordBatch::try_new(schema.clone(), R::arrays(records))?))
}

fn add_times(sum: u64, batch: &RecordBatch) -> u64 {
    batch
        .column(0)
        .as_primitive::<UInt64Type>()
        .values()
        .iter()
        .fold(sum, |sum, time| sum.wrapping_add(*time))
}

/// Arrow IPC. True if offsets and text of each batch are checked, which is the default; unsafe code can turn
/// it off.
pub struct Ipc(pub bool);

pub struct OpenIpc {
    buffer: Buffer,
    schema: SchemaRef,
    version: MetadataVersion,
    blocks: Vec<Block>,
    checked: bool,
}

impl OpenIpc {
    pub fn open(path: &Path, checked: bool) -> AnyResult<OpenIpc> {
        let map = map(path)?;
        let (start, count) = (NonNull::from(&map[..]).cast::<u8>(), map.len());
        // SAFETY: the map has `count` bytes from `start`, and the buffer keeps it alive.
        let buffer = unsafe { Buffer::from_custom_allocation(start, count, Arc::new(map)) };
        let (rest, trailer) = buffer.split_last_chunk::<10>().ok_or("no trailer")?;
        let footer = read_footer_length(*trailer)?;
        let footer = root_as_footer(&rest[rest.len() - footer..]).map_err(|error| error.to_string())?;
        let schema = Arc::new(convert::try_fb_to_schema(footer.schema().ok_or("no schema")?)?);
        let blocks = footer.recordBatches().into_iter().flatten().copied().collect();
        let version = footer.version();
        Ok(OpenIpc { schema, version, blocks, checked, buffer })
    }

    pub fn batch(&self, index: usize, columns: &[usize]) -> AnyResult<RecordBatch> {
        let decoder = FileDecoder::new(self.schema.clone(), self.version).with_projection(columns.to_vec());
        // SAFETY: this program wrote the file.
        let decoder = unsafe { decoder.with_skip_validation(!self.checked) };
        let block = &self.blocks[index];
        let count = block.bodyLength() as usize + block.metaDataLength() as usize;
        let bytes = self.buffer.slice_with_length(block.offset() as usize, count);
        Ok(decoder.read_record_batch(block, &bytes)?.ok_or("no batch")?)
    }

    pub fn batches(&self, columns: &[usize]) -> impl Iterator<Item = AnyResult<RecordBatch>> {
        (0..self.blocks.len()).map(|index| self.batch(index, columns))
    }
}

pub fn write_ipc<R: Arrays>(path: &Path, records: &[R]) -> AnyResult<Sync> {
    let mut out = FileWriter::try_new(Run::create(path)?, &schema::<R>())?;
    batches(records).try_for_each(|batch| Ok::<_, Box<dyn std::error::Error>>(out.write(&batch?)?))?;
    out.into_inner()?.finish()
}

impl<R: Columns> Format<R> for Ipc {
    fn name(&self) -> String {
        if self.0 { "Arrow IPC" } else { "Arrow IPC, unchecked" }.into()
    }

    fn file_of(&self) -> Option<String> {
        (!self.0).then(|| "Arrow IPC".into())
    }

    fn write(&self, path: &Path, records: &Vec<R>) -> AnyResult<Sync> {
        write_ipc(path, records)
    }

    fn open(&self, path: &Path) -> AnyResult<Box<dyn Opened<R>>> {
        Ok(Box::new(OpenIpc::open(path, self.0)?))
    }
}

impl<R: Columns> Opened<R> for OpenIpc {
    fn scan(&mut self) -> AnyResult<R::Sums> {
        self.batches(R::SCAN).try_fold(R::Sums::default(), |mut sums, batch| {
            R::add(&batch?, &mut sums);
            Ok(sums)
        })
    }

    fn one(&mut self) -> AnyResult<u64> {
        self.batches(TIME).try_fold(0, |sum, batch| Ok(add_times(sum, &batch?)))
    }

    fn reads(&self) -> Option<usize> {
        Some(1)
    }

    fn random(&mut self, places: &[u64]) -> AnyResult<u64> {
        let batches = self.batches(R::LOOK).collect::<AnyResult<Vec<RecordBatch>>>()?;
        Ok(places.iter().fold(0, |sum: u64, &place| {
            let place = place as usize;
            sum.wrapping_add(R::look(&batches[place / BATCH], place % BATCH))
        }))
    }

    fn first(&mut self) -> AnyResult<u64> {
        Ok(R::look(&self.batch(0, R::LOOK)?, 0))
    }
}

/// Parquet. True if it is compressed with zstd.
pub struct Parquet(pub bool);

pub struct OpenParquet {
    file: File,
    metadata: ArrowReaderMetadata,
}

impl OpenParquet {
    pub fn open(path: &Path) -> AnyResult<OpenParquet> {
        let file = File::open(path)?;
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = ArrowReaderMetadata::load(&file, options)?;
        Ok(OpenParquet { file, metadata })
    }

    fn builder(&self, columns: &[usize]) -> AnyResult<ParquetRecordBatchReaderBuilder<File>> {
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.try_clone()?, self.metadata.clone());
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
        Ok(builder.with_projection(mask))
    }

    pub fn batches(&self, columns: &[usize]) -> AnyResult<ParquetRecordBatchReader> {
        Ok(self.builder(columns)?.with_batch_size(8192).build()?)
    }

    /// Reads one record of these columns.
    pub fn row(&self, place: u64, columns: &[usize]) -> AnyResult<RecordBatch> {
        let mut row = place as usize;
        let groups = self.metadata.metadata().row_groups();
        let mut counts = groups.iter().map(|group| group.num_rows() as usize);
        let group = counts
            .position(|count| {
                row < count || {
                    row -= count;
                    false
                }
            })
            .ok_or("no group")?;
        let selection = RowSelection::from(vec![RowSelector::skip(row), RowSelector::select(1)]);
        let builder = self.builder(columns)?.with_row_groups(vec![group]).with_row_selection(selection);
        Ok(builder.with_batch_size(1).build()?.next().ok_or("no batch")??)
    }
}

pub fn write_parquet<R: Arrays>(path: &Path, records: &[R], zstd: bool) -> AnyResult<Sync> {
    let compression = if zstd { Compression::ZSTD(ZstdLevel::default()) } else { Compression::UNCOMPRESSED };
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut out = ArrowWriter::try_new(File::create(path)?, schema::<R>(), Some(properties))?;
    batches(records).try_for_each(|batch| Ok::<_, Box<dyn std::error::Error>>(out.write(&batch?)?))?;
    Ok(synced(out.into_inner()?))
}

impl<R: Columns> Format<R> for Parquet {
    fn name(&self) -> String {
        if self.0 { "Parquet, zstd" } else { "Parquet" }.into()
    }

    fn write(&self, path: &Path, records: &Vec<R>) -> AnyResult<Sync> {
        write_parquet(path, records, self.0)
    }

    fn open(&self, path: &Path) -> AnyResult<Box<dyn Opened<R>>> {
        Ok(Box::new(OpenParquet::open(path)?))
    }
}

impl<R: Columns> Opened<R> for OpenParquet {
    fn scan(&mut self) -> AnyResult<R::Sums> {
        self.batches(R::SCAN)?.try_fold(R::Sums::default(), |mut sums, batch| {
            R::add(&batch?, &mut sums);
            Ok(sums)
        })
    }

    fn one(&mut self) -> AnyResult<u64> {
        self.batches(TIME)?.try_fold(0, |sum, batch| Ok(add_times(sum, &batch?)))
    }

    fn reads(&self) -> Option<usize> {
        Some(1000)
    }

    fn random(&mut self, places: &[u64]) -> AnyResult<u64> {
        places
            .iter()
            .try_fold(0, |sum: u64, &place| Ok(sum.wrapping_add(R::look(&self.row(place, R::LOOK)?, 0))))
    }

    fn first(&mut self) -> AnyResult<u64> {
        Ok(R::look(&self.row(0, R::LOOK)?, 0))
    }
}
