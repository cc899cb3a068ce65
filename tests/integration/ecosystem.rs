//! Types of other crates: their stored form, their range, and that files with them can be read without these
//! crates.

use crate::golden::some_trades;
use hydra::{Dynamic, Error, ErrorKind, Fixed, Hydra, Opaque, Result, Schema, Value, ValueMut};
use hydra_tests::laws::value_survives;
use hydra_tests::types::{Extra, Trade};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::time::{Duration, SystemTime};
use uuid::Uuid;

fn page() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/FORMAT.md"))
        .expect("docs/FORMAT.md")
}

/// Returns the rows of the table of section 15 with this first heading, without markup.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let page = page();
    let table = page.split(&format!("\n| {heading} |")).nth(1).expect("a table of vectors");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        row.trim_matches('|').split(" | ").map(|cell| cell.trim_matches([' ', '`']).to_string()).collect()
    };
    rows.map(cells).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The record's bytes in an image of the value.
fn stored<T: Hydra>(value: &T) -> String {
    hex(&hydra::to_bytes(value).expect("an image")[64..64 + T::SIZE])
}

#[test]
fn forms_have_the_bytes_of_the_document() {
    let mut seen = 0;
    for row in rows("form") {
        let [spelling, text, bytes] = &row[..] else { panic!("{row:?}") };
        let decimal = || text.parse::<Decimal>().expect(text);
        let (own, digits, shown) = match spelling.as_str() {
            "timestamp<i128>" => facts(text.parse::<Timestamp>().expect(text)),
            "duration<i128>" => {
                let seconds: Decimal = text.trim_end_matches('s').parse().expect(text);
                facts(SignedDuration::from_nanos_i128(
                    (seconds * Decimal::new(1_000_000_000, 0)).normalize().mantissa(),
                ))
            }
            "date<i32>" => facts(text.parse::<Date>().expect(text)),
            "uuid<array<u8,16>>" => facts(text.parse::<Uuid>().expect(text)),
            "decimal<i128>" if text.split_once('.').is_some_and(|(_, places)| places.len() == 2) => {
                facts(Fixed::<2>(decimal()))
            }
            "decimal<i128>" => facts(decimal()),
            other => panic!("{other}"),
        };
        assert_eq!((own.as_str(), &digits, &shown), (spelling.as_str(), bytes, text));
        seen += 1;
    }
    assert_eq!(seen, 9);
}

/// Checks spelling, bytes and text of a value that makes a round trip.
fn facts<T: Hydra + Clone + PartialEq + Debug>(value: T) -> (String, String, String) {
    value_survives(&value).expect("a round trip");
    let mut again = value.clone();
    let text = Value::of(&value).form_text().expect("a form");
    ValueMut::of(&mut again).set_str(&text).expect("its own text");
    assert_eq!(again, value, "{text} set as text");
    (Schema::of::<T>().name(), stored(&value), text)
}

#[test]
fn opaque_values_have_the_bytes_of_the_document() -> Result<()> {
    let opaque = |name: &str| match name {
        "()" => Opaque::encode(&()),
        "true" => Opaque::encode(&true),
        "-2i16" => Opaque::encode(&-2i16),
        "7usize" => Opaque::encode(&7usize),
        "1.5f32" => Opaque::encode(&1.5f32),
        "'ß'" => Opaque::encode(&'ß'),
        "\"ab\"" => Opaque::encode("ab"),
        "None::<u8>" => Opaque::encode(&None::<u8>),
        "Some(5u8)" => Opaque::encode(&Some(5u8)),
        "(1u8, 2u16)" => Opaque::encode(&(1u8, 2u16)),
        "[3u8, 4]" => Opaque::encode(&[3u8, 4]),
        "vec![3u8, 4]" => Opaque::encode(&vec![3u8, 4]),
        "BTreeMap::from([(1u8, 'a')])" => Opaque::encode(&BTreeMap::from([(1u8, 'a')])),
        "Extra::Nothing" => Opaque::encode(&Extra::Nothing),
        "Extra::Note(\"ab\".into())" => Opaque::encode(&Extra::Note("ab".into())),
        "Extra::Pair(-2, Some('ß'))" => Opaque::encode(&Extra::Pair(-2, Some('ß'))),
        "Extra::Nested(Box::new(Extra::Nothing))" => Opaque::encode(&Extra::Nested(Box::new(Extra::Nothing))),
        other => panic!("{other}"),
    };
    let rows = rows("serde value");
    for row in &rows {
        assert_eq!(hex(&opaque(&row[0])?.0), row[1].replace(' ', ""), "{}", row[0]);
    }
    assert_eq!(rows.len(), 17);
    Ok(())
}

