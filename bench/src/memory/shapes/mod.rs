//! The shapes, four of them modelled on the public Rust serialization benchmark, and the parts that are read
//! and changed. The same scale always gives the same values.

pub mod log;
pub mod mesh;
pub mod save;
pub mod surface;
pub mod updates;

pub use log::Logs;
pub use mesh::Mesh;
pub use save::Save;
pub use surface::Surface;
pub use updates::Updates;

use rkyv::Archived;
use rkyv::seal::Seal;

/// The work on a shape besides encoding and decoding. Both functions of a pair do the same work, so that the
/// sums agree.
pub trait Shape: hydra::Hydra + rkyv::Archive {
    const NAME: &'static str;
    /// Makes the value; `scale` 10 is the full size.
    fn make(scale: usize) -> Self;
    /// Reads a few fields of each element.
    fn few(view: hydra::View<'_, Self>) -> u64;
    fn few_rkyv(archived: &Archived<Self>) -> u64;
    /// Does the same, but passes each element to a function that is not inlined.
    fn passed(view: hydra::View<'_, Self>) -> u64;
    fn passed_rkyv(archived: &Archived<Self>) -> u64;
    /// Reads every string as a `&str`.
    fn strings(view: hydra::View<'_, Self>) -> u64;
    fn strings_rkyv(archived: &Archived<Self>) -> u64;
    /// Changes a few fields of each element.
    fn update(&mut self);
    /// Returns a function that makes the same changes in place.
    fn updater() -> hydra::Result<impl FnMut(&mut hydra::ViewMut<'_, Self>) -> hydra::Result<()>>;
    /// Makes the same changes in place.
    fn update_rkyv(archived: Seal<'_, Archived<Self>>);
}

/// Derives the traits of all formats.
macro_rules! stored {
    ($($(#[$attr:meta])* pub $what:ident $name:ident { $($body:tt)* })*) => {$(
        #[derive(
            hydra::Hydra, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize, bitcode::Encode, bitcode::Decode,
            wincode::SchemaWrite, wincode::SchemaRead, serde::Serialize, serde::Deserialize, Clone, Debug, PartialEq,
        )]
        $(#[$attr])*
        pub $what $name { $($body)* }
    )*};
}
use stored;

/// Returns the elements of an archived list for changes.
fn elements<T>(list: &mut rkyv::vec::ArchivedVec<T>) -> &mut [T] {
    // SAFETY: for the assignments of `update_rkyv`, which move nothing.
    unsafe { rkyv::vec::ArchivedVec::as_slice_seal(Seal::new(list)).unseal_unchecked() }
}

/// Uses a string: returns its length, and hides the string from the optimiser.
pub fn sum_of(string: &str) -> u64 {
    std::hint::black_box(string).len() as u64
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// Returns true once in `times` calls on average.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Returns a number from 0 to 1.
    fn part(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn maybe<T>(&mut self, times: usize, make: impl FnOnce(&mut Random) -> T) -> Option<T> {
        self.once_in(times).then(|| make(self))
    }

    fn list<T>(&mut self, most: usize, mut make: impl FnMut(&mut Random) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }
}
