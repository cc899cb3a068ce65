//! Encoding values as payloads of their own types. It does for values whose type is known only as data what
//! the codec does for types of the program. Values of another type are converted to data of the type first.

use super::fit::Fit;
use super::path::PathStack;
use super::types::{EntryLayout, Type};
use super::value::{MAX_NESTING, Repr};
use super::{Data, Dynamic, Reflect, Scalar, Value, dynamic};
use crate::layout::rows::{EncodedRecord, Measure, Sink, TwoPasses, part, put};
use crate::schema::{Field, Kind, Schema};
use crate::{Error, ErrorKind, Result};
use std::sync::Arc;

impl TwoPasses for Value<'_> {
    fn first_pass(&self, measure: &mut Measure) {
        Pass::Measure(measure).value(*self, &mut [], 0);
    }

    fn second_pass(&self, slot: &mut [u8], sink: &mut Sink<'_>) {
        Pass::Write(sink).value(*self, slot, 0);
    }
}

/// Encodes a value as its own type.
pub(crate) fn image(value: Value<'_>) -> Result<EncodedRecord> {
    EncodedRecord::new(value.ty().size(), &value)
}

/// Converts the value to the root type of this schema; `None` if it already has that type. The shapes must
/// agree: the same kinds and forms, and fields and variants with the same names.
pub(crate) fn reshape(value: Value<'_>, schema: &Arc<Schema>) -> Result<Option<Dynamic>> {
    let own = value.typed();
    let ty = Type::root(schema);
    let is_root =
        |own_schema: &Schema| std::ptr::eq(own.ty, own_schema.root()) && own_schema.is_identical(schema);
    if own.schema.is_some_and(is_root) || own.is_identical(ty) {
        return Ok(None);
    }
    let mut data = Fit::SHAPE.value(value, ty, &PathStack::ROOT)?;
    dynamic::check(&mut data, ty, dynamic::Depth::default())?;
    Ok(Some(Dynamic { schema: schema.clone(), data }))
}

/// One of the two passes: measuring the room needed, or writing. In the first pass every slot is empty.
pub(crate) enum Pass<'p, 's> {
    Measure(&'p mut Measure),
    Write(&'p mut Sink<'s>),
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

    /// Returns the slot within which an option, newtype or box stores its content.
    fn inside<'b>(&mut self, slot: &'b mut [u8], outer: Type<'_>, inner: Type<'_>) -> &'b mut [u8]
    where
        's: 'b,
    {
        match outer.kind() {
            Kind::Option => {
                put(slot, &[1]);
                part(slot, outer.align(), inner.size())
            }
            Kind::Box => self.array(slot, inner.align(), inner.size(), 1),
            _ => slot,
        }
    }

