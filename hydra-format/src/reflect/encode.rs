//! Writes any value as a payload of a type with the same shape: what the codec of a type of the program does, for
//! values whose type is known only as data. Both passes walk the same way; only the first one fails.
#![forbid(unsafe_code)]

use super::types::Type;
use super::value::{MAX_NESTING, Repr};
use super::{Path, Reflect, Scalar, Step, Value, compare_keys};
use crate::codec::{At, Measure, Sink, part, put};
use crate::describe::{Descriptor, Field, Form, Kind, Schema, Variant};
use crate::raw::AlignedBuf;
use crate::{Error, ErrorKind, Result};
use std::collections::HashMap;

/// The first pass: room for what `value` refers to when it is stored as `ty`, a type of `schema`.
///
/// The shapes must agree: the same kinds and forms, fields and variants by name. What does not is an error of
/// the measure, with its path. Live values of exactly that type measure themselves.
pub(crate) fn measure_value(value: Value<'_>, ty: &Descriptor, schema: &Schema, measure: &mut Measure) {
    Encoder::default().measure(value, Type::new(ty, Some(schema)), &Trail::ROOT, measure);
}

/// The second pass: writes the value into `slot`, zeroed bytes of the size of `ty`, and the rest into the sink.
pub(crate) fn encode_value(
    value: Value<'_>,
    ty: &Descriptor,
    schema: &Schema,
    slot: &mut [u8],
    sink: &mut Sink<'_>,
) {
    Encoder::default().encode(value, Type::new(ty, Some(schema)), slot, sink);
}

/// A payload of one record.
pub(super) struct Image {
    record: AlignedBuf,
    heap: AlignedBuf,
    text: String,
}

impl Image {
    /// The value as its own type stores it.
    pub(super) fn of(value: Value<'_>) -> Result<Image> {
        let (ty, mut encoder, mut measure) = (value.typed(), Encoder::default(), Measure::default());
        encoder.measure(value, ty, &Trail::ROOT, &mut measure);
        let (heap, text) = measure.finish()?;
        let (mut record, mut heap) = (AlignedBuf::zeroed(ty.size()), AlignedBuf::zeroed(heap));
        let mut text = vec![0; text];
        let mut sink = Sink::new(&mut heap, 0, &mut text, 0);
        encoder.encode(value, ty, &mut record, &mut sink);
        let changed = || Error::new(ErrorKind::CannotEncode).what("the value changed while it was encoded");
        if !sink.is_exact() {
            return Err(changed());
        }
        Ok(Image { record, heap, text: String::from_utf8(text).map_err(|_| changed())? })
    }

    pub(super) fn at(&self) -> At<'_> {
        At::new(&self.record, &self.heap, &self.text)
    }
}

/// Where the encoder is: a path kept on the stack, made into text only for an error.
pub(super) struct Trail<'t> {
    up: Option<&'t Trail<'t>>,
    step: Crumb<'t>,
    depth: usize,
}

#[derive(Clone, Copy)]
pub(super) enum Crumb<'t> {
    Field(&'t str),
    Variant(&'t str),
    Index(usize),
    Some,
    /// Into a newtype or box: nothing that a path shows.
    Inner,
}

impl<'t> Trail<'t> {
    pub(super) const ROOT: Trail<'static> = Trail { up: None, step: Crumb::Inner, depth: 0 };

    pub(super) fn to(&'t self, crumb: Crumb<'t>) -> Trail<'t> {
        Trail { up: Some(self), step: crumb, depth: self.depth + 1 }
    }

    /// An error if this is nested deeper than reflection goes.
    pub(super) fn within_limit(&self) -> Result<()> {
        match self.depth <= MAX_NESTING {
            true => Ok(()),
            false => Err(too_deep()),
        }
    }

    pub(super) fn path(&self) -> String {
        let mut steps = Vec::new();
        let mut trail = Some(self);
        while let Some(Trail { up, step, .. }) = trail {
            steps.extend(match step {
                Crumb::Field(name) => Some(Step::Field(name.to_string())),
                Crumb::Variant(name) => Some(Step::Variant(name.to_string())),
                Crumb::Index(index) => Some(Step::Index(*index as i64)),
                Crumb::Some => Some(Step::Some),
                Crumb::Inner => None,
            });
            trail = *up;
        }
        steps.into_iter().rev().collect::<Path>().to_string()
    }
}

