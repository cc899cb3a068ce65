//! Checks that the pages of the guide show the current output of the command. The files are made here with
//! the types of the programs on the pages. `SNAPSHOTS=overwrite` rewrites the output on the pages.

use super::pages::{renewed, same_or_overwrite};
use super::{Place, writer};
use hydra::{Hydra, Writer};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

mod first {
    #[derive(hydra::Hydra)]
    pub(super) struct Sample {
        pub(super) time: u32,
        pub(super) sensor: String,
        pub(super) value: f32,
    }
}

mod second {
    #[derive(hydra::Hydra)]
    pub(super) struct Sample {
        #[hydra(alias = "time")]
        pub(super) millis: u64,
        pub(super) sensor: String,
        pub(super) value: f64,
        pub(super) note: Option<String>,
        #[hydra(default = 1)]
        pub(super) weight: u32,
    }
}

mod editing {
    #[derive(hydra::Hydra)]
    pub(super) struct Sample {
        #[hydra(readonly)]
        pub(super) time: u64,
        pub(super) sensor: String,
        pub(super) value: f64,
        pub(super) note: Option<String>,
    }
}

mod stored {
    #[derive(hydra::Hydra)]
    pub(super) struct Sample {
        pub(super) time: u64,
        pub(super) sensor: String,
        pub(super) value: f64,
        pub(super) note: Option<String>,
    }
}

mod following {
    #[derive(hydra::Hydra)]
    pub(super) struct Sample {
        pub(super) time: u64,
        pub(super) value: f64,
    }
}

mod recovery {
    #[derive(hydra::Hydra)]
    pub(super) struct Sample {
        pub(super) time: u64,
        pub(super) sensor: String,
    }
}

/// One reading of a sensor.
#[derive(Hydra)]
struct Sample {
    /// Milliseconds since the recorder started.
    time: u64,
    sensor: String,
    value: f64,
}

/// What the vehicle is doing.
#[derive(Hydra, Clone, Copy)]
enum Mode {
    Idle,
    Flying,
    #[hydra(other)]
    Unknown,
}

/// What happened.
#[derive(Hydra)]
enum Event {
    Started,
    ModeChanged { from: Mode, to: Mode },
    Warning(String),
}

/// An entry of the flight log.
#[derive(Hydra)]
struct Entry {
    at: SystemTime,
    event: Event,
    #[hydra(attr(unit = "V"))]
    battery: Option<f32>,
    tags: Vec<String>,
    counters: BTreeMap<String, u64>,
}

mod reading {
    #[derive(hydra::Hydra, Clone, Copy)]
    #[repr(C)]
    #[hydra(plain)]
    pub(super) struct Motion {
        pub(super) time: u64,
        pub(super) speed: f64,
    }
}

/// One reading of the inertial sensors.
#[derive(Hydra, Clone, Copy)]
#[repr(C)]
#[hydra(plain)]
struct Motion {
    time: u64,
    acceleration: [f32; 3],
    rotation: [f32; 3],
}

fn write<T: Hydra>(mut file: Writer, records: impl IntoIterator<Item = T>) {
    let table = file.table::<T>().unwrap();
    records.into_iter().for_each(|record| file.append(table, &record).unwrap());
    file.finish().unwrap();
}

fn first_file(place: &Place) {
    let mut file = writer(&place.path("flight.hydra"));
    file.set_metadata("vehicle", "kite 7").unwrap();
    let sample = |time| {
        let (sensor, value) = match time % 2 {
            0 => ("altitude", 120.0 + time as f64 / 100.0),
            _ => ("battery", 16.8 - time as f64 / 1000.0),
        };
        Sample { time, sensor: sensor.to_string(), value }
    };
    write(file, (0..1000).map(sample));
}

fn types(place: &Place) {
    let mut file = writer(&place.path("log.hydra"));
    let (entries, motions) = (file.table::<Entry>().unwrap(), file.table::<Motion>().unwrap());
    let entry = Entry {
        at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        event: Event::ModeChanged { from: Mode::Idle, to: Mode::Flying },
        battery: Some(16.5),
        tags: vec!["takeoff".into()],
        counters: BTreeMap::from([("gps".into(), 9)]),
    };
    file.append(entries, &entry).unwrap();
    for time in 0..100 {
        let motion = Motion { time, acceleration: [0.0, 0.0, 9.81], rotation: [0.0; 3] };
        file.append(motions, &motion).unwrap();
    }
    file.finish().unwrap();
}

fn reading(place: &Place) {
    let mut file = writer(&place.path("flight.hydra"));
    let (samples, motion) = (file.table::<Sample>().unwrap(), file.table::<reading::Motion>().unwrap());
    for time in 0..20_000 {
        let sensor = if time % 2 == 0 { "altitude" } else { "battery" };
        file.append(samples, &Sample { time, sensor: sensor.into(), value: time as f64 }).unwrap();
        file.append(motion, &reading::Motion { time, speed: 0.5 }).unwrap();
    }
    file.finish().unwrap();
}

fn columns(place: &Place) {
    let sample = |time| {
        let (sensor, value) = if time % 2 == 0 { ("altitude", 12_000) } else { ("battery", 1680) };
        let note = (time % 5000 == 0).then(|| "check".to_string());
        stored::Sample {
            time,
            sensor: sensor.into(),
            value: (value + time * 7919 % 5003) as f64 / 100.0,
            note,
        }
    };
    write(writer(&place.path("flight.hydra")), (0..20_000).map(sample));
}

fn evolution(place: &Place) {
    let old = first::Sample { time: 7, sensor: "altitude".into(), value: 120.5 };
    write(writer(&place.path("old.hydra")), [old]);
    let (sensor, note) = ("battery".into(), Some("low".into()));
    let new = second::Sample { millis: 8, sensor, value: 16.5, note, weight: 2 };
    write(writer(&place.path("new.hydra")), [new]);
}

fn editing(place: &Place) {
    let sample = |time| editing::Sample { time, sensor: "altitude".into(), value: 120.0, note: None };
    write(writer(&place.path("flight.hydra")), (0..10).map(sample));
}

fn following(place: &Place) {
    let value = |time| if time < 2 { 120.0 + time as f64 / 2.0 } else { 121.0 };
    let sample = |time| following::Sample { time, value: value(time) };
    write(writer(&place.path("flight.hydra")), (0..10).map(sample));
}

fn recovery(place: &Place) {
    let options = Writer::options().file_id(*b"0123456789abcdef").block_bytes(4096);
    let sample = |time| recovery::Sample { time, sensor: format!("sensor {time}") };
    write(options.create(place.path("flight.hydra")).unwrap(), (0..1000).map(sample));
    place.change("flight.hydra", |bytes| {
        let at = bytes.windows(10).position(|window| window == b"sensor 500").unwrap();
        bytes[at] ^= 1;
    });
}

/// Checks a page by its name, with a function that makes its files.
type Page = (&'static str, fn(&Place));

#[test]
fn the_guide_shows_what_is_printed() {
    let pages: [Page; 8] = [
        ("first-file", first_file),
        ("types", types),
        ("reading", reading),
        ("columns", columns),
        ("evolution", evolution),
        ("editing", editing),
        ("following", following),
        ("recovery", recovery),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let listed = pages.iter().find(|(page, _)| *page == name);
        assert_eq!(listed.is_some(), text.contains("```console"), "{name}");
        if let Some((_, make)) = listed {
            let place = Place::new();
            make(&place);
            same_or_overwrite(&path, &text, &renewed(&text, &place));
        }
    }
}
