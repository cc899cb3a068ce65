//! Descriptors that are made at run time, for [`Schema::new`](super::Schema::new). References are indices;
//! the schema computes sizes, alignments and offsets.

use super::{Arg, Descriptor, Field, Form, Kind, Note, Style, TypeRef, Variant};
use std::borrow::Cow;

impl Descriptor {
    /// Creates a type without parameters: a number, bool, char, unit, string or bytes.
    pub fn scalar(kind: Kind) -> Descriptor {
        Descriptor::new(kind, 0, 0)
    }

    /// Creates a type with a form.
    pub fn formed(kind: Kind, form: Form) -> Descriptor {
        Descriptor { form, ..Descriptor::scalar(kind) }
    }

    /// Creates an integer type that is never 0.
    pub fn nonzero(kind: Kind) -> Descriptor {
        Descriptor { nonzero: true, ..Descriptor::scalar(kind) }
    }

    /// Creates a UUID of sixteen bytes; `byte` refers to u8.
    pub fn uuid(byte: TypeRef) -> Descriptor {
        Descriptor { form: Form::Uuid, ..Descriptor::array(byte, 16) }
    }

    /// Creates an option.
    pub fn option(value: TypeRef) -> Descriptor {
        Descriptor::holding(Kind::Option, value)
    }

    /// Creates a list.
    pub fn list(element: TypeRef) -> Descriptor {
        Descriptor::holding(Kind::List, element)
    }

    /// Creates an array of `count` elements.
    pub fn array(element: TypeRef, count: u64) -> Descriptor {
        Descriptor { count, ..Descriptor::holding(Kind::Array, element) }
    }

    /// Creates a map.
    pub fn map(key: TypeRef, value: TypeRef) -> Descriptor {
        Descriptor { key: Some(key), ..Descriptor::holding(Kind::Map, value) }
    }

    /// Creates a set.
    pub fn set(member: TypeRef) -> Descriptor {
        Descriptor::holding(Kind::Set, member)
    }

    /// Creates a box: one value behind a reference.
    pub fn boxed(value: TypeRef) -> Descriptor {
        Descriptor::holding(Kind::Box, value)
    }

    /// Creates a tuple.
    pub fn tuple(fields: Vec<TypeRef>) -> Descriptor {
        let named = |(index, ty): (usize, TypeRef)| (index.to_string(), ty);
        let fields = owned_fields(fields.into_iter().enumerate().map(named));
        Descriptor { fields, ..Descriptor::scalar(Kind::Tuple) }
    }

    /// Creates a struct.
    pub fn structure(name: impl Into<String>, fields: Vec<(String, TypeRef)>) -> Descriptor {
        Descriptor { fields: owned_fields(fields), ..Descriptor::named(Kind::Struct, name) }
    }

    /// Creates a newtype: another type under a name.
    pub fn newtype(name: impl Into<String>, inner: TypeRef) -> Descriptor {
        Descriptor { element: Some(inner), ..Descriptor::named(Kind::Newtype, name) }
    }

    /// Creates an enum of variants, each with a name, a tag, a style and fields. A u128 tag is given by its
    /// bits.
    #[allow(clippy::type_complexity)]
    pub fn enumeration(
        name: impl Into<String>,
        tag_kind: Kind,
        variants: Vec<(String, i128, Style, Vec<(String, TypeRef)>)>,
    ) -> Descriptor {
        let variant = |(name, tag, style, fields)| Variant {
            name: Cow::Owned(name),
            tag,
            style,
            fields: owned_fields(fields),
            notes: Cow::Borrowed(&[]),
        };
        let variants = variants.into_iter().map(variant).collect();
        Descriptor { tag: Some(tag_kind), variants, ..Descriptor::named(Kind::Enum, name) }
    }

    /// Sets an alignment of at least `align` bytes, as `repr(align)` does.
    pub fn with_align(self, align: u32) -> Descriptor {
        Descriptor { align, ..self }
    }

    /// Sets the type arguments.
    pub fn with_args(self, args: Vec<Arg>) -> Descriptor {
        Descriptor { args: Cow::Owned(args), ..self }
    }

    /// Sets the notes of the type.
    pub fn with_notes(self, notes: Vec<Note>) -> Descriptor {
        Descriptor { notes: Cow::Owned(notes), ..self }
    }

    /// Sets the notes of the field at `index`; does nothing if there is no such field.
    pub fn with_field_notes(mut self, index: usize, notes: Vec<Note>) -> Descriptor {
        if let Some(field) = self.fields.to_mut().get_mut(index) {
            field.notes = Cow::Owned(notes);
        }
        self
    }

    fn holding(kind: Kind, element: TypeRef) -> Descriptor {
        Descriptor { element: Some(element), ..Descriptor::scalar(kind) }
    }

    fn named(kind: Kind, name: impl Into<String>) -> Descriptor {
        Descriptor { name: Cow::Owned(name.into()), ..Descriptor::scalar(kind) }
    }

    /// Returns the notes and fields of the type itself, then those of each variant.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&[Note], &[Field])> {
        let variants = self.variants.iter().map(|variant| (variant.notes(), variant.fields()));
        std::iter::once((self.notes(), self.fields())).chain(variants)
    }

    /// Returns every field, including those of variants, in the same order.
    pub(super) fn fields_mut(&mut self) -> impl Iterator<Item = &mut Field> {
        let variants = self.variants.to_mut().iter_mut().flat_map(|variant| variant.fields.to_mut());
        self.fields.to_mut().iter_mut().chain(variants)
    }

    /// Returns every type that this one refers to, in the order of FORMAT.md, section 6.2.
    pub(crate) fn children(&self) -> impl Iterator<Item = TypeRef> {
        let fields = self.parts().flat_map(|(_, fields)| fields).map(|field| field.ty);
        self.args.iter().filter_map(|arg| arg.ty()).chain(self.key).chain(self.element).chain(fields)
    }

    /// Replaces every reference to another type.
    pub(super) fn map_children(&mut self, mut change: impl FnMut(TypeRef) -> TypeRef) {
        for arg in self.args.to_mut() {
            if let Arg::Type(ty) = arg {
                *ty = change(*ty);
            }
        }
        self.key = self.key.map(&mut change);
        self.element = self.element.map(&mut change);
        self.fields_mut().for_each(|field| field.ty = change(field.ty));
    }

    /// Removes all names and arguments.
    pub(super) fn forget_names(&mut self) {
        self.name = Cow::Borrowed("");
        self.args = Cow::Borrowed(&[]);
        self.fields_mut().for_each(|field| field.name = Cow::Borrowed(""));
        self.variants.to_mut().iter_mut().for_each(|variant| variant.name = Cow::Borrowed(""));
    }

    /// Removes all notes.
    pub(super) fn forget_notes(&mut self) {
        self.notes = Cow::Borrowed(&[]);
        self.fields_mut().for_each(|field| field.notes = Cow::Borrowed(&[]));
        self.variants.to_mut().iter_mut().for_each(|variant| variant.notes = Cow::Borrowed(&[]));
    }
}

fn owned_fields(fields: impl IntoIterator<Item = (String, TypeRef)>) -> Cow<'static, [Field]> {
    fields.into_iter().map(|(name, ty)| Field::owned(name.into(), ty, 0)).collect()
}
