//! Where the command writes files: each appears under its name only when it is whole, by the library's rules. Nothing is overwritten
//! without being asked for, and nothing half-written stays behind.
#![forbid(unsafe_code)]

use crate::console::Console;
use crate::failure::{Failure, Result};
use crate::interrupt;
use hydra::ErrorKind;
use hydra::file::{Output, OutputOptions, Writer};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// An output file that was begun.
pub(crate) struct Target(Output<'static>);

impl Target {
    /// A file that may be written.
    pub(crate) fn new(path: &Path, force: bool, no_lock: bool) -> Result<Target> {
        interrupt::watch();
        let options = OutputOptions::default().replace(force);
        let begun = if no_lock { options.without_lock() } else { options }.begin(path);
        begun.map(Target).map_err(|error| match error.kind() {
            ErrorKind::Exists => Failure::from(error).help("--force overwrites it"),
            _ => error.into(),
        })
    }

    /// Writes a text file.
    pub(crate) fn write_text(self, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
        let mut out = BufWriter::with_capacity(256 << 10, self.0);
        fill(&mut out)?;
        let output = out.into_inner().map_err(|error| error.into_error())?;
        Ok(output.publish()?)
    }

    /// Writes a Hydra file.
    pub(crate) fn write_hydra(self, fill: impl FnOnce(&mut Writer) -> Result<()>) -> Result<()> {
        let mut writer = self.0.writer(Writer::options())?;
        fill(&mut writer)?;
        writer.finish()?;
        Ok(self.0.publish()?)
    }
}

/// Writes a Hydra file to stdout, by way of a temporary one.
pub(crate) fn hydra_to_stdout(
    console: &mut Console,
    fill: impl FnOnce(&mut Writer) -> Result<()>,
) -> Result<()> {
    let directory = tempfile::tempdir().map_err(|error| Failure::io(error, &std::env::temp_dir()))?;
    interrupt::remove(directory.path());
    let path = directory.path().join("stdout.hydra");
    // Nobody else knows the directory.
    let mut writer = Writer::options().without_lock().create(&path)?;
    fill(&mut writer)?;
    writer.finish()?;
    let mut file = File::open(&path).map_err(|error| Failure::io(error, &path))?;
    io::copy(&mut file, console)?;
    Ok(())
}
