//! The content of a file: tables, schemas, and the block of each record. It is loaded from the newest
//! directory and the blocks after it; index nodes are read on demand. Payloads of records are not read.

use super::block::{BlockAt, BlockFile, BlockKind};
use super::bytes::{LINE, NODE_ENTRIES, REGION};
use super::index::{self, DIRECTORY, Entry, Index, IndexHead, IndexSchema, IndexTable, follow, totals};
use super::report::Verdict;
use super::scan::split_io_error;
use super::schema_block::SchemaBlock;
use super::storage::Source;
use crate::{Error, ErrorKind, Result, Schema};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A table: the records under one name.
#[derive(Clone, Debug, Default)]
pub struct TableInfo {
    pub(crate) name: String,
    pub(crate) schemas: Vec<u32>,
    /// The index entries in the order of their records; levels may be mixed.
    pub(crate) entries: Vec<Entry>,
}

impl TableInfo {
    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the ids of its schemas, in order of first appearance.
    pub fn schemas(&self) -> &[u32] {
        &self.schemas
    }

    /// Returns the number of records.
    pub fn record_count(&self) -> u64 {
        self.entries.last().map_or(0, Entry::end)
    }

    /// Returns the number of DATA blocks.
    pub fn block_count(&self) -> u64 {
        totals(&self.entries).1
    }

    /// Creates the row of a directory for this table, under this number and with its entries from
    /// `first_entry` on.
    fn row(&self, number: u32, first_entry: usize) -> IndexTable {
        IndexTable {
            number,
            first_entry: first_entry as u32,
            entry_count: self.entries.len() as u32,
            record_count: self.record_count(),
            block_count: self.block_count(),
        }
    }
}

/// A schema of a file.
#[derive(Clone, Debug)]
pub struct SchemaInfo {
    /// The row of the schema in a directory.
    pub(crate) row: IndexSchema,
    pub(crate) schema: Arc<Schema>,
}

impl SchemaInfo {
    /// Returns the number of its table, in order of first appearance.
    pub fn table(&self) -> usize {
        self.row.table as usize
    }

    /// Returns the file offset of its newest copy.
    pub fn offset(&self) -> u64 {
        self.row.offset
    }

    /// Returns the schema.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }
}

/// The tables and schemas of a file, and the places of its records.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog {
    /// See [`FileHeader::sync_key`](super::FileHeader).
    key: u64,
    /// The end of the committed blocks, or of the file if that is shorter.
    pub(crate) limit: u64,
    pub(crate) tables: Vec<TableInfo>,
    /// The numbers of tables by name, because hostile files can have very many tables.
    numbers: HashMap<String, usize>,
    pub(crate) schemas: BTreeMap<u32, SchemaInfo>,
    /// The number of blocks after the newest directory, without PAD blocks.
    pub(crate) unindexed_blocks: u64,
    /// Whether a SCHEMA block has an unsupported version: it may be the one that a DATA block needs.
    unsupported: bool,
}

impl Catalog {
    pub(crate) fn new(key: u64, limit: u64) -> Catalog {
        Catalog { key, limit, ..Catalog::default() }
    }

    /// Returns the key that binds blocks to their place.
    pub(crate) fn key(&self) -> u64 {
        self.key
    }

