//! Recovery over every way to damage a file in memory: it keeps only what was written, loses only what was
//! damaged, and reports exactly that.

use crate::Writer;
use crate::repair::recover::{RecoverOptions, Recovery, recover_on};
use crate::store::block::{BlockHeader, BlockKind, line};
use crate::store::bytes::{LINE, REGION, SLOT_AT};
use crate::store::open::Opened;
use crate::store::testing::{Memory, Shelf, numbers, sample};
use crate::table::reader::Reader;
use crate::{ErrorKind, Result};
use std::collections::BTreeSet;
use std::path::Path;

/// Recovers into memory. The input must stay unchanged, and nothing may be left beside the output.
fn recover_with(memory: &Memory, options: RecoverOptions) -> Result<(Recovery, Memory)> {
    let (shelf, before) = (Shelf::default(), memory.bytes());
    let output = Some((&shelf as _, Path::new("out.hydra")));
    let outcome =
        recover_on(Box::new(memory.clone()), Path::new("in.hydra"), output, options, &mut |_, _| {});
    assert!(memory.bytes() == before && memory.inner().writes.is_empty());
    let written = shelf.take("out.hydra");
    assert_eq!(shelf.len(), 0);
    outcome.map(|recovery| (recovery, written.expect("an output")))
}

fn recover(memory: &Memory) -> Result<(Recovery, Memory)> {
    recover_with(memory, RecoverOptions::default())
}

/// All records of all tables as text: table, index, value.
fn records(memory: &Memory) -> Vec<Vec<String>> {
    let reader = Reader::over(Box::new(memory.clone()), Path::new("memory")).unwrap();
    let table = |name: &str| {
        let table = reader.dynamic_table(name).unwrap();
        let blocks: Vec<_> = table.blocks().map(|block| block.unwrap()).collect();
        blocks
            .iter()
            .flat_map(|block| block.values().map(|value| value.to_string()).collect::<Vec<_>>())
            .collect()
    };
    reader.tables().iter().map(|info| table(info.name())).collect()
}

/// Every block of a sound file.
fn blocks(memory: &Memory) -> Vec<(u64, BlockHeader)> {
    let Opened { header, commit, .. } = memory.open().unwrap();
    let (mut offset, mut blocks) = (REGION, Vec::new());
    while offset < commit.committed_bytes {
        let block = header.blocks(memory, commit.committed_bytes).header(offset).unwrap();
        blocks.push((offset, block.header));
        offset = block.end();
    }
    blocks
}

/// The sample with two edits: one of numbers, twice of the same block, and one of texts.
fn edited() -> Memory {
    let memory = sample();
    for (table, index, value) in [("u64", 70, "7000"), ("u64", 71, "7100"), ("u64", 200, "20000")] {
        let options = Writer::options().block_bytes(512);
        let mut editor = options.edit_in(Box::new(memory.clone()), Path::new("memory")).unwrap();
        editor.record(table, index).unwrap().set_str(value).unwrap();
        editor.finish().unwrap();
    }
    memory.inner().writes.clear();
    memory
}

/// The current DATA blocks of a sound file: table, first record, count.
fn current(memory: &Memory) -> Vec<(usize, u64, BlockHeader)> {
    let blocks = blocks(memory);
    let data = blocks.iter().filter(|(_, header)| header.is(BlockKind::Data));
    let newest = |offset: u64, header: &BlockHeader| {
        let same = |other: &BlockHeader| (other.schema, other.first) == (header.schema, header.first);
        !blocks.iter().any(|(at, other)| *at > offset && other.is(BlockKind::Data) && same(other))
    };
    let current = data.filter(|(offset, header)| newest(*offset, header));
    current.map(|(offset, header)| (header.schema as usize - 1, *offset, *header)).collect()
}

