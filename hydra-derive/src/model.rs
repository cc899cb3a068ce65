//! The model of a type, which combines its attributes and its shape.

use crate::attr::{AttrTarget, Attrs, Context};
use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Expr, Fields, Ident, Member, Visibility};

/// A type to derive for.
pub(crate) struct Model {
    pub(crate) name: Ident,
    pub(crate) vis: Visibility,
    pub(crate) generics: syn::Generics,
    pub(crate) attrs: Attrs,
    pub(crate) shape: TypeShape,
    /// The variants of an enum. A struct has one variant, without a tag.
    pub(crate) variants: Vec<Variant>,
}

/// The shape of a type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypeShape {
    Struct,
    /// A tuple struct that stores one field.
    Newtype,
    /// An enum of unit variants.
    Fieldless,
    Enum,
}

/// The syntax of a variant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Unit,
    Tuple,
    Struct,
}

/// How a field is stored.
pub(crate) enum Stored {
    AsItself,
    /// Through the `With` of this type.
    With(TokenStream),
    /// As another type, by `TryFrom`.
    As(TokenStream),
    /// As the bytes of a serde value.
    Opaque,
    Skipped,
}

/// A field of a struct or of a variant.
pub(crate) struct Field {
    pub(crate) member: Member,
    pub(crate) vis: Visibility,
    pub(crate) ty: TokenStream,
    pub(crate) attrs: Attrs,
    pub(crate) stored: Stored,
    /// The name in the schema.
    pub(crate) name: String,
    /// The position among the stored fields of its variant.
    pub(crate) index: usize,
    /// The position among the stored fields of the type.
    pub(crate) position: usize,
}

/// A variant of an enum, or a struct.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) style: Style,
    pub(crate) fields: Vec<Field>,
    pub(crate) discriminant: Option<Expr>,
    pub(crate) attrs: Attrs,
    /// The name in the schema.
    pub(crate) name: String,
    /// The number of stored fields of the type up to and including this variant.
    pub(crate) end: usize,
}

impl Field {
    pub(crate) fn is_stored(&self) -> bool {
        !matches!(self.stored, Stored::Skipped)
    }

    /// Returns the span of the type that determines how the field is stored.
    pub(crate) fn type_span(&self) -> proc_macro2::Span {
        match &self.stored {
            Stored::With(ty) | Stored::As(ty) => ty.span(),
            Stored::AsItself | Stored::Skipped | Stored::Opaque => self.ty.span(),
        }
    }

    /// Returns the tokens for errors about the field as a whole.
    pub(crate) fn token(&self) -> TokenStream {
        match &self.member {
            Member::Named(name) => name.to_token_stream(),
            Member::Unnamed(_) => self.ty.clone(),
        }
    }
}

impl Variant {
    pub(crate) fn stored(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.is_stored())
    }
}

impl Model {
    /// Reads the model of the input; `None` if its shape is not supported.
    pub(crate) fn read(cx: &mut Context, input: DeriveInput) -> Option<Model> {
        let attrs = Attrs::read(cx, AttrTarget::Type, &input.attrs);
        let rule = RenameRule::read(cx, &attrs);
        let name = input.ident;
        let (_, types, _) = input.generics.split_for_impl();
        let this = quote!(#name #types);
        let is_enum = matches!(input.data, Data::Enum(_));
        let variants: Vec<syn::Variant> = match input.data {
            Data::Struct(data) => {
                let ident = name.clone();
                vec![syn::Variant { attrs: Vec::new(), ident, fields: data.fields, discriminant: None }]
            }
            Data::Enum(data) => data.variants.into_iter().collect(),
            Data::Union(data) => {
                cx.error(
                    data.union_token,
                    "unions cannot be stored: it is unknown which field is valid; use an enum",
                );
                return None;
            }
        };
        let mut reader = ModelReader { cx, rule, this, is_enum, position: 0 };
        let variants: Vec<_> = variants.into_iter().map(|variant| reader.variant(variant)).collect();
        let shape = match &*variants {
            all if is_enum && all.iter().all(|variant| variant.style == Style::Unit) => TypeShape::Fieldless,
            [only] if only.style == Style::Tuple && only.end == 1 && !is_enum => TypeShape::Newtype,
            _ if is_enum => TypeShape::Enum,
            _ => TypeShape::Struct,
        };
        Some(Model { name, vis: input.vis, generics: input.generics, attrs, shape, variants })
    }

    pub(crate) fn is_enum(&self) -> bool {
        matches!(self.shape, TypeShape::Fieldless | TypeShape::Enum)
    }

    /// Returns all fields of the type.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.variants.iter().flat_map(|variant| &variant.fields)
    }

    /// Returns all stored fields of the type.
    pub(crate) fn stored(&self) -> impl Iterator<Item = &Field> {
        self.fields().filter(|field| field.is_stored())
    }

    /// Returns the field of a newtype.
    pub(crate) fn inner(&self) -> Option<&Field> {
        self.stored().next().filter(|_| self.shape == TypeShape::Newtype)
    }

    /// Returns the name in the schema.
    pub(crate) fn schema_name(&self) -> String {
        self.attrs.str("name").map_or_else(|| plain_name(&self.name), |name| name.value())
    }

    /// Returns the public name of the view.
    pub(crate) fn view_name(&self) -> Option<&TokenStream> {
        self.attrs.item("view").map(|item| &item.value)
    }
}

