//! A schema compiled to steps: the checks of a value. Nested types are flattened into the offsets of the type
//! that contains them, and types of which every bit pattern is valid have no steps.

use crate::schema::{Descriptor, Field, FieldPlaces, Form, Kind, Schema, TypeRef, entry_layout};
use std::ops::Range;

/// The largest number of steps of a type that are copied into the type that contains it; longer ones are
/// called. This keeps the plan linear in the size of the schema.
const INLINE_STEPS: usize = 16;
/// The size of a plan from which on only single steps are copied.
const MANY_STEPS: usize = 1 << 18;

/// A check at an offset from the start of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PlanStep {
    pub(super) offset: u32,
    /// The number of consecutive values, or 1 for checks that are never merged; for an option, the number of
    /// bytes after its tag.
    pub(super) count: u32,
    pub(super) check: ValueCheck,
}

/// The kind of a check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ValueCheck {
    /// Strings.
    String,
    /// Bytes, by reference.
    Bytes,
    /// A reference to elements of the list with this index.
    List(u32),
    /// Bytes below a limit: bools and tags.
    Below(u8),
    /// Chars.
    Char,
    /// Integers of this many bytes that are not 0.
    NonZero(u32),
    /// A timestamp in nanoseconds, 128 bits.
    Timestamp,
    /// A duration in nanoseconds, 128 bits.
    Duration,
    /// The tag of an option: if it is none, this many steps are skipped, and the bytes after the tag are
    /// zero.
    Option(u32),
    /// An enum: its tag, then the steps of the present variant.
    Enum(u32),
    /// An array within the value.
    Array(u32),
    /// Bytes without a meaning that must be zero, in the plans of full checks.
    Zero,
}

impl PlanStep {
    /// Returns the number of bytes of one value, for checks that can be merged.
    fn unit(self) -> Option<u32> {
        match self.check {
            ValueCheck::String => Some(8),
            ValueCheck::Char => Some(4),
            ValueCheck::Below(_) | ValueCheck::Zero => Some(1),
            _ => None,
        }
    }

    /// Merges two steps that are the same check of consecutive values.
    fn merged(self, next: PlanStep) -> Option<PlanStep> {
        let behind = self.offset + self.unit()? * self.count;
        let beside = self.check == next.check && behind == next.offset;
        beside.then(|| PlanStep { count: self.count + next.count, ..self })
    }

    /// Returns this check for `times` consecutive values of `size` bytes, if it is the only check of each.
    fn repeated(self, size: u32, times: u32) -> Option<PlanStep> {
        let whole = self.offset == 0 && self.unit()? * self.count == size;
        whole.then(|| PlanStep { count: self.count * times, ..self })
    }
}

/// Consecutive elements.
#[derive(Clone, Debug)]
pub(super) struct ElementCheck {
    /// The number of bytes of an element.
    pub(super) size: u32,
    /// The alignment of an element, less one.
    pub(super) mask: u32,
    /// The required number of elements: 1 for a box, the length of an array within a value.
    pub(super) exactly: Option<u32>,
    /// The index of the type of the key at the start of each element; elements are in ascending order of it.
    pub(super) key: Option<u32>,
    /// The steps of an element.
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
    /// The number of bytes of the tag.
    pub(super) size: u32,
    /// Whether the tags are 0, 1, 2, .. without a gap.
    pub(super) dense: bool,
    pub(super) variants: Vec<(u128, Range<u32>)>,
}

/// The checks of the values of a schema.
#[derive(Clone, Debug)]
pub(super) struct CheckPlan {
    pub(super) steps: Vec<PlanStep>,
    pub(super) lists: Vec<ElementCheck>,
    pub(super) choices: Vec<TagTable>,
    pub(super) schema: Schema,
    pub(super) root: ElementCheck,
}

impl CheckPlan {
    /// Creates the plan of a schema for records of its root; with `zeros`, it includes the bytes that must be
    /// zero, for a full check.
    pub(super) fn new(schema: &Schema, zeros: bool) -> CheckPlan {
        let (types, root) = (schema.types(), schema.root());
        let root = ElementCheck::new((root.size(), root.align()), None, None);
        let plan = CheckPlan { steps: vec![], lists: vec![], choices: vec![], schema: schema.clone(), root };
        let blocks = vec![None; types.len()];
        let mut compiler = PlanCompiler { types, zeros, plan, blocks, elements: vec![] };
        compiler.plan.root.steps = compiler.block(0);
        // The steps of a referenced type are added after those of the reference, because types may be
        // recursive.
        let mut done = 0;
        while let Some(&(key, element)) = compiler.elements.get(done) {
            compiler.plan.lists[done].steps = match key {
                None => compiler.block(element.index() as usize),
                Some(key) => compiler.entry(key, element),
            };
            done += 1;
        }
        compiler.plan
    }

    pub(super) fn steps(&self, range: &Range<u32>) -> &[PlanStep] {
        self.steps.get(range.start as usize..range.end as usize).unwrap_or_default()
    }
}

impl ElementCheck {
    fn new((size, align): (usize, usize), exactly: Option<u32>, key: Option<u32>) -> ElementCheck {
        ElementCheck { size: size as u32, mask: align as u32 - 1, exactly, key, steps: 0..0 }
    }
}

struct PlanCompiler<'a> {
    types: &'a [Descriptor],
    zeros: bool,
    plan: CheckPlan,
    /// The steps of each type that is compiled.
    blocks: Vec<Option<Range<u32>>>,
    /// The elements of each list of the plan: elements, or entries of a map with this key.
    elements: Vec<(Option<TypeRef>, TypeRef)>,
}

/// Steps that are being combined; those before `barrier` must not change.
#[derive(Default)]
struct StepBlock {
    steps: Vec<PlanStep>,
    barrier: usize,
}

