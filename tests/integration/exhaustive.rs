//! One file of 64 KiB with every kind of block and of field, damaged in every way. A check reports the
//! damage, and no reader returns a record that was not written. The short form takes samples; `recorded`
//! takes every bit and prefix, and 100,000 of the rest.

use crate::golden::{log, some_containers, some_scalars, some_shapes, some_trades, tick};
use hydra::file::{BlockKind, RecoverOptions};
use hydra::testing::Storage;
use hydra::{Durability, Dynamic, Layout, Reader, Result, Value, Writer, testing};
use hydra_tests::laws::{Dice, blocks_of};
use hydra_tests::memory::{File, Memory};
use hydra_tests::types::Attributed;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::IoSlice;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

/// The undamaged file.
struct Whole {
    bytes: Vec<u8>,
    records: BTreeMap<String, Vec<Dynamic>>,
    /// The core of each table's schema.
    cores: BTreeMap<String, Vec<u8>>,
    /// The edited records as they were before.
    before: BTreeMap<usize, Dynamic>,
    blocks: Vec<Range<usize>>,
    /// The current blocks of records by their first record, with their ends.
    current: BTreeMap<usize, (u64, usize)>,
    /// The content of PAD blocks, which has no meaning.
    exempt: Vec<Range<usize>>,
    /// Indexes that name the blocks after the edits.
    later: Vec<Range<usize>>,
    /// Edited records: the blocks before the edit, and those after it.
    edited: Vec<(Range<usize>, Range<usize>)>,
    /// The number of violations.
    broken: Cell<usize>,
}

/// Records of the table Log.
const EDITED: [usize; 3] = [0, 70, 140];

fn written(layout: Layout) -> Result<Whole> {
    testing::force_encodings((layout == Layout::Columns).then_some(6));
    let (disk, path) = (Memory::default(), Path::new("file"));
    let options = || Writer::options().file_id([7; 16]).block_bytes(1024).layout(layout);
    let mut writer = testing::create(options(), &disk, path)?;
    let (ticks, logs) = (writer.table()?, writer.table()?);
    (0..300).try_for_each(|index| writer.append(ticks, &tick(index)))?;
    (0..150).try_for_each(|index| writer.append(logs, &log(index)))?;
    writer.set_metadata("note", "first")?;
    writer.commit()?;
    drop(writer);
    // A commit that a lost commit record may have named is covered by a PAD block.
    let mut file = disk.file("file").expect("the file");
    let end = testing::open(file.boxed(), path)?.file_bytes();
    file.write_at(end, &mut [IoSlice::new(&[0x55; 960])])?;
    file.write_at(512, &mut [IoSlice::new(&[0; 128])])?;
    let mut writer = testing::resume(options(), &disk, path)?;
    let (scalars, containers) = (writer.table()?, writer.table()?);
    let (shapes, trades, orders) = (writer.table()?, writer.table()?, writer.table()?);
    some_scalars().iter().try_for_each(|value| writer.append(scalars, value))?;
    some_containers().iter().try_for_each(|value| writer.append(containers, value))?;
    some_shapes().iter().try_for_each(|value| writer.append(shapes, value))?;
    some_trades().iter().try_for_each(|value| writer.append(trades, value))?;
    writer.append(orders, &Attributed::new(1, "a", 2))?;
    writer.finish()?;
    let mut editor = testing::edit(options(), &disk, path)?;
    for at in EDITED {
        editor.record("Log", at as i64)?.set_value(Value::of(&log(1000)))?;
    }
    editor.finish()?;
    let mut writer = testing::resume(options(), &disk, path)?;
    let ticks = writer.table()?;
    for index in 0.. {
        if file.to_vec().len() >= 58 << 10 {
            break;
        }
        writer.append(ticks, &tick(index))?;
    }
    writer.finish()?;
    let bytes = file.to_vec();
    assert!((58 << 10..72 << 10).contains(&bytes.len()), "{} bytes", bytes.len());
    let reader = testing::open(file.boxed(), path)?;
    let before = EDITED.map(|at| Ok((at, Value::of(&log(at as u64)).to_dynamic()?)));
    let before = before.into_iter().collect::<Result<_>>()?;
    let mut whole = Whole {
        before,
        records: BTreeMap::new(),
        cores: BTreeMap::new(),
        blocks: Vec::new(),
        current: BTreeMap::new(),
        exempt: Vec::new(),
        later: Vec::new(),
        edited: Vec::new(),
        broken: Cell::new(0),
        bytes,
    };
    for info in reader.tables() {
        let table = reader.dynamic_table(info.name())?;
        let records =
            (0..table.len()).map(|at| table.get(at)?.value().to_dynamic()).collect::<Result<_>>()?;
        whole.records.insert(info.name().to_string(), records);
        whole.cores.insert(info.name().to_string(), table.schema().core().to_vec());
        for entry in table.entries() {
            let entry = entry?;
            let end = reader.block_header(entry.offset)?.end(entry.offset);
            whole.current.insert(entry.offset as usize, (entry.first, end as usize));
        }
    }
    let (mut kinds, mut first) = (Vec::new(), BTreeMap::new());
    for block in reader.blocks() {
        let (offset, header) = block?;
        let range = offset as usize..header.end(offset) as usize;
        let key = (header.schema, header.first);
        match header.block_kind() {
            Some(BlockKind::Pad) => whole.exempt.push(range.start + 64..range.end),
            Some(BlockKind::Data) if header.is_replacement() => {
                let before: &Range<usize> = first.get(&key).expect("what is replaced");
                whole.edited.push((before.clone(), range.clone()));
            }
            Some(BlockKind::Data) => _ = first.insert(key, range.clone()),
            Some(BlockKind::Index) if !whole.edited.is_empty() => whole.later.push(range.clone()),
            _ => {}
        }
        whole.blocks.push(range);
        kinds.push(header.block_kind().expect("a known kind") as u8);
    }
    assert!((1..=5).all(|kind| kinds.contains(&kind)) && whole.edited.len() >= 3, "{kinds:?}");
    assert_eq!(blocks_of(&whole.bytes).len(), whole.blocks.len());
    whole.judge(whole.bytes.clone(), false, &|| "nothing".into());
    Ok(whole)
}

