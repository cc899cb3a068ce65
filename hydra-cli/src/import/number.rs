//! Numbers in text: whether a decimal is exactly representable as a float, and which type holds all numbers
//! of a column or field. It does not depend on CSV or JSON.

use super::witness::{CellSource, Witness};
use hydra::Kind;

/// A text read as a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// Digits, with an optional minus sign.
    Int { negative: bool, magnitude: u128 },
    /// A number with a point or an exponent that identifies a float (see [`names_float`]).
    Float,
    /// A number that no number type holds, and why.
    Odd(&'static str),
}

const INEXACT: &str = "has more digits or range than f64 keeps";

/// The largest number of significant digits of an f64.
const MOST_DIGITS: usize = 767;

impl Number {
    /// Reads a text; none if it is not a number.
    pub(super) fn of(text: &str) -> Option<Number> {
        if let Some(number) = Number::short(text) {
            return Some(number);
        }
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        // The standard library parses decimals, but it also accepts a plus sign and words.
        let is_decimal = unsigned.starts_with(|first: char| first == '.' || first.is_ascii_digit())
            && unsigned.parse::<f64>().is_ok();
        Some(match unsigned.as_bytes() {
            _ if !is_decimal => return None,
            [b'0', b'0'..=b'9', ..] => Number::Odd("has a leading zero"),
            digits if text != "-0" && digits.iter().all(u8::is_ascii_digit) => match unsigned.parse() {
                Ok(magnitude) => Number::Int { negative: unsigned.len() < text.len(), magnitude },
                Err(_) => Number::Odd("needs more than 128 bits"),
            },
            _ if names_float(text) => Number::Float,
            _ => Number::Odd(INEXACT),
        })
    }

    /// Reads the most common numbers quickly: integers of up to nineteen digits, or up to fourteen digits and
    /// a point, without a leading zero.
    fn short(text: &str) -> Option<Number> {
        let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
        let begins = matches!(digits, [b'0', b'.', ..] | [b'1'..=b'9', ..] | [b'0']) && text != "-0";
        if !begins || digits.len() > 19 {
            return None;
        }
        let (mut magnitude, mut points) = (0u64, 0);
        for &digit in digits {
            match digit {
                b'0'..=b'9' => magnitude = magnitude * 10 + u64::from(digit - b'0'),
                b'.' => points += 1,
                _ => return None,
            }
        }
        match points {
            0 => Some(Number::Int { negative: digits.len() < text.len(), magnitude: magnitude.into() }),
            1 if digits.len() <= 15 => Some(Number::Float),
            _ => None,
        }
    }
}

/// Returns true for the spellings of NaN and infinity that programs write, but not for others such as `Nan`,
/// which may be names.
pub(super) fn is_special(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned.len() {
        3 => ["nan", "NaN", "NAN", "inf", "Inf", "INF"].contains(&unsigned),
        8 => ["infinity", "Infinity", "INFINITY"].contains(&unsigned),
        _ => false,
    }
}

/// Returns true for a decimal that exceeds the range of f64.
pub(super) fn is_infinite(text: &str) -> bool {
    // The largest float has 309 digits.
    (text.len() > 308 || text.contains(['e', 'E'])) && text.parse().is_ok_and(f64::is_infinite)
}

/// Returns true if the decimal identifies a float: the nearest float, rounded to the number of significant
/// digits of the decimal, is the decimal again. If two decimals are equally near to the float, both identify
/// it.
fn names_float(text: &str) -> bool {
    let Some(decimal) = Decimal::of(text) else { return false };
    let count = decimal.digits.len();
    if count == 0 || count <= 15 && (-300..300).contains(&(decimal.exponent + count as i64)) {
        return true; // f64 keeps fifteen digits of any decimal.
    }
    let Ok(float) = text.parse::<f64>() else { return false };
    if !float.is_finite() || count > MOST_DIGITS {
        return false;
    }
    let rounded = |digits: usize| Decimal::of(&format!("{float:.*e}", digits - 1));
    // The float has one more digit, a five, and then only zeros. All digits are computed only if the next
    // sixteen agree.
    let is_half = |it: Decimal| match (it.digits.as_slice(), decimal.digits.split_last()) {
        ([start @ .., last, b'5'], Some((own, own_start))) => {
            it.exponent + 1 == decimal.exponent
                && start == own_start
                && matches!(own.checked_sub(*last), Some(0 | 1))
        }
        _ => false,
    };
    rounded(count).is_some_and(|it| it == decimal)
        || [count + 16, MOST_DIGITS].iter().all(|&digits| rounded(digits).is_some_and(is_half))
}

/// A summary of all numbers of a column or field.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    /// The count of numbers with a point or an exponent, and of NaN and infinity.
    pub(super) floats: u64,
    /// The largest magnitudes of negative and positive numbers.
    pub(super) low: u128,
    pub(super) high: u128,
    /// The first number that f64 cannot hold; for integers, this matters only if there are floats, too.
    pub(super) inexact: Option<Witness>,
}

impl Numbers {
    /// Adds a number of JSON. Only the first float that is not exact is recorded; later floats are not
    /// checked.
    pub(super) fn add_text(&mut self, text: &str, source: &CellSource) {
        let told = self.inexact.is_some() && text.contains(['.', 'e', 'E']);
        let number = if told { Number::Float } else { Number::of(text).unwrap_or(Number::Odd("")) };
        self.add(number, text, source);
    }

