//! serde's Serialize of a value: docs/VALUES.md for formats that people read; for others, bytes as bytes, wide
//! integers as integers and floats as floats.
#![forbid(unsafe_code)]

use super::text::base64;
use super::types::Type;
use super::value::MAX_NESTING;
use super::{Scalar, Value};
use crate::describe::{Field, Kind, Style};
use serde::ser::{Error, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

/// Structs are maps in the order of their fields; lists, arrays, sets, tuples and tuple structs are sequences; unit
/// variants are strings, and other variants maps of one entry: `{"Circle": {"r": 1.5}}`. Newtypes and boxes are
/// what they hold, forms are strings, maps without string keys are sequences of pairs. For formats that people read, 128-bit
/// integers, NaN and infinities are strings, and bytes are base64.
impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Node(*self, 0).serialize(serializer)
    }
}

/// A value at a depth of nesting.
struct Node<'a>(Value<'a>, usize);

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.0.through();
        if self.1 > MAX_NESTING {
            return Err(S::Error::custom("the value is nested too deep"));
        }
        if value.is_encoded() {
            return Err(S::Error::custom("the value is stored in another form: serialize its to_dynamic()"));
        }
        if let Some(text) = value.form_text() {
            return serializer.serialize_str(&text);
        }
        match value.scalar() {
            Scalar::None => self.parts(value, serializer),
            scalar => serialize_scalar(scalar, value.kind(), serializer),
        }
    }
}

impl<'a> Node<'a> {
    fn child(&self, value: Value<'a>) -> Node<'a> {
        Node(value, self.1 + 1)
    }

    fn parts<S: Serializer>(&self, value: Value<'a>, serializer: S) -> Result<S::Ok, S::Error> {
        match value.kind() {
            Kind::Option => match value.part(0) {
                Some(inner) => serializer.serialize_some(&self.child(inner)),
                None => serializer.serialize_none(),
            },
            Kind::Struct if !is_tuple_struct(value.fields()) => self.fields(value, serializer),
            Kind::Enum => {
                let variant = value.variant().ok_or_else(|| S::Error::custom("an unknown variant"))?;
                if variant.style() == Style::Unit {
                    return serializer.serialize_str(variant.name());
                }
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(variant.name(), &Body(self.child(value), variant.style()))?;
                map.end()
            }
            Kind::Map => self.entries(value, serializer),
            kind if kind.is_integer() => Err(S::Error::custom("a number that cannot be stored")),
            _ => self.sequence(value, serializer),
        }
    }

    fn fields<S: Serializer>(&self, value: Value<'a>, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(value.fields().len()))?;
        for (field, part) in value.parts() {
            map.serialize_entry(field.map_or("", Field::name), &self.child(part))?;
        }
        map.end()
    }

    fn sequence<S: Serializer>(&self, value: Value<'a>, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(value.count()))?;
        for (_, part) in value.parts() {
            sequence.serialize_element(&self.child(part))?;
        }
        sequence.end()
    }

    fn entries<S: Serializer>(&self, value: Value<'a>, serializer: S) -> Result<S::Ok, S::Error> {
        let entries = value.entries().map_err(S::Error::custom)?;
        if is_string(value.typed().key()) {
            let mut map = serializer.serialize_map(Some(entries.len()))?;
            for (key, value) in entries {
                map.serialize_entry(&self.child(key), &self.child(value))?;
            }
            return map.end();
        }
        let mut sequence = serializer.serialize_seq(Some(entries.len()))?;
        for (key, value) in entries {
            sequence.serialize_element(&(self.child(key), self.child(value)))?;
        }
        sequence.end()
    }
}

/// The fields of an enum's present variant.
struct Body<'a>(Node<'a>, Style);

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.1 {
            Style::Tuple => self.0.sequence(self.0.0, serializer),
            _ => self.0.fields(self.0.0, serializer),
        }
    }
}

pub(super) fn is_tuple_struct(fields: &[Field]) -> bool {
    fields.first().is_some_and(|first| first.name() == "0")
        && fields.iter().enumerate().all(|(index, field)| field.name() == index.to_string())
}

/// A string, also through newtypes.
fn is_string(mut ty: Type<'_>) -> bool {
    while ty.kind() == Kind::Newtype {
        ty = ty.element();
    }
    ty.kind() == Kind::String
}

fn serialize_scalar<S: Serializer>(scalar: Scalar<'_>, kind: Kind, serializer: S) -> Result<S::Ok, S::Error> {
    let text = serializer.is_human_readable();
    match scalar {
        Scalar::None | Scalar::Unit => serializer.serialize_unit(),
        Scalar::Bool(it) => serializer.serialize_bool(it),
        Scalar::Char(c) => serializer.serialize_char(c),
        Scalar::Int(number) => match i64::try_from(number) {
            Ok(number) if kind != Kind::I128 => serializer.serialize_i64(number),
            _ if text => serializer.collect_str(&number),
            _ => serializer.serialize_i128(number),
        },
        Scalar::Uint(number) => match u64::try_from(number) {
            Ok(number) if kind != Kind::U128 => serializer.serialize_u64(number),
            _ if text => serializer.collect_str(&number),
            _ => serializer.serialize_u128(number),
        },
        Scalar::F32(number) if text && !number.is_finite() => serializer.collect_str(&number),
        Scalar::F64(number) if text && !number.is_finite() => serializer.collect_str(&number),
        Scalar::F32(number) => serializer.serialize_f32(number),
        Scalar::F64(number) => serializer.serialize_f64(number),
        Scalar::Str(text) => serializer.serialize_str(text),
        Scalar::Bytes(bytes) if text => serializer.serialize_str(&base64(bytes)),
        Scalar::Bytes(bytes) => serializer.serialize_bytes(bytes),
    }
}
