//! Acknowledged records can be read as the newest type of their table; values for which this fails are
//! refused when they are appended.

use hydra::reflect::Data;
use hydra::{Editor, ErrorKind, Hydra, Reader, Result, Schema, Value, Writer};
use std::collections::BTreeMap;
use std::path::Path;

/// The older program. It reads unknown variants as `Other`.
mod old {
    use super::BTreeMap;

    #[derive(hydra::Hydra, Debug, Clone, Copy, PartialEq)]
    pub(crate) enum E {
        A,
        B,
        #[hydra(other)]
        Other,
    }

    #[derive(hydra::Hydra, Debug, Clone, PartialEq)]
    pub(crate) struct Of<T> {
        pub(crate) inner: T,
    }

    #[derive(hydra::Hydra, Debug, Clone, PartialEq)]
    pub(crate) struct Row {
        pub(crate) plain: E,
        pub(crate) option: Option<E>,
        pub(crate) list: Vec<E>,
        pub(crate) map: BTreeMap<u8, E>,
        pub(crate) boxed: Box<E>,
        pub(crate) array: [E; 2],
        pub(crate) tuple: (u8, E),
        pub(crate) generic: Of<Vec<Option<E>>>,
        pub(crate) name: String,
    }

    #[derive(hydra::Hydra, Debug, Clone, Copy, PartialEq)]
    #[hydra(name = "Flat")]
    #[repr(C)]
    pub(crate) struct Flat {
        pub(crate) e: E,
    }
}

/// The newer program.
mod new {
    use super::BTreeMap;

    #[derive(hydra::Hydra, Debug, Clone, Copy, PartialEq)]
    pub(crate) enum E {
        A,
        B,
        New,
    }

    #[derive(hydra::Hydra, Debug, Clone, PartialEq)]
    pub(crate) struct Of<T> {
        pub(crate) inner: T,
    }

    #[derive(hydra::Hydra, Debug, Clone, PartialEq)]
    #[hydra(version = 1)]
    pub(crate) struct Row {
        pub(crate) plain: E,
        pub(crate) option: Option<E>,
        pub(crate) list: Vec<E>,
        pub(crate) map: BTreeMap<u8, E>,
        pub(crate) boxed: Box<E>,
        pub(crate) array: [E; 2],
        pub(crate) tuple: (u8, E),
        pub(crate) generic: Of<Vec<Option<E>>>,
        pub(crate) name: E,
    }

    #[derive(hydra::Hydra, Debug, Clone, Copy, PartialEq)]
    #[hydra(name = "Flat", version = 1)]
    #[repr(C)]
    pub(crate) struct Flat {
        pub(crate) e: E,
    }
}

fn row() -> old::Row {
    use old::E::{A, B};
    old::Row {
        plain: A,
        option: Some(B),
        list: vec![A, B],
        map: [(1, A), (2, B)].into(),
        boxed: Box::new(A),
        array: [A, B],
        tuple: (0, B),
        generic: old::Of { inner: vec![None, Some(A)] },
        name: "B".into(),
    }
}

/// Every value that the newest type cannot represent, with its path.
fn placeholders() -> Vec<(&'static str, old::Row)> {
    use old::E::Other;
    vec![
        ("plain", old::Row { plain: Other, ..row() }),
        ("option?", old::Row { option: Some(Other), ..row() }),
        ("list[1]", old::Row { list: vec![old::E::A, Other], ..row() }),
        ("map[]", old::Row { map: [(2, Other)].into(), ..row() }),
        ("boxed", old::Row { boxed: Box::new(Other), ..row() }),
        ("array[1]", old::Row { array: [old::E::A, Other], ..row() }),
        ("tuple.1", old::Row { tuple: (0, Other), ..row() }),
        ("generic.inner", old::Row { generic: old::Of { inner: vec![Some(Other)] }, ..row() }),
        ("name", old::Row { name: "C".into(), ..row() }),
    ]
}

/// A file whose newest type is `New`.
fn with_newest<New: Hydra>(path: &Path) -> Result<()> {
    let mut writer = Writer::create(path)?;
    writer.table::<New>()?;
    writer.finish()
}

