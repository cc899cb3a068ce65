//! Blocks of columns among the blocks of a table: they are converted to rows when they are read, as a whole or
//! in part, and copied as they are stored. Also the fields of a table as tables of their own.

use super::block::Block;
use super::cache::{Records, SchemaMapping};
use super::snapshot::{Loaded, Snapshot};
use super::table::{Row, Table};
use crate::evolve::Evolution;
use crate::layout::rows::{Regions, StagedRows, Validator, invalid};
use crate::layout::{Layout, WINDOW_RECORDS};
use crate::memory::{Backing, Payload};
use crate::store::block::{BlockHeader, BlockKind, SealedBlock};
use crate::store::index::Entry;
use crate::{Dynamic, Error, ErrorKind, Hydra, Result, Schema};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What is read of a block. A block of rows is always read as a whole.
#[derive(Clone, Copy)]
pub(crate) enum Want<'a> {
    /// All records.
    Whole,
    /// All records with some of their fields.
    Part(&'a Records),
    /// The records around one, if they can be read without the others.
    Near(u64),
}

/// A block with the bytes of its payload.
#[derive(Clone, Debug)]
pub(crate) struct StoredBlock {
    header: BlockHeader,
    backing: Backing,
    start: usize,
}

impl StoredBlock {
    pub(super) fn new(header: BlockHeader, backing: Backing, start: usize) -> StoredBlock {
        StoredBlock { header, backing, start }
    }

    /// Returns the same block without a place.
    pub(crate) fn seal(&self) -> Result<SealedBlock> {
        let end = self.start.saturating_add(self.header.payload_bytes as usize);
        let payload = self.backing.get(self.start..end).unwrap_or_default().to_vec();
        let mut sealed = SealedBlock::of(BlockKind::Data, payload)?;
        let BlockHeader { layout, count, stride, text, .. } = self.header;
        sealed.header = BlockHeader { layout, count, stride, text, ..sealed.header };
        Ok(sealed)
    }
}

/// How some fields of a schema are read as another type.
pub(super) struct PartMapping {
    pub(super) records: Records,
    pub(super) evolution: Evolution,
}

impl SchemaMapping {
    /// Returns how blocks of columns are read in part, if the other type lacks fields of the records.
    pub(super) fn part(&self, records: &Records, target: &Schema) -> Option<&PartMapping> {
        let part = || {
            let layouts =
                records.layouts.with_fields(&self.evolution.kept_fields(records.layouts.schema())?)?;
            let evolution = Evolution::between(layouts.schema(), target).ok()?;
            let validator = Arc::new(Validator::new(layouts.schema()));
            Some(PartMapping { records: Records { layouts, validator }, evolution })
        };
        self.part.get_or_init(part).as_ref()
    }
}

impl Snapshot {
    /// Returns the block of an entry, or some of its records, with the record `index`, to be read as `target`.
    pub(crate) fn load_near(
        &self,
        table: usize,
        entry: &Entry,
        index: u64,
        target: &Arc<Schema>,
    ) -> Result<Loaded> {
        let info = self.opened.catalog.schemas.get(&entry.schema);
        if !self.caches.has_converted.load(Ordering::Relaxed)
            || info.is_none_or(|info| !info.schema().is_identical(target))
        {
            return self.load_as(table, entry, target);
        }
        let window = index.saturating_sub(entry.first).checked_div(WINDOW_RECORDS).unwrap_or_default();
        if let Some(loaded) = self.caches.windows.find(&(entry.offset, window)) {
            return Ok(loaded);
        }
        if let Some(loaded) = self.caches.blocks.find(&entry.offset) {
            return Ok(loaded);
        }
        let loaded = match &self.map {
            Some(map) => self.load_mapped(map, entry, Want::Near(index)),
            None => self.load_buffered(entry, Want::Near(index)),
        };
        let loaded = loaded.map_err(|error| self.in_block(error, table, entry))?;
        if (loaded.count as u64) < entry.count {
            return self.caches.windows.get((entry.offset, window), || Ok(loaded));
        }
        self.caches.blocks.get(entry.offset, || Ok(loaded))
    }

