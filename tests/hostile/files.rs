//! Files, paths and images made to take long.

use crate::Make;
use hydra::schema::TypeRef;
use hydra::{Descriptor, Durability, Hydra, Kind, Schema, Value, Writer, testing};
use hydra_tests::craft::{Block, Craft};
use hydra_tests::memory::Memory;
use std::collections::BTreeMap;
use std::path::Path;

/// By name.
pub(crate) const KINDS: &[(&str, Make)] = &[
    ("tiny blocks", |bytes| tiny_blocks(bytes, &|_, _| ()).finish()),
    ("every second block damaged", |bytes| {
        tiny_blocks(bytes, &|at, block| {
            if at % 2 == 0 {
                block[20] ^= 1
            }
        })
        .finish()
    }),
    ("every second payload damaged", |bytes| {
        tiny_blocks(bytes, &|at, block| {
            if at % 2 == 0 {
                block[64] ^= 1
            }
        })
        .finish()
    }),
    ("no block whole", |bytes| tiny_blocks(bytes, &|_, block| block[20] ^= 1).finish()),
    ("heads of blocks that lie", |bytes| {
        let mut craft = Craft::default();
        craft.bytes.extend(b"HBLK\x02\0\0\0\xff\xff\x3f\0".repeat(bytes / 12));
        craft.bytes.resize(craft.bytes.len().next_multiple_of(64), 0);
        craft.finish()
    }),
    ("replacements of one block", |bytes| {
        let (mut craft, at) = (bytes_table(), Block { kind: 2, data: (1, 0, 1, 1), ..Block::default() });
        craft.data((1, 0, 1, 1), &[1], b"", b"");
        for byte in 0..bytes / 128 {
            craft.block(Block { flags: 1, text: 64, payload: padded(byte as u8), ..at.clone() });
        }
        craft.finish()
    }),
    ("edits, one after the other", edits),
    ("tables", |bytes| {
        let (mut craft, schema) = (Craft::default(), Schema::of::<u8>());
        (1..bytes as u32 / 192)
            .for_each(|id| _ = craft.schema(id, &id.to_string(), schema.core(), schema.notes()));
        craft.finish()
    }),
    ("blocks of many tables", |bytes| {
        let (mut craft, schema, count) = (Craft::default(), Schema::of::<u8>(), bytes as u32 / 1216);
        (1..=count).for_each(|id| _ = craft.schema(id, &id.to_string(), schema.core(), schema.notes()));
        for block in 0..u64::from(count) * 8 {
            let id = block as u32 % count + 1;
            craft.data((id, block / u64::from(count), 1, 1), &[1], b"", b"");
        }
        craft.finish()
    }),
    ("schemas of one table", |bytes| {
        let mut craft = Craft::default();
        for id in 1..bytes as u32 / 192 {
            let schema = Schema::new(vec![
                Descriptor::array(TypeRef::Index(1), u64::from(id)),
                Descriptor::scalar(Kind::U8),
            ]);
            let schema = schema.expect("a schema");
            craft.schema(id, "T", schema.core(), schema.notes());
            craft.data((id, u64::from(id) - 1, 1, id), &vec![1; id as usize % 64], b"", b"");
        }
        craft.finish()
    }),
    ("directories", |bytes| {
        let (mut craft, schema) = (Craft::default(), Schema::of::<u8>());
        let at = craft.schema(1, "T", schema.core(), schema.notes());
        let lines = (craft.bytes.len() as u64 - at) as u32 / 64;
        (0..bytes / 256)
            .for_each(|_| _ = craft.index((0, 0, 0), &[(0, 0, 0, 0, 0)], &[(1, 0, at, lines)], &[]));
        craft.finish()
    }),
    ("types", |bytes| {
        let count = bytes as u32 / 480;
        let name = |ty| format!("{ty:0>240}");
        let one = |ty| Descriptor::structure(name(ty), vec![("x".into(), TypeRef::Index(ty + count))]);
        let list = |ty| Descriptor::list(TypeRef::Index((ty + 1) % count));
        of_schema(Schema::new((0..count).map(one).chain((0..count).map(list)).collect()))
    }),
    ("types within types", |bytes| {
        let count = (bytes as u32 / 290).next_multiple_of(31);
        let name = |ty| format!("{ty:0>240}");
        let one = |ty| match ty % 31 {
            30 => Descriptor::boxed(TypeRef::Index((ty + 1) % count)),
            _ => Descriptor::structure(name(ty), vec![("x".into(), TypeRef::Index(ty + 1))]),
        };
        of_schema(Schema::new((0..count).map(one).collect()))
    }),
    ("types alike", |bytes| {
        let (mut craft, all) = (Craft::default(), bytes as u32 / 40);
        let schemas = all.div_ceil(65_535);
        for id in 1..=schemas {
            let count = all / schemas - id;
            let list = |ty| match ty + 1 == count {
                true => Descriptor::scalar(Kind::U8),
                false => Descriptor::list(TypeRef::Index(ty + 1)),
            };
            let schema = Schema::new((0..count).map(list).collect()).expect("a schema");
            craft.schema(id, &id.to_string(), schema.core(), schema.notes());
        }
        craft.finish()
    }),
    ("fields", |bytes| {
        let (fields, count) = (bytes / 24, (bytes as u32 / 24).div_ceil(4096));
        let field = |at| (format!("{at:0>14}"), TypeRef::Index(count + 1));
        let one =
            |ty| Descriptor::structure(format!("T{ty}"), (0..fields / count as usize).map(field).collect());
        let all = Descriptor::tuple((1..=count).map(TypeRef::Index).collect());
        let types = [all].into_iter().chain((0..count).map(one)).chain([Descriptor::scalar(Kind::U8)]);
        of_schema(Schema::new(types.collect()))
    }),
    ("strings of one byte", |bytes| of_value(&vec!["x".to_string(); bytes / 9])),
    ("a long text", |bytes| of_value(&"é".repeat(bytes / 2))),
    ("a map", |bytes| {
        of_value(&(0..bytes as u32 / 21).map(|key| (key, key.to_string())).collect::<BTreeMap<_, _>>())
    }),
    ("a map out of order", |bytes| {
        let schema = Schema::of::<BTreeMap<u8, u8>>();
        let count = bytes as u32 / 2;
        crafted(&schema, 1, &[0, count], &[[1, 1], [2, 2]].concat().repeat(count as usize / 2))
    }),
    ("lists of lists", |bytes| of_value(&vec![vec![vec![1u8]; 3]; bytes / 35])),
    ("a list of units", |bytes| of_value(&vec![(); bytes])),
    ("references that overlap", |bytes| {
        let count = bytes as u32 / 8;
        let inner = [count * 8, 0].map(u32::to_le_bytes).concat();
        let inner: Vec<u8> = [0u32, count].map(u32::to_le_bytes).concat().into_iter().chain(inner).collect();
        crafted(&Schema::of::<Vec<Vec<Vec<u8>>>>(), 1, &[0, count], &inner.repeat(count as usize / 2))
    }),
    ("records that overlap", |bytes| {
        let count = bytes as u32 / 16;
        let refs = [0, count * 8].repeat(count as usize);
        crafted(&Schema::of::<Vec<u8>>(), count, &refs, &vec![1; count as usize * 8])
    }),
    ("metadata", |bytes| {
        let disk = Memory::default();
        let mut writer =
            testing::create(Writer::options().file_id([7; 16]), &disk, Path::new("file")).expect("a file");
        (0..bytes / 26).for_each(|key| writer.set_metadata(&format!("{key:0>9}"), "x").expect("a pair"));
        writer.finish().expect("a file");
        disk.file("file").expect("the file").to_vec()
    }),
    ("image", |bytes| hydra::to_bytes(&vec!["x".to_string(); bytes / 9]).expect("an image").to_vec()),
    ("names in a path", |bytes| [b"a", &b".a".repeat(bytes / 2)[..]].concat()),
    ("indexes in a path", |bytes| b"[0]".repeat(bytes / 3)),
];

