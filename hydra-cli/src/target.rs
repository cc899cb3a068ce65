//! Where `convert` writes: a file that appears under its name only when it is whole, or stdout. Nothing is overwritten
//! without being asked for, and nothing half-written stays behind.
#![forbid(unsafe_code)]

use crate::console::Console;
use crate::failure::{Failure, Result};
use crate::interrupt;
use hydra::file::Writer;
use hydra::{Error, ErrorKind};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::TempPath;

/// The place of an output file.
pub(crate) struct Target {
    path: PathBuf,
    directory: PathBuf,
    force: bool,
}

impl Target {
    /// A file that may be written.
    pub(crate) fn new(path: &Path, force: bool) -> Result<Target> {
        if let Ok(metadata) = std::fs::symlink_metadata(path) {
            if !force {
                return Err(Error::new(ErrorKind::Exists).in_file(path).help("--force overwrites it").into());
            }
            let metadata = std::fs::metadata(path).unwrap_or(metadata);
            if !metadata.is_file() {
                return Err(Error::new(ErrorKind::NotRegular).in_file(path).into());
            }
        }
        // A link stays a link: what it points to is replaced.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let directory = match path.parent() {
            Some(parent) if parent != Path::new("") => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        if !directory.is_dir() {
            return Err(Error::new(ErrorKind::NotFound).in_file(path).found("no such directory").into());
        }
        Ok(Target { path, directory, force })
    }

    /// Writes a text file.
    pub(crate) fn write_text(&self, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
        let open = |path: &Path| OpenOptions::new().write(true).create_new(true).open(path);
        let (file, temporary) = self.make(open, |error| Failure::io(error, &self.path))?;
        let mut out = Labelled { out: BufWriter::with_capacity(256 << 10, file), failed: None };
        let filled = fill(&mut out).and_then(|()| Ok(out.flush()?));
        if let Some(error) = out.failed.take() {
            return Err(Failure::io(error, &self.path));
        }
        filled?;
        self.put(temporary)
    }

    /// Writes a Hydra file.
    pub(crate) fn write_hydra(&self, fill: impl FnOnce(&mut Writer) -> Result<()>) -> Result<()> {
        let mut refused = None;
        let create = |path: &Path| {
            Writer::create(path).map_err(|error| {
                let again = error.kind() == ErrorKind::Exists;
                refused = Some(self.rename(error.into(), path));
                if again { io::ErrorKind::AlreadyExists.into() } else { io::Error::other("refused") }
            })
        };
        let made = self.make(create, |error| Failure::io(error, &self.path));
        let (mut writer, temporary) = made.map_err(|failure| refused.unwrap_or(failure))?;
        let filled = fill(&mut writer).and_then(|()| Ok(writer.finish()?));
        filled.map_err(|failure| self.rename(failure, &temporary))?;
        self.put(temporary)
    }

    /// A failure on the temporary file, said of the one that it was to become.
    fn rename(&self, failure: Failure, temporary: &Path) -> Failure {
        failure.renamed(temporary, &self.path.display().to_string())
    }

    fn make<T>(
        &self,
        open: impl FnMut(&Path) -> io::Result<T>,
        fail: impl FnOnce(io::Error) -> Failure,
    ) -> Result<(T, TempPath)> {
        let made = tempfile::Builder::new().prefix(".hydra-").suffix(".tmp").make_in(&self.directory, open);
        let (file, temporary) = made.map_err(fail)?.into_parts();
        interrupt::remove(&temporary);
        Ok((file, temporary))
    }

    /// Puts the whole file in its place, and makes that last.
    fn put(&self, temporary: TempPath) -> Result<()> {
        let fail = |error| Failure::io(error, &self.path);
        File::open(&temporary).and_then(|file| file.sync_all()).map_err(fail)?;
        let put = match self.force {
            true => temporary.persist(&self.path),
            false => temporary.persist_noclobber(&self.path),
        };
        put.map_err(|error| fail(error.error))?;
        File::open(&self.directory).and_then(|directory| directory.sync_all()).map_err(fail)
    }
}

/// Writes a Hydra file to stdout, by way of a temporary one.
pub(crate) fn hydra_to_stdout(
    console: &mut Console,
    fill: impl FnOnce(&mut Writer) -> Result<()>,
) -> Result<()> {
    let directory = tempfile::tempdir().map_err(|error| Failure::io(error, &std::env::temp_dir()))?;
    interrupt::remove(directory.path());
    let path = directory.path().join("stdout.hydra");
    let mut writer = Writer::create(&path)?;
    fill(&mut writer)?;
    writer.finish()?;
    let mut file = File::open(&path).map_err(|error| Failure::io(error, &path))?;
    io::copy(&mut file, console)?;
    Ok(())
}

/// Keeps the error of a file apart from those of stdout: it has a name.
struct Labelled<W> {
    out: W,
    failed: Option<io::Error>,
}

impl<W> Labelled<W> {
    fn keep<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let kind = error.kind();
            self.failed.get_or_insert(error);
            kind.into()
        })
    }
}

impl<W: Write> Write for Labelled<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.out.write(bytes);
        self.keep(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.out.flush();
        self.keep(result)
    }
}
