//! Text for people: styles, sizes, tables, and escaping of text from files. This module handles only strings.

pub(crate) mod escape;
mod paint;
pub(crate) mod table;

pub(crate) use paint::{TextStyle, paint};
use serde_json::Value;
pub(crate) use table::{TableCell, draw_table, shorten};

/// Returns a size in bytes: `36.5 KiB (37376)`, `512 bytes`.
pub(crate) fn bytes(count: u64) -> String {
    match scaled(count) {
        Some(text) => format!("{text} ({count})"),
        None => plural(count, "byte"),
    }
}

/// Returns a size without the exact number: `36.5 KiB`.
pub(crate) fn rough(count: u64) -> String {
    scaled(count).unwrap_or_else(|| plural(count, "byte"))
}

fn scaled(count: u64) -> Option<String> {
    let mut value = count as f64;
    let mut unit = 0;
    const UNITS: [&str; 7] = ["", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    (count >= 1024).then(|| format!("{value:.1} {}", UNITS[unit.max(1)]))
}

/// Returns a count with its digits in groups: `1,234,567`.
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a count and its noun: `1 record`, `344 records`.
pub(crate) fn plural(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// Removes the members of an object that are null.
pub(crate) fn present(mut object: Value) -> Value {
    if let Value::Object(members) = &mut object {
        members.retain(|_, value| !value.is_null());
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_counts() {
        assert_eq!(bytes(0), "0 bytes");
        assert_eq!(bytes(1), "1 byte");
        assert_eq!(bytes(1023), "1,023 bytes");
        assert_eq!(bytes(1024), "1.0 KiB (1024)");
        assert_eq!(bytes(4096), "4.0 KiB (4096)");
        assert_eq!(rough(1 << 20), "1.0 MiB");
        assert_eq!(rough((1 << 20) - 1), "1.0 MiB");
        assert_eq!(rough(u64::MAX), "16.0 EiB");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(plural(1, "record"), "1 record");
        assert_eq!(plural(344, "record"), "344 records");
    }
}
