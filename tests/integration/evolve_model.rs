//! Random types, changed at random, with random values: resolution agrees with a model of the rules, written over data, about what
//! can be read, and reading gives what the model gives.

use hydra::describe::{DefaultImage, Descriptor, Note, Style, TypeRef};
use hydra::evolve::Evolution;
use hydra::reflect::Data;
use hydra::{Dynamic, ErrorKind, Kind, Reader, Result, Schema, Writer};

/// A type, as the model has it.
#[derive(Clone, Debug, PartialEq)]
enum Ty {
    Num(Kind),
    Bool,
    Text,
    Bytes,
    Option(Box<Ty>),
    List(Box<Ty>),
    Array(Box<Ty>, usize),
    Map(Kind, Box<Ty>),
    Set(Kind),
    Boxed(Box<Ty>),
    Newtype(Box<Ty>),
    Tuple(Vec<Ty>),
    Struct(Vec<Field>),
    Enum(Vec<(String, i128, Vec<Field>)>),
}

#[derive(Clone, Debug, PartialEq)]
struct Field {
    name: String,
    alias: Option<String>,
    default: bool,
    ty: Ty,
}

const NUMBERS: [Kind; 12] = [
    Kind::U8,
    Kind::U16,
    Kind::U32,
    Kind::U64,
    Kind::U128,
    Kind::I8,
    Kind::I16,
    Kind::I32,
    Kind::I64,
    Kind::I128,
    Kind::F32,
    Kind::F64,
];

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn number(&mut self) -> Kind {
        NUMBERS[self.below(NUMBERS.len())]
    }

    fn ty(&mut self, depth: usize) -> Ty {
        let inner = |random: &mut Random| Box::new(random.ty(depth - 1));
        match self.below(if depth == 0 { 5 } else { 16 }) {
            0 | 1 => Ty::Num(self.number()),
            2 => Ty::Text,
            3 => Ty::Bool,
            4 => Ty::Bytes,
            5 | 6 => Ty::Option(inner(self)),
            7 => Ty::List(match inner(self) {
                // A list of bytes is bytes.
                ty if *ty == Ty::Num(Kind::U8) => Box::new(Ty::Text),
                ty => ty,
            }),
            8 => Ty::Array(inner(self), self.below(4)),
            9 => Ty::Map(NUMBERS[self.below(10)], inner(self)),
            10 => Ty::Set(NUMBERS[self.below(10)]),
            11 => Ty::Boxed(inner(self)),
            12 => Ty::Newtype(inner(self)),
            13 => Ty::Tuple((0..1 + self.below(3)).map(|_| self.ty(depth - 1)).collect()),
            14 => Ty::Struct(self.fields(depth - 1)),
            _ => {
                let count = 1 + self.below(4);
                let variant = |at: usize, random: &mut Random| {
                    let fields = if random.one_in(2) { vec![] } else { random.fields(depth - 1) };
                    (format!("V{at}"), at as i128 * 3, fields)
                };
                Ty::Enum((0..count).map(|at| variant(at, self)).collect())
            }
        }
    }

    fn fields(&mut self, depth: usize) -> Vec<Field> {
        let count = 1 + self.below(4);
        (0..count)
            .map(|at| Field { name: format!("f{at}"), alias: None, default: false, ty: self.ty(depth) })
            .collect()
    }

    /// Another generation of a type.
    fn change(&mut self, ty: &Ty) -> Ty {
        let inner = |random: &mut Random, ty: &Ty| Box::new(random.change(ty));
        if self.one_in(14) {
            return match self.below(4) {
                0 => Ty::Option(inner(self, ty)),
                1 => Ty::Newtype(inner(self, ty)),
                2 => self.ty(1),
                _ => match ty {
                    Ty::Option(ty) | Ty::Newtype(ty) => (**ty).clone(),
                    Ty::Struct(fields) if fields.len() == 1 => Ty::Newtype(Box::new(fields[0].ty.clone())),
                    ty => Ty::Struct(vec![Field {
                        name: "only".into(),
                        alias: None,
                        default: false,
                        ty: ty.clone(),
                    }]),
                },
            };
        }
        match ty {
            Ty::Num(_) if self.one_in(4) => Ty::Num(self.number()),
            Ty::Option(ty) => Ty::Option(inner(self, ty)),
            Ty::List(ty) => match inner(self, ty) {
                ty if *ty == Ty::Num(Kind::U8) => Ty::Bytes,
                ty => Ty::List(ty),
            },
            Ty::Array(ty, count) => {
                Ty::Array(inner(self, ty), if self.one_in(20) { count + 1 } else { *count })
            }
            Ty::Map(key, ty) => Ty::Map(if self.one_in(4) { Kind::I128 } else { *key }, inner(self, ty)),
            Ty::Set(key) => Ty::Set(if self.one_in(4) { Kind::I64 } else { *key }),
            Ty::Boxed(ty) => Ty::Boxed(inner(self, ty)),
            Ty::Newtype(ty) => Ty::Newtype(inner(self, ty)),
            Ty::Tuple(parts) => {
                let mut parts: Vec<Ty> = parts.iter().map(|part| self.change(part)).collect();
                if self.one_in(6) {
                    parts.push(Ty::Option(Box::new(Ty::Text)));
                }
                Ty::Tuple(parts)
            }
            Ty::Struct(fields) => Ty::Struct(self.changed_fields(fields)),
            Ty::Enum(variants) => {
                let mut changed: Vec<_> = variants
                    .iter()
                    .map(|(name, tag, fields)| {
                        let fields = if fields.is_empty() { vec![] } else { self.changed_fields(fields) };
                        // Schemas made at run time have no notes in variants.
                        let plain = |field: Field| Field { alias: None, default: false, ..field };
                        let fields = fields.into_iter().map(plain).collect();
                        (name.clone(), if self.one_in(8) { tag + 100 } else { *tag }, fields)
                    })
                    .collect();
                if self.one_in(4) {
                    changed.push(("Fresh".into(), 50, vec![]));
                }
                if self.one_in(5) && changed.len() > 1 {
                    changed.remove(self.below(changed.len()));
                }
                if self.one_in(5) {
                    changed.rotate_left(1);
                }
                Ty::Enum(changed)
            }
            ty => ty.clone(),
        }
    }

    fn changed_fields(&mut self, fields: &[Field]) -> Vec<Field> {
        let mut changed = Vec::new();
        for field in fields {
            if self.one_in(8) && fields.len() > 1 {
                continue;
            }
            let mut field = Field { ty: self.change(&field.ty), ..field.clone() };
            if self.one_in(6) {
                let renamed = format!("r{}", field.name);
                let former = std::mem::replace(&mut field.name, renamed);
                field.alias = (!self.one_in(6)).then_some(former);
            }
            // A default for what may be none, sometimes.
            field.default = matches!(field.ty, Ty::Num(Kind::U32) | Ty::Text) && self.one_in(2);
            changed.push(field);
        }
        if self.one_in(3) {
            let (ty, default) = match self.below(6) {
                0 => (Ty::Num(Kind::U32), true),
                1 => (Ty::Text, true),
                2 => (Ty::Bool, false),
                _ => (Ty::Option(Box::new(self.ty(1))), false),
            };
            let at = self.below(changed.len() + 1);
            changed.insert(at, Field { name: "added".into(), alias: None, default, ty });
        }
        if self.one_in(4) && !changed.is_empty() {
            changed.rotate_left(1);
        }
        changed
    }

    fn data(&mut self, ty: &Ty) -> Data {
        match ty {
            Ty::Num(Kind::F32) => Data::F32(self.below(1000) as f32 / 8.0),
            Ty::Num(Kind::F64) => Data::F64(self.below(1000) as f64 / 8.0),
            Ty::Num(kind) => self.integer(*kind),
            Ty::Bool => Data::Bool(self.one_in(2)),
            Ty::Text => Data::Str("né".repeat(self.below(4))),
            Ty::Bytes => Data::Bytes(vec![self.below(256) as u8; self.below(4)]),
            Ty::Option(_) if self.one_in(3) => Data::None,
            Ty::Option(ty) | Ty::Boxed(ty) | Ty::Newtype(ty) => Data::some(self.data(ty)),
            Ty::List(ty) => Data::Parts((0..self.below(4)).map(|_| self.data(ty)).collect()),
            Ty::Array(ty, count) => Data::Parts((0..*count).map(|_| self.data(ty)).collect()),
            Ty::Map(key, ty) => {
                Data::Entries(self.keys(*key).into_iter().map(|key| (key, self.data(ty))).collect())
            }
            Ty::Set(key) => Data::Parts(self.keys(*key)),
            Ty::Tuple(parts) => Data::Parts(parts.iter().map(|ty| self.data(ty)).collect()),
            Ty::Struct(fields) => Data::Parts(fields.iter().map(|field| self.data(&field.ty)).collect()),
            Ty::Enum(variants) => {
                let at = self.below(variants.len());
                Data::Variant(at, variants[at].2.iter().map(|field| self.data(&field.ty)).collect())
            }
        }
    }

    fn integer(&mut self, kind: Kind) -> Data {
        let number = self.below(128) as i128;
        if kind.is_signed() { Data::Int(number - 64) } else { Data::Uint(number as u128) }
    }

    fn keys(&mut self, kind: Kind) -> Vec<Data> {
        let mut keys: Vec<Data> = Vec::new();
        for _ in 0..self.below(4) {
            let key = self.integer(kind);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }
}

