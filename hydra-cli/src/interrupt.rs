//! What must not stay behind when somebody ends the command: its temporary files. It knows nothing about what is in them.

use hydra::file::Output;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};

static LEFT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
static WATCH: Once = Once::new();

/// Ctrl-C and termination remove temporary files from now on, and end the command with exit code 130.
pub(crate) fn watch() {
    WATCH.call_once(|| {
        // Without a handler the command ends all the same; the files stay.
        let _ = ctrlc::set_handler(|| {
            Output::discard_all();
            for path in LEFT.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                let _ = std::fs::remove_file(path).or_else(|_| std::fs::remove_dir_all(path));
            }
            std::process::exit(130)
        });
    });
}

/// The same for this file or directory, too.
pub(crate) fn remove(path: &Path) {
    watch();
    LEFT.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_path_buf());
}

/// A write beyond the limit of file sizes (`ulimit -f`) is an error from now on; otherwise a signal ends the command in the middle of it.
/// To be called before there are threads: they block what their parent blocks.
#[cfg(unix)]
pub(crate) fn outlive_size_limit() {
    use nix::sys::signal::{SigSet, Signal};
    let mut limit = SigSet::empty();
    limit.add(Signal::SIGXFSZ);
    // Where that is refused, the signal ends the command, and the next one clears what it left.
    let _ = limit.thread_block();
}

#[cfg(not(unix))]
pub(crate) fn outlive_size_limit() {}