/// Checks that kept records are unchanged and at the reported places, and that all others are reported as
/// lost.
fn agrees(recovery: &Recovery, output: &Memory, original: &[Vec<String>]) -> Vec<BTreeSet<u64>> {
    let found = records(output);
    let mut lost = Vec::new();
    for (number, table) in recovery.tables.iter().enumerate() {
        let (mut kept, mut next) = (BTreeSet::new(), 0);
        for (old, new) in &table.kept {
            assert!(new.start == next && new.end - new.start == old.end - old.start, "{table:?}");
            next = new.end;
            for (from, to) in old.clone().zip(new.clone()) {
                kept.insert(from);
                assert_eq!(
                    found[number][to as usize], original[number][from as usize],
                    "{} {from}",
                    table.name
                );
            }
        }
        assert_eq!(found[number].len() as u64, next);
        let gone: BTreeSet<u64> = table.lost.iter().flat_map(|(records, _)| records.clone()).collect();
        assert!(kept.is_disjoint(&gone) && kept.len() + gone.len() == original[number].len(), "{table:?}");
        lost.push(gone);
    }
    lost
}

#[test]
fn a_sound_file_loses_nothing() {
    for memory in [sample(), edited()] {
        memory.inner().writes.clear();
        let (recovery, output) = recover(&memory).unwrap();
        assert!(recovery.is_complete(), "{recovery:?}");
        assert_eq!(records(&output), records(&memory));
        let pairs = |memory: &Memory| {
            Reader::over(Box::new(memory.clone()), Path::new("")).unwrap().metadata().unwrap().clone()
        };
        assert_eq!(pairs(&output), pairs(&memory));
        assert_eq!(pairs(&output).len(), 2);
        assert_ne!(output.open().unwrap().header.file_id, memory.open().unwrap().header.file_id);
    }
}

#[test]
fn a_flipped_bit_costs_the_records_of_its_block_and_no_more() {
    let memory = edited();
    let (good, original) = (memory.bytes(), records(&memory));
    let (blocks, current, commit) = (blocks(&memory), current(&memory), memory.open().unwrap().commit);
    let mut unknown_count = 0;
    // Opening waits for commit records, so few bytes of those; of blocks every byte of headers, and some of payloads.
    let places = (0..good.len()).filter(|at| match at {
        ..8192 => at % 97 == 0 || [520, 4616].contains(at),
        _ => at % 64 == 60 || (good[at - at % 64..].starts_with(b"HBLK") && at % 3 == 0) || at % 53 == 0,
    });
    for at in places {
        memory.inner().bytes[at] ^= 1 << (at % 8);
        let (recovery, output) = recover(&memory).unwrap_or_else(|error| panic!("byte {at:#x}: {error}"));
        let lost = agrees(&recovery, &output, &original);
        let block = blocks.iter().rev().find(|(offset, _)| *offset <= at as u64).copied();
        let hit = block.filter(|(offset, header)| {
            let inner = at as u64 - offset;
            // Padding after a payload and the content of a PAD block belong to no block.
            inner < LINE || inner < LINE + u64::from(header.payload_bytes)
        });
        for (number, lost) in lost.iter().enumerate() {
            let data = current
                .iter()
                .find(|(table, offset, _)| hit.is_some_and(|hit| hit.0 == *offset) && *table == number);
            let expected = data.map_or(0..0, |(_, _, header)| header.first..header.end_record());
            assert_eq!(*lost, expected.collect(), "byte {at:#x} of {hit:?}: {recovery:?}");
        }
        let meta = hit.is_some_and(|(offset, _)| offset == commit.meta);
        assert_eq!(recovery.metadata_lost.is_some(), meta, "byte {at:#x}");
        let data = lost.iter().any(|lost| !lost.is_empty());
        unknown_count += usize::from(!recovery.unknown.is_empty());
        assert_eq!(recovery.is_complete(), !data && !meta && recovery.unknown.is_empty(), "{recovery:?}");
        memory.inner().bytes[at] = good[at];
    }
    assert_eq!(unknown_count, 0, "the file was closed: something tells what every block held");
}

