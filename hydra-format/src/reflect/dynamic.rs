//! Values whose type exists only as a schema: owned trees of data that are checked against the schema.

use super::encode::image;
use super::fit::Fit;
use super::path::{PathSegment, PathStack};
use super::types::Type;
use super::value::Repr;
use super::{Scalar, Value, ValueMut, compare_keys};
use crate::layout::rows::MAX_DEPTH;
use crate::schema::{Field, Form, Kind, Schema, is_duration, is_timestamp};
use crate::{Error, ErrorKind, Result};
use std::sync::Arc;

/// The content of a value that exists only as data.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Data {
    /// Unit.
    #[default]
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
    /// An option without a value.
    None,
    /// The value of an option, or the content of a box or newtype.
    Some(Box<Data>),
    /// The elements of a list or array, the fields of a struct or tuple, or the members of a set.
    Parts(Vec<Data>),
    /// An enum: the position of the variant, and its fields.
    Variant(usize, Vec<Data>),
    /// The entries of a map.
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
    /// The data, normalized to the type.
    pub(super) data: Data,
}

impl Dynamic {
    /// Makes a value of the schema's root type. Integers may be given as signed or unsigned, and entries of
    /// maps and members of sets in any order.
    ///
    /// # Errors
    /// `WrongKind` or `OutOfRange` with the path if the data does not match the type, `CannotEncode` for
    /// equal keys, `TooDeep`.
    pub fn new(schema: Arc<Schema>, mut data: Data) -> Result<Dynamic> {
        let checked = check(&mut data, Type::root(&schema), Depth::default());
        checked.map_err(|error| error.or_help("see the variants of `Data` for the content of each kind"))?;
        Ok(Dynamic { schema, data })
    }

    /// Makes a copy of a record of this schema.
    pub(crate) fn of_record(record: Value<'_>, schema: Arc<Schema>) -> Result<Dynamic> {
        Ok(Dynamic { data: data_of(record)?, schema })
    }

    /// Returns the value for reading.
    pub fn value(&self) -> Value<'_> {
        Value::data(&self.data, Type::root(&self.schema))
    }

    /// Returns the value for changing it.
    pub fn value_mut(&mut self) -> ValueMut<'_> {
        ValueMut::data(&mut self.data, Type::root(&self.schema))
    }

    /// Returns the schema.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Returns the data: integers have the sign of their type, and entries and members are sorted.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// Returns the data for changing it. [`Dynamic::new`] checks it again.
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
    /// Returns an owned copy. A live value is copied in its stored form.
    pub fn to_dynamic(self) -> Result<Dynamic> {
        let ty = self.typed();
        let data = match self.0 {
            Repr::Encoded { own: None, .. } => return Err(self.wrong_kind("")),
            Repr::Live(..) | Repr::Encoded { .. } => {
                data_of(Value::stored(image(self)?.at(), ty.ty, ty.schema))?
            }
            Repr::Data { data, .. } => data.clone(),
            Repr::Stored { .. } => data_of(self)?,
        };
        Ok(Dynamic { schema: Arc::new(Schema::of_type(ty.ty, ty.schema)?), data })
    }
}

/// Returns a stored value as data of its own type.
pub(super) fn data_of(stored: Value<'_>) -> Result<Data> {
    Fit::SHAPE.value(stored, stored.typed(), &PathStack::ROOT)
}

/// The depth of a part within its value.
#[derive(Clone, Copy, Default)]
pub(crate) struct Depth {
    /// Levels of nesting.
    pub(super) nesting: usize,
    /// References passed through.
    pub(super) references: u32,
}

/// Normalizes data to a type at this place, or returns an error if it does not match the type.
pub(crate) fn check(data: &mut Data, ty: Type<'_>, place: Depth) -> Result<()> {
    check_part(data, ty, &PathStack::at_depth(place.nesting), place.references)
}

