//! Draws bytes with names above them: sixteen bytes a row, a border at every cache line, padding dimmed, and
//! a legend.

use crate::text::{TextStyle, escape, paint, shorten};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::ops::Range;
use unicode_width::UnicodeWidthStr;

const ROW: u64 = 16;
const LINE: u64 = 64;
/// The largest number of bytes of a region that are shown.
const MOST: u64 = 1024;

/// Some bytes with one meaning.
#[derive(Clone, Debug, Default)]
pub(crate) struct DumpPart {
    /// File offset.
    pub(crate) at: u64,
    pub(crate) len: u64,
    /// The whole path; empty for padding.
    pub(crate) name: String,
    pub(crate) ty: String,
    pub(crate) value: String,
    /// The part is also in the legend.
    pub(crate) told: bool,
}

impl DumpPart {
    pub(crate) fn is_padding(&self) -> bool {
        self.name.is_empty()
    }

    /// Returns the bytes of this range that belong to the part.
    pub(crate) fn within(&self, bytes: &Range<u64>) -> Range<u64> {
        self.at.max(bytes.start)..(self.at + self.len).min(bytes.end)
    }
}

/// Sorts the parts of these bytes and adds padding between them.
pub(crate) fn padded(mut parts: Vec<DumpPart>, bytes: Range<u64>) -> Vec<DumpPart> {
    parts.sort_by_key(|part| part.at);
    let mut from = bytes.start;
    let mut pads = Vec::new();
    let known = parts.iter().map(|part| part.at..part.at + part.len);
    for part in known.chain(std::iter::once(bytes.end..bytes.end)) {
        if part.start > from {
            pads.push(DumpPart { at: from, len: part.start - from, ..DumpPart::default() });
        }
        from = from.max(part.end);
    }
    parts.append(&mut pads);
    parts.sort_by_key(|part| part.at);
    parts
}

/// Returns some of these bytes; fewer at their end.
pub(crate) fn cut(bytes: &[u8], from: usize, len: usize) -> &[u8] {
    bytes.get(from..).map_or(&[], |rest| &rest[..len.min(rest.len())])
}

/// Reads a little-endian number.
pub(crate) fn little(bytes: &[u8]) -> u128 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// Returns bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of a file with their parts, in order.
pub(crate) struct DumpRegion {
    title: String,
    /// File offset.
    at: u64,
    bytes: Vec<u8>,
    pub(crate) parts: Vec<DumpPart>,
}

impl DumpRegion {
    /// Returns a region of bytes with the known parts.
    pub(crate) fn new(title: &str, at: u64, bytes: Vec<u8>, parts: Vec<DumpPart>) -> DumpRegion {
        let parts = padded(parts, at..at + bytes.len() as u64);
        DumpRegion { title: title.into(), at, bytes, parts }
    }

    fn end(&self) -> u64 {
        self.at + self.bytes.len() as u64
    }

    fn byte(&self, at: u64) -> Option<u8> {
        self.bytes.get(usize::try_from(at.checked_sub(self.at)?).ok()?).copied()
    }

    /// Returns every byte and the named parts as JSON.
    pub(crate) fn json(&self) -> Value {
        let named = self.parts.iter().filter(|part| !part.is_padding() && part.told);
        let part = |part: &DumpPart| {
            let DumpPart { at, len, name, ty, value, .. } = part;
            json!({ "offset": at, "bytes": len, "path": name, "type": ty, "value": value })
        };
        let parts: Vec<Value> = named.map(part).collect();
        json!({ "title": self.title, "offset": self.at, "hex": hex(&self.bytes), "parts": parts })
    }
}

/// Draws a region. Its legend has the parts with `told`.
pub(crate) fn draw(region: &DumpRegion, width: Option<usize>, color: bool) -> String {
    let title = paint(color, TextStyle::Bold, &escape::line(&region.title));
    let mut out = if title.is_empty() { title } else { title + "\n" };
    let end = region.end().min(region.at.saturating_add(MOST));
    let mut row = region.at - region.at % ROW;
    while row < end {
        if row.is_multiple_of(LINE) || row <= region.at {
            let line = row - row % LINE;
            let inside = if line == row { String::new() } else { format!(" +{}", row - line) };
            let text = format!("  ── line {line:#x}{inside} ");
            let text = format!("{text}{}", "─".repeat(81usize.saturating_sub(text.width())));
            out.push_str(&format!("{}\n", paint(color, TextStyle::Dim, &text)));
        }
        let shown = row.max(region.at)..(row + ROW).min(end);
        out.push_str(&labels(region, row, &shown, color));
        out.push_str(&digits(region, row, &shown, color));
        row += ROW;
    }
    if end < region.end() {
        out.push_str(&format!("  … {} more bytes\n", region.end() - end));
    }
    out.push_str(&legend(region, width, color));
    out
}

