//! Disks that fail or ignore syncs: an error at every call, once and permanently, with none or half of the
//! work done, and syncs without effect. A writer reports the failure and stops, nothing acknowledged is lost,
//! and damage is reported and not returned.

use crate::campaign::number;
use crate::images::{Effort, power_cuts};
use crate::medium::Disk;
use crate::oracle::{Content, Model, PATH};
use crate::planted::Bug;
use crate::script::{Boot, Hazard, Trace};
use crate::sim::{Event, Fault, Image, Sim};
use hydra::{ErrorKind, Writer, testing};
use hydra_tests::laws::Dice;
use std::path::Path;

/// The disk at the end of a trace, and what is known then.
pub(crate) fn end(trace: Trace) -> (Disk, Model) {
    let Trace { mut disk, mut model, events } = trace;
    for event in &events {
        event.replay(&mut disk);
        if let Event::Note(note) = event {
            model.note(note);
        }
    }
    (disk, model)
}

#[test]
fn every_call_may_fail() {
    let (mut injections, mut met, mut disks) = (0, 0, 0);
    for seed in 1..=number("HYDRA_SCRIPTS", 1) {
        let run = |fault| {
            let hazard = Hazard { fault, lies: false };
            let mut dice = Dice((seed * 0x9e37_79b9) | 1);
            Boot::run_in(hazard, Disk::default(), Model::new(), &mut dice, Bug::None)
        };
        // If the fault meets no call, this is the number of calls.
        let (_, calls, _) =
            run(Some((usize::MAX, Fault::Error, false))).unwrap_or_else(|what| panic!("{what}"));
        assert!(calls > 50, "{calls}");
        for call in 0..calls {
            for fault in [Fault::Error, Fault::Short] {
                for for_good in [false, true] {
                    let here = format!("seed {seed}, call {call}, {fault:?}, for good {for_good}");
                    let (trace, _, kind) =
                        run(Some((call, fault, for_good))).unwrap_or_else(|what| panic!("{here}: {what}"));
                    injections += 1;
                    met += u64::from(kind.is_some());
                    let (disk, model) = end(trace);
                    let effort = Effort { exhaustive: 5, random: 4, tears: 2 };
                    power_cuts(&disk, effort, &mut Dice(7), &mut |image| {
                        disks += 1;
                        model.judge(&image, Bug::None.lens()).unwrap_or_else(|what| panic!("{here}: {what}"));
                        true
                    });
                }
            }
        }
    }
    println!("{injections} injections, {met} in the last session; {disks} crashed disks after them");
}

/// Reads all that can be read, and compares every value with those that its record ever had. Returns true if
/// an error was reported.
fn reported(image: &Disk, model: &Model) -> bool {
    let Some(medium) = image.named(Path::new(PATH)) else { return true };
    let source = Image(medium.cache.clone());
    let Ok(reader) = testing::open(Box::new(source.clone()), Path::new(PATH)) else { return true };
    let mut reported = reader.report().is_damaged();
    if let Ok(table) = reader.table::<u64>() {
        for block in table.blocks() {
            let Ok(block) = block else {
                reported = true;
                continue;
            };
            for (index, value) in (block.first() as usize..).zip(block.as_slice()) {
                let had = |content: &Content| content.numbers.get(index) == Some(value);
                assert!(model.lineage.iter().any(|content| had(content)), "record {index} never was {value}");
            }
        }
    }
    let committed = reader.commit().committed_bytes;
    let checked = testing::check(&source, &mut |finding| {
        reported |= finding.offset().is_some_and(|at| at < committed);
    });
    reported || checked.is_err()
}

#[test]
fn a_lying_disk_is_found_out() {
    let (mut disks, mut wrong) = (0, 0);
    for seed in 1..=number("HYDRA_SCRIPTS", 5) {
        let mut dice = Dice((seed * 0x9e37_79b9) | 1);
        let hazard = Hazard { fault: None, lies: true };
        let run = Boot::run_in(hazard, Disk::default(), Model::new(), &mut dice, Bug::None);
        let (mut disk, model) = end(run.unwrap_or_else(|what| panic!("seed {seed}: {what}")).0);
        // The names told the truth.
        disk.sync_names();
        power_cuts(&disk, Effort::SAMPLE, &mut dice, &mut |image| {
            disks += 1;
            let anything = Model { floor: 0, ..model.clone() };
            if anything.judge(&image, Bug::None.lens()).is_err() {
                wrong += 1;
                assert!(reported(&image, &model), "seed {seed}: a state that never was, and nothing says so");
            }
            true
        });
    }
    println!("{disks} crashed disks, {wrong} of them with damage, all of it reported");
    assert!(wrong > 100);
}

/// A program that replaces a file takes its lock first; a writer whose file was replaced anyway acknowledges
/// nothing.
#[test]
fn a_writer_is_not_replaced_and_notices_that_its_file_is_gone() {
    let (sim, path) = (Sim::default(), Path::new(PATH));
    let mut writer = testing::create(Writer::options(), &sim, path).unwrap();
    let table = writer.table::<u64>().unwrap();
    writer.append(table, &1).unwrap();
    writer.commit().unwrap();
    assert_eq!(testing::save(&sim, path, &2_u64).unwrap_err().kind(), ErrorKind::Locked);
    writer.append(table, &2).unwrap();
    writer.commit().unwrap();
    testing::Disk::discard(&sim, path);
    writer.append(table, &3).unwrap();
    assert_eq!(writer.commit().unwrap_err().kind(), ErrorKind::Replaced);
    assert_eq!(writer.finish().unwrap_err().kind(), ErrorKind::Poisoned);
    assert!(sim.state().disk.names.is_empty());
}
