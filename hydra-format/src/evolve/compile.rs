//! Resolution: compares two schemas by names and aliases, and compiles them to a plan and a list of changes.
//! Types are compared in pairs, each pair once, so that recursive types terminate. Both schemas are
//! untrusted.

use super::names::pairs;
use super::plan::{EvolveNode, EvolveStep, Op, Plan};
use super::rules::TypePair;
use super::{Change, Evolution, Resolution, Rule};
use crate::error::join_path;
use crate::schema::{Descriptor, Field, Kind, Schema, TypeRef, entry_layout};
use crate::{Error, ErrorKind, Result};
use std::collections::{HashMap, VecDeque};

/// The maximum number of steps that are copied into the enclosing type; larger types are called.
const INLINE_STEPS: usize = 32;
/// The maximum number of pairs of types, fields and steps to examine.
const BUDGET: usize = 1 << 17;
/// The maximum number of changes to list, and of places to search for them.
const MOST_CHANGES: usize = 256;
const MOST_VISITS: usize = 1 << 14;

/// Two types to compare, by their indices; `own` compares within the target's schema.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Job {
    Pair { own: bool, key: bool, from: u32, to: u32 },
    Entry { own: bool, from: (u32, u32), to: (u32, u32) },
    Byte,
}

/// A node under construction.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) done: bool,
    pub(super) flat: Vec<EvolveStep>,
    pub(super) deep: Vec<EvolveStep>,
    pub(super) sizes: (u32, u32),
    /// Both sides have the same bytes, as far as is known.
    pub(super) same: bool,
    /// It has references.
    pub(super) refs: bool,
    /// It may refuse a value.
    pub(super) fallible: bool,
    /// Fields are read in the order in which they are written, and no default has references.
    pub(super) ordered: bool,
    pub(super) below: Vec<(String, u32)>,
    pub(super) changes: Vec<Change>,
}

pub(super) struct Compiler<'a> {
    pub(super) from: &'a Schema,
    pub(super) to: &'a Schema,
    pub(super) plan: Plan,
    ids: HashMap<Job, u32>,
    pub(super) drafts: Vec<Draft>,
    open: VecDeque<(u32, Job)>,
    budget: usize,
    /// References are copied unchanged.
    pub(super) keeps: bool,
}

/// Compares two schemas.
pub(super) fn compare(from: &Schema, to: &Schema) -> Result<Evolution> {
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
    let resolution = match compiler.drafts[0].same {
        true => Resolution::SameLayout,
        false if compiler.is_wider() => Resolution::Wider,
        false => Resolution::Transcoded,
    };
    if resolution == Resolution::Transcoded && compiler.keeps_regions() {
        compiler = compile(true)?;
    }
    Ok(Evolution { resolution, changes, plan: compiler.finish() })
}

impl<'a> Compiler<'a> {
    pub(super) fn draft(&mut self, id: u32) -> &mut Draft {
        &mut self.drafts[id as usize]
    }

    /// Returns the node of a job that is compiled later, for the target of a reference.
    pub(super) fn later(&mut self, job: Job) -> u32 {
        let next = self.drafts.len() as u32;
        let id = *self.ids.entry(job).or_insert(next);
        if id == next {
            self.drafts.push(Draft::default());
            self.open.push_back((id, job));
        }
        id
    }

    /// Compiles the node of a value that is stored inline. Types nest at most 32 deep without references,
    /// which bounds this recursion.
    pub(super) fn inline(&mut self, job: Job) -> Result<u32> {
        let id = self.later(job);
        if !self.draft(id).done {
            self.compile(id, job)?;
        }
        Ok(id)
    }

    pub(super) fn spend(&mut self, count: usize) -> Result<()> {
        self.budget = self.budget.checked_sub(count).ok_or_else(|| {
            Error::new(ErrorKind::TooLarge).what("the two types are too large to be compared")
        })?;
        Ok(())
    }