/// Returns the column of a byte in its row.
fn column(byte: u64) -> usize {
    let byte = byte as usize;
    3 * byte + usize::from(byte >= 8)
}

/// Returns the parts of a row, with their styles and the bytes they cover.
fn covering<'r>(
    region: &'r DumpRegion,
    shown: &'r Range<u64>,
) -> impl Iterator<Item = (TextStyle, &'r DumpPart, Range<u64>)> + 'r {
    let styled = |(number, part): (usize, &'r DumpPart)| {
        let style = if part.is_padding() { TextStyle::Dim } else { TextStyle::Part(number) };
        (style, part, part.within(shown))
    };
    region.parts.iter().enumerate().map(styled).filter(|(.., bytes)| !bytes.is_empty())
}

fn labels(region: &DumpRegion, row: u64, shown: &Range<u64>, color: bool) -> String {
    let mut line = " ".repeat(12);
    let mut used = 0;
    for (style, part, bytes) in covering(region, shown) {
        let (from, to) = (column(bytes.start - row), column(bytes.end - 1 - row) + 2);
        line.push_str(&" ".repeat(from.saturating_sub(used)));
        let room = to - from;
        let name = escape::line(&part.name);
        let text = match () {
            _ if part.is_padding() => "·".repeat(room),
            _ if part.at < bytes.start => "╌".repeat(room),
            _ if name.width() <= room => name.into_owned(),
            _ => last_step(&name, room),
        };
        let text = format!("{text}{}", "─".repeat(room.saturating_sub(text.width())));
        line.push_str(&paint(color, style, &text));
        used = to;
    }
    format!("{}\n", line.trim_end())
}

/// Shortens a name that does not fit to its last step.
fn last_step(name: &str, room: usize) -> String {
    let at = name.rfind(['.', ':', '[']).unwrap_or(0);
    let step = name.get(at..).unwrap_or(name).trim_start_matches(['.', ':']);
    shorten(step, room).into_owned()
}

fn digits(region: &DumpRegion, row: u64, shown: &Range<u64>, color: bool) -> String {
    let mut hex = String::new();
    let mut text = String::new();
    let mut used = 0;
    for (style, _, bytes) in covering(region, shown) {
        for at in bytes {
            let place = column(at - row);
            let byte = region.byte(at);
            hex.push_str(&" ".repeat(place.saturating_sub(used)));
            let digits = byte.map_or("??".to_string(), |byte| format!("{byte:02x}"));
            hex.push_str(&paint(color, style, &digits));
            let letter = byte.filter(|byte| matches!(byte, 0x20..=0x7e)).map_or('.', char::from);
            text.push_str(&paint(color, style, &letter.to_string()));
            used = place + 2;
        }
    }
    let fill = " ".repeat(column(ROW - 1) + 2 - used);
    let lead = " ".repeat((shown.start - row) as usize);
    let offset = paint(color, TextStyle::Dim, &format!("{:>10}", format!("{row:#x}")));
    format!("{offset}  {hex}{fill}  │{lead}{text}│\n")
}

fn legend(region: &DumpRegion, width: Option<usize>, color: bool) -> String {
    let named = region.parts.iter().enumerate().filter(|(_, part)| !part.is_padding() && part.told);
    let rows: Vec<(usize, &DumpPart, String)> =
        named.map(|(at, part)| (at, part, escape::line(&part.name).into_owned())).collect();
    let names = rows.iter().map(|(_, _, name)| name.width()).max().unwrap_or(0).min(40);
    let types = rows.iter().map(|(_, part, _)| part.ty.width()).max().unwrap_or(0).min(40);
    let mut out = String::new();
    for (number, part, name) in rows {
        let fill = |text: &str, width: usize| " ".repeat(width.saturating_sub(text.width()));
        let lead = format!("{:>+8}  ", part.at - region.at);
        let room = width.map(|width| width.saturating_sub(14 + names + types).max(12));
        let value = escape::line(&part.value);
        let value = room.map_or(Cow::Borrowed(&*value), |room| shorten(&value, room));
        let name = paint(color, TextStyle::Part(number), &name) + &fill(&name, names);
        let ty = paint(color, TextStyle::Dim, &part.ty) + &fill(&part.ty, types);
        let line = format!("{}{name}  {ty}  {value}", paint(color, TextStyle::Dim, &lead));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
