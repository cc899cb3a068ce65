//! Caches of a file's blocks. Their content stays valid for every later state, because committed bytes do not
//! change.

use super::columns::{KeptColumns, PartMapping, SchemaRecords};
use super::snapshot::Loaded;
use crate::evolve::Evolution;
use crate::memory::Known;
use crate::store::index::Entry;
use crate::{Result, Schema};
use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// The number of blocks that a reader without a map caches: 2 MiB with the default block size.
pub(super) const BLOCKS: usize = 8;

/// The number of index nodes, of at most 256 entries, that a reader caches: at most 640 KiB.
const NODES: usize = 64;

/// The number of mappings of a schema to another type that a reader caches.
const MAPPINGS: usize = 64;

/// The caches of a file, which all its states share.
pub(super) struct Caches {
    /// The absolute path, because the working directory may change.
    pub(super) path: PathBuf,
    /// The offsets of verified blocks, for a map.
    pub(super) good: Known,
    records: Mutex<HashMap<u32, Arc<SchemaRecords>>>,
    /// Blocks that were verified for an entry, for buffers, and of a map those that were converted.
    pub(super) blocks: Recent<Entry, Loaded>,
    /// What is kept of blocks of columns.
    pub(super) columns: KeptColumns,
    /// The entries of index nodes that were checked for a table and an entry.
    pub(super) nodes: Recent<(usize, Entry), Arc<[Entry]>>,
    mappings: Recent<(u32, MappingTarget), Arc<SchemaMapping>>,
}

/// How records of a schema of the file are read as another type.
pub(crate) struct SchemaMapping {
    pub(super) evolution: Evolution,
    /// How blocks of columns are read without the fields that the other type lacks, if it lacks any.
    pub(super) part: OnceLock<Option<PartMapping>>,
    /// Converted blocks, by the entry for which they were verified.
    pub(super) blocks: Recent<Entry, Loaded>,
}

/// A schema compared with its notes, which affect how other records are read as it.
struct MappingTarget(Schema);

impl PartialEq for MappingTarget {
    fn eq(&self, other: &MappingTarget) -> bool {
        self.0.is_same(&other.0)
    }
}

impl Caches {
    /// Creates empty caches for a file of about `blocks` blocks.
    pub(super) fn new(path: &Path, blocks: u64) -> Caches {
        Caches {
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
            good: Known::new(blocks),
            records: Mutex::default(),
            columns: KeptColumns::default(),
            blocks: Recent::of_blocks(),
            nodes: Recent::new(NODES, |_| 0),
            mappings: Recent::new(MAPPINGS, |_| 0),
        }
    }

    /// Returns how records of the schema with this id are read.
    pub(super) fn records(&self, id: u32, make: impl FnOnce() -> SchemaRecords) -> Arc<SchemaRecords> {
        lock(&self.records).entry(id).or_insert_with(|| Arc::new(make())).clone()
    }

    /// Returns how records of the schema with this id are read as `target`.
    pub(super) fn mapping(&self, id: u32, schema: &Schema, target: &Schema) -> Result<Arc<SchemaMapping>> {
        self.mappings.get((id, MappingTarget(target.clone())), || {
            let evolution = Evolution::between(schema, target)?;
            Ok(Arc::new(SchemaMapping { evolution, part: OnceLock::new(), blocks: Recent::of_blocks() }))
        })
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bytes that a cache keeps, unless one value alone has more.
const MOST_BYTES: usize = 4 << 20;

/// A cache of the `most` recently used values by key.
pub(super) struct Recent<K, V> {
    most: usize,
    /// Returns the number of bytes of a value.
    bytes: fn(&V) -> usize,
    /// The most recently used value is first.
    pub(super) held: Mutex<VecDeque<(K, V)>>,
}

impl<K: PartialEq, V: Clone> Recent<K, V> {
    pub(super) fn new(most: usize, bytes: fn(&V) -> usize) -> Recent<K, V> {
        Recent { most, bytes, held: Mutex::default() }
    }

    /// Returns whether `count` values, and those that are held with so many bytes more, are too many.
    pub(super) fn is_over(&self, held: &VecDeque<(K, V)>, count: usize, more: usize) -> bool {
        let bytes = held.iter().map(|(_, value)| (self.bytes)(value)).fold(more, usize::saturating_add);
        count > self.most || bytes > MOST_BYTES
    }

    /// Returns the value of `key`, if it is cached.
    pub(super) fn find(&self, key: &K) -> Option<V> {
        let mut held = lock(&self.held);
        let at = held.iter().position(|(own, _)| own == key)?;
        let (key, value) = held.remove(at)?;
        held.push_front((key, value.clone()));
        Some(value)
    }

    /// Returns the value of `key`, and makes it if it is not cached.
    pub(super) fn get(&self, key: K, make: impl FnOnce() -> Result<V>) -> Result<V> {
        if let Some(value) = self.find(&key) {
            return Ok(value);
        }
        let value = make()?;
        let mut held = lock(&self.held);
        held.push_front((key, value.clone()));
        while held.len() > 1 && self.is_over(&held, held.len(), 0) {
            held.pop_back();
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_keeps_what_was_used_last() {
        let cache = Recent::new(3, |_| 0);
        let made = |key: u64| {
            let mut made = false;
            let value = cache.get(key, || {
                made = true;
                Ok(key * 10)
            });
            assert_eq!(value.unwrap(), key * 10);
            made
        };
        assert!(made(1) && made(2) && made(3));
        // The keys are used in the order 1, 3, so 2 is evicted next.
        assert!(!made(1) && !made(3) && made(4));
        assert!(!made(1) && !made(3) && !made(4) && made(2));
    }
}
