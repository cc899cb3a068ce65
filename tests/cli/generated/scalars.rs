// Table Scalars, schema fingerprint 0x16612df8149edee8; made by `hydra schema --as rust`.

use hydra::Hydra;
use std::num::NonZero;
use std::time::Duration;
use std::time::SystemTime;

/// Every scalar.
#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Scalars {
    pub a: (i8, i16, i32, i64, i128),
    pub b: (u8, u16, u32, u64, u128),
    pub c: (f32, f64, bool, char),
    pub d: NonZero<u128>,
    pub e: NonZero<i16>,
    pub f: Duration,
    pub g: SystemTime,
    pub h: Venue,
    pub i: Level,
    pub j: Unit,
    pub k: (),
    pub l: (),
}

/// Where a trade happened.
#[derive(Hydra, Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
pub enum Venue {
    Nyse = 1,
    Lse = 7,
    /// The largest tag of a byte.
    Other = 255,
}

#[derive(Hydra, Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
pub enum Level {
    Info = 0,
    Warn = 1,
    Error = 2,
}

#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Unit;