/// Checks that every record of every table reads as the newest type.
fn reads_whole(path: &Path) -> Result<u64> {
    let file = Reader::open(path)?;
    let mut count = 0;
    for info in file.tables() {
        let table = file.dynamic_table(info.name())?;
        for block in table.blocks() {
            count += block?.len() as u64;
        }
        (0..table.len()).try_for_each(|at| table.get(at).map(drop))?;
    }
    Ok(count)
}

#[test]
fn what_the_newest_type_has_no_word_for_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    with_newest::<new::Row>(&path)?;
    let mut writer = Writer::resume(&path)?;
    let table = writer.table::<old::Row>()?;
    let dynamic = writer.dynamic_table(&Schema::of::<old::Row>())?;
    for (at, value) in placeholders() {
        writer.append(table, &row())?;
        let mut data = Value::of(&value).to_dynamic()?.into_data();
        let refused = [
            writer.append(table, &value),
            writer.append_slice(table, std::slice::from_ref(&value)),
            writer.append_value(table, Value::of(&value)),
            writer.append_value(dynamic, Value::of(&value).to_dynamic()?.value()),
            writer.append_data(dynamic, &mut data),
        ];
        for refused in refused {
            let error = refused.expect_err(at);
            assert_eq!(error.kind(), ErrorKind::UnknownVariant, "{error}");
            assert!(error.path_text().is_some_and(|path| path.starts_with(at)), "{at}: {error}");
            assert!(error.to_string().contains("table Row") && error.message().contains("newest"), "{error}");
            assert_eq!(error.file(), Some(&*path), "{error}");
        }
    }
    writer.finish()?;
    assert_eq!(reads_whole(&path)?, 9, "those between are there");
    assert_eq!(Reader::open(&path)?.table::<new::Row>()?.len(), 9);
    Ok(())
}

#[test]
fn records_that_are_their_bytes_are_refused_one_by_one() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    with_newest::<new::Flat>(&path)?;
    let mut writer = Writer::resume(&path)?;
    let table = writer.table::<old::Flat>()?;
    let flat = |e| old::Flat { e };
    let values = [flat(old::E::A), flat(old::E::B), flat(old::E::Other), flat(old::E::A)];
    let error = writer.append_slice(table, &values).unwrap_err();
    assert_eq!((error.kind(), error.path_text()), (ErrorKind::UnknownVariant, Some("e")));
    writer.append_slice(table, &values[..2])?;
    assert!(writer.append(table, &values[2]).is_err());
    writer.finish()?;
    assert_eq!(reads_whole(&path)?, 4, "those before the one that failed are appended");
    Ok(())
}

#[test]
fn a_record_is_not_edited_into_what_the_newest_type_cannot_read() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    let mut writer = Writer::create(&path)?;
    let table = writer.table::<old::Row>()?;
    // Appended before there was a newer type: this record can no longer be read.
    writer.append(table, &placeholders()[0].1)?;
    writer.append(table, &row())?;
    writer.finish()?;
    let mut writer = Writer::resume(&path)?;
    writer.table::<new::Row>()?;
    writer.finish()?;

    let mut editor = Editor::open(&path)?;
    editor.record("Row", 1)?.path("plain")?.set_str("Other")?;
    let error = editor.commit().unwrap_err();
    assert_eq!((error.kind(), error.path_text()), (ErrorKind::UnknownVariant, Some("plain")), "{error}");
    assert!(error.to_string().contains("record 1"), "{error}");
    editor.record("Row", 1)?.path("plain")?.set_str("B")?;
    editor.record("Row", 1)?.path("name")?.set("A".to_string())?;
    // A record that was already unreadable may be repaired, and does not block edits of other records in its
    // block.
    editor.commit()?;
    assert_eq!(Reader::open(&path)?.table::<new::Row>()?.get(1)?.view().plain(), new::E::B);
    editor.record("Row", 0)?.path("plain")?.set_str("A")?;
    editor.finish()?;
    assert_eq!(reads_whole(&path)?, 2);
    Ok(())
}

