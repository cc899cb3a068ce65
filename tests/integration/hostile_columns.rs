//! Blocks of columns with every bit flipped, cut at every length and with directories that lie, all with right
//! checksums: there are values or errors, a check and a reader agree, and nothing panics.

use crate::golden::{log, some_containers, some_shapes, tick};
use hydra::schema::TypeRef;
use hydra::{Descriptor, Hydra, Kind, Layout, Result, Schema, Writer, testing};
use hydra_tests::columns::{self, Columns, Stream, forced};
use hydra_tests::craft::{Block, Craft};
use hydra_tests::laws::{self, Dice};
use hydra_tests::memory::Memory;
use hydra_tests::types::*;
use std::path::Path;
use std::time::{Duration, Instant};

/// A block of columns: its schema, count and payload.
struct Sample {
    schema: Schema,
    count: u32,
    payload: Vec<u8>,
}

fn sample<T: Hydra>(seed: u64, records: &[T]) -> Result<Sample> {
    let disk = Memory::default();
    let options = Writer::options().file_id([7; 16]).layout(Layout::Columns);
    forced(seed, || {
        let mut writer = testing::create(options, &disk, Path::new("file"))?;
        let table = writer.table::<T>()?;
        records.iter().try_for_each(|record| writer.append(table, record))?;
        writer.finish()
    })?;
    let bytes = disk.file("file").expect("the file").to_vec();
    let at = laws::blocks_of(&bytes).into_iter().find(|at| bytes[at + 4] == 2).expect("a block");
    let length = u32::from_le_bytes(*bytes[at + 44..].first_chunk().expect("a length")) as usize;
    let payload = bytes[at + 64..at + 64 + length].to_vec();
    Ok(Sample { schema: Schema::of::<T>(), count: records.len() as u32, payload })
}

/// HYDRA_CASES says how many times as many there are.
fn samples() -> Result<Vec<Sample>> {
    let (mut all, times) =
        (Vec::new(), std::env::var("HYDRA_CASES").ok().and_then(|times| times.parse().ok()));
    for seed in 0..times.unwrap_or(1) {
        let words = ["", "é", "Gentoo", "é"].map(str::to_string);
        let numbers = [5u64, 6, 8, 200, 7, 5];
        let maybe: Vec<Option<f64>> = numbers.map(|n| (n != 6).then_some(n as f64 / 4.0)).to_vec();
        all.push(sample(seed, &words)?);
        all.push(sample(seed, &numbers)?);
        all.push(sample(seed, &maybe)?);
        all.push(sample(seed, &[(1, true), (2, false), (3, true)].map(|(n, b)| (n as i128, b, vec![n; 2])))?);
        all.push(sample(seed, &[log(1), log(2), log(3)])?);
        all.push(sample(seed, &[tick(1), tick(2)])?);
        all.push(sample(seed, &some_shapes())?);
        all.push(sample(seed, &some_containers())?);
        all.push(sample(
            seed,
            &[Tree { value: 1, left: Some(Box::default()), right: None }, Tree::default()],
        )?);
    }
    Ok(all)
}

impl Sample {
    /// Holds the laws against a file with this payload, with right checksums.
    fn judge(&self, count: u32, mut payload: Vec<u8>, what: &dyn Fn() -> String) {
        let mut craft = Craft::default();
        let name = self.schema.name().to_string();
        craft.schema(1, &name, self.schema.core(), self.schema.notes());
        let text = columns::repair(&mut payload);
        craft.commit[7] = count.into();
        let data = (1, 0, count, self.schema.root().size() as u32);
        craft.block(Block { kind: 2, form: [1, 0], data, text, payload, ..Block::default() });
        let bytes = craft.finish();
        let judged = std::panic::catch_unwind(|| laws::bytes_are_read(&bytes));
        assert!(judged.is_ok(), "{}: {}", name, what());
    }
}

#[test]
fn flipped_bits_with_right_checksums_keep_the_laws() -> Result<()> {
    let mut dice = Dice(0xb175);
    for (number, sample) in samples()?.iter().enumerate() {
        let directory = 64 + 64 * Columns::of(&sample.payload).streams.len();
        for at in 0..sample.payload.len() {
            // The words of entries that are never all looked at are sampled.
            let bits = if at < directory && at % 64 >= 32 { 1 } else { 2 };
            for _ in 0..bits {
                let (bit, mut payload) = (dice.below(8), sample.payload.clone());
                payload[at] ^= 1 << bit;
                sample.judge(sample.count, payload, &|| format!("sample {number}, byte {at}, bit {bit}"));
            }
        }
    }
    Ok(())
}

