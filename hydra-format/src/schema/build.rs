//! Descriptors made at run time, for [`Schema::new`](super::Schema::new): references are indices, and every
//! size, alignment and offset is left for the schema to compute.

use super::{Arg, Descriptor, Field, Form, Kind, Note, Style, TypeRef, Variant};
use std::borrow::Cow;

impl Descriptor {
    /// A kind without parameters: a number, bool, char, unit, string or bytes.
    pub fn scalar(kind: Kind) -> Descriptor {
        Descriptor::new(kind, 0, 0)
    }

    /// A kind with a form.
    pub fn formed(kind: Kind, form: Form) -> Descriptor {
        Descriptor { form, ..Descriptor::scalar(kind) }
    }

    /// An integer kind without 0.
    pub fn nonzero(kind: Kind) -> Descriptor {
        Descriptor { nonzero: true, ..Descriptor::scalar(kind) }
    }

    /// Sixteen bytes that are a UUID; `byte` is u8.
    pub fn uuid(byte: TypeRef) -> Descriptor {
        Descriptor { form: Form::Uuid, ..Descriptor::array(byte, 16) }
    }

    /// A value or none.
    pub fn option(value: TypeRef) -> Descriptor {
        Descriptor::holding(Kind::Option, value)
    }

    /// Any number of elements.
    pub fn list(element: TypeRef) -> Descriptor {
        Descriptor::holding(Kind::List, element)
    }

    /// A fixed number of elements.
    pub fn array(element: TypeRef, count: u64) -> Descriptor {
        Descriptor { count, ..Descriptor::holding(Kind::Array, element) }
    }

    /// Keys with values.
    pub fn map(key: TypeRef, value: TypeRef) -> Descriptor {
        Descriptor { key: Some(key), ..Descriptor::holding(Kind::Map, value) }
    }

    /// Distinct members.
    pub fn set(member: TypeRef) -> Descriptor {
        Descriptor::holding(Kind::Set, member)
    }

    /// One value behind a reference.
    pub fn boxed(value: TypeRef) -> Descriptor {
        Descriptor::holding(Kind::Box, value)
    }

    /// Fields by position.
    pub fn tuple(fields: Vec<TypeRef>) -> Descriptor {
        let named = |(index, ty): (usize, TypeRef)| (index.to_string(), ty);
        let fields = owned_fields(fields.into_iter().enumerate().map(named));
        Descriptor { fields, ..Descriptor::scalar(Kind::Tuple) }
    }

    /// Fields by name.
    pub fn structure(name: impl Into<String>, fields: Vec<(String, TypeRef)>) -> Descriptor {
        Descriptor { fields: owned_fields(fields), ..Descriptor::named(Kind::Struct, name) }
    }

    /// Another type under a name.
    pub fn newtype(name: impl Into<String>, inner: TypeRef) -> Descriptor {
        Descriptor { element: Some(inner), ..Descriptor::named(Kind::Newtype, name) }
    }

    /// One of several variants, each with a name, a tag, a style and fields; u128 tags are given by their bits.
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

    /// The same struct with an alignment of at least `align` bytes, as `repr(align)` asks for.
    pub fn with_align(self, align: u32) -> Descriptor {
        Descriptor { align, ..self }
    }

    /// The same type with arguments.
    pub fn with_args(self, args: Vec<Arg>) -> Descriptor {
        Descriptor { args: Cow::Owned(args), ..self }
    }

    /// The same type with notes on it.
    pub fn with_notes(self, notes: Vec<Note>) -> Descriptor {
        Descriptor { notes: Cow::Owned(notes), ..self }
    }

    /// The same struct with notes on the field at `index`; nothing changes if there is none.
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

    /// Notes and fields of the type itself, then of each of its variants.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&[Note], &[Field])> {
        let variants = self.variants.iter().map(|variant| (variant.notes(), variant.fields()));
        std::iter::once((self.notes(), self.fields())).chain(variants)
    }

    /// Every field, of every variant too, in the same order.
    pub(super) fn fields_mut(&mut self) -> impl Iterator<Item = &mut Field> {
        let variants = self.variants.to_mut().iter_mut().flat_map(|variant| variant.fields.to_mut());
        self.fields.to_mut().iter_mut().chain(variants)
    }

    /// Every type that this one refers to, in the order of FORMAT.md, section 6.2.
    pub(crate) fn children(&self) -> impl Iterator<Item = TypeRef> {
        let fields = self.parts().flat_map(|(_, fields)| fields).map(|field| field.ty);
        self.args.iter().filter_map(|arg| arg.ty()).chain(self.key).chain(self.element).chain(fields)
    }

    /// Puts `change` in the place of every reference to another type.
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

    /// Takes all names and arguments away.
    pub(super) fn forget_names(&mut self) {
        self.name = Cow::Borrowed("");
        self.args = Cow::Borrowed(&[]);
        self.fields_mut().for_each(|field| field.name = Cow::Borrowed(""));
        self.variants.to_mut().iter_mut().for_each(|variant| variant.name = Cow::Borrowed(""));
    }

    /// Takes all notes away.
    pub(super) fn forget_notes(&mut self) {
        self.notes = Cow::Borrowed(&[]);
        self.fields_mut().for_each(|field| field.notes = Cow::Borrowed(&[]));
        self.variants.to_mut().iter_mut().for_each(|variant| variant.notes = Cow::Borrowed(&[]));
    }
}

fn owned_fields(fields: impl IntoIterator<Item = (String, TypeRef)>) -> Cow<'static, [Field]> {
    fields.into_iter().map(|(name, ty)| Field::owned(name.into(), ty, 0)).collect()
}
