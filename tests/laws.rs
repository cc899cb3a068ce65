//! Laws that hold for every value: the property tests and the fuzz targets call them.

use crate::columns::{self, forced};
use crate::memory::{File, Memory};
use hydra::file::{RecoverOptions, Recovery};
use hydra::reflect::{Data, Seed, Slot};
use hydra::{Dynamic, ErrorKind, Hydra, Layout, Reader, Result, Schema, Table, Value, Writer, testing};
use peak_alloc::PeakAlloc;
use serde::de::DeserializeSeed;
use std::collections::BTreeMap;
use std::fmt::{self, Debug, Write};
use std::path::Path;

/// Live to bytes to view, value and owned: all equal, and the same bytes again.
pub fn value_survives<T: Hydra + Clone + PartialEq + Debug>(value: &T) -> Result<()> {
    let image = hydra::to_bytes(value)?;
    let owned = hydra::from_bytes::<T>(&image)?;
    let mut again = hydra::to_bytes_checked(value)?;
    hydra::from_bytes::<T>(&again)?;
    hydra::to_bytes_in(&mut again, &owned)?;
    assert_eq!(*again, *image, "encoding what was decoded gives other bytes");
    assert_eq!(Value::of(value), Value::of(&owned), "decoded value differs");
    hydra::view::<T>(&image)?;
    let mut kept = hydra::Image::of(value)?;
    for _ in 0..3 {
        assert_eq!(kept.as_bytes(), &*image, "a kept image has other bytes");
        assert_eq!(Value::of(&kept.decode()?), Value::of(&owned), "decoded from a kept image");
        kept.set(&owned)?;
    }
    assert_eq!(kept, hydra::Image::from_buffer(hydra::to_bytes_checked(value)?)?);
    formats_survive(Value::of(value), &mut Seed::new(&Schema::of::<T>()));
    Ok(())
}

/// Records through a file: read back as values and as owned values, from rows, from columns in their smallest
/// encodings, and from columns in others.
pub fn records_survive<T: Hydra + Debug>(path: &Path, records: &[T]) -> Result<()> {
    let with = |name| path.with_extension(name);
    records_survive_as(path, records, Layout::Rows)?;
    records_survive_as(&with("columns"), records, Layout::Columns)?;
    let seed = std::fs::read(path)?.len() as u64;
    forced(seed, || records_survive_as(&with("forced"), records, Layout::Columns))?;
    for path in [with("columns"), with("forced")] {
        hydra::file::check(&path, &mut |finding| panic!("{}: {finding}", path.display()), None)?;
        std::fs::remove_file(path)?;
    }
    Ok(())
}

fn records_survive_as<T: Hydra + Debug>(path: &Path, records: &[T], layout: Layout) -> Result<()> {
    let mut writer = Writer::options().file_id([7; 16]).layout(layout).create(path)?;
    let table = writer.table::<T>()?;
    for record in records {
        writer.append(table, record)?;
    }
    writer.finish()?;
    let table = Reader::open(path)?.table::<T>()?;
    assert_eq!(table.len(), records.len() as u64);
    for (index, record) in records.iter().enumerate() {
        let stored = table.get(index as u64)?;
        assert_eq!(stored.value(), Value::of(record), "record {index} differs as a value");
        let owned = stored.decode()?;
        assert_eq!(Value::of(&owned), Value::of(record), "record {index} differs as an owned value");
    }
    Ok(())
}

