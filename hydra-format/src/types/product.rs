//! Tuples.

use super::listed;
use crate::Result;
use crate::layout::rows::reflect::{Part, PartMut, Reflect};
use crate::layout::rows::{At, Cursor, DebugView, Hydra, Measure, Sink, part};
use crate::memory::{TupleLayout, each_tuple};
use std::cmp::Ordering;
use std::fmt::{self, Formatter};

macro_rules! tuples {
    ($($count:literal: $($param:ident $index:tt),+;)*) => {$(
        impl<$($param: Hydra),+> Reflect for ($($param,)+) {
            fn count(&self) -> usize {
                $count
            }

            fn part(&self, index: usize) -> Option<Part<'_>> {
                match index {
                    $($index => Some(Part::of(&self.$index)),)+
                    _ => None,
                }
            }

            fn part_mut(&mut self, index: usize) -> Option<PartMut<'_>> {
                match index {
                    $($index => Some(PartMut::of(&mut self.$index)),)+
                    _ => None,
                }
            }

            #[inline]
            fn measure(&self, measure: &mut Measure) {
                $(self.$index.measure(measure);)+
            }

            #[inline]
            fn encode(&self, slot: &mut [u8], sink: &mut Sink<'_>) {
                $(self.$index.encode(part(slot, Self::LAYOUT.offsets[$index] as usize, $param::SIZE), sink);)+
            }
        }

        impl<$($param: Hydra),+> Hydra for ($($param,)+) {
            type View<'a> = ($($param::View<'a>,)+);
            listed!();

            fn show(view: &Self::View<'_>, f: &mut Formatter<'_>) -> fmt::Result {
                f.debug_tuple("")$(.field(&DebugView::<$param>(view.$index)))+.finish()
            }

            #[inline]
            fn view<'a>(at: At<'a>) -> Self::View<'a> {
                ($(at.get::<$param>(Self::LAYOUT.offsets[$index] as usize),)+)
            }

            #[inline]
            fn check(bytes: &[u8], cursor: &mut Cursor<'_>, depth: u32) -> bool {
                let at = At::new(bytes, &[], "");
                true $(&& $param::check(at.part(Self::LAYOUT.offsets[$index] as usize, $param::SIZE).bytes(), cursor, depth))+
            }

            #[inline]
            fn decode(at: At<'_>) -> Result<Self> {
                Ok(($(at.decode::<$param>(Self::LAYOUT.offsets[$index] as usize)?,)+))
            }

            fn compare(at: At<'_>, key: &Self) -> Ordering {
                Ordering::Equal
                    $(.then_with(|| $param::compare(at.part(Self::LAYOUT.offsets[$index] as usize, $param::SIZE), &key.$index)))+
            }

            fn order(&self, other: &Self) -> Ordering {
                Ordering::Equal $(.then_with(|| self.$index.order(&other.$index)))+
            }
        }
    )*};
}
each_tuple!(tuples);
