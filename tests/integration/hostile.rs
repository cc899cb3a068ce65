//! Malicious files: readers return a structured error or values, in bounded time and memory, and report all
//! damage.

use hydra::schema::TypeRef;
use hydra::{Descriptor, Error, ErrorKind, Kind, Map, Reader, Result, Schema, Value, Writer};
use hydra_tests::craft::{Block, Craft};
use hydra_tests::laws::{self, Dice, Shown, show};
use hydra_tests::targets::tables_are_typed;
use hydra_tests::types::*;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn golden(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/v0/{name}.hydra"));
    std::fs::read(path).expect("a golden file")
}

/// Writes the file and checks the laws on it.
fn judge(path: &Path, bytes: &[u8]) -> Option<Shown> {
    std::fs::write(path, bytes).expect("a file of a test");
    let shown = laws::file_is_read(path);
    if let Ok(reader) = Reader::open(path) {
        tables_are_typed(&reader);
    }
    shown
}

/// Returns every error of opening the file or reading its records.
fn errors(path: &Path, bytes: &[u8]) -> Vec<ErrorKind> {
    std::fs::write(path, bytes).expect("a file of a test");
    let reader = match Reader::open(path) {
        Ok(reader) => reader,
        Err(error) => return vec![error.kind()],
    };
    let mut kinds: Vec<ErrorKind> = reader.report().details().iter().map(Error::kind).collect();
    for info in reader.tables() {
        let table = reader.dynamic_table(info.name()).expect("a table that is listed");
        kinds.extend(table.blocks().filter_map(|block| block.err().map(|error| error.kind())));
    }
    kinds
}

#[test]
fn mutated_files_keep_the_laws() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("mutated");
    let mut dice = Dice(0x5eed);
    for name in ["plain", "scalars", "containers", "shapes", "tables", "resumed", "unclosed", "generations"] {
        let whole = golden(name);
        let blocks = laws::blocks_of(&whole);
        for round in 0..30 {
            let mut bytes = whole.clone();
            match (round % 6, blocks[dice.below(blocks.len())]) {
                (0, _) => dice.mutate(&mut bytes, 0),
                (1, _) => bytes.truncate(dice.below(whole.len())),
                (2, at) => dice.mutate(&mut bytes[at + 4..at + 56], 0),
                (3, _) => dice.mutate(&mut bytes[512..600], 0),
                (_, at) => {
                    let end = blocks.iter().copied().find(|&next| next > at).unwrap_or(whole.len());
                    dice.mutate(&mut bytes[at + 64..end], 0);
                }
            }
            if round % 6 > 1 {
                bytes.copy_within(..4096, if round % 6 == 3 { 4096 } else { 0 });
                laws::repair(&mut bytes, &blocks);
            }
            let shown = judge(&path, &bytes).unwrap_or_default();
            laws::bytes_are_recovered(&bytes, &shown);
            if round % 3 == 0 {
                laws::bytes_are_resumed(&bytes, &shown);
            }
        }
    }
    Ok(())
}

#[test]
fn mutated_images_and_schemas_keep_the_laws() -> Result<()> {
    let mut dice = Dice(7);
    let shape = Shape::Group(Box::new(Shape::Circle { r: 1.0 }), vec![Shape::Poly(vec![], Some("a".into()))]);
    let tree = Tree { value: 1, left: Some(Box::default()), right: None };
    let (shape, tree) = (hydra::to_bytes(&shape)?, hydra::to_bytes(&tree)?);
    let schema = Schema::of::<Containers>();
    for _ in 0..2000 {
        let (mut shape, mut tree) = (shape.clone(), tree.clone());
        dice.mutate(&mut shape, 16);
        dice.mutate(&mut tree, 16);
        laws::image_is_read::<Shape>(&shape);
        laws::image_is_read::<Tree>(&tree);
        let (mut core, mut notes) = (schema.core().to_vec(), Schema::of::<Attributed>().notes().to_vec());
        dice.mutate(&mut core, 0);
        dice.mutate(&mut notes, 0);
        laws::schema_is_read(&core, schema.notes());
        laws::schema_is_read(Schema::of::<Attributed>().core(), &notes);
    }
    Ok(())
}