fn padded(byte: u8) -> Vec<u8> {
    [&[byte][..], &[0; 63]].concat()
}

fn bytes_table() -> Craft {
    let (mut craft, schema) = (Craft::default(), Schema::of::<u8>());
    craft.schema(1, "T", schema.core(), schema.notes());
    craft
}

/// Blocks of one record, each changed as `damage` does.
fn tiny_blocks(bytes: usize, damage: &dyn Fn(usize, &mut [u8])) -> Craft {
    let mut craft = bytes_table();
    for at in 0..bytes / 128 {
        let start = craft.data((1, at as u64, 1, 1), &[1], b"", b"") as usize;
        damage(at, &mut craft.bytes[start..]);
    }
    craft
}

/// A file whose records are changed one at a time, each in a commit of its own.
fn edits(bytes: usize) -> Vec<u8> {
    let (disk, path) = (Memory::default(), Path::new("file"));
    let options = || Writer::options().file_id([7; 16]).durability(Durability::Buffered);
    let mut writer = testing::create(options(), &disk, path).expect("a file");
    let table = writer.table::<u64>().expect("a table");
    for value in 0..bytes as u64 / 256 {
        writer.append(table, &value).expect("a record");
        writer.commit().expect("a commit");
    }
    writer.finish().expect("a file");
    let mut editor = testing::edit(options(), &disk, path).expect("an editor");
    for at in 0..bytes as i64 / 256 {
        editor.record("u64", at).and_then(|mut record| record.set_value(Value::of(&7u64))).expect("an edit");
    }
    editor.finish().expect("a file");
    disk.file("file").expect("the file").to_vec()
}

/// A file with one schema.
fn of_schema(schema: hydra::Result<Schema>) -> Vec<u8> {
    let (mut craft, schema) = (Craft::default(), schema.expect("a schema"));
    craft.schema(1, "T", schema.core(), schema.notes());
    craft.finish()
}

/// A file with one value.
fn of_value<T: Hydra>(value: &T) -> Vec<u8> {
    let disk = Memory::default();
    let mut writer =
        testing::create(Writer::options().file_id([7; 16]), &disk, Path::new("file")).expect("a file");
    let table = writer.dynamic_table(&Schema::of::<T>()).expect("a table");
    let value = Value::of(value).to_dynamic().expect("a value");
    writer.append_value(table, value.value()).expect("a record");
    writer.finish().expect("a file");
    disk.file("file").expect("the file").to_vec()
}

/// A file with one block: records of references, and a heap.
fn crafted(schema: &Schema, count: u32, references: &[u32], heap: &[u8]) -> Vec<u8> {
    let mut craft = Craft::default();
    craft.schema(1, "T", schema.core(), schema.notes());
    let records: Vec<u8> = references.iter().flat_map(|word| word.to_le_bytes()).collect();
    craft.data((1, 0, count, 8), &records, heap, b"");
    craft.finish()
}
