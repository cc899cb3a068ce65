//! What is fuzzed: each target takes any bytes, makes of them what it needs, and holds laws against it. The programs in `fuzz/`
//! call these functions, and `corpus.rs` runs them over the corpus that is checked in.

use crate::columns::{Columns, forced};
use crate::craft::Craft;
use crate::laws;
use crate::memory::{File, Memory};
use crate::scripts::script_is_kept;
use crate::types::*;
use hydra::evolve::Evolution;
use hydra::{
    AlignedBuf, Dynamic, ErrorKind, Fixed, Hydra, Kind, Layout, Reader, Schema, Value, Writer, testing,
};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::num::{NonZeroI16, NonZeroU128};
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};
use tempfile::NamedTempFile;

/// What takes any bytes, and panics where a law is broken.
pub type Target = fn(&[u8]);

/// The targets, by name. `import` is the command's, and is not among them.
pub const TARGETS: [(&str, Target); 7] = [
    ("open", open),
    ("repaired", repaired),
    ("schema", schema),
    ("payload", payload),
    ("script", script),
    ("path", path),
    ("image", image),
];

/// Bytes of a header line and a commit record together.
const HEAD: usize = 64 + 128;

/// A file without what is zero in its header region: both header lines and commit records, then the blocks.
pub fn pack(file: &[u8]) -> Vec<u8> {
    let parts = [0..64, 512..640, 4096..4160, 4608..4736, 8192..file.len()];
    parts.into_iter().flat_map(|part| file.get(part).unwrap_or_default()).copied().collect()
}

/// The reverse of [`pack`]. What is too short is taken as it is.
fn unpack(bytes: &[u8]) -> Vec<u8> {
    let Some((head, blocks)) = bytes.split_at_checked(2 * HEAD) else { return bytes.to_vec() };
    let mut file = vec![0; 8192];
    for (page, head) in [0, 4096].into_iter().zip(head.chunks(HEAD)) {
        file[page..page + 64].copy_from_slice(&head[..64]);
        file[page + 512..page + 640].copy_from_slice(&head[64..]);
    }
    file.extend(blocks);
    file
}

/// Everything that can be asked of a file.
fn file_keeps_the_laws(bytes: &[u8]) {
    let file = File::of(bytes);
    laws::bounded_file(bytes, || laws::use_file(&file));
    let shown = laws::bytes_are_read(bytes).unwrap_or_default();
    laws::bytes_are_recovered(bytes, &shown);
    laws::bytes_are_resumed(bytes, &shown);
    if let Ok(reader) = testing::open(file.boxed(), Path::new("file")) {
        tables_are_typed(&reader);
    }
}

/// Each table that holds a type of this crate, through its type.
pub fn tables_are_typed(reader: &Reader) {
    laws::table_is_typed::<Tick>(reader);
    laws::table_is_typed::<Flagged>(reader);
    laws::table_is_typed::<Scalars>(reader);
    laws::table_is_typed::<Containers>(reader);
    laws::table_is_typed::<Shape>(reader);
    laws::table_is_typed::<Log>(reader);
    laws::table_is_typed::<Attributed>(reader);
}

/// Any file, in memory and mapped.
pub fn open(bytes: &[u8]) {
    thread_local! {
        static ON_DISK: NamedTempFile = NamedTempFile::new().expect("a file");
    }
    let file = unpack(bytes);
    file_keeps_the_laws(&file);
    // With an invalid commit record, files on a disk are read again for a while.
    let read = testing::open(File::of(&file).boxed(), Path::new("file"));
    let waits =
        |reader: &Reader| reader.report().details().iter().any(|error| error.kind() == ErrorKind::NoCommit);
    if read.is_ok_and(|reader| !waits(&reader)) {
        ON_DISK.with(|on_disk| {
            std::fs::write(on_disk, &file).expect("a file of a test");
            laws::file_is_mapped(on_disk.path(), &Reader::open(on_disk));
        });
    }
}

/// Any file whose checksums are right, so that what is behind them is met.
pub fn repaired(bytes: &[u8]) {
    let mut file = unpack(bytes);
    if file.len() >= 8192 {
        file.resize(file.len().next_multiple_of(64), 0);
        let blocks = laws::blocks_of(&file);
        laws::repair(&mut file, &blocks);
    }
    file_keeps_the_laws(&file);
}

