//! The formats, each in the way in which its own documentation would have it used. None of them is Hydra's concern but here.

pub mod avro;
pub mod columns;
pub mod frames;
pub mod hydra;
pub mod mcap;
pub mod raw;
pub mod rkyv;
pub mod sqlite;

use crate::AnyResult;
use crate::compare::Sync;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Bytes that are written at once.
const RUN: usize = 1 << 20;

/// A new file that is written in aligned runs of 1 MiB: whatever is mapped is mapped in large pieces then.
pub struct Run {
    file: File,
    bytes: Vec<u8>,
    /// How many were pushed.
    pub count: u64,
}

impl Run {
    pub fn create(path: &Path) -> AnyResult<Run> {
        Ok(Run { file: File::create(path)?, bytes: Vec::with_capacity(RUN), count: 0 })
    }

    #[inline]
    pub fn push(&mut self, mut bytes: &[u8]) -> std::io::Result<()> {
        self.count += bytes.len() as u64;
        while let Some((now, later)) = bytes.split_at_checked(RUN - self.bytes.len()) {
            self.bytes.extend_from_slice(now);
            self.file.write_all(&self.bytes)?;
            self.bytes.clear();
            bytes = later;
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes what is left.
    pub fn finish(mut self) -> AnyResult<Sync> {
        self.file.write_all(&self.bytes)?;
        Ok(synced(self.file))
    }
}

impl Write for Run {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.push(bytes)?;
        Ok(bytes.len())
    }

    /// Only the end flushes, and formats do not say when that is.
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Makes a file durable.
fn synced(file: File) -> Sync {
    Box::new(move || Ok(file.sync_all()?))
}

/// A file in memory.
fn map(path: &Path) -> AnyResult<memmap2::Mmap> {
    // SAFETY: nobody but this program knows the file.
    Ok(unsafe { memmap2::Mmap::map(&File::open(path)?) }?)
}

/// Frames with their length before them.
fn put_frame(out: &mut impl Write, frame: &[u8]) -> AnyResult<()> {
    out.write_all(&(frame.len() as u64).to_le_bytes())?;
    Ok(out.write_all(frame)?)
}

/// The next frame, and what is after it.
fn frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (count, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(u64::from_le_bytes(*count) as usize)
}
