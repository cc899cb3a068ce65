//! What type JSON values have, found over all of them: objects are structs, arrays lists, and what is null or missing
//! somewhere is an option. Memory follows the number of distinct fields, which is bounded. It knows no files.

use super::job::type_name;
use super::number::{Numbers, is_special};
use super::witness::CellSource;
use crate::text::escape;
use hydra::schema::TypeRef;
use hydra::{Descriptor, Kind};
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;

/// Objects and arrays inside one another, at most: as deep as structs may contain one another.
const MAX_DEPTH: usize = 32;
/// Fields of one object, and of all together.
const MAX_FIELDS: usize = 4_096;
const MAX_SHAPES: usize = 20_000;

/// What is known of the values at one place.
#[derive(Default)]
pub(super) struct ImportShape {
    nulls: bool,
    kind: What,
    /// Where the first value that is not null was.
    first: Option<CellSource>,
}

#[derive(Default)]
enum What {
    #[default]
    Unknown,
    Bool,
    Number(Numbers),
    /// Text; as long as all of it says `NaN` and the like, it may be of numbers.
    Text {
        special: bool,
    },
    List(Box<ImportShape>),
    Object(Object),
}

#[derive(Default)]
struct Object {
    /// How many objects there were.
    count: u64,
    fields: Vec<Member>,
    places: HashMap<Box<str>, usize>,
}

struct Member {
    name: Box<str>,
    shape: ImportShape,
    /// How many objects have it, and the last one that had.
    seen: u64,
    last: u64,
}

/// Why values have no type together.
#[derive(Debug)]
pub(super) struct ShapeConflict {
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) found: String,
    pub(super) help: &'static str,
}

/// What is the same for all parts of a value.
pub(super) struct Walk {
    pub(super) source: CellSource,
    pub(super) problem: Option<ShapeConflict>,
    /// The fields that lead to where the walk is; none for an element.
    steps: Vec<Option<usize>>,
    shapes: usize,
}

impl Walk {
    pub(super) fn new() -> Walk {
        Walk { source: CellSource { line: 0, file: None }, problem: None, steps: Vec::new(), shapes: 0 }
    }

    #[cold]
    fn fail<E: Error>(&mut self, what: &str, expected: &str, found: &str, help: &'static str) -> E {
        let [what, expected, found] = [what, expected, found].map(str::to_string);
        self.problem = Some(ShapeConflict { what, expected, found, help });
        E::custom("")
    }
}

const HELP: &str = "--schema FILE gives the types: maps and enums are never guessed";

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
    /// Takes in a value.
    pub(super) fn add(&mut self, json: &str, walk: &mut Walk) -> serde_json::Result<()> {
        walk.steps.clear();
        let mut from = serde_json::Deserializer::from_str(json);
        Add { shape: self, walk, floats: &mut Floats { rest: json.as_bytes() } }.deserialize(&mut from)?;
        from.end()
    }

    /// The path that the walk has taken, from here.
    pub(super) fn path(&self, walk: &Walk) -> String {
        let (mut path, mut shape) = (String::new(), self);
        for step in &walk.steps {
            shape = match (&shape.kind, step) {
                (What::Object(object), Some(index)) => match object.fields.get(*index) {
                    Some(field) => {
                        path.push_str(if path.is_empty() { "" } else { "." });
                        path.push_str(&escape::name(&field.name));
                        &field.shape
                    }
                    None => break,
                },
                (What::List(element), None) => {
                    path.push_str("[]");
                    element
                }
                _ => break,
            };
        }
        path
    }
}

/// Takes a value into a shape.
struct Add<'a, 't> {
    shape: &'a mut ImportShape,
    walk: &'a mut Walk,
    floats: &'a mut Floats<'t>,
}

/// The numbers of a JSON text that serde_json hands out as floats, as they are written, in their order.
struct Floats<'t> {
    rest: &'t [u8],
}

impl<'t> Iterator for Floats<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        loop {
            match self.rest.first()? {
                b'"' => self.rest = after_string(self.rest),
                b'-' | b'0'..=b'9' => {
                    let is_inside = |b: &u8| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                    let end = self.rest.iter().position(|byte| !is_inside(byte));
                    let (number, after) = self.rest.split_at(end.unwrap_or(self.rest.len()));
                    self.rest = after;
                    let number = std::str::from_utf8(number).unwrap_or_default();
                    if number == "-0" || number.parse::<i64>().is_err() && number.parse::<u64>().is_err() {
                        return Some(number);
                    }
                }
                _ => self.rest = self.rest.get(1..).unwrap_or_default(),
            }
        }
    }
}

/// What comes after the string that is first.
fn after_string(text: &[u8]) -> &[u8] {
    let mut rest = text.get(1..).unwrap_or_default();
    while let Some(at) = rest.iter().position(|&byte| matches!(byte, b'"' | b'\\')) {
        let escape = rest.get(at) == Some(&b'\\');
        rest = rest.get(at + 1 + usize::from(escape)..).unwrap_or_default();
        if !escape {
            return rest;
        }
    }
    &[]
}

