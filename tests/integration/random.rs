//! Random access to records, and blocks on several threads. The block cache of a table never affects the
//! results, whatever is appended, edited or damaged meanwhile.

use crate::golden::{log, tick};
use crate::large::map;
use hydra::{
    Durability, Dynamic, Editor, ErrorKind, Hydra, Layout, Reader, Result, Row, Table, Value, Writer, testing,
};
use hydra_tests::laws::Dice;
use hydra_tests::types::{Log, Tick};
use rayon::iter::ParallelIterator;
use std::fmt::Debug;
use std::path::Path;

/// Ticks as types of other programs.
mod fewer {
    #[derive(hydra::Hydra, Clone, Copy, Debug, PartialEq)]
    pub(super) struct Tick {
        pub time: u64,
        pub price: f64,
    }
}
mod turned {
    #[derive(hydra::Hydra, Clone, Copy, Debug, PartialEq)]
    pub(super) struct Tick {
        pub price: f64,
        pub time: u64,
    }
}

/// The numbers from which the records of both tables are made.
#[derive(Clone, Default)]
struct Model {
    ticks: Vec<u64>,
    logs: Vec<u64>,
}

/// One state of the file, in tables that stay open.
struct State {
    model: Model,
    ticks: Table<Tick>,
    logs: Table<Log>,
    fewer: Table<fewer::Tick>,
    turned: Table<turned::Tick>,
    untyped: Table,
}

impl State {
    fn of(reader: &Reader, model: &Model) -> Result<State> {
        Ok(State {
            model: model.clone(),
            ticks: reader.table()?,
            logs: reader.table()?,
            fewer: reader.table()?,
            turned: reader.table()?,
            untyped: reader.dynamic_table("Log")?,
        })
    }

    fn check(&self, dice: &mut Dice) -> Result<()> {
        assert_eq!(
            self.ticks.get(self.model.ticks.len() as u64).err().unwrap().kind(),
            ErrorKind::NoSuchPath
        );
        for _ in 0..30 {
            let (at, line) = (dice.below(self.model.ticks.len()), dice.below(self.model.logs.len()));
            let (number, text) = (tick(self.model.ticks[at]), log(self.model.logs[line]));
            same(&self.ticks, at, &number)?;
            same(&self.logs, line, &text)?;
            same(&self.fewer, at, &fewer::Tick { time: number.time, price: number.price })?;
            same(&self.turned, at, &turned::Tick { time: number.time, price: number.price })?;
            let places: Vec<u64> = (0..40).map(|_| dice.below(self.model.logs.len() + 1) as u64).collect();
            many(&self.ticks, &self.model.ticks, &places, tick)?;
            many(&self.logs, &self.model.logs, &places, log)?;
            let record = self.untyped.get(line as u64)?;
            assert_eq!((record.index(), record.value()), (line as u64, Value::of(&text)));
            let record = self.logs.get(line as u64)?;
            assert_eq!((record.view().text(), record.view().tags().len()), (&*text.text, text.tags.len()));
        }
        Ok(())
    }
}

fn same<T: Hydra + Debug + PartialEq>(table: &Table<T>, at: usize, expected: &T) -> Result<()> {
    let record = table.get(at as u64)?;
    assert_eq!((record.index(), &record.decode()?), (at as u64, expected));
    assert_eq!(record.value(), Value::of(expected));
    Ok(())
}

/// Reads records at several indexes at once, some of which do not exist.
fn many<T: Hydra + Debug + PartialEq>(
    table: &Table<T>,
    model: &[u64],
    places: &[u64],
    make: fn(u64) -> T,
) -> Result<()> {
    assert_eq!(table.get_many(places).len(), places.len());
    for (&place, found) in places.iter().zip(table.get_many(places)) {
        match model.get(place as usize) {
            Some(&number) => {
                assert_eq!((found.as_ref().unwrap().index(), found?.decode()?), (place, make(number)))
            }
            None => assert_eq!(found.err().unwrap().kind(), ErrorKind::NoSuchPath),
        }
    }
    Ok(())
}

fn append(path: &Path, dice: &mut Dice, model: &mut Model) -> Result<()> {
    let bytes = [256, 4096, 65_536][dice.below(3)];
    let mut writer = Writer::options().block_bytes(bytes).durability(Durability::Buffered).resume(path)?;
    let (ticks, logs) = (writer.table::<Tick>()?, writer.table::<Log>()?);
    let layouts = [Layout::Rows, Layout::Columns];
    writer.set_layout(ticks, layouts[dice.below(2)])?;
    writer.set_layout(logs, layouts[dice.below(2)])?;
    testing::force_encodings((dice.below(2) == 0).then(|| dice.roll()));
    for _ in 0..1 + dice.below(4) {
        let most = [3, 900][dice.below(2)];
        for _ in 0..1 + dice.below(most) {
            let (number, line) = (dice.roll() >> 20, dice.roll() >> 44);
            writer.append(ticks, &tick(number))?;
            writer.append(logs, &log(line))?;
            model.ticks.push(number);
            model.logs.push(line);
        }
        writer.commit()?;
    }
    if dice.below(2) == 0 { writer.finish() } else { Ok(()) }
}

