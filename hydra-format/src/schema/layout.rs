//! Where fields are placed (FORMAT.md, sections 5.1 to 5.3): the one place that computes it, usable in
//! constants. Of types it knows only sizes and alignments.

use super::Descriptor;

/// The next multiple of `align`, a power of two; saturates instead of overflowing.
pub(crate) const fn round_up(offset: u64, align: u64) -> u64 {
    let mask = align.saturating_sub(1);
    match offset.checked_add(mask) {
        Some(sum) => sum & !mask,
        None => !mask,
    }
}

/// Offsets of `N` fields, with size and alignment of the whole, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout<const N: usize> {
    /// Offset of each field.
    pub offsets: [u32; N],
    /// Size of the whole, at least 1.
    pub size: usize,
    /// Alignment of the whole.
    pub align: usize,
}

/// Fields one after the other, in bytes: where the last one ends, and the largest alignment so far.
pub(super) struct LayoutCursor {
    pub(super) end: u64,
    pub(super) align: u64,
}

impl LayoutCursor {
    /// No field yet; the first one starts at `start` or after.
    pub(super) const fn from(start: u64) -> LayoutCursor {
        LayoutCursor { end: start, align: 1 }
    }

    /// The offset of the next field.
    pub(super) const fn add(&mut self, size: u64, align: u64) -> u64 {
        let offset = round_up(self.end, align);
        self.end = offset.saturating_add(size);
        if align > self.align {
            self.align = align;
        }
        offset
    }

    /// The offset of the next field of a type of the program, given its (size, alignment).
    const fn add_field(&mut self, (size, align): (usize, usize)) -> u32 {
        let offset = self.add(size as u64, align as u64);
        assert!(offset < 1 << 31, "a Hydra type is larger than the format allows (16 MiB)");
        offset as u32
    }
}

/// The size of what ends at `end`: a multiple of its alignment, and never 0.
pub(super) const fn whole(end: u64, align: u64) -> u64 {
    let size = round_up(end, align);
    if size == 0 { align } else { size }
}

/// The layout of a struct or tuple whose fields have these (size, alignment); `min_align` is what the
/// type itself asks for, 1 for nothing.
pub(crate) const fn struct_layout<const N: usize>(
    fields: [(usize, usize); N],
    min_align: usize,
) -> Layout<N> {
    let (mut offsets, mut place, mut i) = ([0; N], LayoutCursor { end: 0, align: min_align as u64 }, 0);
    while i < N {
        offsets[i] = place.add_field(fields[i]);
        i += 1;
    }
    Layout { offsets, size: whole(place.end, place.align) as usize, align: place.align as usize }
}

/// Where key and value of a map entry are: it is laid out as a tuple of both.
pub(crate) fn entry_layout(key: &Descriptor, value: &Descriptor) -> Layout<2> {
    struct_layout([(key.size(), key.align()), (value.size(), value.align())], 1)
}

/// The layout of an enum: `fields` are those of all variants, one variant after the other, and `ends` says how many
/// there are up to and with each variant.
pub(crate) const fn variants_layout<const N: usize>(
    tag_size: usize,
    fields: [(usize, usize); N],
    ends: &[usize],
) -> Layout<N> {
    let (mut body_align, mut i) = (1, 0);
    while i < N {
        body_align = if fields[i].1 > body_align { fields[i].1 } else { body_align };
        i += 1;
    }
    let start = round_up(tag_size as u64, body_align as u64);
    let align = if tag_size > body_align { tag_size } else { body_align };
    let (mut offsets, mut end) = ([0; N], tag_size as u64);
    let (mut field, mut variant) = (0, 0);
    while variant < ends.len() {
        let mut place = LayoutCursor::from(start);
        while field < ends[variant] {
            offsets[field] = place.add_field(fields[field]);
            end = if place.end > end { place.end } else { end };
            field += 1;
        }
        variant += 1;
    }
    Layout { offsets, size: whole(end, align as u64) as usize, align }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_placed_as_in_c() {
        let layout = struct_layout([(1, 1), (8, 8), (2, 2)], 1);
        assert_eq!(layout, Layout { offsets: [0, 8, 16], size: 24, align: 8 });
        assert_eq!(struct_layout([], 1), Layout { offsets: [], size: 1, align: 1 });
        assert_eq!(struct_layout([(4, 4)], 64).size, 64);
        assert_eq!(variants_layout(1, [(4, 4), (8, 8)], &[0, 2]).offsets, [8, 16]);
    }
}
