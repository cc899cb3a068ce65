//! The writer over files in memory: the content of the disk after each step and after each failure.

use super::*;
use crate::layout::BlockLayout;
use crate::layout::rows::{RowLayout, StagedRows};
use crate::repair::check::check_source;
use crate::store::block::BlockKind;
use crate::store::bytes::{DIRECTORY_EVERY, MAX_UNSYNCED, REGION, RUN, SLOT_AT};
use crate::store::report::State;
use crate::store::testing::{Memory, numbers, records};

const ID: [u8; 16] = *b"a file of tests.";

fn options() -> WriterOptions {
    Writer::options().file_id(ID)
}

fn create(memory: &Memory, options: WriterOptions) -> Writer {
    options.create_in(Box::new(memory.clone())).unwrap()
}

fn resume(memory: &Memory) -> Result<Writer> {
    options().resume_in(Box::new(memory.clone()))
}

/// Creates a closed file with the numbers 0..count.
fn written(count: u64, options: WriterOptions) -> Memory {
    let memory = Memory::default();
    let mut writer = create(&memory, options);
    let table = writer.table::<u64>().unwrap();
    for number in 0..count {
        writer.append(table, &number).unwrap();
    }
    writer.finish().unwrap();
    memory
}

#[test]
fn what_was_appended_is_there_after_finish() {
    let memory = Memory::default();
    let mut writer = create(&memory, options());
    let numbers = writer.table::<u64>().unwrap();
    let texts = writer.table::<String>().unwrap();
    writer.append_slice(numbers, &(0..100_000).collect::<Vec<u64>>()).unwrap();
    writer.append(texts, &"hello".to_string()).unwrap();
    writer.append_slice(texts, &["a".to_string(), String::new()]).unwrap();
    writer.set_metadata("by", "a test").unwrap();
    writer.finish().unwrap();

    let opened = memory.open().unwrap();
    assert_eq!(opened.report.state(), State::Clean, "{:?}", opened.report.details());
    assert_eq!(opened.commit.record_count, 100_003);
    let names: Vec<&str> = opened.catalog.tables.iter().map(|table| table.name()).collect();
    assert_eq!(names, ["u64", "string"]);
    assert_eq!(crate::store::testing::numbers(&memory), (0..100_000).collect::<Vec<u64>>());
    assert_eq!(records(&memory, &opened, 1).len(), 3);
    assert_eq!(metadata::read(&memory, &opened).unwrap()["by"], b"a test");
    assert_eq!(opened.file_bytes, opened.commit.committed_bytes);
    let slots = SLOT_AT.map(|at| memory.bytes()[at as usize..at as usize + 128].to_vec());
    assert_eq!(slots[0], slots[1], "closed in both slots");
}

#[test]
fn the_same_records_give_the_same_bytes() {
    assert_eq!(written(70_000, options()).bytes(), written(70_000, options()).bytes());
}

#[test]
fn blocks_go_out_in_runs_that_end_at_multiples_of_a_mebibyte() {
    let memory = written(1_000_000, options());
    let writes = memory.inner().writes.clone();
    let runs: Vec<_> = writes.iter().filter(|(from, to)| to - from > 4096 && *from >= REGION).collect();
    assert!(runs.len() >= 8);
    for (from, to) in &runs[..runs.len() - 1] {
        assert!(to.is_multiple_of(RUN) && (from.is_multiple_of(RUN) || *from == REGION), "{from} {to}");
    }
}

#[test]
fn levels_write_the_slot_that_is_not_pinned() {
    for durability in [Durability::Durable, Durability::Buffered] {
        let memory = Memory::default();
        let mut writer = create(&memory, options().durability(durability));
        let table = writer.table::<u64>().unwrap();
        for round in 0..4u64 {
            writer.append(table, &round).unwrap();
            memory.inner().writes.clear();
            writer.commit().unwrap();
            let writes = memory.inner().writes.clone();
            let slots: Vec<u64> = writes.iter().map(|write| write.0).filter(|at| *at < REGION).collect();
            let opened = memory.open().unwrap();
            assert_eq!(opened.commit.record_count, round + 1);
            match durability {
                Durability::Durable => {
                    assert_eq!(opened.commit.synced_bytes, opened.commit.committed_bytes);
                    assert_eq!(slots, [SLOT_AT[1 - round as usize % 2]]);
                }
                Durability::Buffered => {
                    assert_eq!(opened.commit.synced_bytes, REGION);
                    assert_eq!(slots, [SLOT_AT[1]], "slot 0 holds the last synced record");
                }
            }
            assert_eq!(opened.report.state(), State::Unclosed);
            writer.commit().unwrap();
            assert_eq!(memory.open().unwrap().commit, opened.commit, "nothing new to commit");
        }
    }
}

