// Table Shape, schema fingerprint 0xc5d4e304a035927d; made by `hydra schema --as rust`.

use hydra::Hydra;

/// Recursive, with data.
#[derive(Hydra, Clone, Debug, PartialEq)]
#[repr(u8)]
pub enum Shape {
    Circle {
        r: f64,
    } = 0,
    Poly(Vec<Tick>, Option<String>) = 1,
    Group(Box<Shape>, Vec<Shape>) = 2,
    Empty = 3,
}

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
