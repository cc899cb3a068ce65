//! Opaque values: bytes of a foreign codec (FORMAT.md, section 5.7). What is in them only `bincode` knows.
#![forbid(unsafe_code)]

#[cfg(feature = "opaque")]
mod bincode;
#[cfg(feature = "opaque")]
mod guard;

use super::impls::{listed, shown};
use super::{At, Hydra, Measure, Sink, put};
use crate::Result;
use crate::reflect::{Reflect, Scalar};

/// How a field with `#[hydra(opaque)]` is stored: the bytes of a serde value. It is its own view, over `&[u8]`.
///
/// For types of other crates that serde knows and Hydra does not. The price is that the value is bytes to everybody but
/// the program that has its type: no reflection, no evolution, and it is decoded as a whole. Needs the feature `opaque`;
/// a program without it, or without the type, reads the bytes.
///
/// ```
/// # #[cfg(feature = "opaque")] {
/// use hydra::Hydra;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Debug, PartialEq)] // another crate's type
/// enum Shape {
///     Point,
///     Circle { r: f32 },
/// }
///
/// #[derive(Hydra)]
/// struct Item {
///     id: u32,
///     #[hydra(opaque)]
///     shape: Shape,
/// }
/// let image = hydra::to_bytes(&Item { id: 7, shape: Shape::Circle { r: 1.0 } })?;
/// assert_eq!(hydra::from_bytes::<Item>(&image)?.shape, Shape::Circle { r: 1.0 });
/// let item = hydra::view::<Item>(&image)?;
/// assert_eq!(item.shape().0, [1, 0, 0, 0, 0, 0, 128, 63]);
/// assert_eq!(item.shape().decode::<Shape>()?, Shape::Circle { r: 1.0 });
/// # }
/// # Ok::<(), hydra::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Opaque<B = Vec<u8>>(pub B);

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
