//! The types that can be stored without the derive, one family per file: types of the standard library,
//! jiff's times, UUIDs, decimals, and opaque values of serde. Each converts a value to bytes, and bytes to a
//! value or a view.
//!
//! The layout of records in a payload is in `layout`; the facts about these types that unsafe code relies on
//! are in `memory`. Start reading at `scalar.rs`; `formed.rs` implements numbers with a form.

#[cfg(feature = "opaque")]
mod bincode;
#[cfg(feature = "rust_decimal")]
mod decimal;
#[expect(clippy::arithmetic_side_effects, reason = "digits, and days of 10,000 years")]
mod form_text;
mod formed;
#[cfg(feature = "opaque")]
mod guard;
#[cfg(feature = "jiff")]
mod jiff;
mod keyed;
mod opaque;
mod pointer;
mod product;
mod scalar;
mod sequence;
mod text;
mod time;
#[cfg(feature = "uuid")]
mod uuid;

#[cfg(feature = "jiff")]
pub(crate) use self::jiff::{date, signed_duration, timestamp};
#[cfg(feature = "rust_decimal")]
pub(crate) use decimal::decimal;
pub(crate) use form_text::form_text;
pub(crate) use time::{duration, system_time};

/// The methods of `Hydra` for a type whose runs are read element by element.
macro_rules! listed {
    () => {
        type List<'a> = crate::layout::rows::ListView<'a, Self>;

        #[inline]
        fn list(run: crate::layout::rows::Run<'_>) -> crate::layout::rows::ListView<'_, Self> {
            crate::layout::rows::ListView::new(run)
        }

        fn show_list(
            list: crate::layout::rows::ListView<'_, Self>,
            each: &mut dyn FnMut(&dyn std::fmt::Debug),
        ) {
            list.iter().for_each(|view| each(&crate::layout::rows::DebugView::<Self>(view)));
        }
    };
}
use listed;

/// The method of `Hydra` for a type whose views print as they are.
macro_rules! shown {
    () => {
        fn show(view: &Self::View<'_>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            std::fmt::Debug::fmt(view, f)
        }
    };
}
use shown;

/// The same for a type whose runs are slices of views.
macro_rules! shown_in_slices {
    () => {
        crate::types::shown!();

        fn show_list(list: Self::List<'_>, each: &mut dyn FnMut(&dyn std::fmt::Debug)) {
            list.iter().for_each(|value| each(value));
        }
    };
}
use shown_in_slices;
