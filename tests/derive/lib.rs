//! The cases of the derive's tests.

use std::path::{Path, PathBuf};

/// The files in a folder of `tests` whose names end so, in order.
pub fn cases(folder: &str, end: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    let mut cases: Vec<_> = files.filter(|path| path.to_string_lossy().ends_with(end)).collect();
    cases.sort();
    cases
}
