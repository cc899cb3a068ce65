//! The payload of a block: bytes of a map or buffer that it keeps alive, with text that is checked to be
//! UTF-8.

use super::cast::{count_of, slice_of, slice_unchecked};
use super::known::KnownRanges;
use super::{AlignedBuf, Describe, Map, Plain, Text};
use bytemuck::Zeroable;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The bytes at the start of a file that writers overwrite. They are never borrowed from a map.
pub(crate) const HEADER_REGION: usize = 8192;

/// The committed blocks of a mapped file. It caches which ranges are UTF-8 and which are valid values of a
/// type, so that each is checked once.
#[derive(Debug)]
pub(crate) struct TextMap {
    /// The start of the map in memory.
    start: *const u8,
    /// The end of the committed blocks, at most the end of the map. Writers change the bytes after it, and
    /// the header region.
    end: usize,
    map: Arc<Map>,
    known: Arc<KnownRanges>,
}

/// The cache type for text that is ASCII; the one for all text is `str`.
struct Ascii;

// SAFETY: `start` is the start of the map, which is Send and Sync, and is only used to read the map.
unsafe impl Send for TextMap {}
// SAFETY: as above.
unsafe impl Sync for TextMap {}

impl TextMap {
    /// Creates a map without committed blocks and with an empty cache; `blocks` is the expected number of
    /// ranges.
    pub(crate) fn new(map: Map, blocks: u64) -> TextMap {
        let known = KnownRanges { count: blocks, types: Default::default() };
        TextMap::of(Arc::new(map), 0, Arc::new(known))
    }

    fn of(map: Arc<Map>, end: usize, known: Arc<KnownRanges>) -> TextMap {
        TextMap { start: map.bytes.as_ptr(), end, map, known }
    }

    /// Returns the same file with `committed` bytes committed, as far as they exist. A map serves only what
    /// was committed when it was made: after that the file may have been cut and have grown again, so more
    /// bytes need a new map. The cache is kept, because the contract of [`Map::open`] guarantees that checked
    /// bytes do not change.
    pub(crate) fn covering(&self, committed: u64) -> crate::Result<Arc<TextMap>> {
        let committed = usize::try_from(committed).unwrap_or(usize::MAX);
        let map = if self.end >= committed { self.map.clone() } else { Arc::new(self.map.again()?) };
        let end = committed.min(map.bytes.len());
        Ok(Arc::new(TextMap::of(map, end, self.known.clone())))
    }

    /// Returns these bytes of the file; `None` unless they are all in committed blocks.
    #[inline]
    pub(crate) fn get(&self, range: Range<usize>) -> Option<&[u8]> {
        self.get_at(range.start, range.end.checked_sub(range.start)?)
    }

    /// Returns `count` bytes from `start` of the file, under the same condition.
    #[inline(always)]
    pub(crate) fn get_at(&self, start: usize, count: usize) -> Option<&[u8]> {
        let last = self.end.checked_sub(count)?;
        if start < HEADER_REGION || start > last {
            return None;
        }
        // SAFETY: the bytes are in bounds of a map (checked above; `end` is within it) that lives as long as
        // the result. Committed bytes do not change: that is the contract of `Map::open`, which is the only
        // constructor of maps. The bytes that Hydra's writers change are outside of these bounds. Tests
        // `a_map_gives_committed_bytes_only` and, that writers change nothing else,
        // `random_edits_equal_those_of_plain_values`.
        Some(unsafe { std::slice::from_raw_parts(self.start.add(start), count) })
    }

    /// Prefetches the memory at a byte of the file, on processors that support it; any offset is allowed.
    #[inline(always)]
    pub(crate) fn prefetch(&self, at: usize) {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            let place = self.start.wrapping_add(at);
            // SAFETY: this is a hint, which accesses no memory and cannot fail for any address. Test
            // `a_map_gives_committed_bytes_only`.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = at;
    }

    /// The number of low bits of a key that are the length.
    const LENGTH_BITS: u32 = 29;
    const LENGTHS: u64 = (1 << TextMap::LENGTH_BITS) - 1;
    /// The high bit of the key in a slot, which is set if the text is ASCII.
    const ASCII: u64 = 1 << 63;

