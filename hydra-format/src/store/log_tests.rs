//! Opening for writing after interrupted writers, and closing, over files in memory.

use super::*;
use crate::repair::check::check_source;
use crate::store::report::State;
use crate::store::testing::{Memory, numbers};
use crate::table::writer::{Writer, WriterOptions};

const ID: [u8; 16] = *b"a file of tests.";

fn options() -> WriterOptions {
    Writer::options().file_id(ID)
}

fn resume(memory: &Memory) -> Result<Writer> {
    options().resume_in(Box::new(memory.clone()))
}

/// Creates a closed file with the numbers 0..10.
fn closed() -> Memory {
    let memory = Memory::default();
    let mut writer = options().create_in(Box::new(memory.clone())).unwrap();
    let table = writer.table::<u64>().unwrap();
    writer.append_slice(table, &(0..10).collect::<Vec<u64>>()).unwrap();
    writer.finish().unwrap();
    memory
}

/// Appends these numbers and closes the file.
fn append(memory: &Memory, values: &[u64]) {
    let mut writer = resume(memory).unwrap();
    let table = writer.table::<u64>().unwrap();
    writer.append_slice(table, values).unwrap();
    writer.finish().unwrap();
}

/// Returns the offsets and lengths of the PAD blocks.
fn pads(memory: &Memory) -> Vec<(u64, u64)> {
    let opened = memory.open().unwrap();
    let mut scan = opened.scan(memory);
    let mut found = Vec::new();
    while let Some(step) = scan.step().unwrap() {
        assert!(step.problem.is_none(), "{:?}", step.problem);
        let pad = step.block.filter(|block| block.is(BlockKind::Pad));
        found.extend(pad.map(|pad| (pad.offset, pad.bytes())));
    }
    found
}

fn put_record(memory: &Memory, slot: usize, commit: &Commit) {
    put(&mut memory.inner().bytes, SLOT_AT[slot] as usize, &commit.encode(&ID));
}

/// Returns every number from 0 on, of a file of exactly its committed length in which a check finds nothing.
#[track_caller]
fn assert_sound(memory: &Memory, count: u64) {
    let opened = memory.open().unwrap();
    assert_eq!(opened.report.state(), State::Clean, "{:?}", opened.report.details());
    assert_eq!(opened.file_bytes, opened.commit.committed_bytes);
    assert_eq!(numbers(memory), (0..count).collect::<Vec<u64>>());
    assert!(check_source(memory, &mut |finding| panic!("{finding}"), &mut |_, _| {}).unwrap().is_sound());
}

#[test]
fn an_old_tail_is_written_over_and_cut_off() {
    let fresh = closed();
    append(&fresh, &[10]);
    for tail in [1, 64, 1000, 200_000] {
        let memory = closed();
        let before = memory.bytes();
        // A tail that looks like blocks of this file.
        memory.inner().bytes.extend(before[REGION as usize..].iter().cycle().take(tail));
        assert_eq!(memory.open().unwrap().report.state(), State::UncommittedTail { bytes: tail as u64 });
        append(&memory, &[10]);
        assert_sound(&memory, 11);
        assert_eq!(memory.bytes(), fresh.bytes(), "as if there had been none");
    }
}

#[test]
fn killed_writers_cost_no_space() {
    let memory = closed();
    let mut most = 0;
    for round in 0..10_u64 {
        let mut writer = resume(&memory).unwrap();
        let table = writer.table::<u64>().unwrap();
        writer.append_slice(table, &vec![round; 400_000]).unwrap();
        drop(writer);
        let length = memory.len().unwrap();
        assert!(length >= 2 * RUN && (round == 0 || length == most), "{length} after {most}");
        most = length;
    }
    append(&memory, &[10]);
    assert_sound(&memory, 11);
    assert!(pads(&memory).is_empty() && memory.len().unwrap() < 10_000);
}

#[test]
fn a_cut_that_fails_leaves_a_tail_and_nothing_else() {
    let left = |budget| {
        let memory = closed();
        memory.inner().bytes.extend([0xaa; 50_000]);
        memory.inner().budget = budget;
        let mut writer = resume(&memory).unwrap();
        let table = writer.table::<u64>().unwrap();
        let outcome = writer.append(table, &10).and_then(|()| writer.finish());
        memory.inner().budget = None;
        outcome.is_ok().then_some(memory)
    };
    let memory = (1..).find_map(|budget| left(Some(budget))).unwrap();
    let opened = memory.open().unwrap();
    let bytes = opened.file_bytes - opened.commit.committed_bytes;
    assert!(bytes > 40_000 && opened.commit.is_closed());
    assert_eq!(opened.report.state(), State::UncommittedTail { bytes });
    append(&memory, &[11]);
    assert_sound(&memory, 12);
}

/// Creates a file whose newest commit does not check out: three more numbers, with one byte changed.
fn rejected() -> (Memory, Commit) {
    let memory = closed();
    let mut writer = options().durability(Durability::Buffered).resume_in(Box::new(memory.clone())).unwrap();
    let table = writer.table::<u64>().unwrap();
    for number in [100, 101, 102] {
        writer.append(table, &number).unwrap();
        writer.commit().unwrap();
    }
    let given_up = memory.open().unwrap().commit;
    memory.inner().bytes[given_up.last_block as usize + 70] ^= 1;
    memory.inner().bytes.extend([0xaa; 5000]);
    (memory, given_up)
}

