//! The inputs of commands: files by name, and temporary copies of stdin and pipes.

use crate::console::Console;
use crate::failure::{Exit, Failure, Result};
use crate::interrupt;
use crate::text::{count, escape, plural};
use hydra::file::State;
use hydra::{Dynamic, Error, ErrorKind, Reader, Table};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use tempfile::TempPath;

/// The largest number of tables that an error lists.
const MOST_LISTED: usize = 50;

/// Runs a command on each file, with its number. Files that cannot be read are reported and skipped.
pub(crate) fn each(
    files: &[PathBuf],
    console: &mut Console,
    run: &mut dyn FnMut(usize, Input, &mut Console) -> Result<Exit>,
) -> Result<Exit> {
    let mut exit = Exit::Done;
    for (number, file) in files.iter().enumerate() {
        exit = exit.worst(match Input::new(file, console).and_then(|input| run(number, input, console)) {
            Ok(one) => one,
            Err(Failure::ClosedPipe) => return Err(Failure::ClosedPipe),
            Err(failure) => {
                console.complain(&failure);
                failure.code()
            }
        });
    }
    Ok(exit)
}

/// A regular file to read, and its name in messages.
pub(crate) struct Input {
    /// The name from the command line, or `<stdin>`.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    spool: Option<TempPath>,
}

impl Input {
    /// Returns a Hydra file. Stdin (`-`) and pipes are first copied to a temporary file, because they can be
    /// read only once. If the data is not a Hydra file, only its start is copied, and opening it reports the
    /// error.
    pub(crate) fn new(path: &Path, console: &mut Console) -> Result<Input> {
        Input::copied(path, true, console)
    }

    /// Returns a file of any format, like [`Input::new`].
    pub(crate) fn whole(path: &Path, console: &mut Console) -> Result<Input> {
        Input::copied(path, false, console)
    }

    fn copied(path: &Path, hydra: bool, console: &mut Console) -> Result<Input> {
        let stdin = path == Path::new("-");
        let name = if stdin { "<stdin>".to_string() } else { path.display().to_string() };
        let spooled = if stdin {
            spool(io::stdin().lock(), hydra).map_err(|error| Failure::io(error, Path::new(&name)))?
        } else {
            let metadata = std::fs::metadata(path).map_err(|error| Failure::io(error, path))?;
            if metadata.is_file() {
                return Ok(Input { name, path: path.to_path_buf(), spool: None });
            }
            if metadata.is_dir() {
                return Err(Error::new(ErrorKind::NotRegular).in_file(path).found("a directory").into());
            }
            File::open(path).and_then(|file| spool(file, hydra)).map_err(|error| Failure::io(error, path))?
        };
        console.chat(&format!("{name} is copied to {}", spooled.display()));
        Ok(Input { name, path: spooled.to_path_buf(), spool: Some(spooled) })
    }

    /// Returns the size in bytes.
    pub(crate) fn len_bytes(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }

    /// Opens the file as a Hydra file.
    pub(crate) fn open(&self) -> Result<Reader> {
        Reader::open(&self.path).map_err(|error| self.failure(error))
    }

    /// Reports the damage that opening the file found. Returns true if records are missing, which
    /// `skip_damaged` must allow, or may be older than their last edit, because a block that cannot be found
    /// may have held an edit.
    pub(crate) fn admit(&self, reader: &Reader, skip_damaged: bool, console: &mut Console) -> Result<bool> {
        let report = reader.report();
        if matches!(report.state(), State::Clean | State::Unclosed | State::UncommittedTail { .. }) {
            return Ok(false);
        }
        let known = reader.tables().iter().map(|table| table.record_count()).fold(0, u64::saturating_add);
        let missing = reader.commit().record_count.saturating_sub(known);
        let name = &self.name;
        let whole = |error: &Error| matches!(error.kind(), ErrorKind::Header | ErrorKind::NoCommit);
        let doubt = report.is_damaged() && !report.details().iter().all(whole);
        let told = |which: &str| format!(", and {which} may be older than their last edit");
        let older = |which: &str| if doubt && known > 0 { told(which) } else { String::new() };
        if missing == 0 {
            let older = older("some records");
            console.warn(&format!("{name}: {report}{older}; hydra check {name} shows details"));
            return Ok(doubt);
        }
        let all = plural(known.saturating_add(missing), "record");
        let message = format!("{report}, {} of {all} cannot be found", count(missing));
        if skip_damaged {
            console.warn(&format!("{name}: {message}{}", older("some of the others")));
            return Ok(true);
        }
        let failure = match report.details().first() {
            Some(first) => Failure::new(first.code(), message).place(self.failure_place(first)),
            None => Failure::new("HY0622", message).place(name.as_str()),
        };
        Err(failure.help("--skip-damaged continues without these records"))
    }

