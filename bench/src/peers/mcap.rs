//! MCAP: a message for each record, in chunks with checksums and without compression. The payload is bincode.
#![forbid(unsafe_code)]

use super::frames::{Coded, FIXED};
use super::{RUN, map, synced};
use crate::AnyResult;
use crate::compare::{Fields, Format, Opened, Sync};
use mcap::read::RawMessageStream;
use mcap::records::MessageHeader;
use memmap2::Mmap;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

pub struct Mcap;

struct Open(Mmap);

impl Open {
    fn records<R: Coded>(&self) -> AnyResult<impl Iterator<Item = AnyResult<R>>> {
        Ok(RawMessageStream::new(&self.0)?
            .map(|message| Ok(bincode::decode_from_slice(&message?.data, FIXED)?.0)))
    }
}

impl<R: Coded> Format<R> for Mcap
where
    for<'a> &'a R: Fields<R::Sums>,
{
    fn name(&self) -> String {
        "MCAP".into()
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn write(&self, path: &Path, records: &Vec<R>) -> AnyResult<Sync> {
        let mut out = mcap::WriteOptions::new()
            .compression(None)
            .create(BufWriter::with_capacity(RUN, File::create(path)?))?;
        let channel_id = out.add_channel(0, "records", "bincode", &BTreeMap::new())?;
        let mut data = Vec::new();
        for (sequence, record) in (0..).zip(records) {
            data.clear();
            bincode::encode_into_std_write(record, &mut data, FIXED)?;
            let time = record.stamp();
            let header = MessageHeader { channel_id, sequence, log_time: time, publish_time: time };
            out.write_to_known_channel(&header, &data)?;
        }
        out.finish()?;
        let file = out.into_inner().into_inner().map_err(|error| error.into_error())?;
        Ok(synced(file))
    }

    fn open(&self, path: &Path) -> AnyResult<Box<dyn Opened<R>>> {
        Ok(Box::new(Open(map(path)?)))
    }
}

impl<R: Coded> Opened<R> for Open
where
    for<'a> &'a R: Fields<R::Sums>,
{
    fn scan(&mut self) -> AnyResult<R::Sums> {
        self.records::<R>()?.try_fold(R::Sums::default(), |mut sums, record| {
            (&record?).add(&mut sums);
            Ok(sums)
        })
    }

    fn one(&mut self) -> AnyResult<u64> {
        self.records::<R>()?.try_fold(0, |sum: u64, record| Ok(sum.wrapping_add((&record?).stamp())))
    }

    fn first(&mut self) -> AnyResult<u64> {
        let record = self.records::<R>()?.next().ok_or("no message")??;
        Ok((&record).look())
    }
}
