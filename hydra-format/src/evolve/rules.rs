//! The rules of evolution (FORMAT.md, section 16.1): how each pair of types is converted.

use super::Rule;
use super::compile::{Compiler, Draft, Job, index, ty};
use super::names::{aliases, pairs};
use super::plan::{Choice, EvolveStep, Op, PlanImage, VariantNames};
use super::widen::is_exact;
use crate::layout::rows::{Validator, open_payload_of};
use crate::schema::{DefaultImage, Descriptor, Field, Kind, Note, Schema, TypeRef, Variant, entry_layout};
use crate::{Error, Result};
use std::collections::{BTreeMap, HashMap};

/// The share of the budget that an incompatibility costs, since its text is kept.
const WORDS: usize = 16;

/// Two types to compare.
#[derive(Clone, Copy)]
pub(super) struct TypePair<'a> {
    pub(super) own: bool,
    pub(super) key: bool,
    pub(super) from: &'a Descriptor,
    pub(super) to: &'a Descriptor,
    pub(super) at: (u32, u32),
}

impl TypePair<'_> {
    pub(super) fn job(self, (from, to): (u32, u32)) -> Job {
        Job::Pair { own: self.own, key: self.key, from, to }
    }

    pub(super) fn elements(self) -> Job {
        self.job((index(self.from.element()), index(self.to.element())))
    }
}

impl<'a> Compiler<'a> {
    pub(super) fn pair(&mut self, draft: &mut Draft, pair: TypePair<'a>) -> Result<()> {
        let (from, to) = (pair.from, pair.to);
        match (from.kind(), to.kind()) {
            (Kind::Newtype, Kind::Newtype) => self.inner(draft, pair, (from.element(), to.element())),
            (Kind::Option, Kind::Option) => self.option(draft, pair),
            (_, Kind::Option) if self.peeled(pair.own, from) != Kind::Option => self.wrap(draft, pair),
            (Kind::Newtype, _) => {
                let single = self.single(pair.to, self.peeled(pair.own, from));
                draft.change(Rule::Rewrapped, "", format!("{} to {}", from.name(), to.name()));
                self.inner(draft, pair, (from.element(), single))
            }
            (_, Kind::Newtype) => {
                let single = self.single(pair.from, self.peeled(true, to));
                draft.change(Rule::Rewrapped, "", format!("{} to {}", from.name(), to.name()));
                self.inner(draft, pair, (single, to.element()))
            }
            (Kind::List, Kind::List)
            | (Kind::Set, Kind::Set)
            | (Kind::Box, Kind::Box)
            | (Kind::Map, Kind::Map) => self.reference(draft, pair),
            (Kind::Bytes, Kind::Bytes) | (Kind::Opaque, Kind::Opaque) => {
                let byte = self.later(Job::Byte);
                self.list(draft, byte, 1, "[]")
            }
            (Kind::String, Kind::String) => {
                self.deep(draft, (0, 0), if self.keeps { Op::Copy(8) } else { Op::Text }, "")
            }
            (Kind::Array, Kind::Array) if from.count() == to.count() && from.form() == to.form() => {
                self.array(draft, pair)
            }
            (Kind::Tuple, Kind::Tuple) | (Kind::Struct, Kind::Struct) => {
                self.fields(draft, pair, (from.fields(), to.fields()))
            }
            (Kind::Enum, Kind::Enum) => self.choice(draft, pair),
            (Kind::String, Kind::Enum) if to.is_fieldless() && !pair.key => self.named(draft, pair),
            _ => self.scalar(draft, pair),
        }
    }

