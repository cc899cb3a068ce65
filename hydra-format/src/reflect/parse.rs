//! Parsing text as a value of a type: the inverse of the text of scalars and forms.

use super::types::Type;
use super::{Data, Value, Why, fit};
use crate::schema::{Form, Kind};
use crate::{Error, ErrorKind, Result};

/// Parses a text as a value of type `ty`.
pub(super) fn parse(text: &str, ty: Type<'_>) -> Result<Data> {
    let kind = ty.kind();
    match (kind, ty.form()) {
        (Kind::Newtype | Kind::Box, _) => parse(text, ty.element()).map(Data::some),
        (Kind::Option, _) if text == "null" => Ok(Data::None),
        (Kind::Option, _) => parse(text, ty.element()).map(Data::some),
        (Kind::Unit, _) if matches!(text, "null" | "()") => Ok(Data::Unit),
        (Kind::Bool, _) => text.parse().map(Data::Bool).map_err(|_| wrong(text, "true or false")),
        (Kind::Char, _) => text.parse().map(Data::Char).map_err(|_| wrong(text, "one character")),
        (Kind::F32, _) => match text.parse::<f32>() {
            Ok(number) if number.is_infinite() && !is_special(text) => Err(too_large(text, ty)),
            // Some programs write `-nan` for any NaN.
            Ok(number) => Ok(Data::F32(if number.is_nan() { f32::NAN } else { number })),
            Err(_) => Err(wrong(text, ty.name())),
        },
        (Kind::F64, _) => match text.parse::<f64>() {
            Ok(number) if number.is_infinite() && !is_special(text) => Err(too_large(text, ty)),
            Ok(number) => Ok(Data::F64(if number.is_nan() { f64::NAN } else { number })),
            Err(_) => Err(wrong(text, ty.name())),
        },
        (Kind::String, _) => Ok(Data::from(text)),
        (Kind::Bytes | Kind::Opaque, _) => bytes(text).map(Data::Bytes),
        (Kind::Array, Form::Uuid) => uuid(text).map(Data::parts),
        (Kind::Enum, _) => variant(text, ty),
        (_, form) if kind.is_integer() => integer(text, form, ty),
        _ => {
            Err(wrong(text, &Value::type_name(ty)).help("only scalars can be set from text: use set_value()"))
        }
    }
}

#[cold]
fn wrong(text: &str, expected: &str) -> Error {
    Error::new(ErrorKind::WrongKind).expected(expected).found(format!("{text:?}"))
}

#[cold]
fn too_large(text: &str, ty: Type<'_>) -> Error {
    Error::new(ErrorKind::OutOfRange).expected(ty.name()).found(text)
}

/// Returns true for `NaN`, `-inf`, `Infinity` and the like, in any case.
pub(super) fn is_special(text: &str) -> bool {
    !text.contains(|c: char| c.is_ascii_digit()) && text.parse::<f64>().is_ok()
}

fn variant(text: &str, ty: Type<'_>) -> Result<Data> {
    let (index, variant) = fit::variant(text, ty)?;
    match variant.fields().len() {
        0 => Ok(Data::Variant(index, Vec::new())),
        count => Err(Error::from(Why::BadVariant)
            .expected("a variant without fields")
            .found(format!("{text} with {count} fields"))
            .help("set the whole value with set_value(), or the fields of the present variant")),
    }
}

fn bytes(text: &str) -> Result<Vec<u8>> {
    let Some(digits) = text.strip_prefix("0x") else { return Ok(text.as_bytes().to_vec()) };
    hex(digits).ok_or_else(|| wrong(text, "0x and two hexadecimal digits a byte"))
}

pub(super) fn hex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, []) = digits.as_bytes().as_chunks() else { return None };
    pairs.iter().map(|&[high, low]| u8::try_from(digit(high)? << 4 | digit(low)?).ok()).collect()
}

fn uuid(text: &str) -> Result<Vec<u8>> {
    let dashed = text.bytes().enumerate().all(|(at, byte)| (byte == b'-') == matches!(at, 8 | 13 | 18 | 23));
    let bytes = hex(&text.replace('-', "")).filter(|bytes| dashed && text.len() == 36 && bytes.len() == 16);
    bytes.ok_or_else(|| wrong(text, example(Form::Uuid)))
}

fn integer(text: &str, form: Form, ty: Type<'_>) -> Result<Data> {
    let number = match form {
        Form::Timestamp { exponent } => timestamp(text, exponent),
        Form::Duration { exponent } => seconds(text, exponent),
        Form::Decimal { exponent } => scaled(text, exponent),
        Form::Date => text.strip_suffix('d').map_or_else(|| date(text), |days| scaled(days, 0)),
        _ => scaled(text, 0),
    };
    let expected = match form {
        Form::None | Form::Unknown { .. } => ty.name(),
        form => example(form),
    };
    match number {
        Ok(number) => Ok(number),
        Err(Why::OutOfRange) => Err(too_large(text, ty)),
        Err(_) => Err(wrong(text, expected)),
    }
}

