//! The facts about the built-in types that are not plain numbers. Only `FLAT`, `ANY_BITS` and `valid` are
//! trusted by unsafe code; where they are false, nothing is.

use super::{Describe, Plain};
use crate::describe::{Descriptor, Form, Kind, Layout, Live, Parts, TypeRef, struct_layout};
use crate::type_of;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::marker::PhantomData;
use std::num::NonZero;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Parts of a type of the program whose kind alone decides size and alignment.
const fn parts<T: 'static>(kind: Kind) -> Parts {
    let mut parts = Parts::new(kind, kind.fixed_size() as usize, kind.fixed_align() as usize);
    parts.live = Some(Live::of::<T>());
    parts
}

/// Parts of a type that refers to elements of type `E`.
const fn parts_of<T: 'static, E: Describe>(kind: Kind) -> Parts {
    let mut parts = parts::<T>(kind);
    parts.element = Some(TypeRef::Live(type_of::<E>));
    parts
}

/// Types that are a reference on disk, or a scalar with invalid bit patterns: never flat.
macro_rules! not_flat {
    ($([$($generics:tt)*] $ty:ty, refs $refs:expr, $parts:expr, {$($extra:tt)*};)*) => {$(
        // SAFETY: FLAT and ANY_BITS are false, so unsafe code trusts nothing here.
        unsafe impl<$($generics)*> Describe for $ty {
            const SIZE: usize = Self::TYPE.size();
            const ALIGN: usize = Self::TYPE.align();
            const FLAT: bool = false;
            const ANY_BITS: bool = false;
            const REFS: bool = $refs;
            const TYPE: &'static Descriptor = const { &Descriptor::new($parts) };
            $($extra)*
        }
    )*};
}

const fn key<K: Describe>() {
    assert!(
        K::KEY,
        "keys of Hydra maps and members of Hydra sets are bool, integers, char, strings, bytes, enums without \
         fields, and arrays, tuples and newtypes of these"
    );
}

const fn map_parts<T: 'static, K: Describe, V: Describe>() -> Parts {
    key::<K>();
    let mut parts = parts_of::<T, V>(Kind::Map);
    parts.key = Some(TypeRef::Live(type_of::<K>));
    parts
}

const fn set_parts<T: 'static, K: Describe>() -> Parts {
    key::<K>();
    parts_of::<T, K>(Kind::Set)
}

const fn list_parts<T: 'static, E: Describe>() -> Parts {
    if E::BYTE { parts::<T>(Kind::Bytes) } else { parts_of::<T, E>(Kind::List) }
}

const fn formed<T: 'static>(kind: Kind, form: Form) -> Parts {
    let mut parts = parts::<T>(kind);
    parts.form = form;
    parts
}

const NANOS: i8 = -9;

