//! Every kind of value: from live to bytes to view, value and owned value, equal each time; for types made by
//! the derive and for types that exist only as data.

use crate::golden::{log, some_constants, some_containers, some_scalars, some_shapes, tick};
use hydra::reflect::{Data, Seed};
use hydra::schema::{Style, TypeRef};
use hydra::{Descriptor, Dynamic, ErrorKind, Kind, Reader, Result, Schema, Value, View, Writer};
use hydra_tests::laws::{formats_survive, records_survive, value_survives};
use hydra_tests::types::*;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroI16;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn the_golden_values_survive() -> Result<()> {
    let folder = scratch();
    some_scalars().iter().try_for_each(value_survives)?;
    some_containers().iter().try_for_each(value_survives)?;
    some_shapes().iter().try_for_each(value_survives)?;
    records_survive(&folder.path().join("scalars"), &some_scalars())?;
    records_survive(&folder.path().join("containers"), &some_containers())?;
    records_survive(&folder.path().join("shapes"), &some_shapes())?;
    value_survives(&some_constants())?;
    records_survive(&folder.path().join("constants"), &[some_constants()])?;
    records_survive(&folder.path().join("logs"), &(0..5000).map(log).collect::<Vec<_>>())?;
    records_survive(&folder.path().join("ticks"), &(0..20_000).map(tick).collect::<Vec<_>>())
}

#[test]
fn types_that_constants_tell_apart_are_two_tables() -> Result<()> {
    let (four, eight) = (Schema::of::<Packet<4>>(), Schema::of::<Packet<8>>());
    assert_eq!((four.name(), eight.name()), ("Packet<4>".into(), "Packet<8>".into()));
    let (open, closed) = (Schema::of::<Grid<u8, 4>>(), Schema::of::<Grid<u8, 4, false>>());
    assert_eq!((open.name(), closed.name()), ("Grid<u8,4,true>".into(), "Grid<u8,4,false>".into()));
    assert_ne!(open.fingerprint(), closed.fingerprint());
    assert_eq!(open.layout_fingerprint(), closed.layout_fingerprint());
    let folder = scratch();
    let path = folder.path().join("packets");
    let mut writer = Writer::create(&path)?;
    let (four, eight) = (writer.table::<Packet<4>>()?, writer.table::<Packet<8>>()?);
    writer.append(four, &Packet::Short([4; 4]))?;
    writer.append(eight, &Packet::Short([8; 8]))?;
    writer.finish()?;
    let reader = Reader::open(&path)?;
    assert_eq!(reader.table::<Packet<4>>()?.get(0)?.decode()?, Packet::Short([4; 4]));
    assert_eq!(reader.table::<Packet<8>>()?.get(0)?.decode()?, Packet::Short([8; 8]));
    assert_eq!(reader.table::<Packet<2>>().unwrap_err().kind(), ErrorKind::NoTable);
    // A live value finds its own schema again, and not that of a sibling.
    let value = Value::of(&Packet::Short([4; 4])).to_dynamic()?;
    assert_eq!(value.schema().name(), "Packet<4>");
    assert!(Schema::decode(value.schema().core(), value.schema().notes())?.is_identical(value.schema()));
    Ok(())
}

#[test]
fn built_in_types_are_tables_too() -> Result<()> {
    let folder = scratch();
    records_survive(&folder.path().join("numbers"), &[1u64, 2, 3])?;
    records_survive(&folder.path().join("strings"), &["a".to_string(), String::new()])?;
    records_survive(&folder.path().join("units"), &[(), ()])?;
    records_survive(&folder.path().join("options"), &[Some(1.5f32), None])?;
    records_survive(&folder.path().join("arrays"), &[[0u8; 0], [0u8; 0]])
}

#[test]
fn floats_keep_every_bit() -> Result<()> {
    for bits in [0x7ff0_0000_0000_0001, 0xfff8_dead_beef_0001, 0x8000_0000_0000_0000, 1, u64::MAX] {
        let value = f64::from_bits(bits);
        let image = hydra::to_bytes(&vec![value])?;
        assert_eq!(hydra::from_bytes::<Vec<f64>>(&image)?[0].to_bits(), bits);
        assert_eq!(hydra::view::<Vec<f64>>(&image)?[0].to_bits(), bits);
        let record = hydra::to_bytes(&Shape::Circle { r: value })?;
        let View::<Shape>::Circle { r } = hydra::view::<Shape>(&record)? else { panic!("another variant") };
        assert_eq!(r.to_bits(), bits);
    }
    Ok(())
}