/// Remembers which live types are exactly the type that they are stored as.
#[derive(Default)]
struct Encoder {
    identical: HashMap<(usize, usize), bool>,
}

impl Encoder {
    /// The live value, if it can encode itself as this type.
    fn own<'v>(&mut self, value: Value<'v>, ty: Type<'_>) -> Option<&'v dyn Reflect> {
        let Repr::Live(live) = value.0 else { return None };
        if ty.is_free_number() && ty.form() == Form::None {
            return None;
        }
        let key = (std::ptr::from_ref(value.ty()).addr(), std::ptr::from_ref(ty.ty).addr());
        self.identical.entry(key).or_insert_with(|| value.typed().is_identical(ty)).then_some(live)
    }

    fn measure(&mut self, value: Value<'_>, ty: Type<'_>, trail: &Trail<'_>, measure: &mut Measure) {
        if let Some(live) = self.own(value, ty) {
            return live.measure(measure);
        }
        let shape = match trail.within_limit().and_then(|()| Shape::of(value, ty)) {
            Ok(shape) => shape,
            Err(error) => return measure.fail(|| error.path(trail.path())),
        };
        match value.scalar() {
            Scalar::Str(text) => measure.text(text.len()),
            Scalar::Bytes(bytes) => measure.array(1, 1, bytes.len()),
            _ => {}
        }
        let element = ty.element();
        match (ty.kind(), shape) {
            (Kind::Option | Kind::Newtype, _) => {
                let trail = trail.to(if ty.kind() == Kind::Option { Crumb::Some } else { Crumb::Inner });
                if let Some(inner) = value.part(0) {
                    self.measure(inner, element, &trail, measure);
                }
            }
            (Kind::Box, _) => {
                measure.array(element.align(), element.size(), 1);
                let Some(inner) = value.part(0) else { return };
                measure.nested(|measure| self.measure(inner, element, &trail.to(Crumb::Inner), measure));
            }
            (Kind::List, _) if value.count() > 0 => {
                measure.array(element.align(), element.size(), value.count());
                measure.nested(|measure| self.measure_elements(value, element, trail, measure));
            }
            (Kind::Array, _) => self.measure_elements(value, element, trail, measure),
            (Kind::Set | Kind::Map, _) if value.count() > 0 => {
                self.measure_entries(value, ty, trail, measure)
            }
            (_, shape) => self.measure_fields(value, ty, shape, trail, measure),
        }
    }

    fn measure_fields(
        &mut self,
        value: Value<'_>,
        ty: Type<'_>,
        Shape { fields, variant }: Shape<'_>,
        trail: &Trail<'_>,
        measure: &mut Measure,
    ) {
        let inside = variant.map(|variant| trail.to(Crumb::Variant(variant.name())));
        let trail = inside.as_ref().unwrap_or(trail);
        for (index, field) in fields.iter().enumerate() {
            let (trail, target) = (trail.to(Crumb::Field(field.name())), ty.resolve(field.ty()));
            match value.field_near(index, field.name()) {
                Some(part) => self.measure(part, target, &trail, measure),
                None => measure.fail(|| missing(field).path(trail.path())),
            }
        }
    }

    fn measure_elements(&mut self, value: Value<'_>, ty: Type<'_>, trail: &Trail<'_>, measure: &mut Measure) {
        if same_numbers(value, ty) {
            return;
        }
        for (index, (_, part)) in value.parts().enumerate() {
            self.measure(part, ty, &trail.to(Crumb::Index(index)), measure);
        }
    }

