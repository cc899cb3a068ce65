//! Every rule of FORMAT.md, section 16.1, in both directions: one type writes, the other reads, as views, as
//! owned values, and as data.

use hydra::evolve::{Evolution, Resolution, Rule};
use hydra::{ErrorKind, Hydra, Reader, Result, Schema, Table, Value, View, Writer};
use std::fmt::Debug;
use std::path::Path;

/// Writes one record of one type.
fn written<T: Hydra>(path: &Path, value: &T) -> Result<()> {
    let mut writer = Writer::create(path)?;
    let table = writer.table::<T>()?;
    writer.append(table, value)?;
    writer.finish()
}

/// Writes `old`, and reads it as a `New` in every way.
fn reads<Old: Hydra, New: Hydra + PartialEq + Debug>(
    old: &Old,
    expected: &New,
    resolution: Resolution,
    seen: impl Fn(View<'_, New>) -> bool,
) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    written(&path, old)?;
    let table = Reader::open(&path)?.table::<New>()?;
    check(&table, expected, resolution, &seen)?;
    check(&Reader::map(unsafe_map(&path)?)?.table::<New>()?, expected, resolution, &seen)?;
    assert_eq!(&hydra::load::<New>(&path)?, expected);
    // As data, if the type that reads is the newest one.
    let mut writer = Writer::resume(&path)?;
    if version::<New>() > version::<Old>() {
        let table = writer.table::<New>()?;
        writer.append(table, expected)?;
        writer.finish()?;
        let table = Reader::open(&path)?.dynamic_table("Row")?;
        assert_eq!(table.resolution()?, resolution);
        assert_eq!(table.get(0)?.value(), Value::of(expected), "as data");
        assert_eq!(table.get(0)?.value(), table.get(1)?.value(), "one block transcoded, one stored");
        assert!(table.blocks().all(|block| block.is_ok_and(|block| block.schema() == table.schema())));
    }
    Ok(())
}

fn version<T: Hydra>() -> String {
    let schema = Schema::of::<T>().to_string();
    schema.lines().find_map(|line| line.strip_prefix("// version ")).unwrap_or("0").to_string()
}

#[allow(unsafe_code)]
fn unsafe_map(path: &Path) -> Result<hydra::Map> {
    // SAFETY: no other program changes a file in the folder of this test.
    unsafe { hydra::Map::open(path) }
}

fn check<New: Hydra + PartialEq + Debug>(
    table: &Table<New>,
    expected: &New,
    resolution: Resolution,
    seen: impl Fn(View<'_, New>) -> bool,
) -> Result<()> {
    assert_eq!(table.resolution()?, resolution);
    let record = table.get(0)?;
    assert!(seen(record.view()), "as a view");
    assert_eq!(record.value(), Value::of(expected), "as a value");
    assert_eq!(&record.decode()?, expected, "owned");
    for block in table.blocks() {
        let block = block?;
        assert_eq!(block.decode().collect::<Result<Vec<_>>>()?.first(), Some(expected));
        assert!((&block).into_iter().all(&seen) && block.get(0).is_some_and(&seen), "as views of a block");
        assert!(block.schema().is_identical(&Schema::of::<New>()));
    }
    Ok(())
}

/// Writes `old`, which cannot be read as a `New`, and returns the paths and the error.
fn refuses<Old: Hydra, New: Hydra>(old: &Old, paths: &[&str], words: &[&str]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    written(&path, old)?;
    let error = Reader::open(&path)?.table::<New>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TypeMismatch);
    let text = error.to_string();
    for path in paths {
        assert!(text.contains(&format!("{path}: ")), "{text} does not name {path}");
    }
    words.iter().for_each(|words| assert!(text.contains(words), "{text} does not say {words}"));
    assert_eq!(error.help_text().map(|help| help.lines().count()), Some(paths.len()), "{text}");
    Ok(())
}

/// Returns the rules by which a type is read as another.
fn rules<Old: Hydra, New: Hydra>() -> Vec<Rule> {
    let evolution = Evolution::between(&Schema::of::<Old>(), &Schema::of::<New>()).unwrap();
    let mut rules: Vec<Rule> = evolution.changes().iter().map(|change| change.rule).collect();
    rules.sort();
    rules.dedup();
    rules
}

use Resolution::{SameLayout, Transcoded, Wider};

/// Two generations of a type `Row`.
macro_rules! generations {
    ({ $($old:item)* } { $($new:item)* }) => {
        mod old { #![allow(unused_imports, dead_code, unreachable_pub)] use hydra::Hydra; use std::collections::*; $($old)* }
        mod new { #![allow(unused_imports, dead_code, unreachable_pub)] use hydra::Hydra; use std::collections::*; $($new)* }
    };
}

#[test]
fn added() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: u8, pub s: String } }
        { #[derive(Hydra, Debug, PartialEq)] #[hydra(version = 2)] pub struct Row {
            pub a: u8,
            pub none: Option<u32>,
            #[hydra(default)] pub zero: u64,
            #[hydra(default = 7)] pub seven: i16,
            #[hydra(default = "text".to_string())] pub text: String,
            #[hydra(default = vec![vec![1], vec![]])] pub list: Vec<Vec<u32>>,
            pub unit: (),
            pub s: String,
        } }
    }
    let (old, new) = (
        old::Row { a: 1, s: "s".into() },
        new::Row {
            a: 1,
            none: None,
            zero: 0,
            seven: 7,
            text: "text".into(),
            list: vec![vec![1], vec![]],
            unit: (),
            s: "s".into(),
        },
    );
    reads(&old, &new, Transcoded, |row| (row.a(), row.seven(), row.text(), row.s()) == (1, 7, "text", "s"))?;
    reads(&new, &old, Transcoded, |row| (row.a(), row.s()) == (1, "s"))?;
    assert_eq!(
        (rules::<old::Row, new::Row>(), rules::<new::Row, old::Row>()),
        (vec![Rule::Added], vec![Rule::Removed])
    );
    Ok(())
}

