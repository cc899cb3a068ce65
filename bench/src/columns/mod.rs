//! Compares rows with columns: size, writing, reading few and all fields, reading single records, and memory.
#![forbid(unsafe_code)]

mod data;
mod sample;
mod ways;

use crate::report::{Section, Table, against, digits};
use crate::{AnyResult, Scratch, clock, counting};
use hydra::Layout;
use sample::Sample;
use std::collections::BTreeMap;
use std::path::Path;
use ways::{Arrow, Open, Parquet, Parts, Raw, Views, Way};

/// How often a file is opened anew for one read, and how many reads one open file gets.
const COLD: u64 = 20;
const READS: u64 = 300;
/// Records that lie together, for reads of what is known already.
const NEAR: u64 = 2000;

/// Measures files of these numbers of ticks and log lines, and of real data, `rounds` times.
pub fn run(ticks: usize, logs: usize, rounds: usize, keep: bool) -> AnyResult<()> {
    let scratch = Scratch::new("columns")?;
    let mut section = Section::new("columns", &["arrow-ipc", "parquet", "zstd-sys"])?;
    section.say(&format!(
        "Nanoseconds a record of processor time of the one thread, medians of {rounds} rounds; in parentheses against the first line of the same column. \
         A *get* looks at the field of *one float* or *one text*: *cold* is the first of an open file, *far* are {READS} at random places of one open file, *near* are \
         {READS} among {NEAR} records, which were read before. *Peaks* are of the memory that was allocated to write, to scan one number, and to scan all fields."
    ));
    for count in [ticks.div_ceil(10), ticks] {
        let title = format!("Ticks of a random walk: {count}");
        let mut ways = ways();
        ways.insert(0, Box::new(Raw));
        compare(&mut section, &title, scratch.path(), &data::ticks(count), &ways, rounds)?;
        scratch.clear()?;
    }
    let title = format!("Log lines: {logs}");
    compare(&mut section, &title, scratch.path(), &data::logs(logs), &ways(), rounds)?;
    scratch.clear()?;
    match (data::flights(), data::weather()) {
        (Ok(flights), Ok(weather)) => {
            let title = format!("Flights from New York in 2013: {}", flights.len());
            compare(&mut section, &title, scratch.path(), &flights, &ways(), rounds)?;
            scratch.clear()?;
            let title = format!("Weather at its airports: {}", weather.len());
            compare(&mut section, &title, scratch.path(), &weather, &ways(), rounds)?;
        }
        (Err(why), _) | (_, Err(why)) => section.say(&format!("No flights and weather: {why}.")),
    }
    section.finish(keep)
}

fn ways<R: Sample>() -> Vec<Box<dyn Way<R>>> {
    vec![
        Box::new(Views(Layout::Rows)),
        Box::new(Views(Layout::Columns)),
        Box::new(Parts::Narrow),
        Box::new(Parts::Fields),
        Box::new(Arrow),
        Box::new(Parquet(false)),
        Box::new(Parquet(true)),
    ]
}

