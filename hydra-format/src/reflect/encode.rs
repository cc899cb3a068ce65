//! Writes any value as a payload of a type with the same shape: what the codec of a type of the program does, for
//! values whose type is known only as data. Both passes are one walk; only the first one fails.

use super::path::{PathSegment, PathStack};
use super::types::{EntryLayout, Type};
use super::value::{MAX_NESTING, Repr};
use super::{Data, Reflect, Scalar, Value, compare_keys};
use crate::layout::rows::{EncodedRecord, Measure, Sink, part, put};
use crate::schema::{Descriptor, Field, Form, Kind, Schema, Variant};
use crate::{Error, ErrorKind, Result};
use std::collections::HashMap;

/// The first pass: room for what `value` refers to when it is stored as `ty`, a type of `schema`.
///
/// The shapes must agree: the same kinds and forms, fields and variants by name. What does not is an error of
/// the measure, with its path. Live values of exactly that type measure themselves.
pub(crate) fn measure_value(value: Value<'_>, ty: &Descriptor, schema: &Schema, measure: &mut Measure) {
    let ty = Type::new(ty, Some(schema));
    ValueEncoder::new(Pass::Measure(measure)).value(value, ty, &mut [], &PathStack::ROOT);
}

/// The second pass: writes the value into `slot`, zeroed bytes of the size of `ty`, and the rest into the sink.
pub(crate) fn encode_value(
    value: Value<'_>,
    ty: &Descriptor,
    schema: &Schema,
    slot: &mut [u8],
    sink: &mut Sink<'_>,
) {
    ValueEncoder::new(Pass::Write(sink)).value(value, Type::new(ty, Some(schema)), slot, &PathStack::ROOT);
}

/// The first pass over data that was checked against `ty`: nothing is left that could fail but its size.
pub(crate) fn measure_data(data: &Data, ty: Type<'_>, measure: &mut Measure) {
    Pass::Measure(measure).data(data, ty, &mut []);
}

/// The second pass over checked data.
pub(crate) fn encode_data(data: &Data, ty: Type<'_>, slot: &mut [u8], sink: &mut Sink<'_>) {
    Pass::Write(sink).data(data, ty, slot);
}

/// A live value or data as its own type stores it.
pub(super) fn image(value: Value<'_>) -> Result<EncodedRecord> {
    match value.0 {
        Repr::Live(live, _) | Repr::Encoded { own: Some(live), .. } => EncodedRecord::of(live),
        Repr::Data { data, ty } => data_image(data, ty),
        _ => Err(value.wrong_kind("")),
    }
}

/// Data that was checked against `ty`, as that type stores it.
pub(super) fn data_image(data: &Data, ty: Type<'_>) -> Result<EncodedRecord> {
    let measure = |measure: &mut Measure| measure_data(data, ty, measure);
    EncodedRecord::new(ty.size(), measure, |slot, sink| encode_data(data, ty, slot, sink))
}

/// The pass that makes room, or the one that writes. To the first, every slot is empty.
pub(crate) enum Pass<'p, 's> {
    Measure(&'p mut Measure),
    Write(&'p mut Sink<'s>),
}

/// Data that was checked against exactly the root of this schema.
pub(crate) fn own_data<'v>(value: Value<'v>, schema: &Schema) -> Option<&'v Data> {
    let Repr::Data { data, ty } = value.0 else { return None };
    let same = |own: &&Schema| std::ptr::eq(ty.ty, own.root()) && own.is_identical(schema);
    ty.schema.filter(same).map(|_| data)
}

