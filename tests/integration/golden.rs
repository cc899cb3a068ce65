//! Golden files. `HYDRA_UPDATE_GOLDEN=1 cargo test -p hydra-tests golden` rewrites them (add the reason to
//! the CHANGELOG). The tests of the command write their readable twins.

use crate::golden_columns;
use hydra::{Editor, Reader, Result, Value, Writer};
use hydra_tests::columns::Columns;
use hydra_tests::types::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::marker::PhantomData;
use std::num::{NonZeroI16, NonZeroU128};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// One golden file: its name and the function that writes it.
type Golden = (&'static str, fn(&Path) -> Result<()>);

const GOLDEN: &[Golden] = &[
    ("empty", |path| Writer::options().file_id(id(1)).create(path)?.finish()),
    ("plain", plain),
    ("scalars", scalars),
    ("containers", containers),
    ("shapes", shapes),
    ("tables", tables),
    ("blocks", blocks),
    ("resumed", resumed),
    ("unclosed", unclosed),
    ("edited", edited),
    ("ecosystem", ecosystem),
    ("generations", generations),
    ("wide", wide),
    ("rare", |path| std::fs::write(path, crate::invalid::rare()).map_err(hydra::Error::io)),
    ("named", named),
    ("constants", constants),
    ("columns", golden_columns::columns),
    ("encodings", golden_columns::encodings),
    ("groups", golden_columns::groups),
];

/// A record that is aligned to a line, and tags of other kinds than the usual one.
#[derive(hydra::Hydra)]
#[repr(align(64))]
struct Wide {
    low: Low,
    high: Option<High>,
    #[hydra(default = 9)]
    last: u8,
}

#[derive(Clone, Copy, hydra::Hydra)]
#[repr(i16)]
enum Low {
    Least = i16::MIN,
    Minus = -1,
}

#[derive(hydra::Hydra)]
#[repr(u64)]
enum High {
    Most(u8, String) = u64::MAX,
    Zero = 0,
}

fn wide(path: &Path) -> Result<()> {
    let mut writer = create(path, 12)?;
    let table = writer.table::<Wide>()?;
    writer.append(table, &Wide { low: Low::Least, high: Some(High::Most(7, "most".into())), last: 1 })?;
    writer.append(table, &Wide { low: Low::Minus, high: Some(High::Zero), last: 2 })?;
    writer.append(table, &Wide { low: Low::Minus, high: None, last: 3 })?;
    writer.finish()
}

pub(crate) const fn id(low: u8) -> [u8; 16] {
    [low, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7]
}

pub(crate) fn create(path: &Path, low: u8) -> Result<Writer> {
    Writer::options().file_id(id(low)).create(path)
}

fn generations(path: &Path) -> Result<()> {
    let mut writer = create(path, 11)?;
    crate::evolve::generations(&mut writer)?;
    writer.finish()
}

/// Two tables of one type, one of which has the name of the type.
fn named(path: &Path) -> Result<()> {
    let mut writer = create(path, 13)?;
    let tables = [
        writer.table_named::<Log>("errors")?,
        writer.table::<Log>()?,
        writer.table_named("all of it, later")?,
    ];
    for index in 0..6 {
        writer.append(tables[index as usize % 3], &log(index))?;
    }
    writer.finish()
}

/// A record of types that differ only in constant arguments.
fn constants(path: &Path) -> Result<()> {
    let mut writer = create(path, 14)?;
    let table = writer.table::<Constants>()?;
    writer.append(table, &some_constants())?;
    writer.finish()
}

pub(crate) fn some_constants() -> Constants {
    Constants {
        small: Grid { cells: [1, 2, 3, 4], rest: [[5, 6, 7, 8]].into() },
        closed: Grid { cells: [0; 4], rest: [].into() },
        wide: Grid { cells: [300, 2], rest: [[3, 4], [5, 6]].into() },
        marked: Marked(7),
        quoted: Marked(8),
        short: Packet::Empty,
        long: Packet::Short([1, 2, 3]),
    }
}

/// A tick whose numbers say where they came from.
pub(crate) fn tick(index: u64) -> Tick {
    Tick {
        time: 1_700_000_000_000_000_000 + index,
        price: index as f64 / 4.0,
        size: [index as f64, -0.0],
        order: !index,
        venue: index as u32 % 3,
        flags: [0, 1, 2, index as u8],
    }
}

fn plain(path: &Path) -> Result<()> {
    let mut writer = create(path, 2)?;
    let (ticks, flagged) = (writer.table::<Tick>()?, writer.table::<Flagged>()?);
    writer.append_slice(ticks, &(0..100).map(tick).collect::<Vec<_>>())?;
    let venues = [Venue::Nyse, Venue::Lse, Venue::Other, Venue::Nyse];
    let rest = NonZeroI16::new(-5).unwrap_or(NonZeroI16::MIN);
    writer.append(flagged, &Flagged { time: 1, venues, live: true, grade: 200, rest })?;
    writer.finish()
}

/// Two records with all values at the ends of their ranges.
pub(crate) fn some_scalars() -> [Scalars; 2] {
    let low = Scalars {
        a: (i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN),
        b: (0, 0, 0, 0, 0),
        c: (f32::MIN_POSITIVE, -0.0, false, '\0'),
        d: NonZeroU128::MIN,
        e: NonZeroI16::MIN,
        f: Duration::ZERO,
        g: UNIX_EPOCH,
        h: Venue::Nyse,
        i: Level::Info,
        j: Unit,
        k: (),
        l: PhantomData,
    };
    let high = Scalars {
        a: (i8::MAX, i16::MAX, i32::MAX, i64::MAX, i128::MAX),
        b: (u8::MAX, u16::MAX, u32::MAX, u64::MAX, u128::MAX),
        c: (f32::INFINITY, f64::MAX, true, char::MAX),
        d: NonZeroU128::MAX,
        e: NonZeroI16::MAX,
        f: Duration::MAX,
        g: UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789),
        h: Venue::Other,
        i: Level::Error,
        ..low.clone()
    };
    [low, high]
}

