//! Values that can be changed, live or as data. A value that may not be changed becomes a read-only value
//! with the reason, and so does everything in it. This file implements navigation to a value and its
//! replacement.

use super::dynamic::{Depth, check};
use super::encode::image;
use super::fit::Fit;
use super::path::PathStack;
use super::settable::{accept, check_one, has_invariant, is_read_only, refused, within};
use super::types::Type;
use super::value::Repr;
use super::{Data, Part, PartMut, Path, ReflectMut, Step, Value, Why, parse};
use crate::layout::rows::reflect::{LiveMut, shown};
use crate::layout::rows::{At, EncodedRecord};
use crate::schema::{Field, Kind, Note, position};
use crate::{Error, Hydra, Result};
use std::any::Any;
use std::collections::HashSet;

/// A value that can be changed, comparable to a settable `reflect.Value` in Go.
///
/// It represents a live value or a [`Dynamic`](crate::Dynamic); a record of a file is changed as a `Dynamic`
/// as well. Navigate as with a [`Value`]: by field, index, key, variant or path. Some values are read-only,
/// and so is everything in them, whichever way leads there. [`ValueMut::settable`] returns the reason.
///
/// ```
/// use hydra::{Hydra, ValueMut};
///
/// #[derive(Hydra)]
/// struct Log {
///     pub len: u32,
///     pub tags: Vec<String>,
/// }
/// let mut log = Log { len: 3, tags: vec!["a".into()] };
/// let mut value = ValueMut::of(&mut log);
/// value.reborrow().path("len")?.set(9u64)?; // a number must fit exactly
/// value.reborrow().path("tags[-1]")?.set_str("b")?;
/// let error = value.path("len")?.set(-1).unwrap_err();
/// assert_eq!(error.why(), Some(hydra::reflect::Why::OutOfRange));
/// assert_eq!((log.len, &*log.tags), (9, &["b".to_string()][..]));
/// # Ok::<(), hydra::Error>(())
/// ```
///
/// It borrows the value mutably, so only one can exist at a time:
///
/// ```compile_fail,E0499
/// # use hydra::ValueMut;
/// let mut pair = (1u8, 2u8);
/// let mut value = ValueMut::of(&mut pair);
/// let (first, second) = (value.reborrow().field("0"), value.reborrow().field("0"));
/// # (first.unwrap().set(1u8), second);
/// ```
///
/// # New values
///
/// A new value must have the shape of the old one: the same kinds and forms, and fields and variants with the
/// same names. Newtypes and boxes are transparent, a value may stand for an option that holds it, and lists
/// and arrays for each other. Numbers are converted if nothing is lost. If a value is refused, nothing
/// changes.
///
/// A new whole value may not change `#[hydra(readonly)]` fields in it. It may change private fields, as
/// decoding does. Skipped fields get their defaults unless the new value is given as the type itself.
///
/// # Invariants
///
/// If the type of a live value, or of one around it, has `#[hydra(invariant = path)]`, the change is made and
/// checked on a copy first. This costs a copy of the outermost such value. A type that exists only as data
/// has no code to run: see [`ValueMut::invariants_skipped`].
pub struct ValueMut<'a> {
    repr: ReprMut<'a>,
    /// For errors: the path from the value on which [`ValueMut::path`] was first called.
    path: Path,
}

