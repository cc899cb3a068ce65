//! Evolution of types: converts records of a file's schema to another type by the rules of FORMAT.md, section
//! 16. This module depends on schemas, payloads and the schemas of a table, and not on the position of
//! blocks.
//!
//! [`Evolution::between`] compares two schemas. If the stored bytes are also valid as the other type, records
//! are read in place. Otherwise a verified block is transcoded once, and all further code reads the copy.

#[expect(clippy::arithmetic_side_effects, reason = "numbers of a validated schema; bytes saturate")]
mod bounds;
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "numbers of validated schemas")]
mod compile;
pub(crate) mod generations;
#[expect(clippy::indexing_slicing, reason = "positions counted in the same function")]
mod names;
mod plan;
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "numbers of validated schemas")]
mod rules;
#[expect(clippy::arithmetic_side_effects, reason = "a payload has at most 256 MiB, before and after")]
mod run;
mod widen;

pub(crate) use plan::Plan;
pub(crate) use run::Transcoded;

use crate::error::join_path;
use crate::schema::{Note, Schema};
use crate::{Error, ErrorKind, Result};
use std::cmp::Ordering;
use std::fmt;

/// How records of one schema are read as another type, from the cheapest to the most expensive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Resolution {
    /// The schemas are the same. Records are read in place.
    Identical,
    /// Names changed or more values are allowed, and the bytes are the same. Records are read in place.
    SameLayout,
    /// The stored records have additional fields. Records are read in place, one stride apart;
    /// [`Block::as_slice`](crate::Block::as_slice) copies them.
    Wider,
    /// Each block is transcoded in memory once, when it is read.
    Transcoded,
}

impl Resolution {
    /// Returns the stable name, such as `same-layout`.
    pub const fn name(self) -> &'static str {
        match self {
            Resolution::Identical => "identical",
            Resolution::SameLayout => "same-layout",
            Resolution::Wider => "wider",
            Resolution::Transcoded => "transcoded",
        }
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Resolution::Identical => "identical: read in place",
            Resolution::SameLayout => "same layout: read in place",
            Resolution::Wider => "wider records: read in place, from stride to stride",
            Resolution::Transcoded => "transcoded: each block is copied once",
        })
    }
}

/// The rule that a difference between two types falls under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The records cannot be read as the type.
    Incompatible,
    /// A field that the records lack: it reads as none or as its default.
    Added,
    /// A field of the records that is not read.
    Removed,
    /// A field with another name, found by an alias.
    Renamed,
    /// Fields in another order.
    Reordered,
    /// A number of a wider kind.
    Widened,
    /// A value that became an option.
    MadeOptional,
    /// An option that became a value: none reads as the default.
    MadeRequired,
    /// A newtype added around a value, or removed.
    Rewrapped,
    /// A variant that the records cannot contain.
    VariantAdded,
    /// A variant that the reader lacks: it reads as the variant `other`, or the value is an error.
    VariantRemoved,
    /// A variant with another name, found by an alias.
    VariantRenamed,
    /// Text that became an enum with variants of the same names.
    TextToEnum,
    /// Text that names no variant and reads as the variant `other`.
    NameRemoved,
}

impl Rule {
    /// Returns the stable name, such as `field-added`.
    pub const fn name(self) -> &'static str {
        match self {
            Rule::Incompatible => "incompatible",
            Rule::Added => "field-added",
            Rule::Removed => "field-removed",
            Rule::Renamed => "field-renamed",
            Rule::Reordered => "fields-reordered",
            Rule::Widened => "widened",
            Rule::MadeOptional => "made-optional",
            Rule::MadeRequired => "made-required",
            Rule::Rewrapped => "rewrapped",
            Rule::VariantAdded => "variant-added",
            Rule::VariantRemoved => "variant-removed",
            Rule::VariantRenamed => "variant-renamed",
            Rule::TextToEnum => "text-to-enum",
            Rule::NameRemoved => "name-removed",
        }
    }

    /// Returns true if the rule loses data of the records.
    pub const fn loses(self) -> bool {
        matches!(self, Rule::Incompatible | Rule::Removed | Rule::VariantRemoved | Rule::NameRemoved)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One difference between two types.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The rule.
    pub rule: Rule,
    /// The path of the value, such as `items[].price`; empty for the record itself.
    pub path: String,
    /// A description in words.
    pub text: String,
    /// How to make it readable; empty if no action is needed.
    pub help: String,
}

