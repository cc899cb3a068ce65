//! `hydra tail`: the last records of a table, and those that are still to come. It shows only what is committed.

use crate::args::{Format, Lines, Tail};
use crate::commands::cat::Page;
use crate::console::Console;
use crate::export::Exporter;
use crate::failure::{Exit, Failure, Result};
use crate::records::Records;
use hydra::Value;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// How often it looks for news.
const EVERY: Duration = Duration::from_millis(100);

/// Records as they are printed.
enum Out {
    Page(Page),
    Export(Exporter),
}

impl Out {
    fn new(format: Lines, records: &Records, console: &mut Console) -> Result<Out> {
        let format = match format {
            Lines::Text => {
                return Ok(Out::Page(Page::new(records.table.schema(), &records.picked, records.spelling)));
            }
            Lines::Ndjson => Format::Ndjson,
            Lines::Csv => Format::Csv,
        };
        let mut exporter = Exporter::new(format, records, false)?;
        exporter.start(records.table.name(), console)?;
        Ok(Out::Export(exporter))
    }

    fn record(&mut self, value: Value<'_>, console: &mut Console) -> Result<()> {
        match self {
            Out::Page(page) => page.record(value, console),
            Out::Export(exporter) => exporter.record(value, console),
        }
    }

    fn flush(&mut self, console: &mut Console) -> Result<()> {
        match self {
            Out::Page(page) => page.flush(console),
            Out::Export(_) => Ok(console.flush()?),
        }
    }
}

pub(crate) fn run(args: &Tail, console: &mut Console) -> Result<Exit> {
    if args.follow && args.file == Path::new("-") {
        return Err(Failure::usage("stdin cannot be followed").help("name the file that grows"));
    }
    let mut records = Records::open(&args.file, &args.select.source, None, &args.select.fields, console)?;
    let mut out = Out::new(args.format, &records, console)?;
    let mut next = records.table.len().saturating_sub(args.count);
    loop {
        let end = records.table.len();
        let printed = records.each(next..end, &mut |value| out.record(value, console));
        // What was read before an error is shown, and what is committed is shown at once.
        out.flush(console)?;
        printed?;
        next = end;
        if !args.follow {
            break;
        }
        while !records.refresh()? {
            std::thread::sleep(EVERY);
        }
    }
    let losses = match &mut out {
        Out::Page(page) => page.finish(console).map(|()| Vec::new())?,
        Out::Export(exporter) => exporter.losses(),
    };
    Ok(records.conclude(&losses, console))
}