fn scalars(path: &Path) -> Result<()> {
    let mut writer = create(path, 3)?;
    let table = writer.table::<Scalars>()?;
    some_scalars().iter().try_for_each(|record| writer.append(table, record))?;
    writer.finish()
}

/// Two records: everything empty, and everything filled.
pub(crate) fn some_containers() -> [Containers; 2] {
    let empty = Containers {
        text: (String::new(), "".into()),
        bytes: vec![],
        numbers: vec![],
        bools: vec![],
        nested: vec![],
        array: [None; 3],
        option: None,
        map: BTreeMap::new(),
        hash_map: HashMap::new(),
        set: BTreeSet::new(),
        hash_set: [].into(),
        boxed: Box::new(0),
        shared: (Rc::new(String::new()), Arc::new(0)),
        pair: Pair { first: 0, second: vec![] },
    };
    let words = |text: &str| text.split(' ').map(str::to_string).collect::<Vec<_>>();
    let full = Containers {
        text: ("naïve 日本".into(), "🦀".into()),
        bytes: vec![0, 255, 10],
        numbers: vec![1.5, f32::MAX, 0.1],
        bools: vec![true, false, true],
        nested: vec![words("a bb"), vec![], words("ccc")],
        array: [Some(1), None, Some(65535)],
        option: Some(Some("inner".into())),
        map: [("b".to_string(), vec![2]), ("a".to_string(), vec![]), ("aa".to_string(), vec![1, 2, 3])]
            .into(),
        hash_map: [(UserId(300), (-1, "x".to_string())), (UserId(2), (5, String::new()))].into(),
        set: [(-1, Venue::Other), (-1, Venue::Nyse), (7, Venue::Lse)].into(),
        hash_set: words("one two three").into_iter().collect(),
        boxed: Box::new(u64::MAX),
        shared: (Rc::new("shared".into()), Arc::new(9)),
        pair: Pair { first: 1, second: vec![Pair { first: "k".into(), second: -7 }] },
    };
    [empty, full]
}

