//! A file in memory that counts what is done to it and fails on request. Only for tests.
#![forbid(unsafe_code)]

use super::open::{self, Opened};
use super::storage::{Source, Storage};
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub(crate) struct Inner {
    pub(crate) bytes: Vec<u8>,
    pub(crate) reads: usize,
    pub(crate) writes: Vec<(u64, u64)>,
    pub(crate) syncs: usize,
    /// The number of writes and syncs that still succeed.
    pub(crate) budget: Option<usize>,
}

/// A handle to a file in memory; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Inner>>);

impl Memory {
    pub(crate) fn of(bytes: &[u8]) -> Memory {
        let memory = Memory::default();
        memory.inner().bytes = bytes.to_vec();
        memory
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.inner().bytes.clone()
    }

    pub(crate) fn open(&self) -> crate::Result<Opened> {
        open::open(self)
    }
}

impl Inner {
    fn spend(&mut self) -> io::Result<()> {
        match &mut self.budget {
            Some(0) => Err(io::Error::other("the disk is gone")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Source for Memory {
    fn len(&self) -> io::Result<u64> {
        Ok(self.inner().bytes.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut inner = self.inner();
        inner.reads += 1;
        let rest = inner.bytes.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

impl Storage for Memory {
    fn write_at(&mut self, offset: u64, slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut inner = self.inner();
        inner.spend()?;
        let mut at = offset as usize;
        for slice in slices.iter() {
            let end = at + slice.len();
            if inner.bytes.len() < end {
                inner.bytes.resize(end, 0);
            }
            inner.bytes[at..end].copy_from_slice(slice);
            at = end;
        }
        inner.writes.push((offset, at as u64));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut inner = self.inner();
        inner.spend()?;
        inner.syncs += 1;
        Ok(())
    }
}
