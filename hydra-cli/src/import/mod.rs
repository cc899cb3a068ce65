//! From other formats to Hydra.
#![forbid(unsafe_code)]
mod csv;
mod infer;
