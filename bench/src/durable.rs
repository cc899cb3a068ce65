//! Measures the cost of durability: acknowledged commits, opening a large file that was not closed, following
//! it, and rewriting it. Whole calls are compared with plain writes and syncs of the same bytes.

use crate::AnyResult;
use crate::compare::Record;
use crate::report::number;
use crate::ticks::Tick;
use hydra::file::{RecoverOptions, compact, recover};
use hydra::{Durability, Reader, TableId, Writer};
use std::collections::BTreeMap;
use std::fs::{File, read_to_string};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// The duration of one measurement of commits.
const SLICE: Duration = Duration::from_millis(300);

/// The approximate number of records in a block of 256 KiB.
const BLOCK: usize = 5_450;

/// Runs all measurements with files of `megabytes` and `rounds` of everything that is repeated.
pub fn run(megabytes: usize, rounds: usize) -> AnyResult<()> {
    let folder = std::env::temp_dir().join(format!("hydra-durable-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let records = megabytes * 1_000_000 / size_of::<Tick>();
    let done = commits(&folder, rounds).and_then(|()| {
        large(&folder, records, rounds, Durability::Durable)?;
        large(&folder, records, rounds, Durability::Buffered)
    });
    std::fs::remove_dir_all(&folder)?;
    done
}

/// Measures acknowledged records per second, by durability and records per commit.
fn commits(folder: &Path, rounds: usize) -> AnyResult<()> {
    let mut rates: BTreeMap<(usize, &str), Vec<f64>> = BTreeMap::new();
    for round in 0..rounds {
        for group in [1, 10, 100, 1000] {
            let ticks: Vec<Tick> = (0..group as u64).map(Tick::make).collect();
            for (name, durability) in [("durable", Durability::Durable), ("buffered", Durability::Buffered)] {
                let path = folder.join(format!("{name}-{group}-{round}"));
                let mut writer = Writer::options().durability(durability).create(&path)?;
                let table = writer.table::<Tick>()?;
                writer.commit()?;
                let rate = rate(group, || {
                    writer.append_slice(table, &ticks)?;
                    Ok(writer.commit()?)
                })?;
                rates.entry((group, name)).or_default().push(rate);
                drop(writer);
                let mut plain = File::create(&path)?;
                let rate = self::rate(group, || {
                    plain.write_all(bytemuck::cast_slice(&ticks))?;
                    if durability == Durability::Durable {
                        plain.sync_data()?;
                    }
                    Ok(())
                })?;
                let name = if durability == Durability::Durable { "write and fdatasync" } else { "write" };
                rates.entry((group, name)).or_default().push(rate);
                std::fs::remove_file(&path)?;
            }
        }
    }
    println!("| records a commit | what | records a second: median | best |\n| --- | --- | --- | --- |");
    for ((group, name), mut all) in rates {
        all.sort_by(f64::total_cmp);
        println!("| {group} | {name} | {:.0} | {:.0} |", all[all.len() / 2], all[all.len() - 1]);
    }
    Ok(())
}

fn rate(group: usize, mut commit: impl FnMut() -> AnyResult<()>) -> AnyResult<f64> {
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < SLICE {
        commit()?;
        count += group;
    }
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

/// Measures reading a file that was not closed, while its writer has it open and afterwards.
fn large(folder: &Path, records: usize, rounds: usize, durability: Durability) -> AnyResult<()> {
    let (path, out) = (folder.join("large.hydra"), folder.join("out.hydra"));
    let mut writer = Writer::options().durability(durability).create(&path)?;
    let table = writer.table::<Tick>()?;
    println!(
        "\n| {durability:?}: what | best | median | worst | reads | read |\n| --- | --- | --- | --- | --- | --- |"
    );
    for block in 0..records / BLOCK {
        append(&mut writer, table, block * BLOCK, BLOCK)?;
        if block % 64 == 63 {
            writer.commit()?;
        }
    }
    // In this many blocks, every distance from the newest directory occurs once.
    let mut opened = Measured::default();
    let points = if durability == Durability::Durable { 1100 } else { rounds };
    for _ in 0..points {
        append(&mut writer, table, 0, BLOCK)?;
        writer.commit()?;
        opened.take(|| Reader::open(&path).map(drop).map_err(Into::into))?;
    }
    opened.print("open, unclosed");
    let mut reader = Reader::open(&path)?;
    let [mut idle, mut small, mut many] = <[Measured; 3]>::default();
    for _ in 0..100 {
        idle.take(|| expect(reader.refresh()?, false))?;
        append(&mut writer, table, 0, 1)?;
        writer.commit()?;
        small.take(|| expect(reader.refresh()?, true))?;
    }
    for _ in 0..rounds {
        append(&mut writer, table, 0, 100 * BLOCK)?;
        writer.commit()?;
        many.take(|| expect(reader.refresh()?, true))?;
    }
    idle.print("refresh, no news");
    small.print("refresh, one block more");
    many.print("refresh, a hundred blocks more");
    drop((reader, writer));
    println!("\nleft open: {} bytes", std::fs::metadata(&path)?.len());
    rewriting("recover", &path, &out, rounds, || {
        let done = recover(&path, &out, RecoverOptions::default(), None)?;
        expect(done.is_complete(), true)
    })?;
    rewriting("compact", &path, &out, rounds, || {
        compact(&path, &out, Default::default(), None)?;
        Ok(())
    })?;
    let mut writer = Writer::resume(&path)?;
    let table = writer.table::<Tick>()?;
    append(&mut writer, table, 0, 1)?;
    writer.finish()?;
    let mut closed = Measured::default();
    (0..20).try_for_each(|_| closed.take(|| Reader::open(&path).map(drop).map_err(Into::into)))?;
    closed.print("open, closed");
    Ok(std::fs::remove_file(&path)?)
}

fn append(writer: &mut Writer, table: TableId<Tick>, first: usize, count: usize) -> AnyResult<()> {
    (first..first + count).try_for_each(|index| Ok(writer.append(table, &Tick::make(index as u64))?))
}

#[track_caller]
fn expect(found: bool, expected: bool) -> AnyResult<()> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("found {found} at {}", std::panic::Location::caller()).into())
    }
}

