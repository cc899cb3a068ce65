//! The facts about a type that unsafe code trusts, and the types for which Hydra itself vouches.

use crate::describe::{Descriptor, Kind, Live, Parts, Schema};

/// The facts about a type that unsafe code trusts. `#[derive(Hydra)]` writes them; nothing else should.
///
/// # Safety
///
/// - `SIZE` and `ALIGN` are the stored size and alignment in bytes that FORMAT.md, section 5, gives.
/// - `FLAT` is true only if the type has no padding, no references and no cells (what may change behind a shared
///   reference), and its bytes in memory are its stored bytes, with `size_of::<Self>() == SIZE`.
/// - `ANY_BITS` is true only if every pattern of `SIZE` bytes is a valid stored value and, where `FLAT`
///   is true too, a valid value of the type.
/// - [`Describe::valid`] is true only for bytes that are a valid value of a `FLAT` type.
/// - `TYPE` describes this type. Unless `TRANSPARENT`, its live layout is the type's own: a field with a live offset is
///   there in memory, as the type of the program whose descriptor the field refers to; so are the elements of an array
///   that has a live layout, one after the other.
pub unsafe trait Describe: Sized + 'static {
    /// Stored size in bytes.
    const SIZE: usize;
    /// Stored alignment in bytes.
    const ALIGN: usize;
    /// Live bytes are stored bytes.
    const FLAT: bool;
    /// Every bit pattern is valid.
    const ANY_BITS: bool;
    /// Holds references into the heap or the text, so that encoding has to measure first.
    const REFS: bool;
    /// A key of maps and a member of sets.
    const KEY: bool = false;
    /// Is `u8`, so that a list of it is bytes.
    #[doc(hidden)]
    const BYTE: bool = false;
    /// `TYPE` is that of the one field: the type in memory is another than `TYPE` says.
    #[doc(hidden)]
    const TRANSPARENT: bool = false;
    /// The type as data.
    const TYPE: &'static Descriptor;

    /// True if these bytes are a valid value; asked only of `FLAT` types, with exactly `SIZE` bytes.
    fn valid(bytes: &[u8]) -> bool {
        let _ = bytes;
        Self::ANY_BITS
    }
}

/// A type whose values in a file are its values in memory, so that records come back as `&[T]`.
///
/// Written by `#[derive(Hydra)]` with `#[hydra(plain)]`, on a `repr(C)` or transparent struct of plain
/// fields without padding, or an enum without fields that has an integer `repr`.
///
/// # Safety
///
/// The alignment in memory is at most the stored one. (Bytes become values only where `FLAT` is true, too.)
pub unsafe trait Plain: Describe + Copy {}

/// The type as data: what Go calls `reflect.TypeOf`.
pub fn type_of<T: Describe>() -> &'static Descriptor {
    T::TYPE
}

impl Schema {
    /// The schema of a type of the program, in canonical form.
    ///
    /// # Panics
    /// Where [`Schema::try_from_descriptor`] gives an error, which only a type larger than the limits of the
    /// format can bring about.
    pub fn of<T: Describe>() -> Schema {
        Schema::from_descriptor(T::TYPE)
    }
}

macro_rules! plain_number {
    ($($ty:ty = $kind:ident, key $key:literal;)*) => {$(
        const _: () = assert!(size_of::<$ty>() == Kind::$kind.fixed_size() as usize);
        const _: () = assert!(align_of::<$ty>() <= Kind::$kind.fixed_align() as usize);
        // SAFETY: a primitive number without padding; every bit pattern is a value; the assertions above
        // hold its size and alignment against the format's, and the host is little-endian (lib.rs).
        unsafe impl Describe for $ty {
            const SIZE: usize = Kind::$kind.fixed_size() as usize;
            const ALIGN: usize = Kind::$kind.fixed_align() as usize;
            const FLAT: bool = true;
            const ANY_BITS: bool = true;
            const REFS: bool = false;
            const KEY: bool = $key;
            const BYTE: bool = matches!(Kind::$kind, Kind::U8);
            const TYPE: &'static Descriptor = const {
                let mut parts = Parts::new(Kind::$kind, Self::SIZE, Self::ALIGN);
                parts.live = Some(Live::of::<$ty>());
                &Descriptor::new(parts)
            };
        }
        // SAFETY: FLAT is true, and the assertion above holds the alignment.
        unsafe impl Plain for $ty {}
    )*};
}
plain_number! {
    u8 = U8, key true;
    u16 = U16, key true;
    u32 = U32, key true;
    u64 = U64, key true;
    u128 = U128, key true;
    i8 = I8, key true;
    i16 = I16, key true;
    i32 = I32, key true;
    i64 = I64, key true;
    i128 = I128, key true;
    f32 = F32, key false;
    f64 = F64, key false;
}
