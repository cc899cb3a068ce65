//! Text with a flag for ASCII. Every offset in ASCII text is a character boundary, so slicing it needs no
//! check of bytes.

use crate::Result;
use std::fmt;
use std::marker::PhantomData;

/// A `&str` and a bool in two words, the size of a `&str`.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    /// The start of `twice / 2` bytes of UTF-8, borrowed for `'a`; they are ASCII if `twice` is odd. Slices
    /// are short enough that doubling their length does not overflow.
    start: *const u8,
    twice: usize,
    of: PhantomData<&'a str>,
}

// SAFETY: the type is equivalent to a `&str` and a bool.
unsafe impl Send for Text<'_> {}
// SAFETY: as above.
unsafe impl Sync for Text<'_> {}

impl<'a> Text<'a> {
    /// Checks bytes and returns them as text; `None` if they are not UTF-8.
    pub(crate) fn of(bytes: &'a [u8]) -> Option<Text<'a>> {
        let is_ascii = bytes.is_ascii();
        if !is_ascii && simdutf8::basic::from_utf8(bytes).is_err() {
            return None;
        }
        // SAFETY: both facts are checked above. Test `parts_of_text_are_text`.
        Some(unsafe { Text::known(bytes, is_ascii) })
    }

    /// Returns bytes as text without a check.
    ///
    /// # Safety
    /// The bytes are UTF-8, and ASCII if `is_ascii` is true.
    #[inline]
    pub(super) unsafe fn known(bytes: &'a [u8], is_ascii: bool) -> Text<'a> {
        Text { start: bytes.as_ptr(), twice: bytes.len() << 1 | usize::from(is_ascii), of: PhantomData }
    }

    /// Splits bytes into the part before the text that `find` finds at their end, which can be changed, and
    /// that text. If `find` returns a text elsewhere, all bytes can be changed and the text is empty.
    pub(crate) fn split(
        bytes: &'a mut [u8],
        find: impl FnOnce(&[u8]) -> Result<Text<'_>>,
    ) -> Result<(&'a mut [u8], Text<'a>)> {
        let Text { start, twice, .. } = find(bytes)?;
        let before = bytes.len().saturating_sub(twice >> 1);
        let is_end = bytes.as_ptr().wrapping_add(before) == start;
        let (front, end) = bytes.split_at_mut(if is_end { before } else { bytes.len() });
        // SAFETY: these bytes are those of the text that was found, or there are none. The text was UTF-8,
        // and ASCII if it says so, while it was borrowed, and nothing has changed it since. Test
        // `only_the_end_of_bytes_becomes_their_text`.
        Ok((front, unsafe { Text::known(end, twice & 1 == 1) }))
    }

    /// Copies the text word by word; see `Value::loaded`.
    #[inline(always)]
    pub(crate) fn loaded(self) -> Text<'a> {
        let [twice] = [self.twice].map(|twice| twice);
        Text { start: self.start, twice, of: PhantomData }
    }

    #[inline]
    pub(super) fn is_ascii(self) -> bool {
        self.twice & 1 == 1
    }

    /// Returns the whole text.
    #[inline]
    pub(crate) fn all(self) -> &'a str {
        // SAFETY: the bytes are UTF-8 and borrowed for `'a` (invariant of the fields). Only `known` and
        // `from` construct texts. Test `parts_of_text_are_text`.
        unsafe { std::str::from_utf8_unchecked(self.bytes()) }
    }

    #[inline]
    fn bytes(self) -> &'a [u8] {
        // SAFETY: this number of bytes from `start` is borrowed for `'a` (invariant of the fields). Test
        // `parts_of_text_are_text`.
        unsafe { std::slice::from_raw_parts(self.start, self.twice >> 1) }
    }

    /// Returns the text from one byte to another; `None` unless both are character boundaries.
    #[inline]
    pub(crate) fn get(self, start: usize, end: usize) -> Option<&'a str> {
        if !self.is_ascii() {
            return self.all().get(start..end);
        }
        let part = self.bytes().get(start..end)?;
        // SAFETY: a part of ASCII text is ASCII, which is UTF-8 (test `parts_of_text_are_text`).
        Some(unsafe { std::str::from_utf8_unchecked(part) })
    }

    /// Returns whether `get` succeeds from `at` to the end.
    #[inline]
    pub(crate) fn is_boundary(self, at: usize) -> bool {
        if self.is_ascii() { at <= self.twice >> 1 } else { self.all().is_char_boundary(at) }
    }
}

impl<'a, S: AsRef<str> + ?Sized> From<&'a S> for Text<'a> {
    #[inline]
    fn from(text: &'a S) -> Text<'a> {
        let text: &'a str = text.as_ref();
        Text { start: text.as_ptr(), twice: text.len() << 1, of: PhantomData }
    }
}

impl Default for Text<'_> {
    #[inline]
    fn default() -> Self {
        "".into()
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.all().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_text_are_text() {
        for whole in ["", "plain", "né, 日"] {
            for text in [Text::of(whole.as_bytes()).unwrap(), whole.into()] {
                assert_eq!(text.all(), whole);
                for start in 0..=whole.len() + 1 {
                    assert_eq!(text.is_boundary(start), whole.is_char_boundary(start));
                    for end in 0..=whole.len() + 1 {
                        assert_eq!(text.get(start, end), whole.get(start..end), "{whole} {start}..{end}");
                    }
                }
            }
        }
        assert!(Text::of(b"\xff").is_none() && Text::of(b"a\xc3").is_none());
    }

    /// Returns the end of the bytes, from `start` on.
    fn end(start: usize) -> impl Fn(&[u8]) -> Result<Text<'_>> {
        move |bytes| Ok(bytes.get(start..).and_then(Text::of).unwrap_or_default())
    }

    #[test]
    fn only_the_end_of_bytes_becomes_their_text() {
        let parts = |bytes: &[u8], find: &dyn Fn(&[u8]) -> Result<Text<'_>>| {
            let mut bytes = bytes.to_vec();
            let (front, text) = Text::split(&mut bytes, find).unwrap();
            front.fill(0xff);
            assert!(std::str::from_utf8(text.bytes()).is_ok());
            let count = front.len();
            (count, text.all().to_string(), text.is_ascii())
        };
        let bytes = b"\xff\xffa\xc3\xa9";
        assert_eq!(parts(bytes, &end(2)), (2, "aé".to_string(), false));
        assert_eq!(parts(b"\xffab", &end(1)), (1, "ab".to_string(), true));
        // No bytes are known to be text here, so all of them may be changed.
        let nothing = (5, String::new());
        let found = |find: &dyn Fn(&[u8]) -> Result<Text<'_>>| {
            let (count, text, _) = parts(bytes, find);
            (count, text)
        };
        assert_eq!(found(&end(1)), nothing, "not UTF-8");
        assert_eq!(found(&end(9)), nothing, "behind the end");
        assert_eq!(found(&|bytes| Ok(Text::of(&bytes[2..3]).unwrap())), nothing, "in the middle");
        assert_eq!(found(&|bytes| Ok(Text::of(&bytes[5..]).unwrap())), nothing, "empty");
        assert_eq!(found(&|_| Ok("aé".into())), nothing, "elsewhere");
        assert_eq!(found(&|_| Ok("more than there is".into())), nothing, "elsewhere, and longer");
        assert_eq!(found(&|_| Ok("".into())), nothing, "elsewhere, and empty");
        fn refused(_: &[u8]) -> Result<Text<'_>> {
            Err(crate::Error::new(crate::ErrorKind::BadUtf8))
        }
        assert!(Text::split(&mut [1, 2], refused).is_err());
    }
}
