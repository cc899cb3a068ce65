//! A path resolved once against a type of the program, to be followed in many values. It knows where the steps through
//! structs, tuples, newtypes and arrays lead on disk.
#![forbid(unsafe_code)]

use super::path::{no_variant, suggest};
use super::types::Type;
use super::value::{Repr, indices, way_in};
use super::{Path, Step, Value};
use crate::describe::Kind;
use crate::{Error, ErrorKind, Hydra, Result};
use std::marker::PhantomData;

/// A path, resolved once against the type `T`.
///
/// Steps through structs, tuples, newtypes and arrays cost one addition in a stored value. What follows the first
/// other step is looked up in every value, as [`Value::follow`] does.
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
/// assert!(Handle::<Tick>::new("at.2").is_err()); // wrong paths are found before there is a value
/// # Ok::<(), hydra::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Handle<T> {
    path: Path,
    /// Positions of the parts at the start of the path, with newtypes opened on the way.
    parts: Vec<usize>,
    /// Where they lead on disk, and the type there.
    offset: usize,
    ty: Type<'static>,
    /// The steps after them.
    rest: Path,
    of: PhantomData<fn(&T)>,
}

impl<T: Hydra> Handle<T> {
    /// Resolves a path. Fields, variants and indices of arrays that the type does not have are errors here already.
    pub fn new(path: &str) -> Result<Handle<T>> {
        let path: Path = path.parse()?;
        let (ty, rest) = (Type::new(T::TYPE, None), Path::default());
        let mut handle =
            Handle { path: path.clone(), parts: Vec::new(), offset: 0, ty, rest, of: PhantomData };
        let mut ty = handle.ty;
        for (index, step) in path.steps().iter().enumerate() {
            let first = handle.rest.steps().is_empty();
            ty = if first { handle.open(ty) } else { opened(ty) };
            if opened(ty).kind() == Kind::Enum {
                // What comes after a variant can only be checked with it.
                check_variant(opened(ty), step).map_err(|error| path.blame(index, error))?;
                path.steps().iter().skip(index).for_each(|step| handle.rest.push(step.clone()));
                break;
            }
            match part_of(ty, step).map_err(|error| path.blame(index, error))? {
                (Some((part, offset)), inner) if first => {
                    handle.parts.push(part);
                    handle.offset += offset;
                    (handle.ty, ty) = (inner, inner);
                }
                (_, inner) => {
                    handle.rest.push(step.clone());
                    ty = inner;
                }
            }
        }
        Ok(handle)
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The value there, in a value whose type is `T` or has exactly its stored form.
    pub fn get<'a>(&self, value: Value<'a>) -> Result<Value<'a>> {
        if !std::ptr::eq(value.ty(), T::TYPE) || value.schema().is_some() {
            return self.search(value);
        }
        let found = match value.0 {
            Repr::Stored { at, .. } => {
                Value(Repr::Stored { at: at.part(self.offset, self.ty.size()), ty: self.ty })
            }
            _ => {
                let mut found = value;
                for &part in &self.parts {
                    found = found.part(part).ok_or_else(|| found.wrong_kind("a value with parts"))?;
                }
                found
            }
        };
        if self.rest.steps().is_empty() { Ok(found) } else { found.follow(&self.rest) }
    }

    #[cold]
    fn search<'a>(&self, value: Value<'a>) -> Result<Value<'a>> {
        if !value.typed().is_identical(Type::new(T::TYPE, None)) {
            return Err(Error::new(ErrorKind::TypeMismatch)
                .expected(Value::type_name(Type::new(T::TYPE, None)))
                .found(value.type_text()));
        }
        value.follow(&self.path)
    }

    /// Opens newtypes on the way.
    fn open(&mut self, mut ty: Type<'static>) -> Type<'static> {
        while ty.kind() == Kind::Newtype {
            self.parts.push(0);
            ty = ty.element();
            self.ty = ty;
        }
        ty
    }
}

/// The type behind newtypes and boxes.
fn opened(mut ty: Type<'static>) -> Type<'static> {
    for _ in 0..super::value::MAX_NESTING {
        if !matches!(ty.kind(), Kind::Newtype | Kind::Box) {
            break;
        }
        ty = ty.element();
    }
    ty
}

/// The type that a step leads to; with the position and the offset on disk where those are the same in all values.
fn part_of(outer: Type<'static>, step: &Step) -> Result<(Option<(usize, usize)>, Type<'static>)> {
    let ty = opened(outer);
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
            let (count, element, distance) =
                (ty.count() as usize, ty.element(), index.unsigned_abs() as usize);
            let position = if *index < 0 { count.checked_sub(distance) } else { Some(distance) };
            let position = position.filter(|&position| position < count);
            let position =
                position.ok_or_else(|| absent(format!("no index {index}")).help(indices(count)))?;
            Ok((fixed(position, position * element.size()), element))
        }
        (Kind::List | Kind::Set | Kind::Map, Step::Index(_))
        | (Kind::Map, Step::Key(_))
        | (Kind::Option, Step::Some) => Ok((None, ty.element())),
        _ => {
            let expected = format!("a type with {}", Path::from_iter([step.clone()]));
            Err(Error::new(ErrorKind::WrongKind)
                .expected(expected)
                .found(Value::type_name(ty))
                .help(way_in(ty)))
        }
    }
}

/// An error if an enum can have no such step: with a variant whose name it does not have.
fn check_variant(ty: Type<'static>, step: &Step) -> Result<()> {
    match step {
        Step::Variant(name) if ty.variant_index(name).is_none() => Err(no_variant(ty, name)),
        _ => Ok(()),
    }
}
