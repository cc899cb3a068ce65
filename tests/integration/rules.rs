//! Every rule of FORMAT.md has a number, a verdict if a file can break it, and a test that names it: a file
//! of `invalid`, or one of those listed here.

use crate::invalid;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Rules that no file of `invalid` breaks: the file of the test, and its name.
const TESTS: &[(&str, &str, &str)] = &[
    (
        "M1-1",
        "hydra-format/src/repair/check/tests.rs",
        "what_is_not_canonical_is_found_although_checksums_match",
    ),
    ("M1-3", "tests/cli/bad_input.rs", "a_damaged_block_is_reported_and_not_printed"),
    ("M1-4", "tests/integration/invalid.rs", "every_broken_rule_has_its_verdict"),
    ("M2-1", "tests/disk/main.rs", "crashes_show_exactly_one_commit"),
    ("M3.1-6", "hydra-format/src/store/header.rs", "headers_that_differ_and_unknown_features_are_refused"),
    ("M4.1-4", "tests/integration/invalid.rs", "sound_files_of_bytes_are_good"),
    (
        "M4.2-1",
        "hydra-format/src/repair/check/tests.rs",
        "damage_in_one_block_does_not_hide_damage_in_another",
    ),
    ("M5.6-1", "tests/integration/vectors.rs", "schemas_have_the_cores_and_fingerprints_of_the_document"),
    ("M5.6-2", "hydra-format/src/schema/types.rs", "a_spelling_ends"),
    ("M5.7-1", "tests/integration/ecosystem.rs", "opaque_values_have_the_bytes_of_the_document"),
    ("M5.7-2", "tests/integration/ecosystem.rs", "reflection_shows_an_opaque_field_as_bytes"),
    ("M5.7-3", "tests/integration/ecosystem.rs", "a_bad_image_is_an_error_of_that_value"),
    ("M6-1", "tests/integration/named.rs", "tables_of_one_type_live_side_by_side"),
    ("M6-2", "tests/integration/roundtrip.rs", "types_that_constants_tell_apart_are_two_tables"),
    ("M6.1-4", "tests/integration/named.rs", "names_have_limits"),
    ("M6.2-4", "hydra-format/src/schema/types.rs", "constant_arguments_are_values_of_their_kinds"),
    ("M6.3-1", "tests/integration/vectors.rs", "schemas_have_the_cores_and_fingerprints_of_the_document"),
    ("M6.3-2", "tests/integration/vectors.rs", "schemas_have_the_cores_and_fingerprints_of_the_document"),
    ("M6.4-2", "hydra-format/src/schema/types.rs", "notes_come_back"),
    ("M6.4-3", "tests/integration/evolve.rs", "a_default_that_is_no_value_is_an_error"),
    ("M7.4-1", "tests/integration/columns.rs", "columns_hold_what_rows_hold"),
    ("M10.1-1", "tests/disk/main.rs", "crashes_show_exactly_one_commit"),
    ("M10.1-2", "tests/integration/file.rs", "an_open_reader_keeps_what_it_saw_while_a_writer_goes_on"),
    (
        "M10.3-1",
        "hydra-format/src/table/writer/tests.rs",
        "every_failing_call_stops_the_writer_and_loses_nothing_acknowledged",
    ),
    ("M10.3-2", "hydra-format/src/table/writer/tests.rs", "a_sync_between_buffered_commits_ends_at_a_block"),
    ("M10.3-3", "hydra-format/src/table/writer/tests.rs", "levels_write_the_slot_that_is_not_pinned"),
    ("M10.4-1", "hydra-format/src/table/writer/tests.rs", "an_opening_that_writes_nothing_changes_nothing"),
    ("M10.4-2", "tests/integration/file.rs", "a_second_writer_is_refused_and_readers_are_not"),
    ("M10.4-3", "tests/integration/publish.rs", "a_child_neither_releases_the_lock_nor_writes"),
    ("M10.4-4", "tests/integration/publish.rs", "a_file_that_a_writer_has_open_is_not_replaced"),
    ("M10.4-5", "tests/disk/faults.rs", "a_writer_is_not_replaced_and_notices_that_its_file_is_gone"),
    ("M10.4-6", "hydra-format/src/store/log_tests.rs", "what_a_rejected_commit_named_is_covered_and_stays"),
    (
        "M10.4-7",
        "hydra-format/src/store/log_tests.rs",
        "a_record_that_names_more_than_there_is_makes_no_long_file",
    ),
    ("M10.4-8", "tests/disk/opening.rs", "damage_is_never_signed_again_and_no_file_gets_shorter"),
    ("M10.4-9", "hydra-format/src/store/log_tests.rs", "what_a_rejected_commit_named_is_covered_and_stays"),
    ("M10.4-10", "hydra-format/src/store/log_tests.rs", "the_cover_is_synced_before_the_record_that_has_it"),
    (
        "M10.4-11",
        "hydra-format/src/store/log_tests.rs",
        "after_a_lost_record_the_whole_file_is_kept_and_numbers_skip_ahead",
    ),
    (
        "M10.4-12",
        "hydra-format/src/store/log_tests.rs",
        "after_a_lost_record_both_have_the_new_epoch_before_the_first_block",
    ),
    ("M10.4-13", "tests/disk/opening.rs", "damage_is_never_signed_again_and_no_file_gets_shorter"),
    ("M10.5-2", "hydra-format/src/store/log_tests.rs", "a_cut_that_fails_leaves_a_tail_and_nothing_else"),
    ("M10.5-3", "hydra-format/src/store/log_tests.rs", "a_new_file_is_open_until_it_is_finished"),
    ("M10.6-1", "hydra-format/src/repair/check/tests.rs", "replacements_are_current_and_checked"),
    ("M10.6-2", "hydra-format/src/edit/tests.rs", "a_damaged_block_refuses_edits_and_stays_damaged"),
    ("M10.7-1", "tests/integration/file.rs", "creating_replaces_nothing_and_leaves_nothing_behind"),
    ("M10.7-2", "hydra-format/src/store/log_tests.rs", "a_new_file_is_open_until_it_is_finished"),
    (
        "M10.7-3",
        "tests/integration/publish.rs",
        "a_temporary_name_that_was_left_behind_goes_and_its_file_stays",
    ),
    (
        "M10.7-4",
        "tests/integration/publish.rs",
        "a_temporary_name_that_was_left_behind_goes_and_its_file_stays",
    ),
    ("M10.8-1", "tests/integration/follow.rs", "an_older_state_that_grew_again_is_noticed"),
    (
        "M10.8-2",
        "hydra-format/src/store/open_tests.rs",
        "what_was_shown_must_be_there_for_a_state_that_goes_on",
    ),
    (
        "M10.8-3",
        "hydra-format/src/store/open_tests.rs",
        "blocks_that_were_looked_at_are_looked_at_again_under_another_epoch",
    ),
    ("M10.9-1", "tests/cli/damage.rs", "every_command_meets_every_damage"),
    (
        "M10.9-2",
        "hydra-format/src/repair/recover_tests.rs",
        "a_flipped_bit_costs_the_records_of_its_block_and_no_more",
    ),
    (
        "M10.9-3",
        "hydra-format/src/repair/recover_tests.rs",
        "an_edit_that_nothing_names_makes_the_file_uncertain",
    ),
    (
        "M10.9-4",
        "hydra-format/src/repair/recover_tests.rs",
        "a_damaged_edit_is_lost_unless_older_records_are_asked_for",
    ),
    (
        "M10.9-5",
        "hydra-format/src/repair/recover_tests.rs",
        "blocks_after_the_last_commit_are_kept_when_asked_for_and_listed_apart",
    ),
    ("M12-1", "hydra-format/src/store/schema_block.rs", "a_schema_has_a_largest_size"),
    ("M12-2", "tests/corpus.rs", "the_corpus_keeps_the_laws_and_memory_is_bounded"),
    (
        "M12-3",
        "hydra-format/src/store/commit.rs",
        "impossible_records_are_invalid_although_their_checksum_matches",
    ),
    (
        "M12-4",
        "hydra-format/src/table/writer/tests.rs",
        "a_file_that_metadata_fills_to_the_last_byte_is_written",
    ),
    ("M12-5", "hydra-format/src/store/log_tests.rs", "more_than_can_be_covered_is_refused"),
    ("M12-6", "hydra-format/src/schema/types.rs", "the_number_of_types_has_a_limit"),
    ("M12-7", "hydra-format/src/schema/types.rs", "parts_names_and_sizes_have_limits"),
    ("M12-8", "hydra-format/src/schema/types.rs", "parts_names_and_sizes_have_limits"),
    ("M12-9", "hydra-format/src/schema/types.rs", "parts_names_and_sizes_have_limits"),
    ("M12-10", "hydra-format/src/schema/types.rs", "rules_are_kept"),
    ("M12-11", "hydra-format/src/schema/types.rs", "inline_nesting_is_bounded_whatever_the_order"),
    ("M13-1", "hydra-format/src/image/mod.rs", "wrong_images_are_refused_in_words"),
    ("M16-1", "tests/integration/evolve.rs", "unknown_variants_are_errors_of_their_values"),
    ("M16.3-1", "tests/integration/acknowledged.rs", "more_types_than_are_looked_at_do_not_hide_the_newest"),
    ("M16.4-2", "tests/integration/evolve.rs", "an_older_type_is_refused_where_the_newest_needs_more"),
    ("M16.4-3", "tests/integration/history_model.rs", "many_histories"),
    (
        "M16.4-4",
        "tests/integration/acknowledged.rs",
        "a_newer_type_is_refused_where_it_makes_blocks_too_large_that_are_there",
    ),
    ("M16.4-5", "tests/integration/acknowledged.rs", "what_the_newest_type_has_no_word_for_is_refused"),
    ("M16.4-6", "tests/integration/acknowledged.rs", "what_becomes_nested_too_deep_is_refused"),
    ("M16.4-7", "tests/integration/acknowledged.rs", "records_that_are_their_bytes_are_refused_one_by_one"),
    (
        "M16.4-8",
        "tests/integration/acknowledged.rs",
        "blocks_end_before_they_are_too_large_as_the_newest_type",
    ),
    (
        "M16.4-9",
        "tests/integration/acknowledged.rs",
        "a_record_is_not_edited_into_what_the_newest_type_cannot_read",
    ),
];

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the rule numbers in a text: M, a section, a hyphen and a number.
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

