//! Plain records of 48 bytes: Hydra against plain writes of 1 MiB and `&[T]` over a map.

use hydra::{Hydra, Map, Reader, Writer};
use rayon::iter::ParallelIterator;
use std::collections::BTreeMap;
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

type AnyResult<T> = Result<T, Box<dyn std::error::Error>>;

/// A trade, as a market-data recorder keeps it.
#[derive(Hydra, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
#[hydra(plain)]
pub struct Tick {
    time: u64,
    price: f64,
    size: f64,
    order: u64,
    account: u64,
    venue: u32,
    flags: u32,
}

impl Tick {
    pub fn make(index: u64) -> Tick {
        let noise = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Tick {
            time: 1_700_000_000_000_000_000 + index * 1000,
            price: 100.0 + (noise >> 40) as f64 / 1024.0,
            size: (noise & 0xff) as f64,
            order: noise,
            account: noise >> 48,
            venue: (noise >> 32) as u32 & 7,
            flags: 0,
        }
    }
}

/// What a scan computes: three fields.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
struct Sums {
    time: u64,
    price: f64,
    venue: u64,
}

impl Sums {
    #[inline]
    fn add(&mut self, time: u64, price: f64, venue: u32) {
        self.time = self.time.wrapping_add(time);
        self.price += price;
        self.venue = self.venue.wrapping_add(u64::from(venue));
    }

    /// The sums of two parts; prices are multiples of 1/1024, whose sum does not depend on their order.
    fn and(self, other: Sums) -> Sums {
        let time = self.time.wrapping_add(other.time);
        Sums { time, price: self.price + other.price, venue: self.venue.wrapping_add(other.venue) }
    }
}

struct Bench {
    raw: PathBuf,
    file: PathBuf,
    records: usize,
    nanos: BTreeMap<&'static str, Vec<f64>>,
}

