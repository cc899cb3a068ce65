//! Every number that files are made of, once: offsets, sizes, limits (FORMAT.md, sections 1 to 4, 9 and 12), and
//! total accessors for little-endian integers. It does not know what the numbers are used for.
#![forbid(unsafe_code)]

/// Bytes of a line, the unit of alignment.
pub(crate) const LINE: u64 = 64;
/// Bytes of one page of the header region.
pub(crate) const PAGE: u64 = 4096;
/// Bytes of the header region: where blocks begin.
pub(crate) const REGION: u64 = 2 * PAGE;
/// File offsets of the two header lines.
pub(crate) const HEADER_AT: [u64; 2] = [0, PAGE];
/// File offsets of the two commit records.
pub(crate) const SLOT_AT: [u64; 2] = [512, PAGE + 512];

/// The first bytes of a file.
pub(crate) const MAGIC: [u8; 8] = [0x89, b'H', b'Y', b'D', b'\r', b'\n', 0x1a, b'\n'];
/// The major version that this library reads and writes.
pub(crate) const MAJOR: u16 = 0;
/// The minor version that this library writes.
pub(crate) const MINOR: u16 = 1;
/// The first bytes of a block.
pub(crate) const BLOCK_MAGIC: [u8; 4] = *b"HBLK";
/// The version of index payloads.
pub(crate) const INDEX_VERSION: u16 = 1;
/// Commit flags, bit 0.
pub(crate) const CLOSED: u32 = 1;
/// Block flags, bit 0.
pub(crate) const REPLACES: u8 = 1;

/// The largest block, header included, in lines.
pub(crate) const MAX_BLOCK_LINES: u32 = (256 << 20) / LINE as u32;
/// The target size of a DATA block in bytes, header included.
pub(crate) const TARGET_BLOCK_BYTES: usize = 256 << 10;
/// The largest stride in bytes.
pub(crate) const MAX_STRIDE: u32 = 16 << 20;
/// The longest name in bytes.
pub(crate) const MAX_NAME: usize = 255;
/// Core and notes of a schema together, in bytes.
pub(crate) const MAX_SCHEMA_BYTES: u64 = 16 << 20;
/// Entries of a full index node.
pub(crate) const NODE_ENTRIES: usize = 256;
/// Blocks of any kind from one directory to the next.
pub(crate) const DIRECTORY_EVERY: u64 = 1024;
/// Files are written in runs that end at multiples of this.
pub(crate) const RUN: u64 = 1 << 20;
/// The most bytes that a Buffered writer leaves unsynced.
pub(crate) const MAX_UNSYNCED: u64 = if cfg!(test) { 4 << 20 } else { 1 << 30 };
/// How far a writer skips ahead of the valid record, in sequence and epoch, if the other one is invalid.
pub(crate) const SKIP: u32 = 1 << 16;
/// Files are shorter than this.
pub(crate) const MAX_FILE: u64 = 1 << 63;

