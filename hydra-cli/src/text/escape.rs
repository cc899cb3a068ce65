//! Escapes control characters in text from files, so that it is safe for a terminal.

use std::borrow::Cow;

fn escaped(text: &str, keeps: impl Fn(char) -> bool, escape: impl Fn(&mut String, char)) -> Cow<'_, str> {
    if text.chars().all(&keeps) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::with_capacity(text.len() + 8), |mut out, c| {
        if keeps(c) {
            out.push(c)
        } else {
            escape(&mut out, c)
        }
        out
    }))
}

/// Returns true for control characters and characters that change the direction of text.
pub(crate) fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Escapes text of one line.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |c| !is_control(c), |out, c| out.extend(c.escape_default()))
}

/// Returns the name of a field or variant as paths write it.
pub(crate) fn name(name: &str) -> String {
    hydra::reflect::Path::from_iter([hydra::reflect::Step::Field(name.to_string())]).to_string()
}

/// Escapes JSON; the result is still JSON.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    escaped(text, |c| !is_control(c), |out, c| out.push_str(&format!("\\u{:04x}", u32::from(c))))
}

/// Escapes text of several lines.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| !is_control(c) || c == '\n', |out, c| out.extend(c.escape_default()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn controls_are_spelled() {
        assert_eq!(super::line("a\n\x1b[31mé\u{202e}"), "a\\n\\u{1b}[31mé\\u{202e}");
        assert_eq!(super::json("\"\u{7f}é\u{202e}\""), r#""\u007fé\u202e""#);
        assert_eq!(super::lines("a\nb\r"), "a\nb\\r");
    }
}
