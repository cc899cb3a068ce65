//! `hydra cat` prints the records of tables, one after the other.

use crate::args::{CatArgs, Format};
use crate::console::Console;
use crate::export;
use crate::failure::{Exit, Failure, Result};
use crate::print::Printer;
use crate::records::TableRecords;
use crate::text::escape;
use std::io::Write;

pub(crate) fn run(args: &CatArgs, console: &mut Console) -> Result<Exit> {
    let mut exit = Exit::Done;
    // For CSV, the titles of the first file, which are printed once.
    let mut titles: Option<Vec<String>> = None;
    for (i, file) in args.files.iter().enumerate() {
        let mut records = TableRecords::open(file, &args.select.source, None, &args.select.fields, console)?;
        if args.format == Format::Text && args.files.len() > 1 {
            let gap = if i > 0 { "\n" } else { "" };
            writeln!(console, "{gap}==> {} <==", escape::line(&records.input.name))?;
        }
        let mut printer = Printer::new(args.format, &records, console)?;
        let own = printer.titles();
        match &titles {
            None => printer.start(&records, console)?,
            Some(first) if *first == own => {}
            Some(first) => {
                let name = &records.input.name;
                return Err(Failure::new("HY0621", "the files have different columns")
                    .place(format!("{name}: expected {}, found {}", first.join(","), own.join(",")))
                    .help("--fields selects columns that all files have"));
            }
        }
        titles = (args.format == Format::Csv).then_some(own);
        let range = export::range(args.count, args.skip, args.tail, records.table.len());
        let losses = printer.print(&mut records, range, console)?;
        exit = exit.worst(records.conclude(&losses, console));
    }
    Ok(exit)
}
