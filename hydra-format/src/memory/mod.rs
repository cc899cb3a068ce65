//! The only module with unsafe code. Every safe function here is sound for any arguments: no safety depends
//! on the caller of a safe function. The module does not depend on the structure of files or values.

mod buffer;
mod builtin;
mod cast;
mod describe;
mod known;
mod map;
mod payload;
mod place;
mod spot;
mod text;
mod text_buf;
mod wrapper;

pub use buffer::AlignedBuf;
pub(crate) use builtin::{TupleLayout, each_tuple, pair_layout};
pub(crate) use cast::{all_valid, box_of, bytes_of, copy, read, slice_of, vec_of};
pub use describe::{Describe, Plain, type_of};
pub(crate) use known::Known;
pub use map::Map;
pub(crate) use map::{check_regular, open_regular};
pub(crate) use payload::{
    Backing, BlockSlot, BlockSlots, HEADER_REGION, Payload, PayloadFault, Ranges, TextMap,
};
pub(crate) use place::FieldOffset;
pub(crate) use spot::{Spot, Spots};
pub(crate) use text::Text;
pub(crate) use text_buf::TextBuf;
#[cfg(feature = "rust_decimal")]
pub use wrapper::Fixed;
pub use wrapper::Opaque;
#[cfg(feature = "rust_decimal")]
pub(crate) use wrapper::PLACES;
