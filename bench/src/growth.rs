//! Measures the time per record and the memory in files of a thousand records up to a given number.
#![forbid(unsafe_code)]

use crate::chart::{Panel, draw};
use crate::compare::{Fields, Record, Sync, scan};
use crate::logs::Log;
use crate::peers::hydra::{Access, table};
use crate::peers::raw::{Floor, Out, parts};
use crate::report::{Section, Table, against, anonymous, digits};
use crate::ticks::Tick;
use crate::{AnyResult, Scratch, clock};
use hydra::{Durability, View, Writer};
use std::path::Path;

/// The file of the chart.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/growth.svg");
/// The number of different records; they are repeated, so that making them is not measured.
const POOL: usize = 1 << 12;
/// The number of blocks, or of parts of records, between two measurements of memory.
const BETWEEN: usize = 256;

/// A function that measures memory.
type Look<'a> = &'a mut dyn FnMut() -> AnyResult<()>;

/// Medians of the measurements at one size.
#[derive(Default)]
struct Point {
    records: u64,
    /// Nanoseconds per record.
    write: [f64; 2],
    /// The floor, a map, an opened file.
    scan: [f64; 3],
    /// Microseconds: a map, an opened file.
    first: [f64; 2],
    /// Bytes: appending, scanning a map, scanning an opened file.
    memory: [Memory; 3],
    bytes: f64,
}

/// Memory that belongs to no file, above the starting value.
#[derive(Clone, Copy, Default)]
struct Memory {
    /// The peak of allocated bytes.
    heap: u64,
    /// The value that the system reports.
    resident: u64,
}

