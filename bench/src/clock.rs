//! Processor time of a thread. On an idle machine, it equals wall time except for waits. On a busy machine,
//! other processes affect it only through the caches.

use std::time::Duration;

/// Returns the processor time of this thread, including system calls.
pub fn now() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one timespec, into `time`.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0, "a clock that every Linux has");
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Runs `work`. Returns its duration in nanoseconds.
pub fn nanos<W, E>(work: impl FnOnce() -> Result<W, E>) -> Result<(W, f64), E> {
    let start = now();
    let done = std::hint::black_box(work()?);
    Ok((done, (now() - start).as_nanos() as f64))
}

/// Returns the median; 0 for no values.
pub fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}
