//! The error type of the library: a kind to match on, and details for people. Callers add the file and the
//! path of the value as an error passes through them.

use std::fmt;
use std::path::{Path, PathBuf};

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $summary:literal;)*) => {
        /// The kind of an [`Error`], to match on. Each kind has a stable code such as `HY0202`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind { $($(#[doc = $doc])* $name,)* }

        impl ErrorKind {
            /// Returns the stable code, as in `HY0202`.
            pub const fn code(self) -> &'static str {
                match self { $(ErrorKind::$name => $code,)* }
            }

            /// Returns one line that says what the kind means.
            pub const fn summary(self) -> &'static str {
                match self { $(ErrorKind::$name => $summary,)* }
            }
        }
    };
}

kinds! {
    /// The operating system refused a read, a write or a sync.
    Io = "HY0001", "the system reported an error";
    /// The path does not exist.
    NotFound = "HY0002", "no such file";
    /// The file exists and must not be overwritten.
    Exists = "HY0003", "the file exists";
    /// Another writer holds the lock.
    Locked = "HY0004", "another writer has the file open";
    /// The path is not a regular file.
    NotRegular = "HY0005", "not a regular file";
    /// An earlier write or sync failed; the writer accepts no more calls.
    Poisoned = "HY0006", "the writer stopped after a failed write";
    /// The path now names another file, or the file went back to an older state.
    Replaced = "HY0007", "the file was replaced";
    /// The file system has no locks, or refused to lock this file.
    NoLock = "HY0008", "the file cannot be locked";
    /// The file does not start with the magic bytes, or its header is damaged.
    NotHydra = "HY0101", "not a Hydra file";
    /// Both header lines are damaged, or they differ.
    Header = "HY0102", "damaged file header";
    /// The file has a major version or an incompatible feature that this library does not support.
    UnknownFeature = "HY0103", "made by a newer version";
    /// The file has a read-only feature that this library does not support: it can be read but not written.
    ReadOnlyFeature = "HY0104", "may be read but not written";
    /// Neither commit record is valid.
    NoCommit = "HY0105", "damaged commit record";
    /// The file is shorter than its committed length.
    CutShort = "HY0106", "the file is cut short";
    /// A block header is invalid.
    BlockHeader = "HY0201", "damaged block header";
    /// A block's payload does not match its checksum.
    Checksum = "HY0202", "payload checksum mismatch";
    /// A block uses a layout, an encoding or a flag that this library does not support.
    Unsupported = "HY0203", "unsupported block";
    /// The index disagrees with the blocks.
    Index = "HY0204", "damaged index";
    /// Padding that is not zero, or a gap that no writer leaves.
    NotCanonical = "HY0205", "not in canonical form";
    /// A replacement block that replaces nothing, or records that do not continue those before.
    Chain = "HY0206", "blocks do not follow one another";
    /// An invalid tag, bool, char, nonzero number or value of a form.
    BadValue = "HY0301", "invalid value";
    /// A reference that is out of bounds, out of order or misaligned.
    BadReference = "HY0302", "invalid reference";
    /// Text that is not UTF-8.
    BadUtf8 = "HY0303", "invalid UTF-8";
    /// Map keys or set members that are out of order or not unique.
    BadOrder = "HY0304", "keys out of order";
    /// Columns whose directory, lengths or encodings contradict each other.
    BadColumns = "HY0306", "invalid columns";
    /// Types or values that are nested deeper than the limit.
    TooDeep = "HY0305", "nested too deep";
    /// A schema that violates a rule of the format.
    BadSchema = "HY0401", "invalid schema";
    /// The type of the program does not match the type of the table.
    TypeMismatch = "HY0402", "the type is not the table's";
    /// The file has no such table.
    NoTable = "HY0403", "no such table";
    /// The value is a variant that the requested type does not have. The value is not damaged.
    UnknownVariant = "HY0404", "the type does not have this variant";
    /// A record, field, variant, index or key does not exist.
    NoSuchPath = "HY0501", "no such value";
    /// A path that cannot be parsed.
    BadPath = "HY0502", "invalid path";
    /// The value has another kind than the one requested.
    WrongKind = "HY0503", "the value has another kind";
    /// A number does not fit the type.
    OutOfRange = "HY0504", "out of range";
    /// The value has another representation in the program than in the file.
    Encoded = "HY0505", "stored in another form";
    /// A value, block or file exceeds a limit.
    TooLarge = "HY0506", "too large";
    /// The value cannot be encoded, for example because keys are not unique.
    CannotEncode = "HY0507", "cannot be encoded";
    /// An argument is invalid.
    Usage = "HY0508", "invalid argument";
    /// The value cannot be changed, or not to the new value; [`Error::why`] gives the reason.
    NotSettable = "HY0509", "cannot be set";
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $name:ident = $what:literal, $hint:literal;)*) => {
        /// The reason why a value cannot be changed through reflection.
        ///
        /// | reason | applies to |
        /// | --- | --- |
        /// | `Private`, `Skipped`, `Encoded`, `Shared`, `Invariant` | live values only |
        /// | `ReadOnlySource` | values that are borrowed for reading |
        /// | `Locked` | files that another writer has open |
        /// | all others | live and stored values |
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Why { $($(#[doc = $doc])* $name,)* }

        impl Why {
            /// Returns the reason in words.
            pub const fn summary(self) -> &'static str {
                match self { $(Why::$name => $what,)* }
            }

            /// Returns what to do about it.
            pub const fn hint(self) -> &'static str {
                match self { $(Why::$name => $hint,)* }
            }
        }
    };
}
reasons! {
    /// The value is borrowed for reading only.
    ReadOnlySource = "it is borrowed for reading only",
        "change a live value with ValueMut::of, a copy with to_dynamic(), a record in a file with an Editor";
    /// The field, or one that contains it, is `#[hydra(readonly)]`.
    ReadOnlyField = "it is in a field marked readonly",
        "only the program that owns the type may change it";
    /// The field, or one that contains it, is not `pub`.
    Private = "it is in a private field of a live value",
        "add #[hydra(settable)] to the field or the type, or change a copy: to_dynamic()";
    /// The field is not stored, so reflection has no access to it.
    Skipped = "the field is skipped and is not part of the value", "set it in the program, by its own name";
    /// The field is stored as another type than it has in memory.
    Encoded = "the field is stored as another type than it has in memory",
        "set the value that holds it with set_value(), or change a copy: to_dynamic()";
    /// The value is behind `Rc` or `Arc` and may be shared.
    Shared = "it is behind Rc or Arc", "set the pointer as a whole: other owners keep the old value";
    /// The value is, or is part of, a key of a map or a member of a set, and its order depends on it.
    MapKey = "it is a key of a map or a member of a set", "set the whole map or set";
    /// The new value has another kind or shape.
    WrongKind = "the new value has another kind", "give a value of the expected kind";
    /// The new number is not a value of the type.
    OutOfRange = "the new value does not fit", "numbers are not rounded or wrapped: give one in range";
    /// The new bytes are not UTF-8.
    BadUtf8 = "the new text is not UTF-8", "strings hold UTF-8 only";
    /// The enum has no such variant, or the variant has fields.
    BadVariant = "the enum has no such variant", "give the name of a variant, or a whole value with its fields";
    /// The invariant of the type does not hold for the changed value.
    Invariant = "the invariant of its type does not hold", "set the fields that belong together as one value";
    /// Another writer has the file open.
    Locked = "another writer has the file open", "wait until it is done";
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.summary())
    }
}

