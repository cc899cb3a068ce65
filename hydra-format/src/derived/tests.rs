//! Derived types against the codec itself: encoded, viewed and decoded without a file.

use super::*;
use crate::layout::rows::At;
use crate::memory::{Describe, type_of};
use crate::schema::{AttrValue, DefaultImage, Descriptor, Kind, Note, Variant};
use crate::{Error, ErrorKind, Hydra, Result, View};
use std::collections::BTreeMap;

/// An image of the value, validated and decoded.
fn round_trip<T: Hydra + PartialEq + std::fmt::Debug>(value: T) {
    let image = crate::to_bytes(&value).unwrap();
    assert_eq!(crate::from_bytes::<T>(&image).unwrap(), value);
}

fn stored<T: Hydra, R>(value: &T, see: impl FnOnce(View<'_, T>) -> R) -> R {
    let image = crate::to_bytes(value).unwrap();
    see(crate::view::<T>(&image).unwrap())
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
    stored(&Log { inner: Some(Box::new(log())), ..log() }, |view| {
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
    stored(&poly(), |view| match view {
        View::<Shape>::Poly(points, name) => {
            assert_eq!((points, name), (&[Point { x: 1.0, y: 2.0 }][..], Some("p")));
        }
        other => panic!("{other:?}"),
    });
    stored(&Shape::Circle { r: 1.5 }, |view| match view {
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
    stored(&ticks, |list| {
        assert_eq!(list.len(), 3);
        assert_eq!(list.get(1).unwrap().price(), 2.0);
    });
    const { assert!(Tick::FLAT && !Tick::ANY_BITS && Point::FLAT && Point::ANY_BITS) };
    assert_eq!(type_of::<Log>().name(), "Log");
}

#[derive(Hydra, Debug, PartialEq)]
#[hydra(transparent)]
struct Wrapper(String);

#[derive(Hydra, Debug, PartialEq, Clone, Copy)]
enum Signed {
    Low = -300,
    High = 5,
    #[hydra(tag = 9)]
    Tagged = 40,
}

#[derive(Hydra, Debug, PartialEq)]
#[repr(u16)]
enum Numbered {
    #[hydra(rename = "first")]
    A(u8) = 500,
    B,
    C {
        c: String,
        #[hydra(skip)]
        cached: u8,
    } = 7,
}

#[derive(Hydra, Debug, PartialEq)]
#[hydra(bound = "T: Hydra, U: Clone + Default + 'static")]
struct Bound<T, U> {
    t: T,
    #[hydra(skip)]
    u: U,
}

/// Stores text as its length.
struct Length;

impl With<String> for Length {
    type Stored = u32;

    fn to_stored(value: &String) -> Result<u32> {
        if value.is_empty() { Err(Error::new(ErrorKind::OutOfRange)) } else { Ok(value.len() as u32) }
    }

    fn from_stored(stored: u32) -> Result<String> {
        Ok("x".repeat(stored as usize))
    }
}

#[derive(Hydra, Debug, PartialEq)]
struct Converting {
    #[hydra(with = Length)]
    text: String,
    #[hydra(as = u8)]
    count: usize,
}

#[derive(Hydra, Debug, PartialEq, Clone, Copy)]
struct Unit;

#[derive(Hydra, Debug, PartialEq)]
enum OneKind {
    Only { list: Vec<OneKind> },
}

#[test]
fn tags_are_discriminants_or_as_the_attribute_says() {
    assert_eq!(type_of::<Signed>().tag(), Some(Kind::I16));
    let tags = |ty: &'static Descriptor| ty.variants().iter().map(Variant::tag).collect::<Vec<_>>();
    assert_eq!(tags(type_of::<Signed>()), [-300, 5, 9]);
    assert_eq!(tags(type_of::<Numbered>()), [500, 501, 7]);
    assert_eq!(type_of::<Numbered>().tag(), Some(Kind::U16));
    assert_eq!(type_of::<Numbered>().variants()[0].name(), "first");
    [Signed::Low, Signed::High, Signed::Tagged].into_iter().for_each(round_trip);
    round_trip(Numbered::A(3));
    round_trip(Numbered::B);
    round_trip(Numbered::C { c: "c".into(), cached: 0 });
    assert!(Signed::Low.order(&Signed::High).is_lt());
    let kinds =
        [&[-129][..], &[-128, 127], &[255], &[256], &[-1, 40_000], &[1 << 32], &[-1, 1 << 63], &[0, 1 << 64]];
    let expected = [Kind::I16, Kind::I8, Kind::U8, Kind::U16, Kind::I32, Kind::U64, Kind::I128, Kind::U128];
    assert_eq!(kinds.map(smallest_tag), expected);
}

#[test]
fn a_transparent_type_is_its_field() {
    round_trip(Wrapper("inner".into()));
    assert_eq!(type_of::<Wrapper>().kind(), Kind::String);
    assert_eq!(crate::Value::of(&Wrapper("a".into())).ty().kind(), Kind::String);
}

#[test]
fn converted_fields_fail_with_their_name() {
    round_trip(Converting { text: "xxx".into(), count: 255 });
    for (text, count, path) in [("", 1, "text"), ("x", 256, "count")] {
        let error = crate::to_bytes(&vec![Converting { text: text.into(), count }]).unwrap_err();
        assert_eq!((error.kind(), error.path_text()), (ErrorKind::OutOfRange, Some(path)));
    }
}

#[test]
fn other_shapes_come_back_as_they_were() {
    round_trip(Unit);
    round_trip(Bound { t: vec![1u8], u: 0.0f64 });
    assert_eq!(type_of::<Bound<u8, f64>>().args().len(), 1);
    round_trip(OneKind::Only { list: vec![OneKind::Only { list: vec![] }] });
    assert_eq!(format!("{:?}", Shape::view(At::default())), "Circle { r: 0.0 }");
}

#[test]
fn attributes_are_notes() {
    /// A type.
    #[derive(Hydra)]
    #[hydra(version = 3, name = "Renamed", settable, rename_all = "SCREAMING-KEBAB-CASE")]
    #[allow(dead_code)]
    struct Noted {
        /// A field,
        /// on two lines.
        #[hydra(alias = "a", alias = "b", attr(unit = "ms", max = 7, ratio = 0.5, exact = true), readonly)]
        pub long_name: u64,
        #[hydra(default = vec![1, 2])]
        list: Vec<u16>,
    }
    let ty = type_of::<Noted>();
    assert_eq!((ty.name(), ty.doc()), ("Renamed", Some("A type.")));
    assert!(matches!(ty.notes(), [Note::Doc(_), Note::Version(3), Note::Settable]));
    let (field, list) = (&ty.fields()[0], &ty.fields()[1]);
    assert_eq!((field.name(), field.doc()), ("LONG-NAME", Some("A field,\non two lines.")));
    assert_eq!(field.attribute("unit"), Some(&text("ms")));
    assert_eq!(field.attribute("max"), Some(&AttrValue::Int(7)));
    assert_eq!(field.attribute("exact"), Some(&AttrValue::Bool(true)));
    assert!(matches!(field.notes().last(), Some(Note::ReadOnly)) && matches!(list.notes()[1], Note::Private));
    let Note::Default(DefaultImage::Live(make)) = &list.notes()[0] else { panic!() };
    let (text_offset, payload) = make().unwrap();
    assert_eq!((text_offset, payload.get(64..68)), (128, Some(&[1, 0, 2, 0][..])));
}

/// Without references, and named.
#[derive(Hydra, Debug, PartialEq, Clone)]
#[hydra(view = PlaceView)]
struct Place {
    x: u64,
    y: Option<u8>,
}

/// In itself, through lists and boxes.
#[derive(Hydra, Debug, PartialEq)]
struct Tree {
    name: String,
    place: Place,
    next: Option<Box<Tree>>,
    leaves: Vec<Tree>,
}

#[derive(Hydra, Debug, PartialEq)]
struct Generic<T> {
    inner: T,
}

/// Longer than the largest type whose length is part of its view.
#[derive(Hydra, Debug, PartialEq)]
struct Long {
    numbers: [u64; 513],
}

/// Of exactly that length.
#[derive(Hydra, Debug, PartialEq)]
struct Most {
    numbers: [u64; 512],
}

#[test]
fn a_view_holds_what_its_type_needs() {
    const WORD: usize = size_of::<usize>();
    fn size<T: Hydra>() -> usize {
        size_of::<T::View<'static>>()
    }
    assert_eq!((size::<Place>(), size::<Option<Place>>(), size::<(Place, Place)>()), (WORD, WORD, 2 * WORD));
    assert_eq!(size_of::<Option<PlaceView<'_>>>(), WORD);
    assert!(size::<Tree>() <= 40 && size::<Option<Tree>>() <= 40, "{}", size::<Tree>());
    assert_eq!((size::<Most>(), size::<Long>()), (WORD, 3 * WORD));
    assert_eq!(size::<Generic<u8>>(), size_of::<At<'_>>());

    fn shorter<'s, 'l: 's>(view: PlaceView<'l>, _: &'s ()) -> PlaceView<'s> {
        view
    }
    stored(&Place { x: 7, y: None }, |view| assert_eq!(shorter(view, &()).x(), 7));

    let numbers = |index: usize| index as u64;
    stored(&Most { numbers: std::array::from_fn(numbers) }, |view| {
        assert_eq!(view.numbers().get(511), Some(&511))
    });
    stored(&Long { numbers: std::array::from_fn(numbers) }, |view| {
        assert_eq!(view.numbers().get(512), Some(&512))
    });
    let place = || Place { x: 7, y: Some(1) };
    let leaf = |next| Tree { name: "leaf".into(), place: place(), next, leaves: vec![] };
    let tree = Tree {
        name: "tree".into(),
        place: place(),
        next: None,
        leaves: vec![leaf(None), leaf(Some(Box::new(leaf(None))))],
    };
    stored(&Generic { inner: tree }, |view| {
        let leaves: Vec<_> = view.inner().leaves().iter().collect();
        assert_eq!(
            (leaves[0].name(), leaves[0].place().y(), leaves[0].next().is_none()),
            ("leaf", Some(1), true)
        );
        assert_eq!(leaves[1].next().unwrap().get().name(), "leaf");
    });
}

#[test]
fn a_view_of_too_few_bytes_is_of_zeros() {
    for bytes in [&[][..], &[0xff; 9]] {
        let at = At::new(bytes, b"heap", "text");
        assert_eq!((Place::view(at).x(), Place::view(at).y()), (0, None));
        let tree = Tree::view(at);
        assert_eq!((tree.name(), tree.place().x(), tree.leaves().len()), ("", 0, 0));
        assert!(tree.next().is_none());
        assert!(Most::view(at).numbers().iter().all(|&number| number == 0));
        assert_eq!(Long::view(at).numbers().len(), 0);
        assert_eq!(format!("{:?}", Place::view(at)), "Place { x: 0, y: None }");
    }
}
