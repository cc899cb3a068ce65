//! One integration-test binary: a module a subject.

/// Files that are damaged, cut or not Hydra files.
mod bad_input;
/// Types of other crates: their forms, their limits, opaque values, and the features that bring them.
mod ecosystem;
/// Edits: what readers, other writers and failures see of them.
mod edit;
/// What writers leave on a real disk: names, locks, levels, failures.
mod file;
/// Golden files: the same records give the same bytes, for ever from 1.0 on.
mod golden;
/// Files made to do harm.
mod hostile;
/// Offsets beyond 4 GiB.
mod large;
/// The style that the repository promises.
mod repository;
/// Every kind of value through memory and through files.
mod roundtrip;
/// The test vectors of FORMAT.md.
mod vectors;
/// Every byte of the worked example in FORMAT.md.
mod worked_example;
