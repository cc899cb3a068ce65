//! The corpus of the fuzz targets, run as an ordinary test, with the bound of memory: one thread, so that it is counted.

mod archive;

use hydra::schema::TypeRef;
use hydra::{Descriptor, Hydra, Schema};
use hydra_tests::columns::{Columns, Stream};
use hydra_tests::craft::Craft;
use hydra_tests::laws;
use hydra_tests::memory::File;
use hydra_tests::targets::{self, TARGETS};
use hydra_tests::types::*;
use peak_alloc::PeakAlloc;
use std::path::Path;

#[global_allocator]
static PEAK: PeakAlloc = PeakAlloc;

#[test]
fn the_corpus_keeps_the_laws_and_memory_is_bounded() {
    large_inputs_take_a_bounded_share_of_memory();
    columns_take_no_more_than_their_rule_allows();
    for (name, target) in TARGETS {
        archive::each(name, target);
    }
}

/// What one byte of a large input can cost at most: many tables, many types, many small blocks, large ones.
fn large_inputs_take_a_bounded_share_of_memory() {
    let schema = Schema::of::<u8>();
    let mut tables = Craft::default();
    (1..8_000).for_each(|id| _ = tables.schema(id, &format!("{id}"), schema.core(), schema.notes()));
    let mut blocks = Craft::default();
    blocks.schema(1, "T", schema.core(), schema.notes());
    (0..8_000).for_each(|at| _ = blocks.data((1, at, 1, 1), &[7], b"", b""));
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/v0/blocks.hydra");
    let whole = std::fs::read(golden).expect("a golden file");
    let cut = whole[..whole.len() / 2].to_vec();
    for (what, bytes) in
        [("tables", tables.finish()), ("blocks", blocks.finish()), ("whole", whole), ("cut", cut)]
    {
        println!("{what}");
        let file = File::of(&bytes);
        laws::bounded(bytes.len(), || laws::use_file(&file));
    }
    let name = |ty: u32| vec![("x".to_string(), TypeRef::Index(ty + 2_000))];
    let types = (0..2_000).map(|ty| Descriptor::structure(format!("{ty}"), name(ty)));
    let lists = (0..2_000).map(|ty| Descriptor::list(TypeRef::Index((ty + 1) % 2_000)));
    let schema = Schema::new(types.chain(lists).collect()).expect("a schema");
    println!("types");
    laws::bounded(schema.core().len(), || drop(Schema::decode(schema.core(), schema.notes())));
}

