//! One value in one file: a Hydra file with one record, replaced as a whole. It does not know the format.
#![forbid(unsafe_code)]

use super::reader::Reader;
use super::storage::Disk;
use super::writer::{Writer, WriterOptions};
use crate::{Error, ErrorKind, Hydra, Result};
use std::path::Path;

/// Writes one value to the file at `path`, in place of what is there: after a crash it holds the old value or the new
/// one, whole. It is on the disk when this returns.
///
/// Links, mode and owner stay; a writer has the file open: `Locked`; another `save` of the same file is waited for: the rules are
/// those of an [`Output`](crate::file::Output).
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("hydra-save-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("scores.hydra");
/// hydra::save(&path, &vec![("ada".to_string(), 3u32)])?;
/// let scores: Vec<(String, u32)> = hydra::load(&path)?;
/// assert_eq!(scores[0].1, 3);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), hydra::Error>(())
/// ```
pub fn save<T: Hydra>(path: impl AsRef<Path>, value: &T) -> Result<()> {
    Writer::options().save(path, value)
}

pub(crate) fn save_on<T: Hydra>(
    options: WriterOptions,
    disk: &dyn Disk,
    path: &Path,
    value: &T,
) -> Result<()> {
    let output = options.output(disk, path, true)?;
    let mut writer = output.writer(options)?;
    let table = writer.table::<T>()?;
    writer.append(table, value)?;
    writer.finish()?;
    output.publish()
}

/// Reads the value that [`save`] wrote. A file with several records of the type is not one value: `Usage`.
pub fn load<T: Hydra>(path: impl AsRef<Path>) -> Result<T> {
    let path = path.as_ref();
    let table = Reader::open(path)?.table::<T>()?;
    if table.len() > 1 {
        return Err(Error::new(ErrorKind::Usage)
            .in_file(path)
            .place(format!("table {}", table.name()))
            .expected("one record, as `save` writes it")
            .found(format!("{} records", table.len()))
            .help("read them with Reader::open"));
    }
    table.get(0)?.decode()
}
