//! `hydra diff` compares two files: metadata and schemas, then records with the same index or key.

use crate::args::{DiffArgs, Format};
use crate::console::Console;
use crate::failure::{Exit, Failure, Result};
use crate::progress::ProgressBar;
use crate::records::parse;
use crate::render::plain::{self, PrintedValue};
use crate::schemas::pair;
use crate::source::Input;
use crate::text::{TextStyle, count, escape, plural};
use hydra::reflect::{Difference, Locator, Path, Records, Spelling, Step};
use hydra::{Dynamic, Reader, Table, Value};
use serde_json::json;
use similar::{ChangeTag, TextDiff};
use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::ops::Range;

pub(crate) fn run(args: &DiffArgs, console: &mut Console) -> Result<Exit> {
    let key = args.key.as_deref().map(parse::<Path>).transpose()?;
    let (left, right) = (Input::new(&args.left, console)?, Input::new(&args.right, console)?);
    let sides = [Side::open(&left, console)?, Side::open(&right, console)?];
    let names = sides.each_ref().map(|side| side.names(args.table.as_deref()));
    if names.iter().all(Vec::is_empty) && args.table.is_some() {
        // The error lists the existing tables.
        left.table(&sides[0].reader, args.table.as_deref())?;
    }
    let pairs = pair(&names[0], &names[1], |name| name);
    let json = args.format == Format::Json;
    let mut out = DiffPrinter { console, json, count: 0, compared: 0, changed: 0, only: [0; 2] };
    out.begin(&sides)?;
    if args.table.is_none() {
        metadata(&sides, &mut out)?;
    }
    for names in &pairs {
        match *names {
            [Some(name), Some(other)] => {
                let tables = [sides[0].table(name)?, sides[1].table(other)?];
                schemas(&tables, &mut out)?;
                let pair = TablePair { many: pairs.len() > 1, sides: &sides, tables };
                match &key {
                    None => pair.by_index(&mut out)?,
                    Some(key) => pair.by_key(key, &mut out)?,
                }
            }
            [one, other] => {
                let name = one.or(other).copied().unwrap_or_default();
                out.only(usize::from(one.is_none()), &format!("table {name}"), None)?;
            }
        }
    }
    out.end(&sides)
}

/// One of the two files.
struct Side<'a> {
    input: &'a Input,
    reader: Reader,
}

impl<'a> Side<'a> {
    fn open(input: &'a Input, console: &mut Console) -> Result<Side<'a>> {
        let reader = input.open()?;
        input.admit(&reader, false, console)?;
        Ok(Side { input, reader })
    }

    /// Returns the names of the tables, or only the given one if it exists.
    fn names(&self, wanted: Option<&str>) -> Vec<&str> {
        let names = self.reader.tables().iter().map(|table| table.name());
        names.filter(|name| wanted.is_none_or(|wanted| wanted == *name)).collect()
    }

    fn table(&self, name: &str) -> Result<Table<Dynamic>> {
        self.reader.dynamic_table(name).map_err(|error| self.input.failure(error))
    }
}

fn metadata(sides: &[Side<'_>; 2], out: &mut DiffPrinter<'_>) -> Result<()> {
    let pairs = |side: &Side<'_>| side.reader.metadata().cloned().map_err(|error| side.input.failure(error));
    let [left, right] = [pairs(&sides[0])?, pairs(&sides[1])?];
    for key in left.keys().chain(right.keys()).collect::<BTreeSet<_>>() {
        if left.get(key) != right.get(key) {
            let [old, new] = [left.get(key), right.get(key)].map(metadata_value);
            out.change(&format!("metadata {key}"), old, new)?;
        }
    }
    Ok(())
}

/// Compares the schemas as text, line by line.
fn schemas(tables: &[Table<Dynamic>; 2], out: &mut DiffPrinter<'_>) -> Result<()> {
    let [old, new] = tables.each_ref().map(|table| table.schema().to_string());
    let diff = TextDiff::from_lines(&old, &new);
    let lines = |tag: ChangeTag| {
        let changes = diff.iter_all_changes().filter(move |change| change.tag() == tag);
        changes.map(|change| change.value().trim_end().to_string()).collect::<Vec<_>>()
    };
    match (lines(ChangeTag::Delete), lines(ChangeTag::Insert)) {
        (gone, new) if gone.is_empty() && new.is_empty() => Ok(()),
        (gone, new) => out.schema(tables[0].name(), &gone, &new),
    }
}

/// Two tables to compare.
struct TablePair<'a> {
    /// There are other tables, so paths include the name of the table.
    many: bool,
    sides: &'a [Side<'a>; 2],
    tables: [Table<Dynamic>; 2],
}