    /// Returns the key of a range of text or records: its first line and its length. `None` if they do not
    /// fit (files beyond 1 TiB); such ranges are checked at every use.
    fn key(range: &Range<usize>) -> Option<u64> {
        let line = range.start as u64 / 64;
        let length = range.len() as u64;
        let fits = range.start.is_multiple_of(64) && line < 1 << 34 && length <= TextMap::LENGTHS;
        fits.then_some(line << TextMap::LENGTH_BITS | length)
    }

    /// Returns whether the bytes of a range are known to be valid values of a type.
    fn knows<T: ?Sized + 'static>(&self, range: &Range<usize>) -> bool {
        let known = self.known.of::<T>().zip(TextMap::key(range));
        known.is_some_and(|(known, key)| known.contains(key))
    }

    /// Records that the bytes of a range are valid values of a type.
    fn remember<T: ?Sized + 'static>(&self, range: &Range<usize>) {
        if let Some((known, key)) = self.known.of::<T>().zip(TextMap::key(range)) {
            known.insert(key);
        }
    }

    /// Returns whether a text is ASCII; `None` if it is not known to be UTF-8.
    fn known_text(&self, range: &Range<usize>) -> Option<bool> {
        let is_ascii = range.is_empty() || self.knows::<Ascii>(range);
        (is_ascii || self.knows::<str>(range)).then_some(is_ascii)
    }
}

/// Numbered slots for facts about blocks of a mapped file: the caller's data, and the range of the block's
/// text, which only this module converts to a string.
#[derive(Debug)]
pub(crate) struct BlockSlots<B> {
    map: Arc<TextMap>,
    /// [`TextMap::key`] of a range that is UTF-8, or 0. Only `keep_text` writes it.
    slots: Box<[(AtomicU64, B)]>,
}

/// One of the [`BlockSlots`].
pub(crate) struct BlockSlot<'a, B> {
    map: &'a TextMap,
    text: &'a AtomicU64,
    /// The data of the caller.
    pub(crate) block: &'a B,
}

impl<B: Zeroable> BlockSlots<B> {
    /// Creates `count` empty slots; their pages are allocated when they are first used.
    pub(crate) fn new(map: Arc<TextMap>, count: usize) -> BlockSlots<B> {
        BlockSlots { map, slots: bytemuck::allocation::zeroed_slice_box(count) }
    }

    /// Returns the slot with a number.
    #[inline(always)]
    pub(crate) fn get(&self, number: usize) -> Option<BlockSlot<'_, B>> {
        let (text, block) = self.slots.get(number)?;
        Some(BlockSlot { map: &self.map, text, block })
    }
}

impl<'a, B> BlockSlot<'a, B> {
    /// Returns the map that contains the block.
    #[inline(always)]
    pub(crate) fn map(&self) -> &'a TextMap {
        self.map
    }

    /// Stores the range of the text, if the map knows it to be UTF-8.
    pub(crate) fn keep_text(&self, range: &Range<usize>) {
        if let (Some(is_ascii), Some(key)) = (self.map.known_text(range), TextMap::key(range)) {
            self.text.store(if is_ascii { TextMap::ASCII | key } else { key }, Ordering::Relaxed);
        }
    }

    /// Returns the text; `None` if none is stored.
    #[inline(always)]
    pub(crate) fn text(&self) -> Option<Text<'a>> {
        let key = self.text.load(Ordering::Relaxed);
        let line = (key & !TextMap::ASCII) >> TextMap::LENGTH_BITS;
        let text = self.map.get_at(line.wrapping_mul(64) as usize, (key & TextMap::LENGTHS) as usize)?;
        // SAFETY: a key represents one range. Only `keep_text` writes keys, for ranges that are empty or that
        // `check_text` found to be UTF-8, and ASCII if the key says so, in a map of this file: only
        // `BlockSlots::get` makes slots, and gives each its own map. Committed bytes do not change: that is
        // the contract of `Map::open`. Test `a_map_vouches_for_no_text_but_what_was_looked_at`.
        Some(unsafe { Text::known(text, key & TextMap::ASCII != 0) })
    }
}