impl<'s> Pass<'_, 's> {
    pub(crate) fn array(&mut self, slot: &mut [u8], align: usize, size: usize, count: usize) -> &'s mut [u8] {
        match self {
            Pass::Measure(measure) => {
                measure.array(align, size, count);
                &mut []
            }
            Pass::Write(sink) => sink.array(slot, align, size, count),
        }
    }

    pub(crate) fn text(&mut self, slot: &mut [u8], text: &str) {
        match self {
            Pass::Measure(measure) => measure.text(text.len()),
            Pass::Write(sink) => sink.text(slot, text),
        }
    }

    fn scalar(&mut self, scalar: Scalar<'_>, kind: Kind, slot: &mut [u8]) {
        match scalar {
            Scalar::None | Scalar::Unit => {}
            Scalar::Bool(it) => put(slot, &[u8::from(it)]),
            Scalar::Char(c) => put(slot, &u32::from(c).to_le_bytes()),
            Scalar::Int(number) => put_integer(slot, number.to_le_bytes(), kind),
            Scalar::Uint(number) => put_integer(slot, number.to_le_bytes(), kind),
            Scalar::F32(number) => put(slot, &number.to_le_bytes()),
            Scalar::F64(number) => put(slot, &number.to_le_bytes()),
            Scalar::Str(text) => self.text(slot, text),
            Scalar::Bytes(bytes) => put(self.array(slot, 1, 1, bytes.len()), bytes),
        }
    }

    /// Data of exactly this type: no shape has to be compared, and no path kept.
    fn data(&mut self, data: &Data, ty: Type<'_>, slot: &mut [u8]) {
        match (data, ty.kind()) {
            (Data::Some(inner), Kind::Option) => {
                let element = ty.element();
                put(slot, &[1]);
                self.data(inner, element, part(slot, ty.align(), element.size()));
            }
            (Data::Some(inner), Kind::Box) => {
                let element = ty.element();
                let target = self.array(slot, element.align(), element.size(), 1);
                self.data(inner, element, target);
            }
            (Data::Some(inner), _) => self.data(inner, ty.element(), slot),
            (Data::Parts(parts), Kind::Struct | Kind::Tuple) => self.fields(parts, ty.ty.fields(), ty, slot),
            (Data::Variant(index, parts), _) => {
                if let (Some(variant), Some(tag)) = (ty.ty.variants().get(*index), ty.tag()) {
                    put_integer(slot, variant.tag().to_le_bytes(), tag);
                    self.fields(parts, variant.fields(), ty, slot);
                }
            }
            (Data::Parts(parts), Kind::Array) => self.elements(parts, ty.element(), slot),
            (Data::Parts(parts), _) => {
                let element = ty.element();
                let target = self.array(slot, element.align(), element.size(), parts.len());
                self.elements(parts, element, target);
            }
            (Data::Entries(entries), _) => {
                let EntryLayout { key, value, offset, size, align } = ty.entry();
                let target = self.array(slot, align, size, entries.len());
                for (index, (own_key, own_value)) in entries.iter().enumerate() {
                    let slot = part(target, index * size, size);
                    self.data(own_key, key, part(slot, 0, key.size()));
                    self.data(own_value, value, part(slot, offset, value.size()));
                }
            }
            (scalar, kind) => self.scalar(scalar.scalar(), kind, slot),
        }
    }

    fn fields(&mut self, parts: &[Data], fields: &[Field], ty: Type<'_>, slot: &mut [u8]) {
        for (own, field) in parts.iter().zip(fields) {
            let target = ty.resolve(field.ty());
            self.data(own, target, part(slot, field.offset(), target.size()));
        }
    }

    fn elements(&mut self, parts: &[Data], ty: Type<'_>, target: &mut [u8]) {
        for (index, own) in parts.iter().enumerate() {
            self.data(own, ty, part(target, index * ty.size(), ty.size()));
        }
    }

    fn live(&mut self, slot: &mut [u8], live: &dyn Reflect) {
        match self {
            Pass::Measure(measure) => live.measure(measure),
            Pass::Write(sink) => live.encode(slot, sink),
        }
    }

    pub(crate) fn enter(&mut self) -> bool {
        match self {
            Pass::Measure(measure) => measure.enter(),
            Pass::Write(_) => true,
        }
    }

    pub(crate) fn leave(&mut self) {
        if let Pass::Measure(measure) = self {
            measure.leave();
        }
    }

    #[cold]
    fn fail(&mut self, error: Error, stack: &PathStack<'_>) {
        if let Pass::Measure(measure) = self {
            measure.fail(|| error.path(stack.path()));
        }
    }
}

/// Walks through a value in one of the passes.
struct ValueEncoder<'p, 's> {
    pass: Pass<'p, 's>,
    /// Which live types are exactly the type that they are stored as.
    identical: HashMap<(usize, usize), bool>,
}

impl<'p, 's> ValueEncoder<'p, 's> {
    fn new(pass: Pass<'p, 's>) -> ValueEncoder<'p, 's> {
        ValueEncoder { pass, identical: HashMap::new() }
    }

    /// Visits what is behind a reference, unless that is too deep.
    fn nested(&mut self, visit: impl FnOnce(&mut Self)) {
        if self.pass.enter() {
            visit(self);
            self.pass.leave();
        }
    }

    /// The live value, if it can encode itself as this type.
    fn own<'v>(&mut self, value: Value<'v>, ty: Type<'_>) -> Option<&'v dyn Reflect> {
        let live = match value.0 {
            Repr::Live(_, _) if ty.is_free_number() && ty.form() == Form::None => return None,
            Repr::Live(live, _) | Repr::Encoded { own: Some(live), .. } => live,
            _ => return None,
        };
        let key = (std::ptr::from_ref(value.ty()).addr(), std::ptr::from_ref(ty.ty).addr());
        self.identical.entry(key).or_insert_with(|| value.typed().is_identical(ty)).then_some(live)
    }