fn edit(path: &Path, dice: &mut Dice, model: &mut Model) -> Result<()> {
    let mut editor = Editor::open(path)?;
    for _ in 0..1 + dice.below(9) {
        let (at, line) = (dice.below(model.ticks.len()), dice.below(model.logs.len()));
        (model.ticks[at], model.logs[line]) = (dice.roll() >> 20, dice.roll() >> 44);
        editor.record("Tick", at as i64)?.set(tick(model.ticks[at]))?;
        editor.record("Log", line as i64)?.set(log(model.logs[line]))?;
    }
    editor.commit()
}

#[test]
fn random_reads_equal_a_model_through_appends_edits_and_other_types() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("random.hydra");
    let (mut dice, mut model, mut states) = (Dice(0x5eed), Model::default(), Vec::new());
    let mut writer = Writer::create(&path)?;
    writer.table::<Tick>()?;
    writer.table::<Log>()?;
    writer.finish()?;
    let mut readers = [Reader::open(&path)?, map(&path)?];
    for round in 0..24 {
        if round == 0 || dice.below(2) == 0 {
            append(&path, &mut dice, &mut model)?;
        } else {
            edit(&path, &mut dice, &mut model)?;
        }
        for reader in &mut readers {
            assert!(reader.refresh()?, "round {round}");
            states.push(State::of(reader, &model)?);
        }
        states.push(State::of(&map(&path)?, &model)?);
        // The newest three, and some older ones.
        for back in [1, 2, 3, 1 + dice.below(states.len()), 1 + dice.below(states.len())] {
            states[states.len() - back].check(&mut dice)?;
        }
    }
    Ok(())
}

/// The same name, with more and more fields.
mod pairs {
    #[derive(hydra::Hydra)]
    pub(super) struct Pair {
        pub a: u64,
        pub b: u64,
    }
    pub(super) mod wider {
        #[derive(hydra::Hydra)]
        pub(in crate::random) struct Pair {
            pub a: u64,
            pub b: u64,
            pub c: Option<u64>,
        }
    }
    pub(super) mod narrow {
        #[derive(hydra::Hydra)]
        pub(in crate::random) struct Pair {
            pub a: u64,
        }
    }
}

/// Full blocks after a small one, so that no block begins at a slot; and blocks of equal length with records
/// of other lengths.
#[test]
fn blocks_that_look_regular_are_not_taken_for_such() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("shifted.hydra");
    let mut writer = Writer::options().block_bytes(4096).create(&path)?;
    let numbers = writer.table::<u64>()?;
    (0..10).try_for_each(|number| writer.append(numbers, &number))?;
    writer.commit()?;
    (10..5_000).try_for_each(|number| writer.append(numbers, &number))?;
    writer.finish()?;
    let table = map(&path)?.table::<u64>()?;
    assert!((0..5_000).chain(0..5_000).all(|index| table.get(index).unwrap().view() == index));

    let path = folder.path().join("wider.hydra");
    let mut writer = Writer::create(&path)?;
    let (old, new) = (writer.table::<pairs::Pair>()?, writer.table_named::<pairs::wider::Pair>("Pair")?);
    for a in 0..1_000 {
        match a / 100 % 2 {
            0 => writer.append(old, &pairs::Pair { a, b: 0 })?,
            _ => writer.append(new, &pairs::wider::Pair { a, b: 0, c: None })?,
        }
    }
    writer.finish()?;
    let table = map(&path)?.table::<pairs::narrow::Pair>()?;
    assert!((0..1_000).chain(0..1_000).all(|index| table.get(index).unwrap().view().a() == index));
    Ok(())
}

