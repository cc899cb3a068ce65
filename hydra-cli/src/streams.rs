//! Blocks of columns: which tables have them, and how many bytes each stream takes.

use crate::text::{TableCell, bytes, count, draw_table, escape, plural, rough};
use clap::ValueEnum;
use hydra::file::{BlockHeader, BlockStreams, StreamEntry};
use hydra::{Dynamic, Reader, Table};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const LINE: u64 = 64;

/// How the records of a block are stored, as an argument. The variants have no comments, because the help would
/// become long.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LayoutArg {
    Rows,
    Columns,
}

impl LayoutArg {
    pub(crate) fn name(self) -> &'static str {
        match self {
            LayoutArg::Rows => "rows",
            LayoutArg::Columns => "columns",
        }
    }
}

impl From<LayoutArg> for hydra::Layout {
    fn from(layout: LayoutArg) -> hydra::Layout {
        match layout {
            LayoutArg::Rows => hydra::Layout::Rows,
            LayoutArg::Columns => hydra::Layout::Columns,
        }
    }
}

/// Returns why the payload of a block is not rows; none if it is.
pub(crate) fn not_rows(block: &BlockHeader) -> Option<String> {
    match (block.layout, block.encoding, block.flags) {
        (0, 0, 0 | 1) => None,
        (1, 0, 0 | 1) => Some("they are stored as columns; hydra compact --layout rows".to_string()),
        (0 | 1, 0, flags) => Some(format!("flags {flags:#04x} of a block are unknown")),
        (0 | 1, encoding, _) => Some(format!("encoding {encoding} of a block is unknown")),
        (layout, ..) => Some(format!("layout {layout} of a block is unknown")),
    }
}

/// Returns whether a DATA block stores columns.
pub(crate) fn is_columns(block: &BlockHeader) -> bool {
    matches!((block.layout, block.encoding, block.flags), (1, 0, 0 | 1))
}

/// The number of blocks at the start of a table of which the headers are read to tell its layouts.
const HEADERS: usize = 1024;

/// Returns the names of the layouts of the first blocks of a table.
pub(crate) fn layouts(reader: &Reader, table: &Table<Dynamic>) -> BTreeSet<&'static str> {
    let headers = table.entries().flatten().take(HEADERS).flat_map(|entry| reader.block_header(entry.offset));
    headers.map(|header| layout_name(header.layout.into())).collect()
}

/// Returns the name of a layout.
pub(crate) fn layout_name(layout: u64) -> &'static str {
    match layout {
        0 => "rows",
        1 => "columns",
        _ => "unknown",
    }
}

/// Returns the number of blocks of a table, and their layouts if not all are rows.
pub(crate) fn blocks_of(blocks: u64, layouts: &BTreeSet<&str>) -> String {
    let names: Vec<&str> = layouts.iter().rev().copied().collect();
    let all = plural(blocks, "block");
    if names == ["rows"] || names.is_empty() { all } else { format!("{all} of {}", names.join(" and ")) }
}

