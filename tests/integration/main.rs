//! One integration-test binary: a module a subject.
