//! Types that together use everything that the derive knows.
#![allow(missing_docs)]

use hydra::Hydra;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::marker::PhantomData;
use std::num::{NonZeroI16, NonZeroU128};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A plain record of 48 bytes, any bits valid.
#[derive(Hydra, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
#[hydra(plain)]
pub struct Tick {
    /// Nanoseconds since 1970.
    #[hydra(attr(unit = "ns"))]
    pub time: u64,
    pub price: f64,
    pub size: [f64; 2],
    pub order: u64,
    pub venue: u32,
    pub flags: [u8; 4],
}

/// Where a trade happened.
#[derive(Hydra, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Venue {
    Nyse = 1,
    Lse = 7,
    /// The largest tag of a byte.
    Other = 255,
}

/// A plain record with restricted bits inside.
#[derive(Hydra, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
#[hydra(plain)]
pub struct Flagged {
    pub time: u64,
    pub venues: [Venue; 4],
    pub live: bool,
    pub grade: u8,
    pub rest: NonZeroI16,
}

/// A line of a log.
#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Log {
    pub time: u64,
    pub level: Level,
    pub target: String,
    pub text: String,
    pub user: Option<u64>,
    pub tags: Vec<String>,
}

#[derive(Hydra, Clone, Copy, Debug, PartialEq)]
pub enum Level {
    Info,
    Warn,
    Error,
}

/// Recursive, with data.
#[derive(Hydra, Clone, Debug, PartialEq)]
pub enum Shape {
    Circle { r: f64 },
    Poly(Vec<Tick>, Option<String>),
    Group(Box<Shape>, Vec<Shape>),
    Empty,
}

#[derive(Hydra, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub u32);

#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Pair<A, B> {
    pub first: A,
    pub second: B,
}

#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Unit;

/// Every scalar.
#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Scalars {
    pub a: (i8, i16, i32, i64, i128),
    pub b: (u8, u16, u32, u64, u128),
    pub c: (f32, f64, bool, char),
    pub d: NonZeroU128,
    pub e: NonZeroI16,
    pub f: Duration,
    pub g: SystemTime,
    pub h: Venue,
    pub i: Level,
    pub j: Unit,
    pub k: (),
    pub l: PhantomData<String>,
}

/// Every container.
#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Containers {
    pub text: (String, Box<str>),
    pub bytes: Vec<u8>,
    pub numbers: Vec<f32>,
    pub bools: Vec<bool>,
    pub nested: Vec<Vec<String>>,
    pub array: [Option<u16>; 3],
    pub option: Option<Option<String>>,
    pub map: BTreeMap<String, Vec<u32>>,
    pub hash_map: HashMap<UserId, (i8, String)>,
    pub set: BTreeSet<(i16, Venue)>,
    pub hash_set: HashSet<String>,
    pub boxed: Box<u64>,
    pub shared: (Rc<String>, Arc<u8>),
    pub pair: Pair<u8, Vec<Pair<String, i64>>>,
}

/// Constant arguments, of all kinds.
#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Grid<T, const SIDE: usize, const OPEN: bool = true> {
    pub cells: [T; SIDE],
    pub rest: Box<[[T; SIDE]]>,
}

#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Marked<const C: char, const I: i8, const S: isize, const W: u128, const L: i128>(pub u16);

#[derive(Hydra, Clone, Debug, PartialEq)]
pub enum Packet<const N: usize> {
    Short([u8; N]),
    Long { parts: Vec<[u8; N]> },
    Empty,
}

/// Types of one name that only their arguments tell apart.
#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Constants {
    pub small: Grid<u8, 4>,
    pub closed: Grid<u8, 4, false>,
    pub wide: Grid<u16, 2>,
    pub marked: Marked<'ß', -2, -1, { u128::MAX }, { i128::MIN }>,
    pub quoted: Marked<'\'', 127, 7, 0, 0>,
    pub short: Packet<1>,
    pub long: Packet<3>,
}

/// A tree through options and boxes.
#[derive(Hydra, Clone, Debug, PartialEq, Default)]
pub struct Tree {
    pub value: i32,
    pub left: Option<Box<Tree>>,
    pub right: Option<Box<Tree>>,
}

/// Attributes of every kind.
#[derive(Hydra, Clone, Debug, PartialEq)]
#[hydra(name = "Order", version = 3, rename_all = "camelCase")]
pub struct Attributed {
    /// Renamed by the rule of the type.
    pub order_id: u64,
    #[hydra(rename = "type", alias = "kind", alias = "sort")]
    pub r#type: String,
    #[hydra(as = u64)]
    pub position: usize,
    #[hydra(default = 7)]
    pub retries: u32,
    #[hydra(skip)]
    pub cache: Vec<u8>,
    #[deprecated(note = "use position")]
    pub index: u32,
    secret: u16,
}

impl Attributed {
    #[allow(deprecated)]
    pub fn new(order_id: u64, text: &str, position: usize) -> Attributed {
        Attributed {
            order_id,
            r#type: text.to_string(),
            position,
            retries: 1,
            cache: Vec::new(),
            index: 0,
            secret: 9,
        }
    }

    pub fn secret(&self) -> u16 {
        self.secret
    }
}

/// Types of other crates, stored as forms.
#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Trade {
    pub id: uuid::Uuid,
    pub at: jiff::Timestamp,
    pub took: jiff::SignedDuration,
    pub settles: jiff::civil::Date,
    pub price: rust_decimal::Decimal,
    pub shown: hydra::Fixed<2>,
    #[hydra(as = hydra::Fixed<18>)]
    pub rate: rust_decimal::Decimal,
    pub parents: Vec<uuid::Uuid>,
    pub history: std::collections::BTreeMap<jiff::civil::Date, Vec<rust_decimal::Decimal>>,
    #[hydra(opaque)]
    pub extra: Extra,
}

/// A type that only serde knows.
#[derive(serde::Serialize, serde::Deserialize, Clone, Debug, PartialEq)]
pub enum Extra {
    Nothing,
    Note(String),
    Pair(i16, Option<char>),
    Map { by_name: BTreeMap<String, Vec<f32>>, wide: u128 },
    Nested(Box<Extra>),
    Nulls(Vec<()>),
}
