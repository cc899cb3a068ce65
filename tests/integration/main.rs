//! One integration-test binary: a module a subject.

/// Golden files: the same records give the same bytes, for ever from 1.0 on.
mod golden;
/// Offsets beyond 4 GiB.
mod large;
/// Every kind of value through memory and through files.
mod roundtrip;
