//! One value in memory: four shapes compared with rkyv, FlatBuffers, bitcode, wincode and postcard, and one
//! with rkyv only. The run fails unless every conversion to bytes and back gives an equal value and every way
//! to read gives an equal sum.

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
use shapes::{Logs, Mesh, Save, Shape, Surface, Updates};
use std::fmt::Debug;
use std::hint::black_box;

type AnyResult<T> = Result<T, Box<dyn std::error::Error>>;

/// By default, wincode refuses lists of more than 4 MiB.
type Unlimited = wincode::config::Configuration<true, { wincode::config::PREALLOCATION_SIZE_LIMIT_DISABLED }>;

/// The requirements of rkyv for a shape.
trait Archives:
    Shape
    + Clone
    + PartialEq
    + Debug
    + for<'a> Serialize<HighSerializer<AlignedVec, ArenaHandle<'a>, Error>>
    + Archive<
        Archived: Portable
                      + Deserialize<Self, HighDeserializer<Error>>
                      + for<'a> CheckBytes<HighValidator<'a, Error>>,
    >
{
}
impl Archives for Logs {}
impl Archives for Mesh {}
impl Archives for Save {}
impl Archives for Surface {}
impl Archives for Updates {}

/// The requirements of the other formats for a shape.
trait Peers:
    Archives
    + Flat
    + bitcode::Encode
    + bitcode::DecodeOwned
    + serde::Serialize
    + serde::de::DeserializeOwned
    + wincode::SchemaWrite<Unlimited, Src = Self>
    + for<'de> wincode::SchemaRead<'de, Unlimited, Dst = Self>
{
}
impl Peers for Logs {}
impl Peers for Mesh {}
impl Peers for Save {}
impl Peers for Updates {}

const PEERS: [&str; 5] = ["rkyv", "flatbuffers", "bitcode", "wincode", "postcard"];

/// The goals of Hydra as ratios to rkyv, for log, mesh, save, updates and surface.
const GOALS: [(&str, [f64; 5]); 11] = [
    ("serialize", [0.5, 1.0, 0.4, 0.65, 1.0]),
    ("deserialize, validated", [0.85, 1.0, 0.7, 0.87, 1.0]),
    ("access, validated", [0.15, 1.0, 0.15, 0.75, 1.0]),
    ("read of a few fields", [1.0; 5]),
    ("read, views passed on", [1.5; 5]),
    ("read, validated", [1.0; 5]),
    ("read, image kept", [1.0; 5]),
    ("read of every string", [0.4; 5]),
    ("update", [1.0; 5]),
    ("update, image kept", [1.0; 5]),
    ("update, validated", [1.0; 5]),
];

/// Prints a table of all shapes: medians of `times` interleaved rounds, and their ratios to rkyv.
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
    against_rkyv::<Surface>(4, times, &mut all)?;
    section.table("Values in memory", &all);
    section.finish(keep)
}

/// Measures Hydra and all other formats.
fn shape<T: Peers>(number: usize, times: usize, all: &mut Table) -> AnyResult<()> {
    let value = T::make(10);
    let (images, others) = (Images::of(&value)?, Others::of(&value)?);
    images.check(&value)?;
    others.check(&value, hydra::view::<T>(&images.hydra)?)?;
    let mut changed = [images.clone(), images.clone()];
    let mut ways = Vec::new();
    our_ways(&value, &images, &mut changed, &mut ways);
    other_ways(&value, &others, &mut ways);
    rounds(&mut ways, times);
    rows(T::NAME, number, &ways, &images, &others.sizes(), all);
    Ok(())
}

/// Measures Hydra and rkyv.
fn against_rkyv<T: Archives>(number: usize, times: usize, all: &mut Table) -> AnyResult<()> {
    let value = T::make(10);
    let images = Images::of(&value)?;
    images.check(&value)?;
    let mut changed = [images.clone(), images.clone()];
    let mut ways = Vec::new();
    our_ways(&value, &images, &mut changed, &mut ways);
    rounds(&mut ways, times);
    rows(T::NAME, number, &ways, &images, &[], all);
    Ok(())
}

/// The value in Hydra and rkyv.
#[derive(Clone)]
struct Images {
    hydra: AlignedBuf,
    rkyv: AlignedVec,
}