#[test]
fn prefixes_with_right_checksums_keep_the_laws() -> Result<()> {
    for (number, sample) in samples()?.iter().enumerate() {
        for length in (0..sample.payload.len()).step_by(3) {
            let what = || format!("sample {number}, cut to {length}");
            sample.judge(sample.count, sample.payload[..length].to_vec(), &what);
        }
        // Each stream by itself, so that the directory is right.
        let whole = Columns::of(&sample.payload);
        for stream in 0..whole.streams.len() {
            for length in 0..whole.streams[stream].bytes.len() {
                let mut cut = whole.clone();
                cut.streams[stream].bytes.truncate(length);
                let what = || format!("sample {number}, stream {stream} cut to {length}");
                sample.judge(sample.count, cut.payload().0, &what);
            }
        }
    }
    Ok(())
}

#[test]
fn directories_that_lie_keep_the_laws() -> Result<()> {
    for (number, sample) in samples()?.iter().enumerate() {
        let streams = Columns::of(&sample.payload).streams.len();
        for at in (0..64 + 64 * streams).step_by(4).filter(|at| at % 64 < 28) {
            let old = u32::from_le_bytes(*sample.payload[at..].first_chunk().expect("a word"));
            let lies = [
                0,
                1,
                old + 1,
                old.wrapping_sub(1),
                old.wrapping_mul(2),
                64,
                1 << 16,
                1 << 24,
                1 << 31,
                u32::MAX,
            ];
            for lie in lies {
                let mut payload = sample.payload.clone();
                payload[at..at + 4].copy_from_slice(&lie.to_le_bytes());
                sample.judge(sample.count, payload, &|| format!("sample {number}, word {at} is {lie}"));
            }
        }
        for at in (64..64 + 64 * streams).step_by(64).flat_map(|at| [at, at + 1, at + 2]) {
            for lie in [0, 1, 2, 3, 4, 5, 6, 7, 0x1e, 0x20, 22, 23, 255] {
                let mut payload = sample.payload.clone();
                payload[at] = lie;
                sample.judge(sample.count, payload, &|| format!("sample {number}, byte {at} is {lie}"));
            }
        }
        for count in [0, 1, sample.count + 1, 1 << 20, u32::MAX] {
            sample.judge(count, sample.payload.clone(), &|| format!("sample {number}, {count} records"));
        }
    }
    Ok(())
}

#[test]
fn mutated_columns_keep_the_laws() -> Result<()> {
    let mut dice = Dice(0xc01);
    for (number, sample) in samples()?.iter().enumerate() {
        for round in 0..60 {
            let (mut payload, seed) = (sample.payload.clone(), dice.0);
            dice.mutate(&mut payload, if round % 2 == 0 { 0 } else { 64 });
            sample.judge(sample.count, payload, &|| format!("sample {number}, dice {seed}"));
        }
    }
    Ok(())
}

/// A file with one schema and a block of columns of it.
fn crafted(schema: &Schema, count: u32, columns: &Columns) -> Vec<u8> {
    let mut craft = Craft::default();
    craft.schema(1, "T", schema.core(), schema.notes());
    craft.columns((1, 0, count, schema.root().size() as u32), columns);
    craft.finish()
}

/// Found by fuzzing: numbers that are lent or decoded as a whole were shown although the directory said that they
/// have heap.
#[test]
fn numbers_with_heap_or_text_are_refused() {
    for (heap, text) in [(0, 0), (8, 0), (0, 8)] {
        for stream in [Stream::plain(3, &[5, 6, 8]), Stream::coded(1, 3, 3, &[5])] {
            let bytes = crafted(&Schema::of::<u8>(), 3, &Columns { heap, text, streams: vec![stream] });
            let shown = laws::bytes_are_read(&bytes).expect("a file");
            assert_eq!(shown.errors.is_empty(), heap + text == 0, "{shown:?}");
        }
    }
}

