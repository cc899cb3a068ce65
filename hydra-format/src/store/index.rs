//! The payload of INDEX blocks: directories and nodes (FORMAT.md, section 9), read in place. It does not know how
//! they are chosen or reached; whoever follows an entry checks it against the block's own header.
#![forbid(unsafe_code)]

use super::bytes::{
    INDEX_VERSION, LINE, MAX_BLOCK_LINES, NODE_ENTRIES, REGION, entry, index, index_schema, index_table,
    is_zero, put, u8_at, u16_at, u32_at, u64_at,
};
use crate::{Error, ErrorKind, Result};

const DIRECTORY: u8 = 0;
const NODE: u8 = 1;

/// A node keeps the level of its entries in a byte, and what points to it is one above.
const MAX_LEVEL: u32 = u8::MAX as u32 + 1;

/// A DATA block, or a node and all blocks below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// File offset of the block.
    pub offset: u64,
    /// Index of the first record in its table.
    pub first: u64,
    /// Number of records.
    pub count: u64,
    /// Length of the block in lines.
    pub line_count: u32,
    /// Id of the schema; 0 for a node.
    pub schema: u32,
    /// 0: a DATA block; n: a node whose entries have level n - 1.
    pub level: u32,
    /// Number of DATA blocks.
    pub block_count: u32,
}

impl Entry {
    /// The index after that of the last record.
    pub fn end(&self) -> u64 {
        self.first.saturating_add(self.count)
    }

    fn decode(bytes: &[u8]) -> Entry {
        Entry {
            offset: u64_at(bytes, entry::OFFSET),
            first: u64_at(bytes, entry::FIRST),
            count: u64_at(bytes, entry::COUNT),
            line_count: u32_at(bytes, entry::LINES),
            schema: u32_at(bytes, entry::SCHEMA),
            level: u32_at(bytes, entry::LEVEL),
            block_count: u32_at(bytes, entry::BLOCKS),
        }
    }

    fn encode(&self) -> [u8; entry::BYTES] {
        let mut bytes = [0; entry::BYTES];
        put(&mut bytes, entry::OFFSET, &self.offset.to_le_bytes());
        put(&mut bytes, entry::FIRST, &self.first.to_le_bytes());
        put(&mut bytes, entry::COUNT, &self.count.to_le_bytes());
        put(&mut bytes, entry::LINES, &self.line_count.to_le_bytes());
        put(&mut bytes, entry::SCHEMA, &self.schema.to_le_bytes());
        put(&mut bytes, entry::LEVEL, &self.level.to_le_bytes());
        put(&mut bytes, entry::BLOCKS, &self.block_count.to_le_bytes());
        bytes
    }

    /// The rules for one entry of an index block at `limit`: what it points to comes before.
    fn is_possible(&self, limit: u64) -> bool {
        let end = self.offset.checked_add(u64::from(self.line_count) * LINE);
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
            && end.is_some_and(|end| end <= limit)
    }
}

/// True if these entries, of an index block at `limit`, follow one another from the record `first` without gap or
/// overlap.
pub(crate) fn follow(entries: &[Entry], first: u64, limit: u64) -> bool {
    let mut next = first;
    entries.iter().all(|entry| {
        let follows = entry.first == next && entry.is_possible(limit);
        next = entry.end();
        follows
    })
}

/// Sum of the records and of the DATA blocks of entries.
pub(crate) fn totals(entries: &[Entry]) -> (u64, u64) {
    entries.iter().fold((0, 0), |(records, blocks), entry| {
        (entry.count.saturating_add(records), u64::from(entry.block_count).saturating_add(blocks))
    })
}

/// A table of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IndexTable {
    pub(crate) number: u32,
    pub(crate) first_entry: u32,
    pub(crate) entry_count: u32,
    pub(crate) record_count: u64,
    pub(crate) block_count: u64,
}

/// A schema of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IndexSchema {
    pub(crate) id: u32,
    pub(crate) table: u32,
    pub(crate) offset: u64,
    pub(crate) line_count: u32,
}

/// An index payload, whose lengths were checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Index<'a> {
    pub(crate) previous: u64,
    role: u8,
    level: u8,
    table: u32,
    tables: &'a [u8],
    schemas: &'a [u8],
    entries: &'a [u8],
    entry_bytes: usize,
    tidy: bool,
}

