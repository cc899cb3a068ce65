//! The place of a part in the memory of every value of a type, derived from descriptors that [`Describe`]
//! guarantees.

use super::Describe;
use crate::schema::{Descriptor, Kind};
use std::any::TypeId;
use std::marker::PhantomData;

/// The offset of an `F` in every `T`.
#[derive(Debug)]
pub(crate) struct FieldOffset<T, F> {
    /// The offset of an `F` in every `T`. Only [`FieldOffset::find`] constructs it.
    offset: usize,
    of: PhantomData<fn(T) -> F>,
}

impl<T: Describe, F: 'static> FieldOffset<T, F> {
    /// Finds the part by positions of fields and elements; `None` if it is not an `F`, or not always at one
    /// offset.
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

    /// Returns the part.
    #[inline]
    pub(crate) fn get<'a>(&self, value: &'a T) -> &'a F {
        // SAFETY: `offset` is that of an `F` within `T` (by `find`), so the pointer stays in the value and is
        // aligned. The `F` lives, and does not change except inside of cells, as long as `value` is borrowed.
        // Test `places_are_found_by_the_type_that_is_there`.
        unsafe { &*std::ptr::from_ref(value).byte_add(self.offset).cast::<F>() }
    }

    /// Returns the part for changing it.
    #[inline]
    pub(crate) fn get_mut<'a>(&self, value: &'a mut T) -> &'a mut F {
        // SAFETY: as for `get`; the value, and so all of it, is borrowed mutably. Test
        // `places_are_found_by_the_type_that_is_there`.
        unsafe { &mut *std::ptr::from_mut(value).byte_add(self.offset).cast::<F>() }
    }
}

/// Returns the offset of the part at `position` in a value of this type of the program, and the type of the
/// part.
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
