//! The settings of writers, and creating and locking files.

use super::{Auto, Writer};
use crate::store::bytes::{LINE, MAX_BLOCK_LINES, TARGET_BLOCK_BYTES};
use crate::store::log::{Durability, Log};
use crate::store::open;
use crate::store::storage::{Disk, FileDisk, Storage, random};
use crate::{Error, ErrorKind, Layout, Result};
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

/// The settings of a [`Writer`] or an [`Editor`](crate::Editor). [`Writer::options`] returns the defaults.
#[derive(Clone, Copy, Debug)]
pub struct WriterOptions {
    pub(crate) durability: Durability,
    pub(super) block_bytes: usize,
    file_id: Option<[u8; 16]>,
    pub(super) auto: Option<Auto>,
    pub(crate) lock: bool,
    pub(super) layout: Layout,
}

impl Default for WriterOptions {
    fn default() -> WriterOptions {
        WriterOptions {
            durability: Durability::default(),
            block_bytes: TARGET_BLOCK_BYTES,
            file_id: None,
            auto: None,
            lock: true,
            layout: Layout::Rows,
        }
    }
}

impl WriterOptions {
    /// Sets the durability of commits; [`Durability::Durable`] by default.
    pub fn durability(mut self, durability: Durability) -> WriterOptions {
        self.durability = durability;
        self
    }

    /// Sets the size in bytes up to which blocks grow, including the header; 256 KiB by default. A larger
    /// record gets a larger block.
    pub fn block_bytes(mut self, bytes: usize) -> WriterOptions {
        self.block_bytes = bytes;
        self
    }

    /// Sets the identity of a new file; random by default. With the same identity, the same records give the
    /// same bytes.
    pub fn file_id(mut self, id: [u8; 16]) -> WriterOptions {
        self.file_id = Some(id);
        self
    }

    /// Commits automatically when this many bytes are uncommitted; never by default. [`Writer::append`]
    /// checks this after each record, and returns the error if the commit fails.
    pub fn commit_every(mut self, bytes: u64) -> WriterOptions {
        self.auto.get_or_insert_default().every_bytes = Some(bytes);
        self
    }

    /// Commits automatically when a record is uncommitted for this long; never by default. [`Writer::append`]
    /// checks this after each record. There is no background thread, so the last records wait for the next
    /// call.
    pub fn commit_after(mut self, time: Duration) -> WriterOptions {
        self.auto.get_or_insert_default().after = Some(time);
        self
    }

    /// Takes no lock, for file systems without locks (`NoLock`). Two writers at once lose records and damage
    /// the file, so the program has to make sure that there is only one.
    pub fn without_lock(mut self) -> WriterOptions {
        self.lock = false;
        self
    }

    /// Creates a file: see [`Writer::create`].
    pub fn create(self, path: impl AsRef<Path>) -> Result<Writer> {
        self.create_on(&FileDisk, path.as_ref())
    }

    /// Opens an existing file: see [`Writer::resume`].
    pub fn resume(self, path: impl AsRef<Path>) -> Result<Writer> {
        self.resume_on(&FileDisk, path.as_ref())
    }

    pub(crate) fn check(&self) -> Result<()> {
        const ALLOWED: RangeInclusive<usize> = 2 * LINE as usize..=MAX_BLOCK_LINES as usize * LINE as usize;
        if ALLOWED.contains(&self.block_bytes) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Usage)
            .what("the size of blocks is out of range")
            .expected(format!("{} to {} bytes", ALLOWED.start(), ALLOWED.end()))
            .found(self.block_bytes.to_string()))
    }

    /// Creates a file on a disk. The header region is synced under a temporary name before the file gets its
    /// name, so a crash never leaves half of it.
    pub(crate) fn create_on(self, disk: &dyn Disk, path: &Path) -> Result<Writer> {
        const HELP: &str =
            "choose another name or remove the file; to append to it, open it with Writer::resume";
        self.check()?;
        let taken = |error: Error| if error.kind() == ErrorKind::Exists { error.help(HELP) } else { error };
        let target = disk.resolve(path, false).map_err(taken)?;
        let (storage, temporary) = disk.create_beside(&target, self.lock)?;
        let made = self.create_in(storage).and_then(|writer| disk.publish(&temporary, path).map(|()| writer));
        let writer = made.map_err(|error| {
            disk.discard(&temporary);
            taken(error).in_file(path)
        })?;
        disk.sync_directory(path).inspect_err(|_| disk.discard(path))?;
        writer.watching(path)
    }

    /// Writes a new file into empty storage; the path is used for errors.
    pub(crate) fn write_to(self, storage: Box<dyn Storage>, path: &Path) -> Result<Writer> {
        self.check()?;
        Ok(self.create_in(storage)?.at(path))
    }

    /// Opens an existing file on a disk. The file is locked before its header is read.
    pub(crate) fn resume_on(self, disk: &dyn Disk, path: &Path) -> Result<Writer> {
        self.check()?;
        let storage = disk.open_locked(path, self.lock)?;
        let writer = self.resume_in(storage).map_err(|error| error.in_file(path))?;
        writer.log.ensure_named(disk, path)?;
        writer.watching(path)
    }

    /// Writes a new file into empty storage.
    pub(crate) fn create_in(self, storage: Box<dyn Storage>) -> Result<Writer> {
        let file_id = self.file_id.unwrap_or_else(|| bytemuck::cast([random(), random()]));
        Ok(Writer::new(Log::create(storage, file_id)?, &self))
    }

    /// Resumes the file in this storage, which is locked.
    pub(crate) fn resume_in(self, storage: Box<dyn Storage>) -> Result<Writer> {
        Ok(Writer::new(WriterOptions::go_on(storage)?, &self))
    }

    pub(crate) fn go_on(storage: Box<dyn Storage>) -> Result<Log> {
        let mut opened = open::open(&*storage)?;
        opened.header.check_writable()?;
        let help = "a damaged file cannot be written to: check it, and recover it";
        if let Some(found) = opened.report.refusal(help) {
            return Err(found);
        }
        Log::resume(storage, opened)
    }
}
