//! Files beyond 4 GiB: opened, read at both ends and appended to.

use crate::golden::tick;
use hydra::{Reader, Result, Writer};
use hydra_tests::types::Tick;
use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

/// A tail of 6 GiB and a lost commit record: the next writer covers the commit that the record may have
/// named, and appends after it.
#[test]
fn blocks_beyond_six_gibibytes() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("sparse.hydra");
    let mut writer = Writer::create(&path)?;
    let table = writer.table::<Tick>()?;
    writer.append(table, &tick(0))?;
    writer.finish()?;
    lengthen(&path, 6 << 30)?;
    for round in 1..3 {
        let mut writer = Writer::resume(&path)?;
        let table = writer.table::<Tick>()?;
        writer.append_slice(table, &[tick(round), tick(round)])?;
        writer.finish()?;
    }
    assert!(std::fs::metadata(&path)?.len() > 6 << 30);
    for reader in [Reader::open(&path)?, map(&path)?] {
        let table = reader.table::<Tick>()?;
        let all: Vec<Tick> =
            [0, 1, 2, 3, 4].map(|index| table.get(index)?.decode()).into_iter().collect::<Result<_>>()?;
        assert_eq!(all, [tick(0), tick(1), tick(1), tick(2), tick(2)]);
        let mapped: usize =
            table.blocks().map(|block| block.map(|block| block.as_slice().len())).sum::<Result<_>>()?;
        assert_eq!(mapped, 5);
    }
    Ok(())
}

/// Extends a file to this length and damages one of its commit records.
fn lengthen(path: &Path, length: u64) -> Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.set_len(length)?;
    file.seek(SeekFrom::Start(512))?;
    Ok(file.write_all(&[0; 128])?)
}

#[allow(unsafe_code)]
pub(crate) fn map(path: &Path) -> Result<Reader> {
    // SAFETY: only this test and Hydra's own writers use the file.
    Reader::map(unsafe { hydra::Map::open(path) }?)
}
