//! Reads CSV files as records in two passes: the first infers the type of every column from all cells of all
//! files, the second writes the records. Memory is bounded by the longest row, not by the input.

use super::columns::Columns;
use super::csv::{CsvCell, CsvReader, CsvRow};
use super::infer::{ColumnType, Guess, TYPE_OF_TEXT, Word};
use super::job::{ImportJob, Surveyed, bad, unplaced};
use super::witness::CellSource;
use crate::console::Console;
use crate::failure::{Exit, Failure, Result};
use crate::source::Input;
use hydra::schema::TypeRef;
use hydra::{Descriptor, Kind, Schema, Writer};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

/// The largest number of columns, the same as that of fields in a struct.
const MAX_COLUMNS: usize = 4_096;

/// Infers the type of every column, reports columns that stay text for an unexpected reason, and counts the
/// rows.
pub(super) fn survey(job: &ImportJob<'_>, table: &str, console: &mut Console) -> Result<Surveyed> {
    let mut guesses = Vec::<Guess>::new();
    let mut rows = 0;
    let mut source = CellSource { line: 0, file: None };
    let names = scan(job, "reading", None, |input, row, order| {
        rows += 1;
        if job.inputs.len() > 1 && source.file.as_deref() != Some(&input.name) {
            source.file = Some(Rc::from(input.name.as_str()));
        }
        guesses.resize_with(order.len().max(guesses.len()), Guess::default);
        for (&column, cell) in order.iter().zip(row.cells()) {
            let Some(guess) = guesses.get_mut(column) else { continue };
            source.line = cell.place.line;
            match is_null(&cell, job.nulls) {
                true => guess.add_null(),
                false => guess.add(cell.text, cell.quoted, &source),
            }
        }
        Ok(())
    })?;
    guesses.resize_with(names.len(), Guess::default);
    let mut columns = Vec::new();
    let mut tokens = BTreeMap::<String, HashSet<usize>>::new();
    for (column, (name, guess)) in names.iter().zip(&guesses).enumerate() {
        let ty = guess.decide().unwrap_or_else(|word| {
            if let Some(Word { why, token }) = word {
                console.note(&format!("{}: column {name} stays text: {why}", job.name()));
                token.into_iter().for_each(|token| _ = tokens.entry(token).or_default().insert(column));
            }
            TYPE_OF_TEXT
        });
        columns.push((ty, guess.is_optional()));
    }
    if let Some(options) = nulls(job, tokens, guesses.iter().any(Guess::is_optional))? {
        let what = "reads exactly these cells as null";
        console.note(&format!("{}: {options} {what}", job.name()));
    }
    let schema = schema(table, &names, &columns).map_err(|error| job.failure(error))?;
    Ok((schema, Some(rows), Exit::Done))
}

/// Returns the options that read exactly these cells of these columns as null. A token that also occurs in
/// another column is not among them.
fn nulls(
    job: &ImportJob<'_>,
    mut tokens: BTreeMap<String, HashSet<usize>>,
    has_nulls: bool,
) -> Result<Option<String>> {
    if tokens.is_empty() {
        return Ok(None);
    }
    scan(job, "reading", None, |_, row, order| {
        for (column, cell) in order.iter().zip(row.cells()).filter(|(_, cell)| !cell.quoted) {
            if tokens.get(cell.text).is_some_and(|columns| !columns.contains(column)) {
                tokens.remove(cell.text);
            }
        }
        Ok(())
    })?;
    let empty = [String::new()];
    let known = if job.nulls.is_empty() && has_nulls { &empty } else { job.nulls };
    let quoted = |token: &String| format!("--null '{}'", token.replace('\'', r"'\''"));
    let options: Vec<String> = known.iter().chain(tokens.keys()).map(quoted).collect();
    Ok((!tokens.is_empty()).then(|| options.join(" ")))
}

/// Writes the records. Returns their number.
pub(super) fn write(job: &ImportJob<'_>, columns: &Columns, writer: &mut Writer) -> Result<u64> {
    let table = job.table(&columns.schema, writer)?;
    let mut record = columns.record();
    let mut rows = 0;
    scan(job, "writing", Some(columns), |input, row, order| {
        rows += 1;
        for (&column, cell) in order.iter().zip(row.cells()) {
            let null = is_null(&cell, job.nulls);
            columns.put(column, &cell, null, &mut record).map_err(|error| {
                let name = columns.names().nth(column).unwrap_or("");
                let text = unplaced(&error);
                let text = text.strip_prefix("?: ").unwrap_or(&text);
                let place = format!("{}, {}", input.name, cell.place);
                Failure::new("HY0615", format!("column {name}: {text}")).place(place)
            })?;
        }
        Ok(writer.append_data(table, &mut record)?)
    })?;
    Ok(rows)
}

