//! Mistakes of programs: every wrong path, kind, range, variant, text, index and length has its own error,
//! which names the place and a remedy. Nothing panics, and nothing changes.

use crate::worlds::{changed, in_each_world};
use hydra::reflect::{Data, Handle, Locator, Path, Why};
use hydra::schema::{Form, Style, TypeRef::Index};
use hydra::{Descriptor, Dynamic, Error, ErrorKind, Hydra, Kind, Schema, Value, ValueMut};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::time::{Duration, SystemTime};

#[derive(Clone, Debug, PartialEq, Hydra)]
pub(crate) enum Shape {
    Empty,
    Circle { r: f32 },
    Poly(Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hydra)]
pub(crate) enum Side {
    Left,
    Right,
}

#[derive(Clone, Debug, PartialEq, Hydra)]
pub(crate) struct Row {
    pub time: u64,
    pub small: i8,
    pub rate: f32,
    pub on: bool,
    pub letter: char,
    pub nonzero: NonZero<i16>,
    pub text: String,
    pub raw: Vec<u8>,
    pub tags: Vec<String>,
    pub grid: [[u16; 2]; 2],
    pub pair: (u8, String),
    pub shape: Shape,
    pub side: Side,
    pub maybe: Option<u8>,
    pub never: Option<Box<(u8, u8)>>,
    pub names: BTreeMap<String, i64>,
    pub ids: BTreeMap<i32, u8>,
    pub sides: BTreeMap<Side, u8>,
    pub members: BTreeSet<u16>,
    pub at: SystemTime,
    pub took: Duration,
    pub nothing: (),
    #[hydra(readonly)]
    pub fixed: u8,
}

fn row() -> Row {
    Row {
        time: 1 << 40,
        small: -5,
        rate: 0.1,
        on: true,
        letter: 'x',
        nonzero: NonZero::new(1).unwrap(),
        text: "text".into(),
        raw: vec![1, 2],
        tags: vec!["a".into(), "b".into()],
        grid: [[1, 2], [3, 4]],
        pair: (1, "p".into()),
        shape: Shape::Circle { r: 1.5 },
        side: Side::Left,
        maybe: Some(1),
        never: None,
        names: [("one".into(), 1), ("two".into(), 2)].into(),
        ids: [(-4, 1), (9, 2)].into(),
        sides: [(Side::Right, 1)].into(),
        members: [3, 4].into(),
        at: SystemTime::UNIX_EPOCH,
        took: Duration::from_secs(1),
        nothing: (),
        fixed: 7,
    }
}

/// Checks an error's kind, place, description and help.
#[track_caller]
fn explains(error: &Error, kind: ErrorKind, place: &str, words: &str, help: &str) {
    let text = error.to_string();
    assert_eq!((error.kind(), error.path_text().unwrap_or_default()), (kind, place), "{text}");
    assert!(text.contains(words), "expected {words}: {text}");
    let way_out = error.help_text().unwrap_or_default();
    assert!(way_out.contains(help) && !way_out.is_empty(), "expected the help {help:?}: {text}");
}

