//! Visits a value and everything in it, each with its path.

use super::{Path, Step, Value};
use crate::schema::{Kind, Style};

impl<'a> Value<'a> {
    /// Visits this value and what is in it down to `depth` steps, from the outside to the inside and in
    /// stored order, each with its path; `visit` answers whether to go into it. Values under keys that have no spelling
    /// as a path (tuples, say) are given by their position in the order of the keys.
    ///
    /// ```
    /// use hydra::Value;
    /// let mut leaves = Vec::new();
    /// Value::of(&(1u8, vec![2u8; 3], Some(4u16))).walk(8, &mut |path, value| {
    ///     leaves.push(format!("{path} = {value}"));
    ///     true
    /// });
    /// assert_eq!(leaves[1..], ["0 = 1", "1 = 0x020202", "2 = Some(4)", "2? = 4"]);
    /// ```
    pub fn walk(self, depth: usize, visit: &mut dyn FnMut(&Path, Value<'a>) -> bool) {
        walk(self, depth.min(super::value::MAX_NESTING), &mut Path::default(), visit);
    }
}

fn walk<'a>(
    value: Value<'a>,
    depth: usize,
    path: &mut Path,
    visit: &mut dyn FnMut(&Path, Value<'a>) -> bool,
) {
    let goes_on = visit(path, value);
    let Some(depth) = depth.checked_sub(1).filter(|_| goes_on) else { return };
    let value = value.through();
    if value.kind() == Kind::Map {
        for (index, (key, value)) in value.entries().into_iter().flatten().enumerate() {
            path.push(key_step(key.through(), index));
            walk(value, depth, path, visit);
            path.pop();
        }
        return;
    }
    let variant = value.variant().filter(|variant| variant.style() != Style::Unit);
    if let Some(variant) = variant {
        path.push(Step::Variant(variant.name().to_string()));
    }
    for (index, (field, part)) in value.parts().enumerate() {
        path.push(match field {
            Some(field) => Step::Field(field.name().to_string()),
            None if value.kind() == Kind::Option => Step::Some,
            None => Step::Index(index as i64),
        });
        walk(part, depth, path, visit);
        path.pop();
    }
    if variant.is_some() {
        path.pop();
    }
}

/// How a path names the value under this key.
pub(super) fn key_step(key: Value<'_>, index: usize) -> Step {
    use super::Scalar;
    let position = i64::try_from(index).unwrap_or(i64::MAX);
    if let Some(text) = key.form_text() {
        return Step::Key(text);
    }
    match (key.scalar(), key.variant()) {
        (Scalar::Str(text), _) => Step::Key(text.to_string()),
        (Scalar::Char(c), _) => Step::Key(c.to_string()),
        (Scalar::Bool(it), _) => Step::Key(it.to_string()),
        (Scalar::Int(number), _) => i64::try_from(number).map_or(Step::Key(number.to_string()), Step::Index),
        (Scalar::Uint(number), _) => i64::try_from(number).map_or(Step::Key(number.to_string()), Step::Index),
        (Scalar::Bytes(bytes), _) => match std::str::from_utf8(bytes) {
            Ok(text) => Step::Key(text.to_string()),
            Err(_) => Step::Index(position),
        },
        (_, Some(variant)) => Step::Key(variant.name().to_string()),
        _ => Step::Index(position),
    }
}
