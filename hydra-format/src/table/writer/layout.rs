//! The layout in which a writer stores tables.

use super::{TableId, Writer, WriterOptions};
use crate::{Layout, Result};

impl WriterOptions {
    /// Sets the layout of blocks; rows by default. [`Writer::set_layout`] sets it for one table.
    ///
    /// Columns take a fraction of the bytes of rows, and reading a few fields of many records is faster. Appending
    /// is slower, because each block is encoded when it is full: when it has 1 MiB as rows, or four times
    /// [`block_bytes`](Self::block_bytes). A block that would not become smaller stays rows. Reading is the same for
    /// both.
    ///
    /// The layout is a setting of the writer and not of the file: a writer that resumes a file sets it again, or
    /// goes on in rows.
    pub fn layout(mut self, layout: Layout) -> WriterOptions {
        self.layout = layout;
        self
    }
}

impl Writer {
    /// Sets the layout of the blocks of a table from the next record on; see [`WriterOptions::layout`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("prices.hydra");
    /// let mut file = hydra::Writer::create(&path)?;
    /// let prices = file.table::<f64>()?;
    /// file.set_layout(prices, hydra::Layout::Columns)?;
    /// (0..100_000).try_for_each(|cents| file.append(prices, &(f64::from(cents) / 100.0)))?;
    /// file.finish()?;
    /// assert!(std::fs::metadata(&path)?.len() < 200_000);
    /// assert_eq!(hydra::Reader::open(&path)?.table::<f64>()?.get(12_345)?.view(), 123.45);
    /// # Ok::<(), hydra::Error>(())
    /// ```
    pub fn set_layout<T>(&mut self, table: TableId<T>, layout: Layout) -> Result<()> {
        if self.open(table)?.layout == layout {
            return Ok(());
        }
        self.seal(table.index)?;
        let block_bytes = self.tables.blocks.0;
        let open = self.open(table)?;
        open.layout = layout;
        let newest = open.newest.take();
        open.read_as(newest, block_bytes);
        Ok(())
    }
}
