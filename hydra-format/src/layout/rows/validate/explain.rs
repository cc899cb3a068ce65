//! Findings of a pass with their paths. The pass gives the address of a value; the value's path is derived
//! from the schema when there is something to report. Positions are bytes from the start of the payload.

use super::pass::{Problem, Verifier, split};
use super::plan::CheckPlan;
use super::{Fault, Regions};
use crate::ErrorKind;
use crate::layout::rows::At;
use crate::layout::rows::sink::MAX_DEPTH;
use crate::schema::{Descriptor, Field, FieldPlaces, Kind, Schema, TypeRef, Variant, entry_layout};
use crate::store::bytes::line_up;

/// The largest number of findings in a payload.
const MAX_FINDINGS: usize = 10_000;

/// Reports the first broken rule that values depend on, or everything if `CANONICAL`. The plan is one of full
/// checks then.
pub(super) fn explain<const CANONICAL: bool>(
    plan: &CheckPlan,
    regions: &Regions<'_>,
    report: &mut dyn FnMut(Fault),
) {
    let Some((records, beyond, mut cursor)) = split(plan, regions) else {
        return report(Fault::bad_records(&plan.schema, regions));
    };
    let (schema, rows) = (&plan.schema, regions.rows());
    let left = if CANONICAL { MAX_FINDINGS } else { 1 };
    let mut pass = Verifier::<CANONICAL>::new(plan, &mut cursor);
    pass.explain = Some(Explain { schema, regions, rows, left, broken: false, entered: Vec::new(), report });
    pass.elements(records, &plan.root, 0);
    if let Some(mut explain) = pass.explain.filter(|_| CANONICAL) {
        explain.ends(beyond, pass.cursor.heap_at, pass.cursor.text_at);
    }
}

/// The elements of a reference that the pass is checking.
struct Entered {
    /// The position of the reference.
    slot: usize,
    /// The position of the elements.
    start: usize,
}

pub(super) struct Explain<'s> {
    schema: &'s Schema,
    regions: &'s Regions<'s>,
    /// The records, with heap and text.
    rows: At<'s>,
    /// The number of findings that may still be reported.
    left: usize,
    /// Whether there was a problem after which keys may be anything.
    pub(super) broken: bool,
    entered: Vec<Entered>,
    report: &'s mut dyn FnMut(Fault),
}

/// A byte in a payload, and a value that contains it.
struct Location<'s> {
    path: String,
    ty: &'s Descriptor,
    /// The start of the value.
    start: usize,
    /// The position of the byte.
    byte: usize,
    /// If the byte should be zero: the reason, and the end of the zeros.
    gap: Option<(&'static str, usize)>,
}

/// Methods that descend return whether to continue.
impl<'s> Location<'s> {
    /// Returns the offset of the byte in the value.
    fn offset(&self) -> usize {
        self.byte.saturating_sub(self.start)
    }

    fn part(&mut self, offset: usize, ty: &'s Descriptor) -> bool {
        self.start += offset;
        self.ty = ty;
        true
    }

    fn gap(&mut self, expected: &'static str, end: usize) -> bool {
        self.gap = Some((expected, self.start + end));
        false
    }

    /// Moves to the start of the element that contains the byte, among consecutive elements, and returns its
    /// index.
    fn element(&mut self, size: usize) -> usize {
        let index = self.offset().checked_div(size).unwrap_or_default();
        self.start += index * size;
        index
    }
}

impl<'s> Explain<'s> {
    /// Reports a problem at `at`, and returns whether to continue.
    pub(super) fn fault(&mut self, at: &[u8], problem: Problem) -> bool {
        let position = self.position(at);
        match problem {
            Problem::NotZero => self.not_zero(position, position + at.len()),
            Problem::Gap(_) if self.broken => {}
            _ => self.found(position, problem),
        }
        self.left > 0
    }

    /// Enters the elements to which `slot` refers.
    pub(super) fn enter(&mut self, slot: &[u8], elements: &[u8]) {
        self.entered.push(Entered { slot: self.position(slot), start: self.position(elements) });
    }

