//! `hydra convert`: CSV to Hydra, Hydra to CSV, NDJSON and JSON; says every loss that it made.
#![forbid(unsafe_code)]

use crate::args::{Convert, Format};
use crate::console::Console;
use crate::export::{self, Exporter};
use crate::failure::{Exit, Failure, Result};
use crate::import;
use crate::records::Records;
use crate::render::size::plural;
use crate::target::Target;
use std::io;
use std::path::{Path, PathBuf};

pub(crate) fn run(args: &Convert, console: &mut Console) -> Result<Exit> {
    let from = args.from.map_or_else(|| guess_all(&args.inputs), Ok)?;
    let to = args.to.map_or_else(|| guess(&args.output, "OUT", "--to"), Ok)?;
    match (from, to) {
        (Format::Csv | Format::Ndjson, Format::Hydra) => import::run(args, from, console),
        (Format::Hydra, Format::Csv) => to_text(args, export::Format::Csv, console),
        (Format::Hydra, Format::Ndjson) => to_text(args, export::Format::Ndjson, console),
        (Format::Hydra, Format::Json) => to_text(args, export::Format::Json, console),
        (from, to) => {
            let words = format!("{} is not converted to {}", name(from), name(to));
            Err(Failure::usage(words).help("CSV and NDJSON to Hydra; Hydra to CSV, NDJSON and JSON"))
        }
    }
}

fn name(format: Format) -> &'static str {
    match format {
        Format::Hydra => "Hydra",
        Format::Csv => "CSV",
        Format::Ndjson => "NDJSON",
        Format::Json => "JSON",
    }
}

/// The one format of all files.
fn guess_all(paths: &[PathBuf]) -> Result<Format> {
    let formats = paths.iter().map(|path| guess(path, "IN", "--from")).collect::<Result<Vec<_>>>()?;
    match formats.as_slice() {
        [first, rest @ ..] if rest.iter().all(|format| format == first) => Ok(*first),
        _ => Err(Failure::usage("files of several formats are not put into one table")),
    }
}

fn guess(path: &Path, which: &str, option: &str) -> Result<Format> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("hydra") => Ok(Format::Hydra),
        Some("csv") => Ok(Format::Csv),
        Some("ndjson" | "jsonl") => Ok(Format::Ndjson),
        Some("json") => Ok(Format::Json),
        _ => Err(Failure::usage(format!(
            "the format of {which} cannot be told from {:?}",
            path.display().to_string()
        ))
        .help(format!("{option} hydra, csv, ndjson or json"))),
    }
}

fn to_text(args: &Convert, format: export::Format, console: &mut Console) -> Result<Exit> {
    if !args.null.is_empty() || args.schema.is_some() {
        return Err(Failure::usage("--null and --schema are for reading CSV"));
    }
    let stdout = args.output == Path::new("-");
    let target = if stdout { None } else { Some(Target::new(&args.output, args.force)?) };
    let [input] = args.inputs.as_slice() else {
        return Err(Failure::usage("only text is read from several files"));
    };
    let mut records = Records::open(input, &args.select.source, None, &args.select.fields, console)?;
    let mut exporter = Exporter::new(format, &records);
    let mut stream = |out: &mut dyn io::Write| -> Result<()> {
        exporter.start(records.table.name(), out)?;
        records.each(0..u64::MAX, &mut |value| exporter.record(value, out))?;
        exporter.finish(out)
    };
    match target {
        None => stream(console)?,
        Some(target) => target.write_text(stream)?,
    }
    let mut losses = exporter.losses(records.table.schema());
    let keys = records.reader.metadata().map_err(|error| records.input.failure(error))?.len() as u64;
    if keys > 0 {
        losses.push(format!("metadata is not kept ({})", plural(keys, "key")));
    }
    Ok(records.conclude(&losses, console))
}
