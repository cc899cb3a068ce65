//! Storage of files: reading, writing, locking and naming them. A simulated disk can replace [`FileStorage`]
//! and [`FileDisk`].
#![cfg_attr(not(feature = "testing"), allow(unreachable_pub))]

use crate::memory::{check_regular, open_regular};
use crate::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, IoSlice, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf, is_separator};
use std::time::{Duration, SystemTime};

/// Bytes that can be read at any offset.
#[allow(clippy::len_without_is_empty)]
pub trait Source: Send + Sync {
    /// Returns the current length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Returns whether the path still refers to this file, as far as that can be determined.
    fn is_at(&self, _: &Path) -> io::Result<bool> {
        Ok(true)
    }

    /// Fills the buffer from `offset`, as far as there are bytes, and returns how many.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Returns the part of the buffer that [`Source::read_at`] filled.
    fn read<'b>(&self, offset: u64, buffer: &'b mut [u8]) -> io::Result<&'b [u8]> {
        let count = self.read_at(offset, buffer)?;
        Ok(buffer.get(..count).unwrap_or_default())
    }

    /// Returns `count` bytes from `offset`, or fewer at the end of the file. It allocates about as much as
    /// the file has.
    fn bytes(&self, offset: u64, count: usize) -> io::Result<Cow<'_, [u8]>> {
        let left = if count > 64 << 10 { self.len()?.saturating_sub(offset) } else { count as u64 };
        let mut buffer = vec![0; count.min(usize::try_from(left).unwrap_or(usize::MAX))];
        let read = self.read_at(offset, &mut buffer)?;
        buffer.truncate(read);
        Ok(Cow::Owned(buffer))
    }

    /// Waits for a writer to make progress. The storage determines the time: a simulated disk does not wait.
    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// An open file that can be written.
