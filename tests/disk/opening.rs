//! The cost of opening, and what it must not change: a damaged file is reported, no wrong checksum is
//! corrected, and no file becomes shorter than its committed length.

use crate::images::{Effort, power_cuts};
use crate::medium::{Disk, Medium};
use crate::oracle::PATH;
use crate::planted::Bug;
use crate::sim::{Event, Image, Sim};
use hydra::file::{State, WriterOptions};
use hydra::testing::Storage as _;
use hydra::{Durability, Result, Writer, testing};
use hydra_tests::laws::Dice;
use std::path::Path;
use std::sync::Arc;

fn options() -> WriterOptions {
    Writer::options().file_id(*b"a simulated file").block_bytes(128)
}

/// A file that was not closed, with this many synced blocks of eight numbers, and this many unsynced ones.
fn unclosed(synced: u64, unsynced: u64) -> Result<Sim> {
    let (sim, path) = (Sim::default(), Path::new(PATH));
    let mut next = 0;
    let mut write = |mut writer: Writer, blocks: u64| {
        let table = writer.table::<u64>()?;
        writer.append_slice(table, &(next..next + blocks * 8).collect::<Vec<u64>>())?;
        next += blocks * 8;
        writer.commit()
    };
    write(testing::create(options(), &sim, path)?, synced)?;
    write(testing::resume(options().durability(Durability::Buffered), &sim, path)?, unsynced)?;
    Ok(sim)
}

/// Returns the number of reads and of bytes read to open the file.
fn cost(sim: &Sim) -> Result<(usize, u64)> {
    let counted = || {
        let state = sim.state();
        (state.reads, state.read_bytes)
    };
    let (reads, bytes) = counted();
    let reader = testing::open(Box::new(sim.file(0)), Path::new(PATH))?;
    assert_eq!(reader.report().state(), State::Unclosed);
    let (reads_after, bytes_after) = counted();
    Ok((reads_after - reads, bytes_after - bytes))
}

#[test]
fn opening_costs_what_is_not_indexed_and_not_synced() -> Result<()> {
    let few = cost(&unclosed(5_000, 40)?)?;
    let many = cost(&unclosed(80_000, 40)?)?;
    println!("5,000 blocks: {few:?} reads and bytes; 80,000 blocks: {many:?}");
    // At most 1,024 blocks after a directory, one line each; a directory holds at most 255 entries of each level.
    assert!(
        few.0 < 1_500 && many.0 < 1_500 && many.1 < few.1 + 1_024 * 64 + 3 * 256 * 40,
        "{few:?} {many:?}"
    );
    // Unsynced blocks are read and checked: header, payload, padding.
    let unsynced = cost(&unclosed(5_000, 2_000)?)?;
    println!("5,000 blocks and 2,000 that are not synced: {unsynced:?}");
    assert!(unsynced.0 < 4 * 2_000 + 1_500 && unsynced.1 < few.1 + 2_100 * 256 + 1_024 * 64, "{unsynced:?}");
    // A few reads suffice for a reader of a closed file.
    let sim = unclosed(80_000, 40)?;
    testing::resume(options(), &sim, Path::new(PATH)).and_then(|mut writer| {
        let table = writer.table::<u64>()?;
        writer.append(table, &7)?;
        writer.finish()
    })?;
    let before = sim.state().reads;
    testing::open(Box::new(sim.file(0)), Path::new(PATH))?;
    assert!(sim.state().reads - before < 12);
    Ok(())
}

