//! Hydra keeps typed records in files that describe themselves.
//!
//! Derive [`Hydra`] on a struct or enum. Append records with a [`Writer`]; read them back with a [`Reader`] as your
//! own types, in place and without parsing, or as [`Value`]s by a program that has never seen the type.
//!
//! ```
//! use hydra::{Hydra, Reader, Writer};
//!
//! #[derive(Hydra, Clone, Copy)]
//! #[repr(C)]
//! #[hydra(plain)] // records come back as `&[Tick]`
//! pub struct Tick {
//!     pub time: u64,
//!     pub price: f64,
//! }
//!
//! #[derive(Hydra)] // anything else is read through views
//! pub struct Log {
//!     pub time: u64,
//!     pub text: String,
//!     pub tags: Vec<String>,
//! }
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("day.hydra");
//! let mut file = Writer::create(&path)?;
//! let (ticks, logs) = (file.table::<Tick>()?, file.table::<Log>()?);
//! file.append(ticks, &Tick { time: 1, price: 101.5 })?;
//! file.append(logs, &Log { time: 2, text: "opened".into(), tags: vec!["a".into()] })?;
//! file.finish()?;
//!
//! let file = Reader::open(&path)?;
//! for block in file.table::<Tick>()?.blocks() {
//!     let block = block?; // errors live here: a block is verified when it is first touched
//!     let ticks: &[Tick] = block.as_slice();
//!     assert_eq!(ticks[0].price, 101.5);
//! }
//! let logs = file.table::<Log>()?;
//! let log = logs.get(0)?;
//! assert_eq!(log.view().text(), "opened"); // as the type, without copying
//! assert_eq!(log.value().path("tags[0]")?.get::<&str>()?, "a"); // as data, without the type
//! # Ok::<(), hydra::Error>(())
//! ```
//!
//! | word | is |
//! | --- | --- |
//! | [`Hydra`] | a type that can be written and read; derive it |
//! | [`View`] | a record, or a part of one, read in place |
//! | [`Writer`] | appends records and commits them |
//! | [`Editor`] | changes records and commits them |
//! | [`Reader`] | opens a file: [`Reader::open`] through buffers, [`Reader::map`] through a map |
//! | [`Table`] | the records of one type |
//! | [`Block`] | some hundred KiB of records that are verified together |
//! | [`Record`] | one record, which borrows from its table |
//! | [`Image`] | one value without a file, encoded and valid |
//! | [`Value`] | a value as data, live or stored; [`ValueMut`]: one that can be changed |
//!
//! One value needs no file: [`to_bytes`], [`from_bytes`], [`view`], [`view_mut`]; [`save`] and [`load`] keep one in a file.
//! An [`Image`] keeps one in memory in its encoded form: validated once, then read and changed in place for free.
//!
//! # Modules
//!
//! What most programs use is here at the root. Every other item is in one of these modules; no item is in two places.
//!
//! | module | purpose |
//! | --- | --- |
//! | [`mod@file`] | check, recover and compact files, follow one that grows, options of writers; block headers, commits and index entries for tools |
//! | [`schema`] | types as data: what a [`Descriptor`] and a [`Schema`] consist of |
//! | [`reflect`] | values as data: paths, handles, parts, differences, serde |
//! | [`rows`] | views of lists, maps and sets; what an implementation of [`trait@Hydra`] is given |
//! | [`evolve`] | what changed between two types, and how records of one are read as the other |
//! | [`compat`] | a test that holds a type against a schema that was committed beside it |
//!
//! # Features
//!
//! `serde`, which is on by default, converts values to and from every serde format: [`Value`] and [`Dynamic`] are
//! `Serialize`, and a [`Seed`](reflect::Seed) reads by a schema. `rayon` gives `Table::par_blocks`: blocks on several threads.
//! The others add types that can be stored. None changes a file, and no reader needs one to show what is in it.
//!
//! | feature | types | stored as |
//! | --- | --- | --- |
//! | `jiff` | `Timestamp`, `SignedDuration`, `civil::Date` | the forms timestamp and duration over i128, date |
//! | `uuid` | `Uuid` | the form uuid; a list is `&[Uuid]` |
//! | `rust_decimal` | `Decimal`, `Fixed<PLACES>` | the form decimal over i128 |
//! | `opaque` | any type of serde's, in a field with `#[hydra(opaque)]`; includes `serde` | [`Opaque`]: bytes, to all others |
//!
//! `SystemTime` and `Duration` of the standard library need no feature.
//!
//! The bytes are specified in `docs/FORMAT.md`; `docs/guide/reflection.md` teaches reflection, with a table of Go's;
//! `docs/EVOLUTION.md` says how types may change.
// `memory` alone allows unsafe code; a test refuses it everywhere else.
#![deny(unsafe_code)]
#![warn(missing_debug_implementations)]
// On docs.rs, an item shows the feature that it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
// Nothing from a file may panic: what indexes, unwraps or calculates unchecked says in an `expect` why it cannot.
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable
    )
)]

