//! One value in every representation that reflection supports: live; stored, with and without its type;
//! staged by an editor; data.

use crate::large::map;
use hydra::{Durability, Editor, Error, Hydra, Reader, Result, Schema, Value, ValueMut, Writer};
use std::path::Path;

fn name_of<T: Hydra>() -> String {
    Schema::of::<T>().name()
}

fn write<T: Hydra>(path: &Path, records: &[&T]) -> Result<()> {
    let mut file = Writer::options().durability(Durability::Buffered).create(path)?;
    let table = file.table::<T>()?;
    records.iter().try_for_each(|record| file.append(table, record))?;
    file.finish()
}

/// Runs `law` on a value in each representation, named. In files it has neighbours.
pub(crate) fn in_each_world<T: Hydra>(live: &T, mut law: impl FnMut(&str, Value<'_>)) {
    let folder = tempfile::tempdir().unwrap();
    let (path, name) = (folder.path().join("value.hydra"), name_of::<T>());
    write(&path, &[live; 3]).unwrap();
    law("live", Value::of(live));
    for (how, reader) in [("read", Reader::open(&path).unwrap()), ("mapped", map(&path).unwrap())] {
        law(&format!("{how}, with the type"), reader.table::<T>().unwrap().get(1).unwrap().value());
        law(
            &format!("{how}, without the type"),
            reader.dynamic_table(&name).unwrap().get(1).unwrap().value(),
        );
    }
    law("staged", Editor::open(&path).unwrap().record(&name, 1).unwrap().value());
    law("data", Value::of(live).to_dynamic().unwrap().value());
}

/// The payload of the block that holds the records of the only table.
fn payload(path: &Path) -> Vec<u8> {
    let table = Reader::open(path).unwrap();
    let table = table.dynamic_table(table.tables()[0].name()).unwrap();
    let entries: Vec<_> = table.entries().map(Result::unwrap).collect();
    assert_eq!(entries.len(), 1);
    let bytes = std::fs::read(path).unwrap();
    let block = &bytes[entries[0].offset as usize..];
    let length = u32::from_le_bytes(*block[44..].first_chunk().unwrap()) as usize;
    block[64..64 + length].to_vec()
}

/// Makes a change in every representation: the outcomes in words and the bytes afterwards are the same, and a
/// refused change leaves the file unchanged. Returns the resulting live value.
pub(crate) fn changed<T: Hydra>(
    make: impl Fn() -> T,
    what: &str,
    change: impl Fn(ValueMut<'_>) -> Result<()>,
) -> Result<T, Error> {
    let (folder, name) = (tempfile::tempdir().unwrap(), name_of::<T>());
    let (path, other) = (folder.path().join("value.hydra"), folder.path().join("other.hydra"));
    let (mut live, neighbour) = (make(), make());
    let expected = change(ValueMut::of(&mut live));
    let said = format!("{expected:?}");

    write(&path, &[&neighbour; 3]).unwrap();
    let before = std::fs::read(&path).unwrap();
    let reader = Reader::open(&path).unwrap();
    let (untyped, typed) = (reader.dynamic_table(&name).unwrap(), reader.table::<T>().unwrap());
    let (stored, typed) = (untyped.get(1).unwrap(), typed.get(1).unwrap());
    for (world, value) in [
        ("data of a live value", Value::of(&neighbour)),
        ("data of a record with its type", typed.value()),
        ("data of a record without its type", stored.value()),
    ] {
        let mut copy = value.to_dynamic().unwrap();
        assert_eq!(said, format!("{:?}", change(copy.value_mut())), "{world}: {what}");
        assert_eq!(copy.value(), Value::of(&live), "{world}: {what}");
        let again = hydra::Dynamic::new(copy.schema().clone(), copy.data().clone());
        assert!(again.is_ok_and(|again| again == copy), "{world}: {what}: no value of its type");
    }

    let mut editor = Writer::options().durability(Durability::Buffered).edit(&path).unwrap();
    let found = change(editor.record(&name, 1).unwrap());
    assert_eq!(said, format!("{found:?}"), "staged: {what}");
    editor.finish().unwrap();
    let edited = Reader::open(&path).unwrap().dynamic_table(&name).unwrap();
    assert_eq!(edited.get(1).unwrap().value(), Value::of(&live), "edited: {what}");
    if found.is_err() || Value::of(&neighbour) == Value::of(&live) {
        assert!(std::fs::read(&path).unwrap() == before, "nothing changed, and the file did: {what}");
    }
    write(&other, &[&neighbour, &live, &neighbour]).unwrap();
    assert!(payload(&path) == payload(&other), "{what}: not the bytes that a writer writes");
    expected.map(|()| live)
}
