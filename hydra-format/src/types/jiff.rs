//! The types of jiff: Timestamp, SignedDuration and civil::Date. Their ranges are narrower than the stored
//! ones.

use super::formed::formed;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

const EPOCH: Date = Date::constant(1970, 1, 1);

/// Returns the time this many nanoseconds after 1970, in the years -9999 to 9999.
pub(crate) fn timestamp(nanos: i128) -> Option<Timestamp> {
    Timestamp::from_nanosecond(nanos).ok()
}

/// Returns a duration of this many nanoseconds, if a SignedDuration can hold it.
pub(crate) fn signed_duration(nanos: i128) -> Option<SignedDuration> {
    SignedDuration::try_from_nanos_i128(nanos)
}

/// Returns the date this many days after 1970-01-01, in the years -9999 to 9999.
pub(crate) fn date(days: i32) -> Option<Date> {
    EPOCH.checked_add(SignedDuration::from_hours(i64::from(days).saturating_mul(24))).ok()
}

/// Returns the days since 1970-01-01.
fn days(date: Date) -> Option<i32> {
    i32::try_from(date.duration_since(EPOCH).as_hours() / 24).ok()
}

formed! {
    /// The view is the Timestamp nearest to the stored one; [`Hydra::decode`](crate::Hydra::decode) refuses
    /// values out of range.
    Timestamp as Int(i128), |this| Some(this.as_nanosecond()), |number| timestamp(number),
        else if number < 0 { Timestamp::MIN } else { Timestamp::MAX }, "a time in the years -9999 to 9999";
    /// The view is the SignedDuration nearest to the stored one; [`Hydra::decode`](crate::Hydra::decode)
    /// refuses values out of range.
    SignedDuration as Int(i128), |this| Some(this.as_nanos()), |number| signed_duration(number),
        else if number < 0 { SignedDuration::MIN } else { SignedDuration::MAX }, "a duration of up to 2^63 seconds";
    /// The view is the Date nearest to the stored one; [`Hydra::decode`](crate::Hydra::decode) refuses values
    /// out of range.
    Date as Int(i32), |this| days(this), |number| date(number),
        else if number < 0 { Date::MIN } else { Date::MAX }, "a date in the years -9999 to 9999";
}