    fn measure_entries(&mut self, value: Value<'_>, ty: Type<'_>, trail: &Trail<'_>, measure: &mut Measure) {
        let layout = ty.entry();
        measure.array(layout.align, layout.size, value.count());
        measure.nested(|measure| {
            let mut last: Option<Value<'_>> = None;
            for (index, (key, part)) in value.entries().into_iter().flatten().enumerate() {
                let trail = trail.to(Crumb::Index(index));
                if last.replace(key).is_some_and(|last| compare_keys(last, key).is_ge()) {
                    measure.fail(|| unordered(key).path(trail.path()));
                }
                self.measure(key, layout.key, &trail, measure);
                if ty.kind() == Kind::Map {
                    self.measure(part, layout.value, &trail, measure);
                }
            }
        });
    }

    fn encode(&mut self, value: Value<'_>, ty: Type<'_>, slot: &mut [u8], sink: &mut Sink<'_>) {
        if let Some(live) = self.own(value, ty) {
            return live.encode(slot, sink);
        }
        let Ok(Shape { fields, variant }) = Shape::of(value, ty) else { return };
        let element = ty.element();
        match ty.kind() {
            Kind::Option => {
                if let Some(inner) = value.part(0) {
                    put(slot, &[1]);
                    self.encode(inner, element, part(slot, ty.align(), element.size()), sink);
                }
            }
            Kind::Newtype => {
                value.part(0).into_iter().for_each(|inner| self.encode(inner, element, slot, sink))
            }
            Kind::Box => {
                let target = sink.array(slot, element.align(), element.size(), 1);
                if let Some(inner) = value.part(0) {
                    self.encode(inner, element, target, sink);
                }
            }
            Kind::List => {
                let target = sink.array(slot, element.align(), element.size(), value.count());
                self.encode_elements(value, element, target, sink);
            }
            Kind::Array => self.encode_elements(value, element, slot, sink),
            Kind::Set | Kind::Map => self.encode_entries(value, ty, slot, sink),
            Kind::Struct | Kind::Tuple | Kind::Enum => {
                if let (Some(variant), Some(tag)) = (variant, ty.tag()) {
                    put_integer(slot, variant.tag().to_le_bytes(), tag);
                }
                for (index, field) in fields.iter().enumerate() {
                    if let Some(value) = value.field_near(index, field.name()) {
                        let target = ty.resolve(field.ty());
                        self.encode(value, target, part(slot, field.offset(), target.size()), sink);
                    }
                }
            }
            kind => encode_scalar(value.scalar(), kind, slot, sink),
        }
    }

    fn encode_elements(&mut self, value: Value<'_>, ty: Type<'_>, target: &mut [u8], sink: &mut Sink<'_>) {
        if let Some(bytes) = value.run_bytes().filter(|_| same_numbers(value, ty)) {
            return put(target, bytes);
        }
        for (slot, (_, part)) in target.chunks_exact_mut(ty.size()).zip(value.parts()) {
            self.encode(part, ty, slot, sink);
        }
    }

    fn encode_entries(&mut self, value: Value<'_>, ty: Type<'_>, slot: &mut [u8], sink: &mut Sink<'_>) {
        let layout = ty.entry();
        let target = sink.array(slot, layout.align, layout.size, value.count());
        let entries = value.entries().into_iter().flatten();
        for (slot, (key, value)) in target.chunks_exact_mut(layout.size).zip(entries) {
            self.encode(key, layout.key, part(slot, 0, layout.key.size()), sink);
            if ty.kind() == Kind::Map {
                self.encode(value, layout.value, part(slot, layout.offset, layout.value.size()), sink);
            }
        }
    }
}

/// True if elements can be copied as bytes, and need no look at each.
fn same_numbers(value: Value<'_>, ty: Type<'_>) -> bool {
    let own = value.typed().element();
    own.kind() == ty.kind() && own.form() == ty.form() && ty.is_free_number() && value.run_bytes().is_some()
}

