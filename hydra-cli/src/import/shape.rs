//! Infers the type of JSON values from all of them: objects become structs, arrays lists, and values that are
//! null or missing somewhere become options. Memory depends on the number of distinct fields, which is
//! bounded.

use super::job::type_name;
use super::json::{Token, Tokens};
use super::number::{Numbers, is_infinite, is_special};
use super::witness::{CellSource, Witness};
use crate::text::escape;
use hydra::schema::TypeRef;
use hydra::{Descriptor, Kind};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The largest nesting depth of objects and arrays, the same as that of structs.
const MAX_DEPTH: usize = 32;
/// The largest number of fields of one object, and of all objects together.
const MAX_FIELDS: usize = 4_096;
const MAX_SHAPES: usize = 20_000;

/// What is known about the values at one place.
#[derive(Default)]
pub(super) struct ImportShape {
    nulls: bool,
    kind: What,
    /// The place of the first value that is not null.
    first: Option<CellSource>,
}

#[derive(Default)]
enum What {
    #[default]
    Unknown,
    Bool,
    Number(Numbers),
    /// Text; `special` if all of it is `NaN` or similar, so that it may still become a number.
    Text {
        special: bool,
    },
    List(Box<ImportShape>),
    Object(Object),
}

#[derive(Default)]
struct Object {
    /// The number of objects.
    count: u64,
    fields: Vec<Member>,
    places: HashMap<Box<str>, usize>,
}

struct Member {
    name: Box<str>,
    shape: ImportShape,
    /// The number of objects with this field, and the last of them.
    seen: u64,
    last: u64,
}

/// Why no type holds all values.
#[derive(Debug)]
pub(super) struct ShapeConflict {
    pub(super) path: String,
    pub(super) what: &'static str,
    pub(super) expected: String,
    pub(super) found: String,
    pub(super) help: &'static str,
}

impl ShapeConflict {
    #[cold]
    fn new(
        what: &'static str,
        expected: impl Into<String>,
        found: impl Into<String>,
        help: &'static str,
    ) -> ShapeConflict {
        let (expected, found) = (expected.into(), found.into());
        ShapeConflict { path: String::new(), what, expected, found, help }
    }

    /// Puts a step in front of the path.
    #[cold]
    fn inside(self, step: &str) -> ShapeConflict {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        ShapeConflict { path: format!("{step}{dot}{}", self.path), ..self }
    }
}

/// The state of a walk through a value.
pub(super) struct Walk<'w> {
    pub(super) json: Tokens<'w>,
    pub(super) source: &'w CellSource,
    /// The number of fields of all objects that were found.
    pub(super) fields: &'w mut usize,
    pub(super) depth: usize,
}

impl Walk<'_> {
    fn enter(&mut self) -> Result<(), ShapeConflict> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let most = format!("at most {MAX_DEPTH} levels");
            return Err(ShapeConflict::new("nested too deep", most, "one more", ""));
        }
        Ok(())
    }
}

const HELP: &str = "--schema FILE gives the types; maps and enums are not inferred";

impl What {
    fn name(&self) -> &'static str {
        match self {
            What::Unknown => "null",
            What::Bool => "a bool",
            What::Number(_) => "a number",
            What::Text { .. } => "text",
            What::List(_) => "an array",
            What::Object(_) => "an object",
        }
    }
}

impl ImportShape {
    /// Adds the next value. Returns false if there is none.
    pub(super) fn add(&mut self, walk: &mut Walk<'_>) -> Result<bool, ShapeConflict> {
        let token = walk.json.next();
        loop {
            match (&mut self.kind, &token) {
                (_, Token::End) => return Ok(false),
                (_, Token::Null) => self.nulls = true,
                (What::Bool, Token::Bool) => {}
                (What::Number(_), Token::Number(text)) if is_infinite(text) => {
                    let expected = format!("at most {:e}", f64::MAX);
                    let found = Witness::new(walk.source, text, "").cell;
                    return Err(ShapeConflict::new("a number exceeds the range of f64", expected, found, ""));
                }
                (What::Number(numbers), Token::Number(text)) => numbers.add_text(text, walk.source),
                (What::Number(numbers), Token::Text(text)) if is_special(text) => numbers.floats += 1,
                (What::Text { special }, Token::Text(text)) => *special = *special && is_special(text),
                (What::List(element), Token::Array) => {
                    walk.enter()?;
                    while element.add(walk).map_err(|conflict| conflict.inside("[]"))? {}
                    walk.depth -= 1;
                }
                (What::Object(object), Token::Object) => object.add(walk)?,
                _ => {
                    self.become_kind_of(&token, walk.source)?;
                    continue;
                }
            }
            return Ok(true);
        }
    }