    /// Returns the block of an entry to be read as another type, and how. Of columns, only those that the type
    /// has are read.
    pub(super) fn load_for<'m>(
        &self,
        mapping: &'m SchemaMapping,
        entry: &Entry,
        target: &Schema,
    ) -> Result<(Loaded, &'m Evolution)> {
        let Some(part) = self.part(mapping, entry, target)? else {
            return Ok((self.load_whole(entry)?, &mapping.evolution));
        };
        let loaded = match &self.map {
            Some(map) => self.unpack_mapped(map, entry, true, Want::Part(&part.records))?,
            None => self.load_buffered(entry, Want::Part(&part.records))?,
        };
        self.caches.has_converted.store(true, Ordering::Relaxed);
        Ok((loaded, &part.evolution))
    }

    /// Returns how a block of columns is read in part; `None` if it is of rows, or the type has all fields.
    fn part<'m>(
        &self,
        mapping: &'m SchemaMapping,
        entry: &Entry,
        target: &Schema,
    ) -> Result<Option<&'m PartMapping>> {
        let Some(info) =
            self.opened.catalog.schemas.get(&entry.schema).filter(|_| mapping.evolution.removes())
        else {
            return Ok(None);
        };
        match self.opened.catalog.blocks(self.source()).header(entry.offset)?.layout {
            0 => Ok(None),
            _ => Ok(mapping.part(&self.records(entry.schema, info.schema()), target)),
        }
    }

    /// Builds a block of records that replaces another, in its layout.
    pub(crate) fn seal(&self, id: u32, block: &Block<Dynamic>, rows: StagedRows) -> Result<SealedBlock> {
        let Loaded { schema, .. } = &block.loaded;
        self.records(id, schema).layouts.seal(rows, block.loaded.layout())
    }
}

impl Loaded {
    /// Creates records that were read without the others of their block, and verifies them.
    pub(super) fn window(
        entry: &Entry,
        schema: &Arc<Schema>,
        payload: Payload,
        range: Range<usize>,
        validator: &Validator,
    ) -> Result<Loaded> {
        let (count, stride) = (range.len(), schema.root().size());
        let first = entry.first.saturating_add(range.start as u64);
        let regions = Regions { front: payload.front(), text: payload.text(), count, stride };
        validator.verify(&payload, &regions).map_err(|fault| invalid(*fault, 0, first).at(entry.offset))?;
        let bad = Arc::default();
        Ok(Loaded { payload, schema: schema.clone(), stored: None, first, count, stride, bad, dense: None })
    }

    /// Returns the layout of the block in the file.
    pub(crate) fn layout(&self) -> Layout {
        if self.stored.is_some() { Layout::Columns } else { Layout::Rows }
    }
}

impl<T: Row> Table<T> {
    /// Returns one field of the records, as a table of its own. Of blocks of columns, only this field is read;
    /// a number that is stored as it is in memory is lent without copying.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("day.hydra");
    /// #[derive(hydra::Hydra)]
    /// struct Tick {
    ///     time: u64,
    ///     price: f64,
    /// }
    ///
    /// let mut file = hydra::Writer::options().layout(hydra::Layout::Columns).create(&path)?;
    /// let ticks = file.table::<Tick>()?;
    /// (0..1000).try_for_each(|time| file.append(ticks, &Tick { time, price: 0.5 }))?;
    /// file.finish()?;
    ///
    /// let prices = hydra::Reader::open(&path)?.table::<Tick>()?.column::<f64>("price")?;
    /// let mut sum = 0.0;
    /// for block in prices.blocks() {
    ///     sum += block?.as_slice().iter().sum::<f64>();
    /// }
    /// assert_eq!((sum, prices.get(7)?.view()), (500.0, 0.5));
    /// # Ok::<(), hydra::Error>(())
    /// ```
    ///
    /// # Errors
    /// `NoSuchPath` if a struct has no such field; `a.b` is the field `b` of the struct in the field `a`.
    /// `TypeMismatch` if the field has another type than `C`.
    pub fn column<C: Hydra>(&self, path: &str) -> Result<Table<C>> {
        let place = |error: Error| error.place(format!("table {}", self.name())).path(path);
        let Some((schema, field)) = self.schema.column(path)? else {
            let fields = self.schema.root().fields().iter().map(|field| field.name());
            let error = Error::new(ErrorKind::NoSuchPath).expected("a field of the records");
            return Err(place(
                error.help(format!("the fields are {}", fields.collect::<Vec<_>>().join(", "))),
            ));
        };
        let wanted = Schema::try_from_descriptor(C::TYPE)?;
        if !field.is_identical(&wanted) {
            let error = Error::new(ErrorKind::TypeMismatch).expected(field.name());
            return Err(place(error.found(wanted.name())));
        }
        Ok(Table::new(self.snapshot.clone(), self.number, Arc::new(schema)))
    }
}