impl TablePair<'_> {
    /// Returns the path of the table: `[Order]` if there are other tables, otherwise empty.
    fn locator(&self) -> Locator {
        let mut locator = Locator::default();
        locator.table = self.many.then(|| self.tables[0].name().to_string());
        locator
    }

    /// Returns the path of a record: `[3]`, or `[Order][3]` if there are other tables.
    fn place(&self, index: u64) -> String {
        let mut place = self.locator();
        place.records = Some(Records::One(i64::try_from(index).unwrap_or(i64::MAX)));
        place.to_string()
    }

    /// Calls `take` for these records of one side, in order.
    fn each(
        &self,
        side: usize,
        records: Range<u64>,
        take: &mut dyn FnMut(u64, Value<'_>) -> Result<()>,
    ) -> Result<()> {
        for block in self.tables[side].range(records) {
            let block = block.map_err(|error| self.sides[side].input.failure(error))?;
            block.values().zip(block.first()..).try_for_each(|(value, index)| take(index, value))?;
        }
        Ok(())
    }

    fn by_index(&self, out: &mut DiffPrinter<'_>) -> Result<()> {
        let [left, right] = self.tables.each_ref().map(Table::len);
        let progress = ProgressBar::start("comparing", left.max(right));
        for block in self.tables[0].blocks() {
            let block = block.map_err(|error| self.sides[0].input.failure(error))?;
            progress.set(block.first());
            let mut ones = block.values().zip(block.first()..);
            let end = block.first().saturating_add(block.len() as u64);
            self.each(1, block.first()..end, &mut |index, other| {
                out.compare(&self.place(index), ones.next().map(|(one, _)| one), Some(other))
            })?;
            ones.try_for_each(|(one, index)| out.compare(&self.place(index), Some(one), None))?;
        }
        self.each(1, left..right.max(left), &mut |index, other| {
            progress.set(index);
            out.compare(&self.place(index), None, Some(other))
        })
    }

    /// Compares records with the same key. The keys of both files are kept in memory.
    fn by_key(&self, key: &Path, out: &mut DiffPrinter<'_>) -> Result<()> {
        let [left, right] = &self.tables;
        let progress = ProgressBar::start("comparing", left.len());
        let lefts = self.keys(0, key)?;
        let mut rights = self.keys(1, key)?;
        let table = self.locator();
        let place = |text: &str| format!("{table}[{key}={text}]");
        let twin = |index: u64| right.get(index).map_err(|error| self.sides[1].input.failure(error));
        let mut lefts = in_order(lefts).into_iter();
        self.each(0, 0..left.len(), &mut |index, one| {
            progress.set(index);
            let Some((text, _)) = lefts.next() else { return Ok(()) };
            let other = rights.remove(&text).map(twin).transpose()?;
            out.compare(&place(&text), Some(one), other.as_ref().map(|other| other.value()))
        })?;
        for (text, index) in in_order(rights) {
            out.compare(&place(&text), None, Some(twin(index)?.value()))?;
        }
        Ok(())
    }

    /// Returns the index of the record of each key.
    fn keys(&self, side: usize, key: &Path) -> Result<HashMap<String, u64>> {
        let input = self.sides[side].input;
        let table = &self.tables[side];
        let mut places = HashMap::new();
        self.each(side, 0..table.len(), &mut |index, record| {
            let found = record.follow(key).map_err(|error| {
                input.failure(error.place(format!("table {}, record {index}", table.name())))
            })?;
            let text = plain::line(found, Spelling::default());
            let Some(before) = places.insert(text.clone(), index) else { return Ok(()) };
            let records = format!("{} and {}", self.place(before), self.place(index));
            Err(Failure::new("HY0625", "two records have the same key")
                .place(format!("{}: {records}, {key} {text}", input.name))
                .help("without --key, records with the same index are compared"))
        })?;
        Ok(places)
    }
}

fn in_order(places: HashMap<String, u64>) -> Vec<(String, u64)> {
    let mut places: Vec<(String, u64)> = places.into_iter().collect();
    places.sort_unstable_by_key(|(_, index)| *index);
    places
}

/// Prints differences as lines, or as one JSON document that is written piece by piece.
struct DiffPrinter<'a> {
    console: &'a mut Console,
    json: bool,
    /// The numbers of differences, and of records that were compared, changed, or found in only one of the
    /// files.
    count: u64,
    compared: u64,
    changed: u64,
    only: [u64; 2],
}