enum ReprMut<'a> {
    /// A Rust value in memory.
    Live(LiveMut<'a>),
    /// The part at these positions in a Rust value whose type has an invariant.
    Guarded { root: LiveMut<'a>, steps: Vec<usize> },
    /// A value that exists only as data, and the types with invariants around it.
    Data { data: &'a mut Data, ty: Type<'a>, place: Depth, skipped: Vec<&'a str> },
    /// A read-only value.
    Fixed { value: Value<'a>, why: Why },
}

impl<'a> ValueMut<'a> {
    /// Returns the reflection of a live value for changing it.
    #[inline]
    pub fn of<T: Hydra>(value: &'a mut T) -> ValueMut<'a> {
        ReprMut::Live(shown(value)).into()
    }

    /// Makes a read-only value with the given reason.
    pub fn fixed(value: Value<'a>, why: Why) -> ValueMut<'a> {
        ReprMut::Fixed { value, why }.into()
    }

    pub(super) fn data(data: &'a mut Data, ty: Type<'a>) -> ValueMut<'a> {
        ReprMut::Data { data, ty, place: Depth::default(), skipped: Vec::new() }.into()
    }

    /// Returns the same value for a shorter lifetime, so that this one can be used again afterwards.
    pub fn reborrow(&mut self) -> ValueMut<'_> {
        let repr = match &mut self.repr {
            ReprMut::Live(live) => ReprMut::Live(&mut **live),
            ReprMut::Guarded { root, steps } => ReprMut::Guarded { root: &mut **root, steps: steps.clone() },
            ReprMut::Data { data, ty, place, skipped } => {
                ReprMut::Data { data, ty: *ty, place: *place, skipped: skipped.clone() }
            }
            ReprMut::Fixed { value, why } => ReprMut::Fixed { value: *value, why: *why },
        };
        ValueMut { repr, path: self.path.clone() }
    }

    /// Returns the value for reading.
    pub fn value(&self) -> Value<'_> {
        self.repr.value()
    }

    /// Returns the value for reading, for as long as it is borrowed.
    pub fn into_value(self) -> Value<'a> {
        self.repr.into_value()
    }

    /// Returns an error with the reason if the value cannot be changed.
    pub fn settable(&self) -> Result<(), Why> {
        if let ReprMut::Fixed { why, .. } = self.repr { Err(why) } else { Ok(()) }
    }

    /// Returns the types with an invariant, around this value and in it, that a change does not check because
    /// they exist only as data. Empty for live values, whose invariants are checked.
    pub fn invariants_skipped(&self) -> Vec<&'a str> {
        let ReprMut::Data { ty, skipped, .. } = &self.repr else { return Vec::new() };
        let inside = within(*ty).filter(|ty| has_invariant(*ty)).map(|ty| ty.ty.name());
        let mut seen = HashSet::new();
        skipped.iter().copied().chain(inside).filter(|name| seen.insert(*name)).collect()
    }
}

