//! Tables with their own names (FORMAT.md, section 6): which type gets which table, and the errors.

use hydra::{Editor, ErrorKind, Hydra, Reader, Result, Schema, Value, Writer, compat};
use std::time::Duration;

mod one {
    #[derive(hydra::Hydra, Debug, Clone, PartialEq)]
    pub(crate) struct Row {
        pub(crate) id: u32,
    }
}
mod two {
    #[derive(hydra::Hydra, Debug, Clone, PartialEq)]
    pub(crate) struct Row {
        pub(crate) id: u32,
        pub(crate) note: Option<String>,
    }
}
mod same {
    #[derive(hydra::Hydra, Debug, Clone, PartialEq)]
    pub(crate) struct Row {
        pub(crate) id: u32,
    }
}
/// `one::Row`, renamed.
#[derive(Hydra, Debug, PartialEq)]
struct Line {
    id: u32,
}

#[test]
fn two_types_of_one_name_do_not_share_a_table_unasked() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    let mut writer = Writer::create(&path)?;
    let rows = writer.table::<one::Row>()?;
    let again = writer_again(&mut writer, rows)?;
    writer.append(again, &one::Row { id: 1 })?;
    for error in [
        writer.table::<two::Row>().unwrap_err(),
        writer.table::<same::Row>().unwrap_err(),
        writer.dynamic_table(&Schema::of::<two::Row>()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::TypeMismatch);
        assert!(error.help_text().is_some_and(|help| help.contains("`table_named(\"Row\")`")), "{error}");
        assert!(error.expected_text().is_some_and(|name| name.ends_with("one::Row")), "{error}");
    }
    let dynamic = writer.dynamic_table(&Schema::of::<one::Row>())?;
    writer.append_value(dynamic, Value::of(&one::Row { id: 2 }))?;
    // The help lists the options: the same table, another generation of the type, a table with its own name.
    let newer = writer.table_named::<two::Row>("Row")?;
    writer.append(newer, &two::Row { id: 3, note: None })?;
    let own = writer.table_named::<same::Row>("own")?;
    writer.append(own, &same::Row { id: 4 })?;
    writer.finish()?;
    let file = Reader::open(&path)?;
    let names: Vec<(&str, u64, usize)> = file
        .tables()
        .iter()
        .map(|table| (table.name(), table.record_count(), table.schemas().len()))
        .collect();
    assert_eq!(names, [("Row", 3, 2), ("own", 1, 1)]);
    assert_eq!(file.table::<two::Row>()?.get(2)?.view().id(), 3);
    assert_eq!(file.table_named::<Line>("own")?.get(0)?.view().id(), 4, "the type may have any name");
    hydra::file::check(&path, &mut |finding| panic!("{finding}"), None)?;
    Ok(())
}

/// The same type gets the same table.
fn writer_again(writer: &mut Writer, rows: hydra::TableId<one::Row>) -> Result<hydra::TableId<one::Row>> {
    let again = writer.table::<one::Row>()?;
    assert_eq!(format!("{again:?}"), format!("{rows:?}"));
    assert_eq!(format!("{:?}", writer.table_named::<one::Row>("Row")?), format!("{rows:?}"));
    Ok(again)
}

#[test]
fn tables_of_one_type_live_side_by_side() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    let mut writer = Writer::create(&path)?;
    let tables = ["bids", "asks"].map(|name| writer.table_named::<u64>(name));
    let [bids, asks] = [tables[0].as_ref().copied().unwrap(), tables[1].as_ref().copied().unwrap()];
    writer.append_slice(bids, &[1, 2, 3])?;
    writer.append_slice(asks, &[4, 5])?;
    writer.commit()?;
    let reader = Reader::open(&path)?;
    let follow = reader.table_named::<u64>("asks")?.follow(0, Duration::from_millis(5));
    let stop = follow.stopper();
    writer.append_slice(asks, &[6])?;
    writer.finish()?;
    // A resumed writer continues each table.
    let mut writer = Writer::resume(&path)?;
    let asks = writer.table_named::<u64>("asks")?;
    writer.append(asks, &7)?;
    writer.finish()?;
    let mut found = Vec::new();
    for block in follow {
        found.extend_from_slice(block?.as_slice());
        if found.len() == 4 {
            stop.stop();
        }
    }
    assert_eq!(found, [4, 5, 6, 7]);
    let mut editor = Editor::open(&path)?;
    editor.record("bids", 1)?.set(20u64)?;
    editor.finish()?;
    let file = Reader::open(&path)?;
    let bids: Vec<u64> =
        (0..3).map(|at| Ok(file.table_named::<u64>("bids")?.get(at)?.view())).collect::<Result<_>>()?;
    assert_eq!((bids, file.schemas().count()), (vec![1, 20, 3], 2));
    let small = folder.path().join("small.hydra");
    hydra::file::compact(&path, &small, Default::default(), None)?;
    let saved = folder.path().join("saved.hydra");
    hydra::file::recover(&path, &saved, Default::default(), None)?;
    for path in [small, saved] {
        assert_eq!(Reader::open(path)?.table_named::<u64>("asks")?.get(3)?.view(), 7);
    }
    Ok(())
}

