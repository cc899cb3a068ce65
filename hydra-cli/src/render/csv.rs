//! Cells and rows of CSV (docs/VALUES.md).
#![forbid(unsafe_code)]

use super::json::Json;
use super::leaf::{Leaf, Spelling, leaf, write_leaf};
use hydra::Value;
use std::fmt::Write;

/// Appends the cell of a value: null is empty, the empty string is `""`, what has parts is JSON text.
pub(crate) fn write_cell(out: &mut String, value: Value<'_>, spelling: Spelling) {
    match leaf(value, spelling) {
        Some(Leaf::Null) if value.is_none() => {}
        Some(Leaf::Str(text)) => write_text(out, text),
        Some(Leaf::Text(text)) => write_text(out, &text),
        Some(leaf) => write_leaf(out, &leaf),
        None => write_text(out, &serde_json::to_string(&Json(value, spelling)).unwrap_or_default()),
    }
}

/// Appends text, in quotes where it needs them.
pub(crate) fn write_text(out: &mut String, text: &str) {
    if text.is_empty() || text.contains([',', '"', '\n', '\r']) {
        let _ = write!(out, "\"{}\"", text.replace('"', "\"\""));
    } else {
        out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(value: Value<'_>) -> String {
        let mut out = String::new();
        write_cell(&mut out, value, Spelling::default());
        out
    }

    #[test]
    fn null_is_not_the_empty_string() {
        assert_eq!(cell(Value::of(&Option::<String>::None)), "");
        assert_eq!(cell(Value::of(&Some(String::new()))), "\"\"");
        assert_eq!(cell(Value::of(&"a \"b\", c".to_string())), "\"a \"\"b\"\", c\"");
        assert_eq!(cell(Value::of(&1.0f64)), "1.0");
        assert_eq!(cell(Value::of(&vec![1u8, 2])), "AQI=");
        assert_eq!(cell(Value::of(&vec![1u32, 2])), "\"[1,2]\"");
        assert_eq!(cell(Value::of(&u128::MAX)), u128::MAX.to_string());
    }
}
