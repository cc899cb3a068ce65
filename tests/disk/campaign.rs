//! Campaigns: scripts, crashes at every point of them, programs that continue from there, and crashes of
//! those. Compares the visible state with the oracle, and counts.

use crate::images::{Effort, power_cuts};
use crate::medium::Disk;
use crate::oracle::{self, Lens, Model};
use crate::planted::Bug;
use crate::script::{Boot, Trace};
use crate::sim::{Event, Synced};
use crate::views::Views;
use hydra_tests::laws::Dice;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// Reads a number from the environment.
pub(crate) fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The amount of work for one script.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// The images to try at crashes of the first program, and of later ones.
    pub(crate) efforts: [Effort; 3],
    /// The number of crashed disks to continue with: for each script, and after a crash of those, one in this
    /// many.
    pub(crate) reopened: [usize; 2],
}

impl Plan {
    pub(crate) const FULL: Plan =
        Plan { efforts: [Effort::FULL, Effort::QUICK, Effort::QUICK], reopened: [96, 8] };
    pub(crate) const QUICK: Plan = Plan { efforts: [Effort::QUICK; 3], reopened: [8, 1] };
    pub(crate) const SAMPLE: Plan = Plan { efforts: [Effort::SAMPLE; 3], reopened: [4, 1] };
}

/// Counters of what was tried.
#[derive(Default)]
pub(crate) struct Campaign {
    pub(crate) scripts: u64,
    /// Crashed disks that were checked, and how many were distinct by the hash of their contents.
    pub(crate) judged: u64,
    pub(crate) distinct: HashSet<u64>,
    /// States that were visible while the power was on, after every write and within long ones.
    pub(crate) live: u64,
    /// How often open readers refreshed, and how often they were told that their state was given up.
    pub(crate) looks: u64,
    pub(crate) told: u64,
    /// Commit records that became invalid without a write to them.
    pub(crate) decayed: u64,
    /// Crashed disks, by level, with which a program continued and in which further crashes were tried.
    pub(crate) reopened: [u64; 2],
    /// The number of power failures.
    pub(crate) points: u64,
    /// How many crashed disks showed an older state than the newest attempt.
    pub(crate) older: u64,
}

impl Campaign {
    /// Runs one script from its seed. An error is a violation.
    pub(crate) fn script(&mut self, seed: u64, plan: Plan, bug: Bug) -> Result<(), String> {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        self.scripts += 1;
        let trace = Boot::run(Disk::default(), Model::new(), &mut dice, bug)
            .map_err(|what| format!("seed {seed}: {what}"))?;
        self.explore(trace, 0, plan, &mut dice, bug).map_err(|what| format!("seed {seed}: {what}"))
    }

    /// Tries crashes at every point of a trace.
    fn explore(
        &mut self,
        trace: Trace,
        level: usize,
        plan: Plan,
        dice: &mut Dice,
        bug: Bug,
    ) -> Result<(), String> {
        let Trace { mut disk, mut model, events } = trace;
        let room = match level {
            0 => plan.reopened[0],
            1 => usize::from(dice.below(plan.reopened[1]) == 0),
            _ => 0,
        };
        let mut crashed = Crashed { kept: Vec::new(), room, met: 0 };
        let mut seen = HashSet::new();
        let mut views = Views::new(bug);
        for (number, event) in events.iter().enumerate() {
            let here = |what: String| {
                let events: Vec<String> = events.iter().map(Event::to_string).collect();
                format!("level {level}, before {number} of {}\n{what}", events.join(", "))
            };
            if matches!(event, Event::Sync(_, Synced::Well | Synced::Failed) | Event::SyncNames) {
                let effort = plan.efforts[level];
                self.cut(&disk, &model, effort, dice, &mut seen, &mut crashed, bug.lens()).map_err(here)?;
            }
            if let Event::Write(file, at, bytes) = event {
                self.live_views(&disk, (*file, *at, bytes), &model, bug.lens()).map_err(here)?;
            }
            views.before(event, &disk).map_err(here)?;
            event.replay(&mut disk);
            match event {
                Event::Note(note) => model.note(note),
                Event::Forget(_) => model.acknowledged = model.floor,
                _ => {}
            }
            views.after(event, &disk, &model).map_err(here)?;
        }
        views.end().map_err(|what| format!("level {level}: {what}"))?;
        (self.looks, self.told) = (self.looks + views.looks, self.told + views.told);
        self.cut(&disk, &model, plan.efforts[level], dice, &mut seen, &mut crashed, bug.lens()).map_err(
            |what| {
                let events: Vec<String> = events.iter().map(Event::to_string).collect();
                format!("level {level}, at the end of {}\n{what}", events.join(", "))
            },
        )?;
        for (mut disk, model) in crashed.kept {
            self.reopened[level] += 1;
            self.decayed += u64::from(decay(&mut disk, &model, dice, bug.lens()));
            let trace =
                Boot::run(disk, model, dice, bug).map_err(|what| format!("after level {level}: {what}"))?;
            self.explore(trace, level + 1, plan, dice, bug)?;
        }
        Ok(())
    }

