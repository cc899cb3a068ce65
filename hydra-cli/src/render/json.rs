//! Values as JSON (docs/VALUES.md), streamed through serde_json.
#![forbid(unsafe_code)]

use super::leaf::{Leaf, Spelling, leaf, peel};
use hydra::Value;
use hydra::describe::{Descriptor, Field, Kind, Style, TypeRef};
use serde::ser::{Error, SerializeMap};
use serde::{Serialize, Serializer};

/// A value, as serde sees it.
#[derive(Clone, Copy)]
pub(crate) struct Json<'a>(pub(crate) Value<'a>, pub(crate) Spelling);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Json(value, spelling) = *self;
        if let Some(leaf) = leaf(value, spelling) {
            return leaf.serialize(to);
        }
        let value = unwrap(value);
        let json = |value| Json(value, spelling);
        match value.kind() {
            Kind::Struct if !is_positional(value.ty().fields()) => {
                self.object(value, value.ty().fields(), to)
            }
            Kind::Struct | Kind::Tuple | Kind::List | Kind::Array => {
                to.collect_seq(value.parts().map(|(_, part)| json(part)))
            }
            Kind::Set => {
                let entries = value.entries().map_err(S::Error::custom)?;
                to.collect_seq(entries.map(|(member, _)| json(member)))
            }
            Kind::Map => {
                let entries = value.entries().map_err(S::Error::custom)?;
                let entries = entries.map(|(key, value)| (json(key), json(value)));
                if has_text_keys(value) { to.collect_map(entries) } else { to.collect_seq(entries) }
            }
            Kind::Enum => {
                let mut map = to.serialize_map(Some(1))?;
                let variant = value.variant().ok_or_else(|| S::Error::custom("no variant"))?;
                map.serialize_entry(variant.name(), &Body(value, spelling))?;
                map.end()
            }
            kind => Err(S::Error::custom(format!("{} cannot be written", kind.name()))),
        }
    }
}

impl Json<'_> {
    fn object<S: Serializer>(&self, value: Value<'_>, fields: &[Field], to: S) -> Result<S::Ok, S::Error> {
        let parts = value.parts().map(|(_, part)| Json(part, self.1));
        to.collect_map(fields.iter().map(Field::name).zip(parts))
    }
}

/// The fields of the present variant.
struct Body<'a>(Value<'a>, Spelling);

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Body(value, spelling) = *self;
        match value.variant() {
            Some(variant) if variant.style() == Style::Struct => {
                Json(value, spelling).object(value, variant.fields(), to)
            }
            _ => to.collect_seq(value.parts().map(|(_, part)| Json(part, spelling))),
        }
    }
}

impl Serialize for Leaf<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Leaf::Null => to.serialize_unit(),
            Leaf::Bool(value) => to.serialize_bool(*value),
            Leaf::Int(value) => to.serialize_i64(*value),
            Leaf::Uint(value) => to.serialize_u64(*value),
            Leaf::F32(value) => to.serialize_f32(*value),
            Leaf::F64(value) => to.serialize_f64(*value),
            Leaf::Str(value) => to.serialize_str(value),
            Leaf::Text(value) => to.serialize_str(value),
        }
    }
}

/// Some of the values of a record, each under its name.
pub(crate) struct Picked<'a, 'n>(pub(crate) &'n [(&'n str, Value<'a>)], pub(crate) Spelling);

impl Serialize for Picked<'_, '_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, &Json(*value, self.1))?;
        }
        map.end()
    }
}

/// The value inside newtypes, boxes and options that hold one.
fn unwrap(value: Value<'_>) -> Value<'_> {
    let value = peel(value);
    match value.kind() {
        Kind::Option => value.inner().map_or(value, unwrap),
        _ => value,
    }
}

/// True for a map whose keys are strings, also inside newtypes: by type, so that an empty map is no exception.
fn has_text_keys(map: Value<'_>) -> bool {
    let resolve = |ty| match (ty, map.schema()) {
        (TypeRef::Live(of), _) => Some(of()),
        (TypeRef::Index(_), Some(schema)) => Some(schema.resolve(ty)),
        (TypeRef::Index(_), None) => None,
    };
    let mut key: Option<&Descriptor> = map.ty().key().and_then(resolve);
    while let Some(newtype) = key.filter(|key| key.kind() == Kind::Newtype) {
        key = newtype.element().and_then(resolve);
    }
    key.is_some_and(|key| key.kind() == Kind::String)
}

/// True for the fields of a tuple struct: `0`, `1`, ..
pub(crate) fn is_positional(fields: &[Field]) -> bool {
    !fields.is_empty() && fields.iter().enumerate().all(|(i, field)| field.name() == i.to_string())
}