#[test]
fn added_without_a_default() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: u8, pub inner: Inner }
          #[derive(Hydra, Debug, PartialEq)] pub struct Inner { pub x: u8 } }
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: u8, pub b: u32, pub inner: Inner, pub c: String }
          #[derive(Hydra, Debug, PartialEq)] pub struct Inner { pub x: u8, pub y: bool } }
    }
    let new = new::Row { a: 1, b: 2, inner: new::Inner { x: 3, y: true }, c: "c".into() };
    let old = old::Row { a: 1, inner: old::Inner { x: 3 } };
    refuses::<_, new::Row>(&old, &["b", "c", "inner.y"], &["#[hydra(default)]", "Option", "alias"])?;
    reads(&new, &old, Transcoded, |row| row.inner().x() == 3)
}

#[test]
fn removed_at_the_end() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: u64, pub s: String, pub gone: f64 } }
        { #[derive(Hydra, Debug, PartialEq)] #[hydra(version = 2)] pub struct Row { pub a: u64, #[hydra(alias = "s")] pub text: String } }
    }
    let (old, new) = (old::Row { a: 1, s: "s".into(), gone: 0.5 }, new::Row { a: 1, text: "s".into() });
    reads(&old, &new, Wider, |row| (row.a(), row.text()) == (1, "s"))?;
    refuses::<_, old::Row>(&new, &["gone"], &["default"])
}

#[test]
fn wider_records_of_a_plain_type() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq, Clone, Copy)] #[repr(C)] #[hydra(plain)] pub struct Row { pub a: u32, pub b: u32, pub c: u64 } }
        { #[derive(Hydra, Debug, PartialEq, Clone, Copy)] #[repr(C)] #[hydra(plain, version = 2)] pub struct Row { pub a: u32, pub b: u32 } }
    }
    reads(&old::Row { a: 1, b: 2, c: 3 }, &new::Row { a: 1, b: 2 }, Wider, |row| {
        (row.a(), row.b()) == (1, 2)
    })?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    let mut writer = Writer::options().block_bytes(4096).create(&path)?;
    let table = writer.table::<old::Row>()?;
    (0..1000).try_for_each(|a| writer.append(table, &old::Row { a, b: !a, c: 9 }))?;
    writer.finish()?;
    let table = Reader::open(&path)?.table::<new::Row>()?;
    let mut all = Vec::new();
    for block in table.range(10..990) {
        let block = block?;
        assert_eq!(block.as_slice().len(), block.len());
        assert_eq!(block.iter().len(), block.len());
        all.extend_from_slice(block.as_slice());
    }
    assert_eq!(all, (10..990).map(|a| new::Row { a, b: !a }).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn renamed() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: u8, pub b: String } }
        { #[derive(Hydra, Debug, PartialEq)] #[hydra(version = 2)] pub struct Row { #[hydra(alias = "z", alias = "a")] pub x: u8, #[hydra(alias = "b")] pub y: String } }
    }
    let (old, new) = (old::Row { a: 1, b: "b".into() }, new::Row { x: 1, y: "b".into() });
    reads(&old, &new, SameLayout, |row| (row.x(), row.y()) == (1, "b"))?;
    // The file keeps the names of its fields.
    reads(&new, &old, SameLayout, |row| (row.a(), row.b()) == (1, "b"))?;
    assert_eq!(rules::<old::Row, new::Row>(), [Rule::Renamed]);
    Ok(())
}

#[test]
fn names_decide_and_not_positions() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: u32, pub b: u32, pub s: String, pub t: Vec<u16> } }
        { #[derive(Hydra, Debug, PartialEq)] #[hydra(version = 2)] pub struct Row { pub t: Vec<u16>, pub b: u32, pub a: u32, pub s: String } }
    }
    let old = old::Row { a: 1, b: 2, s: "s".into(), t: vec![5] };
    let new = new::Row { a: 1, b: 2, s: "s".into(), t: vec![5] };
    reads(&old, &new, Transcoded, |row| (row.a(), row.b(), row.t()) == (1, 2, &[5][..]))?;
    reads(&new, &old, Transcoded, |row| (row.a(), row.b(), row.t()) == (1, 2, &[5][..]))?;
    assert_eq!(rules::<old::Row, new::Row>(), [Rule::Reordered]);
    Ok(())
}

#[test]
fn integers_widen() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: u8, pub b: i8, pub c: u16, pub d: i32, pub e: u64, pub f: std::num::NonZeroU8, pub g: i64 } }
        { #[derive(Hydra, Debug, PartialEq)] #[hydra(version = 2)] pub struct Row { pub a: i16, pub b: i128, pub c: u64, pub d: i64, pub e: i128, pub f: u32, pub g: i128 } }
    }
    let f = std::num::NonZeroU8::MAX;
    let old = old::Row { a: 255, b: -128, c: u16::MAX, d: i32::MIN, e: u64::MAX, f, g: -1 };
    let new = new::Row {
        a: 255,
        b: -128,
        c: u16::MAX.into(),
        d: i32::MIN.into(),
        e: u64::MAX.into(),
        f: 255,
        g: -1,
    };
    reads(&old, &new, Transcoded, |row| {
        (row.a(), row.b(), row.e(), row.g()) == (255, -128, u64::MAX.into(), -1)
    })?;
    refuses::<_, old::Row>(&new, &["a", "b", "c", "d", "e", "f", "g"], &["numbers are not narrowed"])
}

#[test]
fn floats_widen_where_exact() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: f32, pub b: i16, pub c: u32, pub d: i32, pub e: u16, pub f: i8 } }
        { #[derive(Hydra, Debug, PartialEq)] #[hydra(version = 2)] pub struct Row { pub a: f64, pub b: f32, pub c: f64, pub d: f64, pub e: f32, pub f: f64 } }
    }
    let old = old::Row { a: 0.1, b: -5, c: u32::MAX, d: i32::MIN, e: 65535, f: -128 };
    let new =
        new::Row { a: 0.1f32.into(), b: -5.0, c: u32::MAX.into(), d: i32::MIN.into(), e: 65535.0, f: -128.0 };
    reads(&old, &new, Transcoded, |row| (row.a(), row.c()) == (0.1f32.into(), u32::MAX.into()))?;
    refuses::<_, old::Row>(
        &new,
        &["a", "b", "c", "d", "e", "f"],
        &["f64 cannot be read as f32", "f32 cannot be read as i16"],
    )
}