/// The owner of the bytes of a payload.
#[derive(Clone, Debug)]
pub(crate) enum Backing {
    /// A mapped file.
    Map(Arc<TextMap>),
    /// A buffer.
    Buffer(Arc<AlignedBuf>),
}

impl Backing {
    /// Returns these bytes, if they exist.
    #[inline]
    pub(crate) fn get(&self, range: Range<usize>) -> Option<&[u8]> {
        match self {
            Backing::Map(map) => map.get(range),
            Backing::Buffer(buffer) => buffer.get(range),
        }
    }

    /// Returns the map, if it is one.
    fn map(&self) -> Option<&TextMap> {
        if let Backing::Map(map) = self { Some(map) } else { None }
    }
}

/// The regions of a payload, in bytes from the start of its backing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ranges {
    /// The records.
    pub(crate) records: Range<usize>,
    /// The heap.
    pub(crate) heap: Range<usize>,
    /// The text.
    pub(crate) text: Range<usize>,
}

impl Ranges {
    /// Returns the same regions in a backing with `start` more bytes in front.
    pub(crate) fn behind(self, start: usize) -> Ranges {
        let behind = |range: Range<usize>| start.saturating_add(range.start)..start.saturating_add(range.end);
        Ranges { records: behind(self.records), heap: behind(self.heap), text: behind(self.text) }
    }
}

/// The reason why a payload cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PayloadFault {
    /// A region is out of bounds, or the payload does not start on a line of memory.
    Bounds,
    /// The text is not UTF-8 from this byte on.
    Utf8(usize),
}

/// A payload whose regions are in bounds, whose start is aligned, and whose text is UTF-8.
#[derive(Clone, Debug)]
pub(crate) struct Payload {
    backing: Backing,
    ranges: Ranges,
    /// Whether the text is ASCII.
    is_ascii: bool,
}

impl Payload {
    /// Checks bounds and text. Records and heap are not checked.
    pub(crate) fn new(backing: Backing, ranges: Ranges) -> Result<Payload, PayloadFault> {
        let bounds = |region: &Range<usize>| backing.get(region.clone()).ok_or(PayloadFault::Bounds);
        let records = bounds(&ranges.records)?;
        bounds(&ranges.heap).and(bounds(&ranges.text))?;
        if !records.as_ptr().addr().is_multiple_of(64) {
            return Err(PayloadFault::Bounds);
        }
        let is_ascii = check_text(&backing, &ranges.text)?;
        Ok(Payload { backing, ranges, is_ascii })
    }

    /// Returns the buffer, unless it is shared.
    pub(crate) fn into_buffer(self) -> Option<AlignedBuf> {
        if let Backing::Buffer(buffer) = self.backing { Arc::into_inner(buffer) } else { None }
    }

    /// Returns the regions, if the payload is in a map.
    pub(crate) fn mapped(&self) -> Option<&Ranges> {
        self.backing.map().map(|_| &self.ranges)
    }

    /// Returns the records.
    #[inline]
    pub(crate) fn records(&self) -> &[u8] {
        self.backing.get(self.ranges.records.clone()).unwrap_or_default()
    }

    /// Returns whether the records are valid values of a flat type. Each is checked; in a map, only the first
    /// time.
    pub(crate) fn has_values<T: Describe>(&self) -> bool {
        let map = self.backing.map().filter(|_| !T::ANY_BITS);
        if map.is_some_and(|map| map.knows::<T>(&self.ranges.records)) {
            return true;
        }
        let valid = count_of::<T>(self.records()).is_some();
        map.filter(|_| valid).inspect(|map| map.remember::<T>(&self.ranges.records));
        valid
    }

