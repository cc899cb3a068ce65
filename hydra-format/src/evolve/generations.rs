//! The types of one table: which is the newest, and which may be added (FORMAT.md, sections 16.3 and 16.4).

use super::{Evolution, is_older, version};
use crate::store::catalog::{Catalog, SchemaInfo};
use crate::{Error, ErrorKind, Result, Schema};

/// The number of schemas of a table among which the newest is determined.
pub(crate) const MOST_GENERATIONS: usize = 16;

/// The relation of another type to the types of a table.
pub(crate) enum Joins {
    /// The newest type reads its records in this way.
    Older(Evolution),
    /// It reads the records of all of them in these ways.
    Newer(Vec<(u32, Evolution)>),
}

/// Returns the newest schema of a table (FORMAT.md, section 16.3), among the last [`MOST_GENERATIONS`].
pub(crate) fn newest_schema(catalog: &Catalog, table: usize) -> Option<(u32, &SchemaInfo)> {
    let known = catalog.schemas_of(table).rev().take(MOST_GENERATIONS);
    let id = newest(known.map(|(id, schema)| (Some(id), &**schema)))?;
    Some((id, catalog.schemas.get(&id)?))
}

/// Returns the newest schema of a table after one more is added; `None` if the added one is the newest.
pub(crate) fn newest_with(catalog: &Catalog, table: usize, added: &Schema) -> Option<u32> {
    let known = catalog.schemas_of(table).rev().take(MOST_GENERATIONS.saturating_sub(1));
    newest(std::iter::once((None, added)).chain(known.map(|(id, schema)| (Some(id), &**schema))))
}

/// Returns how a new type may be added to a table. At most `most` of the last types are examined.
pub(crate) fn join(catalog: &Catalog, table: usize, schema: &Schema, most: usize) -> Result<Joins> {
    let newest = newest_schema(catalog, table);
    let (newest_id, SchemaInfo { schema: newest, .. }) =
        newest.ok_or_else(|| Error::new(ErrorKind::BadSchema))?;
    let name = catalog.table_name(table);
    let after = newest_with(catalog, table, schema);
    if after == Some(newest_id) {
        let evolution = Evolution::between(schema, newest).map_err(|error| older(error, name))?;
        if evolution.removes() && version(schema) == version(newest) {
            return Err(undecided(&evolution));
        }
        return Ok(Joins::Older(evolution));
    }
    let mut evolutions = Vec::new();
    for (id, stored) in catalog.schemas_of(table).rev().take(most) {
        let evolution = Evolution::between(stored, schema).map_err(|error| newer(error, name))?;
        if id == newest_id && evolution.removes() && version(schema) == version(stored) {
            Evolution::between(schema, stored).map_err(|error| older(error, name))?;
        }
        evolutions.push((id, evolution));
    }
    if after.is_some() {
        return Err(too_many_types(name));
    }
    Ok(Joins::Newer(evolutions))
}

/// Returns the id of the newest of some schemas, which are given from the last to the first.
fn newest<'a>(schemas: impl Iterator<Item = (Option<u32>, &'a Schema)>) -> Option<u32> {
    let schemas: Vec<_> = schemas.collect();
    schemas.into_iter().rev().reduce(|newest, next| if is_older(next.1, newest.1) { newest } else { next })?.0
}

/// Makes the error for a newer type of the table with this name.
#[cold]
fn newer(error: Error, table: &str) -> Error {
    error.place(format!("table {table}")).what(
        "records of the table could not be read as this type; if it is the older one, give the newer one a higher \
         #[hydra(version = ..)]; if it is another type, it needs a table of another name (`table_named`)",
    )
}

/// Makes the error for an older type of the table with this name.
#[cold]
pub(crate) fn older(error: Error, table: &str) -> Error {
    error.place(format!("table {table}")).what(
        "records of this type could not be read as the newest type of the table; if this one is newer, give it a higher \
         #[hydra(version = ..)]; if it is another type, it needs a table of another name (`table_named`)",
    )
}

/// Makes the error for a type that lacks something of the newest type and has something that the newest
/// lacks.
#[cold]
fn undecided(evolution: &Evolution) -> Error {
    let lost = evolution.changes().iter().filter(|change| change.rule.loses());
    let lost: Vec<&str> = lost.map(|change| change.path.as_str()).collect();
    Error::new(ErrorKind::TypeMismatch)
        .what("cannot determine which is newer, this type or the newest type of the table: each lacks something of the other")
        .expected("no field or variant that the newest type lacks")
        .found(lost.join(", "))
        .help(
            "give the newer one a higher #[hydra(version = ..)]; if a name changed, an alias; if it is another type, \
             it needs a table of another name (`table_named`)",
        )
}

/// Makes the error for a type after which the newest could no longer be determined.
#[cold]
fn too_many_types(name: &str) -> Error {
    Error::new(ErrorKind::TooLarge)
        .place(format!("table {name}"))
        .what("with one more type, the newest type of the table could not be determined")
        .expected(format!("the newest among the last {MOST_GENERATIONS} types"))
        .help("append to another table (`table_named`), or rewrite the records as one type")
}
