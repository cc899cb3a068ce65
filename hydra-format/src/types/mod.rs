//! The types that can be stored without the derive, a file a family: those of the standard library, jiff's times, UUIDs,
//! decimals, and opaque values of serde. Turns a value of each into its bytes, and these into a value or a view.
//!
//! It does not know where records are in a payload (`layout` does), or which facts about these types unsafe code trusts
//! (`memory` does). Start reading at `scalar.rs`; `formed.rs` is for numbers with a form.

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

/// The parts of `Hydra` of a type of which a run is read one by one.
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

/// The part of `Hydra` of a type whose views are shown as they are.
macro_rules! shown {
    () => {
        fn show(view: &Self::View<'_>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            std::fmt::Debug::fmt(view, f)
        }
    };
}
use shown;

/// The same of a type of which a run is a slice of views.
macro_rules! shown_in_slices {
    () => {
        crate::types::shown!();

        fn show_list(list: Self::List<'_>, each: &mut dyn FnMut(&dyn std::fmt::Debug)) {
            list.iter().for_each(|value| each(value));
        }
    };
}
use shown_in_slices;
