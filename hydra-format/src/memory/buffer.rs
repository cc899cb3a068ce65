//! Buffers that start on a line, so that what is read into them can be used in place.

use std::ops::{Deref, DerefMut};

/// One line of bytes, with the alignment of a line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);
const _: () = assert!(size_of::<Line>() == 64);

// SAFETY: the type is 64 bytes of u8 in 64 bytes (asserted above), so it has no padding, and zero is a valid
// value.
unsafe impl bytemuck::Zeroable for Line {}
// SAFETY: as above; every bit pattern is a valid value, and the type is Copy and 'static.
unsafe impl bytemuck::Pod for Line {}

/// A buffer of bytes that starts on a line (an address that is a multiple of 64).
#[derive(Clone, Default)]
pub struct AlignedBuf {
    lines: Vec<Line>,
    count: usize,
}

impl AlignedBuf {
    /// Creates a buffer of `count` zero bytes.
    pub fn zeroed(count: usize) -> AlignedBuf {
        AlignedBuf { lines: bytemuck::zeroed_vec(count.div_ceil(64)), count }
    }

    /// Creates a copy of `bytes`.
    pub fn copy_of(bytes: &[u8]) -> AlignedBuf {
        let mut buffer = AlignedBuf::zeroed(bytes.len());
        buffer.copy_from_slice(bytes);
        buffer
    }

    /// Sets the length to `count` bytes. The content is unspecified: each byte is an old one or zero.
    pub(crate) fn reuse(&mut self, count: usize) {
        if self.lines.is_empty() {
            return *self = AlignedBuf::zeroed(count);
        }
        self.lines.resize(count.div_ceil(64), Line([0; 64]));
        self.lines.last_mut().into_iter().for_each(|last| *last = Line([0; 64]));
        self.count = count;
    }

    /// Sets the length to `count` bytes; new bytes are zero.
    pub fn resize(&mut self, count: usize) {
        self.get_mut(count..).unwrap_or_default().fill(0);
        self.lines.resize(count.div_ceil(64), Line([0; 64]));
        self.count = count;
    }
}

impl Deref for AlignedBuf {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        let bytes: &[u8] = bytemuck::cast_slice(&self.lines);
        bytes.get(..self.count).unwrap_or_default()
    }
}

impl DerefMut for AlignedBuf {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.lines);
        bytes.get_mut(..self.count).unwrap_or_default()
    }
}

impl std::fmt::Debug for AlignedBuf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AlignedBuf({} bytes)", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_start_on_a_line_and_new_bytes_are_zero() {
        let mut buffer = AlignedBuf::copy_of(&[7; 100]);
        assert!(buffer.as_ptr().addr().is_multiple_of(64));
        buffer.resize(10);
        buffer.resize(200);
        assert!(buffer[..10].iter().all(|&byte| byte == 7) && buffer[10..].iter().all(|&byte| byte == 0));
    }
}
