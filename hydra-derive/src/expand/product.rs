//! Structs and newtypes.
#![forbid(unsafe_code)]

use super::super::model::{Body, Field, Stored, plain_name};
use super::{
    Expansion, Position, ask, checks, decodes, encodes, measures, member, notes, pattern, stored, view_of,
};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

impl Expansion<'_> {
    pub(super) fn structure(&self, fields: &[Field]) -> TokenStream {
        let facts = self.struct_fields(fields, self.model.attrs.repr.align);
        let describe = self.describe_struct(fields);
        let reflect = self.reflect_struct(fields);
        let (view, view_items) = self.struct_view(fields);
        let view_path = self.view_path();
        let from_bytes = from_bytes(fields);
        let (list, list_body, show_list) = self.list_of();
        let show = show(Span::call_site(), quote!(Self), quote!(__h::Debug::fmt(__v, __f)), show_list);
        let hydra = self.implement(
            quote!(Hydra),
            quote! {
                #show
                type View<'a> = #view;
                type List<'a> = #list;
                #[inline]
                fn view<'a>(__at: __h::At<'a>) -> Self::View<'a> { #view_path(__at, __h::PhantomData) }
                #[inline]
                fn list<'a>(__run: __h::Run<'a>) -> Self::List<'a> { #list_body }
                #from_bytes
            },
        );
        quote!(#facts #describe #reflect #view_items #hydra)
    }

    pub(super) fn newtype(&self, fields: &[Field], position: usize) -> TokenStream {
        let Some(inner) = fields.get(position) else { return TokenStream::new() };
        let facts = self.struct_fields(fields, 1);
        let describe = self.describe_newtype(fields, inner);
        let reflect = match (self.model.attrs.has("transparent"), &inner.stored) {
            (true, Stored::AsItself) => self.reflect(fields, inside(inner)),
            (true, _) => self.reflect(
                fields,
                quote!(
                    fn is_encoded(&self) -> __h::bool {
                        true
                    }
                ),
            ),
            (false, _) => self.reflect_struct(fields),
        };
        let hydra = self.hydra_newtype(fields, inner);
        quote!(#facts #describe #reflect #hydra)
    }

    fn struct_fields(&self, fields: &[Field], min_align: usize) -> TokenStream {
        let count = Position(stored(fields, 0).count());
        let facts = stored(fields, 0).map(|(_, _, field)| {
            let (facts, member) = (ask(field, "FACTS"), member(field));
            quote!(#facts.at(__h::offset_of!(Self, #member)))
        });
        self.fields(facts, quote!(__h::placed::<Self, #count>(#min_align)))
    }

    /// The constants that follow from the fields.
    fn constants(&self, fields: &[Field], min_align: usize) -> TokenStream {
        let count = Position(stored(fields, 0).count());
        // What is not stored cannot come back by copying bytes.
        let flat = match fields.iter().all(|field| matches!(field.stored, Stored::AsItself)) {
            true => quote!(__h::flat::<Self>()),
            false => quote!(false),
        };
        quote! {
            const SIZE: __h::usize = __h::placed::<Self, #count>(#min_align).size;
            const ALIGN: __h::usize = __h::placed::<Self, #count>(#min_align).align;
            const FLAT: __h::bool = #flat;
            const ANY_BITS: __h::bool = __h::any_bits::<Self>();
            const REFS: __h::bool = __h::refs::<Self>();
            fn valid(__bytes: &[__h::u8]) -> __h::bool { __h::valid::<Self>(__bytes) }
        }
    }

    fn describe_struct(&self, fields: &[Field]) -> TokenStream {
        let constants = self.constants(fields, self.model.attrs.repr.align);
        let (name, args, type_notes) = (self.model.schema_name(), self.args(), self.type_notes());
        let fields = notes::fields(fields, 0, true);
        self.implement(
            quote!(Describe),
            quote! {
                #constants
                const TYPE: &'static __h::Descriptor =
                    const { &__h::structure::<Self>(#name, #args, #fields, #type_notes) };
            },
        )
    }

    fn describe_newtype(&self, fields: &[Field], inner: &Field) -> TokenStream {
        let constants = self.constants(fields, 1);
        let (name, args, type_notes) = (self.model.schema_name(), self.args(), self.type_notes());
        let (stored, ty) = (ask(inner, "TYPE"), &inner.ty);
        let itself = matches!(inner.stored, Stored::AsItself);
        let ty = match (self.model.attrs.has("transparent"), itself) {
            (true, true) => quote! {
                const BYTE: __h::bool = <#ty as __h::Describe>::BYTE && <Self as __h::Describe>::FLAT;
                const TRANSPARENT: __h::bool = true;
                const TYPE: &'static __h::Descriptor = <#ty as __h::Describe>::TYPE;
            },
            (true, false) => {
                let stored = self.stored_type(inner);
                quote! {
                    const TRANSPARENT: __h::bool = true;
                    const TYPE: &'static __h::Descriptor = <#stored as __h::Describe>::TYPE;
                }
            }
            (false, _) => quote! {
                const TYPE: &'static __h::Descriptor =
                    const { &__h::newtype::<Self>(#name, #args, #stored, #type_notes) };
            },
        };
        self.implement(
            quote!(Describe),
            quote! {
                #constants
                const KEY: __h::bool = __h::key::<Self>();
                #ty
            },
        )
    }

    fn reflect_struct(&self, fields: &[Field]) -> TokenStream {
        let count = Position(stored(fields, 0).count());
        let parts = stored(fields, 0).map(|(position, _, field)| {
            let (value, member) = (ask(field, "value"), member(field));
            quote!(#position => #value(&self.#member),)
        });
        let changes = self.part_mut(fields);
        let shown = quote! {
            fn count(&self) -> __h::usize { #count }
            fn part(&self, __index: __h::usize) -> __h::Option<__h::Part<'_>> {
                match __index { #(#parts)* _ => __h::None }
            }
            #changes
        };
        self.reflect(fields, shown)
    }

    fn part_mut(&self, fields: &[Field]) -> TokenStream {
        let newtype = matches!(self.model.body, Body::Newtype(..)) && !self.model.attrs.has("settable");
        let parts = stored(fields, 0).map(|(position, _, field)| {
            let private = !matches!(field.vis, syn::Visibility::Public(_)) && !field.attrs.has("settable");
            let member = member(field);
            // The field of a newtype has no notes in the schema: that it is private is said here.
            if newtype && private {
                let value = ask(field, "value");
                return quote!(#position => #value(&self.#member).map(__h::PartMut::private),);
            }
            let value = ask(field, "value_mut");
            quote!(#position => #value(&mut self.#member),)
        });
        quote! {
            fn part_mut(&mut self, __index: __h::usize) -> __h::Option<__h::PartMut<'_>> {
                match __index { #(#parts)* _ => __h::None }
            }
        }
    }

    /// `Reflect` of a struct that shows this of itself.
    fn reflect(&self, fields: &[Field], shown: TokenStream) -> TokenStream {
        let (pattern, measures, encodes) = (pattern(fields), measures(fields, 0), encodes(fields, 0));
        let guards = self.guards();
        self.implement(
            quote!(Reflect),
            quote! {
                #shown
                #guards
                #[inline]
                fn measure(&self, __m: &mut __h::Measure) {
                    let Self #pattern = self;
                    #measures
                }
                #[inline]
                fn encode(&self, __slot: &mut [__h::u8], __sink: &mut __h::Sink<'_>) {
                    let Self #pattern = self;
                    if __h::is_short::<Self>(__slot) { return; }
                    #encodes
                }
            },
        )
    }

    fn hydra_newtype(&self, fields: &[Field], inner: &Field) -> TokenStream {
        let (member, from_bytes, ty) = (member(inner), from_bytes(fields), self.stored_type(inner));
        let (seen, listed, seen_by) = (ask(inner, "view"), ask(inner, "list"), ask(inner, "seen"));
        let named = self.model.view_name().map(|name| (name, self.struct_view(fields)));
        let (view, make, items) = match &named {
            Some((name, (view, items))) => (view.clone(), quote!(#name(__at, __h::PhantomData)), Some(items)),
            None => (view_of(inner, &quote!(__h)), quote!(#seen(__at, 0)), None),
        };
        let (name, span) = (plain_name(&self.model.name), inner.type_span());
        let (list, list_body, show) = match self.model.attrs.has("plain") || named.is_some() {
            true => {
                let (list, body, show_list) = self.list_of();
                let shown = match named.is_some() {
                    true => quote!(__v),
                    false => quote!(&__h::InNewtype(#name, &#seen_by(*__v))),
                };
                (
                    list,
                    body,
                    show(Span::call_site(), quote!(Self), quote!(__h::Debug::fmt(#shown, __f)), show_list),
                )
            }
            false => {
                let show_list = ask(inner, "show_list");
                let show_list =
                    quote_spanned!(span=> #show_list(__l, &mut |__e| __each(&__h::InNewtype(#name, __e))));
                let shown =
                    quote_spanned!(span=> __h::Debug::fmt(&__h::InNewtype(#name, &#seen_by(*__v)), __f));
                let list = quote_spanned!(span=> <#ty as __h::Hydra>::List<'a>);
                (list, quote!(#listed(__run)), show(span, quote_spanned!(span=> Self), shown, show_list))
            }
        };
        let keys = matches!(inner.stored, Stored::AsItself).then(|| {
            let (compare, order) = (ask(inner, "compare"), ask(inner, "order"));
            quote! {
                fn compare(__at: __h::At<'_>, __key: &Self) -> __h::Ordering {
                    #compare(__at, &__key.#member)
                }
                fn order(&self, __other: &Self) -> __h::Ordering {
                    #order(&self.#member, &__other.#member)
                }
            }
        });
        // All of it lies at the field's type, which is where the compiler says that it has no view.
        let (at, run) = (quote!(__at), quote!(__run));
        let types_and_views = quote_spanned! {inner.type_span()=>
            type View<'a> = #view;
            type List<'a> = #list;
            #[inline]
            fn view<'a>(#at: __h::At<'a>) -> #view { #make }
            #[inline]
            fn list<'a>(#run: __h::Run<'a>) -> #list { #list_body }
        };
        let hydra = self.implement(
            quote!(Hydra),
            quote! {
                #types_and_views
                #show
                #from_bytes
                #keys
            },
        );
        quote!(#items #hydra)
    }

    /// The type on disk of a field.
    pub(super) fn stored_type(&self, inner: &Field) -> TokenStream {
        let ty = &inner.ty;
        match &inner.stored {
            Stored::AsItself | Stored::Skipped => inner.ty.to_token_stream(),
            Stored::With(with) => quote!(<#with as __h::With<#ty>>::Stored),
            Stored::As(stored) => stored.to_token_stream(),
            Stored::Opaque => quote!(<__h::Opaque as __h::With<#ty>>::Stored),
        }
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

/// A transparent newtype shows its inner value in every way.
fn inside(inner: &Field) -> TokenStream {
    let member = member(inner);
    quote! {
        fn inside(&self) -> __h::Option<&dyn __h::Reflect> { __h::Some(&self.#member) }
        fn inside_mut(&mut self) -> __h::Option<&mut (dyn __h::ReflectMut + 'static)> {
            __h::Some(&mut self.#member)
        }
    }
}

/// How the fields are checked as stored bytes, and decoded from them.
fn from_bytes(fields: &[Field]) -> TokenStream {
    let (values, checks) = (decodes(fields, 0), checks(fields));
    quote! {
        #[inline]
        fn check(__b: &[__h::u8], __c: &mut __h::Cursor<'_>, __d: __h::u32) -> __h::bool {
            !__h::is_short::<Self>(__b) #checks
        }
        #[inline]
        fn decode(__at: __h::At<'_>) -> __h::Result<Self> {
            __h::whole::<Self>(__at)?;
            __h::Ok(Self #values)
        }
    }
}
