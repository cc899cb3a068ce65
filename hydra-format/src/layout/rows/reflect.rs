//! Reflection of live values: the traits that the derive implements to read and change the parts of a value.
//! They depend on descriptors and on how the value is stored; `reflect` is built on them.

use super::{At, EncodedRecord, Hydra, Measure, Sink, apart};
use crate::Result;
use crate::error::Why;
use crate::memory::Describe;
use crate::schema::Descriptor;
use std::any::Any;
use std::fmt;

/// A value without parts.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Scalar<'a> {
    /// The value has parts.
    None,
    /// The unit value.
    Unit,
    /// A bool.
    Bool(bool),
    /// A char.
    Char(char),
    /// A signed integer of any width.
    Int(i128),
    /// An unsigned integer of any width.
    Uint(u128),
    /// A float of 32 bits.
    F32(f32),
    /// A float of 64 bits.
    F64(f64),
    /// Text.
    Str(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// A part of a live value, as returned by the value that contains it.
#[derive(Clone, Copy)]
pub enum Part<'a> {
    /// A Rust value in memory, and its type.
    Live(&'a dyn Reflect, &'static Descriptor),
    /// A Rust value in memory whose stored form is another type. Only the value that contains it can encode
    /// it, except for a transparent newtype around such a value, which encodes itself.
    Encoded {
        /// The value in memory.
        live: &'a dyn Any,
        /// The same value, if it can encode itself.
        own: Option<&'a dyn Reflect>,
        /// The type as which it is stored.
        stored: &'static Descriptor,
    },
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Part::Live(_, ty) | Part::Encoded { stored: ty, .. }) = self;
        write!(f, "Part({})", ty.name())
    }
}

impl<'a> Part<'a> {
    /// Creates a part from a value; a transparent newtype is replaced by its field.
    #[inline]
    pub fn of<T: Reflect>(value: &'a T) -> Part<'a> {
        match value.inside() {
            None => Part::live(value),
            Some(inner) => Part::inside(inner),
        }
    }

    #[inline(never)]
    fn inside(mut shown: &'a dyn Reflect) -> Part<'a> {
        while let Some(inner) = shown.inside() {
            shown = inner;
        }
        Part::live(shown)
    }

    #[inline]
    pub(crate) fn live(live: &'a dyn Reflect) -> Part<'a> {
        let stored = live.descriptor();
        match live.is_encoded() {
            true => Part::Encoded { live, own: Some(live), stored },
            false => Part::Live(live, stored),
        }
    }

    /// Creates a part that is stored as another type.
    pub fn encoded<T: 'static>(live: &'a T, stored: &'static Descriptor) -> Part<'a> {
        Part::Encoded { live, own: None, stored }
    }
}

/// A live value whose parts can be read, for [`Value`](crate::Value). `#[derive(Hydra)]` implements it.
///
/// *Parts* are, in order: the fields of a struct or tuple, or of the present variant; the elements of a list
/// or array; the inner value of an option, box or newtype. Maps and sets return theirs from
/// [`Reflect::entries`].
pub trait Reflect: Typed {
    /// Returns the field of a transparent newtype; `None` for all other types.
    fn inside(&self) -> Option<&dyn Reflect> {
        None
    }

    /// Returns whether it is a transparent newtype whose field is stored as another type, so that it has no
    /// parts.
    fn is_encoded(&self) -> bool {
        false
    }

    /// Returns the value itself, for kinds without parts.
    fn scalar(&self) -> Scalar<'_> {
        Scalar::None
    }

    /// Returns the position of the present variant of an enum, in declaration order; 0 for other kinds.
    fn variant(&self) -> usize {
        0
    }

    /// Returns the number of parts, of entries of a map, or of members of a set.
    fn count(&self) -> usize {
        0
    }

    /// Returns the part at `index`.
    fn part(&self, index: usize) -> Option<Part<'_>> {
        let _ = index;
        None
    }

    /// Returns the stored bytes of all elements of a list or array, if they are those in memory.
    fn run(&self) -> Option<&[u8]> {
        None
    }

    /// Returns the entries of a map as (key, value), or the members of a set as (member, member), in stored
    /// order.
    fn entries(&self) -> Vec<(Part<'_>, Part<'_>)> {
        Vec::new()
    }

    /// Returns the part at `index`, or the value of the entry at `index` of a map, for changing it.
    fn part_mut(&mut self, index: usize) -> Option<PartMut<'_>> {
        let _ = index;
        None
    }