#[test]
fn views_read_in_place() -> Result<()> {
    let [_, full] = some_containers();
    let image = hydra::to_bytes(&full)?;
    let view = hydra::view::<Containers>(&image)?;
    assert_eq!(view.text(), ("naïve 日本", "🦀"));
    assert_eq!(view.bytes(), [0, 255, 10]);
    assert_eq!(view.numbers(), [1.5, f32::MAX, 0.1]);
    assert_eq!(view.bools().iter().collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(view.nested().iter().map(|words| words.len()).collect::<Vec<_>>(), [2, 0, 1]);
    assert_eq!(view.array().iter().collect::<Vec<_>>(), [Some(1), None, Some(65535)]);
    assert_eq!(view.option(), Some(Some("inner")));
    assert_eq!(view.map().iter().map(|(key, _)| key).collect::<Vec<_>>(), ["a", "aa", "b"]);
    assert_eq!(view.map().get("aa"), Some(&[1u32, 2, 3][..]));
    assert_eq!(view.map().get(&"c".to_string()), None);
    assert_eq!(view.hash_map().get(&UserId(2)).map(|(number, _)| number), Some(5));
    assert!(view.set().contains(&(-1, Venue::Other)) && !view.set().contains(&(-1, Venue::Lse)));
    assert_eq!(view.hash_set().iter().collect::<Vec<_>>(), ["one", "three", "two"]);
    assert_eq!((view.boxed().get(), view.shared().0.get()), (u64::MAX, "shared"));
    assert_eq!(view.pair().second().get(0).map(|pair| pair.first()), Some("k"));
    let shapes = some_shapes();
    let image = hydra::to_bytes(&shapes[3])?;
    let View::<Shape>::Group(boxed, rest) = hydra::view::<Shape>(&image)? else { panic!("another variant") };
    let View::<Shape>::Poly(ticks, Some("outline")) = boxed.get() else { panic!("another variant") };
    assert_eq!((ticks, rest.len()), (&[tick(1), tick(2)][..], 3));
    Ok(())
}

#[test]
fn attributes_decide_names_and_storage() -> Result<()> {
    let folder = scratch();
    let mut order = Attributed::new(5, "limit", 7);
    order.cache = vec![1, 2];
    let image = hydra::to_bytes(&order)?;
    let view = hydra::view::<Attributed>(&image)?;
    assert_eq!((view.order_id(), view.r#type(), view.position()), (5, "limit", 7u64));
    let owned = hydra::from_bytes::<Attributed>(&image)?;
    order.cache.clear();
    assert_eq!(owned, order, "what is skipped comes back as its default");
    assert_eq!(owned.secret(), 9);
    let schema = Schema::of::<Attributed>();
    let names: Vec<&str> = schema.root().fields().iter().map(|field| field.name()).collect();
    assert_eq!(names, ["orderId", "type", "position", "retries", "index", "secret"]);
    assert_eq!(schema.name(), "Order");
    let path = folder.path().join("orders.hydra");
    let mut writer = Writer::create(&path)?;
    let table = writer.table::<Attributed>()?;
    writer.append(table, &owned)?;
    writer.finish()?;
    let orders = Reader::open(&path)?.dynamic_table("Order")?;
    let stored = orders.get(0)?;
    assert_eq!(stored.value().path("orderId")?.get::<u64>()?, 5);
    Ok(())
}

#[derive(hydra::Hydra, Default, Debug, Clone, PartialEq)]
struct Deep {
    numbers: Vec<u16>,
    bytes: Vec<u8>,
    inner: Option<Box<Deep>>,
}

/// A value with this many nested boxes, with lists in the innermost.
fn deep(boxes: usize, numbers: &[u16]) -> Deep {
    let innermost = Deep { numbers: numbers.to_vec(), bytes: vec![1], inner: None };
    (0..boxes).fold(innermost, |inner, _| Deep { inner: Some(Box::new(inner)), ..Deep::default() })
}

#[test]
fn a_list_counts_as_one_level_unless_it_is_empty_or_of_bytes() -> Result<()> {
    for value in [deep(64, &[]), deep(63, &[7])] {
        assert_eq!(hydra::from_bytes::<Deep>(&hydra::to_bytes(&value)?)?, value);
    }
    for value in [deep(64, &[7]), deep(65, &[])] {
        assert_eq!(hydra::to_bytes(&value).unwrap_err().kind(), ErrorKind::TooDeep);
    }
    Ok(())
}

fn chain(depth: usize) -> Tree {
    (0..depth).fold(Tree::default(), |inner, value| Tree {
        value: value as i32,
        left: Some(Box::new(inner)),
        right: None,
    })
}

#[test]
fn nesting_ends_at_the_limit() -> Result<()> {
    value_survives(&chain(64))?;
    let error = hydra::to_bytes(&chain(65)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooDeep);
    let folder = scratch();
    let mut writer = Writer::create(folder.path().join("deep.hydra"))?;
    let table = writer.table::<Tree>()?;
    assert_eq!(writer.append(table, &chain(65)).unwrap_err().kind(), ErrorKind::TooDeep);
    writer.append(table, &chain(64))?;
    writer.finish()?;
    assert_eq!(Reader::open(folder.path().join("deep.hydra"))?.table::<Tree>()?.get(0)?.decode()?, chain(64));
    Ok(())
}

#[test]
fn huge_strings_make_large_blocks() -> Result<()> {
    let folder = scratch();
    let huge = "é日🦀".repeat(1 << 18);
    records_survive(&folder.path().join("huge"), &[String::new(), huge, "end".to_string()])
}

#[test]
fn a_shuffled_hash_map_gives_the_same_bytes() -> Result<()> {
    let forward: HashMap<u32, String> = (0..500).map(|key| (key, key.to_string())).collect();
    let backward: HashMap<u32, String> = (0..500).rev().map(|key| (key, key.to_string())).collect();
    let sorted: BTreeMap<u32, String> = forward.clone().into_iter().collect();
    assert_eq!(*hydra::to_bytes(&forward)?, *hydra::to_bytes(&backward)?);
    assert_eq!(*hydra::to_bytes(&forward)?, *hydra::to_bytes(&sorted)?);
    Ok(())
}

#[test]
fn the_same_records_give_the_same_file() -> Result<()> {
    let folder = scratch();
    let write = |name: &str| {
        let path = folder.path().join(name);
        records_survive(&path, &some_containers())?;
        Ok::<_, hydra::Error>(std::fs::read(path)?)
    };
    assert_eq!(write("one")?, write("two")?);
    Ok(())
}

#[test]
fn a_type_that_is_not_the_tables_is_refused() -> Result<()> {
    mod other {
        /// The same name, a field that is not wide enough.
        #[derive(hydra::Hydra)]
        pub(crate) struct UserId(u16);
    }
    let folder = scratch();
    let path = folder.path().join("ids.hydra");
    let mut writer = Writer::create(&path)?;
    let table = writer.table::<UserId>()?;
    writer.append(table, &UserId(1))?;
    writer.finish()?;
    let error = Reader::open(&path)?.table::<other::UserId>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TypeMismatch);
    assert_eq!(Reader::open(&path)?.table::<Log>().unwrap_err().kind(), ErrorKind::NoTable);
    let mut writer = Writer::resume(&path)?;
    assert_eq!(writer.table::<other::UserId>().unwrap_err().kind(), ErrorKind::TypeMismatch);
    Ok(())
}

/// Every accessor of the view returns the content of the live value.
fn accessors_agree(view: View<'_, Containers>, live: &Containers) {
    assert_eq!(view.text(), (live.text.0.as_str(), &*live.text.1));
    assert_eq!(view.bytes(), live.bytes);
    let bits = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(view.numbers()), bits(&live.numbers));
    assert!(view.bools().iter().eq(live.bools.iter().copied()));
    let nested = view.nested().iter().map(|words| words.iter().collect::<Vec<_>>());
    assert!(nested.eq(live.nested.iter().map(|words| words.iter().map(String::as_str).collect::<Vec<_>>())));
    assert!(view.array().iter().eq(live.array));
    assert_eq!(view.option(), live.option.as_ref().map(|inner| inner.as_deref()));
    assert!(view.map().iter().eq(live.map.iter().map(|(key, value)| (key.as_str(), &value[..]))));
    assert!(live.map.iter().all(|(key, value)| view.map().get(key) == Some(&value[..])));
    assert_eq!(view.hash_map().len(), live.hash_map.len());
    for (key, (number, text)) in &live.hash_map {
        assert_eq!(view.hash_map().get(key), Some((*number, text.as_str())));
    }
    assert!(live.set.iter().all(|member| view.set().contains(member)) && view.set().len() == live.set.len());
    assert!(view.hash_set().iter().all(|member| live.hash_set.contains(member)));
    assert_eq!(
        (view.boxed().get(), view.shared().0.get(), view.shared().1.get()),
        (*live.boxed, &**live.shared.0, *live.shared.1)
    );
    let pairs = view.pair().second().iter().map(|pair| (pair.first().to_string(), pair.second()));
    assert!(pairs.eq(live.pair.second.iter().map(|pair| (pair.first.clone(), pair.second))));
}

fn times() -> impl Strategy<Value = SystemTime> {
    (any::<i64>(), 0..1_000_000_000u32).prop_filter_map("beyond the clock", |(seconds, nanos)| {
        let distance = Duration::new(seconds.unsigned_abs(), nanos);
        if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
    })
}

fn venues() -> impl Strategy<Value = Venue> {
    prop_oneof![Just(Venue::Nyse), Just(Venue::Lse), Just(Venue::Other)]
}

fn scalars() -> impl Strategy<Value = Scalars> {
    let numbers = (any::<(i8, i16, i32, i64, i128)>(), any::<(u8, u16, u32, u64, u128)>());
    let floats = (any::<u32>().prop_map(f32::from_bits), any::<u64>().prop_map(f64::from_bits));
    let rest = (any::<bool>(), any::<char>(), 1..u128::MAX, any::<i16>());
    let times =
        (any::<(u64, u32)>().prop_map(|(s, n)| Duration::new(s, n % 1_000_000_000)), times(), venues());
    (numbers, floats, rest, times).prop_map(|((a, b), (float, double), (flag, letter, d, e), (f, g, h))| {
        let [low, _] = some_scalars();
        let d = std::num::NonZeroU128::new(d).unwrap_or(low.d);
        Scalars {
            a,
            b,
            c: (float, double, flag, letter),
            d,
            e: NonZeroI16::new(e).unwrap_or(low.e),
            f,
            g,
            h,
            ..low
        }
    })
}

fn containers() -> impl Strategy<Value = Containers> {
    let text = || "\\PC{0,12}";
    let first = (text(), vec(any::<u8>(), 0..40), vec(any::<f32>(), 0..9), vec(any::<bool>(), 0..9));
    let second = (vec(vec(text(), 0..4), 0..4), any::<[Option<u16>; 3]>(), any::<Option<Option<u8>>>());
    let third = (
        btree_map(text(), vec(any::<u32>(), 0..4), 0..6),
        btree_map(any::<u32>(), (any::<i8>(), text()), 0..6),
        btree_set((any::<i16>(), venues()), 0..6),
    );
    let fourth = vec((text(), any::<i64>()), 0..4);
    (first, second, third, fourth).prop_map(
        |((text, bytes, numbers, bools), (nested, array, option), third, pairs)| {
            let [empty, _] = some_containers();
            let (map, hash_map, set) = third;
            Containers {
                text: (text.clone(), text.into()),
                bytes,
                numbers,
                bools,
                nested,
                array,
                option: option.map(|inner| inner.map(|number| number.to_string())),
                map,
                hash_map: hash_map.into_iter().map(|(key, value)| (UserId(key), value)).collect(),
                set,
                pair: Pair {
                    first: 3,
                    second: pairs.into_iter().map(|(first, second)| Pair { first, second }).collect(),
                },
                ..empty
            }
        },
    )
}

/// A type that exists only as data: its descriptors, with the root last, and its possible values.
type Made = (Vec<Descriptor>, BoxedStrategy<Data>);

/// Makes a type whose first descriptor has this index in the schema. It is a function, so that a strategy of
/// types can be cloned.
#[derive(Clone)]
struct Maker(Rc<dyn Fn(u32) -> Made>);

impl Maker {
    fn new(make: impl Fn(u32) -> Made + 'static) -> Maker {
        Maker(Rc::new(make))
    }

    fn make(&self, base: u32) -> Made {
        (self.0)(base)
    }
}

impl std::fmt::Debug for Maker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", schema_of(self).map(|(schema, _)| schema.to_string()))
    }
}

