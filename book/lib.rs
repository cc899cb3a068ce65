//! Compiles and runs the programs in the pages of `docs/` as documentation tests. It exports nothing.
#![forbid(unsafe_code)]

#[cfg(doctest)]
#[doc = include_str!("../docs/guide/first-file.md")]
mod first_file {}
#[cfg(doctest)]
#[doc = include_str!("../docs/guide/types.md")]
mod guide_types {}
#[cfg(doctest)]
#[doc = include_str!("../docs/guide/reading.md")]
mod reading {}
#[cfg(doctest)]
#[doc = include_str!("../docs/guide/columns.md")]
mod columns {}
#[cfg(doctest)]
#[doc = include_str!("../docs/guide/evolution.md")]
mod guide_evolution {}
#[cfg(doctest)]
#[doc = include_str!("../docs/guide/editing.md")]
mod editing {}
#[cfg(doctest)]
#[doc = include_str!("../docs/guide/following.md")]
mod following {}
#[cfg(doctest)]
#[doc = include_str!("../docs/guide/recovery.md")]
mod recovery {}
#[cfg(doctest)]
#[doc = include_str!("../docs/guide/values.md")]
mod values {}

#[doc = include_str!("../docs/guide/reflection.md")]
mod reflection {}
#[cfg(doctest)]
#[doc = include_str!("../docs/TYPES.md")]
mod types {}
#[cfg(doctest)]
#[doc = include_str!("../docs/EVOLUTION.md")]
mod evolution {}
