//! `hydra completions` and `hydra man`: what a shell and a manual know of the command, made from its arguments.
#![forbid(unsafe_code)]

use crate::args::{Cli, Completions, Man};
use crate::console::Console;
use crate::failure::{Exit, Failure, Result};
use clap::CommandFactory;
use std::io::Write;

pub(crate) fn completions(args: &Completions, console: &mut Console) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "hydra", &mut script);
    console.write_all(&script)?;
    Ok(Exit::Done)
}

pub(crate) fn man(args: &Man) -> Result<Exit> {
    let write = || {
        std::fs::create_dir_all(&args.directory)?;
        clap_mangen::generate_to(Cli::command(), &args.directory)
    };
    write().map_err(|error| Failure::io(error, &args.directory))?;
    Ok(Exit::Done)
}
