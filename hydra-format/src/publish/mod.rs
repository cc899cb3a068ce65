//! Whole files: turns bytes or records that are written under a temporary name into a file of the name that they are meant
//! for, all at once, by one set of rules. [`save`] and [`load`] keep one value in one file this way.
//!
//! It does not know the format of what is in them. Start reading at [`Output`].

pub(crate) mod single;

pub use single::{load, load_named, save};

use crate::store::storage::{Disk, FileDisk, PAUSE, Source, Storage, check_ours};
use crate::table::writer::{Writer, WriterOptions};
use crate::{Error, ErrorKind, Result};
use std::io::{self, IoSlice, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How often the lock of the file that is to be replaced is tried for: another output gives it up at once, a writer does not.
const TRIES: u32 = 250;

/// The temporary files of outputs that are not published, with the process that writes them.
static BEGUN: Mutex<Vec<(u32, PathBuf)>> = Mutex::new(Vec::new());

fn begun() -> MutexGuard<'static, Vec<(u32, PathBuf)>> {
    BEGUN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A temporary file that goes, unless it was given its name.
struct Temporary<'d> {
    disk: &'d dyn Disk,
    path: PathBuf,
    /// The process that made it; none once somebody else may have the name.
    process: Option<u32>,
}

impl<'d> Temporary<'d> {
    fn new(disk: &'d dyn Disk, path: PathBuf) -> Temporary<'d> {
        let process = std::process::id();
        begun().push((process, path.clone()));
        Temporary { disk, path, process: Some(process) }
    }

    /// From now on somebody else may have the name. True if it was this process's until now.
    fn forget(&mut self) -> bool {
        let Some(process) = self.process.take() else { return false };
        let mut begun = begun();
        if let Some(own) = begun.iter().position(|(owner, path)| (*owner, path) == (process, &self.path)) {
            begun.swap_remove(own);
        }
        process == std::process::id()
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if self.forget() {
            self.disk.discard(&self.path);
        }
    }
}

/// How an [`Output`] gets its name.
#[derive(Clone, Copy, Debug)]
pub struct OutputOptions {
    replace: bool,
    lock: bool,
}

impl Default for OutputOptions {
    fn default() -> OutputOptions {
        OutputOptions { replace: false, lock: true }
    }
}

impl OutputOptions {
    /// Takes the place of a file that is there. Without this, that is the error `Exists`.
    pub fn replace(mut self, replace: bool) -> OutputOptions {
        self.replace = replace;
        self
    }

    /// Takes no lock, for file systems that have none: see [`WriterOptions::without_lock`](crate::file::WriterOptions::without_lock).
    pub fn without_lock(mut self) -> OutputOptions {
        self.lock = false;
        self
    }

    /// Begins a file: see [`Output`].
    pub fn begin(self, path: impl AsRef<Path>) -> Result<Output<'static>> {
        self.begin_on(&FileDisk, path.as_ref())
    }

    pub(crate) fn begin_on<'d>(self, disk: &'d dyn Disk, path: &Path) -> Result<Output<'d>> {
        let target = disk.resolve(path, self.replace)?;
        let named = |error: Error| error.known_as(&target, path);
        let (storage, temporary) = match disk.create_beside(&target, self.lock) {
            // Without a lock nobody is kept from the one name that is always the same.
            Err(error) if error.kind() == ErrorKind::NoLock => disk.create_beside(&target, false),
            made => made,
        }
        .map_err(named)?;
        let temporary = Temporary::new(disk, temporary);
        let path = path.to_path_buf();
        let mut output = Output { disk, options: self, path, target, temporary, storage, held: None, len: 0 };
        if self.replace {
            output.hold()?;
        }
        Ok(output)
    }
}

