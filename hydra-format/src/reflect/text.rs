//! Values with a form as text: UUIDs, and numbers as the schema's types spell them.

use super::{Scalar, Value};
use crate::schema::{Form, Kind};
use crate::types::form_text;
use std::fmt::Write;

impl Value<'_> {
    /// The text of a value that has a form, such as `2024-01-02T03:04:05Z` for a timestamp (docs/VALUES.md); none if it
    /// has no form, or one that is not known on its kind. Newtypes and boxes have none.
    pub fn form_text(self) -> Option<String> {
        let (kind, form) = (self.kind(), self.ty().form());
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
