//! Views of the built-in types that are not plain: lists, maps, sets and boxes.

use super::{At, Run};
use crate::Hydra;
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

/// A view that is formatted as the derived `Debug` of the value does.
pub struct DebugView<'a, T: Hydra>(pub(crate) T::View<'a>);

impl<T: Hydra> fmt::Debug for DebugView<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::show(&self.0, f)
    }
}

/// The view of a stored list or array whose elements are read one by one.
///
/// ```
/// # use hydra::Hydra;
/// let image = hydra::to_bytes(&vec!["a".to_string(), "b".to_string()])?;
/// let list = hydra::view::<Vec<String>>(&image)?;
/// assert_eq!(list.len(), 2);
/// assert_eq!(list.iter().collect::<Vec<&str>>(), ["a", "b"]);
/// # Ok::<(), hydra::Error>(())
/// ```
pub struct ListView<'a, T> {
    run: Run<'a>,
    of: PhantomData<fn() -> T>,
}

impl<'a, T: Hydra> ListView<'a, T> {
    /// Creates the view of consecutive elements.
    #[inline]
    pub fn new(run: Run<'a>) -> Self {
        ListView { run, of: PhantomData }
    }

    /// Returns the element at `index`.
    #[inline]
    pub fn get(self, index: usize) -> Option<T::View<'a>> {
        (index < self.run.count).then(|| T::view(self.run.element(index, T::SIZE)))
    }

    /// Returns the elements in order.
    #[inline]
    pub fn iter(self) -> ListIter<'a, T> {
        ListIter { rest: self.run.at, of: PhantomData }
    }

    /// Returns the elements as a slice. Types with invalid bit patterns are checked again.
    #[inline]
    pub fn as_slice(self) -> &'a [T]
    where
        T: crate::Plain,
    {
        self.run.slice()
    }
}

/// An iterator over the elements of a [`ListView`] or the members of a [`SetView`], in order.
pub struct ListIter<'a, T> {
    rest: At<'a>,
    of: PhantomData<fn() -> T>,
}

impl<'a, T: Hydra> Iterator for ListIter<'a, T> {
    type Item = T::View<'a>;

    #[inline]
    fn next(&mut self) -> Option<T::View<'a>> {
        let (element, rest) = self.rest.bytes().split_at_checked(T::SIZE)?;
        let element = self.rest.with(element);
        self.rest = self.rest.with(rest);
        Some(T::view(element))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.rest.bytes().len().checked_div(T::SIZE).unwrap_or(0);
        (left, Some(left))
    }

    #[inline]
    fn nth(&mut self, n: usize) -> Option<T::View<'a>> {
        let rest = n.checked_mul(T::SIZE).and_then(|skip| self.rest.bytes().get(skip..));
        self.rest = self.rest.with(rest.unwrap_or_default());
        self.next()
    }
}

impl<T: Hydra> ExactSizeIterator for ListIter<'_, T> {}

impl<T> Clone for ListIter<'_, T> {
    #[inline]
    fn clone(&self) -> Self {
        ListIter { ..*self }
    }
}

impl<T: Hydra> fmt::Debug for ListIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone().map(DebugView::<T>)).finish()
    }
}

/// The view of a stored box. Its value is looked up on demand, so that recursive types have finite views.
pub struct Boxed<'a, T> {
    run: Run<'a>,
    of: PhantomData<fn() -> T>,
}

impl<'a, T: Hydra> Boxed<'a, T> {
    /// Creates the view of the one element of a run.
    #[inline]
    pub fn new(run: Run<'a>) -> Self {
        Boxed { run, of: PhantomData }
    }

    /// Returns the value in the box.
    #[inline]
    pub fn get(self) -> T::View<'a> {
        T::view(self.run.element(0, T::SIZE))
    }
}

/// The view of a stored map: entries in the order of their keys.
pub struct MapView<'a, K, V> {
    run: Run<'a>,
    of: PhantomData<fn() -> (K, V)>,
}

impl<'a, K: Hydra, V: Hydra> MapView<'a, K, V> {
    /// Creates the view of consecutive entries.
    #[inline]
    pub fn new(run: Run<'a>) -> Self {
        MapView { run, of: PhantomData }
    }

    /// Returns the entry at `index` in the order of the keys.
    #[inline]
    pub fn entry(self, index: usize) -> Option<(K::View<'a>, V::View<'a>)> {
        (index < self.run.count).then(|| self.pair(index))
    }

    /// Returns the entries in the order of their keys.
    #[inline]
    pub fn iter(self) -> MapIter<'a, K, V> {
        MapIter { map: self, rest: 0..self.run.count }
    }

    #[inline]
    fn pair(self, index: usize) -> (K::View<'a>, V::View<'a>) {
        let layout = crate::memory::pair_layout::<K, V>();
        let entry = self.run.element(index, layout.size);
        (entry.get::<K>(0), entry.get::<V>(layout.offsets[1] as usize))
    }

    /// Returns the value of `key`, found by binary search. A `str` finds strings, and a slice finds lists.
    ///
    /// ```
    /// # use std::collections::HashMap;
    /// let image = hydra::to_bytes(&HashMap::from([("hp".to_string(), 5), ("mp".to_string(), 7)]))?;
    /// let map = hydra::view::<HashMap<String, i32>>(&image)?;
    /// assert_eq!((map.get("mp"), map.get("xp")), (Some(7), None));
    /// # Ok::<(), hydra::Error>(())
    /// ```
    pub fn get<Q: Lookup + ?Sized>(self, key: &Q) -> Option<V::View<'a>>
    where
        K: Borrow<Q>,
    {
        let layout = crate::memory::pair_layout::<K, V>();
        let stored = |index| self.run.element(index, layout.size);
        let index = search(self.run.count, |index| key.compare_to(stored(index).part(0, K::SIZE)))?;
        Some(stored(index).get::<V>(layout.offsets[1] as usize))
    }
}