impl Images {
    fn of<T: Archives>(value: &T) -> AnyResult<Images> {
        let rkyv = rkyv_into(value, AlignedVec::new(), &mut Arena::new());
        Ok(Images { hydra: hydra::to_bytes(value)?, rkyv })
    }

    /// Checks that both equal the value, and that reading and changing them in place give the same sums and
    /// values.
    fn check<T: Archives>(&self, value: &T) -> AnyResult<()> {
        let same = [
            hydra::from_bytes::<T>(&self.hydra)? == *value,
            rkyv::from_bytes::<T, Error>(&self.rkyv)? == *value,
        ];
        let view = hydra::view::<T>(&self.hydra)?;
        let archived = rkyv::access::<Archived<T>, Error>(&self.rkyv)?;
        let few = T::few(view);
        let sums = [
            [T::few_rkyv(archived), T::passed(view), T::passed_rkyv(archived)] == [few; 3],
            T::strings_rkyv(archived) == T::strings(view),
        ];
        let (mut updated, mut images) = (value.clone(), self.clone());
        updated.update();
        T::updater()?(&mut hydra::view_mut(&mut images.hydra)?)?;
        let mut kept = hydra::Image::of(value)?;
        T::updater()?(&mut kept.view_mut()?)?;
        T::update_rkyv(rkyv::access_mut::<Archived<T>, Error>(&mut images.rkyv)?);
        let changed = [
            hydra::from_bytes::<T>(&images.hydra)? == updated,
            rkyv::from_bytes::<T, Error>(&images.rkyv)? == updated,
            kept.as_bytes() == &*images.hydra
                && T::few(kept.view()) == T::few(hydra::view::<T>(&images.hydra)?),
        ];
        if same != [true; 2] || sums != [true; 2] || changed != [true; 3] {
            let found = format!("values {same:?}, sums {sums:?}, updates {changed:?}");
            return Err(format!("{}: not the same: {found}", T::NAME).into());
        }
        Ok(())
    }
}

/// The value in the other formats.
struct Others {
    flat: Vec<u8>,
    bitcode: Vec<u8>,
    wincode: Vec<u8>,
    postcard: Vec<u8>,
}

impl Others {
    fn of<T: Peers>(value: &T) -> AnyResult<Others> {
        Ok(Others {
            flat: flat::to_bytes_in(&mut flat::Builder::new(), value).to_vec(),
            bitcode: bitcode::encode(value),
            wincode: wincode::config::serialize(value, Unlimited::new())?,
            postcard: postcard::to_allocvec(value)?,
        })
    }

    fn sizes(&self) -> [(&'static str, usize); 4] {
        [
            ("FlatBuffers", self.flat.len()),
            ("bitcode", self.bitcode.len()),
            ("wincode", self.wincode.len()),
            ("postcard", self.postcard.len()),
        ]
    }

    /// Checks that all equal the value, and that reading in place gives the same sums.
    fn check<T: Peers>(&self, value: &T, view: hydra::View<'_, T>) -> AnyResult<()> {
        let flat = flat::access::<T>(&self.flat)?;
        let same = [
            flat::from_bytes::<T>(&self.flat)? == *value,
            bitcode::decode::<T>(&self.bitcode)? == *value,
            wincode::config::deserialize::<T, _>(&self.wincode, Unlimited::new())? == *value,
            postcard::from_bytes::<T>(&self.postcard)? == *value,
            [T::few_flat(flat), T::strings_flat(flat)] == [T::few(view), T::strings(view)],
        ];
        if same != [true; 5] {
            return Err(format!("{}: not the same: {same:?}", T::NAME).into());
        }
        Ok(())
    }
}

/// Reuses buffer and arena, as the manual of rkyv recommends for speed.
fn rkyv_into<T: Archives>(value: &T, mut buffer: AlignedVec, arena: &mut Arena) -> AlignedVec {
    buffer.clear();
    rkyv::api::high::to_bytes_in_with_alloc::<_, _, Error>(value, buffer, arena.acquire()).expect("memory")
}

/// The measurements of Hydra and rkyv: to bytes and back, in place, and changed in place.
fn our_ways<'w, T: Archives>(
    value: &'w T,
    images: &'w Images,
    changed: &'w mut [Images; 2],
    ways: &mut Vec<Contender<'w>>,
) {
    let row = "serialize";
    let (mut buffer, mut arena) = (AlignedVec::new(), Arena::new());
    ways.push(Contender::new(row, "rkyv", move || {
        buffer = rkyv_into(value, std::mem::take(&mut buffer), &mut arena);
        buffer.len()
    }));
    let mut buffer = AlignedBuf::default();
    ways.push(Contender::new(row, "Hydra", move || {
        hydra::to_bytes_in(&mut buffer, value).expect("encodable")
    }));
    let row = "deserialize, validated";
    ways.push(Contender::new(row, "rkyv", || rkyv::from_bytes::<T, Error>(&images.rkyv).expect("valid")));
    ways.push(Contender::new(row, "Hydra", || hydra::from_bytes::<T>(&images.hydra).expect("valid")));
    ways.push(Contender::new(row, "rkyv unvalidated", || {
        // SAFETY: rkyv made these bytes of a `T`.
        unsafe { rkyv::from_bytes_unchecked::<T, Error>(&images.rkyv) }.expect("memory")
    }));
    reads::<T>(images, ways);
    kept::<T>(value, images, ways);
    updates::<T>(changed, ways);
}

