//! UUIDs: sixteen bytes in a file as in memory, so that a run of them is a slice.

use super::shown_in_slices;
use crate::Result;
use crate::layout::rows::reflect::{Part, PartMut, Reflect};
use crate::layout::rows::{At, Hydra, Run, Sink, put};
use std::cmp::Ordering;
use uuid::Uuid;

impl Reflect for Uuid {
    fn count(&self) -> usize {
        16
    }

    fn part(&self, index: usize) -> Option<Part<'_>> {
        self.as_bytes().get(index).map(Part::of)
    }

    fn part_mut(&mut self, index: usize) -> Option<PartMut<'_>> {
        bytemuck::bytes_of_mut(self).get_mut(index).map(PartMut::of)
    }

    fn run(&self) -> Option<&[u8]> {
        Some(self.as_bytes())
    }

    #[inline]
    fn encode(&self, slot: &mut [u8], _: &mut Sink<'_>) {
        put(slot, self.as_bytes());
    }
}

impl Hydra for Uuid {
    type View<'a> = Uuid;
    type List<'a> = &'a [Uuid];
    shown_in_slices!();

    #[inline]
    fn view(at: At<'_>) -> Uuid {
        Uuid::from_bytes(at.array())
    }

    #[inline]
    fn list(run: Run<'_>) -> &[Uuid] {
        run.slice()
    }

    #[inline]
    fn decode(at: At<'_>) -> Result<Uuid> {
        Ok(Self::view(at))
    }

    fn compare(at: At<'_>, key: &Self) -> Ordering {
        at.array().cmp(key.as_bytes())
    }

    fn order(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
}
