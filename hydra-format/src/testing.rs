//! The library on a simulated disk, for the tests of this project: the same code with the storage passed in.
//! It is not part of the API.

use crate::file::{Compaction, RecoverOptions, Recovery, WriterOptions};
use crate::publish::single::save_on;
use crate::repair::check::{CheckSummary, check_source};
use crate::repair::compact::compact_on;
use crate::repair::recover::recover_on;
use crate::{Editor, Error, Hydra, Layout, Reader, Result, Writer};
use std::path::Path;

pub use crate::store::storage::{Disk, Source, Storage, exists};

/// Runs [`Writer::create`] on this disk.
pub fn create(options: WriterOptions, disk: &dyn Disk, path: &Path) -> Result<Writer> {
    options.create_on(disk, path)
}

/// Runs [`Writer::resume`] on this disk.
pub fn resume(options: WriterOptions, disk: &dyn Disk, path: &Path) -> Result<Writer> {
    options.resume_on(disk, path)
}

/// Runs [`Editor::open`] on this disk.
pub fn edit(options: WriterOptions, disk: &dyn Disk, path: &Path) -> Result<Editor> {
    options.edit_on(disk, path)
}

/// Runs [`Reader::open`] on this source.
pub fn open(source: Box<dyn Source>, path: &Path) -> Result<Reader> {
    Reader::over(source, path)
}

/// Runs [`crate::file::check`] on this source.
pub fn check(source: &dyn Source, report: &mut dyn FnMut(Error)) -> Result<CheckSummary> {
    check_source(source, report, &mut |_, _| {})
}

/// Runs [`crate::file::recover()`] from this source to this disk.
pub fn recover(
    source: Box<dyn Source>,
    disk: &dyn Disk,
    path: &Path,
    options: RecoverOptions,
) -> Result<Recovery> {
    recover_on(source, Path::new("input"), Some((disk, path)), options, &mut |_, _| {})
}

/// Runs [`crate::file::survey`] on this source.
pub fn survey(source: Box<dyn Source>, options: RecoverOptions) -> Result<Recovery> {
    recover_on(source, Path::new("input"), None, options, &mut |_, _| {})
}

/// Runs [`crate::file::compact`] from this source to this disk.
pub fn compact(source: Box<dyn Source>, disk: &dyn Disk, path: &Path) -> Result<Compaction> {
    compact_as(source, disk, path, None)
}

/// The same, with a layout for all blocks.
pub fn compact_as(
    source: Box<dyn Source>,
    disk: &dyn Disk,
    path: &Path,
    layout: Option<Layout>,
) -> Result<Compaction> {
    compact_on(source, Path::new("input"), (disk, path), layout, &mut |_, _| {})
}

/// Picks the encodings of the columns that this thread writes by a seed, instead of the smallest ones, and keeps
/// columns where rows are smaller; `None` ends this.
pub fn force_encodings(seed: Option<u64>) {
    crate::layout::columns::force(seed);
}

/// Runs [`crate::save`] on this disk.
pub fn save<T: Hydra>(disk: &dyn Disk, path: &Path, value: &T) -> Result<()> {
    save_on(Writer::options(), disk, path, value)
}