/// A value through JSON, MessagePack and CBOR, read where another one was: the same but for what text does not keep.
pub fn formats_survive(value: Value<'_>, seed: &mut Seed) {
    let (original, text) = (value.to_dynamic().unwrap(), serde_json::to_vec(&value).unwrap());
    let is_same = |read: Value<'_>, format: &str| {
        let read = read.to_dynamic().unwrap();
        assert_eq!(serde_json::to_vec(&read).unwrap(), text, "{format} of {value}");
        assert_eq!(kept(read.into_data()), kept(original.data().clone()), "{format} of {value}");
    };
    let mut json = serde_json::Deserializer::from_slice(&text);
    json.disable_recursion_limit();
    is_same(seed.deserialize(&mut json).unwrap(), "JSON");
    let packed = rmp_serde::to_vec(&value).unwrap();
    is_same(seed.deserialize(&mut rmp_serde::Deserializer::new(&packed[..])).unwrap(), "MessagePack");
    let packed = cbor4ii::serde::to_vec(Vec::new(), &value).unwrap();
    let bytes = cbor4ii::core::utils::SliceReader::new(&packed);
    let mut cbor = cbor4ii::serde::Deserializer::new(bytes);
    is_same(seed.deserialize(&mut cbor).unwrap(), "CBOR");
}

/// The data without what text does not keep: which NaN it was, and whether what looks like null was some.
fn kept(data: Data) -> Data {
    match data {
        Data::F32(number) if number.is_nan() => "NaN".into(),
        Data::F64(number) if number.is_nan() => "NaN".into(),
        Data::Some(inner) => match kept(*inner) {
            Data::None | Data::Unit => Data::None,
            inner => Data::some(inner),
        },
        Data::Parts(parts) => Data::Parts(parts.into_iter().map(kept).collect()),
        Data::Variant(index, parts) => Data::Variant(index, parts.into_iter().map(kept).collect()),
        Data::Entries(entries) => {
            Data::Entries(entries.into_iter().map(|(key, value)| (kept(key), kept(value))).collect())
        }
        data => data,
    }
}

/// What a file shows: its tables and metadata as text, what could not be read, and whether opening it found anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// Every record that can be read, by table and index.
    pub records: BTreeMap<(String, u64), String>,
    /// The fingerprint of the type that each table is read as.
    pub types: BTreeMap<String, u64>,
    /// The user's pairs.
    pub metadata: BTreeMap<String, Vec<u8>>,
    /// The errors of what cannot be read.
    pub errors: Vec<String>,
    /// What opening said.
    pub report: String,
}

impl Shown {
    /// True if nothing is damaged: records that cannot be read as the table's newest type, or whose default for a new field
    /// is no value, are whole.
    fn is_whole(&self) -> bool {
        let of_types = |error: &String| {
            let kinds = ["[HY0402]", "[HY0404]"];
            kinds.iter().any(|kind| error.starts_with(kind)) || error.contains("the default of a field")
        };
        self.errors.iter().all(of_types)
    }
}

/// Everything that a reader shows, through every accessor.
pub fn show(reader: &Reader) -> Shown {
    let mut shown = Shown { report: reader.report().to_string(), ..Shown::default() };
    reader.report().details().iter().for_each(|error| shown.report += &error.to_string());
    for (_, info) in reader.schemas() {
        let text =
            format!("{0} {0:#} {0:?} {1}", info.schema(), info.schema().spell_rust(info.schema().root()));
        assert!(!text.is_empty());
    }
    for info in reader.tables() {
        match reader.dynamic_table(info.name()) {
            Ok(table) => {
                shown.types.insert(info.name().to_string(), table.schema().fingerprint());
                show_table(&table, &mut shown);
            }
            Err(error) => shown.errors.push(error.to_string()),
        }
    }
    match reader.metadata() {
        Ok(pairs) => shown.metadata = pairs.clone(),
        Err(error) => shown.errors.push(error.to_string()),
    }
    shown
}

