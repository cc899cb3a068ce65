//! `hydra tail`: the last records of a table, and those that are still to come. It shows only what is committed.

use crate::args::TailArgs;
use crate::console::Console;
use crate::failure::{Exit, Failure, Result};
use crate::print::Printer;
use crate::records::TableRecords;
use std::path::Path;
use std::time::Duration;

/// How often it looks for news.
const EVERY: Duration = Duration::from_millis(100);

pub(crate) fn run(args: &TailArgs, console: &mut Console) -> Result<Exit> {
    if args.follow && args.file == Path::new("-") {
        return Err(Failure::usage("stdin cannot be followed").help("name the file that grows"));
    }
    let mut records =
        TableRecords::open(&args.file, &args.select.source, None, &args.select.fields, console)?;
    let mut printer = Printer::new(args.format, &records, console)?;
    printer.start(&records, console)?;
    let mut next = records.table.len().saturating_sub(args.count);
    loop {
        let end = records.table.len();
        let printed = records.each(next..end, &mut |value| printer.record(value, console));
        // What was read before an error is shown, and what is committed is shown at once.
        printer.flush(console)?;
        printed?;
        next = end;
        if !args.follow {
            break;
        }
        while !records.refresh()? {
            std::thread::sleep(EVERY);
        }
    }
    let losses = printer.finish(console)?;
    Ok(records.conclude(&losses, console))
}
