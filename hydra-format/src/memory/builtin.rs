//! [`Describe`] for the built-in types. Unsafe code trusts only `FLAT`, `ANY_BITS` and `valid`, and nothing
//! of a type for which they are false.

use super::{Describe, Opaque, Plain, type_of};
#[cfg(feature = "rust_decimal")]
use super::{Fixed, PLACES};
use crate::schema::{Descriptor, FieldPlaces, Form, Kind, Live, TypeRef, struct_layout};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::marker::PhantomData;
use std::num::NonZero;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Creates a type of the program whose kind alone determines size and alignment.
const fn kind_of<T: 'static>(kind: Kind) -> Descriptor {
    sized::<T>(kind, kind.fixed_size() as usize, kind.fixed_align() as usize)
}

/// Creates a type of the program with a stored size and alignment.
const fn sized<T: 'static>(kind: Kind, size: usize, align: usize) -> Descriptor {
    let mut ty = Descriptor::new(kind, size, align);
    ty.live = Some(Live::of::<T>());
    ty
}

/// Creates a type that refers to elements of type `E`.
const fn holding<T: 'static, E: Describe>(kind: Kind) -> Descriptor {
    let mut ty = kind_of::<T>(kind);
    ty.element = Some(TypeRef::Live(type_of::<E>));
    ty
}