/// An iterator over the entries of a [`MapView`], in the order of their keys.
pub struct MapIter<'a, K, V> {
    map: MapView<'a, K, V>,
    rest: Range<usize>,
}

impl<'a, K: Hydra, V: Hydra> Iterator for MapIter<'a, K, V> {
    type Item = (K::View<'a>, V::View<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.rest.next().map(|index| self.map.pair(index))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rest.size_hint()
    }
}

impl<K: Hydra, V: Hydra> ExactSizeIterator for MapIter<'_, K, V> {}

impl<K, V> Clone for MapIter<'_, K, V> {
    #[inline]
    fn clone(&self) -> Self {
        MapIter { map: self.map, rest: self.rest.clone() }
    }
}

impl<K: Hydra, V: Hydra> fmt::Debug for MapIter<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.clone().map(|(key, value)| (DebugView::<K>(key), DebugView::<V>(value)));
        f.debug_map().entries(entries).finish()
    }
}

/// The view of a stored set: members in their order.
pub struct SetView<'a, T> {
    run: Run<'a>,
    of: PhantomData<fn() -> T>,
}

impl<'a, T: Hydra> SetView<'a, T> {
    /// Creates the view of consecutive members.
    #[inline]
    pub fn new(run: Run<'a>) -> Self {
        SetView { run, of: PhantomData }
    }

    /// Returns the members in their order.
    #[inline]
    pub fn iter(self) -> ListIter<'a, T> {
        ListIter { rest: self.run.at, of: PhantomData }
    }

    /// Returns whether `member` is in the set, by binary search.
    pub fn contains<Q: Lookup + ?Sized>(self, member: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        search(self.run.count, |index| member.compare_to(self.run.element(index, T::SIZE))).is_some()
    }
}

/// A key that can be looked up in a stored map or set: a key type, or a type that it borrows as.
pub trait Lookup {
    /// Compares the stored key at `at` with this one.
    #[doc(hidden)]
    fn compare_to(&self, at: At<'_>) -> Ordering;
}

impl<T: Hydra> Lookup for T {
    fn compare_to(&self, at: At<'_>) -> Ordering {
        T::compare(at, self)
    }
}

impl Lookup for str {
    fn compare_to(&self, at: At<'_>) -> Ordering {
        at.str().cmp(self)
    }
}

impl<T: Hydra> Lookup for [T] {
    fn compare_to(&self, at: At<'_>) -> Ordering {
        compare_run(at.run::<T>(), self)
    }
}

/// Finds the index below `count` for which `compare` returns `Equal`, by binary search.
#[inline]
pub(crate) fn search(count: usize, compare: impl Fn(usize) -> Ordering) -> Option<usize> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        match compare(middle) {
            Ordering::Less => low = middle.saturating_add(1),
            Ordering::Greater => high = middle,
            Ordering::Equal => return Some(middle),
        }
    }
    None
}

macro_rules! counted {
    ($($view:ident<$($param:ident),+>, $iter:ident, $one:literal, $all:literal;)*) => {$(
        impl<$($param: Hydra),+> $view<'_, $($param),+> {
            #[doc = concat!("Returns the number of ", $all, ".")]
            #[inline]
            pub fn len(self) -> usize {
                self.run.count
            }

            #[doc = concat!("Returns whether there is no ", $one, ".")]
            #[inline]
            pub fn is_empty(self) -> bool {
                self.run.count == 0
            }
        }

        impl<'a, $($param: Hydra),+> IntoIterator for $view<'a, $($param),+> {
            type Item = <$iter<'a, $($param),+> as Iterator>::Item;
            type IntoIter = $iter<'a, $($param),+>;

            #[inline]
            fn into_iter(self) -> Self::IntoIter {
                self.iter()
            }
        }
    )*};
}
counted! {
    ListView<T>, ListIter, "element", "elements";
    MapView<K, V>, MapIter, "entry", "entries";
    SetView<T>, ListIter, "member", "members";
}

macro_rules! copy_and_debug {
    ($($view:ident<$($param:ident),+>, |$this:ident, $f:ident| $debug:expr;)*) => {$(
        impl<$($param),+> Clone for $view<'_, $($param),+> {
            #[inline]
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<$($param),+> Copy for $view<'_, $($param),+> {}
        impl<$($param: Hydra),+> fmt::Debug for $view<'_, $($param),+> {
            fn fmt(&self, $f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $this = self;
                $debug
            }
        }
    )*};
}
copy_and_debug! {
    ListView<T>, |this, f| this.iter().fmt(f);
    Boxed<T>, |this, f| T::show(&this.get(), f);
    SetView<T>, |this, f| f.debug_set().entries(this.iter().map(DebugView::<T>)).finish();
    MapView<K, V>, |this, f| this.iter().fmt(f);
}

/// Compares stored elements with live ones lexicographically.
pub(crate) fn compare_run<T: Hydra>(run: Run<'_>, elements: &[T]) -> Ordering {
    let pairs = run.elements(T::SIZE).zip(elements);
    let unequal = pairs.map(|(stored, element)| T::compare(stored, element)).find(|order| order.is_ne());
    unequal.unwrap_or_else(|| run.count().cmp(&elements.len()))
}
