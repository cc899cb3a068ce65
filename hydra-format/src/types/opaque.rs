//! Opaque values: bytes of another codec (FORMAT.md, section 5.7). Module `bincode` encodes and decodes them.

use super::{listed, shown};
use crate::Result;
use crate::layout::rows::reflect::{Reflect, Scalar};
use crate::layout::rows::{At, Hydra, Measure, Sink, put};
use crate::memory::Opaque;

impl Reflect for Opaque {
    fn scalar(&self) -> Scalar<'_> {
        Scalar::Bytes(&self.0)
    }

    fn measure(&self, measure: &mut Measure) {
        measure.array(1, 1, self.0.len());
    }

    fn encode(&self, slot: &mut [u8], sink: &mut Sink<'_>) {
        put(sink.array(slot, 1, 1, self.0.len()), &self.0);
    }
}

impl Hydra for Opaque {
    type View<'a> = Opaque<&'a [u8]>;
    listed!();
    shown!();

    #[inline]
    fn view(at: At<'_>) -> Opaque<&[u8]> {
        Opaque(at.referenced(1).bytes())
    }

    fn decode(at: At<'_>) -> Result<Self> {
        Ok(Opaque(at.referenced(1).bytes().to_vec()))
    }
}

/// Reports that `#[hydra(opaque)]` needs the feature, if it is missing.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "opaque"))]
macro_rules! __opaque {
    () => {
        compile_error!(
            "`#[hydra(opaque)]` needs the feature `opaque` of hydra-format: in Cargo.toml, add features = [\"opaque\"] to \
             it; or use `with` to store the field as bytes or text"
        );
    };
}
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "opaque")]
macro_rules! __opaque {
    () => {};
}