    pub(super) fn source(&self, own: bool) -> &'a Schema {
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
                let layout = |schema, (key, value)| entry_layout(ty(schema, key), ty(schema, value));
                let source = layout(self.source(own), from);
                let target = layout(self.to, to);
                draft.sizes = (source.size as u32, target.size as u32);
                draft.same = source == target;
                let key = self.inline(Job::Pair { own, key: true, from: from.0, to: to.0 })?;
                let value = self.inline(Job::Pair { own, key: false, from: from.1, to: to.1 })?;
                self.embed(&mut draft, key, (0, 0), "[key]")?;
                self.embed(&mut draft, value, (source.offsets[1], target.offsets[1]), "[]")?;
            }
            Job::Pair { own, key, from: source, to: target } => {
                let (from, to) = (ty(self.source(own), source), ty(self.to, target));
                draft.sizes = (from.size() as u32, to.size() as u32);
                draft.same = from.size() == to.size() && from.align() == to.align();
                self.pair(&mut draft, TypePair { own, key, from, to, at: (source, target) })?;
            }
        }
        if draft.same && !draft.fallible && (self.keeps || !draft.refs) {
            draft.deep.clear();
            draft.flat = vec![EvolveStep { from: 0, to: 0, op: Op::Copy(draft.sizes.0), label: 0 }];
        }
        *self.draft(id) = draft;
        Ok(())
    }

    /// Merges the properties of a node into the node that contains it.
    pub(super) fn below(&mut self, draft: &mut Draft, id: u32, segment: &str) {
        let part = self.draft(id);
        draft.same &= part.same;
        draft.refs |= part.refs;
        draft.fallible |= part.fallible;
        draft.ordered &= part.ordered;
        draft.below.push((segment.into(), id));
    }

    /// Copies the steps of a node into the node that contains it.
    pub(super) fn embed(
        &mut self,
        draft: &mut Draft,
        id: u32,
        places: (u32, u32),
        segment: &str,
    ) -> Result<()> {
        self.below(draft, id, segment);
        draft.same &= places.0 == places.1;
        let part = self.draft(id);
        if part.flat.len() + part.deep.len() > INLINE_STEPS {
            return self.deep(draft, places, Op::Run { node: id, count: 1 }, segment);
        }
        let (flat, deep) = (part.flat.clone(), part.deep.clone());
        self.spend(flat.len() + deep.len())?;
        for step in flat {
            draft.push(step.at(places));
        }
        for step in deep {
            let label = self.label(segment, step.label);
            draft.deep.push(EvolveStep { label, ..step.at(places) });
        }
        Ok(())
    }

    pub(super) fn deep(
        &mut self,
        draft: &mut Draft,
        (from, to): (u32, u32),
        op: Op,
        segment: &str,
    ) -> Result<()> {
        self.spend(1)?;
        match op {
            Op::Text | Op::List { .. } => draft.refs = true,
            // A reference that is copied unchanged.
            Op::Copy(_) => {
                draft.refs = true;
                draft.push(EvolveStep { from, to, op, label: 0 });
                return Ok(());
            }
            _ => {}
        }
        draft.same &= from == to;
        let label = self.label(segment, 0);
        draft.deep.push(EvolveStep { from, to, op, label });
        Ok(())
    }

    fn label(&mut self, segment: &str, next: u32) -> u32 {
        if segment.is_empty() {
            return next;
        }
        self.plan.labels.push((segment.into(), next));
        self.plan.labels.len() as u32 - 1
    }

    /// Clears `same` of nodes with a reference to a node that is not the same.
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

    /// Returns every change with its path from the root, those that cannot be read first. A type that occurs
    /// twice is listed twice, within limits.
    fn changes(&self) -> Vec<Change> {
        let refused = |change: &Change| change.rule == Rule::Incompatible;
        let mut found = Vec::new();
        self.collect(0, "", &refused, &mut Vec::new(), &mut { MOST_VISITS }, &mut found);
        if found.is_empty() && self.drafts.iter().any(|draft| draft.changes.iter().any(refused)) {
            let text = "a part cannot be read, and it is nested too deep to be located".into();
            found.push(Change::new(Rule::Incompatible, "", text));
        }
        let readable = |change: &Change| change.rule != Rule::Incompatible;
        self.collect(0, "", &readable, &mut Vec::new(), &mut { MOST_VISITS }, &mut found);
        found
    }

    fn collect(
        &self,
        id: u32,
        path: &str,
        which: &dyn Fn(&Change) -> bool,
        on_the_way: &mut Vec<u32>,
        visits: &mut usize,
        found: &mut Vec<Change>,
    ) {
        *visits = visits.saturating_sub(1);
        if on_the_way.contains(&id) || on_the_way.len() > 128 || *visits == 0 || found.len() >= MOST_CHANGES {
            return;
        }
        let draft = &self.drafts[id as usize];
        found.extend(draft.changes.iter().filter(|change| which(change)).map(|change| change.under(path)));
        on_the_way.push(id);
        for (segment, below) in &draft.below {
            self.collect(*below, &join_path(path, segment), which, on_the_way, visits, found);
        }
        on_the_way.pop();
    }

    /// Returns true if each field of the target's records has the same offset in the source's.
    fn is_wider(&self) -> bool {
        let from = self.from.root();
        let to = self.to.root();
        let root = &self.drafts[0];
        let fits = from.size() >= to.size() && from.align() >= to.align() && from.kind() == to.kind();
        let fields = pairs((from.fields(), to.fields()), Field::name, Field::notes);
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

    /// Returns true if heap and text can be copied unchanged.
    fn keeps_regions(&self) -> bool {
        let root = &self.drafts[0];
        // Visit what is stored inline; the target of a reference must be the same.
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
        let mut put = |steps: &[EvolveStep]| {
            let start = plan.steps.len() as u32;
            plan.steps.extend(steps);
            start..plan.steps.len() as u32
        };
        for draft in &drafts {
            let (flat, deep) = (put(&draft.flat), put(&draft.deep));
            let (from_size, to_size) = draft.sizes;
            let whole = [EvolveStep { from: 0, to: 0, op: Op::Copy(from_size), label: 0 }];
            let copied = from_size == to_size && draft.deep.is_empty() && draft.flat == whole;
            let measured = draft.refs || draft.fallible;
            plan.nodes.push(EvolveNode { flat, deep, from_size, to_size, measured, copied });
        }
        plan
    }
}

