//! The payload of a block, kept alive by a map or a buffer, with its text known to be UTF-8.

use super::{AlignedBuf, Map, Text};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Bytes at the start of a file that writers write again and again: none of them is lent from a map.
pub(crate) const HEADER_REGION: usize = 8192;

/// The committed blocks of a mapped file. It remembers which ranges are UTF-8, so that text is looked at once.
#[derive(Debug)]
pub(crate) struct TextMap {
    /// Where the map starts in memory.
    start: *const u8,
    /// Where they end, at most where the map does. What is behind them, and the header region before, writers change.
    end: usize,
    map: Arc<Map>,
    known: Arc<Known>,
}

// SAFETY: `start` is that of the map, which is both, and which is only read through it.
unsafe impl Send for TextMap {}
// SAFETY: as above.
unsafe impl Sync for TextMap {}

/// Remembers u64 keys without locks, up to a fixed number; beyond it, keys displace one another.
/// Forgetting costs time, never correctness. The key 0 is never known.
#[derive(Debug)]
pub(crate) struct Known {
    /// The slots, made a part at a time: who looks at one block of a large file needs but one.
    parts: Box<[OnceLock<Box<[AtomicU64]>>]>,
    /// Slots of a part.
    width: usize,
}

impl Known {
    /// Slots of the largest table: 1 MiB, enough for files of 16 GiB in blocks of the usual size.
    const MOST_SLOTS: u64 = 1 << 17;
    /// Slots of a part, at most.
    const PART: usize = 512;
    /// How far from its own slot a key may be.
    const PROBES: usize = 8;

    /// Room for `count` keys, within bounds.
    pub(crate) fn new(count: u64) -> Known {
        let slots = count.saturating_mul(2).clamp(64, Known::MOST_SLOTS).next_power_of_two() as usize;
        let parts = slots.div_ceil(Known::PART);
        Known { parts: (0..parts).map(|_| OnceLock::new()).collect(), width: slots.min(Known::PART) }
    }

    /// The part of a key.
    fn part(&self, key: u64) -> Option<&OnceLock<Box<[AtomicU64]>>> {
        self.parts.get((hash(key) >> 48) as usize & self.parts.len().saturating_sub(1))
    }

    /// The slots of its part in which a key may be, its own first.
    fn slots(part: &[AtomicU64], key: u64) -> impl Iterator<Item = &AtomicU64> {
        let (own, mask) = ((hash(key) >> 32) as usize, part.len().saturating_sub(1));
        (0..Known::PROBES).filter_map(move |probe| part.get(own.wrapping_add(probe) & mask))
    }

    /// True if the key was inserted and not displaced since.
    #[inline]
    pub(crate) fn contains(&self, key: u64) -> bool {
        let Some(part) = self.part(key).and_then(OnceLock::get) else { return false };
        let found =
            |slot: &AtomicU64| Some(slot.load(Ordering::Relaxed)).filter(|&held| held == key || held == 0);
        Known::slots(part, key).find_map(found).is_some_and(|held| held == key && key != 0)
    }

    /// Remembers the key, in the first free slot, or in its own.
    pub(crate) fn insert(&self, key: u64) {
        let Some(part) = self.part(key) else { return };
        let part = part.get_or_init(|| bytemuck::allocation::zeroed_slice_box(self.width));
        let free = Known::slots(part, key).find(|slot| [0, key].contains(&slot.load(Ordering::Relaxed)));
        if let Some(slot) = free.or_else(|| Known::slots(part, key).next()) {
            slot.store(key, Ordering::Relaxed);
        }
    }
}