#[test]
fn paths_of_any_text_keep_the_law() {
    let words = [
        "a",
        "b.",
        "[",
        "]",
        "\"",
        "\\",
        "\\u{41}",
        "-1",
        "9223372036854775808",
        "..",
        ":",
        "?",
        "{",
        "}",
        "é",
        "#",
        "map",
        "0",
    ];
    let value: (u8, Vec<Option<String>>) = (1, vec![Some("x".into()), None]);
    let mut dice = Dice(11);
    for _ in 0..20_000 {
        let text: String = (0..dice.below(8)).map(|_| words[dice.below(words.len())]).collect();
        laws::path_is_read(&text, hydra::Value::of(&value));
    }
}

#[test]
fn what_is_no_regular_file_is_refused_without_waiting() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let [pipe, folded, around] = ["pipe", "folder", "loop"].map(|name| folder.path().join(name));
    let made = std::process::Command::new("mkfifo").arg(&pipe).status()?;
    assert!(made.success());
    std::fs::create_dir(&folded)?;
    std::os::unix::fs::symlink(&around, &around)?;
    for (path, kind) in [
        (pipe, ErrorKind::NotRegular),
        (folded, ErrorKind::NotRegular),
        (PathBuf::from("/dev/null"), ErrorKind::NotRegular),
        (around, ErrorKind::Io),
    ] {
        // SAFETY: the file is refused, so nothing is mapped.
        #[allow(unsafe_code)]
        let map = unsafe { Map::open(&path) };
        assert_eq!(Reader::open(&path).unwrap_err().kind(), kind, "{path:?}");
        assert_eq!(map.unwrap_err().kind(), kind, "{path:?}");
        assert_eq!(Writer::resume(&path).unwrap_err().kind(), kind, "{path:?}");
        assert_eq!(hydra::file::check(&path, &mut |_| {}, None).unwrap_err().kind(), kind, "{path:?}");
    }
    for length in [0, 1, 8, 63, 64, 4096, 4736, 8191] {
        let path = folder.path().join("short");
        judge(&path, &golden("empty")[..length]);
        judge(&path, &vec![0; length]);
    }
    Ok(())
}

/// A file with one table `T` of bytes: where its SCHEMA block is, and how many lines it has.
fn bytes_table() -> (Craft, u64, u32) {
    let (mut craft, schema) = (Craft::default(), Schema::of::<u8>());
    let at = craft.schema(1, "T", schema.core(), schema.notes());
    let lines = (craft.bytes.len() as u64 - at) / 64;
    (craft, at, lines as u32)
}

#[test]
fn an_index_that_lies_costs_nothing_but_itself() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("index");
    type Entry = (u64, u64, u64, [u32; 4]);
    let lies: [fn(Entry) -> Entry; 14] = [
        |(_, first, count, rest)| (u64::MAX - 63, first, count, rest),
        |(_, first, count, rest)| (1 << 63, first, count, rest),
        |(_, first, count, rest)| (64, first, count, rest),
        |(at, first, count, rest)| (at + 128, first, count, rest),
        |(at, first, count, rest)| (at - 128, first, count, rest),
        |(at, _, count, rest)| (at, 0, count, rest),
        |(at, _, count, rest)| (at, u64::MAX, count, rest),
        |(at, first, _, rest)| (at, first, u64::MAX, rest),
        |(at, first, _, rest)| (at, first, 0, rest),
        |(at, first, count, [_, schema, level, blocks])| {
            (at, first, count, [u32::MAX, schema, level, blocks])
        },
        |(at, first, count, [lines, _, level, blocks])| (at, first, count, [lines, 9, level, blocks]),
        |(at, first, count, [lines, _, _, blocks])| (at, first, count, [lines, 0, u32::MAX, blocks]),
        |(at, first, count, [lines, _, _, blocks])| (at, first, count, [lines, 0, 1, blocks]),
        |(at, first, count, [lines, schema, level, _])| (at, first, count, [lines, schema, level, u32::MAX]),
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        for node in [false, true] {
            let (mut craft, schema, lines) = bytes_table();
            let block = |craft: &mut Craft, first| craft.data((1, first, 2, 1), &[1, 2], b"", b"");
            let (one, two) = (block(&mut craft, 0), block(&mut craft, 2));
            let mut entries = vec![(one, 0, 2, [2, 1, 0, 1]), lie((two, 2, 2, [2, 1, 0, 1]))];
            if node {
                let at = craft.index((1, 0, 0), &[], &[], &entries);
                entries = vec![(at, 0, 4, [(craft.bytes.len() as u64 - at) as u32 / 64, 0, 1, 2])];
            }
            craft.index((0, 0, 0), &[(0, 0, entries.len() as u32, 4, 2)], &[(1, 0, schema, lines)], &entries);
            let shown = judge(&path, &craft.finish()).expect("a file that opens");
            let sound = shown.records.len() == 4;
            assert!(sound || !shown.errors.is_empty(), "lie {number}, node {node}: {shown:?}");
            // Nodes are read when they are needed. Instead of an invalid node, the headers of all blocks are
            // read.
            let said = shown.report != "closed cleanly" || !shown.errors.is_empty();
            let check = hydra::file::check(&path, &mut |_| {}, None)?;
            assert!((said || sound) && !check.is_sound(), "lie {number}, node {node}");
        }
    }
    for listed in
        [(1, 0, u64::MAX - 63, 1), (1, 0, 1 << 63, 1), (1, 9, 8192, 1), (2, 0, 8192, 1), (1, 0, 0, 0)]
    {
        let (mut craft, ..) = bytes_table();
        craft.data((1, 0, 2, 1), &[1, 2], b"", b"");
        craft.index((0, 0, 0), &[(0, 0, 0, 0, 0)], &[listed], &[]);
        let shown = judge(&path, &craft.finish()).expect("the blocks are there");
        assert!(shown.records.len() == 2 && shown.report.starts_with("damaged"), "{listed:?}: {shown:?}");
    }
    Ok(())
}