/// A structure on disk: the offset of each field, in bytes, from the sizes of those before it.
macro_rules! on_disk {
    ($(#[doc = $doc:literal] $module:ident, $total:expr, { $($field:ident: $bytes:literal,)* })*) => {$(
        #[doc = $doc]
        pub(crate) mod $module {
            #[allow(dead_code, non_snake_case)]
            #[repr(C)]
            struct Fields { $($field: [u8; $bytes],)* }
            $(#[allow(dead_code)] pub(crate) const $field: usize = std::mem::offset_of!(Fields, $field);)*
            pub(crate) const BYTES: usize = size_of::<Fields>();
            const _: () = assert!(BYTES == $total && align_of::<Fields>() == 1);
            /// Name, offset and size in bytes of each field.
            #[allow(dead_code)]
            pub(crate) const NAMED: &[(&str, usize, usize)] = &[$((stringify!($field), $field, $bytes)),*];
            #[cfg(test)]
            pub(crate) const FIELDS: &[(usize, usize)] = &[$(($field, $bytes)),*];
        }
    )*};
}

on_disk! {
    /// The header line (3.1).
    header, 64, {
        MAGIC: 8, MAJOR: 2, MINOR: 2, ZERO: 4, INCOMPAT: 8, READ_ONLY: 8, COMPAT: 8, FILE_ID: 16, ZERO_TOO: 4, CRC: 4,
    }
    /// A commit record (3.2).
    commit, 128, {
        SEQUENCE: 8, COMMITTED: 8, SYNCED: 8, LAST_BLOCK: 8, DIRECTORY: 8, SCHEMA: 8, META: 8, RECORDS: 8, BLOCKS: 8,
        EPOCH: 4, FLAGS: 4, ZERO: 44, CRC: 4,
    }
    /// A block header (4.1).
    block, 64, {
        MAGIC: 4, KIND: 1, FLAGS: 1, LAYOUT: 1, ENCODING: 1, LINES: 4, SCHEMA: 4, SYNC: 8, FIRST: 8, COUNT: 4, STRIDE: 4,
        DISTANCE: 4, PAYLOAD: 4, EPOCH: 4, TEXT: 4, PAYLOAD_CRC: 4, CRC: 4,
    }
    /// The fixed part of a SCHEMA payload (6.1), up to the table name's length.
    schema, 26, { PREVIOUS: 8, ID: 4, CORE: 4, NOTES: 4, ZERO: 4, NAME: 2, }
    /// The fixed part of a META payload (8).
    meta, 64, { PREVIOUS: 8, TEXT: 4, ZERO: 52, }
    /// The fixed part of an INDEX payload (9).
    index, 64, {
        PREVIOUS: 8, VERSION: 2, ENTRY_BYTES: 2, ROLE: 1, LEVEL: 1, ZERO: 2, TABLES: 4, SCHEMAS: 4, ENTRIES: 4, TABLE: 4,
        ZERO_TOO: 32,
    }
    /// A table of a directory (9).
    index_table, 32, { NUMBER: 4, FIRST_ENTRY: 4, ENTRIES: 4, ZERO: 4, RECORDS: 8, BLOCKS: 8, }
    /// A schema of a directory (9).
    index_schema, 24, { ID: 4, TABLE: 4, OFFSET: 8, LINES: 4, ZERO: 4, }
    /// An entry (9).
    entry, 40, { OFFSET: 8, FIRST: 8, COUNT: 8, LINES: 4, SCHEMA: 4, LEVEL: 4, BLOCKS: 4, }
}
const _: () = assert!(REGION.is_multiple_of(LINE) && RUN.is_multiple_of(PAGE));
const _: () = assert!(REGION as usize == crate::raw::HEADER_REGION);
const _: () =
    assert!(SLOT_AT[0] as usize >= header::BYTES && SLOT_AT[0].is_multiple_of(512) && commit::BYTES <= 512);
const _: () = assert!(TARGET_BLOCK_BYTES < MAX_BLOCK_LINES as usize * LINE as usize);

/// Rounds up to whole lines; the result saturates at the last line.
pub(crate) const fn line_up(bytes: u64) -> u64 {
    crate::describe::round_up(bytes, LINE)
}

/// Rounds down to whole lines.
pub(crate) const fn line_down(bytes: u64) -> u64 {
    bytes & !(LINE - 1)
}

/// `N` bytes at an offset; zeros where there are fewer: callers check lengths where it matters.
#[inline]
fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

/// The byte at an offset, or 0.
pub(crate) fn u8_at(bytes: &[u8], at: usize) -> u8 {
    array_at::<1>(bytes, at)[0]
}

/// The u16 at an offset, or 0.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, at))
}

/// The u32 at an offset, or 0.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

/// The u64 at an offset, or 0.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

/// All bytes are zero.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

