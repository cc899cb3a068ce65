//! The possible contents of a disk after a power failure: the synced part and any part of the pending writes,
//! sector by sector. Does not depend on the format.

use crate::medium::{Disk, Medium, extend, garbage, put, rename, zeros};
use hydra_tests::laws::Dice;
use std::sync::Arc;

/// The amount of work at one point in time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// All subsets of up to this many pending sectors.
    pub(crate) exhaustive: usize,
    /// Beyond that, in addition to prefixes, single missing sectors and single sectors: this many random
    /// subsets.
    pub(crate) random: usize,
    /// The number of torn sectors for each sector size.
    pub(crate) tears: usize,
}

impl Effort {
    /// The settings of the recorded run at the first crash.
    pub(crate) const FULL: Effort = Effort { exhaustive: 14, random: 2000, tears: 24 };
    /// Smaller settings, for disks that crashed before.
    pub(crate) const QUICK: Effort = Effort { exhaustive: 4, random: 6, tears: 3 };
    /// A sample.
    pub(crate) const SAMPLE: Effort = Effort { exhaustive: 6, random: 24, tears: 4 };
}

const SECTORS: [usize; 2] = [512, 4096];

/// A write that may or may not be on the disk.
#[derive(Clone)]
enum Item {
    Bytes { file: usize, at: usize, bytes: Arc<[u8]>, from: usize, to: usize, lost: bool },
    Cut { file: usize, length: usize },
    Name(usize),
}

/// Pending writes, split at sector boundaries.
fn items(disk: &Disk, sector: usize) -> Vec<Item> {
    let mut items: Vec<Item> = (0..disk.moves.len()).map(Item::Name).collect();
    for (file, medium) in disk.files.iter().enumerate() {
        for piece in &medium.pending {
            let mut from = 0;
            if piece.cut {
                items.push(Item::Cut { file, length: piece.at });
            }
            while from < piece.bytes.len() {
                let at = piece.at + from;
                let to = (from + sector - at % sector).min(piece.bytes.len());
                let bytes = piece.bytes.clone();
                items.push(Item::Bytes { file, at, bytes, from, to, lost: piece.lost });
                from = to;
            }
        }
    }
    items
}

/// Returns the disk with some of the items. Truncations happen in order, before all writes, or after them.
fn image(disk: &Disk, items: &[Item], chosen: &[bool], holes: Holes, cuts: When) -> Disk {
    let mut names = disk.stable.clone();
    let mut files: Vec<Arc<Vec<u8>>> = disk.files.iter().map(|file| file.disk.clone()).collect();
    let all = || items.iter().zip(chosen).filter(|(_, chosen)| **chosen).map(|(item, _)| item);
    let cut = |files: &mut [Arc<Vec<u8>>], item: &Item| {
        if let Item::Cut { file, length } = item {
            Arc::make_mut(&mut files[*file]).truncate(*length);
        }
    };
    if cuts == When::First {
        all().for_each(|item| cut(&mut files, item));
    }
    for item in all() {
        match item {
            Item::Name(change) => rename(&mut names, &disk.moves[*change]),
            Item::Bytes { file, at, bytes, from, to, .. } => {
                let fill = holes.fill(&disk.files[*file]);
                put(Arc::make_mut(&mut files[*file]), *at, &bytes[*from..*to], fill);
            }
            Item::Cut { .. } if cuts == When::Between => cut(&mut files, item),
            Item::Cut { .. } => {}
        }
    }
    if cuts == When::Last {
        all().for_each(|item| cut(&mut files, item));
    }
    if holes != Holes::Zeros {
        // The new length reached the disk without the bytes, or truncated bytes are back.
        for (file, medium) in files.iter_mut().zip(&disk.files) {
            let back = if holes == Holes::Old { medium.long } else { 0 };
            let length = back.max(medium.cache.len());
            if file.len() < length {
                extend(Arc::make_mut(file), length, holes.fill(medium));
            }
        }
    }
    let settled = |(bytes, medium): (Arc<Vec<u8>>, &Medium)| Medium {
        disk: bytes.clone(),
        pending: Vec::new(),
        cache: bytes,
        ghost: medium.ghost(),
        long: 0,
    };
    let files = files.into_iter().zip(&disk.files).map(settled).collect();
    Disk { files, stable: names.clone(), names, moves: Vec::new() }
}

