//! `hydra check`: verifies every byte of a file and tells all that it finds, not the first.
#![forbid(unsafe_code)]

use crate::args::{Check, Shape};
use crate::console::Console;
use crate::failure::{Exit, Failure, Result};
use crate::progress::Progress;
use crate::recovery::{self, finding};
use crate::source::Input;
use crate::text::escape;
use crate::text::paint::Style;
use crate::text::size::{bytes, plural};
use hydra::file::{self, CheckSummary, RecoverOptions, Recovery, Verdict};
use hydra::{Error, ErrorKind};
use serde_json::{Map, Value, json};
use std::io::Write;

/// Findings beyond these are counted, not kept.
const KEPT: usize = 10_000;

/// What checking a file found.
pub(crate) struct Findings {
    pub(crate) list: Vec<Error>,
    pub(crate) count: u64,
    summary: Option<CheckSummary>,
    /// What of it can be saved, if anything is wrong.
    savable: Option<Recovery>,
}

pub(crate) fn run(args: &Check, console: &mut Console) -> Result<Exit> {
    let (mut exit, mut documents) = (Exit::Done, Vec::new());
    for path in &args.files {
        let done = Input::new(path, console).and_then(|input| Ok((examine(&input)?, input)));
        let (found, input) = match done {
            Ok(done) => done,
            Err(Failure::ClosedPipe) => return Err(Failure::ClosedPipe),
            Err(failure) => {
                console.complain(&failure);
                exit = exit.worst(failure.code());
                continue;
            }
        };
        exit = exit.worst(found.exit());
        match args.format {
            Shape::Json => {
                let mut document = found.document();
                document.insert("file".into(), json!(input.name));
                documents.push(Value::Object(document));
            }
            Shape::Text => {
                let (mark, style) = if found.is_good() { ("✓", Style::Good) } else { ("✗", Style::Bad) };
                write!(
                    console,
                    "{}  ",
                    console.paint(style, &format!("{mark} {}", escape::line(&input.name)))
                )?;
                found.show(&input.name, console)?;
            }
        }
    }
    if args.format == Shape::Json {
        serde_json::to_writer_pretty(&mut *console, &json!({ "version": 1, "files": documents }))?;
        writeln!(console)?;
    }
    Ok(exit)
}

/// Checks a file. What is wrong with it is a finding; only what kept it from being read is a failure.
pub(crate) fn examine(input: &Input) -> Result<Findings> {
    let progress = Progress::start("checking", 100);
    let mut found = Findings { list: Vec::new(), count: 0, summary: None, savable: None };
    let checked =
        file::check_with_progress(&input.path, &mut |finding| found.add(finding), &mut |done, of| {
            progress.part(done, of)
        });
    drop(progress);
    match checked {
        Ok(summary) => found.summary = Some(summary),
        Err(error) if matches!(error.kind(), ErrorKind::Io | ErrorKind::NotFound | ErrorKind::NotRegular) => {
            return Err(input.failure(error));
        }
        Err(error) => found.add(error),
    }
    // What this program cannot read may be whole: nothing is said of what is lost.
    if found.count > 0 && found.verdict() != Verdict::Unsupported {
        let progress = Progress::start("looking what can be saved", 100);
        let options = RecoverOptions::default();
        // What is no Hydra file at all was said above.
        found.savable = file::survey(&input.path, options, &mut |done, of| progress.part(done, of)).ok();
    }
    Ok(found)
}

impl Findings {
    fn add(&mut self, error: Error) {
        self.count += 1;
        if self.list.len() < KEPT {
            self.list.push(error);
        }
    }

    pub(crate) fn is_good(&self) -> bool {
        self.count == 0
    }

    /// What the findings make of the file.
    pub(crate) fn verdict(&self) -> Verdict {
        self.summary.map_or(Verdict::Refused, |summary| summary.verdict)
    }

    pub(crate) fn exit(&self) -> Exit {
        match self.verdict() {
            Verdict::Good => Exit::Done,
            Verdict::Unsupported => Exit::CouldNot,
            _ => Exit::No,
        }
    }

    /// What was verified and what was found; what can be saved, and how.
    pub(crate) fn show(&self, name: &str, console: &mut Console) -> Result<()> {
        let opened = self.summary.as_ref().filter(|summary| summary.committed_bytes > 0);
        let verified = opened.map(|summary| {
            let records = plural(summary.record_count, "record");
            format!(
                "{records} in {}, {} verified",
                plural(summary.block_count, "block"),
                bytes(summary.verified_bytes())
            )
        });
        let verdict = self.verdict();
        match (&verified, self.count) {
            (Some(verified), 0) => writeln!(console, "{verified}, nothing found")?,
            (Some(verified), count) => {
                writeln!(console, "{verdict}: {}; {verified}", plural(count, "finding"))?
            }
            (None, _) => writeln!(console, "{verdict}: cannot be opened")?,
        }
        for (count, what) in opened.into_iter().flat_map(unlooked) {
            writeln!(console, "  not looked at: {} {what}", bytes(count))?;
        }
        for error in &self.list {
            let text = error.to_string();
            let text = text.strip_suffix("\n  = help: hydra check").unwrap_or(&text);
            writeln!(console, "  {}", escape::lines(text).replace('\n', "\n  "))?;
        }
        let more = self.count.saturating_sub(self.list.len() as u64);
        if more > 0 {
            writeln!(console, "  … and {}", plural(more, "more finding"))?;
        }
        let Some(savable) = &self.savable else { return Ok(()) };
        recovery::show(savable, "whole", console)?;
        let records = plural(savable.kept_count(), "record");
        match savable.kept_count() {
            0 if !savable.is_complete() => writeln!(console, "nothing can be saved")?,
            _ => writeln!(console, "hydra recover {} -o NEW saves {records}", escape::line(name))?,
        }
        Ok(())
    }

    pub(crate) fn document(&self) -> Map<String, Value> {
        let mut out = Map::new();
        out.insert("verdict".into(), json!(self.verdict().name()));
        out.insert("finding_count".into(), json!(self.count));
        out.insert("findings".into(), self.list.iter().map(finding).collect());
        if let Some(savable) = &self.savable {
            out.insert("recover".into(), recovery::document(savable));
        }
        if let Some(summary) = &self.summary {
            out.insert("records".into(), json!(summary.record_count));
            out.insert("blocks".into(), json!(summary.block_count));
            out.insert("size_bytes".into(), json!(summary.file_bytes));
            out.insert("verified_bytes".into(), json!(summary.verified_bytes()));
            out.insert("uncommitted_bytes".into(), json!(summary.uncommitted_bytes()));
            out.insert("covered_bytes".into(), json!(summary.covered_bytes));
        }
        out
    }
}

/// Bytes that a check does not look at, and why.
fn unlooked(summary: &CheckSummary) -> impl Iterator<Item = (u64, &'static str)> {
    let tail = (summary.uncommitted_bytes(), "after the last commit, where a writer may be active");
    let covered = (summary.covered_bytes, "of earlier tails, which PAD blocks cover");
    [tail, covered].into_iter().filter(|(count, _)| *count > 0)
}
