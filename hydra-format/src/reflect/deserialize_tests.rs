//! What a seed accepts, and its error messages.

use super::{Dynamic, Seed, Spelling};
use crate::{Hydra, Schema, Writer};
use serde::de::value::{Error, MapDeserializer};
use serde::de::{DeserializeSeed, IntoDeserializer};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU8;
use std::time::{Duration, SystemTime};

#[derive(Hydra, Clone, Debug, PartialEq)]
#[hydra(name = "Point")]
struct Point {
    x: f32,
    y: Option<f64>,
    #[hydra(default = 7, alias = "color")]
    colour: u8,
}

#[derive(Hydra, Clone, Debug, PartialEq)]
#[hydra(name = "Shape")]
enum Shape {
    Empty,
    Circle { r: f64 },
    Pair(u8, i8),
}

#[derive(Hydra, Clone, Debug, PartialEq)]
struct Deep(Option<Box<Deep>>);

fn json<T: Hydra>(text: &str) -> Result<String, String> {
    let mut from = serde_json::Deserializer::from_str(text);
    from.disable_recursion_limit();
    let read = Dynamic::deserialize(&Schema::of::<T>(), &mut from).map_err(|error| error.to_string())?;
    Ok(read.to_string())
}

#[track_caller]
fn reads<T: Hydra>(text: &str, shown: &str) {
    assert_eq!(json::<T>(text).as_deref(), Ok(shown), "{text}");
}

#[track_caller]
fn refuses<T: Hydra>(text: &str, message: &str) {
    assert_eq!(json::<T>(text).unwrap_err(), message, "{text}");
}

#[test]
fn numbers_are_read_where_they_are_the_same() {
    reads::<u8>("255", "255");
    reads::<u8>("\"255\"", "255");
    reads::<i64>("1e3", "1000");
    reads::<i8>("-0", "0");
    reads::<u128>("\"340282366920938463463374607431768211455\"", "340282366920938463463374607431768211455");
    reads::<i128>("-5", "-5");
    let most = u128::MAX.to_string();
    reads::<(u128, i128, Vec<u64>)>(
        &format!("[{most} , {},[0]]", i128::MIN),
        &format!("({most}, {}, [0])", i128::MIN),
    );
    reads::<(Option<i128>, Option<u128>)>(&format!("[null, {most}]"), &format!("(None, Some({most}))"));
    reads::<BTreeMap<u128, bool>>(
        &format!("{{\"{most}\":true,\"5\":false}}"),
        &format!("{{5: false, {most}: true}}"),
    );
    reads::<i128>(" 9007199254740992.0 ", "9007199254740992");
    refuses::<(u128,)>(
        &format!("[{most}0]"),
        &format!("0: invalid value: {most}0, expected u128 at line 1 column 42"),
    );
    refuses::<(u128,)>("[-1]", "0: invalid value: -1, expected u128 at line 1 column 4");
    refuses::<(u128,)>("[null]", "0: invalid type: null, expected u128 at line 1 column 6");
    refuses::<(i128,)>("[true]", "0: invalid type: boolean `true`, expected i128 at line 1 column 6");
    refuses::<(i128,)>("[[1]]", "0: invalid type: sequence, expected i128 at line 1 column 5");
    refuses::<(i128,)>("[{}]", "0: invalid type: map, expected i128 at line 1 column 4");
    refuses::<(i128,)>("[01]", "invalid number at line 1 column 3");
    reads::<f32>("7.038531e-26", "7.038531e-26");
    reads::<f32>("16777217", "16777216.0");
    reads::<f64>("-0.0", "-0.0");
    reads::<(f32, f64)>(r#"["-inf", "NaN"]"#, "(-inf, NaN)");
    reads::<NonZeroU8>("1", "1");
    refuses::<u8>("256", "invalid value: integer `256`, expected u8 at line 1 column 3");
    refuses::<u8>("1.5", "invalid type: floating point `1.5`, expected u8 at line 1 column 3");
    refuses::<u64>(
        "1e19",
        "invalid type: floating point `10000000000000000000.0`, expected u64 at line 1 column 4",
    );
    refuses::<i128>("1e19", "invalid type: floating point `10000000000000000000.0`, expected i128");
    refuses::<NonZeroU8>("0", "invalid value: integer `0`, expected u8 that is not 0 at line 1 column 1");
    let error = json::<f32>("1e39").unwrap_err();
    // How the number is printed depends on serde_json's features.
    let (start, end) = ("invalid value: floating point `1", ", expected f32 at line 1 column 4");
    assert!(error.starts_with(start) && error.ends_with(end), "{error}");
    refuses::<f64>("\"1\"", "invalid type: string \"1\", expected f64 at line 1 column 3");
    refuses::<bool>("1", "invalid type: integer `1`, expected bool at line 1 column 1");
}

#[test]
fn machines_must_hold_numbers_exactly() {
    let float = |number: f64| {
        let from: serde::de::value::F64Deserializer<Error> = number.into_deserializer();
        Binary(from).read::<f32>()
    };
    assert_eq!(float(0.5).as_deref(), Ok("0.5"));
    assert_eq!(float(f64::NAN).as_deref(), Ok("NaN"));
    assert!(float(0.1).is_err());
    let integer = |number: u64| {
        let from: serde::de::value::U64Deserializer<Error> = number.into_deserializer();
        Binary(from).read::<f64>()
    };
    assert_eq!(integer(1 << 60).as_deref(), Ok("1.152921504606847e+18"));
    assert!(integer((1 << 60) + 1).is_err());
}

/// A deserializer of one value that is not human-readable.
struct Binary<D>(D);

impl<D> Binary<D> {
    fn read<'de, T: Hydra>(self) -> Result<String, Error>
    where
        D: serde::Deserializer<'de, Error = Error>,
    {
        Dynamic::deserialize(&Schema::of::<T>(), self).map(|read| read.to_string())
    }
}

impl<'de, D: serde::Deserializer<'de, Error = Error>> serde::Deserializer<'de> for Binary<D> {
    type Error = Error;

    fn deserialize_any<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_any(visitor)
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[test]
fn numbers_as_text_are_exact() {
    let number = |text: &'static str, schema: Schema| {
        let from = MapDeserializer::<_, Error>::new([("$serde_json::private::Number", text)].into_iter());
        Dynamic::deserialize(&schema, from).map(|read| read.to_string())
    };
    assert_eq!(number("18446744073709551617", Schema::of::<i128>()).as_deref(), Ok("18446744073709551617"));
    assert_eq!(number("7.038531e-26", Schema::of::<f32>()).as_deref(), Ok("7.038531e-26"));
    assert_eq!(number("1e2", Schema::of::<u8>()).as_deref(), Ok("100"));
    assert!(number("1e39", Schema::of::<f32>()).is_err());
    assert!(number("256", Schema::of::<u8>()).is_err());
}

