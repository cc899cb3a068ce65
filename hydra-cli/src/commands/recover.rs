//! `hydra recover` copies the undamaged records of a file to a new file and reports what is lost.

use crate::args::{Format, RecoverArgs};
use crate::console::Console;
use crate::failure::{Exit, Result};
use crate::interrupt;
use crate::progress::ProgressBar;
use crate::recovery::{document, show};
use crate::source::Input;
use crate::target::Target;
use crate::text::{bytes, escape, plural};
use hydra::file::{self, RecoverOptions};
use std::io::Write;

pub(crate) fn run(args: &RecoverArgs, console: &mut Console) -> Result<Exit> {
    let input = Input::whole(&args.input, console)?;
    let report = args.report.as_ref().map(|path| Target::new(path, false, false)).transpose();
    let report = report.map_err(|failure| failure.help("choose another name for the report"))?;
    interrupt::watch();
    let options = RecoverOptions::default().uncommitted(args.uncommitted).older(args.older);
    let done = ProgressBar::watch("recovering", |progress| {
        file::recover(&input.path, &args.output, options, Some(progress))
    });
    let recovery = done.map_err(|error| input.failure(error))?;
    if let Some(report) = report {
        report.write_text(console, |out| Ok(serde_json::to_writer_pretty(out, &document(&recovery))?))?;
    }
    if args.format == Format::Json {
        console.json(&document(&recovery))?;
    } else {
        show(&recovery, "kept", console)?;
        if let Some(size) = recovery.output {
            let output = escape::line(&args.output.display().to_string()).into_owned();
            let records = plural(recovery.kept_count(), "record");
            writeln!(console, "{output}  {records}, {}, verified", bytes(size.bytes))?;
        }
    }
    Ok(if recovery.is_complete() { Exit::Done } else { Exit::Lossy })
}