#[test]
fn a_dropped_writer_leaves_the_last_commit() {
    let memory = Memory::default();
    let mut writer = create(&memory, options());
    let table = writer.table::<u64>().unwrap();
    writer.append(table, &1).unwrap();
    drop(writer);
    assert_eq!(memory.open().unwrap().report.state(), State::Unclosed, "nothing was written");

    let mut writer = resume(&memory).unwrap();
    let table = writer.table::<u64>().unwrap();
    writer.append(table, &1).unwrap();
    writer.commit().unwrap();
    writer.append(table, &2).unwrap();
    drop(writer);
    assert_eq!(memory.open().unwrap().report.state(), State::Unclosed);
    assert_eq!(numbers(&memory), [1]);
}

#[test]
fn an_opening_that_writes_nothing_changes_nothing() {
    let memory = written(10, options());
    let before = memory.bytes();
    let mut writer = resume(&memory).unwrap();
    writer.table::<u64>().unwrap();
    writer.commit().unwrap();
    writer.finish().unwrap();
    assert_eq!(memory.bytes(), before);
    let mut writer = resume(&memory).unwrap();
    let table = writer.table::<u64>().unwrap();
    writer.append(table, &1).unwrap();
    drop(writer);
    assert_eq!(memory.bytes(), before);
}

#[test]
fn a_resumed_writer_appends_to_the_same_tables() {
    let memory = written(10, options());
    for round in 1..5 {
        let mut writer = resume(&memory).unwrap();
        let table = writer.table::<u64>().unwrap();
        for number in 0..10 {
            writer.append(table, &(round * 10 + number)).unwrap();
        }
        writer.finish().unwrap();
        let opened = memory.open().unwrap();
        assert_eq!(opened.report.state(), State::Clean, "{:?}", opened.report.details());
        assert_eq!(opened.commit.epoch, round as u32 + 1);
        assert_eq!(opened.catalog.schemas.len(), 1);
    }
    assert_eq!(numbers(&memory), (0..50).collect::<Vec<u64>>());
}

#[test]
fn every_failing_call_stops_the_writer_and_loses_nothing_acknowledged() {
    for durability in [Durability::Durable, Durability::Buffered] {
        let mut calls = 0;
        loop {
            let memory = written(3, options());
            memory.inner().budget = Some(calls);
            let mut acknowledged = 3;
            let outcome = (|| {
                let mut writer = options().durability(durability).resume_in(Box::new(memory.clone()))?;
                let table = writer.table::<u64>()?;
                for round in 3..6 {
                    let appended = writer.append(table, &round).and_then(|()| writer.commit());
                    if let Err(error) = appended {
                        assert_eq!(error.kind(), ErrorKind::Io);
                        memory.inner().budget = None;
                        let before = memory.bytes();
                        assert_eq!(writer.append(table, &9).unwrap_err().kind(), ErrorKind::Poisoned);
                        assert_eq!(writer.append_slice(table, &[9]).unwrap_err().kind(), ErrorKind::Poisoned);
                        assert_eq!(writer.commit().unwrap_err().kind(), ErrorKind::Poisoned);
                        assert_eq!(writer.set_metadata("a", "b").unwrap_err().kind(), ErrorKind::Poisoned);
                        assert_eq!(writer.table::<u32>().unwrap_err().kind(), ErrorKind::Poisoned);
                        assert_eq!(writer.finish().unwrap_err().kind(), ErrorKind::Poisoned);
                        assert_eq!(memory.bytes(), before, "a stopped writer writes nothing");
                        return Err(error);
                    }
                    acknowledged = round + 1;
                }
                writer.finish()
            })();
            memory.inner().budget = None;
            let found = numbers(&memory);
            assert_eq!(found, (0..found.len() as u64).collect::<Vec<_>>());
            assert!(found.len() as u64 >= acknowledged, "{calls} calls: {found:?}");
            // The writer continues from there.
            let mut writer = resume(&memory).unwrap();
            let table = writer.table::<u64>().unwrap();
            writer.append(table, &(found.len() as u64)).unwrap();
            writer.finish().unwrap();
            assert_eq!(numbers(&memory).len(), found.len() + 1);
            assert_eq!(memory.open().unwrap().report.state(), State::Clean);
            if outcome.is_ok() {
                break;
            }
            calls += 1;
        }
        assert!(calls > 10, "{calls}");
    }
}

