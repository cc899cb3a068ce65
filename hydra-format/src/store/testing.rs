//! A file in memory that counts operations and fails on request, for tests.

use crate::store::block::BlockHeader;
use crate::store::bytes::{SLOT_AT, put};
use crate::store::commit::Commit;
use crate::store::open::{self, Opened};
use crate::store::storage::{Disk, Source, Storage};
use crate::table::columns::read_alone;
use crate::table::writer::Writer;
use std::collections::HashMap;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub(crate) struct Inner {
    pub(crate) bytes: Vec<u8>,
    pub(crate) reads: usize,
    pub(crate) writes: Vec<(u64, u64)>,
    pub(crate) syncs: usize,
    /// The number of writes and syncs that still succeed.
    pub(crate) budget: Option<usize>,
}

/// A handle to a file in memory; clones share it.
#[derive(Clone, Debug, Default)]
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

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let mut inner = self.inner();
        inner.spend()?;
        inner.bytes.truncate(length as usize);
        Ok(())
    }

    fn source(&self) -> io::Result<Box<dyn Source>> {
        Ok(Box::new(self.clone()))
    }

    fn another(&self) -> io::Result<Box<dyn Storage>> {
        Ok(Box::new(self.clone()))
    }
}

/// Files in memory, by name.
#[derive(Clone, Default)]
pub(crate) struct Shelf(Arc<Mutex<HashMap<PathBuf, Memory>>>);

impl Shelf {
    fn files(&self) -> MutexGuard<'_, HashMap<PathBuf, Memory>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes a file, if it exists.
    pub(crate) fn take(&self, path: &str) -> Option<Memory> {
        self.files().remove(Path::new(path))
    }

    /// Returns the number of files, including temporary ones.
    pub(crate) fn len(&self) -> usize {
        self.files().len()
    }
}

impl Disk for Shelf {
    fn resolve(&self, path: &Path, _: bool) -> crate::Result<PathBuf> {
        Ok(path.to_path_buf())
    }

    fn open_locked(&self, path: &Path, _: bool) -> crate::Result<Box<dyn Storage>> {
        Ok(Box::new(self.files()[path].clone()))
    }

    fn create_beside(&self, path: &Path, _: bool) -> crate::Result<(Box<dyn Storage>, PathBuf)> {
        let (temporary, memory) = (path.with_extension("tmp"), Memory::default());
        self.files().insert(temporary.clone(), memory.clone());
        Ok((Box::new(memory), temporary))
    }

    fn publish(&self, temporary: &Path, path: &Path) -> crate::Result<()> {
        self.replace(temporary, path)
    }

    fn replace(&self, temporary: &Path, path: &Path) -> crate::Result<()> {
        let memory = self.files().remove(temporary).unwrap();
        self.files().insert(path.to_path_buf(), memory);
        Ok(())
    }

    fn discard(&self, path: &Path) {
        self.files().remove(path);
    }

    fn sync_directory(&self, _: &Path) -> crate::Result<()> {
        Ok(())
    }
}

/// Creates a file of 300 numbers and some texts in small blocks, with metadata, written in two sessions;
/// between them bytes are covered by a PAD block.
pub(crate) fn sample() -> Memory {
    let memory = Memory::default();
    let options = Writer::options().file_id(*b"a file of tests.").block_bytes(512);
    let mut writer = options.create_in(Box::new(memory.clone())).unwrap();
    let numbers = writer.table::<u64>().unwrap();
    let texts = writer.table::<Vec<String>>().unwrap();
    writer.append_slice(numbers, &(0..150).collect::<Vec<u64>>()).unwrap();
    for number in 0..20 {
        writer.append(texts, &vec![format!("text {number}"), "é".repeat(number)]).unwrap();
    }
    writer.set_metadata("by", "a test").unwrap();
    writer.finish().unwrap();
    // A commit record is lost, so the bytes after the other commit are covered.
    memory.inner().bytes.extend([0xaa; 200]);
    memory.inner().bytes[SLOT_AT[1] as usize] ^= 1;
    let mut writer = options.resume_in(Box::new(memory.clone())).unwrap();
    let numbers = writer.table::<u64>().unwrap();
    writer.append_slice(numbers, &(150..300).collect::<Vec<u64>>()).unwrap();
    writer.set_metadata("again", "yes").unwrap();
    writer.finish().unwrap();
    memory
}

/// Adds a block with this header (place, chain and checksum are filled in) and commits it in both slots.
pub(crate) fn add_block(memory: &Memory, header: BlockHeader, payload: &[u8]) -> u64 {
    let Opened { header: file, commit, .. } = memory.open().unwrap();
    let offset = commit.committed_bytes;
    let block = BlockHeader {
        distance_lines: ((offset - commit.last_block) / 64) as u32,
        epoch: commit.epoch,
        payload_crc: crc32fast::hash(payload),
        ..header
    };
    let end = block.end(offset);
    let commit = Commit {
        sequence: commit.sequence + 1,
        committed_bytes: end,
        synced_bytes: end,
        last_block: offset,
        block_count: commit.block_count + 1,
        flags: 0,
        ..commit
    };
    let mut inner = memory.inner();
    inner.bytes.truncate(offset as usize);
    inner.bytes.extend(block.encode(file.sync_key(), offset));
    inner.bytes.extend(payload);
    inner.bytes.resize(end as usize, 0);
    for slot in SLOT_AT {
        put(&mut inner.bytes, slot as usize, &commit.encode(&file.file_id));
    }
    offset
}

/// Returns the stored records of a table, as far as they can be read.
pub(crate) fn records(memory: &Memory, opened: &Opened, table: usize) -> Vec<(u64, Vec<u8>)> {
    let mut cursor = opened.catalog.cursor(table, 0);
    let mut records = Vec::new();
    while let Some(entry) = cursor.next(&opened.catalog, memory) {
        let Ok(entry) = entry else { continue };
        let Ok(loaded) = read_alone(memory, &opened.catalog, &entry) else {
            continue;
        };
        let stored = loaded.payload.records().chunks(loaded.stride);
        records.extend(stored.map(<[u8]>::to_vec).zip(entry.first..).map(|(record, index)| (index, record)));
    }
    records
}

/// Returns the u64 records of the first table.
pub(crate) fn numbers(memory: &Memory) -> Vec<u64> {
    let opened = memory.open().unwrap();
    let stored = records(memory, &opened, 0).into_iter();
    stored.map(|(_, record)| u64::from_le_bytes(record[..].try_into().unwrap())).collect()
}
