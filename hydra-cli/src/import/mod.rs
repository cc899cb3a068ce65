//! Converts other formats to Hydra: the schema is given or inferred from the whole input, then the records
//! are written.

mod columns;
pub(crate) mod csv;
mod infer;
mod job;
mod json;
mod ndjson;
mod number;
mod rows;
mod shape;
mod stream;
mod time;
mod witness;

use crate::args::{ConvertArgs, Format};
use crate::console::Console;
use crate::failure::{Exit, Failure, Result};
use crate::schemas;
use crate::source::Input;
use crate::target::Target;
use crate::text::plural;
use columns::Columns;
use job::{ImportJob, type_name};
use std::path::{Path, PathBuf};

/// Runs `hydra convert` from another format.
pub(crate) fn run(args: &ConvertArgs, from: Format, console: &mut Console) -> Result<Exit> {
    let select = &args.select;
    let table = select.source.table.as_deref();
    if !select.fields.is_empty() || select.source.skip_damaged {
        return Err(Failure::usage("--fields and --skip-damaged work only when IN is a Hydra file"));
    }
    if from != Format::Csv && !args.null.is_empty() {
        return Err(Failure::usage("--null works only with CSV"));
    }
    let target = Target::named(&args.output, args.force, args.no_lock)?;
    if target.is_stdout() && console.width.is_some() {
        return Err(Console::refuse_binary());
    }
    let given = args.schema.as_ref().map(|file| schemas::one(file, table, console)).transpose()?;
    let inputs = args.inputs.iter().map(|path| Input::whole(path, console)).collect::<Result<_>>()?;
    let own = given.as_ref().map(|(name, _)| name.as_str());
    let table = table.or(own).map(str::to_string);
    let job = ImportJob { inputs, nulls: &args.null, spelling: select.source.spelling(), table };
    let named = args.inputs.iter().chain([&args.output]).find(|path| path.as_path() != Path::new("-"));
    let name = type_name(named.map(PathBuf::as_path));
    let (schema, surveyed, exit) = match (given, from) {
        (Some((_, schema)), _) => (schema, None, Exit::Done),
        (None, Format::Csv) => rows::survey(&job, &name, console)?,
        (None, Format::Ndjson | Format::Json) => ndjson::survey(&job, from, &name, console)?,
        (None, _) => {
            let words = format!("{} files do not contain the types of their records", from.name());
            return Err(Failure::usage(words).help("--schema FILE takes them from a Hydra file"));
        }
    };
    let mut records = 0;
    target.write_hydra(args.layout, console, |writer| {
        records = match from {
            Format::Csv => rows::write(&job, &Columns::of(&schema, job.spelling)?, writer)?,
            Format::Ndjson => ndjson::write(&job, &schema, writer)?,
            _ => stream::write(&job, from, &schema, writer)?,
        };
        match surveyed {
            Some(rows) if rows != records => {
                Err(Failure::new("HY0614", "the input changed while it was read").place(job.name()))
            }
            _ => Ok(()),
        }
    })?;
    console.chat(&format!("{} written", plural(records, "record")));
    Ok(exit)
}
