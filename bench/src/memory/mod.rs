//! One value in memory: four shapes against rkyv, FlatBuffers, bitcode, wincode and postcard. Every way into bytes and
//! back gives an equal value, and every way to read gives an equal sum, or the run fails.

mod clock;
mod flat;
pub mod shapes;

use crate::report::{Section, Table};
use clock::{Contender, rounds, shown};
use flat::Flat;
use hydra::AlignedBuf;
use rkyv::api::high::{HighDeserializer, HighSerializer, HighValidator};
use rkyv::bytecheck::CheckBytes;
use rkyv::rancor::Error;
use rkyv::ser::allocator::{Arena, ArenaHandle};
use rkyv::util::AlignedVec;
use rkyv::{Archive, Archived, Deserialize, Portable, Serialize};
use shapes::{Logs, Mesh, Save, Shape, Updates};
use std::fmt::Debug;

type AnyResult<T> = Result<T, Box<dyn std::error::Error>>;

/// wincode by itself refuses lists of more than 4 MiB.
type Unlimited = wincode::config::Configuration<true, { wincode::config::PREALLOCATION_SIZE_LIMIT_DISABLED }>;

/// What the peers ask of a shape.
trait Peers:
    Shape
    + Clone
    + Flat
    + PartialEq
    + Debug
    + bitcode::Encode
    + bitcode::DecodeOwned
    + serde::Serialize
    + serde::de::DeserializeOwned
    + wincode::SchemaWrite<Unlimited, Src = Self>
    + for<'de> wincode::SchemaRead<'de, Unlimited, Dst = Self>
    + for<'a> Serialize<HighSerializer<AlignedVec, ArenaHandle<'a>, Error>>
    + Archive<
        Archived: Portable
                      + Deserialize<Self, HighDeserializer<Error>>
                      + for<'a> CheckBytes<HighValidator<'a, Error>>,
    >
{
}
impl Peers for Logs {}
impl Peers for Mesh {}
impl Peers for Save {}
impl Peers for Updates {}

const PEERS: [&str; 5] = ["rkyv", "flatbuffers", "bitcode", "wincode", "postcard"];

/// What Hydra aims at, as a ratio to rkyv: of log, mesh, save and updates.
const GOALS: [(&str, [f64; 4]); 6] = [
    ("serialize", [0.5, 0.85, 0.45, 0.5]),
    ("deserialize, validated", [0.9, 0.9, 0.85, 1.0]),
    ("access, validated", [0.15, 1.0, 0.15, 0.8]),
    ("read of a few fields", [1.0; 4]),
    ("read of every string", [0.4; 4]),
    ("update", [1.0; 4]),
];

/// A table of all shapes: medians of `times` rounds in turn, and their ratios to rkyv.
pub fn run(times: usize, keep: bool) -> AnyResult<()> {
    let mut section = Section::new("memory", &PEERS)?;
    section.say(&format!(
        "Processor time of the thread, medians of {times} rounds in turn, of about a millisecond each; the others by their ratio to rkyv. What comes \
         within a twentieth of its goal is *near*."
    ));
    let mut all = Table::new(&["shape", "", "rkyv", "Hydra", "ratio", "goal", "", "others"]);
    shape::<Logs>(0, times, &mut all)?;
    shape::<Mesh>(1, times, &mut all)?;
    shape::<Save>(2, times, &mut all)?;
    shape::<Updates>(3, times, &mut all)?;
    section.table("Values in memory", &all);
    section.finish(keep)
}

fn shape<T: Peers>(number: usize, times: usize, all: &mut Table) -> AnyResult<()> {
    let value = T::make(10);
    let images = Images::of(&value)?;
    images.check(&value)?;
    let (mut updated, mut updated_rkyv) = (images.hydra.clone(), images.rkyv.clone());
    let mut ways = Vec::new();
    writes(&value, &images, &mut ways);
    reads::<T>(&images, &mut ways);
    updates::<T>(&mut updated, &mut updated_rkyv, &mut ways);
    rounds(&mut ways, times);
    rows(T::NAME, number, &ways, &images, all);
    Ok(())
}

/// The value in each format.
struct Images {
    hydra: AlignedBuf,
    rkyv: AlignedVec,
    flat: Vec<u8>,
    bitcode: Vec<u8>,
    wincode: Vec<u8>,
    postcard: Vec<u8>,
}

impl Images {
    fn of<T: Peers>(value: &T) -> AnyResult<Images> {
        let mut arena = Arena::new();
        Ok(Images {
            hydra: hydra::to_bytes(value)?,
            rkyv: rkyv_into(value, AlignedVec::new(), &mut arena),
            flat: flat::to_bytes_in(&mut flat::Builder::new(), value).to_vec(),
            bitcode: bitcode::encode(value),
            wincode: wincode::config::serialize(value, Unlimited::new())?,
            postcard: postcard::to_allocvec(value)?,
        })
    }