impl From<Why> for Error {
    #[cold]
    fn from(why: Why) -> Error {
        Error::new(ErrorKind::NotSettable).because(why).help(why.hint())
    }
}

impl ErrorKind {
    /// Returns what to do about an error of this kind in a file, if that is the same for all of them.
    pub const fn help(self) -> Option<&'static str> {
        match self {
            ErrorKind::Header | ErrorKind::NoCommit | ErrorKind::CutShort => {
                Some("recover the file: hydra::file::recover saves what is intact")
            }
            ErrorKind::BlockHeader | ErrorKind::Checksum | ErrorKind::Index | ErrorKind::Chain => {
                Some("check the file: hydra::file::check finds all damage")
            }
            ErrorKind::NoLock => {
                Some("if no other program writes to the file, open it with WriterOptions::without_lock")
            }
            _ => None,
        }
    }
}

/// The error of every fallible function: what failed and where, what was expected and found, and what to do.
///
/// It is one pointer wide. Match on [`Error::kind`]; all else is for people.
///
/// ```
/// let error = hydra::Reader::open("/nonexistent.hydra").unwrap_err();
/// assert_eq!(error.kind(), hydra::ErrorKind::NotFound);
/// assert_eq!(error.code(), "HY0002");
/// ```
pub struct Error(Box<ErrorDetails>);

