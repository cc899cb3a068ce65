//! The record for all libraries: ten fields, one of them a struct.

use bevy_reflect::Reflect;
use facet::Facet;
use hydra::Hydra;

/// A position.
#[derive(Hydra, Facet, Reflect, Clone)]
#[facet(pod)]
pub struct Position {
    pub x: f64,
    pub y: f64,
    pub z: f64,
}

/// Ten fields.
#[derive(Hydra, Facet, Reflect, Clone)]
#[facet(pod)]
pub struct Order {
    pub price: f64,
    pub time: u64,
    pub name: String,
    pub pos: Position,
    pub weight: f64,
    pub venue: u32,
    pub note: Option<String>,
    pub open: bool,
    pub lots: Vec<u32>,
    pub speed: f64,
}

/// The fields that are used by name and index: the first, the middle and the last one.
pub const FIELDS: [(usize, &str); 3] = [(0, "price"), (4, "weight"), (9, "speed")];

impl Order {
    pub fn make(index: u64) -> Order {
        let number = index as f64;
        Order {
            price: number + 0.5,
            time: 1_700_000_000_000 + index,
            name: format!("order {index}"),
            pos: Position { x: number, y: number * 2.0, z: -number },
            weight: number / 4.0,
            venue: index as u32 & 7,
            note: (index.is_multiple_of(2)).then(|| "checked by hand".to_string()),
            open: index.is_multiple_of(3),
            lots: vec![1, 2, 3],
            speed: number * 3.0,
        }
    }
}
