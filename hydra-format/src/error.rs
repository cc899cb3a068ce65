//! One error for everything that can go wrong: a kind to match on, and the facts that a person needs.
//! It does not know where it is shown; the file and the value's path are added on the way up.

use std::fmt;
use std::path::{Path, PathBuf};

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $summary:literal;)*) => {
        /// What went wrong, to match on. Each kind has a stable code such as `HY0202`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind { $($(#[doc = $doc])* $name,)* }

        impl ErrorKind {
            /// The stable code, as in `HY0202`.
            pub const fn code(self) -> &'static str {
                match self { $(ErrorKind::$name => $code,)* }
            }

            /// One line that says what the kind means.
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
    /// The output exists and must not be overwritten.
    Exists = "HY0003", "the file exists";
    /// Another writer holds the lock.
    Locked = "HY0004", "another writer has the file open";
    /// The file was replaced or is not a regular file.
    NotRegular = "HY0005", "not a regular file";
    /// A write or sync failed before; the writer does nothing more.
    Poisoned = "HY0006", "the writer stopped after a failed write";
    /// Another file is where the open one was, or it went back to an older state.
    Replaced = "HY0007", "the file was replaced";
    /// The file system has no locks, or refuses this one.
    NoLock = "HY0008", "the file cannot be locked";
    /// The file does not begin with the magic, or its header is damaged.
    NotHydra = "HY0101", "not a Hydra file";
    /// Both header lines are damaged, or they differ.
    Header = "HY0102", "damaged file header";
    /// A major version or an incompatible feature that this library does not know.
    UnknownFeature = "HY0103", "made by a newer version";
    /// A read-only feature that this library does not know: it may read, not write.
    ReadOnlyFeature = "HY0104", "may be read but not written";
    /// No commit record is valid.
    NoCommit = "HY0105", "damaged commit record";
    /// The file is shorter than its committed length.
    CutShort = "HY0106", "the file is cut short";
    /// A block header is not valid.
    BlockHeader = "HY0201", "damaged block header";
    /// A block's payload does not match its checksum.
    Checksum = "HY0202", "payload checksum mismatch";
    /// A block uses a layout, an encoding or a flag that this library does not know.
    Unsupported = "HY0203", "unsupported block";
    /// The index disagrees with the blocks.
    Index = "HY0204", "damaged index";
    /// Zero bytes that are not zero, or a gap that no writer leaves.
    NotCanonical = "HY0205", "not in canonical form";
    /// A replacement block that replaces nothing, or records that do not follow.
    Chain = "HY0206", "blocks do not follow one another";
    /// A tag, bool, char, nonzero number or form outside its values.
    BadValue = "HY0301", "invalid value";
    /// A reference outside its region, out of order, or misaligned.
    BadReference = "HY0302", "invalid reference";
    /// Text that is not UTF-8.
    BadUtf8 = "HY0303", "invalid UTF-8";
    /// Map keys or set members out of order, or twice the same.
    BadOrder = "HY0304", "keys out of order";
    /// Nested deeper than the limit.
    TooDeep = "HY0305", "nested too deep";
    /// A schema that breaks a rule of the format.
    BadSchema = "HY0401", "invalid schema";
    /// The type of the program is not the type of the table.
    TypeMismatch = "HY0402", "the type is not the table's";
    /// There is no such table.
    NoTable = "HY0403", "no such table";
    /// A value of a variant that the type which it is read as does not have. It is not damaged.
    UnknownVariant = "HY0404", "a variant that the type does not have";
    /// A record, field, variant, index or key that does not exist.
    NoSuchPath = "HY0501", "no such value";
    /// A path that does not parse.
    BadPath = "HY0502", "invalid path";
    /// The value has another kind than what was asked for.
    WrongKind = "HY0503", "the value has another kind";
    /// A number that does not fit.
    OutOfRange = "HY0504", "out of range";
    /// The value exists in the program in another form than on disk.
    Encoded = "HY0505", "stored in another form";
    /// A value, block or file larger than the limits.
    TooLarge = "HY0506", "too large";
    /// Duplicate keys, or values that cannot be encoded.
    CannotEncode = "HY0507", "cannot be encoded";
    /// An argument that makes no sense.
    Usage = "HY0508", "invalid argument";
    /// A value that may not be changed, or not to this; [`Error::why`] says why.
    NotSettable = "HY0509", "cannot be set";
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $name:ident = $what:literal, $hint:literal;)*) => {
        /// Why a value cannot be changed through reflection, or not to this value.
        ///
        /// | reason | where |
        /// | --- | --- |
        /// | `Private`, `Skipped`, `Encoded`, `Shared`, `Invariant` | live values only |
        /// | `ReadOnlySource` | values that are lent to be looked at |
        /// | `Locked` | files that another writer has: there is no value yet |
        /// | all others | everywhere |
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Why { $($(#[doc = $doc])* $name,)* }

        impl Why {
            /// The reason in words.
            pub const fn summary(self) -> &'static str {
                match self { $(Why::$name => $what,)* }
            }

            /// The way out.
            pub const fn hint(self) -> &'static str {
                match self { $(Why::$name => $hint,)* }
            }
        }
    };
}
reasons! {
    /// The value was only lent to be looked at.
    ReadOnlySource = "it is only lent for reading",
        "change a live value with ValueMut::of, a copy with to_dynamic(), a record in a file with an Editor";
    /// The field, or one that holds it, is `#[hydra(readonly)]`.
    ReadOnlyField = "it is in a field marked readonly",
        "only the program that owns the type may change it";
    /// The field, or one that holds it, is not `pub`.
    Private = "it is in a private field of a live value",
        "add #[hydra(settable)] to the field or the type, or change a copy: to_dynamic()";
    /// The field is not stored, so that reflection does not see it.
    Skipped = "the field is skipped and no part of the value", "set it in the program, by its own name";
    /// The field is stored as another type than it has in memory.
    Encoded = "the field is stored as another type than it has in memory",
        "set the value that holds it with set_value(), or change a copy: to_dynamic()";
    /// Others hold the same value, behind Rc or Arc.
    Shared = "it is behind Rc or Arc", "set the pointer as a whole: those that share the old value keep it";
    /// A key of a map, a member of a set, or a part of one: their order depends on it.
    MapKey = "it is a key of a map or a member of a set", "set the whole map or set";
    /// The new value has another kind, or another shape.
    WrongKind = "the new value has another kind", "give a value of the kind that was expected";
    /// The new number is not one of the type.
    OutOfRange = "the new value does not fit", "nothing is rounded or wrapped: give a value of the type's range";
    /// The new bytes are not UTF-8.
    BadUtf8 = "the new text is not UTF-8", "strings hold UTF-8 only";
    /// The enum has no such variant, or the variant has fields.
    BadVariant = "the enum has no such variant", "give the name of a variant, or a whole value with its fields";
    /// The type's own check refuses the changed value.
    Invariant = "the invariant of its type refuses it", "set all that belongs together at once, as one value";
    /// Another writer has the file.
    Locked = "another writer has the file", "wait until it is done";
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
    /// What to do about an error of this kind in a file, where that is always the same. Damage is a case for
    /// [`recover`](crate::file::recover) or [`check`](crate::file::check).
    pub const fn help(self) -> Option<&'static str> {
        match self {
            ErrorKind::Header | ErrorKind::NoCommit | ErrorKind::CutShort => {
                Some("recover the file: hydra::file::recover saves what is whole")
            }
            ErrorKind::BlockHeader | ErrorKind::Checksum | ErrorKind::Index | ErrorKind::Chain => {
                Some("check the file: hydra::file::check finds all that is damaged")
            }
            ErrorKind::NoLock => {
                Some("where nobody else writes to the file, WriterOptions::without_lock goes on without it")
            }
            _ => None,
        }
    }
}

