//! Where bytes of files come from and go to. A simulated disk can stand in for [`FileStorage`] and [`FileDisk`]. It does not
//! know what the bytes mean.
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "testing"), allow(unreachable_pub))]

use crate::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::fs::{File, Metadata, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, IoSlice, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bytes that can be read at any offset.
#[allow(clippy::len_without_is_empty)]
pub trait Source: Send + Sync {
    /// Length in bytes, now.
    fn len(&self) -> io::Result<u64>;

    /// True if the path still names this file, as far as that can be known.
    fn is_at(&self, _: &Path) -> io::Result<bool> {
        Ok(true)
    }

    /// Fills the buffer from `offset`, as far as there are bytes; tells how many.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// The part of the buffer that [`Source::read_at`] filled.
    fn read<'b>(&self, offset: u64, buffer: &'b mut [u8]) -> io::Result<&'b [u8]> {
        let count = self.read_at(offset, buffer)?;
        Ok(buffer.get(..count).unwrap_or_default())
    }

    /// `count` bytes from `offset`; fewer at the end of the file. Allocates what is there, or little.
    fn bytes(&self, offset: u64, count: usize) -> io::Result<Cow<'_, [u8]>> {
        let left = if count > 64 << 10 { self.len()?.saturating_sub(offset) } else { count as u64 };
        let mut buffer = vec![0; count.min(usize::try_from(left).unwrap_or(usize::MAX))];
        let read = self.read_at(offset, &mut buffer)?;
        buffer.truncate(read);
        Ok(Cow::Owned(buffer))
    }

    /// Lets a writer get on. Time is the storage's own: a simulated disk does not wait.
    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// An open file that can be written.
pub trait Storage: Source {
    /// Writes all of the slices, one after the other, from `offset`.
    fn write_at(&mut self, offset: u64, slices: &mut [IoSlice<'_>]) -> io::Result<()>;

    /// Returns when everything written before is on the disk.
    fn sync(&mut self) -> io::Result<()>;

    /// Makes the file this short, if that can be done; nobody relies on it.
    fn truncate(&mut self, length: u64) -> io::Result<()>;

    /// Another handle to the file, to read.
    fn source(&self) -> io::Result<Box<dyn Source>>;
}

/// The directory side: files by name.
pub trait Disk {
    /// Opens an existing regular file to write, exclusively locked.
    fn open_locked(&self, path: &Path) -> Result<Box<dyn Storage>>;

    /// Creates a locked file under a temporary name beside `path`.
    fn create_beside(&self, path: &Path) -> Result<(Box<dyn Storage>, PathBuf)>;

    /// Gives the temporary file its name, without replacing anything: `Exists` if the name is taken.
    fn publish(&self, temporary: &Path, path: &Path) -> Result<()>;

    /// Gives the temporary file its name, in place of what had it before.
    fn replace(&self, temporary: &Path, path: &Path) -> Result<()>;

    /// Removes a file of ours after a failure; best effort.
    fn discard(&self, path: &Path);

    /// Returns when the name of `path` is on the disk.
    fn sync_directory(&self, path: &Path) -> Result<()>;
}

/// A file of the operating system.
#[derive(Debug)]
pub(crate) struct FileStorage {
    file: File,
    locked: bool,
}

/// The lock ends here, even where readers go on with another handle to the same open file.
impl Drop for FileStorage {
    fn drop(&mut self) {
        if self.locked {
            // Closing the last handle releases it in any case.
            let _ = self.file.unlock();
        }
    }
}

impl FileStorage {
    /// Opens a regular file to read.
    pub(crate) fn open(path: &Path) -> Result<FileStorage> {
        open_regular(path).map(|file| FileStorage { file, locked: false })
    }

    /// Over a file that is already open.
    pub(crate) fn over(file: &File) -> io::Result<FileStorage> {
        Ok(FileStorage { file: file.try_clone()?, locked: false })
    }
}

/// Opens a regular file to read. A pipe is refused before it is opened: that can wait for ever.
pub(crate) fn open_regular(path: &Path) -> Result<File> {
    let fail = |error| Error::io(error).in_file(path);
    regular(&std::fs::metadata(path).map_err(fail)?, path)?;
    let file = File::open(path).map_err(fail)?;
    regular(&file.metadata().map_err(fail)?, path)?;
    Ok(file)
}

fn regular(metadata: &Metadata, path: &Path) -> Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let found = if metadata.is_dir() { "a directory" } else { "a pipe or device" };
    Err(Error::new(ErrorKind::NotRegular)
        .in_file(path)
        .found(found)
        .help("a Hydra file needs a regular file: copy the stream into one first"))
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
        match still_names(&self.file, path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            outcome => outcome,
        }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        // No file is longer; the system would call such an offset an error of its own.
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
}

/// The operating system's files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileDisk;

impl FileDisk {
    fn lock(file: &File, path: &Path) -> Result<()> {
        match file.try_lock() {
            Ok(()) => Ok(()),
            Err(std::fs::TryLockError::WouldBlock) => Err(Error::new(ErrorKind::Locked)
                .in_file(path)
                .help("wait until the other program has finished writing; readers are never locked out")),
            Err(std::fs::TryLockError::Error(error)) => Err(Error::io(error).in_file(path)),
        }
    }
}

/// True if the path still names this file.
#[cfg(unix)]
fn still_names(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (ours, theirs) = (file.metadata()?, std::fs::metadata(path)?);
    Ok((ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino()))
}

/// Elsewhere, an open file cannot be replaced under its name.
#[cfg(not(unix))]
fn still_names(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// The directory that holds `path`.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// A number that differs from call to call and from process to process.
pub(crate) fn random() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    if let Ok(time) = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        hasher.write_u128(time.as_nanos());
    }
    hasher.finish()
}

