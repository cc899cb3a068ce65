//! Blocks of columns that each break one rule of FORMAT.md, sections 7.1 to 7.5, or a rule for the values in
//! them. They belong to the cases of `invalid.rs`.

use crate::invalid::Case;
use hydra::file::Verdict::{Damaged, Irregular, Unsupported};
use hydra::schema::TypeRef;
use hydra::{Descriptor, Hydra, Kind, Schema};
use hydra_tests::columns::{Columns, Stream};
use hydra_tests::craft::{Block, Craft};
use std::collections::BTreeSet;

/// A type that is stored as rows, because it contains itself.
#[derive(Hydra)]
struct Node {
    value: u8,
    next: Option<Box<Node>>,
}

/// The same, with lists that have different alignments.
#[derive(Hydra)]
struct Lists {
    bytes: Vec<u8>,
    words: Vec<u32>,
    next: Option<Box<Lists>>,
}

#[derive(Clone, Copy, Hydra)]
enum Side {
    #[allow(dead_code)]
    Buy = 3,
    #[allow(dead_code)]
    Sell = 4,
}

/// A file with one block of columns of a type.
fn file<T: Hydra>(count: u32, columns: &Columns) -> Vec<u8> {
    with::<T>(count, columns, &|_, _| {})
}

/// The same, with a block that is changed after it was written.
fn with<T: Hydra>(count: u32, columns: &Columns, change: &dyn Fn(&mut Craft, u64)) -> Vec<u8> {
    of_schema(&Schema::of::<T>(), count, columns, change)
}

fn of_schema(schema: &Schema, count: u32, columns: &Columns, change: &dyn Fn(&mut Craft, u64)) -> Vec<u8> {
    let mut craft = Craft::default();
    craft.schema(1, "T", schema.core(), schema.notes());
    let data = craft.columns((1, 0, count, schema.root().size() as u32), columns);
    let lines = (craft.bytes.len() as u64 - data) as u32 / 64;
    change(&mut craft, data);
    craft.close(&[(1, 0, "T", schema)], &[vec![(data, 0, u64::from(count), [lines, 1, 0, 1])]]);
    craft.finish()
}

fn columns(heap: u32, text: u32, streams: &[Stream]) -> Columns {
    Columns { heap, text, streams: streams.to_vec() }
}

/// The numbers 5, 6 and 8 in encoding 0.
fn numbers() -> Columns {
    columns(0, 0, &[Stream::plain(3, &[5, 6, 8])])
}

/// The same with other stored bytes.
fn coded(encoding: u8, bytes: &[u8]) -> Vec<u8> {
    file::<u8>(3, &columns(0, 0, &[Stream::coded(encoding, 3, 3, bytes)]))
}

/// The same with another entry.
fn entry(change: fn(&mut Stream)) -> Vec<u8> {
    let mut numbers = numbers();
    change(&mut numbers.streams[0]);
    file::<u8>(3, &numbers)
}

