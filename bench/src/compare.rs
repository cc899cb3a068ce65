//! Compares formats over one kind of record: every one does the same work and must come to the same sums, in one run,
//! one after the other in each round. It knows neither formats nor records.
#![forbid(unsafe_code)]

use crate::report::{Table, against};
use crate::{AnyResult, clock};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;
use std::time::Instant;

/// A kind of record.
pub trait Record: Sized + 'static {
    /// What a scan comes to.
    type Sums: Default + PartialEq + Debug;

    /// The record at `index`: always the same.
    fn make(index: u64) -> Self;
}

/// A record in the form that a format gives it.
pub trait Fields<S> {
    /// What a scan looks at.
    fn add(&self, sums: &mut S);
    /// The one field.
    fn stamp(&self) -> u64;
    /// What a random read looks at.
    fn look(&self) -> u64;
}

impl<S, F: Fields<S>> Fields<S> for &F {
    #[inline(always)]
    fn add(&self, sums: &mut S) {
        (**self).add(sums);
    }

    #[inline(always)]
    fn stamp(&self) -> u64 {
        (**self).stamp()
    }

    #[inline(always)]
    fn look(&self) -> u64 {
        (**self).look()
    }
}

/// What a scan of rows comes to, after what it came to before.
#[inline(always)]
pub fn scan<S, F: Fields<S>>(rows: impl IntoIterator<Item = F>, mut sums: S) -> S {
    rows.into_iter().for_each(|row| row.add(&mut sums));
    sums
}

/// The sum of one field.
#[inline(always)]
pub fn times<S, F: Fields<S>>(rows: impl IntoIterator<Item = F>) -> u64 {
    rows.into_iter().fold(0, |sum, row| sum.wrapping_add(row.stamp()))
}

/// A way to keep records in a file.
pub trait Format<R: Record> {
    /// How the table calls it.
    fn name(&self) -> String;

    /// The file that it reads, if another format of the list wrote it.
    fn file_of(&self) -> Option<String> {
        None
    }

    /// Writes all records to a new file, as far as the system's memory. What is given makes them durable.
    #[expect(clippy::ptr_arg, reason = "rkyv serializes a vector")]
    fn write(&self, path: &Path, records: &Vec<R>) -> AnyResult<Sync>;

    /// Opens what was written.
    fn open(&self, path: &Path) -> AnyResult<Box<dyn Opened<R>>>;

    /// It is so slow that it gets a tenth of the records.
    fn is_slow(&self) -> bool {
        false
    }
}

/// Makes durable what was written.
pub type Sync = Box<dyn FnOnce() -> AnyResult<()>>;

/// An open file.
pub trait Opened<R: Record> {
    /// Goes over all records.
    fn scan(&mut self) -> AnyResult<R::Sums>;

    /// True if a second scan does less than the first.
    fn remembers(&self) -> bool {
        false
    }

    /// The sum of one field.
    fn one(&mut self) -> AnyResult<u64>;

    /// Of how many reads a format with slow random reads does one; none if it has no random reads.
    fn reads(&self) -> Option<usize> {
        None
    }

    /// The sum of what records at random places have.
    fn random(&mut self, _: &[u64]) -> AnyResult<u64> {
        Err("no random reads".into())
    }

    /// The same of all that a format was told of at once, if it fetches ahead then.
    fn many(&mut self, _: &[u64]) -> Option<AnyResult<u64>> {
        None
    }

    /// What the first record has.
    fn first(&mut self) -> AnyResult<u64>;

    /// A scan of owned values, if the first scan is not of such.
    fn owned(&mut self) -> Option<AnyResult<R::Sums>> {
        None
    }
}

/// The records that everybody writes, and what has to come out.
struct Input<R: Record> {
    records: Vec<R>,
    sums: R::Sums,
    time: u64,
    places: Vec<u64>,
}

