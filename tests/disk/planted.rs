//! Bugs that the oracle must detect; otherwise its results would prove nothing. Each is planted between the
//! library and the disk, by changing, moving or dropping the library's requests; the library has no hooks for
//! them.

use crate::oracle::Lens;
use crate::sim::Sim;
use hydra::Result;
use hydra::file::{Commit, State};
use hydra::testing::{self, Source, Storage};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    None,
    /// A commit record goes to the slot that the last one did not use, synced or not.
    AlternatingSlots,
    /// An opening to write does not rewrite the existing record.
    NoRewrite,
    /// All blocks and records are of one epoch.
    NoEpoch,
    /// No sync between the blocks and the record that names them.
    RecordBeforeBlocks,
    /// Checksums of payloads always match.
    ChecksumIgnored,
    /// An opening to write continues the sequence in force.
    SequenceReused,
    /// A commit is acknowledged before its record is synced.
    NoSyncAfterRecord,
    /// A new file is acknowledged before its name is synced.
    NoDirectorySync,
    /// Blocks of a commit that was given up are not covered.
    NoPad,
    /// The record that names the cover is written before the cover is synced.
    PadUnsynced,
    /// The end of the cover is not rewritten.
    EndNotWritten,
    /// Blocks go to the end of the accepted state, whatever the other record names.
    BelowFloor,
    /// All of the file is covered, as if a record were invalid.
    TailCovered,
    /// After an invalid record, the epoch is the next one.
    EpochNotRaised,
    /// After an invalid record, only one slot gets the new epoch.
    OneSlot,
    /// Closing truncates one line too much.
    CutShort,
    /// A follower ignores the epoch of the last block that it showed.
    FollowsAnyEpoch,
    /// A follower ignores which block the next one names.
    FollowsAnyBlock,
}

/// The bugs that random scripts find soon; `OneSlot` has its own script (`opening.rs`).
pub(crate) const BUGS: [Bug; 17] = [
    Bug::AlternatingSlots,
    Bug::NoRewrite,
    Bug::NoEpoch,
    Bug::RecordBeforeBlocks,
    Bug::ChecksumIgnored,
    Bug::SequenceReused,
    Bug::NoSyncAfterRecord,
    Bug::NoDirectorySync,
    Bug::NoPad,
    Bug::PadUnsynced,
    Bug::EndNotWritten,
    Bug::BelowFloor,
    Bug::TailCovered,
    Bug::EpochNotRaised,
    Bug::CutShort,
    Bug::FollowsAnyEpoch,
    Bug::FollowsAnyBlock,
];

const SLOTS: [u64; 2] = [512, 4608];
const RECORD_BYTES: usize = 128;
const REGION: u64 = 8192;
/// The offsets of the epoch in a record and in a block header.
const RECORD_EPOCH: usize = 72;
const BLOCK_EPOCH: usize = 48;
const BLOCK_DISTANCE: usize = 40;
const BLOCK_PAYLOAD: usize = 44;
const BLOCK_PAYLOAD_CRC: usize = 56;

impl Bug {
    /// Returns the disk as a library with the bug uses it.
    pub(crate) fn over(self, sim: &Sim) -> Crooked {
        Crooked { sim: sim.clone(), bug: self }
    }

    /// Returns a file as a reader with the bug sees it.
    pub(crate) fn lens(self) -> Lens {
        if self == Bug::ChecksumIgnored { |source| Box::new(Lenient(source)) } else { |source| source }
    }

    /// Returns the assumptions of a follower with the bug about a file that had this content when it showed
    /// the commit.
    pub(crate) fn trusts(self, commit: &Commit, bytes: &[u8]) -> Option<Trusted> {
        let line = bytes.get(commit.last_block as usize..)?.first_chunk().copied()?;
        let distance = (commit.committed_bytes - commit.last_block) as u32 / 64;
        match self {
            _ if commit.last_block == 0 => None,
            Bug::FollowsAnyEpoch => Some(Trusted::Line(commit.last_block, line)),
            Bug::FollowsAnyBlock => Some(Trusted::Distance(commit.committed_bytes, distance)),
            _ => None,
        }
    }
}

/// What a follower with a bug assumes about one header.
pub(crate) enum Trusted {
    /// It is unchanged at this offset.
    Line(u64, [u8; 64]),
    /// Any block is at this offset and names a block at this distance before it.
    Distance(u64, u32),
}

