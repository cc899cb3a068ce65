//! Paths that are resolved once against a type of the program and followed in many values. It computes where
//! steps through structs, tuples, newtypes and arrays lead on disk and in memory.

use super::Why;
use super::path::{no_variant, suggest};
use super::settable::{is_guarded, is_in_place};
use super::types::Type;
use super::value::{Repr, access_hint, indices, position_of};
use super::{Part, Path, Reflect, Step, Value, ValueMut};
use crate::memory::FieldOffset;
use crate::schema::{Field, Kind, Note, Schema};
use crate::{Error, ErrorKind, Hydra, Result};
use std::any::TypeId;
use std::marker::PhantomData;
use std::sync::OnceLock;

/// A path that was resolved once against the type `T`.
///
/// In a stored value, steps through structs, tuples, newtypes and arrays cost one addition together. Steps
/// after the first step of another kind are looked up in each value, as [`Value::follow`] does. If the type
/// of the part is known too, [`Handle::slot`] accesses a live value as fast as the field itself.
///
/// ```
/// use hydra::{Hydra, Value, reflect::Handle};
///
/// #[derive(Hydra)]
/// struct Tick {
///     time: u64,
///     at: (f64, f64),
/// }
/// let height = Handle::<Tick>::new("at.1")?;
/// let tick = Tick { time: 1, at: (0.5, 2.5) };
/// assert_eq!(height.get(Value::of(&tick))?.get::<f64>()?, 2.5);
/// assert!(Handle::<Tick>::new("at.2").is_err()); // wrong paths fail before there is a value
/// # Ok::<(), hydra::Error>(())
/// ```
pub struct Handle<T> {
    path: Path,
    /// Positions of the parts at the start of the path, including those inside newtypes.
    parts: Vec<usize>,
    /// The offset on disk that they lead to, and the type there.
    offset: usize,
    ty: Type<'static>,
    /// The remaining steps.
    rest: Path,
    /// The first schema whose stored form of the type equals that of `T`, and the address of the type in it.
    /// Keeping the schema guarantees that no other type has this address. The cell is boxed so that the
    /// handle itself contains no interior mutability: the compiler may then keep its fields in registers
    /// across writes through other references.
    known: Box<OnceLock<(usize, Schema)>>,
    of: PhantomData<fn(&T)>,
}

impl<T> std::fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handle({})", self.path)
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Handle {
            path: self.path.clone(),
            parts: self.parts.clone(),
            rest: self.rest.clone(),
            known: self.known.clone(),
            ..*self
        }
    }
}

