//! A schema compiled to steps: what there is to check in a value, with nested types flattened into the offsets of
//! what contains them, and nothing at all for types of which every bit pattern is valid.

use crate::schema::{Descriptor, Field, Form, Kind, Layout, Schema, TypeRef, entry_layout};
use std::ops::Range;

/// Steps of a type that are copied into what contains it, at most; more are called. So the plan stays linear in
/// the schema, whatever contains what.
const INLINE_STEPS: usize = 16;
/// A plan of so many steps copies no more than single ones.
const MANY_STEPS: usize = 1 << 18;

/// One check, of what is at an offset from the start of the value whose steps these are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PlanStep {
    pub(super) offset: u32,
    /// So many values in a row; 1 for checks that never stand in one. Of an option, so many bytes behind its tag.
    pub(super) count: u32,
    pub(super) check: ValueCheck,
}

/// What to check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ValueCheck {
    /// Strings.
    String,
    /// Bytes, by reference.
    Bytes,
    /// A reference to elements: which, says the list.
    List(u32),
    /// Bytes below a limit: bools, tags.
    Below(u8),
    /// Chars.
    Char,
    /// An integer of so many bytes that is not 0.
    NonZero(u32),
    /// A timestamp in nanoseconds, 128 bits.
    Timestamp,
    /// A duration in nanoseconds, 128 bits.
    Duration,
    /// An option's tag: when it is none, so many steps are skipped, and what is behind the tag is zero.
    Option(u32),
    /// An enum: its tag, then the steps of the present variant.
    Enum(u32),
    /// An array inside the value.
    Array(u32),
    /// Bytes that have no meaning and are zero: in the plans of full checks.
    Zero,
}

impl PlanStep {
    /// Bytes of one value of those that may stand in a row.
    fn unit(self) -> Option<u32> {
        match self.check {
            ValueCheck::String => Some(8),
            ValueCheck::Char => Some(4),
            ValueCheck::Below(_) | ValueCheck::Zero => Some(1),
            _ => None,
        }
    }

    /// One step for this and the next, if they are the same check side by side.
    fn merged(self, next: PlanStep) -> Option<PlanStep> {
        let behind = self.unit()?.checked_mul(self.count)?.checked_add(self.offset)?;
        let count = self.count.checked_add(next.count)?;
        (self.check == next.check && behind == next.offset).then_some(PlanStep { count, ..self })
    }

    /// The same check for `times` values of `size` bytes side by side, if this is all there is to check in each.
    fn repeated(self, size: u32, times: u32) -> Option<PlanStep> {
        let whole = self.offset == 0 && self.unit()?.checked_mul(self.count)? == size;
        let count = self.count.checked_mul(times)?;
        whole.then_some(PlanStep { count, ..self })
    }
}

/// Elements side by side.
#[derive(Clone, Debug)]
pub(super) struct ElementCheck {
    /// Bytes of an element.
    pub(super) size: u32,
    /// Alignment of an element, less one.
    pub(super) mask: u32,
    /// A box: exactly one element. An array inside a value: how many.
    pub(super) exactly: Option<u32>,
    /// The key at the start of each element, by the index of its type: elements ascend by it.
    pub(super) key: Option<u32>,
    /// The element's type.
    ty: u32,
    /// The element's steps.
    pub(super) steps: Range<u32>,
}

impl ElementCheck {
    pub(super) fn is_trivial(&self) -> bool {
        self.steps.is_empty()
    }
}

/// The variants of an enum: tags as unsigned bits in ascending order, each with its steps.
#[derive(Clone, Debug)]
pub(super) struct TagTable {
    /// Bytes of the tag.
    pub(super) size: u32,
    /// Tags are 0, 1, 2, .. without a gap.
    pub(super) dense: bool,
    pub(super) variants: Vec<(u128, Range<u32>)>,
}