#[cfg(not(all(target_endian = "little", target_pointer_width = "64")))]
compile_error!("Hydra files are little-endian with 64-bit offsets: this host is not supported");

// The derive names this crate as `::hydra`; here, that is itself.
extern crate self as hydra;

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "constants of the program's types, which the compiler works out"
)]
#[allow(missing_docs, missing_debug_implementations, reason = "no part of the public face")]
mod derived;
mod edit;
mod error;
mod follow;
mod image;
mod layout;
#[allow(unsafe_code)]
mod memory;
#[cfg(feature = "rayon")]
mod parallel;
mod publish;
mod repair;
mod store;
mod table;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod testing;
mod types;

// Each public item has one path: what every program uses is at the root, all else in one of these modules.
pub mod compat;
pub mod evolve;
pub mod reflect;
pub mod schema;

/// Files: their blocks, commits and index; checking, recovering and compacting them; following one that grows.
pub mod file {
    pub use crate::follow::{Follow, Stop};
    pub use crate::publish::{Output, OutputOptions};
    pub use crate::repair::check::{CheckSummary, check};
    pub use crate::repair::compact::{Compaction, Size, compact};
    pub use crate::repair::recover::{RecoverOptions, RecoveredTable, Recovery, recover, survey};
    pub use crate::store::block::{BlockHeader, BlockKind};
    pub use crate::store::bytes::FieldLayout;
    pub use crate::store::catalog::{SchemaInfo, TableInfo};
    pub use crate::store::commit::Commit;
    pub use crate::store::header::FileHeader;
    pub use crate::store::index::Entry;
    pub use crate::store::report::{State, Verdict};
    pub use crate::store::scan::Progress;
    pub use crate::table::block::Rows;
    pub use crate::table::table::Blocks;
    pub use crate::table::writer::WriterOptions;
}

/// How values are written as rows and read in place: the views of lists, maps and sets, and what an implementation of
/// [`trait@Hydra`] is given.
pub mod rows {
    pub use crate::layout::rows::{At, Run};
    pub use crate::layout::rows::{Boxed, ListIter, ListView, Lookup, MapIter, MapView, SetView};
    pub use crate::layout::rows::{Measure, Sink};
}

// Types and values.
pub use derived::{As, With};
pub use hydra_derive::Hydra;
#[cfg(feature = "rust_decimal")]
pub use layout::rows::Fixed;
pub use layout::rows::{Hydra, Opaque, View};
pub use memory::{Describe, Plain, type_of};
pub use reflect::dynamic::Dynamic;
pub use reflect::value::Value;
pub use reflect::value_mut::ValueMut;
pub use schema::descriptor::Descriptor;
pub use schema::kind::Kind;
pub use schema::types::Schema;

// One value in memory.
pub use image::{
    Image, ListMut, ViewMut, from_bytes, to_bytes, to_bytes_checked, to_bytes_in, view, view_mut,
};
pub use memory::{AlignedBuf, Map};

// Files.
pub use edit::Editor;
pub use publish::{load, load_named, save};
pub use store::log::Durability;
pub use store::report::Report;
pub use table::block::Block;
pub use table::reader::Reader;
pub use table::table::{Record, Row, Table};
pub use table::writer::{TableId, Writer};

pub use error::{Error, ErrorKind, Result};

/// What the expansion of `#[derive(Hydra)]` names, under paths that no shadowed prelude reaches.
#[doc(hidden)]
pub mod __private {
    pub use crate::derived::*;
    pub use crate::error::Result;
    pub use crate::layout::rows::reflect::{Part, PartMut, Reflect, ReflectMut};
    pub use crate::layout::rows::{At, Cursor, Hydra, ListView, Measure, Run, Sink};
    pub use crate::memory::{Describe, Plain};
    pub use crate::schema::descriptor::Descriptor;
    pub use crate::schema::kind::Kind;
    pub use crate::schema::{AttrValue, Note, Style, Variant};
    pub use std::fmt::{Debug, Formatter, Result as FmtResult};

    pub use crate::__opaque as opaque_feature;
    #[cfg(not(feature = "opaque"))]
    pub use crate::derived::MissingFeature as Opaque;
    #[cfg(feature = "opaque")]
    pub use crate::memory::Opaque;

    pub use std::clone::Clone;
    pub use std::cmp::Ordering;
    pub use std::default::Default;
    pub use std::marker::{Copy, PhantomData};
    pub use std::mem::offset_of;
    pub use std::option::Option::{self, None, Some};
    pub use std::primitive::{bool, i8, i16, i32, i64, i128, isize, str, u8, u16, u32, u64, u128, usize};
    pub use std::result::Result::Ok;
    pub use std::vec::Vec;
}