#[test]
fn numbers_that_are_not_exact() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: i32, pub b: i64, pub c: u8, pub d: i8, pub e: u32, pub f: bool } }
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: f32, pub b: f64, pub c: i8, pub d: u16, pub e: std::num::NonZeroU32, pub f: u8 } }
    }
    refuses::<_, new::Row>(
        &old::Row { a: 1, b: 1, c: 1, d: 1, e: 1, f: true },
        &["a", "b", "c", "d", "e", "f"],
        &["i32 cannot be read as f32", "u8 cannot be read as i8", "bool cannot be read as u8"],
    )
}

#[test]
fn options_come_and_go() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: u32, pub s: String, #[hydra(default = 9)] pub b: u8, pub n: Option<u8>, pub in_list: Vec<u8> } }
        { #[derive(Hydra, Debug, PartialEq)] #[hydra(version = 2)] pub struct Row {
            #[hydra(default)] pub a: Option<u64>, pub s: Option<String>, pub b: Option<u8>, pub n: Option<Option<u16>>, pub in_list: Option<Vec<u8>> } }
    }
    let old = old::Row { a: 1, s: "s".into(), b: 2, n: Some(3), in_list: vec![4] };
    let new =
        new::Row { a: Some(1), s: Some("s".into()), b: Some(2), n: Some(Some(3)), in_list: Some(vec![4]) };
    reads(&old, &new, Transcoded, |row| (row.a(), row.s(), row.n()) == (Some(1), Some("s"), Some(Some(3))))?;
    refuses::<_, old::Row>(
        &new,
        &["a", "s", "n?", "in_list"],
        &["put #[hydra(default)] on the field: none then reads as the default"],
    )?;

    #[allow(unreachable_pub)]
    mod required {
        #[derive(hydra::Hydra, Debug, PartialEq)]
        pub struct Row {
            #[hydra(default = 5)]
            pub b: u16,
            #[hydra(default = "none".to_string())]
            pub s: String,
        }
    }
    let empty = new::Row { a: None, s: None, b: None, n: None, in_list: None };
    reads(&empty, &required::Row { b: 5, s: "none".into() }, Transcoded, |row| {
        (row.b(), row.s()) == (5, "none")
    })?;
    reads(&new, &required::Row { b: 2, s: "s".into() }, Transcoded, |row| (row.b(), row.s()) == (2, "s"))
}

#[test]
fn variants_are_added() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub k: Kind, pub d: Data }
          #[derive(Hydra, Debug, PartialEq, Clone, Copy)] pub enum Kind { A, B }
          #[derive(Hydra, Debug, PartialEq)] pub enum Data { Num(u32), Text { s: String } } }
        { #[derive(Hydra, Debug, PartialEq)] #[hydra(version = 2)] pub struct Row { pub k: Kind, pub d: Data }
          #[derive(Hydra, Debug, PartialEq, Clone, Copy)] pub enum Kind { A, B, C }
          #[derive(Hydra, Debug, PartialEq)] pub enum Data { Num(u32), Text { s: String }, None } }
    }
    let (old, new) = (
        old::Row { k: old::Kind::B, d: old::Data::Text { s: "s".into() } },
        new::Row { k: new::Kind::B, d: new::Data::Text { s: "s".into() } },
    );
    reads(&old, &new, SameLayout, |row| row.k() == new::Kind::B)?;
    reads(&new, &old, Transcoded, |row| matches!(row.d(), View::<old::Data>::Text { s: "s" }))
}

#[test]
fn unknown_variants_are_errors_of_their_values() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub n: u32, pub list: Vec<Kind> }
          #[derive(Hydra, Debug, PartialEq, Clone, Copy)] pub enum Kind { A, B } }
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub n: u32, pub list: Vec<Kind> }
          #[derive(Hydra, Debug, PartialEq, Clone, Copy)] pub enum Kind { A, B, C } }
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    let mut writer = Writer::create(&path)?;
    let table = writer.table::<new::Row>()?;
    use new::Kind::{A, B, C};
    for (n, list) in [vec![A, C], vec![A], vec![], vec![B, A, C], vec![C], vec![A, B]].into_iter().enumerate()
    {
        writer.append(table, &new::Row { n: n as u32, list })?;
    }
    writer.finish()?;
    let table = Reader::open(&path)?.table::<old::Row>()?;
    let mut seen = Vec::new();
    for block in table.blocks() {
        match block {
            Ok(block) => seen.extend(block.iter().map(|row| format!("{} {}", row.n(), row.list().len()))),
            Err(error) => {
                assert_eq!(
                    (error.kind(), error.expected_text(), error.found_text()),
                    (ErrorKind::UnknownVariant, Some("a variant of Kind"), Some("C"))
                );
                assert!(error.help_text().unwrap().contains("#[hydra(other)]"));
                seen.push(error.path_text().unwrap().to_string());
            }
        }
    }
    assert_eq!(seen, ["[0].list[1]", "1 1", "2 0", "[3].list[2]", "[4].list", "5 2"]);
    assert_eq!(table.get(3).err().unwrap().path_text(), Some("[3].list[2]"));
    assert_eq!(table.get(5)?.decode()?, old::Row { n: 5, list: vec![old::Kind::A, old::Kind::B] });
    let inside: Vec<_> =
        table.range(2..4).map(|block| block.map(|block| (block.first(), block.len()))).collect();
    assert!(matches!(&inside[..], [Ok((2, 1)), Err(_)]), "{inside:?}");
    assert_eq!(table.range(1..3).count(), 1);
    Ok(())
}

