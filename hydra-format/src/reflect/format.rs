//! Values as text: Rust-like, on one line with `{}` and `{:?}`, on several with `{:#}`; and the text of
//! values with a form.

use super::value::MAX_NESTING;
use super::{Scalar, Value};
use crate::schema::{Form, Kind, Style};
use crate::types::form_text;
use std::fmt::{Debug, Display, Formatter, Result, Write};

/// Prints compact Rust-like text, such as `Log { time: 5, tags: ["x"] }`; with `{:#}` on several lines. Times
/// are RFC 3339 in UTC, durations are in seconds, floats are as in JSON, and bytes that are not printable
/// ASCII are hexadecimal.
impl Display for Value<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        Shown(*self, 0).fmt(f)
    }
}

/// Prints the same text as [`Display`].
impl Debug for Value<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        Shown(*self, 0).fmt(f)
    }
}

/// A value and its depth of nesting.
struct Shown<'a>(Value<'a>, usize);

impl Debug for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Shown(value, depth) = *self;
        if depth > MAX_NESTING {
            return f.write_str("..");
        }
        if value.is_encoded() {
            return write!(f, "<{}, encoded>", value.type_text());
        }
        if let Some(text) = value.form_text() {
            return f.write_str(&text);
        }
        match value.scalar() {
            Scalar::None => self.parts(f),
            scalar => show_scalar(scalar, f),
        }
    }
}

impl<'a> Shown<'a> {
    /// Wraps a part, one level deeper.
    fn part(&self, value: Value<'a>) -> Shown<'a> {
        Shown(value, self.1.saturating_add(1))
    }

    fn children(&self) -> impl Iterator<Item = Shown<'a>> {
        self.0.parts().map(|(_, part)| self.part(part))
    }

    fn parts(&self, f: &mut Formatter<'_>) -> Result {
        let value = self.0;
        let inner = || value.part(0).map(|part| self.part(part));
        match value.kind() {
            Kind::List | Kind::Array => f.debug_list().entries(self.children()).finish(),
            Kind::Set => f.debug_set().entries(self.children()).finish(),
            Kind::Map => {
                let entries = value.entries().into_iter().flatten();
                let shown = entries.map(|(key, value)| (self.part(key), self.part(value)));
                f.debug_map().entries(shown).finish()
            }
            Kind::Option => match inner() {
                Some(inner) => f.debug_tuple("Some").field(&inner).finish(),
                None => f.write_str("None"),
            },
            Kind::Newtype => match inner() {
                Some(inner) => f.debug_tuple(value.ty().name()).field(&inner).finish(),
                None => f.write_str(value.ty().name()),
            },
            Kind::Box => inner().map_or(Ok(()), |inner| inner.fmt(f)),
            Kind::Tuple => self.fields("", Style::Tuple, f),
            Kind::Struct => self.fields(value.ty().name(), Style::Struct, f),
            Kind::Enum => match value.variant() {
                Some(variant) => self.fields(variant.name(), variant.style(), f),
                None => f.write_str("<unknown variant>"),
            },
            _ => f.write_str(".."),
        }
    }

    fn fields(&self, name: &str, style: Style, f: &mut Formatter<'_>) -> Result {
        if style == Style::Tuple {
            let mut tuple = f.debug_tuple(name);
            self.children().for_each(|part| _ = tuple.field(&part));
            return tuple.finish();
        }
        let mut fields = f.debug_struct(name);
        for (field, part) in self.0.parts() {
            fields.field(field.map_or("", |field| field.name()), &self.part(part));
        }
        fields.finish()
    }
}

fn show_scalar(scalar: Scalar<'_>, f: &mut Formatter<'_>) -> Result {
    match scalar {
        Scalar::None => Ok(()),
        Scalar::Unit => f.write_str("()"),
        Scalar::Bool(it) => write!(f, "{it}"),
        Scalar::Char(c) => write!(f, "{c:?}"),
        Scalar::Int(number) => write!(f, "{number}"),
        Scalar::Uint(number) => write!(f, "{number}"),
        Scalar::F32(number) => f.write_str(zmij::Buffer::new().format(number)),
        Scalar::F64(number) => f.write_str(zmij::Buffer::new().format(number)),
        Scalar::Str(text) => write!(f, "{text:?}"),
        Scalar::Bytes(bytes) if bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) => {
            write!(f, "b\"{}\"", bytes.escape_ascii())
        }
        Scalar::Bytes(bytes) => write!(f, "0x{}", Hex(bytes)),
    }
}

/// Prints each byte as two hexadecimal digits.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Value<'_> {
    /// Returns the text of a value with a form, such as `2024-01-02T03:04:05Z` for a timestamp
    /// (docs/VALUES.md). Returns `None` if it has no form, or a form that is unknown for its kind. Newtypes
    /// and boxes have no form.
    pub fn form_text(self) -> Option<String> {
        let kind = self.kind();
        let form = self.ty().form();
        match self.scalar() {
            Scalar::Int(number) => form_text(kind, form, number),
            Scalar::Uint(number) => form_text(kind, form, number.cast_signed()),
            _ if matches!(form, Form::Uuid) && kind == Kind::Array => uuid(self),
            _ => None,
        }
    }
}

fn uuid(value: Value<'_>) -> Option<String> {
    let mut text = String::new();
    for (index, (_, byte)) in value.parts().enumerate() {
        let dash = if matches!(index, 4 | 6 | 8 | 10) { "-" } else { "" };
        write!(text, "{dash}{:02x}", byte.get::<u8>().ok()?).ok()?;
    }
    (text.len() == 36).then_some(text)
}
