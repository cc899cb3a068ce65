//! Types that say how a value of another type is stored. Their facts have to be written in this module; how they are
//! encoded and decoded is the codec's affair.

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

#[cfg(feature = "rust_decimal")]
/// The places of a bare Decimal: the most with which no Decimal is too large for 128 bits.
pub(crate) const PLACES: u8 = 9;

#[cfg(feature = "rust_decimal")]
/// A `Decimal` that is stored with `PLACES` decimal places: 0 to 28.
///
/// A bare `Decimal` is stored with 9, the most with which the largest one fits: that is `decimal` over i128 with the
/// exponent -9. What has more places is refused, not rounded. This chooses another number: fewer, so that the text
/// of a price is `12.50`, or more, for numbers that are not that large.
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
