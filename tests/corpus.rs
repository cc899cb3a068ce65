//! The corpus of the fuzz targets, run as an ordinary test, with the bound of memory: one thread, so that it is counted.

use hydra_tests::targets::TARGETS;
use peak_alloc::PeakAlloc;
use std::path::{Path, PathBuf};

#[global_allocator]
static PEAK: PeakAlloc = PeakAlloc;

fn files(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files
}

#[test]
fn the_corpus_keeps_the_laws() {
    for (name, target) in TARGETS {
        let files = files(name);
        assert!(files.len() > 10, "{name}: no corpus");
        for file in &files {
            // The name of what fails is in the output.
            println!("{}", file.display());
            target(&std::fs::read(file).expect("a file of the corpus"));
        }
    }
}
