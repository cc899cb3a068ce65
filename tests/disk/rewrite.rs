//! Compaction and recovery with crashes and failing calls: the new file has its name complete or not at all,
//! it is there once the call has returned, and the input is unchanged.

use crate::campaign::number;
use crate::faults::end;
use crate::images::{Effort, power_cuts};
use crate::medium::Disk;
use crate::oracle::{Content, Model, PATH, check, content};
use crate::planted::Bug;
use crate::script::{Boot, Hazard};
use crate::sim::{Event, Fault, Image, Sim, Synced};
use hydra::file::RecoverOptions;
use hydra::testing;
use hydra_tests::laws::Dice;
use std::path::Path;
use std::sync::Arc;

#[derive(Clone, Copy, Debug)]
enum How {
    Compact,
    Recover,
    /// Recovery of a file with a damaged byte.
    RecoverDamaged,
}

/// Writes the new file to a disk.
fn rewrite(how: How, source: &Image, disk: &Sim) -> hydra::Result<()> {
    let (source, path) = (Box::new(source.clone()), Path::new(PATH));
    match how {
        How::Compact => testing::compact(source, disk, path).map(drop),
        _ => testing::recover(source, disk, path, RecoverOptions::default()).map(drop),
    }
}

/// A file that programs wrote, edited or did not close.
fn written(seed: u64, how: How) -> Option<Image> {
    let mut dice = Dice((seed * 0x9e37_79b9) | 1);
    let hazard = Hazard { fault: None, lies: false };
    let run = Boot::run_in(hazard, Disk::default(), Model::new(), &mut dice, Bug::None);
    let (disk, _) = end(run.unwrap_or_else(|what| panic!("seed {seed}: {what}")).0);
    let mut bytes = disk.named(Path::new(PATH))?.cache.to_vec();
    if matches!(how, How::RecoverDamaged) {
        let at = 8192 + dice.below(bytes.len() - 8192);
        bytes[at] ^= 1 << dice.below(8);
    }
    Some(Image(Arc::new(bytes)))
}

/// Returns the content of the new file and the disk operations for it; `None` if there was nothing to write.
fn undisturbed(how: How, source: &Image) -> Option<(Content, Vec<Event>)> {
    let sim = Sim::over(Disk::default());
    rewrite(how, source, &sim).ok()?;
    let state = sim.state();
    let whole = content(Box::new(Image(state.disk.named(Path::new(PATH))?.cache.clone())));
    Some((whole.unwrap_or_else(|what| panic!("{how:?}: {what}")), state.events.clone()))
}

/// The state before is no file, the state after is the whole file; `floor` is the first allowed state.
fn judge(disk: &Disk, whole: &Content, floor: usize) -> Result<(), String> {
    let lineage = vec![Arc::new(Content::default()), Arc::new(whole.clone())];
    let seen = Model { lineage, floor, acknowledged: floor }.judge(disk, Bug::None.lens())?;
    if seen == 1 { check(disk) } else { Ok(()) }
}

#[test]
fn the_output_is_whole_or_not_there() {
    let (mut judged, mut there) = (0, 0);
    for seed in 1..=number("HYDRA_SCRIPTS", 4) {
        for how in [How::Compact, How::Recover, How::RecoverDamaged] {
            let Some(source) = written(seed, how) else { continue };
            let before = source.0.to_vec();
            let Some((whole, events)) = undisturbed(how, &source) else { continue };
            let mut disk = Disk::default();
            let cut = |disk: &Disk, floor: usize, judged: &mut u64, there: &mut u64| {
                power_cuts(disk, Effort::SAMPLE, &mut Dice(seed | 1), &mut |image| {
                    *judged += 1;
                    *there += u64::from(image.named(Path::new(PATH)).is_some());
                    judge(&image, &whole, floor)
                        .unwrap_or_else(|what| panic!("seed {seed}, {how:?}: {what}"));
                    true
                });
            };
            for event in &events {
                if matches!(event, Event::Sync(_, Synced::Well) | Event::SyncNames | Event::Change(_)) {
                    cut(&disk, 0, &mut judged, &mut there);
                }
                event.replay(&mut disk);
            }
            cut(&disk, 1, &mut judged, &mut there);
            assert!(*source.0 == before, "seed {seed}, {how:?}: the input changed");
        }
    }
    println!("{judged} crashed disks, the file is there on {there}");
    assert!(judged > 1000 && there > 100 && there < judged);
}

#[test]
fn every_call_may_fail() {
    let (mut injections, mut refused) = (0, 0);
    for how in [How::Compact, How::Recover, How::RecoverDamaged] {
        let Some(source) = written(2, how) else { panic!("{how:?}: no file") };
        let Some((whole, _)) = undisturbed(how, &source) else { panic!("{how:?}: nothing to write") };
        for (fault, for_good) in
            [(Fault::Error, false), (Fault::Error, true), (Fault::Short, false), (Fault::Short, true)]
        {
            for call in 0.. {
                let sim = Sim::over(Disk::default());
                sim.state().fault = Some((call, fault, for_good));
                let outcome = rewrite(how, &source, &sim);
                let state = sim.state();
                if state.met.is_none() {
                    outcome.unwrap_or_else(|error| panic!("{how:?}: nothing failed, and yet {error}"));
                    break;
                }
                injections += 1;
                refused += u64::from(outcome.is_err());
                // The temporary file cannot be removed anymore, which is no failure.
                let floor = usize::from(outcome.is_ok());
                power_cuts(&state.disk, Effort::QUICK, &mut Dice(7), &mut |image| {
                    let here = format!("{how:?}, call {call}, {fault:?}, for good {for_good}");
                    judge(&image, &whole, floor).unwrap_or_else(|what| panic!("{here}: {what}"));
                    true
                });
            }
        }
    }
    println!("{injections} injections, {refused} of them refused");
    assert!(injections > 60 && refused > 50);
}
