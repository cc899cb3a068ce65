//! Whether a live value, or one that exists only as data, may take the place of another: invariants and read-only fields.

use super::encode::too_deep;
use super::path::{PathSegment, PathStack};
use super::settable::{is_guarded, is_read_only};
use super::value::{MAX_NESTING, Repr};
use super::{Value, Why};
use crate::schema::Kind;
use crate::{Error, ErrorKind, Result};

/// An error if the new value breaks an invariant, or changes a read-only field of the old one.
#[inline]
pub(super) fn accept(old: Value<'_>, new: Value<'_>) -> Result<()> {
    if new.kind() <= Kind::Bytes || !is_guarded(new.typed()) {
        return Ok(());
    }
    keeps_read_only(old, new, &PathStack::ROOT)?;
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
fn keeps_read_only(old: Value<'_>, new: Value<'_>, stack: &PathStack<'_>) -> Result<()> {
    let same_place = matches!(
        old.kind(),
        Kind::Struct | Kind::Tuple | Kind::Enum | Kind::Newtype | Kind::Box | Kind::Option | Kind::Array
    );
    if !same_place || old.variant_index() != new.variant_index() {
        return Ok(());
    }
    stack.within_limit()?;
    let newtype = old.kind() == Kind::Newtype && is_read_only(old.ty().notes());
    let variant = old.own_variant().map(|variant| stack.to(PathSegment::Variant(variant.name())));
    let stack = variant.as_ref().unwrap_or(stack);
    for (index, part) in old.own_parts().enumerate() {
        let Some(twin) = new.part(index) else { continue };
        let field = old.own_fields().get(index);
        let stack = stack.to(match (field, old.kind()) {
            (Some(field), _) => PathSegment::Field(field.name()),
            (_, Kind::Option) => PathSegment::Some,
            (_, Kind::Array) => PathSegment::Index(index),
            _ => PathSegment::Inner,
        });
        let fixed = newtype || field.is_some_and(|field| is_read_only(field.notes()));
        if fixed && part != twin {
            let error = Error::from(Why::ReadOnlyField).expected(part.to_string()).found(twin.to_string());
            return Err(error.path(stack.path()));
        }
        keeps_read_only(part, twin, &stack)?;
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
