//! Writing: assigns places to blocks, writes them in aligned runs, and commits them (FORMAT.md, sections 9
//! and 10.3 to 10.7). It does not depend on values or types.

use super::block::{BlockAt, BlockHeader, BlockKind, PayloadParts, SealedBlock};
use super::bytes::{
    CLOSED, DIRECTORY_EVERY, HEADER_AT, LINE, MAX_FILE, MAX_UNSYNCED, NODE_ENTRIES, REGION, REPLACES, RUN,
    SLOT_AT, put,
};
use super::catalog::{Catalog, TableInfo};
use super::commit::Commit;
use super::header::FileHeader;
use super::index::{self, Entry, IndexSchema};
use super::open::{self, Opened};
use super::schema_block::SchemaBlock;
use super::storage::{Disk, Source, Storage, check_ours};
use crate::{Error, ErrorKind, Result, Schema};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The durability of a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// A commit survives a power cut: it is on the disk when `commit` returns.
    #[default]
    Durable,
    /// A commit survives the end of this process, however it ends. A power cut may lose the last commits as a
    /// whole. This is faster.
    Buffered,
}

/// A block that has a place and is not written yet.
struct Placed {
    line: [u8; LINE as usize],
    parts: PayloadParts,
    bytes: u64,
}

/// What opening for writing does just before the first byte is written.
struct Rewrite {
    /// The PAD blocks that cover the bytes between the accepted state and the end of earlier writes.
    pads: Vec<BlockAt>,
    /// The commit record of the same state with these blocks.
    next: Commit,
    /// Whether one record was invalid: then both are written, so that the loss of another one does not lose
    /// the epoch.
    both: bool,
}

/// A file that is being written.
pub(crate) struct Log {
    storage: Box<dyn Storage>,
    header: FileHeader,
    pub(crate) catalog: Catalog,
    /// The state that the next commit record will describe.
    state: Commit,
    /// The newest commit record and its slot.
    newest: (Commit, usize),
    /// The slot of the newest record that is synced.
    pinned: usize,
    /// Every byte of a block below this offset is synced.
    synced: u64,
    /// Every byte of a block below this offset is written, so the file is at least this long.
    written: u64,
    /// The place of the next block.
    end: u64,
    queue: VecDeque<Placed>,
    spare: Vec<PayloadParts>,
    /// The newest INDEX block of either role.
    last_index: u64,
    /// The number of blocks after which a directory is due.
    directory_due: u64,
    /// The largest number of nodes that precede the next directory.
    due_nodes: u64,
    rewrite: Option<Rewrite>,
    /// Whether a block was added.
    touched: bool,
    stopped: Option<String>,
    /// The absolute path of the file; `None` while it has a temporary name.
    path: Option<PathBuf>,
}

/// The number of directory entries that a full node saves.
const NODE_SAVES: usize = NODE_ENTRIES - 1;

/// Returns the largest number of nodes that a table adds before the next directory.
fn due_nodes(table: &TableInfo) -> u64 {
    (table.entries.len() / NODE_SAVES) as u64
}

/// The most bytes that are covered: 4,096 PAD blocks of 256 GiB.
const MAX_COVER: u64 = 1 << 50;

/// Encodes a header region with the same record in both slots.
fn new_region(header: &FileHeader, commit: &Commit) -> Vec<u8> {
    let mut region = vec![0; REGION as usize];
    for (line, slot) in HEADER_AT.into_iter().zip(SLOT_AT) {
        put(&mut region, line as usize, &header.encode());
        put(&mut region, slot as usize, &commit.encode(&header.file_id));
    }
    region
}

/// Creates the error about a sequence or epoch that reached its limit.
#[cold]
fn exhausted() -> Error {
    Error::new(ErrorKind::TooLarge).what("the file was opened for writing or committed to too many times")
}

