//! The slow walk over a payload, by its schema: says what is wrong and where, and finds bytes that should be zero
//! and are not. It keeps the rules of `pass`, which a test holds it to.
#![forbid(unsafe_code)]

use super::key::tag_bits;
use super::plan::Plan;
use super::{Fault, Regions};
use crate::ErrorKind;
use crate::codec::At;
use crate::codec::sink::MAX_DEPTH;
use crate::describe::{
    Descriptor, Field, Form, Kind, Layout, Schema, TypeRef, Variant, entry_layout, is_duration, is_timestamp,
    round_up,
};

/// Findings in a payload, at most.
const MAX_FINDINGS: usize = 10_000;

/// Walks a payload. With `hard`, only what the fast pass refuses counts, and the first finding ends the walk.
pub(super) fn walk(
    (schema, plan): (&Schema, &Plan),
    regions: &Regions<'_>,
    hard: bool,
    report: &mut dyn FnMut(Fault),
) {
    let mut walk = Walk {
        schema,
        plan,
        regions,
        hard,
        left: if hard { 1 } else { MAX_FINDINGS },
        broken: false,
        heap_at: 0,
        text_at: 0,
        record: None,
        path: Vec::new(),
        report,
    };
    walk.records();
}

/// A step on the way from a record to a value.
#[derive(Clone, Copy)]
enum Segment<'a> {
    Field(&'a str),
    Index(usize),
    Variant(&'a str),
    Inner,
    Key(usize),
    Entry { key: &'a Descriptor, at: At<'a>, index: usize },
}

/// Bytes of a value, and their offset in the payload.
#[derive(Clone, Copy)]
struct Spot<'a> {
    bytes: &'a [u8],
    offset: u64,
}

impl<'a> Spot<'a> {
    fn part(self, offset: usize, size: usize) -> Spot<'a> {
        let bytes = self.bytes.get(offset..).and_then(|rest| rest.get(..size)).unwrap_or_default();
        Spot { bytes, offset: self.offset.saturating_add(offset as u64) }
    }

    /// What is from `start` up to `end`.
    fn between(self, start: usize, end: usize) -> Spot<'a> {
        self.part(start, end.saturating_sub(start))
    }

    /// The values of `size` bytes, side by side.
    fn each(self, size: usize) -> impl Iterator<Item = Spot<'a>> {
        let mut offset = self.offset;
        self.bytes.chunks_exact(size).map(move |bytes| {
            let spot = Spot { bytes, offset };
            offset = offset.saturating_add(size as u64);
            spot
        })
    }
}

struct Walk<'a, 'r> {
    schema: &'a Schema,
    plan: &'a Plan,
    regions: &'a Regions<'a>,
    hard: bool,
    /// Findings that may still be reported.
    left: usize,
    /// A value was wrong, so that gaps after it mean nothing.
    broken: bool,
    heap_at: usize,
    text_at: usize,
    record: Option<u64>,
    path: Vec<Segment<'a>>,
    report: &'r mut dyn FnMut(Fault),
}