/// The types of a schema, one after the other.
fn flatten(ty: &Ty, types: &mut Vec<Descriptor>) -> TypeRef {
    let at = types.len();
    types.push(Descriptor::scalar(Kind::Unit));
    let one = |ty: &Ty, types: &mut Vec<Descriptor>| flatten(ty, types);
    types[at] = match ty {
        Ty::Num(kind) => Descriptor::scalar(*kind),
        Ty::Bool => Descriptor::scalar(Kind::Bool),
        Ty::Text => Descriptor::scalar(Kind::String),
        Ty::Bytes => Descriptor::scalar(Kind::Bytes),
        Ty::Option(ty) => Descriptor::option(one(ty, types)),
        Ty::List(ty) => Descriptor::list(one(ty, types)),
        Ty::Array(ty, count) => Descriptor::array(one(ty, types), *count as u64),
        Ty::Map(key, ty) => {
            let key = one(&Ty::Num(*key), types);
            Descriptor::map(key, one(ty, types))
        }
        Ty::Set(key) => Descriptor::set(one(&Ty::Num(*key), types)),
        Ty::Boxed(ty) => Descriptor::boxed(one(ty, types)),
        Ty::Newtype(ty) => Descriptor::newtype("N", one(ty, types)),
        Ty::Tuple(parts) => Descriptor::tuple(parts.iter().map(|ty| one(ty, types)).collect()),
        Ty::Struct(fields) => {
            let named = fields.iter().map(|field| (field.name.clone(), one(&field.ty, types))).collect();
            let start = Descriptor::structure("Row", named);
            fields.iter().enumerate().fold(start, |ty, (at, field)| ty.with_field_notes(at, notes(field)))
        }
        Ty::Enum(variants) => {
            let variants = variants.iter().map(|(name, tag, fields)| {
                let named: Vec<_> =
                    fields.iter().map(|field| (field.name.clone(), one(&field.ty, types))).collect();
                (name.clone(), *tag, if named.is_empty() { Style::Unit } else { Style::Struct }, named)
            });
            Descriptor::enumeration("E", Kind::U8, variants.collect())
        }
    };
    TypeRef::Index(at as u32)
}

