//! `hydra schema`: a table's schema as text, which reads like Rust, as JSON, as Rust source, or for NumPy.
#![forbid(unsafe_code)]

use crate::args::{Language, SchemaArgs};
use crate::console::Console;
use crate::failure::{Exit, Result};
use crate::render::{escape, rust, schema};
use crate::source::Input;
use std::io::Write;

pub(crate) fn run(args: &SchemaArgs, console: &mut Console) -> Result<Exit> {
    let input = Input::new(&args.file, console)?;
    let reader = input.open()?;
    let table = input.table(&reader, args.table.as_deref())?;
    match args.language {
        Language::Text => write!(console, "{}", escape::lines(&table.schema().to_string()))?,
        Language::Json => {
            serde_json::to_writer_pretty(&mut *console, &schema::document(table.name(), table.schema()))?;
            writeln!(console)?;
        }
        Language::Rust => {
            let (text, losses) = rust::source(table.name(), table.schema());
            console.write_all(text.as_bytes())?;
            losses.iter().for_each(|loss| console.warn(&format!("{}: {loss}", input.name)));
            return Ok(if losses.is_empty() { Exit::Done } else { Exit::Lossy });
        }
        Language::Numpy => todo!(),
    }
    Ok(Exit::Done)
}
