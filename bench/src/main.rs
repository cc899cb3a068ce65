//! Measures Hydra against the floor that the hardware sets, in one run, with equal work and equal sums.
//!
//! `cargo run --release --manifest-path bench/Cargo.toml -- [RECORDS] [ROUNDS]`

mod ticks;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<usize>());
    let records = args.next().transpose()?.unwrap_or(10_000_000);
    let rounds = args.next().transpose()?.unwrap_or(7);
    ticks::run(records, rounds)
}