impl Disk for FileDisk {
    fn open_locked(&self, path: &Path) -> Result<Box<dyn Storage>> {
        let fail = |error| Error::io(error).in_file(path);
        open_regular(path)?;
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(fail)?;
        regular(&file.metadata().map_err(fail)?, path)?;
        FileDisk::lock(&file, path)?;
        if !still_names(&file, path).map_err(fail)? {
            return Err(Error::new(ErrorKind::NotRegular)
                .in_file(path)
                .what("it was replaced by another file while it was being opened")
                .help("open it again"));
        }
        Ok(Box::new(FileStorage { file, locked: true }))
    }

    fn create_beside(&self, path: &Path) -> Result<(Box<dyn Storage>, PathBuf)> {
        let Some(name) = path.file_name() else {
            return Err(Error::new(ErrorKind::Usage).in_file(path).what("the path does not name a file"));
        };
        let mut temporary_name = std::ffi::OsString::from(".");
        temporary_name.push(name);
        temporary_name.push(format!(".{:016x}.tmp", random()));
        let temporary = parent(path).join(temporary_name);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&temporary);
        let file = file.map_err(|error| Error::io(error).in_file(path))?;
        if let Err(error) = FileDisk::lock(&file, path) {
            self.discard(&temporary);
            return Err(error);
        }
        Ok((Box::new(FileStorage { file, locked: true }), temporary))
    }

    /// By a hard link and removal of the temporary name. Where there are no hard links, by reserving the name with an
    /// empty file and renaming over that: nobody's file is replaced then either, but a crash between the
    /// two leaves the empty file.
    fn publish(&self, temporary: &Path, path: &Path) -> Result<()> {
        let fail = |error: io::Error| Error::io(error).in_file(path);
        match std::fs::hard_link(temporary, path) {
            Ok(()) => {
                self.discard(temporary);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
            Err(_) => {
                OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| {
                    match error.kind() {
                        io::ErrorKind::AlreadyExists => exists(path),
                        _ => fail(error),
                    }
                })?;
                std::fs::rename(temporary, path).map_err(|error| {
                    self.discard(path);
                    fail(error)
                })
            }
        }
    }

    fn replace(&self, temporary: &Path, path: &Path) -> Result<()> {
        std::fs::rename(temporary, path).map_err(|error| Error::io(error).in_file(path))
    }

    fn discard(&self, path: &Path) {
        // The failure that led here is what the caller hears about.
        let _ = std::fs::remove_file(path);
    }

    #[cfg(unix)]
    fn sync_directory(&self, path: &Path) -> Result<()> {
        let synced = File::open(parent(path)).and_then(|directory| directory.sync_all());
        synced.map_err(|error| Error::io(error).in_file(path))
    }

    #[cfg(not(unix))]
    fn sync_directory(&self, _: &Path) -> Result<()> {
        Ok(())
    }
}

/// The error for a name that is taken.
pub fn exists(path: &Path) -> Error {
    Error::new(ErrorKind::Exists)
        .in_file(path)
        .help("choose another name or remove the file; to append to it, open it with Writer::resume")
}
