//! `Debug` of a view prints the same as std's derive does for the live value.

#![allow(clippy::type_complexity)]

use crate::golden::{some_constants, some_containers, some_shapes};
use hydra::{Hydra, Result};
use hydra_tests::types::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::num::NonZeroU8;
use std::rc::Rc;
use std::time::Duration;

macro_rules! shows_as_std {
    ($($value:expr),* $(,)?) => {$({
        let value = $value;
        let image = hydra::to_bytes(&value)?;
        let view = view_of(&image, &value)?;
        assert_eq!(format!("{view:?}"), format!("{value:?}"));
        assert_eq!(format!("{view:#?}"), format!("{value:#?}"));
    })*};
}

fn view_of<'a, T: Hydra>(image: &'a [u8], _: &T) -> Result<hydra::View<'a, T>> {
    hydra::view::<T>(image)
}

/// A generic function: the compiler has no bound that the views implement `Debug`.
fn shown<'a, T: Hydra>(image: &'a [u8]) -> Result<String>
where
    Many<T>: Hydra<View<'a>: Debug>,
{
    Ok(format!("{:?}", hydra::view::<Many<T>>(image)?))
}

#[derive(Hydra, Clone, Debug)]
struct Tuple(u8, String);
#[derive(Hydra, Clone, Debug)]
struct Empty {}
#[derive(Hydra, Clone, Debug)]
struct Nothing();
#[derive(Hydra, Clone, Debug)]
#[hydra(name = "Other", rename_all = "camelCase")]
struct Renamed {
    first_field: u8,
    #[hydra(rename = "x")]
    second: Option<UserId>,
}
#[derive(Hydra, Clone, Debug)]
#[allow(non_camel_case_types)]
struct r#struct {
    r#type: u8,
    r#fn: r#enum,
}
#[derive(Hydra, Clone, Debug)]
#[allow(non_camel_case_types)]
enum r#enum {
    r#match(u8),
    r#loop { r#in: i8 },
    r#for,
}
#[derive(Hydra, Clone, Copy, Debug)]
#[hydra(rename_all = "lowercase")]
enum Side {
    Left,
    r#Right,
}
#[derive(Hydra, Clone, Debug)]
enum Many<T> {
    List(Vec<T>),
    Pair { one: T, other: Box<Option<T>> },
    None(),
    Braces {},
    View,
    Unit,
}
#[derive(Hydra, Clone, Debug)]
#[hydra(transparent)]
struct Id(u32);
#[derive(Hydra, Clone, Debug)]
#[hydra(view = CelsiusView)]
struct Celsius(f32);
#[derive(Hydra, Clone, Debug)]
struct Words(Vec<String>);
#[derive(Hydra, Clone, Copy, Debug)]
#[hydra(plain)]
#[repr(C)]
struct Point(f32, f32);
#[derive(Hydra, Clone, Debug)]
struct Everything {
    scalars: (u8, i128, f32, f64, bool, char, ()),
    texts: (String, Box<str>, Rc<str>),
    bytes: (Vec<u8>, [u8; 3], Box<[u8]>),
    nested: Vec<Option<Vec<Tuple>>>,
    ids: (Id, UserId, Celsius, Words),
    lists: (Vec<Id>, Vec<UserId>, Vec<Celsius>, Vec<Words>, [UserId; 2]),
    points: (Vec<Point>, Option<Point>, Box<Point>),
    sides: (Side, Vec<Side>, Option<Side>),
    map: BTreeMap<UserId, Vec<r#enum>>,
    set: BTreeSet<(i8, Venue)>,
    one: (NonZeroU8,),
    of: PhantomData<String>,
    generic: (Many<UserId>, Vec<Many<Point>>, Pair<Id, Side>),
    took: Duration,
}

