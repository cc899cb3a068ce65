//! Lossless conversion of a value to a Rust scalar.

use super::{Scalar, Value};
use crate::schema::{Form, Kind};
use crate::types::{duration, system_time};
use crate::{Error, ErrorKind, Result};
use std::time::{Duration, SystemTime};

/// A type that [`Value::get`] returns: all integers and floats, bool, char, `&str`, `&[u8]` for bytes, slices
/// of numbers for lists and arrays, Duration and SystemTime for values with these forms, and Option of each.
/// With features of the crate, also jiff's Timestamp, SignedDuration and Date, Uuid and Decimal.
///
/// Integers convert to any width that the number fits in, and to floats that hold it exactly. f32 and f64
/// convert to each other if nothing is lost. Floats never convert to integers.
pub trait Get<'a>: Sized + sealed::Sealed {
    #[doc(hidden)]
    fn get(value: Value<'a>) -> Result<Self>;
}

mod sealed {
    pub trait Sealed {}
}

impl<'a> Value<'a> {
    /// Converts the scalar to the requested type without loss.
    ///
    /// ```
    /// use hydra::{ErrorKind, Value};
    /// let value = Value::of(&300u64);
    /// assert_eq!(value.get::<i16>()?, 300);
    /// assert_eq!(value.get::<u8>().unwrap_err().kind(), ErrorKind::OutOfRange);
    /// # Ok::<(), hydra::Error>(())
    /// ```
    #[inline]
    pub fn get<T: Get<'a>>(self) -> Result<T> {
        T::get(self)
    }
}

#[cold]
fn out_of_range(expected: &str, found: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::OutOfRange)
        .expected(expected)
        .found(found.to_string())
        .help("nothing is rounded or wrapped")
}

macro_rules! get {
    ($($ty:ty, |$value:ident| $get:expr;)*) => {$(
        impl<'a> sealed::Sealed for $ty {}
        impl<'a> Get<'a> for $ty {
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn get($value: Value<'a>) -> Result<$ty> {
                $get
            }
        }
    )*};
}

macro_rules! integers {
    ($($ty:ident)*) => {get! {$(
        $ty, |value| match value.through().scalar() {
            Scalar::Int(number) => $ty::try_from(number).map_err(|_| out_of_range(stringify!($ty), number)),
            Scalar::Uint(number) => $ty::try_from(number).map_err(|_| out_of_range(stringify!($ty), number)),
            _ => Err(value.loaded().through().wrong_kind("an integer")),
        };
    )*}};
}
integers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

macro_rules! floats {
    ($($ty:ident, $mantissa:literal;)*) => {get! {$(
        $ty, |value| match value.through().scalar() {
            Scalar::F32(number) => exact_float(number.into(), number as $ty as f64).map(|()| number as $ty),
            Scalar::F64(number) => exact_float(number, number as $ty as f64).map(|()| number as $ty),
            Scalar::Int(number) => exact_integer(number.unsigned_abs(), $mantissa).map(|()| number as $ty),
            Scalar::Uint(number) => exact_integer(number, $mantissa).map(|()| number as $ty),
            _ => Err(value.loaded().through().wrong_kind("a number")),
        };
    )*}};
}
floats! { f32, 24; f64, 53; }

#[inline]
fn exact_float(wide: f64, back: f64) -> Result<()> {
    match wide.to_bits() == back.to_bits() {
        true => Ok(()),
        false => Err(out_of_range("a number that f32 holds exactly", wide)),
    }
}

/// Returns whether a float holds an integer exactly: its significant bits must fit the mantissa. (The range
/// of f32 exceeds u128::MAX.)
#[inline]
pub(super) fn fits(magnitude: u128, mantissa: u32) -> bool {
    let zeros = magnitude.leading_zeros().saturating_add(magnitude.trailing_zeros());
    zeros.saturating_add(mantissa) >= u128::BITS
}

#[inline]
fn exact_integer(magnitude: u128, mantissa: u32) -> Result<()> {
    match fits(magnitude, mantissa) {
        true => Ok(()),
        false => Err(out_of_range("an integer that the float holds exactly", magnitude)),
    }
}

