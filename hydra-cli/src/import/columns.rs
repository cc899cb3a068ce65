//! Cells as fields of a record: every cell has to be a value of its field. It knows no rows and no files.
#![forbid(unsafe_code)]

use super::csv::Cell;
use super::time::{self, Reading};
use crate::failure::{Failure, Result};
use hydra::describe::{Descriptor, Form};
use hydra::reflect::Data;
use hydra::{Dynamic, Kind, Schema, Value};
use std::sync::Arc;

/// A schema whose fields are columns.
pub(crate) struct Columns {
    pub(crate) schema: Arc<Schema>,
    fields: Vec<Column>,
    /// A record whose fields hold anything: cells that need a longer look are put over it.
    blank: Dynamic,
}

/// A field that is a column.
struct Column {
    name: String,
    optional: bool,
    quick: Quick,
}

/// How most cells of a column are read; what that does not take is looked at again by the type itself.
#[derive(Clone, Copy)]
enum Quick {
    Int { bits: u32 },
    Uint { bits: u32 },
    F64,
    Bool,
    Text,
    Time(i8),
    Date,
    Not,
}

impl Columns {
    /// The fields of a struct, each of which has to fit a cell.
    pub(crate) fn of(schema: &Schema) -> Result<Columns> {
        let root = schema.root();
        let refuse = |what: String| Failure::usage(format!("--schema: {what}"));
        if root.kind() != Kind::Struct {
            return Err(refuse(format!("{} is no struct, whose fields would be columns", schema.name())));
        }
        let (mut fields, mut blanks) = (Vec::new(), Vec::new());
        for field in root.fields() {
            let ty = schema.resolve(field.ty());
            let no_cell = || refuse(format!("a cell cannot hold `{}`, a {}", field.name(), schema.spell(ty)));
            blanks.push(blank(schema, ty).ok_or_else(no_cell)?);
            let optional = ty.kind() == Kind::Option;
            let inner = ty.element().filter(|_| optional).map_or(ty, |inner| schema.resolve(inner));
            fields.push(Column { name: field.name().to_string(), optional, quick: Quick::of(inner) });
        }
        let schema = Arc::new(schema.clone());
        Ok(Columns { blank: Dynamic::new(schema.clone(), Data::Parts(blanks))?, schema, fields })
    }

    /// The names of the columns.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    /// A record to put cells into.
    pub(crate) fn record(&self) -> Data {
        self.blank.data().clone()
    }

    /// Puts a cell into the field at `index`.
    pub(crate) fn put(
        &self,
        index: usize,
        cell: &Cell<'_>,
        null: bool,
        record: &mut Data,
    ) -> hydra::Result<()> {
        let Data::Parts(parts) = record else { return Ok(()) };
        let (Some(column), Some(data)) = (self.fields.get(index), parts.get_mut(index)) else {
            return Ok(());
        };
        if null && column.optional {
            *data = Data::None;
            return Ok(());
        }
        if !null && column.quick.put(cell.text, column.optional, data) {
            return Ok(());
        }
        let mut slow = self.blank.clone();
        put_slowly(&mut slow, &column.name, cell, null)?;
        if let Data::Parts(parts) = slow.into_data() {
            *data = parts.into_iter().nth(index).unwrap_or(Data::None);
        }
        Ok(())
    }
}

impl Quick {
    fn of(ty: &Descriptor) -> Quick {
        let kind = ty.kind();
        let bits = (kind.fixed_size() * 8).min(64);
        match (kind, ty.form()) {
            _ if ty.is_nonzero() => Quick::Not,
            (Kind::I64 | Kind::I128, Form::Timestamp { exponent: exponent @ -9..=0 }) => {
                Quick::Time(exponent)
            }
            (_, Form::Date) => Quick::Date,
            (Kind::F64, Form::None) => Quick::F64,
            (Kind::Bool, Form::None) => Quick::Bool,
            (Kind::String, Form::None) => Quick::Text,
            (kind, Form::None) if kind.is_signed() => Quick::Int { bits },
            (kind, Form::None) if kind.is_unsigned() => Quick::Uint { bits },
            _ => Quick::Not,
        }
    }