fn notes(field: &Field) -> Vec<Note> {
    let alias = field.alias.iter().map(|alias| Note::Alias(alias.clone().into()));
    let image = match field.ty {
        Ty::Text => hydra::to_bytes(&"default".to_string()),
        _ => hydra::to_bytes(&77u32),
    };
    let image = image.unwrap();
    let text_offset = u32::from_le_bytes(image[20..24].try_into().unwrap());
    let default = Note::Default(DefaultImage::Stored { text_offset, payload: image[64..].to_vec().into() });
    alias.chain(field.default.then_some(default)).collect()
}

fn schema(ty: &Ty, version: u32) -> Result<Schema> {
    let mut types = Vec::new();
    flatten(ty, &mut types);
    types[0] = types[0].clone().with_notes(vec![Note::Version(version)]);
    Schema::new(types)
}

/// Why the model has no value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum No {
    Never,
    NotThis,
}

fn default(field: &Field) -> Option<Data> {
    field.default.then(|| match field.ty {
        Ty::Text => Data::from("default"),
        _ => Data::from(77u32),
    })
}

fn innermost(mut ty: &Ty) -> &Ty {
    while let Ty::Newtype(inner) = ty {
        ty = inner;
    }
    ty
}

/// The value that `data` is as another type; without data, whether there ever is one.
fn model(from: &Ty, data: Option<&Data>, to: &Ty) -> Result<Data, No> {
    let inside = || match data {
        Some(Data::Some(inner)) => Some(&**inner),
        _ => None,
    };
    let parts = || match data {
        Some(Data::Parts(parts)) => parts.iter().map(Some).collect(),
        _ => vec![None],
    };
    match (from, to) {
        (Ty::Newtype(from), Ty::Newtype(to)) => Ok(Data::some(model(from, inside(), to)?)),
        (Ty::Option(from), Ty::Option(to)) => match data {
            Some(Data::None) => Ok(Data::None),
            _ => Ok(Data::some(model(from, inside(), to)?)),
        },
        (_, Ty::Option(to)) if !matches!(innermost(from), Ty::Option(_)) => {
            Ok(Data::some(model(from, data, to)?))
        }
        (Ty::Newtype(from), Ty::Struct(fields))
            if fields.len() == 1 && !matches!(innermost(from), Ty::Struct(_)) =>
        {
            Ok(Data::Parts(vec![model(from, inside(), &fields[0].ty)?]))
        }
        (Ty::Newtype(from), _) => model(from, inside(), to),
        (Ty::Struct(fields), Ty::Newtype(to))
            if fields.len() == 1 && !matches!(innermost(to), Ty::Struct(_)) =>
        {
            let data = match data {
                Some(Data::Parts(parts)) => parts.first(),
                _ => None,
            };
            Ok(Data::some(model(&fields[0].ty, data, to)?))
        }
        (_, Ty::Newtype(to)) => Ok(Data::some(model(from, data, to)?)),
        (Ty::Boxed(from), Ty::Boxed(to)) => Ok(Data::some(model(from, inside(), to)?)),
        (Ty::List(from), Ty::List(to)) => all(parts(), |data| model(from, data, to)),
        (Ty::Array(from, left), Ty::Array(to, right)) if left == right => {
            all(parts(), |data| model(from, data, to))
        }
        (Ty::Set(from), Ty::Set(to)) => all(parts(), |data| number(*from, data, *to)),
        (Ty::Map(from_key, from), Ty::Map(to_key, to)) => match data {
            Some(Data::Entries(entries)) => {
                let entry = |(key, value): &(Data, Data)| {
                    Ok((number(*from_key, Some(key), *to_key)?, model(from, Some(value), to)?))
                };
                Ok(Data::Entries(entries.iter().map(entry).collect::<Result<_, No>>()?))
            }
            _ => number(*from_key, None, *to_key).and(model(from, None, to)),
        },
        (Ty::Tuple(from), Ty::Tuple(to)) => {
            let named = |(at, ty): (usize, &Ty)| Field {
                name: at.to_string(),
                alias: None,
                default: false,
                ty: ty.clone(),
            };
            let of = |parts: &[Ty]| parts.iter().enumerate().map(named).collect::<Vec<_>>();
            Ok(Data::Parts(fields(&of(from), parts(), &of(to))?))
        }
        (Ty::Struct(from), Ty::Struct(to)) => Ok(Data::Parts(fields(from, parts(), to)?)),
        (Ty::Enum(from), Ty::Enum(to)) => {
            let position = |name: &str| to.iter().position(|(own, ..)| own == name);
            match data {
                Some(Data::Variant(at, parts)) => {
                    let target = position(&from[*at].0).ok_or(No::NotThis)?;
                    let parts = fields(&from[*at].2, parts.iter().map(Some).collect(), &to[target].2)?;
                    Ok(Data::Variant(target, parts))
                }
                _ => {
                    for (name, _, own) in from {
                        if let Some(target) = position(name) {
                            fields(own, vec![None; own.len()], &to[target].2)?;
                        }
                    }
                    Ok(Data::None)
                }
            }
        }
        (Ty::Num(from), Ty::Num(to)) => number(*from, data, *to),
        (from, to) if from == to => Ok(data.cloned().unwrap_or(Data::None)),
        _ => Err(No::Never),
    }
}

