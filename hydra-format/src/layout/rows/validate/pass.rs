//! The rules, in one linear pass over a payload by the plan of its schema. The pass returns yes or no without
//! allocating, or it continues and `explain` reports what is wrong. For a type of the program, its own
//! `check` gives the answer.

use super::explain::Explain;
use super::key::compare;
use super::plan::{CheckPlan, ElementCheck, PlanStep, ValueCheck};
use super::{Regions, Validator};
use crate::Hydra;
use crate::layout::rows::sink::MAX_DEPTH;
use crate::layout::rows::{At, facts_of};
use crate::memory::all_valid;
use crate::schema::{TypeRef, is_duration, is_timestamp};
use crate::store::bytes::{is_zero, line_up};

/// A broken rule.
#[derive(Clone, Copy, Debug)]
pub(super) enum Problem {
    /// The bits are not a value of the type.
    Value,
    /// The reference is invalid here: it must be to a string or an array whose elements have this size and
    /// alignment (less one), and its region is used up to `from`.
    Reference { from: usize, size: usize, mask: usize },
    /// The reference is not to exactly one element.
    Count,
    /// The reference exceeds the limit of nesting.
    TooDeep,
    /// The element with this index is not greater than the previous one.
    Order(usize),
    /// There is a gap of this many bytes before what the reference refers to.
    Gap(usize),
    /// The heap has a byte that is not zero, from this position up to what the reference refers to.
    HeapNotZero(usize),
    /// Bytes without a meaning are not zero.
    NotZero,
}

/// Returns the records, the bytes between them and the heap, and a cursor at the start; `None` if bytes are
/// missing or the stride is wrong.
#[inline]
pub(super) fn split<'a>(plan: &CheckPlan, regions: &Regions<'a>) -> Option<(&'a [u8], &'a [u8], Cursor<'a>)> {
    let size = plan.root.size as usize;
    let bytes = size.checked_mul(regions.count).filter(|_| regions.stride == size)?;
    let rows = regions.rows();
    let (records, beyond) = rows.bytes().split_at_checked(bytes)?;
    Some((records, beyond, Cursor::new(rows)))
}

/// Returns whether the payload follows every rule that values depend on.
#[inline]
pub(super) fn accepts(validator: &Validator, regions: &Regions<'_>) -> bool {
    let root = &validator.plan.root;
    let Some((records, _, mut cursor)) = split(&validator.plan, regions) else { return false };
    if root.is_trivial() {
        return true;
    }
    match validator.checks {
        Some((check, _)) => check(records, &mut cursor, 0),
        None => Verifier::<false>::new(&validator.plan, &mut cursor).elements(records, root, 0),
    }
}

/// Checks values of types without a check of their own, by the plan of their schema; a [`Checked`].
pub(crate) fn planned<T: Hydra>(bytes: &[u8], cursor: &mut Cursor<'_>, depth: u32) -> bool {
    let plan = &facts_of::<T>().validator.plan;
    Verifier::<false>::new(plan, cursor).elements(bytes, &plan.root, depth)
}

/// Returns whether a full check finds nothing: the payload is valid, there are no gaps, and all bytes without
/// a meaning are zero. The plan is one of full checks.
pub(super) fn is_canonical(plan: &CheckPlan, regions: &Regions<'_>) -> bool {
    let Some((records, beyond, mut cursor)) = split(plan, regions) else { return false };
    let valid = Verifier::<true>::new(plan, &mut cursor).elements(records, &plan.root, 0);
    valid && is_zero(beyond) && cursor.is_at_end()
}

/// The progress of a pass in heap and text: references must be in order.
#[derive(Debug)]
pub struct Cursor<'a> {
    /// The heap and the text.
    rows: At<'a>,
    /// The end of the previous array.
    pub(super) heap_at: usize,
    /// The end of the previous string.
    pub(super) text_at: usize,
}

/// A pass by a plan. If it is `CANONICAL`, gaps between strings or arrays and bytes without a meaning that
/// are not zero are problems too.
pub(super) struct Verifier<'p, 'a, const CANONICAL: bool> {
    plan: &'p CheckPlan,
    pub(super) cursor: &'p mut Cursor<'a>,
    /// Called with each problem. Without it, the pass ends at the first problem.
    pub(super) explain: Option<Explain<'p>>,
}

