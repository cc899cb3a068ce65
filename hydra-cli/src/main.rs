//! The `hydra` command inspects, checks, prints, edits and converts Hydra files. It uses only the public
//! interface of the library: files, schemas and values, but no maps of files and no Rust types of records.
//!
//! A module imports only from those after it in this order: `main`, `commands`, then `import`, `print` and
//! `export`, then `schemas` and `render`, then `records` and `recovery`, then `source` and `target`, then
//! `streams`, then `console`, `failure`, and last `text`, which only handles strings. `args` has the arguments
//! of the command line.
#![forbid(unsafe_code)]

mod args;
mod columns;
mod commands;
mod console;
mod export;
mod failure;
mod import;
mod interrupt;
mod print;
mod progress;
mod records;
mod recovery;
mod render;
mod schemas;
mod source;
mod streams;
mod target;
mod text;

use args::{Cli, Command};
use clap::Parser;
use console::Console;
use failure::{Exit, Result};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    interrupt::outlive_size_limit();
    let cli = Cli::parse();
    let mut console = Console::new(cli.color, cli.verbose);
    let done = run(&cli.command, &mut console).and_then(|exit| {
        console.flush()?;
        Ok(exit)
    });
    let exit = match done {
        Ok(exit) => exit,
        Err(failure) => {
            console.complain(&failure);
            failure.code()
        }
    };
    ExitCode::from(exit as u8)
}

fn run(command: &Command, console: &mut Console) -> Result<Exit> {
    match command {
        Command::Inspect(args) => commands::inspect::run(args, console),
        Command::Schema(args) => commands::schema::run(args, console),
        Command::Cat(args) => commands::cat::run(args, console),
        Command::Get(args) => commands::get::run(args, console),
        Command::Set(args) => commands::set::run(args, console),
        Command::Hex(args) => commands::hex::run(args, console),
        Command::Layout(args) => commands::layout::run(args, console),
        Command::Check(args) => commands::check::run(args, console),
        Command::Recover(args) => commands::recover::run(args, console),
        Command::Compact(args) => commands::compact::run(args, console),
        Command::Tail(args) => commands::tail::run(args, console),
        Command::Diff(args) => commands::diff::run(args, console),
        Command::Compat(args) => commands::compat::run(args, console),
        Command::Convert(args) => commands::convert::run(args, console),
        Command::Completions(args) => commands::shell::completions(args, console),
        Command::Man(args) => commands::shell::man(args, console),
    }
}
