#[repr(u8)]
pub enum Venue {
    Nasdaq = 1,
    Nyse,
    #[hydra(alias = "elsewhere", other)]
    Other = 255,
}
