//! Laws that hold for every value: the property tests and the fuzz targets call them.

use hydra::{Hydra, Reader, Result, Value, Writer};
use std::fmt::Debug;
use std::path::Path;

/// Live to bytes to view, value and owned: all equal, and the same bytes again.
pub fn value_survives<T: Hydra + Clone + PartialEq + Debug>(value: &T) -> Result<()> {
    let image = hydra::to_bytes(value)?;
    let owned = hydra::from_bytes::<T>(&image)?;
    assert_eq!(*hydra::to_bytes(&owned)?, *image, "encoding what was decoded gives other bytes");
    assert_eq!(Value::of(value), Value::of(&owned), "decoded value differs");
    hydra::view::<T>(&image)?;
    Ok(())
}

/// Records through a file: read back as values and as owned values.
pub fn records_survive<T: Hydra + Debug>(path: &Path, records: &[T]) -> Result<()> {
    let mut writer = Writer::options().file_id([7; 16]).create(path)?;
    let table = writer.table::<T>()?;
    for record in records {
        writer.append(table, record)?;
    }
    writer.finish()?;
    let table = Reader::open(path)?.table::<T>()?;
    assert_eq!(table.len(), records.len() as u64);
    for (index, record) in records.iter().enumerate() {
        let stored = table.get(index as u64)?;
        assert_eq!(stored.value(), Value::of(record), "record {index} differs as a value");
        let owned = stored.decode()?;
        assert_eq!(Value::of(&owned), Value::of(record), "record {index} differs as an owned value");
    }
    Ok(())
}
