//! The third law, held over one value in its worlds: live, data made of a live value, data made of a stored one. Every
//! change, result, error and resulting byte agrees, but for the reasons that only one world has.
#![forbid(unsafe_code)]

use super::encode::Image;
use super::*;
use crate::codec::{Parts as Regions, Validator};
use crate::{Error, ErrorKind, Hydra, Schema};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZero;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Clone, Debug, PartialEq, Hydra)]
pub enum Shape {
    Empty,
    Circle { r: f64 },
    Poly(Vec<i32>, Option<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Hydra)]
#[repr(u8)]
pub enum Venue {
    Home = 3,
    Away = 9,
}

#[derive(Clone, Debug, PartialEq, Hydra)]
pub struct Metres(f32);

#[derive(Clone, Debug, PartialEq, Hydra)]
#[hydra(transparent)]
pub struct Id(pub u32);

#[derive(Clone, Debug, PartialEq, Hydra)]
pub struct Fixed {
    pub inner: (u8, Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Hydra)]
pub struct Log {
    pub small: u8,
    pub big: i128,
    pub ratio: f32,
    pub wide: f64,
    pub on: bool,
    pub letter: char,
    pub nonzero: NonZero<u16>,
    pub text: String,
    pub raw: Vec<u8>,
    pub tags: Vec<String>,
    pub grid: [[i32; 2]; 2],
    pub depth: Metres,
    pub id: Id,
    pub shape: Shape,
    pub venue: Venue,
    pub maybe: Option<(i16, String)>,
    pub never: Option<bool>,
    pub names: HashMap<String, i64>,
    pub by_id: BTreeMap<i32, Box<Shape>>,
    pub members: BTreeSet<u16>,
    pub at: SystemTime,
    pub took: Duration,
    pub boxed: Box<Vec<u64>>,
    pub nothing: (),
    #[hydra(readonly)]
    pub fixed: Fixed,
    pub many: Vec<Fixed>,
}

fn log() -> Log {
    Log {
        small: 5,
        big: -1,
        ratio: 0.5,
        wide: 1.5,
        on: false,
        letter: 'a',
        nonzero: NonZero::new(7).unwrap(),
        text: "text".into(),
        raw: vec![1, 2],
        tags: vec!["x".into(), "y".into()],
        grid: [[1, 2], [3, 4]],
        depth: Metres(2.5),
        id: Id(4),
        shape: Shape::Circle { r: 1.0 },
        venue: Venue::Home,
        maybe: Some((1, "m".into())),
        never: None,
        names: [("one", 1), ("two", 2)].map(|(name, id)| (name.to_string(), id)).into(),
        by_id: [(-4, Box::new(Shape::Empty)), (9, Box::new(Shape::Circle { r: 2.0 }))].into(),
        members: [30, 10].into(),
        at: UNIX_EPOCH,
        took: Duration::from_secs(1),
        boxed: Box::new(vec![1, 2]),
        nothing: (),
        fixed: Fixed { inner: (1, vec![2]) },
        many: vec![Fixed { inner: (1, vec![2]) }],
    }
}

fn bytes(value: Value<'_>) -> Vec<u8> {
    let image = crate::to_bytes(&value.to::<Log>().unwrap()).unwrap();
    image.to_vec()
}

/// What a change does in every world: an outcome in words and the bytes afterwards.
fn in_every_world(what: &str, change: impl Fn(ValueMut<'_>) -> crate::Result<()>) -> Result<Log, Error> {
    let mut live = log();
    let expected = change(ValueMut::of(&mut live));
    let image = Image::of(Value::of(&log())).unwrap();
    let schema = Schema::of::<Log>();
    let stored = Value::stored(image.at(), schema.root(), Some(&schema));
    for (world, mut dynamic) in [
        ("data of a live value", Value::of(&log()).to_dynamic().unwrap()),
        ("data of a stored value", stored.to_dynamic().unwrap()),
    ] {
        let found = change(dynamic.value_mut());
        assert_eq!(format!("{expected:?}"), format!("{found:?}"), "{world}: {what}");
        assert_eq!(dynamic.value(), Value::of(&live), "{world}: {what}");
        assert_eq!(bytes(dynamic.value()), bytes(Value::of(&live)), "{world}: {what}");
        assert!(Dynamic::new(dynamic.schema().clone(), dynamic.data().clone()).is_ok(), "{world}: {what}");
    }
    expected.map(|()| live)
}

#[test]
fn changes_agree_in_every_world() {
    // The path, what is set there, and what is there then.
    let texts = [
        ("small", "255", "255"),
        ("big", "-170141183460469231731687303715884105728", "-170141183460469231731687303715884105728"),
        ("ratio", "0.1", "0.1"),
        ("wide", "-inf", "-inf"),
        ("on", "true", "true"),
        ("letter", "ß", "'ß'"),
        ("nonzero", "1", "1"),
        ("text", "null", "\"null\""),
        ("raw", "0x00ff", "0x00ff"),
        ("tags[-1]", "é", "\"é\""),
        ("grid[1][0]", "-9", "-9"),
        ("depth", "7", "Metres(7.0)"),
        ("id", "9", "9"),
        ("shape", "Empty", "Empty"),
        ("shape:Circle.r", "4", "4.0"),
        ("venue", "Away", "Away"),
        ("maybe", "null", "None"),
        ("maybe?.1", "n", "\"n\""),
        ("never", "false", "Some(false)"),
        ("names[\"two\"]", "-2", "-2"),
        ("by_id[9]:Circle.r", "0", "0.0"),
        ("by_id[-4]", "Empty", "Empty"),
        ("at", "2024-01-02T03:04:05.5Z", "2024-01-02T03:04:05.500Z"),
        ("at", "1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999999Z"),
        ("took", "1.5s", "1.5s"),
        ("boxed[1]", "18446744073709551615", "18446744073709551615"),
        ("nothing", "()", "()"),
        ("many[0].inner.0", "3", "3"),
        ("many[0].inner.1", "x", "b\"x\""),
    ];
    for (path, text, shown) in texts {
        let live = in_every_world(path, |value| value.path(path)?.set_str(text)).unwrap();
        assert_eq!(Value::of(&live).path(path).unwrap().to_string(), shown, "{path}");
        let same = matches!(path, "nothing" | "by_id[-4]");
        assert_eq!(live == log(), same, "{path} = {text}");
    }
}