impl<'a> Index<'a> {
    /// Finds the parts of a payload, or says what is wrong.
    pub(crate) fn parse(payload: &'a [u8]) -> Result<Index<'a>> {
        let bad = |what: &str| Error::new(ErrorKind::Index).what(what).help("hydra check");
        let Some((head, rest)) = payload.split_at_checked(index::BYTES) else {
            return Err(bad("the payload is too short"));
        };
        let version = u16_at(head, index::VERSION);
        if version != INDEX_VERSION {
            return Err(Error::new(ErrorKind::Unsupported)
                .what("the version of an index is unknown")
                .expected(INDEX_VERSION.to_string())
                .found(version.to_string())
                .help("update this program"));
        }
        let entry_bytes = usize::from(u16_at(head, index::ENTRY_BYTES));
        if entry_bytes < entry::BYTES || u8_at(head, index::ROLE) > NODE {
            return Err(bad("its entries are too small, or its role is unknown"));
        }
        let part = |bytes: &'a [u8], at: usize, size: usize| {
            let count = usize::try_from(u32_at(head, at)).ok().and_then(|count| count.checked_mul(size));
            count
                .and_then(|count| bytes.split_at_checked(count))
                .ok_or_else(|| bad("the payload is too short"))
        };
        let (tables, rest) = part(rest, index::TABLES, index_table::BYTES)?;
        let (schemas, rest) = part(rest, index::SCHEMAS, index_schema::BYTES)?;
        let (entries, rest) = part(rest, index::ENTRIES, entry_bytes)?;
        let zeros = [head.get(index::ZERO..index::TABLES), head.get(index::ZERO_TOO..)];
        let (level, table) = (u8_at(head, index::LEVEL), u32_at(head, index::TABLE));
        let empty = match u8_at(head, index::ROLE) {
            DIRECTORY => level == 0 && table == 0,
            _ => tables.is_empty() && schemas.is_empty(),
        };
        Ok(Index {
            previous: u64_at(head, index::PREVIOUS),
            role: u8_at(head, index::ROLE),
            level,
            table,
            tables,
            schemas,
            entries,
            entry_bytes,
            tidy: zeros.iter().all(|bytes| bytes.is_some_and(is_zero))
                && rest.is_empty()
                && empty
                && tables.chunks_exact(index_table::BYTES).all(|row| u32_at(row, index_table::ZERO) == 0)
                && schemas.chunks_exact(index_schema::BYTES).all(|row| u32_at(row, index_schema::ZERO) == 0),
        })
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.role == DIRECTORY
    }

    /// True for a node of this table with entries of this level.
    pub(crate) fn is_node_of(&self, table: u32, level: u32) -> bool {
        self.role == NODE && self.table == table && u32::from(self.level) == level
    }

    /// Of a node: its table, and the level of its entries.
    pub(crate) fn node_of(&self) -> (u32, u32) {
        (self.table, u32::from(self.level))
    }

    /// True if the bytes and counts that must be zero are, and nothing follows the entries.
    pub(crate) fn is_tidy(&self) -> bool {
        self.tidy
    }

