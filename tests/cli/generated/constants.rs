// Table Constants, schema fingerprint 0x085604eddfd55017; made by `hydra schema --as rust`.

use hydra::Hydra;

/// Types of one name that only their arguments tell apart.
#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Constants {
    pub small: Grid<u8, 4, true>,
    pub closed: Grid<u8, 4, false>,
    pub wide: Grid<u16, 2, true>,
    pub marked: Marked<'ß', -2, -1, 340282366920938463463374607431768211455, -170141183460469231731687303715884105728>,
    pub quoted: Marked<'\u{27}', 127, 7, 0, 0>,
    pub short: Packet<1>,
    pub long: Packet<3>,
}

/// Constant arguments, of all kinds.
#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Grid<A, const B: usize, const C: bool> {
    pub cells: [A; B],
    pub rest: Vec<[A; B]>,
}

#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Marked<const A: char, const B: i8, const C: i64, const D: u128, const E: i128>(pub u16);

#[derive(Hydra, Clone, Debug, PartialEq)]
#[repr(u8)]
pub enum Packet<const A: usize> {
    Short([u8; A]) = 0,
    Long {
        parts: Vec<[u8; A]>,
    } = 1,
    Empty = 2,
}