/// The offsets of single records are below those of all, although they do not fall before the records behind them.
#[test]
fn single_records_have_no_elements_behind_the_last() -> Result<()> {
    let offsets = |most: u32| {
        (0..=2000u32).map(move |at| {
            if at == 0 {
                0
            } else if at <= 1024 {
                most
            } else {
                5
            }
        })
    };
    for most in [5, 10] {
        let offsets: Vec<u8> = offsets(most).flat_map(u32::to_le_bytes).collect();
        let streams = vec![Stream::plain(2000, &offsets), Stream::plain(5, &[1, 0, 2, 0, 3, 0, 4, 0, 5, 0])];
        let bytes = crafted(&Schema::of::<Vec<u16>>(), 2000, &Columns { heap: most * 2, text: 0, streams });
        let reader = testing::open(hydra_tests::memory::File::of(&bytes).boxed(), Path::new("file"))?;
        let found = reader.dynamic_table("T")?.get(0).map(|record| record.value().to_string());
        match most {
            5 => assert_eq!(found?, "[1, 2, 3, 4, 5]"),
            _ => assert_eq!(found.expect_err("an error").kind(), hydra::ErrorKind::BadColumns),
        }
    }
    Ok(())
}

/// Boxes have no stream of their own, but they count, so that a small schema does not stand for a large plan.
#[test]
fn boxes_of_nothing_are_counted() -> Result<()> {
    let at = TypeRef::Index;
    let many = |ty: u32| Descriptor::tuple(vec![at(ty); 64]);
    let mut types = Vec::new();
    for level in 0..9 {
        types.extend([many(2 * level + 1), Descriptor::boxed(at(2 * level + 2))]);
    }
    types.push(Descriptor::scalar(Kind::Unit));
    let schema = Schema::new(types)?;
    let start = Instant::now();
    let bytes = crafted(&schema, 1, &Columns::default());
    assert!(laws::bytes_are_read(&bytes).is_some_and(|shown| shown.errors.len() == 1));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let disk = Memory::default();
    let options = Writer::options().layout(Layout::Columns);
    let mut writer = testing::create(options, &disk, Path::new("file"))?;
    writer.dynamic_table_named("T", &schema)?;
    writer.finish()
}

/// Fields without streams are looked at once for each type, and not for each place of the type.
#[test]
fn wide_structs_of_units_take_little_time() -> Result<()> {
    let at = TypeRef::Index;
    let field = |number: u32| (format!("f{number}"), at(if number == 0 { 2 } else { 3 }));
    let wide = Descriptor::structure("Wide", (0..4096).map(field).collect());
    let many = Descriptor::tuple(vec![at(1); 4000]);
    let schema = Schema::new(vec![many, wide, Descriptor::scalar(Kind::U8), Descriptor::scalar(Kind::Unit)])?;
    let bytes = crafted(&schema, 1, &Columns::default());
    let findings = checked(&bytes)?;
    assert!(findings.iter().any(|finding| finding.contains("expected 4000 streams")), "{findings:?}");
    Ok(())
}

/// What a check finds in a block, within seconds.
fn checked(bytes: &[u8]) -> Result<Vec<String>> {
    let (start, mut findings) = (Instant::now(), Vec::new());
    testing::check(&hydra_tests::memory::File::of(bytes), &mut |finding| findings.push(finding.to_string()))?;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    // These files have no directory, and no copies of their schemas.
    findings.retain(|finding| !finding.contains("the file was closed"));
    Ok(findings)
}

/// Boxes in boxes that are absent have no bytes in rows, and without streams none in a file.
#[test]
fn boxes_in_absent_boxes_take_little_time() -> Result<()> {
    let at = TypeRef::Index;
    let many = Descriptor::tuple(vec![at(3); 4000]);
    let types = vec![Descriptor::option(at(1)), Descriptor::boxed(at(2)), many, Descriptor::boxed(at(4))];
    let schema = Schema::new([types, vec![Descriptor::scalar(Kind::Unit)]].concat())?;
    let count: u32 = 1_000_000;
    let columns =
        Columns { streams: vec![Stream::coded(1, count.div_ceil(8), count, &[0])], ..Columns::default() };
    assert_eq!(checked(&crafted(&schema, count, &columns))?, Vec::<String>::new());
    Ok(())
}

