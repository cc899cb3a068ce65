//! The report of what is kept and lost in a damaged file, as text and as JSON, for `recover` and `check`.

use crate::console::Console;
use crate::failure::{Result, own_help};
use crate::text::{TextStyle, bytes, count, escape, plural, present};
use hydra::Error;
use hydra::file::{RecoveredTable, Recovery};
use serde_json::{Value, json};
use std::io::Write;
use std::ops::Range;

/// The largest number of ranges of a table that are listed; the rest are counted.
const TOLD: usize = 10;

/// Prints what is lost and what is not, table by table; `kept` is the word for records that are not lost.
pub(crate) fn show(recovery: &Recovery, kept: &str, console: &mut Console) -> Result<()> {
    for table in &recovery.tables {
        show_table(table, kept, console)?;
    }
    if recovery.unplaced > 0 {
        let records = plural(recovery.unplaced, "record");
        writeln!(console, "{records} lost at the end; their tables are unknown")?;
    }
    if let Some(error) = &recovery.metadata_lost {
        writeln!(console, "metadata lost: {}", escape::line(&error.message()))?;
    }
    for range in recovery.unknown.iter().take(TOLD) {
        let lost = format!("{} at {:#x} lost", bytes(range.end.saturating_sub(range.start)), range.start);
        writeln!(console, "{lost}: their contents are unknown; edits stored there are undone")?;
    }
    if recovery.commit.is_none() {
        writeln!(console, "both commit records are damaged: all intact blocks count as committed")?;
    }
    let (blocks, records) = recovery.left_out;
    if blocks > 0 {
        let records = plural(records, "record");
        let doubt = if recovery.in_doubt { ", or their commit record is damaged" } else { "" };
        let blocks = plural(blocks, "intact block");
        writeln!(console, "{records} in {blocks} not committed{doubt}: --uncommitted keeps them")?;
    } else if recovery.in_doubt {
        writeln!(console, "a commit record is damaged; no intact block follows the commit of the other one")?;
    }
    Ok(())
}

fn show_table(table: &RecoveredTable, kept: &str, console: &mut Console) -> Result<()> {
    let (saved, lost) = (table.kept_count(), table.lost_count());
    let never = table.uncommitted.iter().map(|range| range.end.saturating_sub(range.start)).sum::<u64>();
    let all = plural(saved.saturating_add(lost).saturating_sub(never), "committed record");
    let mark = || console.paint(TextStyle::Bad, &format!(", {} lost", count(lost)));
    let mark = if lost > 0 { mark() } else { String::new() };
    writeln!(console, "table {}  {} of {all} {kept}{mark}", escape::line(&table.name), count(saved - never))?;
    for (records, error) in table.lost.iter().take(TOLD) {
        let offset = error.offset().map(|offset| format!(" @ {offset:#x}")).unwrap_or_default();
        writeln!(console, "  lost    {}: {}{offset}", span(records), escape::line(&error.message()))?;
    }
    more(table.lost.len(), console)?;
    if lost > 0 {
        for (old, new) in table.kept.iter().take(TOLD) {
            writeln!(console, "  {kept:<7} {} -> {}", span(old), span(new))?;
        }
        more(table.kept.len(), console)?;
    }
    for records in table.older.iter().take(TOLD) {
        writeln!(console, "  older   {}: their last edit is damaged and undone", span(records))?;
    }
    for records in table.uncommitted.iter().take(TOLD) {
        writeln!(console, "  also    {}: never committed", span(records))?;
    }
    Ok(())
}

fn more(ranges: usize, console: &mut Console) -> Result<()> {
    if ranges > TOLD {
        let ranges = plural((ranges - TOLD) as u64, "range");
        writeln!(console, "  and {ranges} more: --report or -f json lists all")?;
    }
    Ok(())
}

/// Returns the text of a range of records, without its end.
fn span(records: &Range<u64>) -> String {
    format!("{}..{}", records.start, records.end)
}

/// Returns the report as JSON.
pub(crate) fn document(recovery: &Recovery) -> Value {
    let pair = |range: &Range<u64>| json!([range.start, range.end]);
    let pairs = |ranges: &[Range<u64>]| -> Value { ranges.iter().map(pair).collect() };
    let table = |table: &RecoveredTable| {
        let loss = |(records, error): &(Range<u64>, Error)| json!({ "records": pair(records), "why": finding(error) });
        let kept = |(old, new): &(Range<u64>, Range<u64>)| json!({ "old": pair(old), "new": pair(new) });
        json!({
            "name": table.name,
            "kept_count": table.kept_count(),
            "lost_count": table.lost_count(),
            "kept": table.kept.iter().map(kept).collect::<Value>(),
            "lost": table.lost.iter().map(loss).collect::<Value>(),
            "uncommitted": pairs(&table.uncommitted),
            "older": pairs(&table.older),
        })
    };
    json!({
        "version": 1,
        "complete": recovery.is_complete(),
        "kept_count": recovery.kept_count(),
        "lost_count": recovery.lost_count(),
        "tables": recovery.tables.iter().map(table).collect::<Value>(),
        "unplaced": recovery.unplaced,
        "unknown_bytes": pairs(&recovery.unknown),
        "metadata_lost": recovery.metadata_lost.as_ref().map(finding),
        "commit_found": recovery.commit.is_some(),
        "left_out": { "blocks": recovery.left_out.0, "records": recovery.left_out.1 },
        "in_doubt": recovery.in_doubt,
        "input_bytes": recovery.input_bytes,
        "output_bytes": recovery.output.map(|size| size.bytes),
    })
}

/// Returns a finding as JSON.
pub(crate) fn finding(error: &Error) -> Value {
    present(json!({
        "code": error.code(),
        "message": error.message(),
        "offset": error.offset(),
        "place": error.place_text(),
        "path": error.path_text(),
        "expected": error.expected_text(),
        "found": error.found_text(),
        "help": own_help(error),
    }))
}
