//! What opening a file found out about its health. It does not know blocks that nobody has touched: that is what a
//! check is for.

use crate::{Error, ErrorKind};
use std::fmt;

/// What a file is, or what a finding makes of it (FORMAT.md, section 1.3): from the best to the worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Verdict {
    /// No rule is broken.
    #[default]
    Good,
    /// A rule is broken that writers keep and readers do not need: every value can be read.
    Irregular,
    /// Something is of a version of the format that this library does not know.
    Unsupported,
    /// Something is not what was written.
    Damaged,
    /// It cannot be opened.
    Refused,
}

impl Verdict {
    /// The word, as in `unsupported`.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Good => "good",
            Verdict::Irregular => "irregular",
            Verdict::Unsupported => "unsupported",
            Verdict::Damaged => "damaged",
            Verdict::Refused => "refused",
        }
    }

    /// What one finding makes of a file that was opened.
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

/// The state of a file as opening it shows it: the first of these, from the last to the first, that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Closed by its writer.
    Clean,
    /// Not closed: a writer is active, or was interrupted between commits. Nothing is missing.
    Unclosed,
    /// Bytes after the last commit: a writer is active, or was interrupted, or could not cut them off when it closed the file. They
    /// cost space until the next writer writes over them.
    UncommittedTail {
        /// How many.
        bytes: u64,
    },
    /// A commit record, or what it names, is not valid: the last commit was lost, or its record damaged.
    LastCommitLost {
        /// Bytes after the state that was accepted.
        bytes: u64,
    },
    /// Something below the committed length is of a version of the format that this library does not know.
    Unsupported,
    /// Something below the committed length is damaged.
    Damaged,
}

/// What opening a file found out about its health.
#[derive(Debug)]
pub struct Report {
    pub(crate) state: State,
    pub(crate) details: Vec<Error>,
}

/// The most details that a report keeps.
const MAX_DETAILS: usize = 100;

impl Report {
    /// The state.
    pub fn state(&self) -> State {
        self.state
    }

    /// True if the file was closed cleanly and opening it found nothing wrong.
    pub fn is_clean(&self) -> bool {
        self.state == State::Clean
    }

    /// True if committed bytes are damaged.
    pub fn is_damaged(&self) -> bool {
        self.state == State::Damaged
    }

    /// True if all that opening looked at can be read.
    pub(crate) fn is_whole(&self) -> bool {
        !matches!(self.state, State::Damaged | State::Unsupported)
    }

    /// Why the file must not be written to or copied, and what helps if it is damaged.
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

    /// What was found, in the order in which it was found; the first hundred.
    pub fn details(&self) -> &[Error] {
        &self.details
    }

    pub(crate) fn add(&mut self, error: Error) {
        if self.details.len() < MAX_DETAILS {
            self.details.push(error);
        }
    }

    /// Adds what is wrong below the committed length.
    pub(crate) fn damage(&mut self, error: Error) {
        self.state = match (Verdict::of(error.kind()), self.state) {
            (Verdict::Unsupported, state) if state != State::Damaged => State::Unsupported,
            _ => State::Damaged,
        };
        self.add(error);
    }

    /// Which parts are damaged, each once.
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