fn show_table(table: &Table, shown: &mut Shown) {
    for block in table.blocks() {
        let block = match block {
            Ok(block) => block,
            Err(error) => {
                shown.errors.push(error.to_string());
                continue;
            }
        };
        for (value, index) in block.values().zip(block.first()..) {
            value_is_whole(value);
            shown.records.insert((table.name().to_string(), index), value.to_string());
        }
    }
    let last = table.len().saturating_sub(1);
    for index in [0, 1, table.len() / 2, last, table.len(), u64::MAX] {
        let record = table.get(index).ok().map(|record| record.value().to_string());
        let known = shown.records.get(&(table.name().to_string(), index));
        // Of columns, a record can be read that is with others that cannot.
        let is_part = known.is_none() && !shown.errors.is_empty() && index < table.len();
        assert!(
            record.as_ref() == known || is_part,
            "record {index} alone and in its block: {record:?}, {known:?}"
        );
    }
    assert!(table.range(last..u64::MAX).count() <= 2);
}

/// A value can be looked at from every side, and all sides agree.
pub fn value_is_whole(value: Value<'_>) {
    assert!(!format!("{value:?} {value:#}").is_empty());
    let copy = match value.to_dynamic() {
        Ok(copy) => copy,
        Err(error) => return assert_eq!(error.kind(), ErrorKind::TooDeep, "{error}"),
    };
    assert!(copy.value() == value && serde_json::to_string(&value).is_ok(), "{value}");
    let (mut steps, stack) = (0, Stack::here());
    value.walk(usize::MAX, &mut |path, part| {
        stack.is_bounded();
        steps += 1;
        if steps < 20 {
            let found = value.path(&path.to_string());
            assert!(found.is_ok_and(|found| found.to_string() == part.to_string()), "{path} of {value}");
        }
        true
    });
}

/// A file, whatever its bytes, is refused or shows the same when it is read and when it is mapped; a check that finds
/// nothing means that nothing is wrong.
pub fn file_is_read(path: &Path) -> Option<Shown> {
    let mut findings = Vec::new();
    let checked = hydra::file::check(path, &mut |finding| findings.push(finding.to_string()), None);
    let survey = hydra::file::survey(path, RecoverOptions::default(), None);
    let read = Reader::open(path);
    file_is_mapped(path, &read);
    show_as_checked(&read, checked.is_ok().then_some(findings), survey)
}

/// A map of the file shows what a reader of it shows, or is refused for the same reason.
pub fn file_is_mapped(path: &Path, read: &Result<Reader>) {
    // SAFETY: nobody writes to the file of a test.
    #[allow(unsafe_code)]
    let map = unsafe { hydra::Map::open(path) };
    match (read, map.and_then(Reader::map)) {
        (Ok(read), Ok(mapped)) => assert_eq!(show(&mapped), show(read), "mapped and read"),
        (Err(read), Err(mapped)) => assert_eq!(mapped.kind(), read.kind(), "{mapped}"),
        (read, mapped) => panic!("read: {read:?}, mapped: {mapped:?}"),
    }
}

/// The same of bytes in memory.
pub fn bytes_are_read(bytes: &[u8]) -> Option<Shown> {
    let (file, mut findings) = (File::of(bytes), Vec::new());
    let checked = testing::check(&file, &mut |finding| findings.push(finding.to_string()));
    let survey = testing::survey(file.boxed(), RecoverOptions::default());
    let read = testing::open(file.boxed(), Path::new("file"));
    show_as_checked(&read, checked.is_ok().then_some(findings), survey)
}

/// What a reader shows, and that it says no more and no less than a check (its findings, if it could be done) and a survey.
fn show_as_checked(
    read: &Result<Reader>,
    findings: Option<Vec<String>>,
    survey: Result<Recovery>,
) -> Option<Shown> {
    let is_sound = findings.is_some_and(|findings| findings.is_empty());
    let complete = survey.is_ok_and(|survey| survey.is_complete());
    assert!(complete || !is_sound, "a check finds nothing, and something is lost");
    let reader = match read {
        Ok(reader) => reader,
        Err(error) => {
            assert!(
                !is_sound && error.kind() != ErrorKind::Io,
                "refused, and a check finds nothing: {error}"
            );
            return None;
        }
    };
    let shown = show(reader);
    let whole = shown.is_whole() && !reader.report().is_damaged();
    assert!(whole || !is_sound, "a check finds nothing: {shown:?}");
    Some(shown)
}

