//! The floor: the least work that gives the same result. It uses plain writes of 1 MiB, and casts in a map.

use super::{Run, map};
use crate::AnyResult;
use crate::compare::{Fields, Format, Opened, Record, Sync, scan, times};
use memmap2::Mmap;
use std::hint::black_box;
use std::path::Path;

/// A record in the floor: one file for each part.
pub trait Floor: Record {
    const PARTS: usize;

    /// The record as it is read.
    type Seen<'a>: Fields<Self::Sums>;

    fn put(&self, parts: &mut [Run]) -> AnyResult<()>;

    /// Returns all records.
    fn rows(parts: &[Mmap]) -> AnyResult<impl Iterator<Item = Self::Seen<'_>>>;

    fn row(parts: &[Mmap], index: usize) -> AnyResult<Self::Seen<'_>>;

    /// Returns an owned record.
    fn owned(seen: Self::Seen<'_>) -> AnyResult<Self>;

    /// Checks all text at once, or each string by itself.
    fn check_text(_: &[Mmap], _: bool) -> AnyResult<()> {
        Ok(())
    }
}

/// Writes records one by one.
pub struct Out(Vec<Run>);

impl Out {
    pub fn create<R: Floor>(path: &Path) -> AnyResult<Out> {
        std::fs::create_dir(path)?;
        let parts = (0..R::PARTS).map(|part| Run::create(&path.join(part.to_string())));
        Ok(Out(parts.collect::<AnyResult<_>>()?))
    }

    #[inline]
    pub fn append<R: Floor>(&mut self, record: &R) -> AnyResult<()> {
        record.put(&mut self.0)
    }

    pub fn finish(self) -> AnyResult<Sync> {
        let parts = self.0.into_iter().map(Run::finish).collect::<AnyResult<Vec<Sync>>>()?;
        Ok(Box::new(move || parts.into_iter().try_for_each(|part| part())))
    }
}

/// Maps the parts.
pub fn parts<R: Floor>(path: &Path) -> AnyResult<Vec<Mmap>> {
    (0..R::PARTS).map(|part| map(&path.join(part.to_string()))).collect()
}

/// The check before a scan.
#[derive(Clone, Copy, PartialEq)]
pub enum Check {
    Nothing,
    /// A checksum of every 256 KiB, while they are in the cache of the processor.
    Sums,
    /// All text at once.
    Text,
    /// Each string by itself.
    EachText,
}

/// The floor.
pub struct Raw(pub Check);

struct Parts(Vec<Mmap>, Check);

impl<R: Floor> Format<R> for Raw
where
    for<'a> &'a R: Fields<R::Sums>,
{
    fn name(&self) -> String {
        match self.0 {
            Check::Nothing => "raw",
            Check::Sums => "raw, checksums",
            Check::Text => "raw, UTF-8 in one pass",
            Check::EachText => "raw, UTF-8 of every string",
        }
        .into()
    }

    fn file_of(&self) -> Option<String> {
        (self.0 != Check::Nothing).then(|| "raw".into())
    }

    fn write(&self, path: &Path, records: &Vec<R>) -> AnyResult<Sync> {
        let mut out = Out::create::<R>(path)?;
        records.iter().try_for_each(|record| out.append(record))?;
        out.finish()
    }

    fn open(&self, path: &Path) -> AnyResult<Box<dyn Opened<R>>> {
        Ok(Box::new(Parts(parts::<R>(path)?, self.0)))
    }
}

impl<R: Floor> Opened<R> for Parts
where
    for<'a> &'a R: Fields<R::Sums>,
{
    fn scan(&mut self) -> AnyResult<R::Sums> {
        match self.1 {
            Check::Nothing => {}
            Check::Sums => {
                black_box(
                    self.0
                        .iter()
                        .flat_map(|part| part.chunks(256 << 10))
                        .map(crc32fast::hash)
                        .fold(0, u32::wrapping_add),
                );
            }
            Check::Text => R::check_text(&self.0, false)?,
            Check::EachText => R::check_text(&self.0, true)?,
        }
        Ok(scan(R::rows(&self.0)?, R::Sums::default()))
    }

    fn remembers(&self) -> bool {
        self.1 == Check::Nothing
    }

    fn one(&mut self) -> AnyResult<u64> {
        Ok(times(R::rows(&self.0)?))
    }

    fn reads(&self) -> Option<usize> {
        (self.1 == Check::Nothing).then_some(1)
    }

    fn random(&mut self, places: &[u64]) -> AnyResult<u64> {
        places
            .iter()
            .try_fold(0, |sum: u64, place| Ok(sum.wrapping_add(R::row(&self.0, *place as usize)?.look())))
    }

    fn first(&mut self) -> AnyResult<u64> {
        Ok(R::row(&self.0, 0)?.look())
    }

    fn owned(&mut self) -> Option<AnyResult<R::Sums>> {
        let all = || {
            R::rows(&self.0)?.try_fold(R::Sums::default(), |mut sums, row| {
                (&R::owned(row)?).add(&mut sums);
                Ok(sums)
            })
        };
        (self.1 == Check::EachText).then(all)
    }
}