fn check_part(data: &mut Data, ty: Type<'_>, stack: &PathStack<'_>, references: u32) -> Result<()> {
    stack.within_limit()?;
    let kind = ty.kind();
    let refers = matches!(kind, Kind::Box | Kind::List | Kind::Set | Kind::Map);
    let references = references.saturating_add(refers.into());
    if references > MAX_DEPTH {
        return Err(Error::new(ErrorKind::TooDeep).path(stack.path()));
    }
    let part = |part: &mut Data, ty, segment| check_part(part, ty, &stack.to(segment), references);
    match (kind, &mut *data) {
        (Kind::Unit, Data::Unit) | (Kind::Bool, Data::Bool(_)) | (Kind::Char, Data::Char(_)) => Ok(()),
        (Kind::F32, Data::F32(_)) | (Kind::F64, Data::F64(_)) | (Kind::String, Data::Str(_)) => Ok(()),
        (Kind::Bytes | Kind::Opaque, Data::Bytes(_)) | (Kind::Option, Data::None) => Ok(()),
        (_, Data::Int(_) | Data::Uint(_)) if kind.is_integer() => {
            *data = integer(data, ty).map_err(|error| error.path(stack.path()))?;
            Ok(())
        }
        (Kind::Option, Data::Some(inner)) => part(inner, ty.element(), PathSegment::Some),
        (Kind::Newtype | Kind::Box, Data::Some(inner)) => part(inner, ty.element(), PathSegment::Inner),
        (Kind::List | Kind::Array | Kind::Set, Data::Parts(parts))
            if kind != Kind::Array || parts.len() as u64 == ty.count() =>
        {
            let element = ty.element();
            let mut elements = parts.iter_mut().enumerate();
            elements.try_for_each(|(index, data)| part(data, element, PathSegment::Index(index)))?;
            if kind == Kind::Set { sort(parts, |member| member, element, stack) } else { Ok(()) }
        }
        (Kind::Map, Data::Entries(entries)) => {
            for (index, (key, value)) in entries.iter_mut().enumerate() {
                part(key, ty.key(), PathSegment::Index(index))?;
                part(value, ty.element(), PathSegment::Index(index))?;
            }
            sort(entries, |entry| &entry.0, ty.key(), stack)
        }
        (Kind::Tuple | Kind::Struct, Data::Parts(parts)) if parts.len() == ty.ty.fields().len() => {
            check_fields(parts, ty.ty.fields(), ty, stack, references)
        }
        (Kind::Enum, Data::Variant(index, parts)) => match ty.ty.variants().get(*index) {
            Some(variant) if parts.len() == variant.fields().len() => {
                let stack = stack.to(PathSegment::Variant(variant.name()));
                check_fields(parts, variant.fields(), ty, &stack, references)
            }
            _ => Err(wrong(data, ty, stack)),
        },
        _ => Err(wrong(data, ty, stack)),
    }
}

fn check_fields(
    parts: &mut [Data],
    fields: &[Field],
    ty: Type<'_>,
    stack: &PathStack<'_>,
    references: u32,
) -> Result<()> {
    let mut parts = parts.iter_mut().zip(fields);
    parts.try_for_each(|(part, field)| {
        let stack = stack.to(PathSegment::Field(field.name()));
        check_part(part, ty.resolve(field.ty()), &stack, references)
    })
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

/// Sorts items by key. Returns an error if two keys are equal.
pub(super) fn sort<T>(
    items: &mut [T],
    key: fn(&T) -> &Data,
    ty: Type<'_>,
    stack: &PathStack<'_>,
) -> Result<()> {
    let compare = |left: &T, right: &T| compare_keys(Value::data(key(left), ty), Value::data(key(right), ty));
    items.sort_by(compare);
    let twice = items.windows(2).find_map(|pair| match pair {
        [left, right] if compare(left, right).is_eq() => Some(Value::data(key(left), ty)),
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

/// Converts an integer to the representation of its kind, or returns an error if it is out of range.
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
    /// Makes elements, fields or members.
    pub fn parts<T: Into<Data>>(parts: impl IntoIterator<Item = T>) -> Data {
        Data::Parts(parts.into_iter().map(Into::into).collect())
    }

    /// Makes the entries of a map.
    pub fn entries<K: Into<Data>, V: Into<Data>>(entries: impl IntoIterator<Item = (K, V)>) -> Data {
        Data::Entries(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }

    /// Makes the value of an option, or the content of a box or newtype.
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
