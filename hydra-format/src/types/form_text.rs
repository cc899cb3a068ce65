//! The text of numbers with a form: times, dates, durations and decimals in the spelling of docs/VALUES.md,
//! computed exactly with integers.

use crate::schema::{Form, Kind};

/// Returns the text of an integer of this kind (a u128 as its bits), such as `2024-01-02T03:04:05Z` for a
/// timestamp; `None` if the form does not apply to numbers or to this kind.
pub(crate) fn form_text(kind: Kind, form: Form, integer: i128) -> Option<String> {
    let signed = matches!(kind, Kind::I64 | Kind::I128);
    let negative = signed && integer < 0;
    let magnitude = if negative { integer.unsigned_abs() } else { integer.cast_unsigned() };
    match form {
        Form::Timestamp { exponent } if signed => Some(timestamp(integer, exponent)),
        Form::Duration { exponent } if signed || matches!(kind, Kind::U64 | Kind::U128) => {
            Some(duration(negative, magnitude, exponent))
        }
        Form::Decimal { exponent } if signed => Some(decimal(negative, magnitude, exponent)),
        Form::Date if kind == Kind::I32 => Some(date(integer)),
        _ => None,
    }
}

/// The range of RFC 3339, years 0000 to 9999, in seconds since 1970.
const RFC_3339: std::ops::Range<i128> = -62_167_219_200..253_402_300_800;

/// Prints `value` times ten to the `exponent` as an RFC 3339 timestamp in UTC, or as decimal seconds if the
/// year does not have four digits.
fn timestamp(value: i128, exponent: i8) -> String {
    let Some((seconds, fraction)) = split(value, exponent).filter(|(seconds, _)| RFC_3339.contains(seconds))
    else {
        return duration(value < 0, value.unsigned_abs(), exponent);
    };
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let fraction = fraction.trim_end_matches('0');
    let width = if fraction.len() > 9 { fraction.len() } else { fraction.len().next_multiple_of(3) };
    let mut text = civil(day as i64);
    for (before, part) in [('T', second / 3600), (':', second / 60 % 60), (':', second % 60)] {
        text.push(before);
        pad(&mut text, part as u64, 2);
    }
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
        text.extend(std::iter::repeat_n('0', width - fraction.len()));
    }
    text.push('Z');
    text
}

/// Appends a number with at least `width` digits.
fn pad(text: &mut String, mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut count = 0;
    for digit in digits.iter_mut().rev() {
        if number == 0 && count >= width {
            break;
        }
        *digit = b'0' + (number % 10) as u8;
        (number, count) = (number / 10, count + 1);
    }
    let digits = digits.get(digits.len() - count..).unwrap_or_default();
    text.extend(digits.iter().map(|&digit| char::from(digit)));
}

/// Prints days since 1970-01-01 as `YYYY-MM-DD`, or as `2932897d` if the year does not have four digits.
fn date(days: i128) -> String {
    if RFC_3339.contains(&days.saturating_mul(86_400)) { civil(days as i64) } else { format!("{days}d") }
}

/// Prints a magnitude times ten to the `exponent` as decimal seconds, such as `1.5s`.
fn duration(negative: bool, magnitude: u128, exponent: i8) -> String {
    let text = decimal(negative && magnitude != 0, magnitude, exponent);
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{text}s")
}

