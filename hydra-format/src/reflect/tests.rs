//! The internals of reflection: the generic encoder, data against its schema, conversions, limits, text,
//! order and paths. `tests/integration/reflect.rs` and `reflect_set.rs` test whole values, in files too.

use super::encode::reshape;
use super::types::Type;
use super::*;
use crate::layout::rows::{EncodedRecord, Measure, Sink, TwoPasses};
use crate::memory::AlignedBuf;
use crate::schema::{Descriptor, Form, Kind, Style, TypeRef};
use crate::{ErrorKind, Hydra, Schema};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Clone, Debug, PartialEq, Hydra)]
#[repr(u8)]
enum Shape {
    Empty = 3,
    Circle { r: f64 } = 7,
    Poly(Vec<i32>, Option<String>) = 200,
}

#[derive(Clone, Hydra)]
struct Metres(f32);

#[derive(Clone, Hydra)]
struct Log {
    time: u64,
    text: String,
    tags: Vec<String>,
    ratio: f32,
    depth: Metres,
    shape: Shape,
    other: Shape,
    maybe: Option<(i16, char)>,
    never: Option<bool>,
    names: HashMap<String, i64>,
    by_id: BTreeMap<i32, Box<u8>>,
    members: BTreeSet<u16>,
    raw: Vec<u8>,
    grid: [[i32; 2]; 2],
    prices: Vec<f64>,
    at: SystemTime,
    took: Duration,
    wide: i128,
    nothing: (),
}

fn log() -> Log {
    Log {
        time: 5,
        text: "a \"b\" é".into(),
        tags: vec!["x".into(), String::new(), "yz".into()],
        ratio: 0.1,
        depth: Metres(2.5),
        shape: Shape::Circle { r: 1.5 },
        other: Shape::Poly(vec![-1, 2], Some("p".into())),
        maybe: Some((-7, 'ß')),
        never: None,
        names: [("one", 1), ("two", 2), ("a]b", 3)].map(|(name, id)| (name.to_string(), id)).into(),
        by_id: [(-4, Box::new(1)), (9, Box::new(2))].into(),
        members: [30, 10, 20].into(),
        raw: b"\x00\xff!".to_vec(),
        grid: [[1, 2], [3, 4]],
        prices: vec![1.0, f64::NAN, -0.0],
        at: UNIX_EPOCH + Duration::new(1_704_164_645, 120_000_000),
        took: Duration::from_millis(1500),
        wide: i128::MIN,
        nothing: (),
    }
}

