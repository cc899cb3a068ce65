//! Enums, without and with fields.
#![forbid(unsafe_code)]

use super::super::model::{Style, Variant, plain_name};
use super::product::show;
use super::view::view_member;
use super::{Expansion, ask, decodes, encodes, measures, member, notes, own, pattern, stored};
use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

impl Expansion<'_> {
    pub(super) fn fieldless(&self, variants: &[Variant]) -> TokenStream {
        let (facts, described) = (self.variant_fields(variants), self.describe_enum(variants));
        let (tags, names) = (self.tags(variants), names(variants));
        let guards = self.guards();
        let positions = 0..variants.len();
        let reflect = self.implement(
            quote!(Reflect),
            quote! {
                fn variant(&self) -> __h::usize { match self { #(Self::#names => #positions),* } }
                fn encode(&self, __slot: &mut [__h::u8], _: &mut __h::Sink<'_>) { __h::put_tag(self, __slot); }
                #guards
            },
        );
        // The first variant stands for tags that cannot be.
        let arms = names.iter().enumerate().skip(1).map(|(index, name)| quote!(#index => Self::#name,));
        let first = names.first();
        let (list, list_body, show_list) = self.list_of();
        let texts = variants.iter().map(|variant| plain_name(&variant.ident));
        let show = show(
            Span::call_site(),
            quote!(<Self as __h::Hydra>),
            quote!(__h::show_variant(__v, &[#(#texts),*], __f)),
            show_list,
        );
        // An enum that is not Copy is reported at its name.
        let view = quote_spanned!(self.model.name.span()=> type View<'a> = Self;);
        let hydra = self.implement(
            quote!(Hydra),
            quote! {
                #view
                type List<'a> = #list;
                #show
                #[inline]
                fn view<'a>(__at: __h::At<'a>) -> Self {
                    match __h::variant_seen::<Self>(__at) { #(#arms)* _ => Self::#first }
                }
                #[inline]
                fn list<'a>(__run: __h::Run<'a>) -> #list { #list_body }
                #[inline]
                fn check(__b: &[__h::u8], __c: &mut __h::Cursor<'_>, __d: __h::u32) -> __h::bool {
                    __h::check_variant::<Self>(__b, __c, __d)
                }
                fn decode(__at: __h::At<'_>) -> __h::Result<Self> {
                    __h::variant::<Self>(__at)?;
                    __h::Ok(<Self as __h::Hydra>::view(__at))
                }
                fn compare(__at: __h::At<'_>, __key: &Self) -> __h::Ordering { __h::compare_tag(__at, __key) }
                fn order(&self, __other: &Self) -> __h::Ordering { __h::order_tags(self, __other) }
            },
        );
        quote!(#facts #tags #described #reflect #hydra)
    }

    pub(super) fn enumeration(&self, variants: &[Variant]) -> TokenStream {
        let (facts, described) = (self.variant_fields(variants), self.describe_enum(variants));
        let tags = self.tags(variants);
        let reflect = self.reflect_enum(variants);
        let (view, view_items) = self.enum_view(variants);
        let firsts = firsts(variants);
        let arms = |make: &dyn Fn(&syn::Ident, &Variant, usize) -> TokenStream| -> TokenStream {
            let arms = variants.iter().zip(&firsts).enumerate().map(|(index, (variant, first))| {
                let value = make(&own(&variant.ident), variant, *first);
                let index = if index == 0 { quote!(_) } else { quote!(#index) };
                (index, value)
            });
            // The first variant stands for tags that cannot be, so it comes last.
            let mut arms: Vec<_> = arms.collect();
            arms.rotate_left(1);
            arms.into_iter().map(|(index, value)| quote!(#index => #value,)).collect()
        };
        let view_path = self.view_path();
        let seen = arms(&|name, variant, first| {
            let fields = stored(&variant.fields, first).map(|(position, _, field)| {
                let (member, view) = (view_member(field, position.0 - first), ask(field, "view"));
                let at = quote!(__at);
                quote_spanned!(field.type_span()=> #member: #view(#at, __h::offset::<Self, #position>()))
            });
            quote!(#view_path::#name { #(#fields),* })
        });
        // Each in a frame of its own: the values of all variants together may be more than a stack holds.
        let decoded = arms(&|name, variant, first| {
            let fields = decodes(&variant.fields, first);
            match variant.style {
                Style::Unit => quote!(__h::Ok(Self::#name #fields)),
                _ => quote!(__h::apart(|| __h::Ok(Self::#name #fields))),
            }
        });
        let show = show(
            Span::call_site(),
            quote!(<Self as __h::Hydra>),
            quote!(__h::Debug::fmt(__v, __f)),
            quote!(__h::show_list(__l, __each)),
        );
        let hydra = self.implement(
            quote!(Hydra),
            quote! {
                type View<'a> = #view;
                type List<'a> = __h::ListView<'a, Self>;
                #show
                #[inline]
                fn view<'a>(__at: __h::At<'a>) -> <Self as __h::Hydra>::View<'a> {
                    match __h::variant_seen::<Self>(__at) { #seen }
                }
                #[inline]
                fn list<'a>(__run: __h::Run<'a>) -> __h::ListView<'a, Self> { __h::ListView::new(__run) }
                #[inline]
                fn check(__b: &[__h::u8], __c: &mut __h::Cursor<'_>, __d: __h::u32) -> __h::bool {
                    __h::check_variant::<Self>(__b, __c, __d)
                }
                fn decode(__at: __h::At<'_>) -> __h::Result<Self> {
                    __h::whole::<Self>(__at)?;
                    match __h::variant::<Self>(__at)? { #decoded }
                }
            },
        );
        quote!(#facts #tags #described #reflect #view_items #hydra)
    }

    fn variant_fields(&self, variants: &[Variant]) -> TokenStream {
        let count: usize = variants.iter().map(|variant| stored(&variant.fields, 0).count()).sum();
        let facts = variants.iter().flat_map(|variant| stored(&variant.fields, 0));
        let facts = facts.map(|(_, _, field)| ask(field, "FACTS"));
        self.fields(facts, quote!(__h::placed_variants::<Self, #count>()))
    }

    /// Tag kind, tags, and where the fields of each variant end.
    fn tags(&self, variants: &[Variant]) -> TokenStream {
        let kind = match &self.model.attrs.repr.int {
            Some(int) if int != "usize" && int != "isize" => {
                let kind = quote::format_ident!("{}", int.to_string().to_uppercase());
                quote!(__h::Kind::#kind)
            }
            _ => quote!(__h::smallest_tag(<Self as __h::Variants>::TAGS)),
        };
        // Without a `repr`, any tag fits.
        let checked = if self.model.attrs.repr.int.is_some() { &kind } else { &quote!(__h::Kind::U128) };
        let mut last = (TokenStream::new(), 0i128);
        let tags: Vec<TokenStream> = variants.iter().map(|variant| self.tag(variant, &mut last)).collect();
        let tags = match variants.iter().any(|variant| variant.attrs.has("tag")) {
            true => quote!({
                let __tags: &'static [__h::i128] = &[#(#tags),*];
                __h::check_tags(#checked, __tags);
                __tags
            }),
            false => quote!(&[#(#tags),*]),
        };
        let firsts = firsts(variants);
        let ends =
            variants.iter().zip(firsts).map(|(variant, first)| first + stored(&variant.fields, 0).count());
        self.implement(
            quote!(Variants),
            quote! {
                const TAG: __h::Kind = #kind;
                const TAGS: &'static [__h::i128] = #tags;
                const ENDS: &'static [__h::usize] = &[#(#ends),*];
            },
        )
    }

    /// The tag of a variant: what its attribute says, or its discriminant. `last` is the last explicit
    /// discriminant, and how many variants ago it was.
    fn tag(&self, variant: &Variant, last: &mut (TokenStream, i128)) -> TokenStream {
        if let Some(expr) = &variant.discriminant {
            let isize = quote!(__h::isize);
            let repr = self.model.attrs.repr.int.as_ref().map_or(isize, |int| quote!(__h::#int));
            *last = (quote!({ const __TAG: #repr = #expr; __TAG as __h::i128 } + ), 0);
        }
        let (base, distance) = (last.0.clone(), Literal::i128_unsuffixed(last.1));
        last.1 += 1;
        if let Some(tag) = variant.attrs.int("tag") {
            let tag = Literal::i128_unsuffixed(tag);
            return quote!(#tag);
        }
        quote!(#base #distance)
    }

    fn describe_enum(&self, variants: &[Variant]) -> TokenStream {
        let (name, args, type_notes) = (self.model.schema_name(), self.args(), self.type_notes());
        let fieldless = matches!(self.model.body, super::Body::Fieldless(_));
        let count: usize = variants.iter().map(|variant| stored(&variant.fields, 0).count()).sum();
        let is_flat = fieldless && self.model.attrs.repr.int.is_some();
        let flat = match is_flat && !variants.iter().any(|variant| variant.attrs.has("tag")) {
            true => quote!(__h::flat_enum::<Self>()),
            false => quote!(false),
        };
        let firsts = firsts(variants);
        let descriptors = variants.iter().zip(firsts).enumerate();
        let descriptors = super::constant(
            descriptors.map(|(index, (variant, first))| notes::variant(variant, index, first)),
        );
        let valid = fieldless.then(|| {
            quote!(
                fn valid(__bytes: &[__h::u8]) -> __h::bool {
                    __h::valid_tag::<Self>(__bytes)
                }
            )
        });
        self.implement(
            quote!(Describe),
            quote! {
                const SIZE: __h::usize = __h::placed_variants::<Self, #count>().size;
                const ALIGN: __h::usize = __h::placed_variants::<Self, #count>().align;
                const FLAT: __h::bool = #flat;
                const ANY_BITS: __h::bool = false;
                const REFS: __h::bool = __h::refs::<Self>();
                const KEY: __h::bool = #fieldless;
                #valid
                const TYPE: &'static __h::Descriptor =
                    const { &__h::enumeration::<Self>(#name, #args, #descriptors, #type_notes) };
            },
        )
    }

    fn reflect_enum(&self, variants: &[Variant]) -> TokenStream {
        let names = names(variants);
        let positions = 0..variants.len();
        let firsts = firsts(variants);
        let parts = variants.iter().flat_map(|variant| {
            let name = own(&variant.ident);
            stored(&variant.fields, 0).map(move |(position, _, field)| {
                let (value, member) = (ask(field, "value"), member(field));
                quote!((Self::#name { #member: __0, .. }, #position) => #value(__0),)
            })
        });
        let changes = variants.iter().flat_map(|variant| {
            let name = own(&variant.ident);
            stored(&variant.fields, 0).map(move |(position, _, field)| {
                let (value, member) = (ask(field, "value_mut"), member(field));
                quote!((Self::#name { #member: __0, .. }, #position) => #value(__0),)
            })
        });
        let guards = self.guards();
        let patterns: Vec<_> = variants.iter().map(|variant| pattern(&variant.fields)).collect();
        let measures = variants.iter().map(|variant| measures(&variant.fields, 0));
        let encodes = variants.iter().zip(firsts).map(|(variant, first)| encodes(&variant.fields, first));
        self.implement(
            quote!(Reflect),
            quote! {
                fn variant(&self) -> __h::usize { match self { #(Self::#names { .. } => #positions),* } }
                fn count(&self) -> __h::usize { __h::count(self) }
                fn part(&self, __index: __h::usize) -> __h::Option<__h::Part<'_>> {
                    match (self, __index) { #(#parts)* _ => __h::None }
                }
                fn part_mut(&mut self, __index: __h::usize) -> __h::Option<__h::PartMut<'_>> {
                    match (self, __index) { #(#changes)* _ => __h::None }
                }
                #guards
                fn measure(&self, __m: &mut __h::Measure) {
                    match self { #(Self::#names #patterns => { #measures })* }
                }
                fn encode(&self, __slot: &mut [__h::u8], __sink: &mut __h::Sink<'_>) {
                    if __h::is_short::<Self>(__slot) { return; }
                    __h::put_tag(self, __slot);
                    match self { #(Self::#names #patterns => { #encodes })* }
                }
            },
        )
    }
}

fn names(variants: &[Variant]) -> Vec<syn::Ident> {
    variants.iter().map(|variant| own(&variant.ident)).collect()
}

/// The position of each variant's first field among the fields of all.
fn firsts(variants: &[Variant]) -> Vec<usize> {
    let mut next = 0;
    let mut first = |variant: &Variant| {
        let first = next;
        next += stored(&variant.fields, 0).count();
        first
    };
    variants.iter().map(&mut first).collect()
}
