//! Measures Hydra against the floor that the hardware sets, in one run, with equal work and equal sums.
//!
//! `cargo run --release --manifest-path bench/Cargo.toml -- [RECORDS] [ROUNDS]`; with `evolve` before the numbers,
//! only how types that changed are read.

mod evolve;
mod ticks;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let evolve = std::env::args().nth(1).is_some_and(|arg| arg == "evolve");
    let mut args = std::env::args().skip(1 + usize::from(evolve)).map(|arg| arg.parse::<usize>());
    let records = args.next().transpose()?.unwrap_or(10_000_000);
    let rounds = args.next().transpose()?.unwrap_or(7);
    if evolve { evolve::run(records, rounds) } else { ticks::run(records, rounds) }
}