/// Splits bytes after so many as the first two say.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some((count, rest)) = bytes.split_first_chunk() else { return (bytes, &[]) };
    rest.split_at(usize::from(u16::from_le_bytes(*count)).min(rest.len()))
}

/// Any schema, with any notes, and records of any bytes.
pub fn schema(bytes: &[u8]) {
    let (core, rest) = split(bytes);
    let (notes, payload) = split(rest);
    let sizes = core.len() + notes.len();
    laws::bounded(sizes, || drop(Schema::decode(core, notes)));
    laws::schema_is_read(core, notes);
    let Ok(schema) = Schema::decode(core, notes) else { return };
    let evolution = Evolution::between(&schema, &schema).expect("a schema is its own");
    assert!(!evolution.loses() && schema.is_identical(&schema));
    block_is_read(&schema, payload, &|reader| {
        let Ok(table) = reader.dynamic_table("T") else { return };
        let again = table.read_as(&schema).expect("its own schema");
        assert_eq!(
            again.blocks().filter_map(Result::ok).count(),
            table.blocks().filter_map(Result::ok).count()
        );
    });
}

/// A file with one block of a schema: a byte of records, two bytes each of heap and text, then all of them.
fn block_is_read(schema: &Schema, bytes: &[u8], typed: &dyn Fn(&Reader)) {
    let Some((count, rest)) = bytes.split_first().map(|(count, rest)| (count % 16, rest)) else { return };
    let (heap, rest) = split(rest);
    let (text, records) = split(rest);
    let stride = schema.root().size();
    let mut records = records.to_vec();
    records.resize(stride * usize::from(count), 0);
    let of_rows = |craft: &mut Craft| {
        craft.data((1, 0, count.into(), stride as u32), &records, heap, text);
    };
    crafted_is_read(schema, &of_rows, typed);
}

/// A file with one block of columns of a schema: a byte of records, then a payload, whose streams are put where they have to
/// be.
fn columns_are_read(schema: &Schema, bytes: &[u8], typed: &dyn Fn(&Reader)) {
    let Some((count, payload)) = bytes.split_first() else { return };
    let columns = Columns::of_any(payload);
    let data = (1, 0, u32::from(*count), schema.root().size() as u32);
    crafted_is_read(schema, &|craft| _ = craft.columns(data, &columns), typed);
}

fn crafted_is_read(schema: &Schema, block: &dyn Fn(&mut Craft), typed: &dyn Fn(&Reader)) {
    let mut craft = Craft::default();
    craft.schema(1, "T", schema.core(), schema.notes());
    block(&mut craft);
    let file = craft.finish();
    let memory = File::of(&file);
    laws::bounded_file(&file, || laws::use_file(&memory));
    let _ = laws::bytes_are_read(&file);
    if let Ok(reader) = testing::open(memory.boxed(), Path::new("file")) {
        typed(&reader);
    }
}

/// Types as they became later, or were before.
mod other {
    use super::*;

    #[derive(Hydra, Clone, Copy, Debug, PartialEq)]
    pub(super) enum Level {
        Trace,
        Error,
        Warn,
        Info,
    }

    #[derive(Hydra, Clone, Debug, PartialEq)]
    pub(super) struct Log {
        pub tags: Vec<Option<String>>,
        pub level: Level,
        pub time: u128,
        pub text: Option<String>,
        #[hydra(default = 7)]
        pub more: u32,
        pub user: Option<i128>,
    }

    #[derive(Hydra, Clone, Debug, PartialEq)]
    pub(super) enum Shape {
        Empty,
        Group(Box<Shape>, Vec<Shape>),
        Circle { r: f64, name: Option<String> },
        Poly(Vec<super::Tick>, Option<String>),
    }

    #[derive(Hydra, Clone, Debug, PartialEq)]
    pub(super) struct Containers {
        pub map: BTreeMap<String, Vec<u64>>,
        pub nested: Vec<Vec<String>>,
        pub array: [Option<u32>; 3],
        pub hash_map: BTreeMap<UserId, (i16, String)>,
        pub option: Option<Option<String>>,
    }

    /// What evolution has rules for, and the types above have not.
    #[derive(Hydra, Clone, Debug, PartialEq)]
    pub(super) struct Before {
        pub level: String,
        pub name: UserId,
        pub held: Held,
        pub maybe: Option<u16>,
        pub text: Option<String>,
        pub one: [u16; 1],
        pub four: [(u8, u16); 4],
        pub none: [u16; 0],
        pub data: Vec<Data>,
        pub notes: BTreeMap<u16, Vec<u8>>,
    }