/// Returns a record of eight bytes.
fn one(bytes: [u8; 8]) -> StagedRows {
    StagedRows { regions: [bytes.to_vec(), Vec::new(), Vec::new()], count: 1, stride: 8 }
}

#[test]
fn a_large_file_opens_through_its_directory_with_few_reads() {
    let memory = written(3000, options().block_bytes(128));
    let opened = memory.open().unwrap();
    assert!(opened.commit.block_count > 375, "{}", opened.commit.block_count);
    let memory = written(8 * 3000, options().block_bytes(128));
    memory.inner().reads = 0;
    let opened = memory.open().unwrap();
    assert!(opened.catalog.tables[0].block_count() == 3000, "{}", opened.commit.block_count);
    assert_eq!(opened.report.state(), State::Clean);
    assert!(memory.inner().reads < 10, "{} reads", memory.inner().reads);
    assert_eq!(opened.catalog.unindexed_blocks, 0);
    let entries = &opened.catalog.tables[0].entries;
    assert!(entries.len() < 512 && entries[0].level == 1, "{} entries", entries.len());
    assert_eq!(numbers(&memory), (0..24_000).collect::<Vec<u64>>());
    assert_eq!(directories(&memory).len(), 3);
}

/// Returns, for each directory, the number of blocks since the previous one, itself included, and how much it
/// lists. Also checks that they are frequent enough (FORMAT.md, section 9).
fn directories(memory: &Memory) -> Vec<(u64, u64)> {
    let opened = memory.open().unwrap();
    let (mut since, mut due, mut found) = (0, DIRECTORY_EVERY, Vec::new());
    let mut scan = opened.scan(memory);
    while let Some(step) = scan.step().unwrap() {
        let block = step.block.unwrap();
        assert!(step.problem.is_none());
        since += 1;
        if block.is(BlockKind::Index) {
            let (_, payload) = opened.header.blocks(memory, u64::MAX).read(block.offset).unwrap();
            let index = crate::store::index::Index::parse(&payload).unwrap();
            if index.is_directory() {
                found.push((since, index.listed() as u64));
                (since, due) = (0, DIRECTORY_EVERY.max(index.listed() as u64));
            }
        }
        assert!(since <= due, "{since} blocks, {due} allowed");
    }
    let summary = check_source(memory, &mut |finding| panic!("{finding}"), &mut |_, _| {}).unwrap();
    assert!(summary.is_sound());
    found
}

/// Creates a file of tables with `blocks` blocks of a record each, in turn, the last of them in other
/// sessions. Each session ends without closing the file.
fn many_tables(tables: u64, rounds: u64, sessions: u64) -> Memory {
    let memory = Memory::default();
    let mut writer = create(&memory, options().durability(Durability::Buffered));
    let schema = Arc::new(Schema::of::<u64>());
    let ids: Vec<_> =
        (0..tables).map(|name| writer.adopt(&name.to_string(), schema.clone()).unwrap()).collect();
    for round in 0..rounds {
        for id in &ids {
            writer.append_block(*id, RowLayout.seal(one(round.to_le_bytes()))).unwrap();
        }
    }
    writer.commit().unwrap();
    for session in 0..sessions {
        drop(writer);
        writer = options().durability(Durability::Buffered).resume_in(Box::new(memory.clone())).unwrap();
        let first = writer.adopt(&format!("{session} more"), schema.clone()).unwrap();
        for _ in 0..700 {
            writer.append_block(first, RowLayout.seal(one([7; 8]))).unwrap();
        }
        writer.commit().unwrap();
    }
    writer.finish().unwrap();
    memory
}

