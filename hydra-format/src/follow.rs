//! Following a table that grows: an iterator over its present blocks and over those committed later. It finds
//! new commits through [`Reader::refresh`].

use crate::Result;
use crate::table::block::Block;
use crate::table::reader::Reader;
use crate::table::table::{Blocks, Row, Table};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// An iterator over the blocks of a table from a given record on, including blocks committed later. See
/// [`Table::follow`].
pub struct Follow<T> {
    blocks: Blocks<T>,
    every: Duration,
    stop: Stop,
    ended: bool,
}

/// A handle that ends a [`Follow`] from any thread. All clones end the same one.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Ends the iteration once it has returned everything committed before this call.
    pub fn stop(&self) {
        let (stopped, wake) = &*self.0;
        *stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        wake.notify_all();
    }

    /// Waits for the given time or until it is stopped, and returns whether it is stopped.
    fn wait(&self, time: Duration) -> bool {
        let (stopped, wake) = &*self.0;
        let stopped = stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = wake.wait_timeout_while(stopped, time, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl<T: Row> Table<T> {
    /// Returns an iterator over the blocks with the records from `first` on, including those committed later.
    ///
    /// It looks for new commits at the interval `every` and ends when it is stopped. Records of one commit
    /// come together, in one or more blocks. A later edit of a returned record is not returned again.
    ///
    /// Records are read as the type of this table even if newer types are appended meanwhile. A damaged block
    /// is returned as an error, and the iteration continues after it. If the file was replaced or cannot be
    /// read, the iteration ends with that error.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("primes.hydra");
    /// # let mut writer = hydra::Writer::create(&path)?;
    /// # let primes = writer.table::<u64>()?;
    /// # writer.commit()?;
    /// let table = hydra::Reader::open(&path)?.table::<u64>()?;
    /// let follow = table.follow(table.len(), Duration::from_millis(20));
    /// let stop = follow.stopper();
    ///
    /// let writing = std::thread::spawn(move || {
    ///     writer.append_slice(primes, &[2, 3, 5])?;
    ///     writer.finish()?;
    ///     stop.stop();
    ///     Ok::<(), hydra::Error>(())
    /// });
    /// let mut count = 0;
    /// for block in follow {
    ///     count += block?.len();
    /// }
    /// assert_eq!(count, 3);
    /// # writing.join().expect("a thread")?;
    /// # Ok::<(), hydra::Error>(())
    /// ```
    pub fn follow(&self, first: u64, every: Duration) -> Follow<T> {
        Follow { blocks: self.range(first..u64::MAX), every, stop: Stop::default(), ended: false }
    }
}

impl<T: Row> Follow<T> {
    /// Returns a handle that ends the iteration.
    pub fn stopper(&self) -> Stop {
        self.stop.clone()
    }

    /// Returns the table in the state currently shown.
    pub fn table(&self) -> &Table<T> {
        &self.blocks.table
    }
}

impl<T: Row> Iterator for Follow<T> {
    type Item = Result<Block<T>>;

    fn next(&mut self) -> Option<Result<Block<T>>> {
        while !self.ended {
            if let Some(block) = self.blocks.next() {
                return Some(block);
            }
            // After a stop it looks for new commits once more.
            let stopped = self.stop.wait(Duration::ZERO);
            let Table { snapshot, number, schema, .. } = self.table();
            let mut reader = Reader { snapshot: snapshot.clone() };
            match reader.refresh() {
                Ok(true) => {
                    let newer = Table::new(reader.snapshot, *number, schema.clone());
                    self.blocks = newer.range(self.blocks.records.start..u64::MAX);
                }
                Ok(false) if stopped => self.ended = true,
                Ok(false) => _ = self.stop.wait(self.every),
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl<T: Row> std::fmt::Debug for Follow<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Follow({:?} from {})", self.table(), self.blocks.records.start)
    }
}
