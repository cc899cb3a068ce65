//! The bytes of a block of columns with their meaning: its directory, and the parts of each encoding. All
//! bytes are untrusted.

use super::dump::{DumpPart, DumpRegion, cut, little};
use super::section::{Section, checksum, named_parts};
use crate::streams::{encoding, is_columns};
use crate::text::{TableCell, bytes, count, draw_table, escape, plural};
use hydra::Reader;
use hydra::file::{BlockHeader, BlockStream, BlockStreams, StreamEntry};

const LINE: u64 = 64;
/// The largest number of bytes of a stream that are shown.
const MOST: usize = 1024;
/// The number of values of a group.
const GROUP: u64 = 1024;

/// The payload of a block of columns.
pub(crate) struct ColumnPayload<'a> {
    /// File offset.
    at: u64,
    bytes: &'a [u8],
    /// The streams, or why they are unknown.
    streams: Result<BlockStreams, String>,
}

impl<'a> ColumnPayload<'a> {
    /// Reads the directory of the block at a file offset; none if it stores no columns.
    pub(crate) fn new(
        reader: &Reader,
        block: u64,
        header: &BlockHeader,
        bytes: &'a [u8],
    ) -> Option<ColumnPayload<'a>> {
        let streams = reader.block_streams(block).map_err(|error| error.message());
        let streams = streams.and_then(|found| found.ok_or_else(String::new));
        is_columns(header).then_some(ColumnPayload { at: block + LINE, bytes, streams })
    }

    /// Names the field of the header that in blocks of rows has the offset of the text.
    pub(crate) fn name(header: &mut [DumpPart]) {
        header.iter_mut().filter(|part| part.name == "text").for_each(|part| part.name = "directory".into());
    }

    /// Returns the stored checksum of the directory, and whether it is right.
    pub(crate) fn checksum(&self, stored: u64) -> String {
        format!("{}, of the directory", checksum(stored, self.directory()))
    }

    /// Returns the directory as far as its bytes are there.
    fn directory(&self) -> &'a [u8] {
        cut(self.bytes, 0, little(cut(self.bytes, 0, 4)) as usize)
    }

    /// Returns a list of the streams.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let streams = match &self.streams {
            Ok(block) => &block.streams,
            Err(why) => return vec![format!("  the streams cannot be shown: {why}")],
        };
        let row = |from: u64, end: u64, words: [&str; 3]| {
            let [name, part, encoding] = words.map(|word| TableCell::new(escape::line(word)));
            let range = TableCell::dim(format!("{from:#x}..{end:#x}"));
            vec![TableCell::new(""), range, TableCell::new(count(end - from)), name, part, encoding]
        };
        let mut rows = vec![row(self.at, self.at + self.directory().len() as u64, ["", "directory", ""])];
        rows.extend(streams.iter().map(|BlockStream { path, part, entry, .. }| {
            let from = self.at + u64::from(entry.offset);
            row(from, from + u64::from(entry.stored), [path, part, &encoding(entry)])
        }));
        let titles = [
            ("", false),
            ("at", false),
            ("bytes", true),
            ("field", false),
            ("part", false),
            ("encoding", false),
        ];
        draw_table(&titles, &rows, None, false).lines().map(str::to_string).collect()
    }

    /// Returns the part of the directory, or of a stream, at a file offset.
    pub(crate) fn section(&self, file: &str, offset: u64) -> Option<Section> {
        let inside = offset.checked_sub(self.at)?;
        if inside < LINE {
            let region = self.structure("", 0, BlockStreams::head_fields());
            let title = format!("{file}  head of the directory");
            return Some(Section { title, regions: vec![region], ..Section::default() });
        }
        let streams = &self.streams.as_ref().ok()?.streams;
        let directory = self.directory().len() as u64;
        let number = streams.iter().position(|stream| {
            let start = u64::from(stream.entry.offset);
            inside >= directory && (start..start + u64::from(stream.entry.stored)).contains(&inside)
        });
        let number = number.or((inside < directory).then_some((inside / LINE - 1) as usize))?;
        let BlockStream { path, part, entry, .. } = streams.get(number)?;
        let name = if path.is_empty() { "value" } else { path };
        let title = format!("{file}  stream {number} of {}: {part} of {name}", streams.len());
        let stored = cut(self.bytes, entry.offset as usize, entry.stored as usize);
        let slots = plural(entry.slots.into(), "slot");
        let absent =
            if entry.absent > 0 { format!(", {} absent", count(entry.absent.into())) } else { String::new() };
        let (encoding, size) = (encoding(entry), bytes(entry.stored.into()));
        let crc = checksum(entry.crc.into(), stored);
        let fact = format!("{encoding}, {slots}{absent}, {size}; checksum {crc}");
        let good = crc32(entry, stored);
        let mut regions =
            vec![self.structure("in the directory", (number as u64 + 1) * LINE, StreamEntry::fields())];
        if inside >= directory {
            regions.push(self.stream(part, entry, stored, inside - inside % LINE));
        }
        Some(Section { title, fact: Some((fact, good)), regions, remarks: Vec::new() })
    }

    /// Returns a structure of the directory.
    fn structure(&self, title: &str, at: u64, fields: &[hydra::file::FieldLayout]) -> DumpRegion {
        let own = cut(self.bytes, at as usize, LINE as usize);
        let tell = |name: &str, bytes: &[u8]| match name {
            "ENCODING" => {
                let entry = self.streams.as_ref().ok()?.streams.get((at / LINE) as usize - 1)?.entry;
                Some(format!("{}: {}", entry.encoding, entry.encoding_name().unwrap_or("unknown")))
            }
            "FLAGS" if bytes == [1] => Some("1: zstd".into()),
            "OFFSET" => {
                Some(format!("{}: {:#x}", count(little(bytes) as u64), self.at + little(bytes) as u64))
            }
            "CRC" => Some(format!("{:#010x}", little(bytes))),
            "STATISTICS" if bytes.iter().all(|byte| *byte == 0) => Some("none".into()),
            _ => None,
        };
        DumpRegion::new(title, self.at + at, own.to_vec(), named_parts(fields, self.at + at, own, &tell))
    }

    /// Returns the bytes of a stream from a line of the payload on.
    fn stream(&self, part: &str, entry: &StreamEntry, stored: &[u8], from: u64) -> DumpRegion {
        let start = u64::from(entry.offset);
        let shown = cut(stored, (from - start) as usize, MOST);
        let end = from + shown.len() as u64;
        let mut parts = StreamParts { bytes: stored, at: 0, parts: Vec::new() };
        parts.stream(part, entry);
        let visible = |mut part: DumpPart| {
            let (at, end) = ((start + part.at).max(from), (start + part.at + part.len).min(end));
            part.at = self.at + at;
            part.len = end.checked_sub(at).filter(|len| *len > 0)?;
            Some(part)
        };
        let parts = parts.parts.into_iter().filter_map(visible).collect();
        DumpRegion::new("in the stream", self.at + from, shown.to_vec(), parts)
    }
}

