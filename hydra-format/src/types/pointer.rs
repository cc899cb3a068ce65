//! Box, Rc and Arc: one value behind a reference.

use super::sequence::encode_elements;
use super::{listed, shown};
use crate::Result;
use crate::error::Why;
use crate::layout::rows::reflect::{Part, PartMut, Reflect};
use crate::layout::rows::{At, Boxed, Cursor, Hydra, Measure, Sink};
use std::rc::Rc;
use std::sync::Arc;

/// Implements pointers. The content can be changed only through its sole owner.
macro_rules! pointer {
    ($($pointer:ident, |$this:ident| $held:expr;)*) => {$(
        impl<T: Hydra> Reflect for $pointer<T> {
            fn count(&self) -> usize {
                1
            }

            fn part(&self, index: usize) -> Option<Part<'_>> {
                (index == 0).then(|| Part::of(&**self))
            }

            fn part_mut(&mut self, index: usize) -> Option<PartMut<'_>> {
                let $this = self;
                (index == 0).then(|| $held)
            }

            fn measure(&self, measure: &mut Measure) {
                measure.array(T::ALIGN, T::SIZE, 1);
                measure.nested(|measure| (**self).measure(measure));
            }

            fn encode(&self, slot: &mut [u8], sink: &mut Sink<'_>) {
                let target = sink.room(slot, T::ALIGN, T::SIZE, 1);
                encode_elements(std::slice::from_ref(&**self), target, sink);
            }
        }

        impl<T: Hydra> Hydra for $pointer<T> {
            type View<'a> = Boxed<'a, T>;
            listed!();
            shown!();

            #[inline]
            fn view(at: At<'_>) -> Boxed<'_, T> {
                Boxed::new(at.run::<T>())
            }

            #[inline]
            fn check(bytes: &[u8], cursor: &mut Cursor<'_>, depth: u32) -> bool {
                cursor.list::<T>(bytes, depth).is_some_and(|held| held.len() == T::SIZE)
            }

            fn decode(at: At<'_>) -> Result<Self> {
                T::decode_boxed(at.run::<T>().element(0, T::SIZE)).map($pointer::from)
            }
        }
    )*};
}
pointer! {
    Box, |this| PartMut::of(&mut **this);
    Rc, |this| PartMut::Fixed(Part::of(&**this), Why::Shared);
    Arc, |this| PartMut::Fixed(Part::of(&**this), Why::Shared);
}
