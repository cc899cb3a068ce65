//! The simulated disk: a replacement of the library's storage that records all operations and fails on
//! request. Does not depend on the format.

use crate::medium::{Disk, Medium, Move};
use hydra::testing::{self, Source, Storage, exists};
use hydra::{Error, ErrorKind, Result};
use hydra_tests::laws::Dice;
use std::borrow::Cow;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One operation on the disk, or a statement of the program.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Create,
    Write(usize, usize, Arc<[u8]>),
    Cut(usize, usize),
    Sync(usize, Synced),
    Change(Move),
    SyncNames,
    Forget(u64),
    Note(Note),
}

/// The result of a sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Synced {
    Well,
    Failed,
    /// It reports success without an effect.
    Lied,
}

/// Statements of the writing program for the oracle.
#[derive(Clone, Debug)]
pub(crate) enum Note {
    /// This state may become visible from now on.
    Attempt(Arc<crate::oracle::Content>),
    /// The last attempt was acknowledged; true if as durable.
    Acknowledged(bool),
    /// An opening showed the state with this position in the lineage.
    Seen(usize),
}

/// A short form, for reports of violations.
impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Event::Write(file, at, bytes) => write!(f, "write {file}:{at}+{}", bytes.len()),
            Event::Note(Note::Attempt(_)) => f.write_str("ATTEMPT"),
            Event::Note(Note::Acknowledged(durable)) => write!(f, "ACKNOWLEDGED {durable}"),
            Event::Note(Note::Seen(state)) => write!(f, "SEEN {state}"),
            other => write!(f, "{other:?}"),
        }
    }
}

impl Event {
    /// Does the same to another disk.
    pub(crate) fn replay(&self, disk: &mut Disk) {
        match self {
            Event::Create => disk.files.push(Medium::default()),
            Event::Write(file, at, bytes) => disk.files[*file].write(*at, bytes),
            Event::Cut(file, length) => disk.files[*file].cut(*length),
            Event::Sync(file, Synced::Well) => disk.files[*file].sync(),
            Event::Sync(file, Synced::Failed) => disk.files[*file].fail_sync(),
            Event::Sync(_, Synced::Lied) | Event::Note(_) => {}
            Event::Change(change) => disk.change(change.clone()),
            Event::SyncNames => disk.sync_names(),
            Event::Forget(seed) => {
                let mut dice = Dice(*seed | 1);
                disk.files.iter_mut().for_each(|file| file.forget(|| dice.below(2) == 0));
            }
        }
    }
}

/// The fault at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An error without any work done.
    Error,
    /// An error after half of a write, in whole sectors.
    Short,
}

/// The kind of call that a fault hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Read,
    Write,
    Sync,
    Cut,
    Name,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) disk: Disk,
    pub(crate) events: Vec<Event>,
    /// Calls of any kind; reads among them.
    pub(crate) calls: usize,
    pub(crate) reads: usize,
    pub(crate) read_bytes: u64,
    /// The call that fails, and whether all later calls fail too.
    pub(crate) fault: Option<(usize, Fault, bool)>,
    /// The last call that failed.
    pub(crate) met: Option<Call>,
    /// The number of syncs that still succeed.
    pub(crate) good_syncs: Option<usize>,
    /// Syncs have no effect.
    pub(crate) lies: bool,
    /// The disk is full: no file can become longer than this.
    pub(crate) room: Option<usize>,
    /// Files cannot be truncated.
    pub(crate) uncut: bool,
    locked: Vec<usize>,
}

/// A handle to the disk; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Sim(Arc<Mutex<State>>);

impl State {
    fn act(&mut self, event: Event) {
        event.replay(&mut self.disk);
        self.events.push(event);
    }

    /// Counts a call and returns its fault.
    fn call(&mut self, call: Call) -> Option<Fault> {
        let now = self.calls;
        self.calls += 1;
        let (at, fault, for_good) = self.fault?;
        let meets = now == at || (for_good && now > at);
        self.met = if meets { Some(call) } else { self.met };
        meets.then_some(fault)
    }

    fn meet(&mut self, call: Call) -> io::Result<()> {
        self.call(call).map_or(Ok(()), |_| Err(broken()))
    }
}

fn broken() -> io::Error {
    io::Error::other("the disk is broken")
}

