//! Times in nanoseconds: SystemTime, and what the conversions of values share with it.
#![forbid(unsafe_code)]

use super::listed;
use crate::codec::sink::put;
use crate::codec::{At, Hydra, Measure, Sink};
use crate::describe::NANOS;
use crate::reflect::{Reflect, Scalar};
use crate::{Error, ErrorKind, Result};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A duration of so many nanoseconds, unless there are more than a Duration holds.
pub(crate) fn duration(nanos: u128) -> Option<Duration> {
    let seconds = u64::try_from(nanos / NANOS).ok()?;
    Some(Duration::new(seconds, (nanos % NANOS) as u32))
}

/// Nanoseconds since 1970, negative before.
fn since_epoch(time: SystemTime) -> i128 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_nanos() as i128,
        Err(before) => -(before.duration().as_nanos() as i128),
    }
}

/// The time so many nanoseconds after 1970, unless this system cannot express it.
pub(crate) fn system_time(nanos: i128) -> Option<SystemTime> {
    let distance = duration(nanos.unsigned_abs())?;
    if nanos < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

impl Reflect for SystemTime {
    fn scalar(&self) -> Scalar<'_> {
        Scalar::Int(since_epoch(*self))
    }

    fn measure(&self, measure: &mut Measure) {
        let nanos = since_epoch(*self);
        if system_time(nanos) != Some(*self) {
            measure.fail(|| {
                Error::new(ErrorKind::OutOfRange)
                    .expected("a time with whole nanoseconds")
                    .found(format!("{self:?}"))
            });
        }
    }

    fn encode(&self, slot: &mut [u8], _: &mut Sink<'_>) {
        put(slot, &since_epoch(*self).to_le_bytes());
    }
}

impl Hydra for SystemTime {
    /// A time that this system cannot express reads as 1970-01-01; [`Hydra::decode`] refuses it.
    type View<'a> = SystemTime;
    listed!();

    fn view(at: At<'_>) -> SystemTime {
        system_time(i128::from_le_bytes(at.array())).unwrap_or(UNIX_EPOCH)
    }

    fn decode(at: At<'_>) -> Result<SystemTime> {
        let nanos = i128::from_le_bytes(at.array());
        system_time(nanos).ok_or_else(|| {
            Error::new(ErrorKind::OutOfRange)
                .expected("a time that this system can express")
                .found(format!("{nanos} ns since 1970"))
        })
    }
}
