//! Types as data. This module does not depend on values, memory or files.
//!
//! A [`Descriptor`] is a type as data in the program. A [`Schema`] is the same data together with all types
//! that it mentions, as a file stores it.

mod build;
mod canon;
mod check;
pub(crate) mod descriptor;
pub(crate) mod kind;
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "loops and sizes are bounded")]
mod layout;
mod note;
mod notes;
mod select;
mod spell;
pub(crate) mod types;
mod wire;

pub use descriptor::{Arg, Constant, Field, Live, Style, TypeRef, Variant};
pub(crate) use descriptor::{Descriptor, position};
pub use kind::Form;
pub(crate) use kind::{Kind, NANOS, is_duration, is_timestamp};
pub(crate) use layout::{FieldPlaces, entry_layout, round_up, struct_layout};
pub use note::{AttrValue, DefaultImage, Note};
pub(crate) use spell::{Name, Quoted};
#[cfg(test)]
pub(crate) use types::LOOKS;
pub(crate) use types::Schema;