impl<'a, 't> Add<'a, 't> {
    /// The shape, if it can be one of `fresh`'s kind.
    fn be<E: Error>(self, fresh: What) -> Result<(&'a mut What, &'a mut Walk, &'a mut Floats<'t>), E> {
        let Add { shape, walk, floats } = self;
        if let (What::Text { special: true }, What::Number(_)) = (&shape.kind, &fresh) {
            shape.kind = What::Number(Numbers { floats: 1, ..Numbers::default() });
        } else if let What::Unknown = shape.kind {
            shape.first = Some(walk.source.clone());
            shape.kind = fresh;
        } else if std::mem::discriminant(&shape.kind) != std::mem::discriminant(&fresh) {
            let first = shape.first.as_ref().map(|source| format!(", as in {source}")).unwrap_or_default();
            let expected = format!("{}{first}", shape.kind.name());
            return Err(walk.fail("values of several kinds", &expected, fresh.name(), HELP));
        }
        Ok((&mut shape.kind, walk, floats))
    }

    fn int<E: Error>(self, negative: bool, magnitude: u64) -> Result<(), E> {
        if let (What::Number(numbers), walk, _) = self.be(What::Number(Numbers::default()))? {
            let text = || format!("{}{magnitude}", if negative { "-" } else { "" });
            numbers.int(negative, magnitude.into(), &walk.source, text);
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Add<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Add<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.shape.nulls = true;
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.be(What::Bool).map(|_| ())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.int(number < 0, number.unsigned_abs())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.int(false, number)
    }

    /// A float, or an integer beyond 64 bits.
    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        let (What::Number(numbers), walk, floats) = self.be(What::Number(Numbers::default()))? else {
            return Ok(());
        };
        let text = floats.next().unwrap_or_default();
        numbers.add(text, &walk.source);
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if let (What::Number(numbers), true) = (&mut self.shape.kind, is_special(text)) {
            numbers.floats += 1;
            return Ok(());
        }
        let special = is_special(text);
        if let (What::Text { special: all }, ..) = self.be(What::Text { special })? {
            *all &= special;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let (What::List(element), walk, floats) = self.be(What::List(Box::default()))? else { return Ok(()) };
        deeper(walk, None)?;
        while from.next_element_seed(Add { shape: element, walk, floats })?.is_some() {}
        walk.steps.pop();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let (What::Object(object), walk, floats) = self.be(What::Object(Object::default()))? else {
            return Ok(());
        };
        object.count += 1;
        let mut next = 0;
        while let Some(index) = from.next_key_seed(Key { object, walk, next })? {
            let Some(field) = object.fields.get_mut(index) else { break };
            deeper(walk, Some(index))?;
            if std::mem::replace(&mut field.last, object.count) == object.count {
                let again = format!("{:?} again", field.name);
                return Err(walk.fail("a field is there twice", "distinct names", &again, ""));
            }
            field.seen += 1;
            from.next_value_seed(Add { shape: &mut field.shape, walk, floats })?;
            walk.steps.pop();
            next = index + 1;
        }
        Ok(())
    }
}

fn deeper<E: Error>(walk: &mut Walk, step: Option<usize>) -> Result<(), E> {
    if walk.steps.len() >= MAX_DEPTH {
        let most = format!("at most {MAX_DEPTH} levels");
        return Err(walk.fail("nested too deep", &most, "one more", ""));
    }
    walk.steps.push(step);
    Ok(())
}

/// Finds the position of a field by its name.
struct Key<'a> {
    object: &'a mut Object,
    walk: &'a mut Walk,
    /// The field that most likely comes next.
    next: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<usize, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        let Key { object, walk, next } = self;
        if object.fields.get(next).is_some_and(|field| &*field.name == name) {
            return Ok(next);
        }
        if let Some(&place) = object.places.get(name) {
            return Ok(place);
        }
        walk.shapes += 1;
        if name.is_empty() || name.len() > 255 {
            return Err(walk.fail("the name of a field", "1 to 255 bytes", &name.len().to_string(), ""));
        }
        if object.fields.len() >= MAX_FIELDS || walk.shapes > MAX_SHAPES {
            let expected = format!("at most {MAX_FIELDS} in one object, {MAX_SHAPES} in all");
            return Err(walk.fail("too many different fields", &expected, &format!("{name:?} too"), HELP));
        }
        object.places.insert(name.into(), object.fields.len());
        object.fields.push(Member { name: name.into(), shape: ImportShape::default(), seen: 0, last: 0 });
        Ok(object.fields.len() - 1)
    }
}

/// Makes descriptors of shapes.
#[derive(Default)]
pub(super) struct Build {
    pub(super) types: Vec<Descriptor>,
    /// Names of structs that are taken.
    taken: HashSet<String>,
    /// What is worth knowing, and what is lost.
    pub(super) notes: Vec<String>,
    pub(super) losses: Vec<String>,
}

impl Build {
    /// The record's type, under the name of the table, and all others.
    pub(super) fn root(&mut self, shape: &ImportShape, table: &str) {
        self.types.push(Descriptor::scalar(Kind::Unit));
        self.taken.insert(table.to_string());
        let root = match &shape.kind {
            What::Object(object) if !shape.nulls => {
                let fields = self.fields(object, "");
                Descriptor::structure(table, fields)
            }
            // No record at all: nothing is known.
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
            let why = "which JSON has as text: 64 bits do not hold all of it";
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

    /// A name that no other struct has.
    fn name(&mut self, wanted: &str) -> String {
        let mut names = (1..).map(|n: u32| if n == 1 { wanted.to_string() } else { format!("{wanted}{n}") });
        let free = names.find(|name| self.taken.insert(name.clone()));
        free.unwrap_or_default()
    }
}
