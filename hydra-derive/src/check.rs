//! Reports the errors of a type, all at once and each at its own tokens. Field types are not checked here:
//! the compiler resolves them through traits.

use crate::attr::{Attrs, Context};
use crate::model::{Field, Model, Stored, Style, TypeShape, Variant, flat};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::HashMap;

/// Field attributes that cannot be combined with others, and the reason.
const CONFLICTS: &[(&str, &[&str], &str)] = &[
    ("with", &["as", "opaque"], "a field is stored in one way"),
    ("as", &["opaque"], "a field is stored in one way"),
    ("readonly", &["settable"], "a field is either read-only or settable"),
    ("skip", &["with", "as", "opaque"], "a skipped field is not stored"),
    ("skip", &["rename", "alias"], "a skipped field has no name in the schema"),
    ("skip", &["attr"], "a skipped field has no place in the schema"),
    ("skip", &["readonly", "settable"], "a skipped field is never set"),
];

/// Attributes that a transparent type cannot have, with the reason.
const NOT_TRANSPARENT: [(&str, &str); 4] = [
    ("name", "a transparent type has no name in the schema"),
    ("version", "a transparent type has no version in the schema"),
    ("invariant", "a transparent type shows its field, which has no invariant"),
    ("view", "a transparent type is viewed as its field: there is no view to name"),
];

/// Attributes that need a field with a name in the schema.
const NOTES: &[&str] = &["rename", "alias", "default", "attr"];

/// The limits of FORMAT.md, section 12.
const MAX_FIELDS: usize = 4096;
const MAX_VARIANTS: usize = 65_535;
const MAX_NAME_BYTES: usize = 255;

pub(crate) fn check(cx: &mut Context, model: &Model) {
    for param in model.generics.lifetimes() {
        cx.error(
            &param.lifetime,
            "a stored type owns its data and has no lifetime: use String, Vec or Box in place of references",
        );
    }
    check_type(cx, model);
    check_plain(cx, model);
    model.fields().for_each(|field| check_field(cx, field));
    if model.is_enum() {
        check_variants(cx, model);
    }
    for variant in &model.variants {
        match (model.shape, variant.style) {
            (TypeShape::Newtype, _) => {
                let why = "the field of a newtype has no name and no notes in the schema";
                check_nameless(cx, variant, NOTES, why);
            }
            (TypeShape::Enum, Style::Tuple) => {
                let why = "the fields of a tuple variant are named by their positions in the schema";
                check_fields(cx, variant);
                check_nameless(cx, variant, &["rename"], why);
            }
            _ => check_fields(cx, variant),
        }
    }
}

fn check_type(cx: &mut Context, model: &Model) {
    let attrs = &model.attrs;
    if let Some(Err(error)) = attrs.bound() {
        cx.error(
            attrs.str("bound"),
            format!("`bound` takes bounds as in a where clause, such as \"T: Clone\": {error}"),
        );
    }
    if let Some(item) = attrs.item("transparent") {
        check_transparent(cx, model, &item.name);
    }
    let named = |field: &Field| matches!(field.member, syn::Member::Named(_));
    if let Some(item) = attrs.item("rename_all")
        && !model.is_enum()
        && !model.fields().any(named)
    {
        cx.error(&item.name, "this type has no names to change");
    }
    if let Some(item) = attrs.item("view")
        && model.shape == TypeShape::Fieldless
    {
        cx.error(&item.name, "an enum without fields is its own view: there is no view to name");
    }
    if let Some(item) = attrs.item("version")
        && attrs.int("version").is_none_or(|version| u32::try_from(version).is_err())
    {
        cx.error(&item.name, "expected a version from 0 to 4294967295");
    }
    let name = attrs.item("name").map_or(model.name.to_token_stream(), |item| item.value.clone());
    check_name(cx, &model.schema_name(), &name);
}

fn check_transparent(cx: &mut Context, model: &Model, transparent: &syn::Ident) {
    if model.shape != TypeShape::Newtype {
        cx.error(transparent, "only a tuple struct that stores one field can be transparent");
    }
    for (name, why) in NOT_TRANSPARENT {
        if let Some(other) = model.attrs.item(name) {
            cx.conflict(transparent, &other.name, why);
        }
    }
    if let Some(fixed) = model.fields().find_map(|field| field.attrs.item("readonly")) {
        cx.conflict(transparent, &fixed.name, "a transparent type shows its field as the value itself");
    }
}

fn check_plain(cx: &mut Context, model: &Model) {
    let Some(item) = model.attrs.item("plain") else { return };
    let repr = &model.attrs.repr;
    let message = match model.shape {
        TypeShape::Struct if !repr.c => "a plain struct has a fixed layout: add #[repr(C)]",
        TypeShape::Newtype if !repr.c && !repr.transparent => {
            "a plain newtype has a fixed layout: add #[repr(transparent)]"
        }
        TypeShape::Fieldless if repr.int.is_none() => "a plain enum has a fixed layout: add #[repr(u8)]",
        TypeShape::Enum => "an enum with fields is not plain: its unused bytes are padding",
        _ if !model.generics.params.is_empty() => {
            "a generic type is not plain: whether it has padding depends on its parameters"
        }
        _ => return check_plain_parts(cx, model),
    };
    cx.error(&item.name, message);
}

