//! The outputs of commands. A file appears under its name only when it is complete. Existing files are
//! replaced only with `--force`, and no partial file is left behind.

use crate::console::Console;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::streams::LayoutArg;
use hydra::file::{Output, OutputOptions, WriterOptions};
use hydra::{Error, ErrorKind, Writer};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The largest number of symbolic links to follow.
const MOST_LINKS: usize = 40;

/// Returns `-` for a path that leads to stdout of this process, as `/dev/stdout` does, and otherwise the
/// path. The system shows the file behind stdout as a link; replacing that file would lose what other
/// programs write to it.
pub(crate) fn stdout_or(path: PathBuf) -> PathBuf {
    let own = |open: &Path| {
        let folders = ["/dev/fd", "/proc/self/fd"].map(|folder| fs::canonicalize(folder).ok());
        open.file_name().is_some_and(|name| name == "1")
            && folders.contains(&open.parent().map(PathBuf::from))
    };
    if descriptor(&path).is_some_and(|open| own(&open)) { PathBuf::from("-") } else { path }
}

/// Returns the target of a path if it is an open file of a process.
fn descriptor(path: &Path) -> Option<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        let name = path.file_name()?;
        let parent = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        let parent = fs::canonicalize(parent).ok()?;
        if parent == Path::new("/dev/fd") || parent.starts_with("/proc") {
            return Some(parent.join(name));
        }
        path = parent.join(fs::read_link(parent.join(name)).ok()?);
    }
    None
}

/// An open output.
pub(crate) enum Target {
    Stdout,
    File(Output<'static>),
}

impl Target {
    /// Opens an output by the name from the command line: a file or `-`.
    pub(crate) fn named(path: &Path, force: bool, no_lock: bool) -> Result<Target> {
        if path == Path::new("-") { Ok(Target::Stdout) } else { Target::new(path, force, no_lock) }
    }

    pub(crate) fn is_stdout(&self) -> bool {
        matches!(self, Target::Stdout)
    }

    /// Opens a file to be written.
    pub(crate) fn new(path: &Path, force: bool, no_lock: bool) -> Result<Target> {
        interrupt::watch();
        let to_stdout = "- as the output writes to stdout";
        if descriptor(path).is_some() {
            let error = Error::new(ErrorKind::NotRegular).in_file(path).found("an open file of a process");
            return Err(error.help(to_stdout).into());
        }
        let options = OutputOptions::default().replace(force);
        let begun = if no_lock { options.without_lock() } else { options }.begin(path);
        begun.map(Target::File).map_err(|error| match error.kind() {
            ErrorKind::Exists => Failure::from(error).help("--force overwrites it"),
            ErrorKind::NotRegular => {
                Failure::from(error).help(format!("only a regular file is replaced; {to_stdout}"))
            }
            _ => error.into(),
        })
    }

    /// Writes text.
    pub(crate) fn write_text(
        self,
        console: &mut Console,
        fill: impl FnOnce(&mut dyn Write) -> Result<()>,
    ) -> Result<()> {
        let Target::File(output) = self else { return fill(console) };
        let mut out = BufWriter::with_capacity(256 << 10, output);
        fill(&mut out)?;
        let output = out.into_inner().map_err(|error| error.into_error())?;
        Ok(output.publish()?)
    }

    /// Writes a Hydra file; for stdout, it is first written to a temporary file.
    pub(crate) fn write_hydra(
        self,
        layout: Option<LayoutArg>,
        console: &mut Console,
        fill: impl FnOnce(&mut Writer) -> Result<()>,
    ) -> Result<()> {
        let options = Writer::options().layout(layout.map_or(hydra::Layout::Rows, Into::into));
        let Target::File(output) = self else { return hydra_to_stdout(options, console, fill) };
        let mut writer = output.writer(options)?;
        fill(&mut writer)?;
        writer.finish()?;
        Ok(output.publish()?)
    }
}

fn hydra_to_stdout(
    options: WriterOptions,
    console: &mut Console,
    fill: impl FnOnce(&mut Writer) -> Result<()>,
) -> Result<()> {
    let directory = tempfile::tempdir().map_err(|error| Failure::io(error, &std::env::temp_dir()))?;
    interrupt::remove(directory.path());
    let path = directory.path().join("stdout.hydra");
    // No other program uses the new directory.
    let mut writer = options.without_lock().create(&path)?;
    fill(&mut writer)?;
    writer.finish()?;
    let mut file = File::open(&path).map_err(|error| Failure::io(error, &path))?;
    io::copy(&mut file, console)?;
    Ok(())
}
