//! Errors that end a command, their text and their exit codes.

use crate::text::escape;
use hydra::ErrorKind;
use std::fmt;
use std::path::Path;

/// The exit codes of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    CouldNot = 1,
    Usage = 2,
    Lossy = 3,
    No = 4,
}

impl Exit {
    /// Returns the more serious of two exit codes: an error, then "no", then a loss.
    pub(crate) fn worst(self, other: Exit) -> Exit {
        let worst_first = [Exit::Usage, Exit::CouldNot, Exit::No, Exit::Lossy];
        worst_first.into_iter().find(|exit| [self, other].contains(exit)).unwrap_or(Exit::Done)
    }
}

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// An error that ends a command.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The reader of the output closed the pipe; nothing is printed.
    ClosedPipe,
    Said(Box<Complaint>),
}

/// The parts of an error message.
#[derive(Debug)]
pub(crate) struct Complaint {
    exit: Exit,
    code: &'static str,
    message: String,
    place: String,
    help: Option<String>,
}

impl Failure {
    /// Returns a failure of the command itself.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Failure {
        let message = message.into();
        let place = String::new();
        Failure::Said(Box::new(Complaint { exit: Exit::CouldNot, code, message, place, help: None }))
    }

    /// Returns a failure for wrong usage.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure::new("HY0601", message).exit(Exit::Usage)
    }

    fn with(mut self, change: impl FnOnce(&mut Complaint)) -> Failure {
        if let Failure::Said(complaint) = &mut self {
            change(complaint);
        }
        self
    }

    pub(crate) fn exit(self, exit: Exit) -> Failure {
        self.with(|complaint| complaint.exit = exit)
    }

    /// Sets the place, and what was expected and found there.
    pub(crate) fn place(self, place: impl Into<String>) -> Failure {
        self.with(|complaint| complaint.place = place.into())
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Failure {
        self.with(|complaint| complaint.help = Some(help.into()))
    }

    /// Replaces the name of a file, for a temporary copy of stdin.
    pub(crate) fn renamed(self, from: &Path, to: &str) -> Failure {
        let from = from.display().to_string();
        self.with(|complaint| {
            complaint.place = complaint.place.replace(&from, to);
            complaint.help = complaint.help.take().map(|help| help.replace(&from, to));
        })
    }

    /// Returns the exit code.
    pub(crate) fn code(&self) -> Exit {
        match self {
            Failure::ClosedPipe => Exit::Done,
            Failure::Said(complaint) => complaint.exit,
        }
    }

    /// Returns a failure for an I/O error on a file.
    pub(crate) fn io(error: std::io::Error, file: &Path) -> Failure {
        Failure::from(hydra::Error::io(error).in_file(file))
    }
}

impl From<hydra::Error> for Failure {
    fn from(error: hydra::Error) -> Failure {
        let text = error.to_string();
        let place = text.lines().find_map(|line| line.strip_prefix("  --> ")).unwrap_or("");
        let help = advice(&error).map(|help| match (help, error.file()) {
            (CHECK, Some(file)) => format!("{CHECK} {}", file.display()),
            _ => help.to_string(),
        });
        Failure::new(error.code(), error.message()).place(place).with(|complaint| complaint.help = help)
    }
}

/// The command that lists all damage.
const CHECK: &str = "hydra check";

/// Returns the advice that is specific to this error.
pub(crate) fn own_help(error: &hydra::Error) -> Option<&str> {
    let own = error.help_text().filter(|help| error.kind().help() != Some(help));
    let is_text = error.kind() == ErrorKind::NotHydra && error.found_text() == Some("text");
    own.or(is_text.then_some("hydra convert makes Hydra files from CSV and JSON"))
}

/// Returns the advice for an error.
pub(crate) fn advice(error: &hydra::Error) -> Option<&str> {
    own_help(error).or(match error.kind() {
        ErrorKind::Header | ErrorKind::NoCommit | ErrorKind::CutShort => Some("hydra recover"),
        ErrorKind::BlockHeader | ErrorKind::Checksum | ErrorKind::Index | ErrorKind::Chain => Some(CHECK),
        ErrorKind::NoLock => Some("if no other program writes to the file, --no-lock skips the lock"),
        ErrorKind::BadSchema if error.offset().is_some() => Some(CHECK),
        _ => None,
    })
}

/// Returns the text of an error with this advice, indented to stand below another line.
pub(crate) fn advised(error: &hydra::Error, help: Option<&str>) -> String {
    let text = error.to_string();
    let bare = text.split_once("\n  = help: ").map_or(text.as_str(), |(bare, _)| bare);
    let help = help.map(|help| format!("\n  = help: {help}")).unwrap_or_default();
    escape::lines(&format!("  {bare}{help}")).replace('\n', "\n  ")
}

/// Converts errors on stdout only; use [`Failure::io`] for files, so that the message names the file.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => match hydra::Error::io(error) {
                error if error.file().is_some() => error.into(),
                error => error.place("stdout").into(),
            },
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Failure {
        match error.io_error_kind() {
            Some(_) => std::io::Error::from(error).into(),
            None => Failure::new("HY0602", error.to_string()),
        }
    }
}

impl Complaint {
    /// Returns the text, with the styles of a terminal if `color` is set.
    pub(crate) fn render(&self, color: bool) -> impl fmt::Display {
        let style = |code: &'static str| if color { code } else { "" };
        let [red, bold, blue, off] = ["\x1b[1;31m", "\x1b[1m", "\x1b[1;34m", "\x1b[0m"].map(style);
        let mut text =
            format!("{red}error[{}]{off}{bold}: {}{off}\n", self.code, escape::lines(&self.message));
        if !self.place.is_empty() {
            text.push_str(&format!("  {blue}-->{off} {}\n", escape::lines(&self.place)));
        }
        if let Some(help) = &self.help {
            text.push_str(&format!("  {blue}={off} help: {}\n", escape::lines(help)));
        }
        text
    }
}
