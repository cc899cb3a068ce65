//! `hydra compact` copies the newest state of a file to a new file.

use crate::args::{CompactArgs, Format};
use crate::console::Console;
use crate::failure::{Exit, Result};
use crate::interrupt;
use crate::progress::ProgressBar;
use crate::source::Input;
use crate::streams::LayoutArg;
use crate::text::{bytes, escape, plural};
use hydra::file::{self, Size};
use serde_json::json;
use std::io::Write;

pub(crate) fn run(args: &CompactArgs, console: &mut Console) -> Result<Exit> {
    let input = Input::new(&args.input, console)?;
    interrupt::watch();
    let layout = args.layout.map(Into::into);
    let done = ProgressBar::watch("compacting", |progress| {
        file::compact(&input.path, &args.output, layout, Some(progress))
    });
    let done = done.map_err(|error| input.failure(error))?;
    if args.format == Format::Json {
        let size = |size: Size| json!({ "size_bytes": size.bytes, "blocks": size.block_count });
        let document = json!({
            "version": 1, "records": done.record_count, "before": size(done.before), "after": size(done.after),
            "layout": args.layout.map(LayoutArg::name),
        });
        console.json(&document)?;
        return Ok(Exit::Done);
    }
    let size = |size: Size| format!("{} in {}", bytes(size.bytes), plural(size.block_count, "block"));
    let output = args.output.display().to_string();
    writeln!(console, "{}  {}", escape::line(&input.name), size(done.before))?;
    let records = plural(done.record_count, "record");
    writeln!(console, "{}  {}, {records} verified", escape::line(&output), size(done.after))?;
    Ok(Exit::Done)
}