/// Blocks of columns of a few bytes that stand for megabytes, one and many, read and mapped.
fn columns_take_no_more_than_their_rule_allows() {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let offsets = |slots: u32, each: u32| {
        // A delta of equal steps: widths, minima and firsts of its groups, and no exceptions.
        let groups = (slots + 1).div_ceil(1024);
        let mut bytes = vec![0; groups as usize];
        bytes.extend(words(&vec![each; groups as usize]));
        bytes.extend((0..groups).flat_map(|group| (group * 1024 * each).to_le_bytes()));
        bytes.extend([0; 4]);
        Stream::coded(3, (slots + 1) * 4, slots, &bytes)
    };
    let constant = |plain: u32, slots: u32, value: &[u8]| Stream::coded(1, plain, slots, value);
    let dictionary = |slots: u32| {
        let mut bytes = words(&[1, 0, 4096]);
        bytes.extend(vec![0; slots.div_ceil(1024) as usize * 3 + 4]);
        Stream::coded(4, (slots + 1) * 4, slots, &bytes)
    };
    let frame = |size: u32| {
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0];
        frame.extend(size.to_le_bytes());
        let blocks = size.div_ceil(1 << 17);
        for block in 0..blocks {
            let length = (size - block * (1 << 17)).min(1 << 17);
            frame.extend_from_slice(&(length << 3 | 2 | u32::from(block + 1 == blocks)).to_le_bytes()[..3]);
            frame.push(b'a');
        }
        Stream { head: [0, 0, 1], ..Stream::coded(0, size, 1, &frame) }
    };
    let columns = |heap, text, streams: Vec<Stream>| Columns { heap, text, streams };
    // Each of these stands for two megabytes.
    let cases: Vec<(&str, Schema, u32, Columns)> = vec![
        ("numbers", Schema::of::<u64>(), 1 << 18, columns(0, 0, vec![constant(1 << 21, 1 << 18, &[7; 8])])),
        ("bits", Schema::of::<bool>(), 1 << 21, columns(0, 0, vec![constant(1 << 18, 1 << 21, &[1])])),
        (
            "options of bytes",
            Schema::of::<Option<u8>>(),
            1 << 20,
            columns(0, 0, vec![constant(1 << 17, 1 << 20, &[1]), constant(1 << 20, 1 << 20, &[9])]),
        ),
        (
            "enums",
            Schema::of::<Packed>(),
            1 << 20,
            columns(0, 0, vec![constant(1 << 20, 1 << 20, &[1]), constant(1 << 17, 1 << 20, &[1])]),
        ),
        (
            "boxes",
            Schema::of::<Box<u8>>(),
            1 << 17,
            columns(1 << 17, 0, vec![constant(1 << 17, 1 << 17, &[9])]),
        ),
        (
            "arrays of options",
            Schema::of::<[Option<u8>; 4]>(),
            1 << 18,
            columns(0, 0, vec![constant(1 << 17, 1 << 20, &[1]), constant(1 << 20, 1 << 20, &[9])]),
        ),
        (
            "lists",
            Schema::of::<Vec<u16>>(),
            1 << 17,
            columns(1 << 19, 0, vec![offsets(1 << 17, 2), constant(1 << 19, 1 << 18, &[9, 9])]),
        ),
        (
            "lists of options",
            Schema::of::<Vec<Option<u8>>>(),
            1 << 17,
            columns(
                3 << 18,
                0,
                vec![offsets(1 << 17, 3), constant(3 << 14, 3 << 17, &[1]), constant(3 << 17, 3 << 17, &[9])],
            ),
        ),
        (
            "a string many times",
            Schema::of::<String>(),
            500,
            columns(0, 500 * 4096, vec![dictionary(500), Stream { slots: [500, 0], ..frame(4096) }]),
        ),
        (
            "compressed",
            Schema::of::<String>(),
            1,
            columns(0, 1 << 21, vec![Stream::plain(1, &words(&[0, 1 << 21])), frame(1 << 21)]),
        ),
        ("units", Schema::of::<Vec<()>>(), 2, columns(24, 0, vec![Stream::plain(2, &words(&[0, 12, 24]))])),
    ];
    for (what, schema, count, columns) in &cases {
        for blocks in [1, 20] {
            let mut craft = Craft::default();
            craft.schema(1, "T", schema.core(), schema.notes());
            for block in 0..blocks {
                let data = (1, u64::from(block * count), *count, schema.root().size() as u32);
                craft.columns(data, columns);
                if block > 9 {
                    // The others are refused for their directory.
                    let at = craft.commit[3];
                    craft.patch(at, 64 + 8, &[0xff; 4]);
                }
            }
            let bytes = craft.finish();
            println!("{what}, {blocks} blocks");
            let file = File::of(&bytes);
            laws::bounded_file(&bytes, || {
                let reader = hydra::testing::open(file.boxed(), Path::new("file")).expect("a file");
                let table = reader.dynamic_table("T").expect("a table");
                let whole = table.blocks().filter(Result::is_ok).count();
                if whole == 0 {
                    let error = table.blocks().next().expect("a block").err();
                    panic!("{what}: {error:?}");
                }
                assert_eq!(whole as u32, blocks.min(10), "{what}");
                let _ = hydra::testing::check(&file, &mut |_| ());
            });
            let path = tempfile::NamedTempFile::new().expect("a file");
            std::fs::write(&path, &bytes).expect("a file");
            laws::bounded_file(&bytes, || {
                // SAFETY: nobody writes to the file of a test.
                #[allow(unsafe_code)]
                let map = unsafe { hydra::Map::open(path.path()) }.expect("a map");
                let reader = hydra::Reader::map(map).expect("a file");
                let table = reader.dynamic_table("T").expect("a table");
                assert_eq!(
                    table.blocks().filter(Result::is_ok).count() as u32,
                    blocks.min(10),
                    "{what}, mapped"
                );
            });
        }
    }
}

