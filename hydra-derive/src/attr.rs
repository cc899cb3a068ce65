//! Reading of attributes. One table lists all attributes with their targets and the values they take.

use proc_macro2::{Group, Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use std::fmt::Display;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, Lit, LitInt, LitStr, Meta, Path, Token, Type, WherePredicate};

/// All errors of one input.
#[derive(Default)]
pub(crate) struct Context {
    pub(crate) errors: Vec<syn::Error>,
}

impl Context {
    /// Adds an error that spans these tokens.
    pub(crate) fn error(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.errors.push(syn::Error::new_spanned(tokens, message));
    }

    /// Adds an error about two places.
    pub(crate) fn conflict(&mut self, first: impl ToTokens, second: impl ToTokens, message: impl Display) {
        self.error(quote!(#first #second), message);
    }
}

/// The target of an attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttrTarget {
    Type,
    Field,
    Variant,
}

impl AttrTarget {
    fn name(self) -> &'static str {
        match self {
            AttrTarget::Type => "type",
            AttrTarget::Field => "field",
            AttrTarget::Variant => "variant",
        }
    }
}

/// The value that an attribute takes.
#[derive(Clone, Copy)]
enum Takes {
    Nothing,
    /// A value, with an example.
    Value(&'static str, ReadValue),
    /// An optional value.
    Maybe(ReadValue),
    Pairs,
}

/// A function that parses a value and returns its tokens.
type ReadValue = fn(ParseStream) -> syn::Result<TokenStream>;

use AttrTarget::{Field, Type as Ty, Variant};
use Takes::{Maybe, Nothing, Pairs, Value};

const TEXT: Takes = Value("\"..\"", tokens::<LitStr>);
const NUMBER: Takes = Value("1", number);
const TYPE: Takes = Value("Type", ty);

const ATTRIBUTES: &[(&str, &[AttrTarget], Takes)] = &[
    ("name", &[Ty], TEXT),
    ("version", &[Ty], NUMBER),
    ("rename_all", &[Ty], TEXT),
    ("plain", &[Ty], Nothing),
    ("view", &[Ty], Value("Name", tokens::<Ident>)),
    ("transparent", &[Ty], Nothing),
    ("invariant", &[Ty], Value("value", tokens::<Expr>)),
    ("bound", &[Ty], TEXT),
    ("crate", &[Ty], Value("path", |input| Ok(Path::parse_mod_style(input)?.into_token_stream()))),
    ("rename", &[Field, Variant], TEXT),
    ("alias", &[Field, Variant], TEXT),
    ("default", &[Field], Maybe(tokens::<Expr>)),
    ("skip", &[Field], Nothing),
    ("with", &[Field], TYPE),
    ("as", &[Field], TYPE),
    ("opaque", &[Field], Nothing),
    ("readonly", &[Field], Nothing),
    ("settable", &[Ty, Field], Nothing),
    ("attr", &[Field], Pairs),
    ("tag", &[Variant], NUMBER),
    ("other", &[Variant], Nothing),
];

const MANY: [&str; 2] = ["alias", "attr"];

/// One attribute as written.
pub(crate) struct Item {
    pub(crate) name: Ident,
    /// The tokens of its value.
    pub(crate) value: TokenStream,
}

impl Item {
    fn parsed<P: Parser>(&self, parser: P) -> Option<P::Output> {
        parser.parse2(self.value.clone()).ok()
    }
}

/// The content of `#[repr(..)]`.
#[derive(Default)]
pub(crate) struct ReprAttr {
    pub(crate) c: bool,
    pub(crate) transparent: bool,
    pub(crate) int: Option<Ident>,
    pub(crate) align: Option<usize>,
}

/// The attributes of a type, field or variant.
#[derive(Default)]
pub(crate) struct Attrs {
    pub(crate) items: Vec<Item>,
    pub(crate) doc: Option<String>,
    pub(crate) deprecated: Option<String>,
    pub(crate) repr: ReprAttr,
}

impl Attrs {
    pub(crate) fn read(cx: &mut Context, level: AttrTarget, attributes: &[Attribute]) -> Attrs {
        let mut attrs = Attrs::default();
        let mut doc = Vec::new();
        for attribute in attributes {
            let path = attribute.path();
            if path.is_ident("hydra") {
                attrs.read_hydra(cx, level, attribute);
            } else if path.is_ident("doc") {
                doc.extend(text_of(&attribute.meta));
            } else if path.is_ident("deprecated") {
                attrs.deprecated = Some(deprecation(attribute));
            } else if path.is_ident("repr") && level == AttrTarget::Type {
                attrs.read_repr(cx, attribute);
            }
        }
        let lines: Vec<_> = doc.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        attrs.doc = (!doc.is_empty()).then(|| lines.join("\n").trim().to_string());
        attrs
    }