impl Memory {
    /// Runs `work`, which calls its argument from time to time.
    fn of<W>(work: impl FnOnce(Look<'_>) -> AnyResult<W>) -> AnyResult<(W, Memory)> {
        let before = anonymous()?;
        let (mut resident, mut done) = (before, Err("not run".into()));
        let counted = crate::counting::measure(|| {
            done = work(&mut || {
                resident = resident.max(anonymous()?);
                Ok(())
            });
        });
        Ok((done?, Memory { heap: counted.most(), resident: resident - before }))
    }

    fn larger(self, other: Memory) -> Memory {
        Memory { heap: self.heap.max(other.heap), resident: self.resident.max(other.resident) }
    }

    fn text(self) -> String {
        let kib = |bytes: u64| bytes.div_ceil(1024);
        format!("{} / {}", kib(self.heap), kib(self.resident))
    }
}

/// Measures 10^3 to 10^`ticks` ticks and up to 10^`logs` log lines. A full run is written to the
/// documentation with a chart.
pub fn run(ticks: usize, logs: usize, keep: bool) -> AnyResult<()> {
    let scratch = Scratch::new("growth")?;
    let mut section = Section::new("growth", &[])?;
    section.say(
        "Nanoseconds of processor time a record, medians; in parentheses against raw (plain writes of 1 MiB, casts over a map) at that size. *Scan* is \
         over a fresh map or an opened file, every block checked. Memory is KiB that belong to no file, above what there was \
         before: allocated at most, and as the system counts it (RssAnon).",
    );
    let ticks = grow::<Tick>(&scratch, ticks)?;
    section.table("Ticks", &tabled(&ticks));
    let logs = grow::<Log>(&scratch, logs)?;
    section.table("Log lines", &tabled(&logs));
    if keep {
        draw(Path::new(PICTURE), &panels(&ticks, &logs))?;
    }
    section.finish(keep)
}

fn tabled(points: &[Point]) -> Table {
    let mut table = Table::new(&[
        "records",
        "write: raw",
        "write: Hydra",
        "scan: raw",
        "scan: mapped",
        "scan: opened",
        "to first record, us: mapped",
        "opened",
        "memory: append",
        "scan, mapped",
        "scan, opened",
        "bytes a record",
    ]);
    for point in points {
        table.row(&[
            point.records.to_string(),
            digits(point.write[0]),
            against(point.write[1], Some(point.write[0])),
            digits(point.scan[0]),
            against(point.scan[1], Some(point.scan[0])),
            against(point.scan[2], Some(point.scan[0])),
            digits(point.first[0]),
            digits(point.first[1]),
            point.memory[0].text(),
            point.memory[1].text(),
            point.memory[2].text(),
            format!("{:.2}", point.bytes),
        ]);
    }
    table
}

fn panels(ticks: &[Point], logs: &[Point]) -> Vec<Panel> {
    let line = |points: &[Point], of: fn(&Point) -> f64| -> Vec<(f64, f64)> {
        points.iter().map(|point| (point.records as f64, of(point))).collect()
    };
    let costs = |title, points| {
        Panel::new(title, "nanoseconds a record")
            .line("write, raw", line(points, |point| point.write[0]))
            .line("write, Hydra", line(points, |point| point.write[1]))
            .line("scan, raw", line(points, |point| point.scan[0]))
            .line("scan, Hydra, mapped and checked", line(points, |point| point.scan[1]))
    };
    let mib = |memory: Memory| memory.heap.max(memory.resident) as f64 / f64::from(1 << 20);
    let memory = |points: &[Point], of: usize| -> Vec<(f64, f64)> {
        points.iter().map(|point| (point.records as f64, mib(point.memory[of]))).collect()
    };
    vec![
        costs("Ticks, 48 bytes each", ticks),
        costs("Log lines, about 105 bytes each", logs),
        Panel::new("Open to the first record", "microseconds")
            .line("ticks, mapped", line(ticks, |point| point.first[0]))
            .line("ticks, opened", line(ticks, |point| point.first[1]))
            .line("log lines, mapped", line(logs, |point| point.first[0]))
            .line("log lines, opened", line(logs, |point| point.first[1])),
        Panel::new("Memory that belongs to no file", "MiB")
            .line("append ticks", memory(ticks, 0))
            .line("append log lines", memory(logs, 0))
            .line("scan ticks, opened", memory(ticks, 2))
            .line("scan log lines, opened", memory(logs, 2)),
    ]
}

fn grow<R>(scratch: &Scratch, most: usize) -> AnyResult<Vec<Point>>
where
    R: Floor + hydra::Hydra,
    for<'a> View<'a, R>: Fields<R::Sums>,
    for<'a> &'a R: Fields<R::Sums>,
{
    let pool: Vec<R> = (0..POOL as u64).map(R::make).collect();
    (3..=most as u32)
        .map(|power| {
            let records = 10u64.pow(power);
            eprintln!("{records}");
            let point = point(scratch, &pool, records);
            scratch.clear()?;
            point
        })
        .collect()
}

/// Returns the median of the results of `work` in a number of rounds.
fn median(rounds: u64, mut work: impl FnMut() -> AnyResult<f64>) -> AnyResult<f64> {
    Ok(clock::median((0..rounds).map(|_| work()).collect::<AnyResult<_>>()?))
}

fn nanos<W>(per: u64, work: impl FnOnce() -> AnyResult<W>) -> AnyResult<(W, f64)> {
    let (done, nanos) = clock::nanos(work)?;
    Ok((done, nanos / per as f64))
}

/// Returns the records of a pool as parts, again and again.
fn each<R>(pool: &[R], count: u64, mut visit: impl FnMut(&[R]) -> AnyResult<()>) -> AnyResult<()> {
    (0..count / POOL as u64).try_for_each(|_| visit(pool))?;
    visit(&pool[..(count % POOL as u64) as usize])
}

fn point<R>(scratch: &Scratch, pool: &[R], records: u64) -> AnyResult<Point>
where
    R: Floor + hydra::Hydra,
    for<'a> View<'a, R>: Fields<R::Sums>,
    for<'a> &'a R: Fields<R::Sums>,
{
    let (raw, file) = (scratch.path().join("raw"), scratch.path().join("hydra"));
    let mut point = Point { records, ..Point::default() };
    // Small files are measured more often.
    let rounds = (10_000_000 / records).clamp(if records > 50_000_000 { 2 } else { 3 }, 21);
    point.write[0] = median(rounds, || {
        if raw.exists() {
            std::fs::remove_dir_all(&raw)?;
        }
        let (sync, nanos) = nanos(records, || write_raw(&raw, pool, records))?;
        sync()?;
        Ok(nanos)
    })?;
    point.write[1] = median(rounds, || {
        if file.exists() {
            std::fs::remove_file(&file)?;
        }
        let ((writer, nanos), memory) =
            Memory::of(|look| nanos(records, || append(&file, pool, records, look)))?;
        point.memory[0] = point.memory[0].larger(memory);
        writer.finish()?;
        Ok(nanos)
    })?;
    point.bytes = std::fs::metadata(&file)?.len() as f64 / records as f64;
    let mut sums = None;
    point.scan[0] = median(rounds, || {
        let parts = parts::<R>(&raw)?;
        let (sum, nanos) = nanos(records, || Ok(scan(R::rows(&parts)?, R::Sums::default())))?;
        sums = Some(sum);
        Ok(nanos)
    })?;
    for (index, access) in [Access::Map, Access::Buffers].into_iter().enumerate() {
        point.scan[index + 1] = median(rounds, || {
            let ((sum, nanos), memory) = Memory::of(|look| scanned::<R>(&file, access, records, look))?;
            point.memory[index + 1] = point.memory[index + 1].larger(memory);
            if Some(sum) == sums { Ok(nanos) } else { Err("sums differ".into()) }
        })?;
        point.first[index] = median(21, || {
            let (look, nanos) = nanos(1, || Ok(table::<R>(&file, access)?.get(0)?.view().look()))?;
            if Some(look) == pool.first().map(|record| record.look()) {
                Ok(nanos / 1e3)
            } else {
                Err("the first record differs".into())
            }
        })?;
    }
    Ok(point)
}

fn write_raw<R: Floor>(path: &Path, pool: &[R], records: u64) -> AnyResult<Sync> {
    let mut out = Out::create::<R>(path)?;
    each(pool, records, |part| part.iter().try_for_each(|record| out.append(record)))?;
    out.finish()
}

/// Writes records up to the last buffered commit.
fn append<R: hydra::Hydra>(path: &Path, pool: &[R], records: u64, look: Look<'_>) -> AnyResult<Writer> {
    let mut writer = Writer::options().durability(Durability::Buffered).create(path)?;
    let (table, mut parts) = (writer.table::<R>()?, 0usize);
    each(pool, records, |part| {
        part.iter().try_for_each(|record| writer.append(table, record))?;
        parts += 1;
        if parts.is_multiple_of(BETWEEN) { look() } else { Ok(()) }
    })?;
    writer.commit()?;
    look()?;
    Ok(writer)
}

/// Opens a file and scans it. Returns the result and the duration of the scan.
fn scanned<R>(path: &Path, access: Access, records: u64, look: Look<'_>) -> AnyResult<(R::Sums, f64)>
where
    R: Record + hydra::Hydra,
    for<'a> View<'a, R>: Fields<R::Sums>,
{
    let (table, mut blocks) = (table::<R>(path, access)?, 0usize);
    let (sums, nanos) = nanos(records, || {
        table.blocks().try_fold(R::Sums::default(), |sums, block| {
            blocks += 1;
            if blocks.is_multiple_of(BETWEEN) {
                look()?;
            }
            Ok(scan(&block?, sums))
        })
    })?;
    look()?;
    Ok((sums, nanos))
}
