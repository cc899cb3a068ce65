//! Views: a pointer with accessors for a struct, an enum of views for an enum.

use super::expansion::{Expansion, bounds};
use super::fields::{ask, own, stored, view_of};
use crate::attr::Attrs;
use crate::model::{Body, Field, Model, Style, Variant, plain_name};
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Generics, Ident, Member};

impl Expansion<'_> {
    /// The definition of a view that has a public name, which stands beside the type.
    pub(super) fn named_view(&self) -> Option<TokenStream> {
        self.model.view_name()?;
        Some(self.definition(&self.library))
    }

    /// The name of the view, which in an expression takes no parameters: `View::Variant {}`.
    pub(super) fn view_name(&self) -> Ident {
        match self.model.view_name() {
            Some(name) => name.clone(),
            None => format_ident!("__{}View", self.model.name),
        }
    }

    /// The definition of the view, where the library's names are under `library`.
    fn definition(&self, library: &TokenStream) -> TokenStream {
        let (name, this) = (self.view_name(), &self.this);
        let (vis, doc) = match self.model.view_name() {
            Some(_) => {
                let text = format!("A stored [`{}`], read in place.", self.model.name);
                (self.model.vis.to_token_stream(), quote!(#[doc = #text]))
            }
            None => (quote!(pub), TokenStream::new()),
        };
        let generics = view_generics(self.model, library);
        let (impls, _, bounds) = generics.split_for_impl();
        match &self.model.body {
            Body::Enum(variants) => {
                let variants = variants.iter().map(|variant| self.view_variant(variant, library));
                quote!(#doc #vis enum #name #impls #bounds { #(#variants),* })
            }
            _ => quote! {
                #doc #vis struct #name #impls (#library::At<'a>, #library::PhantomData<fn() -> #this>) #bounds;
            },
        }
    }

    /// The type of a struct's view, and the items that make it.
    pub(super) fn struct_view(&self, fields: &[Field]) -> (TokenStream, TokenStream) {
        let this = &self.this;
        let accessors = stored(fields, 0).map(|(position, _, field)| {
            let (seen, view, vis) = (ask(field, "view"), view_of(field, &quote!(__h)), &field.vis);
            let name = match &field.member {
                Member::Named(name) => own(name),
                Member::Unnamed(index) => format_ident!("_{}", index.index),
            };
            let doc = self.doc(&field.attrs, || format!("The field `{}`.", field.name));
            quote! {
                #doc
                #[inline]
                #vis fn #name(self) -> #view { #seen(self.0, __h::offset::<#this, #position>()) }
            }
        });
        let (name, names) = (plain_name(&self.model.name), field_names(fields));
        let (view, items) =
            self.view_items(quote!(__h::show_struct::<#this>(self.0, __f, #name, &[#(#names),*])));
        let generics = view_generics(self.model, &quote!(__h));
        let (impls, _, bounds) = generics.split_for_impl();
        (view.clone(), quote!(#items impl #impls #view #bounds { #(#accessors)* }))
    }

    /// The type of an enum's view, and the items that make it.
    pub(super) fn enum_view(&self, variants: &[Variant]) -> (TokenStream, TokenStream) {
        let arms = variants.iter().map(|variant| {
            let (name, text) = (own(&variant.ident), plain_name(&variant.ident));
            let pattern = view_pattern(&variant.fields);
            let shown = stored(&variant.fields, 0).map(|(_, binding, field)| {
                let (seen, binding) = (ask(field, "seen"), view_binding(binding, field));
                quote_spanned!(field.type_span()=> &#seen(*#binding))
            });
            let names = field_names(&variant.fields);
            quote!(Self::#name #pattern => __h::show_fields(__f, #text, &[#(#names),*], &[#(#shown),*]))
        });
        self.view_items(quote!(match self { #(#arms),* }))
    }

    /// What all views have: the definition where it has no name of its own, Copy, Clone, Debug.
    fn view_items(&self, debug: TokenStream) -> (TokenStream, TokenStream) {
        let definition = self.model.view_name().is_none().then(|| self.definition(&quote!(__h)));
        let generics = view_generics(self.model, &quote!(__h));
        let (impls, types, bounds) = generics.split_for_impl();
        let name = self.view_name();
        let view = quote!(#name #types);
        // Where a field has no view, the compiler says so at the first thing in a function that has to do with
        // it: that is to be the field, and not the function.
        let seen = self.model.variants().iter().filter(|variant| variant.fields.iter().any(Field::is_stored));
        let seen = seen.map(|variant| {
            let (name, pattern) = (own(&variant.ident), view_pattern(&variant.fields));
            quote!(if let Self::#name #pattern = self {})
        });
        let items = quote! {
            #definition
            #[automatically_derived]
            impl #impls __h::Clone for #view #bounds {
                #[inline]
                fn clone(&self) -> Self { #(#seen)* *self }
            }
            #[automatically_derived]
            impl #impls __h::Copy for #view #bounds {}
            #[automatically_derived]
            impl #impls __h::Debug for #view #bounds {
                fn fmt(&self, __f: &mut __h::Formatter<'_>) -> __h::FmtResult { #debug }
            }
        };
        (view, items)
    }

    fn view_variant(&self, variant: &Variant, library: &TokenStream) -> TokenStream {
        let name = &variant.ident;
        let doc = self.doc(&variant.attrs, || format!("The variant `{}`.", variant.name));
        let fields = stored(&variant.fields, 0).map(|(_, _, field)| {
            let view = view_of(field, library);
            match &field.member {
                Member::Named(name) => {
                    let doc = self.doc(&field.attrs, || format!("The field `{}`.", field.name));
                    quote!(#doc #name: #view)
                }
                Member::Unnamed(_) => view,
            }
        });
        match variant.style {
            Style::Unit => quote!(#doc #name),
            Style::Tuple => quote!(#doc #name(#(#fields),*)),
            Style::Struct => quote!(#doc #name { #(#fields),* }),
        }
    }

    /// Documentation in a view that has a public name.
    fn doc(&self, attrs: &Attrs, otherwise: impl FnOnce() -> String) -> Option<TokenStream> {
        self.model.view_name()?;
        let text = attrs.doc.clone().unwrap_or_else(otherwise);
        Some(quote!(#[doc = #text]))
    }
}

/// The names of the stored fields as they are in the program; none for those of tuples.
fn field_names(fields: &[Field]) -> Vec<String> {
    let names = stored(fields, 0).filter_map(|(_, _, field)| match &field.member {
        Member::Named(name) => Some(plain_name(name)),
        Member::Unnamed(_) => None,
    });
    names.collect()
}

/// A pattern of a view's variant: only what is stored is there.
fn view_pattern(fields: &[Field]) -> TokenStream {
    let parts = stored(fields, 0).map(|(position, binding, field)| {
        let member = view_member(field, position.0);
        let binding = view_binding(binding, field);
        quote_spanned!(field.type_span()=> #member: #binding)
    });
    quote!({ #(#parts),* })
}

/// The name by which a field of a view is bound. It lies at the field's type, and a macro from which that came sees no other names.
fn view_binding(mut binding: Ident, field: &Field) -> Ident {
    binding.set_span(field.type_span());
    binding
}

/// A field's name in a view, where tuple fields are numbered without those that are not stored. It lies at the
/// field's type, which is where the compiler says that there is no such view.
pub(super) fn view_member(field: &Field, position: usize) -> Member {
    match &field.member {
        Member::Named(name) => {
            let mut name = name.clone();
            name.set_span(field.type_span());
            Member::Named(name)
        }
        Member::Unnamed(_) => Member::Unnamed(syn::Index { index: position as u32, span: field.type_span() }),
    }
}

/// The type's parameters with the lifetime of the view. The view of an enum has only those that its fields
/// mention.
fn view_generics(model: &Model, library: &TokenStream) -> Generics {
    let mut generics = model.generics.clone();
    let mut predicates = bounds(model, library);
    let mut lifetime = true;
    if let Body::Enum(_) = model.body {
        let mentioned: Vec<Ident> = model
            .fields()
            .filter(|field| field.is_stored())
            .flat_map(|field| idents(view_of(field, library)))
            .collect();
        lifetime = !mentioned.is_empty();
        let unused: Vec<Ident> = model
            .generics
            .type_params()
            .map(|param| param.ident.clone())
            .filter(|p| !mentioned.contains(p))
            .collect();
        let keep = |param: &syn::GenericParam| !matches!(param, syn::GenericParam::Type(p) if unused.contains(&p.ident));
        generics.params = generics.params.into_iter().filter(keep).collect();
        let free = |tokens: TokenStream| !idents(tokens).iter().any(|ident| unused.contains(ident));
        if let Some(bounds) = &mut generics.where_clause {
            let kept = std::mem::take(&mut bounds.predicates);
            bounds.predicates = kept.into_iter().filter(|bound| free(bound.to_token_stream())).collect();
        }
        predicates.retain(|bound| free(bound.to_token_stream()));
    }
    if lifetime {
        generics.params.insert(0, syn::parse_quote!('a));
    }
    if !predicates.is_empty() {
        generics.make_where_clause().predicates.extend(predicates);
    }
    generics
}

/// Every identifier in the tokens.
fn idents(tokens: TokenStream) -> Vec<Ident> {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => found.push(ident),
            TokenTree::Group(group) => found.extend(idents(group.stream())),
            _ => {}
        }
    }
    found
}
