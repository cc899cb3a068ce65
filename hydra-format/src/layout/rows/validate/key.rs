//! The order of stored keys (FORMAT.md, section 5.4). It is total: bytes that are not a key have some order.

use crate::layout::rows::At;
use crate::schema::{Descriptor, Kind, Schema, TypeRef};
use std::cmp::Ordering;

/// Compares two stored keys of a type.
pub(super) fn compare<'a>(schema: &Schema, ty: &Descriptor, left: At<'a>, right: At<'a>) -> Ordering {
    let part = |offset: usize, ty: TypeRef| {
        let rest = |at: At<'a>| at.with(at.bytes().get(offset..).unwrap_or_default());
        compare(schema, schema.resolve(ty), rest(left), rest(right))
    };
    match (ty.kind(), ty.element()) {
        (Kind::String, _) => left.str().cmp(right.str()),
        (Kind::Bytes, _) => left.referenced(1).bytes().cmp(right.referenced(1).bytes()),
        (Kind::Newtype, Some(inner)) => part(0, inner),
        (Kind::Tuple, _) => first_unequal(ty.fields().iter().map(|field| part(field.offset(), field.ty()))),
        (Kind::Array, Some(element)) => {
            let size = schema.resolve(element).size();
            first_unequal((0..ty.count() as usize).map(|index| part(index.saturating_mul(size), element)))
        }
        (kind, _) => {
            let kind = ty.tag().unwrap_or(kind);
            let bits = |at: At<'_>| at.uint(kind.fixed_size() as usize);
            match kind.is_signed() {
                true => left.integer(kind).cmp(&right.integer(kind)),
                false => bits(left).cmp(&bits(right)),
            }
        }
    }
}

fn first_unequal(mut parts: impl Iterator<Item = Ordering>) -> Ordering {
    parts.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}
