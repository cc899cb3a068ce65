//! Columns of records: fields of nested structs and tuples become columns with dotted names, every other
//! value is one cell. A schema from a file may be recursive or large, so every walk is bounded.

use hydra::reflect::{Path, Step};
use hydra::schema::{Form, TypeRef};
use hydra::{Descriptor, Error, ErrorKind, Kind, Schema, Value};

/// The largest number of columns; further fields stay nested.
const MAX_COLUMNS: usize = 4096;
const MAX_DEPTH: usize = 32;

/// A column: the path of its values and their type.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Names joined with dots; empty for the whole record.
    name: String,
    /// The same, as a path.
    pub(crate) path: Path,
    steps: Vec<usize>,
    ty: TypeRef,
}

impl Column {
    /// Returns the column of the whole record.
    pub(crate) fn root() -> Column {
        Column { name: String::new(), path: Path::default(), steps: Vec::new(), ty: TypeRef::Index(0) }
    }

    /// Returns the name in CSV and JSON: the dotted names, or `value` for the whole record.
    pub(crate) fn title(&self) -> &str {
        if self.steps.is_empty() { "value" } else { &self.name }
    }

    /// Returns the name for people: the path.
    pub(crate) fn label(&self) -> String {
        if self.steps.is_empty() { "value".to_string() } else { self.path.to_string() }
    }

    /// Returns the positions of the fields that lead to the column, without newtypes and boxes.
    pub(crate) fn steps(&self) -> &[usize] {
        &self.steps
    }

    /// Returns the type of the values.
    pub(crate) fn ty<'s>(&self, schema: &'s Schema) -> &'s Descriptor {
        schema.resolve(self.ty)
    }

    /// Returns the value of the column in a record.
    pub(crate) fn value<'a>(&self, record: Value<'a>) -> Value<'a> {
        let found = self.steps.iter().try_fold(record, |value, &step| value.field_at(step).ok());
        found.unwrap_or(record)
    }

    /// Returns true if the cells are numbers, which are aligned at the right.
    pub(crate) fn is_number(&self, schema: &Schema) -> bool {
        let (ty, _) = innermost(schema, self.ty(schema));
        let number = ty.kind().is_integer() || matches!(ty.kind(), Kind::F32 | Kind::F64);
        number && !matches!(ty.form(), Form::Timestamp { .. } | Form::Date)
    }

    /// Returns why different values can have the same CSV cell; none if they cannot.
    pub(crate) fn csv_loss(&self, schema: &Schema) -> Option<&'static str> {
        let (inner, _) = innermost(schema, self.ty(schema));
        match inner.kind() {
            Kind::List | Kind::Set | Kind::Map => Some("lists and maps are JSON text in one cell"),
            Kind::Array if inner.form() != Form::Uuid => Some("arrays are JSON text in one cell"),
            Kind::Struct | Kind::Tuple => Some("nested values are JSON text in one cell"),
            Kind::Enum if !inner.is_fieldless() => Some("enums with data are JSON text in one cell"),
            _ => None,
        }
    }

    fn child(&self, position: usize, name: &str, ty: TypeRef) -> Column {
        let dot = if self.steps.is_empty() { "" } else { "." };
        let mut steps = self.steps.clone();
        steps.push(position);
        let mut path = self.path.clone();
        path.push(Step::Field(name.to_string()));
        Column { name: format!("{}{dot}{name}", self.name), path, steps, ty }
    }

    /// Returns the columns inside a struct or tuple.
    fn children(&self, schema: &Schema) -> Vec<Column> {
        let ty = inside(schema, self.ty(schema), &[Kind::Newtype, Kind::Box]);
        if !matches!(ty.kind(), Kind::Struct | Kind::Tuple) {
            return Vec::new();
        }
        let fields = ty.fields().iter().enumerate();
        fields.map(|(i, field)| self.child(i, field.name(), field.ty())).collect()
    }
}

/// Returns the selected columns, without flattening them; the whole record if none is selected.
pub(crate) fn pick(schema: &Schema, fields: &[Path]) -> Result<Vec<Column>, Error> {
    if fields.is_empty() {
        return Ok(vec![Column::root()]);
    }
    fields.iter().map(|path| find(schema, path)).collect()
}

fn find(schema: &Schema, path: &Path) -> Result<Column, Error> {
    path.steps().iter().try_fold(Column::root(), |column, step| {
        let children = column.children(schema);
        let found = children.iter().find(|child| child.path.steps().last() == Some(step)).cloned();
        found.ok_or_else(|| {
            let names: Vec<String> = children.iter().take(100).map(Column::label).collect();
            let expected = match names.as_slice() {
                [] => "no further field".to_string(),
                names => format!("one of {}", names.join(", ")),
            };
            let help = "hydra schema lists the fields; only fields of structs and tuples are columns";
            Error::new(ErrorKind::NoSuchPath).expected(expected).found(path.to_string()).help(help)
        })
    })
}

/// Splits columns of structs and tuples into columns of their fields, in order.
pub(crate) fn flatten(schema: &Schema, picked: &[Column]) -> Vec<Column> {
    let mut columns = Vec::new();
    picked.iter().for_each(|column| add(schema, column, 0, &mut columns));
    columns
}

fn add(schema: &Schema, column: &Column, depth: usize, columns: &mut Vec<Column>) {
    let children = column.children(schema);
    if children.is_empty() || depth >= MAX_DEPTH || columns.len() + children.len() > MAX_COLUMNS {
        columns.push(column.clone());
        return;
    }
    children.iter().for_each(|child| add(schema, child, depth + 1, columns));
}

/// Returns the type inside options, newtypes and boxes, and whether one of them is an option.
pub(crate) fn innermost<'s>(schema: &'s Schema, ty: &'s Descriptor) -> (&'s Descriptor, bool) {
    let bare = inside(schema, ty, &[Kind::Newtype, Kind::Box]);
    let inner = inside(schema, bare, &[Kind::Option, Kind::Newtype, Kind::Box]);
    (inner, bare.kind() == Kind::Option)
}

/// Returns the type inside types of these kinds; it stops if the schema is recursive.
fn inside<'s>(schema: &'s Schema, mut ty: &'s Descriptor, kinds: &[Kind]) -> &'s Descriptor {
    for _ in schema.types() {
        match ty.element().filter(|_| kinds.contains(&ty.kind())) {
            Some(inner) => ty = schema.resolve(inner),
            None => break,
        }
    }
    ty
}