/// Measures time and memory of `rounds`; the output is removed after each.
fn rewriting(
    name: &str,
    path: &Path,
    out: &Path,
    rounds: usize,
    mut work: impl FnMut() -> AnyResult<()>,
) -> AnyResult<()> {
    let (mut seconds, mut processor, mut peak) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        std::fs::write("/proc/self/clear_refs", "5")?;
        let (start, before) = (Instant::now(), ticks_of_processor()?);
        work()?;
        seconds.push(start.elapsed().as_secs_f64());
        processor.push(ticks_of_processor()? - before);
        peak = peak.max(number("/proc/self/status", "VmHWM:")?);
        std::fs::remove_file(out)?;
    }
    let megabytes = std::fs::metadata(path)?.len() as f64 / 1e6;
    seconds.sort_by(f64::total_cmp);
    processor.sort_by(f64::total_cmp);
    let (best, median) = (seconds[0], seconds[rounds / 2]);
    println!(
        "{name}: best {best:.2} s ({:.0} MB/s), median {median:.2} s; {:.2} s of processor; peak of memory {} MiB",
        megabytes / best,
        processor[0],
        peak / 1024
    );
    Ok(())
}

/// Returns the processor time of this process in seconds.
fn ticks_of_processor() -> AnyResult<f64> {
    let stat = read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / 100.0)
}

/// Durations of calls, and the bytes they read.
#[derive(Default)]
struct Measured {
    micros: Vec<f64>,
    reads: Vec<u64>,
    bytes: Vec<u64>,
}

impl Measured {
    fn take(&mut self, work: impl FnOnce() -> AnyResult<()>) -> AnyResult<()> {
        let io = || {
            Ok::<_, Box<dyn std::error::Error>>((
                number("/proc/self/io", "syscr:")?,
                number("/proc/self/io", "rchar:")?,
            ))
        };
        let (nothing, before) = (io()?, io()?);
        let start = Instant::now();
        work()?;
        self.micros.push(start.elapsed().as_nanos() as f64 / 1e3);
        let after = io()?;
        // Looking for a commit also reads.
        self.reads.push((after.0 - before.0).saturating_sub(before.0 - nothing.0));
        self.bytes.push((after.1 - before.1).saturating_sub(before.1 - nothing.1));
        Ok(())
    }

    fn print(&mut self, what: &str) {
        self.micros.sort_by(f64::total_cmp);
        self.reads.sort_unstable();
        self.bytes.sort_unstable();
        let last = self.micros.len() - 1;
        println!(
            "| {what} | {:.1} us | {:.1} us | {:.1} us | {} to {} | {} to {} bytes |",
            self.micros[0],
            self.micros[last / 2],
            self.micros[last],
            self.reads[0],
            self.reads[last],
            self.bytes[0],
            self.bytes[last]
        );
    }
}
