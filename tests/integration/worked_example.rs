//! The worked example of FORMAT.md, section 14: every byte of a file of two records, compared with the
//! writer.
//!
//! `HYDRA_PRINT_EXAMPLE=1 cargo test -p hydra-tests worked -- --nocapture` prints the current bytes.

use hydra::{Hydra, Result, Writer};
use std::path::Path;

// The type of the example. It has no documentation, which would be part of the bytes.
#[derive(Hydra)]
struct Reading {
    /// Degrees.
    celsius: f32,
    place: String,
}

fn file() -> Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("example.hydra");
    let id = *b"ABCDEFGHIJKLMNOP";
    let mut writer = Writer::options().file_id(id).create(&path)?;
    let table = writer.table::<Reading>()?;
    writer.append(table, &Reading { celsius: 21.5, place: "Oslo".into() })?;
    writer.append(table, &Reading { celsius: -3.0, place: "Nuuk".into() })?;
    writer.finish()?;
    Ok(std::fs::read(&path)?)
}

/// Returns the bytes in the document: lines of an indented block that begin with an offset.
fn shown() -> Vec<(usize, Vec<u8>)> {
    let text = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/FORMAT.md");
    let text = std::fs::read_to_string(text).expect("docs/FORMAT.md");
    let section =
        text.split("\n## 14 ").nth(1).and_then(|rest| rest.split("\n## 15 ").next()).expect("section 14");
    let lines = section.lines().filter_map(|line| line.strip_prefix("    0x"));
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            let offset = usize::from_str_radix(words.next().unwrap_or_default(), 16).expect("an offset");
            let bytes = words
                .map_while(|word| (word.len() == 2).then(|| u8::from_str_radix(word, 16).ok()).flatten());
            (offset, bytes.collect())
        })
        .collect()
}

#[test]
fn the_document_shows_the_bytes_that_are_written() -> Result<()> {
    let bytes = file()?;
    if std::env::var_os("HYDRA_PRINT_EXAMPLE").is_some() {
        print(&bytes);
    }
    let mut explained = vec![0u8; bytes.len()];
    let shown = shown();
    assert!(shown.len() > 50, "section 14 shows {} lines", shown.len());
    for (offset, line) in shown {
        explained[offset..offset + line.len()].copy_from_slice(&line);
    }
    // Bytes that the document does not show are zero, as it states.
    let first = explained.iter().zip(&bytes).position(|(left, right)| left != right);
    assert_eq!(
        first.map(|at| format!("{at:#x}")),
        None,
        "the first byte that the document does not have right"
    );
    Ok(())
}

/// The nonzero lines of the file, sixteen bytes each.
fn print(bytes: &[u8]) {
    for (line, chunk) in bytes.chunks(16).enumerate().filter(|(_, chunk)| chunk.iter().any(|&byte| byte != 0))
    {
        let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        println!("    0x{:04x}  {}", line * 16, hex.join(" "));
    }
}
