//! One integration-test binary: a module a subject.

/// What was acknowledged, read as the newest type.
mod acknowledged;
/// Every attribute of a field in every place.
mod attributes;
/// Files that are damaged, cut or not Hydra files.
mod bad_input;
/// Views as text.
mod debug;
/// Values whose Drop panics while they are changed.
mod drops;
/// Types of other crates: their forms, their limits, opaque values, and the features that bring them.
mod ecosystem;
/// Edits: what readers, other writers and failures see of them.
mod edit;
/// Random edits against the same edits of plain values.
mod edit_model;
/// Types that change: every rule, both ways.
mod evolve;
/// Types that change at random, against a model of the rules.
mod evolve_model;
/// The types of those models.
mod evolve_types;
/// Every bit, every prefix, and a great many bursts, swaps and stale blocks of one file.
mod exhaustive;
/// What writers leave on a real disk: names, locks, levels, failures.
mod file;
/// Readers that follow a file while it grows.
mod follow;
/// Golden files: the same records give the same bytes, for ever from 1.0 on.
mod golden;
/// Programs of several generations on one table, against a model.
mod history_model;
/// Files made to do harm.
mod hostile;
/// Who uses whom in a crate, read from its sources.
mod imports;
/// Files that break one rule each.
mod invalid;
/// Offsets beyond 4 GiB.
mod large;
/// Links between the pages of the documentation.
mod links;
/// Tables with names of their own.
mod named;
/// The holes of peers, tried here.
mod peers;
/// Who owns a file's name and its lock.
mod publish;
/// Records by index in any order, and blocks on several threads.
mod random;
/// The first two laws: whatever is asked has one answer in every world.
mod reflect;
/// The third law: changes of live values, of data and of records in files.
mod reflect_set;
/// What programs get wrong.
mod refusals;
/// The style that the repository promises.
mod repository;
/// Every kind of value through memory and through files.
mod roundtrip;
/// The numbers of the rules in FORMAT.md.
mod rules;
/// The sources, for the two tests that read them.
mod sources;
/// Values that are too large for a stack.
mod stack;
/// The order of the library's wings, circles of files, and names of types that are there twice.
mod structure;
/// The test vectors of FORMAT.md.
mod vectors;
/// Images changed in place.
mod view_mut;
/// Every byte of the worked example in FORMAT.md.
mod worked_example;
/// One value in every world that reflection knows.
mod worlds;
