//! Blocks of columns of which some streams cannot be read: the others can, and a check looks at them.

use hydra::{ErrorKind, Hydra, Layout, Reader, Result, Writer, testing};
use hydra_tests::columns::{Columns, Stream};
use hydra_tests::craft::Craft;
use hydra_tests::laws::blocks_of;
use hydra_tests::memory::{File, Memory};
use std::path::Path;

const TABLE: &str = "apart";

#[derive(Clone, Debug, PartialEq, Hydra)]
#[hydra(name = "Apart")]
struct Whole {
    id: u64,
    name: Option<String>,
    price: f64,
    sizes: Vec<u16>,
    live: bool,
}

/// A part of the fields.
#[derive(Clone, Debug, PartialEq, Hydra)]
#[hydra(name = "Apart")]
struct Part {
    name: Option<String>,
    live: bool,
}

/// The streams by their numbers.
const ID: usize = 0;
const PRESENCE: usize = 1;
const RUN: usize = 3;
const PRICE: usize = 4;
const SIZES: usize = 5;
const ELEMENTS: usize = 6;

fn record(number: u64) -> Whole {
    Whole {
        id: number * number,
        name: (!number.is_multiple_of(3)).then(|| format!("name {}", number % 10)),
        price: number as f64 / 4.0,
        sizes: (0..number % 4).map(|size| size as u16).collect(),
        live: number.is_multiple_of(2),
    }
}

/// A file with one block of columns, whose streams are changed. The checksums are right.
fn file(change: impl FnOnce(&mut Vec<Stream>)) -> Result<File> {
    let disk = Memory::default();
    let mut writer = testing::create(Writer::options().layout(Layout::Columns), &disk, Path::new("file"))?;
    let table = writer.table_named::<Whole>(TABLE)?;
    (0..2000).try_for_each(|number| writer.append(table, &record(number)))?;
    writer.finish()?;
    let bytes = disk.file("file").expect("the file").to_vec();
    let at =
        blocks_of(&bytes).into_iter().find(|at| bytes[at + 4] == 2 && bytes[at + 6] == 1).expect("a block");
    let length = u32::from_le_bytes(*bytes[at + 44..].first_chunk().expect("a length")) as usize;
    let mut columns = Columns::of(&bytes[at + 64..at + 64 + length]);
    assert_eq!(columns.streams.len(), 8);
    change(&mut columns.streams);
    // The payload keeps its length.
    let (payload, _) = columns.payload();
    assert_eq!(payload.len(), length);
    let mut craft = Craft::default();
    craft.bytes = bytes;
    craft.patch(at as u64, 64, &payload);
    Ok(File::of(&craft.bytes))
}

fn open(file: &File) -> Result<Reader> {
    testing::open(file.boxed(), Path::new("file"))
}

/// The kinds and paths of what a check finds.
fn found(file: &File) -> Result<Vec<(ErrorKind, String)>> {
    let mut findings = Vec::new();
    testing::check(file, &mut |finding| {
        findings.push((finding.kind(), finding.path_text().unwrap_or_default().to_string()));
    })?;
    Ok(findings)
}

/// The values of one field.
fn column<C: Hydra>(reader: &Reader, name: &str) -> Result<Vec<C>> {
    let table = reader.table_named::<Whole>(TABLE)?.column::<C>(name)?;
    let mut all = Vec::new();
    for block in table.blocks() {
        for value in block?.decode() {
            all.push(value?);
        }
    }
    Ok(all)
}

fn kind<T: std::fmt::Debug>(result: Result<T>) -> ErrorKind {
    result.expect_err("an error").kind()
}

#[test]
fn other_columns_are_read_when_one_is_unsupported() -> Result<()> {
    let file = file(|streams| streams[ID].head[0] = 7)?;
    let reader = open(&file)?;
    let records = || (0..2000).map(record);
    assert_eq!(column::<f64>(&reader, "price")?, records().map(|record| record.price).collect::<Vec<_>>());
    assert_eq!(
        column::<Vec<u16>>(&reader, "sizes")?,
        records().map(|record| record.sizes).collect::<Vec<_>>()
    );
    let parts = reader.table_named::<Part>(TABLE)?;
    let mut at = 0;
    for block in parts.blocks() {
        for part in block?.decode() {
            let Whole { name, live, .. } = record(at);
            assert_eq!(part?, Part { name, live });
            at += 1;
        }
    }
    assert_eq!(at, 2000);
    assert_eq!(parts.get(7)?.decode()?.name, record(7).name);
    assert_eq!(kind(column::<u64>(&reader, "id")), ErrorKind::Unsupported);
    let whole = reader.table_named::<Whole>(TABLE)?;
    assert_eq!(whole.blocks().next().expect("a block").expect_err("an error").kind(), ErrorKind::Unsupported);
    assert_eq!(whole.get(7).expect_err("an error").kind(), ErrorKind::Unsupported);
    assert_eq!(found(&file)?, [(ErrorKind::Unsupported, "id".into())]);
    Ok(())
}

#[test]
fn a_check_looks_at_every_other_column() -> Result<()> {
    // Each is damaged or irregular in its own way, before and behind what is unsupported.
    let file = file(|streams| {
        streams[ID].slots[0] += 1;
        streams[PRICE].head[2] |= 0x20;
        let elements = &mut streams[ELEMENTS].bytes;
        *elements.last_mut().expect("bytes") ^= 0xff;
        let live = streams.last_mut().expect("a stream");
        (live.head[0], live.head[2]) = (1, 0);
    })?;
    let found = found(&file)?;
    let of = |path: &str| {
        found.iter().filter(|(_, found)| found == path).map(|(kind, _)| *kind).collect::<Vec<_>>()
    };
    assert_eq!(of("id"), [ErrorKind::BadColumns]);
    assert_eq!(of("price"), [ErrorKind::Unsupported]);
    assert_eq!(of("live"), [ErrorKind::BadColumns]);
    Ok(())
}

#[test]
fn what_depends_on_an_unsupported_stream_is_no_damage() -> Result<()> {
    // Without the presence of a value, or the offsets of elements, nothing is known of these.
    for (stream, path) in [(PRESENCE, "name"), (SIZES, "sizes"), (RUN, "name")] {
        let file = file(|streams| streams[stream].head[0] = 9)?;
        assert_eq!(found(&file)?, [(ErrorKind::Unsupported, path.into())]);
        let reader = open(&file)?;
        assert_eq!(column::<u64>(&reader, "id")?.len(), 2000);
    }
    Ok(())
}

#[test]
fn a_damaged_stream_is_named_and_no_record_is_read() -> Result<()> {
    let file = file(|_| ())?;
    let at = open(&file)?.table_named::<Whole>(TABLE)?.entries().next().expect("a block")?.offset;
    let stream = &open(&file)?.block_streams(at)?.expect("columns").streams[PRICE];
    let mut bytes = file.to_vec();
    bytes[at as usize + 64 + stream.entry.offset as usize + 5] ^= 1;
    let file = File::of(&bytes);
    assert_eq!(found(&file)?, [(ErrorKind::Checksum, "price".into())]);
    let reader = open(&file)?;
    assert_eq!(kind(column::<f64>(&reader, "price")), ErrorKind::Checksum);
    assert_eq!(column::<u64>(&reader, "id")?.len(), 2000);
    let whole = reader.table_named::<Whole>(TABLE)?;
    for index in [0, 7, 1500] {
        assert_eq!(whole.get(index).expect_err("an error").kind(), ErrorKind::Checksum);
    }
    Ok(())
}