impl<T: Hydra> Handle<T> {
    /// Resolves a path. It fails if the type has no such field, variant or array index.
    pub fn new(path: &str) -> Result<Handle<T>> {
        let path: Path = path.parse()?;
        let mut parts = Vec::new();
        let mut offset = 0usize;
        let mut rest = Path::default();
        // The target of the parts so far, and the target of all steps so far.
        let mut ty = Type::of::<T>();
        let mut outer = ty;
        for (index, step) in path.steps().iter().enumerate() {
            let first = rest.steps().is_empty();
            while first && outer.kind() == Kind::Newtype {
                parts.push(0);
                outer = outer.element();
                ty = outer;
            }
            let opened = outer.opened();
            if opened.kind() == Kind::Enum {
                if let Step::Variant(name) = step
                    && opened.variant_index(name).is_none()
                {
                    return Err(path.blame(index, no_variant(opened, name)));
                }
                // Steps after a variant can only be checked together with it.
                path.steps().iter().skip(index).for_each(|step| rest.push(step.clone()));
                break;
            }
            match part_of(outer, step).map_err(|error| path.blame(index, error))? {
                (Some((part, start)), inner) if first => {
                    parts.push(part);
                    offset = offset.saturating_add(start);
                    (ty, outer) = (inner, inner);
                }
                (_, inner) => {
                    rest.push(step.clone());
                    outer = inner;
                }
            }
        }
        Ok(Handle { path, parts, offset, ty, rest, known: Box::default(), of: PhantomData })
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the value at the path, in a value whose type is `T` or has exactly its stored form.
    #[inline]
    pub fn get<'a>(&self, value: Value<'a>) -> Result<Value<'a>> {
        match value.0 {
            Repr::Stored { at, ty } if self.rest.steps().is_empty() && self.is_known(ty) => {
                let at = at.part(self.offset, self.ty.size());
                Ok(Value(Repr::Stored { at, ty: self.ty }))
            }
            Repr::Live(live, ty) if self.rest.steps().is_empty() && is_own::<T>(Type::new(ty, None)) => {
                match self.reach(live) {
                    Some(live) => Ok(Value::live(live)),
                    None => self.walk(value.loaded()).map(Value::loaded),
                }
            }
            _ => self.walk(value.loaded()).map(Value::loaded),
        }
    }

    /// Returns the live part, unless a value on the way is stored as another type.
    #[inline]
    fn reach<'a>(&self, root: &'a dyn Reflect) -> Option<&'a dyn Reflect> {
        self.parts.iter().try_fold(root, |live, &part| match live.part(part)? {
            Part::Live(part, _) => Some(part),
            Part::Encoded { .. } => None,
        })
    }

    /// Returns where a value of the type `F` is in every live value.
    ///
    /// # Errors
    /// `TypeMismatch` if the path does not lead to an `F` through structs, tuples and arrays alone.
    ///
    /// ```
    /// use hydra::reflect::Handle;
    /// let mut line = (1u64, [0.5f32, 2.5]);
    /// let end = Handle::<(u64, [f32; 2])>::new("1[1]")?.slot::<f32>()?;
    /// end.set(&mut line, 3.5)?;
    /// assert_eq!((*end.get(&line), line.1), (3.5, [0.5, 3.5]));
    /// # Ok::<(), hydra::Error>(())
    /// ```
    pub fn slot<F: Hydra>(&self) -> Result<Slot<T, F>> {
        let place = self.rest.steps().is_empty().then(|| FieldOffset::find(&self.parts)).flatten();
        let place = place.ok_or_else(|| {
            let expected = format!("a {} in every value", Value::type_name(Type::of::<F>()));
            let found = Value::type_name(self.ty);
            Error::new(ErrorKind::TypeMismatch)
                .instead("the value has another type")
                .path(self.path.to_string())
                .expected(expected)
                .found(found)
        })?;
        let guarded = is_guarded(Type::of::<T>());
        let private = self.leads_through(|note| matches!(note, Note::Private));
        let read_only = self.leads_through(|note| matches!(note, Note::ReadOnly));
        let settable = !read_only && !is_guarded(self.ty) && is_in_place(self.ty);
        let in_place = if settable { self.offset } else { usize::MAX };
        Ok(Slot { place, handle: self.clone(), direct: !guarded && !private, in_place, read_only })
    }

    /// Returns true if a step leads through a field with such a note.
    fn leads_through(&self, is_such: impl Fn(&Note) -> bool) -> bool {
        let mut ty = Type::of::<T>();
        self.parts.iter().any(|&part| {
            let field = ty.ty.fields().get(part).map(Field::notes);
            let found = ty.notes().iter().chain(field.unwrap_or_default()).any(&is_such);
            ty = ty.part(None, part).unwrap_or(ty);
            found
        })
    }

    /// Returns true for `T` itself, and for the type of a schema already known to be stored as `T` is.
    #[inline]
    fn is_known(&self, ty: Type<'_>) -> bool {
        let address = std::ptr::from_ref(ty.ty).addr();
        self.known.get().is_some_and(|known| known.0 == address) || is_own::<T>(ty)
    }

    fn walk<'a>(&self, value: Value<'a>) -> Result<Value<'a>> {
        let ty = value.typed();
        if !self.is_known(ty) {
            self.learn(ty)?;
            return value.follow(&self.path);
        }
        let mut found = value;
        for &part in &self.parts {
            found = found.part(part).ok_or_else(|| found.wrong_kind("a value with parts"))?.loaded();
        }
        if self.rest.steps().is_empty() { Ok(found) } else { found.follow(&self.rest) }
    }

    /// Remembers this type if it is stored as `T` is; otherwise returns an error.
    #[cold]
    fn learn(&self, ty: Type<'_>) -> Result<()> {
        let own = Type::of::<T>();
        if !ty.is_identical(own) {
            return Err(Error::new(ErrorKind::TypeMismatch)
                .instead("the value has another type")
                .expected(Value::type_name(own))
                .found(Value::type_name(ty)));
        }
        if let Some(schema) = ty.schema {
            self.known.get_or_init(|| (std::ptr::from_ref(ty.ty).addr(), schema.clone()));
        }
        Ok(())
    }
}

/// Returns true if this is the type `T` of the program.
fn is_own<T: Hydra>(ty: Type<'_>) -> bool {
    ty.live().is_some_and(|live| live.id == TypeId::of::<T>())
}

/// The place of an `F` in every `T`, found by [`Handle::slot`].
pub struct Slot<T, F> {
    place: FieldOffset<T, F>,
    handle: Handle<T>,
    /// It may be changed without a check of the enclosing value.
    direct: bool,
    /// Its offset in a stored value if it may be changed there; otherwise [`usize::MAX`].
    in_place: usize,
    /// A field on the way is marked `readonly`.
    pub(crate) read_only: bool,
}

