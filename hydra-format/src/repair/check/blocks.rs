//! The check of blocks, one after the other: each by itself, and against all blocks before it.

use super::FileFindings;
use crate::evolve::generations::{MOST_GENERATIONS, join};
use crate::layout::rows::{audit_value, invalid};
use crate::layout::{self, BlockAuditor};
use crate::store::block::{BlockAt, BlockFile, BlockKind, line};
use crate::store::bytes::{DIRECTORY_EVERY, LINE};
use crate::store::catalog::{Catalog, EntryCursor, TableInfo};
use crate::store::commit::Commit;
use crate::store::index::{Entry, Index};
use crate::store::report::Verdict;
use crate::store::scan::split_io_error;
use crate::store::schema_block::{self, SchemaBlock};
use crate::store::storage::Source;
use crate::table::metadata::{MetaHead, Metadata, head as meta};
use crate::{Error, ErrorKind, Result, Schema};
use std::collections::HashMap;

/// The state of the check: what is known of all blocks before the current one.
pub(super) struct BlockCheck<'a, 'f> {
    source: &'a dyn Source,
    pub(super) findings: &'a mut FileFindings<'f>,
    catalog: Catalog,
    /// How blocks of a schema are checked.
    auditors: HashMap<u32, BlockAuditor>,
    /// The bytes of the current block.
    bytes: Vec<u8>,
    /// The newest blocks of the kinds whose blocks name their predecessor.
    schemas: u64,
    metas: u64,
    indexes: u64,
    directory: u64,
    last_block: u64,
    /// The last block of records or metadata.
    last_content: u64,
    /// The number of blocks after which a directory is required.
    directory_due: u64,
    /// The number of entries that may still be compared one by one. It bounds the time for hostile files.
    budget: u64,
    /// A block was lost, so later blocks cannot be compared with earlier ones.
    pub(super) lost: bool,
}

impl<'a, 'f> BlockCheck<'a, 'f> {
    pub(super) fn new(
        source: &'a dyn Source,
        catalog: Catalog,
        findings: &'a mut FileFindings<'f>,
    ) -> BlockCheck<'a, 'f> {
        let limit_lines = catalog.limit / LINE;
        BlockCheck {
            source,
            findings,
            catalog,
            auditors: HashMap::new(),
            bytes: Vec::new(),
            schemas: 0,
            metas: 0,
            indexes: 0,
            directory: 0,
            last_block: 0,
            last_content: 0,
            directory_due: DIRECTORY_EVERY,
            budget: limit_lines.saturating_mul(4),
            lost: false,
        }
    }

    /// Checks a block with a valid header.
    pub(super) fn check(&mut self, block: &BlockAt) -> Result<()> {
        let summary = &mut self.findings.summary;
        summary.block_count = summary.block_count.saturating_add(1);
        self.last_block = block.offset;
        if matches!(block.block_kind(), Some(BlockKind::Data | BlockKind::Meta)) {
            self.last_content = block.offset;
        }
        self.catalog.count_unindexed(block);
        if self.catalog.unindexed_blocks > self.directory_due && !self.lost {
            let error = irregular("too many blocks without a directory");
            let error = error.expected(format!("one every {} blocks", self.directory_due));
            self.findings.report(error.found(self.catalog.unindexed_blocks.to_string()));
            self.catalog.unindexed_blocks = 0;
        }
        self.check_unused(block);
        let body = block.bytes().saturating_sub(LINE);
        if block.is(BlockKind::Pad) {
            block.check_supported().unwrap_or_else(|error| self.findings.report(error));
            let summary = &mut self.findings.summary;
            summary.covered_bytes = summary.covered_bytes.saturating_add(body);
            return Ok(());
        }
        let mut bytes = std::mem::take(&mut self.bytes);
        // The scan verified that the block ends within the file.
        bytes.resize(usize::try_from(body).unwrap_or(0), 0);
        let count = self.source.read_at(block.payload(), &mut bytes)?;
        bytes.truncate(count);
        let (payload, padding) = bytes.split_at(count.min(block.payload_bytes as usize));
        let padding_at = block.payload().saturating_add(payload.len() as u64);
        self.findings.check_zero(padding, padding_at, &block.place());
        // The meaning of flags, layout and encoding is unknown for a block of an unknown kind.
        let supported = match block.block_kind() {
            Some(BlockKind::Data) => layout::check_supported(block),
            Some(_) => block.check_supported(),
            None => Ok(()),
        };
        let checked = block.check_payload(payload).and(supported);
        if block.is(BlockKind::Schema) {
            self.catalog.note_unsupported(&checked);
        }
        let good = checked.is_ok();
        self.lost |= !good && !block.is(BlockKind::Data);
        if let Err(error) = checked {
            let schema = self.catalog.schemas.get(&block.schema).map(|info| &info.schema);
            self.findings.report(layout::in_streams(error, block, schema, payload));
        }
        match block.block_kind() {
            Some(BlockKind::Data) => self.check_data(block, good.then_some(payload))?,
            Some(BlockKind::Schema) if good => self.check_schema(block, payload),
            Some(BlockKind::Meta) if good => self.check_meta(block, payload),
            Some(BlockKind::Index) if good => self.check_index(block, payload)?,
            _ => {}
        }
        self.bytes = bytes;
        let known = block.schema == 0 || self.catalog.schemas.contains_key(&block.schema);
        if good && known && block.is(BlockKind::Data) && !block.is_replacement() {
            let summary = &mut self.findings.summary;
            summary.record_count = summary.record_count.saturating_add(block.count.into());
        }
        Ok(())
    }