    /// Returns the blocks of this catalog, read through `source`.
    pub(crate) fn blocks<'a>(&self, source: &'a dyn Source) -> BlockFile<'a> {
        BlockFile { source, key: self.key, limit: self.limit }
    }

    /// Counts a block that follows the newest directory.
    pub(crate) fn count_unindexed(&mut self, block: &BlockAt) {
        let counts = u64::from(!block.is(BlockKind::Pad));
        self.unindexed_blocks = self.unindexed_blocks.saturating_add(counts);
    }

    /// Returns the number of the table with this name.
    pub(crate) fn table_number(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// Returns the name of a table, for errors.
    pub(crate) fn table_name(&self, table: usize) -> &str {
        self.tables.get(table).map_or("?", TableInfo::name)
    }

    /// Returns the schemas of a table with their ids.
    pub(crate) fn schemas_of(&self, table: usize) -> impl DoubleEndedIterator<Item = (u32, &Arc<Schema>)> {
        let ids = self.tables.get(table).map(TableInfo::schemas).unwrap_or_default();
        ids.iter().filter_map(|id| Some((*id, &self.schemas.get(id)?.schema)))
    }

    /// Returns the number of records of all tables.
    pub(crate) fn record_count(&self) -> u64 {
        self.tables.iter().fold(0, |sum, table| table.record_count().saturating_add(sum))
    }

    fn entries(&self, table: usize) -> &[Entry] {
        self.tables.get(table).map(|table| &table.entries[..]).unwrap_or_default()
    }

    /// Returns the top entry that leads to a record.
    pub(crate) fn top(&self, table: usize, record: u64) -> Option<Entry> {
        search(self.entries(table), record)
    }

    /// Finds the DATA block that contains a record; `children` returns the entries of nodes and may cache
    /// them.
    pub(crate) fn find(
        &self,
        table: usize,
        record: u64,
        children: &mut dyn FnMut(&Entry) -> Result<Arc<[Entry]>>,
    ) -> Result<Entry> {
        let missing = || self.missing(table, record..record.saturating_add(1));
        let mut found = self.top(table, record).ok_or_else(missing)?;
        while found.level > 0 {
            found = search(&children(&found)?, record).ok_or_else(missing)?;
        }
        Ok(found)
    }

    /// Creates the error about records whose block is missing, although its neighbours exist.
    #[cold]
    pub(crate) fn missing(&self, table: usize, records: std::ops::Range<u64>) -> Error {
        let name = self.table_name(table);
        // A search visits them after the records before them.
        let entries = self.entries(table);
        let before = entries.partition_point(|entry| entry.first < records.start).checked_sub(1);
        let at = match before.and_then(|at| entries.get(at)) {
            Some(entry) if entry.level == 0 => Some(entry.offset.saturating_add(entry.bytes())),
            Some(node) => Some(node.offset),
            None => entries.first().map(|_| REGION),
        };
        let error = Error::new(ErrorKind::Chain);
        at.into_iter()
            .fold(error, Error::at)
            .place(format!("table {name}, records {}..{}", records.start, records.end))
            .what("the block of these records is missing")
    }

    /// Returns the DATA blocks of a table in order, from the one with the record `first` on.
    pub(crate) fn cursor(&self, table: usize, first: u64) -> EntryCursor {
        let top = self.entries(table).partition_point(|entry| entry.end() <= first);
        EntryCursor { table, first, top, below: Vec::new(), flat: false }
    }

    /// Returns the entries of the node that `parent` refers to.
    pub(crate) fn children(&self, source: &dyn Source, table: usize, parent: &Entry) -> Result<Vec<Entry>> {
        let damaged = |what: &str| {
            Error::new(ErrorKind::Index)
                .at(parent.offset)
                .place(format!("index of records {}..{}", parent.first, parent.end()))
                .what(what)
        };
        let read = split_io_error(self.blocks(source).read(parent.offset))?;
        let (block, payload) = read.map_err(|error| damaged(&error.message()))?;
        if !block.is(BlockKind::Index) || block.line_count != parent.line_count {
            return Err(damaged("it is not the block that the index refers to"));
        }
        let index = Index::parse(&payload).map_err(|error| error.at(parent.offset))?;
        index.children(u32::try_from(table).unwrap_or(u32::MAX), parent).map_err(damaged)
    }

    /// Returns an error unless the header at the place of an entry is that of its DATA block.
    pub(crate) fn check_named(&self, block: &BlockAt, entry: &Entry) -> Result<()> {
        if entry.names(block) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Index)
            .at(entry.offset)
            .what("the index refers to another block than the one at this offset")
            .expected(format!("records {}..{} of schema {}", entry.first, entry.end(), entry.schema))
            .found(block.place()))
    }

    /// Returns the schema of a DATA block.
    pub(crate) fn schema_of(&self, block: &BlockAt) -> Result<&Arc<Schema>> {
        let info = self.schemas.get(&block.schema);
        info.map(SchemaInfo::schema).ok_or_else(|| self.no_schema(block.offset, block.schema))
    }

    /// Loads the directory behind the blocks of `file`; schemas are taken from `known`, or read from these.
    pub(crate) fn load(
        &mut self,
        file: BlockFile<'_>,
        index: &Index<'_>,
        known: Option<&Self>,
    ) -> Result<()> {
        let bad = |what: &str| Error::new(ErrorKind::Index).at(file.limit).what(what);
        if !index.is_directory() {
            return Err(bad("it is not a directory"));
        }
        let mut rest = index.entries();
        for (number, row) in (0..).zip(index.tables()) {
            let first_entry = index.entries().len().saturating_sub(rest.len());
            let entries = rest.by_ref().take(row.entry_count as usize).collect();
            let table = TableInfo { entries, ..TableInfo::default() };
            if !follow(&table.entries, 0, file.limit) {
                return Err(bad("the entries of a table are impossible"));
            }
            if row != table.row(number, first_entry) {
                return Err(bad("a table's numbers do not add up"));
            }
            self.tables.push(table);
        }
        if rest.next().is_some() {
            return Err(bad("it has entries that belong to no table"));
        }
        for listed in index.schemas() {
            let (name, schema) = match known.and_then(|known| known.listed(&listed)) {
                Some(found) => found,
                None => read_schema(file, &listed)?,
            };
            let number = listed.table as usize;
            let table = self.tables.get_mut(number);
            let table = table.filter(|table| table.name.is_empty() || table.name == name);
            let Some(table) = table.filter(|_| !self.schemas.contains_key(&listed.id)) else {
                return Err(bad("a schema is not the one that it lists"));
            };
            if *self.numbers.entry(name.clone()).or_insert(number) != number {
                return Err(bad("two tables have the same name"));
            }
            table.name = name;
            table.schemas.push(listed.id);
            self.schemas.insert(listed.id, SchemaInfo { row: listed, schema });
        }
        if self.tables.iter().any(|table| table.name.is_empty()) {
            return Err(bad("a table has no schema"));
        }
        Ok(())
    }

    /// Encodes a directory of everything in this catalog; `previous` is the INDEX block before it.
    pub(crate) fn encode(&self, previous: u64) -> Vec<u8> {
        let mut entries = Vec::new();
        let mut tables = Vec::new();
        for (number, table) in (0..).zip(&self.tables) {
            tables.push(table.row(number, entries.len()));
            entries.extend_from_slice(&table.entries);
        }
        let schemas: Vec<IndexSchema> = self.schemas.values().map(|info| info.row).collect();
        let head = IndexHead { previous, role: DIRECTORY, ..IndexHead::default() };
        index::encode(head, &tables, &schemas, &entries)
    }

    /// Returns the name of the table and the schema, if the block that a directory lists is known.
    fn listed(&self, listed: &IndexSchema) -> Option<(String, Arc<Schema>)> {
        let info = self.schemas.get(&listed.id).filter(|info| info.row == *listed)?;
        Some((self.tables.get(info.table())?.name.clone(), info.schema.clone()))
    }

    /// Records that a SCHEMA block has an unsupported version.
    pub(crate) fn note_unsupported(&mut self, taken: &Result<()>) {
        self.unsupported |=
            taken.as_ref().is_err_and(|error| Verdict::of(error.kind()) == Verdict::Unsupported);
    }

    /// Creates the error about a block at `offset` whose schema does not precede it.
    fn no_schema(&self, offset: u64, id: u32) -> Error {
        if self.unsupported {
            let what = format!("the schema with id {id} is unknown, and one is of a newer version");
            return Error::new(ErrorKind::Unsupported).at(offset).what(what).help("update this program");
        }
        let what = format!("there is no schema with the id {id} before the block");
        Error::new(ErrorKind::BadSchema).at(offset).what(what)
    }

    /// Adds a SCHEMA block that a scan found.
    pub(crate) fn add_schema(&mut self, at: &BlockAt, payload: &[u8]) -> Result<()> {
        let offset = at.offset;
        let block = SchemaBlock::parse(payload).map_err(|error| error.at(offset))?;
        if let Some(known) = self.schemas.get_mut(&block.id) {
            let name = self.tables.get(known.table()).map(TableInfo::name);
            if name != Some(block.name) || known.schema.core() != block.core {
                return Err(Error::new(ErrorKind::BadSchema)
                    .at(offset)
                    .what(format!("another schema already has the id {}", block.id)));
            }
            if known.schema.notes() != block.notes {
                known.schema = Arc::new(block.schema().map_err(|error| error.at(offset))?);
            }
            known.row = IndexSchema::of(block.id, known.row.table, at);
            return Ok(());
        }
        let schema = Arc::new(block.schema().map_err(|error| error.at(offset))?);
        self.insert_schema(block.name, IndexSchema::of(block.id, 0, at), schema);
        Ok(())
    }

    /// Adds a schema under a new id to the table with this name, creates the table if needed, and returns its
    /// number.
    pub(crate) fn insert_schema(&mut self, name: &str, row: IndexSchema, schema: Arc<Schema>) -> usize {
        let next = self.tables.len();
        let number = self.table_number(name).unwrap_or_else(|| {
            self.tables.push(TableInfo { name: name.to_string(), ..TableInfo::default() });
            self.numbers.insert(name.to_string(), next);
            next
        });
        if let Some(table) = self.tables.get_mut(number) {
            table.schemas.push(row.id);
        }
        self.schemas.insert(row.id, SchemaInfo { row: IndexSchema { table: number as u32, ..row }, schema });
        number
    }

    /// Adds a DATA block that a scan found or that was just written.
    pub(crate) fn add_data(&mut self, source: &dyn Source, block: &BlockAt) -> Result<()> {
        let entry = Entry::of(block);
        let bad = |kind: ErrorKind, what: &str| Err(block.error(kind).what(what));
        let Some(number) = self.schemas.get(&block.schema).map(SchemaInfo::table) else {
            return Err(self.no_schema(block.offset, block.schema).place(block.place()));
        };
        if block.count == 0 || block.first.checked_add(entry.count).is_none() {
            return bad(ErrorKind::BlockHeader, "its record count is impossible");
        }
        if block.is_replacement() {
            return self.replace(source, number, entry);
        }
        let table = self.tables.get_mut(number).filter(|table| entry.first >= table.record_count());
        let Some(table) = table else {
            return bad(ErrorKind::Chain, "an earlier block has the same records");
        };
        let follows = entry.first == table.record_count();
        table.entries.push(entry);
        if follows { Ok(()) } else { bad(ErrorKind::Chain, "records before it are missing") }
    }

    /// Adds the blocks of an index that are missing. A block that is later than the one found for the same
    /// records was an edit, and is lost; it is added so that the outdated records are not taken for the
    /// newest.
    pub(crate) fn name_lost(&mut self, index: &Index<'_>) {
        for named in index.entries() {
            let number = self.schemas.get(&named.schema).map(SchemaInfo::table);
            let Some(table) = number.and_then(|number| self.tables.get_mut(number)) else { continue };
            let at = position(&table.entries, named.first);
            let Some(found) = at.and_then(|at| table.entries.get_mut(at)) else { continue };
            if found.is_version_of(&named) && found.offset < named.offset {
                *found = named;
            }
        }
    }

    /// Replaces the block with the same records. Nodes above it are replaced by their entries, so that the
    /// catalog always refers to the newest blocks.
    fn replace(&mut self, source: &dyn Source, number: usize, entry: Entry) -> Result<()> {
        let no_match = || {
            Error::new(ErrorKind::Chain)
                .at(entry.offset)
                .place(format!("records {}..{}", entry.first, entry.end()))
                .what("a replacement block that replaces nothing")
        };
        loop {
            let top = self.entries(number);
            let at = position(top, entry.first).ok_or_else(no_match)?;
            let current = top.get(at).copied().ok_or_else(no_match)?;
            if current.level == 0 {
                let slot = self.tables.get_mut(number).and_then(|table| table.entries.get_mut(at));
                let slot = slot.filter(|current| current.is_version_of(&entry));
                return slot.map(|slot| *slot = entry).ok_or_else(no_match);
            }
            let children = self.children(source, number, &current)?;
            if let Some(table) = self.tables.get_mut(number) {
                table.entries.splice(at..=at, children);
            }
        }
    }
}