/// More blocks than a table caches, with very different sizes.
#[test]
fn of_very_many_blocks_each_is_found() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("many.hydra");
    let mut writer = Writer::options().block_bytes(128).durability(Durability::Buffered).create(&path)?;
    let numbers = writer.table::<u64>()?;
    let count = 400_000;
    for number in 0..count {
        if number < 30_000 && number % 3 == 0 {
            writer.commit()?;
        }
        writer.append(numbers, &(number * 7))?;
    }
    writer.finish()?;
    let reader = map(&path)?;
    assert!(reader.tables()[0].block_count() > 40_000);
    let (typed, untyped) = (reader.table::<u64>()?, reader.dynamic_table("u64")?);
    let mut dice = Dice(99);
    let near = |dice: &mut Dice| (count - 50 + dice.below(50) as u64, dice.below(50) as u64);
    for _ in 0..5_000 {
        let (last, first) = near(&mut dice);
        for index in [dice.below(count as usize) as u64, dice.below(30_000) as u64, first, last] {
            assert_eq!(typed.get(index)?.view(), index * 7);
            assert_eq!(untyped.get(index)?.value().get::<u64>()?, index * 7);
        }
    }
    assert_eq!(
        (0..count).map(|index| typed.get(index).unwrap().view()).sum::<u64>(),
        (0..count).sum::<u64>() * 7
    );
    Ok(())
}

/// A file of both tables in small blocks, with a flipped bit in one block of each, and the ranges of the
/// damaged records.
fn damaged(path: &Path) -> Result<[std::ops::Range<u64>; 2]> {
    let mut writer = Writer::options().block_bytes(2048).create(path)?;
    let (ticks, logs) = (writer.table::<Tick>()?, writer.table::<Log>()?);
    writer.append_slice(ticks, &(0..1000).map(tick).collect::<Vec<_>>())?;
    (0..1000).try_for_each(|index| writer.append(logs, &log(index)))?;
    writer.finish()?;
    let reader = Reader::open(path)?;
    let mut bytes = std::fs::read(path)?;
    let hit = ["Tick", "Log"].map(|name| {
        let block = reader.dynamic_table(name).unwrap().entries().nth(7).unwrap().unwrap();
        bytes[block.offset as usize + 64 + 100] ^= 4;
        block.first..block.end()
    });
    std::fs::write(path, bytes)?;
    Ok(hit)
}

fn each_time<T: Row>(table: &Table<T>, hit: &std::ops::Range<u64>) {
    for _ in 0..3 {
        for index in 0..table.len() {
            let error = table.get(index).err();
            let kind = error.as_ref().map(|error| (error.kind(), error.offset().is_some()));
            assert_eq!(kind, hit.contains(&index).then_some((ErrorKind::Checksum, true)), "{index}");
        }
    }
}

#[test]
fn a_damaged_block_is_an_error_each_time() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("damaged.hydra");
    let [ticks, logs] = damaged(&path)?;
    for reader in [Reader::open(&path)?, map(&path)?] {
        each_time(&reader.table::<Tick>()?, &ticks);
        each_time(&reader.table::<Log>()?, &logs);
        each_time(&reader.dynamic_table("Log")?, &logs);
        let shared = reader.table::<Tick>()?;
        std::thread::scope(|scope| {
            (0..4).for_each(|_| drop(scope.spawn(|| each_time(&shared.clone(), &ticks))));
        });
    }
    Ok(())
}

/// Describes the results of an iteration.
fn told<T: Row>(block: Result<hydra::Block<T>>) -> (u64, usize, String) {
    match block {
        Ok(block) => (block.first(), block.len(), block.values().map(|value| value.to_string()).collect()),
        Err(error) => (error.offset().unwrap_or(0), 0, error.to_string()),
    }
}

fn parallel_is_sequential<T: Row>(table: &Table<T>) -> usize {
    let expected: Vec<_> = table.blocks().map(told).collect();
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let given: Vec<_> = pool.install(|| table.par_blocks().map(told).collect());
        assert_eq!(given, expected, "{threads} threads");
    }
    expected.len()
}

#[test]
fn blocks_on_several_threads_are_the_same_in_the_same_order() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("damaged.hydra");
    let [hit, _] = damaged(&path)?;
    for open in [|path: &Path| Reader::open(path), |path: &Path| map(path)] {
        let reader = open(&path)?;
        assert!(parallel_is_sequential(&reader.table::<Tick>()?) > 20);
        assert!(parallel_is_sequential(&reader.table::<turned::Tick>()?) > 20);
        assert!(parallel_is_sequential::<Dynamic>(&reader.dynamic_table("Log")?) > 20);
        let sound = reader.table::<Tick>()?.par_blocks().filter(|block| block.is_ok());
        assert_eq!(
            sound.map(|block| block.map_or(0, |block| block.len())).sum::<usize>() as u64,
            1000 - (hit.end - hit.start)
        );
    }
    let empty = folder.path().join("empty.hydra");
    let mut writer = Writer::create(&empty)?;
    writer.table::<Tick>()?;
    writer.finish()?;
    assert_eq!(parallel_is_sequential(&Reader::open(&empty)?.table::<Tick>()?), 0);
    Ok(())
}
