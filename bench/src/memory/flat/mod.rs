//! The shapes in FlatBuffers, by its official crate. `shapes_generated.rs` is what flatc 25.12.19 makes of the schema:
//! `flatc --rust shapes.fbs`.

mod log;
mod mesh;
mod save;
mod updates;

#[rustfmt::skip]
#[allow(warnings, clippy::all)]
mod shapes_generated;

use flatbuffers::{
    FlatBufferBuilder, Follow, ForwardsUOffset, InvalidFlatbuffer, Vector, Verifiable, WIPOffset,
};
use shapes_generated as fb;

pub type Builder = FlatBufferBuilder<'static>;
/// What the builder has written.
type Made<T> = WIPOffset<T>;
type Tables<'a, T> = Vector<'a, ForwardsUOffset<T>>;

/// A shape as FlatBuffers has it.
pub trait Flat: Sized {
    type Root<'a>: Follow<'a, Inner = Self::Root<'a>> + Verifiable + Copy + 'a;
    fn write(&self, builder: &mut Builder) -> Made<Self::Root<'static>>;
    fn read(root: Self::Root<'_>) -> Self;
    /// The same work as `Shape::few` and `Shape::strings`.
    fn few_flat(root: Self::Root<'_>) -> u64;
    fn strings_flat(_: Self::Root<'_>) -> u64 {
        0
    }
}

/// As its manual does it where speed matters: the builder is used again.
pub fn to_bytes_in<'b, T: Flat>(builder: &'b mut Builder, value: &T) -> &'b [u8] {
    builder.reset();
    let root = value.write(builder);
    builder.finish_minimal(root);
    builder.finished_data()
}

/// The verifier walks through the whole value: offsets, lengths, alignment, UTF-8. After that, reads do not check.
pub fn access<T: Flat>(bytes: &[u8]) -> Result<T::Root<'_>, InvalidFlatbuffer> {
    flatbuffers::root::<T::Root<'_>>(bytes)
}

pub fn from_bytes<T: Flat>(bytes: &[u8]) -> Result<T, InvalidFlatbuffer> {
    access::<T>(bytes).map(T::read)
}

/// A list of tables or strings: first they are written, then their offsets.
fn list<T, F>(
    builder: &mut Builder,
    items: &[T],
    mut write: impl FnMut(&mut Builder, &T) -> Made<F>,
) -> Option<Made<Tables<'static, F>>> {
    let made: Vec<_> = items.iter().map(|item| write(builder, item)).collect();
    Some(builder.create_vector(&made))
}