    /// Returns `count` records from `from` on; `None` if they do not exist or are not valid values of the
    /// type. In a buffer, only these records are checked, at each call: others may be invalid, because they
    /// have no counterpart in the type.
    pub(crate) fn values<T: Plain>(&self, from: usize, count: usize) -> Option<&[T]> {
        let bytes = from.checked_mul(T::SIZE).zip(count.checked_mul(T::SIZE));
        let bytes = bytes.and_then(|(from, count)| self.records().get(from..)?.get(..count))?;
        if self.mapped().is_none() || !self.has_values::<T>() {
            return slice_of(bytes);
        }
        // SAFETY: the bytes are `count` consecutive values that `has_values` found to be valid values of a
        // flat type, now or earlier, in a map of the same file, by their range. Committed bytes of a map do
        // not change by the contract of `Map::open`. Test
        // `records_are_values_of_the_type_that_looked_at_them`.
        unsafe { slice_unchecked(bytes) }
    }

    /// Returns records and heap, with the bytes between and after them.
    pub(crate) fn front(&self) -> &[u8] {
        self.backing.get(self.ranges.records.start..self.ranges.text.start).unwrap_or_default()
    }

    /// Returns the heap.
    #[inline]
    pub(crate) fn heap(&self) -> &[u8] {
        self.backing.get(self.ranges.heap.clone()).unwrap_or_default()
    }

    /// Returns the text.
    #[inline]
    pub(crate) fn text(&self) -> Text<'_> {
        let text = self.backing.get(self.ranges.text.clone()).unwrap_or_default();
        // SAFETY: `new` is the only constructor, and it found this range of this backing to be UTF-8, and
        // ASCII if `is_ascii` is set. The bytes have not changed since: a buffer behind an Arc that this
        // payload shares cannot be changed, and committed bytes of a map do not change by the contract of
        // `Map::open`. Tests `a_payload_has_valid_text_and_is_in_bounds`,
        // `a_map_vouches_for_no_text_but_what_was_looked_at`.
        unsafe { Text::known(text, self.is_ascii) }
    }
}

