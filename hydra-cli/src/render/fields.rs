//! A schema in a few lines: the fields of a record with their offsets, types and what is noted on them.
#![forbid(unsafe_code)]

use crate::text::escape;
use crate::text::paint::{Style, paint};
use crate::text::table::{Cell, Plan};
use hydra::describe::{AttrValue, Descriptor, Field, Kind, Schema};

/// The root type's fields, in at most so many lines (at least four) and not wider than the terminal.
pub(crate) fn table(schema: &Schema, lines: usize, width: Option<usize>, color: bool) -> String {
    let root = schema.root();
    if !matches!(root.kind(), Kind::Struct | Kind::Tuple) || root.fields().is_empty() {
        return source(schema, lines);
    }
    let shown = if root.fields().len() <= lines { lines } else { lines.saturating_sub(1).max(3) };
    let rows: Vec<Vec<Cell>> = root.fields().iter().take(shown).map(|field| row(schema, field)).collect();
    let titles: Vec<String> = ["", "offset", "field", "type", ""].map(str::to_string).to_vec();
    let noted = rows.iter().any(|row| row.last().is_some_and(|cell| !cell.text.is_empty()));
    let columns = if noted { 5 } else { 4 };
    let right = vec![false, true, false, false, false];
    let plan = Plan::new(titles.into_iter().take(columns).collect(), right, &rows, width, color);
    let mut text = plan.header();
    rows.iter().for_each(|row| {
        plan.row(&mut text, row);
    });
    let more = root.fields().len().saturating_sub(shown);
    let types = schema.types().iter().filter(|ty| ty.kind().is_named()).count().saturating_sub(1);
    text.push_str(&rest(more, types, color));
    text
}

fn rest(fields: usize, types: usize, color: bool) -> String {
    let count = |count: usize, noun: &str| crate::text::size::plural(count as u64, noun);
    let parts: Vec<String> = [(fields, "more field"), (types, "type below")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| match noun {
            "type below" if number > 1 => format!("{number} types below"),
            noun => count(number, noun),
        })
        .collect();
    match parts.as_slice() {
        [] => String::new(),
        parts => {
            format!("{}\n", paint(color, Style::Dim, &format!("  … {}: hydra schema", parts.join(", "))))
        }
    }
}

fn row(schema: &Schema, field: &Field) -> Vec<Cell> {
    let cell = |text: &str, dim| Cell { text: escape::line(text).into_owned(), dim };
    let unit = match field.attribute("unit") {
        Some(AttrValue::Str(unit)) => format!("[{unit}] "),
        _ => String::new(),
    };
    let doc = field.doc().and_then(|doc| doc.lines().next()).unwrap_or("");
    vec![
        Cell::default(),
        cell(&field.offset().to_string(), true),
        cell(&escape::name(field.name()), false),
        cell(&spell(schema, schema.resolve(field.ty())), false),
        cell(&format!("{unit}{doc}"), true),
    ]
}

fn spell(schema: &Schema, ty: &Descriptor) -> String {
    schema.spell_rust(ty)
}

/// A type without fields of its own, as `hydra schema` shows it.
fn source(schema: &Schema, lines: usize) -> String {
    let text = schema.to_string();
    let total = text.lines().count();
    let shown = if total <= lines { total } else { lines.saturating_sub(1) };
    let mut out = String::new();
    text.lines().take(shown).for_each(|line| out.push_str(&format!("  {}\n", escape::line(line))));
    if shown < total {
        out.push_str(&format!("  … {} more lines: hydra schema\n", total - shown));
    }
    out
}
