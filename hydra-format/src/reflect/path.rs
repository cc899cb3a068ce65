//! Paths such as `items[3].name`: parsing, printing, following them through values, and recording them during
//! a walk.

use super::dynamic::{Depth, check};
use super::encode::too_deep;
use super::equal::{compare_keys, compare_text};
use super::parse::parse;
use super::types::Type;
use super::value::MAX_NESTING;
use super::{Data, Scalar, Value};
use crate::schema::{Form, Kind, Name, Quoted, Variant, position};
use crate::{Error, ErrorKind, Result};
use std::fmt::{self, Write};
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;
use strsim::levenshtein;

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// `.name`: a field; `.0`: a field of a tuple.
    Field(String),
    /// `[3]`, `[-1]`: an element or member, counted from the end if negative, or an integer key of a map.
    Index(i64),
    /// `["key"]`: the value under a key of a map.
    Key(String),
    /// `:Circle`: the enum itself, if that is its present variant.
    Variant(String),
    /// `?`: the value of an option.
    Some,
}

/// The place of a value within another, such as `pos.y`, `items[-1].name`, `m["key"]`, `shape:Circle.r` or
/// `opt?.x`.
///
/// Names with characters other than letters, digits and `_` are quoted: `row."unit price"`. The empty path is
/// the value itself. Only the spelling in which a path prints is accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Path {
    /// Shared, so that a path for a value to be changed costs no allocation; `None` if there is no step.
    steps: Option<Arc<Vec<Step>>>,
}

impl Path {
    /// Returns the steps from the outside to the inside.
    #[inline]
    pub fn steps(&self) -> &[Step] {
        self.steps.as_deref().map_or(&[], Vec::as_slice)
    }

    /// Appends a step.
    pub fn push(&mut self, step: Step) {
        Arc::make_mut(self.steps.get_or_insert_default()).push(step);
    }

    /// Removes and returns the last step.
    pub fn pop(&mut self) -> Option<Step> {
        let steps = Arc::make_mut(self.steps.as_mut()?);
        let last = steps.pop();
        if steps.is_empty() {
            self.steps = None;
        }
        last
    }

    /// Makes an error that points at the step at `index`.
    #[cold]
    pub(super) fn blame(&self, index: usize, error: Error) -> Error {
        let bytes = |steps: Option<&[Step]>| print(steps.unwrap_or_default()).len();
        let step = bytes(self.steps().get(..index))..bytes(self.steps().get(..=index));
        let what = error.what_text().to_string();
        caret(error, &what, &self.to_string(), step)
    }
}

impl FromIterator<Step> for Path {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Path {
        let steps: Vec<Step> = steps.into_iter().collect();
        Path { steps: (!steps.is_empty()).then(|| Arc::new(steps)) }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print(self.steps()))
    }
}

fn print(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Field(name) => {
                text.push_str(if text.is_empty() { "" } else { "." });
                write!(text, "{}", Name(name)).unwrap_or_default();
            }
            Step::Index(index) => write!(text, "[{index}]").unwrap_or_default(),
            Step::Key(key) => write!(text, "[{}]", Quoted(key)).unwrap_or_default(),
            Step::Variant(name) => write!(text, ":{}", Name(name)).unwrap_or_default(),
            Step::Some => text.push('?'),
        }
    }
    text
}

/// The path of the current position in a walk. It is kept on the stack and becomes text only in an error.
pub(super) struct PathStack<'t> {
    up: Option<&'t PathStack<'t>>,
    step: PathSegment<'t>,
    depth: usize,
}

