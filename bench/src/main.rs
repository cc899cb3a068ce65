//! Compares Hydra with the limit of the hardware (the floor) and with other formats, in one run, with equal
//! work and equal sums.
//!
//! `cargo run --release --manifest-path bench/Cargo.toml -- COMMAND [NUMBER]..`, and COMMAND is one of these:
//!
//! - `all`, or no command: `files`, `growth`, `threads` and `memory` at full size, written to docs/BENCHMARKS.md.
//! - `quick`: the same at small size, in less than two minutes.
//! - `files [TICKS] [LOGS] [ROUNDS]`: files of ticks and of log lines in all formats, of trades and events in some.
//! - `growth [TICKS] [LOGS]`: the time per record in files of 10^3 to 10^TICKS ticks and 10^LOGS log lines.
//! - `threads [TICKS] [LOGS] [ROUNDS]`: reading the blocks of a file with one thread and with two, and checking a whole file.
//! - `columns [TICKS] [LOGS] [ROUNDS]`: rows against columns, at a tenth of TICKS as well.
//! - `memory [ROUNDS]`: one value in memory, in four shapes; 3 rounds are quick, 61 the full size.
//! - `reflect [ROUNDS]`: reflection.
//! - `evolve [RECORDS] [ROUNDS]`: changed types.
//! - `owned [RECORDS] [ROUNDS]`: the same records in other formats, in place and as owned values.
//! - `durable [MEGABYTES] [ROUNDS]`: commits, opening, following, recovery.
//! - `file PATH [RECORDS]`: writes a file of ticks and keeps it.
//!
//! Without numbers, or with `keep` after the command, `files`, `growth`, `threads`, `columns` and `memory` write their
//! tables to docs/BENCHMARKS.md, and `growth` its chart beside it. `--profile thin` and `--profile fat`,
//! instead of `--release`, build with link-time optimisation as users do; the page has separate tables for
//! them.

mod chart;
mod clock;
mod columns;
mod compare;
mod counting;
mod durable;
mod events;
mod evolve;
mod files;
mod growth;
mod logs;
mod memory;
mod owned;
mod peers;
mod reflect;
mod report;
mod threads;
mod ticks;
mod trades;

use std::path::{Path, PathBuf};

type AnyResult<T> = Result<T, Box<dyn std::error::Error>>;

/// A folder that is removed on drop.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> AnyResult<Scratch> {
        let path = std::env::temp_dir().join(format!("hydra-bench-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Scratch(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn clear(&self) -> AnyResult<()> {
        std::fs::remove_dir_all(&self.0)?;
        Ok(std::fs::create_dir_all(&self.0)?)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Maps a Hydra file.
fn map_file(path: &Path) -> hydra::Result<hydra::Map> {
    // SAFETY: no other program uses the file.
    unsafe { hydra::Map::open(path) }
}

fn main() -> AnyResult<()> {
    let mut args = std::env::args().skip(1).peekable();
    let what = args.next_if(|arg| arg.parse::<usize>().is_err()).unwrap_or("all".into());
    let path = if what == "file" { args.next() } else { None };
    let keep = args.next_if(|arg| arg == "keep").is_some() || args.peek().is_none();
    let numbers = args.map(|arg| arg.parse::<usize>()).collect::<Result<Vec<usize>, _>>()?;
    let number = |index: usize, default| numbers.get(index).copied().unwrap_or(default);
    match (what.as_str(), path) {
        ("all", _) => {
            files::run(10_000_000, 1_000_000, 7, true)?;
            growth::run(8, 7, true)?;
            threads::run(10_000_000, 2_500_000, 9, true)?;
            memory::run(61, true)
        }
        ("quick", _) => {
            files::run(1_000_000, 100_000, 3, false)?;
            growth::run(5, 4, false)?;
            threads::run(1_000_000, 250_000, 3, false)?;
            memory::run(3, false)
        }
        ("files", _) => files::run(number(0, 10_000_000), number(1, 1_000_000), number(2, 7), keep),
        ("growth", _) => growth::run(number(0, 8), number(1, 7), keep),
        ("threads", _) => threads::run(number(0, 10_000_000), number(1, 2_500_000), number(2, 9), keep),
        ("columns", _) => columns::run(number(0, 10_000_000), number(1, 1_000_000), number(2, 5), keep),
        ("evolve", _) => evolve::run(number(0, 10_000_000), number(1, 7)),
        ("owned", _) => owned::run(number(0, 4_000_000), number(1, 7)),
        ("durable", _) => durable::run(number(0, 1000), number(1, 5)),
        ("memory", _) => memory::run(number(0, 61), keep),
        ("reflect", _) => reflect::run(number(0, 201)),
        ("file", Some(path)) => peers::hydra::make::<ticks::Tick>(path.as_ref(), number(0, 80_000_000)),
        _ => Err(format!("no command `{what}`; the top of bench/src/main.rs lists them").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each run fails if two ways compute different sums.
    #[test]
    fn every_way_of_a_file_and_of_a_value_does_equal_work() -> AnyResult<()> {
        files::run(20_000, 5_000, 1, false)?;
        growth::run(4, 3, false)?;
        threads::run(20_000, 5_000, 1, false)?;
        columns::run(20_000, 5_000, 1, false)?;
        memory::run(1, false)
    }

    #[test]
    fn every_way_of_reflection_evolution_and_commits_does_equal_work() -> AnyResult<()> {
        reflect::run(1)?;
        evolve::run(20_000, 1)?;
        owned::run(20_000, 1)?;
        durable::run(4, 1)
    }
}
