//! Opening files to read: what a program asks a file for. It does not know how blocks are found, verified and kept;
//! [`Snapshot`] does.

use super::cache::Caches;
use super::snapshot::{Snapshot, blocks_at_most};
use super::table::Table;
use crate::evolve::generations::newest_schema;
use crate::evolve::{Evolution, Resolution};
use crate::layout::rows::facts_of;
use crate::memory::{Map, TextMap};
use crate::store::block::BlockHeader;
use crate::store::catalog::{SchemaInfo, TableInfo};
use crate::store::commit::Commit;
use crate::store::open::{self, Opened};
use crate::store::report::Report;
use crate::store::storage::{FileStorage, Source};
use crate::{Dynamic, Error, ErrorKind, Hydra, Result, Schema};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Tables that an error names, or is looked for among.
const MOST_MEANT: usize = 16;

/// A file, open to read, in the state that its newest commit gave it. Cheap to clone.
///
/// [`Reader::open`] reads blocks into its own buffers and needs no promise; [`Reader::map`] reads through a [`Map`].
/// They are the same type, and verify the same: every block on its first touch.
///
/// ```no_run
/// let file = hydra::Reader::open("day.hydra")?;
/// println!("{}", file.report());
/// for table in file.tables() {
///     println!("{}: {} records", table.name(), table.record_count());
/// }
/// # Ok::<(), hydra::Error>(())
/// ```
#[derive(Clone)]
pub struct Reader {
    pub(crate) snapshot: Arc<Snapshot>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reader({}, {})", self.snapshot.path().display(), self.report())
    }
}

impl Reader {
    /// Opens a file through ordinary reads into aligned buffers.
    pub fn open(path: impl AsRef<Path>) -> Result<Reader> {
        let path = path.as_ref();
        Reader::over(Box::new(FileStorage::open(path)?), path)
    }

    /// Reads through buffers from wherever the bytes come; the path is for errors.
    pub(crate) fn over(source: Box<dyn Source>, path: &Path) -> Result<Reader> {
        let opened = open::open(&*source).map_err(|error| error.in_file(path))?;
        Ok(Reader::new(source.into(), None, path, opened))
    }

    /// Reads through a map. Safe: the promise was made to [`Map::open`].
    pub fn map(map: Map) -> Result<Reader> {
        let path = map.path().to_path_buf();
        let in_file = |error: Error| error.in_file(&path);
        let storage = FileStorage::over(map.file()).map_err(|error| in_file(error.into()))?;
        // The commit records are read by ordinary reads: a writer may be rewriting them.
        let opened = open::open(&storage).map_err(in_file)?;
        let map = TextMap::new(map, blocks_at_most(&opened)).covering(opened.commit.committed_bytes);
        let map = map.map_err(in_file)?;
        Ok(Reader::new(Arc::new(storage), Some(map), &path, opened))
    }

    pub(crate) fn new(
        file: Arc<dyn Source>,
        map: Option<Arc<TextMap>>,
        path: &Path,
        opened: Opened,
    ) -> Reader {
        let caches = Arc::new(Caches::new(path, blocks_at_most(&opened)));
        Reader { snapshot: Arc::new(Snapshot::new(file, map, path.to_path_buf(), opened, caches)) }
    }

    /// Looks for newer commits, and shows the newest: true if there was one. Tables, blocks and records that were taken
    /// before stay as they are, and so do clones of this reader. A commit shows whole or not at all, and an edited
    /// record in its new version.
    ///
    /// Without news it costs two reads of 128 bytes; with news, a line for every new block, or, as long as the same writer goes on,
    /// the new directory.
    ///
    /// Another file took the place of this one, or it went back to an older state: `Replaced`; it became shorter:
    /// `CutShort`. The reader then goes on showing what it showed.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("primes.hydra");
    /// let mut writer = hydra::Writer::create(&path)?;
    /// let mut reader = hydra::Reader::open(&path)?;
    /// let primes = writer.table::<u64>()?;
    /// writer.append_slice(primes, &[2, 3, 5])?;
    /// assert!(!reader.refresh()?, "nothing is committed");
    /// writer.commit()?;
    /// assert!(reader.refresh()?);
    /// assert_eq!(reader.table::<u64>()?.len(), 3);
    /// # Ok::<(), hydra::Error>(())
    /// ```
    pub fn refresh(&mut self) -> Result<bool> {
        let newer = self.snapshot.newer().map_err(|error| self.snapshot.in_file(error))?;
        let found = newer.is_some();
        self.snapshot = newer.map_or_else(|| self.snapshot.clone(), Arc::new);
        Ok(found)
    }

    /// The path that was opened.
    pub fn path(&self) -> &Path {
        self.snapshot.path()
    }

    /// What opening found: whether the file was closed cleanly, and what is wrong.
    pub fn report(&self) -> &Report {
        &self.snapshot.opened.report
    }

    /// The commit whose state is shown.
    pub fn commit(&self) -> &Commit {
        &self.snapshot.opened.commit
    }

    /// The 16 bytes that identify the file.
    pub fn file_id(&self) -> [u8; 16] {
        self.snapshot.opened.header.file_id
    }

    /// Length of the file in bytes when it was opened, with what lies beyond the committed length.
    pub fn file_bytes(&self) -> u64 {
        self.snapshot.opened.file_bytes
    }

