//! How much of the stack a value may take on its way into memory. A value is returned through every function that makes a part of it,
//! so what counts is its size together with the sizes of those that it is in. What is behind a reference is made on the heap.

use super::{At, Hydra};
use crate::schema::Descriptor;
use crate::{Error, ErrorKind, Result, memory};
use std::cell::Cell;

/// Bytes of memory that a value may have, together with all values that it is in. A debug build takes about six times as much stack.
pub(crate) const MAX_BYTES: usize = 128 << 10;
/// Values below this size are not counted: 64 references and their inline levels do not add up to much.
const COUNTED: usize = 512;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// The room that a value takes, until it is dropped.
struct Room(usize);

impl Drop for Room {
    fn drop(&mut self) {
        HELD.set(HELD.get().saturating_sub(self.0));
    }
}

impl Room {
    fn of<P>(times: usize, ty: &'static Descriptor) -> Result<Room> {
        let (held, bytes) = (HELD.get(), size_of::<P>().saturating_mul(times));
        let sum = held.saturating_add(bytes);
        if sum > MAX_BYTES {
            return Err(too_large::<P>(times, held, ty));
        }
        HELD.set(sum);
        Ok(Room(bytes))
    }
}

#[cold]
fn too_large<P>(times: usize, held: usize, ty: &'static Descriptor) -> Error {
    let (name, bytes) = (std::any::type_name::<P>(), size_of::<P>());
    let within = if held > 0 { format!(", inside values of {held} bytes") } else { String::new() };
    let times = if times > 1 { format!(" and {times} copies of it") } else { String::new() };
    let what = largest(ty).map_or("it".to_string(), |path| format!("the field `{path}`"));
    Error::new(ErrorKind::TooLarge)
        .what("a value is too large to be made on the stack")
        .expected(format!("at most {MAX_BYTES} bytes, together with the values that it is in"))
        .found(format!("{name} of {bytes} bytes{times}{within}"))
        .help(format!(
            "put {what} behind a Box, in a type that is stored so: what a Box holds is made on the heap"
        ))
}

/// The path to the part that takes most of a value, where that is a field.
fn largest(mut ty: &'static Descriptor) -> Option<String> {
    let live = |ty: &Descriptor| ty.live().map_or(0, |live| live.size);
    let mut path = Vec::new();
    // A type contains itself behind references only, and those are small.
    loop {
        let variants = ty.variants().iter().flat_map(|variant| variant.fields());
        let fields = ty.fields().iter().chain(variants);
        let largest = fields
            .filter_map(|field| Some((field.name(), field.ty().live()?)))
            .max_by_key(|(_, ty)| live(ty));
        match largest {
            Some((name, inner)) if live(inner) >= COUNTED => {
                path.push(name);
                ty = inner;
            }
            _ => return (!path.is_empty()).then(|| path.join(".")),
        }
    }
}

/// Makes something of which a `P` is a part, in a frame of its own if that is large; an error if it is too large. `ty` is the type to speak of.
#[inline]
pub(crate) fn apart<P, R>(ty: &'static Descriptor, make: impl FnOnce() -> Result<R>) -> Result<R> {
    apart_times::<P, R>(1, ty, make)
}

/// The same for who moves a `P` more often than others do: collections of the standard library.
#[inline]
pub(crate) fn apart_times<P, R>(
    times: usize,
    ty: &'static Descriptor,
    make: impl FnOnce() -> Result<R>,
) -> Result<R> {
    if const { size_of::<P>() < COUNTED } {
        return make();
    }
    let _room = Room::of::<P>(times, ty)?;
    far(make)
}

#[inline(never)]
fn far<R>(make: impl FnOnce() -> R) -> R {
    make()
}

/// The value at `at`, on the heap.
#[inline]
pub(super) fn boxed<T: Hydra>(at: At<'_>) -> Result<Box<T>> {
    match memory::box_of(at.bytes()) {
        Some(boxed) => Ok(boxed),
        None => apart::<T, _>(T::TYPE, || T::decode(at).map(Box::new)),
    }
}