    #[derive(Hydra, Clone, Debug, PartialEq)]
    pub(super) struct Held {
        pub value: i32,
    }

    #[derive(Hydra, Clone, Debug, PartialEq)]
    pub(super) enum Data {
        Gone(String),
        Old(u8, i16),
        #[hydra(other)]
        Other,
    }

    #[derive(Hydra, Clone, Debug, PartialEq)]
    pub(super) struct After {
        #[hydra(alias = "notes")]
        pub about: BTreeMap<u64, Vec<u8>>,
        pub level: Named,
        pub name: Holds,
        pub held: Wraps,
        #[hydra(default = 7)]
        pub maybe: u32,
        #[hydra(default = "none".to_string())]
        pub text: String,
        pub one: [u32; 1],
        pub four: [(u16, u32); 4],
        pub none: [u32; 0],
        pub data: Vec<Kept>,
        pub unit: (),
    }

    #[derive(Hydra, Clone, Copy, Debug, PartialEq)]
    #[hydra(rename_all = "lowercase")]
    pub(super) enum Named {
        Info,
        #[hydra(alias = "warning")]
        Warn,
    }

    #[derive(Hydra, Clone, Debug, PartialEq)]
    pub(super) struct Holds {
        pub id: u64,
    }

    #[derive(Hydra, Clone, Debug, PartialEq)]
    pub(super) struct Wraps(pub i64);

    #[derive(Hydra, Clone, Debug, PartialEq)]
    pub(super) enum Kept {
        #[hydra(alias = "Old")]
        New(u8, i32),
        #[hydra(other)]
        Other,
    }

    #[derive(Hydra, Clone, Debug, PartialEq)]
    pub(super) struct Flagged {
        pub time: u128,
        pub venues: [Venue; 4],
        pub live: Option<bool>,
        pub grade: u16,
    }
}

/// The block read as `T`, as data, and as `Other`: what one can be made of the other, both say.
fn records_are_read<T: Hydra, Other: Hydra>(in_columns: bool, payload: &[u8]) {
    let (schema, other) = (Schema::of::<T>(), Schema::of::<Other>());
    let is_read = if in_columns { columns_are_read } else { block_is_read };
    is_read(&schema, payload, &|reader| {
        let Ok(table) = reader.dynamic_table("T") else { return };
        for block in table.blocks().filter_map(Result::ok) {
            for value in block.values() {
                match value.to::<T>() {
                    Ok(owned) => {
                        let stored = Value::of(&owned).to_dynamic().expect("a value as data");
                        assert_eq!(stored.value(), value);
                    }
                    // What is opaque may be no value of its type.
                    Err(error) => {
                        assert!(
                            schema.types().iter().any(|ty| ty.kind() == Kind::Opaque),
                            "{value}: {error}"
                        );
                    }
                }
            }
        }
        let table = table.read_as(&other).expect("types that go together");
        let records: Vec<Dynamic> = (0..table.len())
            .filter_map(|index| table.get(index).ok())
            .map(|record| record.value().to_dynamic().expect("a value as data"))
            .collect();
        for record in &records {
            laws::value_is_whole(record.value());
        }
        let in_blocks: usize =
            table.blocks().filter_map(Result::ok).map(|block| block.values().count()).sum();
        assert!(in_blocks <= records.len());
    });
}

/// Records of fixed types, in any bytes: of rows, or of columns.
pub fn payload(bytes: &[u8]) {
    let Some((ty, rest)) = bytes.split_first() else { return };
    let in_columns = (64..128).contains(ty);
    match (ty, ty % 8) {
        (255 | 127, _) => records_are_read::<other::Before, other::After>(in_columns, rest),
        (_, 0) => records_are_read::<Log, other::Log>(in_columns, rest),
        (_, 1) => records_are_read::<Shape, other::Shape>(in_columns, rest),
        (_, 2) => records_are_read::<Containers, other::Containers>(in_columns, rest),
        (_, 3) => records_are_read::<Flagged, other::Flagged>(in_columns, rest),
        (_, 4) => records_are_read::<Scalars, Scalars>(in_columns, rest),
        (_, 5) => records_are_read::<Tree, Tree>(in_columns, rest),
        (_, 6) => records_are_read::<Attributed, Attributed>(in_columns, rest),
        _ => records_are_read::<Trade, Trade>(in_columns, rest),
    }
}

