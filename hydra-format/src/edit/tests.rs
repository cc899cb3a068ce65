//! The editor over files in memory: what readers see after each step and each failure, and which bytes changed.

use super::*;
use crate::ErrorKind;
use crate::repair::check::check_source;
use crate::store::bytes::{LINE, REGION};
use crate::store::report::State;
use crate::store::testing::Memory;
use crate::{Hydra, Writer};

/// Numbers and texts: the records of the two tables of these tests.
type Model = (Vec<u64>, Vec<String>);

fn text(index: usize) -> String {
    format!("text {index} {}", "é".repeat(index % 40))
}

/// A file in blocks of this size, and what it holds.
fn written(count: usize, block_bytes: usize) -> (Memory, Model) {
    let memory = Memory::default();
    let model = ((0..count as u64).collect::<Vec<_>>(), (0..count / 4).map(text).collect::<Vec<_>>());
    let mut writer = Writer::options()
        .file_id(*b"a file of tests.")
        .block_bytes(block_bytes)
        .create_in(Box::new(memory.clone()))
        .unwrap();
    let (numbers, texts) = (writer.table().unwrap(), writer.table().unwrap());
    writer.append_slice(numbers, &model.0).unwrap();
    writer.append_slice(texts, &model.1).unwrap();
    writer.finish().unwrap();
    (memory, model)
}

fn edit_at(memory: &Memory, durability: Durability) -> Result<Editor> {
    Writer::options().durability(durability).edit_in(Box::new(memory.clone()), Path::new("memory"))
}

fn edit(memory: &Memory) -> Editor {
    edit_at(memory, Durability::Durable).unwrap()
}

fn reader(memory: &Memory) -> Reader {
    Reader::over(Box::new(memory.clone()), Path::new("memory")).unwrap()
}

/// All that a reader shows.
fn shown(reader: &Reader) -> Model {
    fn all<T: Hydra>(reader: &Reader) -> Vec<T> {
        let blocks = reader.table::<T>().unwrap().blocks();
        blocks.flat_map(|block| block.unwrap().decode().collect::<Vec<_>>()).map(Result::unwrap).collect()
    }
    (all(reader), all(reader))
}

fn findings(memory: &Memory) -> Vec<String> {
    let mut findings = Vec::new();
    check_source(memory, &mut |finding| findings.push(finding.to_string()), &mut |_, _| {}).unwrap();
    findings
}

#[track_caller]
fn assert_holds(memory: &Memory, model: &Model) {
    assert!(shown(&reader(memory)) == *model, "the file holds something else");
    assert_eq!(findings(memory), [""; 0]);
}

fn put(editor: &mut Editor, model: &mut Model, number: Option<usize>, line: Option<(usize, String)>) {
    if let Some(at) = number {
        model.0[at] ^= 0xabcd_0000;
        editor.record("u64", at as i64).and_then(|mut it| it.set(model.0[at])).unwrap();
    }
    if let Some((at, line)) = line {
        editor
            .record("string", at as i64 - model.1.len() as i64)
            .and_then(|mut it| it.set(line.clone()))
            .unwrap();
        model.1[at] = line;
    }
}

/// The same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

#[test]
fn random_edits_equal_those_on_a_model() {
    let (memory, mut model) = written(4000, 256);
    let mut random = Random(7);
    for round in 0..30 {
        let (before, bytes, old) = (reader(&memory), memory.bytes(), model.clone());
        let durability = [Durability::Durable, Durability::Buffered][round / 2 % 2];
        let mut editor = edit_at(&memory, durability).unwrap();
        for _ in 0..=round % 3 {
            for _ in 0..random.below(60) {
                let (number, line) = (random.below(model.0.len()), random.below(model.1.len()));
                let text = "ß".repeat(random.below(90));
                put(&mut editor, &mut model, Some(number), Some((line, text)));
            }
            editor.commit().unwrap();
            assert!(shown(editor.reader()) == model);
        }
        if round % 2 == 0 {
            editor.finish().unwrap();
        } else {
            drop(editor);
        }
        assert_holds(&memory, &model);
        assert!(shown(&before) == old, "who had it open sees what they opened");
        let (from, to) = (REGION as usize, before.commit().committed_bytes as usize);
        assert!(memory.bytes()[from..to] == bytes[from..to], "no committed byte changes");
        if round % 5 == 4 {
            let mut writer = Writer::options().block_bytes(256).resume_in(Box::new(memory.clone())).unwrap();
            let (numbers, texts) = (writer.table().unwrap(), writer.table().unwrap());
            let more = (model.0.len() as u64..).take(500).collect::<Vec<_>>();
            writer.append_slice(numbers, &more).unwrap();
            writer.append(texts, &"appended".to_string()).unwrap();
            writer.finish().unwrap();
            model.0.extend(more);
            model.1.push("appended".into());
            assert_holds(&memory, &model);
        }
    }
}

