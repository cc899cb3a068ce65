//! `hydra convert`: other formats to Hydra, and Hydra to other formats; says every loss that it made.
#![forbid(unsafe_code)]

use crate::args::{Convert, Format};
use crate::console::Console;
use crate::export::Exporter;
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
        (Format::Hydra, to) if to != Format::Hydra => export(args, to, console),
        (from, Format::Hydra) if from != Format::Hydra => import::run(args, from, console),
        (from, to) => {
            let words = format!("{} is not converted to {}", from.name(), to.name());
            Err(Failure::usage(words).help("Hydra to another format, or another format to Hydra"))
        }
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
    Format::of(path).ok_or_else(|| {
        let words = format!("the format of {which} cannot be told from {:?}", path.display().to_string());
        Failure::usage(words).help(format!("{option} hydra, csv, ndjson, json, msgpack or cbor"))
    })
}

fn export(args: &Convert, format: Format, console: &mut Console) -> Result<Exit> {
    if !args.null.is_empty() || args.schema.is_some() {
        return Err(Failure::usage("--null and --schema are for reading other formats"));
    }
    let stdout = args.output == Path::new("-");
    let target = if stdout { None } else { Some(Target::new(&args.output, args.force)?) };
    let [input] = args.inputs.as_slice() else {
        return Err(Failure::usage("of Hydra files, one is converted at a time"));
    };
    let mut records = Records::open(input, &args.select.source, None, &args.select.fields, console)?;
    let mut exporter = Exporter::new(format, &records, stdout && console.width.is_some())?;
    let mut stream = |out: &mut dyn io::Write| -> Result<()> {
        exporter.start(records.table.name(), out)?;
        records.each(0..u64::MAX, &mut |value| exporter.record(value, out))?;
        exporter.finish(out)
    };
    match target {
        None => stream(console)?,
        Some(target) => target.write_text(stream)?,
    }
    let mut losses = exporter.losses();
    let keys = records.reader.metadata().map_err(|error| records.input.failure(error))?.len() as u64;
    if keys > 0 {
        losses.push(format!("metadata is not kept ({})", plural(keys, "key")));
    }
    Ok(records.conclude(&losses, console))
}
