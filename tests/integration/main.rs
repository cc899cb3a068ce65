//! The integration tests in one binary, with one module per subject.

/// Acknowledged records are readable as the newest type.
mod acknowledged;
/// Every attribute of a field in every place.
mod attributes;
/// Files that are damaged, truncated or not Hydra files.
mod bad_input;
/// Columns, compared with rows.
mod columns;
/// Columns of which some cannot be read.
mod columns_apart;
/// Single records of columns.
mod columns_near;
/// `Debug` of views.
mod debug;
/// Values whose Drop panics while they are changed.
mod drops;
/// Types of other crates: their forms and ranges, opaque values, and the features that enable them.
mod ecosystem;
/// Edits, as seen by readers, other writers and after failures.
mod edit;
/// Random edits compared with the same edits of plain values.
mod edit_model;
/// Type evolution: every rule in both directions.
mod evolve;
/// Random type evolution, compared with a model of the rules.
mod evolve_model;
/// The types of these models.
mod evolve_types;
/// Every bit flip and prefix, and many bursts, swaps and stale blocks of one file.
mod exhaustive;
/// Writers on a real disk: names, locks, durability levels, failures.
mod file;
/// Readers that follow a file while it grows.
mod follow;
/// Golden files: the same records give the same bytes, in all versions from 1.0 on.
mod golden;
/// Golden files with columns.
mod golden_columns;
/// Programs of several generations on one table, compared with a model.
mod history_model;
/// Malicious files.
mod hostile;
/// Malicious blocks of columns.
mod hostile_columns;
/// Dependencies between the modules of a crate, read from its sources.
mod imports;
/// Files that each break one rule.
mod invalid;
/// Blocks of columns that each break one rule.
mod invalid_columns;
/// Offsets beyond 4 GiB.
mod large;
/// Links between the pages of the documentation.
mod links;
/// Types and values of every kind, made up from a number.
#[allow(dead_code)]
#[path = "../made_up.rs"]
mod made_up;
/// Tables with their own names.
mod named;
/// Vulnerabilities of similar libraries, tried on this one.
mod peers;
/// Ownership of a file's name and lock.
mod publish;
/// Random access to records, and blocks on several threads.
mod random;
/// Reading through reflection: every query has the same result in every representation.
mod reflect;
/// Changes through reflection: of live values, of data and of records in files.
mod reflect_set;
/// Mistakes of programs and their errors.
mod refusals;
/// The style rules of the repository.
mod repository;
/// Every kind of value through memory and through files.
mod roundtrip;
/// The numbered rules of FORMAT.md.
mod rules;
/// The repository's sources, for the two tests that read them.
mod sources;
/// Values that are too large for the stack.
mod stack;
/// The order of the library's modules, circular dependencies of files, and duplicate names of types.
mod structure;
/// The test vectors of FORMAT.md.
mod vectors;
/// Images changed in place.
mod view_mut;
/// Every byte of the worked example in FORMAT.md.
mod worked_example;
/// One value in every representation that reflection supports.
mod worlds;
