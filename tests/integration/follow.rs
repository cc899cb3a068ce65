//! Following a file that grows, from threads and other processes, through buffers and maps, and when the file
//! is edited, reopened, replaced or truncated.

use crate::golden::tick;
use crate::large::map;
use hydra::{Durability, Editor, ErrorKind, Reader, Writer};
use hydra_tests::types::Tick;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const SOON: Duration = Duration::from_millis(2);

fn empty(folder: &Path) -> (PathBuf, Writer) {
    let path = folder.join("day.hydra");
    let options = Writer::options().block_bytes(1024).durability(Durability::Buffered);
    let mut writer = options.create(&path).unwrap();
    writer.table::<Tick>().unwrap();
    writer.commit().unwrap();
    (path, writer)
}

fn append(writer: &mut Writer, ticks: std::ops::Range<u64>) {
    let table = writer.table::<Tick>().unwrap();
    writer.append_slice(table, &ticks.map(tick).collect::<Vec<_>>()).unwrap();
}

/// All ticks, which must be those from 0 on.
#[track_caller]
fn count(reader: &Reader) -> u64 {
    let table = reader.table::<Tick>().unwrap();
    let blocks: Vec<_> = table.blocks().map(|block| block.unwrap()).collect();
    let ticks = blocks.iter().flat_map(|block| block.as_slice());
    ticks.zip(0..).for_each(|(found, index)| assert_eq!(*found, tick(index)));
    table.len()
}

#[test]
fn commits_appear_one_by_one_and_old_states_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut writer) = empty(folder.path());
    let mut readers = [Reader::open(&path).unwrap(), map(&path).unwrap()];
    let mut old = Vec::new();
    // Beyond a directory, which comes after 1,024 blocks.
    for round in 0..60 {
        append(&mut writer, round * 1000..(round + 1) * 1000);
        for reader in &mut readers {
            assert!(!reader.refresh().unwrap(), "nothing is committed");
            assert_eq!(reader.table::<Tick>().unwrap().len(), round * 1000);
            old.push((reader.clone(), reader.table::<Tick>().unwrap(), round * 1000));
        }
        writer.commit().unwrap();
        for reader in &mut readers {
            assert!(reader.refresh().unwrap() && !reader.refresh().unwrap());
            assert_eq!(reader.table::<Tick>().unwrap().len(), (round + 1) * 1000);
        }
    }
    writer.finish().unwrap();
    for reader in &mut readers {
        assert!(reader.refresh().unwrap() && reader.report().is_clean());
        assert_eq!(count(reader), 60_000);
    }
    for (reader, table, length) in old.iter().step_by(7) {
        assert_eq!((count(reader), table.len()), (*length, *length));
    }
}

#[test]
fn edits_and_other_writers_are_newer_states() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut writer) = empty(folder.path());
    append(&mut writer, 0..500);
    writer.finish().unwrap();
    let mut readers = [Reader::open(&path).unwrap(), map(&path).unwrap()];
    let tables: Vec<_> = readers.iter().map(|reader| reader.table::<Tick>().unwrap()).collect();
    let records: Vec<_> = tables.iter().flat_map(|table| [(); 2].map(|()| table.get(7).unwrap())).collect();
    let mut editor = Editor::open(&path).unwrap();
    editor.record("Tick", 7).and_then(|mut it| it.set(tick(77))).unwrap();
    editor.commit().unwrap();
    for reader in &mut readers {
        let before = reader.clone();
        assert!(reader.refresh().unwrap());
        assert_eq!(reader.table::<Tick>().unwrap().get(7).unwrap().decode().unwrap(), tick(77));
        assert_eq!(count(&before), 500);
    }
    assert!(records.iter().all(|record| record.decode().unwrap() == tick(7)));
    assert!(tables.iter().all(|table| table.get(7).unwrap().decode().unwrap() == tick(7)));
    editor.record("Tick", 7).and_then(|mut it| it.set(tick(7))).unwrap();
    editor.finish().unwrap();
    // A writer that was killed leaves a tail; the next one covers it.
    for upto in [600, 700] {
        let mut writer = Writer::options().durability(Durability::Buffered).resume(&path).unwrap();
        append(&mut writer, upto - 100..upto);
        writer.commit().unwrap();
        append(&mut writer, 0..100_000);
        drop(writer);
        for reader in &mut readers {
            assert!(reader.refresh().unwrap());
            assert_eq!(count(reader), upto);
        }
    }
}

