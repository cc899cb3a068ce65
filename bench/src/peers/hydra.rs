//! Hydra, with a map and with buffers. Each block is checked at first use.
#![forbid(unsafe_code)]

use crate::AnyResult;
use crate::compare::{Fields, Format, Opened, Record, Sync, scan, times};
use hydra::{Durability, Reader, Table, View, Writer};
use std::path::Path;

/// The way the file is read and written.
#[derive(Clone, Copy, PartialEq)]
pub enum Access {
    /// Read through a map, written record by record.
    Map,
    /// Read through buffers, written all at once.
    Buffers,
}

/// Writes records up to the last commit into the page cache, one by one or all at once.
pub fn write<R: hydra::Hydra>(path: &Path, records: &[R], access: Access) -> AnyResult<Writer> {
    let mut writer = Writer::options().durability(Durability::Buffered).create(path)?;
    let table = writer.table::<R>()?;
    match access {
        Access::Map => records.iter().try_for_each(|record| writer.append(table, record))?,
        Access::Buffers => writer.append_slice(table, records)?,
    }
    writer.commit()?;
    Ok(writer)
}

/// Writes a file of records that are made one by one.
pub fn make<R: Record + hydra::Hydra>(path: &Path, count: usize) -> AnyResult<()> {
    let mut writer = Writer::create(path)?;
    let table = writer.table::<R>()?;
    (0..count as u64).try_for_each(|index| writer.append(table, &R::make(index)))?;
    Ok(writer.finish()?)
}

pub fn table<R: hydra::Hydra>(path: &Path, access: Access) -> AnyResult<Table<R>> {
    let reader = match access {
        Access::Map => Reader::map(crate::map_file(path)?)?,
        Access::Buffers => Reader::open(path)?,
    };
    Ok(reader.table()?)
}

impl<R: Record + hydra::Hydra> Format<R> for Access
where
    for<'a> View<'a, R>: Fields<R::Sums>,
    for<'a> &'a R: Fields<R::Sums>,
{
    fn name(&self) -> String {
        match self {
            Access::Map => "Hydra, mapped",
            Access::Buffers => "Hydra, opened",
        }
        .into()
    }

    fn write(&self, path: &Path, records: &Vec<R>) -> AnyResult<Sync> {
        let writer = write(path, records, *self)?;
        Ok(Box::new(move || Ok(writer.finish()?)))
    }

    fn open(&self, path: &Path) -> AnyResult<Box<dyn Opened<R>>> {
        Ok(Box::new(Open(table::<R>(path, *self)?, *self)))
    }
}

struct Open<R>(Table<R>, Access);

impl<R: Record + hydra::Hydra> Opened<R> for Open<R>
where
    for<'a> View<'a, R>: Fields<R::Sums>,
    for<'a> &'a R: Fields<R::Sums>,
{
    fn scan(&mut self) -> AnyResult<R::Sums> {
        self.0.blocks().try_fold(R::Sums::default(), |sums, block| Ok(scan(&block?, sums)))
    }

    fn remembers(&self) -> bool {
        true
    }

    fn one(&mut self) -> AnyResult<u64> {
        self.0.blocks().try_fold(0, |sum: u64, block| Ok(sum.wrapping_add(times(&block?))))
    }

    fn reads(&self) -> Option<usize> {
        // Each read reads a whole block.
        Some(if self.1 == Access::Map { 1 } else { 1000 })
    }

    fn random(&mut self, places: &[u64]) -> AnyResult<u64> {
        places.iter().try_fold(0, |sum: u64, place| Ok(sum.wrapping_add(self.0.get(*place)?.view().look())))
    }

    fn many(&mut self, places: &[u64]) -> Option<AnyResult<u64>> {
        let mut records = self.0.get_many(places);
        let sum = || records.try_fold(0, |sum: u64, record| Ok(sum.wrapping_add(record?.view().look())));
        (self.1 == Access::Map).then(sum)
    }

    fn first(&mut self) -> AnyResult<u64> {
        Ok(self.0.get(0)?.view().look())
    }

    fn owned(&mut self) -> Option<AnyResult<R::Sums>> {
        Some(self.0.blocks().try_fold(R::Sums::default(), |mut sums, block| {
            for record in block?.decode() {
                (&record?).add(&mut sums);
            }
            Ok(sums)
        }))
    }
}
