//! Publishing whole files: bytes or records are written under a temporary name, and the file then gets its
//! final name in one step. [`save`] and [`load`] use this to keep one value in a file.
//!
//! This module does not depend on the format of the content. Start reading at [`Output`].

pub(crate) mod single;

pub use single::{load, load_named, save};

use crate::store::storage::{Disk, FileDisk, PAUSE, Source, Storage, check_ours};
use crate::table::writer::{Writer, WriterOptions};
use crate::{Error, ErrorKind, Result};
use std::io::{self, IoSlice, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The number of attempts to lock the file that is to be replaced. Another output releases the lock quickly;
/// a writer does not.
const TRIES: u32 = 250;

/// The temporary files of unpublished outputs, each with the id of the process that writes it.
static BEGUN: Mutex<Vec<(u32, PathBuf)>> = Mutex::new(Vec::new());

fn begun() -> MutexGuard<'static, Vec<(u32, PathBuf)>> {
    BEGUN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A temporary file that is removed when dropped, unless it was published.
struct Temporary<'d> {
    disk: &'d dyn Disk,
    path: PathBuf,
    /// The process that made it; none once another process may use the name.
    process: Option<u32>,
}

impl<'d> Temporary<'d> {
    fn new(disk: &'d dyn Disk, path: PathBuf) -> Temporary<'d> {
        let process = std::process::id();
        begun().push((process, path.clone()));
        Temporary { disk, path, process: Some(process) }
    }

    /// Gives up the name, which another process may use from now on. Returns true if it belonged to this
    /// process until now.
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

/// Options for an [`Output`].
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
    /// Sets whether an existing file is replaced. Otherwise an existing file is the error `Exists`.
    pub fn replace(mut self, replace: bool) -> OutputOptions {
        self.replace = replace;
        self
    }

    /// Disables locking, for file systems without locks: see
    /// [`WriterOptions::without_lock`](crate::file::WriterOptions::without_lock).
    pub fn without_lock(mut self) -> OutputOptions {
        self.lock = false;
        self
    }

    /// Starts a file: see [`Output`].
    pub fn begin(self, path: impl AsRef<Path>) -> Result<Output<'static>> {
        self.begin_on(&FileDisk, path.as_ref())
    }

    pub(crate) fn begin_on<'d>(self, disk: &'d dyn Disk, path: &Path) -> Result<Output<'d>> {
        let target = disk.resolve(path, self.replace)?;
        let named = |error: Error| error.known_as(&target, path);
        let (storage, temporary) = match disk.create_beside(&target, self.lock) {
            // Without a lock, nothing protects the temporary name, which is always the same.
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

/// A file that gets its name only when it is complete ([`Output::publish`]). If it is dropped before that,
/// nothing remains. Write bytes through [`Write`], or records through [`Output::writer`].
///
/// - An existing file is replaced only if [`OutputOptions::replace`] allows it. It is replaced by a rename,
///   so readers see either the old or the new file. If the path is a link, the link stays and the file that
///   it points to is replaced. The new file keeps the mode of the old one, and its owner where the system
///   permits that. Anything but a regular file is refused (`NotRegular`), and so is a file that this process
///   may not write to.
/// - The lock of the old file is taken first and held to the end. If a writer has the file open, the error is
///   `Locked`.
/// - The bytes are written beside the file under a temporary name: `.hydra-` and eight digits derived from
///   the file's name. The temporary file is locked. Another process that writes the same file waits up to ten
///   seconds and then gets `Locked`. A temporary file left by a killed process is removed by the next output
///   of the same name.
/// - The bytes are on the disk before the file gets its name, and the name is on the disk when `publish`
///   returns.
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
    /// The path as given.
    path: PathBuf,
    /// The path with all links resolved.
    target: PathBuf,
    /// Declared before `storage` and `held`, so that it is removed before their locks are released.
    temporary: Temporary<'d>,
    storage: Box<dyn Storage>,
    /// The file that is replaced, kept open for its lock.
    held: Option<Box<dyn Storage>>,
    /// The number of bytes written through `Write`.
    len: u64,
}

impl std::fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Output({})", self.path.display())
    }
}

impl Output<'_> {
    /// Returns a writer for the file's records. The records are complete after [`Writer::finish`].
    pub fn writer(&self, options: WriterOptions) -> Result<Writer> {
        let storage = self.storage.another().map_err(Error::io);
        let writer = storage.and_then(|storage| options.write_to(storage, &self.path));
        writer.map_err(|error| self.named(error))
    }

    /// Returns the bytes written so far.
    pub(crate) fn source(&self) -> &dyn Source {
        &*self.storage
    }

    /// Gives the file its name, and returns when the content and the name are on the disk.
    pub fn publish(mut self) -> Result<()> {
        if self.len > 0 {
            self.storage.sync().map_err(|error| self.named(Error::io(error)))?;
        }
        self.put().map_err(|error| self.named(error))?;
        self.temporary.forget();
        let Output { disk, options, path, target, storage, held, .. } = self;
        if options.replace {
            // Release the lock early: the next output does not have to wait for the sync of the directory.
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

    /// Removes the temporary files of all unpublished outputs of this process. Call it before a program ends
    /// without dropping them, for example on Ctrl-C.
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
            // Another process created a file there in the meantime.
            self.hold()?;
        }
        Err(Error::new(ErrorKind::Replaced).what("it is replaced again and again"))
    }

    /// Locks the file that is to be replaced, if it exists.
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
    /// Starts a file that replaces the one at `path`, or one under a free name.
    pub(crate) fn output<'d>(self, disk: &'d dyn Disk, path: &Path, replace: bool) -> Result<Output<'d>> {
        let options = OutputOptions::default().replace(replace);
        if self.lock { options } else { options.without_lock() }.begin_on(disk, path)
    }
}

/// Writes bytes. Errors contain the file's name; [`Error::io`] turns one back into an [`Error`].
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
