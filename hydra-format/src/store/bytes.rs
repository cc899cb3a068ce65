//! The numbers of the file format: offsets, sizes and limits (FORMAT.md, sections 1 to 4 and 12). Also the
//! macro for records of fixed size, which generates struct, offsets, encoding and decoding.

use bytemuck::Pod;

/// The size of a line in bytes, the unit of alignment.
pub(crate) const LINE: u64 = 64;
/// The size of a page of the header region in bytes.
pub(crate) const PAGE: u64 = 4096;
/// The size of the header region in bytes; blocks start after it.
pub(crate) const REGION: u64 = 2 * PAGE;
/// The file offsets of the two header lines.
pub(crate) const HEADER_AT: [u64; 2] = [0, PAGE];
/// The file offsets of the two commit records.
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
/// The commit flag for a closed file, bit 0.
pub(crate) const CLOSED: u32 = 1;
/// The block flag for a replacement, bit 0.
pub(crate) const REPLACES: u8 = 1;

/// The largest block, header included, in lines.
pub(crate) const MAX_BLOCK_LINES: u32 = (256 << 20) / LINE as u32;
/// The target size of a DATA block in bytes, header included.
pub(crate) const TARGET_BLOCK_BYTES: usize = 256 << 10;
/// The largest stride in bytes.
pub(crate) const MAX_STRIDE: u32 = 16 << 20;
/// The longest name in bytes.
pub(crate) const MAX_NAME: usize = 255;
/// The largest size of core and notes of a schema together, in bytes.
pub(crate) const MAX_SCHEMA_BYTES: u64 = 16 << 20;
/// The number of entries of a full index node.
pub(crate) const NODE_ENTRIES: usize = 256;
/// The number of blocks of any kind from one directory to the next.
pub(crate) const DIRECTORY_EVERY: u64 = 1024;
/// Files are written in runs that end at multiples of this number of bytes.
pub(crate) const RUN: u64 = 1 << 20;
/// The most bytes that a writer with [`Durability::Buffered`](super::log::Durability) leaves unsynced.
pub(crate) const MAX_UNSYNCED: u64 = if cfg!(test) { 4 << 20 } else { 1 << 30 };
/// The margin that a writer adds to sequence and epoch of the valid record if the other one is invalid.
pub(crate) const SKIP: u32 = 1 << 16;
/// The limit of the length of a file.
pub(crate) const MAX_FILE: u64 = 1 << 63;

/// The place of a stored field in its structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldLayout {
    /// The name, as in FORMAT.md.
    pub name: &'static str,
    /// The offset in bytes from the start of the structure.
    pub offset: usize,
    /// The size in bytes.
    pub size: usize,
}