#[test]
fn directories_come_as_rarely_as_they_are_long() {
    let bytes = |found: &[(u64, u64)]| found.iter().map(|(_, listed)| listed * 40).sum::<u64>();
    // Tables and schemas: each directory lists three times as much as the previous one.
    let few = directories(&many_tables(1_000, 1, 0));
    let many = directories(&many_tables(8_000, 1, 0));
    assert!(few.len() <= 4 && many.len() <= 6, "{few:?} {many:?}");
    assert!(bytes(&many) < 10 * bytes(&few), "{few:?} {many:?}");
    // Entries: the same number again in each round. After 256 rounds they become nodes.
    let few = directories(&many_tables(40, 70, 0));
    let many = directories(&many_tables(40, 280, 0));
    assert!(bytes(&many) < 5 * bytes(&few), "{few:?} {many:?}");
    assert!(many.last().unwrap().1 < 40 * 60, "{many:?}");
    // A writer that resumes a file that was not closed does not know how much the previous directory lists.
    assert!(directories(&many_tables(700, 4, 5)).len() > 5);
}

#[test]
fn a_large_file_that_was_not_closed_opens_as_well() {
    let memory = Memory::default();
    let mut writer = create(&memory, options().block_bytes(128).durability(Durability::Buffered));
    let table = writer.table::<u64>().unwrap();
    for number in 0..8 * 1500 {
        writer.append(table, &number).unwrap();
    }
    writer.commit().unwrap();
    drop(writer);
    let opened = memory.open().unwrap();
    assert_eq!(opened.report.state(), State::Unclosed);
    assert!((1..DIRECTORY_EVERY).contains(&opened.catalog.unindexed_blocks));
    assert_eq!(numbers(&memory).len(), 8 * 1500);
    let mut writer = resume(&memory).unwrap();
    let table = writer.table::<u64>().unwrap();
    writer.append_slice(table, &(12_000..13_000).collect::<Vec<u64>>()).unwrap();
    writer.finish().unwrap();
    assert_eq!(numbers(&memory), (0..13_000).collect::<Vec<u64>>());
}

#[test]
fn a_larger_record_gets_a_larger_block_and_one_too_large_is_refused() {
    let memory = Memory::default();
    let mut writer = create(&memory, options());
    let table = writer.table::<String>().unwrap();
    writer.append(table, &"small".into()).unwrap();
    writer.append(table, &"x".repeat(3 << 20)).unwrap();
    writer.append(table, &"small".into()).unwrap();
    writer.finish().unwrap();
    let opened = memory.open().unwrap();
    assert_eq!(opened.catalog.tables[0].block_count(), 3);
    assert_eq!(records(&memory, &opened, 0).len(), 3);
}

