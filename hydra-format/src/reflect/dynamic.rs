//! Values whose type exists only as a schema: owned trees of data, checked against that schema.

use super::encode::{image, too_deep};
use super::path::{PathSegment, PathStack};
use super::types::Type;
use super::value::{MAX_NESTING, Repr};
use super::{Scalar, Value, ValueMut, compare_keys};
use crate::layout::rows::MAX_DEPTH;
use crate::schema::{Field, Form, Kind, Schema, is_duration, is_timestamp};
use crate::{Error, ErrorKind, Result};
use std::sync::Arc;

/// The parts of a value that exists only as data.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Data {
    /// Unit.
    Unit,
    /// Bool.
    Bool(bool),
    /// Char.
    Char(char),
    /// Signed integers of any width.
    Int(i128),
    /// Unsigned integers of any width.
    Uint(u128),
    /// f32.
    F32(f32),
    /// f64.
    F64(f64),
    /// String.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// No value of an option.
    None,
    /// The value of an option; the inner value of a box or newtype.
    Some(Box<Data>),
    /// Elements of a list or array; fields of a struct or tuple; members of a set.
    Parts(Vec<Data>),
    /// An enum: position of the variant, and its fields.
    Variant(usize, Vec<Data>),
    /// Entries of a map.
    Entries(Vec<(Data, Data)>),
}

/// A value whose type exists only as a schema.
///
/// ```
/// use hydra::{Dynamic, Schema, reflect::Data};
/// let schema = Schema::of::<(u8, Vec<String>)>();
/// let data = Data::parts([Data::from(7u8), Data::parts(["a", "b"])]);
/// let dynamic = Dynamic::new(schema.into(), data)?;
/// assert_eq!(dynamic.value().path("1[-1]")?.get::<&str>()?, "b");
/// assert_eq!(dynamic.value().to::<(u8, Vec<String>)>()?, (7, vec!["a".to_string(), "b".to_string()]));
/// # Ok::<(), hydra::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dynamic {
    pub(super) schema: Arc<Schema>,
    /// In the form of its type.
    pub(super) data: Data,
}

impl Dynamic {
    /// A value of the schema's root type. Integers may come as signed or unsigned; entries of maps and members of
    /// sets in any order.
    ///
    /// # Errors
    /// `WrongKind` or `OutOfRange` with the path where the data is not of its type, `CannotEncode` for equal keys, `TooDeep`.
    pub fn new(schema: Arc<Schema>, mut data: Data) -> Result<Dynamic> {
        let checked = check(&mut data, Type::new(schema.root(), Some(&schema)), Depth::default());
        checked.map_err(|error| error.or_help("Data lists what values of each kind are made of"))?;
        Ok(Dynamic { schema, data })
    }

    /// An owned copy of any value; live values are copied as they are stored.
    pub fn from_value(value: Value<'_>) -> Result<Dynamic> {
        let ty = value.typed();
        let data = match value.0 {
            Repr::Encoded { own: None, .. } => return Err(value.wrong_kind("")),
            Repr::Live(..) | Repr::Encoded { .. } => {
                data_of(Value::stored(image(value)?.at(), ty.ty, ty.schema), 0)?
            }
            Repr::Data { data, .. } => data.clone(),
            Repr::Stored { .. } => data_of(value, 0)?,
        };
        Ok(Dynamic { schema: Arc::new(Schema::of_type(ty.ty, ty.schema)?), data })
    }

    /// A record of this schema.
    pub(crate) fn of_record(record: Value<'_>, schema: Arc<Schema>) -> Result<Dynamic> {
        Ok(Dynamic { data: data_of(record, 0)?, schema })
    }

    /// The value, to look at.
    pub fn value(&self) -> Value<'_> {
        Value::data(&self.data, self.schema.root(), &self.schema)
    }

    /// The value, to be changed.
    pub fn value_mut(&mut self) -> ValueMut<'_> {
        ValueMut::data(&mut self.data, Type::new(self.schema.root(), Some(&self.schema)))
    }

    /// Its schema.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Its data: integers as the type has them, entries and members in order.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// Its data, to be changed and checked again by [`Dynamic::new`].
    pub fn into_data(self) -> Data {
        self.data
    }
}

