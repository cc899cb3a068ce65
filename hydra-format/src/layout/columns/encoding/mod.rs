//! The encodings of streams (FORMAT.md, section 7.3), and which of them a writer takes (section 7.4).
//!
//! `store` encodes the values of one stream and `read` decodes them; both handle plain and constant streams
//! themselves. The other files have one part of an encoding each: `bits` numbers of a width, `groups` the
//! groups of frames and deltas, `exceptions` the values that do not fit, `dictionary` and `decimal` what is
//! made of these. Decoding is total: it checks the length of a stream before it reads its values, and the
//! memory that it allocates follows from the number of values that the caller expects.

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "widths of at most 64, in groups of 1,024"
)]
mod bits;
#[expect(clippy::arithmetic_side_effects, reason = "sizes of streams of at most 256 MiB")]
mod decimal;
#[expect(clippy::arithmetic_side_effects, reason = "sizes of streams of at most 256 MiB")]
mod dictionary;
mod exceptions;
mod groups;
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "the writer's own values, of at most 256 MiB"
)]
mod plan;
mod read;
#[expect(clippy::arithmetic_side_effects, reason = "sizes of streams of at most 256 MiB")]
mod store;
#[cfg(test)]
mod tests;
#[expect(clippy::arithmetic_side_effects, reason = "numbers of bits of a word")]
mod unsigned;

pub(super) use groups::Scratch;
pub(super) use read::{
    Offsets, Values, audit_bits, audit_offsets, audit_values, check_offsets, open_offsets, open_values,
    read_bits,
};
pub(super) use store::{store_bits, store_offsets, store_run, store_run_bytes, store_values};

/// The encodings by their codes.
mod code {
    pub(super) const PLAIN: u8 = 0;
    pub(super) const CONSTANT: u8 = 1;
    pub(super) const FRAME: u8 = 2;
    pub(super) const DELTA: u8 = 3;
    pub(super) const DICTIONARY: u8 = 4;
    pub(super) const DECIMAL_FRAME: u8 = 5;
    pub(super) const DECIMAL_DELTA: u8 = 6;
}

/// The number of values of a group.
pub(super) const GROUP: usize = 1024;

/// What a stream contains; it decides which encodings the stream can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Bits, or presence.
    Bits,
    /// Integers, chars, or tags.
    Integers,
    /// Floats.
    Floats,
    /// Offsets of lists, sets and maps.
    Offsets,
    /// Offsets of strings, bytes and opaque values.
    Strings,
    /// A run, or rows.
    Bytes,
}

/// Returns whether FORMAT.md, section 7.3, gives such a stream this encoding.
pub(super) fn is_known(encoding: u8, content: Content) -> bool {
    match content {
        Content::Bits => encoding <= code::CONSTANT,
        Content::Integers | Content::Strings => encoding <= code::DICTIONARY,
        Content::Floats => encoding <= code::DECIMAL_DELTA && !matches!(encoding, code::FRAME | code::DELTA),
        Content::Offsets => encoding <= code::DELTA,
        Content::Bytes => encoding == code::PLAIN,
    }
}

/// A stream as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct EncodedStream {
    pub(super) encoding: u8,
    /// The power of ten of a decimal; else zero.
    pub(super) parameter: u8,
    pub(super) zstd: bool,
    /// The number of bytes of a run or rows without compression.
    pub(super) plain: usize,
    pub(super) bytes: Vec<u8>,
}

/// A rule that the bytes of a stream break. The caller adds the place of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    /// The rule of FORMAT.md, such as `M7.3-1`.
    pub(super) rule: &'static str,
    /// The position in the stream.
    pub(super) at: usize,
    pub(super) expected: String,
    pub(super) found: String,
}

impl Flaw {
    pub(super) fn new(rule: &'static str, at: usize, expected: impl ToString, found: impl ToString) -> Flaw {
        Flaw { rule, at, expected: expected.to_string(), found: found.to_string() }
    }
}

/// The bytes of a stream that are still to be read, and their position in it.
#[derive(Clone, Copy, Debug)]
struct StreamRest<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> StreamRest<'a> {
    fn of(bytes: &'a [u8]) -> StreamRest<'a> {
        StreamRest { bytes, at: 0 }
    }

    /// Takes `count` values of `size` bytes each.
    fn take(&mut self, count: usize, size: usize) -> Result<&'a [u8], Flaw> {
        let wanted = count.saturating_mul(size);
        let Some((taken, rest)) = self.bytes.split_at_checked(wanted) else {
            let found = format!("{} bytes", self.bytes.len());
            return Err(Flaw::new("M7.3-1", self.at, format!("at least {wanted} bytes"), found));
        };
        *self = StreamRest { bytes: rest, at: self.at.saturating_add(wanted) };
        Ok(taken)
    }

    fn take_u32(&mut self) -> Result<usize, Flaw> {
        Ok(self.take(1, 4)?.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize))
    }

    /// Returns a flaw if there are more bytes.
    fn end(self) -> Result<(), Flaw> {
        match self.bytes.len() {
            0 => Ok(()),
            more => Err(Flaw::new("M7.3-1", self.at, "the end of the stream", format!("{more} more bytes"))),
        }
    }
}
