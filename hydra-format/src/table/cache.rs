//! What is kept of a file's blocks. All of it holds for every later state, too: what is committed does not change.

use super::snapshot::Loaded;
use crate::evolve::Evolution;
use crate::layout::rows::Validator;
use crate::memory::{AlignedBuf, Known};
use crate::store::index::Entry;
use crate::{Result, Schema};
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Blocks that a reader without a map keeps: with the default block size, 2 MiB.
const BLOCKS: usize = 8;

/// Index nodes that a reader keeps, of at most 256 entries: at most 640 KiB.
const NODES: usize = 64;

/// How many schemas, each read as another type, a reader keeps.
const MAPPINGS: usize = 64;

/// Values by a key, the one that was used last first.
type Recent<V> = Mutex<VecDeque<(u64, V)>>;

/// What is known of blocks.
pub(super) struct Caches {
    /// The path from the root: the working directory may change.
    pub(super) path: PathBuf,
    /// Offsets of blocks that were verified, for a map.
    pub(super) good: Known,
    validators: Mutex<BTreeMap<u32, Arc<Validator>>>,
    /// Verified blocks by offset, for buffers.
    blocks: Recent<Loaded>,
    nodes: Recent<Arc<[Entry]>>,
    mappings: Mutex<VecDeque<Arc<SchemaMapping>>>,
}

/// How records of a schema of the file are read as another type.
pub(crate) struct SchemaMapping {
    id: u32,
    target: Schema,
    pub(super) evolution: Evolution,
    /// Blocks that were written anew, by offset.
    blocks: Recent<Loaded>,
}

impl SchemaMapping {
    /// The block at an offset, written anew unless it is kept.
    pub(super) fn block(&self, offset: u64, make: impl FnOnce() -> Result<Loaded>) -> Result<Loaded> {
        cached(&self.blocks, BLOCKS, offset, make)
    }
}

impl Caches {
    /// About a file of about so many blocks.
    pub(super) fn new(path: &Path, blocks: u64) -> Caches {
        Caches {
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
            good: Known::new(blocks),
            validators: Mutex::default(),
            blocks: Mutex::default(),
            nodes: Mutex::default(),
            mappings: Mutex::default(),
        }
    }

    /// The validator of records of this schema, which has this id.
    pub(super) fn validator(&self, id: u32, schema: &Schema) -> Arc<Validator> {
        lock(&self.validators).entry(id).or_insert_with(|| Arc::new(Validator::new(schema))).clone()
    }

    /// Has a type of the program check the blocks of the schema that it has, which is quicker than by the schema.
    pub(super) fn use_validator(&self, id: u32, validator: &Arc<Validator>) {
        lock(&self.validators).entry(id).or_insert_with(|| validator.clone());
    }

    /// The verified block at an offset.
    pub(super) fn block(&self, offset: u64, make: impl FnOnce() -> Result<Loaded>) -> Result<Loaded> {
        cached(&self.blocks, BLOCKS, offset, make)
    }

    /// The entries of the node at an offset.
    pub(super) fn node(
        &self,
        offset: u64,
        make: impl FnOnce() -> Result<Arc<[Entry]>>,
    ) -> Result<Arc<[Entry]>> {
        cached(&self.nodes, NODES, offset, make)
    }

    /// How records of a schema with this id are read as `target`.
    pub(super) fn mapping(&self, id: u32, schema: &Schema, target: &Schema) -> Result<Arc<SchemaMapping>> {
        let same = |mapping: &&Arc<SchemaMapping>| mapping.id == id && mapping.target.is_same(target);
        if let Some(mapping) = lock(&self.mappings).iter().find(same) {
            return Ok(mapping.clone());
        }
        let evolution = Evolution::between(schema, target)?;
        let mapping = SchemaMapping { id, target: target.clone(), evolution, blocks: Mutex::default() };
        let mapping = Arc::new(mapping);
        let mut held = lock(&self.mappings);
        held.truncate(MAPPINGS);
        held.push_front(mapping.clone());
        Ok(mapping)
    }

    /// A buffer: that of the block which would leave the cache next, if nobody else has it.
    pub(super) fn spare(&self) -> AlignedBuf {
        let mut held = lock(&self.blocks);
        let oldest = if held.len() < BLOCKS { None } else { held.pop_back() };
        oldest.and_then(|(_, loaded)| loaded.payload.into_buffer()).unwrap_or_default()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The value under `key`, made if it is not among the `most` that were used last.
fn cached<V: Clone>(cache: &Recent<V>, most: usize, key: u64, make: impl FnOnce() -> Result<V>) -> Result<V> {
    let mut held = lock(cache);
    let at = held.iter().position(|(own, _)| *own == key);
    if let Some((key, value)) = at.and_then(|at| held.remove(at)) {
        held.push_front((key, value.clone()));
        return Ok(value);
    }
    drop(held);
    let value = make()?;
    let mut held = lock(cache);
    held.truncate(most.saturating_sub(1));
    held.push_front((key, value.clone()));
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_keeps_what_was_used_last() {
        let cache = Mutex::default();
        let made = |key: u64| {
            let mut made = false;
            let value = cached(&cache, 3, key, || {
                made = true;
                Ok(key * 10)
            });
            assert_eq!(value.unwrap(), key * 10);
            made
        };
        assert!(made(1) && made(2) && made(3));
        // Used in the order 1, 3: then 2 is the one to go.
        assert!(!made(1) && !made(3) && made(4));
        assert!(!made(1) && !made(3) && !made(4) && made(2));
    }
}
