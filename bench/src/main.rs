//! Measures Hydra against the floor that the hardware sets and against peers, in one run, with equal work and equal sums.
//!
//! `cargo run --release --manifest-path bench/Cargo.toml -- [RECORDS] [ROUNDS]`: a file of ticks.
//! `cargo run --release --manifest-path bench/Cargo.toml -- reflect [ROUNDS]`: reflection.

mod reflect;
mod ticks;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1).peekable();
    let reflection = args.next_if(|arg| arg == "reflect").is_some();
    let mut numbers = args.map(|arg| arg.parse::<usize>());
    let mut number = |default| numbers.next().transpose().map(|number| number.unwrap_or(default));
    match reflection {
        true => reflect::run(number(201)?),
        false => ticks::run(number(10_000_000)?, number(7)?),
    }
}