    fn scalar(&mut self, draft: &mut Draft, pair: TypePair<'a>) -> Result<()> {
        let (from, to) = (pair.from, pair.to);
        let (source, target) = (from.kind(), to.kind());
        let fits = from.form() == to.form() && (from.is_nonzero() || !to.is_nonzero());
        let plain = matches!(target, Kind::Unit | Kind::Bool | Kind::Char | Kind::F32 | Kind::F64);
        if fits && source == target && (plain || target.is_integer()) {
            draft.copy(from.size() as u32);
            return Ok(());
        }
        if fits && is_exact(source, target) {
            draft.same = false;
            draft.change(Rule::Widened, "", format!("{} to {}", source.name(), target.name()));
            draft.flat.push(EvolveStep { from: 0, to: 0, op: Op::Widen(source, target), label: 0 });
            return Ok(());
        }
        self.spend(WORDS)?;
        let (own, other) = (self.source(pair.own).spell_rust(from), self.to.spell_rust(to));
        let help = match (source, target) {
            _ if from.form() != to.form() => "a time, a date, a UUID or a decimal keeps its form and unit",
            _ if source == target && source == Kind::Array => {
                "an array keeps its length: make it a Vec under another name"
            }
            (Kind::Option, _) => "put #[hydra(default)] on the field: none then reads as the default",
            _ if is_exact(target, source) => {
                "numbers are not narrowed: keep the wider type, or #[hydra(alias)] a new field and convert"
            }
            _ => "give the field another name, with #[hydra(default)] or as an Option",
        };
        draft.refuse("", format!("{own} cannot be read as {other}"), help);
        Ok(())
    }

    /// Returns the innermost kind inside newtypes.
    fn peeled(&self, target: bool, mut of: &'a Descriptor) -> Kind {
        let schema = self.source(target);
        while let (Kind::Newtype, Some(inner)) = (of.kind(), of.element()) {
            of = schema.resolve(inner);
        }
        of.kind()
    }

    /// Returns the type that corresponds to the content of a newtype: that of the only field of a struct,
    /// unless the newtype contains a struct itself.
    fn single(&self, other: &'a Descriptor, inside: Kind) -> Option<TypeRef> {
        match other.fields() {
            [field] if other.kind() == Kind::Struct && inside != Kind::Struct => Some(field.ty()),
            _ => None,
        }
    }

    /// Compares the content of newtypes; `None` stands for a side that is not opened.
    fn inner(
        &mut self,
        draft: &mut Draft,
        pair: TypePair<'a>,
        (from, to): (Option<TypeRef>, Option<TypeRef>),
    ) -> Result<()> {
        let at = (from.map_or(pair.at.0, TypeRef::index), to.map_or(pair.at.1, TypeRef::index));
        let id = self.inline(pair.job(at))?;
        self.embed(draft, id, (0, 0), "")
    }

    fn option(&mut self, draft: &mut Draft, pair: TypePair<'a>) -> Result<()> {
        let (from, to) = (pair.from.align() as u32, pair.to.align() as u32);
        let node = self.inline(pair.elements())?;
        self.below(draft, node, "?");
        self.deep(draft, (0, 0), Op::Option { node, from, to }, "?")
    }

    fn wrap(&mut self, draft: &mut Draft, pair: TypePair<'a>) -> Result<()> {
        draft.same = false;
        draft.change(Rule::MadeOptional, "", self.to.spell_rust(pair.to));
        self.put(draft, 0, vec![1]);
        let id = self.inline(pair.job((pair.at.0, index(pair.to.element()))))?;
        self.embed(draft, id, (0, pair.to.align() as u32), "")
    }

    fn reference(&mut self, draft: &mut Draft, pair: TypePair<'a>) -> Result<()> {
        let (from, to, own) = (pair.from, pair.to, pair.own);
        let (job, align, segment) = match to.kind() {
            Kind::Map => {
                let keys = (index(from.key()), index(to.key()));
                let values = (index(from.element()), index(to.element()));
                let entry = entry_layout(ty(self.to, keys.1), ty(self.to, values.1));
                (Job::Entry { own, from: (keys.0, values.0), to: (keys.1, values.1) }, entry.align, "")
            }
            kind => {
                let align = ty(self.to, index(to.element())).align();
                let Job::Pair { own, from, to, .. } = pair.elements() else { return Ok(()) };
                let segment = if kind == Kind::Box { "" } else { "[]" };
                (Job::Pair { own, key: kind == Kind::Set, from, to }, align, segment)
            }
        };
        let node = self.later(job);
        self.list(draft, node, align as u32, segment)
    }

