//! Streams that are compressed with Zstandard (RFC 8878; FORMAT.md, section 7.5).

use crate::{Error, ErrorKind, Result};
#[cfg(feature = "zstd")]
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The level of zrip whose frames are as small as those of level 3 of the C library.
#[cfg(feature = "zstd")]
const LEVEL: i32 = 4;

#[cfg(feature = "zstd")]
const MAGIC: u64 = 0xfd2f_b528;
#[cfg(feature = "zstd")]
const MOST_WINDOW: u64 = 8 << 20;

/// The tables of the compressor, 2 MiB, while no stream is being compressed. New ones for each stream would
/// take a fifth of the time to write text.
#[cfg(feature = "zstd")]
static KEPT: Mutex<Option<Box<zrip::CompressContext>>> = Mutex::new(None);

#[cfg(feature = "zstd")]
fn kept() -> MutexGuard<'static, Option<Box<zrip::CompressContext>>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Compresses a stream. Returns `None` if that does not save an eighth of it, or without the feature `zstd`.
#[cfg(feature = "zstd")]
pub(super) fn compress(plain: &[u8]) -> Option<Vec<u8>> {
    let mut frame = vec![0; plain.len().saturating_sub(plain.len().div_ceil(8))];
    let found = kept().take();
    let mut context = match found {
        Some(context) => context,
        None => Box::new(zrip::CompressContext::new(LEVEL).ok()?),
    };
    // A stream has a CRC.
    context.set_content_checksum(false);
    let length = context.compress_into(plain, &mut frame).ok();
    *kept() = Some(context);
    frame.truncate(length?);
    // A fault of the compressor must not lose records, so the frame is read back.
    (decompress(&frame, plain.len()).ok()? == plain).then_some(frame)
}

#[cfg(not(feature = "zstd"))]
pub(super) fn compress(_: &[u8]) -> Option<Vec<u8>> {
    None
}

/// Returns the number of bytes that a frame holds. The blocks are found by their headers and not decoded.
#[cfg(feature = "zstd")]
pub(super) fn content_size(frame: &[u8]) -> Result<u64> {
    check(frame).map_err(damaged)
}

#[cfg(not(feature = "zstd"))]
pub(super) fn content_size(_: &[u8]) -> Result<u64> {
    Err(Error::new(ErrorKind::Unsupported).what("zstd, as the program is built without the feature `zstd`"))
}

/// Returns the `size` bytes that a frame holds. Besides them, this takes at most 1 MiB of memory, whatever the frame
/// says: the window is the output itself.
#[cfg(feature = "zstd")]
pub(super) fn decompress(frame: &[u8], size: usize) -> Result<Vec<u8>> {
    if content_size(frame)? != size as u64 {
        return Err(damaged("its content has another size"));
    }
    let plain = zrip::decompress_with_limit(frame, size).map_err(|error| damaged(error.to_string()))?;
    if plain.len() == size { Ok(plain) } else { Err(damaged("its content has another size")) }
}

#[cfg(not(feature = "zstd"))]
pub(super) fn decompress(frame: &[u8], _: usize) -> Result<Vec<u8>> {
    content_size(frame).map(|_| Vec::new())
}

#[cfg(feature = "zstd")]
fn damaged(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::BadValue).what(format!("a frame of zstd: {}", what.into()))
}

/// Checks that the bytes are one frame with the size of its content, without a dictionary and a checksum, and
/// nothing after it. Returns that size.
#[cfg(feature = "zstd")]
fn check(frame: &[u8]) -> Result<u64, &'static str> {
    let mut rest = Rest(frame);
    if rest.number(4)? != MAGIC {
        return Err("no magic number");
    }
    let descriptor = rest.number(1)?;
    if descriptor & 0x0f != 0 {
        return Err("it has a dictionary, a checksum or a reserved flag");
    }
    let single_segment = descriptor & 0x20 != 0;
    if !single_segment {
        let window = rest.number(1)?;
        let base = 1u64.checked_shl((window >> 3) as u32).unwrap_or(0) << 10;
        if base.saturating_add((base >> 3).saturating_mul(window & 7)) > MOST_WINDOW {
            return Err("its window is above 8 MiB");
        }
    }
    let content = match descriptor >> 6 {
        0 if single_segment => rest.number(1)?,
        0 => return Err("no content size"),
        1 => rest.number(2)?.saturating_add(256),
        2 => rest.number(4)?,
        _ => rest.number(8)?,
    };
    loop {
        let header = rest.number(3)?;
        let run = header >> 1 & 3 == 1; // one byte, repeated
        rest.skip(if run { 1 } else { header >> 3 })?;
        if header & 1 != 0 {
            return if rest.0.is_empty() { Ok(content) } else { Err("bytes after it") };
        }
    }
}

/// The bytes of a frame that are not read yet.
#[cfg(feature = "zstd")]
struct Rest<'a>(&'a [u8]);

#[cfg(feature = "zstd")]
impl<'a> Rest<'a> {
    fn skip(&mut self, count: u64) -> Result<&'a [u8], &'static str> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let (skipped, rest) = self.0.split_at_checked(count).ok_or("cut short")?;
        self.0 = rest;
        Ok(skipped)
    }

    /// Reads an integer of at most eight bytes.
    fn number(&mut self, bytes: u64) -> Result<u64, &'static str> {
        Ok(self.skip(bytes)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

#[cfg(all(test, feature = "zstd"))]
mod tests;
