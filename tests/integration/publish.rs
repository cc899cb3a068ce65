//! Ownership of a file's name and lock: writers whose file is replaced, whole files that are published,
//! temporary names, and locks across a fork. Tests that need a separate process are in `real/main.rs`.

use hydra::file::OutputOptions;
use hydra::{Durability, Editor, ErrorKind, Hydra, Reader, Writer, load, save};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A folder with a file of numbers that was committed, and the writer that has it open.
fn open_writer(durability: Durability) -> (TempDir, PathBuf, Writer) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("day.hydra");
    let mut writer = Writer::options().durability(durability).create(&path).unwrap();
    append(&mut writer).unwrap();
    writer.commit().unwrap();
    (folder, path, writer)
}

fn append(writer: &mut Writer) -> hydra::Result<()> {
    let table = writer.table::<u64>()?;
    writer.append(table, &7)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

type Deed = (&'static str, fn(&Path), ErrorKind);

/// Actions of other programs on a file that is being written.
const DEEDS: [Deed; 5] = [
    ("rm", |path| fs::remove_file(path).unwrap(), ErrorKind::Replaced),
    ("mv away", |path| fs::rename(path, path.with_extension("old")).unwrap(), ErrorKind::Replaced),
    (
        "mv over it",
        |path| {
            fs::copy(path, path.with_extension("new")).unwrap();
            fs::rename(path.with_extension("new"), path).unwrap();
        },
        ErrorKind::Replaced,
    ),
    (
        "truncate",
        |path| OpenOptions::new().write(true).open(path).unwrap().set_len(0).unwrap(),
        ErrorKind::CutShort,
    ),
    (
        "cut",
        |path| OpenOptions::new().write(true).open(path).unwrap().set_len(8200).unwrap(),
        ErrorKind::CutShort,
    ),
];

#[cfg(unix)]
#[test]
fn a_commit_to_a_file_that_is_not_there_any_more_is_an_error() {
    for durability in [Durability::Durable, Durability::Buffered] {
        for (name, deed, kind) in DEEDS {
            let (_folder, path, mut writer) = open_writer(durability);
            deed(&path);
            append(&mut writer).unwrap();
            let error = writer.commit().unwrap_err();
            assert_eq!(error.kind(), kind, "{name}, {durability:?}: {error}");
            assert_eq!((error.file(), error.help_text().is_some()), (Some(&*path), true), "{name}: {error}");
            assert_eq!(append(&mut writer).unwrap_err().kind(), ErrorKind::Poisoned, "{name}");
            assert_eq!(writer.commit().unwrap_err().kind(), ErrorKind::Poisoned, "{name}");
            let (_folder, path, mut writer) = open_writer(durability);
            append(&mut writer).unwrap();
            deed(&path);
            assert_eq!(writer.finish().unwrap_err().kind(), kind, "{name}, {durability:?}, at the end");
        }
    }
}

#[cfg(unix)]
#[test]
fn an_edit_of_a_file_that_is_not_there_any_more_is_an_error() {
    for (name, deed, kind) in DEEDS {
        for finish in [false, true] {
            let (_folder, path, writer) = open_writer(Durability::Durable);
            writer.finish().unwrap();
            let mut editor = Editor::open(&path).unwrap();
            editor.record("u64", 0).unwrap().set(8_u64).unwrap();
            deed(&path);
            let outcome = if finish { editor.finish() } else { editor.commit() };
            assert_eq!(outcome.unwrap_err().kind(), kind, "{name}, finish {finish}");
        }
    }
}

#[test]
fn a_file_that_a_writer_has_open_is_not_replaced() {
    let (folder, path, mut writer) = open_writer(Durability::Durable);
    let error = save(&path, &1_u8).unwrap_err();
    assert_eq!((error.kind(), error.file()), (ErrorKind::Locked, Some(&*path)));
    append(&mut writer).unwrap();
    writer.finish().unwrap();
    assert_eq!(Reader::open(&path).unwrap().table::<u64>().unwrap().len(), 2);
    assert_eq!(names(folder.path()), ["day.hydra"]);
    save(&path, &1_u8).unwrap();
    assert_eq!(load::<u8>(&path).unwrap(), 1);
}

#[cfg(unix)]
#[test]
fn save_follows_links_and_keeps_the_mode() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("data")).unwrap();
    save(at("data/one.hydra"), &1_u8).unwrap();
    fs::set_permissions(at("data/one.hydra"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("data/one.hydra", at("link")).unwrap();
    symlink(at("link"), at("link of a link")).unwrap();
    symlink("data/two.hydra", at("to nothing")).unwrap();
    save(at("link of a link"), &2_u8).unwrap();
    save(at("to nothing"), &3_u8).unwrap();
    assert_eq!(load::<u8>(at("data/one.hydra")).unwrap(), 2);
    assert_eq!(load::<u8>(at("data/two.hydra")).unwrap(), 3);
    assert_eq!(fs::metadata(at("data/one.hydra")).unwrap().permissions().mode() & 0o777, 0o640);
    for link in ["link", "link of a link", "to nothing"] {
        assert!(fs::symlink_metadata(at(link)).unwrap().is_symlink(), "{link}");
    }
    assert_eq!(names(&at("data")), ["one.hydra", "two.hydra"]);
    symlink("circle", at("circle")).unwrap();
    assert_eq!(save(at("circle"), &1_u8).unwrap_err().kind(), ErrorKind::Io);
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_not_replaced() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [&*pipe, folder.path()] {
        let error = save(path, &1_u8).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotRegular, "{error}");
        assert!(error.help_text().is_some(), "{error}");
    }
    assert!(!fs::symlink_metadata(&pipe).unwrap().is_file());
}

#[test]
fn names_of_every_length_that_the_system_allows() {
    let folder = TempDir::new().unwrap();
    for length in [200, 233, 234, 254, 255] {
        let path = folder.path().join("n".repeat(length));
        let mut writer = Writer::create(&path).unwrap_or_else(|error| panic!("{length}: {error}"));
        append(&mut writer).unwrap();
        writer.finish().unwrap();
        save(&path, &1_u8).unwrap();
        hydra::file::compact(&path, path.with_file_name("m".repeat(length)), Default::default(), None)
            .unwrap();
    }
    assert_eq!(names(folder.path()).len(), 10);
}

#[test]
fn what_does_not_name_a_file_is_said() {
    let folder = TempDir::new().unwrap();
    for name in ["new/", "new/.", "new//"] {
        let path = format!("{}/{name}", folder.path().display());
        for error in [Writer::create(&path).unwrap_err(), save(&path, &1_u8).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Usage, "{name}: {error}");
        }
    }
    let error = Writer::create(folder.path().join("missing/day.hydra")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.found_text().is_some_and(|found| found.contains("directory")), "{error}");
    assert_eq!(names(folder.path()), [""; 0]);
}

