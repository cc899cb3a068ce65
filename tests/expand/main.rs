//! What the derive writes for six types, checked in: a change of the expansion shows in review. The environment
//! variable `EXPAND=overwrite` writes it anew.
#![forbid(unsafe_code)]

// The derive itself, which a procedural macro crate cannot export.
#[path = "../../hydra-derive/src/attr.rs"]
mod attr;
#[path = "../../hydra-derive/src/check.rs"]
mod check;
#[path = "../../hydra-derive/src/expand/mod.rs"]
mod expand;
#[path = "../../hydra-derive/src/fallback.rs"]
mod fallback;
#[path = "../../hydra-derive/src/model.rs"]
mod model;

use std::path::Path;

/// The expansion as source text.
fn expanded(source: &str) -> String {
    let tokens = expand::derive(source.parse().unwrap());
    prettyplease::unparse(&syn::parse2(tokens).unwrap())
}

#[test]
fn six_types_expand_as_checked_in() {
    let cases = hydra_tests_derive::cases("expand", ".in.rs");
    assert_eq!(cases.len(), 6);
    for case in cases {
        let found = expanded(&std::fs::read_to_string(&case).unwrap());
        let output = Path::new(&case.to_string_lossy().replace(".in.rs", ".out.rs")).to_path_buf();
        if std::env::var_os("EXPAND").is_some() {
            std::fs::write(&output, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&output).unwrap();
        assert!(found == expected, "{} is not what the derive writes; EXPAND=overwrite", output.display());
        let words: Vec<&str> = found.split_whitespace().collect();
        let block = words.windows(2).any(|pair| matches!(pair, ["unsafe", "{" | "fn"]));
        assert!(!block && !found.contains("unsafe{"), "{} has an unsafe block", output.display());
        assert!(!found.contains("compile_error"), "{}", output.display());
    }
}

#[test]
fn an_expansion_is_small() {
    let fields: String = (0..10).map(|n| format!("/// Field {n}.\npub field_{n}: Vec<u64>,")).collect();
    let found = expand::derive(format!("pub struct Record {{ {fields} }}").parse().unwrap());
    let bytes = found.to_string().len();
    println!("{bytes} bytes for ten fields");
    assert!(bytes < 12_500, "{bytes} bytes");
}
