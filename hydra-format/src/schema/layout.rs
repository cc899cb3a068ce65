//! The placement of fields (FORMAT.md, sections 5.1 to 5.3), usable in constants. It depends only on sizes
//! and alignments.

use super::Descriptor;

/// Rounds up to a multiple of `align`, a power of two; saturates instead of overflowing.
pub(crate) const fn round_up(offset: u64, align: u64) -> u64 {
    let mask = align.saturating_sub(1);
    if let Some(sum) = offset.checked_add(mask) { sum & !mask } else { !mask }
}

/// The offsets of `N` fields, and the size and alignment of the whole, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldPlaces<const N: usize> {
    /// The offset of each field.
    pub offsets: [u32; N],
    /// The size of the whole, at least 1.
    pub size: usize,
    /// The alignment of the whole.
    pub align: usize,
}

impl<const N: usize> FieldPlaces<N> {
    /// Computes the layout of a type of the program with [`place`].
    pub(crate) const fn of(
        tag: usize,
        min_align: usize,
        fields: [(usize, usize); N],
        ends: &[usize],
    ) -> FieldPlaces<N> {
        let mut offsets = [0; N];
        let (size, align) = place(tag, min_align, &fields, ends, &mut offsets);
        assert!(size < 1 << 31, "a Hydra type is larger than the format allows (16 MiB)");
        FieldPlaces { offsets, size, align }
    }
}

/// Computes the offsets of the fields of each variant behind a tag of `tag` bytes, and the size and alignment
/// of the whole. `fields` are (size, alignment) of all variants in order, `ends` is the number of fields up
/// to and including each variant; a struct is one variant without a tag. Sizes are those of the program, or
/// at most 16 MiB. An offset beyond 32 bits is truncated; the caller sees from the size of the whole that it
/// is too large.
pub(super) const fn place(
    tag: usize,
    min_align: usize,
    fields: &[(usize, usize)],
    ends: &[usize],
    offsets: &mut [u32],
) -> (usize, usize) {
    let mut body_align = 1;
    let mut field = 0;
    while field < fields.len() {
        body_align = if fields[field].1 > body_align { fields[field].1 } else { body_align };
        field += 1;
    }
    let start = tag.next_multiple_of(body_align);
    let align = if min_align > body_align { min_align } else { body_align };
    let mut end = tag;
    field = 0;
    let mut variant = 0;
    while variant < ends.len() {
        let mut next = start;
        while field < ends[variant] {
            let (size, align) = fields[field];
            let offset = next.next_multiple_of(align);
            offsets[field] = offset as u32;
            next = offset + size;
            end = if next > end { next } else { end };
            field += 1;
        }
        variant += 1;
    }
    let size = end.next_multiple_of(align);
    (if size == 0 { align } else { size }, align)
}

/// Computes the layout of a struct or tuple whose fields have these (size, alignment). `min_align` is the
/// alignment that the type asks for, or 1.
pub(crate) const fn struct_layout<const N: usize>(
    fields: [(usize, usize); N],
    min_align: usize,
) -> FieldPlaces<N> {
    FieldPlaces::of(0, min_align, fields, &[N])
}

/// Computes where the key and value of a map entry are: an entry is laid out as a tuple.
pub(crate) fn entry_layout(key: &Descriptor, value: &Descriptor) -> FieldPlaces<2> {
    struct_layout([(key.size(), key.align()), (value.size(), value.align())], 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_placed_as_in_c() {
        let layout = struct_layout([(1, 1), (8, 8), (2, 2)], 1);
        assert_eq!(layout, FieldPlaces { offsets: [0, 8, 16], size: 24, align: 8 });
        assert_eq!(struct_layout([], 1), FieldPlaces { offsets: [], size: 1, align: 1 });
        assert_eq!(struct_layout([(4, 4)], 64).size, 64);
        assert_eq!(FieldPlaces::of(1, 1, [(4, 4), (8, 8)], &[0, 2]).offsets, [8, 16]);
    }
}
