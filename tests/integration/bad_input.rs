//! Files that are damaged, truncated or not Hydra files: readers return a structured error or the committed
//! records, and never panic.

use crate::golden::log;
use hydra::{Error, ErrorKind, Reader, Result, Writer};
use hydra_tests::types::Log;
use std::path::{Path, PathBuf};

/// A file of two commits and small blocks.
fn sample(folder: &Path) -> Result<PathBuf> {
    let path = folder.join("sample.hydra");
    let mut writer = Writer::options().file_id([3; 16]).block_bytes(1024).create(&path)?;
    let table = writer.table::<Log>()?;
    (0..20).try_for_each(|index| writer.append(table, &log(index)))?;
    writer.set_metadata("key", "value")?;
    writer.commit()?;
    (20..40).try_for_each(|index| writer.append(table, &log(index)))?;
    writer.finish()?;
    Ok(path)
}

/// Everything that a reader can show of a file: values of all records that can be read, and the errors.
fn read_all(path: &Path) -> Result<(Vec<Log>, Vec<Error>)> {
    let reader = Reader::open(path)?;
    let (mut records, mut errors) = (Vec::new(), Vec::new());
    for info in reader.tables() {
        let table = reader.dynamic_table(info.name())?;
        for block in table.blocks() {
            match block {
                Ok(block) => block.values().for_each(|value| drop(value.to_string())),
                Err(error) => errors.push(error),
            }
        }
    }
    let _ = reader.metadata().map_err(|error| errors.push(error));
    if let Ok(table) = reader.table::<Log>() {
        for block in table.blocks().flatten() {
            records.extend(block.decode().collect::<Result<Vec<_>>>()?);
        }
    }
    Ok((records, errors))
}

#[test]
fn every_prefix_is_refused_or_says_so() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let whole = std::fs::read(sample(folder.path())?)?;
    let path = folder.path().join("cut.hydra");
    let all: Vec<Log> = (0..40).map(log).collect();
    let ends = (0..whole.len()).step_by(61).chain([0, 8, 64, 4096, 8191, 8192, whole.len() - 1]);
    for end in ends {
        std::fs::write(&path, &whole[..end])?;
        match Reader::open(&path) {
            Err(error) => assert_ne!(error.kind(), ErrorKind::Io, "cut at {end}: {error}"),
            Ok(reader) => {
                assert!(reader.report().is_damaged(), "cut at {end}: {}", reader.report());
                let (records, _) = read_all(&path)?;
                assert!(records.iter().all(|record| all.contains(record)), "cut at {end}");
            }
        }
    }
    Ok(())
}

#[test]
fn no_flipped_bit_changes_a_record_silently() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let whole = std::fs::read(sample(folder.path())?)?;
    let path = folder.path().join("flipped.hydra");
    let all: Vec<Log> = (0..40).map(log).collect();
    for bit in (0..whole.len() * 8).step_by(37) {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &bytes)?;
        let Ok((records, errors)) = read_all(&path) else { continue };
        for record in &records {
            assert!(all.contains(record), "bit {bit} of byte {:#x}: {record:?}", bit / 8);
        }
        assert!(
            records == all || !errors.is_empty() || !Reader::open(&path)?.report().is_clean(),
            "bit {bit}"
        );
    }
    Ok(())
}

#[test]
fn what_is_no_file_is_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    assert_eq!(Reader::open(folder.path().join("none")).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(Reader::open(folder.path()).unwrap_err().kind(), ErrorKind::NotRegular);
    let path = sample(folder.path())?;
    assert_eq!(Writer::create(&path).unwrap_err().kind(), ErrorKind::Exists);
    let first = Writer::resume(&path)?;
    let error = Writer::resume(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    drop(first);
    Writer::resume(&path)?.finish()?;
    Ok(())
}

#[test]
fn a_resume_that_writes_nothing_changes_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = sample(folder.path())?;
    let before = std::fs::read(&path)?;
    let mut writer = Writer::resume(&path)?;
    writer.table::<Log>()?;
    writer.finish()?;
    drop(Writer::resume(&path)?);
    assert!(std::fs::read(&path)? == before);
    Ok(())
}