impl Change {
    fn new(rule: Rule, path: &str, text: String) -> Change {
        Change { rule, path: path.into(), text, help: String::new() }
    }

    fn under(&self, path: &str) -> Change {
        Change { path: join_path(path, &self.path), ..self.clone() }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the record" } else { &self.path };
        write!(f, "{path}: {}", self.rule)?;
        if !self.text.is_empty() {
            write!(f, ", {}", self.text)?;
        }
        if self.help.is_empty() { Ok(()) } else { write!(f, " ({})", self.help) }
    }
}

/// How records of one schema are read as another type: the changes, and the cost.
///
/// ```
/// use hydra::{Schema, evolve::{Evolution, Resolution, Rule}};
///
/// let evolution = Evolution::between(&Schema::of::<(u8, u32)>(), &Schema::of::<(u8, u64, Option<bool>)>())?;
/// assert_eq!(evolution.resolution(), Resolution::Transcoded);
/// let rules: Vec<Rule> = evolution.changes().iter().map(|change| change.rule).collect();
/// assert_eq!(rules, [Rule::Added, Rule::Widened]);
/// let error = Evolution::between(&Schema::of::<u64>(), &Schema::of::<u32>()).unwrap_err();
/// assert!(error.to_string().contains("u64 cannot be read as u32"));
/// # Ok::<(), hydra::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Evolution {
    resolution: Resolution,
    changes: Vec<Change>,
    plan: Plan,
}

impl Evolution {
    /// Compares the schema of records with the schema of the type that they are read as.
    ///
    /// # Errors
    /// `TypeMismatch` with every path that cannot be read, the reason, and the attribute that would help;
    /// `TooLarge` if the types are too large to compare; an error if a default is not a valid value.
    pub fn between(from: &Schema, to: &Schema) -> Result<Evolution> {
        let evolution = Evolution::compare(from, to)?;
        match evolution.changes.iter().any(|change| change.rule == Rule::Incompatible) {
            true => Err(incompatible(&evolution.changes)),
            false => Ok(evolution),
        }
    }

    /// Does the same, and lists what cannot be read among the changes.
    pub(crate) fn compare(from: &Schema, to: &Schema) -> Result<Evolution> {
        if from.is_identical(to) {
            let plan = Plan::default();
            return Ok(Evolution { resolution: Resolution::Identical, changes: Vec::new(), plan });
        }
        compile::compare(from, to)
    }

    /// Returns how records are read.
    pub fn resolution(&self) -> Resolution {
        self.resolution
    }

    /// Returns the changes, in the order of the target type.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Returns true if data of the records is lost: a field that is not read, or a variant that the target
    /// lacks.
    pub fn loses(&self) -> bool {
        self.changes.iter().any(|change| change.rule.loses())
    }

    /// Returns true if a field or variant is lost.
    pub(crate) fn removes(&self) -> bool {
        self.changes.iter().any(|change| matches!(change.rule, Rule::Removed | Rule::VariantRemoved))
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }
}

impl fmt::Display for Evolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.resolution)?;
        self.changes.iter().try_for_each(|change| write!(f, "\n  {change}"))
    }
}

/// Returns the version that a type declares, or 0.
pub(crate) fn version(schema: &Schema) -> u32 {
    let version = |note: &Note| if let Note::Version(version) = note { Some(*version) } else { None };
    schema.root().notes().iter().find_map(version).unwrap_or(0)
}

/// Returns true if the type that comes later in the file is the older one: it declares a lower version, or,
/// with equal versions, the earlier type can read it and has a field or variant that it lacks.
pub(crate) fn is_older(later: &Schema, earlier: &Schema) -> bool {
    match version(later).cmp(&version(earlier)) {
        Ordering::Equal => {
            Evolution::between(later, earlier).is_ok()
                && Evolution::compare(earlier, later).is_ok_and(|evolution| evolution.removes())
        }
        other => other.is_lt(),
    }
}

#[cold]
fn incompatible(changes: &[Change]) -> Error {
    let refused: Vec<&Change> = changes.iter().filter(|change| change.rule == Rule::Incompatible).collect();
    let listed: Vec<String> = refused
        .iter()
        .map(|change| {
            let path = if change.path.is_empty() { "the record" } else { &change.path };
            format!("{path}: {}; {}", change.text, change.help)
        })
        .collect();
    let error = Error::new(ErrorKind::TypeMismatch);
    let error = match refused.first() {
        Some(first) if !first.path.is_empty() => error.path(first.path.as_str()),
        _ => error,
    };
    error.help(listed.join("\n          "))
}
