//! `hydra completions` and `hydra man` make completion scripts and manual pages from the arguments of the
//! command.

use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::console::Console;
use crate::failure::{Exit, Failure, Result};
use crate::target::Target;
use clap::CommandFactory;
use std::io::Write;

pub(crate) fn completions(args: &CompletionsArgs, console: &mut Console) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "hydra", &mut script);
    console.write_all(&script)?;
    Ok(Exit::Done)
}

pub(crate) fn man(args: &ManArgs, console: &mut Console) -> Result<Exit> {
    std::fs::create_dir_all(&args.directory).map_err(|error| Failure::io(error, &args.directory))?;
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    for command in command.get_subcommands().chain([&command]) {
        let page = clap_mangen::Man::new(command.clone());
        let path = args.directory.join(page.get_filename());
        Target::new(&path, true, false)?.write_text(console, |mut out| Ok(page.render(&mut out)?))?;
    }
    Ok(Exit::Done)
}
