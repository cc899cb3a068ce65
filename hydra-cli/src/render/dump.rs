//! Bytes with names over them: sixteen a row, a border at every cache line, padding dimmed, and a legend. It knows parts of a
//! range of bytes, not where they come from.

use crate::text::{TextStyle, escape, paint, shorten};
use serde_json::{Value, json};
use std::ops::Range;
use unicode_width::UnicodeWidthStr;

const ROW: u64 = 16;
const LINE: u64 = 64;
/// Bytes of one region that are shown.
const MOST: u64 = 1024;

/// Some bytes that mean one thing.
#[derive(Clone, Debug, Default)]
pub(crate) struct DumpPart {
    /// File offset.
    pub(crate) at: u64,
    pub(crate) len: u64,
    /// The whole path; empty for padding.
    pub(crate) name: String,
    pub(crate) ty: String,
    pub(crate) value: String,
    /// In the legend, too.
    pub(crate) told: bool,
}

/// Some of these bytes; fewer at their end.
pub(crate) fn cut(bytes: &[u8], from: usize, len: usize) -> &[u8] {
    bytes.get(from..).map_or(&[], |rest| &rest[..len.min(rest.len())])
}

/// Bytes in hexadecimal.
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
    /// Sorts the parts, and makes what lies between them padding.
    pub(crate) fn new(title: &str, at: u64, bytes: Vec<u8>, mut parts: Vec<DumpPart>) -> DumpRegion {
        parts.sort_by_key(|part| part.at);
        let (end, mut from, mut pads) = (at + bytes.len() as u64, at, Vec::new());
        for (start, until) in parts.iter().map(|part| (part.at, part.at + part.len)).chain([(end, end)]) {
            if start > from {
                pads.push(DumpPart { at: from, len: start - from, ..DumpPart::default() });
            }
            from = from.max(until);
        }
        parts.append(&mut pads);
        parts.sort_by_key(|part| part.at);
        DumpRegion { title: title.into(), at, bytes, parts }
    }

    fn end(&self) -> u64 {
        self.at + self.bytes.len() as u64
    }

    fn byte(&self, at: u64) -> Option<u8> {
        self.bytes.get(usize::try_from(at.checked_sub(self.at)?).ok()?).copied()
    }

    /// For machines: every byte, and the parts that have a name.
    pub(crate) fn json(&self) -> Value {
        let named = self.parts.iter().filter(|part| !part.name.is_empty() && part.told);
        let part = |part: &DumpPart| {
            let DumpPart { at, len, name, ty, value, .. } = part;
            json!({ "offset": at, "bytes": len, "path": name, "type": ty, "value": value })
        };
        let parts: Vec<Value> = named.map(part).collect();
        json!({ "title": self.title, "offset": self.at, "hex": hex(&self.bytes), "parts": parts })
    }
}

/// Draws a region. Its legend holds the parts that are told.
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

/// The column of a byte in its row.
fn column(byte: u64) -> usize {
    let byte = byte as usize;
    3 * byte + usize::from(byte >= 8)
}

/// The parts of a row with the bytes of it that they cover, and their number.
fn covering<'r>(
    region: &'r DumpRegion,
    shown: &'r Range<u64>,
) -> impl Iterator<Item = (usize, &'r DumpPart, Range<u64>)> + 'r {
    let parts = region.parts.iter().enumerate();
    let cut = move |(at, part): (usize, &'r DumpPart)| {
        let bytes = part.at.max(shown.start)..(part.at + part.len).min(shown.end);
        (bytes.start < bytes.end).then_some((at, part, bytes))
    };
    parts.filter_map(cut)
}

fn style(part: &DumpPart, number: usize) -> TextStyle {
    if part.name.is_empty() { TextStyle::Dim } else { TextStyle::Part(number) }
}

fn labels(region: &DumpRegion, row: u64, shown: &Range<u64>, color: bool) -> String {
    let (mut line, mut used) = (" ".repeat(12), 0);
    for (number, part, bytes) in covering(region, shown) {
        let (from, to) = (column(bytes.start - row), column(bytes.end - 1 - row) + 2);
        line.push_str(&" ".repeat(from.saturating_sub(used)));
        let room = to - from;
        let name = escape::line(&part.name);
        let text = match () {
            _ if part.name.is_empty() => "·".repeat(room),
            _ if part.at < bytes.start => "╌".repeat(room),
            _ if name.width() <= room => format!("{name}{}", "─".repeat(room - name.width())),
            _ => last_step(&name, room),
        };
        let text = format!("{text}{}", "─".repeat(room.saturating_sub(text.width())));
        line.push_str(&paint(color, style(part, number), &text));
        used = to;
    }
    format!("{}\n", line.trim_end())
}

/// What is left of a name where it does not fit: its last step.
fn last_step(name: &str, room: usize) -> String {
    let at = name.rfind(['.', ':', '[']).unwrap_or(0);
    let step = name.get(at..).unwrap_or(name).trim_start_matches(['.', ':']);
    if step.width() <= room { step.to_string() } else { shorten(step, room).0 }
}

fn digits(region: &DumpRegion, row: u64, shown: &Range<u64>, color: bool) -> String {
    let (mut hex, mut text, mut used) = (String::new(), String::new(), 0);
    for (number, part, bytes) in covering(region, shown) {
        for at in bytes {
            let (place, byte) = (column(at - row), region.byte(at));
            hex.push_str(&" ".repeat(place.saturating_sub(used)));
            let digits = byte.map_or("??".to_string(), |byte| format!("{byte:02x}"));
            hex.push_str(&paint(color, style(part, number), &digits));
            let letter = byte.filter(|byte| matches!(byte, 0x20..=0x7e)).map_or('.', char::from);
            text.push_str(&paint(color, style(part, number), &letter.to_string()));
            used = place + 2;
        }
    }
    let (fill, lead) = (" ".repeat(column(ROW - 1) + 2 - used), " ".repeat((shown.start - row) as usize));
    let offset = paint(color, TextStyle::Dim, &format!("{:>10}", format!("{row:#x}")));
    format!("{offset}  {hex}{fill}  │{lead}{text}│\n")
}

fn legend(region: &DumpRegion, width: Option<usize>, color: bool) -> String {
    let named = region.parts.iter().enumerate().filter(|(_, part)| !part.name.is_empty() && part.told);
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
        let value = match room {
            Some(room) if value.width() > room => shorten(&value, room).0,
            _ => value.into_owned(),
        };
        let line = format!(
            "{}{}{}  {}{}  {value}",
            paint(color, TextStyle::Dim, &lead),
            paint(color, TextStyle::Part(number), &name),
            fill(&name, names),
            paint(color, TextStyle::Dim, &part.ty),
            fill(&part.ty, types)
        );
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
