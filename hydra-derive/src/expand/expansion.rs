//! The type that is written about, and the parts that every implementation of it has.

use super::fields::constant;
use crate::model::Model;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{ConstParam, GenericParam, Ident, TypeParam, WherePredicate};

/// The type, and what every implementation of it needs.
pub(super) struct Expansion<'m> {
    pub(super) model: &'m Model,
    pub(super) library: TokenStream,
    impls: TokenStream,
    bounds: TokenStream,
    /// The type with its parameters.
    pub(super) this: TokenStream,
}

impl<'m> Expansion<'m> {
    pub(super) fn new(model: &'m Model) -> Expansion<'m> {
        let mut generics = model.generics.clone();
        let predicates = bounds(model, &quote!(__h));
        if !predicates.is_empty() {
            generics.make_where_clause().predicates.extend(predicates);
        }
        let (impls, types, bounds) = generics.split_for_impl();
        let name = &model.name;
        Expansion {
            model,
            library: model.attrs.library(),
            impls: impls.to_token_stream(),
            bounds: bounds.to_token_stream(),
            this: quote!(#name #types),
        }
    }

    /// `impl Trait for This { body }`
    pub(super) fn implement(&self, name: &str, body: TokenStream) -> TokenStream {
        let Expansion { impls, this, bounds, .. } = self;
        let safety = matches!(name, "Describe" | "Plain").then(|| quote!(unsafe));
        let name = format_ident!("{name}");
        quote! {
            #[automatically_derived]
            #safety impl #impls __h::#name for #this #bounds { #body }
        }
    }

    /// The type's arguments: constants, and the types that are known to be stored.
    pub(super) fn args(&self) -> TokenStream {
        let is_stored = |param: &Ident| {
            let bounds = self.model.attrs.has("bound").then(|| bounds(self.model, &self.library));
            bounds.is_none_or(|bounds| bounds.iter().any(|bound| is_hydra_bound(bound, param)))
        };
        constant(self.model.generics.params.iter().filter_map(|param| match param {
            GenericParam::Type(TypeParam { ident, .. }) => {
                is_stored(ident).then(|| quote!(__h::argument::<#ident>()))
            }
            GenericParam::Const(ConstParam { ident, ty, .. }) => {
                Some(quote!(__h::constant::<#ty>(#ident as __h::i128)))
            }
            GenericParam::Lifetime(_) => None,
        }))
    }

    /// What stands between a value and its change: the names of skipped fields, and the invariant.
    pub(super) fn guards(&self) -> TokenStream {
        let skipped = self.model.fields().filter(|field| !field.is_stored());
        let skipped: Vec<_> = skipped.map(|field| field.member.to_token_stream().to_string()).collect();
        let skipped = (!skipped.is_empty())
            .then(|| quote!(fn skipped(&self) -> &'static [&'static __h::str] { &[#(#skipped),*] }));
        let invariant = self.model.attrs.expr("invariant").map(|check| {
            quote! {
                fn is_guarded(&self) -> __h::bool { true }
                fn invariant(&self) -> __h::InvariantResult { __h::refused((#check)(self)) }
            }
        });
        quote!(#skipped #invariant)
    }

    /// `FACTS` and `OFFSETS` of `fields`, of which each has its live offset.
    pub(super) fn fields(
        &self,
        facts: impl Iterator<Item = TokenStream>,
        placed: TokenStream,
    ) -> TokenStream {
        self.implement(
            "Fields",
            quote! {
                const FACTS: &'static [__h::Facts] = &[#(#facts),*];
                const OFFSETS: &'static [__h::u32] = &#placed.offsets;
            },
        )
    }

    /// How a run of the type is viewed, and the bodies of `list` and `show_list`.
    pub(super) fn list_of(&self) -> (TokenStream, TokenStream, TokenStream) {
        let this = &self.this;
        if !self.model.attrs.has("plain") {
            let show = quote!(__h::show_list(__l, __each));
            return (quote!(__h::ListView<'a, Self>), quote!(__h::ListView::new(__run)), show);
        }
        let bits = quote!(__h::Bits<{ <#this as __h::Describe>::ANY_BITS }>);
        (
            quote!(<#bits as __h::PlainList>::List<'a, Self>),
            quote!(<#bits as __h::PlainList>::list::<Self>(__run)),
            quote!(<#bits as __h::PlainList>::show_list::<Self>(__l, __each)),
        )
    }
}

/// How a view, and the elements of a run, are shown. `of` is the type: an enum may have a variant `View`.
pub(super) fn show(span: Span, of: TokenStream, show: TokenStream, show_list: TokenStream) -> TokenStream {
    quote_spanned! {span=>
        fn show(__v: &#of::View<'_>, __f: &mut __h::Formatter<'_>) -> __h::FmtResult { #show }
        fn show_list(__l: #of::List<'_>, __each: __h::Each<'_>) { #show_list }
    }
}

/// The functions that find a part of a live value by this key.
pub(super) fn lookups(key: TokenStream, parts: TokenStream, changes: TokenStream) -> TokenStream {
    quote! {
        fn part(&self, __index: __h::usize) -> __h::Option<__h::Part<'_>> {
            match #key { #parts _ => __h::None }
        }
        fn part_mut(&mut self, __index: __h::usize) -> __h::Option<__h::PartMut<'_>> {
            match #key { #changes _ => __h::None }
        }
    }
}

/// What the type parameters have to be.
pub(super) fn bounds(model: &Model, library: &TokenStream) -> Vec<WherePredicate> {
    match model.attrs.bound() {
        // What does not parse was refused before.
        Some(bounds) => bounds.unwrap_or_default(),
        None => {
            let bound = |param: &syn::TypeParam| {
                let name = &param.ident;
                syn::parse_quote!(#name: #library::Hydra)
            };
            model.generics.type_params().map(bound).collect()
        }
    }
}

fn is_hydra_bound(predicate: &WherePredicate, param: &Ident) -> bool {
    let WherePredicate::Type(bound) = predicate else { return false };
    let is_param = matches!(&bound.bounded_ty, syn::Type::Path(ty) if ty.path.is_ident(param));
    is_param
        && bound.bounds.iter().any(|bound| match bound {
            syn::TypeParamBound::Trait(bound) => {
                bound.path.segments.last().is_some_and(|segment| segment.ident == "Hydra")
            }
            _ => false,
        })
}