#[test]
fn slices_beside_an_unknown_variant_have_the_other_records() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq, Clone, Copy)] #[repr(C)] #[hydra(plain)] pub struct Row { pub n: u8, pub k: Kind }
          #[derive(Hydra, Debug, PartialEq, Clone, Copy)] #[repr(u8)] #[hydra(plain)] pub enum Kind { A = 1, B = 2 } }
        { #[derive(Hydra, Debug, PartialEq, Clone, Copy)] #[repr(C)] #[hydra(plain)] pub struct Row { pub n: u8, pub k: Kind }
          #[derive(Hydra, Debug, PartialEq, Clone, Copy)] #[repr(u8)] #[hydra(plain)] pub enum Kind { A = 1, B = 2, C = 9 } }
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    let mut writer = Writer::create(&path)?;
    let table = writer.table::<new::Row>()?;
    let kind = |n| if n % 5 == 4 { new::Kind::C } else { new::Kind::A };
    (0..100).try_for_each(|n| writer.append(table, &new::Row { n, k: kind(n) }))?;
    writer.finish()?;
    for reader in [Reader::open(&path)?, Reader::map(unsafe_map(&path)?)?] {
        for _ in 0..2 {
            let blocks = reader.table::<old::Row>()?.blocks().flatten().collect::<Vec<_>>();
            let rows = blocks.iter().flat_map(|block| block.as_slice()).map(|row| row.n).collect::<Vec<_>>();
            assert_eq!(rows, (0..100).filter(|n| n % 5 != 4).collect::<Vec<_>>());
            let all = reader.table::<new::Row>()?.blocks().flatten().map(|block| block.as_slice().len());
            assert_eq!(all.sum::<usize>(), 100);
        }
    }
    Ok(())
}

#[test]
fn variants_are_removed_with_other() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub k: Kind, pub d: Vec<Data> }
          #[derive(Hydra, Debug, PartialEq, Clone, Copy)] pub enum Kind { A, Gone, #[hydra(other)] Other }
          #[derive(Hydra, Debug, PartialEq)] pub enum Data { Gone(String), Kept(u32), #[hydra(other)] Other } }
        { #[derive(Hydra, Debug, PartialEq)] #[hydra(version = 2)] pub struct Row { pub k: Kind, pub d: Vec<Data> }
          #[derive(Hydra, Debug, PartialEq, Clone, Copy)] pub enum Kind { A, #[hydra(other)] Other, Fresh }
          #[derive(Hydra, Debug, PartialEq)] pub enum Data { Kept(u32), #[hydra(other)] Other, Fresh(u8) } }
    }
    let old = old::Row { k: old::Kind::Gone, d: vec![old::Data::Gone("x".into()), old::Data::Kept(3)] };
    let new = new::Row { k: new::Kind::Other, d: vec![new::Data::Other, new::Data::Kept(3)] };
    reads(&old, &new, Transcoded, |row| row.k() == new::Kind::Other)?;
    let new = new::Row { k: new::Kind::Fresh, d: vec![new::Data::Fresh(1), new::Data::Kept(3)] };
    let old = old::Row { k: old::Kind::Other, d: vec![old::Data::Other, old::Data::Kept(3)] };
    reads(&new, &old, Transcoded, |row| row.k() == old::Kind::Other)
}

#[test]
fn variants_are_renamed_and_have_other_tags() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub k: Kind, pub d: Data }
          #[derive(Hydra, Debug, PartialEq, Clone, Copy)] pub enum Kind { A, B, C }
          #[derive(Hydra, Debug, PartialEq)] pub enum Data { P { x: u8, y: u16 }, Q(String, u8) } }
        { #[derive(Hydra, Debug, PartialEq)] #[hydra(version = 2)] pub struct Row { pub k: Kind, pub d: Data }
          #[derive(Hydra, Debug, PartialEq, Clone, Copy)] #[repr(i32)] pub enum Kind { C = -7, #[hydra(alias = "B")] Bee = 70_000, A = 5 }
          #[derive(Hydra, Debug, PartialEq)] pub enum Data { Q(String, u64), #[hydra(alias = "P")] Point { y: u16, #[hydra(alias = "x")] ex: u32, z: Option<u8> } } }
    }
    let old = old::Row { k: old::Kind::B, d: old::Data::P { x: 1, y: 2 } };
    let new = new::Row { k: new::Kind::Bee, d: new::Data::Point { y: 2, ex: 1, z: None } };
    reads(&old, &new, Transcoded, |row| {
        matches!(row.d(), View::<new::Data>::Point { y: 2, ex: 1, z: None })
    })?;
    let old = old::Row { k: old::Kind::C, d: old::Data::Q("q".into(), 4) };
    let new = new::Row { k: new::Kind::C, d: new::Data::Q("q".into(), 4) };
    reads(&old, &new, Transcoded, |row| matches!(row.d(), View::<new::Data>::Q("q", 4)))?;
    refuses::<_, old::Row>(&new, &["d:Q.1", "d:Point.x"], &["u64 cannot be read as u8"])
}

#[test]
fn lists_maps_sets_boxes_and_tuples() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row {
            pub list: Vec<Vec<u8>>, pub map: BTreeMap<u8, Item>, pub set: BTreeSet<i8>, pub boxed: Box<Item>,
            pub tuple: (u8, String), pub array: [Item; 2], pub keys: BTreeMap<(u8, String), u8>, pub numbers: Vec<u16>, pub plain: [u8; 3] }
          #[derive(Hydra, Debug, PartialEq, Clone)] pub struct Item { pub a: u8, pub s: String } }
        { #[derive(Hydra, Debug, PartialEq)] #[hydra(version = 2)] pub struct Row {
            pub list: Vec<Vec<u8>>, pub map: BTreeMap<i32, Item>, pub set: BTreeSet<i64>, pub boxed: Box<Item>,
            pub tuple: (u32, String, Option<u8>), pub array: [Item; 2], pub keys: BTreeMap<(u16, String), u8>, pub numbers: Vec<i32>, pub plain: [u64; 3] }
          #[derive(Hydra, Debug, PartialEq, Clone)] pub struct Item { pub s: String, pub a: u16, pub b: Option<u8> } }
    }
    let item = |a: u8, s: &str| old::Item { a, s: s.into() };
    let old = old::Row {
        list: vec![vec![1], vec![], vec![2, 3]],
        map: [(1, item(1, "one")), (200, item(2, ""))].into(),
        set: [-128, 0, 5].into(),
        boxed: Box::new(item(9, "boxed")),
        tuple: (1, "t".into()),
        array: [item(3, "x"), item(4, "y")],
        keys: [((1, "b".into()), 1), ((2, "a".into()), 2)].into(),
        numbers: vec![1, 65535],
        plain: [1, 2, 255],
    };
    let item = |a: u16, s: &str| new::Item { a, s: s.into(), b: None };
    let new = new::Row {
        list: vec![vec![1], vec![], vec![2, 3]],
        map: [(1, item(1, "one")), (200, item(2, ""))].into(),
        set: [-128, 0, 5].into(),
        boxed: Box::new(item(9, "boxed")),
        tuple: (1, "t".into(), None),
        array: [item(3, "x"), item(4, "y")],
        keys: [((1, "b".into()), 1), ((2, "a".into()), 2)].into(),
        numbers: vec![1, 65535],
        plain: [1, 2, 255],
    };
    reads(&old, &new, Transcoded, |row| {
        row.map().get(&200).is_some_and(|item| item.a() == 2)
            && row.set().contains(&-128)
            && row.boxed().get().s() == "boxed"
    })?;
    refuses::<_, old::Row>(
        &new,
        &[
            "map[key]",
            "map[].a",
            "set[]",
            "boxed.a",
            "tuple.0",
            "array[].a",
            "keys[key].0",
            "numbers[]",
            "plain[]",
        ],
        &["i32 cannot be read as u8"],
    )
}

