//! `hydra hex` shows bytes with their meaning: a record and the data it refers to, a block header, or the
//! file header and the commit records, each with the result of its checksum. It shows damaged data, too.

use crate::args::{Format, HexArgs};
use crate::commands::get;
use crate::console::Console;
use crate::failure::{Exit, Failure, Result};
use crate::records::parse;
use crate::render::annotate::{Annotator, BlockPayload};
use crate::render::dump::{self, DumpPart, DumpRegion, cut, little};
use crate::render::section::{Section, checksum, named_parts, verdict};
use crate::render::streams::ColumnPayload;
use crate::source::Input;
use crate::streams::{is_columns, layout_name, not_rows};
use crate::text::{bytes as size, count, plural};
use hydra::file::{BlockHeader, BlockKind, Commit, Entry, FileHeader};
use hydra::reflect::{Locator, Path};
use hydra::{Dynamic, Error, ErrorKind, Reader, Table};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

const LINE: u64 = 64;
/// The offset of the first block.
const BLOCKS: u64 = 8192;
/// The largest payload of a block.
const MOST_PAYLOAD: u64 = 256 << 20;
/// The largest number of records of a range that are shown.
const MOST_RECORDS: u64 = 8;

pub(crate) fn run(args: &HexArgs, console: &mut Console) -> Result<Exit> {
    let input = Input::new(&args.file, console)?;
    let mut hex = HexDump { input: &input, console, sections: Vec::new() };
    match args.place.as_deref() {
        None => hex.header()?,
        Some(place) => match number(place) {
            Some(offset) => hex.offset(offset)?,
            None => hex.path(place, args.table.as_deref())?,
        },
    }
    let sections = hex.sections;
    if args.format == Format::Json {
        let sections: Vec<Value> = sections.iter().map(Section::json).collect();
        console.json(&json!({ "version": 1, "file": input.name, "sections": sections }))?;
        return Ok(Exit::Done);
    }
    sections.iter().try_for_each(|section| section.draw(console))?;
    Ok(Exit::Done)
}

/// Parses a file offset, decimal or hexadecimal.
fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

struct HexDump<'a> {
    input: &'a Input,
    console: &'a mut Console,
    sections: Vec<Section>,
}

