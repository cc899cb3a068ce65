//! How the built-in types encode, decode and are viewed: a file a family.

#[cfg(feature = "rust_decimal")]
mod decimal;
#[cfg(feature = "jiff")]
mod jiff;
mod keyed;
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
pub(super) use sequence::compare_run;
pub(crate) use time::{duration, system_time};

#[cold]
fn out_of_range(expected: &str, found: String) -> crate::Error {
    crate::Error::new(crate::ErrorKind::OutOfRange).expected(expected).found(found)
}

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
pub(super) use listed;

/// The part of `Hydra` of a type whose views are shown as they are.
macro_rules! shown {
    () => {
        fn show(view: &Self::View<'_>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            std::fmt::Debug::fmt(view, f)
        }
    };
}
pub(super) use shown;

/// The same of a type of which a run is a slice of views.
macro_rules! shown_in_slices {
    () => {
        crate::layout::rows::impls::shown!();

        fn show_list(list: Self::List<'_>, each: &mut dyn FnMut(&dyn std::fmt::Debug)) {
            list.iter().for_each(|value| each(value));
        }
    };
}
pub(super) use shown_in_slices;

/// Types that are stored as an integer with a form. Not every integer is one of their values, and not every value
/// may be an integer: encoding and decoding refuse those, and a view shows the nearest value.
macro_rules! formed {
    ($($(#[$doc:meta])* $ty:ty $(, [$($generics:tt)*])? as $scalar:ident($int:ty),
        |$this:ident| $to:expr, |$number:ident| $from:expr, else $nearest:expr, $expected:literal;)*) => {$(
        impl$(<$($generics)*>)? crate::layout::rows::reflect::Reflect for $ty {
            fn scalar(&self) -> crate::layout::rows::reflect::Scalar<'_> {
                let $this = *self;
                let number: Option<$int> = $to;
                number.map_or(crate::layout::rows::reflect::Scalar::None, |number| crate::layout::rows::reflect::Scalar::$scalar(number.into()))
            }

            fn measure(&self, measure: &mut crate::layout::rows::Measure) {
                let $this = *self;
                let number: Option<$int> = $to;
                if number.is_none() {
                    measure.fail(|| out_of_range($expected, format!("{self:?}")));
                }
            }

            #[inline]
            fn encode(&self, slot: &mut [u8], _: &mut crate::layout::rows::Sink<'_>) {
                let $this = *self;
                let number: $int = $to.unwrap_or_default();
                crate::layout::rows::put(slot, &number.to_le_bytes());
            }
        }

        impl$(<$($generics)*>)? crate::Hydra for $ty {
            $(#[$doc])*
            type View<'a> = $ty;
            crate::layout::rows::impls::listed!();
            crate::layout::rows::impls::shown!();

            #[inline]
            fn view(at: crate::layout::rows::At<'_>) -> $ty {
                let $number = <$int>::from_le_bytes(at.array());
                $from.unwrap_or($nearest)
            }

            fn decode(at: crate::layout::rows::At<'_>) -> crate::Result<$ty> {
                let $number = <$int>::from_le_bytes(at.array());
                $from.ok_or_else(|| {
                    let ty = <$ty as crate::memory::Describe>::TYPE;
                    let stored = crate::schema::form_text(ty.kind(), ty.form(), at.integer(ty.kind()));
                    out_of_range($expected, stored.unwrap_or_default())
                })
            }

            fn compare(at: crate::layout::rows::At<'_>, key: &Self) -> std::cmp::Ordering {
                let $this = *key;
                match $to {
                    Some(number) => <$int>::from_le_bytes(at.array()).cmp(&number),
                    None => Self::view(at).cmp(key),
                }
            }

            fn order(&self, other: &Self) -> std::cmp::Ordering {
                self.cmp(other)
            }
        }
    )*};
}
use formed;
