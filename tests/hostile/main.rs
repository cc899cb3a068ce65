//! Inputs made to take long, of any size, and what a program does with one: `.ci/doubling` counts its instructions.
//!     hydra-hostile kinds
//!     hydra-hostile make KIND BYTES FILE
//!     hydra-hostile use KIND FILE
#![forbid(unsafe_code)]

mod columns;
mod files;
mod texts;

use hydra::file::RecoverOptions;
use hydra::reflect::Locator;
use hydra::{AlignedBuf, Value, testing};
use hydra_tests::laws;
use hydra_tests::memory::{File, Memory};
use std::path::Path;
use std::process::ExitCode;

/// Makes an input of about so many bytes.
type Make = fn(usize) -> Vec<u8>;

/// Opens, checks, reads and recovers a file.
fn use_file(bytes: &[u8]) {
    let file = File::of(bytes);
    laws::use_file(&file);
    let options = RecoverOptions::default().uncommitted(true).older(true);
    let _ = testing::recover(file.boxed(), &Memory::default(), Path::new("saved"), options);
}

/// Opens, checks, reads and recovers a file without looking at its values, but for one record alone.
fn read_file(bytes: &[u8]) {
    let file = File::of(bytes);
    let mut findings = Vec::new();
    testing::check(&file, &mut |finding| findings.push(finding.to_string())).expect("a check");
    // These files have no index and no copies of their schemas.
    assert!(findings.iter().all(|finding| finding.contains("closed")), "{findings:?}");
    let reader = testing::open(file.boxed(), Path::new("file")).expect("a file");
    let name = reader.tables()[0].name().to_string();
    let table = reader.dynamic_table(&name).expect("a table");
    // One record: more of them would read a block that is too large for the cache as often.
    table.get(table.len() / 2).expect("a record");
    assert_eq!(table.blocks().filter(Result::is_ok).count() as u64, table.entries().count() as u64);
    let saved =
        testing::recover(file.boxed(), &Memory::default(), Path::new("saved"), RecoverOptions::default());
    assert!(saved.expect("a new file").is_complete());
}

/// Views and decodes an image of a list of strings, and keeps it.
fn use_image(bytes: &[u8]) {
    let bytes = AlignedBuf::copy_of(bytes);
    let viewed = hydra::view::<Vec<String>>(&bytes).is_ok();
    assert_eq!(viewed, hydra::from_bytes::<Vec<String>>(&bytes).is_ok());
    assert_eq!(viewed, hydra::Image::<Vec<String>>::from_buffer(bytes).is_ok());
}

/// Reads a path, prints it and looks for it.
fn use_path(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    laws::path_is_read(text, Value::of(&vec![1u8]));
    let value = Value::of(&vec![vec![1u8]]).to_dynamic().expect("a value");
    let found = text.parse::<Locator>().map(|locator| value.value().follow(&locator.path).is_ok());
    assert!(!matches!(found, Ok(true)));
}

/// All kinds but those of text.
fn files() -> impl Iterator<Item = &'static (&'static str, Make)> {
    files::KINDS.iter().chain(columns::PRINTED).chain(columns::READ)
}

fn run(words: &[&str]) -> Option<()> {
    match *words {
        ["kinds"] => {
            files().for_each(|(kind, _)| println!("{kind}"));
            texts::KINDS.iter().for_each(|(kind, extension, _)| println!("{kind} {extension}"));
        }
        ["make", kind, bytes, path] => {
            let text = texts::KINDS.iter().find(|known| known.0 == kind).map(|known| known.2);
            let file = files().find(|known| known.0 == kind).map(|known| known.1);
            let make: Make = file.or(text)?;
            std::fs::write(path, make(bytes.parse().ok()?)).ok()?;
        }
        ["use", kind, path] => {
            let bytes = std::fs::read(path).ok()?;
            match kind {
                "image" => use_image(&bytes),
                "names in a path" | "indexes in a path" => use_path(&bytes),
                _ if columns::READ.iter().any(|known| known.0 == kind) => read_file(&bytes),
                _ => use_file(&bytes),
            }
        }
        _ => return None,
    }
    Some(())
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words.iter().map(String::as_str).collect::<Vec<_>>()) {
        Some(()) => ExitCode::SUCCESS,
        None => {
            eprintln!("hydra-hostile kinds | make KIND BYTES FILE | use KIND FILE");
            ExitCode::from(2)
        }
    }
}
