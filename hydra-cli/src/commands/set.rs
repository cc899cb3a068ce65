//! `hydra set` changes values of records in one commit: all assignments are made, or none.

use crate::args::{Format, SetArgs};
use crate::columns::innermost;
use crate::commands::get;
use crate::console::Console;
use crate::failure::{Exit, Failure, Result};
use crate::records::{parse, split};
use crate::render::plain::PrintedValue;
use crate::source::Input;
use crate::text::escape;
use hydra::reflect::{Locator, Why};
use hydra::{Dynamic, Editor, Error, ErrorKind, Kind, ValueMut, Writer};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

/// A changed value, before and after.
struct ValueChange {
    path: String,
    old: PrintedValue,
    new: PrintedValue,
    /// Types whose invariants were not checked.
    unchecked: Vec<String>,
}

pub(crate) fn run(args: &SetArgs, console: &mut Console) -> Result<Exit> {
    if args.file == Path::new("-") {
        return Err(Failure::usage("stdin cannot be changed").help("give the name of a file"));
    }
    let assignments = args.assignments.iter().map(|text| assignment(text)).collect::<Result<Vec<_>>>()?;
    if !args.expect.is_empty() && args.expect.len() != assignments.len() {
        return Err(Failure::usage("there is not one --expect option for each value to set"));
    }
    // This comes first to refuse a pipe, which would be read from a copy.
    let options = if args.no_lock { Writer::options().without_lock() } else { Writer::options() };
    let mut editor = options.edit(&args.file).map_err(|error| error.in_file(&args.file))?;
    let input = Input::new(&args.file, console)?;
    let mut changes = Vec::new();
    for (number, (locator, text)) in assignments.iter().enumerate() {
        let change = assign(&mut editor, &input, args.table.as_deref(), locator, text)?;
        let ValueChange { path, old, .. } = &change;
        if let Some(expected) = args.expect.get(number).filter(|expected| **expected != old.text) {
            let place = format!("{}, at {path}: expected {expected}, found {}", input.name, old.text);
            let failure = Failure::new("HY0624", "the file has another value; nothing is changed");
            return Err(failure.place(place).exit(Exit::No));
        }
        changes.push(change);
    }
    let unchecked: BTreeSet<&String> = changes.iter().flat_map(|change| &change.unchecked).collect();
    for name in unchecked {
        let why = "only the program that defines the type can check it";
        console.warn(&format!("the invariant of {name} was not checked: {why}"));
    }
    if !args.dry_run {
        editor.finish().map_err(|error| input.failure(error))?;
    }
    if args.format == Format::Json {
        let file = json!(input.name);
        let dry_run = args.dry_run;
        write!(console, "{{\"version\":1,\"file\":{file},\"dry_run\":{dry_run},\"changes\":[")?;
        let change = |ValueChange { path, old, new, .. }: &ValueChange| {
            format!("\n{{\"path\":{},\"old\":{},\"new\":{}}}", json!(path), old.json, new.json)
        };
        writeln!(console, "{}\n]}}", changes.iter().map(change).collect::<Vec<_>>().join(","))?;
        return Ok(Exit::Done);
    }
    for ValueChange { path, old, new, .. } in &changes {
        writeln!(console, "{}: {} -> {}", escape::line(path), old.text, new.text)?;
    }
    if args.dry_run {
        console.note("nothing is written, because of --dry-run");
    }
    Ok(Exit::Done)
}

/// Splits an argument into a path and the text of the new value, at the first `=` outside quotes.
fn assignment(text: &str) -> Result<(Locator, &str)> {
    let Some((path, value)) = split(text, '=') else {
        let failure = Failure::usage(format!("no value in {text:?}"));
        return Err(failure.help("PATH=VALUE, such as '[0].price=1.5'"));
    };
    Ok((parse(path)?, value))
}

/// Makes one change in the editor, which commits it later.
fn assign(
    editor: &mut Editor,
    input: &Input,
    table: Option<&str>,
    locator: &Locator,
    text: &str,
) -> Result<ValueChange> {
    let table = input.table(editor.reader(), locator.table.as_deref().or(table))?;
    let (range, one) = get::which(input, &table, locator)?;
    if !one {
        let which = locator.to_string();
        let which = if which.is_empty() { "a whole table" } else { &which };
        let failure = Failure::usage(format!("{which} is not one record"));
        return Err(failure.help("an index selects one: [0], [-1]"));
    }
    let index = i64::try_from(range.start).unwrap_or(i64::MAX);
    let place = format!("table {}, record {index}", table.name());
    let failure = |error: Error| input.failure(error.place(place.as_str()));
    let record = editor.record(table.name(), index).map_err(failure)?;
    let mut value = record.follow(&locator.path).map_err(failure)?;
    let old = PrintedValue::of(value.value());
    change(&mut value, text, &locator.path.to_string(), &failure)?;
    let unchecked = value.invariants_skipped().into_iter().map(str::to_string).collect();
    Ok(ValueChange { path: locator.to_string(), old, new: PrintedValue::of(value.value()), unchecked })
}

/// Sets a value from text, by the rules of docs/VALUES.md, "On the command line".
fn change(
    value: &mut ValueMut<'_>,
    text: &str,
    path: &str,
    failure: &dyn Fn(Error) -> Failure,
) -> Result<()> {
    let schema = value.value().to_dynamic().map_err(failure)?.schema().clone();
    let (ty, optional) = innermost(&schema, schema.root());
    let kind = ty.kind();
    let wrong = |error: Error| {
        let error = error.expected(schema.spell_rust(schema.root()));
        failure(if path.is_empty() { error } else { error.path(path) })
    };
    let null = text == "null";
    let is_bytes = matches!(kind, Kind::Bytes | Kind::Opaque);
    if null && !optional && (is_bytes || kind == Kind::String) && value.settable().is_ok() {
        let error = Error::from(Why::WrongKind).found(text);
        return Err(wrong(
            error.help("the value is not optional; the text null is written in quotes: \"null\""),
        ));
    }
    let quoted = serde_json::to_string(text)?;
    let json = match kind {
        _ if text.starts_with('"') => text,
        _ if is_bytes && !text.starts_with("0x") && !null => &quoted,
        Kind::String | Kind::Char => "",
        Kind::Enum if ty.variants().iter().any(|variant| variant.name() == text) => "",
        _ if text.trim_start().starts_with(['[', '{']) => text,
        _ => "",
    };
    if json.is_empty() || value.settable().is_err() {
        return value.set_str(text).map_err(failure);
    }
    let mut from = serde_json::Deserializer::from_str(json);
    let new = Dynamic::deserialize(&schema, &mut from).and_then(|new| from.end().map(|()| new));
    let new = new.map_err(|error| {
        let what = format!("the JSON is not a value of the type: {error}");
        wrong(Error::new(ErrorKind::WrongKind).what(what))
    })?;
    value.set_value(new.value()).map_err(failure)
}
