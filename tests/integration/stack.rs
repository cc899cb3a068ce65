//! Values that are too large for the stack, in threads of 2 MiB and with the frames of a debug build.

#![allow(clippy::large_enum_variant)]

use hydra::{Error, ErrorKind, Hydra, Reader, Result, Value, With, Writer};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::rc::Rc;
use std::sync::Arc;

/// Runs a test in a thread with the default stack size.
fn small_stack(test: fn() -> Result<()>) -> Result<()> {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(test).expect("a thread");
    thread.join().expect("no panic")
}

/// An array that is never on the stack.
fn boxed<T: Clone, const N: usize>(element: T) -> Box<[T; N]> {
    vec![element; N].into_boxed_slice().try_into().unwrap_or_else(|_| unreachable!())
}

fn survives<T: Hydra + PartialEq>(value: &T) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("value");
    assert!(&hydra::from_bytes::<T>(&hydra::to_bytes(value)?)? == value);
    hydra::save(&path, value)?;
    assert!(&hydra::load::<T>(&path)? == value);
    Ok(())
}

fn is_reflected<T: Hydra + PartialEq>(value: &T) -> Result<()> {
    let data = Value::of(value).to_dynamic()?;
    assert!(&data.value().to::<T>()? == value);
    Ok(())
}

/// Only one value of the type is on the stack here.
#[inline(never)]
fn is_refused<T>(decode: impl FnOnce() -> Result<T>, words: &str) {
    let result = decode();
    let Err(error) = &result else { panic!("it was decoded") };
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    assert!(error.to_string().contains("Box") && error.to_string().contains(words), "{error}");
}

#[test]
fn what_is_behind_a_reference_is_decoded_on_the_heap() -> Result<()> {
    #[derive(Hydra, PartialEq)]
    struct Page {
        number: u64,
        bytes: Box<[u8; 300_000]>,
        words: Arc<[String; 20_000]>,
        grid: Rc<[[f64; 1000]; 30]>,
        pages: Vec<[u32; 150_000]>,
        by_name: BTreeMap<String, Box<[u16; 200_000]>>,
    }
    small_stack(|| {
        survives::<Box<[u8; 4_000_000]>>(&boxed(7))?;
        survives::<Box<[String; 70_000]>>(&boxed("a".to_string()))?;
        let page = Page {
            number: 7,
            bytes: boxed(1),
            words: Arc::from(boxed("word".to_string())),
            grid: Rc::from(boxed([0.5; 1000])),
            pages: Vec::from(boxed::<u32, 300_000>(9).as_chunks::<150_000>().0),
            by_name: BTreeMap::from([("b".to_string(), boxed(3))]),
        };
        survives(&page)?;
        is_reflected(&page)?;
        survives::<Option<Box<[u8; 4_000_000]>>>(&Some(boxed(7)))
    })
}

#[derive(Hydra, PartialEq)]
struct Wide {
    id: u32,
    cells: [u8; 400_000],
    name: String,
}

#[derive(Hydra)]
enum Either {
    Small(u8),
    #[allow(dead_code)]
    Large {
        text: String,
        cells: [u8; 300_000],
    },
}

#[derive(Hydra)]
struct Holds {
    either: Box<Either>,
}

#[test]
fn what_is_too_large_to_be_returned_names_box() -> Result<()> {
    small_stack(|| {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("wide");
        // A whole record of zeros, which the program does not need to construct.
        let wide = hydra::Dynamic::new(
            Arc::new(hydra::Schema::of::<Wide>()),
            hydra::reflect::Data::Parts(vec![
                7.into(),
                hydra::reflect::Data::Parts(vec![0.into(); 400_000]),
                "a".into(),
            ]),
        )?;
        let mut writer = Writer::create(&path)?;
        let table = writer.dynamic_table(wide.schema())?;
        writer.append_value(table, wide.value())?;
        writer.finish()?;
        is_refused(|| hydra::load::<Wide>(&path), "cells");
        let table = Reader::open(&path)?.table::<Wide>()?;
        assert_eq!(table.get(0)?.view().name(), "a", "a view needs no stack");
        is_refused(|| table.get(0)?.decode(), "cells");
        is_refused(|| wide.value().to::<Wide>(), "cells");
        let image = hydra::to_bytes(&*boxed::<u8, 400_000>(1))?;
        is_refused(|| hydra::from_bytes::<[u8; 400_000]>(&image), "");
        // The size of the type counts, and not that of the present variant.
        let holds = hydra::to_bytes(&Holds { either: Box::new(Either::Small(1)) })?;
        is_refused(|| hydra::from_bytes::<Holds>(&holds), "cells");
        Ok(())
    })
}