fn leaf(kind: Kind, values: impl Strategy<Value = Data> + 'static) -> BoxedStrategy<Maker> {
    let values = values.boxed();
    let make = Maker::new(move |_| (vec![Descriptor::scalar(kind)], values.clone()));
    Just(make).boxed()
}

/// Types around other types.
fn around(
    inner: BoxedStrategy<Maker>,
    outer: impl Fn(TypeRef) -> Descriptor + Copy + 'static,
    data: impl Fn(BoxedStrategy<Data>) -> BoxedStrategy<Data> + Copy + 'static,
) -> BoxedStrategy<Maker> {
    let wrap = move |make: Maker| {
        Maker::new(move |base| {
            let (mut types, values) = make.make(base);
            types.push(outer(TypeRef::Index(base + types.len() as u32 - 1)));
            (types, data(values))
        })
    };
    inner.prop_map(wrap).boxed()
}

fn some(data: Data) -> Data {
    Data::Some(Box::new(data))
}

fn makers() -> BoxedStrategy<Maker> {
    let leaves = prop_oneof![
        leaf(Kind::U8, any::<u8>().prop_map(|number| Data::Uint(number.into()))),
        leaf(Kind::I128, any::<i128>().prop_map(Data::Int)),
        leaf(Kind::F64, any::<u64>().prop_map(|bits| Data::F64(f64::from_bits(bits)))),
        leaf(Kind::Bool, any::<bool>().prop_map(Data::Bool)),
        leaf(Kind::Char, any::<char>().prop_map(Data::Char)),
        leaf(Kind::String, "\\PC{0,8}".prop_map(Data::Str)),
        leaf(Kind::Bytes, vec(any::<u8>(), 0..8).prop_map(Data::Bytes)),
        leaf(Kind::Unit, Just(Data::Unit)),
    ];
    let nested = |inner: BoxedStrategy<Maker>| {
        let option =
            |values: BoxedStrategy<Data>| prop_oneof![Just(Data::None), values.prop_map(some)].boxed();
        let list = |values| vec(values, 0..5).prop_map(Data::Parts).boxed();
        let array = |values| vec(values, 3).prop_map(Data::Parts).boxed();
        prop_oneof![
            around(inner.clone(), Descriptor::option, option),
            around(inner.clone(), Descriptor::list, list),
            around(inner.clone(), Descriptor::boxed, |values| values.prop_map(some).boxed()),
            around(inner.clone(), |ty| Descriptor::array(ty, 3), array),
            vec(inner.clone(), 1..4).prop_map(|makers| Maker::new(move |base| structure(base, &makers))),
            vec(inner, 1..4).prop_map(|makers| Maker::new(move |base| enumeration(base, &makers))),
        ]
        .boxed()
    };
    leaves.prop_recursive(4, 24, 3, nested).boxed()
}

