//! Copying single values from one payload of rows to another: to the rows of a stream (FORMAT.md, section
//! 7.2), and back. The bytes of values are copied as they are. References are followed in canonical order
//! without gaps, so that bytes that break this order are found, and none is copied twice.

use super::shape::Shape;
use super::target::RowTarget;
use crate::layout::rows::{At, MAX_DEPTH};
use crate::memory::Text;
use crate::schema::{Descriptor, Field, FieldPlaces, Kind, Schema, TypeRef, entry_layout, round_up};
use crate::store::bytes::{is_zero, line_up};

/// Copies values out of one payload.
pub(super) struct Relocation<'a> {
    schema: &'a Schema,
    shape: &'a Shape,
    heap: &'a [u8],
    text: Text<'a>,
    /// Where the next array and the next string are expected; `None` if they can be anywhere, because the
    /// payload was verified.
    next: Option<[usize; 2]>,
}

/// A value that was copied, but for what it refers to.
#[derive(Clone, Copy)]
struct Copied<'b> {
    /// Its bytes, and perhaps more.
    bytes: &'b [u8],
    /// Its place in the target.
    slot: usize,
    /// The number of references above it.
    depth: u32,
}

impl Copied<'_> {
    fn part(&self, offset: usize) -> Option<Self> {
        Some(Copied { bytes: self.bytes.get(offset..)?, slot: self.slot.checked_add(offset)?, ..*self })
    }

    fn reference(&self) -> (usize, usize) {
        At::new(self.bytes, &[], "").reference()
    }
}

impl<'a> Relocation<'a> {
    /// Copies values of a verified payload.
    pub(super) fn verified(schema: &'a Schema, shape: &'a Shape, rows: At<'a>) -> Relocation<'a> {
        let (heap, text) = rows.regions();
        Relocation { schema, shape, heap, text, next: None }
    }

    /// Copies all values of a payload that was not verified, in order.
    pub(super) fn unverified(schema: &'a Schema, shape: &'a Shape, rows: At<'a>) -> Relocation<'a> {
        Relocation { next: Some([0; 2]), ..Relocation::verified(schema, shape, rows) }
    }

    /// Returns whether all bytes of heap and text were copied, but for zeros up to the end of a line.
    pub(super) fn is_complete(&self) -> bool {
        let all = [self.heap.len(), self.text.all().len()];
        self.next.is_none_or(|[heap, text]| {
            let rest = self.heap.get(heap..).unwrap_or_default();
            all == [line_up(heap as u64) as usize, text] && is_zero(rest)
        })
    }

    /// Copies the value of a type with these bytes to `slot`; `None` if a reference breaks a rule, or the
    /// target has no room.
    pub(super) fn copy(&mut self, ty: u32, bytes: &[u8], slot: usize, to: &mut RowTarget) -> Option<()> {
        to.write(slot, bytes);
        self.references(TypeRef::Index(ty), Copied { bytes, slot, depth: 0 }, to)
    }

    /// Copies what a value refers to.
    fn references(&mut self, ty: TypeRef, value: Copied<'_>, to: &mut RowTarget) -> Option<()> {
        let (schema, index) = (self.schema, ty.index());
        let ty = schema.resolve(ty);
        match ty.kind() {
            Kind::String => {
                let (offset, count) = value.reference();
                if count > 0 {
                    let text = self.text.get(offset, offset.checked_add(count)?)?;
                    self.expect(1, offset, count, 1)?;
                    to.text(value.slot, text.as_bytes(), 0..text.len())?;
                }
            }
            Kind::Bytes | Kind::Opaque => {
                let (offset, count) = value.reference();
                if count > 0 {
                    let all = self.heap.get(offset..offset.checked_add(count)?)?;
                    self.expect(0, offset, count, 1)?;
                    to.bytes(value.slot, all)?;
                }
            }
            Kind::Option if value.bytes.first() == Some(&1) => {
                self.references(ty.element()?, value.part(ty.align())?, to)?;
            }
            Kind::Newtype => self.references(ty.element()?, value, to)?,
            Kind::Array => {
                let element = ty.element()?;
                let all = Copied { bytes: value.bytes.get(..ty.size())?, ..value };
                self.elements(&[(0, element)], schema.resolve(element).size(), all, to)?;
            }
            Kind::Tuple | Kind::Struct => self.fields(ty.fields(), value, to)?,
            Kind::Enum => {
                let tag = At::new(value.bytes, &[], "").integer(ty.tag()?);
                let tags = self.shape.variants.get(index as usize)?;
                if let Ok(found) = tags.binary_search_by_key(&tag, |(tag, _)| *tag) {
                    let variant = ty.variants().get(tags.get(found)?.1)?;
                    self.fields(variant.fields(), value, to)?;
                }
            }
            Kind::List | Kind::Set | Kind::Map | Kind::Box => self.list(ty, value, to)?,
            _ => {}
        }
        Some(())
    }

    /// Copies the elements of a reference.
    fn list(&mut self, ty: &'a Descriptor, value: Copied<'_>, to: &mut RowTarget) -> Option<()> {
        let (offset, count) = value.reference();
        if count == 0 {
            return Some(());
        }
        let (element, key) = (ty.element()?, ty.key());
        let inner = self.schema.resolve(element);
        let FieldPlaces { offsets: [_, at], size, align } = match key {
            Some(key) => entry_layout(self.schema.resolve(key), inner),
            None => FieldPlaces { offsets: [0, 0], size: inner.size(), align: inner.align() },
        };
        let bytes = self.heap.get(offset..size.checked_mul(count)?.checked_add(offset)?)?;
        self.expect(0, offset, bytes.len(), align)?;
        let slot = to.array(value.slot, align, size, count).filter(|_| value.depth < MAX_DEPTH)?;
        to.write(slot, bytes);
        let all = Copied { bytes, slot, depth: value.depth.checked_add(1)? };
        match key {
            Some(key) => self.elements(&[(0, key), (at as usize, element)], size, all, to),
            None => self.elements(&[(0, element)], size, all, to),
        }
    }

    /// Copies what elements refer to, of which each has these parts.
    fn elements(
        &mut self,
        parts: &[(usize, TypeRef)],
        size: usize,
        all: Copied<'_>,
        to: &mut RowTarget,
    ) -> Option<()> {
        let mut kinds = parts.iter().map(|(_, ty)| self.schema.resolve(*ty).kind());
        if kinds.all(|kind| kind.fixed_size() > 0 && !kind.is_reference()) {
            return Some(());
        }
        let mut slot = all.slot;
        for bytes in all.bytes.chunks_exact(size.max(1)) {
            let element = Copied { bytes, slot, depth: all.depth };
            parts.iter().try_for_each(|(at, ty)| self.references(*ty, element.part(*at)?, to))?;
            slot = slot.checked_add(size)?;
        }
        Some(())
    }

    fn fields(&mut self, fields: &'a [Field], value: Copied<'_>, to: &mut RowTarget) -> Option<()> {
        fields.iter().try_for_each(|field| self.references(field.ty(), value.part(field.offset())?, to))
    }

    /// Returns `None` if bytes of a region are not where the next ones are expected, or do not follow zeros.
    fn expect(&mut self, region: usize, offset: usize, count: usize, align: usize) -> Option<()> {
        let Some(next) = self.next.as_mut().and_then(|next| next.get_mut(region)) else { return Some(()) };
        let start = round_up(*next as u64, align as u64) as usize;
        let is_gap_zero = region == 1 || is_zero(self.heap.get(*next..offset)?);
        *next = offset.checked_add(count)?;
        (start == offset && is_gap_zero).then_some(())
    }
}
