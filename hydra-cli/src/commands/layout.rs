//! `hydra layout` shows the size of each part of a file and the layout of its records: fields, padding,
//! fields that cross a cache line, and a better order of the fields. It reads headers and the index, but no
//! records.

use crate::args::{Format, LayoutArgs};
use crate::console::Console;
use crate::failure::{Exit, Result};
use crate::render::dump::{DumpPart, padded};
use crate::schemas::names;
use crate::source::Input;
use crate::streams::{TableStreams, is_columns, not_rows, regions};
use crate::text::{TableCell, TextStyle, bytes, draw_table, escape, paint, plural};
use hydra::file::BlockKind;
use hydra::schema::Field;
use hydra::{Descriptor, Kind, Reader, Schema};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::Write;

const LINE: u64 = 64;
/// The largest number of cache lines of a record that are drawn.
const MOST_LINES: u64 = 64;

pub(crate) fn run(args: &LayoutArgs, console: &mut Console) -> Result<Exit> {
    let input = Input::new(&args.file, console)?;
    let reader = input.open()?;
    let exit = if input.admit(&reader, true, console)? { Exit::Lossy } else { Exit::Done };
    let file = Geometry::of(&reader).map_err(|error| input.failure(error))?;
    let mut tables = Vec::new();
    for name in names(&reader, args.table.as_deref()) {
        let table = input.table(&reader, Some(name))?;
        let streams = TableStreams::of(&reader, &table);
        tables.push((name, table.len(), table.schema().clone(), streams));
    }
    if args.format == Format::Json {
        let tables = tables.iter().map(|(name, len, schema, all)| document(name, *len, schema, all));
        let region =
            |(name, bytes, blocks): &RegionSize| json!({ "region": name, "bytes": bytes, "blocks": blocks });
        console.json(&json!({
            "version": 1,
            "file": input.name,
            "size_bytes": reader.file_bytes(),
            "regions": file.regions.iter().map(region).collect::<Value>(),
            "tables": tables.collect::<Value>(),
        }))?;
        return Ok(exit);
    }
    let name = console.paint(TextStyle::Bold, &escape::line(&input.name));
    writeln!(console, "{name}  {}\n{}", bytes(reader.file_bytes()), file.draw(console))?;
    for (name, len, schema, streams) in &tables {
        show(name, *len, schema, streams.is_empty(), console)?;
        console.write_all(streams.draw(console.width, console.color).as_bytes())?;
        writeln!(console)?;
    }
    Ok(exit)
}