#[test]
fn a_node_is_of_one_table() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (mut craft, one, lines) = bytes_table();
    let schema = Schema::of::<u8>();
    let two = craft.schema(2, "U", schema.core(), schema.notes());
    let block = craft.data((1, 0, 2, 1), &[1, 2], b"", b"");
    let node = craft.index((1, 0, 0), &[], &[], &[(block, 0, 2, [2, 1, 0, 1])]);
    let entry = (node, 0, 2, [(craft.bytes.len() as u64 - node) as u32 / 64, 0, 1, 1]);
    let tables = [(0, 0, 1, 2, 1), (1, 1, 1, 2, 1)];
    craft.index((0, 0, 0), &tables, &[(1, 0, one, lines), (2, 1, two, lines)], &[entry, entry]);
    let shown = judge(&folder.path().join("node"), &craft.finish()).expect("a file");
    assert!(shown.records.keys().all(|(table, _)| table == "T") && !shown.errors.is_empty(), "{shown:?}");
    Ok(())
}

/// A file of three blocks with three records each: where its blocks are.
fn three_blocks(with_directory: bool) -> (Vec<u8>, Vec<usize>) {
    let (mut craft, schema, lines) = bytes_table();
    let entries = [0, 3, 6].map(|first| {
        let records = [first as u8, first as u8 + 1, first as u8 + 2];
        (craft.data((1, first, 3, 1), &records, b"", b""), first, 3, [2, 1, 0, 1])
    });
    if with_directory {
        craft.index((0, 0, 0), &[(0, 0, 3, 9, 3)], &[(1, 0, schema, lines)], &entries);
    }
    let bytes = craft.finish();
    let blocks = laws::blocks_of(&bytes);
    (bytes, blocks)
}

/// Changes these fields (offset, width, value), makes the checksums right, and checks that recovery saves what
/// a reader shows.
fn contradicted(bytes: &[u8], blocks: &[usize], changes: &[(usize, usize, u64)]) {
    let mut bytes = bytes.to_vec();
    for (at, width, value) in changes {
        bytes[*at..at + width].copy_from_slice(&value.to_le_bytes()[..*width]);
    }
    laws::repair(&mut bytes, blocks);
    let shown = laws::bytes_are_read(&bytes).unwrap_or_default();
    laws::bytes_are_recovered(&bytes, &shown);
}

#[test]
fn where_blocks_contradict_each_other_recovery_saves_what_a_reader_shows() {
    let mut dice = Dice(0x5eed);
    for with_directory in [true, false] {
        let (whole, blocks) = three_blocks(with_directory);
        let mut changes = Vec::new();
        for block in &blocks {
            for (field, width) in [(5, 1), (8, 4), (12, 4), (24, 8), (32, 4), (40, 4), (48, 4)] {
                for value in [0, 1, 2, 3, 4, 6, 9, 12, u64::MAX] {
                    changes.push((block + field, width, value));
                }
            }
        }
        changes.iter().for_each(|change| contradicted(&whole, &blocks, &[*change]));
        for _ in 0..500 {
            let change = [(); 2].map(|()| changes[dice.below(changes.len())]);
            contradicted(&whole, &blocks, &change);
        }
    }
}

