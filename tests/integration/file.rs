//! Writers on a real disk: names, locks, durability levels, and checks of whole files.

use hydra::file::{State, check};
use hydra::{Durability, ErrorKind, Reader, Writer};
use std::path::Path;

/// Returns the names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn assert_sound(path: &Path) {
    let mut findings = Vec::new();
    let summary = check(path, &mut |finding| findings.push(finding.to_string()), None).unwrap();
    assert!(summary.is_sound() && findings.is_empty(), "{findings:?}");
}

fn numbers(path: &Path) -> Vec<u64> {
    let table = Reader::open(path).unwrap().table::<u64>().unwrap();
    table.blocks().flat_map(|block| block.unwrap().as_slice().to_vec()).collect()
}

#[test]
fn creating_replaces_nothing_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.hydra");
    std::fs::write(&path, "precious").unwrap();
    let error = Writer::create(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists);
    assert_eq!(error.file(), Some(path.as_path()));
    assert!(error.help_text().is_some());
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    let nowhere = folder.path().join("missing").join("b.hydra");
    assert_eq!(Writer::create(nowhere).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(Writer::resume(folder.path()).unwrap_err().kind(), ErrorKind::NotRegular);
    assert_eq!(Writer::resume(&path).unwrap_err().kind(), ErrorKind::NotHydra);
    assert_eq!(names(folder.path()), ["a.hydra"]);
    drop(Writer::create(folder.path().join("c.hydra")).unwrap());
    assert_eq!(names(folder.path()), ["a.hydra", "c.hydra"]);
    assert_sound(&folder.path().join("c.hydra"));
}

#[cfg(unix)]
#[test]
fn a_dangling_link_is_a_name_that_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link.hydra");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    assert_eq!(Writer::create(&link).unwrap_err().kind(), ErrorKind::Exists);
    assert_eq!(names(folder.path()), ["link.hydra"]);
}

#[test]
fn a_second_writer_is_refused_and_readers_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.hydra");
    let mut writer = Writer::create(&path).unwrap();
    let table = writer.table::<u64>().unwrap();
    writer.append(table, &1).unwrap();
    writer.commit().unwrap();
    assert_eq!(Writer::resume(&path).unwrap_err().kind(), ErrorKind::Locked);
    assert_eq!(numbers(&path), [1]);
    assert_eq!(Reader::open(&path).unwrap().report().state(), State::Unclosed);
    drop(writer);
    let mut writer = Writer::resume(&path).unwrap();
    assert_eq!(Writer::resume(&path).unwrap_err().kind(), ErrorKind::Locked);
    let table = writer.table::<u64>().unwrap();
    writer.append(table, &2).unwrap();
    writer.finish().unwrap();
    assert_eq!(numbers(&path), [1, 2]);
    assert_sound(&path);
}

#[test]
fn an_open_reader_keeps_what_it_saw_while_a_writer_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.hydra");
    let mut writer =
        Writer::options().durability(Durability::Buffered).block_bytes(4096).create(&path).unwrap();
    let table = writer.table::<u64>().unwrap();
    let mut readers = Vec::new();
    for round in 0..20u64 {
        writer.append_slice(table, &(round * 100..(round + 1) * 100).collect::<Vec<_>>()).unwrap();
        writer.commit().unwrap();
        readers.push(Reader::open(&path).unwrap());
    }
    writer.finish().unwrap();
    for (round, reader) in (1..).zip(readers) {
        let table = reader.table::<u64>().unwrap();
        assert_eq!(table.len(), round * 100);
        let read: Vec<u64> = table.blocks().flat_map(|block| block.unwrap().as_slice().to_vec()).collect();
        assert_eq!(read, (0..round * 100).collect::<Vec<_>>());
    }
    assert_sound(&path);
}

#[test]
fn sessions_levels_and_tables_make_one_sound_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.hydra");
    Writer::create(&path).unwrap().finish().unwrap();
    for session in 0..6u64 {
        let durability = if session % 2 == 0 { Durability::Durable } else { Durability::Buffered };
        let mut writer = Writer::options().durability(durability).block_bytes(1024).resume(&path).unwrap();
        let (numbers, texts) = (writer.table::<u64>().unwrap(), writer.table::<String>().unwrap());
        for record in session * 500..(session + 1) * 500 {
            writer.append(numbers, &record).unwrap();
            writer.append(texts, &format!("text {record}")).unwrap();
        }
        writer.set_metadata("session", session.to_string()).unwrap();
        writer.commit().unwrap();
        writer.append(numbers, &u64::MAX).unwrap();
        if session == 3 {
            writer.finish().unwrap();
        }
    }
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.report().state(), State::Unclosed);
    assert_eq!(
        reader.table::<u64>().unwrap().len(),
        3001,
        "one record was finished, the others were dropped"
    );
    assert_eq!(reader.table::<String>().unwrap().get(2999).unwrap().view(), "text 2999");
    assert_eq!(reader.metadata().unwrap()["session"], b"5");
    assert_sound(&path);
}

#[test]
fn a_value_is_saved_whole_and_loaded_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("value.hydra");
    for length in [3usize, 100_000, 0] {
        let value: Vec<(u64, String)> = (0..length).map(|n| (n as u64, n.to_string())).collect();
        hydra::save(&path, &value).unwrap();
        assert_eq!(hydra::load::<Vec<(u64, String)>>(&path).unwrap(), value);
        assert_eq!(names(folder.path()), ["value.hydra"]);
        assert_sound(&path);
    }
    assert_eq!(hydra::load::<Vec<u64>>(&path).unwrap_err().kind(), ErrorKind::NoTable);
    assert_eq!(hydra::load::<u64>(folder.path().join("none")).unwrap_err().kind(), ErrorKind::NotFound);
    let many = folder.path().join("many.hydra");
    let mut writer = Writer::create(&many).unwrap();
    let table = writer.table::<u64>().unwrap();
    writer.append_slice(table, &[1, 2]).unwrap();
    writer.finish().unwrap();
    assert_eq!(hydra::load::<u64>(&many).unwrap_err().kind(), ErrorKind::Usage);
    assert_eq!(hydra::save(folder.path(), &1u64).unwrap_err().kind(), ErrorKind::NotRegular);
    assert_eq!(names(folder.path()), ["many.hydra", "value.hydra"]);
}

#[test]
fn golden_files_are_sound() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/v0");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "hydra") {
            assert_sound(&path);
            count += 1;
        }
    }
    assert!(count >= 5);
}