impl Whole {
    /// Checks that every record that can be read is the one that was written, and that a check reports damage
    /// if `is_damaged`.
    fn judge(&self, bytes: Vec<u8>, is_damaged: bool, what: &dyn Fn() -> String) {
        let (file, mut findings) = (File::of(&bytes), 0);
        let checked = testing::check(&file, &mut |_| findings += 1);
        let silent = checked.is_ok_and(|summary| summary.is_sound()) && findings == 0;
        assert!(silent != is_damaged, "{}: a check finds {findings} things", what());
        let Ok(reader) = testing::open(file.boxed(), Path::new("file")) else { return };
        for info in reader.tables() {
            let Ok(table) = reader.dynamic_table(info.name()) else { continue };
            let Some(known) = self.records.get(info.name()) else { panic!("{}: a table {info:?}", what()) };
            let same_type = self.cores.get(info.name()).is_some_and(|core| core == table.schema().core());
            let entries = table.entries().filter_map(Result::ok);
            let places: BTreeMap<u64, u64> = entries.map(|entry| (entry.first, entry.offset)).collect();
            for block in table.blocks().filter_map(Result::ok) {
                if same_type && self.is_untouched(&bytes, block.first(), places.get(&block.first()).copied())
                {
                    continue;
                }
                for (at, value) in (block.first() as usize..).zip(block.values()) {
                    let same = known.get(at).is_some_and(|known| known.value() == value);
                    let older =
                        info.name() == "Log" && self.before.get(&at).is_some_and(|old| old.value() == value);
                    let same = same || older && reader.report().is_damaged() && self.is_untold(&bytes);
                    assert!(same, "{}: record {at} of {} is {value}", what(), info.name());
                }
            }
        }
        if let Ok(pairs) = reader.metadata() {
            assert!(pairs.is_empty() || pairs.get("note").is_some_and(|note| note == b"first"), "{}", what());
        }
    }

    /// Returns true if the block at `place` is a current block of records and unchanged. Its records are then
    /// unchanged too; they are compared in the undamaged file.
    fn is_untouched(&self, bytes: &[u8], first: u64, place: Option<u64>) -> bool {
        let at = place.unwrap_or_default() as usize;
        let known = self.current.get(&at).filter(|known| known.0 == first);
        known.is_some_and(|&(_, end)| bytes.get(at..end) == self.bytes.get(at..end))
    }

    /// Returns true if no index is left that names the blocks after the edits. If these are lost too, nothing
    /// shows that there were edits, and the records before them are returned, in a file that is reported as
    /// damaged.
    fn is_untold(&self, bytes: &[u8]) -> bool {
        self.later.iter().all(|range| bytes.get(range.clone()) != self.bytes.get(range.clone()))
    }

