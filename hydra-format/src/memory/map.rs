//! The memory map of a file.

use crate::{Error, ErrorKind, Result};
use memmap2::{MmapOptions, MmapRaw};
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file mapped into memory, for [`Reader::map`](crate::Reader::map).
///
/// ```no_run
/// // SAFETY: no other program changes or truncates the file while the map lives.
/// let map = unsafe { hydra::Map::open("day.hydra")? };
/// let reader = hydra::Reader::map(map)?;
/// # Ok::<(), hydra::Error>(())
/// ```
#[derive(Debug)]
pub struct Map {
    pub(super) bytes: MmapRaw,
    file: Arc<File>,
    path: PathBuf,
}

impl Map {
    /// Maps the file at `path` with its current length.
    ///
    /// # Errors
    /// Fails if the file cannot be opened or mapped, and with `NotRegular` if it is not a regular file.
    ///
    /// # Safety
    ///
    /// While the map, or a reader or block made from it, is alive, no program other than Hydra's writers may
    /// change committed bytes of the file or make it shorter. Hydra's writers do neither: they only cut off
    /// bytes after the last commit. If this cannot be guaranteed, use [`Reader::open`](crate::Reader::open),
    /// which reads into its own buffers and is safe for every file.
    ///
    /// Changes from outside have these consequences:
    ///
    /// - If another program truncates the file, reading a page that is gone ends the process (SIGBUS), and
    ///   the rest of the last page reads as zeros.
    /// - If another program changes a block that is not verified yet, the checksum and the validation detect
    ///   the change. If it changes a verified block, that is undefined behaviour, because `&str` and `&[T]`
    ///   refer to its bytes.
    /// - If the file is renamed, or another file gets its name, the map keeps the old file, and
    ///   [`Reader::refresh`](crate::Reader::refresh) reports [`Replaced`](crate::ErrorKind::Replaced).
    /// - If the sync of the commit that is shown fails and the system discards the writes, the blocks of that
    ///   commit can change: the next writer overwrites them or changes the first header, and `refresh`
    ///   reports `Replaced`.
    pub unsafe fn open(path: impl AsRef<Path>) -> Result<Map> {
        let path = path.as_ref();
        let fail = |error: std::io::Error| Error::io(error).in_file(path);
        let file = open_regular(path)?;
        let bytes = MmapOptions::new().map_raw_read_only(&file).map_err(fail)?;
        Ok(Map { bytes, file: Arc::new(file), path: path.to_path_buf() })
    }

    /// Maps the same file again with its current length; this map stays as it is.
    pub(crate) fn again(&self) -> Result<Map> {
        // The contract of `open` covers the file for as long as anything made from the map is alive, so it
        // covers this map too.
        let bytes = MmapOptions::new().map_raw_read_only(&*self.file)?;
        Ok(Map { bytes, file: self.file.clone(), path: self.path.clone() })
    }

    /// Returns the file of the map.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Returns the path that was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Opens a regular file for reading. A pipe is refused before it is opened, because opening it can block for
/// ever.
pub(crate) fn open_regular(path: &Path) -> Result<File> {
    let fail = |error| Error::io(error).in_file(path);
    check_regular(&std::fs::metadata(path).map_err(fail)?, path)?;
    let file = File::open(path).map_err(fail)?;
    check_regular(&file.metadata().map_err(fail)?, path)?;
    Ok(file)
}

/// Returns an error if a file is a directory, a pipe or a device.
pub(crate) fn check_regular(metadata: &Metadata, path: &Path) -> Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let found = if metadata.is_dir() { "a directory" } else { "a pipe or device" };
    Err(Error::new(ErrorKind::NotRegular)
        .in_file(path)
        .found(found)
        .help("a Hydra file needs a regular file: copy the stream into one first"))
}