/// A file that was read once is resumed without losing or changing any record, or is refused and left alone. Who had it open
/// sees what is new when asking for it.
pub fn bytes_are_resumed(bytes: &[u8], before: &Shown) {
    let file = File::of(bytes);
    let (disk, path) = (Memory::with("file", &file), Path::new("file"));
    let reader = testing::open(file.boxed(), path);
    let resumed = (|| {
        let mut writer = testing::resume(Writer::options(), &disk, path)?;
        let table = writer.table::<u64>()?;
        writer.append(table, &7)?;
        writer.set_metadata("resumed", "yes")?;
        writer.finish()
    })();
    if let Err(error) = &resumed {
        assert_ne!(error.kind(), ErrorKind::Io, "{error}");
        let sound = before.report == "closed cleanly" && before.is_whole();
        let refused = [ErrorKind::ReadOnlyFeature, ErrorKind::TooLarge].contains(&error.kind());
        assert!(!sound || refused, "{error}");
        if file.to_vec() != bytes {
            return;
        }
    }
    let Ok(mut reader) = reader else { return assert!(resumed.is_err(), "resumed, and cannot be opened") };
    let after = show(&testing::open(file.boxed(), path).expect("it could be opened before"));
    for (key, record) in &before.records {
        assert_eq!(after.records.get(key), Some(record), "{key:?} after resuming");
    }
    match reader.refresh() {
        Ok(newer) => assert!(newer == resumed.is_ok() && show(&reader).records == after.records, "refreshed"),
        Err(error) => assert_ne!(error.kind(), ErrorKind::Io, "{error}"),
    }
}

/// Recovery changes nothing, saves every record that a reader shows, as it is, and what it writes is a sound file.
pub fn bytes_are_recovered(bytes: &[u8], before: &Shown) {
    let all = RecoverOptions::default().uncommitted(true).older(true);
    for options in [RecoverOptions::default(), all] {
        let (file, disk) = (File::of(bytes), Memory::default());
        let recovery = testing::recover(file.boxed(), &disk, Path::new("saved"), options);
        assert!(file.to_vec() == bytes, "the input changed");
        let recovery = match recovery {
            Ok(recovery) => recovery,
            Err(error) => {
                let nothing = before.records.is_empty() || error.kind() == ErrorKind::TooLarge;
                assert!(nothing && disk.count() == 0, "{error}: {before:?}");
                continue;
            }
        };
        let saved = disk.file("saved").expect("what was recovered");
        let after = bytes_are_read(&saved.to_vec()).expect("what was recovered is a file");
        assert!(after.is_whole() && after.report == "closed cleanly", "{after:?}");
        if after.errors.is_empty() {
            assert_eq!(after.records.len() as u64, recovery.kept_count());
        }
        let mut kept = BTreeMap::new();
        for table in &recovery.tables {
            for (old, new) in &table.kept {
                kept.extend(old.clone().zip(new.clone()).map(|(old, new)| ((table.name.clone(), old), new)));
            }
        }
        // Edits that were never committed take the place of records when they are asked for.
        let is_newer = |(name, at): &(String, u64)| {
            let mut tables = recovery.tables.iter().filter(|table| table.name == *name);
            tables.any(|table| table.uncommitted.iter().any(|range| range.contains(at)))
        };
        let same_type = |(table, _): &(String, u64)| before.types.get(table) == after.types.get(table);
        for (key, record) in before.records.iter().filter(|(key, _)| same_type(key)) {
            let new = kept.get(key).and_then(|new| after.records.get(&(key.0.clone(), *new)));
            assert!(new == Some(record) || is_newer(key), "{key:?}: {record} was recovered as {new:?}");
        }
    }
}

/// Stack that a value, however deep, may take between the call of a law and its innermost step, without optimisation.
const STACK: usize = 3 << 19;

