//! Renders schemas as Rust source: types that derive `Hydra` and have the same schema. What the derive cannot
//! express becomes a comment, and a loss if bytes or names differ.

use super::notes;
use hydra::schema::{Arg, Field, Form, Note, Style, TypeRef};
use hydra::{Descriptor, Kind, Schema};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashSet};

const KEYWORDS: &str = " as async await break const continue dyn else enum extern false fn for gen if impl in let loop match \
    mod move mut pub ref return static struct trait true type unsafe use where while abstract become box do final macro \
    override priv try typeof unsized virtual yield self super crate Self _ ";
/// Names that the source uses.
const TAKEN: &str = " bool char f32 f64 i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 usize isize str String Vec Option Box Some \
    None Hydra BTreeMap BTreeSet NonZero PhantomData Duration SystemTime Root ";
const IMPORTS: [(&str, &str); 6] = [
    ("BTreeMap", "collections"),
    ("BTreeSet", "collections"),
    ("PhantomData", "marker"),
    ("NonZero", "num"),
    ("Duration", "time"),
    ("SystemTime", "time"),
];
/// Types of other crates, and the features they need.
const FEATURES: [(&str, &str); 3] =
    [("jiff::", "jiff"), ("hydra::Fixed<", "rust_decimal"), ("uuid::Uuid", "uuid")];
/// The largest depth and number of types in the text of a type, because a schema from a file may be endless.
const MAX_DEPTH: usize = 64;
const MAX_STEPS: u32 = 4096;
/// The number of attempts to write generic types; after that, none is written as generic.
const MAX_ROUNDS: u32 = 16;

/// A generic type: its name and the number of its arguments.
type GenericType = (String, usize);

/// Returns the source of a table's type, and how it differs from the type in the file.
pub(crate) fn source(table: &str, schema: &Schema) -> (String, Vec<String>) {
    let mut source = RustSource::new(schema);
    let mut rounds = 0;
    let items = loop {
        rounds += 1;
        if rounds > MAX_ROUNDS {
            source.split = schema.types().iter().filter_map(group).collect();
        }
        source.name();
        let items: Vec<String> = (0..schema.types().len()).map(|index| source.item(index)).collect();
        if !source.split_generics(&items) {
            break items;
        }
    };
    let mut seen = HashSet::new();
    let items: Vec<String> =
        items.into_iter().filter(|item| !item.is_empty() && seen.insert(item.clone())).collect();
    let mut body = items.join("\n");
    if !schema.root().kind().is_named() {
        let gap = if body.is_empty() { "" } else { "\n" };
        body = format!("pub type Root = {};\n{gap}{body}", source.ty(TypeRef::Index(0), &[], 0));
    }
    let losses: Vec<String> = source.losses.into_inner().into_iter().collect();
    let table = table.escape_debug();
    let fingerprint = schema.fingerprint();
    let mut text = format!(
        "// Table {table}, schema fingerprint {fingerprint:#018x}; made by `hydra schema --as rust`.\n"
    );
    losses.iter().for_each(|loss| text.push_str(&format!("// Differs from the file: {loss}.\n")));
    let features = FEATURES.iter().filter(|(name, _)| body.contains(name)).map(|(_, feature)| *feature);
    let features = features.collect::<Vec<_>>().join(", ");
    if !features.is_empty() {
        text.push_str(&format!("// Needs these features of hydra-format: {features}.\n"));
    }
    text.push_str("\nuse hydra::Hydra;\n");
    let words: HashSet<&str> = body.split(|c| !is_ident(c)).collect();
    let used = IMPORTS.iter().filter(|(name, _)| words.contains(name));
    used.for_each(|(name, path)| text.push_str(&format!("use std::{path}::{name};\n")));
    (format!("{text}\n{body}"), losses)
}

