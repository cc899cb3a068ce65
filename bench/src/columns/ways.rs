//! The formats: raw records, rows and columns of Hydra, Arrow IPC in a map, and Parquet.

use super::sample::{Sample, sum_array};
use crate::AnyResult;
use crate::peers::Run;
use crate::peers::columns::{BATCH, OpenIpc, OpenParquet, write_ipc, write_parquet};
use crate::peers::hydra::{Access, table};
use arrow_array::RecordBatch;
use hydra::{Durability, Layout, Reader, Table, Writer};
use std::path::Path;

/// A way to write and read a file of records.
pub trait Way<R: Sample> {
    fn name(&self) -> &'static str;

    /// The name of the way that wrote the file, if this one only reads it.
    fn written_by(&self) -> &'static str {
        self.name()
    }

    /// Writes all records to a new file, up to the page cache.
    fn write(&self, path: &Path, records: &[R]) -> AnyResult<()>;

    fn open(&self, path: &Path) -> AnyResult<Box<dyn Open>>;

    /// Returns whether a whole file can be checked.
    fn is_checked(&self) -> bool {
        false
    }

    fn check(&self, _: &Path) -> AnyResult<()> {
        Err("no check".into())
    }
}

/// An open file.
pub trait Open {
    /// Returns the sum of the fields of a scan over all records.
    fn scan(&mut self, scan: usize) -> AnyResult<u64>;

    /// Returns the field of the second scan in one record.
    fn get(&mut self, place: u64) -> AnyResult<u64>;

    /// Prepares for many reads.
    fn keep(&mut self) -> AnyResult<()> {
        Ok(())
    }
}

/// Calls a generic function with the number of a scan as a constant.
macro_rules! by_scan {
    ($scan:expr, $function:ident::<_, $record:ident>($argument:expr)) => {
        match $scan {
            0 => $function::<0, $record>($argument),
            1 => $function::<1, $record>($argument),
            2 => $function::<2, $record>($argument),
            _ => $function::<3, $record>($argument),
        }
    };
    ($scan:expr, $record:ident.$function:ident($($argument:expr),*)) => {
        match $scan {
            0 => $record::$function::<0>($($argument),*),
            1 => $record::$function::<1>($($argument),*),
            2 => $record::$function::<2>($($argument),*),
            _ => $record::$function::<3>($($argument),*),
        }
    };
}

/// Returns the sum of a scan over records in memory.
pub fn sum<R: Sample>(records: &[R], scan: usize) -> u64 {
    by_scan!(scan, sum_of::<_, R>(records))
}

fn sum_of<const SCAN: usize, R: Sample>(records: &[R]) -> u64 {
    records.iter().fold(0, |sum: u64, record| sum.wrapping_add(record.sum::<SCAN>()))
}

/// Plain records as they are in memory, in a map: the floor.
pub struct Raw;

struct OpenRaw<R>(memmap2::Mmap, std::marker::PhantomData<R>);

impl<R: Sample + bytemuck::Pod> Way<R> for Raw {
    fn name(&self) -> &'static str {
        "raw"
    }

    fn write(&self, path: &Path, records: &[R]) -> AnyResult<()> {
        let mut run = Run::create(path)?;
        records.iter().try_for_each(|record| run.push(bytemuck::bytes_of(record)))?;
        run.finish().map(drop)
    }

    fn open(&self, path: &Path) -> AnyResult<Box<dyn Open>> {
        Ok(Box::new(OpenRaw::<R>(crate::peers::map(path)?, std::marker::PhantomData)))
    }

    fn is_checked(&self) -> bool {
        true
    }

    fn check(&self, path: &Path) -> AnyResult<()> {
        std::hint::black_box(crc32fast::hash(&crate::peers::map(path)?));
        Ok(())
    }
}

impl<R: Sample + bytemuck::Pod> Open for OpenRaw<R> {
    fn scan(&mut self, scan: usize) -> AnyResult<u64> {
        Ok(sum::<R>(bytemuck::cast_slice(&self.0), scan))
    }

    fn get(&mut self, place: u64) -> AnyResult<u64> {
        Ok(bytemuck::cast_slice::<u8, R>(&self.0)[place as usize].sum::<1>())
    }
}

/// Hydra in a map, every block checked at its first use, read as views.
pub struct Views(pub Layout);

struct OpenViews<R>(Table<R>);

impl<R: Sample> Way<R> for Views {
    fn name(&self) -> &'static str {
        if self.0 == Layout::Rows { "Hydra, rows" } else { "Hydra, columns, read as rows" }
    }

    fn write(&self, path: &Path, records: &[R]) -> AnyResult<()> {
        let mut writer = Writer::options().durability(Durability::Buffered).layout(self.0).create(path)?;
        let table = writer.table::<R>()?;
        records.iter().try_for_each(|record| writer.append(table, record))?;
        writer.commit()?;
        Ok(())
    }

    fn open(&self, path: &Path) -> AnyResult<Box<dyn Open>> {
        Ok(Box::new(OpenViews(table::<R>(path, Access::Map)?)))
    }

    fn is_checked(&self) -> bool {
        true
    }

    fn check(&self, path: &Path) -> AnyResult<()> {
        let checked = hydra::file::check(path, &mut |_| {}, None)?;
        if checked.is_sound() { Ok(()) } else { Err("the file is not sound".into()) }
    }
}

