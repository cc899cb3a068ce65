//! Runs one hot path once, to count its instructions: `.ci/instructions` runs this program under callgrind,
//! which counts only inside [`hot`]. Preparation and one warm-up run come before. It is a separate program,
//! so that other benchmarks do not change how it is compiled.
//!
//! `cargo run --release --manifest-path bench/Cargo.toml --bin count -- [NAME]`; without a name, it prints
//! all names.

#[allow(dead_code)]
#[path = "memory/shapes/mod.rs"]
mod shapes;

use hydra::{AlignedBuf, Hydra, Map, Reader, Table, Writer};
use shapes::{Logs, Mesh, Save, Shape, Surface, Updates};
use std::hint::black_box;
use std::path::{Path, PathBuf};

type AnyResult<T> = Result<T, Box<dyn std::error::Error>>;

const RECORDS: u64 = 20_000;

#[derive(Hydra, Clone, Copy)]
#[repr(C)]
#[hydra(plain, name = "Tick")]
struct Tick {
    time: u64,
    price: f64,
    size: f64,
    order: u64,
    account: u64,
    venue: u32,
    flags: u32,
}

#[derive(Hydra, Clone, Copy, PartialEq)]
#[hydra(plain)]
#[repr(u8)]
enum Side {
    Buy,
    Sell,
}

/// A record like a tick, but not every bit pattern is valid.
#[derive(Hydra, Clone, Copy)]
#[repr(C)]
#[hydra(plain)]
struct Trade {
    time: u64,
    price: f64,
    size: f64,
    order: u64,
    account: u64,
    venue: u32,
    flags: u16,
    side: Side,
    unused: u8,
}

/// The same fields in another order, one of them wider, so that records are transcoded when they are read.
#[derive(Hydra)]
#[hydra(name = "Tick")]
struct Changed {
    venue: u64,
    time: u64,
    price: f64,
}

#[derive(Hydra)]
struct Line {
    time: u64,
    user: Option<u32>,
    text: String,
    tags: Vec<String>,
}

fn tick(time: u64) -> Tick {
    Tick {
        time,
        price: time as f64 / 8.0,
        size: 1.0,
        order: !time,
        account: 7,
        venue: time as u32 % 5,
        flags: 0,
    }
}

fn line(time: u64) -> Line {
    let text = format!("request {time} took {} ms", time % 977);
    let tags = ["disk", "slow", "retried"].iter().take(time as usize % 4).map(ToString::to_string).collect();
    Line { time, user: time.is_multiple_of(3).then_some(time as u32), text, tags }
}

fn trade(time: u64) -> Trade {
    Trade {
        time,
        price: time as f64 / 8.0,
        size: 1.0,
        order: !time,
        account: 7,
        venue: time as u32 % 5,
        flags: 0,
        side: if time % 3 == 0 { Side::Buy } else { Side::Sell },
        unused: 0,
    }
}

/// Runs the code whose instructions are counted.
#[inline(never)]
fn hot(work: &mut dyn FnMut() -> u64) -> u64 {
    black_box(work())
}

/// Runs the code once to warm up and once to be counted, and checks that the results agree.
fn counted(mut work: impl FnMut() -> AnyResult<u64>) -> AnyResult<()> {
    let expected = work()?;
    let mut failed = None;
    let found = hot(&mut || {
        work().unwrap_or_else(|error| {
            failed = Some(error);
            0
        })
    });
    match failed {
        Some(error) => Err(error),
        None if found != expected => Err("the second run gave another sum".into()),
        None => Ok(()),
    }
}

fn main() -> AnyResult<()> {
    match std::env::args().nth(1) {
        Some(name) => run(&name),
        None => {
            list();
            Ok(())
        }
    }
}

/// Returns the names of all paths, one a line.
fn list() {
    let shapes = [Logs::NAME, Mesh::NAME, Save::NAME, Surface::NAME, Updates::NAME];
    let passes = ["encode", "validate", "decode", "read", "passed", "update", "change", "kept"];
    passes.iter().for_each(|pass| shapes.iter().for_each(|shape| println!("{pass}-{shape}")));
    FILES.iter().for_each(|(name, _)| println!("{name}"));
}

