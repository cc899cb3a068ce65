//! The visitor of one part of a value: converts what a serde format provides to data of the part's type,
//! without loss. `deserialize.rs` handles the parts within it.

use super::deserialize::{ReadTarget, end, fail};
use super::dynamic::integer;
use super::get::fits;
use super::path::PathSegment;
use super::serialize::is_tuple_struct;
use super::types::Type;
use super::{Data, fit, parse};
use crate::schema::{Form, Kind, Style};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_core::Deserializer;
use serde_core::de::{EnumAccess, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use std::fmt;

/// Converts an integer to the nearest float.
macro_rules! float {
    ($number:expr, $float:ty) => {
        match $number {
            Data::Int(number) => number as $float,
            Data::Uint(number) => number as $float,
            _ => 0.0,
        }
    };
}

impl ReadTarget<'_> {
    /// Sets the data, or returns an error if what was found is not a value of the type.
    fn set<E: Error>(self, data: Option<Data>, found: Unexpected<'_>) -> Result<(), E> {
        *self.data = data.ok_or_else(|| self.wrong("value", found))?;
        Ok(())
    }

    /// Sets a number that the format provides as an integer.
    fn integer<E: Error>(self, number: Data, found: Unexpected<'_>) -> Result<(), E> {
        let ty = self.ty;
        let text = self.text;
        let magnitude = match number {
            Data::Int(number) => number.unsigned_abs(),
            Data::Uint(number) => number,
            _ => 0,
        };
        let data = match ty.kind() {
            _ if is_spelled(ty) => return Err(self.wrong("type", found)),
            kind if kind.is_integer() => integer(&number, ty).ok(),
            Kind::F32 if text || fits(magnitude, f32::MANTISSA_DIGITS) => {
                Some(Data::F32(float!(number, f32)))
            }
            Kind::F64 if text || fits(magnitude, f64::MANTISSA_DIGITS) => {
                Some(Data::F64(float!(number, f64)))
            }
            Kind::F32 | Kind::F64 => None,
            _ => return Err(self.wrong("type", found)),
        };
        self.set(data, found)
    }

    /// Parses the text of a scalar that is not a string.
    fn parsed<E: Error>(self, text: &str) -> Result<(), E> {
        let ty = self.ty;
        let data = parse::parse(text, ty).and_then(|data| match data {
            Data::Int(_) | Data::Uint(_) => integer(&data, ty),
            data => Ok(data),
        });
        self.set(data.ok(), Unexpected::Str(text))
    }

    fn string<E>(self, text: &str) -> Result<(), E> {
        match self.data {
            Data::Str(own) => {
                own.clear();
                own.push_str(text);
            }
            data => *data = Data::from(text),
        }
        Ok(())
    }
}

/// Returns true for a type with a form that has its own text.
pub(super) fn is_spelled(ty: Type<'_>) -> bool {
    !matches!(ty.form(), Form::None | Form::Unknown { .. })
}

/// Converts a number that the format provides as f64 to f32; `None` if it would change. The f64 of a decimal
/// can lie exactly between two f32. The decimal then belongs to the one whose shortest text it is.
fn narrow(number: f64, text: bool) -> Option<f32> {
    let near = number as f32;
    let back = f64::from(near);
    if back == number || number.is_nan() {
        return Some(near);
    }
    if near.is_infinite() || !text {
        return None;
    }
    let other = if back < number { near.next_up() } else { near.next_down() };
    let is_middle = (back + f64::from(other)) / 2.0 == number;
    let is_text_of = |float: f32| zmij::Buffer::new().format_finite(float).parse() == Ok(number);
    Some(if is_middle && is_text_of(other) && !is_text_of(near) { other } else { near })
}

