//! Changes through reflection: of live values, of data made from live and from stored values, and of records
//! in a file. Every change, result, error and resulting byte is the same, except for errors that only one
//! representation has.

use crate::worlds::{changed, in_each_world};
use hydra::reflect::{Difference, Handle, Scalar, Step, Why};
use hydra::{Editor, Error, ErrorKind, Hydra, Kind, Reader, Value, ValueMut, Writer};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZero;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Clone, Debug, PartialEq, Hydra)]
enum Shape {
    Empty,
    Circle { r: f64 },
    Poly(Vec<i32>, Option<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Hydra)]
#[repr(u8)]
enum Venue {
    Home = 3,
    Away = 9,
}

#[derive(Clone, Debug, PartialEq, Hydra)]
struct Metres(f32);

#[derive(Clone, Debug, PartialEq, Hydra)]
#[hydra(transparent)]
struct Id(pub u32);

#[derive(Clone, Debug, PartialEq, Hydra)]
struct Fixed {
    pub inner: (u8, Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Hydra)]
struct Log {
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
    pub boxed: Box<[u64; 2]>,
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
        boxed: Box::new([1, 2]),
        nothing: (),
        fixed: Fixed { inner: (1, vec![2]) },
        many: vec![Fixed { inner: (1, vec![2]) }],
    }
}