impl<'a> Walk<'a, '_> {
    fn records(&mut self) {
        let root = self.schema.root();
        let (size, regions) = (root.size(), self.regions);
        let bytes = size.checked_mul(regions.count);
        let Some(bytes) = bytes.filter(|&bytes| bytes <= regions.records.len() && regions.stride == size)
        else {
            let expected = format!("{} records of {size} bytes", regions.count);
            let found = format!("{} bytes with a stride of {}", regions.records.len(), regions.stride);
            return self.fault(ErrorKind::BadValue, 0, expected, found);
        };
        let (records, beyond) = regions.records.split_at(bytes);
        let looked_at = if self.is_solid(Some(TypeRef::Index(0))) { &[] } else { records };
        for (index, spot) in (0..).zip(Spot { bytes: looked_at, offset: 0 }.each(size)) {
            self.record = Some(index);
            self.value(root, spot, 0);
            if self.left == 0 {
                return;
            }
        }
        self.record = None;
        self.zero(Spot { bytes: beyond, offset: bytes as u64 }, "zero bytes after the records");
        self.ends();
    }

    /// What is left of heap and text after the last record.
    fn ends(&mut self) {
        if self.hard || self.broken {
            return;
        }
        let (heap, text) = (self.heap(), self.regions.text.all().len());
        let spot = heap.between(self.heap_at, heap.bytes.len());
        if heap.bytes.len() as u64 > round_up(self.heap_at as u64, 64) {
            self.fault(
                ErrorKind::NotCanonical,
                spot.offset,
                "the heap's end".into(),
                format!("{} bytes more", spot.bytes.len()),
            );
        }
        self.zero(spot, "zero bytes after the heap");
        let more = text.saturating_sub(self.text_at);
        if more > 0 {
            let offset = self.regions.text_start.saturating_add(self.text_at) as u64;
            self.fault(
                ErrorKind::NotCanonical,
                offset,
                "the text's end".into(),
                format!("{more} bytes more"),
            );
        }
    }

    #[cold]
    fn fault(&mut self, kind: ErrorKind, offset: u64, expected: String, found: String) {
        let Some(left) = self.left.checked_sub(1).filter(|_| !self.hard || kind != ErrorKind::NotCanonical)
        else {
            return;
        };
        self.left = left;
        let path = path_text(&self.path);
        (self.report)(Fault { kind, offset, record: self.record, path, expected, found });
    }

    #[cold]
    fn bad_value(&mut self, spot: Spot<'_>, expected: &str, found: impl ToString) {
        self.broken = true;
        self.fault(ErrorKind::BadValue, spot.offset, expected.into(), found.to_string());
    }

    fn zero(&mut self, spot: Spot<'_>, expected: &str) {
        if self.hard {
            return;
        }
        if let Some(position) = spot.bytes.iter().position(|&byte| byte != 0) {
            let first = spot.part(position, 1);
            let found = format!("0x{:02x}", tag_bits(first.bytes, 1));
            self.fault(ErrorKind::NotCanonical, first.offset, expected.into(), found);
        }
    }

    /// A value under one more step of the path.
    #[inline(always)]
    fn step(&mut self, segment: Segment<'a>, ty: &'a Descriptor, spot: Spot<'a>, depth: u32) {
        self.path.push(segment);
        self.value(ty, spot, depth);
        self.path.pop();
    }

    fn resolve(&self, ty: Option<TypeRef>) -> &'a Descriptor {
        self.schema.resolve(ty.unwrap_or(TypeRef::Index(0)))
    }

    fn is_solid(&self, ty: Option<TypeRef>) -> bool {
        let solid = ty.and_then(|ty| self.plan.solid.get(ty.index() as usize));
        solid.copied().unwrap_or_default()
    }

    /// Options and newtypes are followed here and not by a call: the stack must hold 64 references by 32 types.
    fn value(&mut self, mut ty: &'a Descriptor, mut spot: Spot<'a>, depth: u32) {
        let entered = self.path.len();
        while self.left > 0 {
            match ty.kind() {
                Kind::Option if !self.has_value(ty, spot) => break,
                Kind::Option => {
                    self.path.push(Segment::Inner);
                    let align = ty.align();
                    ty = self.resolve(ty.element());
                    spot = spot.part(align, ty.size());
                }
                Kind::Newtype => ty = self.resolve(ty.element()),
                _ => {
                    self.other(ty, spot, depth);
                    break;
                }
            }
        }
        self.path.truncate(entered);
    }

    /// A value that is neither an option nor a newtype.
    #[inline(always)]
    fn other(&mut self, ty: &'a Descriptor, spot: Spot<'a>, depth: u32) {
        match ty.kind() {
            Kind::F32 | Kind::F64 => {}
            Kind::Array => self.array_inside(ty, spot, depth),
            Kind::Tuple | Kind::Struct => {
                let end = self.fields(ty.fields(), 0, spot, depth);
                self.zero(spot.between(end, ty.size()), "zero padding");
            }
            Kind::Enum => self.choice(ty, spot, depth),
            kind if kind.is_reference() => self.reference(ty, spot, depth),
            _ => self.scalar(ty, spot),
        }
    }

    fn array_inside(&mut self, ty: &'a Descriptor, spot: Spot<'a>, depth: u32) {
        let element = self.resolve(ty.element());
        let used = element.size().saturating_mul(ty.count() as usize);
        self.elements(ty.element(), element, spot.part(0, used), depth);
        self.zero(spot.between(used, ty.size()), "a zero byte");
    }

    fn scalar(&mut self, ty: &Descriptor, spot: Spot<'_>) {
        let bits = tag_bits(spot.bytes, ty.size() as u32);
        match ty.kind() {
            Kind::Unit => self.zero(spot, "a zero byte"),
            Kind::Bool if bits > 1 => self.bad_value(spot, "0 or 1", bits),
            Kind::Char if u32::try_from(bits).ok().and_then(char::from_u32).is_none() => {
                self.bad_value(spot, "a Unicode scalar value", format!("0x{bits:x}"));
            }
            _ if ty.is_nonzero() && bits == 0 => self.bad_value(spot, "a number that is not 0", 0),
            Kind::I128 if ty.form() == (Form::Timestamp { exponent: -9 }) && !is_timestamp(bits) => {
                self.bad_value(spot, "a timestamp within 2^63 seconds of 1970", bits.cast_signed());
            }
            Kind::U128 if ty.form() == (Form::Duration { exponent: -9 }) && !is_duration(bits) => {
                self.bad_value(spot, "a duration below 2^64 seconds", bits);
            }
            _ => {}
        }
    }

    /// True if an option has a value.
    fn has_value(&mut self, ty: &Descriptor, spot: Spot<'_>) -> bool {
        match spot.bytes.first() {
            Some(0) => self.zero(spot.between(1, ty.size()), "zero bytes, for there is no value"),
            Some(1) => self.zero(spot.between(1, ty.align()), "zero padding"),
            tag => self.bad_value(spot, "0 for none or 1 for some", tag.copied().unwrap_or_default()),
        }
        spot.bytes.first() == Some(&1)
    }

    /// Fields from `end` on, with the gaps between them. The end of the last one.
    fn fields(&mut self, fields: &'a [Field], mut end: usize, spot: Spot<'a>, depth: u32) -> usize {
        for field in fields {
            let offset = field.offset();
            self.zero(spot.between(end, offset), "zero padding");
            let ty = self.resolve(Some(field.ty()));
            self.step(Segment::Field(field.name()), ty, spot.part(offset, ty.size()), depth);
            end = offset.saturating_add(ty.size());
        }
        end
    }

    fn choice(&mut self, ty: &'a Descriptor, spot: Spot<'a>, depth: u32) {
        let Some(variant) = self.variant(ty, spot) else { return };
        self.path.push(Segment::Variant(variant.name()));
        let tag_bytes = ty.tag().map_or(1, Kind::fixed_size) as usize;
        let end = self.fields(variant.fields(), tag_bytes, spot, depth);
        self.path.pop();
        self.zero(spot.between(end, ty.size()), "zero bytes, for the variant does not use them");
    }

    /// The present variant.
    fn variant(&mut self, ty: &'a Descriptor, spot: Spot<'a>) -> Option<&'a Variant> {
        let tag = ty.tag().unwrap_or(Kind::U8);
        let bits = tag_bits(spot.bytes, tag.fixed_size());
        let is_present = |variant: &&Variant| variant.tag().cast_unsigned() & tag.mask() == bits;
        let present = ty.variants().iter().find(is_present);
        if present.is_none() {
            let names: Vec<&str> = ty.variants().iter().take(8).map(Variant::name).collect();
            let more = if ty.variants().len() > 8 { ", .." } else { "" };
            let expected = format!("the tag of a variant ({}{more})", names.join(", "));
            self.bad_value(spot, &expected, bits);
        }
        present
    }

    /// Elements side by side. What is solid is not looked at.
    fn elements(&mut self, by: Option<TypeRef>, ty: &'a Descriptor, spot: Spot<'a>, depth: u32) {
        if self.is_solid(by) {
            return;
        }
        for (index, spot) in spot.each(ty.size()).enumerate() {
            self.step(Segment::Index(index), ty, spot, depth);
            if self.left == 0 {
                return;
            }
        }
    }

    fn reference(&mut self, ty: &'a Descriptor, spot: Spot<'a>, depth: u32) {
        let Some((start, count)) = self.place(ty.kind(), spot) else { return };
        let (key, element) = (self.resolve(ty.key()), self.resolve(ty.element()));
        let (size, align) = match ty.kind() {
            Kind::String => return self.string(spot, start, count),
            Kind::Bytes | Kind::Opaque => (1, 1),
            Kind::Map => {
                let entry = entry_layout(key, element);
                (entry.size, entry.align)
            }
            _ => (element.size(), element.align()),
        };
        let Some(array) = self.array(spot, start, count, size, align) else { return };
        if matches!(ty.kind(), Kind::Bytes | Kind::Opaque) || !self.deeper(spot, depth) {
            return;
        }
        let depth = depth.saturating_add(1);
        match ty.kind() {
            Kind::Box => self.value(element, array, depth),
            Kind::Map => {
                self.entries(key, element, array, depth);
                self.ascend(ty.key(), array, size);
            }
            kind => {
                self.elements(ty.element(), element, array, depth);
                self.ascend(ty.element().filter(|_| kind == Kind::Set), array, size);
            }
        }
    }

    /// Where a reference points, first byte and count; none if it is empty or wrong in itself.
    fn place(&mut self, kind: Kind, spot: Spot<'_>) -> Option<(usize, usize)> {
        let (start, count) = At::new(spot.bytes, &[], "").reference();
        let expected = match (kind, count) {
            (Kind::Box, 1) => return Some((start, count)),
            (Kind::Box, _) => "a reference to one element",
            (_, 0) if start == 0 => return None,
            (_, 0) => "an empty reference is { 0, 0 }",
            _ => return Some((start, count)),
        };
        self.bad_reference(spot, expected.into(), start, count);
        None
    }

    #[cold]
    fn bad_reference(&mut self, spot: Spot<'_>, expected: String, start: usize, count: usize) {
        self.broken = true;
        self.fault(ErrorKind::BadReference, spot.offset, expected, format!("{{ {start}, {count} }}"));
    }

    fn deeper(&mut self, spot: Spot<'_>, depth: u32) -> bool {
        if depth >= MAX_DEPTH {
            self.broken = true;
            let expected = format!("at most {MAX_DEPTH} references from the record");
            self.fault(ErrorKind::TooDeep, spot.offset, expected, "one more".into());
        }
        depth < MAX_DEPTH
    }

    fn string(&mut self, spot: Spot<'_>, start: usize, count: usize) {
        let (text, end) = (self.regions.text.all(), start.saturating_add(count));
        if start < self.text_at || end > text.len() {
            let expected = format!("a string from {} on, within {} bytes of text", self.text_at, text.len());
            return self.bad_reference(spot, expected, start, count);
        }
        if !text.is_char_boundary(start) || !text.is_char_boundary(end) {
            return self.bad_reference(spot, "a string from character to character".into(), start, count);
        }
        let gap = start.saturating_sub(self.text_at);
        if gap > 0 && !self.broken {
            let found = format!("{gap} bytes between");
            self.fault(
                ErrorKind::NotCanonical,
                spot.offset,
                "a string right after the one before".into(),
                found,
            );
        }
        self.text_at = end;
    }

    fn array(
        &mut self,
        spot: Spot<'_>,
        start: usize,
        count: usize,
        size: usize,
        align: usize,
    ) -> Option<Spot<'a>> {
        let heap = self.heap();
        let end = count.checked_mul(size).and_then(|bytes| start.checked_add(bytes));
        let end = end.filter(|&end| end <= heap.bytes.len() && start >= self.heap_at);
        let Some(end) = end.filter(|_| start.is_multiple_of(align)) else {
            let expected = format!(
                "{count} elements of {size} bytes from {} on, aligned to {align}, within {} bytes of heap",
                self.heap_at,
                heap.bytes.len()
            );
            self.bad_reference(spot, expected, start, count);
            return None;
        };
        let gap = heap.between(self.heap_at, start);
        if gap.bytes.len() >= align && !self.broken {
            let expected = "an array right after the one before".into();
            let found = format!("{} bytes between", gap.bytes.len());
            self.fault(ErrorKind::NotCanonical, spot.offset, expected, found);
        }
        self.zero(gap, "zero bytes between arrays");
        self.heap_at = end;
        Some(heap.between(start, end))
    }

    fn heap(&self) -> Spot<'a> {
        Spot { bytes: self.regions.heap, offset: self.regions.heap_start as u64 }
    }

    fn entries(&mut self, key: &'a Descriptor, value: &'a Descriptor, array: Spot<'a>, depth: u32) {
        let Layout { offsets: [_, offset], size, .. } = entry_layout(key, value);
        let (offset, end) = (offset as usize, value.size().saturating_add(offset as usize));
        for (index, spot) in array.each(size).enumerate() {
            self.step(Segment::Key(index), key, spot.part(0, key.size()), depth);
            self.zero(spot.between(key.size(), offset), "zero padding");
            let at = At::new(spot.bytes, self.regions.heap, self.regions.text);
            self.step(Segment::Entry { key, at, index }, value, spot.part(offset, value.size()), depth);
            self.zero(spot.between(end, size), "zero padding");
            if self.left == 0 {
                return;
            }
        }
    }

    /// Keys are strictly ascending. Not looked at once a reference was wrong: keys may be anything then.
    fn ascend(&mut self, key: Option<TypeRef>, array: Spot<'a>, size: usize) {
        let Some(key) = key.filter(|_| !self.broken).map(TypeRef::index) else { return };
        let at = |spot: Spot<'a>| At::new(spot.bytes, self.regions.heap, self.regions.text);
        let keys = &self.plan.keys;
        let mut pairs = array.each(size).zip(array.each(size).skip(1)).zip(1..);
        let wrong = pairs.find(|&((left, right), _)| keys.compare(key, at(left), at(right)).is_ge());
        if let Some(((_, spot), index)) = wrong {
            self.path.push(Segment::Key(index));
            let found = "one that is not above the one before it".into();
            self.fault(ErrorKind::BadOrder, spot.offset, "keys in ascending order".into(), found);
            self.path.pop();
        }
    }
}

/// The path as a person writes it.
fn path_text(path: &[Segment<'_>]) -> String {
    let mut text = String::new();
    for segment in path {
        match *segment {
            Segment::Field(name) if text.is_empty() => text.push_str(name),
            Segment::Field(name) => text.push_str(&format!(".{name}")),
            Segment::Index(index) => text.push_str(&format!("[{index}]")),
            Segment::Variant(name) => text.push_str(&format!(":{name}")),
            Segment::Inner => text.push('?'),
            Segment::Key(index) => text.push_str(&format!("[key {index}]")),
            Segment::Entry { key, at, index } => match key.kind() {
                Kind::String => text.push_str(&format!("[{:?}]", at.str())),
                _ => text.push_str(&format!("[value {index}]")),
            },
        }
    }
    text
}
