//! Files of columns made to take long: each has one block that is large in one way.

use crate::Make;
use hydra::schema::{Style, TypeRef};
use hydra::{Descriptor, Hydra, Kind, Layout, Schema, TableId, Writer, testing};
use hydra_tests::columns::{Columns, Stream};
use hydra_tests::craft::Craft;
use hydra_tests::memory::Memory;
use hydra_tests::types::Tree;
use std::path::Path;

/// The number of values of a group.
const GROUP: usize = 1024;

/// Files whose records are printed.
pub(crate) const PRINTED: &[(&str, Make)] = &[
    ("columns of numbers", |bytes| {
        of_columns(&|table, writer| {
            for number in 0..bytes as u64 / 5 {
                writer.append(table, &(number * number, (number % 7 > 0).then_some(number as u16)))?;
            }
            Ok(())
        })
    }),
    ("columns of strings", |bytes| {
        of_columns(&|table, writer| {
            for number in 0..bytes as u64 / 9 {
                writer.append(table, &(number.to_string(), vec![number % 3 == 0; number as usize % 4]))?;
            }
            Ok(())
        })
    }),
    ("columns of trees", |bytes| {
        of_columns(&|table, writer| {
            for number in 0..bytes as i32 / 20 {
                let leaf = || Some(Box::new(Tree { value: number, left: None, right: None }));
                writer.append(table, &Tree { value: 1, left: leaf(), right: leaf() })?;
            }
            Ok(())
        })
    }),
    ("tiny blocks of columns", |bytes| {
        tiny_columns(&Schema::of::<u8>(), bytes / 256, &[Stream::plain(1, &[1])])
    }),
    ("tiny blocks of wide columns", |bytes| {
        let count = 1000;
        tiny_columns(&wide(count), bytes / 128 / count, &vec![Stream::plain(1, &[1]); count])
    }),
    ("schemas of columns", |bytes| {
        // Each schema has a plan of its own, of as many streams as it has fields.
        let (mut craft, fields) = (Craft::default(), 400);
        for id in 1..(bytes / fields / 150) as u32 + 2 {
            let field = |at| (format!("f{at}"), TypeRef::Index(1));
            let root = Descriptor::structure(format!("T{id}"), (0..fields).map(field).collect());
            let schema = Schema::new(vec![root, Descriptor::scalar(Kind::U8)]).expect("a schema");
            craft.schema(id, &id.to_string(), schema.core(), schema.notes());
            let columns = Columns { streams: vec![Stream::plain(1, &[1]); fields], ..Columns::default() };
            craft.columns((id, 0, 1, fields as u32), &columns);
        }
        craft.finish()
    }),
    ("columns with exceptions", |bytes| {
        let count = bytes as u32 / 12;
        let mut stored = vec![0; count.div_ceil(1024) as usize * 9];
        stored.extend(exceptions(count, &7u64.to_le_bytes()));
        of_streams(&Schema::of::<u64>(), count, &[Stream::coded(2, count * 8, count, &stored)])
    }),
    ("columns of two variants in turn", |bytes| {
        let count = bytes as u32 / 3;
        let tags: Vec<u8> = (0..count).map(|at| at as u8 & 1).collect();
        let some = vec![1; count as usize];
        let streams = [
            Stream::plain(count, &tags),
            Stream::plain(count.div_ceil(2), &some[..count.div_ceil(2) as usize]),
            Stream::plain(count / 2, &some[..count as usize / 2]),
        ];
        of_streams(&Schema::of::<Either>(), count, &streams)
    }),
];