/// Measurements by way and column of the table.
#[derive(Default)]
struct Times(BTreeMap<(&'static str, usize), Vec<f64>>);

impl Times {
    fn time<W>(
        &mut self,
        name: &'static str,
        column: usize,
        per: u64,
        work: impl FnOnce() -> AnyResult<W>,
    ) -> AnyResult<W> {
        let (done, nanos) = clock::nanos(work)?;
        self.0.entry((name, column)).or_default().push(nanos / per as f64);
        Ok(done)
    }

    fn median(&self, name: &'static str, column: usize) -> Option<f64> {
        self.0.get(&(name, column)).cloned().map(clock::median)
    }
}

const WRITE: usize = 0;
const CHECK: usize = 5;
const COLD_GET: usize = 6;
const FAR_GET: usize = 7;
const NEAR_GET: usize = 8;

fn compare<R: Sample>(
    section: &mut Section,
    title: &str,
    folder: &Path,
    records: &[R],
    ways: &[Box<dyn Way<R>>],
    rounds: usize,
) -> AnyResult<()> {
    let (count, mut times) = (records.len() as u64, Times::default());
    let written = || ways.iter().filter(|way| way.written_by() == way.name());
    for _ in 0..rounds {
        for way in written() {
            let path = folder.join(way.name());
            let _ = std::fs::remove_file(&path);
            times.time(way.name(), WRITE, count, || way.write(&path, records))?;
        }
    }
    for round in 0..rounds {
        for way in ways {
            read(&mut times, &**way, &folder.join(way.written_by()), records, round as u64)
                .map_err(|error| format!("{title}, {}: {error}", way.name()))?;
        }
    }
    let mut header = vec!["", "bytes a record", "write"];
    header.extend(R::SCANS.map(|(name, _)| name));
    header.extend(["check", "cold get, us", "far get, us", "near get", "peaks, MiB"]);
    let mut table = Table::new(&header);
    for way in ways {
        let path = folder.join(way.written_by());
        let bytes = std::fs::metadata(&path)?.len() as f64 / count as f64;
        let mut cells = vec![way.name().to_string(), format!("{bytes:.2}")];
        for column in WRITE..=NEAR_GET {
            let unit = if matches!(column, COLD_GET | FAR_GET) { 1e3 } else { 1.0 };
            let value = times.median(way.name(), column).map(|nanos| nanos / unit);
            let first =
                ways.first().and_then(|way| times.median(way.name(), column)).map(|nanos| nanos / unit);
            cells.push(value.map_or(String::new(), |value| against(value, first)));
        }
        cells.push(peaks(&**way, &path, folder, records)?);
        table.row(&cells);
    }
    section.table(title, &table);
    Ok(())
}

fn read<R: Sample>(
    times: &mut Times,
    way: &dyn Way<R>,
    path: &Path,
    records: &[R],
    round: u64,
) -> AnyResult<()> {
    let (count, name) = (records.len() as u64, way.name());
    for scan in 0..sample::SCANS {
        let mut open = way.open(path)?;
        let sum = times.time(name, WRITE + 1 + scan, count, || open.scan(scan))?;
        if sum != ways::sum(records, scan) {
            return Err(format!("{} has another sum", R::SCANS[scan].0).into());
        }
    }
    if way.written_by() != name {
        return Ok(());
    }
    if way.is_checked() {
        times.time(name, CHECK, count, || way.check(path))?;
    }
    let place = |read: u64| (round * 1000 + read).wrapping_mul(0x9e37_79b9_7f4a_7c15) % count;
    let get = |open: &mut dyn Open, place: u64| match open.get(place)? == records[place as usize].sum::<1>() {
        true => Ok(()),
        false => AnyResult::Err("another record".into()),
    };
    let mut opened = (0..COLD).map(|_| way.open(path)).collect::<AnyResult<Vec<_>>>()?;
    times.time(name, COLD_GET, COLD, || {
        opened.iter_mut().zip(0..).try_for_each(|(open, read)| get(&mut **open, place(read)))
    })?;
    drop(opened);
    let mut open = way.open(path)?;
    times.time(name, FAR_GET, READS, || (0..READS).try_for_each(|read| get(&mut *open, place(read))))?;
    open.keep()?;
    let mut near = || {
        let start = place(0).min(count.saturating_sub(NEAR));
        (0..READS).try_for_each(|read| get(&mut *open, start + place(read) % NEAR.min(count)))
    };
    near()?;
    times.time(name, NEAR_GET, READS, near)
}

/// Returns the peaks of allocated memory: of writing, of the first scan, and of the last.
fn peaks<R: Sample>(way: &dyn Way<R>, path: &Path, folder: &Path, records: &[R]) -> AnyResult<String> {
    let mut failed = Ok(());
    let mut peak = |work: &mut dyn FnMut() -> AnyResult<()>| {
        let counted = counting::measure(|| {
            if let Err(error) = work() {
                failed = Err(error);
            }
        });
        digits(counted.most() as f64 / f64::from(1 << 20))
    };
    let again = folder.join("again");
    let scan = |scan| way.open(path)?.scan(scan).map(drop);
    let mut all = Vec::new();
    if way.written_by() == way.name() {
        all.push(peak(&mut || way.write(&again, records)));
    }
    all.push(peak(&mut || scan(0)));
    all.push(peak(&mut || scan(sample::SCANS - 1)));
    failed?;
    let _ = std::fs::remove_file(&again);
    Ok(all.join(", "))
}