/// Writes bytes at an offset of a structure of ours.
pub(crate) fn put(target: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(part) = target.get_mut(at..).and_then(|rest| rest.get_mut(..bytes.len())) {
        part.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: &str = include_str!("../../../docs/FORMAT.md");

    /// Rows of the tables under a heading of FORMAT.md: their cells.
    fn rows(heading: &str) -> Vec<Vec<&'static str>> {
        let (_, section) = FORMAT.split_once(&format!("\n{heading}\n")).expect("a heading of FORMAT.md");
        let section = section.split("\n## ").next().unwrap_or_default();
        let section = section.split("\n### ").next().unwrap_or_default();
        let lines = section.lines().filter(|line| line.starts_with('|'));
        lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
    }

    /// Offset and size of each row that has a fixed size.
    fn fields(rows: &[Vec<&str>]) -> Vec<(usize, usize)> {
        let size = |ty: &str| match ty {
            "u8" => Some(1),
            "u16" | "str" => Some(2),
            "u32" => Some(4),
            "u64" => Some(8),
            other => other.split(' ').next().and_then(|count| count.parse().ok()),
        };
        rows.iter().filter_map(|row| Some((row[0].parse().ok()?, size(row[1])?))).collect()
    }

    #[test]
    fn structures_are_those_of_the_format() {
        assert_eq!(fields(&rows("### 3.1 Header line")), header::FIELDS);
        assert_eq!(fields(&rows("### 3.2 Commit record")), commit::FIELDS);
        assert_eq!(fields(&rows("### 4.1 Block header")), block::FIELDS);
        assert_eq!(fields(&rows("### 6.1 Payload")), schema::FIELDS);
        assert_eq!(fields(&rows("## 8 Metadata")), meta::FIELDS);
        let index_rows = rows("## 9 Index");
        let split = index_rows.iter().rposition(|row| row[0] == "off").expect("the table of entries");
        assert_eq!(fields(&index_rows[..split]), index::FIELDS);
        assert_eq!(fields(&index_rows[split..]), entry::FIELDS);
        for (sentence, fields) in [("Table: ", index_table::FIELDS), ("Schema: ", index_schema::FIELDS)] {
            let (_, text) = FORMAT.split_once(&format!("\n{sentence}")).expect("a sentence of section 9");
            let text = text.split(['.', '(']).next().unwrap_or_default();
            let sizes: Vec<usize> =
                text.split(", ").map(|field| if field.starts_with("u64") { 8 } else { 4 }).collect();
            assert_eq!(sizes, fields.iter().map(|field| field.1).collect::<Vec<_>>(), "{sentence}");
        }
    }

    #[test]
    fn places_and_limits_are_those_of_the_format() {
        let places: Vec<u64> =
            rows("## 3 Header region").iter().filter_map(|row| row[0].parse().ok()).collect();
        assert_eq!(places, [HEADER_AT[0], SLOT_AT[0], HEADER_AT[1], SLOT_AT[1]]);
        let limits = rows("## 12 Limits");
        let limit = |what: &str| {
            let row = limits.iter().find(|row| row[0].starts_with(what)).expect("a limit");
            let mut words = row[1].split([' ', ',']);
            let number: u64 = words.next().unwrap_or_default().parse().expect("a number");
            match words.next() {
                Some("KiB") => number << 10,
                Some("MiB") => number << 20,
                _ => number,
            }
        };
        assert_eq!(limit("block"), u64::from(MAX_BLOCK_LINES) * LINE);
        assert_eq!(limit("target size"), TARGET_BLOCK_BYTES as u64);
        assert_eq!(limit("core and notes"), MAX_SCHEMA_BYTES);
        assert_eq!(limit("size of any type"), u64::from(MAX_STRIDE));
        assert_eq!(limit("name of"), MAX_NAME as u64);
        let magic: Vec<String> = MAGIC.iter().map(|byte| format!("{byte:02X}")).collect();
        assert!(FORMAT.contains(&format!("`{}`", magic.join(" "))));
        assert!(FORMAT.contains("`48 42 4C 4B`") && BLOCK_MAGIC == [0x48, 0x42, 0x4c, 0x4b]);
        assert!(FORMAT.contains(&format!("bytes of an entry: {}", entry::BYTES)));
        assert!(FORMAT.contains(&format!("at most {NODE_ENTRIES} entries")));
        assert!(FORMAT.contains("at least once every 1,024 blocks") && DIRECTORY_EVERY == 1024);
    }
}