#[test]
fn arrays_are_not_resized_and_kinds_do_not_mix() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: [u8; 3], pub b: Vec<u8>, pub c: String, pub d: (u8, u8), pub e: BTreeMap<u8, u8> } }
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: [u8; 4], pub b: Vec<u16>, pub c: Vec<u8>, pub d: [u8; 2], pub e: Vec<(u8, u8)> } }
    }
    let old = old::Row { a: [1; 3], b: vec![], c: String::new(), d: (1, 2), e: [].into() };
    refuses::<_, new::Row>(
        &old,
        &["a", "b", "c", "d", "e"],
        &["an array keeps its length", "[u8; 3] cannot be read as [u8; 4]"],
    )
}

#[test]
fn newtypes_are_put_around_and_taken_away() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub id: u32, pub name: Name, pub meters: Meters, pub inner: Inner }
          #[derive(Hydra, Debug, PartialEq)] pub struct Name(pub String);
          #[derive(Hydra, Debug, PartialEq)] pub struct Meters { pub value: f32 }
          #[derive(Hydra, Debug, PartialEq)] pub struct Inner { pub x: u8, pub y: u8 } }
        { #[derive(Hydra, Debug, PartialEq)] #[hydra(version = 2)] pub struct Row { pub id: Id, pub name: String, pub meters: Meters, pub inner: Outer }
          #[derive(Hydra, Debug, PartialEq)] pub struct Id(pub u32);
          #[derive(Hydra, Debug, PartialEq)] pub struct Meters(pub f32);
          #[derive(Hydra, Debug, PartialEq)] pub struct Outer(pub Inner);
          #[derive(Hydra, Debug, PartialEq)] pub struct Inner { pub x: u8, pub y: u8 } }
    }
    let old = old::Row {
        id: 1,
        name: old::Name("n".into()),
        meters: old::Meters { value: 0.5 },
        inner: old::Inner { x: 1, y: 2 },
    };
    let new = new::Row {
        id: new::Id(1),
        name: "n".into(),
        meters: new::Meters(0.5),
        inner: new::Outer(new::Inner { x: 1, y: 2 }),
    };
    reads(&old, &new, SameLayout, |row| row.name() == "n")?;
    reads(&new, &old, SameLayout, |row| row.meters().value() == 0.5 && row.inner().y() == 2)?;
    assert_eq!(rules::<old::Row, new::Row>(), [Rule::Rewrapped]);
    Ok(())
}

#[test]
fn text_becomes_an_enum_by_name() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub level: String, pub color: String } }
        { #[derive(Hydra, Debug, PartialEq)] #[hydra(version = 2)] pub struct Row { pub level: Level, pub color: Color }
          #[derive(Hydra, Debug, PartialEq, Clone, Copy)] #[hydra(rename_all = "lowercase")] pub enum Level { Info, #[hydra(alias = "warning")] Warn }
          #[derive(Hydra, Debug, PartialEq, Clone, Copy)] pub enum Color { Red, #[hydra(other)] Other } }
    }
    let old = |level: &str, color: &str| old::Row { level: level.into(), color: color.into() };
    reads(
        &old("info", "Red"),
        &new::Row { level: new::Level::Info, color: new::Color::Red },
        Transcoded,
        |_| true,
    )?;
    reads(
        &old("warning", "?"),
        &new::Row { level: new::Level::Warn, color: new::Color::Other },
        Transcoded,
        |_| true,
    )?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    written(&path, &old("Info", "Red"))?;
    let error = Reader::open(&path)?.table::<new::Row>()?.get(0).err().unwrap();
    assert_eq!((error.path_text(), error.found_text()), (Some("[0].level"), Some("\"Info\"")));
    refuses::<_, old::Row>(
        &new::Row { level: new::Level::Info, color: new::Color::Red },
        &["level", "color"],
        &["Level cannot be read as String"],
    )
}

#[test]
fn forms_stay() -> Result<()> {
    use std::time::{Duration, UNIX_EPOCH};
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub at: std::time::SystemTime, pub took: std::time::Duration } }
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub took: std::time::Duration, pub at: i128 } }
    }
    let old = old::Row { at: UNIX_EPOCH, took: Duration::from_secs(1) };
    refuses::<_, new::Row>(&old, &["at"], &["keeps its form"])?;
    refuses::<_, old::Row>(&new::Row { took: Duration::ZERO, at: 0 }, &["at"], &["keeps its form"])
}

#[test]
fn opaque_stays() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: u8, pub o: hydra::Opaque, pub p: hydra::Opaque } }
        { #[derive(Hydra, Debug, PartialEq)] #[hydra(version = 2)] pub struct Row { pub a: u16, pub o: hydra::Opaque, pub p: Vec<u8> } }
    }
    let opaque = || hydra::Opaque(vec![1, 2, 3]);
    let old = old::Row { a: 1, o: opaque(), p: opaque() };
    refuses::<_, new::Row>(&old, &["p"], &["cannot be read as Vec<u8>"])?;
    mod newer {
        #[derive(hydra::Hydra, Debug, PartialEq)]
        #[hydra(version = 2)]
        #[allow(unreachable_pub)]
        pub struct Row {
            pub a: u16,
            pub o: hydra::Opaque,
        }
    }
    reads(&old, &newer::Row { a: 1, o: opaque() }, Transcoded, |row| row.o().0 == [1, 2, 3])
}

