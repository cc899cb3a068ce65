//! `hydra inspect` shows the contents and the state of a file from its header, index and schemas alone, and
//! says what it did not verify. With `--deep`, it verifies everything.

use crate::args::{Format, InspectArgs};
use crate::commands::check;
use crate::console::Console;
use crate::failure::{Exit, Result, advice, advised, own_help};
use crate::recovery::finding;
use crate::render::dump::hex;
use crate::render::{fields, schema};
use crate::source::{self, Input};
use crate::streams::{blocks_of, layouts};
use crate::text::{TextStyle, bytes, count, escape, plural, rough, shorten};
use hydra::file::State;
use hydra::{Dynamic, Reader, Table};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Write;

/// The number of lines for tables and metadata together, so that the output fits on a screen.
const LINES: usize = 36;

pub(crate) fn run(args: &InspectArgs, console: &mut Console) -> Result<Exit> {
    let mut documents = Vec::new();
    let exit = source::each(&args.files, console, &mut |number, input, console| {
        let reader = input.open()?;
        let found = if args.deep { Some(check::examine(&input)?) } else { None };
        if args.format == Format::Json {
            documents.push(document(&input, &reader, found.as_ref())?);
        } else {
            write!(console, "{}", if number > 0 { "\n" } else { "" })?;
            show(&input, &reader, found.as_ref(), LINES / args.files.len(), console)?;
        }
        let opened = if reader.report().state() == State::Unsupported { Exit::CouldNot } else { Exit::Done };
        Ok(found.map_or(opened, |found| found.exit()))
    })?;
    if args.format == Format::Json {
        console.json(&json!({ "version": 1, "files": documents }))?;
    }
    Ok(exit)
}

fn show(
    input: &Input,
    reader: &Reader,
    found: Option<&check::CheckResult>,
    lines: usize,
    console: &mut Console,
) -> Result<()> {
    let report = reader.report();
    let name = escape::line(&input.name);
    let commit = reader.commit();
    let broken = found.is_some_and(|found| !found.is_good());
    let (mark, style) = match report.state() {
        _ if broken => ("✗", TextStyle::Bad),
        State::Clean => ("✓", TextStyle::Good),
        State::Damaged | State::Unsupported => ("✗", TextStyle::Bad),
        _ => ("!", TextStyle::Warn),
    };
    let damage = found.filter(|_| broken).map(|found| {
        let verdict = found.verdict().name();
        let known = report.to_string().starts_with(verdict);
        let but = if known { String::new() } else { format!(", but {verdict}") };
        format!("{but}: {}", plural(found.count, "finding"))
    });
    let state = console.paint(style, &format!("{mark} {report}{}", damage.unwrap_or_default()));
    writeln!(console, "{}  {state}", console.paint(TextStyle::Bold, &name))?;
    let tables = plural(reader.tables().len() as u64, "table");
    let records = plural(commit.record_count, "record");
    writeln!(console, "  {}, {tables}, {records}", bytes(reader.file_bytes()))?;
    let id = hex(&reader.file_id());
    let blocks = plural(commit.block_count, "block");
    console.line(TextStyle::Dim, &format!("  file id {id}, commit {}, {blocks}", count(commit.sequence)))?;
    for detail in report.details() {
        // No command repairs a lost commit, so there is no advice for it.
        let help = if report.is_damaged() { advice(detail) } else { own_help(detail) };
        writeln!(console, "{}", advised(detail, help))?;
    }
    let share = (lines / reader.tables().len().max(1)).max(4);
    for table in reader.tables() {
        let name = escape::line(table.name());
        let blocks = table.block_count();
        let table = reader.dynamic_table(table.name()).map_err(|error| input.failure(error))?;
        let blocks = blocks_of(blocks, &layouts(reader, &table));
        show_table(&name, blocks, &table, share, console)?;
    }
    match reader.metadata() {
        Ok(pairs) => show_metadata(pairs, console)?,
        Err(error) => console.complain(&input.failure(error)),
    }
    writeln!(console)?;
    match found {
        Some(found) => found.show(&input.name, console),
        None => {
            let blocks = reader.tables().iter().map(|table| table.block_count()).fold(0, u64::saturating_add);
            let blocks = plural(blocks, "data block");
            let what = format!("not verified: checksums and contents of {blocks}");
            console.line(TextStyle::Dim, &format!("{what}; hydra check {name} reads every byte"))
        }
    }
}

