//! The check over files in memory: sound ones, and every way to damage them.

use super::*;
use crate::Writer;
use crate::store::block::{BlockHeader, BlockKind};
use crate::store::bytes::{REPLACES, line_up};
use crate::store::testing::{Memory, add_block, sample};

fn findings(memory: &Memory) -> (CheckSummary, Vec<Error>) {
    let mut found = Vec::new();
    let summary = check_source(memory, &mut |finding| found.push(finding), &mut |_, _| {}).unwrap();
    assert_eq!(summary.finding_count, found.len() as u64);
    (summary, found)
}

fn kinds(memory: &Memory) -> Vec<ErrorKind> {
    findings(memory).1.iter().map(Error::kind).collect()
}

#[test]
fn a_sound_file_has_no_findings() {
    let memory = sample();
    let (summary, found) = findings(&memory);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(summary.record_count, 320);
    assert_eq!(summary.committed_bytes, memory.bytes().len() as u64);
    assert!(summary.is_sound() && summary.block_count >= 15);
}

#[test]
fn a_sound_file_with_nodes_has_no_findings() {
    let memory = Memory::default();
    let options = Writer::options().block_bytes(128);
    let mut writer = options.create_in(Box::new(memory.clone())).unwrap();
    let (first, second) = (writer.table::<u64>().unwrap(), writer.table::<i64>().unwrap());
    for number in 0..8 * 700 {
        writer.append(first, &number).unwrap();
        writer.append(second, &-(number as i64)).unwrap();
    }
    writer.finish().unwrap();
    let (summary, found) = findings(&memory);
    assert!(found.is_empty(), "{found:?}");
    assert!(summary.block_count > 1400);
}

#[test]
fn a_node_in_another_arrangement_is_no_finding_and_one_of_other_blocks_is() {
    let memory = sample();
    let Opened { catalog, commit, .. } = memory.open().unwrap();
    let entries = catalog.tables[0].entries[1..4].to_vec();
    for (entries, count) in [(entries.clone(), 0), (entries[..2].iter().rev().copied().collect(), 1)] {
        let memory = Memory::of(&memory.bytes());
        let payload = crate::store::index::encode_node(commit.directory, 0, &entries);
        add_block(&memory, BlockHeader::new(BlockKind::Index, payload.len() as u32), &payload);
        assert_eq!(findings(&memory).1.len(), count, "{:?}", findings(&memory).1);
        // A second time: the blocks are now under a node of the catalog.
        let payload = crate::store::index::encode_node(commit.committed_bytes, 0, &entries[..2]);
        add_block(&memory, BlockHeader::new(BlockKind::Index, payload.len() as u32), &payload);
        assert_eq!(findings(&memory).1.len(), 2 * count, "{:?}", findings(&memory).1);
    }
}

#[test]
fn a_bit_flipped_anywhere_is_found() {
    let memory = sample();
    let good = memory.bytes();
    let pad = good.windows(5).position(|bytes| bytes == b"HBLK\x05").unwrap();
    let under_pad = pad + 64..pad + 192;
    let slots = [512..640, 4608..4736];
    for (at, &byte) in good.iter().enumerate() {
        // Zeros of the header region, and commit records, for which opening waits: some of them.
        let sparse = at < 8192 && at % 64 >= 2 && at % 37 != 0;
        if sparse || under_pad.contains(&at) || (slots.iter().any(|slot| slot.contains(&at)) && at % 9 != 0) {
            continue;
        }
        memory.inner().bytes[at] ^= 1 << (at % 8);
        let (_, found) = findings(&memory);
        assert!(!found.is_empty(), "byte {at:#x}");
        memory.inner().bytes[at] = byte;
    }
    memory.inner().bytes[pad + 64] ^= 1;
    assert!(findings(&memory).0.is_sound(), "what lies under a PAD block is not checked");
}

#[test]
fn every_prefix_opens_to_whole_blocks_or_says_what_is_missing() {
    let good = sample().bytes();
    let all = crate::store::testing::numbers(&Memory::of(&good));
    let mut opened_count = 0;
    for length in (0..good.len()).filter(|length| length % 64 < 2 && (*length >= 8192 || length % 512 == 0)) {
        let memory = Memory::of(&good[..length]);
        match memory.open() {
            Err(error) => assert!(
                matches!(error.kind(), ErrorKind::NotHydra | ErrorKind::CutShort | ErrorKind::NoCommit),
                "{length}: {error}"
            ),
            Ok(opened) => {
                opened_count += 1;
                assert!(opened.report.is_damaged(), "{length}");
                if !opened.catalog.tables.is_empty() {
                    let numbers = crate::store::testing::numbers(&memory);
                    assert_eq!(numbers, all[..numbers.len()], "{length}");
                }
            }
        }
        assert!(!findings(&memory).1.is_empty(), "{length}");
    }
    assert!(opened_count > 100);
}

