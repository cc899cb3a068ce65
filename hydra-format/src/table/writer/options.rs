//! How a writer starts: its settings, and the creating and locking of files.

use super::{Auto, Writer};
use crate::store::bytes::{LINE, MAX_BLOCK_LINES, TARGET_BLOCK_BYTES};
use crate::store::log::{Durability, Log};
use crate::store::open;
use crate::store::storage::{Disk, FileDisk, Storage, random};
use crate::{Error, ErrorKind, Result};
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

/// Settings for a [`Writer`] or an [`Editor`](crate::Editor): make them with [`Writer::options`].
#[derive(Clone, Copy, Debug)]
pub struct WriterOptions {
    pub(crate) durability: Durability,
    pub(super) block_bytes: usize,
    file_id: Option<[u8; 16]>,
    pub(super) auto: Option<Auto>,
    pub(crate) lock: bool,
}

impl Default for WriterOptions {
    fn default() -> WriterOptions {
        WriterOptions {
            durability: Durability::default(),
            block_bytes: TARGET_BLOCK_BYTES,
            file_id: None,
            auto: None,
            lock: true,
        }
    }
}

impl WriterOptions {
    /// What a commit survives: [`Durability::Durable`] by default.
    pub fn durability(mut self, durability: Durability) -> WriterOptions {
        self.durability = durability;
        self
    }

    /// The size in bytes up to which blocks grow, header included: 256 KiB by default. A larger record gets a larger block.
    pub fn block_bytes(mut self, bytes: usize) -> WriterOptions {
        self.block_bytes = bytes;
        self
    }

    /// The identity of a new file: random by default. With the same identity, the same records give the same bytes.
    pub fn file_id(mut self, id: [u8; 16]) -> WriterOptions {
        self.file_id = Some(id);
        self
    }

    /// Commits by itself when so many bytes wait for a commit: never by default. [`Writer::append`] looks after each
    /// record, and an error of the commit is its error.
    pub fn commit_every(mut self, bytes: u64) -> WriterOptions {
        self.auto.get_or_insert_default().every_bytes = Some(bytes);
        self
    }

    /// Commits by itself when a record has waited so long for a commit: never by default. [`Writer::append`] looks after
    /// each record; there is no thread in the background, so what was appended last waits for the next call.
    pub fn commit_after(mut self, time: Duration) -> WriterOptions {
        self.auto.get_or_insert_default().after = Some(time);
        self
    }

    /// Takes no lock, for file systems that have none (`NoLock`). Then nothing keeps a second writer away, and two writers at once
    /// lose records and damage the file: the program has to see to it that there is one.
    pub fn without_lock(mut self) -> WriterOptions {
        self.lock = false;
        self
    }

    /// Makes a new file: see [`Writer::create`].
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

    /// The header region is synced under a temporary name before the file gets its own, so no crash leaves half of it.
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

    /// Writes a new file into empty storage; the path is for errors.
    pub(crate) fn write_to(self, storage: Box<dyn Storage>, path: &Path) -> Result<Writer> {
        self.check()?;
        Ok(self.create_in(storage)?.at(path))
    }

    /// The lock comes before the header is read.
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

    /// Goes on with the file in this storage, which is locked.
    pub(crate) fn resume_in(self, storage: Box<dyn Storage>) -> Result<Writer> {
        Ok(Writer::new(WriterOptions::go_on(storage)?, &self))
    }

    pub(crate) fn go_on(storage: Box<dyn Storage>) -> Result<Log> {
        let mut opened = open::open(&*storage)?;
        opened.header.check_writable()?;
        let help = "a damaged file is not written to: check it, and recover it";
        if let Some(found) = opened.report.refusal(help) {
            return Err(found);
        }
        Log::resume(storage, opened)
    }
}
