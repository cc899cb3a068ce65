//! Descriptors: fields, variants and notes as constants.

use super::expansion::Expansion;
use super::fields::{ask, constant, default_of, stored};
use crate::attr::{AttrArg, Attrs};
use crate::model::{Body, Field, Style, Variant};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Lit, Visibility};

impl Expansion<'_> {
    /// The notes on the type.
    pub(super) fn type_notes(&self) -> TokenStream {
        let attrs = &self.model.attrs;
        let version = attrs.int("version").and_then(|version| u32::try_from(version).ok());
        let version = version.map(|version| quote!(__h::Note::Version(#version)));
        let flags = flags(attrs, [("settable", quote!(Settable)), ("invariant", quote!(Invariant))]);
        // A newtype's field is no field in the schema: that it is read-only is a note on the type.
        let fixed = match &self.model.body {
            Body::Newtype(fields, _) => fields.iter().any(|field| field.attrs.has("readonly")),
            _ => false,
        };
        let fixed = fixed.then(|| quote!(__h::Note::ReadOnly));
        constant(common(attrs).chain(version).chain(flags).chain(fixed))
    }
}

/// The descriptors of stored fields; `first` is the position of the first of them among all of the type.
pub(super) fn fields(fields: &[Field], first: usize, in_struct: bool) -> TokenStream {
    constant(stored(fields, first).map(|(position, _, field)| {
        let (ty, name) = (ask(field, "TYPE"), &field.name);
        let notes = field_notes(field, in_struct);
        quote!(__h::field::<Self>(#ty, #position, #name, #notes))
    }))
}

/// The descriptor of one variant.
pub(super) fn variant(variant: &Variant, index: usize, first: usize) -> TokenStream {
    let name = &variant.name;
    let style = match variant.style {
        Style::Unit => quote!(Unit),
        Style::Tuple => quote!(Tuple),
        Style::Struct => quote!(Struct),
    };
    let fields = fields(&variant.fields, first, false);
    let other = variant.attrs.has("other").then(|| quote!(__h::Note::Other));
    let notes = constant(common(&variant.attrs).chain(other));
    quote!(__h::Variant::new(#name, <Self as __h::Variants>::TAGS[#index], __h::Style::#style, #fields, #notes))
}

fn field_notes(field: &Field, in_struct: bool) -> TokenStream {
    let attrs = &field.attrs;
    let flags = flags(attrs, [("readonly", quote!(ReadOnly)), ("settable", quote!(Settable))]);
    let private = in_struct && !matches!(field.vis, Visibility::Public(_));
    let private = private.then(|| quote!(__h::Note::Private));
    constant(common(attrs).chain(default(field)).chain(attributes(attrs)).chain(flags).chain(private))
}

/// The notes that attributes without a value stand for.
fn flags(attrs: &Attrs, notes: [(&str, TokenStream); 2]) -> impl Iterator<Item = TokenStream> {
    notes.into_iter().filter(|(name, _)| attrs.has(name)).map(|(_, note)| quote!(__h::Note::#note))
}

/// The notes that everything can have: documentation, aliases, deprecation.
fn common(attrs: &Attrs) -> impl Iterator<Item = TokenStream> {
    let doc = attrs.doc.iter().map(|text| quote!(__h::doc(#text)));
    let aliases = attrs.aliases().map(|text| quote!(__h::alias(#text)));
    let deprecated = attrs.deprecated.iter().map(|text| quote!(__h::deprecated(#text)));
    doc.chain(aliases).chain(deprecated)
}

fn default(field: &Field) -> Option<TokenStream> {
    field.attrs.item("default")?;
    let (image, value, ty) = (ask(field, "image"), default_of(field), &field.ty);
    Some(quote!(__h::default::<#ty>(|| #image(#value))))
}

fn attributes(attrs: &Attrs) -> impl Iterator<Item = TokenStream> {
    let pairs = attrs.items.iter().flat_map(|item| match &item.value {
        AttrArg::Pairs(pairs) => pairs.as_slice(),
        _ => &[],
    });
    pairs.map(|(name, value)| {
        let name = name.to_string();
        let value = match value {
            Lit::Int(number) => {
                let number = proc_macro2::Literal::i128_unsuffixed(number.base10_parse().unwrap_or_default());
                quote!(__h::AttrValue::Int(#number))
            }
            Lit::Float(number) => {
                let number = proc_macro2::Literal::f64_unsuffixed(number.base10_parse().unwrap_or_default());
                quote!(__h::AttrValue::Float(#number))
            }
            Lit::Bool(value) => quote!(__h::AttrValue::Bool(#value)),
            text => quote!(__h::text(#text)),
        };
        quote!(__h::attribute(#name, #value))
    })
}