/// Fibonacci hashing: keys are multiples of large powers of two.
fn hash(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl TextMap {
    /// A map about which nothing is known, and of which nothing is committed; `blocks` is about how many ranges it will
    /// be asked for.
    pub(crate) fn new(map: Map, blocks: u64) -> TextMap {
        TextMap::of(Arc::new(map), 0, Arc::new(Known::new(blocks)))
    }

    fn of(map: Arc<Map>, end: usize, known: Arc<Known>) -> TextMap {
        TextMap { start: map.bytes.as_ptr(), end, map, known }
    }

    /// The same file, of which so many bytes are committed, as far as it has them. A map serves what was committed when it was made:
    /// behind that the file may have been cut and have grown since, so that more needs another map.
    /// What is known stays known, for bytes that were looked at do not change: that is the contract of [`Map::open`].
    pub(crate) fn covering(&self, committed: u64) -> crate::Result<Arc<TextMap>> {
        let committed = usize::try_from(committed).unwrap_or(usize::MAX);
        let map = if self.end >= committed { self.map.clone() } else { Arc::new(self.map.again()?) };
        let end = committed.min(map.bytes.len());
        Ok(Arc::new(TextMap::of(map, end, self.known.clone())))
    }

    /// These bytes of the file; none if they are not all in committed blocks.
    #[inline]
    pub(crate) fn get(&self, range: Range<usize>) -> Option<&[u8]> {
        self.get_at(range.start, range.end.checked_sub(range.start)?)
    }

    /// So many bytes from `start` of the file, with the same condition.
    #[inline(always)]
    pub(crate) fn get_at(&self, start: usize, count: usize) -> Option<&[u8]> {
        let last = self.end.checked_sub(count)?;
        if start < HEADER_REGION || start > last {
            return None;
        }
        // SAFETY: in bounds of a map (checked above; `end` is within it) that lives as long as the result. Committed bytes
        // are not changed by anybody: that is the contract of `Map::open`, which alone makes maps. What Hydra's writers do
        // change is outside of these bounds. Tests `a_map_gives_committed_bytes_only` and, that they change nothing
        // else, `random_edits_equal_those_of_plain_values`.
        Some(unsafe { std::slice::from_raw_parts(self.start.add(start), count) })
    }

    /// Has the memory at a byte of the file fetched, where the processor can be told to; any byte will do.
    #[inline(always)]
    pub(crate) fn prefetch(&self, at: usize) {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            let place = self.start.wrapping_add(at);
            // SAFETY: a hint, which accesses no memory and cannot fail, whatever the address. Test
            // `a_map_gives_committed_bytes_only`.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = at;
    }

    /// The low bits of a key, which are the length.
    const LENGTH_BITS: u32 = 29;
    const LENGTHS: u64 = (1 << TextMap::LENGTH_BITS) - 1;
    /// The high bit of a key, which says that the text is ASCII.
    const ASCII: u64 = 1 << 63;

    /// The one key of a range of text: its first line and its length. None where they do not fit (files
    /// beyond 1 TiB), which then are looked at each time.
    fn key(range: &Range<usize>, is_ascii: bool) -> Option<u64> {
        let line = range.start as u64 / 64;
        let length = range.len() as u64;
        let fits = range.start.is_multiple_of(64) && line < 1 << 34 && length <= TextMap::LENGTHS;
        let mark = if is_ascii { TextMap::ASCII } else { 0 };
        fits.then_some(mark | line << TextMap::LENGTH_BITS | length)
    }

    /// The key under which this range is known to be UTF-8; that of ASCII if it is known to be that.
    fn known_key(&self, range: &Range<usize>) -> Option<u64> {
        let keys = [TextMap::key(range, true)?, TextMap::key(range, false)?];
        keys.into_iter().find(|key| range.is_empty() || self.known.contains(*key))
    }
}

/// Texts of a mapped file that are known to be UTF-8, by numbers that the caller gives them.
#[derive(Debug)]
pub(crate) struct Texts {
    map: Arc<TextMap>,
    /// [`TextMap::key`] of a range that is UTF-8, or 0: `keep` alone writes them.
    keys: Box<[AtomicU64]>,
}

impl Texts {
    /// Room for so many, in pages that are touched when they are used.
    pub(crate) fn new(map: Arc<TextMap>, count: usize) -> Texts {
        Texts { map, keys: bytemuck::allocation::zeroed_slice_box(count) }
    }

    /// The map that they are in.
    #[inline(always)]
    pub(crate) fn map(&self) -> &TextMap {
        &self.map
    }

    /// Remembers a range, if the map knows it to be UTF-8.
    pub(crate) fn keep(&self, number: usize, range: &Range<usize>) {
        if let (Some(key), Some(kept)) = (self.map.known_key(range), self.keys.get(number)) {
            kept.store(key, Ordering::Relaxed);
        }
    }

    /// The text of a number; none if there is none.
    #[inline(always)]
    pub(crate) fn get(&self, number: usize) -> Option<Text<'_>> {
        let key = self.keys.get(number)?.load(Ordering::Relaxed);
        let line = (key & !TextMap::ASCII) >> TextMap::LENGTH_BITS;
        let text = self.map.get_at(line.wrapping_mul(64) as usize, (key & TextMap::LENGTHS) as usize)?;
        // SAFETY: a key stands for one range, and `keep` alone writes keys, of ranges that are empty, or that `check_text` found to
        // be UTF-8, and ASCII if the key says so, in a map of this file. That committed bytes do not change is the contract of
        // `Map::open`. Test `a_map_vouches_for_no_text_but_what_was_looked_at`.
        Some(unsafe { Text::known(text, key & TextMap::ASCII != 0) })
    }
}