impl<T, F> std::fmt::Debug for Slot<T, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Slot({})", self.handle.path)
    }
}

impl<T: Hydra, F: Hydra> Slot<T, F> {
    /// Makes the slot of a path: [`Handle::new`] and [`Handle::slot`] in one call.
    pub fn new(path: &str) -> Result<Slot<T, F>> {
        Handle::new(path)?.slot()
    }

    /// Returns its offset in a stored value.
    #[inline]
    pub(crate) fn offset(&self) -> usize {
        self.handle.offset
    }

    /// Returns its bytes in a stored value, if it has a fixed size and is not marked `readonly`.
    #[inline]
    pub(crate) fn in_place<'a>(&self, value: &'a mut [u8]) -> Result<&'a mut [u8]> {
        let end = self.in_place.checked_add(F::SIZE);
        end.and_then(|end| value.get_mut(self.in_place..end)).ok_or_else(|| self.not_in_place())
    }

    #[cold]
    pub(crate) fn not_in_place(&self) -> Error {
        let error = match is_in_place(self.handle.ty) {
            true => Why::ReadOnlyField.into(),
            false => Error::new(ErrorKind::NotSettable)
                .found(Value::type_name(self.handle.ty))
                .expected("a value of a fixed size")
                .help(
                    "use list() for the elements of a list; otherwise decode, change and encode the whole value",
                ),
        };
        error.path(self.handle.path.to_string())
    }

    /// Returns the value there.
    #[inline]
    pub fn get<'a>(&self, value: &'a T) -> &'a F {
        self.place.get(value)
    }

    /// Returns the value there in a stored value, read in place, with the errors of [`Handle::get`].
    #[inline]
    pub fn view<'a>(&self, value: Value<'a>) -> Result<F::View<'a>> {
        match value.0 {
            Repr::Stored { at, ty } if self.handle.is_known(ty) => Ok(at.get::<F>(self.handle.offset)),
            _ => self.view_new(value.loaded()),
        }
    }

    #[cold]
    fn view_new<'a>(&self, value: Value<'a>) -> Result<F::View<'a>> {
        match value.0 {
            Repr::Stored { at, ty } => self.handle.learn(ty).map(|()| at.get::<F>(self.handle.offset)),
            _ => Err(Error::new(ErrorKind::WrongKind).expected("a stored value").found(value.type_text())),
        }
    }

    /// Sets it as [`ValueMut::set`] does, with the same errors.
    #[inline]
    pub fn set(&self, value: &mut T, new: F) -> Result<()> {
        if !self.direct {
            return ValueMut::of(value).follow(&self.handle.path)?.set(new);
        }
        drop(std::mem::replace(self.place.get_mut(value), new));
        Ok(())
    }
}

/// Returns the type that a step leads to, and the position and offset on disk if they are the same in all
/// values.
fn part_of(outer: Type<'static>, step: &Step) -> Result<(Option<(usize, usize)>, Type<'static>)> {
    let ty = outer.opened();
    let fixed = |position, offset| (outer.kind() != Kind::Box).then_some((position, offset));
    let absent = |what: String| Error::new(ErrorKind::NoSuchPath).what(what).found(Value::type_name(ty));
    match (ty.kind(), step) {
        (Kind::Struct | Kind::Tuple, Step::Field(name)) => {
            let found = ty.ty.field_index(name).and_then(|index| Some((index, ty.ty.fields().get(index)?)));
            let (index, field) = found.ok_or_else(|| {
                let names = ty.ty.fields().iter().map(|field| field.name());
                suggest(absent(format!("no field `{name}`")), name, "fields", names)
            })?;
            Ok((fixed(index, field.offset()), ty.resolve(field.ty())))
        }
        (Kind::Array, Step::Index(index)) => {
            let count = ty.count() as usize;
            let element = ty.element();
            let position = position_of(*index, count)
                .ok_or_else(|| absent(format!("no index {index}")).help(indices(count)))?;
            Ok((fixed(position, position.saturating_mul(element.size())), element))
        }
        (Kind::List | Kind::Set | Kind::Map, Step::Index(_))
        | (Kind::Map, Step::Key(_))
        | (Kind::Option, Step::Some) => Ok((None, ty.element())),
        _ => {
            let expected = format!("a type with {}", Path::from_iter([step.clone()]));
            Err(Error::new(ErrorKind::WrongKind)
                .expected(expected)
                .found(Value::type_name(ty))
                .help(access_hint(ty)))
        }
    }
}
