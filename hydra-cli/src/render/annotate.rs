//! Names every byte of a record: its fields, and the data it refers to in heap and text. It reads the stored
//! bytes by the schema; the text of values comes from verified blocks only. All bytes are untrusted.

use super::dump::{DumpPart, DumpRegion, cut, little};
use super::plain;
use crate::text::{escape, plural};
use hydra::reflect::Spelling;
use hydra::schema::{Field, TypeRef};
use hydra::{Descriptor, Kind, Schema, Value};
use std::collections::VecDeque;
use std::ops::Range;

/// The largest numbers of elements that are shown one by one, of references that are followed, and of parts.
const MAX_ELEMENTS: u64 = 32;
const MAX_LINKS: usize = 256;
const MAX_PARTS: usize = 2048;
/// Parts of heap or text that are closer than this, in bytes, are shown together.
const NEAR: u64 = 16;

/// The payload of a DATA block.
pub(crate) struct BlockPayload<'a> {
    pub(crate) bytes: &'a [u8],
    /// File offset of its first byte.
    pub(crate) start: u64,
    /// The offsets of heap and text in the payload.
    pub(crate) heap: u64,
    pub(crate) text: u64,
    pub(crate) schema: &'a Schema,
}

/// A reference to follow.
struct Link<'a> {
    name: String,
    ty: &'a Descriptor,
    offset: u64,
    count: u64,
    value: Option<Value<'a>>,
}

pub(crate) struct Annotator<'a> {
    payload: BlockPayload<'a>,
    parts: Vec<DumpPart>,
    links: VecDeque<Link<'a>>,
}

impl<'a> Annotator<'a> {
    pub(crate) fn new(payload: BlockPayload<'a>) -> Annotator<'a> {
        Annotator { payload, parts: Vec::new(), links: VecDeque::new() }
    }

    /// Returns the record at `at` in the payload, then the data it refers to in heap and text, up to the
    /// limits, and the number of references that are left. If a part is wanted, the legend, heap and text
    /// contain only wanted parts.
    pub(crate) fn record(
        &mut self,
        at: u64,
        value: Option<Value<'a>>,
        wanted: &dyn Fn(&DumpPart) -> bool,
    ) -> (Vec<DumpRegion>, usize) {
        let root = self.payload.schema.root();
        self.add(root, at, String::new(), value);
        let mut own = std::mem::take(&mut self.parts);
        let (mut heap, mut text) = (Vec::new(), Vec::new());
        for _ in 0..MAX_LINKS {
            let Some(link) = self.links.pop_front() else { break };
            let parts = if link.ty.kind() == Kind::String { &mut text } else { &mut heap };
            self.follow(link);
            parts.append(&mut self.parts);
        }
        if own.iter().chain(&heap).chain(&text).any(wanted) {
            own.iter_mut().for_each(|part| part.told = wanted(part));
            heap.retain(wanted);
            text.retain(wanted);
        }
        let start = self.payload.start + at;
        let mut regions = vec![self.region("", start..start + root.size() as u64, own)];
        regions.extend(together(heap).map(|(bytes, parts)| self.region("in the heap", bytes, parts)));
        regions.extend(together(text).map(|(bytes, parts)| self.region("in the text", bytes, parts)));
        regions.retain(|region| region.parts.iter().any(|part| part.told));
        (regions, self.links.len())
    }

    fn region(&self, title: &str, bytes: Range<u64>, parts: Vec<DumpPart>) -> DumpRegion {
        let from = (bytes.start - self.payload.start) as usize;
        let own = cut(self.payload.bytes, from, (bytes.end - bytes.start) as usize);
        DumpRegion::new(title, bytes.start, own.to_vec(), parts)
    }

    fn resolve(&self, ty: Option<TypeRef>) -> &'a Descriptor {
        self.payload.schema.resolve(ty.unwrap_or(TypeRef::Index(0)))
    }

    /// Reads an integer of the payload.
    fn number(&self, at: u64, bytes: usize) -> u128 {
        little(cut(self.payload.bytes, at as usize, bytes))
    }

    fn push(&mut self, ty: &Descriptor, at: u64, len: usize, name: &str, value: String) {
        let name = if name.is_empty() { "value" } else { name };
        let at = self.payload.start + at;
        let ty = self.payload.schema.spell_rust(ty);
        self.parts.push(DumpPart { at, len: len as u64, name: name.into(), ty, value, told: true });
    }

    fn add(&mut self, ty: &'a Descriptor, at: u64, name: String, value: Option<Value<'a>>) {
        if self.parts.len() >= MAX_PARTS {
            return;
        }
        let inner = || value.and_then(|value| value.inner().ok());
        match ty.kind() {
            Kind::Struct | Kind::Tuple => {
                let lead = if name.is_empty() { name } else { name + "." };
                self.fields(ty.fields(), at, &lead, value);
            }
            Kind::Newtype => self.add(self.resolve(ty.element()), at, name, inner()),
            Kind::Option => {
                let element = self.resolve(ty.element());
                let some = self.number(at, 1) == 1;
                let name = format!("{name}?");
                self.push(ty, at, 1, &name, if some { "some" } else { "none" }.into());
                if some {
                    self.add(element, at + element.align() as u64, name, inner());
                }
            }
            Kind::Enum => {
                let size = ty.tag().map_or(1, Kind::fixed_size) as usize;
                let tag = self.number(at, size);
                let mask = u128::MAX >> (128 - 8 * size.clamp(1, 16) as u32);
                let Some(it) = ty.variants().iter().find(|variant| variant.tag() as u128 & mask == tag)
                else {
                    return self.push(ty, at, size, &name, format!("no variant has the tag {tag}"));
                };
                self.push(ty, at, size, &name, it.name().into());
                self.fields(it.fields(), at, &format!("{name}:{}.", escape::name(it.name())), value);
            }
            Kind::Array if self.resolve(ty.element()).size() > 1 => {
                self.elements(self.resolve(ty.element()), at, ty.count(), &name, value);
            }
            kind if kind.is_reference() => self.link(ty, at, name, value),
            _ => {
                let text = value.map(Self::text).unwrap_or_default();
                self.push(ty, at, ty.size(), &name, text);
            }
        }
    }

