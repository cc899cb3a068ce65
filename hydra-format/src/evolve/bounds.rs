//! Bounds on transcoded records, computed from the plan alone: their maximum size, and whether any can be
//! refused. A writer checks individual records only where the bounds leave a doubt.

use super::plan::{EvolveNode, EvolveStep, Op, Plan};
use super::run::{GROWTH, MAX_BYTES, ONE_RECORD};
use crate::reflect::MAX_NESTING;
use std::collections::HashMap;
use std::num::Saturating;

/// Room for rounding a region up to a line, and the content of a list to its alignment.
const LINE: u64 = 64;

/// The maximum number of references from a record to a value (FORMAT.md, section 12).
const DEPTH: usize = 64;

/// The maximum that a value needs, without the targets of its own references.
#[derive(Clone, Copy, Default)]
struct SizeBound {
    /// Bytes of heap and text.
    bytes: Saturating<u64>,
    /// The nesting of runs.
    levels: usize,
}

impl Plan {
    /// Returns true if a value may have no counterpart: an unknown variant or name, or a value nested too
    /// deep.
    pub(crate) fn may_refuse(&self) -> bool {
        let mut variants = self.choices.iter().flat_map(|choice| choice.variants.values());
        let levels = self.extras().map(|(_, extra)| extra.levels).max().unwrap_or(0);
        variants.any(|(_, chosen)| chosen.is_none())
            || self.names.iter().any(|names| names.other.is_none())
            || self.images.iter().any(|image| !image.heap.is_empty())
            || (levels + 1) * DEPTH > MAX_NESTING
    }

    /// Returns a size of payloads that never become too large (FORMAT.md, section 16.2), whatever their
    /// content.
    pub(crate) fn safe_bytes(&self) -> u64 {
        // A value in a list has its own bytes there, so the value with the largest growth decides.
        let growth = self.extras().map(|(node, extra)| {
            let bytes = extra.bytes + Saturating(node.to_size.into());
            bytes.0.div_ceil(u64::from(node.from_size).max(1))
        });
        let growth = growth.max().unwrap_or(1).max(1);
        let most = |bytes: u64, factor: u64| (bytes - 2 * LINE).checked_div(factor).unwrap_or(u64::MAX);
        most(MAX_BYTES, growth).min(most(ONE_RECORD, growth.saturating_sub(GROWTH)))
    }

    fn extras(&self) -> impl Iterator<Item = (&EvolveNode, SizeBound)> {
        let mut known = HashMap::new();
        (0..).zip(&self.nodes).map(move |(id, node)| (node, self.extra(id, &mut known)))
    }

    /// Returns what a value of a node needs. Results are cached in `known`.
    fn extra(&self, id: u32, known: &mut HashMap<u32, SizeBound>) -> SizeBound {
        if let Some(extra) = known.get(&id) {
            return *extra;
        }
        let mut sum = SizeBound::default();
        for step in self.steps(&self.node(id).deep) {
            let SizeBound { bytes, levels } = self.step_extra(step, known);
            sum = SizeBound { bytes: sum.bytes + bytes, levels: sum.levels.max(levels) };
        }
        known.insert(id, sum);
        sum
    }

    fn step_extra(&self, step: &EvolveStep, known: &mut HashMap<u32, SizeBound>) -> SizeBound {
        let mut run = |node, count: u32| {
            let SizeBound { bytes, levels } = self.extra(node, known);
            SizeBound { bytes: bytes * Saturating(count.into()), levels: levels + 1 }
        };
        match step.op {
            Op::List { .. } => SizeBound { bytes: Saturating(LINE), levels: 0 },
            Op::Run { node, count } => run(node, count),
            Op::Option { node, .. } => run(node, 1),
            Op::OrElse { node, image, .. } => run(node, 1).max(self.image_extra(image)),
            Op::Default(image) => self.image_extra(image),
            Op::Enum(choice) => {
                let variants = self.choices.get(choice as usize).into_iter();
                let chosen = variants.flat_map(|choice| choice.variants.values());
                let nodes = chosen.filter_map(|(_, chosen)| chosen.and_then(|(_, node)| node));
                nodes.fold(SizeBound::default(), |most, node| most.max(run(node, 1)))
            }
            Op::Text | Op::Name(_) | Op::Copy(_) | Op::Widen(..) | Op::Put(_) => SizeBound::default(),
        }
    }

    fn image_extra(&self, image: u32) -> SizeBound {
        let sizes = self.images.get(image as usize).map(|image| (image.heap.len(), image.text.len()));
        let (heap, text) = sizes.unwrap_or_default();
        let aligned = if heap > 0 { LINE } else { 0 };
        SizeBound { bytes: Saturating((heap + text) as u64 + aligned), levels: 1 }
    }
}

impl SizeBound {
    fn max(self, other: SizeBound) -> SizeBound {
        SizeBound { bytes: self.bytes.max(other.bytes), levels: self.levels.max(other.levels) }
    }
}