/// A commit record is lost, a program continues, its blocks do not reach the disk, its record is lost as
/// well, and the blocks of the next program do not reach the disk either. No block of the first program may
/// be taken for one of the second.
fn second_loss(bug: Bug) -> Result<(), String> {
    let path = Path::new(PATH);
    let append = |sim: &Sim, first: u64| -> Result<()> {
        let mut writer = testing::resume(options().durability(Durability::Buffered), &bug.over(sim), path)?;
        let table = writer.table::<u64>()?;
        writer.append_slice(table, &(first..first + 8).collect::<Vec<u64>>())?;
        writer.commit()
    };
    let crashed = |sim: &Sim| {
        let mut all = Vec::new();
        power_cuts(&sim.state().disk, Effort::QUICK, &mut Dice(7), &mut |disk| {
            all.push(disk);
            true
        });
        all
    };
    let shown = |disk: &Disk| {
        crate::oracle::content(Box::new(Image(disk.files[0].cache.clone()))).map(|content| content.numbers)
    };
    // The record of the higher epoch, if the other one is of the same state; and the record that is shown.
    let lose = |mut disk: Disk| -> Option<(Sim, Vec<u64>)> {
        let (before, bytes) = (shown(&disk).ok()?, Arc::make_mut(&mut disk.files[0].disk));
        let epoch = |at: usize| bytes[at + 72..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        let at = if epoch(512) > epoch(4608) { 512 } else { 4608 };
        bytes[at + 20] ^= 1;
        disk.files[0].cache = disk.files[0].disk.clone();
        (shown(&disk).ok()? == before).then(|| (Sim::over(disk), before))
    };
    let sim = Sim::default();
    let closed = testing::create(options(), &sim, path).and_then(|writer| writer.finish());
    closed.and_then(|()| append(&sim, 0)).map_err(|error| error.to_string())?;
    sim.file(0).sync().map_err(|error| error.to_string())?;
    let mut judged = 0;
    for (first, _) in crashed(&sim).into_iter().filter_map(lose) {
        append(&first, 100).map_err(|error| error.to_string())?;
        for (second, before) in crashed(&first).into_iter().filter_map(lose) {
            append(&second, 200).map_err(|error| error.to_string())?;
            let after: Vec<u64> = before.iter().copied().chain(200..208).collect();
            for last in crashed(&second) {
                judged += 1;
                let found = shown(&last)?;
                if found != before && found != after {
                    return Err(format!("{found:?} after {before:?}"));
                }
            }
        }
    }
    println!("{judged} disks after a second loss");
    Ok(())
}

#[test]
fn a_second_loss_brings_no_old_block_back() {
    second_loss(Bug::None).unwrap_or_else(|what| panic!("{what}"));
    assert!(second_loss(Bug::OneSlot).is_err());
}

fn over(bytes: &[u8]) -> Sim {
    let bytes = Arc::new(bytes.to_vec());
    let file = Medium { disk: bytes.clone(), cache: bytes, ..Medium::default() };
    let names = [(PATH.into(), 0)];
    Sim::over(Disk {
        files: vec![file],
        names: names.clone().into(),
        stable: names.into(),
        moves: Vec::new(),
    })
}

/// Returns the offsets of a check's findings below the first 8 KiB.
fn findings(sim: &Sim) -> Result<Vec<u64>> {
    let mut found = Vec::new();
    testing::check(&sim.file(0), &mut |finding| found.extend(finding.offset().filter(|at| *at >= 8192)))?;
    Ok(found)
}

#[test]
fn damage_is_never_signed_again_and_no_file_gets_shorter() -> Result<()> {
    let (sim, path) = (Sim::default(), Path::new(PATH));
    let mut writer = testing::create(options(), &sim, path)?;
    let (numbers, texts) = (writer.table::<u64>()?, writer.table::<String>()?);
    writer.append_slice(numbers, &(0..40).collect::<Vec<u64>>())?;
    writer.append(texts, &"é".repeat(40))?;
    writer.set_metadata("note", "kept")?;
    writer.finish()?;
    let whole = (*sim.state().disk.files[0].cache).clone();
    let (mut refused, mut reported) = (0, 0);
    for at in (0..whole.len()).filter(|at| !(640..4096).contains(at) && !(4736..8192).contains(at)) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        let sim = over(&bytes);
        let found = findings(&sim)?;
        let outcome = testing::resume(options(), &sim, path).and_then(|mut writer| {
            let table = writer.table::<u64>()?;
            writer.append(table, &40)?;
            writer.finish()
        });
        let state = sim.state();
        let after = state.disk.files[0].cache.clone();
        let wrote = state.events.iter().any(|event| matches!(event, Event::Write(..)));
        drop(state);
        assert!(after.len() >= bytes.len());
        assert!(after[8192..].starts_with(&bytes[8192..]), "byte {at}: a committed byte changed");
        match outcome {
            // Damage that opening detects: refused, and nothing is written.
            Err(_) => {
                refused += 1;
                assert!(!wrote && at != 640, "byte {at}");
            }
            // Damage that it does not detect stays; an invalid record is rewritten.
            Ok(()) => {
                reported += usize::from(at >= 8192);
                let still = findings(&sim)?;
                assert!(found.iter().all(|offset| still.contains(offset)), "byte {at}: {found:?} {still:?}");
                assert!(at < 8192 || !found.is_empty(), "byte {at} is not reported");
            }
        }
    }
    println!("{refused} damaged files refused, {reported} with damage that went on being reported");
    assert!(refused > 500 && reported > 500);
    Ok(())
}