/// Two bytes, for which a reader has to find a place.
#[derive(Clone, Copy, Hydra)]
enum Packed {
    #[allow(dead_code)]
    Nothing,
    #[allow(dead_code)]
    One(bool),
}

/// One finding again: `HYDRA_CASE=TARGET:FILE cargo test -p hydra-tests --test corpus again -- --ignored`.
#[test]
#[ignore]
fn again() {
    let case = std::env::var("HYDRA_CASE").expect("HYDRA_CASE=TARGET:FILE");
    let (name, file) = case.split_once(':').expect("HYDRA_CASE=TARGET:FILE");
    let target = TARGETS.iter().find(|(target, _)| *target == name).expect("a target").1;
    target(&std::fs::read(file).expect("a file"));
}

/// Writes the seeds that a campaign starts from: `cargo test -p hydra-tests --test corpus seeds -- --ignored`.
#[test]
#[ignore]
fn seeds() {
    let save = |target: &str, name: &str, bytes: &[u8]| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(name), bytes).expect("a seed");
    };
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/v0");
    for entry in std::fs::read_dir(golden).expect("golden files") {
        let path = entry.expect("a file").path();
        let packed = targets::pack(&std::fs::read(&path).expect("a golden file"));
        if path.extension().is_some_and(|end| end == "hydra") && packed.len() < 16 << 10 {
            let name = path.file_stem().expect("a name").to_string_lossy();
            save("open", &name, &packed);
            save("repaired", &name, &packed);
        }
    }
    fn of<T: Hydra>() -> Schema {
        Schema::of::<T>()
    }
    let (pair, table) = (of::<(u8, Option<bool>)>(), of::<Vec<(char, String)>>());
    let schemas = [of::<Log>(), of::<Shape>(), of::<Attributed>(), of::<Tree>(), of::<Tick>(), pair, table];
    for (number, schema) in schemas.into_iter().enumerate() {
        let counted = |bytes: &[u8]| [&(bytes.len() as u16).to_le_bytes(), bytes].concat();
        let records = [&[2, 8, 0, 1, 0, 0, 0, 3, 0, 0, 0, 4, 0], &b"text"[..], &[0; 40]].concat();
        save(
            "schema",
            &number.to_string(),
            &[counted(schema.core()), counted(schema.notes()), records].concat(),
        );
    }
    for (number, text) in [
        &b"\x14a,b,c\n1,x,2024-01-01\n,\"y\"\"\",1999-12-31T01:02:03Z\n2,,\n"[..],
        b"\x14a\r\ntrue\r\nfalse\r\n\r\n",
        b"\x15{\"a\":1,\"b\":[\"x\",null],\"c\":{\"d\":1.5}}\n{\"a\":-1,\"b\":[],\"c\":null}\n",
        b"\x01{\"Group\":[\"Empty\",[{\"Circle\":{\"r\":1}},{\"Poly\":[[],null]}]]}\n\"Empty\"\n",
        b"\x02{\"version\":1,\"table\":\"Shape\",\"records\":[\"Empty\",{\"Circle\":{\"r\":\"NaN\"}}]}",
        b"\x03\xa5Empty\x81\xa6Circle\x81\xa1r\xcb\x3f\xf0\0\0\0\0\0\0",
        b"\x04\x65Empty\xa1\x66Circle\xa1\x61r\xfb\x3f\xf0\0\0\0\0\0\0",
        b"\x10{\"id\":\"00000000-0000-0000-0000-000000000001\",\"at\":\"2024-01-01T00:00:00Z\",\"took\":\"1.5s\"}",
    ]
    .iter()
    .enumerate()
    {
        save("import", &number.to_string(), text);
    }
    for (name, number) in [("scalars.Scalars", 6u8), ("containers.Containers", 11), ("ecosystem.Trade", 16)] {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/v0").join(format!("{name}.ndjson"));
        let text = std::fs::read(golden).expect("golden text");
        save("import", name, &[&[number], &text[..text.len().min(4000)]].concat());
    }
    let shape = Shape::Group(Box::new(Shape::Circle { r: 1.0 }), vec![Shape::Poly(vec![], Some("a".into()))]);
    let log = Log {
        time: 1,
        level: Level::Warn,
        target: "a".into(),
        text: "é".into(),
        user: Some(2),
        tags: vec!["b".into(), String::new()],
    };
    let tree = Tree { value: 1, left: Some(Box::default()), right: None };
    record(0, &log, &save);
    record(1, &shape, &save);
    record(5, &tree, &save);
    record(6, &Attributed::new(1, "a", 2), &save);
    for seed in 0..4 {
        let ty = |ty: u8| format!("columns-{ty}-{seed}");
        let logs = [log.clone(), Log { user: None, text: "ab".into(), ..log.clone() }, log.clone()];
        save("payload", &ty(0), &targets::columns_seed(0, seed, &logs));
        save(
            "payload",
            &ty(1),
            &targets::columns_seed(1, seed, &[shape.clone(), Shape::Empty, shape.clone()]),
        );
        save(
            "payload",
            &ty(5),
            &targets::columns_seed(5, seed, &[Tree::default(), Tree { value: 2, ..Tree::default() }]),
        );
        let orders: Vec<Attributed> =
            (0..5).map(|at| Attributed::new(at, "limit", at as usize % 2)).collect();
        save("payload", &ty(6), &targets::columns_seed(6, seed, &orders));
    }
    for (ty, image) in
        [(0, hydra::to_bytes(&shape)), (1, hydra::to_bytes(&tree)), (5, hydra::to_bytes(&shape))]
    {
        let image = image.expect("a value");
        let from = if ty == 5 { 0 } else { 32 };
        save("image", &ty.to_string(), &[&[ty], &image[from..]].concat());
    }
    for (number, text) in
        ["a.b[0].c", "[Log][-1].tags[2:]", "2[\"a\"]:Poly.1?", "[\"x]\"][1:2]", "1[0]?", "a{b}", "3"]
            .iter()
            .enumerate()
    {
        save("path", &number.to_string(), text.as_bytes());
    }
    for (number, script) in [
        &[
            1, 4, 1, 9, 7, 2, 3, 5, 4, b'a', b'b', 12, 9, 200, 12, 2, 4, 1, 2, 7, 12, 3, 19, 1, 10, 2, b'n',
            b'o', 11,
        ][..],
        &[65, 9, 99, 12, 130, 5, 50, 8, 1, 2, 3, 4, 5, 6, 7, 8, 12, 10, 0, 11, 3, 3],
        &[33, 9, 99, 12, 4, 1, 9, 16, 9, 50, 28, 50, 8, 5, 23, 3, 1, 2, 3, 30, 12, 227, 1, 9, 3, 12, 179, 11],
        &[49, 25, 90, 28, 23, 255, 1, 2, 3, 28, 50, 4, 1, 2, 9, 24, 1, 16, 28, 243, 1, 9, 3, 12, 3, 11],
        &[129, 8, 250, 1, 9, 30, 1, 2, 3, 4, 5, 6, 7, 8, 12, 8, 251, 12, 2, 8, 0, 9, 250, 12, 3, 1, 4, 11],
    ]
    .iter()
    .enumerate()
    {
        save("script", &number.to_string(), script);
    }
}

/// The payload of an image as the target takes it: type, count, heap, text, records.
fn record<T: Hydra>(ty: u8, value: &T, save: &dyn Fn(&str, &str, &[u8])) {
    let image = hydra::to_bytes(value).expect("a value");
    let stride = Schema::of::<T>().root().size();
    let (records, rest) = image[64..].split_at(stride.next_multiple_of(64));
    let text_at = rest.len().saturating_sub(1) / 64 * 64;
    let (heap, text) = rest.split_at(text_at);
    let counted = |bytes: &[u8]| [&(bytes.len() as u16).to_le_bytes(), bytes].concat();
    save(
        "payload",
        &ty.to_string(),
        &[&[ty, 1][..], &counted(heap), &counted(text), &records[..stride]].concat(),
    );
}
