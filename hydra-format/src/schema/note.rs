//! Notes: what people and programs want to know of a type, and what never decides how bytes are read.

use std::borrow::Cow;
use std::fmt;

/// The value of an attribute: `#[hydra(attr(unit = "ms"))]`.
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

/// The default of a field: a function in the program, a payload image of one record in a file.
#[derive(Clone)]
#[non_exhaustive]
pub enum DefaultImage {
    /// Makes the image: text offset and payload.
    Live(fn() -> crate::Result<(u32, Vec<u8>)>),
    /// The image itself.
    #[non_exhaustive]
    Stored {
        /// Where the text of the payload starts.
        text_offset: u32,
        /// A data payload of one record of the field's type.
        payload: Cow<'static, [u8]>,
    },
}

impl DefaultImage {
    /// An image with its text at this offset.
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

/// Something noted on a type, a field or a variant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Note {
    /// The documentation comment, lines joined with `\n`.
    Doc(Cow<'static, str>),
    /// A former or other name.
    Alias(Cow<'static, str>),
    /// The value where a file has none.
    Default(DefaultImage),
    /// A named value of the user's; `unit` is the well-known one.
    Attribute {
        /// Its name.
        name: Cow<'static, str>,
        /// Its value.
        value: AttrValue,
    },
    /// Rust's `#[deprecated]`, with its note.
    Deprecated(Cow<'static, str>),
    /// The version that the type gives itself.
    Version(u32),
    /// Never to be changed through reflection.
    ReadOnly,
    /// To be changed through reflection although it is private.
    Settable,
    /// Not `pub` in the program.
    Private,
    /// The variant that stands for tags that the program does not know.
    Other,
    /// The program checks values of the type when they change; only it can.
    Invariant,
}