impl EvolveStep {
    fn at(self, (from, to): (u32, u32)) -> EvolveStep {
        EvolveStep { from: self.from + from, to: self.to + to, ..self }
    }
}

impl Draft {
    pub(super) fn copy(&mut self, bytes: u32) {
        self.push(EvolveStep { from: 0, to: 0, op: Op::Copy(bytes), label: 0 });
    }

    /// Appends a flat step, and merges adjacent copies.
    pub(super) fn push(&mut self, step: EvolveStep) {
        if let (Some(EvolveStep { from, to, op: Op::Copy(bytes), .. }), Op::Copy(more)) =
            (self.flat.last_mut(), step.op)
            && (*from + *bytes, *to + *bytes) == (step.from, step.to)
        {
            *bytes += more;
            return;
        }
        self.flat.push(step);
    }

    pub(super) fn change(&mut self, rule: Rule, path: &str, text: String) {
        self.changes.push(Change::new(rule, path, text));
    }

    pub(super) fn refuse(&mut self, path: &str, text: impl Into<String>, help: &str) {
        self.same = false;
        self.changes.push(Change { help: help.into(), ..Change::new(Rule::Incompatible, path, text.into()) });
    }
}

pub(super) fn ty(schema: &Schema, index: u32) -> &Descriptor {
    schema.types().get(index as usize).unwrap_or(schema.root())
}

/// Returns the index of a reference that the kind of its type guarantees.
pub(super) fn index(ty: Option<TypeRef>) -> u32 {
    ty.map_or(u32::MAX, TypeRef::index)
}
