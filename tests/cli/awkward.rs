//! Tests of awkward input: each paragraph of `awkward.txt` is a case with its input and the expected output.
//! `SNAPSHOTS=overwrite` writes the current output.

use super::Place;
use std::fmt::Write;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/cli/awkward.txt");

/// Returns the bytes of an input: `\n`, `\r`, `\t`, `\xE9`, `\\`, and `\{3*ab}` for `ababab`.
fn bytes(text: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), text);
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.extend(plain.bytes());
        let (letter, after) = escape.split_at(1);
        rest = after;
        match letter {
            "n" => out.push(b'\n'),
            "r" => out.push(b'\r'),
            "t" => out.push(b'\t'),
            "x" => {
                let (digits, after) = rest.split_at(2);
                out.push(u8::from_str_radix(digits, 16).unwrap());
                rest = after;
            }
            "{" => {
                let (repeated, after) = rest.split_once('}').unwrap();
                let (count, text) = repeated.split_once('*').unwrap();
                out.extend(bytes(text).repeat(count.parse().unwrap()));
                rest = after;
            }
            other => out.extend(other.bytes()),
        }
    }
    out.extend(rest.bytes());
    out
}

/// Runs a case. Returns its input and options with the current output.
fn run(case: &str) -> String {
    let given: Vec<&str> = case.lines().filter(|line| line.starts_with(['#', '<', '$'])).collect();
    let (mut out, place) = (given.join("\n") + "\n", Place::new());
    let options = given.iter().find_map(|line| line.strip_prefix("$ ")).unwrap_or_default();
    let (mut args, mut files) = (vec!["convert"], Vec::new());
    args.extend(options.split_whitespace());
    for (index, input) in given.iter().filter_map(|line| line.strip_prefix("< ")).enumerate() {
        let (extension, text) = input.split_once(' ').unwrap_or((input, ""));
        files.push(format!("{}.{extension}", ["in", "more"][index]));
        place.put(&files[index], bytes(text));
    }
    args.extend(files.iter().map(String::as_str));
    let done = place.command(&[&args[..], &["out.hydra"]].concat()).output().unwrap();
    writeln!(out, "= {}", done.status.code().unwrap()).unwrap();
    assert!(done.stdout.is_empty());
    if place.path("out.hydra").exists() {
        let schema = place.result(&["schema", "out.hydra"]);
        writeln!(out, ": {}", schema.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap();
        let records = place.result(&["cat", "-f", "ndjson", "out.hydra"]);
        let (count, cut) = (records.lines().count(), |line: &str| line.chars().take(300).collect::<String>());
        let told = if count > 10 { 2 } else { count };
        records.lines().take(told).for_each(|line| writeln!(out, "> {}", cut(line)).unwrap());
        if told < count {
            writeln!(out, "> {} more, the last {}", count - told, cut(records.lines().last().unwrap()))
                .unwrap();
        }
        assert_eq!(place.result(&["check", "out.hydra"]).lines().count(), 1);
    } else {
        files.sort();
        assert_eq!(place.files(), files, "nothing is left behind: {case}");
    }
    for line in String::from_utf8(done.stderr).unwrap().lines() {
        let line: String = line.chars().take(300).collect();
        writeln!(out, "! {line}").unwrap();
    }
    out
}

#[test]
fn every_case_of_the_table() {
    let table = std::fs::read_to_string(TABLE).unwrap();
    let cases: Vec<&str> = table.split("\n\n").filter(|case| case.contains("\n<")).collect();
    assert!(cases.len() >= 50, "{} cases", cases.len());
    let introduction = table.split("\n\n").next().unwrap();
    let mut found = introduction.to_string() + "\n";
    cases.iter().for_each(|case| found += &format!("\n{}", run(case)));
    if std::env::var("SNAPSHOTS").is_ok_and(|how| how == "overwrite") {
        return std::fs::write(TABLE, &found).unwrap();
    }
    snapbox::assert_data_eq!(found, snapbox::Data::text(table).raw());
}
