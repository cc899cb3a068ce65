//! Processor time of a thread. On a quiet machine it is the time on the wall, unless a disk or another process is waited for; on a busy
//! one, what others do costs caches and not time.

use std::time::Duration;

/// Processor time that this thread has had, its calls of the system included.
pub fn now() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one timespec, and here it is.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0, "a clock that every Linux has");
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Runs `work`, and gives its nanoseconds.
pub fn nanos<W, E>(work: impl FnOnce() -> Result<W, E>) -> Result<(W, f64), E> {
    let start = now();
    let done = std::hint::black_box(work()?);
    Ok((done, (now() - start).as_nanos() as f64))
}

/// The one in the middle; 0 of none.
pub fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}