/// Where the stack was when a law began.
#[derive(Clone, Copy)]
struct Stack(usize);

impl Stack {
    #[inline(never)]
    fn here() -> Self {
        let local = 0_u8;
        Stack((&raw const local).addr())
    }

    /// At any depth below: so much stack and no more.
    fn is_bounded(self) {
        let used = self.0.abs_diff(Stack::here().0);
        assert!(used < STACK, "{used} bytes of stack");
    }
}

/// Takes text and keeps none of it, however deep in a value it comes from.
struct Nowhere(Stack);

impl fmt::Write for Nowhere {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        self.0.is_bounded();
        Ok(())
    }
}

/// Looks at all that a file holds and keeps nothing of it: the memory that this takes is the library's.
pub fn use_file(file: &File) {
    let stack = Stack::here();
    let print = |text: fmt::Arguments<'_>| Nowhere(stack).write_fmt(text).expect("nowhere is large");
    let _ = testing::check(file, &mut |finding| print(format_args!("{finding}")));
    let _ = testing::survey(file.boxed(), RecoverOptions::default());
    let Ok(reader) = testing::open(file.boxed(), Path::new("file")) else { return };
    for table in reader.tables().iter().filter_map(|info| reader.dynamic_table(info.name()).ok()) {
        for block in table.blocks().filter_map(Result::ok) {
            block.values().for_each(|value| print(format_args!("{value}")));
        }
    }
    let _ = reader.metadata();
}

/// Memory that a file, or a value, may take besides its own bytes: so many times its size, and 64 KiB.
pub const MEMORY_TIMES: usize = 20;

/// The same for a block of columns, besides the bytes of the file: so many times what section 7.1 allows for it. Streams are
/// decoded, records are made of them, and a reader keeps the last eight blocks.
pub const COLUMN_TIMES: usize = 12;

/// Runs a law on a file, which may have blocks of columns, as [`bounded`] does.
pub fn bounded_file<R>(file: &[u8], law: impl FnOnce() -> R) -> R {
    bounded_by(file.len(), columns::allowed(file) * COLUMN_TIMES, law)
}

/// Runs a law, and holds what it allocates at most against the bound. It says nothing where `PeakAlloc` is not the allocator of
/// the program, or where other threads allocate.
pub fn bounded<R>(bytes: usize, law: impl FnOnce() -> R) -> R {
    bounded_by(bytes, 0, law)
}

fn bounded_by<R>(bytes: usize, more: usize, law: impl FnOnce() -> R) -> R {
    PeakAlloc.reset_peak_usage();
    let before = PeakAlloc.current_usage();
    let result = law();
    let used = PeakAlloc.peak_usage().saturating_sub(before);
    if std::env::var_os("HYDRA_MEMORY").is_some() {
        println!(
            "{used} bytes for {bytes} + {more}: {:.1}",
            used.saturating_sub(65536) as f64 / bytes as f64
        );
    }
    let most = bytes * MEMORY_TIMES + (64 << 10) + more;
    assert!(used <= most, "{used} bytes of memory for {bytes} bytes, at most {most}");
    result
}

/// The records of a table of `T`, typed and as data, agree.
pub fn table_is_typed<T: Hydra>(reader: &Reader) {
    let Ok(table) = reader.table::<T>() else { return };
    for block in table.blocks().flatten() {
        let values = block.values().zip(block.decode());
        for ((value, owned), _) in values.zip(block.iter()) {
            let owned = owned.expect("a verified record is decoded");
            let stored = Value::of(&owned).to_dynamic().expect("a decoded record as data");
            assert_eq!(stored.value(), value);
        }
    }
}