#[test]
fn an_impossible_index_hides_no_block_from_recovery() {
    let (whole, blocks) = three_blocks(true);
    let (lost, entries) = (blocks[1], blocks[4] + 64 + 64 + 32 + 24);
    let damage = (lost + 8, 4, 9);
    for changes in [
        // Its first entry claims all records, and its block is lost.
        [damage, (entries + 16, 8, 9)],
        [damage, (entries + 16, 8, u64::MAX >> 10)],
        // So does the second one, with the records before them.
        [damage, (entries + 40 + 8, 8, 1)],
        [damage, (entries + 40, 8, lost as u64)],
    ] {
        contradicted(&whole, &blocks, &changes);
    }
}

#[test]
fn blocks_that_lie_are_reported() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("blocks");
    let replacement = |first, count: u32, byte| {
        let mut payload = vec![byte; count as usize];
        payload.resize(64, 0);
        Block { kind: 2, flags: 1, data: (1, first, count, 1), text: 64, payload, ..Block::default() }
    };
    let file = |block: Block| {
        let (mut craft, ..) = bytes_table();
        craft.data((1, 0, 2, 1), &[1, 2], b"", b"");
        craft.block(block);
        craft.commit[7] = 2;
        craft.finish()
    };
    let shown = judge(&path, &file(replacement(0, 2, 9))).expect("a file");
    assert!(shown.records.values().all(|byte| byte == "9") && shown.report == "closed cleanly", "{shown:?}");
    for (first, count) in [(0, 1), (1, 1), (2, 1), (0, 3), (u64::MAX, 2)] {
        let bytes = file(replacement(first, count, 9));
        assert!(errors(&path, &bytes).contains(&ErrorKind::Chain) || first == u64::MAX);
        let shown = judge(&path, &bytes).expect("a file");
        assert!(
            shown.records.values().eq(["1", "2"]) && shown.report.contains("damaged"),
            "{first}: {shown:?}"
        );
    }
    let data = |schema, first, count, stride, text| Block {
        kind: 2,
        data: (schema, first, count, stride),
        text,
        payload: vec![0; 64],
        ..Block::default()
    };
    for block in [
        data(1, 2, u32::MAX, 1, 64),
        data(1, 2, u32::MAX, u32::MAX, 64),
        data(1, 2, 0, 1, 64),
        data(1, 2, 1, 2, 64),
        data(1, 2, 1, 1, 1),
        data(1, 2, 1, 1, 128),
        data(1, 2, 1, 1, 0),
        data(1, u64::MAX, 1, 1, 64),
        data(1, 1, 1, 1, 64),
        data(2, 0, 1, 1, 64),
        Block { kind: 5, lines: u32::MAX, ..Block::default() },
        Block { kind: 1, lines: u32::MAX, ..Block::default() },
        Block { kind: 1, payload: vec![0xff; 64], ..Block::default() },
        Block { kind: 4, payload: vec![0xff; 64], ..Block::default() },
        Block { kind: 3, payload: vec![0xff; 64], ..Block::default() },
    ] {
        let shown = judge(&path, &file(block.clone())).expect("a file");
        assert!(shown.records.values().take(2).eq(["1", "2"]), "{block:?}: {shown:?}");
        assert!(shown.report != "closed cleanly" || !shown.errors.is_empty(), "{block:?}: {shown:?}");
    }
    Ok(())
}

#[test]
fn a_schema_id_is_given_once() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("schemas");
    let (byte, word) = (Schema::of::<u8>(), Schema::of::<u16>());
    for (name, core, notes) in [
        ("T", word.core(), word.notes()),
        ("U", byte.core(), byte.notes()),
        ("T", byte.core(), &[1, 0, 0, 0]),
    ] {
        let (mut craft, ..) = bytes_table();
        craft.data((1, 0, 2, 1), &[1, 2], b"", b"");
        craft.schema(1, name, core, notes);
        let shown = judge(&path, &craft.finish()).expect("a file");
        assert!(shown.report.starts_with("damaged (schema)") && shown.records.len() == 2, "{shown:?}");
    }
    Ok(())
}

