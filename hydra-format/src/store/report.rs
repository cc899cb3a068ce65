//! The condition of a file as found by opening it. Blocks that opening does not read are left to `check`.

use crate::{Error, ErrorKind};
use std::fmt;

/// The verdict on a file or a finding (FORMAT.md, section 1.3), from the best to the worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Verdict {
    /// No rule is broken.
    #[default]
    Good,
    /// A rule for writers is broken that readers do not need: every value can be read.
    Irregular,
    /// Something has a version or feature of the format that this library does not support.
    Unsupported,
    /// Something differs from what was written.
    Damaged,
    /// The file cannot be opened.
    Refused,
}

impl Verdict {
    /// Returns the word, as in `unsupported`.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Good => "good",
            Verdict::Irregular => "irregular",
            Verdict::Unsupported => "unsupported",
            Verdict::Damaged => "damaged",
            Verdict::Refused => "refused",
        }
    }

    /// Returns the verdict that one finding implies for a file that was opened.
    pub(crate) const fn of(finding: ErrorKind) -> Verdict {
        match finding {
            ErrorKind::NotCanonical | ErrorKind::TypeMismatch => Verdict::Irregular,
            ErrorKind::Unsupported | ErrorKind::UnknownFeature => Verdict::Unsupported,
            _ => Verdict::Damaged,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The state of a file as found by opening it. If several apply, it is the one that is listed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// The file was closed by its writer.
    Clean,
    /// The file was not closed: a writer is active, or was interrupted between commits. Nothing is missing.
    Unclosed,
    /// Bytes follow the last commit: a writer is active, was interrupted, or could not remove them when it
    /// closed the file. They only take space, and the next writer overwrites them.
    UncommittedTail {
        /// The number of bytes.
        bytes: u64,
    },
    /// A commit record, or a block that it refers to, is invalid: the last commit is lost, or its record is
    /// damaged.
    LastCommitLost {
        /// The number of bytes after the accepted state.
        bytes: u64,
    },
    /// Something below the committed length has a version of the format that this library does not support.
    Unsupported,
    /// Something below the committed length is damaged.
    Damaged,
}

/// The condition of a file as found by opening it.
#[derive(Debug)]
pub struct Report {
    pub(crate) state: State,
    pub(crate) details: Vec<Error>,
}

/// The largest number of details that a report keeps.
const MAX_DETAILS: usize = 100;

impl Report {
    /// Returns the state.
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns whether the file was closed cleanly and opening it found no problem.
    pub fn is_clean(&self) -> bool {
        self.state == State::Clean
    }

    /// Returns whether committed bytes are damaged.
    pub fn is_damaged(&self) -> bool {
        self.state == State::Damaged
    }

    /// Returns whether everything that opening examined can be read.
    pub(crate) fn is_whole(&self) -> bool {
        !matches!(self.state, State::Damaged | State::Unsupported)
    }

    /// Returns why the file must not be written to or copied, with `help` if it is damaged.
    pub(crate) fn refusal(&mut self, help: &str) -> Option<Error> {
        let (verdict, help) = match self.state {
            State::Damaged => (Verdict::Damaged, help),
            State::Unsupported => (Verdict::Unsupported, "update this program"),
            _ => return None,
        };
        let at = self.details.iter().position(|error| Verdict::of(error.kind()) == verdict);
        let found = self.details.drain(..).nth(at.unwrap_or(0));
        Some(found.unwrap_or_else(|| Error::new(ErrorKind::Chain)).help(help))
    }

    /// Returns the findings in the order in which they were found, at most a hundred.
    pub fn details(&self) -> &[Error] {
        &self.details
    }

    pub(crate) fn add(&mut self, error: Error) {
        if self.details.len() < MAX_DETAILS {
            self.details.push(error);
        }
    }

    /// Adds a finding below the committed length.
    pub(crate) fn damage(&mut self, error: Error) {
        self.state = match (Verdict::of(error.kind()), self.state) {
            (Verdict::Unsupported, state) if state != State::Damaged => State::Unsupported,
            _ => State::Damaged,
        };
        self.add(error);
    }

    /// Returns the damaged parts, each once.
    fn damaged_parts(&self) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for error in &self.details {
            let part = match error.kind() {
                ErrorKind::Header => "header",
                ErrorKind::NoCommit => "commit record",
                ErrorKind::CutShort => "cut short",
                ErrorKind::Index => "index",
                ErrorKind::BadSchema | ErrorKind::TooLarge => "schema",
                _ => "blocks",
            };
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts.join(", ")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state {
            State::Clean => f.write_str("closed cleanly"),
            State::Unclosed => f.write_str("not closed: a writer is active or was interrupted"),
            State::UncommittedTail { bytes } => {
                write!(f, "{bytes} uncommitted bytes at the end: a writer is active or was interrupted")
            }
            State::LastCommitLost { bytes } => write!(
                f,
                "a commit record is invalid: the last commit was lost, or its record damaged ({bytes} bytes after \
                 the accepted state)"
            ),
            State::Unsupported => f.write_str("unsupported: parts of it were written by a newer version"),
            State::Damaged => write!(f, "damaged ({})", self.damaged_parts()),
        }
    }
}