    /// Leaves the elements that were entered last.
    pub(super) fn leave(&mut self) {
        self.entered.pop();
    }

    /// Returns the position of a part of the payload.
    fn position(&self, part: &[u8]) -> usize {
        part.as_ptr().addr().saturating_sub(self.regions.front.as_ptr().addr())
    }

    /// Returns the start of the heap.
    fn heap_start(&self) -> usize {
        self.rows.bytes().len()
    }

    /// Returns the bytes from a position up to the text.
    fn at(&self, position: usize) -> At<'s> {
        self.rows.with(self.regions.front.get(position..).unwrap_or_default())
    }

    /// Returns the index of the record that contains the byte at `position` of the elements that the pass is
    /// checking.
    fn record(&self, position: usize) -> Option<u64> {
        let in_records = self.entered.first().map_or(position, |entered| entered.slot);
        in_records.checked_div(self.schema.root().size()).map(|record| record as u64)
    }

    fn report(&mut self, fault: Fault) {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            (self.report)(fault);
        }
    }

    /// Reports a problem at a position of the elements that the pass is checking.
    fn found(&mut self, mut position: usize, problem: Problem) {
        let record = self.record(position);
        let mut place = match (problem, self.entered.split_last()) {
            (Problem::Order(_), Some((last, before))) => self.locate(before, last.slot),
            _ => self.locate(&self.entered, position),
        };
        let at = self.at(place.start);
        let (start, count) = at.reference();
        let reference = format!("{{ {start}, {count} }}");
        let (kind, expected, found) = match problem {
            Problem::Value | Problem::NotZero => bad_value(place.ty, at),
            Problem::Count => (ErrorKind::BadReference, "a reference to one element".into(), reference),
            Problem::Reference { from, size, mask } => {
                (ErrorKind::BadReference, self.right_reference(place.ty, at, from, (size, mask)), reference)
            }
            Problem::TooDeep => {
                let expected = format!("at most {MAX_DEPTH} references from the record");
                (ErrorKind::TooDeep, expected, "one more".into())
            }
            Problem::Order(index) => {
                place.path.push_str(&format!("[key {index}]"));
                let found = "a key that is not greater than the one before it".into();
                (ErrorKind::BadOrder, "keys in ascending order".into(), found)
            }
            Problem::Gap(bytes) => {
                let what = if place.ty.kind() == Kind::String { "a string" } else { "an array" };
                let expected = format!("{what} right after the previous one");
                (ErrorKind::NotCanonical, expected, format!("{bytes} bytes between"))
            }
            Problem::HeapNotZero(from) => {
                position = self.heap_start() + from;
                let (distance, found) = first_not_zero(self.at(position).bytes()).unwrap_or_default();
                position += distance;
                (ErrorKind::NotCanonical, "zero bytes between arrays".into(), found)
            }
        };
        self.broken |= !matches!(kind, ErrorKind::NotCanonical | ErrorKind::BadOrder);
        self.report(Fault { kind, offset: position as u64, record, path: place.path, expected, found });
    }

    /// Describes what a reference to a string or an array should have been; its region is used up to `from`.
    fn right_reference(
        &self,
        ty: &Descriptor,
        at: At<'_>,
        from: usize,
        (size, mask): (usize, usize),
    ) -> String {
        let (start, count) = at.reference();
        let text = at.text.all().len();
        match ty.kind() {
            _ if count == 0 => "an empty reference is { 0, 0 }".into(),
            Kind::String if start < from || start.saturating_add(count) > text => {
                format!("a string from {from} on, within {text} bytes of text")
            }
            Kind::String => "a string that starts and ends at character boundaries".into(),
            _ => format!(
                "{count} elements of {size} bytes from {from} on, aligned to {}, within {} bytes of heap",
                mask + 1,
                at.heap.len()
            ),
        }
    }

    /// Reports the first byte that is not zero in each gap within bytes without a meaning.
    fn not_zero(&mut self, mut position: usize, end: usize) {
        let front = self.regions.front;
        while let Some((distance, found)) = front.get(position..end).and_then(first_not_zero) {
            position += distance;
            let place = self.locate(&self.entered, position);
            let (expected, gap_end) = place.gap.unwrap_or_default();
            let fault = Fault::new(ErrorKind::NotCanonical, position, expected, found);
            self.report(Fault { record: self.record(position), path: place.path, ..fault });
            position = gap_end.max(position + 1);
        }
    }

    /// Reports what is left of records, heap and text after the last record.
    fn ends(&mut self, beyond: &[u8], heap_at: usize, text_at: usize) {
        let At { heap, text, .. } = self.rows;
        let heap_rest = heap.get(heap_at..).unwrap_or_default();
        let text_rest = text.all().len().saturating_sub(text_at);
        let heap_end = self.heap_start() + heap_at;
        let text_end = self.regions.front.len() + text_at;
        let too_long = heap.len() as u64 > line_up(heap_at as u64);
        let more = |bytes: usize| format!("{bytes} more bytes");
        let not_zero = |bytes, start: usize, expected| {
            first_not_zero(bytes).map(|(distance, found)| (start + distance, expected, found))
        };
        let findings = [
            not_zero(beyond, self.position(beyond), "zero bytes after the records"),
            too_long.then(|| (heap_end, "the end of the heap", more(heap_rest.len()))),
            not_zero(heap_rest, heap_end, "zero bytes after the heap"),
            (text_rest > 0).then(|| (text_end, "the end of the text", more(text_rest))),
        ];
        // If a value was invalid, it may have used the rest of heap and text.
        let known = if self.broken { 1 } else { findings.len() };
        for (position, expected, found) in findings.into_iter().take(known).flatten() {
            self.report(Fault::new(ErrorKind::NotCanonical, position, expected, found));
        }
    }

    /// Finds the innermost value at a position in the last of `entered`, or in the records.
    fn locate(&self, entered: &[Entered], position: usize) -> Location<'s> {
        let mut bytes = entered.iter().map(|entered| entered.slot).chain([position]);
        let (ty, byte) = (self.schema.root(), bytes.next().unwrap_or_default());
        let mut place = Location { path: String::new(), ty, start: 0, byte, gap: None };
        place.element(ty.size());
        let mut entered = entered.iter().zip(bytes);
        loop {
            if place.ty.kind().is_reference() {
                let Some((elements, byte)) = entered.next() else { return place };
                (place.start, place.byte) = (elements.start, byte);
            }
            if !self.inward(&mut place) {
                return place;
            }
        }
    }

    /// Descends from a value, or from the elements of a reference, to the part that contains the byte;
    /// returns false if there is none.
    fn inward(&self, place: &mut Location<'s>) -> bool {
        let (ty, offset, element) = (place.ty, place.offset(), self.resolve(place.ty.element()));
        match ty.kind() {
            Kind::Newtype | Kind::Box => place.part(0, element),
            Kind::Option if offset == 0 => false,
            Kind::Option if self.at(place.start).byte() == 0 => {
                place.gap("zero bytes, because there is no value", ty.size())
            }
            Kind::Option if offset < ty.align() => place.gap("zero padding", ty.align()),
            Kind::Option => {
                place.path.push('?');
                place.part(ty.align(), element)
            }
            Kind::Array if ty.count() == 0 => place.gap("a zero byte", ty.size()),
            Kind::Array | Kind::List | Kind::Set => {
                let index = place.element(element.size());
                place.path.push_str(&format!("[{index}]"));
                place.part(0, element)
            }
            Kind::Map => self.entry(place, self.resolve(ty.key()), element),
            Kind::Tuple | Kind::Struct => self.field(place, ty.fields()),
            Kind::Enum => self.variant(place),
            Kind::Unit => place.gap("a zero byte", ty.size()),
            _ => false,
        }
    }

    /// Descends from the entries of a map to a key or a value.
    fn entry(&self, place: &mut Location<'s>, key: &'s Descriptor, value: &'s Descriptor) -> bool {
        let FieldPlaces { offsets: [_, start], size, .. } = entry_layout(key, value);
        let (start, index) = (start as usize, place.element(size));
        match place.offset() {
            offset if offset < key.size() => {
                place.path.push_str(&format!("[key {index}]"));
                place.part(0, key)
            }
            offset if offset < start => place.gap("zero padding", start),
            offset if offset >= start + value.size() => place.gap("zero padding", size),
            _ => {
                place.path.push_str(&match key.kind() {
                    Kind::String => format!("[{:?}]", self.at(place.start).str()),
                    _ => format!("[value {index}]"),
                });
                place.part(start, value)
            }
        }
    }

    fn field(&self, place: &mut Location<'s>, fields: &'s [Field]) -> bool {
        let next = fields.partition_point(|field| field.offset() <= place.offset());
        let before = fields.get(..next).and_then(<[Field]>::last);
        match before.filter(|field| place.offset() < self.end(field)) {
            Some(field) => {
                if !place.path.is_empty() {
                    place.path.push('.');
                }
                place.path.push_str(field.name());
                place.part(field.offset(), self.schema.resolve(field.ty()))
            }
            None => place.gap("zero padding", fields.get(next).map_or(place.ty.size(), Field::offset)),
        }
    }

    fn end(&self, field: &Field) -> usize {
        field.offset() + self.schema.resolve(field.ty()).size()
    }

    /// Descends from an enum to a field of its present variant.
    fn variant(&self, place: &mut Location<'s>) -> bool {
        let tag = place.ty.tag().unwrap_or(Kind::U8);
        let tag_bytes = tag.fixed_size() as usize;
        if place.offset() < tag_bytes {
            return false;
        }
        let bits = self.at(place.start).uint(tag_bytes);
        let is_present = |variant: &&Variant| variant.tag().cast_unsigned() & tag.mask() == bits;
        let Some(variant) = place.ty.variants().iter().find(is_present) else { return false };
        if variant.fields().last().is_none_or(|last| place.offset() >= self.end(last)) {
            return place.gap("zero bytes, because the variant does not use them", place.ty.size());
        }
        place.path.push_str(&format!(":{}", variant.name()));
        self.field(place, variant.fields())
    }

    fn resolve(&self, ty: Option<TypeRef>) -> &'s Descriptor {
        self.schema.resolve(ty.unwrap_or(TypeRef::Index(0)))
    }
}

