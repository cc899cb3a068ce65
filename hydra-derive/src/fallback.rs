//! The stand-in for the derived code after an error, so that one mistake causes only one message.

use crate::attr::{AttrTarget, Attrs, Context};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, WherePredicate, parse_quote};

/// Returns the errors, and implementations that are never run.
pub(crate) fn fallback(input: &DeriveInput, errors: Vec<syn::Error>) -> TokenStream {
    let errors: TokenStream = errors.into_iter().map(syn::Error::into_compile_error).collect();
    if input.generics.lifetimes().next().is_some() {
        return errors;
    }
    let name = &input.ident;
    // Errors in the attributes are already in `errors`.
    let library = Attrs::read(&mut Context::default(), AttrTarget::Type, &input.attrs).library();
    let mut generics = input.generics.clone();
    let params = input.generics.type_params().map(|param| &param.ident);
    let bounds = params.map(|param| -> WherePredicate { parse_quote!(#param: 'static) });
    generics.make_where_clause().predicates.extend(bounds);
    let (impls, types, bounds) = generics.split_for_impl();
    quote! {
        #errors
        const _: () = {
            use #library as __h;
            #[automatically_derived]
            unsafe impl #impls __h::Describe for #name #types #bounds {
                const SIZE: __h::usize = 1;
                const ALIGN: __h::usize = 1;
                const FLAT: __h::bool = false;
                const ANY_BITS: __h::bool = false;
                const REFS: __h::bool = false;
                const KEY: __h::bool = true;
                const TYPE: &'static __h::Descriptor = <() as __h::Describe>::TYPE;
            }
            #[automatically_derived]
            impl #impls __h::Reflect for #name #types #bounds {
                fn encode(&self, _: &mut [__h::u8], _: &mut __h::Sink<'_>) {}
            }
            #[automatically_derived]
            impl #impls __h::Hydra for #name #types #bounds {
                type View<'a> = ();
                type List<'a> = ();
                fn show(_: &(), _: &mut __h::Formatter<'_>) -> __h::FmtResult { loop {} }
                fn show_list(_: (), _: __h::Each<'_>) {}
                fn view<'a>(_: __h::At<'a>) {}
                fn list<'a>(_: __h::Run<'a>) {}
                fn decode(_: __h::At<'_>) -> __h::Result<Self> { loop {} }
            }
        };
    }
}