pub trait Storage: Source {
    /// Writes all slices one after the other from `offset`.
    fn write_at(&mut self, offset: u64, slices: &mut [IoSlice<'_>]) -> io::Result<()>;

    /// Returns when everything written before is on the disk.
    fn sync(&mut self) -> io::Result<()>;

    /// Truncates the file, if that is possible; no code depends on it.
    fn truncate(&mut self, length: u64) -> io::Result<()>;

    /// Returns another handle to the file for reading.
    fn source(&self) -> io::Result<Box<dyn Source>>;

    /// Returns another handle to the file for writing; the lock stays with this one.
    fn another(&self) -> io::Result<Box<dyn Storage>>;

    /// Returns false in a child of the process that opened the file.
    fn is_ours(&self) -> bool {
        true
    }
}

/// Directories: files by name.
pub trait Disk {
    /// Returns the path of the file that will be created. With `replace`, a file may exist, and links are
    /// followed to it.
    fn resolve(&self, path: &Path, replace: bool) -> Result<PathBuf>;

    /// Opens an existing regular file for writing, with an exclusive lock if `lock` is set.
    fn open_locked(&self, path: &Path, lock: bool) -> Result<Box<dyn Storage>>;

    /// Creates a file under a temporary name beside `path`, in place of one that was left behind. With a lock
    /// the name is always the same, and the call waits for a while for another program that uses it; without
    /// a lock the name is random.
    fn create_beside(&self, path: &Path, lock: bool) -> Result<(Box<dyn Storage>, PathBuf)>;

    /// Renames the temporary file without replacing anything: fails with `Exists` if the name is taken.
    fn publish(&self, temporary: &Path, path: &Path) -> Result<()>;

    /// Renames the temporary file over the file that has the name, and copies the mode and owner of that
    /// file.
    fn replace(&self, temporary: &Path, path: &Path) -> Result<()>;

    /// Removes a file of this process after a failure, if possible.
    fn discard(&self, path: &Path);

    /// Returns when the name of `path` is on the disk.
    fn sync_directory(&self, path: &Path) -> Result<()>;
}

/// A file of the operating system.
#[derive(Debug)]
pub(crate) struct FileStorage {
    file: File,
    /// The process that opened the file.
    process: u32,
    locked: bool,
}

/// Releases the lock, even if readers keep another handle to the same open file. A child process shares the
/// open file, but the lock belongs to its parent.
impl Drop for FileStorage {
    fn drop(&mut self) {
        if self.locked && self.is_ours() {
            // Closing the last handle releases the lock in any case.
            let _ = self.file.unlock();
        }
    }
}

impl FileStorage {
    fn new(file: File, locked: bool) -> FileStorage {
        FileStorage { file, process: std::process::id(), locked }
    }

    /// Opens a regular file for reading.
    pub(crate) fn open(path: &Path) -> Result<FileStorage> {
        open_regular(path).map(|file| FileStorage::new(file, false))
    }

    /// Wraps an open file.
    pub(crate) fn over(file: &File) -> io::Result<FileStorage> {
        Ok(FileStorage::new(file.try_clone()?, false))
    }
}

#[cfg(unix)]
fn read_some(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_some(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

impl Source for FileStorage {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        still_names(&self.file, path).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(false),
            // A program that gave up rights after it opened the file cannot determine this.
            io::ErrorKind::PermissionDenied => Ok(true),
            _ => Err(error),
        })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        // No file is that long; the system would report such an offset as an error.
        if i64::try_from(offset.saturating_add(buffer.len() as u64)).is_err() {
            return Ok(0);
        }
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match read_some(&self.file, offset.saturating_add(done as u64), rest) {
                Ok(0) => break,
                Ok(count) => done = done.saturating_add(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }
}

impl Storage for FileStorage {
    fn write_at(&mut self, offset: u64, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset))?;
        IoSlice::advance_slices(&mut slices, 0);
        while !slices.is_empty() {
            match self.file.write_vectored(slices) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => IoSlice::advance_slices(&mut slices, count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn source(&self) -> io::Result<Box<dyn Source>> {
        Ok(Box::new(FileStorage::over(&self.file)?))
    }

    fn another(&self) -> io::Result<Box<dyn Storage>> {
        Ok(Box::new(FileStorage { file: self.file.try_clone()?, process: self.process, locked: false }))
    }

    fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }
}

/// The file system of the operating system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileDisk;

/// The number of attempts to get a lock or a name that is about to be released, and the time between them.
const TRIES: u32 = 5_000;
pub(crate) const PAUSE: Duration = Duration::from_millis(2);

impl FileDisk {
    fn lock(file: &File, path: &Path) -> Result<()> {
        match file.try_lock() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => Err(Error::new(ErrorKind::Locked)
                .in_file(path)
                .help("wait until the other program has finished writing; readers are never locked out")),
            Err(TryLockError::Error(error)) => Err(Error::new(ErrorKind::NoLock)
                .in_file(path)
                .expected("an exclusive lock on the whole file (flock)")
                .found(error.to_string())),
        }
    }

    /// Opens and locks the file; `None` if the path no longer refers to it.
    fn open_once(path: &Path, lock: bool) -> Result<Option<File>> {
        let fail = |error| Error::io(error).in_file(path);
        check_regular(&std::fs::metadata(path).map_err(fail)?, path)?;
        let file =
            OpenOptions::new().read(true).write(true).open(path).map_err(|error| match error.kind() {
                io::ErrorKind::PermissionDenied => fail(error)
                    .help("this process has no permission to write to the file, so it cannot replace it"),
                _ => fail(error),
            })?;
        check_regular(&file.metadata().map_err(fail)?, path)?;
        if lock {
            FileDisk::lock(&file, path)?;
        }
        Ok(still_names(&file, path).unwrap_or_default().then_some(file))
    }

    /// Creates a locked file of this name. An existing file that is not locked was left behind, and is
    /// removed.
    fn claim(temporary: &Path, path: &Path) -> Result<File> {
        for _ in 0..TRIES {
            match private(path).open(temporary) {
                Ok(file) => match FileDisk::lock(&file, path) {
                    Ok(()) if still_names(&file, temporary).unwrap_or_default() => return Ok(file),
                    // Another process removed the file as left behind before it was locked.
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::Locked => {}
                    Err(error) => {
                        let _ = std::fs::remove_file(temporary);
                        return Err(error);
                    }
                },
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    match FileDisk::open_once(temporary, true) {
                        Ok(Some(_held)) => std::fs::remove_file(temporary).map_err(Error::io)?,
                        Ok(None) => {}
                        Err(error) if error.kind() == ErrorKind::NotFound => {
                            if temporary.is_symlink() {
                                std::fs::remove_file(temporary).map_err(Error::io)?;
                            }
                        }
                        Err(error) if error.kind() == ErrorKind::Locked => std::thread::sleep(PAUSE),
                        Err(error) => return Err(error),
                    }
                }
                Err(error) => return Err(unmade(error, path)),
            }
        }
        Err(Error::new(ErrorKind::Locked)
            .in_file(path)
            .what("another program is replacing it")
            .help("wait until the other program is done"))
    }
}

/// Returns the options for a temporary file, which only the owner can read if not everybody can read the file
/// that it replaces.
fn private(path: &Path) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    if path.exists() {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    options
}

/// Creates the error for a file that cannot be created.
fn unmade(error: io::Error, path: &Path) -> Error {
    let missing = error.kind() == io::ErrorKind::NotFound;
    let error = Error::io(error).in_file(path);
    if missing { error.found(format!("no such directory: {}", parent(path).display())) } else { error }
}

/// Copies mode and owner of a file to another, as far as permitted; no user gets rights that they did not
/// have.
#[cfg(unix)]
fn look_like(file: &File, other: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let own = file.metadata()?;
    let mut mode = other.mode() & 0o777;
    if own.gid() != other.gid() && fchown(file, None, Some(other.gid())).is_err() {
        mode = (mode & 0o707) | ((mode & 0o007) << 3);
    }
    if own.mode() & 0o777 != mode {
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
    }
    if own.uid() != other.uid() {
        let _ = fchown(file, Some(other.uid()), None);
    }
    Ok(())
}

#[cfg(not(unix))]
fn look_like(file: &File, other: &Metadata) -> io::Result<()> {
    file.set_permissions(other.permissions())
}

/// Returns whether the path still refers to this file.
#[cfg(unix)]
fn still_names(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (ours, theirs) = (file.metadata()?, std::fs::metadata(path)?);
    Ok((ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino()))
}

/// Returns true, because an open file cannot be replaced under its name on these systems.
#[cfg(not(unix))]
fn still_names(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Returns the directory that contains `path`.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Returns a number that differs from call to call and from process to process.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one((std::process::id(), SystemTime::now()))
}

/// Returns the target of a link whose target does not exist.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..40 {
        match std::fs::read_link(&path) {
            Ok(next) => path = parent(&path).join(next),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("the links form a cycle"))
}