    /// Returns the field of a transparent newtype for changing it; `None` for all other types.
    fn inside_mut(&mut self) -> Option<&mut (dyn ReflectMut + 'static)> {
        None
    }

    /// Returns the names of fields that are not stored.
    fn skipped(&self) -> &'static [&'static str] {
        &[]
    }

    /// Returns whether the type has an invariant.
    fn is_guarded(&self) -> bool {
        false
    }

    /// Checks the invariant of the type; an error says in words why it does not hold.
    fn invariant(&self) -> std::result::Result<(), String> {
        Ok(())
    }

    /// Performs the first pass of encoding: measures the heap and text for what this value refers to.
    fn measure(&self, measure: &mut Measure) {
        let _ = measure;
    }

    /// Performs the second pass: writes the value into `slot`, zeroed bytes of its stored size, and what it
    /// refers to into the sink.
    fn encode(&self, slot: &mut [u8], sink: &mut Sink<'_>);
}

/// A value with a descriptor of its type. Every storable type implements it.
pub trait Typed: Any {
    /// Returns the type as data.
    fn descriptor(&self) -> &'static Descriptor;
}

impl<T: Describe> Typed for T {
    fn descriptor(&self) -> &'static Descriptor {
        T::TYPE
    }
}

/// A check of whether a value may be replaced by another of its type: the old one, then the new one.
pub(crate) type Accept = fn(Part<'_>, Part<'_>) -> Result<()>;

/// A live value that can be changed. Every storable type implements it.
pub trait ReflectMut: Reflect {
    /// Replaces this value by the stored value at `at`, of exactly this type, if `accept` accepts it.
    ///
    /// # Errors
    /// Fails if the stored value has no counterpart in this program, or if `accept` refuses it.
    fn assign(&mut self, at: At<'_>, accept: Accept) -> Result<()>;

    /// Returns a copy: the value that storing and reading gives. Skipped fields have their defaults.
    fn copied(&self) -> Result<Box<dyn ReflectMut>>;
}

impl<T: Hydra> ReflectMut for T {
    fn assign(&mut self, at: At<'_>, accept: Accept) -> Result<()> {
        apart::<T, _>(T::TYPE, || {
            let new = T::decode(at)?;
            accept(Part::of(self), Part::of(&new))?;
            // The old value is dropped after the new one is in place, so a panic in its Drop does no harm.
            drop(std::mem::replace(self, new));
            Ok(())
        })
    }

    fn copied(&self) -> Result<Box<dyn ReflectMut>> {
        Ok(T::decode_boxed(EncodedRecord::of(self)?.at())?)
    }
}

pub(crate) type LiveMut<'a> = &'a mut (dyn ReflectMut + 'static);

/// A part of a live value, for changing it.
#[non_exhaustive]
pub enum PartMut<'a> {
    /// The part can be changed.
    Live(&'a mut (dyn ReflectMut + 'static)),
    /// The part, and everything in it, can only be read, for this reason.
    Fixed(Part<'a>, Why),
}

impl fmt::Debug for PartMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PartMut::Live(live) => write!(f, "Live({})", live.descriptor().name()),
            PartMut::Fixed(part, why) => f.debug_tuple("Fixed").field(part).field(why).finish(),
        }
    }
}

impl<'a> PartMut<'a> {
    /// Creates a part that can be changed.
    pub fn of<T: Hydra>(part: &'a mut T) -> PartMut<'a> {
        PartMut::Live(shown(part))
    }

    /// Creates a part that is private.
    pub fn private(part: Part<'a>) -> PartMut<'a> {
        PartMut::Fixed(part, Why::Private)
    }

    /// Creates a part that is stored as another type.
    pub fn encoded<T: 'static>(part: &'a mut T, stored: &'static Descriptor) -> PartMut<'a> {
        PartMut::Fixed(Part::encoded(part, stored), Why::Encoded)
    }
}

/// Returns the value; a transparent newtype is replaced by its field.
#[inline]
#[expect(clippy::unreachable, reason = "whether a type is transparent never changes")]
pub(crate) fn shown(live: LiveMut<'_>) -> LiveMut<'_> {
    if live.inside_mut().is_none() {
        return live;
    }

    match live.inside_mut() {
        Some(inner) => shown(inner),
        None => unreachable!("whether a type is transparent never changes"),
    }
}
