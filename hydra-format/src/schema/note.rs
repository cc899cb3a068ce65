//! Notes on types, for people and programs. They never affect how bytes are read.

use std::borrow::Cow;
use std::fmt;

/// The value of an attribute such as `#[hydra(attr(unit = "ms"))]`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AttrValue {
    /// A string.
    Str(Cow<'static, str>),
    /// An integer.
    Int(i128),
    /// A float.
    Float(f64),
    /// A bool.
    Bool(bool),
}

/// The default of a field: a function in the program, or the payload of one record in a file.
#[derive(Clone)]
#[non_exhaustive]
pub enum DefaultImage {
    /// A function that makes the payload: text offset and bytes.
    Live(fn() -> crate::Result<(u32, Vec<u8>)>),
    /// The payload itself.
    #[non_exhaustive]
    Stored {
        /// The offset of the text in the payload.
        text_offset: u32,
        /// A DATA payload with one record of the field's type.
        payload: Cow<'static, [u8]>,
    },
}

impl DefaultImage {
    /// Creates a stored default whose text starts at `text_offset`.
    pub fn stored(text_offset: u32, payload: impl Into<Cow<'static, [u8]>>) -> DefaultImage {
        DefaultImage::Stored { text_offset, payload: payload.into() }
    }
}

impl fmt::Debug for DefaultImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DefaultImage::Live(_) => f.write_str("Live(..)"),
            DefaultImage::Stored { payload, .. } => write!(f, "Stored({} bytes)", payload.len()),
        }
    }
}

/// A note on a type, field or variant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Note {
    /// The documentation comment, lines joined with `\n`.
    Doc(Cow<'static, str>),
    /// A former or other name.
    Alias(Cow<'static, str>),
    /// The value of a field that is missing in a file.
    Default(DefaultImage),
    /// A named value defined by the user, such as `unit`.
    Attribute {
        /// Its name.
        name: Cow<'static, str>,
        /// Its value.
        value: AttrValue,
    },
    /// Rust's `#[deprecated]`, with its note.
    Deprecated(Cow<'static, str>),
    /// The version that the type declares.
    Version(u32),
    /// The part is never changed through reflection.
    ReadOnly,
    /// The field can be changed through reflection although it is private.
    Settable,
    /// The field is not `pub` in the program.
    Private,
    /// The variant represents tags that the program does not have.
    Other,
    /// The program checks values of the type when they change.
    Invariant,
}