#[test]
fn records_at_the_borders_of_blocks_change_and_their_neighbours_do_not() {
    let (memory, mut model) = written(100, 64 + 10 * 8);
    for at in [0, 9, 10, 49, 50, 99] {
        let mut editor = edit(&memory);
        put(&mut editor, &mut model, Some(at), None);
        editor.commit().unwrap();
        let opened = memory.open().unwrap();
        assert_eq!(opened.report.state(), State::Unclosed);
        assert_eq!((opened.catalog.tables[0].block_count(), opened.commit.record_count), (10, 125));
        assert_holds(&memory, &model);
        editor.finish().unwrap();
        assert_eq!(memory.open().unwrap().report.state(), State::Clean);
        assert_holds(&memory, &model);
    }
}

#[test]
fn a_replacement_is_replaced_and_the_blocks_of_an_edit_are_those_that_hold_it() {
    let (memory, mut model) = written(1000, 512);
    let mut editor = edit(&memory);
    let before = memory.open().unwrap().commit.block_count;
    for length in [0, 3000, 1, 70_000] {
        put(&mut editor, &mut model, Some(5), Some((17, "x".repeat(length))));
        put(&mut editor, &mut model, Some(6), None);
        editor.commit().unwrap();
        assert_holds(&memory, &model);
    }
    assert_eq!(memory.open().unwrap().commit.block_count, before + 4 * 2);
    assert_eq!(editor.staged().count(), 0);
}

#[test]
fn more_replacements_than_a_directory_may_wait_for() {
    let (memory, mut model) = written(8 * 1500, 128);
    for durability in [Durability::Buffered, Durability::Durable] {
        let mut editor = edit_at(&memory, durability).unwrap();
        for at in (0..model.0.len()).step_by(8) {
            put(&mut editor, &mut model, Some(at), None);
        }
        editor.commit().unwrap();
        assert_holds(&memory, &model);
        editor.finish().unwrap();
        assert_holds(&memory, &model);
    }
}

#[test]
fn one_record_in_each_of_many_nodes() {
    let memory = Memory::default();
    let count = 600 * 256 * 8;
    let options = Writer::options().block_bytes(128).durability(Durability::Buffered);
    let mut writer = options.create_in(Box::new(memory.clone())).unwrap();
    let table = writer.table::<u64>().unwrap();
    writer.append_slice(table, &(0..count).collect::<Vec<_>>()).unwrap();
    writer.finish().unwrap();
    // A walk counts the first half, so the parts that it opened must be counted too.
    for nodes in [0..300, 300..600] {
        let mut editor = edit_at(&memory, Durability::Buffered).unwrap();
        for node in nodes {
            editor.record("u64", node * 256 * 8).and_then(|mut it| it.set(7u64)).unwrap();
        }
        editor.commit().unwrap();
    }
    let mut editor = edit(&memory);
    editor.record("u64", -1).and_then(|mut it| it.set(7u64)).unwrap();
    editor.finish().unwrap();
    assert_eq!(findings(&memory), [""; 0]);
    let table = reader(&memory).table::<u64>().unwrap();
    assert_eq!(table.get(599 * 256 * 8).unwrap().view(), 7);
    assert_eq!(table.get(599 * 256 * 8 + 1).unwrap().view(), 599 * 256 * 8 + 1);
}

