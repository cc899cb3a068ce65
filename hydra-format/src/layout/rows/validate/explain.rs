//! What is wrong with a payload, and where: the findings of a pass with their paths. The pass tells where in memory a value is;
//! which value that is, the schema tells, once there is something to say about it.

use super::key::tag_bits;
use super::pass::{Findings, Problem, Verifier, split};
use super::plan::CheckPlan;
use super::{Cursor, Fault, Regions};
use crate::ErrorKind;
use crate::layout::rows::At;
use crate::layout::rows::sink::MAX_DEPTH;
use crate::schema::{Descriptor, Field, Kind, Layout, Schema, TypeRef, Variant, entry_layout, round_up};

/// Findings in a payload, at most.
const MAX_FINDINGS: usize = 10_000;

/// Reports what a payload breaks: the first rule that values depend on, or everything if that is to be `CANONICAL`. The plan
/// is one of full checks then.
pub(super) fn explain<const CANONICAL: bool>(
    (schema, plan): (&Schema, &CheckPlan),
    regions: &Regions<'_>,
    report: &mut dyn FnMut(Fault),
) {
    let Some((records, beyond)) = split(plan, regions) else {
        return report(Fault::bad_records(schema, regions));
    };
    let mut cursor = Cursor::new(regions.heap, regions.text);
    let left = if CANONICAL { MAX_FINDINGS } else { 1 };
    let explain = Explain::<CANONICAL> { schema, regions, left, broken: false, entered: Vec::new(), report };
    let mut pass = Verifier::new(plan, &mut cursor, explain);
    pass.elements(records, &plan.root, 0);
    let mut explain = pass.findings;
    if CANONICAL {
        explain.ends(beyond, &cursor);
    }
}

/// Elements that the pass is in.
struct Entered {
    /// Where the reference to them is in the elements that were entered before, or in the records.
    slot: usize,
    /// Where they are in the heap.
    start: usize,
    size: usize,
}

struct Explain<'s, 'r, const CANONICAL: bool> {
    schema: &'s Schema,
    regions: &'s Regions<'s>,
    /// Findings that may still be reported.
    left: usize,
    broken: bool,
    entered: Vec<Entered>,
    report: &'r mut dyn FnMut(Fault),
}

/// A byte in a payload, and a value of which it is a part.
struct Location<'s> {
    path: String,
    ty: &'s Descriptor,
    /// The value, with what is behind it.
    bytes: &'s [u8],
    /// Of the byte, from the start of the value.
    offset: usize,
    /// If the byte should be zero, why, and where that ends.
    gap: Option<(&'static str, usize)>,
}

/// Methods that go further in tell whether there is more to go.
impl<'s> Location<'s> {
    fn skip(&mut self, bytes: usize) {
        self.bytes = self.bytes.get(bytes..).unwrap_or_default();
        self.offset = self.offset.saturating_sub(bytes);
    }

    fn part(&mut self, offset: usize, ty: &'s Descriptor) -> bool {
        self.skip(offset);
        self.ty = ty;
        true
    }

    fn gap(&mut self, expected: &'static str, end: usize) -> bool {
        self.gap = Some((expected, end));
        false
    }

    /// To the start of the element in which the byte is, of those that are side by side; its index.
    fn element(&mut self, size: usize) -> usize {
        let index = self.offset.checked_div(size).unwrap_or_default();
        self.skip(index.saturating_mul(size));
        index
    }
}

/// How far into `whole` a part of it starts.
fn distance(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr().saturating_sub(whole.as_ptr().addr())
}

impl<const CANONICAL: bool> Findings for Explain<'_, '_, CANONICAL> {
    const CANONICAL: bool = CANONICAL;

    #[cold]
    fn fault(&mut self, at: &[u8], problem: Problem) -> bool {
        let offset = distance(self.around(), at);
        match problem {
            Problem::NotZero => self.not_zero(offset, at.len()),
            Problem::Gap(_) if self.broken => {}
            _ => self.found(offset, problem),
        }
        self.left > 0
    }

