//! Text that knows whether it is ASCII: then every offset in it is between characters, and nobody has to look.

use std::fmt;
use std::marker::PhantomData;

/// A `&str` and a bool in two words, as many as a `&str` has.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    /// `twice / 2` bytes from here are UTF-8, borrowed for `'a`; and ASCII, if `twice` is odd. No slice has so many bytes that
    /// twice their number were too large.
    start: *const u8,
    twice: usize,
    of: PhantomData<&'a str>,
}

// SAFETY: it is a `&str` and a bool, in another form.
unsafe impl Send for Text<'_> {}
// SAFETY: as above.
unsafe impl Sync for Text<'_> {}

impl<'a> Text<'a> {
    /// The text that these bytes are; none if they are not UTF-8.
    pub(crate) fn of(bytes: &'a [u8]) -> Option<Text<'a>> {
        let is_ascii = bytes.is_ascii();
        if !is_ascii && simdutf8::basic::from_utf8(bytes).is_err() {
            return None;
        }
        Some(Text { start: bytes.as_ptr(), twice: bytes.len() << 1 | usize::from(is_ascii), of: PhantomData })
    }

    #[inline]
    fn is_ascii(self) -> bool {
        self.twice & 1 == 1
    }

    /// All of it.
    #[inline]
    pub(crate) fn all(self) -> &'a str {
        // SAFETY: the bytes are UTF-8 and borrowed for `'a`, as the fields promise; only `of` and `from` make texts. Test
        // `parts_of_text_are_text`.
        unsafe { std::str::from_utf8_unchecked(self.bytes()) }
    }

    #[inline]
    fn bytes(self) -> &'a [u8] {
        // SAFETY: so many bytes from there are borrowed for `'a`, as the fields promise. Test `parts_of_text_are_text`.
        unsafe { std::slice::from_raw_parts(self.start, self.twice >> 1) }
    }

    /// From one byte to another; none unless both are between characters.
    #[inline]
    pub(crate) fn get(self, start: usize, end: usize) -> Option<&'a str> {
        if !self.is_ascii() {
            return self.all().get(start..end);
        }
        let part = self.bytes().get(start..end)?;
        // SAFETY: a part of what is ASCII is ASCII, and that is UTF-8 (test `parts_of_text_are_text`).
        Some(unsafe { std::str::from_utf8_unchecked(part) })
    }

    /// True if there is a `get` from here to the end.
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
}