fn schema(table: &str, names: &[String], columns: &[(ColumnType, bool)]) -> hydra::Result<Schema> {
    // The record, then the type of each column, and an option of it where needed; equal types are merged.
    let mut types = vec![Descriptor::scalar(Kind::Unit)];
    let mut fields = Vec::new();
    for (name, &((kind, form), optional)) in names.iter().zip(columns) {
        types.push(Descriptor::formed(kind, form));
        if optional {
            types.push(Descriptor::option(TypeRef::Index(types.len() as u32 - 1)));
        }
        fields.push((name.clone(), TypeRef::Index(types.len() as u32 - 1)));
    }
    if let Some(root) = types.first_mut() {
        *root = Descriptor::structure(table, fields);
    }
    Schema::new(types)
}

/// Returns true for an unquoted cell that means null: the empty cell, or the tokens that are given instead.
fn is_null(cell: &CsvCell<'_>, nulls: &[String]) -> bool {
    let named = || nulls.iter().any(|null| null == cell.text);
    !cell.quoted && if nulls.is_empty() { cell.text.is_empty() } else { named() }
}

/// Calls `take` for each row after the headers, with the position of the column of each cell. The columns are
/// the given ones, or those of the first file. Returns their names.
fn scan(
    job: &ImportJob<'_>,
    what: &'static str,
    given: Option<&Columns>,
    mut take: impl FnMut(&Input, &CsvRow, &[usize]) -> Result<()>,
) -> Result<Vec<String>> {
    let mut names: Option<Vec<String>> = given.map(|columns| columns.names().map(str::to_string).collect());
    job.each(what, |input, file| {
        let mut reader = CsvReader::new(file, &input.name)?;
        let mut row = CsvRow::default();
        while reader.read_row(&mut row)? && row.is_blank() {}
        if row.is_blank() || row.len() == 0 {
            let what = "the file has no header";
            return Err(bad(&input.name, "HY0612", what, None, "a line of column names", "no line"));
        }
        let header = header(&row, input, given.is_some())?;
        let order = match &names {
            Some(names) => order(names, &header, input, job, given)?,
            None => (0..header.len()).collect(),
        };
        names.get_or_insert(header);
        while reader.read_row(&mut row)? {
            // With one column, an empty line is a null cell; with more, it is skipped.
            if row.is_blank() && order.len() > 1 {
                continue;
            }
            if row.len() != order.len() {
                let place = row.cells().last().map(|cell| cell.place);
                let what = "malformed CSV: a row has another number of cells";
                let expected = format!("{} cells, as in the header", order.len());
                return Err(bad(&input.name, "HY0611", what, place, &expected, row.len()));
            }
            take(input, &row, &order)?;
        }
        Ok(())
    })?;
    Ok(names.unwrap_or_default())
}

/// Returns the column of each cell. The header must name every column once, in any order, and nothing else.
fn order(
    names: &[String],
    header: &[String],
    input: &Input,
    job: &ImportJob<'_>,
    given: Option<&Columns>,
) -> Result<Vec<usize>> {
    let places: HashMap<&String, usize> = names.iter().zip(0..).collect();
    let extra = header.iter().filter(|name| !places.contains_key(name)).map(String::as_str);
    let extra = extra.collect::<Vec<_>>().join(", ");
    let missing = names.iter().filter(|name| !header.contains(name)).map(String::as_str);
    let missing = missing.collect::<Vec<_>>().join(", ");
    let found = match (extra.is_empty(), missing.is_empty()) {
        (true, true) => return Ok(header.iter().filter_map(|name| places.get(name).copied()).collect()),
        (false, true) => format!("also {extra}"),
        (true, _) => format!("no {missing}"),
        (false, false) => format!("no {missing}, but {extra}"),
    };
    let (whose, expected) = match given {
        Some(columns) => ("--schema", format!("the columns of {}", columns.schema.name())),
        None => (job.name(), "the same columns".to_string()),
    };
    let what = format!("the columns differ from those of {whose}");
    Err(bad(&input.name, "HY0612", &what, None, &expected, &found))
}

/// Returns the names of the columns, which must not be empty or repeated.
fn header(row: &CsvRow, input: &Input, given: bool) -> Result<Vec<String>> {
    if row.len() > MAX_COLUMNS && !given {
        let expected = format!("at most {MAX_COLUMNS}");
        return Err(bad(&input.name, "HY0612", "too many columns", None, &expected, row.len()));
    }
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (i, cell) in row.cells().enumerate() {
        let refuse = |what: &str, expected: &str, found: &str| {
            let failure = bad(&input.name, "HY0612", what, Some(cell.place), expected, found);
            Err(failure.help("edit the first line: every column needs its own name"))
        };
        if cell.text.is_empty() {
            return refuse("a column has no name", "a name", &format!("nothing, for column {}", i + 1));
        }
        if cell.text.len() > 255 && !given {
            let found = cell.text.len().to_string();
            return refuse("a column name is too long", "at most 255 bytes", &found);
        }
        if let Some(first) = seen.insert(cell.text, i) {
            let found = format!("{:?} for columns {} and {}", cell.text, first + 1, i + 1);
            return refuse("two columns have the same name", "distinct names", &found);
        }
    }
    Ok(row.cells().map(|cell| cell.text.to_string()).collect())
}
