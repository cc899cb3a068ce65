//! The model of a type: what its attributes and its shape say together. It does not know what is written out.

use crate::attr::{AttrArg, AttrTarget, Attrs, Context, named_self};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{DeriveInput, Expr, Fields, Ident, Member, Type, Visibility};

/// A type to derive for.
pub(crate) struct Model {
    pub(crate) name: Ident,
    pub(crate) vis: Visibility,
    pub(crate) generics: syn::Generics,
    pub(crate) attrs: Attrs,
    pub(crate) body: Body,
}

/// What a type is.
pub(crate) enum Body {
    Struct(Vec<Field>),
    /// The position of the one stored field.
    Newtype(Vec<Field>, usize),
    /// An enum of unit variants.
    Fieldless(Vec<Variant>),
    Enum(Vec<Variant>),
}

/// How a variant is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Unit,
    Tuple,
    Struct,
}

/// How a field is stored.
pub(crate) enum Stored {
    AsItself,
    /// As the type of a `With` says.
    With(Box<Type>),
    /// As another type, by `TryFrom`.
    As(Box<Type>),
    /// As the bytes of a serde value.
    Opaque,
    Skipped,
}

/// A field of a struct or of a variant.
pub(crate) struct Field {
    pub(crate) member: Member,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    pub(crate) attrs: Attrs,
    pub(crate) stored: Stored,
    /// Name in the schema.
    pub(crate) name: String,
}

/// A variant of an enum.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) style: Style,
    pub(crate) fields: Vec<Field>,
    pub(crate) discriminant: Option<Expr>,
    pub(crate) attrs: Attrs,
    /// Name in the schema.
    pub(crate) name: String,
}

impl Field {
    pub(crate) fn is_stored(&self) -> bool {
        !matches!(self.stored, Stored::Skipped)
    }

    /// Where the type stands that decides how the field is stored.
    pub(crate) fn type_span(&self) -> proc_macro2::Span {
        match &self.stored {
            Stored::With(ty) | Stored::As(ty) => ty.span(),
            Stored::AsItself | Stored::Skipped | Stored::Opaque => self.ty.span(),
        }
    }

    /// What to point at when the field as a whole is meant.
    pub(crate) fn token(&self) -> proc_macro2::TokenStream {
        match &self.member {
            Member::Named(name) => name.to_token_stream(),
            Member::Unnamed(_) => self.ty.to_token_stream(),
        }
    }
}

impl Model {
    /// The model of the input; none if it has no shape to make one of.
    pub(crate) fn read(cx: &mut Context, input: DeriveInput) -> Option<Model> {
        let attrs = Attrs::read(cx, AttrTarget::Type, &input.attrs);
        let rename = Rename::read(cx, &attrs);
        let (name, (_, types, _)) = (&input.ident, input.generics.split_for_impl());
        let this = quote!(#name #types);
        let body = match input.data {
            syn::Data::Struct(data) => read_struct(cx, data.fields, rename, &this),
            syn::Data::Enum(data) => {
                let variants: Vec<_> = data
                    .variants
                    .into_iter()
                    .map(|variant| read_variant(cx, variant, rename, &this))
                    .collect();
                let fieldless = variants.iter().all(|variant| variant.style == Style::Unit);
                if fieldless { Body::Fieldless(variants) } else { Body::Enum(variants) }
            }
            syn::Data::Union(data) => {
                cx.error(
                    data.union_token,
                    "unions cannot be stored: which field is valid is not known; use an enum",
                );
                return None;
            }
        };
        Some(Model { name: input.ident, vis: input.vis, generics: input.generics, attrs, body })
    }

    /// Every field of the type.
    pub(crate) fn fields(&self) -> Box<dyn Iterator<Item = &Field> + '_> {
        match &self.body {
            Body::Struct(fields) | Body::Newtype(fields, _) => Box::new(fields.iter()),
            Body::Fieldless(variants) | Body::Enum(variants) => {
                Box::new(variants.iter().flat_map(|variant| &variant.fields))
            }
        }
    }

    pub(crate) fn variants(&self) -> &[Variant] {
        match &self.body {
            Body::Fieldless(variants) | Body::Enum(variants) => variants,
            Body::Struct(_) | Body::Newtype(..) => &[],
        }
    }

    /// Name in the schema.
    pub(crate) fn schema_name(&self) -> String {
        self.attrs.str("name").map_or_else(|| plain_name(&self.name), |name| name.value())
    }

    /// The public name of the view.
    pub(crate) fn view_name(&self) -> Option<&Ident> {
        let AttrArg::Ident(name) = self.attrs.value("view")? else { return None };
        Some(name)
    }
}

fn read_struct(cx: &mut Context, fields: Fields, rename: Rename, this: &TokenStream) -> Body {
    let is_tuple = matches!(fields, Fields::Unnamed(_));
    let fields = read_fields(cx, fields, rename, this);
    let mut stored = fields.iter().enumerate().filter(|(_, field)| field.is_stored());
    match (is_tuple, stored.next(), stored.next()) {
        (true, Some((position, _)), None) => Body::Newtype(fields, position),
        _ => Body::Struct(fields),
    }
}