    fn list(&mut self, draft: &mut Draft, node: u32, align: u32, segment: &str) -> Result<()> {
        draft.below.push((segment.into(), node));
        let op = if self.keeps { Op::Copy(8) } else { Op::List { node, align } };
        self.deep(draft, (0, 0), op, "")
    }

    fn array(&mut self, draft: &mut Draft, pair: TypePair<'a>) -> Result<()> {
        let node = self.inline(pair.elements())?;
        self.below(draft, node, "[]");
        let count = u32::try_from(pair.to.count()).unwrap_or(0);
        match count {
            0 => {
                draft.refs = false;
                draft.fallible = false;
                Ok(())
            }
            1 => self.embed(draft, node, (0, 0), "[0]"),
            _ => self.deep(draft, (0, 0), Op::Run { node, count }, ""),
        }
    }

    fn fields(
        &mut self,
        draft: &mut Draft,
        pair: TypePair<'a>,
        (from, to): (&'a [Field], &'a [Field]),
    ) -> Result<()> {
        self.spend(from.len() + to.len())?;
        let found = pairs((from, to), Field::name, Field::notes);
        let mut read = vec![false; from.len()];
        for (field, found) in to.iter().zip(&found) {
            let Some(position) = *found else {
                self.added(draft, field)?;
                continue;
            };
            read[position] = true;
            let source = &from[position];
            if source.name() != field.name() {
                draft.change(Rule::Renamed, field.name(), format!("was {}", source.name()));
            }
            self.field(draft, pair, source, field)?;
        }
        if !found.iter().flatten().is_sorted() {
            draft.ordered = false;
            draft.change(Rule::Reordered, "", "fields are in another order".into());
        }
        for (field, _) in from.iter().zip(read).filter(|(_, read)| !read) {
            draft.same = false;
            match pair.key {
                true => draft.refuse(
                    field.name(),
                    "it is part of a key, and keys would not stay distinct",
                    "keep it",
                ),
                false => draft.change(Rule::Removed, field.name(), "is not read".into()),
            }
        }
        Ok(())
    }

    fn field(&mut self, draft: &mut Draft, pair: TypePair<'a>, from: &'a Field, to: &'a Field) -> Result<()> {
        let places = (from.offset() as u32, to.offset() as u32);
        let at = (from.ty().index(), to.ty().index());
        let source = ty(self.source(pair.own), at.0);
        let optional = source.kind() == Kind::Option && self.peeled(true, ty(self.to, at.1)) != Kind::Option;
        let default = default_of(to).filter(|_| optional);
        let Some(default) = default else {
            let id = self.inline(pair.job(at))?;
            return self.embed(draft, id, places, to.name());
        };
        draft.change(Rule::MadeRequired, to.name(), "none reads as the default".into());
        let node = self.inline(pair.job((index(source.element()), at.1)))?;
        let (image, refs) = self.image(default, at.1, to)?;
        self.below(draft, node, to.name());
        draft.refs |= refs;
        draft.ordered &= !refs;
        draft.same = false;
        self.deep(draft, places, Op::OrElse { node, from: source.align() as u32, image }, to.name())
    }