/// When truncations take effect, relative to other pending writes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Between,
    First,
    Last,
}

impl When {
    fn any(dice: &mut Dice) -> When {
        [When::Between, When::First, When::Last][dice.below(3)]
    }
}

/// The content of a file where nothing was written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holes {
    Zeros,
    Garbage,
    /// The previous or the intended content.
    Old,
}

impl Holes {
    const ALL: [Holes; 3] = [Holes::Zeros, Holes::Garbage, Holes::Old];

    fn fill(self, medium: &Medium) -> impl Fn(usize) -> u8 {
        move |at| match self {
            Holes::Zeros => zeros(at),
            Holes::Garbage => garbage(at),
            Holes::Old => medium.ghost.get(at).copied().unwrap_or(0),
        }
    }
}

/// The items of `count` that are on the disk.
fn choices(count: usize, effort: Effort, dice: &mut Dice) -> Vec<Vec<bool>> {
    if count <= effort.exhaustive {
        return (0..1_u32 << count)
            .map(|mask| (0..count).map(|item| mask >> item & 1 == 1).collect())
            .collect();
    }
    let mut all: Vec<Vec<bool>> =
        (0..=count).map(|end| (0..count).map(|item| item < end).collect()).collect();
    for one in 0..count {
        all.push((0..count).map(|item| item != one).collect());
        all.push((0..count).map(|item| item == one).collect());
    }
    for _ in 0..effort.random {
        let bias = 1 + dice.below(7);
        all.push((0..count).map(|_| dice.below(8) < bias).collect());
    }
    all
}

/// Calls `each` with the possible contents of the disk after a power failure now, until it returns false.
pub(crate) fn power_cuts(
    disk: &Disk,
    effort: Effort,
    dice: &mut Dice,
    each: &mut dyn FnMut(Disk) -> bool,
) -> bool {
    for sector in SECTORS {
        let items = items(disk, sector);
        for chosen in choices(items.len(), effort, dice) {
            for holes in Holes::ALL {
                if !each(image(disk, &items, &chosen, holes, When::any(dice))) {
                    return false;
                }
            }
        }
        for _ in 0..if items.is_empty() { 0 } else { effort.tears } {
            if !each(torn(disk, &items, sector, dice)) {
                return false;
            }
        }
    }
    true
}

/// Tears one sector: half old, half new, with any of the others present. A small sector may hold anything,
/// unless it was rewritten with the bytes that it had. Opening to write does that to the commit record in
/// force, and a disk that loses such a sector would revert the newest commit.
fn torn(disk: &Disk, items: &[Item], sector: usize, dice: &mut Dice) -> Disk {
    let one = dice.below(items.len());
    let all = dice.below(2) == 0;
    let chosen: Vec<bool> = (0..items.len()).map(|item| item != one && (all || dice.below(2) == 0)).collect();
    let holes = Holes::ALL[dice.below(3)];
    let mut image = image(disk, items, &chosen, holes, When::any(dice));
    let Item::Bytes { file, at, bytes, from, to, lost } = &items[one] else { return image };
    let new = &bytes[*from..*to];
    let cut = 1 + dice.below(new.len());
    let is_there = disk.files[*file].disk.get(*at..at + new.len()) == Some(new);
    let target = Arc::make_mut(&mut image.files[*file].disk);
    let fill = holes.fill(&disk.files[*file]);
    match dice.below(3) {
        0 => put(target, *at, &new[..cut], &fill),
        1 => put(target, at + new.len() - cut, &new[new.len() - cut..], &fill),
        _ if sector == SECTORS[0] && !is_there && !lost => {
            let noise: Vec<u8> = new.iter().map(|byte| byte ^ garbage(dice.below(1 << 20))).collect();
            put(target, *at, &noise, &fill);
        }
        _ => {
            let mixed = new.iter().map(|byte| (dice.below(2) == 0).then_some(*byte));
            let mixed: Vec<(usize, u8)> =
                mixed.enumerate().filter_map(|(i, byte)| Some((i, byte?))).collect();
            mixed.into_iter().for_each(|(i, byte)| put(target, at + i, &[byte], &fill));
        }
    }
    image.files[*file].cache = image.files[*file].disk.clone();
    image
}
