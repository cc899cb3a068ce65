//! A live value that changes: always a whole valid value of its type in place of the old one, never bytes.
#![forbid(unsafe_code)]

use super::encode::{Crumb, Image, Trail, too_deep};
use super::settable::{is_guarded, is_read_only};

use super::value::{MAX_NESTING, Repr};
use super::{Reflect, Value, Why};
use crate::codec::{At, apart};
use crate::describe::{Descriptor, Kind};
use crate::{Error, ErrorKind, Hydra, Result};

/// A live value that can be changed. Every type that can be stored is one.
pub trait ReflectMut: Reflect {
    /// Puts the stored value at `at`, of exactly this type, in the place of this one.
    fn assign(&mut self, at: At<'_>) -> Result<()>;

    /// A copy: what is read back when it is stored. Skipped fields have their defaults.
    fn copied(&self) -> Result<Box<dyn ReflectMut>>;
}

impl<T: Hydra> ReflectMut for T {
    fn assign(&mut self, at: At<'_>) -> Result<()> {
        apart::<T, _>(T::TYPE, || {
            let new = T::decode(at)?;
            accept(Value::of(self), Value::of(&new))?;
            // The old value is dropped where the new one is in place already, whatever its Drop does.
            drop(std::mem::replace(self, new));
            Ok(())
        })
    }

    fn copied(&self) -> Result<Box<dyn ReflectMut>> {
        Ok(T::decode_boxed(Image::of(Value::of(self))?.at())?)
    }
}

pub(super) type LiveMut<'a> = &'a mut (dyn ReflectMut + 'static);

/// A part of a live value.
pub enum PartMut<'a> {
    /// It can be changed.
    Live(&'a mut (dyn ReflectMut + 'static)),
    /// It, and what is in it, can only be looked at.
    Fixed(Value<'a>, Why),
}

impl std::fmt::Debug for PartMut<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PartMut::Live(part) => f.debug_tuple("Live").field(&Value::live(*part)).finish(),
            PartMut::Fixed(value, why) => f.debug_tuple("Fixed").field(value).field(why).finish(),
        }
    }
}

impl<'a> PartMut<'a> {
    /// A part that can be changed.
    pub fn of<T: Hydra>(part: &'a mut T) -> PartMut<'a> {
        PartMut::Live(shown(part))
    }

    /// A part that is private.
    pub fn private(part: Value<'a>) -> PartMut<'a> {
        PartMut::Fixed(part, Why::Private)
    }

    /// A part that is stored as another type.
    pub fn encoded<T: 'static>(part: &'a mut T, stored: &'static Descriptor) -> PartMut<'a> {
        PartMut::Fixed(Value::encoded(part, stored), Why::Encoded)
    }
}

/// The value, or what transparent newtypes show in its place.
#[inline]
#[expect(clippy::unreachable, reason = "a type is transparent or not, whenever it is asked")]
pub(super) fn shown(live: LiveMut<'_>) -> LiveMut<'_> {
    if live.inside_mut().is_none() {
        return live;
    }

    match live.inside_mut() {
        Some(inner) => shown(inner),
        None => unreachable!("a type is transparent or not"),
    }
}

/// An error if the new value breaks an invariant, or changes a read-only field of the old one.
#[inline]
pub(super) fn accept(old: Value<'_>, new: Value<'_>) -> Result<()> {
    if new.kind() <= Kind::Bytes || !is_guarded(new.typed()) {
        return Ok(());
    }
    keeps_read_only(old, new, &Trail::ROOT)?;
    check_all(new, 0)
}

/// An error if the type of the value, if it is live, has an invariant that refuses it.
pub(super) fn check_one(value: Value<'_>) -> Result<()> {
    let Repr::Live(live, _) = value.0 else { return Ok(()) };
    let refused = |why: String| {
        let what = format!("{}: {why}", value.type_text());
        Error::new(ErrorKind::NotSettable).what(what).because(Why::Invariant).help(Why::Invariant.hint())
    };
    live.invariant().map_err(refused)
}

fn check_all(value: Value<'_>, depth: usize) -> Result<()> {
    if !is_guarded(value.typed()) {
        return Ok(());
    }
    if depth > MAX_NESTING {
        return Err(too_deep());
    }
    check_one(value)?;
    let keys = value.kind() == Kind::Map;
    let entries = value.entries().into_iter().flatten();
    let mut entries = entries.flat_map(|(key, part)| keys.then_some(key).into_iter().chain([part]));
    let depth = depth.saturating_add(1);
    entries.try_for_each(|part| check_all(part, depth))?;
    value.own_parts().try_for_each(|part| check_all(part, depth))
}

/// An error if a read-only field that both values have is not the same in both.
fn keeps_read_only(old: Value<'_>, new: Value<'_>, trail: &Trail<'_>) -> Result<()> {
    let same_place = matches!(
        old.kind(),
        Kind::Struct | Kind::Tuple | Kind::Enum | Kind::Newtype | Kind::Box | Kind::Option | Kind::Array
    );
    if !same_place || old.variant_index() != new.variant_index() {
        return Ok(());
    }
    trail.within_limit()?;
    let newtype = old.kind() == Kind::Newtype && is_read_only(old.ty().notes());
    let variant = old.own_variant().map(|variant| trail.to(Crumb::Variant(variant.name())));
    let trail = variant.as_ref().unwrap_or(trail);
    for (index, part) in old.own_parts().enumerate() {
        let Some(twin) = new.part(index) else { continue };
        let field = old.own_fields().get(index);
        let trail = trail.to(match (field, old.kind()) {
            (Some(field), _) => Crumb::Field(field.name()),
            (_, Kind::Option) => Crumb::Some,
            (_, Kind::Array) => Crumb::Index(index),
            _ => Crumb::Inner,
        });
        let fixed = newtype || field.is_some_and(|field| is_read_only(field.notes()));
        if fixed && part != twin {
            let error = Error::from(Why::ReadOnlyField).expected(part.to_string()).found(twin.to_string());
            return Err(error.path(trail.path()));
        }
        keeps_read_only(part, twin, &trail)?;
    }
    Ok(())
}

impl<'a> Value<'a> {
    /// Its own parts; none for maps and sets.
    fn own_parts(self) -> impl Iterator<Item = Value<'a>> {
        let count = if matches!(self.kind(), Kind::Map | Kind::Set) { 0 } else { self.count() };
        (0..count).filter_map(move |index| self.part(index))
    }
}
