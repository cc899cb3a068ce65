//! The shapes in FlatBuffers, by its official crate. flatc 25.12.19 generates `shapes_generated.rs` from the
//! schema: `flatc --rust shapes.fbs`.

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
/// The bytes that the builder wrote.
type Made<T> = WIPOffset<T>;
type Tables<'a, T> = Vector<'a, ForwardsUOffset<T>>;

/// A shape in FlatBuffers.
pub trait Flat: Sized {
    type Root<'a>: Follow<'a, Inner = Self::Root<'a>> + Verifiable + Copy + 'a;
    fn write(&self, builder: &mut Builder) -> Made<Self::Root<'static>>;
    fn read(root: Self::Root<'_>) -> Self;
    /// Does the same work as `Shape::few` and `Shape::strings`.
    fn few_flat(root: Self::Root<'_>) -> u64;
    fn strings_flat(_: Self::Root<'_>) -> u64 {
        0
    }
}

/// Reuses the builder, as the manual recommends for speed.
pub fn to_bytes_in<'b, T: Flat>(builder: &'b mut Builder, value: &T) -> &'b [u8] {
    builder.reset();
    let root = value.write(builder);
    builder.finish_minimal(root);
    builder.finished_data()
}

/// Verifies the whole value: offsets, lengths, alignment, UTF-8. After that, reads do not check.
pub fn access<T: Flat>(bytes: &[u8]) -> Result<T::Root<'_>, InvalidFlatbuffer> {
    flatbuffers::root::<T::Root<'_>>(bytes)
}

pub fn from_bytes<T: Flat>(bytes: &[u8]) -> Result<T, InvalidFlatbuffer> {
    access::<T>(bytes).map(T::read)
}

/// Writes a list of tables or strings: first the elements, then their offsets.
fn list<T, F>(
    builder: &mut Builder,
    items: &[T],
    mut write: impl FnMut(&mut Builder, &T) -> Made<F>,
) -> Option<Made<Tables<'static, F>>> {
    let made: Vec<_> = items.iter().map(|item| write(builder, item)).collect();
    Some(builder.create_vector(&made))
}
