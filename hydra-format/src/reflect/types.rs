//! A type together with what its references are resolved in: the program, or one schema.

use super::value::MAX_NESTING;
use crate::layout::rows::Run;
use crate::memory::Describe;
use crate::schema::{Arg, Descriptor, Field, FieldPlaces, Kind, Schema, TypeRef, Variant, entry_layout};
use std::collections::HashSet;
use std::ops::Deref;

/// A descriptor and the schema that its indices refer to; no schema for a type of the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type<'a> {
    pub(crate) ty: &'a Descriptor,
    pub(crate) schema: Option<&'a Schema>,
}

impl Deref for Type<'_> {
    type Target = Descriptor;

    #[inline]
    fn deref(&self) -> &Descriptor {
        self.ty
    }
}

/// The layout of key and value in a map entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryLayout<'a> {
    pub(crate) key: Type<'a>,
    pub(crate) value: Type<'a>,
    /// The offset of the value within the entry.
    pub(crate) offset: usize,
    pub(crate) size: usize,
    pub(crate) align: usize,
}

impl<'a> Type<'a> {
    #[inline]
    pub(crate) fn new(ty: &'a Descriptor, schema: Option<&'a Schema>) -> Type<'a> {
        Type { ty, schema }
    }

    /// Returns the root type of a schema.
    #[inline]
    pub(crate) fn root(schema: &'a Schema) -> Type<'a> {
        Type::new(schema.root(), Some(schema))
    }

    /// Returns a type of the program.
    pub(crate) fn of<T: Describe>() -> Type<'static> {
        Type::new(T::TYPE, None)
    }

    /// Returns the type inside newtypes and boxes.
    pub(crate) fn opened(self) -> Type<'a> {
        let mut ty = self;
        for _ in 0..MAX_NESTING {
            if !matches!(ty.kind(), Kind::Newtype | Kind::Box) {
                break;
            }
            ty = ty.element();
        }
        ty
    }

    /// Resolves a reference. An index without a schema cannot occur; it resolves to unit.
    #[inline]
    pub(crate) fn resolve(self, reference: TypeRef) -> Type<'a> {
        let ty = match (reference, self.schema) {
            (TypeRef::Live(descriptor), _) => descriptor(),
            (index, Some(schema)) => schema.resolve(index),
            (_, None) => <()>::TYPE,
        };
        Type { ty, ..self }
    }

    fn resolve_or_unit(self, reference: Option<TypeRef>) -> Type<'a> {
        reference.map_or(Type { ty: <()>::TYPE, ..self }, |reference| self.resolve(reference))
    }

    /// Returns the element type, the inner type, or the value type of a map.
    pub(crate) fn element(self) -> Type<'a> {
        self.resolve_or_unit(self.ty.element())
    }

    /// Returns the type of the part at `index`: a field of the given variant for an enum, a value for a map.
    pub(crate) fn part(self, variant: Option<usize>, index: usize) -> Option<Type<'a>> {
        let fields = match self.ty.kind() {
            Kind::Struct | Kind::Tuple => self.ty.fields(),
            Kind::Enum => self.ty.variants().get(variant?)?.fields(),
            _ => return Some(self.element()),
        };
        Some(self.resolve(fields.get(index)?.ty()))
    }

    /// Returns the key type of a map.
    pub(crate) fn key(self) -> Type<'a> {
        self.resolve_or_unit(self.ty.key())
    }

    /// Returns the layout of a map's entries, or of a set's members, which are key and value at once.
    pub(crate) fn entry(self) -> EntryLayout<'a> {
        let value = self.element();
        if self.ty.kind() != Kind::Map {
            return EntryLayout { key: value, value, offset: 0, size: value.size(), align: value.align() };
        }
        let key = self.key();
        let FieldPlaces { offsets: [_, offset], size, align } = entry_layout(key.ty, value.ty);
        EntryLayout { key, value, offset: offset as usize, size, align }
    }

    /// Returns the run of a list, set or map whose reference is stored at `at`.
    pub(crate) fn run(self, at: crate::layout::rows::At<'a>) -> Run<'a> {
        at.referenced(self.entry().size)
    }

    /// Returns the position of the variant with this tag.
    pub(crate) fn variant_of_tag(self, tag: i128) -> Option<usize> {
        let variants = self.ty.variants();
        let guess =
            usize::try_from(tag).ok().filter(|&index| variants.get(index).is_some_and(|v| v.tag() == tag));
        guess.or_else(|| variants.iter().position(|variant| variant.tag() == tag))
    }

    /// Returns true for a number whose bit patterns are all valid.
    pub(crate) fn is_free_number(self) -> bool {
        let kind = self.ty.kind();
        (kind.is_integer() && !self.ty.is_nonzero()) || matches!(kind, Kind::F32 | Kind::F64)
    }

    /// Returns true if both types have the same stored form and the same names, as schemas with identical
    /// cores do.
    pub(crate) fn is_identical(self, other: Type<'_>) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![(self, other)];
        while let Some((left, right)) = open.pop() {
            let pair = (std::ptr::from_ref(left.ty).addr(), std::ptr::from_ref(right.ty).addr());
            if pair.0 == pair.1 && left.schema.is_none() && right.schema.is_none() || !seen.insert(pair) {
                continue;
            }
            if !same_node(left.ty, right.ty) {
                return false;
            }
            let pairs = left.ty.children().zip(right.ty.children());
            open.extend(pairs.map(|(l, r)| (left.resolve(l), right.resolve(r))));
        }
        true
    }
}

/// Compares everything of two types except the types that they refer to.
fn same_node(left: &Descriptor, right: &Descriptor) -> bool {
    let facts = |ty: &Descriptor| {
        let shape =
            (ty.kind(), ty.form().code(), ty.is_nonzero(), ty.size(), ty.align(), ty.count(), ty.tag());
        (shape, ty.element().is_some(), ty.key().is_some())
    };
    facts(left) == facts(right)
        && left.name() == right.name()
        && left.args().iter().copied().map(Arg::constant).eq(right.args().iter().copied().map(Arg::constant))
        && places(left.fields()).eq(places(right.fields()))
        && left.variants().len() == right.variants().len()
        && left.variants().iter().zip(right.variants()).all(|(l, r)| same_variant(l, r))
}

fn same_variant(left: &Variant, right: &Variant) -> bool {
    (left.name(), left.tag(), left.style()) == (right.name(), right.tag(), right.style())
        && places(left.fields()).eq(places(right.fields()))
}

fn places(fields: &[Field]) -> impl Iterator<Item = (&str, usize)> {
    fields.iter().map(|field| (field.name(), field.offset()))
}