fn all(parts: Vec<Option<&Data>>, each: impl Fn(Option<&Data>) -> Result<Data, No>) -> Result<Data, No> {
    Ok(Data::Parts(parts.into_iter().map(each).collect::<Result<_, No>>()?))
}

fn fields(from: &[Field], parts: Vec<Option<&Data>>, to: &[Field]) -> Result<Vec<Data>, No> {
    let part = |at: usize| parts.get(at).copied().flatten();
    let by_name = |name: &str| from.iter().position(|field| field.name == name);
    let taken: Vec<Option<usize>> = to.iter().map(|field| by_name(&field.name)).collect();
    let each = |(field, own): (&Field, &Option<usize>)| {
        let alias = field.alias.as_deref().and_then(by_name).filter(|at| !taken.contains(&Some(*at)));
        let Some(at) = own.or(alias) else {
            return match (default(field), innermost(&field.ty)) {
                (Some(default), _) => Ok(default),
                (None, Ty::Option(_)) => Ok(empty(&field.ty)),
                _ => Err(No::Never),
            };
        };
        match (&from[at].ty, default(field)) {
            (Ty::Option(inner), Some(default)) => match part(at) {
                Some(Data::None) => Ok(default),
                Some(Data::Some(data)) => model(inner, Some(data), &field.ty),
                _ => model(inner, None, &field.ty),
            },
            (ty, _) => model(ty, part(at), &field.ty),
        }
    };
    to.iter().zip(&taken).map(each).collect()
}