#[test]
fn what_a_rejected_commit_named_is_covered_and_stays() {
    let (memory, given_up) = rejected();
    let before = memory.bytes();
    let accepted = memory.open().unwrap();
    assert!(matches!(accepted.report.state(), State::LastCommitLost { .. }));
    let (from, to) = (accepted.commit.committed_bytes as usize, given_up.committed_bytes as usize);
    memory.inner().writes.clear();
    append(&memory, &[10]);
    assert_sound(&memory, 11);
    assert_eq!(pads(&memory), [(from as u64, (to - from) as u64)]);
    let after = memory.bytes();
    assert!(after[REGION as usize..from] == before[REGION as usize..from]);
    assert!(after[from + 64..to] == before[from + 64..to], "what a map may show");
    // One block is lost, and the rest has an epoch that continues.
    let opened = memory.open().unwrap();
    assert_eq!(opened.commit.epoch, given_up.epoch + 1);
    let first = opened.catalog.blocks(&memory).header(to as u64).unwrap();
    assert_eq!(first.distance(), (to - from) as u64);
}

#[test]
fn the_cover_is_synced_before_the_record_that_has_it() {
    for budget in 0.. {
        let (memory, given_up) = rejected();
        let Opened { commit: before, slot, .. } = memory.open().unwrap();
        memory.inner().writes.clear();
        memory.inner().syncs = 0;
        memory.inner().budget = Some(budget);
        let mut writer = resume(&memory).unwrap();
        let table = writer.table::<u64>().unwrap();
        let outcome = writer.append(table, &10).and_then(|()| writer.finish());
        memory.inner().budget = None;
        let writes = memory.inner().writes.clone();
        let syncs = memory.inner().syncs;
        let now = memory.open().unwrap();
        if now.commit != before {
            let own = writes.iter().position(|write| write.0 == SLOT_AT[1 - slot]).unwrap();
            assert_eq!((writes[own - 1].0, syncs > 0), (before.committed_bytes, true), "{writes:?}");
            let length = now.commit.committed_bytes;
            assert!(length >= given_up.committed_bytes && now.commit.synced_bytes == length);
            assert!(pads(&memory).len() == 1, "it has the cover from its first record on");
        }
        append(&memory, &[11]);
        assert!(pads(&memory).len() == 1, "{budget}");
        if outcome.is_ok() {
            break;
        }
    }
}

#[test]
fn a_record_that_names_more_than_there_is_makes_no_long_file() {
    for (committed, expected) in [(1 << 40, 2), ((1 << 63) - 64, 2), (1 << 40, 0)] {
        let memory = closed();
        let good = memory.open().unwrap().commit;
        memory.inner().bytes.extend(vec![0xaa; if expected == 0 { 0 } else { 64 * expected + 63 }]);
        let sequence = good.sequence + 1;
        put_record(&memory, 1, &Commit { sequence, committed_bytes: committed, ..good });
        append(&memory, &[10]);
        assert_sound(&memory, 11);
        assert!(memory.len().unwrap() < 12_000);
        let expected: Vec<_> =
            (expected > 0).then_some((good.committed_bytes, 64 * expected as u64)).into_iter().collect();
        assert_eq!(pads(&memory), expected);
        assert!(memory.open().unwrap().commit.sequence > sequence);
    }
}

#[test]
fn more_than_can_be_covered_is_refused() {
    let outcome = |covered: u64| {
        let memory = closed();
        let mut opened = memory.open().unwrap();
        opened.file_bytes = opened.commit.committed_bytes + covered;
        opened.slots[1 - opened.slot] = Ok(Commit { committed_bytes: opened.file_bytes, ..opened.commit });
        Log::resume(Box::new(memory), opened).map(|_| ()).map_err(|error| error.kind())
    };
    assert_eq!(outcome(1 << 50), Ok(()));
    assert_eq!(outcome((1 << 50) + LINE), Err(ErrorKind::TooLarge));
}

#[test]
fn after_a_lost_record_the_whole_file_is_kept_and_numbers_skip_ahead() {
    for slot in [0, 1] {
        let memory = closed();
        let good = memory.open().unwrap().commit;
        memory.inner().bytes.extend([0xaa; 1000]);
        memory.inner().bytes[SLOT_AT[slot] as usize + 20] ^= 1;
        append(&memory, &[10]);
        assert_sound(&memory, 11);
        assert_eq!(pads(&memory), [(good.committed_bytes, 960)]);
        let now = memory.open().unwrap().commit;
        assert_eq!(now.epoch, good.epoch + 65_536);
        assert!(now.sequence > good.sequence + 65_536);
        // The epoch stops at the largest number.
        put_record(&memory, 0, &Commit { epoch: u32::MAX - 65_536, ..now });
        memory.inner().bytes[SLOT_AT[1] as usize + 20] ^= 1;
        append(&memory, &[11]);
        assert_eq!(memory.open().unwrap().commit.epoch, u32::MAX);
        assert_eq!(resume(&memory).unwrap_err().kind(), ErrorKind::TooLarge);
    }
}