#[derive(Clone, Copy)]
pub(super) enum PathSegment<'t> {
    Field(&'t str),
    Variant(&'t str),
    Index(usize),
    /// The value under a key.
    #[cfg_attr(not(feature = "serde"), allow(dead_code))]
    Key(Value<'t>),
    Some,
    /// The content of a newtype or box, which a path does not show.
    Inner,
}

impl PathSegment<'_> {
    /// Returns the step of a path, unless the path does not show it.
    pub(super) fn step(self) -> Option<Step> {
        Some(match self {
            PathSegment::Field(name) => Step::Field(name.to_string()),
            PathSegment::Variant(name) => Step::Variant(name.to_string()),
            PathSegment::Index(index) => Step::Index(index as i64),
            PathSegment::Key(key) => key_step(key).unwrap_or(Step::Index(0)),
            PathSegment::Some => Step::Some,
            PathSegment::Inner => return None,
        })
    }
}

impl<'t> PathStack<'t> {
    pub(super) const ROOT: PathStack<'static> = PathStack { up: None, step: PathSegment::Inner, depth: 0 };

    /// Returns the root of a value that is itself nested at this depth.
    pub(super) fn at_depth(depth: usize) -> PathStack<'static> {
        PathStack { depth, ..PathStack::ROOT }
    }

    pub(super) fn to(&'t self, segment: PathSegment<'t>) -> PathStack<'t> {
        PathStack { up: Some(self), step: segment, depth: self.depth.saturating_add(1) }
    }

    /// Returns an error beyond the maximum depth of reflection.
    pub(super) fn within_limit(&self) -> Result<()> {
        if self.depth <= MAX_NESTING { Ok(()) } else { Err(too_deep().path(self.path())) }
    }

    pub(super) fn path(&self) -> String {
        let mut steps = Vec::new();
        let mut stack = Some(self);
        while let Some(PathStack { up, step, .. }) = stack {
            steps.extend(step.step());
            stack = *up;
        }
        steps.into_iter().rev().collect::<Path>().to_string()
    }
}

/// A text and the current position in it.
struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        self.skip(if found { token.len() } else { 0 });
        found
    }

    #[cold]
    fn fail(&self, expected: &str) -> Error {
        let found = self.rest().chars().next().map_or("the end".to_string(), |c| format!("`{c}`"));
        caret(
            Error::new(ErrorKind::BadPath),
            &format!("expected {expected}, found {found}"),
            self.text,
            self.at..self.at,
        )
        .help("a path consists of names, [0], [\"key\"], :Variant and ?; quote names with characters other than letters, digits and _: .\"unit price\"")
    }

    fn need(&mut self, token: &str) -> Result<()> {
        if self.eat(token) { Ok(()) } else { Err(self.fail(&format!("`{token}`"))) }
    }

    fn name(&mut self, expected: &str) -> Result<String> {
        if self.rest().starts_with('"') {
            return self.string();
        }
        let rest = self.rest();
        let name = rest.split(|c| !Name::is_bare(c)).next().unwrap_or_default();
        if name.is_empty() {
            return Err(self.fail(expected));
        }
        self.skip(name.len());
        Ok(name.to_string())
    }

    fn string(&mut self) -> Result<String> {
        self.need("\"")?;
        let mut text = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else { return Err(self.fail("`\"`")) };
            self.skip(c.len_utf8());
            match c {
                '"' => return Ok(text),
                '\\' => text.push(self.escape()?),
                c => text.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<char> {
        for (token, c) in [("\"", '"'), ("\\", '\\')] {
            if self.eat(token) {
                return Ok(c);
            }
        }
        self.need("u{")?;
        let digits = self.rest().split('}').next().unwrap_or_default();
        let c = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
        let c = c.ok_or_else(|| self.fail("hexadecimal digits of a character"))?;
        self.skip(digits.len());
        self.need("}")?;
        Ok(c)
    }

    fn number(&mut self) -> Result<i64> {
        let rest = self.rest();
        let end = rest.find(|c: char| c != '-' && !c.is_ascii_digit()).unwrap_or(rest.len());
        let number = rest.get(..end).and_then(|digits| digits.parse().ok());
        let number = number.ok_or_else(|| self.fail("an index or a quoted key"))?;
        self.skip(end);
        Ok(number)
    }

    fn steps(&mut self) -> Result<Path> {
        let mut path = Path::default();
        while !self.rest().is_empty() {
            let step = if self.eat("[") {
                let quoted = self.rest().starts_with('"');
                let step = if quoted { Step::Key(self.string()?) } else { Step::Index(self.number()?) };
                self.need("]")?;
                step
            } else if self.eat("?") {
                Step::Some
            } else if self.eat(":") {
                Step::Variant(self.name("the name of a variant")?)
            } else {
                if !path.steps().is_empty() {
                    self.need(".").map_err(|_| self.fail("`.`, `[`, `:` or `?`"))?;
                }
                Step::Field(self.name("the name of a field")?)
            };
            path.push(step);
        }
        Ok(path)
    }

    /// Returns the parsed value if it prints exactly as it was written.
    fn canonical<T: fmt::Display>(&self, parsed: T) -> Result<T> {
        let printed = parsed.to_string();
        if printed == self.text {
            return Ok(parsed);
        }
        let same = printed.chars().zip(self.text.chars()).take_while(|(left, right)| left == right);
        let at: usize = same.map(|(c, _)| c.len_utf8()).sum();
        let error = caret(Error::new(ErrorKind::BadPath), "not in the usual spelling", self.text, at..at);
        Err(error.help(format!("write {printed}")))
    }
}

impl FromStr for Path {
    type Err = Error;

    fn from_str(text: &str) -> Result<Path> {
        let mut parser = Parser { text, at: 0 };
        let path = parser.steps()?;
        parser.canonical(path)
    }
}

/// The records of a table that a [`Locator`] selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Records {
    /// `[7]`: one record, counted from the end if negative.
    One(i64),
    /// `[10:20]`, `[10:]`, `[:20]`: a half-open range of records.
    Range(Option<i64>, Option<i64>),
}