/// Runs the path of this name.
fn run(name: &str) -> AnyResult<()> {
    if let Some((_, path)) = FILES.iter().find(|path| path.0 == name) {
        let folder = std::env::temp_dir().join(format!("hydra-count-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let done = path(&folder);
        std::fs::remove_dir_all(&folder)?;
        return done;
    }
    match name.split_once('-') {
        Some((pass, "log")) => shape::<Logs>(pass),
        Some((pass, "mesh")) => shape::<Mesh>(pass),
        Some((pass, "save")) => shape::<Save>(pass),
        Some((pass, "surface")) => shape::<Surface>(pass),
        Some((pass, "updates")) => shape::<Updates>(pass),
        _ => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> Box<dyn std::error::Error> {
    format!("no hot path `{name}`: `count` alone lists them").into()
}

fn shape<T: Shape>(pass: &str) -> AnyResult<()> {
    let value = T::make(1);
    let mut image = AlignedBuf::default();
    hydra::to_bytes_in(&mut image, &value)?;
    match pass {
        "encode" => counted(|| {
            hydra::to_bytes_in(&mut image, black_box(&value))?;
            Ok(image.len() as u64)
        }),
        "validate" => counted(|| {
            black_box(hydra::view::<T>(black_box(&image))?);
            Ok(0)
        }),
        "decode" => counted(|| {
            // Dropping the value is not counted.
            std::mem::forget(black_box(hydra::from_bytes::<T>(&image)?));
            Ok(0)
        }),
        "read" => {
            let view = hydra::view::<T>(&image)?;
            counted(|| Ok(T::few(black_box(view))))
        }
        "passed" => {
            let view = hydra::view::<T>(&image)?;
            counted(|| Ok(T::passed(black_box(view))))
        }
        "change" => {
            let mut update = T::updater()?;
            counted(|| {
                update(&mut hydra::view_mut::<T>(&mut image)?)?;
                Ok(0)
            })
        }
        "update" => {
            let (mut view, mut update) = (hydra::view_mut::<T>(&mut image)?, T::updater()?);
            counted(|| {
                update(&mut view)?;
                Ok(0)
            })
        }
        "kept" => {
            let (mut image, mut update) = (hydra::Image::of(&value)?, T::updater()?);
            counted(|| {
                update(&mut black_box(&mut image).view_mut()?)?;
                black_box(T::few(black_box(&image).view()));
                Ok(0)
            })
        }
        _ => Err(unknown(pass)),
    }
}

type Counted = fn(&Path) -> AnyResult<()>;

const FILES: &[(&str, Counted)] = &[
    ("tick-append", |folder| append(folder, tick)),
    ("log-append", |folder| append(folder, line)),
    ("trade-append", |folder| append(folder, trade)),
    ("tick-scan", |folder| scan(folder, tick, |view| view.time().wrapping_add(view.price().to_bits()))),
    ("log-scan", |folder| {
        scan(folder, line, |view| view.time() + view.text().len() as u64 + view.tags().len() as u64)
    }),
    ("trade-scan", |folder| {
        scan(folder, trade, |trade| trade.time().wrapping_add(u64::from(trade.side() == Side::Buy)))
    }),
    ("trade-slice", |folder| {
        let table = mapped::<Trade>(&file(folder, trade)?)?;
        counted(|| {
            table.blocks().try_fold(0, |sum: u64, block| {
                let block = block?;
                Ok(block.as_slice().iter().fold(sum, |sum, trade| sum.wrapping_add(trade.time)))
            })
        })
    }),
    ("check", |folder| {
        let path = file(folder, line)?;
        counted(|| Ok(hydra::file::check(&path, &mut |_| {}, None)?.block_count))
    }),
    ("tick-get", |folder| get(folder, tick, |view| view.time())),
    ("log-get", |folder| get(folder, line, |view| view.time() + view.text().len() as u64)),
    ("trade-get", |folder| get(folder, trade, |view| view.time())),
    ("log-get-many", |folder| {
        let (table, places) = at_random(folder, line)?;
        counted(|| {
            let mut records = table.get_many(&places);
            records.try_fold(0, |sum: u64, line| {
                let line = line?;
                Ok(sum.wrapping_add(line.view().text().len() as u64))
            })
        })
    }),
    ("tick-get-many", |folder| {
        let (table, places) = at_random(folder, tick)?;
        counted(|| {
            let mut records = table.get_many(&places);
            records.try_fold(0, |sum: u64, tick| Ok(sum.wrapping_add(tick?.view().time())))
        })
    }),
    ("get-by-name", get_by_name),
    ("scan-by-schema", scan_by_schema),
    ("evolve", |folder| {
        let path = file(folder, tick)?;
        counted(|| all::<Changed>(&path, |view| view.time().wrapping_add(view.venue())))
    }),
];

/// Appends each record by itself, up to the last buffered commit.
fn append<T: Hydra>(folder: &Path, make: fn(u64) -> T) -> AnyResult<()> {
    let records: Vec<T> = (0..RECORDS).map(make).collect();
    let path = folder.join("written.hydra");
    counted(|| {
        if path.exists() {
            std::fs::remove_file(&path)?;
        }
        let mut writer = Writer::options().durability(hydra::Durability::Buffered).create(&path)?;
        let table = writer.table::<T>()?;
        for record in &records {
            writer.append(table, record)?;
        }
        writer.commit()?;
        drop(writer);
        Ok(0)
    })
}

fn file<T: Hydra>(folder: &Path, make: fn(u64) -> T) -> AnyResult<PathBuf> {
    let path = folder.join("read.hydra");
    let mut writer = Writer::create(&path)?;
    let table = writer.table::<T>()?;
    for number in 0..RECORDS {
        writer.append(table, &make(number))?;
    }
    writer.finish()?;
    Ok(path)
}

/// Maps the file.
fn mapped<T: Hydra>(path: &Path) -> AnyResult<Table<T>> {
    // SAFETY: no other program uses the file.
    Ok(Reader::map(unsafe { Map::open(path) }?)?.table()?)
}

/// Maps the file again each time, so that every block is checked.
fn all<T: Hydra + hydra::Row>(path: &Path, of: impl Fn(T::Read<'_>) -> u64) -> AnyResult<u64> {
    let table = mapped::<T>(path)?;
    table.blocks().try_fold(0, |sum: u64, block| Ok(block?.iter().map(&of).fold(sum, u64::wrapping_add)))
}

fn scan<T: Hydra + hydra::Row>(
    folder: &Path,
    make: fn(u64) -> T,
    of: impl Fn(T::Read<'_>) -> u64,
) -> AnyResult<()> {
    let path = file(folder, make)?;
    counted(|| all::<T>(&path, &of))
}

/// Returns a table in a map, and random places in it.
fn at_random<T: Hydra>(folder: &Path, make: fn(u64) -> T) -> AnyResult<(Table<T>, Vec<u64>)> {
    let places = (0..RECORDS).map(|read| read.wrapping_mul(0x9e37_79b9_7f4a_7c15) % RECORDS).collect();
    Ok((mapped::<T>(&file(folder, make)?)?, places))
}

/// Reads records at random places of a map whose blocks are already verified.
fn get<T: Hydra + hydra::Row>(
    folder: &Path,
    make: fn(u64) -> T,
    of: impl Fn(T::Read<'_>) -> u64,
) -> AnyResult<()> {
    let (table, places) = at_random(folder, make)?;
    counted(|| {
        places.iter().try_fold(0, |sum: u64, &place| Ok(sum.wrapping_add(of(table.get(place)?.view()))))
    })
}

fn get_by_name(folder: &Path) -> AnyResult<()> {
    let path = file(folder, tick)?;
    let table = Reader::open(path)?.dynamic_table("Tick")?;
    let record = table.get(7)?;
    let value = record.value();
    counted(|| {
        let mut sum = 0;
        for _ in 0..1000 {
            sum += black_box(value).field(black_box("account"))?.get::<u64>()?;
        }
        Ok(sum)
    })
}

/// Reads every record of a file as a dynamic value.
fn scan_by_schema(folder: &Path) -> AnyResult<()> {
    let path = file(folder, line)?;
    counted(|| {
        let table = Reader::open(&path)?.dynamic_table("Line")?;
        table.blocks().try_fold(0, |sum: u64, block| {
            block?.values().try_fold(sum, |sum, line| Ok(sum.wrapping_add(line.field("time")?.get::<u64>()?)))
        })
    })
}