fn is_ident(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Identifiers in use, each with the last number that was appended to it.
type Taken = BTreeMap<String, usize>;

/// Returns an unused identifier that is as close to a name as possible.
fn ident(name: &str, taken: &mut Taken) -> String {
    let mut first: String = name.chars().map(|c| if is_ident(c) { c } else { '_' }).collect();
    if first.is_empty() || first.starts_with(|c: char| c.is_ascii_digit()) {
        first.insert(0, '_');
    }
    if matches!(first.as_str(), "self" | "super" | "crate" | "Self" | "_") {
        first.push('_');
    }
    let mut ident = first.clone();
    let mut number = taken.get(&first).copied().unwrap_or(1);
    while taken.contains_key(&ident) {
        number += 1;
        ident = format!("{first}{number}");
    }
    taken.insert(first, number);
    taken.insert(ident.clone(), 1);
    if KEYWORDS.contains(&format!(" {ident} ")) { format!("r#{ident}") } else { ident }
}

/// Returns true if the derive gives the identifier this name.
fn is_same(ident: &str, name: &str) -> bool {
    ident.strip_prefix("r#").unwrap_or(ident) == name
}

struct RustSource<'a> {
    schema: &'a Schema,
    /// The identifiers of named types, by index.
    names: Vec<String>,
    /// Generic types that cannot be written as one.
    split: HashSet<GenericType>,
    /// Types that are keys or parts of keys.
    keys: HashSet<u32>,
    /// Types whose values in memory equal the stored bytes.
    plain: Vec<bool>,
    /// The parameters that the current item mentions, one bit each.
    used: Cell<u64>,
    /// The number of types written for the current field.
    steps: Cell<u32>,
    losses: RefCell<BTreeSet<String>>,
}

fn index(ty: TypeRef) -> u32 {
    match ty {
        TypeRef::Index(index) => index,
        _ => 0,
    }
}

fn group(ty: &Descriptor) -> Option<GenericType> {
    (ty.kind().is_named() && !ty.args().is_empty()).then(|| (ty.name().to_string(), ty.args().len()))
}

/// Returns the name of a type parameter.
fn parameter(index: usize) -> String {
    match u8::try_from(index).ok().filter(|&index| index < 26) {
        Some(index) => char::from(b'A' + index).to_string(),
        None => format!("A{index}"),
    }
}

/// Returns the type of a constant parameter, `usize` if it can be a length.
fn const_type(kind: Kind) -> &'static str {
    if kind == Kind::U64 { "usize" } else { kind.name() }
}

/// Returns the length of an array: the first parameter with this value, so that one declaration serves all
/// lengths.
fn length(count: u64, params: &[Arg]) -> String {
    let is_it =
        |arg: &Arg| arg.constant().is_some_and(|it| (it.kind(), it.value()) == (Kind::U64, count.into()));
    params.iter().position(is_it).map_or_else(|| count.to_string(), parameter)
}

/// Returns true if the fields have the names of those of a tuple struct with several fields.
fn is_positional(fields: &[Field]) -> bool {
    fields.len() > 1 && fields.iter().enumerate().all(|(i, field)| field.name() == i.to_string())
}