    /// The tables, in the order of their appearance.
    pub fn tables(&self) -> &[TableInfo] {
        &self.snapshot.opened.catalog.tables
    }

    /// The schemas by their ids.
    pub fn schemas(&self) -> impl Iterator<Item = (u32, &SchemaInfo)> {
        self.snapshot.opened.catalog.schemas.iter().map(|(id, info)| (*id, info))
    }

    /// The user's key-value pairs.
    pub fn metadata(&self) -> Result<&BTreeMap<String, Vec<u8>>> {
        self.snapshot.metadata()
    }

    /// The header of the block at a file offset.
    pub fn block_header(&self, offset: u64) -> Result<BlockHeader> {
        let blocks = self.snapshot.opened.catalog.blocks(self.snapshot.source());
        let block = blocks.header(offset).map_err(|error| self.snapshot.in_file(error))?;
        Ok(block.header)
    }

    /// Every committed block of any kind in the order of the file, with its offset; an error stands for bytes that are no
    /// block. It reads one line of each.
    pub fn blocks(&self) -> impl Iterator<Item = Result<(u64, BlockHeader)>> + '_ {
        let snapshot = &*self.snapshot;
        let mut scan = snapshot.opened.scan(snapshot.source());
        std::iter::from_fn(move || match scan.step() {
            Ok(step) => step.map(|step| match (step.block, step.problem) {
                (Some(block), _) => Ok((block.offset, block.header)),
                (None, problem) => {
                    Err(snapshot.in_file(problem.unwrap_or_else(|| Error::new(ErrorKind::BlockHeader))))
                }
            }),
            Err(error) => {
                scan.end();
                Some(Err(snapshot.in_file(error)))
            }
        })
    }

    /// The records of a type of the program, which may be older or newer than the types that wrote them: see
    /// [`evolve`](crate::evolve). The table has the name of the type. [`Table::resolution`] says what that costs.
    ///
    /// # Errors
    /// `NoTable`, with the tables whose records could be meant; `TypeMismatch` with every path of the table's types that cannot be
    /// read as this one.
    pub fn table<T: Hydra>(&self) -> Result<Table<T>> {
        let schema = &facts_of::<T>().schema;
        let named = self.table_named(&schema.name());
        named.map_err(
            |error| if error.kind() == ErrorKind::NoTable { self.meant(error, schema) } else { error },
        )
    }

    /// The records of the table with this name, as a type of the program: see [`Reader::table`].
    pub fn table_named<T: Hydra>(&self, name: &str) -> Result<Table<T>> {
        let facts = facts_of::<T>();
        let wanted = facts.schema.clone();
        let number = self.table_number(name)?;
        for id in self.tables().get(number).map(TableInfo::schemas).unwrap_or_default() {
            let mapping = self.snapshot.mapping(*id, &wanted)?;
            // What the program knows as a type of its own checks itself, which is quicker than by its schema.
            if matches!(mapping.evolution.resolution(), Resolution::Identical) {
                self.snapshot.caches.validator(*id, || facts.validator.clone());
            }
        }
        Ok(Table::new(self.snapshot.clone(), number, Arc::new(wanted)))
    }

    /// The error of a table that is not there, with the table that could be meant.
    #[cold]
    fn meant(&self, error: Error, wanted: &Schema) -> Error {
        let catalog = &self.snapshot.opened.catalog;
        let newest = |number| newest_schema(catalog, number).map(|(_, info)| info);
        let tables = || self.tables().iter().enumerate().take(MOST_MEANT);
        let find = |is: &dyn Fn(&Schema) -> bool| {
            tables().find(|(number, _)| newest(*number).is_some_and(|info| is(&info.schema)))
        };
        let same = find(&|schema| schema.is_identical(wanted) || schema.name() == wanted.name());
        let readable = || find(&|schema| Evolution::between(schema, wanted).is_ok());
        let Some((number, table)) = same.or_else(readable) else { return error };
        let name = table.name();
        let renamed = newest(number).is_some_and(|info| info.schema.name() == name);
        let attribute = if renamed {
            format!(", or #[hydra(name = {name:?})] on a type that was renamed")
        } else {
            String::new()
        };
        error.help(format!(
            "table {name} has records that can be read as {}: `table_named({name:?})`{attribute}",
            wanted.name()
        ))
    }

    /// The records of the table with this name, as data of its newest type. Blocks that cannot be read as that are errors.
    pub fn dynamic_table(&self, name: &str) -> Result<Table<Dynamic>> {
        let number = self.table_number(name)?;
        let newest = newest_schema(&self.snapshot.opened.catalog, number);
        let (_, info) = newest.ok_or_else(|| {
            self.snapshot.in_file(Error::new(ErrorKind::BadSchema).place(format!("table {name}")))
        })?;
        Ok(Table::new(self.snapshot.clone(), number, info.schema().clone()))
    }

    pub(crate) fn table_number(&self, name: &str) -> Result<usize> {
        self.snapshot.opened.catalog.table_number(name).ok_or_else(|| {
            let names = self.tables().iter().map(TableInfo::name);
            let mut listed: Vec<&str> = names.take(MOST_MEANT).collect();
            if self.tables().len() > MOST_MEANT {
                listed.push("..");
            }
            let found = if listed.is_empty() { "no table".to_string() } else { listed.join(", ") };
            self.snapshot.in_file(Error::new(ErrorKind::NoTable).expected(name).found(found))
        })
    }
}
