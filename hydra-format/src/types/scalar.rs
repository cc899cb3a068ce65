//! Numbers, bool, char, unit, and options.

use super::{listed, shown, shown_in_slices};
use crate::layout::rows::reflect::{Part, PartMut, Reflect, Scalar};
use crate::layout::rows::{At, Cursor, DebugView, Hydra, Measure, Run, Sink, part, put};
use crate::{Result, memory};
use std::cmp::Ordering;
use std::fmt::{self, Debug, Formatter};
use std::marker::PhantomData;
use std::num::NonZero;

/// Implements types whose view is the value itself. A run of them is a `slice` of values, or a `list` that is
/// read element by element if some bit patterns are not values.
macro_rules! scalar {
    ($($run:ident $ty:ty $(, [$($generics:tt)*])?, |$this:ident| $scalar:expr, $bytes:expr, |$at:ident| $view:expr;)*) => {$(
        impl$(<$($generics)*>)? Reflect for $ty {
            fn scalar(&self) -> Scalar<'_> {
                let $this = *self;
                $scalar
            }

            #[inline]
            fn encode(&self, slot: &mut [u8], _: &mut Sink<'_>) {
                let $this = *self;
                put(slot, &$bytes);
            }
        }

        impl$(<$($generics)*>)? Hydra for $ty {
            type View<'a> = $ty;
            scalar!(@$run $ty);

            #[inline]
            fn view($at: At<'_>) -> $ty {
                $view
            }

            #[inline]
            fn decode(at: At<'_>) -> Result<$ty> {
                Ok(Self::view(at))
            }
        }
    )*};
    (@list $ty:ty) => {
        listed!();
        shown!();
        scalar!(@key);
    };
    (@slice $ty:ty) => {
        scalar!(@floats $ty);
        scalar!(@key);
    };
    (@floats $ty:ty) => {
        type List<'a> = &'a [$ty];
        shown_in_slices!();

        #[inline]
        fn list(run: Run<'_>) -> &[$ty] {
            run.slice()
        }
    };
    (@key) => {
        fn compare(at: At<'_>, key: &Self) -> Ordering {
            Self::view(at).cmp(key)
        }

        fn order(&self, other: &Self) -> Ordering {
            self.cmp(other)
        }
    };
}
macro_rules! numbers {
    (integers $($ty:ident)* => $scalar:ident) => {
        numbers!(slice $($ty)* => $scalar);
        scalar! {$(
            list NonZero<$ty>, |this| Scalar::$scalar(this.get().into()), this.get().to_le_bytes(),
                |at| NonZero::new(<$ty>::from_le_bytes(at.array())).unwrap_or(NonZero::<$ty>::MIN);
        )*}
    };
    ($run:ident $($ty:ident)* => $scalar:ident) => {
        scalar! {$(
            $run $ty, |this| Scalar::$scalar(this.into()), this.to_le_bytes(), |at| <$ty>::from_le_bytes(at.array());
        )*}
    };
}
numbers!(integers u8 u16 u32 u64 u128 => Uint);
numbers!(integers i8 i16 i32 i64 i128 => Int);
numbers!(floats f32 => F32);
numbers!(floats f64 => F64);
scalar! {
    list (), |_unit| Scalar::Unit, [0], |_at| ();
    list PhantomData<P>, [P: ?Sized + 'static], |_unit| Scalar::Unit, [0], |_at| PhantomData;
    list bool, |this| Scalar::Bool(this), [u8::from(this)], |at| at.byte() != 0;
    list char, |this| Scalar::Char(this), u32::from(this).to_le_bytes(),
        |at| char::from_u32(u32::from_le_bytes(at.array())).unwrap_or(char::REPLACEMENT_CHARACTER);
}

/// The bytes of an option without a value, for small flat values.
const NONE: [u8; 16] = [0; 16];

impl<T: Hydra> Reflect for Option<T> {
    fn count(&self) -> usize {
        usize::from(self.is_some())
    }

    fn part(&self, index: usize) -> Option<Part<'_>> {
        self.as_ref().filter(|_| index == 0).map(Part::of)
    }

    fn part_mut(&mut self, index: usize) -> Option<PartMut<'_>> {
        self.as_mut().filter(|_| index == 0).map(PartMut::of)
    }

    #[inline]
    fn measure(&self, measure: &mut Measure) {
        if let Some(value) = self {
            value.measure(measure);
        }
    }

    #[inline]
    fn encode(&self, slot: &mut [u8], sink: &mut Sink<'_>) {
        put(slot, &[u8::from(self.is_some())]);
        let slot = part(slot, T::ALIGN, T::SIZE);
        // Branchless for small values, since the branch is unpredictable.
        let value = self.as_ref().map(std::slice::from_ref);
        match (NONE.get(..T::SIZE), memory::bytes_of(value.unwrap_or_default())) {
            (Some(none), Some(bytes)) => put(slot, if bytes.is_empty() { none } else { bytes }),
            _ => self.iter().for_each(|value| value.encode(slot, sink)),
        }
    }
}

impl<T: Hydra> Hydra for Option<T> {
    type View<'a> = Option<T::View<'a>>;
    listed!();

    fn show(view: &Self::View<'_>, f: &mut Formatter<'_>) -> fmt::Result {
        view.map(DebugView::<T>).fmt(f)
    }

    #[inline]
    fn view(at: At<'_>) -> Option<T::View<'_>> {
        if T::REFS {
            return (at.byte() != 0).then(|| at.get::<T>(T::ALIGN));
        }
        (at.byte() != 0).then_some(at.get::<T>(T::ALIGN))
    }

    #[inline]
    fn check(bytes: &[u8], cursor: &mut Cursor<'_>, depth: u32) -> bool {
        if T::FLAT {
            // Branchless, since the branch is unpredictable.
            let (at, tag) = (At::new(bytes, &[], ""), bytes.first().copied().unwrap_or(2));
            return (tag < 2) & ((tag == 0) | T::valid(at.part(T::ALIGN, T::SIZE).bytes()));
        }
        match bytes.first() {
            Some(0) => true,
            Some(1) => T::check(At::new(bytes, &[], "").part(T::ALIGN, T::SIZE).bytes(), cursor, depth),
            _ => false,
        }
    }

    #[inline]
    fn decode(at: At<'_>) -> Result<Self> {
        if T::ANY_BITS && !T::REFS {
            return Ok((at.byte() != 0).then_some(at.decode(T::ALIGN)?));
        }
        if at.byte() != 0 { at.decode(T::ALIGN).map(Some) } else { Ok(None) }
    }
}
