//! Compares formats with one kind of record: all do the same work and must compute the same sums, in one run,
//! one after the other in each round. It does not depend on any format or record.
#![forbid(unsafe_code)]

use crate::report::{Table, against};
use crate::{AnyResult, clock};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;
use std::time::Instant;

/// A kind of record.
pub trait Record: Sized + 'static {
    /// The result of a scan.
    type Sums: Default + PartialEq + Debug;

    /// Returns the record at `index`, which is always the same.
    fn make(index: u64) -> Self;
}

/// A record as a format represents it.
pub trait Fields<S> {
    /// Returns the values that a scan reads.
    fn add(&self, sums: &mut S);
    /// Returns the field of a scan of one field.
    fn stamp(&self) -> u64;
    /// Returns the value that a random read uses.
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

/// Adds rows to the result of a scan.
#[inline(always)]
pub fn scan<S, F: Fields<S>>(rows: impl IntoIterator<Item = F>, mut sums: S) -> S {
    rows.into_iter().for_each(|row| row.add(&mut sums));
    sums
}

/// Returns the sum of one field.
#[inline(always)]
pub fn times<S, F: Fields<S>>(rows: impl IntoIterator<Item = F>) -> u64 {
    rows.into_iter().fold(0, |sum, row| sum.wrapping_add(row.stamp()))
}

/// A way to store records in a file.
pub trait Format<R: Record> {
    /// The name in the table.
    fn name(&self) -> String;

    /// The name of the file to read, if another format of the list wrote it.
    fn file_of(&self) -> Option<String> {
        None
    }

    /// Writes all records to a new file, up to the page cache. Returns a function that makes them durable.
    #[expect(clippy::ptr_arg, reason = "rkyv serializes a vector")]
    fn write(&self, path: &Path, records: &Vec<R>) -> AnyResult<Sync>;

    /// Opens the file.
    fn open(&self, path: &Path) -> AnyResult<Box<dyn Opened<R>>>;

    /// The format is slow and gets a tenth of the records.
    fn is_slow(&self) -> bool {
        false
    }
}

/// Makes the written records durable.
pub type Sync = Box<dyn FnOnce() -> AnyResult<()>>;

/// An open file.
pub trait Opened<R: Record> {
    /// Scans all records.
    fn scan(&mut self) -> AnyResult<R::Sums>;

    /// Returns true if a second scan does less work than the first.
    fn remembers(&self) -> bool {
        false
    }

    /// Returns the sum of one field.
    fn one(&mut self) -> AnyResult<u64>;

    /// A format with slow random reads does one of this many reads; none if it has no random reads.
    fn reads(&self) -> Option<usize> {
        None
    }

    /// Returns the sum of values of records at random places.
    fn random(&mut self, _: &[u64]) -> AnyResult<u64> {
        Err("no random reads".into())
    }

    /// Does the same with all places known in advance, if the format can prefetch them.
    fn many(&mut self, _: &[u64]) -> Option<AnyResult<u64>> {
        None
    }

    /// Returns the value of the first record.
    fn first(&mut self) -> AnyResult<u64>;

    /// Scans owned values, if the first scan does not.
    fn owned(&mut self) -> Option<AnyResult<R::Sums>> {
        None
    }
}

/// The records that all formats write, and the expected results.
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

/// Nanoseconds per record, read or opening, by column and format.
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

/// The columns in the order of the table.
const COLUMNS: [&str; 11] = [
    "write",
    "write and sync",
    "scan",
    "scan again",
    "owned",
    "one field",
    "random",
    "random again",
    "random, told at once",
    "random, told at once, again",
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

/// Returns the size of a file, or of all files in a folder, in bytes.
fn size(path: &Path) -> AnyResult<u64> {
    if path.is_dir() {
        return std::fs::read_dir(path)?.map(|entry| size(&entry?.path())).sum();
    }
    Ok(std::fs::metadata(path)?.len())
}

/// Removes a file or a folder if it exists.
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
        if let Some(nanos) = told_at_once(&mut *opened, places, look)? {
            times.add(9, &name, nanos);
            opened = format.open(&path)?;
            let fresh = told_at_once(&mut *opened, places, look)?;
            fresh.into_iter().for_each(|nanos| times.add(8, &name, nanos));
        }
    }
    drop(opened);
    let first = times.time(10, &name, 1, || format.open(&path)?.first())?;
    equal(&first, &input.records.first().map_or(0, |record| record.look()))
}

/// Returns the time of a read at these places with all of them known in advance, if the format can prefetch
/// them.
fn told_at_once<R: Record>(opened: &mut dyn Opened<R>, places: &[u64], look: u64) -> AnyResult<Option<f64>> {
    let (found, nanos) = clock::nanos(|| opened.many(places).transpose())?;
    let Some(found) = found else { return Ok(None) };
    equal(&found, &look)?;
    Ok(Some(nanos / places.len() as f64))
}

fn equal<S: PartialEq + Debug>(found: &S, expected: &S) -> AnyResult<()> {
    if found == expected {
        return Ok(());
    }
    Err(format!("found the sums {found:?}, expected {expected:?}").into())
}
