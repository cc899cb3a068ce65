//! Validation of payloads (FORMAT.md, section 7): one linear pass over records, heap and text, driven by a flat
//! table of steps. It knows schemas and bytes; it does not know files, and trusts neither.
//!
//! The pass is written once and compiled for two purposes: to answer yes or no, and to go on after a problem and say what is
//! wrong and where (`explain`), which is asked only when the answer was no. Full checks have a plan with all bytes that are zero.

#[expect(clippy::arithmetic_side_effects, reason = "positions in a payload, and sizes of a checked schema")]
mod explain;
mod key;
mod pass;
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "numbers of a checked schema")]
mod plan;
#[cfg(test)]
mod tests;

use super::At;
use crate::memory::{Payload, Text};
use crate::schema::Schema;
use crate::store::bytes::line_up;
use crate::{Error, ErrorKind};
pub use pass::Cursor;
pub(crate) use pass::planned;
use plan::CheckPlan;

/// A payload: records, the heap from the next line on, and then the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Regions<'a> {
    /// Records and heap.
    pub(crate) front: &'a [u8],
    /// The text.
    pub(crate) text: Text<'a>,
    /// Number of records.
    pub(crate) count: usize,
    /// Bytes from one record to the next.
    pub(crate) stride: usize,
}

impl<'a> Regions<'a> {
    /// The records with what is behind them up to the heap, and heap and text. No records if they are not all there.
    #[inline]
    pub(crate) fn rows(&self) -> At<'a> {
        let heap_start = line_up(self.count.saturating_mul(self.stride) as u64) as usize;
        let (records, heap) = self.front.split_at_checked(heap_start).unwrap_or_default();
        At::new(records, heap, self.text)
    }
}

/// What is wrong with a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What went wrong.
    pub(crate) kind: ErrorKind,
    /// Offset in the payload, in bytes.
    pub(crate) offset: u64,
    /// Index of the record in the payload; none for what belongs to no record.
    pub(crate) record: Option<u64>,
    /// The value within the record: `items[3].name`; empty for the record itself.
    pub(crate) path: String,
    /// What should have been there.
    pub(crate) expected: String,
    /// What was there.
    pub(crate) found: String,
}

impl Fault {
    /// Of records that are not as many and as large as they should be.
    #[cold]
    fn bad_records(schema: &Schema, regions: &Regions<'_>) -> Fault {
        Fault {
            kind: ErrorKind::BadValue,
            offset: 0,
            record: None,
            path: String::new(),
            expected: format!("{} records of {} bytes", regions.count, schema.root().size()),
            found: format!("{} bytes with a stride of {}", regions.rows().bytes().len(), regions.stride),
        }
    }

    /// Of a payload whose text, which starts at `start`, is not UTF-8.
    #[cold]
    pub(crate) fn bad_utf8(text: &[u8], start: usize) -> Fault {
        let valid = std::str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
        let found = text.get(valid).copied().unwrap_or_default();
        Fault {
            kind: ErrorKind::BadUtf8,
            offset: start.saturating_add(valid) as u64,
            record: None,
            path: String::new(),
            expected: "UTF-8".into(),
            found: format!("{found:#04x}"),
        }
    }
}

impl From<Fault> for Error {
    /// The offset is that of the payload: add its start to [`Fault::offset`] first.
    fn from(fault: Fault) -> Error {
        let error = Error::new(fault.kind).at(fault.offset).expected(fault.expected).found(fault.found);
        if fault.path.is_empty() { error } else { error.path(fault.path) }
    }
}

/// Validates payloads of one schema.
#[derive(Clone, Debug)]
pub(crate) struct Validator {
    plan: CheckPlan,
    /// How a type of the program checks its values.
    check: Option<Checked>,
    /// How a flat type of the program checks the records of a payload, which remembers that they are valid.
    check_records: Option<CheckedRecords>,
}

/// Whether stored values are valid: one, as [`Hydra::check`](super::Hydra::check), or several side by side.
pub(crate) type Checked = fn(&[u8], &mut Cursor<'_>, u32) -> bool;

/// Whether the records of a payload are.
pub(crate) type CheckedRecords = fn(&Payload) -> bool;

impl Validator {
    /// The validator of records of the schema's root type.
    pub(crate) fn new(schema: &Schema) -> Validator {
        Validator { plan: CheckPlan::new(schema, false), check: None, check_records: None }
    }

    /// The same, for a type of the program whose schema this is.
    pub(crate) fn with(self, check: Checked, check_records: Option<CheckedRecords>) -> Validator {
        Validator { check: Some(check), check_records, ..self }
    }

    /// Checks every rule that values depend on, and has the payload remember what it is.
    pub(crate) fn validate_payload(
        &self,
        payload: &Payload,
        regions: &Regions<'_>,
    ) -> Result<(), Box<Fault>> {
        if self.check_records.is_some_and(|check| check(payload)) { Ok(()) } else { self.validate(regions) }
    }

    /// Checks every rule that values depend on. Bytes that should be zero, and gaps, do not matter here.
    #[inline]
    pub(crate) fn validate(&self, regions: &Regions<'_>) -> Result<(), Box<Fault>> {
        if pass::accepts(self, regions) { Ok(()) } else { Err(self.explain(regions)) }
    }

    /// The first rule that a payload breaks which the fast pass refused.
    #[cold]
    pub(super) fn explain(&self, regions: &Regions<'_>) -> Box<Fault> {
        let mut first = None;
        explain::explain::<false>(&self.plan, regions, &mut |fault| {
            first.get_or_insert(fault);
        });
        Box::new(first.unwrap_or_else(|| Fault::bad_records(&self.plan.schema, regions)))
    }
}

/// Finds all that is wrong with payloads of one schema.
pub(crate) struct Auditor {
    plan: CheckPlan,
}

impl Auditor {
    pub(crate) fn new(schema: &Schema) -> Auditor {
        Auditor { plan: CheckPlan::new(schema, true) }
    }

    /// Reports everything, as far as it can go on after each finding: also bytes that should be zero and are not, and gaps.
    /// Stops after 10,000 findings.
    pub(crate) fn audit(&self, regions: &Regions<'_>, report: &mut dyn FnMut(Fault)) {
        if !pass::is_canonical(&self.plan, regions) {
            explain::explain::<true>(&self.plan, regions, report);
        }
    }
}
