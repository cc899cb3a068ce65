//! The compiled steps that convert records of one schema to another type. A plan has offsets and sizes, and
//! no types.

use crate::error::join_path;
use crate::schema::Kind;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// One step, between an offset in the source value and an offset in the target value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct EvolveStep {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) op: Op,
    /// The place within the node, for errors: an entry of [`Plan::labels`].
    pub(super) label: u32,
}

/// The operation of a step. Numbers are positions in the tables of the plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Op {
    /// Copies this many bytes.
    Copy(u32),
    /// Writes a number as a wider kind.
    Widen(Kind, Kind),
    /// Writes constant bytes.
    Put(u32),
    /// A string.
    Text,
    /// A reference to elements.
    List { node: u32, align: u32 },
    /// This many consecutive values.
    Run { node: u32, count: u32 },
    /// An option whose value is at these offsets from its tag.
    Option { node: u32, from: u32, to: u32 },
    /// The value of an option, or a default.
    OrElse { node: u32, from: u32, image: u32 },
    /// A default with references.
    Default(u32),
    /// An enum.
    Enum(u32),
    /// A string that names a variant.
    Name(u32),
}

/// The conversion of values of one type to another. The `flat` steps run first, each over all values of a
/// run. Then the `deep` steps run value by value: they write to heap and text, or depend on the value.
#[derive(Clone, Debug, Default)]
pub(super) struct EvolveNode {
    pub(super) flat: Range<u32>,
    pub(super) deep: Range<u32>,
    pub(super) from_size: u32,
    pub(super) to_size: u32,
    /// It must be measured: it may need room, or fail.
    pub(super) measured: bool,
    /// A run is a single copy.
    pub(super) copied: bool,
}

/// The tag to write, and the node of the variant's fields if it has any.
pub(super) type Chosen = (i128, Option<u32>);

/// The variants of an enum by their tags as unsigned bits, with their names; `None` if the target lacks the
/// variant.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) from_bytes: u32,
    pub(super) to_bytes: u32,
    pub(super) variants: BTreeMap<u128, (String, Option<Chosen>)>,
    pub(super) target: String,
}

/// The tags of variants by their names and aliases, and the tag for other names.
#[derive(Clone, Debug)]
pub(super) struct VariantNames {
    pub(super) to_bytes: u32,
    pub(super) tags: HashMap<String, i128>,
    pub(super) other: Option<i128>,
    pub(super) target: String,
}

/// The payload of one record, and the node that copies it.
#[derive(Clone, Debug)]
pub(super) struct PlanImage {
    pub(super) record: Vec<u8>,
    pub(super) heap: Vec<u8>,
    pub(super) text: String,
    pub(super) node: u32,
}

/// The whole plan; the root is node 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(super) nodes: Vec<EvolveNode>,
    pub(super) steps: Vec<EvolveStep>,
    pub(super) puts: Vec<Vec<u8>>,
    pub(super) choices: Vec<Choice>,
    pub(super) names: Vec<VariantNames>,
    pub(super) images: Vec<PlanImage>,
    /// A name and the label that follows it; 0 for none.
    pub(super) labels: Vec<(String, u32)>,
    /// References are read in the order in which they are written, and their targets do not change, so heap
    /// and text are copied unchanged.
    pub(super) keeps_regions: bool,
}

impl Plan {
    pub(super) fn node(&self, id: u32) -> &EvolveNode {
        const NONE: &EvolveNode =
            &EvolveNode { flat: 0..0, deep: 0..0, from_size: 1, to_size: 1, measured: false, copied: false };
        self.nodes.get(id as usize).unwrap_or(NONE)
    }

    pub(super) fn steps(&self, range: &Range<u32>) -> &[EvolveStep] {
        self.steps.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// Returns the path of a label.
    pub(super) fn path(&self, mut label: u32) -> String {
        let mut path = String::new();
        while let Some((name, next)) = self.labels.get(label as usize).filter(|_| label > 0) {
            path = join_path(&path, name);
            label = *next;
        }
        path
    }
}