/// Describes what an invalid value should have been, and what it is.
fn bad_value(ty: &Descriptor, at: At<'_>) -> (ErrorKind, String, String) {
    let size = match ty.kind() {
        Kind::Option => 1,
        _ => ty.tag().map_or(ty.size(), |tag| tag.fixed_size() as usize),
    };
    let bits = at.uint(size);
    let (expected, found) = match ty.kind() {
        Kind::Bool => ("0 or 1".into(), bits.to_string()),
        Kind::Char => ("a Unicode scalar value".into(), format!("0x{bits:x}")),
        Kind::Option => ("0 for none or 1 for some".into(), bits.to_string()),
        Kind::Enum => (tags_text(ty.variants()), bits.to_string()),
        _ if ty.is_nonzero() && bits == 0 => ("a number other than 0".into(), "0".into()),
        Kind::I128 => ("a timestamp within 2^63 seconds of 1970".into(), bits.cast_signed().to_string()),
        _ => ("a duration below 2^64 seconds".into(), bits.to_string()),
    };
    (ErrorKind::BadValue, expected, found)
}

fn tags_text(variants: &[Variant]) -> String {
    let names: Vec<&str> = variants.iter().take(8).map(Variant::name).collect();
    let more = if variants.len() > 8 { ", .." } else { "" };
    format!("the tag of a variant ({}{more})", names.join(", "))
}

/// Returns the position and the text of the first byte that is not zero.
fn first_not_zero(bytes: &[u8]) -> Option<(usize, String)> {
    bytes.iter().zip(0..).find(|(byte, _)| **byte != 0).map(|(byte, at)| (at, format!("0x{byte:02x}")))
}
