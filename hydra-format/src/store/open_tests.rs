//! Opening files in memory: torn commit records, lost commits, and damage that does not prevent opening.

use super::*;
use crate::Writer;
use crate::store::bytes::{LINE, SLOT_AT};
use crate::store::index::Entry;
use crate::store::log::Durability;
use crate::store::testing::{Memory, numbers, sample};

/// Creates a file that was not closed, with two commits of ten numbers each, of this durability.
fn two_commits(durability: Durability) -> Memory {
    let memory = Memory::default();
    let options = Writer::options().file_id([7; 16]).durability(durability);
    let mut writer = options.create_in(Box::new(memory.clone())).unwrap();
    let table = writer.table::<u64>().unwrap();
    for round in 0..2 {
        writer.append_slice(table, &(round * 10..(round + 1) * 10).collect::<Vec<u64>>()).unwrap();
        writer.commit().unwrap();
    }
    memory
}

/// Returns the offsets of the blocks of a kind.
fn blocks(memory: &Memory, kind: BlockKind) -> Vec<u64> {
    let opened = memory.open().unwrap();
    let mut scan = opened.scan(memory);
    let mut found = Vec::new();
    while let Some(step) = scan.step().unwrap() {
        found.extend(step.block.filter(|block| block.is(kind)).map(|block| block.offset));
    }
    found
}

fn damage(memory: &Memory, at: u64) {
    memory.inner().bytes[at as usize] ^= 0x10;
}

#[test]
fn a_torn_record_gives_the_other_and_is_reported() {
    for (slot, content) in [(0, 0u8), (0, 0xff), (1, 0), (1, 0xff)] {
        let memory = two_commits(Durability::Durable);
        let Opened { commit: newest, slot: newest_slot, .. } = memory.open().unwrap();
        let at = SLOT_AT[slot] as usize;
        memory.inner().bytes[at..at + 128].fill(content);
        let opened = memory.open().unwrap();
        let lost = slot == newest_slot;
        assert_eq!(numbers(&memory).len(), if lost { 10 } else { 20 });
        assert!(matches!(opened.report.state(), State::LastCommitLost { bytes } if (bytes > 0) == lost));
        assert!(opened.report.details()[0].to_string().contains(&format!("commit record {slot}")));
        assert_eq!(opened.commit.sequence, if lost { newest.sequence - 1 } else { newest.sequence });
        // A writer continues from the state that readers saw.
        let mut writer = Writer::options().resume_in(Box::new(memory.clone())).unwrap();
        let table = writer.table::<u64>().unwrap();
        writer.append(table, &99).unwrap();
        writer.finish().unwrap();
        assert_eq!(memory.open().unwrap().report.state(), State::Clean);
        assert_eq!(numbers(&memory).last(), Some(&99));
    }
}

#[test]
fn no_valid_record_opens_neither_to_read_nor_to_write() {
    let memory = two_commits(Durability::Durable);
    SLOT_AT.into_iter().for_each(|at| damage(&memory, at));
    assert_eq!(memory.open().unwrap_err().kind(), ErrorKind::NoCommit);
    let refused = Writer::options().resume_in(Box::new(memory.clone())).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NoCommit);
}

#[test]
fn equal_sequences_with_different_content_count_as_bad() {
    let memory = two_commits(Durability::Durable);
    let opened = memory.open().unwrap();
    let other = Commit { record_count: 5, ..opened.commit };
    let at = SLOT_AT[1 - opened.slot] as usize;
    memory.inner().bytes[at..at + 128].copy_from_slice(&other.encode(&opened.header.file_id));
    assert_eq!(memory.open().unwrap_err().kind(), ErrorKind::NoCommit);
}

#[test]
fn a_commit_that_a_power_cut_tore_is_invisible_as_a_whole() {
    let memory = two_commits(Durability::Buffered);
    let opened = memory.open().unwrap();
    assert_eq!((opened.commit.synced_bytes, opened.commit.record_count), (REGION, 20));
    // The record is valid, but one of its blocks is damaged, possibly in the zeros after its payload: the
    // older record is used.
    let end = opened.commit.committed_bytes;
    for at in [opened.commit.last_block + 3, opened.commit.last_block + 70, end - 1] {
        damage(&memory, at);
        let back = memory.open().unwrap();
        assert_eq!((back.commit.record_count, back.commit.sequence), (0, 1));
        assert!(matches!(back.report.state(), State::LastCommitLost { bytes: 1.. }));
        damage(&memory, at);
    }
    for missing in [1, 64, 128, 192] {
        let cut = Memory::of(&memory.bytes()[..end as usize - missing]);
        assert_eq!(cut.open().unwrap().commit.sequence, 1, "{missing} bytes are missing");
    }
    // If the older record is damaged too, no record can be used.
    damage(&memory, opened.commit.last_block + 70);
    damage(&memory, SLOT_AT[1 - opened.slot]);
    assert_eq!(memory.open().unwrap_err().kind(), ErrorKind::NoCommit);
}

#[test]
fn a_refused_commit_stays_refused_when_it_is_looked_for_again() {
    let memory = two_commits(Durability::Buffered);
    // No writer leaves two unsynced records, so the other one, of the first block alone, is made here.
    let newest = memory.open().unwrap().commit;
    let shared = blocks(&memory, BlockKind::Data)[0];
    let block = memory.open().unwrap().header.blocks(&memory, u64::MAX).header(shared).unwrap();
    let older = Commit {
        sequence: newest.sequence - 1,
        committed_bytes: block.end(),
        last_block: shared,
        record_count: 10,
        block_count: newest.block_count - 1,
        ..newest
    };
    let slot = SLOT_AT[0] as usize;
    memory.inner().bytes[slot..slot + crate::store::commit::slot::BYTES]
        .copy_from_slice(&older.encode(&[7; 16]));
    // Both records contain this block: the older record is used as it is, and refused blocks are checked as
    // strictly later.
    damage(&memory, shared + LINE);
    let opened = memory.open().unwrap();
    assert!(opened.commit == older && matches!(opened.report.state(), State::LastCommitLost { .. }));
    assert!(refresh(&memory, &opened).unwrap().is_none());
}