/// Paths that lead nowhere: for reading, for changing, and resolved before there is a value.
#[test]
fn wrong_paths() {
    use ErrorKind::{BadPath, NoSuchPath, WrongKind};
    let cases = [
        ("tiem", NoSuchPath, "no field `tiem` in struct Row", "did you mean `time`?"),
        (
            "zebra",
            NoSuchPath,
            "no field `zebra`",
            "its fields: time, small, rate, on, letter, nonzero, text, raw, ..",
        ),
        ("pair.2", NoSuchPath, "no field `2` in tuple", "its fields: 0, 1"),
        ("shape.q", NoSuchPath, "no field `q` in Circle of enum Shape", "its fields: r"),
        ("shape.0", NoSuchPath, "no field `0` in Circle", "`0` is a field of Poly"),
        ("shape:Circel", NoSuchPath, "no variant `Circel` in enum Shape", "did you mean `Circle`?"),
        ("shape:Square", NoSuchPath, "no variant `Square`", "its variants: Empty, Circle, Poly"),
        ("shape:Poly.0", NoSuchPath, "expected Poly, found Circle", "look at variant() first"),
        ("tags[2]", NoSuchPath, "no index 2", "from 0 to 1, or -2 to -1"),
        ("tags[-3]", NoSuchPath, "no index -3", "from 0 to 1, or -2 to -1"),
        ("grid[0][9223372036854775807]", NoSuchPath, "no index 9223372036854775807", "from 0 to 1"),
        ("grid[-9223372036854775808]", NoSuchPath, "no index -9223372036854775808", "from 0 to 1"),
        ("members[2]", NoSuchPath, "no index 2", "from 0 to 1"),
        ("names[\"three\"]", NoSuchPath, "no key \"three\"", "its keys: one, two"),
        ("names[\"onne\"]", NoSuchPath, "no key \"onne\"", "did you mean `one`?"),
        ("names[1]", NoSuchPath, "no key \"1\"", "its keys: one, two"),
        ("ids[5]", NoSuchPath, "no key \"5\"", "its keys: -4, 9"),
        ("ids[\"x\"]", NoSuchPath, "no key \"x\"", "its keys: -4, 9"),
        ("sides[\"Left\"]", NoSuchPath, "no key \"Left\"", "its keys: Right"),
        ("never?", NoSuchPath, "found none", "check is_none() first"),
        ("never?.0", NoSuchPath, "found none", "check is_none() first"),
        ("time.x", WrongKind, "expected a value with a field `x`, found u64", "it has no parts"),
        ("time[0]", WrongKind, "expected a list, array or set, found u64", "it has no parts"),
        ("time?", WrongKind, "expected an option, found u64", "get::<u64>() reads it"),
        ("time:A", WrongKind, "expected an enum, found u64", "it has no parts"),
        ("text[0]", WrongKind, "found string", "get::<&str>()"),
        ("raw[0]", WrongKind, "found bytes", "get::<&[u8]>()"),
        ("pair[0]", WrongKind, "found tuple", "by name: .name or .0"),
        ("tags.0", WrongKind, "found list", "by index: [0]"),
        ("tags[\"a\"]", WrongKind, "expected a map, found list", "by index: [0]"),
        ("maybe.0", WrongKind, "found option", "open the option first"),
        ("names.one", WrongKind, "found map", "by key: m[\"key\"]"),
        ("nothing.x", WrongKind, "found unit", "it has no parts"),
        ("a..b", BadPath, "expected the name of a field, found `.` (at byte 2)", "a path consists of"),
        ("tags[01]", BadPath, "not in the usual spelling", "write tags[1]"),
        ("tags[", BadPath, "found the end", "a path consists of"),
        ("tags[99999999999999999999]", BadPath, "expected an index", "a path consists of"),
        ("names[\"one]", BadPath, "expected `\"`", "a path consists of"),
    ];
    in_each_world(&row(), |world, root| {
        for (path, kind, words, help) in cases {
            let error = root.path(path).err().unwrap_or_else(|| panic!("{world}: {path}"));
            explains(&error, kind, path, words, help);
            assert!(error.to_string().contains(&format!("\n      {path}\n")), "{world}: {error}");
        }
    });
    for (path, kind, words, help) in cases {
        let error = changed(row, path, |value| value.path(path)?.set_str("1")).unwrap_err();
        explains(&error, kind, path, words, help);
        let Err(error) = Handle::<Row>::new(path) else { continue };
        assert_eq!((error.kind(), error.path_text()), (kind, Some(path)), "{error}");
        assert!(error.help_text().is_some(), "{error}");
    }
    let resolved = cases.iter().filter(|case| Handle::<Row>::new(case.0).is_ok()).count();
    assert_eq!(resolved, 14, "what only a value can tell");
}