impl<'de> Visitor<'de> for ReadTarget<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        *self.data = match self.ty.kind() {
            Kind::Unit => Data::Unit,
            Kind::Option => Data::None,
            _ => return Err(self.wrong("type", Unexpected::Other("null"))),
        };
        Ok(())
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        self.inner(PathSegment::Some, from)
    }

    fn visit_bool<E: Error>(self, it: bool) -> Result<(), E> {
        if self.ty.kind() != Kind::Bool {
            return Err(self.wrong("type", Unexpected::Bool(it)));
        }
        *self.data = Data::Bool(it);
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.integer(number.into(), Unexpected::Signed(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.integer(number.into(), Unexpected::Unsigned(number))
    }

    fn visit_i128<E: Error>(self, number: i128) -> Result<(), E> {
        self.integer(number.into(), Unexpected::Other(&number.to_string()))
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<(), E> {
        self.integer(number.into(), Unexpected::Other(&number.to_string()))
    }

    fn visit_f32<E: Error>(self, number: f32) -> Result<(), E> {
        if self.ty.kind() != Kind::F32 {
            return self.visit_f64(number.into());
        }
        *self.data = Data::F32(number);
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        let found = Unexpected::Float(number);
        // Beyond this, converting an integer to a float may have changed it.
        let is_whole = number.fract() == 0.0 && number.abs() <= (1u64 << f64::MANTISSA_DIGITS) as f64;
        let data = match self.ty.kind() {
            Kind::F64 => Some(Data::F64(number)),
            Kind::F32 => narrow(number, self.text).map(Data::F32),
            kind if kind.is_integer() && is_whole => return self.integer(Data::Int(number as i128), found),
            _ => return Err(self.wrong("type", found)),
        };
        self.set(data, found)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let ty = self.ty;
        let data = match ty.kind() {
            Kind::String => return self.string(text),
            kind if kind.is_integer() || kind == Kind::Char || is_spelled(ty) => return self.parsed(text),
            Kind::F32 | Kind::F64 if parse::is_special(text) => return self.parsed(text),
            Kind::Enum if self.body.is_none() => {
                let named = fit::variant(text, ty).ok().filter(|(_, variant)| variant.style() == Style::Unit);
                named.map(|(index, _)| Data::Variant(index, Vec::new()))
            }
            Kind::Bytes | Kind::Opaque if self.text => {
                let (bytes, expected) = match self.seed.spelling.hex {
                    true => (parse::hex(text), "bytes as hexadecimal digits"),
                    false => (BASE64_STANDARD.decode(text).ok(), "bytes in base64"),
                };
                *self.data = Data::Bytes(bytes.ok_or_else(|| {
                    fail(
                        self.stack,
                        format_args!("invalid value: {}, expected {expected}", Unexpected::Str(text)),
                    )
                })?);
                return Ok(());
            }
            _ => return Err(self.wrong("type", Unexpected::Str(text))),
        };
        self.set(data, Unexpected::Str(text))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        if matches!(self.ty.kind(), Kind::I128 | Kind::U128) && self.text {
            return from.deserialize_any(self);
        }
        Err(self.wrong("type", Unexpected::Other("an extension type")))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.wrong("type", Unexpected::Other("a tagged value")))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<(), E> {
        match self.ty.kind() {
            Kind::Bytes | Kind::Opaque => self.set(Some(Data::from(bytes)), Unexpected::Bytes(bytes)),
            // rmp-serde writes 128-bit integers this way.
            Kind::I128 | Kind::U128 => match (self.ty.kind(), bytes.try_into()) {
                (Kind::I128, Ok(bytes)) => self.visit_i128(i128::from_be_bytes(bytes)),
                (_, Ok(bytes)) => self.visit_u128(u128::from_be_bytes(bytes)),
                (_, Err(_)) => self.set(None, Unexpected::Bytes(bytes)),
            },
            _ => Err(self.wrong("type", Unexpected::Bytes(bytes))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let mut node = self;
        let ty = node.ty;
        let fields = ty.ty.fields();
        let parts = match ty.kind() {
            _ if is_spelled(ty) => return Err(node.wrong("type", Unexpected::Seq)),
            // CBOR represents unit as an empty array.
            Kind::Unit => {
                *node.data = Data::Unit;
                return end(&mut from, node.stack);
            }
            Kind::List | Kind::Array => node.elements(from)?,
            Kind::Set => {
                let mut members = node.elements(from)?;
                node.sort(&mut members, |member| member, ty.element())?;
                members
            }
            Kind::Map => return node.pairs(from),
            Kind::Enum => match node.body {
                Some((index, variant)) if variant.style() == Style::Tuple => {
                    *node.data = Data::Variant(index, node.positions(variant.fields(), from)?);
                    return Ok(());
                }
                _ => return Err(node.wrong("type", Unexpected::Seq)),
            },
            Kind::Tuple => node.positions(fields, from)?,
            Kind::Struct if is_tuple_struct(fields) => node.positions(fields, from)?,
            _ => return Err(node.wrong("type", Unexpected::Seq)),
        };
        *node.data = Data::Parts(parts);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let mut node = self;
        match node.ty.kind() {
            Kind::Struct => {
                *node.data = Data::Parts(node.fields(node.ty.ty.fields(), from)?);
                Ok(())
            }
            Kind::Enum => match node.body {
                None => node.variant(from),
                Some((index, variant)) if variant.style() == Style::Struct => {
                    *node.data = Data::Variant(index, node.fields(variant.fields(), from)?);
                    Ok(())
                }
                _ => Err(node.wrong("type", Unexpected::Map)),
            },
            Kind::Map => node.entries(from),
            kind if kind.is_integer() || matches!(kind, Kind::F32 | Kind::F64) => {
                match from.next_key::<String>()? {
                    Some(key) if key == NUMBER => node.decimal(&from.next_value::<String>()?),
                    Some(key) if key == RAW => node.raw(from.next_value::<String>()?.trim()),
                    _ => Err(node.wrong("type", Unexpected::Map)),
                }
            }
            _ => Err(node.wrong("type", Unexpected::Map)),
        }
    }
}

/// The name under which serde_json passes a number as text with its feature `arbitrary_precision`.
const NUMBER: &str = "$serde_json::private::Number";

/// The name by which serde_json passes any value as text with its feature `raw_value`. Other formats take it
/// for the name of a newtype.
pub(super) const RAW: &str = "$serde_json::private::RawValue";

impl ReadTarget<'_> {
    /// Reads a number beyond 64 bits, or another value, from its JSON text.
    fn raw<E: Error>(self, json: &str) -> Result<(), E> {
        let quoted = json.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        match (quoted, json.as_bytes().first()) {
            (Some(text), _) => self.visit_str(text),
            (_, Some(b'-' | b'0'..=b'9')) => self.decimal(json),
            (_, Some(b'n')) => self.visit_unit(),
            (_, Some(b't' | b'f')) => self.visit_bool(json == "true"),
            (_, Some(b'[')) => Err(self.wrong("type", Unexpected::Seq)),
            _ => Err(self.wrong("type", Unexpected::Map)),
        }
    }

    fn decimal<E: Error>(self, text: &str) -> Result<(), E> {
        let found = Unexpected::Other(text);
        match (self.ty.kind(), text.parse::<i128>(), text.parse::<u128>(), text.parse::<f64>()) {
            (Kind::F32, ..) => {
                self.set(text.parse().ok().filter(|n: &f32| n.is_finite()).map(Data::F32), found)
            }
            (Kind::F64, .., float) => self.set(float.ok().filter(|n| n.is_finite()).map(Data::F64), found),
            (_, Ok(number), ..) => self.integer(number.into(), found),
            (_, _, Ok(number), _) => self.integer(number.into(), found),
            (.., Ok(number)) if text.contains(['.', 'e', 'E']) => self.visit_f64(number),
            _ => self.set(None, found),
        }
    }
}