    /// Adds a field that the source lacks.
    fn added(&mut self, draft: &mut Draft, field: &'a Field) -> Result<()> {
        draft.same = false;
        let at = field.ty().index();
        let Some(default) = default_of(field) else {
            self.spend(WORDS)?;
            let kind = self.peeled(true, ty(self.to, at));
            match kind {
                Kind::Option => draft.change(Rule::Added, field.name(), "reads as none".into()),
                Kind::Unit => draft.change(Rule::Added, field.name(), "has one value only".into()),
                _ => draft.refuse(
                    field.name(),
                    format!("{} that the other type lacks", self.to.spell_rust(ty(self.to, at))),
                    "#[hydra(default)], or make it an Option; #[hydra(alias = \"..\")] if it had another name",
                ),
            }
            return Ok(());
        };
        draft.change(Rule::Added, field.name(), "reads as its default".into());
        let offset = field.offset() as u32;
        let (image, refs) = self.image(default, at, field)?;
        if refs {
            draft.refs = true;
            draft.ordered = false;
            return self.deep(draft, (0, offset), Op::Default(image), field.name());
        }
        let bytes = self.plan.images[image as usize].record.clone();
        if bytes.iter().any(|&byte| byte != 0) {
            self.put(draft, offset, bytes);
        }
        Ok(())
    }

    /// Adds a step that writes these bytes.
    fn put(&mut self, draft: &mut Draft, to: u32, bytes: Vec<u8>) {
        let put = self.plan.puts.len() as u32;
        self.plan.puts.push(bytes);
        draft.flat.push(EvolveStep { from: 0, to, op: Op::Put(put), label: 0 });
    }

    /// Adds a validated default. Returns it with the node that copies it, and whether it has references.
    fn image(&mut self, default: &DefaultImage, at: u32, field: &Field) -> Result<(u32, bool)> {
        let bad = |error: Error| error.what("the default of a field").path(field.name());
        let (text_offset, payload) = match default {
            DefaultImage::Live(make) => make()?,
            DefaultImage::Stored { text_offset, payload } => (*text_offset, payload.to_vec()),
        };
        self.spend(payload.len() / 64)?;
        let schema = Schema::of_type(ty(self.to, at), Some(self.to))?;
        self.spend(schema.types().len())?;
        let validator = Validator::new(&schema);
        let record = open_payload_of(&payload, text_offset, schema.root().size(), &validator).map_err(bad)?;
        let (heap, text) = record.regions();
        let node = self.inline(Job::Pair { own: true, key: false, from: at, to: at })?;
        let record = record.bytes().to_vec();
        self.plan.images.push(PlanImage { record, heap: heap.to_vec(), text: text.all().into(), node });
        let refs = self.draft(node).refs;
        Ok((self.plan.images.len() as u32 - 1, refs))
    }

    fn choice(&mut self, draft: &mut Draft, pair: TypePair<'a>) -> Result<()> {
        let (from, to) = (pair.from, pair.to);
        self.spend(from.variants().len() + to.variants().len())?;
        let bytes = |ty: &Descriptor| ty.tag().map_or(1, Kind::fixed_size);
        let (from_bytes, to_bytes) = (bytes(from), bytes(to));
        draft.same &= from_bytes == to_bytes;
        let found = pairs((from.variants(), to.variants()), Variant::name, Variant::notes);
        let mut targets = vec![None; from.variants().len()];
        for (target, found) in to.variants().iter().zip(found) {
            match found {
                Some(found) => targets[found] = Some(target),
                None => draft.change(Rule::VariantAdded, &format!(":{}", target.name()), String::new()),
            }
        }
        let other = other_of(to);
        let mut variants = BTreeMap::new();
        let mut ranks = Vec::new();
        for (source, target) in from.variants().iter().zip(targets) {
            let segment = format!(":{}", source.name());
            let chosen = match (target, other) {
                (Some(target), _) => Some((target.tag(), self.variant(draft, pair, (source, target))?)),
                (None, other) => {
                    draft.same = false;
                    draft.fallible |= other.is_none();
                    let text = other.map_or("an error of that value".into(), |other| {
                        format!("reads as {}", other.name())
                    });
                    draft.change(Rule::VariantRemoved, &segment, text);
                    other.map(|other| (other.tag(), None))
                }
            };
            draft.same &= chosen.is_some_and(|(tag, _)| tag == source.tag());
            ranks.push((rank(from, source.tag()), chosen.map(|(tag, _)| rank(to, tag))));
            let mask = from.tag().map_or(0xff, Kind::mask);
            variants.insert(source.tag().cast_unsigned() & mask, (source.name().to_string(), chosen));
        }
        ranks.sort_unstable();
        let ascending = ranks.is_sorted_by(|left, right| left.1 < right.1);
        if pair.key && !(ascending && ranks.iter().all(|rank| rank.1.is_some())) {
            draft.refuse(
                "",
                "the order of keys would change",
                "keep every variant and the order of the tags",
            );
        }
        let target = self.to.spell_rust(to);
        self.plan.choices.push(Choice { from_bytes, to_bytes, variants, target });
        let choice = self.plan.choices.len() as u32 - 1;
        self.deep(draft, (0, 0), Op::Enum(choice), "")
    }

