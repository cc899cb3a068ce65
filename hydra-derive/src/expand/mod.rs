//! Writes the code: implementations inside `const _`, every name through the library's `__private`, no
//! unsafe block. What unsafe code trusts is computed by constant functions of the library.
#![forbid(unsafe_code)]

mod notes;
mod product;
mod sum;
mod view;

use super::attr::{Attrs, Context, Value};
use super::model::{Body, Field, Model, Stored};
use super::{check, fallback};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, ConstParam, DeriveInput, GenericParam, Ident, Member, TypeParam, WherePredicate};

/// What `#[derive(Hydra)]` writes for an item.
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

/// Where the library keeps what the expansion names.
pub(crate) fn library_path(attributes: &[Attribute]) -> TokenStream {
    // Errors in the attributes are reported by the one who reads all of them.
    library_of(&Attrs::read(&mut Context::default(), super::attr::Level::Type, attributes))
}

fn library_of(attrs: &Attrs) -> TokenStream {
    match attrs.item("crate").map(|item| &item.value) {
        Some(Value::Path(path)) => quote!(#path::__private),
        _ => quote!(::hydra::__private),
    }
}

/// The type, and what every implementation of it needs.
struct Expansion<'m> {
    model: &'m Model,
    library: TokenStream,
    impls: TokenStream,
    bounds: TokenStream,
    /// The type with its parameters.
    this: TokenStream,
}