impl PartialEq for Dynamic {
    fn eq(&self, other: &Dynamic) -> bool {
        self.value() == other.value()
    }
}

impl std::fmt::Display for Dynamic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.value().fmt(f)
    }
}

impl Value<'_> {
    /// An owned copy; live values are copied as they are stored.
    pub fn to_dynamic(self) -> Result<Dynamic> {
        Dynamic::from_value(self)
    }
}

pub(super) fn data_of(value: Value<'_>, depth: usize) -> Result<Data> {
    if depth > MAX_NESTING {
        return Err(too_deep());
    }
    let of = |part: Value<'_>| data_of(part, depth.saturating_add(1));
    let parts = || value.parts().map(|(_, part)| of(part)).collect::<Result<Vec<_>>>();
    Ok(match value.scalar() {
        Scalar::Unit => Data::Unit,
        Scalar::Bool(it) => Data::Bool(it),
        Scalar::Char(c) => Data::Char(c),
        Scalar::Int(number) => Data::Int(number),
        Scalar::Uint(number) => Data::Uint(number),
        Scalar::F32(number) => Data::F32(number),
        Scalar::F64(number) => Data::F64(number),
        Scalar::Str(text) => Data::Str(text.to_string()),
        Scalar::Bytes(bytes) => Data::Bytes(bytes.to_vec()),
        Scalar::None => match value.kind() {
            Kind::Option | Kind::Newtype | Kind::Box => match value.part(0) {
                Some(inner) => Data::Some(Box::new(of(inner)?)),
                None => Data::None,
            },
            Kind::Enum => match value.variant_index() {
                Some(index) => Data::Variant(index, parts()?),
                None => return Err(Error::new(ErrorKind::BadValue).expected("a known variant")),
            },
            Kind::Map => {
                let entries = value.entries()?.map(|(key, value)| Ok((of(key)?, of(value)?)));
                Data::Entries(entries.collect::<Result<_>>()?)
            }
            _ => Data::Parts(parts()?),
        },
    })
}

/// How deep a part is in its value.
#[derive(Clone, Copy, Default)]
pub(crate) struct Depth {
    /// Levels of nesting.
    pub(super) nesting: usize,
    /// References on the way.
    pub(super) references: u32,
}

/// Brings data into the form that a type has at this place, or says why it is none of its values.
pub(crate) fn check(data: &mut Data, ty: Type<'_>, place: Depth) -> Result<()> {
    Check { depth: place.references }.node(data, ty, &PathStack::at_depth(place.nesting))
}

/// Data against its type.
struct Check {
    depth: u32,
}

impl Check {
    fn node(&mut self, data: &mut Data, ty: Type<'_>, stack: &PathStack<'_>) -> Result<()> {
        let kind = ty.kind();
        stack.within_limit().map_err(|error| error.path(stack.path()))?;
        match (kind, &mut *data) {
            (Kind::Unit, Data::Unit) | (Kind::Bool, Data::Bool(_)) | (Kind::Char, Data::Char(_)) => Ok(()),
            (Kind::F32, Data::F32(_)) | (Kind::F64, Data::F64(_)) | (Kind::String, Data::Str(_)) => Ok(()),
            (Kind::Bytes | Kind::Opaque, Data::Bytes(_)) | (Kind::Option, Data::None) => Ok(()),
            (_, Data::Int(_) | Data::Uint(_)) if kind.is_integer() => {
                *data = integer(data, ty).map_err(|error| error.path(stack.path()))?;
                Ok(())
            }
            (Kind::Option, Data::Some(inner)) => self.node(inner, ty.element(), &stack.to(PathSegment::Some)),
            (Kind::Newtype, Data::Some(inner)) => {
                self.node(inner, ty.element(), &stack.to(PathSegment::Inner))
            }
            (Kind::Box, Data::Some(inner)) => {
                self.nested(stack, |check| check.node(inner, ty.element(), &stack.to(PathSegment::Inner)))
            }
            (Kind::List, Data::Parts(parts)) => self.nested(stack, |check| check.elements(parts, ty, stack)),
            (Kind::Array, Data::Parts(parts)) if parts.len() as u64 == ty.count() => {
                self.elements(parts, ty, stack)
            }
            (Kind::Set, Data::Parts(members)) => {
                self.nested(stack, |check| check.elements(members, ty, stack))?;
                sort(members, |member| member, ty.element(), stack)
            }
            (Kind::Map, Data::Entries(entries)) => {
                self.nested(stack, |check| check.entries(entries, ty, stack))?;
                sort(entries, |entry| &entry.0, ty.key(), stack)
            }
            (Kind::Tuple | Kind::Struct, Data::Parts(parts)) if parts.len() == ty.ty.fields().len() => {
                self.fields(parts, ty.ty.fields(), ty, stack)
            }
            (Kind::Enum, Data::Variant(index, parts)) => match ty.ty.variants().get(*index) {
                Some(variant) if parts.len() == variant.fields().len() => {
                    self.fields(parts, variant.fields(), ty, &stack.to(PathSegment::Variant(variant.name())))
                }
                _ => Err(wrong(data, ty, stack)),
            },
            _ => Err(wrong(data, ty, stack)),
        }
    }