/// Implements [`Describe`] for types that are never flat: references, types with a tag, and scalars with
/// invalid bit patterns.
macro_rules! not_flat {
    ($($(#[$attr:meta])* [$($generics:tt)*] $ty:ty, refs $refs:expr, $described:expr, {$($extra:tt)*};)*) => {$(
        $(#[$attr])*
        // SAFETY: FLAT and ANY_BITS are false, so unsafe code trusts nothing of this type.
        unsafe impl<$($generics)*> Describe for $ty {
            const SIZE: usize = Self::TYPE.size();
            const ALIGN: usize = Self::TYPE.align();
            const FLAT: bool = false;
            const ANY_BITS: bool = false;
            const REFS: bool = $refs;
            const TYPE: &'static Descriptor = const { &$described };
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

const fn map<T: 'static, K: Describe, V: Describe>() -> Descriptor {
    key::<K>();
    let mut ty = holding::<T, V>(Kind::Map);
    ty.key = Some(TypeRef::Live(type_of::<K>));
    ty
}

const fn set<T: 'static, K: Describe>() -> Descriptor {
    key::<K>();
    holding::<T, K>(Kind::Set)
}

const fn list<T: 'static, E: Describe>() -> Descriptor {
    if E::BYTE { kind_of::<T>(Kind::Bytes) } else { holding::<T, E>(Kind::List) }
}

/// Creates an option: a tag, padding up to the alignment of the value, and the value. Sizes are multiples of
/// their alignment.
const fn option<T: 'static, V: Describe>() -> Descriptor {
    let mut ty = sized::<T>(Kind::Option, V::ALIGN.saturating_add(V::SIZE), V::ALIGN);
    ty.element = Some(TypeRef::Live(type_of::<V>));
    ty
}

const fn array<T: Describe, E: Describe>(count: u64, form: Form) -> Descriptor {
    let mut ty = sized::<T>(Kind::Array, T::SIZE, T::ALIGN);
    if E::TRANSPARENT {
        ty.live = None;
    }
    ty.element = Some(TypeRef::Live(type_of::<E>));
    ty.count = count;
    ty.form = form;
    ty
}

const fn scalar<T: 'static>(kind: Kind, form: Form, nonzero: bool) -> Descriptor {
    let mut ty = kind_of::<T>(kind);
    ty.form = form;
    ty.nonzero = nonzero;
    ty
}

const NANOS: i8 = -9;

not_flat! {
    [] (), refs false, kind_of::<()>(Kind::Unit), {};
    [P: ?Sized + 'static] PhantomData<P>, refs false, kind_of::<Self>(Kind::Unit), {};
    [] String, refs true, kind_of::<Self>(Kind::String), { const KEY: bool = true; };
    [] Box<str>, refs true, kind_of::<Self>(Kind::String), { const KEY: bool = true; };
    [] Rc<str>, refs true, kind_of::<Self>(Kind::String), { const KEY: bool = true; };
    [] Arc<str>, refs true, kind_of::<Self>(Kind::String), { const KEY: bool = true; };
    [] Cow<'static, str>, refs true, kind_of::<Self>(Kind::String), { const KEY: bool = true; };
    [T: Describe] Option<T>, refs T::REFS, option::<Self, T>(), {};
    [T: Describe] Vec<T>, refs true, list::<Self, T>(), { const KEY: bool = T::BYTE; };
    [T: Describe] Box<[T]>, refs true, list::<Self, T>(), { const KEY: bool = T::BYTE; };
    [T: Describe] Box<T>, refs true, holding::<Self, T>(Kind::Box), {};
    [T: Describe] Rc<T>, refs true, holding::<Self, T>(Kind::Box), {};
    [T: Describe] Arc<T>, refs true, holding::<Self, T>(Kind::Box), {};
    [K: Describe, V: Describe] BTreeMap<K, V>, refs true, map::<Self, K, V>(), {};
    [K: Describe, V: Describe, S: 'static] HashMap<K, V, S>, refs true, map::<Self, K, V>(), {};
    [T: Describe] BTreeSet<T>, refs true, set::<Self, T>(), {};
    [T: Describe, S: 'static] HashSet<T, S>, refs true, set::<Self, T>(), {};
    [] Duration, refs false, scalar::<Self>(Kind::U128, Form::Duration { exponent: NANOS }, false), { const KEY: bool = true; };
    [] SystemTime, refs false, scalar::<Self>(Kind::I128, Form::Timestamp { exponent: NANOS }, false), { const KEY: bool = true; };
    [] Opaque, refs true, kind_of::<Self>(Kind::Opaque), {};
    #[cfg(feature = "jiff")]
    [] jiff::Timestamp, refs false, scalar::<Self>(Kind::I128, Form::Timestamp { exponent: NANOS }, false), { const KEY: bool = true; };
    #[cfg(feature = "jiff")]
    [] jiff::SignedDuration, refs false, scalar::<Self>(Kind::I128, Form::Duration { exponent: NANOS }, false), { const KEY: bool = true; };
    #[cfg(feature = "jiff")]
    [] jiff::civil::Date, refs false, scalar::<Self>(Kind::I32, Form::Date, false), { const KEY: bool = true; };
    // REFS is true so that a Decimal is measured first, because it may have too many places.
    #[cfg(feature = "rust_decimal")]
    [] rust_decimal::Decimal, refs true, decimal::<Self>(PLACES), { const KEY: bool = true; };
    #[cfg(feature = "rust_decimal")]
    [const PLACES: u8] Fixed<PLACES>, refs true, decimal::<Self>(PLACES), { const KEY: bool = true; };
}

#[cfg(feature = "rust_decimal")]
const fn decimal<T: 'static>(places: u8) -> Descriptor {
    assert!(places <= 28, "a Decimal has at most 28 places");
    scalar::<T>(Kind::I128, Form::Decimal { exponent: (places as i8).saturating_neg() }, false)
}

#[cfg(feature = "uuid")]
const _: () = assert!(size_of::<uuid::Uuid>() == 16 && align_of::<uuid::Uuid>() == 1);
#[cfg(feature = "uuid")]
// SAFETY: uuid guarantees the layout of [u8; 16] (it implements Pod of bytemuck), which is the stored form;
// any bits are valid.
unsafe impl Describe for uuid::Uuid {
    const SIZE: usize = 16;
    const ALIGN: usize = 1;
    const FLAT: bool = true;
    const ANY_BITS: bool = true;
    const REFS: bool = false;
    const KEY: bool = true;
    const TYPE: &'static Descriptor = const { &array::<Self, u8>(16, Form::Uuid) };
}
#[cfg(feature = "uuid")]
// SAFETY: the alignment is asserted above.
unsafe impl Plain for uuid::Uuid {}

// SAFETY: arrays have no padding between or after their elements, so an array of flat elements is flat, and
// any bits are valid exactly if they are for the elements. An array without elements is not flat, because it
// is stored as one byte.
unsafe impl<T: Describe, const N: usize> Describe for [T; N] {
    const SIZE: usize = if N == 0 { T::ALIGN } else { T::SIZE * N };
    const ALIGN: usize = T::ALIGN;
    const FLAT: bool = T::FLAT && N > 0;
    const ANY_BITS: bool = T::ANY_BITS && N > 0;
    const REFS: bool = T::REFS;
    const KEY: bool = T::KEY;
    const TYPE: &'static Descriptor = const { &array::<Self, T>(N as u64, Form::None) };

    fn valid(bytes: &[u8]) -> bool {
        T::ANY_BITS || bytes.chunks_exact(T::SIZE).all(T::valid)
    }
}
// SAFETY: the alignment of an array is that of its elements.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

/// Implements [`Describe`] for scalars whose bytes in memory are the stored ones; `any` lists whether any
/// bits are valid.
macro_rules! scalars {
    ($($ty:ty = $kind:ident, any $any_bits:literal, key $key:literal, nonzero $nonzero:literal, |$bytes:ident| $valid:expr;)*) => {$(
        const _: () = assert!(size_of::<$ty>() == Kind::$kind.fixed_size() as usize);
        const _: () = assert!(align_of::<$ty>() <= Kind::$kind.fixed_align() as usize);
        // SAFETY: the type is a scalar without padding, of the size that the format gives (asserted above),
        // and the host is little-endian (lib.rs). Rust guarantees that its bytes are a value exactly if
        // `$valid`: any bytes for numbers, 0 or 1 for bool, a Unicode scalar value for char, an integer other
        // than 0 for NonZero.
        unsafe impl Describe for $ty {
            const SIZE: usize = Kind::$kind.fixed_size() as usize;
            const ALIGN: usize = Kind::$kind.fixed_align() as usize;
            const FLAT: bool = true;
            const ANY_BITS: bool = $any_bits;
            const REFS: bool = false;
            const KEY: bool = $key;
            const BYTE: bool = $any_bits && matches!(Kind::$kind, Kind::U8);
            const TYPE: &'static Descriptor = const { &scalar::<Self>(Kind::$kind, Form::None, $nonzero) };

            fn valid($bytes: &[u8]) -> bool {
                $valid
            }
        }
        // SAFETY: FLAT is true, and the alignment is asserted above.
        unsafe impl Plain for $ty {}
    )*};
}
macro_rules! numbers {
    ($key:literal: $($ty:ident = $kind:ident),*) => {scalars! {$(
        $ty = $kind, any true, key $key, nonzero false, |_bytes| true;
    )*}};
}
macro_rules! integers {
    ($($ty:ident = $kind:ident),*) => {
        numbers!(true: $($ty = $kind),*);
        scalars! {$(
            NonZero<$ty> = $kind, any false, key true, nonzero true, |bytes| bytes.iter().any(|&byte| byte != 0);
        )*}
    };
}
integers!(u8 = U8, u16 = U16, u32 = U32, u64 = U64, u128 = U128);
integers!(i8 = I8, i16 = I16, i32 = I32, i64 = I64, i128 = I128);
numbers!(false: f32 = F32, f64 = F64);
scalars! {
    bool = Bool, any false, key true, nonzero false, |bytes| matches!(bytes, [0 | 1]);
    char = Char, any false, key true, nonzero false,
        |bytes| bytes.first_chunk().is_some_and(|c| char::from_u32(u32::from_le_bytes(*c)).is_some());
}

/// Returns the layout of a map entry or a pair.
pub(crate) const fn pair_layout<A: Describe, B: Describe>() -> FieldPlaces<2> {
    struct_layout([(A::SIZE, A::ALIGN), (B::SIZE, B::ALIGN)], 1)
}

/// Calls a macro for every tuple that can be stored: the number of fields, then their parameters and
/// positions.
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
            const LAYOUT: FieldPlaces<$count> = struct_layout([$(($param::SIZE, $param::ALIGN)),+], 1);
        }
        // SAFETY: FLAT is false, so unsafe code trusts nothing of this type.
        unsafe impl<$($param: Describe),+> Describe for ($($param,)+) {
            const SIZE: usize = Self::LAYOUT.size;
            const ALIGN: usize = Self::LAYOUT.align;
            const FLAT: bool = false;
            const ANY_BITS: bool = true $(&& $param::ANY_BITS)+;
            const REFS: bool = false $(|| $param::REFS)+;
            const KEY: bool = true $(&& $param::KEY)+;
            const TYPE: &'static Descriptor = const {
                &sized::<Self>(Kind::Tuple, Self::SIZE, Self::ALIGN).of_fields(const { &[$(crate::schema::Field::new(
                    stringify!($index),
                    TypeRef::Live(type_of::<$param>),
                    Self::LAYOUT.offsets[$index],
                    if $param::TRANSPARENT { None } else { Some(std::mem::offset_of!(Self, $index)) },
                    &[],
                )),+] })
            };
        }
    )*};
}

/// The stored layout of a tuple.
pub(crate) trait TupleLayout<const N: usize> {
    /// The offsets, size and alignment.
    const LAYOUT: FieldPlaces<N>;
}

each_tuple!(tuples);