get! {
    bool, |value| match value.through().scalar() {
        Scalar::Bool(it) => Ok(it),
        _ => Err(value.loaded().through().wrong_kind("bool")),
    };
    char, |value| match value.through().scalar() {
        Scalar::Char(it) => Ok(it),
        _ => Err(value.loaded().through().wrong_kind("char")),
    };
    &'a str, |value| match value.through().scalar() {
        Scalar::Str(text) => Ok(text),
        _ => Err(value.loaded().through().wrong_kind("string")),
    };
    &'a [u8], |value| match value.through().scalar() {
        Scalar::Bytes(bytes) => Ok(bytes),
        _ if matches!(value.through().kind(), Kind::Array | Kind::List) => value.slice(),
        _ => Err(value.loaded().through().wrong_kind("bytes")),
    };
}

/// Implements `Get` for types that represent a value with a form.
macro_rules! formed {
    ($($ty:ty, $form:pat, $name:literal, |$value:ident| $get:expr, $range:literal;)*) => {get! {$(
        $ty, |value| {
            let $value = value.through();
            let $form = $value.ty().form() else { return Err($value.wrong_kind($name)) };
            $get.ok_or_else(|| out_of_range($range, $value))
        };
    )*}};
}
formed! {
    Duration, Form::Duration { exponent }, "a duration",
        |value| u128::try_from(nanos(value, exponent)?).ok().and_then(duration), "a duration from 0 to u64::MAX seconds";
    SystemTime, Form::Timestamp { exponent }, "a timestamp",
        |value| system_time(nanos(value, exponent)?), "a time that this system can express";
}

#[cfg(feature = "jiff")]
formed! {
    jiff::Timestamp, Form::Timestamp { exponent }, "a timestamp",
        |value| crate::types::timestamp(nanos(value, exponent)?), "a time in the years -9999 to 9999";
    jiff::SignedDuration, Form::Duration { exponent }, "a duration",
        |value| crate::types::signed_duration(nanos(value, exponent)?), "a duration of up to 2^63 seconds";
    jiff::civil::Date, Form::Date, "a date", |value| crate::types::date(value.get()?), "a date in the years -9999 to 9999";
}

#[cfg(feature = "rust_decimal")]
formed! {
    rust_decimal::Decimal, Form::Decimal { exponent }, "a decimal",
        |value| crate::types::decimal(value.get()?, exponent), "a decimal of at most 96 bits and 28 places";
}

#[cfg(feature = "uuid")]
get! {
    uuid::Uuid, |value| {
        let value = value.through();
        let Form::Uuid = value.ty().form() else { return Err(value.wrong_kind("a UUID")) };
        let bytes = value.parts().map(|(_, byte)| byte.get()).collect::<Result<Vec<u8>>>()?;
        uuid::Uuid::from_slice(&bytes).map_err(|_| value.wrong_kind("a UUID"))
    };
}

macro_rules! slices {
    ($($ty:ident)*) => {get! {$(
        &'a [$ty], |value| value.slice();
    )*}};
}
slices!(u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64);

/// Returns the value times ten to the exponent seconds, in nanoseconds; an error if that is not a whole
/// number.
fn nanos(value: Value<'_>, exponent: i8) -> Result<i128> {
    let number: i128 = value.get()?;
    let shift = i32::from(exponent).saturating_add(9);
    let exact = match 10i128.checked_pow(shift.unsigned_abs()) {
        _ if number == 0 => Some(0),
        Some(factor) if shift >= 0 => number.checked_mul(factor),
        Some(factor) if number.checked_rem(factor) == Some(0) => number.checked_div(factor),
        _ => None,
    };
    exact.ok_or_else(|| out_of_range("whole nanoseconds", value))
}

impl<T: sealed::Sealed> sealed::Sealed for Option<T> {}
impl<'a, T: Get<'a>> Get<'a> for Option<T> {
    fn get(value: Value<'a>) -> Result<Option<T>> {
        let value = value.through();
        if value.kind() != Kind::Option || value.is_encoded() {
            return Err(value.wrong_kind("an option"));
        }
        value.part(0).map(T::get).transpose()
    }
}