    /// What is behind a reference.
    fn nested(&mut self, stack: &PathStack<'_>, check: impl FnOnce(&mut Check) -> Result<()>) -> Result<()> {
        let depth = self.depth;
        if depth >= MAX_DEPTH {
            return Err(Error::new(ErrorKind::TooDeep).path(stack.path()));
        }
        self.depth = depth.saturating_add(1);
        check(self)?;
        self.depth = depth;
        Ok(())
    }

    fn elements(&mut self, parts: &mut [Data], ty: Type<'_>, stack: &PathStack<'_>) -> Result<()> {
        let element = ty.element();
        let mut parts = parts.iter_mut().enumerate();
        parts.try_for_each(|(index, part)| self.node(part, element, &stack.to(PathSegment::Index(index))))
    }

    fn entries(&mut self, entries: &mut [(Data, Data)], ty: Type<'_>, stack: &PathStack<'_>) -> Result<()> {
        for (index, (key, value)) in entries.iter_mut().enumerate() {
            let stack = stack.to(PathSegment::Index(index));
            self.node(key, ty.key(), &stack)?;
            self.node(value, ty.element(), &stack)?;
        }
        Ok(())
    }

    fn fields(
        &mut self,
        parts: &mut [Data],
        fields: &[Field],
        ty: Type<'_>,
        stack: &PathStack<'_>,
    ) -> Result<()> {
        let mut parts = parts.iter_mut().zip(fields);
        parts.try_for_each(|(part, field)| {
            self.node(part, ty.resolve(field.ty()), &stack.to(PathSegment::Field(field.name())))
        })
    }
}

#[cold]
fn wrong(data: &Data, ty: Type<'_>, stack: &PathStack<'_>) -> Error {
    let count = |count: usize, what: &str| format!("{count} {what}");
    let found = match data {
        Data::Parts(parts) => count(parts.len(), "parts"),
        Data::Entries(entries) => count(entries.len(), "entries"),
        Data::Variant(index, fields) => format!("variant {index} with {} fields", fields.len()),
        Data::Some(_) => "a value within another".to_string(),
        other => format!("{other:?}"),
    };
    let expected = match ty.kind() {
        Kind::Array => format!("array of {} elements", ty.count()),
        Kind::Struct | Kind::Tuple => format!("{} of {} fields", ty.ty.name(), ty.ty.fields().len()),
        _ => ty.ty.name().to_string(),
    };
    Error::new(ErrorKind::WrongKind).expected(expected).found(found).path(stack.path())
}

