//! Values whose type exists only as a schema.
#![forbid(unsafe_code)]

use crate::describe::Schema;
use std::sync::Arc;

/// The parts of a value that exists only as data.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Data {
    /// Unit.
    Unit,
    /// Bool.
    Bool(bool),
    /// Char.
    Char(char),
    /// Signed integers of any width.
    Int(i128),
    /// Unsigned integers of any width.
    Uint(u128),
    /// f32.
    F32(f32),
    /// f64.
    F64(f64),
    /// String.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// No value of an option.
    None,
    /// The value of an option; the inner value of a box or newtype.
    Some(Box<Data>),
    /// Elements of a list or array; fields of a struct or tuple; members of a set.
    Parts(Vec<Data>),
    /// An enum: position of the variant, and its fields.
    Variant(usize, Vec<Data>),
    /// Entries of a map.
    Entries(Vec<(Data, Data)>),
}

/// A value whose type exists only as a schema.
#[derive(Clone, Debug)]
pub struct Dynamic {
    pub(crate) schema: Arc<Schema>,
    pub(crate) data: Data,
}
