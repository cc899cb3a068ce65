//! Commit records: what is visible, in 128 bytes (FORMAT.md, section 3.2). It does not know how they are chosen or
//! written.
#![forbid(unsafe_code)]

use super::bytes::{self, CLOSED, LINE, MAX_FILE, REGION, commit, put, u32_at, u64_at};

/// A commit record: the state that a reader sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// One higher with every commit, from 1.
    pub sequence: u64,
    /// The file offset in bytes at which the last committed block ends.
    pub committed_bytes: u64,
    /// Every block byte below this file offset was synced before the record was written.
    pub synced_bytes: u64,
    /// File offset of the last block; 0: none.
    pub last_block: u64,
    /// File offset of the newest directory; 0: none.
    pub directory: u64,
    /// File offset of the newest SCHEMA block; 0: none.
    pub schema: u64,
    /// File offset of the newest META block; 0: none.
    pub meta: u64,
    /// Records of all tables.
    pub record_count: u64,
    /// Blocks of every kind.
    pub block_count: u64,
    /// One higher each time the file is opened to write, from 1.
    pub epoch: u32,
    /// All flags; bit 0: closed cleanly.
    pub flags: u32,
}

impl Commit {
    /// Name, offset and size in bytes of each stored field.
    pub const FIELDS: &'static [(&'static str, usize, usize)] = commit::NAMED;

    /// The record of a new file.
    pub(crate) fn first() -> Commit {
        Commit {
            sequence: 1,
            committed_bytes: REGION,
            synced_bytes: REGION,
            last_block: 0,
            directory: 0,
            schema: 0,
            meta: 0,
            record_count: 0,
            block_count: 0,
            epoch: 1,
            flags: 0,
        }
    }

    /// True if the writer closed the file with this record.
    pub fn is_closed(&self) -> bool {
        self.flags & CLOSED != 0
    }

    /// The record as stored in the file with this id.
    pub(crate) fn encode(&self, file_id: &[u8; 16]) -> [u8; commit::BYTES] {
        let mut bytes = [0; commit::BYTES];
        for (at, value) in self.words() {
            put(&mut bytes, at, &value.to_le_bytes());
        }
        put(&mut bytes, commit::EPOCH, &self.epoch.to_le_bytes());
        put(&mut bytes, commit::FLAGS, &self.flags.to_le_bytes());
        let crc = checksum(file_id, &bytes);
        put(&mut bytes, commit::CRC, &crc.to_le_bytes());
        bytes
    }

    fn words(&self) -> [(usize, u64); 9] {
        [
            (commit::SEQUENCE, self.sequence),
            (commit::COMMITTED, self.committed_bytes),
            (commit::SYNCED, self.synced_bytes),
            (commit::LAST_BLOCK, self.last_block),
            (commit::DIRECTORY, self.directory),
            (commit::SCHEMA, self.schema),
            (commit::META, self.meta),
            (commit::RECORDS, self.record_count),
            (commit::BLOCKS, self.block_count),
        ]
    }

    /// The record in these bytes, if it is valid; else what is wrong with it.
    pub(crate) fn decode(bytes: &[u8], file_id: &[u8; 16]) -> Result<Commit, &'static str> {
        let Some(bytes) = bytes.first_chunk::<{ commit::BYTES }>() else {
            return Err("it is cut off");
        };
        if bytes::is_zero(bytes) {
            return Err("it is all zeros");
        }
        if checksum(file_id, bytes) != u32_at(bytes, commit::CRC) {
            return Err("its checksum does not match");
        }
        let word = |at| u64_at(bytes, at);
        let record = Commit {
            sequence: word(commit::SEQUENCE),
            committed_bytes: word(commit::COMMITTED),
            synced_bytes: word(commit::SYNCED),
            last_block: word(commit::LAST_BLOCK),
            directory: word(commit::DIRECTORY),
            schema: word(commit::SCHEMA),
            meta: word(commit::META),
            record_count: word(commit::RECORDS),
            block_count: word(commit::BLOCKS),
            epoch: u32_at(bytes, commit::EPOCH),
            flags: u32_at(bytes, commit::FLAGS),
        };
        if record.is_possible() { Ok(record) } else { Err("its lengths and offsets are impossible") }
    }

    /// The rules of section 3.2 beyond the checksum.
    fn is_possible(&self) -> bool {
        let offsets = [self.last_block, self.directory, self.schema, self.meta];
        let within = |&offset: &u64| {
            offset == 0 || (offset.is_multiple_of(LINE) && (REGION..self.committed_bytes).contains(&offset))
        };
        self.sequence > 0
            && self.epoch > 0
            && self.committed_bytes < MAX_FILE
            && self.committed_bytes.is_multiple_of(LINE)
            && self.synced_bytes.is_multiple_of(LINE)
            && (REGION..=self.committed_bytes).contains(&self.synced_bytes)
            && offsets.iter().all(within)
    }
}

fn checksum(file_id: &[u8; 16], bytes: &[u8; commit::BYTES]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(file_id);
    hasher.update(&bytes[..commit::CRC]);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: [u8; 16] = *b"0123456789abcdef";

    #[test]
    fn a_record_comes_back_and_every_flipped_bit_is_seen() {
        let record = Commit {
            sequence: 7,
            committed_bytes: 1 << 20,
            synced_bytes: 8192,
            last_block: 65536,
            directory: 8192,
            schema: 0,
            meta: 12800,
            record_count: 9,
            block_count: 8,
            epoch: 3,
            flags: 0,
        };
        let bytes = record.encode(&ID);
        assert_eq!(Commit::decode(&bytes, &ID), Ok(record));
        assert!(Commit::decode(&bytes, &[0; 16]).is_err(), "a record of another file");
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Commit::decode(&flipped, &ID).is_err(), "bit {bit}");
        }
        assert_eq!(Commit::decode(&[0; 128], &ID), Err("it is all zeros"));
        assert_eq!(Commit::decode(&bytes[..127], &ID), Err("it is cut off"));
    }

    #[test]
    fn impossible_records_are_invalid_although_their_checksum_matches() {
        let good = Commit { committed_bytes: 16384, synced_bytes: 16384, ..Commit::first() };
        for bad in [
            Commit { synced_bytes: 16448, ..good },
            Commit { synced_bytes: 4096, ..good },
            Commit { synced_bytes: 8200, ..good },
            Commit { last_block: 16385, ..good },
            Commit { last_block: 32768, ..good },
            Commit { committed_bytes: 16385, ..good },
            Commit { committed_bytes: 1 << 63, ..good },
            Commit { directory: 16384, ..good },
            Commit { meta: 8200, ..good },
            Commit { schema: 64, ..good },
            Commit { sequence: 0, ..good },
            Commit { epoch: 0, ..good },
        ] {
            assert!(Commit::decode(&bad.encode(&ID), &ID).is_err(), "{bad:?}");
        }
        let largest = Commit { committed_bytes: (1 << 63) - 64, last_block: (1 << 63) - 128, ..good };
        for good in [good, largest, Commit { last_block: 8192, directory: 16320, ..good }] {
            assert!(Commit::decode(&good.encode(&ID), &ID).is_ok());
        }
        assert_eq!(
            [0, CLOSED, 2, CLOSED | 2].map(|flags| Commit { flags, ..good }.is_closed()),
            [false, true, false, true]
        );
    }
}
