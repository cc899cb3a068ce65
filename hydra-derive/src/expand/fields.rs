//! What is written for a field: who does its work, its type, and the statements over all fields of a type.

use crate::model::{Field, Stored, Variant};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Ident, Index, Member};

/// A slice of constants; the block lets types with destructors into it.
pub(super) fn constant(items: impl Iterator<Item = TokenStream>) -> TokenStream {
    let items: Vec<_> = items.collect();
    if items.is_empty() { quote!(&[]) } else { quote!(const { &[#(#items),*] }) }
}

/// The `With` by which a field is converted; none for a field that is stored as itself.
fn converter(field: &Field, library: &TokenStream) -> Option<TokenStream> {
    let span = field.type_span();
    match &field.stored {
        Stored::AsItself | Stored::Skipped => None,
        Stored::With(with) => Some(with.clone()),
        Stored::As(stored) => Some(quote_spanned!(span=> #library::As<#stored>)),
        Stored::Opaque => Some(quote_spanned!(span=> #library::Opaque)),
    }
}

/// What does the work for a field: a function or constant of the library that is there for every type, so that a
/// type that cannot be stored is reported once, by the field's view.
pub(super) fn ask(field: &Field, item: &str) -> TokenStream {
    let ty = &field.ty;
    let span = field.type_span();
    let item = Ident::new(item, span);
    match converter(field, &quote_spanned!(span=> __h)) {
        None => quote_spanned!(span=> __h::FieldOf::<#ty>::#item),
        Some(with) => quote_spanned!(span=> __h::Converted::<#with, #ty>::#item),
    }
}

/// A call of it. The errors of a conversion say the field's name, which is a last argument where they arise.
pub(super) fn call(field: &Field, function: &str, arguments: TokenStream) -> TokenStream {
    let converts = matches!(function, "measure" | "decode") && converter(field, &quote!(__h)).is_some();
    let name = &field.name;
    let named = converts.then(|| quote!(, #name));
    let function = ask(field, function);
    quote!(#function(#arguments #named))
}

/// Where a field of `this` is in its stored bytes.
pub(super) fn offset(field: &Field, this: &TokenStream) -> TokenStream {
    let position = Index::from(field.position);
    quote!(__h::offset::<#this, #position>())
}

/// The type on disk of a field.
pub(super) fn stored_type(field: &Field, library: &TokenStream) -> TokenStream {
    let ty = &field.ty;
    let span = field.type_span();
    match converter(field, library) {
        None => ty.clone(),
        Some(with) => quote_spanned!(span=> <#with as #library::With<#ty>>::Stored),
    }
}

/// How a field is viewed for the lifetime `'a`.
pub(super) fn view_of(field: &Field, library: &TokenStream) -> TokenStream {
    let stored = stored_type(field, library);
    quote_spanned!(field.type_span()=> <#stored as #library::Hydra>::View<'a>)
}

/// What a skipped field reads as.
pub(super) fn default_of(field: &Field) -> TokenStream {
    let ty = &field.ty;
    match field.attrs.item("default") {
        Some(item) if !item.value.is_empty() => item.value.clone(),
        _ => quote_spanned!(field.type_span()=> <#ty as __h::Default>::default()),
    }
}

/// The name by which a stored field is bound.
pub(super) fn binding(field: &Field) -> Ident {
    format_ident!("__{}", field.index)
}

/// A field's name where the derive uses it: lints see it as written by the derive.
pub(super) fn member(field: &Field) -> Member {
    match &field.member {
        Member::Named(name) => Member::Named(own(name)),
        Member::Unnamed(index) => Member::Unnamed(index.clone()),
    }
}

/// A name that lies where the user wrote it, but that the derive wrote.
pub(super) fn own(name: &Ident) -> Ident {
    let mut name = name.clone();
    name.set_span(Span::call_site().located_at(name.span()));
    name
}

/// A pattern that names every field: a field that the derive does not see does not compile.
pub(super) fn pattern(variant: &Variant) -> TokenStream {
    let parts = variant.fields.iter().map(|field| {
        let member = member(field);
        let binding = binding(field);
        if field.is_stored() { quote!(#member: #binding) } else { quote!(#member: _) }
    });
    quote!({ #(#parts),* })
}

/// `{ field: value, .. }` of the owned variant.
pub(super) fn decoded(variant: &Variant) -> TokenStream {
    let values = variant.fields.iter().map(|field| {
        let member = member(field);
        if !field.is_stored() {
            let default = default_of(field);
            return quote!(#member: #default);
        }
        let offset = offset(field, &quote!(Self));
        let value = call(field, "decode", quote!(__at, #offset));
        quote!(#member: #value?)
    });
    quote!({ #(#values),* })
}