#[test]
fn every_prefix_gives_the_blocks_that_are_whole() {
    let memory = edited();
    let (good, original) = (memory.bytes(), records(&memory));
    let blocks = blocks(&memory);
    let mut complete_count = 0;
    for length in (0..good.len()).filter(|length| length % 64 < 2 || length % 211 == 0) {
        let cut = Memory::of(&good[..length]);
        let whole = |offset: u64, header: &BlockHeader| header.end(offset) <= length as u64;
        let some = blocks.iter().any(|(offset, header)| whole(*offset, header) && header.is(BlockKind::Data));
        match recover(&cut) {
            Err(error) => {
                let kinds = [ErrorKind::NotHydra, ErrorKind::CutShort, ErrorKind::Chain];
                assert!(!some && kinds.contains(&error.kind()), "{length}: {error}");
            }
            Ok((recovery, output)) => {
                let found = records(&output);
                let kept: usize = found.iter().map(Vec::len).sum();
                let total: usize = original.iter().map(Vec::len).sum();
                assert_eq!(kept as u64 + recovery.lost_count(), total as u64, "{length}: {recovery:?}");
                let all = kept == total && recovery.unknown.is_empty() && recovery.metadata_lost.is_none();
                assert_eq!(recovery.is_complete(), all);
                complete_count += usize::from(all);
                // The edits come last: without them, the report says that something is unknown.
                for (found, original) in found.iter().zip(&original) {
                    let changed = found.iter().zip(original).filter(|(found, original)| found != original);
                    assert!(changed.count() == 0 || !recovery.unknown.is_empty(), "{length}: {recovery:?}");
                }
            }
        }
    }
    // Copies of schemas and the index are at the end of a file that was closed.
    assert!((5..30).contains(&complete_count), "{complete_count}");
}

#[test]
fn without_commit_records_or_header_lines_all_blocks_are_found() {
    let memory = edited();
    let (good, original) = (memory.bytes(), records(&memory));
    let both = |places: [u64; 2]| {
        let damaged = Memory::of(&good);
        places.iter().for_each(|at| damaged.inner().bytes[*at as usize + 3] ^= 0x10);
        damaged
    };
    for damaged in [both(SLOT_AT), both([0, 4096])] {
        assert!(damaged.open().is_err());
        let (recovery, output) = recover(&damaged).unwrap();
        assert_eq!(records(&output), original);
        assert!(recovery.is_complete(), "{recovery:?}");
    }
    let damaged = Memory::of(&good);
    damaged.inner().bytes[..8192].fill(0);
    let (recovery, output) = recover(&damaged).unwrap();
    assert_eq!((records(&output), recovery.commit), (original, None), "the blocks tell the file id");
}

#[test]
fn a_damaged_edit_is_lost_unless_older_records_are_asked_for() {
    let memory = edited();
    let original = records(&memory);
    let data = current(&memory);
    let (_, offset, header) =
        *data.iter().find(|(_, _, header)| header.is_replacement() && header.first <= 70).unwrap();
    for inner in [8, 64] {
        let damaged = Memory::of(&memory.bytes());
        damaged.inner().bytes[offset as usize + inner] ^= 1;
        let (recovery, output) = recover(&damaged).unwrap();
        assert_eq!(agrees(&recovery, &output, &original)[0], (header.first..header.end_record()).collect());
        let (recovery, output) = recover_with(&damaged, RecoverOptions::default().older(true)).unwrap();
        let edited = header.first..header.end_record();
        assert!(recovery.tables[0].older.len() == 1 && recovery.tables[0].older[0] == edited);
        assert_eq!((recovery.lost_count(), recovery.is_complete()), (0, false));
        let found = records(&output);
        let differ: Vec<usize> = (0..300).filter(|&at| found[0][at] != original[0][at]).collect();
        assert_eq!(differ, [71], "the second edit of the block is undone, the first is not");
    }
}

#[test]
fn an_edit_that_nothing_names_makes_the_file_uncertain() {
    let memory = sample();
    let mut editor = Writer::options().edit_in(Box::new(memory.clone()), Path::new("memory")).unwrap();
    editor.record("u64", 70).unwrap().set_str("7000").unwrap();
    editor.commit().unwrap();
    drop(editor);
    memory.inner().writes.clear();
    let (offset, _) = *blocks(&memory).last().unwrap();
    memory.inner().bytes[offset as usize + 20] ^= 1;
    let (recovery, output) = recover(&memory).unwrap();
    assert!(recovery.unknown.len() == 1 && recovery.unknown[0] == (offset..memory.bytes().len() as u64));
    assert!(!recovery.is_complete());
    assert_eq!(records(&output)[0][70], "70");
}

