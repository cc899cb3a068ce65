//! Changing values of a fixed size in place. Whether such a value is valid does not depend on its neighbours,
//! so a valid image stays valid.

use super::{HEAD, is_aligned, misaligned, open_head, open_image};
use crate::error::Why;
use crate::layout::rows::{At, Measure, Sink, TypeFacts, facts_of, heap_start};
use crate::memory::{Spot, Spots, Text};
use crate::reflect::Slot;
use crate::{Describe, Error, ErrorKind, Hydra, Result, View};
use std::marker::PhantomData;

/// A stored value for changes in place. Parts of a fixed size are changed through [`Slot`]s. It is made by
/// [`view_mut`] and [`Image::view_mut`](crate::Image::view_mut).
pub struct ViewMut<'a, T> {
    /// The value within record and heap.
    spot: Spot<'a>,
    /// The offset of the heap after the record.
    heap: usize,
    text: Text<'a>,
    /// It was reached through a field that is marked `readonly`.
    read_only: bool,
    of: PhantomData<fn() -> T>,
}

/// A list of fixed length whose elements can be changed in place.
pub struct ListMut<'a, T> {
    /// The elements within record and heap.
    spots: Spots<'a>,
    heap: usize,
    text: Text<'a>,
    read_only: bool,
    of: PhantomData<fn() -> T>,
}

/// Validates an image as [`view`](crate::view) does, and returns its value for changes in place. To change an
/// image repeatedly, keep it as an [`Image`](crate::Image), which is validated only once.
///
/// ```
/// use hydra::reflect::Slot;
/// #[derive(hydra::Hydra)]
/// pub struct Line {
///     pub text: String,
///     pub code: u16,
/// }
/// let lines = vec![Line { text: "found".into(), code: 200 }, Line { text: "lost".into(), code: 404 }];
/// let mut image = hydra::to_bytes(&lines)?;
///
/// let (all, code) = (Slot::<Vec<Line>, Vec<Line>>::new("")?, Slot::<Line, u16>::new("code")?);
/// hydra::view_mut::<Vec<Line>>(&mut image)?.list(&all).each(|mut line| {
///     let next = line.view().code() + 1;
///     line.set(&code, next)
/// })?;
/// assert_eq!(hydra::view::<Vec<Line>>(&image)?.get(1).unwrap().code(), 405);
/// # Ok::<(), hydra::Error>(())
/// ```
///
/// # Errors
/// Those of [`view`](crate::view), and `NotSettable` for an image with a checksum, which would no longer
/// match, and for a type with an invariant: decode, change and encode such a value.
pub fn view_mut<T: Hydra>(image: &mut [u8]) -> Result<ViewMut<'_, T>> {
    let facts = facts_of::<T>();
    if facts.has_invariant {
        return Err(Why::Invariant.into());
    }
    if !is_aligned(image, facts) {
        return Err(misaligned(image, facts.align));
    }
    let (front, text) = Text::split(image, |image| match open_head(image, facts)? {
        (_, None) => Ok(open_image::<T>(image, facts)?.text),
        (_, Some(_)) => Err(Error::new(ErrorKind::NotSettable)
            .what("the image has a checksum, which would be wrong after a change")
            .help("keep the image as an Image, which takes the checksum out, or make it with to_bytes")),
    })?;
    root(front, text, facts)
}

/// Returns the value of an image; `front` is the part before its text. Types with an invariant are refused.
#[inline]
pub(super) fn root<'a, T: Hydra>(
    front: &'a mut [u8],
    text: Text<'a>,
    facts: &TypeFacts,
) -> Result<ViewMut<'a, T>> {
    if facts.has_invariant {
        return Err(Why::Invariant.into());
    }
    let root = Spots::at(front, HEAD, T::SIZE, 1).into_first();
    let heap = HEAD.saturating_add(heap_start(T::SIZE));
    root.map(|spot| ViewMut::new(spot, heap, text, false)).ok_or_else(|| Error::new(ErrorKind::CutShort))
}

impl<'a, T: Hydra> ViewMut<'a, T> {
    #[inline]
    fn new(spot: Spot<'a>, heap: usize, text: Text<'a>, read_only: bool) -> ViewMut<'a, T> {
        ViewMut { spot, heap, text, read_only, of: PhantomData }
    }

    /// Returns the view of the present value, read in place.
    #[inline]
    pub fn view(&self) -> View<'_, T> {
        T::view(self.stored().loaded())
    }

    #[inline]
    fn stored(&self) -> At<'_> {
        At::new(self.spot.value(), self.spot.all().get(self.heap..).unwrap_or_default(), self.text.loaded())
    }

    /// Sets the part at a slot.
    ///
    /// # Errors
    /// Fails if the part may not be changed, or has no fixed size (as text and lists).
    #[inline]
    pub fn set<F: Hydra>(&mut self, slot: &Slot<T, F>, new: F) -> Result<()> {
        if self.read_only {
            return Err(slot.not_in_place());
        }
        let target = slot.in_place(self.spot.value_mut())?;
        if !F::FLAT {
            let mut measure = Measure::default();
            new.measure(&mut measure);
            measure.finish()?;
            target.fill(0);
        }
        new.encode(target, &mut Sink::new(&mut [], 0, &mut [], 0));
        Ok(())
    }

    /// Returns the list at a slot.
    #[inline]
    pub fn list<F: Hydra>(&mut self, slot: &Slot<T, Vec<F>>) -> ListMut<'_, F> {
        let (offset, count) = self.stored().part(slot.offset(), Vec::<F>::SIZE).reference();
        let (start, heap, text) = (self.heap.saturating_add(offset), self.heap, self.text.loaded());
        let read_only = self.read_only || slot.read_only;
        let spots = Spots::at(self.spot.all_mut(), start, F::SIZE, count);
        ListMut { spots, heap, text, read_only, of: PhantomData }
    }

    /// Returns the value of the option at a slot, if there is one.
    #[inline]
    pub fn some<F: Hydra>(&mut self, slot: &Slot<T, Option<F>>) -> Option<ViewMut<'_, F>> {
        let is_some = self.stored().part(slot.offset(), 1).byte();
        let start = self.spot.start().saturating_add(slot.offset()).saturating_add(F::ALIGN);
        let (heap, text, read_only) = (self.heap, self.text.loaded(), self.read_only || slot.read_only);
        let spot = Spots::at(self.spot.all_mut(), start, F::SIZE, is_some.into()).into_first();
        spot.map(|spot| ViewMut::new(spot, heap, text, read_only))
    }
}

impl<T: Hydra> std::fmt::Debug for ViewMut<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        T::show(&self.view(), f)
    }
}

impl<T: Hydra> std::fmt::Debug for ListMut<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ListMut({} elements)", self.len())
    }
}

impl<T: Hydra> ListMut<'_, T> {
    /// Returns the number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.spots.count()
    }

    /// Returns true if there is no element.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the element at `index`.
    #[inline]
    pub fn get(&mut self, index: usize) -> Option<ViewMut<'_, T>> {
        let (heap, text, read_only) = (self.heap, self.text.loaded(), self.read_only);
        self.spots.get(index).map(|spot| ViewMut::new(spot, heap, text, read_only))
    }

    /// Calls `change` with each element in order, and stops at the first error.
    #[inline]
    pub fn each(&mut self, mut change: impl FnMut(ViewMut<'_, T>) -> Result<()>) -> Result<()> {
        for index in 0..self.len() {
            let Some(element) = self.get(index) else { break };
            change(element)?;
        }
        Ok(())
    }
}