/// An image, whatever its bytes, is refused or holds a value that survives.
pub fn image_is_read<T: Hydra + Clone + PartialEq + Debug>(image: &[u8]) {
    let image = hydra::AlignedBuf::copy_of(image);
    let owned = hydra::from_bytes::<T>(&image);
    assert_eq!(owned.is_ok(), hydra::view::<T>(&image).is_ok());
    let shifted = hydra::AlignedBuf::copy_of(&[&[0], &image[..]].concat());
    assert_eq!(owned.is_ok(), hydra::from_bytes::<T>(&shifted[1..]).is_ok(), "wherever it is in memory");
    assert!(hydra::view::<T>(&shifted[1..]).is_ok() == (owned.is_ok() && T::ALIGN == 1));
    let kept = hydra::Image::<T>::from_bytes(&shifted[1..]);
    assert_eq!(owned.is_ok(), kept.as_ref().is_ok_and(|kept| kept.decode().is_ok()), "kept");
    if let Ok(kept) = kept {
        kept_is_changed(kept, &image);
    }
    if let Ok(owned) = owned {
        let mut changed = image.clone();
        if let Ok(mut root) = hydra::view_mut::<T>(&mut changed) {
            let set = root.set(&Slot::new("").expect("the value itself"), owned.clone());
            assert!(set.is_ok() || T::REFS, "in place, what has a fixed size");
        }
        let changed = hydra::from_bytes::<T>(&changed).expect("changed in place");
        assert_eq!(Value::of(&changed), Value::of(&owned));
        value_is_whole(Value::of(&owned).to_dynamic().expect("a decoded value as data").value());
        value_survives(&owned).expect("what was decoded can be encoded");
    }
}

/// A kept image, which may have been hostile, is viewed, changed in place and replaced, and is valid after each of it.
fn kept_is_changed<T: Hydra + Clone + PartialEq + Debug>(mut kept: hydra::Image<T>, image: &[u8]) {
    let same = |kept: &hydra::Image<T>| {
        let again = hydra::Image::<T>::from_buffer(hydra::AlignedBuf::copy_of(kept.as_bytes()));
        let again = again.expect("what is kept is valid");
        assert_eq!((&again, again.as_bytes()), (kept, kept.as_bytes()));
        assert_eq!(format!("{kept:?}"), format!("{again:?}"));
        value_is_whole(kept.value());
    };
    same(&kept);
    assert_eq!(kept.as_bytes()[28..], image[28..], "but for the checksum");
    let Ok(owned) = kept.decode() else { return };
    assert_eq!(kept.value(), Value::of(&owned));
    match kept.view_mut() {
        Ok(mut root) => {
            let set = root.set(&Slot::new("").expect("the value itself"), owned.clone());
            assert!(set.is_ok() || T::REFS, "in place, what has a fixed size");
        }
        Err(error) => assert_eq!(error.why(), Some(hydra::reflect::Why::Invariant)),
    }
    same(&kept);
    let before = kept.clone();
    kept.set(&owned).expect("what was decoded can be encoded");
    same(&kept);
    assert_eq!((&kept, kept.as_bytes()), (&before, &*hydra::to_bytes(&owned).expect("once more")));
}

/// A schema, whatever its bytes, is refused or has a text and is the same again.
pub fn schema_is_read(core: &[u8], notes: &[u8]) {
    let Ok(schema) = hydra::Schema::decode(core, notes) else { return };
    assert!(schema.core() == core && !schema.name().is_empty() && !format!("{schema} {schema:#}").is_empty());
    let again = hydra::Schema::new(schema.types().to_vec()).expect("the types of a schema make a schema");
    assert_eq!(again.root().size(), schema.root().size());
}

/// A path, whatever its text, is refused or prints as it was written, and can be asked for in any value.
pub fn path_is_read(text: &str, value: Value<'_>) {
    if let Ok(path) = text.parse::<hydra::reflect::Path>() {
        assert_eq!(path.to_string(), text);
        assert_eq!(value.follow(&path).is_ok(), value.path(text).is_ok());
    }
    if let Ok(locator) = text.parse::<hydra::reflect::Locator>() {
        assert_eq!(locator.to_string(), text);
    }
}

