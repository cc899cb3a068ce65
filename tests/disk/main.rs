//! A simulated disk: every promise about crashes is checked against every image that a crash may leave.

/// Scripts, crashes, and counters.
mod campaign;
/// Disks that fail or ignore syncs.
mod faults;
/// The possible contents of a disk after a crash.
mod images;
/// The contents of a disk.
mod medium;
/// The cost of opening, and the bytes that it must not change.
mod opening;
/// The states that must be visible.
mod oracle;
/// Planted bugs that the tests must detect.
mod planted;
/// Compaction and recovery.
mod rewrite;
/// The operations of programs.
mod script;
/// The simulated storage.
mod sim;
/// The cost of unreferenced bytes.
mod space;
/// Readers that stay open.
mod views;

use campaign::{Campaign, Plan, number};
use planted::{BUGS, Bug};
use std::time::Instant;

fn report(campaign: &Campaign, start: Instant) {
    println!(
        "{} scripts, {} points of time, {} crashed disks judged, {} distinct, {} of them show an older state; {} live \
         views; open readers looked {} times for news, {} times they were told of another history; {} records decayed; \
         {} and {} disks reopened at levels 1 and 2; {:.1} s",
        campaign.scripts,
        campaign.points,
        campaign.judged,
        campaign.distinct.len(),
        campaign.older,
        campaign.live,
        campaign.looks,
        campaign.told,
        campaign.decayed,
        campaign.reopened[0],
        campaign.reopened[1],
        start.elapsed().as_secs_f64()
    );
}

/// A sample of the recorded run.
#[test]
fn crashes_show_exactly_one_commit() {
    let (mut campaign, start) = (Campaign::default(), Instant::now());
    let first = number("HYDRA_SEED", 1);
    for seed in first..first + number("HYDRA_SCRIPTS", 15) {
        campaign.script(seed, Plan::SAMPLE, Bug::None).unwrap_or_else(|what| panic!("{what}"));
    }
    report(&campaign, start);
    assert!(campaign.distinct.len() > 5000 && campaign.older > 1000 && campaign.reopened[1] > 10);
    assert!(campaign.looks > 1000 && campaign.decayed > 10);
}

/// `HYDRA_IMAGES` distinct images and `HYDRA_REOPENED` first-level states, a million and ten thousand by default.
#[test]
#[ignore = "minutes: the recorded run of docs/records/crash-simulation.md"]
fn recorded_run() {
    let (images, reopened) = (number("HYDRA_IMAGES", 1_000_000), number("HYDRA_REOPENED", 10_000));
    let (mut campaign, start) = (Campaign::default(), Instant::now());
    let mut seed = number("HYDRA_SEED", 1_000_000);
    while (campaign.distinct.len() as u64) < images || campaign.reopened[0] < reopened {
        campaign.script(seed, Plan::FULL, Bug::None).unwrap_or_else(|what| panic!("{what}"));
        seed += 1;
        if seed.is_multiple_of(10) {
            report(&campaign, start);
        }
    }
    report(&campaign, start);
}

#[test]
fn planted_bugs_are_caught() {
    let only = std::env::var("HYDRA_BUG").unwrap_or_default();
    for bug in BUGS.into_iter().filter(|bug| format!("{bug:?}").contains(&only)) {
        let (mut campaign, start) = (Campaign::default(), Instant::now());
        let most = number("HYDRA_SCRIPTS", 300);
        let caught = (1..=most).find_map(|seed| campaign.script(seed, Plan::QUICK, bug).err());
        let what = caught.unwrap_or_else(|| panic!("{bug:?}: not caught in {most} scripts"));
        println!(
            "{bug:?}: caught after {} disks in {:.1} s: {:.3000}",
            campaign.judged,
            start.elapsed().as_secs_f64(),
            what
        );
    }
}
