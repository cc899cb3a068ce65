//! `hydra compact`: the newest state of a file, alone, in a new one.
#![forbid(unsafe_code)]

use crate::args::{Compact, Shape};
use crate::console::Console;
use crate::failure::{Exit, Result};
use crate::interrupt;
use crate::progress::Progress;
use crate::source::Input;
use crate::text::escape;
use crate::text::size::{bytes, plural};
use hydra::file::{self, Size};
use serde_json::json;
use std::io::Write;

pub(crate) fn run(args: &Compact, console: &mut Console) -> Result<Exit> {
    let input = Input::new(&args.input, console)?;
    interrupt::watch();
    let progress = Progress::start("compacting", 100);
    let done = file::compact(&input.path, &args.output, &mut |done, of| progress.part(done, of));
    drop(progress);
    let done = done.map_err(|error| input.failure(error))?;
    if args.format == Shape::Json {
        let size = |size: Size| json!({ "size_bytes": size.bytes, "blocks": size.block_count });
        let document = json!({
            "version": 1, "records": done.record_count, "before": size(done.before), "after": size(done.after),
        });
        serde_json::to_writer_pretty(&mut *console, &document)?;
        writeln!(console)?;
        return Ok(Exit::Done);
    }
    let size = |size: Size| format!("{} in {}", bytes(size.bytes), plural(size.block_count, "block"));
    let output = args.output.display().to_string();
    writeln!(console, "{}  {}", escape::line(&input.name), size(done.before))?;
    let records = plural(done.record_count, "record");
    writeln!(console, "{}  {}, {records} verified", escape::line(&output), size(done.after))?;
    Ok(Exit::Done)
}