#[test]
fn a_replaced_a_cut_and_a_removed_file_are_errors_that_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut writer) = empty(folder.path());
    append(&mut writer, 0..500);
    writer.finish().unwrap();
    let good = std::fs::read(&path).unwrap();
    let kind = |mut reader: Reader| {
        let kind = reader.refresh().unwrap_err().kind();
        let again = reader.refresh().unwrap_err();
        assert!(again.file() == Some(&path), "{again}");
        kind
    };
    let reader = Reader::open(&path).unwrap();
    std::fs::copy(&path, folder.path().join("copy")).unwrap();
    std::fs::rename(folder.path().join("copy"), &path).unwrap();
    assert_eq!(kind(reader.clone()), ErrorKind::Replaced);
    assert_eq!(count(&reader), 500, "the file that was opened is still there");
    let reader = Reader::open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(kind(reader), ErrorKind::Replaced);
    // In the same place: another file, an older state of this one, a shorter one.
    let (other, mut writer) = empty(&{
        let other = folder.path().join("other");
        std::fs::create_dir(&other).unwrap();
        other
    });
    append(&mut writer, 0..900);
    writer.finish().unwrap();
    std::fs::write(&path, &good).unwrap();
    let reader = Reader::open(&path).unwrap();
    std::fs::write(&path, std::fs::read(other).unwrap()).unwrap();
    assert_eq!(kind(reader), ErrorKind::Replaced);
    std::fs::write(&path, &good).unwrap();
    let mut writer = Writer::resume(&path).unwrap();
    append(&mut writer, 500..600);
    writer.finish().unwrap();
    let reader = Reader::open(&path).unwrap();
    let mut old = good.clone();
    old.resize(std::fs::metadata(&path).unwrap().len() as usize, 0);
    std::fs::write(&path, &old).unwrap();
    assert_eq!(kind(reader.clone()), ErrorKind::Replaced);
    std::fs::write(&path, &good[..good.len() - 64]).unwrap();
    assert_eq!(kind(reader), ErrorKind::CutShort);
}

#[test]
fn an_older_state_that_grew_again_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut writer) = empty(folder.path());
    append(&mut writer, 0..500);
    writer.finish().unwrap();
    let good = std::fs::read(&path).unwrap();
    let grow = |records: u64| {
        let mut writer = Writer::options().durability(Durability::Buffered).resume(&path).unwrap();
        append(&mut writer, 500..500 + records);
        writer.commit().unwrap();
    };
    grow(100);
    let mut reader = Reader::open(&path).unwrap();
    // A power failure loses the unsynced commit, and its successor is longer.
    std::fs::write(&path, &good).unwrap();
    grow(10);
    grow(5000);
    let error = reader.refresh().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Replaced, "{error}");
}

#[test]
fn followers_in_threads_get_every_record_once_and_end_when_they_are_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut writer) = empty(folder.path());
    let tables =
        [Reader::open(&path).unwrap(), map(&path).unwrap()].map(|reader| reader.table::<Tick>().unwrap());
    let mut stops = Vec::new();
    let threads: Vec<_> = tables
        .iter()
        .map(|table| {
            let follow = table.follow(0, SOON);
            stops.push(follow.stopper());
            std::thread::spawn(move || {
                let mut next = 0;
                for block in follow {
                    let block = block.unwrap();
                    assert_eq!(block.first(), next);
                    block
                        .as_slice()
                        .iter()
                        .zip(next..)
                        .for_each(|(found, index)| assert_eq!(*found, tick(index)));
                    next += block.len() as u64;
                }
                next
            })
        })
        .collect();
    for round in 0..50 {
        append(&mut writer, round * 100..(round + 1) * 100);
        writer.commit().unwrap();
        if round % 20 == 19 {
            writer.finish().unwrap();
            writer = Writer::options().durability(Durability::Buffered).resume(&path).unwrap();
        }
    }
    stops.iter().for_each(|stop| stop.stop());
    for thread in threads {
        assert_eq!(thread.join().unwrap(), 5000, "what was committed before the stop");
    }
    let mut waits = tables[0].follow(1 << 40, Duration::from_secs(1000));
    waits.stopper().stop();
    assert!(waits.next().is_none());
}

/// The path to which the other process writes.
const PATH: &str = "HYDRA_FOLLOW_PATH";

#[test]
fn another_process_writes() {
    if let Ok(path) = std::env::var(PATH) {
        let mut writer =
            Writer::options().block_bytes(512).durability(Durability::Buffered).resume(path).unwrap();
        for round in 0..300 {
            append(&mut writer, round * 7..(round + 1) * 7);
            writer.commit().unwrap();
        }
        // It ends without closing the file.
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (path, writer) = empty(folder.path());
    drop(writer);
    for round in 0..2 {
        let mut reader = if round == 0 { Reader::open(&path).unwrap() } else { map(&path).unwrap() };
        let mut command = Command::new(std::env::current_exe().unwrap());
        let test = "follow::another_process_writes";
        let mut other = command.args([test, "--exact"]).env(PATH, &path).spawn().unwrap();
        let start = reader.table::<Tick>().unwrap().len();
        let mut states = 0;
        loop {
            let done = other.try_wait().unwrap();
            if reader.refresh().unwrap() {
                let length = reader.table::<Tick>().unwrap().len();
                assert_eq!((length - start) % 7, 0, "never half a commit");
                if let Some(index) = (length - start).checked_sub(1) {
                    let ticks = reader.table::<Tick>().unwrap();
                    assert_eq!(ticks.get(length - 1).unwrap().decode().unwrap(), tick(index));
                    states += 1;
                }
            } else if let Some(status) = done {
                assert!(status.success());
                break;
            }
        }
        // How many commits are seen individually depends on timing.
        assert!(states > 0);
        assert_eq!(reader.table::<Tick>().unwrap().len() - start, 2100);
    }
}
