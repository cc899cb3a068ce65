//! Laws of the command, held against any bytes by the fuzz targets `import` and `render`, and against their corpus by a test of
//! the command's own crate.
#![forbid(unsafe_code)]

use crate::args::{Cli, Command, Format};
use crate::console::Console;
use crate::{import, render};
use clap::Parser;
use hydra::Schema;
use std::path::Path;
use tempfile::TempDir;

/// Imports of text, in a folder of their own. What each does is parsed once: that takes longer than most imports.
pub(crate) struct Imports {
    /// Goes with this.
    _folder: TempDir,
    commands: Vec<Cli>,
}

const FORMATS: [(&str, Format); 5] = [
    ("csv", Format::Csv),
    ("ndjson", Format::Ndjson),
    ("json", Format::Json),
    ("msgpack", Format::Msgpack),
    ("cbor", Format::Cbor),
];
/// Golden files whose schemas may be given.
const SCHEMAS: [Option<&str>; 5] =
    [Some("shapes.hydra"), Some("scalars.hydra"), Some("containers.hydra"), Some("ecosystem.hydra"), None];

impl Imports {
    /// All commands, each format with each schema.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/v0");
        let command = |(schema, format): (Option<&str>, &str)| {
            let mut words =
                vec!["hydra".into(), "convert".into(), "--force".into(), "--from".into(), format.into()];
            words.extend(
                schema.iter().flat_map(|name| ["--schema".into(), golden.join(name).into_os_string()]),
            );
            words.extend(["in", "out.hydra"].map(|name| folder.path().join(name).into_os_string()));
            Cli::try_parse_from(words).expect("a command")
        };
        let each = SCHEMAS.into_iter().flat_map(|schema| FORMATS.map(|(name, _)| (schema, name)));
        Imports { commands: each.map(command).collect(), _folder: folder }
    }

    /// Text is refused with words, or makes a file in which a check finds nothing. The first byte says which format it is in,
    /// and whether the types are given.
    pub(crate) fn keep_the_law(&self, bytes: &[u8]) {
        let Some((choice, text)) = bytes.split_first() else { return };
        let cli = &self.commands[usize::from(*choice) % self.commands.len()];
        let Command::Convert(args) = &cli.command else { panic!("another command") };
        std::fs::write(&args.inputs[0], text).expect("a file of text");
        let (_, format) = FORMATS[usize::from(*choice) % FORMATS.len()];
        match import::run(args, format, &mut Console::new(cli.color, false)) {
            Err(failure) => assert_ne!(failure.code() as u8, 0),
            Ok(_) => {
                let found = &mut |finding: hydra::Error| panic!("a check finds {finding}");
                assert!(hydra::file::check(&args.output, found, None).expect("a file").is_sound());
            }
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
    assert!(again.is_ok_and(|(_, again)| again.is_identical(&schema)), "{schema}");
}

#[cfg(test)]
#[path = "archive.rs"]
mod archive;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_of_text_keeps_the_law() {
        let imports = Imports::new();
        archive::each("import", |bytes| imports.keep_the_law(bytes));
    }

    #[test]
    fn the_corpus_of_schemas_is_rendered() {
        archive::each("schema", schema_is_rendered);
    }
}