/// A small record, and a newer type of it that is much larger.
mod grown {
    pub(crate) mod old {
        #[derive(hydra::Hydra, Debug, Clone, Copy, PartialEq)]
        #[repr(C)]
        pub(crate) struct Row {
            pub(crate) a: u8,
        }
    }
    pub(crate) mod text {
        #[derive(hydra::Hydra, Debug, PartialEq)]
        pub(crate) struct Row {
            pub(crate) a: u8,
            #[hydra(default = "x".repeat(100_000))]
            pub(crate) text: String,
        }
    }
    pub(crate) mod few {
        #[derive(hydra::Hydra, Debug, PartialEq)]
        pub(crate) struct List {
            pub(crate) items: Vec<Item>,
        }
        #[derive(hydra::Hydra, Debug, Clone, PartialEq)]
        pub(crate) struct Item {
            pub(crate) a: u8,
        }
    }
    pub(crate) mod many {
        #[derive(hydra::Hydra, Debug, PartialEq)]
        pub(crate) struct List {
            pub(crate) items: Vec<Item>,
        }
        #[derive(hydra::Hydra, Debug, Clone, PartialEq)]
        pub(crate) struct Item {
            pub(crate) a: u8,
            #[hydra(default = vec![7; 1 << 20])]
            pub(crate) list: Vec<u8>,
        }
    }
}

#[test]
fn blocks_end_before_they_are_too_large_as_the_newest_type() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    with_newest::<grown::text::Row>(&path)?;
    let mut writer = Writer::resume(&path)?;
    let table = writer.table::<grown::old::Row>()?;
    let row = |a| grown::old::Row { a };
    (0..250).try_for_each(|a| writer.append(table, &row(a)))?;
    writer.append_slice(table, &[row(7); 250])?;
    writer.finish()?;
    assert_eq!(reads_whole(&path)?, 500);
    assert!(Reader::open(&path)?.tables()[0].block_count() < 10);

    // Compaction merges small blocks only as far as the result can be read.
    let small = folder.path().join("small.hydra");
    hydra::file::compact(&path, &small, Default::default(), None)?;
    assert_eq!(reads_whole(&small)?, 500);

    // A single record that is too large is refused.
    let path = folder.path().join("lists.hydra");
    with_newest::<grown::many::List>(&path)?;
    let mut writer = Writer::resume(&path)?;
    let table = writer.table::<grown::few::List>()?;
    let list = |count| grown::few::List { items: vec![grown::few::Item { a: 1 }; count] };
    for count in [1, 15, 0, 3] {
        writer.append(table, &list(count))?;
    }
    for error in [writer.append(table, &list(20)), writer.append_slice(table, &[list(1000)])] {
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        assert!(error.message().contains("newest") && error.to_string().contains("table List"), "{error}");
    }
    writer.append(table, &list(2))?;
    writer.finish()?;
    assert_eq!(reads_whole(&path)?, 5);
    let mut editor = Editor::open(&path)?;
    editor.record("List", 0)?.set(list(1000))?;
    assert_eq!(editor.commit().unwrap_err().kind(), ErrorKind::TooLarge);
    editor.record("List", 0)?.set(list(3))?;
    editor.finish()?;
    assert_eq!(reads_whole(&path)?, 5);
    Ok(())
}

#[test]
fn a_newer_type_is_refused_where_it_makes_blocks_too_large_that_are_there() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for committed in [false, true] {
        let path = folder.path().join(format!("{committed}.hydra"));
        let mut writer = Writer::create(&path)?;
        let table = writer.table::<grown::old::Row>()?;
        writer.append_slice(table, &[grown::old::Row { a: 1 }; 500])?;
        if committed {
            writer.finish()?;
            writer = Writer::resume(&path)?;
        }
        let error = writer.table_named::<grown::text::Row>("Row").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        assert!(error.to_string().contains("records 0..500"), "{error}");
        writer.finish()?;
        assert_eq!(reads_whole(&path)?, 500);
    }
    Ok(())
}