/// Navigation. Each method does the same as the [`Value`] method of its name and fails with the same errors.
impl<'a> ValueMut<'a> {
    /// Returns the field with this name.
    #[inline]
    pub fn field(self, name: &str) -> Result<ValueMut<'a>> {
        let index = self.live_fields().and_then(|fields| position(fields, name));
        match index {
            Some(index) => self.open_part(index).unwrap_or_else(|value| value.any_field(name)),
            None => self.any_field(name),
        }
    }

    fn any_field(self, name: &str) -> Result<ValueMut<'a>> {
        self.go(
            || Step::Field(name.to_string()),
            |value| match position(value.own_fields(), name) {
                Some(position) => Ok(position),
                None if matches!(value.0, Repr::Live(live, _) if live.skipped().contains(&name)) => {
                    Err(Error::from(Why::Skipped).path(name))
                }
                None => Err(value.field(name).err().unwrap_or_else(nothing_there)),
            },
        )
    }

    /// Returns the field at `index`.
    #[inline]
    pub fn field_at(self, index: usize) -> Result<ValueMut<'a>> {
        self.open_part(index).unwrap_or_else(|value| value.any_field_at(index))
    }

    fn any_field_at(self, index: usize) -> Result<ValueMut<'a>> {
        let field = match self.path.steps() {
            [] => None,
            _ => self.value().fields().get(index),
        };
        let name = field.map_or(String::new(), |field| field.name().to_string());
        self.go(|| Step::Field(name), |value| value.field_at(index).map(|_| index))
    }

    /// Returns the element of a list or array at `index`, counted from the end if negative. Members of sets
    /// are read-only.
    pub fn at(self, index: i64) -> Result<ValueMut<'a>> {
        self.go(|| Step::Index(index), |value| value.index_position(index))
    }

    /// Returns the value under a key of a map. The key is given as text.
    pub fn key(self, key: &str) -> Result<ValueMut<'a>> {
        self.go(|| Step::Key(key.to_string()), |value| value.key_position(key))
    }

    /// Returns the content of an option, newtype or box.
    pub fn inner(self) -> Result<ValueMut<'a>> {
        self.value().inner()?;
        let step = (self.value().kind() == Kind::Option).then_some(Step::Some);
        self.part(0, || step)
    }

    /// Returns the value itself if it is an enum whose present variant has this name.
    pub fn as_variant(self, name: &str) -> Result<ValueMut<'a>> {
        self.value().as_variant(name)?;
        let mut value = self.through()?;
        value.note(|| Some(Step::Variant(name.to_string())));
        Ok(value)
    }

    /// Returns the value at a path such as `items[3].name`.
    pub fn path(self, path: &str) -> Result<ValueMut<'a>> {
        self.follow(&path.parse()?)
    }

    /// Returns the value at a parsed path.
    pub fn follow(self, path: &Path) -> Result<ValueMut<'a>> {
        let first = self.path.steps().is_empty();
        let mut value = self;
        for (index, step) in path.steps().iter().enumerate() {
            value = value.step(step).map_err(|error| path.blame(index, error))?;
        }
        if first {
            value.path = path.clone();
        }
        Ok(value)
    }

    /// Returns the value one step deeper.
    pub fn step(self, step: &Step) -> Result<ValueMut<'a>> {
        match step {
            Step::Field(name) => self.field(name),
            Step::Index(index) if self.value().through().kind() == Kind::Map => self.key(&index.to_string()),
            Step::Index(index) => self.at(*index),
            Step::Key(key) => self.key(key),
            Step::Variant(name) => self.as_variant(name),
            Step::Some if self.value().through().kind() == Kind::Option => self.through()?.inner(),
            Step::Some => Err(self.value().through().wrong_kind("an option")),
        }
    }

    /// Returns the fields of a live struct or tuple without an invariant, if no path was started.
    #[inline(always)]
    fn live_fields(&self) -> Option<&'static [Field]> {
        match &self.repr {
            ReprMut::Live(live) if self.path.steps().is_empty() && !live.is_guarded() => {
                Some(live.descriptor().fields())
            }
            _ => None,
        }
    }

    /// Returns the part at `index` of [`ValueMut::live_fields`] if its field has no notes: a fast path for
    /// [`ValueMut::part`]. Otherwise returns `self`.
    #[inline(always)]
    fn open_part(self, index: usize) -> std::result::Result<Result<ValueMut<'a>>, ValueMut<'a>> {
        let open = |field: &Field| field.notes().is_empty() && field.live_offset().is_some();
        let open = self.live_fields().and_then(|fields| fields.get(index)).is_some_and(open);
        match self.repr {
            ReprMut::Live(live) if open => {
                Ok(live.part_mut(index).map(|part| ReprMut::of(part).into()).ok_or_else(nothing_there))
            }
            repr => Err(ValueMut { repr, path: self.path }),
        }
    }

    /// Returns the part, inside newtypes and boxes, whose position `find` returns.
    fn go(
        self,
        step: impl FnOnce() -> Step,
        find: impl FnOnce(Value<'_>) -> Result<usize>,
    ) -> Result<ValueMut<'a>> {
        let value = self.through()?;
        let position = find(value.value())?;
        value.part(position, || Some(step()))
    }

    /// Returns the value inside newtypes and boxes.
    fn through(self) -> Result<ValueMut<'a>> {
        let mut value = self;
        for _ in 0..super::value::MAX_NESTING {
            let present = value.value();
            if !matches!(present.kind(), Kind::Newtype | Kind::Box) || present.part(0).is_none() {
                break;
            }
            value = value.part(0, || None)?;
        }
        Ok(value)
    }

    fn part(self, index: usize, step: impl FnOnce() -> Option<Step>) -> Result<ValueMut<'a>> {
        let repr = self.repr.part(index).ok_or_else(nothing_there)?;
        let mut part = ValueMut { repr, path: self.path };
        part.note(step);
        Ok(part)
    }

    /// Appends a step to the path, if one was started.
    fn note(&mut self, step: impl FnOnce() -> Option<Step>) {
        if !self.path.steps().is_empty()
            && let Some(step) = step()
        {
            self.path.push(step);
        }
    }
}

