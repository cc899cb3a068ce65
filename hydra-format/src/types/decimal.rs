//! rust_decimal's Decimal, also with a chosen number of places. All values of a stored type have the same
//! number of places.

use super::formed::formed;
use crate::memory::{Fixed, PLACES};
use rust_decimal::Decimal;

impl<const PLACES: u8> From<Decimal> for Fixed<PLACES> {
    fn from(value: Decimal) -> Self {
        Fixed(value)
    }
}

impl<const PLACES: u8> From<Fixed<PLACES>> for Decimal {
    fn from(value: Fixed<PLACES>) -> Decimal {
        value.0
    }
}

/// Returns the value in units of its last place; `None` if it has more places.
fn units(value: Decimal, places: u8) -> Option<i128> {
    let (mantissa, scale) = (value.mantissa(), value.scale());
    let factor = 10i128.checked_pow(scale.abs_diff(places.into()))?;
    match scale <= places.into() {
        true => mantissa.checked_mul(factor),
        false if mantissa.checked_rem(factor) == Some(0) => mantissa.checked_div(factor),
        false => None,
    }
}

/// Returns `number` times ten to the `exponent`, with that many places, or with fewer if a Decimal cannot
/// hold so many digits.
pub(crate) fn decimal(number: i128, exponent: i8) -> Option<Decimal> {
    let factor = 10i128.checked_pow(exponent.max(0).unsigned_abs().into());
    let mut number = if number == 0 { 0 } else { number.checked_mul(factor?)? };
    let mut places = exponent.min(0).unsigned_abs().into();
    loop {
        match Decimal::try_from_i128_with_scale(number, places) {
            Ok(value) => return Some(value),
            Err(_) if number % 10 == 0 => (number, places) = (number / 10, places.checked_sub(1)?),
            Err(_) => return None,
        }
    }
}

const fn exponent(places: u8) -> i8 {
    (places as i8).saturating_neg()
}

formed! {
    /// The view is the largest or smallest Decimal if the stored value has more than 96 bits;
    /// [`Hydra::decode`](crate::Hydra::decode) refuses it. Trailing zeros are not kept.
    Decimal as Int(i128), |this| units(this, PLACES), |number| decimal(number, exponent(PLACES)).map(|it| it.normalize()),
        else if number < 0 { Decimal::MIN } else { Decimal::MAX }, "a Decimal of at most 9 places: round it, or store it as Fixed";
    /// The view is the largest or smallest Decimal if the stored value has more than 96 bits;
    /// [`Hydra::decode`](crate::Hydra::decode) refuses it. It has all places of its type unless the value is
    /// too large for them.
    Fixed<PLACES>, [const PLACES: u8] as Int(i128), |this| units(this.0, PLACES),
        |number| decimal(number, exponent(PLACES)).map(Fixed), else Fixed(if number < 0 { Decimal::MIN } else { Decimal::MAX }),
        "a Decimal of no more places than its type, and of at most 128 bits with them";
}