impl HexDump<'_> {
    /// Reads bytes of the file; fewer at its end.
    fn read(&self, at: u64, len: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut read = || {
            let mut file = File::open(&self.input.path)?;
            file.seek(SeekFrom::Start(at))?;
            file.take(len).read_to_end(&mut bytes)
        };
        read().map_err(|error| Failure::io(error, &self.input.path))?;
        Ok(bytes)
    }

    /// Adds a structure of the file.
    fn structure(&mut self, title: String, at: u64, bytes: Vec<u8>, parts: Vec<DumpPart>) -> &mut Section {
        let region = DumpRegion::new("", at, bytes, parts);
        self.sections.push(Section { title, regions: vec![region], ..Section::default() });
        self.sections.last_mut().expect("one was pushed")
    }

    /// Adds the start of the file: header lines and commit records.
    fn header(&mut self) -> Result<()> {
        let region = self.read(0, BLOCKS)?;
        let name = self.input.name.clone();
        let id = cut(&region, 40, 16);
        let lines = match cut(&region, 0, 64) == cut(&region, 4096, 64) {
            true => &[(0, "both copies are the same")][..],
            false => &[(0, "copy 1"), (4096, "copy 2")],
        };
        for &(at, which) in lines {
            let own = cut(&region, at, 64);
            let tell = |name: &str, bytes: &[u8]| match name {
                "MAGIC" => Some(verdict(bytes == b"\x89HYD\r\n\x1a\n", "not that of a Hydra file")),
                "CRC" => Some(checksum(little(bytes) as u64, cut(own, 0, 60))),
                "FILE_ID" => Some(dump::hex(bytes)),
                _ => None,
            };
            let parts = named_parts(FileHeader::fields(), at as u64, own, &tell);
            self.structure(format!("{name}  file header, {which}"), at as u64, own.to_vec(), parts);
        }
        for (slot, at) in [512usize, 4608].into_iter().enumerate() {
            let own = cut(&region, at, 128);
            if own.iter().all(|&byte| byte == 0) {
                let title = format!("{name}  commit record, slot {slot}: not written yet");
                self.sections.push(Section { title, ..Section::default() });
                continue;
            }
            let signed = [id, cut(own, 0, 124)].concat();
            let tell = |name: &str, bytes: &[u8]| match name {
                "COMMITTED" | "SYNCED" | "LAST_BLOCK" | "DIRECTORY" | "SCHEMA" | "META" => {
                    Some(if little(bytes) == 0 { "none".into() } else { format!("{:#x}", little(bytes)) })
                }
                "FLAGS" => {
                    Some(["0", "1: closed cleanly"].get(little(bytes) as usize).unwrap_or(&"?").to_string())
                }
                "CRC" => Some(checksum(little(bytes) as u64, &signed)),
                _ => None,
            };
            let parts = named_parts(Commit::fields(), at as u64, own, &tell);
            self.structure(format!("{name}  commit record, slot {slot}"), at as u64, own.to_vec(), parts);
        }
        let next =
            format!("next: hydra hex {name} {BLOCKS:#x} shows the first block, '[0]' the first record");
        self.sections.last_mut().into_iter().for_each(|last| last.remarks.push(next.clone()));
        Ok(())
    }

    fn offset(&mut self, offset: u64) -> Result<()> {
        if offset < BLOCKS {
            return self.header();
        }
        let reader = self.input.open()?;
        if offset >= reader.file_bytes() {
            let expected = format!("a file offset below {}", reader.file_bytes());
            let error = Error::new(ErrorKind::NoSuchPath).expected(expected).found(offset.to_string());
            return Err(self.input.failure(error));
        }
        let mut tables = reader.tables().iter().filter_map(|table| reader.dynamic_table(table.name()).ok());
        let listed = tables.find_map(|table| {
            let end = |entry: &Entry| entry.offset + u64::from(entry.line_count) * LINE;
            let own = |entry: &Entry| (entry.offset..end(entry)).contains(&offset);
            let entry = table.entries().flatten().find(own)?;
            Some((table, entry))
        });
        let other = || match reader.block_header(offset) {
            Ok(_) => Some(offset),
            Err(_) => {
                let mut blocks = reader.blocks().flatten();
                blocks.find(|(at, header)| (*at..header.end(*at)).contains(&offset)).map(|(at, _)| at)
            }
        };
        let Some(at) = listed.as_ref().map(|(_, entry)| entry.offset).or_else(other) else {
            let start = offset - offset % LINE;
            let bytes = self.read(start, LINE)?;
            self.structure("no committed block is here".into(), start, bytes, Vec::new());
            return Ok(());
        };
        let Ok(header) = reader.block_header(at) else {
            let fact = "the index has a DATA block here, and its header is damaged".to_string();
            self.block(&reader, at)?.fact = Some((fact, false));
            return Ok(());
        };
        if let (Some((table, entry)), Some(inside)) = (listed, offset.checked_sub(at + LINE)) {
            let position = inside / u64::from(header.stride).max(1);
            if position < u64::from(header.count) && not_rows(&header).is_none() {
                return self.record(&reader, &table, header.first + position, &entry, &Path::default());
            }
        }
        self.block(&reader, at)?;
        let payload =
            if is_columns(&header) { self.read(at + LINE, header.payload_bytes.into())? } else { Vec::new() };
        let columns = ColumnPayload::new(&reader, at, &header, &payload);
        if let Some(section) = columns.and_then(|columns| columns.section(&self.input.name, offset)) {
            self.sections.iter_mut().for_each(|header| header.remarks.push(String::new()));
            self.sections.push(section);
        } else if offset > at {
            let start = offset - offset % LINE;
            let bytes = self.read(start, LINE.min(header.end(at) - start))?;
            self.structure(format!("the line of {offset:#x}, in its payload"), start, bytes, Vec::new());
        }
        Ok(())
    }

    /// Adds the header of a block and the offsets of its regions.
    fn block(&mut self, reader: &Reader, at: u64) -> Result<&mut Section> {
        let own = self.read(at, LINE)?;
        let field = |name: &str| {
            let field = BlockHeader::fields().iter().find(|field| field.name == name);
            field.map_or(0, |field| little(cut(&own, field.offset, field.size)) as u64)
        };
        let records = field("COUNT") * field("STRIDE");
        let text = field("TEXT");
        let bytes = field("PAYLOAD");
        let payload = if bytes <= MOST_PAYLOAD { self.read(at + LINE, bytes)? } else { Vec::new() };
        let header = reader.block_header(at).ok();
        let columns = header.and_then(|header| ColumnPayload::new(reader, at, &header, &payload));
        let sync = reader.file_id().first_chunk().map_or(0, |id| u64::from_le_bytes(*id)) ^ at;
        let kind = BlockKind::from_code(field("KIND") as u8);
        let kind_name = kind.map_or("unknown".into(), |kind| format!("{kind:?}").to_uppercase());
        let tell = |name: &str, bytes: &[u8]| {
            let number = little(bytes) as u64;
            Some(match name {
                "MAGIC" => {
                    format!("{:?} {}", String::from_utf8_lossy(bytes), verdict(bytes == b"HBLK", "not HBLK"))
                }
                "KIND" => format!("{number}: {kind_name}"),
                "FLAGS" if number == 1 => format!("{number}: replaces another block"),
                "FLAGS" if number > 1 => format!("{number}: unknown"),
                "LAYOUT" => format!("{number}: {}", layout_name(number)),
                "ENCODING" => format!("{number}: {}", if number == 0 { "none" } else { "unknown" }),
                "LINES" => format!("{}, {}", plural(number, "line"), size(number * LINE)),
                "SYNC" => verdict(number == sync, "of another place or file")
                    .replace('✓', "✓ this place in this file"),
                "DISTANCE" if number > 0 => {
                    format!("{}: the block at {:#x}", count(number), at.saturating_sub(number * LINE))
                }
                "DISTANCE" => "0: the first block".into(),
                "TEXT" if columns.is_some() => columns.as_ref()?.checksum(number),
                "TEXT" if number > 0 => format!("{}: {:#x}", count(number), at + LINE + number),
                "PAYLOAD" => size(number),
                "PAYLOAD_CRC" => checksum(number, &payload),
                "CRC" => checksum(number, cut(&own, 0, 60)),
                _ => return None,
            })
        };
        let title = format!("{}  {kind_name} block at {at:#x}", self.input.name);
        let mut parts = named_parts(BlockHeader::fields(), at, &own, &tell);
        columns.iter().for_each(|_| ColumnPayload::name(&mut parts));
        let section = self.structure(title, at, own, parts);
        if let Some(columns) = columns {
            section.remarks = columns.remarks();
        } else if let Some(unknown) = header.and_then(|header| not_rows(&header)) {
            section.remarks = vec![format!("  {unknown}: the regions of its payload cannot be shown")];
        } else if kind == Some(BlockKind::Data) {
            let start = at + LINE;
            let heap = records.next_multiple_of(LINE);
            let places = [("records", 0, records), ("heap", heap, text), ("text", text, bytes)];
            let remark = |(name, from, to): (&str, u64, u64)| {
                format!("  {name:<8}  {:#x}..{:#x}  {}", start + from, start + to, size(to - from))
            };
            section.remarks = places.into_iter().filter(|(_, from, to)| from < to).map(remark).collect();
        }
        Ok(section)
    }

    fn path(&mut self, text: &str, table: Option<&str>) -> Result<()> {
        let locator: Locator = parse(text)?;
        let reader = self.input.open()?;
        self.input.admit(&reader, true, self.console)?;
        let table = self.input.table(&reader, locator.table.as_deref().or(table))?;
        let (range, _) = get::which(self.input, &table, &locator)?;
        let left = (range.end - range.start).saturating_sub(MOST_RECORDS);
        for index in range.take(MOST_RECORDS as usize) {
            let here = |entry: &Entry| (entry.first..entry.end()).contains(&index);
            let entry = table.entries().flatten().find(here).ok_or_else(|| {
                let error = table.get(index).err().unwrap_or_else(|| Error::new(ErrorKind::Chain));
                self.input.failure(error)
            })?;
            self.record(&reader, &table, index, &entry, &locator.path)?;
        }
        if left > 0 {
            self.console.note(&format!("{} more are not shown", plural(left, "record")));
        }
        Ok(())
    }

    /// Adds a record and the data it refers to; with a path, the legend has only what lies there.
    fn record(
        &mut self,
        reader: &Reader,
        table: &Table<Dynamic>,
        index: u64,
        entry: &Entry,
        path: &Path,
    ) -> Result<()> {
        let failure = |error: Error| self.input.failure(error);
        let header = reader.block_header(entry.offset).map_err(failure)?;
        let record = table.get(index);
        let value = record.as_ref().ok().map(|record| record.value());
        if let Some(value) = value {
            let at = |error: Error| failure(error.place(format!("table {}", table.name())));
            value.follow(path).map_err(at)?;
        }
        if not_rows(&header).is_some() {
            let (of, name, columns) = (count(table.len()), table.name(), is_columns(&header));
            let place =
                if columns { "its fields are in the streams below" } else { "somewhere in this block" };
            let fact = format!("table {name}, record {index} of {of}: {place}");
            self.block(reader, entry.offset)?.fact = Some((fact, columns));
            let told = record.err().map(|error| self.input.failure(error));
            told.iter().for_each(|failure| self.console.complain(failure));
            return Ok(());
        }
        let start = entry.offset + LINE;
        let bytes = self.read(start, header.payload_bytes.into())?;
        let info = reader.schemas().find(|(id, _)| *id == header.schema);
        let schema = info.map_or(table.schema(), |(_, info)| info.schema());
        let stride = u64::from(header.stride);
        let text = u64::from(header.text);
        let heap = (u64::from(header.count) * stride).next_multiple_of(LINE);
        let mut annotator = Annotator::new(BlockPayload { bytes: &bytes, start, heap, text, schema });
        let position = index.saturating_sub(header.first);
        let at = position.saturating_mul(stride).min(header.payload_bytes.into());
        let (regions, left) = annotator.record(at, value, &|part| is_wanted(part, path));
        let of = count(table.len());
        let size = plural(stride, "byte");
        let title = format!("table {}, record {index} of {of}: {size} at {:#x}", table.name(), start + at);
        let crc = checksum(header.payload_crc.into(), &bytes);
        let place = format!("record {position} of {}", count(header.count.into()));
        let place = format!("{place} in its DATA block at {:#x}", entry.offset);
        let fact = Some((format!("{place}; block header ✓, payload checksum {crc}"), value.is_some()));
        let title = format!("{}  {title}", self.input.name);
        self.sections.push(Section { title, fact, regions, remarks: Vec::new() });
        if left > 0 {
            let left = plural(left as u64, "more reference");
            self.console.note(&format!("{left} not shown; the path of a field shows its references"));
        }
        if let Err(error) = record {
            self.console.complain(&self.input.failure(error));
        }
        Ok(())
    }
}

/// Returns true if a part is at the path or inside it.
fn is_wanted(part: &DumpPart, path: &Path) -> bool {
    let wanted = path.to_string();
    let rest = part.name.strip_prefix("key ").unwrap_or(&part.name).strip_prefix(&wanted);
    rest.is_some_and(|rest| rest.is_empty() || wanted.is_empty() || rest.starts_with(['.', '[', ':', '?']))
}
