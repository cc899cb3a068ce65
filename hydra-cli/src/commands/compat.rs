//! `hydra compat` compares two versions of a schema and reports which readers can no longer read which files.

use crate::args::{CompatArgs, Format};
use crate::console::Console;
use crate::failure::{Exit, Result};
use crate::schemas;
use crate::text::{TextStyle, escape, plural};
use hydra::Schema;
use hydra::compat::{Diagnostic, Severity, compare};
use hydra::evolve::{Evolution, Resolution};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

/// The changes of a table that both files have.
struct TableChanges {
    name: String,
    /// How old records are read as the new type; none if they cannot be read.
    resolution: Option<Resolution>,
    findings: Vec<Diagnostic>,
}

pub(crate) fn run(args: &CompatArgs, console: &mut Console) -> Result<Exit> {
    let table = args.table.as_deref();
    let [old, new] = [schemas::all(&args.old, table, console)?, schemas::all(&args.new, table, console)?];
    let mut tables = Vec::new();
    let mut gone = Vec::new();
    let mut added = Vec::new();
    for pair in schemas::pair(&old, &new, |(name, _)| name) {
        match pair {
            [Some((_, old)), Some((name, new))] => tables.push(compared(name, old, new, &args.new)?),
            [Some((name, _)), None] => gone.push(name),
            [None, other] => added.extend(other.map(|(name, _)| name)),
        }
    }
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
    let lone = [("was removed", TextStyle::Bad, gone), ("was added", TextStyle::Dim, added)];
    for (words, style, names) in lone {
        for name in names {
            console.line(style, &format!("table {}  {words}", escape::line(name)))?;
        }
    }
    let (style, verdict) = match exit {
        Exit::Done => (TextStyle::Good, "✓ compatible".to_string()),
        _ if breaks > 0 => (TextStyle::Bad, format!("✗ {} denied", plural(breaks as u64, "finding"))),
        _ => (TextStyle::Bad, "✗ a table was removed".to_string()),
    };
    console.line(style, &verdict)?;
    Ok(exit)
}

fn compared(name: &str, old: &Schema, new: &Schema, file: &Path) -> Result<TableChanges> {
    let findings = compare(old, new).map_err(|error| error.in_file(file))?;
    let resolution = Evolution::between(old, new).ok().map(|evolution| evolution.resolution());
    Ok(TableChanges { name: name.to_string(), resolution, findings })
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
        let severity = console.paint(style(finding.severity), &format!("{:<7}", finding.severity));
        writeln!(console, "    {severity}  {line} {rule}")?;
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