    /// Returns the node of a variant's fields; `None` if there is nothing to convert.
    fn variant(
        &mut self,
        draft: &mut Draft,
        pair: TypePair<'a>,
        (from, to): (&'a Variant, &'a Variant),
    ) -> Result<Option<u32>> {
        let segment = format!(":{}", from.name());
        if from.name() != to.name() {
            draft.change(Rule::VariantRenamed, &format!(":{}", to.name()), format!("was {}", from.name()));
        }
        if from.fields().is_empty() && to.fields().is_empty() {
            return Ok(None);
        }
        let sizes = draft.sizes;
        let mut inside = Draft { done: true, same: true, ordered: true, sizes, ..Draft::default() };
        self.fields(&mut inside, pair, (from.fields(), to.fields()))?;
        let id = self.drafts.len() as u32;
        self.drafts.push(inside);
        self.below(draft, id, &segment);
        Ok(Some(id))
    }

    fn named(&mut self, draft: &mut Draft, pair: TypePair<'a>) -> Result<()> {
        let to = pair.to;
        self.spend(to.variants().len())?;
        draft.change(Rule::TextToEnum, "", format!("text to {}, by name", to.name()));
        if let Some(other) = other_of(to) {
            draft.change(Rule::NameRemoved, "", format!("other names read as {}", other.name()));
        }
        draft.same = false;
        draft.fallible = true;
        let mut tags = HashMap::new();
        for variant in to.variants() {
            for alias in aliases(variant.notes()) {
                tags.entry(alias.to_string()).or_insert(variant.tag());
            }
        }
        tags.extend(to.variants().iter().map(|variant| (variant.name().to_string(), variant.tag())));
        let to_bytes = to.tag().map_or(1, Kind::fixed_size);
        let other = other_of(to).map(Variant::tag);
        self.plan.names.push(VariantNames { to_bytes, tags, other, target: self.to.spell_rust(to) });
        let names = self.plan.names.len() as u32 - 1;
        self.deep(draft, (0, 0), Op::Name(names), "")
    }
}

fn default_of(field: &Field) -> Option<&DefaultImage> {
    field.notes().iter().find_map(|note| match note {
        Note::Default(image) => Some(image),
        _ => None,
    })
}

/// Returns the variant that stands for unknown ones.
fn other_of(ty: &Descriptor) -> Option<&Variant> {
    let other = |variant: &&Variant| variant.notes().iter().any(|note| matches!(note, Note::Other));
    ty.variants().iter().find(other).filter(|variant| variant.fields().is_empty())
}

/// Maps a tag to a number that sorts as the tags of the enum do.
fn rank(ty: &Descriptor, tag: i128) -> u128 {
    let sign = if ty.tag().is_some_and(Kind::is_signed) { 1 << 127 } else { 0 };
    tag.cast_unsigned() ^ sign
}
