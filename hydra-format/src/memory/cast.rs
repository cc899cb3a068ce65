//! Conversions between bytes and values, without copying where that is sound.

use super::{Describe, Plain};

/// Returns the stored bytes of values of a flat type; `None` for other types.
#[inline]
pub(crate) fn bytes_of<T: Describe>(values: &[T]) -> Option<&[u8]> {
    if !T::FLAT {
        return None;
    }
    // SAFETY: the pointer and the length cover exactly the memory of `values`, which is borrowed and
    // unchanged for the lifetime of the result. FLAT guarantees that T has no padding and no cells, so every
    // byte is initialised and does not change (contract of Describe). Test `flat_values_are_their_bytes`.
    Some(unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) })
}

/// Returns whether each of these stored values of a flat type is valid. It checks all of them, which is
/// faster than stopping early.
#[inline]
pub(crate) fn all_valid<T: Describe>(bytes: &[u8]) -> bool {
    T::ANY_BITS || bytes.chunks_exact(T::SIZE).fold(true, |all, value| all & T::valid(value))
}

/// Returns the number of stored values in the bytes. `None` unless the type is flat and the bytes are a whole
/// number of valid values.
#[inline]
pub(super) fn count_of<T: Describe>(bytes: &[u8]) -> Option<usize> {
    let count = bytes.len().checked_div(T::SIZE)?;
    (T::FLAT && bytes.len().is_multiple_of(T::SIZE) && all_valid::<T>(bytes)).then_some(count)
}

/// Returns stored values as a slice; `None` if the bytes are misaligned, or if [`count_of`] returns `None`.
#[inline]
pub(crate) fn slice_of<T: Plain>(bytes: &[u8]) -> Option<&[T]> {
    count_of::<T>(bytes)?;
    // SAFETY: the type is flat and the bytes are a whole number of valid values, by `count_of`. Test
    // `a_cast_refuses_what_is_not_a_value`.
    unsafe { slice_unchecked(bytes) }
}

/// Returns stored values as a slice, of bytes of which all but the alignment is checked; `None` if they are
/// misaligned.
///
/// # Safety
/// The type is flat, and the bytes are a whole number of its values, each valid.
#[inline]
pub(super) unsafe fn slice_unchecked<T: Plain>(bytes: &[u8]) -> Option<&[T]> {
    if !bytes.as_ptr().addr().is_multiple_of(align_of::<T>()) {
        return None;
    }
    let count = bytes.len().checked_div(T::SIZE)?;
    // SAFETY: the bytes are aligned for T (checked above) and a whole number of T's (FLAT guarantees that
    // size_of::<T>() == SIZE). They are initialised and unchanged for the lifetime of the result, because
    // they are behind a shared reference. The caller guarantees that every value is valid. Test
    // `a_cast_refuses_what_is_not_a_value`.
    Some(unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), count) })
}

/// Copies stored values with one memcpy; `None` if [`count_of`] returns `None`.
#[inline]
pub(crate) fn vec_of<T: Describe>(bytes: &[u8]) -> Option<Vec<T>> {
    let count = count_of::<T>(bytes)?;
    let mut values = Vec::<T>::with_capacity(count);
    // SAFETY: the vector has room for `count` values, each of SIZE bytes (FLAT), which is the number of bytes
    // (by `count_of`). Source and target are different allocations. Afterwards `count` values are
    // initialised, and valid by `count_of` (test `a_copy_refuses_what_is_not_a_value`).
    unsafe {
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), values.as_mut_ptr().cast::<u8>(), bytes.len());
        values.set_len(count);
    }
    Some(values)
}

/// Copies one stored value to the heap with one memcpy; `None` for types that need more, and for other
/// lengths.
#[inline]
pub(crate) fn box_of<T: Describe>(bytes: &[u8]) -> Option<Box<T>> {
    let values = vec_of::<T>(bytes).filter(|values| values.len() == 1)?.into_boxed_slice();
    // SAFETY: a slice of one T (checked above) has the size and alignment of a T, so its allocation is that
    // of a `Box<T>`. Test `a_copy_refuses_what_is_not_a_value`.
    Some(unsafe { Box::from_raw(Box::into_raw(values).cast::<T>()) })
}

/// Copies one stored value with one memcpy; `None` for types that need more, and for other lengths.
#[inline]
pub(crate) fn read<T: Describe>(bytes: &[u8]) -> Option<T> {
    if !T::FLAT || !T::ANY_BITS || bytes.len() != T::SIZE {
        return None;
    }
    // SAFETY: the bytes are SIZE bytes long (checked above), and FLAT guarantees that size_of::<T>() == SIZE;
    // the read is unaligned; every bit pattern is a valid value (ANY_BITS). Test
    // `a_copy_refuses_what_is_not_a_value`.
    Some(unsafe { bytes.as_ptr().cast::<T>().read_unaligned() })
}

