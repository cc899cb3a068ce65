//! The payload of INDEX blocks: directories and nodes (FORMAT.md, section 9), read in place. Code that
//! follows an entry compares it with the header of the block.

use super::block::{BlockAt, BlockKind};
use super::bytes::{INDEX_VERSION, LINE, MAX_BLOCK_LINES, NODE_ENTRIES, REGION, get, is_zero, record};
use crate::{Error, ErrorKind, Result};

pub(crate) const DIRECTORY: u8 = 0;
const NODE: u8 = 1;

/// A node stores the level of its entries in a byte, and an entry that refers to the node has the next level.
const MAX_LEVEL: u32 = u8::MAX as u32 + 1;

record! {
    /// An entry of the index: a DATA block, or a node and all blocks below it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct Entry in entry, 40 {
        /// The file offset of the block.
        offset = OFFSET: u64,
        /// The index of the first record in its table.
        first = FIRST: u64,
        /// The number of records.
        count = COUNT: u64,
        /// The length of the block in lines.
        line_count = LINES: u32,
        /// The id of the schema; 0 for a node.
        schema = SCHEMA: u32,
        /// The level; 0: a DATA block; n: a node whose entries have level n - 1.
        level = LEVEL: u32,
        /// The number of DATA blocks.
        block_count = BLOCKS: u32,
    }
}

record! {
    /// The fixed part of an INDEX payload.
    #[derive(Clone, Copy, Debug, Default)]
    pub(crate) struct IndexHead in head, 64 {
        /// The file offset of the previous INDEX block; 0 if there is none.
        previous = PREVIOUS: u64,
        /// The version of the payload.
        version = VERSION: u16,
        /// The number of bytes from one entry to the next.
        entry_bytes = ENTRY_BYTES: u16,
        /// The role: directory or node.
        role = ROLE: u8,
        /// Node: the level of its entries.
        level = LEVEL: u8,
        ZERO: u16,
        /// Directory: the number of tables.
        table_count = TABLES: u32,
        /// Directory: the number of schemas.
        schema_count = SCHEMAS: u32,
        /// The number of entries.
        entry_count = ENTRIES: u32,
        /// Node: the number of its table.
        table = TABLE: u32,
        ZERO_TOO: [u8; 32],
    }
}

record! {
    /// A table of a directory.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct IndexTable in table, 32 {
        /// The number of the table.
        number = NUMBER: u32,
        /// The position of its first entry.
        first_entry = FIRST_ENTRY: u32,
        /// The number of its entries.
        entry_count = ENTRIES: u32,
        ZERO: u32,
        /// The number of its records.
        record_count = RECORDS: u64,
        /// The number of its DATA blocks.
        block_count = BLOCKS: u64,
    }
}

record! {
    /// A schema of a directory.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct IndexSchema in schema, 24 {
        /// The id of the schema.
        id = ID: u32,
        /// The number of its table.
        table = TABLE: u32,
        /// The file offset of its SCHEMA block.
        offset = OFFSET: u64,
        /// The length of that block in lines.
        line_count = LINES: u32,
        ZERO: u32,
    }
}

impl IndexSchema {
    /// Creates the row of a directory for the schema with this id in a SCHEMA block.
    pub(crate) fn of(id: u32, table: u32, block: &BlockAt) -> IndexSchema {
        IndexSchema { id, table, offset: block.offset, line_count: block.line_count }
    }
}

impl Entry {
    /// Creates the entry of a DATA block.
    pub(crate) fn of(block: &BlockAt) -> Entry {
        Entry {
            offset: block.offset,
            first: block.first,
            count: block.count.into(),
            line_count: block.line_count,
            schema: block.schema,
            level: 0,
            block_count: 1,
        }
    }

    /// Returns whether the other entry has the same records of the same schema, so that one of the two
    /// replaces the other.
    pub(crate) fn is_version_of(&self, other: &Entry) -> bool {
        let shape = |entry: &Entry| (entry.level, entry.first, entry.count, entry.schema);
        shape(self) == shape(other)
    }

    /// Returns whether this is the header of the DATA block that the entry refers to.
    pub(crate) fn names(&self, block: &BlockAt) -> bool {
        block.is(BlockKind::Data) && *self == Entry::of(block)
    }