fn check_plain_parts(cx: &mut Context, model: &Model) {
    for field in model.fields().filter(|field| !matches!(field.stored, Stored::AsItself)) {
        cx.error(field.token(), "a plain type stores every field as it is in memory");
    }
    for variant in &model.variants {
        if let Some(tag) = variant.attrs.item("tag") {
            cx.error(
                &tag.name,
                "a plain enum stores its discriminants: give the number to the variant itself",
            );
        }
    }
}

fn check_field(cx: &mut Context, field: &Field) {
    if let Some(span) = macro_in(&field.ty) {
        cx.errors
            .push(syn::Error::new(span, "the derive cannot expand a macro in a type: write the type out"));
    }
    let pairs =
        CONFLICTS.iter().flat_map(|(first, others, why)| others.iter().map(move |other| (first, other, why)));
    for (first, second, why) in pairs {
        let mut both = field.attrs.items.iter().filter(|item| item.name == first || item.name == second);
        if let Some(first) = both.next()
            && let Some(second) = both.find(|item| item.name != first.name)
        {
            let message = format!("`{}` and `{}` cannot be combined: {why}", first.name, second.name);
            cx.conflict(&first.name, &second.name, message);
        }
    }
}

/// Returns the span of the first macro call in a type, which a derive cannot expand.
fn macro_in(ty: &TokenStream) -> Option<Span> {
    flat(ty.clone()).windows(2).find_map(|pair| match pair {
        [TokenTree::Ident(_), TokenTree::Punct(mark)] if mark.as_char() == '!' => Some(mark.span()),
        _ => None,
    })
}

fn check_fields(cx: &mut Context, variant: &Variant) {
    if variant.stored().count() > MAX_FIELDS {
        cx.error(&variant.ident, format!("expected at most {MAX_FIELDS} fields"));
    }
    check_names(cx, "fields", variant.stored().map(|field| (&*field.name, field.token(), &field.attrs)));
}

fn check_variants(cx: &mut Context, model: &Model) {
    let variants = &model.variants;
    if variants.is_empty() {
        cx.error(&model.name, "an enum without variants has no values to store");
    }
    if variants.len() > MAX_VARIANTS {
        cx.error(&model.name, format!("expected at most {MAX_VARIANTS} variants"));
    }
    check_names(cx, "variants", variants.iter().map(|v| (&*v.name, v.ident.to_token_stream(), &v.attrs)));
    check_tags(cx, variants);
    let mut others =
        variants.iter().filter_map(|variant| variant.attrs.item("other").map(|item| (item, variant)));
    if let Some((first, variant)) = others.next() {
        if variant.style != Style::Unit {
            cx.error(&first.name, "the variant with `other` has no fields");
        }
        if let Some((second, _)) = others.next() {
            cx.conflict(&first.name, &second.name, "two variants have `other`");
        }
    }
}

/// Reports attributes that would have no effect, or that give a name where none is possible.
fn check_nameless(cx: &mut Context, variant: &Variant, refused: &[&str], why: &str) {
    for item in variant.stored().flat_map(|field| &field.attrs.items) {
        if refused.iter().any(|name| item.name == name) {
            cx.error(&item.name, why);
        }
    }
}

/// Checks tags written as numbers. The compiler checks all tags again, with the values of expressions.
fn check_tags(cx: &mut Context, variants: &[Variant]) {
    let mut seen = HashMap::new();
    for variant in variants {
        let (Some(item), Some(tag)) = (variant.attrs.item("tag"), variant.attrs.int("tag")) else { continue };
        if let Some(first) = seen.insert(tag, &item.name) {
            cx.conflict(first, &item.name, format!("two variants with the tag {tag}"));
        }
    }
}

/// Checks that names and aliases are distinct, not empty, and not too long.
fn check_names<'a>(
    cx: &mut Context,
    what: &str,
    named: impl Iterator<Item = (&'a str, TokenStream, &'a Attrs)>,
) {
    let mut seen: HashMap<String, TokenStream> = HashMap::new();
    for (name, token, attrs) in named {
        let token = attrs.item("rename").map_or(token, |item| item.value.clone());
        let aliases = attrs.aliases().map(|text| (text.value(), text.into_token_stream()));
        for (name, token) in std::iter::once((name.to_string(), token)).chain(aliases) {
            check_name(cx, &name, &token);
            match seen.get(&name) {
                Some(first) => cx.conflict(first, &token, format!("two {what} are named `{name}`")),
                None => _ = seen.insert(name, token),
            }
        }
    }
}

fn check_name(cx: &mut Context, name: &str, token: &TokenStream) {
    if name.is_empty() {
        cx.error(token, "a name in the schema must not be empty");
    }
    if name.len() > MAX_NAME_BYTES {
        cx.error(token, format!("a name in the schema has at most {MAX_NAME_BYTES} bytes"));
    }
}