/// Text, whatever it is, is set where the path leads, and what is there then is as whole as before; or it is refused and
/// nothing changes.
pub fn text_is_set(path: &str, text: &str, value: &mut Dynamic) {
    let before = value.to_string();
    let Ok(mut place) = value.value_mut().path(path) else { return };
    match place.set_str(text) {
        Ok(()) => value_is_whole(value.value()),
        Err(error) => assert_eq!(value.to_string(), before, "{error}"),
    }
}

/// Makes every checksum right, in the header region and in the blocks at `offsets`.
pub fn repair(bytes: &mut [u8], offsets: &[usize]) {
    fn seal(bytes: &mut [u8], from: usize, to: usize, before: &[u8]) {
        let mut crc = crc32fast::Hasher::new();
        crc.update(before);
        let Some(sealed) = bytes.get(from..to) else { return };
        crc.update(sealed);
        if let Some(target) = bytes.get_mut(to..to + 4) {
            target.copy_from_slice(&crc.finalize().to_le_bytes());
        }
    }
    for page in [0, 4096] {
        seal(bytes, page, page + 60, &[]);
        let id = bytes.get(page + 40..page + 56).unwrap_or_default().to_vec();
        seal(bytes, page + 512, page + 512 + 124, &id);
    }
    for &at in offsets {
        let Some(count) = bytes.get(at + 44..at + 48).and_then(|count| count.first_chunk()) else { continue };
        let end = (at + 64).saturating_add(u32::from_le_bytes(*count) as usize);
        let is_of_columns = bytes.get(at + 4) == Some(&2) && bytes.get(at + 6) == Some(&1);
        if let Some(payload) = bytes.get_mut(at + 64..end).filter(|_| is_of_columns) {
            let crc = columns::repair(payload);
            bytes[at + 52..at + 56].copy_from_slice(&crc.to_le_bytes());
        }
        if let Some(payload) = bytes.get(at + 64..end) {
            let crc = crc32fast::hash(payload);
            bytes[at + 56..at + 60].copy_from_slice(&crc.to_le_bytes());
        }
        seal(bytes, at, at + 60, &[]);
    }
}

/// Where the blocks of a sound file are.
pub fn blocks_of(bytes: &[u8]) -> Vec<usize> {
    let (mut at, mut found) = (8192, Vec::new());
    while let Some(lines) = bytes.get(at + 8..at + 12).and_then(|lines| lines.first_chunk()) {
        if !bytes[at..].starts_with(b"HBLK") {
            break;
        }
        found.push(at);
        at += (u32::from_le_bytes(*lines) as usize).max(1) * 64;
    }
    found
}

/// Numbers that look random and are the same each time.
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `limit`, or 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.roll().checked_rem(limit as u64).unwrap_or(0) as usize
    }

    /// Changes a few bytes or words: to anything, to an end of their range, by one, or to another word of the same bytes.
    pub fn mutate(&mut self, bytes: &mut [u8], from: usize) {
        for _ in 0..=self.below(3) {
            let width = [1, 1, 2, 4, 4, 8][self.below(6)];
            let Some(room) = bytes.len().checked_sub(from + width) else { return };
            let at = from + self.below(room / width + 1) * width;
            let mut word = [0; 8];
            word[..width].copy_from_slice(&bytes[at..at + width]);
            let old = u64::from_le_bytes(word);
            let other = from + self.below(room + 1);
            let new = match self.below(8) {
                0 => 0,
                1 => u64::MAX >> self.below(64),
                2 => 1 << self.below(64),
                3 => old.wrapping_add(1),
                4 => old.wrapping_sub(1),
                5 => old ^ 1 << self.below(width * 8),
                6 => {
                    word[..width].copy_from_slice(&bytes[other..other + width]);
                    u64::from_le_bytes(word)
                }
                _ => self.roll(),
            };
            bytes[at..at + width].copy_from_slice(&new.to_le_bytes()[..width]);
        }
    }
}
