//! Text to Hydra: the schema is found over the whole input or given, then the records are written. What the formats
//! have in common; neither knows the other.

mod columns;
pub(crate) mod csv;
mod infer;
mod ndjson;
mod number;
mod rows;
mod shape;
mod stream;
mod time;

use crate::args::{Convert, Format};
use crate::console::Console;
use crate::failure::{Exit, Failure, Result};
use crate::progress::Progress;
use crate::render::size::plural;
use crate::schemas;
use crate::source::Input;
use crate::target::{Target, hydra_to_stdout};
use columns::Columns;
use csv::Place;
use hydra::file::{TableId, Writer};
use hydra::reflect::Spelling;
use hydra::{Dynamic, Error, Schema};
use std::path::{Path, PathBuf};

/// What is read.
struct Text<'a> {
    inputs: Vec<Input>,
    nulls: &'a [String],
    spelling: Spelling,
    /// The name of the new table; none for the type's.
    table: Option<String>,
}

impl Text<'_> {
    /// What the input as a whole is called: its first file.
    fn name(&self) -> &str {
        self.inputs.first().map_or("", |input| &input.name)
    }

    /// The table that the records go into.
    fn table(&self, schema: &Schema, writer: &mut Writer) -> Result<TableId<Dynamic>> {
        Ok(match &self.table {
            Some(name) => writer.dynamic_table_named(name, schema)?,
            None => writer.dynamic_table(schema)?,
        })
    }

    fn failure(&self, error: Error) -> Failure {
        match self.inputs.first() {
            Some(input) => input.failure(error),
            None => error.into(),
        }
    }

    fn progress(&self, what: &'static str) -> Progress {
        Progress::start(what, self.inputs.iter().map(Input::len_bytes).sum())
    }
}

/// `hydra convert` from a format of text.
pub(crate) fn run(args: &Convert, from: Format, console: &mut Console) -> Result<Exit> {
    let select = &args.select;
    let table = select.source.table.as_deref();
    if !select.fields.is_empty() || select.source.skip_damaged {
        return Err(Failure::usage("--fields and --skip-damaged are for reading Hydra files"));
    }
    if from != Format::Csv && !args.null.is_empty() {
        return Err(Failure::usage("--null is for CSV"));
    }
    let stdout = args.output == Path::new("-");
    if stdout && console.width.is_some() {
        return Err(Console::refuse_binary());
    }
    let target = if stdout { None } else { Some(Target::new(&args.output, args.force, args.no_lock)?) };
    let given = args.schema.as_ref().map(|file| schemas::one(file, table, console)).transpose()?;
    let inputs = args.inputs.iter().map(|path| Input::new(path, console)).collect::<Result<_>>()?;
    let own = given.as_ref().map(|(name, _)| name.as_str());
    let table = table.or(own).map(str::to_string);
    let text = Text { inputs, nulls: &args.null, spelling: select.source.spelling(), table };
    let (schema, surveyed, exit) = match (given, from) {
        (Some((_, schema)), _) => (schema, None, Exit::Done),
        (None, from) => {
            let named =
                args.inputs.iter().chain([&args.output]).find(|path| path.as_path() != Path::new("-"));
            let name = type_name(named.map(PathBuf::as_path));
            let (schema, records, exit) = match from {
                Format::Csv => rows::survey(&text, &name, console)?,
                Format::Ndjson | Format::Json => ndjson::survey(&text, from, &name, console)?,
                _ => {
                    let words = format!("{} does not say the types of its records", from.name());
                    return Err(Failure::usage(words).help("--schema FILE takes them from a Hydra file"));
                }
            };
            (schema, Some(records), exit)
        }
    };
    let mut records = 0;
    let fill = |writer: &mut Writer| {
        records = match from {
            Format::Csv => rows::write(&text, &Columns::of(&schema, text.spelling)?, writer)?,
            Format::Ndjson => ndjson::write(&text, &schema, writer)?,
            _ => stream::write(&text, from, &schema, writer)?,
        };
        match surveyed {
            Some(rows) if rows != records => {
                Err(Failure::new("HY0614", "the input changed while it was read").place(text.name()))
            }
            _ => Ok(()),
        }
    };
    match target {
        None => hydra_to_stdout(console, fill)?,
        Some(target) => target.write_hydra(fill)?,
    }
    console.chat(&format!("{} written", plural(records, "record")));
    Ok(exit)
}

/// What serde_json says, without the place.
fn unplaced(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text).to_string()
}

fn not_utf8(format: &str, input: &Input, place: Place, byte: u8) -> Failure {
    let help = match byte {
        0xFE | 0xFF => "it may be UTF-16: iconv -f UTF-16 -t UTF-8",
        _ => "if it is Latin-1: iconv -f LATIN1 -t UTF-8",
    };
    let what = format!("malformed {format}: invalid UTF-8");
    bad(input, "HY0611", &what, Some(place), "UTF-8", &format!("byte 0x{byte:02x}")).help(help)
}

fn bad(
    input: &Input,
    code: &'static str,
    what: &str,
    at: Option<Place>,
    expected: &str,
    found: &str,
) -> Failure {
    let at = at.map(|place| format!(", {place}")).unwrap_or_default();
    Failure::new(code, what).place(format!("{}{at}: expected {expected}, found {found}", input.name))
}

/// The name of a table for a file: `daily-weather.csv` gives `DailyWeather`.
fn type_name(path: Option<&Path>) -> String {
    let stem = path.and_then(Path::file_stem).map(|stem| stem.to_string_lossy()).unwrap_or_default();
    let stem = stem.split('.').find(|part| !part.is_empty()).unwrap_or("");
    let words = stem.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut name: String = words
        .flat_map(|word| {
            let mut chars = word.chars();
            let first = chars.next().into_iter().flat_map(char::to_uppercase);
            first.chain(chars).collect::<Vec<char>>()
        })
        .collect();
    if name.chars().next().is_none_or(|first| !first.is_alphabetic()) {
        name.insert_str(0, "Record");
    }
    while name.len() > 200 {
        name.pop();
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types() {
        let name = |path: &str| type_name(Some(Path::new(path)));
        assert_eq!(name("data/penguins.csv"), "Penguins");
        assert_eq!(name("daily-weather_2024.csv"), "DailyWeather2024");
        assert_eq!(name("2024.csv"), "Record2024");
        assert_eq!(name("x.tar.csv"), "X");
        assert_eq!(name("---.csv"), "Record");
        assert_eq!(type_name(None), "Record");
    }
}
