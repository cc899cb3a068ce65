//! Columns hold what rows hold: made-up types and values in every encoding, written, edited, compacted,
//! recovered and followed, compared with the same in rows.

use crate::made_up::Dice;
use hydra::file::{RecoverOptions, Recovery};
use hydra::{Dynamic, Layout, Reader, Result, Schema, Writer, testing};
use hydra_tests::columns::{Columns, forced};
use hydra_tests::memory::{File, Memory};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

const PATH: &str = "file";

/// Records of one type, which repeat if there are many.
struct Case {
    seed: u64,
    schema: Arc<Schema>,
    records: Vec<Dynamic>,
}

fn case(seed: u64) -> Option<Case> {
    let mut dice = Dice::new(seed);
    let schema = dice.schema()?;
    let count = dice.pick(&[1, 2, 7, 40, 40, 300, 1100]);
    let few = if dice.below(2) == 0 { count } else { count.min(3) };
    let some: Vec<Dynamic> = (0..few).map(|_| dice.record(&schema)).collect();
    let records = (0..count).map(|_| some[dice.below(few)].clone()).collect();
    Some(Case { seed, schema, records })
}

impl Case {
    /// Writes the records, a part of them in a second session.
    fn write(&self, layout: Layout) -> Result<(Memory, File)> {
        let (disk, path) = (Memory::default(), Path::new(PATH));
        let bytes = [1 << 10, 1 << 14, 1 << 18][self.seed as usize % 3];
        let options = || Writer::options().file_id([7; 16]).block_bytes(bytes).layout(layout);
        let (first, second) = self.records.split_at(self.records.len() / 2);
        let mut writer = testing::create(options(), &disk, path)?;
        let table = writer.dynamic_table_named("T", &self.schema)?;
        first.iter().try_for_each(|record| writer.append_value(table, record.value()))?;
        writer.finish()?;
        let file = disk.file(PATH).expect("the file");
        let mut follower = testing::open(file.boxed(), path)?;
        let mut writer = testing::resume(options(), &disk, path)?;
        let table = writer.dynamic_table_named("T", &self.schema)?;
        second.iter().try_for_each(|record| writer.append_value(table, record.value()))?;
        writer.finish()?;
        assert!(follower.refresh()?);
        self.is_shown(&follower, "followed");
        Ok((disk, file))
    }

    /// Checks that a reader shows the records, from their blocks and one by one.
    fn is_shown(&self, reader: &Reader, what: &str) {
        let table = reader.dynamic_table("T").expect("the table");
        assert_eq!(table.len(), self.records.len() as u64, "seed {}, {what}", self.seed);
        let blocks: Vec<_> = table.blocks().map(|block| block.expect("a block")).collect();
        let values = blocks.iter().flat_map(|block| block.values());
        for (at, (value, record)) in values.zip(&self.records).enumerate() {
            assert_eq!(value, record.value(), "seed {}, {what}, record {at}", self.seed);
        }
        for (at, record) in (0..).zip(&self.records) {
            let stored = table.get(at).expect("a record");
            assert_eq!(stored.value(), record.value(), "seed {}, {what}, record {at} alone", self.seed);
        }
    }

    /// Checks that the file is sound, shows the records, and is recovered and compacted to files that do.
    fn holds(&self, file: &File, what: &str) -> Result<()> {
        let mut found = |finding| panic!("seed {}, {what}: a check finds {finding}", self.seed);
        testing::check(file, &mut found)?;
        self.is_shown(&testing::open(file.boxed(), Path::new(PATH))?, what);
        let disk = Memory::default();
        let saved: Recovery =
            testing::recover(file.boxed(), &disk, Path::new(PATH), RecoverOptions::default())?;
        assert!(saved.is_complete(), "seed {}, {what}", self.seed);
        let saved = disk.file(PATH).expect("what was recovered");
        self.is_shown(&testing::open(saved.boxed(), Path::new(PATH))?, "recovered");
        Ok(())
    }

    /// Changes some records through an editor.
    fn edit(&mut self, disks: &[&Memory]) -> Result<()> {
        let mut dice = Dice::new(self.seed ^ 0xed17);
        let edits: Vec<(usize, Dynamic)> =
            (0..3).map(|_| (dice.below(self.records.len()), dice.record(&self.schema))).collect();
        for disk in disks {
            let mut editor = testing::edit(Writer::options(), *disk, Path::new(PATH))?;
            for (at, record) in &edits {
                editor.record("T", *at as i64)?.set_value(record.value())?;
            }
            editor.finish()?;
        }
        for (at, record) in edits {
            self.records[at] = record;
        }
        Ok(())
    }
}