    fn value(&mut self, value: Value<'_>, ty: Type<'_>, slot: &mut [u8], stack: &PathStack<'_>) {
        if let Some(live) = self.own(value, ty) {
            return self.pass.live(slot, live);
        }
        let shape = match stack.within_limit().and_then(|()| TargetFields::of(value, ty)) {
            Ok(shape) => shape,
            Err(error) => return self.pass.fail(error, stack),
        };
        let (element, inner) = (ty.element(), || value.part(0));
        match ty.kind() {
            Kind::Option => {
                if let Some(inner) = inner() {
                    put(slot, &[1]);
                    let slot = part(slot, ty.align(), element.size());
                    self.value(inner, element, slot, &stack.to(PathSegment::Some));
                }
            }
            Kind::Newtype => {
                if let Some(inner) = inner() {
                    self.value(inner, element, slot, &stack.to(PathSegment::Inner));
                }
            }
            Kind::Box => {
                let target = self.pass.array(slot, element.align(), element.size(), 1);
                let Some(inner) = inner() else { return };
                self.nested(|encoder| encoder.value(inner, element, target, &stack.to(PathSegment::Inner)));
            }
            Kind::List if value.count() > 0 => {
                let target = self.pass.array(slot, element.align(), element.size(), value.count());
                self.nested(|encoder| encoder.elements(value, element, target, stack));
            }
            Kind::Array => self.elements(value, element, slot, stack),
            Kind::Set | Kind::Map if value.count() > 0 => {
                let layout = ty.entry();
                let target = self.pass.array(slot, layout.align, layout.size, value.count());
                self.nested(|encoder| encoder.entries(value, layout, target, stack));
            }
            Kind::Struct | Kind::Tuple | Kind::Enum => self.fields(value, ty, shape, slot, stack),
            kind => self.pass.scalar(value.scalar(), kind, slot),
        }
    }

    fn fields(
        &mut self,
        value: Value<'_>,
        ty: Type<'_>,
        TargetFields { fields, variant }: TargetFields<'_>,
        slot: &mut [u8],
        stack: &PathStack<'_>,
    ) {
        if let (Some(variant), Some(tag)) = (variant, ty.tag()) {
            put_integer(slot, variant.tag().to_le_bytes(), tag);
        }
        let inside = variant.map(|variant| stack.to(PathSegment::Variant(variant.name())));
        let stack = inside.as_ref().unwrap_or(stack);
        for (index, field) in fields.iter().enumerate() {
            let (stack, target) = (stack.to(PathSegment::Field(field.name())), ty.resolve(field.ty()));
            match value.field_near(index, field.name()) {
                Some(own) => {
                    self.value(own, target, part(slot, field.offset(), target.size()), &stack);
                }
                None => self.pass.fail(missing(field), &stack),
            }
        }
    }

    fn elements(&mut self, value: Value<'_>, ty: Type<'_>, target: &mut [u8], stack: &PathStack<'_>) {
        if let Some(bytes) = value.run_bytes().filter(|_| same_numbers(value, ty)) {
            return put(target, bytes);
        }
        for (index, (_, own)) in value.parts().enumerate() {
            let slot = part(target, index * ty.size(), ty.size());
            self.value(own, ty, slot, &stack.to(PathSegment::Index(index)));
        }
    }

    /// Entries of a map; members of a set, which are keys without values.
    fn entries(
        &mut self,
        value: Value<'_>,
        layout: EntryLayout<'_>,
        target: &mut [u8],
        stack: &PathStack<'_>,
    ) {
        let is_map = value.kind() == Kind::Map;
        let mut last: Option<Value<'_>> = None;
        for (index, (key, value)) in value.entries().into_iter().flatten().enumerate() {
            let (slot, stack) =
                (part(target, index * layout.size, layout.size), stack.to(PathSegment::Index(index)));
            let is_unordered =
                |last| matches!(self.pass, Pass::Measure(_)) && compare_keys(last, key).is_ge();
            if last.replace(key).is_some_and(is_unordered) {
                self.pass.fail(unordered(key), &stack);
            }
            self.value(key, layout.key, part(slot, 0, layout.key.size()), &stack);
            if is_map {
                self.value(value, layout.value, part(slot, layout.offset, layout.value.size()), &stack);
            }
        }
    }
}

/// True if elements can be copied as bytes, and need no look at each.
fn same_numbers(value: Value<'_>, ty: Type<'_>) -> bool {
    let own = value.typed().element();
    own.kind() == ty.kind() && own.form() == ty.form() && ty.is_free_number()
}

fn put_integer(slot: &mut [u8], bytes: [u8; 16], kind: Kind) {
    put(slot, bytes.get(..kind.fixed_size() as usize).unwrap_or_default());
}

/// The fields that a value has in its target type.
struct TargetFields<'t> {
    fields: &'t [Field],
    variant: Option<&'t Variant>,
}

impl<'t> TargetFields<'t> {
    /// What the target type has for this value; an error if the value itself, its parts apart, does not fit.
    fn of(value: Value<'_>, ty: Type<'t>) -> Result<TargetFields<'t>> {
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
            _ => Ok(TargetFields { fields, variant }),
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
    Error::new(ErrorKind::TypeMismatch).instead("the value has another type").expected(expected)
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