/// Files whose records are only read, so that a cost for each group or stream is not lost in what printing costs.
pub(crate) const READ: &[(&str, Make)] = &[
    ("many streams", |bytes| {
        // Records of at least 128 KiB: shorter ones are put together in groups, which costs less for each value.
        let streams = (bytes / 2048).clamp(1, 4096);
        let (count, each) = ((bytes / streams - 64) / 256, 16);
        let types = [
            Descriptor::tuple(vec![TypeRef::Index(1); streams]),
            Descriptor::array(TypeRef::Index(2), each as u64),
            Descriptor::scalar(Kind::U128),
        ];
        let schema = Schema::new(types.to_vec()).expect("a schema");
        of_streams(&schema, count as u32, &vec![plain(count * each, 16); streams])
    }),
    ("many groups of deltas", |bytes| {
        // Two streams, because one is read as a whole.
        let groups = bytes / 2 / (GROUP / 8 + 3);
        let count = groups * GROUP;
        // Widths, minima and firsts, and for each value but the first of a group one bit.
        let stored = [vec![1; groups], vec![0; groups * 2], vec![0x55; groups * (GROUP - 1).div_ceil(8)]];
        let mut stored = stored.concat();
        // The spare bit of each group, and the number of exceptions.
        (0..groups).for_each(|group| stored[groups * 3 + (group + 1) * GROUP / 8 - 1] = 0);
        stored.extend([0; 4]);
        let numbers = coded(3, count, 1, &stored);
        of_streams(&Schema::of::<(u8, u8)>(), count as u32, &[numbers.clone(), numbers])
    }),
    ("many groups of floats", |bytes| {
        let groups = bytes / (GROUP + 9);
        let count = groups * GROUP;
        let stored = [vec![8; groups], vec![0; groups * 8], vec![9; count], vec![0; 4]].concat();
        of_streams(&Schema::of::<f64>(), count as u32, &[coded(5, count, 8, &stored)])
    }),
    ("deltas that are exceptions", |bytes| {
        let count = bytes / 12;
        let mut stored = vec![0; count.div_ceil(GROUP) * 17];
        stored.extend(exceptions(count as u32, &7u64.to_le_bytes()));
        of_streams(&Schema::of::<u64>(), count as u32, &[coded(3, count, 8, &stored)])
    }),
    ("floats that are exceptions", |bytes| {
        let count = bytes / 12;
        let mut stored = vec![0; count.div_ceil(GROUP) * 9];
        stored.extend(exceptions(count as u32, &0.3f64.to_le_bytes()));
        of_streams(&Schema::of::<f64>(), count as u32, &[coded(5, count, 8, &stored)])
    }),
    ("a large dictionary", |bytes| {
        let (distinct, count) = (bytes / 128, bytes / 2);
        let mut stored = (distinct as u32).to_le_bytes().to_vec();
        (0..distinct as u64).for_each(|number| stored.extend((number * number).to_le_bytes()));
        stored.extend(numbers(count, distinct));
        of_streams(&Schema::of::<u64>(), count as u32, &[coded(4, count, 8, &stored)])
    }),
    ("a large dictionary of strings", |bytes| {
        let (distinct, count) = (bytes / 128, bytes / 4);
        let mut stored = (distinct as u32).to_le_bytes().to_vec();
        (0..=distinct as u32).for_each(|number| stored.extend((number * 8).to_le_bytes()));
        stored.extend(numbers(count, distinct));
        let offsets = coded(4, count + 1, 4, &stored);
        let run = vec![b'x'; distinct * 8];
        let offsets = Stream { slots: [count as u32, 0], ..offsets };
        let run = Stream { slots: [count as u32, 0], ..Stream::plain(0, &run) };
        of_text(&Schema::of::<String>(), count as u32, count * 8, &[offsets, run])
    }),
    ("lists in lists", |bytes| {
        let (levels, count) = (31, bytes / 31 / 4);
        let mut types: Vec<_> = (1..=levels).map(|ty| Descriptor::list(TypeRef::Index(ty))).collect();
        types.push(Descriptor::scalar(Kind::U8));
        let offsets: Vec<u8> = (0..=count as u32).flat_map(u32::to_le_bytes).collect();
        let mut streams = vec![Stream::plain(count as u32, &offsets); levels as usize];
        streams.push(Stream::plain(count as u32, &vec![7; count]));
        // A byte, and the gap to the next list, after all but the last.
        let heap = ((levels as usize - 1) * 8 + 4) * count - 3;
        of_heap(&Schema::new(types).expect("a schema"), count as u32, heap, &streams)
    }),
    ("options in options", |bytes| {
        let (levels, count) = (30, bytes * 8 / 38);
        let mut types: Vec<_> = (1..=levels).map(|ty| Descriptor::option(TypeRef::Index(ty))).collect();
        types.push(Descriptor::scalar(Kind::U8));
        let (mut present, mut streams) = (vec![true; count], Vec::new());
        let mut absent = 0;
        for level in 0..levels as usize {
            let slots = [count as u32, absent];
            present.iter_mut().enumerate().for_each(|(at, has)| *has &= at % (level + 40) != 0);
            absent = present.iter().filter(|has| !**has).count() as u32;
            let bit = |(at, has): (usize, &bool)| u8::from(*has) << at;
            let bits: Vec<u8> =
                present.chunks(8).map(|bits| bits.iter().enumerate().map(bit).sum()).collect();
            streams.push(Stream { slots, ..Stream::plain(0, &bits) });
        }
        let values: Vec<u8> = present.iter().map(|has| u8::from(*has)).collect();
        streams.push(Stream { slots: [count as u32, absent], ..Stream::plain(0, &values) });
        of_streams(&Schema::new(types).expect("a schema"), count as u32, &streams)
    }),
    ("boxes that are absent", |bytes| {
        let (boxes, count) = (bytes / 4096, bytes / 16);
        let at = TypeRef::Index;
        let types = vec![
            Descriptor::tuple(vec![at(1), at(4)]),
            Descriptor::option(at(2)),
            Descriptor::boxed(at(3)),
            Descriptor::tuple(vec![at(5); boxes.min(4000)]),
            Descriptor::scalar(Kind::U128),
            Descriptor::boxed(at(6)),
            Descriptor::scalar(Kind::Unit),
        ];
        let streams = [Stream::coded(1, count.div_ceil(8) as u32, count as u32, &[0]), plain(count, 16)];
        of_streams(&Schema::new(types).expect("a schema"), count as u32, &streams)
    }),
    ("rows of many variants", |bytes| {
        let (variants, count) = ((bytes / 128).min(65_535), bytes / 4);
        let variant = |tag| (format!("{tag}"), tag as i128 + 1, Style::Unit, Vec::new());
        let at = TypeRef::Index;
        let types = vec![
            Descriptor::structure("Node", vec![("list".into(), at(1)), ("next".into(), at(2))]),
            Descriptor::list(at(3)),
            Descriptor::option(at(4)),
            Descriptor::enumeration("Many", Kind::U32, (0..variants).map(variant).collect()),
            Descriptor::boxed(at(0)),
        ];
        let list = vec![variants as u32; count];
        let list: Vec<u8> = list.into_iter().flat_map(u32::to_le_bytes).collect();
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let mut rows = words(&[64 + list.len().next_multiple_of(64) as u32]);
        rows.resize(64, 0);
        rows.extend(words(&[0, count as u32, 0, 0, 0]));
        rows.resize(128, 0);
        rows.extend(&list);
        rows.resize(rows.len().next_multiple_of(64), 0);
        of_heap(&Schema::new(types).expect("a schema"), 1, list.len(), &[Stream::plain(1, &rows)])
    }),
    ("zstd in large blocks", |bytes| {
        // What is between two bytes that are equal can hardly be predicted, so that the frame has sequences.
        let mut state = 1u64;
        let mut text = Vec::with_capacity(bytes * 2);
        while text.len() < bytes * 2 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.extend_from_slice(&b"abcdefghijklmnop"[(state >> 60) as usize..]);
        }
        let text = String::from_utf8(text).expect("letters");
        of_columns(&|table, writer| writer.append(table, &text))
    }),
    ("zstd in tiny blocks", |bytes| {
        let count = bytes / 7 + 1;
        // No byte, and one byte, repeated once.
        let frame = tiny_frame(count, &[0, 0, 0, 1 << 3 | 1 << 1, 0, 0, b'a'], 3);
        let offsets: Vec<u8> = [0, count as u32].into_iter().flat_map(u32::to_le_bytes).collect();
        let run = Stream { head: [0, 0, 1], ..coded(0, count, 1, &frame) };
        let run = Stream { slots: [1, 0], ..run };
        of_text(&Schema::of::<String>(), 1, count, &[Stream::plain(1, &offsets), run])
    }),
    ("numbers in tiny blocks of zstd", |bytes| {
        let count = bytes / 4;
        let frame = tiny_frame(count, &[1 << 3, 0, 0, 7], 0);
        let numbers = Stream { head: [0, 0, 1], ..coded(0, count, 1, &frame) };
        of_streams(&Schema::of::<u8>(), count as u32, &[numbers])
    }),
];

