//! The open tables of a writer: which types may be appended under which name, and how the newest type of a
//! table reads what is appended (FORMAT.md, section 16.4).

use super::OpenTable;
use super::newest::{Newest, check_blocks};
use crate::evolve::Evolution;
use crate::evolve::generations::{Joins, join, newest_schema, older};
use crate::layout::MOST_GROWTH;
use crate::store::bytes::{LINE, MAX_BLOCK_LINES};
use crate::store::log::Log;
use crate::store::schema_block::check_name;
use crate::{Error, ErrorKind, Layout, Result, Schema};
use std::any::TypeId;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A type of the program: its identity, and its name for errors.
pub(super) type Program = (TypeId, &'static str);

/// The open tables, with indices so that none is searched linearly: there may be very many.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) open: Vec<OpenTable>,
    /// Positions by the id of the schema; each schema belongs to one table.
    by_schema: HashMap<u32, usize>,
    /// The position that was appended to last, by the number of the table.
    last: HashMap<usize, usize>,
    /// The tables that were opened by the name of their type.
    plain: HashMap<String, (Option<Program>, usize)>,
    /// Positions of the tables with records that are not in a block yet.
    pub(super) waiting: BTreeSet<usize>,
    /// The size up to which blocks grow, and the layout of tables that are opened.
    pub(super) blocks: (usize, Layout),
}

impl Tables {
    pub(super) fn new(blocks: (usize, Layout)) -> Tables {
        Tables { blocks, ..Tables::default() }
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut OpenTable> {
        self.open.get_mut(index)
    }

    /// Adds a table. If a table has several types, the records of all keep the order in which they are
    /// appended.
    fn add(&mut self, table: OpenTable) -> usize {
        let index = self.open.len();
        self.by_schema.insert(table.schema_id, index);
        let last = *self.last.entry(table.number).or_insert(index);
        self.open.push(table);
        if last != index {
            // Any others of this table are already marked.
            for index in [last, index] {
                if let Some(open) = self.open.get_mut(index) {
                    open.shared = true;
                    open.stage.stop();
                }
            }
        }
        index
    }

    /// Returns the open table of a schema.
    fn of_schema(&mut self, id: u32) -> Option<&mut OpenTable> {
        self.open.get_mut(*self.by_schema.get(&id)?)
    }

    /// Returns the position at which records of the same table were appended before, if that was as another
    /// type.
    pub(super) fn switch(&mut self, index: usize) -> Option<usize> {
        let last = self.last.get_mut(&self.open.get(index)?.number)?;
        Some(std::mem::replace(last, index)).filter(|last| *last != index)
    }

    /// Returns the table with the name of a type. Another type of that name does not get it, because the two
    /// may differ in meaning.
    pub(super) fn plain(
        &mut self,
        log: &mut Log,
        schema: &Schema,
        program: Option<Program>,
    ) -> Result<usize> {
        log.check()?;
        let name = schema.name();
        let Some((known, index)) = self.plain.get_mut(&name) else {
            let index = self.find_or_add(log, &name, schema)?;
            self.plain.insert(name, (program, index));
            return Ok(index);
        };
        let same = match (&known, program) {
            (Some(known), Some(program)) => known.0 == program.0,
            _ => self.open.get(*index).is_some_and(|open| open.schema.is_identical(schema)),
        };
        if same {
            *known = known.or(program);
            return Ok(*index);
        }
        let of = |program: Option<Program>| program.map_or("another schema", |(_, name)| name);
        Err(Error::new(ErrorKind::TypeMismatch)
            .place(format!("table {name}"))
            .what("this writer has a table of this name for another type")
            .expected(of(*known))
            .found(of(program))
            .help(format!(
                "`table_named` gives the type a table of its own; if it is another generation of the same type: \
                 `table_named(\"{name}\")`"
            )))
    }

    /// Returns the position of the table with this name and schema; opens it, and adds it to the file, if
    /// needed.
    pub(super) fn find_or_add(&mut self, log: &mut Log, name: &str, schema: &Schema) -> Result<usize> {
        log.check()?;
        check_name(name)?;
        let catalog = &log.catalog;
        let Some(number) = catalog.table_number(name) else {
            return self.add_new(log, name, schema, None);
        };
        let newest = newest_schema(catalog, number).ok_or_else(|| Error::new(ErrorKind::BadSchema))?;
        let newest = &newest.1.schema;
        let known = catalog.schemas_of(number).find(|(_, stored)| stored.is_identical(schema));
        if let Some((schema_id, stored)) = known {
            if let Some(index) = self.by_schema.get(&schema_id) {
                return Ok(*index);
            }
            let evolution = Evolution::between(stored, newest).map_err(|error| older(error, name))?;
            let newest = Newest::new(evolution, newest);
            let table = OpenTable::new(number, schema_id, stored.clone(), self.blocks, newest);
            return Ok(self.add(table));
        }
        let evolutions = match join(catalog, number, schema, usize::MAX)? {
            Joins::Older(evolution) => {
                let newest = Newest::new(evolution, newest);
                return self.add_new(log, name, schema, newest);
            }
            Joins::Newer(evolutions) => evolutions.into_iter(),
        };
        let newest_by_id = evolutions.map(|(id, evolution)| (id, Newest::new(evolution, schema))).collect();
        self.fit(log, number, &newest_by_id)?;
        let index = self.add_new(log, name, schema, None)?;
        let block_bytes = self.blocks.0;
        for (id, newest) in newest_by_id {
            if let Some(open) = self.of_schema(id) {
                open.read_as(newest, block_bytes);
            }
        }
        Ok(index)
    }

    fn add_new(
        &mut self,
        log: &mut Log,
        name: &str,
        schema: &Schema,
        newest: Option<Arc<Newest>>,
    ) -> Result<usize> {
        let schema = Arc::new(schema.clone());
        let (number, schema_id) = log.add_schema(name, schema.clone())?;
        Ok(self.add(OpenTable::new(number, schema_id, schema, self.blocks, newest)))
    }

    /// Returns an error if existing blocks would be too large as a newer type.
    fn fit(
        &mut self,
        log: &mut Log,
        number: usize,
        newest_by_id: &HashMap<u32, Option<Arc<Newest>>>,
    ) -> Result<()> {
        let safe = newest_by_id.values().flatten().map(|newest| newest.safe_bytes).min().unwrap_or(u64::MAX);
        // Blocks of columns grow when they are read as rows, to the largest size of a block at most.
        let row_bytes =
            log.end().saturating_mul(MOST_GROWTH).min(u64::from(MAX_BLOCK_LINES).saturating_mul(LINE));
        if safe >= row_bytes.max(self.blocks.0 as u64) {
            return Ok(());
        }
        for id in log.catalog.schemas_of(number).map(|(id, _)| id).collect::<Vec<_>>() {
            if let Some(open) = self.of_schema(id) {
                open.seal(log)?;
            }
        }
        check_blocks(log, number, newest_by_id)
    }
}
