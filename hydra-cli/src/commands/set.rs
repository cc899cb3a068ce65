//! `hydra set`: changes values of records, all of the assignments or none, in one commit.
#![forbid(unsafe_code)]

use crate::args::{Set, Shape};
use crate::commands::{cat, get};
use crate::console::Console;
use crate::failure::{Exit, Failure, Result};
use crate::render::escape;
use crate::source::Input;
use hydra::reflect::{Locator, Spelling};
use hydra::{Dynamic, Editor, Error, ErrorKind, ValueMut, Writer};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

/// A value that was changed, before and after, for people and as JSON.
struct Change {
    path: String,
    old: (String, String),
    new: (String, String),
    /// Types whose invariants nobody checked.
    unchecked: Vec<String>,
}

pub(crate) fn run(args: &Set, console: &mut Console) -> Result<Exit> {
    if args.file == Path::new("-") {
        return Err(Failure::usage("stdin cannot be changed").help("give the name of a file"));
    }
    let assignments = args.assignments.iter().map(|text| split(text)).collect::<Result<Vec<_>>>()?;
    if args.expect.len() > assignments.len() {
        return Err(Failure::usage("more values are expected than set"));
    }
    // Before anything else: a pipe, which would be read as a copy, is refused.
    let options = if args.no_lock { Writer::options().without_lock() } else { Writer::options() };
    let mut editor = options.edit(&args.file).map_err(|error| error.in_file(&args.file))?;
    let input = Input::new(&args.file, console)?;
    let mut changes = Vec::new();
    for (number, (locator, text)) in assignments.iter().enumerate() {
        let change = assign(&mut editor, &input, args.table.as_deref(), locator, text)?;
        if let Some(expected) = args.expect.get(number).filter(|expected| **expected != change.old.0) {
            let place =
                format!("{}, at {}: expected {expected}, found {}", input.name, change.path, change.old.0);
            let failure = Failure::new("HY0624", "the file has another value; nothing is changed");
            return Err(failure.place(place).exit(Exit::No));
        }
        changes.push(change);
    }
    let unchecked: BTreeSet<&String> = changes.iter().flat_map(|change| &change.unchecked).collect();
    for name in unchecked {
        console.warn(&format!(
            "the invariant of {name} was not checked: only the program that owns the type can"
        ));
    }
    if !args.dry_run {
        editor.finish().map_err(|error| input.failure(error))?;
    }
    match args.format {
        Shape::Json => {
            let (file, dry_run) = (json!(input.name), args.dry_run);
            write!(console, "{{\"version\":1,\"file\":{file},\"dry_run\":{dry_run},\"changes\":[")?;
            for (number, Change { path, old, new, .. }) in changes.iter().enumerate() {
                let (comma, path) = (if number > 0 { "," } else { "" }, json!(path));
                write!(console, "{comma}\n{{\"path\":{path},\"old\":{},\"new\":{}}}", old.1, new.1)?;
            }
            writeln!(console, "\n]}}")?;
        }
        Shape::Text => {
            for Change { path, old, new, .. } in &changes {
                writeln!(console, "{}: {} -> {}", escape::line(path), old.0, new.0)?;
            }
            if args.dry_run {
                console.note("nothing is written: --dry-run");
            }
        }
    }
    Ok(Exit::Done)
}

/// A path and the text of its new value. Keys in a path may hold `=`: the first outside of quotes counts.
fn split(text: &str) -> Result<(Locator, &str)> {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.char_indices().find(|&(_, c)| {
        match c {
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        c == '=' && !quoted
    });
    let Some((at, _)) = end else {
        let failure = Failure::usage(format!("no value in {text:?}"));
        return Err(failure.help("PATH=VALUE, such as '[0].price=1.5'"));
    };
    let (path, value) = text.split_at(at);
    Ok((get::parse(path)?, value.get(1..).unwrap_or_default()))
}

/// Stages one change.
fn assign(
    editor: &mut Editor,
    input: &Input,
    table: Option<&str>,
    locator: &Locator,
    text: &str,
) -> Result<Change> {
    let table = input.table(editor.reader(), locator.table.as_deref().or(table))?;
    let (range, one) = get::which(input, &table, locator)?;
    if !one {
        let failure = Failure::usage(format!("{locator} is not one record"));
        return Err(failure.help("an index picks one: [0], [-1]"));
    }
    let index = i64::try_from(range.start).unwrap_or(i64::MAX);
    let place = format!("table {}, record {index}", table.name());
    let failure = |error: Error| input.failure(error.place(place.as_str()));
    let spelled = |value: hydra::Value<'_>| {
        let json = serde_json::to_string(&value).unwrap_or_default();
        (cat::cell(value, Spelling::default()).text, json)
    };
    let record = editor.record(table.name(), index).map_err(failure)?;
    let mut value = record.follow(&locator.path).map_err(failure)?;
    let old = spelled(value.value());
    change(&mut value, text, &locator.path.to_string(), &failure)?;
    let unchecked = value.invariants_skipped().into_iter().map(str::to_string).collect();
    Ok(Change { path: locator.to_string(), old, new: spelled(value.value()), unchecked })
}

/// Sets a value from text: a scalar as it is spelled alone, anything else as JSON.
fn change(
    value: &mut ValueMut<'_>,
    text: &str,
    path: &str,
    failure: &dyn Fn(Error) -> Failure,
) -> Result<()> {
    let refused = match value.set_str(text) {
        Err(error) if text.trim_start().starts_with(['[', '{']) => error,
        outcome => return outcome.map_err(failure),
    };
    if value.settable().is_err() {
        return Err(failure(refused));
    }
    let schema = value.value().to_dynamic().map_err(failure)?.schema().clone();
    let mut json = serde_json::Deserializer::from_str(text);
    let new = Dynamic::deserialize(&schema, &mut json).and_then(|new| json.end().map(|()| new));
    let new = new.map_err(|error| {
        let what = format!("the JSON is not a value of the type: {error}");
        failure(
            Error::new(ErrorKind::WrongKind).what(what).expected(schema.spell_rust(schema.root())).path(path),
        )
    })?;
    value.set_value(new.value()).map_err(failure)
}