fn containers(path: &Path) -> Result<()> {
    let mut writer = create(path, 4)?;
    let table = writer.table::<Containers>()?;
    some_containers().iter().try_for_each(|record| writer.append(table, record))?;
    writer.finish()
}

/// Every variant, and nesting.
pub(crate) fn some_shapes() -> Vec<Shape> {
    let poly = Shape::Poly(vec![tick(1), tick(2)], Some("outline".into()));
    vec![
        Shape::Empty,
        Shape::Circle { r: 1.5 },
        Shape::Poly(vec![], None),
        Shape::Group(
            Box::new(poly.clone()),
            vec![Shape::Empty, poly, Shape::Circle { r: f64::NEG_INFINITY }],
        ),
    ]
}

fn shapes(path: &Path) -> Result<()> {
    let mut writer = create(path, 5)?;
    let table = writer.table::<Shape>()?;
    some_shapes().iter().try_for_each(|record| writer.append(table, record))?;
    writer.finish()
}

/// A log line.
pub(crate) fn log(index: u64) -> Log {
    Log {
        time: index,
        level: if index.is_multiple_of(2) { Level::Info } else { Level::Warn },
        target: "net::http".into(),
        text: format!("request {index} served"),
        user: (!index.is_multiple_of(3)).then_some(index * 10),
        tags: (0..index % 3).map(|tag| format!("tag-{tag}")).collect(),
    }
}

fn tables(path: &Path) -> Result<()> {
    let mut writer = create(path, 6)?;
    writer.set_metadata("made by", "golden tests")?;
    let (logs, orders) = (writer.table::<Log>()?, writer.table::<Attributed>()?);
    for index in 0..10 {
        writer.append(logs, &log(index))?;
        writer.append(orders, &Attributed::new(index, "limit", index as usize * 2))?;
    }
    writer.set_metadata("bytes", [0u8, 1, 255])?;
    writer.finish()
}

/// Many small blocks, so that the index has a node.
fn blocks(path: &Path) -> Result<()> {
    let mut writer = Writer::options().file_id(id(7)).block_bytes(4096).create(path)?;
    let table = writer.table::<Tick>()?;
    for index in 0..300 * 84 {
        writer.append(table, &tick(index))?;
    }
    writer.finish()
}

fn resumed(path: &Path) -> Result<()> {
    let mut writer = create(path, 8)?;
    let table = writer.table::<Log>()?;
    (0..3).try_for_each(|index| writer.append(table, &log(index)))?;
    writer.finish()?;
    let mut writer = Writer::resume(path)?;
    let table = writer.table::<Log>()?;
    (3..6).try_for_each(|index| writer.append(table, &log(index)))?;
    writer.finish()
}

fn unclosed(path: &Path) -> Result<()> {
    let mut writer = Writer::options().file_id(id(9)).durability(hydra::Durability::Buffered).create(path)?;
    let table = writer.table::<Log>()?;
    (0..3).try_for_each(|index| writer.append(table, &log(index)))?;
    writer.commit()?;
    writer.append(table, &log(99))
}

/// Replacements of blocks of two tables, one of them twice, then another record.
fn edited(path: &Path) -> Result<()> {
    let mut writer = Writer::options().file_id(id(10)).block_bytes(512).create(path)?;
    let (logs, ticks) = (writer.table::<Log>()?, writer.table::<Tick>()?);
    (0..12).try_for_each(|index| writer.append(logs, &log(index)))?;
    (0..20).try_for_each(|index| writer.append(ticks, &tick(index)))?;
    writer.finish()?;
    let mut editor = Editor::open(path)?;
    editor.record("Log", 1)?.set(edited_log(1))?;
    editor.record("Log", 11)?.set(edited_log(0))?;
    editor.record("Tick", 9)?.set(tick(1009))?;
    editor.commit()?;
    editor.record("Log", 1)?.set(edited_log(4))?;
    editor.finish()?;
    let mut writer = Writer::resume(path)?;
    let logs = writer.table::<Log>()?;
    writer.append(logs, &log(12))?;
    writer.finish()
}

