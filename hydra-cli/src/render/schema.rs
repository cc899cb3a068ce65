//! Renders schemas as JSON: every type of a table's schema, which refer to one another by index, and the
//! encoded schema, from which it is read back.

use crate::text::present;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hydra::schema::{Arg, AttrValue, Field, Form, Note, Style, TypeRef, Variant};
use hydra::{Descriptor, Kind, Schema};
use serde_json::{Map, Value, json};

/// Returns the document of `hydra schema --as json`.
pub(crate) fn document(table: &str, schema: &Schema) -> Value {
    let mut document = summary(schema);
    document["version"] = json!(1);
    document["table"] = json!(table);
    document["types"] = schema.types().iter().map(|ty| self::ty(schema, ty)).collect();
    document["core"] = json!(STANDARD.encode(schema.core()));
    document["notes"] = json!(STANDARD.encode(schema.notes()));
    document
}

/// Reads the table's name and the schema from a document, which must equal the output of [`document`]. An
/// error says what is wrong.
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
        false => Err("`types` and `core` differ: the document was edited".to_string()),
    }
}

/// Returns the name and the identity of a schema.
pub(crate) fn summary(schema: &Schema) -> Value {
    json!({
        "type": schema.name(),
        "fingerprint": format!("0x{:016x}", schema.fingerprint()),
        "layout_fingerprint": format!("0x{:016x}", schema.layout_fingerprint()),
        "size_bytes": schema.root().size(),
        "align_bytes": schema.root().align(),
    })
}

fn ty(schema: &Schema, ty: &Descriptor) -> Value {
    let has_fields = matches!(ty.kind(), Kind::Struct | Kind::Tuple);
    let variants = |tag| ty.variants().iter().map(|v| variant(v, tag)).collect::<Value>();
    let arguments = || ty.args().iter().map(|&arg| argument(arg)).collect::<Value>();
    let object = json!({
        "type": schema.spell(ty),
        "kind": ty.kind().name(),
        "size_bytes": ty.size(),
        "align_bytes": ty.align(),
        "nonzero": ty.is_nonzero().then_some(true),
        "form": form(ty.form()),
        "exponent": (!matches!(ty.form(), Form::None | Form::Date | Form::Uuid)).then(|| ty.form().code().1),
        "key": ty.key().map(index),
        "element": ty.element().map(index),
        "arguments": (!ty.args().is_empty()).then(arguments),
        "count": (ty.kind() == Kind::Array).then(|| ty.count()),
        "tag": ty.tag().map(Kind::name),
        "variants": ty.tag().map(variants),
        "fields": has_fields.then(|| ty.fields().iter().map(field).collect::<Value>()),
    });
    noted(present(object), ty.notes())
}

/// Returns the name of a form, or its number if it has no name.
fn form(form: Form) -> Option<Value> {
    let name = if form.name().is_empty() { json!(form.code().0) } else { json!(form.name()) };
    (form != Form::None).then_some(name)
}

fn field(field: &Field) -> Value {
    let object = json!({ "name": field.name(), "type": index(field.ty()), "offset_bytes": field.offset() });
    noted(object, field.notes())
}

fn variant(variant: &Variant, tag: Kind) -> Value {
    let style = match variant.style() {
        Style::Unit => "unit",
        Style::Tuple => "tuple",
        _ => "struct",
    };
    // Tags of 128 bits are strings, as other values of 128 bits are.
    let number = match tag {
        Kind::I128 => json!(variant.tag().to_string()),
        Kind::U128 => json!(variant.tag().cast_unsigned().to_string()),
        Kind::U64 => json!(variant.tag() as u64),
        _ => json!(variant.tag() as i64),
    };
    let fields: Value = variant.fields().iter().map(field).collect();
    let object = json!({ "name": variant.name(), "tag": number, "style": style, "fields": fields });
    noted(object, variant.notes())
}

/// Returns a type by its index, and a constant by its kind and text.
fn argument(arg: Arg) -> Value {
    match arg {
        Arg::Type(ty) => index(ty),
        Arg::Const(it) => json!({ "kind": it.kind().name(), "value": it.to_string() }),
        _ => Value::Null,
    }
}

fn index(ty: TypeRef) -> Value {
    match ty {
        TypeRef::Index(index) => json!(index),
        _ => Value::Null,
    }
}

/// Adds notes to an object.
fn noted(mut object: Value, notes: &[Note]) -> Value {
    let mut attributes = Map::new();
    let mut aliases = Vec::new();
    for note in notes {
        match note {
            Note::Doc(text) => object["doc"] = json!(text),
            Note::Alias(name) => aliases.push(name),
            Note::Default(_) => object["default"] = json!(true),
            Note::Attribute { name, value } => _ = attributes.insert(name.to_string(), attribute(value)),
            Note::Deprecated(text) => object["deprecated"] = json!(text),
            Note::Version(version) => object["version"] = json!(version),
            Note::ReadOnly => object["readonly"] = json!(true),
            Note::Settable => object["settable"] = json!(true),
            Note::Private => object["private"] = json!(true),
            Note::Other => object["other"] = json!(true),
            Note::Invariant => object["invariant"] = json!(true),
            _ => {}
        }
    }
    if !aliases.is_empty() {
        object["aliases"] = json!(aliases);
    }
    if !attributes.is_empty() {
        object["attributes"] = json!(attributes);
    }
    object
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