/// Returns the sentences of a text without its code blocks. A list item or table row also ends a sentence.
fn sentences(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for line in text.lines().filter(|line| !line.starts_with("    ")) {
        let (line, numbered) = (line.trim(), line.trim().trim_start_matches(|c: char| c.is_ascii_digit()));
        if line.is_empty()
            || line.starts_with(['|', '#'])
            || line.starts_with("- ")
            || numbered.starts_with(". ")
        {
            parts.push(String::new());
        }
        parts.last_mut().unwrap().extend([line, " "]);
    }
    parts.iter().flat_map(|part| part.split(". ").map(str::to_string)).collect()
}

#[test]
fn every_must_has_a_number() {
    let page = read("docs/FORMAT.md");
    let text =
        page.split_once("\n## 2 ").and_then(|(_, rest)| rest.split_once("\n## 17 ")).expect("sections").0;
    let without: Vec<_> = sentences(text)
        .into_iter()
        .filter(|sentence| sentence.contains("MUST") && numbers(sentence).is_empty())
        .collect();
    assert!(without.is_empty(), "without a number: {without:#?}");
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
    let unsaid: Vec<_> = rules.keys().filter(|rule| !numbers(text).contains(rule.as_str())).collect();
    assert!(unsaid.is_empty(), "only in section 17: {unsaid:?}");

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