/// Name, number of bytes, number of blocks.
type RegionSize = (&'static str, u64, u64);

/// The bytes of a file by purpose.
struct Geometry {
    regions: Vec<RegionSize>,
}

const REGIONS: [&str; 15] = [
    "header region",
    "block headers",
    "records",
    "heap",
    "text",
    "column directories",
    "column streams",
    "schemas",
    "index",
    "metadata",
    "unknown layout",
    "padding",
    "dead blocks",
    "damaged",
    "after the last commit",
];

impl Geometry {
    fn of(reader: &Reader) -> hydra::Result<Geometry> {
        let mut file = Geometry { regions: REGIONS.iter().map(|name| (*name, 0, 0)).collect() };
        let mut current = HashSet::new();
        for table in reader.tables() {
            current.extend(reader.dynamic_table(table.name())?.entries().flatten().map(|entry| entry.offset));
        }
        let commit = reader.commit();
        current.extend([commit.directory, commit.schema, commit.meta]);
        current.extend(reader.schemas().map(|(_, info)| info.offset()));
        let total = reader.file_bytes();
        let end = commit.committed_bytes.min(reader.file_bytes());
        let header = 8192.min(total);
        file.add("header region", header, 0);
        let mut covered = header;
        for (at, block) in reader.blocks().flatten() {
            covered += block.bytes();
            let kind = block.block_kind();
            let dead = matches!(kind, Some(BlockKind::Data | BlockKind::Meta)) && !current.contains(&at);
            if dead || kind == Some(BlockKind::Pad) {
                file.add("dead blocks", block.bytes(), 1);
                continue;
            }
            let payload = u64::from(block.payload_bytes);
            file.add("block headers", LINE, 1);
            file.add("padding", block.bytes() - LINE - payload, 0);
            match kind {
                Some(BlockKind::Data) if is_columns(&block) => {
                    let regions = regions(reader, at, payload);
                    regions.iter().for_each(|(name, bytes, blocks)| file.add(name, *bytes, *blocks));
                }
                _ if not_rows(&block).is_some() => file.add("unknown layout", payload, 1),
                Some(BlockKind::Data) => {
                    let text = u64::from(block.text);
                    let records = u64::from(block.count) * u64::from(block.stride);
                    let heap = records.next_multiple_of(LINE).min(text);
                    file.add("records", records, 1);
                    file.add("padding", heap - records.min(heap), 0);
                    file.add("heap", text - heap, u64::from(text > heap));
                    file.add("text", payload - text.min(payload), u64::from(payload > text));
                }
                Some(BlockKind::Schema) => file.add("schemas", payload, 1),
                Some(BlockKind::Meta) => file.add("metadata", payload, 1),
                _ => file.add("index", payload, 1),
            }
        }
        file.add("damaged", end.saturating_sub(covered), 0);
        file.add("after the last commit", total.saturating_sub(commit.committed_bytes.max(header)), 0);
        Ok(file)
    }

    fn add(&mut self, name: &str, bytes: u64, blocks: u64) {
        if let Some(region) = self.regions.iter_mut().find(|region| region.0 == name) {
            region.1 += bytes;
            region.2 += blocks;
        }
    }

    fn draw(&self, console: &Console) -> String {
        let total = self.regions.iter().map(|region| region.1).sum::<u64>().max(1);
        let row = |&(name, size, blocks): &RegionSize| {
            let share = size as f64 / total as f64;
            let blocks = if blocks == 0 { String::new() } else { plural(blocks, "block") };
            let bar = "█".repeat((share * 30.0).round() as usize);
            let share = format!("{:.1} %", share * 100.0);
            [String::new(), name.into(), bytes(size), share, blocks, bar].map(TableCell::new).to_vec()
        };
        let rows: Vec<Vec<TableCell>> = self.regions.iter().filter(|region| region.1 > 0).map(row).collect();
        let columns =
            [("", false), ("region", false), ("size", true), ("share", true), ("in", true), ("", false)];
        draw_table(&columns, &rows, console.width, console.color)
    }
}

/// A field or padding, and its letter and style in the drawing.
struct FieldSlot {
    part: DumpPart,
    letter: char,
    style: TextStyle,
    /// It crosses a cache line in the first number of records out of the second.
    crossing: (u64, u64),
}

/// Returns the fields of a record and the padding between them.
fn slots(schema: &Schema, ty: &Descriptor) -> Vec<FieldSlot> {
    let stride = ty.size() as u64;
    let part = |field: &Field| {
        let ty = schema.resolve(field.ty());
        let place = DumpPart { at: field.offset() as u64, len: ty.size() as u64, ..DumpPart::default() };
        DumpPart { name: field.name().into(), ty: schema.spell_rust(ty), ..place }
    };
    let parts = padded(ty.fields().iter().map(part).collect(), 0..stride);
    let letters = ('a'..='z').chain('A'..='Z').chain('0'..='9').chain(std::iter::repeat('?'));
    let mut fields = letters.enumerate().peekable();
    let slot = |part: DumpPart| match fields.next_if(|_| !part.is_padding()) {
        Some((number, letter)) => {
            let crossing = crossing(stride, part.at, part.len);
            FieldSlot { part, letter, style: TextStyle::Part(number), crossing }
        }
        None => FieldSlot { part, letter: '·', style: TextStyle::Dim, crossing: (0, 1) },
    };
    parts.into_iter().map(slot).collect()
}

/// Returns `(n, m)`: in n of m consecutive records, these bytes lie in more cache lines than they need.
fn crossing(stride: u64, at: u64, size: u64) -> (u64, u64) {
    let period = LINE / gcd(stride, LINE);
    let lines = |start: u64| (start + size).div_ceil(LINE) - start / LINE;
    let more = (0..period).filter(|record| lines(record * stride + at) > size.div_ceil(LINE)).count() as u64;
    let shared = gcd(more, period).max(1);
    (more / shared, period / shared)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Returns the order of the fields that takes the fewest bytes and the size in that order; none if it saves
/// nothing.
fn better<'a>(schema: &Schema, ty: &'a Descriptor) -> Option<(Vec<&'a str>, u64)> {
    if ty.kind() != Kind::Struct {
        return None;
    }
    let mut fields: Vec<(&Field, &Descriptor)> =
        ty.fields().iter().map(|field| (field, schema.resolve(field.ty()))).collect();
    fields.sort_by_key(|(_, ty)| std::cmp::Reverse(ty.align()));
    let add = |end: u64, (_, ty): &(&Field, &Descriptor)| {
        end.next_multiple_of(ty.align().max(1) as u64) + ty.size() as u64
    };
    let end = fields.iter().fold(0, add);
    let size = end.next_multiple_of(ty.align().max(1) as u64).max(ty.align() as u64);
    (size < ty.size() as u64).then(|| (fields.iter().map(|(field, _)| field.name()).collect(), size))
}

fn show(name: &str, len: u64, schema: &Schema, is_rows: bool, console: &mut Console) -> Result<()> {
    let root = schema.root();
    let size = root.size() as u64;
    let slots = slots(schema, root);
    let padding: u64 =
        slots.iter().map(|slot| &slot.part).filter(|part| part.is_padding()).map(|part| part.len).sum();
    let title = console.paint(TextStyle::Bold, &format!("table {}", escape::line(name)));
    let padding = if padding == 0 { "no padding".into() } else { plural(padding, "byte") + " of padding" };
    let facts =
        format!("{}, {} each, aligned to {}", plural(len, "record"), plural(size, "byte"), root.align());
    if root.fields().is_empty() {
        return Ok(writeln!(console, "{title}  {facts}; not a struct: no fields to order")?);
    }
    writeln!(console, "{title}  {facts}, {padding} between fields")?;
    let text = draw(&slots, size, console.color) + &legend(&slots, console);
    console.write_all(text.as_bytes())?;
    let (more, period) = crossing(size, 0, size);
    if more > 0 {
        let least = plural(size.div_ceil(LINE), "line");
        writeln!(console, "  {more} of {period} records touch more than {least}")?;
    }
    for ty in schema.types() {
        let Some((order, best)) = better(schema, ty) else { continue };
        let saved = ty.size() as u64 - best;
        let (own, total) = match std::ptr::eq(ty, root) {
            true if is_rows => (String::new(), format!(", {} in all", bytes(saved.saturating_mul(len)))),
            true => (String::new(), " as rows".to_string()),
            false => (format!("in {}, ", escape::line(ty.name())), String::new()),
        };
        let order = order.into_iter().map(escape::name).collect::<Vec<_>>().join(", ");
        let size = plural(ty.size() as u64, "byte");
        let text = format!("{own}the order {} saves {saved} of {size}{total}", escape::line(&order));
        writeln!(console, "  {}", console.paint(TextStyle::Note, &text))?;
    }
    Ok(())
}

/// Returns the table below the drawing: the slots with their letters.
fn legend(slots: &[FieldSlot], console: &Console) -> String {
    let row = |FieldSlot { part, letter, crossing: (more, period), .. }: &FieldSlot| {
        let name = if part.is_padding() { "padding".to_string() } else { escape::name(&part.name) };
        let crossing =
            if *more == 0 { String::new() } else { format!("crosses a line in {more} of {period}") };
        let [at, len] = [part.at, part.len].map(|number| number.to_string());
        let texts = [format!(" {letter}"), at, len, name, part.ty.clone(), crossing];
        let mut cells = texts.map(|text| TableCell::new(escape::line(&text)));
        cells[1].dim = true;
        cells.iter_mut().take(4).for_each(|cell| cell.dim |= part.is_padding());
        cells.to_vec()
    };
    let rows: Vec<Vec<TableCell>> = slots.iter().map(row).collect();
    let columns =
        [("", false), ("offset", true), ("bytes", true), ("field", false), ("type", false), ("", false)];
    draw_table(&columns, &rows, console.width, console.color)
}

/// Draws a record: each row is a cache line, each character a byte.
fn draw(slots: &[FieldSlot], size: u64, color: bool) -> String {
    let mut out = String::new();
    let most = MOST_LINES * LINE;
    for at in (0..size.min(most)).step_by(LINE as usize) {
        let row = |slot: &FieldSlot| {
            let own = slot.part.within(&(at..at + LINE));
            paint(color, slot.style, &own.map(|_| slot.letter).collect::<String>())
        };
        let row: String = slots.iter().map(row).collect();
        out.push_str(&format!("  {} │{row}│\n", paint(color, TextStyle::Dim, &format!("{at:>4}"))));
    }
    if size > most {
        out.push_str(&format!("       … {} more\n", plural((size - most).div_ceil(LINE), "line")));
    }
    out
}

fn document(name: &str, len: u64, schema: &Schema, streams: &TableStreams) -> Value {
    let root = schema.root();
    let slot = |FieldSlot { part, crossing: (records, of), .. }: &FieldSlot| {
        json!({
            "field": (!part.is_padding()).then_some(&part.name),
            "offset_bytes": part.at,
            "size_bytes": part.len,
            "crosses_line": { "records": records, "of": of },
        })
    };
    let (more, period) = crossing(root.size() as u64, 0, root.size() as u64);
    let best = better(schema, root).map(|(order, size)| {
        json!({ "order": order, "size_bytes": size, "saved_bytes": (root.size() as u64 - size).saturating_mul(len) })
    });
    json!({
        "table": name,
        "records": len,
        "size_bytes": root.size(),
        "align_bytes": root.align(),
        "slots": slots(schema, root).iter().map(slot).collect::<Value>(),
        "crosses_line": { "records": more, "of": period },
        "better": best,
        "columns": streams.document(),
    })
}