/// A frame of zstd with one byte of content for each of `count` times these blocks, of which the last has its
/// header at `last`.
fn tiny_frame(count: usize, blocks: &[u8], last: usize) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0];
    frame.extend((count as u32).to_le_bytes());
    frame.extend(blocks.repeat(count));
    let last = frame.len() - blocks.len() + last;
    frame[last] |= 1;
    frame
}

#[derive(Clone, Copy, Hydra)]
enum Either {
    #[allow(dead_code)]
    Left(u8),
    #[allow(dead_code)]
    Right(u8),
}

/// A tuple of bytes.
fn wide(fields: usize) -> Schema {
    let types = [Descriptor::tuple(vec![TypeRef::Index(1); fields]), Descriptor::scalar(Kind::U8)];
    Schema::new(types.to_vec()).expect("a schema")
}

/// A stream of `count` values of `size` bytes without absent slots.
fn coded(encoding: u8, count: usize, size: usize, stored: &[u8]) -> Stream {
    Stream::coded(encoding, (count * size) as u32, count as u32, stored)
}

/// The same in encoding 0, of ones.
fn plain(count: usize, size: usize) -> Stream {
    coded(0, count, size, &vec![1; count * size])
}

/// Exceptions at every position.
fn exceptions(count: u32, value: &[u8]) -> Vec<u8> {
    let mut stored = count.to_le_bytes().to_vec();
    (0..count).for_each(|at| stored.extend(at.to_le_bytes()));
    stored.extend(value.repeat(count as usize));
    stored
}

