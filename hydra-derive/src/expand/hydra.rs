//! The implementation of `Hydra`: how stored values are viewed, checked, decoded and compared as keys.

use super::expansion::Expansion;
use super::fields::{ask, call, decoded, member, offset, own, stored_type, view_of};
use super::view::view_member;
use crate::model::{Field, Stored, Style, TypeShape, Variant, plain_name};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Index;

impl Expansion<'_> {
    pub(super) fn hydra(&self) -> TokenStream {
        let viewed = self.viewed();
        let listed = self.listed();
        let check = self.check();
        let decode = self.decode();
        let keys = self.keys();
        self.implement("Hydra", quote!(#viewed #listed #check #decode #keys))
    }

    /// Returns the span at which the compiler reports a missing view: the type of a newtype's field. If that
    /// span is inside a macro, only names of the macro resolve there, so arguments do not use it.
    fn span(&self) -> Span {
        self.model.inner().map_or_else(Span::call_site, Field::type_span)
    }

    /// Returns the type. It is spelled out for an enum, which may have a variant `View` or `List`.
    fn this_type(&self) -> TokenStream {
        if self.model.is_enum() { quote!(<Self as __h::Hydra>) } else { quote_spanned!(self.span()=> Self) }
    }

    /// Returns the view, its construction, and its printing.
    fn viewed(&self) -> TokenStream {
        let debug = quote!(__h::Debug::fmt(__v, __f));
        let (view, make, show) = match (self.model.shape, self.model.inner()) {
            (_, Some(inner)) if self.model.view_name().is_none() => {
                let seen = call(inner, "seen", quote!(*__v));
                let name = plain_name(&self.model.name);
                let show = quote!(__h::Debug::fmt(&__h::InNewtype(#name, &#seen), __f));
                (view_of(inner, &quote!(__h)), call(inner, "view", quote!(__at, 0)), show)
            }
            (TypeShape::Struct | TypeShape::Newtype, _) => (self.view(), self.seen_struct(), debug),
            (TypeShape::Fieldless, _) => {
                let names = self.model.variants.iter().map(|variant| plain_name(&variant.ident));
                let show = quote!(__h::show_variant(__v, &[#(#names),*], __f));
                (self.view(), self.seen(), show)
            }
            (TypeShape::Enum, _) => (self.view(), self.seen(), debug),
        };
        let this = self.this_type();
        let [at, v, f] = ["__at", "__v", "__f"].map(|name| format_ident!("{name}"));
        quote_spanned! {self.span()=>
            type View<'a> = #view;
            #[inline]
            fn view<'a>(#at: __h::At<'a>) -> #view { #make }
            fn show(#v: &#this::View<'_>, #f: &mut __h::Formatter<'_>) -> __h::FmtResult { #show }
        }
    }

    /// Returns the view of a run of the type, and the printing of its elements.
    fn listed(&self) -> TokenStream {
        let is_plain = self.model.attrs.has("plain");
        let (list, make, show) = match self.model.inner() {
            Some(inner) if !is_plain && self.model.view_name().is_none() => {
                let stored = stored_type(inner, &quote!(__h));
                let list = quote_spanned!(inner.type_span()=> <#stored as __h::Hydra>::List<'a>);
                let name = plain_name(&self.model.name);
                let each = quote!(&mut |__e| __each(&__h::InNewtype(#name, __e)));
                (list, call(inner, "list", quote!(__run)), call(inner, "show_list", quote!(__l, #each)))
            }
            _ if is_plain => {
                let this = &self.this;
                let bits = quote!(<__h::Bits<{ <#this as __h::Describe>::ANY_BITS }> as __h::PlainList>);
                let show = quote!(#bits::show_list::<Self>(__l, __each));
                (quote!(#bits::List<'a, Self>), quote!(#bits::list::<Self>(__run)), show)
            }
            _ => {
                let show = quote!(__h::show_list(__l, __each));
                (quote!(__h::ListView<'a, Self>), quote!(__h::ListView::new(__run)), show)
            }
        };
        let this = self.this_type();
        let [run, l, each] = ["__run", "__l", "__each"].map(|name| format_ident!("{name}"));
        quote_spanned! {self.span()=>
            type List<'a> = #list;
            #[inline]
            fn list<'a>(#run: __h::Run<'a>) -> #this::List<'a> { #make }
            fn show_list(#l: #this::List<'_>, #each: __h::Each<'_>) { #show }
        }
    }

    /// Returns the view of the stored variant.
    fn seen(&self) -> TokenStream {
        let view = self.view_name();
        self.match_stored(quote!(__h::variant_seen::<Self>(__at)), |variant| {
            let name = own(&variant.ident);
            let fields = variant.stored().map(|field| {
                let member = view_member(field);
                let offset = offset(field, &quote!(Self));
                let view = ask(field, "view");
                let place = quote!(__at, #offset);
                quote_spanned!(field.type_span()=> #member: #view(#place))
            });
            quote!(#view::#name { #(#fields),* })
        })
    }

    /// Returns a match on the position of the stored variant. The first variant stands for invalid tags and
    /// comes last.
    fn match_stored(&self, position: TokenStream, make: impl Fn(&Variant) -> TokenStream) -> TokenStream {
        let arms = self.model.variants.iter().enumerate().skip(1).map(|(position, variant)| {
            let position = Index::from(position);
            let value = make(variant);
            quote!(#position => #value,)
        });
        let first = self.model.variants.first().map(&make);
        quote!(match #position { #(#arms)* _ => #first })
    }

    /// Returns the checks of stored bytes.
    fn check(&self) -> TokenStream {
        let check = match self.model.is_enum() {
            true => quote!(__h::check_variant::<Self>(__b, __c, __d)),
            false => {
                let checks = self.model.stored().map(|field| {
                    let offset = offset(field, &quote!(Self));
                    call(field, "check", quote!(__b, #offset, __c, __d))
                });
                quote!(!__h::is_short::<Self>(__b) #(&& #checks)*)
            }
        };
        quote! {
            #[inline]
            fn check(__b: &[__h::u8], __c: &mut __h::Cursor<'_>, __d: __h::u32) -> __h::bool { #check }
        }
    }

    fn decode(&self) -> TokenStream {
        let inline = (!self.model.is_enum()).then(|| quote!(#[inline]));
        let ok = |variant: &Variant| {
            let path = self.path(variant);
            let values = decoded(variant);
            quote!(__h::Ok(#path #values))
        };
        let value = match self.model.shape {
            TypeShape::Fieldless => quote! {
                __h::variant::<Self>(__at)?;
                __h::Ok(<Self as __h::Hydra>::view(__at))
            },
            TypeShape::Enum => {
                // Each in its own stack frame: the values of all variants together could exceed the stack.
                let value = self.match_stored(quote!(__h::variant::<Self>(__at)?), |variant| {
                    let value = ok(variant);
                    if variant.style == Style::Unit { value } else { quote!(__h::apart(|| #value)) }
                });
                quote!(__h::whole::<Self>(__at)?; #value)
            }
            TypeShape::Struct | TypeShape::Newtype => {
                let value = self.model.variants.iter().map(ok);
                quote!(__h::whole::<Self>(__at)?; #(#value)*)
            }
        };
        quote! {
            #inline
            fn decode(__at: __h::At<'_>) -> __h::Result<Self> { #value }
        }
    }

    /// Returns the comparison of keys. A newtype compares as its field does.
    fn keys(&self) -> Option<TokenStream> {
        let (compare, order) = match (self.model.shape, self.model.inner()) {
            (_, Some(inner)) if matches!(inner.stored, Stored::AsItself) => {
                let member = member(inner);
                let compare = call(inner, "compare", quote!(__at, &__key.#member));
                (compare, call(inner, "order", quote!(&self.#member, &__other.#member)))
            }
            (TypeShape::Fieldless, _) => {
                (quote!(__h::compare_tag(__at, __key)), quote!(__h::order_tags(self, __other)))
            }
            _ => return None,
        };
        Some(quote! {
            fn compare(__at: __h::At<'_>, __key: &Self) -> __h::Ordering { #compare }
            fn order(&self, __other: &Self) -> __h::Ordering { #order }
        })
    }
}