    /// Bytes: of rkyv, Hydra, and the others in their order.
    fn sizes(&self) -> [usize; 6] {
        [&self.rkyv[..], &self.hydra, &self.flat, &self.bitcode, &self.wincode, &self.postcard]
            .map(<[u8]>::len)
    }

    /// All of them are the value, and reading it in place comes to the same sums.
    fn check<T: Peers>(&self, value: &T) -> AnyResult<()> {
        let same = [
            hydra::from_bytes::<T>(&self.hydra)? == *value,
            rkyv::from_bytes::<T, Error>(&self.rkyv)? == *value,
            flat::from_bytes::<T>(&self.flat)? == *value,
            bitcode::decode::<T>(&self.bitcode)? == *value,
            wincode::config::deserialize::<T, _>(&self.wincode, Unlimited::new())? == *value,
            postcard::from_bytes::<T>(&self.postcard)? == *value,
        ];
        let (view, archived) =
            (hydra::view::<T>(&self.hydra)?, rkyv::access::<Archived<T>, Error>(&self.rkyv)?);
        let flat = flat::access::<T>(&self.flat)?;
        let sums = [
            [T::few_rkyv(archived), T::few_flat(flat)] == [T::few(view); 2],
            [T::strings_rkyv(archived), T::strings_flat(flat)] == [T::strings(view); 2],
        ];
        let (mut updated, mut hydra, mut rkyv) = (value.clone(), self.hydra.clone(), self.rkyv.clone());
        updated.update();
        T::updater()?(&mut hydra::view_mut(&mut hydra)?)?;
        // SAFETY: rkyv made these bytes of a `T`.
        T::update_rkyv(unsafe { rkyv::access_unchecked_mut::<Archived<T>>(&mut rkyv) });
        let changed =
            [hydra::from_bytes::<T>(&hydra)? == updated, rkyv::from_bytes::<T, Error>(&rkyv)? == updated];
        if same != [true; 6] || sums != [true; 2] || changed != [true; 2] {
            let found = format!("values {same:?}, sums {sums:?}, updates {changed:?}");
            return Err(format!("{}: not the same: {found}", T::NAME).into());
        }
        Ok(())
    }
}

/// As the manual of rkyv does it where speed matters: buffer and arena are used again.
fn rkyv_into<T: Peers>(value: &T, mut buffer: AlignedVec, arena: &mut Arena) -> AlignedVec {
    buffer.clear();
    rkyv::api::high::to_bytes_in_with_alloc::<_, _, Error>(value, buffer, arena.acquire()).expect("memory")
}

/// To bytes, into a buffer that is used again, and back to owned values.
fn writes<'w, T: Peers>(value: &'w T, images: &'w Images, ways: &mut Vec<Contender<'w>>) {
    let row = "serialize";
    let (mut buffer, mut arena) = (AlignedVec::new(), Arena::new());
    ways.push(Contender::new(row, "rkyv", move || {
        buffer = rkyv_into(value, std::mem::take(&mut buffer), &mut arena);
        buffer.len()
    }));
    let mut buffer = AlignedBuf::default();
    ways.push(Contender::new(row, "Hydra", move || hydra::to_bytes_in(&mut buffer, value).expect("encodable")));
    let mut builder = flat::Builder::new();
    ways.push(Contender::new(row, "FlatBuffers", move || flat::to_bytes_in(&mut builder, value).len()));
    let mut buffer = bitcode::Buffer::new();
    ways.push(Contender::new(row, "bitcode", move || buffer.encode(value).len()));
    let mut buffer = Vec::with_capacity(images.wincode.len());
    ways.push(Contender::new(row, "wincode", move || {
        buffer.clear();
        wincode::config::serialize_into(&mut buffer, value, Unlimited::new()).expect("memory");
        buffer.len()
    }));
    let mut buffer = vec![0; images.postcard.len()];
    ways.push(Contender::new(row, "postcard", move || postcard::to_slice(value, &mut buffer).expect("room").len()));

    let row = "deserialize, validated";
    ways.push(Contender::new(row, "rkyv", || rkyv::from_bytes::<T, Error>(&images.rkyv).expect("valid")));
    ways.push(Contender::new(row, "Hydra", || hydra::from_bytes::<T>(&images.hydra).expect("valid")));
    ways.push(Contender::new(row, "FlatBuffers", || flat::from_bytes::<T>(&images.flat).expect("valid")));
    ways.push(Contender::new(row, "bitcode", || bitcode::decode::<T>(&images.bitcode).expect("valid")));
    ways.push(Contender::new(row, "wincode", || {
        wincode::config::deserialize::<T, _>(&images.wincode, Unlimited::new()).expect("valid")
    }));
    ways.push(Contender::new(row, "postcard", || postcard::from_bytes::<T>(&images.postcard).expect("valid")));
    ways.push(Contender::new(row, "rkyv unvalidated", || {
        // SAFETY: rkyv made these bytes of a `T`.
        unsafe { rkyv::from_bytes_unchecked::<T, Error>(&images.rkyv) }.expect("memory")
    }));
}

