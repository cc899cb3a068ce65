//! A reflected value: live, stored, or data. This file implements access to the parts of each representation;
//! the rest of the module builds on these few methods.

use super::entries::Entries;
use super::types::Type;
use super::{Data, Part, Parts, Reflect, Scalar};
use crate::layout::rows::{At, Hydra};
use crate::schema::{Descriptor, Field, Form, Kind, Schema, Variant, position};
use crate::{Error, ErrorKind, Result, memory};
use std::any::Any;

/// The maximum nesting that reflection follows, so that no file can exhaust a thread's stack. It leaves room
/// for a chain of 64 references, the maximum in a record, with three levels of structs, options and the like
/// before each.
pub(crate) const MAX_NESTING: usize = 256;

/// A value as data, comparable to Go's `reflect.Value`.
///
/// It represents a live Rust value, a record in a file (whether or not the program has its type), or a
/// [`Dynamic`](super::Dynamic). It borrows the value and is `Copy`. It is neither `Send` nor `Sync`, since it
/// erases the type of a live value.
///
/// Newtypes and boxes are transparent, except to [`Value::kind`], [`Value::ty`], [`Value::inner`], equality
/// and downcasts. Options are opened by `?` in a path, [`Value::inner`] and `get::<Option<_>>()`.
///
/// Operations on a whole value (text, serde, [`Value::walk`], encoding, copies) follow at most 256 levels.
/// Beyond that, text shows `..` and encoding fails with `TooDeep`. Equality and paths have no limit.
///
/// ```
/// use hydra::Value;
/// let pairs = vec![(1u32, "one".to_string()), (2, "two".to_string())];
/// let value = Value::of(&pairs);
/// assert_eq!(value.path("[-1].1")?.get::<&str>()?, "two");
/// assert_eq!(value.to_string(), r#"[(1, "one"), (2, "two")]"#);
/// # Ok::<(), hydra::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Value<'a>(pub(super) Repr<'a>);

/// The representation of a value.
#[derive(Clone, Copy)]
pub(super) enum Repr<'a> {
    /// A Rust value in memory, and its type.
    Live(&'a dyn Reflect, &'static Descriptor),
    /// A Rust value in memory whose stored form is another type. For a part, only its owner has the
    /// conversion. A transparent newtype has its own conversion, in `own`.
    Encoded { live: &'a dyn Any, own: Option<&'a dyn Reflect>, stored: &'static Descriptor },
    /// A value in a validated payload.
    Stored { at: At<'a>, ty: Type<'a> },
    /// A value that exists only as data.
    Data { data: &'a Data, ty: Type<'a> },
}

impl<'a> From<Part<'a>> for Value<'a> {
    #[inline]
    fn from(part: Part<'a>) -> Value<'a> {
        Value(match part {
            Part::Live(live, ty) => Repr::Live(live, ty),
            Part::Encoded { live, own, stored } => Repr::Encoded { live, own, stored },
        })
    }
}

impl<'a> Value<'a> {
    /// Returns the reflection of a live value.
    #[inline]
    pub fn of<T: Reflect>(value: &'a T) -> Value<'a> {
        Part::of(value).into()
    }

    #[inline]
    pub(super) fn live(live: &'a dyn Reflect) -> Value<'a> {
        Part::live(live).into()
    }

    /// Makes a value in a validated payload. Without a schema, its type is one of the program.
    pub(crate) fn stored(at: At<'a>, ty: &'a Descriptor, schema: Option<&'a Schema>) -> Value<'a> {
        Value(Repr::Stored { at, ty: Type::new(ty, schema) })
    }

    /// Makes a value from data that was checked against its type.
    pub(crate) fn data(data: &'a Data, ty: Type<'a>) -> Value<'a> {
        Value(Repr::Data { data, ty })
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn typed(self) -> Type<'a> {
        match self.0 {
            Repr::Live(_, ty) => Type::new(ty, None),
            Repr::Encoded { stored, .. } => Type::new(stored, None),
            Repr::Stored { ty, .. } | Repr::Data { ty, .. } => ty,
        }
    }

    /// Returns its type. References to other types in it are resolved by [`Value::schema`], if there is one.
    #[inline]
    pub fn ty(self) -> &'a Descriptor {
        self.typed().ty
    }

    /// Returns the schema that its type belongs to; `None` for a type of the program.
    #[inline]
    pub fn schema(self) -> Option<&'a Schema> {
        self.typed().schema
    }

