//! The system's allocator, counted in each thread: how many allocations, and how many bytes at most. Growing in place and zeroed
//! pages stay what they are without it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

/// What was allocated in this thread since [`measure`] began.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// Allocations, and reallocations.
    pub calls: u64,
    bytes: i64,
    most: i64,
}

impl Counted {
    const NOTHING: Counted = Counted { calls: 0, bytes: 0, most: 0 };

    /// Bytes at most, above what there was.
    pub fn most(self) -> u64 {
        self.most.unsigned_abs()
    }
}

thread_local! {
    static COUNTED: Cell<Counted> = const { Cell::new(Counted::NOTHING) };
}

/// What `work` allocates. Not for use inside of itself.
pub fn measure(work: impl FnOnce()) -> Counted {
    COUNTED.set(Counted::NOTHING);
    work();
    COUNTED.get()
}

#[inline]
fn count(calls: u64, bytes: i64) {
    let mut counted = COUNTED.get();
    counted.calls += calls;
    counted.bytes += bytes;
    counted.most = counted.most.max(counted.bytes);
    COUNTED.set(counted);
}

// SAFETY: every call goes to the system's allocator as it came; counting touches no memory but its own, and a thread-local
// without a destructor can be used at any time.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(0, -(layout.size() as i64));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size as i64 - layout.size() as i64);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(place, layout, size) }
    }
}