/// In place.
fn reads<'w, T: Peers>(images: &'w Images, ways: &mut Vec<Contender<'w>>) {
    let row = "access, validated";
    ways.push(Contender::new(row, "rkyv", || rkyv::access::<Archived<T>, Error>(&images.rkyv).is_ok()));
    ways.push(Contender::new(row, "Hydra", || hydra::view::<T>(std::hint::black_box(&images.hydra)).is_ok()));
    ways.push(Contender::new(row, "FlatBuffers", || flat::access::<T>(std::hint::black_box(&images.flat)).is_ok()));
    ways.push(Contender::new(row, "rkyv unvalidated", || {
        // SAFETY: rkyv made these bytes of a `T`.
        std::ptr::from_ref(unsafe {
            rkyv::access_unchecked::<Archived<T>>(std::hint::black_box(&images.rkyv))
        })
    }));

    let view = hydra::view::<T>(&images.hydra).expect("valid");
    let archived = rkyv::access::<Archived<T>, Error>(&images.rkyv).expect("valid");
    let root = flat::access::<T>(&images.flat).expect("valid");
    let row = "read of a few fields";
    ways.push(Contender::new(row, "rkyv", move || T::few_rkyv(std::hint::black_box(archived))));
    ways.push(Contender::new(row, "Hydra", move || T::few(std::hint::black_box(view))));
    ways.push(Contender::new(row, "FlatBuffers", move || T::few_flat(std::hint::black_box(root))));
    if T::strings(view) > 0 {
        let row = "read of every string";
        ways.push(Contender::new(row, "rkyv", move || T::strings_rkyv(std::hint::black_box(archived))));
        ways.push(Contender::new(row, "Hydra", move || T::strings(std::hint::black_box(view))));
        ways.push(Contender::new(row, "FlatBuffers", move || T::strings_flat(std::hint::black_box(root))));
    }
}

/// Changed in place, of values at hand.
fn updates<'w, T: Peers>(hydra: &'w mut AlignedBuf, rkyv: &'w mut AlignedVec, ways: &mut Vec<Contender<'w>>) {
    ways.push(Contender::new("update", "rkyv", move || {
        // SAFETY: rkyv made these bytes of a `T`.
        T::update_rkyv(unsafe { rkyv::access_unchecked_mut::<Archived<T>>(rkyv) });
    }));
    let (mut view, mut update) = (hydra::view_mut::<T>(hydra).expect("valid"), T::updater().expect("slots"));
    ways.push(Contender::new("update", "Hydra", move || update(&mut view).expect("numbers")));
}

/// The rows of a shape.
fn rows(shape: &str, number: usize, ways: &[Contender<'_>], images: &Images, all: &mut Table) {
    let mut rows: Vec<&str> = ways.iter().map(|way| way.row).collect();
    rows.dedup();
    for row in rows {
        let of = |name: &str| ways.iter().find(|way| way.row == row && way.name == name).map(Contender::median);
        let [rkyv, hydra] = ["rkyv", "Hydra"].map(|name| of(name).unwrap_or(f64::NAN));
        let others = ways.iter().filter(|way| way.row == row && !["rkyv", "Hydra"].contains(&way.name));
        let others: Vec<_> = others.map(|way| format!("{} {:.2}", way.name, way.median() / rkyv)).collect();
        let goal = GOALS.iter().find(|goal| goal.0 == row).map(|goal| goal.1[number]);
        let verdict = match goal.map(|goal| hydra / rkyv / goal) {
            Some(part) if part <= 1.0 => "met",
            Some(part) if part <= 1.05 => "near",
            Some(_) => "**missed**",
            None => "",
        };
        all.row(&[
            shape,
            row,
            &shown(rkyv),
            &shown(hydra),
            &format!("{:.2}", hydra / rkyv),
            &goal.map_or(String::new(), |goal| goal.to_string()),
            verdict,
            &others.join(", "),
        ]);
    }
    let [rkyv, hydra, others @ ..] = images.sizes();
    let ratio = |bytes: usize| format!("{:.2}", bytes as f64 / rkyv as f64);
    let names = ["FlatBuffers", "bitcode", "wincode", "postcard"];
    let others = names.iter().zip(others).map(|(name, bytes)| format!("{name} {}", ratio(bytes)));
    let others = others.collect::<Vec<_>>().join(", ");
    all.row(&[shape, "bytes", &rkyv.to_string(), &hydra.to_string(), &ratio(hydra), "", "", &others]);
}
