//! The fast pass: yes or no, without allocation, in one linear pass. Where the program has the type, its own `check` does
//! it; else, and for types that leave it to this, the plan of the schema.
#![forbid(unsafe_code)]

use super::Regions;
use super::Validator;
use super::key::tag_bits;
use super::plan::{Check, List, Plan, Step};
use crate::Hydra;
use crate::codec::sink::MAX_DEPTH;
use crate::codec::{At, facts_of};
use crate::describe::{is_duration, is_timestamp, round_up};
use crate::raw::{Text, all_valid};

/// True if the payload keeps every rule that values depend on.
#[inline]
pub(super) fn accepts(validator: &Validator, regions: &Regions<'_>) -> bool {
    let root = &validator.plan.root;
    let size = root.size as usize;
    let Some(records) = size.checked_mul(regions.count).and_then(|bytes| regions.records.get(..bytes)) else {
        return false;
    };
    if regions.stride != size || root.is_trivial() {
        return regions.stride == size;
    }
    let mut cursor = Cursor::new(regions.heap, regions.text);
    match validator.check {
        Some(check) => records.chunks_exact(size).all(|record| check(record, &mut cursor, 0)),
        None => Pass::<false> { plan: &validator.plan, cursor: &mut cursor }.elements(records, root, 0),
    }
}

/// [`Checked`] for types that have no check of their own: by the plan of their schema.
pub(crate) fn planned<T: Hydra>(bytes: &[u8], cursor: &mut Cursor<'_>, depth: u32) -> bool {
    let plan = &facts_of::<T>().validator.plan;
    Pass::<false> { plan, cursor }.elements(bytes, &plan.root, depth)
}

/// True if a full check finds nothing: the payload is valid, there are no gaps, and all that has no meaning is zero. The plan
/// is one of full checks.
pub(super) fn is_canonical(plan: &Plan, regions: &Regions<'_>) -> bool {
    let (root, size) = (&plan.root, plan.root.size as usize);
    let bytes = size.checked_mul(regions.count).filter(|_| regions.stride == size);
    let Some((records, beyond)) = bytes.and_then(|bytes| regions.records.split_at_checked(bytes)) else {
        return false;
    };
    let mut cursor = Cursor::new(regions.heap, regions.text);
    let valid = root.is_trivial() || Pass::<true> { plan, cursor: &mut cursor }.elements(records, root, 0);
    valid && is_zero(beyond) && cursor.is_at_end()
}

/// How far a pass has come: what is referred to must follow in order.
#[derive(Debug)]
pub struct Cursor<'a> {
    heap: &'a [u8],
    text: Text<'a>,
    /// Where the array before ends.
    heap_at: usize,
    /// Where the string before ends.
    text_at: usize,
}

/// A pass by a plan; if it is `CANONICAL`, without gaps.
struct Pass<'p, 'a, const CANONICAL: bool> {
    plan: &'p Plan,
    cursor: &'p mut Cursor<'a>,
}

/// The reference at `offset`: first byte and count; something that no region holds if it is not there.
#[inline]
fn reference(bytes: &[u8], offset: u32) -> (usize, usize) {
    let word = bytes.get(offset as usize..).and_then(|rest| rest.first_chunk::<8>());
    let word = word.map_or(u64::MAX, |word| u64::from_le_bytes(*word));
    (word as u32 as usize, (word >> 32) as usize)
}

#[inline]
fn part(bytes: &[u8], offset: u32, size: usize) -> &[u8] {
    let end = (offset as usize).checked_add(size);
    end.and_then(|end| bytes.get(offset as usize..end)).unwrap_or_default()
}

/// The size of so many values.
#[inline]
fn bytes_of(count: u32, size: u32) -> usize {
    (count as usize).saturating_mul(size as usize)
}

