//! `hydra tail` prints the last committed records of a table, and new ones when they are committed.

use crate::args::TailArgs;
use crate::console::Console;
use crate::failure::{Exit, Failure, Result};
use crate::print::Printer;
use crate::records::TableRecords;
use std::path::Path;
use std::time::Duration;

/// The interval between two looks for a new commit.
const EVERY: Duration = Duration::from_millis(100);

pub(crate) fn run(args: &TailArgs, console: &mut Console) -> Result<Exit> {
    if args.follow && args.file == Path::new("-") {
        return Err(Failure::usage("stdin cannot be followed").help("give the name of a file"));
    }
    let mut records =
        TableRecords::open(&args.file, &args.select.source, None, &args.select.fields, console)?;
    let mut printer = Printer::new(args.format, &records, console)?;
    printer.start(&records, console)?;
    let mut next = records.table.len().saturating_sub(args.count);
    loop {
        let end = records.table.len();
        let printed = records.each(next..end, &mut |value| printer.record(value, console));
        // Records that were read before an error are printed, and committed records are printed at once.
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