    pub(crate) fn tables(&self) -> impl ExactSizeIterator<Item = IndexTable> + use<'a> {
        self.tables.chunks_exact(index_table::BYTES).map(|bytes| IndexTable {
            number: u32_at(bytes, index_table::NUMBER),
            first_entry: u32_at(bytes, index_table::FIRST_ENTRY),
            entry_count: u32_at(bytes, index_table::ENTRIES),
            record_count: u64_at(bytes, index_table::RECORDS),
            block_count: u64_at(bytes, index_table::BLOCKS),
        })
    }

    pub(crate) fn schemas(&self) -> impl ExactSizeIterator<Item = IndexSchema> + use<'a> {
        self.schemas.chunks_exact(index_schema::BYTES).map(|bytes| IndexSchema {
            id: u32_at(bytes, index_schema::ID),
            table: u32_at(bytes, index_schema::TABLE),
            offset: u64_at(bytes, index_schema::OFFSET),
            line_count: u32_at(bytes, index_schema::LINES),
        })
    }

    /// Number of entries.
    pub(crate) fn entry_count(&self) -> usize {
        self.entries.chunks_exact(self.entry_bytes).len()
    }

    /// Number of all tables, schemas and entries.
    pub(crate) fn listed(&self) -> usize {
        self.tables().len().saturating_add(self.schemas().len()).saturating_add(self.entry_count())
    }

    /// The entry at `index`.
    pub(crate) fn entry(&self, index: usize) -> Option<Entry> {
        let start = index.checked_mul(self.entry_bytes)?;
        let end = start.checked_add(self.entry_bytes)?;
        self.entries.get(start..end).map(Entry::decode)
    }

    /// The `count` entries from `first`; none if they are not all there.
    pub(crate) fn entries(&self, first: usize, count: usize) -> Option<Vec<Entry>> {
        let end = first.checked_add(count).filter(|&end| end <= self.entry_count())?;
        Some((first..end).filter_map(|index| self.entry(index)).collect())
    }

    /// The children that the entry `parent` of `table` promises, from the node at the parent's offset.
    pub(crate) fn children(&self, table: u32, parent: &Entry) -> Result<Vec<Entry>, &'static str> {
        let level = parent.level.saturating_sub(1);
        if parent.level == 0 || !self.is_node_of(table, level) {
            return Err("it is not a node of this table and level");
        }
        if self.entry_count() > NODE_ENTRIES {
            return Err("it has more than 256 entries");
        }
        let entries = self.entries(0, self.entry_count()).unwrap_or_default();
        let promised = (parent.count, u64::from(parent.block_count));
        if !follow(&entries, parent.first, parent.offset)
            || totals(&entries) != promised
            || entries.iter().any(|entry| entry.level != level)
        {
            return Err("its entries are not those that point to it promises");
        }
        Ok(entries)
    }
}

/// What a directory says of one table.
pub(crate) struct DirectoryTable<'a> {
    pub(crate) record_count: u64,
    pub(crate) block_count: u64,
    pub(crate) entries: &'a [Entry],
}

