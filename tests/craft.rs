//! Files written byte by byte, with right checksums and whatever lies a test wants: what no writer would write.

use crate::columns::{Columns, repair};
use hydra::Schema;

/// One block to be written: its header's fields, and its payload.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// Code of the kind: 1 SCHEMA, 2 DATA, 3 INDEX, 4 META, 5 PAD.
    pub kind: u8,
    /// Flags; bit 0: a replacement.
    pub flags: u8,
    /// Layout and encoding.
    pub form: [u8; 2],
    /// Lines of the block; 0: as many as the payload takes.
    pub lines: u32,
    /// Schema id, index of the first record, record count, stride.
    pub data: (u32, u64, u32, u32),
    /// Text offset, or checksum of the directory of columns.
    pub text: u32,
    /// The payload.
    pub payload: Vec<u8>,
}

/// A file in the making.
#[derive(Clone, Debug)]
pub struct Craft {
    /// All bytes so far; the header region is written by [`Craft::finish`].
    pub bytes: Vec<u8>,
    /// Words of the commit record, as FORMAT.md 3.2 orders them: sequence, committed, synced, last block, directory,
    /// schema, meta, records, blocks. Zeros are filled in.
    pub commit: [u64; 9],
    /// The newest INDEX block.
    index: u64,
    last: usize,
}

/// An entry of an index: offset, first record, record count, and lines, schema id, level, block count.
pub type Listed = (u64, u64, u64, [u32; 4]);

const ID: [u8; 16] = *b"ABCDEFGHIJKLMNOP";

impl Default for Craft {
    fn default() -> Self {
        Craft { bytes: vec![0; 8192], commit: [0; 9], index: 0, last: 0 }
    }
}

impl Craft {
    /// Adds a block; its file offset.
    pub fn block(&mut self, block: Block) -> u64 {
        let at = self.bytes.len();
        let mut head = Vec::from(*b"HBLK");
        head.extend([block.kind, block.flags, block.form[0], block.form[1]]);
        let lines = block.payload.len().div_ceil(64) as u32 + 1;
        let lines = if block.lines == 0 { lines } else { block.lines };
        let (schema, first, count, stride) = block.data;
        let distance = if self.last == 0 { 0 } else { (at - self.last) as u32 / 64 };
        let key = ID.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let halves = |word: u64| [word as u32, (word >> 32) as u32];
        let [sync, sync_high] = halves(key ^ at as u64);
        let [first, first_high] = halves(first);
        let crc = crc32fast::hash(&block.payload);
        let bytes = block.payload.len() as u32;
        for word in [
            lines, schema, sync, sync_high, first, first_high, count, stride, distance, bytes, 1, block.text,
            crc,
        ] {
            head.extend(word.to_le_bytes());
        }
        head.extend(crc32fast::hash(&head).to_le_bytes());
        self.bytes.extend(head);
        self.bytes.extend(block.payload);
        self.bytes.resize(self.bytes.len().next_multiple_of(64), 0);
        self.last = at;
        self.commit[3] = at as u64;
        self.commit[8] += 1;
        if let Some(newest) =
            [None, Some(5), None, Some(4), Some(6)].get(usize::from(block.kind)).copied().flatten()
        {
            self.commit[newest] = at as u64;
        }
        at as u64
    }

    /// Puts new bytes at an offset of a block, whose checksums then match them.
    pub fn patch(&mut self, block: u64, at: usize, new: &[u8]) {
        let block = block as usize;
        self.bytes[block + at..block + at + new.len()].copy_from_slice(new);
        let word =
            |bytes: &[u8], at: usize| bytes[at..].first_chunk().map_or(0, |word| u32::from_le_bytes(*word));
        let payload = word(&self.bytes, block + 44) as usize;
        let payload = block + 64..block + 64 + payload;
        if self.bytes[block + 4] == 2 && self.bytes[block + 6] == 1 {
            let crc = repair(&mut self.bytes[payload.clone()]);
            self.bytes[block + 52..block + 56].copy_from_slice(&crc.to_le_bytes());
        }
        let crc = crc32fast::hash(&self.bytes[payload]);
        self.bytes[block + 56..block + 60].copy_from_slice(&crc.to_le_bytes());
        let crc = crc32fast::hash(&self.bytes[block..block + 60]);
        self.bytes[block + 60..block + 64].copy_from_slice(&crc.to_le_bytes());
    }

    /// Ends the file as a writer that closes it: copies of these schemas (id, table, core, notes), and a directory of the blocks.
    pub fn close(&mut self, schemas: &[(u32, u32, &str, &Schema)], tables: &[Vec<Listed>]) {
        let mut listed = Vec::new();
        for &(id, number, table, schema) in schemas {
            let at = self.schema(id, table, schema.core(), schema.notes());
            listed.push((id, number, at, (self.bytes.len() as u64 - at) as u32 / 64));
        }
        let (mut rows, mut first) = (Vec::new(), 0);
        for (number, entries) in tables.iter().enumerate() {
            let records = entries.iter().map(|entry| entry.2).sum();
            let blocks = entries.iter().map(|entry| u64::from(entry.3[3])).sum();
            rows.push((number as u32, first, entries.len() as u32, records, blocks));
            first += entries.len() as u32;
        }
        self.index((0, 0, 0), &rows, &listed, &tables.concat());
    }