impl Disk for FileDisk {
    fn resolve(&self, path: &Path, replace: bool) -> Result<PathBuf> {
        let text = path.as_os_str().as_encoded_bytes();
        let bare =
            text.strip_suffix(b".").unwrap_or(text).last().is_some_and(|last| is_separator(*last as char));
        if path.file_name().is_none() || bare {
            return Err(Error::new(ErrorKind::Usage)
                .in_file(path)
                .what("the path does not name a file")
                .help("a path that ends with a separator or with dots names a directory: add the name of the file"));
        }
        if !replace {
            let taken = path.symlink_metadata().is_ok();
            return if taken { Err(exists(path)) } else { Ok(path.to_path_buf()) };
        }
        let target = match std::fs::metadata(path) {
            Ok(metadata) => {
                let help = "only regular files are replaced: write to one, and copy it from there";
                check_regular(&metadata, path).map_err(|error| error.help(help))?;
                std::fs::canonicalize(path)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                follow(path).and_then(std::path::absolute)
            }
            Err(error) => Err(error),
        };
        target.map_err(|error| Error::io(error).in_file(path))
    }

    fn open_locked(&self, path: &Path, lock: bool) -> Result<Box<dyn Storage>> {
        for _ in 0..TRIES {
            if let Some(file) = FileDisk::open_once(path, lock)? {
                return Ok(Box::new(FileStorage::new(file, lock)));
            }
        }
        Err(Error::new(ErrorKind::Replaced).in_file(path).what("other programs keep replacing it"))
    }