/// Returns the regions of the payload of a block of columns: name, bytes, number of blocks.
pub(crate) fn regions(reader: &Reader, at: u64, payload: u64) -> [(&'static str, u64, u64); 3] {
    let streams = reader.block_streams(at).ok().flatten().map(|block| block.streams).unwrap_or_default();
    let directory = LINE * (streams.len() as u64 + 1);
    let stored: u64 = streams.iter().map(|stream| u64::from(stream.entry.stored)).sum();
    // Without its directory, all of a payload counts as streams.
    let (directory, stored) = if streams.is_empty() { (0, payload) } else { (directory, stored) };
    let padding = payload.saturating_sub(directory + stored);
    [("column directories", directory, 1), ("column streams", stored, 1), ("padding", padding, 0)]
}

/// The streams of the blocks of columns of a table, added up by field.
#[derive(Default)]
pub(crate) struct TableStreams {
    blocks: u64,
    records: u64,
    /// Bytes of the blocks, and of the same blocks as rows.
    stored: u64,
    rows: u64,
    /// The number of blocks whose directory cannot be read.
    unread: u64,
    streams: Vec<StreamTotal>,
}

/// A stream of all blocks.
#[derive(Default)]
struct StreamTotal {
    path: String,
    part: &'static str,
    /// The number of blocks by the name of the encoding.
    encodings: BTreeMap<String, u64>,
    stored: u64,
    plain: u64,
}

impl TableStreams {
    /// Reads the directories of a table's blocks.
    pub(crate) fn of(reader: &Reader, table: &Table<Dynamic>) -> TableStreams {
        let mut all = TableStreams::default();
        let mut numbers = HashMap::new();
        for entry in table.entries().flatten() {
            let Ok(header) = reader.block_header(entry.offset) else { continue };
            match reader.block_streams(entry.offset) {
                Ok(Some(block)) => all.add(&header, block, &mut numbers),
                Err(_) if is_columns(&header) => all.unread += 1,
                _ => {}
            }
        }
        all
    }

    fn add(
        &mut self,
        header: &BlockHeader,
        block: BlockStreams,
        numbers: &mut HashMap<(String, &str), usize>,
    ) {
        self.blocks += 1;
        self.records += u64::from(header.count);
        self.stored += header.bytes();
        self.rows += block.row_bytes;
        for stream in block.streams {
            let number = *numbers.entry((stream.path.clone(), stream.part)).or_insert(self.streams.len());
            if number == self.streams.len() {
                let (path, part) = (stream.path, stream.part);
                self.streams.push(StreamTotal { path, part, ..StreamTotal::default() });
            }
            let Some(total) = self.streams.get_mut(number) else { continue };
            *total.encodings.entry(encoding(&stream.entry)).or_default() += 1;
            total.stored += u64::from(stream.entry.stored);
            total.plain += u64::from(stream.entry.plain);
        }
    }

    /// Returns whether no block stores columns.
    pub(crate) fn is_empty(&self) -> bool {
        self.blocks == 0 && self.unread == 0
    }

    /// Returns the sizes as a table; none if no block stores columns.
    pub(crate) fn draw(&self, width: Option<usize>, color: bool) -> String {
        let mut text = String::new();
        if self.blocks > 0 {
            let (blocks, records) = (plural(self.blocks, "block"), plural(self.records, "record"));
            let (stored, share) = (bytes(self.stored), percent(self.stored, self.rows));
            let rows = rough(self.rows);
            text = format!("  columns: {blocks}, {records}, {stored}, {share} of {rows} as rows\n");
            let total = self.streams.iter().map(|stream| stream.stored).sum();
            let rows: Vec<_> = self.streams.iter().map(|stream| stream.row(total)).collect();
            let titles = ["", "field", "part", "encoding", "plain", "stored", "ratio", "share"];
            let columns: Vec<_> = titles.iter().enumerate().map(|(at, title)| (*title, at > 3)).collect();
            text += &draw_table(&columns, &rows, width, color);
        }
        if self.unread > 0 {
            text += &format!("  {} with a damaged directory\n", plural(self.unread, "block of columns"));
        }
        text
    }

    /// Returns the sizes as JSON; null if no block stores columns.
    pub(crate) fn document(&self) -> Value {
        let stream = |stream: &StreamTotal| {
            json!({
                "path": stream.path,
                "part": stream.part,
                "encodings": stream.encodings,
                "plain_bytes": stream.plain,
                "stored_bytes": stream.stored,
            })
        };
        if self.blocks + self.unread == 0 {
            return Value::Null;
        }
        json!({
            "blocks": self.blocks,
            "records": self.records,
            "size_bytes": self.stored,
            "row_bytes": self.rows,
            "damaged_blocks": self.unread,
            "streams": self.streams.iter().map(stream).collect::<Value>(),
        })
    }
}

impl StreamTotal {
    fn row(&self, total: u64) -> Vec<TableCell> {
        let mut encodings: Vec<(&String, &u64)> = self.encodings.iter().collect();
        encodings.sort_by_key(|(_, blocks)| std::cmp::Reverse(**blocks));
        let encodings: Vec<&str> = encodings.iter().map(|(name, _)| name.as_str()).collect();
        let path = if self.path.is_empty() { "value".into() } else { escape::line(&self.path) };
        let (plain, stored) = (count(self.plain), count(self.stored));
        let (ratio, share) = (percent(self.stored, self.plain), percent(self.stored, total));
        let texts = ["", &path, self.part, &encodings.join(", "), &plain, &stored, &ratio, &share];
        let mut cells = texts.map(TableCell::new).to_vec();
        cells[2].dim = true;
        cells
    }
}

/// Returns the name of the encoding of a stream, with that of its compression.
pub(crate) fn encoding(entry: &StreamEntry) -> String {
    match entry.encoding_name() {
        Some("plain") if entry.is_compressed() => "zstd".into(),
        Some(name) if entry.is_compressed() => format!("{name} + zstd"),
        Some(name) => name.into(),
        None => format!("encoding {}", entry.encoding),
    }
}

/// Returns a share in percent.
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { String::new() } else { format!("{:.1} %", part as f64 / whole as f64 * 100.0) }
}