#[test]
fn views_give_the_values_themselves() -> Result<()> {
    for trade in some_trades() {
        let image = hydra::to_bytes(&trade)?;
        let view = hydra::view::<Trade>(&image)?;
        assert_eq!(
            (view.id(), view.at(), view.took(), view.settles()),
            (trade.id, trade.at, trade.took, trade.settles)
        );
        assert_eq!((view.price(), view.shown(), view.rate()), (trade.price, trade.shown, trade.rate.into()));
        assert_eq!(view.parents(), &trade.parents[..], "a slice");
        for (date, prices) in &trade.history {
            let found = view.history().get(date).map(|prices| prices.iter().collect::<Vec<_>>());
            assert_eq!(found.as_ref(), Some(prices));
        }
        assert_eq!(view.extra().decode::<Extra>()?, trade.extra);
        assert_eq!(hydra::from_bytes::<Trade>(&image)?, trade);
    }
    Ok(())
}

#[test]
fn values_become_any_of_these_types_without_loss() -> Result<()> {
    let [trade, ..] = some_trades();
    let data = Value::of(&trade).to_dynamic()?;
    let image = hydra::to_bytes(&trade)?;
    let stored = hydra::from_bytes::<Trade>(&image)?;
    for root in [Value::of(&stored), data.value()] {
        let field = |name: &str| root.field(name);
        assert_eq!(field("id")?.get::<Uuid>()?, trade.id);
        assert_eq!(field("at")?.get::<Timestamp>()?, trade.at);
        assert_eq!(field("at")?.get::<SystemTime>()?, SystemTime::try_from(trade.at).expect("a time"));
        assert_eq!(field("took")?.get::<SignedDuration>()?, trade.took);
        assert_eq!(
            field("took")?.get::<Duration>().unwrap_err().kind(),
            ErrorKind::OutOfRange,
            "it is negative"
        );
        assert_eq!(field("settles")?.get::<Date>()?, trade.settles);
        assert_eq!(field("price")?.get::<Decimal>()?, trade.price);
        assert_eq!(field("shown")?.get::<Decimal>()?.to_string(), "12.50");
        assert_eq!(
            root.path("history[\"2024-01-01\"][1]")?.get::<Option<Decimal>>().unwrap_err().kind(),
            ErrorKind::WrongKind
        );
        assert_eq!(root.path("history[\"2024-01-01\"][1]")?.get::<Decimal>()?, -Decimal::new(5, 1));
        assert_eq!(field("id")?.get::<Timestamp>().unwrap_err().kind(), ErrorKind::WrongKind);
    }
    assert_eq!(data.value().field("rate")?.get::<Decimal>()?, trade.rate);
    let mut paths = Vec::new();
    data.value().walk(2, &mut |path, value| {
        paths.push(path.to_string());
        data.value().path(&path.to_string()).is_ok_and(|found| found == value)
    });
    assert!(paths.contains(&"history[\"2024-01-01\"]".to_string()), "{paths:?}");
    for key in ["2024-01-02", "-2", "19723"] {
        assert_eq!(data.value().path(&format!("history[\"{key}\"]")).is_ok(), key == "19723", "{key}");
    }
    Ok(())
}

