//! Styles of text for people.

/// The meaning of a piece of text, shown by colour or weight.
#[derive(Clone, Copy)]
pub(crate) enum TextStyle {
    Bold,
    Dim,
    Good,
    Bad,
    Warn,
    Note,
    /// One of several adjacent parts, by its number.
    Part(usize),
}

/// Returns text in a style, or unchanged without colour.
pub(crate) fn paint(color: bool, style: TextStyle, text: &str) -> String {
    let code = match style {
        TextStyle::Bold => "1",
        TextStyle::Dim => "2",
        TextStyle::Good => "1;32",
        TextStyle::Bad => "1;31",
        TextStyle::Warn => "1;33",
        TextStyle::Note => "1;36",
        TextStyle::Part(number) => ["36", "33", "32", "35", "34", "96"][number % 6],
    };
    if color && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
}
