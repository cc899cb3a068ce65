//! Iteration over the blocks of a table on several threads, by rayon.

use crate::Result;
use crate::table::block::Block;
use crate::table::table::{Row, Table};
use rayon::iter::{ParallelIterator, split};
use std::ops::Range;

impl<T: Row> Table<T> {
    /// Iterates over the blocks as [`Table::blocks`] does, on rayon's threads (feature `rayon`). The thread
    /// that receives a block verifies it. Collected results and errors keep the order of the records.
    ///
    /// ```
    /// use rayon::iter::ParallelIterator;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("numbers.hydra");
    /// # let mut writer = hydra::Writer::options().block_bytes(4096).create(&path)?;
    /// # let numbers = writer.table::<u64>()?;
    /// # writer.append_slice(numbers, &(0..10_000).collect::<Vec<u64>>())?;
    /// # writer.finish()?;
    /// let numbers = hydra::Reader::open(&path)?.table::<u64>()?;
    /// let sum: u64 = numbers
    ///     .par_blocks()
    ///     .map(|block| Ok(block?.as_slice().iter().sum::<u64>()))
    ///     .sum::<hydra::Result<u64>>()?;
    /// assert_eq!(sum, (0..10_000).sum());
    /// # Ok::<(), hydra::Error>(())
    /// ```
    pub fn par_blocks(&self) -> impl ParallelIterator<Item = Result<Block<T>>> + use<T> {
        let table = self.clone();
        let whole = self.clone();
        split(0..self.len(), move |records| table.halves(records))
            .flat_map_iter(move |part| whole.range(part))
    }

    /// Splits a range into two parts that share no block. Returns the whole range if no block ends near its
    /// middle.
    fn halves(&self, records: Range<u64>) -> (Range<u64>, Option<Range<u64>>) {
        let Range { start, end } = records;
        let middle = self.snapshot.find(self.number, start.midpoint(end));
        let between = middle.map(|block| if block.first > start { block.first } else { block.end() });
        match between {
            Ok(between) if between < end => (start..between, Some(between..end)),
            _ => (start..end, None),
        }
    }
}
