//! Describes records for NumPy: a dtype with a dotted name for every scalar, and the offsets of the blocks.

use crate::streams::not_rows;
use hydra::schema::{Form, TypeRef, Variant};
use hydra::{Descriptor, Dynamic, Kind, Reader, Result, Schema, Table};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The largest numbers of fields and of array elements; more become one field of raw bytes.
const MAX_FIELDS: usize = 4096;
const MAX_ELEMENTS: u64 = 64;

/// Returns a table as JSON, and the number of records that are left out, by reason.
pub(crate) fn table(reader: &Reader, table: &Table<Dynamic>) -> Result<(Value, BTreeMap<String, u64>)> {
    let schema = table.schema();
    let mut dtype = Dtype { schema, names: vec![], formats: vec![], offsets: vec![], notes: Map::new() };
    dtype.add(schema.root(), String::new(), 0);
    let mut blocks = Vec::new();
    let mut left_out = BTreeMap::new();
    for entry in table.entries() {
        let entry = entry?;
        let header = reader.block_header(entry.offset)?;
        let known = reader.schemas().find(|(id, _)| *id == entry.schema);
        let other = known.is_none_or(|(_, known)| !known.schema().is_identical(schema));
        let why = other.then(|| "they have another schema".to_string());
        if let Some(why) = why.or_else(|| not_rows(&header)) {
            *left_out.entry(why).or_insert(0) += entry.count;
            continue;
        }
        let start = entry.offset + 64;
        let records = u64::from(header.count) * u64::from(header.stride);
        blocks.push(json!({
            "offset": start,
            "first": entry.first,
            "count": entry.count,
            "heap_offset": start + records.next_multiple_of(64),
            "text_offset": start + u64::from(header.text),
        }));
    }
    let document = json!({
        "table": table.name(),
        "fingerprint": format!("0x{:016x}", schema.fingerprint()),
        "dtype": {
            "names": dtype.names,
            "formats": dtype.formats,
            "offsets": dtype.offsets,
            "itemsize": schema.root().size(),
        },
        "notes": dtype.notes,
        "blocks": blocks,
    });
    Ok((document, left_out))
}

struct Dtype<'a> {
    schema: &'a Schema,
    names: Vec<String>,
    formats: Vec<String>,
    offsets: Vec<usize>,
    notes: Map<String, Value>,
}

impl<'a> Dtype<'a> {
    fn push(&mut self, name: String, format: String, offset: usize, note: Option<String>) {
        let mut name = if name.is_empty() { "value".to_string() } else { name };
        while self.names.contains(&name) {
            name.push('?');
        }
        if let Some(note) = note {
            self.notes.insert(name.clone(), json!(note));
        }
        self.names.push(name);
        self.formats.push(format);
        self.offsets.push(offset);
    }

