// Table Flagged, schema fingerprint 0x45f64f41fa88e690; made by `hydra schema --as rust`.

use hydra::Hydra;
use std::num::NonZero;

/// A plain record with restricted bits inside.
#[derive(Hydra, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
#[hydra(plain)]
pub struct Flagged {
    pub time: u64,
    pub venues: [Venue; 4],
    pub live: bool,
    pub grade: u8,
    pub rest: NonZero<i16>,
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
