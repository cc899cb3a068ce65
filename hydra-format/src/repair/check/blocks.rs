//! The check of blocks, one after the other: each by itself, and against all before it. It does not find blocks; the
//! scan does.

use super::check_zero;
use crate::evolve::generations::{MOST_GENERATIONS, join};
use crate::layout::rows::{Auditor, audit_value, invalid};
use crate::layout::{self, DataBlock};
use crate::store::block::{self, BlockHeader, BlockKind, line};
use crate::store::bytes::{DIRECTORY_EVERY, LINE, NODE_ENTRIES};
use crate::store::catalog::{Catalog, EntryCursor, TableInfo};
use crate::store::commit::Commit;
use crate::store::index::{Entry, Index, follow, totals};
use crate::store::report::Verdict;
use crate::store::scan::split_io_error;
use crate::store::schema_block::{self, SchemaBlock};
use crate::store::storage::Source;
use crate::table::metadata::{MetaHead, Metadata, head as meta};
use crate::{Error, ErrorKind, Result, Schema};
use std::collections::BTreeMap;

/// The newest block of a kind that names the one before it.
#[derive(Clone, Copy, Debug, Default)]
struct Chain {
    newest: u64,
}

/// What is known of the blocks before the one that is checked.
pub(super) struct BlockCheck<'a> {
    source: &'a dyn Source,
    catalog: Catalog,
    auditors: BTreeMap<u32, Auditor>,
    /// Bytes of the block that is checked.
    bytes: Vec<u8>,
    schemas: Chain,
    metas: Chain,
    indexes: Chain,
    directory: u64,
    last_block: u64,
    /// The last block of records or metadata.
    last_content: u64,
    since_directory: u64,
    /// After so many blocks a directory is due.
    directory_due: u64,
    /// How many entries may still be compared one by one: hostile files have no end of arrangements.
    budget: u64,
    /// A block was lost: what follows cannot agree with what came before.
    pub(super) lost: bool,
}