#[test]
fn a_directory_names_a_table_once() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (mut craft, one, lines) = bytes_table();
    let other = Schema::of::<i8>();
    let two = craft.schema(2, "T", other.core(), other.notes());
    craft.index(
        (0, 0, 0),
        &[(0, 0, 0, 0, 0), (1, 0, 0, 0, 0)],
        &[(1, 0, one, lines), (2, 1, two, lines)],
        &[],
    );
    let shown = judge(&folder.path().join("twice"), &craft.finish()).expect("a file");
    assert!(shown.report.starts_with("damaged (index)"), "{shown:?}");
    Ok(())
}

/// Checks that opening, reading and checking the file takes little time.
fn soon(what: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(what);
    let start = Instant::now();
    errors(&path, bytes);
    hydra::file::check(&path, &mut |_| {}, None).expect("a check");
    assert!(start.elapsed() < Duration::from_secs(20), "{what}: {:?}", start.elapsed());
}

#[test]
fn many_of_anything_take_no_more_than_their_share_of_time() {
    let schema = Schema::of::<u8>();
    let mut craft = Craft::default();
    (1..40_000).for_each(|id| _ = craft.schema(id, &format!("{id}"), schema.core(), schema.notes()));
    soon("tables", &craft.finish());

    let types = (0..4000)
        .map(|ty| Descriptor::structure(format!("T{ty}"), vec![("x".into(), TypeRef::Index(ty + 4000))]));
    let lists = (0..4000).map(|ty| Descriptor::list(TypeRef::Index((ty + 1) % 4000)));
    let schema = Schema::new(types.chain(lists).collect()).expect("a schema");
    let mut craft = Craft::default();
    let at = craft.schema(1, "T", schema.core(), schema.notes());
    let lines = (craft.bytes.len() as u64 - at) as u32 / 64;
    (0..4000).for_each(|_| _ = craft.index((0, 0, 0), &[(0, 0, 0, 0, 0)], &[(1, 0, at, lines)], &[]));
    soon("directories", &craft.finish());
}

/// 2 MiB are enough with optimisation; without it, frames are several times larger.
#[test]
fn deep_values_do_not_exhaust_the_stack() {
    let stack = if cfg!(debug_assertions) { 6 << 20 } else { 2 << 20 };
    let thread = std::thread::Builder::new().stack_size(stack).spawn(look_at_deep_values);
    thread.expect("a thread").join().expect("deep values").expect("deep files");
}

fn look_at_deep_values() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = TypeRef::Index;
    let wrap = |kind: u32, ty: u32| match kind {
        0 => Descriptor::structure(format!("S{ty}"), vec![("x".into(), at(ty + 1))]),
        1 => Descriptor::newtype(format!("S{ty}"), at(ty + 1)),
        2 => Descriptor::tuple(vec![at(ty + 1)]),
        _ => Descriptor::array(at(ty + 1), 1),
    };
    for kind in 0..4 {
        let mut types: Vec<Descriptor> = (0..30).map(|ty| wrap(kind, ty)).collect();
        types.extend([Descriptor::option(at(31)), Descriptor::boxed(at(0))]);
        let schema = Schema::new(types)?;
        let node =
            |next: u32| if next < 64 { [1, next * 12, 1] } else { [0; 3] }.map(u32::to_le_bytes).concat();
        let heap: Vec<u8> = (1..=64).flat_map(node).collect();
        let mut craft = Craft::default();
        craft.schema(1, "T", schema.core(), schema.notes());
        craft.data((1, 0, 1, 12), &node(0), &heap, b"");
        let shown = judge(&folder.path().join("deep"), &craft.finish()).expect("a file");
        assert!(shown.records.len() == 1 && shown.errors.is_empty(), "{shown:?}");
    }
    Ok(())
}

#[test]
fn a_reader_keeps_the_file_that_it_opened() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("file");
    std::fs::write(&path, golden("tables"))?;
    let reader = Reader::open(&path)?;
    let before = show(&Reader::open(&path)?);
    std::fs::write(folder.path().join("other"), golden("plain"))?;
    std::fs::rename(folder.path().join("other"), &path)?;
    assert_eq!(show(&reader), before, "replaced under its name");
    let reader = Reader::open(&path)?;
    std::fs::OpenOptions::new().write(true).open(&path)?.set_len(9000)?;
    assert!(!show(&reader).errors.is_empty(), "cut short");
    Ok(())
}

