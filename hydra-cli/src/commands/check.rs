//! `hydra check` verifies every byte of a file and lists all findings.

use crate::args::{CheckArgs, Format};
use crate::console::Console;
use crate::failure::{Exit, Result, advised, own_help};
use crate::progress::ProgressBar;
use crate::recovery::{self, finding};
use crate::source::{self, Input};
use crate::text::{TextStyle, bytes, escape, plural, present};
use hydra::file::{self, CheckSummary, RecoverOptions, Recovery, Verdict};
use hydra::{Error, ErrorKind};
use serde_json::{Value, json};
use std::io::Write;

/// The largest number of findings that are kept; the rest are counted.
const KEPT: usize = 10_000;

/// The result of checking a file.
pub(crate) struct CheckResult {
    pub(crate) list: Vec<Error>,
    pub(crate) count: u64,
    summary: Option<CheckSummary>,
    /// What can be recovered, if the file has findings.
    savable: Option<Recovery>,
}

pub(crate) fn run(args: &CheckArgs, console: &mut Console) -> Result<Exit> {
    let mut documents = Vec::new();
    let exit = source::each(&args.files, console, &mut |_, input, console| {
        let found = examine(&input)?;
        if args.format == Format::Json {
            let mut document = found.document();
            document["file"] = json!(input.name);
            documents.push(document);
        } else {
            let (mark, style) =
                if found.is_good() { ("✓", TextStyle::Good) } else { ("✗", TextStyle::Bad) };
            let title = console.paint(style, &format!("{mark} {}", escape::line(&input.name)));
            write!(console, "{title}  ")?;
            found.show(&input.name, console)?;
        }
        Ok(found.exit())
    })?;
    if args.format == Format::Json {
        console.json(&json!({ "version": 1, "files": documents }))?;
    }
    Ok(exit)
}

/// Checks a file. Problems of the file are findings; only an error that prevents reading it is a failure.
pub(crate) fn examine(input: &Input) -> Result<CheckResult> {
    let mut found = CheckResult { list: Vec::new(), count: 0, summary: None, savable: None };
    let checked = ProgressBar::watch("checking", |progress| {
        file::check(&input.path, &mut |finding| found.add(finding), Some(progress))
    });
    match checked {
        Ok(summary) => found.summary = Some(summary),
        Err(error) if matches!(error.kind(), ErrorKind::Io | ErrorKind::NotFound | ErrorKind::NotRegular) => {
            return Err(input.failure(error));
        }
        Err(error) => found.add(error),
    }
    // Parts of a newer version may be intact, so nothing is reported as lost.
    if found.count > 0 && found.verdict() != Verdict::Unsupported {
        // An error means that this is not a Hydra file, which is already reported.
        found.savable = ProgressBar::watch("surveying the damage", |progress| {
            file::survey(&input.path, RecoverOptions::default(), Some(progress)).ok()
        });
    }
    Ok(found)
}

impl CheckResult {
    fn add(&mut self, error: Error) {
        self.count += 1;
        if self.list.len() < KEPT {
            self.list.push(error);
        }
    }

    pub(crate) fn is_good(&self) -> bool {
        self.count == 0
    }

    /// Returns the verdict on the file.
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

    /// Prints what was verified and found, and what can be recovered.
    pub(crate) fn show(&self, name: &str, console: &mut Console) -> Result<()> {
        let opened = self.summary.as_ref().filter(|summary| summary.committed_bytes > 0);
        let verified = opened.map(|summary| {
            let records = plural(summary.record_count, "record");
            let blocks = plural(summary.block_count, "block");
            format!("{records} in {blocks}, {} verified", bytes(summary.verified_bytes()))
        });
        let verdict = self.verdict();
        let findings = plural(self.count, "finding");
        match &verified {
            None => writeln!(console, "{verdict}: cannot be opened")?,
            Some(verified) if self.is_good() => writeln!(console, "{verified}, nothing found")?,
            Some(verified) => writeln!(console, "{verdict}: {findings}; {verified}")?,
        }
        for (count, what) in opened.into_iter().flat_map(unlooked) {
            writeln!(console, "  not verified: {} {what}", bytes(count))?;
        }
        for error in &self.list {
            writeln!(console, "{}", advised(error, own_help(error)))?;
        }
        let more = self.count.saturating_sub(self.list.len() as u64);
        if more > 0 {
            writeln!(console, "  … and {}", plural(more, "more finding"))?;
        }
        let Some(savable) = &self.savable else { return Ok(()) };
        recovery::show(savable, "intact", console)?;
        let records = plural(savable.kept_count(), "record");
        match savable.kept_count() {
            0 if !savable.is_complete() => writeln!(console, "nothing can be saved")?,
            _ => writeln!(console, "hydra recover {} -o NEW saves {records}", escape::line(name))?,
        }
        Ok(())
    }

    pub(crate) fn document(&self) -> Value {
        let summary = self.summary.as_ref();
        present(json!({
            "verdict": self.verdict().name(),
            "finding_count": self.count,
            "findings": self.list.iter().map(finding).collect::<Value>(),
            "recover": self.savable.as_ref().map(recovery::document),
            "records": summary.map(|summary| summary.record_count),
            "blocks": summary.map(|summary| summary.block_count),
            "size_bytes": summary.map(|summary| summary.file_bytes),
            "verified_bytes": summary.map(CheckSummary::verified_bytes),
            "uncommitted_bytes": summary.map(CheckSummary::uncommitted_bytes),
            "covered_bytes": summary.map(|summary| summary.covered_bytes),
        }))
    }
}

/// Returns the numbers of bytes that a check does not verify, and why.
fn unlooked(summary: &CheckSummary) -> impl Iterator<Item = (u64, &'static str)> {
    let tail = (summary.uncommitted_bytes(), "after the last commit, where a writer may be active");
    let covered = (summary.covered_bytes, "of earlier uncommitted data, covered by PAD blocks");
    [tail, covered].into_iter().filter(|(count, _)| *count > 0)
}