impl Sim {
    pub(crate) fn over(disk: Disk) -> Sim {
        Sim(Arc::new(Mutex::new(State { disk, ..State::default() })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, note: Note) {
        self.state().act(Event::Note(note));
    }

    pub(crate) fn forget(&self, seed: u64) {
        self.state().act(Event::Forget(seed));
    }

    pub(crate) fn file(&self, file: usize) -> SimFile {
        SimFile { sim: self.clone(), file, locked: false }
    }
}

/// An open file.
pub(crate) struct SimFile {
    sim: Sim,
    file: usize,
    locked: bool,
}

impl Drop for SimFile {
    fn drop(&mut self) {
        if self.locked {
            self.sim.state().locked.retain(|&file| file != self.file);
        }
    }
}

impl Source for SimFile {
    fn len(&self) -> io::Result<u64> {
        let mut state = self.sim.state();
        state.meet(Call::Read)?;
        Ok(state.disk.files[self.file].cache.len() as u64)
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        let mut state = self.sim.state();
        state.meet(Call::Read)?;
        Ok(state.disk.names.get(path) == Some(&self.file))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.sim.state();
        state.meet(Call::Read)?;
        let count = read(&state.disk.files[self.file].cache, offset, buffer);
        state.reads += 1;
        state.read_bytes += count as u64;
        Ok(count)
    }

    fn pause(&self, _: Duration) {}
}

/// Reads from bytes in memory.
pub(crate) fn read(bytes: &[u8], offset: u64, buffer: &mut [u8]) -> usize {
    let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
    let count = rest.len().min(buffer.len());
    buffer[..count].copy_from_slice(&rest[..count]);
    count
}

impl Storage for SimFile {
    fn write_at(&mut self, offset: u64, slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut state = self.sim.state();
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        let (at, room) = (offset as usize, state.room.unwrap_or(usize::MAX));
        let (done, outcome) = match state.call(Call::Write) {
            None if at + bytes.len() > room.max(state.disk.files[self.file].cache.len()) => {
                state.met = Some(Call::Write);
                let room = room.max(state.disk.files[self.file].cache.len());
                ((room - room % 512).saturating_sub(at), Err(io::ErrorKind::StorageFull.into()))
            }
            None => (bytes.len(), Ok(())),
            Some(Fault::Error) => (0, Err(broken())),
            Some(Fault::Short) => {
                let end = offset as usize + bytes.len() / 2;
                ((end - end % 512).saturating_sub(offset as usize), Err(broken()))
            }
        };
        if done > 0 {
            state.act(Event::Write(self.file, offset as usize, bytes[..done].into()));
        }
        outcome
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.sim.state();
        let fails = state.call(Call::Sync).is_some() || state.good_syncs == Some(0);
        state.met = if fails { Some(Call::Sync) } else { state.met };
        state.good_syncs = state.good_syncs.map(|left| left.saturating_sub(1));
        let synced = match (fails, state.lies) {
            (true, _) => Synced::Failed,
            (false, true) => Synced::Lied,
            (false, false) => Synced::Well,
        };
        state.act(Event::Sync(self.file, synced));
        if fails { Err(broken()) } else { Ok(()) }
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let mut state = self.sim.state();
        state.meet(Call::Cut)?;
        if state.uncut {
            return Err(broken());
        }
        state.act(Event::Cut(self.file, length as usize));
        Ok(())
    }

    fn source(&self) -> io::Result<Box<dyn Source>> {
        Ok(Box::new(self.sim.file(self.file)))
    }

    fn another(&self) -> io::Result<Box<dyn Storage>> {
        Ok(Box::new(self.sim.file(self.file)))
    }
}

impl testing::Disk for Sim {
    /// The simulation has no links.
    fn resolve(&self, path: &Path, replace: bool) -> Result<PathBuf> {
        let taken = !replace && self.state().disk.names.contains_key(path);
        if taken { Err(exists(path)) } else { Ok(path.to_path_buf()) }
    }

    fn open_locked(&self, path: &Path, _: bool) -> Result<Box<dyn Storage>> {
        let mut state = self.state();
        state.meet(Call::Name)?;
        let Some(&file) = state.disk.names.get(path) else {
            return Err(Error::io(io::ErrorKind::NotFound.into()));
        };
        if state.locked.contains(&file) {
            return Err(Error::new(ErrorKind::Locked));
        }
        state.locked.push(file);
        Ok(Box::new(SimFile { sim: self.clone(), file, locked: true }))
    }

    fn create_beside(&self, path: &Path, _: bool) -> Result<(Box<dyn Storage>, PathBuf)> {
        let mut state = self.state();
        state.meet(Call::Name)?;
        let file = state.disk.files.len();
        let temporary = path.with_extension(format!("{file}.tmp"));
        state.act(Event::Create);
        state.act(Event::Change(Move::Link(temporary.clone(), file)));
        state.locked.push(file);
        Ok((Box::new(SimFile { sim: self.clone(), file, locked: true }), temporary))
    }

    fn publish(&self, temporary: &Path, path: &Path) -> Result<()> {
        let mut state = self.state();
        state.meet(Call::Name)?;
        if state.disk.names.contains_key(path) {
            return Err(exists(path));
        }
        let Some(&file) = state.disk.names.get(temporary) else {
            return Err(Error::io(io::ErrorKind::NotFound.into()));
        };
        state.act(Event::Change(Move::Link(path.to_path_buf(), file)));
        state.act(Event::Change(Move::Unlink(temporary.to_path_buf())));
        Ok(())
    }

    fn replace(&self, temporary: &Path, path: &Path) -> Result<()> {
        let mut state = self.state();
        state.meet(Call::Name)?;
        state.act(Event::Change(Move::Rename(temporary.to_path_buf(), path.to_path_buf())));
        Ok(())
    }

    fn discard(&self, path: &Path) {
        let mut state = self.state();
        if state.call(Call::Name).is_none() && state.disk.names.contains_key(path) {
            state.act(Event::Change(Move::Unlink(path.to_path_buf())));
        }
    }

    fn sync_directory(&self, _: &Path) -> Result<()> {
        let mut state = self.state();
        state.meet(Call::Name)?;
        state.act(Event::SyncNames);
        Ok(())
    }
}

/// A file of fixed content.
#[derive(Clone)]
pub(crate) struct Image(pub(crate) Arc<Vec<u8>>);

impl Source for Image {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(read(&self.0, offset, buffer))
    }

    fn bytes(&self, offset: u64, count: usize) -> io::Result<Cow<'_, [u8]>> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.0.get(offset..)).unwrap_or_default();
        Ok(Cow::Borrowed(&rest[..count.min(rest.len())]))
    }

    fn pause(&self, _: Duration) {}
}
