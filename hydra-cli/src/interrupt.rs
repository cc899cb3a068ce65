//! Removes temporary files when the command is interrupted.

use hydra::file::Output;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};

static LEFT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
static WATCH: Once = Once::new();

/// Installs a handler for Ctrl-C and termination that removes temporary files and ends the command with exit
/// code 130.
pub(crate) fn watch() {
    WATCH.call_once(|| {
        // Without a handler, the command still ends, but the files stay.
        let _ = ctrlc::set_handler(|| {
            Output::discard_all();
            for path in LEFT.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                let _ = std::fs::remove_file(path).or_else(|_| std::fs::remove_dir_all(path));
            }
            std::process::exit(130)
        });
    });
}

/// Removes this file or directory, too, when the command is interrupted.
pub(crate) fn remove(path: &Path) {
    watch();
    LEFT.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_path_buf());
}

/// Makes a write beyond the limit of file sizes (`ulimit -f`) an error; otherwise, a signal would end the
/// command. Call it before threads are started, because they inherit the blocked signals.
#[cfg(unix)]
pub(crate) fn outlive_size_limit() {
    use nix::sys::signal::{SigSet, Signal};
    let mut limit = SigSet::empty();
    limit.add(Signal::SIGXFSZ);
    // If blocking fails, the signal ends the command, and the next run removes its temporary files.
    let _ = limit.thread_block();
}

#[cfg(not(unix))]
pub(crate) fn outlive_size_limit() {}
