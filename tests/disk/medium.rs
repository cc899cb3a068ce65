//! What a disk holds, and what it may hold: contents that are certain, writes that are pending, and what the system
//! shows meanwhile. It knows no format and no writer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes that were written, or a cut, that may or may not be on the disk.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) at: usize,
    pub(crate) bytes: Arc<[u8]>,
    /// A sync failed after it was written: no later sync makes it certain.
    pub(crate) lost: bool,
    /// The file was made this short, and nothing was written.
    pub(crate) cut: bool,
}

/// One file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Medium {
    /// What is on the disk for certain.
    pub(crate) disk: Arc<Vec<u8>>,
    /// What may be there besides, in the order of writing.
    pub(crate) pending: Vec<Piece>,
    /// What programs read until the power fails.
    pub(crate) cache: Arc<Vec<u8>>,
    /// What was at each place before the file was cut or the power failed, or was to be: where nothing is written the disk may bring
    /// it back.
    pub(crate) ghost: Arc<Vec<u8>>,
    /// How long the file may be again: no sync makes a cut certain.
    pub(crate) long: usize,
}

/// Puts bytes into a file; what is not there before them is filled.
pub(crate) fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8], fill: impl Fn(usize) -> u8) {
    extend(file, at + bytes.len(), fill);
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Makes a file at least this long.
pub(crate) fn extend(file: &mut Vec<u8>, length: usize, fill: impl Fn(usize) -> u8) {
    let from = file.len();
    file.extend((from..length).map(fill));
}

/// What a hole holds: zeros.
pub(crate) fn zeros(_: usize) -> u8 {
    0
}

/// What a hole holds: anything.
pub(crate) fn garbage(at: usize) -> u8 {
    (at as u32).wrapping_mul(0x9e37_79b9).rotate_left(11) as u8 | 1
}

impl Medium {
    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        put(Arc::make_mut(&mut self.cache), at, bytes, zeros);
        self.pending.push(Piece { at, bytes: bytes.into(), lost: false, cut: false });
    }

    /// Programs see a cut at once, and zeros where the file grows again.
    pub(crate) fn cut(&mut self, length: usize) {
        self.ghost = self.ghost();
        Arc::make_mut(&mut self.cache).truncate(length);
        self.pending.push(Piece { at: length, bytes: Arc::new([]), lost: false, cut: true });
    }

    /// What will be the ghost from now on.
    pub(crate) fn ghost(&self) -> Arc<Vec<u8>> {
        let mut ghost = self.cache.clone();
        if let Some(longer) = self.ghost.get(ghost.len()..).filter(|longer| !longer.is_empty()) {
            Arc::make_mut(&mut ghost).extend(longer);
        }
        ghost
    }

    /// What is pending is on the disk from now on, unless a sync failed on it: that may be there or not.
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

    /// A sync that failed: programs go on reading what was written, and no later sync writes it.
    pub(crate) fn fail_sync(&mut self) {
        let (cuts, mut writes) = self.pending.drain(..).partition::<Vec<_>, _>(|piece| piece.cut);
        writes.iter_mut().for_each(|piece| piece.lost = true);
        self.pending = cuts;
        self.sync();
        self.pending = writes;
    }

    /// The system forgets what it could not write; `was_written` says which pieces had reached the disk all the same.
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

/// What happens to names.
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
    /// The names that are on the disk for certain.
    pub(crate) stable: BTreeMap<PathBuf, usize>,
    /// Changes of names that may be there besides.
    pub(crate) moves: Vec<Move>,
}

/// Applies a change of names, as far as what it speaks of is there.
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
    /// The file under a name, as programs see it.
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
