//! The way from records of one schema to records of another, as data: steps, compiled once. It knows offsets and sizes; types
//! are behind it.

use crate::error::join_path;
use crate::schema::Kind;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// One thing to do, between offsets in the value that is read and in the value that is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct EvolveStep {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) op: Op,
    /// Where that is within the node, for errors: an entry of [`Plan::labels`].
    pub(super) label: u32,
}

/// What to do. Numbers are positions in the tables of the plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Op {
    /// Copies so many bytes.
    Copy(u32),
    /// Writes a number as a wider kind.
    Widen(Kind, Kind),
    /// Writes bytes that are always the same.
    Put(u32),
    /// A string.
    Text,
    /// A reference to elements.
    List { node: u32, align: u32 },
    /// So many values in a row.
    Run { node: u32, count: u32 },
    /// An option: its value is at these distances from its tag.
    Option { node: u32, from: u32, to: u32 },
    /// The value of an option, or a default.
    OrElse { node: u32, from: u32, image: u32 },
    /// A default that holds references.
    Default(u32),
    /// An enum.
    Enum(u32),
    /// A string that names a variant.
    Name(u32),
}

/// How values of one type become values of another. Every value in a run goes through the `flat` steps, one step after the
/// other over the whole run; then, value by value, through the `deep` ones, which write into heap and text or look at the value.
#[derive(Clone, Debug, Default)]
pub(super) struct EvolveNode {
    pub(super) flat: Range<u32>,
    pub(super) deep: Range<u32>,
    pub(super) from_size: u32,
    pub(super) to_size: u32,
    /// It has to be measured: it may need room, or fail.
    pub(super) measured: bool,
    /// A run is one copy.
    pub(super) copied: bool,
}

/// The tag to write, and the node of the fields where there are any.
pub(super) type Chosen = (i128, Option<u32>);

/// The variants of an enum by their tags as unsigned bits, with their names; none where the target has no such variant.
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

/// A payload of one record, and the node that copies it.
#[derive(Clone, Debug)]
pub(super) struct PlanImage {
    pub(super) record: Vec<u8>,
    pub(super) heap: Vec<u8>,
    pub(super) text: String,
    pub(super) node: u32,
}

/// The whole way; the root is the node 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(super) nodes: Vec<EvolveNode>,
    pub(super) steps: Vec<EvolveStep>,
    pub(super) puts: Vec<Vec<u8>>,
    pub(super) choices: Vec<Choice>,
    pub(super) names: Vec<VariantNames>,
    pub(super) images: Vec<PlanImage>,
    /// A name, and what follows it: another label, 0 for nothing.
    pub(super) labels: Vec<(String, u32)>,
    /// References are read in the order in which they are written, and all that they lead to stays as it is: heap and text are
    /// copied as they are.
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

    /// The path that a label stands for.
    pub(super) fn path(&self, mut label: u32) -> String {
        let mut path = String::new();
        while let Some((name, next)) = self.labels.get(label as usize).filter(|_| label > 0) {
            path = join_path(&path, name);
            label = *next;
        }
        path
    }
}
