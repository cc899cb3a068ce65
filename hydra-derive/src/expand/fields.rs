//! What is written for a field: who does its work, its type, and the statements over all fields of a type.

use crate::model::{Field, Stored};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Ident, Member};

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
        Stored::With(with) => Some(with.to_token_stream()),
        Stored::As(stored) => Some(quote_spanned!(span=> #library::As<#stored>)),
        Stored::Opaque => Some(quote_spanned!(span=> #library::Opaque)),
    }
}

/// What does the work for a field: a function or constant of the library that is there for every type, so that a
/// type that cannot be stored is reported once, by the field's view.
pub(super) fn ask(field: &Field, item: &str) -> TokenStream {
    let (ty, span) = (&field.ty, field.type_span());
    let item = Ident::new(item, span);
    match converter(field, &quote_spanned!(span=> __h)) {
        None => quote_spanned!(span=> __h::FieldOf::<#ty>::#item),
        Some(with) => quote_spanned!(span=> __h::Converted::<#with, #ty>::#item),
    }
}

/// The name of a field that is converted, as a last argument: its errors say it.
pub(super) fn named(field: &Field) -> Option<TokenStream> {
    let name = &field.name;
    (!matches!(field.stored, Stored::AsItself | Stored::Skipped)).then(|| quote!(, #name))
}

/// How a field is viewed for the lifetime `'a`.
pub(super) fn view_of(field: &Field, library: &TokenStream) -> TokenStream {
    let (ty, span) = (&field.ty, field.type_span());
    match converter(field, library) {
        None => quote_spanned!(span=> <#ty as #library::Hydra>::View<'a>),
        Some(with) => {
            quote_spanned!(span=> <<#with as #library::With<#ty>>::Stored as #library::Hydra>::View<'a>)
        }
    }
}

/// The type on disk of a field.
pub(super) fn stored_type(field: &Field) -> TokenStream {
    let ty = &field.ty;
    match (&field.stored, converter(field, &quote!(__h))) {
        (Stored::As(stored), _) => stored.to_token_stream(),
        (_, Some(with)) => quote!(<#with as __h::With<#ty>>::Stored),
        (_, None) => ty.to_token_stream(),
    }
}

/// What a skipped field reads as.
pub(super) fn default_of(field: &Field) -> TokenStream {
    let ty = &field.ty;
    match field.attrs.expr("default") {
        Some(expr) => expr.to_token_stream(),
        None => quote_spanned!(field.type_span()=> <#ty as __h::Default>::default()),
    }
}

/// The name by which a field is bound.
fn binding(index: usize) -> Ident {
    format_ident!("__{index}")
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
pub(super) fn pattern(fields: &[Field]) -> TokenStream {
    let parts = fields.iter().enumerate().map(|(index, field)| {
        let (member, binding) = (member(field), binding(index));
        if field.is_stored() { quote!(#member: #binding) } else { quote!(#member: _) }
    });
    quote!({ #(#parts),* })
}

/// A position among the stored fields, written as short as can be: there are many.
#[derive(Clone, Copy)]
pub(super) struct Position(pub(super) usize);

impl ToTokens for Position {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        proc_macro2::Literal::usize_unsuffixed(self.0).to_tokens(tokens);
    }
}

/// The stored fields with their positions among all, and the position `first + n` of the n-th stored one.
pub(super) fn stored(fields: &[Field], first: usize) -> impl Iterator<Item = (Position, Ident, &Field)> {
    let stored = fields.iter().enumerate().filter(|(_, field)| field.is_stored());
    stored.enumerate().map(move |(n, (index, field))| (Position(first + n), binding(index), field))
}

/// Statements that measure the bound fields.
pub(super) fn measures(fields: &[Field], first: usize) -> TokenStream {
    stored(fields, first)
        .map(|(_, binding, field)| {
            let (measure, named) = (ask(field, "measure"), named(field));
            quote!(#measure(#binding, __m #named);)
        })
        .collect()
}

/// Statements that encode the bound fields.
pub(super) fn encodes(fields: &[Field], first: usize) -> TokenStream {
    stored(fields, first)
        .map(|(position, binding, field)| {
            let encode = ask(field, "encode");
            quote!(#encode(#binding, __slot, __h::offset::<Self, #position>(), __sink);)
        })
        .collect()
}

/// What is asked of stored bytes for each field, `&&` before it.
pub(super) fn checks(fields: &[Field]) -> TokenStream {
    stored(fields, 0)
        .map(|(position, _, field)| {
            let check = ask(field, "check");
            quote!(&& #check(__b, __h::offset::<Self, #position>(), __c, __d))
        })
        .collect()
}

/// `{ field: value, .. }` of the owned type.
pub(super) fn decodes(fields: &[Field], first: usize) -> TokenStream {
    let mut position = first;
    let values = fields.iter().map(|field| {
        let member = member(field);
        if !field.is_stored() {
            let default = default_of(field);
            return quote!(#member: #default);
        }
        let (decode, named) = (ask(field, "decode"), named(field));
        let at = Position(position);
        let value = quote!(#member: #decode(__at, __h::offset::<Self, #at>() #named)?);
        position += 1;
        value
    });
    quote!({ #(#values),* })
}
