//! Files that each break one rule of FORMAT.md, constructed from bytes. The expected result of the check is
//! in the twin beside the golden file, and the independent reader gives the same result.
//! `HYDRA_UPDATE_GOLDEN=1` rewrites them. `HYDRA_ALL_INVALID=FOLDER` writes all files, of which there are several
//! for most rules, to a folder, for `python3 python/hydra_reader.py invalid FOLDER`.

use crate::invalid_columns;
use hydra::file::Verdict;
use hydra::{Hydra, Schema};
use hydra_tests::craft::{Block, Craft, Listed};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A file that breaks a rule: its name, the number of the rule, the verdict, and the code of a finding.
pub(crate) type Case = (&'static str, &'static str, Verdict, &'static str, fn() -> Vec<u8>);

/// A record with everything in it that can be wrong.
#[derive(Hydra)]
struct Row {
    id: u64,
    name: String,
    live: bool,
    grade: Option<u16>,
    state: State,
    tags: Vec<u16>,
}

#[derive(Hydra)]
enum State {
    #[allow(dead_code)]
    Empty,
    #[allow(dead_code)]
    Full { since: u32 },
}

/// A sound file in the making: a table of two rows.
struct File {
    craft: Craft,
    schema: Schema,
    /// Where the first SCHEMA block and the DATA block are.
    first: u64,
    data: u64,
}

/// The records of [`rows`]: 40 bytes each, the second all zeros.
fn rows() -> Vec<u8> {
    let mut rows = vec![0; 80];
    rows[0] = 7;
    rows[12] = 4;
    (rows[16], rows[18], rows[20]) = (1, 1, 9);
    (rows[24], rows[28]) = (1, 5);
    rows[36] = 3;
    rows
}

fn data(craft: &mut Craft, schema: u32, first: u64) -> u64 {
    craft.data((schema, first, 2, 40), &rows(), &[1, 0, 2, 0, 3, 0], b"Oslo")
}

fn file() -> File {
    let (mut craft, schema) = (Craft::default(), Schema::of::<Row>());
    let first = craft.schema(1, "Row", schema.core(), schema.notes());
    let data = data(&mut craft, 1, 0);
    File { craft, schema, first, data }
}

/// The entry of a block with two rows.
fn listed(craft: &Craft, at: u64, first: u64) -> Listed {
    let lines = u32::from_le_bytes(*craft.bytes[at as usize + 8..].first_chunk().unwrap());
    (at, first, 2, [lines, 1, 0, 1])
}

impl File {
    /// Returns the file as closed by its writer, with no further rule broken.
    fn close(mut self) -> Craft {
        let entry = listed(&self.craft, self.data, 0);
        self.craft.close(&[(1, 0, "Row", &self.schema)], &[vec![entry]]);
        self.craft
    }

    fn finish(self) -> Vec<u8> {
        self.close().finish()
    }

    /// Replaces bytes in the DATA block, whose payload starts 64 bytes after its start.
    fn with(mut self, at: usize, new: &[u8]) -> Vec<u8> {
        self.craft.patch(self.data, at, new);
        self.finish()
    }
}

/// A file with one block of `count` records of a type.
fn of<T: Hydra>(count: u32, records: &[u8], heap: &[u8]) -> Vec<u8> {
    let schema = Schema::of::<T>();
    one(schema.core(), schema.notes(), (count, schema.root().size() as u32), records, heap)
}

/// The same, of any schema, which may break rules.
fn one(core: &[u8], notes: &[u8], (count, stride): (u32, u32), records: &[u8], heap: &[u8]) -> Vec<u8> {
    let mut craft = Craft::default();
    craft.schema(1, "T", core, notes);
    let data = craft.data((1, 0, count, stride), records, heap, b"");
    let at = craft.schema(1, "T", core, notes);
    let lines = |from: u64, to: u64| (to - from) as u32 / 64;
    let schema = (1, 0, at, lines(at, craft.bytes.len() as u64));
    let entry = (data, 0, u64::from(count), [lines(data, at), 1, 0, 1]);
    craft.index((0, 0, 0), &[(0, 0, 1, u64::from(count), 1)], &[schema], &[entry]);
    craft.finish()
}

/// A core of these types: kind, flags, form, exponent, size, alignment and body.
fn core(types: &[([u8; 4], u32, u32, &[u32])]) -> Vec<u8> {
    let mut core = vec![1, 0, 0, 0];
    core.extend((types.len() as u32).to_le_bytes());
    for (head, size, align, body) in types {
        core.extend((12 + 4 * body.len() as u32).to_le_bytes());
        core.extend(head);
        core.extend([size.to_le_bytes(), align.to_le_bytes()].concat());
        body.iter().for_each(|word| core.extend(word.to_le_bytes()));
    }
    core
}

/// A file of one record of one type that is a byte.
fn byte(head: [u8; 4]) -> Vec<u8> {
    one(&core(&[(head, 1, 1, &[])]), &[0; 4], (1, 1), &[0], b"")
}

/// Replaces bytes in the finished file.
fn changed(mut bytes: Vec<u8>, at: usize, new: &[u8]) -> Vec<u8> {
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

fn flipped(bytes: Vec<u8>, at: u64) -> Vec<u8> {
    let new = !bytes[at as usize];
    changed(bytes, at as usize, &[new])
}

/// Replaces bytes in a header line and updates its checksum.
fn line(bytes: Vec<u8>, page: usize, at: usize, new: &[u8]) -> Vec<u8> {
    let bytes = changed(bytes, page + at, new);
    let crc = crc32fast::hash(&bytes[page..page + 60]);
    changed(bytes, page + 60, &crc.to_le_bytes())
}

/// Replaces bytes in a commit record and updates its checksum.
fn record(bytes: Vec<u8>, slot: usize, at: usize, new: &[u8]) -> Vec<u8> {
    let bytes = changed(bytes, slot + at, new);
    let crc = crc32fast::hash(&[&bytes[40..56], &bytes[slot..slot + 124]].concat());
    changed(bytes, slot + 124, &crc.to_le_bytes())
}

const SLOTS: [usize; 2] = [512, 4608];

/// Two uncommitted blocks under a PAD block. Returns its offset.
fn tail(file: &mut File) -> u64 {
    let at = file.craft.bytes.len();
    let mut before = file.craft.clone();
    data(&mut before, 1, 2);
    data(&mut before, 1, 4);
    let under = before.bytes.split_off(at + 64);
    let lines = under.len() as u32 / 64 + 1;
    file.craft.block(Block { kind: 5, lines, ..Block::default() });
    file.craft.bytes.extend(under);
    at as u64
}

/// The newest commit record names blocks that were not synced and are damaged; the other record names none.
fn torn() -> Vec<u8> {
    let file = file();
    let (data, first) = (file.data, 8192u64.to_le_bytes());
    let mut bytes = record(file.finish(), SLOTS[0], 16, &first);
    bytes = record(bytes, SLOTS[0], 0, &[2]);
    for word in [8, 16] {
        bytes = record(bytes, SLOTS[1], word, &first);
    }
    bytes = record(bytes, SLOTS[1], 24, &[0; 48]);
    flipped(bytes, data + 64)
}

#[derive(Hydra)]
struct Node {
    next: Option<Box<Node>>,
}

/// A record with a chain of 65 references to one value.
fn deep() -> Vec<u8> {
    let node = |number: u32| [1, if number < 65 { number * 12 } else { 0 }, u32::from(number < 65)];
    let words = (1..65).flat_map(node).chain([0; 3]);
    let heap: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
    of::<Node>(1, &[1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], &heap)
}

/// A copy of the schema that differs from it.
fn again(core: &[u8], notes: &[u8]) -> Vec<u8> {
    let mut file = file();
    file.craft.schema(1, "Row", core, notes);
    file.finish()
}

/// A table of two types.
fn generations() -> Vec<u8> {
    let (mut craft, byte, text) = (Craft::default(), Schema::of::<u8>(), Schema::of::<String>());
    craft.schema(1, "T", byte.core(), byte.notes());
    let first = craft.data((1, 0, 1, 1), &[1], b"", b"");
    craft.schema(2, "T", text.core(), text.notes());
    let second = craft.data((2, 1, 1, 8), &[0; 8], b"", b"");
    let entries = vec![(first, 0, 1, [2, 1, 0, 1]), (second, 1, 1, [2, 2, 0, 1])];
    craft.close(&[(1, 0, "T", &byte), (2, 0, "T", &text)], &[entries]);
    craft.finish()
}

/// Metadata whose keys are not in order.
fn metadata() -> Vec<u8> {
    let mut file = file();
    let mut payload = vec![0; 64];
    payload[8] = 128;
    payload.extend([0, 0, 0, 0, 2, 0, 0, 0]);
    payload.resize(128, 0);
    for word in [0, 1, 0, 0, 1, 1, 0, 0] {
        payload.extend(u32::to_le_bytes(word));
    }
    payload.resize(192, 0);
    payload.extend(*b"ba");
    file.craft.block(Block { kind: 4, payload, ..Block::default() });
    file.finish()
}

use Verdict::{Damaged, Irregular, Refused, Unsupported};

const CASES: &[Case] = &[
    // The header region.
    ("text", "M3.1-2", Refused, "HY0101", || b"hello".to_vec()),
    ("header-line", "M3.1-1", Damaged, "HY0102", || flipped(file().finish(), 60)),
    ("header-lines", "M3.1-2", Refused, "HY0102", || flipped(flipped(file().finish(), 60), 4156)),
    ("header-lines-differ", "M3.1-3", Refused, "HY0102", || line(file().finish(), 4096, 40, b"another")),
    ("major-version", "M3.1-4", Unsupported, "HY0103", || {
        line(line(file().finish(), 0, 8, &[1]), 4096, 8, &[1])
    }),
    ("incompat-feature", "M3.1-5", Unsupported, "HY0103", || {
        line(line(file().finish(), 0, 16, &[1]), 4096, 16, &[1])
    }),
    ("header-zeros", "M1-2", Irregular, "HY0205", || changed(file().finish(), 100, &[1])),
    ("commit-record", "M3.2-1", Damaged, "HY0105", || flipped(file().finish(), 4608)),
    ("sequence-zero", "M3.2-1", Damaged, "HY0105", || record(file().finish(), SLOTS[1], 0, &[0])),
    ("totals", "M3.2-2", Damaged, "HY0206", || {
        SLOTS.into_iter().fold(file().finish(), |bytes, slot| record(bytes, slot, 56, &[3]))
    }),
    ("same-sequence", "M10.2-2", Refused, "HY0105", || record(file().finish(), SLOTS[1], 56, &[3])),
    ("torn", "M10.2-3", Damaged, "HY0202", torn),
    ("commit-records", "M10.2-4", Refused, "HY0105", || flipped(flipped(file().finish(), 512), 4608)),
    ("cut-short", "M10.2-5", Damaged, "HY0106", || {
        let file = file();
        let end = file.data as usize;
        file.finish()[..end].to_vec()
    }),
    // Blocks.
    ("block-header", "M4.1-1", Damaged, "HY0201", || {
        let file = file();
        let at = file.data + 60;
        flipped(file.finish(), at)
    }),
    ("block-length", "M4.1-1", Damaged, "HY0201", || file().with(8, &[6])),
    ("payload", "M4.1-2", Damaged, "HY0202", || {
        let file = file();
        let at = file.data + 64;
        flipped(file.finish(), at)
    }),
    ("layout", "M4.1-3", Unsupported, "HY0203", || file().with(6, &[2])),
    ("block-flag", "M4.1-3", Unsupported, "HY0203", || file().with(5, &[2])),
    ("layout-of-a-pad", "M4.1-3", Unsupported, "HY0203", || {
        let mut file = file();
        file.craft.block(Block { kind: 5, form: [2, 0], ..Block::default() });
        file.finish()
    }),
    ("fields-of-a-schema-block", "M4.1-5", Irregular, "HY0205", || {
        let mut file = file();
        file.craft.patch(file.first, 32, &[1]);
        file.finish()
    }),
    ("payload-of-a-pad", "M4.1-6", Damaged, "HY0201", || {
        let mut file = file();
        file.craft.block(Block { kind: 5, payload: vec![0; 64], ..Block::default() });
        file.finish()
    }),
    ("padding-of-a-block", "M4.1-7", Irregular, "HY0205", || {
        let file = file();
        let at = file.craft.bytes.len() - 1;
        changed(file.finish(), at, &[1])
    }),
    ("replacement-of-nothing", "M4.1-8", Damaged, "HY0206", || {
        let mut file = file();
        let at = data(&mut file.craft, 1, 2);
        file.craft.patch(at, 5, &[1]);
        file.craft.commit[7] = 2;
        file.finish()
    }),
    ("stride", "M4.1-9", Damaged, "HY0201", || file().with(36, &[41])),
    ("no-records", "M4.1-9", Damaged, "HY0201", || file().with(32, &[0])),
    ("stale-blocks", "M4.2-2", Damaged, "HY0201", || {
        let mut file = file();
        let pad = tail(&mut file);
        flipped(file.finish(), pad + 60)
    }),
    ("distance", "M4.3-1", Damaged, "HY0206", || {
        let mut craft = file().close();
        let at = craft.commit[4];
        craft.patch(at, 40, &[1]);
        craft.finish()
    }),
    ("epoch", "M4.3-2", Damaged, "HY0206", || file().with(48, &[2])),
    ("records-missing", "M4.3-3", Damaged, "HY0206", || {
        let mut file = file();
        data(&mut file.craft, 1, 3);
        file.finish()
    }),
    ("schema-missing", "M4.3-4", Damaged, "HY0401", || file().with(12, &[9])),
    ("schema-ids", "M4.3-5", Damaged, "HY0401", || {
        let mut file = file();
        file.craft.schema(3, "Other", &core(&[([9, 0, 0, 0], 1, 1, &[])]), &[0; 4]);
        file.finish()
    }),
    ("block-of-its-kind-before", "M4.3-6", Damaged, "HY0206", || {
        let mut craft = file().close();
        let at = craft.commit[5];
        craft.patch(at, 64, &[64]);
        craft.finish()
    }),
    // Values.
    ("bool", "M5-1", Damaged, "HY0301", || file().with(64 + 16, &[2])),
    ("empty-reference", "M5-2", Damaged, "HY0302", || file().with(64 + 40 + 8, &[1])),
    ("box", "M5-3", Damaged, "HY0302", || of::<Box<u8>>(1, &[0; 8], b"")),
    ("padding-of-fields", "M5-4", Irregular, "HY0205", || file().with(64 + 17, &[1])),
    ("option", "M5.2-1", Damaged, "HY0301", || file().with(64 + 18, &[2])),
    ("none", "M5.2-2", Irregular, "HY0205", || file().with(64 + 40 + 20, &[1])),
    ("tag", "M5.3-1", Damaged, "HY0301", || file().with(64 + 24, &[9])),
    ("bytes-of-no-variant", "M5.3-2", Irregular, "HY0205", || file().with(64 + 40 + 28, &[1])),
    ("keys", "M5.4-1", Damaged, "HY0304", || {
        of::<BTreeSet<u16>>(1, &[0, 0, 0, 0, 2, 0, 0, 0], &[2, 0, 1, 0])
    }),
    ("equal-keys", "M5.4-1", Damaged, "HY0304", || {
        of::<BTreeSet<u16>>(1, &[0, 0, 0, 0, 2, 0, 0, 0], &[1, 0, 1, 0])
    }),
    ("keys-of-floats", "M5.4-2", Damaged, "HY0401", || {
        let core = core(&[([25, 0, 0, 0], 8, 4, &[1]), ([15, 0, 0, 0], 8, 8, &[])]);
        one(&core, &[0; 4], (1, 8), &[0; 8], b"")
    }),
    ("form-of-another-kind", "M5.5-1", Damaged, "HY0401", || byte([9, 0, 3, 0])),
    ("timestamp", "M5.5-2", Damaged, "HY0301", || of::<std::time::SystemTime>(1, &[0x7f; 16], b"")),
    ("nonzero", "M5.5-3", Damaged, "HY0301", || of::<std::num::NonZeroU8>(1, &[0], b"")),
    ("nonzero-bool", "M5.5-3", Damaged, "HY0401", || byte([2, 1, 0, 0])),
    // Schemas.
    ("schema-payload", "M6.1-1", Damaged, "HY0401", || {
        let mut file = file();
        file.craft.patch(file.first, 64 + 16, &[0]);
        file.finish()
    }),
    ("schema-again", "M6.1-2", Damaged, "HY0401", || again(Schema::of::<u8>().core(), &[0; 4])),
    ("schema-with-other-notes", "M6.1-3", Irregular, "HY0205", || again(Schema::of::<Row>().core(), &[0; 4])),
    ("size", "M6.2-1", Damaged, "HY0401", || {
        one(&core(&[([9, 0, 0, 0], 2, 1, &[])]), &[0; 4], (1, 2), &[0; 2], b"")
    }),
    ("inside-itself", "M6.2-1", Damaged, "HY0401", || {
        one(&core(&[([18, 0, 0, 0], 2, 1, &[0])]), &[0; 4], (1, 2), &[0; 2], b"")
    }),
    ("kind", "M6.2-2", Unsupported, "HY0103", || byte([29, 0, 0, 0])),
    ("flag", "M6.2-2", Unsupported, "HY0103", || byte([9, 2, 0, 0])),
    ("core-version", "M6.2-2", Unsupported, "HY0103", || {
        let mut core = core(&[([9, 0, 0, 0], 1, 1, &[])]);
        core[0] = 2;
        one(&core, &[0; 4], (1, 1), &[0], b"")
    }),
    ("types-twice", "M6.2-3", Irregular, "HY0205", || {
        let byte = ([9, 0, 0, 0], 1, 1, &[][..]);
        let core = core(&[([24, 0, 0, 0], 8, 4, &[1, 2]), byte, byte]);
        one(&core, &[0; 4], (1, 8), &[0; 8], b"")
    }),
    ("order-of-types", "M6.2-3", Irregular, "HY0205", || {
        let (byte, text) = (([9, 0, 0, 0], 1, 1, &[][..]), ([16, 0, 0, 0], 8, 4, &[][..]));
        one(&core(&[([24, 0, 0, 0], 8, 4, &[2, 1]), byte, text]), &[0; 4], (1, 8), &[0; 8], b"")
    }),
    ("note-of-no-type", "M6.4-1", Damaged, "HY0401", || {
        let notes = [&[1, 0, 0, 0, 9, 0, 0, 0, 7][..], &[0; 7], &[7]].concat();
        one(&core(&[([9, 0, 0, 0], 1, 1, &[])]), &notes, (1, 1), &[0], b"")
    }),
    // Payloads.
    ("text-offset", "M7-1", Damaged, "HY0201", || file().with(52, &[65])),
    ("utf8", "M7-2", Damaged, "HY0303", || file().with(256, &[0xff])),
    ("boundary", "M7-2", Damaged, "HY0303", || file().with(256, "abcß".as_bytes())),
    ("reference-beyond", "M7-3", Damaged, "HY0302", || file().with(64 + 36, &[99])),
    ("reference-unaligned", "M7-3", Damaged, "HY0302", || file().with(64 + 32, &[1])),
    ("references-of-one-value", "M7-3", Damaged, "HY0302", || file().with(64 + 40 + 36, &[1])),
    ("gap", "M7-4", Irregular, "HY0205", || file().with(64 + 32, &[2])),
    ("text-of-no-string", "M7-4", Irregular, "HY0205", || file().with(64 + 12, &[3])),
    ("depth", "M7-5", Damaged, "HY0305", deep),
    ("metadata", "M8-1", Damaged, "HY0304", metadata),
    // The index.
    ("entry", "M9-1", Damaged, "HY0204", || {
        let mut craft = file().close();
        let at = craft.commit[4];
        craft.patch(at, 64 + 64 + 32 + 24 + 16, &[3]);
        craft.finish()
    }),
    ("index-zeros", "M1-2", Irregular, "HY0205", || {
        let mut craft = file().close();
        let at = craft.commit[4];
        craft.patch(at, 64 + 40, &[1]);
        craft.finish()
    }),
    ("node-of-257", "M9-5", Damaged, "HY0204", || {
        let (mut craft, byte) = (Craft::default(), Schema::of::<u8>());
        craft.schema(1, "T", byte.core(), byte.notes());
        let block = |first| (craft.data((1, first, 1, 1), &[1], b"", b""), first, 1, [2, 1, 0, 1]);
        let entries: Vec<Listed> = (0..257).map(block).collect();
        let node = craft.index((1, 0, 0), &[], &[], &entries);
        let lines = (craft.bytes.len() as u64 - node) as u32 / 64;
        craft.close(&[(1, 0, "T", &byte)], &[vec![(node, 0, 257, [lines, 0, 1, 257])]]);
        craft.finish()
    }),
    ("index-version", "M9-2", Unsupported, "HY0203", || {
        let mut craft = file().close();
        let at = craft.commit[4];
        craft.patch(at, 64 + 8, &[2]);
        craft.finish()
    }),
    ("no-directory", "M9-3", Irregular, "HY0205", || {
        let mut file = file();
        for _ in 0..1030 {
            file.craft.block(Block { kind: 9, ..Block::default() });
        }
        file.finish()
    }),
    ("closed-without-a-directory", "M9-4", Irregular, "HY0205", || {
        let mut file = file();
        file.craft.schema(1, "Row", file.schema.core(), file.schema.notes());
        file.craft.finish()
    }),
    ("closed-without-schemas", "M10.5-1", Irregular, "HY0205", || {
        let mut file = file();
        let lines = (file.data - file.first) as u32 / 64;
        let entry = listed(&file.craft, file.data, 0);
        file.craft.index((0, 0, 0), &[(0, 0, 1, 2, 1)], &[(1, 0, file.first, lines)], &[entry]);
        file.craft.finish()
    }),
    ("types-that-no-reader-shows", "M16.4-1", Irregular, "HY0402", generations),
];

fn cases() -> impl Iterator<Item = &'static Case> {
    CASES.iter().chain(invalid_columns::CASES)
}

/// The numbers of the rules that are broken here, and the verdicts.
pub(crate) fn rules() -> impl Iterator<Item = (&'static str, Verdict)> {
    cases().map(|case| (case.1, case.2))
}

/// Verdict, and code and offset of each finding.
fn said(path: &Path) -> (Verdict, Vec<(String, Option<u64>)>) {
    let mut found = Vec::new();
    let summary = hydra::file::check(
        path,
        &mut |finding| {
            found.push((finding.code().to_string(), finding.offset()));
        },
        None,
    );
    (summary.expect("a file").verdict, found)
}

/// Files that are allowed and that no writer of this project produces: nodes above nodes, a tail under a PAD
/// block, a block of an unknown kind, an enum without variants.
pub(crate) fn rare() -> Vec<u8> {
    let mut file = file();
    let mut entries = vec![listed(&file.craft, file.data, 0)];
    tail(&mut file);
    for first in (2..12).step_by(2) {
        let at = data(&mut file.craft, 1, first);
        entries.push(listed(&file.craft, at, first));
    }
    file.craft.block(Block { kind: 77, flags: 0xf0, form: [3, 3], payload: vec![7; 3], ..Block::default() });
    let node = |craft: &mut Craft, level: u8, entries: &[Listed]| {
        let at = craft.index((1, level, 0), &[], &[], entries);
        let (records, blocks) = entries.iter().fold((0, 0), |(r, b), entry| (r + entry.2, b + entry.3[3]));
        (
            at,
            entries[0].1,
            records,
            [(craft.bytes.len() as u64 - at) as u32 / 64, 0, u32::from(level) + 1, blocks],
        )
    };
    let low = [node(&mut file.craft, 0, &entries[..2]), node(&mut file.craft, 0, &entries[2..4])];
    let high = node(&mut file.craft, 1, &low);
    // option<Never>
    let mut never = core(&[([18, 0, 0, 0], 2, 1, &[1])]);
    never[4] = 2;
    never.extend([24, 0, 0, 0, 23, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 5, 0]);
    never.extend(*b"Never\0\0\x09\0\0");
    let never = Schema::decode(&never, &[0; 4]).unwrap();
    file.craft.schema(2, "Maybe", never.core(), never.notes());
    let none = file.craft.data((2, 0, 1, 2), &[0; 2], b"", b"");
    let tables = [vec![high, entries[4], entries[5]], vec![(none, 0, 1, [2, 2, 0, 1])]];
    file.craft.close(&[(1, 0, "Row", &file.schema), (2, 1, "Maybe", &never)], &tables);
    file.craft.finish()
}

#[test]
fn sound_files_of_bytes_are_good() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sound");
    for (number, bytes) in [file().finish(), rare()].into_iter().chain(invalid_columns::sound()).enumerate() {
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(said(&path), (Verdict::Good, vec![]), "file {number}");
    }
}

