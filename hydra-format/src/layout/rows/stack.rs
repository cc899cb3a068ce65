//! The limit of the stack that decoding a value may use. A value is returned through every function that
//! makes a part of it, so its size counts together with the sizes of the values that contain it. What is
//! behind a reference is made on the heap.

use super::{At, Hydra};
use crate::schema::Descriptor;
use crate::{Error, ErrorKind, Result, memory};
use std::cell::Cell;

/// The largest size in bytes of a value together with all values that contain it. A debug build uses about
/// six times as much stack.
pub(crate) const MAX_BYTES: usize = 128 << 10;
/// Values below this size are not counted: 64 references and their inline levels do not add up to much.
const COUNTED: usize = 512;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// The counted size of a value, until it is dropped.
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
        .what("a value is too large to be decoded on the stack")
        .expected(format!("at most {MAX_BYTES} bytes, together with the values that contain it"))
        .found(format!("{name} of {bytes} bytes{times}{within}"))
        .help(format!("put {what} behind a Box, of which the content is decoded on the heap"))
}

/// Returns the path of the field that takes most of a value, if there is one.
fn largest(mut ty: &'static Descriptor) -> Option<String> {
    let live = |ty: &Descriptor| ty.live().map_or(0, |live| live.size);
    let mut path = Vec::new();
    // A type contains itself only behind references, and those are small.
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

/// Calls a function that makes a `P`, in a frame of its own if a `P` is large; an error if it is too large.
/// The error describes `ty`.
#[inline]
pub(crate) fn apart<P, R>(ty: &'static Descriptor, make: impl FnOnce() -> Result<R>) -> Result<R> {
    apart_times::<P, R>(1, ty, make)
}

/// Does the same for callers that hold several copies of a `P`, as collections of the standard library do.
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

/// Decodes the value at `at` on the heap.
#[inline]
pub(super) fn boxed<T: Hydra>(at: At<'_>) -> Result<Box<T>> {
    match memory::box_of(at.bytes()) {
        Some(boxed) => Ok(boxed),
        None => apart::<T, _>(T::TYPE, || T::decode(at).map(Box::new)),
    }
}
