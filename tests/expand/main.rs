//! What the derive writes for six types, checked in: a change of the expansion shows in review. The environment
//! variable `EXPAND=overwrite` writes it anew.
#![forbid(unsafe_code)]

/// The derive itself, which a procedural macro crate cannot export.
#[path = "../../hydra-derive/src"]
mod derive {
    #![allow(dead_code)]
    pub mod attr;
    pub mod check;
    pub mod expand;
    pub mod fallback;
    pub mod model;
}
