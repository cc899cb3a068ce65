//! What the derive says of mistakes, and (`sound_*`) what must not compile, since it would be a hole that peers had: each case
//! has the compiler's output beside it, and says in its first line how many errors that is. `TRYBUILD=overwrite` writes the output anew.
#![forbid(unsafe_code)]

fn cases() -> Vec<std::path::PathBuf> {
    let mut cases = hydra_tests_derive::cases("ui", ".rs");
    cases.retain(|path| !path.ends_with("main.rs"));
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