/// The place of a value in a file: `[TABLE][i].field`, or `[i].field` if there is only one table. Table names
/// that begin with a digit, `-`, `:` or a quote, or that contain `]`, are quoted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Locator {
    /// The name of the table.
    pub table: Option<String>,
    /// The selected records; `None` selects all.
    pub records: Option<Records>,
    /// The path in the record.
    pub path: Path,
}

fn is_bare_table(name: &str) -> bool {
    let first = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '"');
    !name.is_empty() && !name.starts_with(first) && !name.contains(|c: char| c == ']' || c.is_control())
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(table) = &self.table {
            write!(f, "[{}]", if is_bare_table(table) { table.clone() } else { Quoted(table).to_string() })?;
        }
        let bound = |bound: Option<i64>| bound.map(|bound| bound.to_string()).unwrap_or_default();
        match self.records {
            Some(Records::One(index)) => write!(f, "[{index}]")?,
            Some(Records::Range(from, to)) => write!(f, "[{}:{}]", bound(from), bound(to))?,
            None => {}
        }
        let prefixed = self.table.is_some() || self.records.is_some();
        let dot = prefixed && matches!(self.path.steps().first(), Some(Step::Field(_)));
        write!(f, "{}{}", if dot { "." } else { "" }, self.path)
    }
}

impl FromStr for Locator {
    type Err = Error;

    fn from_str(text: &str) -> Result<Locator> {
        let mut parser = Parser { text, at: 0 };
        let mut locator = Locator { table: parser.table()?, ..Locator::default() };
        locator.records = parser.records()?;
        let prefixed = parser.at > 0;
        if prefixed && !parser.eat(".") && parser.rest().starts_with(|c| Name::is_bare(c) || c == '"') {
            return Err(parser.fail("`.`, `[`, `:` or `?`"));
        }
        locator.path = parser.steps()?;
        parser.canonical(locator)
    }
}

impl Parser<'_> {
    fn table(&mut self) -> Result<Option<String>> {
        let start = self.at;
        if !self.eat("[") || self.rest().starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | ':')) {
            self.at = start;
            return Ok(None);
        }
        let name = if self.rest().starts_with('"') {
            self.string()?
        } else {
            let name = self.rest().split(']').next().unwrap_or_default();
            self.skip(name.len());
            name.to_string()
        };
        self.need("]")?;
        Ok(Some(name))
    }

    fn records(&mut self) -> Result<Option<Records>> {
        if !self.eat("[") {
            return Ok(None);
        }
        let from = if self.rest().starts_with(':') { None } else { Some(self.number()?) };
        let records = if self.eat(":") {
            let to = if self.rest().starts_with(']') { None } else { Some(self.number()?) };
            Records::Range(from, to)
        } else {
            Records::One(from.unwrap_or_default())
        };
        self.need("]")?;
        Ok(Some(records))
    }
}

