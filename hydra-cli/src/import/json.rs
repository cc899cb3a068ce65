//! Splits JSON into tokens with their places; numbers stay as they are written. The text must be valid JSON
//! by serde_json: the tokens of other text are meaningless, but their number is finite.

use super::job::TextPosition;
use std::borrow::Cow;

/// A token of JSON; commas and colons are skipped.
pub(super) enum Token<'t> {
    Null,
    Bool,
    Number(&'t str),
    /// A text, or the name of a field.
    Text(Cow<'t, str>),
    Array,
    Object,
    /// The end of an array, an object, or the text.
    End,
}

/// Reads a JSON text token by token.
pub(super) struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t str) -> Tokens<'t> {
        Tokens { text, at: 0 }
    }

    /// Returns the place of the last byte that was read, in a text that starts at `start`.
    pub(super) fn place(&self, start: TextPosition) -> TextPosition {
        start.after(self.text.as_bytes().get(..self.at - 1).unwrap_or_default())
    }

    pub(super) fn next(&mut self) -> Token<'t> {
        let bytes = self.text.as_bytes();
        let is_between = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':');
        while bytes.get(self.at).is_some_and(is_between) {
            self.at += 1;
        }
        let start = self.at;
        match bytes.get(start) {
            Some(b'n') => self.skip(4, Token::Null),
            Some(b't') => self.skip(4, Token::Bool),
            Some(b'f') => self.skip(5, Token::Bool),
            Some(b'[') => self.skip(1, Token::Array),
            Some(b'{') => self.skip(1, Token::Object),
            Some(b'"') => Token::Text(self.string()),
            Some(b'-' | b'0'..=b'9') => {
                let is_number = |b: &u8| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                while bytes.get(self.at).is_some_and(is_number) {
                    self.at += 1;
                }
                Token::Number(self.text.get(start..self.at).unwrap_or_default())
            }
            _ => self.skip(1, Token::End),
        }
    }

    fn skip(&mut self, count: usize, token: Token<'t>) -> Token<'t> {
        self.at += count;
        token
    }

    fn string(&mut self) -> Cow<'t, str> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut escaped = false;
        self.at += 1;
        while let Some(next) = bytes.get(self.at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
            self.at += next + 1;
            if bytes.get(self.at - 1) == Some(&b'"') {
                break;
            }
            escaped = true;
            self.at += 1;
        }
        let quoted = self.text.get(start..self.at).unwrap_or_default();
        let unescaped = escaped.then(|| serde_json::from_str(quoted).ok()).flatten();
        // Half a surrogate pair has no text; an error is reported when it is written.
        unescaped.map_or(Cow::Borrowed(quoted.trim_matches('"')), Cow::Owned)
    }
}
