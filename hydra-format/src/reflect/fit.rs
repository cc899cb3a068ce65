//! Conversion of a value to data of another type with the same shape, optionally with lossless conversion of
//! numbers.

use super::encode::image;
use super::path::{PathSegment, PathStack};
use super::types::Type;
use super::value::Repr;
use super::{Data, Scalar, Value};
use crate::schema::{Field, Form, Kind, Variant, position};
use crate::{Error, ErrorKind, Result};

/// How closely a value must match the type that it is converted to.
#[derive(Clone, Copy)]
pub(super) struct Fit {
    /// Kinds and forms must be the same at every level.
    same_kinds: bool,
}

impl Fit {
    /// The same shape: fields and variants match by name, and everything else is the same.
    pub(super) const SHAPE: Fit = Fit { same_kinds: true };
    /// Newtypes and boxes are transparent on both sides, a value may stand for an option that holds it, lists
    /// and arrays for each other, and numbers are converted if nothing is lost.
    pub(super) const CONVERT: Fit = Fit { same_kinds: false };

    /// Converts the value to data of type `ty`.
    pub(super) fn value(self, value: Value<'_>, ty: Type<'_>, stack: &PathStack<'_>) -> Result<Data> {
        stack.within_limit()?;
        let target = ty.kind();
        let element = ty.element();
        let value = if self.same_kinds { value } else { value.through() };
        match value.0 {
            Repr::Encoded { own: Some(_), .. } if self.same_kinds => {
                let image = image(value)?;
                return self.value(Value::stored(image.at(), value.ty(), None), ty, stack);
            }
            Repr::Encoded { .. } => return Err(value.wrong_kind("").path(stack.path())),
            _ if self.same_kinds && (value.kind(), value.ty().form()) != (target, ty.form()) => {
                return Err(self.mismatch(value, ty, stack));
            }
            _ => {}
        }
        let some = |inner: Value<'_>, segment| self.value(inner, element, &stack.to(segment)).map(Data::some);
        match (target, value.kind()) {
            (Kind::Newtype | Kind::Box, _) => {
                let inner = if self.same_kinds { value.part(0) } else { None };
                some(inner.unwrap_or(value), PathSegment::Inner)
            }
            (Kind::Option, Kind::Option) => {
                value.part(0).map_or(Ok(Data::None), |inner| some(inner, PathSegment::Some))
            }
            (Kind::Option, _) => some(value, PathSegment::Some),
            (Kind::List | Kind::Array, Kind::List | Kind::Array) | (Kind::Set, Kind::Set | Kind::List) => {
                if target == Kind::Array && value.count() as u64 != ty.count() {
                    return Err(self.mismatch(value, ty, stack).found(format!("{} elements", value.count())));
                }
                let parts = value.parts().enumerate();
                let parts = parts.map(|(index, (_, part))| {
                    self.value(part, element, &stack.to(PathSegment::Index(index)))
                });
                Ok(Data::Parts(parts.collect::<Result<_>>()?))
            }
            (Kind::Map, Kind::Map) => {
                let entries = value.entries()?.enumerate().map(|(index, (key, value))| {
                    let stack = stack.to(PathSegment::Index(index));
                    Ok((self.value(key, ty.key(), &stack)?, self.value(value, element, &stack)?))
                });
                Ok(Data::Entries(entries.collect::<Result<_>>()?))
            }
            (Kind::Struct, Kind::Struct) | (Kind::Tuple, Kind::Tuple) => {
                Ok(Data::Parts(self.fields(value, ty.ty.fields(), ty, stack)?))
            }
            (Kind::Enum, Kind::Enum) => {
                let name = value.variant().map_or("", Variant::name);
                let (index, variant) = variant(name, ty).map_err(|error| error.path(stack.path()))?;
                let stack = stack.to(PathSegment::Variant(name));
                Ok(Data::Variant(index, self.fields(value, variant.fields(), ty, &stack)?))
            }
            _ => self.scalar(value, ty, stack),
        }
    }

