//! The fast pass: yes or no, without allocation, in one linear pass.
#![forbid(unsafe_code)]

use super::Regions;
use super::key::tag_bits;
use super::plan::{Check, List, Plan, Step};
use crate::codec::At;
use crate::codec::sink::MAX_DEPTH;
use crate::describe::{is_duration, is_timestamp};

/// True if the payload keeps every rule that values depend on.
#[inline]
pub(super) fn accepts(plan: &Plan, regions: &Regions<'_>) -> bool {
    let size = plan.root.size as usize;
    let Some(records) = size.checked_mul(regions.count).and_then(|bytes| regions.records.get(..bytes)) else {
        return false;
    };
    let mut pass = Pass { plan, heap: regions.heap, text: regions.text, heap_at: 0, text_at: 0 };
    regions.stride == size && (plan.root.is_trivial() || pass.elements(records, &plan.root, 0))
}

struct Pass<'a> {
    plan: &'a Plan,
    heap: &'a [u8],
    text: &'a str,
    /// Where the array before ends.
    heap_at: usize,
    /// Where the string before ends.
    text_at: usize,
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
    bytes.get(offset as usize..).and_then(|rest| rest.get(..size)).unwrap_or_default()
}

/// The size of so many values.
#[inline]
fn bytes_of(count: u32, size: u32) -> usize {
    (count as usize).saturating_mul(size as usize)
}

impl<'a> Pass<'a> {
    /// Elements side by side.
    fn elements(&mut self, bytes: &'a [u8], list: &List, depth: u32) -> bool {
        let steps = &self.plan.steps;
        let steps = steps.get(list.steps.start as usize..list.steps.end as usize).unwrap_or_default();
        let size = list.size as usize;
        let valid = match *steps {
            [] => true,
            [Step { offset: 0, check: Check::Strings(count) }] if bytes_of(count, 8) == size => {
                bytes.chunks_exact(8).all(|slot| self.string(reference(slot, 0)))
            }
            [Step { offset: 0, check: Check::Below { count, limit } }] if count as usize == size => {
                below(bytes, limit)
            }
            _ => bytes.chunks_exact(size).all(|element| self.run(element, steps, depth)),
        };
        valid && list.key.is_none_or(|key| self.ascend(bytes, size, key))
    }

    /// One value.
    fn run(&mut self, bytes: &'a [u8], mut steps: &[Step], depth: u32) -> bool {
        while let Some((&Step { offset, check }, rest)) = steps.split_first() {
            steps = rest;
            let valid = match check {
                Check::Strings(1) => self.string(reference(bytes, offset)),
                Check::Strings(count) => self.strings(bytes, offset, count),
                Check::Bytes => self.array(reference(bytes, offset), 1, 0).is_some(),
                Check::List(list) => self.list(reference(bytes, offset), list, depth),
                Check::Below { count: 1, limit } => {
                    bytes.get(offset as usize).is_some_and(|&byte| byte < limit)
                }
                Check::Below { count, limit } => below(part(bytes, offset, count as usize), limit),
                Check::Chars(count) => chars(part(bytes, offset, bytes_of(count, 4))),
                Check::NonZero(size) => part(bytes, offset, size as usize).iter().any(|&byte| byte != 0),
                Check::Timestamp => is_timestamp(tag_bits(part(bytes, offset, 16), 16)),
                Check::Duration => is_duration(tag_bits(part(bytes, offset, 16), 16)),
                Check::Option(skip) => match bytes.get(offset as usize) {
                    Some(0) => {
                        steps = steps.get(skip as usize..).unwrap_or_default();
                        true
                    }
                    tag => tag == Some(&1),
                },
                Check::Enum(choice) => self.choice(bytes, offset, choice, depth),
                Check::Array(list) => self.inline_array(bytes, offset, list, depth),
            };
            if !valid {
                return false;
            }
        }
        true
    }

    #[inline]
    fn strings(&mut self, bytes: &[u8], offset: u32, count: u32) -> bool {
        part(bytes, offset, bytes_of(count, 8)).chunks_exact(8).all(|slot| self.string(reference(slot, 0)))
    }

    /// A string starts at or after the end of the one before it, and both ends are between characters.
    #[inline]
    fn string(&mut self, (start, count): (usize, usize)) -> bool {
        if count == 0 {
            return start == 0;
        }
        let end = start.saturating_add(count);
        let valid = start >= self.text_at
            && (start == self.text_at || self.text.is_char_boundary(start))
            && self.text.is_char_boundary(end);
        self.text_at = end;
        valid
    }

    /// An array starts at or after the end of the one before it, aligned. None if it breaks a rule.
    #[inline]
    fn array(&mut self, (start, count): (usize, usize), size: u32, mask: u32) -> Option<&'a [u8]> {
        if count == 0 {
            return (start == 0).then_some(&[]);
        }
        let end = start.checked_add(count.checked_mul(size as usize)?)?;
        if start < self.heap_at || start & mask as usize != 0 {
            return None;
        }
        self.heap_at = end;
        self.heap.get(start..end)
    }

    fn list(&mut self, (start, count): (usize, usize), list: u32, depth: u32) -> bool {
        let Some(list) = self.plan.lists.get(list as usize) else { return false };
        let Some(elements) = self.array((start, count), list.size, list.mask) else { return false };
        let right_count = list.exactly.is_none_or(|exactly| exactly as usize == count);
        right_count
            && (count == 0 || (depth < MAX_DEPTH && self.elements(elements, list, depth.saturating_add(1))))
    }

    fn inline_array(&mut self, bytes: &'a [u8], offset: u32, list: u32, depth: u32) -> bool {
        let Some(list) = self.plan.lists.get(list as usize) else { return false };
        let bytes = part(bytes, offset, bytes_of(list.exactly.unwrap_or(0), list.size));
        !bytes.is_empty() && self.elements(bytes, list, depth)
    }

    fn choice(&mut self, bytes: &'a [u8], offset: u32, choice: u32, depth: u32) -> bool {
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
        let at = |bytes| At::new(bytes, self.heap, self.text);
        let next = bytes.chunks_exact(size).skip(1);
        bytes
            .chunks_exact(size)
            .zip(next)
            .all(|(left, right)| self.plan.keys.compare(key, at(left), at(right)).is_lt())
    }
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
