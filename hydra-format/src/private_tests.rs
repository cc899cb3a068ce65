//! Derived types against the codec itself: encoded, viewed and decoded without a file.

use super::*;
use crate::{Hydra, View};
use std::collections::BTreeMap;

/// A payload of one record, and its view, to `see`.
fn stored<T: Hydra, R>(value: &T, see: impl FnOnce(At<'_>) -> R) -> R {
    let (text_start, payload) = image(value).unwrap();
    let heap_start = crate::describe::round_up(T::SIZE as u64, 64) as usize;
    let (data, text) = payload.split_at(text_start as usize);
    see(At::new(&data[..T::SIZE], &data[heap_start..], std::str::from_utf8(text).unwrap()))
}

fn round_trip<T: Hydra + PartialEq + std::fmt::Debug>(value: T) {
    assert_eq!(stored(&value, |at| T::decode(at)).unwrap(), value);
}

#[derive(Hydra, Debug, PartialEq, Clone, Copy)]
#[hydra(crate = crate)]
#[repr(u8)]
enum Venue {
    A = 1,
    B = 7,
}

#[derive(Hydra, Debug, PartialEq, Clone, Copy)]
#[repr(C)]
#[hydra(plain)]
struct Tick {
    time: u64,
    price: f64,
    venue: [Venue; 8],
}

#[derive(Hydra, Debug, PartialEq, Clone, Copy)]
#[repr(C)]
#[hydra(plain)]
struct Point {
    x: f32,
    y: f32,
}

/// A shape.
#[derive(Hydra, Debug, PartialEq)]
enum Shape {
    Circle { r: f64 },
    Poly(Vec<Point>, Option<String>),
    Group(Box<Shape>, Vec<Shape>),
    Empty,
}

#[derive(Hydra, Debug, PartialEq)]
struct Log {
    /// When.
    time: u64,
    text: String,
    r#type: Venue,
    tags: Vec<String>,
    inner: Option<Box<Self>>,
    #[hydra(skip, default = 7)]
    skipped: u32,
    #[hydra(as = u64)]
    len: usize,
    map: BTreeMap<Id, Vec<u8>>,
    pair: Pair<u8, (i16, bool)>,
}

#[derive(Hydra, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id(u64);

#[derive(Hydra, Debug, PartialEq)]
struct Pair<A, B> {
    a: A,
    b: Vec<B>,
}

fn log() -> Log {
    let mut map = BTreeMap::new();
    map.insert(Id(3), vec![1, 2]);
    map.insert(Id(1), vec![]);
    Log {
        time: 5,
        text: "hello".into(),
        r#type: Venue::B,
        tags: vec!["a".into(), String::new(), "bc".into()],
        inner: None,
        skipped: 7,
        len: 99,
        map,
        pair: Pair { a: 1, b: vec![(-3, true)] },
    }
}

#[test]
fn structs_come_back_as_they_were() {
    round_trip(Log { inner: Some(Box::new(log())), ..log() });
    round_trip(Id(4));
    stored(&Log { inner: Some(Box::new(log())), ..log() }, |at| {
        let view: View<'_, Log> = Log::view(at);
        assert_eq!((view.time(), view.text(), view.r#type()), (5, "hello", Venue::B));
        assert_eq!(view.tags().iter().collect::<Vec<_>>(), ["a", "", "bc"]);
        assert_eq!(view.inner().unwrap().get().len(), 99);
        assert_eq!(view.map().get(&Id(3)), Some(&[1, 2][..]));
        assert_eq!(view.pair().b().get(0), Some((-3, true)));
    });
}

#[test]
fn enums_come_back_as_they_were() {
    let poly = || Shape::Poly(vec![Point { x: 1.0, y: 2.0 }], Some("p".into()));
    round_trip(Shape::Group(Box::new(poly()), vec![Shape::Circle { r: 2.5 }, Shape::Empty]));
    round_trip(Shape::Empty);
    stored(&poly(), |at| match Shape::view(at) {
        View::<Shape>::Poly(points, name) => {
            assert_eq!((points, name), (&[Point { x: 1.0, y: 2.0 }][..], Some("p")));
        }
        other => panic!("{other:?}"),
    });
    stored(&Shape::Circle { r: 1.5 }, |at| match Shape::view(at) {
        View::<Shape>::Circle { r } => assert_eq!(r, 1.5),
        _ => panic!(),
    });
    let unknown = [9; 64];
    let at = At::new(&unknown[..Shape::SIZE], &[], "");
    assert!(matches!(Shape::view(at), View::<Shape>::Circle { .. }));
    assert_eq!(Shape::decode(at).unwrap_err().kind(), ErrorKind::BadValue);
}

#[test]
fn plain_types_are_slices() {
    let ticks = vec![Tick { time: 1, price: 2.0, venue: [Venue::A; 8] }; 3];
    stored(&ticks, |at| {
        let list = Vec::<Tick>::view(at);
        assert_eq!(list.len(), 3);
        assert_eq!(list.get(1).unwrap().price(), 2.0);
    });
    assert!(Tick::FLAT && !Tick::ANY_BITS && Point::FLAT && Point::ANY_BITS);
    assert_eq!(type_of::<Log>().name(), "Log");
}
