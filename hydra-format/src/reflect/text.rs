//! Forms in text: time, dates, decimals and UUIDs as docs/VALUES.md spells them. It knows numbers, no values.
#![forbid(unsafe_code)]

use super::{Scalar, Value};
use crate::describe::{Form, Kind};
use std::fmt::Write;

/// The text of a value that has a form; none if it has none, or one that is not known on its kind.
pub(super) fn form_text(value: Value<'_>) -> Option<String> {
    let number = match value.scalar() {
        Scalar::Int(number) => Number { negative: number < 0, digits: number.unsigned_abs().to_string() },
        Scalar::Uint(number) => Number { negative: false, digits: number.to_string() },
        _ => Number { negative: false, digits: String::new() },
    };
    let kind = value.kind();
    let wide = matches!(kind, Kind::I64 | Kind::I128);
    match value.ty().form() {
        Form::Timestamp { exponent } if wide => Some(timestamp(&number, exponent)),
        Form::Duration { exponent } if wide || matches!(kind, Kind::U64 | Kind::U128) => {
            Some(number.seconds(exponent))
        }
        Form::Decimal { exponent } if wide => Some(number.decimal(exponent)),
        Form::Date if kind == Kind::I32 => Some(number.date()),
        Form::Uuid if kind == Kind::Array => uuid(value),
        _ => None,
    }
}

/// Sign and decimal digits, so that no power of ten is too large.
struct Number {
    negative: bool,
    digits: String,
}

impl Number {
    /// The number times ten to the exponent: digits before and after the point.
    fn scaled(&self, exponent: i8) -> (String, String) {
        let mut whole = self.digits.clone();
        if exponent >= 0 {
            let zeros = if whole == "0" { 0 } else { usize::from(exponent.unsigned_abs()) };
            whole.push_str(&"0".repeat(zeros));
            return (whole, String::new());
        }
        let places = usize::from(exponent.unsigned_abs());
        if whole.len() <= places {
            whole.insert_str(0, &"0".repeat(places + 1 - whole.len()));
        }
        let fraction = whole.split_off(whole.len() - places);
        (whole, fraction)
    }

    fn sign(&self) -> &'static str {
        if self.negative { "-" } else { "" }
    }

    fn decimal(&self, exponent: i8) -> String {
        let (whole, fraction) = self.scaled(exponent);
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{}{whole}{point}{fraction}", self.sign())
    }

    fn seconds(&self, exponent: i8) -> String {
        let decimal = self.decimal(exponent);
        let trimmed = if decimal.contains('.') {
            decimal.trim_end_matches('0').trim_end_matches('.')
        } else {
            &decimal
        };
        format!("{trimmed}s")
    }

    fn date(&self) -> String {
        let days = self.digits.parse::<i64>().map_or(0, |days| if self.negative { -days } else { days });
        civil(days).unwrap_or_else(|| format!("{days}d"))
    }
}

fn timestamp(number: &Number, exponent: i8) -> String {
    let (whole, fraction) = number.scaled(exponent);
    instant(number.negative, &whole, &fraction).unwrap_or_else(|| number.seconds(exponent))
}

/// RFC 3339; none outside of years 0 to 9999.
fn instant(negative: bool, whole: &str, fraction: &str) -> Option<String> {
    let mut seconds: i64 = whole.parse().ok()?;
    let mut fraction = fraction.trim_end_matches('0').to_string();
    if negative {
        seconds = -seconds;
        if !fraction.is_empty() {
            seconds = seconds.checked_sub(1)?;
            fraction = tens_complement(&fraction);
        }
    }
    let digits = fraction.len();
    fraction.push_str(&"0".repeat(if digits < 9 { digits.next_multiple_of(3) - digits } else { 0 }));
    let (date, time) = (civil(seconds.div_euclid(86_400))?, seconds.rem_euclid(86_400));
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{date}T{hour:02}:{minute:02}:{second:02}{point}{fraction}Z"))
}

/// The digits of 1 minus a fraction whose last digit is not 0.
fn tens_complement(fraction: &str) -> String {
    let last = fraction.len().saturating_sub(1);
    let digit = |(index, byte): (usize, u8)| {
        let top = if index == last { b'9' + 1 } else { b'9' };
        char::from(b'0' + (top - byte))
    };
    fraction.bytes().enumerate().map(digit).collect()
}

/// The date of a day counted from 1970-01-01, in the proleptic Gregorian calendar; none outside of years 0 to
/// 9999. Counts in eras of 400 years that start in March (Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> Option<String> {
    let shifted = days.checked_add(719_468)?;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (0..=9999).contains(&year).then(|| format!("{year:04}-{month:02}-{day_of_month:02}"))
}

fn uuid(value: Value<'_>) -> Option<String> {
    let mut text = String::new();
    for (index, (_, byte)) in value.parts().enumerate() {
        let dash = if matches!(index, 4 | 6 | 8 | 10) { "-" } else { "" };
        write!(text, "{dash}{:02x}", byte.get::<u8>().ok()?).ok()?;
    }
    (text.len() == 36).then_some(text)
}

/// Base64 in the standard alphabet, padded.
pub(super) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0u32, |word, &byte| word << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let index = (word >> (18 - 6 * place)) as usize & 63;
            let letter = ALPHABET.get(index).map_or('=', |&letter| char::from(letter));
            text.push(if place <= chunk.len() { letter } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: i128) -> Number {
        Number { negative: value < 0, digits: value.unsigned_abs().to_string() }
    }

    #[test]
    fn instants_and_dates() {
        let cases = [
            (0, 0, "1970-01-01T00:00:00Z"),
            (1_704_164_645_123_456_789, -9, "2024-01-02T03:04:05.123456789Z"),
            (-1, -9, "1969-12-31T23:59:59.999999999Z"),
            (-1500, -3, "1969-12-31T23:59:58.500Z"),
            (-86_400, 0, "1969-12-31T00:00:00Z"),
            (951_782_400, 0, "2000-02-29T00:00:00Z"),
            (253_402_300_799, 0, "9999-12-31T23:59:59Z"),
            (253_402_300_800, 0, "253402300800s"),
            (-62_167_219_200, 0, "0000-01-01T00:00:00Z"),
            (-621_672_192_005, -1, "-62167219200.5s"),
            (1, -12, "1970-01-01T00:00:00.000000000001Z"),
            (i128::MAX, 127, &format!("{}{}s", i128::MAX, "0".repeat(127))),
        ];
        for (value, exponent, text) in cases {
            assert_eq!(timestamp(&number(value), exponent), text);
        }
        assert_eq!(number(19_724).date(), "2024-01-02");
        assert_eq!(number(2_932_897).date(), "2932897d");
    }

    #[test]
    fn durations_and_decimals() {
        let seconds =
            [(1_500_000_000, -9, "1.5s"), (0, -9, "0s"), (-2, 0, "-2s"), (5, 2, "500s"), (10, -1, "1s")];
        for (value, exponent, text) in seconds {
            assert_eq!(number(value).seconds(exponent), text);
        }
        let decimals = [(1250, -2, "12.50"), (-5, -3, "-0.005"), (7, 2, "700"), (0, 3, "0"), (100, 0, "100")];
        for (value, exponent, text) in decimals {
            assert_eq!(number(value).decimal(exponent), text);
        }
    }

    #[test]
    fn base64_is_padded() {
        for (bytes, text) in
            [(&b""[..], ""), (b"f", "Zg=="), (b"fo", "Zm8="), (b"foo", "Zm9v"), (&[0, 1, 2], "AAEC")]
        {
            assert_eq!(base64(bytes), text);
        }
    }
}