#[test]
fn fields_go_by_their_names() {
    reads::<Point>(r#"{"colour":1,"y":2,"x":0.1}"#, "Point { x: 0.1, y: Some(2.0), colour: 1 }");
    reads::<Point>(r#"{"x":1,"color":2}"#, "Point { x: 1.0, y: None, colour: 2 }");
    reads::<Point>(r#"{"x":1}"#, "Point { x: 1.0, y: None, colour: 7 }");
    refuses::<Point>("{}", "x: the field is missing at line 1 column 2");
    refuses::<Point>(r#"{"x":1,"z":1}"#, "z: no such name, expected one of x, y, colour at line 1 column 10");
    refuses::<Point>(r#"{"x":1,"x":1}"#, "x: the field is given twice at line 1 column 10");
    refuses::<Point>(r#"{"colour":1,"color":1}"#, "colour: the field is given twice at line 1 column 19");
    refuses::<Vec<Point>>(
        r#"[{"x":1},{"x":"1"}]"#,
        "[1].x: invalid type: string \"1\", expected f32 at line 1 column 17",
    );
    refuses::<Point>("[1,2,3]", "invalid type: sequence, expected struct Point at line 1 column 1");
    refuses::<(u8, u8)>("[1]", "invalid length 1, expected 2 fields at line 1 column 3");
    refuses::<(u8, u8)>("[1,2,3]", "more parts than the type has at line 1 column 5");
    refuses::<[u8; 2]>("[1]", "invalid length 1, expected array of 2 elements at line 1 column 3");
    refuses::<[u8; 2]>("[1,2,3]", "more parts than the type has at line 1 column 5");
}

#[test]
fn variants_go_by_their_names() {
    reads::<Shape>("\"Empty\"", "Empty");
    reads::<Shape>(r#"{"Circle":{"r":1}}"#, "Circle { r: 1.0 }");
    reads::<Shape>(r#"{"Pair":[1,-1]}"#, "Pair(1, -1)");
    refuses::<Shape>(
        "\"Circle\"",
        "invalid value: string \"Circle\", expected enum Shape at line 1 column 8",
    );
    refuses::<Shape>(
        r#"{"Square":1}"#,
        "Square: no such name, expected one of Empty, Circle, Pair at line 1 column 9",
    );
    refuses::<Shape>(
        r#"{"Circle":{"r":true}}"#,
        ":Circle.r: invalid type: boolean `true`, expected f64 at line 1 column 19",
    );
    refuses::<Shape>(
        r#"{"Pair":1}"#,
        ":Pair: invalid type: integer `1`, expected an array of the variant's fields at line 1 column 9",
    );
    refuses::<Shape>(r#"{"Pair":[1,1],"Empty":[]}"#, "more parts than the type has at line 1 column 14");
}

#[test]
fn entries_come_in_any_order_and_once() {
    type Map = BTreeMap<u16, String>;
    reads::<Map>(r#"[[300,"b"],[2,"a"]]"#, r#"{2: "a", 300: "b"}"#);
    reads::<Map>(r#"{"300":"b","2":"a"}"#, r#"{2: "a", 300: "b"}"#);
    reads::<BTreeMap<String, u8>>(r#"[["b",1],["a",2]]"#, r#"{"a": 2, "b": 1}"#);
    reads::<BTreeSet<i8>>("[3,-1]", "{-1, 3}");
    refuses::<BTreeSet<u8>>("[3,1,3]", "the key 3 twice at line 1 column 7");
    refuses::<Map>(r#"{"1":"a","1":"b"}"#, "the key 1 twice at line 1 column 17");
    refuses::<Map>(r#"[[1,"a",2]]"#, "[0]: more parts than the type has at line 1 column 8");
    refuses::<BTreeMap<String, u8>>(
        r#"{"a":1,"b":-1}"#,
        "[\"b\"]: invalid value: integer `-1`, expected u8 at line 1 column 13",
    );
}

#[test]
fn scalars_have_their_spelling() {
    reads::<Duration>("\"1.5s\"", "1.5s");
    reads::<SystemTime>("\"2024-01-02T03:04:05.5Z\"", "2024-01-02T03:04:05.500Z");
    reads::<Vec<u8>>("\"AAEC\"", "0x000102");
    reads::<Vec<u8>>("\"\"", "b\"\"");
    reads::<char>("\"é\"", "'é'");
    reads::<Option<()>>("null", "None");
    refuses::<SystemTime>(
        "5",
        "invalid type: integer `5`, expected a time such as 2024-01-02T03:04:05.5Z at line 1 column 1",
    );
    for text in ["A", "AA", "AA=", "AAE", "AB==", "AAF=", "A===", "AA*=", "AA==AAAA"] {
        assert!(json::<Vec<u8>>(&format!("\"{text}\"")).is_err(), "{text}");
    }
    refuses::<char>("\"ab\"", "invalid value: string \"ab\", expected char at line 1 column 4");
    refuses::<u8>("null", "invalid type: null, expected u8 at line 1 column 4");
    let mut seed =
        Seed::new(&Schema::of::<Vec<u8>>()).spelling(Spelling { hex: true, ..Spelling::default() });
    let read = seed.deserialize(&mut serde_json::Deserializer::from_str("\"00ff\"")).unwrap();
    assert_eq!(read.to_string(), "0x00ff");
    let error = seed.deserialize(&mut serde_json::Deserializer::from_str("\"00f\"")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid value: string \"00f\", expected bytes as hexadecimal digits at line 1 column 5"
    );
    refuses::<(Vec<u8>,)>(
        "[\"00f\"]",
        "0: invalid value: string \"00f\", expected bytes in base64 at line 1 column 6",
    );
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{}null{}", "[".repeat(depth), "]".repeat(depth));
    reads::<Option<Vec<Option<Vec<u8>>>>>("[null]", "Some([None])");
    assert!(json::<Vec<Vec<u8>>>(&"[".repeat(100_000)).is_err());
    assert!(json::<Deep>(&nested(1)).unwrap_err().contains("the value is nested too deep"));
    #[derive(Hydra)]
    struct Tree(Vec<Tree>);
    let tree = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(json::<Tree>(&tree(64)).is_ok());
    let error = json::<Tree>(&tree(65)).unwrap_err();
    assert!(error.contains("the value is nested too deep at line 1 column"), "{error}");
}

#[test]
fn memory_of_the_value_before_leaves_no_trace() {
    type All = (Vec<String>, Option<Box<Point>>, Shape, BTreeMap<String, Vec<u8>>);
    let schema = Schema::of::<All>();
    let texts = [
        r#"[["a","b","c"],{"x":1,"y":2,"colour":3},{"Pair":[1,2]},{"a":"AA==","b":""}]"#,
        r#"[["long enough"],{"x":4},{"Circle":{"r":1}},{}]"#,
        r#"[[],null,"Empty",{"c":"AAEC"}]"#,
    ];
    let alone: Vec<String> = texts.iter().map(|text| json::<All>(text).unwrap()).collect();
    let mut seed = Seed::new(&schema);
    for index in [0, 1, 2, 1, 0, 2, 0] {
        let value = seed.deserialize(&mut serde_json::Deserializer::from_str(texts[index])).unwrap();
        assert_eq!(value.to_string(), alone[index]);
        let broken = texts[index].replace('}', ",");
        assert!(seed.deserialize(&mut serde_json::Deserializer::from_str(&broken)).is_err() || index == 2);
    }
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(folder.path().join("x.hydra")).unwrap();
    let table = writer.dynamic_table(&schema).unwrap();
    let value = seed.deserialize(&mut serde_json::Deserializer::from_str(texts[0])).unwrap();
    writer.append_value(table, value).unwrap();
    writer.finish().unwrap();
}