/// Reads in place.
fn reads<'w, T: Archives>(images: &'w Images, ways: &mut Vec<Contender<'w>>) {
    let row = "access, validated";
    ways.push(Contender::new(row, "rkyv", || rkyv::access::<Archived<T>, Error>(&images.rkyv).is_ok()));
    ways.push(Contender::new(row, "Hydra", || hydra::view::<T>(black_box(&images.hydra)).is_ok()));
    ways.push(Contender::new(row, "rkyv unvalidated", || {
        // SAFETY: rkyv made these bytes of a `T`.
        std::ptr::from_ref(unsafe { rkyv::access_unchecked::<Archived<T>>(black_box(&images.rkyv)) })
    }));
    let row = "read, validated";
    ways.push(Contender::new(row, "rkyv", || {
        T::few_rkyv(rkyv::access::<Archived<T>, Error>(black_box(&images.rkyv)).expect("valid"))
    }));
    ways.push(Contender::new(row, "Hydra", || {
        T::few(hydra::view::<T>(black_box(&images.hydra)).expect("valid"))
    }));

    let view = hydra::view::<T>(&images.hydra).expect("valid");
    let archived = rkyv::access::<Archived<T>, Error>(&images.rkyv).expect("valid");
    let row = "read of a few fields";
    ways.push(Contender::new(row, "rkyv", move || T::few_rkyv(black_box(archived))));
    ways.push(Contender::new(row, "Hydra", move || T::few(black_box(view))));
    let row = "read, views passed on";
    ways.push(Contender::new(row, "rkyv", move || T::passed_rkyv(black_box(archived))));
    ways.push(Contender::new(row, "Hydra", move || T::passed(black_box(view))));
    if T::strings(view) > 0 {
        let row = "read of every string";
        ways.push(Contender::new(row, "rkyv", move || T::strings_rkyv(black_box(archived))));
        ways.push(Contender::new(row, "Hydra", move || T::strings(black_box(view))));
    }
}

/// Reads and updates of a kept image, from which each of them gets the value again: that of Hydra was
/// validated, that of rkyv is trusted. Each way has its own bytes, so that no way loads the cache for
/// another.
fn kept<'w, T: Archives>(value: &T, images: &Images, ways: &mut Vec<Contender<'w>>) {
    let image = hydra::Image::of(value).expect("encodable");
    let row = "read, image kept";
    let bytes = images.rkyv.clone();
    ways.push(Contender::new(row, "rkyv", move || {
        // SAFETY: rkyv made these bytes of a `T`.
        T::few_rkyv(unsafe { rkyv::access_unchecked::<Archived<T>>(black_box(&bytes)) })
    }));
    let read = image.clone();
    ways.push(Contender::new(row, "Hydra", move || T::few(black_box(&read).view())));
    let row = "update, image kept";
    let mut bytes = images.rkyv.clone();
    ways.push(Contender::new(row, "rkyv", move || {
        // SAFETY: rkyv made these bytes of a `T`.
        T::update_rkyv(unsafe { rkyv::access_unchecked_mut::<Archived<T>>(black_box(&mut bytes)) });
    }));
    let (mut changed, mut update) = (image, T::updater().expect("slots"));
    ways.push(Contender::new(row, "Hydra", move || {
        update(&mut black_box(&mut changed).view_mut().expect("no invariant")).expect("numbers");
    }));
}