    /// Checks header fields that have no meaning for the block's kind.
    fn check_unused(&mut self, block: &BlockAt) {
        let data = block.is(BlockKind::Data);
        let pad = block.is(BlockKind::Pad);
        for (used, at, value) in [
            (data, line::SCHEMA, u64::from(block.schema)),
            (data, line::FIRST, block.first),
            (data, line::COUNT, u64::from(block.count)),
            (data, line::STRIDE, u64::from(block.stride)),
            (data, line::TEXT, u64::from(block.text)),
            (!pad, line::PAYLOAD_CRC, u64::from(block.payload_crc)),
            (data || block.block_kind().is_none(), line::FLAGS, u64::from(block.flags)),
        ] {
            if !used {
                let at = block.offset.saturating_add(at as u64);
                self.findings.check_zero(&value.to_le_bytes(), at, &block.place());
            }
        }
    }

    fn check_data(&mut self, block: &BlockAt, payload: Option<&[u8]>) -> Result<()> {
        let taken = split_io_error(self.catalog.add_data(self.source, block))?;
        taken.unwrap_or_else(|error| self.findings.report(error));
        let Some((payload, info)) = payload.zip(self.catalog.schemas.get(&block.schema)) else {
            return Ok(());
        };
        let table = self.catalog.table_name(info.table());
        let last = block.end_record().saturating_sub(1);
        let place = format!("table {table}, records {}..={last}", block.first);
        let auditor = self.auditors.entry(block.schema).or_insert_with(|| BlockAuditor::new(&info.schema));
        let mut report = |error: Error| self.findings.report(error.place(place.clone()));
        let audited = auditor.audit(block, payload, &mut report);
        audited.unwrap_or_else(|error| self.findings.report(error));
        Ok(())
    }

    fn check_schema(&mut self, block: &BlockAt, payload: &[u8]) {
        let zero = schema_block::head::ZERO;
        let zero_at = block.payload().saturating_add(zero as u64);
        self.findings.check_zero(part(payload, zero, schema_block::head::NAME), zero_at, "schema");
        let parts = match SchemaBlock::parse(payload) {
            Err(error) => {
                self.lost = true;
                return self.findings.report(error);
            }
            Ok(parts) => parts,
        };
        follow(&mut self.schemas, block, parts.previous, self.lost, self.findings);
        let next = self.catalog.schemas.last_key_value().map_or(1, |(id, _)| id.saturating_add(1));
        let known = self.catalog.schemas.get(&parts.id).map(|info| info.schema.clone());
        if known.is_none() && parts.id != next && !self.lost {
            let error = Error::new(ErrorKind::BadSchema)
                .what("schemas are not numbered in the order of their appearance")
                .expected(next.to_string());
            self.findings.report(error.found(parts.id.to_string()));
        }
        if known.as_ref().is_some_and(|known| known.core() == parts.core && known.notes() != parts.notes) {
            self.findings.report(irregular("a copy of a schema with other notes"));
        }
        let alien = if known.is_none() { self.alien(&parts) } else { None };
        let taken = self.catalog.add_schema(block, payload);
        self.catalog.note_unsupported(&taken);
        self.lost |= taken.is_err();
        taken.unwrap_or_else(|error| self.findings.report(error));
        let Some(info) = self.catalog.schemas.get(&parts.id).filter(|_| known.is_none()) else { return };
        if !info.schema.is_canonical() {
            self.findings.report(irregular("its types are not one entry each, or not in their order"));
        }
        if let Some(why) = alien {
            let what = "readers cannot show its records together with those of the table's other schemas";
            self.findings.report(Error::new(ErrorKind::TypeMismatch).what(what).found(why.message()));
        }
    }