/// Reads the name of the table and the schema from the block that the directory behind some blocks lists.
fn read_schema(before: BlockFile<'_>, listed: &IndexSchema) -> Result<(String, Arc<Schema>)> {
    let bad = |what: &str| Error::new(ErrorKind::Index).at(before.limit).what(what);
    let (block, payload) = before.read(listed.offset)?;
    if !block.is(BlockKind::Schema) || block.line_count != listed.line_count {
        return Err(bad("a schema is not at the listed offset"));
    }
    let block = SchemaBlock::parse(&payload).map_err(|error| error.at(listed.offset))?;
    if block.id != listed.id {
        return Err(bad("a schema is not the one that it lists"));
    }
    Ok((block.name.to_string(), Arc::new(block.schema().map_err(|error| error.at(listed.offset))?)))
}

fn search(entries: &[Entry], record: u64) -> Option<Entry> {
    position(entries, record).and_then(|at| entries.get(at)).copied()
}

/// Finds the position of the entry that contains a record.
fn position(entries: &[Entry], record: u64) -> Option<usize> {
    let at = entries.partition_point(|entry| entry.end() <= record);
    entries.get(at).is_some_and(|entry| entry.first <= record).then_some(at)
}

/// An iterator over the DATA blocks of a table in order. It holds at most one node of each level.
#[derive(Clone, Debug)]
pub(crate) struct EntryCursor {
    table: usize,
    first: u64,
    top: usize,
    below: Vec<std::vec::IntoIter<Entry>>,
    flat: bool,
}