/// Runs `law` on one value in each of its representations, named.
fn worlds<T: Reflect>(live: &T, mut law: impl FnMut(&str, Value<'_>)) {
    let (image, ty) = (EncodedRecord::of(live).unwrap(), live.descriptor());
    let schema = Schema::from_descriptor(ty);
    let dynamic = Value::of(live).to_dynamic().unwrap();
    assert!(dynamic.schema().is_identical(&schema));
    law("live", Value::of(live));
    law("stored as a type of the program", Value::stored(image.at(), ty, None));
    law("stored", Value::stored(image.at(), schema.root(), Some(&schema)));
    law("data", dynamic.value());
}

#[test]
fn numbers_convert_without_loss_or_not_at_all() {
    let kind = |result: crate::Result<()>| result.unwrap_err().kind();
    assert_eq!(Value::of(&200u8).get::<i16>().unwrap(), 200);
    assert_eq!(kind(Value::of(&200u8).get::<i8>().map(drop)), ErrorKind::OutOfRange);
    assert_eq!(kind(Value::of(&-1i8).get::<u128>().map(drop)), ErrorKind::OutOfRange);
    assert_eq!(kind(Value::of(&u128::MAX).get::<i128>().map(drop)), ErrorKind::OutOfRange);
    assert_eq!(Value::of(&(1u64 << 60)).get::<f64>().unwrap(), (1u64 << 60) as f64);
    assert_eq!(kind(Value::of(&((1u64 << 53) + 1)).get::<f64>().map(drop)), ErrorKind::OutOfRange);
    assert_eq!(Value::of(&(1u32 << 24)).get::<f32>().unwrap(), 16_777_216.0);
    assert_eq!(kind(Value::of(&((1u32 << 24) + 1)).get::<f32>().map(drop)), ErrorKind::OutOfRange);
    assert_eq!(Value::of(&i128::MIN).get::<f32>().unwrap(), i128::MIN as f32);
    assert_eq!(kind(Value::of(&u128::MAX).get::<f32>().map(drop)), ErrorKind::OutOfRange);
    assert_eq!(Value::of(&0u8).get::<f64>().unwrap(), 0.0);
    assert_eq!(Value::of(&0.5f64).get::<f32>().unwrap(), 0.5);
    assert_eq!(kind(Value::of(&0.1f64).get::<f32>().map(drop)), ErrorKind::OutOfRange);
    assert_eq!(Value::of(&0.1f32).get::<f64>().unwrap(), f64::from(0.1f32));
    assert_eq!(kind(Value::of(&5.0f64).get::<u8>().map(drop)), ErrorKind::WrongKind);
    assert_eq!(kind(Value::of(&true).get::<u8>().map(drop)), ErrorKind::WrongKind);
    assert_eq!(kind(Value::of(&"1".to_string()).get::<u8>().map(drop)), ErrorKind::WrongKind);
    assert_eq!(kind(Value::of(&1u8).get::<Option<u8>>().map(drop)), ErrorKind::WrongKind);
    assert_eq!(Value::of(&Some(Some(1u8))).get::<Option<Option<u8>>>().unwrap(), Some(Some(1)));
}

/// The payload that the generic encoder writes for a value of a type.
fn encoded(value: Value<'_>, schema: &Schema) -> crate::Result<(AlignedBuf, AlignedBuf, Vec<u8>)> {
    let reshaped = reshape(value, &schema.clone().into())?;
    let value = reshaped.as_ref().map_or(value, Dynamic::value);
    let mut measure = Measure::default();
    value.first_pass(&mut measure);
    let (heap, text) = measure.finish()?;
    let mut record = AlignedBuf::zeroed(schema.root().size());
    let (mut heap, mut text) = (AlignedBuf::zeroed(heap), vec![0; text]);
    let mut sink = Sink::new(&mut heap, 0, &mut text, 0);
    value.second_pass(&mut record, &mut sink);
    sink.finish()?;
    Ok((record, heap, text))
}

/// The payload that a live value writes itself.
fn typed<T: Reflect>(live: &T) -> (AlignedBuf, AlignedBuf, Vec<u8>) {
    let mut measure = Measure::default();
    live.measure(&mut measure);
    let (heap, text) = measure.finish().unwrap();
    let mut record = AlignedBuf::zeroed(live.descriptor().size());
    let (mut heap, mut text) = (AlignedBuf::zeroed(heap), vec![0; text]);
    live.encode(&mut record, &mut Sink::new(&mut heap, 0, &mut text, 0));
    (record, heap, text)
}

#[test]
fn the_generic_encoder_writes_what_the_typed_one_writes() {
    let live = log();
    let schema = Schema::from_descriptor(live.descriptor());
    let expected = typed(&live);
    worlds(&live, |world, value| {
        let found = encoded(value, &schema).unwrap();
        assert_eq!(&*found.0, &*expected.0, "{world}: record");
        assert_eq!(&*found.1, &*expected.1, "{world}: heap");
        assert_eq!(found.2, expected.2, "{world}: text");
    });
}

#[derive(Hydra)]
#[hydra(name = "Event")]
struct Renamed {
    tags: Vec<String>,
    time: u64,
}

#[derive(Hydra)]
struct Original {
    time: u64,
    tags: Vec<String>,
}

#[derive(Hydra)]
#[hydra(name = "Original")]
struct Wider {
    time: u64,
    tags: Vec<Vec<u8>>,
}

#[derive(Hydra)]
#[hydra(name = "Original")]
struct More {
    time: u64,
    tags: Vec<String>,
    more: u8,
}

#[test]
fn encoding_matches_fields_by_name_and_says_where_shapes_differ() {
    let renamed = Renamed { time: 1, tags: vec!["a".into()] };
    let original = Original { time: 1, tags: vec!["a".into()] };
    let schema = Schema::from_descriptor(original.descriptor());
    let (found, expected) = (encoded(Value::of(&renamed), &schema).unwrap(), typed(&original));
    assert_eq!((&*found.0, &*found.1, found.2), (&*expected.0, &*expected.1, expected.2));

    let fails = |value: Value<'_>, schema: &Schema| encoded(value, schema).unwrap_err().to_string();
    let wider = Wider { time: 1, tags: vec![vec![], vec![1]] };
    let error = fails(Value::of(&wider), &schema);
    assert!(
        error.contains("HY0402") && error.contains("at tags[0]: expected string, found bytes"),
        "{error}"
    );
    let more = More { time: 1, tags: vec![], more: 2 };
    let error = fails(Value::of(&more), &schema);
    assert!(error.contains("found a field `more`"), "{error}");
    let error = fails(Value::of(&original), &Schema::from_descriptor(more.descriptor()));
    assert!(error.contains("expected a field `more`, found none"), "{error}");
    let error = fails(Value::of(&vec![0u8; 2]), &Schema::of::<[u8; 3]>());
    assert!(error.contains("expected array of 3 elements, found bytes"), "{error}");
    let error = fails(Value::of(&[0u16; 2]), &Schema::of::<[u16; 3]>());
    assert!(error.contains("expected array of 3 elements, found 2 elements"), "{error}");
    let error = fails(Value::of(&(1u8, 0u32)), &Schema::of::<(u8, std::num::NonZero<u32>)>());
    assert!(error.contains("at 1: expected u32 that is not 0"), "{error}");
}

#[test]
fn references_nest_to_the_limit_and_no_deeper() {
    // A list of itself: type 0 is list<0>.
    let schema = std::sync::Arc::new(Schema::new(vec![Descriptor::list(TypeRef::Index(0))]).unwrap());
    let nested = |depth: usize| (1..depth).fold(Data::Parts(vec![]), |inner, _| Data::Parts(vec![inner]));
    let fits = Dynamic::new(schema.clone(), nested(64)).unwrap();
    encoded(fits.value(), &schema).unwrap();
    assert_eq!(Dynamic::new(schema.clone(), nested(66)).unwrap_err().kind(), ErrorKind::TooDeep);
    let copy = fits.value().at(0).unwrap().to_dynamic().unwrap();
    assert!(copy.schema().is_identical(&schema), "a recursive type inside is the same type");
}

/// A list within a list 63 times, with `inline` options between any two.
fn deep(inline: u32) -> (std::sync::Arc<Schema>, Data) {
    let option = |index: u32| Descriptor::option(TypeRef::Index((index + 1) % (inline + 1)));
    let types = std::iter::once(Descriptor::list(TypeRef::Index(1))).chain((1..=inline).map(option));
    let wrap = |inner: Data| Data::Parts(vec![(0..inline).fold(inner, |inner, _| Data::some(inner))]);
    let data = (1..64).fold(Data::Parts(vec![]), |inner, _| wrap(inner));
    (Schema::new(types.collect()).unwrap().into(), data)
}

/// The stack of a test's thread is that of any thread, 2 MiB, and tests are not optimized.
#[test]
fn deep_values_fit_on_the_stack_of_a_thread() {
    let (schema, data) = deep(3);
    let dynamic = Dynamic::new(schema.clone(), data).unwrap();
    let (record, heap, text) = encoded(dynamic.value(), &schema).unwrap();
    let text = String::from_utf8(text).unwrap();
    let stored =
        Value::stored(crate::layout::rows::At::new(&record, &heap, &text), schema.root(), Some(&schema));
    assert_eq!(stored, dynamic.value());
    assert_eq!(format!("{stored} {stored:#}"), format!("{dynamic} {:#}", dynamic.value()));
    assert_eq!(stored.to_dynamic().unwrap(), dynamic);
    assert_eq!(serde_json::to_string(&stored).unwrap().len(), 2 * 64);
    let mut last = String::new();
    stored.walk(usize::MAX, &mut |path, _| {
        last = path.to_string();
        true
    });
    assert_eq!(last, "[0]???".repeat(63));
    assert!(stored.path(&last).unwrap().is_empty());
}

/// A file may hold up to 64 times 32 levels.
#[test]
fn what_is_nested_too_deep_is_refused_and_not_followed() {
    let (schema, data) = deep(31);
    let deep = Value::data(&data, Type::root(&schema));
    assert_eq!(Dynamic::new(schema.clone(), data.clone()).unwrap_err().kind(), ErrorKind::TooDeep);
    let image = Value::stored(crate::layout::rows::At::new(&[], &[], ""), schema.root(), Some(&schema));
    assert_eq!(deep, deep, "equality is followed to any depth");
    assert_ne!(deep, image);
    assert!(deep.to_string().contains("(Some([..]))"));
    assert!(serde_json::to_string(&deep).is_ok(), "options in one another are one level of text");
    let mut count = 0;
    deep.walk(usize::MAX, &mut |_, _| {
        count += 1;
        true
    });
    assert_eq!(count, 257);
    let path = format!("[0]{}", "?".repeat(31)).repeat(63);
    assert!(deep.path(&path).unwrap().is_empty(), "a path is followed to any depth");
}

#[derive(Hydra)]
enum Tree<T> {
    Leaf(T),
    Group(Box<Tree<T>>, Vec<Tree<T>>),
}

#[test]
fn recursive_and_generic_types_agree_too() {
    let leaf = |number| Tree::Leaf((number, false));
    let tree = Tree::Group(Box::new(Tree::Group(Box::new(leaf(1u8)), vec![])), vec![leaf(2), leaf(3)]);
    let schema = Schema::of::<Tree<(u8, bool)>>();
    let expected = typed(&tree);
    worlds(&tree, |world, value| {
        assert_eq!(
            value.to_string(),
            "Group(Group(Leaf((1, false)), []), [Leaf((2, false)), Leaf((3, false))])"
        );
        assert_eq!(value.path(":Group.1[-1]:Leaf.0.0").unwrap().get::<u64>().unwrap(), 3, "{world}");
        assert_eq!(value.field("0").unwrap().variant().unwrap().name(), "Group");
        assert_eq!(&*encoded(value, &schema).unwrap().1, &*expected.1, "{world}");
        let copy: Tree<(u8, bool)> = value.path("1[0]").unwrap().to().unwrap();
        assert!(matches!(copy, Tree::Leaf((2, false))));
    });
}

/// A live value of which one part is stored as another type.
#[derive(Hydra)]
struct Secret {
    #[hydra(with = Plainly)]
    cell: std::cell::Cell<u32>,
}

struct Plainly;

impl crate::With<std::cell::Cell<u32>> for Plainly {
    type Stored = u32;
    fn to_stored(cell: &std::cell::Cell<u32>) -> crate::Result<u32> {
        Ok(cell.get())
    }
    fn from_stored(stored: u32) -> crate::Result<std::cell::Cell<u32>> {
        Ok(stored.into())
    }
}

#[test]
fn live_values_of_any_depth_are_equal_to_themselves_and_differ_where_they_differ() {
    /// A chain whose last link says `end`.
    fn chain(links: u32, end: u32) -> List {
        (0..links)
            .fold(List { value: end, next: None }, |next, value| List { value, next: Some(Box::new(next)) })
    }
    for links in [1, 100, 128, 200, 1000] {
        let (one, same, other, longer) =
            (chain(links, 7), chain(links, 7), chain(links, 8), chain(links + 1, 7));
        let [one, same, other, longer] = [&one, &same, &other, &longer].map(Value::of);
        assert!(one == one && one == same && one != other && one != longer, "{links}");
        assert_eq!((one.diff(same).len(), one.diff(other).len()), (0, 1), "{links}");
        assert!(!one.diff(longer).is_empty());
    }
}

#[derive(Hydra)]
struct List {
    value: u32,
    next: Option<Box<List>>,
}

#[test]
fn encoded_parts_show_their_live_type_and_are_stored_by_their_owner() {
    let secret = Secret { cell: 7.into() };
    let value = Value::of(&secret);
    let cell = value.field("cell").unwrap();
    assert!(cell.is_encoded() && !cell.is_none() && cell != cell);
    assert_eq!(cell.downcast_ref::<std::cell::Cell<u32>>().unwrap().get(), 7);
    for error in [cell.get::<u32>().unwrap_err(), cell.at(0).unwrap_err(), cell.to_dynamic().unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Encoded);
    }
    assert_eq!(value.to_string(), "Secret { cell: <u32, encoded> }");
    assert!(serde_json::to_string(&value).is_err());
    assert_eq!(value.to_dynamic().unwrap().to_string(), "Secret { cell: 7 }");
    assert_eq!(
        &*encoded(value, &Schema::from_descriptor(secret.descriptor())).unwrap().0,
        7u32.to_le_bytes()
    );
    let elsewhere = Schema::new(vec![
        Descriptor::structure("Other", vec![("cell".into(), TypeRef::Index(1))]),
        Descriptor::scalar(Kind::U32),
    ]);
    assert_eq!(encoded(value, &elsewhere.unwrap()).unwrap_err().kind(), ErrorKind::Encoded);
}