    /// Returns the place of an error in this file.
    fn failure_place(&self, error: &Error) -> String {
        let offset = error.offset().map(|offset| format!(" @ 0x{offset:x}")).unwrap_or_default();
        let place = error.place_text().map(|place| format!(", {place}")).unwrap_or_default();
        let facts = [("expected", error.expected_text()), ("found", error.found_text())];
        let facts: Vec<String> =
            facts.iter().filter_map(|(word, text)| Some(format!("{word} {}", text.as_ref()?))).collect();
        let colon = if facts.is_empty() { "" } else { ": " };
        format!("{}{offset}{place}{colon}{}", self.name, facts.join(", "))
    }

    /// Converts an error on this file, with the name from the command line.
    pub(crate) fn failure(&self, error: Error) -> Failure {
        let failure = Failure::from(error.in_file(&self.path));
        if self.spool.is_some() { failure.renamed(&self.path, &self.name) } else { failure }
    }

    /// Returns the table with this name, or the only table.
    pub(crate) fn table(&self, reader: &Reader, name: Option<&str>) -> Result<Table<Dynamic>> {
        let only = || reader.tables().first().filter(|_| reader.tables().len() == 1).map(|only| only.name());
        match name.or_else(only).map(|name| reader.dynamic_table(name)) {
            Some(Ok(table)) => Ok(table),
            Some(Err(error)) if error.kind() != ErrorKind::NoTable => Err(self.failure(error)),
            _ => Err(self.no_table(reader, name)),
        }
    }

    /// Returns the failure if no table has this name, or if no name is given and there are several tables.
    fn no_table(&self, reader: &Reader, name: Option<&str>) -> Failure {
        let (error, tables) = (Error::new(ErrorKind::NoTable), reader.tables());
        if tables.is_empty() && reader.report().is_damaged() {
            let error = error.what("the schemas are damaged").found("a file without tables");
            return self.failure(error).help(format!("hydra check {}", self.name));
        }
        if tables.is_empty() {
            return self.failure(error.found("a file without tables"));
        }
        let names: Vec<_> = tables.iter().take(MOST_LISTED).map(|table| escape::line(table.name())).collect();
        let more = if tables.len() > names.len() { ", .." } else { "" };
        let error = error.expected(format!("one of {}{more}", names.join(", ")));
        let failure = match name {
            Some(name) => self.failure(error.found(name)),
            None => {
                let what = format!("the file has {} tables; choose one", tables.len());
                self.failure(error.what(what)).exit(Exit::Usage)
            }
        };
        failure.help("--table NAME selects one of them")
    }
}

/// The number of bytes that are enough to recognize a Hydra file.
const HEADER: u64 = 8192;

/// Copies an input to a temporary file. With `hydra`, it copies only the start of an input that is not a
/// Hydra file, because the input may be endless.
fn spool(mut from: impl Read, hydra: bool) -> io::Result<TempPath> {
    let mut file = tempfile::Builder::new().prefix("hydra-").tempfile()?;
    interrupt::remove(file.path());
    io::copy(&mut from.by_ref().take(HEADER), &mut file)?;
    let is_other = |error: Error| error.kind() == ErrorKind::NotHydra;
    if !hydra || !Reader::open(file.path()).is_err_and(is_other) {
        io::copy(&mut from, &mut file)?;
    }
    Ok(file.into_temp_path())
}
