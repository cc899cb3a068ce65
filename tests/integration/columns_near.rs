//! Single records of columns: read alone, among those that were read before, after edits, and with damage.

use hydra::{Editor, ErrorKind, Hydra, Layout, Map, Reader, Result, Writer};
use std::path::{Path, PathBuf};

#[derive(Hydra, Clone, Debug, PartialEq)]
#[hydra(view = LineView)]
struct Line {
    time: u64,
    text: String,
    spans: Vec<u32>,
    user: Option<u16>,
}

const COUNT: u64 = 30_000;

fn line(time: u64) -> Line {
    let text = format!("GET /orders/{} took {} ms", time * 7919 % 1000, time % 97);
    let spans = (0..time % 4).map(|i| (time * 31 + i) as u32).collect();
    Line { time, text, spans, user: (!time.is_multiple_of(3)).then_some((time % 500) as u16) }
}

/// Writes lines to blocks of columns: several, of many groups, with compressed text.
fn written(folder: &Path) -> Result<PathBuf> {
    let path = folder.join("lines.hydra");
    let mut writer = Writer::options().layout(Layout::Columns).create(&path)?;
    let lines = writer.table::<Line>()?;
    (0..COUNT).try_for_each(|time| writer.append(lines, &line(time)))?;
    writer.finish()?;
    Ok(path)
}

/// Opens a file and maps it.
#[expect(unsafe_code)]
fn both(path: &Path) -> Result<[Reader; 2]> {
    // SAFETY: no other program changes the files of this test.
    let map = unsafe { Map::open(path) }?;
    Ok([Reader::open(path)?, Reader::map(map)?])
}

/// Indices that jump between blocks and groups, and come back to them.
fn indices() -> impl Iterator<Item = u64> {
    let ends = [0, 1, 1023, 1024, 1025, COUNT / 2, COUNT - 1, 0];
    ends.into_iter().chain((0..2000).map(|i| i * 7919 * 13 % COUNT)).chain(0..2000)
}

#[test]
fn records_are_the_same_alone_and_in_blocks() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = written(folder.path())?;
    for reader in both(&path)? {
        let table = reader.table::<Line>()?;
        let entry = table.entries().next().expect("a block")?;
        let streams = reader.block_streams(entry.offset)?.expect("columns").streams;
        assert!(entry.end() > 2048 && table.entries().count() > 1, "blocks of groups");
        assert!(streams.iter().any(|stream| stream.part == "run" && stream.entry.is_compressed()));
        for index in indices() {
            assert_eq!(table.get(index)?.decode()?, line(index), "record {index}");
        }
        assert_eq!(table.get(COUNT).err().map(|error| error.kind()), Some(ErrorKind::NoSuchPath));
        let texts = table.column::<String>("text")?;
        assert!(indices().all(|index| texts.get(index).unwrap().view() == line(index).text));
    }
    Ok(())
}

#[test]
fn an_edit_is_seen_after_a_refresh_and_not_before() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = written(folder.path())?;
    for (turn, mut reader) in both(&path)?.into_iter().enumerate() {
        let changed = 500 + turn as u64;
        let old = reader.table::<Line>()?;
        assert_eq!(old.get(changed)?.decode()?, line(changed));
        let mut editor = Editor::open(&path)?;
        editor.record("Line", changed as i64)?.field("text")?.set("changed".to_string())?;
        editor.finish()?;
        assert_eq!(old.get(changed)?.decode()?, line(changed), "the table of the old state");
        assert!(reader.refresh()?);
        let new = reader.table::<Line>()?;
        assert_eq!(new.get(changed)?.decode()?, Line { text: "changed".into(), ..line(changed) });
        assert_eq!(new.get(changed + 7)?.decode()?, line(changed + 7));
        assert_eq!(old.get(changed)?.decode()?, line(changed), "the old state again");
    }
    Ok(())
}

#[test]
fn damage_is_found_in_single_records_and_does_not_hide_other_fields() -> Result<()> {
    #[derive(Hydra, Debug)]
    struct Line {
        time: u64,
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = written(folder.path())?;
    let reader = Reader::open(&path)?;
    let block = reader.table::<self::Line>()?.entries().nth(1).expect("a second block")?;
    let streams = reader.block_streams(block.offset)?.expect("columns").streams;
    let run = streams.iter().find(|stream| stream.part == "run").expect("a run").entry;
    let mut bytes = std::fs::read(&path).expect("the file");
    bytes[block.offset as usize + 64 + run.offset as usize + 100] ^= 4;
    std::fs::write(&path, bytes).expect("the file");
    for reader in both(&path)? {
        let table = reader.table::<self::Line>()?;
        assert_eq!(table.get(block.first - 1)?.decode()?, line(block.first - 1));
        for _ in 0..2 {
            let error = table.get(block.first + 3000).expect_err("damage");
            assert_eq!(error.kind(), ErrorKind::Checksum, "{error}");
        }
        let times = reader.table::<Line>()?;
        assert_eq!(times.get(block.first + 3000)?.decode()?.time, block.first + 3000);
        assert_eq!(table.column::<u64>("time")?.get(block.first)?.view(), block.first);
    }
    Ok(())
}