impl Trusted {
    pub(crate) fn forge(&self, offset: u64, bytes: &mut [u8]) {
        match self {
            Trusted::Line(at, line) if *at == offset && bytes.len() == 64 => bytes.copy_from_slice(line),
            Trusted::Distance(at, distance) if *at == offset && bytes.len() == 64 && is_header(bytes) => {
                word(bytes, BLOCK_DISTANCE, *distance);
                sign_header(bytes);
            }
            _ => {}
        }
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
        let (bug, records) = (self.bug, Vec::new());
        let mut file = CrookedFile { inner, bug, resumed, last: 0, padded: false, records, as_read: None };
        file.as_read = if resumed { file.misread() } else { None };
        Box::new(file)
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
    /// It existed when it was opened.
    resumed: bool,
    /// The offset of the last write, and whether it was a PAD block.
    last: u64,
    padded: bool,
    /// The sequences of the requested commit records.
    records: Vec<u64>,
    /// The bytes returned in place of a record until it is written.
    as_read: Option<(u64, [u8; RECORD_BYTES])>,
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
        if let Some((_, record)) = self.as_read.filter(|(at, _)| *at == offset && count == RECORD_BYTES) {
            buffer.copy_from_slice(&record);
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
            Bug::OneSlot if is_record && self.as_read.is_some() => {
                self.records.push(sequence(&bytes));
                if self.records.len() == 3 {
                    return Ok(());
                }
            }
            Bug::EndNotWritten if bytes.len() == 64 && self.is_there(offset, &bytes)? => return Ok(()),
            Bug::NoEpoch if is_record => {
                word(&mut bytes, RECORD_EPOCH, 1);
                self.sign_record(&mut bytes)?;
            }
            Bug::NoEpoch if offset >= REGION => set_epochs(&mut bytes, |_| 1),
            Bug::EpochNotRaised if self.as_read.is_some() && is_record => {
                let epoch = word_at(&bytes, RECORD_EPOCH);
                word(&mut bytes, RECORD_EPOCH, lowered(epoch));
                self.sign_record(&mut bytes)?;
            }
            Bug::EpochNotRaised if self.as_read.is_some() && offset >= REGION => {
                set_epochs(&mut bytes, lowered)
            }
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
        self.padded = bytes.len() == 64 && bytes.starts_with(b"HBLK\x05");
        if ![Bug::EpochNotRaised, Bug::OneSlot].contains(&self.bug) {
            self.as_read = self.as_read.filter(|(at, _)| *at != offset);
        }
        self.inner.write_at(target, &mut [IoSlice::new(&bytes)])
    }

    fn sync(&mut self) -> io::Result<()> {
        let dropped = match self.bug {
            Bug::RecordBeforeBlocks => self.last >= REGION,
            Bug::NoSyncAfterRecord => SLOTS.contains(&self.last),
            Bug::PadUnsynced => self.padded,
            _ => false,
        };
        if dropped { Ok(()) } else { self.inner.sync() }
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.inner.truncate(if self.bug == Bug::CutShort { length - 64 } else { length })
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
    /// Returns the slot without the newest record.
    fn other_slot(&self) -> io::Result<u64> {
        let mut sequences = [0; 2];
        for (sequence, at) in sequences.iter_mut().zip(SLOTS) {
            let mut bytes = [0; 8];
            self.inner.read_at(at, &mut bytes)?;
            *sequence = u64::from_le_bytes(bytes);
        }
        Ok(SLOTS[usize::from(sequences[0] >= sequences[1])])
    }

    /// Returns what a library with the bug reads as one of the records when it opens the file.
    fn misread(&self) -> Option<(u64, [u8; RECORD_BYTES])> {
        if ![Bug::BelowFloor, Bug::TailCovered, Bug::EpochNotRaised, Bug::OneSlot].contains(&self.bug) {
            return None;
        }
        let mut records = [[0; RECORD_BYTES]; 2];
        for (record, at) in records.iter_mut().zip(SLOTS) {
            self.inner.read_at(at, record).ok()?;
        }
        let reader = testing::open(self.inner.source().ok()?, Path::new("")).ok()?;
        let other = usize::from(sequence(&records[0]) == reader.commit().sequence);
        let lost = matches!(reader.report().state(), State::LastCommitLost { .. });
        let invalid = records.iter().any(|record| !self.is_signed(record));
        match self.bug {
            // The rejected record is read as one of the accepted state.
            Bug::BelowFloor if lost && !invalid => {
                let mut forged = records[1 - other];
                forged[..8].copy_from_slice(&records[other][..8]);
                self.sign_record(&mut forged).ok()?;
                Some((SLOTS[other], forged))
            }
            Bug::TailCovered if !lost => Some((SLOTS[other], [1; RECORD_BYTES])),
            Bug::EpochNotRaised | Bug::OneSlot if invalid => Some((SLOTS[other], records[other])),
            _ => None,
        }
    }

    fn is_signed(&self, record: &[u8; RECORD_BYTES]) -> bool {
        let mut signed = *record;
        self.sign_record(&mut signed).is_ok() && signed == *record
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

/// Returns the epoch after an invalid record without the increase; an older one stays.
fn lowered(epoch: u32) -> u32 {
    if epoch > 65_535 { epoch - 65_535 } else { epoch }
}

/// Changes the epochs of blocks.
fn set_epochs(bytes: &mut [u8], epoch: fn(u32) -> u32) {
    for line in bytes.chunks_exact_mut(64).filter(|line| is_header(line)) {
        let now = epoch(word_at(line, BLOCK_EPOCH));
        word(line, BLOCK_EPOCH, now);
        sign_header(line);
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

/// Sets the checksum in a block header to that of the present payload.
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
