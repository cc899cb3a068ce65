//! The implementation of `Reflect`: the parts of a live value, and how it is measured and encoded.

use super::expansion::Expansion;
use super::fields::{binding, call, member, offset};
use crate::model::{Field, Stored, TypeShape};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Index, Visibility};

impl Expansion<'_> {
    pub(super) fn reflect(&self) -> TokenStream {
        let shown = match self.model.inner() {
            Some(inner) if self.model.attrs.has("transparent") => inside(inner),
            _ => self.parts(),
        };
        let guards = self.guards();
        let encoding = self.encoding();
        self.implement("Reflect", quote!(#shown #guards #encoding))
    }

    /// Returns the number of parts, the present variant, and the functions that return a part by its
    /// position.
    fn parts(&self) -> TokenStream {
        let variant = self.model.is_enum().then(|| {
            let paths = self.model.variants.iter().map(|variant| self.path(variant));
            let positions = (0..self.model.variants.len()).map(Index::from);
            quote!(fn variant(&self) -> __h::usize { match self { #(#paths { .. } => #positions),* } })
        });
        let stored = Index::from(self.model.stored().count());
        let count = if self.model.is_enum() { quote!(__h::count(self)) } else { quote!(#stored) };
        let parts = self.part(|field| {
            let binding = binding(field);
            call(field, "value", quote!(#binding))
        });
        let changes = self.part(|field| self.change(field));
        let parts = self.has_fields().then(|| {
            quote! {
                fn count(&self) -> __h::usize { #count }
                fn part(&self, __i: __h::usize) -> __h::Option<__h::Part<'_>> { #parts }
                fn part_mut(&mut self, __i: __h::usize) -> __h::Option<__h::PartMut<'_>> { #changes }
            }
        });
        quote!(#variant #parts)
    }

    fn has_fields(&self) -> bool {
        self.model.stored().next().is_some()
    }

    fn part(&self, part: impl Fn(&Field) -> TokenStream) -> TokenStream {
        self.match_self(|variant| {
            if variant.stored().next().is_none() {
                return quote!(__h::None);
            }
            let positions = variant.stored().map(|field| Index::from(field.index));
            let parts = variant.stored().map(&part);
            quote!(match __i { #(#positions => #parts,)* _ => __h::None })
        })
    }

    fn change(&self, field: &Field) -> TokenStream {
        let binding = binding(field);
        // The field of a newtype has no notes in the schema, so its privacy is handled here.
        let is_private = !matches!(field.vis, Visibility::Public(_));
        let is_settable = self.model.attrs.has("settable") || field.attrs.has("settable");
        if self.model.shape == TypeShape::Newtype && is_private && !is_settable {
            let value = call(field, "value", quote!(#binding));
            return quote!(#value.map(__h::PartMut::private));
        }
        call(field, "value_mut", quote!(#binding))
    }

    /// Returns the restrictions on changes: the names of skipped fields, and the invariant.
    fn guards(&self) -> TokenStream {
        let skipped = self.model.fields().filter(|field| !field.is_stored());
        let skipped: Vec<_> = skipped.map(|field| field.member.to_token_stream().to_string()).collect();
        let skipped = (!skipped.is_empty())
            .then(|| quote!(fn skipped(&self) -> &'static [&'static __h::str] { &[#(#skipped),*] }));
        let invariant = self.model.attrs.item("invariant").map(|item| {
            let check = &item.value;
            quote! {
                fn is_guarded(&self) -> __h::bool { true }
                fn invariant(&self) -> __h::InvariantResult { __h::refused((#check)(self)) }
            }
        });
        quote!(#skipped #invariant)
    }

    fn encoding(&self) -> TokenStream {
        let inline = (!self.model.is_enum()).then(|| quote!(#[inline]));
        let tag = self.model.is_enum().then(|| quote!(__h::put_tag(self, __s);));
        if !self.has_fields() {
            return quote!(#inline fn encode(&self, __s: &mut [__h::u8], _: &mut __h::Sink<'_>) { #tag });
        }
        let measures = self.match_self(|variant| {
            let measures = variant.stored().map(|field| {
                let binding = binding(field);
                call(field, "measure", quote!(#binding, __m))
            });
            quote!(#(#measures;)*)
        });
        let encodes = self.match_self(|variant| {
            let encodes = variant.stored().map(|field| {
                let binding = binding(field);
                let offset = offset(field, &quote!(Self));
                call(field, "encode", quote!(#binding, __s, #offset, __sink))
            });
            quote!(#(#encodes;)*)
        });
        quote! {
            #inline
            fn measure(&self, __m: &mut __h::Measure) { #measures }
            #inline
            fn encode(&self, __s: &mut [__h::u8], __sink: &mut __h::Sink<'_>) {
                if __h::is_short::<Self>(__s) { return; }
                #tag
                #encodes
            }
        }
    }
}

/// Returns the inner value of a transparent newtype, which stands for it, unless it is stored as another
/// type.
fn inside(inner: &Field) -> TokenStream {
    if !matches!(inner.stored, Stored::AsItself) {
        return quote!(
            fn is_encoded(&self) -> __h::bool {
                true
            }
        );
    }
    let member = member(inner);
    quote! {
        fn inside(&self) -> __h::Option<&dyn __h::Reflect> { __h::Some(&self.#member) }
        fn inside_mut(&mut self) -> __h::Option<&mut (dyn __h::ReflectMut + 'static)> {
            __h::Some(&mut self.#member)
        }
    }
}
