//! Rounds of measurements and their table. It does not depend on what is measured.

use std::hint::black_box;
use std::time::Instant;

/// The number of passes over all items in one measurement.
const PASSES: usize = 100;

/// The measurements of each way of doing each operation.
#[derive(Default)]
pub struct Table {
    cells: Vec<Cell>,
}

struct Cell {
    row: &'static str,
    column: &'static str,
    nanos: Vec<f64>,
    /// The allocations in all passes of one measurement.
    allocations: u64,
    sum: u64,
}

impl Table {
    /// Gets a number by each of `keys` from each of `items`.
    #[inline(always)]
    pub fn get<T, K>(
        &mut self,
        row: &'static str,
        column: &'static str,
        (items, keys): (&[T], &[K]),
        mut get: impl FnMut(&T, &K) -> f64,
    ) {
        self.time(row, column, items.len() * keys.len(), || {
            let mut sum = 0u64;
            for item in items {
                for key in keys {
                    sum = sum.wrapping_add(get(black_box(item), black_box(key)).to_bits());
                }
            }
            sum
        });
    }

    /// Gets a number from each of `items` in a loop that the compiler sees as a whole.
    #[inline(always)]
    pub fn sum<T>(&mut self, row: &'static str, column: &'static str, items: &[T], get: impl Fn(&T) -> f64) {
        self.time(row, column, items.len(), || {
            let mut sum = 0u64;
            for item in black_box(items) {
                sum = sum.wrapping_add(get(item).to_bits());
            }
            sum
        });
    }

    /// Sets a number by each of `keys` in each of `items`; `sum` reads the values that were set last.
    #[inline(always)]
    pub fn set<T, K>(
        &mut self,
        row: &'static str,
        column: &'static str,
        (items, keys): (&mut [T], &[K]),
        mut set: impl FnMut(&mut T, &K, f64),
        sum: impl Fn(&T) -> f64,
    ) {
        let mut number = 0.0;
        self.time(row, column, items.len() * keys.len(), || {
            for item in &mut *items {
                number += 1.0;
                for key in keys {
                    set(black_box(&mut *item), black_box(key), black_box(number));
                }
            }
            0
        });
        let total = items.iter().map(|item| sum(item).to_bits()).fold(0, u64::wrapping_add);
        self.cell(row, column).sum = total;
    }

    /// Times the passes. The first time, it runs them once more to count allocations.
    #[inline(always)]
    fn time(&mut self, row: &'static str, column: &'static str, count: usize, mut pass: impl FnMut() -> u64) {
        let start = Instant::now();
        let sum = (0..PASSES).map(|_| black_box(pass())).fold(0, u64::wrapping_add);
        let nanos = start.elapsed().as_nanos() as f64 / (PASSES * count) as f64;
        let cell = self.cell(row, column);
        cell.sum = sum;
        cell.nanos.push(nanos);
        if cell.nanos.len() == 1 {
            let counted = crate::counting::measure(|| _ = black_box(pass()));
            self.cell(row, column).allocations = counted.calls.div_ceil(count as u64);
        }
    }

    fn cell(&mut self, row: &'static str, column: &'static str) -> &mut Cell {
        let position = self.cells.iter().position(|cell| (cell.row, cell.column) == (row, column));
        let position = position.unwrap_or_else(|| {
            self.cells.push(Cell { row, column, nanos: Vec::new(), allocations: 0, sum: 0 });
            self.cells.len() - 1
        });
        &mut self.cells[position]
    }

    /// Prints a row for each operation and a column for each way: median nanoseconds, and allocations if
    /// there are any.
    pub fn print(&self, columns: &[&str]) {
        println!("| nanoseconds | {} |\n| --- |{}", columns.join(" | "), " --- |".repeat(columns.len()));
        let mut rows: Vec<&str> = self.cells.iter().map(|cell| cell.row).collect();
        rows.dedup();
        for row in rows {
            let cells: Vec<&Cell> = self.cells.iter().filter(|cell| cell.row == row).collect();
            assert!(cells.windows(2).all(|pair| pair[0].sum == pair[1].sum), "sums of `{row}` differ");
            let of = |column: &&str| {
                cells.iter().find(|cell| cell.column == *column).map_or(String::new(), |cell| cell.text())
            };
            println!("| {row} | {} |", columns.iter().map(of).collect::<Vec<_>>().join(" | "));
        }
    }
}

impl Cell {
    fn text(&self) -> String {
        let mut all = self.nanos.clone();
        all.sort_by(f64::total_cmp);
        let allocations = match self.allocations {
            0 => String::new(),
            count => format!(", {count} allocation{}", if count == 1 { "" } else { "s" }),
        };
        format!("{:.2}{allocations}", all[all.len() / 2])
    }
}