#[derive(Default)]
struct ErrorDetails {
    kind: Option<ErrorKind>,
    /// Replaces the summary of the kind.
    instead: Option<&'static str>,
    what: String,
    file: Option<PathBuf>,
    offset: Option<u64>,
    place: Option<String>,
    path: Option<String>,
    expected: Option<String>,
    found: Option<String>,
    help: Option<String>,
    source: Option<std::io::Error>,
    why: Option<Why>,
}

impl Error {
    /// Creates an error with the summary of its kind.
    #[cold]
    pub fn new(kind: ErrorKind) -> Error {
        Error(Box::new(ErrorDetails { kind: Some(kind), ..ErrorDetails::default() }))
    }

    /// Wraps an error of the operating system. An [`Error`] that was passed through an [`std::io::Error`], as
    /// by an [`Output`](crate::file::Output), is returned unchanged.
    #[cold]
    pub fn io(source: std::io::Error) -> Error {
        let source = match source.downcast::<Error>() {
            Ok(error) => return error,
            Err(source) => source,
        };
        let kind = match source.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            std::io::ErrorKind::AlreadyExists => ErrorKind::Exists,
            _ => ErrorKind::Io,
        };
        let mut error = Error::new(kind);
        error.0.found = Some(source.to_string());
        error.0.source = Some(source);
        error
    }

    /// Adds details to the summary of the kind.
    pub fn what(mut self, what: impl Into<String>) -> Error {
        self.0.what = what.into();
        self
    }

    /// Replaces the summary of the kind, where that is about files or tables and the value is neither.
    pub(crate) fn instead(mut self, summary: &'static str) -> Error {
        self.0.instead = Some(summary);
        self
    }

    /// Sets the file, unless it is already set.
    pub fn in_file(mut self, file: impl AsRef<Path>) -> Error {
        self.0.file.get_or_insert_with(|| file.as_ref().to_path_buf());
        self
    }

    /// Replaces the file by the path that the caller used, which may be a link to it.
    pub(crate) fn known_as(mut self, file: &Path, known: &Path) -> Error {
        if self.0.file.as_deref().is_none_or(|named| named == file) {
            self.0.file = Some(known.to_path_buf());
        }
        self
    }

    /// Sets the file offset in bytes, unless it is already set.
    pub fn at(mut self, offset: u64) -> Error {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// Replaces the file offset.
    pub(crate) fn moved_to(mut self, offset: u64) -> Error {
        self.0.offset = Some(offset);
        self
    }

    /// Adds `by` to the offset, to make an offset in a part one in the whole.
    pub(crate) fn shifted(mut self, by: u64) -> Error {
        self.0.offset = self.0.offset.map(|offset| offset.saturating_add(by));
        self
    }

    /// Sets the place in words, unless it is already set: `table Tick, records 40960..45055`.
    pub fn place(mut self, place: impl Into<String>) -> Error {
        self.0.place.get_or_insert_with(|| place.into());
        self
    }

    /// Sets the path of the value, unless it is already set: `items[3].name`.
    pub fn path(mut self, path: impl Into<String>) -> Error {
        self.0.path.get_or_insert_with(|| path.into());
        self
    }

    /// Prefixes the path of the value with the path of the value that contains it.
    pub(crate) fn under(mut self, outer: &str) -> Error {
        let path = join_path(outer, &self.0.path.take().unwrap_or_default());
        if path.is_empty() { self } else { self.path(path) }
    }

    /// Makes this an error about a value that cannot be set.
    pub(crate) fn because(mut self, why: Why) -> Error {
        (self.0.kind, self.0.instead) = (Some(ErrorKind::NotSettable), None);
        self.0.what = followed(why.summary(), &self.0.what);
        self.0.why = Some(why);
        self
    }

    /// Returns why a value cannot be set; `None` unless the kind is `NotSettable` or `Locked`.
    pub fn why(&self) -> Option<Why> {
        self.0.why.or((self.kind() == ErrorKind::Locked).then_some(Why::Locked))
    }

    /// Sets what was expected.
    pub fn expected(mut self, expected: impl Into<String>) -> Error {
        self.0.expected = Some(expected.into());
        self
    }

    /// Sets what was found.
    pub fn found(mut self, found: impl Into<String>) -> Error {
        self.0.found = Some(found.into());
        self
    }

    /// Sets what to do next.
    pub fn help(mut self, help: impl Into<String>) -> Error {
        self.0.help = Some(help.into());
        self
    }

    /// Sets what to do next, unless it is already set.
    pub(crate) fn or_help(mut self, help: &str) -> Error {
        self.0.help.get_or_insert_with(|| help.to_string());
        self
    }

    /// Returns the kind, to match on.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind.unwrap_or(ErrorKind::Io)
    }

    /// Returns the stable code, as in `HY0202`.
    pub fn code(&self) -> &'static str {
        self.kind().code()
    }

    /// Returns one line: the summary of the kind and the details.
    pub fn message(&self) -> String {
        followed(self.0.instead.unwrap_or(self.kind().summary()), &self.0.what)
    }

    /// Returns the details that follow the summary.
    pub(crate) fn what_text(&self) -> &str {
        &self.0.what
    }

    /// Returns the file, if there is one.
    pub fn file(&self) -> Option<&Path> {
        self.0.file.as_deref()
    }

    /// Returns the offset in bytes from the start of the file, or of the image of a value.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// Returns the place in words: a table and records, or a block.
    pub fn place_text(&self) -> Option<&str> {
        self.0.place.as_deref()
    }

    /// Returns the path of the value.
    pub fn path_text(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// Returns what was expected.
    pub fn expected_text(&self) -> Option<&str> {
        self.0.expected.as_deref()
    }

    /// Returns what was found.
    pub fn found_text(&self) -> Option<&str> {
        self.0.found.as_deref()
    }

    /// Returns what to do next: the help of this error, or of its kind.
    pub fn help_text(&self) -> Option<&str> {
        self.0.help.as_deref().or(self.kind().help().filter(|_| self.0.file.is_some()))
    }

    /// Formats the second line: where, and what was expected and found.
    fn location(&self) -> String {
        let facts = &self.0;
        let word = |word: &str, text: &Option<String>| text.as_ref().map(|text| format!("{word} {text}"));
        let file = facts.file.as_ref().map(|file| file.display().to_string());
        let offset = facts.offset.map(|offset| format!("@ 0x{offset:x}"));
        let head = joined([file, offset], " ");
        let place = joined([head, facts.place.clone(), word("at", &facts.path)], ", ");
        let verdict = joined([word("expected", &facts.expected), word("found", &facts.found)], ", ");
        joined([place, verdict], ": ").unwrap_or_default()
    }
}