#[test]
fn data_is_held_against_its_schema() {
    let check = |schema: Schema, data: Data| Dynamic::new(schema.into(), data);
    let kind = |schema, data| check(schema, data).unwrap_err().kind();
    assert_eq!(check(Schema::of::<u8>(), Data::Int(255)).unwrap().data(), &Data::Uint(255));
    assert_eq!(check(Schema::of::<i8>(), Data::Int(-128)).unwrap().data(), &Data::Int(-128));
    assert_eq!(check(Schema::of::<u128>(), Data::Uint(u128::MAX)).unwrap().data(), &Data::Uint(u128::MAX));
    for (schema, data) in [
        (Schema::of::<u8>(), Data::Int(256)),
        (Schema::of::<u8>(), Data::Int(-1)),
        (Schema::of::<i8>(), Data::Uint(128)),
        (Schema::of::<i128>(), Data::Uint(u128::MAX)),
        (Schema::of::<std::num::NonZero<u8>>(), Data::Uint(0)),
        (Schema::of::<Duration>(), Data::Uint(1_000_000_000 << 64)),
        (Schema::of::<SystemTime>(), Data::Int(1_000_000_000 << 63)),
    ] {
        assert_eq!(kind(schema, data), ErrorKind::OutOfRange);
    }
    for (schema, data) in [
        (Schema::of::<u8>(), Data::F64(1.0)),
        (Schema::of::<[u8; 2]>(), Data::parts([1u8])),
        (Schema::of::<(u8, u8)>(), Data::parts([1u8])),
        (Schema::of::<Shape>(), Data::Variant(3, vec![])),
        (Schema::of::<Shape>(), Data::Variant(1, vec![])),
        (Schema::of::<String>(), Data::None),
    ] {
        assert_eq!(kind(schema, data), ErrorKind::WrongKind);
    }
    let error = check(
        Schema::of::<(u8, Vec<Option<u8>>)>(),
        Data::Parts(vec![Data::from(1u8), Data::Parts(vec![Data::None, Data::some(true)])]),
    );
    assert_eq!(error.unwrap_err().path_text(), Some("1[1]?"));
    let map =
        check(Schema::of::<BTreeMap<i8, char>>(), Data::entries([(3, 'c'), (-3, 'a'), (0, 'b')])).unwrap();
    assert_eq!(map.to_string(), "{-3: 'a', 0: 'b', 3: 'c'}");
    assert_eq!(kind(Schema::of::<BTreeSet<i8>>(), Data::parts([1i8, 2, 1])), ErrorKind::CannotEncode);
}

