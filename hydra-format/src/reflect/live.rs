//! What a live value shows of itself. The derive writes this trait; [`Value`] is what programs use.
#![forbid(unsafe_code)]

use super::{PartMut, ReflectMut, Value};
use crate::codec::{Measure, Sink};
use crate::describe::Descriptor;
use crate::raw::Describe;
use std::any::Any;

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

/// What a live value shows of itself, for a [`Value`] to look at. `#[derive(Hydra)]` writes it.
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
    fn part(&self, index: usize) -> Option<Value<'_>> {
        let _ = index;
        None
    }

    /// The stored bytes of all elements of a list or array, where they are those in memory.
    fn run(&self) -> Option<&[u8]> {
        None
    }

    /// Entries of a map as (key, value), members of a set as (member, member), in stored order.
    fn entries(&self) -> Vec<(Value<'_>, Value<'_>)> {
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