    pub(crate) fn item(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.name == name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.item(name).is_some()
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.name == name)
    }

    pub(crate) fn str(&self, name: &str) -> Option<LitStr> {
        self.item(name)?.parsed(<LitStr as Parse>::parse)
    }

    pub(crate) fn int(&self, name: &str) -> Option<i128> {
        self.item(name)?.parsed(read_int)
    }

    pub(crate) fn aliases(&self) -> impl Iterator<Item = LitStr> {
        self.named("alias").filter_map(|item| item.parsed(<LitStr as Parse>::parse))
    }

    /// Returns the named values of all `attr` attributes.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (Ident, Lit)> {
        self.named("attr").filter_map(|item| item.parsed(read_pairs)).flatten()
    }

    /// Returns the bounds in the text of `bound`.
    pub(crate) fn bound(&self) -> Option<syn::Result<Vec<WherePredicate>>> {
        let parser = Punctuated::<WherePredicate, Token![,]>::parse_terminated;
        let bounds = self.str("bound")?.parse_with(parser);
        Some(bounds.map(|bounds| bounds.into_iter().collect()))
    }

    /// Returns the path of the module that the generated code refers to.
    pub(crate) fn library(&self) -> TokenStream {
        let path = self.item("crate").map_or(quote!(::hydra), |item| item.value.clone());
        quote!(#path::__private)
    }

    fn read_hydra(&mut self, cx: &mut Context, level: AttrTarget, attribute: &Attribute) {
        let Meta::List(list) = &attribute.meta else {
            return cx.error(&attribute.meta, "expected attributes in parentheses: `#[hydra(..)]`");
        };
        let read = |input: ParseStream| {
            while !input.is_empty() {
                if let Err(error) = self.read_item(cx, level, input) {
                    cx.errors.push(error);
                    skip_to_comma(input);
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        let result = read.parse2(list.tokens.clone());
        cx.errors.extend(result.err());
    }

    fn read_item(&mut self, cx: &mut Context, level: AttrTarget, input: ParseStream) -> syn::Result<()> {
        let name = input.call(Ident::parse_any)?;
        let text = name.to_string();
        let takes = match ATTRIBUTES.iter().find(|(known, ..)| *known == text) {
            Some((_, levels, takes)) if levels.contains(&level) => *takes,
            Some((_, levels, _)) => {
                let places: Vec<_> = levels.iter().map(|level| level.name()).collect();
                let message =
                    format!("`{text}` belongs on a {}, not on a {}", places.join(" or a "), level.name());
                return Err(syn::Error::new(name.span(), message));
            }
            None => return Err(syn::Error::new(name.span(), unknown(&text, level))),
        };
        let value = read_value(&name, takes, input)?;
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(input.error(format!("expected `,` after `{text}`")));
        }
        match self.item(&text) {
            Some(first) if !MANY.contains(&text.as_str()) => {
                cx.conflict(&first.name, &name, format!("`{text}` is given twice"));
            }
            _ => self.items.push(Item { name, value }),
        }
        Ok(())
    }

    fn read_repr(&mut self, cx: &mut Context, attribute: &Attribute) {
        let result = attribute.parse_nested_meta(|meta| {
            let Some(name) = meta.path.get_ident() else { return Ok(()) };
            match name.to_string().as_str() {
                "C" => self.repr.c = true,
                "transparent" => self.repr.transparent = true,
                "packed" => {
                    return Err(meta.error(
                        "Hydra types cannot be `repr(packed)`: references to their fields would be unaligned",
                    ));
                }
                "align" => {
                    let content;
                    syn::parenthesized!(content in meta.input);
                    let literal: LitInt = content.parse()?;
                    let align = literal.base10_parse()?;
                    if align > 64 {
                        let message = "a Hydra type has an alignment of at most 64, a cache line";
                        return Err(syn::Error::new(literal.span(), message));
                    }
                    self.repr.align = Some(align);
                }
                _ => self.repr.int = Some(name.clone()),
            }
            Ok(())
        });
        cx.errors.extend(result.err());
    }
}

fn read_value(name: &Ident, takes: Takes, input: ParseStream) -> syn::Result<TokenStream> {
    let is_given = match takes {
        Pairs => input.peek(syn::token::Paren),
        _ => input.peek(Token![=]),
    };
    match (takes, is_given) {
        (Nothing | Maybe(_), false) => Ok(TokenStream::new()),
        (Value(example, _), false) => {
            Err(syn::Error::new(name.span(), format!("expected `{name} = {example}`")))
        }
        (Pairs, false) => Err(syn::Error::new(name.span(), "expected `attr(name = value)`")),
        (Nothing, true) => {
            Err(syn::Error::new_spanned(input.parse::<Token![=]>()?, format!("`{name}` takes no value")))
        }
        (Value(_, read) | Maybe(read), true) => {
            input.parse::<Token![=]>()?;
            read(input)
        }
        (Pairs, true) => {
            let pairs = input.parse::<Group>()?.stream();
            read_pairs.parse2(pairs.clone())?;
            Ok(pairs)
        }
    }
}

fn tokens<T: Parse + ToTokens>(input: ParseStream) -> syn::Result<TokenStream> {
    Ok(input.parse::<T>()?.into_token_stream())
}

/// Parses a type, which may also be in quotes, as in other derives.
fn ty(input: ParseStream) -> syn::Result<TokenStream> {
    if input.peek(LitStr) {
        input.parse::<LitStr>()?.parse_with(tokens::<Type>)
    } else {
        tokens::<Type>(input)
    }
}

fn number(input: ParseStream) -> syn::Result<TokenStream> {
    Ok(Literal::i128_unsuffixed(read_int(input)?).into_token_stream())
}

fn read_int(input: ParseStream) -> syn::Result<i128> {
    let minus: Option<Token![-]> = input.parse()?;
    let literal: LitInt = input.parse()?;
    let digits = literal.base10_digits();
    let text = if minus.is_some() { format!("-{digits}") } else { digits.to_string() };
    // Numbers above i128::MAX are u128 values, stored as their bits.
    text.parse()
        .or_else(|_| text.parse::<u128>().map(|bits| bits as i128))
        .map_err(|_| syn::Error::new(literal.span(), "the number does not fit into 128 bits"))
}

fn read_pairs(input: ParseStream) -> syn::Result<Punctuated<(Ident, Lit), Token![,]>> {
    input.parse_terminated(read_pair, Token![,])
}

fn read_pair(input: ParseStream) -> syn::Result<(Ident, Lit)> {
    let name = input.call(Ident::parse_any)?;
    input.parse::<Token![=]>()?;
    let value: Lit = input.parse()?;
    match value {
        Lit::Str(_) | Lit::Int(_) | Lit::Float(_) | Lit::Bool(_) => Ok((name, value)),
        other => Err(syn::Error::new_spanned(other, "expected a string, an integer, a float or a bool")),
    }
}

fn skip_to_comma(input: ParseStream) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _: syn::Result<TokenTree> = input.parse();
    }
}

