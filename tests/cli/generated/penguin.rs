// Table Penguin, schema fingerprint 0xe940fefba919ccb7; made by `hydra schema --as rust`.

use hydra::Hydra;

/// A penguin of the Palmer Archipelago.
#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Penguin {
    species: Species,
    island: String,
    #[hydra(attr(unit = "mm"))]
    bill_length: Option<f64>,
    #[hydra(attr(unit = "mm"))]
    bill_depth: Option<f64>,
    #[hydra(attr(unit = "mm"))]
    flipper_length: Option<u16>,
    #[hydra(attr(unit = "g"))]
    body_mass: Option<u16>,
    sex: Option<Sex>,
    year: u16,
}

#[derive(Hydra, Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
pub enum Species {
    Adelie = 0,
    Chinstrap = 1,
    Gentoo = 2,
}

#[derive(Hydra, Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
pub enum Sex {
    Female = 0,
    Male = 1,
}