impl Log {
    /// Writes the header region of a new file and syncs it.
    pub(crate) fn create(mut storage: Box<dyn Storage>, file_id: [u8; 16]) -> Result<Log> {
        let header = FileHeader::new(file_id);
        let commit = Commit::first();
        storage.write_at(0, &mut [IoSlice::new(&new_region(&header, &commit))])?;
        storage.sync()?;
        let catalog = Catalog::new(header.sync_key(), REGION);
        Ok(Log::new(storage, header, catalog, commit, 0))
    }

    fn new(
        storage: Box<dyn Storage>,
        header: FileHeader,
        catalog: Catalog,
        commit: Commit,
        slot: usize,
    ) -> Log {
        Log {
            storage,
            header,
            catalog,
            state: Commit { flags: 0, ..commit },
            newest: (commit, slot),
            pinned: slot,
            synced: commit.committed_bytes,
            written: commit.committed_bytes,
            end: commit.committed_bytes,
            queue: VecDeque::new(),
            spare: Vec::new(),
            last_index: commit.directory,
            directory_due: DIRECTORY_EVERY,
            due_nodes: 0,
            rewrite: None,
            touched: false,
            stopped: None,
            path: None,
        }
    }

    /// Resumes writing to a file; writes nothing yet.
    pub(crate) fn resume(storage: Box<dyn Storage>, opened: Opened) -> Result<Log> {
        let (sequence, epoch) = opened.top();
        let floor = opened.floor();
        let both = !opened.has_both_records();
        let mut log = Log::new(storage, opened.header, opened.catalog, opened.commit, opened.slot);
        log.due_nodes = log.catalog.tables.iter().map(due_nodes).sum();
        log.state.epoch = epoch.checked_add(1).ok_or_else(exhausted)?;
        log.state.sequence = sequence.checked_add(1).ok_or_else(exhausted)?;
        let covered = floor - log.end;
        if covered > MAX_COVER {
            return Err(Error::new(ErrorKind::TooLarge)
                .at(log.end)
                .what("a lost commit left more bytes than can be covered")
                .expected(format!("at most {MAX_COVER} bytes"))
                .found(format!("{covered} bytes"))
                .help("recover the file"));
        }
        let mut pads = Vec::new();
        while log.end < floor {
            let mut pad = BlockHeader::new(BlockKind::Pad, 0);
            pad.line_count = u32::try_from((floor - log.end) / LINE).unwrap_or(u32::MAX);
            pads.push(log.place(pad)?);
        }
        (log.written, log.synced) = (floor, floor);
        let next = Commit { committed_bytes: floor, synced_bytes: floor, ..log.state };
        log.rewrite = Some(Rewrite { pads, next, both });
        Ok(log)
    }

    /// Syncs the name of a file without commits, because its creator may have been interrupted before that.
    pub(crate) fn ensure_named(&self, disk: &dyn Disk, path: &Path) -> Result<()> {
        if self.newest.0.sequence == Commit::first().sequence { disk.sync_directory(path) } else { Ok(()) }
    }

    /// Makes commits fail from now on unless the path still refers to the file.
    pub(crate) fn watch(&mut self, path: &Path) -> Result<()> {
        self.path = Some(std::path::absolute(path).map_err(|error| Error::io(error).in_file(path))?);
        Ok(())
    }

    /// Returns an error and stops if the path no longer refers to the file or the file was cut: then no
    /// commit may be acknowledged.
    pub(crate) fn verify(&mut self) -> Result<()> {
        self.check()?;
        self.verify_bytes()?;
        self.look_at_name().inspect_err(|error| self.stop(error.message()))
    }

    /// Checks only that the file was not cut, before a write.
    fn verify_bytes(&mut self) -> Result<()> {
        self.look_at_bytes().inspect_err(|error| self.stop(error.message()))
    }

    fn look_at_bytes(&self) -> Result<()> {
        check_ours(&*self.storage)?;
        let len = self.storage.len()?;
        if len >= self.written {
            return Ok(());
        }
        Err(Error::new(ErrorKind::CutShort)
            .what("another program cut it while it was being written")
            .expected(format!("at least {} bytes", self.written))
            .found(format!("{len} bytes"))
            .help("records are lost, possibly acknowledged ones: check the file, and recover it"))
    }