#[test]
fn tables_have_one_type_and_one_writer() {
    let memory = written(3, options());
    let mut writer = resume(&memory).unwrap();
    let first = writer.table::<u64>().unwrap();
    let again = writer.table::<u64>().unwrap();
    assert_eq!(first.index, again.index);
    let other = written(3, options());
    let mut other = resume(&other).unwrap();
    other.table::<u64>().unwrap();
    assert_eq!(other.append(first, &1).unwrap_err().kind(), ErrorKind::Usage);
    assert_eq!(other.append_slice(first, &[1]).unwrap_err().kind(), ErrorKind::Usage);
    let options = Writer::options().block_bytes(64);
    assert_eq!(options.create("/nowhere/x").unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn another_type_under_the_same_name_is_a_mismatch() {
    use crate::schema::{Descriptor, Kind, TypeRef};
    let schema = |kind: Kind| {
        let fields = vec![("id".to_string(), TypeRef::Index(1))];
        Schema::new(vec![Descriptor::structure("Item", fields), Descriptor::scalar(kind)]).unwrap()
    };
    let memory = Memory::default();
    let mut writer = create(&memory, options());
    writer.dynamic_table(&schema(Kind::U64)).unwrap();
    let other = Schema::new(vec![
        Descriptor::structure("Item", vec![("id".to_string(), TypeRef::Index(1))]),
        Descriptor::scalar(Kind::String),
    ])
    .unwrap();
    for error in [
        writer.dynamic_table(&other).unwrap_err(),
        writer.dynamic_table(&schema(Kind::U32)).unwrap_err(),
        writer.dynamic_table_named("Item", &other).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::TypeMismatch);
        assert!(error.to_string().contains("`table_named"), "{error}");
    }
    let error = writer.dynamic_table_named("Item", &other).unwrap_err();
    assert!(error.path_text() == Some("id") && error.message().contains("version"), "{error}");
    assert!(writer.dynamic_table(&schema(Kind::U64)).is_ok());
    writer.finish().unwrap();
    let opened = memory.open().unwrap();
    assert_eq!((opened.catalog.tables.len(), opened.catalog.tables[0].record_count()), (1, 0));
}

#[test]
fn a_damaged_node_costs_a_walk_and_not_its_records() {
    let memory = Memory::default();
    let mut writer = Writer::options().block_bytes(128).create_in(Box::new(memory.clone())).unwrap();
    let table = writer.table::<u64>().unwrap();
    writer.append_slice(table, &(0..8 * 300).collect::<Vec<u64>>()).unwrap();
    writer.finish().unwrap();
    let node = memory.open().unwrap().catalog.tables[0].entries[0];
    assert_eq!(node.level, 1);
    memory.inner().bytes[node.offset as usize + 80] ^= 1;
    let reader = || crate::Reader::over(Box::new(memory.clone()), std::path::Path::new("memory")).unwrap();
    let table = reader().table::<u64>().unwrap();
    assert_eq!(table.get(77).unwrap().decode().unwrap(), 77);
    let blocks: Vec<_> =
        reader().table::<u64>().unwrap().range(100..2300).map(|block| block.unwrap()).collect();
    assert!(blocks.iter().flat_map(|block| block.as_slice()).copied().eq(100..2300));
}

#[test]
fn commits_come_by_themselves_by_bytes_and_by_time() {
    use std::time::Duration;
    let committed = |memory: &Memory| memory.open().unwrap().commit.record_count;
    for slices in [false, true] {
        let memory = Memory::default();
        let mut writer = create(&memory, options().block_bytes(4096).commit_every(1 << 14));
        let table = writer.table::<u64>().unwrap();
        let mut most = 0;
        for start in (0..20_000).step_by(100) {
            let numbers: Vec<u64> = (start..start + 100).collect();
            match slices {
                true => writer.append_slice(table, &numbers).unwrap(),
                false => numbers.iter().for_each(|number| writer.append(table, number).unwrap()),
            }
            most = most.max(start + 100 - committed(&memory));
        }
        assert!((1900..2048).contains(&most), "{most} records waited");
        assert!(memory.open().unwrap().commit.sequence > 8);
        drop(writer);
        assert_eq!(numbers(&memory), (0..committed(&memory)).collect::<Vec<_>>());
    }
    let memory = Memory::default();
    let mut writer = create(&memory, options().commit_after(Duration::from_millis(20)));
    let table = writer.table::<String>().unwrap();
    writer.append(table, &"first".into()).unwrap();
    writer.append(table, &"second".into()).unwrap();
    assert_eq!(committed(&memory), 0);
    std::thread::sleep(Duration::from_millis(25));
    assert_eq!(committed(&memory), 0, "there is no thread in the background");
    writer.append(table, &"third".into()).unwrap();
    assert_eq!(committed(&memory), 3);
    writer.append(table, &"fourth".into()).unwrap();
    assert_eq!(committed(&memory), 3, "time counts from the first record that waits");
    let memory = Memory::default();
    let mut writer = create(&memory, options().commit_every(0));
    let table = writer.table::<u64>().unwrap();
    writer.append(table, &1).unwrap();
    assert_eq!(committed(&memory), 1);
    memory.inner().budget = Some(0);
    assert_eq!(writer.append(table, &2).unwrap_err().kind(), ErrorKind::Io, "the error of the commit");
}

#[test]
fn a_sync_between_buffered_commits_ends_at_a_block() {
    let memory = Memory::default();
    let mut writer = create(&memory, options().durability(Durability::Buffered));
    let table = writer.table::<[u8; 1000]>().unwrap();
    let count = MAX_UNSYNCED / 1000 + 2500;
    for _ in 0..count {
        writer.append(table, &[7; 1000]).unwrap();
    }
    writer.commit().unwrap();
    let opened = memory.open().unwrap();
    let commit = opened.commit;
    assert_eq!((opened.report.state(), commit.record_count), (State::Unclosed, count));
    assert!(commit.synced_bytes >= MAX_UNSYNCED - 2 * RUN && commit.synced_bytes < commit.committed_bytes);
}

/// Counts comparisons of schemas and examined open tables while very many tables are open: the number per
/// call is fixed.
#[test]
fn a_table_among_many_costs_what_it_costs_among_few() {
    let schema = |table: usize| {
        use crate::schema::{Descriptor, Kind, TypeRef};
        let row = Descriptor::structure(format!("Row{table}"), vec![("a".into(), TypeRef::Index(1))]);
        Schema::new(vec![row, Descriptor::scalar(Kind::U64)]).unwrap()
    };
    let looks = || crate::schema::LOOKS.with(std::cell::Cell::get);
    let mut costs = Vec::new();
    for count in [100, 2_000] {
        let memory = Memory::default();
        let mut writer = create(&memory, options().durability(Durability::Buffered).commit_every(1 << 40));
        let schemas: Vec<_> = (0..count).map(schema).collect();
        let start = looks();
        let ids: Vec<_> = schemas.iter().map(|schema| writer.dynamic_table(schema).unwrap()).collect();
        let named = writer.table_named::<u32>("numbers").unwrap();
        ids.iter().for_each(|id| writer.append_data(*id, &mut Data::parts([7u64])).unwrap());
        writer.commit().unwrap();
        let all = looks() - start;
        for number in 0..100 {
            writer.append(named, &number).unwrap();
            writer.commit().unwrap();
        }
        let again = looks() - start - all;
        writer.finish().unwrap();
        assert_eq!(memory.open().unwrap().catalog.tables.len(), count + 1);
        costs.push((all / count as u64, again));
    }
    assert!(costs[1].0 <= costs[0].0 && costs[1].1 == costs[0].1, "{costs:?}");
    assert!(costs[0].0 > 0 && costs[0].1 >= 100, "it is counted");
}

#[test]
fn metadata_has_its_limit_and_can_be_removed() {
    let memory = Memory::default();
    let mut writer = create(&memory, options());
    writer.set_metadata("kept", "1").unwrap();
    let large = vec![0; 256 << 20];
    for _ in 0..2 {
        let error = writer.set_metadata("large", &large).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        let text = error.to_string();
        assert!(
            text.contains("metadata key \"large\"") && text.contains("at most 268435392 bytes"),
            "{text}"
        );
    }
    writer.set_metadata("gone", &large[..200 << 20]).unwrap();
    assert_eq!(writer.set_metadata("more", &large[..60 << 20]).unwrap_err().kind(), ErrorKind::TooLarge);
    writer.set_metadata("gone", &large[..10]).unwrap();
    writer.set_metadata("more", &large[..60]).unwrap();
    assert!(writer.remove_metadata("gone").unwrap() && !writer.remove_metadata("gone").unwrap());
    writer.commit().unwrap();
    drop(writer);
    let pairs = |memory: &Memory| {
        let reader = crate::Reader::over(Box::new(memory.clone()), std::path::Path::new("")).unwrap();
        reader.metadata().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(pairs(&memory), ["kept", "more"]);
    let mut writer = resume(&memory).unwrap();
    assert!(writer.remove_metadata("kept").unwrap() && writer.remove_metadata("more").unwrap());
    writer.finish().unwrap();
    assert!(pairs(&memory).is_empty());
}

#[test]
fn a_file_that_metadata_fills_to_the_last_byte_is_written() {
    let memory = Memory::default();
    let mut writer = create(&memory, options());
    // The header, a line, the record and the key take a line each, the entry 16 bytes.
    let most = (256 << 20) - 4 * 64 - 16;
    assert!(writer.set_metadata("k", vec![0; most + 1]).is_err());
    writer.set_metadata("k", vec![0; most]).unwrap();
    writer.finish().unwrap();
    assert!(check_source(&memory, &mut |finding| panic!("{finding}"), &mut |_, _| {}).unwrap().is_sound());
}
