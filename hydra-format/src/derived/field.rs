//! The functions of a field for the derive, whether its type is stored as itself, is converted, or cannot be
//! stored.

use super::With;
use super::fields::Facts;
use crate::Result;
use crate::layout::rows::reflect::{Part, PartMut, Reflect};
use crate::layout::rows::{At, Cursor, DebugView, Hydra, Measure, Run, Sink, apart, encode_payload, part};
use crate::memory::{Describe, type_of};
use crate::schema::TypeRef;
use std::cmp::Ordering;
use std::fmt::Debug;
use std::marker::PhantomData;

/// The functions for a field of type `T`. If `T` cannot be stored, those of [`NoField`] apply, so that the
/// only compile error is that of the field's view.
pub struct FieldOf<T>(PhantomData<T>);

impl<T: Hydra> FieldOf<T> {
    pub const FACTS: Facts = Facts::of::<T>();
    pub const TYPE: TypeRef = TypeRef::Live(type_of::<T>);

    pub fn image(value: T) -> Result<(u32, Vec<u8>)> {
        encode_payload(&value)
    }

    #[inline]
    pub fn value(value: &T) -> Option<Part<'_>> {
        Some(Part::of(value))
    }

    pub fn value_mut(value: &mut T) -> Option<PartMut<'_>> {
        Some(PartMut::of(value))
    }

    #[inline]
    pub fn view(at: At<'_>, offset: usize) -> T::View<'_> {
        at.get::<T>(offset)
    }

    #[inline]
    pub fn list(run: Run<'_>) -> T::List<'_> {
        T::list(run)
    }

    pub fn seen(view: T::View<'_>) -> DebugView<'_, T> {
        DebugView(view)
    }

    pub fn show_list(list: T::List<'_>, each: &mut dyn FnMut(&dyn Debug)) {
        T::show_list(list, each);
    }

    #[inline]
    pub fn check(bytes: &[u8], offset: usize, cursor: &mut Cursor<'_>, depth: u32) -> bool {
        let field = offset.checked_add(T::SIZE).and_then(|end| bytes.get(offset..end));
        (T::ANY_BITS && !T::REFS) || field.is_some_and(|field| T::check(field, cursor, depth))
    }

    #[inline]
    pub fn decode(at: At<'_>, offset: usize) -> Result<T> {
        at.decode::<T>(offset)
    }

    #[inline]
    pub fn measure(value: &T, measure: &mut Measure) {
        if T::REFS {
            value.measure(measure);
        }
    }

    #[inline]
    pub fn encode(value: &T, slot: &mut [u8], offset: usize, sink: &mut Sink<'_>) {
        value.encode(part(slot, offset, T::SIZE), sink);
    }

    pub fn compare(at: At<'_>, key: &T) -> Ordering {
        T::compare(at, key)
    }

    pub fn order(left: &T, right: &T) -> Ordering {
        left.order(right)
    }
}

/// The functions for a field of type `T` that is stored through `W`.
pub struct Converted<W, T>(PhantomData<(W, T)>);

impl<T: 'static, W: With<T>> Converted<W, T> {
    /// Runs code in a frame with room for both forms of the value.
    #[inline]
    fn apart<R>(make: impl FnOnce() -> Result<R>) -> Result<R> {
        apart::<(T, W::Stored), R>(W::Stored::TYPE, make)
    }

    pub const FACTS: Facts = Facts::of::<W::Stored>().converted();
    pub const TYPE: TypeRef = TypeRef::Live(type_of::<W::Stored>);

    pub fn image(value: T) -> Result<(u32, Vec<u8>)> {
        Self::apart(|| encode_payload(&W::to_stored(&value)?))
    }

    pub fn value(value: &T) -> Option<Part<'_>> {
        Some(Part::encoded(value, W::Stored::TYPE))
    }

    pub fn value_mut(value: &mut T) -> Option<PartMut<'_>> {
        Some(PartMut::encoded(value, W::Stored::TYPE))
    }

    #[inline]
    pub fn view(at: At<'_>, offset: usize) -> <W::Stored as Hydra>::View<'_> {
        at.get::<W::Stored>(offset)
    }

    #[inline]
    pub fn list(run: Run<'_>) -> <W::Stored as Hydra>::List<'_> {
        W::Stored::list(run)
    }

    pub fn seen(view: <W::Stored as Hydra>::View<'_>) -> DebugView<'_, W::Stored> {
        DebugView(view)
    }

    pub fn show_list(list: <W::Stored as Hydra>::List<'_>, each: &mut dyn FnMut(&dyn Debug)) {
        W::Stored::show_list(list, each);
    }

    #[inline]
    pub fn check(bytes: &[u8], offset: usize, cursor: &mut Cursor<'_>, depth: u32) -> bool {
        FieldOf::<W::Stored>::check(bytes, offset, cursor, depth)
    }

    pub fn decode(at: At<'_>, offset: usize, name: &str) -> Result<T> {
        let made = Self::apart(|| W::from_stored(at.decode::<W::Stored>(offset)?));
        made.map_err(|error| error.path(name))
    }

    pub fn measure(value: &T, measure: &mut Measure, name: &str) {
        let measured = Self::apart(|| {
            let stored = W::to_stored(value)?;
            W::verify(&stored)?;
            stored.measure(measure);
            Ok(())
        });
        if let Err(error) = measured {
            measure.fail(|| error.path(name));
        }
    }

    pub fn encode(value: &T, slot: &mut [u8], offset: usize, sink: &mut Sink<'_>) {
        let encoded = Self::apart(|| {
            W::to_stored(value)?.encode(part(slot, offset, W::Stored::SIZE), sink);
            Ok(())
        });
        if encoded.is_err() {
            sink.changed();
        }
    }
}

/// Fails to compile if the code around it is instantiated.
macro_rules! never {
    ($of:ty) => {
        const {
            // Depends on the parameter; otherwise the constant would be evaluated without an instance.
            _ = size_of::<$of>();
            panic!("a field that cannot be stored has no code")
        }
    };
}

/// Functions that fail to compile if instantiated.
macro_rules! no_code {
    ($(fn $name:ident $(<$param:ident>)? ($($arg:ty),*) $(-> $answer:ty)?;)*) => {$(
        fn $name $(<$param>)? ($(_: $arg),*) $(-> $answer)? {
            never!(Self)
        }
    )*};
}

/// Functions for types that cannot be stored. The compiler uses them only where [`FieldOf`] and [`Converted`]
/// have no method of the name. The view of such a field is a compile error; if it ever were not,
/// instantiating these functions would be one.
macro_rules! no_field {
    ($trait:ident for $of:ident<$($param:ident),+> $(, $name:ty)?) => {
        pub trait $trait: Sized {
            const FACTS: Facts = Facts::of::<u8>();
            const TYPE: TypeRef = TypeRef::Live(type_of::<()>);

            no_code! {
                fn image<T>(T) -> Result<(u32, Vec<u8>)>;
                fn value<T>(&T) -> Option<Part<'_>>;
                fn value_mut<T>(&mut T) -> Option<PartMut<'_>>;
                fn view<R>(At<'_>, usize) -> R;
                fn list<R>(Run<'_>) -> R;
                fn seen<V>(V) -> u8;
                fn show_list<L>(L, &mut dyn FnMut(&dyn Debug));
                fn check(&[u8], usize, &mut Cursor<'_>, u32) -> bool;
                fn decode<R>(At<'_>, usize $(, $name)?) -> Result<R>;
                fn measure<T>(&T, &mut Measure $(, $name)?);
                fn encode<T>(&T, &mut [u8], usize, &mut Sink<'_>);
                fn compare<T>(At<'_>, &T) -> Ordering;
                fn order<T>(&T, &T) -> Ordering;
            }
        }
        impl<$($param),+> $trait for $of<$($param),+> {}
    };
}
no_field!(NoField for FieldOf<T>);
no_field!(NoConverted for Converted<W, T>, &str);

/// Stands in for the type behind the feature, so that a missing feature causes only one error.
#[cfg(not(feature = "opaque"))]
pub struct MissingFeature;

#[cfg(not(feature = "opaque"))]
impl<T: 'static> With<T> for MissingFeature {
    type Stored = crate::memory::Opaque;

    fn to_stored(_: &T) -> Result<crate::memory::Opaque> {
        never!(T)
    }

    fn from_stored(_: crate::memory::Opaque) -> Result<T> {
        never!(T)
    }
}