fn sum_views<const SCAN: usize, R: Sample>(table: &Table<R>) -> AnyResult<u64> {
    table.blocks().try_fold(0, |sum: u64, block| {
        let block = block?;
        Ok(block.into_iter().fold(sum, |sum, view| sum.wrapping_add(R::sum_view::<SCAN>(view))))
    })
}

impl<R: Sample> Open for OpenViews<R> {
    fn scan(&mut self, scan: usize) -> AnyResult<u64> {
        by_scan!(scan, sum_views::<_, R>(&self.0))
    }

    fn get(&mut self, place: u64) -> AnyResult<u64> {
        Ok(R::sum_view::<1>(self.0.get(place)?.view()))
    }
}

/// The same file of columns, read as a type with no other fields than those of a scan, or one field after the
/// other.
#[derive(Clone, Copy, PartialEq)]
pub enum Parts {
    Narrow,
    Fields,
}

struct OpenParts<R>(Table<R>, Reader, Parts);

impl<R: Sample> Way<R> for Parts {
    fn name(&self) -> &'static str {
        if *self == Parts::Narrow { "the same, as a narrower type" } else { "the same, field by field" }
    }

    fn written_by(&self) -> &'static str {
        Way::<R>::name(&Views(Layout::Columns))
    }

    fn write(&self, _: &Path, _: &[R]) -> AnyResult<()> {
        Err("the file is written as columns".into())
    }

    fn open(&self, path: &Path) -> AnyResult<Box<dyn Open>> {
        let reader = Reader::map(crate::map_file(path)?)?;
        Ok(Box::new(OpenParts(reader.table::<R>()?, reader, *self)))
    }
}

impl<R: Sample> Open for OpenParts<R> {
    fn scan(&mut self, scan: usize) -> AnyResult<u64> {
        Ok(match self.2 {
            Parts::Narrow => by_scan!(scan, R.sum_narrow(&self.1, self.0.name()))?,
            Parts::Fields => by_scan!(scan, R.sum_columns(&self.0))?,
        })
    }

    fn get(&mut self, place: u64) -> AnyResult<u64> {
        Ok(R::sum_view::<1>(self.0.get(place)?.view()))
    }
}

fn sum_batch(batch: &RecordBatch) -> AnyResult<u64> {
    batch.columns().iter().try_fold(0, |sum: u64, array| Ok(sum.wrapping_add(sum_array(array)?)))
}

/// Arrow IPC in a map, not validated.
pub struct Arrow;

struct OpenArrow<R: Sample>(OpenIpc, Vec<RecordBatch>, std::marker::PhantomData<R>);

impl<R: Sample> Way<R> for Arrow {
    fn name(&self) -> &'static str {
        "Arrow IPC, unchecked"
    }

    fn write(&self, path: &Path, records: &[R]) -> AnyResult<()> {
        write_ipc(path, records).map(drop)
    }

    fn open(&self, path: &Path) -> AnyResult<Box<dyn Open>> {
        Ok(Box::new(OpenArrow::<R>(OpenIpc::open(path, false)?, Vec::new(), std::marker::PhantomData)))
    }
}

impl<R: Sample> Open for OpenArrow<R> {
    fn scan(&mut self, scan: usize) -> AnyResult<u64> {
        let fields = R::SCANS[scan].1;
        self.0.batches(fields).try_fold(0, |sum: u64, batch| Ok(sum.wrapping_add(sum_batch(&batch?)?)))
    }

    fn get(&mut self, place: u64) -> AnyResult<u64> {
        let (batch, row) = (place as usize / BATCH, place as usize % BATCH);
        match self.1.get(batch) {
            Some(batch) => sum_batch(&batch.slice(row, 1)),
            None => sum_batch(&self.0.batch(batch, R::SCANS[1].1)?.slice(row, 1)),
        }
    }

    fn keep(&mut self) -> AnyResult<()> {
        self.1 = self.0.batches(R::SCANS[1].1).collect::<AnyResult<_>>()?;
        Ok(())
    }
}

/// Parquet; true if it is compressed with zstd.
pub struct Parquet(pub bool);

struct OpenedParquet<R>(OpenParquet, std::marker::PhantomData<R>);

impl<R: Sample> Way<R> for Parquet {
    fn name(&self) -> &'static str {
        if self.0 { "Parquet, zstd" } else { "Parquet" }
    }

    fn write(&self, path: &Path, records: &[R]) -> AnyResult<()> {
        write_parquet(path, records, self.0).map(drop)
    }

    fn open(&self, path: &Path) -> AnyResult<Box<dyn Open>> {
        Ok(Box::new(OpenedParquet::<R>(OpenParquet::open(path)?, std::marker::PhantomData)))
    }
}

impl<R: Sample> Open for OpenedParquet<R> {
    fn scan(&mut self, scan: usize) -> AnyResult<u64> {
        let batches = self.0.batches(R::SCANS[scan].1)?;
        batches.into_iter().try_fold(0, |sum: u64, batch| Ok(sum.wrapping_add(sum_batch(&batch?)?)))
    }

    fn get(&mut self, place: u64) -> AnyResult<u64> {
        sum_batch(&self.0.row(place, R::SCANS[1].1)?)
    }
}
