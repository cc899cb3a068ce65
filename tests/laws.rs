//! Laws that hold for every value: the property tests and the fuzz targets call them.

use hydra::reflect::{Data, Seed};
use hydra::{Dynamic, ErrorKind, Hydra, Reader, Result, Schema, Table, Value, Writer};
use serde::de::DeserializeSeed;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;

/// Live to bytes to view, value and owned: all equal, and the same bytes again.
pub fn value_survives<T: Hydra + Clone + PartialEq + Debug>(value: &T) -> Result<()> {
    let image = hydra::to_bytes(value)?;
    let owned = hydra::from_bytes::<T>(&image)?;
    assert_eq!(*hydra::to_bytes(&owned)?, *image, "encoding what was decoded gives other bytes");
    assert_eq!(Value::of(value), Value::of(&owned), "decoded value differs");
    hydra::view::<T>(&image)?;
    formats_survive(Value::of(value), &mut Seed::new(&Schema::of::<T>()));
    Ok(())
}

/// Records through a file: read back as values and as owned values.
pub fn records_survive<T: Hydra + Debug>(path: &Path, records: &[T]) -> Result<()> {
    let mut writer = Writer::options().file_id([7; 16]).create(path)?;
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
    /// The user's pairs.
    pub metadata: BTreeMap<String, Vec<u8>>,
    /// The errors of what cannot be read.
    pub errors: Vec<String>,
    /// What opening said.
    pub report: String,
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
            Ok(table) => show_table(&table, &mut shown),
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
        for (index, value) in (block.first()..).zip(block.values()) {
            value_is_whole(value);
            shown.records.insert((table.name().to_string(), index), value.to_string());
        }
    }
    let last = table.len().saturating_sub(1);
    for index in [0, 1, table.len() / 2, last, table.len(), u64::MAX] {
        let record = table.get(index).ok().map(|record| record.value().to_string());
        let known = shown.records.get(&(table.name().to_string(), index));
        assert_eq!(record.as_ref(), known, "record {index} alone and in its block");
    }
    assert!(table.range(last..u64::MAX).count() <= 2);
}

/// A value can be looked at from every side, and all sides agree.
pub fn value_is_whole(value: Value<'_>) {
    assert!(!format!("{value:?} {value:#}").is_empty());
    let copy = match Dynamic::from_value(value) {
        Ok(copy) => copy,
        Err(error) => return assert_eq!(error.kind(), ErrorKind::TooDeep, "{error}"),
    };
    assert!(copy.value() == value && serde_json::to_string(&value).is_ok(), "{value}");
    let mut steps = 0;
    value.walk(usize::MAX, &mut |path, part| {
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
    let checked = hydra::file::check(path, &mut |finding| findings.push(finding.to_string()));
    let survey = hydra::file::survey(path, hydra::file::RecoverOptions::default(), &mut |_, _| {});
    if checked.is_ok() && findings.is_empty() {
        assert!(
            survey.is_ok_and(|survey| survey.is_complete()),
            "a check finds nothing, and something is lost"
        );
    }
    // SAFETY: nobody writes to the file of a test.
    #[allow(unsafe_code)]
    let map = unsafe { hydra::Map::open(path) };
    let (read, mapped) = (Reader::open(path), map.and_then(Reader::map));
    let (Ok(read), Ok(mapped)) = (&read, &mapped) else {
        let kinds = (read.map_err(|error| error.kind()).err(), mapped.map_err(|error| error.kind()).err());
        assert!(kinds.0 == kinds.1 && kinds.0 != Some(ErrorKind::Io), "refused in two ways: {kinds:?}");
        assert!(checked.is_err() || !findings.is_empty(), "refused, and a check finds nothing");
        return None;
    };
    let shown = show(read);
    assert_eq!(show(mapped), shown, "mapped and read");
    let sound = shown.errors.is_empty() && !read.report().is_damaged();
    assert!(sound || !findings.is_empty(), "a check finds nothing: {shown:?}");
    Some(shown)
}

/// A file that was read once is resumed without losing or changing any record, or is refused and left alone.
pub fn file_is_resumed(path: &Path, before: &Shown) -> Result<()> {
    let bytes = std::fs::read(path)?;
    let resumed = (|| {
        let mut writer = Writer::resume(path)?;
        let table = writer.table::<u64>()?;
        writer.append(table, &7)?;
        writer.set_metadata("resumed", "yes")?;
        writer.finish()
    })();
    if let Err(error) = resumed {
        assert_ne!(error.kind(), ErrorKind::Io, "{error}");
        let sound = before.report == "closed cleanly" && before.errors.is_empty();
        let refused = [ErrorKind::ReadOnlyFeature, ErrorKind::TooLarge].contains(&error.kind());
        assert!(!sound || refused, "{error}");
        if std::fs::read(path)? != bytes {
            return Ok(());
        }
    }
    let after = match Reader::open(path) {
        // It could not be opened before either.
        Err(_) if before.report.is_empty() => return Ok(()),
        after => show(&after?),
    };
    for (key, record) in &before.records {
        assert_eq!(after.records.get(key), Some(record), "{key:?} after resuming");
    }
    Ok(())
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
    if let Ok(owned) = owned {
        value_is_whole(Value::of(&owned));
        value_survives(&owned).expect("what was decoded can be encoded");
    }
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