/// What keeps the bytes of a payload alive.
#[derive(Clone, Debug)]
pub(crate) enum Backing {
    /// A mapped file.
    Map(Arc<TextMap>),
    /// A buffer.
    Buffer(Arc<AlignedBuf>),
}

impl Backing {
    /// These of its bytes, if they are there.
    #[inline]
    pub(crate) fn get(&self, range: Range<usize>) -> Option<&[u8]> {
        match self {
            Backing::Map(map) => map.get(range),
            Backing::Buffer(buffer) => buffer.get(range),
        }
    }
}

/// Where the regions of a payload are, in bytes from the start of its backing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ranges {
    /// Records.
    pub(crate) records: Range<usize>,
    /// Heap.
    pub(crate) heap: Range<usize>,
    /// Text.
    pub(crate) text: Range<usize>,
}

impl Ranges {
    /// The same in a backing in which so many bytes come before.
    pub(crate) fn behind(self, start: usize) -> Ranges {
        let behind = |range: Range<usize>| start.saturating_add(range.start)..start.saturating_add(range.end);
        Ranges { records: behind(self.records), heap: behind(self.heap), text: behind(self.text) }
    }
}

/// Why a payload cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PayloadFault {
    /// A region is not within the backing, or the payload does not start on a line of memory.
    Bounds,
    /// The text is not UTF-8 from this byte of it on.
    Utf8(usize),
}

/// A payload whose regions are in bounds, whose start is aligned, and whose text is UTF-8.
#[derive(Clone, Debug)]
pub(crate) struct Payload {
    backing: Backing,
    ranges: Ranges,
    /// The text is ASCII.
    is_ascii: bool,
}

impl Payload {
    /// Checks bounds and text. Records and heap may hold anything.
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

    /// The buffer, if nobody else has it.
    pub(crate) fn into_buffer(self) -> Option<AlignedBuf> {
        if let Backing::Buffer(buffer) = self.backing { Arc::into_inner(buffer) } else { None }
    }

    /// Where its regions are, if it is in a map.
    pub(crate) fn mapped(&self) -> Option<&Ranges> {
        matches!(self.backing, Backing::Map(_)).then_some(&self.ranges)
    }

    /// The records.
    #[inline]
    pub(crate) fn records(&self) -> &[u8] {
        self.backing.get(self.ranges.records.clone()).unwrap_or_default()
    }

    /// Records and heap, and what is between and behind them.
    pub(crate) fn front(&self) -> &[u8] {
        self.backing.get(self.ranges.records.start..self.ranges.text.start).unwrap_or_default()
    }

    /// The heap.
    #[inline]
    pub(crate) fn heap(&self) -> &[u8] {
        self.backing.get(self.ranges.heap.clone()).unwrap_or_default()
    }

