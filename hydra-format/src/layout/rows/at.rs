//! The checked accessor that every view uses. It is total: any bytes and any offset give a value.

use crate::Hydra;
use crate::memory::{self, Plain, Text};
use crate::schema::Kind;

/// The bytes of one stored value, with the heap and the text that its references refer to.
#[derive(Clone, Copy, Debug, Default)]
pub struct At<'a> {
    bytes: &'a [u8],
    pub(super) heap: &'a [u8],
    pub(crate) text: Text<'a>,
}

/// The bytes of consecutive stored values of one type, with the heap and the text that their references refer
/// to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Run<'a> {
    pub(crate) at: At<'a>,
    pub(crate) count: usize,
}

impl<'a> At<'a> {
    /// Creates the accessor of a value in a validated payload.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8], heap: &'a [u8], text: impl Into<Text<'a>>) -> At<'a> {
        At { bytes, heap, text: text.into() }
    }

    /// Returns the value's own bytes.
    #[inline]
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Copies the accessor region by region; see `Value::loaded`.
    #[inline(always)]
    pub(crate) fn loaded(self) -> At<'a> {
        let [bytes, heap] = [self.bytes, self.heap].map(|region| region);
        let text = self.text.loaded();
        At { bytes, heap, text }
    }

    /// Returns the heap and the text.
    #[inline]
    pub(crate) fn regions(self) -> (&'a [u8], Text<'a>) {
        (self.heap, self.text)
    }

    /// Returns an accessor of other bytes with the same heap and text.
    #[inline]
    pub(crate) fn with(self, bytes: &'a [u8]) -> At<'a> {
        At { bytes, ..self }
    }

    /// Returns the `size` bytes from `offset`; no bytes if they are out of bounds.
    #[inline]
    pub fn part(self, offset: usize, size: usize) -> At<'a> {
        self.with(offset.checked_add(size).and_then(|end| self.bytes.get(offset..end)).unwrap_or_default())
    }

    /// Returns the view of the `T` at `offset`.
    #[inline]
    pub fn get<T: Hydra>(self, offset: usize) -> T::View<'a> {
        T::view(self.part(offset, T::SIZE))
    }

    /// Decodes the `T` at `offset`.
    ///
    /// # Errors
    /// Fails if the value has no counterpart in this program, or if a `T` is too large for the stack.
    #[inline]
    pub fn decode<T: Hydra>(self, offset: usize) -> crate::Result<T> {
        self.part(offset, T::SIZE).owned()
    }

    /// Decodes the `T` here; an error if it is too large for the stack.
    #[inline]
    pub(crate) fn owned<T: Hydra>(self) -> crate::Result<T> {
        super::apart::<T, _>(T::TYPE, || T::decode(self))
    }

    /// Returns the first `N` bytes; zeros if there are fewer.
    #[inline]
    pub fn array<const N: usize>(self) -> [u8; N] {
        self.bytes.first_chunk::<N>().copied().unwrap_or([0; N])
    }

    /// Returns the first byte; zero if there is none.
    #[inline]
    pub fn byte(self) -> u8 {
        self.bytes.first().copied().unwrap_or(0)
    }

    /// Returns the unsigned integer of `size` bytes at the start.
    #[inline]
    pub(crate) fn uint(self, size: usize) -> u128 {
        match size {
            1 => self.byte().into(),
            2 => u16::from_le_bytes(self.array()).into(),
            4 => u32::from_le_bytes(self.array()).into(),
            8 => u64::from_le_bytes(self.array()).into(),
            _ => u128::from_le_bytes(self.array()),
        }
    }

    /// Returns the integer of this kind at the start; a u128 by its bits.
    #[inline]
    pub(crate) fn integer(self, kind: Kind) -> i128 {
        let spare = if kind.is_signed() { u128::BITS.saturating_sub(kind.bits()) } else { 0 };
        self.uint(kind.fixed_size() as usize).cast_signed() << spare >> spare
    }

    /// Returns the reference at the start: offset and length.
    #[inline]
    pub(crate) fn reference(self) -> (usize, usize) {
        let [a, b, c, d, e, f, g, h] = self.array::<8>();
        (u32::from_le_bytes([a, b, c, d]) as usize, u32::from_le_bytes([e, f, g, h]) as usize)
    }

    /// Returns the string that the reference at the start refers to; empty if it is out of bounds.
    #[inline]
    pub fn str(self) -> &'a str {
        let (offset, count) = self.reference();
        offset.checked_add(count).and_then(|end| self.text.get(offset, end)).unwrap_or_default()
    }

    /// Returns the array of elements of `size` bytes that the reference at the start refers to; empty if it
    /// is out of bounds.
    #[inline]
    pub(crate) fn referenced(self, size: usize) -> Run<'a> {
        let (offset, count) = self.reference();
        let bytes = count
            .checked_mul(size)
            .and_then(|bytes| offset.checked_add(bytes))
            .and_then(|end| self.heap.get(offset..end));
        match bytes {
            Some(bytes) => Run { at: self.with(bytes), count },
            None => Run { at: self.with(&[]), count: 0 },
        }
    }

    /// Returns the elements that the reference at the start refers to.
    #[inline]
    pub fn run<T: Hydra>(self) -> Run<'a> {
        self.referenced(T::SIZE)
    }

    /// Returns the `count` elements that start here.
    #[inline]
    pub fn inline_run(self, count: usize) -> Run<'a> {
        Run { at: self, count: if self.bytes.is_empty() { 0 } else { count } }
    }
}

impl<'a> Run<'a> {
    /// Returns the number of elements.
    #[inline]
    pub fn count(self) -> usize {
        self.count
    }

    /// Returns the element at `index`, `size` bytes long; empty bytes if there is none.
    #[inline]
    pub(crate) fn element(self, index: usize, size: usize) -> At<'a> {
        match index.checked_mul(size) {
            Some(offset) => self.at.part(offset, size),
            None => self.at.with(&[]),
        }
    }

    /// Returns the elements in order, each `size` bytes long.
    #[inline]
    pub(crate) fn elements(self, size: usize) -> impl Iterator<Item = At<'a>> {
        let mut rest = self.at.bytes;
        std::iter::from_fn(move || {
            let (element, behind) = rest.split_at_checked(size)?;
            rest = behind;
            Some(self.at.with(element))
        })
    }

    /// Returns the elements as a slice; empty if they are not valid values.
    #[inline]
    pub fn slice<T: Plain>(self) -> &'a [T] {
        memory::slice_of(self.at.bytes).unwrap_or_default()
    }

    /// Returns the elements as bytes.
    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        self.at.bytes
    }
}