fn read_variant(cx: &mut Context, variant: syn::Variant, rename: Rename, this: &TokenStream) -> Variant {
    let attrs = Attrs::read(cx, AttrTarget::Variant, &variant.attrs);
    let style = match variant.fields {
        Fields::Unit => Style::Unit,
        Fields::Unnamed(_) => Style::Tuple,
        Fields::Named(_) => Style::Struct,
    };
    let name = match attrs.str("rename") {
        Some(name) => name.value(),
        None => rename.variant(&plain_name(&variant.ident)),
    };
    Variant {
        style,
        fields: read_fields(cx, variant.fields, Rename::None, this),
        discriminant: variant.discriminant.map(|(_, expr)| expr),
        ident: variant.ident,
        attrs,
        name,
    }
}

fn read_fields(cx: &mut Context, fields: Fields, rename: Rename, this: &TokenStream) -> Vec<Field> {
    let members: Vec<Member> = fields.members().collect();
    let mut position = 0;
    let mut read = |(field, member): (syn::Field, Member)| {
        let mut attrs = Attrs::read(cx, AttrTarget::Field, &field.attrs);
        attrs.name_self(this);
        let stored = if attrs.has("skip") {
            Stored::Skipped
        } else if let Some(ty) = attrs.ty("with") {
            Stored::With(Box::new(ty.clone()))
        } else if let Some(ty) = attrs.ty("as") {
            Stored::As(Box::new(ty.clone()))
        } else if attrs.has("opaque") {
            Stored::Opaque
        } else {
            Stored::AsItself
        };
        let name = match (attrs.str("rename"), &member) {
            (Some(name), _) => name.value(),
            (None, Member::Named(name)) => rename.field(&plain_name(name)),
            // Stored fields of tuples are numbered without gaps.
            (None, Member::Unnamed(_)) => position.to_string(),
        };
        position += usize::from(!matches!(stored, Stored::Skipped));
        Field { member, vis: field.vis, ty: named_self(field.ty, this), attrs, stored, name }
    };
    fields.into_iter().zip(members).map(&mut read).collect()
}

/// A name without the `r#` of raw identifiers.
pub(crate) fn plain_name(name: &Ident) -> String {
    let name = name.to_string();
    name.strip_prefix("r#").map(str::to_string).unwrap_or(name)
}

/// A rule for all names of a type.
#[derive(Clone, Copy, PartialEq)]
enum Rename {
    None,
    /// How words are written (the first, the others), and what stands between them.
    Words(Case, Case, &'static str),
}

#[derive(Clone, Copy, PartialEq)]
enum Case {
    Lower,
    Upper,
    Title,
}

const RULES: &[(&str, Rename)] = &[
    ("lowercase", Rename::Words(Case::Lower, Case::Lower, "")),
    ("UPPERCASE", Rename::Words(Case::Upper, Case::Upper, "")),
    ("PascalCase", Rename::Words(Case::Title, Case::Title, "")),
    ("camelCase", Rename::Words(Case::Lower, Case::Title, "")),
    ("snake_case", Rename::Words(Case::Lower, Case::Lower, "_")),
    ("SCREAMING_SNAKE_CASE", Rename::Words(Case::Upper, Case::Upper, "_")),
    ("kebab-case", Rename::Words(Case::Lower, Case::Lower, "-")),
    ("SCREAMING-KEBAB-CASE", Rename::Words(Case::Upper, Case::Upper, "-")),
];

impl Rename {
    fn read(cx: &mut Context, attrs: &Attrs) -> Rename {
        let Some(text) = attrs.str("rename_all") else { return Rename::None };
        let wanted = text.value();
        match RULES.iter().find(|(name, _)| *name == wanted) {
            Some((_, rule)) => *rule,
            None => {
                let names: Vec<_> = RULES.iter().map(|(name, _)| *name).collect();
                cx.error(text, format!("unknown rule: expected one of {}", names.join(", ")));
                Rename::None
            }
        }
    }

    fn field(self, name: &str) -> String {
        self.apply(name, name.split('_').filter(|word| !word.is_empty()).map(str::to_string).collect())
    }

    fn variant(self, name: &str) -> String {
        let mut words: Vec<String> = Vec::new();
        for letter in name.chars() {
            match words.last_mut() {
                Some(word) if !letter.is_uppercase() => word.push(letter),
                _ => words.push(letter.to_string()),
            }
        }
        self.apply(name, words)
    }

    fn apply(self, name: &str, words: Vec<String>) -> String {
        let Rename::Words(first, others, between) = self else { return name.to_string() };
        let cased =
            words.iter().enumerate().map(|(i, word)| (if i == 0 { first } else { others }).apply(word));
        cased.collect::<Vec<_>>().join(between)
    }
}

impl Case {
    fn apply(self, word: &str) -> String {
        match self {
            Case::Lower => word.to_lowercase(),
            Case::Upper => word.to_uppercase(),
            Case::Title => {
                let mut letters = word.chars();
                let first = letters.next().into_iter().flat_map(char::to_uppercase);
                first.chain(letters.flat_map(char::to_lowercase)).collect()
            }
        }
    }
}