    /// Returns the length of the block in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        u64::from(self.line_count) * LINE
    }

    /// Returns the index after the last record.
    pub fn end(&self) -> u64 {
        self.first.saturating_add(self.count)
    }

    /// Creates the entry of a node with these entries, in the INDEX block at `offset`; `None` if one node
    /// cannot contain them.
    pub(crate) fn over(entries: &[Entry], offset: u64, line_count: u32) -> Option<Entry> {
        let Entry { first, level, .. } = *entries.first()?;
        let (count, block_count) = totals(entries);
        let block_count = u32::try_from(block_count).ok()?;
        let node =
            Entry { offset, first, count, line_count, schema: 0, level: level.checked_add(1)?, block_count };
        entries.iter().all(|entry| entry.level == level).then_some(node)
    }

    /// Checks the rules for one entry of an INDEX block at `limit`: it refers to an earlier block.
    pub(crate) fn is_possible(&self, limit: u64) -> bool {
        let kind = if self.level == 0 {
            self.block_count == 1 && self.schema != 0 && self.count <= u64::from(u32::MAX)
        } else {
            self.block_count >= 1 && self.schema == 0 && self.level <= MAX_LEVEL
        };
        kind && self.count >= 1
            && self.first.checked_add(self.count).is_some()
            && self.offset >= REGION
            && self.offset.is_multiple_of(LINE)
            && (1..=MAX_BLOCK_LINES).contains(&self.line_count)
            && self.offset.checked_add(self.bytes()).is_some_and(|end| end <= limit)
    }
}

/// Returns whether these entries, of an INDEX block at `limit`, continue one another from the record `first`
/// on, without gap or overlap.
pub(crate) fn follow(entries: &[Entry], first: u64, limit: u64) -> bool {
    let mut next = first;
    entries.iter().all(|entry| {
        let follows = entry.first == next && entry.is_possible(limit);
        next = entry.end();
        follows
    })
}

/// Returns the number of records and of DATA blocks of entries.
pub(crate) fn totals(entries: &[Entry]) -> (u64, u64) {
    entries.iter().fold((0, 0), |(records, blocks), entry| {
        (entry.count.saturating_add(records), u64::from(entry.block_count).saturating_add(blocks))
    })
}

/// An INDEX payload whose lengths are checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Index<'a> {
    pub(crate) head: IndexHead,
    tables: &'a [u8],
    schemas: &'a [u8],
    entries: &'a [u8],
    /// Whether bytes and counts that must be zero are zero, and nothing follows the entries.
    pub(crate) is_tidy: bool,
}

impl<'a> Index<'a> {
    /// Finds the parts of a payload, or returns what is wrong.
    pub(crate) fn parse(payload: &'a [u8]) -> Result<Index<'a>> {
        let bad = |what: &str| Error::new(ErrorKind::Index).what(what);
        let Some((bytes, rest)) = payload.split_at_checked(head::BYTES) else {
            return Err(bad("the payload is too short"));
        };
        let head = IndexHead::from_rows(bytes);
        if head.version != INDEX_VERSION {
            return Err(Error::new(ErrorKind::Unsupported)
                .what("the version of an index is not supported")
                .expected(INDEX_VERSION.to_string())
                .found(head.version.to_string())
                .help("update this program"));
        }
        let entry_bytes = usize::from(head.entry_bytes);
        if entry_bytes < entry::BYTES || head.role > NODE {
            return Err(bad("its entries are too small, or its role is unknown"));
        }
        let part = |bytes: &'a [u8], count: u32, size: usize| {
            let count = usize::try_from(count).ok().and_then(|count| count.checked_mul(size));
            count
                .and_then(|count| bytes.split_at_checked(count))
                .ok_or_else(|| bad("the payload is too short"))
        };
        let (tables, rest) = part(rest, head.table_count, table::BYTES)?;
        let (schemas, rest) = part(rest, head.schema_count, schema::BYTES)?;
        let (entries, rest) = part(rest, head.entry_count, entry_bytes)?;
        let zeros = [bytes.get(head::ZERO..head::TABLES), bytes.get(head::ZERO_TOO..)];
        let empty = match head.role {
            DIRECTORY => head.level == 0 && head.table == 0,
            _ => tables.is_empty() && schemas.is_empty(),
        };
        let is_tidy = zeros.iter().all(|bytes| bytes.is_some_and(is_zero))
            && rest.is_empty()
            && empty
            && tables.chunks_exact(table::BYTES).all(|row| get::<u32>(row, table::ZERO) == 0)
            && schemas.chunks_exact(schema::BYTES).all(|row| get::<u32>(row, schema::ZERO) == 0);
        Ok(Index { head, tables, schemas, entries, is_tidy })
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.head.role == DIRECTORY
    }

