//! Opening files for reading. [`Snapshot`] finds, verifies and caches blocks.

use super::cache::Caches;
use super::columns::SchemaRecords;
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

/// The number of tables that an error lists or compares with the requested one.
const MOST_MEANT: usize = 16;

/// A file that is open for reading, in the state of its newest commit. Cloning is cheap.
///
/// [`Reader::open`] reads blocks into its own buffers and is safe for every file; [`Reader::map`] reads
/// through a [`Map`]. Both verify every block when it is first read.
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
    /// Opens a file and reads it into aligned buffers.
    ///
    /// # Errors
    /// Fails if the file cannot be read or this library cannot show it, for example with `NotFound`,
    /// `NotHydra`, `UnknownFeature` or `NoCommit`. A file with damaged blocks opens: see [`Reader::report`].
    pub fn open(path: impl AsRef<Path>) -> Result<Reader> {
        let path = path.as_ref();
        Reader::over(Box::new(FileStorage::open(path)?), path)
    }

    /// Opens a file in any storage; the path is used for errors.
    pub(crate) fn over(source: Box<dyn Source>, path: &Path) -> Result<Reader> {
        let opened = open::open(&*source).map_err(|error| error.in_file(path))?;
        Ok(Reader::new(source.into(), None, path, opened))
    }

    /// Opens a file through a map. This is safe, because the caller of [`Map::open`] guarantees its contract.
    ///
    /// # Errors
    /// Fails where [`Reader::open`] does.
    pub fn map(map: Map) -> Result<Reader> {
        let path = map.path().to_path_buf();
        let in_file = |error: Error| error.in_file(&path);
        let storage = FileStorage::over(map.file()).map_err(|error| in_file(error.into()))?;
        // The commit records are not read through the map, because a writer may be changing them.
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

    /// Shows the newest commit, and returns whether it is a new one.
    ///
    /// A commit becomes visible as a whole, and an edited record in its new version. Tables, blocks and
    /// records that were taken before keep the old state, and so do clones of this reader. Without a new
    /// commit this reads two records of 128 bytes; with one, it reads one line of each new block, or the new
    /// directory if the same writer made both commits.
    ///
    /// # Errors
    /// `Replaced` if another file has the path now or the file went back to an older state, `CutShort` if it
    /// became shorter. The reader then keeps its state.
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

    /// Returns the path that was opened.
    pub fn path(&self) -> &Path {
        self.snapshot.path()
    }

    /// Returns what opening found: whether the file was closed cleanly, and what is wrong.
    pub fn report(&self) -> &Report {
        &self.snapshot.opened.report
    }

    /// Returns the commit that is shown.
    pub fn commit(&self) -> &Commit {
        &self.snapshot.opened.commit
    }

    /// Returns the 16 bytes that identify the file.
    pub fn file_id(&self) -> [u8; 16] {
        self.snapshot.opened.header.file_id
    }

    /// Returns the length of the file in bytes when it was opened, including bytes after the committed
    /// length.
    pub fn file_bytes(&self) -> u64 {
        self.snapshot.opened.file_bytes
    }

    /// Returns the tables, in order of first appearance.
    pub fn tables(&self) -> &[TableInfo] {
        &self.snapshot.opened.catalog.tables
    }

    /// Returns the schemas with their ids.
    pub fn schemas(&self) -> impl Iterator<Item = (u32, &SchemaInfo)> {
        self.snapshot.opened.catalog.schemas.iter().map(|(id, info)| (*id, info))
    }

    /// Returns the key-value pairs of the user.
    ///
    /// # Errors
    /// Fails if the block with the pairs is damaged or cannot be read.
    pub fn metadata(&self) -> Result<&BTreeMap<String, Vec<u8>>> {
        self.snapshot.metadata()
    }

    /// Reads the header of the block at a file offset.
    ///
    /// # Errors
    /// Fails if there is no valid header at the offset.
    pub fn block_header(&self, offset: u64) -> Result<BlockHeader> {
        let blocks = self.snapshot.opened.catalog.blocks(self.snapshot.source());
        let block = blocks.header(offset).map_err(|error| self.snapshot.in_file(error))?;
        Ok(block.header)
    }

    /// Returns every committed block of any kind in the order of the file, with its offset. An error replaces
    /// bytes that are not a block. It reads one line of each block.
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

    /// Returns the records of a type of the program, which may be older or newer than the types that wrote
    /// them: see [`evolve`](crate::evolve). The name of the table is that of the type. [`Table::resolution`]
    /// tells the cost of the conversion.
    ///
    /// # Errors
    /// `NoTable`, with tables whose records could be meant; `TypeMismatch`, with every path of the table's
    /// types that cannot be read as this type.
    pub fn table<T: Hydra>(&self) -> Result<Table<T>> {
        let schema = &facts_of::<T>().schema;
        let named = self.table_named(&schema.name());
        named.map_err(
            |error| if error.kind() == ErrorKind::NoTable { self.meant(error, schema) } else { error },
        )
    }

    /// Returns the records of the table with this name, as a type of the program.
    ///
    /// # Errors
    /// As [`Reader::table`].
    pub fn table_named<T: Hydra>(&self, name: &str) -> Result<Table<T>> {
        let facts = facts_of::<T>();
        let wanted = facts.schema.clone();
        let number = self.table_number(name)?;
        for id in self.tables().get(number).map(TableInfo::schemas).unwrap_or_default() {
            let mapping = self.snapshot.mapping(*id, &wanted)?;
            // The program's own check of a type is faster than the check by a schema.
            if matches!(mapping.evolution.resolution(), Resolution::Identical) {
                let records = || SchemaRecords::new(&Arc::new(wanted.clone()), Some(facts.validator.clone()));
                self.snapshot.caches.records(*id, records);
            }
        }
        Ok(Table::new(self.snapshot.clone(), number, Arc::new(wanted)))
    }

    /// Creates the error about a table that does not exist, with the table that could be meant.
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

    /// Returns the records of the table with this name, as data of its newest type. Blocks that cannot be
    /// read as that type are errors.
    ///
    /// # Errors
    /// `NoTable` if there is no table with this name.
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
