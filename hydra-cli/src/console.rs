//! The output streams: results go to stdout through one locked buffer, everything else to stderr. This module
//! finds out whether they are terminals, how wide these are, and whether to use colour. It does not depend on
//! what is written.

use crate::failure::{Failure, Result};
use crate::text::{TextStyle, escape, paint};
use anstream::AutoStream;
use clap::ColorChoice;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

/// The output of a command.
pub(crate) struct Console {
    out: BufWriter<StdoutLock<'static>>,
    pub(crate) color: bool,
    error_color: bool,
    /// Width of the terminal in columns; none if stdout is not a terminal.
    pub(crate) width: Option<usize>,
    pub(crate) verbose: bool,
    /// Text written to stderr, in tests of this crate.
    #[cfg(test)]
    pub(crate) said: String,
}

impl Console {
    pub(crate) fn new(when: ColorChoice, verbose: bool) -> Console {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let width = || terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0).max(20));
        let width = stdout.is_terminal().then(width);
        Console {
            color: use_color(when, AutoStream::choice(&stdout)),
            error_color: use_color(when, AutoStream::choice(&stderr)),
            out: BufWriter::with_capacity(64 << 10, stdout.lock()),
            width,
            verbose,
            #[cfg(test)]
            said: String::new(),
        }
    }

    /// Returns text in a style, or unchanged without colour.
    pub(crate) fn paint(&self, style: TextStyle, text: &str) -> String {
        paint(self.color, style, text)
    }

    /// Prints a line of text in a style.
    pub(crate) fn line(&mut self, style: TextStyle, text: &str) -> Result<()> {
        let text = self.paint(style, text);
        Ok(writeln!(self, "{text}")?)
    }

    /// Prints a JSON document.
    pub(crate) fn json(&mut self, document: &serde_json::Value) -> Result<()> {
        serde_json::to_writer_pretty(&mut *self, document)?;
        Ok(writeln!(self)?)
    }

    fn say(&mut self, style: TextStyle, label: &str, text: &str) {
        let _ = self.out.flush();
        let line = format!("{}: {}\n", paint(self.error_color, style, label), escape::lines(text));
        self.tell(&line);
    }

    #[cfg(not(test))]
    fn tell(&mut self, text: &str) {
        // An error is ignored: if stderr is closed, it cannot be reported.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    #[cfg(test)]
    fn tell(&mut self, text: &str) {
        self.said.push_str(text);
    }

    /// Prints a warning: something was lost or skipped.
    pub(crate) fn warn(&mut self, text: &str) {
        self.say(TextStyle::Warn, "warning", text);
    }

    /// Prints a note.
    pub(crate) fn note(&mut self, text: &str) {
        self.say(TextStyle::Note, "note", text);
    }

    /// Prints a note if `--verbose` is set.
    pub(crate) fn chat(&mut self, text: &str) {
        if self.verbose {
            self.note(text);
        }
    }

    /// Returns the failure for binary output to a terminal.
    pub(crate) fn refuse_binary() -> Failure {
        Failure::usage("binary data is not written to a terminal").help("name a file, or pipe the output")
    }

    /// Prints the error that ends the command or made it skip a file.
    pub(crate) fn complain(&mut self, failure: &Failure) {
        let Failure::Said(complaint) = failure else { return };
        let _ = self.out.flush();
        let text = complaint.render(self.error_color).to_string();
        self.tell(&text);
    }
}

impl Write for Console {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn use_color(when: ColorChoice, choice: anstream::ColorChoice) -> bool {
    match when {
        ColorChoice::Auto => choice != anstream::ColorChoice::Never,
        ColorChoice::Always => true,
        ColorChoice::Never => false,
    }
}