/// Reads the variants of one type.
struct ModelReader<'c> {
    cx: &'c mut Context,
    rule: Option<&'static RenameRule>,
    /// The type with its parameters.
    this: TokenStream,
    is_enum: bool,
    /// The number of stored fields so far.
    position: usize,
}

impl ModelReader<'_> {
    fn variant(&mut self, variant: syn::Variant) -> Variant {
        let attrs = Attrs::read(self.cx, AttrTarget::Variant, &variant.attrs);
        let style = match variant.fields {
            Fields::Unit => Style::Unit,
            Fields::Unnamed(_) => Style::Tuple,
            Fields::Named(_) => Style::Struct,
        };
        let name = match (attrs.str("rename"), self.rule) {
            (Some(name), _) => name.value(),
            (None, Some(rule)) => rule.apply(&spaced(&plain_name(&variant.ident)), ' '),
            (None, None) => plain_name(&variant.ident),
        };
        let first = self.position;
        let members: Vec<Member> = variant.fields.members().collect();
        let fields = variant.fields.into_iter().zip(members);
        Variant {
            style,
            fields: fields.map(|(field, member)| self.field(field, member, first)).collect(),
            discriminant: variant.discriminant.map(|(_, expr)| expr),
            ident: variant.ident,
            attrs,
            name,
            end: self.position,
        }
    }

    fn field(&mut self, field: syn::Field, member: Member, first: usize) -> Field {
        let attrs = Attrs::read(self.cx, AttrTarget::Field, &field.attrs);
        let type_of = |name: &str| Some(named_self(attrs.item(name)?.value.clone(), &self.this));
        let stored = if attrs.has("skip") {
            Stored::Skipped
        } else if let Some(ty) = type_of("with") {
            Stored::With(ty)
        } else if let Some(ty) = type_of("as") {
            Stored::As(ty)
        } else if attrs.has("opaque") {
            Stored::Opaque
        } else {
            Stored::AsItself
        };
        let position = self.position;
        let index = position - first;
        self.position += usize::from(!matches!(stored, Stored::Skipped));
        let name = match (attrs.str("rename"), &member, self.rule) {
            (Some(name), ..) => name.value(),
            // The rule of an enum applies to its variants.
            (None, Member::Named(name), Some(rule)) if !self.is_enum => rule.apply(&plain_name(name), '_'),
            (None, Member::Named(name), _) => plain_name(name),
            (None, Member::Unnamed(_), _) => index.to_string(),
        };
        let ty = named_self(field.ty.into_token_stream(), &self.this);
        Field { member, vis: field.vis, ty, attrs, stored, name, index, position }
    }
}

/// Replaces `Self` in the type by `this`: views use it where `Self` is another type.
fn named_self(ty: TokenStream, this: &TokenStream) -> TokenStream {
    let named = |token| match token {
        TokenTree::Ident(ident) if ident == "Self" => this.clone(),
        TokenTree::Group(group) => {
            let mut named = Group::new(group.delimiter(), named_self(group.stream(), this));
            named.set_span(group.span());
            named.into_token_stream()
        }
        token => token.into_token_stream(),
    };
    ty.into_iter().flat_map(named).collect()
}

/// Returns the tokens with all groups flattened.
pub(crate) fn flat(tokens: TokenStream) -> Vec<TokenTree> {
    let inside = |token| match token {
        TokenTree::Group(group) => flat(group.stream()),
        token => vec![token],
    };
    tokens.into_iter().flat_map(inside).collect()
}

/// Returns a name without the `r#` of raw identifiers.
pub(crate) fn plain_name(name: &Ident) -> String {
    name.unraw().to_string()
}

/// Returns the words of a variant's name, with spaces before them.
fn spaced(name: &str) -> String {
    name.chars().flat_map(|letter| letter.is_uppercase().then_some(' ').into_iter().chain([letter])).collect()
}

/// A naming rule: its name, the case of the first word, the case of the other words, and the separator.
struct RenameRule(&'static str, WordCase, WordCase, &'static str);

type WordCase = fn(&str) -> String;

const RULES: &[RenameRule] = &[
    RenameRule("lowercase", str::to_lowercase, str::to_lowercase, ""),
    RenameRule("UPPERCASE", str::to_uppercase, str::to_uppercase, ""),
    RenameRule("PascalCase", title, title, ""),
    RenameRule("camelCase", str::to_lowercase, title, ""),
    RenameRule("snake_case", str::to_lowercase, str::to_lowercase, "_"),
    RenameRule("SCREAMING_SNAKE_CASE", str::to_uppercase, str::to_uppercase, "_"),
    RenameRule("kebab-case", str::to_lowercase, str::to_lowercase, "-"),
    RenameRule("SCREAMING-KEBAB-CASE", str::to_uppercase, str::to_uppercase, "-"),
];

impl RenameRule {
    fn read(cx: &mut Context, attrs: &Attrs) -> Option<&'static RenameRule> {
        let text = attrs.str("rename_all")?;
        let rule = RULES.iter().find(|rule| rule.0 == text.value());
        if rule.is_none() {
            let names: Vec<_> = RULES.iter().map(|rule| rule.0).collect();
            cx.error(text, format!("unknown rule: expected one of {}", names.join(", ")));
        }
        rule
    }

    fn apply(&self, words: &str, separator: char) -> String {
        let RenameRule(_, first, others, between) = self;
        let words = words.split(separator).filter(|word| !word.is_empty());
        let cased = words.enumerate().map(|(i, word)| if i == 0 { first(word) } else { others(word) });
        cased.collect::<Vec<_>>().join(between)
    }
}

fn title(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.flat_map(char::to_lowercase)).collect()
}
