//! The contents of a disk: synced contents, pending writes, and what the system shows meanwhile. Does not
//! depend on the format or the writer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A write or truncation that may or may not be on the disk.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) at: usize,
    pub(crate) bytes: Arc<[u8]>,
    /// A sync failed after the write, so no later sync makes it certain.
    pub(crate) lost: bool,
    /// The file was truncated to this length, and nothing was written.
    pub(crate) cut: bool,
}

/// One file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Medium {
    /// The contents that are certainly on the disk.
    pub(crate) disk: Arc<Vec<u8>>,
    /// The contents that may be there in addition, in the order of writing.
    pub(crate) pending: Vec<Piece>,
    /// The contents that programs read until the power fails.
    pub(crate) cache: Arc<Vec<u8>>,
    /// The contents of each place before the file was truncated or the power failed, including pending ones.
    /// Where nothing is written, the disk may bring them back.
    pub(crate) ghost: Arc<Vec<u8>>,
    /// The length that the file may return to: no sync makes a truncation certain.
    pub(crate) long: usize,
}

/// Writes bytes to a file, and fills the gap before them.
pub(crate) fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8], fill: impl Fn(usize) -> u8) {
    extend(file, at + bytes.len(), fill);
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Extends a file to at least this length.
pub(crate) fn extend(file: &mut Vec<u8>, length: usize, fill: impl Fn(usize) -> u8) {
    let from = file.len();
    file.extend((from..length).map(fill));
}

/// Fills holes with zeros.
pub(crate) fn zeros(_: usize) -> u8 {
    0
}

/// Fills holes with arbitrary bytes.
pub(crate) fn garbage(at: usize) -> u8 {
    (at as u32).wrapping_mul(0x9e37_79b9).rotate_left(11) as u8 | 1
}

impl Medium {
    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        put(Arc::make_mut(&mut self.cache), at, bytes, zeros);
        self.pending.push(Piece { at, bytes: bytes.into(), lost: false, cut: false });
    }

    /// Programs see a truncation immediately, and zeros if the file grows again.
    pub(crate) fn cut(&mut self, length: usize) {
        self.ghost = self.ghost();
        Arc::make_mut(&mut self.cache).truncate(length);
        self.pending.push(Piece { at: length, bytes: Arc::new([]), lost: false, cut: true });
    }

    /// Returns the new ghost.
    pub(crate) fn ghost(&self) -> Arc<Vec<u8>> {
        let mut ghost = self.cache.clone();
        if let Some(longer) = self.ghost.get(ghost.len()..).filter(|longer| !longer.is_empty()) {
            Arc::make_mut(&mut ghost).extend(longer);
        }
        ghost
    }

    /// Makes pending writes certain, except those for which a sync failed: these stay uncertain.
    pub(crate) fn sync(&mut self) {
        let disk = Arc::make_mut(&mut self.disk);
        let mut lost: Vec<Piece> = Vec::new();
        for piece in self.pending.drain(..) {
            if piece.cut {
                self.long = self.long.max(disk.len());
                disk.truncate(piece.at);
                continue;
            }
            if piece.lost {
                lost.push(piece);
                continue;
            }
            put(disk, piece.at, &piece.bytes, zeros);
            for older in &mut lost {
                let end = (piece.at + piece.bytes.len()).min(older.at + older.bytes.len());
                let start = piece.at.max(older.at);
                if start < end {
                    let mut bytes = older.bytes.to_vec();
                    bytes[start - older.at..end - older.at]
                        .copy_from_slice(&piece.bytes[start - piece.at..end - piece.at]);
                    older.bytes = bytes.into();
                }
            }
        }
        self.pending = lost;
    }

    /// A failed sync: programs keep reading what was written, and no later sync writes it.
    pub(crate) fn fail_sync(&mut self) {
        let (cuts, mut writes) = self.pending.drain(..).partition::<Vec<_>, _>(|piece| piece.cut);
        writes.iter_mut().for_each(|piece| piece.lost = true);
        self.pending = cuts;
        self.sync();
        self.pending = writes;
    }

    /// The system discards what it could not write; `was_written` tells which pieces had reached the disk
    /// anyway.
    pub(crate) fn forget(&mut self, mut was_written: impl FnMut() -> bool) {
        let (lost, pending) = self.pending.drain(..).partition::<Vec<_>, _>(|piece| piece.lost);
        let disk = Arc::make_mut(&mut self.disk);
        for piece in lost.into_iter().filter(|_| was_written()) {
            put(disk, piece.at, &piece.bytes, zeros);
        }
        let mut cache = disk.clone();
        for piece in &pending {
            if piece.cut {
                cache.truncate(piece.at);
            }
            put(&mut cache, piece.at, &piece.bytes, zeros);
        }
        extend(&mut cache, self.cache.len(), zeros);
        (self.pending, self.cache) = (pending, Arc::new(cache));
    }
}

/// A change of names.
#[derive(Clone, Debug)]
pub(crate) enum Move {
    Link(PathBuf, usize),
    Unlink(PathBuf),
    Rename(PathBuf, PathBuf),
}

/// Files and their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    pub(crate) files: Vec<Medium>,
    /// The names that programs see.
    pub(crate) names: BTreeMap<PathBuf, usize>,
    /// The names that are certainly on the disk.
    pub(crate) stable: BTreeMap<PathBuf, usize>,
    /// Changes of names that may be on the disk in addition.
    pub(crate) moves: Vec<Move>,
}

/// Applies a change of names, if its subject exists.
pub(crate) fn rename(names: &mut BTreeMap<PathBuf, usize>, change: &Move) {
    match change {
        Move::Link(path, file) => {
            names.insert(path.clone(), *file);
        }
        Move::Unlink(path) => {
            names.remove(path);
        }
        Move::Rename(from, to) => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
    }
}

impl Disk {
    /// Returns the file under a name, as programs see it.
    pub(crate) fn named(&self, path: &Path) -> Option<&Medium> {
        self.files.get(*self.names.get(path)?)
    }

    pub(crate) fn change(&mut self, change: Move) {
        rename(&mut self.names, &change);
        self.moves.push(change);
    }

    pub(crate) fn sync_names(&mut self) {
        for change in self.moves.drain(..) {
            rename(&mut self.stable, &change);
        }
    }
}