#[test]
fn a_newer_type_that_comes_later_counts_for_what_is_appended_after_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    let mut writer = Writer::create(&path)?;
    let (rows, flat) = (writer.table::<old::Row>()?, writer.table::<old::Flat>()?);
    let small = writer.table::<grown::old::Row>();
    assert!(small.is_err(), "another type named Row");
    let small = writer.table_named::<grown::old::Row>("small")?;
    writer.append(rows, &row())?;
    writer.append(flat, &old::Flat { e: old::E::A })?;
    writer.append(small, &grown::old::Row { a: 1 })?;
    writer.table_named::<new::Row>("Row")?;
    writer.table_named::<new::Flat>("Flat")?;
    writer.table_named::<grown::text::Row>("small")?;
    for (at, value) in placeholders() {
        assert!(writer.append(rows, &value).is_err(), "{at}");
    }
    assert!(writer.append_slice(flat, &[old::Flat { e: old::E::Other }]).is_err());
    writer.append_slice(small, &[grown::old::Row { a: 2 }; 500])?;
    writer.finish()?;
    assert_eq!(reads_whole(&path)?, 503);
    Ok(())
}

#[test]
fn what_was_appended_before_its_variant_was_removed_stays_the_exception() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    let mut writer = Writer::create(&path)?;
    let table = writer.table::<old::Flat>()?;
    writer.append(table, &old::Flat { e: old::E::Other })?;
    writer.table_named::<new::Flat>("Flat")?;
    writer.append(table, &old::Flat { e: old::E::A })?;
    writer.finish()?;
    let table = Reader::open(&path)?.table::<new::Flat>()?;
    assert_eq!(table.get(0).err().unwrap().kind(), ErrorKind::UnknownVariant);
    assert_eq!(table.get(1)?.view().e(), new::E::A);
    Ok(())
}

/// A default with the maximum nesting of lists, which therefore does not fit into another list.
#[test]
fn what_becomes_nested_too_deep_is_refused() -> Result<()> {
    mod old {
        #[derive(hydra::Hydra, Debug, Clone, PartialEq)]
        pub(crate) struct Row {
            pub(crate) below: Vec<Row>,
        }
    }
    mod new {
        #[derive(hydra::Hydra, Debug, Clone, PartialEq)]
        pub(crate) struct Row {
            pub(crate) below: Vec<Row>,
            #[hydra(default = vec![vec![vec![1]]])]
            pub(crate) added: Vec<Vec<Vec<u8>>>,
        }
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    with_newest::<new::Row>(&path)?;
    let mut writer = Writer::resume(&path)?;
    let table = writer.table::<old::Row>()?;
    let deep = |levels| (0..levels).fold(old::Row { below: vec![] }, |row, _| old::Row { below: vec![row] });
    let (mut kept, mut refused) = (0, 0);
    for levels in 55..=64 {
        match writer.append(table, &deep(levels)) {
            Ok(()) => kept += 1,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::TooDeep, "{error}");
                refused += 1;
            }
        }
    }
    assert!(kept > 0 && refused > 0);
    writer.finish()?;
    assert_eq!(reads_whole(&path)?, kept);
    Ok(())
}

#[test]
fn more_types_than_are_looked_at_do_not_hide_the_newest() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    let schema = |options: usize, bit: usize| {
        use hydra::schema::TypeRef;
        use hydra::{Descriptor, Kind};
        let mut fields = vec![("a".to_string(), TypeRef::Index(1))];
        fields.extend(
            (0..options).filter(|at| bit & (1 << at) == 0).map(|at| (format!("o{at}"), TypeRef::Index(2))),
        );
        let row = Descriptor::structure("Row", fields);
        let mut types = vec![row, Descriptor::scalar(Kind::U64)];
        if options.count_ones() > 0 && bit != (1 << options) - 1 {
            types.push(Descriptor::option(TypeRef::Index(1)));
        }
        Schema::new(types)
    };
    let mut writer = Writer::create(&path)?;
    let newest = schema(5, 0)?;
    let table = writer.dynamic_table_named("Row", &newest)?;
    let mut parts = vec![Data::from(1u64)];
    parts.extend((0..5).map(|_| Data::some(Data::from(2u64))));
    writer.append_data(table, &mut Data::Parts(parts))?;
    let mut refused = 0;
    for bits in 1..31 {
        match writer.dynamic_table_named("Row", &schema(5, bits)?) {
            Ok(table) => {
                let left = 5 - (bits as u32).count_ones() as usize;
                let mut parts = vec![Data::from(3u64)];
                parts.extend((0..left).map(|_| Data::None));
                writer.append_data(table, &mut Data::Parts(parts))?;
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
                refused += 1;
            }
        }
    }
    writer.finish()?;
    let rows = Reader::open(&path)?.dynamic_table("Row")?;
    assert!(rows.schema().is_identical(&newest), "{}", rows.schema());
    assert!(refused > 0);
    reads_whole(&path)?;
    Ok(())
}