/// Nodes of 60 KB.
#[derive(Hydra, PartialEq)]
struct Node {
    next: Option<Box<Node>>,
    text: String,
    cells: [u8; 60_000],
}

/// Small values, nested to the maximum depth.
#[derive(Hydra, PartialEq)]
struct Chain {
    next: Option<Box<Chain>>,
    cells: ([u64; 100], String),
}

#[test]
fn nesting_counts() -> Result<()> {
    fn nodes(count: usize) -> Option<Box<Node>> {
        (0..count).fold(None, |next, _| Some(Box::new(Node { next, text: "a".into(), cells: [7; 60_000] })))
    }
    fn chain(count: usize) -> Option<Box<Chain>> {
        (0..count).fold(None, |next, _| Some(Box::new(Chain { next, cells: ([7; 100], "a".into()) })))
    }
    small_stack(|| {
        survives(&nodes(1))?;
        let deep = hydra::to_bytes(&nodes(64))?;
        is_refused(|| hydra::from_bytes::<Option<Box<Node>>>(&deep), "cells");
        survives(&nodes(1))?;
        survives(&chain(64))?;
        is_reflected(&chain(64))
    })
}

#[derive(Hydra, PartialEq)]
struct Inner([[String; 8]; 100]);
#[derive(Hydra, PartialEq)]
struct Middle {
    inner: Inner,
    other: u8,
}
#[derive(Hydra, PartialEq)]
struct Outer {
    id: u64,
    middle: (Middle, Option<u8>),
}

/// A type that is large in the program and small in the file.
#[derive(Clone, PartialEq, Debug)]
struct Unpacked([u8; 900_000]);

struct Packed;

impl With<Unpacked> for Packed {
    type Stored = u8;

    fn to_stored(value: &Unpacked) -> Result<u8> {
        Ok(value.0[0])
    }

    fn from_stored(stored: u8) -> Result<Unpacked> {
        Ok(Unpacked([stored; 900_000]))
    }
}

/// The other way round.
struct Unfolded;

impl With<u8> for Unfolded {
    type Stored = [u8; 900_000];

    fn to_stored(value: &u8) -> Result<[u8; 900_000]> {
        Ok([*value; 900_000])
    }

    fn from_stored(stored: [u8; 900_000]) -> Result<u8> {
        stored.first().copied().ok_or_else(|| Error::new(ErrorKind::BadValue))
    }
}

#[derive(Hydra, PartialEq, Debug)]
struct Converts {
    #[hydra(with = Unfolded)]
    wide: u8,
}

#[derive(Hydra)]
struct Unpacks {
    #[hydra(with = Packed)]
    wide: Unpacked,
}

mod packed {
    /// The same in the file.
    #[derive(hydra::Hydra)]
    pub(super) struct Unpacks {
        pub(super) wide: u8,
    }
}

/// Entries of a map are moved more often than other values.
#[test]
fn maps_have_less_room() -> Result<()> {
    type Map<const N: usize> = BTreeMap<u8, ([u8; N], String)>;
    fn map<const N: usize>() -> Map<N> {
        (0..9).map(|key| (key, ([key; N], "a".to_string()))).collect()
    }
    small_stack(|| {
        survives(&map::<20_000>())?;
        let image = hydra::to_bytes(&map::<30_000>())?;
        is_refused(|| hydra::from_bytes::<Map<30_000>>(&image), "field `0`");
        let empty = hydra::to_bytes(&Map::<30_000>::new())?;
        assert!(hydra::from_bytes::<Map<30_000>>(&empty)?.is_empty());
        assert!(hydra::from_bytes::<Vec<Wide>>(&hydra::to_bytes(&Vec::<Wide>::new())?)?.is_empty());
        Ok(())
    })
}

#[test]
fn values_below_the_limit_and_conversions() -> Result<()> {
    small_stack(|| {
        let words = std::array::from_fn(|row| std::array::from_fn(|at| format!("{row}.{at}")));
        survives(&Outer { id: 7, middle: (Middle { inner: Inner(words), other: 8 }, None) })?;
        is_refused(|| hydra::to_bytes(&Converts { wide: 7 }), "wide");
        let unpacks = hydra::to_bytes(&packed::Unpacks { wide: 7 })?;
        is_refused(|| hydra::from_bytes::<Unpacks>(&unpacks), "Unpacks");
        Ok(())
    })
}