/// What to check in the values of a schema.
#[derive(Clone, Debug)]
pub(super) struct CheckPlan {
    pub(super) steps: Vec<PlanStep>,
    pub(super) lists: Vec<ElementCheck>,
    pub(super) choices: Vec<TagTable>,
    pub(super) schema: Schema,
    pub(super) root: ElementCheck,
}

impl CheckPlan {
    /// The plan of a schema, for records of its root; for a full check, with the bytes that are zero.
    pub(super) fn new(schema: &Schema, zeros: bool) -> CheckPlan {
        let types = schema.types();
        let root = ElementCheck::of(schema.root(), 0, None);
        let plan = CheckPlan { steps: vec![], lists: vec![], choices: vec![], schema: schema.clone(), root };
        let blocks = vec![None; types.len()];
        let mut compiler = PlanCompiler { types, zeros, plan, blocks, entries: vec![] };
        for index in 0..types.len() {
            compiler.block(index);
        }
        compiler.finish_entries();
        let PlanCompiler { mut plan, blocks, .. } = compiler;
        let steps = |ty: u32| blocks.get(ty as usize).cloned().flatten().unwrap_or(0..0);
        plan.lists.iter_mut().chain([&mut plan.root]).for_each(|list| list.steps = steps(list.ty));
        plan
    }
}

impl ElementCheck {
    fn of(element: &Descriptor, ty: u32, exactly: Option<u32>) -> ElementCheck {
        let (size, mask) = (element.size() as u32, element.align() as u32 - 1);
        ElementCheck { size, mask, exactly, key: None, ty, steps: 0..0 }
    }
}

struct PlanCompiler<'a> {
    types: &'a [Descriptor],
    zeros: bool,
    plan: CheckPlan,
    /// The steps of each type that is compiled.
    blocks: Vec<Option<Range<u32>>>,
    /// Entries of maps: index of their steps, key, value, and how they are laid out.
    entries: Vec<(u32, u32, u32, Layout<2>)>,
}

/// Steps being put together; those before `barrier` must stay as they are.
#[derive(Default)]
struct StepBlock {
    steps: Vec<PlanStep>,
    barrier: usize,
}

impl StepBlock {
    /// Adds a check of what is at the start.
    fn check(&mut self, check: ValueCheck) {
        self.push(PlanStep { offset: 0, count: 1, check });
    }

    fn push(&mut self, step: PlanStep) {
        let last = self.steps.len().checked_sub(1).filter(|&last| last >= self.barrier);
        let merged = last.and_then(|last| self.steps[last].merged(step).map(|merged| (last, merged)));
        match merged {
            Some((last, merged)) => self.steps[last] = merged,
            None => self.steps.push(step),
        }
    }
}