#[test]
fn blocks_that_were_looked_at_are_looked_at_again_under_another_epoch() {
    let memory = two_commits(Durability::Buffered);
    let shown = memory.open().unwrap();
    // As if another writer had written blocks of the same length there, and the system had lost them.
    let other = Commit { sequence: shown.commit.sequence + 1, epoch: 2, ..shown.commit };
    let at = SLOT_AT[shown.slot] as usize;
    memory.inner().bytes[at..at + crate::store::commit::slot::BYTES].copy_from_slice(&other.encode(&[7; 16]));
    assert_eq!(memory.open().unwrap().commit.sequence, 1);
    assert_eq!(refresh(&memory, &shown).unwrap_err().kind(), ErrorKind::Replaced);
}

#[test]
fn what_was_shown_must_be_there_for_a_state_that_goes_on() {
    let memory = two_commits(Durability::Durable);
    let shown = memory.open().unwrap();
    let mut writer = Writer::options().resume_in(Box::new(memory.clone())).unwrap();
    let table = writer.table::<u64>().unwrap();
    writer.append(table, &99).unwrap();
    writer.commit().unwrap();
    assert!(refresh(&memory, &shown).unwrap().is_some());
    // The last block that was shown, and the one after it.
    for at in [shown.commit.last_block, shown.commit.committed_bytes] {
        damage(&memory, at + 41);
        assert_eq!(refresh(&memory, &shown).unwrap_err().kind(), ErrorKind::Replaced, "{at}");
        damage(&memory, at + 41);
    }
    assert!(refresh(&memory, &shown).unwrap().is_some());
}

#[test]
fn the_zeros_after_a_payload_belong_to_the_commit() {
    let memory = Memory::default();
    let mut writer =
        Writer::options().durability(Durability::Buffered).create_in(Box::new(memory.clone())).unwrap();
    let table = writer.table::<String>().unwrap();
    writer.append(table, &"abc".to_string()).unwrap();
    writer.commit().unwrap();
    let sequence = |bytes: &[u8]| Memory::of(bytes).open().unwrap().commit.sequence;
    let mut bytes = memory.bytes();
    let end = memory.open().unwrap().commit.committed_bytes as usize;
    assert_eq!([0, 1, 61, 62, 128].map(|cut| sequence(&bytes[..end - cut])), [2, 1, 1, 1, 1]);
    bytes[end - 1] = 1;
    assert_eq!(sequence(&bytes), 1);
}

#[test]
fn a_block_of_another_epoch_does_not_check() {
    let memory = two_commits(Durability::Buffered);
    let opened = memory.open().unwrap();
    let newer = Commit { epoch: 2, sequence: 9, ..opened.commit };
    let at = SLOT_AT[opened.slot] as usize;
    memory.inner().bytes[at..at + 128].copy_from_slice(&newer.encode(&opened.header.file_id));
    assert_eq!(memory.open().unwrap().commit.sequence, 1, "stale blocks are not those of this record");
}

#[test]
fn damage_of_the_index_or_a_schema_is_gone_around_and_reported() {
    let sound = sample().bytes();
    let all = numbers(&Memory::of(&sound));
    let memory = Memory::of(&sound);
    let (schemas, indexes) = (blocks(&memory, BlockKind::Schema), blocks(&memory, BlockKind::Index));
    assert!(schemas.len() >= 4 && indexes.len() >= 2);
    let newest = schemas[schemas.len() - 2..].to_vec();
    let directory = indexes[indexes.len() - 1];
    for damaged in
        [vec![directory + 70], vec![directory + 4], vec![newest[0] + 70], vec![newest[0] + 70, newest[1] + 4]]
    {
        let memory = Memory::of(&sound);
        damaged.iter().for_each(|&at| damage(&memory, at));
        let opened = memory.open().unwrap();
        assert!(opened.report.is_damaged());
        assert_eq!(numbers(&memory), all, "{damaged:x?}");
        let refused = Writer::options().resume_in(Box::new(memory.clone())).unwrap_err();
        assert!(refused.help_text().is_some_and(|help| help.contains("recover")));
    }
}

#[test]
fn records_of_a_lost_block_are_missing_and_the_others_are_there() {
    let memory = sample();
    let lost = memory.open().unwrap().catalog.tables[0].entries[1];
    // Without the directories, opening scans from block to block.
    for offset in blocks(&memory, BlockKind::Index) {
        damage(&memory, offset + 4);
    }
    damage(&memory, lost.offset + 20);
    let opened = memory.open().unwrap();
    assert!(opened.report.is_damaged());
    let found = numbers(&memory);
    let expected: Vec<u64> = (0..300).filter(|number| !(lost.first..lost.end()).contains(number)).collect();
    assert_eq!(found, expected);
    let mut none = |_: &Entry| Err(Error::new(ErrorKind::Index));
    let missing = opened.catalog.find(0, lost.first, &mut none).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Chain);
    assert_eq!(opened.catalog.find(0, lost.end(), &mut none).unwrap().first, lost.end());
}
