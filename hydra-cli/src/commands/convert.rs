//! `hydra convert` converts files between Hydra and other formats and reports every loss.

use crate::args::{ConvertArgs, Format};
use crate::console::Console;
use crate::export::Exporter;
use crate::failure::{Exit, Failure, Result};
use crate::import;
use crate::records::TableRecords;
use crate::schemas;
use crate::source::Input;
use crate::target::Target;
use crate::text::plural;
use hydra::evolve::{Change, Rule};
use hydra::{Dynamic, Table};
use std::path::{Path, PathBuf};

pub(crate) fn run(args: &ConvertArgs, console: &mut Console) -> Result<Exit> {
    let from = args.from.map_or_else(|| guess_all(&args.inputs), Ok)?;
    let to = args.to.map_or_else(|| guess(&args.output, "OUT", "--to"), Ok)?;
    match (from, to) {
        (Format::Hydra, to) if to != Format::Hydra => export(args, to, console),
        (Format::Hydra, _) if args.schema.is_some() => migrate(args, console),
        (from, Format::Hydra) if from != Format::Hydra => import::run(args, from, console),
        (from, to) => {
            let words = format!("{} cannot be converted to {}", from.name(), to.name());
            let help = match args.layout {
                Some(_) if from == Format::Hydra => {
                    "hydra compact --layout gives a Hydra file another layout"
                }
                _ => "one of IN and OUT must be a Hydra file; --schema gives a Hydra file another schema",
            };
            Err(Failure::usage(words).help(help))
        }
    }
}

/// Returns the format of all files, which must be the same.
fn guess_all(paths: &[PathBuf]) -> Result<Format> {
    let formats = paths.iter().map(|path| guess(path, "IN", "--from")).collect::<Result<Vec<_>>>()?;
    match formats.as_slice() {
        [first, rest @ ..] if rest.iter().all(|format| format == first) => Ok(*first),
        _ => Err(Failure::usage("the input files have different formats")),
    }
}

fn guess(path: &Path, which: &str, option: &str) -> Result<Format> {
    Format::of(path).ok_or_else(|| {
        let words = format!("the format of {which} is not clear from {:?}", path.display().to_string());
        Failure::usage(words).help(format!("{option} hydra, csv, ndjson, json, msgpack or cbor"))
    })
}

fn export(args: &ConvertArgs, format: Format, console: &mut Console) -> Result<Exit> {
    if args.schema.is_some() || args.layout.is_some() {
        return Err(Failure::usage("--schema and --layout work only when OUT is a Hydra file"));
    }
    let null = match args.null.as_slice() {
        [] => "",
        [null] if format == Format::Csv && !null.contains([',', '"', '\r', '\n']) => null,
        _ => {
            let words = "--null works only with CSV; for output, give it once, without commas and quotes";
            return Err(Failure::usage(words));
        }
    };
    let target = Target::named(&args.output, args.force, args.no_lock)?;
    let [input] = args.inputs.as_slice() else {
        return Err(Failure::usage("only one Hydra file can be converted at a time"));
    };
    let mut records = TableRecords::open(input, &args.select.source, None, &args.select.fields, console)?;
    let keys = records.metadata()?.len() as u64;
    let mut exporter = Exporter::new(format, &records, target.is_stdout() && console.width.is_some())?;
    exporter.null = null.to_string();
    target.write_text(console, |out| {
        exporter.start(records.table.name(), out)?;
        records.each(0..u64::MAX, &mut |value| exporter.record(value, out))?;
        exporter.finish(out)
    })?;
    let mut losses = exporter.losses();
    if keys > 0 {
        losses.push(format!("metadata is not kept ({})", plural(keys, "key")));
    }
    Ok(records.conclude(&losses, console))
}

/// Copies a file and gives the records of one table another schema; the other tables do not change.
fn migrate(args: &ConvertArgs, console: &mut Console) -> Result<Exit> {
    if !args.null.is_empty() || !args.select.fields.is_empty() {
        return Err(Failure::usage("--null and --fields do not work when a Hydra file gets another schema"));
    }
    let [path] = args.inputs.as_slice() else {
        return Err(Failure::usage("only one Hydra file can be converted at a time"));
    };
    let target = Target::named(&args.output, args.force, args.no_lock)?;
    let source = &args.select.source;
    let (name, schema) = match &args.schema {
        Some(file) => schemas::one(file, source.table.as_deref(), console)?,
        None => return Err(Failure::usage("no schema")),
    };
    let input = Input::new(path, console)?;
    let reader = input.open()?;
    let names: Vec<String> = reader.tables().iter().map(|table| table.name().to_string()).collect();
    let chosen = source.table.as_deref().or((names.len() > 1).then_some(name.as_str()));
    let mut records = TableRecords::of(input, reader, source, chosen, &[], console)?;
    // A table that has the name of its type gets the name of the new type.
    let plain = records.table.schema().name() == records.table.name();
    let new_name = if plain { schema.name() } else { records.table.name().to_string() };
    let migrated = records.table.read_as(&schema).map_err(|error| records.input.failure(error))?;
    let losses = lost(&migrated).map_err(|error| records.input.failure(error))?;
    target.write_hydra(args.layout, console, |writer| {
        for name in &names {
            let own = migrated.name() == name;
            records.table =
                if own { migrated.clone() } else { records.input.table(&records.reader, Some(name))? };
            let name = if own { &new_name } else { name };
            let table = writer.dynamic_table_named(name, records.table.schema())?;
            records.each(0..u64::MAX, &mut |value| Ok(writer.append_value(table, value)?))?;
        }
        records.metadata()?.iter().try_for_each(|(key, value)| Ok(writer.set_metadata(key, value)?))
    })?;
    Ok(records.conclude(&losses, console))
}

/// Returns what the new type of a table's records cannot hold.
fn lost(table: &Table<Dynamic>) -> hydra::Result<Vec<String>> {
    let mut losses = Vec::new();
    for evolution in table.evolutions() {
        let evolution = evolution?.1;
        // A none that became a default value cannot be distinguished from one.
        let loses = |change: &&Change| change.rule.loses() || change.rule == Rule::MadeRequired;
        let lost = evolution.changes().iter().filter(loses);
        for loss in lost.map(|change| format!("{}: {}", change.path, change.text)) {
            if !losses.contains(&loss) {
                losses.push(loss);
            }
        }
    }
    Ok(losses)
}