fn everything() -> Everything {
    Everything {
        scalars: (1, -2, 1.0, -0.0, true, '\'', ()),
        texts: ("a\"\n\u{7f}é".into(), "".into(), "x".into()),
        bytes: (b"ab".to_vec(), [0, 1, 255], [].into()),
        nested: vec![None, Some(vec![Tuple(7, "t".into())]), Some(vec![])],
        ids: (Id(1), UserId(2), Celsius(1.5), Words(vec!["w".into()])),
        lists: (
            vec![Id(1)],
            vec![UserId(2)],
            vec![Celsius(0.5)],
            vec![Words(vec![])],
            [UserId(1), UserId(2)],
        ),
        points: (vec![Point(1.0, 2.0)], Some(Point(f32::NAN, f32::INFINITY)), Box::new(Point(0.0, 0.1))),
        sides: (Side::Left, vec![Side::r#Right, Side::Left], None),
        map: [(UserId(3), vec![r#enum::r#match(1), r#enum::r#for])].into(),
        set: [(1, Venue::Lse), (-1, Venue::Nyse)].into(),
        one: (NonZeroU8::MIN,),
        of: PhantomData,
        generic: (
            Many::Pair { one: UserId(1), other: Box::new(None) },
            vec![Many::List(vec![Point(1.0, 1.0)]), Many::Unit, Many::None()],
            Pair { first: Id(1), second: Side::Left },
        ),
        took: Duration::new(1, 5),
    }
}

#[test]
fn views_are_shown_as_their_values() -> Result<()> {
    shows_as_std!(
        Tuple(1, "a".into()),
        Empty {},
        Nothing(),
        Unit,
        Renamed { first_field: 1, second: Some(UserId(7)) }
    );
    shows_as_std!(
        r#struct { r#type: 1, r#fn: r#enum::r#loop { r#in: -1 } },
        r#enum::r#match(1),
        r#enum::r#for,
        Side::r#Right
    );
    shows_as_std!(
        Many::List(vec![1u8, 2]),
        Many::<u8>::Unit,
        Many::<u8>::None(),
        Many::<String>::Braces {},
        Many::<u8>::View,
        Celsius(1.5)
    );
    shows_as_std!(
        Many::Pair { one: "a".to_string(), other: Box::new(Some("b".to_string())) },
        Many::List(vec![UserId(1)])
    );
    shows_as_std!(
        vec![UserId(1)].len() as u32,
        everything(),
        some_constants(),
        Pair { first: Point(1.0, 2.0), second: 1u8 }
    );
    let [empty, mut full] = some_containers();
    // Their order in memory is arbitrary.
    full.hash_map.retain(|key, _| key.0 == 2);
    full.hash_set.retain(|word| word == "one");
    shows_as_std!(empty, full);
    for shape in some_shapes() {
        shows_as_std!(shape);
    }
    assert_eq!(shown::<UserId>(&hydra::to_bytes(&Many::List(vec![UserId(1)]))?)?, "List([UserId(1)])");
    Ok(())
}

/// Like std's iterators, it prints the remaining items.
#[test]
fn iterators_of_views_show_what_is_left() -> Result<()> {
    type Stored = (Vec<String>, BTreeMap<u8, String>, BTreeSet<u8>);
    let words = |count: u8| (0..count).map(|number| number.to_string());
    let value: Stored = (words(3).collect(), (0..3).zip(words(3)).collect(), BTreeSet::from([5, 6]));
    let image = hydra::to_bytes(&value)?;
    let (list, map, set) = hydra::view::<Stored>(&image)?;
    let (mut elements, mut entries, mut members) = (list.iter(), map.into_iter(), set.into_iter());
    assert_eq!((elements.next(), entries.next(), members.nth(1)), (Some("0"), Some((0, "0")), Some(6)));
    assert_eq!(format!("{elements:?} {entries:?} {members:?}"), r#"["1", "2"] {1: "1", 2: "2"} []"#);
    assert_eq!((elements.len(), entries.len(), members.len()), (2, 2, 0));
    assert_eq!(elements.clone().count() + entries.clone().count(), 4, "a clone goes on where it is");
    Ok(())
}