/// Bytes of columns of three numbers that are changed, with right checksums.
fn patched(at: usize, new: &'static [u8]) -> Vec<u8> {
    with::<u8>(3, &numbers(), &|craft, data| craft.patch(data, 64 + at, new))
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A string with these offsets, and the run of two strings.
fn strings(offsets: &[u32], run: &[u8]) -> Columns {
    columns(0, run.len() as u32, &[Stream::plain(2, &words(offsets)), Stream::plain(2, run)])
}

/// An option with a value and one without, and the bytes of their values.
fn options(values: [u8; 2]) -> Columns {
    let values = Stream { slots: [2, 1], ..Stream::plain(2, &values) };
    columns(0, 0, &[Stream::plain(2, &[1]), values])
}

/// A node, and the node that it leads to: 16 bytes of records, and as many of heap.
fn nodes() -> Vec<u8> {
    let mut rows = words(&[128]);
    rows.resize(64, 0);
    rows.extend(words(&[7, 1, 0, 1]));
    rows.resize(128, 0);
    rows.extend(words(&[9, 0, 0, 0]));
    rows.resize(192, 0);
    rows
}

fn of_nodes(change: fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut rows = nodes();
    change(&mut rows);
    file::<Node>(1, &columns(16, 0, &[Stream::plain(1, &rows)]))
}

/// A list of one byte, three bytes up to the alignment of a word, and a list of one word.
fn of_lists(gap: u8) -> Vec<u8> {
    let mut rows = words(&[128]);
    rows.resize(64, 0);
    rows.extend(words(&[0, 1, 4, 1, 0, 0, 0]));
    rows.resize(128, 0);
    rows.extend([9, 0, gap, 0, 1, 2, 3, 4]);
    rows.resize(192, 0);
    file::<Lists>(1, &columns(8, 0, &[Stream::plain(1, &rows)]))
}

/// Two streams of numbers of which the second starts with a line, and what is behind them.
fn pairs(gap: u8, end: &'static [u8]) -> Vec<u8> {
    let streams = [Stream::plain(3, &[5, 6, 8]), Stream::plain(3, &[1, 2, 3])];
    let schema = Schema::of::<(u8, u8)>();
    let (mut payload, _) = columns(0, 0, &streams).payload();
    payload[64 * 3 + 5] = gap;
    payload.extend(end);
    let text = hydra_tests::columns::repair(&mut payload);
    let mut craft = Craft::default();
    craft.schema(1, "T", schema.core(), schema.notes());
    craft.commit[7] = 3;
    let block = Block { kind: 2, form: [1, 0], data: (1, 0, 3, 2), text, payload, ..Block::default() };
    let data = craft.block(block);
    let lines = (craft.bytes.len() as u64 - data) as u32 / 64;
    craft.close(&[(1, 0, "T", &schema)], &[vec![(data, 0, 3, [lines, 1, 0, 1])]]);
    craft.finish()
}

/// A frame of zstd of one block with these bytes as they are.
fn raw_frame(content: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x20, content.len() as u8];
    frame.extend([1 | (content.len() << 3) as u8, 0, 0]);
    frame.extend(content);
    frame
}

/// A run of 40 bytes as one frame of zstd, of one block of one repeated byte.
fn frame() -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x20, 40];
    frame.extend([1 | 1 << 1 | (40 << 3) as u8, (40 >> 5) as u8, 0, b'a']);
    frame
}

fn compressed(change: fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut frame = frame();
    change(&mut frame);
    let run = Stream { head: [0, 0, 1], ..Stream::coded(0, 40, 1, &frame) };
    file::<String>(1, &columns(0, 40, &[Stream::plain(1, &words(&[0, 40])), run]))
}

/// Three floats as whole numbers.
fn decimals(power: u8, numbers: [u64; 3]) -> Vec<u8> {
    let minimum = numbers.iter().min().copied().unwrap_or(0);
    let mut bytes = vec![64];
    bytes.extend(minimum.to_le_bytes());
    numbers.iter().for_each(|number| bytes.extend((number - minimum).to_le_bytes()));
    bytes.extend([0; 4]);
    let stream = Stream { head: [5, power, 0], ..Stream::coded(5, 24, 3, &bytes) };
    file::<f64>(3, &columns(0, 0, &[stream]))
}

/// What is broken here, and unbroken.
pub(crate) fn sound() -> Vec<Vec<u8>> {
    vec![
        file::<u8>(3, &numbers()),
        coded(2, &[2, 5, 0x34, 0, 0, 0, 0]),
        coded(2, &[2, 5, 0x30, 1, 0, 0, 0, 1, 0, 0, 0, 200]),
        coded(3, &[2, 1, 5, 2, 0, 0, 0, 0]),
        coded(3, &[2, 1, 5, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9]),
        coded(4, &[2, 0, 0, 0, 5, 6, 1, 0, 0, 2, 0, 0, 0, 0]),
        file::<bool>(3, &columns(0, 0, &[Stream::coded(1, 1, 3, &[1])])),
        file::<String>(2, &strings(&[0, 2, 3], "éa".as_bytes())),
        file::<Option<u8>>(2, &options([7, 0])),
        of_nodes(|_| ()),
        of_lists(0),
        pairs(0, &[]),
        compressed(|_| ()),
        decimals(2, [125, 50, 25].map(|number| number + 7)),
        entry(|stream| (stream.head[2], stream.statistics[31]) = (0x1e, 1)),
    ]
}

