//! Schemas that are named on the command line: those of a Hydra file, or one that `hydra schema --as json` printed.
#![forbid(unsafe_code)]

use crate::console::Console;
use crate::failure::{Failure, Result};
use crate::render::schema;
use crate::source::Input;
use hydra::Schema;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Bytes of a schema in JSON, at most.
const MAX_SCHEMA: u64 = 64 << 20;

/// The schema of the table with this name, or of the only one.
pub(crate) fn one(file: &Path, table: Option<&str>, console: &mut Console) -> Result<Schema> {
    let input = Input::new(file, console)?;
    match saved(&input)? {
        Some(schema) => Ok(schema),
        None => Ok(input.table(&input.open()?, table)?.schema().clone()),
    }
}

/// The newest schema of every table, or of the one with this name.
pub(crate) fn all(file: &Path, table: Option<&str>, console: &mut Console) -> Result<Vec<Schema>> {
    let input = Input::new(file, console)?;
    if let Some(schema) = saved(&input)? {
        return Ok(vec![schema]);
    }
    let reader = input.open()?;
    let names = reader.tables().iter().map(|known| known.name());
    let names: Vec<&str> = table.map_or_else(|| names.collect(), |name| vec![name]);
    names.into_iter().map(|name| Ok(input.table(&reader, Some(name))?.schema().clone())).collect()
}

/// The schema in a JSON document; none for what does not begin like one.
fn saved(input: &Input) -> Result<Option<Schema>> {
    let fail = |error| Failure::io(error, &input.path);
    let mut opened = BufReader::new(File::open(&input.path).map_err(fail)?);
    if opened.fill_buf().map_err(fail)?.first() != Some(&b'{') {
        return Ok(None);
    }
    let mut text = Vec::new();
    opened.take(MAX_SCHEMA).read_to_end(&mut text).map_err(fail)?;
    let schema = schema::read(&text).map_err(|why| {
        let failure = Failure::new("HY0617", format!("no schema in JSON: {why}")).place(input.name.as_str());
        failure.help("hydra schema --as json FILE prints one")
    })?;
    Ok(Some(schema))
}