    fn resolve(&self, ty: Option<TypeRef>) -> &'a Descriptor {
        self.schema.resolve(ty.unwrap_or(TypeRef::Index(0)))
    }

    /// Adds the fields of a type that starts at `offset`. The format bounds inline nesting.
    fn add(&mut self, ty: &Descriptor, name: String, offset: usize) {
        if let Some((format, note)) = self.whole(ty) {
            return self.push(name, format, offset, note);
        }
        let room = self.names.len() < MAX_FIELDS;
        match ty.kind() {
            Kind::Newtype => self.add(self.resolve(ty.element()), name, offset),
            Kind::Struct | Kind::Tuple if room => {
                let dot = if name.is_empty() { "" } else { "." };
                for field in ty.fields() {
                    let name = format!("{name}{dot}{}", field.name());
                    self.add(self.resolve(Some(field.ty())), name, offset + field.offset());
                }
            }
            Kind::Option => {
                let inner = self.resolve(ty.element());
                let note = format!("1 where there is a value of {}", self.schema.spell_rust(inner));
                self.push(format!("{name}?"), "|u1".into(), offset, Some(note));
                self.add(inner, name, offset + inner.align());
            }
            Kind::Enum if room => {
                let (format, note) = self.tag(ty);
                self.push(name.clone(), format, offset, note);
                for variant in ty.variants() {
                    for field in variant.fields() {
                        let name = format!("{name}:{}.{}", variant.name(), field.name());
                        self.add(self.resolve(Some(field.ty())), name, offset + field.offset());
                    }
                }
            }
            Kind::Array if room && (1..=MAX_ELEMENTS).contains(&ty.count()) => {
                let element = self.resolve(ty.element());
                for at in 0..ty.count() as usize {
                    self.add(element, format!("{name}[{at}]"), offset + at * element.size());
                }
            }
            _ => {
                let note = Some(format!("the raw bytes of {}", self.schema.spell_rust(ty)));
                self.push(name, format!("|V{}", ty.size()), offset, note);
            }
        }
    }

    fn tag(&self, ty: &Descriptor) -> (String, Option<String>) {
        let name = |variant: &Variant| format!("{} {}", variant.tag(), variant.name());
        let names: Vec<String> = ty.variants().iter().take(100).map(name).collect();
        let more = if ty.variants().len() > 100 { ", .." } else { "" };
        let format = scalar(ty.tag().unwrap_or(Kind::U8)).unwrap_or_default();
        (format, Some(format!("{}{more}", names.join(", "))))
    }

    /// Returns the format and the note of a type that is one field.
    fn whole(&self, ty: &Descriptor) -> Option<(String, Option<String>)> {
        if ty.kind().is_reference() {
            let (region, unit) = match ty.kind() {
                Kind::String => ("text", "bytes"),
                Kind::Bytes | Kind::Opaque => ("heap", "bytes"),
                _ => ("heap", "elements"),
            };
            let spelled = self.schema.spell_rust(ty);
            let note = format!("{spelled}: offset in the {region} of the block, length in {unit}");
            return Some(("(2,)<u4".into(), Some(note)));
        }
        if ty.kind() == Kind::Enum && ty.is_fieldless() {
            return Some(self.tag(ty));
        }
        if ty.kind() == Kind::Array && ty.count() > 0 {
            let (inner, note) = self.whole(self.resolve(ty.element()))?;
            let shape = match inner.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
                Some((shape, base)) => format!("({},{}){base}", ty.count(), shape.trim_end_matches(',')),
                None => format!("({},){inner}", ty.count()),
            };
            return Some((shape, note));
        }
        let form = match ty.form() {
            Form::None => None,
            Form::Timestamp { exponent } => Some(format!("10^{exponent} seconds since 1970-01-01 UTC")),
            Form::Duration { exponent } => Some(format!("10^{exponent} seconds")),
            Form::Decimal { exponent } => Some(format!("times 10^{exponent}")),
            Form::Date => Some("days since 1970-01-01".into()),
            form => Some(form.name().to_string()),
        };
        let halves = matches!(ty.kind(), Kind::I128 | Kind::U128)
            .then(|| format!("{}: the low and the high 64 bits", ty.kind().name()));
        let notes: Vec<String> = halves.into_iter().chain(form).collect();
        Some((scalar(ty.kind())?, (!notes.is_empty()).then(|| notes.join("; "))))
    }
}

fn scalar(kind: Kind) -> Option<String> {
    let letter = match kind {
        Kind::Bool => "|b1",
        Kind::Unit => "|u1",
        Kind::Char => "<u4",
        Kind::I128 | Kind::U128 => "(2,)<u8",
        Kind::F32 => "<f4",
        Kind::F64 => "<f8",
        kind if kind.is_integer() => {
            let order = if kind.fixed_size() == 1 { '|' } else { '<' };
            let sign = if kind.is_signed() { 'i' } else { 'u' };
            return Some(format!("{order}{sign}{}", kind.fixed_size()));
        }
        _ => return None,
    };
    Some(letter.to_string())
}