impl<'a> Cursor<'a> {
    /// At the start of these regions.
    #[inline]
    pub(in crate::codec) fn new(heap: &'a [u8], text: Text<'a>) -> Cursor<'a> {
        Cursor { heap, text, heap_at: 0, text_at: 0 }
    }

    /// The string that the reference at the start of `slot` points to starts at or after the end of the one before it,
    /// and both ends are between characters.
    #[inline]
    pub(in crate::codec) fn string(&mut self, slot: &[u8]) -> bool {
        let (start, count) = reference(slot, 0);
        if count == 0 {
            return start == 0;
        }
        let end = start.saturating_add(count);
        let whole = (start == self.text_at || self.text.is_boundary(start)) && self.text.is_boundary(end);
        let ordered = start >= self.text_at;
        self.text_at = end;
        ordered & whole
    }

    /// The array at that reference starts at or after the end of the one before it, aligned. None if it breaks a rule.
    #[inline]
    pub(in crate::codec) fn array(&mut self, slot: &[u8], size: usize, mask: usize) -> Option<&'a [u8]> {
        let (start, count) = reference(slot, 0);
        let end = start.checked_add(count.checked_mul(size)?)?;
        let is_none = (start | count) == 0;
        let follows = (count != 0) & (start >= self.heap_at) & (start & mask == 0);
        if !(is_none | follows) {
            return None;
        }
        self.heap_at = if is_none { self.heap_at } else { end };
        self.heap.get(start..end)
    }

    /// [`Cursor::string`] without a gap: it begins where the one before ends.
    fn next_string(&mut self, slot: &[u8]) -> bool {
        let (start, count) = reference(slot, 0);
        (count == 0 || start == self.text_at) && self.string(slot)
    }

    /// [`Cursor::array`] without a gap: between arrays are zeros, as few as alignment asks for.
    fn next_array(&mut self, slot: &[u8], size: usize, mask: usize) -> Option<&'a [u8]> {
        let before = self.heap_at;
        let array = self.array(slot, size, mask)?;
        let gap = self.heap.get(before..self.heap_at.checked_sub(array.len())?).unwrap_or_default();
        (gap.len() <= mask && is_zero(gap)).then_some(array)
    }

    /// Nothing is left but zeros up to the next line.
    fn is_at_end(&self) -> bool {
        let rest = self.heap.get(self.heap_at..).unwrap_or_default();
        let whole = self.heap.len() as u64 <= round_up(self.heap_at as u64, 64);
        whole && is_zero(rest) && self.text_at == self.text.all().len()
    }

    /// The elements of type `T` at that reference, if they are valid.
    #[inline]
    pub(in crate::codec) fn list<T: Hydra>(&mut self, slot: &[u8], depth: u32) -> Option<&'a [u8]> {
        let elements = self.array(slot, T::SIZE, const { T::ALIGN - 1 })?;
        let valid = elements.is_empty()
            || T::BYTE
            || (depth < MAX_DEPTH && self.elements::<T>(elements, depth.saturating_add(1)));
        valid.then_some(elements)
    }

    /// Elements side by side.
    #[inline]
    pub(in crate::codec) fn elements<T: Hydra>(&mut self, bytes: &[u8], depth: u32) -> bool {
        if T::FLAT {
            return all_valid::<T>(bytes);
        }
        (T::ANY_BITS && !T::REFS) || bytes.chunks_exact(T::SIZE).all(|element| T::check(element, self, depth))
    }
}