/// None, in as many newtypes as the type has around its option.
fn empty(ty: &Ty) -> Data {
    match ty {
        Ty::Newtype(inner) => Data::some(empty(inner)),
        _ => Data::None,
    }
}

fn number(from: Kind, data: Option<&Data>, to: Kind) -> Result<Data, No> {
    let (small, large) = (from.fixed_bytes(), to.fixed_bytes());
    let bits = small * 8 - usize::from(from.is_signed());
    let is_float = |kind: Kind| matches!(kind, Kind::F32 | Kind::F64);
    let exact = match (is_float(from), is_float(to)) {
        (true, true) => large >= small,
        (true, false) => false,
        (false, true) => bits <= if to == Kind::F32 { 24 } else { 53 },
        (false, false) => from == to || (large > small && (to.is_signed() || from.is_unsigned())),
    };
    if !exact {
        return Err(No::Never);
    }
    let value = match data {
        Some(Data::Int(number)) => (*number, *number as f64),
        Some(Data::Uint(number)) => (*number as i128, *number as f64),
        Some(Data::F32(number)) => (0, f64::from(*number)),
        Some(Data::F64(number)) => (0, *number),
        _ => return Ok(Data::None),
    };
    Ok(match to {
        Kind::F32 => Data::F32(value.1 as f32),
        Kind::F64 => Data::F64(value.1),
        to if to.is_signed() => Data::Int(value.0),
        _ => Data::Uint(value.0 as u128),
    })
}

trait FixedBytes {
    fn fixed_bytes(self) -> usize;
}

impl FixedBytes for Kind {
    fn fixed_bytes(self) -> usize {
        Descriptor::scalar(self)
            .kind()
            .name()
            .trim_start_matches(['u', 'i', 'f'])
            .parse::<usize>()
            .unwrap_or(8)
            / 8
    }
}

#[test]
fn what_can_be_read_and_how_is_what_the_model_says() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (mut compatible, mut refused, mut not_these) = (0, 0, 0);
    for seed in 0..cases() {
        let mut random = Random(seed);
        let old = Ty::Struct(random.fields(3));
        let new = match random.change(&old) {
            Ty::Struct(fields) => Ty::Struct(fields),
            _ => continue,
        };
        let (from, to) = (schema(&old, 1)?, schema(&new, 2)?);
        let evolution = Evolution::between(&from, &to);
        let possible = model(&old, None, &new);
        assert_eq!(evolution.is_ok(), possible.is_ok(), "seed {seed}: {evolution:?}\n{from}\n{to}");
        if possible.is_err() {
            refused += 1;
            continue;
        }
        compatible += 1;
        let values: Vec<Data> = (0..6).map(|_| random.data(&old)).collect();
        let path = folder.path().join(format!("{seed}.hydra"));
        let mut writer = Writer::create(&path)?;
        let table = writer.dynamic_table(&from)?;
        for data in &values {
            writer.append_value(table, Dynamic::new(from.clone().into(), data.clone())?.value())?;
        }
        writer.dynamic_table_named("Row", &to)?;
        writer.finish()?;
        let table = Reader::open(&path)?.dynamic_table("Row")?;
        assert!(table.schema().is_identical(&to), "seed {seed}");
        for (at, data) in values.iter().enumerate() {
            match (model(&old, Some(data), &new), table.get(at as u64)) {
                (Ok(expected), Ok(record)) => {
                    let expected = Dynamic::new(to.clone().into(), expected)?;
                    assert_eq!(record.value(), expected.value(), "seed {seed}: {data:?}\n{from}\n{to}");
                }
                (Err(No::NotThis), Err(error)) => {
                    assert_eq!(error.kind(), ErrorKind::UnknownVariant, "seed {seed}");
                    not_these += 1;
                }
                (expected, got) => panic!("seed {seed}: {expected:?}, {:?}\n{from}\n{to}", got.err()),
            }
        }
        std::fs::remove_file(&path)?;
    }
    println!("{compatible} compatible, {refused} refused, {not_these} values without a counterpart");
    assert!(compatible > 100 && refused > 50 && not_these > 10);
    Ok(())
}

/// How many pairs: more with HYDRA_CASES.
fn cases() -> u64 {
    std::env::var("HYDRA_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(600)
}
