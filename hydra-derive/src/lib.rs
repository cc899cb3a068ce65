//! The derive macro of `hydra-format`; use it through that crate.
//!
//! In the order in which a derive travels: `attr` reads attributes, `model` makes a model of the type, `check`
//! refuses what cannot be, `expand` writes the code, `fallback` writes what stands in for it after an error.
#![forbid(unsafe_code)]

mod attr;
mod check;
mod expand;
mod fallback;
mod model;

/// Makes a type storable in Hydra files: its constant descriptor, its codec and its view.
///
/// # Views
///
/// A stored value is read in place through its view, which is `Copy`:
///
/// - a struct: a pointer with an accessor for each field, of the field's name and visibility, that gives
///   the field's view by value; the fields of tuple structs are `_0()`, `_1()`, ..;
/// - a tuple struct that stores one field, a *newtype*: the view of that field, or, with `view = Name`, a view
///   of its own with the accessor `_0()` (needed where the field's type is less visible than the newtype);
/// - an enum without fields: the enum itself, which therefore has to be `Copy`;
/// - an enum with fields: an enum of the same variants, with views in place of the fields, so that
///   `View::<Shape>::Circle { r }` works as a pattern.
///
/// The Debug of a view shows what std's derive shows of the live value, but for skipped fields; converted ones are shown as they are stored.
///
/// # Attributes
///
/// On the type:
///
/// | attribute | meaning |
/// | --- | --- |
/// | `name = "Log"` | name in the schema |
/// | `version = 2` | noted in the schema |
/// | `rename_all = "snake_case"` | names of all fields of a struct, of all variants of an enum |
/// | `plain` | asserts that values in memory are the stored bytes: records come back as `&[T]` |
/// | `view = LogView` | gives the view a public name |
/// | `transparent` | a newtype without a level of its own in the schema; reflection shows the inner value |
/// | `settable` | private fields of live values may be set through reflection |
/// | `invariant = path` | `fn(&Self) -> Result<(), impl Display>`: what reflection asks before it changes a live value or a part of one |
/// | `bound = "T: Hydra"` | replaces the bounds `T: Hydra` on type parameters |
/// | `crate = path` | where the library is, if not at `::hydra` |
///
/// On a field:
///
/// | attribute | meaning |
/// | --- | --- |
/// | `rename = "n"` | name in the schema |
/// | `alias = "n"` | a former name; may be repeated |
/// | `default`, `default = expr` | the value where a file has none |
/// | `skip` | is not stored; reads as its default |
/// | `with = W` | is stored as `W: With<T>` says |
/// | `as = U` | is stored as a `U`, by `TryFrom` both ways |
/// | `opaque` | is stored as the bytes of a serde value; needs the feature `opaque` |
/// | `readonly` | reflection never changes it, nor anything in it |
/// | `settable` | reflection may set it although it is private |
/// | `attr(unit = "ms")` | named values for the schema; may be repeated |
///
/// On a variant: `rename`, `alias`, `tag = 7` (replaces its discriminant on disk), and `other` (stands for
/// unknown tags). Doc comments and `#[deprecated]` go into the schema.
#[proc_macro_derive(Hydra, attributes(hydra))]
pub fn derive_hydra(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::derive(input.into()).into()
}