/// Adds a description of the error and a line that marks these bytes of the path.
#[cold]
fn caret(error: Error, what: &str, text: &str, bytes: Range<usize>) -> Error {
    let at = bytes.start;
    let column = text.get(..at).unwrap_or(text).chars().count();
    let width = text.get(bytes).map_or(1, |part| part.chars().count()).max(1);
    let blank = " ".repeat(column);
    let mark = "^".repeat(width);
    let space = if what.is_empty() { "" } else { " " };
    error.what(format!("{what}{space}(at byte {at})\n      {text}\n      {blank}{mark}")).path(text)
}

/// Adds a help with the candidate most similar to `name`, or a list of the first ones; `what` is their
/// plural.
#[cold]
pub(super) fn suggest<'n>(
    error: Error,
    name: &str,
    what: &str,
    candidates: impl Iterator<Item = &'n str>,
) -> Error {
    // Names from a file may be long, and comparing them takes time in the product of their lengths.
    let short = |text: &&str| text.len() <= 255;
    let candidates: Vec<&str> = candidates.take(4096).filter(short).collect();
    let pairs = candidates.iter().filter(|_| short(&name)).map(|it| (levenshtein(name, it), it));
    let length = name.chars().count();
    let first = candidates.get(..8).unwrap_or(&candidates).join(", ");
    match pairs.min() {
        Some((distance, nearest))
            if distance <= (length / 4).saturating_add(1).min(length.saturating_sub(1)) =>
        {
            error.help(format!("did you mean `{nearest}`?"))
        }
        _ if candidates.is_empty() => error.help(format!("it has no {what}")),
        _ => error.help(format!("its {what}: {first}{}", if candidates.len() > 8 { ", .." } else { "" })),
    }
}