fn put_integer(slot: &mut [u8], bytes: [u8; 16], kind: Kind) {
    put(slot, bytes.get(..kind.fixed_size() as usize).unwrap_or_default());
}

fn encode_scalar(scalar: Scalar<'_>, kind: Kind, slot: &mut [u8], sink: &mut Sink<'_>) {
    match scalar {
        Scalar::None | Scalar::Unit => {}
        Scalar::Bool(it) => put(slot, &[u8::from(it)]),
        Scalar::Char(c) => put(slot, &u32::from(c).to_le_bytes()),
        Scalar::Int(number) => put_integer(slot, number.to_le_bytes(), kind),
        Scalar::Uint(number) => put_integer(slot, number.to_le_bytes(), kind),
        Scalar::F32(number) => put(slot, &number.to_le_bytes()),
        Scalar::F64(number) => put(slot, &number.to_le_bytes()),
        Scalar::Str(text) => sink.text(slot, text),
        Scalar::Bytes(bytes) => put(sink.array(slot, 1, 1, bytes.len()), bytes),
    }
}

/// The fields that a value has in its target type.
struct Shape<'t> {
    fields: &'t [Field],
    variant: Option<&'t Variant>,
}

impl<'t> Shape<'t> {
    /// What the target type has for this value; an error if the value itself, its parts apart, does not fit.
    fn of(value: Value<'_>, ty: Type<'t>) -> Result<Shape<'t>> {
        let (own, target) = (value.ty(), ty.ty);
        if value.is_encoded() {
            return Err(value.wrong_kind(""));
        }
        if (own.kind(), own.form()) != (target.kind(), target.form()) {
            return Err(mismatch(target.name()).found(value.type_text()));
        }
        if target.kind() == Kind::Array && own.count() != target.count() {
            return Err(mismatch(&format!("{} elements", target.count())).found(own.count().to_string()));
        }
        if target.is_nonzero() && matches!(value.scalar(), Scalar::Int(0) | Scalar::Uint(0)) {
            return Err(Error::new(ErrorKind::OutOfRange).expected("a number that is not 0").found("0"));
        }
        let variant = match target.kind() {
            Kind::Enum => Some(target_variant(value, target)?),
            _ => None,
        };
        let fields = variant.map_or(target.fields(), Variant::fields);
        let has_fields = matches!(target.kind(), Kind::Struct | Kind::Tuple | Kind::Enum);
        let extra =
            value.own_fields().iter().find(|own| !fields.iter().any(|field| field.name() == own.name()));
        match extra {
            Some(extra) if has_fields && value.own_fields().len() != fields.len() => {
                Err(mismatch("no such field").found(format!("a field `{}`", extra.name())))
            }
            _ => Ok(Shape { fields, variant }),
        }
    }
}

fn target_variant<'t>(value: Value<'_>, target: &'t Descriptor) -> Result<&'t Variant> {
    let own = value.variant().ok_or_else(|| Error::new(ErrorKind::BadValue).expected("a known variant"))?;
    let near = value.variant_index().and_then(|index| target.variants().get(index));
    let found = near.filter(|variant| variant.name() == own.name());
    let found = found.or_else(|| target.variants().get(target.variant_index(own.name())?));
    found.ok_or_else(|| mismatch(&format!("a variant of {}", target.name())).found(own.name()))
}

#[cold]
pub(super) fn too_deep() -> Error {
    Error::new(ErrorKind::TooDeep)
        .expected(format!("at most {MAX_NESTING} levels for a value looked at as data"))
}

#[cold]
fn mismatch(expected: &str) -> Error {
    Error::new(ErrorKind::TypeMismatch).expected(expected)
}

#[cold]
fn missing(field: &Field) -> Error {
    mismatch(&format!("a field `{}`", field.name())).found("none")
}

#[cold]
fn unordered(key: Value<'_>) -> Error {
    Error::new(ErrorKind::CannotEncode)
        .what("two keys of a map or set are equal")
        .found(format!("{key} twice"))
}