#[test]
fn forms_are_read_and_written() {
    let types = |form, kind| Schema::new(vec![Descriptor::formed(kind, form)]).unwrap();
    let dynamic = |schema: Schema, data: Data| Dynamic::new(schema.into(), data).unwrap();
    let millis = dynamic(types(Form::Timestamp { exponent: -3 }, Kind::I64), Data::Int(-1));
    assert_eq!(millis.to_string(), "1969-12-31T23:59:59.999Z");
    assert_eq!(millis.value().get::<SystemTime>().unwrap(), UNIX_EPOCH - Duration::from_millis(1));
    assert_eq!(millis.value().get::<Duration>().unwrap_err().kind(), ErrorKind::WrongKind);
    assert_eq!(millis.value().get::<i8>().unwrap(), -1);
    let pico = dynamic(types(Form::Duration { exponent: -12 }, Kind::U64), Data::Uint(1500));
    assert_eq!(pico.value().get::<Duration>().unwrap_err().kind(), ErrorKind::OutOfRange);
    assert_eq!(pico.to_string(), "0.0000000015s");
    let price = dynamic(types(Form::Decimal { exponent: -2 }, Kind::I64), Data::Int(1250));
    assert_eq!(serde_json::to_string(&price).unwrap(), "\"12.50\"");
    let uuid = Schema::new(vec![Descriptor::uuid(TypeRef::Index(1)), Descriptor::scalar(Kind::U8)]).unwrap();
    let uuid = dynamic(uuid, Data::parts(0u8..16));
    assert_eq!(uuid.to_string(), "00010203-0405-0607-0809-0a0b0c0d0e0f");
}

