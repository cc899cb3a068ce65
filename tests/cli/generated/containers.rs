// Table Containers, schema fingerprint 0x33baa87a0546e564; made by `hydra schema --as rust`.

use hydra::Hydra;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Every container.
#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Containers {
    pub text: (String, String),
    pub bytes: Vec<u8>,
    pub numbers: Vec<f32>,
    pub bools: Vec<bool>,
    pub nested: Vec<Vec<String>>,
    pub array: [Option<u16>; 3],
    pub option: Option<Option<String>>,
    pub map: BTreeMap<String, Vec<u32>>,
    pub hash_map: BTreeMap<UserId, (i8, String)>,
    pub set: BTreeSet<(i16, Venue)>,
    pub hash_set: BTreeSet<String>,
    pub boxed: Box<u64>,
    pub shared: (Box<String>, Box<u8>),
    pub pair: Pair<u8, Vec<Pair<String, i64>>>,
}

#[derive(Hydra, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
#[hydra(plain)]
pub struct UserId(pub u32);

/// Where a trade happened.
#[derive(Hydra, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Venue {
    Nyse = 1,
    Lse = 7,
    /// The largest tag of a byte.
    Other = 255,
}

#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Pair<A, B> {
    pub first: A,
    pub second: B,
}
