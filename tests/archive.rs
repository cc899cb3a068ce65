//! The corpus of a fuzz target: `fuzz/corpus/TARGET.tar`, which `.ci/corpus` writes. What is read of the archive is what plain
//! files without folders need.
#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Names and contents of the files in an archive, or what is wrong with it.
fn entries(mut rest: &[u8]) -> Result<Vec<(&str, &[u8])>, String> {
    let mut found = Vec::new();
    // Zeros follow the last one.
    while let Some((header, after)) = rest.split_first_chunk::<512>().filter(|(header, _)| header[0] != 0) {
        let field = |from: usize, to: usize| str::from_utf8(&header[from..to]).unwrap_or_default();
        let name = field(0, 100).trim_end_matches('\0');
        let size = usize::from_str_radix(field(124, 135), 8).ok().filter(|_| field(156, 157) == "0");
        let size = size.ok_or_else(|| format!("{name}: not a plain file"))?;
        let parts = after.split_at_checked(size.next_multiple_of(512));
        let (content, next) = parts.ok_or_else(|| format!("{name}: cut short"))?;
        found.push((name, &content[..size]));
        rest = next;
    }
    if rest.len() < 1024 || rest.iter().any(|byte| *byte != 0) {
        return Err(format!("ends too early, after {} entries", found.len()));
    }
    Ok(found)
}

/// Holds a law against each entry of a target's archive, and says which of them break it.
pub(crate) fn each(target: &str, law: impl Fn(&[u8])) {
    let archive = format!("fuzz/corpus/{target}.tar");
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(&archive));
    let bytes = bytes.unwrap_or_else(|error| panic!("{archive}: {error}"));
    let entries = entries(&bytes).unwrap_or_else(|what| panic!("{archive}: {what}"));
    assert!(entries.len() > 10, "{archive}: {} entries", entries.len());
    let mut broken = Vec::new();
    for (name, content) in &entries {
        // What ends the whole process is the last in the output.
        println!("{archive}: {name}");
        if catch_unwind(AssertUnwindSafe(|| law(content))).is_err() {
            broken.push(format!("{archive}: {name}"));
        }
    }
    let count = entries.len();
    assert!(broken.is_empty(), "{} of {count} entries break a law:\n{}", broken.len(), broken.join("\n"));
}