/// Returns the reference in these bytes: start and length.
#[inline]
fn reference(slot: &[u8]) -> (usize, usize) {
    At::new(slot, &[], "").reference()
}

#[inline]
fn part(bytes: &[u8], offset: u32, size: usize) -> &[u8] {
    let end = (offset as usize).checked_add(size);
    end.and_then(|end| bytes.get(offset as usize..end)).unwrap_or_default()
}

/// Returns the size of `count` values.
#[inline]
fn bytes_of(count: u32, size: u32) -> usize {
    (count as usize).saturating_mul(size as usize)
}

impl<'a> Cursor<'a> {
    /// Starts at the heap and the text of these rows.
    #[inline]
    pub(crate) fn new(rows: At<'a>) -> Cursor<'a> {
        Cursor { rows, heap_at: 0, text_at: 0 }
    }

    /// Returns whether the string that the reference in `slot` refers to starts at or after the end of the
    /// previous one, and starts and ends at character boundaries.
    #[inline]
    pub(crate) fn string(&mut self, slot: &[u8]) -> bool {
        let (start, count) = reference(slot);
        if count == 0 {
            return start == 0;
        }
        let end = start.saturating_add(count);
        let text = self.rows.text;
        let whole = (start == self.text_at || text.is_boundary(start)) && text.is_boundary(end);
        let ordered = start >= self.text_at;
        self.text_at = end;
        ordered & whole
    }

    /// Returns the array that the reference refers to, which must be aligned and start at or after the end of
    /// the previous one. `None` if it breaks a rule.
    #[inline]
    pub(crate) fn array(&mut self, slot: &[u8], size: usize, mask: usize) -> Option<&'a [u8]> {
        let (start, count) = reference(slot);
        let end = start.checked_add(count.checked_mul(size)?)?;
        let is_none = (start | count) == 0;
        let follows = (count != 0) & (start >= self.heap_at) & (start & mask == 0);
        if !(is_none | follows) {
            return None;
        }
        self.heap_at = if is_none { self.heap_at } else { end };
        self.rows.heap.get(start..end)
    }

    /// Returns whether only zeros up to the next line are left.
    fn is_at_end(&self) -> bool {
        let At { heap, text, .. } = self.rows;
        let rest = heap.get(self.heap_at..).unwrap_or_default();
        let whole = heap.len() as u64 <= line_up(self.heap_at as u64);
        whole && is_zero(rest) && self.text_at == text.all().len()
    }

    /// Returns the elements of type `T` at that reference, if they are valid.
    #[inline]
    pub(crate) fn list<T: Hydra>(&mut self, slot: &[u8], depth: u32) -> Option<&'a [u8]> {
        let elements = self.array(slot, T::SIZE, const { T::ALIGN - 1 })?;
        let valid = elements.is_empty()
            || T::BYTE
            || (depth < MAX_DEPTH && self.elements::<T>(elements, depth.saturating_add(1)));
        valid.then_some(elements)
    }

    /// Checks consecutive elements.
    #[inline]
    pub(crate) fn elements<T: Hydra>(&mut self, bytes: &[u8], depth: u32) -> bool {
        if T::FLAT {
            return all_valid::<T>(bytes);
        }
        (T::ANY_BITS && !T::REFS) || bytes.chunks_exact(T::SIZE).all(|element| T::check(element, self, depth))
    }
}

impl<'p, 'a, const CANONICAL: bool> Verifier<'p, 'a, CANONICAL> {
    pub(super) fn new(plan: &'p CheckPlan, cursor: &'p mut Cursor<'a>) -> Self {
        Verifier { plan, cursor, explain: None }
    }

    /// Reports a problem at `at`, which is in the elements entered last or in a record, and returns whether
    /// to continue.
    #[cold]
    fn fault(&mut self, at: &[u8], problem: Problem) -> bool {
        self.explain.as_mut().is_some_and(|explain| explain.fault(at, problem))
    }

    /// Checks consecutive elements.
    pub(super) fn elements(&mut self, bytes: &[u8], list: &ElementCheck, depth: u32) -> bool {
        let steps = self.plan.steps(&list.steps);
        let size = list.size as usize;
        let valid = match *steps {
            [] => true,
            [PlanStep { offset: 0, count, check: ValueCheck::String }] if bytes_of(count, 8) == size => {
                self.strings(bytes)
            }
            [PlanStep { offset: 0, count, check: ValueCheck::Below(limit) }] if count as usize == size => {
                self.below(bytes, limit)
            }
            _ => bytes.chunks_exact(size).all(|element| self.run(element, steps, depth)),
        };
        valid && list.key.is_none_or(|key| self.ascend(bytes, size, key))
    }

