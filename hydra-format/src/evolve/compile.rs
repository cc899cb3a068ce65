//! Resolution: two schemas compared, by name and alias, and compiled to a plan with a list of what changed. Types are compared
//! in pairs, each pair once, so that recursive types end; both schemas may be hostile. It knows no bytes.
#![forbid(unsafe_code)]

use super::names::pairs;
use super::plan::{Choice, Image, Names, Node, Op, Plan, Step};
use super::widen::is_exact;
use super::{Change, Rule};
use crate::codec::{Regions, Validator};
use crate::describe::{DefaultImage, Descriptor, Field, Kind, Note, Schema, TypeRef, Variant, entry_layout};
use crate::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Steps of a type that are copied into what holds it; more are called.
const INLINE_STEPS: usize = 32;
/// Pairs of types, fields and steps that are looked at.
const BUDGET: usize = 1 << 19;
/// Changes that are listed.
const MOST_CHANGES: usize = 256;

/// What is compared: types by their indices, `own` within the target's schema alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Job {
    Pair { own: bool, key: bool, from: u32, to: u32 },
    Entry { own: bool, from: (u32, u32), to: (u32, u32) },
    Byte,
}

/// A node being put together.
#[derive(Default)]
struct Draft {
    done: bool,
    flat: Vec<Step>,
    deep: Vec<Step>,
    sizes: (u32, u32),
    /// Both sides are the same bytes, as far as is known.
    same: bool,
    /// Holds references.
    refs: bool,
    /// May refuse a value.
    fallible: bool,
    /// Fields are read in the order in which they are written, and no default holds references.
    ordered: bool,
    below: Vec<(String, u32)>,
    changes: Vec<Change>,
}

/// What comparing two schemas gave.
pub(super) struct Compared {
    pub(super) plan: Plan,
    pub(super) changes: Vec<Change>,
    /// The bytes of records are the same.
    pub(super) same: bool,
    /// The fields of the target's records are at the same places of the source's, which hold more.
    pub(super) wider: bool,
}

struct Compiler<'a> {
    from: &'a Schema,
    to: &'a Schema,
    plan: Plan,
    ids: HashMap<Job, u32>,
    drafts: Vec<Draft>,
    open: VecDeque<(u32, Job)>,
    budget: usize,
    /// References are copied as they are.
    keeps: bool,
}

/// Compares two schemas.
pub(super) fn compare(from: &Schema, to: &Schema) -> Result<Compared> {
    let compile = |keeps| {
        let mut compiler = Compiler {
            from,
            to,
            plan: Plan { labels: vec![Default::default()], keeps_regions: keeps, ..Plan::default() },
            ids: HashMap::new(),
            drafts: Vec::new(),
            open: VecDeque::new(),
            budget: BUDGET,
            keeps,
        };
        compiler.later(Job::Pair { own: false, key: false, from: 0, to: 0 });
        while let Some((id, job)) = compiler.open.pop_front() {
            if !compiler.draft(id).done {
                compiler.compile(id, job)?;
            }
        }
        Ok::<_, Error>(compiler)
    };
    let mut compiler = compile(false)?;
    compiler.spread();
    let changes = compiler.changes();
    let wider = compiler.is_wider();
    let same = compiler.draft(0).same;
    if !same && !wider && compiler.keeps_regions() {
        compiler = compile(true)?;
    }
    Ok(Compared { plan: compiler.finish(), changes, same, wider })
}

impl<'a> Compiler<'a> {
    fn draft(&mut self, id: u32) -> &mut Draft {
        &mut self.drafts[id as usize]
    }

    /// The node of a job, and whether it is new.
    fn id(&mut self, job: Job) -> (u32, bool) {
        let next = self.drafts.len() as u32;
        let id = *self.ids.entry(job).or_insert(next);
        if id == next {
            self.drafts.push(Draft::default());
        }
        (id, id == next)
    }

    /// The node of what is behind a reference.
    fn later(&mut self, job: Job) -> u32 {
        let (id, new) = self.id(job);
        if new {
            self.open.push_back((id, job));
        }
        id
    }

    /// The node of what is stored inside: types nest at most 32 deep without a reference between, and so does this.
    fn inline(&mut self, job: Job) -> Result<u32> {
        let (id, _) = self.id(job);
        if !self.draft(id).done {
            self.compile(id, job)?;
        }
        Ok(id)
    }