#[test]
fn what_does_not_fit_is_refused_and_never_wraps() -> Result<()> {
    let refused = |error: Error| (error.kind(), error.found_text().unwrap_or_default().to_string());
    let out = |found: &str| (ErrorKind::OutOfRange, found.to_string());
    let long = Decimal::new(1, 10);
    assert_eq!(refused(hydra::to_bytes(&long).unwrap_err()), out("0.0000000001"));
    assert_eq!(refused(hydra::to_bytes(&vec![Decimal::ONE, long]).unwrap_err()), out("0.0000000001"));
    assert_eq!(refused(hydra::to_bytes(&Fixed::<28>(Decimal::MAX)).unwrap_err()).0, ErrorKind::OutOfRange);
    assert!(
        Value::of(&long).form_text().is_none() && Value::of(&long).get::<i128>().is_err(),
        "it has no stored value"
    );
    assert_ne!(Value::of(&long), Value::of(&Decimal::new(2, 10)));
    assert!(Value::of(&long).to_string() == ".." && serde_json::to_string(&Value::of(&long)).is_err());
    let mut price = Decimal::ONE;
    assert!(ValueMut::of(&mut price).set_str("0.0000000001").is_err());
    assert!(ValueMut::of(&mut price).set_str("1e5").is_err());
    ValueMut::of(&mut price).set_str("-0.5")?;
    assert_eq!(price, -Decimal::new(5, 1));

    // Bytes that other programs may have written.
    fn beyond<T: Hydra, O: Hydra + PartialEq + Debug + for<'a> Hydra<View<'a> = O>>(
        wide: T,
        nearest: O,
    ) -> Error {
        let image = hydra::to_bytes(&wide).expect("an image");
        let at = Value::of(&wide);
        let mut own = hydra::to_bytes(&nearest).expect("an image").to_vec();
        own[64..].copy_from_slice(&image[64..]);
        let own = AlignedCopy::of(&own);
        assert_eq!(hydra::view::<O>(own.bytes()).expect("a view"), nearest, "{at}");
        hydra::from_bytes::<O>(own.bytes()).expect_err("out of range")
    }
    let second = 1_000_000_000i128;
    assert_eq!(beyond(253_402_300_800 * second, Timestamp::MAX).found_text(), Some("253402300800s"));
    assert_eq!(beyond(-400_000_000_000 * second, Timestamp::MIN).kind(), ErrorKind::OutOfRange);
    assert_eq!(beyond(i128::MAX, SignedDuration::MAX).kind(), ErrorKind::OutOfRange);
    assert_eq!(beyond(i128::MIN, SignedDuration::MIN).kind(), ErrorKind::OutOfRange);
    assert_eq!(beyond(i32::MAX, Date::MAX).found_text(), Some("2147483647d"));
    assert_eq!(beyond(i32::MIN, Date::MIN).kind(), ErrorKind::OutOfRange);
    assert_eq!(beyond(i128::MAX, Decimal::MAX).kind(), ErrorKind::OutOfRange);
    assert_eq!(beyond(i128::MIN, Fixed::<0>(Decimal::MIN)).kind(), ErrorKind::OutOfRange);
    Ok(())
}

/// Bytes at a multiple of 64.
struct AlignedCopy(hydra::AlignedBuf);

impl AlignedCopy {
    fn of(bytes: &[u8]) -> AlignedCopy {
        let mut copy = hydra::AlignedBuf::zeroed(bytes.len());
        copy.copy_from_slice(bytes);
        AlignedCopy(copy)
    }

    fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[test]
fn they_are_keys_in_the_order_of_their_values() -> Result<()> {
    fn keyed<K: Hydra + Ord + std::hash::Hash + Clone + Debug>(keys: [K; 3]) -> Result<()> {
        let map: HashMap<K, u8> = keys.iter().cloned().zip(0..).collect();
        let image = hydra::to_bytes(&map)?;
        assert_eq!(hydra::from_bytes::<HashMap<K, u8>>(&image)?, map);
        let view = hydra::view::<HashMap<K, u8>>(&image)?;
        let order: Vec<u8> = view.iter().map(|(_, number)| number).collect();
        assert_eq!(order, [0, 1, 2], "{keys:?}");
        for (key, number) in keys.iter().zip(0..) {
            assert_eq!(view.get(key), Some(number));
        }
        Ok(())
    }
    let units = |units| Decimal::new(units, 3);
    keyed([-Decimal::MAX, units(-1), Decimal::MAX])?;
    keyed([Fixed::<3>(units(-1)), Fixed(units(0)), Fixed(units(256))])?;
    keyed([Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX])?;
    keyed([SignedDuration::MIN, SignedDuration::ZERO, SignedDuration::from_nanos(256)])?;
    keyed([Date::MIN, Date::constant(1970, 1, 1), Date::MAX])?;
    keyed([Uuid::nil(), Uuid::from_u128(1 << 100), Uuid::max()])?;
    keyed([Duration::ZERO, Duration::from_nanos(255), Duration::from_nanos(256)])?;
    keyed([
        SystemTime::UNIX_EPOCH - Duration::from_secs(1),
        SystemTime::UNIX_EPOCH,
        SystemTime::try_from(Timestamp::MAX).expect("a time"),
    ])?;
    let map: BTreeMap<Decimal, u8> = [(Decimal::ONE, 1)].into();
    let image = hydra::to_bytes(&map)?;
    assert_eq!(hydra::view::<BTreeMap<Decimal, u8>>(&image)?.get(&Decimal::new(1, 20)), None);
    Ok(())
}

#[test]
fn a_bad_image_is_an_error_of_that_value() -> Result<()> {
    #[derive(Hydra, Debug)]
    struct Item {
        id: u32,
        #[hydra(opaque)]
        extra: Extra,
    }
    let value = |bytes: &[u8]| -> Result<Extra> {
        let mut item = Value::of(&Item { id: 1, extra: Extra::Nothing }).to_dynamic()?;
        item.value_mut().path("extra")?.set(bytes.to_vec())?;
        assert_eq!(item.value().path("extra")?.get::<&[u8]>()?, bytes, "bytes to all others");
        item.value().to::<Item>().map(|item| item.extra)
    };
    assert_eq!(value(&[0, 0, 0, 0])?, Extra::Nothing);
    assert_eq!(value(&[2, 0, 0, 0, 254, 255, 0])?, Extra::Pair(-2, None));
    let deep = [[4u8, 0, 0, 0]].repeat(1 << 20).concat();
    let nulls = |count: u64| [&[5u8, 0, 0, 0][..], &count.to_le_bytes()].concat();
    assert_eq!(value(&nulls(3))?, Extra::Nulls(vec![(); 3]));
    let bad: &[&[u8]] = &[
        &[],
        &[0, 0, 0],
        &[0, 0, 0, 0, 0],
        &[9, 0, 0, 0],
        &[1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255],
        &[1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xff],
        &[2, 0, 0, 0, 254, 255, 2],
        &deep,
        &nulls(u64::MAX),
    ];
    for bytes in bad {
        let error = value(bytes).unwrap_err();
        assert_eq!((error.kind(), error.path_text()), (ErrorKind::BadValue, Some("extra")), "{error}");
    }
    Ok(())
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(u8),
    }
    #[derive(Hydra)]
    struct Item {
        #[hydra(opaque)]
        extra: Untagged,
    }
    let error = hydra::to_bytes(&Item { extra: Untagged::Number(1) }).unwrap_err();
    assert_eq!((error.kind(), error.path_text()), (ErrorKind::CannotEncode, Some("extra")));
    assert!(error.help_text().is_some_and(|help| help.contains("untagged")));
    let deep = |levels| (0..levels).fold(Extra::Nothing, |inner, _| Extra::Nested(Box::new(inner)));
    let trade = |extra| Trade { extra, ..some_trades()[0].clone() };
    assert!(hydra::to_bytes(&trade(deep(120))).is_ok());
    assert_eq!(hydra::to_bytes(&trade(deep(200))).unwrap_err().kind(), ErrorKind::CannotEncode);
}