impl<R: Record> Input<R>
where
    for<'a> &'a R: Fields<R::Sums>,
{
    fn new(count: usize) -> Input<R> {
        let records: Vec<R> = (0..count as u64).map(R::make).collect();
        let places = (0..count.min(1_000_000) as u64).map(|read| read.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let places = places.map(|place| place % count as u64).collect();
        Input { sums: scan(&records, R::Sums::default()), time: times(&records), places, records }
    }

    fn look(&self, reads: usize) -> u64 {
        let records = self.places.iter().take(reads).map(|&place| &self.records[place as usize]);
        records.fold(0, |sum, record| sum.wrapping_add(record.look()))
    }
}

/// Nanoseconds (a record, a read, an opening) by column and format.
#[derive(Default)]
struct Times(BTreeMap<(usize, String), Vec<f64>>);

impl Times {
    fn time<W>(
        &mut self,
        column: usize,
        name: &str,
        per: usize,
        work: impl FnOnce() -> AnyResult<W>,
    ) -> AnyResult<W> {
        let (done, nanos) = clock::nanos(work)?;
        self.add(column, name, nanos / per as f64);
        Ok(done)
    }

    fn add(&mut self, column: usize, name: &str, nanos: f64) {
        self.0.entry((column, name.to_string())).or_default().push(nanos);
    }

    fn median(&self, column: usize, name: &str) -> Option<f64> {
        self.0.get(&(column, name.to_string())).cloned().map(clock::median)
    }
}

/// The columns, in the order of the table.
const COLUMNS: [&str; 10] = [
    "write",
    "write and sync",
    "scan",
    "scan again",
    "owned",
    "one field",
    "random",
    "random again",
    "random, told at once",
    "open to first record, us",
];

/// Runs every format `rounds` times. The first is the floor.
pub fn run<R: Record>(
    folder: &Path,
    formats: &[Box<dyn Format<R>>],
    count: usize,
    rounds: usize,
) -> AnyResult<Table>
where
    for<'a> &'a R: Fields<R::Sums>,
{
    let (all, few) = (Input::<R>::new(count), Input::<R>::new(count.div_ceil(10)));
    let input = |format: &dyn Format<R>| if format.is_slow() { &few } else { &all };
    let mut times = Times::default();
    for _ in 0..rounds {
        for format in formats.iter().filter(|format| format.file_of().is_none()) {
            write(&**format, folder, input(&**format), &mut times)
                .map_err(|error| format!("{}: write: {error}", format.name()))?;
        }
    }
    for _ in 0..rounds {
        for format in formats {
            read(&**format, folder, input(&**format), &mut times)
                .map_err(|error| format!("{}: read: {error}", format.name()))?;
        }
    }
    let mut header = vec![""];
    header.extend(COLUMNS);
    header.push("bytes a record");
    let mut table = Table::new(&header);
    let floor = formats.first().map(|format| format.name()).unwrap_or_default();
    for format in formats {
        let (name, records) = (format.name(), input(&**format).records.len());
        let mut cells = vec![if format.is_slow() { format!("{name} *") } else { name.clone() }];
        for (column, what) in COLUMNS.iter().enumerate() {
            let unit = if what.ends_with("us") { 1e3 } else { 1.0 };
            let value = times.median(column, &name).map(|nanos| nanos / unit);
            let floor = times.median(column, &floor).map(|nanos| nanos / unit);
            cells.push(value.map_or(String::new(), |value| against(value, floor)));
        }
        let bytes = size(&folder.join(file_name(&**format)))? as f64 / records as f64;
        cells.push(format!("{bytes:.2}"));
        table.row(&cells);
    }
    Ok(table)
}

fn file_name<R: Record>(format: &dyn Format<R>) -> String {
    format.file_of().unwrap_or_else(|| format.name()).replace([' ', ','], "-")
}

/// Bytes of a file, or of all in a folder.
fn size(path: &Path) -> AnyResult<u64> {
    if path.is_dir() {
        return std::fs::read_dir(path)?.map(|entry| size(&entry?.path())).sum();
    }
    Ok(std::fs::metadata(path)?.len())
}

/// Takes away a file or a folder, if it is there.
fn remove(path: &Path) -> AnyResult<()> {
    if path.is_dir() {
        std::fs::remove_dir_all(path)?;
    } else if path.exists() {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

fn write<R: Record>(
    format: &dyn Format<R>,
    folder: &Path,
    input: &Input<R>,
    times: &mut Times,
) -> AnyResult<()> {
    let (name, path, count) = (format.name(), folder.join(file_name(format)), input.records.len());
    remove(&path)?;
    let start = Instant::now();
    let sync = times.time(0, &name, count, || format.write(&path, &input.records))?;
    sync()?;
    let nanos = start.elapsed().as_nanos() as f64 / count as f64;
    times.add(1, &name, nanos);
    Ok(())
}

fn read<R: Record>(
    format: &dyn Format<R>,
    folder: &Path,
    input: &Input<R>,
    times: &mut Times,
) -> AnyResult<()>
where
    for<'a> &'a R: Fields<R::Sums>,
{
    let (name, path, count) = (format.name(), folder.join(file_name(format)), input.records.len());
    let mut opened = format.open(&path)?;
    equal(&times.time(2, &name, count, || opened.scan())?, &input.sums)?;
    if opened.remembers() {
        equal(&times.time(3, &name, count, || opened.scan())?, &input.sums)?;
    }
    let (owned, nanos) = clock::nanos(|| opened.owned().transpose())?;
    if let Some(sums) = owned {
        equal(&sums, &input.sums)?;
        times.add(4, &name, nanos / count as f64);
    }
    drop(opened);
    let mut opened = format.open(&path)?;
    equal(&times.time(5, &name, count, || opened.one())?, &input.time)?;
    drop(opened);
    let mut opened = format.open(&path)?;
    if let Some(of) = opened.reads() {
        let places = &input.places[..input.places.len().div_ceil(of)];
        let look = input.look(places.len());
        equal(&times.time(6, &name, places.len(), || opened.random(places))?, &look)?;
        if opened.remembers() {
            equal(&times.time(7, &name, places.len(), || opened.random(places))?, &look)?;
        }
        let (many, nanos) = clock::nanos(|| opened.many(places).transpose())?;
        if let Some(many) = many {
            equal(&many, &look)?;
            times.add(8, &name, nanos / places.len() as f64);
        }
    }
    drop(opened);
    let first = times.time(9, &name, 1, || format.open(&path)?.first())?;
    equal(&first, &input.records.first().map_or(0, |record| record.look()))
}

fn equal<S: PartialEq + Debug>(found: &S, expected: &S) -> AnyResult<()> {
    if found == expected {
        return Ok(());
    }
    Err(format!("found the sums {found:?}, expected {expected:?}").into())
}
