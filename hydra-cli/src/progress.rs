//! A progress bar on stderr: one line, drawn again and again, only on a terminal and only after one second.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A progress bar that is removed when the value is dropped.
pub(crate) struct ProgressBar {
    done: Arc<AtomicU64>,
    drawing: Option<(Sender<()>, JoinHandle<()>)>,
}

impl ProgressBar {
    /// Starts a progress bar; with `total` 0, the amount of work is unknown.
    pub(crate) fn start(what: &'static str, total: u64) -> ProgressBar {
        let done = Arc::new(AtomicU64::new(0));
        let drawing = std::io::stderr().is_terminal().then(|| {
            let ((stop, stopped), done) = (channel(), Arc::clone(&done));
            let draw = move || {
                let start = Instant::now();
                let mut wait = Duration::from_secs(1);
                while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                    let line = line(what, done.load(Ordering::Relaxed), total, start.elapsed());
                    let _ = write!(std::io::stderr(), "\r\x1b[2K{line}");
                    wait = Duration::from_millis(100);
                }
                if start.elapsed() > Duration::from_secs(1) {
                    let _ = write!(std::io::stderr(), "\r\x1b[2K");
                }
            };
            (stop, std::thread::spawn(draw))
        });
        ProgressBar { done, drawing }
    }

    /// Runs an operation that reports its progress as `(done, total)`.
    pub(crate) fn watch<T>(what: &'static str, run: impl FnOnce(&mut dyn FnMut(u64, u64)) -> T) -> T {
        let progress = ProgressBar::start(what, 100);
        run(&mut |done, of| progress.set((u128::from(done) * 100 / u128::from(of.max(1))) as u64))
    }

    /// Adds to the amount of work that is done.
    pub(crate) fn add(&self, more: u64) {
        self.done.fetch_add(more, Ordering::Relaxed);
    }

    /// Sets the amount of work that is done.
    pub(crate) fn set(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }
}

impl Drop for ProgressBar {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.drawing.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

fn line(what: &str, done: u64, total: u64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    if total == 0 {
        return format!("{what} … {seconds} s");
    }
    let percent = (u128::from(done) * 100 / u128::from(total)).min(100) as usize;
    let bar: String = (0..20).map(|cell| if cell * 5 < percent { '━' } else { '─' }).collect();
    format!("{what} {bar} {percent} % {seconds} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far() {
        let line = |done, total| line("reading", done, total, Duration::from_secs(3));
        assert_eq!(line(50, 100), "reading ━━━━━━━━━━────────── 50 % 3 s");
        assert_eq!(line(7, 0), "reading … 3 s");
        assert!(line(u64::MAX, 1).contains("100 %"));
    }
}