/// Copies bytes to a target of the same length, up to 64 of them without a call; does nothing if the lengths
/// differ.
#[inline(always)]
pub(crate) fn copy(target: &mut [u8], bytes: &[u8]) {
    let count = bytes.len();
    if count < 8 {
        if count >= 4 {
            copy_by::<4>(target, bytes, 0);
        } else if count > 0 {
            copy_by::<1>(target, bytes, count >> 1);
        }
    } else if count <= 32 {
        copy_by::<8>(target, bytes, count >> 4 << 3);
    } else if count <= 64 {
        copy_by::<16>(target, bytes, count >> 5 << 4);
    } else if count == target.len() {
        target.copy_from_slice(bytes);
    }
}

/// Copies up to `4 * N` bytes, `N` at a time: from both ends, and `inner` bytes from both ends.
#[inline(always)]
fn copy_by<const N: usize>(target: &mut [u8], bytes: &[u8], inner: usize) {
    let Some(last) = bytes.len().checked_sub(N).filter(|_| target.len() == bytes.len()) else { return };
    let Some(before) = last.checked_sub(inner) else { return };
    let (from, to) = (bytes.as_ptr().cast::<[u8; N]>(), target.as_mut_ptr().cast::<[u8; N]>());
    for at in [0, inner, before, last] {
        // SAFETY: `at` is at most `last`, and `N` bytes follow `last` in both slices (checked above), which
        // do not overlap; bytes have no alignment. Test `a_copy_of_any_length_is_whole`.
        unsafe { to.byte_add(at).write_unaligned(from.byte_add(at).read_unaligned()) };
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_copy_of_any_length_is_whole() {
        let bytes: Vec<u8> = (1..=200).collect();
        for count in 0..=200 {
            let mut target = [0; 200];
            copy(&mut target[..count], &bytes[..count]);
            assert_eq!((&target[..count], &target[count..]), (&bytes[..count], &vec![0; 200 - count][..]));
            let mut other = vec![0; count + 1];
            copy(&mut other, &bytes[..count]);
            assert_eq!(other, vec![0; count + 1], "another length");
        }
    }

    use super::*;
    use crate::Hydra;

    /// A type of which any bits are a value, but which has padding.
    #[derive(Hydra, Debug, PartialEq, Clone, Copy)]
    #[repr(C)]
    struct Padded {
        small: u8,
        large: u32,
    }

    #[test]
    fn flat_values_are_their_bytes() {
        assert_eq!(bytes_of(&[1u16, 0x0203]), Some(&[1, 0, 3, 2][..]));
        assert_eq!(bytes_of::<u64>(&[]), Some(&[][..]));
        assert_eq!(bytes_of(&[String::new()]), None);
        assert_eq!(bytes_of(&[Padded { small: 1, large: 2 }]), None);
        assert_eq!(bytes_of(&[(1u8, 2u8)]), None, "Rust orders the fields of a tuple");
        assert_eq!(bytes_of::<[u8; 0]>(&[[]]), None, "stored as one byte");
    }

    #[test]
    fn a_cast_refuses_what_is_not_a_value() {
        let words = [1u64, 2, 3];
        let bytes = bytes_of(&words).unwrap();
        assert_eq!(slice_of::<u64>(bytes), Some(&words[..]));
        assert_eq!(slice_of::<u64>(&bytes[1..9]), None, "misaligned");
        assert_eq!(slice_of::<u64>(&bytes[..12]), None, "not a whole number of values");
        assert_eq!(vec_of::<u64>(&bytes[..16]), Some(vec![1, 2]));
        assert_eq!(vec_of::<u64>(&bytes[..12]), None);
        assert_eq!(
            (vec_of::<bool>(&[2]), vec_of(&[1, 0])),
            (None, Some(vec![true, false])),
            "bools are not any bits"
        );
        assert_eq!(slice_of::<bool>(&[1, 0, 1]), Some(&[true, false, true][..]));
        assert_eq!(slice_of::<bool>(&[1, 2]), None);
        assert_eq!(slice_of::<char>(bytes_of(&[0xd800u32]).unwrap()), None);
        assert_eq!(slice_of::<[bool; 2]>(&[1, 0, 3, 0]), None);
        assert_eq!(slice_of::<[u8; 0]>(&[]), None, "stored as one byte, so not flat");
    }

    #[test]
    fn a_copy_refuses_what_is_not_a_value() {
        const { assert!(Padded::ANY_BITS && !Padded::FLAT && bool::FLAT && !bool::ANY_BITS) };
        let words = [1u64, 2, 3];
        let bytes = bytes_of(&words).unwrap();
        assert_eq!(vec_of::<u64>(&bytes[..16]), Some(vec![1, 2]));
        assert_eq!(vec_of::<u64>(&bytes[1..9]), Some(vec![2 << 56]), "it need not be aligned");
        assert_eq!(vec_of::<u64>(&bytes[..12]), None);
        assert_eq!(vec_of::<bool>(&[2]), None, "bools are not any bits");
        assert_eq!(vec_of::<Padded>(&bytes[..16]), None, "padding");
        assert_eq!(read::<u64>(&bytes[8..16]), Some(2));
        assert_eq!(read::<[u64; 2]>(&bytes[8..]), Some([2, 3]));
        assert_eq!(read::<u64>(&bytes[8..15]), None);
        assert_eq!(read::<u64>(&bytes[8..17]), None);
        assert_eq!(read::<bool>(&[2]), None);
        assert_eq!(read::<Padded>(&bytes[..8]), None);
    }
}