    /// Damages the file and checks it, unless only bytes without a meaning changed.
    fn damage(&self, bytes: Vec<u8>, what: &dyn Fn() -> String) {
        let differs = |range: Range<usize>| self.bytes.get(range.clone()) != bytes.get(range);
        let mut at = 0;
        let mut is_damaged = bytes.len() != self.bytes.len();
        for exempt in &self.exempt {
            is_damaged |= differs(at..exempt.start);
            at = exempt.end;
        }
        is_damaged |= differs(at..self.bytes.len());
        if is_damaged {
            // A copy of the last block after the last commit is an uncommitted tail and no damage.
            let is_tail = bytes.starts_with(&self.bytes);
            let judged = catch_unwind(AssertUnwindSafe(|| self.judge(bytes, !is_tail, what)));
            self.broken.set(self.broken.get() + usize::from(judged.is_err()));
            assert!(self.broken.get() < 100, "and so on");
        }
    }

    fn flip(&self, bit: usize) {
        let mut bytes = self.bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        self.damage(bytes, &|| format!("bit {bit}"));
    }

    fn cut(&self, length: usize) {
        self.damage(self.bytes[..length].to_vec(), &|| format!("cut to {length}"));
    }

    /// Damages several bytes in one of the possible ways.
    fn damage_at_random(&self, way: usize, dice: &mut Dice) {
        let (mut bytes, count) = (self.bytes.clone(), self.bytes.len());
        let seed = dice.0;
        let mut block = || self.blocks[dice.below(self.blocks.len())].clone();
        let (from, to) = (block(), block());
        let room = from.len().min(count - to.start);
        match way {
            0 => (0..2).for_each(|_| bytes[dice.below(count)] ^= 1 << dice.below(8)),
            1 => {
                let (at, most) = (dice.below(count), [4, 64, 4096][dice.below(3)]);
                let length = 1 + dice.below(most.min(count - at));
                bytes[at..at + length].fill_with(|| dice.roll() as u8);
            }
            // Two blocks of the same length are swapped, or one is duplicated.
            2 => {
                let both = from.len().min(to.len());
                let kept = bytes[to.start..to.start + both].to_vec();
                bytes.copy_within(from.start..from.start + both, to.start);
                bytes[from.start..from.start + both].copy_from_slice(&kept);
            }
            3 => bytes.copy_within(from.start..from.start + room, to.start),
            // A block is moved from another place in the file, and all following blocks shift.
            4 => _ = bytes.splice(to.start..to.start, self.bytes[from].to_vec()),
            5 => {
                let sector = dice.below(count / 512) * 512;
                let length = [512, 4096][dice.below(2)].min(count - sector);
                bytes[sector..sector + length].fill(0);
            }
            // The block before an edit, or a part of it, replaces the edited block.
            _ => {
                let (old, new) = &self.edited[dice.below(self.edited.len())];
                let length = old.len().min(new.len());
                let start = dice.below(length / 64) * 64;
                let end = start + 64 * (1 + dice.below((length - start) / 64));
                bytes.copy_within(old.start + start..old.start + end, new.start + start);
            }
        }
        self.damage(bytes, &|| format!("way {way}, dice {seed}"));
    }

    fn all(&self, bits: usize, prefixes: usize, each: u64) {
        let start = Instant::now();
        (0..self.bytes.len() * 8).step_by(bits).for_each(|bit| self.flip(bit));
        (0..self.bytes.len()).step_by(prefixes).for_each(|length| self.cut(length));
        println!("bits and prefixes: {} s", start.elapsed().as_secs());
        for way in 0..7 {
            let mut dice = Dice(0x5eed + way as u64);
            (0..each).for_each(|_| self.damage_at_random(way, &mut dice));
            println!("way {way}: {each}, {} s", start.elapsed().as_secs());
        }
        println!("{} bytes: a bit of {bits}, a prefix of {prefixes}, {each} of each way", self.bytes.len());
        assert_eq!(self.broken.get(), 0, "laws were broken");
    }
}

#[test]
fn damage_is_reported_and_never_returned() -> Result<()> {
    for layout in [Layout::Rows, Layout::Columns] {
        let whole = written(layout)?;
        let in_columns = whole.current.keys().filter(|at| whole.bytes[**at + 6] == 1).count();
        assert_eq!(in_columns > 10, layout == Layout::Columns);
        let last = whole.blocks.last().expect("blocks").clone();
        whole.damage([&whole.bytes[..], &whole.bytes[last]].concat(), &|| "a tail".into());
        whole.all(1009, 509, 60);
    }
    Ok(())
}

