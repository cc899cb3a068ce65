//! A path resolved once against a type of the program, to be followed in many values. It knows where the steps through
//! structs, tuples, newtypes and arrays lead on disk.
#![forbid(unsafe_code)]

use super::types::Type;
use super::value::Repr;
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
            let fixed = handle.rest.steps().is_empty();
            ty = if fixed { handle.open(ty) } else { opened(ty) };
            match part_of(ty, step).map_err(|error| path.blame(index, error))? {
                Found::Part(part, offset, inner) if fixed => {
                    handle.parts.push(part);
                    (handle.offset, handle.ty, ty) = (handle.offset + offset, inner, inner);
                }
                Found::Part(_, _, inner) | Found::Inside(inner) => {
                    handle.rest.push(step.clone());
                    ty = inner;
                }
                // The fields of a variant can only be checked with it.
                Found::Variant => {
                    handle.rest = path.steps().iter().skip(index).cloned().collect();
                    break;
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

/// Where a step leads in a type.
enum Found {
    /// To a part at a position and an offset on disk that all values share.
    Part(usize, usize, Type<'static>),
    /// To a part that values have in different places, or not at all.
    Inside(Type<'static>),
    Variant,
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

fn part_of(outer: Type<'static>, step: &Step) -> Result<Found> {
    let ty = opened(outer);
    let wrong = || {
        let expected = format!("a type with {}", Path::from_iter([step.clone()]));
        Err(Error::new(ErrorKind::WrongKind).expected(expected).found(Value::type_name(ty)))
    };
    let boxed = outer.kind() == Kind::Box;
    match (ty.kind(), step) {
        (Kind::Enum, Step::Variant(name)) => match ty.variant_index(name) {
            Some(_) => Ok(Found::Variant),
            None => Err(super::path::no_variant(ty, name)),
        },
        (Kind::Enum, Step::Field(_)) => Ok(Found::Variant),
        (Kind::Struct | Kind::Tuple, Step::Field(name)) => {
            let index = ty.ty.field_index(name).ok_or_else(|| {
                let error = Error::new(ErrorKind::NoSuchPath)
                    .what(format!("no field `{name}` in {}", Value::type_name(ty)));
                super::path::suggest(error, name, ty.ty.fields().iter().map(|field| field.name()))
            })?;
            let field = ty.ty.fields().get(index);
            let (offset, inner) = field.map_or((0, ty), |field| (field.offset(), ty.resolve(field.ty())));
            Ok(if boxed { Found::Inside(inner) } else { Found::Part(index, offset, inner) })
        }
        (Kind::Array, Step::Index(index)) => {
            let (count, element) = (ty.count() as usize, ty.element());
            let distance = index.unsigned_abs() as usize;
            let position = if *index < 0 { count.checked_sub(distance) } else { Some(distance) };
            match position.filter(|&position| position < count) {
                Some(_) if boxed => Ok(Found::Inside(element)),
                Some(position) => Ok(Found::Part(position, position * element.size(), element)),
                None => Err(Error::new(ErrorKind::NoSuchPath)
                    .what(format!("no index {index}"))
                    .found(format!("array of length {count}"))),
            }
        }
        (Kind::List | Kind::Set, Step::Index(_)) => Ok(Found::Inside(ty.element())),
        (Kind::Map, Step::Index(_) | Step::Key(_)) | (Kind::Option, Step::Some) => {
            Ok(Found::Inside(ty.element()))
        }
        _ => wrong(),
    }
}
