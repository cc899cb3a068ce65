//! The type being derived for, and the parts that all of its implementations share.

use super::fields::{constant, own, pattern};
use crate::model::{Model, Variant};
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{ConstParam, GenericParam, Ident, TypeParam, WherePredicate};

/// The type, with what every implementation of it needs.
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
        generics.make_where_clause().predicates.extend(bounds(model, &quote!(__h)));
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

    /// Returns `impl Trait for This { body }`.
    pub(super) fn implement(&self, name: &str, body: TokenStream) -> TokenStream {
        let Expansion { impls, this, bounds, .. } = self;
        let safety = matches!(name, "Describe" | "Plain").then(|| quote!(unsafe));
        let name = format_ident!("{name}");
        quote! {
            #[automatically_derived]
            #safety impl #impls __h::#name for #this #bounds { #body }
        }
    }

    /// Returns the type's arguments: constants, and the types that are known to be stored.
    pub(super) fn args(&self) -> TokenStream {
        let bounds = bounds(self.model, &self.library);
        constant(self.model.generics.params.iter().filter_map(|param| match param {
            GenericParam::Type(TypeParam { ident, .. }) => {
                let is_stored = bounds.iter().any(|bound| is_hydra_bound(bound, ident));
                is_stored.then(|| quote!(__h::argument::<#ident>()))
            }
            GenericParam::Const(ConstParam { ident, ty, .. }) => {
                Some(quote!(__h::constant::<#ty>(#ident as __h::i128)))
            }
            GenericParam::Lifetime(_) => None,
        }))
    }

    /// Returns the path of a variant of the live type, or of the struct.
    pub(super) fn path(&self, variant: &Variant) -> TokenStream {
        let name = own(&variant.ident);
        if self.model.is_enum() { quote!(Self::#name) } else { quote!(Self) }
    }

    /// Returns a match on the live value with code for each variant, in which its stored fields are bound.
    pub(super) fn match_self(&self, code: impl Fn(&Variant) -> TokenStream) -> TokenStream {
        let patterns = self.model.variants.iter().map(|variant| {
            let path = self.path(variant);
            let pattern = pattern(variant);
            quote!(#path #pattern)
        });
        let codes = self.model.variants.iter().map(code);
        match self.model.is_enum() {
            true => quote!(match self { #(#patterns => { #codes })* }),
            false => quote!(#(let #patterns = self; #codes)*),
        }
    }
}

/// Returns the bounds on the type parameters.
pub(super) fn bounds(model: &Model, library: &TokenStream) -> Vec<WherePredicate> {
    match model.attrs.bound() {
        // A text that does not parse was reported before.
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
