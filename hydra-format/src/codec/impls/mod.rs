//! How the built-in types encode, decode and are viewed: a file a family.
#![forbid(unsafe_code)]

mod keyed;
mod pointer;
mod product;
mod scalar;
mod sequence;
mod text;
mod time;

/// The parts of `Reflect` that every implementation writes the same way.
macro_rules! identity {
    () => {
        fn descriptor(&self) -> &'static crate::describe::Descriptor {
            <Self as crate::raw::Describe>::TYPE
        }

        fn as_any(&self) -> &dyn std::any::Any {
            self
        }
    };
}
use identity;