impl<'a> BlockCheck<'a> {
    pub(super) fn new(source: &'a dyn Source, catalog: Catalog) -> BlockCheck<'a> {
        let limit_lines = catalog.limit() / LINE;
        BlockCheck {
            source,
            catalog,
            auditors: BTreeMap::new(),
            bytes: Vec::new(),
            schemas: Chain::default(),
            metas: Chain::default(),
            indexes: Chain::default(),
            directory: 0,
            last_block: 0,
            last_content: 0,
            since_directory: 0,
            directory_due: DIRECTORY_EVERY,
            budget: limit_lines.saturating_mul(4),
            lost: false,
        }
    }

    /// Checks the block at `offset`, whose header is valid. True if its payload is the one that was written, and of a
    /// known type.
    pub(super) fn check(
        &mut self,
        offset: u64,
        header: &BlockHeader,
        report: &mut dyn FnMut(Error),
    ) -> Result<bool> {
        self.last_block = offset;
        if matches!(header.block_kind(), Some(BlockKind::Data | BlockKind::Meta)) {
            self.last_content = offset;
        }
        self.since_directory = self.since_directory.saturating_add(u64::from(!header.is(BlockKind::Pad)));
        if self.since_directory > self.directory_due && !self.lost {
            let error = Error::new(ErrorKind::NotCanonical).at(offset).place(header.place());
            let error = error.what("too many blocks without a directory");
            let found = self.since_directory.to_string();
            report(error.expected(format!("one every {} blocks", self.directory_due)).found(found));
            self.since_directory = 0;
        }
        check_unused(offset, header, report);
        if header.is(BlockKind::Pad) {
            header.check_supported(offset).unwrap_or_else(report);
            return Ok(true);
        }
        let mut bytes = std::mem::take(&mut self.bytes);
        // The scan saw that the block ends within the file.
        let start = offset.saturating_add(LINE);
        bytes.resize(usize::try_from(header.bytes().saturating_sub(LINE)).unwrap_or(0), 0);
        let count = self.source.read_at(start, &mut bytes)?;
        bytes.truncate(count);
        let (payload, padding) = bytes.split_at(count.min(header.payload_bytes as usize));
        check_zero(padding, start.saturating_add(payload.len() as u64), &header.place(), report);
        // What flags, layout and encoding mean for a block of another kind is not known.
        let supported = match header.block_kind() {
            Some(BlockKind::Data) => layout::of(header, offset).map(drop),
            Some(_) => header.check_supported(offset),
            None => Ok(()),
        };
        let checked = block::check_payload(header, offset, payload).and(supported);
        if header.is(BlockKind::Schema) {
            self.catalog.note_unsupported(&checked);
        }
        let good = checked.is_ok();
        self.lost |= !good && !header.is(BlockKind::Data);
        checked.unwrap_or_else(&mut *report);
        let place = header.place();
        let mut report = |finding: Error| report(finding.at(offset).place(place.clone()));
        match header.block_kind() {
            Some(BlockKind::Data) => self.check_data(offset, header, good.then_some(payload), &mut report)?,
            Some(BlockKind::Schema) if good => self.check_schema(offset, header, payload, &mut report),
            Some(BlockKind::Meta) if good => self.check_meta(offset, payload, &mut report),
            Some(BlockKind::Index) if good => self.check_index(offset, header, payload, &mut report)?,
            _ => {}
        }
        self.bytes = bytes;
        Ok(good && (header.schema == 0 || self.catalog.schemas.contains_key(&header.schema)))
    }

    fn check_data(
        &mut self,
        offset: u64,
        header: &BlockHeader,
        payload: Option<&[u8]>,
        report: &mut dyn FnMut(Error),
    ) -> Result<()> {
        if let Err(error) = split_io_error(self.catalog.add_data(self.source, offset, header))? {
            report(error);
        }
        let Some((payload, info)) = payload.zip(self.catalog.schemas.get(&header.schema)) else {
            return Ok(());
        };
        let table = self.catalog.tables.get(info.table).map_or("?", TableInfo::name);
        let last = header.end_record().saturating_sub(1);
        let place = format!("table {table}, records {}..={last}", header.first);
        let layout = layout::of(header, offset)?;
        let block = DataBlock { header, offset, schema: &info.schema };
        if let Err(error) = layout.check_header(&block) {
            report(error);
            return Ok(());
        }
        let auditor = self.auditors.entry(header.schema).or_insert_with(|| Auditor::new(&info.schema));
        layout.audit(&block, payload, auditor, &mut |error| report(error.place(place.clone())));
        Ok(())
    }

    fn check_schema(
        &mut self,
        offset: u64,
        header: &BlockHeader,
        payload: &[u8],
        report: &mut dyn FnMut(Error),
    ) {
        check_zero(
            part(payload, schema_block::head::ZERO, schema_block::head::NAME),
            offset.saturating_add(LINE).saturating_add(schema_block::head::ZERO as u64),
            "schema",
            report,
        );
        let block = match SchemaBlock::parse(payload) {
            Err(error) => {
                self.lost = true;
                return report(error.at(offset));
            }
            Ok(block) => block,
        };
        self.schemas.follow(offset, block.previous, self.lost, report);
        let next = self.catalog.schemas.last_key_value().map_or(1, |(id, _)| id.saturating_add(1));
        let known = self.catalog.schemas.get(&block.id).map(|info| info.schema.clone());
        if known.is_none() && block.id != next && !self.lost {
            report(
                Error::new(ErrorKind::BadSchema)
                    .what("schemas are not numbered in the order of their appearance")
                    .expected(next.to_string())
                    .found(block.id.to_string()),
            );
        }
        let irregular = |what: &str| Error::new(ErrorKind::NotCanonical).what(what);
        if known.as_ref().is_some_and(|known| known.core() == block.core && known.notes() != block.notes) {
            report(irregular("a copy of a schema with other notes"));
        }
        let alien = if known.is_none() { self.alien(&block) } else { None };
        let taken = self.catalog.add_schema(offset, header, payload);
        self.catalog.note_unsupported(&taken);
        self.lost |= taken.is_err();
        taken.unwrap_or_else(&mut *report);
        let Some(info) = self.catalog.schemas.get(&block.id).filter(|_| known.is_none()) else { return };
        if !info.schema.is_canonical() {
            report(irregular("its types are not one entry each, or not in their order"));
        }
        if let Some(why) = alien {
            let error = Error::new(ErrorKind::TypeMismatch);
            report(
                error
                    .what("no reader can show its records with those of the other schemas of the table")
                    .found(why.message()),
            );
        }
    }

    /// Why a schema does not go with those that its table has. Of very many, the last are looked at.
    fn alien(&self, block: &SchemaBlock<'_>) -> Option<Error> {
        let (number, schema) = (self.catalog.table_number(block.name)?, block.schema().ok()?);
        let refused = join(&self.catalog, number, &schema, MOST_GENERATIONS).err();
        refused.filter(|error| error.kind() == ErrorKind::TypeMismatch)
    }

    fn check_meta(&mut self, offset: u64, payload: &[u8], report: &mut dyn FnMut(Error)) {
        let at = |place: usize| offset.saturating_add(LINE).saturating_add(place as u64);
        let Some((bytes, data)) = payload.split_at_checked(meta::BYTES) else {
            return report(Error::new(ErrorKind::BadReference).what("the payload is too short"));
        };
        let head = MetaHead::from_rows(bytes);
        self.metas.follow(offset, head.previous, self.lost, report);
        check_zero(part(bytes, meta::ZERO, meta::BYTES), at(meta::ZERO), "metadata", report);
        let audited = audit_value(&Schema::of::<Metadata>(), data, head.text, &mut |fault| {
            report(invalid(fault, at(meta::BYTES), 0).place("metadata"));
        });
        audited.unwrap_or_else(report);
    }

    fn check_index(
        &mut self,
        offset: u64,
        header: &BlockHeader,
        payload: &[u8],
        report: &mut dyn FnMut(Error),
    ) -> Result<()> {
        let bad = |what: &str| Error::new(ErrorKind::Index).at(offset).what(what);
        let index = match Index::parse(payload) {
            Ok(index) => index,
            Err(error) => {
                // Whether it is a directory, and what it would say of the blocks, is not known.
                self.lost |= Verdict::of(error.kind()) == Verdict::Unsupported;
                report(error);
                return Ok(());
            }
        };
        self.indexes.follow(offset, index.previous(), self.lost, report);
        if !index.is_tidy() {
            report(
                Error::new(ErrorKind::NotCanonical)
                    .what("bytes that must be zero are not, or follow its entries"),
            );
        }
        if index.is_directory() {
            self.directory = offset;
            (self.since_directory, self.directory_due) = (0, DIRECTORY_EVERY.max(index.listed() as u64));
            return self.check_directory(offset, &index, report);
        }
        if !self.lost && !self.fold_node(offset, header, &index) && !self.is_other_node(offset, &index)? {
            report(bad("its entries are not the blocks of its table"));
        }
        Ok(())
    }

    /// True for a node that names the blocks of its table in another arrangement than they are in here.
    fn is_other_node(&mut self, offset: u64, index: &Index<'_>) -> Result<bool> {
        let entries = index.entries(0, index.entry_count()).unwrap_or_default();
        let (table, level) = index.node_of();
        let (Some(first), Ok(table)) = (entries.first(), usize::try_from(table)) else { return Ok(false) };
        let in_order = follow(&entries, first.first, offset);
        if !in_order || entries.len() > NODE_ENTRIES || entries.iter().any(|entry| entry.level != level) {
            return Ok(false);
        }
        let own = (&self.catalog, self.catalog.cursor(table, first.first));
        let other = (&self.catalog, EntryCursor::over(table, entries));
        names_same(self.source, own, other, &mut self.budget)
    }

    /// Holds a node against the blocks of its table and puts it in their place, as the directory after it will.
    fn fold_node(&mut self, offset: u64, header: &BlockHeader, index: &Index<'_>) -> bool {
        let entries = index.entries(0, index.entry_count()).unwrap_or_default();
        let Some(first) = entries.first().copied() else {
            return false;
        };
        let (count, blocks) = totals(&entries);
        let (number, level) = index.node_of();
        let node = Entry {
            offset,
            first: first.first,
            count,
            line_count: header.line_count,
            schema: 0,
            level: level.saturating_add(1),
            block_count: u32::try_from(blocks).unwrap_or(u32::MAX),
        };
        let Some(table) = self.catalog.tables.get_mut(number as usize) else {
            return false;
        };
        let start = table.entries.partition_point(|entry| entry.first < first.first);
        let range = start..start.saturating_add(entries.len());
        let same =
            index.children(number, &node).is_ok() && table.entries.get(range.clone()) == Some(&entries[..]);
        if same {
            table.entries.splice(range, [node]);
        }
        same
    }

    /// Holds a directory against all blocks before it.
    fn check_directory(
        &mut self,
        offset: u64,
        index: &Index<'_>,
        report: &mut dyn FnMut(Error),
    ) -> Result<()> {
        let mut named = Catalog::new(self.catalog.key(), self.catalog.limit());
        match split_io_error(named.load(self.source, offset, index, Some(&self.catalog)))? {
            Err(_) if self.lost => return Ok(()),
            Err(error) => report(error),
            Ok(()) if self.lost => {}
            Ok(()) => {
                if let Some(what) = self.disagreement(&named)? {
                    report(Error::new(ErrorKind::Index).at(offset).what(what));
                }
            }
        }
        Ok(())
    }

    /// In what a directory differs from the blocks before it.
    fn disagreement(&mut self, named: &Catalog) -> Result<Option<String>> {
        let schemas = |catalog: &Catalog| -> Vec<(u32, usize, u64)> {
            catalog.schemas.iter().map(|(id, info)| (*id, info.table, info.offset)).collect()
        };
        if schemas(named) != schemas(&self.catalog) {
            return Ok(Some("it names other schemas than there are".into()));
        }
        if self.catalog.tables.len() != named.tables.len() {
            return Ok(Some("it names other tables than there are".into()));
        }
        for (number, other) in named.tables.iter().enumerate() {
            let facts = |table: &TableInfo| (table.name.clone(), table.record_count, table.block_count);
            let own = self.catalog.tables.get(number);
            if own.map(facts) != Some(facts(other)) {
                return Ok(Some(format!("it counts the records of table {} wrong", other.name)));
            }
            let (own_blocks, blocks) = (self.catalog.cursor(number, 0), named.cursor(number, 0));
            if own.is_none_or(|own| own.entries != other.entries)
                && !names_same(self.source, (&self.catalog, own_blocks), (named, blocks), &mut self.budget)?
            {
                return Ok(Some(format!("it names other blocks of table {} than there are", other.name)));
            }
        }
        Ok(None)
    }

    /// Holds what the commit record says against what was seen.
    pub(super) fn check_totals(
        &self,
        (commit, at): (&Commit, u64),
        block_count: u64,
        report: &mut dyn FnMut(Error),
    ) {
        for (what, said, seen) in [
            ("number of blocks", commit.block_count, block_count),
            ("number of records", commit.record_count, self.catalog.record_count()),
            ("offset of the last block", commit.last_block, self.last_block),
            ("offset of the newest directory", commit.directory, self.directory),
            ("offset of the newest SCHEMA block", commit.schema, self.schemas.newest),
            ("offset of the newest META block", commit.meta, self.metas.newest),
        ] {
            if said != seen {
                report(
                    Error::new(ErrorKind::Chain)
                        .at(at)
                        .place("commit record")
                        .what(format!("its {what} is another"))
                        .expected(seen.to_string())
                        .found(said.to_string()),
                );
            }
        }
    }
}

impl BlockCheck<'_> {
    /// What a writer that closes a file leaves at its end.
    pub(super) fn check_closed(&self, report: &mut dyn FnMut(Error)) {
        let unlike = |at: u64, what: String| Error::new(ErrorKind::NotCanonical).at(at).what(what);
        if self.directory != self.last_block {
            report(unlike(self.last_block, "the file was closed, and its last block is no directory".into()));
        }
        for (id, info) in self.catalog.schemas.iter().filter(|(_, info)| info.offset < self.last_content) {
            report(unlike(
                info.offset,
                format!("the file was closed without a copy of schema {id} at its end"),
            ));
        }
    }
}