#[test]
fn what_is_not_committed_or_not_different_is_not_written() {
    let (memory, model) = written(400, 512);
    let bytes = memory.bytes();
    memory.inner().writes.clear();
    let mut editor = edit(&memory);
    editor.record("u64", 3).and_then(|mut it| it.set(99u64)).unwrap();
    assert_eq!(editor.staged().map(|(table, index, _)| (table, index)).collect::<Vec<_>>(), [("u64", 3)]);
    drop(editor);
    let mut editor = edit(&memory);
    editor.record("u64", 3).and_then(|mut it| it.set(99u64)).unwrap();
    editor.record("u64", 3).and_then(|mut it| it.set(3u64)).unwrap();
    editor.record("string", 0).unwrap();
    editor.commit().unwrap();
    assert_eq!(editor.staged().count(), 0);
    editor.record("u64", 3).and_then(|mut it| it.set(99u64)).unwrap();
    editor.discard();
    editor.finish().unwrap();
    assert!(memory.bytes() == bytes && memory.inner().writes.is_empty());
    assert_holds(&memory, &model);
}

#[test]
fn refused_edits_say_why_and_change_nothing() {
    let (memory, model) = written(400, 512);
    let bytes = memory.bytes();
    let mut editor = edit(&memory);
    for (table, index, kind) in [
        ("u32", 0, ErrorKind::NoTable),
        ("u64", 400, ErrorKind::NoSuchPath),
        ("u64", -401, ErrorKind::NoSuchPath),
        ("u64", i64::MIN, ErrorKind::NoSuchPath),
    ] {
        let error = editor.record(table, index).map(drop).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.file(), Some(Path::new("memory")), "{error}");
    }
    let error = editor.record("u64", 0).and_then(|mut it| it.set(-1)).unwrap_err();
    assert_eq!(error.why(), Some(crate::reflect::Why::OutOfRange), "{error}");
    let error = editor.record("string", 0).and_then(|it| it.path("nothing").map(drop)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongKind, "{error}");
    assert_eq!(editor.record("string", 100).map(drop).unwrap_err().found_text(), Some("100"));
    editor.commit().unwrap();
    assert!(memory.bytes() == bytes);
    assert_holds(&memory, &model);
}

#[test]
fn a_block_that_would_be_too_large_is_refused_before_anything_is_written() {
    let (memory, mut model) = written(40, 4096);
    let bytes = memory.bytes();
    let mut editor = edit(&memory);
    editor.record("u64", 0).and_then(|mut it| it.set(9u64)).unwrap();
    for index in 0..3 {
        editor.record("string", index).and_then(|mut it| it.set("x".repeat(90 << 20))).unwrap();
    }
    let error = editor.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    assert_eq!(error.place_text(), Some("table string, records 0..10"), "{error}");
    assert!(memory.bytes() == bytes);
    assert_eq!(editor.staged().count(), 4, "what is staged can be put right");
    for index in 0..3 {
        editor.record("string", index).and_then(|mut it| it.set(model.1[index as usize].clone())).unwrap();
    }
    editor.commit().unwrap();
    model.0[0] = 9;
    assert_holds(&memory, &model);
}

#[test]
fn a_damaged_block_refuses_edits_and_stays_damaged() {
    let (memory, mut model) = written(400, 512);
    let entry = memory.open().unwrap().catalog.tables[0].entries[2];
    memory.inner().bytes[(entry.offset + LINE) as usize + 8] ^= 1;
    let damaged = findings(&memory);
    assert_eq!(damaged.len(), 1);
    let mut editor = edit(&memory);
    let index = entry.first as i64;
    for error in [
        editor.record("u64", index + 5).and_then(|mut it| it.set(1u64)).unwrap_err(),
        editor.record("u64", index).map(drop).unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Checksum, Some(entry.offset)), "{error}");
        assert!(error.place_text().is_some_and(|place| place.contains(&index.to_string())), "{error}");
    }
    put(&mut editor, &mut model, Some(0), Some((3, "other".into())));
    editor.finish().unwrap();
    assert_eq!(findings(&memory), damaged, "it is not written over");
    assert_eq!(reader(&memory).table::<u64>().unwrap().get(0).unwrap().view(), model.0[0]);
    assert!(reader(&memory).table::<u64>().unwrap().get(entry.first).is_err());
    assert_eq!(shown_texts(&memory), model.1);

    // Damage that occurs after the staging is found before the first write.
    let (memory, _) = written(400, 512);
    let mut editor = edit(&memory);
    editor.record("u64", 0).and_then(|mut it| it.set(1u64)).unwrap();
    editor.record("u64", index).and_then(|mut it| it.set(1u64)).unwrap();
    memory.inner().bytes[(entry.offset + LINE) as usize + 8] ^= 1;
    let bytes = memory.bytes();
    assert_eq!(editor.commit().unwrap_err().kind(), ErrorKind::Checksum);
    assert!(memory.bytes() == bytes);
}