#[test]
fn keys_stay_distinct_and_in_order() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: BTreeMap<Kind, u8>, pub b: BTreeSet<(u8, u8)>, pub c: BTreeMap<Kind, u8> }
          #[derive(Hydra, Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)] pub enum Kind { A, B } }
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: BTreeMap<Turned, u8>, pub b: BTreeSet<(u8,)>, pub c: BTreeMap<Kept, u8> }
          #[derive(Hydra, Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)] pub enum Turned { B, A }
          #[derive(Hydra, Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)] pub enum Kept { A = 3, B = 9, C = 10 } }
    }
    let old = old::Row { a: [(old::Kind::A, 1), (old::Kind::B, 2)].into(), b: [(1, 2)].into(), c: [].into() };
    refuses::<_, new::Row>(&old, &["a[key]", "b[].1"], &["order of keys", "distinct"])
}

#[test]
fn recursive_types() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub value: u8, pub next: Option<Box<Row>>, pub kids: Vec<Row> } }
        { #[derive(Hydra, Debug, PartialEq)] #[hydra(version = 2)] pub struct Row { pub kids: Vec<Row>, pub value: u32, pub next: Option<Box<Row>>, #[hydra(default = "d".to_string())] pub extra: String } }
    }
    fn old(value: u8, next: Option<Box<old::Row>>, kids: Vec<old::Row>) -> old::Row {
        old::Row { value, next, kids }
    }
    fn new(value: u32, next: Option<Box<new::Row>>, kids: Vec<new::Row>) -> new::Row {
        new::Row { value, next, kids, extra: "d".into() }
    }
    let first = old(
        1,
        Some(Box::new(old(2, None, vec![old(3, None, vec![])]))),
        vec![old(4, None, vec![]), old(5, None, vec![])],
    );
    let second = new(
        1,
        Some(Box::new(new(2, None, vec![new(3, None, vec![])]))),
        vec![new(4, None, vec![]), new(5, None, vec![])],
    );
    reads(&first, &second, Transcoded, |row| row.kids().get(1).is_some_and(|row| row.value() == 5))
}

/// Three generations of a type, as they follow one another in a program.
#[allow(unreachable_pub)]
pub(crate) mod first {
    #[derive(hydra::Hydra, Debug, Clone, PartialEq)]
    pub struct Trade {
        pub time: u32,
        pub venue: String,
        pub size: f32,
    }
}

/// See [`first`].
#[allow(unreachable_pub)]
pub(crate) mod second {
    #[derive(hydra::Hydra, Debug, Clone, PartialEq)]
    pub struct Trade {
        pub time: u64,
        pub venue: String,
        pub size: f64,
        #[hydra(default = vec!["none".to_string()])]
        pub tags: Vec<String>,
    }
}

/// See [`first`].
#[allow(unreachable_pub)]
pub(crate) mod third {
    #[derive(hydra::Hydra, Debug, Clone, PartialEq)]
    #[hydra(version = 3)]
    pub struct Trade {
        #[hydra(alias = "time")]
        pub at: u64,
        pub size: Option<f64>,
        pub venue: Venue,
        #[hydra(default)]
        pub tags: Vec<String>,
        #[hydra(default = "EUR".to_string())]
        pub currency: String,
    }

    #[derive(hydra::Hydra, Debug, Clone, Copy, PartialEq)]
    pub enum Venue {
        Lse,
        #[hydra(other)]
        Other,
    }
}

/// Records of three generations in one table.
pub(crate) fn generations(writer: &mut Writer) -> Result<()> {
    let table = writer.table::<first::Trade>()?;
    for time in 0..3 {
        let venue = if time == 1 { "Nyse" } else { "Lse" }.to_string();
        writer.append(table, &first::Trade { time, venue, size: 0.5 })?;
    }
    writer.commit()?;
    let table = writer.table_named::<second::Trade>("Trade")?;
    let tags = vec!["a".to_string(), "b".to_string()];
    writer.append(table, &second::Trade { time: 3, venue: "Lse".into(), size: 1.5, tags: tags.clone() })?;
    writer.commit()?;
    let table = writer.table_named::<third::Trade>("Trade")?;
    let trade = third::Trade { at: 4, size: None, venue: third::Venue::Other, tags, currency: "GBP".into() };
    writer.append(table, &trade)
}

#[test]
fn one_read_goes_over_several_generations() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("trades.hydra");
    let mut writer = Writer::create(&path)?;
    generations(&mut writer)?;
    writer.finish()?;
    let file = Reader::open(&path)?;
    assert_eq!((file.tables().len(), file.tables()[0].schemas().len()), (1, 3));

    let table = file.table::<third::Trade>()?;
    let costs: Vec<Resolution> =
        table.evolutions().map(|it| it.map(|it| it.1.resolution())).collect::<Result<_>>()?;
    assert_eq!(costs, [Transcoded, Transcoded, Resolution::Identical]);
    let mut rows = Vec::new();
    for block in table.blocks() {
        rows.extend(block?.decode().collect::<Result<Vec<_>>>()?);
    }
    use third::Venue::{Lse, Other};
    let shown: Vec<_> =
        rows.iter().map(|row| (row.at, row.size, row.venue, row.tags.len(), &*row.currency)).collect();
    let half = Some(0.5);
    assert_eq!(
        shown,
        [
            (0, half, Lse, 0, "EUR"),
            (1, half, Other, 0, "EUR"),
            (2, half, Lse, 0, "EUR"),
            (3, Some(1.5), Lse, 2, "EUR"),
            (4, None, Other, 2, "GBP")
        ]
    );
    let data = file.dynamic_table("Trade")?;
    assert_eq!(data.schema().name(), "Trade");
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(data.get(index as u64)?.value(), Value::of(row));
    }
    assert!(file.table::<second::Trade>().is_err(), "text does not come back from an enum");
    assert_eq!(file.table::<first::Trade>().unwrap_err().path_text(), Some("time"));
    Ok(())
}

