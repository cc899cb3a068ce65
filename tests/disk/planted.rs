//! Bugs that the oracle must catch, or it proves nothing. Each is planted between the library and the disk, by changing,
//! moving or dropping what the library asks for; the library has no hook for them.

use crate::oracle::Lens;
use crate::sim::Sim;
use hydra::Result;
use hydra::testing::{self, Source, Storage};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    None,
    /// A commit record goes where the last one did not, synced or not.
    AlternatingSlots,
    /// An opening to write does not write again what is there.
    NoRewrite,
    /// All blocks and records are of one epoch.
    NoEpoch,
    /// No sync between the blocks and the record that names them.
    RecordBeforeBlocks,
    /// Checksums of payloads always match.
    ChecksumIgnored,
    /// An opening to write goes on with the sequence that is in force.
    SequenceReused,
    /// A commit is acknowledged before its record is synced.
    NoSyncAfterRecord,
    /// A new file is acknowledged before its name is synced.
    NoDirectorySync,
    /// An old tail is not covered.
    NoPad,
}

/// All of them.
pub(crate) const BUGS: [Bug; 9] = [
    Bug::AlternatingSlots,
    Bug::NoRewrite,
    Bug::NoEpoch,
    Bug::RecordBeforeBlocks,
    Bug::ChecksumIgnored,
    Bug::SequenceReused,
    Bug::NoSyncAfterRecord,
    Bug::NoDirectorySync,
    Bug::NoPad,
];

const SLOTS: [u64; 2] = [512, 4608];
const RECORD_BYTES: usize = 128;
const REGION: u64 = 8192;
/// Where a record has its epoch, and a block header.
const RECORD_EPOCH: usize = 72;
const BLOCK_EPOCH: usize = 48;
const BLOCK_PAYLOAD: usize = 44;
const BLOCK_PAYLOAD_CRC: usize = 56;

impl Bug {
    /// The disk as a library with the bug uses it.
    pub(crate) fn over(self, sim: &Sim) -> Crooked {
        Crooked { sim: sim.clone(), bug: self }
    }

    /// A file as a reader with the bug sees it.
    pub(crate) fn lens(self) -> Lens {
        if self == Bug::ChecksumIgnored { |source| Box::new(Lenient(source)) } else { |source| source }
    }
}

/// A disk behind a bug.
pub(crate) struct Crooked {
    sim: Sim,
    bug: Bug,
}

impl Crooked {
    fn file(&self, inner: Box<dyn Storage>, resumed: bool) -> Box<dyn Storage> {
        if self.bug == Bug::None {
            return inner;
        }
        Box::new(CrookedFile { inner, bug: self.bug, resumed, last: 0, records: Vec::new() })
    }
}

impl testing::Disk for Crooked {
    fn resolve(&self, path: &Path, replace: bool) -> Result<PathBuf> {
        self.sim.resolve(path, replace)
    }

    fn open_locked(&self, path: &Path, lock: bool) -> Result<Box<dyn Storage>> {
        Ok(self.file(self.sim.open_locked(path, lock)?, true))
    }

    fn create_beside(&self, path: &Path, lock: bool) -> Result<(Box<dyn Storage>, PathBuf)> {
        let (storage, temporary) = self.sim.create_beside(path, lock)?;
        Ok((self.file(storage, false), temporary))
    }

    fn publish(&self, temporary: &Path, path: &Path) -> Result<()> {
        self.sim.publish(temporary, path)
    }

    fn replace(&self, temporary: &Path, path: &Path) -> Result<()> {
        self.sim.replace(temporary, path)
    }

    fn discard(&self, path: &Path) {
        self.sim.discard(path);
    }

    fn sync_directory(&self, path: &Path) -> Result<()> {
        if self.bug == Bug::NoDirectorySync { Ok(()) } else { self.sim.sync_directory(path) }
    }
}

/// A file behind a bug.
struct CrookedFile {
    inner: Box<dyn Storage>,
    bug: Bug,
    /// It was there when it was opened.
    resumed: bool,
    /// Where the last write was.
    last: u64,
    /// The sequences of the commit records that were asked for.
    records: Vec<u64>,
}

impl Source for CrookedFile {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        self.inner.is_at(path)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read_at(offset, buffer)?;
        if self.bug == Bug::ChecksumIgnored {
            forgive(&*self.inner, offset, &mut buffer[..count]);
        }
        Ok(count)
    }

    fn pause(&self, _: Duration) {}
}