/// Checks the text, unless the map knows it, and returns whether it is ASCII.
fn check_text(backing: &Backing, range: &Range<usize>) -> Result<bool, PayloadFault> {
    if let Some(is_ascii) = backing.map().and_then(|map| map.known_text(range)) {
        return Ok(is_ascii);
    }
    let text = backing.get(range.clone()).ok_or(PayloadFault::Bounds)?;
    let is_ascii = text.is_ascii();
    if !is_ascii && simdutf8::basic::from_utf8(text).is_err() {
        let valid = simdutf8::compat::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
        return Err(PayloadFault::Utf8(valid));
    }
    let remember = if is_ascii { TextMap::remember::<Ascii> } else { TextMap::remember::<str> };
    backing.map().inspect(|map| remember(map, range));
    Ok(is_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(text: &[u8]) -> Backing {
        let mut bytes = AlignedBuf::zeroed(128);
        bytes[64..64 + text.len()].copy_from_slice(text);
        Backing::Buffer(Arc::new(bytes))
    }

    #[test]
    fn a_payload_has_valid_text_and_is_in_bounds() {
        let ranges = Ranges { records: 0..8, heap: 64..64, text: 64..70 };
        let payload = Payload::new(buffer("aé日".as_bytes()), ranges.clone()).unwrap();
        assert_eq!((payload.text().all(), payload.records().len(), payload.heap().len()), ("aé日", 8, 0));
        assert_eq!([1, 3].map(|end| payload.text().get(0, end)), [Some("a"), Some("aé")]);
        assert_eq!([2, 4, 7].map(|end| payload.text().get(0, end)), [None; 3], "not ASCII");
        assert_eq!(Payload::new(buffer(b"ab\xffd.."), ranges.clone()).unwrap_err(), PayloadFault::Utf8(2));
        let outside = Ranges { text: 64..129, ..ranges.clone() };
        assert_eq!(Payload::new(buffer(b""), outside).unwrap_err(), PayloadFault::Bounds);
        let off_the_line = Ranges { records: 8..16, ..ranges };
        assert_eq!(Payload::new(buffer(b""), off_the_line).unwrap_err(), PayloadFault::Bounds);
    }

    fn mapped(path: &std::path::Path) -> TextMap {
        // SAFETY: no other program uses this file, and its content does not change.
        TextMap::new(unsafe { Map::open(path) }.unwrap(), 1)
    }

    #[test]
    fn a_map_gives_committed_bytes_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, [7; 9000]).unwrap();
        let map = mapped(&path);
        assert_eq!(map.get(8192..8192), None, "nothing yet");
        let map = map.covering(8256).unwrap();
        assert_eq!((map.get(8192..8256), map.end), (Some(&[7; 64][..]), 8256));
        assert_eq!(map.get(8256..8256), Some(&[][..]));
        [0, 8192, 9000, usize::MAX].into_iter().for_each(|at| map.prefetch(at));
        let (before, behind, odd) = (8191..8200, 8192..8257, Range { start: 8200, end: 8199 });
        assert_eq!([before, behind, odd, 0..0, 8192..usize::MAX].map(|range| map.get(range)), [None; 5]);
        let map = map.covering(u64::MAX).unwrap();
        assert_eq!((map.get(8192..9000).map(<[u8]>::len), map.get(8192..9001)), (Some(808), None));
    }

    #[test]
    fn a_map_vouches_for_no_text_but_what_was_looked_at() {
        const AT: usize = HEADER_REGION;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut bytes = vec![b'a'; AT + 256];
        bytes[AT + 100] = 0xff;
        bytes[AT + 192 + 10] = 0xff;
        std::fs::write(&path, &bytes).unwrap();
        let map = mapped(&path).covering(HEADER_REGION as u64 + 256).unwrap();
        let text = |map: &Arc<TextMap>, text: Range<usize>| {
            let ranges =
                Ranges { records: AT..AT + 8, heap: AT + 64..AT + 64, text: AT + text.start..AT + text.end };
            Payload::new(Backing::Map(map.clone()), ranges).map(|payload| payload.text().all().len())
        };
        let looked_at = |map: &Arc<TextMap>| {
            assert_eq!(text(map, 64..100), Ok(36));
            assert_eq!(text(map, 64..101), Err(PayloadFault::Utf8(36)), "the same start");
            assert_eq!(text(map, 100..136), Err(PayloadFault::Utf8(0)), "the same length");
            assert_eq!(text(map, 128..164), Ok(36));
            assert_eq!(text(map, 192..228), Err(PayloadFault::Utf8(10)), "another line");
        };
        let known = |map: &Arc<TextMap>, text: Range<usize>| {
            let slots = BlockSlots::<u64>::new(map.clone(), 1);
            let slot = slots.get(0).unwrap();
            slot.keep_text(&(AT + text.start..AT + text.end));
            slot.text().map(|text| text.all().len())
        };
        assert_eq!((known(&map, 64..100), known(&map, 64..64)), (None, Some(0)), "not looked at yet");
        looked_at(&map);
        looked_at(&map);
        assert_eq!([64..100, 128..164].map(|text| known(&map, text)), [Some(36); 2]);
        assert_eq!([64..101, 64..99, 100..136, 192..228, 0..36].map(|text| known(&map, text)), [None; 5]);
        // ASCII and other text, read the first time and once they are cached.
        let other = folder.path().join("mixed");
        std::fs::write(&other, [b"a".repeat(AT), "é".repeat(32).into(), b"a".repeat(192)].concat()).unwrap();
        let mixed = mapped(&other).covering(HEADER_REGION as u64 + 256).unwrap();
        for _ in 0..2 {
            for (start, in_a_char) in [(0, None), (64, Some("a"))] {
                let text = AT + start..AT + start + 64;
                let ranges = Ranges { records: AT..AT + 8, heap: AT + 64..AT + 64, text: text.clone() };
                let payload = Payload::new(Backing::Map(mixed.clone()), ranges).unwrap();
                let slots = BlockSlots::<u64>::new(mixed.clone(), 1);
                let slot = slots.get(0).unwrap();
                slot.keep_text(&text);
                let texts = [payload.text(), slot.text().unwrap()];
                assert_eq!(texts.map(|text| text.get(1, 2)), [in_a_char; 2]);
            }
        }
        // The file grows, and another file takes its name.
        let mut file = std::fs::File::options().append(true).open(&path).unwrap();
        std::io::Write::write_all(&mut file, &[0xff; 64]).unwrap();
        std::fs::write(folder.path().join("other"), [b'b'; AT + 512]).unwrap();
        std::fs::rename(folder.path().join("other"), &path).unwrap();
        let grown = map.covering(HEADER_REGION as u64 + 512).unwrap();
        assert_eq!((map.end, grown.end), (AT + 256, AT + 320), "the file that was opened");
        assert!(Arc::ptr_eq(&map.covering(HEADER_REGION as u64 + 256).unwrap().map, &map.map), "long enough");
        looked_at(&grown);
        assert_eq!(text(&grown, 256..320), Err(PayloadFault::Utf8(0)));
        assert_eq!(text(&map, 256..320), Err(PayloadFault::Bounds));
    }
    #[test]
    fn keys_of_ranges_are_exact() {
        let of = |start: usize, length| TextMap::key(&(start..start + length));
        assert_ne!(of(64, 16), of(64, 17));
        assert_ne!(of(64, 16), of(128, 16));
        assert_eq!(of(65, 15), None);
        let key = |line: usize, length| of(line * 64, length);
        let (most, longest) = ((1 << 34) - 1, (1 << 29) - 1);
        assert_eq!(key(most, longest), Some(u64::MAX >> 1));
        assert_eq!([key(most + 1, 1), key(0, longest + 1), key(1 << 39, 1)], [None; 3]);
    }

    #[test]
    fn records_are_values_of_the_type_that_looked_at_them() {
        const AT: usize = HEADER_REGION;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut bytes = vec![0; AT + 192];
        bytes[AT..AT + 3].copy_from_slice(&[1, 0, 1]);
        bytes[AT + 64 + 2] = 7;
        std::fs::write(&path, &bytes).unwrap();
        let map = mapped(&path).covering(AT as u64 + 192).unwrap();
        let in_map = |records: Range<usize>| {
            let ranges = Ranges { records: AT + records.start..AT + records.end, heap: AT..AT, text: AT..AT };
            Payload::new(Backing::Map(map.clone()), ranges).unwrap()
        };
        let in_buffer = |records: Range<usize>| {
            let buffer = Backing::Buffer(Arc::new(AlignedBuf::copy_of(&bytes[AT..])));
            Payload::new(buffer, Ranges { records, heap: 0..0, text: 0..0 }).unwrap()
        };
        for _ in 0..2 {
            for payload in [in_map(0..64), in_buffer(0..64)] {
                for _ in 0..2 {
                    assert_eq!(payload.values::<bool>(0, 3), Some(&[true, false, true][..]));
                    assert_eq!(payload.values::<bool>(2, 62).map(<[bool]>::len), Some(62));
                    assert_eq!(payload.values::<u16>(1, 1), Some(&[1][..]));
                    assert!(!payload.has_values::<[u8; 3]>(), "not a whole number of them");
                    assert_eq!(payload.values::<[u8; 0]>(0, 1), None, "stored as one byte, so not flat");
                    assert!(!payload.has_values::<String>() && payload.clone().has_values::<bool>());
                    let outside = [(0, 65), (63, 2), (65, 0), (usize::MAX, 2), (2, usize::MAX)];
                    assert_eq!(outside.map(|(from, count)| payload.values::<bool>(from, count)), [None; 5]);
                }
            }
            // A fact about some bytes does not apply to more bytes, to other bytes, or to another type.
            for payload in [in_map(0..128), in_map(64..128), in_map(64..67), in_buffer(0..67)] {
                let last = payload.records().len() - 1;
                let seven = payload.records().iter().position(|&byte| byte == 7).unwrap();
                assert_eq!(payload.values::<bool>(0, seven + 1), None);
                assert_eq!(payload.values::<bool>(seven, last - seven + 1), None);
                assert!(payload.has_values::<u8>() && !payload.has_values::<bool>());
                // What comes before it is valid.
                assert_eq!(payload.values::<bool>(0, seven).map(<[bool]>::len), Some(seven));
            }
            assert_eq!(in_map(64..66).values::<bool>(0, 2), Some(&[false; 2][..]));
        }
    }
}
