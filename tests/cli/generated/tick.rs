// Table Tick, schema fingerprint 0x1e38c430569a67d3; made by `hydra schema --as rust`.

use hydra::Hydra;

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
