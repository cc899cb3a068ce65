//! CSV to Hydra with the types of another file: one pass, and every cell has to be a value of its field.
#![forbid(unsafe_code)]

use super::csv::Cell;
use super::{bad, is_null, scan};
use crate::failure::{Failure, Result};
use crate::source::Input;
use hydra::describe::Descriptor;
use hydra::file::Writer;
use hydra::reflect::Data;
use hydra::{Dynamic, Kind, Schema, Value};
use std::sync::Arc;

/// A schema whose fields are columns.
pub(crate) struct Columns {
    schema: Arc<Schema>,
    names: Vec<String>,
    /// A record whose fields hold anything: cells are put over it.
    blank: Dynamic,
}

impl Columns {
    /// The fields of a struct, each of which has to fit a cell.
    pub(crate) fn of(schema: &Schema) -> Result<Columns> {
        let root = schema.root();
        let refuse = |what: String| Failure::usage(format!("--schema: {what}"));
        if root.kind() != Kind::Struct {
            return Err(refuse(format!("{} is no struct, whose fields would be columns", schema.name())));
        }
        let blanks = root.fields().iter().map(|field| {
            let ty = schema.resolve(field.ty());
            let no_cell = || refuse(format!("a cell cannot hold `{}`, a {}", field.name(), schema.spell(ty)));
            blank(schema, ty).ok_or_else(no_cell)
        });
        let data = Data::Parts(blanks.collect::<Result<_>>()?);
        let schema = Arc::new(schema.clone());
        let names = schema.root().fields().iter().map(|field| field.name().to_string()).collect();
        Ok(Columns { blank: Dynamic::new(schema.clone(), data)?, schema, names })
    }

    /// Writes the records. Returns how many.
    pub(crate) fn write(&self, input: &Input, nulls: &[String], writer: &mut Writer) -> Result<u64> {
        let table = writer.dynamic_table(&self.schema)?;
        let mut rows = 0;
        let header = scan(input, "writing", &mut |header, row| {
            if rows == 0 {
                self.check_header(header, input)?;
            }
            rows += 1;
            let mut record = self.blank.clone();
            for (name, cell) in header.iter().zip(row.cells()) {
                put(&mut record, name, &cell, nulls).map_err(|error| {
                    let expected = error.expected_text().unwrap_or("a value of the field");
                    let what = format!("column {name}: {}", error.message());
                    bad(input, "HY0615", &what, Some(cell.place), expected, &format!("{:?}", cell.text))
                })?;
            }
            Ok(writer.append_value(table, record.value())?)
        })?;
        if rows == 0 {
            self.check_header(&header, input)?;
        }
        Ok(rows)
    }

    /// The header names every field once, in any order, and nothing else.
    fn check_header(&self, header: &[String], input: &Input) -> Result<()> {
        let list = |names: Vec<&String>| names.into_iter().cloned().collect::<Vec<_>>().join(", ");
        let extra: Vec<&String> = header.iter().filter(|name| !self.names.contains(name)).collect();
        let missing: Vec<&String> = self.names.iter().filter(|name| !header.contains(name)).collect();
        if extra.is_empty() && missing.is_empty() {
            return Ok(());
        }
        let found = match (extra.is_empty(), missing.is_empty()) {
            (false, true) => format!("also {}", list(extra)),
            (true, _) => format!("no {}", list(missing)),
            (false, false) => format!("no {}, but {}", list(missing), list(extra)),
        };
        let expected = format!("the fields of {}", self.schema.name());
        Err(bad(input, "HY0612", "the columns are not those of --schema", None, &expected, &found))
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

/// Puts a cell into the field with this name.
fn put(record: &mut Dynamic, name: &str, cell: &Cell<'_>, nulls: &[String]) -> hydra::Result<()> {
    let null = is_null(cell, nulls);
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
