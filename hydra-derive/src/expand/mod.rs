//! Generation of the code: implementations inside `const _`, with every name through the library's
//! `__private` and without unsafe blocks. Constants that unsafe code relies on are computed by constant
//! functions of the library.
//!
//! This file assembles the items of one type. `describe`, `reflect` and `hydra` generate its implementations
//! and `view` its view. They share `expansion`, for the type, and `fields`, for its fields.

mod describe;
mod expansion;
mod fields;
mod hydra;
mod reflect;
mod view;

use crate::attr::Context;
use crate::model::Model;
use crate::{check, fallback};
use expansion::Expansion;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{DeriveInput, Index};

/// Expands `#[derive(Hydra)]` for an item.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut cx = Context::default();
    let model = Model::read(&mut cx, input.clone());
    if let Some(model) = &model {
        check::check(&mut cx, model);
    }
    match model {
        Some(model) if cx.errors.is_empty() => Expansion::new(&model).tokens(),
        _ => fallback::fallback(&input, cx.errors),
    }
}

impl Expansion<'_> {
    fn tokens(&self) -> TokenStream {
        let library = &self.library;
        let named_view = self.named_view();
        let fields = self.fields();
        let variants = self.variants();
        let describe = self.describe();
        let reflect = self.reflect();
        let view_items = self.view_items();
        let hydra = self.hydra();
        let plain = self.plain();
        let opaque = self.model.fields().filter_map(|field| field.attrs.item("opaque"));
        let opaque = opaque.map(|item| quote_spanned!(item.name.span()=> __h::opaque_feature! {}));
        quote! {
            #named_view
            // Unread and deprecated fields: lints report them in the user's own code.
            #[allow(dead_code, deprecated, non_camel_case_types)]
            const _: () = {
                use #library as __h;
                use __h::{NoConverted as _, NoField as _};
                #fields
                #variants
                #describe
                #reflect
                #view_items
                #hydra
                #plain
                #(#opaque)*
            };
        }
    }

    /// Returns the assertions of a plain type, one per field, so that each is a separate error.
    fn plain(&self) -> Option<TokenStream> {
        let item = self.model.attrs.item("plain")?;
        let name = &self.model.name;
        let this = &self.this;
        let fields = self.model.stored().map(|field| {
            let index = Index::from(field.position);
            let member = field.member.to_token_stream().to_string();
            let why = [
                format!("`{name}` is not plain: the type of its field `{member}` is not plain"),
                format!("`{name}` is not plain: its field `{member}` is not at its stored offset: add #[repr(C)]"),
                format!(
                    "`{name}` is not plain: there is padding before its field `{member}`: order the fields from \
                     the largest alignment to the smallest, or fill the gap with a field"
                ),
            ];
            let span = Span::call_site().located_at(field.type_span());
            quote_spanned!(span=> const _: () = __h::plain_field::<#this>(#index, [#(#why),*]);)
        });
        let why = format!(
            "`{name}` is not plain: there is padding after its last field: fill the gap with a field"
        );
        let span = Span::call_site().located_at(item.name.span());
        let whole = quote_spanned!(span=> const _: () = __h::plain_type::<#this>(#why););
        let whole = (!self.model.is_enum()).then_some(whole);
        let plain = self.implement("Plain", TokenStream::new());
        Some(quote!(#(#fields)* #whole #plain))
    }
}