#[test]
fn after_a_lost_record_both_have_the_new_epoch_before_the_first_block() {
    for budget in 0.. {
        let memory = closed();
        let good = memory.open().unwrap().commit;
        memory.inner().bytes[SLOT_AT[0] as usize + 20] ^= 1;
        memory.inner().writes.clear();
        memory.inner().budget = Some(budget);
        let mut writer = resume(&memory).unwrap();
        let table = writer.table::<u64>().unwrap();
        let outcome = writer.append(table, &10).and_then(|()| writer.finish());
        let written = memory.inner().writes.iter().any(|write| write.0 >= good.committed_bytes);
        let epochs = SLOT_AT.map(|at| {
            let bytes = memory.bytes();
            Commit::decode(&bytes[at as usize..], &ID).map_or(0, |commit| commit.epoch)
        });
        assert!(!written || epochs == [good.epoch + 65_536; 2], "{budget}: {epochs:?}");
        if outcome.is_ok() {
            break;
        }
    }
}

#[test]
fn a_new_file_is_open_until_it_is_finished() {
    let memory = Memory::default();
    let writer = options().create_in(Box::new(memory.clone())).unwrap();
    assert_eq!(memory.open().unwrap().report.state(), State::Unclosed);
    let created = memory.bytes();
    drop(writer);
    resume(&memory).unwrap().finish().unwrap();
    assert_eq!(memory.bytes(), created, "nothing was written to a file that was there");
    let memory = Memory::default();
    let mut writer = options().create_in(Box::new(memory.clone())).unwrap();
    writer.commit().unwrap();
    assert_eq!(memory.open().unwrap().commit.sequence, 1);
    writer.finish().unwrap();
    assert_sound(&memory, 0);
    let opened = memory.open().unwrap();
    assert_eq!((opened.commit.sequence, opened.commit.block_count, opened.file_bytes), (2, 0, REGION));
    append(&memory, &[0, 1]);
    assert_sound(&memory, 2);
}

/// Creates a file that is not closed and has no directory: a schema and `blocks` blocks of a number each, as
/// another writer may leave it.
fn without_directory(blocks: u64) -> Memory {
    let memory = Memory::default();
    let mut writer = options().create_in(Box::new(memory.clone())).unwrap();
    let table = writer.table::<u64>().unwrap();
    writer.append(table, &0).unwrap();
    writer.commit().unwrap();
    drop(writer);
    let opened = memory.open().unwrap();
    let (key, commit) = (opened.header.sync_key(), opened.commit);
    let first = opened.catalog.blocks(&memory).header(commit.last_block).unwrap().header;
    let mut last = commit.last_block;
    for number in 1..blocks {
        let mut payload = number.to_le_bytes().to_vec();
        payload.resize(first.payload_bytes as usize, 0);
        let (payload_crc, distance_lines) = (crc32fast::hash(&payload), first.line_count);
        let header = BlockHeader { first: number, payload_crc, distance_lines, ..first };
        last = first.end(last);
        let bytes = &mut memory.inner().bytes;
        bytes.extend(header.encode(key, last));
        bytes.extend(payload);
        bytes.resize(header.end(last) as usize, 0);
    }
    let (end, block_count) = (first.end(last), commit.block_count + blocks - 1);
    let lengths = Commit { committed_bytes: end, synced_bytes: end, ..commit };
    let commit = Commit { sequence: 9, last_block: last, record_count: blocks, block_count, ..lengths };
    [0, 1].into_iter().for_each(|slot| put_record(&memory, slot, &commit));
    memory
}

fn findings(memory: &Memory) -> Vec<String> {
    let mut found = Vec::new();
    check_source(memory, &mut |finding| found.push(finding.to_string()), &mut |_, _| {}).unwrap();
    found
}

#[test]
fn a_directory_comes_in_time_whatever_another_writer_left() {
    for blocks in [255, 1019, 1022] {
        let memory = without_directory(blocks);
        assert_eq!(findings(&memory), [""; 0]);
        append(&memory, &[blocks]);
        assert_sound(&memory, blocks + 1);
        // A later directory has the full nodes.
        append(&memory, &[blocks + 1]);
        assert_sound(&memory, blocks + 2);
        assert!(memory.open().unwrap().catalog.tables[0].entries.len() < 256 + 4);
    }
    // If it is already late, the directory comes first.
    let memory = without_directory(1500);
    let found = findings(&memory);
    assert!(matches!(&found[..], [only] if only.contains("found 1025")), "{found:?}");
    let mut editor = options().edit_in(Box::new(memory.clone()), Path::new("file")).unwrap();
    editor.record("u64", 3).and_then(|mut record| record.set(3_u64 << 32)).unwrap();
    editor.finish().unwrap();
    assert_eq!(findings(&memory), found, "as sound as it was");
    append(&memory, &[1500]);
    assert_eq!(findings(&memory), found);
}
