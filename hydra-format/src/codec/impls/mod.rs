//! How the built-in types encode, decode and are viewed: a file a family.
#![forbid(unsafe_code)]

mod keyed;
mod pointer;
mod product;
mod scalar;
mod sequence;
mod text;
mod time;

pub(super) use sequence::compare_run;
pub(crate) use time::{duration, system_time};

/// The parts of `Hydra` of a type of which a run is read one by one.
macro_rules! listed {
    () => {
        type List<'a> = crate::codec::ListView<'a, Self>;

        #[inline]
        fn list(run: crate::codec::Run<'_>) -> crate::codec::ListView<'_, Self> {
            crate::codec::ListView::new(run)
        }
    };
}
use listed;
