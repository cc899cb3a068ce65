// Table my type, schema fingerprint 0xb4c3c476fcd06eb5; made by `hydra schema --as rust`.

use hydra::Hydra;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::num::NonZero;

/// What is hard to write.
///
/// # A heading, "quotes" and a \ backslash
#[derive(Hydra, Clone, Debug, PartialEq)]
#[repr(align(32))]
#[hydra(name = "my type", version = 2)]
pub struct my_type {
    #[hydra(rename = "self")]
    pub self_: u8,
    /// Two fields that look the same.
    #[hydra(rename = "unit price", default = -0.5)]
    pub unit_price: f32,
    #[hydra(rename = "unit_price", attr(unit = "µs"), attr(low = -5), attr(ratio = 0.5), attr(on = true), readonly)]
    pub unit_price2: i16,
    #[hydra(rename = "größe", default = "a \"b\"\n".into())]
    pub gr__e: String,
    #[hydra(default = -7)]
    r#match: i64,
    // Its default value is not kept here.
    list: Vec<u32>,
    #[hydra(settable, default = Default::default())]
    map: BTreeMap<Level, NonZero<u16>>,
    keys: BTreeSet<(i8, Level)>,
    levels: (Level, Level2),
    same: Two<u8, u8>,
    different: Two2<u8, String>,
    wrappers: (Wrapper<u8>, Wrapper2<Wrapper3<String>>),
    marked: Marked<Level>,
    tree: Tree<char>,
    pair: Key,
    wide: u128,
}

#[derive(Hydra, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    #[hydra(rename = "Self")]
    Self_ = 0,
    #[hydra(rename = "two words", alias = "2")]
    two_words = 1,
}

/// Another type of the same name.
#[derive(Hydra, Clone, Copy, Debug, PartialEq)]
#[repr(i64)]
#[hydra(name = "Level")]
pub enum Level2 {
    Low = -5,
    High = 9223372036854775807,
    #[hydra(other)]
    Unknown = 0,
}

#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Two<A, B> {
    first: A,
    second: A,
    #[hydra(skip)]
    marker: PhantomData<B>,
}

#[derive(Hydra, Clone, Debug, PartialEq)]
#[hydra(name = "Two")]
pub struct Two2<A, B> {
    first: A,
    second: B,
}

#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Wrapper<A>(pub Vec<u8>, #[hydra(skip)] PhantomData<A>);

#[derive(Hydra, Clone, Debug, PartialEq)]
#[hydra(name = "Wrapper")]
pub struct Wrapper2<A>(pub Vec<A>);

#[derive(Hydra, Clone, Debug, PartialEq)]
#[hydra(name = "Wrapper")]
pub struct Wrapper3<A>(pub Vec<A>);

#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Marked<A> {
    id: u32,
    #[hydra(skip)]
    marker: PhantomData<A>,
}

#[derive(Hydra, Clone, Debug, PartialEq)]
#[repr(u8)]
pub enum Tree<A> {
    Leaf(A) = 0,
    Node {
        left: Box<Tree<A>>,
        r#type: u8,
        right: Option<Box<Tree<A>>>,
    } = 1,
}

#[derive(Hydra, Clone, Debug, PartialEq)]
pub struct Key(u16, Level);
