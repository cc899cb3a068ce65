//! Whether two generations of a type get along, in both directions: for a test that holds a type against a schema that was
//! committed beside it. It knows schemas, and reads a file only for the one that is in it.
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
//! compat::save_schema::<Tick>(&path)?; // once, and committed: a Hydra file without records
//! compat::check_schema::<Tick>(&path)?; // in a test: an error if something breaks
//! # Ok::<(), hydra::Error>(())
//! ```

use crate::evolve::{Evolution, Resolution, Rule, version};
use crate::file::OutputOptions;
use crate::schema::{Field, Note};
use crate::{Error, ErrorKind, Hydra, Reader, Result, Schema, Writer};
use std::fmt;
use std::path::Path;

/// How much a difference matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Good to know.
    Note,
    /// Something is lost, or costs more.
    Warning,
    /// Somebody can no longer read a file.
    Break,
}

/// Whom a difference concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Audience {
    /// The program with the new type, on files of the old one.
    NewReader,
    /// The program with the old type, on files of the new one.
    OldReader,
    /// Programs that read in place.
    ZeroCopy,
    /// Whoever reads records as JSON or CSV, by the names of their fields.
    Json,
    /// Whoever reads the code.
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

/// Something that is different between two generations of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The stable name of the rule: `field-added`, `zero-copy-lost`.
    pub rule: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Whom it concerns.
    pub audience: Audience,
    /// The value: `items[].price`; empty for the record itself.
    pub path: String,
    /// What it is, in words.
    pub text: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Diagnostic { rule, severity, audience, text, .. } = self;
        let path = if self.path.is_empty() { "the record" } else { &self.path };
        write!(f, "{severity}[{rule}] {path}: {text} ({audience})")
    }
}

/// What is different between an old and a new type, in both directions.
///
/// # Errors
/// As [`Evolution::between`], but for what cannot be read: that is a diagnostic.
pub fn compare(old: &Schema, new: &Schema) -> Result<Vec<Diagnostic>> {
    let (forth, back) = (Evolution::compare(old, new)?, Evolution::compare(new, old)?);
    let mut found = Vec::new();
    for (audience, evolution) in [(Audience::NewReader, &forth), (Audience::OldReader, &back)] {
        for change in evolution.changes() {
            let (severity, audience) = match change.rule {
                Rule::Incompatible => (Severity::Break, audience),
                Rule::VariantRemoved | Rule::NameRemoved => (Severity::Warning, audience),
                // The rest is the same, seen from the other side.
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

/// Writes the schema of a type to a new file without records, to be committed and held against the type by [`check_schema`]. A schema that
/// is there is replaced.
pub fn save_schema<T: Hydra>(path: impl AsRef<Path>) -> Result<()> {
    save_schema_named::<T>(path, &Schema::try_from_descriptor(T::TYPE)?.name())
}

/// The same, for a table that has a name of its own ([`Writer::table_named`]): a type that is renamed stays the type of the table.
pub fn save_schema_named<T: Hydra>(path: impl AsRef<Path>, table: &str) -> Result<()> {
    let output = OutputOptions::default().replace(true).begin(path)?;
    let mut file = output.writer(Writer::options().file_id([0; 16]))?;
    file.table_named::<T>(table)?;
    file.finish()?;
    output.publish()
}

/// Compares a type with the one of its name in a file: the diagnostics, if nothing breaks.
///
/// # Errors
/// `TypeMismatch` if somebody can no longer read a file, with every diagnostic of that kind; whatever opening the file gives.
pub fn check_schema<T: Hydra>(committed: impl AsRef<Path>) -> Result<Vec<Diagnostic>> {
    check_schema_named::<T>(committed, &Schema::try_from_descriptor(T::TYPE)?.name())
}

/// The same, with the type of a table that has a name of its own.
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
    let help = "if that is meant, commit the new schema: `hydra::compat::save_schema`";
    Err(error
        .what("the type breaks readers")
        .help(format!("{}\n          {help}", listed.join("\n          "))))
}
