//! `hydra schema`: a table's schema as text, which reads like Rust, or as JSON.
#![forbid(unsafe_code)]

use crate::args::{SchemaArgs, Shape};
use crate::console::Console;
use crate::failure::{Exit, Result};
use crate::render::{escape, schema};
use crate::source::Input;
use std::io::Write;

pub(crate) fn run(args: &SchemaArgs, console: &mut Console) -> Result<Exit> {
    let input = Input::new(&args.file, console)?;
    let reader = input.open()?;
    let table = input.table(&reader, args.table.as_deref())?;
    match args.shape {
        Shape::Text => write!(console, "{}", escape::lines(&table.schema().to_string()))?,
        Shape::Json => {
            serde_json::to_writer_pretty(&mut *console, &schema::document(table.name(), table.schema()))?;
            writeln!(console)?;
        }
    }
    Ok(Exit::Done)
}
