//! One value in one file: a Hydra file with a single record that is replaced as a whole. This module does not
//! depend on the format.

use crate::store::storage::{Disk, FileDisk};
use crate::table::reader::Reader;
use crate::table::table::Table;
use crate::table::writer::{Writer, WriterOptions};
use crate::{Error, ErrorKind, Hydra, Result};
use std::path::Path;

/// Writes one value to the file at `path` and replaces what is there. After a crash the file holds the
/// complete old value or the complete new one. The value is on the disk when this function returns.
///
/// Links, mode and owner are kept, a concurrent `save` of the same file is waited for, and the error is
/// `Locked` if a writer has the file open. [`Output`](crate::file::Output) describes the rules.
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

impl WriterOptions {
    /// Writes one value in place of the file at `path`: see [`crate::save`].
    pub fn save<T: Hydra>(self, path: impl AsRef<Path>, value: &T) -> Result<()> {
        save_on(self, &FileDisk, path.as_ref(), value)
    }
}

/// Reads the value that [`save`] wrote.
///
/// # Errors
/// `Usage` if the file has several records of the type, `NoSuchPath` if it has none, and the errors of
/// opening and reading the file.
pub fn load<T: Hydra>(path: impl AsRef<Path>) -> Result<T> {
    one(Reader::open(path)?.table::<T>()?)
}

/// Reads the only record of the table with this name, as [`load`] does, for a file whose writer named the
/// table ([`Writer::table_named`]).
pub fn load_named<T: Hydra>(path: impl AsRef<Path>, table: &str) -> Result<T> {
    one(Reader::open(path)?.table_named::<T>(table)?)
}

fn one<T: Hydra>(table: Table<T>) -> Result<T> {
    let error = match table.len() {
        0 => Error::new(ErrorKind::NoSuchPath).what("the file has no record of the type"),
        1 => return table.get(0)?.decode(),
        _ => Error::new(ErrorKind::Usage).help("read them with Reader::open"),
    };
    Err(error
        .in_file(table.snapshot.path())
        .place(format!("table {}", table.name()))
        .expected("one record, as `save` writes it")
        .found(format!("{} records", table.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_record_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none.hydra");
        let mut file = Writer::create(&path).unwrap();
        file.table_named::<u32>("n").unwrap();
        file.table::<u64>().unwrap();
        file.finish().unwrap();
        for error in [load::<u64>(&path).unwrap_err(), load_named::<u32>(&path, "n").unwrap_err()] {
            assert_eq!((error.kind(), error.file()), (ErrorKind::NoSuchPath, Some(&*path)));
            assert!(error.message().contains("the file has no record of the type"), "{error}");
            assert!(!error.to_string().contains("index"), "{error}");
        }
    }
}
