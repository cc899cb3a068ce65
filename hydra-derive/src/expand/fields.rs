//! The code for a field: the functions that process it, its type, and the statements over all fields of a
//! type.

use crate::model::{Field, Stored, Variant};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Ident, Index, Member};

/// Returns a slice of constants. The block allows types with destructors in it.
pub(super) fn constant(items: impl Iterator<Item = TokenStream>) -> TokenStream {
    let items: Vec<_> = items.collect();
    if items.is_empty() { quote!(&[]) } else { quote!(const { &[#(#items),*] }) }
}

/// Returns the `With` that converts a field; `None` for a field that is stored as itself.
fn converter(field: &Field, library: &TokenStream) -> Option<TokenStream> {
    let span = field.type_span();
    match &field.stored {
        Stored::AsItself | Stored::Skipped => None,
        Stored::With(with) => Some(with.clone()),
        Stored::As(stored) => Some(quote_spanned!(span=> #library::As<#stored>)),
        Stored::Opaque => Some(quote_spanned!(span=> #library::Opaque)),
    }
}

/// Returns the library's function or constant for a field. It exists for every type, so that a type that
/// cannot be stored is reported only once, by the field's view.
pub(super) fn ask(field: &Field, item: &str) -> TokenStream {
    let ty = &field.ty;
    let span = field.type_span();
    let item = Ident::new(item, span);
    match converter(field, &quote_spanned!(span=> __h)) {
        None => quote_spanned!(span=> __h::FieldOf::<#ty>::#item),
        Some(with) => quote_spanned!(span=> __h::Converted::<#with, #ty>::#item),
    }
}

/// Returns a call of it. Conversions take the field's name for their errors as the last argument.
pub(super) fn call(field: &Field, function: &str, arguments: TokenStream) -> TokenStream {
    let converts = matches!(function, "measure" | "decode") && converter(field, &quote!(__h)).is_some();
    let name = &field.name;
    let named = converts.then(|| quote!(, #name));
    let function = ask(field, function);
    quote!(#function(#arguments #named))
}

/// Returns the offset of a field of `this` in its stored bytes.
pub(super) fn offset(field: &Field, this: &TokenStream) -> TokenStream {
    let position = Index::from(field.position);
    quote!(__h::offset::<#this, #position>())
}

/// Returns the stored type of a field.
pub(super) fn stored_type(field: &Field, library: &TokenStream) -> TokenStream {
    let ty = &field.ty;
    let span = field.type_span();
    match converter(field, library) {
        None => ty.clone(),
        Some(with) => quote_spanned!(span=> <#with as #library::With<#ty>>::Stored),
    }
}

/// Returns the view of a field for the lifetime `'a`.
pub(super) fn view_of(field: &Field, library: &TokenStream) -> TokenStream {
    let stored = stored_type(field, library);
    quote_spanned!(field.type_span()=> <#stored as #library::Hydra>::View<'a>)
}

/// Returns the value of a skipped field.
pub(super) fn default_of(field: &Field) -> TokenStream {
    let ty = &field.ty;
    match field.attrs.item("default") {
        Some(item) if !item.value.is_empty() => item.value.clone(),
        _ => quote_spanned!(field.type_span()=> <#ty as __h::Default>::default()),
    }
}

/// Returns the name that a stored field is bound to.
pub(super) fn binding(field: &Field) -> Ident {
    format_ident!("__{}", field.index)
}

/// Returns a field's name with the span of the derive, so that lints treat it as generated.
pub(super) fn member(field: &Field) -> Member {
    match &field.member {
        Member::Named(name) => Member::Named(own(name)),
        Member::Unnamed(index) => Member::Unnamed(index.clone()),
    }
}

/// Returns a name with the user's location but the derive's hygiene.
pub(super) fn own(name: &Ident) -> Ident {
    let mut name = name.clone();
    name.set_span(Span::call_site().located_at(name.span()));
    name
}

/// Returns a pattern with every field. If the derive misses a field, the pattern does not compile.
pub(super) fn pattern(variant: &Variant) -> TokenStream {
    let parts = variant.fields.iter().map(|field| {
        let member = member(field);
        let binding = binding(field);
        if field.is_stored() { quote!(#member: #binding) } else { quote!(#member: _) }
    });
    quote!({ #(#parts),* })
}

/// Returns `{ field: value, .. }` of the owned variant.
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