/// A variant is found by its tag, and not among all variants.
#[test]
fn rows_of_many_variants_take_little_time() -> Result<()> {
    let at = TypeRef::Index;
    let variant = |tag| (format!("{tag}"), i128::from(tag) * 3, hydra::schema::Style::Unit, Vec::new());
    let (variants, count) = (60_000, 100_000);
    let schema = Schema::new(vec![
        Descriptor::structure("Node", vec![("list".into(), at(1)), ("next".into(), at(2))]),
        Descriptor::list(at(3)),
        Descriptor::option(at(4)),
        Descriptor::enumeration("Many", Kind::U32, (0..variants).map(variant).collect()),
        Descriptor::boxed(at(0)),
    ])?;
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let list = words(&[(variants as u32 - 1) * 3]).repeat(count);
    let mut rows = words(&[64 + list.len().next_multiple_of(64) as u32]);
    rows.resize(64, 0);
    rows.extend(words(&[0, count as u32, 0, 0, 0]));
    rows.resize(128, 0);
    rows.extend(&list);
    rows.resize(rows.len().next_multiple_of(64), 0);
    let columns = Columns { heap: list.len() as u32, text: 0, streams: vec![Stream::plain(1, &rows)] };
    assert_eq!(checked(&crafted(&schema, 1, &columns))?, Vec::<String>::new());
    Ok(())
}

/// 2 MiB are enough with optimisation; without it, frames are several times larger.
#[test]
fn deep_columns_do_not_exhaust_the_stack() {
    let stack = if cfg!(debug_assertions) { 6 << 20 } else { 2 << 20 };
    let thread = std::thread::Builder::new().stack_size(stack).spawn(look_at_deep_columns);
    thread.expect("a thread").join().expect("deep values").expect("deep files");
}

/// Types that are nested 32 deep in each of 64 references, in rows of a stream, and types without recursion.
fn look_at_deep_columns() -> Result<()> {
    let at = TypeRef::Index;
    let wrap = |kind: u32, ty: u32| match kind {
        0 => Descriptor::structure(format!("S{ty}"), vec![("x".into(), at(ty + 1))]),
        1 => Descriptor::newtype(format!("S{ty}"), at(ty + 1)),
        2 => Descriptor::tuple(vec![at(ty + 1)]),
        _ => Descriptor::array(at(ty + 1), 1),
    };
    for kind in 0..4 {
        let mut types: Vec<Descriptor> = (0..30).map(|ty| wrap(kind, ty)).collect();
        types.extend([Descriptor::option(at(31)), Descriptor::boxed(at(0))]);
        let schema = Schema::new(types)?;
        for most in [64, 65, 1000] {
            let node = |next: u32| {
                if next < most { [1, next * 12, 1] } else { [0; 3] }.map(u32::to_le_bytes).concat()
            };
            let heap: Vec<u8> = (1..=most).flat_map(node).collect();
            let mut rows = 128u32.to_le_bytes().to_vec();
            rows.resize(64, 0);
            rows.extend(node(0));
            rows.resize(128, 0);
            rows.extend(&heap);
            rows.resize(rows.len().next_multiple_of(64), 0);
            let text = rows.len() as u32 - 64;
            rows[..4].copy_from_slice(&text.to_le_bytes());
            let columns =
                Columns { heap: heap.len() as u32, text: 0, streams: vec![Stream::plain(1, &rows)] };
            let shown = laws::bytes_are_read(&crafted(&schema, 1, &columns)).expect("a file");
            let is_whole = shown.records.len() == 1 && shown.errors.is_empty();
            assert_eq!(is_whole, most == 64, "{most}: {shown:?}");
        }
        // 64 references of lists, one in the other, through the rows of the streams 32 steps down.
        let mut types: Vec<Descriptor> = (0..64).map(|ty| Descriptor::list(at(ty + 1))).collect();
        types.push(Descriptor::scalar(Kind::U8));
        let schema = Schema::new(types)?;
        let disk = Memory::default();
        let options = Writer::options().file_id([7; 16]).layout(Layout::Columns);
        let mut writer = testing::create(options, &disk, Path::new("file"))?;
        let table = writer.dynamic_table_named("T", &schema)?;
        let mut data = hydra::reflect::Data::from(7u8);
        for _ in 0..64 {
            data = hydra::reflect::Data::Parts(vec![data]);
        }
        let record = hydra::Dynamic::new(schema.into(), data)?;
        forced(1, || writer.append_value(table, record.value()).and_then(|()| writer.finish()))?;
        let bytes = disk.file("file").expect("the file").to_vec();
        let shown = laws::bytes_are_read(&bytes).expect("a file");
        assert!(shown.records.len() == 1 && shown.errors.is_empty(), "{shown:?}");
    }
    Ok(())
}