/// FORMAT.md, 16.3: a type with a removed field is the older one, whatever else it cannot read of the other.
#[test]
fn an_older_type_with_narrower_numbers_goes_on_appending() -> Result<()> {
    mod narrow {
        #[derive(hydra::Hydra)]
        pub(crate) struct Row {
            pub(crate) n: u32,
            pub(crate) s: String,
        }
    }
    mod wide {
        #[derive(hydra::Hydra)]
        pub(crate) struct Row {
            pub(crate) s: String,
            pub(crate) extra: Option<Vec<u16>>,
            pub(crate) n: u64,
        }
    }
    let folder = tempfile::tempdir()?;
    for old_first in [true, false] {
        let path = folder.path().join(format!("{old_first}.hydra"));
        let mut writer = Writer::create(&path)?;
        if old_first {
            writer.table::<narrow::Row>()?;
        }
        let table = writer.table_named::<wide::Row>("Row")?;
        writer.append(table, &wide::Row { s: "a".into(), extra: Some(vec![1]), n: 1 << 40 })?;
        writer.finish()?;
        let mut writer = Writer::resume(&path)?;
        let table = writer.table::<narrow::Row>()?;
        writer.append(table, &narrow::Row { n: 7, s: "b".into() })?;
        writer.finish()?;
        let table = Reader::open(&path)?.dynamic_table("Row")?;
        let texts = (0..2).map(|at| Ok(table.get(at)?.value().to_string())).collect::<Result<Vec<_>>>()?;
        let expected =
            [r#"Row { s: "a", extra: Some([1]), n: 1099511627776 }"#, r#"Row { s: "b", extra: None, n: 7 }"#];
        assert_eq!(texts, expected);
    }
    // No field is removed in the other type, so a version must decide which is newer.
    let path = folder.path().join("numbers.hydra");
    let mut writer = Writer::create(&path)?;
    writer.table_named::<(u64,)>("numbers")?;
    let error = writer.table_named::<(u32,)>("numbers").unwrap_err();
    assert!(error.kind() == ErrorKind::TypeMismatch && error.message().contains("version"), "{error}");
    Ok(())
}

/// FORMAT.md, 16.4: if each of two types lacks something of the other, a version decides which is newer;
/// otherwise nothing is appended.
#[test]
fn types_that_each_lack_something_of_the_other_need_a_version() -> Result<()> {
    mod first {
        #[derive(hydra::Hydra)]
        pub(crate) struct Row {
            pub(crate) a: u8,
            pub(crate) b: Option<u8>,
        }
    }
    mod second {
        #[derive(hydra::Hydra)]
        pub(crate) struct Row {
            pub(crate) a: u8,
            #[hydra(default)]
            pub(crate) c: u8,
        }
    }
    mod raised {
        #[derive(hydra::Hydra)]
        #[hydra(version = 1)]
        pub(crate) struct Row {
            pub(crate) a: u8,
            #[hydra(default)]
            pub(crate) c: u8,
        }
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    let mut writer = Writer::create(&path)?;
    let table = writer.table::<first::Row>()?;
    writer.append(table, &first::Row { a: 1, b: Some(1) })?;
    writer.finish()?;
    let mut writer = Writer::resume(&path)?;
    let error = writer.table::<second::Row>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TypeMismatch);
    assert!(error.to_string().contains("each lacks something of the other"), "{error}");
    assert_eq!(error.found_text(), Some("c"));
    assert!(error.help_text().is_some_and(|help| help.contains("version")), "{error}");
    let table = writer.table::<raised::Row>()?;
    writer.append(table, &raised::Row { a: 2, c: 77 })?;
    writer.finish()?;
    let table = hydra::Reader::open(&path)?.dynamic_table("Row")?;
    assert_eq!(table.get(1)?.value().to_string(), "Row { a: 2, c: 77 }");
    Ok(())
}
