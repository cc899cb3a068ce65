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
use std::io::{BufWriter, Write};
use std::path::Path;

/// Bytes that are written at once.
const RUN: usize = 1 << 20;

/// A new file behind a buffer of 1 MiB.
fn create(path: &Path) -> AnyResult<BufWriter<File>> {
    Ok(BufWriter::with_capacity(RUN, File::create(path)?))
}

/// Writes what is in the buffer.
fn flushed(out: BufWriter<File>) -> AnyResult<Sync> {
    let file = out.into_inner().map_err(|error| error.into_error())?;
    Ok(synced(file))
}

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