    /// Returns why a schema is incompatible with the other schemas of its table. At most the last
    /// [`MOST_GENERATIONS`] are examined.
    fn alien(&self, parts: &SchemaBlock<'_>) -> Option<Error> {
        let number = self.catalog.table_number(parts.name)?;
        let schema = parts.schema().ok()?;
        let refused = join(&self.catalog, number, &schema, MOST_GENERATIONS).err();
        refused.filter(|error| error.kind() == ErrorKind::TypeMismatch)
    }

    fn check_meta(&mut self, block: &BlockAt, payload: &[u8]) {
        let Some((bytes, data)) = payload.split_at_checked(meta::BYTES) else {
            let error = Error::new(ErrorKind::BadReference);
            return self.findings.report(error.what("the payload is too short"));
        };
        let head = MetaHead::from_rows(bytes);
        follow(&mut self.metas, block, head.previous, self.lost, self.findings);
        let at = |place: usize| block.payload().saturating_add(place as u64);
        self.findings.check_zero(part(bytes, meta::ZERO, meta::BYTES), at(meta::ZERO), "metadata");
        let audited = audit_value(&Schema::of::<Metadata>(), data, head.text, &mut |fault| {
            self.findings.report(invalid(fault, at(meta::BYTES), 0).place("metadata"));
        });
        audited.unwrap_or_else(|error| self.findings.report(error));
    }

    fn check_index(&mut self, block: &BlockAt, payload: &[u8]) -> Result<()> {
        let index = match Index::parse(payload) {
            Ok(index) => index,
            Err(error) => {
                // It is unknown whether this is a directory and which blocks it names.
                self.lost |= Verdict::of(error.kind()) == Verdict::Unsupported;
                self.findings.report(error);
                return Ok(());
            }
        };
        follow(&mut self.indexes, block, index.head.previous, self.lost, self.findings);
        if !index.is_tidy {
            self.findings.report(irregular("bytes that must be zero are not, or bytes follow its entries"));
        }
        if index.is_directory() {
            self.directory = block.offset;
            self.catalog.unindexed_blocks = 0;
            self.directory_due = DIRECTORY_EVERY.max(index.listed() as u64);
            return self.check_directory(block, &index);
        }
        if !self.lost && !self.check_node(block, &index)? {
            let error = Error::new(ErrorKind::Index);
            self.findings.report(error.what("its entries are not the blocks of its table"));
        }
        Ok(())
    }

    /// Compares a node with the blocks of its table, and replaces them by it, as the next directory does.
    /// Returns false if it names other blocks, in whatever arrangement.
    fn check_node(&mut self, block: &BlockAt, index: &Index<'_>) -> Result<bool> {
        let entries: Vec<Entry> = index.entries().collect();
        let node = Entry::over(&entries, block.offset, block.line_count);
        let Some(node) = node.filter(|node| index.children(index.head.table, node).is_ok()) else {
            return Ok(false);
        };
        let number = index.head.table as usize;
        let Some(table) = self.catalog.tables.get_mut(number) else { return Ok(false) };
        let start = table.entries.partition_point(|entry| entry.first < node.first);
        let range = start..start.saturating_add(entries.len());
        if table.entries.get(range.clone()) == Some(&entries[..]) {
            table.entries.splice(range, [node]);
            return Ok(true);
        }
        let own = (&self.catalog, self.catalog.cursor(number, node.first));
        let other = (&self.catalog, EntryCursor::over(number, entries));
        names_same(self.source, own, other, &mut self.budget)
    }

