//! What must not stay behind when somebody ends the command: its temporary files. It knows nothing about what is in them.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

static LEFT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Ctrl-C and termination remove this file or directory from now on, and end the command with exit code 130.
pub(crate) fn remove(path: &Path) {
    let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
    if left.is_empty() {
        // Without a handler the command ends all the same; the file stays.
        let _ = ctrlc::set_handler(|| {
            for path in LEFT.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                let _ = std::fs::remove_file(path).or_else(|_| std::fs::remove_dir_all(path));
            }
            std::process::exit(130)
        });
    }
    left.push(path.to_path_buf());
}
