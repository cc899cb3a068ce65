//! Hydra is a file format and a library for typed records. A program derives [`Hydra`] for its structs and
//! enums and appends records with a [`Writer`]. A [`Reader`] reads them in place, without parsing. The file
//! contains the schema, so a program without the types reads the same records as [`Value`]s. Commits are
//! atomic, every block has a checksum, and damaged files can be recovered.
//!
//! ```text
//! +--------+--------+--------+------+------+--------+------+-------+------+-------
//! | page 0 | page 1 | SCHEMA | DATA | DATA | SCHEMA | DATA | INDEX | DATA | INDEX
//! +--------+--------+--------+------+------+--------+------+-------+------+-------
//!   header and        types    records                       which blocks belong to
//!   newest commits             of one type                   which table
//! ```
//!
//! # Example
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
//!     let block = block?; // a block is verified when it is first read
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
//! # The main types
//!
//! | item | purpose |
//! | --- | --- |
//! | [`Hydra`] | the trait of types that can be stored; derive it |
//! | [`Writer`] | appends records and commits them |
//! | [`Reader`] | opens a file: [`Reader::open`] reads into buffers, [`Reader::map`] maps the file |
//! | [`Table`] | the records of one type |
//! | [`Block`] | the unit of verification: some hundred KiB of records of one table |
//! | [`Record`] | one record; it borrows from its table |
//! | [`View`] | the accessors of a record, or of a part of one, that is read in place |
//! | [`Editor`] | changes stored records and commits the changes |
//! | [`Value`], [`ValueMut`] | a value as data, without its type, to read or to change |
//! | [`Image`] | one encoded, valid value in memory |
//! | [`Error`] | what failed and where; match on its [`ErrorKind`] |
//!
//! # Values without a file
//!
//! [`to_bytes`] and [`from_bytes`] encode and decode one value; [`view`] and [`view_mut`] read and change the
//! encoded bytes in place. An [`Image`] keeps one encoded value: it is validated once, and every access after
//! that needs no check. [`save`] and [`load`] keep one value in a file.
//!
//! # Types that change
//!
//! Files of an older or newer version of a type can be read: [`Reader::table`] converts records to the type
//! of the program, within the [allowed changes]. A test can call [`compat::check_schema`] to compare a type
//! with a schema that is committed beside it.
//!
//! # Damage
//!
//! All bytes of a file are untrusted: a block is verified when it is first read, and damage is an [`Error`],
//! not a panic. [`file::check`] lists the damage of a file, and [`file::recover`] copies the intact records
//! to a new file.
//!
//! # Modules
//!
//! The items that most programs use are at the root. Every other item is in exactly one of these modules.
//!
//! | module | content |
//! | --- | --- |
//! | [`mod@file`] | checking, recovery, compaction, following a growing file, options of writers; block headers, commits and index entries for tools |
//! | [`schema`] | types as data: the parts of a [`Descriptor`] and of a [`Schema`] |
//! | [`reflect`] | values as data: paths, handles, parts, differences, serde |
//! | [`rows`] | views of lists, maps and sets; arguments of the methods of [`trait@Hydra`] |
//! | [`evolve`] | differences between two types, and reading records of one type as another |
//! | [`compat`] | a test that compares a type with a committed schema |
//!
//! # Features
//!
//! Features never affect the format: every reader can show every file, except that compressed columns need
//! `zstd`.
//!
//! - `serde` (on by default) converts values to and from every serde format. [`Value`] and [`Dynamic`]
//!   implement `Serialize`; a [`Seed`](reflect::Seed) deserializes by a schema.
//! - `zstd` (on by default) compresses streams of columns, and reads compressed ones. Without it these are
//!   [unsupported](ErrorKind::Unsupported), and a writer compresses nothing.
//! - `rayon` adds `Table::par_blocks`, which reads blocks on several threads.
//! - The others add types that can be stored:
//!
//! | feature | types | stored as |
//! | --- | --- | --- |
//! | `jiff` | `Timestamp`, `SignedDuration`, `civil::Date` | i128 of form timestamp or duration, i32 of form date |
//! | `uuid` | `Uuid` | 16 bytes of form uuid; a list is `&[Uuid]` |
//! | `rust_decimal` | `Decimal`, `Fixed<PLACES>` | i128 of form decimal |
//! | `opaque` | any serde type, in a field with `#[hydra(opaque)]`; enables `serde` | [`Opaque`]: bytes that only a program with the type can decode |
//!
//! `SystemTime` and `Duration` of the standard library need no feature.
//!
//! # Further reading
//!
//! - The [guide](https://github.com/hydra-format/hydra/blob/main/docs/guide/first-file.md) builds
//!   one program step by step: [types], [reading], [evolution], [editing], [following], [recovery], [reflection].
//! - The [format](https://github.com/hydra-format/hydra/blob/main/docs/FORMAT.md) specifies the bytes.
//! - The reference lists [types and attributes] and the [allowed changes] of a type.
//! - The [design](https://github.com/hydra-format/hydra/blob/main/docs/DESIGN.md) gives the reasons.
//!
//! [types]: https://github.com/hydra-format/hydra/blob/main/docs/guide/types.md
//! [reading]: https://github.com/hydra-format/hydra/blob/main/docs/guide/reading.md
//! [evolution]: https://github.com/hydra-format/hydra/blob/main/docs/guide/evolution.md
//! [editing]: https://github.com/hydra-format/hydra/blob/main/docs/guide/editing.md
//! [following]: https://github.com/hydra-format/hydra/blob/main/docs/guide/following.md
//! [recovery]: https://github.com/hydra-format/hydra/blob/main/docs/guide/recovery.md
//! [reflection]: https://github.com/hydra-format/hydra/blob/main/docs/guide/reflection.md
//! [types and attributes]: https://github.com/hydra-format/hydra/blob/main/docs/TYPES.md
//! [allowed changes]: https://github.com/hydra-format/hydra/blob/main/docs/EVOLUTION.md
// Only `memory` may contain unsafe code; a test enforces this.
#![deny(unsafe_code)]
#![warn(missing_debug_implementations)]
// On docs.rs, an item shows the feature that it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
// Input from a file must not cause a panic: every unchecked index, unwrap or calculation states in an
// `expect` why it cannot fail.
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

// The derive refers to this crate as `::hydra`; within the crate that needs this alias.
extern crate self as hydra;

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "constants of the program's types, evaluated at compile time"
)]
#[allow(missing_docs, missing_debug_implementations, reason = "not part of the public API")]
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

// Each public item has one path: at the root if most programs use it, otherwise in one of these modules.
pub mod compat;
pub mod evolve;
pub mod reflect;
pub mod schema;

/// Files: blocks, commits and the index; checking, recovery, compaction, and following a growing file.
pub mod file {
    pub use crate::follow::{Follow, Stop};
    pub use crate::layout::columns::directory::StreamEntry;
    pub use crate::layout::columns::listing::{BlockStream, BlockStreams};
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

/// Values as rows: the views of lists, maps and sets, and the arguments of the methods of [`trait@Hydra`].
pub mod rows {
    pub use crate::layout::rows::{At, Run};
    pub use crate::layout::rows::{Boxed, ListIter, ListView, Lookup, MapIter, MapView, SetView};
    pub use crate::layout::rows::{Measure, Sink};
}

// Types and values.
pub use derived::{As, With};
pub use hydra_derive::Hydra;
pub use layout::Layout;
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

/// Items that the code of `#[derive(Hydra)]` refers to, under paths that a shadowed prelude does not affect.
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