/// A log line that is longer or shorter than the one it replaces.
fn edited_log(words: usize) -> Log {
    let tags = (0..words).map(|word| format!("edited-{word}")).collect();
    Log { level: Level::Error, text: "much more text ".repeat(words * 3), tags, user: Some(7), ..log(40) }
}

/// Types of other crates: in the middle and at the ends of their ranges.
pub(crate) fn some_trades() -> [Trade; 3] {
    use jiff::{SignedDuration, Timestamp, civil::Date};
    use rust_decimal::Decimal;
    let trade = Trade {
        id: uuid::uuid!("67e55044-10b1-426f-9247-bb680e5fe0c8"),
        at: "2024-01-02T03:04:05.123456789Z".parse().expect("a time"),
        took: SignedDuration::from_millis(-1500),
        settles: Date::constant(2024, 1, 4),
        price: Decimal::new(1250, 2),
        shown: Decimal::new(1250, 2).into(),
        rate: Decimal::new(1, 18),
        parents: vec![uuid::Uuid::nil(), uuid::Uuid::max()],
        history: [
            (Date::constant(2024, 1, 1), vec![Decimal::ONE, -Decimal::new(5, 1)]),
            (Date::constant(1969, 12, 31), vec![]),
        ]
        .into(),
        extra: Extra::Map { by_name: [("a".to_string(), vec![1.5, -0.0])].into(), wide: u128::MAX },
    };
    let low = Trade {
        id: uuid::Uuid::nil(),
        at: Timestamp::MIN,
        took: SignedDuration::MIN,
        settles: Date::MIN,
        price: Decimal::MIN,
        shown: Decimal::MIN.into(),
        rate: -Decimal::new(99, 0),
        parents: vec![],
        history: [].into(),
        extra: Extra::Nothing,
    };
    let high = Trade {
        id: uuid::Uuid::max(),
        at: Timestamp::MAX,
        took: SignedDuration::MAX,
        settles: Date::MAX,
        price: Decimal::MAX,
        shown: Decimal::MAX.into(),
        rate: Decimal::new(i64::MAX, 18),
        extra: Extra::Nested(Box::new(Extra::Pair(-2, Some('ß')))),
        ..low.clone()
    };
    [trade, low, high]
}

fn ecosystem(path: &Path) -> Result<()> {
    let mut writer = create(path, 11)?;
    let table = writer.table::<Trade>()?;
    some_trades().iter().try_for_each(|record| writer.append(table, record))?;
    writer.finish()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/v0")
}

#[test]
fn golden_files_come_out_byte_for_byte() -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let update = std::env::var_os("HYDRA_UPDATE_GOLDEN").is_some();
    for (name, write) in GOLDEN {
        let (fresh, kept) = (scratch.path().join(name), folder().join(format!("{name}.hydra")));
        write(&fresh)?;
        let fresh = std::fs::read(&fresh)?;
        if update {
            std::fs::create_dir_all(folder())?;
            std::fs::write(&kept, &fresh)?;
        }
        let kept = std::fs::read(&kept)?;
        let differ = fresh.iter().zip(&kept).position(|(left, right)| left != right);
        assert!(
            fresh == kept,
            "{name}: {} and {} bytes, first difference at {differ:?}",
            fresh.len(),
            kept.len()
        );
    }
    Ok(())
}

