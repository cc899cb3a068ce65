//! `hydra compat`: whether two generations of types get along: what breaks, and for whom. For people and for gates.

use crate::args::{CompatArgs, Format};
use crate::console::Console;
use crate::failure::{Exit, Result};
use crate::schemas::{self, NamedSchema};
use crate::text::{TextStyle, escape, plural};
use hydra::Error;
use hydra::compat::{Diagnostic, Severity, compare};
use hydra::evolve::{Evolution, Resolution};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

/// A table of both files, or of one.
struct TableChanges {
    name: String,
    /// How old records are read as the new type; none if they cannot be.
    resolution: Option<Resolution>,
    findings: Vec<Diagnostic>,
}

pub(crate) fn run(args: &CompatArgs, console: &mut Console) -> Result<Exit> {
    let table = args.table.as_deref();
    let [old, new] = [schemas::all(&args.old, table, console)?, schemas::all(&args.new, table, console)?];
    let (tables, gone, added) = pair(&old, &new);
    let tables = tables.into_iter().map(|(old, new)| compared(old, new, &args.new));
    let tables = tables.collect::<Result<Vec<_>>>()?;
    let denied = |finding: &Diagnostic| finding.severity >= args.deny;
    let breaks = tables.iter().flat_map(|table| &table.findings).filter(|finding| denied(finding)).count();
    let exit = if breaks > 0 || !gone.is_empty() { Exit::No } else { Exit::Done };
    if args.format == Format::Json {
        let tables: Vec<Value> = tables.iter().map(document).collect();
        let document = json!({ "version": 1, "compatible": exit == Exit::Done, "tables": tables,
            "tables_removed": gone, "tables_added": added });
        console.json(&document)?;
        return Ok(exit);
    }
    for table in &tables {
        show(table, console)?;
    }
    let lone = [("is not there any more", TextStyle::Bad, gone), ("is new", TextStyle::Dim, added)];
    for (words, style, names) in lone {
        for name in names {
            console.line(style, &format!("table {}  {words}", escape::line(&name)))?;
        }
    }
    let (style, verdict) = match exit {
        Exit::Done => (TextStyle::Good, "✓ compatible".to_string()),
        _ if breaks > 0 => (TextStyle::Bad, format!("✗ {} denied", plural(breaks as u64, "finding"))),
        _ => (TextStyle::Bad, "✗ a table is gone".to_string()),
    };
    console.line(style, &verdict)?;
    Ok(exit)
}

/// Schemas whose tables belong together by name, those only the old file has, and those only the new one has. Where both have one,
/// these belong together.
fn pair<'s>(
    old: &'s [NamedSchema],
    new: &'s [NamedSchema],
) -> (Vec<(&'s NamedSchema, &'s NamedSchema)>, Vec<String>, Vec<String>) {
    if let ([old], [new]) = (old, new) {
        return (vec![(old, new)], Vec::new(), Vec::new());
    }
    let by_name = |some: &'s [NamedSchema]| -> HashMap<&str, &NamedSchema> {
        some.iter().map(|named| (&*named.0, named)).collect()
    };
    let (olds, news) = (by_name(old), by_name(new));
    let lone = |some: &[NamedSchema], among: &HashMap<&str, &NamedSchema>| {
        some.iter().map(|(name, _)| name.clone()).filter(|name| !among.contains_key(&**name)).collect()
    };
    let pairs = old.iter().filter_map(|named| Some((named, *news.get(&*named.0)?))).collect();
    (pairs, lone(old, &news), lone(new, &olds))
}

fn compared((_, old): &NamedSchema, (name, new): &NamedSchema, file: &Path) -> Result<TableChanges> {
    let findings = compare(old, new).map_err(|error: Error| error.in_file(file))?;
    let resolution = Evolution::between(old, new).ok().map(|evolution| evolution.resolution());
    Ok(TableChanges { name: name.clone(), resolution, findings })
}

fn style(severity: Severity) -> TextStyle {
    match severity {
        Severity::Break => TextStyle::Bad,
        Severity::Warning => TextStyle::Warn,
        _ => TextStyle::Note,
    }
}

fn show(table: &TableChanges, console: &mut Console) -> Result<()> {
    let cost = table.resolution.map(|resolution| resolution.to_string());
    let cost = cost.unwrap_or_else(|| "old records cannot be read".to_string());
    let title = console.paint(TextStyle::Bold, &format!("table {}", escape::line(&table.name)));
    writeln!(console, "{title}  {cost}")?;
    let mut heading = None;
    for finding in &table.findings {
        if heading != Some(finding.audience) {
            writeln!(console, "  {}", console.paint(TextStyle::Dim, &finding.audience.to_string()))?;
            heading = Some(finding.audience);
        }
        let path = if finding.path.is_empty() { "the record" } else { &finding.path };
        let line = escape::line(&format!("{path}: {}", finding.text)).into_owned();
        let rule = console.paint(TextStyle::Dim, &format!("[{}]", finding.rule));
        writeln!(
            console,
            "    {}  {line} {rule}",
            console.paint(style(finding.severity), &format!("{:<7}", finding.severity))
        )?;
    }
    Ok(())
}

fn document(table: &TableChanges) -> Value {
    let finding = |finding: &Diagnostic| {
        json!({ "rule": finding.rule, "severity": finding.severity.to_string(), "who": finding.audience.to_string(),
            "path": finding.path, "text": finding.text })
    };
    let findings: Vec<Value> = table.findings.iter().map(finding).collect();
    let resolution = table.resolution.map(Resolution::name);
    json!({ "table": table.name, "resolution": resolution, "findings": findings })
}