fn shown_texts(memory: &Memory) -> Vec<String> {
    let table = reader(memory).table::<String>().unwrap();
    (0..table.len()).map(|index| table.get(index).unwrap().decode().unwrap()).collect()
}

#[test]
fn a_failure_at_any_step_leaves_the_old_state_or_the_new_one() {
    for (durability, close) in
        [(Durability::Durable, false), (Durability::Buffered, false), (Durability::Durable, true)]
    {
        let mut outcomes = [0, 0];
        for budget in 0.. {
            let (memory, old) = written(3000, 256);
            memory.inner().bytes.extend([0xaa; 100]); // A tail, which takes one more step.
            let mut new = old.clone();
            let mut editor = edit_at(&memory, durability).unwrap();
            for at in [0, 1, 1499, 2999] {
                put(&mut editor, &mut new, Some(at), Some((at / 4, "y".repeat(at))));
            }
            memory.inner().budget = Some(budget);
            let outcome = match close {
                true => editor.finish(),
                false => {
                    let outcome = editor.commit();
                    if outcome.is_err() {
                        let error = editor.record("u64", 0).map(drop).unwrap_err();
                        assert_eq!(error.kind(), ErrorKind::Poisoned);
                        assert_eq!(editor.commit().unwrap_err().kind(), ErrorKind::Poisoned);
                        assert_eq!(editor.finish().unwrap_err().kind(), ErrorKind::Poisoned);
                    }
                    outcome
                }
            };
            memory.inner().budget = None;
            let found = shown(&reader(&memory));
            assert!(found == old || found == new, "{budget}: a mixture");
            outcomes[usize::from(found == new)] += 1;
            assert!(outcome.is_err() || found == new, "{budget}: acknowledged and not there");
            // The next editor continues, whatever happened.
            let mut again = edit(&memory);
            let mut model = found.clone();
            put(&mut again, &mut model, Some(1), Some((0, "again".into())));
            again.finish().unwrap();
            assert_holds(&memory, &model);
            if outcome.is_ok() {
                break;
            }
        }
        assert!(outcomes[0] >= 4 && outcomes[1] >= 1, "{outcomes:?}");
    }
}

#[test]
fn values_of_every_kind_keep_their_bits() {
    use std::collections::BTreeMap;
    type Row = (Option<f64>, Vec<f32>, BTreeMap<String, Vec<u8>>, [i128; 2], Box<(bool, char)>);
    let row = |index: u32| -> Row {
        let map = [(format!("k{index}"), vec![0, 255]), (String::new(), vec![])].into();
        let odd = f64::from_bits(0x7ff8_0000_dead_0000 | u64::from(index));
        (Some(odd), vec![-0.0, f32::NAN], map, [i128::MIN, 1], Box::new((true, 'é')))
    };
    let memory = Memory::default();
    let mut writer = Writer::options().create_in(Box::new(memory.clone())).unwrap();
    let table = writer.table::<Row>().unwrap();
    (0..50).for_each(|index| writer.append(table, &row(index)).unwrap());
    writer.finish().unwrap();
    let before = reader(&memory);
    let name = before.tables()[0].name().to_string();
    let mut editor = edit(&memory);
    editor.record(&name, 20).and_then(|mut it| it.set(row(1000))).unwrap();
    editor.finish().unwrap();
    assert_eq!(findings(&memory), [""; 0]);
    let (old, new) = (before.table::<Row>().unwrap(), reader(&memory).table::<Row>().unwrap());
    for index in 0..50 {
        let (old, new) = (old.get(index).unwrap(), new.get(index).unwrap());
        let other = row(1000);
        let expected = if index == 20 { Value::of(&other) } else { old.value() };
        assert_eq!(new.value(), expected, "{index}");
    }
}