    /// Returns its kind. A newtype or box has the kind `Newtype` or `Box`.
    #[inline]
    pub fn kind(self) -> Kind {
        self.ty().kind()
    }

    /// Returns the value as a scalar, without opening newtypes and boxes; `Scalar::None` if it has parts.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn scalar(self) -> Scalar<'a> {
        match self.0 {
            Repr::Live(value, _) => value.scalar(),
            Repr::Encoded { .. } => Scalar::None,
            Repr::Stored { at, ty } => match ty.kind() {
                Kind::String => Scalar::Str(at.str()),
                Kind::Bytes | Kind::Opaque => Scalar::Bytes(at.referenced(1).bytes()),
                kind => stored_scalar(at.bytes(), kind),
            },
            Repr::Data { data, .. } => data.scalar(),
        }
    }

    /// Returns the position of the present variant of an enum.
    pub(super) fn variant_index(self) -> Option<usize> {
        match self.0 {
            _ if self.kind() != Kind::Enum => None,
            Repr::Live(value, _) => Some(value.variant()),
            Repr::Encoded { .. } => None,
            Repr::Stored { at, ty } => ty.variant_of_tag(at.integer(ty.tag()?)),
            Repr::Data { data: Data::Variant(index, _), .. } => Some(*index),
            Repr::Data { .. } => None,
        }
    }

    pub(super) fn own_variant(self) -> Option<&'a Variant> {
        self.ty().variants().get(self.variant_index()?)
    }

    /// Returns the present variant of an enum.
    pub fn variant(self) -> Option<&'a Variant> {
        self.through().own_variant()
    }

    /// Returns its own fields, without opening newtypes and boxes.
    #[inline]
    pub(super) fn own_fields(self) -> &'a [Field] {
        match self.kind() {
            Kind::Struct | Kind::Tuple => self.ty().fields(),
            _ => self.loaded().variant_fields(),
        }
    }

    fn variant_fields(self) -> &'a [Field] {
        self.own_variant().map_or(&[], Variant::fields)
    }

    /// Returns the fields of a struct or tuple, or of the present variant of an enum; empty for other kinds.
    pub fn fields(self) -> &'a [Field] {
        self.through().own_fields()
    }

    /// Returns the number of its own parts, entries or members.
    pub(super) fn count(self) -> usize {
        match self.0 {
            Repr::Live(value, _) => value.count(),
            Repr::Encoded { .. } => 0,
            Repr::Stored { at, ty } => match ty.kind() {
                Kind::List | Kind::Set | Kind::Map => ty.run(at).count(),
                Kind::Array => ty.count() as usize,
                Kind::Option => usize::from(at.byte() != 0),
                Kind::Newtype | Kind::Box => 1,
                _ => self.own_fields().len(),
            },
            Repr::Data { data, .. } => match data {
                Data::Parts(parts) | Data::Variant(_, parts) => parts.len(),
                Data::Entries(entries) => entries.len(),
                Data::Some(_) => 1,
                _ => 0,
            },
        }
    }

    /// Returns its own part at `index`: a field, an element, a member, or the content of an option, newtype
    /// or box.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn part(self, index: usize) -> Option<Value<'a>> {
        match self.0 {
            Repr::Live(value, ty) if ty.kind() != Kind::Set => value.part(index).map(Value::from),
            Repr::Stored { at, ty } if matches!(ty.kind(), Kind::Struct | Kind::Tuple) => {
                let field = ty.ty.fields().get(index)?;
                let ty = ty.resolve(field.ty());
                Some(Value(Repr::Stored { at: at.part(field.offset(), ty.size()), ty }))
            }
            _ => self.loaded().other_part(index).map(Value::loaded),
        }
    }

    fn other_part(self, index: usize) -> Option<Value<'a>> {
        match self.0 {
            Repr::Live(value, _) => Some(value.entries().get(index)?.1.into()),
            Repr::Encoded { .. } => None,
            Repr::Stored { at, ty } => {
                let ty_of = self.part_type(index)?;
                let at = match ty.kind() {
                    Kind::List | Kind::Set | Kind::Box => ty.run(at).element(index, ty_of.size()),
                    Kind::Array => at.part(index.checked_mul(ty_of.size())?, ty_of.size()),
                    Kind::Option => at.part(ty.align(), ty_of.size()),
                    Kind::Newtype => at,
                    _ => at.part(self.own_fields().get(index)?.offset(), ty_of.size()),
                };
                Some(Value(Repr::Stored { at, ty: ty_of }))
            }
            Repr::Data { data, .. } => {
                let part = match data {
                    Data::Parts(parts) | Data::Variant(_, parts) => parts.get(index)?,
                    Data::Some(inner) => inner,
                    _ => return None,
                };
                Some(Value::data(part, self.part_type(index)?))
            }
        }
    }

    /// Returns the type of the part at `index`, if there is one.
    fn part_type(self, index: usize) -> Option<Type<'a>> {
        let ty = self.typed();
        match ty.kind() {
            Kind::Map => None,
            Kind::Struct | Kind::Tuple | Kind::Enum => Some(ty.resolve(self.own_fields().get(index)?.ty())),
            _ => (index < self.count()).then(|| ty.element()),
        }
    }

    /// Returns the stored bytes of the elements of a list or array, if the elements are contiguous in memory.
    pub(super) fn run_bytes(self) -> Option<&'a [u8]> {
        match self.0 {
            Repr::Live(value, _) => value.run(),
            Repr::Stored { at, ty } => match ty.kind() {
                Kind::List => Some(ty.run(at).bytes()),
                Kind::Array => {
                    Some(at.part(0, (ty.count() as usize).checked_mul(ty.element().size())?).bytes())
                }
                _ => None,
            },
            Repr::Encoded { .. } | Repr::Data { .. } => None,
        }
    }

    /// Returns the value inside newtypes and boxes.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn through(self) -> Value<'a> {
        if matches!(self.kind(), Kind::Newtype | Kind::Box) { self.loaded().behind().loaded() } else { self }
    }

    /// Returns the same value, taken apart and rebuilt. Use it around calls of functions that are not
    /// inlined, so that the callers keep the value in registers. A copy of the whole would go through memory
    /// and wait until all of it is written. It is not inlined in debug builds, where everything inlined into
    /// a recursive function costs stack at every level.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn loaded(self) -> Value<'a> {
        Value(match self.0 {
            Repr::Live(live, ty) => Repr::Live(live, ty),
            encoded @ Repr::Encoded { .. } => encoded,
            Repr::Stored { at, ty } => Repr::Stored { at: at.loaded(), ty: Type::new(ty.ty, ty.schema) },
            Repr::Data { data, ty } => Repr::Data { data, ty },
        })
    }

    fn behind(self) -> Value<'a> {
        let mut value = self;
        for _ in 0..MAX_NESTING {
            if !matches!(value.kind(), Kind::Newtype | Kind::Box) {
                break;
            }
            let Some(inner) = value.part(0) else { break };
            value = inner;
        }
        value
    }

    /// Returns true for an option without a value.
    pub fn is_none(self) -> bool {
        let value = self.through();
        value.kind() == Kind::Option && value.count() == 0 && !value.is_encoded()
    }

    /// Returns true for a part of a live value that is stored as another type. Only its type and
    /// [`Value::downcast_ref`] are available; [`Value::to_dynamic`] of the whole value shows the stored form.
    pub fn is_encoded(self) -> bool {
        matches!(self.0, Repr::Encoded { .. })
    }

    /// Returns the number of fields, elements, entries or members; for strings and bytes the number of bytes;
    /// 0 or 1 for an option.
    pub fn len(self) -> usize {
        let value = self.through();
        match value.scalar() {
            Scalar::Str(text) => text.len(),
            Scalar::Bytes(bytes) => bytes.len(),
            _ => value.count(),
        }
    }

    /// Returns true if [`Value::len`] is 0.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Returns the field with this name of a struct, of a tuple (`"0"`), or of the present variant of an
    /// enum.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn field(self, name: &str) -> Result<Value<'a>> {
        let value = self.through();
        let index = position(value.own_fields(), name);
        index.and_then(|index| value.part(index)).ok_or_else(|| value.loaded().no_field(name))
    }

    /// Returns its own field with this name, most likely the one at `index`.
    pub(super) fn field_near(self, index: usize, name: &str) -> Option<Value<'a>> {
        let fields = self.own_fields();
        let near = fields.get(index).is_some_and(|field| field.name() == name);
        self.part(if near { index } else { position(fields, name)? })
    }

    /// Returns the field at `index` of a struct, of a tuple, or of the present variant of an enum.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn field_at(self, index: usize) -> Result<Value<'a>> {
        let value = self.through();
        if !matches!(value.kind(), Kind::Struct | Kind::Tuple | Kind::Enum) {
            return Err(value.loaded().wrong_kind("a struct, tuple or enum"));
        }
        value.part(index).ok_or_else(|| value.loaded().no_index(index as i64))
    }

    /// Returns the element of a list or array or the member of a set at `index`, counted from the end if
    /// negative.
    pub fn at(self, index: i64) -> Result<Value<'a>> {
        let value = self.through();
        let position = value.index_position(index)?;
        value.part(position).ok_or_else(|| value.no_index(index))
    }

    /// Returns the position of its own element or member at `index`, counted from the end if negative.
    pub(super) fn index_position(self, index: i64) -> Result<usize> {
        if !matches!(self.kind(), Kind::List | Kind::Array | Kind::Set) {
            return Err(self.wrong_kind("a list, array or set"));
        }
        position_of(index, self.count()).ok_or_else(|| self.no_index(index))
    }

    /// Returns the content of an option, newtype or box. An option without a value is an error.
    pub fn inner(self) -> Result<Value<'a>> {
        if !matches!(self.kind(), Kind::Option | Kind::Newtype | Kind::Box) {
            return Err(self.wrong_kind("an option, newtype or box"));
        }
        self.part(0).ok_or_else(|| match self.is_encoded() {
            true => self.wrong_kind(""),
            false => Error::new(ErrorKind::NoSuchPath)
                .expected("a value in the option")
                .found("none")
                .help("check is_none() first"),
        })
    }

    /// Iterates over fields with their descriptors, elements, members, the content of an option, or the
    /// values of a map.
    pub fn parts(self) -> Parts<'a> {
        Parts::new(self.through())
    }

    /// Iterates over the entries of a map as (key, value), or the members of a set as (member, member), in
    /// the order of the keys.
    pub fn entries(self) -> Result<Entries<'a>> {
        let value = self.through();
        Entries::new(value).ok_or_else(|| value.wrong_kind("a map or set"))
    }

    /// Returns the live value itself if it has the type `T`.
    pub fn downcast_ref<T: 'static>(self) -> Option<&'a T> {
        match self.0 {
            Repr::Live(value, _) => (value as &dyn Any).downcast_ref(),
            Repr::Encoded { live, .. } => live.downcast_ref(),
            Repr::Stored { .. } | Repr::Data { .. } => None,
        }
    }

    /// Returns an owned `T` if the stored form of this value's type is exactly that of `T`.
    pub fn to<T: Hydra>(self) -> Result<T> {
        let target = Type::of::<T>();
        if self.is_encoded() || !self.typed().is_identical(target) {
            return Err(Error::new(ErrorKind::TypeMismatch)
                .instead("the value has another type")
                .expected(self.type_text())
                .found(Value::type_name(target))
                .help("read it by its parts: path(), field(), get()"));
        }
        match self.0 {
            Repr::Stored { at, .. } => at.owned(),
            _ => super::encode::image(self)?.at().owned(),
        }
    }

    /// Returns the elements as a slice if they have exactly this number type and are contiguous in memory.
    pub(super) fn slice<T: memory::Plain>(self) -> Result<&'a [T]> {
        let value = self.through();
        let element = value.typed().element();
        let sequence = matches!(value.kind(), Kind::List | Kind::Array);
        if !sequence || element.kind() != T::TYPE.kind() || value.is_encoded() {
            return Err(value.wrong_kind(&format!("a list or array of {}", T::TYPE.kind().name())));
        }
        match value.run_bytes() {
            _ if value.count() == 0 => Ok(&[]),
            bytes => bytes.and_then(memory::slice_of).ok_or_else(|| {
                Error::new(ErrorKind::Encoded)
                    .expected("elements contiguous in memory")
                    .help("read them one by one with parts()")
            }),
        }
    }

    pub(super) fn type_name(ty: Type<'_>) -> String {
        let kind = ty.kind().name();
        if ty.kind().is_named() { format!("{kind} {}", ty.name()) } else { kind.to_string() }
    }

    /// Returns its type in a few words, such as `struct Tick` or `u64`.
    pub(super) fn type_text(self) -> String {
        Value::type_name(self.typed())
    }

    #[cold]
    pub(super) fn wrong_kind(self, expected: &str) -> Error {
        if self.is_encoded() {
            return Error::new(ErrorKind::Encoded)
                .found(self.type_text())
                .help("use downcast_ref() with its live type, or to_dynamic() of the whole value");
        }
        Error::new(ErrorKind::WrongKind)
            .expected(expected)
            .found(self.type_text())
            .help(access_hint(self.typed()))
    }

    #[cold]
    fn no_index(self, index: i64) -> Error {
        let what = format!("no index {index}");
        let found = format!("{} of length {}", self.type_text(), self.count());
        Error::new(ErrorKind::NoSuchPath).what(what).found(found).help(indices(self.count()))
    }

    #[cold]
    fn no_field(self, name: &str) -> Error {
        if self.fields().is_empty() && !matches!(self.kind(), Kind::Struct | Kind::Tuple | Kind::Enum) {
            return self.wrong_kind(&format!("a value with a field `{name}`"));
        }
        let owner = match self.variant() {
            Some(variant) => format!("{} of {}", variant.name(), self.type_text()),
            None => self.type_text(),
        };
        let error = Error::new(ErrorKind::NoSuchPath).what(format!("no field `{name}` in {owner}"));
        let elsewhere = self.ty().variants().iter().find(|variant| variant.field_index(name).is_some());
        match elsewhere {
            Some(variant) => error.help(format!("`{name}` is a field of {}", variant.name())),
            None => super::path::suggest(error, name, "fields", self.fields().iter().map(Field::name)),
        }
    }
}