#[test]
fn an_older_type_is_appended_where_the_newest_reads_it() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: u8 } }
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: u8, #[hydra(default = 5)] pub b: u32 } }
    }
    let folder = tempfile::tempdir()?;
    for old_first in [true, false] {
        let path = folder.path().join(format!("{old_first}.hydra"));
        let mut writer = Writer::create(&path)?;
        if old_first {
            let table = writer.table::<old::Row>()?;
            writer.append(table, &old::Row { a: 1 })?;
            writer.commit()?;
        }
        let table = writer.table_named::<new::Row>("Row")?;
        writer.append(table, &new::Row { a: 2, b: 2 })?;
        writer.finish()?;
        let mut writer = Writer::resume(&path)?;
        let table = writer.table::<old::Row>()?;
        writer.append(table, &old::Row { a: 3 })?;
        writer.finish()?;
        let table = Reader::open(&path)?.dynamic_table("Row")?;
        assert!(table.schema().is_identical(&Schema::of::<new::Row>()), "the newer type stays the newest");
        let values: Vec<String> =
            (0..table.len()).map(|at| Ok(table.get(at)?.value().to_string())).collect::<Result<_>>()?;
        assert_eq!(values[values.len() - 2..], ["Row { a: 2, b: 2 }", "Row { a: 3, b: 5 }"]);
        assert_eq!(
            Reader::open(&path)?.table::<old::Row>()?.get(table.len() - 2)?.decode()?,
            old::Row { a: 2 }
        );
    }
    Ok(())
}

#[test]
fn an_older_type_is_refused_where_the_newest_needs_more() -> Result<()> {
    generations! {
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: u8 } }
        { #[derive(Hydra, Debug, PartialEq)] pub struct Row { pub a: u8, pub b: u32 } }
    }
    mod newer {
        /// A type that says that it is the newer one.
        #[derive(hydra::Hydra)]
        #[hydra(version = 1)]
        pub(crate) struct Row {
            #[allow(dead_code)]
            pub(crate) a: u8,
        }
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    written(&path, &new::Row { a: 1, b: 2 })?;
    let mut writer = Writer::resume(&path)?;
    let error = writer.table::<old::Row>().unwrap_err();
    assert_eq!((error.kind(), error.path_text()), (ErrorKind::TypeMismatch, Some("b")));
    assert!(error.message().contains("version"), "{error}");
    assert!(writer.table::<newer::Row>().is_ok(), "what was refused does not have the name");
    writer.finish()?;

    // The other way round: the newer type cannot read the stored records.
    let path = folder.path().join("old.hydra");
    written(&path, &old::Row { a: 1 })?;
    let error = Writer::resume(&path)?.table::<new::Row>().unwrap_err();
    assert_eq!(error.path_text(), Some("b"));
    Ok(())
}

#[test]
fn an_edit_keeps_the_schema_of_its_record() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("trades.hydra");
    let mut writer = Writer::create(&path)?;
    generations(&mut writer)?;
    writer.finish()?;
    let mut editor = hydra::Editor::open(&path)?;
    editor.record("Trade", 1)?.path("venue")?.set_str("Lse")?;
    assert!(editor.record("Trade", 1)?.path("currency").is_err());
    editor.finish()?;
    let file = Reader::open(&path)?;
    assert_eq!(file.table::<third::Trade>()?.get(1)?.view().venue(), third::Venue::Lse);
    assert_eq!(file.tables()[0].schemas().len(), 3);
    hydra::file::check(&path, &mut |finding| panic!("{finding:?}"), None)?;
    Ok(())
}

#[test]
fn every_rule_has_its_test() {
    let (page, tests) = (include_str!("../../docs/FORMAT.md"), include_str!("evolve.rs"));
    let table = page.split("### 16.1 Rules").nth(1).and_then(|rest| rest.split("### 16.2").next()).unwrap();
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    assert!(rows.len() > 15);
    for row in rows {
        let names: Vec<&str> = row.split('|').nth(3).unwrap().split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{row}");
        names.iter().for_each(|name| assert!(tests.contains(&format!("\nfn {name}()")), "no test {name}"));
    }
}

mod compat {
    use super::*;
    use hydra::compat::{self, Audience, Severity};

    fn found<Old: Hydra, New: Hydra>() -> Vec<(&'static str, Severity, Audience, String)> {
        let findings = compat::compare(&Schema::of::<Old>(), &Schema::of::<New>()).unwrap();
        findings.into_iter().map(|found| (found.rule, found.severity, found.audience, found.path)).collect()
    }

