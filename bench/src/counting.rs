//! The system allocator with counters for each thread: the number of allocations and the peak of allocated
//! bytes. Reallocation in place and zeroed pages work as without it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

/// The allocations of this thread since [`measure`] started.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// Allocations, and reallocations.
    pub calls: u64,
    bytes: i64,
    most: i64,
}

impl Counted {
    const NOTHING: Counted = Counted { calls: 0, bytes: 0, most: 0 };

    /// The peak of allocated bytes above the starting value.
    pub fn most(self) -> u64 {
        self.most.unsigned_abs()
    }
}

thread_local! {
    static COUNTED: Cell<Counted> = const { Cell::new(Counted::NOTHING) };
}

/// Measures the allocations of `work`. It must not be nested.
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

// SAFETY: every call is passed on to the system allocator unchanged; counting uses only its own memory, and a
// thread-local value without a destructor can be used at any time.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        // SAFETY: the caller upholds the contract of the method.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        // SAFETY: the caller upholds the contract of the method.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(0, -(layout.size() as i64));
        // SAFETY: the caller upholds the contract of the method.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size as i64 - layout.size() as i64);
        // SAFETY: the caller upholds the contract of the method.
        unsafe { System.realloc(place, layout, size) }
    }
}
