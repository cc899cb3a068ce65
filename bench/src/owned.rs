//! Owned values and views of the same records in Hydra, rkyv and bincode: one file each, mapped again in
//! every round.

use crate::evolve::{changed, narrow};
use hydra::{Hydra, Map, Reader, Row, Table, Writer};
use rkyv::api::high::{HighDeserializer, HighValidator};
use rkyv::bytecheck::CheckBytes;
use rkyv::rancor::Error;
use rkyv::{Archive, Archived, Deserialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::time::Instant;

type AnyResult<T> = Result<T, Box<dyn std::error::Error>>;

/// A plain record and one with text, for all formats.
mod same {
    #[derive(
        hydra::Hydra,
        rkyv::Archive,
        rkyv::Serialize,
        rkyv::Deserialize,
        bincode::Encode,
        bincode::Decode,
        Clone,
        Copy,
    )]
    #[repr(C)]
    #[hydra(plain)]
    pub struct Tick {
        pub time: u64,
        pub price: f64,
        pub size: f64,
        pub order: u64,
        pub account: u64,
        pub venue: u32,
        pub flags: u32,
    }

    #[derive(
        hydra::Hydra, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize, bincode::Encode, bincode::Decode,
    )]
    pub struct Log {
        pub time: u64,
        pub user: u32,
        pub text: String,
        pub tags: Vec<String>,
    }
}

/// Nanoseconds per record of each way, in rounds.
#[derive(Default)]
struct Rounds {
    nanos: BTreeMap<(&'static str, &'static str), Vec<f64>>,
    /// The expected sum of every way, by kind of record.
    sums: BTreeMap<&'static str, u64>,
}

impl Rounds {
    fn time(
        &mut self,
        (kind, way): (&'static str, &'static str),
        records: usize,
        work: impl FnOnce() -> AnyResult<u64>,
    ) -> AnyResult<()> {
        let start = Instant::now();
        let sum = work()?;
        self.nanos.entry((kind, way)).or_default().push(start.elapsed().as_nanos() as f64 / records as f64);
        if *self.sums.entry(kind).or_insert(sum) != sum {
            return Err(format!("the sum of {kind}, {way}, differs").into());
        }
        Ok(())
    }
}

