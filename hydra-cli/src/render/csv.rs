//! Writes cells of CSV (docs/VALUES.md).

/// Appends a cell: null is `null` without quotes; text is quoted if it needs quotes or would be read as null.
pub(crate) fn write_cell(out: &mut Vec<u8>, text: Option<&str>, null: &str) {
    let Some(text) = text else { return out.extend_from_slice(null.as_bytes()) };
    // A byte order mark at the start of a file would not be read as text.
    let plain = !text.is_empty() && text != null && !text.starts_with('\u{feff}');
    if plain && !text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        return out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
    for (i, part) in text.split('"').enumerate() {
        out.extend_from_slice(if i > 0 { b"\"\"" } else { b"" });
        out.extend_from_slice(part.as_bytes());
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::plain::plain;
    use hydra::Value;
    use std::cell::Cell;

    fn cell(value: Value<'_>) -> (String, bool) {
        let (mut out, mut buffer, lossy) = (Vec::new(), Vec::new(), Cell::new(false));
        write_cell(&mut out, plain(value, Default::default(), &lossy, &mut buffer), "");
        (String::from_utf8(out).unwrap(), lossy.get())
    }

    #[test]
    fn null_is_not_the_empty_string() {
        assert_eq!(cell(Value::of(&Option::<String>::None)), (String::new(), false));
        assert_eq!(cell(Value::of(&Some(None::<u8>))), (String::new(), true));
        assert_eq!(cell(Value::of(&Some(String::new()))).0, "\"\"");
        assert_eq!(cell(Value::of(&Some(()))), ("null".to_string(), false));
        assert_eq!(cell(Value::of(&"a \"b\", c".to_string())).0, "\"a \"\"b\"\", c\"");
        assert_eq!(cell(Value::of(&'"')).0, "\"\"\"\"");
        assert_eq!(cell(Value::of(&'\\')).0, "\\");
        assert_eq!(cell(Value::of(&1.0f64)).0, "1.0");
        assert_eq!(cell(Value::of(&f64::from_bits(u64::MAX))), ("NaN".to_string(), true));
        assert_eq!(cell(Value::of(&vec![1u8, 2])).0, "AQI=");
        assert_eq!(cell(Value::of(&vec![1u32, 2])).0, "\"[1,2]\"");
        assert_eq!(cell(Value::of(&u128::MAX)).0, u128::MAX.to_string());
    }
}
