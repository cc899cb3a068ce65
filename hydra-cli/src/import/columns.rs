//! Reads cells as parts of a record: every cell must be a value of its column's type.

use super::csv::CsvCell;
use super::time::{self, DateText};
use crate::columns::{Column, flatten, innermost};
use crate::failure::{Failure, Result};
use hydra::reflect::{Data, Seed, Spelling};
use hydra::schema::Form;
use hydra::{Descriptor, Kind, Schema};
use serde::de::Visitor;
use serde::{Deserializer, forward_to_deserialize_any};
use std::collections::HashSet;

/// The columns of a schema.
pub(crate) struct Columns {
    pub(crate) schema: Schema,
    columns: Vec<ImportColumn>,
}

/// A part of a record that is a column.
struct ImportColumn {
    place: Column,
    optional: bool,
    quick: FastParser,
    /// Reads cells that the fast parser does not take.
    seed: Seed,
}

/// Reads the most common cells of a column; all others are read through the type.
#[derive(Clone, Copy)]
enum FastParser {
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
    /// Returns the columns of a schema, or an error if two have the same name.
    pub(crate) fn of(schema: &Schema, spelling: Spelling) -> Result<Columns> {
        let mut seen = HashSet::new();
        let mut columns = Vec::new();
        for place in flatten(schema, &[Column::root()]) {
            if !seen.insert(place.title().to_string()) {
                let twice = format!("--schema: the type {} has two columns {}", schema.name(), place.title());
                return Err(Failure::new("HY0612", "two columns have the same name").place(twice));
            }
            let ty = place.ty(schema);
            let optional = ty.kind() == Kind::Option;
            let inner = ty.element().filter(|_| optional).map_or(ty, |inner| schema.resolve(inner));
            let seed = Seed::new(&schema.part(ty)?).spelling(spelling);
            columns.push(ImportColumn { place, optional, quick: FastParser::of(inner), seed });
        }
        Ok(Columns { schema: schema.clone(), columns })
    }

    /// Returns the names of the columns.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.place.title())
    }

    /// Returns a record with a place for each column.
    pub(crate) fn record(&self) -> Data {
        let leaves: HashSet<&[usize]> = self.columns.iter().map(|column| column.place.steps()).collect();
        blank(&self.schema, self.schema.root(), &mut Vec::new(), &leaves)
    }

    /// Puts a cell into its place. An error says why it is not a value of the type.
    #[inline]
    pub(crate) fn put(
        &self,
        index: usize,
        cell: &CsvCell<'_>,
        null: bool,
        record: &mut Data,
    ) -> serde_json::Result<()> {
        let Some(column) = self.columns.get(index) else { return Ok(()) };
        let Some(data) = slot(record, column.place.steps()) else { return Ok(()) };
        if null && column.optional {
            *data = Data::None;
            return Ok(());
        }
        if !null && column.quick.put(cell.text, column.optional, data) {
            return Ok(());
        }
        let text = Some(cell.text).filter(|_| !null);
        let (ty, _) = innermost(&self.schema, column.place.ty(&self.schema));
        column.seed.read(CellDeserializer { text, ty }, data)
    }
}

/// Returns a value with a place for each column.
fn blank(schema: &Schema, ty: &Descriptor, steps: &mut Vec<usize>, leaves: &HashSet<&[usize]>) -> Data {
    if leaves.contains(steps.as_slice()) {
        return Data::Unit;
    }
    if let Some(inner) = ty.element() {
        return Data::some(blank(schema, schema.resolve(inner), steps, leaves));
    }
    let part = |(index, field): (usize, &hydra::schema::Field)| {
        steps.push(index);
        let part = blank(schema, schema.resolve(field.ty()), steps, leaves);
        steps.pop();
        part
    };
    Data::Parts(ty.fields().iter().enumerate().map(part).collect())
}

/// Returns the place of a column in a record.
fn slot<'d>(record: &'d mut Data, steps: &[usize]) -> Option<&'d mut Data> {
    steps.iter().try_fold(record, |mut data, &step| {
        while let Data::Some(inner) = data {
            data = inner;
        }
        match data {
            Data::Parts(parts) => parts.get_mut(step),
            _ => None,
        }
    })
}

/// Deserializes a cell; without a text, it is null.
struct CellDeserializer<'c> {
    text: Option<&'c str>,
    /// The type of the text.
    ty: &'c Descriptor,
}