impl<'a> Value<'a> {
    /// Returns the value at a path such as `items[3].name`; see [`Path`].
    pub fn path(self, path: &str) -> Result<Value<'a>> {
        self.follow(&path.parse()?)
    }

    /// Returns the value at a parsed path.
    #[inline]
    pub fn follow(self, path: &Path) -> Result<Value<'a>> {
        self.loaded().walk_along(path).map(Value::loaded)
    }

    fn walk_along(self, path: &Path) -> Result<Value<'a>> {
        let mut value = self;
        for (index, step) in path.steps().iter().enumerate() {
            let next = match step {
                Step::Field(name) => value.field(name),
                step => value.loaded().step(step).map(Value::loaded),
            };
            value = next.map_err(|error| path.blame(index, error))?.loaded();
        }
        Ok(value)
    }

    /// Returns the value one step deeper.
    pub fn step(self, step: &Step) -> Result<Value<'a>> {
        match step {
            Step::Field(name) => self.field(name),
            Step::Index(index) if self.through().kind() == Kind::Map => self.key(&index.to_string()),
            Step::Index(index) => self.at(*index),
            Step::Key(key) => self.key(key),
            Step::Variant(name) => self.as_variant(name),
            Step::Some if self.through().kind() == Kind::Option => self.through().inner(),
            Step::Some => Err(self.through().wrong_kind("an option")),
        }
    }

    /// Returns the value under a key of a map. The key is given as text: a string, number, char, bool, or the
    /// name of a variant.
    pub fn key(self, key: &str) -> Result<Value<'a>> {
        let map = self.through();
        let position = map.key_position(key)?;
        map.nth(position).ok_or_else(|| map.no_key(key))
    }

    /// Returns the position of a key among the keys of a map.
    pub(super) fn key_position(self, key: &str) -> Result<usize> {
        if self.kind() != Kind::Map {
            let error = self.wrong_kind("a map");
            return Err(match position(self.own_fields(), key) {
                Some(_) => error.help(format!("the field of this name is .{}", Name(key))),
                None => error,
            });
        }
        let mut entries = self.entries()?;
        let ty = self.typed().key().opened();
        let formed = formed_key(key, ty);
        let found = match ty.kind() {
            Kind::Enum => entries
                .position(|(candidate, _)| candidate.through().variant().map(Variant::name) == Some(key)),
            _ => entries.search(|candidate| match &formed {
                Some(data) => compare_keys(candidate.through(), Value::data(data, ty)),
                None => compare_text(candidate.through(), key),
            }),
        };
        found.ok_or_else(|| self.no_key(key))
    }

    #[cold]
    fn no_key(self, key: &str) -> Error {
        let error = Error::new(ErrorKind::NoSuchPath).what(format!("no key {}", Quoted(key)));
        let entries = self.entries().into_iter().flatten().take(4096);
        let spelled = |(key, _)| match key_step(key)? {
            Step::Index(index) => Some(index.to_string()),
            Step::Key(key) => Some(key),
            _ => None,
        };
        let keys: Vec<String> = entries.filter_map(spelled).collect();
        match keys.is_empty() && self.count() > 0 {
            true => error.help("use entries() to list the keys"),
            false => suggest(error, key, "keys", keys.iter().map(String::as_str)),
        }
    }

    /// Returns the segment that leads to the part at `index`.
    pub(super) fn segment(self, index: usize) -> PathSegment<'a> {
        match (self.own_fields().get(index), self.kind()) {
            (Some(field), _) => PathSegment::Field(field.name()),
            (None, Kind::Option) => PathSegment::Some,
            (None, Kind::Newtype | Kind::Box) => PathSegment::Inner,
            (None, _) => PathSegment::Index(index),
        }
    }

    /// Returns the part at `index`, or the value of the entry at `index`.
    pub(super) fn nth(self, index: usize) -> Option<Value<'a>> {
        match self.kind() {
            Kind::Map => self.entries().ok()?.get(index).map(|entry| entry.1),
            _ => self.part(index),
        }
    }

    /// Returns the value itself if it is an enum whose present variant has this name.
    pub fn as_variant(self, name: &str) -> Result<Value<'a>> {
        let value = self.through();
        let Some(present) = value.variant() else { return Err(value.wrong_kind("an enum")) };
        if present.name() == name {
            return Ok(value);
        }
        let variants = value.ty().variants();
        if variants.iter().any(|variant| variant.name() == name) {
            let error = Error::new(ErrorKind::NoSuchPath).what("another variant is present");
            return Err(error.expected(name).found(present.name()).help("look at variant() first"));
        }
        Err(no_variant(value.typed(), name))
    }
}

#[cold]
pub(super) fn no_variant(ty: Type<'_>, name: &str) -> Error {
    let what = format!("no variant `{name}` in {}", Value::type_name(ty));
    let error = Error::new(ErrorKind::NoSuchPath).what(what);
    suggest(error, name, "variants", ty.ty.variants().iter().map(Variant::name))
}

/// Returns the step to the value under this key; `None` if the key has no spelling in a path.
pub(super) fn key_step(key: Value<'_>) -> Option<Step> {
    let key = key.through();
    if let Some(text) = key.form_text() {
        return Some(Step::Key(text));
    }
    let text = match key.scalar() {
        Scalar::Str(text) => text.to_string(),
        Scalar::Char(c) => c.to_string(),
        Scalar::Bool(it) => it.to_string(),
        Scalar::Int(number) => match number.try_into() {
            Ok(index) => return Some(Step::Index(index)),
            Err(_) => number.to_string(),
        },
        Scalar::Uint(number) => match number.try_into() {
            Ok(index) => return Some(Step::Index(index)),
            Err(_) => number.to_string(),
        },
        Scalar::Bytes(bytes) => str::from_utf8(bytes).ok()?.to_string(),
        _ => key.variant()?.name().to_string(),
    };
    Some(Step::Key(text))
}

/// Parses a key with a form, such as `2024-01-02` for a date; `None` if the text is no such key.
fn formed_key(text: &str, ty: Type<'_>) -> Option<Data> {
    let mut data = (ty.form() != Form::None).then(|| parse(text, ty).ok()).flatten()?;
    check(&mut data, ty, Depth::default()).ok()?;
    Some(data)
}
