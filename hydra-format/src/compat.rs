//! Compatibility of two generations of a type, in both directions. Use it in a test that compares a type with
//! a schema committed beside it. This module compares schemas and opens a file only to read the schema in it.
//!
//! ```
//! use hydra::{Hydra, compat};
//!
//! #[derive(Hydra)]
//! pub struct Tick {
//!     pub time: u64,
//! }
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("Tick.hydra");
//! compat::save_schema::<Tick>(&path)?; // run once, then commit the file: it has no records
//! compat::check_schema::<Tick>(&path)?; // in a test: fails if a change breaks readers
//! # Ok::<(), hydra::Error>(())
//! ```

use crate::evolve::{Evolution, Resolution, Rule, version};
use crate::file::OutputOptions;
use crate::schema::{Field, Note};
use crate::{Error, ErrorKind, Hydra, Reader, Result, Schema, Writer};
use std::fmt;
use std::path::Path;

/// The severity of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// For information only.
    Note,
    /// Something is lost or becomes more expensive.
    Warning,
    /// Some program can no longer read a file.
    Break,
}

/// The readers that a difference affects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Audience {
    /// Programs with the new type that read old files.
    NewReader,
    /// Programs with the old type that read new files.
    OldReader,
    /// Programs that read records in place.
    ZeroCopy,
    /// Programs that read records as JSON or CSV, by field name.
    Json,
    /// Readers of the source code.
    People,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Break => "break",
        })
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Audience::NewReader => "new readers of old files",
            Audience::OldReader => "old readers of new files",
            Audience::ZeroCopy => "reading in place",
            Audience::Json => "names in JSON and CSV",
            Audience::People => "people",
        })
    }
}

/// One difference between two generations of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The stable name of the rule, such as `field-added` or `zero-copy-lost`.
    pub rule: &'static str,
    /// The severity.
    pub severity: Severity,
    /// The readers that it affects.
    pub audience: Audience,
    /// The path of the value, such as `items[].price`; empty for the record itself.
    pub path: String,
    /// A description in words.
    pub text: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Diagnostic { rule, severity, audience, text, .. } = self;
        let path = if self.path.is_empty() { "the record" } else { &self.path };
        write!(f, "{severity}[{rule}] {path}: {text} ({audience})")
    }
}

/// Returns the differences between an old and a new type, in both directions.
///
/// # Errors
/// Those of [`Evolution::between`], except that a value that cannot be read is a diagnostic and not an error.
pub fn compare(old: &Schema, new: &Schema) -> Result<Vec<Diagnostic>> {
    let (forth, back) = (Evolution::compare(old, new)?, Evolution::compare(new, old)?);
    let mut found = Vec::new();
    for (audience, evolution) in [(Audience::NewReader, &forth), (Audience::OldReader, &back)] {
        for change in evolution.changes() {
            let (severity, audience) = match change.rule {
                Rule::Incompatible => (Severity::Break, audience),
                Rule::VariantRemoved | Rule::NameRemoved => (Severity::Warning, audience),
                // The other rules were reported for the other direction.
                _ if audience == Audience::OldReader => continue,
                Rule::Removed => (Severity::Warning, audience),
                Rule::Renamed | Rule::VariantRenamed => (Severity::Warning, Audience::Json),
                _ => (Severity::Note, audience),
            };
            let help = if change.help.is_empty() { String::new() } else { format!("; {}", change.help) };
            let text = format!("{}{help}", change.text);
            let path = change.path.clone();
            found.push(Diagnostic { rule: change.rule.name(), severity, audience, path, text });
        }
    }
    let mut tell = |rule, severity, audience, path: String, text: String| {
        found.push(Diagnostic { rule, severity, audience, path, text });
    };
    if forth.resolution() > Resolution::SameLayout {
        let text = forth.resolution().to_string();
        tell("zero-copy-lost", Severity::Warning, Audience::ZeroCopy, String::new(), text);
    }
    let (before, now) = (version(old), version(new));
    if before > now {
        let text = format!("{before} to {now}: the new type counts as the older one");
        tell("version-lowered", Severity::Warning, Audience::OldReader, String::new(), text);
    } else if before < now {
        tell("version", Severity::Note, Audience::People, String::new(), format!("{before} to {now}"));
    }
    for ty in new.types() {
        let variants = ty.variants().iter();
        let of_variants = variants.clone().flat_map(|variant| variant.fields());
        let notes = variants.map(|variant| (variant.name(), variant.notes()));
        let fields = ty.fields().iter().chain(of_variants).map(|field: &Field| (field.name(), field.notes()));
        for (part, notes) in fields.chain(notes).chain([("", ty.notes())]) {
            for note in notes {
                if let Note::Deprecated(text) = note {
                    let dot = if part.is_empty() { "" } else { "." };
                    let path = format!("{}{dot}{part}", ty.name());
                    tell("deprecated", Severity::Note, Audience::People, path, text.to_string());
                }
            }
        }
    }
    Ok(found)
}

/// Writes the schema of a type to a file without records, to be committed and compared by [`check_schema`].
/// An existing file is replaced.
pub fn save_schema<T: Hydra>(path: impl AsRef<Path>) -> Result<()> {
    save_schema_named::<T>(path, &Schema::try_from_descriptor(T::TYPE)?.name())
}

/// Does the same as [`save_schema`] for a table with its own name ([`Writer::table_named`]). A renamed type
/// can then still be compared with the table.
pub fn save_schema_named<T: Hydra>(path: impl AsRef<Path>, table: &str) -> Result<()> {
    let output = OutputOptions::default().replace(true).begin(path)?;
    let mut file = output.writer(Writer::options().file_id([0; 16]))?;
    file.table_named::<T>(table)?;
    file.finish()?;
    output.publish()
}

/// Compares a type with the schema of the same name in a file, and returns the diagnostics if no change
/// breaks readers.
///
/// # Errors
/// `TypeMismatch` with every breaking diagnostic if some program can no longer read a file, and the errors of
/// opening the file.
pub fn check_schema<T: Hydra>(committed: impl AsRef<Path>) -> Result<Vec<Diagnostic>> {
    check_schema_named::<T>(committed, &Schema::try_from_descriptor(T::TYPE)?.name())
}

/// Does the same as [`check_schema`] for a table with its own name.
pub fn check_schema_named<T: Hydra>(committed: impl AsRef<Path>, table: &str) -> Result<Vec<Diagnostic>> {
    let path = committed.as_ref();
    let new = Schema::try_from_descriptor(T::TYPE)?;
    let file = Reader::open(path)?;
    let diagnostics = compare(file.dynamic_table(table)?.schema(), &new)?;
    let breaks = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Break);
    let listed: Vec<String> = breaks.map(Diagnostic::to_string).collect();
    if listed.is_empty() {
        return Ok(diagnostics);
    }
    let error = Error::new(ErrorKind::TypeMismatch).in_file(path).place(format!("table {table}"));
    let help = "if the change is intended, save and commit the new schema: `hydra::compat::save_schema`";
    Err(error
        .what("the type breaks readers")
        .help(format!("{}\n          {help}", listed.join("\n          "))))
}
