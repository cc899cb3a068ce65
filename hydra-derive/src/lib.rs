//! The derive macro of `hydra-format`. Use it through that crate.
//!
//! The modules, in the order in which they process a type: `attr` reads attributes, `model` builds a model of
//! the type, `check` reports errors, `expand` generates the code, and `fallback` generates stand-ins after an
//! error.
#![forbid(unsafe_code)]

mod attr;
mod check;
mod expand;
mod fallback;
mod model;

/// Makes a type storable in Hydra files: implements its descriptor, its codec and its view.
///
/// # Views
///
/// A stored value is read in place through its view, which is `Copy`:
///
/// - A struct has a view with an accessor for each field. The accessor has the field's name and visibility,
///   and returns the field's view by value. The fields of tuple structs are `_0()`, `_1()` and so on.
/// - A tuple struct that stores one field is a *newtype* and has the view of that field. With `view = Name`
///   it has its own view with the accessor `_0()`; this is needed if the field's type is less visible than
///   the newtype.
/// - An enum without fields is its own view, and therefore must be `Copy`.
/// - An enum with fields has an enum of the same variants as its view, with views in place of the fields.
///   `View::<Shape>::Circle { r }` works as a pattern.
///
/// `Debug` of a view prints the same as std's derive does for the live value, except that skipped fields are
/// missing and converted fields are printed in their stored form.
///
/// # Attributes
///
/// On the type:
///
/// | attribute | meaning |
/// | --- | --- |
/// | `name = "Log"` | the name in the schema |
/// | `version = 2` | the version in the schema |
/// | `rename_all = "snake_case"` | the naming rule for all fields of a struct, or all variants of an enum |
/// | `plain` | asserts that the bytes in memory are the stored bytes: records are read as `&[T]` |
/// | `view = LogView` | the public name of the view |
/// | `transparent` | stores a newtype without its own level in the schema; reflection shows the inner value |
/// | `settable` | lets reflection set private fields of live values |
/// | `invariant = path` | a `fn(&Self) -> Result<(), impl Display>` that reflection calls before it changes a live value or a part of one |
/// | `bound = "T: Hydra"` | replaces the bounds `T: Hydra` on type parameters |
/// | `crate = path` | the path of the library if it is not `::hydra` |
///
/// On a field:
///
/// | attribute | meaning |
/// | --- | --- |
/// | `rename = "n"` | the name in the schema |
/// | `alias = "n"` | a former name; may be repeated |
/// | `default`, `default = expr` | the value for files without the field |
/// | `skip` | the field is not stored and reads as its default |
/// | `with = W` | the field is stored through `W: With<T>` |
/// | `as = U` | the field is stored as a `U`, with `TryFrom` in both directions |
/// | `opaque` | the field is stored as the bytes of a serde value; needs the feature `opaque` |
/// | `readonly` | reflection never changes the field or anything in it |
/// | `settable` | lets reflection set the field although it is private |
/// | `attr(unit = "ms")` | named values for the schema; may be repeated |
///
/// On a variant: `rename`, `alias`, `tag = 7` (the tag on disk instead of the discriminant), and `other` (the
/// variant that unknown tags read as). Doc comments and `#[deprecated]` go into the schema.
#[proc_macro_derive(Hydra, attributes(hydra))]
pub fn derive_hydra(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::derive(input.into()).into()
}