    /// Adds a SCHEMA block.
    pub fn schema(&mut self, id: u32, table: &str, core: &[u8], notes: &[u8]) -> u64 {
        let mut payload = self.commit[5].to_le_bytes().to_vec();
        for word in [id, core.len() as u32, notes.len() as u32, 0] {
            payload.extend(word.to_le_bytes());
        }
        payload.extend((table.len() as u16).to_le_bytes());
        payload.extend([table.as_bytes(), core, notes].concat());
        self.block(Block { kind: 1, payload, ..Block::default() })
    }

    /// Adds a DATA block: records, heap and text.
    pub fn data(&mut self, data: (u32, u64, u32, u32), records: &[u8], heap: &[u8], text: &[u8]) -> u64 {
        let mut payload = records.to_vec();
        payload.resize(payload.len().next_multiple_of(64), 0);
        payload.extend(heap);
        payload.resize(payload.len().next_multiple_of(64), 0);
        let text_offset = payload.len() as u32;
        payload.extend(text);
        self.commit[7] = self.commit[7].saturating_add(data.2.into());
        self.block(Block { kind: 2, data, text: text_offset, payload, ..Block::default() })
    }

    /// Adds a DATA block of columns.
    pub fn columns(&mut self, data: (u32, u64, u32, u32), columns: &Columns) -> u64 {
        let (payload, text) = columns.payload();
        self.commit[7] = self.commit[7].saturating_add(data.2.into());
        self.block(Block { kind: 2, form: [1, 0], data, text, payload, ..Block::default() })
    }

    /// Adds an INDEX block: tables (number, first entry, entries, records, blocks), schemas (id, table, offset, lines) and
    /// entries (offset, first, count, lines, schema, level, blocks). `role` is (role, level, table).
    pub fn index(
        &mut self,
        role: (u8, u8, u32),
        tables: &[(u32, u32, u32, u64, u64)],
        schemas: &[(u32, u32, u64, u32)],
        entries: &[(u64, u64, u64, [u32; 4])],
    ) -> u64 {
        let mut payload = self.index.to_le_bytes().to_vec();
        payload.resize(64, 0);
        payload[8] = 1;
        payload[10] = 40;
        (payload[12], payload[13]) = (role.0, role.1);
        for (at, word) in
            [(16, tables.len() as u32), (20, schemas.len() as u32), (24, entries.len() as u32), (28, role.2)]
        {
            payload[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        for &(number, first, count, records, blocks) in tables {
            [number, first, count, 0].iter().for_each(|word| payload.extend(word.to_le_bytes()));
            [records, blocks].iter().for_each(|word| payload.extend(word.to_le_bytes()));
        }
        for &(id, table, offset, lines) in schemas {
            [id, table].iter().for_each(|word| payload.extend(word.to_le_bytes()));
            payload.extend(offset.to_le_bytes());
            [lines, 0].iter().for_each(|word| payload.extend(word.to_le_bytes()));
        }
        for &(offset, first, count, rest) in entries {
            [offset, first, count].iter().for_each(|word| payload.extend(word.to_le_bytes()));
            rest.iter().for_each(|word| payload.extend(word.to_le_bytes()));
        }
        let directory = self.commit[4];
        let at = self.block(Block { kind: 3, payload, ..Block::default() });
        self.commit[4] = if role.0 == 0 { at } else { directory };
        self.index = at;
        at
    }

    /// The file, closed cleanly.
    pub fn finish(mut self) -> Vec<u8> {
        let length = self.bytes.len() as u64;
        for (word, default) in self.commit.iter_mut().zip([1, length, length]) {
            *word = if *word == 0 { default } else { *word };
        }
        let mut line = vec![0x89, b'H', b'Y', b'D', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 1, 0];
        line.resize(40, 0);
        line.extend(ID);
        line.resize(60, 0);
        line.extend(crc32fast::hash(&line).to_le_bytes());
        let mut record: Vec<u8> = self.commit.iter().flat_map(|word| word.to_le_bytes()).collect();
        record.extend([1, 0, 0, 0, 1, 0, 0, 0]);
        record.resize(124, 0);
        record.extend(crc32fast::hash(&[&ID[..], &record].concat()).to_le_bytes());
        for page in [0, 4096] {
            self.bytes[page..page + 64].copy_from_slice(&line);
            self.bytes[page + 512..page + 640].copy_from_slice(&record);
        }
        self.bytes
    }
}