/// The sample, and blocks after its last commit.
fn interrupted(damage_commit: bool) -> Memory {
    let memory = sample();
    let options = Writer::options().block_bytes(512).durability(crate::Durability::Buffered);
    let mut writer = options.resume_in(Box::new(memory.clone())).unwrap();
    let table = writer.table::<u64>().unwrap();
    writer.append_slice(table, &(300..400).collect::<Vec<u64>>()).unwrap();
    writer.commit().unwrap();
    drop(writer);
    let opened = memory.open().unwrap();
    if damage_commit {
        memory.inner().bytes[SLOT_AT[opened.slot] as usize + 9] ^= 1;
    } else {
        // As if the record had never been written: both name the state before.
        let old = SLOT_AT[1 - opened.slot] as usize;
        let record = memory.bytes()[old..old + 128].to_vec();
        let new = SLOT_AT[opened.slot] as usize;
        memory.inner().bytes[new..new + 128].copy_from_slice(&record);
    }
    memory.inner().writes.clear();
    memory
}

#[test]
fn blocks_after_the_last_commit_are_kept_when_asked_for_and_listed_apart() {
    for damaged in [false, true] {
        let memory = interrupted(damaged);
        assert_eq!(numbers(&memory).len(), 300);
        let (recovery, output) = recover(&memory).unwrap();
        assert_eq!(numbers(&output), (0..300).collect::<Vec<_>>());
        assert_eq!(recovery.left_out, (2, 100));
        assert_eq!((recovery.in_doubt, recovery.is_complete()), (damaged, !damaged), "{recovery:?}");
        let (recovery, output) = recover_with(&memory, RecoverOptions::default().uncommitted(true)).unwrap();
        assert_eq!(numbers(&output), (0..400).collect::<Vec<_>>());
        let never = &recovery.tables[0].uncommitted;
        assert!(never.len() == 1 && never[0] == (300..400));
        assert!(recovery.is_complete());
        // Half of it is torn: the rest is kept, and nothing committed is lost.
        let length = memory.bytes().len();
        memory.inner().bytes.truncate(length - 64);
        let (recovery, output) = recover_with(&memory, RecoverOptions::default().uncommitted(true)).unwrap();
        assert_eq!(recovery.tables[0].uncommitted.len(), 1);
        assert!(recovery.is_complete() && numbers(&output).len() < 400, "{recovery:?}");
    }
}

#[test]
fn what_lies_under_a_damaged_pad_block_is_not_brought_back() {
    let memory = interrupted(false);
    memory.inner().bytes[SLOT_AT[1] as usize] ^= 1;
    let mut writer = Writer::options().resume_in(Box::new(memory.clone())).unwrap();
    let table = writer.table::<u64>().unwrap();
    writer.append_slice(table, &[1, 2, 3]).unwrap();
    writer.finish().unwrap();
    memory.inner().writes.clear();
    let (pad, header) = *blocks(&memory).iter().rfind(|(_, header)| header.is(BlockKind::Pad)).unwrap();
    assert!(header.line_count > 4);
    let original = records(&memory);
    memory.inner().bytes[pad as usize + line::LINES] ^= 1;
    let (recovery, output) = recover(&memory).unwrap();
    assert_eq!(records(&output), original);
    assert_eq!(recovery.lost_count(), 0, "{recovery:?}");
}

#[test]
fn nothing_to_save_is_an_error() {
    for bytes in [&b""[..], b"not a file of ours", &[0; 10_000]] {
        assert_eq!(recover(&Memory::of(bytes)).unwrap_err().kind(), ErrorKind::NotHydra);
    }
    let memory = Memory::default();
    let mut writer = Writer::options().create_in(Box::new(memory.clone())).unwrap();
    let table = writer.table::<u64>().unwrap();
    writer.append(table, &7).unwrap();
    writer.finish().unwrap();
    memory.inner().writes.clear();
    let (_, offset, _) = current(&memory)[0];
    memory.inner().bytes[offset as usize + 64] ^= 1;
    assert_eq!(recover(&memory).unwrap_err().kind(), ErrorKind::Checksum);
    let empty = Memory::default();
    Writer::options().create_in(Box::new(empty.clone())).unwrap().finish().unwrap();
    empty.inner().writes.clear();
    assert!(recover(&empty).unwrap().0.is_complete());
}