/// Returns a hint on how to access values of this type.
#[cold]
pub(super) fn access_hint(ty: Type<'_>) -> String {
    let read = match (ty.kind(), ty.form()) {
        (Kind::Option, _) => return "open the option first: `?` in a path, or inner()".into(),
        (Kind::Map, _) => return "look entries up by key: m[\"key\"] in a path, or entries()".into(),
        (Kind::List | Kind::Array | Kind::Set, _) => {
            return "take its elements by index: [0] in a path, or parts()".into();
        }
        (Kind::Struct | Kind::Tuple | Kind::Enum, _) => {
            return "take its fields by name: .name or .0 in a path, or parts()".into();
        }
        (Kind::Unit, _) => return "it has no parts".into(),
        (_, Form::Duration { .. }) => "Duration",
        (_, Form::Timestamp { .. }) => "SystemTime",
        (Kind::String, _) => "&str",
        (Kind::Bytes | Kind::Opaque, _) => "&[u8]",
        (kind, _) => kind.name(),
    };
    format!("it has no parts: get::<{read}>() reads it")
}

/// Returns the position of an index among `count` elements, counted from the end if negative.
pub(super) fn position_of(index: i64, count: usize) -> Option<usize> {
    let distance = usize::try_from(index.unsigned_abs()).ok()?;
    let position = if index < 0 { count.checked_sub(distance) } else { Some(distance) };
    position.filter(|&position| position < count)
}