#[test]
fn golden_files_read_back() -> Result<()> {
    let open = |name: &str| Reader::open(folder().join(format!("{name}.hydra")));
    let (scalars, containers) =
        (open("scalars")?.table::<Scalars>()?, open("containers")?.table::<Containers>()?);
    for record in 0..2 {
        let stored = scalars.get(record)?;
        assert_eq!(stored.value(), Value::of(&some_scalars()[record as usize]));
        let stored = containers.get(record)?;
        assert_eq!(stored.value(), Value::of(&some_containers()[record as usize]));
        assert_eq!(stored.decode()?, some_containers()[record as usize]);
    }
    let trades = open("ecosystem")?.table::<Trade>()?;
    for (index, trade) in some_trades().iter().enumerate() {
        assert_eq!(trades.get(index as u64)?.decode()?, *trade);
    }
    let shapes = open("shapes")?.table::<Shape>()?;
    let owned: Vec<Shape> = shapes
        .blocks()
        .flat_map(|block| block.map(|block| block.decode().collect::<Vec<_>>()))
        .flatten()
        .collect::<Result<_>>()?;
    assert_eq!(owned, some_shapes());
    let blocks = open("blocks")?.table::<Tick>()?;
    assert_eq!(blocks.len(), 300 * 84);
    for index in [0, 83, 84, 21_503, 21_504, 25_199] {
        assert_eq!(blocks.get(index)?.decode()?, tick(index));
    }
    for (at, name) in ["errors", "Log", "all of it, later"].into_iter().enumerate() {
        let table = open("named")?.table_named::<Log>(name)?;
        let logs = [0, 1].map(|index| table.get(index).and_then(|record| record.decode()));
        assert_eq!(logs.map(Result::unwrap), [log(at as u64), log(at as u64 + 3)]);
    }
    assert_eq!(open("resumed")?.table::<Log>()?.len(), 6);
    let logs = open("edited")?.table::<Log>()?;
    let expected = |index| match index {
        1 => edited_log(4),
        11 => edited_log(0),
        _ => log(index),
    };
    assert_eq!(logs.len(), 13);
    for index in 0..13 {
        assert_eq!(logs.get(index)?.decode()?, expected(index));
    }
    let ticks = open("edited")?.table::<Tick>()?;
    assert_eq!((ticks.get(8)?.decode()?, ticks.get(9)?.decode()?), (tick(8), tick(1009)));
    assert_eq!(open("unclosed")?.table::<Log>()?.len(), 3);
    assert_eq!(open("tables")?.metadata()?.get("bytes").map(Vec::as_slice), Some(&[0, 1, 255][..]));
    Ok(())
}

/// Every encoding of section 7.3 is in a golden file, with and without absent slots, and so are compressed runs and
/// rows, rows in streams, and blocks of both layouts in one table.
#[test]
fn golden_files_have_every_encoding() -> Result<()> {
    let (mut seen, mut layouts) = (BTreeSet::new(), BTreeSet::new());
    for name in ["columns", "encodings", "groups"] {
        let path = folder().join(format!("{name}.hydra"));
        let (reader, bytes) = (Reader::open(&path)?, std::fs::read(&path)?);
        for info in reader.tables() {
            let table = reader.dynamic_table(info.name())?;
            for entry in table.entries() {
                let at = entry?.offset as usize;
                layouts.insert((name, info.name().to_string(), bytes[at + 6]));
                if bytes[at + 6] == 1 {
                    let length = u32::from_le_bytes(*bytes[at + 44..].first_chunk().expect("a length"));
                    let columns = Columns::of(&bytes[at + 64..at + 64 + length as usize]);
                    for stream in columns.streams {
                        seen.insert((stream.head[0], stream.head[2], stream.slots[1] > 0));
                    }
                }
            }
        }
    }
    for encoding in 0..7 {
        assert!(seen.contains(&(encoding, 0, false)) && seen.contains(&(encoding, 0, true)), "{seen:?}");
    }
    assert!(seen.contains(&(0, 1, false)), "compressed: {seen:?}");
    for layout in [0, 1] {
        for table in ["Log", "Tick"] {
            assert!(layouts.contains(&("columns", table.to_string(), layout)), "{layouts:?}");
        }
    }
    let in_columns = layouts.iter().filter(|(name, _, layout)| *name == "columns" && *layout == 1);
    assert!(in_columns.count() >= 6, "{layouts:?}");
    Ok(())
}