    /// Checks what programs see before a write, and within it if it is longer than a page.
    fn live_views(
        &mut self,
        disk: &Disk,
        (file, at, bytes): (usize, usize, &[u8]),
        model: &Model,
        lens: Lens,
    ) -> Result<(), String> {
        let mut cut = 0;
        while cut < bytes.len() {
            let mut live = disk.clone();
            if cut > 0 {
                live.files[file].write(at, &bytes[..cut]);
            }
            self.live += 1;
            model.judge_live(&live, lens).map_err(|what| format!("killed within a write: {what}"))?;
            cut += 4096 - (at + cut) % 4096;
        }
        Ok(())
    }

    /// Simulates a power failure.
    #[allow(clippy::too_many_arguments)]
    fn cut(
        &mut self,
        disk: &Disk,
        model: &Model,
        effort: Effort,
        dice: &mut Dice,
        seen: &mut HashSet<(u64, usize, usize)>,
        crashed: &mut Crashed,
        lens: Lens,
    ) -> Result<(), String> {
        self.points += 1;
        let mut outcome = Ok(());
        let mut chance = Dice(dice.roll() | 1);
        power_cuts(disk, effort, dice, &mut |image| {
            let hash = oracle::hash(&image);
            if !seen.insert((hash, model.floor, model.lineage.len())) {
                return true;
            }
            self.judged += 1;
            self.distinct.insert(hash);
            let judged = model.judge(&image, lens).and_then(|state| {
                if hash.is_multiple_of(8) { oracle::check(&image).map(|()| state) } else { Ok(state) }
            });
            match judged {
                Ok(state) => {
                    self.older += u64::from(state + 1 < model.lineage.len());
                    crashed.offer(image, state, model, &mut chance);
                    true
                }
                Err(what) => {
                    outcome = Err(what);
                    false
                }
            }
        });
        outcome
    }
}

/// Invalidates a commit record without a write, if the other one is of the same state. Returns true if there
/// is one.
fn decay(disk: &mut Disk, model: &Model, dice: &mut Dice, lens: Lens) -> bool {
    let (at, bit) = ([512, 4608][dice.below(2)] + dice.below(128), 1 << dice.below(8));
    let Some(file) = disk.names.get(Path::new(oracle::PATH)).copied().filter(|_| dice.below(2) == 0) else {
        return false;
    };
    let before = disk.files[file].clone();
    let medium = &mut disk.files[file];
    Arc::make_mut(&mut medium.disk)[at] ^= bit;
    medium.cache = medium.disk.clone();
    let is_same = model.judge(disk, lens).is_ok_and(|state| state + 1 == model.lineage.len());
    if !is_same {
        disk.files[file] = before;
    }
    is_same
}

/// Selects a representative sample of crashed disks.
struct Crashed {
    kept: Vec<(Disk, Model)>,
    room: usize,
    met: usize,
}

impl Crashed {
    fn offer(&mut self, disk: Disk, state: usize, model: &Model, dice: &mut Dice) {
        self.met += 1;
        let place = if self.kept.len() < self.room { self.kept.len() } else { dice.below(self.met) };
        if place < self.room {
            self.kept.truncate(self.room);
            let kept = (disk, model.after_power_cut(state));
            match self.kept.get_mut(place) {
                Some(old) => *old = kept,
                None => self.kept.push(kept),
            }
        }
    }
}