    /// Adds a number. A number that no type holds counts as a float that is not exact.
    pub(super) fn add(&mut self, number: Number, text: &str, source: &CellSource) {
        let (doubt, why) = match number {
            Number::Int { negative, magnitude } => {
                let end = if negative { &mut self.low } else { &mut self.high };
                *end = magnitude.max(*end);
                (magnitude > 1 << f64::MANTISSA_DIGITS, "has more digits than f64 keeps")
            }
            number => {
                self.floats += 1;
                (number != Number::Float, INEXACT)
            }
        };
        if doubt && self.inexact.is_none() && !names_float(text) {
            self.inexact = Some(Witness::new(source, text, why));
        }
    }

    /// Returns the narrowest of the inferred types that holds all numbers.
    pub(super) fn kind(&self) -> Option<Kind> {
        let bits = |number: u128| 128 - number.leading_zeros();
        let (below, above) = (bits(self.low.saturating_sub(1)), bits(self.high));
        match (self.low, below.max(above)) {
            _ if self.floats > 0 => Some(Kind::F64),
            (_, ..=63) => Some(Kind::I64),
            (0, ..=64) => Some(Kind::U64),
            (_, ..=127) => Some(Kind::I128),
            (0, _) => Some(Kind::U128),
            _ => None,
        }
    }
}

/// An exact decimal number: digits without leading and trailing zeros, times ten to the exponent.
#[derive(PartialEq)]
struct Decimal {
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// Parses a decimal; none if its exponent does not fit 32 bits.
    fn of(text: &str) -> Option<Decimal> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole.trim_start_matches('-'), fraction].concat();
        let from_first = all.trim_start_matches('0');
        let digits = from_first.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Decimal { digits: Vec::new(), exponent: 0 });
        }
        let zeros = from_first.len() - digits.len();
        let exponent = i64::from(exponent.parse::<i32>().ok()?) - fraction.len() as i64 + zeros as i64;
        Some(Decimal { digits: digits.into(), exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that both decimals identify their float, with and without a sign.
    fn names(text: &str) -> bool {
        let named = names_float(text);
        assert_eq!(names_float(&format!("-{text}")), named, "{text}");
        named
    }

    #[test]
    fn decimals_that_name_a_float() {
        for text in [
            "0.1",
            "0.10000000000000001",
            "0.1000000000000000055511151231257827021181583404541015625",
            "1.000000000000000056e-01",
            "0.10000000000000000555",
            "97.23049926757812",
            "97.23049926757813",
            "97.230499267578125",
            "1e23",
            "5e-324",
            "4.94065645841246544e-324",
            "1.7976931348623157e308",
            "1.7976931348623157081e308",
            "9223372036854776000",
            "18446744073709552000.0",
            "0.0000",
            "0e99999999999999999999",
            "0.00e-99999999999999999999",
            "123456789012345680",
        ] {
            assert!(names(text), "{text}");
        }
        for text in [
            "0.10000000000000000000001",
            "0.12345678901234567891",
            "97.230499267578131",
            "97.2304992675781249",
            "9007199254740993",
            "9007199254740993e0",
            "123456789012345678",
            "3e-324",
            "1e-400",
            "1e999",
            "0.30000000000000001",
        ] {
            assert!(!names(text), "{text}");
        }
        assert!(!names_float(&format!("0.{}", "123".repeat(100_000))));
    }

    /// The decimals of printf, with any number of digits, and of every shortest printer identify the float.
    #[test]
    fn what_printers_write_names_the_float() {
        let mut state = 1u64;
        for round in 0..20_000u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bits = state ^ state >> 29;
            let widened = f64::from(f32::from_bits(bits as u32));
            let float = if round % 2 == 0 { f64::from_bits(bits) } else { widened };
            if !float.is_finite() {
                continue;
            }
            let digits = 16 + (round % 30) as usize;
            let json = serde_json::to_string(&float).unwrap();
            for text in [format!("{float}"), format!("{float:e}"), format!("{float:.digits$e}"), json] {
                assert!(text.parse::<f64>().is_ok_and(|back| back == float) && names_float(&text), "{text}");
            }
            // With many digits, adding one to the last digit gives another value.
            let other = format!("{float:.40e}").replacen('e', "1e", 1);
            assert_eq!(names_float(&other), float == 0.0 || format!("{float:.41e}") == other, "{other}");
        }
    }

    #[test]
    fn the_narrowest_type_that_holds_all() {
        let kind = |texts: &[&str]| {
            let mut numbers = Numbers::default();
            for text in texts {
                numbers.add_text(text, &CellSource { line: 1, file: None });
            }
            numbers.kind()
        };
        assert_eq!(kind(&["9223372036854775807", "-9223372036854775808"]), Some(Kind::I64));
        assert_eq!(kind(&["18446744073709551615", "0"]), Some(Kind::U64));
        assert_eq!(kind(&["9223372036854775808", "-1"]), Some(Kind::I128));
        assert_eq!(kind(&["-9223372036854775809"]), Some(Kind::I128));
        assert_eq!(kind(&[&i128::MIN.to_string(), &i128::MAX.to_string()]), Some(Kind::I128));
        assert_eq!(kind(&[&u128::MAX.to_string()]), Some(Kind::U128));
        assert_eq!(kind(&[&u128::MAX.to_string(), "-1"]), None);
        assert_eq!(kind(&["-170141183460469231731687303715884105729"]), None);
    }
}
