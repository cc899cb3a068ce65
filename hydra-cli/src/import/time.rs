//! Reads dates and times in RFC 3339, and finds what a timestamp cannot keep.

/// A text that starts like a date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum DateText {
    Time(Time),
    /// Days since 1970-01-01.
    Date(i32),
    /// A time that a timestamp cannot keep completely, and why.
    Odd(&'static str),
}

/// A time in UTC.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Time {
    /// Seconds since 1970-01-01, rounded down.
    pub(crate) seconds: i64,
    pub(crate) nanos: u32,
}

impl Time {
    /// Returns the time in units of ten to the `exponent` seconds, -9 to 0; none if it is not a whole number
    /// of 64 bits.
    pub(crate) fn units(self, exponent: i8) -> Option<i64> {
        let scale = 10i64.checked_pow(u32::from(exponent.unsigned_abs()))?;
        let nanos_per_unit = 1_000_000_000 / u32::try_from(scale).ok()?;
        let fraction =
            self.nanos.is_multiple_of(nanos_per_unit).then(|| i64::from(self.nanos / nanos_per_unit))?;
        self.seconds.checked_mul(scale)?.checked_add(fraction)
    }
}

/// Reads a date or a date with a time of day; none for other text.
pub(crate) fn read(text: &str) -> Option<DateText> {
    let (date, rest) = text.as_bytes().split_first_chunk::<10>()?;
    let days = days(date)?;
    let Some((b'T' | b't' | b' ', rest)) = rest.split_first() else {
        return rest.is_empty().then_some(DateText::Date(days));
    };
    let Some((clock, rest)) = rest.split_first_chunk::<8>() else {
        let minutes = matches!(rest, [_, _, b':', _, _]);
        return minutes.then_some(DateText::Odd("is a time without seconds and zone"));
    };
    let [h, hh, b':', m, mm, b':', s, ss] = *clock else { return None };
    let (hour, minute, second) = (number(&[h, hh])?, number(&[m, mm])?, number(&[s, ss])?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, zone) = match rest {
        [b'.', rest @ ..] => {
            rest.split_at(rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len()))
        }
        _ => (&[][..], rest),
    };
    let digit = |at: usize| fraction.get(at).map_or(0, |digit| u32::from(digit - b'0'));
    let nanos = (0..9).fold(0, |sum, at| sum * 10 + digit(at));
    let finer = fraction.iter().skip(9).any(|&digit| digit != b'0');
    Some(match zone {
        b"Z" | b"z" | b"+00:00" if second == 60 => DateText::Odd("is a leap second"),
        b"Z" | b"z" | b"+00:00" if finer => DateText::Odd("has more than nine digits after the second"),
        b"Z" | b"z" | b"+00:00" => {
            let seconds = i64::from(days) * 86_400 + i64::from(hour * 3600 + minute * 60 + second);
            DateText::Time(Time { seconds, nanos })
        }
        b"" => DateText::Odd("is a time without a zone"),
        [b'+' | b'-', ..] => DateText::Odd("has an offset from UTC, which a timestamp does not keep"),
        _ => return None,
    })
}

/// Returns the days since 1970-01-01 of a date `YYYY-MM-DD` (Howard Hinnant's `days_from_civil`).
fn days(&[y, yy, yyy, yyyy, dash, m, mm, dash2, d, dd]: &[u8; 10]) -> Option<i32> {
    let (year, month, day) = (number(&[y, yy, yyy, yyyy])?, number(&[m, mm])?, number(&[d, dd])?);
    let last = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    let shifted = year - i32::from(month <= 2);
    let (era, year_of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let is_date = (dash, dash2) == (b'-', b'-') && (1..=last).contains(&day);
    is_date.then_some(era * 146_097 + day_of_era - 719_468)
}

fn number(digits: &[u8]) -> Option<i32> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_days() {
        let time = |seconds, nanos| Some(DateText::Time(Time { seconds, nanos }));
        assert_eq!(read("2024-01-02T03:04:05.123456789Z"), time(1_704_164_645, 123_456_789));
        assert_eq!(read("1969-12-31 23:59:59.5+00:00"), time(-1, 500_000_000));
        assert_eq!(read("2000-02-29t00:00:00.0000000000z"), time(951_782_400, 0));
        assert_eq!(read("1970-01-01"), Some(DateText::Date(0)));
        assert_eq!(read("0000-01-01"), Some(DateText::Date(-719_528)));
        assert_eq!(read("9999-12-31"), Some(DateText::Date(2_932_896)));
        for text in
            ["", "2024-1-2", "2024-02-30", "1900-02-29", "2024-01-02T24:00:00Z", "2024-01-02T03:04:05Zulu"]
        {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("2024-01-02x"), None);
        assert_eq!(read("２０２４-01"), None);
    }

    #[test]
    fn what_a_timestamp_does_not_keep() {
        let odd = |text: &str| match read(text) {
            Some(DateText::Odd(why)) => why,
            other => panic!("{text}: {other:?}"),
        };
        assert!(odd("2024-01-02 03:04:05").contains("without a zone"));
        assert!(odd("2024-01-02 03:04").contains("without seconds"));
        assert!(odd("2024-01-02T03:04:05+02:00").contains("offset"));
        assert!(odd("2024-01-02T03:04:05-00:00").contains("offset"));
        assert!(odd("2016-12-31T23:59:60Z").contains("leap"));
        assert!(odd("2024-01-02T03:04:05.1234567891Z").contains("nine digits"));
    }

    #[test]
    fn units_are_exact_or_none() {
        let time = Time { seconds: -1, nanos: 500_000_000 };
        assert_eq!(
            [-9, -6, -3, 0].map(|e| time.units(e)),
            [Some(-500_000_000), Some(-500_000), Some(-500), None]
        );
        let late = Time { seconds: 253_402_300_799, nanos: 0 };
        assert_eq!(
            [-9, -6, 0].map(|e| late.units(e)),
            [None, Some(253_402_300_799_000_000), Some(253_402_300_799)]
        );
    }
}
