//! Files in memory, for laws that are held against millions of them: nothing waits, nothing is lost. It knows no format.

use hydra::testing::{Disk, Source, Storage};
use hydra::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A file. Clones are handles to the same bytes.
#[derive(Clone, Debug, Default)]
pub struct File(Arc<Mutex<Vec<u8>>>);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl File {
    /// A file of these bytes.
    pub fn of(bytes: &[u8]) -> File {
        File(Arc::new(Mutex::new(bytes.to_vec())))
    }

    /// Its bytes, now.
    pub fn to_vec(&self) -> Vec<u8> {
        locked(&self.0).clone()
    }

    /// A handle to read.
    pub fn boxed(&self) -> Box<dyn Source> {
        Box::new(self.clone())
    }
}

impl Source for File {
    fn len(&self) -> io::Result<u64> {
        Ok(locked(&self.0).len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = locked(&self.0);
        let rest = usize::try_from(offset).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn pause(&self, _: Duration) {}
}

impl Storage for File {
    fn write_at(&mut self, offset: u64, slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut bytes = locked(&self.0);
        let mut at = usize::try_from(offset).map_err(io::Error::other)?;
        for slice in slices {
            let end = at.checked_add(slice.len()).filter(|end| *end <= 64 << 20);
            let end = end.ok_or(io::ErrorKind::FileTooLarge)?;
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[at..end].copy_from_slice(slice);
            at = end;
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        locked(&self.0).truncate(usize::try_from(length).map_err(io::Error::other)?);
        Ok(())
    }

    fn source(&self) -> io::Result<Box<dyn Source>> {
        Ok(self.boxed())
    }

    fn another(&self) -> io::Result<Box<dyn Storage>> {
        Ok(Box::new(self.clone()))
    }
}

/// Files by name. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<BTreeMap<PathBuf, File>>>);

impl Memory {
    /// A disk with one file.
    pub fn with(path: &str, file: &File) -> Memory {
        Memory(Arc::new(Mutex::new([(path.into(), file.clone())].into())))
    }

    /// The file of this name.
    pub fn file(&self, path: &str) -> Option<File> {
        locked(&self.0).get(Path::new(path)).cloned()
    }

    /// How many files there are.
    pub fn count(&self) -> usize {
        locked(&self.0).len()
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let mut files = locked(&self.0);
        let file = files.remove(from).ok_or(Error::new(ErrorKind::NotFound))?;
        files.insert(to.into(), file);
        Ok(())
    }
}

impl Disk for Memory {
    fn resolve(&self, path: &Path, _: bool) -> Result<PathBuf> {
        Ok(path.into())
    }

    fn open_locked(&self, path: &Path, _: bool) -> Result<Box<dyn Storage>> {
        let file = locked(&self.0).get(path).cloned();
        file.map(|file| Box::new(file) as _).ok_or(Error::new(ErrorKind::NotFound))
    }

    fn create_beside(&self, path: &Path, _: bool) -> Result<(Box<dyn Storage>, PathBuf)> {
        let (file, name) = (File::default(), path.with_extension("new"));
        locked(&self.0).insert(name.clone(), file.clone());
        Ok((Box::new(file), name))
    }

    fn publish(&self, temporary: &Path, path: &Path) -> Result<()> {
        if locked(&self.0).contains_key(path) {
            return Err(Error::new(ErrorKind::Exists));
        }
        self.rename(temporary, path)
    }

    fn replace(&self, temporary: &Path, path: &Path) -> Result<()> {
        self.rename(temporary, path)
    }

    fn discard(&self, path: &Path) {
        locked(&self.0).remove(path);
    }

    fn sync_directory(&self, _: &Path) -> Result<()> {
        Ok(())
    }
}