/// A reader of the file after a further session, with the blocks of the edits and the newest directory
/// zeroed; with `every`, also all indexes that name the edits.
fn without_edits(whole: &Whole, every: bool) -> Result<(Reader, File)> {
    let (file, path) = (File::of(&whole.bytes), Path::new("file"));
    let mut writer = testing::resume(Writer::options(), &Memory::with("file", &file), path)?;
    let ticks = writer.table()?;
    writer.append(ticks, &tick(0))?;
    writer.finish()?;
    let (mut bytes, reader) = (file.to_vec(), testing::open(file.boxed(), path)?);
    let at = reader.commit().directory;
    let directory = at as usize..reader.block_header(at)?.end(at) as usize;
    let indexes = whole.later.iter().filter(|_| every).chain([&directory]);
    let lost = indexes.chain(whole.edited.iter().map(|(_, after)| after));
    lost.for_each(|range| bytes[range.clone()].fill(0));
    let file = File::of(&bytes);
    Ok((testing::open(file.boxed(), path)?, file))
}

#[test]
fn a_lost_edit_is_an_error_as_long_as_any_index_tells_of_it() -> Result<()> {
    let reader = without_edits(&written(Layout::Rows)?, false)?.0;
    let table = reader.dynamic_table("Log")?;
    assert!(EDITED.iter().all(|&at| table.get(at as u64).is_err()) && reader.report().is_damaged());
    assert!(table.len() == 150 && table.get(149).is_ok());
    Ok(())
}

#[test]
fn without_any_index_what_was_before_a_lost_edit_is_shown_in_a_file_that_is_damaged() -> Result<()> {
    let whole = written(Layout::Rows)?;
    let (reader, file) = without_edits(&whole, true)?;
    assert!(reader.report().is_damaged());
    for (&at, before) in &whole.before {
        assert_eq!(reader.dynamic_table("Log")?.get(at as u64)?.value(), before.value());
    }
    let survey = testing::survey(file.boxed(), RecoverOptions::default())?;
    assert!(!survey.is_complete() && !survey.unknown.is_empty());
    Ok(())
}

#[test]
fn an_edit_that_is_lost_with_the_node_above_it_is_not_passed_over_in_silence() -> Result<()> {
    let (disk, path) = (Memory::default(), Path::new("file"));
    let options = || Writer::options().file_id([7; 16]).durability(Durability::Buffered);
    let mut writer = testing::create(options(), &disk, path)?;
    let table = writer.table()?;
    for number in 0..600u64 {
        writer.append(table, &number)?;
        writer.commit()?;
    }
    writer.finish()?;
    let mut editor = testing::edit(options(), &disk, path)?;
    editor.record("u64", 5)?.set_value(Value::of(&1000u64))?;
    editor.finish()?;
    let mut bytes = disk.file("file").expect("the file").to_vec();
    let reader = testing::open(File::of(&bytes).boxed(), path)?;
    assert_eq!(reader.table::<u64>()?.get(5)?.view(), 1000);
    let blocks: Vec<_> = reader.blocks().collect::<Result<_>>()?;
    let edit = blocks.iter().position(|(_, header)| header.is_replacement()).expect("an edit");
    let lost = blocks[edit..].iter().filter(|(_, header)| {
        header.is_replacement() || header.is(BlockKind::Index) && header.payload_bytes > 256 * 40
    });
    let lost: Vec<_> = lost.map(|(at, header)| *at as usize..header.end(*at) as usize).collect();
    assert!(lost.len() >= 2, "the edit, and a node: {blocks:?}");
    lost.into_iter().for_each(|range| bytes[range].fill(0));
    let reader = testing::open(File::of(&bytes).boxed(), path)?;
    let shown = reader.table::<u64>()?.get(5).map(|record| record.view());
    assert!(shown.is_err() || reader.report().is_damaged(), "{shown:?}");
    let survey = testing::survey(File::of(&bytes).boxed(), RecoverOptions::default())?;
    assert!(!survey.is_complete(), "{survey:?}");
    Ok(())
}

/// `cargo test --profile simulate -p hydra-tests --test integration exhaustive -- --ignored --nocapture`
#[test]
#[ignore]
fn recorded() -> Result<()> {
    for layout in [Layout::Rows, Layout::Columns] {
        written(layout)?.all(1, 1, 100_000);
    }
    Ok(())
}
