//! The shapes, four of them written for this project in the spirit of the field's public serialization benchmark, and what is
//! read of them and changed in them. Deterministic: the same scale gives the same values.

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

/// What a shape is asked for besides to be encoded and decoded. Every pair does the same work, so that the sums agree.
pub trait Shape: hydra::Hydra + rkyv::Archive {
    const NAME: &'static str;
    /// The value; `scale` 10 is the full size.
    fn make(scale: usize) -> Self;
    /// A few fields of each element.
    fn few(view: hydra::View<'_, Self>) -> u64;
    fn few_rkyv(archived: &Archived<Self>) -> u64;
    /// The same, where each element is handed to a function that is not inlined.
    fn passed(view: hydra::View<'_, Self>) -> u64;
    fn passed_rkyv(archived: &Archived<Self>) -> u64;
    /// Every string: each as a `&str`.
    fn strings(view: hydra::View<'_, Self>) -> u64;
    fn strings_rkyv(archived: &Archived<Self>) -> u64;
    /// Changes a few fields of each element.
    fn update(&mut self);
    /// What does the same in place.
    fn updater() -> hydra::Result<impl FnMut(&mut hydra::ViewMut<'_, Self>) -> hydra::Result<()>>;
    /// The same in place.
    fn update_rkyv(archived: Seal<'_, Archived<Self>>);
}

/// Derives the same for everybody.
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

/// The elements of an archived list, to be changed.
fn elements<T>(list: &mut rkyv::vec::ArchivedVec<T>) -> &mut [T] {
    // SAFETY: for the assignments of `update_rkyv`, which move nothing.
    unsafe { rkyv::vec::ArchivedVec::as_slice_seal(Seal::new(list)).unseal_unchecked() }
}

/// A string that was asked for: it counts with its length, and is handed to the optimiser whole.
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

    /// Below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// True once in `times`.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// From 0 to 1.
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
