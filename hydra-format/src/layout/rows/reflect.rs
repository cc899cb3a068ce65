//! What a live value shows of itself, and how it is changed: the traits that the derive writes. They know descriptors, and
//! how the value is stored; what is made of the parts is the affair of reflection.

use super::{At, EncodedRecord, Hydra, Measure, Sink, apart};
use crate::Result;
use crate::error::Why;
use crate::memory::Describe;
use crate::schema::Descriptor;
use std::any::Any;
use std::fmt;

/// A value without parts, as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Scalar<'a> {
    /// Not a scalar: it has parts.
    None,
    /// Nothing.
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

/// A part of a live value, as the value that holds it hands it out.
#[derive(Clone, Copy)]
pub enum Part<'a> {
    /// A Rust value in memory, and its type.
    Live(&'a dyn Reflect, &'static Descriptor),
    /// A Rust value in memory whose stored form is another type. The value that holds it alone knows how it is stored;
    /// a transparent newtype around one knows it of itself.
    Encoded {
        /// The value in memory.
        live: &'a dyn Any,
        /// The same, if it can encode itself.
        own: Option<&'a dyn Reflect>,
        /// The type that it is stored as.
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
    /// The part, or what transparent newtypes show in its place.
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

    /// A part that is stored under another type.
    pub fn encoded<T: 'static>(live: &'a T, stored: &'static Descriptor) -> Part<'a> {
        Part::Encoded { live, own: None, stored }
    }
}

/// What a live value shows of itself, for a [`Value`](crate::Value) to look at. `#[derive(Hydra)]` writes it.
///
/// *Parts* are, in order: the fields of a struct or tuple, or of the present variant; the elements of a list or array; the
/// inner value of an option, box or newtype. Maps and sets show theirs through [`Reflect::entries`].
pub trait Reflect: Typed {
    /// What a transparent newtype shows in its place; none for all other types.
    fn inside(&self) -> Option<&dyn Reflect> {
        None
    }

    /// True for a transparent newtype whose field is stored as another type: it shows nothing of itself.
    fn is_encoded(&self) -> bool {
        false
    }

    /// The value itself, for kinds without parts.
    fn scalar(&self) -> Scalar<'_> {
        Scalar::None
    }

    /// Position of the present variant of an enum, in declaration order; 0 for other kinds.
    fn variant(&self) -> usize {
        0
    }

    /// Number of parts; entries of a map; members of a set.
    fn count(&self) -> usize {
        0
    }

    /// The part at `index`.
    fn part(&self, index: usize) -> Option<Part<'_>> {
        let _ = index;
        None
    }

    /// The stored bytes of all elements of a list or array, where they are those in memory.
    fn run(&self) -> Option<&[u8]> {
        None
    }

    /// Entries of a map as (key, value), members of a set as (member, member), in stored order.
    fn entries(&self) -> Vec<(Part<'_>, Part<'_>)> {
        Vec::new()
    }

    /// The part at `index`, to be changed; the value of the entry at `index` of a map.
    fn part_mut(&mut self, index: usize) -> Option<PartMut<'_>> {
        let _ = index;
        None
    }

    /// What a transparent newtype shows in its place, to be changed; none for all other types.
    fn inside_mut(&mut self) -> Option<&mut (dyn ReflectMut + 'static)> {
        None
    }

    /// Fields that are not stored.
    fn skipped(&self) -> &'static [&'static str] {
        &[]
    }

    /// True if the type has an invariant.
    fn is_guarded(&self) -> bool {
        false
    }

    /// The invariant of the type, and in words why it refuses this value.
    fn invariant(&self) -> std::result::Result<(), String> {
        Ok(())
    }

    /// The first pass of encoding: room in heap and text for what this value refers to.
    fn measure(&self, measure: &mut Measure) {
        let _ = measure;
    }

    /// The second pass: writes the value into `slot`, zeroed bytes of its stored size, and what it
    /// refers to into the sink.
    fn encode(&self, slot: &mut [u8], sink: &mut Sink<'_>);
}

/// A value that knows its type. Every storable type is one.
pub trait Typed: Any {
    /// The type as data.
    fn descriptor(&self) -> &'static Descriptor;
}

impl<T: Describe> Typed for T {
    fn descriptor(&self) -> &'static Descriptor {
        T::TYPE
    }
}

/// Says whether a value may take the place of another of its type: the old one, then the new one.
pub(crate) type Accept = fn(Part<'_>, Part<'_>) -> Result<()>;

/// A live value that can be changed. Every type that can be stored is one.
pub trait ReflectMut: Reflect {
    /// Puts the stored value at `at`, of exactly this type, in the place of this one, if `accept` accepts it.
    fn assign(&mut self, at: At<'_>, accept: Accept) -> Result<()>;

    /// A copy: what is read back when it is stored. Skipped fields have their defaults.
    fn copied(&self) -> Result<Box<dyn ReflectMut>>;
}

impl<T: Hydra> ReflectMut for T {
    fn assign(&mut self, at: At<'_>, accept: Accept) -> Result<()> {
        apart::<T, _>(T::TYPE, || {
            let new = T::decode(at)?;
            accept(Part::of(self), Part::of(&new))?;
            // The old value is dropped where the new one is in place already, whatever its Drop does.
            drop(std::mem::replace(self, new));
            Ok(())
        })
    }

    fn copied(&self) -> Result<Box<dyn ReflectMut>> {
        Ok(T::decode_boxed(EncodedRecord::of(self)?.at())?)
    }
}

pub(crate) type LiveMut<'a> = &'a mut (dyn ReflectMut + 'static);

/// A part of a live value.
#[non_exhaustive]
pub enum PartMut<'a> {
    /// It can be changed.
    Live(&'a mut (dyn ReflectMut + 'static)),
    /// It, and what is in it, can only be looked at.
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
    /// A part that can be changed.
    pub fn of<T: Hydra>(part: &'a mut T) -> PartMut<'a> {
        PartMut::Live(shown(part))
    }

    /// A part that is private.
    pub fn private(part: Part<'a>) -> PartMut<'a> {
        PartMut::Fixed(part, Why::Private)
    }

    /// A part that is stored as another type.
    pub fn encoded<T: 'static>(part: &'a mut T, stored: &'static Descriptor) -> PartMut<'a> {
        PartMut::Fixed(Part::encoded(part, stored), Why::Encoded)
    }
}

/// The value, or what transparent newtypes show in its place.
#[inline]
#[expect(clippy::unreachable, reason = "a type is transparent or not, whenever it is asked")]
pub(crate) fn shown(live: LiveMut<'_>) -> LiveMut<'_> {
    if live.inside_mut().is_none() {
        return live;
    }

    match live.inside_mut() {
        Some(inner) => shown(inner),
        None => unreachable!("a type is transparent or not"),
    }
}