#[derive(Hydra, PartialEq, Debug)]
struct Large {
    writer: u64,
    numbers: Vec<u64>,
}

/// Concurrent saves wait for each other, and each is complete.
#[test]
fn saves_at_once_give_one_of_them() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("value.hydra");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = &path;
            scope.spawn(move || {
                for round in 0..20 {
                    let numbers = vec![writer; 10_000 + round];
                    save(path, &Large { writer, numbers })
                        .unwrap_or_else(|error| panic!("{writer}, {round}: {error}"));
                    let seen = load::<Large>(path).unwrap();
                    assert!(seen.numbers.iter().all(|number| *number == seen.writer));
                }
            });
        }
    });
    assert_eq!(names(folder.path()), ["value.hydra"]);
}

/// After a crash, the temporary name can still be a link to the published file: that file is not written to.
#[cfg(unix)]
#[test]
fn a_temporary_name_that_was_left_behind_goes_and_its_file_stays() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    save(at("value.hydra"), &1_u8).unwrap();
    let temporary = format!(".hydra-{:08x}.tmp", crc32fast::hash(b"value.hydra"));
    for left in ["value.hydra", "another"] {
        fs::hard_link(at("value.hydra"), at(&temporary)).unwrap();
        fs::hard_link(at("value.hydra"), at(left)).ok();
        let old = fs::read(at(left)).unwrap();
        save(at("value.hydra"), &2_u8).unwrap();
        assert!(left == "value.hydra" || fs::read(at(left)).unwrap() == old);
        assert_eq!(load::<u8>(at("value.hydra")).unwrap(), 2);
    }
    std::os::unix::fs::symlink("nowhere", at(&temporary)).unwrap();
    Writer::create(at("new.hydra")).unwrap().finish().unwrap();
    save(at("value.hydra"), &3_u8).unwrap();
    assert_eq!(names(folder.path()), ["another", "new.hydra", "value.hydra"]);
}