/// Changes.
impl ValueMut<'_> {
    /// Sets the value. A value of exactly its type is moved; any other is converted as by
    /// [`ValueMut::set_value`].
    #[inline]
    pub fn set<T: Hydra>(&mut self, value: T) -> Result<()> {
        match &mut self.repr {
            ReprMut::Live(live) if T::TYPE.kind() <= Kind::Bytes && (&**live as &dyn Any).is::<T>() => {
                if let Some(slot) = (&mut **live as &mut dyn Any).downcast_mut() {
                    drop(std::mem::replace(slot, value));
                }
                Ok(())
            }
            _ => self.set_any(value),
        }
    }

    fn set_any<T: Hydra>(&mut self, value: T) -> Result<()> {
        match self.swap(value)? {
            Ok(_) => Ok(()),
            Err(value) => self.set_value(Value::of(&value)),
        }
    }

    /// Sets the value and returns the old one. The stored form of its type must be exactly that of `T`.
    pub fn replace<T: Hydra>(&mut self, value: T) -> Result<T> {
        let value = match self.swap(value)? {
            Ok(old) => return Ok(old),
            Err(value) => value,
        };
        let help = "use value().to_dynamic() to copy an old value of any type";
        let old = self.value().to().map_err(|error| self.placed(error).help(help))?;
        self.set_value(Value::of(&value))?;
        Ok(old)
    }

    /// Sets the value to any value with a matching shape: live, stored or data.
    ///
    /// ```
    /// use hydra::{Schema, Value, ValueMut};
    /// let mut dynamic = Value::of(&(1u8, vec![2u8])).to_dynamic()?;
    /// dynamic.value_mut().set_value(Value::of(&(7i64, [8u8, 9])))?;
    /// assert_eq!(dynamic.to_string(), "(7, 0x0809)");
    /// # Ok::<(), hydra::Error>(())
    /// ```
    pub fn set_value(&mut self, value: Value<'_>) -> Result<()> {
        self.put(|ty| Fit::CONVERT.value(value, ty, &PathStack::ROOT))
    }

    /// Sets the value from text that is parsed by the value's type: numbers, `true`, a character, the string
    /// as it is, bytes as `0x00ff`, the name of a variant, `null` for an option, and times, durations,
    /// decimals, dates and UUIDs as a [`Value`] prints them.
    ///
    /// ```
    /// use hydra::ValueMut;
    /// use std::time::Duration;
    /// let mut took = Some(Duration::ZERO);
    /// ValueMut::of(&mut took).set_str("1.5s")?;
    /// assert_eq!(took, Some(Duration::from_millis(1500)));
    /// ValueMut::of(&mut took).set_str("null")?;
    /// assert_eq!(took, None);
    /// # Ok::<(), hydra::Error>(())
    /// ```
    pub fn set_str(&mut self, text: &str) -> Result<()> {
        self.put(|ty| parse::parse(text, ty))
    }

    fn refuse(&self) -> Result<()> {
        self.settable().map_err(|why| self.placed(why.into()))
    }

    /// Adds this value's path to an error of a new value.
    #[cold]
    fn placed(&self, error: Error) -> Error {
        refused(error).under(&self.path.to_string())
    }

    /// Replaces the value if `value` has exactly its type. Returns the old value, or otherwise `value` as an
    /// error.
    fn swap<T: Hydra>(&mut self, value: T) -> Result<Result<T, T>> {
        self.refuse()?;
        let result = match self.repr.live_mut() {
            Some((root, steps)) => swap(root, steps, value),
            None => Ok(Err(value)),
        };
        result.map_err(|error| self.placed(error))
    }

    /// Replaces the value with what `make` returns for its type.
    fn put(&mut self, make: impl FnOnce(Type<'_>) -> Result<Data>) -> Result<()> {
        self.refuse()?;
        self.repr.put(make).map_err(|error| self.placed(error))
    }
}