impl Chain {
    /// The block at `offset` says that the one before of its kind is at `previous`.
    fn follow(&mut self, offset: u64, previous: u64, lost: bool, report: &mut dyn FnMut(Error)) {
        if previous != self.newest && !lost {
            report(
                Error::new(ErrorKind::Chain)
                    .at(offset)
                    .what("it names another block as the one before of its kind")
                    .expected(format!("{:#x}", self.newest))
                    .found(format!("{previous:#x}")),
            );
        }
        self.newest = offset;
    }
}

/// True if the DATA blocks of `other` are the next ones of `own`, in whatever arrangement, and the budget is enough to see it.
fn names_same(
    source: &dyn Source,
    (own_catalog, mut own): (&Catalog, EntryCursor),
    (other_catalog, mut other): (&Catalog, EntryCursor),
    budget: &mut u64,
) -> Result<bool> {
    while let Some(entry) = other.next(other_catalog, source) {
        match (own.next(own_catalog, source), entry) {
            (Some(Ok(own)), Ok(other)) if own == other && *budget > 0 => *budget = budget.saturating_sub(1),
            (Some(Err((error, _))), _) | (_, Err((error, _))) if error.kind() == ErrorKind::Io => {
                return Err(error);
            }
            _ => return Ok(false),
        }
    }
    Ok(true)
}

fn part(bytes: &[u8], from: usize, to: usize) -> &[u8] {
    bytes.get(from..to).unwrap_or_default()
}

/// Fields of a header that have no meaning for its kind.
fn check_unused(offset: u64, header: &BlockHeader, report: &mut dyn FnMut(Error)) {
    let data = header.is(BlockKind::Data);
    let pad = header.is(BlockKind::Pad);
    for (used, at, value) in [
        (data, line::SCHEMA, u64::from(header.schema)),
        (data, line::FIRST, header.first),
        (data, line::COUNT, u64::from(header.count)),
        (data, line::STRIDE, u64::from(header.stride)),
        (data, line::TEXT, u64::from(header.text)),
        (!pad, line::PAYLOAD_CRC, u64::from(header.payload_crc)),
        (data || header.block_kind().is_none(), line::FLAGS, u64::from(header.flags)),
    ] {
        if !used {
            check_zero(&value.to_le_bytes(), offset.saturating_add(at as u64), &header.place(), report);
        }
    }
}