    fn look_at_name(&self) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        if self.storage.is_at(path)? {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Replaced)
            .what("its path no longer refers to the file, so this commit is not in the file at that path")
            .help("open the path again and repeat the writes; close a writer before its file is moved or replaced"))
    }

    /// Returns another handle to the file for reading.
    pub(crate) fn another_source(&self) -> io::Result<Box<dyn Source>> {
        self.storage.source()
    }

    pub(crate) fn source(&self) -> &dyn Source {
        &*self.storage
    }

    /// Returns the file offset of the newest META block that is written; 0 if there is none.
    pub(crate) fn meta(&self) -> u64 {
        self.state.meta
    }

    /// Returns the number of bytes in blocks that are not committed yet.
    pub(crate) fn uncommitted_bytes(&self) -> u64 {
        self.end.saturating_sub(self.newest.0.committed_bytes)
    }

    /// Returns the place of the next block.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Writes all queued blocks, so that they can be read.
    pub(crate) fn write_all(&mut self) -> Result<()> {
        self.write_to(self.end)?;
        self.catalog.limit = self.end;
        Ok(())
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Stops writing after a failure, because the content of the disk is unknown.
    pub(crate) fn stop(&mut self, why: String) {
        self.stopped.get_or_insert(why);
    }

    #[inline]
    pub(crate) fn check(&self) -> Result<()> {
        match &self.stopped {
            None => Ok(()),
            Some(why) => Err(Error::new(ErrorKind::Poisoned)
                .what(why.clone())
                .help("open the file again: it contains every acknowledged commit, unless another program replaced or cut it")),
        }
    }

    /// Returns the outcome of a write or sync; a failure stops the writer.
    fn settle<T>(&mut self, outcome: io::Result<T>) -> Result<T> {
        outcome.map_err(|error| {
            self.stop(error.to_string());
            Error::io(error)
        })
    }

    /// Overwrites bytes that already exist.
    fn overwrite(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        let outcome = self.storage.write_at(offset, &mut [IoSlice::new(bytes)]);
        self.settle(outcome)
    }

    fn sync_storage(&mut self) -> Result<()> {
        let outcome = self.storage.sync();
        self.settle(outcome)
    }

    /// Returns empty buffers for the next block.
    pub(crate) fn spare(&mut self) -> PayloadParts {
        self.spare.pop().unwrap_or_default()
    }

    /// Assigns the next place to a block.
    fn place(&mut self, header: BlockHeader) -> Result<BlockAt> {
        let mut block = BlockAt { offset: self.end, header };
        if block.end() >= MAX_FILE {
            return Err(Error::new(ErrorKind::TooLarge).what("the file would exceed 2^63 bytes"));
        }
        block.header.epoch = self.state.epoch;
        block.header.distance_lines = match self.state.last_block {
            0 => 0,
            last => ((block.offset - last) / LINE) as u32,
        };
        self.state.last_block = block.offset;
        self.state.block_count = self.state.block_count.saturating_add(1);
        self.catalog.count_unindexed(&block);
        self.end = block.end();
        Ok(block)
    }

    /// Appends a block to the queue. It is written with its run.
    fn push(&mut self, sealed: SealedBlock) -> Result<BlockAt> {
        self.check()?;
        let block = self.place(sealed.header)?;
        let line = block.encode(self.header.sync_key(), block.offset);
        self.queue.push_back(Placed { line, parts: sealed.parts, bytes: block.bytes() });
        self.touched = true;
        let run_end = self.end - self.end % RUN;
        if self.written < run_end {
            self.verify_bytes()?;
            self.write_to(run_end)?;
        }
        Ok(block)
    }

    /// Adds a block of any kind but INDEX, preceded by a directory if one is due.
    fn add(&mut self, sealed: SealedBlock) -> Result<BlockAt> {
        if self.catalog.unindexed_blocks + self.due_nodes + 2 >= self.directory_due {
            self.add_directory()?;
        }
        self.push(sealed)
    }

    /// Adds a block of records of a schema.
    pub(crate) fn add_data(&mut self, mut sealed: SealedBlock, table: usize, schema: u32) -> Result<()> {
        sealed.header.schema = schema;
        let first = self.catalog.tables.get(table).map_or(0, TableInfo::record_count);
        if first.checked_add(u64::from(sealed.header.count)).is_none() {
            return Err(Error::new(ErrorKind::TooLarge).what("the table would exceed 2^64 records"));
        }
        sealed.header.first = first;
        let block = self.add(sealed)?;
        self.state.record_count = self.state.record_count.saturating_add(block.count.into());
        self.catalog.add_data(&*self.storage, &block)?;
        let full = self.catalog.tables.get(table).is_some_and(|table| table.entries.len() % NODE_SAVES == 0);
        self.due_nodes += u64::from(full);
        Ok(())
    }

    /// Adds a block of records that replaces the current one that `entry` refers to.
    pub(crate) fn add_replacement(
        &mut self,
        mut sealed: SealedBlock,
        table: usize,
        entry: &Entry,
    ) -> Result<()> {
        sealed.header.flags = REPLACES;
        sealed.header.schema = entry.schema;
        sealed.header.first = entry.first;
        self.count_nodes(table, entry.first);
        let block = self.add(sealed)?;
        if self.last_index >= self.catalog.limit {
            // A directory was added before the block, and may have moved entries into nodes that are needed
            // now.
            self.count_nodes(table, entry.first);
            self.write_all()?;
        }
        self.catalog.add_data(&*self.storage, &block)
    }

    /// Counts the nodes above a record, which a replacement dissolves.
    fn count_nodes(&mut self, table: usize, record: u64) {
        let top = self.catalog.top(table, record);
        self.due_nodes += top.map_or(0, |entry| u64::from(entry.level));
    }

    /// Adds a schema that is not in the file, and returns its table and id.
    pub(crate) fn add_schema(&mut self, name: &str, schema: Arc<Schema>) -> Result<(usize, u32)> {
        let last = self.catalog.schemas.last_key_value().map_or(0, |(id, _)| *id);
        let id =
            last.checked_add(1).ok_or_else(|| Error::new(ErrorKind::TooLarge).what("too many schemas"))?;
        let previous = self.state.schema;
        let parts = SchemaBlock { previous, id, name, core: schema.core(), notes: schema.notes() };
        let block = self.add(SealedBlock::of(BlockKind::Schema, parts.encode())?)?;
        self.state.schema = block.offset;
        Ok((self.catalog.insert_schema(name, IndexSchema::of(id, 0, &block), schema), id))
    }

    /// Adds a META block; the offset of the previous one is filled into its payload.
    pub(crate) fn add_meta(&mut self, mut payload: Vec<u8>) -> Result<()> {
        put(&mut payload, 0, &self.state.meta.to_le_bytes());
        self.state.meta = self.add(SealedBlock::of(BlockKind::Meta, payload)?)?.offset;
        Ok(())
    }

    /// Adds a directory, preceded by full nodes, unless the nodes would delay it too much: another writer may
    /// have left no room.
    fn add_directory(&mut self) -> Result<()> {
        if self.catalog.unindexed_blocks + self.due_nodes < self.directory_due {
            (0..self.catalog.tables.len()).try_for_each(|table| self.add_nodes(table))?;
        }
        self.add_index(self.catalog.encode(self.last_index))?;
        self.state.directory = self.last_index;
        let entries: usize = self.catalog.tables.iter().map(|table| table.entries.len()).sum();
        let listed = self.catalog.tables.len() + self.catalog.schemas.len() + entries;
        self.directory_due = DIRECTORY_EVERY.max(listed as u64);
        self.catalog.unindexed_blocks = 0;
        self.due_nodes = self.catalog.tables.iter().map(due_nodes).sum();
        Ok(())
    }

    fn add_nodes(&mut self, table: usize) -> Result<()> {
        while let Some(info) = self.catalog.tables.get(table)
            && let Some(start) = index::full_run(&info.entries)
            && let Some(entries) = info.entries.get(start..start + NODE_ENTRIES)
            && let Some(node) = Entry::over(entries, 0, 0)
        {
            let block = self.add_index(index::encode_node(self.last_index, table as u32, entries))?;
            if let Some(info) = self.catalog.tables.get_mut(table) {
                let node = Entry { offset: block.offset, line_count: block.line_count, ..node };
                info.entries.splice(start..start + NODE_ENTRIES, [node]);
            }
        }
        Ok(())
    }

    fn add_index(&mut self, payload: Vec<u8>) -> Result<BlockAt> {
        let block = self.push(SealedBlock::of(BlockKind::Index, payload)?)?;
        self.last_index = block.offset;
        Ok(block)
    }

    /// Writes queued blocks up to this offset, in runs that end at multiples of [`RUN`].
    fn write_to(&mut self, target: u64) -> Result<()> {
        while self.written < target {
            self.begin()?;
            let run_end = target.min(self.written - self.written % RUN + RUN);
            if run_end - self.synced > MAX_UNSYNCED {
                self.sync()?;
            }
            let front = self.front();
            let mut slices = slices(&self.queue, self.written - front, run_end - front);
            let outcome = self.storage.write_at(self.written, &mut slices);
            self.settle(outcome)?;
            self.written = run_end;
            self.recycle(front);
        }
        Ok(())
    }

    /// Returns the start of the first block that is not completely written.
    fn front(&self) -> u64 {
        self.end - self.queue.iter().map(|placed| placed.bytes).sum::<u64>()
    }

    /// Removes written blocks from the queue, which starts at `front`.
    fn recycle(&mut self, mut front: u64) {
        while self.queue.front().is_some_and(|placed| front + placed.bytes <= self.written)
            && let Some(placed) = self.queue.pop_front()
        {
            front += placed.bytes;
            let mut parts = placed.parts;
            let capacity: usize = parts.iter().map(Vec::capacity).sum();
            if self.spare.len() < 8 && capacity as u64 <= RUN / 2 {
                parts.iter_mut().for_each(Vec::clear);
                self.spare.push(parts);
            }
        }
    }

    fn sync(&mut self) -> Result<()> {
        self.sync_storage()?;
        self.synced = self.front();
        self.pinned = self.newest.1;
        Ok(())
    }

    fn write_record(&mut self, commit: Commit, slot: usize) -> Result<()> {
        let bytes = commit.encode(&self.header.file_id);
        self.overwrite(SLOT_AT[slot], &bytes)?;
        self.newest = (commit, slot);
        Ok(())
    }

    /// Does what precedes the first write of a session (10.4). Blocks must not wait for a sync that is done
    /// here.
    fn begin(&mut self) -> Result<()> {
        let Some(Rewrite { pads, next, both }) = self.rewrite.take() else {
            return Ok(());
        };
        let (commit, slot) = self.newest;
        self.rewrite_range(commit.synced_bytes, commit.committed_bytes)?;
        // Opening may have read bytes from memory only, which the system discarded since, as it does after a
        // failed sync.
        let checked =
            open::check_unsynced(self.header.blocks(&*self.storage, commit.committed_bytes), &commit, 0);
        checked.inspect_err(|error| self.stop(error.message()))?;
        self.write_record(commit, slot)?;
        if next.committed_bytes > commit.committed_bytes {
            // The file may be shorter on the disk than the system reports.
            self.rewrite_range(next.committed_bytes - LINE, next.committed_bytes)?;
        }
        for pad in pads {
            self.overwrite(pad.offset, &pad.encode(self.header.sync_key(), pad.offset))?;
        }
        self.sync_storage()?;
        for slot in [1 - slot, slot].into_iter().take(1 + usize::from(both)) {
            self.write_record(next, slot)?;
            self.sync_storage()?;
            self.pinned = slot;
        }
        Ok(())
    }

    /// Rewrites a range of the file unchanged, because the disk may not contain what the system has in
    /// memory.
    fn rewrite_range(&mut self, mut from: u64, to: u64) -> Result<()> {
        while from < to {
            let count = (to - from).min(RUN - from % RUN);
            let read = self.storage.bytes(from, count as usize).map(|bytes| bytes.into_owned());
            let bytes = self.settle(read)?;
            if (bytes.len() as u64) < count {
                self.settle(Err(io::ErrorKind::UnexpectedEof.into()))?;
            }
            self.overwrite(from, &bytes)?;
            from += count;
        }
        Ok(())
    }

    /// Makes the added blocks visible.
    pub(crate) fn commit(&mut self, durability: Durability) -> Result<()> {
        self.check()?;
        let (newest, slot) = self.newest;
        let safe = newest.synced_bytes == self.end && self.pinned == slot;
        let committed = newest.committed_bytes == self.end && (durability == Durability::Buffered || safe);
        if committed || !self.touched {
            return Ok(());
        }
        self.verify_bytes()?;
        self.write_to(self.end)?;
        if durability == Durability::Durable {
            self.sync()?;
        }
        self.commit_record(0)?;
        if durability == Durability::Durable {
            self.sync()?;
        }
        self.verify()
    }

    /// Writes a record of the current state into the slot that is not pinned.
    fn commit_record(&mut self, flags: u32) -> Result<()> {
        let sequence = self.newest.0.sequence.checked_add(1).ok_or_else(exhausted)?;
        let synced_bytes = self.synced.min(self.end);
        let commit = Commit { sequence, committed_bytes: self.end, synced_bytes, flags, ..self.state };
        self.write_record(commit, 1 - self.pinned)?;
        self.catalog.limit = self.end;
        Ok(())
    }

    /// Closes the file cleanly, unless it existed before and nothing was written.
    pub(crate) fn close(&mut self) -> Result<()> {
        self.check()?;
        if self.rewrite.is_some() && !self.touched {
            return Ok(());
        }
        self.verify_bytes()?;
        if self.touched {
            self.repeat_schemas()?;
            self.add_directory()?;
        }
        self.write_to(self.end)?;
        self.sync()?;
        self.commit_record(CLOSED)?;
        self.sync()?;
        self.write_record(self.newest.0, 1 - self.pinned)?;
        self.sync()?;
        self.verify()?;
        // The rest of an old tail only takes space.
        if self.storage.len().is_ok_and(|length| length > self.end) {
            let _ = self.storage.truncate(self.end);
        }
        Ok(())
    }

    /// Adds a copy of every schema, identical except for the offset of the previous one.
    fn repeat_schemas(&mut self) -> Result<()> {
        self.write_to(self.end)?;
        let known: Vec<IndexSchema> = self.catalog.schemas.values().map(|info| info.row).collect();
        for row in known {
            let written = self.header.blocks(&*self.storage, self.written);
            let mut payload = written.read(row.offset)?.1.into_owned();
            put(&mut payload, 0, &self.state.schema.to_le_bytes());
            let block = self.add(SealedBlock::of(BlockKind::Schema, payload)?)?;
            self.state.schema = block.offset;
            if let Some(info) = self.catalog.schemas.get_mut(&row.id) {
                info.row = IndexSchema::of(row.id, row.table, &block);
            }
        }
        Ok(())
    }
}

/// Returns the bytes [from, to) of the queue, counted from its front.
fn slices(queue: &VecDeque<Placed>, from: u64, to: u64) -> Vec<IoSlice<'_>> {
    let mut slices = Vec::new();
    let mut at = 0;
    for placed in queue {
        for part in std::iter::once(&placed.line[..]).chain(placed.parts.iter().map(Vec::as_slice)) {
            let end = at + part.len() as u64;
            let (start, stop) = (from.clamp(at, end) - at, to.clamp(at, end) - at);
            if start < stop {
                slices.push(IoSlice::new(&part[start as usize..stop as usize]));
            }
            at = end;
        }
    }
    slices
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
