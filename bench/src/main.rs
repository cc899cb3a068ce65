//! Measures Hydra against the floor that the hardware sets and against peers, in one run, with equal work and equal sums.
//!
//! `cargo run --release --manifest-path bench/Cargo.toml -- [RECORDS] [ROUNDS]`: a file of ticks.
//! `cargo run --release --manifest-path bench/Cargo.toml -- reflect [ROUNDS]`: reflection.
//! `cargo run --release --manifest-path bench/Cargo.toml -- evolve [RECORDS] [ROUNDS]`: types that changed.
//! `cargo run --release --manifest-path bench/Cargo.toml -- owned [RECORDS] [ROUNDS]`: the same records in peers, in place and as owned values.
//! `cargo run --release --manifest-path bench/Cargo.toml -- memory [ROUNDS]`: one value in memory, four shapes, against peers; 3 rounds are quick.
//! `cargo run --release --manifest-path bench/Cargo.toml -- durable [MEGABYTES] [ROUNDS]`: commits, opening, following, recovery.
//! `cargo run --release --manifest-path bench/Cargo.toml -- file PATH [RECORDS]`: makes a file of ticks and leaves it there.

mod durable;
mod evolve;
mod memory;
mod owned;
mod reflect;
mod ticks;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1).peekable();
    let what = args.next_if(|arg| arg.parse::<usize>().is_err()).unwrap_or_default();
    let path = if what == "file" { args.next() } else { None };
    let mut numbers = args.map(|arg| arg.parse::<usize>());
    let mut number = |default| numbers.next().transpose().map(|number| number.unwrap_or(default));
    match (what.as_str(), path) {
        ("", _) => ticks::run(number(10_000_000)?, number(7)?),
        ("evolve", _) => evolve::run(number(10_000_000)?, number(7)?),
        ("owned", _) => owned::run(number(4_000_000)?, number(7)?),
        ("durable", _) => durable::run(number(1000)?, number(5)?),
        ("memory", _) => memory::run(number(31)?),
        ("reflect", _) => reflect::run(number(201)?),
        ("file", Some(path)) => ticks::make(path.as_ref(), number(80_000_000)?),
        _ => Err("expected `[RECORDS] [ROUNDS]`, `evolve [RECORDS] [ROUNDS]`, `owned [RECORDS] [ROUNDS]`, `durable [MEGABYTES] [ROUNDS]`, `memory [ROUNDS]`, `reflect [ROUNDS]` or `file PATH [RECORDS]`".into()),
    }
}