/// The payload of a directory.
pub(crate) fn encode_directory(
    previous: u64,
    tables: &[DirectoryTable<'_>],
    schemas: &[IndexSchema],
) -> Vec<u8> {
    let entry_count: usize = tables.iter().map(|table| table.entries.len()).sum();
    let mut payload = head(previous, DIRECTORY, 0, 0, entry_count);
    put(&mut payload, index::TABLES, &(tables.len() as u32).to_le_bytes());
    put(&mut payload, index::SCHEMAS, &(schemas.len() as u32).to_le_bytes());
    let mut first_entry = 0usize;
    for (number, table) in tables.iter().enumerate() {
        let mut bytes = [0; index_table::BYTES];
        put(&mut bytes, index_table::NUMBER, &(number as u32).to_le_bytes());
        put(&mut bytes, index_table::FIRST_ENTRY, &(first_entry as u32).to_le_bytes());
        put(&mut bytes, index_table::ENTRIES, &(table.entries.len() as u32).to_le_bytes());
        put(&mut bytes, index_table::RECORDS, &table.record_count.to_le_bytes());
        put(&mut bytes, index_table::BLOCKS, &table.block_count.to_le_bytes());
        payload.extend_from_slice(&bytes);
        first_entry = first_entry.saturating_add(table.entries.len());
    }
    for schema in schemas {
        let mut bytes = [0; index_schema::BYTES];
        put(&mut bytes, index_schema::ID, &schema.id.to_le_bytes());
        put(&mut bytes, index_schema::TABLE, &schema.table.to_le_bytes());
        put(&mut bytes, index_schema::OFFSET, &schema.offset.to_le_bytes());
        put(&mut bytes, index_schema::LINES, &schema.line_count.to_le_bytes());
        payload.extend_from_slice(&bytes);
    }
    for table in tables {
        push_entries(&mut payload, table.entries);
    }
    payload
}

/// The payload of a node whose entries have this level.
pub(crate) fn encode_node(previous: u64, table: u32, level: u32, entries: &[Entry]) -> Vec<u8> {
    let mut payload = head(previous, NODE, level as u8, table, entries.len());
    push_entries(&mut payload, entries);
    payload
}

fn push_entries(payload: &mut Vec<u8>, entries: &[Entry]) {
    for entry in entries {
        payload.extend_from_slice(&entry.encode());
    }
}

fn head(previous: u64, role: u8, level: u8, table: u32, entry_count: usize) -> Vec<u8> {
    let mut payload = vec![0; index::BYTES];
    put(&mut payload, index::PREVIOUS, &previous.to_le_bytes());
    put(&mut payload, index::VERSION, &INDEX_VERSION.to_le_bytes());
    put(&mut payload, index::ENTRY_BYTES, &(entry::BYTES as u16).to_le_bytes());
    put(&mut payload, index::ROLE, &[role, level]);
    put(&mut payload, index::ENTRIES, &(entry_count as u32).to_le_bytes());
    put(&mut payload, index::TABLE, &table.to_le_bytes());
    payload
}

/// The position of the first run of [`NODE_ENTRIES`] entries of one level, which a writer moves into a node.
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
    use super::*;

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
        let table = DirectoryTable { record_count: 50, block_count: 5, entries: &entries };
        let schema = IndexSchema { id: 1, table: 0, offset: 9000, line_count: 4 };
        let payload = encode_directory(77, &[table], &[schema]);
        assert_eq!(payload.len(), 64 + 32 + 24 + 5 * 40);
        let index = Index::parse(&payload).unwrap();
        assert!(index.is_directory() && index.is_tidy() && index.previous == 77);
        assert_eq!(index.schemas().collect::<Vec<_>>(), [schema]);
        let table = index.tables().next().unwrap();
        assert_eq!((table.record_count, table.block_count, table.entry_count), (50, 5, 5));
        assert_eq!(index.entries(0, 5), Some(entries));
        assert_eq!(index.entries(1, 5), None);
        for length in 0..payload.len() {
            assert!(Index::parse(&payload[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_node_gives_what_its_parent_promises_or_nothing() {
        let entries = blocks(3);
        let payload = encode_node(0, 4, 0, &entries);
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
        let table = DirectoryTable { record_count: 20, block_count: 2, entries: &entries };
        let schema = IndexSchema { id: 1, table: 0, offset: 9000, line_count: 4 };
        let directory = encode_directory(77, &[table], &[schema]);
        let node = encode_node(0, 4, 0, &entries);
        let tidy = |payload: &[u8], changes: &[(usize, u8)]| {
            let mut payload = payload.to_vec();
            changes.iter().for_each(|&(at, byte)| payload[at] = byte);
            Index::parse(&payload).ok().map(|index| index.is_tidy())
        };
        let row = index::BYTES + index_table::ZERO;
        let schema_row = index::BYTES + index_table::BYTES + index_schema::ZERO;
        assert_eq!((tidy(&directory, &[]), tidy(&node, &[])), (Some(true), Some(true)));
        for at in
            [index::ZERO, index::ZERO_TOO, index::BYTES - 1, index::LEVEL, index::TABLE, row, schema_row]
        {
            assert_eq!(tidy(&directory, &[(at, 1)]), Some(false), "{at}");
        }
        assert_eq!(tidy(&[&directory[..], &[0]].concat(), &[]), Some(false), "more than the entries");
        assert_eq!(tidy(&node, &[(index::LEVEL, 3), (index::TABLE, 9)]), Some(true));
        // A node with what only directories have: a table, or a schema, in the place of its entries.
        for (count, bytes) in [(index::TABLES, index_table::BYTES), (index::SCHEMAS, index_schema::BYTES)] {
            let mut odd = node[..index::BYTES + bytes].to_vec();
            odd[index::BYTES..].fill(0);
            put(&mut odd, index::ENTRIES, &0u32.to_le_bytes());
            put(&mut odd, count, &1u32.to_le_bytes());
            assert_eq!(tidy(&odd, &[]), Some(false));
        }
        let larger = [&node[..index::BYTES], &[0; 2 * (entry::BYTES + 8)]].concat();
        assert_eq!(
            tidy(&larger, &[(index::ENTRY_BYTES, entry::BYTES as u8 + 8)]),
            Some(true),
            "newer entries"
        );
        assert!(tidy(&node, &[(index::ENTRY_BYTES, entry::BYTES as u8 - 1)]).is_none());
        assert!(tidy(&node, &[(index::VERSION, 2)]).is_none());
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
