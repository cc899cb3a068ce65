//! Editing files on a real disk: what readers see, what other writers may do, and the state after a failed
//! edit.

use crate::golden::{log, tick};
use crate::large::map;
use hydra::file::{State, check};
use hydra::reflect::{Data, Why};
use hydra::{Durability, Dynamic, Editor, ErrorKind, Reader, Writer};
use hydra_tests::types::{Log, Tick};
use std::path::{Path, PathBuf};

/// A closed file with ten thousand ticks and a hundred log lines, in blocks of 4 KiB.
fn written(folder: &Path) -> PathBuf {
    let path = folder.join("day.hydra");
    let mut file = Writer::options().block_bytes(4096).create(&path).unwrap();
    let (ticks, logs) = (file.table::<Tick>().unwrap(), file.table::<Log>().unwrap());
    file.append_slice(ticks, &(0..10_000).map(tick).collect::<Vec<_>>()).unwrap();
    (0..100).for_each(|index| file.append(logs, &log(index)).unwrap());
    file.finish().unwrap();
    path
}

#[track_caller]
fn assert_sound(path: &Path) {
    let mut findings = Vec::new();
    let summary = check(path, &mut |finding| findings.push(finding.to_string()), None).unwrap();
    assert!(summary.is_sound() && findings.is_empty(), "{findings:?}");
}

fn other_log(index: u64) -> Log {
    let tags = (0..index * 50).map(|tag| format!("tag {tag}")).collect();
    Log { text: "é".repeat(index as usize * 30), tags, user: None, ..log(index) }
}

#[test]
fn readers_that_have_the_file_open_see_what_they_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    let opened = Reader::open(&path).unwrap();
    let mapped = map(&path).unwrap();
    let mut editor = Editor::open(&path).unwrap();
    let before = editor.reader().clone();
    editor.record("Tick", 5).and_then(|mut it| it.set(tick(77))).unwrap();
    editor.record("Log", -1).and_then(|mut it| it.set(other_log(3))).unwrap();
    editor.commit().unwrap();
    let readers = [opened, mapped, before];
    for reader in &readers {
        assert_eq!(reader.table::<Tick>().unwrap().get(5).unwrap().decode().unwrap(), tick(5));
        assert_eq!(reader.table::<Log>().unwrap().get(99).unwrap().decode().unwrap(), log(99));
    }
    let new = [Reader::open(&path).unwrap(), editor.reader().clone()];
    for reader in new.iter().chain([&map(&path).unwrap()]) {
        assert_eq!(reader.report().state(), State::Unclosed);
        assert_eq!(reader.table::<Tick>().unwrap().get(5).unwrap().decode().unwrap(), tick(77));
        assert_eq!(reader.table::<Tick>().unwrap().get(4).unwrap().decode().unwrap(), tick(4));
        assert_eq!(reader.table::<Log>().unwrap().get(99).unwrap().decode().unwrap(), other_log(3));
        assert_eq!(reader.table::<Log>().unwrap().get(98).unwrap().decode().unwrap(), log(98));
    }
    editor.finish().unwrap();
    assert_eq!(Reader::open(&path).unwrap().report().state(), State::Clean);
    assert_sound(&path);
}

#[test]
fn an_editor_is_the_only_writer_and_a_dropped_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    let bytes = std::fs::read(&path).unwrap();
    let mut editor = Writer::options().durability(Durability::Buffered).edit(&path).unwrap();
    assert_eq!(Writer::resume(&path).unwrap_err().kind(), ErrorKind::Locked);
    assert_eq!(Editor::open(&path).unwrap_err().kind(), ErrorKind::Locked);
    editor.record("Tick", 0).and_then(|mut it| it.set(tick(1))).unwrap();
    let error = editor.record("Tock", 0).and_then(|mut it| it.set(tick(1))).unwrap_err();
    assert_eq!((error.kind(), error.file()), (ErrorKind::NoTable, Some(path.as_path())));
    let error = editor.record("Tick", 10_000).and_then(|mut it| it.set(tick(1))).unwrap_err();
    assert_eq!(error.place_text(), Some("table Tick"));
    let error = editor.record("Log", 3).and_then(|mut it| it.set(tick(1))).unwrap_err();
    assert_eq!((error.kind(), error.why()), (ErrorKind::NotSettable, Some(Why::WrongKind)));
    drop(editor);
    Editor::open(&path).unwrap().finish().unwrap();
    assert!(std::fs::read(&path).unwrap() == bytes);
    for (path, kind) in [
        (folder.path().join("missing"), ErrorKind::NotFound),
        (folder.path().to_path_buf(), ErrorKind::NotRegular),
    ] {
        assert_eq!(Editor::open(path).unwrap_err().kind(), kind);
    }
    std::fs::write(folder.path().join("text"), "text").unwrap();
    assert_eq!(Editor::open(folder.path().join("text")).unwrap_err().kind(), ErrorKind::NotHydra);
}

#[test]
fn data_without_a_type_replaces_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.hydra");
    let mut file = Writer::create(&path).unwrap();
    let table = file.table::<(u8, Vec<String>)>().unwrap();
    file.append(table, &(1, vec!["a".into()])).unwrap();
    file.finish().unwrap();
    let mut editor = Editor::open(&path).unwrap();
    let info = editor.reader().schemas().next().map(|(_, info)| info.schema().clone()).unwrap();
    let name = editor.reader().tables()[0].name().to_string();
    let data = Data::parts([Data::from(7u8), Data::parts(["b", "c"])]);
    editor.record(&name, 0).unwrap().set_value(Dynamic::new(info, data).unwrap().value()).unwrap();
    let staged = editor.staged().map(|(_, index, record)| format!("{index}: {record}"));
    assert_eq!(staged.collect::<Vec<_>>(), [r#"0: (7, ["b", "c"])"#]);
    editor.finish().unwrap();
    let table = Reader::open(&path).unwrap().table::<(u8, Vec<String>)>().unwrap();
    assert_eq!(table.get(0).unwrap().decode().unwrap(), (7, vec!["b".to_string(), "c".to_string()]));
    assert_sound(&path);
}

#[test]
fn edits_and_appends_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    let mut readers = Vec::new();
    for round in 0..4u64 {
        let mut editor = Editor::open(&path).unwrap();
        for index in [round, 42, 5000, 9_999] {
            editor.record("Tick", index as i64).and_then(|mut it| it.set(tick(index + round + 1))).unwrap();
        }
        editor.commit().unwrap();
        readers.push(editor.reader().clone()); // It does not keep the lock.
        match round % 2 {
            0 => editor.finish().unwrap(),
            _ => drop(editor),
        }
        let mut writer = Writer::resume(&path).unwrap();
        let logs = writer.table::<Log>().unwrap();
        writer.append(logs, &log(100 + round)).unwrap();
        writer.finish().unwrap();
        assert_sound(&path);
    }
    let reader = Reader::open(&path).unwrap();
    let (ticks, logs) = (reader.table::<Tick>().unwrap(), reader.table::<Log>().unwrap());
    for (index, value) in [(0, 1), (1, 3), (2, 5), (3, 7), (4, 4), (42, 46), (5000, 5004), (9_999, 10_003)] {
        assert_eq!(ticks.get(index).unwrap().decode().unwrap(), tick(value), "{index}");
    }
    assert_eq!((ticks.len(), logs.len()), (10_000, 104));
    assert_eq!(logs.get(103).unwrap().decode().unwrap(), log(103));
}
