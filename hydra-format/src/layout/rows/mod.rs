//! Values to payload bytes and back: layout, encoding, views and validation. It knows nothing about files.

mod at;
mod block;
mod facts;
mod payload;
mod record;
pub(crate) mod reflect;
#[expect(clippy::arithmetic_side_effects, reason = "the program's own values, measured before")]
mod sink;
mod stack;
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "values measured before")]
mod stage;
mod validate;
mod views;

pub use at::{At, Run};
pub(crate) use block::{RowLayout, audit_value, invalid, is_valid};
pub(crate) use sink::{MAX_DEPTH, part, put};
pub use sink::{Measure, Sink};
pub(crate) use stack::{MAX_BYTES, apart, apart_times};
pub(crate) use stage::{Pushed, Stage, StagedRows, block_bytes};
#[doc(hidden)]
pub use validate::Cursor;
pub(crate) use validate::{Auditor, Checked, CheckedRecords, Fault, Regions, Validator};
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

/// A type that can be written to and read from Hydra files. Derive it:
///
/// ```
/// #[derive(hydra::Hydra)]
/// struct Log {
///     time: u64,
///     text: String,
/// }
/// ```
///
/// The methods are what the derive writes and the library calls; programs use
/// [`Writer`](crate::Writer), [`Reader`](crate::Reader) and the functions of the crate root.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in a Hydra file",
    label = "`Hydra` is not implemented for `{Self}`",
    note = "if `{Self}` is a type of this crate, add `#[derive(Hydra)]` to it",
    note = "for a field of another type: `#[hydra(skip)]` leaves it out, `#[hydra(with = ..)]` converts it, and \
            `#[hydra(as = u64)]` stores it as another type by `TryFrom`; usize and isize need this"
)]
pub trait Hydra: Describe + Reflect {
    /// How a stored value is read in place: numbers by value, text as `&str`, structs as views. An enum without
    /// fields is its own view, so it has to be `Copy`.
    type View<'a>: Copy;

    /// How a run of stored values is read in place: `&[Self]` for plain types, else a [`ListView`].
    type List<'a>: Copy;

    /// The view of the value at `at`. Total: any bytes give some view, never a panic.
    fn view<'a>(at: At<'a>) -> Self::View<'a>;

    /// The view of a run of values.
    fn list<'a>(run: Run<'a>) -> Self::List<'a>;

    /// The owned value at `at`. An error if the value has no counterpart in this program.
    fn decode(at: At<'_>) -> Result<Self>;

    /// Shows a view as std's Debug shows the value.
    #[doc(hidden)]
    fn show(view: &Self::View<'_>, f: &mut Formatter<'_>) -> fmt::Result;

    /// Hands on what shows each element of a run so.
    #[doc(hidden)]
    fn show_list(list: Self::List<'_>, each: &mut dyn FnMut(&dyn Debug));

    /// The owned value at `at`, on the heap: what is large is never on the stack.
    #[doc(hidden)]
    fn decode_boxed(at: At<'_>) -> Result<Box<Self>> {
        stack::boxed(at)
    }

    /// True if the `SIZE` bytes are a valid value, as is all that they refer to, which follows what the cursor has seen.
    #[doc(hidden)]
    #[inline]
    fn check(bytes: &[u8], cursor: &mut Cursor<'_>, depth: u32) -> bool {
        match (Self::FLAT, Self::ANY_BITS && !Self::REFS) {
            (_, true) => true,
            (true, _) => Self::valid(bytes),
            _ => validate::planned::<Self>(bytes, cursor, depth),
        }
    }

    /// Keys: compares the stored value at `at` with a live one, in the order of FORMAT.md, section 5.4.
    fn compare(at: At<'_>, key: &Self) -> Ordering {
        let _ = (at, key);
        Ordering::Equal
    }

    /// Keys: compares two live values in that order.
    fn order(&self, other: &Self) -> Ordering {
        let _ = other;
        Ordering::Equal
    }
}

/// How a stored `T` is read in place. `View::<Shape>::Circle { r }` works as a pattern.
pub type View<'a, T> = <T as Hydra>::View<'a>;
