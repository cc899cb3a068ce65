//! Renders a schema in a few lines: the fields of a record with their offsets, types and notes.

use crate::text::{TableCell, TextStyle, draw_table, escape, paint, plural};
use hydra::schema::{AttrValue, Field};
use hydra::{Kind, Schema};

/// Returns the fields of the root type, in at most `lines` lines (at least four) and not wider than the
/// terminal.
pub(crate) fn table(schema: &Schema, lines: usize, width: Option<usize>, color: bool) -> String {
    let root = schema.root();
    if !matches!(root.kind(), Kind::Struct | Kind::Tuple) || root.fields().is_empty() {
        return source(schema, lines);
    }
    let shown = if root.fields().len() <= lines { lines } else { lines.saturating_sub(1).max(3) };
    let rows: Vec<Vec<TableCell>> =
        root.fields().iter().take(shown).map(|field| row(schema, field)).collect();
    let noted = rows.iter().any(|row| row.last().is_some_and(|cell| !cell.text.is_empty()));
    let columns = [("", false), ("offset", true), ("field", false), ("type", false), ("", false)];
    let mut text = draw_table(&columns[..if noted { 5 } else { 4 }], &rows, width, color);
    let more = root.fields().len().saturating_sub(shown);
    let types = schema.types().iter().filter(|ty| ty.kind().is_named()).count().saturating_sub(1);
    text.push_str(&rest(more, types, color));
    text
}

fn rest(fields: usize, types: usize, color: bool) -> String {
    let fields = (fields > 0).then(|| plural(fields as u64, "more field"));
    let types = (types > 0).then(|| plural(types as u64, "type") + " below");
    let parts: Vec<String> = fields.into_iter().chain(types).collect();
    if parts.is_empty() {
        return String::new();
    }
    paint(color, TextStyle::Dim, &format!("  … {}: hydra schema", parts.join(", "))) + "\n"
}

fn row(schema: &Schema, field: &Field) -> Vec<TableCell> {
    let unit = match field.attribute("unit") {
        Some(AttrValue::Str(unit)) => format!("[{unit}] "),
        _ => String::new(),
    };
    let doc = field.doc().and_then(|doc| doc.lines().next()).unwrap_or("");
    vec![
        TableCell::default(),
        TableCell::dim(field.offset().to_string()),
        TableCell::new(escape::line(&escape::name(field.name()))),
        TableCell::new(escape::line(&schema.spell_rust(schema.resolve(field.ty())))),
        TableCell::dim(escape::line(&format!("{unit}{doc}"))),
    ]
}

/// Returns a type without fields, as `hydra schema` shows it.
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