/// Joins the texts that are present.
fn joined<const N: usize>(parts: [Option<String>; N], separator: &str) -> Option<String> {
    let joined = parts.into_iter().flatten().collect::<Vec<_>>().join(separator);
    Some(joined).filter(|joined| !joined.is_empty())
}

/// Appends details to a summary.
fn followed(summary: &str, what: &str) -> String {
    match what.chars().next() {
        None => summary.to_string(),
        // No more than where it is.
        Some('(') => format!("{summary} {what}"),
        Some(_) => format!("{summary}: {what}"),
    }
}

/// Joins the path of a value and a path within that value.
pub(crate) fn join_path(outer: &str, inner: &str) -> String {
    let separated = outer.is_empty() || inner.is_empty() || inner.starts_with(['[', ':', '?']);
    format!("{outer}{}{inner}", if separated { "" } else { "." })
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.code(), self.message())?;
        let location = self.location();
        if !location.is_empty() {
            write!(f, "\n  --> {location}")?;
        }
        if let Some(help) = self.help_text() { write!(f, "\n  = help: {help}") } else { Ok(()) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

impl From<std::io::Error> for Error {
    fn from(source: std::io::Error) -> Error {
        Error::io(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_pointer_and_reads_well() {
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
        let error = Error::new(ErrorKind::Checksum)
            .in_file("ticks.hydra")
            .at(0x11440)
            .place("table Tick, records 40960..45055")
            .expected("0xefa05f10")
            .found("0x13c0ffee")
            .help("check the file");
        assert_eq!(
            error.to_string(),
            "[HY0202] payload checksum mismatch\n  --> ticks.hydra @ 0x11440, table Tick, records 40960..45055: \
             expected 0xefa05f10, found 0x13c0ffee\n  = help: check the file"
        );
    }
}
