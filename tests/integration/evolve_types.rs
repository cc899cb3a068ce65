//! Random types, random changes of them, and random values: for models of types that change.

use hydra::reflect::Data;
use hydra::schema::{DefaultImage, Note, Style, TypeRef};
use hydra::{Descriptor, Kind, Result, Schema};

/// A type in the model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ty {
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
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) alias: Option<String>,
    pub(crate) default: bool,
    pub(crate) ty: Ty,
}

/// Returns the variant marked for unknown ones.
pub(crate) const OTHER: &str = "Other";

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

pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }

    pub(crate) fn one_in(&mut self, chances: usize) -> bool {
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
                let other = self.one_in(2).then(|| (OTHER.to_string(), 60, vec![]));
                let variant = |at: usize, random: &mut Random| {
                    let fields = if random.one_in(2) { vec![] } else { random.fields(depth - 1) };
                    (format!("V{at}"), at as i128 * 3, fields)
                };
                Ty::Enum((0..count).map(|at| variant(at, self)).chain(other).collect())
            }
        }
    }

    pub(crate) fn fields(&mut self, depth: usize) -> Vec<Field> {
        let count = 1 + self.below(4);
        (0..count)
            .map(|at| Field { name: format!("f{at}"), alias: None, default: false, ty: self.ty(depth) })
            .collect()
    }

    /// Returns another generation of a type.
    pub(crate) fn change(&mut self, ty: &Ty) -> Ty {
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
                        (name.clone(), if self.one_in(8) && *tag < 100 { tag + 100 } else { *tag }, fields)
                    })
                    .collect();
                if self.one_in(4) && !changed.iter().any(|(name, ..)| name == "Fresh") {
                    changed.push(("Fresh".into(), 50, vec![]));
                }
                if self.one_in(5) && changed.len() > 1 {
                    changed.remove(self.below(changed.len()));
                }
                if self.one_in(5) {
                    changed.rotate_left(1);
                }
                if self.one_in(6) && !changed.iter().any(|(name, ..)| name == OTHER) {
                    changed.push((OTHER.to_string(), 60, vec![]));
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
            // Sometimes a default for an option.
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
            let taken = |name: &String| changed.iter().chain(fields).any(|field| field.name == *name);
            let mut names = (0..).map(|at| format!("added{at}"));
            let name = names.find(|name| !taken(name)).unwrap_or_default();
            changed.insert(at, Field { name, alias: None, default, ty });
        }
        if self.one_in(4) && !changed.is_empty() {
            changed.rotate_left(1);
        }
        changed
    }

    pub(crate) fn data(&mut self, ty: &Ty) -> Data {
        match ty {
            Ty::Num(Kind::F32) => Data::F32(self.below(1000) as f32 / 8.0),
            Ty::Num(Kind::F64) => Data::F64(self.below(1000) as f64 / 8.0),
            Ty::Num(kind) => self.integer(*kind),
            Ty::Bool => Data::Bool(self.one_in(2)),
            Ty::Text => match self.below(8) {
                0 => Data::from(format!("V{}", self.below(3))),
                1 => Data::from(OTHER),
                count => Data::Str("né".repeat(count - 2)),
            },
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
    let default = Note::Default(DefaultImage::stored(text_offset, image[64..].to_vec()));
    alias.chain(field.default.then_some(default)).collect()
}

pub(crate) fn schema(ty: &Ty, version: u32) -> Result<Schema> {
    let mut types = Vec::new();
    flatten(ty, &mut types);
    types[0] = types[0].clone().with_notes(vec![Note::Version(version)]);
    let plain = Schema::new(types)?;
    // Schemas made at run time have no notes in variants, so the mark for unknown variants is added to the
    // bytes (section 6.4).
    let mut notes: Vec<Vec<u8>> = Vec::new();
    let mut rest = &plain.notes()[4..];
    while let Some((length, more)) = rest.split_first_chunk::<4>() {
        let (note, more) = more.split_at(u32::from_le_bytes(*length) as usize);
        notes.push(note.to_vec());
        rest = more;
    }
    for (at, ty) in plain.types().iter().enumerate() {
        if let Some(variant) = ty.variants().iter().position(|variant| variant.name() == OTHER) {
            let place = [&(at as u32).to_le_bytes()[..], &(variant as u16 + 1).to_le_bytes(), &[0, 0, 10]];
            notes.push(place.concat());
        }
    }
    let place = |note: &Vec<u8>| (note[..4].to_vec(), note[4..6].to_vec(), note[6..8].to_vec());
    notes.sort_by_key(|note| {
        let (ty, variant, field) = place(note);
        (u32::from_le_bytes(ty.try_into().unwrap()), variant[0], variant[1], field[0], field[1])
    });
    let mut bytes = (notes.len() as u32).to_le_bytes().to_vec();
    for note in notes {
        bytes.extend((note.len() as u32).to_le_bytes());
        bytes.extend(note);
    }
    Schema::decode(plain.core(), &bytes)
}
