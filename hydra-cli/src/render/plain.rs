//! Renders a value as text without quotes, as CSV and tables show it: its JSON without the quotes
//! (docs/VALUES.md).

use crate::text::escape;
use hydra::reflect::{Scalar, Spelling};
use hydra::schema::Style;
use hydra::{Kind, Value};
use std::cell::Cell;

/// Returns the text of a value, in `buffer` or borrowed from the value; none for an empty option. It sets
/// `lossy` if another value has the same text.
pub(crate) fn plain<'b>(
    value: Value<'b>,
    spelling: Spelling,
    lossy: &'b Cell<bool>,
    buffer: &'b mut Vec<u8>,
) -> Option<&'b str> {
    let mut value = value;
    let mut inside = false;
    while matches!(value.kind(), Kind::Option | Kind::Newtype | Kind::Box) {
        if value.is_none() {
            lossy.set(lossy.get() || inside);
            return None;
        }
        inside |= value.kind() == Kind::Option;
        value = value.inner().ok()?;
    }
    if let Scalar::Str(text) = value.scalar() {
        return Some(text);
    }
    buffer.clear();
    serde_json::to_writer(&mut *buffer, &value.spelled(spelling).track_loss(lossy)).ok()?;
    if buffer.first() == Some(&b'"') && buffer.contains(&b'\\') {
        *buffer = serde_json::from_slice::<String>(buffer).ok()?.into_bytes();
        return std::str::from_utf8(buffer).ok();
    }
    let text = std::str::from_utf8(buffer).ok()?;
    Some(text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text))
}

/// Returns the text of a value as people see it and `hydra set` reads it, in JSON quotes if it would
/// otherwise mean another value; none for an empty option.
pub(crate) fn shown(value: Value<'_>, spelling: Spelling) -> Option<String> {
    let mut buffer = Vec::new();
    let lossy = Cell::default();
    let text = plain(value, spelling, &lossy, &mut buffer)?;
    let inner = inside(value, &[Kind::Option, Kind::Newtype, Kind::Box]);
    let bytes = matches!(inner.kind(), Kind::Bytes | Kind::Opaque);
    let is_text = bytes
        || matches!(inner.kind(), Kind::String | Kind::Char)
        || inner.variant().is_some_and(|variant| variant.style() == Style::Unit);
    let odd = text.is_empty() || text == "null" || text.starts_with('"') || text.contains(escape::is_control);
    match is_text && (odd || bytes && text.starts_with("0x")) {
        true => Some(escape::json(&serde_json::to_string(text).unwrap_or_default()).into_owned()),
        false => Some(escape::json(text).into_owned()),
    }
}

/// Returns the value inside values of these kinds.
pub(crate) fn inside<'a>(mut value: Value<'a>, kinds: &[Kind]) -> Value<'a> {
    while let (true, Ok(inner)) = (kinds.contains(&value.kind()), value.inner()) {
        value = inner;
    }
    value
}

/// A value as text for people, by [`shown`], and as JSON.
pub(crate) struct PrintedValue {
    pub(crate) text: String,
    pub(crate) json: String,
}

impl PrintedValue {
    pub(crate) fn of(value: Value<'_>) -> PrintedValue {
        let json = serde_json::to_string(&value).unwrap_or_default();
        PrintedValue { text: line(value, Spelling::default()), json }
    }
}

/// Returns a value as [`shown`] does; `null` for none.
pub(crate) fn line(value: Value<'_>, spelling: Spelling) -> String {
    shown(value, spelling).unwrap_or_else(|| "null".to_string())
}

/// Returns a value as [`plain`] does, in its own string; `null` for none.
pub(crate) fn text(value: Value<'_>, spelling: Spelling) -> String {
    plain(value, spelling, &Cell::default(), &mut Vec::new()).unwrap_or("null").to_string()
}
