//! `hydra convert`: CSV to Hydra, Hydra to CSV, NDJSON and JSON; says every loss that it made.
#![forbid(unsafe_code)]

use crate::args::{Convert, Format};
use crate::console::Console;
use crate::export::{self, Exporter};
use crate::failure::{Exit, Failure, Result};
use crate::import;
use crate::records::Records;
use crate::render::size::plural;
use crate::source::Input;
use crate::target::{Target, hydra_to_stdout};
use hydra::Writer;
use std::io;
use std::path::Path;

pub(crate) fn run(args: &Convert, console: &mut Console) -> Result<Exit> {
    let from = args.from.map_or_else(|| guess(&args.input, "IN", "--from"), Ok)?;
    let to = args.to.map_or_else(|| guess(&args.output, "OUT", "--to"), Ok)?;
    match (from, to) {
        (Format::Csv, Format::Hydra) => from_csv(args, console),
        (Format::Hydra, Format::Csv) => to_text(args, export::Format::Csv, console),
        (Format::Hydra, Format::Ndjson) => to_text(args, export::Format::Ndjson, console),
        (Format::Hydra, Format::Json) => to_text(args, export::Format::Json, console),
        (from, to) => {
            let words = format!("{} is not converted to {}", name(from), name(to));
            Err(Failure::usage(words).help("CSV to Hydra; Hydra to CSV, NDJSON and JSON"))
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

/// Writes the records, and says how many.
type Write<'a> = Box<dyn FnMut(&mut Writer) -> Result<u64> + 'a>;

fn from_csv(args: &Convert, console: &mut Console) -> Result<Exit> {
    let select = &args.select;
    let table = select.source.table.as_deref();
    if (table.is_some() && args.schema.is_none()) || !select.fields.is_empty() || select.source.skip_damaged {
        return Err(Failure::usage("--table, --fields and --skip-damaged are for reading Hydra files"));
    }
    let stdout = args.output == Path::new("-");
    let target = if stdout { None } else { Some(Target::new(&args.output, args.force)?) };
    let columns = args.schema.as_ref().map(|file| {
        let typed = Input::new(file, console)?;
        import::Columns::of(typed.table(&typed.open()?, table)?.schema())
    });
    let columns = columns.transpose()?;
    let input = Input::new(&args.input, console)?;
    let mut write: Write = match &columns {
        Some(columns) => Box::new(|writer| columns.write(&input, &args.null, writer)),
        None => {
            let named = [&args.input, &args.output].into_iter().find(|path| *path != Path::new("-"));
            let name = import::type_name(named.map(|path| path.as_path()));
            let survey = import::survey(&input, &name, &args.null, console)?;
            Box::new(move |writer| survey.write(writer))
        }
    };
    let mut records = 0;
    match target {
        None => hydra_to_stdout(console, |writer| write(writer).map(|count| records = count))?,
        Some(target) => target.write_hydra(|writer| write(writer).map(|count| records = count))?,
    }
    console.chat(&format!("{} written", plural(records, "record")));
    Ok(Exit::Done)
}

fn to_text(args: &Convert, format: export::Format, console: &mut Console) -> Result<Exit> {
    if !args.null.is_empty() || args.schema.is_some() {
        return Err(Failure::usage("--null and --schema are for reading CSV"));
    }
    let stdout = args.output == Path::new("-");
    let target = if stdout { None } else { Some(Target::new(&args.output, args.force)?) };
    let mut records = Records::open(&args.input, &args.select.source, None, &args.select.fields, console)?;
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
