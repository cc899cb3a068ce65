//! Readers and maps that stay open while programs write, fail, are killed and continue. Their state does not
//! change, and a refresh shows a continuation of it or reports that there is none.

use crate::medium::Disk;
use crate::oracle::{self, Content, Model, PATH};
use crate::planted::{Bug, Trusted};
use crate::sim::{Event, Note, read};
use hydra::testing::{self, Source};
use hydra::{ErrorKind, Reader};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The file as programs see it now, through a handle that stays open.
#[derive(Clone, Default)]
struct Live {
    bytes: Arc<Mutex<Arc<Vec<u8>>>>,
    /// What a reader with a planted bug does not check.
    trusted: Arc<Mutex<Option<Trusted>>>,
}

impl Live {
    fn now(&self) -> Arc<Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn show(&self, bytes: &Arc<Vec<u8>>) {
        *self.bytes.lock().unwrap_or_else(PoisonError::into_inner) = bytes.clone();
    }
}

impl Source for Live {
    fn len(&self) -> io::Result<u64> {
        Ok(self.now().len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let count = read(&self.now(), offset, buffer);
        if let Some(trusted) = &*self.trusted.lock().unwrap_or_else(PoisonError::into_inner) {
            trusted.forge(offset, &mut buffer[..count]);
        }
        Ok(count)
    }

    fn pause(&self, _: Duration) {}
}

/// One reader.
struct View {
    live: Live,
    reader: Reader,
    content: Content,
    /// The position of its state.
    state: usize,
    /// The committed length, and the content of a map.
    committed: usize,
    bytes: Arc<Vec<u8>>,
    /// The state was given up and precedes no later state.
    given_up: bool,
    /// The system discarded data after a failed sync.
    shaken: bool,
    /// The discarded data includes the record that is shown, so the file has no trace of the state.
    forgotten: bool,
}

/// The readers of one run.
pub(crate) struct Views {
    kept: Vec<View>,
    bug: Bug,
    /// How often a reader refreshed, and how often it was told that there is no continuation.
    pub(crate) looks: u64,
    pub(crate) told: u64,
}

const MOST: usize = 6;

impl Views {
    pub(crate) fn new(bug: Bug) -> Views {
        Views { kept: Vec::new(), bug, looks: 0, told: 0 }
    }

    /// Returns whether an event is allowed, before it happens.
    pub(crate) fn before(&mut self, event: &Event, disk: &Disk) -> Result<(), String> {
        let named = disk.names.get(Path::new(PATH)).copied();
        for view in self.kept.iter().filter(|view| !view.forgotten) {
            match event {
                Event::Write(file, at, bytes) if Some(*file) == named => {
                    let (from, to) = ((*at).max(8192), (at + bytes.len()).min(view.committed));
                    let is_pad = bytes.len() == 64 && bytes.starts_with(b"HBLK\x05");
                    if from < to && !is_pad && view.bytes[from..to] != bytes[from - at..to - at] {
                        return Err(format!(
                            "a write to {from} changes what a map of {} shows",
                            view.committed
                        ));
                    }
                }
                Event::Cut(file, length) if Some(*file) == named && *length < view.committed => {
                    return Err(format!(
                        "a cut to {length} takes away what a map of {} shows",
                        view.committed
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Refreshes all readers when a record was written, and sometimes opens a reader.
    pub(crate) fn after(&mut self, event: &Event, disk: &Disk, model: &Model) -> Result<(), String> {
        let Some(medium) = disk.named(Path::new(PATH)) else { return Ok(()) };
        for view in &mut self.kept {
            view.live.show(&medium.cache);
            if let Event::Note(Note::Seen(position)) = event {
                view.given_up |= *position < view.state;
            }
            if matches!(event, Event::Forget(_)) {
                (view.shaken, view.bytes) = (true, medium.cache.clone());
                view.forgotten |= view.committed > named(&medium.cache);
            }
        }
        match event {
            Event::Write(_, at, _) if *at < 8192 => self.follow(model),
            Event::Note(_) | Event::Cut(..) => {
                self.follow(model)?;
                self.keep(medium.cache.clone(), model)
            }
            _ => Ok(()),
        }
    }

    /// Opens a reader, if its state would differ from that of the last one.
    fn keep(&mut self, bytes: Arc<Vec<u8>>, model: &Model) -> Result<(), String> {
        let live = Live::default();
        live.show(&bytes);
        let lensed = (self.bug.lens())(Box::new(live.clone()));
        let reader = testing::open(lensed, Path::new(PATH)).map_err(|error| error.to_string())?;
        let is_new = |view: &View| view.reader.commit() != reader.commit();
        if !self.kept.iter().all(is_new) {
            return Ok(());
        }
        let content = oracle::content_of(&reader)?;
        let state = model.position(&content)?;
        if self.kept.len() == MOST {
            self.kept.remove(state % MOST).is_as_it_was()?;
        }
        let committed = reader.commit().committed_bytes as usize;
        let (given_up, shaken, forgotten) = (false, false, false);
        self.kept.push(View { live, reader, content, state, committed, bytes, given_up, shaken, forgotten });
        Ok(())
    }

    fn follow(&mut self, model: &Model) -> Result<(), String> {
        for view in &mut self.kept {
            self.looks += 1;
            let mut newer = view.reader.clone();
            let trusted = self.bug.trusts(view.reader.commit(), &view.bytes);
            *view.live.trusted.lock().unwrap_or_else(PoisonError::into_inner) = trusted;
            let found = newer.refresh();
            *view.live.trusted.lock().unwrap_or_else(PoisonError::into_inner) = None;
            match found {
                Ok(true) if view.given_up => {
                    return Err("a reader goes on from a state that was given up".into());
                }
                Ok(true) if !view.shaken => {
                    view.is_as_it_was()?;
                    let content = oracle::content_of(&newer)?;
                    let state = model.position(&content)?;
                    let (committed, bytes) = (newer.commit().committed_bytes as usize, view.live.now());
                    *view = View {
                        reader: newer,
                        content,
                        state,
                        committed,
                        bytes,
                        live: view.live.clone(),
                        ..*view
                    };
                }
                Ok(_) => {}
                Err(error) if view.shaken => self.told += u64::from(error.kind() == ErrorKind::Replaced),
                Err(error) => return Err(format!("a reader is told: {error}")),
            }
        }
        Ok(())
    }

    /// Checks at the end that all readers show their original state.
    pub(crate) fn end(&self) -> Result<(), String> {
        self.kept.iter().try_for_each(View::is_as_it_was)
    }
}

/// Returns the larger committed length of the two commit records.
fn named(bytes: &[u8]) -> usize {
    let word = |at: usize| {
        bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |it| u64::from_le_bytes(*it))
    };
    word(520).max(word(4616)) as usize
}

impl View {
    fn is_as_it_was(&self) -> Result<(), String> {
        if self.shaken {
            return Ok(());
        }
        let fresh = oracle::content_of(&self.reader)?;
        if fresh == self.content { Ok(()) } else { Err("an open reader shows something else".into()) }
    }
}
