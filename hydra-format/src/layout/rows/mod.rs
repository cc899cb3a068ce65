//! Conversion of values to payload bytes and back: encoding, views and validation. This module does not
//! depend on files.

mod at;
mod block;
mod facts;
mod payload;
mod record;
pub(crate) mod reflect;
#[expect(clippy::arithmetic_side_effects, reason = "the program's own values are measured before")]
mod sink;
mod stack;
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "values are measured before")]
mod stage;
mod validate;
mod views;

pub use at::{At, Run};
pub(crate) use block::{RowLayout, audit_value, check_stride, invalid, is_valid};
pub(crate) use sink::{MAX_DEPTH, part, put};
pub use sink::{Measure, Sink};
pub(crate) use stack::{MAX_BYTES, apart, apart_times};
pub(crate) use stage::{Pushed, Stage, StagedRows, block_bytes};
#[doc(hidden)]
pub use validate::Cursor;
pub(crate) use validate::{Auditor, Checked, Checks, Fault, Regions, Validator};
pub(crate) use views::DebugView;
pub use views::{Boxed, ListIter, ListView, Lookup, MapIter, MapView, SetView};
pub(crate) use views::{compare_run, search};

#[cfg(feature = "rust_decimal")]
pub use crate::memory::Fixed;
pub use crate::memory::Opaque;
pub(crate) use facts::{TypeFacts, facts_of};
pub(crate) use payload::{encode_after, encode_payload, heap_start, open_payload, open_payload_of};
pub(crate) use record::{EncodedRecord, TwoPasses};

use crate::Result;
use crate::memory::Describe;
use reflect::Reflect;
use std::cmp::Ordering;
use std::fmt::{self, Debug, Formatter};

/// A type that can be stored in Hydra files. Derive it:
///
/// ```
/// #[derive(hydra::Hydra)]
/// struct Log {
///     time: u64,
///     text: String,
/// }
/// ```
///
/// The derive implements the methods and the library calls them. Programs use [`Writer`](crate::Writer),
/// [`Reader`](crate::Reader) and the functions of the crate root.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in a Hydra file",
    label = "`Hydra` is not implemented for `{Self}`",
    note = "if `{Self}` is a type of this crate, add `#[derive(Hydra)]` to it",
    note = "for a field of another type: `#[hydra(skip)]` leaves it out, `#[hydra(with = ..)]` converts it, and \
            `#[hydra(as = u64)]` stores it as another type by `TryFrom`; usize and isize need this"
)]
pub trait Hydra: Describe + Reflect {
    /// The type through which a stored value is read in place: numbers by value, text as `&str`, structs as
    /// views. An enum without fields is its own view, so it has to be `Copy`.
    type View<'a>: Copy;

    /// The type through which consecutive stored values are read in place: `&[Self]` for plain types,
    /// otherwise a [`ListView`].
    type List<'a>: Copy;

    /// Returns the view of the value at `at`. It never panics: any bytes give some view.
    fn view<'a>(at: At<'a>) -> Self::View<'a>;

    /// Returns the view of consecutive values.
    fn list<'a>(run: Run<'a>) -> Self::List<'a>;

    /// Decodes the value at `at`.
    ///
    /// # Errors
    /// Fails if the value has no counterpart in this program.
    fn decode(at: At<'_>) -> Result<Self>;

    /// Formats a view as the derived `Debug` of the value does.
    #[doc(hidden)]
    fn show(view: &Self::View<'_>, f: &mut Formatter<'_>) -> fmt::Result;

    /// Calls `each` with the `Debug` of each element.
    #[doc(hidden)]
    fn show_list(list: Self::List<'_>, each: &mut dyn FnMut(&dyn Debug));

    /// Decodes the value at `at` on the heap, so that a large value is never on the stack.
    #[doc(hidden)]
    fn decode_boxed(at: At<'_>) -> Result<Box<Self>> {
        stack::boxed(at)
    }

    /// Returns whether the `SIZE` bytes are a valid value, and everything they refer to is valid and follows
    /// the cursor.
    #[doc(hidden)]
    #[inline]
    fn check(bytes: &[u8], cursor: &mut Cursor<'_>, depth: u32) -> bool {
        match (Self::FLAT, Self::ANY_BITS && !Self::REFS) {
            (_, true) => true,
            (true, _) => Self::valid(bytes),
            _ => validate::planned::<Self>(bytes, cursor, depth),
        }
    }

    /// Compares the stored key at `at` with a live one, in the order of FORMAT.md, section 5.4.
    fn compare(at: At<'_>, key: &Self) -> Ordering {
        let _ = (at, key);
        Ordering::Equal
    }

    /// Compares two live keys in that order.
    fn order(&self, other: &Self) -> Ordering {
        let _ = other;
        Ordering::Equal
    }
}

/// The type through which a stored `T` is read in place. `View::<Shape>::Circle { r }` works as a pattern.
pub type View<'a, T> = <T as Hydra>::View<'a>;