#[test]
fn damage_in_one_block_does_not_hide_damage_in_another() {
    let memory = sample();
    let good = memory.bytes();
    let blocks: Vec<usize> =
        (8192..good.len()).step_by(64).filter(|&at| good[at..].starts_with(b"HBLK\x02")).collect();
    assert!(blocks.len() > 5);
    memory.inner().bytes[blocks[1] + 40] ^= 1;
    memory.inner().bytes[blocks[4] + 64] ^= 1;
    let (_, found) = findings(&memory);
    let at = |offset: usize| found.iter().any(|finding| finding.offset() == Some(offset as u64));
    assert!(at(blocks[1]) && at(blocks[4]), "{found:?}");
    assert!(found.iter().any(|finding| finding.to_string().contains("records before it are missing")));
}

#[test]
fn what_is_not_canonical_is_found_although_checksums_match() {
    let (memory, plain) = (sample(), BlockHeader::new(BlockKind::Data, 64));
    let data = BlockHeader { schema: 1, first: 300, count: 2, stride: 8, text: 64, ..plain };
    let mut payload = [0; 64];
    payload[20] = 1;
    add_block(&memory, data, &payload);
    let found = kinds(&memory);
    assert!(found.contains(&ErrorKind::NotCanonical), "padding after the records: {found:?}");

    for (header, expected) in [
        (BlockHeader { stride: 16, text: 64, ..data }, ErrorKind::BlockHeader),
        (BlockHeader { schema: 9, ..data }, ErrorKind::BadSchema),
        (BlockHeader { first: 299, ..data }, ErrorKind::Chain),
        (BlockHeader { first: 301, ..data }, ErrorKind::Chain),
        (BlockHeader { flags: 4, ..data }, ErrorKind::Unsupported),
        (BlockHeader { layout: 2, ..data }, ErrorKind::Unsupported),
        (BlockHeader { layout: 1, ..data }, ErrorKind::BadColumns),
        (BlockHeader { flags: REPLACES, ..data }, ErrorKind::Chain),
        (BlockHeader { count: 9, ..data }, ErrorKind::BlockHeader),
        (BlockHeader { count: 7, ..BlockHeader::new(BlockKind::Meta, 64) }, ErrorKind::NotCanonical),
        (BlockHeader::new(BlockKind::Schema, 64), ErrorKind::BadSchema),
        (BlockHeader::new(BlockKind::Index, 64), ErrorKind::Unsupported),
        (BlockHeader { schema: 2, count: 1, ..data }, ErrorKind::Chain),
    ] {
        let memory = sample();
        add_block(&memory, header, &[0; 64]);
        let found = kinds(&memory);
        assert!(found.contains(&expected), "{header:?}: {found:?}");
        let _ = memory.open();
    }
}

#[test]
fn invalid_values_are_found_with_their_place() {
    let memory = sample();
    // A record of the table of lists of strings, whose reference points outside of the heap.
    let mut payload = [0; 64];
    payload[..8].copy_from_slice(&[0, 1, 0, 0, 1, 0, 0, 0]);
    let header = BlockHeader {
        schema: 2,
        first: 20,
        count: 1,
        stride: <Vec<String> as crate::Describe>::SIZE as u32,
        text: 64,
        ..BlockHeader::new(BlockKind::Data, 64)
    };
    let offset = add_block(&memory, header, &payload);
    let (_, found) = findings(&memory);
    let finding = found.iter().find(|finding| finding.kind() == ErrorKind::BadReference).unwrap();
    assert_eq!(finding.offset(), Some(offset + 64));
    assert_eq!(finding.place_text(), Some("table list<string>, records 20..=20"));
    assert_eq!(finding.path_text(), Some("[20]"));
}

#[test]
fn replacements_are_current_and_checked() {
    let memory = sample();
    let opened = memory.open().unwrap();
    let entry = opened.catalog.tables[0].entries[1];
    let payload: Vec<u8> = (0..entry.count).flat_map(|number| (1000 + number).to_le_bytes()).collect();
    let padded = line_up(payload.len() as u64) as usize;
    let mut payload = payload;
    payload.resize(padded, 0);
    let header = BlockHeader {
        flags: REPLACES,
        schema: 1,
        first: entry.first,
        count: entry.count as u32,
        stride: 8,
        text: padded as u32,
        ..BlockHeader::new(BlockKind::Data, padded as u32)
    };
    add_block(&memory, header, &payload);
    let numbers = crate::store::testing::numbers(&memory);
    assert_eq!(numbers.len(), 300);
    assert_eq!(numbers[entry.first as usize..entry.end() as usize][0], 1000);
    let (summary, found) = findings(&memory);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(summary.record_count, 320);
}

#[test]
fn other_files_are_findings_not_errors() {
    for bytes in [&b""[..], b"not a file of ours", &[0; 10_000]] {
        let (summary, found) = findings(&Memory::of(bytes));
        assert_eq!((summary.block_count, found.len()), (0, 1));
    }
    let memory = sample();
    for slot in SLOT_AT {
        memory.inner().bytes[slot as usize] ^= 1;
    }
    let (summary, found) = findings(&memory);
    assert_eq!(found[0].kind(), ErrorKind::NoCommit);
    assert!(summary.block_count >= 15, "blocks are looked at without a commit record");
}
