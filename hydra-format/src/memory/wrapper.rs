//! Types that determine how a value of another type is stored. Their facts must be in this module; the codec
//! encodes and decodes them.

/// The stored form of a field with `#[hydra(opaque)]`: the bytes of a serde value. It is its own view, over
/// `&[u8]`.
///
/// It is for types of other crates that implement serde's traits but not `Hydra`. Only a program with the
/// type and the feature `opaque` can decode the value, and only as a whole; all other programs see bytes.
/// Opaque values have no reflection and no evolution.
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

#[cfg(feature = "rust_decimal")]
/// The decimal places of a bare Decimal: the most that every Decimal has room for in 128 bits.
pub(crate) const PLACES: u8 = 9;

#[cfg(feature = "rust_decimal")]
/// A `Decimal` that is stored with `PLACES` decimal places, 0 to 28.
///
/// A bare `Decimal` is stored with 9 places, as `decimal` over i128 with exponent -9: that is the most for
/// which the largest `Decimal` fits. A value with more places is refused, not rounded. `Fixed` sets another
/// number: fewer, so that a price is shown as `12.50`, or more, for smaller numbers.
///
/// ```
/// use hydra::{Fixed, Hydra};
/// use rust_decimal::Decimal;
///
/// #[derive(Hydra)]
/// struct Rate {
///     price: Decimal,
///     #[hydra(as = Fixed<18>)]
///     per_second: Decimal,
/// }
/// let rate = Rate { price: Decimal::new(1250, 2), per_second: Decimal::new(1, 18) };
/// let image = hydra::to_bytes(&rate)?;
/// assert_eq!(hydra::from_bytes::<Rate>(&image)?.per_second, rate.per_second);
/// assert!(hydra::to_bytes(&Decimal::new(1, 18)).is_err());
/// # Ok::<(), hydra::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fixed<const PLACES: u8>(pub rust_decimal::Decimal);
