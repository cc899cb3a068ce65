//! What commands read: files by name, and stdin or pipes by way of a temporary copy. It knows nothing about what is
//! done with them.

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

/// Tables that an error lists.
const MOST_LISTED: usize = 50;

/// Runs a command on each of several files, which are numbered. One that cannot be read is passed over.
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

/// A regular file to read, and what to call it.
pub(crate) struct Input {
    /// As it was given, or `<stdin>`.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    spool: Option<TempPath>,
}

impl Input {
    /// A Hydra file; stdin (`-`) and pipes are copied to a temporary one first, since they can be read only once. Of what is
    /// none, only the beginning is copied: opening it is the error that tells so.
    pub(crate) fn new(path: &Path, console: &mut Console) -> Result<Input> {
        Input::copied(path, true, console)
    }

    /// The same, of a file that may be anything.
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

    /// Size in bytes.
    pub(crate) fn len_bytes(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }

    /// Opens it as a Hydra file.
    pub(crate) fn open(&self) -> Result<Reader> {
        Reader::open(&self.path).map_err(|error| self.failure(error))
    }

    /// Says what opening a damaged file found. Returns true if records are missing, which must be allowed, or may be older ones: of a
    /// block that cannot be found, nothing tells whether it held an edit.
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
        let told = |which: &str| format!(", and {which} may be as they were before an edit");
        let older = |which: &str| if doubt && known > 0 { told(which) } else { String::new() };
        if missing == 0 {
            let older = older("records");
            console.warn(&format!("{name}: {report}{older}; hydra check {name} tells more"));
            return Ok(doubt);
        }
        let all = plural(known.saturating_add(missing), "record");
        let message = format!("{report}, {} of {all} cannot be found", count(missing));
        if skip_damaged {
            console.warn(&format!("{name}: {message}{}", older("the others")));
            return Ok(true);
        }
        let failure = match report.details().first() {
            Some(first) => Failure::new(first.code(), message).place(self.failure_place(first)),
            None => Failure::new("HY0622", message).place(name.as_str()),
        };
        Err(failure.help("--skip-damaged goes on without these records"))
    }

    /// Where an error is, in this file.
    fn failure_place(&self, error: &Error) -> String {
        let offset = error.offset().map(|offset| format!(" @ 0x{offset:x}")).unwrap_or_default();
        let place = error.place_text().map(|place| format!(", {place}")).unwrap_or_default();
        let facts = [("expected", error.expected_text()), ("found", error.found_text())];
        let facts: Vec<String> =
            facts.iter().filter_map(|(word, text)| Some(format!("{word} {}", text.as_ref()?))).collect();
        let colon = if facts.is_empty() { "" } else { ": " };
        format!("{}{offset}{place}{colon}{}", self.name, facts.join(", "))
    }

    /// A failure on this file, under the name that it was given.
    pub(crate) fn failure(&self, error: Error) -> Failure {
        let failure = Failure::from(error.in_file(&self.path));
        if self.spool.is_some() { failure.renamed(&self.path, &self.name) } else { failure }
    }

    /// The table with this name, or the only one.
    pub(crate) fn table(&self, reader: &Reader, name: Option<&str>) -> Result<Table<Dynamic>> {
        let only = || reader.tables().first().filter(|_| reader.tables().len() == 1).map(|only| only.name());
        match name.or_else(only).map(|name| reader.dynamic_table(name)) {
            Some(Ok(table)) => Ok(table),
            Some(Err(error)) if error.kind() != ErrorKind::NoTable => Err(self.failure(error)),
            _ => Err(self.no_table(reader, name)),
        }
    }

    /// Why there is no table with this name, or no only one.
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
                let what = format!("the file has {}, and none was named", tables.len());
                self.failure(error.what(what)).exit(Exit::Usage)
            }
        };
        failure.help("--table NAME picks one of them")
    }
}

/// Bytes that tell whether a file is a Hydra file.
const HEADER: u64 = 8192;

/// A copy; with `hydra`, not more than the beginning of what is no Hydra file, since it may have no end.
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