fn in_every_world(what: &str, change: impl Fn(ValueMut<'_>) -> hydra::Result<()>) -> Result<Log, Error> {
    changed(log, what, change)
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

#[test]
fn whole_values_agree_in_every_world() {
    let set = |path: &str, value: Value<'_>| in_every_world(path, |live| live.path(path)?.set_value(value));
    assert_eq!(set("small", Value::of(&200i64)).unwrap().small, 200);
    assert_eq!(set("big", Value::of(&u64::MAX)).unwrap().big, i128::from(u64::MAX));
    assert_eq!(set("ratio", Value::of(&3u8)).unwrap().ratio, 3.0);
    assert_eq!(set("wide", Value::of(&0.25f32)).unwrap().wide, 0.25);
    assert_eq!(set("tags", Value::of(&["p".to_string()])).unwrap().tags, ["p"]);
    assert_eq!(set("grid[0]", Value::of(&vec![7u8, 8])).unwrap().grid, [[7, 8], [3, 4]]);
    assert_eq!(set("boxed", Value::of(&vec![7i8, 8])).unwrap().boxed, Box::new([7, 8]));
    assert_eq!(set("maybe", Value::of(&(2i64, String::new()))).unwrap().maybe, Some((2, String::new())));
    assert_eq!(set("maybe", Value::of(&None::<u8>)).unwrap().maybe, None);
    assert_eq!(set("depth", Value::of(&9i32)).unwrap().depth, Metres(9.0));
    let poly = Shape::Poly(vec![1], Some("p".into()));
    assert_eq!(set("shape", Value::of(&poly)).unwrap().shape, poly);
    assert_eq!(set("by_id[-4]", Value::of(&poly)).unwrap().by_id[&-4], Box::new(poly.clone()));
    let names = BTreeMap::from([("z".to_string(), 1u8), ("a".to_string(), 2)]);
    assert_eq!(set("names", Value::of(&names)).unwrap().names["z"], 1);
    assert_eq!(set("members", Value::of(&vec![3u64, 1, 2])).unwrap().members, [1, 2, 3].into());
    assert_eq!(set("raw", Value::of(&[4u8, 5])).unwrap().raw, [4, 5]);
    assert_eq!(set("text", Value::of(&b"bytes".to_vec())).unwrap().text, "bytes");
    assert_eq!(set("took", Value::of(&Duration::MAX)).unwrap().took, Duration::MAX);
    let mut other = log();
    (other.small, other.text) = (77, "other".into());
    in_each_world(&other, |world, value| assert_eq!(set("", value).unwrap(), other, "{world}"));
}

#[test]
fn refusals_agree_in_every_world_and_change_nothing() {
    use Why::*;
    let texts = [
        ("small", "256", OutOfRange, "small"),
        ("small", "-1", OutOfRange, "small"),
        ("small", "99999999999999999999999999999999999999999", OutOfRange, "small"),
        ("small", "1.0", OutOfRange, ""),
        ("small", "x", WrongKind, "small"),
        ("small", "", WrongKind, "small"),
        ("nonzero", "0", OutOfRange, "nonzero"),
        ("wide", "1e999", OutOfRange, "wide"),
        ("letter", "ab", WrongKind, "letter"),
        ("on", "1", WrongKind, "on"),
        ("venue", "Hom", BadVariant, "venue"),
        ("shape", "Circle", BadVariant, "shape"),
        ("at", "2024-02-30T00:00:00Z", WrongKind, "at"),
        ("at", "1970-01-01T00:00:00.0000000001Z", OutOfRange, "at"),
        ("took", "-1s", OutOfRange, "took"),
        ("took", "1", WrongKind, "took"),
        ("tags", "x", WrongKind, "tags"),
        ("raw", "0x0", WrongKind, "raw"),
        ("members[0]", "4", MapKey, "members[0]"),
        ("fixed.inner.0", "4", ReadOnlyField, "fixed.inner.0"),
    ];
    for (path, text, why, place) in texts {
        if place.is_empty() {
            // Whole numbers may be written with a fraction of zeros.
            assert_eq!(in_every_world(path, |value| value.path(path)?.set_str(text)).unwrap().small, 1);
            continue;
        }
        let error = in_every_world(path, |value| value.path(path)?.set_str(text)).unwrap_err();
        assert_eq!(
            (error.kind(), error.why()),
            (ErrorKind::NotSettable, Some(why)),
            "{path} = {text}: {error}"
        );
        assert_eq!(error.path_text(), Some(place), "{error}");
        assert!(error.help_text().is_some_and(|help| !help.is_empty()), "{error}");
    }
    let set = |path: &str, value: Value<'_>| {
        in_every_world(path, |live| live.path(path)?.set_value(value)).map(|_| ()).unwrap_err()
    };
    for (path, value, why, place) in [
        ("small", Value::of(&1.0f64), WrongKind, "small"),
        ("ratio", Value::of(&0.1f64), OutOfRange, "ratio"),
        ("ratio", Value::of(&16_777_217), OutOfRange, "ratio"),
        ("grid", Value::of(&[[1i64, 2], [3, 1 << 40]]), OutOfRange, "grid[1][1]"),
        ("grid", Value::of(&vec![1u8]), WrongKind, "grid"),
        ("text", Value::of(&vec![0xffu8]), BadUtf8, "text"),
        ("took", Value::of(&1u128), WrongKind, "took"),
        ("shape", Value::of(&Venue::Home), BadVariant, "shape"),
        ("never", Value::of(&Some(3u8)), WrongKind, "never?"),
        ("maybe", Value::of(&Some((1i64 << 40, "x".to_string()))), OutOfRange, "maybe?.0"),
        ("fixed", Value::of(&Fixed { inner: (1, vec![2]) }), ReadOnlyField, "fixed"),
        ("", Value::of(&Metres(1.0)), WrongKind, ""),
    ] {
        let error = set(path, value);
        assert_eq!(error.why(), Some(why), "{path}: {error}");
        assert_eq!(error.path_text().unwrap_or_default(), place, "{error}");
    }
    let error = set("members", Value::of(&vec![1u16, 1]));
    assert_eq!((error.kind(), error.why()), (ErrorKind::CannotEncode, None));
    for path in
        ["nope", "tags[9]", "shape:Empty", "never?", "names[\"x\"]", "small.x", "maybe?.2", "[0]", "a..b"]
    {
        let error = in_every_world(path, |value| value.path(path).map(|_| ())).unwrap_err();
        assert_eq!(format!("{error}"), format!("{}", Value::of(&log()).path(path).unwrap_err()));
    }
}

/// Every way to the parts of a read-only field.
#[test]
fn read_only_is_inherited_on_every_way() {
    type Route = fn(ValueMut<'_>) -> hydra::Result<ValueMut<'_>>;
    let ways: [Route; 11] = [
        |value| value.path("fixed"),
        |value| value.path("fixed.inner.1"),
        |value| value.field("fixed")?.field("inner"),
        |value| value.field("fixed")?.field_at(0)?.field_at(1),
        |value| value.field_at(24)?.path("inner"),
        |value| value.follow(&"fixed.inner".parse()?)?.field("0"),
        |value| value.step(&Step::Field("fixed".into()))?.step(&Step::Field("inner".into())),
        |value| value.path("")?.field("fixed"),
        |value| Ok(ValueMut::fixed(value.field("fixed")?.into_value(), Why::ReadOnlyField)),
        |value| value.path("fixed")?.path("inner")?.path("0"),
        |value| value.field("fixed")?.path(""),
    ];
    for (index, way) in ways.iter().enumerate() {
        let error = in_every_world("a way", |value| way(value)?.set(9u8)).unwrap_err();
        assert_eq!(error.why(), Some(Why::ReadOnlyField), "way {index}: {error}");
        let error = in_every_world("a way", |value| {
            let mut value = way(value)?;
            assert_eq!(value.settable(), Err(Why::ReadOnlyField));
            value.set_value(Value::of(&9u8))
        });
        assert_eq!(error.unwrap_err().why(), Some(Why::ReadOnlyField), "way {index}");
    }
    // An error contains the path from the value on which a path was first followed.
    let error =
        in_every_world("path", |value| value.path("many[0]")?.field("inner")?.field_at(0)?.set(256u16));
    assert_eq!(error.unwrap_err().path_text(), Some("many[0].inner.0"));
    let error =
        in_every_world("path", |value| value.path("shape")?.path(":Circle.r")?.set(true)).unwrap_err();
    assert_eq!(error.path_text(), Some("shape:Circle.r"));
    // A whole new value keeps the field, or is refused.
    let mut other = Log { small: 6, ..log() };
    assert_eq!(in_every_world("whole", |mut value| value.set(other.clone())).unwrap(), other);
    other.fixed.inner.0 = 2;
    for error in [
        in_every_world("whole", |mut value| value.set(other.clone())).unwrap_err(),
        in_every_world("whole", |mut value| value.set_value(Value::of(&other))).unwrap_err(),
        in_every_world("whole", |mut value| value.replace(other.clone()).map(|_| ())).unwrap_err(),
    ] {
        assert_eq!((error.why(), error.path_text()), (Some(Why::ReadOnlyField), Some("fixed")), "{error}");
    }
}

#[test]
fn a_read_only_field_is_named_by_its_whole_path() {
    #[derive(Clone, Hydra)]
    struct Held {
        #[hydra(readonly)]
        pub id: u8,
    }
    #[derive(Clone, Hydra)]
    enum Either {
        This(Box<Held>),
    }
    #[derive(Clone, Hydra)]
    struct Holder {
        pub one: Option<(u8, [Held; 2])>,
        pub other: Either,
    }
    let make = || Holder {
        one: Some((1, [Held { id: 1 }, Held { id: 2 }])),
        other: Either::This(Box::new(Held { id: 3 })),
    };
    for (path, change) in [
        ("one?.1[1].id", (|it: &mut Holder| it.one.as_mut().unwrap().1[1].id = 9) as fn(&mut Holder)),
        ("other:This.0.id", |it| {
            let Either::This(held) = &mut it.other;
            held.id = 9;
        }),
    ] {
        let mut new = make();
        change(&mut new);
        let error = changed(make, path, |mut value| value.set(new.clone())).map(drop).unwrap_err();
        assert_eq!((error.why(), error.path_text()), (Some(Why::ReadOnlyField), Some(path)), "{error}");
        assert_eq!(Value::of(&make()).path(path).unwrap().len(), 0, "a path that leads there");
    }
}

#[derive(Hydra)]
struct Sealed(#[hydra(readonly)] pub Vec<u8>);

#[derive(Hydra)]
struct Ids(Vec<u8>);

#[derive(Hydra)]
#[hydra(settable)]
struct OpenIds(Vec<u32>);

mod apart {
    #[derive(Clone, Debug, PartialEq, hydra::Hydra)]
    pub(crate) struct Account {
        secret: u32,
        #[hydra(settable)]
        open: u32,
        #[hydra(skip)]
        pub cache: u32,
        #[hydra(as = u64)]
        pub port: u32,
        pub shared: std::rc::Rc<(u8, u8)>,
        pub sent: std::sync::Arc<Vec<u32>>,
    }
    impl Account {
        pub(crate) fn new() -> Account {
            Account { secret: 1, open: 2, cache: 3, port: 4, shared: (5, 6).into(), sent: vec![7u32].into() }
        }
    }
    #[derive(hydra::Hydra)]
    #[hydra(settable)]
    pub(crate) struct Open {
        secret: u32,
    }
    impl Open {
        pub(crate) fn new() -> Open {
            Open { secret: 1 }
        }
    }
}
use apart::Account;

#[test]
fn reasons_of_one_world_only() {
    let mut account = Account::new();
    for (path, why) in [
        ("secret", Why::Private),
        ("cache", Why::Skipped),
        ("port", Why::Encoded),
        ("shared.0", Why::Shared),
        ("sent[0]", Why::Shared),
    ] {
        let set = |value: ValueMut<'_>| value.path(path)?.set_value(Value::of(&9u8));
        let error = set(ValueMut::of(&mut account)).unwrap_err();
        assert_eq!((error.kind(), error.why()), (ErrorKind::NotSettable, Some(why)), "{error}");
        assert!(error.to_string().contains(why.summary()) && error.to_string().contains("help"), "{error}");
        assert_eq!(account, Account::new());
        let mut dynamic = Value::of(&account).to_dynamic().unwrap();
        match set(dynamic.value_mut()) {
            Ok(()) => assert_eq!(dynamic.value().path(path).unwrap().get::<u8>().unwrap(), 9),
            Err(error) => assert_eq!((path, error.kind()), ("cache", ErrorKind::NoSuchPath)),
        }
    }
    ValueMut::of(&mut account).path("open").unwrap().set(8u8).unwrap();
    ValueMut::of(&mut account).path("shared").unwrap().set((8u8, 9u8)).unwrap();
    let kept = account.sent.clone();
    ValueMut::of(&mut account).path("sent").unwrap().set(Arc::new(vec![1u32])).unwrap();
    assert_eq!((account.shared, kept, account.sent), (Rc::new((8, 9)), vec![7].into(), vec![1].into()));
    let mut open = apart::Open::new();
    ValueMut::of(&mut open).path("secret").unwrap().set_str("2").unwrap();
    // A container passes read-only on to its parts; a whole value is as valid as a decoded one.
    let mut ids = (Ids(vec![1]), OpenIds(vec![1]), Sealed(vec![1]), Box::new(Some(Ids(vec![2]))));
    let mut value = ValueMut::of(&mut ids);
    for (path, why) in [("0", Ok(())), ("1[0]", Ok(())), ("2", Ok(())), ("3?", Ok(()))] {
        assert_eq!(value.reborrow().path(path).unwrap().settable(), why, "{path}");
    }
    assert_eq!(value.reborrow().field("0").unwrap().inner().unwrap().settable(), Err(Why::Private));
    assert_eq!(value.reborrow().field("2").unwrap().inner().unwrap().settable(), Err(Why::ReadOnlyField));
    assert_eq!(value.reborrow().path("3?").unwrap().inner().unwrap().settable(), Err(Why::Private));
    assert_eq!(value.field("2").unwrap().set(vec![3u8]).unwrap_err().why(), Some(Why::ReadOnlyField));
    let mut sealed = Value::of(&Sealed(vec![1])).to_dynamic().unwrap();
    let error = sealed.value_mut().inner().unwrap().set(vec![3u8]).unwrap_err();
    assert_eq!(error.why(), Some(Why::ReadOnlyField));
    // Records are borrowed for reading; the help names an editor.
    for why in [Why::ReadOnlySource, Why::MapKey] {
        let mut fixed = ValueMut::fixed(Value::of(&7u8), why);
        assert_eq!(fixed.set(8u8).unwrap_err().why(), Some(why));
        assert_eq!((fixed.settable(), fixed.value().get::<u8>().unwrap()), (Err(why), 7));
    }
}

#[derive(Clone, Debug, PartialEq, Hydra)]
#[hydra(invariant = Span::check)]
struct Span {
    pub from: u32,
    pub to: u32,
    pub notes: BTreeMap<String, Box<Even>>,
}

#[derive(Clone, Debug, PartialEq, Hydra)]
#[hydra(invariant = |even: &Even| if even.value.is_multiple_of(2) { Ok(()) } else { Err("odd") })]
struct Even {
    pub value: u32,
    pub list: Vec<u8>,
}

impl Span {
    fn check(&self) -> Result<(), String> {
        if self.from <= self.to { Ok(()) } else { Err(format!("{} is after {}", self.from, self.to)) }
    }
}

fn span() -> Span {
    let even = Even { value: 4, list: vec![1] };
    Span { from: 1, to: 5, notes: [("a".to_string(), Box::new(even))].into() }
}

#[test]
fn invariants_are_asked_before_anything_changes() {
    let mut spans = (vec![span()], 0u8);
    let mut set = |path: &str, value: Value<'_>| -> Result<(), Error> {
        let before = spans.clone();
        let result = ValueMut::of(&mut spans).path(path).unwrap().set_value(value);
        assert_eq!(result.is_err(), spans == before, "{path}");
        result
    };
    set("0[0].from", Value::of(&5u8)).unwrap();
    set("0[0].notes[\"a\"].value", Value::of(&8u64)).unwrap();
    set("0[0].notes[\"a\"].list", Value::of(&[9u8])).unwrap();
    let broken = Span { from: 9, ..span() };
    let odd = Even { value: 3, list: vec![] };
    let mut inside = span();
    inside.notes.insert("b".into(), Box::new(odd.clone()));
    for (path, value, says) in [
        ("0[0].from", Value::of(&6u8), "struct Span: 6 is after 5"),
        ("0[0].notes[\"a\"].value", Value::of(&9u8), "struct Even: odd"),
        ("0[0].notes[\"a\"]", Value::of(&odd), "struct Even: odd"),
        ("0[0].notes", Value::of(&inside.notes), "struct Even: odd"),
        ("0[0]", Value::of(&broken), "struct Span: 9 is after 5"),
        ("0", Value::of(&[span(), broken.clone()]), "struct Span: 9 is after 5"),
        ("0", Value::of(&[inside.clone()]), "struct Even: odd"),
    ] {
        let error = set(path, value).unwrap_err();
        assert_eq!(error.why(), Some(Why::Invariant), "{path}: {error}");
        assert!(error.message().ends_with(says), "{path}: {error}");
    }
    let mut span = span();
    let mut value = ValueMut::of(&mut span);
    assert_eq!(value.reborrow().field("to").unwrap().set(0u32).unwrap_err().why(), Some(Why::Invariant));
    assert_eq!(value.reborrow().field("to").unwrap().replace(7u32).unwrap(), 5);
    assert_eq!(value.replace(Span { from: 2, ..broken.clone() }).unwrap().to, 7);
    // Data has no code to run, and reports that.
    let mut dynamic = Value::of(&span).to_dynamic().unwrap();
    let mut value = dynamic.value_mut().path("notes[\"a\"].value").unwrap();
    assert_eq!(value.invariants_skipped(), ["Span", "Even"]);
    value.set(3u8).unwrap();
    assert!(ValueMut::of(&mut span).invariants_skipped().is_empty());
    let error = ValueMut::of(&mut span).set_value(dynamic.value()).unwrap_err();
    assert_eq!(error.why(), Some(Why::Invariant));
}

/// A type with an invariant, wherever it can be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Hydra)]
#[hydra(invariant = |code: &Code| if code.0 < 100 { Ok(()) } else { Err("above 99") })]
struct Code(pub u8);

#[derive(Clone, Debug, PartialEq, Hydra)]
enum Holder {
    One(Code),
    Two { code: Code },
}

#[derive(Clone, Debug, PartialEq, Hydra)]
struct Coded {
    pub free: u8,
    pub list: Vec<Vec<Code>>,
    pub option: Option<Box<Code>>,
    pub keys: BTreeMap<Code, u8>,
    pub values: HashMap<u8, [Code; 1]>,
    pub members: BTreeSet<Code>,
    pub tuple: (u8, Rc<Code>),
    pub holder: Holder,
}

#[test]
fn invariants_are_asked_wherever_their_type_is() {
    let coded = |code| Coded {
        free: 1,
        list: vec![vec![], vec![Code(code)]],
        option: Some(Box::new(Code(code))),
        keys: [(Code(code), 1)].into(),
        values: [(1, [Code(code)])].into(),
        members: [Code(code)].into(),
        tuple: (1, Rc::new(Code(code))),
        holder: if code < 100 { Holder::One(Code(code)) } else { Holder::Two { code: Code(code) } },
    };
    let (good, other, bad) = (coded(1), coded(2), coded(200));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("coded.hydra");
    hydra::save(&path, &good).unwrap();
    let mut editor = Editor::open(&path).unwrap();
    let places = ["", "list", "list[1]", "list[1][0]", "option", "option?", "keys", "values", "values[1]"];
    for place in places.into_iter().chain(["values[1][0]", "members", "tuple", "tuple.1", "holder"]) {
        let part =
            |value: &'static str, from: &Coded| Value::of(from).path(value).unwrap().to_dynamic().unwrap();
        let set = |value: ValueMut<'_>, from: &Coded| value.path(place)?.set_value(part(place, from).value());
        let mut live = good.clone();
        set(ValueMut::of(&mut live), &other).unwrap();
        assert_ne!(live, good, "{place}");
        let mut live = good.clone();
        let error = set(ValueMut::of(&mut live), &bad).unwrap_err();
        assert_eq!((error.why(), &live), (Some(Why::Invariant), &good), "{place}: {error}");
        assert!(error.message().ends_with("newtype Code: above 99"), "{place}: {error}");
        // Without the type there is no code to run, and this is reported; the type refuses the result.
        let record = || "Coded";
        let mut staged = editor.record(record(), 0).unwrap().path(place).unwrap();
        assert_eq!(staged.invariants_skipped(), ["Code"], "{place}");
        staged.set_value(part(place, &bad).value()).unwrap();
        let error =
            ValueMut::of(&mut live).set_value(editor.record(record(), 0).unwrap().value()).unwrap_err();
        assert_eq!((error.why(), &live), (Some(Why::Invariant), &good), "{place}");
        editor.discard();
    }
    let free = editor.record("Coded", 0).unwrap().field("free").unwrap();
    assert_eq!(free.invariants_skipped(), [""; 0], "a type that is beside it is not asked");
    // By move as well, and through what is not changed itself.
    let mut live = good.clone();
    let mut value = ValueMut::of(&mut live);
    assert_eq!(
        value.reborrow().field("keys").unwrap().set(bad.keys.clone()).unwrap_err().why(),
        Some(Why::Invariant)
    );
    assert_eq!(
        value.reborrow().field("members").unwrap().set(bad.members.clone()).unwrap_err().why(),
        Some(Why::Invariant)
    );
    assert_eq!(value.reborrow().replace(bad).unwrap_err().why(), Some(Why::Invariant));
    assert_eq!(
        value.path("holder:One.0").unwrap().inner().unwrap().set(100u8).unwrap_err().why(),
        Some(Why::Invariant)
    );
    assert_eq!(live, good);
}

#[test]
fn a_file_that_is_locked_is_a_reason_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("locked.hydra");
    hydra::save(&path, &1u8).unwrap();
    let editor = Editor::open(&path).unwrap();
    let error = Editor::open(&path).unwrap_err();
    assert_eq!((error.kind(), error.why()), (ErrorKind::Locked, Some(Why::Locked)));
    drop(editor);
    Editor::open(&path).unwrap();
}

/// The content of an Rc or Arc may have other owners, including weak ones, so it is read-only even without
/// any.
#[test]
fn what_is_shared_is_not_changed_for_others() {
    type Inner = Arc<(u8, u8)>;
    #[derive(Hydra)]
    struct Shared {
        pub rc: Rc<Vec<u8>>,
        pub arc: Arc<Option<Inner>>,
        pub text: (Rc<str>, Arc<str>),
        pub boxed: Option<Arc<[u8; 2]>>,
    }
    let mut live = Shared {
        rc: Rc::new(vec![1]),
        arc: Arc::new(Some(Arc::new((1, 2)))),
        text: ("a".into(), "b".into()),
        boxed: Some(Arc::new([1, 2])),
    };
    let (rc, weak) = (live.rc.clone(), Rc::downgrade(&live.rc));
    for path in ["arc?", "arc?.0", "boxed?[1]"] {
        let mut value = ValueMut::of(&mut live).path(path).unwrap();
        assert_eq!(value.settable(), Err(Why::Shared), "{path}");
        let error = value.set_value(Value::of(&(8u8, 9u8))).unwrap_err();
        assert_eq!((error.why(), error.path_text()), (Some(Why::Shared), Some(path)), "{error}");
    }
    for (path, text) in [("rc", "0x0909"), ("text.0", "new"), ("text.1", "new")] {
        ValueMut::of(&mut live).path(path).unwrap().set_str(text).unwrap();
    }
    ValueMut::of(&mut live).path("boxed").unwrap().set([8u8, 9]).unwrap();
    assert_eq!((&*rc, weak.upgrade()), (&vec![1], Some(rc.clone())), "the others keep what they share");
    assert_eq!(
        (&*live.rc, &*live.text.0, &*live.text.1, live.boxed.as_deref()),
        (&vec![9, 9], "new", "new", Some(&[8, 9]))
    );
}

#[test]
fn data_stays_within_the_limits_of_the_format() {
    #[derive(Hydra)]
    struct Nest {
        pub inner: Vec<Nest>,
    }
    let nest = |depth: usize| (0..depth).fold(Nest { inner: vec![] }, |inner, _| Nest { inner: vec![inner] });
    let mut dynamic = Value::of(&nest(40)).to_dynamic().unwrap();
    let path = vec!["inner[0]"; 40].join(".");
    let (fits, deep) = (nest(23), nest(24));
    dynamic.value_mut().path(&path).unwrap().set_value(Value::of(&fits)).unwrap();
    let error = dynamic.value_mut().path(&path).unwrap().set_value(Value::of(&deep)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooDeep);
    assert!(dynamic.value().to::<Nest>().is_ok());
}

/// A random value of every scalar of the record is set by text and by value, read back, and leaves a valid
/// record.
#[test]
fn what_is_set_is_read_and_stays_valid() {
    let mut state = 1u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let (mut live, mut dynamic) = (log(), Value::of(&log()).to_dynamic().unwrap());
    let paths = ["small", "big", "ratio", "wide", "on", "letter", "nonzero", "text", "tags[1]", "grid[0][1]"];
    let paths = paths.into_iter().chain([
        "depth",
        "id",
        "venue",
        "never",
        "names[\"one\"]",
        "at",
        "took",
        "maybe?.0",
    ]);
    let paths: Vec<_> = paths.chain(["boxed[0]", "many[0].inner.0"]).collect();
    for round in 0..4000 {
        let path = paths[random() as usize % paths.len()];
        let number = random() >> (random() % 64);
        let texts = [number.to_string(), format!("-{number}"), f64::from_bits(random()).to_string()];
        let more =
            [format!("{number}.5s"), (number % 2 == 0).to_string(), "Away".into(), "null".into(), "é".into()];
        let text = texts.iter().chain(&more).nth(random() as usize % 8).unwrap();
        let before = live.clone();
        let result = ValueMut::of(&mut live).path(path).unwrap().set_str(text);
        let other = dynamic.value_mut().path(path).unwrap().set_str(text);
        assert_eq!(format!("{result:?}"), format!("{other:?}"), "round {round}: {path} = {text}");
        assert!(result.is_ok() || live == before || live.wide.is_nan() || live.ratio.is_nan(), "{path}");
        assert_eq!(dynamic.value(), Value::of(&live), "round {round}: {path} = {text}");
        if round % 16 == 0 {
            let image = hydra::to_bytes(&dynamic.value().to::<Log>().unwrap()).unwrap();
            hydra::view::<Log>(&image).unwrap();
        }
        if result.is_ok() {
            let shown = live_text(Value::of(&live).path(path).unwrap());
            let after = dynamic.value_mut().path(path).unwrap().set_str(&shown);
            assert!(after.is_ok() && dynamic.value() == Value::of(&live), "{path} = {shown}: {after:?}");
        }
    }
}

/// Returns a scalar as text for `set_str`: the printed form without quotes and names.
fn live_text(mut value: Value<'_>) -> String {
    while matches!(value.kind(), Kind::Newtype | Kind::Box) {
        value = value.inner().unwrap();
    }
    match value.scalar() {
        Scalar::Str(text) => text.to_string(),
        Scalar::Char(c) => c.to_string(),
        Scalar::None if value.is_none() => "null".to_string(),
        Scalar::None => value.inner().map_or(value.to_string(), |inner| inner.to_string()),
        _ => value.to_string(),
    }
}

#[test]
fn differences_are_where_values_differ() {
    let (left, mut right) = (log(), log());
    assert!(Value::of(&left).diff(Value::of(&right)).is_empty());
    right.tags.push("z".into());
    right.grid[1][0] = 9;
    right.shape = Shape::Circle { r: 2.0 };
    right.venue = Venue::Away;
    right.maybe = Some((2, "m".into()));
    right.never = Some(true);
    right.names.remove("one");
    right.names.insert("three".into(), 3);
    right.members.insert(4);
    right.raw = vec![1, 3];
    right.boxed[1] = 7;
    let dynamic = Value::of(&right).to_dynamic().unwrap();
    let differences = Value::of(&left).diff(dynamic.value());
    let said: Vec<_> = differences
        .iter()
        .map(|found| {
            let side = |value: Option<Value<'_>>| value.map_or("nothing".into(), |value| value.to_string());
            format!("{}: {} -> {}", found.path, side(found.left), side(found.right))
        })
        .collect();
    let expected = [
        "raw: 0x0102 -> 0x0103",
        "tags[2]: nothing -> \"z\"",
        "grid[1][0]: 3 -> 9",
        "shape:Circle.r: 1.0 -> 2.0",
        "venue: Home -> Away",
        "maybe?.0: 1 -> 2",
        "never: None -> Some(true)",
        "names[\"one\"]: 1 -> nothing",
        "names[\"three\"]: nothing -> 3",
        "members: {10, 30} -> {4, 10, 30}",
        "boxed[1]: 2 -> 7",
    ];
    assert_eq!(said, expected);
    for difference in &differences {
        let path = difference.path.to_string();
        assert_eq!(Value::of(&left).path(&path).ok(), difference.left, "{path}");
        assert_eq!(dynamic.value().path(&path).ok(), difference.right, "{path}");
    }
    let (zeros, ones) = (vec![0u8; 1], vec![0u16; 5000]);
    let many: Vec<u16> = vec![1; 5000];
    assert_eq!(Value::of(&ones).diff(Value::of(&many)).len(), Difference::MAX);
    assert_eq!(Value::of(&zeros).diff(Value::of(&ones)).len(), 1);
    assert_eq!(Value::of(&f64::NAN).diff(Value::of(&f64::NAN)).len(), 0);
}

#[test]
fn handles_lead_where_paths_lead() {
    let log = log();
    let paths =
        ["", "small", "grid[1]", "grid[-1][0]", "depth", "tags[1]", "shape:Circle.r", "maybe?.1", "boxed[1]"];
    for path in
        paths.into_iter().chain(["names[\"two\"]", "by_id[9]", "fixed.inner.0", "many[0].inner.1", "id"])
    {
        let handle = Handle::<Log>::new(path).unwrap();
        in_each_world(&log, |world, value| {
            let found = handle.get(value).unwrap();
            assert_eq!(found, value.path(path).unwrap(), "{world}: {path}");
            assert_eq!(found.to_string(), Value::of(&log).path(path).unwrap().to_string(), "{world}: {path}");
        });
        assert_eq!(handle.path().to_string(), path);
        assert_eq!(handle.get(Value::of(&7u8)).unwrap_err().kind(), ErrorKind::TypeMismatch);
    }
    for (path, kind) in [
        ("smal", ErrorKind::NoSuchPath),
        ("grid[2]", ErrorKind::NoSuchPath),
        ("grid[-3]", ErrorKind::NoSuchPath),
        ("tags.x", ErrorKind::WrongKind),
        ("small?", ErrorKind::WrongKind),
        ("maybe?.9", ErrorKind::NoSuchPath),
        ("shape:Nope", ErrorKind::NoSuchPath),
        ("a..b", ErrorKind::BadPath),
    ] {
        let error = Handle::<Log>::new(path).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    assert!(Handle::<Log>::new("smal").unwrap_err().help_text().unwrap().contains("`small`"));
}

/// What has more in memory than it shows, and what is not in memory what it shows.
#[derive(Hydra)]
#[hydra(transparent)]
struct Cached(#[hydra(skip)] u64, pub u32);

#[derive(Hydra)]
#[hydra(transparent)]
struct Count(#[hydra(as = u64)] usize);

#[derive(Hydra)]
struct Slots {
    pub plain: (u8, [Metres; 2]),
    pub text: String,
    pub cached: Cached,
    pub list: [Cached; 2],
    pub pair: (u8, Count),
    #[hydra(as = u64)]
    pub len: usize,
    private: u16,
    pub fixed: Metres,
}

#[derive(Hydra)]
struct Kept {
    #[hydra(readonly)]
    pub id: u8,
    pub rest: u8,
}

#[test]
fn slots_are_where_the_type_is_in_memory_and_nowhere_else() {
    let (cached, list) = (Cached(1, 2), [Cached(3, 4), Cached(5, 6)]);
    let plain = (7, [Metres(1.0), Metres(2.0)]);
    let mut slots = Slots {
        plain,
        text: "a".into(),
        cached,
        list,
        pair: (8, Count(9)),
        len: 10,
        private: 11,
        fixed: Metres(3.0),
    };
    let slot = Handle::<Slots>::new("plain.1[-1]").unwrap().slot::<Metres>().unwrap();
    slot.set(&mut slots, Metres(4.0)).unwrap();
    assert_eq!((slot.get(&slots), slots.plain.1[0].0), (&Metres(4.0), 1.0));
    let text = Handle::<Slots>::new("text").unwrap().slot::<String>().unwrap();
    text.set(&mut slots, "b".into()).unwrap();
    let private = Handle::<Slots>::new("private").unwrap().slot::<u16>().unwrap();
    assert_eq!((&*slots.text, text.get(&slots).as_str(), *private.get(&slots)), ("b", "b", 11));
    assert_eq!(private.set(&mut slots, 1).unwrap_err().why(), Some(Why::Private));
    let mut kept = Kept { id: 1, rest: 2 };
    let [id, rest] = ["id", "rest"].map(|path| Handle::<Kept>::new(path).unwrap().slot::<u8>().unwrap());
    assert_eq!(id.set(&mut kept, 3).unwrap_err().why(), Some(Why::ReadOnlyField));
    rest.set(&mut kept, 4).unwrap();
    assert_eq!((kept.id, kept.rest), (1, 4));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slots.hydra");
    let mut file = Writer::create(&path).unwrap();
    let table = file.table::<Slots>().unwrap();
    file.append(table, &slots).unwrap();
    file.finish().unwrap();
    let file = Reader::open(&path).unwrap();
    let (typed, untyped) = (file.table::<Slots>().unwrap(), file.dynamic_table("Slots").unwrap());
    let (typed, untyped) = (typed.get(0).unwrap(), untyped.get(0).unwrap());
    for stored in [typed.value(), untyped.value()] {
        assert_eq!((text.view(stored).unwrap(), private.view(stored).unwrap()), ("b", 11));
        assert_eq!(text.view(stored).unwrap(), "b", "again, with a schema that is known");
        assert_eq!(rest.view(stored).unwrap_err().kind(), ErrorKind::TypeMismatch);
    }
    assert_eq!(text.view(Value::of(&slots)).unwrap_err().kind(), ErrorKind::WrongKind);

    let none = |path: &str| Handle::<Slots>::new(path).unwrap().slot::<u32>().err().unwrap().kind();
    for path in ["cached", "list[1]", "plain.0", "private", "plain.1[0]"] {
        assert_eq!(none(path), ErrorKind::TypeMismatch, "{path}");
    }
    for path in ["pair.1", "len"] {
        assert!(Handle::<Slots>::new(path).unwrap().slot::<u64>().is_err(), "{path}");
    }
    assert_eq!((slots.cached.0, slots.list[1].0), (1, 5));
    assert!(Handle::<Cached>::new("").unwrap().slot::<u32>().is_err());
    assert!(Handle::<Slots>::new("fixed").unwrap().slot::<f32>().is_err(), "behind a newtype");
}
