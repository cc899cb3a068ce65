//! Reads records of older versions of a type in place, with another stride, and transcoded, compared with the
//! same type.

use hydra::{Hydra, Map, Plain, Reader, Row, Writer};
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

type AnyResult<T> = Result<T, Box<dyn std::error::Error>>;

/// The records in the file: plain records, and records with text.
mod stored {
    use hydra::Hydra;

    #[derive(Hydra, Clone, Copy)]
    #[repr(C)]
    #[hydra(plain)]
    pub struct Tick {
        pub time: u64,
        pub price: f64,
        pub size: f64,
        pub order: u64,
        pub account: u64,
        pub venue: u32,
        pub flags: u32,
    }

    #[derive(Hydra)]
    pub struct Log {
        pub time: u64,
        pub user: u32,
        pub text: String,
        pub tags: Vec<String>,
    }
}

/// The first fields only.
pub mod narrow {
    #[derive(hydra::Hydra, Clone, Copy)]
    #[repr(C)]
    #[hydra(plain)]
    pub struct Tick {
        pub time: u64,
        pub price: f64,
        pub size: f64,
        pub order: u64,
    }
}

/// One number is wider, and there is one more field.
pub mod changed {
    use hydra::Hydra;

    #[derive(Hydra, Clone, Copy)]
    #[repr(C)]
    #[hydra(plain)]
    pub struct Tick {
        pub time: u64,
        pub price: f64,
        pub size: f64,
        pub order: u64,
        pub account: u64,
        pub venue: u64,
        pub flags: u32,
        #[hydra(default = 7)]
        pub lot: u32,
    }

    /// Heap and text do not change.
    #[derive(Hydra)]
    pub struct Log {
        pub time: u64,
        pub user: u64,
        pub text: String,
        pub tags: Vec<String>,
        pub more: Option<u32>,
    }
}

/// Every reference is rewritten.
mod reordered {
    #[derive(hydra::Hydra)]
    pub struct Log {
        pub tags: Vec<String>,
        pub text: String,
        pub time: u64,
        pub user: u32,
    }
}

/// Prints medians of `rounds` in nanoseconds per record.
pub fn run(records: usize, rounds: usize) -> AnyResult<()> {
    let folder = std::env::temp_dir().join(format!("hydra-evolve-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("generations.hydra");
    write(&path, records)?;
    println!(
        "| reading through a map, first touch | resolution | median ns a record | fastest |\n| --- | --- | --- | --- |"
    );
    let time = |tick: &stored::Tick| tick.time;
    slices(&path, rounds, "ticks, `&[T]`, the same type", time)?;
    slices(&path, rounds, "ticks, `&[T]`, fewer fields", |tick: &narrow::Tick| tick.time)?;
    slices(&path, rounds, "ticks, `&[T]`, a wider number and a field more", |tick: &changed::Tick| {
        tick.time
    })?;
    views::<stored::Tick>(&path, rounds, "ticks, views, the same type", |tick| tick.time())?;
    views::<narrow::Tick>(&path, rounds, "ticks, views, fewer fields", |tick| tick.time())?;
    views::<changed::Tick>(&path, rounds, "ticks, views, a wider number and a field more", |tick| {
        tick.time()
    })?;
    views::<stored::Log>(&path, rounds, "logs, views, the same type", |log| {
        log.time() + log.text().len() as u64
    })?;
    views::<changed::Log>(&path, rounds, "logs, views, a wider number and a field more", |log| {
        log.time() + log.text().len() as u64
    })?;
    views::<reordered::Log>(&path, rounds, "logs, views, fields in another order", |log| {
        log.time() + log.text().len() as u64
    })?;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn write(path: &Path, records: usize) -> AnyResult<()> {
    let mut file = Writer::create(path)?;
    let (ticks, logs) = (file.table::<stored::Tick>()?, file.table::<stored::Log>()?);
    for time in 0..records as u64 {
        let tick = stored::Tick { time, price: 0.5, size: 1.0, order: !time, account: 7, venue: 3, flags: 0 };
        file.append(ticks, &tick)?;
        if time % 8 == 0 {
            let tags = vec!["disk".to_string(), "slow".to_string()];
            let text = format!("request {time} took longer than it should");
            file.append(logs, &stored::Log { time, user: 9, text, tags })?;
        }
    }
    Ok(file.finish()?)
}

fn slices<T: Hydra + Plain>(path: &Path, rounds: usize, what: &str, of: impl Fn(&T) -> u64) -> AnyResult<()> {
    measure::<T>(path, rounds, what, |block| block.as_slice().iter().map(&of).fold(0, u64::wrapping_add))
}

fn views<T: Hydra>(path: &Path, rounds: usize, what: &str, of: impl Fn(T::View<'_>) -> u64) -> AnyResult<()> {
    measure::<T>(path, rounds, what, |block| block.iter().map(&of).fold(0, u64::wrapping_add))
}

fn measure<T: Hydra + Row>(
    path: &Path,
    rounds: usize,
    what: &str,
    sum: impl Fn(&hydra::Block<T>) -> u64,
) -> AnyResult<()> {
    let (mut nanos, mut resolution) = (Vec::new(), String::new());
    for _ in 0..rounds {
        // SAFETY: no other program uses the file.
        let table = Reader::map(unsafe { Map::open(path) }?)?.table::<T>()?;
        resolution = format!("{:?}", table.resolution()?);
        let start = Instant::now();
        let mut total = 0u64;
        for block in table.blocks() {
            total = total.wrapping_add(sum(&block?));
        }
        black_box(total);
        nanos.push(start.elapsed().as_nanos() as f64 / table.len() as f64);
    }
    nanos.sort_by(f64::total_cmp);
    println!("| {what} | {resolution} | {:.2} | {:.2} |", nanos[nanos.len() / 2], nanos[0]);
    Ok(())
}