    fn spend(&mut self, count: usize) -> Result<()> {
        self.budget = self.budget.checked_sub(count).ok_or_else(|| {
            Error::new(ErrorKind::TooLarge).what("the two types are too large to be compared")
        })?;
        Ok(())
    }

    fn source(&self, own: bool) -> &'a Schema {
        if own { self.to } else { self.from }
    }

    fn compile(&mut self, id: u32, job: Job) -> Result<()> {
        self.spend(1)?;
        let mut draft = Draft { done: true, same: true, ordered: true, ..Draft::default() };
        match job {
            Job::Byte => {
                draft.sizes = (1, 1);
                draft.copy(1);
            }
            Job::Entry { own, from, to } => {
                let types = |schema: &'a Schema, (key, value)| (ty(schema, key), ty(schema, value));
                let (source, target) = (types(self.source(own), from), types(self.to, to));
                let (source, target) = (entry_layout(source.0, source.1), entry_layout(target.0, target.1));
                draft.sizes = (source.size as u32, target.size as u32);
                draft.same = source == target;
                let key = self.inline(Job::Pair { own, key: true, from: from.0, to: to.0 })?;
                let value = self.inline(Job::Pair { own, key: false, from: from.1, to: to.1 })?;
                self.embed(&mut draft, key, (0, 0), "[key]")?;
                self.embed(&mut draft, value, (source.offsets[1], target.offsets[1]), "[]")?;
            }
            Job::Pair { own, key, from, to } => {
                let pair =
                    Pair { own, key, from: ty(self.source(own), from), to: ty(self.to, to), at: (from, to) };
                draft.sizes = (pair.from.size() as u32, pair.to.size() as u32);
                draft.same = draft.sizes.0 == draft.sizes.1 && pair.from.align() == pair.to.align();
                self.pair(&mut draft, pair)?;
            }
        }
        if draft.same && !draft.fallible && (self.keeps || !draft.refs) {
            draft.deep.clear();
            draft.flat = vec![Step { from: 0, to: 0, op: Op::Copy(draft.sizes.0), label: 0 }];
        }
        *self.draft(id) = draft;
        Ok(())
    }

    fn pair(&mut self, draft: &mut Draft, pair: Pair<'a>) -> Result<()> {
        let (from, to) = (pair.from, pair.to);
        match (from.kind(), to.kind()) {
            (Kind::Newtype, Kind::Newtype) => self.inner(draft, pair, from.element(), to.element()),
            (Kind::Option, Kind::Option) => self.option(draft, pair),
            (_, Kind::Option) if self.peeled(pair.own, from) != Kind::Option => self.wrap(draft, pair),
            (Kind::Newtype, _) => {
                let single = self.single(pair.to, self.peeled(pair.own, from));
                draft.change(Rule::Rewrapped, "", format!("{} to {}", from.name(), to.name()));
                self.inner(draft, pair, from.element(), single)
            }
            (_, Kind::Newtype) => {
                let single = self.single(pair.from, self.peeled(true, to));
                draft.change(Rule::Rewrapped, "", format!("{} to {}", from.name(), to.name()));
                self.inner(draft, pair, single, to.element())
            }
            (Kind::List, Kind::List)
            | (Kind::Set, Kind::Set)
            | (Kind::Box, Kind::Box)
            | (Kind::Map, Kind::Map) => self.reference(draft, pair),
            (Kind::Bytes, Kind::Bytes) => {
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
                self.fields(draft, pair, from.fields(), to.fields())
            }
            (Kind::Enum, Kind::Enum) => self.choice(draft, pair),
            (Kind::String, Kind::Enum) if to.is_fieldless() && !pair.key => self.named(draft, pair),
            _ => {
                self.scalar(draft, pair);
                Ok(())
            }
        }
    }

    fn scalar(&mut self, draft: &mut Draft, pair: Pair<'a>) {
        let (from, to) = (pair.from, pair.to);
        let (source, target) = (from.kind(), to.kind());
        let fits = from.form() == to.form() && (from.is_nonzero() || !to.is_nonzero());
        let plain = matches!(target, Kind::Unit | Kind::Bool | Kind::Char | Kind::F32 | Kind::F64);
        if fits && source == target && (plain || target.is_integer()) {
            return draft.copy(from.size() as u32);
        }
        if fits && is_exact(source, target) {
            draft.same = false;
            draft.change(Rule::Widened, "", format!("{} to {}", source.name(), target.name()));
            return draft.flat.push(Step { from: 0, to: 0, op: Op::Widen(source, target), label: 0 });
        }
        let (own, other) = (self.source(pair.own).spell_rust(from), self.to.spell_rust(to));
        let help = match (source, target) {
            _ if from.form() != to.form() => "a time, a date, a UUID or a decimal keeps its form and unit",
            _ if source == target && source == Kind::Array => {
                "an array keeps its length: make it a Vec under another name"
            }
            (Kind::Option, _) => "#[hydra(default)] on the field says what none is",
            _ if is_exact(target, source) => {
                "numbers are not narrowed: keep the wider type, or #[hydra(alias)] a new field and convert"
            }
            _ => "give the field another name, with #[hydra(default)] or as an Option",
        };
        draft.refuse("", format!("{own} cannot be read as {other}"), help);
    }

    /// The innermost kind under newtypes.
    fn peeled(&self, target: bool, mut of: &'a Descriptor) -> Kind {
        let schema = self.source(target);
        while let (Kind::Newtype, Some(inner)) = (of.kind(), of.element()) {
            of = schema.resolve(inner);
        }
        of.kind()
    }

    /// The type that stands against the inside of a newtype: that of the only field of a struct, unless the newtype holds
    /// a struct itself.
    fn single(&self, other: &'a Descriptor, inside: Kind) -> Option<TypeRef> {
        match other.fields() {
            [field] if other.kind() == Kind::Struct && inside != Kind::Struct => Some(field.ty()),
            _ => None,
        }
    }

    /// What is inside of newtypes; none for a side that is as it is.
    fn inner(
        &mut self,
        draft: &mut Draft,
        pair: Pair<'a>,
        from: Option<TypeRef>,
        to: Option<TypeRef>,
    ) -> Result<()> {
        let at = (from.map_or(pair.at.0, TypeRef::index), to.map_or(pair.at.1, TypeRef::index));
        let id = self.inline(pair.job(at))?;
        self.embed(draft, id, (0, 0), "")
    }

    fn option(&mut self, draft: &mut Draft, pair: Pair<'a>) -> Result<()> {
        let (from, to) = (pair.from.align() as u32, pair.to.align() as u32);
        let node = self.inline(pair.elements())?;
        self.below(draft, node, "?");
        self.deep(draft, (0, 0), Op::Option { node, from, to }, "?")
    }

    fn wrap(&mut self, draft: &mut Draft, pair: Pair<'a>) -> Result<()> {
        draft.same = false;
        draft.change(Rule::MadeOptional, "", self.to.spell_rust(pair.to));
        let put = self.put(&[1]);
        draft.flat.push(Step { from: 0, to: 0, op: Op::Put(put), label: 0 });
        let id = self.inline(pair.job((pair.at.0, index(pair.to.element()))))?;
        self.embed(draft, id, (0, pair.to.align() as u32), "")
    }

    fn reference(&mut self, draft: &mut Draft, pair: Pair<'a>) -> Result<()> {
        let (from, to, own) = (pair.from, pair.to, pair.own);
        let (job, align, crumb) = match to.kind() {
            Kind::Map => {
                let keys = (index(from.key()), index(to.key()));
                let values = (index(from.element()), index(to.element()));
                let entry = entry_layout(ty(self.to, keys.1), ty(self.to, values.1));
                (Job::Entry { own, from: (keys.0, values.0), to: (keys.1, values.1) }, entry.align, "")
            }
            kind => {
                let align = ty(self.to, index(to.element())).align();
                let Job::Pair { own, from, to, .. } = pair.elements() else { return Ok(()) };
                let crumb = if kind == Kind::Box { "" } else { "[]" };
                (Job::Pair { own, key: kind == Kind::Set, from, to }, align, crumb)
            }
        };
        let node = self.later(job);
        self.list(draft, node, align as u32, crumb)
    }

    fn list(&mut self, draft: &mut Draft, node: u32, align: u32, crumb: &str) -> Result<()> {
        draft.below.push((crumb.into(), node));
        let op = if self.keeps { Op::Copy(8) } else { Op::List { node, align } };
        self.deep(draft, (0, 0), op, "")
    }

    fn array(&mut self, draft: &mut Draft, pair: Pair<'a>) -> Result<()> {
        let node = self.inline(pair.elements())?;
        self.below(draft, node, "[]");
        let count = u32::try_from(pair.to.count()).unwrap_or(0);
        match count {
            0 => {
                (draft.refs, draft.fallible) = (false, false);
                Ok(())
            }
            1 => self.embed(draft, node, (0, 0), "[0]"),
            _ => self.deep(draft, (0, 0), Op::Run { node, count }, ""),
        }
    }

    fn fields(
        &mut self,
        draft: &mut Draft,
        pair: Pair<'a>,
        from: &'a [Field],
        to: &'a [Field],
    ) -> Result<()> {
        self.spend(from.len() + to.len())?;
        let (mut last, mut reordered, mut read) = (0, false, vec![false; from.len()]);
        for (field, found) in to.iter().zip(pairs(from, to)) {
            let Some((position, source)) = found.and_then(|at| Some((at, from.get(at)?))) else {
                self.added(draft, field)?;
                continue;
            };
            reordered |= last > position;
            (last, read[position]) = (position, true);
            if source.name() != field.name() {
                draft.change(Rule::Renamed, field.name(), format!("was {}", source.name()));
            }
            self.field(draft, pair, source, field)?;
        }
        if reordered {
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

    fn field(&mut self, draft: &mut Draft, pair: Pair<'a>, from: &'a Field, to: &'a Field) -> Result<()> {
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
        let image = self.image(default, at.1, to)?;
        self.below(draft, node, to.name());
        draft.refs |= self.draft(self.plan.images[image as usize].node).refs;
        draft.ordered &= !self.draft(self.plan.images[image as usize].node).refs;
        draft.same = false;
        self.deep(draft, places, Op::OrElse { node, from: source.align() as u32, image }, to.name())
    }

    /// A field that the source lacks.
    fn added(&mut self, draft: &mut Draft, field: &'a Field) -> Result<()> {
        draft.same = false;
        let at = field.ty().index();
        let Some(default) = default_of(field) else {
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
        let image = self.image(default, at, field)?;
        let node = self.plan.images[image as usize].node;
        if self.draft(node).refs {
            (draft.refs, draft.ordered) = (true, false);
            return self.deep(draft, (0, field.offset() as u32), Op::Default(image), field.name());
        }
        let size = self.draft(node).sizes.1 as usize;
        let bytes = self.plan.images[image as usize].record.get(..size).unwrap_or_default().to_vec();
        if bytes.iter().any(|&byte| byte != 0) {
            let put = self.put(&bytes);
            draft.flat.push(Step { from: 0, to: field.offset() as u32, op: Op::Put(put), label: 0 });
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> u32 {
        self.plan.puts.push(bytes.to_vec());
        self.plan.puts.len() as u32 - 1
    }

    /// A default, validated, with the node that copies it.
    fn image(&mut self, default: &DefaultImage, at: u32, field: &Field) -> Result<u32> {
        let bad = |error: Error| error.what("the default of a field").path(field.name());
        let (text_start, payload) = match default {
            DefaultImage::Live(make) => make()?,
            DefaultImage::Stored { text_offset, payload } => (*text_offset, payload.to_vec()),
        };
        self.spend(payload.len() / 64)?;
        let schema = Schema::of_type(ty(self.to, at), Some(self.to))?;
        let size = schema.root().size();
        let (heap_start, text_start) = (size.next_multiple_of(64), text_start as usize);
        let parts =
            (payload.get(..heap_start), payload.get(heap_start..text_start), payload.get(text_start..));
        let (Some(records), Some(heap), Some(text)) = parts else {
            return Err(bad(Error::new(ErrorKind::BadSchema).found("a payload that is too short")));
        };
        let text = std::str::from_utf8(text).map_err(|_| bad(Error::new(ErrorKind::BadUtf8)))?;
        let regions = Regions { records, count: 1, stride: size, heap, text, heap_start, text_start };
        Validator::new(&schema).validate(&regions).map_err(|fault| bad((*fault).into()))?;
        let (record, heap, text) = (records.to_vec(), heap.to_vec(), text.to_string());
        let node = self.inline(Job::Pair { own: true, key: false, from: at, to: at })?;
        self.plan.images.push(Image { record, heap, text, node });
        Ok(self.plan.images.len() as u32 - 1)
    }

    fn choice(&mut self, draft: &mut Draft, pair: Pair<'a>) -> Result<()> {
        let (from, to) = (pair.from, pair.to);
        self.spend(from.variants().len() + to.variants().len())?;
        let bytes = |ty: &Descriptor| ty.tag().map_or(1, Kind::fixed_size);
        let (from_bytes, to_bytes) = (bytes(from), bytes(to));
        draft.same &= from_bytes == to_bytes;
        let found = pairs(from.variants(), to.variants());
        let mut targets = vec![None; from.variants().len()];
        for (position, found) in found.iter().enumerate() {
            match found.and_then(|found| targets.get_mut(found)) {
                Some(target) => *target = to.variants().get(position),
                None => draft.changes.extend(to.variants().get(position).map(|variant| {
                    Change::new(Rule::VariantAdded, &format!(":{}", variant.name()), String::new())
                })),
            }
        }
        let other = other_of(to);
        let (mut variants, mut tags) = (BTreeMap::new(), Vec::new());
        for (source, target) in from.variants().iter().zip(targets) {
            let crumb = format!(":{}", source.name());
            let chosen = match (target, other) {
                (Some(target), _) => Some((target.tag(), self.variant(draft, pair, source, target)?)),
                (None, other) => {
                    draft.same = false;
                    draft.fallible |= other.is_none();
                    let text = other.map_or("an error of that value".into(), |other| {
                        format!("reads as {}", other.name())
                    });
                    draft.change(Rule::VariantRemoved, &crumb, text);
                    other.map(|other| (other.tag(), None))
                }
            };
            draft.same &= chosen.is_some_and(|(tag, _)| tag == source.tag());
            tags.push((rank(from, source.tag()), chosen.map(|(tag, _)| rank(to, tag))));
            let mask = if from_bytes == 16 { u128::MAX } else { (1 << (from_bytes * 8)) - 1 };
            variants.insert(source.tag().cast_unsigned() & mask, (source.name().to_string(), chosen));
        }
        tags.sort_unstable();
        let ascending = tags.is_sorted_by(|left, right| left.1 < right.1);
        if pair.key && !(ascending && tags.iter().all(|(_, tag)| tag.is_some())) {
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

    /// The node of the fields of a variant; none where there is nothing to do.
    fn variant(
        &mut self,
        draft: &mut Draft,
        pair: Pair<'a>,
        from: &'a Variant,
        to: &'a Variant,
    ) -> Result<Option<u32>> {
        let crumb = format!(":{}", from.name());
        if from.name() != to.name() {
            draft.change(Rule::VariantRenamed, &format!(":{}", to.name()), format!("was {}", from.name()));
        }
        if from.fields().is_empty() && to.fields().is_empty() {
            return Ok(None);
        }
        let sizes = draft.sizes;
        let mut inside = Draft { done: true, same: true, ordered: true, sizes, ..Draft::default() };
        self.fields(&mut inside, pair, from.fields(), to.fields())?;
        let id = self.drafts.len() as u32;
        self.drafts.push(inside);
        self.below(draft, id, &crumb);
        Ok(Some(id))
    }

    fn named(&mut self, draft: &mut Draft, pair: Pair<'a>) -> Result<()> {
        let to = pair.to;
        self.spend(to.variants().len())?;
        draft.change(Rule::TextToEnum, "", format!("text to {}, by name", to.name()));
        (draft.same, draft.fallible) = (false, true);
        let mut tags = BTreeMap::new();
        for variant in to.variants() {
            for alias in super::names::aliases(variant.notes()) {
                tags.entry(alias.to_string()).or_insert(variant.tag());
            }
        }
        tags.extend(to.variants().iter().map(|variant| (variant.name().to_string(), variant.tag())));
        let to_bytes = to.tag().map_or(1, Kind::fixed_size);
        let other = other_of(to).map(Variant::tag);
        self.plan.names.push(Names { to_bytes, tags, other, target: self.to.spell_rust(to) });
        let names = self.plan.names.len() as u32 - 1;
        self.deep(draft, (0, 0), Op::Name(names), "")
    }

    /// Takes on what is true of a node that is part of this one.
    fn below(&mut self, draft: &mut Draft, id: u32, crumb: &str) {
        let part = self.draft(id);
        draft.same &= part.same;
        draft.refs |= part.refs;
        draft.fallible |= part.fallible;
        draft.ordered &= part.ordered;
        draft.below.push((crumb.into(), id));
    }

    /// Puts the steps of a node into the one that holds it.
    fn embed(&mut self, draft: &mut Draft, id: u32, places: (u32, u32), crumb: &str) -> Result<()> {
        self.below(draft, id, crumb);
        draft.same &= places.0 == places.1;
        let part = self.draft(id);
        if part.flat.len() + part.deep.len() > INLINE_STEPS {
            return self.deep(draft, places, Op::Run { node: id, count: 1 }, crumb);
        }
        let (flat, deep) = (part.flat.clone(), part.deep.clone());
        self.spend(flat.len() + deep.len())?;
        for step in flat {
            draft.push(step.at(places));
        }
        for step in deep {
            let label = self.label(crumb, step.label);
            draft.deep.push(Step { label, ..step.at(places) });
        }
        Ok(())
    }

    fn deep(&mut self, draft: &mut Draft, (from, to): (u32, u32), op: Op, crumb: &str) -> Result<()> {
        self.spend(1)?;
        match op {
            Op::Text | Op::List { .. } => draft.refs = true,
            // A reference that is kept.
            Op::Copy(_) => {
                draft.refs = true;
                draft.push(Step { from, to, op, label: 0 });
                return Ok(());
            }
            _ => {}
        }
        draft.same &= from == to;
        let label = self.label(crumb, 0);
        draft.deep.push(Step { from, to, op, label });
        Ok(())
    }

    fn label(&mut self, crumb: &str, next: u32) -> u32 {
        if crumb.is_empty() {
            return next;
        }
        self.plan.labels.push((crumb.into(), next));
        self.plan.labels.len() as u32 - 1
    }

    /// Takes back that nodes are the same where something behind a reference is not.
    fn spread(&mut self) {
        let mut above = vec![Vec::new(); self.drafts.len()];
        for (id, draft) in self.drafts.iter().enumerate() {
            draft.below.iter().for_each(|(_, below)| above[*below as usize].push(id));
        }
        let mut open: Vec<usize> = (0..self.drafts.len()).filter(|&id| !self.drafts[id].same).collect();
        while let Some(id) = open.pop() {
            for &above in &above[id] {
                if std::mem::replace(&mut self.drafts[above].same, false) {
                    open.push(above);
                }
            }
        }
    }

    /// Every change with its path from the root; a type that is there twice is told twice, within limits.
    fn changes(&self) -> Vec<Change> {
        let mut found = Vec::new();
        let mut work = 1 << 16;
        self.collect(0, "", &mut Vec::new(), &mut work, &mut found);
        found
    }

    fn collect(
        &self,
        id: u32,
        path: &str,
        on_the_way: &mut Vec<u32>,
        work: &mut usize,
        found: &mut Vec<Change>,
    ) {
        *work = work.saturating_sub(1);
        if on_the_way.contains(&id) || on_the_way.len() > 128 || *work == 0 || found.len() >= MOST_CHANGES {
            return;
        }
        let draft = &self.drafts[id as usize];
        found.extend(draft.changes.iter().map(|change| change.under(path)));
        on_the_way.push(id);
        for (crumb, below) in &draft.below {
            self.collect(*below, &joined(path, crumb), on_the_way, work, found);
        }
        on_the_way.pop();
    }

    /// True if each field of the target's records is at its place in the source's.
    fn is_wider(&self) -> bool {
        let (from, to) = (self.from.root(), self.to.root());
        let root = &self.drafts[0];
        let fits = from.size() >= to.size() && from.align() >= to.align() && from.kind() == to.kind();
        let fields = pairs(from.fields(), to.fields());
        let in_place = |(field, found): (&Field, &Option<usize>)| {
            let source = found.and_then(|found| from.fields().get(found));
            source.is_some_and(|source| source.offset() == field.offset())
        };
        let is_record = matches!(to.kind(), Kind::Struct | Kind::Tuple) && !to.fields().is_empty();
        is_record
            && fits
            && to.fields().iter().zip(&fields).all(in_place)
            && root.below.iter().all(|(_, id)| self.drafts[*id as usize].same)
            && root.changes.iter().all(|change| matches!(change.rule, Rule::Removed | Rule::Renamed))
    }

    /// True if heap and text may stay as they are.
    fn keeps_regions(&self) -> bool {
        let root = &self.drafts[0];
        // What is stored inside is below and not a list; what is behind a reference has to be the same.
        let mut open = vec![0u32];
        let mut seen = vec![false; self.drafts.len()];
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut seen[id as usize], true) {
                continue;
            }
            let draft = &self.drafts[id as usize];
            let behind = |id: u32| {
                draft.deep.iter().any(|step| matches!(step.op, Op::List { node, .. } if node == id))
            };
            for (_, below) in &draft.below {
                match behind(*below) {
                    true if !self.drafts[*below as usize].same => return false,
                    true => {}
                    false => open.push(*below),
                }
            }
        }
        root.refs && root.ordered && !root.fallible
    }

    fn finish(self) -> Plan {
        let Compiler { mut plan, drafts, .. } = self;
        let mut put = |steps: &[Step]| {
            let start = plan.steps.len() as u32;
            plan.steps.extend(steps);
            start..plan.steps.len() as u32
        };
        for draft in &drafts {
            let (flat, deep) = (put(&draft.flat), put(&draft.deep));
            let (from_size, to_size) = draft.sizes;
            let whole = [Step { from: 0, to: 0, op: Op::Copy(from_size), label: 0 }];
            let copied = from_size == to_size && draft.deep.is_empty() && draft.flat == whole;
            let measured = draft.refs || draft.fallible;
            plan.nodes.push(Node { flat, deep, from_size, to_size, measured, copied });
        }
        plan
    }
}

/// Two types that are compared.
#[derive(Clone, Copy)]
struct Pair<'a> {
    own: bool,
    key: bool,
    from: &'a Descriptor,
    to: &'a Descriptor,
    at: (u32, u32),
}

impl Pair<'_> {
    fn job(self, (from, to): (u32, u32)) -> Job {
        Job::Pair { own: self.own, key: self.key, from, to }
    }

    fn elements(self) -> Job {
        self.job((index(self.from.element()), index(self.to.element())))
    }
}

impl Step {
    fn at(self, (from, to): (u32, u32)) -> Step {
        Step { from: self.from + from, to: self.to + to, ..self }
    }
}

impl Draft {
    fn copy(&mut self, bytes: u32) {
        self.push(Step { from: 0, to: 0, op: Op::Copy(bytes), label: 0 });
    }

    /// A flat step; copies of what is side by side are one.
    fn push(&mut self, step: Step) {
        if let (Some(Step { from, to, op: Op::Copy(bytes), .. }), Op::Copy(more)) =
            (self.flat.last_mut(), step.op)
            && (*from + *bytes, *to + *bytes) == (step.from, step.to)
        {
            *bytes += more;
            return;
        }
        self.flat.push(step);
    }

    fn change(&mut self, rule: Rule, path: &str, text: String) {
        self.changes.push(Change::new(rule, path, text));
    }

    fn refuse(&mut self, path: &str, text: impl Into<String>, help: &str) {
        self.same = false;
        self.changes.push(Change { help: help.into(), ..Change::new(Rule::Incompatible, path, text.into()) });
    }
}

/// A path, and a step from there.
pub(super) fn joined(path: &str, crumb: &str) -> String {
    let dot =
        if path.is_empty() || crumb.is_empty() || crumb.starts_with([':', '[', '?']) { "" } else { "." };
    format!("{path}{dot}{crumb}")
}

fn ty(schema: &Schema, index: u32) -> &Descriptor {
    schema.types().get(index as usize).unwrap_or(schema.root())
}

/// The index of a reference that the kind of its type says is there.
fn index(ty: Option<TypeRef>) -> u32 {
    ty.map_or(u32::MAX, TypeRef::index)
}

fn default_of(field: &Field) -> Option<&DefaultImage> {
    field.notes().iter().find_map(|note| match note {
        Note::Default(image) => Some(image),
        _ => None,
    })
}

/// The variant that stands for unknown ones.
fn other_of(ty: &Descriptor) -> Option<&Variant> {
    let other = |variant: &&Variant| variant.notes().iter().any(|note| matches!(note, Note::Other));
    ty.variants().iter().find(other).filter(|variant| variant.fields().is_empty())
}

/// A tag as a number that sorts as the tags of the enum do.
fn rank(ty: &Descriptor, tag: i128) -> u128 {
    let sign = if ty.tag().is_some_and(Kind::is_signed) { 1 << 127 } else { 0 };
    tag.cast_unsigned() ^ sign
}
