//! The facts about a type that unsafe code trusts.

use crate::schema::{Descriptor, Schema};

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