impl Storage for CrookedFile {
    fn write_at(&mut self, offset: u64, slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        let is_record = SLOTS.contains(&offset) && bytes.len() == RECORD_BYTES;
        let mut target = offset;
        match self.bug {
            Bug::AlternatingSlots if is_record => target = self.other_slot()?,
            Bug::NoRewrite if self.is_there(offset, &bytes)? => return Ok(()),
            Bug::NoEpoch if is_record => {
                word(&mut bytes, RECORD_EPOCH, 1);
                self.sign_record(&mut bytes)?;
            }
            Bug::NoEpoch if offset >= REGION => bytes.chunks_exact_mut(64).for_each(|line| {
                if is_header(line) {
                    word(line, BLOCK_EPOCH, 1);
                    sign_header(line);
                }
            }),
            Bug::SequenceReused if is_record => {
                self.records.push(sequence(&bytes));
                if let (true, [first, _]) = (self.resumed, &self.records[..]) {
                    bytes[..8].copy_from_slice(&first.to_le_bytes());
                    self.sign_record(&mut bytes)?;
                }
            }
            Bug::NoPad if bytes.len() == 64 && is_header(&bytes) && bytes[4] == 5 => return Ok(()),
            _ => {}
        }
        self.last = offset;
        self.inner.write_at(target, &mut [IoSlice::new(&bytes)])
    }

    fn sync(&mut self) -> io::Result<()> {
        let dropped = match self.bug {
            Bug::RecordBeforeBlocks => self.last >= REGION,
            Bug::NoSyncAfterRecord => SLOTS.contains(&self.last),
            _ => false,
        };
        if dropped { Ok(()) } else { self.inner.sync() }
    }

    fn source(&self) -> io::Result<Box<dyn Source>> {
        Ok((self.bug.lens())(self.inner.source()?))
    }

    fn another(&self) -> io::Result<Box<dyn Storage>> {
        let (inner, records) = (self.inner.another()?, self.records.clone());
        Ok(Box::new(CrookedFile { inner, records, ..*self }))
    }
}

impl CrookedFile {
    /// The slot in which the newest record is not.
    fn other_slot(&self) -> io::Result<u64> {
        let mut sequences = [0; 2];
        for (sequence, at) in sequences.iter_mut().zip(SLOTS) {
            let mut bytes = [0; 8];
            self.inner.read_at(at, &mut bytes)?;
            *sequence = u64::from_le_bytes(bytes);
        }
        Ok(SLOTS[usize::from(sequences[0] >= sequences[1])])
    }

    fn is_there(&self, offset: u64, bytes: &[u8]) -> io::Result<bool> {
        let mut there = vec![0; bytes.len()];
        Ok(self.inner.read_at(offset, &mut there)? == bytes.len() && there == bytes)
    }

    fn sign_record(&self, bytes: &mut [u8]) -> io::Result<()> {
        let mut signed = [0; 16];
        self.inner.read_at(40, &mut signed)?;
        let crc = crc32fast::hash(&[&signed, &bytes[..124]].concat());
        word(bytes, 124, crc);
        Ok(())
    }
}

fn sequence(record: &[u8]) -> u64 {
    record.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn word(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

fn word_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn is_header(line: &[u8]) -> bool {
    line.starts_with(b"HBLK") && crc32fast::hash(&line[..60]) == word_at(line, 60)
}

fn sign_header(line: &mut [u8]) {
    let crc = crc32fast::hash(&line[..60]);
    word(line, 60, crc);
}

/// Makes the checksum in a block header what it should be for the payload that is there.
fn forgive(source: &dyn Source, offset: u64, bytes: &mut [u8]) {
    let Some(line) = bytes.get_mut(..64).filter(|line| offset >= REGION && is_header(line)) else { return };
    let mut payload = vec![0; word_at(line, BLOCK_PAYLOAD) as usize];
    if source.read_at(offset + 64, &mut payload).is_ok_and(|count| count == payload.len()) {
        word(line, BLOCK_PAYLOAD_CRC, crc32fast::hash(&payload));
        sign_header(line);
    }
}

/// A file whose checksums always match.
struct Lenient(Box<dyn Source>);

impl Source for Lenient {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read_at(offset, buffer)?;
        forgive(&*self.0, offset, &mut buffer[..count]);
        Ok(count)
    }

    fn pause(&self, _: Duration) {}
}