    /// Changes the kind to one that holds the value, if possible.
    fn become_kind_of(&mut self, token: &Token<'_>, source: &CellSource) -> Result<(), ShapeConflict> {
        let kind = match token {
            Token::Null | Token::End => What::Unknown,
            Token::Bool => What::Bool,
            Token::Number(_) => What::Number(Numbers::default()),
            Token::Text(_) => What::Text { special: true },
            Token::Array => What::List(Box::default()),
            Token::Object => What::Object(Object::default()),
        };
        match (&self.kind, kind) {
            (What::Unknown, kind) => {
                self.first = Some(source.clone());
                self.kind = kind;
            }
            (What::Text { special: true }, What::Number(numbers)) => {
                self.kind = What::Number(Numbers { floats: 1, ..numbers });
            }
            (own, kind) => {
                let first = self.first.as_ref().map(|source| format!(", as in {source}")).unwrap_or_default();
                let expected = format!("{}{first}", own.name());
                return Err(ShapeConflict::new("values have different kinds", expected, kind.name(), HELP));
            }
        }
        Ok(())
    }
}

impl Object {
    /// Adds the next fields.
    fn add(&mut self, walk: &mut Walk<'_>) -> Result<(), ShapeConflict> {
        self.count += 1;
        let mut next = 0;
        while let Token::Text(name) = walk.json.next() {
            let index = self.find(&name, next, walk.fields)?;
            let Some(field) = self.fields.get_mut(index) else { break };
            walk.enter()?;
            let inside = |conflict: ShapeConflict| conflict.inside(&escape::name(&name));
            if std::mem::replace(&mut field.last, self.count) == self.count {
                let found = format!("{name:?} again");
                let twice = ShapeConflict::new("a field occurs twice", "distinct names", found, "");
                return Err(inside(twice));
            }
            field.seen += 1;
            field.shape.add(walk).map_err(inside)?;
            walk.depth -= 1;
            next = index + 1;
        }
        Ok(())
    }

    /// Returns the position of a field by its name, which most likely is `next`.
    fn find(&mut self, name: &str, next: usize, all: &mut usize) -> Result<usize, ShapeConflict> {
        if self.fields.get(next).is_some_and(|field| &*field.name == name) {
            return Ok(next);
        }
        if let Some(&place) = self.places.get(name) {
            return Ok(place);
        }
        if name.is_empty() || name.len() > 255 {
            let found = name.len().to_string();
            return Err(ShapeConflict::new("the length of a field name", "1 to 255 bytes", found, ""));
        }
        if self.fields.len() >= MAX_FIELDS || *all >= MAX_SHAPES {
            let expected = format!("at most {MAX_FIELDS} in one object, {MAX_SHAPES} in all");
            let found = format!("{name:?} too");
            return Err(ShapeConflict::new("too many different fields", expected, found, HELP));
        }
        *all += 1;
        self.places.insert(name.into(), self.fields.len());
        self.fields.push(Member { name: name.into(), shape: ImportShape::default(), seen: 0, last: 0 });
        Ok(self.fields.len() - 1)
    }
}

/// Builds a schema from shapes.
#[derive(Default)]
pub(super) struct Build {
    pub(super) types: Vec<Descriptor>,
    /// Names of structs that are in use.
    taken: HashSet<String>,
    /// Notes on the schema, and what it cannot hold.
    pub(super) notes: Vec<String>,
    pub(super) losses: Vec<String>,
}