    /// Encodes data of exactly this type. Its content and depth were checked before.
    fn data(&mut self, data: &Data, ty: Type<'_>, slot: &mut [u8]) {
        match (data, ty.kind()) {
            (Data::Some(inner), _) => {
                let element = ty.element();
                let target = self.inside(slot, ty, element);
                self.data(inner, element, target);
            }
            (Data::Parts(parts), Kind::Struct | Kind::Tuple) => {
                self.data_fields(parts, ty.ty.fields(), ty, slot)
            }
            (Data::Variant(index, parts), _) => {
                if let (Some(variant), Some(tag)) = (ty.ty.variants().get(*index), ty.tag()) {
                    put_integer(slot, variant.tag().to_le_bytes(), tag);
                    self.data_fields(parts, variant.fields(), ty, slot);
                }
            }
            (Data::Parts(parts), Kind::Array) => self.data_elements(parts, ty.element(), slot),
            (Data::Parts(parts), _) => {
                let element = ty.element();
                let target = self.array(slot, element.align(), element.size(), parts.len());
                self.data_elements(parts, element, target);
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

    fn data_fields(&mut self, parts: &[Data], fields: &[Field], ty: Type<'_>, slot: &mut [u8]) {
        for (own, field) in parts.iter().zip(fields) {
            let target = ty.resolve(field.ty());
            self.data(own, target, part(slot, field.offset(), target.size()));
        }
    }

    fn data_elements(&mut self, parts: &[Data], ty: Type<'_>, target: &mut [u8]) {
        for (index, own) in parts.iter().enumerate() {
            self.data(own, ty, part(target, index * ty.size(), ty.size()));
        }
    }

    /// Encodes a value of exactly this type. Live values encode themselves.
    fn value(&mut self, value: Value<'_>, slot: &mut [u8], depth: usize) {
        match value.0 {
            Repr::Live(live, _) | Repr::Encoded { own: Some(live), .. } => return self.live(slot, live),
            Repr::Encoded { .. } => return self.fail(value.wrong_kind("")),
            Repr::Data { data, ty } => return self.data(data, ty, slot),
            Repr::Stored { .. } if depth > MAX_NESTING => return self.fail(too_deep()),
            Repr::Stored { .. } => {}
        }
        let ty = value.typed();
        let depth = depth + 1;
        match ty.kind() {
            Kind::Option | Kind::Newtype | Kind::Box => {
                if let Some(inner) = value.part(0) {
                    let target = self.inside(slot, ty, inner.typed());
                    self.value(inner, target, depth);
                }
            }
            Kind::Array => self.elements(value, slot, depth),
            Kind::List if value.count() > 0 => {
                let element = ty.element();
                let target = self.array(slot, element.align(), element.size(), value.count());
                self.elements(value, target, depth);
            }
            Kind::Set | Kind::Map if value.count() > 0 => {
                let layout = ty.entry();
                let target = self.array(slot, layout.align, layout.size, value.count());
                self.entries(value, layout, target, depth);
            }
            Kind::Struct | Kind::Tuple | Kind::Enum => {
                if let (Some(variant), Some(tag)) = (value.own_variant(), ty.tag()) {
                    put_integer(slot, variant.tag().to_le_bytes(), tag);
                }
                for (field, own) in value.parts() {
                    let offset = field.map_or(0, Field::offset);
                    self.value(own, part(slot, offset, own.ty().size()), depth);
                }
            }
            kind => self.scalar(value.scalar(), kind, slot),
        }
    }

    fn elements(&mut self, value: Value<'_>, target: &mut [u8], depth: usize) {
        let element = value.typed().element();
        if let Some(bytes) = value.run_bytes().filter(|_| element.is_free_number()) {
            return put(target, bytes);
        }
        for (index, (_, own)) in value.parts().enumerate() {
            self.value(own, part(target, index * element.size(), element.size()), depth);
        }
    }

    /// Encodes the entries of a map, or the members of a set as keys without values.
    fn entries(&mut self, value: Value<'_>, layout: EntryLayout<'_>, target: &mut [u8], depth: usize) {
        let is_map = value.kind() == Kind::Map;
        for (index, (key, value)) in value.entries().into_iter().flatten().enumerate() {
            let slot = part(target, index * layout.size, layout.size);
            self.value(key, part(slot, 0, layout.key.size()), depth);
            if is_map {
                self.value(value, part(slot, layout.offset, layout.value.size()), depth);
            }
        }
    }

    fn live(&mut self, slot: &mut [u8], live: &dyn Reflect) {
        match self {
            Pass::Measure(measure) => live.measure(measure),
            Pass::Write(sink) => live.encode(slot, sink),
        }
    }

    pub(crate) fn enter(&mut self) -> bool {
        if let Pass::Measure(measure) = self { measure.enter() } else { true }
    }

    pub(crate) fn leave(&mut self) {
        if let Pass::Measure(measure) = self {
            measure.leave();
        }
    }

    #[cold]
    fn fail(&mut self, error: Error) {
        if let Pass::Measure(measure) = self {
            measure.fail(|| error);
        }
    }
}

fn put_integer(slot: &mut [u8], bytes: [u8; 16], kind: Kind) {
    put(slot, bytes.get(..kind.fixed_size() as usize).unwrap_or_default());
}

#[cold]
pub(super) fn too_deep() -> Error {
    Error::new(ErrorKind::TooDeep).expected(format!("at most {MAX_NESTING} levels of nesting in a value"))
}
