//! The check of appended records by the newest type of their table: records that it could not read are
//! refused (FORMAT.md, section 16.4).

use crate::evolve::generations::newest_schema;
use crate::evolve::{Evolution, Resolution};
use crate::layout::rows::At;
use crate::store::catalog::Catalog;
use crate::store::log::Log;
use crate::table::columns::read_alone;
use crate::{Error, ErrorKind, Result, Schema};
use std::collections::HashMap;
use std::sync::Arc;

/// The conversion from a schema of a table to the newest one, if records are rewritten by it.
pub(crate) struct Newest {
    evolution: Evolution,
    name: String,
    /// Whether each value has to be checked.
    pub(crate) may_refuse: bool,
    /// Blocks of at most this many bytes need no check of their size.
    pub(crate) safe_bytes: u64,
}

impl Newest {
    /// Creates the check; `None` if records are read as they are.
    pub(crate) fn new(evolution: Evolution, newest: &Schema) -> Option<Arc<Newest>> {
        if evolution.resolution() != Resolution::Transcoded {
            return None;
        }
        let may_refuse = evolution.plan().may_refuse();
        let safe_bytes = evolution.plan().safe_bytes();
        Some(Arc::new(Newest { name: newest.name(), evolution, may_refuse, safe_bytes }))
    }

    /// Returns how the newest type of a table reads records of this schema; also `None` if it cannot.
    pub(crate) fn of(catalog: &Catalog, table: usize, schema: &Schema) -> Option<Arc<Newest>> {
        let (_, newest) = newest_schema(catalog, table)?;
        Newest::new(Evolution::between(schema, &newest.schema).ok()?, &newest.schema)
    }

    /// Returns an error if a block of these records would be too large; other problems are ignored.
    pub(crate) fn check_size(&self, records: At<'_>, count: usize) -> Result<()> {
        let outcome = self.check(records, count);
        outcome.or_else(|error| if error.kind() == ErrorKind::TooLarge { Err(error) } else { Ok(()) })
    }

    /// Returns an error if records cannot be read.
    pub(crate) fn check(&self, records: At<'_>, count: usize) -> Result<()> {
        self.evolution.plan().check(records, count).map_err(|error| {
            let what = "the newest type of the table could not read the record";
            let help = match error.kind() {
                ErrorKind::TooLarge => "give the fields that the newest type adds smaller defaults, or make them Option",
                _ => "this program has an older type than the file: update it, or give the enum of the newest type a \
                      variant #[hydra(other)]",
            };
            // The place in the converted record is not in the file.
            let found = error.found_text().unwrap_or_default().to_string();
            let expected = error.expected_text().unwrap_or_default().to_string();
            let refused = Error::new(error.kind()).what(format!("{what}, {}", self.name)).expected(expected).help(help);
            let refused = if found.is_empty() { refused } else { refused.found(found) };
            error.path_text().map(str::to_string).into_iter().fold(refused, Error::path)
        })
    }
}

/// Returns an error if a block of a table would be too large as a newer type. Damaged blocks are skipped.
pub(crate) fn check_blocks(
    log: &mut Log,
    number: usize,
    newest_by_id: &HashMap<u32, Option<Arc<Newest>>>,
) -> Result<()> {
    log.write_all()?;
    let mut cursor = log.catalog.cursor(number, 0);
    while let Some(found) = cursor.next(&log.catalog, log.source()) {
        let Ok(entry) = found else { continue };
        let Some(newest) = newest_by_id.get(&entry.schema).and_then(Option::as_ref) else { continue };
        // As rows, a block of columns can be much larger than in the file.
        let is_small = entry.bytes() <= newest.safe_bytes;
        let header = || log.catalog.blocks(log.source()).header(entry.offset);
        if !is_small || header().is_ok_and(|block| block.layout != 0) {
            let read = read_alone(log.source(), &log.catalog, &entry);
            let fits = read.map_or(Ok(()), |loaded| newest.check_size(loaded.rows(), loaded.count));
            fits.map_err(|error| {
                let name = log.catalog.table_name(number);
                error.place(format!("table {name}, records {}..{}", entry.first, entry.end()))
            })?;
        }
    }
    Ok(())
}
