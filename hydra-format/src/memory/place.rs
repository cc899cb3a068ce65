//! Where a part is in the memory of every value of a type, proved against descriptors that [`Describe`] vouches for.

use super::Describe;
use crate::schema::{Descriptor, Kind};
use std::any::TypeId;
use std::marker::PhantomData;

/// Where an `F` is in every `T`.
#[derive(Debug)]
pub(crate) struct FieldOffset<T, F> {
    /// An `F` is at this offset in every `T`: [`FieldOffset::find`] alone makes places.
    offset: usize,
    of: PhantomData<fn(T) -> F>,
}

impl<T: Describe, F: 'static> FieldOffset<T, F> {
    /// The part by these positions of fields and elements; none if it is no `F`, or not always at one place.
    pub(crate) fn find(positions: &[usize]) -> Option<FieldOffset<T, F>> {
        if T::TRANSPARENT {
            return None;
        }
        let (mut ty, mut offset) = (T::TYPE, 0usize);
        for &position in positions {
            let (distance, part) = step(ty, position)?;
            (ty, offset) = (part, offset.checked_add(distance)?);
        }
        (ty.live()?.id == TypeId::of::<F>()).then_some(FieldOffset { offset, of: PhantomData })
    }

    /// The part.
    #[inline]
    pub(crate) fn get<'a>(&self, value: &'a T) -> &'a F {
        // SAFETY: `offset` is that of an `F` within `T` (by `find`), so the pointer stays in the value, is aligned, and
        // what it points to lives, and is not changed but inside of cells, as long as `value` is borrowed. Test
        // `places_are_found_by_the_type_that_is_there`.
        unsafe { &*std::ptr::from_ref(value).byte_add(self.offset).cast::<F>() }
    }

    /// The part, to be changed.
    #[inline]
    pub(crate) fn get_mut<'a>(&self, value: &'a mut T) -> &'a mut F {
        // SAFETY: as for `get`; the value is borrowed mutably, and so is all of it. Test
        // `places_are_found_by_the_type_that_is_there`.
        unsafe { &mut *std::ptr::from_mut(value).byte_add(self.offset).cast::<F>() }
    }
}

/// How far into a value of this type of the program its part at `position` is, and the type of the part.
fn step(ty: &'static Descriptor, position: usize) -> Option<(usize, &'static Descriptor)> {
    match ty.kind() {
        Kind::Struct | Kind::Tuple => {
            let field = ty.fields().get(position)?;
            Some((field.live_offset()?, field.ty().live()?))
        }
        Kind::Array if (position as u64) < ty.count() && ty.live().is_some() => {
            let element = ty.element()?.live()?;
            Some((position.checked_mul(element.live()?.size)?, element))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hydra;

    #[derive(Hydra)]
    #[hydra(transparent)]
    struct Seen(u64);

    #[test]
    fn places_are_found_by_the_type_that_is_there() {
        type Outer = (u8, [(u16, String); 2]);
        let mut outer: Outer = (1, [(2, "two".into()), (3, "three".into())]);
        let place = FieldOffset::<Outer, String>::find(&[1, 1, 1]).unwrap();
        assert_eq!(place.get(&outer), "three");
        place.get_mut(&mut outer).push('!');
        assert_eq!(outer.1[1].1, "three!");
        assert!(std::ptr::eq(FieldOffset::<Outer, Outer>::find(&[]).unwrap().get(&outer), &outer));
        assert!(FieldOffset::<Outer, u16>::find(&[1, 1, 1]).is_none(), "another type");
        assert!(FieldOffset::<Outer, String>::find(&[1, 2, 1]).is_none(), "behind the end of an array");
        assert!(FieldOffset::<Outer, u8>::find(&[1, 1, 1, 0]).is_none(), "in a string");
        assert!(FieldOffset::<Option<u8>, u8>::find(&[0]).is_none(), "not always there");
        assert!(FieldOffset::<Seen, u64>::find(&[]).is_none(), "another type in memory");
        assert!(FieldOffset::<(Seen, u8), u64>::find(&[0]).is_none(), "another type in memory");
        assert!(FieldOffset::<[Seen; 2], u64>::find(&[1]).is_none(), "another type in memory");
    }
}