impl<'a, const CANONICAL: bool> Pass<'_, 'a, CANONICAL> {
    /// Elements side by side.
    fn elements(&mut self, bytes: &[u8], list: &List, depth: u32) -> bool {
        let steps = &self.plan.steps;
        let steps = steps.get(list.steps.start as usize..list.steps.end as usize).unwrap_or_default();
        let size = list.size as usize;
        let valid = match *steps {
            [] => true,
            [Step { offset: 0, check: Check::Strings(count) }] if bytes_of(count, 8) == size => {
                bytes.chunks_exact(8).all(|slot| self.string(slot))
            }
            [Step { offset: 0, check: Check::Below { count, limit } }] if count as usize == size => {
                below(bytes, limit)
            }
            _ => bytes.chunks_exact(size).all(|element| self.run(element, steps, depth)),
        };
        valid && list.key.is_none_or(|key| self.ascend(bytes, size, key))
    }

    /// One value.
    fn run(&mut self, bytes: &[u8], mut steps: &[Step], depth: u32) -> bool {
        while let Some((&Step { offset, check }, rest)) = steps.split_first() {
            steps = rest;
            let valid = match check {
                Check::Strings(count) => self.strings(bytes, offset, count),
                Check::Bytes => self.array(part(bytes, offset, 8), 1, 0).is_some(),
                Check::List(list) => self.list(part(bytes, offset, 8), list, depth),
                Check::Below { count: 1, limit } => {
                    bytes.get(offset as usize).is_some_and(|&byte| byte < limit)
                }
                Check::Below { count, limit } => below(part(bytes, offset, count as usize), limit),
                Check::Chars(count) => chars(part(bytes, offset, bytes_of(count, 4))),
                Check::NonZero(size) => part(bytes, offset, size as usize).iter().any(|&byte| byte != 0),
                Check::Timestamp => is_timestamp(tag_bits(part(bytes, offset, 16), 16)),
                Check::Duration => is_duration(tag_bits(part(bytes, offset, 16), 16)),
                Check::Option { skip, rest } => match bytes.get(offset as usize) {
                    Some(0) => {
                        steps = steps.get(skip as usize..).unwrap_or_default();
                        !CANONICAL || is_zero(part(bytes, offset.saturating_add(1), rest as usize))
                    }
                    tag => tag == Some(&1),
                },
                Check::Enum(choice) => self.choice(bytes, offset, choice, depth),
                Check::Array(list) => self.inline_array(bytes, offset, list, depth),
                Check::Zero(count) => is_zero(part(bytes, offset, count as usize)),
            };
            if !valid {
                return false;
            }
        }
        true
    }

    #[inline]
    fn string(&mut self, slot: &[u8]) -> bool {
        if CANONICAL { self.cursor.next_string(slot) } else { self.cursor.string(slot) }
    }

    #[inline]
    fn array(&mut self, slot: &[u8], size: usize, mask: usize) -> Option<&'a [u8]> {
        if CANONICAL { self.cursor.next_array(slot, size, mask) } else { self.cursor.array(slot, size, mask) }
    }

    #[inline]
    fn strings(&mut self, bytes: &[u8], offset: u32, count: u32) -> bool {
        part(bytes, offset, bytes_of(count, 8)).chunks_exact(8).all(|slot| self.string(slot))
    }

    fn list(&mut self, slot: &[u8], list: u32, depth: u32) -> bool {
        let Some(list) = self.plan.lists.get(list as usize) else { return false };
        let elements = self.array(slot, list.size as usize, list.mask as usize);
        let Some(elements) = elements else { return false };
        let right_count = list.exactly.is_none_or(|exactly| bytes_of(exactly, list.size) == elements.len());
        right_count
            && (elements.is_empty()
                || (depth < MAX_DEPTH && self.elements(elements, list, depth.saturating_add(1))))
    }

    fn inline_array(&mut self, bytes: &[u8], offset: u32, list: u32, depth: u32) -> bool {
        let Some(list) = self.plan.lists.get(list as usize) else { return false };
        let bytes = part(bytes, offset, bytes_of(list.exactly.unwrap_or(0), list.size));
        !bytes.is_empty() && self.elements(bytes, list, depth)
    }

    fn choice(&mut self, bytes: &[u8], offset: u32, choice: u32, depth: u32) -> bool {
        let Some(choice) = self.plan.choices.get(choice as usize) else { return false };
        let Some(value) = bytes.get(offset as usize..) else { return false };
        let tag = tag_bits(value, choice.size);
        let variant = if choice.dense {
            usize::try_from(tag).ok().and_then(|tag| choice.variants.get(tag))
        } else {
            let found = choice.variants.binary_search_by_key(&tag, |variant| variant.0);
            found.ok().and_then(|position| choice.variants.get(position))
        };
        let Some((_, range)) = variant else { return false };
        let steps = self.plan.steps.get(range.start as usize..range.end as usize).unwrap_or_default();
        steps.is_empty() || self.run(value, steps, depth)
    }

    /// Keys are strictly ascending.
    fn ascend(&self, bytes: &[u8], size: usize, key: u32) -> bool {
        let at = |bytes| At::new(bytes, self.cursor.heap, self.cursor.text);
        let next = bytes.chunks_exact(size).skip(1);
        bytes
            .chunks_exact(size)
            .zip(next)
            .all(|(left, right)| self.plan.keys.compare(key, at(left), at(right)).is_lt())
    }
}

/// All bytes are zero.
#[inline]
fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

/// All bytes are below the limit, and there is one.
#[inline]
fn below(bytes: &[u8], limit: u8) -> bool {
    !bytes.is_empty() && !bytes.iter().fold(false, |bad, &byte| bad | (byte >= limit))
}

fn chars(bytes: &[u8]) -> bool {
    let (chars, rest) = bytes.as_chunks::<4>();
    rest.is_empty()
        && !chars.is_empty()
        && chars.iter().all(|char| char::from_u32(u32::from_le_bytes(*char)).is_some())
}