    pub(crate) fn tables(&self) -> impl ExactSizeIterator<Item = IndexTable> + use<'a> {
        self.tables.chunks_exact(table::BYTES).map(IndexTable::from_rows)
    }

    pub(crate) fn schemas(&self) -> impl ExactSizeIterator<Item = IndexSchema> + use<'a> {
        self.schemas.chunks_exact(schema::BYTES).map(IndexSchema::from_rows)
    }

    pub(crate) fn entries(&self) -> impl ExactSizeIterator<Item = Entry> + use<'a> {
        self.entries.chunks_exact(self.head.entry_bytes.into()).map(Entry::from_rows)
    }

    /// Returns the number of tables, schemas and entries together.
    pub(crate) fn listed(&self) -> usize {
        self.tables().len().saturating_add(self.schemas().len()).saturating_add(self.entries().len())
    }

    /// Returns the entries of the node that the entry `parent` of `table` refers to, and checks them against
    /// it.
    pub(crate) fn children(&self, table: u32, parent: &Entry) -> Result<Vec<Entry>, &'static str> {
        let level = u32::from(self.head.level);
        if self.is_directory() || self.head.table != table || parent.level.checked_sub(1) != Some(level) {
            return Err("it is not a node of this table and level");
        }
        if self.entries().len() > NODE_ENTRIES {
            return Err("it has more than 256 entries");
        }
        let entries: Vec<Entry> = self.entries().collect();
        let node = Entry::over(&entries, parent.offset, parent.line_count);
        if node != Some(*parent) || !follow(&entries, parent.first, parent.offset) {
            return Err("its entries do not match the entry that refers to it");
        }
        Ok(entries)
    }
}

/// Encodes a node with these entries, which have one level.
pub(crate) fn encode_node(previous: u64, table: u32, entries: &[Entry]) -> Vec<u8> {
    let level = entries.first().map_or(0, |entry| entry.level as u8);
    let head = IndexHead { previous, role: NODE, level, table, ..IndexHead::default() };
    encode(head, &[], &[], entries)
}

/// Encodes a payload of these parts; version and counts are filled in.
pub(crate) fn encode(
    head: IndexHead,
    tables: &[IndexTable],
    schemas: &[IndexSchema],
    entries: &[Entry],
) -> Vec<u8> {
    let head = IndexHead {
        version: INDEX_VERSION,
        entry_bytes: entry::BYTES as u16,
        table_count: tables.len() as u32,
        schema_count: schemas.len() as u32,
        entry_count: entries.len() as u32,
        ..head
    };
    let mut payload = head.to_rows().to_vec();
    payload.extend(tables.iter().flat_map(|table| table.to_rows()));
    payload.extend(schemas.iter().flat_map(|schema| schema.to_rows()));
    payload.extend(entries.iter().flat_map(|entry| entry.to_rows()));
    payload
}