    fn is_broken(&self) -> bool {
        self.broken
    }

    fn enter(&mut self, slot: &[u8], elements: &[u8]) {
        let (slot, start) = (distance(self.around(), slot), distance(self.regions.heap, elements));
        self.entered.push(Entered { slot, start, size: elements.len() });
    }

    fn leave(&mut self) {
        self.entered.pop();
    }
}

impl<'s, const CANONICAL: bool> Explain<'s, '_, CANONICAL> {
    /// The elements that the pass is in, or the records.
    fn around(&self) -> &'s [u8] {
        self.entered.last().map_or(self.regions.records, |entered| self.elements(entered))
    }

    fn elements(&self, entered: &Entered) -> &'s [u8] {
        let rest = self.regions.heap.get(entered.start..).unwrap_or_default();
        rest.get(..entered.size).unwrap_or_default()
    }

    /// The offset in the payload of what is `offset` bytes into what the pass is in.
    fn in_payload(&self, offset: usize) -> usize {
        let start = |entered: &Entered| self.regions.heap_start.saturating_add(entered.start);
        self.entered.last().map_or(0, start).saturating_add(offset)
    }

    /// The index of the record of which the byte at `offset` of what the pass is in is a part.
    fn record(&self, offset: usize) -> Option<u64> {
        let in_records = self.entered.first().map_or(offset, |entered| entered.slot);
        in_records.checked_div(self.schema.root().size()).map(|record| record as u64)
    }

    fn report(
        &mut self,
        kind: ErrorKind,
        offset: usize,
        (record, path): (Option<u64>, String),
        expected: impl Into<String>,
        found: String,
    ) {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            let (offset, expected) = (offset as u64, expected.into());
            (self.report)(Fault { kind, offset, record, path, expected, found });
        }
    }

    /// Reports a problem of the value at `offset` of what the pass is in.
    fn found(&mut self, offset: usize, problem: Problem) {
        let mut place = match (problem, self.entered.split_last()) {
            (Problem::Order(_), Some((last, before))) => self.locate(before, last.slot),
            _ => self.locate(&self.entered, offset),
        };
        let mut at = self.in_payload(offset);
        let (kind, expected, found) = match problem {
            Problem::Value | Problem::NotZero => bad_value(&place),
            Problem::Count => {
                (ErrorKind::BadReference, "a reference to one element".into(), reference_text(&place))
            }
            Problem::Reference { from, size, mask } => (
                ErrorKind::BadReference,
                self.right_reference(&place, from, (size, mask)),
                reference_text(&place),
            ),
            Problem::TooDeep => {
                let expected = format!("at most {MAX_DEPTH} references from the record");
                (ErrorKind::TooDeep, expected, "one more".into())
            }
            Problem::Order(index) => {
                place.path.push_str(&format!("[key {index}]"));
                let found = "one that is not above the one before it".into();
                (ErrorKind::BadOrder, "keys in ascending order".into(), found)
            }
            Problem::Gap(bytes) => {
                let what = if place.ty.kind() == Kind::String { "a string" } else { "an array" };
                let expected = format!("{what} right after the one before");
                (ErrorKind::NotCanonical, expected, format!("{bytes} bytes between"))
            }
            Problem::HeapNotZero(from) => {
                let gap = self.regions.heap.get(from..).unwrap_or_default();
                let (position, found) = first_not_zero(gap).unwrap_or_default();
                at = self.regions.heap_start.saturating_add(from).saturating_add(position);
                (ErrorKind::NotCanonical, "zero bytes between arrays".into(), found)
            }
        };
        self.broken |= !matches!(kind, ErrorKind::NotCanonical | ErrorKind::BadOrder);
        self.report(kind, at, (self.record(offset), place.path), expected, found);
    }

    /// What a reference to a string or an array, in its region from `from` on, should have been.
    fn right_reference(&self, place: &Location<'_>, from: usize, (size, mask): (usize, usize)) -> String {
        let ((start, count), text) = (At::new(place.bytes, &[], "").reference(), self.regions.text.all());
        match place.ty.kind() {
            _ if count == 0 => "an empty reference is { 0, 0 }".into(),
            Kind::String if start < from || start.saturating_add(count) > text.len() => {
                format!("a string from {from} on, within {} bytes of text", text.len())
            }
            Kind::String => "a string from character to character".into(),
            _ => format!(
                "{count} elements of {size} bytes from {from} on, aligned to {}, within {} bytes of heap",
                mask.saturating_add(1),
                self.regions.heap.len()
            ),
        }
    }

    /// Reports the first byte that is not zero in each gap within so many bytes without a meaning.
    fn not_zero(&mut self, mut offset: usize, size: usize) {
        let (around, end) = (self.around(), offset.saturating_add(size));
        while let Some((position, found)) = around.get(offset..end).and_then(first_not_zero) {
            offset = offset.saturating_add(position);
            let place = self.locate(&self.entered, offset);
            let (expected, gap_end) = place.gap.unwrap_or_default();
            let what = (self.record(offset), place.path);
            self.report(ErrorKind::NotCanonical, self.in_payload(offset), what, expected, found);
            offset = offset.saturating_add(gap_end.saturating_sub(place.offset).max(1));
        }
    }

    /// What is left of records, heap and text after the last record.
    fn ends(&mut self, beyond: &[u8], cursor: &Cursor<'_>) {
        let Regions { records, heap, text, heap_start, text_start, .. } = *self.regions;
        let (heap_rest, text_rest) = (
            heap.get(cursor.heap_at..).unwrap_or_default(),
            text.all().get(cursor.text_at..).unwrap_or_default(),
        );
        let heap_end = heap_start.saturating_add(cursor.heap_at);
        let too_long = heap.len() as u64 > round_up(cursor.heap_at as u64, 64);
        let more = |bytes: usize| format!("{bytes} bytes more");
        let not_zero = |bytes, start: usize, expected| {
            first_not_zero(bytes).map(|(position, found)| (start.saturating_add(position), expected, found))
        };
        let findings = [
            not_zero(beyond, distance(records, beyond), "zero bytes after the records"),
            too_long.then(|| (heap_end, "the heap's end", more(heap_rest.len()))),
            not_zero(heap_rest, heap_end, "zero bytes after the heap"),
            (!text_rest.is_empty()).then(|| {
                (text_start.saturating_add(cursor.text_at), "the text's end", more(text_rest.len()))
            }),
        ];
        // Where a value was wrong, heap and text may have been used by it.
        let known = if self.broken { 1 } else { findings.len() };
        for (offset, expected, found) in findings.into_iter().take(known).flatten() {
            self.report(ErrorKind::NotCanonical, offset, (None, String::new()), expected, found);
        }
    }

    /// The innermost value at `offset` of the last of `entered`, or of the records.
    fn locate(&self, entered: &[Entered], offset: usize) -> Location<'s> {
        let mut offsets = entered.iter().map(|entered| entered.slot).chain([offset]);
        let (root, bytes, offset) =
            (self.schema.root(), self.regions.records, offsets.next().unwrap_or_default());
        let mut place = Location { path: String::new(), ty: root, bytes, offset, gap: None };
        place.element(root.size());
        let mut entered = entered.iter().zip(offsets);
        loop {
            if place.ty.kind().is_reference() {
                let Some((elements, offset)) = entered.next() else { return place };
                (place.bytes, place.offset) = (self.elements(elements), offset);
            }
            if !self.inward(&mut place) {
                return place;
            }
        }
    }

    /// From a value, or from the elements of a reference, to the part in which the byte is; false if that is none.
    fn inward(&self, place: &mut Location<'s>) -> bool {
        let (ty, offset, element) = (place.ty, place.offset, self.resolve(place.ty.element()));
        match ty.kind() {
            Kind::Newtype | Kind::Box => place.part(0, element),
            Kind::Option if offset == 0 => false,
            Kind::Option if place.bytes.first() == Some(&0) => {
                place.gap("zero bytes, for there is no value", ty.size())
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

    /// From the entries of a map to a key or a value.
    fn entry(&self, place: &mut Location<'s>, key: &'s Descriptor, value: &'s Descriptor) -> bool {
        let Layout { offsets: [_, start], size, .. } = entry_layout(key, value);
        let (start, index) = (start as usize, place.element(size));
        if place.offset < key.size() {
            place.path.push_str(&format!("[key {index}]"));
            return place.part(0, key);
        }
        if place.offset < start || place.offset >= start.saturating_add(value.size()) {
            return place.gap("zero padding", if place.offset < start { start } else { size });
        }
        let key_at = At::new(place.bytes, self.regions.heap, self.regions.text);
        place.path.push_str(&match key.kind() {
            Kind::String => format!("[{:?}]", key_at.str()),
            _ => format!("[value {index}]"),
        });
        place.part(start, value)
    }

    fn field(&self, place: &mut Location<'s>, fields: &'s [Field]) -> bool {
        let next = fields.partition_point(|field| field.offset() <= place.offset);
        let before = fields.get(..next).and_then(<[Field]>::last);
        match before.filter(|field| place.offset < self.end(field)) {
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
        field.offset().saturating_add(self.schema.resolve(field.ty()).size())
    }

    /// From an enum to a field of its present variant.
    fn variant(&self, place: &mut Location<'s>) -> bool {
        let tag = place.ty.tag().unwrap_or(Kind::U8);
        if place.offset < tag.fixed_size() as usize {
            return false;
        }
        let bits = tag_bits(place.bytes, tag.fixed_size());
        let is_present = |variant: &&Variant| variant.tag().cast_unsigned() & tag.mask() == bits;
        let Some(variant) = place.ty.variants().iter().find(is_present) else { return false };
        if variant.fields().last().is_none_or(|last| place.offset >= self.end(last)) {
            return place.gap("zero bytes, for the variant does not use them", place.ty.size());
        }
        place.path.push_str(&format!(":{}", variant.name()));
        self.field(place, variant.fields())
    }

    fn resolve(&self, ty: Option<TypeRef>) -> &'s Descriptor {
        self.schema.resolve(ty.unwrap_or(TypeRef::Index(0)))
    }
}

/// What a value that is none of its type should have been, and what it is.
fn bad_value(place: &Location<'_>) -> (ErrorKind, String, String) {
    let ty = place.ty;
    let size = match ty.kind() {
        Kind::Option => 1,
        _ => ty.tag().map_or(ty.size() as u32, Kind::fixed_size),
    };
    let bits = tag_bits(place.bytes, size);
    let (expected, found) = match ty.kind() {
        Kind::Bool => ("0 or 1".into(), bits.to_string()),
        Kind::Char => ("a Unicode scalar value".into(), format!("0x{bits:x}")),
        Kind::Option => ("0 for none or 1 for some".into(), bits.to_string()),
        Kind::Enum => (tags_text(ty.variants()), bits.to_string()),
        _ if ty.is_nonzero() && bits == 0 => ("a number that is not 0".into(), "0".into()),
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

fn reference_text(place: &Location<'_>) -> String {
    let (start, count) = At::new(place.bytes, &[], "").reference();
    format!("{{ {start}, {count} }}")
}

/// Where the first byte is that is not zero, and which one that is.
fn first_not_zero(bytes: &[u8]) -> Option<(usize, String)> {
    bytes.iter().zip(0..).find(|(byte, _)| **byte != 0).map(|(byte, at)| (at, format!("0x{byte:02x}")))
}
