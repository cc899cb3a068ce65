//! The values that determined a type, and their places.

use std::fmt;
use std::rc::Rc;

/// The place of a cell: its line, and its file if there are several.
#[derive(Clone, Debug)]
pub(super) struct CellSource {
    pub(super) line: u64,
    pub(super) file: Option<Rc<str>>,
}

impl fmt::Display for CellSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        self.file.as_ref().map_or(Ok(()), |file| write!(f, " of {file}"))
    }
}

/// A cell that determined a type: its place and its text.
#[derive(Clone, Debug)]
pub(super) struct Witness {
    pub(super) source: CellSource,
    pub(super) cell: String,
    why: &'static str,
}

impl Witness {
    pub(super) fn new(source: &CellSource, cell: &str, why: &'static str) -> Witness {
        let mut shown: String = cell.chars().take(40).collect();
        if shown.len() < cell.len() {
            shown.push('…');
        }
        Witness { source: source.clone(), cell: shown, why }
    }
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} in {} {}", self.cell, self.source, self.why)
    }
}