/// Values read as a type that they do not have.
#[test]
fn wrong_kinds_and_ranges_of_reading() {
    use ErrorKind::{Encoded, OutOfRange, TypeMismatch, WrongKind};
    macro_rules! cases {
        ($root:ident: $($path:literal as $ty:ty, $kind:expr, $words:literal, $help:literal;)*) => {$(
            let error = $root.path($path).unwrap().get::<$ty>().map(drop).unwrap_err();
            explains(&error, $kind, "", $words, $help);
        )*};
    }
    in_each_world(&row(), |world, root| {
        cases! { root:
            "time" as u8, OutOfRange, "expected u8, found 1099511627776", "nothing is rounded or wrapped";
            "small" as u64, OutOfRange, "expected u64, found -5", "nothing is rounded or wrapped";
            "rate" as u8, WrongKind, "expected an integer, found f32", "get::<f32>()";
            "on" as u8, WrongKind, "expected an integer, found bool", "get::<bool>()";
            "text" as u64, WrongKind, "expected an integer, found string", "get::<&str>()";
            "text" as &[u8], WrongKind, "expected bytes, found string", "get::<&str>()";
            "raw" as &str, WrongKind, "expected string, found bytes", "get::<&[u8]>()";
            "letter" as &str, WrongKind, "expected string, found char", "get::<char>()";
            "time" as char, WrongKind, "expected char, found u64", "get::<u64>()";
            "time" as bool, WrongKind, "expected bool, found u64", "get::<u64>()";
            "time" as Duration, WrongKind, "expected a duration, found u64", "get::<u64>()";
            "took" as SystemTime, WrongKind, "expected a timestamp", "get::<Duration>()";
            "at" as Duration, WrongKind, "expected a duration", "get::<SystemTime>()";
            "maybe" as u8, WrongKind, "found option", "open the option first";
            "time" as Option<u64>, WrongKind, "expected an option, found u64", "get::<u64>()";
            "tags" as &[f64], WrongKind, "expected a list or array of f64, found list", "parts()";
            "grid[0]" as &[u32], WrongKind, "expected a list or array of u32, found array", "parts()";
            "pair" as f64, WrongKind, "expected a number, found tuple", "parts()";
            "shape" as &str, WrongKind, "expected string, found enum Shape", "parts()";
            "names" as &str, WrongKind, "found map", "by key";
            "nothing" as u8, WrongKind, "found unit", "it has no parts";
        }
        let error = root.field("time").unwrap().to::<u32>().unwrap_err();
        explains(&error, TypeMismatch, "", "expected u64, found u32", "path(), field(), get()");
        if matches!(world, "staged" | "data") {
            let error = root.path("grid[0]").unwrap().get::<&[u16]>().unwrap_err();
            explains(&error, Encoded, "", "contiguous in memory", "parts()");
        }
    });
    let float = Value::of(&16_777_217u32).get::<f32>().unwrap_err();
    explains(&float, OutOfRange, "", "expected an integer that the float holds exactly", "rounded");
    let narrow = Value::of(&0.1f64).get::<f32>().unwrap_err();
    explains(&narrow, OutOfRange, "", "expected a number that f32 holds exactly, found 0.1", "rounded");
}

