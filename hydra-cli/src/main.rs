//! The `hydra` command.
#![forbid(unsafe_code)]
mod import;
fn main() {}