/// Measures ticks, and an eighth as many logs. Prints the fastest and the median of `rounds` in nanoseconds
/// per record.
pub fn run(records: usize, rounds: usize) -> AnyResult<()> {
    let folder = std::env::temp_dir().join(format!("hydra-owned-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let ticks: Vec<same::Tick> = (0..records as u64).map(tick).collect();
    let logs: Vec<same::Log> = (0..records as u64 / 8).map(log).collect();
    let mut file = Writer::create(folder.join("hydra"))?;
    let tables = (file.table()?, file.table()?);
    file.append_slice(tables.0, &ticks)?;
    file.append_slice(tables.1, &logs)?;
    file.finish()?;
    for (name, bytes) in
        [("ticks", rkyv::to_bytes::<Error>(&ticks)?), ("logs", rkyv::to_bytes::<Error>(&logs)?)]
    {
        std::fs::write(folder.join(format!("{name}.rkyv")), bytes)?;
    }
    let config = bincode::config::standard().with_fixed_int_encoding();
    std::fs::write(folder.join("ticks.bincode"), bincode::encode_to_vec(&ticks, config)?)?;
    std::fs::write(folder.join("logs.bincode"), bincode::encode_to_vec(&logs, config)?)?;
    drop((ticks, logs));
    let mut all = Rounds::default();
    for _ in 0..rounds {
        of_ticks(&mut all, &folder, records)?;
        of_logs(&mut all, &folder, records / 8)?;
    }
    std::fs::remove_dir_all(&folder)?;
    println!("| records | read as | fastest ns a record | median |\n| --- | --- | --- | --- |");
    for ((kind, way), mut nanos) in all.nanos {
        nanos.sort_by(f64::total_cmp);
        println!("| {kind} | {way} | {:.1} | {:.1} |", nanos[0], nanos[nanos.len() / 2]);
    }
    Ok(())
}

fn tick(time: u64) -> same::Tick {
    same::Tick { time, price: 0.5, size: 1.0, order: !time, account: 7, venue: 3, flags: 0 }
}

fn log(time: u64) -> same::Log {
    let tags = vec!["disk".to_string(), "slow".to_string()];
    same::Log { time, user: 9, text: format!("request {time} took longer than it should"), tags }
}

fn of_ticks(all: &mut Rounds, folder: &Path, count: usize) -> AnyResult<()> {
    type Ticks = Archived<Vec<same::Tick>>;
    let owned = |ticks: Vec<same::Tick>| ticks.iter().map(|tick| tick.time).fold(0, u64::wrapping_add);
    let view = |ticks: &Ticks| ticks.iter().map(|tick| tick.time.to_native()).fold(0, u64::wrapping_add);
    let rkyv = folder.join("ticks.rkyv");
    all.time(("ticks", "Hydra, `&[T]`, same type"), count, || slices(folder, |tick: &same::Tick| tick.time))?;
    all.time(("ticks", "Hydra, views, same type"), count, || {
        views::<same::Tick>(folder, |tick| tick.time())
    })?;
    all.time(("ticks", "Hydra, views, strided"), count, || {
        views::<narrow::Tick>(folder, |tick| tick.time())
    })?;
    all.time(("ticks", "Hydra, views, transcoded"), count, || {
        views::<changed::Tick>(folder, |tick| tick.time())
    })?;
    all.time(("ticks", "Hydra, owned, same type"), count, || decoded(folder, |tick: &same::Tick| tick.time))?;
    all.time(("ticks", "Hydra, owned, transcoded"), count, || {
        decoded(folder, |tick: &changed::Tick| tick.time)
    })?;
    all.time(("ticks", "rkyv, checked access"), count, || {
        Ok(view(rkyv::access::<Ticks, Error>(&map(&rkyv)?)?))
    })?;
    all.time(("ticks", "rkyv, unchecked access"), count, || {
        let map = map(&rkyv)?;
        // SAFETY: rkyv wrote these bytes for this type.
        Ok(view(unsafe { rkyv::access_unchecked(&map) }))
    })?;
    all.time(("ticks", "rkyv, owned, checked"), count, || Ok(owned(from_rkyv(&rkyv)?)))?;
    all.time(("ticks", "bincode, owned"), count, || Ok(owned(from_bincode(&folder.join("ticks.bincode"))?)))
}

fn of_logs(all: &mut Rounds, folder: &Path, count: usize) -> AnyResult<()> {
    type Logs = Archived<Vec<same::Log>>;
    let owned = |logs: Vec<same::Log>| logs.iter().map(|log| log.time + log.text.len() as u64).sum();
    let view = |logs: &Logs| logs.iter().map(|log| log.time.to_native() + log.text.len() as u64).sum();
    let rkyv = folder.join("logs.rkyv");
    all.time(("logs", "Hydra, views, same type"), count, || {
        views::<same::Log>(folder, |log| log.time() + log.text().len() as u64)
    })?;
    all.time(("logs", "Hydra, views, transcoded"), count, || {
        views::<changed::Log>(folder, |log| log.time() + log.text().len() as u64)
    })?;
    all.time(("logs", "Hydra, owned, same type"), count, || {
        decoded(folder, |log: &same::Log| log.time + log.text.len() as u64)
    })?;
    all.time(("logs", "Hydra, owned, transcoded"), count, || {
        decoded(folder, |log: &changed::Log| log.time + log.text.len() as u64)
    })?;
    all.time(("logs", "rkyv, checked access"), count, || {
        Ok(view(rkyv::access::<Logs, Error>(&map(&rkyv)?)?))
    })?;
    all.time(("logs", "rkyv, unchecked access"), count, || {
        let map = map(&rkyv)?;
        // SAFETY: rkyv wrote these bytes for this type.
        Ok(view(unsafe { rkyv::access_unchecked(&map) }))
    })?;
    all.time(("logs", "rkyv, owned, checked"), count, || Ok(owned(from_rkyv(&rkyv)?)))?;
    all.time(("logs", "bincode, owned"), count, || Ok(owned(from_bincode(&folder.join("logs.bincode"))?)))
}

fn map(path: &Path) -> AnyResult<memmap2::Mmap> {
    // SAFETY: no other program uses the file.
    Ok(unsafe { memmap2::Mmap::map(&File::open(path)?) }?)
}

fn table<T: Hydra>(folder: &Path) -> AnyResult<Table<T>> {
    // SAFETY: no other program uses the file.
    Ok(Reader::map(unsafe { Map::open(folder.join("hydra")) }?)?.table()?)
}

fn slices<T: hydra::Hydra + hydra::Plain>(folder: &Path, of: impl Fn(&T) -> u64) -> AnyResult<u64> {
    table::<T>(folder)?
        .blocks()
        .try_fold(0, |sum: u64, block| Ok(block?.as_slice().iter().map(&of).fold(sum, u64::wrapping_add)))
}

fn views<T: Hydra + Row>(folder: &Path, of: impl Fn(T::Read<'_>) -> u64) -> AnyResult<u64> {
    table::<T>(folder)?
        .blocks()
        .try_fold(0, |sum: u64, block| Ok(block?.iter().map(&of).fold(sum, u64::wrapping_add)))
}

/// Returns all records as one vector, as the other formats do.
fn decoded<T: Hydra>(folder: &Path, of: impl Fn(&T) -> u64) -> AnyResult<u64> {
    let table = table::<T>(folder)?;
    let mut all = Vec::with_capacity(table.len() as usize);
    for block in table.blocks() {
        for record in block?.decode() {
            all.push(record?);
        }
    }
    Ok(all.iter().map(of).fold(0, u64::wrapping_add))
}

fn from_rkyv<T>(path: &Path) -> AnyResult<Vec<T>>
where
    Vec<T>: Archive,
    Archived<Vec<T>>:
        for<'a> CheckBytes<HighValidator<'a, Error>> + Deserialize<Vec<T>, HighDeserializer<Error>>,
{
    Ok(rkyv::from_bytes::<Vec<T>, Error>(&map(path)?)?)
}

fn from_bincode<T: bincode::Decode<()>>(path: &Path) -> AnyResult<Vec<T>> {
    let config = bincode::config::standard().with_fixed_int_encoding();
    Ok(bincode::decode_from_slice(&map(path)?, config)?.0)
}