/// Defines a stored record of fixed size by its rows: the struct of its fields, and a module with the offset
/// of each row. FORMAT.md lists the rows in the same order. Rows without a field are written and checked by
/// hand, or are zero. Numbers are little-endian, as on the host (`lib.rs`).
macro_rules! record {
    ($(#[$meta:meta])* $vis:vis struct $name:ident in $rows:ident, $total:literal {
        $($($(#[doc = $doc:literal])+ $field:ident = )? $row:ident: $ty:ty,)*
    }) => {
        $(#[$meta])*
        $vis struct $name {
            $($($(#[doc = $doc])+ $vis $field: $ty,)?)*
        }

        #[allow(dead_code, non_snake_case)]
        pub(crate) mod $rows {
            #[repr(C)]
            struct RecordBytes { $($row: [u8; size_of::<$ty>()],)* }
            $(pub(crate) const $row: usize = std::mem::offset_of!(RecordBytes, $row);)*
            pub(crate) const BYTES: usize = size_of::<RecordBytes>();
            const _: () = assert!(BYTES == $total);
            /// The name, offset and size in bytes of each row.
            pub(crate) const NAMED: &[crate::store::bytes::FieldLayout] = &[$(crate::store::bytes::FieldLayout {
                name: stringify!($row),
                offset: $row,
                size: size_of::<$ty>(),
            }),*];
        }

        #[allow(dead_code)]
        impl $name {
            /// Encodes the record with these fields; all other rows are zero.
            fn to_rows(self) -> [u8; $rows::BYTES] {
                let mut bytes = [0; $rows::BYTES];
                $($(crate::store::bytes::put(&mut bytes, $rows::$row, bytemuck::bytes_of(&self.$field));)?)*
                bytes
            }

            /// Decodes the fields from the start of these bytes; bytes after their end count as zero.
            pub(crate) fn from_rows(bytes: &[u8]) -> $name {
                $name { $($($field: crate::store::bytes::get(bytes, $rows::$row),)?)* }
            }
        }
    };
}
pub(crate) use record;

const _: () = assert!(REGION.is_multiple_of(LINE) && RUN.is_multiple_of(PAGE));
const _: () = assert!(REGION as usize == crate::memory::HEADER_REGION);
const _: () = assert!(TARGET_BLOCK_BYTES < MAX_BLOCK_LINES as usize * LINE as usize);

/// Rounds up to whole lines; the result saturates at the last line.
pub(crate) const fn line_up(bytes: u64) -> u64 {
    crate::schema::round_up(bytes, LINE)
}

/// Rounds down to whole lines.
pub(crate) const fn line_down(bytes: u64) -> u64 {
    bytes & !(LINE - 1)
}

/// Decodes the value at an offset; it is zero if there are too few bytes, so callers check lengths where it
/// matters.
#[inline]
pub(crate) fn get<T: Pod>(bytes: &[u8], at: usize) -> T {
    let found = bytes.get(at..).and_then(|rest| rest.get(..size_of::<T>()));
    found.map_or_else(T::zeroed, bytemuck::pod_read_unaligned)
}

/// Returns whether all bytes are zero.
#[inline]
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

/// Writes bytes at an offset of a structure that this library makes.
pub(crate) fn put(target: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(part) = target.get_mut(at..).and_then(|rest| rest.get_mut(..bytes.len())) {
        part.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{block, commit, header, index, schema_block};
    use super::*;
    use crate::layout::columns::directory;

    const FORMAT: &str = include_str!("../../FORMAT.md");

    /// Returns the rows of the tables under a heading of FORMAT.md, as cells.
    fn rows(heading: &str) -> Vec<Vec<&'static str>> {
        let (_, section) = FORMAT.split_once(&format!("\n{heading}\n")).expect("a heading of FORMAT.md");
        let section = section.split("\n## ").next().unwrap_or_default();
        let section = section.split("\n### ").next().unwrap_or_default();
        let lines = section.lines().filter(|line| line.starts_with('|'));
        lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
    }

    /// Returns offset and size of each row that has a fixed size.
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

    /// Returns offset and size of each row.
    fn sizes(rows: &[FieldLayout]) -> Vec<(usize, usize)> {
        rows.iter().map(|row| (row.offset, row.size)).collect()
    }

    #[test]
    fn structures_are_those_of_the_format() {
        assert_eq!(fields(&rows("### 3.1 Header line")), sizes(header::line::NAMED));
        assert_eq!(fields(&rows("### 3.2 Commit record")), sizes(commit::slot::NAMED));
        assert_eq!(fields(&rows("### 4.1 Block header")), sizes(block::line::NAMED));
        assert_eq!(fields(&rows("### 6.1 Payload")), sizes(schema_block::head::NAMED));
        let columns = rows("### 7.1 Columns");
        let split = columns.iter().rposition(|row| row[0] == "off").expect("the table of entries");
        assert_eq!(fields(&columns[..split]), sizes(directory::head::NAMED));
        assert_eq!(fields(&columns[split..]), sizes(directory::entry::NAMED));
        assert_eq!(fields(&rows("## 8 Metadata")), sizes(crate::table::metadata::head::NAMED));
        let index_rows = rows("## 9 Index");
        let split = index_rows.iter().rposition(|row| row[0] == "off").expect("the table of entries");
        assert_eq!(fields(&index_rows[..split]), sizes(index::head::NAMED));
        assert_eq!(fields(&index_rows[split..]), sizes(index::entry::NAMED));
        for (sentence, fields) in [("Table: ", index::table::NAMED), ("Schema: ", index::schema::NAMED)] {
            let (_, text) = FORMAT.split_once(&format!("\n{sentence}")).expect("a sentence of section 9");
            let text = text.split(['.', '(']).next().unwrap_or_default();
            let sizes: Vec<usize> =
                text.split(", ").map(|field| if field.starts_with("u64") { 8 } else { 4 }).collect();
            assert_eq!(sizes, fields.iter().map(|field| field.size).collect::<Vec<_>>(), "{sentence}");
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
        assert!(FORMAT.contains(&format!("bytes of an entry: {}", index::entry::BYTES)));
        assert!(FORMAT.contains(&format!("at most {NODE_ENTRIES} entries")));
        assert!(FORMAT.contains("at least once every 1,024 blocks") && DIRECTORY_EVERY == 1024);
    }
}