/// A frame of numbers of 16 bits, each below `distinct`.
fn numbers(count: usize, distinct: usize) -> Vec<u8> {
    let groups = count.div_ceil(GROUP);
    let mut stored = [vec![16; groups], vec![0; groups * 2]].concat();
    (0..count).for_each(|at| stored.extend(((at * 7919 % distinct) as u16).to_le_bytes()));
    stored.extend([0; 4]);
    stored
}

/// A file that a writer makes of columns.
fn of_columns<T: Hydra>(append: &dyn Fn(TableId<T>, &mut Writer) -> hydra::Result<()>) -> Vec<u8> {
    let disk = Memory::default();
    let options = Writer::options().file_id([7; 16]).layout(Layout::Columns);
    let mut writer = testing::create(options, &disk, Path::new("file")).expect("a file");
    let table = writer.table::<T>().expect("a table");
    append(table, &mut writer).expect("records");
    writer.finish().expect("a file");
    disk.file("file").expect("the file").to_vec()
}

/// A file with one block of these streams.
fn of_streams(schema: &Schema, count: u32, streams: &[Stream]) -> Vec<u8> {
    of_heap(schema, count, 0, streams)
}

fn of_heap(schema: &Schema, count: u32, heap: usize, streams: &[Stream]) -> Vec<u8> {
    of(schema, count, Columns { heap: heap as u32, text: 0, streams: streams.to_vec() })
}

fn of_text(schema: &Schema, count: u32, text: usize, streams: &[Stream]) -> Vec<u8> {
    of(schema, count, Columns { heap: 0, text: text as u32, streams: streams.to_vec() })
}

fn of(schema: &Schema, count: u32, columns: Columns) -> Vec<u8> {
    let mut craft = Craft::default();
    craft.schema(1, "T", schema.core(), schema.notes());
    craft.columns((1, 0, count, schema.root().size() as u32), &columns);
    craft.finish()
}

/// Blocks of one record of these streams.
fn tiny_columns(schema: &Schema, blocks: usize, streams: &[Stream]) -> Vec<u8> {
    let mut craft = Craft::default();
    craft.schema(1, "T", schema.core(), schema.notes());
    let columns = Columns { streams: streams.to_vec(), ..Columns::default() };
    for block in 0..blocks {
        craft.columns((1, block as u64, 1, schema.root().size() as u32), &columns);
    }
    craft.finish()
}
