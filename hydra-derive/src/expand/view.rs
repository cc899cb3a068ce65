//! Views: a pointer with accessors for a struct, and an enum of views for an enum.

use super::expansion::{Expansion, bounds};
use super::fields::{ask, binding, call, offset, own, view_of};
use crate::model::{Field, Model, Style, TypeShape, Variant, flat, plain_name};
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{GenericParam, Generics, Ident, Index, Member};

impl Expansion<'_> {
    /// Returns the definition of a view with a public name, which is placed beside the type.
    pub(super) fn named_view(&self) -> Option<TokenStream> {
        self.model.view_name()?;
        Some(self.definition(&self.library))
    }

    /// Returns the name of the view. In an expression it takes no parameters: `View::Variant {}`.
    pub(super) fn view_name(&self) -> TokenStream {
        match (self.model.shape, self.model.view_name()) {
            // An enum that is not Copy is reported at its name.
            (TypeShape::Fieldless, _) => quote_spanned!(self.model.name.span()=> Self),
            (_, Some(name)) => name.clone(),
            (_, None) => format_ident!("__{}View", self.model.name).into_token_stream(),
        }
    }

    /// Returns the view of a stored struct.
    pub(super) fn seen_struct(&self) -> TokenStream {
        let name = self.view_name();
        match self.is_generic() {
            true => quote!(#name(__at, __h::PhantomData)),
            false => quote!(#name(__h::Slim::new(__at))),
        }
    }

    /// Returns the expression for the stored value in a view of a struct.
    fn at(&self) -> TokenStream {
        if self.is_generic() { quote!(self.0) } else { quote!(self.0.at()) }
    }

    fn is_generic(&self) -> bool {
        !self.model.generics.params.is_empty()
    }

    /// Returns the type of the view.
    pub(super) fn view(&self) -> TokenStream {
        let name = self.view_name();
        if self.model.shape == TypeShape::Fieldless {
            return name;
        }
        let generics = view_generics(self.model, &quote!(__h));
        let (_, types, _) = generics.split_for_impl();
        quote!(#name #types)
    }

    /// Returns the definition of the view, with the library's names under `library`.
    fn definition(&self, library: &TokenStream) -> TokenStream {
        let name = self.view_name();
        let this = &self.this;
        let vis = match self.model.view_name() {
            Some(_) => self.model.vis.to_token_stream(),
            None => quote!(pub),
        };
        let doc = self.doc(None, || format!("A stored [`{}`], read in place.", self.model.name));
        let generics = view_generics(self.model, library);
        let (impls, _, bounds) = generics.split_for_impl();
        if self.model.is_enum() {
            let variants = self.model.variants.iter().map(|variant| self.view_variant(variant, library));
            return quote!(#doc #vis enum #name #impls #bounds { #(#variants),* });
        }
        let facts = ["own", "long", "regions"].map(|fact| format_ident!("{fact}"));
        let held = match self.is_generic() {
            // Constants cannot depend on a parameter here.
            true => quote!(#library::At<'a>, #library::PhantomData<fn() -> #this>),
            false => quote!(#library::Slim<'a, #({ #library::#facts::<#this>() }),*>),
        };
        let copies = (!self.is_generic()).then(|| quote!(#[derive(#library::Clone, #library::Copy)]));
        quote!(#doc #copies #vis struct #name #impls (#held) #bounds;)
    }

    /// Returns the items of a view that the type defines: the definition if it has no public name, accessors,
    /// Copy, Clone, Debug.
    pub(super) fn view_items(&self) -> Option<TokenStream> {
        let is_named = self.model.view_name().is_some();
        if !is_named && matches!(self.model.shape, TypeShape::Fieldless | TypeShape::Newtype) {
            return None;
        }
        let definition = (!is_named).then(|| self.definition(&quote!(__h)));
        let generics = view_generics(self.model, &quote!(__h));
        let (impls, _, bounds) = generics.split_for_impl();
        let view = self.view();
        let debug = self.debug();
        // The compiler reports a missing view at the first item in a function that involves it. This must be
        // the field, and not the function.
        let seen =
            self.model.variants.iter().filter(|it| self.model.is_enum() && it.stored().next().is_some());
        let seen = seen.map(|variant| {
            let pattern = view_pattern(variant);
            quote!(if let #pattern = self {})
        });
        let accessors = (!self.model.is_enum()).then(|| {
            let accessors = self.model.stored().map(|field| self.accessor(field));
            quote!(impl #impls #view #bounds { #(#accessors)* })
        });
        let copies = (self.model.is_enum() || self.is_generic()).then(|| {
            quote! {
                #[automatically_derived]
                impl #impls __h::Clone for #view #bounds {
                    #[inline]
                    fn clone(&self) -> Self { #(#seen)* *self }
                }
                #[automatically_derived]
                impl #impls __h::Copy for #view #bounds {}
            }
        });
        Some(quote! {
            #definition
            #copies
            #[automatically_derived]
            impl #impls __h::Debug for #view #bounds {
                fn fmt(&self, __f: &mut __h::Formatter<'_>) -> __h::FmtResult { #debug }
            }
            #accessors
        })
    }

    fn accessor(&self, field: &Field) -> TokenStream {
        let vis = &field.vis;
        let name = match &field.member {
            Member::Named(name) => own(name),
            Member::Unnamed(index) => format_ident!("_{}", index.index),
        };
        let doc = self.doc(field.attrs.doc.as_ref(), || format!("The field `{}`.", field.name));
        let view = view_of(field, &quote!(__h));
        let offset = offset(field, &self.this);
        let at = self.at();
        let seen = call(field, "view", quote!(#at, #offset));
        quote! {
            #doc
            #[inline]
            #vis fn #name(self) -> #view { #seen }
        }
    }

    /// Returns the implementation of `Debug` for a view.
    fn debug(&self) -> TokenStream {
        let this = &self.this;
        let shown = self.model.variants.iter().map(|variant| {
            let name = plain_name(&variant.ident);
            // The names in the program. Tuple fields have none.
            let names = variant.stored().filter_map(|field| match &field.member {
                Member::Named(name) => Some(plain_name(name)),
                Member::Unnamed(_) => None,
            });
            let names = quote!(#name, &[#(#names),*]);
            if !self.model.is_enum() {
                let at = self.at();
                return quote!(__h::show_struct::<#this>(#at, __f, #names));
            }
            let pattern = view_pattern(variant);
            let fields = variant.stored().map(|field| {
                let seen = ask(field, "seen");
                let binding = view_binding(field);
                quote_spanned!(field.type_span()=> &#seen(*#binding))
            });
            quote!(#pattern => __h::show_fields(__f, #names, &[#(#fields),*]),)
        });
        if self.model.is_enum() { quote!(match self { #(#shown)* }) } else { quote!(#(#shown)*) }
    }

    fn view_variant(&self, variant: &Variant, library: &TokenStream) -> TokenStream {
        let name = &variant.ident;
        let doc = self.doc(variant.attrs.doc.as_ref(), || format!("The variant `{}`.", variant.name));
        let fields = variant.stored().map(|field| {
            let view = view_of(field, library);
            match &field.member {
                Member::Named(name) => {
                    let doc = self.doc(field.attrs.doc.as_ref(), || format!("The field `{}`.", field.name));
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

    /// Returns documentation for an item of a view with a public name.
    fn doc(&self, doc: Option<&String>, otherwise: impl FnOnce() -> String) -> Option<TokenStream> {
        self.model.view_name()?;
        let text = doc.cloned().unwrap_or_else(otherwise);
        Some(quote!(#[doc = #text]))
    }
}

/// Returns a pattern of a view's variant, which has only the stored fields.
fn view_pattern(variant: &Variant) -> TokenStream {
    let name = own(&variant.ident);
    let parts = variant.stored().map(|field| {
        let member = view_member(field);
        let binding = view_binding(field);
        quote_spanned!(field.type_span()=> #member: #binding)
    });
    quote!(Self::#name { #(#parts),* })
}

/// Returns the name that a field of a view is bound to. It has the span of the field's type; a macro there
/// resolves only its own names.
fn view_binding(field: &Field) -> Ident {
    let mut binding = binding(field);
    binding.set_span(field.type_span());
    binding
}

/// Returns a field's name in a view. Tuple fields are numbered without those that are not stored. It has the
/// span of the field's type, where the compiler reports a missing view.
pub(super) fn view_member(field: &Field) -> Member {
    let span = field.type_span();
    match &field.member {
        Member::Named(name) => {
            let mut name = name.clone();
            name.set_span(span);
            Member::Named(name)
        }
        Member::Unnamed(_) => Member::Unnamed(Index { index: field.index as u32, span }),
    }
}

/// Returns the type's parameters with the lifetime of the view. The view of an enum has only parameters that
/// its fields mention.
fn view_generics(model: &Model, library: &TokenStream) -> Generics {
    let mut generics = model.generics.clone();
    generics.make_where_clause().predicates.extend(bounds(model, library));
    let mut has_lifetime = true;
    if model.shape == TypeShape::Enum {
        let mentioned: Vec<_> = model.stored().flat_map(|field| idents(view_of(field, library))).collect();
        has_lifetime = !mentioned.is_empty();
        let params = model.generics.type_params().map(|param| &param.ident);
        let unused: Vec<_> = params.filter(|param| !mentioned.contains(param)).collect();
        let is_used = |tokens: TokenStream| !idents(tokens).iter().any(|ident| unused.contains(&ident));
        let is_param_used = |param: &GenericParam| !matches!(param, GenericParam::Type(param) if unused.contains(&&param.ident));
        let params = std::mem::take(&mut generics.params).into_iter();
        generics.params = params.filter(is_param_used).collect();
        let clause = generics.make_where_clause();
        let predicates = std::mem::take(&mut clause.predicates).into_iter();
        clause.predicates = predicates.filter(|bound| is_used(bound.to_token_stream())).collect();
    }
    if has_lifetime {
        generics.params.insert(0, syn::parse_quote!('a));
    }
    generics
}

/// Returns every identifier in the tokens.
fn idents(tokens: TokenStream) -> Vec<Ident> {
    let idents = flat(tokens).into_iter().filter_map(|token| match token {
        TokenTree::Ident(ident) => Some(ident),
        _ => None,
    });
    idents.collect()
}
