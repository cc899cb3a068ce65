//! A value that is one text: numbers, strings, bytes, times. It decides by type, never by value (docs/VALUES.md), and
//! is what JSON, CSV and tables share. It knows nothing about quoting.
#![forbid(unsafe_code)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hydra::Value;
use hydra::describe::Kind;
use hydra::reflect::Scalar;

/// How values are spelled where there is a choice.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spelling {
    /// 64-bit integers as JSON strings.
    pub(crate) int64_strings: bool,
    /// Bytes as hexadecimal digits instead of base64.
    pub(crate) hex: bool,
}

/// A value that is one text or number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Leaf<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    F32(f32),
    F64(f64),
    Str(&'a str),
    Text(String),
}

/// The value inside newtypes and boxes.
pub(crate) fn peel(mut value: Value<'_>) -> Value<'_> {
    while matches!(value.kind(), Kind::Newtype | Kind::Box) {
        match value.inner() {
            Ok(inner) => value = inner,
            Err(_) => break,
        }
    }
    value
}

/// The leaf, if the value is one: an option is what it holds; a fieldless variant is its name.
pub(crate) fn leaf(value: Value<'_>, spelling: Spelling) -> Option<Leaf<'_>> {
    let value = peel(value);
    if let Some(text) = value.form_text() {
        return Some(Leaf::Text(text));
    }
    match value.kind() {
        Kind::Option if value.is_none() => Some(Leaf::Null),
        Kind::Option => leaf(value.inner().ok()?, spelling),
        Kind::Enum => {
            let variant = value.variant()?;
            (variant.style() == hydra::describe::Style::Unit).then(|| Leaf::Str(variant.name()))
        }
        Kind::List | Kind::Array | Kind::Tuple | Kind::Struct | Kind::Map | Kind::Set => None,
        kind => scalar(value.scalar(), kind, spelling),
    }
}

fn scalar(scalar: Scalar<'_>, kind: Kind, spelling: Spelling) -> Option<Leaf<'_>> {
    Some(match scalar {
        Scalar::Unit => Leaf::Null,
        Scalar::Bool(value) => Leaf::Bool(value),
        Scalar::Char(value) => Leaf::Text(value.into()),
        Scalar::Int(value) => integer(kind, spelling, i64::try_from(value).map(Leaf::Int), &value),
        Scalar::Uint(value) => integer(kind, spelling, u64::try_from(value).map(Leaf::Uint), &value),
        Scalar::F32(value) if value.is_finite() => Leaf::F32(value),
        Scalar::F64(value) if value.is_finite() => Leaf::F64(value),
        Scalar::F32(value) => Leaf::Str(special(value.into())),
        Scalar::F64(value) => Leaf::Str(special(value)),
        Scalar::Str(value) => Leaf::Str(value),
        Scalar::Bytes(value) => Leaf::Text(match spelling.hex {
            true => value.iter().map(|byte| format!("{byte:02x}")).collect(),
            false => STANDARD.encode(value),
        }),
        _ => return None,
    })
}

fn integer<'a, E>(
    kind: Kind,
    spelling: Spelling,
    small: Result<Leaf<'a>, E>,
    value: &impl ToString,
) -> Leaf<'a> {
    let wide = match kind {
        Kind::I128 | Kind::U128 => true,
        Kind::I64 | Kind::U64 => spelling.int64_strings,
        _ => false,
    };
    match small {
        Ok(leaf) if !wide => leaf,
        _ => Leaf::Text(value.to_string()),
    }
}

fn special(value: f64) -> &'static str {
    match value {
        value if value.is_nan() => "NaN",
        value if value > 0.0 => "inf",
        _ => "-inf",
    }
}

/// The text of a leaf without quotes; null is `null`.
pub(crate) fn write_leaf(out: &mut String, leaf: &Leaf<'_>) {
    use std::fmt::Write;
    let _ = match leaf {
        Leaf::Null => write!(out, "null"),
        Leaf::Bool(value) => write!(out, "{value}"),
        Leaf::Int(value) => write!(out, "{value}"),
        Leaf::Uint(value) => write!(out, "{value}"),
        // The digits of JSON: exponents instead of three hundred zeros.
        Leaf::F32(value) => write!(out, "{}", float(value)),
        Leaf::F64(value) => write!(out, "{}", float(value)),
        Leaf::Str(text) => write!(out, "{text}"),
        Leaf::Text(text) => write!(out, "{text}"),
    };
}

fn float(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