impl PlanCompiler<'_> {
    /// The steps of a type. Types nest at most 32 deep without a reference between, and so does this.
    fn block(&mut self, index: usize) -> Range<u32> {
        match self.blocks.get(index) {
            Some(Some(done)) => return done.clone(),
            Some(None) => {}
            None => return 0..0,
        }
        let ty = &self.types[index];
        let range = match ty.element() {
            Some(TypeRef::Index(inner)) if ty.kind() == Kind::Newtype => self.block(inner as usize),
            _ => {
                let block = self.compile(ty);
                self.append(block)
            }
        };
        self.blocks[index] = Some(range.clone());
        range
    }

    fn append(&mut self, block: StepBlock) -> Range<u32> {
        let start = self.plan.steps.len() as u32;
        self.plan.steps.extend(block.steps);
        start..self.plan.steps.len() as u32
    }

    fn compile(&mut self, ty: &Descriptor) -> StepBlock {
        let mut block = StepBlock::default();
        match ty.kind() {
            Kind::Bool => block.check(ValueCheck::Below(2)),
            Kind::Char => block.check(ValueCheck::Char),
            Kind::String => block.check(ValueCheck::String),
            Kind::Bytes | Kind::Opaque => block.check(ValueCheck::Bytes),
            Kind::List | Kind::Box | Kind::Set | Kind::Map => self.reference(ty, &mut block),
            Kind::Option => {
                block.check(ValueCheck::Option(0));
                block.barrier = 1;
                self.zero(&mut block, 1, ty.align());
                self.embed(ty.element(), ty.align() as u32, &mut block);
                let (count, skip) = (ty.size() as u32 - 1, block.steps.len() as u32 - 1);
                block.steps[0] = PlanStep { offset: 0, count, check: ValueCheck::Option(skip) };
            }
            Kind::Array => self.array(ty, &mut block),
            Kind::Tuple | Kind::Struct => {
                let end = self.fields(ty.fields(), 0, &mut block);
                self.zero(&mut block, end, ty.size());
            }
            Kind::Enum => self.choice(ty, &mut block),
            Kind::Unit => self.zero(&mut block, 0, ty.size()),
            _ => number(ty, &mut block),
        }
        block
    }

    /// What is from `start` up to `end` has no meaning.
    fn zero(&self, block: &mut StepBlock, start: usize, end: usize) {
        if self.zeros && start < end {
            block.push(PlanStep {
                offset: start as u32,
                count: (end - start) as u32,
                check: ValueCheck::Zero,
            });
        }
    }

    fn size(&self, ty: TypeRef) -> usize {
        self.types.get(ty.index() as usize).map_or(0, Descriptor::size)
    }

    /// Fields from `end` on, with the gaps between them. The end of the last one.
    fn fields(&mut self, fields: &[Field], mut end: usize, block: &mut StepBlock) -> usize {
        for field in fields {
            self.zero(block, end, field.offset());
            self.embed(Some(field.ty()), field.offset() as u32, block);
            end = field.offset() + self.size(field.ty());
        }
        end
    }

    /// Puts the steps of a type at `offset` into the block.
    fn embed(&mut self, ty: Option<TypeRef>, offset: u32, block: &mut StepBlock) {
        let Some(TypeRef::Index(index)) = ty else { return };
        let range = self.block(index as usize);
        let many = self.plan.steps.len() + block.steps.len() > MANY_STEPS;
        if range.len() <= if many { 1 } else { INLINE_STEPS } {
            self.copy(range, offset, block);
        } else {
            let list = self.list(ElementCheck::of(&self.types[index as usize], index, Some(1)));
            block.push(PlanStep { offset, count: 1, check: ValueCheck::Array(list) });
        }
    }

    /// Copies steps that are compiled. Only the first may merge with what is before it, and nothing may merge with
    /// a step that an option may skip.
    fn copy(&mut self, range: Range<u32>, offset: u32, block: &mut StepBlock) {
        let steps = self.plan.steps.get(range.start as usize..range.end as usize).unwrap_or_default();
        for (index, step) in steps.iter().enumerate() {
            if index > 0 {
                block.barrier = block.steps.len();
            }
            block.push(PlanStep { offset: step.offset + offset, ..*step });
        }
        if steps.iter().any(|step| matches!(step.check, ValueCheck::Option(_))) {
            block.barrier = block.steps.len();
        } else if steps.len() > 1 {
            block.barrier = block.steps.len() - 1;
        }
    }

    fn list(&mut self, list: ElementCheck) -> u32 {
        self.plan.lists.push(list);
        self.plan.lists.len() as u32 - 1
    }

    fn reference(&mut self, ty: &Descriptor, block: &mut StepBlock) {
        let Some(TypeRef::Index(element)) = ty.element() else { return };
        let Some(descriptor) = self.types.get(element as usize) else { return };
        let mut list = ElementCheck::of(descriptor, element, (ty.kind() == Kind::Box).then_some(1));
        if ty.kind() == Kind::Set {
            list.key = Some(element);
        }
        if let Some(TypeRef::Index(key)) = ty.key() {
            let Some(entries) = self.entries(key, element) else { return };
            list = entries;
        }
        let list = self.list(list);
        block.check(ValueCheck::List(list));
    }

    /// The entries of a map are laid out as tuples of key and value; the table of types has no such tuple, so their
    /// steps are a block of their own, under an index beyond the table.
    fn entries(&mut self, key: u32, value: u32) -> Option<ElementCheck> {
        let entry = entry_layout(self.types.get(key as usize)?, self.types.get(value as usize)?);
        let ty = self.blocks.len() as u32;
        let (size, mask) = (entry.size as u32, entry.align as u32 - 1);
        self.blocks.push(None);
        self.entries.push((ty, key, value, entry));
        Some(ElementCheck { size, mask, exactly: None, key: Some(key), ty, steps: 0..0 })
    }

    /// The steps of the entries of maps, when those of all types are known.
    fn finish_entries(&mut self) {
        for (ty, key, value, entry) in std::mem::take(&mut self.entries) {
            let (key, value, offset) = (TypeRef::Index(key), TypeRef::Index(value), entry.offsets[1]);
            let mut block = StepBlock::default();
            self.embed(Some(key), 0, &mut block);
            self.zero(&mut block, self.size(key), offset as usize);
            self.embed(Some(value), offset, &mut block);
            self.zero(&mut block, self.size(value) + offset as usize, entry.size);
            let range = self.append(block);
            self.blocks[ty as usize] = Some(range);
        }
    }

    fn array(&mut self, ty: &Descriptor, block: &mut StepBlock) {
        let Some(TypeRef::Index(element)) = ty.element() else { return };
        let range = self.block(element as usize);
        let count = ty.count() as u32;
        self.zero(block, self.types[element as usize].size() * count as usize, ty.size());
        if count == 0 || range.is_empty() {
            return;
        }
        if count == 1 {
            self.embed(ty.element(), 0, block);
            return;
        }
        let descriptor = &self.types[element as usize];
        let one = (range.len() == 1).then(|| self.plan.steps[range.start as usize]);
        match one.and_then(|step| step.repeated(descriptor.size() as u32, count)) {
            Some(step) => block.push(step),
            None => {
                let list = self.list(ElementCheck::of(descriptor, element, Some(count)));
                block.check(ValueCheck::Array(list));
            }
        }
    }

    fn choice(&mut self, ty: &Descriptor, block: &mut StepBlock) {
        let size = ty.tag().map_or(1, Kind::fixed_size);
        let bits = ty.tag().map_or(0xff, Kind::mask);
        let mut variants = Vec::with_capacity(ty.variants().len());
        for variant in ty.variants() {
            let mut inner = StepBlock::default();
            let end = self.fields(variant.fields(), size as usize, &mut inner);
            self.zero(&mut inner, end, ty.size());
            variants.push((variant.tag().cast_unsigned() & bits, self.append(inner)));
        }
        variants.sort_unstable_by_key(|variant| variant.0);
        let dense = variants.iter().zip(0..).all(|(variant, tag)| variant.0 == tag);
        if dense && size == 1 && variants.len() < 256 && variants.iter().all(|variant| variant.1.is_empty()) {
            return block.check(ValueCheck::Below(variants.len() as u8));
        }
        self.plan.choices.push(TagTable { size, dense, variants });
        let choice = self.plan.choices.len() as u32 - 1;
        block.check(ValueCheck::Enum(choice));
    }
}

fn number(ty: &Descriptor, block: &mut StepBlock) {
    if ty.is_nonzero() {
        block.check(ValueCheck::NonZero(ty.size() as u32));
    }
    match (ty.form(), ty.kind()) {
        (Form::Timestamp { exponent: -9 }, Kind::I128) => block.check(ValueCheck::Timestamp),
        (Form::Duration { exponent: -9 }, Kind::U128) => block.check(ValueCheck::Duration),
        _ => {}
    }
}