fn show_table(
    name: &str,
    blocks: String,
    table: &Table<Dynamic>,
    lines: usize,
    console: &mut Console,
) -> Result<()> {
    let ty = table.schema().name();
    let ty = if ty == table.name() { String::new() } else { format!("of {}, ", escape::line(&ty)) };
    let facts = [
        format!("{ty}{}", plural(table.len(), "record")),
        blocks,
        format!("{} a record", plural(table.schema().root().size() as u64, "byte")),
        format!("schema {:016x}", table.schema().fingerprint()),
    ];
    writeln!(console)?;
    writeln!(console, "{}  {}", console.paint(TextStyle::Bold, &format!("table {name}")), facts.join(", "))?;
    let text = fields::table(table.schema(), lines, console.width, console.color);
    Ok(console.write_all(text.as_bytes())?)
}

fn show_metadata(pairs: &BTreeMap<String, Vec<u8>>, console: &mut Console) -> Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let keys = plural(pairs.len() as u64, "key");
    writeln!(console, "\n{}  {keys}", console.paint(TextStyle::Bold, "metadata"))?;
    for (key, value) in pairs.iter().take(8) {
        let value = match std::str::from_utf8(value) {
            Ok(text) => shorten(&escape::line(text), 60).into_owned(),
            Err(_) => rough(value.len() as u64),
        };
        writeln!(console, "  {}  {value}", shorten(&escape::line(key), 40))?;
    }
    if pairs.len() > 8 {
        writeln!(console, "  … and {} more (-f json lists them)", pairs.len() - 8)?;
    }
    Ok(())
}

fn document(input: &Input, reader: &Reader, found: Option<&check::CheckResult>) -> Result<Value> {
    let report = reader.report();
    let commit = reader.commit();
    let mut tables = Vec::new();
    for table in reader.tables() {
        let records = reader.dynamic_table(table.name()).map_err(|error| input.failure(error))?;
        let mut own = schema::summary(records.schema());
        own["name"] = json!(table.name());
        own["records"] = json!(table.record_count());
        own["blocks"] = json!(table.block_count());
        own["layouts"] = json!(layouts(reader, &records));
        tables.push(own);
    }
    let (pairs, lost) = match reader.metadata() {
        Ok(pairs) => (Some(pairs), None),
        Err(error) => (None, Some(error)),
    };
    let pair = |(key, value): (&String, &Vec<u8>)| (key.clone(), metadata_value(value));
    let state = match report.state() {
        State::Clean => "clean",
        State::Unclosed => "unclosed",
        State::UncommittedTail { .. } => "uncommitted_tail",
        State::LastCommitLost { .. } => "last_commit_lost",
        State::Unsupported => "unsupported",
        State::Damaged => "damaged",
        _ => "other",
    };
    Ok(json!({
        "file": input.name,
        "size_bytes": reader.file_bytes(),
        "file_id": hex(&reader.file_id()),
        "state": state,
        "details": report.details().iter().chain(&lost).map(finding).collect::<Vec<_>>(),
        "commit": {
            "sequence": commit.sequence,
            "epoch": commit.epoch,
            "committed_bytes": commit.committed_bytes,
            "synced_bytes": commit.synced_bytes,
            "records": commit.record_count,
            "blocks": commit.block_count,
        },
        "tables": tables,
        "metadata": pairs.map(|pairs| pairs.iter().map(pair).collect::<Map<String, Value>>()),
        "verified": found.map(check::CheckResult::document),
    }))
}

/// Returns text as a string, and other bytes as an object with the member `base64`.
fn metadata_value(value: &[u8]) -> Value {
    match std::str::from_utf8(value) {
        Ok(text) => json!(text),
        Err(_) => json!({ "base64": hydra::Value::of(&value.to_vec()) }),
    }
}
