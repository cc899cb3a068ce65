//! Reading through reflection: every query on a value, on its type, and on missing parts has the same result
//! in every representation. Exceptions are listed in docs/guide/reflection.md and tested here too.

use crate::golden::{some_containers, some_scalars, some_shapes};
use crate::worlds::in_each_world;
use hydra::reflect::{Path, Step, Why};
use hydra::schema::{AttrValue, Field, TypeRef};
use hydra::{Descriptor, ErrorKind, Hydra, Kind, Value, ValueMut};
use hydra_tests::types::*;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::num::NonZero;
use std::time::{Duration, SystemTime};

/// Fields that a compiler puts in another order than the declared one, which is that of the file.
#[derive(Clone, Debug, PartialEq, Hydra)]
pub(crate) struct Mixed {
    small: u8,
    /// What was paid.
    #[hydra(attr(unit = "EUR"), alias = "cost")]
    pub price: f64,
    flag: bool,
    #[hydra(readonly)]
    wide: u128,
    #[deprecated(note = "use small")]
    letter: char,
}

/// An enum whose tag in memory is the niche of a pointer.
#[derive(Clone, Debug, PartialEq, Hydra)]
pub(crate) enum Pointed {
    To(Box<u8>),
    Nowhere,
}

/// Enums whose tag in memory is the niche of a bool, and of another such enum.
#[derive(Clone, Copy, Debug, PartialEq, Hydra)]
pub(crate) enum Tri {
    Known(bool),
    Asked,
    /// Never asked.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Hydra)]
pub(crate) enum Quad {
    Inner(Tri),
    Outer { x: i8 },
}

/// An enum without a tag in memory.
#[derive(Clone, Copy, Debug, PartialEq, Hydra)]
pub(crate) enum One {
    Only { x: u16 },
}

/// Options without a tag in memory.
#[derive(Clone, Debug, PartialEq, Hydra)]
pub(crate) struct Niches {
    number: Option<NonZero<u32>>,
    boxed: Option<Box<Mixed>>,
    truth: Option<Option<Option<bool>>>,
    letter: Option<char>,
    text: Option<Option<String>>,
    list: Option<Vec<Option<Box<str>>>>,
    tri: Option<Tri>,
    venue: [Option<Venue>; 2],
    took: Option<Duration>,
    at: Option<Option<SystemTime>>,
}

type Choices = (Pointed, Pointed, [Tri; 4], [Quad; 4], One);
type Keyed = (BTreeMap<Venue, u8>, BTreeMap<bool, ()>, BTreeMap<(u8, char), String>, BTreeMap<Vec<u8>, u8>);

/// A bit of everything.
#[derive(Clone, Debug, PartialEq, Hydra)]
#[hydra(version = 2)]
pub(crate) struct Subject {
    pub mixed: Mixed,
    pub scalars: Scalars,
    pub containers: Containers,
    pub shapes: Vec<Shape>,
    pub tree: Tree,
    pub niches: (Niches, Niches),
    pub choices: Choices,
    pub keyed: Keyed,
    pub one: (UserId,),
}

#[allow(deprecated)]
fn mixed() -> Mixed {
    Mixed { small: 1, price: -0.0, flag: true, wide: u128::MAX, letter: '\u{10ffff}' }
}

fn subject() -> Subject {
    let [_, scalars] = some_scalars();
    let [_, containers] = some_containers();
    let tree = |value, left| Tree { value, left, right: None };
    let none = Niches {
        number: None,
        boxed: None,
        truth: None,
        letter: None,
        text: None,
        list: None,
        tri: None,
        venue: [None; 2],
        took: None,
        at: None,
    };
    let some = Niches {
        number: NonZero::new(u32::MAX),
        boxed: Some(Box::new(mixed())),
        truth: Some(Some(None)),
        letter: Some('\0'),
        text: Some(None),
        list: Some(vec![None, Some("".into()), Some("é".into())]),
        tri: Some(Tri::Unknown),
        venue: [None, Some(Venue::Other)],
        took: Some(Duration::MAX),
        at: Some(Some(SystemTime::UNIX_EPOCH - Duration::from_nanos(1))),
    };
    let tris = [Tri::Known(false), Tri::Known(true), Tri::Asked, Tri::Unknown];
    Subject {
        mixed: mixed(),
        scalars,
        containers,
        shapes: some_shapes(),
        tree: tree(1, Some(Box::new(tree(2, None)))),
        niches: (none, some),
        choices: (
            Pointed::To(Box::new(7)),
            Pointed::Nowhere,
            tris,
            [Quad::Inner(tris[1]), Quad::Inner(tris[3]), Quad::Outer { x: -1 }, Quad::Inner(tris[2])],
            One::Only { x: 9 },
        ),
        keyed: (
            [(Venue::Other, 1), (Venue::Nyse, 2)].into(),
            [(true, ()), (false, ())].into(),
            [((1, 'b'), "b".into()), ((1, 'a'), "a".into())].into(),
            [(vec![0xff], 1), (vec![], 2), (b"key".to_vec(), 3)].into(),
        ),
        one: (UserId(4),),
    }
}

/// A type as read from a file, without the offsets in memory.
fn facts(ty: &Descriptor) -> String {
    let fields = |fields: &[Field]| {
        let fact = |it: &Field| {
            format!(
                "{} at {} {:?} {:?} {:?}",
                it.name(),
                it.offset(),
                it.doc(),
                it.notes(),
                it.attribute("unit")
            )
        };
        fields.iter().map(fact).collect::<Vec<_>>().join("; ")
    };
    let variants = ty.variants().iter().map(|it| {
        format!("{} {} {:?} {:?} {}", it.name(), it.tag(), it.style(), it.notes(), fields(it.fields()))
    });
    format!(
        "{} {:?} {:?} {} {}/{} {} {:?} {:?} {:?} {:?} {} {:?} {:?} | {} | {:?}",
        ty.name(),
        ty.kind(),
        ty.form(),
        ty.is_nonzero(),
        ty.size(),
        ty.align(),
        ty.count(),
        ty.tag(),
        ty.doc(),
        ty.notes(),
        (ty.args().len(), ty.element().is_some(), ty.key().is_some()),
        ty.is_fieldless(),
        ty.field_index("price"),
        ty.variant_index("Unknown"),
        fields(ty.fields()),
        variants.collect::<Vec<_>>(),
    )
}

/// Describes everything that can be read from a value and must be the same in every representation, line by
/// line.
fn everything(value: Value<'_>) -> String {
    let mut text = String::new();
    let mut say = |what: &str, found: String| writeln!(text, "{what}: {found}").unwrap();
    macro_rules! get {
        ($($ty:ty),*) => {$(say(stringify!($ty), format!("{:?}", value.get::<$ty>()));)*};
    }
    get!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, bool, char, &str);
    get!(Duration, SystemTime, Option<u8>, Option<bool>, Option<&str>, Option<Option<f64>>, Option<char>);
    say("type", facts(value.ty()));
    say("text", format!("{value} {value:#} {value:?} {value:#?}"));
    say("json", serde_json::to_string(&value).unwrap_or_else(|error| error.to_string()));
    say("scalar", format!("{:?}", value.scalar()));
    say("shape", format!("{:?} {} {} {}", value.kind(), value.len(), value.is_none(), value.is_empty()));
    say("variant", format!("{:?}", value.variant().map(|variant| (variant.name(), variant.tag()))));
    let names: Vec<_> = value.fields().iter().map(Field::name).collect();
    say("fields", format!("{names:?}"));
    for index in [0, 1, 2, 3, 9, -1, -3, i64::MAX, i64::MIN] {
        let field = usize::try_from(index).map(|index| value.field_at(index));
        say("at", format!("{index} {:?} {field:?}", value.at(index)));
    }
    for name in names.into_iter().chain(["r", "0", "prise", "", "Unknown", "To", "Nyse", "one", "-4", "é"]) {
        let steps = [Step::Field, Step::Key, Step::Variant].map(|step| step(name.to_string()));
        let found = steps.map(|step| value.step(&step));
        let [field, key, variant] = &found;
        let same = format!("{:?} {:?} {:?}", value.field(name), value.key(name), value.as_variant(name));
        assert_eq!(format!("{field:?} {key:?} {variant:?}"), same);
        say(name, format!("{found:?}"));
    }
    say("inner", format!("{:?} {:?}", value.inner(), value.step(&Step::Some)));
    for path in ["0.0", "[0]", "[0][1]", "?", "?.small", ":Known.0", "small?", "[\"a\"][0]", "a..b", "[01]"] {
        say("path", format!("{:?} {:?}", value.path(path), path.parse::<Path>().map(|it| value.follow(&it))));
    }
    let part = |(field, part): (Option<&Field>, Value<'_>)| format!("{:?} {part}", field.map(Field::name));
    say(
        "parts",
        format!("{} {:?}", value.parts().size_hint().0, value.parts().map(part).collect::<Vec<_>>()),
    );
    let entries = value.entries().map(|entries| {
        (
            entries.len(),
            entries.get(0).is_some(),
            entries.map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>(),
        )
    });
    say("entries", format!("{entries:?}"));
    for depth in 0..3 {
        let mut seen = Vec::new();
        value.walk(depth, &mut |path, _| {
            seen.push(path.to_string());
            seen.len() % 4 != 3
        });
        say("walk", format!("{seen:?}"));
    }
    let other = (1u8, "other".to_string());
    let (back, forth) = (value.diff(Value::of(&other)), Value::of(&other).diff(value));
    let side = |value: Option<Value<'_>>| value.map(|value| value.to_string());
    for differences in [value.diff(value), back, forth] {
        let said =
            differences.iter().map(|it| format!("{} {:?} {:?}", it.path, side(it.left), side(it.right)));
        say("diff", format!("{:?}", said.collect::<Vec<_>>()));
    }
    macro_rules! to {
        ($($ty:ty),*) => {$(
            let owned = value.to::<$ty>().map(|owned| Value::of(&owned).to_string());
            say(stringify!($ty), format!("{owned:?}"));
        )*};
    }
    to!(u8, u64, f64, bool, String, Vec<u8>, Vec<String>, Option<u16>, Box<u64>, Duration, Tick, Tri, UserId);
    say("copy", format!("{:?}", value.to_dynamic().map(|copy| (copy.to_string(), copy.value() == value))));
    let fixed = |way: fn(ValueMut<'_>) -> hydra::Result<ValueMut<'_>>| {
        let way = way(ValueMut::fixed(value, Why::ReadOnlySource));
        way.and_then(|mut part| part.set_str("1").and_then(|()| part.set(1u8)))
    };
    let ways: [fn(ValueMut<'_>) -> hydra::Result<ValueMut<'_>>; 7] = [
        |value| value.path(""),
        |value| value.field("0"),
        |value| value.field_at(0),
        |value| value.at(-1),
        |value| value.key("one"),
        |value| value.inner(),
        |value| value.as_variant("Asked"),
    ];
    say("set", format!("{:?}", ways.map(fixed)));
    text
}

#[test]
fn every_operation_agrees_in_every_world() {
    let live = subject();
    let mut reference: Vec<(String, String)> = Vec::new();
    let mut kinds = std::collections::HashSet::new();
    in_each_world(&live, |world, root| {
        let mut seen = Vec::new();
        assert_eq!(root, Value::of(&live), "{world}");
        assert!(root.diff(Value::of(&live)).is_empty() && Value::of(&live).diff(root).is_empty(), "{world}");
        root.walk(usize::MAX, &mut |path, value| {
            kinds.insert(value.kind());
            seen.push((path.to_string(), everything(value)));
            let twin = Value::of(&live).path(&path.to_string());
            // Keys that are tuples, or bytes that are no text, have no spelling.
            let spelled = !["keyed.2[", "keyed.3[2]"].iter().any(|it| path.to_string().starts_with(it));
            assert!(!spelled || twin.is_ok_and(|twin| twin == value), "{path}");
            true
        });
        assert!(seen.len() > 250, "{}", seen.len());
        if reference.is_empty() {
            reference = seen;
            return;
        }
        assert_eq!(reference.len(), seen.len(), "{world}");
        for (expected, found) in reference.iter().zip(&seen) {
            let lines = expected.1.lines().zip(found.1.lines());
            for (expected, found_line) in lines {
                assert_eq!(expected, found_line, "{world}: {}", found.0);
            }
            assert_eq!(expected, found, "{world}");
        }
    });
    assert!(kinds.len() >= 25, "{kinds:?}");
}

#[test]
fn memory_is_laid_out_by_the_compiler_and_files_by_the_format() {
    let live = mixed();
    in_each_world(&live, |world, value| {
        let ty = value.ty();
        let known = world == "live" || world.contains("with the type");
        assert_eq!((ty.live().is_some(), value.schema().is_none()), (known, known), "{world}");
        let stored: Vec<_> = ty.fields().iter().map(Field::offset).collect();
        assert_eq!(stored, [0, 8, 16, 32, 48], "{world}");
        let memory: Vec<_> = ty.fields().iter().filter_map(Field::live_offset).collect();
        assert_eq!(memory.len(), if known { 5 } else { 0 }, "{world}");
        assert!(!known || memory != stored, "the compiler keeps the order: this shows nothing");
        assert_eq!(ty.fields()[1].attribute("unit"), Some(&AttrValue::Str("EUR".into())), "{world}");
        assert_eq!(value.to::<Mixed>().unwrap(), live);
    });
    // A field that is stored as another type is not there under its stored type.
    let order = hydra::type_of::<Attributed>();
    let position = &order.fields()[order.field_index("position").unwrap()];
    assert_eq!(position.live_offset(), None);
}

/// The rows of docs/guide/reflection.md about features of a single representation.
#[test]
fn what_one_world_has_alone() {
    let live = subject();
    let encoded = Attributed::new(5, "limit", 7);
    in_each_world(&live, |world, value| {
        let found = value.downcast_ref::<Subject>().map(|found| std::ptr::eq(found, &live));
        assert_eq!(found, (world == "live").then_some(true), "{world}");
        let part = value.path("niches.1.boxed?").unwrap().inner().unwrap();
        assert_eq!(part.downcast_ref::<Mixed>().is_some(), world == "live", "{world}");
        assert!(value.downcast_ref::<Mixed>().is_none(), "{world}");
        assert_eq!(part.to::<Mixed>().unwrap(), mixed(), "{world}");
    });
    in_each_world(&encoded, |world, value| {
        let (place, known) = (value.field("position").unwrap(), world == "live");
        assert_eq!(place.is_encoded(), known, "{world}");
        assert_eq!(place.downcast_ref::<usize>(), known.then_some(&7), "{world}");
        let outcomes =
            [place.get::<u64>().map(drop), place.to::<u64>().map(drop), place.to_dynamic().map(drop)];
        for outcome in outcomes {
            match outcome {
                Ok(()) => assert!(!known, "{world}"),
                Err(error) => assert!(known && error.help_text().is_some(), "{world}: {error}"),
            }
        }
        assert_eq!(place == Value::of(&7u64), !known, "{world}");
        assert_eq!(value.to::<Attributed>().unwrap(), encoded, "{world}");
    });
}

/// Slices of every number type, of every part: the exact number type or an error, and never from data.
#[test]
fn slices_are_of_exactly_their_number() {
    fn bits<T: Copy>(
        slice: hydra::Result<&[T]>,
        bits: fn(T) -> u128,
    ) -> Result<Vec<u128>, (ErrorKind, String)> {
        let failed = |error: hydra::Error| (error.kind(), error.to_string());
        slice.map(|slice| slice.iter().map(|&number| bits(number)).collect()).map_err(failed)
    }
    let live = (subject(), [[1i32, 2], [3, 4]], vec![1i64, -1], [1u16; 3], vec![1u128], [0u8; 2], vec![0f64]);
    let mut seen = 0;
    in_each_world(&live, |world, root| {
        let is_data = matches!(world, "staged" | "data");
        root.walk(usize::MAX, &mut |path, value| {
            let twin = Value::of(&live).path(&path.to_string());
            let twin = twin.unwrap_or(value);
            macro_rules! same {
                ($($ty:ident: $bits:expr),*) => {$(
                    let here = bits::<$ty>(value.get(), $bits);
                    let there = bits::<$ty>(twin.get(), $bits);
                    match &there {
                        Ok(numbers) if is_data && !numbers.is_empty() && value.kind() != Kind::Bytes => {
                            let (kind, text) = here.unwrap_err();
                            assert_eq!(kind, ErrorKind::Encoded, "{world}: {path}");
                            assert!(text.contains("help: read them one by one"), "{text}");
                        }
                        _ => assert_eq!(here, there, "{world}: {path} as {}", stringify!($ty)),
                    }
                    seen += usize::from(there.is_ok_and(|numbers| !numbers.is_empty()));
                )*};
            }
            same!(u8: u128::from, u16: u128::from, u32: u128::from, u64: u128::from, u128: |it| it);
            same!(i8: |it| it as u128, i16: |it| it as u128, i32: |it| it as u128, i64: |it| it as u128);
            same!(f32: |it| it.to_bits().into(), f64: |it| it.to_bits().into());
            true
        });
    });
    assert!(seen > 70, "{seen}");
}

type Outcome = Result<&'static str, (ErrorKind, &'static str)>;

#[test]
fn paths_lead_to_values_and_errors() {
    use ErrorKind::{NoSuchPath, WrongKind};
    let cases: &[(&str, Outcome)] = &[
        ("containers.text.0", Ok("\"naïve 日本\"")),
        ("containers.nested[0][-1]", Ok("\"bb\"")),
        ("containers.map[\"aa\"]", Ok("[1, 2, 3]")),
        ("containers.hash_map[2].0", Ok("5")),
        ("containers.set[1].1", Ok("Other")),
        ("containers.bytes", Ok("0x00ff0a")),
        ("shapes[1]:Circle.r", Ok("1.5")),
        ("shapes[1].r", Ok("1.5")),
        ("tree.left?.value", Ok("2")),
        ("niches.1.truth??", Ok("None")),
        ("choices.2[1]:Known.0", Ok("true")),
        ("choices.3[2]:Outer.x", Ok("-1")),
        ("choices.0.0", Ok("7")),
        ("keyed.0[\"Nyse\"]", Ok("2")),
        ("keyed.1[\"true\"]", Ok("()")),
        ("keyed.3[\"key\"]", Ok("3")),
        ("one.0", Ok("UserId(4)")),
        ("tre", Err((NoSuchPath, "did you mean `tree`?"))),
        ("shapes[44]", Err((NoSuchPath, "no index 44"))),
        ("shapes[-44]", Err((NoSuchPath, "no index -44"))),
        ("mixed.price.x", Err((WrongKind, "found f64"))),
        ("niches.1.boxed.small", Err((WrongKind, "open the option first"))),
        ("niches.0.boxed?", Err((NoSuchPath, "found none"))),
        ("mixed?", Err((WrongKind, "expected an option"))),
        ("shapes[1]:Poly.0", Err((NoSuchPath, "expected Poly, found Circle"))),
        ("shapes[1]:Circel", Err((NoSuchPath, "did you mean `Circle`?"))),
        ("shapes[1].0", Err((NoSuchPath, "`0` is a field of Poly"))),
        ("containers.map[\"x\"]", Err((NoSuchPath, "no key \"x\""))),
        ("containers.hash_map[\"x\"]", Err((NoSuchPath, "no key \"x\""))),
        ("containers.bytes[0]", Err((WrongKind, "found bytes"))),
        ("containers.bytes[\"a\"]", Err((WrongKind, "expected a map, found bytes"))),
        ("mixed:Circle", Err((WrongKind, "expected an enum, found struct Mixed"))),
    ];
    in_each_world(&subject(), |world, root| {
        for (path, expected) in cases {
            match (root.path(path), expected) {
                (Ok(value), Ok(text)) => assert_eq!(value.to_string(), *text, "{world}: {path}"),
                (Err(error), Err((kind, words))) => {
                    assert_eq!(error.kind(), *kind, "{world}: {path}");
                    assert!(error.to_string().contains(words), "{world}: {path}: {error}");
                    assert_eq!(error.path_text(), Some(*path));
                }
                (found, _) => panic!("{world}: {path}: {found:?}"),
            }
        }
        let error = root.path("shapes[1].name.x").unwrap_err().to_string();
        assert!(error.contains("\n      shapes[1].name.x\n               ^^^^^\n"), "{error}");
    });
}

#[test]
fn values_are_equal_across_worlds_and_floats_by_bits() {
    let live = subject();
    type Change = fn(&mut Subject);
    let changes: [(&str, Change); 12] = [
        ("mixed.price", |it| it.mixed.price = 0.0),
        ("scalars.c.0", |it| it.scalars.c.0 = f32::from_bits(it.scalars.c.0.to_bits() ^ 1)),
        ("containers.map[\"new\"]", |it| _ = it.containers.map.insert("new".into(), vec![])),
        ("containers.set", |it| _ = it.containers.set.pop_first()),
        ("containers.boxed", |it| *it.containers.boxed -= 1),
        ("shapes[1]", |it| it.shapes[1] = Shape::Empty),
        ("tree.left?.value", |it| it.tree.left.as_mut().unwrap().value = 3),
        ("niches.1.truth??", |it| it.niches.1.truth = Some(Some(Some(false)))),
        ("niches.0.truth", |it| it.niches.0.truth = Some(None)),
        ("choices.2[3]", |it| it.choices.2[3] = Tri::Asked),
        ("choices.1", |it| it.choices.1 = Pointed::To(Box::new(0))),
        ("shapes[2]", |it| it.shapes.truncate(2)),
    ];
    let others = changes.map(|(path, change)| {
        let mut other = live.clone();
        change(&mut other);
        (path, other)
    });
    in_each_world(&live, |left_world, left| {
        for (path, other) in &others {
            assert_ne!(left, Value::of(other), "{left_world}: {path}");
        }
    });
    for (path, other) in &others {
        in_each_world(other, |world, right| {
            assert_ne!(Value::of(&live), right, "{world}: {path}");
            let differences = Value::of(&live).diff(right);
            assert_eq!(differences[0].path.to_string(), *path, "{world}");
            assert_eq!(differences.len(), if *path == "shapes[2]" { live.shapes.len() - 2 } else { 1 });
        });
    }
    assert_ne!(Value::of(&1u8), Value::of(&1u16));
    assert_ne!(Value::of(&1u128), Value::of(&Duration::from_nanos(1)));
}

#[test]
fn parts_become_owned_values() {
    let live = subject();
    in_each_world(&live, |world, root| {
        let part = |path: &str| root.path(path).unwrap();
        assert_eq!(
            part("containers.nested").to::<Vec<Vec<String>>>().unwrap(),
            live.containers.nested,
            "{world}"
        );
        let map: HashMap<UserId, (i8, String)> = part("containers.hash_map").to().unwrap();
        assert_eq!(map, live.containers.hash_map, "{world}");
        assert_eq!(part("scalars.g").to::<SystemTime>().unwrap(), live.scalars.g, "{world}");
        assert_eq!(part("niches").to::<(Niches, Niches)>().unwrap(), live.niches, "{world}");
        assert_eq!(part("choices.3").to::<[Quad; 4]>().unwrap(), live.choices.3, "{world}");
        assert_eq!(part("tree").to::<Tree>().unwrap(), live.tree, "{world}");
        assert_eq!(root.to::<Subject>().map(|owned| owned.choices).unwrap(), live.choices, "{world}");
        for error in [
            part("scalars.b.4").to::<i128>().unwrap_err(),
            part("containers.nested").to::<Vec<Vec<Vec<u8>>>>().unwrap_err(),
            part("scalars.g").to::<i128>().unwrap_err(),
            part("one.0").to::<u32>().unwrap_err(),
            part("choices.4").to::<Tri>().unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::TypeMismatch, "{world}: {error}");
            assert!(error.help_text().is_some(), "{world}: {error}");
        }
        let shape = part("shapes[2]").to_dynamic().unwrap();
        assert_eq!((shape.schema().name().as_str(), shape.value()), ("Shape", part("shapes[2]")), "{world}");
    });
}

fn chain(depth: usize) -> Tree {
    let link = |left, value| Tree { value, left: Some(Box::new(left)), right: None };
    (0..depth as i32).fold(Tree::default(), link)
}

/// As deep as a file allows; one level deeper; and beyond the limit of reflection.
#[test]
fn everything_ends_at_the_limits_of_depth() {
    let whole = |value: Value<'_>, depth: usize| {
        let (mut seen, mut last) = (0, String::new());
        value.walk(usize::MAX, &mut |path, _| {
            last = path.to_string();
            seen += 1;
            true
        });
        assert!(value.diff(value).is_empty() && value == value);
        assert_eq!(serde_json::to_string(&value).unwrap().matches("value").count(), depth + 1);
        assert_eq!(value.to_string().matches("Tree {").count(), depth + 1);
        assert_eq!(format!("{value:#?}").matches("None").count(), depth + 2);
        let deepest = vec!["left?"; depth].join(".");
        assert_eq!(value.path(&deepest).unwrap().field("value").unwrap().get::<u8>().unwrap(), 0);
        assert_eq!(seen, 1 + depth * 4 + 3);
    };
    in_each_world(&chain(64), |world, value| {
        whole(value, 64);
        assert_eq!(value.to::<Tree>().unwrap(), chain(64), "{world}");
        let mut copy = value.to_dynamic().unwrap();
        let deepest = vec!["left?"; 64].join(".");
        let error = copy.value_mut().path(&format!("{deepest}.left")).unwrap();
        let error = { error }.set(Some(Box::new(Tree::default()))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooDeep, "{world}");
        assert_eq!(error.path_text(), Some(&*format!("{deepest}.left?")), "{world}");
    });
    let deep = chain(65);
    whole(Value::of(&deep), 65);
    assert_eq!(Value::of(&deep).to_dynamic().unwrap_err().kind(), ErrorKind::TooDeep);
    assert_eq!(Value::of(&deep).to::<Tree>().unwrap_err().kind(), ErrorKind::TooDeep);
    let deeper = chain(1000);
    let value = Value::of(&deeper);
    assert!(
        value == value
            && value != Value::of(&chain(1001))
            && serde_json::to_string(&value).is_err()
            && value.to_string().contains("..")
    );
    assert!(value.diff(value).is_empty(), "equality is followed to any depth");
    assert!(value.path(&vec!["left?"; 1000].join(".")).is_ok(), "a path is followed to any depth");
    let mut count = 0;
    value.walk(usize::MAX, &mut |_, _| {
        count += 1;
        true
    });
    assert!((256..1100).contains(&count), "{count}");
    let mut live = chain(3);
    let error = ValueMut::of(&mut live).set_value(value).unwrap_err();
    assert_eq!((error.kind(), live), (ErrorKind::TooDeep, chain(3)));
}

/// Types made only of data are read like all others, and refer to each other by number.
#[test]
fn references_between_types_mean_something_in_their_world_only() {
    let pair = hydra::type_of::<(u8, String)>();
    assert!(matches!(pair.fields()[1].ty(), TypeRef::Live(of) if of().kind() == Kind::String));
    in_each_world(&(1u8, "a".to_string()), |world, value| {
        let resolved = match (value.ty().fields()[1].ty(), value.schema()) {
            (TypeRef::Live(of), None) => of(),
            (index, schema) => schema.expect(world).resolve(index),
        };
        assert_eq!(resolved.kind(), Kind::String, "{world}");
    });
}
