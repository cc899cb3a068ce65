//! The memory map of a file.

use crate::{Error, ErrorKind, Result};
use memmap2::{MmapOptions, MmapRaw};
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file mapped into memory, to be read through [`Reader::map`](crate::Reader::map).
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
    /// Maps the file at `path` as it is now.
    ///
    /// # Safety
    ///
    /// While the map lives, or a reader or block that came from it, no program other than Hydra's writers changes committed
    /// bytes of the file or makes it shorter. Hydra's own writers never do either: what they cut off is behind the last commit. A foreign program that changes mapped
    /// bytes makes `&str` and `&[T]` into them undefined behaviour; one that truncates the file makes reading a
    /// page that is gone end the process (SIGBUS). Where that cannot be promised, use
    /// [`Reader::open`](crate::Reader::open), which reads into its own buffers and is safe.
    /// `docs/DESIGN.md` says what is believed of a mapped block, and why.
    pub unsafe fn open(path: impl AsRef<Path>) -> Result<Map> {
        let path = path.as_ref();
        let fail = |error: std::io::Error| Error::io(error).in_file(path);
        let file = open_regular(path)?;
        let bytes = MmapOptions::new().map_raw_read_only(&file).map_err(fail)?;
        Ok(Map { bytes, file: Arc::new(file), path: path.to_path_buf() })
    }

    /// Another map of the same file, as long as it is now; this one stays as it is.
    pub(crate) fn again(&self) -> Result<Map> {
        // The promise made to `open` is about this file, for as long as what came from the map lives: this map, too.
        let bytes = MmapOptions::new().map_raw_read_only(&*self.file)?;
        Ok(Map { bytes, file: self.file.clone(), path: self.path.clone() })
    }

    /// The file behind the map.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// The path that was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Opens a regular file to read. A pipe is refused before it is opened: that can wait for ever.
pub(crate) fn open_regular(path: &Path) -> Result<File> {
    let fail = |error| Error::io(error).in_file(path);
    check_regular(&std::fs::metadata(path).map_err(fail)?, path)?;
    let file = File::open(path).map_err(fail)?;
    check_regular(&file.metadata().map_err(fail)?, path)?;
    Ok(file)
}

/// An error if a file is a directory, a pipe or a device.
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