fn crc32(entry: &StreamEntry, stored: &[u8]) -> bool {
    entry.crc == crc32fast::hash(stored)
}

/// The parts of a stream, one after the other.
struct StreamParts<'a> {
    bytes: &'a [u8],
    at: u64,
    parts: Vec<DumpPart>,
}

impl StreamParts<'_> {
    /// Adds a part, and returns where it starts. Parts end at the end of the stream.
    fn add(&mut self, name: &str, count: u64, size: u64) -> u64 {
        let at = self.at;
        let len = count.saturating_mul(size).min((self.bytes.len() as u64).saturating_sub(at));
        if len > 0 {
            let ty = if size == 1 { "bytes".into() } else { format!("u{}", 8 * size) };
            let value = if count == 1 { self.number(at, size).to_string() } else { plural(count, "value") };
            let value =
                if name.starts_with("bits") || size == 1 && count != 1 { plural(len, "byte") } else { value };
            let part = DumpPart { at, len, name: name.into(), ty, value, told: true };
            self.parts.push(part);
        }
        self.at = at + len;
        at
    }

    fn number(&self, at: u64, size: u64) -> u128 {
        little(cut(self.bytes, at as usize, size as usize))
    }

    /// Adds a number of 32 bits, and returns it.
    fn length(&mut self, name: &str) -> u64 {
        let at = self.add(name, 1, 4);
        self.number(at, 4) as u64
    }

    /// Adds everything of a stream.
    fn stream(&mut self, part: &str, entry: &StreamEntry) {
        let (slots, plain) = (u64::from(entry.slots), u64::from(entry.plain));
        let offsets = u64::from(part == "offsets");
        let present = slots.saturating_sub(entry.absent.into());
        let size = if offsets == 1 { 4 } else { plain / slots.max(1) };
        let many = present + offsets;
        match entry.encoding {
            _ if entry.is_compressed() => _ = self.add("zstd", self.bytes.len() as u64, 1),
            _ if matches!(part, "bits" | "presence" | "run" | "rows") => {
                self.add(part, self.bytes.len() as u64, 1);
            }
            0 => _ = self.add(part, slots + offsets, size),
            1 => _ = self.add("value", 1, size),
            2 | 3 => self.frame(many, size, entry.encoding == 3),
            4 => {
                let distinct = self.length("distinct");
                self.add(if offsets == 1 { "offsets" } else { "values" }, distinct + offsets, size);
                self.frame(present, 2, false);
            }
            5 | 6 => {
                self.groups(many, many.div_ceil(GROUP), 8, entry.encoding == 6);
                self.exceptions(size);
            }
            _ => {}
        }
    }

    /// Adds a frame or a delta with its exceptions.
    fn frame(&mut self, many: u64, size: u64, delta: bool) {
        self.groups(many, many.div_ceil(GROUP), size, delta);
        self.exceptions(size);
    }

    /// Adds widths, minima, and the bits of each group.
    fn groups(&mut self, many: u64, groups: u64, size: u64, delta: bool) {
        let widths = self.add("widths", groups, 1);
        self.add("minima", groups, size);
        if delta {
            self.add("firsts", groups, size);
        }
        for group in 0..groups {
            let width = self.number(widths + group, 1) as u64;
            let numbers = (many - group * GROUP).min(GROUP).saturating_sub(u64::from(delta));
            if width > 0 && self.at < self.bytes.len() as u64 {
                self.add(&format!("bits {group}"), (numbers * width).div_ceil(8), 1);
            }
        }
    }

    fn exceptions(&mut self, size: u64) {
        let exceptions = self.length("exceptions");
        self.add("positions", exceptions, 4);
        self.add("values", exceptions, size);
    }
}
