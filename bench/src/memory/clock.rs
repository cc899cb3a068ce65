//! Times interleaved rounds and prints the results. It does not depend on any format.

use crate::clock::{median, now};
use std::hint::black_box;
use std::time::Duration;

/// One way of one row, with the nanoseconds of every round.
pub struct Contender<'w> {
    pub row: &'static str,
    pub name: &'static str,
    work: Box<dyn FnMut() + 'w>,
    /// The number of repetitions in a round, which takes about a millisecond.
    times: u32,
    nanos: Vec<f64>,
}

impl<'w> Contender<'w> {
    pub fn new<R>(row: &'static str, name: &'static str, mut work: impl FnMut() -> R + 'w) -> Contender<'w> {
        let work: Box<dyn FnMut() + 'w> = Box::new(move || drop(black_box(work())));
        let mut way = Contender { row, name, work, times: 1, nanos: vec![] };
        while way.round() < Duration::from_millis(1) && way.times < 1 << 20 {
            way.times *= 2;
        }
        way.nanos.clear();
        way
    }

    /// Runs one round.
    fn round(&mut self) -> Duration {
        let start = now();
        for _ in 0..self.times {
            (self.work)();
        }
        let took = now() - start;
        self.nanos.push(took.as_nanos() as f64 / f64::from(self.times));
        took
    }

    /// Returns the median.
    pub fn median(&self) -> f64 {
        median(self.nanos.clone())
    }
}

/// Runs all ways in turn, so that other load on the machine affects all of them.
pub fn rounds(ways: &mut [Contender<'_>], rounds: usize) {
    for _ in 0..rounds.max(1) {
        for way in ways.iter_mut() {
            way.round();
        }
    }
}

/// Returns nanoseconds in a readable unit.
pub fn shown(nanos: f64) -> String {
    match nanos {
        nanos if nanos < 1e3 => format!("{nanos:.1} ns"),
        nanos if nanos < 1e6 => format!("{:.1} us", nanos / 1e3),
        nanos => format!("{:.2} ms", nanos / 1e6),
    }
}
