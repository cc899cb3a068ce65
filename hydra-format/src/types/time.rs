//! Times in nanoseconds: Duration and SystemTime, and their conversions.

use super::formed::formed;
use crate::schema::NANOS;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Returns a duration of this many nanoseconds, if a Duration can hold it.
pub(crate) fn duration(nanos: u128) -> Option<Duration> {
    let seconds = u64::try_from(nanos / NANOS).ok()?;
    Some(Duration::new(seconds, (nanos % NANOS) as u32))
}

/// Returns the nanoseconds since 1970, negative before.
fn since_epoch(time: SystemTime) -> i128 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_nanos() as i128,
        Err(before) => (before.duration().as_nanos() as i128).saturating_neg(),
    }
}

/// Returns the time this many nanoseconds after 1970, if this system can express it.
pub(crate) fn system_time(nanos: i128) -> Option<SystemTime> {
    let distance = duration(nanos.unsigned_abs())?;
    if nanos < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

formed! {
    Duration as Uint(u128), |this| Some(this.as_nanos()), |number| duration(number), else Duration::MAX,
        "a duration below 2^64 seconds";
    /// A time that this system cannot express is viewed as 1970-01-01;
    /// [`Hydra::decode`](crate::Hydra::decode) refuses it.
    SystemTime as Int(i128), |this| Some(since_epoch(this)), |number| system_time(number), else UNIX_EPOCH,
        "a time that this system can express";
}
