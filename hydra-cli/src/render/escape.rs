//! Text that came from a file, made safe for a terminal: control characters are spelled, not sent.
#![forbid(unsafe_code)]

use std::borrow::Cow;

fn escaped(text: &str, keep_lines: bool) -> Cow<'_, str> {
    let keeps = |c: char| !is_control(c) || (keep_lines && c == '\n');
    if text.chars().all(keeps) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::with_capacity(text.len() + 8), |mut out, c| {
        if keeps(c) {
            out.push(c);
        } else {
            out.extend(c.escape_default());
        }
        out
    }))
}

/// Control characters, and those that turn the direction of what follows.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text of one line.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    escaped(text, false)
}

/// Text of several lines.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, true)
}

#[cfg(test)]
mod tests {
    #[test]
    fn controls_are_spelled() {
        assert_eq!(super::line("a\n\x1b[31mé\u{202e}"), "a\\n\\u{1b}[31mé\\u{202e}");
        assert_eq!(super::lines("a\nb\r"), "a\nb\\r");
    }
}