/// Describes the valid indices.
#[cold]
pub(super) fn indices(count: usize) -> String {
    match count.checked_sub(1) {
        None => "it is empty".to_string(),
        Some(last) => format!("from 0 to {last}, or -{count} to -1"),
    }
}

/// Reads a scalar of this kind, without references, from the start of the bytes.
fn stored_scalar(bytes: &[u8], kind: Kind) -> Scalar<'_> {
    let at = At::new(bytes, &[], "");
    match kind {
        Kind::Unit => Scalar::Unit,
        Kind::Bool => Scalar::Bool(bool::view(at)),
        Kind::Char => Scalar::Char(char::view(at)),
        Kind::I8 => Scalar::Int(i8::view(at).into()),
        Kind::I16 => Scalar::Int(i16::view(at).into()),
        Kind::I32 => Scalar::Int(i32::view(at).into()),
        Kind::I64 => Scalar::Int(i64::view(at).into()),
        Kind::I128 => Scalar::Int(i128::view(at)),
        Kind::U8 => Scalar::Uint(u8::view(at).into()),
        Kind::U16 => Scalar::Uint(u16::view(at).into()),
        Kind::U32 => Scalar::Uint(u32::view(at).into()),
        Kind::U64 => Scalar::Uint(u64::view(at).into()),
        Kind::U128 => Scalar::Uint(u128::view(at)),
        Kind::F32 => Scalar::F32(f32::view(at)),
        Kind::F64 => Scalar::F64(f64::view(at)),
        _ => Scalar::None,
    }
}