/// What went wrong, where, what was expected and found, and what to do next.
///
/// It is one pointer wide. Match on [`Error::kind`]; everything else is for people.
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
    /// In the place of the kind's summary.
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
    /// An error with its kind's own summary.
    #[cold]
    pub fn new(kind: ErrorKind) -> Error {
        Error(Box::new(ErrorDetails { kind: Some(kind), ..ErrorDetails::default() }))
    }

    /// An error from the operating system; or the error that was passed through one, as an [`Output`](crate::file::Output) does.
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

    /// Says in words what the kind's summary leaves open.
    pub fn what(mut self, what: impl Into<String>) -> Error {
        self.0.what = what.into();
        self
    }

    /// Says in other words what the kind's summary says of files and tables.
    pub(crate) fn instead(mut self, summary: &'static str) -> Error {
        self.0.instead = Some(summary);
        self
    }

    /// Names the file, unless a deeper layer did.
    pub fn in_file(mut self, file: impl AsRef<Path>) -> Error {
        self.0.file.get_or_insert_with(|| file.as_ref().to_path_buf());
        self
    }

    /// Names the file as the caller does, who may have come to it by a link.
    pub(crate) fn known_as(mut self, file: &Path, known: &Path) -> Error {
        if self.0.file.as_deref().is_none_or(|named| named == file) {
            self.0.file = Some(known.to_path_buf());
        }
        self
    }

    /// The file offset in bytes, unless a deeper layer gave one.
    pub fn at(mut self, offset: u64) -> Error {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// Moves an offset that counts from the start of a part to the start of the whole.
    pub(crate) fn shifted(mut self, by: u64) -> Error {
        self.0.offset = self.0.offset.map(|offset| offset.saturating_add(by));
        self
    }

    /// Where that is, in the words of the format: `table Tick, records 40960..45055`.
    pub fn place(mut self, place: impl Into<String>) -> Error {
        self.0.place.get_or_insert_with(|| place.into());
        self
    }

    /// The path of the value: `items[3].name`.
    pub fn path(mut self, path: impl Into<String>) -> Error {
        self.0.path.get_or_insert_with(|| path.into());
        self
    }

    /// Puts the value's path under that of the value that holds it.
    pub(crate) fn under(mut self, outer: &str) -> Error {
        let path = join_path(outer, &self.0.path.take().unwrap_or_default());
        if path.is_empty() { self } else { self.path(path) }
    }

    /// Makes it an error of a value that cannot be set.
    pub(crate) fn because(mut self, why: Why) -> Error {
        (self.0.kind, self.0.instead) = (Some(ErrorKind::NotSettable), None);
        self.0.what = followed(why.summary(), &self.0.what);
        self.0.why = Some(why);
        self
    }

    /// Why a value, or any of a file, cannot be set; none for errors of other kinds than `NotSettable` and `Locked`.
    pub fn why(&self) -> Option<Why> {
        self.0.why.or((self.kind() == ErrorKind::Locked).then_some(Why::Locked))
    }

    /// What should have been there.
    pub fn expected(mut self, expected: impl Into<String>) -> Error {
        self.0.expected = Some(expected.into());
        self
    }

    /// What was there.
    pub fn found(mut self, found: impl Into<String>) -> Error {
        self.0.found = Some(found.into());
        self
    }

    /// What to do next.
    pub fn help(mut self, help: impl Into<String>) -> Error {
        self.0.help = Some(help.into());
        self
    }

    /// What to do next, unless a deeper layer said so.
    pub(crate) fn or_help(mut self, help: &str) -> Error {
        self.0.help.get_or_insert_with(|| help.to_string());
        self
    }

    /// What went wrong, to match on.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind.unwrap_or(ErrorKind::Io)
    }

    /// The stable code, as in `HY0202`.
    pub fn code(&self) -> &'static str {
        self.kind().code()
    }

    /// One line: the summary of the kind and what it leaves open.
    pub fn message(&self) -> String {
        followed(self.0.instead.unwrap_or(self.kind().summary()), &self.0.what)
    }

    /// What the kind's summary leaves open.
    pub(crate) fn what_text(&self) -> &str {
        &self.0.what
    }

    /// The file, where one is involved.
    pub fn file(&self) -> Option<&Path> {
        self.0.file.as_deref()
    }

    /// The offset in bytes from the start of the file (or of the value image).
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// The table and records, or the block, in words.
    pub fn place_text(&self) -> Option<&str> {
        self.0.place.as_deref()
    }

    /// The path of the value.
    pub fn path_text(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// What should have been there.
    pub fn expected_text(&self) -> Option<&str> {
        self.0.expected.as_deref()
    }

    /// What was there.
    pub fn found_text(&self) -> Option<&str> {
        self.0.found.as_deref()
    }

    /// What to do next: what was said of this error, or of its kind.
    pub fn help_text(&self) -> Option<&str> {
        self.0.help.as_deref().or(self.kind().help().filter(|_| self.0.file.is_some()))
    }

    /// The second line: where, and what was expected and found.
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

/// The texts that are there, with this between them.
fn joined<const N: usize>(parts: [Option<String>; N], separator: &str) -> Option<String> {
    let joined = parts.into_iter().flatten().collect::<Vec<_>>().join(separator);
    Some(joined).filter(|joined| !joined.is_empty())
}

/// What a summary leaves open, behind it.
fn followed(summary: &str, what: &str) -> String {
    match what.chars().next() {
        None => summary.to_string(),
        // No more than where it is.
        Some('(') => format!("{summary} {what}"),
        Some(_) => format!("{summary}: {what}"),
    }
}

/// The path of a value within another one, as a path from where that one is.
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
