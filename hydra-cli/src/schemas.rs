//! Reads schemas that are named on the command line, from a Hydra file or the output of `hydra schema --as
//! json`.

use crate::console::Console;
use crate::failure::{Failure, Result};
use crate::render::schema;
use crate::source::Input;
use hydra::{Reader, Schema};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The largest size of a schema in JSON, in bytes.
const MAX_SCHEMA: u64 = 64 << 20;

/// The name of a table and its newest schema.
pub(crate) type NamedSchema = (String, Schema);

/// Returns the only schema of a file, or that of the table with this name.
pub(crate) fn one(file: &Path, table: Option<&str>, console: &mut Console) -> Result<NamedSchema> {
    let input = Input::whole(file, console)?;
    if let Some(saved) = saved(&input)? {
        return Ok(saved);
    }
    let reader = input.open()?;
    let table = input.table(&reader, table.filter(|_| reader.tables().len() != 1))?;
    Ok((table.name().to_string(), table.schema().clone()))
}

/// Returns the newest schema of every table, or of the table with this name.
pub(crate) fn all(file: &Path, table: Option<&str>, console: &mut Console) -> Result<Vec<NamedSchema>> {
    let input = Input::whole(file, console)?;
    if let Some(saved) = saved(&input)? {
        return Ok(vec![saved]);
    }
    let reader = input.open()?;
    let named = |name: &str| Ok((name.to_string(), input.table(&reader, Some(name))?.schema().clone()));
    names(&reader, table).into_iter().map(named).collect()
}

/// Returns the given name, even if no table has it, or the names of all tables.
pub(crate) fn names<'r>(reader: &'r Reader, given: Option<&'r str>) -> Vec<&'r str> {
    given.map_or_else(|| reader.tables().iter().map(|table| table.name()).collect(), |name| vec![name])
}

/// Pairs the tables of two files by name: in the order of the old ones, then those that are only in the new
/// file. If each file has a single table, these are a pair.
pub(crate) fn pair<'t, T>(old: &'t [T], new: &'t [T], name: fn(&T) -> &str) -> Vec<[Option<&'t T>; 2]> {
    if let ([old], [new]) = (old, new) {
        return vec![[Some(old), Some(new)]];
    }
    let mut news: HashMap<&str, &T> = new.iter().map(|table| (name(table), table)).collect();
    let olds = old.iter().map(|table| [Some(table), news.remove(name(table))]);
    let mut pairs: Vec<[Option<&T>; 2]> = olds.collect();
    let lone = new.iter().filter(|table| news.contains_key(name(table)));
    pairs.extend(lone.map(|table| [None, Some(table)]));
    pairs
}

/// Returns the schema in a JSON document and the name of its table; none if the file does not start like
/// JSON.
fn saved(input: &Input) -> Result<Option<NamedSchema>> {
    let fail = |error| Failure::io(error, &input.path);
    let mut opened = BufReader::new(File::open(&input.path).map_err(fail)?);
    if opened.fill_buf().map_err(fail)?.first() != Some(&b'{') {
        return Ok(None);
    }
    let mut text = Vec::new();
    opened.take(MAX_SCHEMA).read_to_end(&mut text).map_err(fail)?;
    let schema = schema::read(&text).map_err(|why| {
        let failure = Failure::new("HY0617", format!("not a schema: {why}")).place(input.name.as_str());
        failure.help("hydra schema --as json FILE prints one")
    })?;
    Ok(Some(schema))
}