/// Sorts by key, and refuses equal ones.
pub(super) fn sort<T>(
    items: &mut [T],
    key: impl Fn(&T) -> &Data,
    ty: Type<'_>,
    stack: &PathStack<'_>,
) -> Result<()> {
    fn value<'a>(data: &'a Data, ty: Type<'a>) -> Value<'a> {
        Value(Repr::Data { data, ty })
    }
    let compare = |left: &T, right: &T| compare_keys(value(key(left), ty), value(key(right), ty));
    items.sort_by(compare);
    let twice = items.windows(2).find_map(|pair| match pair {
        [left, right] if compare(left, right).is_eq() => Some(value(key(left), ty)),
        _ => None,
    });
    match twice {
        Some(key) => Err(Error::new(ErrorKind::CannotEncode)
            .what("two keys of a map or set are equal")
            .found(format!("{key} twice"))
            .help("give each key once")
            .path(stack.path())),
        None => Ok(()),
    }
}

/// An integer as its kind has it, if it is one of its values.
pub(super) fn integer(data: &Data, ty: Type<'_>) -> Result<Data> {
    let kind = ty.kind();
    let (signed, unsigned) = match data {
        Data::Int(number) => (Some(*number), u128::try_from(*number).ok()),
        Data::Uint(number) => (i128::try_from(*number).ok(), Some(*number)),
        _ => (None, None),
    };
    let number = if kind.is_signed() {
        signed.filter(|&number| kind.holds(number)).map(Data::Int)
    } else {
        unsigned.filter(|&number| kind.holds(number.cast_signed())).map(Data::Uint)
    };
    let number = number.filter(|number| !(ty.is_nonzero() && matches!(number, Data::Int(0) | Data::Uint(0))));
    let number = number.filter(|number| match (number, ty.form()) {
        (Data::Int(number), Form::Timestamp { exponent: -9 }) => is_timestamp(number.cast_unsigned()),
        (Data::Uint(number), Form::Duration { exponent: -9 }) => is_duration(*number),
        _ => true,
    });
    number.ok_or_else(|| {
        let found = signed.map(|n| n.to_string()).or(unsigned.map(|n| n.to_string())).unwrap_or_default();
        let nonzero = if ty.is_nonzero() { " that is not 0" } else { "" };
        Error::new(ErrorKind::OutOfRange).expected(format!("{}{nonzero}", kind.name())).found(found)
    })
}

impl Data {
    /// Elements, fields or members.
    pub fn parts<T: Into<Data>>(parts: impl IntoIterator<Item = T>) -> Data {
        Data::Parts(parts.into_iter().map(Into::into).collect())
    }

    /// Entries of a map.
    pub fn entries<K: Into<Data>, V: Into<Data>>(entries: impl IntoIterator<Item = (K, V)>) -> Data {
        Data::Entries(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }

    /// The value of an option; what a box or newtype holds.
    pub fn some(value: impl Into<Data>) -> Data {
        Data::Some(Box::new(value.into()))
    }

    pub(super) fn scalar(&self) -> Scalar<'_> {
        match self {
            Data::Unit => Scalar::Unit,
            Data::Bool(it) => Scalar::Bool(*it),
            Data::Char(c) => Scalar::Char(*c),
            Data::Int(number) => Scalar::Int(*number),
            Data::Uint(number) => Scalar::Uint(*number),
            Data::F32(number) => Scalar::F32(*number),
            Data::F64(number) => Scalar::F64(*number),
            Data::Str(text) => Scalar::Str(text),
            Data::Bytes(bytes) => Scalar::Bytes(bytes),
            _ => Scalar::None,
        }
    }
}

macro_rules! from {
    ($($ty:ty => |$it:ident| $data:expr;)*) => {$(
        impl From<$ty> for Data {
            fn from($it: $ty) -> Data {
                $data
            }
        }
    )*};
}
macro_rules! from_integers {
    ($($ty:ty)* => $variant:ident) => { from! {$($ty => |number| Data::$variant(number.into());)*} };
}
from_integers!(i8 i16 i32 i64 i128 => Int);
from_integers!(u8 u16 u32 u64 u128 => Uint);
from! {
    () => |_unit| Data::Unit;
    bool => |it| Data::Bool(it);
    char => |c| Data::Char(c);
    f32 => |number| Data::F32(number);
    f64 => |number| Data::F64(number);
    String => |text| Data::Str(text);
    &str => |text| Data::Str(text.to_string());
    &[u8] => |bytes| Data::Bytes(bytes.to_vec());
}
