//! The blocks of a table on several threads, by rayon. It splits ranges of records between blocks, and knows nothing else.

use crate::Result;
use crate::table::block::Block;
use crate::table::table::{Row, Table};
use rayon::iter::{ParallelIterator, split};
use std::ops::Range;

impl<T: Row> Table<T> {
    /// The same as [`Table::blocks`], on the threads of rayon (feature `rayon`): each block is verified by the thread that
    /// gets it. What is collected comes in the order of the records, and so do errors.
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

    /// Two parts of a range that share no block; one if there is no such place near its middle.
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