/// The types of all parts, one after the other, the root of each, and its values.
fn join(base: u32, makers: &[Maker]) -> (Vec<Descriptor>, Vec<TypeRef>, Vec<BoxedStrategy<Data>>) {
    let (mut types, mut roots, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for make in makers {
        let (part, strategy) = make.make(base + types.len() as u32);
        types.extend(part);
        roots.push(TypeRef::Index(base + types.len() as u32 - 1));
        values.push(strategy);
    }
    (types, roots, values)
}

fn structure(base: u32, makers: &[Maker]) -> Made {
    let (mut types, roots, values) = join(base, makers);
    let fields = roots.into_iter().enumerate().map(|(index, ty)| (format!("f{index}"), ty)).collect();
    types.push(Descriptor::structure(format!("S{}", types.len()), fields));
    (types, values.prop_map(Data::Parts).boxed())
}

fn enumeration(base: u32, makers: &[Maker]) -> Made {
    let (mut types, roots, values) = join(base, makers);
    let field = |ty| vec![("0".to_string(), ty)];
    let variants = roots.into_iter().enumerate();
    let variants =
        variants.map(|(index, ty)| (format!("V{index}"), index as i128 * 3, Style::Tuple, field(ty)));
    types.push(Descriptor::enumeration(format!("E{}", types.len()), Kind::U8, variants.collect()));
    let data = |(index, values): (usize, BoxedStrategy<Data>)| {
        values.prop_map(move |value| Data::Variant(index, vec![value])).boxed()
    };
    (types, proptest::strategy::Union::new(values.into_iter().enumerate().map(data)).boxed())
}

/// The schema of a newtype around the type: the root of a schema is its first type.
fn schema_of(make: &Maker) -> Result<(Schema, BoxedStrategy<Data>)> {
    let (mut types, values) = make.make(1);
    types.insert(0, Descriptor::newtype("Root", TypeRef::Index(types.len() as u32)));
    Ok((Schema::new(types)?, values))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_scalars_survive(value in scalars()) {
        // Compared as values: NaN equals itself there, by its bits.
        let image = hydra::to_bytes(&value).unwrap();
        let owned = hydra::from_bytes::<Scalars>(&image).unwrap();
        prop_assert_eq!(Value::of(&owned), Value::of(&value));
        formats_survive(Value::of(&value), &mut Seed::new(&Schema::of::<Scalars>()));
        let bytes = hydra::to_bytes(&owned).unwrap();
        prop_assert_eq!(&bytes[..], &image[..]);
    }

    #[test]
    fn any_containers_survive(value in containers()) {
        value_survives(&value).unwrap();
        let image = hydra::to_bytes(&value).unwrap();
        accessors_agree(hydra::view::<Containers>(&image).unwrap(), &value);
    }

    #[test]
    fn any_type_survives_as_data((schema, values) in makers().prop_flat_map(|make| {
        let (schema, values) = schema_of(&make).unwrap();
        (Just(Arc::new(schema)), vec(values, 0..20))
    })) {
        let folder = scratch();
        let path = folder.path().join("data.hydra");
        let again = Schema::decode(schema.core(), schema.notes()).unwrap();
        prop_assert!(again.is_identical(&schema));
        let rebuilt = Schema::new(again.types().to_vec()).unwrap();
        prop_assert_eq!(rebuilt.core(), schema.core());
        let records: Vec<Dynamic> = values.into_iter()
            .map(|data| Dynamic::new(schema.clone(), some(data)).unwrap())
            .collect();
        let mut seed = Seed::new(&schema);
        let mut writer = Writer::create(&path).unwrap();
        let table = writer.dynamic_table(&schema).unwrap();
        for record in &records {
            writer.append_value(table, record.value()).unwrap();
        }
        for record in &records {
            writer.append_data(table, &mut record.data().clone()).unwrap();
        }
        writer.finish().unwrap();
        let table = Reader::open(&path).unwrap().dynamic_table(&schema.name()).unwrap();
        prop_assert_eq!(table.len(), 2 * records.len() as u64);
        for (index, record) in records.iter().enumerate() {
            let stored = table.get(index as u64).unwrap();
            prop_assert_eq!(stored.value(), record.value());
            formats_survive(stored.value(), &mut seed);
            let copy = stored.value().to_dynamic().unwrap();
            prop_assert_eq!(copy.value(), record.value());
            let as_data = table.get((records.len() + index) as u64).unwrap();
            prop_assert_eq!(as_data.value(), record.value());
        }
    }
}

#[test]
fn text_has_many_owners() {
    use std::borrow::Cow;
    use std::rc::Rc;
    use std::sync::Arc;
    type Texts = (String, Box<str>, Rc<str>, Arc<str>, Cow<'static, str>);
    let texts: Texts = ("a".into(), "b".into(), "c".into(), "d".into(), Cow::Borrowed("e"));
    let image = hydra::to_bytes(&texts).unwrap();
    assert_eq!(hydra::from_bytes::<Texts>(&image).unwrap(), texts);
    assert_eq!(hydra::from_bytes::<[String; 5]>(&image).unwrap_err().kind(), hydra::ErrorKind::TypeMismatch);
    let same = hydra::from_bytes::<(String, String, String, String, String)>(&image).unwrap();
    assert_eq!(same.4, "e", "they are one type in a file");
    let keys =
        std::collections::BTreeMap::from([(Cow::Borrowed("k"), vec![7u8]), (Cow::Borrowed("l"), vec![])]);
    let image = hydra::to_bytes(&keys).unwrap();
    let view = hydra::view::<std::collections::BTreeMap<Cow<'static, str>, Vec<u8>>>(&image).unwrap();
    assert_eq!((view.get("k"), view.get("m")), (Some(&[7u8][..]), None));
}