    fn fields(
        self,
        value: Value<'_>,
        fields: &[Field],
        ty: Type<'_>,
        stack: &PathStack<'_>,
    ) -> Result<Vec<Data>> {
        let own = value.own_fields();
        if let Some(extra) = own.iter().find(|own| position(fields, own.name()).is_none()) {
            let error = self.mismatch(value, ty, stack).found(format!("a field `{}`", extra.name()));
            return Err(super::path::suggest(error, extra.name(), "fields", fields.iter().map(Field::name)));
        }
        let mut parts = Vec::with_capacity(fields.len());
        for (index, field) in fields.iter().enumerate() {
            let part = value.field_near(index, field.name()).ok_or_else(|| {
                self.mismatch(value, ty, stack).expected(format!("a field `{}`", field.name())).found("none")
            })?;
            parts.push(self.value(
                part,
                ty.resolve(field.ty()),
                &stack.to(PathSegment::Field(field.name())),
            )?);
        }
        Ok(parts)
    }

    fn scalar(self, value: Value<'_>, ty: Type<'_>, stack: &PathStack<'_>) -> Result<Data> {
        let kind = ty.kind();
        if value.ty().form() != ty.form() {
            return Err(self.mismatch(value, ty, stack));
        }
        let data = match (kind, value.scalar()) {
            (Kind::Unit, Scalar::Unit) => Ok(Data::Unit),
            (Kind::Bool, Scalar::Bool(it)) => Ok(Data::Bool(it)),
            (Kind::Char, Scalar::Char(c)) => Ok(Data::Char(c)),
            (Kind::F32, Scalar::F32(number)) => Ok(Data::F32(number)),
            (Kind::F64, Scalar::F64(number)) => Ok(Data::F64(number)),
            (Kind::F32, Scalar::Int(_) | Scalar::Uint(_) | Scalar::F64(_)) => value.get().map(Data::F32),
            (Kind::F64, Scalar::Int(_) | Scalar::Uint(_) | Scalar::F32(_)) => value.get().map(Data::F64),
            (_, Scalar::Int(number)) if kind.is_integer() => Ok(Data::Int(number)),
            (_, Scalar::Uint(number)) if kind.is_integer() => Ok(Data::Uint(number)),
            (Kind::String, Scalar::Str(text)) => Ok(Data::Str(text.to_string())),
            (Kind::String, Scalar::Bytes(bytes)) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Data::Str(text.to_string())),
                Err(error) => Err(Error::new(ErrorKind::BadUtf8).found(error.to_string())),
            },
            (Kind::Bytes | Kind::Opaque, Scalar::Bytes(bytes)) => Ok(Data::Bytes(bytes.to_vec())),
            (Kind::Array, Scalar::Bytes(bytes)) if bytes.len() as u64 == ty.count() => {
                Ok(Data::parts(bytes.iter().copied()))
            }
            (Kind::Bytes, _) if ty.form() == Form::None => {
                value.get().map(|bytes: &[u8]| Data::Bytes(bytes.to_vec()))
            }
            _ => return Err(self.mismatch(value, ty, stack)),
        };
        data.map_err(|error| error.path(stack.path()))
    }

    #[cold]
    fn mismatch(self, value: Value<'_>, ty: Type<'_>, stack: &PathStack<'_>) -> Error {
        let form = match ty.form() {
            Form::None => String::new(),
            form => format!(" as {form:?}"),
        };
        let expected = match ty.kind() {
            Kind::Array => format!("array of {} elements", ty.count()),
            _ => Value::type_name(ty),
        };
        let error = match self.same_kinds {
            true => Error::new(ErrorKind::TypeMismatch).instead("the value has another type"),
            false => Error::new(ErrorKind::WrongKind),
        };
        let error = error.expected(expected + &form).found(value.type_text());
        error.path(stack.path())
    }
}

/// Returns the variant of an enum with this name.
pub(super) fn variant<'t>(name: &str, ty: Type<'t>) -> Result<(usize, &'t Variant)> {
    let found = ty.ty.variant_index(name).and_then(|index| Some((index, ty.ty.variants().get(index)?)));
    found.ok_or_else(|| {
        let error =
            Error::from(super::Why::BadVariant).expected(format!("a variant of {}", ty.name())).found(name);
        super::path::suggest(error, name, "variants", ty.ty.variants().iter().map(Variant::name))
    })
}