impl DiffPrinter<'_> {
    fn begin(&mut self, sides: &[Side<'_>; 2]) -> Result<()> {
        if self.json {
            let names = json!([sides[0].input.name, sides[1].input.name]);
            write!(self.console, "{{\"version\":1,\"files\":{names},\"differences\":[")?;
        }
        Ok(())
    }

    /// Prints a difference: the members of a JSON object, or lines with a style.
    fn add(&mut self, place: &str, members: &str, lines: &[(Option<TextStyle>, String)]) -> Result<()> {
        let comma = if self.count > 0 { "," } else { "" };
        self.count += 1;
        if self.json {
            return Ok(write!(self.console, "{comma}\n{{\"at\":{},{members}}}", json!(place))?);
        }
        for (style, line) in lines {
            let line = escape::line(line);
            let line = style.map_or(line.to_string(), |style| self.console.paint(style, &line));
            writeln!(self.console, "{line}")?;
        }
        Ok(())
    }

    /// Compares two records, or reports that only one file has the record.
    fn compare(&mut self, place: &str, left: Option<Value<'_>>, right: Option<Value<'_>>) -> Result<()> {
        let (Some(left), Some(right)) = (left, right) else {
            let side = usize::from(left.is_none());
            self.only[side] += 1;
            return self.only(side, place, left.or(right));
        };
        self.compared += 1;
        if left == right {
            return Ok(());
        }
        self.changed += 1;
        let differences = left.diff(right);
        let full = differences.len() == Difference::MAX;
        for Difference { path, left, right, .. } in differences {
            let dot = if matches!(path.steps().first(), Some(Step::Field(_))) { "." } else { "" };
            self.change(&format!("{place}{dot}{path}"), shown(left), shown(right))?;
        }
        if full {
            let most = Difference::MAX;
            self.console.note(&format!("{place} has {most} differences or more; the rest is not listed"));
        }
        Ok(())
    }

    /// Prints a changed value.
    fn change(&mut self, place: &str, left: PrintedValue, right: PrintedValue) -> Result<()> {
        let line = format!("{place}: {} -> {}", left.text, right.text);
        self.add(place, &format!("\"left\":{},\"right\":{}", left.json, right.json), &[(None, line)])
    }

    /// Prints something that only one file has.
    fn only(&mut self, side: usize, place: &str, value: Option<Value<'_>>) -> Result<()> {
        let (sign, style, name) = [("-", TextStyle::Bad, "left"), ("+", TextStyle::Good, "right")][side];
        let (text, member) = match value.map(PrintedValue::of) {
            Some(PrintedValue { text, json }) => (format!(" {text}"), format!(",\"{name}\":{json}")),
            None => Default::default(),
        };
        let line = format!("{sign} {place}{text}");
        self.add(place, &format!("\"only\":\"{name}\"{member}"), &[(Some(style), line)])
    }

    fn schema(&mut self, table: &str, left: &[String], right: &[String]) -> Result<()> {
        let place = format!("schema of {table}");
        let mut lines = vec![(None, place.clone())];
        lines.extend(left.iter().map(|line| (Some(TextStyle::Bad), format!("- {line}"))));
        lines.extend(right.iter().map(|line| (Some(TextStyle::Good), format!("+ {line}"))));
        self.add(&place, &format!("\"left\":{},\"right\":{}", json!(left), json!(right)), &lines)
    }

    fn end(self, sides: &[Side<'_>; 2]) -> Result<Exit> {
        let DiffPrinter { compared, changed, only: [left, right], .. } = self;
        let equal = self.count == 0;
        if self.json {
            let records =
                json!({ "compared": compared, "changed": changed, "left_only": left, "right_only": right });
            let tab = if equal { "" } else { "\n" };
            writeln!(self.console, "{tab}],\"records\":{records},\"equal\":{equal}}}")?;
        } else if equal {
            let text = format!("✓ no difference in {}", plural(compared, "record"));
            self.console.line(TextStyle::Good, &text)?;
        } else {
            let names = sides.each_ref().map(|side| escape::line(&side.input.name).into_owned());
            let only = [left, right].into_iter().zip(&names).filter(|(count, _)| *count > 0);
            let only: String = only.map(|(only, name)| format!(", {} only in {name}", count(only))).collect();
            let text = format!("{} of {} changed{only}", count(changed), plural(compared, "record"));
            self.console.line(TextStyle::Bold, &text)?;
        }
        Ok(if equal { Exit::Done } else { Exit::No })
    }
}

/// Returns a side of a change, which may have no value.
fn shown(value: Option<Value<'_>>) -> PrintedValue {
    value.map_or_else(nothing, PrintedValue::of)
}

fn nothing() -> PrintedValue {
    PrintedValue { text: "(none)".into(), json: "null".into() }
}

fn metadata_value(bytes: Option<&Vec<u8>>) -> PrintedValue {
    let Some(bytes) = bytes else { return nothing() };
    let text = String::from_utf8_lossy(bytes).into_owned();
    PrintedValue { json: json!(text).to_string(), text }
}