    fn fields(&mut self, fields: &'a [Field], at: u64, lead: &str, value: Option<Value<'a>>) {
        for (field, own) in fields.iter().zip(parts(value)) {
            let name = format!("{lead}{}", escape::name(field.name()));
            self.add(self.resolve(Some(field.ty())), at + field.offset() as u64, name, own);
        }
    }

    fn text(value: Value<'a>) -> String {
        let text = plain::text(value, Spelling::default().hex(true));
        if value.kind() == Kind::String { format!("{text:?}") } else { text }
    }

    /// Adds elements one after the other; those after the first few are one part.
    fn elements(&mut self, ty: &'a Descriptor, at: u64, count: u64, name: &str, value: Option<Value<'a>>) {
        let size = ty.size() as u64;
        let told = count.min(MAX_ELEMENTS);
        for (index, own) in (0..told).zip(parts(value)) {
            self.add(ty, at + index * size, format!("{name}[{index}]"), own);
        }
        if count > told {
            let name = format!("{name}[{told}..]");
            let more = plural(count - told, "element");
            self.push(ty, at + told * size, ((count - told) * size) as usize, &name, more);
        }
    }

    /// Adds a reference; the data it refers to is added later.
    fn link(&mut self, ty: &'a Descriptor, at: u64, name: String, value: Option<Value<'a>>) {
        let (offset, count) = (self.number(at, 4) as u64, self.number(at + 4, 4) as u64);
        let (region, base, noun) = match ty.kind() {
            Kind::String => ("text", self.payload.text, "byte"),
            Kind::Bytes | Kind::Opaque => ("heap", self.payload.heap, "byte"),
            _ => ("heap", self.payload.heap, "element"),
        };
        let inside = (base + offset).checked_add(count.saturating_mul(self.entry(ty).1));
        let inside = inside.is_some_and(|end| end <= self.payload.bytes.len() as u64);
        let text = match (count, inside) {
            (0, _) => "empty".to_string(),
            (_, false) => format!("→ {region} +{offset}, {}: beyond the block", plural(count, noun)),
            _ => {
                let to = self.payload.start + base + offset;
                self.links.push_back(Link { name: name.clone(), ty, offset: base + offset, count, value });
                format!("→ {region} {to:#x}, {}", plural(count, noun))
            }
        };
        self.push(ty, at, 8, &name, text);
    }

    /// Returns the offset of the value in a map entry, and the size of an entry or element.
    fn entry(&self, ty: &Descriptor) -> (u64, u64) {
        if matches!(ty.kind(), Kind::String | Kind::Bytes | Kind::Opaque) {
            return (0, 1);
        }
        let value = self.resolve(ty.element());
        let Some(key) = ty.key().map(|key| self.resolve(Some(key))) else { return (0, value.size() as u64) };
        let offset = (key.size() as u64).next_multiple_of(value.align().max(1) as u64);
        let align = key.align().max(value.align()).max(1) as u64;
        (offset, (offset + value.size() as u64).next_multiple_of(align))
    }

    fn follow(&mut self, link: Link<'a>) {
        let Link { name, ty, offset, count, value } = link;
        let element = self.resolve(ty.element());
        match ty.kind() {
            Kind::String | Kind::Bytes | Kind::Opaque => {
                let text = value.map(Self::text).unwrap_or_default();
                self.push(ty, offset, count as usize, &name, text);
            }
            Kind::Box => self.add(element, offset, name, value.and_then(|value| value.inner().ok())),
            Kind::Map => {
                let (inner, size) = self.entry(ty);
                let mut entries = value.and_then(|value| value.entries().ok()).into_iter().flatten();
                for index in 0..count.min(MAX_ELEMENTS) {
                    let own = entries.next();
                    let key = own.map_or(index.to_string(), |(key, _)| Self::text(key));
                    let name = format!("{name}[{key}]");
                    let at = offset + index * size;
                    self.add(self.resolve(ty.key()), at, format!("key {name}"), own.map(|own| own.0));
                    self.add(element, at + inner, name, own.map(|own| own.1));
                }
            }
            _ => self.elements(element, offset, count, &name, value),
        }
    }
}

/// Returns the values inside a value; none for each part if the value is unknown.
fn parts(value: Option<Value<'_>>) -> impl Iterator<Item = Option<Value<'_>>> {
    value.into_iter().flat_map(Value::parts).map(|(_, part)| Some(part)).chain(std::iter::repeat(None))
}

/// Groups parts that lie close to one another, with the bytes they span.
fn together(mut parts: Vec<DumpPart>) -> impl Iterator<Item = (Range<u64>, Vec<DumpPart>)> {
    parts.sort_by_key(|part| part.at);
    let mut groups: Vec<(Range<u64>, Vec<DumpPart>)> = Vec::new();
    for part in parts {
        let end = part.at + part.len;
        match groups.last_mut() {
            Some((bytes, group)) if part.at <= bytes.end + NEAR => {
                bytes.end = bytes.end.max(end);
                group.push(part);
            }
            _ => groups.push((part.at..end, vec![part])),
        }
    }
    groups.into_iter()
}