/// The payload of a block of columns as the target takes it, in encodings that follow from a seed.
pub fn columns_seed<T: Hydra>(ty: u8, seed: u64, records: &[T]) -> Vec<u8> {
    let disk = Memory::default();
    let options = Writer::options().file_id([7; 16]).layout(Layout::Columns);
    forced(seed, || {
        let mut writer = testing::create(options, &disk, Path::new("file")).expect("a file");
        let table = writer.table::<T>().expect("a table");
        records.iter().for_each(|record| writer.append(table, record).expect("a record"));
        writer.finish().expect("a file");
    });
    let bytes = disk.file("file").expect("the file").to_vec();
    let at = laws::blocks_of(&bytes).into_iter().find(|at| bytes[at + 4] == 2).expect("a block");
    let length = u32::from_le_bytes(*bytes[at + 44..].first_chunk().expect("a length")) as usize;
    [&[64 + ty, records.len() as u8], &bytes[at + 64..at + 64 + length]].concat()
}

/// Appends, edits, compaction and recovery.
pub fn script(bytes: &[u8]) {
    script_is_kept(bytes);
}

/// Any text as a path, and after a line's end the text that is set there.
pub fn path(bytes: &[u8]) {
    type Deep = (u8, Vec<Option<String>>, BTreeMap<String, Pair<i8, Shape>>, Level);
    static VALUE: LazyLock<Deep> = LazyLock::new(|| {
        let shape = Shape::Poly(Vec::new(), Some("x".into()));
        let pairs = [("a".to_string(), Pair { first: -1, second: shape })];
        (1, vec![Some("x".into()), None], pairs.into(), Level::Warn)
    });
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    laws::path_is_read(text, Value::of(&*VALUE));
    if let Some((path, text)) = text.split_once('\n') {
        laws::text_is_set(path, text, &mut SETTABLE.clone());
    }
}

/// What is set from text: scalars of every kind and form.
static SETTABLE: LazyLock<Dynamic> = LazyLock::new(|| {
    let scalars = Scalars {
        a: (-1, -2, -3, -4, -5),
        b: (1, 2, 3, 4, 5),
        c: (0.5, -0.5, true, 'c'),
        d: NonZeroU128::MIN,
        e: NonZeroI16::MIN,
        f: Duration::from_nanos(1),
        g: SystemTime::UNIX_EPOCH,
        h: Venue::Lse,
        i: Level::Warn,
        j: Unit,
        k: (),
        l: PhantomData,
    };
    let times = (jiff::Timestamp::UNIX_EPOCH, jiff::civil::date(2024, 2, 29), jiff::SignedDuration::ZERO);
    let others = (uuid::Uuid::nil(), Fixed::<4>(rust_decimal::Decimal::ONE), Some(vec![0u8]), UserId(1));
    Value::of(&(scalars, times, others, Shape::Empty)).to_dynamic().expect("a value as data")
});

fn image_of<T: Hydra + Clone + PartialEq + std::fmt::Debug>(value: &T, bytes: &[u8]) {
    let mut image = hydra::to_bytes(value).expect("a value").to_vec();
    image.truncate(32);
    image.extend(bytes);
    let aligned = AlignedBuf::copy_of(&image);
    laws::bounded(image.len(), || {
        (hydra::view::<T>(&aligned).is_ok(), hydra::from_bytes::<T>(&image).is_ok())
    });
    laws::image_is_read::<T>(&image);
}

/// An image of one value, after its first words.
pub fn image(bytes: &[u8]) {
    let Some((ty, rest)) = bytes.split_first() else { return };
    let deep = Shape::Group(Box::new(Shape::Empty), vec![Shape::Circle { r: 1.0 }]);
    match ty % 6 {
        0 => image_of(&deep, rest),
        1 => image_of(&Tree::default(), rest),
        2 => image_of(&(1u8, vec![String::new()], Some(BTreeMap::from([(1u16, 'a')]))), rest),
        3 => image_of(&(1i128, 'a', Duration::from_millis(1), SystemTime::UNIX_EPOCH, Some(1.5f32)), rest),
        4 => image_of(&vec![Pair { first: Venue::Lse, second: true }], rest),
        _ => laws::image_is_read::<Shape>(rest),
    }
}