#[test]
fn json_is_as_documented() {
    let json = serde_json::to_string(&Value::of(&log())).unwrap();
    let expected = concat!(
        r#"{"time":5,"text":"a \"b\" é","tags":["x","","yz"],"ratio":0.1,"depth":2.5,"shape":{"Circle":{"r":1.5}},"#,
        r#""other":{"Poly":[[-1,2],"p"]},"maybe":[-7,"ß"],"never":null,"names":{"a]b":3,"one":1,"two":2},"#,
        r#""by_id":[[-4,1],[9,2]],"members":[10,20,30],"raw":"AP8h","grid":[[1,2],[3,4]],"prices":[1.0,"NaN",-0.0],"#,
        r#""at":"2024-01-02T03:04:05.120Z","took":"1.5s","wide":"-170141183460469231731687303715884105728","#,
        r#""nothing":null}"#
    );
    assert_eq!(json, expected);
}

#[test]
fn text_is_one_line_or_many() {
    let value = log();
    let shown = Value::of(&value.other).to_string();
    assert_eq!(shown, r#"Poly([-1, 2], Some("p"))"#);
    assert_eq!(format!("{:#}", Value::of(&value.shape)), "Circle {\n    r: 1.5,\n}");
    assert_eq!(Value::of(&Shape::Empty).to_string(), "Empty");
    assert_eq!(Value::of(&(1u8,)).to_string(), "(1,)");
    assert_eq!(Value::of(&value.names).to_string(), r#"{"a]b": 3, "one": 1, "two": 2}"#);
    assert_eq!(Value::of(&value.members).to_string(), "{10, 20, 30}");
    assert_eq!(Value::of(&b"a\"b".to_vec()).to_string(), r#"b"a\"b""#);
    assert_eq!(Value::of(&Box::new(f32::NAN)).to_string(), "NaN");
    assert_eq!(Value::of(&vec![0.1f32, 1e20]).to_string(), "[0.1, 1e+20]");
    // As in JSON: of two shortest decimals that are equally near, the even one.
    for float in [-97.23049926757812, 1e16, 1e-7, -0.0, f64::MAX, 123_456_789_012_345_680.0] {
        assert_eq!(Value::of(&float).to_string(), serde_json::to_string(&float).unwrap());
    }
}

#[test]
fn keys_are_in_the_order_of_the_format() {
    use std::cmp::Ordering::{Greater, Less};
    assert_eq!(compare_keys(Value::of(&-1i8), Value::of(&1i8)), Less);
    assert_eq!(compare_keys(Value::of(&u128::MAX), Value::of(&1u128)), Greater);
    assert_eq!(compare_keys(Value::of(&"a".to_string()), Value::of(&"aa".to_string())), Less);
    assert_eq!(compare_keys(Value::of(&(1u8, 2u8)), Value::of(&(1u8, 1u8))), Greater);
    assert_eq!(compare_keys(Value::of(&[1u8, 200]), Value::of(&[2u8, 1])), Less);
    let tags = |kind, tags: [i128; 2]| {
        let variants = tags.map(|tag| (format!("V{tag}"), tag, Style::Unit, vec![])).to_vec();
        let schema =
            std::sync::Arc::new(Schema::new(vec![Descriptor::enumeration("E", kind, variants)]).unwrap());
        let value = |index| Dynamic::new(schema.clone(), Data::Variant(index, vec![])).unwrap();
        compare_keys(value(0).value(), value(1).value())
    };
    assert_eq!(tags(Kind::I8, [-1, 1]), Less);
    assert_eq!(tags(Kind::U128, [-1, 1]), Greater, "u128 tags are given by their bits");
}

#[test]
fn paths_print_as_they_parse() {
    for text in [
        "",
        "a",
        "t.0",
        "a[3].b[-1]",
        "m[\"k\\\"ey\"]",
        "s:Circle.r",
        ":V",
        "o?.x??",
        "\"a b\".c",
        "a.\"\\u{a}\"",
        "[0][1]",
    ] {
        assert_eq!(text.parse::<Path>().unwrap().to_string(), text);
    }
    for (text, at) in [
        ("a..b", 2),
        (".a", 0),
        ("a[", 2),
        ("a[01]", 2),
        ("a[x]", 2),
        ("a b", 1),
        ("a[1", 3),
        ("\"a\"", 0),
        ("a[\"x", 4),
        ("a[-0]", 2),
    ] {
        let error = text.parse::<Path>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadPath, "{text}");
        assert!(error.to_string().contains(&format!("(at byte {at})")), "{text}: {error}");
    }
    // Every path of a pseudo-random set of steps prints as something that parses as itself.
    let names = ["a", "", "x y", "\"", "\\", "0", "é", "a.b", "[", "\n\u{202e}", "?", ":"];
    let mut state = 1u64;
    for _ in 0..5000 {
        let mut next = |bound: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % bound
        };
        let step = |kind: u64, name: u64| match kind {
            0 => Step::Field(names[name as usize].to_string()),
            1 => Step::Index(name as i64 - 6),
            2 => Step::Key(names[name as usize].to_string()),
            3 => Step::Variant(names[name as usize].to_string()),
            _ => Step::Some,
        };
        let path: Path = (0..next(6)).map(|_| step(next(5), next(names.len() as u64))).collect();
        assert_eq!(path.to_string().parse::<Path>().unwrap(), path, "{path}");
        let locator = Locator {
            table: (next(2) == 0).then(|| names[next(12) as usize].to_string()),
            records: [None, Some(Records::One(-3)), Some(Records::Range(None, Some(4)))][next(3) as usize],
            path,
        };
        let readable = locator.records.is_some()
            || !matches!(locator.path.steps().first(), Some(Step::Index(_) | Step::Key(_)));
        if readable {
            assert_eq!(locator.to_string().parse::<Locator>().unwrap(), locator, "{locator}");
        }
    }
}

#[test]
fn locators_name_table_records_and_path() {
    let one = |text: &str| text.parse::<Locator>().unwrap();
    assert_eq!(
        one("[Pair<u64,string>][-1].a.b"),
        Locator {
            table: Some("Pair<u64,string>".into()),
            records: Some(Records::One(-1)),
            path: "a.b".parse().unwrap(),
        }
    );
    assert_eq!(one("[10:20].symbol").records, Some(Records::Range(Some(10), Some(20))));
    assert_eq!(one("[T]").table.as_deref(), Some("T"));
    assert_eq!(one("[7][2]").path.to_string(), "[2]");
    assert_eq!(one("a.b").records, None);
    for text in ["[T", "[1][x]", "[T].", "[T]a", "[\"T\"]"] {
        assert_eq!(text.parse::<Locator>().unwrap_err().kind(), ErrorKind::BadPath, "{text}");
    }
}