/// Runs everything `rounds` times, one after the other in each round, and prints medians and ratios.
pub fn run(records: usize, rounds: usize) -> AnyResult<()> {
    let folder = std::env::temp_dir().join(format!("hydra-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut bench =
        Bench { raw: folder.join("raw"), file: folder.join("ticks.hydra"), records, nanos: BTreeMap::new() };
    let ticks: Vec<Tick> = (0..records as u64).map(Tick::make).collect();
    for _ in 0..rounds {
        bench.write(&ticks)?;
    }
    for _ in 0..rounds {
        bench.scan()?;
        bench.random()?;
        bench.open()?;
    }
    let bytes = (std::fs::metadata(&bench.raw)?.len(), std::fs::metadata(&bench.file)?.len());
    bench.print(bytes);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

impl Bench {
    /// Nanoseconds a record of `work`, under `name`.
    fn time<R>(
        &mut self,
        name: &'static str,
        per: usize,
        work: impl FnOnce() -> AnyResult<R>,
    ) -> AnyResult<R> {
        let start = Instant::now();
        let result = black_box(work()?);
        self.nanos.entry(name).or_default().push(start.elapsed().as_nanos() as f64 / per as f64);
        Ok(result)
    }

    fn write(&mut self, ticks: &[Tick]) -> AnyResult<()> {
        let (raw, file, count) = (self.raw.clone(), self.file.clone(), self.records);
        remove(&raw)?;
        self.time("write raw", count, || write_raw(&raw, ticks))?;
        remove(&raw)?;
        self.time("finish raw", count, || Ok(write_raw(&raw, ticks)?.sync_all()?))?;
        remove(&file)?;
        let writer = self.time("write append", count, || append(&file, ticks))?;
        writer.finish()?;
        remove(&file)?;
        let slices = self.time("write append_slice", count, || append_slice(&file, ticks))?;
        slices.finish()?;
        remove(&file)?;
        self.time("finish append", count, || Ok(append(&file, ticks)?.finish()?))
    }

    fn scan(&mut self) -> AnyResult<()> {
        let (raw, file, count) = (self.raw.clone(), self.file.clone(), self.records);
        let map = map_raw(&raw)?;
        let scan = || Ok(scan_slice(bytemuck::cast_slice(&map), Sums::default()));
        let expected = self.time("first-scan raw", count, scan)?;
        self.time("scan raw", count, scan)?;
        let reader = map_hydra(&file)?;
        let table = reader.table::<Tick>()?;
        let views = |table: &hydra::Table<Tick>| {
            table.blocks().try_fold(Sums::default(), |sums, block| Ok(scan_views(&block?, sums)))
        };
        let slices = |table: &hydra::Table<Tick>| {
            table.blocks().try_fold(Sums::default(), |sums, block| Ok(scan_slice(block?.as_slice(), sums)))
        };
        let checked = self.time("first-scan views, every block checked", count, || views(&table))?;
        let unchecked = self.time("scan views, blocks known good", count, || views(&table))?;
        let slice = self.time("scan slices, blocks known good", count, || slices(&table))?;
        let buffered = Reader::open(&file)?.table::<Tick>()?;
        let read =
            self.time("first-scan views through open, every block checked", count, || views(&buffered))?;
        let fresh = map_hydra(&file)?.table::<Tick>()?;
        let both = self.time("first-scan views on all threads, every block checked", count, || {
            let sums = fresh.par_blocks().map(|block| Ok(scan_views(&block?, Sums::default())));
            Ok(sums.try_reduce(Sums::default, |left, right| Ok::<_, hydra::Error>(left.and(right)))?)
        })?;
        assert!([checked, unchecked, slice, read, both].iter().all(|sums| *sums == expected), "sums differ");
        Ok(())
    }

    fn random(&mut self) -> AnyResult<()> {
        let (raw, file, records) = (self.raw.clone(), self.file.clone(), self.records as u64);
        let reads = 1_000_000;
        let index = |read: u64| read.wrapping_mul(0x9e37_79b9_7f4a_7c15) % records;
        let map = map_raw(&raw)?;
        let ticks: &[Tick] = bytemuck::cast_slice(&map);
        let expected = self.time("random raw", reads, || {
            Ok((0..reads as u64).map(|read| ticks[index(read) as usize].price).sum::<f64>())
        })?;
        let table = map_hydra(&file)?.table::<Tick>()?;
        let all = |table: &hydra::Table<Tick>| {
            let mut sum = 0.0;
            for read in 0..reads as u64 {
                sum += table.get(index(read))?.view().price();
            }
            Ok(sum)
        };
        let lazily = self.time("random views, checked lazily", reads, || all(&table))?;
        let known = self.time("random views, known good", reads, || all(&table))?;
        assert!(lazily == expected && known == expected, "sums differ");
        Ok(())
    }

    fn open(&mut self) -> AnyResult<()> {
        let (raw, file) = (self.raw.clone(), self.file.clone());
        self.time("open raw", 1, || Ok(bytemuck::cast_slice::<u8, Tick>(&map_raw(&raw)?)[0].price))?;
        self.time("open map to the first record", 1, || {
            Ok(map_hydra(&file)?.table::<Tick>()?.get(0)?.view().price())
        })?;
        self.time("open buffered to the first record", 1, || {
            Ok(Reader::open(&file)?.table::<Tick>()?.get(0)?.view().price())
        })?;
        Ok(())
    }

    fn print(&self, (raw_bytes, bytes): (u64, u64)) {
        let median = |name: &str| {
            let mut all = self.nanos[name].clone();
            all.sort_by(f64::total_cmp);
            (all[all.len() / 2], all[0])
        };
        println!(
            "{} records of {} bytes; {} bytes a record on disk",
            self.records,
            size_of::<Tick>(),
            per(bytes, self.records)
        );
        println!("size against raw: {:.4}\n", bytes as f64 / raw_bytes as f64);
        println!("| what | median ns a record | fastest | against raw |\n| --- | --- | --- | --- |");
        for name in self.nanos.keys() {
            let floor = name.split(' ').next().unwrap_or_default();
            let (median_ns, fastest) = median(name);
            println!(
                "| {name} | {median_ns:.2} | {fastest:.2} | {:.2} |",
                median_ns / median(&format!("{floor} raw")).0
            );
        }
    }
}

/// Makes a file of ticks.
pub fn make(path: &Path, records: usize) -> AnyResult<()> {
    let mut writer = Writer::create(path)?;
    let table = writer.table::<Tick>()?;
    for index in 0..records as u64 {
        writer.append(table, &Tick::make(index))?;
    }
    Ok(writer.finish()?)
}

/// The floor: plain writes of 1 MiB.
fn write_raw(path: &Path, ticks: &[Tick]) -> AnyResult<File> {
    let mut out = File::create(path)?;
    let mut run = Vec::with_capacity(1 << 20);
    for tick in ticks {
        run.extend_from_slice(bytemuck::bytes_of(tick));
        if run.len() + size_of::<Tick>() > 1 << 20 {
            out.write_all(&run)?;
            run.clear();
        }
    }
    out.write_all(&run)?;
    Ok(out)
}

/// One record at a time, to the last buffered commit.
fn append(path: &Path, ticks: &[Tick]) -> AnyResult<Writer> {
    let mut writer = Writer::options().level(hydra::Level::Buffered).create(path)?;
    let table = writer.table::<Tick>()?;
    for tick in ticks {
        writer.append(table, tick)?;
    }
    writer.commit()?;
    Ok(writer)
}

/// All records at once, to the last buffered commit.
fn append_slice(path: &Path, ticks: &[Tick]) -> AnyResult<Writer> {
    let mut writer = Writer::options().level(hydra::Level::Buffered).create(path)?;
    let table = writer.table::<Tick>()?;
    writer.append_slice(table, ticks)?;
    writer.commit()?;
    Ok(writer)
}

fn per(bytes: u64, records: usize) -> String {
    format!("{:.3}", bytes as f64 / records as f64)
}

fn scan_slice(ticks: &[Tick], mut sums: Sums) -> Sums {
    for tick in ticks {
        sums.add(tick.time, tick.price, tick.venue);
    }
    sums
}

fn scan_views(block: &hydra::Block<Tick>, mut sums: Sums) -> Sums {
    for tick in block {
        sums.add(tick.time(), tick.price(), tick.venue());
    }
    sums
}

fn map_raw(path: &Path) -> AnyResult<memmap2::Mmap> {
    // SAFETY: nobody but this program knows the file.
    Ok(unsafe { memmap2::Mmap::map(&File::open(path)?) }?)
}

fn map_hydra(path: &Path) -> AnyResult<Reader> {
    // SAFETY: nobody but this program knows the file.
    Ok(Reader::map(unsafe { Map::open(path) }?)?)
}

fn remove(path: &Path) -> AnyResult<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