/// Returns an example of the text of this form.
pub(super) fn example(form: Form) -> &'static str {
    match form {
        Form::Timestamp { .. } => "a time such as 2024-01-02T03:04:05.5Z",
        Form::Duration { .. } => "seconds such as 1.5s",
        Form::Date => "a date such as 2024-01-02",
        Form::Decimal { .. } => "a decimal number",
        Form::Uuid => "a UUID such as 67e55044-10b1-426f-9247-bb680e5fe0c8",
        Form::None | Form::Unknown { .. } => "",
    }
}

/// `WrongKind` if the text is no such value, `OutOfRange` for a number that the type or its unit cannot hold
/// exactly.
type Parsed = std::result::Result<Data, Why>;

/// Parses a decimal number in units of ten to the exponent.
fn scaled(text: &str, exponent: i8) -> Parsed {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let dangling = unsigned.ends_with('.') || whole.is_empty();
    if dangling || !digits(whole) || !digits(fraction) {
        return Err(Why::WrongKind);
    }
    let fraction = fraction.trim_end_matches('0');
    let all = format!("{whole}{fraction}");
    // The number of zeros at the end can exceed what a u128 holds.
    let digits = all.trim_end_matches('0');
    let Ok(number) = format!("0{digits}").parse::<u128>() else { return Err(Why::OutOfRange) };
    let zeros = all.len().saturating_sub(digits.len()) as u64;
    let shift = 0i64.saturating_sub(exponent.into()).saturating_sub_unsigned(fraction.len() as u64);
    let shift = shift.saturating_add_unsigned(zeros);
    let number = match u32::try_from(shift.unsigned_abs()).ok().and_then(|shift| 10u128.checked_pow(shift)) {
        _ if number == 0 => Some(0),
        Some(factor) if shift >= 0 => number.checked_mul(factor),
        Some(factor) if number.is_multiple_of(factor) => number.checked_div(factor),
        _ => None,
    };
    let signed = |number: u128| match text.starts_with('-') {
        true => 0i128.checked_sub_unsigned(number).map(Data::Int),
        false => Some(Data::Uint(number)),
    };
    number.and_then(signed).ok_or(Why::OutOfRange)
}

fn seconds(text: &str, exponent: i8) -> Parsed {
    scaled(text.strip_suffix('s').ok_or(Why::WrongKind)?, exponent)
}

/// Parses RFC 3339 in UTC, or seconds since 1970.
fn timestamp(text: &str, exponent: i8) -> Parsed {
    if text.ends_with('s') {
        return seconds(text, exponent);
    }
    let (seconds, fraction) = instant(text).ok_or(Why::WrongKind)?;
    if seconds >= 0 {
        return scaled(&format!("{seconds}.{fraction}0"), exponent);
    }
    match (scaled(&seconds.to_string(), exponent)?, scaled(&format!("0.{fraction}0"), exponent)?) {
        (Data::Int(whole), Data::Uint(part)) => whole.checked_add_unsigned(part).map(Data::Int),
        _ => None,
    }
    .ok_or(Why::OutOfRange)
}

/// Returns the seconds since 1970, rounded down, and the digits of the fraction.
#[expect(clippy::arithmetic_side_effects, reason = "seconds of 10,000 years")]
fn instant(text: &str) -> Option<(i64, &str)> {
    let (date, time) = text.strip_suffix(['Z', 'z'])?.split_once(['T', 't', ' '])?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let valid = hour < 24 && minute < 60 && second < 60 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    valid.then_some((days(date)? * 86_400 + hour * 3600 + minute * 60 + second, fraction))
}

fn date(text: &str) -> Parsed {
    days(text).map(Data::from).ok_or(Why::WrongKind)
}

/// Parses three numbers with the given numbers of digits.
fn numbers(text: &str, separator: char, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; 3];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part =
            parts.next().filter(|part| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// Returns the days since 1970-01-01 (Howard Hinnant's `days_from_civil`).
#[expect(clippy::arithmetic_side_effects, reason = "days of 10,000 years")]
fn days(text: &str) -> Option<i64> {
    let [year, month, day] = numbers(text, '-', [4, 2, 2])?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let shifted = year - i64::from(month <= 2);
    let (era, year_of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (1..=last).contains(&day).then_some(era * 146_097 + day_of_era - 719_468)
}