#[test]
fn reflection_shows_an_opaque_field_as_bytes() -> Result<()> {
    let [trade, ..] = some_trades();
    let live = Value::of(&trade).field("extra")?;
    assert!(live.is_encoded() && live.downcast_ref::<Extra>() == Some(&trade.extra));
    assert_eq!(live.get::<&[u8]>().unwrap_err().kind(), ErrorKind::Encoded);
    let copy: Dynamic = Value::of(&trade).to_dynamic()?;
    let bytes: &[u8] = copy.value().field("extra")?.get()?;
    assert_eq!(Opaque(bytes).decode::<Extra>()?, trade.extra);
    assert_eq!(copy.value().to::<Trade>()?, trade);
    assert_eq!(
        copy.schema().root().field_index("extra").map(|_| copy.value().field("extra").unwrap().kind()),
        Some(hydra::Kind::Opaque)
    );
    Ok(())
}

#[test]
fn they_stay_when_the_type_around_them_changes() -> Result<()> {
    mod newer {
        use super::*;

        #[derive(Hydra, Debug, PartialEq)]
        #[hydra(name = "Trade")]
        #[allow(unreachable_pub)]
        pub struct Trade {
            #[hydra(default)]
            pub venue: Option<String>,
            #[hydra(opaque)]
            pub extra: Extra,
            pub history: BTreeMap<Date, Vec<Decimal>>,
            pub id: Uuid,
            pub price: Fixed<9>,
        }
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/v0/ecosystem.hydra");
    let table = hydra::Reader::open(file)?.table::<newer::Trade>()?;
    for (index, trade) in (0..).zip(some_trades()) {
        let read = table.get(index)?.decode()?;
        let Trade { id, extra, history, price, .. } = trade;
        assert_eq!(read, newer::Trade { venue: None, extra, history, id, price: price.into() });
    }
    Ok(())
}

fn extras() -> impl Strategy<Value = Extra> {
    let leaf = prop_oneof![
        Just(Extra::Nothing),
        any::<String>().prop_map(Extra::Note),
        any::<(i16, Option<char>)>().prop_map(|(a, b)| Extra::Pair(a, b)),
        (0..200usize).prop_map(|count| Extra::Nulls(vec![(); count])),
        (
            proptest::collection::btree_map(
                any::<String>(),
                proptest::collection::vec(-1e9f32..1e9, 0..4),
                0..4
            ),
            any::<u128>()
        )
            .prop_map(|(by_name, wide)| Extra::Map { by_name, wide }),
    ];
    leaf.prop_recursive(8, 8, 1, |inner| inner.prop_map(|inner| Extra::Nested(Box::new(inner))))
}

proptest! {
    #[test]
    fn any_of_them_survive(
        nanos in Timestamp::MIN.as_nanosecond()..=Timestamp::MAX.as_nanosecond(),
        took in any::<i64>(),
        days in -4_371_587..2_932_896i32,
        mantissa in any::<i64>(),
        places in 0..=9u32,
        id in any::<u128>(),
        extra in extras(),
    ) {
        let trade = Trade {
            id: Uuid::from_u128(id),
            at: Timestamp::from_nanosecond(nanos).unwrap(),
            took: SignedDuration::from_nanos(took),
            settles: Date::constant(1970, 1, 1) + SignedDuration::from_hours(24 * i64::from(days)),
            price: Decimal::new(mantissa, places),
            rate: Decimal::new(mantissa, places + 9),
            extra,
            ..some_trades()[0].clone()
        };
        let image = hydra::to_bytes(&trade).unwrap();
        let owned = hydra::from_bytes::<Trade>(&image).unwrap();
        prop_assert_eq!(&owned, &trade);
        prop_assert_eq!(&*hydra::to_bytes(&owned).unwrap(), &*image);
        let data = Value::of(&trade).to_dynamic().unwrap();
        prop_assert_eq!(data.value().to::<Trade>().unwrap(), trade);
    }
}
