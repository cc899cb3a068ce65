//! The order of keys as they are stored (FORMAT.md, section 5.4). Total: bytes that are no key have some order.

use crate::layout::rows::At;
use crate::schema::{Descriptor, Kind, Schema};
use std::cmp::Ordering;

/// How values of one type compare.
#[derive(Clone, Debug)]
enum KeyOrder {
    Uint(usize),
    Int(Kind),
    Text,
    Bytes,
    /// Fields by offset and type.
    Fields(Vec<(usize, u32)>),
    /// Elements: how many, of which size and type.
    Array(u64, usize, u32),
    /// Not a key.
    No,
}

/// How values compare, by type.
#[derive(Clone, Debug)]
pub(super) struct KeyOrders {
    keys: Vec<KeyOrder>,
}

impl KeyOrders {
    pub(super) fn new(schema: &Schema) -> KeyOrders {
        KeyOrders { keys: schema.types().iter().map(|ty| KeyOrder::of(schema, ty)).collect() }
    }

    /// Compares two stored keys of the type with this index.
    pub(super) fn compare(&self, ty: u32, left: At<'_>, right: At<'_>) -> Ordering {
        match self.keys.get(ty as usize) {
            Some(&KeyOrder::Uint(size)) => left.uint(size).cmp(&right.uint(size)),
            Some(&KeyOrder::Int(kind)) => left.integer(kind).cmp(&right.integer(kind)),
            Some(KeyOrder::Text) => left.str().cmp(right.str()),
            Some(KeyOrder::Bytes) => left.referenced(1).bytes().cmp(right.referenced(1).bytes()),
            Some(KeyOrder::Fields(fields)) => fields
                .iter()
                .map(|&(offset, ty)| self.compare(ty, rest(left, offset), rest(right, offset)))
                .find(|ordering| ordering.is_ne())
                .unwrap_or(Ordering::Equal),
            Some(&KeyOrder::Array(count, size, ty)) => (0..count as usize)
                .map(|index| index.saturating_mul(size))
                .map(|offset| self.compare(ty, rest(left, offset), rest(right, offset)))
                .find(|ordering| ordering.is_ne())
                .unwrap_or(Ordering::Equal),
            Some(KeyOrder::No) | None => Ordering::Equal,
        }
    }
}

impl KeyOrder {
    fn of(schema: &Schema, ty: &Descriptor) -> KeyOrder {
        match (ty.kind(), ty.element()) {
            (Kind::Enum, _) if ty.is_fieldless() => ty.tag().map_or(KeyOrder::No, KeyOrder::number),
            (Kind::Bool | Kind::Char, _) => KeyOrder::Uint(ty.size()),
            (Kind::String, _) => KeyOrder::Text,
            (Kind::Bytes, _) => KeyOrder::Bytes,
            (Kind::Tuple, _) => {
                KeyOrder::Fields(ty.fields().iter().map(|own| (own.offset(), own.ty().index())).collect())
            }
            (Kind::Newtype, Some(inner)) => KeyOrder::Fields(vec![(0, inner.index())]),
            (Kind::Array, Some(element)) => {
                KeyOrder::Array(ty.count(), schema.resolve(element).size(), element.index())
            }
            (kind, _) => KeyOrder::number(kind),
        }
    }

    fn number(kind: Kind) -> KeyOrder {
        match kind {
            _ if kind.is_unsigned() => KeyOrder::Uint(kind.fixed_size() as usize),
            _ if kind.is_signed() => KeyOrder::Int(kind),
            _ => KeyOrder::No,
        }
    }
}

fn rest(at: At<'_>, offset: usize) -> At<'_> {
    at.with(at.bytes().get(offset..).unwrap_or_default())
}

/// The bits of a tag of `size` bytes, as an unsigned number.
#[inline]
pub(super) fn tag_bits(bytes: &[u8], size: u32) -> u128 {
    At::new(bytes, &[], "").uint(size as usize)
}
