//! Strings.

use super::{listed, shown};
use crate::Result;
use crate::layout::rows::reflect::{Reflect, Scalar};
use crate::layout::rows::{At, Cursor, Hydra, Measure, Sink};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;
use std::sync::Arc;

macro_rules! text {
    ($($ty:ty),*) => {$(
        impl Reflect for $ty {
            fn scalar(&self) -> Scalar<'_> {
                Scalar::Str(self)
            }

            #[inline]
            fn measure(&self, measure: &mut Measure) {
                measure.text(self.len());
            }

            #[inline]
            fn encode(&self, slot: &mut [u8], sink: &mut Sink<'_>) {
                sink.text(slot, self);
            }
        }

        impl Hydra for $ty {
            type View<'a> = &'a str;
            listed!();
            shown!();

            #[inline]
            fn view(at: At<'_>) -> &str {
                at.str()
            }

            #[inline]
            fn check(bytes: &[u8], cursor: &mut Cursor<'_>, _: u32) -> bool {
                cursor.string(bytes)
            }

            #[inline]
            fn decode(at: At<'_>) -> Result<$ty> {
                Ok(at.str().to_owned().into())
            }

            fn compare(at: At<'_>, key: &Self) -> Ordering {
                at.str().cmp(key as &str)
            }

            fn order(&self, other: &Self) -> Ordering {
                self.cmp(other)
            }
        }
    )*};
}
text!(String, Box<str>, Rc<str>, Arc<str>, Cow<'static, str>);