    #[test]
    fn findings_say_who_is_concerned() {
        generations! {
            { #[derive(Hydra)] #[hydra(version = 1)] pub struct Row { pub a: u8, pub b: u32, pub k: Kind }
              #[derive(Hydra, Clone, Copy)] pub enum Kind { A, B } }
            { #[derive(Hydra)] #[hydra(version = 2)] pub struct Row {
                #[hydra(alias = "a")] pub x: u8,
                #[deprecated(note = "use x")] pub b: u64,
                pub k: Kind,
                #[hydra(default)] pub c: u8 }
              #[derive(Hydra, Clone, Copy)] pub enum Kind { A, B, C } }
        }
        use Severity::{Break, Note, Warning};
        let is = |rule, severity, audience, path: &str| (rule, severity, audience, path.to_string());
        assert_eq!(
            found::<old::Row, new::Row>(),
            [
                is("field-renamed", Warning, Audience::Json, "x"),
                is("field-added", Note, Audience::NewReader, "c"),
                is("widened", Note, Audience::NewReader, "b"),
                is("variant-added", Note, Audience::NewReader, "k:C"),
                is("incompatible", Break, Audience::OldReader, "b"),
                is("variant-removed", Warning, Audience::OldReader, "k:C"),
                is("zero-copy-lost", Warning, Audience::ZeroCopy, ""),
                is("version", Note, Audience::People, ""),
                is("deprecated", Note, Audience::People, "Row.b"),
            ]
        );
        assert!(found::<old::Row, old::Row>().is_empty());
        assert!(found::<new::Row, old::Row>().contains(&is(
            "version-lowered",
            Warning,
            Audience::OldReader,
            ""
        )));
    }

    #[test]
    fn a_type_is_held_against_a_committed_schema() -> Result<()> {
        generations! {
            { #[derive(Hydra)] pub struct Row { pub a: u8 } }
            { #[derive(Hydra)] pub struct Row { pub a: u8, pub b: u8 } }
        }
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("Row.hydra");
        assert_eq!(compat::check_schema::<old::Row>(&path).unwrap_err().kind(), ErrorKind::NotFound);
        compat::save_schema::<old::Row>(&path)?;
        assert_eq!(compat::check_schema::<old::Row>(&path)?, []);
        let error = compat::check_schema::<new::Row>(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TypeMismatch);
        let help = error.help_text().unwrap();
        assert!(
            help.starts_with("break[incompatible] b: ") && help.contains("compat::save_schema"),
            "{help}"
        );
        compat::save_schema::<new::Row>(&path)?;
        assert!(compat::check_schema::<new::Row>(&path)?.is_empty());
        assert!(compat::check_schema::<old::Row>(&path).is_err(), "b is needed by the committed type");
        Ok(())
    }
}

mod hostile {
    use super::*;
    use hydra::reflect::Data;
    use hydra::schema::{DefaultImage, Note, TypeRef};
    use hydra::{Descriptor, Dynamic, Kind};

    fn at(index: u32) -> TypeRef {
        TypeRef::Index(index)
    }

    /// A chain of this many types, each a list of the next; the last is a list of units.
    fn chain(count: u32) -> Schema {
        let node =
            |index: u32| Descriptor::structure(format!("N{index}"), vec![("next".into(), at(count + index))]);
        let mut types: Vec<Descriptor> = (0..count).map(node).collect();
        types.extend(
            (0..count)
                .map(|index| Descriptor::list(at(if index + 1 < count { index + 1 } else { 2 * count }))),
        );
        types.push(Descriptor::scalar(Kind::Unit));
        Schema::new(types).unwrap()
    }

    #[test]
    fn long_chains_of_types_are_compared_without_recursion() {
        let node = Descriptor::structure("Node", vec![("next".into(), at(1))]);
        let recursive = Schema::new(vec![node, Descriptor::list(at(0))]).unwrap();
        let (long, longer) = (chain(5_000), chain(5_001));
        assert!(Evolution::between(&recursive, &long).is_err());
        let error = Evolution::between(&long, &longer).unwrap_err();
        assert!(error.to_string().contains("cannot be read"), "{error}");
        let error = Evolution::between(&chain(5_000), &recursive).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TypeMismatch);
    }

    /// Structs with many fields of each other's types, so that there are far more pairs of types than types.
    #[test]
    fn comparing_ends_in_time() {
        let types = |count: u32, shift: u32| {
            let fields = |ty: u32| {
                (0..60).map(move |field| (format!("f{field}"), at(count + (ty * 31 + field * shift) % count)))
            };
            let node = |ty: u32| Descriptor::structure(format!("N{ty}"), fields(ty).collect());
            let mut types: Vec<Descriptor> = (0..count).map(node).collect();
            types.extend((0..count).map(|ty| Descriptor::list(at(ty))));
            Schema::new(types).unwrap()
        };
        let start = std::time::Instant::now();
        let error = Evolution::between(&types(997, 7), &types(991, 13)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(start.elapsed().as_secs() < 20);
    }

    #[test]
    fn a_small_file_does_not_become_a_large_buffer() -> Result<()> {
        let record = |fields| Descriptor::structure("Row", fields);
        let small = Schema::new(vec![record(vec![("a".into(), at(1))]), Descriptor::scalar(Kind::U8)])?;
        let array = Descriptor::array(at(1), 1 << 20);
        let large = |option: bool| {
            let of = if option { 3 } else { 2 };
            let fields = vec![("a".into(), at(1)), ("big".into(), at(of))];
            let image = DefaultImage::stored(1 << 20, vec![9; 1 << 20]);
            let notes = if option { vec![] } else { vec![Note::Default(image)] };
            let row = record(fields).with_notes(vec![Note::Version(2)]).with_field_notes(1, notes);
            Schema::new(vec![row, Descriptor::scalar(Kind::U8), array.clone(), Descriptor::option(at(2))])
        };
        for option in [true, false] {
            let folder = tempfile::tempdir()?;
            let path = folder.path().join("rows.hydra");
            let mut writer = Writer::create(&path)?;
            let table = writer.dynamic_table(&small)?;
            for a in 0..200u8 {
                let row = Dynamic::new(small.clone().into(), Data::Parts(vec![Data::from(a)]))?;
                writer.append_value(table, row.value())?;
            }
            writer.commit()?;
            let row = Dynamic::new(small.clone().into(), Data::Parts(vec![Data::from(7u8)]))?;
            writer.append_value(table, row.value())?;
            let error = writer.dynamic_table_named("Row", &large(option)?).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
            writer.finish()?;
            let rows = Reader::open(&path)?.dynamic_table("Row")?.read_as(&large(option)?)?;
            let error = rows.get(0).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
            assert_eq!(rows.get(200)?.value().path("a")?.get::<u8>()?, 7, "one record of a megabyte is");
        }
        Ok(())
    }

    #[test]
    fn a_default_that_is_no_value_is_an_error() -> Result<()> {
        let row = |fields| Descriptor::structure("Row", fields);
        let old = Schema::new(vec![row(vec![("a".into(), at(1))]), Descriptor::scalar(Kind::U8)])?;
        for (text_offset, payload) in [(64, vec![2; 64]), (0, vec![]), (64, vec![1; 3]), (7, vec![1; 64])] {
            let image = DefaultImage::stored(text_offset, payload);
            let fields = vec![("a".into(), at(1)), ("b".into(), at(2))];
            let row = row(fields).with_field_notes(1, vec![Note::Default(image)]);
            let new = Schema::new(vec![row, Descriptor::scalar(Kind::U8), Descriptor::scalar(Kind::Bool)])?;
            let error = Evolution::between(&old, &new).unwrap_err();
            assert_eq!(error.path_text(), Some("b"), "{error}");
        }
        Ok(())
    }
}
