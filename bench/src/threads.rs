//! Reads the blocks of a file with one thread and with two; each block is checked by the thread that reads
//! it. It also compares a check of a whole file with only reading it and computing its checksum. It measures
//! wall time.
#![forbid(unsafe_code)]

use crate::compare::{Fields, Record, scan};
use crate::logs::Log;
use crate::peers::hydra::{Access, make, table};
use crate::report::{Section, Table, digits};
use crate::ticks::Tick;
use crate::{AnyResult, Scratch, clock};
use hydra::View;
use rayon::iter::ParallelIterator;
use std::fs::File;
use std::io::Read;
use std::ops::AddAssign;
use std::path::Path;
use std::time::Instant;

/// Measures files of these numbers of ticks and log lines `rounds` times.
pub fn run(ticks: usize, logs: usize, rounds: usize, keep: bool) -> AnyResult<()> {
    let scratch = Scratch::new("threads")?;
    let mut section = Section::new("threads", &[])?;
    section.say(&format!(
        "Milliseconds on the clock for a file of {ticks} ticks and one of {logs} log lines, medians of {rounds} rounds in turn. A scan is over a fresh \
         map or an opened file, every block checked; the sums were compared. In parentheses: how many times as fast as `blocks()`, or, for the full check \
         (`hydra::file::check`), the part of its speed that reading and crc32fast have alone."
    ));
    let mut scans = Table::new(&["", "`blocks()`", "`par_blocks()`, one thread", "two threads"]);
    let mut checks = Table::new(&["", "reading and crc32fast", "full check"]);
    file::<Tick>(&scratch, "ticks", ticks, rounds, &mut scans, &mut checks)?;
    file::<Log>(&scratch, "log lines", logs, rounds, &mut scans, &mut checks)?;
    section.table("Scans", &scans);
    section.table("Full check", &checks);
    section.finish(keep)
}

fn file<R>(
    scratch: &Scratch,
    name: &str,
    count: usize,
    rounds: usize,
    scans: &mut Table,
    checks: &mut Table,
) -> AnyResult<()>
where
    R: Record<Sums: Send + AddAssign + Copy> + hydra::Hydra + Send + Sync,
    for<'a> View<'a, R>: Fields<R::Sums>,
{
    let path = scratch.path().join(name);
    make::<R>(&path, count)?;
    for (access, how) in [(Access::Map, "mapped"), (Access::Buffers, "opened")] {
        let mut times = [const { Vec::new() }; 3];
        for _ in 0..rounds {
            let sums = [
                timed(&mut times[0], || one::<R>(&path, access))?,
                timed(&mut times[1], || several::<R>(&path, access, 1))?,
                timed(&mut times[2], || several::<R>(&path, access, 2))?,
            ];
            assert!(sums.iter().all(|sum| *sum == sums[0]), "every way comes to the same");
        }
        let [one, alone, two] = times.map(clock::median);
        let faster = |time: f64| format!("{} ({:.2})", digits(time), one / time);
        scans.row(&[format!("{name}, {how}"), digits(one), faster(alone), faster(two)]);
    }
    let mut times = [const { Vec::new() }; 2];
    for _ in 0..rounds {
        timed(&mut times[0], || floor(&path))?;
        let sound = timed(&mut times[1], || {
            let mut found = 0;
            let checked = hydra::file::check(&path, &mut |_| found += 1, None)?;
            Ok(checked.is_sound() && found == 0)
        })?;
        assert!(sound, "a sound file");
    }
    let [floor, check] = times.map(clock::median);
    checks.row(&[name.to_string(), digits(floor), format!("{} ({:.2})", digits(check), floor / check)]);
    Ok(())
}

/// Returns the wall time in milliseconds.
fn timed<W>(times: &mut Vec<f64>, work: impl FnOnce() -> AnyResult<W>) -> AnyResult<W> {
    let start = Instant::now();
    let done = work()?;
    times.push(start.elapsed().as_secs_f64() * 1e3);
    Ok(done)
}

fn one<R>(path: &Path, access: Access) -> AnyResult<R::Sums>
where
    R: Record + hydra::Hydra,
    for<'a> View<'a, R>: Fields<R::Sums>,
{
    table::<R>(path, access)?.blocks().try_fold(R::Sums::default(), |sums, block| Ok(scan(&block?, sums)))
}

fn several<R>(path: &Path, access: Access, threads: usize) -> AnyResult<R::Sums>
where
    R: Record<Sums: Send + AddAssign> + hydra::Hydra + Send + Sync,
    for<'a> View<'a, R>: Fields<R::Sums>,
{
    let table = table::<R>(path, access)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let sums = table.par_blocks().map(|block| hydra::Result::Ok(scan(&block?, R::Sums::default())));
    let add = |mut sums: R::Sums, more| -> hydra::Result<R::Sums> {
        sums += more;
        Ok(sums)
    };
    Ok(pool.install(|| sums.try_reduce(R::Sums::default, add))?)
}

/// Reads a file in pieces of 256 KiB and computes their checksums.
fn floor(path: &Path) -> AnyResult<u32> {
    let (mut file, mut piece, mut all) = (File::open(path)?, vec![0; 256 << 10], 0);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(all),
            count => all ^= crc32fast::hash(&piece[..count]),
        }
    }
}
