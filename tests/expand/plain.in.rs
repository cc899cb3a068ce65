/// A trade.
#[repr(C)]
#[hydra(plain)]
pub struct Tick {
    pub time: u64,
    /// In dollars.
    #[hydra(attr(unit = "USD"))]
    pub price: f64,
    venue: [Venue; 8],
}
