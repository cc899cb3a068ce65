//! The columns layout: the payload of a block is a directory, then a stream of bytes for each part of the
//! schema's type, encoded (FORMAT.md, sections 7.1 to 7.5). Blocks are written from staged rows, and read as
//! rows that are made once.
//!
//! [`shape::Shape`] says which streams a schema has. Writing is `split`, then `encoding`, then `directory`;
//! reading is `directory`, then `decode`, then `join`.

mod block;
mod decode;
pub(crate) mod directory;
mod encoding;
mod forced;
mod join;
pub(crate) mod listing;
mod places;
mod reading;
mod relocate;
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "numbers of a checked schema")]
mod shape;
mod split;
mod target;

#[cfg(test)]
mod tests;
mod zstd;

pub(crate) use block::ColumnLayout;
pub(crate) use decode::Unpacked;
#[cfg(feature = "testing")]
pub(crate) use forced::force;
pub(super) const WINDOW_RECORDS: usize = encoding::GROUP;