    /// Checks one value.
    fn run(&mut self, bytes: &[u8], mut steps: &[PlanStep], depth: u32) -> bool {
        while let Some((step, rest)) = steps.split_first() {
            let &PlanStep { offset, check, .. } = step;
            steps = rest;
            let part = |count: u32, size: u32| part(bytes, offset, bytes_of(count, size));
            let goes_on = match check {
                ValueCheck::String => self.strings(part(step.count, 8)),
                ValueCheck::Bytes => self.array(part(1, 8), 1, 0).err().unwrap_or(true),
                ValueCheck::List(list) => self.list(part(1, 8), list, depth),
                ValueCheck::Below(limit) if step.count == 1 => {
                    let valid = bytes.get(offset as usize).is_some_and(|&byte| byte < limit);
                    valid || self.bad_value(part(1, 1))
                }
                ValueCheck::Below(limit) => self.below(part(step.count, 1), limit),
                ValueCheck::Char => {
                    part(step.count, 4).chunks_exact(4).all(|char| is_char(char) || self.bad_value(char))
                }
                ValueCheck::NonZero(size) => !is_zero(part(1, size)) || self.bad_value(part(1, size)),
                ValueCheck::Timestamp => is_timestamp(bits(part(1, 16), 16)) || self.bad_value(part(1, 16)),
                ValueCheck::Duration => is_duration(bits(part(1, 16), 16)) || self.bad_value(part(1, 16)),
                ValueCheck::Option(skip) => {
                    let tag = bytes.get(offset as usize).copied();
                    if tag != Some(1) {
                        steps = steps.get(skip as usize..).unwrap_or_default();
                    }
                    match tag {
                        Some(0) if CANONICAL => self.zeros(bytes, offset.saturating_add(1), step.count),
                        Some(0 | 1) => true,
                        _ => self.bad_value(part(1, 1)),
                    }
                }
                ValueCheck::Enum(choice) => self.choice(bytes, offset, choice, depth),
                ValueCheck::Array(list) => self.inline_array(bytes, offset, list, depth),
                ValueCheck::Zero => self.zeros(bytes, offset, step.count),
            };
            if !goes_on {
                return false;
            }
        }
        true
    }

    #[inline(always)]
    fn bad_value(&mut self, value: &[u8]) -> bool {
        self.fault(value, Problem::Value)
    }

    #[inline]
    fn below(&mut self, bytes: &[u8], limit: u8) -> bool {
        below(bytes, limit) || bytes.chunks_exact(1).all(|byte| below(byte, limit) || self.bad_value(byte))
    }

    fn zeros(&mut self, bytes: &[u8], offset: u32, count: u32) -> bool {
        let bytes = part(bytes, offset, count as usize);
        is_zero(bytes) || self.fault(bytes, Problem::NotZero)
    }

    #[inline]
    fn strings(&mut self, slots: &[u8]) -> bool {
        slots.chunks_exact(8).all(|slot| self.string(slot))
    }

    #[inline]
    fn string(&mut self, slot: &[u8]) -> bool {
        let from = self.cursor.text_at;
        if !self.cursor.string(slot) {
            return self.bad_string(slot, from);
        }
        if !CANONICAL {
            return true;
        }
        let (start, count) = reference(slot);
        count == 0 || start == from || self.fault(slot, Problem::Gap(start.saturating_sub(from)))
    }