/// Changes in place: of a value, and of bytes that are validated each time.
fn updates<'w, T: Archives>([kept, bytes]: &'w mut [Images; 2], ways: &mut Vec<Contender<'w>>) {
    let row = "update";
    let rkyv = &mut kept.rkyv;
    ways.push(Contender::new(row, "rkyv", move || {
        // SAFETY: rkyv made these bytes of a `T`.
        T::update_rkyv(unsafe { rkyv::access_unchecked_mut::<Archived<T>>(rkyv) });
    }));
    let mut view = hydra::view_mut::<T>(&mut kept.hydra).expect("valid");
    let mut update = T::updater().expect("slots");
    ways.push(Contender::new(row, "Hydra", move || update(&mut view).expect("numbers")));
    let row = "update, validated";
    let Images { hydra, rkyv } = bytes;
    ways.push(Contender::new(row, "rkyv", move || {
        T::update_rkyv(rkyv::access_mut::<Archived<T>, Error>(rkyv).expect("valid"));
    }));
    let mut update = T::updater().expect("slots");
    ways.push(Contender::new(row, "Hydra", move || {
        update(&mut hydra::view_mut::<T>(hydra).expect("valid")).expect("numbers");
    }));
}

/// The measurements of the other formats.
fn other_ways<'w, T: Peers>(value: &'w T, images: &'w Others, ways: &mut Vec<Contender<'w>>) {
    let row = "serialize";
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
    ways.push(Contender::new(row, "postcard", move || {
        postcard::to_slice(value, &mut buffer).expect("room").len()
    }));

    let row = "deserialize, validated";
    ways.push(Contender::new(row, "FlatBuffers", || flat::from_bytes::<T>(&images.flat).expect("valid")));
    ways.push(Contender::new(row, "bitcode", || bitcode::decode::<T>(&images.bitcode).expect("valid")));
    ways.push(Contender::new(row, "wincode", || {
        wincode::config::deserialize::<T, _>(&images.wincode, Unlimited::new()).expect("valid")
    }));
    ways.push(Contender::new(row, "postcard", || {
        postcard::from_bytes::<T>(&images.postcard).expect("valid")
    }));

    let row = "access, validated";
    ways.push(Contender::new(row, "FlatBuffers", || flat::access::<T>(black_box(&images.flat)).is_ok()));
    let root = flat::access::<T>(&images.flat).expect("valid");
    let row = "read of a few fields";
    ways.push(Contender::new(row, "FlatBuffers", move || T::few_flat(black_box(root))));
    if T::strings_flat(root) > 0 {
        let row = "read of every string";
        ways.push(Contender::new(row, "FlatBuffers", move || T::strings_flat(black_box(root))));
    }
}

/// Prints the rows of a shape.
fn rows(
    shape: &str,
    number: usize,
    ways: &[Contender<'_>],
    images: &Images,
    others: &[(&str, usize)],
    all: &mut Table,
) {
    for (row, goals) in GOALS {
        let of =
            |name: &str| ways.iter().find(|way| way.row == row && way.name == name).map(Contender::median);
        let (Some(rkyv), Some(hydra)) = (of("rkyv"), of("Hydra")) else { continue };
        let others = ways.iter().filter(|way| way.row == row && !["rkyv", "Hydra"].contains(&way.name));
        let others: Vec<_> = others.map(|way| format!("{} {:.2}", way.name, way.median() / rkyv)).collect();
        let goal = goals[number];
        let verdict = match hydra / rkyv / goal {
            part if part <= 1.0 => "met",
            part if part <= 1.05 => "near",
            _ => "**missed**",
        };
        all.row(&[
            shape,
            row,
            &shown(rkyv),
            &shown(hydra),
            &format!("{:.2}", hydra / rkyv),
            &goal.to_string(),
            verdict,
            &others.join(", "),
        ]);
    }
    let (rkyv, hydra) = (images.rkyv.len(), images.hydra.len());
    let ratio = |bytes: usize| format!("{:.2}", bytes as f64 / rkyv as f64);
    let others: Vec<_> = others.iter().map(|(name, bytes)| format!("{name} {}", ratio(*bytes))).collect();
    all.row(&[
        shape,
        "bytes",
        &rkyv.to_string(),
        &hydra.to_string(),
        &ratio(hydra),
        "",
        "",
        &others.join(", "),
    ]);
}