    /// Compares a directory with all blocks before it.
    fn check_directory(&mut self, block: &BlockAt, index: &Index<'_>) -> Result<()> {
        let mut named = Catalog::new(self.catalog.key(), self.catalog.limit);
        let before = BlockFile { limit: block.offset, ..self.catalog.blocks(self.source) };
        match split_io_error(named.load(before, index, Some(&self.catalog)))? {
            _ if self.lost => {}
            Err(error) => self.findings.report(error),
            Ok(()) => {
                if let Some(what) = self.disagreement(&named)? {
                    self.findings.report(Error::new(ErrorKind::Index).what(what));
                }
            }
        }
        Ok(())
    }

    /// Describes how a directory differs from the blocks before it.
    fn disagreement(&mut self, named: &Catalog) -> Result<Option<String>> {
        let schemas = |catalog: &Catalog| -> Vec<(u32, usize, u64)> {
            catalog.schemas.iter().map(|(id, info)| (*id, info.table(), info.offset())).collect()
        };
        if schemas(named) != schemas(&self.catalog) {
            return Ok(Some("it does not name the schemas of the file".into()));
        }
        if self.catalog.tables.len() != named.tables.len() {
            return Ok(Some("it does not name the tables of the file".into()));
        }
        for (number, other) in named.tables.iter().enumerate() {
            let facts = |table: &TableInfo| (table.name.clone(), table.record_count(), table.block_count());
            let own = self.catalog.tables.get(number);
            if own.map(facts) != Some(facts(other)) {
                return Ok(Some(format!("its number of records of table {} is wrong", other.name)));
            }
            let (own_blocks, blocks) = (self.catalog.cursor(number, 0), named.cursor(number, 0));
            if own.is_none_or(|own| own.entries != other.entries)
                && !names_same(self.source, (&self.catalog, own_blocks), (named, blocks), &mut self.budget)?
            {
                return Ok(Some(format!("it does not name the blocks of table {}", other.name)));
            }
        }
        Ok(None)
    }

    /// Compares the totals of the commit record at the file offset `at` with the blocks.
    pub(super) fn check_totals(&mut self, commit: &Commit, at: u64) {
        for (what, said, seen) in [
            ("number of blocks", commit.block_count, self.findings.summary.block_count),
            ("number of records", commit.record_count, self.catalog.record_count()),
            ("offset of the last block", commit.last_block, self.last_block),
            ("offset of the newest directory", commit.directory, self.directory),
            ("offset of the newest SCHEMA block", commit.schema, self.schemas),
            ("offset of the newest META block", commit.meta, self.metas),
        ] {
            if said != seen {
                let error = Error::new(ErrorKind::Chain).at(at).place("commit record");
                let error = error.what(format!("its {what} is wrong")).expected(seen.to_string());
                self.findings.report(error.found(said.to_string()));
            }
        }
    }

    /// Checks the end of a file that was closed.
    pub(super) fn check_closed(&mut self) {
        if self.directory != self.last_block {
            let error = irregular("the file was closed, and its last block is no directory");
            self.findings.report(error.at(self.last_block));
        }
        for (id, info) in &self.catalog.schemas {
            if info.offset() < self.last_content {
                let error =
                    irregular(format!("the file was closed without a copy of schema {id} at its end"));
                self.findings.report(error.at(info.offset()));
            }
        }
    }
}

/// Checks that a block names its predecessor of the same kind, and then counts as the newest.
fn follow(newest: &mut u64, block: &BlockAt, previous: u64, lost: bool, findings: &mut FileFindings<'_>) {
    if previous != *newest && !lost {
        let error = Error::new(ErrorKind::Chain);
        let error = error.what("the previous block of its kind that it names is wrong");
        findings.report(error.expected(format!("{newest:#x}")).found(format!("{previous:#x}")));
    }
    *newest = block.offset;
}

fn irregular(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::NotCanonical).what(what)
}

/// Returns true if the DATA blocks of `other` are the next ones of `own`, in any arrangement, and the budget
/// suffices to verify it.
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