/// A file that gets its name when it is whole: [`Output::publish`]. Dropped before that, it leaves nothing behind. What is written
/// is bytes, through [`Write`], or records: [`Output::writer`].
///
/// - What has the name is replaced only if [`OutputOptions::replace`] says so: by a rename, so that readers see the old file or the new one. A
///   link stays: the file that it names is replaced. The new file has the mode of the old one, and its owner where the system
///   allows that. What is no regular file is refused (`NotRegular`), and so is a file that this process may not write to.
/// - The old file's lock is taken first, and held to the end. A writer has it open: `Locked`.
/// - The bytes are written under a temporary name beside the file, `.hydra-` and eight digits from its name, locked. Who writes the
///   same file at the same time waits up to ten seconds, then: `Locked`. A temporary file that a killed process left goes
///   with the next output of the same name.
/// - The bytes are on the disk before the file gets its name, and the name is when `publish` returns.
///
/// ```
/// use hydra::file::OutputOptions;
/// use std::io::Write;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("day.csv");
///
/// let mut output = OutputOptions::default().replace(true).begin(&path)?;
/// output.write_all(b"time,price\n")?;
/// output.publish()?;
/// assert_eq!(std::fs::read(&path)?, b"time,price\n");
/// # Ok::<(), hydra::Error>(())
/// ```
pub struct Output<'d> {
    disk: &'d dyn Disk,
    options: OutputOptions,
    /// As it was given.
    path: PathBuf,
    /// What it names, behind all links.
    target: PathBuf,
    /// Goes before the lock does.
    temporary: Temporary<'d>,
    storage: Box<dyn Storage>,
    /// The file that is replaced, for its lock.
    held: Option<Box<dyn Storage>>,
    /// How many bytes were written through `Write`.
    len: u64,
}

impl std::fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Output({})", self.path.display())
    }
}

impl Output<'_> {
    /// A writer of the file's records, which are whole after [`Writer::finish`].
    pub fn writer(&self, options: WriterOptions) -> Result<Writer> {
        let storage = self.storage.another().map_err(Error::io);
        let writer = storage.and_then(|storage| options.write_to(storage, &self.path));
        writer.map_err(|error| self.named(error))
    }

    /// The bytes so far.
    pub(crate) fn source(&self) -> &dyn Source {
        &*self.storage
    }

    /// Gives the file its name, and returns when both are on the disk.
    pub fn publish(mut self) -> Result<()> {
        if self.len > 0 {
            self.storage.sync().map_err(|error| self.named(Error::io(error)))?;
        }
        self.put().map_err(|error| self.named(error))?;
        self.temporary.forget();
        let Output { disk, options, path, target, storage, held, .. } = self;
        if options.replace {
            // Who waits to replace it again need not wait for the directory.
            drop((storage, held));
        }
        let synced = disk.sync_directory(&target);
        let synced = synced.inspect_err(|_| {
            if !options.replace {
                disk.discard(&target)
            }
        });
        synced.map_err(|error| error.known_as(&target, &path))
    }

    /// Removes the temporary files of all outputs that this process has begun and not published: for a program that is about to
    /// end without dropping them, as on Ctrl-C.
    pub fn discard_all() {
        let process = std::process::id();
        for (owner, temporary) in begun().drain(..) {
            if owner == process {
                FileDisk.discard(&temporary);
            }
        }
    }

    fn named(&self, error: Error) -> Error {
        error.known_as(&self.target, &self.path)
    }

    /// Gives the file its name.
    fn put(&mut self) -> Result<()> {
        check_ours(&*self.storage)?;
        for _ in 0..TRIES {
            match &self.held {
                Some(held) if held.is_at(&self.target)? => {
                    return self.disk.replace(&self.temporary.path, &self.target);
                }
                None => match self.disk.publish(&self.temporary.path, &self.target) {
                    Err(error) if self.options.replace && error.kind() == ErrorKind::Exists => {}
                    done => return done,
                },
                Some(_) => {}
            }
            // Somebody put another file there in the meantime.
            self.hold()?;
        }
        Err(Error::new(ErrorKind::Replaced).what("it is replaced again and again"))
    }

    /// Takes the lock of the file that is to be replaced, if there is one.
    fn hold(&mut self) -> Result<()> {
        self.held = None;
        let mut tries = 0..TRIES;
        loop {
            match self.disk.open_locked(&self.target, self.options.lock) {
                Ok(held) => self.held = Some(held),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) if error.kind() == ErrorKind::Locked && tries.next().is_some() => {
                    self.storage.pause(PAUSE);
                    continue;
                }
                Err(error) => return Err(self.named(error)),
            }
            return Ok(());
        }
    }
}

impl WriterOptions {
    /// Begins a file in place of what is at `path`, or under a name that is free.
    pub(crate) fn output<'d>(self, disk: &'d dyn Disk, path: &Path, replace: bool) -> Result<Output<'d>> {
        let options = OutputOptions::default().replace(replace);
        if self.lock { options } else { options.without_lock() }.begin_on(disk, path)
    }
}

/// Errors name the file: [`Error::io`] gives it back.
impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let outcome = check_ours(&*self.storage)
            .and_then(|()| Ok(self.storage.write_at(self.len, &mut [IoSlice::new(bytes)])?));
        outcome.map_err(|error| io::Error::other(self.named(error)))?;
        self.len = self.len.saturating_add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
