//! Checks that the command has the expected verdict on files that break one rule each, in text, JSON and exit
//! code.

use super::Place;
use serde_json::{Value, json};
use std::path::Path;

#[test]
fn files_that_break_a_rule_have_the_verdict_of_their_twins() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/invalid");
    let place = Place::new();
    let mut verdicts = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "hydra") {
            continue;
        }
        let twin: Value =
            serde_json::from_slice(&std::fs::read(path.with_extension("json")).unwrap()).unwrap();
        let (name, verdict) = (path.display().to_string(), twin["verdict"].as_str().unwrap());
        let code = if verdict == "unsupported" { 1 } else { 4 };
        let done = place.command(&["check", "-f", "json", &name]).output().unwrap();
        let said: Value = serde_json::from_slice(&done.stdout).unwrap();
        let file = &said["files"][0];
        let part = |finding: &Value| json!({ "code": finding["code"], "offset": finding["offset"] });
        let findings: Vec<Value> = file["findings"].as_array().unwrap().iter().map(part).collect();
        let found = (done.status.code(), &file["verdict"], json!(findings));
        assert_eq!(found, (Some(code), &twin["verdict"], twin["findings"].clone()), "{name}");

        let text = place.command(&["check", &name]).output().unwrap();
        let shown = String::from_utf8(text.stdout).unwrap();
        assert!(shown.contains(&format!("  {verdict}: ")) && text.status.code() == Some(code), "{shown}");
        let deep = place.command(&["inspect", "--deep", &name]).output().unwrap();
        let shown = String::from_utf8(deep.stdout).unwrap();
        if !shown.is_empty() {
            assert!(shown.contains(&format!("{verdict}: ")) && deep.status.code() == Some(code), "{shown}");
        }
        verdicts.insert(verdict.to_string());
    }
    assert!(verdicts.iter().eq(["damaged", "irregular", "refused", "unsupported"]), "{verdicts:?}");
}
