//! Every number that files are made of, once: offsets, sizes, limits (FORMAT.md, sections 1 to 4 and 12); and records of
//! fixed size, from which struct, offsets, encoding and decoding are made. It does not know what they are used for.

use bytemuck::Pod;

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

/// Where a stored field is, from the start of its structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldLayout {
    /// Name, as in FORMAT.md.
    pub name: &'static str,
    /// Offset in bytes.
    pub offset: usize,
    /// Size in bytes.
    pub size: usize,
}

/// A record of fixed size on disk, row by row: the struct of its fields, and a module with the offset of each row, which
/// FORMAT.md has in the same order. Rows without a field are written and checked by hand, or are zero. Numbers are little-endian,
/// as those of the host are (`lib.rs`).
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
            /// Name, offset and size in bytes of each row.
            pub(crate) const NAMED: &[crate::store::bytes::FieldLayout] = &[$(crate::store::bytes::FieldLayout {
                name: stringify!($row),
                offset: $row,
                size: size_of::<$ty>(),
            }),*];
        }

        #[allow(dead_code)]
        impl $name {
            /// The record with these fields; all other rows are zero.
            fn to_rows(self) -> [u8; $rows::BYTES] {
                let mut bytes = [0; $rows::BYTES];
                $($(crate::store::bytes::put(&mut bytes, $rows::$row, bytemuck::bytes_of(&self.$field));)?)*
                bytes
            }

            /// The fields of the record with which these bytes begin; zero where they end.
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

/// The value at an offset; zero where there are too few bytes: callers check lengths where it matters.
#[inline]
pub(crate) fn get<T: Pod>(bytes: &[u8], at: usize) -> T {
    let found = bytes.get(at..).and_then(|rest| rest.get(..size_of::<T>()));
    found.map_or_else(T::zeroed, bytemuck::pod_read_unaligned)
}

/// All bytes are zero.
#[inline]
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
    use super::super::{block, commit, header, index, schema_block};
    use super::*;

    const FORMAT: &str = include_str!("../../FORMAT.md");

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

    /// Offset and size of each row.
    fn sizes(rows: &[FieldLayout]) -> Vec<(usize, usize)> {
        rows.iter().map(|row| (row.offset, row.size)).collect()
    }

    #[test]
    fn structures_are_those_of_the_format() {
        assert_eq!(fields(&rows("### 3.1 Header line")), sizes(header::line::NAMED));
        assert_eq!(fields(&rows("### 3.2 Commit record")), sizes(commit::slot::NAMED));
        assert_eq!(fields(&rows("### 4.1 Block header")), sizes(block::line::NAMED));
        assert_eq!(fields(&rows("### 6.1 Payload")), sizes(schema_block::head::NAMED));
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