fn swap<T: Hydra>(root: LiveMut<'_>, steps: &[usize], value: T) -> Result<Result<T, T>> {
    if !steps.is_empty() && (reach(&mut *root, steps)? as &mut dyn Any).is::<T>() {
        dry_run(root, steps, EncodedRecord::of(&value)?.at())?;
    }
    let Some(slot) = (reach(root, steps)? as &mut dyn Any).downcast_mut::<T>() else { return Ok(Err(value)) };
    accept(Value::of(slot), Value::of(&value))?;
    Ok(Ok(std::mem::replace(slot, value)))
}

/// Prints the same as the [`Value`] that it shows.
impl std::fmt::Debug for ValueMut<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.value().fmt(f)
    }
}

impl<'a> From<ReprMut<'a>> for ValueMut<'a> {
    #[inline]
    fn from(repr: ReprMut<'a>) -> ValueMut<'a> {
        ValueMut { repr, path: Path::default() }
    }
}

impl<'a> ReprMut<'a> {
    #[inline]
    fn of(part: PartMut<'a>) -> ReprMut<'a> {
        match part {
            PartMut::Live(live) => ReprMut::Live(live),
            PartMut::Fixed(part, why) => ReprMut::Fixed { value: part.into(), why },
        }
    }

    fn value(&self) -> Value<'_> {
        match self {
            ReprMut::Live(live) => Value::live(&**live),
            ReprMut::Guarded { root, steps } => walked(Value::live(&**root), steps),
            ReprMut::Data { data, ty, .. } => Value::data(data, *ty),
            ReprMut::Fixed { value, .. } => *value,
        }
    }