/// Finds the first [`NODE_ENTRIES`] consecutive entries of one level, which a writer moves into a node.
pub(crate) fn full_run(entries: &[Entry]) -> Option<usize> {
    let mut start = 0usize;
    for run in entries.chunk_by(|a, b| a.level == b.level) {
        if run.len() >= NODE_ENTRIES && run.iter().all(|entry| entry.level < MAX_LEVEL) {
            return Some(start);
        }
        start = start.saturating_add(run.len());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::bytes::put;
    use super::*;

    fn directory_head() -> IndexHead {
        IndexHead { previous: 77, role: DIRECTORY, ..IndexHead::default() }
    }

    pub(crate) fn blocks(count: u64) -> Vec<Entry> {
        (0..count)
            .map(|index| Entry {
                offset: REGION + index * 128,
                first: index * 10,
                count: 10,
                line_count: 2,
                schema: 1,
                level: 0,
                block_count: 1,
            })
            .collect()
    }

    #[test]
    fn a_directory_comes_back() {
        let entries = blocks(5);
        let table =
            IndexTable { number: 0, first_entry: 0, entry_count: 5, record_count: 50, block_count: 5 };
        let schema = IndexSchema { id: 1, table: 0, offset: 9000, line_count: 4 };
        let payload = encode(directory_head(), &[table], &[schema], &entries);
        assert_eq!(payload.len(), 64 + 32 + 24 + 5 * 40);
        let index = Index::parse(&payload).unwrap();
        assert!(index.is_directory() && index.is_tidy && index.head.previous == 77);
        assert_eq!(index.schemas().collect::<Vec<_>>(), [schema]);
        assert_eq!(index.tables().collect::<Vec<_>>(), [table]);
        assert_eq!(index.entries().collect::<Vec<_>>(), entries);
        for length in 0..payload.len() {
            assert!(Index::parse(&payload[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_node_gives_what_its_parent_promises_or_nothing() {
        let entries = blocks(3);
        let payload = encode_node(0, 4, &entries);
        let index = Index::parse(&payload).unwrap();
        let parent = Entry {
            offset: 1 << 20,
            first: 0,
            count: 30,
            line_count: 4,
            schema: 0,
            level: 1,
            block_count: 3,
        };
        assert_eq!(index.children(4, &parent), Ok(entries));
        assert!(index.children(3, &parent).is_err());
        for wrong in [
            Entry { first: 1, ..parent },
            Entry { count: 31, ..parent },
            Entry { level: 2, ..parent },
            Entry { level: 0, ..parent },
            Entry { block_count: 4, ..parent },
            Entry { offset: REGION + 128, ..parent },
        ] {
            assert!(index.children(4, &wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_should_be_zero_is_untidy_and_no_damage() {
        let entries = blocks(2);
        let table =
            IndexTable { number: 0, first_entry: 0, entry_count: 2, record_count: 20, block_count: 2 };
        let schema = IndexSchema { id: 1, table: 0, offset: 9000, line_count: 4 };
        let directory = encode(directory_head(), &[table], &[schema], &entries);
        let node = encode_node(0, 4, &entries);
        let tidy = |payload: &[u8], changes: &[(usize, u8)]| {
            let mut payload = payload.to_vec();
            changes.iter().for_each(|&(at, byte)| payload[at] = byte);
            Index::parse(&payload).ok().map(|index| index.is_tidy)
        };
        let row = head::BYTES + table::ZERO;
        let schema_row = head::BYTES + table::BYTES + schema::ZERO;
        assert_eq!((tidy(&directory, &[]), tidy(&node, &[])), (Some(true), Some(true)));
        for at in [head::ZERO, head::ZERO_TOO, head::BYTES - 1, head::LEVEL, head::TABLE, row, schema_row] {
            assert_eq!(tidy(&directory, &[(at, 1)]), Some(false), "{at}");
        }
        assert_eq!(tidy(&[&directory[..], &[0]].concat(), &[]), Some(false), "more than the entries");
        assert_eq!(tidy(&node, &[(head::LEVEL, 3), (head::TABLE, 9)]), Some(true));
        // A node with parts that only directories have: a table or a schema in the place of its entries.
        for (count, bytes) in [(head::TABLES, table::BYTES), (head::SCHEMAS, schema::BYTES)] {
            let mut odd = node[..head::BYTES + bytes].to_vec();
            odd[head::BYTES..].fill(0);
            put(&mut odd, head::ENTRIES, &0u32.to_le_bytes());
            put(&mut odd, count, &1u32.to_le_bytes());
            assert_eq!(tidy(&odd, &[]), Some(false));
        }
        let larger = [&node[..head::BYTES], &[0; 2 * (entry::BYTES + 8)]].concat();
        assert_eq!(
            tidy(&larger, &[(head::ENTRY_BYTES, entry::BYTES as u8 + 8)]),
            Some(true),
            "newer entries"
        );
        assert!(tidy(&node, &[(head::ENTRY_BYTES, entry::BYTES as u8 - 1)]).is_none());
        assert!(tidy(&node, &[(head::VERSION, 2)]).is_none());
    }

    #[test]
    fn an_entry_keeps_every_rule() {
        let limit = 1 << 40;
        let leaf = Entry { offset: limit - 128, ..blocks(1)[0] };
        let node = Entry { level: 1, schema: 0, block_count: 5, ..leaf };
        let most = u64::from(MAX_BLOCK_LINES) * LINE;
        for good in [
            leaf,
            node,
            Entry { count: 1, ..leaf },
            Entry { count: u64::from(u32::MAX), ..leaf },
            Entry { count: 1 << 40, ..node },
            Entry { first: u64::MAX - 10, ..leaf },
            Entry { level: MAX_LEVEL, ..node },
            Entry { block_count: 1, ..node },
            Entry { offset: REGION, ..leaf },
            Entry { offset: limit - 64, line_count: 1, ..leaf },
            Entry { offset: limit - most, line_count: MAX_BLOCK_LINES, ..leaf },
        ] {
            assert!(good.is_possible(limit), "{good:?}");
        }
        for bad in [
            Entry { block_count: 0, ..leaf },
            Entry { block_count: 2, ..leaf },
            Entry { schema: 0, ..leaf },
            Entry { count: 0, ..leaf },
            Entry { count: 1 << 32, ..leaf },
            Entry { block_count: 0, ..node },
            Entry { schema: 1, ..node },
            Entry { count: 0, ..node },
            Entry { level: MAX_LEVEL + 1, ..node },
            Entry { first: u64::MAX - 9, ..leaf },
            Entry { offset: REGION - 64, ..leaf },
            Entry { offset: REGION + 1, ..leaf },
            Entry { line_count: 0, ..leaf },
            Entry { line_count: 3, ..leaf },
            Entry { line_count: 100, ..leaf },
            Entry { offset: REGION, line_count: MAX_BLOCK_LINES + 1, ..leaf },
            Entry { offset: u64::MAX - 63, ..leaf },
        ] {
            assert!(!bad.is_possible(limit), "{bad:?}");
        }
    }

    #[test]
    fn runs_of_one_level_are_found() {
        let mut entries = blocks(300);
        assert_eq!(full_run(&entries), Some(0));
        entries[10].level = 1;
        assert_eq!(full_run(&entries), Some(11));
        entries[200].level = 1;
        assert_eq!(full_run(&entries), None);
    }
}