    /// Returns the elements at a reference; if there are none to check, whether to continue.
    #[inline]
    fn array(&mut self, slot: &[u8], size: usize, mask: usize) -> Result<&'a [u8], bool> {
        let from = self.cursor.heap_at;
        match self.cursor.array(slot, size, mask) {
            Some(array) if !CANONICAL || self.follows(slot, from, array.len(), mask) => Ok(array),
            Some(_) => Err(false),
            None => Err(self.bad_array(slot, from, size, mask)),
        }
    }

    /// Reports an invalid reference. The next reference need only follow the last valid one.
    #[cold]
    fn bad_string(&mut self, slot: &[u8], from: usize) -> bool {
        self.cursor.text_at = from;
        self.fault(slot, Problem::Reference { from, size: 1, mask: 0 })
    }

    #[cold]
    fn bad_array(&mut self, slot: &[u8], from: usize, size: usize, mask: usize) -> bool {
        self.cursor.heap_at = from;
        self.fault(slot, Problem::Reference { from, size, mask })
    }

    /// Checks that the bytes between `from`, the end of the previous array, and the last array, which has
    /// `size` bytes, are zeros and only as many as the alignment requires.
    #[inline]
    fn follows(&mut self, slot: &[u8], from: usize, size: usize, mask: usize) -> bool {
        let start = self.cursor.heap_at.saturating_sub(size);
        let gap = self.cursor.rows.heap.get(from..start).unwrap_or_default();
        (gap.len() <= mask || self.fault(slot, Problem::Gap(gap.len())))
            && (is_zero(gap) || self.fault(slot, Problem::HeapNotZero(from)))
    }

    fn list(&mut self, slot: &[u8], list: u32, depth: u32) -> bool {
        let Some(list) = self.plan.lists.get(list as usize) else { return false };
        if list.exactly.is_some_and(|exactly| reference(slot).1 != exactly as usize) {
            return self.fault(slot, Problem::Count);
        }
        let elements = match self.array(slot, list.size as usize, list.mask as usize) {
            Ok(elements) => elements,
            Err(goes_on) => return goes_on,
        };
        if elements.is_empty() {
            return true;
        }
        if depth >= MAX_DEPTH {
            return self.fault(slot, Problem::TooDeep);
        }
        if let Some(explain) = &mut self.explain {
            explain.enter(slot, elements);
        }
        let goes_on = self.elements(elements, list, depth.saturating_add(1));
        if let Some(explain) = &mut self.explain {
            explain.leave();
        }
        goes_on
    }

    fn inline_array(&mut self, bytes: &[u8], offset: u32, list: u32, depth: u32) -> bool {
        let Some(list) = self.plan.lists.get(list as usize) else { return false };
        let bytes = part(bytes, offset, bytes_of(list.exactly.unwrap_or(0), list.size));
        !bytes.is_empty() && self.elements(bytes, list, depth)
    }

    fn choice(&mut self, bytes: &[u8], offset: u32, choice: u32, depth: u32) -> bool {
        let Some(choice) = self.plan.choices.get(choice as usize) else { return false };
        let Some(value) = bytes.get(offset as usize..) else { return false };
        let tag = bits(value, choice.size);
        let variant = if choice.dense {
            usize::try_from(tag).ok().and_then(|tag| choice.variants.get(tag))
        } else {
            let found = choice.variants.binary_search_by_key(&tag, |variant| variant.0);
            found.ok().and_then(|position| choice.variants.get(position))
        };
        let Some((_, range)) = variant else { return self.bad_value(value) };
        let steps = self.plan.steps(range);
        steps.is_empty() || self.run(value, steps, depth)
    }

    /// Checks that keys are strictly ascending. This is skipped once a value was invalid, because keys may
    /// then be anything.
    fn ascend(&mut self, bytes: &[u8], size: usize, key: u32) -> bool {
        if self.explain.as_ref().is_some_and(|explain| explain.broken) {
            return true;
        }
        let at = |bytes| self.cursor.rows.with(bytes);
        let (schema, key) = (&self.plan.schema, self.plan.schema.resolve(TypeRef::Index(key)));
        let is_above = |left, right| compare(schema, key, at(left), at(right)).is_lt();
        let mut pairs = bytes.chunks_exact(size).zip(bytes.chunks_exact(size).skip(1)).zip(1..);
        let wrong = pairs.find(|&((left, right), _)| !is_above(left, right));
        wrong.is_none_or(|((_, right), index)| self.fault(right, Problem::Order(index)))
    }
}

/// Returns the bits of a number of `size` bytes.
#[inline]
fn bits(bytes: &[u8], size: u32) -> u128 {
    At::new(bytes, &[], "").uint(size as usize)
}

/// Returns whether there are bytes and all are below the limit.
#[inline]
fn below(bytes: &[u8], limit: u8) -> bool {
    !bytes.is_empty() && !bytes.iter().fold(false, |bad, &byte| bad | (byte >= limit))
}

#[inline]
fn is_char(bytes: &[u8]) -> bool {
    let bits = bytes.first_chunk::<4>().map(|bits| u32::from_le_bytes(*bits));
    bits.and_then(char::from_u32).is_some()
}
