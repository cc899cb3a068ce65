//! Shared implementation of types that are stored as an integer with a form.

/// Implements types that are stored as an integer with a form. Some integers have no value and some values no
/// integer: encoding and decoding refuse those, and a view shows the nearest value.
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
                    measure.fail(|| $crate::types::formed::out_of_range($expected, format!("{self:?}")));
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
            crate::types::listed!();
            crate::types::shown!();

            #[inline]
            fn view(at: crate::layout::rows::At<'_>) -> $ty {
                let $number = <$int>::from_le_bytes(at.array());
                $from.unwrap_or($nearest)
            }

            fn decode(at: crate::layout::rows::At<'_>) -> crate::Result<$ty> {
                let $number = <$int>::from_le_bytes(at.array());
                $from.ok_or_else(|| {
                    let ty = <$ty as crate::memory::Describe>::TYPE;
                    let stored = crate::types::form_text(ty.kind(), ty.form(), at.integer(ty.kind()));
                    $crate::types::formed::out_of_range($expected, stored.unwrap_or_default())
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
pub(super) use formed;

#[cold]
pub(super) fn out_of_range(expected: &str, found: String) -> crate::Error {
    crate::Error::new(crate::ErrorKind::OutOfRange).expected(expected).found(found)
}