impl<'m> Expansion<'m> {
    fn new(model: &'m Model) -> Expansion<'m> {
        let mut generics = model.generics.clone();
        let predicates = bounds(model, &quote!(__h));
        if !predicates.is_empty() {
            generics.make_where_clause().predicates.extend(predicates);
        }
        let (impls, types, bounds) = generics.split_for_impl();
        let name = &model.name;
        Expansion {
            model,
            library: library_of(&model.attrs),
            impls: impls.to_token_stream(),
            bounds: bounds.to_token_stream(),
            this: quote!(#name #types),
        }
    }

    fn tokens(&self) -> TokenStream {
        let library = &self.library;
        let named_view = self.named_view();
        let items = match &self.model.body {
            Body::Struct(fields) => self.structure(fields),
            Body::Newtype(fields, position) => self.newtype(fields, *position),
            Body::Fieldless(variants) => self.fieldless(variants),
            Body::Enum(variants) => self.enumeration(variants),
        };
        let plain = self.plain();
        let opaque = self.model.fields().filter_map(|field| field.attrs.item("opaque"));
        let opaque = opaque.map(|item| quote_spanned!(item.name.span()=> __h::opaque_feature! {}));
        quote! {
            #named_view
            // Fields that nothing reads and deprecated ones: what the user thinks of them is said elsewhere.
            #[allow(dead_code, deprecated, non_camel_case_types)]
            const _: () = {
                use #library as __h;
                use __h::{NoConverted as _, NoField as _};
                #items
                #plain
                #(#opaque)*
            };
        }
    }

    /// `impl Trait for This { body }`
    fn implement(&self, header: TokenStream, body: TokenStream) -> TokenStream {
        let Expansion { impls, this, bounds, .. } = self;
        let (safety, path) = match header.to_string().as_str() {
            "Describe" | "Plain" => (quote!(unsafe), header),
            _ => (TokenStream::new(), header),
        };
        quote! {
            #[automatically_derived]
            #safety impl #impls __h::#path for #this #bounds { #body }
        }
    }

    /// The type's arguments: constants, and the types that are known to be stored.
    fn args(&self) -> TokenStream {
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
    fn guards(&self) -> TokenStream {
        let skipped = self.model.fields().filter(|field| !field.is_stored());
        let skipped: Vec<_> = skipped.map(|field| field.member.to_token_stream().to_string()).collect();
        let skipped = (!skipped.is_empty())
            .then(|| quote!(fn skipped(&self) -> &'static [&'static __h::str] { &[#(#skipped),*] }));
        let invariant = match self.model.attrs.item("invariant").map(|item| &item.value) {
            Some(Value::Expr(check)) => quote! {
                fn is_guarded(&self) -> __h::bool { true }
                fn invariant(&self) -> __h::Verdict { __h::refused((#check)(self)) }
            },
            _ => TokenStream::new(),
        };
        quote!(#skipped #invariant)
    }

    /// `FACTS` and `OFFSETS` of `fields`, of which each has its live offset.
    fn fields(&self, facts: impl Iterator<Item = TokenStream>, placed: TokenStream) -> TokenStream {
        self.implement(
            quote!(Fields),
            quote! {
                const FACTS: &'static [__h::Facts] = &[#(#facts),*];
                const OFFSETS: &'static [__h::u32] = &#placed.offsets;
            },
        )
    }

    /// The assertions of a plain type: one a field, so that each is an error of its own.
    fn plain(&self) -> Option<TokenStream> {
        let item = self.model.attrs.item("plain")?;
        let (name, this) = (&self.model.name, &self.this);
        let fields = self.model.fields().enumerate().map(|(index, field)| {
            let member = field.member.to_token_stream().to_string();
            let why = [
                format!("`{name}` is not plain: the type of its field `{member}` is not plain"),
                format!("`{name}` is not plain: its field `{member}` is not at its stored offset: add #[repr(C)]"),
                format!(
                    "`{name}` is not plain: there is padding before its field `{member}`: order the fields from \
                     the largest alignment to the smallest, or fill the gap with a field"
                ),
            ];
            let [not_plain, offset, padding] = why;
            let span = Span::call_site().located_at(field.type_span());
            quote_spanned!(span=> const _: () = __h::plain_field::<#this>(#index, [#not_plain, #offset, #padding]);)
        });
        let why = format!(
            "`{name}` is not plain: there is padding after its last field: fill the gap with a field"
        );
        let span = Span::call_site().located_at(item.name.span());
        let whole = quote_spanned!(span=> const _: () = __h::plain_type::<#this>(#why););
        let whole = matches!(self.model.body, Body::Struct(_) | Body::Newtype(..)).then_some(whole);
        let plain = self.implement(quote!(Plain), TokenStream::new());
        Some(quote!(#(#fields)* #whole #plain))
    }
}

/// The bounds in the text of `bound`.
pub(super) fn predicates(text: &syn::LitStr) -> syn::Result<Vec<WherePredicate>> {
    let parser = syn::punctuated::Punctuated::<WherePredicate, syn::Token![,]>::parse_terminated;
    Ok(text.parse_with(parser)?.into_iter().collect())
}

/// What the type parameters have to be.
fn bounds(model: &Model, library: &TokenStream) -> Vec<WherePredicate> {
    match model.attrs.str("bound") {
        // What does not parse was refused before.
        Some(text) => predicates(text).unwrap_or_default(),
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

/// A slice of constants; the block lets types with destructors into it.
fn constant(items: impl Iterator<Item = TokenStream>) -> TokenStream {
    let items: Vec<_> = items.collect();
    if items.is_empty() { quote!(&[]) } else { quote!(const { &[#(#items),*] }) }
}

/// What does the work for a field: a function or constant of the library that is there for every type, so that a
/// type that cannot be stored is reported once, by the field's view.
fn ask(field: &Field, item: &str) -> TokenStream {
    let (ty, span) = (&field.ty, field.type_span());
    let item = Ident::new(item, span);
    match &field.stored {
        Stored::AsItself | Stored::Skipped => quote_spanned!(span=> __h::FieldOf::<#ty>::#item),
        Stored::With(with) => quote_spanned!(span=> __h::Converted::<#with, #ty>::#item),
        Stored::As(stored) => quote_spanned!(span=> __h::Converted::<__h::As<#stored>, #ty>::#item),
        Stored::Opaque => quote_spanned!(span=> __h::Converted::<__h::Opaque, #ty>::#item),
    }
}

/// The name of a field that is converted, as a last argument: its errors say it.
fn named(field: &Field) -> Option<TokenStream> {
    let name = &field.name;
    (!matches!(field.stored, Stored::AsItself | Stored::Skipped)).then(|| quote!(, #name))
}

/// How a field is viewed for the lifetime `'a`.
fn view_of(field: &Field, library: &TokenStream) -> TokenStream {
    let (ty, span) = (&field.ty, field.type_span());
    match &field.stored {
        Stored::AsItself | Stored::Skipped => quote_spanned!(span=> <#ty as #library::Hydra>::View<'a>),
        Stored::With(with) => quote_spanned! {span=>
            <<#with as #library::With<#ty>>::Stored as #library::Hydra>::View<'a>
        },
        Stored::As(stored) => quote_spanned! {span=>
            <<#library::As<#stored> as #library::With<#ty>>::Stored as #library::Hydra>::View<'a>
        },
        Stored::Opaque => quote_spanned! {span=>
            <<#library::Opaque as #library::With<#ty>>::Stored as #library::Hydra>::View<'a>
        },
    }
}

/// What a skipped field reads as.
fn default_of(field: &Field) -> TokenStream {
    let ty = &field.ty;
    match field.attrs.item("default").map(|item| &item.value) {
        Some(Value::Expr(expr)) => quote!(#expr),
        _ => quote_spanned!(field.type_span()=> <#ty as __h::Default>::default()),
    }
}

/// The name by which a field is bound.
fn binding(index: usize) -> Ident {
    format_ident!("__{index}")
}

/// A field's name where the derive uses it: lints see it as written by the derive.
fn member(field: &Field) -> Member {
    match &field.member {
        Member::Named(name) => Member::Named(own(name)),
        Member::Unnamed(index) => Member::Unnamed(index.clone()),
    }
}

/// A name that lies where the user wrote it, but that the derive wrote.
fn own(name: &Ident) -> Ident {
    let mut name = name.clone();
    name.set_span(Span::call_site().located_at(name.span()));
    name
}

/// A pattern that names every field: a field that the derive does not see does not compile.
fn pattern(fields: &[Field]) -> TokenStream {
    let members = fields.iter().map(member);
    let bindings = bindings(fields).into_iter().map(|binding| match binding {
        Some(binding) => binding.to_token_stream(),
        None => quote!(_),
    });
    quote!({ #(#members: #bindings),* })
}

/// The names of stored fields, none for skipped ones.
fn bindings(fields: &[Field]) -> Vec<Option<Ident>> {
    fields.iter().enumerate().map(|(index, field)| field.is_stored().then(|| binding(index))).collect()
}

/// A position among the stored fields, written as short as can be: there are many.
#[derive(Clone, Copy)]
struct Position(usize);

impl ToTokens for Position {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        proc_macro2::Literal::usize_unsuffixed(self.0).to_tokens(tokens);
    }
}

/// The stored fields with their positions among all, and the position `first + n` of the n-th stored one.
fn stored(fields: &[Field], first: usize) -> impl Iterator<Item = (Position, Ident, &Field)> {
    let stored = fields.iter().enumerate().filter(|(_, field)| field.is_stored());
    stored.enumerate().map(move |(n, (index, field))| (Position(first + n), binding(index), field))
}

/// Statements that measure the bound fields.
fn measures(fields: &[Field], first: usize) -> TokenStream {
    stored(fields, first)
        .map(|(_, binding, field)| {
            let (measure, named) = (ask(field, "measure"), named(field));
            quote!(#measure(#binding, __m #named);)
        })
        .collect()
}

/// Statements that encode the bound fields.
fn encodes(fields: &[Field], first: usize) -> TokenStream {
    stored(fields, first)
        .map(|(position, binding, field)| {
            let encode = ask(field, "encode");
            quote!(#encode(#binding, __slot, __h::offset::<Self, #position>(), __sink);)
        })
        .collect()
}

/// What is asked of stored bytes for each field, `&&` before it.
fn checks(fields: &[Field]) -> TokenStream {
    stored(fields, 0)
        .map(|(position, _, field)| {
            let check = ask(field, "check");
            quote!(&& #check(__b, __h::offset::<Self, #position>(), __c, __d))
        })
        .collect()
}

/// `{ field: value, .. }` of the owned type.
fn decodes(fields: &[Field], first: usize) -> TokenStream {
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
