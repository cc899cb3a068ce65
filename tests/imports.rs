//! Laws of the command, held against any bytes by the fuzz targets `import` and `render`, and against their corpus by a test of
//! the command's own crate.
#![forbid(unsafe_code)]

use crate::args::{Cli, Command, Format};
use crate::console::Console;
use crate::{import, render};
use clap::Parser;
use hydra::Schema;
use std::path::Path;

/// Text is refused with words, or makes a file in which a check finds nothing. The first byte says which format it is in,
/// and whether the types are given.
pub(crate) fn text_is_imported(bytes: &[u8], folder: &Path) {
    let Some((choice, text)) = bytes.split_first() else { return };
    let (format, name) = match choice % 5 {
        0 => (Format::Csv, "csv"),
        1 => (Format::Ndjson, "ndjson"),
        2 => (Format::Json, "json"),
        3 => (Format::Msgpack, "msgpack"),
        _ => (Format::Cbor, "cbor"),
    };
    let golden = |name| Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/v0").join(name));
    let schema = match choice / 5 % 5 {
        0 => golden("shapes.hydra"),
        1 => golden("scalars.hydra"),
        2 => golden("containers.hydra"),
        3 => golden("ecosystem.hydra"),
        _ => None,
    };
    let (input, output) = (folder.join("in"), folder.join("out.hydra"));
    std::fs::write(&input, text).expect("a file of text");
    let mut words = vec!["hydra", "convert", "--force", "--from", name];
    let paths = [schema.as_deref().unwrap_or(Path::new("")), &input, &output];
    let paths = paths.map(|path| path.to_str().expect("a plain path"));
    words.extend(if schema.is_some() { vec!["--schema", paths[0]] } else { vec![] });
    words.extend(&paths[1..]);
    let cli = Cli::try_parse_from(words).expect("a command");
    let Command::Convert(args) = &cli.command else { panic!("another command") };
    match import::run(args, format, &mut Console::new(cli.color, false)) {
        Err(failure) => assert_ne!(failure.code() as u8, 0),
        Ok(_) => {
            let summary = hydra::file::check(&output, &mut |finding| panic!("a check finds {finding}"));
            assert!(summary.expect("a file").is_sound());
        }
    }
}

/// A schema is shown as Rust source and as a document that gives the same schema.
pub(crate) fn schema_is_rendered(bytes: &[u8]) {
    let Some((count, rest)) = bytes.split_first_chunk() else { return };
    let (core, rest) = rest.split_at(usize::from(u16::from_le_bytes(*count)).min(rest.len()));
    let Some((count, rest)) = rest.split_first_chunk() else { return };
    let notes = &rest[..usize::from(u16::from_le_bytes(*count)).min(rest.len())];
    let Ok(schema) = Schema::decode(core, notes) else { return };
    assert!(!render::rust::source("T", &schema).0.is_empty());
    let text = serde_json::to_vec(&render::schema::document("T", &schema)).expect("a document");
    let again = render::schema::read(&text);
    assert!(again.is_ok_and(|again| again.is_identical(&schema)), "{schema}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(target: &str, law: impl Fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
        let mut count = 0;
        for entry in std::fs::read_dir(folder).expect("a corpus") {
            let path = entry.expect("a file").path();
            // The name of what fails is in the output.
            println!("{}", path.display());
            law(&std::fs::read(path).expect("a file"));
            count += 1;
        }
        assert!(count > 10, "{target}: no corpus");
    }

    #[test]
    fn the_corpus_of_text_keeps_the_law() {
        let folder = tempfile::tempdir().expect("a folder");
        each("import", |bytes| text_is_imported(bytes, folder.path()));
    }

    #[test]
    fn the_corpus_of_schemas_is_rendered() {
        each("schema", schema_is_rendered);
        each("render", schema_is_rendered);
    }
}
