//! Buffers that end in text, of which only the bytes before the text can be changed.

use super::{AlignedBuf, Text};
use crate::Result;

/// A buffer that ends in text. The text cannot be changed: only the bytes before it are borrowed mutably.
#[derive(Clone, Debug)]
pub(crate) struct TextBuf {
    bytes: AlignedBuf,
    /// `bytes` are UTF-8 from here on, and ASCII if `is_ascii` is set. Only `new` constructs it.
    start: usize,
    is_ascii: bool,
}

impl TextBuf {
    /// Creates a buffer with the text that `find` finds at its end, as [`Text::split`] does.
    pub(crate) fn new(
        mut bytes: AlignedBuf,
        find: impl FnOnce(&[u8]) -> Result<Text<'_>>,
    ) -> Result<TextBuf> {
        let (front, text) = Text::split(&mut bytes, find)?;
        let start = front.len();
        let is_ascii = text.is_ascii();
        Ok(TextBuf { bytes, start, is_ascii })
    }

    /// Returns all bytes.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the buffer.
    pub(crate) fn into_bytes(self) -> AlignedBuf {
        self.bytes
    }

    /// Returns the bytes before the text, and the text.
    #[inline]
    pub(crate) fn halves(&self) -> (&[u8], Text<'_>) {
        let (front, text) = self.bytes.split_at_checked(self.start).unwrap_or_default();
        // SAFETY: invariant of the fields. Test `a_buffer_keeps_its_text`.
        (front, unsafe { Text::known(text, self.is_ascii) })
    }

    /// Returns the bytes before the text for changing them, and the text.
    #[inline]
    pub(crate) fn halves_mut(&mut self) -> (&mut [u8], Text<'_>) {
        let (front, text) = self.bytes.split_at_mut_checked(self.start).unwrap_or_default();
        // SAFETY: invariant of the fields. Test `a_buffer_keeps_its_text`.
        (front, unsafe { Text::known(text, self.is_ascii) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the end of the bytes, from `start` on.
    fn end(start: usize) -> impl Fn(&[u8]) -> Result<Text<'_>> {
        move |bytes| Ok(bytes.get(start..).and_then(Text::of).unwrap_or_default())
    }

    #[test]
    fn a_buffer_without_text_is_refused() {
        fn refused(_: &[u8]) -> Result<Text<'_>> {
            Err(crate::Error::new(crate::ErrorKind::BadUtf8))
        }
        assert!(TextBuf::new(AlignedBuf::zeroed(2), refused).is_err());
    }

    #[test]
    fn a_buffer_keeps_its_text() {
        for (whole, start) in [("", 0), ("plain", 0), ("front plain", 6), ("front né, 日", 6), ("front", 5)]
        {
            let bytes = AlignedBuf::copy_of(whole.as_bytes());
            let mut kept = TextBuf::new(bytes, end(start)).unwrap();
            let expected = &whole[start..];
            let same = |text: Text<'_>| {
                assert_eq!(text.all(), expected);
                assert!(text.is_ascii() == expected.is_ascii() || expected.is_empty());
                let ends =
                    (0..=expected.len()).flat_map(|from| (0..=expected.len()).map(move |to| (from, to)));
                ends.for_each(|(from, to)| assert_eq!(text.get(from, to), expected.get(from..to)));
            };
            let moved = |kept: TextBuf| kept;
            for _ in 0..2 {
                let (front, text) = kept.halves_mut();
                front.fill(0xff);
                assert_eq!(front.len(), start);
                same(text);
                let (front, text) = kept.halves();
                assert_eq!(front, &vec![0xff; start][..]);
                same(text);
                assert_eq!(kept.bytes(), [front, expected.as_bytes()].concat());
                kept = moved(kept.clone());
            }
            assert_eq!(kept.clone().into_bytes()[..], *kept.bytes());
        }
    }
}
