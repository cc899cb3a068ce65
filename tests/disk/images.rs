//! What a disk may hold when the power has failed: the certain part and any part of what was pending, sector by sector.
//! It knows no format.

use crate::medium::{Disk, Medium, extend, garbage, put, rename, zeros};
use hydra_tests::laws::Dice;
use std::sync::Arc;

/// How much is tried at one point of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// All subsets of up to so many pending sectors.
    pub(crate) exhaustive: usize,
    /// Beyond that, besides prefixes, each one dropped and each one alone: so many random subsets.
    pub(crate) random: usize,
    /// So many sectors that are torn, for each size of sectors.
    pub(crate) tears: usize,
}

impl Effort {
    /// What the recorded run does at the first crash.
    pub(crate) const FULL: Effort = Effort { exhaustive: 14, random: 2000, tears: 24 };
    /// The same in small, for disks that were crashed before.
    pub(crate) const QUICK: Effort = Effort { exhaustive: 4, random: 6, tears: 3 };
    /// A sample.
    pub(crate) const SAMPLE: Effort = Effort { exhaustive: 6, random: 24, tears: 4 };
}

const SECTORS: [usize; 2] = [512, 4096];

/// Something that is on the disk or not.
#[derive(Clone)]
enum Item {
    Bytes { file: usize, at: usize, bytes: Arc<[u8]>, from: usize, to: usize, lost: bool },
    Name(usize),
}

/// What is pending, split at the boundaries of sectors.
fn items(disk: &Disk, sector: usize) -> Vec<Item> {
    let mut items: Vec<Item> = (0..disk.moves.len()).map(Item::Name).collect();
    for (file, medium) in disk.files.iter().enumerate() {
        for piece in &medium.pending {
            let mut from = 0;
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

/// The disk with some of the items.
fn image(disk: &Disk, items: &[Item], chosen: &[bool], holes: Holes) -> Disk {
    let mut names = disk.stable.clone();
    let mut files: Vec<Arc<Vec<u8>>> = disk.files.iter().map(|file| file.disk.clone()).collect();
    for (item, _) in items.iter().zip(chosen).filter(|(_, chosen)| **chosen) {
        match item {
            Item::Name(change) => rename(&mut names, &disk.moves[*change]),
            Item::Bytes { file, at, bytes, from, to, .. } => {
                put(Arc::make_mut(&mut files[*file]), *at, &bytes[*from..*to], holes.fill());
            }
        }
    }
    if holes == Holes::Garbage {
        // The length got there, the bytes did not.
        for (file, medium) in files.iter_mut().zip(&disk.files) {
            if file.len() < medium.cache.len() {
                extend(Arc::make_mut(file), medium.cache.len(), garbage);
            }
        }
    }
    let settled = |bytes: Arc<Vec<u8>>| Medium { disk: bytes.clone(), pending: Vec::new(), cache: bytes };
    Disk { files: files.into_iter().map(settled).collect(), stable: names.clone(), names, moves: Vec::new() }
}

/// What is in a file where nothing was written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holes {
    Zeros,
    Garbage,
}

impl Holes {
    fn fill(self) -> fn(usize) -> u8 {
        match self {
            Holes::Zeros => zeros,
            Holes::Garbage => garbage,
        }
    }
}

/// Which of `count` items are there.
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

/// Calls `each` with what the disk may hold if the power fails now; until it says false.
pub(crate) fn power_cuts(
    disk: &Disk,
    effort: Effort,
    dice: &mut Dice,
    each: &mut dyn FnMut(Disk) -> bool,
) -> bool {
    for sector in SECTORS {
        let items = items(disk, sector);
        for chosen in choices(items.len(), effort, dice) {
            for holes in [Holes::Zeros, Holes::Garbage] {
                if !each(image(disk, &items, &chosen, holes)) {
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

/// One sector is half old, half new; of the others any may be there. A small one may hold anything, unless it was written
/// with the bytes that it had: opening to write does that to the record in force, and a disk that loses such a sector
/// takes back the newest commit.
fn torn(disk: &Disk, items: &[Item], sector: usize, dice: &mut Dice) -> Disk {
    let one = dice.below(items.len());
    let all = dice.below(2) == 0;
    let chosen: Vec<bool> = (0..items.len()).map(|item| item != one && (all || dice.below(2) == 0)).collect();
    let holes = [Holes::Zeros, Holes::Garbage][dice.below(2)];
    let mut image = image(disk, items, &chosen, holes);
    let Item::Bytes { file, at, bytes, from, to, lost } = &items[one] else { return image };
    let new = &bytes[*from..*to];
    let cut = 1 + dice.below(new.len());
    let is_there = disk.files[*file].disk.get(*at..at + new.len()) == Some(new);
    let target = Arc::make_mut(&mut image.files[*file].disk);
    match dice.below(3) {
        0 => put(target, *at, &new[..cut], holes.fill()),
        1 => put(target, at + new.len() - cut, &new[new.len() - cut..], holes.fill()),
        _ if sector == SECTORS[0] && !is_there && !lost => {
            let noise: Vec<u8> = new.iter().map(|byte| byte ^ garbage(dice.below(1 << 20))).collect();
            put(target, *at, &noise, holes.fill());
        }
        _ => {
            let mixed = new.iter().map(|byte| (dice.below(2) == 0).then_some(*byte));
            let mixed: Vec<(usize, u8)> =
                mixed.enumerate().filter_map(|(i, byte)| Some((i, byte?))).collect();
            mixed.into_iter().for_each(|(i, byte)| put(target, at + i, &[byte], holes.fill()));
        }
    }
    image.files[*file].cache = image.files[*file].disk.clone();
    image
}