impl CellDeserializer<'_> {
    /// Returns true for a cell that is JSON: any value with parts, except a unit variant, which is its bare
    /// name.
    fn is_json(&self, text: &str) -> bool {
        match self.ty.kind() {
            Kind::Enum => {
                let named = self.ty.variants().iter().any(|variant| variant.name() == text);
                !self.ty.is_fieldless() && text.starts_with('{') && !named
            }
            Kind::Array => self.ty.form() != Form::Uuid,
            kind => matches!(kind, Kind::List | Kind::Set | Kind::Map | Kind::Struct | Kind::Tuple),
        }
    }
}

impl<'de> Deserializer<'de> for CellDeserializer<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> serde_json::Result<V::Value> {
        let Some(text) = self.text else { return visitor.visit_unit() };
        if self.is_json(text) {
            let mut json = serde_json::Deserializer::from_str(text);
            // The seed has its own recursion limit.
            json.disable_recursion_limit();
            let value = json.deserialize_any(visitor)?;
            return json.end().map(|()| value);
        }
        let kind = self.ty.kind();
        if kind == Kind::Unit && text == "null" {
            visitor.visit_unit()
        } else if let (Kind::Bool, Ok(it)) = (kind, text.parse()) {
            visitor.visit_bool(it)
        } else if kind == Kind::F32
            && let Some(it) = text.parse().ok().filter(|it: &f32| it.is_finite())
        {
            visitor.visit_f32(it)
        } else if kind == Kind::F64
            && let Some(it) = text.parse().ok().filter(|it: &f64| it.is_finite())
        {
            visitor.visit_f64(it)
        } else {
            visitor.visit_str(text)
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> serde_json::Result<V::Value> {
        if self.text.is_some() { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl FastParser {
    fn of(ty: &Descriptor) -> FastParser {
        let kind = ty.kind();
        let bits = (kind.fixed_size() * 8).min(64);
        match (kind, ty.form()) {
            _ if ty.is_nonzero() => FastParser::Not,
            (Kind::I64 | Kind::I128, Form::Timestamp { exponent: exponent @ -9..=0 }) => {
                FastParser::Time(exponent)
            }
            (_, Form::Date) => FastParser::Date,
            (Kind::F64, Form::None) => FastParser::F64,
            (Kind::Bool, Form::None) => FastParser::Bool,
            (Kind::String, Form::None) => FastParser::Text,
            (kind, Form::None) if kind.is_signed() => FastParser::Int { bits },
            (kind, Form::None) if kind.is_unsigned() => FastParser::Uint { bits },
            _ => FastParser::Not,
        }
    }

    /// Reads a cell into its place and reuses the memory of its text. Returns false if it cannot read the
    /// cell.
    #[inline]
    fn put(self, text: &str, optional: bool, mut data: &mut Data) -> bool {
        if optional {
            if !matches!(data, Data::Some(_)) {
                *data = Data::some(());
            }
            let Data::Some(inner) = data else { return false };
            data = inner;
        }
        match (self, data) {
            (FastParser::Text, Data::Str(own)) => text.clone_into(own),
            (_, data) => match self.read(text) {
                Some(read) => *data = read,
                None => return false,
            },
        }
        true
    }

    fn read(self, text: &str) -> Option<Data> {
        Some(match self {
            FastParser::Int { bits } => {
                let number = text.parse::<i64>().ok()?;
                Data::from(matches!(number >> (bits - 1), 0 | -1).then_some(number)?)
            }
            FastParser::Uint { bits } => {
                let number = text.parse::<u64>().ok()?;
                Data::from((number >> (bits - 1) <= 1).then_some(number)?)
            }
            FastParser::F64 => {
                let spelled = matches!(text, "NaN" | "inf" | "-inf");
                Data::from(text.parse::<f64>().ok().filter(|number| number.is_finite() || spelled)?)
            }
            FastParser::Bool => Data::from(text.parse::<bool>().ok()?),
            FastParser::Time(exponent) => match time::read(text)? {
                DateText::Time(time) => Data::from(time.units(exponent)?),
                _ => return None,
            },
            FastParser::Date => match time::read(text)? {
                DateText::Date(days) => Data::from(days),
                _ => return None,
            },
            FastParser::Text => Data::from(text),
            FastParser::Not => return None,
        })
    }
}