not_flat! {
    [] (), refs false, parts::<()>(Kind::Unit), {};
    [P: ?Sized + 'static] PhantomData<P>, refs false, parts::<Self>(Kind::Unit), {};
    [] String, refs true, parts::<Self>(Kind::String), { const KEY: bool = true; };
    [] Box<str>, refs true, parts::<Self>(Kind::String), { const KEY: bool = true; };
    [] Rc<str>, refs true, parts::<Self>(Kind::String), { const KEY: bool = true; };
    [] Arc<str>, refs true, parts::<Self>(Kind::String), { const KEY: bool = true; };
    [T: Describe] Vec<T>, refs true, list_parts::<Self, T>(), { const KEY: bool = T::BYTE; };
    [T: Describe] Box<[T]>, refs true, list_parts::<Self, T>(), { const KEY: bool = T::BYTE; };
    [T: Describe] Box<T>, refs true, parts_of::<Self, T>(Kind::Box), {};
    [T: Describe] Rc<T>, refs true, parts_of::<Self, T>(Kind::Box), {};
    [T: Describe] Arc<T>, refs true, parts_of::<Self, T>(Kind::Box), {};
    [K: Describe, V: Describe] BTreeMap<K, V>, refs true, map_parts::<Self, K, V>(), {};
    [K: Describe, V: Describe, S: 'static] HashMap<K, V, S>, refs true, map_parts::<Self, K, V>(), {};
    [T: Describe] BTreeSet<T>, refs true, set_parts::<Self, T>(), {};
    [T: Describe, S: 'static] HashSet<T, S>, refs true, set_parts::<Self, T>(), {};
    [] Duration, refs false, formed::<Self>(Kind::U128, Form::Duration { exponent: NANOS }), {};
    [] SystemTime, refs false, formed::<Self>(Kind::I128, Form::Timestamp { exponent: NANOS }), {};
}

// SAFETY: FLAT and ANY_BITS are false, so unsafe code trusts nothing here.
unsafe impl<T: Describe> Describe for Option<T> {
    // The tag, padded to where the value may begin; sizes are multiples of their alignment.
    const SIZE: usize = T::ALIGN + T::SIZE;
    const ALIGN: usize = T::ALIGN;
    const FLAT: bool = false;
    const ANY_BITS: bool = false;
    const REFS: bool = T::REFS;
    const TYPE: &'static Descriptor = const {
        let mut parts = Parts::new(Kind::Option, Self::SIZE, Self::ALIGN);
        parts.live = Some(Live::of::<Self>());
        parts.element = Some(TypeRef::Live(type_of::<T>));
        &Descriptor::new(parts)
    };
}

// SAFETY: arrays have no padding between or after their elements, so an array of flat elements is flat,
// and any bits are valid exactly when they are for the elements. An array without elements is not flat: it is
// stored as one byte.
unsafe impl<T: Describe, const N: usize> Describe for [T; N] {
    const SIZE: usize = if N == 0 { T::ALIGN } else { T::SIZE * N };
    const ALIGN: usize = T::ALIGN;
    const FLAT: bool = T::FLAT && N > 0;
    const ANY_BITS: bool = T::ANY_BITS && N > 0;
    const REFS: bool = T::REFS;
    const KEY: bool = T::KEY;
    const TYPE: &'static Descriptor = const {
        let mut parts = Parts::new(Kind::Array, Self::SIZE, Self::ALIGN);
        parts.live = Some(Live::of::<Self>());
        parts.element = Some(TypeRef::Live(type_of::<T>));
        parts.count = N as u64;
        &Descriptor::new(parts)
    };

    fn valid(bytes: &[u8]) -> bool {
        T::ANY_BITS || bytes.chunks_exact(T::SIZE).all(T::valid)
    }
}
// SAFETY: the alignment of an array is that of its elements.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

// SAFETY: one byte, 0 or 1, as Rust guarantees for bool.
unsafe impl Describe for bool {
    const SIZE: usize = 1;
    const ALIGN: usize = 1;
    const FLAT: bool = true;
    const ANY_BITS: bool = false;
    const REFS: bool = false;
    const KEY: bool = true;
    const TYPE: &'static Descriptor = const { &Descriptor::new(parts::<bool>(Kind::Bool)) };

    fn valid(bytes: &[u8]) -> bool {
        matches!(bytes, [0 | 1])
    }
}
// SAFETY: alignment 1.
unsafe impl Plain for bool {}

const _: () = assert!(size_of::<char>() == 4 && align_of::<char>() <= 4);
// SAFETY: four bytes without padding, a u32 that is a Unicode scalar value, as Rust guarantees for char.
unsafe impl Describe for char {
    const SIZE: usize = 4;
    const ALIGN: usize = 4;
    const FLAT: bool = true;
    const ANY_BITS: bool = false;
    const REFS: bool = false;
    const KEY: bool = true;
    const TYPE: &'static Descriptor = const { &Descriptor::new(parts::<char>(Kind::Char)) };

    fn valid(bytes: &[u8]) -> bool {
        bytes.first_chunk().is_some_and(|bytes| char::from_u32(u32::from_le_bytes(*bytes)).is_some())
    }
}
// SAFETY: the assertion above holds the alignment.
unsafe impl Plain for char {}

macro_rules! nonzero {
    ($($ty:ty),*) => {$(
        // SAFETY: NonZero has the layout of its integer, and every value but 0 is valid, as Rust guarantees.
        unsafe impl Describe for NonZero<$ty> {
            const SIZE: usize = <$ty>::SIZE;
            const ALIGN: usize = <$ty>::ALIGN;
            const FLAT: bool = true;
            const ANY_BITS: bool = false;
            const REFS: bool = false;
            const KEY: bool = true;
            const TYPE: &'static Descriptor = const {
                let mut parts = parts::<Self>(<$ty>::TYPE.kind());
                parts.nonzero = true;
                &Descriptor::new(parts)
            };

            fn valid(bytes: &[u8]) -> bool {
                bytes.iter().any(|&byte| byte != 0)
            }
        }
        // SAFETY: NonZero has the alignment of its integer.
        unsafe impl Plain for NonZero<$ty> {}
    )*};
}
nonzero!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128);

/// Where the fields of a map entry, or of a pair, are.
pub(crate) const fn pair_layout<A: Describe, B: Describe>() -> Layout<2> {
    struct_layout([(A::SIZE, A::ALIGN), (B::SIZE, B::ALIGN)], 1)
}

/// Hands the tuples that are stored to a macro: the number of fields, then their parameters and positions.
macro_rules! each_tuple {
    ($macro:ident) => {
        $macro! {
            1: A 0;
            2: A 0, B 1;
            3: A 0, B 1, C 2;
            4: A 0, B 1, C 2, D 3;
            5: A 0, B 1, C 2, D 3, E 4;
            6: A 0, B 1, C 2, D 3, E 4, F 5;
            7: A 0, B 1, C 2, D 3, E 4, F 5, G 6;
            8: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
            9: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8;
            10: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9;
            11: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10;
            12: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11;
        }
    };
}
pub(crate) use each_tuple;

macro_rules! tuples {
    ($($count:literal: $($param:ident $index:tt),+;)*) => {$(
        impl<$($param: Describe),+> TupleLayout<$count> for ($($param,)+) {
            const LAYOUT: Layout<$count> = struct_layout([$(($param::SIZE, $param::ALIGN)),+], 1);
        }
        // SAFETY: FLAT and ANY_BITS are false, so unsafe code trusts nothing here.
        unsafe impl<$($param: Describe),+> Describe for ($($param,)+) {
            const SIZE: usize = Self::LAYOUT.size;
            const ALIGN: usize = Self::LAYOUT.align;
            const FLAT: bool = false;
            const ANY_BITS: bool = false;
            const REFS: bool = false $(|| $param::REFS)+;
            const KEY: bool = true $(&& $param::KEY)+;
            const TYPE: &'static Descriptor = const {
                let mut parts = Parts::new(Kind::Tuple, Self::SIZE, Self::ALIGN);
                parts.live = Some(Live::of::<Self>());
                parts.fields = const { &[$(crate::describe::Field::new(
                    stringify!($index),
                    TypeRef::Live(type_of::<$param>),
                    Self::LAYOUT.offsets[$index],
                    Some(std::mem::offset_of!(Self, $index)),
                    &[],
                )),+] };
                &Descriptor::new(parts)
            };
        }
    )*};
}

/// Where the fields of a tuple are on disk.
pub(crate) trait TupleLayout<const N: usize> {
    /// Offsets, size and alignment.
    const LAYOUT: Layout<N>;
}

each_tuple!(tuples);
