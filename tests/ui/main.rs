//! What the derive says of mistakes, and (`sound_*`) what must not compile, since it would be a hole that peers had: each case
//! has the compiler's output beside it, and says in its first line how many errors that is. `TRYBUILD=overwrite` writes the output anew.
#![forbid(unsafe_code)]

use std::path::Path;

fn cases() -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/ui");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect();
    cases.retain(|path| !path.ends_with("main.rs"));
    cases.sort();
    cases
}

#[test]
fn mistakes_are_explained() {
    let tests = trybuild::TestCases::new();
    for case in cases() {
        tests.compile_fail(case);
    }
}

#[test]
fn each_mistake_is_one_error() {
    assert!(cases().len() > 10);
    for case in cases() {
        let source = std::fs::read_to_string(&case).unwrap();
        let output = std::fs::read_to_string(case.with_extension("stderr")).unwrap();
        let promised: usize = source.split_whitespace().nth(1).unwrap().parse().unwrap();
        let found = output.lines().filter(|line| line.starts_with("error")).count();
        assert_eq!(found, promised, "{}", case.display());
    }
}
