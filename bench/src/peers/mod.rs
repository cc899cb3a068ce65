//! The formats, each used as its own documentation recommends. Only the benchmarks depend on them.

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

/// The number of bytes in one write.
const RUN: usize = 1 << 20;

/// A new file that is written in aligned pieces of 1 MiB, so that a map of it has large pieces.
pub struct Run {
    file: File,
    bytes: Vec<u8>,
    /// The number of bytes that were pushed.
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

    /// Writes the rest.
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

    /// Does nothing; only the end of the file is flushed.
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Makes a file durable.
fn synced(file: File) -> Sync {
    Box::new(move || Ok(file.sync_all()?))
}

/// Maps a file.
pub fn map(path: &Path) -> AnyResult<memmap2::Mmap> {
    // SAFETY: no other program uses the file.
    Ok(unsafe { memmap2::Mmap::map(&File::open(path)?) }?)
}

/// Writes a frame after its length.
fn put_frame(out: &mut impl Write, frame: &[u8]) -> AnyResult<()> {
    out.write_all(&(frame.len() as u64).to_le_bytes())?;
    Ok(out.write_all(frame)?)
}

/// Returns the next frame and the bytes after it.
fn frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (count, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(u64::from_le_bytes(*count) as usize)
}
