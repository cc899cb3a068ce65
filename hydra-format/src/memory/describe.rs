//! The facts about a type that unsafe code trusts.

use crate::schema::{Descriptor, Schema};

/// The facts about a type that unsafe code trusts. `#[derive(Hydra)]` implements it; do not implement it by
/// hand.
///
/// # Safety
///
/// - `SIZE` and `ALIGN` are the stored size and alignment in bytes, as specified in FORMAT.md, section 5.
/// - `FLAT` is true only if the type has no padding, no references and no cells (interior mutability), and
///   its bytes in memory are its stored bytes, with `size_of::<Self>() == SIZE`.
/// - `ANY_BITS` is true only if every pattern of `SIZE` bytes is a valid stored value and, if `FLAT` is true
///   too, a valid value of the type.
/// - [`Describe::valid`] returns true only for bytes that are a valid value of a `FLAT` type.
/// - `TYPE` describes this type. Unless `TRANSPARENT` is true, its live layout is that of the type: a field
///   with a live offset is at that offset in memory, and is of the program's type whose descriptor the field
///   refers to. The elements of an array with a live layout follow one another in the same way.
pub unsafe trait Describe: Sized + 'static {
    /// The stored size in bytes.
    const SIZE: usize;
    /// The stored alignment in bytes.
    const ALIGN: usize;
    /// Whether the bytes in memory are the stored bytes.
    const FLAT: bool;
    /// Whether every bit pattern is valid.
    const ANY_BITS: bool;
    /// Whether values have references into the heap or the text, so that encoding has to measure them first.
    const REFS: bool;
    /// Whether the type can be a key of maps and a member of sets.
    const KEY: bool = false;
    /// Whether the type is `u8`, so that a list of it is stored as bytes.
    #[doc(hidden)]
    const BYTE: bool = false;
    /// Whether `TYPE` is that of the only field, so that `TYPE` does not describe the type in memory.
    #[doc(hidden)]
    const TRANSPARENT: bool = false;
    /// The type as data.
    const TYPE: &'static Descriptor;

    /// Returns whether these bytes are a valid value. It is called only for `FLAT` types, with exactly `SIZE`
    /// bytes.
    fn valid(bytes: &[u8]) -> bool {
        let _ = bytes;
        Self::ANY_BITS
    }
}

/// A type whose stored values are its values in memory, so that records are read as `&[T]`.
///
/// `#[derive(Hydra)]` with `#[hydra(plain)]` implements it for a `repr(C)` or transparent struct of plain
/// fields without padding, and for an enum without fields that has an integer `repr`.
///
/// # Safety
///
/// The alignment in memory is at most the stored one. (Bytes are used as values only if `FLAT` is true as
/// well.)
pub unsafe trait Plain: Describe + Copy {}

/// Returns the type as data, like Go's `reflect.TypeOf`.
pub fn type_of<T: Describe>() -> &'static Descriptor {
    T::TYPE
}

impl Schema {
    /// Returns the schema of a type of the program, in canonical form.
    ///
    /// # Panics
    /// Panics if [`Schema::try_from_descriptor`] returns an error, which happens only for a type that exceeds
    /// the limits of the format.
    pub fn of<T: Describe>() -> Schema {
        Schema::from_descriptor(T::TYPE)
    }
}