/// Bytes and records follow the same rules, and leave nothing behind if they end early.
#[test]
fn an_output_appears_whole_or_not_at_all() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("day.csv");
    let begin = |replace| OutputOptions::default().replace(replace).begin(&path);
    let mut output = begin(false).unwrap();
    output.write_all(b"half").unwrap();
    assert!(!path.exists());
    drop(output);
    assert_eq!(names(folder.path()), [""; 0]);
    begin(false).unwrap().publish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"");
    assert_eq!(begin(false).unwrap_err().kind(), ErrorKind::Exists);
    let mut output = begin(true).unwrap();
    output.write_all(b"one,").unwrap();
    output.write_all(b"two").unwrap();
    assert_eq!(Writer::resume(&path).unwrap_err().kind(), ErrorKind::Locked);
    output.publish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"one,two");
    // Another program takes the name meanwhile.
    let late = folder.path().join("late");
    for (replace, expected) in [(false, Err(ErrorKind::Exists)), (true, Ok(()))] {
        let output = OutputOptions::default().replace(replace).begin(&late).unwrap();
        fs::write(&late, "first").unwrap();
        assert_eq!(output.publish().map_err(|error| error.kind()), expected);
        fs::remove_file(&late).unwrap();
    }
    assert_eq!(names(folder.path()), ["day.csv"]);
}

/// The program of `.ci/real`.
fn real(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hydra-real"));
    command.args(words);
    command
}

#[cfg(unix)]
#[test]
fn a_child_neither_releases_the_lock_nor_writes() {
    let folder = TempDir::new().unwrap();
    let output = real(&["forked", "fork.hydra"]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(unix)]
#[test]
fn another_working_directory_makes_no_difference() {
    let folder = TempDir::new().unwrap();
    let output = real(&["elsewhere", "day.hydra"]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The short form: `.ci/real histories` is longer.
#[cfg(unix)]
#[test]
fn what_was_acknowledged_outlives_forks_replaced_paths_and_full_disks() {
    let folder = TempDir::new().unwrap();
    let output = real(&["histories", "histories", "0", "8"]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A killed save leaves at most one file, which the next save removes.
#[cfg(unix)]
#[test]
fn what_a_kill_leaves_behind_goes_with_the_next_save() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("value.hydra");
    let mut left = 0;
    for round in 0..30 {
        let mut child =
            real(&["saves", "value.hydra"]).current_dir(folder.path()).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(20 + round * 3 % 40));
        child.kill().unwrap();
        child.wait().unwrap();
        let names = names(folder.path());
        assert!(names.iter().filter(|name| *name != "value.hydra").count() <= 1, "{names:?}");
        left += names.iter().filter(|name| *name != "value.hydra").count();
    }
    assert!(left > 0, "no kill met a save");
    save(&path, &1_u8).unwrap();
    assert_eq!(names(folder.path()), ["value.hydra"]);
}
