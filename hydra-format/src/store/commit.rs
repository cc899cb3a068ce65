//! Commit records: what is visible, in 128 bytes (FORMAT.md, section 3.2). Other modules choose and write
//! them.

use super::bytes::{self, CLOSED, FieldLayout, LINE, MAX_FILE, REGION, SLOT_AT, get, put, record};

record! {
    /// A commit record: the state that a reader shows.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct Commit in slot, 128 {
        /// The number of the commit, which counts from 1.
        sequence = SEQUENCE: u64,
        /// The file offset in bytes at which the last committed block ends.
        committed_bytes = COMMITTED: u64,
        /// The file offset below which every byte of a block was synced before the record was written.
        synced_bytes = SYNCED: u64,
        /// The file offset of the last block; 0 if there is none.
        last_block = LAST_BLOCK: u64,
        /// The file offset of the newest directory; 0 if there is none.
        directory = DIRECTORY: u64,
        /// The file offset of the newest SCHEMA block; 0 if there is none.
        schema = SCHEMA: u64,
        /// The file offset of the newest META block; 0 if there is none.
        meta = META: u64,
        /// The number of records of all tables.
        record_count = RECORDS: u64,
        /// The number of blocks of every kind.
        block_count = BLOCKS: u64,
        /// The number of times the file was opened for writing, from 1; it can skip numbers.
        epoch = EPOCH: u32,
        /// The flags; bit 0: closed cleanly.
        flags = FLAGS: u32,
        ZERO: [u8; 44],
        CRC: u32,
    }
}
const _: () =
    assert!(SLOT_AT[0] as usize >= LINE as usize && SLOT_AT[0].is_multiple_of(512) && slot::BYTES <= 512);

impl Commit {
    /// Returns the stored fields in order, including those that have no meaning for users.
    pub fn fields() -> &'static [FieldLayout] {
        slot::NAMED
    }

    /// Creates the record of a new file.
    pub(crate) fn first() -> Commit {
        Commit {
            sequence: 1,
            committed_bytes: REGION,
            synced_bytes: REGION,
            epoch: 1,
            ..Commit::from_rows(&[])
        }
    }

    /// Returns whether the writer closed the file with this record.
    pub fn is_closed(&self) -> bool {
        self.flags & CLOSED != 0
    }

    /// Encodes the record for the file with this id.
    pub(crate) fn encode(&self, file_id: &[u8; 16]) -> [u8; slot::BYTES] {
        let mut bytes = self.to_rows();
        let crc = checksum(file_id, &bytes);
        put(&mut bytes, slot::CRC, &crc.to_le_bytes());
        bytes
    }

    /// Decodes the record, or returns what is wrong with it.
    pub(crate) fn decode(bytes: &[u8], file_id: &[u8; 16]) -> Result<Commit, &'static str> {
        let Some(bytes) = bytes.first_chunk::<{ slot::BYTES }>() else {
            return Err("it is truncated");
        };
        if bytes::is_zero(bytes) {
            return Err("it is all zeros");
        }
        if checksum(file_id, bytes) != get::<u32>(bytes, slot::CRC) {
            return Err("its checksum does not match");
        }
        let record = Commit::from_rows(bytes);
        if record.is_possible() { Ok(record) } else { Err("its lengths and offsets are impossible") }
    }

    /// Checks the rules of section 3.2 other than the checksum.
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

fn checksum(file_id: &[u8; 16], bytes: &[u8; slot::BYTES]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(file_id);
    hasher.update(&bytes[..slot::CRC]);
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
        assert_eq!(Commit::decode(&bytes[..127], &ID), Err("it is truncated"));
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