/// Returns the result of the check as text for the twin, which people and the independent reader read.
fn twin(rule: &str, verdict: Verdict, findings: &[(String, Option<u64>)]) -> String {
    let findings: Vec<String> = findings
        .iter()
        .map(|(code, offset)| format!("    {}", json!({ "code": code, "offset": offset })))
        .collect();
    let (rule, verdict, findings) = (json!(rule), json!(verdict.name()), findings.join(",\n"));
    format!("{{\n  \"rule\": {rule},\n  \"verdict\": {verdict},\n  \"findings\": [\n{findings}\n  ]\n}}\n")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/invalid")
}

#[test]
fn every_broken_rule_has_its_verdict() {
    let scratch = tempfile::tempdir().unwrap();
    let update = std::env::var_os("HYDRA_UPDATE_GOLDEN").is_some();
    let all = std::env::var_os("HYDRA_ALL_INVALID");
    if update {
        let _ = std::fs::remove_dir_all(folder());
        std::fs::create_dir_all(folder()).unwrap();
    }
    let (mut names, mut rules, mut wrong) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for (name, rule, verdict, code, make) in cases() {
        assert!(names.insert(*name), "{name} twice");
        let (fresh, kept) = (scratch.path().join(name), folder().join(format!("{name}.hydra")));
        std::fs::write(&fresh, make()).unwrap();
        let (found, findings) = said(&fresh);
        if found != *verdict || !findings.iter().any(|(found, _)| found == code) {
            wrong.push(format!("{name} ({rule}): {found}, {findings:x?}; expected {verdict}, {code}"));
        }
        let (fresh, twin) = (std::fs::read(&fresh).unwrap(), twin(rule, found, &findings));
        // One file per rule and layout is kept, the first.
        let is_kept = rules.insert((*rule, name.starts_with("columns-"))) && fresh.len() < 16 << 10;
        if let Some(all) = &all {
            let at = Path::new(all).join(format!("{name}.hydra"));
            std::fs::write(&at, &fresh).unwrap();
            std::fs::write(at.with_extension("json"), &twin).unwrap();
        }
        if update && is_kept {
            std::fs::write(&kept, &fresh).unwrap();
            std::fs::write(kept.with_extension("json"), &twin).unwrap();
        }
        let same = |path: &Path, bytes: &[u8]| std::fs::read(path).is_ok_and(|kept| kept == bytes);
        if is_kept && !(same(&kept, &fresh) && same(&kept.with_extension("json"), twin.as_bytes())) {
            wrong.push(format!("{name}: the golden file or its twin differs; this is\n{twin}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