impl EntryCursor {
    /// Returns the number of the table.
    pub(crate) fn table(&self) -> usize {
        self.table
    }

    /// Returns whether it iterates over a rebuilt catalog.
    pub(crate) fn is_flat(&self) -> bool {
        self.flat
    }

    /// Iterates over the DATA blocks under the entries of a node.
    pub(crate) fn over(table: usize, entries: Vec<Entry>) -> EntryCursor {
        EntryCursor { table, first: 0, top: usize::MAX, below: vec![entries.into_iter()], flat: false }
    }

    /// Continues at the same record in a rebuilt catalog.
    pub(crate) fn flatten(&mut self, rebuilt: &Catalog) {
        *self = EntryCursor { flat: true, ..rebuilt.cursor(self.table, self.first) };
    }

    /// Returns the next DATA block. An error in a node comes with the record after that node, where it
    /// continues.
    pub(crate) fn next(
        &mut self,
        catalog: &Catalog,
        source: &dyn Source,
    ) -> Option<Result<Entry, (Error, u64)>> {
        loop {
            let entry = match self.below.last_mut().map(Iterator::next) {
                Some(Some(entry)) => entry,
                Some(None) => {
                    self.below.pop();
                    continue;
                }
                None => {
                    let entry = *catalog.tables.get(self.table)?.entries.get(self.top)?;
                    self.top = self.top.saturating_add(1);
                    entry
                }
            };
            if entry.end() <= self.first {
                continue;
            }
            if entry.level == 0 {
                self.first = entry.end();
                return Some(Ok(entry));
            }
            match catalog.children(source, self.table, &entry) {
                Ok(children) => self.below.push(children.into_iter()),
                Err(error) => return Some(Err((error, entry.end()))),
            }
        }
    }
}

const _: () =
    assert!(NODE_ENTRIES * size_of::<Entry>() < 64 << 10, "a node fits the memory bound of section 12");
const _: () = assert!(LINE == 64);