    /// Reads a cell into its place, in which the memory of a text is used again; false if it takes a longer look.
    fn put(self, text: &str, optional: bool, data: &mut Data) -> bool {
        if let Quick::Text = self {
            match (data, optional) {
                (Data::Str(own), false) => text.clone_into(own),
                (data, false) => *data = Data::from(text),
                (Data::Some(inner), true) => return self.put(text, false, inner),
                (data, true) => *data = Data::some(text),
            }
            return true;
        }
        let Some(read) = self.read(text) else { return false };
        match (data, optional) {
            (Data::Some(inner), true) => **inner = read,
            (data, true) => *data = Data::some(read),
            (data, false) => *data = read,
        }
        true
    }

    fn read(self, text: &str) -> Option<Data> {
        Some(match self {
            Quick::Int { bits } => {
                let number = text.parse::<i64>().ok()?;
                Data::from(matches!(number >> (bits - 1), 0 | -1).then_some(number)?)
            }
            Quick::Uint { bits } => {
                let number = text.parse::<u64>().ok()?;
                Data::from((number >> (bits - 1) <= 1).then_some(number)?)
            }
            Quick::F64 => {
                let spelled = matches!(text, "NaN" | "inf" | "-inf");
                Data::from(text.parse::<f64>().ok().filter(|number| number.is_finite() || spelled)?)
            }
            Quick::Bool => Data::from(text.parse::<bool>().ok()?),
            Quick::Time(exponent) => match time::read(text)? {
                Reading::Time(time) => Data::from(time.units(exponent)?),
                _ => return None,
            },
            Quick::Date => match time::read(text)? {
                Reading::Date(days) => Data::from(days),
                _ => return None,
            },
            Quick::Text | Quick::Not => return None,
        })
    }
}

/// Some value of a type that fits a cell; none for other types.
fn blank(schema: &Schema, ty: &Descriptor) -> Option<Data> {
    let inner = || Some(schema.resolve(ty.element()?));
    Some(match ty.kind() {
        Kind::Bool => Data::Bool(false),
        Kind::Char => Data::Char('\0'),
        Kind::F32 => Data::F32(0.0),
        Kind::F64 => Data::F64(0.0),
        Kind::String => Data::Str(String::new()),
        kind if kind.is_signed() => Data::Int(i128::from(ty.is_nonzero())),
        kind if kind.is_unsigned() => Data::Uint(u128::from(ty.is_nonzero())),
        Kind::Array if ty.form() == Form::Uuid => Data::parts([0u8; 16]),
        Kind::Enum if ty.is_fieldless() && !ty.variants().is_empty() => Data::Variant(0, Vec::new()),
        Kind::Newtype | Kind::Box => Data::Some(Box::new(blank(schema, inner()?)?)),
        // An option of an option has two ways to be null.
        Kind::Option => {
            let inner = inner()?;
            blank(schema, inner).filter(|_| inner.kind() != Kind::Option).map(|_| Data::None)?
        }
        _ => return None,
    })
}

/// Puts a cell into the field with this name, as its type reads text; or says why it is none of its values.
fn put_slowly(record: &mut Dynamic, name: &str, cell: &Cell<'_>, null: bool) -> hydra::Result<()> {
    let root = record.value_mut();
    let mut field = root.field(name)?;
    let optional = field.value().kind() == Kind::Option;
    match (null, optional) {
        (true, true) => Ok(()),
        (true, false) => field.set_value(Value::of(&None::<u8>)),
        (false, false) if field.value().kind() == Kind::String => field.set(cell.text.to_string()),
        (false, false) => field.set_str(cell.text),
        (false, true) => match field.set(Some(cell.text.to_string())) {
            Ok(()) => Ok(()),
            // No text: then what the text says, which must not be null a second time.
            Err(kind) => field.set_str(cell.text).and_then(|()| match field.value().is_none() {
                true => Err(kind),
                false => Ok(()),
            }),
        },
    }
}
