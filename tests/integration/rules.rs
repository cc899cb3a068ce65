//! Every rule of FORMAT.md has a number, a verdict where a file can break it, and a test that names it: a file of `invalid`, or one
//! of those listed here.

use crate::invalid;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Rules that no file of `invalid` breaks: the file of the test, and its name.
const TESTS: &[(&str, &str, &str)] = &[
    (
        "M1-1",
        "hydra-format/src/file/check/tests.rs",
        "what_is_not_canonical_is_found_although_checksums_match",
    ),
    ("M1-3", "tests/cli/bad_input.rs", "a_damaged_block_is_reported_and_not_printed"),
    ("M1-4", "tests/integration/invalid.rs", "every_broken_rule_has_its_verdict"),
    ("M2-1", "tests/disk/main.rs", "crashes_show_exactly_one_commit"),
    ("M3.1-6", "hydra-format/src/file/header.rs", "headers_that_differ_and_unknown_features_are_refused"),
    ("M4.1-4", "tests/integration/invalid.rs", "sound_files_of_bytes_are_good"),
    ("M4.2-1", "hydra-format/src/file/check/tests.rs", "damage_in_one_block_does_not_hide_damage_in_another"),
    (
        "M10.3-1",
        "hydra-format/src/file/writer/tests.rs",
        "every_failing_call_stops_the_writer_and_loses_nothing_acknowledged",
    ),
    ("M10.3-2", "hydra-format/src/file/writer/tests.rs", "a_sync_between_buffered_commits_ends_at_a_block"),
    ("M10.3-3", "hydra-format/src/file/writer/tests.rs", "levels_write_the_slot_that_is_not_pinned"),
    ("M10.4-1", "hydra-format/src/file/writer/tests.rs", "an_opening_that_writes_nothing_changes_nothing"),
    ("M10.4-2", "tests/integration/file.rs", "a_second_writer_is_refused_and_readers_are_not"),
    ("M10.6-1", "hydra-format/src/file/check/tests.rs", "replacements_are_current_and_checked"),
    (
        "M10.6-2",
        "hydra-format/src/file/writer/editor_tests.rs",
        "a_damaged_block_refuses_edits_and_stays_damaged",
    ),
    ("M10.7-1", "tests/integration/file.rs", "creating_replaces_nothing_and_leaves_nothing_behind"),
    ("M10.8-1", "tests/integration/follow.rs", "an_older_state_that_grew_again_is_noticed"),
    ("M10.9-1", "tests/cli/damage.rs", "every_command_meets_every_damage"),
    (
        "M10.9-2",
        "hydra-format/src/file/recover_tests.rs",
        "a_flipped_bit_costs_the_records_of_its_block_and_no_more",
    ),
    (
        "M10.9-3",
        "hydra-format/src/file/recover_tests.rs",
        "an_edit_that_nothing_names_makes_the_file_uncertain",
    ),
    (
        "M10.9-4",
        "hydra-format/src/file/recover_tests.rs",
        "a_damaged_edit_is_lost_unless_older_records_are_asked_for",
    ),
    ("M12-1", "hydra-format/src/file/schema_block.rs", "a_schema_has_a_largest_size"),
    ("M12-2", "tests/corpus.rs", "the_corpus_keeps_the_laws_and_memory_is_bounded"),
    ("M13-1", "hydra-format/src/codec/image.rs", "wrong_images_are_refused_in_words"),
    ("M16-1", "tests/integration/evolve.rs", "unknown_variants_are_errors_of_their_values"),
];

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Numbers of rules in a text: M, a section, a hyphen and a number.
fn numbers(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'));
    let words = words.map(|word| word.trim_end_matches(['.', '-']));
    let is_number = |word: &&str| {
        let parts = word.strip_prefix('M').and_then(|rest| rest.split_once('-'));
        parts.is_some_and(|(section, number)| {
            section.starts_with(|c: char| c.is_ascii_digit()) && number.parse::<u32>().is_ok()
        })
    };
    words.filter(is_number).collect()
}

#[test]
fn every_rule_has_a_test_and_the_verdict_of_the_page() {
    let page = read("docs/FORMAT.md");
    let (text, table) = page.split_once("\n## 17 Rules\n").expect("section 17");
    let rows = table.split("\n## ").next().unwrap().lines().filter_map(|line| line.strip_prefix("| M"));
    let mut rules = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert!(rules.insert(format!("M{}", cells[0]), cells[2]).is_none(), "M{} twice", cells[0]);
    }
    assert!(rules.len() > 80, "{}", rules.len());
    let unlisted: Vec<_> = numbers(text).into_iter().filter(|rule| !rules.contains_key(*rule)).collect();
    assert!(unlisted.is_empty(), "not in section 17: {unlisted:?}");

    let mut named: BTreeSet<&str> = BTreeSet::new();
    for (rule, verdict) in invalid::rules() {
        let expected = rules.get(rule).unwrap_or_else(|| panic!("{rule} is no rule"));
        assert!(expected.is_empty() || *expected == verdict.name(), "{rule}: {expected}, {verdict}");
        named.insert(rule);
    }
    for (rule, file, test) in TESTS {
        assert!(read(file).contains(&format!("fn {test}(")), "{rule}: {file} has no test {test}");
        assert!(rules.contains_key(*rule), "{rule} is no rule");
        named.insert(rule);
    }
    let untested: Vec<_> = rules.keys().filter(|rule| !named.contains(rule.as_str())).collect();
    assert!(untested.is_empty(), "no test names {untested:?}");
}
