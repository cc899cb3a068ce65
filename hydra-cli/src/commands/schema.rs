//! `hydra schema` prints the schema of a table as text, JSON, Rust source code or NumPy dtypes.

use crate::args::{Language, SchemaArgs};
use crate::console::Console;
use crate::failure::{Exit, Result};
use crate::render::{numpy, rust, schema};
use crate::schemas::names;
use crate::source::Input;
use crate::text::{escape, plural};
use hydra::Reader;
use serde_json::json;
use std::io::Write;

pub(crate) fn run(args: &SchemaArgs, console: &mut Console) -> Result<Exit> {
    let input = Input::new(&args.file, console)?;
    let reader = input.open()?;
    let incomplete = input.admit(&reader, true, console)?;
    if args.language == Language::Numpy {
        let exit = numpy(args, &input, &reader, console)?;
        return Ok(if incomplete { Exit::Lossy } else { exit });
    }
    let table = input.table(&reader, args.table.as_deref())?;
    match args.language {
        Language::Json => console.json(&schema::document(table.name(), table.schema()))?,
        Language::Rust => {
            let (text, losses) = rust::source(table.name(), table.schema());
            console.write_all(text.as_bytes())?;
            losses.iter().for_each(|loss| console.warn(&format!("{}: {loss}", input.name)));
            return Ok(if losses.is_empty() { Exit::Done } else { Exit::Lossy });
        }
        _ => write!(console, "{}", escape::lines(&table.schema().to_string()))?,
    }
    Ok(Exit::Done)
}

/// Prints NumPy dtypes of all tables, or of the given one.
fn numpy(args: &SchemaArgs, input: &Input, reader: &Reader, console: &mut Console) -> Result<Exit> {
    let mut tables = Vec::new();
    let mut exit = Exit::Done;
    for name in names(reader, args.table.as_deref()) {
        let table = input.table(reader, Some(name))?;
        let (document, left_out) = numpy::table(reader, &table).map_err(|error| input.failure(error))?;
        tables.push(document);
        for (why, count) in left_out {
            let records = plural(count, "record");
            console.warn(&format!("{}: {records} of table {name} left out: {why}", input.name));
            exit = Exit::Lossy;
        }
    }
    console.json(&json!({ "version": 1, "file": input.name, "tables": tables }))?;
    Ok(exit)
}
