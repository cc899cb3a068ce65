//! Schemas as JSON: every type of the table's schema, referring to one another by index; and, for who reads it back,
//! the bytes that say the same.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hydra::describe::{Arg, AttrValue, Descriptor, Field, Form, Kind, Note, Schema, Style, TypeRef, Variant};
use serde_json::{Map, Value, json};

/// The document of `hydra schema --as json`.
pub(crate) fn document(table: &str, schema: &Schema) -> Value {
    let mut document = summary(schema);
    document.insert("version".into(), json!(1));
    document.insert("table".into(), json!(table));
    document.insert("types".into(), schema.types().iter().map(|ty| self::ty(schema, ty)).collect());
    document.insert("core".into(), json!(STANDARD.encode(schema.core())));
    document.insert("notes".into(), json!(STANDARD.encode(schema.notes())));
    Value::Object(document)
}

/// The table's name and the schema of a document, which has to be what [`document`] makes of it; or what is wrong.
pub(crate) fn read(text: &[u8]) -> Result<(String, Schema), String> {
    let given: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let bytes = |name: &str| {
        let text = given.get(name).and_then(Value::as_str).ok_or_else(|| format!("it has no `{name}`"))?;
        STANDARD.decode(text).map_err(|error| format!("`{name}`: {error}"))
    };
    let schema =
        Schema::decode(&bytes("core")?, &bytes("notes")?).map_err(|error| error.message().to_string())?;
    let table = given.get("table").and_then(Value::as_str).unwrap_or_default();
    match document(table, &schema) == given {
        true => Ok((table.to_string(), schema)),
        false => Err("`types` and `core` do not say the same: it was edited".to_string()),
    }
}

/// The name and the identity of a schema.
pub(crate) fn summary(schema: &Schema) -> Map<String, Value> {
    let root = schema.root();
    let mut summary = Map::new();
    summary.insert("type".into(), json!(schema.name()));
    summary.insert("fingerprint".into(), json!(format!("0x{:016x}", schema.fingerprint())));
    summary.insert("layout_fingerprint".into(), json!(format!("0x{:016x}", schema.layout_fingerprint())));
    summary.insert("size_bytes".into(), json!(root.size()));
    summary.insert("align_bytes".into(), json!(root.align()));
    summary
}

fn ty(schema: &Schema, ty: &Descriptor) -> Value {
    let mut out = Map::new();
    out.insert("type".into(), json!(schema.spell(ty)));
    out.insert("kind".into(), json!(ty.kind().name()));
    out.insert("size_bytes".into(), json!(ty.size()));
    out.insert("align_bytes".into(), json!(ty.align()));
    if ty.is_nonzero() {
        out.insert("nonzero".into(), json!(true));
    }
    form(&mut out, ty.form());
    let references = [("key", ty.key()), ("element", ty.element())];
    for (name, reference) in references.into_iter().filter_map(|(name, ty)| Some((name, ty?))) {
        out.insert(name.into(), index(reference));
    }
    if !ty.args().is_empty() {
        out.insert("arguments".into(), ty.args().iter().map(|&arg| argument(arg)).collect());
    }
    if ty.kind() == Kind::Array {
        out.insert("count".into(), json!(ty.count()));
    }
    if let Some(tag) = ty.tag() {
        out.insert("tag".into(), json!(tag.name()));
        out.insert("variants".into(), ty.variants().iter().map(|v| variant(v, tag)).collect());
    }
    if matches!(ty.kind(), Kind::Struct | Kind::Tuple) {
        out.insert("fields".into(), ty.fields().iter().map(field).collect());
    }
    notes(&mut out, ty.notes());
    Value::Object(out)
}

fn form(out: &mut Map<String, Value>, form: Form) {
    let exponent = match form {
        Form::None => return,
        Form::Timestamp { exponent } | Form::Duration { exponent } | Form::Decimal { exponent } => {
            Some(exponent)
        }
        Form::Unknown { exponent, .. } => Some(exponent),
        _ => None,
    };
    let name = if form.name().is_empty() { json!(form.code().0) } else { json!(form.name()) };
    out.insert("form".into(), name);
    if let Some(exponent) = exponent {
        out.insert("exponent".into(), json!(exponent));
    }
}

fn field(field: &Field) -> Value {
    let mut out = Map::new();
    out.insert("name".into(), json!(field.name()));
    out.insert("type".into(), index(field.ty()));
    out.insert("offset_bytes".into(), json!(field.offset()));
    notes(&mut out, field.notes());
    Value::Object(out)
}

fn variant(variant: &Variant, tag: Kind) -> Value {
    let style = match variant.style() {
        Style::Unit => "unit",
        Style::Tuple => "tuple",
        Style::Struct => "struct",
    };
    // Tags of 128 bits are strings, as such values are.
    let number = match (i64::try_from(variant.tag()), u64::try_from(variant.tag()), tag) {
        (Ok(small), _, _) if tag != Kind::I128 && tag != Kind::U128 => json!(small),
        (_, Ok(small), _) if tag == Kind::U64 => json!(small),
        (.., Kind::U128) => json!((variant.tag() as u128).to_string()),
        _ => json!(variant.tag().to_string()),
    };
    let mut out = Map::new();
    out.insert("name".into(), json!(variant.name()));
    out.insert("tag".into(), number);
    out.insert("style".into(), json!(style));
    out.insert("fields".into(), variant.fields().iter().map(field).collect());
    notes(&mut out, variant.notes());
    Value::Object(out)
}

/// A type by its index; a constant by its kind and its spelling.
fn argument(arg: Arg) -> Value {
    match arg {
        Arg::Type(ty) => index(ty),
        Arg::Const(constant) => {
            json!({ "kind": constant.kind().name(), "value": constant.to_string() })
        }
    }
}

fn index(ty: TypeRef) -> Value {
    match ty {
        TypeRef::Index(index) => json!(index),
        TypeRef::Live(_) => Value::Null,
    }
}

fn notes(out: &mut Map<String, Value>, notes: &[Note]) {
    let mut attributes = Map::new();
    let mut aliases = Vec::new();
    for note in notes {
        let (key, value) = match note {
            Note::Doc(text) => ("doc", json!(text)),
            Note::Alias(name) => {
                aliases.push(json!(name));
                continue;
            }
            Note::Default(_) => ("default", json!(true)),
            Note::Attribute { name, value } => {
                attributes.insert(name.to_string(), attribute(value));
                continue;
            }
            Note::Deprecated(text) => ("deprecated", json!(text)),
            Note::Version(version) => ("version", json!(version)),
            Note::ReadOnly => ("readonly", json!(true)),
            Note::Settable => ("settable", json!(true)),
            Note::Private => ("private", json!(true)),
            Note::Other => ("other", json!(true)),
            Note::Invariant => ("invariant", json!(true)),
            _ => continue,
        };
        out.insert(key.into(), value);
    }
    if !aliases.is_empty() {
        out.insert("aliases".into(), Value::Array(aliases));
    }
    if !attributes.is_empty() {
        out.insert("attributes".into(), Value::Object(attributes));
    }
}

fn attribute(value: &AttrValue) -> Value {
    match value {
        AttrValue::Str(text) => json!(text),
        AttrValue::Int(int) => i64::try_from(*int).map_or_else(|_| json!(int.to_string()), |int| json!(int)),
        AttrValue::Float(float) => json!(float),
        AttrValue::Bool(value) => json!(value),
        _ => Value::Null,
    }
}