fn compacted(file: &File, layout: Option<Layout>) -> Result<File> {
    let disk = Memory::default();
    testing::compact_as(file.boxed(), &disk, Path::new(PATH), layout)?;
    Ok(disk.file(PATH).expect("the new file"))
}

/// The layout and payload of each current block of records.
fn payloads(file: &File) -> Result<Vec<(u8, Vec<u8>)>> {
    let (reader, bytes) = (testing::open(file.boxed(), Path::new(PATH))?, file.to_vec());
    let of = |entry: hydra::Result<hydra::file::Entry>| {
        let at = entry?.offset as usize;
        let length = u32::from_le_bytes(*bytes[at + 44..].first_chunk().expect("a length")) as usize;
        Ok((bytes[at + 6], bytes[at + 64..at + 64 + length].to_vec()))
    };
    reader.dynamic_table("T")?.entries().map(of).collect()
}

/// Notes the encodings of streams, whether they are compressed, and whether slots are absent.
fn note(seen: &mut BTreeSet<(u8, bool, bool)>, file: &File) -> Result<()> {
    for (layout, payload) in payloads(file)? {
        if layout == 1 {
            let streams = Columns::of(&payload).streams;
            seen.extend(
                streams.iter().map(|stream| (stream.head[0], stream.head[2] == 1, stream.slots[1] > 0)),
            );
        }
    }
    Ok(())
}

fn cases() -> u64 {
    std::env::var("HYDRA_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(40)
}

/// HYDRA_SEED says where to begin, HYDRA_CASES how many types are tried.
#[test]
fn columns_hold_what_rows_hold() -> Result<()> {
    let start = std::env::var("HYDRA_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let (mut seen, mut in_columns) = (BTreeSet::new(), 0);
    for seed in start..start + cases() {
        let Some(mut case) = case(seed) else { continue };
        let (rows_disk, rows) = case.write(Layout::Rows)?;
        let (smallest_disk, smallest) = case.write(Layout::Columns)?;
        let (disk, columns) = forced(seed, || case.write(Layout::Columns))?;
        for (file, what) in [(&smallest, "the smallest columns"), (&columns, "columns")] {
            case.holds(file, what)?;
            note(&mut seen, file)?;
        }
        assert!(payloads(&columns)?.iter().all(|(layout, _)| *layout == 1), "seed {seed}");
        in_columns += payloads(&smallest)?.iter().filter(|(layout, _)| *layout == 1).count();
        // In both directions: the bytes of the rows are those that were written as rows.
        let back = compacted(&columns, Some(Layout::Rows))?;
        assert_eq!(payloads(&back)?, payloads(&compacted(&rows, Some(Layout::Rows))?)?, "seed {seed}");
        let there = forced(!seed, || compacted(&rows, Some(Layout::Columns)))?;
        case.holds(&there, "rows compacted to columns")?;
        note(&mut seen, &there)?;
        // Columns in the layout of their blocks, and mixed ones.
        case.holds(&forced(seed, || compacted(&columns, None))?, "compacted columns")?;
        forced(seed, || case.edit(&[&disk, &smallest_disk, &rows_disk]))?;
        for (file, what) in [(&columns, "edited columns"), (&smallest, "edited"), (&rows, "edited rows")] {
            case.holds(file, what)?;
        }
        assert_eq!(
            payloads(&compacted(&columns, Some(Layout::Rows))?)?,
            payloads(&compacted(&rows, Some(Layout::Rows))?)?,
            "seed {seed}, edited"
        );
    }
    println!("{in_columns} blocks of the smallest columns; {seen:?}");
    assert!((0..7).all(|encoding| seen.iter().any(|stream| stream.0 == encoding)), "{seen:?}");
    assert!((0..6).all(|encoding| seen.contains(&(encoding, false, true))), "with absent slots: {seen:?}");
    assert!(seen.iter().any(|stream| stream.1) && in_columns > 20);
    Ok(())
}

#[test]
fn values_differ_where_records_do() -> Result<()> {
    for seed in 0..40 {
        let Some(mut case) = case(seed) else { continue };
        let (disk, columns) = forced(seed, || case.write(Layout::Columns))?;
        let (_, rows) = case.write(Layout::Rows)?;
        let before = case.records.clone();
        case.edit(&[&disk])?;
        let open = |file: &File| testing::open(file.boxed(), Path::new(PATH))?.dynamic_table("T");
        let (columns, rows) = (open(&columns)?, open(&rows)?);
        for (at, (before, after)) in (0..).zip(before.iter().zip(&case.records)) {
            let expected = format!("{:?}", before.value().diff(after.value()));
            assert_eq!(format!("{:?}", rows.get(at)?.value().diff(columns.get(at)?.value())), expected);
        }
    }
    Ok(())
}