    fn create_beside(&self, path: &Path, lock: bool) -> Result<(Box<dyn Storage>, PathBuf)> {
        let name = crc32fast::hash(path.file_name().unwrap_or_default().as_encoded_bytes());
        let salt = if lock { String::new() } else { format!("{:016x}-", random()) };
        let temporary = parent(path).join(format!(".hydra-{salt}{name:08x}.tmp"));
        let file = match lock {
            true => FileDisk::claim(&temporary, path),
            false => private(path).open(&temporary).map_err(|error| unmade(error, path)),
        }?;
        Ok((Box::new(FileStorage::new(file, lock)), temporary))
    }

    /// Publishes by a hard link and removal of the temporary name. Without hard links, it reserves the name
    /// with an empty file and renames over that: this never replaces another program's file, but a crash
    /// between the two leaves the empty file.
    fn publish(&self, temporary: &Path, path: &Path) -> Result<()> {
        use io::ErrorKind::{AlreadyExists, NotFound};
        let fail = |error: io::Error| match error.kind() {
            AlreadyExists => exists(path),
            _ => Error::io(error).in_file(path),
        };
        match std::fs::hard_link(temporary, path) {
            Ok(()) => {
                self.discard(temporary);
                return Ok(());
            }
            Err(error) if matches!(error.kind(), AlreadyExists | NotFound) => return Err(fail(error)),
            Err(_) => {}
        }
        File::create_new(path).map_err(fail)?;
        std::fs::rename(temporary, path).inspect_err(|_| self.discard(path)).map_err(fail)
    }

    fn replace(&self, temporary: &Path, path: &Path) -> Result<()> {
        let fail = |error: io::Error| Error::io(error).in_file(path);
        if let Ok(old) = std::fs::metadata(path) {
            File::open(temporary).and_then(|file| look_like(&file, &old)).map_err(fail)?;
        }
        std::fs::rename(temporary, path).map_err(fail)
    }

    fn discard(&self, path: &Path) {
        // The caller reports the failure that led here.
        let _ = std::fs::remove_file(path);
    }

    /// A directory that is writable but not readable cannot be synced, and some systems cannot sync any: then
    /// the file is synced again, which also writes its name on journaling file systems.
    #[cfg(unix)]
    fn sync_directory(&self, path: &Path) -> Result<()> {
        use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
        let synced = File::open(parent(path)).and_then(|directory| directory.sync_all());
        let synced = synced.or_else(|error| match error.kind() {
            PermissionDenied | InvalidInput | Unsupported => {
                File::open(path).and_then(|file| file.sync_all())
            }
            _ => Err(error),
        });
        synced.map_err(|error| Error::io(error).in_file(path))
    }

    #[cfg(not(unix))]
    fn sync_directory(&self, _: &Path) -> Result<()> {
        Ok(())
    }
}

/// Returns an error in a child of the process that opened the file.
pub(crate) fn check_ours(storage: &dyn Storage) -> Result<()> {
    match storage.is_ours() {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::Locked)
            .what("it belongs to the parent process")
            .help("close it in the parent process, then open the file in the child")),
    }
}

/// Creates the error for a name that is taken.
pub fn exists(path: &Path) -> Error {
    Error::new(ErrorKind::Exists).in_file(path).help("choose another name or remove the file")
}
