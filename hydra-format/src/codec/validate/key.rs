//! The order of keys as they are stored (FORMAT.md, section 5.4). Total: bytes that are no key have some order.
#![forbid(unsafe_code)]

use crate::codec::At;
use crate::describe::{Descriptor, Kind, Schema};
use std::cmp::Ordering;

/// How values of one type compare.
#[derive(Clone, Debug)]
enum Key {
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
pub(super) struct Keys {
    keys: Vec<Key>,
}

impl Keys {
    pub(super) fn new(schema: &Schema) -> Keys {
        Keys { keys: schema.types().iter().map(|ty| Key::of(schema, ty)).collect() }
    }

    /// Compares two stored keys of the type with this index.
    pub(super) fn compare(&self, ty: u32, left: At<'_>, right: At<'_>) -> Ordering {
        match self.keys.get(ty as usize) {
            Some(&Key::Uint(size)) => left.uint(size).cmp(&right.uint(size)),
            Some(&Key::Int(kind)) => left.integer(kind).cmp(&right.integer(kind)),
            Some(Key::Text) => left.str().cmp(right.str()),
            Some(Key::Bytes) => left.referenced(1).bytes().cmp(right.referenced(1).bytes()),
            Some(Key::Fields(fields)) => fields
                .iter()
                .map(|&(offset, ty)| self.compare(ty, rest(left, offset), rest(right, offset)))
                .find(|ordering| ordering.is_ne())
                .unwrap_or(Ordering::Equal),
            Some(&Key::Array(count, size, ty)) => (0..count as usize)
                .map(|index| index.saturating_mul(size))
                .map(|offset| self.compare(ty, rest(left, offset), rest(right, offset)))
                .find(|ordering| ordering.is_ne())
                .unwrap_or(Ordering::Equal),
            Some(Key::No) | None => Ordering::Equal,
        }
    }
}

impl Key {
    fn of(schema: &Schema, ty: &Descriptor) -> Key {
        match (ty.kind(), ty.element()) {
            (Kind::Enum, _) if ty.is_fieldless() => ty.tag().map_or(Key::No, Key::number),
            (Kind::Bool | Kind::Char, _) => Key::Uint(ty.size()),
            (Kind::String, _) => Key::Text,
            (Kind::Bytes, _) => Key::Bytes,
            (Kind::Tuple, _) => {
                Key::Fields(ty.fields().iter().map(|own| (own.offset(), own.ty().index())).collect())
            }
            (Kind::Newtype, Some(inner)) => Key::Fields(vec![(0, inner.index())]),
            (Kind::Array, Some(element)) => {
                Key::Array(ty.count(), schema.resolve(element).size(), element.index())
            }
            (kind, _) => Key::number(kind),
        }
    }

    fn number(kind: Kind) -> Key {
        match kind {
            _ if kind.is_unsigned() => Key::Uint(kind.fixed_size() as usize),
            _ if kind.is_signed() => Key::Int(kind),
            _ => Key::No,
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