#[test]
fn long_unknown_lengths_allocate_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("sparse");
    let (mut craft, schema, lines) = bytes_table();
    let at = craft.data((1, 0, 2, 1), &[1, 2], b"", b"");
    craft.index((0, 0, 0), &[(0, 0, 1, 2, 1)], &[(1, 0, schema, lines)], &[(at, 0, 2, [u32::MAX, 1, 0, 1])]);
    std::fs::write(&path, craft.finish())?;
    let reader = Reader::open(&path)?;
    assert!(reader.report().is_damaged());
    let table = reader.table::<u8>();
    assert_eq!(table.err().map(|error| error.kind()), Some(ErrorKind::NoTable));
    assert_eq!(reader.dynamic_table("T")?.blocks().filter_map(Result::ok).count(), 1);
    assert_eq!(Schema::new(vec![Descriptor::scalar(Kind::U8)])?.core(), Schema::of::<u8>().core());
    Ok(())
}

/// Returns the results of resuming the file, appending and closing, and the resulting file.
fn resumed(path: &Path, bytes: &[u8]) -> (Result<()>, Vec<u8>) {
    std::fs::write(path, bytes).expect("a file of a test");
    let outcome = Writer::resume(path).and_then(|mut writer| {
        let table = writer.table::<u8>()?;
        writer.append_slice(table, &[7, 8])?;
        writer.finish()
    });
    (outcome, std::fs::read(path).expect("a file of a test"))
}

#[test]
fn counters_at_their_ends_are_refused_before_anything_is_written() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("ends");
    let file = |level: u32, count: u64, each: u64, sequence: u64| {
        let (mut craft, schema) = (Craft::default(), Schema::of::<u8>());
        let at = craft.schema(1, "u8", schema.core(), schema.notes());
        let lines = (craft.bytes.len() as u64 - at) as u32 / 64;
        let entries: Vec<_> =
            (0..count).map(|index| (at, index * each, each, [lines, 0, level, 1])).collect();
        let table = (0, 0, count as u32, count * each, count);
        craft.index((0, 0, 0), &[table], &[(1, 0, at, lines)], &entries);
        craft.commit[7] = count * each;
        craft.commit[0] = sequence;
        craft.finish()
    };
    for (level, count, each, sequence) in [
        (u32::MAX, 256, 1, 1),
        (256, 256, 1, 1),
        (255, 256, 1, 1),
        (1, 1, u64::MAX, 1),
        (1, 1, u64::MAX - 1, 1),
        (1, 1, 1, u64::MAX),
        (1, 1, 1, u64::MAX - 1),
    ] {
        let bytes = file(level, count, each, sequence);
        let (outcome, after) = resumed(&path, &bytes);
        let what = format!("level {level}, {count} x {each}, sequence {sequence}: {outcome:?}");
        assert!(Reader::open(&path).is_ok(), "{what}");
        assert!(outcome.is_ok() || after[8192..].starts_with(&bytes[8192..]), "{what}");
        assert_eq!(outcome.is_ok(), [255, 256].contains(&level), "{what}");
    }
    // A tail of 4 EiB, if the file system supports such files.
    let (craft, ..) = bytes_table();
    std::fs::write(&path, craft.finish())?;
    let long = std::fs::OpenOptions::new().write(true).open(&path)?.set_len(1 << 62);
    if long.is_ok() {
        let start = Instant::now();
        let append = || {
            let mut writer = Writer::resume(&path)?;
            let table = writer.dynamic_table(&Schema::of::<u8>())?;
            writer.append_value(table, Value::of(&1_u8))?;
            writer.finish()
        };
        append()?;
        assert!(std::fs::metadata(&path)?.len() < 20_000, "it is written over and cut off");
        // Where a record is lost, all of it would have to be covered.
        let mut bytes = std::fs::read(&path)?;
        bytes[512] ^= 1;
        std::fs::write(&path, bytes)?;
        std::fs::OpenOptions::new().write(true).open(&path)?.set_len(1 << 62)?;
        let error = append().unwrap_err();
        assert!(
            error.kind() == ErrorKind::TooLarge && error.offset().is_some() && error.help_text().is_some()
        );
        assert!(start.elapsed() < Duration::from_secs(2));
    }
    Ok(())
}