impl<'a> RustSource<'a> {
    fn new(schema: &'a Schema) -> RustSource<'a> {
        let mut keys: Vec<u32> = Vec::new();
        for ty in schema.types() {
            let set = ty.element().filter(|_| ty.kind() == Kind::Set);
            keys.extend(ty.key().or(set).map(index));
        }
        let mut seen = HashSet::new();
        while let Some(key) = keys.pop() {
            if seen.insert(key) {
                let ty = schema.resolve(TypeRef::Index(key));
                keys.extend(ty.element().map(index));
                keys.extend(ty.fields().iter().map(|field| index(field.ty())));
            }
        }
        let mut source = RustSource {
            schema,
            names: Vec::new(),
            split: HashSet::new(),
            keys: seen,
            plain: vec![false; schema.types().len()],
            used: Cell::new(0),
            steps: Cell::new(0),
            losses: RefCell::default(),
        };
        // A plain type contains only plain types inline. Each round settles one more level, at most 32.
        loop {
            let plain: Vec<bool> = (0..source.plain.len()).map(|at| source.is_plain(at)).collect();
            if plain == source.plain {
                return source;
            }
            source.plain = plain;
        }
    }

    fn is_plain(&self, at: usize) -> bool {
        let Some(ty) = self.schema.types().get(at) else { return false };
        let known = |ty: TypeRef| self.plain.get(index(ty) as usize).copied().unwrap_or(false);
        match ty.kind() {
            _ if ty.form() != Form::None || !ty.args().is_empty() => false,
            Kind::Bool | Kind::Char | Kind::F32 | Kind::F64 => true,
            Kind::Array => ty.count() > 0 && ty.element().is_some_and(known),
            Kind::Newtype => ty.element().is_some_and(known),
            Kind::Enum => ty.is_fieldless(),
            Kind::Struct => {
                let sizes = ty.fields().iter().map(|field| self.schema.resolve(field.ty()).size());
                ty.fields().iter().all(|field| known(field.ty())) && sizes.sum::<usize>() == ty.size()
            }
            kind => kind.is_integer(),
        }
    }

    /// Chooses an identifier for every named type.
    fn name(&mut self) {
        let mut taken: Taken = TAKEN.split_whitespace().map(|name| (name.into(), 1)).collect();
        if self.schema.types().iter().any(|ty| !ty.args().is_empty()) {
            taken.extend((0..26).map(|at| (parameter(at), 1)));
        }
        let mut groups: BTreeMap<GenericType, String> = BTreeMap::new();
        let mut name = |ty: &Descriptor| match group(ty) {
            _ if !ty.kind().is_named() => String::new(),
            Some(group) if !self.split.contains(&group) => {
                groups.entry(group).or_insert_with(|| ident(ty.name(), &mut taken)).clone()
            }
            _ => ident(ty.name(), &mut taken),
        };
        self.names = self.schema.types().iter().map(&mut name).collect();
        self.losses.borrow_mut().clear();
    }

    /// Finds generic types whose instances have different declarations. Returns false if there is no new one.
    fn split_generics(&mut self, items: &[String]) -> bool {
        let mut first: BTreeMap<GenericType, &String> = BTreeMap::new();
        let before = self.split.len();
        for (ty, item) in self.schema.types().iter().zip(items) {
            let Some(group) = group(ty).filter(|group| !self.split.contains(group)) else { continue };
            if *first.entry(group.clone()).or_insert(item) != item {
                self.split.insert(group);
            }
        }
        self.split.len() > before
    }

    fn lose(&self, what: String) {
        self.losses.borrow_mut().insert(what);
    }

    /// Returns a type in Rust syntax; `params` are the arguments that have a name here.
    fn ty(&self, reference: TypeRef, params: &[Arg], depth: usize) -> String {
        let is_it = |param: &Arg| param.ty().is_some_and(|ty| index(ty) == index(reference));
        if let Some(at) = params.iter().position(is_it) {
            self.used.set(self.used.get() | 1 << at.min(63));
            return parameter(at);
        }
        let ty = self.schema.resolve(reference);
        self.steps.set(if depth == 0 { 0 } else { self.steps.get() + 1 });
        if depth > MAX_DEPTH || self.steps.get() > MAX_STEPS {
            self.lose("a type that is endless or has too many parts".into());
            return "()".into();
        }
        let of =
            |inner: Option<TypeRef>| inner.map_or("()".into(), |inner| self.ty(inner, params, depth + 1));
        // Keys need traits that type parameters do not have.
        let key = |key: Option<TypeRef>| key.map_or("()".into(), |key| self.ty(key, &[], depth + 1));
        if let Some(known) = self.formed(ty) {
            return known;
        }
        match ty.kind() {
            Kind::Unit => "()".into(),
            Kind::String => "String".into(),
            Kind::Bytes => "Vec<u8>".into(),
            Kind::Opaque => "hydra::Opaque".into(),
            Kind::Option => format!("Option<{}>", of(ty.element())),
            Kind::List => format!("Vec<{}>", of(ty.element())),
            Kind::Box => format!("Box<{}>", of(ty.element())),
            Kind::Set => format!("BTreeSet<{}>", key(ty.element())),
            Kind::Map => format!("BTreeMap<{}, {}>", key(ty.key()), of(ty.element())),
            Kind::Array => format!("[{}; {}]", of(ty.element()), length(ty.count(), params)),
            Kind::Tuple => {
                let fields: Vec<String> = ty.fields().iter().map(|field| of(Some(field.ty()))).collect();
                if fields.is_empty() || fields.len() > 12 {
                    self.lose(format!("a tuple of {} fields, which is no Hydra type", fields.len()));
                }
                format!("({}{})", fields.join(", "), if fields.len() == 1 { "," } else { "" })
            }
            kind if kind.is_named() => {
                let name = self.names.get(index(reference) as usize).map_or("", String::as_str);
                let argument = |arg: &Arg| match arg {
                    Arg::Type(ty) => of(Some(*ty)),
                    Arg::Const(constant) => constant.to_string(),
                    _ => "_".into(),
                };
                let args = ty.args().iter().map(argument).collect::<Vec<_>>().join(", ");
                if args.is_empty() { name.to_string() } else { format!("{name}<{args}>") }
            }
            kind if ty.is_nonzero() => format!("NonZero<{}>", kind.name()),
            kind => kind.name().into(),
        }
    }

    /// Returns the Rust type of a form; other forms are a loss.
    fn formed(&self, ty: &Descriptor) -> Option<String> {
        Some(match (ty.kind(), ty.form()) {
            (Kind::I128, Form::Timestamp { exponent: -9 }) => "SystemTime".into(),
            (Kind::U128, Form::Duration { exponent: -9 }) => "Duration".into(),
            (Kind::I128, Form::Duration { exponent: -9 }) => "jiff::SignedDuration".into(),
            (Kind::I32, Form::Date) => "jiff::civil::Date".into(),
            (Kind::Array, Form::Uuid) => "uuid::Uuid".into(),
            (Kind::I128, Form::Decimal { exponent: exponent @ -28..=0 }) => {
                format!("hydra::Fixed<{}>", -exponent)
            }
            (_, Form::None) => return None,
            (kind, form) => {
                let (code, exponent) = form.code();
                let name = if form.name().is_empty() { format!("form {code}") } else { form.name().into() };
                self.lose(format!("{name} of exponent {exponent} over {} is the bare {0}", kind.name()));
                return None;
            }
        })
    }

    /// Returns the declaration of a named type; empty for other types.
    fn item(&self, at: usize) -> String {
        let Some(ty) = self.schema.types().get(at).filter(|ty| ty.kind().is_named()) else {
            return String::new();
        };
        self.used.set(0);
        let mut body = self.body(ty, "");
        let unused = (ty.args().iter().enumerate())
            .filter(|(at, arg)| arg.ty().is_some() && self.used.get() & 1 << (*at).min(63) == 0);
        let unused: Vec<String> = unused.map(|(at, _)| parameter(at)).collect();
        if !unused.is_empty() {
            let tuple = if unused.len() == 1 { unused.concat() } else { format!("({})", unused.join(", ")) };
            body = self.body(ty, &format!("PhantomData<{tuple}>"));
        }
        let ident = self.names.get(at).map_or("", String::as_str);
        let plain = self.plain.get(at).copied().unwrap_or(false);
        let mut text = self.head(ty, plain, is_same(ident, ty.name()), self.keys.contains(&(at as u32)));
        let declared = |(at, arg): (usize, &Arg)| match arg.constant() {
            None => parameter(at),
            Some(constant) => format!("const {}: {}", parameter(at), const_type(constant.kind())),
        };
        let params: Vec<String> = ty.args().iter().enumerate().map(declared).collect();
        let params = if params.is_empty() { String::new() } else { format!("<{}>", params.join(", ")) };
        let word = if ty.kind() == Kind::Enum { "enum" } else { "struct" };
        text.push_str(&format!("pub {word} {ident}{params}{body}"));
        text
    }

    /// Returns the lines before a declaration.
    fn head(&self, ty: &Descriptor, plain: bool, same_name: bool, is_key: bool) -> String {
        let plain = plain && ty.kind() != Kind::Enum;
        let copy = if plain || ty.is_fieldless() { "Copy, " } else { "" };
        let order = if is_key { ", Eq, PartialOrd, Ord" } else { "" };
        let name = (!same_name).then(|| format!("name = {:?}", ty.name()));
        let mut attributes: Vec<String> = name.into_iter().collect();
        let (before, after) = notes::rust(ty.notes(), &mut attributes, "");
        let aligns = ty.fields().iter().map(|field| self.schema.resolve(field.ty()).align());
        let natural = aligns.max().unwrap_or(1);
        let mut repr = match ty.kind() {
            Kind::Enum => vec![ty.tag().map_or("u8", Kind::name).to_string()],
            Kind::Newtype if plain => vec!["transparent".to_string()],
            Kind::Struct if plain => vec!["C".to_string()],
            _ => Vec::new(),
        };
        if ty.kind() == Kind::Struct && ty.align() > natural {
            repr.push(format!("align({})", ty.align()));
        }
        if plain {
            attributes.push("plain".to_string());
        }
        let repr = if repr.is_empty() { String::new() } else { format!("#[repr({})]\n", repr.join(", ")) };
        let derive = format!("#[derive(Hydra, Clone, {copy}Debug, PartialEq{order})]\n");
        format!("{before}{derive}{repr}{}{after}", notes::attribute(&attributes, ""))
    }

    /// Returns the text after the name; `marker` is a field that is not stored and mentions otherwise unused
    /// parameters.
    fn body(&self, ty: &Descriptor, marker: &str) -> String {
        match ty.kind() {
            Kind::Newtype => {
                let inner = ty.element().map_or("()".into(), |inner| self.ty(inner, ty.args(), 0));
                let marker =
                    if marker.is_empty() { String::new() } else { format!(", #[hydra(skip)] {marker}") };
                format!("(pub {inner}{marker});\n")
            }
            Kind::Enum => self.variants(ty, marker),
            _ if is_positional(ty.fields()) => {
                format!("{};\n", self.fields(ty.fields(), ty.args(), Style::Tuple, marker, "", true))
            }
            _ if ty.fields().is_empty() && marker.is_empty() => ";\n".into(),
            _ => format!("{}\n", self.fields(ty.fields(), ty.args(), Style::Struct, marker, "", true)),
        }
    }

    fn variants(&self, ty: &Descriptor, marker: &str) -> String {
        if ty.variants().is_empty() {
            self.lose(format!("the enum {} without variants, which is no Hydra type", ty.name()));
        }
        let mut taken = Taken::new();
        let mut out = String::from(" {\n");
        let marked = ty.variants().iter().position(|variant| variant.style() != Style::Unit);
        if !marker.is_empty() && marked.is_none() {
            self.lose(format!("the type arguments of the enum {}", ty.name()));
        }
        for (at, variant) in ty.variants().iter().enumerate() {
            let ident = ident(variant.name(), &mut taken);
            let mut attributes = renamed(&ident, variant.name());
            let (before, after) = notes::rust(variant.notes(), &mut attributes, "    ");
            let marker = if marked == Some(at) { marker } else { "" };
            let fields = match variant.style() {
                Style::Unit => String::new(),
                style => self.fields(variant.fields(), ty.args(), style, marker, "    ", false),
            };
            let tag = match ty.tag() {
                Some(Kind::U128) => variant.tag().cast_unsigned().to_string(),
                _ => variant.tag().to_string(),
            };
            let attribute = notes::attribute(&attributes, "    ");
            out.push_str(&format!("{before}{attribute}{after}    {ident}{fields} = {tag},\n"));
        }
        out + "}\n"
    }

    /// Returns the fields in their brackets.
    fn fields(
        &self,
        fields: &[Field],
        params: &[Arg],
        style: Style,
        marker: &str,
        indent: &str,
        public: bool,
    ) -> String {
        let mut taken = Taken::new();
        let tuple = style == Style::Tuple;
        let inner = format!("{indent}    ");
        let mut lines: Vec<String> = Vec::new();
        for field in fields {
            let name = if tuple { String::new() } else { ident(field.name(), &mut taken) };
            let mut attributes = if tuple { Vec::new() } else { renamed(&name, field.name()) };
            let (before, mut after) = notes::rust(field.notes(), &mut attributes, &inner);
            for note in field.notes() {
                let Note::Default(image) = note else { continue };
                match notes::default(image, self.schema.resolve(field.ty())) {
                    Some(value) => attributes.push(format!("default = {value}")),
                    None => after.push_str(&format!("{inner}// Its default value is not kept here.\n")),
                }
            }
            let attribute = notes::attribute(&attributes, &inner);
            let private = field.notes().iter().any(|note| matches!(note, Note::Private));
            let public = if public && !private { "pub " } else { "" };
            let colon = if tuple { "" } else { ": " };
            let ty = self.ty(field.ty(), params, 0);
            lines.push(format!("{before}{attribute}{after}{inner}{public}{name}{colon}{ty}"));
        }
        if !marker.is_empty() {
            let name = if tuple { String::new() } else { format!("{}: ", ident("marker", &mut taken)) };
            lines.push(format!("{inner}#[hydra(skip)]\n{inner}{name}{marker}"));
        }
        let short = tuple && lines.iter().all(|line| !line.contains('\n'));
        match (short, tuple) {
            (true, _) => {
                format!("({})", lines.iter().map(|line| line.trim_start()).collect::<Vec<_>>().join(", "))
            }
            (_, true) => format!("(\n{},\n{indent})", lines.join(",\n")),
            _ => format!(" {{\n{},\n{indent}}}", lines.join(",\n")).replace("{\n,\n", "{\n"),
        }
    }
}

fn renamed(ident: &str, name: &str) -> Vec<String> {
    if is_same(ident, name) { Vec::new() } else { vec![format!("rename = {name:?}")] }
}
