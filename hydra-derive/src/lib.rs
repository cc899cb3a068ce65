//! The derive macro of `hydra-format`; use it through that crate.
#![forbid(unsafe_code)]
use proc_macro::TokenStream;

/// Derives `Hydra`.
#[proc_macro_derive(Hydra, attributes(hydra))]
pub fn derive_hydra(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}
