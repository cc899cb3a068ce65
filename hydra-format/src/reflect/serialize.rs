//! Serializing a value with serde. Human-readable formats follow docs/VALUES.md; in binary formats bytes stay
//! bytes, and wide integers and floats stay numbers.

use super::format::Hex;
use super::value::MAX_NESTING;
use super::{Dynamic, Scalar, Value};
use crate::schema::{Field, Kind, Style};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_core::ser::{Error, SerializeMap, SerializeSeq};
use serde_core::{Serialize, Serializer};
use std::cell::Cell;

/// Serializes structs as maps in the order of their fields; lists, arrays, sets, tuples and tuple structs as
/// sequences; unit variants as strings, and other variants as maps with one entry: `{"Circle": {"r": 1.5}}`.
/// Newtypes and boxes serialize as their content, values with a form as strings, and maps without string keys
/// as sequences of pairs. In human-readable formats, 128-bit integers, NaN and infinities are strings, and
/// bytes are base64. A [`Seed`](super::Seed) reads all of this back.
impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.spelled(Spelling::default()).serialize(serializer)
    }
}

impl Serialize for Dynamic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

/// The choice of spellings in human-readable formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spelling {
    /// 64-bit integers are strings, for JavaScript.
    pub int64_strings: bool,
    /// Bytes are hexadecimal digits instead of base64.
    pub hex: bool,
}

impl Spelling {
    /// Sets whether 64-bit integers are strings.
    pub fn int64_strings(mut self, strings: bool) -> Spelling {
        self.int64_strings = strings;
        self
    }

    /// Sets whether bytes are hexadecimal digits.
    pub fn hex(mut self, hex: bool) -> Spelling {
        self.hex = hex;
        self
    }
}

impl<'a> Value<'a> {
    /// Returns the value for serialization in another spelling.
    ///
    /// ```
    /// use hydra::{Value, reflect::Spelling};
    /// let value = (u64::MAX, vec![0u8, 255]);
    /// let spelled = Value::of(&value).spelled(Spelling::default().int64_strings(true).hex(true));
    /// assert_eq!(serde_json::to_string(&spelled)?, r#"["18446744073709551615","00ff"]"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn spelled(self, spelling: Spelling) -> Spelled<'a> {
        Spelled { value: self, depth: 0, spelling, lossy: None }
    }
}

/// A value that serializes in a chosen spelling.
#[derive(Clone, Copy, Debug)]
pub struct Spelled<'a> {
    value: Value<'a>,
    depth: usize,
    spelling: Spelling,
    lossy: Option<&'a Cell<bool>>,
}

impl<'a> Spelled<'a> {
    /// Sets `lossy` if another value serializes to the same text: a NaN with other bits, or an option whose
    /// content serializes as null.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use hydra::{Value, reflect::Spelling};
    /// let lossy = Cell::new(false);
    /// let value = [Some(None), Some(Some(1u8))];
    /// let text = serde_json::to_string(&Value::of(&value).spelled(Spelling::default()).track_loss(&lossy))?;
    /// assert_eq!((text.as_str(), lossy.get()), ("[null,1]", true));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn track_loss(self, lossy: &'a Cell<bool>) -> Spelled<'a> {
        Spelled { lossy: Some(lossy), ..self }
    }

    fn child(&self, value: Value<'a>) -> Spelled<'a> {
        Spelled { value, depth: self.depth.saturating_add(1), ..*self }
    }

    fn note(&self, is_lossy: bool) {
        if let (true, Some(lossy)) = (is_lossy, self.lossy) {
            lossy.set(true);
        }
    }
}

impl Serialize for Spelled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.value.through();
        if self.depth > MAX_NESTING {
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
            scalar => self.scalar(scalar, value.kind(), serializer),
        }
    }
}

impl<'a> Spelled<'a> {
    fn parts<S: Serializer>(&self, value: Value<'a>, serializer: S) -> Result<S::Ok, S::Error> {
        match value.kind() {
            Kind::Option => self.option(value, serializer),
            Kind::Struct if !is_tuple_struct(value.fields()) => self.fields(value, serializer),
            Kind::Enum => {
                let variant = value.variant().ok_or_else(|| S::Error::custom("an unknown variant"))?;
                if variant.style() == Style::Unit {
                    return serializer.serialize_str(variant.name());
                }
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(variant.name(), &VariantFields(self.child(value), variant.style()))?;
                map.end()
            }
            Kind::Map => self.entries(value, serializer),
            kind if kind.is_integer() => Err(S::Error::custom("a number that cannot be stored")),
            _ => self.sequence(value, serializer),
        }
    }

    /// Serializes nested options as one level of nesting.
    fn option<S: Serializer>(&self, value: Value<'a>, serializer: S) -> Result<S::Ok, S::Error> {
        let mut inner = value;
        while inner.kind() == Kind::Option {
            let Some(next) = inner.part(0) else {
                self.note(inner.count() != value.count());
                return serializer.serialize_none();
            };
            inner = next.through();
        }
        self.note(inner.kind() == Kind::Unit);
        serializer.serialize_some(&self.child(inner))
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
        if value.typed().key().opened().kind() == Kind::String {
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

    fn scalar<S: Serializer>(
        &self,
        scalar: Scalar<'_>,
        kind: Kind,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text = serializer.is_human_readable();
        let wide = match kind {
            Kind::I128 | Kind::U128 => true,
            Kind::I64 | Kind::U64 => text && self.spelling.int64_strings,
            _ => false,
        };
        match scalar {
            // Not as unit, which CBOR writes as an empty array.
            Scalar::None | Scalar::Unit => serializer.serialize_none(),
            Scalar::Bool(it) => serializer.serialize_bool(it),
            Scalar::Char(c) => serializer.serialize_char(c),
            Scalar::Int(number) => match i64::try_from(number) {
                Ok(number) if !wide => serializer.serialize_i64(number),
                _ if text => serializer.collect_str(&number),
                _ => serializer.serialize_i128(number),
            },
            Scalar::Uint(number) => match u64::try_from(number) {
                Ok(number) if !wide => serializer.serialize_u64(number),
                _ if text => serializer.collect_str(&number),
                _ => serializer.serialize_u128(number),
            },
            Scalar::F32(number) if text && !number.is_finite() => {
                self.note(number.is_nan() && number.to_bits() != f32::NAN.to_bits());
                serializer.collect_str(&number)
            }
            Scalar::F64(number) if text && !number.is_finite() => {
                self.note(number.is_nan() && number.to_bits() != f64::NAN.to_bits());
                serializer.collect_str(&number)
            }
            Scalar::F32(number) => serializer.serialize_f32(number),
            Scalar::F64(number) => serializer.serialize_f64(number),
            Scalar::Str(text) => serializer.serialize_str(text),
            Scalar::Bytes(bytes) if text && self.spelling.hex => serializer.collect_str(&Hex(bytes)),
            Scalar::Bytes(bytes) if text => serializer.serialize_str(&BASE64_STANDARD.encode(bytes)),
            Scalar::Bytes(bytes) => serializer.serialize_bytes(bytes),
        }
    }
}

/// The fields of the present variant of an enum.
struct VariantFields<'a>(Spelled<'a>, Style);

impl Serialize for VariantFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.1 {
            Style::Tuple => self.0.sequence(self.0.value, serializer),
            _ => self.0.fields(self.0.value, serializer),
        }
    }
}

pub(super) fn is_tuple_struct(fields: &[Field]) -> bool {
    fields.first().is_some_and(|first| first.name() == "0")
        && fields.iter().enumerate().all(|(index, field)| field.name() == index.to_string())
}