impl Build {
    /// Adds the type of the records, which has the name of the table, and all other types.
    pub(super) fn root(&mut self, shape: &ImportShape, table: &str) {
        self.types.push(Descriptor::scalar(Kind::Unit));
        self.taken.insert(table.to_string());
        let root = match &shape.kind {
            What::Object(object) if !shape.nulls => {
                let fields = self.fields(object, "");
                Descriptor::structure(table, fields)
            }
            // There are no records.
            What::Unknown if !shape.nulls => Descriptor::structure(table, Vec::new()),
            _ => Descriptor::newtype(table, self.of(shape, shape.nulls, "")),
        };
        if let Some(first) = self.types.first_mut() {
            *first = root;
        }
    }

    fn push(&mut self, ty: Descriptor) -> TypeRef {
        self.types.push(ty);
        TypeRef::Index(self.types.len() as u32 - 1)
    }

    fn of(&mut self, shape: &ImportShape, optional: bool, path: &str) -> TypeRef {
        let ty = match &shape.kind {
            What::Unknown => {
                let path = if path.is_empty() { "value" } else { path };
                let array = "an empty array: it becomes Vec<String>";
                let what = if optional { "null: it becomes Option<String>" } else { array };
                self.notes.push(format!("{path} is always {what}"));
                Descriptor::scalar(Kind::String)
            }
            What::Bool => Descriptor::scalar(Kind::Bool),
            What::Text { .. } => Descriptor::scalar(Kind::String),
            What::Number(numbers) => self.number(numbers, path),
            What::List(element) => {
                let inner = match &element.kind {
                    What::Unknown if !element.nulls => self.of(element, false, path),
                    _ => self.of(element, element.nulls, &format!("{path}[]")),
                };
                Descriptor::list(inner)
            }
            What::Object(object) => {
                let fields = self.fields(object, path);
                let last = path.rsplit('.').next().unwrap_or_default();
                let name = self.name(&type_name(Some(Path::new(last.trim_end_matches("[]")))));
                Descriptor::structure(name, fields)
            }
        };
        let ty = self.push(ty);
        if optional { self.push(Descriptor::option(ty)) } else { ty }
    }

    fn number(&mut self, numbers: &Numbers, path: &str) -> Descriptor {
        let path = if path.is_empty() { "value" } else { path };
        let kind = numbers.kind().unwrap_or(Kind::F64);
        if matches!(kind, Kind::I128 | Kind::U128) {
            let why = "which is text in JSON, because 64 bits cannot hold all values";
            self.notes.push(format!("{path} becomes {}, {why}", kind.name()));
        }
        if let (Kind::F64, Some(witness)) = (kind, &numbers.inexact) {
            self.losses.push(format!("{path}: {witness}"));
        }
        Descriptor::scalar(kind)
    }

    fn fields(&mut self, object: &Object, path: &str) -> Vec<(String, TypeRef)> {
        let mut names = object.fields.iter().zip(0..);
        if !object.fields.is_empty() && names.all(|(field, at): (_, usize)| *field.name == *at.to_string()) {
            let path = if path.is_empty() { "value" } else { path };
            self.losses.push(format!("{path}: objects whose names are 0, 1, .. are written as arrays"));
        }
        let dot = if path.is_empty() { "" } else { "." };
        let fields = object.fields.iter().map(|field| {
            let path = format!("{path}{dot}{}", escape::name(&field.name));
            let missing = field.seen < object.count;
            if missing && field.shape.nulls {
                let what = "is null in some records and missing in others: both become none";
                self.notes.push(format!("{path} {what}"));
            }
            (field.name.to_string(), self.of(&field.shape, field.shape.nulls || missing, &path))
        });
        fields.collect()
    }

    /// Returns a name that no other struct has.
    fn name(&mut self, wanted: &str) -> String {
        let mut names = (1..).map(|n: u32| if n == 1 { wanted.to_string() } else { format!("{wanted}{n}") });
        let free = names.find(|name| self.taken.insert(name.clone()));
        free.unwrap_or_default()
    }
}