#[test]
fn errors_name_the_table_that_could_be_meant() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.hydra");
    let mut writer = Writer::create(&path)?;
    let table = writer.table_named::<one::Row>("bids")?;
    writer.append(table, &one::Row { id: 1 })?;
    writer.finish()?;
    let file = Reader::open(&path)?;
    for error in [file.table::<one::Row>().unwrap_err(), file.table::<Line>().unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::NoTable);
        let help = error.help_text().unwrap_or_default();
        assert!(help.contains("`table_named(\"bids\")`") && !help.contains("name ="), "{error}");
    }
    assert!(file.table::<String>().unwrap_err().help_text().is_none());
    assert_eq!(hydra::load_named::<one::Row>(&path, "bids")?.id, 1);
    assert!(hydra::load::<one::Row>(&path).unwrap_err().to_string().contains("table_named"));

    // A type that was renamed in the program.
    let path = folder.path().join("renamed.hydra");
    let mut writer = Writer::create(&path)?;
    writer.table::<one::Row>()?;
    writer.finish()?;
    let error = Reader::open(&path)?.table::<Line>().unwrap_err();
    let help = error.help_text().unwrap_or_default();
    assert!(help.contains("#[hydra(name = \"Row\")]") && help.contains("`table_named(\"Row\")`"), "{error}");
    Ok(())
}

#[test]
fn names_have_limits() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut writer = Writer::create(folder.path().join("rows.hydra"))?;
    for (name, kind) in [
        ("", ErrorKind::Usage),
        ("a\nb", ErrorKind::Usage),
        ("\u{7f}", ErrorKind::Usage),
        ("\u{85}", ErrorKind::Usage),
        (&"x".repeat(256), ErrorKind::TooLarge),
    ] {
        assert_eq!(writer.table_named::<u64>(name).unwrap_err().kind(), kind, "{name:?}");
    }
    for name in ["x".repeat(255), " ".into(), "a b, c[0]".into(), "värde \"1\"".into()] {
        let table = writer.table_named::<u64>(&name)?;
        writer.append(table, &7)?;
    }
    let path = writer.path().to_path_buf();
    writer.finish()?;
    for info in Reader::open(&path)?.tables() {
        assert_eq!(Reader::open(&path)?.table_named::<u64>(info.name())?.get(0)?.view(), 7);
        let mut editor = Editor::open(&path)?;
        editor.record(info.name(), 0)?.set(7u64)?;
    }
    Ok(())
}

#[test]
fn a_committed_schema_may_be_that_of_a_named_table() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bids.hydra");
    compat::save_schema_named::<two::Row>(&path, "bids")?;
    assert!(compat::check_schema_named::<two::Row>(&path, "bids")?.is_empty());
    assert!(
        compat::check_schema_named::<u64>(&path, "bids")
            .is_err_and(|error| error.place_text() == Some("table bids"))
    );
    assert_eq!(compat::check_schema::<two::Row>(&path).unwrap_err().kind(), ErrorKind::NoTable);
    Ok(())
}

#[test]
fn errors_of_types_name_the_table() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("quotes.hydra");
    let mut writer = Writer::create(&path)?;
    let asks = writer.table_named::<f64>("asks")?;
    writer.append(asks, &1.5)?;
    writer.finish()?;
    let reader = Reader::open(&path)?.table_named::<u32>("asks").unwrap_err();
    let writer = Writer::resume(&path)?.table_named::<u32>("asks").unwrap_err();
    for error in [reader, writer] {
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::TypeMismatch);
        assert!(text.contains("table asks") && !text.contains("table u32"), "{text}");
        assert!(!text.contains("gives it a table of its own"), "{text}");
    }
    Ok(())
}
