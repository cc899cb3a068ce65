//! rkyv: one archived vector, read in place, with and without its check.

use super::{Run, map};
use crate::AnyResult;
use crate::compare::{Fields, Format, Opened, Record, Sync, scan, times};
use memmap2::Mmap;
use rkyv::api::high::{HighDeserializer, HighSerializer, HighValidator};
use rkyv::bytecheck::CheckBytes;
use rkyv::rancor::Error;
use rkyv::ser::allocator::ArenaHandle;
use rkyv::ser::writer::IoWriter;
use rkyv::vec::ArchivedVec;
use rkyv::{Archive, Archived, Deserialize, Serialize};
use std::path::Path;

/// True if the contents of the file are checked.
#[derive(Clone, Copy)]
pub struct Rkyv(pub bool);

struct Open(Mmap, bool);

type Out = IoWriter<Run>;

/// Records that rkyv archives.
pub trait Archives:
    Record
    + Archive<
        Archived: for<'a> CheckBytes<HighValidator<'a, Error>>
                      + Deserialize<Self, HighDeserializer<Error>>
                      + Fields<Self::Sums>,
    > + for<'a> Serialize<HighSerializer<Out, ArenaHandle<'a>, Error>>
{
}

impl<R> Archives for R where
    R: Record
        + Archive<
            Archived: for<'a> CheckBytes<HighValidator<'a, Error>>
                          + Deserialize<R, HighDeserializer<Error>>
                          + Fields<R::Sums>,
        > + for<'a> Serialize<HighSerializer<Out, ArenaHandle<'a>, Error>>
{
}

impl<R: Archives> Format<R> for Rkyv
where
    for<'a> &'a R: Fields<R::Sums>,
{
    fn name(&self) -> String {
        if self.0 { "rkyv, checked" } else { "rkyv, unchecked" }.into()
    }

    fn file_of(&self) -> Option<String> {
        (!self.0).then(|| "rkyv, checked".into())
    }

    fn write(&self, path: &Path, records: &Vec<R>) -> AnyResult<Sync> {
        let out = rkyv::api::high::to_bytes_in::<_, Error>(records, IoWriter::new(Run::create(path)?))?;
        out.into_inner().finish()
    }

    fn open(&self, path: &Path) -> AnyResult<Box<dyn Opened<R>>> {
        Ok(Box::new(Open(map(path)?, self.0)))
    }
}

impl Open {
    fn records<R: Archives>(&self) -> AnyResult<&ArchivedVec<Archived<R>>> {
        if self.1 {
            return Ok(rkyv::access::<ArchivedVec<Archived<R>>, Error>(&self.0)?);
        }
        // SAFETY: rkyv wrote these bytes for this type.
        Ok(unsafe { rkyv::access_unchecked(&self.0) })
    }
}

impl<R: Archives> Opened<R> for Open
where
    for<'a> &'a R: Fields<R::Sums>,
{
    fn scan(&mut self) -> AnyResult<R::Sums> {
        Ok(scan(self.records::<R>()?.iter(), R::Sums::default()))
    }

    fn one(&mut self) -> AnyResult<u64> {
        Ok(times(self.records::<R>()?.iter()))
    }

    fn reads(&self) -> Option<usize> {
        Some(1)
    }

    fn random(&mut self, places: &[u64]) -> AnyResult<u64> {
        let records = self.records::<R>()?;
        Ok(places.iter().fold(0, |sum: u64, place| sum.wrapping_add(records[*place as usize].look())))
    }

    fn first(&mut self) -> AnyResult<u64> {
        Ok(self.records::<R>()?.first().map_or(0, |record| record.look()))
    }

    fn owned(&mut self) -> Option<AnyResult<R::Sums>> {
        let all = || {
            self.records::<R>()?.iter().try_fold(R::Sums::default(), |mut sums, record| {
                (&rkyv::deserialize::<R, Error>(record)?).add(&mut sums);
                Ok(sums)
            })
        };
        Some(all())
    }
}