/// New values that do not fit their place, as text and as values.
#[test]
fn wrong_values() {
    use Why::*;
    let texts = [
        ("time", "-1", OutOfRange, "expected u64, found -1"),
        ("time", "1e3", WrongKind, "expected u64, found \"1e3\""),
        ("time", "1.5", OutOfRange, "expected u64, found 1.5"),
        ("time", "", WrongKind, "expected u64, found \"\""),
        ("time", " 1", WrongKind, "found \" 1\""),
        ("time", "1\u{0}", WrongKind, "found \"1\\0\""),
        ("time", "١", WrongKind, "found \"١\""),
        ("small", "128", OutOfRange, "expected i8, found 128"),
        ("small", "-129", OutOfRange, "expected i8, found -129"),
        ("small", "340282366920938463463374607431768211456", OutOfRange, "expected i8"),
        ("nonzero", "0", OutOfRange, "expected i16 that is not 0, found 0"),
        ("nonzero", "-0", OutOfRange, "that is not 0"),
        ("rate", "1e39", OutOfRange, "expected f32, found 1e39"),
        ("rate", "one", WrongKind, "expected f32, found \"one\""),
        ("on", "True", WrongKind, "expected true or false, found \"True\""),
        ("letter", "", WrongKind, "expected one character, found \"\""),
        ("letter", "xy", WrongKind, "expected one character, found \"xy\""),
        ("raw", "0xg0", WrongKind, "expected 0x and two hexadecimal digits a byte"),
        ("raw", "0x123", WrongKind, "expected 0x and two hexadecimal digits a byte"),
        ("side", "left", BadVariant, "expected a variant of Side, found left"),
        ("shape", "Poly", BadVariant, "expected a variant without fields, found Poly with 1 fields"),
        ("shape", "", BadVariant, "expected a variant of Shape, found"),
        ("maybe?", "256", OutOfRange, "expected u8, found 256"),
        ("maybe", "nul", WrongKind, "expected u8, found \"nul\""),
        ("never", "1", WrongKind, "expected tuple, found \"1\""),
        ("tags", "a", WrongKind, "expected list, found \"a\""),
        ("grid", "1", WrongKind, "expected array, found \"1\""),
        ("pair", "1", WrongKind, "expected tuple, found \"1\""),
        ("names", "1", WrongKind, "expected map, found \"1\""),
        ("members", "1", WrongKind, "expected set, found \"1\""),
        ("members[0]", "1", MapKey, "it is a key of a map or a member of a set"),
        ("nothing", "1", WrongKind, "expected unit, found \"1\""),
        ("fixed", "7", ReadOnlyField, "it is in a field marked readonly"),
        ("took", "1.0000000001s", OutOfRange, "found 1.0000000001s"),
        ("took", "18446744073709551616s", OutOfRange, "found 18446744073709551616"),
        ("took", "5m", WrongKind, "expected seconds such as 1.5s"),
        ("at", "2023-02-29T00:00:00Z", WrongKind, "expected a time such as 2024-01-02T03:04:05.5Z"),
        ("at", "2023-01-01", WrongKind, "expected a time such as"),
        ("at", "2023-01-01T24:00:00Z", WrongKind, "expected a time such as"),
    ];
    for (path, text, why, words) in texts {
        let error = changed(row, path, |value| value.path(path)?.set_str(text)).unwrap_err();
        explains(&error, ErrorKind::NotSettable, path, words, "");
        assert_eq!(error.why(), Some(why), "{error}");
    }
    let (long, other) = ("x".repeat(300), [(Side::Left, 1u8)]);
    for (path, value, why, place, words) in [
        ("time", Value::of(&-1), OutOfRange, "time", "found -1"),
        ("time", Value::of(&1.0), WrongKind, "time", "expected u64, found f64"),
        ("time", Value::of(&Some(1u64)), WrongKind, "time", "expected u64, found option"),
        ("time", Value::of(&Duration::ZERO), WrongKind, "time", "expected u64, found u128"),
        ("nonzero", Value::of(&0), OutOfRange, "nonzero", "that is not 0"),
        ("rate", Value::of(&1e300), OutOfRange, "rate", "expected a number that f32 holds exactly"),
        ("on", Value::of(&1u8), WrongKind, "on", "expected bool, found u8"),
        ("letter", Value::of(&97u32), WrongKind, "letter", "expected char, found u32"),
        ("letter", Value::of(&long), WrongKind, "letter", "expected char, found string"),
        ("text", Value::of(&b"\xc3".to_vec()), BadUtf8, "text", "found incomplete utf-8 byte sequence"),
        ("tags", Value::of(&vec![1u8]), WrongKind, "tags", "expected list, found bytes"),
        (
            "tags",
            Value::of(&[["a"; 1].map(String::from)]),
            WrongKind,
            "tags[0]",
            "expected string, found array",
        ),
        (
            "grid",
            Value::of(&[[1u16; 2]; 3]),
            WrongKind,
            "grid",
            "expected array of 2 elements, found 3 elements",
        ),
        ("grid", Value::of(&[[1u32, 2], [3, 65_536]]), OutOfRange, "grid[1][1]", "expected u16, found 65536"),
        ("grid[0]", Value::of(&vec![1u16]), WrongKind, "grid[0]", "expected array of 2 elements"),
        ("pair", Value::of(&(1u8,)), WrongKind, "pair", "expected a field `1`, found none"),
        ("pair", Value::of(&(1u8, "p".to_string(), 2u8)), WrongKind, "pair", "found a field `2`"),
        ("shape", Value::of(&Side::Left), BadVariant, "shape", "expected a variant of Shape, found Left"),
        ("side", Value::of(&Shape::Empty), BadVariant, "side", "expected a variant of Side, found Empty"),
        ("sides", Value::of(&other), WrongKind, "sides", "expected map, found array"),
        ("fixed", Value::of(&7u8), ReadOnlyField, "fixed", "it is in a field marked readonly"),
        ("", Value::of(&other), WrongKind, "", "expected struct Row, found array"),
    ] {
        let error = changed(row, path, |it| it.path(path)?.set_value(value)).unwrap_err();
        explains(&error, ErrorKind::NotSettable, place, words, "");
        assert_eq!(error.why(), Some(why), "{error}");
    }
    let twice = changed(row, "members", |it| it.path("members")?.set(vec![1u16, 1])).unwrap_err();
    explains(&twice, ErrorKind::CannotEncode, "members", "found 1 twice", "each key once");
    let kept = changed(row, "", |mut it| it.set(Row { fixed: 8, ..row() })).unwrap_err();
    explains(&kept, ErrorKind::NotSettable, "fixed", "expected 7, found 8", "only the program");
    let error = changed(row, "time", |it| it.path("time")?.replace(1u8).map(drop)).unwrap_err();
    explains(&error, ErrorKind::NotSettable, "time", "expected u64, found u8", "");
}

