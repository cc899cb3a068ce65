//! The constants that describe a type: the facts of its fields, its tags, and its descriptor with notes.

use super::expansion::Expansion;
use super::fields::{ask, constant, default_of, member, stored_type};
use crate::attr::Attrs;
use crate::model::{Field, Stored, Style, TypeShape, Variant};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use syn::{Index, Lit, Visibility};

impl Expansion<'_> {
    /// Implements `Fields`: the facts of the fields and their stored offsets.
    pub(super) fn fields(&self) -> TokenStream {
        let is_enum = self.model.is_enum();
        let facts = self.model.stored().map(|field| {
            let facts = ask(field, "FACTS");
            let member = member(field);
            if is_enum { facts } else { quote!(#facts.at(__h::offset_of!(Self, #member))) }
        });
        let placed = self.placed();
        self.implement(
            "Fields",
            quote! {
                const FACTS: &'static [__h::Facts] = &[#(#facts),*];
                const OFFSETS: &'static [__h::u32] = &#placed.offsets;
            },
        )
    }

    fn placed(&self) -> TokenStream {
        let count = Index::from(self.model.stored().count());
        let align = match self.model.shape {
            TypeShape::Struct => Index::from(self.model.attrs.repr.align.unwrap_or(1)),
            TypeShape::Newtype => Index::from(1),
            TypeShape::Fieldless | TypeShape::Enum => return quote!(__h::placed_variants::<Self, #count>()),
        };
        quote!(__h::placed::<Self, #count>(#align))
    }

    /// Implements `Variants` for an enum: the kind of the tag, the tags, and the end of each variant's
    /// fields.
    pub(super) fn variants(&self) -> Option<TokenStream> {
        let kind = match &self.model.attrs.repr.int {
            _ if !self.model.is_enum() => return None,
            Some(int) if int != "usize" && int != "isize" => {
                let kind = format_ident!("{}", int.to_string().to_uppercase());
                quote!(__h::Kind::#kind)
            }
            _ => quote!(__h::smallest_tag(<Self as __h::Variants>::TAGS)),
        };
        // Without a `repr`, every tag fits.
        let checked = if self.model.attrs.repr.int.is_some() { &kind } else { &quote!(__h::Kind::U128) };
        let tags = self.tags();
        let tags = match self.has_own_tags() {
            true => quote!({
                let __tags: &'static [__h::i128] = &[#(#tags),*];
                __h::check_tags(#checked, __tags);
                __tags
            }),
            false => quote!(&[#(#tags),*]),
        };
        let ends = self.model.variants.iter().map(|variant| Index::from(variant.end));
        Some(self.implement(
            "Variants",
            quote! {
                const TAG: __h::Kind = #kind;
                const TAGS: &'static [__h::i128] = #tags;
                const ENDS: &'static [__h::usize] = &[#(#ends),*];
            },
        ))
    }

    fn has_own_tags(&self) -> bool {
        self.model.variants.iter().any(|variant| variant.attrs.has("tag"))
    }

    /// Returns the tag of each variant: that of its attribute, or else its discriminant, as the last explicit
    /// discriminant plus the number of variants since.
    fn tags(&self) -> Vec<TokenStream> {
        let mut last = TokenStream::new();
        let mut distance = 0;
        let tag = |variant: &Variant| {
            if let Some(expr) = &variant.discriminant {
                let repr = self.model.attrs.repr.int.clone().unwrap_or_else(|| format_ident!("isize"));
                last = quote!({ const __TAG: __h::#repr = #expr; __TAG as __h::i128 } + );
                distance = 0;
            }
            let ago = Index::from(distance);
            distance += 1;
            variant.attrs.item("tag").map_or_else(|| quote!(#last #ago), |item| item.value.clone())
        };
        self.model.variants.iter().map(tag).collect()
    }

    pub(super) fn describe(&self) -> TokenStream {
        let placed = self.placed();
        let constants = self.constants();
        let descriptor = self.descriptor();
        self.implement(
            "Describe",
            quote! {
                const SIZE: __h::usize = #placed.size;
                const ALIGN: __h::usize = #placed.align;
                const REFS: __h::bool = __h::refs::<Self>();
                #constants
                #descriptor
            },
        )
    }

    /// Returns the constants that depend on the shape.
    fn constants(&self) -> TokenStream {
        // Copying bytes cannot restore fields that are not stored.
        let is_whole = self.model.fields().all(|field| matches!(field.stored, Stored::AsItself));
        let is_discriminant = self.model.attrs.repr.int.is_some() && !self.has_own_tags();
        let flat = match self.model.shape {
            TypeShape::Struct | TypeShape::Newtype if is_whole => quote!(__h::flat::<Self>()),
            TypeShape::Fieldless if is_discriminant => quote!(__h::flat_enum::<Self>()),
            _ => quote!(false),
        };
        let key = match self.model.shape {
            TypeShape::Newtype => Some(quote!(__h::key::<Self>())),
            TypeShape::Fieldless => Some(quote!(true)),
            TypeShape::Struct | TypeShape::Enum => None,
        };
        let key = key.map(|key| quote!(const KEY: __h::bool = #key;));
        let any_bits = if self.model.is_enum() { quote!(false) } else { quote!(__h::any_bits::<Self>()) };
        let valid = match self.model.shape {
            TypeShape::Struct | TypeShape::Newtype => Some(quote!(valid)),
            TypeShape::Fieldless => Some(quote!(valid_tag)),
            TypeShape::Enum => None,
        };
        let valid =
            valid.map(|valid| quote!(fn valid(__b: &[__h::u8]) -> __h::bool { __h::#valid::<Self>(__b) }));
        quote! {
            const FLAT: __h::bool = #flat;
            const ANY_BITS: __h::bool = #any_bits;
            #key
            #valid
        }
    }

    fn descriptor(&self) -> TokenStream {
        let variants = &self.model.variants;
        let (kind, add, parts) = match (self.model.inner(), self.model.shape) {
            (Some(inner), _) if self.model.attrs.has("transparent") => return transparent(inner),
            (Some(inner), _) => (quote!(Newtype), quote!(of_inner), ask(inner, "TYPE")),
            (None, TypeShape::Struct) => {
                let fields = constant(self.model.stored().map(|field| descriptor(field, true)));
                (quote!(Struct), quote!(of_fields), fields)
            }
            (None, _) => {
                let variants = constant(variants.iter().enumerate().map(|(index, it)| variant(it, index)));
                (quote!(Enum), quote!(of_variants), quote!(#variants, <Self as __h::Variants>::TAG))
            }
        };
        let name = self.model.schema_name();
        let args = self.args();
        let notes = self.notes();
        quote! {
            const TYPE: &'static __h::Descriptor =
                &__h::named::<Self>(__h::Kind::#kind, #name, #args, #notes).#add(#parts);
        }
    }

    /// Returns the notes on the type.
    fn notes(&self) -> TokenStream {
        let attrs = &self.model.attrs;
        let version = attrs.int("version").and_then(|version| u32::try_from(version).ok());
        let version = version.map(|version| quote!(__h::Note::Version(#version)));
        let flags = flags(attrs, [("settable", quote!(Settable)), ("invariant", quote!(Invariant))]);
        // A newtype's field is no field of the schema, so its `readonly` is a note on the type.
        let fixed = self.model.inner().filter(|inner| inner.attrs.has("readonly"));
        let fixed = fixed.map(|_| quote!(__h::Note::ReadOnly));
        constant(common(attrs).chain(version).chain(flags).chain(fixed))
    }
}

/// Returns the descriptor of a transparent newtype, which is that of its field.
fn transparent(inner: &Field) -> TokenStream {
    let stored = stored_type(inner, &quote!(__h));
    let byte = matches!(inner.stored, Stored::AsItself).then(
        || quote!(const BYTE: __h::bool = <#stored as __h::Describe>::BYTE && <Self as __h::Describe>::FLAT;),
    );
    quote! {
        #byte
        const TRANSPARENT: __h::bool = true;
        const TYPE: &'static __h::Descriptor = <#stored as __h::Describe>::TYPE;
    }
}

/// Returns the descriptor of one variant.
fn variant(variant: &Variant, index: usize) -> TokenStream {
    let name = &variant.name;
    let index = Index::from(index);
    let style = match variant.style {
        Style::Unit => quote!(Unit),
        Style::Tuple => quote!(Tuple),
        Style::Struct => quote!(Struct),
    };
    let fields = constant(variant.stored().map(|field| descriptor(field, false)));
    let other = flags(&variant.attrs, [("other", quote!(Other))]);
    let notes = constant(common(&variant.attrs).chain(other));
    quote!(__h::Variant::new(#name, <Self as __h::Variants>::TAGS[#index], __h::Style::#style, #fields, #notes))
}

/// Returns the descriptor of a stored field.
fn descriptor(field: &Field, in_struct: bool) -> TokenStream {
    let attrs = &field.attrs;
    let ty = ask(field, "TYPE");
    let position = Index::from(field.position);
    let name = &field.name;
    let default = attrs.item("default").map(|_| {
        let value = default_of(field);
        let image = ask(field, "image");
        let ty = &field.ty;
        quote!(__h::default::<#ty>(|| #image(#value)))
    });
    let flags = flags(attrs, [("readonly", quote!(ReadOnly)), ("settable", quote!(Settable))]);
    let private = in_struct && !matches!(field.vis, Visibility::Public(_));
    let private = private.then(|| quote!(__h::Note::Private));
    let attributes = attrs.pairs().map(|(name, value)| attribute(name.to_string(), &value));
    let notes = constant(common(attrs).chain(default).chain(attributes).chain(flags).chain(private));
    quote!(__h::field::<Self>(#ty, #position, #name, #notes))
}

/// Returns the notes of attributes without a value.
fn flags<const N: usize>(
    attrs: &Attrs,
    notes: [(&str, TokenStream); N],
) -> impl Iterator<Item = TokenStream> {
    notes.into_iter().filter(|(name, _)| attrs.has(name)).map(|(_, note)| quote!(__h::Note::#note))
}

/// Returns the notes that every item can have: documentation, aliases, deprecation.
fn common(attrs: &Attrs) -> impl Iterator<Item = TokenStream> {
    let doc = attrs.doc.iter().map(|text| quote!(__h::doc(#text)));
    let aliases = attrs.aliases().map(|text| quote!(__h::alias(#text)));
    let deprecated = attrs.deprecated.iter().map(|text| quote!(__h::deprecated(#text)));
    doc.chain(aliases).chain(deprecated)
}

fn attribute(name: String, value: &Lit) -> TokenStream {
    let value = match value {
        Lit::Int(number) => {
            let number = Literal::i128_unsuffixed(number.base10_parse().unwrap_or_default());
            quote!(__h::AttrValue::Int(#number))
        }
        Lit::Float(number) => {
            let number = Literal::f64_unsuffixed(number.base10_parse().unwrap_or_default());
            quote!(__h::AttrValue::Float(#number))
        }
        Lit::Bool(value) => quote!(__h::AttrValue::Bool(#value)),
        text => quote!(__h::text(#text)),
    };
    quote!(__h::attribute(#name, #value))
}