    fn into_value(self) -> Value<'a> {
        match self {
            ReprMut::Live(live) => Value::live(live),
            ReprMut::Guarded { root, steps } => walked(Value::live(root), &steps),
            ReprMut::Data { data, ty, .. } => Value::data(data, ty),
            ReprMut::Fixed { value, .. } => value,
        }
    }

    /// Returns why the part at `index` is read-only, as far as the types decide it.
    fn forbids(&self, index: usize) -> Option<Why> {
        let value = self.value();
        let own = value.ty().notes();
        match value.kind() {
            Kind::Set => return Some(Why::MapKey),
            Kind::Newtype if is_read_only(own) => return Some(Why::ReadOnlyField),
            _ => {}
        }
        let notes = value.own_fields().get(index)?.notes();
        if is_read_only(notes) {
            return Some(Why::ReadOnlyField);
        }
        let is_private = notes.iter().any(|note| matches!(note, Note::Private));
        let is_open = notes.iter().chain(own).any(|note| matches!(note, Note::Settable));
        let is_live = !matches!(self, ReprMut::Data { .. });
        (is_live && is_private && !is_open).then_some(Why::Private)
    }

    fn part(self, index: usize) -> Option<ReprMut<'a>> {
        let forbidden = match &self {
            ReprMut::Fixed { why, .. } => Some(*why),
            other => other.forbids(index),
        };
        if let Some(why) = forbidden {
            return Some(ReprMut::Fixed { value: self.into_value().nth(index)?, why });
        }
        match self {
            ReprMut::Live(live) if live.is_guarded() => ReprMut::guarded(live, Vec::new(), index),
            ReprMut::Live(live) => live.part_mut(index).map(ReprMut::of),
            ReprMut::Guarded { root, steps } => ReprMut::guarded(root, steps, index),
            ReprMut::Data { data, ty, place, mut skipped } => {
                skipped.extend(has_invariant(ty).then_some(ty.ty.name()));
                let references = place.references.saturating_add(ty.kind().is_reference().into());
                let place = Depth { nesting: place.nesting.saturating_add(1), references };
                let (data, variant) = match data {
                    Data::Parts(parts) => (parts.get_mut(index)?, None),
                    Data::Variant(variant, parts) => (parts.get_mut(index)?, Some(*variant)),
                    Data::Entries(entries) => (&mut entries.get_mut(index)?.1, None),
                    Data::Some(inner) => (&mut **inner, None),
                    _ => return None,
                };
                Some(ReprMut::Data { data, ty: ty.part(variant, index)?, place, skipped })
            }
            ReprMut::Fixed { .. } => None,
        }
    }

    fn guarded(root: LiveMut<'a>, mut steps: Vec<usize>, index: usize) -> Option<ReprMut<'a>> {
        let fixed = match reach(&mut *root, &steps).ok()?.part_mut(index)? {
            PartMut::Live(_) => None,
            PartMut::Fixed(_, why) => Some(why),
        };
        steps.push(index);
        Some(match fixed {
            Some(why) => ReprMut::Fixed { value: walked(Value::live(root), &steps), why },
            None => ReprMut::Guarded { root, steps },
        })
    }

    /// Returns a live value, and the positions of the part in it.
    fn live_mut(&mut self) -> Option<(LiveMut<'_>, &[usize])> {
        match self {
            ReprMut::Live(live) => Some((&mut **live, &[])),
            ReprMut::Guarded { root, steps } => Some((&mut **root, steps)),
            _ => None,
        }
    }

    fn put(&mut self, make: impl FnOnce(Type<'_>) -> Result<Data>) -> Result<()> {
        if let ReprMut::Data { data, ty, place, .. } = self {
            let mut new = make(*ty)?;
            check(&mut new, *ty, *place)?;
            accept(Value::data(data, *ty), Value::data(&new, *ty))?;
            **data = new;
            return Ok(());
        }
        let (root, steps) = self.live_mut().ok_or_else(nothing_there)?;
        let ty = Type::new(reach(&mut *root, steps)?.descriptor(), None);
        let mut data = make(ty)?;
        check(&mut data, ty, Depth::default())?;
        let image = image(Value::data(&data, ty))?;
        if !steps.is_empty() {
            dry_run(root, steps, image.at())?;
        }
        reach(root, steps)?.assign(image.at(), accept_part)
    }
}

fn accept_part(old: Part<'_>, new: Part<'_>) -> Result<()> {
    accept(old.into(), new.into())
}

/// Makes a change on a copy and checks the invariants around it.
fn dry_run(root: &(dyn ReflectMut + 'static), steps: &[usize], at: At<'_>) -> Result<()> {
    let mut copy = root.copied()?;
    let outcome = tried(shown(&mut *copy), steps, at);
    // Drop the copy before the outcome is returned: a panic in its destructor would lose the outcome.
    drop(copy);
    outcome
}

fn tried(root: LiveMut<'_>, steps: &[usize], at: At<'_>) -> Result<()> {
    reach(&mut *root, steps)?.assign(at, accept_part)?;
    let mut value = Value::live(root);
    check_one(value)?;
    for &step in steps {
        value = value.nth(step).ok_or_else(nothing_there)?;
        check_one(value)?;
    }
    Ok(())
}

/// Returns the part at these positions.
fn reach<'a>(root: LiveMut<'a>, steps: &[usize]) -> Result<LiveMut<'a>> {
    let mut live = root;
    for &step in steps {
        live = match live.part_mut(step) {
            Some(PartMut::Live(part)) => part,
            _ => return Err(nothing_there()),
        };
    }
    Ok(live)
}

fn walked<'a>(root: Value<'a>, steps: &[usize]) -> Value<'a> {
    // The positions still exist: nothing has changed since they were recorded.
    steps.iter().fold(root, |value, &step| value.nth(step).unwrap_or(value))
}

#[cold]
fn nothing_there() -> Error {
    Error::new(crate::ErrorKind::NoSuchPath)
}