pub(crate) const CASES: &[Case] = &[
    // The directory.
    ("columns-directory", "M7.1-1", Damaged, "HY0306", || file::<u8>(3, &columns(0, 0, &[]))),
    ("columns-directory-checksum", "M7.1-1", Damaged, "HY0202", || {
        with::<u8>(3, &numbers(), &|craft, data| {
            craft.patch(data, 0, b"HBLK");
            let (at, length) = (data as usize, 64);
            craft.bytes[at + 52] ^= 1;
            let crc = crc32fast::hash(&craft.bytes[at..at + 60]);
            craft.bytes[at + 60..at + length].copy_from_slice(&crc.to_le_bytes());
        })
    }),
    ("columns-directory-length", "M7.1-1", Damaged, "HY0306", || patched(0, &[192])),
    ("columns-too-many", "M7.1-1", Damaged, "HY0306", || {
        let at = TypeRef::Index;
        let many = Descriptor::tuple(vec![at(2); 4096]);
        let types = vec![Descriptor::tuple(vec![at(1), at(2)]), many, Descriptor::scalar(Kind::U8)];
        let streams = vec![Stream::plain(1, &[7]); 4097];
        of_schema(&Schema::new(types).expect("a schema"), 1, &columns(0, 0, &streams), &|_, _| {})
    }),
    ("columns-places", "M7.1-2", Damaged, "HY0306", || patched(64 + 4, &[192])),
    ("columns-end", "M7.1-2", Damaged, "HY0306", || patched(64 + 8, &[2])),
    ("columns-behind-the-last", "M7.1-2", Damaged, "HY0306", || pairs(0, &[0; 64])),
    ("columns-encoding", "M7.1-3", Unsupported, "HY0203", || entry(|stream| stream.head[0] = 7)),
    ("columns-encoding-of-floats", "M7.1-3", Unsupported, "HY0203", || entry(|stream| stream.head[0] = 5)),
    ("columns-flag", "M7.1-3", Unsupported, "HY0203", || entry(|stream| stream.head[2] = 0x20)),
    ("columns-memory", "M7.1-4", Damaged, "HY0306", || {
        let stream = Stream::coded(1, 24_000_000, 3_000_000, &[7; 8]);
        file::<u64>(3_000_000, &columns(0, 0, &[stream]))
    }),
    ("columns-memory-of-rows", "M7.1-4", Damaged, "HY0306", || {
        file::<String>(1, &columns(0, 17 << 20, &[Stream::plain(1, &[0; 8]), Stream::plain(1, &[])]))
    }),
    ("columns-checksum", "M7.1-5", Damaged, "HY0202", || {
        with::<u8>(3, &numbers(), &|craft, data| without_streams(craft, data, &|payload| payload[128] ^= 1))
    }),
    ("columns-unsupported-and-damaged", "M7.1-5", Damaged, "HY0202", || {
        with::<u8>(3, &numbers(), &|craft, data| {
            craft.patch(data, 128, &[7]);
            without_streams(craft, data, &|payload| payload[128] ^= 1);
        })
    }),
    ("columns-text", "M7.1-6", Damaged, "HY0306", || {
        file::<String>(2, &Columns { text: 4, ..strings(&[0, 2, 3], "éa".as_bytes()) })
    }),
    ("columns-text-too-short", "M7.1-6", Damaged, "HY0306", || {
        file::<String>(2, &Columns { text: 2, ..strings(&[0, 2, 3], "éa".as_bytes()) })
    }),
    ("columns-heap-too-short", "M7.1-6", Damaged, "HY0306", || {
        file::<Node>(1, &columns(8, 0, &[Stream::plain(1, &nodes())]))
    }),
    ("columns-units", "M7.1-6", Damaged, "HY0306", || {
        file::<Vec<()>>(1, &columns(64, 0, &[Stream::plain(1, &words(&[0, u32::MAX]))]))
    }),
    // Zeros.
    ("columns-zeros", "M1-2", Irregular, "HY0205", || patched(16, &[1])),
    ("columns-zeros-of-an-entry", "M1-2", Irregular, "HY0205", || patched(64 + 28, &[1])),
    ("columns-no-statistics", "M1-2", Irregular, "HY0205", || patched(127, &[1])),
    ("columns-parameter", "M1-2", Irregular, "HY0205", || patched(65, &[1])),
    ("columns-between-streams", "M1-2", Irregular, "HY0205", || pairs(1, &[])),
    ("columns-line-of-rows", "M1-2", Irregular, "HY0205", || of_nodes(|rows| rows[63] = 1)),
    // Streams.
    ("columns-spare-bits", "M7.2-1", Irregular, "HY0205", || {
        file::<bool>(3, &columns(0, 0, &[Stream::plain(3, &[9])]))
    }),
    ("columns-bits-of-an-exception", "M7.2-1", Irregular, "HY0205", || {
        coded(2, &[2, 5, 0x3c, 1, 0, 0, 0, 1, 0, 0, 0, 200])
    }),
    ("columns-offsets", "M7.2-2", Damaged, "HY0306", || {
        file::<String>(2, &strings(&[0, 3, 2], "éa".as_bytes()))
    }),
    ("columns-first-offset", "M7.2-2", Damaged, "HY0306", || {
        file::<String>(2, &strings(&[1, 2, 3], "éa".as_bytes()))
    }),
    ("columns-utf8", "M7.2-3", Damaged, "HY0306", || {
        file::<String>(2, &strings(&[0, 2, 3], &[0xff, 0xff, b'a']))
    }),
    ("columns-character", "M7.2-3", Damaged, "HY0306", || {
        file::<String>(2, &strings(&[0, 1, 3], "éa".as_bytes()))
    }),
    ("columns-slots", "M7.2-4", Damaged, "HY0306", || entry(|stream| stream.slots[0] = 4)),
    ("columns-absent-slots", "M7.2-4", Damaged, "HY0306", || entry(|stream| stream.slots[1] = 1)),
    ("columns-plain-bytes", "M7.2-4", Damaged, "HY0306", || entry(|stream| stream.plain = 4)),
    ("columns-run", "M7.2-4", Damaged, "HY0306", || file::<String>(2, &strings(&[0, 2, 4], "éa".as_bytes()))),
    ("columns-absent", "M7.2-5", Damaged, "HY0306", || file::<Option<u8>>(2, &options([7, 1]))),
    ("columns-gap", "M7.2-6", Damaged, "HY0306", || of_nodes(|rows| rows[64 + 8] = 8)),
    ("columns-gap-after-rows", "M7.2-6", Damaged, "HY0306", || of_nodes(|rows| rows[64 + 16] = 1)),
    ("columns-gap-after-heap", "M7.2-6", Damaged, "HY0306", || of_nodes(|rows| rows[191] = 1)),
    ("columns-gap-in-rows", "M7.2-6", Damaged, "HY0306", || of_lists(1)),
    ("columns-text-of-rows", "M7.2-6", Damaged, "HY0306", || of_nodes(|rows| rows[0] = 64)),
    // Encodings.
    ("columns-length", "M7.3-1", Damaged, "HY0306", || coded(1, &[5, 5])),
    ("columns-constant", "M7.3-2", Damaged, "HY0306", || {
        file::<bool>(3, &columns(0, 0, &[Stream::coded(1, 1, 3, &[2])]))
    }),
    ("columns-width", "M7.3-3", Damaged, "HY0306", || coded(2, &[9, 5, 0, 0, 0, 0, 0, 0, 0, 0])),
    ("columns-exceptions", "M7.3-4", Damaged, "HY0306", || {
        coded(2, &[2, 5, 0x30, 1, 0, 0, 0, 3, 0, 0, 0, 200])
    }),
    ("columns-dictionary", "M7.3-5", Damaged, "HY0306", || {
        coded(4, &[1, 0, 0, 0, 5, 1, 0, 0, 2, 0, 0, 0, 0])
    }),
    ("columns-power", "M7.3-6", Damaged, "HY0306", || decimals(23, [1, 2, 3])),
    ("columns-number", "M7.3-6", Damaged, "HY0306", || decimals(2, [1, 2, (1 << 50) + 1])),
    ("columns-zstd", "M7.5-1", Damaged, "HY0306", || compressed(|frame| frame[5] = 41)),
    ("columns-zstd-larger-than-plain", "M7.5-1", Damaged, "HY0306", || {
        let frame = raw_frame(&[2, 5, 0x34, 0, 0, 0, 0]);
        file::<u8>(3, &columns(0, 0, &[Stream { head: [2, 0, 1], ..Stream::coded(2, 3, 3, &frame) }]))
    }),
    ("columns-zstd-bytes-after", "M7.5-1", Damaged, "HY0306", || compressed(|frame| frame.push(0))),
    ("columns-zstd-checksum", "M7.5-1", Damaged, "HY0306", || {
        compressed(|frame| {
            frame[4] |= 4;
            frame.extend([0; 4]);
        })
    }),
    ("columns-zstd-window", "M7.5-1", Damaged, "HY0306", || {
        compressed(|frame| {
            frame.splice(4..6, [0x80, 14 << 3, 40, 0, 0, 0]);
        })
    }),
    ("columns-zstd-of-numbers", "M7.5-1", Damaged, "HY0306", || entry(|stream| stream.head[2] = 1)),
    // Values.
    ("columns-char", "M5-1", Damaged, "HY0301", || {
        file::<char>(1, &columns(0, 0, &[Stream::plain(1, &words(&[0xd800]))]))
    }),
    ("columns-tag", "M5.3-1", Damaged, "HY0301", || {
        file::<Side>(1, &columns(0, 0, &[Stream::plain(1, &[9])]))
    }),
    ("columns-keys", "M5.4-1", Damaged, "HY0304", || {
        let offsets = Stream::plain(1, &words(&[0, 2]));
        file::<BTreeSet<u8>>(1, &columns(2, 0, &[offsets, Stream::plain(2, &[2, 1])]))
    }),
    ("columns-timestamp", "M5.5-2", Damaged, "HY0301", || {
        file::<std::time::SystemTime>(1, &columns(0, 0, &[Stream::plain(1, &[0x7f; 16])]))
    }),
    ("columns-nonzero", "M5.5-3", Damaged, "HY0301", || {
        file::<std::num::NonZeroU8>(1, &columns(0, 0, &[Stream::plain(1, &[0])]))
    }),
    ("columns-padding-of-fields", "M5-4", Irregular, "HY0205", || of_nodes(|rows| rows[64 + 1] = 1)),
    ("columns-option-of-rows", "M5.2-1", Damaged, "HY0301", || of_nodes(|rows| rows[128 + 4] = 2)),
];

/// Changes a payload without making the checksums of its streams right.
fn without_streams(craft: &mut Craft, data: u64, change: &dyn Fn(&mut [u8])) {
    let (start, end) = (data as usize + 64, craft.bytes.len());
    change(&mut craft.bytes[start..end]);
    let at = data as usize;
    let length = u32::from_le_bytes(*craft.bytes[at + 44..].first_chunk().unwrap()) as usize;
    let crc = crc32fast::hash(&craft.bytes[start..start + length]);
    craft.bytes[at + 56..at + 60].copy_from_slice(&crc.to_le_bytes());
    let crc = crc32fast::hash(&craft.bytes[at..at + 60]);
    craft.bytes[at + 60..at + 64].copy_from_slice(&crc.to_le_bytes());
}