/// Prints a magnitude times ten to the `exponent` with all digits, such as `12.50`.
fn decimal(negative: bool, magnitude: u128, exponent: i8) -> String {
    let sign = if negative { "-" } else { "" };
    let places = usize::from(exponent.unsigned_abs());
    if exponent >= 0 {
        let zeros = if magnitude == 0 { 0 } else { places };
        return format!("{sign}{magnitude}{}", "0".repeat(zeros));
    }
    let digits = format!("{magnitude:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    format!("{sign}{whole}.{fraction}")
}

/// Returns the whole seconds, rounded down, and the digits of the fraction.
fn split(value: i128, exponent: i8) -> Option<(i128, String)> {
    let places = exponent.unsigned_abs();
    if exponent <= 0
        && let (Ok(value), Some(scale)) = (i64::try_from(value), 10i64.checked_pow(places.into()))
    {
        let mut fraction = String::with_capacity(20);
        pad(&mut fraction, value.rem_euclid(scale).unsigned_abs(), places.into());
        return Some((value.div_euclid(scale).into(), fraction));
    }
    let text = decimal(false, value.unsigned_abs(), exponent);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole: i128 = whole.parse().ok()?;
    match fraction.trim_end_matches('0').as_bytes().split_last() {
        _ if value >= 0 => Some((whole, fraction.to_string())),
        None => Some((-whole, String::new())),
        // Round down by one more second, and print 1 minus the fraction.
        Some((last, digits)) => {
            let mut rest: String = digits.iter().map(|digit| char::from(b'0' + b'9' - digit)).collect();
            rest.push(char::from(b'0' + b'9' + 1 - last));
            Some((-whole - 1, rest))
        }
    }
}

/// Prints the proleptic Gregorian date of a day since 1970-01-01 (Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> String {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let mut text = String::with_capacity(32);
    pad(&mut text, year.unsigned_abs(), 4);
    for part in [month, day] {
        text.push('-');
        pad(&mut text, part.unsigned_abs(), 2);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_keep_every_digit() {
        assert_eq!(timestamp(0, -9), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp(1_704_164_645_123_456_789, -9), "2024-01-02T03:04:05.123456789Z");
        assert_eq!(timestamp(1_704_164_645_120, -3), "2024-01-02T03:04:05.120Z");
        assert_eq!(timestamp(-1, -9), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(timestamp(951_782_400, 0), "2000-02-29T00:00:00Z");
        assert_eq!(timestamp(1, -12), "1970-01-01T00:00:00.000000000001Z");
        assert_eq!(timestamp(-1, -40), format!("1969-12-31T23:59:59.{}Z", "9".repeat(40)));
        assert_eq!(timestamp(-1500, -3), "1969-12-31T23:59:58.500Z");
        assert_eq!(timestamp(-86_400, 0), "1969-12-31T00:00:00Z");
        assert_eq!(timestamp(1, 2), "1970-01-01T00:01:40Z");
    }

    #[test]
    fn years_without_four_digits_are_seconds() {
        assert_eq!(timestamp(253_402_300_799, 0), "9999-12-31T23:59:59Z");
        assert_eq!(timestamp(253_402_300_800, 0), "253402300800s");
        assert_eq!(timestamp(-62_167_219_200, 0), "0000-01-01T00:00:00Z");
        assert_eq!(timestamp(-621_672_192_005, -1), "-62167219200.5s");
        assert_eq!(timestamp(i128::MAX, 127).len(), 39 + 127 + 1);
        assert_eq!(
            (date(-1), date(19_724), date(2_932_896), date(2_932_897)),
            ("1969-12-31".into(), "2024-01-02".into(), "9999-12-31".into(), "2932897d".into())
        );
        assert_eq!(date(i128::MIN), format!("{}d", i128::MIN));
    }

    #[test]
    fn durations_and_decimals() {
        assert_eq!(duration(false, 1_500_000_000, -9), "1.5s");
        assert_eq!(duration(false, 0, -9), "0s");
        assert_eq!(duration(true, 2, 0), "-2s");
        assert_eq!(duration(false, 12, 1), "120s");
        assert_eq!(duration(false, 10, -1), "1s");
        assert_eq!(decimal(false, 0, 3), "0");
        assert_eq!(decimal(false, 100, 0), "100");
        assert_eq!(decimal(false, 1250, -2), "12.50");
        assert_eq!(decimal(true, 5, -2), "-0.05");
        assert_eq!(decimal(false, 5, 3), "5000");
        assert_eq!(decimal(false, u128::MAX, -128).len(), 130);
    }
}
