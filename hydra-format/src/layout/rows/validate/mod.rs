//! Validation of payloads (FORMAT.md, section 7): one linear pass over records, heap and text, driven by a
//! flat table of steps. Schemas and bytes are untrusted.
//!
//! The pass is compiled for two purposes: to answer yes or no, and, after a no, to continue and report what
//! is wrong and where (`explain`). The plan of a full check includes all bytes that must be zero.

#[expect(clippy::arithmetic_side_effects, reason = "positions and sizes are bounded")]
mod explain;
mod key;
mod pass;
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "indices of a checked schema")]
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

/// The regions of a payload: records, the heap from the next line on, and the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Regions<'a> {
    /// The records and the heap.
    pub(crate) front: &'a [u8],
    /// The text.
    pub(crate) text: Text<'a>,
    /// The number of records.
    pub(crate) count: usize,
    /// The number of bytes from one record to the next.
    pub(crate) stride: usize,
}

impl<'a> Regions<'a> {
    /// Returns the records with the bytes after them up to the heap, and heap and text. There are no records
    /// if some are missing.
    #[inline]
    pub(crate) fn rows(&self) -> At<'a> {
        let heap_start = line_up(self.count.saturating_mul(self.stride) as u64) as usize;
        let (records, heap) = self.front.split_at_checked(heap_start).unwrap_or_default();
        At::new(records, heap, self.text)
    }
}

/// A finding in a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The kind of the error.
    pub(crate) kind: ErrorKind,
    /// The offset in the payload, in bytes.
    pub(crate) offset: u64,
    /// The index of the record in the payload; `None` if the finding is not in a record.
    pub(crate) record: Option<u64>,
    /// The path of the value within the record, such as `items[3].name`; empty for the record itself.
    pub(crate) path: String,
    /// What was expected.
    pub(crate) expected: String,
    /// What was found.
    pub(crate) found: String,
}

impl Fault {
    /// Creates a finding at a position of the payload that is in no record.
    fn new(kind: ErrorKind, position: usize, expected: impl Into<String>, found: String) -> Fault {
        let (offset, path, expected) = (position as u64, String::new(), expected.into());
        Fault { kind, offset, record: None, path, expected, found }
    }

    /// Creates the fault about records of the wrong number or size.
    #[cold]
    fn bad_records(schema: &Schema, regions: &Regions<'_>) -> Fault {
        let expected = format!("{} records of {} bytes", regions.count, schema.root().size());
        let found = format!("{} bytes with a stride of {}", regions.rows().bytes().len(), regions.stride);
        Fault::new(ErrorKind::BadValue, 0, expected, found)
    }

    /// Creates the fault about text that is not UTF-8; the text starts at `start`.
    #[cold]
    pub(crate) fn bad_utf8(text: &[u8], start: usize) -> Fault {
        let valid = std::str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
        let found = text.get(valid).copied().unwrap_or_default();
        Fault::new(ErrorKind::BadUtf8, start.saturating_add(valid), "UTF-8", format!("{found:#04x}"))
    }
}

impl From<Fault> for Error {
    /// Converts a fault whose offset counts from the start of the file; callers add the start of the payload
    /// first.
    fn from(fault: Fault) -> Error {
        let error = Error::new(fault.kind).at(fault.offset).expected(fault.expected).found(fault.found);
        if fault.path.is_empty() { error } else { error.path(fault.path) }
    }
}

/// Validates payloads of one schema.
#[derive(Clone, Debug)]
pub(crate) struct Validator {
    plan: CheckPlan,
    /// The checks by the type of the program.
    checks: Option<Checks>,
}

/// A check of one or more consecutive stored values, as [`Hydra::check`](super::Hydra::check).
pub(crate) type Checked = fn(&[u8], &mut Cursor<'_>, u32) -> bool;

/// The checks of a type of the program: of its values, and, of a flat type, of all records of a payload, which
/// caches the result.
pub(crate) type Checks = (Checked, Option<fn(&Payload) -> bool>);

impl Validator {
    /// Creates the validator of records of the schema's root type.
    pub(crate) fn new(schema: &Schema) -> Validator {
        Validator { plan: CheckPlan::new(schema, false), checks: None }
    }

    /// Adds the checks of the type of the program with this schema.
    pub(crate) fn with(self, checks: Checks) -> Validator {
        Validator { checks: Some(checks), ..self }
    }

    /// Checks every rule that values depend on, and lets the payload cache the result.
    pub(crate) fn verify(&self, payload: &Payload, regions: &Regions<'_>) -> Result<(), Box<Fault>> {
        let records = self.checks.and_then(|(_, records)| records);
        if records.is_some_and(|check| check(payload)) { Ok(()) } else { self.validate(regions) }
    }

    /// Checks every rule that values depend on. Gaps, and bytes that should be zero, are ignored.
    #[inline]
    pub(crate) fn validate(&self, regions: &Regions<'_>) -> Result<(), Box<Fault>> {
        if pass::accepts(self, regions) { Ok(()) } else { Err(self.explain(regions)) }
    }

    /// Finds the first rule that is broken by a payload which the fast pass refused.
    #[cold]
    pub(super) fn explain(&self, regions: &Regions<'_>) -> Box<Fault> {
        let mut first = None;
        explain::explain::<false>(&self.plan, regions, &mut |fault| {
            first.get_or_insert(fault);
        });
        Box::new(first.unwrap_or_else(|| Fault::bad_records(&self.plan.schema, regions)))
    }
}

/// Finds everything that is wrong with payloads of one schema.
pub(crate) struct Auditor {
    plan: CheckPlan,
}

impl Auditor {
    pub(crate) fn new(schema: &Schema) -> Auditor {
        Auditor { plan: CheckPlan::new(schema, true) }
    }

    /// Reports all findings, including gaps and bytes that should be zero, as far as checking can continue
    /// after each. Stops after 10,000 findings.
    pub(crate) fn audit(&self, regions: &Regions<'_>, report: &mut dyn FnMut(Fault)) {
        if !pass::is_canonical(&self.plan, regions) {
            explain::explain::<true>(&self.plan, regions, report);
        }
    }
}