    /// The text.
    #[inline]
    pub(crate) fn text(&self) -> Text<'_> {
        let text = self.backing.get(self.ranges.text.clone()).unwrap_or_default();
        // SAFETY: `new` is the only constructor, and it found this range of this backing to be UTF-8, and ASCII if it says so.
        // The bytes did not change since: a buffer behind an Arc that this payload shares cannot be
        // changed, and that a map's committed bytes do not change is the contract of `Map::open`. Tests
        // `a_payload_has_valid_text_and_is_in_bounds`, `a_map_vouches_for_no_text_but_what_was_looked_at`.
        unsafe { Text::known(text, self.is_ascii) }
    }
}

/// Looks at the text, unless the map knows it: whether it is ASCII.
fn check_text(backing: &Backing, range: &Range<usize>) -> Result<bool, PayloadFault> {
    let map = match backing {
        Backing::Map(map) => Some(map),
        Backing::Buffer(_) => None,
    };
    if let Some(key) = map.and_then(|map| map.known_key(range)) {
        return Ok(key & TextMap::ASCII != 0);
    }
    let text = backing.get(range.clone()).ok_or(PayloadFault::Bounds)?;
    let is_ascii = text.is_ascii();
    if !is_ascii && simdutf8::basic::from_utf8(text).is_err() {
        let valid = simdutf8::compat::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
        return Err(PayloadFault::Utf8(valid));
    }
    if let Some((map, key)) = map.zip(TextMap::key(range, is_ascii)) {
        map.known.insert(key);
    }
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
        // SAFETY: nobody else knows this file, and what is in it stays as it is.
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
            let texts = Texts::new(map.clone(), 1);
            texts.keep(0, &(AT + text.start..AT + text.end));
            texts.get(0).map(|text| text.all().len())
        };
        assert_eq!((known(&map, 64..100), known(&map, 64..64)), (None, Some(0)), "not looked at yet");
        looked_at(&map);
        looked_at(&map);
        assert_eq!([64..100, 128..164].map(|text| known(&map, text)), [Some(36); 2]);
        assert_eq!([64..101, 64..99, 100..136, 192..228, 0..36].map(|text| known(&map, text)), [None; 5]);
        // Of ASCII and of other text, read the first time and once they are known.
        let other = folder.path().join("mixed");
        std::fs::write(&other, [b"a".repeat(AT), "é".repeat(32).into(), b"a".repeat(192)].concat()).unwrap();
        let mixed = mapped(&other).covering(HEADER_REGION as u64 + 256).unwrap();
        for _ in 0..2 {
            for (start, in_a_char) in [(0, None), (64, Some("a"))] {
                let text = AT + start..AT + start + 64;
                let ranges = Ranges { records: AT..AT + 8, heap: AT + 64..AT + 64, text: text.clone() };
                let payload = Payload::new(Backing::Map(mixed.clone()), ranges).unwrap();
                let texts = Texts::new(mixed.clone(), 1);
                texts.keep(0, &text);
                assert_eq!(
                    [payload.text(), texts.get(0).unwrap()].map(|text| text.get(1, 2)),
                    [in_a_char; 2]
                );
            }
        }
        // The file grows, and another one takes its name.
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
    fn known_keys_are_exact() {
        let known = Known::new(1);
        for key in 1..1000 {
            known.insert(key << 29);
            assert!(known.contains(key << 29) && !known.contains((key << 29) | 1));
        }
        assert!(!known.contains(0));
        let of = |start: usize, length| TextMap::key(&(start..start + length), true);
        assert_ne!(of(64, 16), of(64, 17));
        assert_ne!(of(64, 16), of(128, 16));
        assert_ne!(of(64, 16), TextMap::key(&(64..80), false));
        assert_eq!(of(65, 15), None);
        let key = |line: usize, length| of(line * 64, length);
        let (most, longest) = ((1 << 34) - 1, (1 << 29) - 1);
        assert_eq!(key(most, longest), Some(u64::MAX));
        assert_eq!([key(most + 1, 1), key(0, longest + 1), key(1 << 39, 1)], [None; 3]);
    }
}