/// Data that does not match its type, and types that are not possible.
#[test]
fn wrong_data_and_types() {
    let u8_ = || Descriptor::scalar(Kind::U8);
    let schema = || {
        let variants = vec![
            ("A".into(), 0, Style::Unit, vec![]),
            ("B".into(), 1, Style::Tuple, vec![("0".into(), Index(1))]),
        ];
        let fields = vec![("n".into(), Index(1)), ("list".into(), Index(2)), ("e".into(), Index(3))];
        Schema::new(vec![
            Descriptor::structure("S", fields),
            u8_(),
            Descriptor::list(Index(4)),
            Descriptor::enumeration("E", Kind::U8, variants),
            Descriptor::array(Index(1), 2),
        ])
    };
    let data = |n: Data, list: Data, e: Data| Data::Parts(vec![n, list, e]);
    let (zero, empty, a) = (|| Data::Uint(0), || Data::Parts(vec![]), || Data::Variant(0, vec![]));
    let cases = [
        (Data::None, ErrorKind::WrongKind, "", "expected S of 3 fields"),
        (Data::parts([0u8]), ErrorKind::WrongKind, "", "expected S of 3 fields, found 1 parts"),
        (data(Data::Int(-1), empty(), a()), ErrorKind::OutOfRange, "n", "expected u8, found -1"),
        (data(Data::from("1"), empty(), a()), ErrorKind::WrongKind, "n", "expected u8, found Str(\"1\")"),
        (data(zero(), a(), a()), ErrorKind::WrongKind, "list", "found variant 0 with 0 fields"),
        (
            data(zero(), Data::Parts(vec![Data::parts([1u8])]), a()),
            ErrorKind::WrongKind,
            "list[0]",
            "array of 2 elements",
        ),
        (
            data(zero(), empty(), Data::Variant(2, vec![])),
            ErrorKind::WrongKind,
            "e",
            "found variant 2 with 0 fields",
        ),
        (
            data(zero(), empty(), Data::Variant(1, vec![])),
            ErrorKind::WrongKind,
            "e",
            "found variant 1 with 0 fields",
        ),
        (
            data(zero(), empty(), Data::Variant(1, vec![Data::Uint(256)])),
            ErrorKind::OutOfRange,
            "e:B.0",
            "found 256",
        ),
    ];
    for (data, kind, place, words) in cases {
        let error = Dynamic::new(schema().unwrap().into(), data).unwrap_err();
        explains(&error, kind, place, words, "");
    }
    for types in [
        vec![],
        vec![Descriptor::list(Index(7))],
        vec![Descriptor::option(Index(0))],
        vec![Descriptor::set(Index(1)), Descriptor::scalar(Kind::F64)],
        vec![Descriptor::formed(Kind::U8, Form::Date)],
    ] {
        let error = Schema::new(types).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadSchema, "{error}");
    }
}

/// Locators, whose errors point at the text.
#[test]
fn wrong_locators() {
    for (text, words) in [
        ("[", "found the end"),
        ("[Row", "expected `]`"),
        ("[Row][x]", "expected an index"),
        ("[Row][1:2:3]", "expected `]`"),
        ("[Row][0]time", "expected `.`"),
        ("[Row][0]..time", "expected the name of a field"),
    ] {
        let error = text.parse::<Locator>().unwrap_err();
        explains(&error, ErrorKind::BadPath, text, words, "");
        assert!(error.to_string().contains('^'), "{error}");
        assert!(text.parse::<Path>().is_err());
    }
}

/// Random text as a path and as a new value at any place: a value or an error, the same in each
/// representation.
#[test]
fn any_text_is_a_value_or_an_error() {
    let mut dice = hydra_tests::laws::Dice(11);
    let mut live = row();
    let mut data = Value::of(&live).to_dynamic().unwrap();
    let mut paths = Vec::new();
    Value::of(&live).walk(9, &mut |path, _| {
        paths.push(path.to_string());
        true
    });
    let bits = [
        "0", "9", "-", "+", ".", "e", "x", "s", "Z", "T", ":", "é", "\"", "null", "()", "[", "]", "0x",
        "Left", "?",
    ];
    for _ in 0..20_000 {
        let text: String = (0..dice.below(7)).map(|_| bits[dice.below(bits.len())]).collect();
        let path = match dice.below(3) {
            0 => format!("{}{text}", paths[dice.below(paths.len())]),
            _ => paths[dice.below(paths.len())].clone(),
        };
        let change = |value: ValueMut<'_>| value.path(&path)?.set_str(&text);
        let before = live.clone();
        let (one, other) = (change(ValueMut::of(&mut live)), change(data.value_mut()));
        assert_eq!(format!("{one:?}"), format!("{other:?}"), "{path} = {text}");
        assert!(Value::of(&live) == data.value(), "{path} = {text}");
        if let Err(error) = one {
            assert!(error.path_text().is_some() || path.is_empty(), "{error}");
            assert!(error.help_text().is_some(), "{error}");
            assert!(live == before || live.rate.is_nan());
        }
    }
}