fn unknown(name: &str, level: AttrTarget) -> String {
    let valid: Vec<&str> =
        ATTRIBUTES.iter().filter(|(_, levels, _)| levels.contains(&level)).map(|(name, ..)| *name).collect();
    let nearest = valid.iter().min_by_key(|known| distance(name, known));
    let hint = match nearest {
        Some(known) if distance(name, known) <= 1 + name.len() / 3 => format!("did you mean `{known}`? "),
        _ => String::new(),
    };
    format!("unknown attribute `{name}`: {hint}a {} takes {}", level.name(), valid.join(", "))
}

/// Returns the number of letters to insert, remove, replace or swap to turn one word into the other.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![(0..=right.len()).collect::<Vec<usize>>()];
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut best = (row[j] + 1).min(rows[i][j + 1] + 1).min(rows[i][j] + usize::from(a != b));
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

/// Returns the text of `name = "text"`.
fn text_of(meta: &Meta) -> Option<String> {
    match &meta.require_name_value().ok()?.value {
        Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

/// Returns the text of `deprecated = "text"` or `deprecated(note = "text")`. rustc reports anything else.
fn deprecation(attribute: &Attribute) -> String {
    let parts =
        attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).unwrap_or_default();
    let note = parts.iter().find(|part| part.path().is_ident("note"));
    text_of(note.unwrap_or(&attribute.meta)).unwrap_or_default()
}