impl StepBlock {
    /// Adds a check at the start.
    fn check(&mut self, check: ValueCheck) {
        self.push(PlanStep { offset: 0, count: 1, check });
    }

    fn push(&mut self, step: PlanStep) {
        let last = self.steps.get_mut(self.barrier..).and_then(<[PlanStep]>::last_mut);
        match last.and_then(|last| last.merged(step).map(|merged| (last, merged))) {
            Some((last, merged)) => *last = merged,
            None => self.steps.push(step),
        }
    }
}

impl PlanCompiler<'_> {
    /// Returns the steps of a type. Types nest at most 32 deep without a reference between, which bounds this
    /// recursion.
    fn block(&mut self, index: usize) -> Range<u32> {
        if let Some(done) = &self.blocks[index] {
            return done.clone();
        }
        let ty = &self.types[index];
        let range = match ty.element() {
            Some(inner) if ty.kind() == Kind::Newtype => self.block(inner.index() as usize),
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
        let element = ty.element().unwrap_or(TypeRef::Index(0));
        match ty.kind() {
            Kind::Bool => block.check(ValueCheck::Below(2)),
            Kind::Char => block.check(ValueCheck::Char),
            Kind::String => block.check(ValueCheck::String),
            Kind::Bytes | Kind::Opaque => block.check(ValueCheck::Bytes),
            Kind::Option => {
                block.check(ValueCheck::Option(0));
                block.barrier = 1;
                self.zero(&mut block, 1, ty.align());
                self.embed(element, ty.align() as u32, &mut block);
                let (count, skip) = (ty.size() as u32 - 1, block.steps.len() as u32 - 1);
                block.steps[0] = PlanStep { offset: 0, count, check: ValueCheck::Option(skip) };
            }
            Kind::Array => self.array(ty, element, &mut block),
            Kind::List | Kind::Box | Kind::Set | Kind::Map => block.check(self.reference(ty, element)),
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

    /// Adds a check that the bytes from `start` to `end` are zero.
    fn zero(&self, block: &mut StepBlock, start: usize, end: usize) {
        if self.zeros && start < end {
            block.push(PlanStep {
                offset: start as u32,
                count: (end - start) as u32,
                check: ValueCheck::Zero,
            });
        }
    }

    fn ty(&self, ty: TypeRef) -> &Descriptor {
        &self.types[ty.index() as usize]
    }

    /// Adds fields from `end` on, with the gaps between them, and returns the end of the last one.
    fn fields(&mut self, fields: &[Field], mut end: usize, block: &mut StepBlock) -> usize {
        for field in fields {
            self.zero(block, end, field.offset());
            self.embed(field.ty(), field.offset() as u32, block);
            end = field.offset() + self.ty(field.ty()).size();
        }
        end
    }

    /// Adds the steps of a type at `offset`.
    fn embed(&mut self, ty: TypeRef, offset: u32, block: &mut StepBlock) {
        let range = self.block(ty.index() as usize);
        let many = self.plan.steps.len() + block.steps.len() > MANY_STEPS;
        if range.len() <= if many { 1 } else { INLINE_STEPS } {
            self.copy(range, offset, block);
        } else {
            block.push(PlanStep { offset, count: 1, check: self.inline_array(ty, 1) });
        }
    }

    /// Copies compiled steps. Only the first may merge with the step before it, and nothing may merge with a
    /// step that an option may skip.
    fn copy(&mut self, range: Range<u32>, offset: u32, block: &mut StepBlock) {
        let steps = self.plan.steps(&range);
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

    fn list(&mut self, list: ElementCheck, key: Option<TypeRef>, element: TypeRef) -> u32 {
        self.plan.lists.push(list);
        self.elements.push((key, element));
        self.elements.len() as u32 - 1
    }

    fn inline_array(&mut self, element: TypeRef, count: u32) -> ValueCheck {
        let ty = self.ty(element);
        let list = ElementCheck::new((ty.size(), ty.align()), Some(count), None);
        ValueCheck::Array(self.list(list, None, element))
    }

    fn reference(&mut self, ty: &Descriptor, element: TypeRef) -> ValueCheck {
        let own = self.ty(element);
        let layout = ty.key().map_or((own.size(), own.align()), |key| {
            let entry = entry_layout(self.ty(key), own);
            (entry.size, entry.align)
        });
        let exactly = (ty.kind() == Kind::Box).then_some(1);
        let key = if ty.kind() == Kind::Set { Some(element) } else { ty.key() };
        let list = ElementCheck::new(layout, exactly, key.map(TypeRef::index));
        ValueCheck::List(self.list(list, ty.key(), element))
    }

    /// Returns the steps of an entry of a map. It is laid out as a tuple that is not in the table of types.
    fn entry(&mut self, key: TypeRef, value: TypeRef) -> Range<u32> {
        let FieldPlaces { offsets: [_, offset], size, .. } = entry_layout(self.ty(key), self.ty(value));
        let mut block = StepBlock::default();
        self.embed(key, 0, &mut block);
        self.zero(&mut block, self.ty(key).size(), offset as usize);
        self.embed(value, offset, &mut block);
        self.zero(&mut block, offset as usize + self.ty(value).size(), size);
        self.append(block)
    }

    fn array(&mut self, ty: &Descriptor, element: TypeRef, block: &mut StepBlock) {
        let range = self.block(element.index() as usize);
        let (count, size) = (ty.count() as u32, self.ty(element).size());
        self.zero(block, size * count as usize, ty.size());
        if count == 0 || range.is_empty() {
            return;
        }
        if let [one] = self.plan.steps(&range)
            && let Some(row) = one.repeated(size as u32, count)
        {
            return block.push(row);
        }
        block.check(self.inline_array(element, count));
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
